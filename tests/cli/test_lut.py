"""What `tsraster lut` and `tsraster legend` print, on stdout and stderr, and with which exit code they end."""

from __future__ import annotations

import fcntl
import math
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio

from tsraster.cli import program
from tsraster.cli.luttables import print_lut
from tsraster.coloring import flatten_color, spread_ramp
from tsraster.errors import LutError, LutWarning
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut, read_lut, shipped_luts
from tsraster.lutfiles.pamsidecar import write_pam
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
Run = Callable[..., SimpleNamespace]

RED, GREEN, BLUE, CLEAR = (230, 0, 0, 255), (0, 158, 115, 255), (0, 60, 220, 128), (9, 9, 9, 0)
CLASSES = Lut(name="m", kind="classes", keys=(0, 3, 300), colors=(RED, BLUE, CLEAR), names=("wood", "open; water", ""))
STEPS = Lut(
    name="m", kind="intervals", keys=(-math.inf, 1, 2.5, 4), colors=(RED, GREEN, BLUE), names=("low", "", "high")
)
RAMP = Lut(
    name="m", kind="ramp", keys=(-1.5, 0.1 + 0.2, 7), colors=(RED, GREEN, BLUE), below=GREEN, above=RED, nodata=BLUE
)
PERCENT = Lut(name="m", kind="ramp", keys=(0, 50, 100), colors=(RED, GREEN, RED), percent=True)
ORDER = Lut(name="m", kind="index", colors=(RED, GREEN) * 128)
TABLES = {"classes": CLASSES, "intervals": STEPS, "ramp": RAMP, "percent": PERCENT, "index": ORDER}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Give a function that runs the command line in this process, as `main` does, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: Any) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["tsraster", *map(str, words)])
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = program._show_warning
            code = program._run()
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return run


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder of tables of every kind, in the project's own format, which holds them all."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, lut in TABLES.items():
        (folder / f"{name}.csv").write_bytes(LUT_FORMATS["csv"].write(lut))
    return folder


@pytest.fixture
def classes(tmp_path: Path, draw_raster: Draw) -> Path:
    """A class map of 0, 1, 7 and 8, named by its sidecar."""
    path = draw_raster(tmp_path / "c.tif", np.tile(np.array([0, 1, 7, 8], np.uint8), (6, 3)))
    lut = Lut(
        name="m",
        kind="classes",
        keys=(1, 7, 9),
        colors=(RED, GREEN, (0, 60, 220, 255)),
        names=("town", "wood", "water"),
    )
    path.with_name("c.tif.aux.xml").write_bytes(write_pam(lut))
    return path


# list -------------------------------------------------------------------------------------------------------------------


def test_every_shipped_table_and_every_format_is_listed(run: Run) -> None:
    done = run("lut", "list")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    for name in shipped_luts():
        lut = read_lut(name)
        assert re.search(rf"^{name} +{lut.kind} +{len(lut)}$", done.out, re.MULTILINE)
    for name in LUT_FORMATS:
        form = LUT_FORMATS[name]
        (line,) = [line for line in lines if line.startswith(f"{name} ") and form.title in line]
        for word in (*form.endings, *form.capacity.kinds, *["names"] * form.capacity.names):
            assert word in line
    assert "colormaps of matplotlib, colorcet and cmap" in lines[-1]
    assert not [line for line in lines if line != line.rstrip()]
    assert "\x1b" not in done.out


def test_the_commands_stand_in_the_order_in_which_they_are_met(run: Run) -> None:
    found = re.findall(r"^  (list|show|convert|check) ", run("lut", "--help").out, re.MULTILINE)
    assert found == ["list", "show", "convert", "check"]


# show -------------------------------------------------------------------------------------------------------------------

