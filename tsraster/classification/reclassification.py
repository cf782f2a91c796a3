"""Old codes, or any other values, to new codes: `reclassify` is to a `Mapping` what `classify` is to a table of classes.

It is a pure function of a block of values; any block gets the same codes as the whole would.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.classification.intervals import check_classifiable, count_passed
from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule, Target
from tsraster.classtable import LARGEST_CODE, Number
from tsraster.errors import DataError

_PIECE = 2**16
"""So many values are given codes at once; what numpy needs for them stays in the cache of the processor."""

_SMALL = 2
"""Bytes of the largest integers that are looked up in a table of all their values instead of being searched."""

_SHOWN = 5
"""How many values an error names."""


def reclassify(values: ArrayLike, mapping: Mapping, *, valid: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """Give each value its new code.

    A rule for a single value goes before those for ranges; of these the first that holds the value counts. Integers are compared
    as integers, however large; floats in their own precision, with the ends rounded to that precision. NaN, infinities and
    pixels that are not valid get the code for pixels without data, 0 unless the mapping says otherwise.

    Parameters
    ----------
    values : array of integers, floats or bools, shape (...)
        Old codes, or any other values.
    mapping : Mapping
        The rules.
    valid : array of bool, shape (...), optional
        False where there is no data. What is masked in a masked array is no data either.

    Returns
    -------
    array, shape (...)
        New codes, in the type that `find_code_type` gives.

    Raises
    ------
    DataError
        A valid value is held by no rule, and the mapping has no default; or a value that is to pass through is no code. The
        text names some of them. Or the values are complex, text, dates or objects.

    Notes
    -----
    Integers of 8 and 16 bits are looked up in a table of all their values; others are searched, O(n log N). The memory is that
    of the result, and of pieces of 65536 values.

    Examples
    --------
    >>> mapping = Mapping(rules=(Rule(low=11, high=12, to=1), Rule(low=21, high=24, to=2)), default=9)
    >>> reclassify([[11, 24], [31, 12]], mapping)
    array([[1, 2],
           [9, 1]], dtype=uint8)
    """
    array = np.asarray(values)
    check_classifiable(array.dtype)
    dtype = _native(array.dtype)
    plan = _plan(mapping, dtype)
    codes = np.empty(array.size, dtype=plan.codes.dtype)
    flat, shown = array.ravel(), _join_mask(values, valid, array.shape)
    for start in range(0, array.size, _PIECE):
        piece = slice(start, start + _PIECE)
        at = flat[piece].view(np.uint8) if array.dtype.kind == "b" else flat[piece].astype(dtype, copy=False)
        _fill(codes[piece], at, plan, None if shown is None else shown[piece])
    return codes.reshape(array.shape)


def find_code_type(mapping: Mapping, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the smallest unsigned type that holds every new code that values of a type can get.

    Examples
    --------
    >>> find_code_type(Mapping(default=PASS_THROUGH), np.dtype("int16"))
    dtype('uint16')
    """
    check_classifiable(np.dtype(dtype))
    return _plan(mapping, _native(np.dtype(dtype))).codes.dtype


