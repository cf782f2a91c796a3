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

from tsraster.attributetable import AttributeTable
from tsraster.raster import Georef
from tsraster.writing.outputs import world_suffix


def amend_aux_xml(
    path: Path,
    *,
    categories: Sequence[str] = (),
    table: AttributeTable | None = None,
    tags: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write category names, an attribute table and tags into the ``.aux.xml`` of a raster that is closed.

    What GDAL has put there stays.

    Parameters
    ----------
    path : Path
        The raster.
    categories : sequence of str
        The name of each code of the first band, from 0 on.
    table : AttributeTable, optional
        That of the first band.
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
    if table is not None:
        _replace(_find_band(root), table.to_xml())
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
    names = ElementTree.Element("CategoryNames")
    for category in categories:
        ElementTree.SubElement(names, "Category").text = _clean(category)
    _replace(_find_band(root), names)


def _find_band(root: ElementTree.Element) -> ElementTree.Element:
    band = root.find("PAMRasterBand[@band='1']")
    return ElementTree.SubElement(root, "PAMRasterBand", {"band": "1"}) if band is None else band


def _replace(band: ElementTree.Element, new: ElementTree.Element) -> None:
    for old in band.findall(new.tag):
        band.remove(old)
    band.append(new)


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters, and halves of pairs."""
    return "".join(
        c for c in text if (c >= " " or c in "\t\n\r") and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"
    )


def write_world_file(path: Path, georef: Georef) -> None:
    """Write the transform beside a picture, as GIS programs other than GDAL read it."""
    if georef.has_transform:
        path.with_suffix(world_suffix(path)).write_text(affine.dumpsw(georef.transform), encoding="ascii")
