"""The ``.aux.xml`` that GDAL keeps beside a raster: category names, color table and attribute table of its first band.

References
----------
https://gdal.org/en/stable/user/raster_data_model.html, and the schema ``gdalpam`` in GDAL's sources
"""

from __future__ import annotations

from xml.etree import ElementTree

from tsraster.attributetable import LARGEST_NAMED_CODE, AttributeTable, Categories, list_categories
from tsraster.lut import Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat
from tsraster.lutfiles.xmltree import Element, find_root_name, read_xml

_ROOT = "PAMDataset"
_BLACK = (0, 0, 0, 255)


def read_pam(file: LutFile) -> Lut:
    """Read names and colors of the first band that has any; a code that has only a name is black.

    Examples
    --------
    >>> lut = Lut(name="mine", kind="classes", keys=(3,), colors=((0, 0, 255, 255),), names=("sea",))
    >>> read_pam(LutFile(name="mine", data=write_pam(lut))) == lut
    True
    """
    root = read_xml(file)
    if root.name != _ROOT:
        raise file.error(
            f"this is no sidecar of a raster: its outermost element is {root.name} and not {_ROOT}", root.line
        )
    for band in root.list_children("PAMRasterBand"):
        categories = Categories.from_xml(_to_etree(band))
        if categories.colors:
            return _make_lut(file, categories)
    raise file.error(
        "this sidecar has no colors, neither a color table nor an attribute table with red, green and blue"
    )


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
    codes = tuple(int(key) for key in lut.keys)
    root = ElementTree.Element(_ROOT)
    band = ElementTree.SubElement(root, "PAMRasterBand", {"band": "1"})
    names = list_categories(codes, lut.names) if max(codes) <= LARGEST_NAMED_CODE else []
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
