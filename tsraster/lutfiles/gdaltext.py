"""Lines of a key and a color: GDAL's color text, ESRI's ``.clr``, and the look-up tables of the Orfeo ToolBox.

A line of GDAL's is ``key red green blue [alpha]`` or ``key name [alpha]``, separated by spaces, commas, tabs or colons; a
key is a number, a percentage of the range, or ``nv`` for nodata. Lines that start with ``#`` or ``/`` are comments. The others
have ``code red green blue`` only.

GDAL leaves it to the command whether colors are interpolated. So what is written here begins with a comment, ``# tsraster
classes`` or ``# tsraster ramp``, by which it is read back as what it was.

References
----------
https://gdal.org/en/stable/programs/gdal_raster_color_map.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, opaque, shorten, to_bytes

NAMED: dict[str, RGBA] = {
    "white": (255, 255, 255, 255),
    "black": (0, 0, 0, 255),
    "red": (255, 0, 0, 255),
    "green": (0, 255, 0, 255),
    "blue": (0, 0, 255, 255),
    "yellow": (255, 255, 0, 255),
    "magenta": (255, 0, 255, 255),
    "cyan": (0, 255, 255, 255),
    "aqua": (0, 191, 191, 255),
    "grey": (191, 191, 191, 255),
    "gray": (191, 191, 191, 255),
    "orange": (255, 127, 0, 255),
    "brown": (191, 127, 63, 255),
    "purple": (127, 0, 255, 255),
    "violet": (127, 0, 255, 255),
    "indigo": (0, 127, 255, 255),
}
"""The colors that GDAL knows by name."""

_SEPARATOR = r"[ ,\t:]+"
_MARK = re.compile(r"#\s*tsraster (classes|ramp)\s*$")

Entry = tuple[int, str, RGBA, str]
"""The number of the line, the key as it stands there, the color, and what is behind it."""


def read_gdal_text(file: LutFile) -> Lut:
    """Read GDAL's color text.

    It is a table of classes where every key is a whole number from 0, and a ramp where a key is a percentage, a fraction or
    negative, unless the user or a comment says what it is. Words behind the blue are the name of the class; GDAL itself
    would read them as an alpha of 0, which is said.

    Examples
    --------
    >>> read_gdal_text(LutFile(name="mine", data=b"1 0 99 0\\n2 blue\\nnv 0 0 0 0\\n")).colors
    ((0, 99, 0, 255), (0, 0, 255, 255))
    >>> read_gdal_text(LutFile(name="mine", data=b"0% black\\n100% white\\n")).kind
    'ramp'
    """
    entries, nodata = [], None
    for number, key, color, label in _list_entries(file):
        if key.lower() == "nv":
            if nodata is not None:
                raise file.error("nv stands there twice", number)
            nodata = color
        else:
            entries.append((number, key, color, label))
    shares = [entry for entry in entries if entry[1].endswith("%")]
    if shares and len(shares) < len(entries):
        raise file.error("some keys are percentages and others are not; write all in one way", shares[0][0])
    rows = [(_parse_key(file, key, number), color, label, number) for number, key, color, label in entries]
    kind = file.kind or _find_mark(file)
    if shares or kind is None:
        is_ramp = shares or any(key < 0 or not isinstance(key, int) for key, *_ in rows)
        kind = "ramp" if is_ramp else "classes"
    return file.table(kind=kind, nodata=nodata or TRANSPARENT, percent=bool(shares), **sort_rows(file, rows, kind))


def sort_rows(file: LutFile, rows: list[tuple[float, RGBA, str, int]], kind: str) -> dict[str, Any]:
    """Return keys, colors and names in the order of the keys; refuse a code that stands there twice."""
    lines: dict[float, int] = {}
    for key, _, _, number in rows:
        if kind == "classes" and key in lines:
            raise file.error(f"{format_key(key)} stands there twice, in line {lines[key]} before", number)
        lines[key] = number
    rows = sorted(rows, key=lambda row: row[0])
    keys, colors, names = zip(*(row[:3] for row in rows), strict=True) if rows else ((), (), ())
    return {"keys": keys, "colors": colors, "names": names}


def _list_entries(file: LutFile) -> Iterator[Entry]:
    for number, line in file.lines():
        if not line.startswith(("#", "/")):
            key, _, rest = _cut(line)
            yield number, key, *_parse_color(file, rest, number)


def _cut(text: str) -> tuple[str, str, str]:
    """Return the first word, what separates it, and the rest."""
    word, *rest = re.split(f"({_SEPARATOR})", text.lstrip(" ,\t:"), maxsplit=1)
    return (word, rest[0], rest[1]) if rest else (word, "", "")


def _parse_color(file: LutFile, text: str, number: int) -> tuple[RGBA, str]:
    word, _, rest = _cut(text)
    if word.lower() in NAMED:
        color = NAMED[word.lower()]
    else:
        green, _, rest = _cut(rest)
        blue, _, rest = _cut(rest)
        if not blue:
            raise file.error("no color; write key red green blue, with an alpha behind it if wanted", number)
        color = opaque(*(file.level(level, number) for level in (word, green, blue)))
    alpha, separator, label = _cut(rest)
    if re.fullmatch(r"[+-]?[0-9]+", alpha):
        # Behind a space, a comma or colon belongs to the name.
        label = separator.lstrip(" \t") + label if separator.startswith((" ", "\t")) else label
        return (*color[:3], file.level(alpha, number)), label
    if rest:
        file.warn(
            f"GDAL reads {shorten(rest)!r} as an alpha of 0; write 255 before it, as tsraster lut convert does", number
        )
    return color, rest


def _parse_key(file: LutFile, text: str, number: int) -> float:
    if not re.match(r"[+-]?\.?[0-9]", text):
        raise file.error(f"{shorten(text)!r} is no number, percentage or nv", number)
    key = file.number(text.removesuffix("%"), number)
    if text.endswith("%") and not 0 <= key <= 100:
        raise file.error(f"{shorten(format_key(key))}% is out of range; percentages are 0 to 100", number)
    return key


def _find_mark(file: LutFile) -> Any:
    """Return what a comment says the table is."""
    return next((mark[1] for _, line in file.lines() if (mark := _MARK.match(line))), None)


def write_gdal_text(lut: Lut) -> bytes:
    """Write GDAL's color text; names stand behind the alpha, where GDAL passes over them."""
    percent = "%" if lut.percent else ""
    lines = [f"# tsraster {lut.kind}"]
    for key, color, name in zip(lut.keys, lut.colors, lut.names, strict=True):
        lines.append(" ".join([format_key(key) + percent, *map(str, color), name]).rstrip())
    if lut.nodata != TRANSPARENT:
        lines.append(" ".join(["nv", *map(str, lut.nodata)]))
    return to_bytes(lines)


