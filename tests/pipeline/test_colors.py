"""The colors of a picture, whatever way it stores them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tsraster.classification import parse_phases
from tsraster.errors import BandError, DataError
from tsraster.pipeline.colors import find_colors, flatten_depth, read_colors
from tsraster.raster import Window
from tsraster.reading import open_raster

Draw = Callable[..., Path]
WHOLE = Window(row=0, col=0, rows=2, cols=3)
RGB = np.arange(18, dtype=np.uint8).reshape(3, 2, 3) * 10
ROLES = ("red", "green", "blue")


def test_colors_come_out_of_bands_and_of_palettes(tmp_path: Path, draw_raster: Draw) -> None:
    bands = draw_raster(tmp_path / "bands.tif", RGB, roles=ROLES)
    palette = {i: (*RGB.reshape(3, 6)[:, i].tolist(), 255) for i in range(6)}
    codes = draw_raster(
        tmp_path / "codes.png", np.arange(6, dtype=np.uint8).reshape(2, 3), driver="PNG", palette=palette
    )
    for path in (bands, codes):
        with open_raster(path) as raster:
            pixels = read_colors(raster, WHOLE)
            assert (pixels.data == RGB).all()
            assert pixels.valid.all()


def test_what_is_no_color_picture_is_refused(tmp_path: Path, draw_raster: Draw) -> None:
    with (
        open_raster(draw_raster(tmp_path / "gray.tif", RGB[0])) as raster,
        pytest.raises(BandError, match=r"gray\.tif is no color picture, and phases are found by color; it has 1"),
    ):
        read_colors(raster, WHOLE)


def test_16_bits_become_the_nearest_8() -> None:
    levels = np.arange(65536, dtype=np.uint16)
    assert (flatten_depth(levels) == np.rint(levels / 257)).all()


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_points_become_the_colors_of_the_picture(tmp_path: Path, draw_raster: Draw, depth: str) -> None:
    rgb = RGB if depth == "uint8" else RGB.astype(np.uint16) * 257
    with open_raster(draw_raster(tmp_path / "a.tif", rgb, roles=ROLES)) as raster:
        found = find_colors(
            parse_phases(["x: points(2,0 0,1 2,0; 5), hue 1..2 or points(1,1; 6)", "y: red >3"]), raster
        )
    assert list(map(str, found)) == ["x: near(#14508c #1e5a96, 5), hue 1..2 or near(#2864a0, 6)", "y: red >3"]


@pytest.mark.parametrize(
    ("point", "problem"),
    [
        ("3,0", "the point 3,0 is outside of .*, whose columns are 0 to 2 and rows 0 to 1"),
        ("0,2", "outside"),
        ("1,1", "has no data"),
    ],
)
def test_a_point_without_a_color_is_refused(tmp_path: Path, draw_raster: Draw, point: str, problem: str) -> None:
    alpha = np.array([[[255, 255, 255], [255, 0, 255]]], np.uint8)
    path = draw_raster(tmp_path / "a.tif", np.concatenate([RGB, alpha]), roles=(*ROLES, "alpha"))
    with open_raster(path) as raster, pytest.raises(DataError, match=problem):
        find_colors(parse_phases([f"x: points({point}; 5)"]), raster)
