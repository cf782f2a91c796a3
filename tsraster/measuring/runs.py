"""`Runs`: the pixels of a mask as unbroken pieces of rows, from which objects are found and measured without an image of labels.

A picture has far fewer runs than pixels, sums over the pixels of a run have a closed form, and runs of blocks are put together
again; so memory and time grow with how much outline there is, and not with the area of the raster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """Unbroken pieces of rows, in the order in which a picture is read.

    Examples
    --------
    >>> runs = find_runs(np.array([[1, 1, 0, 1], [0, 0, 1, 1]], bool))
    >>> runs.rows.tolist(), runs.starts.tolist(), runs.ends.tolist()
    ([0, 0, 1], [0, 3, 2], [2, 4, 4])
    """

    rows: Whole
    """Shape (R,)."""
    starts: Whole
    """First column of each, shape (R,)."""
    ends: Whole
    """The column behind its last, shape (R,)."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> Whole:
        """Pixels of each, shape (R,)."""
        return np.asarray(self.ends - self.starts)

    @cached_property
    def neighbors(self) -> tuple[Whole, Whole]:
        """The pairs of runs in adjacent rows that touch, if only by a corner: the upper and the lower ones, shape (P,) each."""
        if not len(self):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        # Rows side by side in one line of numbers, with a gap of one; so a single search serves all rows.
        stride = int(self.ends.max()) + 2
        below = (self.rows + 1) * stride
        first = np.searchsorted(self.rows * stride + self.ends, below + self.starts, side="left")
        last = np.searchsorted(self.rows * stride + self.starts, below + self.ends, side="right")
        counts = last - first
        upper = np.repeat(np.arange(len(self), dtype=np.int64), counts)
        return upper, _count_up(first, counts)

    def overlap(self, shift: int = 0) -> Whole:
        """Return how many pixels of each upper run have one of the lower run `shift` columns to the right, shape (P,)."""
        upper, lower = self.neighbors
        left = np.maximum(self.starts[upper] + shift, self.starts[lower])
        right = np.minimum(self.ends[upper] + shift, self.ends[lower])
        return np.asarray(np.maximum(right - left, 0))


def _count_up(first: Whole, counts: Whole) -> Whole:
    """Return first, first + 1, ..., as many as `counts` says, for each of them in turn."""
    steps = np.arange(int(counts.sum()), dtype=np.int64)
    return np.asarray(steps + np.repeat(first - (np.cumsum(counts) - counts), counts))


def find_runs(mask: NDArray[np.bool_], *, row: int = 0, col: int = 0) -> Runs:
    """Return the runs of True in a mask of shape (row, col), whose first pixel lies at `row`, `col`."""
    height, width = mask.shape
    framed = np.zeros((height, width + 2), dtype=np.bool_)
    framed[:, 1:-1] = mask
    changes = np.flatnonzero(framed[:, 1:] != framed[:, :-1])
    rows, starts = np.divmod(changes[::2], width + 1)
    return Runs(rows=rows + row, starts=starts + col, ends=changes[1::2] - rows * (width + 1) + col)


def join_runs(parts: Sequence[Runs]) -> Runs:
    """Return the runs of blocks that do not overlap, as if they had been found in one piece.

    Examples
    --------
    >>> whole = np.array([[1, 1, 1], [0, 1, 0]], bool)
    >>> joined = join_runs([find_runs(whole[:, 2:], col=2), find_runs(whole[:, :2])])
    >>> joined.starts.tolist(), joined.ends.tolist()
    ([0, 1], [3, 2])
    """
    nothing = [np.zeros(0, dtype=np.int64)]
    rows, starts, ends = (
        np.concatenate(nothing + [getattr(part, name) for part in parts]) for name in ("rows", "starts", "ends")
    )
    order = np.lexsort((starts, rows))
    rows, starts, ends = rows[order], starts[order], ends[order]
    continues = (rows[1:] == rows[:-1]) & (starts[1:] == ends[:-1])
    begins, stops = np.append(True, ~continues)[: len(rows)], np.append(~continues, True)[: len(rows)]
    return Runs(rows=rows[begins], starts=starts[begins], ends=ends[stops])


def label_runs(runs: Runs, connectivity: int) -> Whole:
    """Number the objects that runs make up.

    Parameters
    ----------
    runs : Runs
        R of them.
    connectivity : 4 or 8
        Whether pixels that touch by a corner belong together.

    Returns
    -------
    array of int64, shape (R,)
        1, 2, 3, ... in the order in which the first pixel of each object is read, as `scipy.ndimage.label` numbers them.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    upper, lower = runs.neighbors
    if connectivity == 4:
        shares_side = runs.overlap() > 0
        upper, lower = upper[shares_side], lower[shares_side]
    graph = coo_array((np.ones(len(upper), dtype=np.int8), (upper, lower)), shape=(len(runs), len(runs)))
    count, found = connected_components(graph, directed=False)
    first = np.empty(count, dtype=np.int64)
    first[found[::-1]] = np.arange(len(runs) - 1, -1, -1)  # the last one that is assigned stays
    number = np.empty(count, dtype=np.int64)
    number[np.argsort(first)] = np.arange(1, count + 1)
    return np.asarray(number[found])


def paint_runs(
    runs: Runs, labels: Whole, *, row: int, col: int, shape: tuple[int, int], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Return the labels of the runs in a window, 0 elsewhere.

    Parameters
    ----------
    runs : Runs
        R of them.
    labels : array of int, shape (R,)
        What is painted.
    row, col : int
        Where the window begins.
    shape : (rows, cols)
        Of the window.
    dtype : numpy dtype
        Of the array that is returned.
    """
    inside = slice(*np.searchsorted(runs.rows, (row, row + shape[0])))
    starts = np.clip(runs.starts[inside] - col, 0, shape[1])
    counts = np.clip(runs.ends[inside] - col, 0, shape[1]) - starts
    painted = np.zeros(shape, dtype=dtype)
    places = _count_up((runs.rows[inside] - row) * shape[1] + starts, counts)
    painted.ravel()[places] = np.repeat(labels[inside].astype(dtype), counts)
    return painted
