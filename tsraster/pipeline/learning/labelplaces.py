"""Where a label raster lies in the picture that it labels."""

from __future__ import annotations

from collections.abc import Sequence

from tsraster.errors import DataError
from tsraster.raster import Georef, Raster

_OFF = 0.01
"""So many pixels two rasters may lie apart, as when coordinates were rounded."""


def find_corner(labels: Raster, source: Raster, offset: tuple[int, int] | None) -> tuple[int, int]:
    """Return the row and column of the source at which a label raster begins: as it is said, or as both are georeferenced.

    Raises
    ------
    DataError
        Both lie on different grids or nowhere near each other; or they differ in size, and nothing says how they lie.
    """
    if offset is not None:
        corner = offset[1], offset[0]
    elif labels.georef.has_transform and source.georef.has_transform:
        corner = _compare_grids(labels, source)
    elif labels.shape == source.shape:
        return 0, 0
    else:
        raise DataError(
            f"{say_sizes(labels.name, labels.shape, source.name, source.shape)}, or a place: give --label-offset column,row"
        )
    ends = [corner[axis] + labels.shape[axis] > 0 and corner[axis] < source.shape[axis] for axis in (0, 1)]
    if not all(ends):
        raise DataError(f"{labels.name} lies outside of {source.name}")
    return corner


def _compare_grids(labels: Raster, source: Raster) -> tuple[int, int]:
    one, other = labels.georef, source.georef
    if one.crs is not None and other.crs is not None and one.crs != other.crs:
        raise DataError(f"{labels.name} has another CRS than {source.name}; warp it onto its grid")
    places = _locate_corners(one, other, labels.shape)
    (col, row), (right, _), (_, bottom) = places
    near = (round(col), round(row))
    errors = [abs(col - near[0]), abs(row - near[1]), abs(right - near[0] - labels.shape[1])]
    errors.append(abs(bottom - near[1] - labels.shape[0]))
    if not max(errors) < _OFF:
        raise DataError(f"{labels.name} lies on another grid than {source.name}; warp it onto that grid")
    return near[1], near[0]


def _locate_corners(one: Georef, other: Georef, shape: tuple[int, int]) -> list[tuple[float, float]]:
    back = ~other.transform
    corners = ((0, 0), (shape[1], 0), (0, shape[0]))
    return [back @ (one.transform @ corner) for corner in corners]


def say_sizes(first: str, shape: Sequence[int], second: str, other: Sequence[int]) -> str:
    """Say that two files differ in size."""
    sizes = [" x ".join(map(str, one)) for one in (shape, other)]
    return f"{first} has {sizes[0]} pixels and {second} {sizes[1]}; labels have the size of what they label"
