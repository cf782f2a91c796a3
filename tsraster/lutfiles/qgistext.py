"""The color map of QGIS as text: what "Export color map to file" writes, and what "Load color map from file" reads.

::

    INTERPOLATION:DISCRETE          EXACT for classes, DISCRETE for intervals, INTERPOLATED for a ramp
    10,0,0,255,255,low              value,red,green,blue,alpha,label
    inf,255,0,0,255,high, and more

The value of an interval is its upper edge, which belongs to it; the first reaches down without end, and above the last
nothing is painted unless that is ``inf``. QGIS itself reads a number that is none as 0, and every line with the word
"interpolation" as that first line. A file without it is DISCRETE to newer versions; QGIS 3.22 leaves its type open. It wants a
label: where an entry has no name, its number is written, and a label that only repeats the number is read as none. A name that
does so all the same is kept apart by a space behind it.

References
----------
https://docs.qgis.org/latest/en/docs/user_manual/working_with_raster/raster_properties.html
https://github.com/qgis/QGIS/blob/master/src/core/raster/qgsrasterrendererutils.cpp
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tsraster.lut import RGBA, Kind, Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, format_key, shorten, to_bytes

KINDS: dict[str, Kind] = {"EXACT": "classes", "DISCRETE": "intervals", "INTERPOLATED": "ramp"}
"""What QGIS calls the kinds of tables."""
WORDS = {kind: word for word, kind in KINDS.items()}

Entry = tuple[float, RGBA, str, int | None]
"""The value, the color, the label, and the number of the line."""

_FIRST_LINE = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*INTERPOLATION[ \t]*:", re.IGNORECASE | re.MULTILINE)
_HEADER = re.compile(r"INTERPOLATION\s*:\s*(\S+)", re.IGNORECASE)


def read_qgis_text(file: LutFile) -> Lut:
    """Read the color map of QGIS.

    Entries may stand in any order. What the user says the numbers are counts only where the file does not say it.

    Examples
    --------
    >>> text = b"INTERPOLATION:DISCRETE\\n10,0,0,255,255,low\\ninf,255,0,0,255,high, and more\\n"
    >>> lut = read_qgis_text(LutFile(name="mine", data=text))
    >>> lut.keys, lut.names
    ((-inf, 10, inf), ('low', 'high, and more'))
    """
    kind: Kind | None = None
    entries = []
    for number, line in _list_lines(file):
        header = _HEADER.fullmatch(line.strip())
        if header is None:
            entries.append((number, line))
        elif kind is not None:
            raise file.error("INTERPOLATION stands there twice; write it once, in the first line", number)
        else:
            kind = _read_kind(file, header[1], number)
    if kind is None and entries:
        kind = file.kind or "intervals"
        file.warn(
            f"without INTERPOLATION it is read as {WORDS[kind]}, and by QGIS as its version has it; write the line"
        )
    kind = kind or "intervals"
    return file.table(**join_entries(file, [_read_entry(file, line, kind, number) for number, line in entries], kind))


def _list_lines(file: LutFile) -> Iterator[tuple[int, str]]:
    """Yield the lines with the space at their ends, which tells a name from none."""
    for number, line in enumerate(io.StringIO(file.text, newline=None), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.rstrip("\n")


def _read_kind(file: LutFile, word: str, number: int) -> Kind:
    if word.upper() not in KINDS:
        raise file.error(f"INTERPOLATION:{shorten(word)} is unknown; choose from {', '.join(KINDS)}", number)
    return KINDS[word.upper()]


def _read_entry(file: LutFile, line: str, kind: Kind, number: int) -> Entry:
    fields = line.split(",", 5)
    if len(fields) < 5:
        raise file.error(f"{shorten(line.strip())!r} is no entry; write value,red,green,blue,alpha,label", number)
    label = fields[5].lstrip() if len(fields) > 5 else ""
    if "interpolation" in line.lower():
        file.warn('QGIS takes every line with the word "interpolation" for the header; choose another label', number)
    elif not label:
        file.warn("QGIS refuses an entry without a label; write one behind the alpha", number)
    red, green, blue, alpha = (file.level(level.strip(), number) for level in fields[1:5])
    return read_value(file, fields[0], kind, number), (red, green, blue, alpha), label, number


def read_value(file: LutFile, text: str, kind: Kind, number: int | None) -> float:
    """Read a number, or the ``inf`` of the last of intervals."""
    text = text.strip()
    if kind == "intervals" and re.fullmatch(r"\+?inf(inity)?", text, re.IGNORECASE):
        return math.inf
    return file.number(text, number)


def join_entries(file: LutFile, entries: Sequence[Entry], kind: Kind) -> dict[str, Any]:
    """Return the parts of a table; refuse a value that stands there too often, and sort by the values."""
    lines: dict[float, list[int | None]] = {}
    for value, _, _, number in entries:
        before = lines.setdefault(value, [])
        if len(before) == (2 if kind == "ramp" else 1):
            often = (
                "three times; a jump of a ramp has two colors"
                if kind == "ramp"
                else f"twice, in line {before[0]} before"
            )
            raise file.error(f"{_spell(value)} stands there {often}", number)
        before.append(number)
    ordered = sorted(entries, key=lambda entry: entry[0])
    values = [value for value, *_ in ordered]
    names = ["" if repeats_value(label, values, i, kind) else label for i, (_, _, label, _) in enumerate(ordered)]
    return {
        "kind": kind,
        "keys": [-math.inf, *values] if kind == "intervals" else values,
        "colors": [color for _, color, _, _ in ordered],
        "names": names,
    }


def list_entries(lut: Lut) -> Iterator[tuple[str, RGBA, str]]:
    """Yield the value, the color and the label of each entry of a table; a label is never empty."""
    values = lut.keys[1:] if lut.kind == "intervals" else lut.keys
    for i, (value, color, name) in enumerate(zip(values, lut.colors, lut.names, strict=True)):
        apart = " " if name and repeats_value(name, values, i, lut.kind) else ""
        yield _spell(value), color, name + apart if name else _say_value(values, i, lut.kind)


def repeats_value(label: str, values: Sequence[float], i: int, kind: Kind) -> bool:
    """Tell whether a label says nothing but the number of its entry, as QGIS and this module write it for want of a name."""
    if label in ("", f"Color entry {i + 1}", _say_value(values, i, kind)):
        return True
    number = label.removeprefix("<= ") if kind == "intervals" else label
    # Python would also take spaces, 1_0, and the digits of every script.
    plain = number.isascii() and re.fullmatch(r"[+-]?([0-9.]+(e[+-]?[0-9]+)?|inf)", number, re.IGNORECASE)
    try:
        return bool(plain) and float(number) == values[i]
    except ValueError:
        return False


def _say_value(values: Sequence[float], i: int, kind: Kind) -> str:
    """Say for which values an entry is, in the words of QGIS."""
    if kind != "intervals":
        return _spell(values[i])
    if i == 0:
        return f"<= {_spell(values[i])}"
    return f"> {_spell(values[i - 1])}" if values[i] == math.inf else f"{_spell(values[i - 1])} - {_spell(values[i])}"


def _spell(value: float) -> str:
    return format_key(value) if math.isfinite(value) else str(value)


def write_qgis_text(lut: Lut) -> bytes:
    """Write the color map of QGIS; every entry gets a label, because QGIS refuses one without."""
    entries = [",".join([value, *map(str, color), label]) for value, color, label in list_entries(lut)]
    return to_bytes([f"INTERPOLATION:{WORDS[lut.kind]}", *entries])


QGIS = LutFormat(
    title="QGIS color map",
    endings=(".txt",),
    capacity=Capacity(kinds=("classes", "intervals", "ramp"), names=True, alpha="any", closed="right", ends="low"),
    read=read_qgis_text,
    write=write_qgis_text,
    recognize=lambda data: _FIRST_LINE.search(data[:4096]) is not None and not data.lstrip().startswith(b"<"),
)
