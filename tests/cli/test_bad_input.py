"""What goes wrong for users: one sentence, an exit code, and every file as it was before.

The real program runs, in a process of its own each time. So that hundreds of runs take seconds, most are forked from one process
that has imported everything; those that depend on how a process starts or dies are started anew.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from tsraster.cli.program import COMMANDS
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]

SERVER = """
import json, os, resource, signal, sys
from importlib import import_module
from tsraster.cli.program import COMMANDS, main
import skimage.filters
for name in COMMANDS:
    import_module(f"tsraster.cli.{name}")
while line := sys.stdin.readline():
    job = json.loads(line)
    child = os.fork()
    if not child:
        signal.alarm(60)
        os.chdir(job["folder"])
        for number, path, mode in ((0, os.devnull, os.O_RDONLY), (1, job["out"], os.O_WRONLY), (2, job["err"], os.O_WRONLY)):
            os.dup2(os.open(path, mode), number)
        if job["largest"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest"], job["largest"]))
        sys.argv = ["tsraster", *job["words"]]
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Run = Callable[..., SimpleNamespace]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., SimpleNamespace]]:
    texts = tmp_path_factory.mktemp("texts")
    out, err = texts / "out", texts / "err"
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def run(folder: Path, words: list[str], largest: int | None = None) -> SimpleNamespace:
            out.write_bytes(b"")
            err.write_bytes(b"")
            job = {"folder": str(folder), "out": str(out), "err": str(err), "words": words, "largest": largest}
            print(json.dumps(job), file=asked, flush=True)
            code = int(answered.readline())
            return SimpleNamespace(code=code, out=out.read_text("utf-8"), err=err.read_text("utf-8"))

        yield run
        asked.close()


@pytest.fixture
def run(server: Callable[..., SimpleNamespace], sources: Path, tmp_path: Path) -> Run:
    """Give a function that runs a command line in an empty folder; ``@`` before a word stands for the folder of sources;
    where the option itself takes a file behind an ``@``, there are two."""

    def run(line: str | list[str], **how: Any) -> SimpleNamespace:
        words = shlex.split(line) if isinstance(line, str) else line
        return server(tmp_path, [re.sub(r"^(@?)@", rf"\1{sources}/", word) for word in words], **how)

    return run


def start(words: list[Any], folder: Path, **how: Any) -> subprocess.Popen[bytes]:
    """Start the program as a user does."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-m", "tsraster", *words], cwd=folder, **pipes | how)


def snapshot(folder: Path) -> dict[str, Any]:
    """What is in a folder: names, kinds, bytes, times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(mode) else None
        found[os.fspath(path)] = mode, what, None if path.is_dir() else path.lstat().st_mtime_ns
    return found


def check_sentence(err: str, *words: str) -> None:
    """One line on stderr, that says so much."""
    assert err.startswith("Error: "), err
    assert err.count("\n") == 1, err
    assert err.endswith("\n")
    assert "Traceback" not in err
    assert "None" not in err
    for word in words:
        assert re.search(word, err), f"{word!r} is not in {err!r}"


# Sources ----------------------------------------------------------------------------------------------------------------

TABLE = {"kind": "tsraster class table", "version": 1, "edges": [0, 50, 100]}
LUT = "code,red,green,blue\n"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    _draw_good(folder, draw_raster)
    _draw_damaged(folder)
    _write_tables(folder)
    return folder


