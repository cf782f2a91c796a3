"""Where the samples lay between which a field is linear: the corners of its triangles, where planes meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.interpolation import remake_field
from tsraster.inversion.points.refining import find_hull
from tsraster.inversion.points.segments import label_segments

Floats = NDArray[np.float64]

_ROUNDING = 8 * float(np.finfo(np.float32).eps)
"""Parts of the largest value by which rounding may bend a plane."""
_FAR = 25.0
"""A corner that lies farther, in pixels, from where three planes are seen is not taken: they are nearly one."""
_PASSES, _CLOSE = 4, 0.02
"""How often missing corners are looked for, where the field made again is off by more than this part of the range."""
_GAIN = 0.5
"""Missing corners bring the field so much nearer, in squared error, that at most this part is left; others are not added."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Planes:
    """Planes value = by_column * column + by_row * row + offset, shape (P,) each, and the plane of each square of four pixels."""

    by_column: Floats
    by_row: Floats
    offset: Floats
    squares: NDArray[np.int32]


def find_corners(values: NDArray[Any]) -> FieldPoints:
    """Find the samples of a field that is linear in triangles between them.

    Squares of four pixels that lie in one plane, and go on in that of their neighbors, are joined; where three planes or
    more come together, the place that all have in common is a corner. The corners of the convex hull of the field are
    samples too. The field is then made again, and where it is off, its worst pixel is added, as long as that brings it nearer:
    some corners are hidden, because a triangle at them is narrower than a pixel.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data.

    Returns
    -------
    FieldPoints
    """
    corners = np.column_stack(np.divmod(find_hull(~np.isnan(values)), values.shape[1]))
    if min(values.shape) > 1:
        corners = np.concatenate([corners, _find_rim_knots(values), _find_meeting_places(values)])
    return _complete(values, np.unique(corners, axis=0))


