"""Limits are those of numpy's percentiles, codes those of the formula, colors those that Bokeh takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.app.picture.stretching import find_limits, to_bytes, to_rgba
from tsraster.errors import DataError, UsageError

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float16", "float32", "float64"]


def draw(dtype: str, size: int = 5000) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    rng = np.random.default_rng(0)
    values = (rng.standard_normal((size // 50, 50)) * 30 + (60 if dtype.startswith("u") else -20)).clip(-128, 127)
    return values.clip(0 if dtype.startswith("u") else -128).astype(dtype), rng.random((size // 50, 50)) < 0.8


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("percentiles", [(2, 98), (0, 100), (12.5, 13.25)])
def test_limits_are_the_percentiles_of_numpy(dtype: str, percentiles: tuple[float, float]) -> None:
    values, valid = draw(dtype)
    expected = np.percentile(values[valid].astype(np.float64), percentiles)
    if expected[0] < expected[1]:
        assert find_limits(values, valid, percentiles) == pytest.approx(tuple(expected), abs=1e-9)
    else:
        assert find_limits(values, valid, percentiles) == (values[valid].min(), values[valid].max())


def test_limits_of_many_floats_are_near_those_of_all() -> None:
    values = np.random.default_rng(0).standard_normal((3000, 1000))
    low, high = find_limits(values, np.ones(values.shape, np.bool_))
    assert (low, high) == pytest.approx(np.percentile(values, (2, 98)), abs=0.02)


def test_what_is_not_finite_does_not_count() -> None:
    values = np.array([[np.nan, 1, 2, np.inf, 3, -np.inf]], np.float32)
    assert find_limits(values, np.ones(values.shape, np.bool_), (0, 100)) == (1, 3)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_without_data_limits_are_zero_and_one(dtype: str) -> None:
    assert find_limits(np.ones((2, 2), dtype), np.zeros((2, 2), np.bool_)) == (0, 1)


@pytest.mark.parametrize(("dtype", "value"), [("uint8", 0), ("int16", -7), ("float64", 1e300), ("float32", 0.25)])
def test_a_constant_image_is_middle_gray(dtype: str, value: float) -> None:
    values, valid = np.full((3, 3), value, dtype), np.ones((3, 3), np.bool_)
    low, high = find_limits(values, valid)
    assert low < value < high
    assert set(to_bytes(values, valid, low, high).flat) == {128}
    assert set(to_bytes(values, valid, value, value).flat) == {128}


def test_a_nearly_empty_image_is_stretched_over_all_of_its_values() -> None:
    values = np.zeros((100, 100), np.uint16)
    values[3, 4] = 900
    assert find_limits(values, np.ones(values.shape, np.bool_)) == (0, 900)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
@pytest.mark.parametrize("fill", [0, -9999])
def test_a_fill_value_that_is_not_declared_does_not_count(dtype: str, fill: int) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(7000, 12000, (100, 100)).astype(dtype)
    expected = find_limits(values[20:], np.ones((80, 100), np.bool_))
    values[:20] = max(fill, 0) if dtype == "uint16" else fill
    assert find_limits(values, np.ones((100, 100), np.bool_)) == expected
    assert find_limits(values, np.ones((100, 100), np.bool_), (0, 98))[0] == values[0, 0]


@pytest.mark.parametrize("codes", [[0, 1], [0, 1, 2, 3], [1, 2, 5]])
def test_the_least_of_a_few_codes_counts(codes: list[int]) -> None:
    values = np.resize(np.array(codes, np.uint8), (30, 30))
    assert find_limits(values, np.ones((30, 30), np.bool_)) == (codes[0], codes[-1])


@pytest.mark.parametrize("percentiles", [(98, 2), (5, 5), (-1, 50), (0, 101), (float("nan"), 5)])
def test_percentiles_out_of_order_are_refused(percentiles: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="from 0 to 100"):
        find_limits(np.ones((1, 1)), np.ones((1, 1), np.bool_), percentiles)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("low", "high"), [(-10.5, 70), (60, 3), (20, 20)])
@pytest.mark.parametrize("gamma", [1.0, 0.5, 2.2])
def test_codes_are_those_of_the_formula(dtype: str, low: float, high: float, gamma: float) -> None:
    values, valid = draw(dtype)
    exact = values.astype(np.float64)
    share = (np.sign(exact - low) + 1) / 2 if low == high else ((exact - low) / (high - low)).clip(0, 1)
    expected = np.where(valid, 1 + 254 * share**gamma, 0)
    found = to_bytes(values, valid, low, high, gamma=gamma)
    assert found.dtype == np.uint8
    assert np.abs(found - expected).max() < 0.5001
    np.testing.assert_array_equal(found == 0, ~valid)


def test_nan_is_no_data_and_infinities_are_beyond_the_limits() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 5]], np.float32)
    valid = np.ones(values.shape, np.bool_)
    assert to_bytes(values, valid, 0, 10).tolist() == [[0, 255, 1, 128]]
    assert to_bytes(values, valid, 10, 0).tolist() == [[0, 1, 255, 128]]


def test_limits_may_be_as_far_apart_as_numbers_are() -> None:
    values = np.array([[-1.7e308, 0, 1.7e308]])
    assert to_bytes(values, np.ones((1, 3), np.bool_), -1.7e308, 1.7e308).tolist() == [[1, 128, 255]]
    single = np.array([[-3e38, 0, 3e38]], np.float32)
    assert to_bytes(single, np.ones((1, 3), np.bool_), -3e38, 3e38).tolist() == [[1, 128, 255]]


def test_arrays_that_are_no_copies_are_stretched_too() -> None:
    values = np.arange(200, dtype=np.uint16).reshape(10, 20)
    valid = np.ones((5, 20), np.bool_)
    np.testing.assert_array_equal(
        to_bytes(values[::2, ::-1], valid, 0, 200), to_bytes(values[::2, ::-1].copy(), valid, 0, 200)
    )


@pytest.mark.parametrize(
    ("low", "high", "gamma", "what"),
    [(np.nan, 1, 1, "finite"), (0, np.inf, 1, "finite"), (0, 1, 0, "gamma"), (0, 1, np.nan, "gamma")],
)
def test_wrong_stretches_are_refused(low: float, high: float, gamma: float, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        to_bytes(np.ones((1, 1)), np.ones((1, 1), np.bool_), low, high, gamma=gamma)


def test_complex_numbers_are_refused() -> None:
    values, valid = np.ones((1, 1), complex), np.ones((1, 1), np.bool_)
    with pytest.raises(DataError, match="complex128"):
        find_limits(values, valid)
    with pytest.raises(DataError, match="complex128"):
        to_bytes(values, valid, 0, 1)


def test_pictures_of_8_bits_keep_their_colors_and_hide_what_is_no_data() -> None:
    rng = np.random.default_rng(0)
    values, valid = rng.integers(0, 256, (3, 20, 30), dtype=np.uint8), rng.random((20, 30)) < 0.5
    found = to_rgba(values, [(0, 255)] * 3, valid)
    assert (found.shape, found.dtype) == ((20, 30), np.dtype("<u4"))
    expected = np.where(valid, np.concatenate([values, np.full((1, 20, 30), 255, np.uint8)]), 0)
    shifts = np.array([0, 8, 16, 24], np.uint32)[:, None, None]
    np.testing.assert_array_equal((found >> shifts) & 255, expected)


def test_bands_have_their_own_limits_and_nan_in_one_is_transparent() -> None:
    values = np.array([[[5.0, 5.0]], [[5.0, np.nan]], [[5.0, 5.0]]])
    found = to_rgba(values, [(0, 10), (5, 10), (10, 0)], np.ones((1, 2), np.bool_))
    assert found.view(np.uint8).tolist() == [[128, 0, 128, 255, 0, 0, 0, 0]]


def test_other_than_three_bands_make_no_color() -> None:
    with pytest.raises(UsageError, match="three of both"):
        to_rgba(np.ones((2, 1, 1)), [(0, 1)] * 2, np.ones((1, 1), np.bool_))
