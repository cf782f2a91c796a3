"""Close small gaps between pixels that have a value, along rows and columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def fill_gaps(
    values: Floats, known: NDArray[np.bool_], wanted: NDArray[np.bool_], width: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Interpolate pixels that lie between others that are known, linearly along their row and their column.

    A gap counts where it is at most `width` pixels wide along the row, or high along the column; where it is both, the two
    estimates are weighed by the inverse of their gaps. Nothing is extrapolated: at the border of the picture, and where a gap is
    larger both ways, nothing is filled.

    Parameters
    ----------
    values : array of float32, shape (row, col)
        What is interpolated.
    known : array of bool, shape (row, col)
        Where values are sure enough to interpolate from.
    wanted : array of bool, shape (row, col)
        Which pixels are to be filled.
    width : int
        The widest gap, in pixels.

    Returns
    -------
    filled : array of float32, shape (row, col)
        A copy of `values` with what was filled.
    done : array of bool, shape (row, col)
        Which pixels were filled.

    Examples
    --------
    >>> row = np.array([[1, np.nan, np.nan, 4, np.nan]], np.float32)
    >>> filled, done = fill_gaps(row, np.isfinite(row), np.ones((1, 5), bool), width=2)
    >>> filled, done
    (array([[ 1.,  2.,  3.,  4., nan]], dtype=float32), array([[False,  True,  True, False, False]]))
    """
    rows, cols = np.nonzero(wanted & ~known)
    down = _estimate(values, known, rows, cols, width)
    along = _estimate(values.T, known.T, cols, rows, width)
    total, weights = (one + other for one, other in zip(down, along, strict=True))
    has = weights > 0
    filled, done = values.copy(), np.zeros_like(known)
    filled[rows[has], cols[has]] = total[has] / weights[has]
    done[rows[has], cols[has]] = True
    return filled, done


def _estimate(
    values: Floats, known: NDArray[np.bool_], rows: NDArray[np.intp], cols: NDArray[np.intp], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interpolate along columns; return estimates times their weights, and the weights: 0 where the gap is too large."""
    before, after = (near[rows, cols] for near in _find_known(known))
    gap = after - before
    inside = (before >= 0) & (after < len(known)) & (gap - 1 <= width)
    first, last = (values[np.where(inside, end, rows), cols].astype(np.float64) for end in (before, after))
    weight = inside / np.maximum(gap, 1)
    with np.errstate(invalid="ignore"):
        estimate = first + (rows - before) / np.maximum(gap, 1) * (last - first)
    return np.where(inside, weight * estimate, 0), weight


def _find_known(known: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the last known row up to each pixel, and the first from it on; -1 and the number of rows where there is none."""
    length = len(known)
    places = np.arange(length, dtype=np.int32)[:, np.newaxis]
    before = np.maximum.accumulate(np.where(known, places, np.int32(-1)), axis=0)
    after = np.minimum.accumulate(np.where(known, places, np.int32(length))[::-1], axis=0)[::-1]
    return before, after
