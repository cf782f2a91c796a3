"""Color tables from files: both formats, each error with its line, the shipped tables, and what every format must do."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster import ClassTable, Lut, colorize, read_lut
from tsraster.classtable import LARGEST_CODE
from tsraster.coloring import bind_lut, paint
from tsraster.errors import LutError, TsrasterError, UnknownNameError, UsageError
from tsraster.lut import TRANSPARENT
from tsraster.lutfiles import LUT_FORMATS, shipped_luts
from tsraster.lutfiles.csvtable import parse_csv
from tsraster.lutfiles.gdaltext import NAMED, parse_gdal_text
from tsraster.lutfiles.shipped import shipped_folder

HEADER = "code,red,green,blue,alpha,name\n"

EXAMPLES = {
    "csv": HEADER + '2,0,0,255,255,"sea, deep"\n1,0,99,0,128,wood\n',
    "gdal": "# what it is\n1 0 99 0 128 wood\n2 blue sea\nnv 0 0 0 0\n",
}
"""One table for each format; a new format needs one here."""


# What every format must do ----------------------------------------------------------------------------------------------


def test_every_format_has_an_example() -> None:
    assert list(LUT_FORMATS) == list(EXAMPLES)


@pytest.mark.parametrize("name", LUT_FORMATS)
def test_a_format_gives_a_table_with_the_name_it_is_given(name: str) -> None:
    lut = LUT_FORMATS[name]("mine", EXAMPLES[name])
    assert isinstance(lut, Lut)
    assert lut.name == "mine"
    assert lut.kind == "classes"
    assert lut.keys == (1, 2)
    assert lut.colors == ((0, 99, 0, 128), (0, 0, 255, 255))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("name", LUT_FORMATS)
def test_a_file_is_read_whatever_its_line_ends(name: str, bom: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine.{'csv' if name == 'csv' else 'txt'}"
    path.write_bytes((bom + EXAMPLES[name]).replace("\n", ending).encode("utf-8"))
    assert read_lut(path).colors == LUT_FORMATS[name]("mine", EXAMPLES[name]).colors
    assert read_lut(path).names == LUT_FORMATS[name]("mine", EXAMPLES[name]).names


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n"], ids=["empty", "line", "blank"])
@pytest.mark.parametrize("name", LUT_FORMATS)
def test_an_empty_file_is_refused(name: str, text: str) -> None:
    with pytest.raises(LutError, match="mine"):
        LUT_FORMATS[name]("mine", text)


@pytest.mark.parametrize("name", LUT_FORMATS)
@settings(deadline=None)
@given(data=st.data())
def test_any_text_is_a_table_or_refused(name: str, data: st.DataObject) -> None:
    example = EXAMPLES[name]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(example)), st.integers(0, len(example)))))
    odd = st.text(st.one_of(st.sampled_from('0123456789,.:;-+ \t\n\r"#%eainfv'), st.characters()), max_size=12)
    text = example[:start] + data.draw(odd) + example[end:]
    try:
        lut = LUT_FORMATS[name]("mine", text)
    except LutError as error:
        said = str(error)
    else:
        said = lut.name
        assert len(lut) == len(lut.colors) == len(lut.names)
    assert said.startswith(("mine", "the color table mine"))


@pytest.mark.parametrize("name", LUT_FORMATS)
@pytest.mark.parametrize("number", [2, 3, 40])
def test_an_error_names_the_line(name: str, number: int) -> None:
    header, row = (HEADER, "{code},1,2,3,255,\n") if name == "csv" else ("# colors\n", "{code} 1 2 3\n")
    rows = [row.format(code=code) for code in range(2, number)]
    bad = row.format(code=number).replace("2", "x") if number != 2 else row.format(code=7).replace("2", "x")
    with pytest.raises(LutError, match=rf"^mine, line {number}: 'x' is no whole number"):
        LUT_FORMATS[name]("mine", header + "".join(rows) + bad)


def test_a_format_cannot_be_registered_twice() -> None:
    with pytest.raises(UsageError, match="registered already"):
        LUT_FORMATS.register("csv")(LUT_FORMATS["csv"])


# CSV --------------------------------------------------------------------------------------------------------------------


def test_csv_columns_may_stand_in_any_order() -> None:
    lut = parse_csv("mine", "Name, BLUE ,green,red,code\nsea,3,2,1,7\n")
    assert (lut.keys, lut.colors, lut.names) == ((7,), ((1, 2, 3, 255),), ("sea",))


def test_csv_code_0_is_the_color_of_no_class() -> None:
    lut = parse_csv("mine", HEADER + "0,9,9,9,255,nothing\n1,1,2,3,,\n")
    assert (lut.keys, lut.nodata) == ((1,), (9, 9, 9, 255))
    assert colorize(np.array([[0, 1]]), lut)[:, 0].T.tolist() == [[9, 9, 9, 255], [1, 2, 3, 255]]


def test_csv_ramp() -> None:
    lut = parse_csv("mine", "value,red,green,blue\n-1.5,0,0,0\n1e3,255,255,255\n")
    assert (lut.kind, lut.keys) == ("ramp", (-1.5, 1000.0))


BAD_CSV = {
    "no header": ("1,2,3,4\n", "line 1: the header is '1,2,3,4'; write code,red,green,blue,alpha,name"),
    "no blue": ("code,red,green\n", "line 1: the header"),
    "code and value": ("code,value,red,green,blue\n", "line 1: the header"),
    "column twice": ("code,red,red,green,blue\n", "line 1: the header"),
    "column unknown": ("code,red,green,blue,opacity\n", "line 1: the header"),
    "comment": ("# mine\n" + HEADER, "line 1: the header"),
    "semicolons": ("code;red;green;blue\n1;2;3;4\n", "line 1: the header"),
    "no rows": (HEADER, "is empty; give at least one color"),
    "only 0": (HEADER + "0,1,2,3,4,\n", "is empty"),
    "too many fields": (HEADER + "1,1,2,3,255,sea,deep\n", "line 2: more fields than the header names"),
    "too few fields": (HEADER + "1,1,2\n", "line 2: '' is no whole number"),
    "code twice": (HEADER + "1,1,2,3,,\n1,1,2,3,,\n", "line 3: the code 1 stands there twice"),
    "large code twice": (HEADER + "1234567,1,2,3,,\n" * 2, "line 3: the code 1234567 stands there twice"),
    "code not whole": (HEADER + "1.5,1,2,3,,\n", "line 2: the code '1.5' is no whole number"),
    "code negative": (HEADER + "-1,1,2,3,,\n", "line 2: the code -1 cannot be used; codes are 0 to 4294967295"),
    "code too large": (HEADER + f"{LARGEST_CODE + 1},1,2,3,,\n", "line 2: the code 4294967296 cannot be used"),
    "code huge": (HEADER + "9" * 400 + ",1,2,3,,\n", "line 2: the code 9+ cannot be used"),
    "no code": (HEADER + ",1,2,3,,\n", "line 2: the code '' is no whole number"),
    "red not whole": (HEADER + "1,0.5,2,3,,\n", "line 2: '0.5' is no whole number; red, green, blue and alpha"),
    "red too large": (HEADER + "1,256,2,3,,\n", "line 2: 256 is out of range; red, green, blue and alpha are 0 to 255"),
    "blue negative": (HEADER + "1,1,2,-3,,\n", "line 2: -3 is out of range"),
    "alpha too large": (HEADER + "1,1,2,3,300,\n", "line 2: 300 is out of range"),
    "value not finite": ("value,red,green,blue\ninf,1,2,3\n", "line 2: the value inf is not finite"),
    "value NaN": ("value,red,green,blue\nnan,1,2,3\n", "line 2: the value nan is not finite"),
    "value no number": ("value,red,green,blue\nhot,1,2,3\n", "line 2: the value 'hot' is no number"),
    "value decreases": ("value,red,green,blue\n2,1,2,3\n1,1,2,3\n", "line 3: the value 1 is below the one before"),
    "value twice": ("value,red,green,blue\n2,1,2,3\n2,1,2,3\n", "line 3: the value 2 stands there twice"),
    "quote not closed": (HEADER + '1,1,2,3,,"sea\n2,1,2,3,,\n', "line 2: the fields cannot be told apart"),
    "text behind a quote": (HEADER + '1,1,2,3,,"sea"deep\n', "line 2: the fields cannot be told apart"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_csv_errors(name: str) -> None:
    text, words = BAD_CSV[name]
    with pytest.raises(LutError, match=f"mine.*{words}") as caught:
        parse_csv("mine", text)
    assert "\n" not in str(caught.value)


def test_csv_lines_are_counted_as_an_editor_does() -> None:
    text = HEADER + '1,1,2,3,,"a name\nof two lines"\n\n2,x,2,3,,\n'
    with pytest.raises(LutError, match="line 5"):
        parse_csv("mine", text)


# GDAL's color text ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", NAMED)
def test_gdal_named_colors_may_be_written_in_capitals(name: str) -> None:
    assert parse_gdal_text("mine", f"1 {name.upper()}\n").colors == (NAMED[name],)


def test_gdal_percentages_are_a_ramp() -> None:
    lut = parse_gdal_text("mine", "100% white\n0% black\n37.5% 1 2 3 4\n")
    assert (lut.kind, lut.keys) == ("ramp", (0.0, 37.5, 100.0))
    assert lut.colors[1] == (1, 2, 3, 4)


@pytest.mark.parametrize("text", ["-1 black\n1 white\n", "0.5 black\n1 white\n"], ids=["negative", "fraction"])
def test_gdal_keys_that_are_no_codes_are_a_ramp(text: str) -> None:
    assert parse_gdal_text("mine", text).kind == "ramp"


def test_gdal_labels_are_names() -> None:
    lut = parse_gdal_text("mine", "1 0 0 255 open water\n2 0 99 0 128 wood, dense\n3 red\n4 1 2 3 255 4 seasons\n")
    assert lut.names == ("open water", "wood dense", "", "4 seasons")
    assert [color[3] for color in lut.colors] == [255, 128, 255, 255]


def test_gdal_nv_and_0_are_the_color_of_no_class() -> None:
    assert parse_gdal_text("mine", "nv 1 2 3\n1 red\n").nodata == (1, 2, 3, 255)
    assert parse_gdal_text("mine", "NV blue 7\n1 red\n").nodata == (0, 0, 255, 7)
    assert parse_gdal_text("mine", "0 1 2 3\n1 red\n").nodata == (1, 2, 3, 255)
    assert parse_gdal_text("mine", "1 red\n").nodata == TRANSPARENT


BAD_GDAL = {
    "no color": ("1\n", "line 1: no color; write key red green blue"),
    "two numbers": ("1 2 3\n", "line 1: no color"),
    "unknown name": ("1 pink\n", "line 1: no color"),
    "fraction": ("1 0.5 0.5 0.5\n", "line 1: '0.5' is no whole number"),
    "too large": ("# c\n\n1 1 2 256\n", "line 3: 256 is out of range"),
    "alpha too large": ("1 1 2 3 256\n", "line 1: 256 is out of range"),
    "alpha negative": ("1 1 2 3 -1\n", "line 1: -1 is out of range"),
    "key is a word": ("one 1 2 3\n", "line 1: 'one' is no number, percentage or nv"),
    "key not finite": ("inf 1 2 3\n", "line 1: inf is not finite"),
    "key NaN": ("nan 1 2 3\n", "line 1: nan is not finite"),
    "percentage too large": ("101% red\n", "line 1: 101% is out of range; percentages are 0 to 100"),
    "percentage negative": ("-1% red\n", "line 1: -1% is out of range"),
    "twice": ("1 red\n1.0 blue\n", "line 2: 1.0 stands there twice"),
    "mixed": ("0% red\n7 blue\n", "some keys are percentages and others are not"),
    "only comments": ("# 1 red\n", "is empty; give at least one color"),
    "only nv": ("nv red\n", "is empty"),
}


@pytest.mark.parametrize("name", BAD_GDAL)
def test_gdal_errors(name: str) -> None:
    text, words = BAD_GDAL[name]
    with pytest.raises(LutError, match=f"mine.*{words}"):
        parse_gdal_text("mine", text)


# Finding a table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_luts())
def test_a_shipped_table_loads_and_covers_what_it_names(name: str) -> None:
    lut = read_lut(name)
    assert lut.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    with (shipped_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(lut) + (lut.nodata != TRANSPARENT) == len(rows) - 1
    codes = tuple(int(key) for key in lut.keys) if lut.kind == "classes" else tuple(range(1, 21))
    bound = bind_lut(lut, codes)
    painted = paint(np.array([0, *codes]), bound)
    assert painted.shape == (4, len(codes) + 1)
    assert (painted[3, 1:] == 255).all(), "a class can be seen through"
    assert painted[3, 0] == 0, "no class cannot be seen through"
    assert len({tuple(color) for color in painted[:, 1:].T.tolist()}) == len(codes), "two classes look alike"


@pytest.mark.parametrize("name", shipped_luts())
def test_a_shipped_file_is_in_the_form_that_its_readme_asks_for(name: str) -> None:
    data = (shipped_folder() / f"{name}.csv").read_bytes()
    assert data.endswith(b"\n")
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert not any(line.strip() == b"" or line.startswith(b"#") for line in data.splitlines())


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown color table 'therml'; did you mean thermal\?"):
        read_lut("therml")
    with pytest.raises(UnknownNameError, match=f"choose from {', '.join(shipped_luts())}"):
        read_lut("zzz")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.csv", "the color table nowhere.csv does not exist; one that is shipped is named without ending"),
        ("folder/colors", "does not exist"),
        (".", "unknown color table '.'"),
        ("/", r"cannot be read \(Is a directory\)"),
        ("", "unknown color table ''"),
        ("a" * 300, "unknown color table 'aaa"),
        ("a" * 300 + ".csv", r"cannot be read \(File name too long\)"),
        ("a\0b", "unknown color table"),
        ("a\0b.csv", r"cannot be read \(embedded null byte\)"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_a_table_that_is_not_there_is_refused(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((LutError, UnknownNameError), match=words) as caught:
        read_lut(name)
    assert isinstance(caught.value, TsrasterError)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes((HEADER + "1,1,2,3,,h\xf6he\n").encode("latin-1"))
    with pytest.raises(LutError, match=r"latin.csv, line 2: this is not UTF-8 text; save the file as UTF-8"):
        read_lut(path)


def test_a_file_without_ending_comes_before_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thermal").write_text("1 red\n")
    assert read_lut("thermal").keys == (1,)
    Path("thermal").unlink()
    Path("thermal").mkdir()
    assert read_lut("thermal").kind == "ramp"


# The table itself -------------------------------------------------------------------------------------------------------


RED = (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"keys": ()}, "is empty"),
        ({"keys": (1, 2)}, "has 2 keys, 1 colors and 2 names"),
        ({"keys": (1,), "names": ("a", "b")}, "has 1 keys, 1 colors and 2 names"),
        ({"keys": (2, 1), "colors": (RED, RED)}, "holds 1 twice or not in order"),
        ({"keys": (1, 1), "colors": (RED, RED)}, "holds 1 twice"),
        ({"keys": (1.5,)}, "holds the code 1.5; codes are whole numbers from 0"),
        ({"keys": (-1,)}, "holds the code -1"),
        ({"keys": (math.nan,), "kind": "ramp"}, "holds nan, which is no finite number"),
        ({"keys": (math.inf,), "kind": "ramp"}, "holds inf, which is no finite number"),
        ({"keys": (1,), "kind": "gradient"}, "of the kind 'gradient'; choose"),
        ({"keys": (1,), "colors": ((1, 2, 3),)}, r"holds the color \(1, 2, 3\)"),
        ({"keys": (1,), "colors": ((1, 2, 3, 256),)}, "red, green, blue, alpha are 0 to 255"),
        ({"keys": (1,), "colors": ((0.5, 0, 0, 1),)}, "red, green, blue, alpha are 0 to 255"),
        ({"keys": (1,), "nodata": (0, 0, 0, -1)}, r"holds the color \(0, 0, 0, -1\)"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value)[:40],
)
def test_parts_that_do_not_fit_are_refused(parts: dict[str, Any], words: str) -> None:
    whole: dict[str, Any] = {"name": "mine", "kind": "classes", "colors": (RED,)} | parts
    with pytest.raises(LutError, match=f"the color table mine .*{words}"):
        Lut(**whole)


def test_lists_and_arrays_become_plain_tuples() -> None:
    lut = Lut(
        name="mine",
        kind="classes",
        keys=np.array([1, 2]),  # type: ignore[arg-type]
        colors=np.array([RED, RED]),  # type: ignore[arg-type]
        names=["a", "b"],  # type: ignore[arg-type]
    )
    assert lut == Lut(name="mine", kind="classes", keys=(1, 2), colors=(RED, RED), names=("a", "b"))
    assert colorize(np.array([[1, 2]], np.uint8), lut).shape == (4, 1, 2)


def test_missing_codes_are_listed() -> None:
    short = Lut(name="short", kind="classes", keys=(1, 3), colors=(RED, RED))
    with pytest.raises(LutError, match=r"short has no color for the code 2 \(1 of 3\); add them, or use a ramp"):
        bind_lut(short, (1, 2, 3))
    with pytest.raises(LutError, match=r"for the codes 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, \.\.\. \(18 of 20\)"):
        bind_lut(short, range(1, 21))


def test_codes_beyond_floats_keep_their_colors() -> None:
    codes = np.array([[2**63, 2**63 + 1, 2**64 - 1, 0]], dtype=np.uint64)
    ramp = Lut(name="ramp", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))
    assert colorize(codes, ramp)[[0, 3], 0].tolist() == [[0, 128, 255, 0], [255, 255, 255, 0]]
    near = np.array([[2**60, 2**60 + 1]], dtype=np.int64)
    assert colorize(near, ramp)[0, 0].tolist() == [0, 255]


def test_a_table_of_classes_covers_its_class_table() -> None:
    table = ClassTable(codes=(10, 20), edges=(0, 1, 2))
    bound = bind_lut(read_lut("worldcover"), table.codes)
    assert bound.names == ("Tree cover", "Shrubland")
