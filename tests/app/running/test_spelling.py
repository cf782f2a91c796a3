"""The command line and the Python that the page shows do the same, whatever files and classes are called."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import write_raster
from tsraster import accuracy_file, classify_file, histogram_file, info_file, predict_files, train_file
from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.running.spelling import class_options, spell_command, spell_python
from tsraster.classtable import ClassTable
from tsraster.cli.program import program
from tsraster.errors import UsageError
from tsraster.learning.featureset import parse_features
from tsraster.lut import Lut
from tsraster.pipeline.inspection import inspect_file
from tsraster.pipeline.luts import load_lut

HARD = (
    "it's here.tif",
    "a $HOME `b`.tif",
    "größe ∅.tif",
    "-dash.tif",
    'with "quotes".tif',
    "a;b&c|d.tif",
    "--help.tif",
)
NAMES = ['rock, "hard"', "$water", "", "Fluß 'x'"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def draw(path: str) -> np.ndarray[Any, Any]:
    pixels = np.random.default_rng(0).integers(1, 250, (40, 50)).astype(np.uint8)
    write_raster(Path(path), pixels)
    return pixels


def run_command(line: str) -> None:
    words = shlex.split(line)
    assert words[0] == "tsraster"
    result = CliRunner().invoke(program, words[1:])
    assert result.exit_code == 0, result.output


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def check_same(*calls: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]) -> dict[str, bytes]:
    """Run the calls themselves, as command lines, and as Python, in one folder; what they write must be the same."""
    before = read_all(Path())
    written = []
    for how in ("call", "command", "python"):
        for function, args, options in calls:
            if how == "call":
                function(*args, **options)
            elif how == "command":
                run_command(spell_command(function, *args, **options))
            else:
                exec(spell_python(function, *args, **options), {})
        written.append({name: data for name, data in read_all(Path()).items() if name not in before})
        for name in written[-1]:
            os.unlink(name)
    assert written[0]
    assert written[0] == written[1] == written[2]
    return written[0]


@pytest.mark.parametrize("name", HARD)
def test_files_of_any_name_are_spelled(name: str) -> None:
    draw(name)
    names = check_same(
        (classify_file, (name, f"{name}.out.tif"), {"cutoffs": [60, 120.5, 200], "names": NAMES, "lut": "thermal"})
    )
    assert f"{name}.out.tif" in names


def test_all_that_a_draft_holds_is_spelled() -> None:
    draw("band.tif")
    draft = ClassDraft.from_cutoffs([-60, 0.1 + 0.2, 200], closed="left", lut=load_lut("thermal"))
    for i, name in enumerate(NAMES):
        draft.rename(i, name)
    options = class_options(draft.state)
    names = check_same((classify_file, ("band.tif", "c.tif"), {**options, "color": "c.png", "save_table": "t.json"}))
    saved = ClassTable.from_json(names["t.json"].decode())
    assert (saved.edges, saved.names, saved.closed) == (draft.table.edges, tuple(draft.state.names), "left")


def test_what_options_cannot_say_is_in_files() -> None:
    draw("band.tif")
    draft = ClassDraft.from_table(ClassTable(codes=(5, 2), edges=(0, 100, 256)))
    draft.recolor(0, (1, 2, 3, 255))
    with pytest.raises(UsageError, match="save the class table first"):
        class_options(draft.state)
    with pytest.raises(UsageError, match="save the color table first"):
        class_options(draft.state, table="t.json")
    options = class_options(draft.state, table="t.json", lut="l.csv")
    assert options == {"table": "t.json", "lut": "l.csv"}
    Path("t.json").write_text(draft.table.to_json(), encoding="utf-8")
    check_same((classify_file, ("band.tif", "c.tif"), {"table": "t.json"}))
    assert "lut" not in class_options(draft.state, table="t.json", with_colors=False)


def test_training_and_prediction_are_spelled() -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("numba")
    pixels = draw("-my scene.tif")
    labels = np.zeros(pixels.shape, np.uint8)
    labels[5:20, 5:20] = 1 + (pixels[5:20, 5:20] > 120)
    write_raster(Path("labels.tif"), labels)
    features = parse_features("smoothing:0.3,0.7 gradient@1:1")
    options = {"features": features, "trees": 5, "seed": 2, "also": [("-my scene.tif", "labels.tif")]}
    check_same(
        (train_file, ("m.tsmodel", "-my scene.tif", "labels.tif"), options),
        (predict_files, ("m.tsmodel", ["-my scene.tif"], Path("p.tif")), {"export": ["uncertainty"]}),
    )


@pytest.mark.parametrize(
    ("function", "args", "options", "command"),
    [
        (info_file, ("a b.tif",), {"quick": True}, "tsraster info 'a b.tif' --quick"),
        (
            inspect_file,
            ("a.tif",),
            {"at": (np.float64(3.5), 4), "band": np.int64(2)},
            "tsraster inspect a.tif --at 3.5,4 --band 2",
        ),
        (
            classify_file,
            ("MTL.txt", "c.tif"),
            {"cutoffs": [0.2], "index": "(B5 - B4) / (B5 + B4)", "mask": ["clear-sky"], "raw": False, "landsat": None},
            "tsraster classify MTL.txt c.tif --cutoffs 0.2 --index '(B5 - B4) / (B5 + B4)' --mask clear-sky",
        ),
        (
            predict_files,
            ("m.tsmodel", ["a.png", "b.png"], "out"),
            {"export": ("segmentation",), "places": 20, "progress": print},
            "tsraster predict m.tsmodel a.png b.png out",
        ),
        (train_file, ("m.ilp", "cells.ilp", None), {"recipe": "scale-space"}, None),
        (accuracy_file, ("map.tif", "truth.tif"), {}, "tsraster accuracy map.tif truth.tif"),
        (histogram_file, ("a.tif",), {"cutoffs": [-1, 2]}, "tsraster histogram a.tif --cutoffs=-1,2"),
    ],
)
def test_only_what_differs_is_spelled(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any], command: str | None
) -> None:
    expected = command or "tsraster train m.ilp cells.ilp --recipe scale-space"
    assert spell_command(function, *args, **options) == expected


def test_python_of_a_function_that_is_not_public_imports_it() -> None:
    assert spell_python(inspect_file, "a.tif", at=[1, 2]) == (
        'from tsraster.pipeline.inspection import inspect_file\n\ninspect_file("a.tif", at=[1, 2])'
    )


def test_long_python_has_a_line_for_each_argument() -> None:
    text = spell_python(classify_file, "a" * 60, "b" * 30, cutoffs=[1, float("inf")])
    lines = [
        "tsraster.classify_file(",
        f'    "{"a" * 60}",',
        f'    "{"b" * 30}",',
        '    cutoffs=[1, float("inf")],',
        ")",
    ]
    assert text.splitlines()[2:] == lines


@pytest.mark.parametrize(
    "function", [info_file, inspect_file, histogram_file, classify_file, train_file, predict_files]
)
def test_options_stand_in_the_order_of_the_help(function: Callable[..., Any]) -> None:
    import inspect

    name = function.__name__.split("_")[0]
    command: click.Command = getattr(import_module(f"tsraster.cli.{name}"), name)
    listed = [one.name for one in command.params if isinstance(one, click.Option)]
    known = [parameter for parameter in inspect.signature(function).parameters if parameter in listed]
    assert known == [option for option in listed if option in known]


def test_what_no_command_can_say_is_refused() -> None:
    with pytest.raises(UsageError, match="lut is a Lut that is in no file; save it, and give its path"):
        spell_command(classify_file, "a", "b", lut=Lut(name="x", kind="index", colors=((0, 0, 0, 255),)))
    with pytest.raises(UsageError, match="unexpected keyword argument 'cutofs'"):
        spell_command(classify_file, "a", "b", cutofs=[1])
