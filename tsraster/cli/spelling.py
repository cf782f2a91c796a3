"""Options that are spelled as the parameters of the function behind a command: same name, same default, same help."""

from __future__ import annotations

import csv
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import click

from tsraster.pipeline.blocks import Progress

Command = TypeVar("Command", bound=Callable[..., Any])


@cache
def parameter_texts(function: Callable[..., Any]) -> dict[str, str]:
    """Return what a numpydoc docstring says of each parameter.

    Examples
    --------
    >>> def double(number):
    ...     '''Double it.
    ...
    ...     Parameters
    ...     ----------
    ...     number : int
    ...         What to
    ...         double.
    ...     '''
    >>> parameter_texts(double)
    {'number': 'What to double.'}
    """
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    entries = re.findall(r"^(\w+) : [^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(lines.split()) for name, lines in entries}


@cache
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def option(
    function: Callable[..., Any], name: str, *, kind: Any = str, metavar: str | None = None, multiple: bool = False
) -> Callable[[Command], Command]:
    """Make an option of a parameter of `function`; class_, as class is a word of Python, becomes --class.

    With `multiple` it can be given several times, and the parameter is a sequence.
    """
    default = _parameters(function)[name].default
    settings: dict[str, Any] = {"default": default, "help": parameter_texts(function)[name]}
    if isinstance(default, bool):
        settings["is_flag"] = True
    else:
        settings |= {
            "type": kind,
            "metavar": metavar,
            "show_default": default not in (None, "", ()),
            "multiple": multiple,
        }
    return click.option(f"--{name.rstrip('_').replace('_', '-')}", name, **settings)


class Listed(click.ParamType[Any]):
    """Values separated by commas; one with a comma in it stands in double quotes."""

    def __init__(self, item: Callable[[str], Any], name: str) -> None:
        self.item, self.name = item, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text of an option into a list."""
        if not isinstance(value, str):
            return value
        try:
            fields = next(csv.reader([value], skipinitialspace=True, strict=True), [])
            return [self.item(field.strip()) for field in fields]
        except (ValueError, csv.Error):
            self.fail(f"{value!r} is no list of {self.name} separated by commas", param, ctx)


def parse_number(text: str) -> int | float:
    """Read a number; whole ones stay whole, so that large ones stay exact."""
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def parse_text(text: str) -> str:
    """Return a text, if it is one and not bytes that mean nothing."""
    text.encode("utf-8")
    return text


class BandName(click.ParamType[Any]):
    """The number of a band, or its name."""

    name = "band"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        """Turn what is a number into one."""
        return int(value) if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value) else value


BAND = BandName()
NUMBERS = Listed(parse_number, "numbers")
WHOLE_NUMBERS = Listed(int, "whole numbers")
TEXTS = Listed(parse_text, "texts")


@contextmanager
def progress_bar(label: str) -> Iterator[Progress | None]:
    """Show a bar on stderr while something long goes on, if somebody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def report(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield report
