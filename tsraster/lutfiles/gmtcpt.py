"""Color palette tables of GMT, ``.cpt``.

A line is a slice, ``z0 color z1 color [L|U|B] [;label]``, or a category, ``key color [;label]``; ``B``, ``F`` and
``N`` before a color give that of values below, above, and of none. Colors are in one word, or in columns in the older
way. ``# COLOR_MODEL = HSV`` says that columns are hue, saturation and value; with ``+HSV`` or ``hsv`` GMT interpolates
these too, as the numbers go. A slice holds its lower end, and the last one both.

GDAL reads slices only where a line with ``COLOR_MODEL = RGB`` is above them, in eight columns, and without a space in a
label. So that is what is written where the table allows it. Slices cannot say every ramp: where they do not, comments
such as ``# tsraster stop 5 255 0 0 255 name`` repeat its stops, and are read where they agree with the slices.

References
----------
https://docs.generic-mapping-tools.org/latest/reference/cpts.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from tsraster.lut import RGBA, Lut
from tsraster.lutfiles.gdaltext import sort_rows
from tsraster.lutfiles.gmtcolors import parse_color
from tsraster.lutfiles.gmtslices import (
    REPEATS,
    STOP,
    Slice,
    Stop,
    cut_lut,
    list_stops,
    reveal_words,
    stretch,
    write_cpt,
)
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, shorten

_MODEL = re.compile(r"COLOR_MODEL\s*[=:]\s*(\+?)(RGB|rgb|HSV|hsv|CMYK|cmyk)\b")
_STOP = re.compile(STOP + r"(\S+) ([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+)(?: (.*))?")
_NUMBER = r"[+-]?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,4})?"
_RANGE = re.compile(rf"#\s*RANGE\s*=\s*({_NUMBER})/({_NUMBER})\s*$")
_SPECIAL = {"B": "below", "F": "above", "N": "nodata"}
_SAMPLE = 20
"""Lines that show which format a file is of."""


@dataclass
class _Palette:
    """What the lines of a file say."""

    model: str = ""
    is_bent: bool = False
    slices: list[Slice] = field(default_factory=list)
    classes: list[tuple[float, RGBA, str, int]] = field(default_factory=list)
    special: dict[str, RGBA] = field(default_factory=dict)
    comments: list[tuple[int, str]] = field(default_factory=list)


def read_cpt(file: LutFile) -> Lut:
    """Read a color palette table of GMT.

    Categories are classes. Slices of one color each are intervals, and any others a ramp, which jumps where two slices
    meet in two colors. Where GMT interpolates hues, stops are added until no channel is off by more than 1. A table
    with ``# RANGE = low/high`` is stretched to it, as by ``gmt makecpt``.

    Examples
    --------
    >>> model = b"# COLOR_MODEL = RGB\\n"
    >>> read_cpt(LutFile(name="mine", data=model + b"0 navy 5 navy ;deep\\n5 255/0/0 10 255/0/0\\n")).keys
    (0, 5, 10)
    >>> read_cpt(LutFile(name="mine", data=model + b"0 0/0/0 5 white\\n5 red 10 #ff8000\\n")).kind
    'ramp'
    """
    palette = _Palette()
    for number, line in file.lines():
        if line.startswith("#"):
            _note_comment(file, palette, line, number)
        else:
            _add_line(file, palette, line, number)
    if palette.classes and palette.slices:
        raise file.error("a line with one key among lines with two; all are key color, or all z0 color z1 color")
    if palette.classes:
        return _join_classes(file, palette)
    _check_slices(file, palette.slices)
    return _join_slices(file, palette)


def _note_comment(file: LutFile, palette: _Palette, line: str, number: int) -> None:
    if "COLOR_MODEL" in line:
        found = _MODEL.search(line)
        if found is None:
            raise file.error(
                f"{shorten(line)!r} names no color model; accepted are RGB, HSV, CMYK, +HSV, +CMYK", number
            )
        model = found[2].upper()
        is_bent = model == "HSV" and (found[1] == "+" or found[2] == "hsv")
        if palette.model and (model, is_bent) != (palette.model, palette.is_bent):
            raise file.error("a second color model; a table has one", number)
        palette.model, palette.is_bent = model, is_bent
    elif re.match(r"#\s*CYCLIC\b", line):
        file.warn("GMT repeats the colors of a cyclic table beyond its ends, and they are not repeated here", number)
    palette.comments.append((number, line))


def _add_line(file: LutFile, palette: _Palette, line: str, number: int) -> None:
    text, _, label = line.partition(";")
    words, label = text.split(), reveal_words(label.strip())
    if words and words[0] in _SPECIAL and len(words) in (2, 4, 5):
        palette.special[words[0]] = parse_color(file, words[1:], palette.model, number).levels
        return
    if len(words) in (3, 5, 9, 11) and words[-1] in ("L", "U", "B"):
        words.pop()
    if len(words) == 2:
        color = parse_color(file, words[1:], palette.model, number)
        palette.classes.append((_parse_key(file, words[0], number), color.levels, label, number))
    elif len(words) in (4, 8, 10):
        palette.slices.append(_parse_slice(file, palette, words, label, number))
    else:
        raise file.error(
            f"{shorten(line)!r} is no slice; write z0 r/g/b z1 r/g/b, or key r/g/b ;name for categories", number
        )


def _parse_slice(file: LutFile, palette: _Palette, words: list[str], label: str, number: int) -> Slice:
    if not palette.model and not palette.slices:
        file.warn(
            "GDAL takes this for its own color text and gives other colors; write # COLOR_MODEL = RGB above it", number
        )
    middle = len(words) // 2
    low, high = (_parse_key(file, words[place], number) for place in (0, middle))
    first = parse_color(file, words[1:middle], palette.model, number)
    last = parse_color(file, words[middle + 1 :], palette.model, number)
    if first.is_skipped or last.is_skipped:
        last = first
    return Slice(low, first, high, last, label, number, palette.is_bent and first != last)


def _parse_key(file: LutFile, text: str, number: int) -> float:
    if not re.match(r"[+-]?\.?[0-9]", text):
        raise file.error(
            f"the key {shorten(text)!r} is no number; give categories numbers, and names behind a ;", number
        )
    return file.number(text, number)


def _check_slices(file: LutFile, slices: list[Slice]) -> None:
    for part in slices:
        if not part.low < part.high:
            raise file.error(
                f"the slice from {format_key(part.low)} to {format_key(part.high)} is empty; its ends increase",
                part.number,
            )
    for before, part in pairwise(slices):
        if part.low != before.high:
            raise file.error(
                f"the slice begins at {format_key(part.low)} and not at {format_key(before.high)}, the end of the one before",
                part.number,
            )


def _join_classes(file: LutFile, palette: _Palette) -> Lut:
    rows = palette.classes
    lut = file.table(kind="classes", **sort_rows(file, rows, "classes"))
    wrong = next((after for row, after in pairwise(rows) if after[0] < row[0]), None)
    if wrong is not None:
        file.warn("GMT finds only categories that ascend; sort the lines", wrong[3])
    return replace(lut, **_list_special(palette, lut))


def _join_slices(file: LutFile, palette: _Palette) -> Lut:
    slices = _apply_range(file, palette)
    stops = _find_stops(file, palette, slices)
    if stops is None and all(part.first == part.last for part in slices):
        lut = file.table(
            kind="intervals",
            keys=[part.low for part in slices[:1]] + [part.high for part in slices],
            colors=[part.first.levels for part in slices],
            names=[part.label for part in slices],
            closed="left",
        )
    else:
        keys, colors, names = zip(*(list_stops(slices) if stops is None else stops), strict=True)
        lut = file.table(kind="ramp", keys=keys, colors=colors, names=names)
    return replace(lut, **_list_special(palette, lut))


def _apply_range(file: LutFile, palette: _Palette) -> list[Slice]:
    """Return slices that reach from end to end of the range that a comment gives."""
    slices = palette.slices
    given = next(((number, found) for number, line in palette.comments if (found := _RANGE.match(line))), None)
    if given is None or not slices:
        return slices
    number, found = given
    low, high = (file.number(text, number) for text in found.groups())
    if not low < high or (low, high) == (slices[0].low, slices[-1].high):
        return slices
    file.warn(
        f"the keys are stretched to {found[1]} and {found[2]}; other programs may take them as they stand", number
    )
    has_hinge = any(re.match(r"#\s*HARD_HINGE", line) for _, line in palette.comments)
    return stretch(slices, low, high, has_hinge)


def _find_stops(file: LutFile, palette: _Palette, slices: list[Slice]) -> list[Stop] | None:
    """Return the stops of a ramp that comments give, where they agree with the slices."""
    found = [(number, mark) for number, line in palette.comments if (mark := _STOP.fullmatch(line))]
    if not found:
        return None
    lut = file.table(
        kind="ramp",
        keys=[file.number(mark[1], number) for number, mark in found],
        colors=[tuple(file.level(level, number) for level in mark.group(2, 3, 4, 5)) for number, mark in found],
        names=[reveal_words(mark[6] or "") for _, mark in found],
    )
    agree = [part.parts for part in cut_lut(lut)] == [part.parts for part in slices]
    return list(zip(lut.keys, lut.colors, lut.names, strict=True)) if agree else None


def _list_special(palette: _Palette, lut: Lut) -> dict[str, Any]:
    """Return the colors of B, F and N, without those that were only added so that GMT paints as here."""
    added = [
        letter for _, line in palette.comments if line.startswith(REPEATS) for letter in line[len(REPEATS) :].split()
    ]
    ends = {"B": lut.colors[0], "F": lut.colors[-1]}
    return {
        _SPECIAL[letter]: color
        for letter, color in palette.special.items()
        if not (letter in added and color == ends.get(letter))
    }


def recognize_cpt(data: bytes) -> bool:
    """Tell a palette table by its color model, or by slices one after the other."""
    text = data[:8192].decode("latin-1")
    lines = [line.strip() for line in text.splitlines()]
    if any(line.startswith("#") and _MODEL.search(line) for line in lines):
        return True
    rows = [line.partition(";")[0].split() for line in lines if line and not line.startswith("#")][:_SAMPLE]
    rows = [row for row in rows if row and row[0] not in _SPECIAL]
    rows = rows[:-1] if len(data) > 8192 and len(rows) < _SAMPLE else rows
    return bool(rows) and all(map(_is_slice, rows)) and _is_chain(rows)


def _is_slice(row: list[str]) -> bool:
    text = " ".join(row)
    return bool(
        re.fullmatch(rf"{_NUMBER} [0-9.]+/[0-9.]+/\S+ {_NUMBER} [0-9.]+/[0-9.]+/\S+( [LUB])?", text)
        or re.fullmatch(rf"{_NUMBER}( {_NUMBER}){{7}}( [LUB])?", text)
    )


def _is_chain(rows: list[list[str]]) -> bool:
    """Whether each line begins where the one before ends, which tells eight columns from any other numbers."""
    spans = [(row[0], row[len(row) // 2]) for row in rows]
    is_joined = all(before[1] == after[0] for before, after in pairwise(spans))
    return is_joined and (len(rows) > 1 or len(rows[0]) < 8)


CPT = LutFormat(
    title="a GMT color palette table",
    endings=(".cpt",),
    capacity=Capacity(
        kinds=("classes", "intervals", "ramp"),
        names=True,
        alpha="any",
        nodata=True,
        outside="two",
        closed="left",
        ends="finite",
    ),
    read=read_cpt,
    write=write_cpt,
    recognize=recognize_cpt,
)
