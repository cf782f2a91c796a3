"""Paint triangles between pixels: every pixel whose center lies in a triangle, or on its rim, by exact integer arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

_PIXELS = 2**20
"""About so many pixels are painted at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PaintedPixels:
    """Pixels in triangles; those on a common side come once for each of its triangles, with the same value."""

    rows: Whole
    columns: Whole
    values: NDArray[np.float64]
    """On the plane through the corners of the triangle."""
    triangles: Whole
    """The triangle of each pixel; ascending."""


def triangulate(places: Whole) -> Whole:
    """Return the Delaunay triangles of places, shape (N, 2), as indices of shape (T, 3); none where all lie on a line."""
    from scipy.spatial import Delaunay

    if len(places) < 3 or lie_on_line(places):
        return np.zeros((0, 3), dtype=np.int64)
    return Delaunay(places).simplices.astype(np.int64)  # type: ignore[no-any-return]


def lie_on_line(places: Whole) -> bool:
    """Tell whether all places, shape (N, 2), lie on one line."""
    from_first = places - places[0]
    far = from_first[np.abs(from_first).sum(axis=1).argmax()]
    return not np.any(from_first[:, 0] * far[1] - from_first[:, 1] * far[0])


def paint_triangles(places: Whole, values: NDArray[Any], triangles: Whole) -> Iterator[PaintedPixels]:
    """Yield the pixels of triangles with the values that are linear between their corners.

    Parameters
    ----------
    places : array of int64, shape (N, 2)
        Row and column of the points.
    values : array of float, shape (N,)
        What they have.
    triangles : array of int64, shape (T, 3)
        The corners of each triangle, as indices of points. Those without an area are left out.

    Yields
    ------
    PaintedPixels
        Some of them; memory is that of about a million pixels, and of the rows of all triangles.
    """
    corners = places[triangles]
    order = np.argsort(corners[:, :, 0], axis=1, kind="stable")
    corners = np.take_along_axis(corners, order[:, :, np.newaxis], axis=1)
    planes = _find_planes(corners, np.take_along_axis(values[triangles].astype(np.float64), order, axis=1))
    triangle, row, left, right = _find_spans(corners)
    ends = np.cumsum(np.maximum(right - left + 1, 0))
    cuts = np.searchsorted(ends, np.arange(_PIXELS, ends[-1] if len(ends) else 0, _PIXELS), side="right")
    cuts = np.unique([0, *cuts.tolist(), len(triangle)])
    for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        part = slice(start, end)
        if ends[end - 1] == (ends[start - 1] if start else 0):
            continue
        span, column = _repeat(left[part], np.maximum(right[part] - left[part] + 1, 0))
        rows, painted = row[part][span], triangle[part][span]
        by_row, by_column, height, first_row, first_column = planes[painted].T
        value = height + by_row * (rows - first_row) + by_column * (column - first_column)
        yield PaintedPixels(rows=rows, columns=column, values=value, triangles=painted)


def _find_planes(corners: Whole, heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return slope by row and by column, and value, row and column of the first corner of triangles, shape (T, 5)."""
    (r0, c0), (r1, c1), (r2, c2) = (corners[:, i].T for i in range(3))
    area = _measure_areas(corners)
    rise, run = (heights[:, i] - heights[:, 0] for i in (1, 2))
    safe = np.where(area != 0, area, 1)
    by_row = (rise * (c2 - c0) - run * (c1 - c0)) / safe
    by_column = (run * (r1 - r0) - rise * (r2 - r0)) / safe
    return np.column_stack([by_row, by_column, heights[:, 0], r0, c0])


def _measure_areas(corners: Whole) -> Whole:
    """Return twice the area of triangles, with a sign."""
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas: Whole = one[:, 0] * other[:, 1] - other[:, 0] * one[:, 1]
    return areas


def _find_spans(corners: Whole) -> tuple[Whole, Whole, Whole, Whole]:
    """Return the pieces of rows in triangles whose corners, shape (T, 3, 2), are sorted by row.

    They are triangle, row, first and last column; where no center of a pixel is in the row, the first is beyond the last.
    """
    (r0, c0), (r1, c1), (r2, c2) = (corners[:, i].T for i in range(3))
    triangle, row = _repeat(r0, np.where(_measure_areas(corners) != 0, r2 - r0 + 1, 0))
    long_side = _cross(row, r0[triangle], c0[triangle], r2[triangle], c2[triangle])
    upper = _cross(row, r0[triangle], c0[triangle], r1[triangle], c1[triangle])
    lower = _cross(row, r1[triangle], c1[triangle], r2[triangle], c2[triangle])
    in_upper = (row < r1[triangle]) | ((row == r1[triangle]) & (r1[triangle] == r2[triangle]))
    left = np.minimum(long_side[0], np.where(in_upper, upper[0], lower[0]))
    right = np.maximum(long_side[1], np.where(in_upper, upper[1], lower[1]))
    return triangle, row, left, right


def _repeat(first: Whole, number: Whole) -> tuple[Whole, Whole]:
    """Return the index of each item as often as `number` says, and numbers that count up from its first one."""
    index = np.repeat(np.arange(len(first)), number)
    begin = np.cumsum(number) - number
    return index, first[index] + np.arange(len(index)) - begin[index]


def _cross(row: Whole, r0: Whole, c0: Whole, r1: Whole, c1: Whole) -> tuple[Whole, Whole]:
    """Return the first and the last column not outside of a side in a row; of a level side its two ends."""
    height = np.where(r1 == r0, 1, r1 - r0)
    across = (row - r0) * (c1 - c0)
    level = r1 == r0
    first = np.where(level, np.minimum(c0, c1), c0 - (-across) // height)
    last = np.where(level, np.maximum(c0, c1), c0 + across // height)
    return first, last
