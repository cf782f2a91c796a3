"""An overview holds the middle pixels of its cells, whatever the raster, and can be watched, stopped and asked why it failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.app.numbered import LONG, make_raster
from tests.conftest import write_raster
from tsraster.app.picture.overview import MOST_BYTES, Overview, find_cells, find_pixels
from tsraster.errors import BandError, ReadError, UnknownNameError
from tsraster.preparing.scaling import Scaling
from tsraster.preparing.views import convert_bands
from tsraster.raster import Pixels
from tsraster.reading import open_raster


def see_all(overview: Overview, bands: Sequence[int]) -> Pixels:
    assert overview.wait(LONG)
    overview.check()
    return overview.read(np.arange(overview.shape[0]), np.arange(overview.shape[1]), bands)


def middles(length: int, step: int) -> list[int]:
    return [min(start + step // 2, length - 1) for start in range(0, length, step)]


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("block", [1, 4, 5, 64])
def test_blocks_have_each_cell_once(step: int, block: int) -> None:
    length = 37
    found: list[int] = []
    for start in range(0, length, block):
        stop = min(start + block, length)
        pixels = find_pixels(*find_cells(start, stop, step, length), step, length)
        assert all(start <= pixel < stop for pixel in pixels)
        found += pixels.tolist()
    assert found == middles(length, step)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (700, 1), (300, 257)])
@pytest.mark.parametrize("most_bytes", [200, 3000, 10**9])
def test_cells_show_their_middle_pixels(tmp_path: Path, shape: tuple[int, int], most_bytes: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 3, (2, *shape), dtype=np.uint16)
    path = write_raster(tmp_path / "a.tif", pixels, nodata=0, tiled=True, blockxsize=64, blockysize=64)
    with open_raster(path) as raster, Overview(raster, most_bytes=most_bytes) as overview:
        for bands in ([1], [2], [2, 1], [1, 1, 2]):
            found = see_all(overview, bands)
            whole = raster.read(bands=bands)
            rows, cols = (middles(length, overview.step) for length in shape)
            np.testing.assert_array_equal(found.data, whole.data[:, rows][:, :, cols])
            np.testing.assert_array_equal(found.valid, whole.valid[rows][:, cols])
            assert found.data.dtype == whole.data.dtype
        assert overview.filled.all()
        assert overview.filled.size * (2 * 3 + 1) <= most_bytes


def test_color_pictures_are_valid_where_any_band_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 2, (3, 20, 30), dtype=np.uint8)
    path = write_raster(tmp_path / "a.tif", pixels, nodata=0, roles=["red", "green", "blue"])
    with open_raster(path) as raster, Overview(raster) as overview:
        for bands in ([1, 2, 3], [2], [3, 1]):
            np.testing.assert_array_equal(see_all(overview, bands).valid, raster.read(bands=bands).valid)


def test_views_are_shown_as_they_are_read(tmp_path: Path) -> None:
    pixels = np.arange(600, dtype=np.int16).reshape(20, 30)
    with open_raster(write_raster(tmp_path / "a.tif", pixels)) as raster:
        kelvin = convert_bands(raster, {1: Scaling(scale=0.5, offset=100.0, unit="K", fill=7)})
        with Overview(kelvin) as overview:
            found, whole = see_all(overview, [1]), kelvin.read()
    np.testing.assert_array_equal(found.data, whole.data)
    np.testing.assert_array_equal(found.valid, whole.valid)
    assert found.data.dtype == np.float32
    assert not found.valid.all()


def test_bands_can_be_chosen_and_others_are_not_there(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    with open_raster(write_raster(tmp_path / "a.tif", pixels)) as raster:
        with Overview(raster, bands=[3, 1]) as overview:
            np.testing.assert_array_equal(see_all(overview, [1]).data, pixels[:1])
            with pytest.raises(BandError, match=r"no band 2; it has \[3, 1\]"):
                see_all(overview, [2])
        with pytest.raises(BandError, match="has no band 4"):
            Overview(raster, bands=[4])


def test_huge_rasters_need_little_memory_and_can_be_left_at_once() -> None:
    raster, fake = make_raster((100_000, 100_000))
    started = time.monotonic()
    with Overview(raster) as overview:
        assert not overview.wait(0.05)
        assert overview.filled.nbytes * (8 + 1 + 1) <= MOST_BYTES
        assert overview.progress < 1
    assert time.monotonic() - started < 30
    assert max(window.rows * window.cols for window in fake.windows) <= 2**20
    seen = len(fake.windows)
    time.sleep(0.05)
    assert len(fake.windows) == seen


def test_progress_grows_to_one_and_is_not_told_too_often() -> None:
    raster, _ = make_raster((20_000, 3_000))
    said: list[float] = []
    started = time.monotonic()
    with Overview(raster, on_progress=said.append) as overview:
        assert overview.wait(LONG)
        overview.check()
    assert said == sorted(said)
    assert (said[-1], overview.progress) == (1.0, 1.0)
    assert len(said) <= 2 + (time.monotonic() - started) / 0.25


@pytest.mark.parametrize(
    ("error", "message"),
    [(ReadError("it is damaged"), "^it is damaged$"), (ZeroDivisionError("by 0"), "fake cannot be shown .*by 0")],
)
def test_what_ends_the_pass_can_be_asked_for(error: Exception, message: str) -> None:
    def fail() -> None:
        raise error

    raster, _ = make_raster((10, 10), fail=fail)
    with Overview(raster) as overview:
        assert overview.wait(LONG)
        with pytest.raises(ReadError, match=message):
            overview.check()
        assert not overview.filled.any()


def test_an_error_of_the_package_keeps_its_kind() -> None:
    def fail() -> None:
        raise UnknownNameError("no such name")

    raster, _ = make_raster((10, 10), fail=fail)
    with Overview(raster) as overview:
        overview.wait(LONG)
        with pytest.raises(UnknownNameError):
            overview.check()


def test_the_pass_waits_while_it_is_paused() -> None:
    go = threading.Event()
    raster, fake = make_raster((5000, 5000), fail=lambda: go.wait(LONG) and None)
    with Overview(raster, workers=1) as overview, overview.paused():
        go.set()
        time.sleep(0.3)
        seen = len(fake.windows)
        time.sleep(0.2)
        assert len(fake.windows) == seen < 25
        assert not overview.wait(0)


@pytest.mark.parametrize("with_copies", [True, False])
def test_a_smaller_copy_in_the_file_is_the_first_look(tmp_path: Path, with_copies: bool) -> None:
    pixels = np.kron(np.array([[1, 2], [0, 4]], np.uint8), np.ones((800, 900), np.uint8))
    path = write_raster(tmp_path / "a.tif", pixels, nodata=0, transform=rasterio.Affine.scale(2))
    if with_copies:
        with rasterio.open(path, "r+") as file:
            file.build_overviews([2, 4, 8], rasterio.enums.Resampling.nearest)
    looked, go = threading.Event(), threading.Event()

    def stay(share: float) -> None:
        looked.set()
        go.wait(LONG)

    with open_raster(path) as raster, Overview(raster, on_progress=stay, workers=1) as overview:
        assert looked.wait(LONG)
        if with_copies:
            assert not overview.filled.any()
            found = overview.read(np.arange(1600), np.arange(1800), [1])
            np.testing.assert_array_equal(found.data[0], pixels)
            np.testing.assert_array_equal(found.valid, pixels != 0)
        else:
            assert overview.progress > 0
        go.set()
        np.testing.assert_array_equal(see_all(overview, [1]).data[0], pixels)
