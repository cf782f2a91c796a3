"""The distribution of a stream of values: tallied block by block, then merged.

Integers of 8 and 16 bits are counted value by value, and all that is said of them is exact, whatever the blocks. Of
other values the count and the range are exact, and mean and spread are merged in a stable way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.raster import Pixels


def _no_integers() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """How many values there are, in which range, with which mean and spread, and how often each one of few occurs."""

    count: int
    """How many valid values."""
    minimum: Number
    maximum: Number
    mean: float
    std: float
    """The standard deviation of the population."""
    values: NDArray[np.int64] = field(default_factory=_no_integers)
    """The different values, increasing, shape (N,); empty unless they are integers of 8 or 16 bits."""
    counts: NDArray[np.int64] = field(default_factory=_no_integers)
    """How often each of `values` occurs, shape (N,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """What is known of the values of some blocks."""

    count: int = 0
    minimum: Number = math.inf
    maximum: Number = -math.inf
    mean: float = 0.0
    squares: float = 0.0
    """The sum of squared differences from the mean."""
    counts: NDArray[np.int64] = field(default_factory=_no_integers)
    """Small integers are only counted, from the lowest to the highest of their type."""

    def merge(self, other: Tally) -> Tally:
        """Return the tally of both.

        References
        ----------
        T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
        variances", 1979.
        """
        if not self.count and not len(self.counts):
            return other
        if len(self.counts):
            return Tally(counts=self.counts + other.counts)
        count = self.count + other.count
        share = other.count / count if count else 0.0
        step = other.mean - self.mean
        return Tally(
            count=count,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            mean=self.mean + step * share,
            squares=self.squares + other.squares + step * step * self.count * share,
        )


def counts_each(dtype: np.dtype[Any]) -> bool:
    """Tell whether every value of a type is counted for itself: integers of 8 and 16 bits."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def tally_block(pixels: Pixels) -> Tally:
    """Tally the valid values of one block, of shape (row, col) or any other."""
    values, valid = pixels.data, pixels.valid
    if counts_each(values.dtype):
        return Tally(counts=_count_small(values, valid))
    inside = values.ravel() if valid.all() else values[valid]
    if not inside.size:
        return Tally()
    # The sums may be infinite, as where -1.8e308 is meant as nodata but not said to be; the range is right all the same.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(inside.mean(dtype=np.float64))
        squares = _sum_squares(inside, mean)
    return Tally(
        count=inside.size, minimum=inside.min().item(), maximum=inside.max().item(), mean=mean, squares=squares
    )


_PIECE = 2**16
"""So many values are summed up at once; their copy in double precision stays in the cache of the processor."""


def _sum_squares(values: NDArray[Any], mean: float) -> float:
    """Sum the squared differences of values, shape (N,), from their mean."""
    total = 0.0
    for start in range(0, values.size, _PIECE):
        away = np.subtract(values[start : start + _PIECE], mean, dtype=np.float64)
        total += float(np.square(away, out=away).sum())
    return total


def _count_small(values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    bits = values.view(f"u{values.dtype.itemsize}")
    size = 2 ** (8 * values.dtype.itemsize)
    counts = np.bincount(bits.ravel(), minlength=size)
    if not valid.all():
        counts -= np.bincount(bits[~valid], minlength=size)
    # The bits of negative numbers, read as unsigned, come after those of the others.
    return np.roll(counts, size // 2) if values.dtype.kind == "i" else counts


def summarize(tallies: Iterable[Tally], dtype: np.dtype[Any]) -> Distribution:
    """Merge the tallies of all blocks of values of `dtype`.

    Raises
    ------
    DataError
        No value is valid.

    Examples
    --------
    >>> block = Pixels(data=np.array([3, 3, 5, 0], np.uint8), valid=np.array([True, True, True, False]))
    >>> whole = summarize([tally_block(block), tally_block(block)], np.dtype(np.uint8))
    >>> whole.count, whole.minimum, whole.maximum, whole.values, whole.counts
    (6, 3, 5, array([3, 5]), array([4, 2]))
    """
    total = reduce(Tally.merge, tallies, Tally())
    if len(total.counts):
        return _summarize_counts(total.counts, int(np.iinfo(dtype).min))
    if not total.count:
        raise DataError(NOTHING_VALID)
    spread = math.sqrt(total.squares / total.count)
    return Distribution(count=total.count, minimum=total.minimum, maximum=total.maximum, mean=total.mean, std=spread)


NOTHING_VALID = "no pixel is valid; all are nodata, NaN, infinite, masked or transparent"


def _summarize_counts(counts: NDArray[np.int64], lowest: int) -> Distribution:
    present = np.nonzero(counts)[0]
    if not present.size:
        raise DataError(NOTHING_VALID)
    values, counts = present + lowest, counts[present]
    # Whole numbers of any size, so that mean and spread do not depend on rounding.
    total = int(counts.sum())
    plain = sum(int(v) * int(n) for v, n in zip(values, counts, strict=True))
    squared = sum(int(v) ** 2 * int(n) for v, n in zip(values, counts, strict=True))
    return Distribution(
        count=total,
        minimum=int(values[0]),
        maximum=int(values[-1]),
        mean=plain / total,
        std=math.sqrt(squared * total - plain * plain) / total,
        values=values,
        counts=counts,
    )
