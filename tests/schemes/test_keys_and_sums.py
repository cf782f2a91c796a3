"""Keys compare as the values do; exact sums are the same in any order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.schemes.exactsum import STEP, sum_parts
from tsraster.schemes.keys import from_key, to_keys

derandomized = settings(derandomize=True, deadline=None, database=None)
INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float16", "float32", "float64")


@st.composite
def pairs(draw: st.DrawFn) -> Any:
    dtype = np.dtype(draw(st.sampled_from(INTEGERS + FLOATS)))
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        far = st.sampled_from([limits.max, limits.min, limits.tiny, limits.smallest_subnormal, -0.0, 0.0])
        width: Any = 8 * dtype.itemsize
        numbers = st.one_of(far, st.floats(allow_nan=False, allow_infinity=False, width=width))
    else:
        limits = np.iinfo(dtype)
        numbers = st.integers(int(limits.min), int(limits.max))
    return np.array(draw(st.lists(numbers, min_size=2, max_size=20)), dtype=dtype)


@derandomized
@given(values=pairs())
def test_keys_keep_the_order_and_lead_back(values: Any) -> None:
    keys = to_keys(values)
    assert keys.dtype == np.dtype(f"u{values.dtype.itemsize}")
    np.testing.assert_array_equal(keys[:, None] < keys, values[:, None] < values)
    np.testing.assert_array_equal(keys[:, None] == keys, values[:, None] == values)
    assert [from_key(int(key), values.dtype) for key in keys] == values.tolist()


@pytest.mark.parametrize("dtype", ["float16", "int16"])
def test_every_key_of_two_bytes_leads_back(dtype: str) -> None:
    values = np.arange(2**16).astype("u2").view(dtype)
    values = values[np.isfinite(values)]
    found = np.array([from_key(int(key), np.dtype(dtype)) for key in to_keys(values)])
    np.testing.assert_array_equal(found, values)


def test_views_with_gaps_have_keys() -> None:
    for dtype in INTEGERS + FLOATS:
        values = np.arange(20).astype(dtype)
        np.testing.assert_array_equal(to_keys(values[::-3]), to_keys(values)[::-3])


@pytest.mark.parametrize("size", [0, 1, 999, 2**16, 200_000])
def test_sums_are_the_same_in_any_order_and_any_blocks(size: int) -> None:
    random = np.random.default_rng(size)
    values = random.uniform(-1, 1, size) * 10.0 ** random.integers(-20, 1, size)
    parts, order = random.integers(0, 3, size), random.permutation(size)
    total, whole = sum_parts(values, None, 1), sum_parts(values, parts, 3)
    assert whole.sum() == total[0]
    assert all(isinstance(number, int) for number in whole)
    blocks = np.array_split(order, [7, 100, 70_000])
    for own in (None, parts):
        pieces = [sum_parts(values[i], None if own is None else own[i], 3) for i in blocks]
        assert sum(pieces).tolist() == sum_parts(values, own, 3).tolist()  # type: ignore[union-attr]


@derandomized
@given(values=st.lists(st.floats(-1, 1), max_size=30))
def test_sums_are_those_of_numbers_rounded_to_a_step(values: list[float]) -> None:
    total = sum_parts(np.array(values, dtype=np.float64), None, 1)[0]
    exact = sum(map(Fraction, values), Fraction(0))
    assert abs(Fraction(total, STEP) - exact) <= Fraction(len(values), 2 * STEP)


def test_the_largest_numbers_do_not_overflow() -> None:
    ones = np.ones(3 * 2**16 + 1)
    assert sum_parts(ones, None, 1).tolist() == [ones.size * STEP]
    assert sum_parts(-ones, np.zeros(ones.size, np.intp), 2).tolist() == [-ones.size * STEP, 0]