SHOWN = {
    "classes": [
        "tables/classes.csv: classes of 3 colors",
        "code  red  green  blue  alpha             name",
        "   0  230      0     0    255  #e60000    wood",
        "   3    0     60   220    128  #003cdc80  open; water",
        " 300    9      9     9      0  #09090900",
    ],
    "intervals": [
        "tables/intervals.csv: intervals of 3 colors",
        " interval  red  green  blue  alpha             name",
        "(-inf, 1]  230      0     0    255  #e60000    low",
        " (1, 2.5]    0    158   115    255  #009e73",
        " (2.5, 4]    0     60   220    128  #003cdc80  high",
    ],
    "ramp": [
        "tables/ramp.csv: ramp of 3 colors",
        " value  red  green  blue  alpha",
        "  -1.5  230      0     0    255  #e60000",
        "   0.3    0    158   115    255  #009e73",
        "     7    0     60   220    128  #003cdc80",
        " below    0    158   115    255  #009e73",
        " above  230      0     0    255  #e60000",
        "nodata    0     60   220    128  #003cdc80",
    ],
    "percent": [
        "tables/percent.csv: ramp of 3 colors, in percent of the range",
        "value  red  green  blue  alpha",
        "   0%  230      0     0    255  #e60000",
        "  50%    0    158   115    255  #009e73",
        " 100%  230      0     0    255  #e60000",
    ],
}


@pytest.mark.parametrize("name", SHOWN)
def test_each_kind_is_shown_with_its_keys(name: str, run: Run, tables: Path) -> None:
    done = run("lut", "show", f"tables/{name}.csv")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == SHOWN[name]


def test_positions_are_shown(run: Run, tables: Path) -> None:
    lines = run("lut", "show", "tables/index.csv").out.splitlines()
    assert lines[0] == "tables/index.csv: index of 256 colors"
    assert lines[1].split() == ["position", "red", "green", "blue", "alpha"]
    assert [line.split()[0] for line in lines[2:]] == [str(i) for i in range(256)]


def test_intervals_that_are_closed_at_the_left_are_shown_so(capfd: pytest.CaptureFixture[str]) -> None:
    print_lut(replace(STEPS, closed="left"))
    assert "[1, 2.5)" in capfd.readouterr().out


def test_one_color_is_one_color(capfd: pytest.CaptureFixture[str]) -> None:
    print_lut(Lut(name="m", kind="classes", keys=(1,), colors=(RED,)))
    assert capfd.readouterr().out.splitlines()[0] == "m: classes of 1 color"


@pytest.mark.parametrize(
    "name", ["x" * 5000, "with  spaces", "Grüße 地図 🗺", "a\x1b[31mb", "<b>&", "a,b;c"], ids=lambda t: t[:9]
)
def test_any_name_is_shown_on_its_line(name: str, run: Run, tmp_path: Path) -> None:
    lut = Lut(name="m", kind="classes", keys=(1, 2), colors=(RED, GREEN), names=(name, "wood"))
    (tmp_path / "m.csv").write_bytes(LUT_FORMATS["csv"].write(lut))
    lines = run("lut", "show", "m.csv").out.splitlines()
    assert [line[line.index("#") + 9 :] for line in lines[2:]] == list(lut.names)
    assert "\x1b" not in "".join(lines)


