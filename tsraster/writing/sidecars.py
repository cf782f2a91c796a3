"""The ``.aux.xml`` beside a raster, and the world file beside a picture.

References
----------
GDAL's persistent auxiliary metadata, https://gdal.org/en/stable/drivers/raster/gtiff.html and the schema ``gdalpam``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import affine

from tsraster.raster import Georef
from tsraster.writing.image import LARGEST_NAMED_CODE
from tsraster.writing.outputs import world_suffix


def amend_aux_xml(
    path: Path, *, categories: Sequence[str] = (), tags: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Write category names and tags into the ``.aux.xml`` of a raster that is closed, beside what GDAL has put there.

    Parameters
    ----------
    path : Path
        The raster.
    categories : sequence of str
        The name of each code of the first band, from 0 on.
    tags : mapping of mappings, optional
        Tags by domain.
    """
    sidecar = path.with_name(path.name + ".aux.xml")
    root = ElementTree.parse(sidecar).getroot() if sidecar.exists() else ElementTree.Element("PAMDataset")
    for domain, items in (tags or {}).items():
        if items:
            _set_tags(root, domain, items)
    if categories:
        _set_categories(root, categories)
    if len(root):
        ElementTree.indent(root)
        ElementTree.ElementTree(root).write(sidecar, encoding="utf-8", xml_declaration=False)


def _set_tags(root: ElementTree.Element, domain: str, items: Mapping[str, str]) -> None:
    for element in root.findall("Metadata"):
        if element.get("domain", "") == domain:
            break
    else:
        element = ElementTree.SubElement(root, "Metadata", {"domain": domain} if domain else {})
    known = {item.get("key"): item for item in element}
    for key, value in items.items():
        item = known.get(key)
        if item is None:
            item = ElementTree.SubElement(element, "MDI", {"key": _clean(key)})
        item.text = _clean(value)


def _set_categories(root: ElementTree.Element, categories: Sequence[str]) -> None:
    band = root.find("PAMRasterBand[@band='1']")
    if band is None:
        band = ElementTree.SubElement(root, "PAMRasterBand", {"band": "1"})
    for old in band.findall("CategoryNames"):
        band.remove(old)
    names = ElementTree.SubElement(band, "CategoryNames")
    for category in categories:
        ElementTree.SubElement(names, "Category").text = _clean(category)


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters, and halves of pairs."""
    return "".join(
        c for c in text if (c >= " " or c in "\t\n\r") and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"
    )


def write_world_file(path: Path, georef: Georef) -> None:
    """Write the transform beside a picture, as GIS programs other than GDAL read it."""
    if georef.has_transform:
        path.with_suffix(world_suffix(path)).write_text(affine.dumpsw(georef.transform), encoding="ascii")


def list_categories(codes: Sequence[int], names: Sequence[str]) -> list[str]:
    """Return the name of every code from 0 to the largest, empty where there is no class; none where that is too large.

    Examples
    --------
    >>> list_categories([1, 3], ["sea", "wood"])
    ['', 'sea', '', 'wood']
    """
    if max(codes) > LARGEST_NAMED_CODE:
        return []
    categories = [""] * (max(codes) + 1)
    for code, name in zip(codes, names, strict=True):
        categories[code] = name
    return categories
