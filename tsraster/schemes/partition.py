"""The weighted least-squares partition of a line: the one optimum of natural breaks, 1-D k-means and multi-class Otsu."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.schemes.keys import measure_from_first

Floats = NDArray[np.float64]
Places = NDArray[np.int32]


def partition(values: NDArray[Any], counts: NDArray[np.int64], classes: int) -> list[int]:
    """Divide increasing values into K runs with the least sum of squared differences from the means of their runs.

    Parameters
    ----------
    values : array of numbers, shape (N,)
        Strictly increasing.
    counts : array of int64, shape (N,)
        How often each value occurs.
    classes : int
        K, from 1 to N.

    Returns
    -------
    list of int, shape (K,)
        For each run the place after its last value; of several optima, the one that ends its last runs soonest.

    Notes
    -----
    The optimum, and not a search for one: by dynamic programming over the runs, O(K N log N), because the start of the best
    last run never moves down when more values are added (the cost is concave Monge), nor when a run is added. So the best starts
    for the values between two places lie between the best starts for these two, and are found for all places of a level at once.
    Sums are of floats around the mean.

    References
    ----------
    W. D. Fisher, "On grouping for maximum homogeneity", 1958; H. Wang, M. Song, "Ckmeans.1d.dp", 2011, for the program; A.
    Aggarwal et al., "Geometric applications of a matrix-searching algorithm", 1987, for the order of the starts.

    Examples
    --------
    >>> partition(np.array([1, 2, 8, 9, 30]), np.array([5, 1, 1, 1, 1]), 3)
    [2, 4, 5]
    """
    # From 0 to 2, so that no square is too large for a float.
    halves = values / 2 if values.dtype.kind == "f" else values
    centered = measure_from_first(halves)
    centered /= centered[-1] / 2 or 1
    centered -= np.average(centered, weights=counts)
    sums = _Sums(weight=_sum_up(counts), value=_sum_up(counts * centered))
    best = np.concatenate(([0.0], np.square(sums.value[1:]) / sums.weight[1:]))
    layers = [np.zeros(len(best), dtype=np.int32)]
    for runs in range(2, classes + 1):
        # Every later run needs a value of its own; with the last one, only the whole is of interest.
        ends = (runs if runs < classes else len(values), len(values) - (classes - runs))
        best, starts = _add_run(best, layers[-1], sums, runs, ends)
        layers.append(starts)
    return _trace(layers, len(values))


def _sum_up(numbers: NDArray[Any]) -> Floats:
    return np.concatenate(([0.0], np.cumsum(numbers, dtype=np.float64)))


class _Sums:
    """Sums of weights and of weighted values before each place.

    The squared differences within a run are least where the square of its sum by its weight, added up over the runs, is largest.
    """

    def __init__(self, *, weight: Floats, value: Floats) -> None:
        self.weight, self.value = weight, value

    def gain(self, starts: Places, ends: Places, repeats: Places) -> Floats:
        """Return the gain of runs from each start to the end that it belongs to."""
        gain = np.repeat(self.value[ends], repeats)
        gain -= self.value[starts]
        np.square(gain, out=gain)
        weight = np.repeat(self.weight[ends], repeats)
        weight -= self.weight[starts]
        gain /= weight
        return gain


def _add_run(best: Floats, former: Places, sums: _Sums, run: int, ends: tuple[int, int]) -> tuple[Floats, Places]:
    """Return the largest gain with one run more for each end of it, and where that run starts; shape (N + 1,).

    `best` and `former` are the same for one run less.
    """
    gains, starts = np.full(len(best), -np.inf), np.zeros(len(best), dtype=np.int32)
    low, high = (np.array([end], dtype=np.int32) for end in ends)
    first, last = np.array([run - 1], dtype=np.int32), np.array([ends[1] - 1], dtype=np.int32)
    while low.size:
        middle = (low + high) >> 1
        since = np.maximum(first, np.maximum(former[middle], run - 1))
        gain, start = _choose(best, sums, since, np.minimum(last, middle - 1), middle)
        gains[middle], starts[middle] = gain, start
        below, above = middle > low, middle < high
        low, high = np.concatenate((low[below], middle[above] + 1)), np.concatenate((middle[below] - 1, high[above]))
        first, last = np.concatenate((first[below], start[above])), np.concatenate((start[below], last[above]))
    return gains, starts


def _choose(best: Floats, sums: _Sums, first: Places, last: Places, ends: Places) -> tuple[Floats, Places]:
    """Try all starts from first to last for each end; return the largest gain and the first start that has it."""
    tries = last - first + 1
    offsets = np.cumsum(tries, dtype=np.int32) - tries
    starts = np.arange(int(tries.sum()), dtype=np.int32)
    starts += np.repeat(first - offsets, tries)
    gain = sums.gain(starts, ends, tries)
    gain += best[starts]
    largest = np.maximum.reduceat(gain, offsets)
    hits = np.flatnonzero(gain == np.repeat(largest, tries))
    return largest, starts[hits[np.searchsorted(hits, offsets)]]


def _trace(layers: list[Places], end: int) -> list[int]:
    ends = []
    for starts in reversed(layers):
        ends.append(end)
        end = int(starts[end])
    return ends[::-1]
