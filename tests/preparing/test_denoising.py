"""Denoising by slabs against the whole, against scipy and scikit-image, and on drawn noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, median_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from tsraster.errors import DataError, UnknownNameError, UsageError
from tsraster.preparing.denoising import (
    DENOISERS,
    ITERATIONS,
    Denoising,
    denoise,
    estimate_noise,
    fit_denoising,
    parse_denoising,
)
from tsraster.volume import Volume

SIZES = {"median": ("3", "5"), "gaussian": ("0.7", "1.5"), "nlm": ("0.8", "3"), "tv": ("2", "30")}
"""Numbers with which every denoiser is tested; a new one needs some here."""
DENOISINGS = [f"{name}:{size}" for name, sizes in SIZES.items() for size in sizes]
DTYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
NOISE = 12.0


def parse(text: str) -> Denoising:
    return replace(parse_denoising(text), noise=NOISE)


def draw_grains(
    dtype: str = "float64", shape: tuple[int, int, int] = (30, 16, 15), noise: float = NOISE
) -> NDArray[Any]:
    random = np.random.default_rng(3)
    grains = np.where(gaussian_filter(random.normal(size=shape), 4) > 0, 90, 160)
    return (grains + random.normal(0, noise, shape)).clip(0, 255).astype(dtype)


def by_slabs(planes: NDArray[Any], denoising: Denoising, height: int, halo: int) -> NDArray[Any]:
    parts = []
    for start in range(0, len(planes), height):
        stop, first = min(start + height, len(planes)), max(0, start - halo)
        parts.append(denoise(planes[first : stop + halo], denoising)[start - first : stop - first])
    return np.concatenate(parts)


class ArrayPlanes:
    """Planes from memory, and which of them were read."""

    def __init__(self, planes: NDArray[Any]) -> None:
        self.planes = planes
        self.read_planes: list[int] = []

    def read(self, start: int, stop: int) -> NDArray[Any]:
        self.read_planes += range(start, stop)
        return self.planes[start:stop]

    def close(self) -> None:
        pass


def volume_of(planes: NDArray[Any]) -> Volume:
    reader = ArrayPlanes(planes)
    depth, rows, cols = planes.shape
    return Volume(name="memory", form="npy", shape=(depth, rows, cols), dtype=planes.dtype.name, reader=reader)


# What every denoiser must do --------------------------------------------------------------------------------------------


def test_every_denoiser_is_tested() -> None:
    assert list(DENOISERS) == list(SIZES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", DENOISINGS)
def test_slabs_equal_the_whole(text: str, dtype: str) -> None:
    planes, denoising = draw_grains(dtype), parse(text)
    whole = denoise(planes, denoising)
    assert whole.dtype == planes.dtype
    for height in (1, 3, 7) if dtype == "uint8" else (7,):
        slabs = by_slabs(planes, denoising, height, denoising.halo)
        if text.startswith("nlm") and dtype.startswith("float"):
            np.testing.assert_allclose(slabs, whole, rtol=1e-7, atol=1e-5)
        else:
            np.testing.assert_array_equal(slabs, whole)


@pytest.mark.parametrize("text", ["median:3", "median:5", "gaussian:0.7", "gaussian:1.5", "nlm:3", "tv:200"])
def test_the_halo_is_no_larger_than_it_must_be(text: str) -> None:
    # Waves and an edge: in flat noise the last iterations of total variation would be lost in rounding.
    planes, denoising = draw_grains(noise=40.0), parse(text)
    slabs = by_slabs(planes, denoising, 7, denoising.halo - 1)
    assert np.abs(slabs - denoise(planes, denoising)).max() > 0


@pytest.mark.parametrize("text", DENOISINGS)
def test_noise_becomes_less(text: str) -> None:
    truth, noisy = draw_grains(noise=0.0), draw_grains(noise=40.0)
    left = np.std(denoise(noisy, replace(parse_denoising(text), noise=40.0)) - truth)
    assert left < 0.95 * np.std(noisy - truth)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", DENOISINGS)
def test_a_constant_stays_and_the_source_is_left_alone(text: str, dtype: str) -> None:
    planes = np.full((9, 8, 7), 117, dtype)
    np.testing.assert_allclose(denoise(planes, parse(text)), 117, rtol=1e-6)
    noisy = draw_grains(dtype, (9, 8, 7))
    before = noisy.copy()
    denoise(noisy, parse(text))
    np.testing.assert_array_equal(noisy, before)


@pytest.mark.parametrize("text", DENOISINGS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 6, 5), (3, 1, 9)], ids=str)
def test_a_volume_smaller_than_the_filter(text: str, shape: tuple[int, int, int]) -> None:
    planes = draw_grains("uint8", shape)
    result = denoise(planes, parse(text))
    assert result.shape == shape
    assert planes.min() <= result.min() <= result.max() <= planes.max()


@pytest.mark.parametrize("text", ["median:3", "gaussian:0.7", "nlm:30"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
def test_the_ends_of_a_type_are_not_passed(text: str, dtype: str) -> None:
    limits = np.iinfo(dtype)
    planes = np.where(np.random.default_rng(1).random((8, 8, 8)) < 0.5, limits.min, limits.max).astype(dtype)
    planes[:4] = limits.max
    assert denoise(planes, parse(text))[0, 0, 0] == limits.max


@pytest.mark.parametrize("text", DENOISINGS)
def test_values_that_are_not_finite_are_refused(text: str) -> None:
    planes = draw_grains("float32", (5, 5, 5))
    planes[2, 2, 2] = np.nan
    with pytest.raises(DataError, match="values that are not finite"):
        denoise(planes, parse(text))


# Oracles ----------------------------------------------------------------------------------------------------------------

ORACLES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "median:3": lambda planes: median_filter(planes, size=3, mode="nearest"),
    "gaussian:1.5": lambda planes: gaussian_filter(planes, 1.5, mode="nearest"),
    "nlm:0.8": lambda planes: denoise_nl_means(planes, 3, 3, h=0.8 * NOISE, sigma=NOISE, preserve_range=True),
    "tv:30": lambda planes: denoise_tv_chambolle(planes, weight=30, eps=0, max_num_iter=ITERATIONS),
}


@pytest.mark.parametrize("text", ORACLES)
def test_it_is_that_of_scipy_and_scikit_image(text: str) -> None:
    planes = draw_grains()
    wanted = ORACLES[text](planes)
    np.testing.assert_array_equal(denoise(planes, parse(text)), wanted)
    small = planes.astype(np.uint8)
    np.testing.assert_array_equal(denoise(small, parse(text)), np.floor(ORACLES[text](small.astype(float)) + 0.500001))


def test_total_variation_has_nearly_converged() -> None:
    planes = draw_grains()
    wanted = denoise_tv_chambolle(planes, weight=20, eps=0, max_num_iter=1000)
    left = np.std(denoise(planes, parse("tv:20")) - wanted)
    assert left < 0.2 * np.std(planes - wanted)


# Noise ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [1.0, 5.0, 20.0])
def test_the_noise_that_was_drawn_is_found(noise: float) -> None:
    random = np.random.default_rng(5)
    steps = np.kron(random.integers(0, 2, (2, 8, 8)) * 90, np.ones((10, 12, 12)))
    volume = volume_of(steps + random.normal(0, noise, steps.shape))
    assert estimate_noise(volume) == pytest.approx(noise, rel=0.05)


def test_the_noise_is_found_from_few_planes_spread_over_the_volume() -> None:
    volume = volume_of(np.random.default_rng(0).normal(size=(100, 9, 9)))
    estimate_noise(volume)
    assert volume.reader.read_planes == [3, 9, 15, 21, 28, 34, 40, 46, 53, 59, 65, 71, 78, 84, 90, 96]  # type: ignore[attr-defined]


def test_a_volume_without_noise_is_left_as_it_is() -> None:
    planes = np.zeros((6, 6, 6), np.uint8)
    fitted = fit_denoising(parse_denoising("nlm"), volume_of(planes))
    assert fitted.noise == 0
    np.testing.assert_array_equal(denoise(planes, fitted), planes)


def test_only_what_needs_the_noise_reads_the_volume() -> None:
    volume = volume_of(draw_grains())
    for text in ("median:3", "gaussian:1", "tv:3"):
        assert fit_denoising(parse_denoising(text), volume) == parse_denoising(text)
    assert volume.reader.read_planes == []  # type: ignore[attr-defined]
    assert fit_denoising(parse_denoising("nlm"), volume).noise == pytest.approx(NOISE, rel=0.1)


def test_nonlocal_means_without_the_noise_is_refused() -> None:
    with pytest.raises(UsageError, match="nlm needs the noise of the whole volume; pass what fit_denoising returns"):
        denoise(draw_grains(), parse_denoising("nlm"))


def test_denoising_fibers_keeps_the_porosity(shared_data: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    planes = tifffile.imread(shared_data / "microct" / "100_fiberform.tif")[:30, :40, :40]
    before = np.mean(planes <= 108)
    for text in ("median:3", "gaussian:1", "tv:10"):
        assert np.mean(denoise(planes, parse_denoising(text)) <= 108) == pytest.approx(before, abs=0.01)


# Words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mean:3", r"unknown denoising 'mean'; did you mean median\?"),
        ("", "unknown denoising ''; choose from median, gaussian, nlm, tv"),
        ("median", "the denoising 'median' lacks a number; write median:SIZE, where SIZE is the side of the cube"),
        ("tv", "lacks a number; write tv:WEIGHT, where WEIGHT is the weight in gray levels"),
        ("nlm:", "lacks a number; write nlm:H"),
        ("nlm:much", "lacks a number"),
        ("median:3:3", "lacks a number"),
        (
            "median:4",
            "has a number that median does not take; write median:SIZE, where SIZE is the side of the cube in voxels",
        ),
        ("median:13", "an odd number from 3 to 11"),
        ("median:nan", "does not take"),
        ("gaussian:0", "the standard deviation in voxels, above 0 and at most 10"),
        ("gaussian:11", "at most 10"),
        ("nlm:0", "a multiple of the standard deviation of the noise"),
        ("nlm:nan", "does not take"),
        ("tv:-1", "above 0"),
        ("tv:inf", "does not take"),
    ],
)
def test_a_denoising_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_denoising(text)
    assert isinstance(caught.value, UnknownNameError) == ("unknown" in words)


@pytest.mark.parametrize(("text", "halo"), [("median: 5", 2), ("gaussian:1.5", 6), ("nlm:2", 4), (" tv : 4 ", 19)])
def test_how_far_each_reaches(text: str, halo: int) -> None:
    assert parse_denoising(text).halo == halo
