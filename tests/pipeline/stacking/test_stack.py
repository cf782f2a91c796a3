"""Bands of several files as one raster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from tsraster.errors import DataError, DestinationExistsError, LossWarning, UsageError
from tsraster.pipeline.classify import classify_file
from tsraster.pipeline.stacking.stack import stack_files
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]

RNG = np.random.default_rng(3)
FIELD = RNG.integers(0, 255, (3, 12, 16), dtype=np.uint8).repeat(20, axis=1).repeat(20, axis=2)
PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
RGB = ("red", "green", "blue")


def read(path: Path) -> Any:
    with without_place_warning(), rasterio.open(path) as file:
        return file.read()


def test_bands_stand_in_the_order_of_the_files(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "ppl.png", FIELD, driver="PNG", roles=RGB)
    b = draw_raster(tmp_path / "xpl.png", FIELD[::-1], driver="PNG", roles=RGB)
    result = stack_files([a, b], tmp_path / "pair.tif")
    assert result.names == ("ppl.red", "ppl.green", "ppl.blue", "xpl.red", "xpl.green", "xpl.blue")
    np.testing.assert_array_equal(read(tmp_path / "pair.tif"), np.concatenate([FIELD, FIELD[::-1]]))
    with without_place_warning(), rasterio.open(tmp_path / "pair.tif") as file:
        assert file.descriptions == result.names
        assert "alpha" not in [role.name for role in file.colorinterp]


def test_place_tags_and_nodata_are_kept_and_types_joined(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "b4.tif", FIELD[0], nodata=0, tags={"TIFFTAG_ARTIST": "Ada"}, **PLACE)
    b = draw_raster(tmp_path / "b5.tif", FIELD[1].astype(np.uint16) * 9, nodata=0, **PLACE)
    stack_files([a, b], tmp_path / "both.tif", names=["red", "nir08"])
    with rasterio.open(tmp_path / "both.tif") as file:
        assert (file.crs, file.transform) == (PLACE["crs"], PLACE["transform"])
        assert (file.dtypes, file.nodata) == (("uint16", "uint16"), 0)
        assert file.descriptions == ("red", "nir08")
        assert file.tags()["TIFFTAG_ARTIST"] == "Ada"
        np.testing.assert_array_equal(file.read(2), FIELD[1].astype(np.uint16) * 9)


@pytest.mark.parametrize("shift", [(0, 0), (5, -8), (-11, 3)])
def test_shifted_pictures_are_moved_into_place(shift: tuple[int, int], draw_raster: Draw, tmp_path: Path) -> None:
    row, col = shift
    a = draw_raster(tmp_path / "a.png", FIELD[:, 20:200, 20:280], driver="PNG", roles=RGB)
    b = draw_raster(tmp_path / "b.png", FIELD[:, 20 - row : 210 - row, 20 - col : 290 - col], driver="PNG", roles=RGB)
    result = stack_files([a, b], tmp_path / "pair.tif", register=True)
    assert [(found.rows, found.cols) for found in result.shifts] == [shift]
    pixels = read(tmp_path / "pair.tif")
    np.testing.assert_array_equal(pixels[:3], pixels[3:])
    assert pixels.shape == (6, *result.shape)


def test_a_registered_stack_lies_where_its_pixels_lie(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "a.tif", FIELD[0, 20:200, 20:280], **PLACE)
    b = draw_raster(tmp_path / "b.tif", FIELD[0, 24:204, 26:286], **PLACE)
    result = stack_files([a, b], tmp_path / "pair.tif", register=True)
    assert [(found.rows, found.cols) for found in result.shifts] == [(-4, -6)]
    with rasterio.open(tmp_path / "pair.tif") as file:
        assert file.transform == PLACE["transform"] @ Affine.translation(6, 4)


@pytest.mark.parametrize("block_size", [1, 7, 64, 1000])
def test_the_size_of_blocks_and_the_executor_change_nothing(block_size: int, draw_raster: Draw, tmp_path: Path) -> None:
    small = FIELD[:, :60, :50]
    a = draw_raster(tmp_path / "a.png", small, driver="PNG", roles=RGB)
    b = draw_raster(tmp_path / "b.png", small[::-1], driver="PNG", roles=RGB)
    with ThreadPoolExecutor(3) as executor:
        stack_files([a, b], tmp_path / "pair.tif", block_size=block_size, executor=executor)
    np.testing.assert_array_equal(read(tmp_path / "pair.tif"), np.concatenate([small, small[::-1]]))


def test_that_a_mask_is_left_out_is_said(draw_raster: Draw, tmp_path: Path) -> None:
    alpha = np.concatenate([FIELD, np.full((1, *FIELD.shape[1:]), 255, np.uint8)])
    a = draw_raster(tmp_path / "a.png", alpha, driver="PNG", roles=(*RGB, "alpha"))
    b = draw_raster(tmp_path / "b.png", FIELD, driver="PNG", roles=RGB)
    with pytest.warns(LossWarning, match=r"a.png: its mask, or alpha, is left out"):
        assert len(stack_files([a, b], tmp_path / "pair.tif").names) == 6


def test_what_cannot_be_stacked_is_refused(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    small = draw_raster(tmp_path / "small.tif", FIELD[0, :50], **PLACE)
    moved = draw_raster(tmp_path / "moved.tif", FIELD[0], crs="EPSG:32616", transform=Affine(30, 0, 0, 0, -30, 0))
    other = draw_raster(tmp_path / "other.tif", FIELD[0], nodata=7, **PLACE)
    out = tmp_path / "out.tif"
    for sources, error, words in (
        ([a], UsageError, "a stack needs two sources"),
        ([a, small], DataError, "small.tif has 50 x 320 pixels.*--register"),
        ([a, moved], DataError, "moved.tif lies elsewhere than .*a.tif"),
        ([a, other], DataError, "different nodata values"),
    ):
        with pytest.raises(error, match=words):
            stack_files(sources, out)
    with pytest.raises(UsageError, match="1 name for 2 bands"):
        stack_files([a, a], out, names=["x"])
    with pytest.raises(UsageError, match=r"pair.png cannot hold a stack"):
        stack_files([a, a], tmp_path / "pair.png")
    assert not out.exists()
    out.write_text("mine")
    with pytest.raises(DestinationExistsError):
        stack_files([a, a], out)
    assert out.read_text() == "mine"


def test_a_real_pair_in_plane_and_crossed_polars(shared_data: Path, tmp_path: Path) -> None:
    """It is published as registered; all correlations agree that it is 3 rows and 9 columns off."""
    folder = shared_data / "thinsection" / "bardelli"
    result = stack_files([folder / "7a_ppl.jpg", folder / "7a_xpl.jpg"], tmp_path / "pair.tif", register=True)
    (shift,) = result.shifts
    assert (shift.rows, shift.cols) == (3, 9)
    assert shift.correlation > 2 * shift.unshifted
    assert result.shape == (1197, 1591)


def test_a_file_with_one_band_without_a_name_gives_the_band_its_own(draw_raster: Draw, tmp_path: Path) -> None:
    pixels = FIELD.astype(np.float32) / 255
    red = draw_raster(tmp_path / "red.tif", pixels[0], **PLACE)
    nir = draw_raster(tmp_path / "nir.tif", pixels[1], **PLACE)
    named = draw_raster(tmp_path / "heights.tif", pixels[2], band={"descriptions": ("height",)}, **PLACE)
    assert stack_files([red, nir, named], tmp_path / "s.tif").names == ("red", "nir", "heights.height")
    result = classify_file(tmp_path / "s.tif", tmp_path / "c.tif", index="NDVI", cutoffs=[0])
    assert sum(share.pixels for share in result.shares) > 0


def test_files_of_one_name_give_bands_of_different_names(draw_raster: Draw, tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        paths.append(draw_raster(tmp_path / folder / "red.tif", FIELD[0], **PLACE))
    assert stack_files(paths, tmp_path / "s.tif").names == ("red", "red_2", "red_3")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a", ""), "--names has an empty name for band 2"),
        ((" ", "b"), "--names has an empty name for band 1"),
        (("a", "a"), "--names has a twice"),
        (("a", " a"), "--names has a twice"),
    ],
)
def test_names_tell_bands_apart(names: tuple[str, ...], words: str, draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    for ending in ("tif", "vrt"):
        with pytest.raises(UsageError, match=words):
            stack_files([a, a], tmp_path / f"s.{ending}", names=names)
        assert not (tmp_path / f"s.{ending}").exists()
