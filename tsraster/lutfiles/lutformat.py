"""The registry of formats: from a file to a `Lut` and back. One module a format, and a line in the package's ``__init__``."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from math import isfinite
from typing import Literal

from tsraster.errors import LutError, LutFormatError, LutWarning
from tsraster.lut import RGBA, Kind, Lut
from tsraster.registry import Registry

LutKind = Literal["classes", "ramp"]


@dataclass(frozen=True, kw_only=True)
class LutFile:
    """The content of a file, and how to say what is wrong with it."""

    name: str
    """What the file is called in texts, as a rule its path."""
    data: bytes
    kind: LutKind | None = None
    """What its numbers are, where the user says so: some formats leave that to the program that reads them."""

    @cached_property
    def text(self) -> str:
        """The content as text, which must be UTF-8; a byte order mark is left out."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self.error("this is not UTF-8 text; save the file as UTF-8", line) from None

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, counted from 1, stripped; blank ones are left out."""
        for number, line in enumerate(StringIO(self.text, newline=None), start=1):
            if line := line.strip():
                yield number, line

    def error(self, problem: str, line: int | None = None) -> LutFormatError:
        """Return the error to raise; `problem` says what is wrong, what is accepted, and what to do."""
        return LutFormatError(_escape(problem), path=self.name, line=line)

    def warn(self, trap: str, line: int | None = None) -> None:
        """Say that other programs read this file in another way."""
        where = f"{self.name}, line {line}" if line else self.name
        warnings.warn(f"{where}: {_escape(trap)}", LutWarning, stacklevel=2)

    def level(self, text: str, line: int | None = None) -> int:
        """Read a red, green, blue or alpha from 0 to 255."""
        # Python would also take 1_0, and the digits of every script.
        text = text.strip()  # of more characters than int() passes over
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise self.error(f"{shorten(text)!r} is no whole number; red, green, blue and alpha are 0 to 255", line)
        level = int(text)
        if not 0 <= level <= 255:
            raise self.error(f"{level} is out of range; red, green, blue and alpha are 0 to 255", line)
        return level

    def number(self, text: str, line: int | None = None) -> float:
        """Read a finite number; a whole one is returned as an int."""
        text = text.strip()
        if re.fullmatch(r"[+-]?[0-9]{1,309}", text) and abs(int(text)) <= sys.float_info.max:
            return int(text)
        try:
            number = float(text) if text.isascii() and "_" not in text else float("nan")
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            raise self.error(f"{shorten(text)!r} is no finite number", line)
        return int(number) if number.is_integer() else number

    def table(self, **parts: object) -> Lut:
        """Return the color table, with this file's name, or raise what is wrong with the parts as an error of this file."""
        try:
            return Lut(name=self.name, **parts)  # type: ignore[arg-type]
        except LutError as error:
            problem = str(error).removeprefix(f"the color table {self.name} ")
            raise self.error(f"the color table {problem}") from None


def _escape(sentence: str) -> str:
    """Show what a terminal would obey, such as a line break, as Python spells it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sentence)


def shorten(text: str) -> str:
    """Cut a text that is quoted in a sentence.

    Examples
    --------
    >>> len(shorten("x" * 1000))
    40
    """
    return text if len(text) <= 40 else f"{text[:37]}..."


def format_key(key: float) -> str:
    """Write a number so that it is read back as the same one; a whole one without a fraction.

    Examples
    --------
    >>> format_key(0.1), format_key(5.0), format_key(1e300)
    ('0.1', '5', '1e+300')
    """
    # As digits too where no float is that number.
    return str(int(key)) if key == int(key) and (abs(key) < 1e16 or key != float(key)) else repr(float(key))


def to_bytes(lines: list[str]) -> bytes:
    """Return lines as the content of a text file."""
    return ("\n".join(lines) + "\n").encode("utf-8")


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What a format can hold; see `tsraster.lutfiles.fitting`, which makes a table fit."""

    kinds: tuple[Kind, ...]
    names: bool = False
    alpha: Literal["none", "one", "any"] = "none"
    """Which alpha colors can have: none; one color can be transparent; any."""
    nodata: bool = False
    """The color of pixels without data."""
    outside: Literal["none", "one", "two", "nodata"] = "none"
    """The colors below and above: one for both, one each, or for a ramp only that both are the color of nodata."""
    percent: bool = False
    closed: Literal["right", "left", "both"] = "both"
    """The side on which intervals can be closed."""
    ends: Literal["open", "low", "finite", "any"] = "any"
    """The outer edges that intervals can have: always open; the lower always open and the upper any; always finite; any."""
    codes: Literal["any", "whole", "dense"] = "any"
    """The keys that classes can have: any number; whole numbers from 0; all whole numbers from 0 on."""
    largest: int | None = None
    """The largest code, or the most colors where there are no codes less 1."""
    by_code: bool = False
    """For positions: whether the position of a color is its class code, rather than its place in the order."""
    entries: int | None = None
    """The most entries."""
    fixed: int | None = None
    """For positions: the only number of colors there can be."""
    bare: str = ""
    """Characters that a name cannot have."""
    keeps_key_names: bool = True
    """Whether a name that only repeats its key is told from no name."""


@dataclass(frozen=True, kw_only=True)
class LutFormat:
    """How a format is read, written and recognized."""

    title: str
    """What it is, for the list of formats."""
    endings: tuple[str, ...]
    """Of the names of its files, in lower case, with the dot."""
    capacity: Capacity
    read: Callable[[LutFile], Lut]
    """Raises `LutFormatError`, and nothing else, where the file is wrong."""
    write: Callable[[Lut], bytes]
    """Takes a table that fits the capacity. What it writes is read back as the same table."""
    recognize: Callable[[bytes], bool] = lambda _: False
    """Tell from the content alone that a file is surely of this format."""


LUT_FORMATS: Registry[LutFormat] = Registry("color table format")


def opaque(red: int, green: int, blue: int) -> RGBA:
    """Return a color that nothing shines through."""
    return red, green, blue, 255
