"""The style of a raster layer of QGIS, ``.qml``: "Save style" and "Load style" of the layer's properties.

Three renderers hold a color table. ``paletted`` holds classes. ``singlebandpseudocolor`` holds classes (EXACT), intervals
(DISCRETE; the value is the upper edge, which belongs to its interval) or the stops of a ramp (INTERPOLATED; ``clip="1"`` hides
what is outside). Styles of QGIS 1, with ``colorRampEntry``, are read too. The opacity of the layer, its brightness and its
band are no part of a color table, and are left out.

Colors are ``#rrggbb``, with the alpha beside them: of eight digits QGIS takes the first two for the alpha, and then the other
attribute over them. It neither sorts entries nor needs labels. The legend shows the number of a class of ``paletted`` without
label, but nothing for the other entries: so they get their number as label, as in `tsraster.lutfiles.qgistext`.

References
----------
https://docs.qgis.org/latest/en/docs/user_manual/appendices/qgis_file_formats.html
https://github.com/qgis/QGIS/blob/master/src/core/raster/qgscolorrampshader.cpp
https://github.com/qgis/QGIS/blob/master/src/core/raster/qgspalettedrasterrenderer.cpp
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from tsraster.lut import RGBA, TRANSPARENT, Kind, Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, opaque, shorten, to_bytes
from tsraster.lutfiles.qgistext import KINDS, WORDS, Entry, join_entries, list_entries, read_value
from tsraster.lutfiles.xmltree import Element, find_root_name, read_xml

_ACCEPTED = (
    "choose Paletted/Unique values or Singleband pseudocolor in the properties of the layer, and save the style again"
)


def read_qml(file: LutFile) -> Lut:
    """Read the style of a raster layer of QGIS; of several layers, the first.

    Entries may stand in any order; QGIS itself wants those of ``singlebandpseudocolor`` sorted, which is said.

    Examples
    --------
    >>> text = b'''<qgis><pipe><rasterrenderer type="paletted" band="1"><colorPalette>
    ... <paletteEntry value="1" color="#0000ff" alpha="128" label="sea"/></colorPalette></rasterrenderer></pipe></qgis>'''
    >>> read_qml(LutFile(name="mine", data=text)).colors
    ((0, 0, 255, 128),)
    """
    root = read_xml(file)
    renderer = root.find("rasterrenderer")
    if renderer is not None:
        return _read_renderer(file, renderer)
    old = root.find("rasterproperties")
    if old is not None:
        return _read_properties(file, old)
    vector = root.find("renderer-v2")
    what = f"is for a vector layer ({_name(vector)})" if vector is not None else "holds no rasterrenderer"
    raise file.error(f"the style {what}, and so no color table; {_ACCEPTED} of a raster", (vector or root).line)


def _name(renderer: Element) -> str:
    return shorten(renderer.attributes.get("type", "without a type"))


def _read_renderer(file: LutFile, renderer: Element) -> Lut:
    _warn_of_transparency(file, renderer)
    nodata = _read_nodata(file, renderer)
    if renderer.attributes.get("type") == "paletted":
        entries = [
            _read_entry(file, element, "classes") for element in renderer.walk() if element.name == "paletteEntry"
        ]
        return file.table(nodata=nodata, **join_entries(file, entries, "classes"))
    shader = renderer.find("colorrampshader")
    if renderer.attributes.get("type") != "singlebandpseudocolor" or shader is None:
        raise file.error(f"the renderer {_name(renderer)} of this style has no color table; {_ACCEPTED}", renderer.line)
    word = shader.attributes.get("colorRampType", "INTERPOLATED")
    kind = _read_kind(file, word, shader.line)
    entries = [_read_entry(file, element, kind) for element in shader.list_children("item")]
    _warn_of_order(file, entries)
    # QGIS paints what it cuts off as it paints nodata.
    outside = nodata if kind == "ramp" and shader.attributes.get("clip") == "1" else None
    return file.table(nodata=nodata, below=outside, above=outside, **join_entries(file, entries, kind))


def _read_kind(file: LutFile, word: str, line: int) -> Kind:
    if word not in KINDS:
        raise file.error(f"the colorRampType {shorten(word)!r} is unknown; choose from {', '.join(KINDS)}", line)
    return KINDS[word]


def _read_entry(file: LutFile, element: Element, kind: Kind) -> Entry:
    value = read_value(file, _require(file, element, "value"), kind, element.line)
    red, green, blue, _ = read_color(file, _require(file, element, "color"), element.line)
    alpha = file.level(element.attributes.get("alpha", "255"), element.line)
    return value, (red, green, blue, alpha), element.attributes.get("label", ""), element.line


def _require(file: LutFile, element: Element, attribute: str) -> str:
    if attribute not in element.attributes:
        raise file.error(f"this {element.name} has no {attribute}; add one", element.line)
    return element.attributes[attribute]


def read_color(file: LutFile, text: str, line: int) -> RGBA:
    """Read ``#rrggbb``."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text.strip()):
        raise file.error(f"{shorten(text)!r} is no color; write #rrggbb, and the alpha in its own attribute", line)
    red, green, blue = bytes.fromhex(text.strip()[1:])
    return opaque(red, green, blue)


def _read_nodata(file: LutFile, renderer: Element) -> RGBA:
    """Read ``red,green,blue,alpha``, behind which newer QGIS repeats the color in another way."""
    text = renderer.attributes.get("nodataColor", "").strip()
    if not text:
        return TRANSPARENT
    levels = text.split(",")[:4]
    if len(levels) < 4:
        raise file.error(f"the nodataColor {shorten(text)!r} is no color; write red,green,blue,alpha", renderer.line)
    red, green, blue, alpha = (file.level(level, renderer.line) for level in levels)
    return red, green, blue, alpha


