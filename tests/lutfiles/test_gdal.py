"""GDAL's color text, and the formats of lines that are like it: colors as gdaldem gives them, and each error with its line."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from tsraster import Lut, colorize, read_lut
from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import TRANSPARENT
from tsraster.lutfiles.gdaltext import NAMED, read_codes, read_gdal_text, write_codes, write_gdal_text
from tsraster.lutfiles.lutformat import LutFile


def parse(text: str, kind: Literal["classes", "ramp"] | None = None) -> Lut:
    return read_gdal_text(LutFile(name="mine", data=text.encode(), kind=kind))


GDAL_LINES = """\
# a comment
/ another

1 white
2,black
3:RED
4\tgreen
 5   blue
6 yellow
7 magenta
8 cyan
9 aqua
10 grey
11 gray
12 orange
13 brown
14 purple
15 violet
16 indigo
17 10 20 30
18 10 20 30 40
19 red 5
nv 1 2 3 4
"""


def test_gdal_text_has_the_colors_that_gdaldem_gives(
    draw_raster: Callable[..., Path], tmp_path: Path, open_pixels: Callable[[Path], Any]
) -> None:
    program = shutil.which("gdaldem")
    if program is None:
        pytest.skip("the program gdaldem is not installed")
    codes = np.arange(20, dtype=np.uint8)[np.newaxis]
    source = draw_raster(tmp_path / "codes.tif", codes, nodata=0)
    table, painted = tmp_path / "colors.txt", tmp_path / "painted.tif"
    table.write_text(GDAL_LINES)
    command: list[str | Path] = [
        program,
        "color-relief",
        source,
        table,
        painted,
        "-alpha",
        "-nearest_color_entry",
        "-q",
    ]
    subprocess.run(command, check=True, capture_output=True)
    np.testing.assert_array_equal(colorize(codes, read_lut(table)), open_pixels(painted))


@pytest.fixture
def open_pixels() -> Callable[[Path], Any]:
    import rasterio

    from tsraster.raster import without_place_warning

    def read(path: Path) -> Any:
        with without_place_warning(), rasterio.open(path) as file:
            return file.read()

    return read


def color_relief(codes: Path, table: Path, painted: Path) -> None:
    """Color a raster with the program gdaldem."""
    program = shutil.which("gdaldem")
    if program is None:
        pytest.skip("the program gdaldem is not installed")
    options = ["-alpha", "-nearest_color_entry", "-q"]
    subprocess.run([program, "color-relief", codes, table, painted, *options], check=True, capture_output=True)


def test_gdaldem_passes_over_the_names_that_are_written(
    draw_raster: Callable[..., Path], tmp_path: Path, open_pixels: Callable[[Path], Any]
) -> None:
    codes = np.arange(4, dtype=np.uint8)[np.newaxis]
    source = draw_raster(tmp_path / "codes.tif", codes, nodata=0)
    lut = Lut(
        name="mine",
        kind="classes",
        keys=(1, 2, 3),
        colors=((1, 2, 3, 255), (4, 5, 6, 128), (7, 8, 9, 255)),
        names=("open water", "7 seasons, 5", ": # 0"),
        nodata=(9, 9, 9, 7),
    )
    (tmp_path / "colors.txt").write_bytes(write_gdal_text(lut))
    color_relief(source, tmp_path / "colors.txt", tmp_path / "painted.tif")
    np.testing.assert_array_equal(open_pixels(tmp_path / "painted.tif"), colorize(codes, lut))


def test_gdaldem_reads_a_label_as_an_alpha_of_0(
    draw_raster: Callable[..., Path], tmp_path: Path, open_pixels: Callable[[Path], Any]
) -> None:
    source = draw_raster(tmp_path / "codes.tif", np.array([[1]], np.uint8))
    (tmp_path / "colors.txt").write_text("1 0 0 255 water\n")
    color_relief(source, tmp_path / "colors.txt", tmp_path / "painted.tif")
    assert open_pixels(tmp_path / "painted.tif").ravel().tolist() == [0, 0, 255, 0]
    with pytest.warns(LutWarning, match="line 1: GDAL reads 'water' as an alpha of 0; write 255 before it"):
        assert read_lut(tmp_path / "colors.txt").colors == ((0, 0, 255, 255),)


@pytest.mark.parametrize("name", NAMED)
def test_named_colors_may_be_written_in_capitals(name: str) -> None:
    assert parse(f"1 {name.upper()}\n").colors == (NAMED[name],)


@pytest.mark.parametrize("text", ["100% white\n0% black\n37.5% 1 2 3 4\n", "0% black\n50% 1 2 3 4\n100% white\n"])
def test_percentages_are_a_ramp_in_percent(text: str) -> None:
    lut = parse(text)
    assert (lut.kind, lut.keys[0], lut.keys[-1], lut.percent) == ("ramp", 0, 100, True)
    assert lut.colors[1] == (1, 2, 3, 4)


@pytest.mark.parametrize("text", ["-1 black\n1 white\n", "0.5 black\n1 white\n"], ids=["negative", "fraction"])
def test_keys_that_are_no_codes_are_a_ramp(text: str) -> None:
    assert parse(text).kind == "ramp"
    assert parse(text, "classes").kind == "classes"


@pytest.mark.parametrize("text", ["0 black\n1 white\n", "1.0 black\n2e0 white\n"], ids=["digits", "no fraction"])
def test_whole_numbers_are_codes(text: str) -> None:
    assert parse(text).kind == "classes"
    assert parse(text, "ramp").kind == "ramp"


def test_a_comment_says_what_the_keys_are() -> None:
    assert parse("# tsraster ramp\n0 black\n1 white\n").kind == "ramp"
    assert parse("# tsraster classes\n-1.5 black\n").kind == "classes"
    assert parse("# tsraster ramp\n0 black\n1 white\n", "classes").kind == "classes"
    assert parse("# tsraster rampart\n0 black\n1 white\n").kind == "classes"


def test_two_stops_may_have_one_key() -> None:
    lut = parse("0.5 black\n0.5 white\n0 red\n")
    assert (lut.keys, lut.colors[1:]) == ((0, 0.5, 0.5), (NAMED["black"], NAMED["white"]))


def test_labels_are_names_as_they_stand() -> None:
    with pytest.warns(LutWarning) as caught:
        lut = parse(
            "1 0 0 255 open water\n2 0 99 0 128 wood, dense\n3 red\n4 1 2 3 255 4 seasons\n5 red sea\n6 red 7 sea\n"
        )
    assert lut.names == ("open water", "wood, dense", "", "4 seasons", "sea", "sea")
    assert [color[3] for color in lut.colors] == [255, 128, 255, 255, 255, 7]
    assert [str(warning.message).split(":")[0] for warning in caught] == ["mine, line 1", "mine, line 5"]


def test_nv_is_the_color_of_nodata_and_0_is_a_code() -> None:
    assert parse("nv 1 2 3\n1 red\n").nodata == (1, 2, 3, 255)
    assert parse("NV blue 7\n1 red\n").nodata == (0, 0, 255, 7)
    assert parse("0 1 2 3\n1 red\n").keys == (0, 1)
    assert parse("0 1 2 3\n1 red\n").nodata == TRANSPARENT


def test_what_is_written() -> None:
    lut = Lut(name="mine", kind="ramp", keys=(0, 100), percent=True, colors=((1, 2, 3, 4),) * 2, names=("a, b", ""))
    assert write_gdal_text(lut) == b"# tsraster ramp\n0% 1 2 3 4 a, b\n100% 1 2 3 4\n"


BAD_GDAL = {
    "no color": ("1\n", "line 1: no color; write key red green blue"),
    "two numbers": ("1 2 3\n", "line 1: no color"),
    "unknown name": ("1 pink\n", "line 1: no color"),
    "fraction": ("1 0.5 0.5 0.5\n", "line 1: '0.5' is no whole number"),
    "too large": ("# c\n\n1 1 2 256\n", "line 3: 256 is out of range"),
    "alpha too large": ("1 1 2 3 256\n", "line 1: 256 is out of range"),
    "alpha negative": ("1 1 2 3 -1\n", "line 1: -1 is out of range"),
    "key is a word": ("one 1 2 3\n", "line 1: 'one' is no number, percentage or nv"),
    "key not finite": ("inf 1 2 3\n", "line 1: 'inf' is no number, percentage or nv"),
    "key NaN": ("nan 1 2 3\n", "line 1: 'nan' is no number, percentage or nv"),
    "percentage too large": ("101% red\n", "line 1: 101% is out of range; percentages are 0 to 100"),
    "percentage negative": ("-1% red\n", "line 1: -1% is out of range"),
    "twice": ("1 red\n1.0 blue\n", "line 2: 1 stands there twice, in line 1 before"),
    "percentage of another kind": ("250\x0b% red\n", "line 1: 250% is out of range"),
    "key beyond floats": ("1e999 red\n", "line 1: '1e999' is no finite number"),
    "range": ("1:5 red\n", "line 1: no color|line 1: '5' is"),
    "three times": ("0.5 red\n0.5 blue\n0.5 red\n", "holds 0.5 more than twice"),
    "mixed": ("0% red\n7 blue\n", "some keys are percentages and others are not"),
    "only comments": ("# 1 red\n", "is empty; give at least one color"),
    "only nv": ("nv red\n", "is empty"),
}


@pytest.mark.parametrize("name", BAD_GDAL)
def test_errors(name: str) -> None:
    text, words = BAD_GDAL[name]
    with pytest.raises(LutFormatError, match=f"^mine.*({words})"):
        parse(text)


# ESRI and OTB ------------------------------------------------------------------------------------------------------------


def test_lines_of_codes() -> None:
    text = "# a comment\r\n0 0 0 0\r\n41 1 2 3 forest, dense\r\n7 4 5 6 128 wood\r\n"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lut = read_codes(LutFile(name="mine", data=text.encode()))
    assert (lut.kind, lut.keys) == ("classes", (0, 7, 41))
    assert lut.colors == ((0, 0, 0, 255), (4, 5, 6, 128), (1, 2, 3, 255))
    assert lut.names == ("", "wood", "forest, dense")
    assert {warning.category for warning in caught} <= {LutWarning}


@pytest.mark.parametrize("key", ["0.5", "1%", "nv", "1e3", "one"])
def test_a_code_is_a_whole_number(key: str) -> None:
    with pytest.raises(LutFormatError, match=f"^mine, line 1: the code '{key}' is no whole number"):
        read_codes(LutFile(name="mine", data=f"{key} 1 2 3\n".encode()))


def test_codes_are_written_bare() -> None:
    lut = Lut(name="mine", kind="classes", keys=(0, 300), colors=((1, 2, 3, 255), (4, 5, 6, 255)))
    assert write_codes(lut) == b"0 1 2 3\n300 4 5 6\n"