def test_of_a_huge_table_the_first_rows_are_shown(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{code},{code % 256},0,0\n" for code in range(1, 20_001))
    (tmp_path / "m.csv").write_text(f"code,red,green,blue\n{rows}")
    lines = run("lut", "show", "m.csv").out.splitlines()
    assert len(lines) == 303
    assert lines[-1] == "... and 19700 colors more; tsraster lut convert writes them all"


def test_keys_that_differ_are_shown_differently(capfd: pytest.CaptureFixture[str]) -> None:
    keys = (1.000000001, 1.000000002, 10**17 + 1)
    print_lut(Lut(name="m", kind="classes", keys=keys, colors=(RED, GREEN, BLUE)))
    shown = [line.split()[0] for line in capfd.readouterr().out.splitlines()[2:]]
    assert shown == ["1.000000001", "1.000000002", "100000000000000001"]


@pytest.mark.parametrize("name", ["viridis", "colorcet:fire", "cmap:crameri:batlow", "tab10"])
def test_an_installed_colormap_is_shown(name: str, run: Run) -> None:
    pytest.importorskip(name.partition(":")[0] if ":" in name else "matplotlib")
    done = run("lut", "show", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{name}: ")


def test_a_legend_is_drawn_on_request(run: Run, tables: Path, tmp_path: Path) -> None:
    done = run("lut", "show", "tables/classes.csv", "--picture", "l.svg")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [*SHOWN["classes"], "wrote l.svg"]
    assert "open; water" in (tmp_path / "l.svg").read_text()
    again = run("lut", "show", "tables/classes.csv", "--picture", "l.svg")
    assert (again.code, again.out) == (1, "")
    assert "give --overwrite" in again.err
    assert run("lut", "show", "tables/classes.csv", "--picture", "l.svg", "--overwrite").code == 0


def test_a_legend_that_cannot_be_drawn_is_said_before_anything_is_printed(run: Run) -> None:
    done = run("lut", "show", "nlcd", "--picture", "l.gif")
    assert (done.code, done.out) == (2, "")
    assert "no ending that a legend can have" in done.err


def test_the_table_is_not_replaced_by_its_legend(run: Run, tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "p.png", np.ones((4, 4), np.uint8), driver="PNG", palette={1: RED})
    before = path.read_bytes()
    done = run("lut", "show", "p.png", "--picture", "./p.png", "--overwrite")
    assert (done.code, done.out) == (2, "")
    assert "is an input" in done.err.splitlines()[-1]
    assert path.read_bytes() == before


# Terminals --------------------------------------------------------------------------------------------------------------


def at_terminal(*words: Any, columns: int = 60) -> str:
    """Return what the program prints on a terminal of so many columns."""
    leader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "tsraster", *map(str, words)]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=env) as process:
        os.close(terminal)
        pieces = []
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the terminal is closed
                break
            if not piece:
                break
            pieces.append(piece)
    os.close(leader)
    assert process.returncode == 0
    return b"".join(pieces).decode().replace("\r\n", "\n")


def backgrounds(line: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, found)) for found in re.findall(r"\x1b\[48;2;(\d+);(\d+);(\d+)m", line)]


def plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_on_a_terminal_each_color_is_seen(tables: Path) -> None:
    lines = at_terminal("lut", "show", tables / "classes.csv").splitlines()
    assert [backgrounds(line) for line in lines[2:]] == [[flatten_color(color)] for color in CLASSES.colors]
    # What shines through is laid on white.
    assert backgrounds(lines[4]) == [(255, 255, 255)]
    without = [" ".join(plain(line).split()) for line in lines[1:]]
    assert without == [" ".join(line.split()) for line in SHOWN["classes"][1:]]


@pytest.mark.parametrize("columns", [40, 100])
def test_on_a_terminal_a_ramp_is_a_strip_as_wide_as_that(columns: int, tables: Path) -> None:
    lines = at_terminal("lut", "show", tables / "ramp.csv", columns=columns).splitlines()
    assert backgrounds(lines[1]) == [flatten_color(color) for color in spread_ramp(RAMP, columns)]
    assert plain(lines[1]) == " " * columns
    assert len(lines) == len(SHOWN["ramp"]) + 1


def test_on_a_terminal_shipped_tables_are_strips() -> None:
    lines = at_terminal("lut", "list", columns=200).splitlines()
    for name in shipped_luts():
        (line,) = [line for line in lines if plain(line).startswith(f"{name} ")]
        lut = read_lut(name)
        assert len(backgrounds(line)) == (24 if lut.kind == "ramp" else min(24, len(lut)))
        assert backgrounds(line)[0] == lut.colors[0][:3]


def test_with_stdout_closed_nothing_breaks(tables: Path) -> None:
    command = f'exec "{sys.executable}" -m tsraster lut show "{tables / "ramp.csv"}" >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


# convert ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(LUT_FORMATS))
@pytest.mark.parametrize("name", TABLES)
def test_each_loss_is_a_note_and_nothing_else_is(name: str, form: str, run: Run, tables: Path) -> None:
    source = read_lut(f"{tables}/{name}.csv")
    done = run("lut", "convert", f"tables/{name}.csv", "new", "--to", form)
    try:
        fitted, losses = fit_lut(replace(source, name=f"tables/{name}.csv"), LUT_FORMATS[form])
    except LutError as error:
        assert (done.code, done.out, done.err) == (1, "", f"Error: {error}\n")  # noqa: PT017
        assert not Path("new").exists()
        return
    title = LUT_FORMATS[form].title
    assert (done.code, done.out) == (0, f"wrote new: {title}, {fitted.kind} of {len(fitted)} colors\n")
    assert done.err == "".join(f"Note: new does not hold {loss}\n" for loss in losses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LutWarning)
        assert read_lut("./new", lut_format=form) == replace(fitted, name="./new")


