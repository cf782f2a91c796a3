"""Smoothing against scikit-image where all is valid, against brute force beside nodata, and by blocks against the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.filters import gaussian, median

from tsraster.errors import UnknownNameError, UsageError
from tsraster.preparing import parse_smoothing, plan_preparation, smooth
from tsraster.preparing.smoothing import MOST_HALO, SMOOTHERS
from tsraster.raster import Band, Pixels, Raster, Window

SIZES = {"gaussian": ("0.1", "1", "2.5"), "median": ("3", "5", "9")}
"""Sizes at which every smoother is tested; a new one needs some here."""
SMOOTHINGS = [f"{name}:{size}" for name, sizes in SIZES.items() for size in sizes]
DTYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")


def draw_values(shape: tuple[int, int], dtype: str, seed: int = 0) -> NDArray[Any]:
    random = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return random.normal(290, 15, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def draw_holes(shape: tuple[int, int], share: float, seed: int = 1) -> NDArray[np.bool_]:
    random = np.random.default_rng(seed)
    valid = np.asarray(random.random(shape) >= share)
    valid[: shape[0] // 4, : shape[1] // 4] = False
    return valid


def all_valid(values: NDArray[Any]) -> Pixels:
    return Pixels(data=values, valid=np.ones(values.shape, dtype=np.bool_))


class ArrayReader:
    """Pixels from memory."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        rows, cols = window.slices
        data = self.pixels.data[[band - 1 for band in bands], rows, cols]
        return Pixels(data=data, valid=self.pixels.valid[rows, cols])

    def to_xarray(self, chunks: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


def raster_of(pixels: Pixels) -> Raster:
    """A raster with one band, of pixels of shape (row, col)."""
    return Raster(
        name="memory",
        driver="MEM",
        shape=pixels.valid.shape,
        bands=(Band(number=1, dtype=pixels.data.dtype.name),),
        reader=ArrayReader(Pixels(data=pixels.data[np.newaxis], valid=pixels.valid)),
    )


# What every smoother must do --------------------------------------------------------------------------------------------


def test_every_smoother_is_tested() -> None:
    assert list(SMOOTHERS) == list(SIZES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", SMOOTHINGS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.6], ids=["all valid", "some holes", "many holes"])
@pytest.mark.parametrize("block", [(7, 40), (40, 11), (13, 17), (1, 1000)], ids=str)
def test_blocks_equal_the_whole_bit_by_bit(text: str, dtype: str, share: float, block: tuple[int, int]) -> None:
    shape = (43, 37)
    valid = draw_holes(shape, share) if share else np.ones(shape, dtype=np.bool_)
    pixels = Pixels(data=draw_values(shape, dtype), valid=valid)
    raster = raster_of(pixels)
    preparation = plan_preparation(raster, smooth=text)
    whole = smooth(pixels, parse_smoothing(text))
    assert whole.data.dtype == preparation.dtype
    for row in range(0, shape[0], block[0]):
        for col in range(0, shape[1], block[1]):
            rows, cols = min(block[0], shape[0] - row), min(block[1], shape[1] - col)
            window = Window(row=row, col=col, rows=rows, cols=cols)
            part = preparation.read(raster, window)
            np.testing.assert_array_equal(part.valid, valid[window.slices])
            np.testing.assert_array_equal(part.data[part.valid], whole.data[window.slices][part.valid])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", SMOOTHINGS)
def test_what_stands_in_nodata_does_not_bleed(text: str, dtype: str) -> None:
    valid = draw_holes((30, 25), 0.2)
    values = draw_values(valid.shape, dtype)
    limits: Any = np.finfo(dtype) if dtype.startswith("float") else np.iinfo(dtype)
    fills = [0, limits.min, limits.max, *([math.nan, math.inf] if dtype.startswith("float") else [])]
    results = []
    for fill in fills:
        filled = np.where(valid, values, np.array(fill, dtype=dtype))
        result = smooth(Pixels(data=filled, valid=valid), parse_smoothing(text))
        np.testing.assert_array_equal(result.valid, valid)
        results.append(result.data[valid])
    assert np.isfinite(results[0]).all()
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", SMOOTHINGS)
def test_a_constant_stays_constant_beside_nodata(text: str, dtype: str) -> None:
    valid = draw_holes((30, 25), 0.5)
    result = smooth(Pixels(data=np.full(valid.shape, 117, dtype=dtype), valid=valid), parse_smoothing(text))
    np.testing.assert_allclose(result.data[valid], 117, rtol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("text", SMOOTHINGS)
def test_the_source_is_left_alone(text: str) -> None:
    pixels = Pixels(data=draw_values((20, 20), "float32"), valid=draw_holes((20, 20), 0.2))
    before, valid = pixels.data.copy(), pixels.valid.copy()
    smooth(pixels, parse_smoothing(text))
    np.testing.assert_array_equal(pixels.data, before)
    np.testing.assert_array_equal(pixels.valid, valid)


@pytest.mark.parametrize("text", SMOOTHINGS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)], ids=str)
def test_an_image_smaller_than_the_filter(text: str, shape: tuple[int, int]) -> None:
    values = draw_values(shape, "float64")
    result = smooth(all_valid(values), parse_smoothing(text))
    assert result.data.shape == shape
    assert values.min() - 1e-9 <= result.data.min() <= result.data.max() <= values.max() + 1e-9


@pytest.mark.parametrize("text", SMOOTHINGS)
def test_nothing_valid_stays_so(text: str) -> None:
    nothing = Pixels(data=np.full((5, 5), np.nan), valid=np.zeros((5, 5), dtype=np.bool_))
    assert not smooth(nothing, parse_smoothing(text)).valid.any()


# Oracles ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", SIZES["gaussian"])
def test_gaussian_is_that_of_scikit_image_where_all_is_valid(dtype: str, sigma: str) -> None:
    values = draw_values((40, 50), dtype)
    wanted = gaussian(values, sigma=float(sigma), mode="nearest", preserve_range=True)
    result = smooth(all_valid(values), parse_smoothing(f"gaussian:{sigma}"))
    assert result.data.dtype == wanted.dtype
    np.testing.assert_array_equal(result.data, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES["median"])
def test_median_is_that_of_scikit_image_where_all_is_valid(dtype: str, size: str) -> None:
    values = draw_values((40, 50), dtype)
    wanted = median(values, np.ones((int(size), int(size)), dtype=bool), mode="nearest")
    result = smooth(all_valid(values), parse_smoothing(f"median:{size}"))
    assert result.data.dtype == values.dtype
    np.testing.assert_array_equal(result.data, wanted)


@pytest.mark.parametrize("text", SMOOTHINGS)
def test_far_from_nodata_it_is_that_of_scikit_image_too(text: str) -> None:
    values, valid = draw_values((60, 60), "float64"), np.ones((60, 60), dtype=np.bool_)
    valid[:10, :10] = False
    halo = parse_smoothing(text).halo
    whole = smooth(all_valid(values), parse_smoothing(text)).data
    part = smooth(Pixels(data=values, valid=valid), parse_smoothing(text)).data
    far = np.ones_like(valid)
    far[: 10 + halo, : 10 + halo] = False
    np.testing.assert_array_equal(part[far], whole[far])


def windows_of(pixels: Pixels, halo: int, row: int, col: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The square around a pixel, with the border of the image repeated."""
    rows = np.clip(np.arange(row - halo, row + halo + 1), 0, pixels.valid.shape[0] - 1)
    cols = np.clip(np.arange(col - halo, col + halo + 1), 0, pixels.valid.shape[1] - 1)
    return pixels.data[np.ix_(rows, cols)], pixels.valid[np.ix_(rows, cols)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [3, 5])
def test_median_beside_nodata_is_that_of_the_others(dtype: str, size: int) -> None:
    pixels = Pixels(data=draw_values((17, 15), dtype), valid=draw_holes((17, 15), 0.4))
    result = smooth(pixels, parse_smoothing(f"median:{size}"))
    for row, col in zip(*np.nonzero(pixels.valid), strict=True):
        seen, valid = windows_of(pixels, size // 2, row, col)
        others = np.sort(seen[valid])
        assert result.data[row, col] == others[len(others) // 2]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", [0.6, 1.5])
def test_gaussian_beside_nodata_is_the_weighted_mean_of_the_others(dtype: str, sigma: float) -> None:
    pixels = Pixels(data=draw_values((17, 15), dtype), valid=draw_holes((17, 15), 0.4))
    smoothing = parse_smoothing(f"gaussian:{sigma}")
    result = smooth(pixels, smoothing)
    reach = np.arange(-smoothing.halo, smoothing.halo + 1)
    weights = np.exp(-(reach[:, np.newaxis] ** 2 + reach**2) / (2 * sigma**2))
    scale = float(np.abs(pixels.data.astype(float)).max())
    for row, col in zip(*np.nonzero(pixels.valid), strict=True):
        seen, valid = windows_of(pixels, smoothing.halo, row, col)
        wanted = np.sum(weights[valid] * seen[valid].astype(float)) / weights[valid].sum()
        error = 1e-5 if dtype == "float32" else 1e-12
        assert result.data[row, col] == pytest.approx(wanted, rel=error, abs=error * scale)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_median_of_large_integers_is_exact(dtype: str, data: st.DataObject) -> None:
    low = np.iinfo(dtype).max - data.draw(st.integers(0, 2**62))
    steps = data.draw(st.lists(st.integers(0, 9), min_size=20, max_size=20))
    pixels = all_valid(np.array([low - step for step in steps], dtype=dtype).reshape(4, 5))
    result = smooth(pixels, parse_smoothing("median:3"))
    for row in range(4):
        for col in range(5):
            seen, _ = windows_of(pixels, 1, row, col)
            assert result.data[row, col] == np.sort(seen, axis=None)[4]


# Words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gauss:1", r"unknown smoothing 'gauss'; did you mean gaussian\?"),
        ("mean:3", r"unknown smoothing 'mean'; did you mean median\?"),
        ("", "unknown smoothing ''; choose from gaussian, median"),
        (":3", "unknown smoothing ''"),
        ("gaussian", "the smoothing 'gaussian' has no size; write gaussian:SIZE, where SIZE is the standard deviation"),
        ("gaussian:", "has no size"),
        ("gaussian:wide", "has no size"),
        ("median:3:5", "has no size"),
        ("gaussian:0", "has a size that gaussian does not take; SIZE is the standard deviation in pixels, above 0"),
        ("gaussian:-1", "does not take"),
        ("gaussian:nan", "does not take"),
        ("gaussian:inf", "does not take"),
        ("gaussian:1e9", "at most 100"),
        ("median:0", "SIZE is the side of the square in pixels, an odd number from 3 to 101"),
        ("median:1", "does not take"),
        ("median:4", "does not take"),
        ("median:3.5", "does not take"),
        ("median:-3", "does not take"),
        ("median:103", "does not take"),
        ("median:nan", "does not take"),
        ("median:1e400", "does not take"),
    ],
)
def test_a_smoothing_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_smoothing(text)
    assert isinstance(caught.value, UnknownNameError) == ("unknown" in words)


@pytest.mark.parametrize("text", ["gaussian:100", "median:101", " median : 5 "])
def test_the_largest_sizes_fit_into_the_halo(text: str) -> None:
    assert 0 < parse_smoothing(text).halo <= MOST_HALO
