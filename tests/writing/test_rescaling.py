"""Values arrive in another range and type as in ilastik's export, without losing any on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tsraster.errors import UsageError
from tsraster.writing.rescaling import rescale

HUNDREDTHS = (np.arange(101) / 100).astype(np.float32)


def test_no_hundredth_is_lost() -> None:
    # ilastik's issue 3038: cut off and not rounded, 0.59 became 58.
    np.testing.assert_array_equal(rescale(HUNDREDTHS, (0, 1), (0, 100), "uint8"), np.arange(101))
    assert (HUNDREDTHS * 100).astype(np.uint8)[59] != 59 or len(np.unique((HUNDREDTHS * 100).astype(np.uint8))) < 101


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_small_numbers_are_those_of_ilastik(dtype: str) -> None:
    high = np.iinfo(dtype).max
    expected = np.rint(0 + (HUNDREDTHS - np.float32(0)) * np.float32(high / 1.0)).astype(dtype)
    result = rescale(HUNDREDTHS, (0, 1), (0, high), dtype)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected)


def test_large_numbers_are_computed_exactly() -> None:
    assert rescale(np.float32([0.5, 1]), (0, 1), (0, 2**32 - 1), "uint32").tolist() == [2**31, 2**32 - 1]
    assert rescale(np.uint16([0, 1, 65535]), (0, 65535), (0, 255), "uint8").tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("values", "ranges", "dtype", "expected"),
    [
        ([-1.0, 0.0, 0.5, 2.0], ((0, 1), (10, 20)), "int16", [10, 10, 15, 20]),
        ([0.0, 1.0], ((0, 1), (255, 0)), "uint8", [255, 0]),
        ([0.0, 0.25], ((0, 1), (-1, 1)), "float32", [-1, -0.5]),
        ([np.inf, -np.inf, np.nan], ((0, 1), (5, 9)), "uint8", [9, 5, 0]),
    ],
)
def test_what_lies_outside_gets_the_ends(values: Any, ranges: Any, dtype: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(rescale(np.float32(values), *ranges, dtype), expected)


def test_nan_stays_nan_in_floats() -> None:
    assert np.isnan(rescale(np.float32([np.nan]), (0, 1), (0, 100), "float32")).all()


@pytest.mark.parametrize(
    ("ranges", "dtype", "says"),
    [
        (((0, 1), (0, 256)), "uint8", "uint8 has no room for 0 to 256; it holds 0 to 255"),
        (((1, 1), (0, 255)), "uint8", "the range of values 1 to 1 is empty"),
        (((0, 1), (0, 255)), "uint24", "'uint24' is no type of numbers that is written"),
        (((0, float("nan")), (0, 255)), "uint8", "two finite numbers"),
    ],
)
def test_what_cannot_be_is_refused(ranges: Any, dtype: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        rescale(HUNDREDTHS, *ranges, dtype)
