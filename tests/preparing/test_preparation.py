"""From the bands of a raster to one array of values: gray, one band, palettes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2gray

from tsraster.errors import BandError, DataError, UsageError
from tsraster.preparing import luminance, plan_preparation
from tsraster.preparing.gray import WEIGHTS
from tsraster.raster import Window
from tsraster.reading import open_raster

Draw = Callable[..., Path]


def draw_rgb(dtype: str, shape: tuple[int, int] = (31, 47)) -> Any:
    random = np.random.default_rng(7)
    return random.integers(0, np.iinfo(dtype).max, (3, *shape), dtype=dtype, endpoint=True)


# Luminance --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.integers(0, 31), max_size=3), cols=st.lists(st.integers(0, 47), max_size=3))
def test_luminance_by_blocks_equals_the_whole_bit_by_bit(dtype: str, rows: list[int], cols: list[int]) -> None:
    rgb = draw_rgb(dtype)
    blocks = [
        [luminance(part) for part in np.array_split(strip, sorted(cols), axis=2)]
        for strip in np.array_split(rgb, sorted(rows), axis=1)
    ]
    np.testing.assert_array_equal(np.block(blocks), luminance(rgb))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_luminance_is_that_of_scikit_image(dtype: str) -> None:
    rgb = draw_rgb(dtype, (200, 300))
    np.testing.assert_allclose(luminance(rgb), rgb2gray(rgb, channel_axis=0), rtol=0, atol=2.3e-16)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_black_is_0_and_white_is_1(dtype: str) -> None:
    ends = np.array([[0, np.iinfo(dtype).max]] * 3, dtype=dtype)
    assert luminance(ends).tolist() == [0.0, 1.0]


def test_the_weights_are_those_of_rec_709() -> None:
    assert sum(WEIGHTS) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("dtype", [">u2", "<u2"])
def test_the_byte_order_does_not_matter(dtype: str) -> None:
    rgb = draw_rgb("uint16")
    np.testing.assert_array_equal(luminance(rgb.astype(dtype)), luminance(rgb))


@pytest.mark.parametrize(
    "rgb", [np.zeros((4, 2, 2), np.uint8), np.zeros((3, 2, 2)), np.zeros((3, 2, 2), np.int16)], ids=str
)
def test_what_is_no_color_picture_has_no_luminance(rgb: Any) -> None:
    with pytest.raises(DataError, match="luminance needs three bands of uint8 or uint16, and got"):
        luminance(rgb)


# Which values -----------------------------------------------------------------------------------------------------------


def test_a_photo_becomes_gray(draw_raster: Draw, tmp_path: Path) -> None:
    rgb = draw_rgb("uint8")
    with open_raster(draw_raster(tmp_path / "photo.png", rgb, driver="PNG")) as raster:
        preparation = plan_preparation(raster)
        window = Window(row=3, col=5, rows=9, cols=11)
        assert preparation.bands == (1, 2, 3)
        assert preparation.dtype == np.float64
        np.testing.assert_array_equal(preparation.read(raster, window).data, luminance(rgb)[window.slices])


def test_a_band_of_a_photo_stays_what_it_is(draw_raster: Draw, tmp_path: Path) -> None:
    rgb = draw_rgb("uint8")
    with open_raster(draw_raster(tmp_path / "photo.png", rgb, driver="PNG")) as raster:
        preparation = plan_preparation(raster, band=2)
        window = Window(row=0, col=0, rows=31, cols=47)
        assert preparation.dtype == np.uint8
        np.testing.assert_array_equal(preparation.read(raster, window).data, rgb[1])


@pytest.mark.parametrize(("smooth", "dtype"), [(None, "int16"), ("median:3", "int16"), ("gaussian:1", "float64")])
def test_the_type_that_comes_out_is_known_before(
    smooth: str | None, dtype: str, draw_raster: Draw, tmp_path: Path
) -> None:
    values = np.arange(30, dtype=np.int16).reshape(5, 6)
    with open_raster(draw_raster(tmp_path / "band.tif", values)) as raster:
        preparation = plan_preparation(raster, smooth=smooth)
        assert preparation.dtype == np.dtype(dtype)
        assert preparation.read(raster, Window(row=1, col=1, rows=2, cols=2)).data.dtype == np.dtype(dtype)


def test_several_bands_are_listed(draw_raster: Draw, tmp_path: Path) -> None:
    with open_raster(draw_raster(tmp_path / "bands.tif", np.zeros((2, 4, 4), np.int16))) as raster:
        with pytest.raises(BandError, match=r"has 2 bands and is no color picture; name one with --band: 1 .*, 2 "):
            plan_preparation(raster)
        with pytest.raises(BandError, match="has no band 3; choose from 1 "):
            plan_preparation(raster, band=3)


@pytest.mark.parametrize("band", [0, -1])
def test_a_band_that_no_raster_has_is_wrong_usage(band: int, draw_raster: Draw, tmp_path: Path) -> None:
    with (
        open_raster(draw_raster(tmp_path / "band.tif", np.zeros((4, 4), np.int16))) as raster,
        pytest.raises(UsageError, match=f"there is no band {band}; bands are counted from 1"),
    ):
        plan_preparation(raster, band=band)


# Palettes ---------------------------------------------------------------------------------------------------------------


def test_a_picture_with_a_palette_becomes_gray(draw_raster: Draw, tmp_path: Path) -> None:
    codes = np.array([[0, 1, 2]], dtype=np.uint8)
    palette = {0: (0, 0, 0, 255), 1: (255, 0, 0, 255), 2: (255, 255, 255, 255)}
    source = draw_raster(tmp_path / "first.tif", codes, palette=palette)
    picture = copy_to_png(source)
    with open_raster(picture) as raster:
        values = plan_preparation(raster).read(raster, Window(row=0, col=0, rows=1, cols=3))
    assert values.data.tolist() == [[0.0, WEIGHTS[0], 1.0]]


def test_a_code_that_the_palette_lacks_is_black(draw_raster: Draw, tmp_path: Path) -> None:
    codes = np.array([[1, 200]], dtype=np.uint8)
    source = draw_raster(tmp_path / "first.tif", codes, palette={1: (255, 255, 255, 255), 255: (9, 9, 9, 255)})
    picture = shorten_palette(copy_to_png(source), entries=2)
    with open_raster(picture) as raster:
        assert max(raster.palette) == 1
        values = plan_preparation(raster).read(raster, Window(row=0, col=0, rows=1, cols=2))
    assert values.data.tolist() == [[1.0, 0.0]]


def copy_to_png(source: Path) -> Path:
    import rasterio.shutil

    picture = source.with_suffix(".png")
    rasterio.shutil.copy(source, picture, driver="PNG")
    return picture


def shorten_palette(path: Path, *, entries: int) -> Path:
    """Cut the palette of a PNG, as a damaged one may be."""
    import struct
    import zlib

    data = path.read_bytes()
    whole, at = data[:8], 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"PLTE":
            body = body[: 3 * entries]
        if kind != b"tRNS":
            whole += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(whole)
    return path
