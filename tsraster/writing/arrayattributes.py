"""What HDF5 and Zarr hold beside an array: its place as CF and rioxarray have it, and names and colors of classes.

References
----------
CF conventions 1.11: 3.5 flags (``flag_values``, ``flag_meanings``), 5.6 grid mappings (``grid_mapping``, ``crs_wkt``).
``GeoTransform`` and ``spatial_ref`` are GDAL's, and what rioxarray reads.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.raster import Georef
from tsraster.writing.image import Image, describe_classes, select_tags

GRID = "spatial_ref"
"""The variable that holds the place."""

_MOST_BYTES = 2**20
"""Of a chunk, about: larger ones take memory in whoever reads a pixel, smaller ones take time."""


def choose_chunk(image: Image) -> tuple[int, int]:
    """Return rows and columns of the chunks: the tiles of the image, halved until all bands of one have about a megabyte.

    Examples
    --------
    >>> choose_chunk(Image(shape=(4000, 3000), dtype="float32", bands=4))
    (256, 256)
    """
    rows, cols = (min(side, tile) for side, tile in zip(image.shape, image.tile, strict=True))
    while rows * cols * image.bands * np.dtype(image.dtype).itemsize > _MOST_BYTES and max(rows, cols) > 16:
        rows, cols = (-(-rows // 2), cols) if rows >= cols else (rows, -(-cols // 2))
    return rows, cols


def describe_array(image: Image) -> dict[str, Any]:
    """Return the attributes of an array, but those of its axes: texts, numbers, and lists of them."""
    said: dict[str, Any] = {}
    if image.names:
        said["band_names"] = list(image.names)
    if image.unit:
        said["units"] = image.unit
    tags = {domain: dict(items) for domain, items in select_tags(image.tags).items() if items}
    if tags:
        said["tags"] = json.dumps(tags)
    if describe_place(image.georef):
        said["grid_mapping"] = GRID
    return said | (_describe_classes(image) if image.codes else {})


def _describe_classes(image: Image) -> dict[str, Any]:
    table = describe_classes(image)
    names = list(table.names) or [str(code) for code in table.codes]
    said: dict[str, Any] = {
        "flag_values": list(table.codes),
        # CF separates meanings by spaces, so that there is none within one.
        "flag_meanings": " ".join(
            "_".join(name.split()) or str(code) for code, name in zip(table.codes, names, strict=True)
        ),
        "class_names": names,
    }
    if table.colors:
        said["class_colors"] = [f"#{bytes(color).hex()}" for color in table.colors]
    return said


def describe_place(georef: Georef) -> dict[str, str]:
    """Return the attributes of the variable that holds the place; empty where there is none.

    Examples
    --------
    >>> from rasterio.transform import from_origin
    >>> describe_place(Georef(transform=from_origin(500, 900, 30, 30)))
    {'GeoTransform': '500.0 30.0 0.0 900.0 0.0 -30.0'}
    """
    said = {}
    if georef.crs is not None:
        said = {"crs_wkt": georef.crs.to_wkt(), "spatial_ref": georef.crs.to_wkt()}
    if georef.has_transform:
        said["GeoTransform"] = " ".join(repr(float(number)) for number in georef.transform.to_gdal())
    return said


def list_centers(image: Image) -> dict[str, NDArray[np.float64]]:
    """Return the coordinates of the middles of rows and columns; none without a transform, or where it is rotated."""
    a, b, c, d, e, f = tuple(image.georef.transform)[:6]
    if b or d or not image.georef.has_transform:
        return {}
    rows, cols = image.shape
    return {"y": f + e * (np.arange(rows) + 0.5), "x": c + a * (np.arange(cols) + 0.5)}


def describe_center(axis: str, georef: Georef) -> dict[str, str]:
    """Return what CF wants to know of the coordinates of an axis."""
    if georef.crs is not None and georef.crs.is_geographic:
        name, unit = ("latitude", "degrees_north") if axis == "y" else ("longitude", "degrees_east")
        return {"standard_name": name, "units": unit}
    return {"standard_name": f"projection_{axis}_coordinate"}


def list_lost_places(image: Image, form: str) -> list[str]:
    """Say what of a place an array cannot hold."""
    lost = [name for name, has in (("GCPs", image.georef.gcps), ("RPCs", image.georef.rpcs)) if has]
    return [f"the {' and '.join(lost)} are left out, because {form} has no form for them"] if lost else []