@pytest.mark.parametrize(
    ("words", "kind", "keys"),
    [
        ("thermal new.clr --classes 3", "classes", (1, 2, 3)),
        ("tables/index.csv new.clr --first-code 0", "classes", tuple(range(256))),
        ("thermal new.csv --value-range 270,310.5", "ramp", (270, 310.5)),
        ("thermal new.csv --value-range=-1,-0.5", "ramp", (-1, -0.5)),
        ("tables/classes.csv new.csv --kind ramp", "ramp", (0, 3, 300)),
        ("tables/classes.csv new.csv --kind classes --lut-format csv", "classes", (0, 3, 300)),
    ],
)
def test_options_say_what_codes_and_values_are(
    words: str, kind: str, keys: tuple[float, ...], run: Run, tables: Path
) -> None:
    done = run("lut", "convert", *words.split())
    assert (done.code, done.err) == (0, "")
    lut = read_lut(f"./{words.split()[1]}")
    assert lut.kind == kind
    assert (lut.keys if len(keys) != 2 else (lut.keys[0], lut.keys[-1])) == keys


def test_a_raster_becomes_a_style_and_the_filling_is_said(shared_data: Path, run: Run) -> None:
    source = shared_data / "landcover" / "nlcd_small.tif"
    done = run("lut", "convert", source, "new.qml")
    assert done.err == f"Note: {source}: 229 black colors without a name, of codes that do not occur, are left out\n"
    assert done.out == "wrote new.qml: QGIS layer style, classes of 26 colors\n"
    assert "Open Water" in read_lut("./new.qml").names


def test_a_trap_of_the_source_is_a_note(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("1 2 3 4 pine\n")
    done = run("lut", "convert", "m.txt", "new.csv")
    assert (done.code, done.out) == (0, "wrote new.csv: the project's CSV, classes of 1 color\n")
    assert done.err.startswith("Note: m.txt, line 1: GDAL reads 'pine' as an alpha of 0")
    assert done.err.count("\n") == 1


def test_a_sidecar_that_is_none_is_one_clear_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.tif.aux.xml").write_text("<PAMDataset>")
    done = run("lut", "convert", "nlcd", "c.tif.aux.xml", "--overwrite")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"Error: c\.tif\.aux\.xml, line 1: this is no well-formed XML .*\n", done.err)
    assert (tmp_path / "c.tif.aux.xml").read_text() == "<PAMDataset>"


# check ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["thermal", "gray", "viridis"])
def test_nothing_is_said_against_a_good_table(name: str, run: Run) -> None:
    done = run("lut", "check", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1:] == ["nothing to say against it"]


