"""Color tables by name and by path: those that are shipped, what is not there, and which format a file is."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from tsraster import Lut, read_lut
from tsraster.coloring import bind_lut, paint
from tsraster.errors import LutError, LutFormatError, LutWarning, TsrasterError, UnknownNameError, UsageError
from tsraster.lut import TRANSPARENT
from tsraster.lutfiles import LUT_FORMATS, shipped_luts
from tsraster.lutfiles.finding import find_format, read_content
from tsraster.lutfiles.lutformat import LutFile
from tsraster.lutfiles.shipped import shipped_folder

# Tables that are shipped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_luts())
def test_a_shipped_table_loads_and_covers_what_it_names(name: str) -> None:
    lut = read_lut(name)
    assert lut.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    with (shipped_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(lut) + (lut.nodata != TRANSPARENT) == len(rows) - 1
    codes = tuple(int(key) for key in lut.keys if key) if lut.kind == "classes" else tuple(range(1, 21))
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


@pytest.mark.parametrize("name", shipped_luts())
def test_a_shipped_table_is_read_by_the_project_itself(name: str) -> None:
    data = (shipped_folder() / f"{name}.csv").read_bytes()
    assert find_format(f"{name}.csv", data) == find_format(name, data) == "csv"
    csv_format = LUT_FORMATS["csv"]
    assert csv_format.read(LutFile(name=name, data=csv_format.write(read_lut(name)))) == read_lut(name)


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


def test_a_file_without_ending_comes_before_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thermal").write_text("1 red\n")
    assert read_lut("thermal").keys == (1,)
    Path("thermal").unlink()
    Path("thermal").mkdir()
    assert read_lut("thermal").kind == "ramp"


def test_an_error_of_a_file_says_path_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"code,red,green,blue\n1,1,2,x\n")
    with pytest.raises(LutFormatError) as caught:
        read_lut(path)
    assert str(caught.value).startswith(f"{path}, line 2: 'x' is no whole number")
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    assert isinstance(caught.value, LutError)


def test_a_file_that_is_larger_than_any_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"0" * 101)
    monkeypatch.setattr("tsraster.lutfiles.finding._MOST_BYTES", 101)
    assert len(read_content(path)) == 101
    monkeypatch.setattr("tsraster.lutfiles.finding._MOST_BYTES", 100)
    with pytest.raises(LutFormatError, match="larger than 0 MiB, and so no color table"):
        read_content(path)


# The format of a file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("mine.csv", b"code,red,green,blue\n1,1,2,3\n", "csv"),
        ("mine.txt", b"code,red,green,blue\n1,1,2,3\n", "csv"),
        ("mine", b"Name, BLUE,red,green,code\n", "gdal"),
        ("mine.txt", b"1 1 2 3\n", "gdal"),
        ("mine", b"1 1 2 3\n", "gdal"),
        ("mine.unknown", b"1 1 2 3\n", "gdal"),
        ("mine.clr", b"1 1 2 3\n", "esri"),
        ("MINE.CLR", b"1 1 2 3\n", "esri"),
        ("mine.csv", b"", "csv"),
        ("mine", b"", "gdal"),
    ],
)
def test_the_content_comes_before_the_ending(name: str, data: bytes, found: str) -> None:
    assert find_format(name, data) == found


@pytest.mark.parametrize("size", [768, 772])
def test_bytes_that_can_be_two_things_are_refused(size: int) -> None:
    with pytest.raises(LutFormatError, match=f"^mine: {size} bytes can be an ImageJ table.* or an Adobe one; name it"):
        find_format("mine", bytes(size))


def test_the_format_that_is_said_comes_before_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"1 1 2 3\n")
    assert read_lut(path, lut_format="gdal").keys == (1,)
    with pytest.raises(LutFormatError, match="line 1: the header"):
        read_lut(path)
    with pytest.raises(UnknownNameError, match="unknown color table format 'gdla'; did you mean gdal"):
        read_lut(path, lut_format="gdla")


@pytest.mark.parametrize("kind", ["classes", "ramp"])
@pytest.mark.parametrize(
    "text", ["code,red,green,blue\n1,1,2,3\n", "value,red,green,blue\n1,1,2,3\n", "1 1 2 3\n", "-1 1 2 3\n"]
)
def test_the_user_says_what_the_numbers_are(kind: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv" if "," in text else tmp_path / "mine.txt"
    path.write_text(text)
    assert read_lut(path, kind=kind).kind == kind  # type: ignore[arg-type]


def test_what_cannot_be_read_as_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("0% red\n")
    assert read_lut(path, kind="ramp").percent
    with pytest.raises(UsageError, match=r"mine.txt is a ramp in percent and cannot be read as classes"):
        read_lut(path, kind="classes")
    path.write_text("red,green,blue\n1,2,3\n")
    with pytest.raises(UsageError, match=r"mine.txt is of the kind index and cannot be read as ramp"):
        read_lut(path, kind="ramp")
    with pytest.raises(UsageError, match="the kind 'index' of a color table is unknown; choose from classes, ramp"):
        read_lut(path, kind="index")  # type: ignore[arg-type]


def test_a_warning_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("1 1 2 3 water\n")
    with pytest.warns(LutWarning, match=f"^{re.escape(str(path))}, line 1: GDAL reads 'water'"):
        assert isinstance(read_lut(path), Lut)
