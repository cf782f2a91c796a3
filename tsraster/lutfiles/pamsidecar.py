"""The ``.aux.xml`` that GDAL keeps beside a raster: category names, color table and attribute table of its first band.

References
----------
https://gdal.org/en/stable/user/raster_data_model.html, and the schema ``gdalpam`` in GDAL's sources
"""

from __future__ import annotations

from xml.etree import ElementTree

from tsraster.attributetable import AttributeTable, Categories, list_categories
from tsraster.lut import Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, shorten
from tsraster.lutfiles.xmltree import Element, find_root_name, read_xml

_ROOT = "PAMDataset"
_BLACK = (0, 0, 0, 255)
_REPLACED = ("CategoryNames", "ColorTable", "GDALRasterAttributeTable")
"""What a sidecar says of names and colors; a color table would go before the attribute table."""


def read_pam(file: LutFile) -> Lut:
    """Read names and colors of the first band that has any; a code that has only a name is black.

    Examples
    --------
    >>> lut = Lut(name="mine", kind="classes", keys=(3,), colors=((0, 0, 255, 255),), names=("sea",))
    >>> read_pam(LutFile(name="mine", data=write_pam(lut))) == lut
    True
    """
    root = _check_sidecar(file)
    # GDAL goes by the number of a band, wherever it stands.
    for band in sorted(root.list_children("PAMRasterBand"), key=_number_band):
        categories = Categories.from_xml(_to_etree(band))
        if categories.colors:
            return _make_lut(file, categories)
    raise file.error(
        "this sidecar has no colors, neither a color table nor an attribute table with red, green and blue"
    )


def _check_sidecar(file: LutFile) -> Element:
    """Return the outermost element of a sidecar.

    Raises
    ------
    LutFormatError
        The file is no XML, or not that of a sidecar.
    """
    root = read_xml(file)
    if root.name != _ROOT:
        raise file.error(
            f"this is no sidecar of a raster: its outermost element is {shorten(root.name)} and not {_ROOT}", root.line
        )
    return root


def _number_band(band: Element) -> int:
    text = band.attributes.get("band", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 2**31


def _to_etree(element: Element) -> ElementTree.Element:
    made = ElementTree.Element(element.name, element.attributes)
    made.text = element.text
    made.extend(map(_to_etree, element.children))
    return made


def _make_lut(file: LutFile, categories: Categories) -> Lut:
    keys = sorted({*categories.colors, *categories.names})
    return file.table(
        kind="classes",
        keys=keys,
        colors=[categories.colors.get(key, _BLACK) for key in keys],
        names=[categories.names.get(key, "") for key in keys],
    )


def write_pam(lut: Lut) -> bytes:
    """Write category names and an attribute table; the colors stand in that."""
    return _write(ElementTree.Element(_ROOT), lut)


def amend_pam(file: LutFile, lut: Lut) -> bytes:
    """Return the content of a sidecar with the names and colors of its first band replaced; all else stays.

    Raises
    ------
    LutFormatError
        The file is no sidecar of a raster.
    """
    _check_sidecar(file)
    try:
        root = ElementTree.fromstring(file.data)  # noqa: S314, it defines no entities
    except ElementTree.ParseError as error:
        raise file.error(f"this is no well-formed XML ({error}); remove it, or save it again with GDAL") from None
    return _write(root, lut)


def _write(root: ElementTree.Element, lut: Lut) -> bytes:
    codes = tuple(int(key) for key in lut.keys)
    band = root.find("PAMRasterBand[@band='1']")
    if band is None:
        band = ElementTree.SubElement(root, "PAMRasterBand", {"band": "1"})
    for old in [one for one in band if one.tag in _REPLACED or (one.tag, one.text) == ("ColorInterp", "Palette")]:
        band.remove(old)
    names = list_categories(codes, lut.names)
    if names:
        element = ElementTree.SubElement(band, "CategoryNames")
        for name in names:
            ElementTree.SubElement(element, "Category").text = name
    band.append(AttributeTable(codes=codes, names=lut.names, colors=lut.colors).to_xml())
    ElementTree.indent(root)
    return f"{ElementTree.tostring(root, encoding='unicode')}\n".encode()


PAM = LutFormat(
    title="the .aux.xml of a raster",
    endings=(".aux.xml",),
    capacity=Capacity(kinds=("classes",), names=True, alpha="any", codes="whole", largest=2**53),
    read=read_pam,
    write=write_pam,
    recognize=lambda data: find_root_name(data) == _ROOT,
)
