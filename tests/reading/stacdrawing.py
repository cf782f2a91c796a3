"""STAC items built by code, in the shapes that publishers of Landsat give them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOST = "https://host/collection02/level-2/2020"
REFLECTANCE = {"nodata": 0, "data_type": "uint16", "scale": 2.75e-05, "offset": -0.2}
TEMPERATURE = {"nodata": 0, "data_type": "uint16", "unit": "kelvin", "scale": 0.00341802, "offset": 149.0}
"""As ``raster:bands`` has them in items of Collection 2, level 2."""


def write_item(path: Path, assets: Mapping[str, Any], **properties: Any) -> Path:
    """Write an item with some assets."""
    record = {"type": "Feature", "stac_version": "1.0.0", "id": path.stem, "properties": properties, "assets": assets}
    path.write_text(json.dumps(record))
    return path


def list_fields(fields: Sequence[tuple[str, int, int, Sequence[str]]]) -> list[dict[str, Any]]:
    """Make ``classification:bitfields`` of names, offsets, lengths and meanings."""
    return [
        {
            "name": name,
            "description": name.title(),
            "offset": offset,
            "length": length,
            "classes": [{"name": word, "description": word.title(), "value": i} for i, word in enumerate(meanings)],
        }
        for name, offset, length, meanings in fields
    ]


LEVELS = ("not_set", "low", "medium", "high")
FIELDS = list_fields(
    [
        ("fill", 0, 1, ("not_fill", "fill")),
        ("dilated", 1, 1, ("not_dilated", "dilated")),
        ("cirrus", 2, 1, ("not_cirrus", "cirrus")),
        ("cloud", 3, 1, ("not_cloud", "cloud")),
        ("shadow", 4, 1, ("not_shadow", "shadow")),
        ("snow", 5, 1, ("not_snow", "snow")),
        ("clear", 6, 1, ("not_clear", "clear")),
        ("water", 7, 1, ("not_water", "water")),
        ("cloud_confidence", 8, 2, LEVELS),
        ("shadow_confidence", 10, 2, ("not_set", "low", "reserved", "high")),
        ("snow_confidence", 12, 2, ("not_set", "low", "reserved", "high")),
        ("cirrus_confidence", 14, 2, ("not_set", "low", "reserved", "high")),
    ]
)
"""Of ``qa_pixel`` in the example of the classification extension, a Landsat item."""