def test_all_that_is_found_is_a_line_each(run: Run, classes: Path, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("1 230 0 0 town\n5 230 0 0 255 city\n7 0 158 115\n9 0 60 220\n10 0 61 221\n")
    done = run("lut", "check", "m.txt", "--raster", "c.tif", "--to", "esri")
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[0] == "m.txt: classes of 5 colors"
    assert lines[1].startswith("trap: m.txt, line 1: GDAL reads 'town' as an alpha of 0")
    assert lines[2:] == [
        "missing: no color for the code 8, which the class map holds",
        "lost: 2 names",
        "alike: 1 town | 5 city: the same color",
        "alike: 9 | 10: a difference of 0.3 for everybody",
        "unused: the class map does not hold the codes 5, 9, 10",
        "gaps: between the codes there is no color for 2 to 4, 6, 8",
    ]


def test_a_table_that_covers_the_class_map_ends_well(run: Run, classes: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("code,red,green,blue\n1,230,0,0\n7,0,158,115\n8,0,60,220\n")
    done = run("lut", "check", "m.csv", "--raster", "c.tif")
    assert done.code == 0
    assert done.out.splitlines()[1:] == ["gaps: between the codes there is no color for 2 to 6"]


def test_a_refusal_ends_with_1(run: Run) -> None:
    done = run("lut", "check", "thermal", "--to", "esri")
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines()[1].startswith("refused: thermal cannot become ESRI .clr: ")
    assert run("lut", "check", "thermal", "--to", "imagej").code == 0


def test_positions_do_not_fit_a_class_map(run: Run, classes: Path, tables: Path) -> None:
    done = run("lut", "check", "tables/index.csv", "--raster", "c.tif")
    assert done.code == 1
    assert "misfit: the colors of tables/index.csv have no codes" in done.out.splitlines()[1]


def test_look_alikes_are_said_in_words(run: Run, tmp_path: Path) -> None:
    done = run("lut", "check", "worldcover")
    assert "alike: 10 Tree cover | 50 Built-up: a difference of 1.4 with protanopia" in done.out
    rows = "".join(f"{code},9,9,{9 if code < 6 else 10}\n" for code in range(1, 8))
    (tmp_path / "m.csv").write_text(f"code,red,green,blue\n{rows}")
    lines = run("lut", "check", "m.csv").out.splitlines()[1:]
    assert lines == [
        "alike: 1 | 2 and 3 more: the same color",
        "alike: 6 | 7: the same color",
        "alike: 1 | 6, and 5 more of these colors: a difference of 0.4 for everybody",
    ]


def test_of_many_the_first_are_said(run: Run) -> None:
    lines = run("lut", "check", "categorical").out.splitlines()
    assert len([line for line in lines if line.startswith("alike: ")]) == 11
    assert re.fullmatch(r"alike: and \d+ more", lines[-1])
    gaps = run("lut", "check", "worldcover").out.splitlines()[-1]
    assert gaps == (
        "gaps: between the codes there is no color for 11 to 19, 21 to 29, 31 to 39, 41 to 49, 51 to 59, 61 to 69, 71 to 79, "
        "81 to 89, 91 to 94, 96 to 99"
    )


def test_a_real_class_map_is_checked(shared_data: Path, run: Run) -> None:
    done = run("lut", "check", "nlcd", "--raster", shared_data / "landcover" / "nlcd2011_zion.tif")
    assert (done.code, done.err) == (0, "")
    assert "unused: the class map does not hold the codes 12, 24, 51, 72, 73, 74" in done.out
    other = run("lut", "check", "worldcover", "--raster", shared_data / "landcover" / "nlcd2011_zion.tif")
    assert other.code == 1
    assert "missing: no color for the codes 11, 21, 22, 23, 31, 41, 42, 43, 52, 71 and 2 more, which" in other.out


# legend -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_the_legend_of_a_class_map_is_drawn(ending: str, run: Run, classes: Path, tmp_path: Path) -> None:
    lut = tmp_path / "m.csv"
    lut.write_text("code,red,green,blue\n1,230,0,0\n7,0,158,115\n8,0,60,220\n9,1,2,3\n")
    words = ["--lut", "m.csv", "--title", "Cover", "--labels", 'city,,"sea, lake"', "--horizontal", "--columns", "2"]
    done = run("legend", "c.tif", f"l.{ending}", *words)
    assert (done.code, done.out, done.err) == (0, f"wrote l.{ending}\n", "")
    if ending == "png":
        with without_place_warning(), rasterio.open(tmp_path / "l.png") as file:
            pixels = file.read()[:3].reshape(3, -1).T.tolist()
        assert [230, 0, 0] in pixels
        assert [1, 2, 3] not in pixels
        return
    text = (tmp_path / f"l.{ending}").read_text("utf-8")
    for word in ("Cover", "city", "wood", "sea, lake", "#e60000"):
        assert word in text
    assert "#010203" not in text


def test_a_class_map_without_colors_says_where_to_get_them(run: Run, tmp_path: Path, draw_raster: Draw) -> None:
    draw_raster(tmp_path / "gray.tif", np.ones((4, 4), np.uint8))
    done = run("legend", "gray.tif", "l.png")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Error: gray.tif has no palette of its own; name a color table with --lut\n"
    # Here there is no such option.
    assert run("lut", "show", "gray.tif").err == "Error: gray.tif has no palette of its own; it is no color table\n"