def _draw_good(folder: Path, draw: Draw) -> None:
    random = np.random.default_rng(5)
    ramp = (np.arange(64 * 64).reshape(64, 64) % 100).astype(np.uint8)
    noise = random.integers(0, 256, (256, 256), dtype=np.uint8)
    draw(folder / "band.tif", ramp, crs="EPSG:32616", transform=from_origin(5e5, 4e6, 30, 30))
    draw(folder / "noise.tif", noise, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    draw(folder / "noise.png", np.stack([noise] * 3), driver="PNG")
    draw(folder / "noise.jpg", np.stack([noise] * 3), driver="JPEG")
    draw(folder / "bands.tif", np.stack([ramp.astype(np.int16)] * 3))
    draw(folder / "nodata.tif", np.zeros((9, 9), np.uint8), nodata=0)
    draw(folder / "nan.tif", np.full((9, 9), np.nan, np.float32))
    draw(folder / "constant.tif", np.full((9, 9), 7, np.uint8))
    draw(folder / "constant-float.tif", np.full((9, 9), 7.5, np.float32))
    draw(folder / "complex.tif", np.ones((9, 9), np.complex64))
    draw(folder / "negative.tif", np.array([[-1, 1]], np.int16))
    draw(folder / "float.tif", ramp.astype(np.float32))
    infinite = ramp.astype(np.float32)
    infinite[0, :3] = [np.inf, -np.inf, np.nan]
    draw(folder / "infinite.tif", infinite)
    draw(folder / "paletted.tif", ramp % 4, palette={1: (9, 9, 9, 255), 2: (200, 0, 0, 255), 3: (0, 0, 200, 255)})


def _draw_damaged(folder: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "text.tif").write_text("these are no pixels\n")
    (folder / "empty.tif").write_bytes(b"")
    for ending in ("tif", "png", "jpg"):
        whole = (folder / f"noise.{ending}").read_bytes()
        (folder / f"cut.{ending}").write_bytes(whole[: len(whole) // 2])
        (folder / f"head.{ending}").write_bytes(whole[:40])
    broken = bytearray((folder / "noise.tif").read_bytes())
    with without_place_warning(), rasterio.open(folder / "noise.tif") as file:
        at, size = (int(file.get_tag_item(f"BLOCK_{what}_1_2", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    broken[at + 20 : at + size - 20] = b"\xa5" * (size - 40)
    (folder / "broken.tif").write_bytes(broken)


def _write_tables(folder: Path) -> None:
    (folder / "good.json").write_text(json.dumps(TABLE))
    (folder / "narrow.json").write_text(json.dumps(TABLE | {"edges": [0, 50]}))
    (folder / "text.json").write_text("edges: 1, 2, 3\n")
    (folder / "latin.json").write_bytes(json.dumps(TABLE | {"unit": "@"}).replace("@", "\xb0").encode("latin-1"))
    (folder / "kind.json").write_text(json.dumps(TABLE | {"kind": "legend"}))
    (folder / "version.json").write_text(json.dumps(TABLE | {"version": 2}))
    (folder / "unsorted.json").write_text(json.dumps(TABLE | {"edges": [0, 50, 20]}))
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "short.csv").write_text(LUT + "1,0,0,0\n3,0,0,0\n")
    (folder / "malformed.csv").write_text(LUT + "1,0,0,0\n2,0,0,dark\n")
    (folder / "malformed.txt").write_text("# mine\n1 0 0 0\n2 0 0\n")
    (folder / "open-quote.csv").write_text("code,red,green,blue,name\n" + '1,0,0,0,"sea\n2,0,0,0,wood\n')
    (folder / "latin.csv").write_bytes((LUT + "1,0,0,0\n# caf\xe9\n").encode("latin-1"))
    (folder / "empty.csv").write_bytes(b"")
    (folder / "twice.csv").write_text(LUT + "1,0,0,0\n1,0,0,9\n")
    (folder / "wide.csv").write_text("code,red,green,blue,alpha,name,more\n1,0,0,0,255,a,b\n")
    (folder / "utf16.csv").write_bytes((LUT + "1,0,0,0\n").encode("utf-16"))
    (folder / "positions.gpl").write_text("GIMP Palette\nName: mine\nColumns: 0\n#\n1 2 3\n9 9 9\n")
    (folder / "steps.csv").write_text('interval,red,green,blue\n"(0, 1]",0,0,0\n"(1, 2]",9,9,9\n')
    (folder / "many.csv").write_text(LUT + "".join(f"{code},{code % 256},0,0\n" for code in range(1, 3001)))
    (folder / "cut.qml").write_text("<qgis><pipe>")
    (folder / "other.xml").write_text("<html><body/></html>")
    (folder / "bomb.sld").write_text('<!DOCTYPE a [<!ENTITY b "c">]><StyledLayerDescriptor>&b;</StyledLayerDescriptor>')
    (folder / "ambiguous").write_bytes(bytes(768))
    (folder / "text.ttf").write_text("no font")
    with (folder / "huge.csv").open("wb") as huge:
        huge.truncate(2**25 + 1)


# Refused ----------------------------------------------------------------------------------------------------------------

C = "classify @band.tif out.tif --overwrite"
HIST = "histogram @band.tif --csv out.csv --overwrite"
PAINT = "colorize @band.tif out.png --overwrite"
R = "reclassify @band.tif out.tif --overwrite"

DAMAGED = {
    "missing": ("nowhere.tif", r"nowhere\.tif does not exist"),
    "no raster": ("@text.tif", r"text\.tif is no raster or picture that can be read, or is damaged"),
    "folder": ("@folder", r"folder is a folder and no raster; name a file in it"),
    "empty file": ("@empty.tif", r"empty\.tif is empty"),
    "cut GeoTIFF": ("@cut.tif", r"cut\.tif: the pixels of rows \d+ to \d+, columns \d+ to \d+ cannot be read"),
    "cut PNG": ("@cut.png", r"cut\.png: the pixels of rows \d+ to \d+, columns \d+ to \d+ cannot be read"),
    "cut JPEG": ("@cut.jpg", r"cut\.jpg: the pixels of rows \d+ to \d+, columns \d+ to \d+ cannot be read"),
    "head of a GeoTIFF": ("@head.tif", r"head\.tif is no raster"),
    "head of a PNG": ("@head.png", r"head\.png"),
    "head of a JPEG": ("@head.jpg", r"head\.jpg is no raster"),
    "broken tile": ("@broken.tif", r"broken\.tif: the pixels of rows 0 to \d+, columns 0 to \d+ cannot be read"),
    "empty name": ("''", "the source has an empty name; name a file"),
}

JOBS = {
    "info": "info {}",
    "histogram": "histogram {} --csv out.csv --overwrite",
    "classify by cutoffs": "classify {} out.tif --cutoffs 50 --overwrite --stats out.csv --save-table out.json",
    "classify by bins": "classify {} out.png --bins 5 --overwrite --lut thermal --color out.jpg",
    "classify by a scheme": "classify {} out.tif --scheme natural-breaks --classes 3 --overwrite --stats out.csv",
    "breaks": "breaks @band.tif {} out.json --scheme quantiles --classes 3 --overwrite",
    "colorize": "colorize {} out.png --lut thermal --band 1 --overwrite",
    "reclassify": "reclassify {} out.tif --band 1 --mapping DEFAULT=1 --lut thermal --color out.jpg --stats out.csv --overwrite",
    "check a color table": "lut check thermal --raster {} --band 1 --to qgis",
}

REFUSED: dict[str, tuple[int, str, str]] = {
    # Color tables
    "LUT unknown": (2, f"{C} --bins 5 --lut thermla", r"unknown color table 'thermla'; did you mean thermal\?"),
    "LUT unlike any": (2, f"{C} --bins 5 --lut zzz", "unknown color table 'zzz'; choose from categorical, gray, "),
    "LUT too short": (1, f"{C} --bins 5 --lut @short.csv", r"short\.csv has no color for the codes 2, 4, 5 \(3 of 5\)"),
    "LUT not UTF-8": (1, f"{C} --bins 1 --lut @latin.csv", r"latin\.csv, line 3: this is not UTF-8 text"),
    "LUT line": (1, f"{C} --bins 2 --lut @malformed.csv", r"malformed\.csv, line 3: 'dark' is no whole number"),
    "LUT text line": (1, f"{C} --bins 2 --lut @malformed.txt", r"malformed\.txt, line 3: no color; write key red"),
    "LUT quote": (
        1,
        f"{C} --bins 2 --lut @open-quote.csv",
        r"open-quote\.csv, line 2: the fields cannot be told apart",
    ),
    "LUT missing": (1, f"{C} --bins 2 --lut no.csv", r"the color table no\.csv does not exist"),
    "LUT empty": (1, f"{C} --bins 2 --lut @empty.csv", r"empty\.csv, line 1: the header is ''; write code,red"),
    "LUT folder": (1, f"{C} --bins 2 --lut @folder/", r"cannot be read \(Is a directory\)"),
    "LUT long name": (2, f"{C} --bins 2 --lut {'x' * 300}", "unknown color table"),
    "color without LUT": (2, f"{C} --bins 2 --color c.png", "needs a color table; name one with --lut"),
    "paint without LUT": (1, PAINT, r"band\.tif has no palette of its own; name a color table with --lut"),
    "paint too short": (1, f"{PAINT} --lut @short.csv", r"short\.csv has no color for the codes 2, 4, 5, .*, \.\.\. "),
    "paint floats": (
        1,
        "colorize @float.tif out.png --lut thermal --overwrite",
        "holds float32 and no class codes; classify it",
    ),
    "paint negative": (1, "colorize @negative.tif out.png --lut thermal --overwrite", "holds the negative number -1"),
    # Cutoffs
    "cutoffs unsorted": (2, f"{C} --cutoffs 30,20", "the cutoff 20 comes after 30; give cutoffs in increasing order"),
    "cutoffs doubled": (2, f"{C} --cutoffs 20,20", "the cutoff 20 is given twice"),
    "cutoffs no numbers": (2, f"{C} --cutoffs low,high", "'low,high' is no list of numbers separated by commas"),
    "cutoffs with a hole": (2, f"{C} --cutoffs 1,,2", "'1,,2' is no list of numbers"),
    "cutoffs with semicolons": (2, f"{C} --cutoffs '1;2'", "'1;2' is no list of numbers"),
    "cutoffs empty": (2, f"{C} --cutoffs ''", "no cutoffs; give at least one number"),
    "cutoffs nan": (2, f"{C} --cutoffs 1,nan", "the cutoff nan is no finite number"),
    "cutoffs inf": (2, f"{C} --cutoffs 1,inf", "the cutoff inf is no finite number"),
    "cutoffs -inf": (2, f"{C} --cutoffs=-inf,1", "the cutoff -inf is no finite number"),
    "cutoffs 1e999": (2, f"{C} --cutoffs 1e999", "the cutoff inf is no finite number"),
    "cutoffs 400 digits": (2, f"{C} --cutoffs 1{'0' * 400}", "is no finite number"),
    "cutoffs 5000 digits": (2, f"{C} --cutoffs 1{'0' * 5000}", "is no list of numbers"),
    "cutoffs of two lines": (2, f"{C} --cutoffs '1\n2'", "is no list of numbers"),
    "histogram cutoffs": (2, f"{HIST} --cutoffs 2,1", "the cutoff 1 comes after 2"),
    # Bins
    "bins 0": (2, f"{C} --bins 0", "0 bins or classes cannot be made; give a number from 1 to 1048576"),
    "bins -3": (2, f"{C} --bins -3", "-3 bins or classes cannot be made"),
    "bins huge": (2, f"{C} --bins {10**12}", "1000000000000 bins or classes cannot be made"),
    "bins no number": (2, f"{C} --bins many", "Invalid value for '--bins': 'many' is not a valid integer"),
    "bins not whole": (2, f"{C} --bins 2.5", "Invalid value for '--bins': '2.5' is not a valid integer"),
    "histogram bins 0": (2, f"{HIST} --bins 0", "0 bins or classes cannot be made"),
    "bins and cutoffs": (2, f"{C} --bins 3 --cutoffs 1", "--cutoffs and --bins contradict each other; give one"),
    "neither": (2, C, "nothing says which classes to make; give --cutoffs, --bins, --scheme or --table"),
    # Schemes
    "scheme unknown": (2, f"{C} --scheme quantils --classes 3", "unknown scheme 'quantils'; did you mean quantiles"),
    "scheme empty": (2, f"{C} --scheme '' --classes 3", "unknown scheme ''; choose from equal-interval, "),
    "scheme not UTF-8": (2, f"{C} --scheme '\udcff' --classes 3", "unknown scheme '.*'; choose from"),
    "scheme without classes": (2, f"{C} --scheme quantiles", "quantiles needs a number of classes; give --classes"),
    "classes without scheme": (2, f"{C} --bins 3 --classes 3", "name one with --scheme"),
    "classes 0": (2, f"{C} --scheme quantiles --classes 0", "0 bins or classes cannot be made"),
    "classes huge": (2, f"{C} --scheme otsu --classes {10**9}", "1000000000 bins or classes cannot be made"),
    "classes too few": (2, f"{C} --scheme box-plot --classes 3", "box-plot makes 6 classes, not 3"),
    "scheme and bins": (2, f"{C} --bins 3 --scheme mean", "--bins and --scheme contradict each other"),
    "numbers where none": (2, f"{C} --scheme mean:3", "'mean:3' is no scheme: mean takes no numbers"),
    "numbers missing": (2, f"{C} --scheme box-plot:", "after the colon of box-plot stand the length of the whiskers"),
    "numbers and classes": (2, f"{C} --scheme percentiles:5,95 --classes 3", "leave --classes out"),
    "percents falling": (2, f"{C} --scheme percentiles:95,5", "percents that increase, above 0 and below 100"),
    "width 0": (2, f"{C} --scheme defined-interval:0", "takes one width above 0"),
    "width tiny": (1, f"{C} --scheme defined-interval:1e-9", r"band\.tif: intervals of 1e-09 make 9\.90e\+10 classes"),
    "whiskers negative": (2, f"{C} --scheme box-plot:-1", "takes one length of whiskers, at least 0"),
    "values for other classes": (2, f"{C} --scheme quantiles --classes 3 --values 1,2", "2 codes for 3 classes"),
    "scheme of a constant": (
        1,
        "classify @constant.tif out.tif --scheme natural-breaks --classes 3 --overwrite",
        "all 81 valid pixels have the value 7",
    ),
    "scheme of nodata": (
        1,
        "classify @nodata.tif out.tif --scheme quantiles --classes 3 --overwrite",
        r"nodata\.tif: no pixel is valid; all are nodata",
    ),
    "breaks without sources": (2, "breaks", "Missing argument 'SRC... .TABLE.json.'"),
    "breaks without scheme": (2, "breaks @band.tif t.json", "give --scheme and --classes, or --compare"),
    "breaks missing source": (1, "breaks no.tif t.json --scheme mean", r"no\.tif does not exist"),
    "breaks destination exists": (
        1,
        "breaks @band.tif out.json --scheme mean",
        "out.json exists already; give --overwrite",
    ),
    "breaks no folder": (1, "breaks @band.tif no/t.json --scheme mean", "there is no folder"),
    "compare into a table": (2, "breaks @band.tif t.json --compare --classes 3", "choose one with --scheme"),
    "compare without classes": (2, "breaks @band.tif --compare", "--compare needs a number of classes"),
    "bins of a constant": (
        1,
        "classify @constant.tif out.tif --bins 3 --overwrite",
        "all 81 valid pixels have the value 7",
    ),
    "bins of constant floats": (
        1,
        "classify @constant-float.tif out.tif --bins 3 --overwrite",
        "have the value 7.5, .*use --cutoffs",
    ),
    # Bands and pixels
    "band 0": (2, f"{C} --bins 3 --band 0", "there is no band 0; bands are counted from 1"),
    "band -1": (2, f"{C} --bins 3 --band -1", "there is no band -1; bands are counted from 1"),
    "band 2 of 1": (1, f"{C} --bins 3 --band 2", r"band\.tif has no band 2; choose from 1 gray \(uint8\)"),
    "band of no name": (1, f"{C} --bins 3 --band red", r"band\.tif has no band called 'red'; choose from 1 gray"),
    "colorize band 0": (2, f"{PAINT} --lut thermal --band 0", "there is no band 0; bands are counted from 1"),
    "several bands": (
        1,
        "classify @bands.tif out.tif --bins 3 --overwrite",
        r"has 3 bands .*name one with --band: 1 .*, 2 .*, 3 ",
    ),
    "nodata, cutoffs": (
        1,
        "classify @nodata.tif out.tif --cutoffs 1 --overwrite",
        r"nodata\.tif: no pixel is valid; all are nodata",
    ),
    "nodata, bins": (
        1,
        "classify @nodata.tif out.tif --bins 2 --overwrite",
        r"nodata\.tif: no pixel is valid; all are nodata",
    ),
    "NaN, cutoffs": (1, "classify @nan.tif out.tif --cutoffs 1 --overwrite", r"nan\.tif: no pixel is valid"),
    "NaN, bins": (1, "classify @nan.tif out.tif --bins 2 --overwrite", r"nan\.tif: no pixel is valid"),
    "NaN, histogram": (1, "histogram @nan.tif --csv out.csv --overwrite", r"nan\.tif: no pixel is valid"),
    "complex": (
        1,
        "classify @complex.tif out.tif --cutoffs 1 --overwrite",
        r"the values are complex \(complex64\) and have no order",
    ),
    "complex, histogram": (1, "histogram @complex.tif", "the values are complex"),
    "outside": (
        1,
        f"{C} --table @narrow.json --outside error",
        "the value 51 is outside of 0 to 50; use another table",
    ),
    # Codes and names
    "values too few": (2, f"{C} --cutoffs 1,2 --values 1,2", "2 codes for 3 classes; give one code for each class"),
    "values empty": (2, f"{C} --cutoffs 1,2 --values ''", "0 codes for 3 classes"),
    "values doubled": (2, f"{C} --cutoffs 1 --values 4,4", "the code 4 is given twice; give each class a code"),
    "values 0": (2, f"{C} --cutoffs 1 --values 0,1", r"the code 0 cannot be used; .* \(0 is no class\)"),
    "values negative": (2, f"{C} --cutoffs 1 --values=-1,1", "the code -1 cannot be used; codes are whole numbers"),
    "values too large": (2, f"{C} --cutoffs 1 --values 1,{2**32}", "the code 4294967296 cannot be used"),
    "values not whole": (2, f"{C} --cutoffs 1 --values 1,2.5", "'1,2.5' is no list of whole numbers"),
    "names too few": (2, f"{C} --cutoffs 1,2 --names a,b", "2 names for 3 classes; give one name for each class"),
    "names too many": (2, f"{C} --bins 1 --names a,b", "2 names for 1 classes"),
    "names of two lines": (2, f"{C} --bins 2 --names 'a\nb'", "is no list of texts"),
    "names not UTF-8": (2, f"{C} --bins 2 --names 'a,\udcff'", "is no list of texts"),
    "closed unknown": (2, f"{C} --bins 2 --closed both", "Invalid value for '--closed': 'both' is not one of"),
    "outside unknown": (2, f"{C} --bins 2 --outside drop", "Invalid value for '--outside': 'drop' is not one of"),
    # Class tables
    "table no JSON": (1, f"{C} --table @text.json", r"text\.json: not a class table: no JSON"),
    "table too deep": (1, f"{C} --table @deep.json", r"deep\.json: not a class table: no JSON"),
    "table of another kind": (1, f"{C} --table @kind.json", r'kind\.json: .*its "kind" is not "tsraster class table"'),
    "table of version 2": (
        1,
        f"{C} --table @version.json",
        r"version\.json: version 2 .* this program reads version 1",
    ),
    "table missing": (1, f"{C} --table no.json", r"the class table no\.json cannot be read \(No such file"),
    "table is a folder": (1, f"{C} --table @folder", r"the class table .*folder cannot be read \(Is a directory\)"),
    "table not UTF-8": (1, f"{C} --table @latin.json", r"the class table .*latin\.json is not UTF-8 text"),
    "table unsorted": (1, f"{C} --table @unsorted.json", r"unsorted\.json: the edges 50, 20 are not increasing"),
    "table and closed": (2, f"{C} --table @good.json --closed left", "--closed contradicts --table"),
    "table and cutoffs": (2, f"{C} --table @good.json --cutoffs 1", "--cutoffs and --table contradict each other"),
    "table and bins": (2, f"{C} --table @good.json --bins 1", "--bins and --table contradict each other"),
    # Smoothing and other options
    "smooth unknown": (
        2,
        f"{C} --bins 2 --smooth guassian:1",
        r"unknown smoothing 'guassian'; did you mean gaussian\?",
    ),
    "smooth without size": (
        2,
        f"{C} --bins 2 --smooth median",
        "the smoothing 'median' has no size; write median:SIZE",
    ),
    "smooth 0": (2, f"{C} --bins 2 --smooth gaussian:0", "a size that gaussian does not take; SIZE is the standard"),
    "smooth even": (2, f"{C} --bins 2 --smooth median:4", "SIZE is the side of the square in pixels, an odd number"),
    "smooth huge": (2, f"{C} --bins 2 --smooth gaussian:1e9", "above 0 and at most 100"),
    "smooth nan": (2, f"{C} --bins 2 --smooth gaussian:nan", "a size that gaussian does not take"),
    "smooth words": (2, f"{HIST} --smooth median:big", "has no size"),
    "workers 0": (2, f"{C} --bins 2 --workers 0", "0 workers cannot work; give a number from 1"),
    "workers -1": (2, f"{HIST} --workers -1", "-1 workers cannot work"),
    "info workers 0": (2, "info @band.tif --workers 0", "0 workers cannot work"),
    # Destinations
    "COG as PNG": (2, "classify @band.tif out.png --bins 2 --cog", "--cog is for GeoTIFFs, and no output ends in .tif"),
    "codes as JPEG": (
        2,
        "classify @band.tif out.jpg --bins 2",
        r"out\.jpg cannot hold class codes.*or paint .*--color",
    ),
    "codes too large for PNG": (
        2,
        "classify @band.tif out.png --cutoffs 1 --values 1,70000 --overwrite",
        "at most 16 bits; write .tif",
    ),
    "ending unknown": (
        2,
        "classify @band.tif out.bmp --bins 2",
        "out.bmp has no ending that can be written; choose from",
    ),
    "no ending": (2, "classify @band.tif out --bins 2", "out has no ending that can be written"),
    "color ending unknown": (2, f"{C} --bins 2 --lut thermal --color c.gif", "c.gif has no ending that can be written"),
    "plot ending unknown": (2, f"{C} --bins 2 --plot p.bmp", "p.bmp has no ending that a plot can have"),
    "color is destination": (2, f"{C} --bins 2 --lut thermal --color ./out.tif", "out.tif is named for two outputs"),
    "stats is destination": (2, f"{C} --bins 2 --stats out.tif", "out.tif is named for two outputs"),
    "plot is color": (2, f"{C} --bins 2 --lut thermal --color c.png --plot c.png", "c.png is named for two outputs"),
    "stats is a sidecar": (2, f"{C} --bins 2 --stats out.tif.aux.xml", "has the name of a file that goes with out.tif"),
    "table is a world file": (
        2,
        "classify @band.tif o.png --bins 2 --save-table o.pgw",
        "o.pgw has the name of a file",
    ),
    "in a missing folder": (
        1,
        "classify @band.tif no/out.tif --bins 2",
        "no/out.tif cannot be written: there is no folder",
    ),
    "in a file": (
        1,
        "classify @band.tif out.csv/out.tif --bins 2",
        r"out.csv/out.tif cannot be written \(Not a directory\)",
    ),
    "name too long": (1, f"classify @band.tif {'x' * 300}.tif --bins 2", r"cannot be written \(File name too long\)"),
    "in /proc": (1, "classify @band.tif /proc/out.tif --bins 2", "/proc/out.tif cannot be written"),
    "stats to /dev/null": (1, f"{C} --bins 2 --stats /dev/null", "/dev/null is no regular file and cannot be replaced"),
    "to /dev/null": (2, "classify @band.tif /dev/null --bins 2", "/dev/null has no ending that can be written"),
    "exists": (
        1,
        "classify @band.tif out.tif --bins 2",
        "out.tif exists already; give --overwrite to replace it, or name",
    ),
    "exists, histogram": (1, "histogram @band.tif --csv out.csv", "out.csv exists already; give --overwrite"),
    "exists, colorize": (1, "colorize @band.tif out.tif --lut thermal", "out.tif exists already; give --overwrite"),
    "exists, plot": (1, "histogram @band.tif --plot plot.svg", "plot.svg exists already; give --overwrite"),
    # Color tables as such
    "lut unknown": (2, "lut show thermla", r"unknown color table 'thermla'; did you mean thermal\?"),
    "lut unlike any": (2, "lut check zzzzzz", "unknown color table 'zzzzzz'; choose from categorical, gray, ndvi, "),
    "lut empty name": (2, "lut show ''", "unknown color table ''; choose from categorical"),
    "lut long name": (2, f"lut show {'x' * 300}", "unknown color table"),
    "lut missing": (
        1,
        "lut show no.csv",
        r"the color table no\.csv does not exist; one that is shipped is named without",
    ),
    "lut missing raster": (1, "lut show no.tif", r"no\.tif does not exist"),
    "lut colormap unknown": (
        2,
        "lut show matplotlib:virdis",
        "matplotlib has no colormap 'virdis'; did you mean viridis",
    ),
    "lut empty": (1, "lut show @empty.csv", r"empty\.csv, line 1: the header is ''"),
    "lut not UTF-8": (1, "lut check @latin.csv", r"latin\.csv, line 3: this is not UTF-8 text; save the file as UTF-8"),
    "lut UTF-16": (1, "lut show @utf16.csv", r"utf16\.csv, line 1: this is not UTF-8 text"),
    "lut huge": (1, "lut show @huge.csv", r"huge\.csv: larger than 32 MiB, and so no color table"),
    "lut line": (1, "lut convert @malformed.csv new.clr", r"malformed\.csv, line 3: 'dark' is no whole number"),
    "lut twice": (1, "lut check @twice.csv", r"twice\.csv, line 3: 1 stands there twice, in line 2 before"),
    "lut column": (1, "lut show @wide.csv", r"wide\.csv, line 1"),
    "lut cut": (1, "lut show @cut.qml", r"cut\.qml, line 1: this is no well-formed XML"),
    "lut other XML": (1, "lut show @other.xml", r"other\.xml, line 1: this style holds no ColorMap"),
    "lut bomb": (1, "lut show @bomb.sld", r"bomb\.sld, line 1: this XML defines or uses entities of its own"),
    "lut ambiguous": (1, "lut show @ambiguous", "768 bytes can be an ImageJ table, .* or say --lut-format imagej or"),
    "lut folder": (1, "lut show @folder/", r"cannot be read \(Is a directory\)"),
    "lut folder that looks like a table": (1, "lut show @folder", r"cannot be read \(Is a directory\)"),
    "lut /dev/null": (1, "lut show /dev/null", "/dev/null: the color table is empty; give at least one color"),
    "lut null": (1, "lut show @band.tif", r"band\.tif has no palette of its own; it is no color table"),
    "lut text as raster": (1, "lut show @text.tif", r"text\.tif is no raster or picture that can be read"),
    "lut raster as text": (1, "lut show @paletted.tif --lut-format csv", r"paletted\.tif, line \d+: this is not UTF-8"),
    "lut raster as ramp": (2, "lut show @paletted.tif --kind ramp", r"paletted\.tif is a raster, whose palette is for"),
    "lut kind unknown": (2, "lut show thermal --kind index", "Invalid value for '--kind': 'index' is not one of"),
    "lut kind of positions": (
        2,
        "lut show @positions.gpl --kind ramp",
        "is of the kind index and cannot be read as ramp",
    ),
    "lut format unknown": (2, "lut show @short.csv --lut-format cvs", "format 'cvs'; did you mean csv"),
    "lut format empty": (
        2,
        "lut show @short.csv --lut-format ''",
        "unknown color table format ''; choose from csv, gdal",
    ),
    "lut wrong format": (1, "lut show @short.csv --lut-format qml", r"short\.csv, line 1: this is no well-formed XML"),
    "lut command unknown": (2, "lut shw thermal", "No such command 'shw'.*; see .*tsraster lut --help"),
    "lut too many words": (2, "lut list thermal", r"Got unexpected extra argument \(thermal\)"),
    "lut no table": (2, "lut show", "Missing argument 'TABLE'; see .*tsraster lut show --help"),
    "picture ending": (
        2,
        "lut show nlcd --picture l.gif",
        r"l\.gif has no ending that a legend can have; choose from \.png",
    ),
    "picture exists": (1, "lut show nlcd --picture out.png", "out.png exists already; give --overwrite"),
    # Color tables in other formats
    "convert no destination": (2, "lut convert thermal", "Missing argument 'DESTINATION'"),
    "convert no ending": (
        2,
        "lut convert thermal new",
        "new has no ending of a color table; choose from .act, .* with --to",
    ),
    "convert empty name": (2, "lut convert thermal ''", "has no ending of a color table"),
    "convert ending unknown": (2, "lut convert thermal new.jpg", "new.jpg has no ending of a color table"),
    "convert format unknown": (
        2,
        "lut convert thermal new.csv --to exri",
        "color table format 'exri'; did you mean esri",
    ),
    "convert exists": (1, "lut convert thermal out.csv", "out.csv exists already; give --overwrite to replace it"),
    "convert no folder": (1, "lut convert thermal no/new.csv", "no/new.csv cannot be written: there is no folder"),
    "convert to /dev/null": (1, "lut convert thermal /dev/null --to csv", "/dev/null is no regular file and cannot be"),
    "convert in /proc": (1, "lut convert thermal /proc/new.csv", "/proc/new.csv cannot be written"),
    "convert long name": (1, f"lut convert thermal {'x' * 300}.csv", r"cannot be written \(File name too long\)"),
    "convert ramp": (1, "lut convert thermal out.clr", "thermal cannot become ESRI .clr: .*with --classes K"),
    "convert percent": (1, "lut convert viridis new.cpt", "its stops are percentages, .*with --value-range LOW,HIGH"),
    "convert positions": (
        1,
        "lut convert @positions.gpl new.txt",
        "give them codes with --first-code N, or values with",
    ),
    "convert too many": (1, "lut convert @many.csv new.lut", r"it holds codes from 0 to 255, and not 256"),
    "classes 0 of a ramp": (
        2,
        "lut convert thermal new.csv --classes 0",
        "0 classes cannot be taken from a ramp; give",
    ),
    "classes negative of a ramp": (
        2,
        "lut convert thermal new.csv --classes -3",
        "-3 classes cannot be taken from a ramp",
    ),
    "classes huge of a ramp": (2, f"lut convert thermal new.csv --classes {10**12}", "give a number from 1 to 65536"),
    "classes no number": (2, "lut convert thermal new.csv --classes five", "'five' is not a valid integer"),
    "classes of classes": (2, "lut convert nlcd new.csv --classes 3", "nlcd is no ramp but a table of classes"),
    "classes of intervals": (
        2,
        "lut convert @steps.csv new.csv --classes 3",
        "steps.csv is no ramp but a table of intervals",
    ),
    "first code of classes": (2, "lut convert nlcd new.csv --first-code 1", "the colors of nlcd have codes already"),
    "first code huge": (2, f"lut convert @positions.gpl new.csv --first-code {10**400}", "is no finite number"),
    "first code of 5000 digits": (2, f"lut convert thermal n.csv --first-code {'9' * 5000}", "is not a valid integer"),
    "first code not whole": (2, "lut convert @positions.gpl new.csv --first-code 1.5", "'1.5' is not a valid integer"),
    "range of classes": (2, "lut convert nlcd new.csv --value-range 0,1", "the colors of nlcd have codes; only a ramp"),
    "range of one number": (
        2,
        "lut convert thermal new.csv --value-range 7",
        "--value-range has 1 numbers; give the lowest",
    ),
    "range of nothing": (2, "lut convert thermal new.csv --value-range ''", "--value-range has 0 numbers"),
    "range of three": (2, "lut convert thermal new.csv --value-range 1,2,3", "--value-range has 3 numbers"),
    "range falling": (
        2,
        "lut convert thermal new.csv --value-range 9,1",
        "9, 1 is no range; give a smaller and a larger",
    ),
    "range empty": (2, "lut convert thermal new.csv --value-range 9,9", "9, 9 is no range"),
    "range infinite": (2, "lut convert thermal new.csv --value-range 0,inf", "0, inf is no range"),
    "range nan": (2, "lut convert thermal new.csv --value-range nan,1", "nan, 1 is no range"),
    "range huge": (
        2,
        f"lut convert thermal new.csv --value-range 0,1{'0' * 400}",
        "holds a number that is too large",
    ),
    "range no numbers": (2, "lut convert thermal new.csv --value-range low,high", "'low,high' is no list of numbers"),
    "range and classes": (
        2,
        "lut convert thermal n.csv --value-range 0,1 --classes 3",
        "contradict each other; give one",
    ),
    "codes and classes": (
        2,
        "lut convert thermal n.csv --first-code 0 --classes 3",
        "--classes and --first-code contradict",
    ),
    # What is wrong with a color table
    "check format unknown": (2, "lut check thermal --to qgs", "unknown color table format 'qgs'; did you mean qgis"),
    "check band alone": (2, "lut check nlcd --band 1", "--band is that of a class map; name one with --raster"),
    "check band 0": (2, "lut check nlcd --raster @band.tif --band 0", "there is no band 0; bands are counted from 1"),
    "check band 2": (1, "lut check nlcd --raster @band.tif --band 2", r"band\.tif has no band 2"),
    "check several bands": (1, "lut check nlcd --raster @bands.tif", "has 3 bands; name the one .* with --band: 1 "),
    "check floats": (1, "lut check nlcd --raster @float.tif", "holds float32 and no class codes; classify it first"),
    "check negative": (1, "lut check nlcd --raster @negative.tif", "holds the negative number -1"),
    "check table as raster": (
        1,
        "lut check nlcd --raster @short.csv",
        r"short\.csv is no raster or picture that can be",
    ),
    "check empty raster": (1, "lut check nlcd --raster ''", "the source has an empty name; name a file"),
    "check workers 0": (2, "lut check nlcd --raster @band.tif --workers 0", "0 workers cannot work"),
    # Legends
    "legend no words": (2, "legend", "Missing argument 'SOURCE'"),
    "legend no destination": (2, "legend nlcd", "Missing argument 'DESTINATION'"),
    "legend ending": (
        2,
        "legend nlcd new.jpg",
        r"new\.jpg has no ending that a legend can have; choose from \.png, \.svg",
    ),
    "legend empty name": (2, "legend nlcd ''", "has no ending that a legend can have"),
    "legend exists": (1, "legend nlcd plot.svg", "plot.svg exists already; give --overwrite"),
    "legend no folder": (1, "legend nlcd no/new.svg", "no/new.svg cannot be written: there is no folder"),
    "legend unknown": (2, "legend nlcdd out.png --overwrite", "unknown color table 'nlcdd'; did you mean nlcd"),
    "legend empty source": (2, "legend '' new.png", "unknown color table ''"),
    "legend of a folder": (1, "legend @folder new.png", r"cannot be read \(Is a directory\)"),
    "legend missing": (1, "legend no.tif new.png", r"no\.tif does not exist"),
    "legend of text": (1, "legend @text.tif new.png", r"text\.tif is no raster or picture that can be read"),
    "legend of a cut raster": (1, "legend @cut.tif new.png --lut thermal", r"cut\.tif: the pixels of rows"),
    "legend without palette": (
        1,
        "legend @band.tif new.png",
        r"band\.tif has no palette of its own; name a color table with",
    ),
    "legend of zeros": (
        1,
        "legend @nodata.tif new.png --lut thermal",
        r"nodata\.tif holds no class; every pixel is without",
    ),
    "legend of floats": (
        1,
        "legend @float.tif new.png --lut thermal",
        "holds float32 and no class codes; classify it first",
    ),
    "legend negative": (1, "legend @negative.tif new.png --lut thermal", "holds the negative number -1"),
    "legend several bands": (1, "legend @bands.tif new.png --lut thermal", "has 3 bands; name the one .* with --band"),
    "legend band 0": (2, "legend @bands.tif new.png --lut thermal --band 0", "there is no band 0"),
    "legend band of a table": (
        2,
        "legend nlcd new.png --band 1",
        "--band is for a class map, and nlcd is a color table",
    ),
    "legend lut of a table": (
        2,
        "legend nlcd new.png --lut gray",
        "--lut is for a class map, and nlcd is a color table",
    ),
    "legend lut unknown": (2, "legend @band.tif new.png --lut thermla", "did you mean thermal"),
    "legend lut too short": (1, "legend @band.tif new.png --lut @short.csv", "has no color for the codes 2, 4, 5"),
    "legend lut of positions": (
        1,
        "legend @band.tif n.png --lut @positions.gpl",
        "have no codes; give them some first",
    ),
    "legend lut of intervals": (
        1,
        "legend @band.tif n.png --lut @steps.csv",
        "has 2 intervals for 99 classes; give as many",
    ),
    "legend too many": (2, "legend @many.csv new.png", "a legend lists up to 256 classes"),
    "legend size 3": (2, "legend nlcd new.png --size 3", "the font size 3 cannot be used; give .* 4 to 200"),
    "legend size -1": (2, "legend nlcd new.html --size -1", "the font size -1 cannot be used"),
    "legend size huge": (2, f"legend nlcd new.svg --size {10**12}", "the font size 1000000000000 cannot be used"),
    "legend size no number": (2, "legend nlcd new.svg --size big", "'big' is not a valid integer"),
    "legend columns 0": (2, "legend nlcd new.png --columns 0", "columns is 0; give a whole number from 1"),
    "legend labels": (
        2,
        "legend nlcd new.png --labels a,b",
        "2 labels for the 20 colors of nlcd; give one text for each",
    ),
    "legend labels not UTF-8": (2, "legend nlcd new.png --labels 'a,\udcff'", "is no list of texts"),
    "legend labels of two lines": (2, "legend nlcd new.png --labels 'a\nb'", "is no list of texts"),
    "legend font missing": (
        2,
        "legend nlcd new.png --font no.ttf",
        r"the font no\.ttf does not exist; give the path of",
    ),
    "legend font of text": (
        2,
        "legend nlcd new.svg --font @text.ttf",
        r"text\.ttf cannot be read .*; give a \.ttf or \.otf",
    ),
    "legend font folder": (2, "legend nlcd new.png --font @folder", "the font .*folder"),
    "legend font of a page": (2, "legend nlcd new.html --font no.ttf", r"--font is for \.png and \.svg; new\.html has"),
    "legend workers 0": (2, "legend @band.tif new.png --lut thermal --workers 0", "0 workers cannot work"),
    # New codes
    "reclassify no words": (2, "reclassify", "Missing argument 'SOURCE'"),
    "rule empty": (2, f"{R} --mapping ''", r"there is no rule for values; write at least one, such as \[1,4\]=2"),
    "rule of a word": (2, f"{R} --mapping x", "the rule x is not understood: 'x' is no number; write OLD=NEW"),
    "rule not closed": (2, f"{R} --mapping '[1,5=2'", r"has a range that is not closed; end it with \] or \)"),
    "rule negative": (2, f"{R} --mapping 1=-2", "the new code -2 cannot be used; codes are whole numbers from 0"),
    "rule not whole": (2, f"{R} --mapping 1=1.5", "the rule 1=1.5 gives the new code 1.5; codes are whole numbers"),
    "rule too large": (2, f"{R} --mapping 1={2**32}", "the new code 4294967296 cannot be used"),
    "rule of 5000 digits": (2, f"{R} --mapping 1={'9' * 5000}", "the rule 1=9"),
    "rule NaN": (2, f"{R} --mapping nan=1", "the rule nan=1 asks for NaN, which is no data here; write NO_DATA="),
    "rule twice": (2, f"{R} --mapping '1=2; 1=3'", "1 is given twice; leave one rule for it"),
    "rule of a name": (2, f"{R} --mapping '\"wood\"=1'", "and the old classes have no names; write their codes"),
    "rule of bytes": (2, f"{R} --mapping '\udcff=1'", "the rule .*=1"),
    "rules missing": (
        1,
        f"{R} --mapping @@no.txt",
        r"the mapping .*no\.txt cannot be read \(No such file or directory\)",
    ),
    "rules in a folder": (1, f"{R} --mapping @@folder", r"cannot be read \(Is a directory\)"),
    "rules in a raster": (1, f"{R} --mapping @@band.tif", "cannot be read .*not UTF-8"),
    "rules hold too little": (1, f"{R} --mapping 1=1", "no rule holds the values 0, 2, 3, .*DEFAULT=NO_DATA"),
    "rules leave nothing": (1, f"{R} --mapping DEFAULT=0", "no value gets a code; there would be no class"),
    "reclassify floats": (1, "reclassify @float.tif out.tif --overwrite", "holds float32 and no codes that could stay"),
    "reclassify negative": (1, "reclassify @negative.tif out.tif --overwrite", "the value -1 cannot pass through"),
    "reclassify several bands": (
        1,
        "reclassify @bands.tif out.tif --overwrite",
        "has 3 bands; name the one .* with --band",
    ),
    "reclassify nodata": (
        1,
        "reclassify @nodata.tif out.tif --overwrite",
        r"nodata\.tif: no (pixel is valid|value gets a code)",
    ),
    "reclassify band 0": (2, f"{R} --band 0", "there is no band 0; bands are counted from 1"),
    "reclassify band 2": (1, f"{R} --band 2", r"band\.tif has no band 2"),
    "reclassify lut too short": (1, f"{R} --mapping DEFAULT=2 --lut @short.csv", "has no color for the code 2"),
    "reclassify without colors": (
        2,
        f"{R} --mapping DEFAULT=1 --color c.png",
        "needs colors, .*name a color table with",
    ),
    "reclassify legend alone": (
        2,
        f"{R} --mapping DEFAULT=1 --legend beside",
        "--legend goes on a color picture; name one",
    ),
    "reclassify legend unknown": (2, f"{R} --legend below", "Invalid value for '--legend': 'below' is not one of"),
    "reclassify sidecar": (2, f"{R} --sidecars kml", "unknown sidecar 'kml'; did you mean qml"),
    "reclassify twice": (
        2,
        f"{R} --mapping DEFAULT=1 --lut thermal --color out.tif",
        "out.tif is named for two outputs",
    ),
    "reclassify as JPEG": (2, "reclassify @band.tif out.jpg --mapping DEFAULT=1", "out.jpg cannot hold class codes"),
    "reclassify exists": (1, "reclassify @band.tif out.tif", "out.tif exists already; give --overwrite"),
    "reclassify workers 0": (2, f"{R} --workers 0", "0 workers cannot work"),
    # Words
    "command unknown": (2, "clasify @band.tif", "no command 'clasify'; did you mean classify; see tsraster --help"),
    "command unlike any": (2, "zzz", f"no command 'zzz'; choose from {', '.join(COMMANDS)}; see tsraster --help"),
    "option unknown": (2, f"{C} --bin 5", "No such option '--bin'.*--bins.*; see .*tsraster classify --help"),
    "option unlike any": (2, "--zzz", "No such option '--zzz'; see .*tsraster --help"),
    "option without value": (2, "classify @band.tif --bins", "Option '--bins' requires an argument"),
    "no source": (2, "classify", "Missing argument 'SOURCE'"),
    "too many words": (2, f"{C} more", r"Got unexpected extra argument \(more\)"),
    "negative looks like an option": (2, "classify -1.tif", "No such option"),
}


@pytest.fixture
def old(tmp_path: Path) -> Callable[[], None]:
    """Put files where outputs would go; give a function that proves that they, and nothing else, are there."""
    for name in ("out.tif", "out.png", "out.jpg", "out.csv", "out.json", "plot.svg", "out.tif.aux.xml", "out.pgw"):
        (tmp_path / name).write_text(f"the {name} of before")
    before = snapshot(tmp_path)

    def check() -> None:
        assert snapshot(tmp_path) == before

    return check


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("source", list(DAMAGED))
def test_a_source_that_cannot_be_read(source: str, job: str, run: Run, old: Callable[[], None]) -> None:
    path, words = DAMAGED[source]
    done = run(JOBS[job].format(path))
    assert done.code == 1, done.err
    check_sentence(done.err, words)
    assert done.out == ""
    old()


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, run: Run, old: Callable[[], None]) -> None:
    code, line, words = REFUSED[case]
    # A destination in a folder that is not there, or that exists, is to be met as it is.
    done = run(line)
    check_sentence(done.err, words)
    assert done.code == code
    assert done.out == ""
    old()


# Destinations -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", ["as it is", "./", "folder/..", "absolute", "symbolic link", "hard link", "linked folder"]
)
@pytest.mark.parametrize("option", ["", "--color", "--stats", "--save-table"])
def test_the_source_is_never_replaced(way: str, option: str, run: Run, sources: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.tif"
    shutil.copy(sources / "band.tif", source)
    (tmp_path / "folder").mkdir()
    names = {"./": "./source.tif", "folder/..": "folder/../source.tif", "absolute": str(source)}
    name = names.get(way, "source.tif")
    if "link" in way:
        name = {"symbolic link": "soft.tif", "hard link": "hard.tif"}.get(way, "linked/source.tif")
        make = {"symbolic link": (tmp_path / name).symlink_to, "hard link": (tmp_path / name).hardlink_to}
        make.get(way, (tmp_path / "linked").symlink_to)(tmp_path if way == "linked folder" else source)
    before = snapshot(tmp_path)
    done = run(f"classify source.tif {option} {name} --bins 3 --lut thermal --overwrite")
    assert done.code == 2
    check_sentence(done.err, f"the destination {Path(name)} is an input, source.tif; give another one")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "line",
    [
        "classify band.tif --bins 3 --lut colors.csv --stats colors.csv",
        "classify band.tif --table table.json --save-table table.json",
        "classify band.tif --table table.json --stats ./table.json",
        "colorize band.tif out.png --lut thermal --table out.png",
        "histogram band.tif --table table.json --csv table.json",
        "breaks band.tif out.png --compare --classes 3 --plot out.png",
        "lut convert colors.csv ./colors.csv",
        "lut convert colors.csv colors.csv --to qml",
        "legend out.png out.png --lut thermal",
        "legend band.tif out.png --lut out.png",
        "reclassify band.tif --mapping=@rules.txt --stats rules.txt",
        "reclassify band.tif --mapping DEFAULT=1 --lut colors.csv --stats colors.csv",
    ],
)
def test_no_input_is_replaced(line: str, run: Run, sources: Path, tmp_path: Path) -> None:
    shutil.copy(sources / "band.tif", tmp_path / "band.tif")
    for name in ("table.json", "out.png"):
        (tmp_path / name).write_text(json.dumps(TABLE))
    (tmp_path / "colors.csv").write_text(LUT + "".join(f"{code},0,0,0\n" for code in range(1, 4)))
    (tmp_path / "rules.txt").write_text("DEFAULT=1")
    before = snapshot(tmp_path)
    done = run(f"{line} --overwrite")
    assert done.code == 2
    check_sentence(done.err, "is an input")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["GTIFF_DIR:1:band.tif", "mosaic.vrt", "/vsizip/{{{folder}/band.tif}}/inner.tif"])
def test_a_file_behind_a_source_is_never_replaced(name: str, run: Run, sources: Path, tmp_path: Path) -> None:
    import zipfile

    import rasterio.shutil

    source = tmp_path / "band.tif"
    shutil.copy(sources / "band.tif", source)
    rasterio.shutil.copy(source, tmp_path / "mosaic.vrt", driver="VRT")
    if "vsizip" in name:
        with zipfile.ZipFile(source, "w") as archive:
            archive.write(sources / "band.tif", "inner.tif")
    before = snapshot(tmp_path)
    done = run(["classify", name.format(folder=tmp_path), "band.tif", "--bins", "3", "--overwrite"])
    assert snapshot(tmp_path) == before
    assert done.code == 2
    check_sentence(done.err, "band.tif")


def test_an_existing_output_is_kept_or_replaced(run: Run, tmp_path: Path) -> None:
    line = "classify @band.tif out.tif --bins 3 --stats out.csv"
    (tmp_path / "out.csv").write_text("old")
    (tmp_path / "out.csv").chmod(0o600)
    done = run(line)
    assert done.code == 1
    check_sentence(done.err, "out.csv exists already; give --overwrite to replace it, or name another file")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "old"
    assert run(f"{line} --overwrite").code == 0
    assert (tmp_path / "out.csv").read_text().startswith("code,interval,")
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "out.tif", "out.tif.aux.xml"}


@pytest.mark.parametrize("target", ["there", "absent"])
def test_a_link_stays_and_what_it_leads_to_is_replaced(target: str, run: Run, tmp_path: Path) -> None:
    real, link = tmp_path / "far" / "real.tif", tmp_path / "link.tif"
    real.parent.mkdir()
    if target == "there":
        real.write_bytes(b"old")
    link.symlink_to("far/real.tif")
    assert run("classify @band.tif link.tif --bins 3 --overwrite").code == 0
    assert os.readlink(link) == "far/real.tif"
    assert real.read_bytes()[:2] == b"II"
    assert {path.name for path in real.parent.iterdir()} == {"real.tif", "real.tif.aux.xml"}
    assert {path.name for path in tmp_path.iterdir()} == {"far", "link.tif"}


def test_a_destination_that_is_a_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.tif").mkdir()
    done = run("classify @band.tif out.tif --bins 3 --overwrite")
    assert done.code == 1
    check_sentence(done.err, "out.tif is a folder; name a file in it")
    assert not list((tmp_path / "out.tif").iterdir())


def test_a_link_that_leads_in_a_circle(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tif").symlink_to("b.tif")
    (tmp_path / "b.tif").symlink_to("a.tif")
    before = snapshot(tmp_path)
    done = run("classify @band.tif a.tif --bins 3 --overwrite")
    assert done.code == 1
    check_sentence(done.err, r"a\.tif cannot be written \(Too many levels of symbolic links\)")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("option", ["", "--stats", "--lut thermal --color", "--save-table", "--plot"])
@pytest.mark.parametrize("kind", ["fifo", "link to /dev/null", "link to /dev/full"])
def test_what_is_no_regular_file_is_left_alone(kind: str, option: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(kind.split()[-1])
    before = snapshot(tmp_path)
    done = run(f"classify @band.tif --bins 3 --overwrite {option} out.png")
    assert done.code == 1
    check_sentence(done.err, "out.png is no regular file and cannot be replaced")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "line", ["lut convert thermal out.png --to csv", "legend nlcd out.png", "lut show nlcd --picture out.png"]
)
@pytest.mark.parametrize("kind", ["fifo", "link to /dev/null"])
def test_no_color_table_or_legend_goes_where_no_regular_file_is(kind: str, line: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(kind.split()[-1])
    before = snapshot(tmp_path)
    done = run(f"{line} --overwrite")
    assert (done.code, done.out) == (1, "")
    check_sentence(done.err, "out.png is no regular file and cannot be replaced")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("line", ["lut convert thermal locked/new.csv", "legend nlcd locked/new.svg"])
def test_no_color_table_or_legend_goes_into_a_folder_that_is_read_only(
    line: str, locked: Path, run: Run, tmp_path: Path
) -> None:
    done = run(line)
    assert (done.code, done.out) == (1, "")
    check_sentence(done.err, "cannot be written: the folder .*locked is read-only")
    assert list(tmp_path.iterdir()) == [locked]


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody, not even root, can write to."""
    folder = tmp_path / "locked"
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    mount("-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", folder], check=True)


def mount(*words: Any) -> None:
    """Mount, or skip the test and say so."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount does not work here: {done.stderr.strip()}")


@pytest.mark.parametrize("option", ["", "--stats", "--lut thermal --color", "--save-table", "--plot"])
def test_a_folder_that_is_read_only(option: str, locked: Path, run: Run, tmp_path: Path) -> None:
    done = run(f"classify @band.tif --bins 3 {option} locked/out.png")
    assert done.code == 1
    check_sentence(done.err, "locked/out.png cannot be written: the folder .*locked is read-only")
    assert list(tmp_path.iterdir()) == [locked]


# No room ----------------------------------------------------------------------------------------------------------------

LARGE = {
    "tif": "classify @noise.tif {}.tif --bins 200",
    "COG": "classify @noise.tif {}.tif --bins 200 --cog",
    "png": "classify @noise.tif {}.png --bins 200",
    "color tif": "classify @noise.tif --bins 200 --lut thermal --color {}.tif",
    "color jpg": "classify @noise.tif --bins 200 --lut thermal --color {}.jpg",
    "color png": "classify @noise.tif --bins 200 --lut thermal --color {}.png",
    "stats": "classify @noise.tif --bins 9000 --stats {}.csv",
    "table": "classify @noise.tif --bins 9000 --save-table {}.json",
    "two": "classify @noise.tif --bins 9000 --save-table table.json --stats {}.csv",
    "counts": "histogram @noise.png --bins 2000 --csv {}.csv",
    "plot": "histogram @noise.tif --plot {}.svg",
    "colorize": "colorize @noise.tif {}.png --lut thermal",
    "reclassify": "reclassify @noise.tif {}.tif --mapping DEFAULT=PASS_THROUGH",
    "reclassify and color": "reclassify @noise.tif --mapping DEFAULT=PASS_THROUGH --lut thermal --color {}.png",
    "legend png": "legend categorical {}.png",
    "legend svg": "legend categorical {}.svg",
    "legend html": "legend categorical {}.html",
    "picture of a table": "lut show categorical --picture {}.png",
    "color table": "lut convert @many.csv {}.qml",
}


def old_output(folder: Path, line: str) -> str:
    """Put a file where the output of a command would go, and return the words."""
    line = line.format("out")
    (name,) = re.findall(r"out\.\w+", line)
    (folder / name).write_text("what was here before")
    return f"{line} --overwrite"


SIDECAR = '<PAMDataset><Metadata><MDI key="a">b</MDI></Metadata></PAMDataset>'


def test_a_sidecar_that_would_be_too_large(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.tif.aux.xml").write_text(SIDECAR)
    line = "lut convert @many.csv out.tif.aux.xml --overwrite"
    done = run(line, largest=12_000)
    check_sentence(done.err, r"Error: out\.tif\.aux\.xml cannot be written \(File too large\)")
    assert done.code == 1
    assert [path.read_text() for path in tmp_path.iterdir()] == [SIDECAR]
    assert run(line).code == 0


@pytest.mark.parametrize("output", LARGE)
def test_a_file_that_would_be_too_large(output: str, run: Run, tmp_path: Path) -> None:
    line = old_output(tmp_path, LARGE[output])
    before = snapshot(tmp_path)
    done = run(line, largest=12_000)
    check_sentence(done.err, r"Error: (out|table)\.[\w.]+ cannot be written")
    assert done.code == 1
    assert snapshot(tmp_path) == before
    assert run(line).code == 0


NOTICED_LATE = {"color tif": (0.15, 0.3, 0.5), "COG": (0.95, 0.999), "png": (0.95, 0.999), "color png": (0.95, 0.999)}


@pytest.mark.parametrize("output", NOTICED_LATE)
def test_a_file_that_would_be_a_little_too_large(output: str, run: Run, tmp_path: Path) -> None:
    line = LARGE[output].format("out")
    assert run(line).code == 0
    (path,) = tmp_path.glob("out.???")
    size = path.stat().st_size
    before = snapshot(tmp_path)
    for share in NOTICED_LATE[output]:
        done = run(f"{line} --overwrite", largest=max(12_000, int(share * size)))
        assert done.code == 1
        check_sentence(done.err, "cannot be written")
        assert snapshot(tmp_path) == before


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid():
        pytest.skip("only root can mount a tiny disk")
    mount("-t", "tmpfs", "-o", "size=24k", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("output", LARGE)
def test_a_disk_that_runs_full(output: str, tiny: Path, server: Callable[..., SimpleNamespace], sources: Path) -> None:
    line = old_output(tiny, LARGE[output])
    before = snapshot(tiny)
    done = server(tiny, [re.sub("^@", f"{sources}/", word) for word in shlex.split(line)])
    check_sentence(done.err, "cannot be written")
    assert done.code == 1
    assert snapshot(tiny) == before


# Stopped ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw) -> Path:
    noise = np.random.default_rng(6).integers(0, 256, (1200, 1200), dtype=np.uint8)
    return draw_raster(tmp_path_factory.mktemp("big") / "big.tif", noise, tiled=True, blockxsize=256, blockysize=256)


SLOW = [
    "out.tif",
    "--smooth",
    "median:31",
    "--lut",
    "thermal",
    "--color",
    "out.png",
    "--stats",
    "out.csv",
    "--overwrite",
]


def wait_until_at_work(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the hidden folders in which outputs are made, and a little more."""
    for _ in range(500):
        if list(folder.glob(".tsraster-*")):
            time.sleep(0.3)
            assert process.poll() is None, "it was done too early"
            return
        assert process.poll() is None
        time.sleep(0.02)
    raise AssertionError("it never began")


@pytest.mark.parametrize("pass_", ["first pass", "last pass"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_job_that_is_stopped(name: str, pass_: str, big: Path, tmp_path: Path) -> None:
    for output in ("out.tif", "out.csv", "out.tif.aux.xml"):
        (tmp_path / output).write_text("old")
    before = snapshot(tmp_path)
    how = ["--bins", "9"] if pass_ == "first pass" else ["--cutoffs", "50,100"]
    process = start(["classify", big, *SLOW, *how], tmp_path)
    wait_until_at_work(process, tmp_path)
    asked = time.monotonic()
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - asked < 2, "it took its time"
    assert process.returncode == 1
    check_sentence(err.decode(), "stopped; every output is whole, or as it was before")
    assert out == b""
    assert snapshot(tmp_path) == before


def test_a_job_that_is_stopped_twice(big: Path, tmp_path: Path) -> None:
    process = start(["classify", big, *SLOW, "--cutoffs", "50"], tmp_path)
    wait_until_at_work(process, tmp_path)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    check_sentence(err.decode(), "stopped")
    assert not list(tmp_path.iterdir())


def test_a_job_that_is_killed(big: Path, tmp_path: Path) -> None:
    (tmp_path / "out.tif").write_text("old")
    process = start(["classify", big, *SLOW, "--cutoffs", "50"], tmp_path)
    wait_until_at_work(process, tmp_path)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out.tif").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".tsraster-")] == ["out.tif"]


def test_the_cursor_comes_back_when_a_job_is_stopped_at_a_terminal(big: Path, tmp_path: Path) -> None:
    leader, terminal = pty.openpty()
    process = start(["classify", big, *SLOW, "--cutoffs", "50"], tmp_path, stderr=terminal)
    wait_until_at_work(process, tmp_path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    os.close(terminal)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert process.returncode == 1
    assert shown.rindex("\x1b[?25h") > shown.find("\x1b[?25l")
    assert shown.splitlines()[-1] == "Error: stopped; every output is whole, or as it was before"


def test_a_job_started_with_nohup_is_left_alone(sources: Path, tmp_path: Path) -> None:
    job = f"{sys.executable} -m tsraster classify {sources / 'noise.tif'} out.tif --cutoffs 9 --smooth median:9"
    command = ["sh", "-c", f"trap '' HUP INT; exec {job}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        while not list(tmp_path.glob(".tsraster-*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


# Names ------------------------------------------------------------------------------------------------------------------

ODD = [
    "with spaces  twice",
    "Grüße 地図 🗺",
    "-begins",
    "a'b\"c",
    "a#b?c%20d",
    "a;b&c|d",
    "100%",
    "a:b",
    "a,b",
    "$HOME",
    "x" * 200,
]


@pytest.mark.parametrize("name", ODD, ids=lambda name: name[:20])
def test_odd_names_are_names(name: str, run: Run, sources: Path, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(sources / "band.tif", folder / f"{name}.tif")
    shutil.copy(sources / "short.csv", folder / f"{name}.csv")
    source, lut = f"{name}/{name}.tif", f"{name}/{name}.csv"
    words = [
        "--values",
        "1,3",
        "--cutoffs",
        "50",
        "--lut",
        lut,
        "--color",
        f"{name}/{name}.png",
        "--stats",
        f"{name}/{name}.stats",
    ]
    words += ["--save-table", f"{name}/{name}.json"]
    done = run(["classify", *words, "--", source, f"{name}/{name}-out.tif"])
    assert (done.code, done.err) == (0, "")
    assert f"{name}/{name}.png" in done.out
    for _ in ("info", "histogram"):
        assert run(["info", "--", source]).code == 0
    again = run(["classify", "--table", f"{name}/{name}.json", "--", source, f"{name}/{name}.again.tif"])
    assert (again.code, again.err) == (0, "")
    with without_place_warning(), rasterio.open(folder / f"{name}-out.tif") as file:
        assert set(np.unique(file.read())) == {1, 3}


@pytest.mark.parametrize("name", ODD, ids=lambda name: name[:20])
def test_odd_names_of_color_tables_are_names(name: str, run: Run, sources: Path, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(sources / "short.csv", folder / f"{name}.csv")
    lut = f"{name}/{name}"
    for ending in ("qml", "txt", "aux.xml"):
        done = run(["lut", "convert", "--", f"{lut}.csv", f"{lut}.{ending}"])
        assert (done.code, done.err) == (0, "")
        assert f"wrote {lut}.{ending}: " in done.out
        shown = run(["lut", "show", "--", f"{lut}.{ending}"])
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith(f"{lut}.{ending}: classes of 2 colors\n")
    for ending in ("png", "svg", "html"):
        done = run(["legend", "--", f"{lut}.csv", f"{lut}.{ending}"])
        assert (done.code, done.out, done.err) == (0, f"wrote {lut}.{ending}\n", "")


def test_a_path_that_begins_with_a_dash(run: Run, sources: Path, tmp_path: Path) -> None:
    shutil.copy(sources / "band.tif", tmp_path / "-band.tif")
    done = run("classify --bins 3 -- -band.tif -out.tif")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "-out.tif").exists()


BYTES = b"caf\xe9"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["info", BYTES + b".tif"], b"'caf\\udce9.tif' is not a path that can be opened"),
        (["classify", b"band.tif", BYTES + b".tif", "--bins", "3"], b"GDAL writes images only to paths that are UTF-8"),
        (
            ["classify", b"band.tif", BYTES + b"/out.tif", "--bins", "3"],
            b"GDAL writes images only to paths that are UTF-8",
        ),
        (["classify", b"band.tif", "--bins", "3", "--lut", BYTES + b".csv"], b"does not exist"),
        (["classify", b"band.tif", "--table", BYTES + b".json"], b"cannot be read (No such file"),
        (["lut", "show", BYTES + b".csv"], b"the color table caf\\udce9.csv does not exist"),
        (["lut", "show", BYTES + b".tif"], b"'caf\\udce9.tif' is not a path that can be opened"),
        (["lut", "check", "nlcd", "--raster", BYTES + b".tif"], b"'caf\\udce9.tif' is not a path that can be opened"),
        (["lut", "convert", "nlcd", BYTES + b"/new.csv"], b"there is no folder"),
        (["legend", "nlcd", BYTES + b".png"], b"GDAL writes images only to paths that are UTF-8"),
    ],
    ids=["source", "destination", "folder", "lut", "table", "show", "show raster", "check", "convert", "legend"],
)
def test_names_that_are_no_text_are_refused(words: list[Any], says: bytes, sources: Path, tmp_path: Path) -> None:
    shutil.copy(sources / "band.tif", tmp_path / "band.tif")
    shutil.copy(sources / "band.tif", tmp_path / os.fsdecode(BYTES + b".tif"))
    before = sorted(os.listdir(os.fsencode(tmp_path)))
    process = start(words, tmp_path)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith(b"Error: ")
    assert err.count(b"\n") == 1
    assert says in err
    assert out == b""
    assert sorted(os.listdir(os.fsencode(tmp_path))) == before


def test_tables_may_have_names_that_are_no_text(sources: Path, tmp_path: Path) -> None:
    shutil.copy(sources / "short.csv", tmp_path / os.fsdecode(BYTES + b".csv"))
    words = ["classify", sources / "band.tif", "--cutoffs", "50", "--values", "1,3", "--lut", BYTES + b".csv"]
    process = start([*words, "--stats", BYTES + b".stats", "--save-table", BYTES + b".json"], tmp_path)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert b"wrote caf\\udce9.json, caf\\udce9.stats" in out
    assert set(os.listdir(os.fsencode(tmp_path))) == {BYTES + ending for ending in (b".csv", b".stats", b".json")}


@pytest.mark.parametrize("name", [b".csv", b".qml", b".svg", b".html"])
def test_color_tables_and_legends_may_have_names_that_are_no_text(name: bytes, sources: Path, tmp_path: Path) -> None:
    words = ["legend"] if name in (b".svg", b".html") else ["lut", "convert"]
    process = start([*words, sources / "short.csv", BYTES + name], tmp_path)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert b"wrote caf\\udce9" + name in out
    assert os.listdir(os.fsencode(tmp_path)) == [BYTES + name]


def test_a_terminal_that_cannot_show_a_name(sources: Path, tmp_path: Path) -> None:
    words = ["classify", sources / "band.tif", "out.tif", "--bins", "2", "--names", "Grün,地"]
    process = start(words, tmp_path, env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert b"Gr\xfcn " in out
    assert b"\\u5730 " in out


# Printing ---------------------------------------------------------------------------------------------------------------


def test_what_is_printed_has_no_room(sources: Path, tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        process = start(["info", sources / "band.tif"], tmp_path, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    check_sentence(err.decode(), r"what is printed cannot be written or read \(No space left on device\)")


def test_nobody_reads_what_is_printed(sources: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start(["info", sources / "band.tif"], tmp_path, stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"")


def test_without_words_there_is_help(run: Run) -> None:
    done = run("")
    assert done.code == 2
    assert "Commands:" in done.err


# What looks wrong and is not --------------------------------------------------------------------------------------------


def test_infinities_are_counted(run: Run, tmp_path: Path) -> None:
    for how in ("--cutoffs 50", "--bins 4"):
        done = run(f"classify @infinite.tif out.tif --overwrite {how}")
        assert (done.code, done.err) == (0, "")
        assert "no class: 3 pixels without data, 2 of them infinite" in done.out
    with without_place_warning(), rasterio.open(tmp_path / "out.tif") as file:
        assert np.count_nonzero(file.read() == 0) == 3


@pytest.mark.parametrize("name", ["constant.tif", "constant-float.tif"])
def test_a_constant_raster_has_cutoffs_and_a_histogram(name: str, run: Run) -> None:
    done = run(f"classify @{name} out.tif --cutoffs 1,7.25,9")
    assert (done.code, done.err) == (0, "")
    assert run(f"histogram @{name} --csv out.csv").code == 0
    assert run(f"info @{name}").code == 0


def test_info_says_what_it_can_of_rasters_without_values(run: Run) -> None:
    for name in ("nodata.tif", "nan.tif", "complex.tif", "bands.tif"):
        done = run(f"info @{name}")
        assert (done.code, done.err) == (0, "")


def test_the_two_outputs_of_one_name_with_more_behind_it_are_two(run: Run, tmp_path: Path) -> None:
    done = run("classify @band.tif out.tif --bins 2 --stats out.tif.csv --save-table out.tif.json")
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"out.tif", "out.tif.csv", "out.tif.json", "out.tif.aux.xml"}
