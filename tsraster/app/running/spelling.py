"""The command line and the Python that do what the page shows, to copy.

Both are spelled from one call of a `<command>_file` function of `tsraster.pipeline`: its parameters are the options of the
command.
"""

from __future__ import annotations

import csv
import inspect
import io
import math
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import tsraster
from tsraster.app.cutoffs.classstate import ClassState
from tsraster.classtable import Number
from tsraster.errors import UsageError
from tsraster.learning.featureset import FeatureSet

_UNSAID = {"block_size", "executor", "progress", "preview"}
"""Parameters that no command has, and that change no result."""
_WIDTH = 100
"""Characters of a line of Python, above which each argument has a line of its own."""


def spell_command(function: Callable[..., Any], /, *args: Any, **options: Any) -> str:
    """Spell a call as a command line of a POSIX shell: only what differs from the defaults, in the order of the function.

    Parameters
    ----------
    function : callable
        A `<command>_file` or `<command>_files` function, such as `tsraster.classify_file`.
    *args, **options
        What it would be called with.

    Raises
    ------
    UsageError
        The function has no such parameter, or a value is in no file that a command could name.

    Examples
    --------
    >>> spell_command(tsraster.classify_file, "my band.tif", "-classes.tif", cutoffs=[-2.5, 3], names=["low", "a, b", "top"])
    'tsraster classify --cutoffs=-2.5,3 --names \\'low,"a, b",top\\' -- \\'my band.tif\\' -classes.tif'
    """
    places, named = _sort_out(function, args, options)
    command = function.__name__.removesuffix("_files").removesuffix("_file").split("_")
    words = [word for name, value in named.items() for word in _list_words(name, value)]
    files = [text for value in places.values() for text in _list_files(value)]
    if any(text.startswith("-") for text in files):
        return shlex.join(["tsraster", *command, *words, "--", *files])
    return shlex.join(["tsraster", *command, *files, *words])


def spell_python(function: Callable[..., Any], /, *args: Any, **options: Any) -> str:
    """Spell a call as Python that can be run as it is; otherwise as `spell_command`.

    Examples
    --------
    >>> print(spell_python(tsraster.classify_file, "band.tif", "classes.tif", cutoffs=(285, 295), overwrite=False))
    import tsraster
    <BLANKLINE>
    tsraster.classify_file("band.tif", "classes.tif", cutoffs=[285, 295])
    """
    places, named = _sort_out(function, args, options)
    name, is_public = function.__name__, getattr(tsraster, function.__name__, None) is function
    head = "import tsraster" if is_public else f"from {function.__module__} import {name}"
    called = f"tsraster.{name}" if is_public else name
    written = [*map(_write, places.values()), *(f"{key}={_write(value)}" for key, value in named.items())]
    line = f"{called}({', '.join(written)})"
    if len(line) > _WIDTH:
        line = f"{called}(\n" + "".join(f"    {one},\n" for one in written) + ")"
    return f"{head}\n\n{line}"


def class_options(
    state: ClassState, *, table: str | None = None, lut: str | None = None, with_colors: bool = True
) -> dict[str, Any]:
    """Return the options of `classify_file` that make the classes of a draft.

    Cutoffs, names and the side that is closed where these say all; a file of the class table where the outer ends are closed or
    codes are not 1 to K; the name of the color table, or a file of colors where some were changed.

    Parameters
    ----------
    state : ClassState
        The classes.
    table, lut : str, optional
        Where the page saves the class table and the colors.
    with_colors : bool
        Whether colors are wanted at all.

    Raises
    ------
    UsageError
        A file is needed and none is named.
    """
    options: dict[str, Any] = {}
    cutoffs = _list_cutoffs(state)
    if cutoffs:
        options["cutoffs"] = cutoffs
        if state.closed != "right":
            options["closed"] = state.closed
        if any(state.names):
            options["names"] = list(state.names)
    else:
        options["table"] = _need(table, "these classes are no cutoffs alone; save the class table first")
    if with_colors:
        options["lut"] = state.lut or _need(lut, "some colors were chosen by hand; save the color table first")
    return options


def _list_cutoffs(state: ClassState) -> list[Number]:
    is_open = math.isinf(state.edges[0]) and math.isinf(state.edges[-1])
    is_counted = state.codes == tuple(range(1, len(state.codes) + 1))
    return list(state.edges[1:-1]) if is_open and is_counted and not state.unit else []


def _need(path: str | None, otherwise: str) -> str:
    if path is None:
        raise UsageError(otherwise)
    return path


def _sort_out(
    function: Callable[..., Any], args: Sequence[Any], options: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments that have places, and those by name that differ from their defaults."""
    signature = inspect.signature(function)
    try:
        given = signature.bind(*args, **options).arguments
    except TypeError as error:
        raise UsageError(f"{function.__name__} cannot be called so: {error}") from None
    places, named = {}, {}
    for name, parameter in signature.parameters.items():
        if name not in given or name in _UNSAID:
            continue
        value, default = _simplify(given[name], name), _simplify(parameter.default, name)
        if parameter.kind is not parameter.KEYWORD_ONLY:
            places[name] = value
        elif value is not None and (type(value), value) != (type(default), default) and value != ():
            named[name] = value
    while places and list(places.values())[-1] is None:
        places.popitem()
    return places, named


def _simplify(value: Any, name: str) -> Any:
    """Return texts, numbers, and tuples of these."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, FeatureSet):
        return value.to_text()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return tuple(_simplify(item, name) for item in value)
    if value is None or value is inspect.Parameter.empty or isinstance(value, str | bool | int | float):
        return value
    raise UsageError(f"{name} is a {type(value).__name__} that is in no file; save it, and give its path")


def _list_files(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple) else [str(value)]


def _list_words(name: str, value: Any) -> Iterator[str]:
    """Yield an option and its value; one that begins with a hyphen is bound to it, so that it is not taken for an option."""
    option = f"--{name.rstrip('_').replace('_', '-')}"
    if isinstance(value, bool):
        yield from [option] if value else []
    elif isinstance(value, tuple) and value and isinstance(value[0], tuple):
        for several in value:
            yield from (option, *map(_to_text, several))
    else:
        text = _join(value) if isinstance(value, tuple) else _to_text(value)
        yield from [f"{option}={text}"] if text.startswith("-") else [option, text]


def _join(items: Sequence[Any]) -> str:
    """Join by commas what the command line divides again; an item with a comma stands in double quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([_to_text(item) for item in items])
    return line.getvalue()


def _to_text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _write(value: Any) -> str:
    """Write a value as Python, texts in double quotes as long as they hold none."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_write, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    text = repr(value)
    is_plain = isinstance(value, str) and text.startswith("'") and '"' not in text and "\\" not in text
    return f'"{text[1:-1]}"' if is_plain else text
