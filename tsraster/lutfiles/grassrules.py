"""Color rules of GRASS, as ``r.colors rules=`` reads them.

A line is ``value color`` or ``value% color``, ``nv color`` for cells without data, or ``default color`` for values
beyond the rules. A color is red, green and blue with colons, commas, semicolons or spaces between, ``#rrggbb``, or one
of sixteen names, some of which are other colors in GDAL. Lines that start with ``#`` are comments; ``end`` ends what is typed in,
and GRASS 8 takes it from standard input only.

GRASS interpolates between two rules that follow one another, whatever the map holds. So what is written here begins with a
comment, ``# tsraster classes`` or ``# tsraster ramp``, by which it is read back as what it was.

References
----------
https://grass.osgeo.org/grass-stable/manuals/r.colors.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.gdaltext import sort_rows
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, opaque, shorten, to_bytes

NAMED: dict[str, RGBA] = {
    "black": (0, 0, 0, 255),
    "red": (255, 0, 0, 255),
    "green": (0, 255, 0, 255),
    "blue": (0, 0, 255, 255),
    "yellow": (255, 255, 0, 255),
    "cyan": (0, 255, 255, 255),
    "magenta": (255, 0, 255, 255),
    "white": (255, 255, 255, 255),
    "gray": (128, 128, 128, 255),
    "grey": (128, 128, 128, 255),
    "orange": (255, 128, 0, 255),
    "aqua": (100, 128, 255, 255),
    "indigo": (0, 128, 255, 255),
    "violet": (128, 0, 255, 255),
    "purple": (128, 0, 255, 255),
    "brown": (180, 77, 25, 255),
}
"""The colors that GRASS knows by name."""

_LEVELS = re.compile(r"([+-]?[0-9]+)[,:; \t]+([+-]?[0-9]+)[,:; \t]+([+-]?[0-9]+)(.*)")
_MARK = re.compile(r"#\s*tsraster (classes|ramp)\s*$")
_SURE = re.compile(r"(default|nv|[+-]?[0-9.]+%?)\s+(#[0-9a-f]{6}|[a-z]+|[0-9]+[:, ]+[0-9]+[:, ]+[0-9]+)", re.IGNORECASE)
_SAMPLE = 20
"""Lines that show which format a file is of."""

Row = tuple[float, RGBA, str, int]
"""The key, the color, no name, and the number of the line."""


def read_grass(file: LutFile) -> Lut:
    """Read color rules of GRASS.

    They are a ramp where a value is a percentage, a fraction or negative, or has two colors, and else a table of classes, unless
    the user or a comment says what they are. The values of a ramp ascend or descend: GRASS interpolates from line to line.

    Examples
    --------
    >>> read_grass(LutFile(name="mine", data=b"0% brown\\n100% 0:99:0\\ndefault gray\\n")).colors
    ((180, 77, 25, 255), (0, 99, 0, 255))
    """
    special: dict[str, RGBA] = {}
    entries = []
    for number, key, text in _list_rules(file):
        color = _parse_color(file, text, number)
        if key.lower() in ("nv", "default"):
            special[key.lower()] = color
        else:
            entries.append((key, color, number))
    shares = [number for key, _, number in entries if key.endswith("%")]
    if shares and len(shares) < len(entries):
        raise file.error("some values are percentages and others are not; write all in one way", shares[0])
    rows: list[Row] = [(_parse_key(file, key, number), color, "", number) for key, color, number in entries]
    kind = _find_kind(file, rows, bool(shares))
    parts = sort_rows(file, _order(file, rows, kind), kind)
    outside = special.get("default")
    nodata = special.get("nv", TRANSPARENT)
    return file.table(kind=kind, nodata=nodata, below=outside, above=outside, percent=bool(shares), **parts)


def _list_rules(file: LutFile) -> Iterator[tuple[int, str, str]]:
    for number, line in file.lines():
        if line.startswith("end"):
            return
        if not line.startswith("#"):
            key, _, color = line.replace("\t", " ").partition(" ")
            yield number, key, color.strip()


def _parse_color(file: LutFile, text: str, number: int) -> RGBA:
    if text.lower() in NAMED:
        return NAMED[text.lower()]
    if parts := _LEVELS.fullmatch(text):
        red, green, blue = (file.level(level, number) for level in parts.group(1, 2, 3))
        rest = parts[4].strip()
    elif re.match(r"#[0-9a-fA-F]{6}\b", text):
        red, green, blue = bytes.fromhex(text[1:7])
        rest = text[7:].strip()
    else:
        known = ", ".join(NAMED)
        raise file.error(
            f"{shorten(text)!r} is no color; write value red:green:blue, #rrggbb, or one of {known}", number
        )
    if rest and not rest.startswith("#"):
        file.warn(f"GRASS passes over {shorten(rest)!r} behind the color, and so it is left out", number)
    return opaque(red, green, blue)


def _parse_key(file: LutFile, text: str, number: int) -> float:
    if not re.match(r"[+-]?\.?[0-9]", text):
        raise file.error(f"{shorten(text)!r} is no number, percentage, nv, default or end", number)
    key = file.number(text.removesuffix("%"), number)
    if text.endswith("%") and not 0 <= key <= 100:
        raise file.error(f"{text} is out of range; percentages are 0 to 100", number)
    return key


def _find_kind(file: LutFile, rows: list[Row], percent: bool) -> str:
    marked = next((mark[1] for _, line in file.lines() if (mark := _MARK.match(line))), None)
    keys = [key for key, *_ in rows]
    is_ramp = len(set(keys)) < len(keys) or any(key < 0 or not isinstance(key, int) for key in keys)
    return "ramp" if percent else file.kind or marked or ("ramp" if is_ramp else "classes")


def _order(file: LutFile, rows: list[Row], kind: str) -> list[Row]:
    """Return rules in ascending order; where they jump about, GRASS paints what nobody can have meant."""
    if len(rows) > 1 and all(row[0] > after[0] for row, after in pairwise(rows)):
        rows = rows[::-1]
    wrong = next((after for row, after in pairwise(rows) if after[0] < row[0]), None)
    if wrong is not None and kind == "ramp":
        raise file.error(
            f"{format_key(wrong[0])} is below the value before; GRASS interpolates from line to line, so sort the lines",
            wrong[3],
        )
    if wrong is not None:
        file.warn("GRASS interpolates from line to line, and so gives other colors; sort the lines", wrong[3])
        return rows
    return _drop_hidden(rows) if kind == "ramp" else rows


def _drop_hidden(rows: list[Row]) -> list[Row]:
    """Leave out colors between the first and the last one of a value, which no value is painted in."""
    keys = [row[0] for row in rows]
    inner = zip(keys, keys[1:], keys[2:], strict=False)
    hidden = {i for i, (before, key, after) in enumerate(inner, start=1) if before == key == after}
    return [row for i, row in enumerate(rows) if i not in hidden]


def write_grass(lut: Lut) -> bytes:
    """Write color rules of GRASS, in ascending order."""
    percent = "%" if lut.percent else ""
    rules: list[tuple[str, RGBA]] = [
        (format_key(key) + percent, color) for key, color in zip(lut.keys, lut.colors, strict=True)
    ]
    if lut.nodata != TRANSPARENT:
        rules.append(("nv", lut.nodata))
    if lut.below is not None:
        rules.append(("default", lut.below))
    return to_bytes(
        [f"# tsraster {lut.kind}", *(f"{key} {red}:{green}:{blue}" for key, (red, green, blue, _) in rules)]
    )


def recognize_grass(data: bytes) -> bool:
    """Tell color rules by a line ``end`` or ``default``, or by colons within colors and spaces before them, in all lines."""
    lines = [line.strip() for line in data[:4096].decode("latin-1").splitlines()]
    rules = list(islice((line for line in lines if line and not line.startswith("#")), _SAMPLE))
    if len(data) > 4096 and len(rules) < _SAMPLE:
        rules = rules[:-1]
    found: list[Any] = [_SURE.fullmatch(line) for line in rules if line != "end"]
    return bool(found) and all(found) and ("end" in rules or any(map(_is_telling, found)))


def _is_telling(rule: re.Match[str]) -> bool:
    return rule[1].lower() == "default" or rule[2].count(":") == 2


GRASS = LutFormat(
    title="GRASS color rules",
    endings=(".rules", ".grass"),
    capacity=Capacity(kinds=("classes", "ramp"), nodata=True, outside="one", percent=True),
    read=read_grass,
    write=write_grass,
    recognize=recognize_grass,
)
