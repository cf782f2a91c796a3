"""Legends on color pictures: beside and in corners, by all commands that paint, in all formats, for any blocks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tests.writing.test_georeferencing import CORNERS
from tsraster import Lut, classify_file, colorize_file
from tsraster.coloring.legends import draw_legend, plan_legend
from tsraster.errors import LossWarning, UsageError, WriteError
from tsraster.pipeline.picturelegend import LEGEND_PLACES, PictureLegend, plan_picture_legend
from tsraster.pipeline.reclassify import reclassify_file
from tsraster.raster import Window, without_place_warning
from tsraster.writing import ImageWriter

Draw = Callable[..., Path]

ROWS, COLS = 300, 420
PLACE = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}
LUT = Lut(
    name="l", kind="classes", keys=(1, 2, 3), colors=((0, 0, 255, 255), (255, 200, 0, 255), (0, 120, 60, 255)),
    names=("Open Water", "Sand", "Wood"),
)  # fmt: skip
CORNER_PLACES = LEGEND_PLACES[1:]
FORMATS = pytest.mark.parametrize("file", ["p.tif", "cog.tif", "p.png"])


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw) -> Path:
    """Codes 1, 2, 3, and a hole of no class."""
    codes = np.random.default_rng(4).integers(1, 4, (ROWS, COLS)).astype(np.uint8)
    codes[100:120, 100:120] = 0
    return draw_raster(tmp_path_factory.mktemp("classes") / "c.tif", codes, nodata=0, **PLACE)


def read(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels


def draw(source: Path, path: Path, command: str = "colorize", **options: Any) -> NDArray[Any]:
    options = {"cog": path.name.startswith("cog"), "lut": LUT, "overwrite": True} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JPEG cannot be transparent|.*JPEG cannot", LossWarning)
        if command == "colorize":
            colorize_file(source, path, **options)
        elif command == "reclassify":
            reclassify_file(source, color=path, **options)
        else:
            names = {"names": LUT.names} if command == "classify" else {}
            classify_file(source, color=path, cutoffs=[1.5, 2.5], **names | options)
    return read(path)


def split_beside(picture: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return picture[:, :ROWS, :COLS], picture[:, :, COLS:]


def has_color(part: NDArray[Any], color: tuple[int, ...], tolerance: int = 0) -> bool:
    near = np.abs(part[:3].astype(int) - np.array(color[:3])[:, None, None]).max(axis=0) <= tolerance
    return int(near.sum()) > 20


@pytest.mark.parametrize("command", ["classify", "colorize", "reclassify"])
@FORMATS
def test_beside_a_picture_its_pixels_are_as_without(command: str, file: str, classes: Path, tmp_path: Path) -> None:
    plain = draw(classes, tmp_path / f"plain-{file}", command, cog=False)
    drawn = draw(classes, tmp_path / file, command, legend="beside")
    picture, legend = split_beside(drawn)
    assert len(drawn) == 4
    np.testing.assert_array_equal(picture, plain)
    assert drawn.shape[1] == ROWS, "the legend of three classes is lower than the picture"
    assert 30 < legend.shape[2] < COLS
    assert all(has_color(legend, color) for color in LUT.colors)
    assert (legend[3] == 255).all(), "the paper is opaque"
    assert (legend[:, -40:] == 255).all(), "below the legend it is white"


@pytest.mark.parametrize("command", ["classify", "colorize", "reclassify"])
@pytest.mark.parametrize("place", CORNER_PLACES)
def test_in_a_corner_all_other_pixels_are_as_without(command: str, place: Any, classes: Path, tmp_path: Path) -> None:
    plain = draw(classes, tmp_path / "plain.tif", command)
    drawn = draw(classes, tmp_path / "p.tif", command, legend=place)
    assert drawn.shape == plain.shape
    rows, cols = np.nonzero((drawn != plain).any(axis=0))
    height, width = int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1
    assert height < ROWS / 2, "most of the picture is seen"
    assert width < COLS / 2
    assert (rows.min() < 3) == place.startswith("top")
    assert (rows.max() > ROWS - 4) == place.startswith("bottom")
    assert (cols.min() < 3) == place.endswith("left")
    assert (cols.max() > COLS - 4) == place.endswith("right")
    box = drawn[:, rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    assert all(has_color(box, color) for color in LUT.colors)
    assert (box[3] == 255).all()


@pytest.mark.parametrize("place", LEGEND_PLACES)
def test_the_legend_is_that_of_the_classes(place: Any, classes: Path, tmp_path: Path) -> None:
    drawn = draw(classes, tmp_path / "p.tif", legend=place)
    found = []
    for size in range(8, 33):
        expected = draw_legend(plan_legend(LUT, size=size), background=(255, 255, 255, 255))
        _, height, width = expected.shape
        top = 0 if place.startswith(("top", "beside")) else ROWS - height
        left = COLS if place == "beside" else 0 if place.endswith("left") else COLS - width
        if np.array_equal(drawn[:, top : top + height, left : left + width], expected):
            found.append(size)
    assert len(found) == 1, "in one size of the font"


@pytest.mark.parametrize("place", ["beside", "top-left", "bottom-right"])
@pytest.mark.parametrize("file", ["p.tif", "p.png"])
def test_blocks_and_workers_do_not_matter(place: Any, file: str, classes: Path, tmp_path: Path) -> None:
    whole = draw(classes, tmp_path / file, legend=place)
    for block_size, workers in ((17, 3), (64, 1), (1000, 2), (299, 4)):
        other = draw(classes, tmp_path / file, legend=place, block_size=block_size, workers=workers)
        np.testing.assert_array_equal(other, whole)


@pytest.mark.parametrize("place", LEGEND_PLACES)
def test_a_jpeg_shows_the_legend_as_well(place: Any, classes: Path, tmp_path: Path) -> None:
    large = Lut(name="l", kind="classes", keys=(1, 2, 3), colors=((90, 90, 90, 255),) * 2 + ((250, 0, 0, 255),))
    drawn = draw(classes, tmp_path / "p.jpg", legend=place, lut=large)
    assert len(drawn) == 3
    assert drawn.shape[1:] == ((ROWS, COLS) if place != "beside" else (ROWS, drawn.shape[2]))
    plain = draw(classes, tmp_path / "q.jpg", lut=large)
    middle = (slice(None), slice(120, 180), slice(150, 270))
    np.testing.assert_allclose(drawn[middle].astype(int), plain[middle].astype(int), atol=2)
    if place == "beside":
        assert has_color(split_beside(drawn)[1], (250, 0, 0), tolerance=30)


def test_an_opaque_picture_keeps_three_bands(draw_raster: Draw, tmp_path: Path) -> None:
    full = draw_raster(tmp_path / "c.tif", np.tile(np.arange(1, 4, dtype=np.uint8), (ROWS, COLS // 3)), **PLACE)
    plain = draw(full, tmp_path / "q.tif")
    for place in LEGEND_PLACES:
        drawn = draw(full, tmp_path / "p.tif", legend=place)
        assert len(drawn) == len(plain) == 3
        assert has_color(drawn, (255, 255, 255))
    picture, legend = split_beside(draw(full, tmp_path / "p.tif", legend="beside"))
    np.testing.assert_array_equal(picture, plain)
    assert all(has_color(legend, color) for color in LUT.colors)


@pytest.mark.parametrize("legend", [None, "beside", "top-left"])
@pytest.mark.parametrize("file", ["p.tif", "cog.tif", "p.png", "p.jpg"])
@pytest.mark.parametrize("by", ["transform", "gcps"])
def test_the_picture_lies_where_the_class_map_does(
    legend: Any, file: str, by: str, draw_raster: Draw, classes: Path, tmp_path: Path
) -> None:
    gcps = [GroundControlPoint(row=r, col=c, x=x, y=y) for r, c, x, y in CORNERS]
    place: dict[str, Any] = PLACE if by == "transform" else {"gcps": (gcps, CRS.from_epsg(4326))}
    source = draw_raster(tmp_path / "c.tif", read(classes), nodata=0, **place)
    draw(source, tmp_path / file, legend=legend)
    with rasterio.open(source) as old, rasterio.open(tmp_path / file) as new:
        assert (new.crs, new.transform, new.gcps[1]) == (old.crs, old.transform, old.gcps[1])
        assert [(p.row, p.col, p.x, p.y) for p in new.gcps[0]] == [(p.row, p.col, p.x, p.y) for p in old.gcps[0]]


@pytest.mark.parametrize("file", ["p.tif", "p.png", "p.jpg"])
def test_beside_a_low_picture_the_legend_reaches_below_it(file: str, draw_raster: Draw, tmp_path: Path) -> None:
    codes = np.tile(np.arange(1, 11, dtype=np.uint8).repeat(3), (12, 1))
    source = draw_raster(tmp_path / "c.tif", codes, nodata=0, **PLACE)
    drawn = draw(source, tmp_path / file, lut="thermal", legend="beside")
    plain = draw(source, tmp_path / f"q{file}", lut="thermal")
    assert drawn.shape[1] > 100
    below = drawn[:, 12 + 8 :, : 30 - 8]
    assert (below >= (240 if file == "p.jpg" else 255)).all(), "below the picture it is white and opaque"
    if file != "p.jpg":
        np.testing.assert_array_equal(drawn[:, :12, :30], plain)
    with rasterio.open(tmp_path / file) as made:
        assert (made.crs, made.transform) == (PLACE["crs"], PLACE["transform"])


def test_a_small_picture_has_no_corner_for_a_legend(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "c.tif", np.tile(np.arange(1, 4, dtype=np.uint8), (20, 8)), **PLACE)
    for place in CORNER_PLACES:
        text = "a picture of 20 x 24 pixels has no room for a legend of 3 classes in a corner; use --legend beside"
        with pytest.raises(UsageError, match=text):
            draw(source, tmp_path / "p.tif", legend=place)
    assert {path.name for path in tmp_path.iterdir()} == {"c.tif"}
    assert draw(source, tmp_path / "p.tif", legend="beside").shape[1] > 20


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1)])
def test_any_shape_has_room_beside_it(shape: tuple[int, int], draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "c.tif", np.full(shape, 2, np.uint8))
    drawn = draw(source, tmp_path / "p.tif", legend="beside")
    assert {tuple(pixel) for pixel in drawn[:3, : shape[0], : shape[1]].reshape(3, -1).T.tolist()} == {(255, 200, 0)}
    assert drawn.shape[1] >= shape[0]
    assert drawn.shape[2] > shape[1]


def test_a_smaller_font_is_taken_before_a_corner_is_refused() -> None:
    widths = [planned.drawn.shape[2] for cols in range(600, 0, -20) if (planned := plan(cols)) is not None]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.8 * widths[0], "a smaller font is used where there is less room"


def plan(cols: int) -> PictureLegend | None:
    try:
        return plan_picture_legend(LUT, "top-left", (3000, cols))
    except UsageError:
        return None


def test_the_legend_shows_names_else_intervals_with_their_unit(draw_raster: Draw, tmp_path: Path) -> None:
    values = np.random.default_rng(1).random((ROWS, COLS), dtype=np.float32) * 3
    source = draw_raster(tmp_path / "v.tif", values, **PLACE)
    named = draw(source, tmp_path / "p.tif", "classify", legend="beside", lut="thermal")
    bare = draw(source, tmp_path / "q.tif", "classify without names", legend="beside", lut="thermal")
    assert named.shape != bare.shape, "the texts are of another length"


def test_the_names_of_the_class_map_are_in_the_legend(
    draw_raster: Draw, write_rat: Callable[..., Path], tmp_path: Path
) -> None:
    codes = np.tile(np.arange(1, 4, dtype=np.uint8), (ROWS, COLS // 3))
    source = draw_raster(tmp_path / "c.tif", codes, **PLACE)
    plain = draw(source, tmp_path / "p.tif", lut="thermal", legend="beside")
    write_rat(source, [(code, f"a rather long name {code}", 1, 2, 3) for code in (1, 2, 3)])
    named = draw(source, tmp_path / "p.tif", lut="thermal", legend="beside")
    assert named.shape[2] > plain.shape[2] + 50
    result = colorize_file(source, tmp_path / "q.tif", lut="thermal")
    assert result.lut.names == ("a rather long name 1", "a rather long name 2", "a rather long name 3")


@pytest.mark.parametrize("place", ["left", "", "Beside", "top"])
def test_an_unknown_place_is_said_before_anything_is_read(place: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--legend is '{place}'; choose from beside, top-left, top-right"):
        colorize_file(tmp_path / "none.tif", tmp_path / "p.tif", lut=LUT, legend=place)


def test_a_legend_needs_a_picture(classes: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--legend goes on a color picture; name one with --color"):
        classify_file(classes, tmp_path / "c.tif", cutoffs=[2], lut="thermal", legend="beside")


def test_too_many_classes_for_a_legend_are_refused(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "c.tif", np.arange(1, 1001, dtype=np.uint16).reshape(20, 50))
    with pytest.raises(UsageError, match="1000"):
        draw(source, tmp_path / "p.tif", lut="thermal", legend="beside")
    assert not (tmp_path / "p.tif").exists()


def test_a_legend_laid_over_windows_is_that_laid_over_the_whole() -> None:
    drawn = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
    legend = PictureLegend(drawn=drawn, row=7, col=3, shape=(20, 15))
    blank = np.zeros((3, 20, 15), np.uint8)
    whole = legend.lay_over(Window(row=0, col=0, rows=20, cols=15), blank)
    np.testing.assert_array_equal(whole[:, 7:12, 3:9], drawn[:3])
    assert whole.sum() == drawn[:3].sum()
    assert not blank.any(), "what was painted is not changed"
    pieces = np.empty_like(whole)
    for row in range(0, 20, 3):
        for col in range(0, 15, 4):
            window = Window(row=row, col=col, rows=min(3, 20 - row), cols=min(4, 15 - col))
            pieces[(slice(None), *window.slices)] = legend.lay_over(window, blank[(slice(None), *window.slices)])
    np.testing.assert_array_equal(pieces, whole)


def test_an_error_while_the_margin_is_filled_leaves_nothing_open(
    classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, write, leave = [], ImageWriter.write, ImageWriter.__exit__

    def fail(self: ImageWriter, window: Window, pixels: NDArray[Any]) -> None:
        if window.col >= COLS:
            raise WriteError("no room is left on the disk")
        write(self, window, pixels)

    def note(self: ImageWriter, *error: Any) -> None:
        closed.append(error[0])
        leave(self, *error)

    monkeypatch.setattr(ImageWriter, "write", fail)
    monkeypatch.setattr(ImageWriter, "__exit__", note)
    with pytest.raises(WriteError, match="no room is left"):
        draw(classes, tmp_path / "p.tif", legend="beside")
    assert closed == [WriteError]
    assert list(tmp_path.iterdir()) == []