def _warn_of_transparency(file: LutFile, renderer: Element) -> None:
    for element in renderer.walk():
        if element.name == "pixelListEntry" and element.attributes.get("percentTransparent", "0") not in ("0", "0.0"):
            low, high = (shorten(element.attributes.get(end, "?")) for end in ("min", "max"))
            file.warn(
                f"QGIS makes the values {low} to {high} transparent, which is not part of the color table", element.line
            )


def _warn_of_order(file: LutFile, entries: list[Entry]) -> None:
    for low, high in pairwise(entries):
        if low[0] > high[0]:
            file.warn("the values do not increase, and QGIS paints wrong colors until its table is sorted", high[3])
            return


def _read_properties(file: LutFile, properties: Element) -> Lut:
    """Read the style of QGIS 1, in which a palette with other numbers than codes is a shader too."""
    style = _text_of(properties, "mDrawingStyle")
    shading = _text_of(properties, "mColorShadingAlgorithm")
    ramp = properties.find("customColorRamp")
    if ramp is None or not (
        style == "PalettedColor" or (style == "SingleBandPseudoColor" and shading == "ColorRampShader")
    ):
        raise file.error(
            f"the drawing style {shorten(style)!r} of this style has no color table; {_ACCEPTED}", properties.line
        )
    elements = ramp.list_children("colorRampEntry")
    codes = all(re.fullmatch(r"[0-9]{1,4}(\.0*)?", element.attributes.get("value", "")) for element in elements)
    word = "EXACT" if style == "PalettedColor" and codes else _text_of(ramp, "colorRampType") or "INTERPOLATED"
    kind = _read_kind(file, word, ramp.line)
    return file.table(**join_entries(file, [_read_old_entry(file, element, kind) for element in elements], kind))


def _text_of(parent: Element, name: str) -> str:
    child = parent.find_child(name)
    return "" if child is None else child.text


def _read_old_entry(file: LutFile, element: Element, kind: Kind) -> Entry:
    value = read_value(file, _require(file, element, "value"), kind, element.line)
    levels = (file.level(_require(file, element, color), element.line) for color in ("red", "green", "blue"))
    return value, opaque(*levels), element.attributes.get("label", ""), element.line


def write_qml(lut: Lut) -> bytes:
    """Write a style that QGIS loads: of ``paletted`` for whole codes, of ``singlebandpseudocolor`` for all else."""
    is_paletted = lut.kind == "classes" and all(isinstance(key, int) for key in lut.keys)
    renderer = _write_palette(lut) if is_paletted else _write_shader(lut)
    head = [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        '<qgis version="3.22" styleCategories="Symbology">',
    ]
    return to_bytes([*head, "  <pipe>", *renderer, "  </pipe>", "  <blendMode>0</blendMode>", "</qgis>"])


def _write_palette(lut: Lut) -> list[str]:
    entries = [
        _element("paletteEntry", value=value, color=_hex(color), alpha=str(color[3]), label=label if name else "")
        for (value, color, label), name in zip(list_entries(lut), lut.names, strict=True)
    ]
    return [
        f"    {_open('rasterrenderer', type='paletted', **_common(lut))}",
        "      <colorPalette>",
        *(f"        {entry}" for entry in entries),
        "      </colorPalette>",
        "    </rasterrenderer>",
    ]


def _write_shader(lut: Lut) -> list[str]:
    low, high = _find_range(lut)
    shader = {"colorRampType": WORDS[lut.kind], "classificationMode": "1", "clip": "0" if lut.below is None else "1"}
    return [
        "    "
        + _open(
            "rasterrenderer",
            type="singlebandpseudocolor",
            classificationMin=low,
            classificationMax=high,
            **_common(lut),
        ),
        "      <rastershader>",
        f"        {_open('colorrampshader', minimumValue=low, maximumValue=high, **shader)}",
        *(
            f"          {_element('item', value=value, color=_hex(color), alpha=str(color[3]), label=label)}"
            for value, color, label in list_entries(lut)
        ),
        "        </colorrampshader>",
        "      </rastershader>",
        "    </rasterrenderer>",
    ]


def _find_range(lut: Lut) -> tuple[str, str]:
    """Return the smallest and the largest number, which QGIS shows as the range of the colors."""
    finite = [key for key in lut.keys if math.isfinite(key)] or [0]
    return format_key(finite[0]), format_key(finite[-1])


def _common(lut: Lut) -> dict[str, str]:
    nodata = "" if lut.nodata == TRANSPARENT else ",".join(map(str, lut.nodata))
    return {"band": "1", "opacity": "1", "alphaBand": "-1", "nodataColor": nodata}


def _hex(color: Iterable[int]) -> str:
    return f"#{bytes(color)[:3].hex()}"


def _open(name: str, **attributes: str) -> str:
    return f"<{name} {' '.join(f'{key}={quoteattr(value)}' for key, value in attributes.items())}>"


def _element(name: str, **attributes: str) -> str:
    return f"{_open(name, **attributes)[:-1]}/>"


QML = LutFormat(
    title="QGIS layer style",
    endings=(".qml",),
    capacity=Capacity(
        kinds=("classes", "intervals", "ramp"),
        names=True,
        alpha="any",
        nodata=True,
        outside="nodata",
        closed="right",
        ends="low",
    ),
    read=read_qml,
    write=write_qml,
    recognize=lambda data: find_root_name(data) == "qgis",
)
