"""Numbers as unsigned integers in the same order, so that they can be sorted out by their leading bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number


def to_keys(values: NDArray[Any]) -> NDArray[Any]:
    """Return unsigned integers of the same width that compare as the values do.

    Parameters
    ----------
    values : array of integers or finite floats, shape (...)
        The two zeros of floats get one key.

    Examples
    --------
    >>> keys = to_keys(np.array([-1.5, -0.0, 0.0, 2.0], np.float32))
    >>> bool((keys[:-1] <= keys[1:]).all()), bool(keys[1] == keys[2])
    (True, True)
    """
    bits = values.dtype.itemsize * 8
    unsigned, top = np.dtype(f"u{values.dtype.itemsize}"), 2 ** (bits - 1)
    if values.dtype.kind == "u":
        return values
    if values.dtype.kind == "i":
        return np.asarray(np.bitwise_xor(values.view(unsigned), unsigned.type(top)))
    # Adding zero makes -0.0 the other zero. Negative numbers grow with their bits downwards: all of them are turned.
    plain = np.ascontiguousarray(values + values.dtype.type(0))
    turned = np.right_shift(plain.view(f"i{values.dtype.itemsize}"), bits - 1).view(unsigned)
    turned |= unsigned.type(top)
    return np.asarray(np.bitwise_xor(plain.view(unsigned), turned, out=turned))


def measure_from_first(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far each of some increasing values is above the first; of large integers too, to the last digit.

    Examples
    --------
    >>> measure_from_first(np.array([2**62 + 1, 2**62 + 4]))
    array([0., 3.])
    """
    steps = np.subtract(values, values[0])
    if values.dtype.kind == "i":
        # What is too far for the type has come round, and is right again when it is read without a sign.
        steps = steps.view(f"u{values.dtype.itemsize}")
    return np.asarray(steps.astype(np.float64))


def from_key(key: int, dtype: np.dtype[Any]) -> Number:
    """Return the number of a type that has a key.

    Examples
    --------
    >>> from_key(int(to_keys(np.array([-2.5]))[0]), np.dtype(np.float64))
    -2.5
    """
    bits = dtype.itemsize * 8
    top = 2 ** (bits - 1)
    if dtype.kind == "f":
        key = key ^ top if key & top else key ^ (2**bits - 1)
    elif dtype.kind == "i":
        key ^= top
    number: Number = np.array([key], dtype=f"u{dtype.itemsize}").view(dtype)[0].item()
    return number


def narrow_keys(
    prefixes: NDArray[np.uint64], rows: NDArray[np.intp], ranks: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the leading bits of keys with one digit more, and the ranks of values among those that share them.

    Each value has the prefix of its row, a rank among the values with that prefix, and `counts`, shape (prefixes, 2**digit),
    says how these go on.

    Examples
    --------
    >>> narrow_keys(np.array([5], np.uint64), np.array([0, 0]), np.array([0, 3]), np.array([[2, 0, 4, 1]]))
    (array([20, 22], dtype=uint64), array([0, 1]))
    """
    size = counts.size // len(prefixes)
    ends = np.concatenate(([0], np.cumsum(counts)))
    before = ends[rows * size]
    found = np.searchsorted(ends, before + ranks, side="right") - 1
    digits = (found - rows * size).astype(np.uint64)
    return prefixes[rows] * np.uint64(size) + digits, before + ranks - ends[found]
