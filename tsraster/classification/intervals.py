"""Values to class codes.

`classify` is a pure function of a block of values and a `ClassTable`; any block gets the same codes as the whole would.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.classtable import ClassTable, Number
from tsraster.errors import DataError, UsageError

Outside = Literal["nodata", "clamp", "error"]
OUTSIDE: tuple[Outside, ...] = ("nodata", "clamp", "error")

_SMALL = 2
"""Bytes of the largest integers that are looked up in a table of all their values instead of being searched."""

_PIECE = 2**16
"""So many values are given codes at once; what numpy needs for them stays in the cache of the processor."""

_FEW = 64
"""So many edges are passed faster one after the other, by vector instructions, than by a binary search for each value."""


def classify(
    values: ArrayLike, table: ClassTable, *, valid: NDArray[np.bool_] | None = None, outside: Outside = "nodata"
) -> NDArray[Any]:
    """Give each value the code of its class.

    A value on an edge belongs to the class below it, or above it where the table is closed on the left; the lowest
    edge (with "left" the highest) belongs to its only class. Integers are compared as integers, however large; floats in their
    own precision, with the edges rounded to that precision. NaN, infinities and pixels that are not valid get 0.

    Parameters
    ----------
    values : array of integers, floats or bools, shape (...)
        What to classify, in the unit of the table.
    table : ClassTable
        The classes.
    valid : array of bool, shape (...), optional
        False where there is no data. What is masked in a masked array is no data either.
    outside : "nodata", "clamp" or "error"
        What becomes of values below the first or above the last edge: the code 0, the nearest class, or a `DataError`.
        Where classes are single values, "clamp" has no meaning and is refused.

    Returns
    -------
    array, shape (...)
        Codes in the smallest unsigned type that holds all codes of the table.

    Raises
    ------
    DataError
        The values are complex, text, dates or objects; or some are outside and `outside` is "error".
    UsageError
        `outside` is unknown, or "clamp" for a table of single values.

    Notes
    -----
    Integers of 8 and 16 bits are looked up in a table of all their values; others are searched, O(n log K). The memory
    is that of the result and, for searched values, one index array.

    Examples
    --------
    >>> table = ClassTable.from_cutoffs([10, 20])
    >>> classify([[3, 10], [11, 99]], table)
    array([[1, 1],
           [2, 3]], dtype=uint8)
    >>> classify([10.0, float("nan"), 20.5], table)
    array([1, 0, 3], dtype=uint8)
    """
    array = np.asarray(values)
    check_classifiable(array.dtype)
    _check_outside(table, outside)
    valid = _join_mask(values, valid)
    if array.dtype == bool:
        array = array.view(np.uint8)
    codes = _codes(array, table, clamp=outside == "clamp")
    if valid is not None and not valid.all():
        np.multiply(codes, valid, out=codes)
    if outside == "error":
        _refuse_outside(array, codes, valid, table)
    return codes


def check_classifiable(dtype: np.dtype[Any]) -> None:
    """Raise `DataError` unless numbers of this type can be ordered."""
    if dtype.kind == "c":
        raise DataError(f"the values are complex ({dtype}) and have no order; take their magnitude or phase first")
    if dtype.kind not in "iufb":
        raise DataError(f"the values are of type {dtype}; integers and floats can be classified")


def _join_mask(values: ArrayLike, valid: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if valid is not None:
        valid = np.asarray(valid, dtype=np.bool_)
    if not isinstance(values, np.ma.MaskedArray):
        return valid
    unmasked = ~np.ma.getmaskarray(values)
    return unmasked if valid is None else unmasked & valid


def _check_outside(table: ClassTable, outside: Outside) -> None:
    if outside not in OUTSIDE:
        raise UsageError(f"--outside is {outside!r}; choose from {', '.join(OUTSIDE)}")
    if outside == "clamp" and table.values:
        raise UsageError("classes that are single values have no nearest class; use --outside nodata or error")


def _codes(array: NDArray[Any], table: ClassTable, *, clamp: bool) -> NDArray[Any]:
    if array.dtype.kind in "iu" and array.dtype.itemsize <= _SMALL:
        lookup = _lookup(table, array.dtype, clamp)
        # Every place is in the table; "clip" only spares numpy the check of it.
        return _by_pieces(array.view(f"u{array.dtype.itemsize}"), table.dtype, partial(np.take, lookup, mode="clip"))
    return _by_pieces(array, table.dtype, partial(_search, table=table, clamp=clamp))


@lru_cache(maxsize=16)
def _lookup(table: ClassTable, dtype: np.dtype[Any], clamp: bool) -> NDArray[Any]:
    """The codes of every value of a small integer type, at the place of the value's bits read as unsigned."""
    bits: NDArray[Any] = np.arange(2 ** (8 * dtype.itemsize)).astype(f"u{dtype.itemsize}")
    codes = np.empty(bits.shape, dtype=table.dtype)
    _search(bits.view(dtype), table, clamp=clamp, out=codes)
    return codes


