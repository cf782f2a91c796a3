"""The project's own form, which holds everything a color table can be: CSV with a header."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tsraster.lut import KINDS, RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.gdaltext import sort_rows
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, shorten

_LEVELS = ("red", "green", "blue")
_KINDS = {"code": "classes", "interval": "intervals", "value": "ramp", "percent": "ramp", "position": "index"}
"""The column of the keys says what they are; without any the colors have only positions, 0, 1, 2, ..."""
_SPECIAL = ("nodata", "below", "above")
"""Words in place of a key."""
_INTERVAL = re.compile(r"([\[(])([^,]+),([^,]+)([\])])")

Row = tuple[int, dict[str, str], RGBA, str]
"""The number of the line, its fields by column, the color, and the name."""


def read_csv(file: LutFile) -> Lut:
    """Read ``code,red,green,blue[,alpha][,name]``, with the columns in any order.

    In place of ``code``, ``value`` makes the stops of a ramp, ``percent`` stops in percent of a range, ``interval`` intervals
    such as ``"(10, 20]"``, ``position`` colors without values; so do rows without any of them. ``nodata``, ``below`` and
    ``above`` in place of a key give the color of what has no class and of what is outside. Classes may stand in any order.

    Examples
    --------
    >>> read_csv(LutFile(name="mine", data=b"code,red,green,blue,name\\n2,0,0,255,sea\\n1,0,99,0,wood\\n")).names
    ('wood', 'sea')
    """
    column, rows = _read_rows(file)
    special = _find_special(file, rows, column)
    rows = [row for row in rows if not column or row[1][column].lower() not in _SPECIAL]
    options = {"nodata": special.pop("nodata", TRANSPARENT), "kind": _KINDS.get(column, "index"), **special}
    if not column:
        parts: dict[str, Any] = {"colors": [row[2] for row in rows], "names": [row[3] for row in rows]}
    elif column == "interval":
        parts = _join_intervals(file, rows)
    else:
        parts = _order_keys(file, rows, column)
    return file.table(**options, **parts)


def _find_special(file: LutFile, rows: list[Row], column: str) -> dict[str, RGBA]:
    """Return the colors of what has no key, by the word in its place."""
    found: dict[str, RGBA] = {}
    for number, fields, color, _ in rows:
        word = fields[column].lower() if column else ""
        if word in found:
            raise file.error(f"{word} stands there twice", number)
        if word in _SPECIAL:
            found[word] = color
    return found


def _read_rows(file: LutFile) -> tuple[str, list[Row]]:
    """Return the column of the keys, empty where there is none, and the rows."""
    reader = csv.DictReader(
        io.StringIO(file.text, newline=None), restkey="more", restval="", skipinitialspace=True, strict=True
    )
    try:
        columns = [column.strip().lower() for column in reader.fieldnames or []]
        key = _check_header(file, columns)
        reader.fieldnames = columns
        return key, [_parse_row(file, fields, reader.line_num) for fields in reader]
    except csv.Error as error:
        raise file.error(f"the fields cannot be told apart ({error})", reader.line_num + 1) from None


def _check_header(file: LutFile, columns: list[str]) -> str:
    keys = [column for column in _KINDS if column in columns]
    known = {*_KINDS, *_LEVELS, "alpha", "name"}
    if not set(_LEVELS) <= set(columns) <= known or len(keys) > 1 or len(set(columns)) < len(columns):
        raise file.error(
            f"the header is {shorten(','.join(columns))!r}; write code,red,green,blue,alpha,name for classes "
            "or value,red,green,blue,alpha for a ramp (alpha and name may be left out)",
            1,
        )
    return keys[0] if keys else ""


def _parse_row(file: LutFile, fields: dict[str, str], number: int) -> Row:
    if "more" in fields:
        raise file.error("more fields than the header names; put a name with a comma in double quotes", number)
    fields = {column: text.strip() for column, text in fields.items()}
    red, green, blue = (file.level(fields[column], number) for column in _LEVELS)
    alpha = file.level(fields.get("alpha") or "255", number)
    return number, fields, (red, green, blue, alpha), fields.get("name", "")


def _order_keys(file: LutFile, rows: list[Row], column: str) -> dict[str, Any]:
    """Sort classes by their codes; the stops of a ramp stand in order."""
    entries, is_ramp = [], _KINDS[column] == "ramp"
    for number, fields, color, name in rows:
        text = fields[column]
        if not is_ramp and not re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", text, re.IGNORECASE):
            raise file.error(f"the {column} {shorten(text)!r} is no number", number)
        entries.append((file.number(text, number), color, name, number))
    if is_ramp:
        for (before, *_), (key, _, _, number) in pairwise(entries):
            if key < before:
                raise file.error(
                    f"the {column} {format_key(key)} is below the one before; the stops of a ramp increase", number
                )
    return {**sort_rows(file, entries, _KINDS[column]), "percent": column == "percent"}


def _join_intervals(file: LutFile, rows: list[Row]) -> dict[str, Any]:
    """Return the edges of intervals that lie side by side, and which side of them is closed."""
    found = [_parse_interval(file, fields["interval"], number) for number, fields, _, _ in rows]
    for (_, before, _), (low, _, _), (number, *_) in zip(found, found[1:], rows[1:], strict=False):
        if low != before:
            raise file.error(f"the interval begins at {_spell_end(low)} and not at the end of the one before", number)
    sides = {side for *_, side in found}
    if len(sides) > 1:
        raise file.error("the intervals are not all closed on the same side; write all as (a, b] or as [a, b)")
    return {
        "keys": [low for low, *_ in found[:1]] + [high for _, high, _ in found],
        "colors": [row[2] for row in rows],
        "names": [row[3] for row in rows],
        "closed": sides.pop() if sides else "right",
    }


def _parse_interval(file: LutFile, text: str, number: int) -> tuple[float, float, str]:
    parts = _INTERVAL.fullmatch(text)
    if parts is None or (parts[1], parts[4]) not in (("(", "]"), ("[", ")")):
        raise file.error(f"{shorten(text)!r} is no interval; write (a, b] or [a, b)", number)
    ends = {"-inf": -math.inf, "inf": math.inf}
    low, high = (
        ends[end.lower()] if end.lower() in ends else file.number(end, number)
        for end in map(str.strip, parts.group(2, 3))
    )
    if not low < high:
        raise file.error(f"the interval {shorten(text)!r} is empty; its ends increase", number)
    return low, high, "right" if parts[1] == "(" else "left"


def write_csv(lut: Lut) -> bytes:
    """Write everything that the table is."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    outside = {"nodata": None if lut.nodata == TRANSPARENT else lut.nodata, "below": lut.below, "above": lut.above}
    specials = {word: color for word, color in outside.items() if color is not None}
    column = "percent" if lut.percent else next(name for name, kind in _KINDS.items() if kind == lut.kind)
    if column == "position" and not specials:  # the order says it all
        column = ""
    header = [*([column] if column else []), *_LEVELS, "alpha", "name"]
    writer.writerow(header)
    for key, color, name in zip(_spell_keys(lut), lut.colors, lut.names, strict=True):
        writer.writerow([*([key] if column else []), *color, name])
    for word, special in specials.items():
        writer.writerow([word, *special, ""])
    return text.getvalue().encode("utf-8")


def _spell_keys(lut: Lut) -> Iterator[str]:
    if lut.kind != "intervals":
        yield from map(format_key, lut.keys)
        return
    opening, closing = ("(", "]") if lut.closed == "right" else ("[", ")")
    for low, high in pairwise(map(_spell_end, lut.keys)):
        yield f"{opening}{low}, {high}{closing}"


def _spell_end(edge: float) -> str:
    return format_key(edge) if math.isfinite(edge) else str(edge)


CSV = LutFormat(
    title="the project's CSV",
    endings=(".csv",),
    capacity=Capacity(kinds=KINDS, names=True, alpha="any", nodata=True, outside="two", percent=True),
    read=read_csv,
    write=write_csv,
    recognize=lambda data: (
        {b"red", b"green", b"blue"} <= set(data[:200].lower().splitlines()[:1][0].split(b",")) if data else False
    ),
)
