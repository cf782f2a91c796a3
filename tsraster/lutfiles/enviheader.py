"""The header of an ENVI classification, ``.hdr``: the colors and names of the classes 0, 1, 2, ...

Lines are ``key = value``; a value in braces may go on over several. Only ``file type``, ``classes``, ``class lookup`` and
``class names`` are read. ``data ignore value`` says which class of the raster is no data, and nothing about colors: that
class keeps its entry.

What is written holds these keys only. It does not open as a raster by itself; the keys go into the header of one.

References
----------
https://www.nv5geospatialsoftware.com/docs/enviheaderfiles.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO

from tsraster.lut import Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, opaque, shorten, to_bytes

_KEYS = ("file type", "classes", "class lookup", "class names")
_CLASSIFICATION = "envi classification"
_LARGEST = 65535
"""The largest code; images of classes have 8 or 16 bits."""

Entry = tuple[int, str]
"""The number of the line, and what stands there."""


def read_envi(file: LutFile) -> Lut:
    """Read the classes of a header, with their colors and names.

    Examples
    --------
    >>> text = "ENVI\\nclasses = 2\\nclass lookup = {0,0,0, 0,99,0}\\nclass names = {none, wood}\\n"
    >>> lut = read_envi(LutFile(name="mine", data=text.encode()))
    >>> lut.keys, lut.colors[1], lut.names[1]
    ((0, 1), (0, 99, 0, 255), 'wood')
    """
    if not _is_envi(file.text[:100].encode()):
        raise file.error("the first line is not ENVI, so this is no header of ENVI", 1)
    entries = _read_entries(file)
    number, kind = entries.get("file type", (0, _CLASSIFICATION))
    if kind.lower() != _CLASSIFICATION:
        raise file.error(f"the file type is {shorten(kind)!r}; only ENVI Classification has colors of classes", number)
    missing = [key for key in _KEYS[1:] if key not in entries]
    if missing:
        raise file.error(
            f"no {missing[0]!r} in it, so it holds no table of classes; there must be {', '.join(_KEYS[1:])}"
        )
    count = _parse_count(file, entries["classes"])
    levels = [file.level(text, line) for line, text in _split(file, "class lookup", entries, 3 * count)]
    names = [text for _, text in _split(file, "class names", entries, count)]
    colors = [opaque(*rgb) for rgb in zip(levels[::3], levels[1::3], levels[2::3], strict=True)]
    return file.table(kind="classes", keys=range(count), colors=colors, names=names)


def _is_envi(data: bytes) -> bool:
    return [line.strip() for line in data[:100].removeprefix(b"\xef\xbb\xbf").splitlines()[:1]] == [b"ENVI"]


def _read_entries(file: LutFile) -> dict[str, Entry]:
    """Return the keys that matter, with the lines where they begin; a value in braces is kept with its line breaks."""
    entries: dict[str, Entry] = {}
    lines = _list_lines(file)
    for number, line in lines:
        key, sign, value = line.partition("=")
        key = " ".join(key.lower().split())
        if not sign:
            continue
        value = _read_braces(file, number, value, lines) if "{" in value else value.strip()
        if key in entries and key in _KEYS:
            raise file.error(f"{key!r} stands there twice, in line {entries[key][0]} before", number)
        entries[key] = number, value
    return entries


def _list_lines(file: LutFile) -> Iterator[Entry]:
    """Yield the lines; of a comment, which has a semicolon as its very first character, nothing is left."""
    for number, line in enumerate(StringIO(file.text, newline=None), start=1):
        yield number, "" if line.startswith(";") else line.rstrip("\n")


def _read_braces(file: LutFile, number: int, value: str, lines: Iterator[Entry]) -> str:
    """Return what is between the braces."""
    parts = [value.partition("{")[2]]
    while "}" not in parts[-1]:
        following = next(lines, None)
        if following is None:
            raise file.error("the brace { is not closed; write } behind the last value", number)
        parts.append(following[1])
    parts[-1] = parts[-1].partition("}")[0]
    return "\n".join(parts)


def _parse_count(file: LutFile, entry: Entry) -> int:
    number, text = entry
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise file.error(f"classes are {shorten(text)!r}, which is no number of classes", number)
    return int(text)


def _split(file: LutFile, key: str, entries: dict[str, Entry], wanted: int) -> list[Entry]:
    """Return the values of a list, each with the number of its line; refuse more or fewer than wanted."""
    number, text = entries[key]
    values = []
    for part in text.split(","):
        start = part[: len(part) - len(part.lstrip())]
        values.append((number + start.count("\n"), part.strip()))
        number += part.count("\n")
    if len(values) == wanted + 1 and not values[-1][1]:
        del values[-1]
    if len(values) != wanted:
        raise file.error(
            f"{key!r} has {len(values)} values, and must have {wanted}: "
            f"{'3 levels' if key == 'class lookup' else '1 name'} for each of {entries['classes'][1]} classes",
            entries[key][0],
        )
    return values


def write_envi(lut: Lut) -> bytes:
    """Write the entries of a classification, five classes a line."""
    levels = [", ".join(map(str, color[:3])) for color in lut.colors]
    return to_bytes(
        [
            "ENVI",
            "file type = ENVI Classification",
            f"classes = {len(lut)}",
            "class lookup = {",
            _wrap(levels) + "}",
            "class names = {",
            _wrap(lut.names) + "}",
        ]
    )


def _wrap(values: Sequence[str]) -> str:
    """Return values five a line; each line begins with a space, because one that begins with a semicolon is a comment."""
    return ",\n".join(" " + ", ".join(values[i : i + 5]) for i in range(0, len(values), 5))


ENVI = LutFormat(
    title="an ENVI classification header",
    endings=(".hdr",),
    capacity=Capacity(kinds=("classes",), names=True, codes="dense", largest=_LARGEST, bare=",{}"),
    read=read_envi,
    write=write_envi,
    recognize=_is_envi,
)
