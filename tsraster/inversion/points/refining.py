"""Choose points of a field, the worst pixel of each triangle at a time, until triangles between them are near enough."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.interpolation import remake_field
from tsraster.inversion.points.triangles import Whole, lie_on_line, paint_triangles, triangulate

MOST_POINTS = 2_000_000
"""The key of a triangle has 21 bits for each of its corners."""
_FEW = 4000
"""Up to so many points only the worst triangles are divided in a pass, which takes more passes and fewer points."""


def refine_points(values: NDArray[Any], max_error: float) -> FieldPoints:
    """Choose points until linear interpolation between them is within an error of the field, at every pixel with data.

    It begins with the corners of the convex hull of the pixels with data, so that all of them are covered. In each pass the
    triangles of Delaunay whose error is too large get their worst pixel as a point, until none is left. Then the field is
    made again as `remake_field` does, and what is still too far off, which can only be where rounding left pixels out of all
    triangles, becomes a point as well.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data. At least one pixel must have data.
    max_error : float
        In units of the values; positive.

    Returns
    -------
    FieldPoints
        With the error that each had before it was chosen.

    Raises
    ------
    UsageError
        The error is not positive.
    DataError
        More than two million points would be needed.

    Notes
    -----
    It ends, because each pass adds pixels that were no points, and points have no error. Only triangles that are new are
    painted in a pass. Memory is that of the points and triangles, and of a field for the check at the end.

    References
    ----------
    Garland, M., Heckbert, P. S., 1995. Fast polygonal approximation of terrains and height fields. CMU-CS-95-181 (here with all
    triangles of a pass at once: their parallel greedy insertion).

    Examples
    --------
    >>> rows, columns = np.mgrid[:5, :9]
    >>> roof = 4.0 - np.abs(columns - 4)
    >>> points = refine_points(roof, 0.1)
    >>> bool(np.abs(remake_field(points, roof.shape) - roof).max() <= 0.1), len(points) < 10
    (True, True)
    """
    if not max_error > 0:
        raise UsageError(f"no field can be within {max_error:g} of another; give a positive --max-error")
    chosen = _Refinement(values)
    while True:
        chosen.divide(max_error)
        missed = chosen.check(max_error)
        if not len(missed):
            return chosen.to_points()


class _Refinement:
    """Points and triangles of a field as they become more."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values
        self._is_point = np.zeros(values.size, dtype=np.bool_)
        self._pixels = np.zeros(0, dtype=np.int64)
        self._errors = np.zeros(0)
        self._keys = np.zeros(0, dtype=np.int64)
        self._worst, self._worst_pixels = np.zeros(0), np.zeros(0, dtype=np.int64)
        corners = find_hull(~np.isnan(values))
        self._add(corners, np.full(len(corners), np.nan))

    def _add(self, pixels: Whole, errors: NDArray[np.float64]) -> None:
        """Make pixels points; those that are some already stay what they are."""
        pixels, first = np.unique(pixels, return_index=True)
        new = ~self._is_point[pixels]
        self._pixels = np.append(self._pixels, pixels[new])
        self._errors = np.append(self._errors, errors[first][new])
        self._is_point[pixels] = True
        if len(self._pixels) > MOST_POINTS:
            raise DataError(
                f"the field needs more than {MOST_POINTS} points to be within that error; give a larger --max-error, or take a "
                "part with --region"
            )

    @property
    def _places(self) -> Whole:
        return np.column_stack(np.divmod(self._pixels, self._values.shape[1]))

    def divide(self, max_error: float) -> None:
        """Give triangles their worst pixel until all are within the error."""
        while True:
            self._measure()
            worst = self._worst.max(initial=0.0)
            if not worst > max_error:
                return
            least = max(max_error, worst / 2 if len(self._pixels) < _FEW else 0.0)
            bad = self._worst > least if worst > least else self._worst == worst
            before = len(self._pixels)
            self._add(self._worst_pixels[bad], self._worst[bad])
            if len(self._pixels) == before:
                return

    def _measure(self) -> None:
        """Triangulate; find the worst pixel of each triangle that was not there before."""
        places = self._places
        triangles = np.sort(triangulate(places), axis=1)
        keys = (triangles[:, 0] << 42) | (triangles[:, 1] << 21) | triangles[:, 2]
        order = np.argsort(keys)
        keys, triangles = keys[order], triangles[order]
        worst, pixels = np.zeros(len(keys)), np.zeros(len(keys), dtype=np.int64)
        at = np.searchsorted(self._keys, keys)
        old = np.zeros(len(keys), dtype=np.bool_)
        inside = at < len(self._keys)
        old[inside] = self._keys[at[inside]] == keys[inside]
        worst[old], pixels[old] = self._worst[at[old]], self._worst_pixels[at[old]]
        worst[~old], pixels[~old] = self._find_worst(places, triangles[~old])
        self._keys, self._worst, self._worst_pixels = keys, worst, pixels

    def _find_worst(self, places: Whole, triangles: Whole) -> tuple[NDArray[np.float64], Whole]:
        worst, pixels = np.zeros(len(triangles)), np.zeros(len(triangles), dtype=np.int64)
        heights = self._values.reshape(-1)[self._pixels]
        for painted in paint_triangles(places, heights, triangles):
            pixel = painted.rows * self._values.shape[1] + painted.columns
            error = np.abs(painted.values - self._values.reshape(-1)[pixel])
            error[np.isnan(error) | self._is_point[pixel]] = 0.0
            begins = np.flatnonzero(np.diff(painted.triangles, prepend=-1))
            found = painted.triangles[begins]
            largest = np.maximum.reduceat(error, begins)
            at_worst = np.flatnonzero(error == np.repeat(largest, np.diff(begins, append=len(error))))
            _, first = np.unique(painted.triangles[at_worst], return_index=True)
            # A triangle may come in parts.
            worse = largest > worst[found]
            worst[found[worse]], pixels[found[worse]] = largest[worse], pixel[at_worst[first]][worse]
        return worst, pixels

    def check(self, max_error: float) -> Whole:
        """Make the field again, make points of pixels that are too far off, and return them."""
        made = remake_field(self.to_points(), self._values.shape)
        error = np.abs(made - self._values)
        missed = np.flatnonzero((error > max_error).reshape(-1) & ~self._is_point)
        if len(missed):
            self._add(missed, error.reshape(-1)[missed].astype(np.float64))
        return missed

    def to_points(self) -> FieldPoints:
        rows, columns = self._places.T
        return pick_points(self._values, rows, columns, errors=self._errors)


def find_hull(valid: NDArray[np.bool_]) -> Whole:
    """Return the corners of the convex hull of the True pixels, at least one, as indices into all pixels row by row."""
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(valid.any(axis=1))
    first, last = valid[rows].argmax(axis=1), valid.shape[1] - 1 - valid[rows, ::-1].argmax(axis=1)
    places = np.unique(np.column_stack([np.tile(rows, 2), np.append(first, last)]), axis=0)
    corners = places[[0, -1]] if lie_on_line(places) else places[ConvexHull(places).vertices]
    return np.unique(corners[:, 0] * valid.shape[1] + corners[:, 1])
