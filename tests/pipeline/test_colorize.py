"""`colorize_file` paints class maps: the same colors as classifying in one pass, and every code of a real one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tsraster import Lut, classify_file, colorize_file, read_lut
from tsraster.classtable import ClassTable
from tsraster.errors import BandError, DataError, LossWarning, LutError, TsrasterError, UsageError
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
NLCD = "landcover/nlcd2011_zion.tif"
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}


def read(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels


@pytest.fixture
def values(tmp_path: Path, draw_raster: Draw) -> Path:
    pixels = np.random.default_rng(2).normal(290, 8, (90, 70)).astype(np.float32)
    pixels[:9, :9] = np.nan
    return draw_raster(tmp_path / "v.tif", pixels, **UTM)


@pytest.mark.parametrize("lut", ["thermal", "terrain", "categorical"])
def test_the_colors_are_those_of_classifying_in_one_pass(values: Path, tmp_path: Path, lut: str) -> None:
    codes, colors, table = tmp_path / "c.tif", tmp_path / "p.tif", tmp_path / "t.json"
    # Some classes are empty, so that a ramp over those that occur would have other colors.
    classify_file(values, codes, color=colors, lut=lut, cutoffs=[100, 110, 280, 290, 300, 400], save_table=table)
    colorize_file(codes, tmp_path / "q.tif", lut=lut, table=table)
    np.testing.assert_array_equal(read(tmp_path / "q.tif"), read(colors))
    # The palette that the class map has holds the same colors.
    colorize_file(codes, tmp_path / "r.png")
    np.testing.assert_array_equal(read(tmp_path / "r.png"), read(colors))
    with rasterio.open(tmp_path / "q.tif") as file:
        assert (file.crs, file.transform) == (UTM["crs"], UTM["transform"])


def test_codes_in_another_order_keep_the_order_of_the_table(values: Path, tmp_path: Path) -> None:
    codes, colors, table = tmp_path / "c.tif", tmp_path / "p.tif", tmp_path / "t.json"
    classify_file(values, codes, color=colors, lut="thermal", bins=3, values=[30, 10, 20], save_table=table)
    colorize_file(codes, tmp_path / "q.tif", lut="thermal", table=table)
    np.testing.assert_array_equal(read(tmp_path / "q.tif"), read(colors))
    colorize_file(codes, tmp_path / "r.tif", lut="thermal")
    assert not np.array_equal(read(tmp_path / "r.tif"), read(colors))


def test_a_ramp_alone_spreads_over_the_codes_that_occur(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[2, 5, 9, 0]], np.uint8))
    result = colorize_file(source, tmp_path / "p.tif", lut="gray")
    assert read(tmp_path / "p.tif")[0].tolist() == [[0, 128, 255, 0]]
    assert read(tmp_path / "p.tif")[3].tolist() == [[255, 255, 255, 0]]
    assert (result.counts, result.without_class, result.lut.keys) == ({2: 1, 5: 1, 9: 1}, 1, (2, 5, 9))


def test_real_land_cover_has_the_colors_of_its_legend(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / NLCD
    codes = read(source)[0]
    result = colorize_file(source, tmp_path / "own.tif", block_size=300)
    with rasterio.open(source) as file:
        palette = np.array([file.colormap(1)[code] for code in range(256)], np.uint8)
    expected = np.moveaxis(palette[codes], -1, 0)
    expected[:, codes == 0] = 0
    found = read(tmp_path / "own.tif")
    np.testing.assert_array_equal(found, expected[: len(found)])
    assert result.counts == {code: int((codes == code).sum()) for code in np.unique(codes).tolist() if code}
    assert len(result.counts) == 14
    colorize_file(source, tmp_path / "nlcd.png", lut="nlcd")
    by_name = dict(zip(read_lut("nlcd").keys, read_lut("nlcd").colors, strict=True))
    painted = read(tmp_path / "nlcd.png")
    for code in result.counts:
        row, col = np.argwhere(codes == code)[0]
        assert tuple(painted[:3, row, col]) == by_name[code][:3]


def test_all_codes_without_a_color_are_listed(shared_data: Path, tmp_path: Path) -> None:
    few = Lut(name="few", kind="classes", keys=(11, 42, 52), colors=((1, 2, 3, 255),) * 3)
    with pytest.raises(LutError, match=r"few has no color for the codes 21, 22, 23, .*95 \(11 of 14\)"):
        colorize_file(shared_data / NLCD, tmp_path / "p.tif", lut=few)
    assert list(tmp_path.iterdir()) == []


def test_a_color_table_need_not_cover_classes_that_do_not_occur(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[1, 2]], np.uint8))
    lut = Lut(name="l", kind="classes", keys=(1, 2), colors=((9, 8, 7, 255), (6, 5, 4, 255)))
    table = ClassTable.from_cutoffs([1, 2, 3])
    colorize_file(source, tmp_path / "p.tif", lut=lut, table=table)
    assert read(tmp_path / "p.tif").reshape(3, 2).T.tolist() == [[9, 8, 7], [6, 5, 4]]


def test_a_code_that_is_not_in_the_table_is_said(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[1, 7]], np.uint8))
    with pytest.raises(LutError, match="the code 7, for which the class table has no class"):
        colorize_file(source, tmp_path / "p.tif", lut="thermal", table=ClassTable.from_cutoffs([5]))


def test_floats_and_negative_numbers_are_no_codes(tmp_path: Path, draw_raster: Draw) -> None:
    floats = draw_raster(tmp_path / "f.tif", np.array([[1.0, 2.0]], np.float32))
    negative = draw_raster(tmp_path / "n.tif", np.array([[1, -2, -9]], np.int16), nodata=-9)
    many = draw_raster(tmp_path / "m.tif", np.arange(2**20 + 2, dtype=np.int32).reshape(-1, 2))
    for source, text in (
        (floats, "f.tif holds float32 and no class codes; classify it first"),
        (negative, "n.tif holds the negative number -2"),
        (many, "m.tif holds more than 1048576 different numbers"),
    ):
        with pytest.raises(DataError, match=text):
            colorize_file(source, tmp_path / "p.tif", lut="thermal")
        assert not (tmp_path / "p.tif").exists()


def test_of_several_bands_one_must_be_named(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.png", np.array([[[1, 2]], [[2, 2]], [[3, 3]]], np.uint8), driver="PNG")
    with pytest.raises(BandError, match="has 3 bands; name the one with class codes with --band: 1 red"):
        colorize_file(source, tmp_path / "p.tif", lut="gray")
    colorize_file(source, tmp_path / "p.tif", lut="gray", band=1)
    assert read(tmp_path / "p.tif")[0].tolist() == [[0, 255]]
    for band in (0, 4, -1):
        with pytest.raises(TsrasterError, match=f"no band {band}"):
            colorize_file(source, tmp_path / "q.tif", lut="gray", band=band)


def test_band_0_is_no_band(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[1, 2]], np.uint8))
    with pytest.raises(TsrasterError, match="no band 0"):
        colorize_file(source, tmp_path / "p.tif", lut="gray", band=0)


def test_without_a_palette_a_color_table_is_needed(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[1, 2]], np.uint8))
    with pytest.raises(LutError, match=r"c.tif has no palette of its own; name a color table with --lut"):
        colorize_file(source, tmp_path / "p.tif")
    with pytest.raises(UsageError, match=r"cannot be a COG"):
        colorize_file(source, tmp_path / "p.png", lut="gray", cog=True)
    with pytest.raises(UsageError, match="give another one"):
        colorize_file(source, source, lut="gray", overwrite=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64", "uint64"])
def test_codes_of_any_integer_type(tmp_path: Path, draw_raster: Draw, dtype: str) -> None:
    largest = min(int(np.iinfo(dtype).max), 2**32 - 1)
    source = draw_raster(tmp_path / "c.tif", np.array([[1, largest, 0, 1]], dtype))
    lut = Lut(name="l", kind="classes", keys=(1, 5, largest), colors=((9, 8, 7, 255), (0, 0, 0, 255), (6, 5, 4, 255)))
    result = colorize_file(source, tmp_path / "p.tif", lut=lut)
    expected = [[9, 8, 7, 255], [6, 5, 4, 255], [0, 0, 0, 0], [9, 8, 7, 255]]
    assert read(tmp_path / "p.tif").reshape(4, 4).T.tolist() == expected
    assert result.counts == {1: 2, largest: 1}


def test_nodata_is_of_no_class_whatever_its_number(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.array([[1, 255, 3, 0]], np.uint8), nodata=255)
    result = colorize_file(source, tmp_path / "p.tif", lut="gray")
    assert read(tmp_path / "p.tif")[[0, 3], 0].T.tolist() == [[0, 255], [0, 0], [255, 255], [0, 0]]
    assert (result.counts, result.without_class) == ({1: 1, 3: 1}, 2)


def test_a_class_map_of_nothing_is_all_of_no_class(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.zeros((2, 3), np.uint8))
    lut = Lut(name="l", kind="classes", keys=(1,), colors=((9, 8, 7, 255),), nodata=(1, 2, 3, 255))
    result = colorize_file(source, tmp_path / "p.tif", lut=lut)
    assert read(tmp_path / "p.tif")[:, 1, 1].tolist() == [1, 2, 3, 255]
    assert (result.counts, result.without_class) == ({}, 6)


def test_a_jpeg_is_white_where_there_is_no_class_and_says_so_before_it_is_there(
    tmp_path: Path, draw_raster: Draw
) -> None:
    holes = draw_raster(tmp_path / "c.tif", np.kron([[0, 1]], np.ones((16, 16))).astype(np.uint8))
    with pytest.warns(LossWarning, match="pixels of no class are white"):
        colorize_file(holes, tmp_path / "p.jpg", lut="thermal")
    assert read(tmp_path / "p.jpg")[:, 4, 4].tolist() == [255, 255, 255]
    with pytest.raises(LossWarning):  # where somebody makes errors of warnings
        colorize_file(holes, tmp_path / "q.jpg", lut="thermal")
    assert not (tmp_path / "q.jpg").exists()
    full = draw_raster(tmp_path / "d.tif", np.full((16, 16), 3, np.uint8), nodata=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        colorize_file(full, tmp_path / "r.jpg", lut="thermal")


def test_progress_reaches_its_total(values: Path, tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    classify_file(values, tmp_path / "c.tif", bins=3)
    colorize_file(
        tmp_path / "c.tif", tmp_path / "p.tif", lut="gray", block_size=45, progress=lambda *counts: said.append(counts)
    )  # fmt: skip
    assert said == [(i, 8) for i in range(1, 9)]
