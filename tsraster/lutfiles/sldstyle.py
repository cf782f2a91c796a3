"""The ``ColorMap`` of a Styled Layer Descriptor, as GeoServer and other map servers use it: ``.sld``.

::

    <ColorMap type="intervals">
      <ColorMapEntry color="#0000ff" quantity="10" opacity="0.5" label="low"/>
      <ColorMapEntry color="#ff0000" quantity="Infinity"/>
    </ColorMap>

The type is ``ramp`` where none is given, ``intervals``, or ``values``, which are classes. SLD 1.0 itself has no types; their
meaning is that of GeoServer, confirmed in its code (GeoTools, ``SLDColorMapBuilder``): the quantity of an interval is its upper
edge, which belongs to the next one, ``[before, quantity)``; the first reaches down without end, and from the last on nothing is
painted. A ramp is clamped at both ends, and increases. GeoServer wants two entries at least of a ramp or intervals.

The open end is written ``Infinity``, which Java reads as a number. QGIS writes ``inf``, which GeoServer refuses, closes its
intervals on the right, and gives classes six digits; it writes SLD of rasters, but reads none.

Of SLD 1.1, ``Categorize`` and ``Interpolate`` are read, but not their ``fallbackValue``, which need not be that of nodata.

References
----------
https://docs.geoserver.org/latest/en/user/styling/sld/reference/rastersymbolizer.html
OGC 02-070, Styled Layer Descriptor 1.0.0; OGC 05-077r4, Symbology Encoding 1.1.0
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from tsraster.lut import RGBA, Kind, Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, opaque, shorten, to_bytes
from tsraster.lutfiles.xmltree import Element, find_root_name, read_xml

_KINDS: dict[str, Kind] = {"ramp": "ramp", "intervals": "intervals", "values": "classes"}
_TYPES = {kind: word for word, kind in _KINDS.items()}
_HUGE = 1.79769e308
"""What programs write for want of an infinite number begins with these digits; with a sign before it, it is itself."""

Entry = tuple[float, RGBA, str, int]
"""The quantity, the color, the label, and the number of the line."""


def read_sld(file: LutFile) -> Lut:
    """Read the first color map of a style.

    Intervals are closed on the left, as GeoServer reads them. Where a file shows that QGIS wrote it, which closes them on the
    right, that is said.

    Examples
    --------
    >>> text = b'''<ColorMap type="intervals"><ColorMapEntry color="#0000ff" quantity="10" opacity="0.5" label="low"/>
    ... <ColorMapEntry color="#ff0000" quantity="Infinity"/></ColorMap>'''
    >>> lut = read_sld(LutFile(name="mine", data=text))
    >>> lut.keys, lut.closed, lut.colors[0]
    ((-inf, 10, inf), 'left', (0, 0, 255, 128))
    """
    root = read_xml(file)
    table = root.find("ColorMap")
    if table is None:
        raise file.error("this style holds no ColorMap; only a RasterSymbolizer with one has a color table", root.line)
    for child in table.children:
        if child.name in _FUNCTIONS:
            return _FUNCTIONS[child.name](file, child)
        if child.name != "ColorMapEntry":
            raise file.error(f"the {shorten(child.name)} in this ColorMap is unknown; write ColorMapEntry", child.line)
    return _read_entries(file, table)


def _read_entries(file: LutFile, table: Element) -> Lut:
    word = table.attributes.get("type", "ramp")
    if word.lower() not in _KINDS:
        raise file.error(
            f"the type {shorten(word)!r} of this ColorMap is unknown; choose from {', '.join(_KINDS)}", table.line
        )
    kind = _KINDS[word.lower()]
    entries = [_read_entry(file, element, kind) for element in table.children]
    if kind == "intervals":
        _warn_of_sides(file, table)
    return file.table(**_join_entries(file, entries, kind))


def _read_entry(file: LutFile, element: Element, kind: Kind) -> Entry:
    for attribute, text in element.attributes.items():
        if "${" in text and attribute != "label":
            raise file.error(
                f"the {shorten(attribute)} {shorten(text)!r} is an expression that only GeoServer can work out; write a number",
                element.line,
            )
    quantity = _read_quantity(file, _require(file, element, "quantity"), element.line, kind)
    color = _read_color(file, _require(file, element, "color"), element.line)
    opacity = file.number(element.attributes.get("opacity", "1"), element.line)
    if not 0 <= opacity <= 1:
        raise file.error(f"the opacity {shorten(str(opacity))} is out of range; it is 0 to 1", element.line)
    return quantity, (*color[:3], int(opacity * 255 + 0.5)), element.attributes.get("label", ""), element.line


def _require(file: LutFile, element: Element, attribute: str) -> str:
    if attribute not in element.attributes:
        raise file.error(f"this {element.name} has no {attribute}; add one", element.line)
    return element.attributes[attribute]


def _read_quantity(file: LutFile, text: str, line: int, kind: Kind) -> float:
    """Read a number, or the open end of intervals in one of the ways in which it is written."""
    text = text.strip()
    if kind != "intervals":
        return file.number(text, line)
    if re.fullmatch(r"\+?inf(inity)?", text, re.IGNORECASE):
        return math.inf
    is_huge = re.fullmatch(r"[0-9.]{1,400}(e\+?[0-9]{1,9})?", text, re.IGNORECASE) and text.count(".") < 2
    if is_huge and text.strip(".") and float(text) >= _HUGE:
        return math.inf
    return file.number(text, line)


def _read_color(file: LutFile, text: str, line: int) -> RGBA:
    if not re.fullmatch(r"(#|0[xX])[0-9a-fA-F]{6}", text.strip()):
        raise file.error(f"{shorten(text)!r} is no color; write #rrggbb, and the alpha as opacity", line)
    red, green, blue = bytes.fromhex(text.strip()[-6:])
    return opaque(red, green, blue)


def _warn_of_sides(file: LutFile, table: Element) -> None:
    for element in table.children:
        is_qgis = element.attributes["quantity"].strip() == "inf"
        if is_qgis or element.attributes.get("label", "").startswith("<="):
            file.warn(
                "GeoServer gives a value on the edge of an interval to the one above, and QGIS to the one below; it is read "
                "here as by GeoServer, and as by QGIS from the style that it saves as .qml",
                element.line,
            )
            return


def _join_entries(file: LutFile, entries: Sequence[Entry], kind: Kind) -> dict[str, Any]:
    """Return the parts of a table; classes may stand in any order, and the quantities of the others increase."""
    if kind == "classes":
        entries = sorted(entries, key=lambda entry: entry[0])
    for (low, *_, before), (high, *_, line) in pairwise(entries):
        if high < low or (high == low and kind == "intervals"):
            raise file.error(f"the quantity {_spell(high)} is not above the one before; the entries increase", line)
        if high == low and kind == "classes":
            raise file.error(
                f"the quantity {_spell(high)} stands there twice, in line {before} before", max(line, before)
            )
    quantities = [quantity for quantity, *_ in entries]
    return {
        "kind": kind,
        "keys": [-math.inf, *quantities] if kind == "intervals" else quantities,
        "colors": [color for _, color, _, _ in entries],
        "names": [label for _, _, label, _ in entries],
        "closed": "left",
    }


def _read_categorize(file: LutFile, function: Element) -> Lut:
    """Read a value, and then a threshold and a value in turn."""
    parts = [child for child in function.children if child.name != "LookupValue"]
    for i, part in enumerate(parts):
        wanted = "Threshold" if i % 2 else "Value"
        if part.name != wanted:
            raise file.error(
                f"{shorten(part.name)} stands where a {wanted} belongs; write Value, Threshold, Value, ...", part.line
            )
    if len(parts) % 2 == 0:
        raise file.error("this Categorize does not end with a Value; write Value, Threshold, Value, ...", function.line)
    side = function.attributes.get("thresholdsBelongTo", "succeeding")
    sides: dict[str, Literal["right", "left"]] = {"succeeding": "left", "preceding": "right"}
    if side not in sides:
        raise file.error(f"thresholdsBelongTo is {shorten(side)!r}; choose from {', '.join(sides)}", function.line)
    edges = [file.number(_read_literal(file, part), part.line) for part in parts[1::2]]
    for (low, high), part in zip(pairwise(edges), parts[3::2], strict=True):
        if low >= high:
            raise file.error(f"the Threshold {_spell(high)} is not above the one before; they increase", part.line)
    colors = [_read_color(file, _read_literal(file, part), part.line) for part in parts[::2]]
    return file.table(kind="intervals", keys=[-math.inf, *edges, math.inf], colors=colors, closed=sides[side])


def _read_interpolate(file: LutFile, function: Element) -> Lut:
    mode = function.attributes.get("mode", "linear")
    if mode != "linear":
        raise file.error(f"the mode {shorten(mode)!r} of Interpolate cannot be read; only linear can", function.line)
    entries = []
    for point in function.list_children("InterpolationPoint"):
        data, value = point.find_child("Data"), point.find_child("Value")
        if data is None or value is None:
            raise file.error("this InterpolationPoint has no Data or no Value; add it", point.line)
        color = _read_color(file, _read_literal(file, value), value.line)
        entries.append((file.number(_read_literal(file, data), data.line), color, "", point.line))
    return file.table(**_join_entries(file, entries, "ramp"))


def _read_literal(file: LutFile, element: Element) -> str:
    """Return the text of an element, or of the one literal in it."""
    inner = element.children[0] if len(element.children) == 1 and element.children[0].name == "Literal" else element
    if inner.children:
        raise file.error(
            f"this {element.name} is an expression that only a map server can work out; write it out", element.line
        )
    return inner.text


def _refuse_function(file: LutFile, function: Element) -> Lut:
    name = shorten(function.attributes.get("name", ""))
    raise file.error(
        f"the colors come from the function {name!r}, which only GeoServer has; write ColorMapEntry", function.line
    )


_FUNCTIONS = {"Categorize": _read_categorize, "Interpolate": _read_interpolate, "Function": _refuse_function}


def write_sld(lut: Lut) -> bytes:
    """Write SLD 1.0 with a color map in the dialect of GeoServer."""
    entries = lut.keys[1:] if lut.kind == "intervals" else lut.keys
    return to_bytes(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld">',
            "  <NamedLayer>",
            "    <Name>raster</Name>",
            "    <UserStyle><FeatureTypeStyle><Rule><RasterSymbolizer>",
            f'      <ColorMap type="{_TYPES[lut.kind]}">',
            *map(_write_entry, entries, lut.colors, lut.names),
            "      </ColorMap>",
            "    </RasterSymbolizer></Rule></FeatureTypeStyle></UserStyle>",
            "  </NamedLayer>",
            "</StyledLayerDescriptor>",
        ]
    )


def _write_entry(quantity: float, color: RGBA, name: str) -> str:
    # Four digits of an opacity are more than the 256 levels of alpha need.
    opacity = f' opacity="{color[3] / 255:.4g}"' if color[3] < 255 else ""
    label = f" label={quoteattr(name)}" if name else ""
    return f'        <ColorMapEntry color="#{bytes(color[:3]).hex()}" quantity="{_spell(quantity)}"{opacity}{label}/>'


def _spell(quantity: float) -> str:
    if quantity == math.inf:
        return "Infinity"
    return ("+" if quantity >= _HUGE else "") + format_key(quantity)


SLD = LutFormat(
    title="SLD color map",
    endings=(".sld", ".xml"),
    capacity=Capacity(
        kinds=("classes", "intervals", "ramp"), names=True, alpha="any", closed="left", ends="low", entries=255
    ),
    read=read_sld,
    write=write_sld,
    recognize=lambda data: find_root_name(data) == "StyledLayerDescriptor",
)
