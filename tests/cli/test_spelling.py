"""A command is another spelling of a library function: same options, same defaults, same help."""

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tsraster import (
    accuracy_file,
    breaks_file,
    check_lut_file,
    classify_file,
    cluster_files,
    colorize_file,
    convert_lut_file,
    histogram_file,
    info_file,
    invert_file,
    labels_files,
    legend_file,
    objects_file,
    pointcount_file,
    points_file,
    pores_file,
    porosity_files,
    predict_files,
    reclassify_file,
    train_file,
    view_files,
)
from tsraster.cli.program import COMMANDS, program
from tsraster.cli.spelling import parameter_texts
from tsraster.pipeline.demo import draw_samples
from tsraster.pipeline.inspection import inspect_file
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.stacking.stack import stack_files

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "demo": draw_samples,
    "info": info_file,
    "histogram": histogram_file,
    "breaks": breaks_file,
    "classify": classify_file,
    "cluster": cluster_files,
    "reclassify": reclassify_file,
    "colorize": colorize_file,
    "labels": labels_files,
    "porosity": porosity_files,
    "legend": legend_file,
    "lut show": load_lut,
    "lut convert": convert_lut_file,
    "lut check": check_lut_file,
    "pointcount": pointcount_file,
    "objects": objects_file,
    "pores": pores_file,
    "invert": invert_file,
    "points": points_file,
    "accuracy": accuracy_file,
    "train": train_file,
    "predict": predict_files,
    "inspect": inspect_file,
    "stack": stack_files,
    "view": view_files,
}
"""By the words of the command; `lut list` has none, for it prints registries."""
FACE_ONLY = {"plot", "as_json", "help"}
"""What only a terminal wants: a plot of the result, another form of it, this help."""
FACE_ONLY_OF = {"lut show": {"picture", "overwrite"}, "inspect": {"region", "overwrite"}, "pores": {"slices", "view"}}
"""One loads a table and draws its legend, as `tsraster legend` does; the other also counts a region, as `histogram` does."""
LIBRARY_ONLY = {"block_size", "executor", "progress", "preview", "announce"}

README = Path(__file__).parents[2] / "README.md"


def command_of(words: str) -> click.Command:
    name, *rest = words.split()
    command: click.Command = getattr(import_module(f"tsraster.cli.{name}"), name)
    for word in rest:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


def list_leaves(words: str) -> list[str]:
    command = command_of(words)
    if not isinstance(command, click.Group):
        return [words]
    return [leaf for word in command.commands for leaf in list_leaves(f"{words} {word}")]


def test_every_command_but_lists_has_a_function() -> None:
    assert set(FUNCTIONS) == {leaf for name in COMMANDS for leaf in list_leaves(name)} - {"lut list"}
    assert command_of("lut list").params == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_options_are_the_parameters_of_the_function(name: str) -> None:
    function = FUNCTIONS[name]
    parameters = {p.name: p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    options = {option.name: option for option in command_of(name).params if isinstance(option, click.Option)}
    assert set(options) - FACE_ONLY - FACE_ONLY_OF.get(name, set()) == set(parameters) - LIBRARY_ONLY
    for key, parameter in parameters.items():
        if key not in LIBRARY_ONLY:
            assert options[key].default == parameter.default
            assert options[key].help == parameter_texts(function)[key]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_documented(name: str) -> None:
    function = FUNCTIONS[name]
    assert list(parameter_texts(function)) == list(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", [*COMMANDS, "lut list", *(words for words in FUNCTIONS if " " in words)])
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    result = CliRunner().invoke(program, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert all(isinstance(p, click.Argument) or p.help for p in command_of(name).params if p.name != "help")
    assert f"tsraster {name}" in README.read_text(encoding="utf-8")


def test_the_list_of_commands_is_that_of_the_modules() -> None:
    folder = Path(inspect.getfile(program.callback or program)).parent
    others = {"__init__", "program", "spelling", "printing", "plotting", "luttables", "residualtable", "sourceoptions"}
    assert {path.stem for path in folder.glob("*.py")} - others == set(COMMANDS)
    assert CliRunner().invoke(program, ["--help"]).output.count("\n  ") >= len(COMMANDS)


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys, json; sys.argv = ['tsraster', '--help']\n"
        "import os; os._exit = lambda code: print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
        "from tsraster.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr))
    assert not loaded & {"numpy", "rasterio", "xarray", "skimage", "scipy", "matplotlib"}


def test_classifying_loads_only_what_it_needs(tmp_path: Path) -> None:
    draw_samples(tmp_path)
    code = (
        "import sys, json, os; os._exit = lambda code: print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
        f"sys.argv = ['tsraster', 'classify', {str(tmp_path / 'thermal.tif')!r}, {str(tmp_path / 'c.tif')!r}, '--bins', '5']\n"
        "from tsraster.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr))
    assert not loaded & {"xarray", "skimage", "scipy", "matplotlib", "dask"}
