"""Slices: a folder, a pattern, a list; in natural order, of one size, and none missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import MissingSourceError, ReadError
from tsraster.raster import without_place_warning
from tsraster.reading.volumes import open_volume
from tsraster.reading.volumes.slices import check_numbers
from tsraster.volume import Volume

Check = Callable[..., Volume]
DRIVERS = {"png": "PNG", "tif": "GTiff", "bmp": "BMP"}


@pytest.fixture
def draw_slices(draw_raster: Callable[..., Path], tmp_path: Path) -> Callable[..., list[Path]]:
    """Give a function that writes planes as pictures."""

    def draw(planes: NDArray[Any], names: list[str]) -> list[Path]:
        with without_place_warning():
            return [
                draw_raster(tmp_path / name, plane, driver=DRIVERS[name.rpartition(".")[2]])
                for name, plane in zip(names, planes, strict=True)
            ]

    return draw


@pytest.mark.parametrize(
    ("ending", "dtype"), [("png", "uint8"), ("png", "uint16"), ("tif", "float32"), ("bmp", "uint8")]
)
def test_slices_come_in_natural_order(
    tmp_path: Path, ending: str, dtype: str, draw_slices: Callable[..., list[Path]], check_volume: Check
) -> None:
    voxels = np.random.default_rng(4).integers(0, 200, (4, 5, 6)).astype(dtype)
    paths = draw_slices(voxels, [f"s{i}.{ending}" for i in (8, 9, 10, 11)])
    (tmp_path / "notes.txt").write_text("no slice")
    volume = check_volume(tmp_path, voxels)
    assert (volume.form, volume.files) == ("slices", tuple(map(str, paths)))
    check_volume(str(tmp_path / f"s*.{ending}"), voxels)
    check_volume(sorted(paths), voxels)  # as a shell lists them: 10, 11, 8, 9
    check_volume(paths[::-1], voxels[::-1])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["s001.png", "s002.png", "s004.png"], "s003.png is missing among the 3 slices in scan"),
        (["s0.png", "s2.png", "s4.png", "s8.png"], "s6.png is missing"),
        (["a1_8bit.png", "a2_8bit.png", "a20_8bit.png"], "a3_8bit.png, a4_8bit.png, .* and 12 more is missing"),
    ],
)
def test_a_missing_slice_is_named(names: list[str], said: str) -> None:
    with pytest.raises(MissingSourceError, match=said):
        check_numbers([f"scan/{name}" for name in names])


@pytest.mark.parametrize(
    "names",
    [
        ["1.png", "2.png", "3.png"],
        ["a.png", "c.png", "d.png"],
        ["a1_1.png", "a1_2.png", "a2_1.png", "a4_1.png"],
        ["1.png", "3.png"],
        ["10.png", "8.png", "9.png"],
        ["01.png", "1.png", "1.png"],
    ],
)
def test_nothing_is_missing_where_names_do_not_tell(names: list[str]) -> None:
    check_numbers(names)


def test_slices_that_differ_are_named(
    draw_raster: Callable[..., Path], draw_slices: Callable[..., list[Path]], tmp_path: Path
) -> None:
    draw_slices(np.zeros((3, 5, 6), np.uint8), ["s1.png", "s2.png", "s3.png"])
    draw_raster(tmp_path / "s4.png", np.zeros((5, 7), np.uint8), driver="PNG")
    with pytest.raises(
        ReadError, match=r"slices differ in size: s4.png has 5 x 7 pixels, and the other 3 have 5 x 6 pixels"
    ):
        open_volume(tmp_path)
    draw_raster(tmp_path / "s4.png", np.zeros((5, 6), np.uint16), driver="PNG")
    with pytest.raises(ReadError, match=r"slices differ in type: s4.png has uint16, and the other 3 have uint8"):
        open_volume(tmp_path)
    draw_raster(tmp_path / "s4.png", np.zeros((3, 5, 6), np.uint8), driver="PNG")
    with pytest.raises(ReadError, match=r"s4.png has 3 bands; a slice has one"):
        open_volume(tmp_path)


def test_what_is_no_volume_of_slices_is_said(draw_slices: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="holds no slices"):
        open_volume(tmp_path)
    with pytest.raises(MissingSourceError, match="no file matches"):
        open_volume(str(tmp_path / "*.png"))
    with pytest.raises(MissingSourceError, match="a list of slices is empty"):
        open_volume([])
    (path,) = draw_slices(np.zeros((1, 5, 6), np.uint8), ["a.png"])
    with pytest.raises(ReadError, match="is one picture; a volume of slices is a folder"):
        open_volume(path)


def test_a_slice_that_changes_or_is_damaged_is_an_error(
    draw_raster: Callable[..., Path], draw_slices: Callable[..., list[Path]], tmp_path: Path
) -> None:
    noise = np.random.default_rng(6).integers(0, 255, (3, 60, 60), np.uint8)
    paths = draw_slices(noise, ["s1.png", "s2.png", "s3.png"])
    with open_volume(tmp_path) as volume:
        paths[1].write_bytes(paths[1].read_bytes()[:2000])
        with pytest.raises(ReadError, match=r"s2.png cannot be read"):
            volume.read()
        draw_raster(paths[0], np.zeros((5, 7), np.uint8), driver="PNG")
        with pytest.raises(ReadError, match=r"s1.png has 5 x 7 pixels of uint8, and the others 60 x 60 of uint8"):
            volume.read(0, 1)