def list_sources(mapping: Mapping, old_codes: Iterable[Number]) -> dict[int, list[Number]]:
    """Say which old codes become which new one, so that names and colors can go along.

    Parameters
    ----------
    mapping : Mapping
        The rules.
    old_codes : numbers
        The old codes. Those that get no new code are left out.

    Returns
    -------
    dict of int to list
        The old codes of each new code, in increasing order of the new ones; 0 is "no class".

    Examples
    --------
    >>> list_sources(Mapping(rules=(Rule(low=11, high=12, to=1),), default=9), [11, 12, 31])
    {1: [11, 12], 9: [31]}
    """
    old = list(old_codes)
    array = np.asarray(old)
    check_classifiable(array.dtype)
    plan = _plan(mapping, _native(array.dtype))
    codes = np.empty(array.shape, dtype=plan.codes.dtype)
    wrong = _search(array, plan, codes)
    found: dict[int, list[Number]] = {code: [] for code in sorted(set(codes.tolist()))}
    for code, number, is_wrong in zip(codes.tolist(), old, [False] * len(old) if wrong is None else wrong, strict=True):
        if not is_wrong:
            found[code].append(number)
    return {code: numbers for code, numbers in found.items() if numbers}


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def _join_mask(values: ArrayLike, valid: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    shown = None if valid is None else np.broadcast_to(np.asarray(valid, dtype=np.bool_), shape)
    if isinstance(values, np.ma.MaskedArray):
        unmasked = ~np.ma.getmaskarray(values)
        shown = unmasked if shown is None else unmasked & shown
    return None if shown is None else shown.ravel()


def _fill(codes: NDArray[Any], values: NDArray[Any], plan: _Plan, valid: NDArray[np.bool_] | None) -> None:
    """Write the new codes of some values."""
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        valid = finite if valid is None else valid & finite
    wrong = _search(values, plan, codes) if plan.table is None else _look_up(values, *plan.table, codes)
    if wrong is not None:
        wrong = wrong if valid is None else wrong & valid
        if wrong.any():
            raise DataError(_say_wrong(np.unique(values[wrong]), plan))
    if valid is not None:
        np.copyto(codes, plan.nodata, where=~valid, casting="unsafe")


class _Plan(NamedTuple):
    """A mapping in a type of data: the values at which another rule begins to count, and the codes below, between and above."""

    starts: NDArray[Any]
    codes: NDArray[Any]
    kept: NDArray[np.bool_] | None
    """Which regions pass through; None where none does."""
    free: NDArray[np.bool_] | None
    """Which regions no rule holds."""
    nodata: int
    table: tuple[NDArray[Any], NDArray[np.bool_] | None] | None = None
    """For small integers the code of every value, at the place of its bits read as unsigned, and which have none."""


def _look_up(
    values: NDArray[Any], table: NDArray[Any], has_none: NDArray[np.bool_] | None, codes: NDArray[Any]
) -> NDArray[np.bool_] | None:
    bits = values.view(f"u{values.dtype.itemsize}")
    # Every place is in the table; "clip" only spares numpy the check of it.
    np.take(table, bits, out=codes, mode="clip")
    return None if has_none is None else np.take(has_none, bits, mode="clip")


def _search(values: NDArray[Any], plan: _Plan, codes: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Write the codes of values; return which of them have none, or None where all have."""
    place = count_passed(values, plan.starts, closed_right=False)
    np.take(plan.codes, place, out=codes, mode="clip")
    wrong = None if plan.free is None else np.take(plan.free, place, mode="clip")
    if plan.kept is None:
        return wrong
    kept = np.take(plan.kept, place, mode="clip")
    fits = kept & _are_codes(values)
    codes[fits] = values[fits].astype(codes.dtype)
    return kept & ~fits if wrong is None else wrong | (kept & ~fits)


def _are_codes(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind != "f":
        return np.asarray((values >= 0) & (values <= LARGEST_CODE))
    # As float64, for narrower floats cannot hold the largest code.
    return np.asarray((values >= 0) & (values <= np.float64(LARGEST_CODE)) & (np.floor(values) == values))


@lru_cache(maxsize=16)
def _plan(mapping: Mapping, dtype: np.dtype[Any]) -> _Plan:
    spans = [_span(rule, dtype) for rule in mapping.rules]
    cuts, owners = _divide(spans, [rule.is_constant for rule in mapping.rules])
    targets = [mapping.default if owner is None else mapping.rules[owner].to for owner in owners]
    end = math.inf if dtype.kind == "f" else np.iinfo(dtype).max + 1
    if cuts and cuts[-1] == end:
        del cuts[-1], targets[-1]
    largest = max(mapping.nodata, *(_largest(target, cut) for target, cut in zip(targets, [*cuts, end], strict=True)))
    kept = np.array([target == PASS_THROUGH for target in targets])
    free = np.array([target is None for target in targets])
    plan = _Plan(
        starts=np.array(cuts, dtype=dtype),
        codes=np.array([target if isinstance(target, int) else 0 for target in targets]).astype(
            np.min_scalar_type(largest)
        ),
        kept=kept if kept.any() else None,
        free=free if free.any() else None,
        nodata=mapping.nodata,
    )
    return plan._replace(table=_tabulate(plan, dtype)) if dtype.kind in "iu" and dtype.itemsize <= _SMALL else plan


def _tabulate(plan: _Plan, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    bits: NDArray[Any] = np.arange(2 ** (8 * dtype.itemsize)).astype(f"u{dtype.itemsize}")
    codes = np.empty(bits.shape, dtype=plan.codes.dtype)
    wrong = _search(bits.view(dtype), plan, codes)
    return codes, wrong if wrong is not None and wrong.any() else None


def _largest(target: Target | None, end: Any) -> int:
    """The largest code that values below an end can get."""
    if target != PASS_THROUGH:
        return target or 0
    return max(0, min(LARGEST_CODE, LARGEST_CODE if math.isinf(end) else math.ceil(end) - 1))


def _span(rule: Rule, dtype: np.dtype[Any]) -> tuple[Any, Any] | None:
    """The first value of the type that a rule holds, and the first behind it; None where it holds none."""
    if dtype.kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            low, high = (np.float64(end).astype(dtype) for end in (rule.low, rule.high))
            first = low if rule.closed_low else np.nextafter(low, dtype.type(np.inf))
            after = np.nextafter(high, dtype.type(np.inf)) if rule.closed_high else high
        first = max(first, np.finfo(dtype).min)
        return (first.item(), after.item()) if first < after and first <= np.finfo(dtype).max else None
    first, after = np.iinfo(dtype).min, np.iinfo(dtype).max + 1
    if not math.isinf(rule.low):
        first = max(first, math.ceil(rule.low) if rule.closed_low else math.floor(rule.low) + 1)
    if not math.isinf(rule.high):
        after = min(after, math.floor(rule.high) + 1 if rule.closed_high else math.ceil(rule.high))
    return (first, after) if first < after else None


def _divide(spans: Sequence[tuple[Any, Any] | None], first: Sequence[bool]) -> tuple[list[Any], list[int | None]]:
    """Cut the numbers where spans begin and end; say for each part which of them counts, those in `first` before others."""
    inside = sorted((span[0], not first[i], i, span[1]) for i, span in enumerate(spans) if span is not None)
    cuts = sorted({cut for low, _, _, high in inside for cut in (low, high)})
    owners: list[int | None] = [None]
    open_spans: list[tuple[bool, int, Any]] = []
    waiting = iter([*inside, None])
    coming = next(waiting)
    for cut in cuts:
        while coming is not None and coming[0] == cut:
            heapq.heappush(open_spans, coming[1:])
            coming = next(waiting)
        while open_spans and open_spans[0][2] <= cut:
            heapq.heappop(open_spans)
        owners.append(open_spans[0][1] if open_spans else None)
    return cuts, owners


def _say_wrong(values: NDArray[Any], plan: _Plan) -> str:
    """Say why some different values have no code: of all that no rule holds, else of all that cannot pass through."""
    if plan.free is not None:
        free = values[plan.free[np.searchsorted(plan.starts, values, side="right")]]
        if free.size:
            return (
                f"no rule holds {_list_some(free)}; add rules, or one for all that is left: "
                "DEFAULT=NO_DATA, DEFAULT=PASS_THROUGH, or a code as in DEFAULT=9"
            )
    return (
        f"{_list_some(values)} cannot pass through: new codes are whole numbers from 0 to {LARGEST_CODE}; "
        "add a rule that gives it a code"
    )


def _list_some(values: NDArray[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    several = "values" if len(values) > 1 else "value"
    return f"the {several} {shown}" + (", ..." if len(values) > _SHOWN else "")
