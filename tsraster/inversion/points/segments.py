"""Label pixels that belong together by their values, without a loop over pixels or segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Join = Callable[[tuple[slice, slice], tuple[slice, slice]], NDArray[np.bool_]]
"""Takes two equal windows of a field, the second moved by one pixel, and tells which pairs of pixels belong together."""

_PIXELS = 2**20
"""So many pixels are worked on at once."""


def list_strips(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of strips of about a million pixels."""
    height = max(1, _PIXELS // max(1, shape[1]))
    for top in range(0, shape[0], height):
        yield top, min(top + height, shape[0])


def walk_mask(mask: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], slice]]:
    """Yield rows and columns of the pixels of a mask, strip by strip, and where they stand among all of them."""
    before = 0
    for top, bottom in list_strips(mask.shape):
        rows, cols = np.nonzero(mask[top:bottom])
        yield rows + top, cols, slice(before, before + len(rows))
        before += len(rows)


def label_segments(mask: NDArray[np.bool_], join: Join, *, connectivity: int = 4) -> tuple[NDArray[np.int32], int]:
    """Label the connected components of a mask, whose neighbors are joined where `join` says so.

    Parameters
    ----------
    mask : array of bool, shape (row, col)
        Which pixels are labeled.
    join : callable
        Which pairs of neighbors belong together; what is not in the mask is left out by itself.
    connectivity : 4 or 8
        Whether pixels that touch only by a corner are neighbors (8) or not (4).

    Returns
    -------
    labels : array of int32, shape (M,)
        The component of each pixel of the mask, row by row, counted from 0.
    count : int
        The number of components.

    Notes
    -----
    Unbroken pieces of rows are the nodes of a graph whose components are found by scipy. Memory is about 10 bytes a pixel.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    runs, number = _number_runs(mask, join)
    if number == 0:
        return np.zeros(0, dtype=np.int32), 0
    first, second = _list_touching(runs, mask, join, connectivity)
    edges = coo_matrix((np.ones(len(first), dtype=np.bool_), (first, second)), shape=(number, number))
    count, component = connected_components(edges, directed=False)
    return component.astype(np.int32)[runs[mask]], int(count)


def _number_runs(mask: NDArray[np.bool_], join: Join) -> tuple[NDArray[np.int32], int]:
    """Give each pixel of the mask the number of its unbroken piece of a row."""
    runs = np.empty(mask.shape, dtype=np.int32)
    number = 0
    for top, bottom in list_strips(mask.shape):
        rows = slice(top, bottom)
        begins = mask[rows].copy()
        begins[:, 1:] &= ~(_joined(mask, join, (rows, slice(0, -1)), (rows, slice(1, None))))
        runs[rows] = number - 1 + np.cumsum(begins, dtype=np.int32).reshape(begins.shape)
        number += int(np.count_nonzero(begins))
    return runs, number


def _joined(
    mask: NDArray[np.bool_], join: Join, one: tuple[slice, slice], other: tuple[slice, slice]
) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = mask[one] & mask[other] & join(one, other)
    return found


_SIDES = {0: (slice(None), slice(None)), 1: (slice(0, -1), slice(1, None)), -1: (slice(1, None), slice(0, -1))}
"""The columns of a pixel and of its neighbor in the next row, by how far the neighbor lies to the right."""


def _list_touching(
    runs: NDArray[np.int32], mask: NDArray[np.bool_], join: Join, connectivity: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return pairs of runs that are joined from one row to the next; neighbors along them are named once."""
    firsts, seconds = [], []
    for top, bottom in list_strips((mask.shape[0] - 1, mask.shape[1])):
        for side in (0,) if connectivity == 4 else (0, 1, -1):
            here, there = _SIDES[side]
            one, other = (slice(top, bottom), here), (slice(top + 1, bottom + 1), there)
            joined = _joined(mask, join, one, other)
            first, second = runs[one][joined], runs[other][joined]
            new = np.ones(len(first), dtype=np.bool_)
            new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
            firsts.append(first[new])
            seconds.append(second[new])
    empty = np.zeros(0, dtype=np.int32)
    return np.concatenate([*firsts, empty]), np.concatenate([*seconds, empty])
