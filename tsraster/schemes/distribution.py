"""`Distribution`: what a scheme may ask about all values of a raster, however it is answered.

Few values are counted one by one (`counted`); of many, each answer is a pass or two over their stream (`streamed`). Every
answer is the same for any size and order of blocks.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.raster import Pixels

Answer = TypeVar("Answer")

MOST_DISTINCT = 2**20
"""Up to so many different values are counted one by one."""

NOTHING_VALID = "no pixel is valid; all are nodata, NaN, infinite, masked or transparent"


class Stream(Protocol):
    """Blocks of values that can be gone over as often as needed."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of all values."""

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function, which can be pickled, makes of each block; in any order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """How many values lie between cuts, and how they are spread there."""

    counts: NDArray[np.int64]
    """Shape (N + 1,) for N cuts: at most the first cut, above it and at most the second, ..., above the last."""
    means: NDArray[np.float64]
    """Shape (N + 1,); NaN where there are none."""
    squares: NDArray[np.float64]
    """The sum of squared differences from the mean of the part, shape (N + 1,)."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many values there are, in which range, and how they are spread."""

    count: int
    minimum: Number
    maximum: Number
    mean: float
    std: float
    """The standard deviation of the population."""


class Distribution(ABC):
    """All valid values of a raster, of which there is at least one."""

    dtype: np.dtype[Any]

    @property
    @abstractmethod
    def count(self) -> int:
        """How many there are."""

    @property
    @abstractmethod
    def minimum(self) -> Number:
        """The smallest."""

    @property
    @abstractmethod
    def maximum(self) -> Number:
        """The largest."""

    @cached_property
    def _whole(self) -> Parts:
        return self.between(())

    @property
    def mean(self) -> float:
        """The mean."""
        return float(self._whole.means[0])

    @property
    def std(self) -> float:
        """The standard deviation of the population."""
        return math.sqrt(self._whole.squares[0] / self.count)

    def summarize(self) -> Summary:
        """Return what is said of all values in one line."""
        return Summary(count=self.count, minimum=self.minimum, maximum=self.maximum, mean=self.mean, std=self.std)

    @property
    @abstractmethod
    def distinct(self) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """The different values, increasing, and how often each occurs, both of shape (N,); None for more than 2**20."""

    @abstractmethod
    def order_statistics(self, ranks: Sequence[int]) -> list[Number]:
        """Return the values that would stand at these places, counted from 0, if all were sorted."""

    @abstractmethod
    def between(self, cuts: Sequence[Number]) -> Parts:
        """Count and sum up the values between cuts, which must increase and lie between the smallest and the largest."""

    @abstractmethod
    def count_between(self, cuts: Sequence[Number]) -> NDArray[np.int64]:
        """Return the counts of `between` alone, which are found sooner."""

    @abstractmethod
    def histogram(self, bins: int) -> NDArray[np.int64]:
        """Count values in bins of equal width from the smallest to the largest value, as `numpy.histogram` does."""

    @abstractmethod
    def gaps(self, number: int) -> list[tuple[Number, Number]]:
        """Return the two ends of the widest gaps between neighboring values, at most `number`, the lower of equal ones."""

    @abstractmethod
    def next_values(self, cuts: Sequence[Number]) -> list[Number]:
        """Return the smallest value above each cut, all of which must be below the largest."""

    def bin_centers(self, bins: int) -> NDArray[np.float64]:
        """Return the middle of each bin of `histogram`, shape (bins,)."""
        edges = self.bin_edges(bins)
        return edges[:-1] / 2 + edges[1:] / 2

    def bin_edges(self, bins: int) -> NDArray[np.float64]:
        """Return the ends of the bins of `histogram`, shape (bins + 1,)."""
        # Of halves, because the range from the lowest to the highest float is no float.
        return np.asarray(2 * np.linspace(float(self.minimum) / 2, float(self.maximum) / 2, bins + 1))

    def quantiles(self, shares: Sequence[float]) -> list[tuple[Number, Number]]:
        """Return for each share, from 0 to 1, its quantile and the largest value that is not above it.

        Quantiles lie between two values as `numpy.quantile` has them by default (method "linear").
        """
        places = [(self.count - 1) * share for share in shares]
        ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
        found = dict(zip(ranks, self.order_statistics(ranks), strict=True))
        pairs = ((found[math.floor(place)], found[math.ceil(place)], place % 1) for place in places)
        return [_interpolate(*pair) for pair in pairs]


def _interpolate(low: Number, high: Number, share: float) -> tuple[Number, Number]:
    """Return the number at a share of the way between two values, and the largest of the two that is not above it."""
    if not share or low == high:
        return low, low
    step = high - low
    if math.isinf(step):
        return low * (1 - share) + high * share, low
    # In the two forms that numpy has, of which each is exact at its own end.
    found = low + step * share if share < 0.5 else high - step * (1 - share)
    return found, high if found >= high else low
