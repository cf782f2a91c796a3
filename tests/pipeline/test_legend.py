"""A legend file shows a color table, or the classes that occur in a class map, as pixels, SVG and HTML alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tsraster import legend_file, read_lut
from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    LossWarning,
    LutError,
    MissingSourceError,
    UnknownNameError,
    UsageError,
)
from tsraster.lut import Lut
from tsraster.lutfiles import shipped_luts
from tsraster.lutfiles.pamsidecar import write_pam
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]

RED, GREEN, BLUE, GRAY = (230, 0, 0, 255), (0, 158, 115, 255), (0, 60, 220, 255), (77, 88, 99, 255)
LAND = Lut(
    name="land",
    kind="classes",
    keys=(1, 7, 8, 9),
    colors=(RED, GREEN, BLUE, GRAY),
    names=("town", "wood", "water <deep>", ""),
)
TABLES = [*shipped_luts(), "viridis", "tab10"]
ENDINGS = (".png", ".svg", ".html")


@pytest.fixture
def classes(tmp_path: Path, draw_raster: Draw) -> Path:
    """A class map of 1, 7 and 8 with names and colors beside it, where 0 and nodata are no class."""
    pixels = np.zeros((60, 50), np.uint8)
    pixels[:9], pixels[9:30], pixels[30:50, :20], pixels[50:] = 1, 7, 8, 200
    path = draw_raster(tmp_path / "c.tif", pixels, nodata=200, tiled=True, blockxsize=16, blockysize=16)
    path.with_name("c.tif.aux.xml").write_bytes(write_pam(LAND))
    return path


def read_png(path: Path) -> NDArray[np.uint8]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[np.uint8] = file.read()
    return pixels


def count(pixels: NDArray[np.uint8], color: tuple[int, ...]) -> int:
    """How many pixels have just this color."""
    return int((pixels[:3] == np.array(color[:3])[:, np.newaxis, np.newaxis]).all(axis=0).sum())


def texts_of_svg(path: Path) -> list[str]:
    texts = ["".join(one.itertext()) for one in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    return [text.strip() for text in texts]


def fills_of_svg(path: Path) -> list[str]:
    return [fill for one in ElementTree.parse(path).iter() if (fill := one.get("fill", "")).startswith("#")]


class Page(HTMLParser):
    """The texts and colors of a page, which must close what it opens."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.colors: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)
        self.colors += re.findall(r"#[0-9a-f]{6}", str(dict(attrs).get("style")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] not in ("style", "title"):
            self.texts.append(data.strip())


def spell(color: tuple[int, ...]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


# Tables -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", TABLES)
def test_any_table_has_a_legend(name: str, ending: str, tmp_path: Path) -> None:
    result = legend_file(name, tmp_path / f"l{ending}", title="Title", unit="m")
    assert result.written == str(tmp_path / f"l{ending}")
    assert result.lut == read_lut(name)
    assert list(tmp_path.iterdir()) == [tmp_path / f"l{ending}"]


@pytest.mark.parametrize("name", ["nlcd", "worldcover", "thin-section"])
def test_pixels_svg_and_html_show_each_class_in_its_color(name: str, tmp_path: Path) -> None:
    for ending in ENDINGS:
        legend_file(name, tmp_path / f"l{ending}", title="Land & sea", unit="%")
    lut = read_lut(name)
    pixels = read_png(tmp_path / "l.png")
    areas = [count(pixels, color) for color in lut.colors]
    assert min(areas) > 100
    assert texts_of_svg(tmp_path / "l.svg") == ["Land & sea (%)", *lut.names]
    page = Page(tmp_path / "l.html")
    assert [text for text in page.texts if text in lut.names] == list(lut.names)
    assert "Land & sea (%)" in page.texts
    for found in (fills_of_svg(tmp_path / "l.svg"), page.colors):
        assert [color for color in found if color in map(spell, lut.colors)] == [spell(color) for color in lut.colors]


@pytest.mark.parametrize("horizontal", [False, True])
def test_a_ramp_runs_through_all_its_colors(horizontal: bool, tmp_path: Path) -> None:
    legend_file("thermal", tmp_path / "l.png", horizontal=horizontal)
    pixels = read_png(tmp_path / "l.png")
    for end in (read_lut("thermal").colors[0], read_lut("thermal").colors[-1]):
        distance = np.abs(pixels[:3].astype(int) - np.array(end[:3])[:, np.newaxis, np.newaxis]).max(axis=0)
        assert distance.min() <= 4
    rows, cols = pixels.shape[1:]
    assert (cols > rows) == horizontal


def test_a_table_that_is_made_needs_no_file(tmp_path: Path) -> None:
    assert legend_file(LAND, tmp_path / "l.svg").lut is LAND
    assert texts_of_svg(tmp_path / "l.svg") == ["town", "wood", "water <deep>", "9"]


@pytest.mark.parametrize("option", ["lut", "band"])
def test_options_for_class_maps_are_not_for_tables(option: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--{option} is for a class map, and nlcd is a color table itself"):
        legend_file("nlcd", tmp_path / "l.png", **{option: 1})
    with pytest.raises(UsageError, match=f"--{option} is for a class map, and land is a color table itself"):
        legend_file(LAND, tmp_path / "l.png", **{option: 1})
    assert not list(tmp_path.iterdir())


# Class maps -------------------------------------------------------------------------------------------------------------


def test_of_a_class_map_the_classes_that_occur_are_shown(classes: Path, tmp_path: Path) -> None:
    for ending in ENDINGS:
        assert legend_file(classes, tmp_path / f"l{ending}").lut.keys == (1, 7, 8)
    pixels = read_png(tmp_path / "l.png")
    assert min(count(pixels, color) for color in (RED, GREEN, BLUE)) > 100
    assert count(pixels, GRAY) == 0
    assert texts_of_svg(tmp_path / "l.svg") == ["town", "wood", "water <deep>"]
    assert Page(tmp_path / "l.html").texts[-3:] == ["town", "wood", "water <deep>"]


@pytest.mark.parametrize("lut", ["categorical", "thermal"])
def test_a_class_map_can_have_the_colors_of_a_table_and_keeps_its_names(
    lut: str, classes: Path, tmp_path: Path
) -> None:
    shown = legend_file(classes, tmp_path / "l.png", lut=lut).lut
    assert shown.names == ("town", "wood", "water <deep>")
    pixels = read_png(tmp_path / "l.png")
    assert min(count(pixels, color) for color in shown.colors) > 100
    table = read_lut(lut)
    if lut == "categorical":
        assert shown.colors == tuple(table.colors[table.keys.index(code)] for code in (1, 7, 8))
    else:
        assert (shown.colors[0], shown.colors[-1]) == (table.colors[0], table.colors[-1])


def test_a_table_that_lacks_codes_is_refused(classes: Path, tmp_path: Path) -> None:
    with pytest.raises(LutError, match=r"worldcover has no color for the codes 1, 7, 8 \(3 of 3\)"):
        legend_file(classes, tmp_path / "l.png", lut="worldcover")
    assert not (tmp_path / "l.png").exists()


def test_one_of_several_bands_is_named(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "bands.tif", np.stack([np.full((4, 4), code, np.uint8) for code in (1, 5)]))
    with pytest.raises(BandError, match="has 2 bands; name the one with class codes with --band"):
        legend_file(path, tmp_path / "l.png", lut="categorical")
    for band, code in ((1, 1), (2, 5)):
        shown = legend_file(path, tmp_path / "l.png", lut="categorical", band=band, overwrite=True).lut
        assert shown.keys == (code,)


@pytest.mark.parametrize(
    ("pixels", "error", "says"),
    [
        (np.zeros((4, 4), np.uint8), DataError, r"r\.tif holds no class; every pixel is without data, or 0"),
        (np.full((4, 4), 9, np.uint8), DataError, r"r\.tif holds no class"),
        (np.ones((4, 4), np.float32), DataError, r"r\.tif holds float32 and no class codes; classify it first"),
        (np.full((4, 4), -1, np.int16), DataError, r"r\.tif holds the negative number -1"),
        (np.ones((4, 4), np.uint8), LutError, r"r\.tif has no palette of its own; name a color table with --lut"),
    ],
    ids=["zeros", "nodata", "floats", "negative", "no palette"],
)
def test_what_is_no_class_map_has_no_legend(
    pixels: Any, error: type[Exception], says: str, tmp_path: Path, draw_raster: Draw
) -> None:
    path = draw_raster(tmp_path / "r.tif", pixels, nodata=9)
    with pytest.raises(error, match=says):
        legend_file(path, tmp_path / "l.png")
    assert [found.name for found in tmp_path.iterdir()] == ["r.tif"]


def test_a_raster_of_many_values_has_no_list(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "dem.tif", np.arange(1, 401, dtype=np.int16).reshape(20, 20))
    with pytest.raises(UsageError, match="a legend lists up to 256 classes"):
        legend_file(path, tmp_path / "l.png", lut="terrain")


@pytest.mark.parametrize("workers", [1, 3, None])
def test_workers_and_executors_change_nothing(workers: int | None, classes: Path, tmp_path: Path) -> None:
    legend_file(classes, tmp_path / "a.png")
    if workers is None:
        with ThreadPoolExecutor(2) as executor:
            legend_file(classes, tmp_path / "b.png", executor=executor)
    else:
        legend_file(classes, tmp_path / "b.png", workers=workers)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_real_class_map_shows_the_classes_that_it_holds(shared_data: Path, tmp_path: Path) -> None:
    shown = legend_file(shared_data / "landcover" / "nlcd_small.tif", tmp_path / "l.svg").lut
    assert shown.names[:2] == ("Open Water", "Developed, Open Space")
    assert texts_of_svg(tmp_path / "l.svg") == list(shown.names)
    assert len(shown) == 13


# Options ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_labels_stand_in_place_of_names(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"l{ending}"
    legend_file(LAND, path, labels=["city", "", "", "rest"])
    if ending == ".png":
        legend_file(LAND, tmp_path / "other.png")
        assert path.read_bytes() != (tmp_path / "other.png").read_bytes()
        return
    texts = texts_of_svg(path) if ending == ".svg" else Page(path).texts[-4:]
    assert texts == ["city", "wood", "water <deep>", "rest"]


@pytest.mark.parametrize("labels", [[], ["a"], ["a"] * 5], ids=len)
@pytest.mark.parametrize("ending", ENDINGS)
def test_there_are_as_many_labels_as_entries(labels: list[str], ending: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{len(labels)} labels for the 4 colors of land; give one text for each"):
        legend_file(LAND, tmp_path / f"l{ending}", labels=labels)


@pytest.mark.parametrize("size", [3, 201, 0, -14, 10**30])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_size_out_of_range_is_refused(size: int, ending: str, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=f"the font size {size} cannot be used; give a whole number of pixels, 4 to 200"
    ):
        legend_file(LAND, tmp_path / f"l{ending}", size=size)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("columns", [0, -1])
def test_a_list_has_a_column_at_least(columns: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"columns is {columns}; give a whole number from 1"):
        legend_file(LAND, tmp_path / "l.png", columns=columns)


def test_everything_grows_with_the_font(tmp_path: Path) -> None:
    legend_file(LAND, tmp_path / "small.png", size=10)
    legend_file(LAND, tmp_path / "large.png", size=20)
    small, large = (read_png(tmp_path / f"{name}.png").shape for name in ("small", "large"))
    assert large[1] / small[1] == pytest.approx(2, rel=0.1)
    assert large[2] / small[2] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("ending", [".png", ".svg"])
@pytest.mark.parametrize("font", ["no.ttf", "text.ttf", "folder"])
def test_a_wrong_font_is_refused(font: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / "text.ttf").write_text("no font")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=rf"the font .*{re.escape(font)} .*give (the path of )?a \.ttf or \.otf file"):
        legend_file(LAND, tmp_path / f"l{ending}", font=tmp_path / font)
    assert not (tmp_path / f"l{ending}").exists()


def test_a_page_has_fonts_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--font is for \.png and \.svg; .*l\.html has the fonts of the page"):
        legend_file(LAND, tmp_path / "l.html", font="no.ttf")


def test_characters_that_the_font_lacks_are_said(tmp_path: Path) -> None:
    lut = Lut(name="far", kind="classes", keys=(1,), colors=(RED,), names=("地",))
    with pytest.warns(LossWarning, match="地"):
        legend_file(lut, tmp_path / "l.png")


# Destinations -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["l.jpg", "l.pdf", "l", "", "l.svg.gz"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no ending that a legend can have; choose from \.png, \.svg, \.html"):
        legend_file(LAND, tmp_path / name if name else name)


def test_an_ending_may_be_in_capitals(tmp_path: Path) -> None:
    legend_file(LAND, tmp_path / "L.PNG")
    assert (tmp_path / "L.PNG").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_existing_file_is_kept_or_replaced(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"l{ending}"
    path.write_text("old")
    with pytest.raises(DestinationExistsError):
        legend_file(LAND, path)
    with pytest.raises(UsageError):
        legend_file(LAND, path, size=1, overwrite=True)
    assert path.read_text() == "old"
    legend_file(LAND, path, overwrite=True)
    assert path.read_bytes() != b"old"


def test_the_source_is_never_replaced(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "c.png", np.ones((4, 4), np.uint8), driver="PNG")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is an input"):
        legend_file(path, path, lut="categorical", overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "error"), [("no.tif", MissingSourceError), ("no.csv", LutError), ("thermla", UnknownNameError)]
)
def test_what_is_not_there_is_said(source: str, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        legend_file(source, tmp_path / "l.png")
    assert not list(tmp_path.iterdir())
