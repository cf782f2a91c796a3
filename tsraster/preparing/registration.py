"""Find by how much a picture is shifted against another one of the same field, such as the same section in crossed polars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError

_LEAST = 16
"""Rows and columns that a picture must have."""
_OVERLAP = 0.25
"""Of the rows and of the columns; what overlaps less is no pair."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Where the pixels of one picture lie in another one."""

    rows: int
    cols: int
    """The pixel (row, col) of the first picture is (row + rows, col + cols) of the second."""
    correlation: float
    """Of the edges of both pictures, where they overlap; 1 for the same picture."""
    unshifted: float
    """The same without the shift."""


def find_shift(first: NDArray[Any], second: NDArray[Any]) -> Shift:
    """Find the shift between two gray pictures by phase correlation, in whole pixels.

    Edges are compared, and not grays: grains that are bright in plane light may be dark in crossed polars, and their outlines
    are the same. The shift under which edges correlate best is taken: that of the phase correlation, that of the plain cross
    correlation, or none.

    Parameters
    ----------
    first, second : array of numbers, shape (row, col)
        They may differ in size; of the larger one the upper left part is compared. NaN counts as the mean.

    Returns
    -------
    Shift

    Raises
    ------
    DataError
        A picture is smaller than 16 pixels, or shows nothing: all of its pixels are equal.

    References
    ----------
    C. D. Kuglin, D. C. Hines, "The phase correlation image alignment method", Proc. IEEE Int. Conf. on Cybernetics and Society
    (1975), 163-165; as in `skimage.registration.phase_cross_correlation`.

    Examples
    --------
    >>> picture = np.random.default_rng(1).random((64, 80))
    >>> shift = find_shift(picture[5:60, 10:70], picture[2:57, 3:63])
    >>> shift.rows, shift.cols, round(shift.correlation, 2)
    (3, 7, 1.0)
    """
    from skimage.registration import phase_cross_correlation

    rows, cols = (min(sizes) for sizes in zip(first.shape, second.shape, strict=True))
    if min(rows, cols) < _LEAST:
        raise DataError(
            f"pictures of {rows} x {cols} pixels are too small to be registered; {_LEAST} x {_LEAST} is the least"
        )
    edges, others = (_find_edges(picture[:rows, :cols]) for picture in (first, second))
    candidates = {(0, 0)}
    for normalization in ("phase", None):
        moved, _, _ = phase_cross_correlation(edges, others, normalization=normalization)
        candidates.add((-round(float(moved[0])), -round(float(moved[1]))))
    found = {shift: _correlate(edges, others, *shift) for shift in candidates}
    best = max(found, key=lambda shift: (found[shift], shift == (0, 0), shift))
    return Shift(rows=best[0], cols=best[1], correlation=found[best], unshifted=found[0, 0])


def _find_edges(picture: NDArray[Any]) -> NDArray[np.float64]:
    from skimage.filters import sobel

    values = np.asarray(picture, dtype=np.float64)
    finite = np.isfinite(values)
    if not finite.any() or np.ptp(values[finite]) == 0:
        raise DataError("a picture whose pixels are all equal cannot be registered")
    edges: NDArray[np.float64] = sobel(np.where(finite, values, values[finite].mean()))
    # At the border of a picture its neighbors are made up.
    return edges[1:-1, 1:-1]


def _correlate(first: NDArray[np.float64], second: NDArray[np.float64], rows: int, cols: int) -> float:
    """Return Pearson's correlation where the pictures overlap; -1 where they hardly do."""
    height, width = first.shape[0] - abs(rows), first.shape[1] - abs(cols)
    if height < _OVERLAP * first.shape[0] or width < _OVERLAP * first.shape[1]:
        return -1.0
    a = first[max(0, -rows) :, max(0, -cols) :][:height, :width]
    b = second[max(0, rows) :, max(0, cols) :][:height, :width]
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return -1.0
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
