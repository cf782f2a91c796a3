"""What a STAC item says of the classes of a raster.

References
----------
The classification extension 2.0.0, https://github.com/stac-extensions/classification
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tsraster.attributetable import AttributeTable

EXTENSION = "https://stac-extensions.github.io/classification/v2.0.0/schema.json"


def describe_item(table: AttributeTable, href: str, *, cog: bool) -> dict[str, Any]:
    """Return the part of a STAC item that describes a class map: its asset with ``classification:classes``.

    Parameters
    ----------
    table : AttributeTable
        What is known of the classes.
    href : str
        Where the class map is, from the item.
    cog : bool
        Whether it is a cloud optimized GeoTIFF.
    """
    kind = "image/png" if href.lower().endswith(".png") else "image/tiff; application=geotiff"
    asset = {
        "href": href,
        "type": kind + "; profile=cloud-optimized" * cog,
        "roles": ["data"],
        "classification:classes": list_classes(table),
    }
    return {"stac_extensions": [EXTENSION], "assets": {"classes": asset}}


def list_classes(table: AttributeTable) -> list[dict[str, Any]]:
    """Return ``classification:classes``: "no class" first, then one entry a class; percentages are of all pixels with a class.

    Examples
    --------
    >>> list_classes(AttributeTable(codes=(1,), names=("Open Water",), colors=((0, 0, 255, 255),)))[1]
    {'value': 1, 'name': 'open_water', 'title': 'Open Water', 'color_hint': '0000FF'}
    """
    total = sum(table.counts)
    taken = {"no_class"}
    entries: list[dict[str, Any]] = [{"value": 0, "name": "no_class", "title": "no class", "nodata": True}]
    for i, code in enumerate(table.codes):
        label = table.names[i] if table.names else ""
        interval = table.intervals[i] if table.intervals else ""
        # A class without a name is labeled by its interval, of which no name for machines can be made.
        named = "" if interval and label.startswith(interval) else label
        entry = {"value": code, "name": _make_name(named, code, taken), "title": label or str(code)}
        if interval and named == label:
            entry["description"] = interval
        if table.colors:
            entry["color_hint"] = "{:02X}{:02X}{:02X}".format(*table.colors[i])
        if table.counts:
            share = 100 * table.counts[i] / total if total else 0.0
            entry |= {"count": table.counts[i], "percentage": round(share, 6)}
        entries.append(entry)
    return entries


def _make_name(label: str, code: int, taken: set[str]) -> str:
    """Return a name of letters, digits, - and _, as the extension wants it, which no other class has."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_-]+", "_", plain.lower()).strip("_") or f"class_{code}"
    while name in taken:
        name = f"{name}_{code}"
    taken.add(name)
    return name
