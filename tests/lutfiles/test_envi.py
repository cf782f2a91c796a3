"""Headers of ENVI classifications: the grammar, and GDAL as a second reader and writer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rasterio.shutil

from tsraster.errors import LutFormatError
from tsraster.lut import Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.enviheader import ENVI
from tsraster.lutfiles.lutformat import LutFile

COLORS = ((0, 0, 0, 255), (0, 99, 0, 255), (0, 0, 255, 255))
NAMES = ("Unclassified", "wood", "open water")

PLAIN = """\
ENVI
file type = ENVI Classification
classes = 3
class lookup = {0, 0, 0, 0, 99, 0, 0, 0, 255}
class names = {Unclassified, wood, open water}
"""

BROAD = """\
ENVI
description = {
  A map = {with an equals sign
  over several lines}
samples = 4
; classes = 9
File  Type =ENVI classification
CLASSES=  3
class lookup={
  0,  0,   0,
  0, 99,
; class names = {a, b, c}
  0,
  0,  0, 255 }
Class Names = { Unclassified,
  wood, open water
}
data ignore value = 0
band names = {Band 1}
"""


def read(text: str) -> Lut:
    return ENVI.read(LutFile(name="mine", data=text.encode()))


@pytest.mark.parametrize("text", [PLAIN, BROAD, PLAIN.replace("\n", "\r\n"), PLAIN.replace("}", ",}")])
def test_a_header_is_read_however_it_is_broken_into_lines(text: str) -> None:
    lut = read(text)
    assert (lut.kind, lut.keys, lut.colors, lut.names) == ("classes", (0, 1, 2), COLORS, NAMES)


def test_a_file_type_may_be_missing_where_there_are_classes() -> None:
    assert read(PLAIN.replace("file type = ENVI Classification\n", "")).names == NAMES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mine, line 1: the first line is not ENVI"),
        ("BYTEORDER I\nNROWS 3\n", "mine, line 1: the first line is not ENVI"),
        ("ENVI\n", "mine: no 'classes' in it, so it holds no table of classes"),
        (
            "ENVI\nfile type = ENVI Standard\nbands = 3\n",
            "mine, line 2: the file type is 'ENVI Standard'; only ENVI Classification has colors of classes",
        ),
        (PLAIN.replace("class lookup", "class colors"), "mine: no 'class lookup' in it"),
        (PLAIN.replace("class names", "names"), "mine: no 'class names' in it"),
        (PLAIN.replace("= 3", "= three"), "mine, line 3: classes are 'three'"),
        (PLAIN.replace("= 3", "= -3"), "mine, line 3: classes are '-3'"),
        (
            PLAIN.replace("= 3", "= 4"),
            "mine, line 4: 'class lookup' has 9 values, and must have 12: 3 levels for each of 4",
        ),
        (
            PLAIN.replace(", wood", ""),
            "mine, line 5: 'class names' has 2 values, and must have 3: 1 name for each of 3",
        ),
        (PLAIN.replace("99", "300"), "mine, line 4: 300 is out of range"),
        (BROAD.replace("99", "300"), "mine, line 11: 300 is out of range"),
        (BROAD.replace("255", "blue"), "mine, line 14: 'blue' is no whole number"),
        (PLAIN + "classes = 3\n", "mine, line 6: 'classes' stands there twice, in line 3 before"),
        (PLAIN.replace("water}", "water"), "mine, line 5: the brace { is not closed"),
        ("ENVI\nclasses = 0\nclass lookup = {}\nclass names = {}\n", "mine: the color table is empty"),
        (PLAIN.replace("= 3", "= " + "9" * 5000), "mine, line 3: classes are '999"),
    ],
)
def test_a_header_without_a_table_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(LutFormatError, match=words):
        read(text)


def test_a_header_is_written_five_classes_a_line() -> None:
    lut = Lut(name="mine", kind="classes", keys=range(7), colors=((1, 2, 3, 255),) * 7, names=tuple("ab;cde;"))
    text = ENVI.write(lut).decode()
    assert text.splitlines() == [
        "ENVI",
        "file type = ENVI Classification",
        "classes = 7",
        "class lookup = {",
        " 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,",
        " 1, 2, 3, 1, 2, 3}",
        "class names = {",
        " a, b, ;, c, d,",
        " e, ;}",
    ]
    assert read(text) == lut


def test_names_lose_what_the_grammar_needs_and_codes_between_are_filled() -> None:
    lut = Lut(name="mine", kind="classes", keys=(1, 3), colors=COLORS[1:], names=("wood, {old}", "open water"))
    fitted, losses = fit_lut(lut, ENVI)
    assert fitted.keys == (0, 1, 2, 3)
    assert fitted.names == ("", "wood old", "", "open water")
    assert read(ENVI.write(fitted).decode()) == fitted
    assert len(losses) == 2


def test_only_a_first_line_that_is_envi_makes_a_header() -> None:
    assert ENVI.recognize(PLAIN.encode())
    assert ENVI.recognize(PLAIN.replace("\n", "\r\n").encode())
    assert not ENVI.recognize(b"ENVIRONMENT\n1 2 3 4\n")


# GDAL --------------------------------------------------------------------------------------------------------------------

RASTER_KEYS = """\
samples = 4
lines = 3
bands = 1
header offset = 0
data type = 1
interleave = bsq
byte order = 0
"""


@pytest.mark.parametrize(
    "names",
    [
        ("Unclassified", "wood", "open water", "a;b", "ä ö", "= 3", "7"),
        ("Unclassified", "", "", "wood", "", "", "sea"),
    ],
)
def test_gdalinfo_reads_names_and_colors_of_what_is_written(
    names: tuple[str, ...], tmp_path: Path, gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    colors = tuple((40 * i, 255 - i, i, 255) for i in range(7))
    lut = Lut(name="mine", kind="classes", keys=range(7), colors=colors, names=names)
    (tmp_path / "mine.img").write_bytes(bytes(12))
    (tmp_path / "mine.hdr").write_bytes(ENVI.write(lut) + RASTER_KEYS.encode())
    band = gdalinfo(tmp_path / "mine.img")["bands"][0]
    assert band["categories"] == list(names)
    assert band["colorTable"]["entries"] == [list(color) for color in colors]


def test_a_header_that_gdal_writes_is_read(tmp_path: Path) -> None:
    """Rasterio, with the GDAL in it, copies a virtual raster with names and colors to ENVI."""
    names = [*NAMES, "", "a b", "c", "d"]
    colors = [(40 * i, 255 - i, i, 255) for i in range(7)]
    entries = "".join('<Entry c1="{}" c2="{}" c3="{}" c4="{}"/>'.format(*color) for color in colors)
    (tmp_path / "mine.vrt").write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Byte" band="1">'
        "<ColorInterp>Palette</ColorInterp>"
        f"<CategoryNames>{''.join(f'<Category>{name}</Category>' for name in names)}</CategoryNames>"
        f"<ColorTable>{entries}</ColorTable></VRTRasterBand></VRTDataset>"
    )
    rasterio.shutil.copy(tmp_path / "mine.vrt", tmp_path / "mine.img", driver="ENVI")
    lut = read((tmp_path / "mine.hdr").read_text())
    assert lut.names == tuple(names)
    assert lut.colors == tuple(colors)