def _by_pieces(values: NDArray[Any], dtype: np.dtype[Any], function: Callable[..., object]) -> NDArray[Any]:
    """Apply a function, which writes what it makes of each value to `out`, to a piece at a time."""
    flat = values.ravel()
    found = np.empty(flat.shape, dtype=dtype)
    for start in range(0, flat.size, _PIECE):
        function(flat[start : start + _PIECE], out=found[start : start + _PIECE])
    return found.reshape(values.shape)


def _search(array: NDArray[Any], table: ClassTable, *, clamp: bool, out: NDArray[Any]) -> None:
    if table.values:
        _match(array, table, out=out)
        return
    before, inner, first, last = _limits(table, array.dtype, clamp)
    place = count_passed(array, inner, closed_right=table.closed == "right")
    np.take(np.array(table.codes, dtype=table.dtype)[before:], place, out=out, mode="clip")
    np.multiply(out, (array >= first) & (array <= last), out=out)


def _limits(table: ClassTable, dtype: np.dtype[Any], clamp: bool) -> tuple[int, NDArray[Any], Any, Any]:
    """Return the table in the type of the data.

    That is the number of inner edges which every value of the type has passed, the other inner edges that some value
    of the type can pass, and the lowest and the highest value that are inside.
    """
    first, last = (-math.inf, math.inf) if clamp else (table.edges[0], table.edges[-1])
    if dtype.kind == "f":
        finite = np.finfo(dtype)
        with np.errstate(over="ignore"):
            inner = np.array(table.edges[1:-1], dtype=np.float64).astype(dtype)
            lowest, highest = dtype.type(first), dtype.type(last)
        # The largest finite numbers keep infinities out; NaN fails every comparison.
        return 0, inner, max(lowest, finite.min), min(highest, finite.max)
    lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    # For whole numbers v > e means v > floor(e), and v >= e means v >= ceil(e).
    right = table.closed == "right"
    edges = [math.floor(edge) if right else math.ceil(edge) for edge in table.edges[1:-1]]
    passed = sum(edge < lowest if right else edge <= lowest for edge in edges)
    kept = [edge for edge in edges[passed:] if edge <= highest]
    bottom = lowest if math.isinf(first) else max(lowest, math.ceil(first))
    top = highest if math.isinf(last) else min(highest, math.floor(last))
    return passed, np.array(kept, dtype=dtype), bottom, top


def count_passed(array: NDArray[Any], inner: NDArray[Any], *, closed_right: bool) -> NDArray[Any]:
    """Count for each value the edges it has passed: those below it, and where closed on the left those it equals."""
    if len(inner) > _FEW:
        return np.searchsorted(inner, array, side="left" if closed_right else "right")
    compare = np.greater if closed_right else np.greater_equal
    passed = np.zeros(array.shape, dtype=np.uint8)
    step = np.empty(array.shape, dtype=np.bool_)
    for edge in inner:
        compare(array, edge, out=step)
        np.add(passed, step, out=passed, casting="unsafe")
    return passed


def _match(array: NDArray[Any], table: ClassTable, *, out: NDArray[Any]) -> None:
    """Codes where each class is one value."""
    pairs = sorted(
        (value, code) for value, code in zip(table.values, table.codes, strict=True) if _fits(value, array.dtype)
    )
    values = np.array([value for value, _ in pairs] or [0], dtype=array.dtype)
    codes = np.array([code for _, code in pairs] or [0], dtype=table.dtype)
    place = np.minimum(np.searchsorted(values, array), len(values) - 1)
    np.take(codes, place, out=out, mode="clip")
    np.multiply(out, values[place] == array, out=out)


def _fits(value: Number, dtype: np.dtype[Any]) -> bool:
    """Whether data of this type can have the value, rounded to it if they are floats."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return bool(np.isfinite(dtype.type(value)))
    return value == int(value) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max


def _refuse_outside(
    array: NDArray[Any], codes: NDArray[Any], valid: NDArray[np.bool_] | None, table: ClassTable
) -> None:
    outside = codes == 0
    if valid is not None:
        outside &= valid
    if array.dtype.kind == "f":
        outside &= np.isfinite(array)
    if not outside.any():
        return
    example = array[outside].flat[0]
    held = f"{table.edges[0]:g} to {table.edges[-1]:g}" if table.edges else "the values of the table"
    raise DataError(f"the value {example} is outside of {held}; use another table, or --outside nodata or clamp")
