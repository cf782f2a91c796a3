"""Pixels on an edge that are a mix of both sides, and have the color of a value that neither side has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REACH = 2
"""How many pixels away the sides of an edge may be: one where it is antialiased, two where the picture was resized."""

Floats = NDArray[np.float32]


def find_blends(pixels: NDArray[np.uint8], values: Floats, *, step: float, tolerance: float) -> NDArray[np.bool_]:
    """Find pixels whose color is a mix of those on both sides, but whose value does not lie between theirs.

    Parameters
    ----------
    pixels : array of uint8, shape (3, row, col)
        The picture.
    values : array of float32, shape (row, col)
        The value of the nearest color of each pixel.
    step : float
        By how much a value must lie beyond those of its neighbors, in their units.
    tolerance : float
        How far a color may be from a mix of its neighbors', in steps of RGB.

    Returns
    -------
    array of bool, shape (row, col)
        Peaks and troughs are not among them: their color is no mix of those around.

    Examples
    --------
    In jet a mix of blue and yellow, the gray in the middle, looks like the green of a value between; here it is called 9.

    >>> row = np.array([[[0, 128, 255]], [[0, 128, 255]], [[255, 128, 0]]], np.uint8)
    >>> find_blends(row, np.array([[1, 9, 4]], np.float32), step=1, tolerance=5)
    array([[False,  True, False]])
    """
    found = np.zeros(values.shape, np.bool_)
    for reach in range(1, REACH + 1):
        for axis in (0, 1):
            _mark_blends(np.moveaxis(found, axis, 0), pixels, values, axis, (reach, step, tolerance))
    return found


def _mark_blends(
    found: NDArray[np.bool_], pixels: NDArray[np.uint8], values: Floats, axis: int, how: tuple[int, float, float]
) -> None:
    """Mark what is a blend along one axis with what is `reach` pixels away; `found` has that axis first."""
    reach, step, tolerance = how
    along = np.moveaxis(values, axis, 0)
    if len(along) <= 2 * reach:
        return
    before, here, after = along[: -2 * reach], along[reach:-reach], along[2 * reach :]
    beyond = (here > np.maximum(before, after) + step) | (here < np.minimum(before, after) - step)
    rows, cols = np.nonzero(beyond)
    colors = np.moveaxis(pixels, axis + 1, 1)
    one, middle, other = (colors[:, rows + shift, cols].astype(np.float32) for shift in (0, reach, 2 * reach))
    is_mix = _measure_to_mix(middle, one, other) <= tolerance
    found[rows[is_mix] + reach, cols[is_mix]] = True


def _measure_to_mix(colors: Floats, one: Floats, other: Floats) -> Floats:
    """Return the distance of colors, shape (3, N), to the nearest mix of two others; infinite where these are nearly the same."""
    between = other - one
    length = (between**2).sum(axis=0)
    share = np.clip(((colors - one) * between).sum(axis=0) / np.maximum(length, 1), 0, 1)
    distance = np.sqrt(((colors - one - share * between) ** 2).sum(axis=0))
    return np.where(length > _SAME**2, distance, np.float32(np.inf))


_SAME = 24.0
"""Colors less than this apart make no edge."""
