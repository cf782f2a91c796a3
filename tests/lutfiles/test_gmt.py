"""Color palette tables of GMT: the grammar, what GMT and GDAL paint with them, the tables that GMT ships, and the errors."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import TRANSPARENT, Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.gmtcolors import Color, bend
from tsraster.lutfiles.gmtcpt import CPT
from tsraster.lutfiles.lutformat import LutFile
from tsraster.lutfiles.x11names import X11_COLORS

RED, BLUE, GREEN, GRAY = (200, 0, 0, 255), (0, 0, 200, 255), (9, 99, 19, 255), (77, 88, 99, 255)
MODEL = "# COLOR_MODEL = RGB\n"


def read(text: str) -> Lut:
    """Read, with every warning an error."""
    return CPT.read(LutFile(name="mine", data=text.encode()))


# The oracles -------------------------------------------------------------------------------------------------------------


Painter = Callable[[bytes, Any], NDArray[np.int64] | str]


@pytest.fixture(scope="module")
def gmt() -> str:
    program = shutil.which("gmt")
    if program is None:
        pytest.skip("the program gmt is not installed")
    return program


@pytest.fixture(scope="module")
def paint_gmt(gmt: str, tmp_path_factory: pytest.TempPathFactory) -> Painter:
    """Give a function that paints values, which must be of float32, with a table: colors, shape (value, 3), or what GMT says."""
    folder = tmp_path_factory.mktemp("gmt")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([gmt, *words], cwd=folder, capture_output=True, text=True, check=False)

    def paint(table: bytes, values: Any) -> NDArray[np.int64] | str:
        values = np.asarray(values, dtype=np.float64)
        assert np.array_equal(values, values.astype(np.float32), equal_nan=True)
        cells = np.stack([np.arange(values.size), np.zeros(values.size), values], axis=-1)
        (folder / "cells.bin").write_bytes(cells.astype("<f8").tobytes())
        (folder / "mine.cpt").write_bytes(table)
        (folder / "out.ppm").unlink(missing_ok=True)
        run("xyz2grd", "cells.bin", "-bi3d", f"-R-0.5/{values.size - 0.5}/-0.5/0.5", "-I1", "-r", "-Gcells.nc")
        said = run("grdimage", "cells.nc", "-JX10c/1c", "-Cmine.cpt", f"-A{folder}/out.ppm").stderr
        if not (folder / "out.ppm").exists():
            return said
        return read_ppm((folder / "out.ppm").read_bytes(), values.size)

    return paint


def read_ppm(content: bytes, cells: int) -> NDArray[np.int64]:
    """Return colors, shape (cell, 3); GMT writes a picture of grays with one channel."""
    bands = 1 if content.startswith(b"P5") else 3
    pixels = np.frombuffer(content[-cells * bands :], dtype=np.uint8).astype(np.int64).reshape(cells, bands)
    return np.repeat(pixels, 3 // bands, axis=1)


@pytest.fixture(scope="module")
def paint_gdal(tmp_path_factory: pytest.TempPathFactory) -> Painter:
    """Give a function that paints values with gdaldem: colors, shape (value, 3), or what it says."""
    program = shutil.which("gdaldem")
    if program is None:
        pytest.skip("the program gdaldem is not installed")
    folder = tmp_path_factory.mktemp("gdal")

    def paint(table: bytes, values: Any) -> NDArray[np.int64] | str:
        size = f"ncols {len(values)}\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -99999\n"
        (folder / "cells.asc").write_text(size + " ".join(map(repr, values)) + "\n")
        (folder / "mine.cpt").write_bytes(table)
        command = [program, "color-relief", "cells.asc", "mine.cpt", "out.ppm", "-of", "PNM", "-q"]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stderr
        return said or read_ppm((folder / "out.ppm").read_bytes(), len(values))

    return paint


def evaluate(lut: Lut, values: Any) -> NDArray[np.float64]:
    """Return what a table says, shape (value, 3): straight between stops, the ends beyond them, NaN for nothing."""
    values = np.asarray(values, dtype=float)
    colors = lut.array[:, :3].astype(float)
    if lut.kind == "ramp":
        painted = np.stack([np.interp(values, lut.keys, channel) for channel in colors.T], axis=-1)
    else:
        last = len(lut) - 1
        place = np.clip(np.searchsorted(lut.keys, values, "right") - 1, 0, last)
        painted = colors[place]
        known = (
            np.isin(values, lut.keys) if lut.kind == "classes" else (values >= lut.keys[0]) & (values <= lut.keys[-1])
        )
        painted[~known] = np.nan
    for outside, color in ((values < lut.keys[0], lut.below), (values > lut.keys[-1], lut.above)):
        if color is not None and lut.kind != "classes":
            painted[outside] = color[:3]
    painted[np.isnan(values)] = lut.nodata[:3] if lut.nodata != TRANSPARENT else np.nan
    return painted


def check(painted: NDArray[np.int64] | str, expected: NDArray[np.float64], name: str, tolerance: int = 1) -> None:
    assert not isinstance(painted, str), f"{name}: {painted}"
    known = ~np.isnan(expected).any(axis=1)
    assert known.sum() > 1
    np.testing.assert_allclose(painted[known], np.rint(expected[known]), atol=tolerance, err_msg=name)


VALUES = (
    -100.0,
    -5.0,
    -2.5,
    0.0,
    1.0,
    2.0,
    2.5,
    4.984375,
    5.0,
    5.015625,
    7.0,
    9.984375,
    10.0,
    10.25,
    20.0,
    30.0,
    np.nan,
)

WRITTEN = {
    "ramp": Lut(name="mine", kind="ramp", keys=(0, 2.5, 20), colors=(RED, BLUE, GREEN)),
    "ramp with everything": Lut(
        name="mine", kind="ramp", keys=(-5, 5), colors=(RED, BLUE), below=GREEN, above=(1, 2, 3, 255), nodata=GRAY
    ),
    "jump": Lut(name="mine", kind="ramp", keys=(0, 5, 5, 20), colors=(RED, BLUE, GREEN, GREEN)),
    "jump at both ends": Lut(name="mine", kind="ramp", keys=(0, 0, 5, 5), colors=(RED, BLUE, GREEN, GRAY), nodata=RED),
    "one stop": Lut(name="mine", kind="ramp", keys=(5,), colors=(RED,), nodata=GRAY),
    "one jump": Lut(name="mine", kind="ramp", keys=(5, 5), colors=(RED, BLUE), nodata=GRAY),
    "flat": Lut(name="mine", kind="ramp", keys=(0, 5, 10), colors=(RED, RED, RED), above=BLUE),
    "ramp with names": Lut(
        name="mine", kind="ramp", keys=(0, 5, 10), colors=(RED, BLUE, GRAY), names=("a b", "", "c;d")
    ),
    "names that mean something": Lut(
        name="mine",
        kind="ramp",
        keys=(0, 5, 10),
        colors=(RED, BLUE, GRAY),
        names=("COLOR_MODEL = +HSV", "100% CYCLIC %43YCLIC %2543YCLIC %", "HARD_HINGE RANGE = 1/2"),
    ),
    "intervals": Lut(name="mine", kind="intervals", keys=(0, 5, 10, 20), colors=(RED, BLUE, RED), closed="left"),
    "intervals with everything": Lut(
        name="mine",
        kind="intervals",
        keys=(0, 2.5, 10),
        colors=(RED, BLUE),
        names=("cold; deep", "#warm"),
        closed="left",
        below=GREEN,
        above=RED,
        nodata=GRAY,
    ),
    "classes": Lut(name="mine", kind="classes", keys=(-5, 1, 2.5, 20), colors=(RED, BLUE, GREEN, GRAY), nodata=RED),
    "classes with names": Lut(name="mine", kind="classes", keys=(1, 2), colors=(RED, BLUE), names=("open water", "a")),
    "classes with names that mean something": Lut(
        name="mine",
        kind="classes",
        keys=(1, 2, 5),
        colors=(RED, BLUE, GRAY),
        names=("COLOR_MODEL = HSV", "%43YCLIC", "CYCLIC"),
    ),
    "half clear": Lut(
        name="mine", kind="ramp", keys=(0, 10), colors=((200, 0, 0, 128), (0, 0, 200, 3)), below=(1, 2, 3, 0)
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_gmt_paints_with_a_written_table_what_it_says(paint_gmt: Painter, name: str) -> None:
    """Within 1, because GMT rounds halves in its own way; which of two slices holds their edge is the same.

    A jump at the last key is left out: there GMT paints the last slice, and the color beyond only behind it.
    """
    lut = WRITTEN[name]
    values = [value for value in VALUES if value != lut.keys[-1] or lut.keys[-1] not in lut.keys[:-1]]
    check(paint_gmt(CPT.write(lut), values), evaluate(lut, values), name)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_written_table_is_read_back_as_it_was(name: str) -> None:
    lut = WRITTEN[name]
    assert fit_lut(lut, CPT) == (lut, [])
    assert read(CPT.write(lut).decode()) == lut


OPAQUE = ("ramp", "ramp with everything", "jump", "flat", "intervals", "one stop")


@pytest.mark.parametrize("name", OPAQUE)
def test_gdal_paints_with_a_written_table_what_it_says(paint_gdal: Painter, name: str) -> None:
    """Within 1; GDAL has no colors beyond the ends, and takes its own side at an edge, so neither is looked at."""
    lut = WRITTEN[name]
    values = [value for value in VALUES if lut.keys[0] <= value <= lut.keys[-1] and value not in lut.keys[1:-1]]
    values += [float(lut.keys[0])] if len(values) < 2 else []
    check(paint_gdal(CPT.write(lut), values), evaluate(lut, values), name)


def test_gdal_reads_a_name_without_spaces_and_refuses_others(paint_gdal: Painter) -> None:
    lut = replace(WRITTEN["intervals"], names=("cold", "warm", "hot"))
    values = (1.0, 7.0, 19.0)
    check(paint_gdal(CPT.write(lut), values), evaluate(lut, values), "names")
    said = paint_gdal(CPT.write(replace(lut, names=("very cold", "warm", "hot"))), values)
    assert isinstance(said, str)
    assert "No color association found" in said


def test_gdal_misreads_a_table_without_its_color_model(paint_gdal: Painter) -> None:
    text = "0 200/0/0 10 0/0/200\n"
    with pytest.warns(
        LutWarning, match="mine, line 1: GDAL takes this for its own color text and gives other colors; write # C"
    ):
        lut = read(text)
    painted = paint_gdal(text.encode(), (2.0, 4.0))
    assert not isinstance(painted, str)
    assert np.abs(painted - evaluate(lut, (2.0, 4.0))).max() > 10


GRAMMAR = {
    "words": "0 navy 5 RED L ;cold\n5 DarkOrange3 20 gray37 B ; hot; wet\nB gray\nF grey\nN lightbrown\n",
    "columns": "0 1 2 3 5 200 0 9\n5\t200\t0\t9\t20\t0\t0\t0\tU\nB 1 2 3\nF 4 5 6\nN 7 8 9\n",
    "grays": "0 5 5 100;x\n5 100 20 255\nB 9\nN 30\n",
    "hexadecimal": "0 #ff0000 20 #0000FF\n",
    "fractions": "0 254.4/0.6/10.5 20 0/0/254.6\n",
    "one line of hues": "0 10-0.5-0.75 20 300-1-0.25\n",
    "cyan": "0 50/20/0/50 20 10/90/30/25\n",
    "transparency": "0 1/2/3@50 10 40/50/60@20.5\n10 red@100 20 blue@0\n",
    "mixed": "0 red 5 red\n5 0 0 255 10 0 255 0\n10 7 20 255/9/0\n",
    "constant": "0 red 5 red\n5 #00ff00 20 0/255/0\n",
    "nothing in the upper color": "0 red 5 -\n5 blue 20 blue\n",
    "categories": "-5 red\n1 5 ;dark\n2.5 0/0/9 L\n20 #123456\nN gray\n",
    "special in between": "N 1/2/3\n0 red 5 blue\nB 9/9/9\n5 blue 20 red\nF 8/8/8\n",
}
MODELS = {
    "HSV": "0 10 0.5 0.75 10 200 1 1\n10 200-1-1 20 300-0.1-0.9\nB 120 1 1\nF 60 0.5 1\nN 180 1 0.5\n",
    "+HSV": "0 10 0.5 0.75 10 200 1 1\n10 200-1-1 20 red\nB 120 1 1\nF 1/2/3\nN navy\n",
    "hsv": "0 magenta 10 red\n10 gray 20 0-1-0\n",
    "+hsv": "0 350-1-1 20 10-0-0.2\n",
    "+CMYK": "0 50 20 0 50 10 10 90 30 25\n10 10 90 30 25 20 0 0 0 100\n",
    "+RGB": "0 1 2 3 10 red\n10 red 20 blue\n".replace("0 1 2 3 10 red", "0 1/2/3 10 red"),
}
CASES = {name: MODEL + text for name, text in GRAMMAR.items()}
CASES |= {f"model {model}": f"#\tCOLOR_MODEL = {model}\n{text}" for model, text in MODELS.items()}


@pytest.mark.parametrize("name", CASES)
def test_gmt_paints_what_is_read(paint_gmt: Painter, name: str) -> None:
    """Within 1, around the wheel of hues too."""
    lut = read(CASES[name])
    values = VALUES if lut.kind == "classes" else (*VALUES, *np.linspace(0, 20, 161))
    inside = np.isnan(values) | (lut.keys[0] <= np.array(values)) & (lut.keys[-1] >= np.array(values))
    expected = evaluate(lut, values)
    # GMT has colors of its own where a table has no B and F.
    expected[~inside & np.array([lut.below is None or lut.above is None] * len(values))] = np.nan
    check(paint_gmt(CASES[name].encode(), values), expected, name)


REFUSED = {
    "gap": ("0 red 5 blue\n6 red 9 blue\n", "line 3: the slice begins at 6 and not at 5, the end of the one before"),
    "small gap": ("0 red 5 blue\n5.0001 red 9 blue\n", "line 3: the slice begins at 5.0001 and not at 5"),
    "overlap": ("0 red 5 blue\n4 red 9 blue\n", "line 3: the slice begins at 4 and not at 5"),
    "no order": ("5 red 9 blue\n0 red 5 blue\n", "line 3: the slice begins at 0 and not at 9"),
    "empty": ("5 red 5 blue\n", "line 2: the slice from 5 to 5 is empty; its ends increase"),
    "key and three columns": ("0 255 0 0\n5 0 0 255\n", "line 2: the slice from 0 to 0 is empty"),
    "color out of range": (
        "0 red 5 256/0/0\n",
        "line 2: 256/0/0 is out of range; red, green, blue and gray are 0 to 255",
    ),
    "hue out of range": ("0 361-1-1 5 0-1-1\n", "line 2: a hue is 0 to 360, and saturation and value are 0 to 1"),
    "saturation out of range": ("0 300-1.1-1 5 0-1-1\n", "line 2: a hue is 0 to 360"),
    "no color": (
        "0 red 5 infrared\n",
        "line 2: 'infrared' is no color; accepted are r/g/b, #rrggbb, a gray level, h-s-v",
    ),
    "two words": (
        "0 dark red 5 blue\n",
        "line 2: '0 dark red 5 blue' is no slice; write z0 r/g/b z1 r/g/b, or key r/g/b",
    ),
    "too many slashes": ("0 1/2/3/ 5 blue\n", "line 2: '1/2/3/' is no color"),
    "two levels": ("0 1/2 5 blue\n", "line 2: '1/2' is no color"),
    "commas": ("0,255,0,0,5,0,0,255\n", "line 2: '0,255,0,0,5,0,0,255' is no slice"),
    "comment behind": ("0 red 5 blue # mine\n", "line 2: '0 red 5 blue # mine' is no slice"),
    "unknown letter": ("0 red 5 blue X\n", "line 2: '0 red 5 blue X' is no slice"),
    "categories and slices": (
        "1 red\n2 blue 3 blue\n",
        "a line with one key among lines with two; all are key color, or",
    ),
    "a name without a semicolon": ("1 blue water\n2 red\n", "line 2: '1 blue water' is no slice"),
    "color model": (
        "# COLOR_MODEL = Rgb\n0 red 5 blue\n",
        "line 2: '# COLOR_MODEL = Rgb' names no color model; accepted",
    ),
    "nothing": ("", "the color table is empty; give at least one color"),
    "only B": ("B red\n", "the color table is empty; give at least one color"),
    "cyan out of range": (
        "0 101/0/0/0 5 red\n",
        "line 2: 101/0/0/0 is out of range; cyan, magenta, yellow and black are",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_gmt_refuses_too(paint_gmt: Painter, name: str) -> None:
    text = MODEL + REFUSED[name][0]
    if name == "color model":
        text = REFUSED[name][0]
    assert isinstance(paint_gmt(text.encode(), (1.0, 2.0)), str)


STRICTER = {
    "categories by a word": (
        "A red\nC blue\n",
        "line 2: the key 'A' is no number; give categories numbers, and names behind",
    ),
    "a category twice": ("1 red\n1 blue\n", "line 3: 1 stands there twice, in line 2 before"),
    "descending": ("9 red 5 blue\n5 red 0 blue\n", "line 2: the slice from 9 to 5 is empty; its ends increase"),
    "transparency": ("0 red@101 5 blue\n", "line 2: the transparency 101 is out of range; it is 0 to 100"),
    "time of day": ("00:30 red 5 blue\n", "line 2: '00:30' is no finite number"),
    "pattern": ("0 p20/10 5 p20/10\n", "line 2: 'p20/10' is no color"),
    "hexadecimal number": ("0 0x10 5 red\n", "line 2: '0x10' is no color"),
    "long hexadecimal": ("0 #ff000080 5 red\n", "line 2: '#ff000080' is no color"),
    "two models": ("# COLOR_MODEL = +HSV\n0 red 5 blue\n", "line 2: a second color model; a table has one"),
    "huge": (f"0 red {'9' * 5000} blue\n", "line 2: '999"),
    "infinite": ("0 red inf blue\n", "line 2: the key 'inf' is no number"),
}


@pytest.mark.parametrize("name", REFUSED | STRICTER)
def test_an_error_names_the_line_and_what_to_do(name: str) -> None:
    text, words = (REFUSED | STRICTER)[name]
    with pytest.raises(LutFormatError) as caught:
        read(MODEL + text)
    assert str(caught.value).startswith(f"mine, {words}" if words.startswith("line") else f"mine: {words}")


def test_a_long_number_is_refused_soon() -> None:
    for wrong in ("9" * 200_000, "9" * 200_000 + "-1-x", "1-" * 100_000, "1/" * 100_000, "." * 200_000):
        with pytest.raises(LutFormatError):
            read(f"{MODEL}0 {wrong} 5 red\n")


# What is shipped ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gmt_tables(gmt: str) -> Path:
    found = subprocess.run([gmt, "--show-sharedir"], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()) / "cpt"


def test_every_table_that_gmt_ships_is_read_and_recognized(gmt_tables: Path) -> None:
    files = sorted(gmt_tables.rglob("*.cpt"))
    if not files:
        pytest.skip("the program gmt is installed without its tables")
    for path in files:
        with warnings.catch_warnings(action="ignore", category=LutWarning):
            lut = CPT.read(LutFile(name=path.name, data=path.read_bytes()))
        assert len(lut) > 1
        assert CPT.recognize(path.read_bytes())
        fitted, losses = fit_lut(lut, CPT)
        assert losses == []
        assert read(CPT.write(replace(fitted, name="mine")).decode()) == replace(fitted, name="mine")


SHIPPED = (
    "gmt/rainbow",
    "gmt/cyclic",
    "gmt/nighttime",
    "gmt/sealand",
    "gmt/topo",
    "gmt/geo",
    "gmt/globe",
    "gmt/gebco",
    "matlab/polar",
)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_table_that_gmt_ships_is_read_as_gmt_scales_and_paints_it(
    gmt: str, gmt_tables: Path, paint_gmt: Painter, name: str, tmp_path: Path
) -> None:
    """The oracle is the table that ``gmt makecpt`` makes of it; within 1."""
    path = gmt_tables / f"{name}.cpt"
    if not path.exists():
        pytest.skip(f"gmt is installed without the table {name}")
    made = subprocess.run([gmt, "makecpt", f"-C{name}"], cwd=tmp_path, capture_output=True, check=True).stdout
    with warnings.catch_warnings(action="ignore", category=LutWarning):
        lut = CPT.read(LutFile(name="mine", data=path.read_bytes()))
        again = CPT.read(LutFile(name="mine", data=made))
    assert (lut.kind, lut.keys[0], lut.keys[-1]) == (again.kind, again.keys[0], again.keys[-1])
    spread = np.linspace(lut.keys[0], lut.keys[-1], 202)[1:-1].astype(np.float32).astype(float)
    away = np.abs(spread[:, np.newaxis] - np.array(lut.keys)).min(axis=1) > 1e-6 * (lut.keys[-1] - lut.keys[0])
    check(paint_gmt(made, spread[away]), evaluate(lut, spread[away]), name)


# The model ---------------------------------------------------------------------------------------------------------------


def test_slices_of_one_color_each_are_intervals_that_hold_their_lower_edge() -> None:
    lut = read(MODEL + "0 red 5 red ;low\n5 blue 9 blue ;high\n")
    assert (lut.kind, lut.keys, lut.closed, lut.names) == ("intervals", (0, 5, 9), "left", ("low", "high"))


def test_one_slice_of_two_colors_makes_all_a_ramp_with_jumps() -> None:
    lut = read(MODEL + "0 red 5 red ;low\n5 blue 9 white ;high\n")
    assert (lut.kind, lut.keys, lut.names) == ("ramp", (0, 5, 5, 9), ("low", "", "high", ""))


def test_slices_that_meet_in_one_color_have_one_stop() -> None:
    assert read(MODEL + "0 red 5 255/255/255\n5 white 9 blue\n").keys == (0, 5, 9)


def test_categories_are_classes() -> None:
    lut = read("2 blue ;open water\n3 1/2/3@20\n")
    assert (lut.kind, lut.keys, lut.names) == ("classes", (2, 3), ("open water", ""))
    assert lut.colors == ((0, 0, 255, 255), (1, 2, 3, 204))


def test_colors_beyond_the_ends_and_of_nodata() -> None:
    lut = read(MODEL + "0 red 5 blue\nB 1/2/3\nF -\nN 4/5/6@50\n")
    assert (lut.below, lut.above, lut.nodata) == ((1, 2, 3, 255), TRANSPARENT, (4, 5, 6, 128))
    assert read(MODEL + "0 red 5 blue\n").below is None


def test_a_slice_that_is_skipped_is_transparent() -> None:
    lut = read(MODEL + "0 - 5 -\n5 red 9 red\n")
    assert lut.colors == (TRANSPARENT, (255, 0, 0, 255))


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_every_transparency_comes_back(level: int) -> None:
    lut = Lut(name="mine", kind="classes", keys=(1, 2), colors=((1, 2, 3, level), (1, 2, 3, 255 - level)))
    assert read(CPT.write(lut).decode()) == lut


@pytest.mark.parametrize("key", [0, -1.7e308, 1.7976931348623157e308, 5e-324, 10**17 + 1, 2**1023, 1e16, -(10**300)])
def test_a_ramp_of_one_key_has_a_slice_that_is_not_empty(key: float) -> None:
    lut = Lut(name="mine", kind="ramp", keys=(key,), colors=(RED,))
    assert read(CPT.write(lut).decode()) == lut


def test_what_is_written_is_plain() -> None:
    lut = Lut(name="x", kind="ramp", keys=(0, 5, 5, 9.5), colors=(RED, BLUE, GREEN, GRAY), above=RED)
    assert CPT.write(lut).decode().splitlines() == [
        "# COLOR_MODEL = RGB",
        "# tsraster repeats B",
        "0\t200 0 0\t5\t0 0 200",
        "5\t9 99 19\t9.5\t77 88 99",
        "B\t200 0 0",
        "F\t200 0 0",
        "N\t-",
    ]


def test_comments_that_no_longer_agree_with_the_slices_are_passed_over() -> None:
    text = CPT.write(WRITTEN["flat"]).decode()
    assert "# tsraster stop 5 200 0 0 255\n" in text
    edited = text.replace("0\t200 0 0\t5\t", "0\t1 0 0\t5\t", 1)
    assert read(edited).colors == ((1, 0, 0, 255), RED, RED)
    assert read(edited).below == RED


def test_bent_lines_have_few_stops() -> None:
    red, green, dark = (read(f"1 {color}\n").colors[0] for color in ("0-1-1", "120-1-1", "0-1-0.2"))
    assert [place for place, _ in bend(Color(red, (0, 1, 1)), Color(green, (120, 1, 1)))] == [0, 0.5, 1]
    assert [place for place, _ in bend(Color(red, (0, 1, 1)), Color(dark, (0, 1, 0.2)))] == [0, 1]
    assert len(read("# COLOR_MODEL = +HSV\n0 0-1-1 1 360-1-1\n")) == 7
    assert len(read("# COLOR_MODEL = +HSV\n0 0-0-0 1 360-1-1\n")) < 60


@pytest.mark.parametrize("name", ["gray", "grey50", "gray90", "DarkSlateGrey", "antiquewhite4", "lightbrown", "navy"])
def test_x11_names_may_be_in_capitals(name: str) -> None:
    assert read(f"1 {name.upper()}\n").colors[0][:3] == X11_COLORS[name.lower()]


def test_x11_names_are_as_many_as_gmt_knows_and_have_its_colors(paint_gmt: Painter) -> None:
    assert len(X11_COLORS) == 663
    text = "".join(f"{code} {name}\n" for code, name in enumerate(X11_COLORS))
    np.testing.assert_array_equal(paint_gmt(text.encode(), range(len(X11_COLORS))), list(X11_COLORS.values()))


# Traps -------------------------------------------------------------------------------------------------------------------


def test_categories_in_no_order_are_said_because_gmt_does_not_find_them(paint_gmt: Painter) -> None:
    text = "1 red\n9 blue\n5 9/9/9\n"
    with pytest.warns(LutWarning, match="mine, line 3: GMT finds only categories that ascend; sort the lines"):
        lut = read(text)
    assert lut.keys == (1, 5, 9)
    painted = paint_gmt(text.encode(), (1.0, 5.0, 9.0))
    assert not isinstance(painted, str)
    assert painted.tolist() != evaluate(lut, (1.0, 5.0, 9.0)).tolist()


def test_that_a_cyclic_table_ends_is_said() -> None:
    with pytest.warns(LutWarning, match="mine, line 2: GMT repeats the colors of a cyclic table"):
        read(MODEL + "# CYCLIC\n0 red 5 blue\n")


@pytest.mark.parametrize(
    ("comments", "keys"),
    [
        ("# RANGE = -10/30\n", (-10, 10, 30)),
        ("# SOFT_HINGE\n# RANGE = -10/30\n", (-10, 10, 30)),
        ("# HARD_HINGE\n# RANGE = -10/30\n", (-10, 0, 30)),
        ("# HARD_HINGE\n# RANGE = 10/30\n", (10, 20, 30)),
    ],
)
def test_a_table_is_stretched_to_its_range_and_that_is_said(comments: str, keys: tuple[float, ...]) -> None:
    with pytest.warns(
        LutWarning, match="the keys are stretched to -?10 and 30; other programs may take them as they stand"
    ):
        assert read(MODEL + comments + "-1 red 0 white\n0 white 1 blue\n").keys == keys


def test_a_table_that_fills_its_range_is_left_alone() -> None:
    assert read(MODEL + "# RANGE = -1/1\n-1 red 0 white\n0 white 1 blue\n").keys == (-1, 0, 1)
    assert read(MODEL + "# RANGE = unknown/1\n-1 red 0 white\n0 white 1 blue\n").keys == (-1, 0, 1)


# Recognition -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_sure"),
    [
        ("# COLOR_MODEL = RGB\n0 red 5 blue\n", True),
        ("#COLOR_MODEL = hsv\n", True),
        ("0 1/2/3 5 4/5/6\n", True),
        ("0 1/2/3 5 4/5/6@20 L ;a b\nB 0/0/0\n", True),
        ("0 1 2 3 5 4 5 6\n5 4 5 6 9 7 8 9\n", True),
        ("0 1 2 3 5 4 5 6\n", False),
        ("1 1 2 3 255 4 5 6\n2 4 5 6 255 7 8 9\n", False),
        ("1 255 0 0\n2 0 255 0\n", False),
        ("1 red\n2 blue\n", False),
        ("code,red,green,blue\n1,2,3,4\n", False),
        ("1 255:0:0\n2 0:255:0\n", False),
        ("1 255 0 0 255 COLOR_MODEL = RGB\n", False),
        ("", False),
    ],
)
def test_a_table_is_recognized_where_it_can_be_nothing_else(text: str, is_sure: bool) -> None:
    with warnings.catch_warnings(action="error"):
        assert CPT.recognize(text.encode()) is is_sure


def test_a_long_table_is_recognized_by_its_first_lines() -> None:
    rows = "".join(f"{i} 1/2/3 {i + 1} 4/5/6 ;{'name ' * 99}\n" for i in range(1000))
    assert CPT.recognize(rows.encode())
    assert re.match(r"0 1/2/3 1 ", rows)