def read_codes(file: LutFile) -> Lut:
    """Read ``code red green blue``; a fourth number is an alpha, and words are a name, as some programs write them."""
    rows = []
    for number, key, color, label in _list_entries(file):
        if not re.fullmatch(r"[+-]?[0-9]+", key):
            raise file.error(f"the code {shorten(key)!r} is no whole number", number)
        rows.append((file.number(key, number), color, label, number))
    return file.table(kind="classes", **sort_rows(file, rows, "classes"))


def write_codes(lut: Lut) -> bytes:
    """Write ``code red green blue``."""
    rows = zip(lut.keys, lut.colors, strict=True)
    return to_bytes([" ".join(map(str, [key, *color[:3]])) for key, color in rows])


_CODES = Capacity(kinds=("classes",), codes="whole")

GDAL = LutFormat(
    title="GDAL color text",
    endings=(".txt",),
    capacity=Capacity(kinds=("classes", "ramp"), names=True, alpha="any", nodata=True, percent=True),
    read=read_gdal_text,
    write=write_gdal_text,
)
ESRI = LutFormat(title="ESRI .clr", endings=(".clr",), capacity=_CODES, read=read_codes, write=write_codes)
OTB = LutFormat(title="an OTB look-up table", endings=(), capacity=_CODES, read=read_codes, write=write_codes)
