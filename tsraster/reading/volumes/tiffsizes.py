"""The size of a voxel in the tags of a TIFF."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

from tsraster.reading.volumes.voxelsizes import find_voxel_size
from tsraster.volume import Shape, VoxelSize

_DEFAULT_DPI = (1.0, 72.0, 96.0, 100.0)
"""Pixels per inch that programs write which know nothing of them."""


def read_voxel_size(file: Any, page: Any, shape: Shape) -> VoxelSize | None:
    """Return what OME, ImageJ or the resolution of the first page say, in this order.

    A resolution has no depth: where it alone is known, voxels are taken as deep as they are wide.

    Parameters
    ----------
    file : tifffile.TiffFile
        The file.
    page : tifffile.TiffPage
        The first.
    shape : (planes, rows, cols)
        Of the volume; OME metadata of another one are not taken.
    """
    for found in (
        _read_ome(file.ome_metadata, shape),
        _read_imagej(file.imagej_metadata, page),
        _read_resolution(page),
    ):
        if found is not None:
            return found
    return None


def _read_ome(text: str | None, shape: Shape) -> VoxelSize | None:
    # Entities are the only danger in XML that is read this way, and OME-XML has none of its own.
    if not text or "<!doctype" in text.lower() or "<!entity" in text.lower():
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314, it has no entities
    except ElementTree.ParseError:
        return None
    images = [element for element in root.iter() if element.tag.rpartition("}")[2] == "Pixels"]
    sizes = [_size_of_ome(image) for image in images if _has_shape(image, shape)]
    return next(filter(None, sizes), None)


def _has_shape(image: ElementTree.Element, shape: Shape) -> bool:
    return [image.get(f"Size{axis}") for axis in "YX"] == [str(side) for side in shape[1:]]


def _size_of_ome(image: ElementTree.Element) -> VoxelSize | None:
    lengths = [_parse(image.get(f"PhysicalSize{axis}")) for axis in "ZYX"]
    units = {image.get(f"PhysicalSize{axis}Unit", "um") for axis in "ZYX"}
    if lengths[0] is None:
        lengths[0] = lengths[2]
        units.discard(image.get("PhysicalSizeZUnit", "um"))
    return find_voxel_size(lengths, units.pop() if len(units) == 1 else "", "the OME metadata of the file")


def _read_imagej(said: dict[str, Any] | None, page: Any) -> VoxelSize | None:
    unit = str((said or {}).get("unit", "")).replace("\\u00B5", "u")
    if said is None or not unit or (unit in ("inch", "cm") and "spacing" not in said):
        return None  # the resolution says it too, and may be one that means nothing
    across, down = (_invert(_rational(page, f"{axis}Resolution")) for axis in "XY")
    # ImageJ leaves out a depth of 1.
    return find_voxel_size(
        [float(said.get("spacing", 1.0)), down or across, across], unit, "the ImageJ metadata of the file"
    )


def _read_resolution(page: Any) -> VoxelSize | None:
    tag = page.tags.get("ResolutionUnit")
    unit = {2: "inch", 3: "cm"}.get(int(tag.value) if tag else 2, "")
    across, down = (_rational(page, f"{axis}Resolution") for axis in "XY")
    if not unit or not across or across == 1:
        return None
    if any(abs(across * (2.54 if unit == "cm" else 1) - default) < 1 for default in _DEFAULT_DPI):
        return None
    um = 10_000 if unit == "cm" else 25_400
    source = f"the resolution of the TIFF, {across:.6g} pixels per {unit}, taken for the depth too"
    return find_voxel_size([um / across, um / (down or across), um / across], "um", source)


def _rational(page: Any, name: str) -> float | None:
    tag = page.tags.get(name)
    above, below = tag.value if tag is not None else (0, 1)
    return above / below if above and below else None


def _invert(number: float | None) -> float | None:
    return 1 / number if number else None


def _parse(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < math.inf else None
