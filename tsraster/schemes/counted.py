"""The distribution of values that are counted one by one: all answers are exact, and none needs another pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import NOTHING_VALID, Distribution, Parts
from tsraster.schemes.keys import measure_from_first


class Counted(Distribution):
    """Different values, and how often each occurs.

    Parameters
    ----------
    values : array of integers or floats, shape (N,)
        Strictly increasing.
    counts : array of int64, shape (N,)
        Above 0.

    Raises
    ------
    DataError
        There is no value.

    Examples
    --------
    >>> ages = Counted(np.array([3, 5]), np.array([4, 2]))
    >>> ages.count, ages.minimum, ages.maximum, ages.mean, ages.order_statistics([3, 4])
    (6, 3, 5, 3.6666666666666665, [3, 5])
    """

    def __init__(self, values: NDArray[Any], counts: NDArray[np.int64]) -> None:
        if not len(values):
            raise DataError(NOTHING_VALID)
        self.values, self.counts = values, counts
        self.dtype = values.dtype

    @cached_property
    def count(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    @property
    def minimum(self) -> Number:
        """The smallest."""
        return self._number(0)

    @property
    def maximum(self) -> Number:
        """The largest."""
        return self._number(-1)

    def _number(self, place: int) -> Number:
        number: Number = self.values[place].item()
        return number

    @property
    def distinct(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The values, and how often each occurs."""
        return self.values, self.counts

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """How many values are at most as large as each one."""
        return np.cumsum(self.counts)

    def order_statistics(self, ranks: Sequence[int]) -> list[Number]:
        """Return the values at these places of the sorted whole, counted from 0."""
        return [self._number(place) for place in np.searchsorted(self._ends, ranks, side="right")]

    def between(self, cuts: Sequence[Number]) -> Parts:
        """Count and sum up the values between cuts, which must increase."""
        ends = [0, *(self._place(cut) for cut in cuts), len(self.values)]
        found = [self._part(start, end) for start, end in pairwise(ends)]
        counts, means, squares = zip(*found, strict=True)
        return Parts(counts=np.array(counts, dtype=np.int64), means=np.array(means), squares=np.array(squares))

    def count_between(self, cuts: Sequence[Number]) -> NDArray[np.int64]:
        """Count the values between cuts, which must increase; shape (N + 1,) for N of them."""
        places = [self._place(cut) for cut in cuts]
        return np.diff([*(self._ends[place - 1] if place else 0 for place in places), self.count], prepend=0)

    def _place(self, cut: Number) -> int:
        """Count the different values that are at most as large."""
        if self.dtype.kind == "f":
            return int(np.searchsorted(self.values, self.dtype.type(cut), side="right"))
        # As whole numbers of the own type: numpy would compare large ones as floats.
        if cut < self.minimum:
            return 0
        return int(np.searchsorted(self.values, self.dtype.type(math.floor(min(cut, self.maximum))), side="right"))

    def _part(self, start: int, end: int) -> tuple[int, float, float]:
        if start >= end:
            return 0, math.nan, 0.0
        counts, total = self.counts[start:end], int(self.counts[start:end].sum())
        # Counted from the first value on, large numbers beside each other keep their last digits.
        with np.errstate(over="ignore", invalid="ignore"):
            steps = measure_from_first(self.values[start:end])
            step = float(counts @ steps) / total
            return total, float(self.values[start]) + step, float(counts @ np.square(steps - step))

    def histogram(self, bins: int) -> NDArray[np.int64]:
        """Count values in bins of equal width, as `numpy.histogram` does."""
        counts, _ = np.histogram(self.values.astype(np.float64), bins=bins, weights=self.counts)
        return counts.astype(np.int64)

    def gaps(self, number: int) -> list[tuple[Number, Number]]:
        """Return the two ends of the widest gaps between neighboring values, at most `number`."""
        # Halves of floats, and differences of integers without a sign, are never too large for their type.
        lower, upper = self.values[:-1], self.values[1:]
        widths = upper / 2 - lower / 2 if self.dtype.kind == "f" else (upper - lower).view(f"u{self.dtype.itemsize}")
        widest = len(widths) - 1 - np.argsort(widths[::-1], kind="stable")[::-1][:number]
        return [(self._number(i), self._number(i + 1)) for i in sorted(widest.tolist())]

    def next_values(self, cuts: Sequence[Number]) -> list[Number]:
        """Return the smallest value above each cut, all of which must be below the largest."""
        return [self._number(self._place(cut)) for cut in cuts]
