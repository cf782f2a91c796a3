"""Pixels, percent and area of classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.measuring import count_codes, list_shares

derandomized = settings(derandomize=True, deadline=None, database=None)


@st.composite
def tables_and_codes(draw: st.DrawFn) -> tuple[ClassTable, NDArray[Any]]:
    largest = draw(st.sampled_from([5, 255, 256, 65535, 65536, 2**32 - 1]))
    codes = draw(st.lists(st.integers(1, largest), min_size=1, max_size=9, unique=True))
    table = ClassTable(codes=tuple(codes), edges=tuple(range(len(codes) + 1)))
    shape = draw(st.sampled_from([(0,), (1,), (5,), (3, 4), (1, 33), (2, 3, 5)]))
    flat = draw(st.lists(st.sampled_from([0, *codes]), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    return table, np.array(flat, dtype=table.dtype).reshape(shape)


@derandomized
@given(drawn=tables_and_codes(), seed=st.integers(0, 1000))
def test_codes_are_counted_in_the_order_of_the_table(drawn: tuple[ClassTable, NDArray[Any]], seed: int) -> None:
    table, codes = drawn
    counts = count_codes(codes, table)
    assert counts.dtype == np.int64
    assert counts.tolist() == [int((codes == code).sum()) for code in table.codes]
    times = np.random.default_rng(seed).integers(0, 2**40, codes.shape)
    weighed = count_codes(codes, table, times=times)
    assert weighed.dtype == np.int64
    assert weighed.tolist() == [int(times[codes == code].sum()) for code in table.codes]


@pytest.mark.parametrize("step", [slice(None, None, 2), slice(None, None, -1), slice(1, None)])
def test_a_part_of_an_array_is_counted_as_its_copy(step: slice) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (51, 33)).astype(np.uint8)[:, step]
    table = ClassTable.from_cutoffs([1, 2])
    np.testing.assert_array_equal(count_codes(codes, table), np.bincount(codes.ravel(), minlength=4)[1:])


def test_shares_add_up_to_all_pixels_that_are_in_a_class() -> None:
    table = ClassTable(codes=(7, 3), edges=(0, 1, 2), names=("low", "high"))
    low, high = list_shares(table, np.array([1, 7]), 0.25)
    assert (low.code, low.interval, low.name, low.pixels, low.percent, low.area_m2) == (
        7,
        "[0, 1]",
        "low",
        1,
        12.5,
        0.25,
    )
    assert (high.code, high.interval, high.name, high.pixels, high.percent, high.area_m2) == (
        3, "(1, 2]", "high", 7, 87.5, 1.75,
    )  # fmt: skip
    assert [share.area_m2 for share in list_shares(table, [1, 7], None)] == [None, None]


def test_no_pixel_in_any_class_has_no_percentage() -> None:
    assert all(math.isnan(share.percent) for share in list_shares(ClassTable.from_cutoffs([1]), [0, 0], 1.0))


def test_counts_beyond_32_bits_are_exact() -> None:
    share = list_shares(ClassTable.from_cutoffs([1]), np.array([2**53 + 1, 0]), None)[0]
    assert (share.pixels, share.percent) == (2**53 + 1, 100)