def _find_rim_knots(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the pixels of the first and last row and column where the field bends along them, shape (N, 2)."""
    last_row, last_col = values.shape[0] - 1, values.shape[1] - 1
    rims = [(values[row], row, None) for row in (0, last_row)] + [(values[:, col], None, col) for col in (0, last_col)]
    found = []
    for rim, row, col in rims:
        bend = np.zeros(len(rim))
        bend[1:-1] = np.abs(np.diff(rim.astype(np.float64), 2))
        beside = np.pad(bend, 1)
        at = np.flatnonzero((bend > _find_rounding(values)) & (bend >= beside[:-2]) & (bend > beside[2:]))
        found.append(
            np.column_stack(
                [np.full(len(at), row) if col is None else at, at if col is None else np.full(len(at), col)]
            )
        )
    return np.concatenate(found).astype(np.int64)


def _find_meeting_places(values: NDArray[Any]) -> NDArray[np.int64]:
    planes = _find_planes(values)
    if not len(planes.offset):
        return np.zeros((0, 2), dtype=np.int64)
    around = np.pad(planes.squares, 1, constant_values=-1)
    four = np.sort(np.stack([around[:-1, :-1], around[:-1, 1:], around[1:, :-1], around[1:, 1:]]), axis=0)
    meet = (np.diff(four, axis=0) != 0).sum(axis=0) >= 2
    rows, cols = np.nonzero(meet & (four[0] >= 0) & ~np.isnan(values))
    found, heights, steep = _intersect(planes, four[:, rows, cols].T, rows, cols)
    nearest = np.rint(found).astype(np.int64)
    inside = np.all((nearest >= 0) & (nearest < values.shape), axis=1)
    inside &= np.hypot(*(found - np.column_stack([rows, cols])).T) < _FAR
    nearest, heights, steep = nearest[inside], heights[inside], steep[inside]
    there = np.abs(values[nearest[:, 0], nearest[:, 1]] - heights) <= 0.75 * steep + _find_rounding(values)
    return nearest[there]


def _find_rounding(values: NDArray[Any]) -> float:
    return _ROUNDING * float(np.nanmax(np.abs(values)))


def _find_planes(values: NDArray[Any]) -> _Planes:
    """Join squares of four pixels that lie in one plane, and fit the plane; those on a crease get that of the nearest square."""
    from scipy.ndimage import distance_transform_edt

    field = values.astype(np.float64)
    rounding = _find_rounding(values)
    right, down = field[:-1, 1:] - field[:-1, :-1], field[1:, :-1] - field[:-1, :-1]
    flat = np.abs(field[1:, 1:] - field[1:, :-1] - right) <= rounding

    def go_on(one: tuple[slice, slice], other: tuple[slice, slice]) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = (np.abs(right[one] - right[other]) <= rounding) & (
            np.abs(down[one] - down[other]) <= rounding
        )
        return same

    labels, count = label_segments(flat, go_on)
    if not count:
        nothing = np.zeros(0)
        return _Planes(by_column=nothing, by_row=nothing, offset=nothing, squares=np.full(flat.shape, -1, np.int32))
    squares = np.full(flat.shape, -1, dtype=np.int32)
    squares[flat] = labels
    nearest = distance_transform_edt(~flat, return_distances=False, return_indices=True)
    known = ~np.isnan(field[:-1, :-1] + field[1:, 1:] + field[:-1, 1:] + field[1:, :-1])
    by_column, by_row, offset = _fit_planes(field, flat, labels, count, right, down)
    return _Planes(
        by_column=by_column,
        by_row=by_row,
        offset=offset,
        squares=np.where(known, squares[tuple(nearest)], np.int32(-1)),
    )


def _fit_planes(
    field: Floats, flat: NDArray[np.bool_], labels: NDArray[np.int32], count: int, right: Floats, down: Floats
) -> tuple[Floats, Floats, Floats]:
    """Fit a plane to the middles of the squares of each label, by least squares; to few squares by their own slopes."""
    rows, cols = np.nonzero(flat)
    height = (field[:-1, :-1] + field[1:, 1:] + field[:-1, 1:] + field[1:, :-1])[flat] / 4

    def total(what: Any) -> Any:
        return np.bincount(labels, what, minlength=count)

    number = np.bincount(labels, minlength=count)
    x, y, z = (total(what) / number for what in (cols + 0.5, rows + 0.5, height))
    dx, dy, dz = cols + 0.5 - x[labels], rows + 0.5 - y[labels], height - z[labels]
    xx, yy, xy, xz, yz = (total(what) for what in (dx * dx, dy * dy, dx * dy, dx * dz, dy * dz))
    determinant = xx * yy - xy**2
    spread = determinant > 0.25
    safe = np.where(spread, determinant, 1.0)
    by_column = np.where(spread, (xz * yy - yz * xy) / safe, total(right[flat]) / number)
    by_row = np.where(spread, (yz * xx - xz * xy) / safe, total(down[flat]) / number)
    return by_column, by_row, z - by_column * x - by_row * y


def _intersect(
    planes: _Planes, meeting: NDArray[np.int32], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return where four planes of three or four kinds, shape (M, 4), meet best: row and column, shape (M, 2), and value.

    The last is the steepest slope of the planes.
    """
    a, b = planes.by_column[meeting], planes.by_row[meeting]
    slopes = np.stack([b, a, -np.ones(a.shape)], axis=-1)
    heights = planes.offset[meeting] + a * cols[:, np.newaxis] + b * rows[:, np.newaxis]
    squares = np.einsum("mij,mik->mjk", slopes, slopes)
    place = np.einsum("mij,mi->mj", slopes, -heights)
    values = np.linalg.eigvalsh(squares)
    safe = values[:, 0] > 1e-12 * values[:, 2]
    solved = np.full(place.shape, np.inf)
    solved[safe] = np.linalg.solve(squares[safe], place[safe][..., np.newaxis])[..., 0]
    solved[~np.isfinite(solved).all(axis=1) | (np.abs(solved[:, :2]) > 4 * _FAR).any(axis=1)] = 4 * _FAR
    return solved[:, :2] + np.column_stack([rows, cols]), solved[:, 2], np.hypot(a, b).max(axis=1)


def _complete(values: NDArray[Any], places: NDArray[np.int64]) -> FieldPoints:
    """Add the worst pixel of each part of the field that is off, as long as that brings the field nearer."""
    from scipy.ndimage import label, maximum_position

    points = pick_points(values, *places.T)
    error = _measure(values, points)
    tolerance = _CLOSE * float(np.nanmax(values) - np.nanmin(values))
    for _ in range(_PASSES):
        parts, number = label(error > tolerance)
        if not number:
            break
        worst = np.array(maximum_position(error, parts, np.arange(1, number + 1)), dtype=np.int64)
        more = pick_points(values, *np.unique(np.concatenate([points.places, worst]), axis=0).T)
        after = _measure(values, more)
        if (after**2).sum() > _GAIN * (error**2).sum():
            break
        points, error = more, after
    return points


def _measure(values: NDArray[Any], points: FieldPoints) -> Floats:
    error: Floats = np.abs(remake_field(points, values.shape) - values).astype(np.float64)
    error[np.isnan(error)] = 0.0
    return error
