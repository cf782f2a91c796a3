"""The distribution of many different values: each answer is found by going over the stream of their blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.raster import Pixels
from tsraster.schemes.counted import Counted
from tsraster.schemes.distribution import MOST_DISTINCT, NOTHING_VALID, Distribution, Parts, Stream
from tsraster.schemes.exactsum import Scale, sum_parts
from tsraster.schemes.keys import from_key, narrow_keys, to_keys

Answer = TypeVar("Answer")

_DIGIT = 16
"""Bits of a key by which values are sorted out in one pass."""

_COUNTERS = 2**22
"""So many counters are held at the most; with more values to be found at once, fewer bits are looked at in one pass."""

_FEW = 64
"""So many cuts are compared with all values sooner than each value is searched among them."""

_CELLS = 2**20
"""The range is divided into so many cells to find the widest gaps: those that are wider than a cell."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many values there are, and from where to where they reach."""

    count: int = 0
    minimum: Number = math.inf
    maximum: Number = -math.inf

    def join(self, other: Extent) -> Extent:
        """Return the extent of both."""
        return Extent(
            count=self.count + other.count,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
        )


class Streamed(Distribution):
    """The values of a stream; each property and method goes over it, as often as it has to.

    Parameters
    ----------
    stream : Stream
        Of integers or floats.

    Raises
    ------
    DataError
        At the first question, where no value is valid.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.dtype = stream.dtype.newbyteorder("=")

    def _gather(self, function: Callable[[Pixels], Answer], join: Callable[[Answer, Answer], Answer]) -> Answer:
        answers = self._stream.each(function)
        total = next(answers, None)
        if total is None:
            raise DataError(NOTHING_VALID)
        for answer in answers:
            total = join(total, answer)
        return total

    @cached_property
    def _extent(self) -> Extent:
        # A pass that counts leading bits finds the extent as well.
        return _checked(self.__dict__["_top"][0] if "_top" in self.__dict__ else self._gather(_measure, Extent.join))

    @cached_property
    def _top(self) -> tuple[Extent, NDArray[np.int64]]:
        """The extent, and how often each value of the leading bits of keys occurs, shape (2**16,)."""
        return self._gather(_measure_top, lambda a, b: (a[0].join(b[0]), a[1] + b[1]))

    @property
    def count(self) -> int:
        """How many values there are."""
        return self._extent.count

    @property
    def minimum(self) -> Number:
        """The smallest."""
        return self._extent.minimum

    @property
    def maximum(self) -> Number:
        """The largest."""
        return self._extent.maximum

    @cached_property
    def distinct(self) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """The different values, and how often each occurs; None as soon as there are more than 2**20."""
        values, counts = np.empty(0, dtype=self.dtype), np.empty(0, dtype=np.int64)
        for found, times in self._stream.each(_count_distinct):
            values, place = np.unique(np.concatenate((values, found)), return_inverse=True)
            # Exact: a float holds whole numbers up to 2**53.
            counts = np.bincount(place, weights=np.concatenate((counts, times)), minlength=len(values)).astype(np.int64)
            if len(values) > MOST_DISTINCT:
                return None
        if not len(values):
            raise DataError(NOTHING_VALID)
        return values, counts

    def quantiles(self, shares: Sequence[float]) -> list[tuple[Number, Number]]:
        """Return for each share, from 0 to 1, its quantile and the largest value that is not above it."""
        self._top  # noqa: B018  so that counting the values is no pass of its own
        return super().quantiles(shares)

    def order_statistics(self, ranks: Sequence[int]) -> list[Number]:
        """Return the values at these places of the sorted whole, by sorting out only what shares their leading bits."""
        left, digit = self.dtype.itemsize * 8 - _DIGIT, _DIGIT
        _, counts = self._top
        _checked(self._extent)
        prefixes, rows = np.zeros(1, dtype=np.uint64), np.zeros(len(ranks), dtype=np.intp)
        found, places = narrow_keys(prefixes, rows, np.array(ranks, dtype=np.int64), counts)
        while left:
            prefixes, rows = np.unique(found, return_inverse=True)
            digit = min(_DIGIT, left, int(math.log2(_COUNTERS // len(prefixes))))
            left -= digit
            counts = self._gather(partial(_count_digit, prefixes=prefixes, digit=digit, left=left), _add)
            found, places = narrow_keys(prefixes, rows, places, counts)
        return [from_key(key, self.dtype) for key in found.tolist()]

    def between(self, cuts: Sequence[Number]) -> Parts:
        """Count and sum up the values between cuts, which must increase."""
        scale = Scale.of(self._extent.minimum, self._extent.maximum)
        work = partial(_sum_between, cuts=_in_type(cuts, self.dtype), scale=scale)
        counts, sums, squares = self._gather(work, lambda a, b: (a[0] + b[0], a[1] + b[1], a[2] + b[2]))
        found = [scale.moments(*part) for part in zip(counts.tolist(), sums, squares, strict=True)]
        return Parts(
            counts=counts,
            means=np.array([mean for mean, _ in found]),
            squares=np.array([square for _, square in found]),
        )

    def count_between(self, cuts: Sequence[Number]) -> NDArray[np.int64]:
        """Count the values between cuts, which must increase; shape (N + 1,) for N of them."""
        found = self._gather(partial(_count_up_to, cuts=_in_type(cuts, self.dtype)), _add)
        if not found[-1]:
            raise DataError(NOTHING_VALID)
        return np.diff(found, prepend=0)

    def histogram(self, bins: int) -> NDArray[np.int64]:
        """Count values in bins of equal width, as `numpy.histogram` does."""
        work = partial(_count_bins, bins=bins, low=float(self.minimum), high=float(self.maximum))
        return self._gather(work, _add)

    def gaps(self, number: int) -> list[tuple[Number, Number]]:
        """Return the two ends of the widest gaps; among more than 2**20 values, of gaps wider than that part of the range."""
        if self.distinct is not None:
            return Counted(*self.distinct).gaps(number)
        work = partial(_find_ends, scale=Scale.of(self._extent.minimum, self._extent.maximum), extent=self._extent)
        lowest, highest = self._gather(work, lambda a, b: (np.fmin(a[0], b[0]), np.fmax(a[1], b[1])))
        filled = np.flatnonzero(~np.isnan(lowest))
        low, high = highest[filled[:-1]], lowest[filled[1:]]
        widest = np.argsort(low / 2 - high / 2, kind="stable")[:number]
        return [(_plain(low[i]), _plain(high[i])) for i in sorted(widest.tolist()) if filled[i + 1] > filled[i] + 1]

    def next_values(self, cuts: Sequence[Number]) -> list[Number]:
        """Return the smallest value above each cut, all of which must be below the largest."""
        found = self._gather(partial(_find_next, cuts=_in_type(cuts, self.dtype)), _smaller)
        if not all(map(math.isfinite, found)):
            raise DataError(NOTHING_VALID)
        return found


def _add(counts: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts + others


def _checked(extent: Extent) -> Extent:
    if not extent.count:
        raise DataError(NOTHING_VALID)
    return extent


def _take_valid(pixels: Pixels) -> NDArray[Any]:
    """Return the valid values of a block, shape (N,)."""
    values = pixels.data.ravel() if pixels.valid.all() else pixels.data[pixels.valid]
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _measure(pixels: Pixels) -> Extent:
    values = _take_valid(pixels)
    if not values.size:
        return Extent()
    return Extent(count=values.size, minimum=_plain(values.min()), maximum=_plain(values.max()))


def _plain(number: Any) -> Number:
    """Return a number of numpy as one of Python, with one zero only."""
    plain: Number = number.item() + 0
    return plain


def _measure_top(pixels: Pixels) -> tuple[Extent, NDArray[np.int64]]:
    leading = to_keys(_take_valid(pixels)) >> (pixels.data.dtype.itemsize * 8 - _DIGIT)
    return _measure(pixels), np.bincount(leading.astype(np.intp), minlength=2**_DIGIT)


def _count_distinct(pixels: Pixels) -> tuple[NDArray[Any], NDArray[np.int64]]:
    values, counts = np.unique(_take_valid(pixels) + pixels.data.dtype.type(0), return_counts=True)
    return values, counts.astype(np.int64)


def _count_digit(pixels: Pixels, *, prefixes: NDArray[np.uint64], digit: int, left: int) -> NDArray[np.int64]:
    """Count the next bits of keys behind each of some prefixes, increasing; shape (prefixes, 2**digit)."""
    keys = to_keys(_take_valid(pixels))
    wanted, bits = prefixes.astype(keys.dtype), keys.dtype.itemsize * 8
    # Most values differ in their very first bits from all that are wanted, and a table tells that sooner than a search.
    table = np.zeros(2**_DIGIT, dtype=np.bool_)
    table[wanted >> (bits - _DIGIT - digit - left)] = True
    keys = keys[table[keys >> (bits - _DIGIT)]] >> left
    leading = keys >> digit
    place = np.minimum(np.searchsorted(wanted, leading), len(wanted) - 1)
    inside = wanted[place] == leading
    behind = (keys[inside] & keys.dtype.type(2**digit - 1)).astype(np.intp)
    counts = np.bincount((place[inside] << digit) + behind, minlength=len(wanted) << digit)
    return counts.reshape(len(wanted), -1)


def _in_type(cuts: Sequence[Number], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return cuts in the type of the values, as `tsraster.classify` compares them."""
    return np.array(cuts if dtype.kind == "f" else [math.floor(cut) for cut in cuts], dtype=dtype)


