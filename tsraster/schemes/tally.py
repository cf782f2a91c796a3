"""From a stream of values to their distribution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.raster import Pixels
from tsraster.schemes.counted import Counted
from tsraster.schemes.distribution import Answer, Distribution, Stream


def counts_each(dtype: np.dtype[Any]) -> bool:
    """Tell whether every value of a type is counted for itself in one pass: integers of 8 and 16 bits."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


def tally(stream: Stream) -> Distribution:
    """Return the distribution of a stream.

    Integers of 8 and 16 bits are counted at once; of other values nothing is known until it is asked.

    Raises
    ------
    DataError
        No value is valid; of other values, when something is asked.
    """
    if not counts_each(stream.dtype):
        # Most rasters hold small integers, and do not wait for the import of what they do not need.
        from tsraster.schemes.streamed import Streamed

        return Streamed(stream)
    limits = np.iinfo(stream.dtype)
    counts = sum(stream.each(_count_small), start=np.zeros(int(limits.max) - int(limits.min) + 1, dtype=np.int64))
    present = np.flatnonzero(counts)
    return Counted(present + int(limits.min), counts[present])


def _count_small(pixels: Pixels) -> NDArray[np.int64]:
    """Count each value of a small type, from the lowest to the highest."""
    values, valid = pixels.data.astype(pixels.data.dtype.newbyteorder("="), copy=False), pixels.valid
    bits = values.view(f"u{values.dtype.itemsize}")
    size = 2 ** (8 * values.dtype.itemsize)
    counts = _count_bytes(bits.ravel()) if size == 256 else np.bincount(bits.ravel(), minlength=size)
    if not valid.all():
        counts -= np.bincount(bits[~valid], minlength=size)
    # The bits of negative numbers, read as unsigned, come after those of the others.
    return np.roll(counts, size // 2) if values.dtype.kind == "i" else counts


def _count_bytes(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count bytes two at a time, which takes two thirds of the time."""
    whole = len(values) // 2 * 2
    pairs = np.bincount(values[:whole].view(np.uint16), minlength=2**16).reshape(256, 256)
    return np.asarray(pairs.sum(axis=0) + pairs.sum(axis=1) + np.bincount(values[whole:], minlength=256))


class Blocks:
    """A stream of blocks that are in memory.

    Parameters
    ----------
    blocks : Pixels
        All of one type.
    """

    def __init__(self, *blocks: Pixels) -> None:
        self._blocks = blocks
        self.dtype = np.result_type(*(block.data.dtype for block in blocks))

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function makes of each block."""
        return map(function, self._blocks)


def tally_array(values: ArrayLike) -> Distribution:
    """Return the distribution of an array of integers, floats or bools; NaN and infinities do not count.

    Examples
    --------
    >>> ages = tally_array([3, 3, 5, 3, 5, 3])
    >>> ages.count, ages.minimum, ages.maximum, ages.std
    (6, 3, 5, 0.9428090415820634)
    """
    array = np.asarray(values)
    array = array.view(np.uint8) if array.dtype == bool else array
    return tally(Blocks(Pixels(data=array, valid=np.isfinite(array))))
