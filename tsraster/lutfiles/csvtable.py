"""The project's own form: CSV with a header, for classes or for the stops of a ramp."""

import csv
import io
import math

from tsraster.classtable import LARGEST_CODE
from tsraster.errors import LutError
from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.lutformat import LUT_FORMATS, parse_level

_LEVELS = ("red", "green", "blue")
_COLUMNS = {"code", "value", *_LEVELS, "alpha", "name"}


@LUT_FORMATS.register("csv")
def parse_csv(name: str, text: str) -> Lut:
    """Read ``code,red,green,blue[,alpha][,name]`` or ``value,red,green,blue[,alpha]``, with the columns in any order.

    Classes may stand in any order; the stops of a ramp increase. The code 0 is the color of "no class".

    Raises
    ------
    LutError
        With the line, where the file is wrong.

    Examples
    --------
    >>> parse_csv("mine", "code,red,green,blue,name\\n2,0,0,255,sea\\n1,0,99,0,wood\\n").names
    ('wood', 'sea')
    """
    lines = io.StringIO(text, newline=None)
    reader = csv.DictReader(lines, restkey="more", restval="", skipinitialspace=True, strict=True)
    try:
        columns = [column.strip().lower() for column in reader.fieldnames or []]
        kind = _check_header(columns, name)
        reader.fieldnames = columns
        rows = _parse_rows(reader, kind, name)
    except csv.Error as error:
        raise LutError(f"{name}, line {reader.line_num + 1}: the fields cannot be told apart ({error})") from None
    nodata, _ = rows.pop(0, (TRANSPARENT, "")) if kind == "code" else (TRANSPARENT, "")
    keys = tuple(sorted(rows))
    return Lut(
        name=name,
        kind="classes" if kind == "code" else "ramp",
        keys=keys,
        colors=tuple(rows[key][0] for key in keys),
        names=tuple(rows[key][1] for key in keys),
        nodata=nodata,
    )


def _parse_rows(reader: "csv.DictReader[str]", kind: str, name: str) -> dict[float, tuple[RGBA, str]]:
    rows: dict[float, tuple[RGBA, str]] = {}
    before = -math.inf
    for row in reader:
        where = f"{name}, line {reader.line_num}"
        if "more" in row:
            raise LutError(f"{where}: more fields than the header names; put a name with a comma in double quotes")
        text = row[kind].strip()
        key = _parse_key(text, kind, where)
        if key in rows:
            raise LutError(f"{where}: the {kind} {text} stands there twice")
        if kind == "value" and key < before:
            raise LutError(f"{where}: the value {text} is below the one before; the stops of a ramp increase")
        rows[key] = (_parse_color(row, where), (row.get("name") or "").strip())
        before = key
    return rows


def _check_header(columns: list[str], name: str) -> str:
    """Return which of code and value is the key."""
    unknown = [column for column in columns if column not in _COLUMNS]
    keys = [column for column in ("code", "value") if column in columns]
    if unknown or len(keys) != 1 or not set(_LEVELS) <= set(columns) or len(set(columns)) < len(columns):
        raise LutError(
            f"{name}, line 1: the header is {','.join(columns)!r}; write code,red,green,blue,alpha,name for classes "
            "or value,red,green,blue,alpha for a ramp (alpha and name may be left out)"
        )
    return keys[0]


def _parse_key(text: str, kind: str, where: str) -> float:
    try:
        key = int(text) if kind == "code" else float(text)
    except ValueError:
        raise LutError(f"{where}: the {kind} {text!r} is no {'whole ' if kind == 'code' else ''}number") from None
    if kind == "code" and not 0 <= key <= LARGEST_CODE:
        raise LutError(f"{where}: the code {text} cannot be used; codes are 0 to {LARGEST_CODE}")
    if not abs(key) < math.inf:
        raise LutError(f"{where}: the value {text} is not finite")
    return key


def _parse_color(row: dict[str, str], where: str) -> RGBA:
    red, green, blue = (parse_level(row[column].strip(), where) for column in _LEVELS)
    return red, green, blue, parse_level((row.get("alpha") or "").strip() or "255", where)
