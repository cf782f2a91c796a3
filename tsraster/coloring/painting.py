"""Paint class codes with a bound color table."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.coloring.binding import bind_lut
from tsraster.errors import DataError
from tsraster.lut import RGBA, Lut

_DENSE = 2**20
"""Codes below this are looked up directly; larger ones are searched."""


def colorize(codes: ArrayLike, lut: Lut, *, classes: tuple[int, ...] = ()) -> NDArray[np.uint8]:
    """Turn class codes into colors.

    Parameters
    ----------
    codes : array of integers, shape (row, col) or any other
        Class codes; 0 is "no class" and gets the nodata color of the table, by default transparent.
    lut : Lut
        A table of classes, which must cover every code that occurs; or a ramp, spread over `classes`.
    classes : tuple of int, optional
        All codes that a ramp is spread over, in order; those that occur when empty.

    Returns
    -------
    array of uint8, shape (4, row, col)
        Red, green, blue, alpha.

    Raises
    ------
    DataError
        The codes are no integers, or negative.
    LutError
        The table does not cover every code.

    Examples
    --------
    >>> gray = Lut(name="gray", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))
    >>> colorize([[0, 1, 2]], gray)[[0, 3]]
    array([[[  0,   0, 255]],
    <BLANKLINE>
           [[  0, 255, 255]]], dtype=uint8)
    """
    array = np.asarray(codes)
    if array.dtype.kind not in "iu":
        raise DataError(f"class codes are whole numbers, and these are {array.dtype}; classify the values first")
    present = [int(code) for code in np.unique(array) if code]
    if present and present[0] < 0:
        raise DataError(f"the class code {present[0]} is negative")
    spread = bind_lut(lut, classes) if classes and lut.kind == "ramp" else lut
    return paint(array, bind_lut(spread, present))


def paint(codes: NDArray[Any], lut: Lut) -> NDArray[np.uint8]:
    """Paint codes that a bound table is known to cover; see `colorize`, which checks that.

    Returns
    -------
    array of uint8, shape (4, row, col)
    """
    keys, colors = _gather_table(lut)
    # Keys in the type of the codes: numpy would compare int64 with uint64 as floats.
    place = codes if keys is None else np.searchsorted(keys.astype(codes.dtype), codes)
    painted = np.empty((4, *codes.shape), dtype=np.uint8)
    for i, levels in enumerate(colors):
        np.take(levels, place, out=painted[i, ...], mode="clip")
    return painted


@lru_cache(maxsize=4)
def _gather_table(lut: Lut) -> tuple[NDArray[np.uint64] | None, NDArray[np.uint8]]:
    """Colors by code, shape (4, N), or by place in the keys where codes are large."""
    keys = np.array([0, *lut.keys] if lut.keys[0] else lut.keys, dtype=np.uint64)
    colors = np.array([lut.nodata, *lut.colors] if lut.keys[0] else lut.colors, dtype=np.uint8)
    if keys[-1] >= _DENSE:
        return keys, np.ascontiguousarray(colors.T)
    dense = np.zeros((int(keys[-1]) + 1, 4), dtype=np.uint8)
    dense[keys] = colors
    return None, np.ascontiguousarray(dense.T)


def flatten_color(color: RGBA) -> tuple[int, int, int]:
    """Lay one color on white paper.

    Examples
    --------
    >>> flatten_color((0, 0, 0, 102))
    (153, 153, 153)
    """
    red, green, blue = flatten(np.array(color, dtype=np.uint8).reshape(4, 1, 1)).ravel().tolist()
    return red, green, blue


def flatten(painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay RGBA on white paper, for pictures that cannot be transparent.

    Parameters
    ----------
    painted : array of uint8, shape (4, row, col)

    Returns
    -------
    array of uint8, shape (3, row, col)

    Examples
    --------
    >>> flatten(np.array([[[10, 10]], [[10, 10]], [[10, 10]], [[255, 0]]], np.uint8))[0]
    array([[ 10, 255]], dtype=uint8)
    """
    color, alpha = painted[:3], painted[3].astype(np.uint16)
    if (painted[3] == 255).all():
        return color
    mixed: NDArray[np.uint16] = color.astype(np.uint16) * alpha + 255 * (255 - alpha) + 127
    return (mixed // 255).astype(np.uint8)