def _count_up_to(pixels: Pixels, *, cuts: NDArray[Any]) -> NDArray[np.int64]:
    """Count the values that are at most as large as each cut, and all."""
    values = _take_valid(pixels)
    if len(cuts) > _FEW:
        return np.cumsum(np.bincount(np.searchsorted(cuts, values), minlength=len(cuts) + 1))
    return np.array([*(np.count_nonzero(values <= cut) for cut in cuts), values.size])


def _sum_between(
    pixels: Pixels, *, cuts: NDArray[Any], scale: Scale
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    values = _take_valid(pixels)
    parts = np.searchsorted(cuts, values, side="left") if len(cuts) else None
    counts = np.array([values.size]) if parts is None else np.bincount(parts, minlength=len(cuts) + 1)
    scaled = scale.apply(values)
    squares = np.square(scaled)
    return counts, sum_parts(scaled, parts, len(cuts) + 1), sum_parts(squares, parts, len(cuts) + 1)


def _count_bins(pixels: Pixels, *, bins: int, low: float, high: float) -> NDArray[np.int64]:
    # Halves, because the range from the lowest to the highest float is no float.
    counts, _ = np.histogram(_take_valid(pixels).astype(np.float64) / 2, bins=bins, range=(low / 2, high / 2))
    return counts


def _find_ends(pixels: Pixels, *, scale: Scale, extent: Extent) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the smallest and the largest value in each cell of the range, shape (cells,); NaN where there is none."""
    values = np.sort(_take_valid(pixels)).astype(np.float64)
    lowest, highest = np.full(_CELLS, np.nan), np.full(_CELLS, np.nan)
    if values.size:
        low, high = scale.apply(np.array([extent.minimum, extent.maximum]))
        cells = ((scale.apply(values) - low) * (_CELLS / (high - low))).astype(np.intp).clip(0, _CELLS - 1)
        starts = np.flatnonzero(np.diff(cells, prepend=-1))
        lowest[cells[starts]] = values[starts]
        highest[cells[starts]] = values[np.append(starts[1:], len(values)) - 1]
    return lowest, highest


def _find_next(pixels: Pixels, *, cuts: NDArray[Any]) -> list[Number]:
    values = np.sort(_take_valid(pixels))
    places = np.searchsorted(values, cuts, side="right")
    return [_plain(values[place]) if place < len(values) else math.inf for place in places]


def _smaller(values: list[Number], others: list[Number]) -> list[Number]:
    return [min(pair) for pair in zip(values, others, strict=True)]
