"""Files of ground control points as they are written: `.points` of QGIS, CSV, the `-gcp` of GDAL, and a `GCPList` in XML.

References
----------
QGIS, ``QgsGCPList::saveGcps`` and ``loadGcps``, and ``saveGCPs`` before: four columns between tabs in the oldest versions, then
``mapX,mapY,pixelX,pixelY,enable``, then with ``dX,dY,residual``, then after a line ``#CRS: `` with WKT, and now with ``sourceX``
and ``sourceY``, which are coordinates of the layer. Rows are negative there, because y points upwards. GDAL, option ``-gcp`` of
``gdal_translate`` and the element ``GCPList`` of a VRT and of ``.aux.xml``.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from tsraster.errors import DataError, ReadError

_COLUMNS = {
    "col": ("col", "column", "pixel", "pixelx", "sourcex"),
    "row": ("row", "line", "pixely", "sourcey"),
    "x": ("x", "mapx", "easting", "lon", "longitude"),
    "y": ("y", "mapy", "northing", "lat", "latitude"),
    "z": ("z", "elevation", "height"),
    "enabled": ("enable", "enabled"),
    "id": ("id", "name", "point"),
}
"""What the columns of a header may be called, in small letters and without spaces and underscores."""

_NEEDED = ("col", "row", "x", "y")
_SEPARATORS = (",", ";", "\t")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GDAL_NAMES = ("pixel", "line", "easting", "northing", "elevation")
_ENABLED = {"": True, "1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, kw_only=True)
class PointRow:
    """One point as it is written, in the convention of GDAL: rows count down from the upper edge."""

    line: int
    """Counted from 1."""
    col: float
    row: float
    x: float
    y: float
    z: float | None = None
    id: str = ""


@dataclass(kw_only=True)
class PointList:
    """What a file holds."""

    rows: list[PointRow] = field(default_factory=list)
    disabled: list[int] = field(default_factory=list)
    """The lines of points that are switched off."""
    crs: str = ""
    """Text of the CRS; empty where the file says none."""
    crs_line: int = 0


@dataclass(frozen=True, kw_only=True)
class PointFile:
    """The content of a file, and how to say what is wrong with it."""

    name: str
    text: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, counted from 1, stripped; blank ones are left out."""
        ends = self.text.replace("\r\n", "\n").replace("\r", "\n")
        for number, line in enumerate(ends.split("\n"), start=1):
            if line := line.strip(" \x0b\x0c"):
                yield number, line

    def unreadable(self, problem: str, line: int | None = None) -> ReadError:
        """Return the error to raise where something is written wrongly."""
        return ReadError(self._place(problem, line))

    def impossible(self, problem: str, line: int | None = None) -> DataError:
        """Return the error to raise where what is written cannot be true."""
        return DataError(self._place(problem, line))

    def _place(self, problem: str, line: int | None) -> str:
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in problem)
        return f"{self.name}{f', line {line}' if line else ''}: {shown}"


def parse_points(file: PointFile) -> PointList:
    """Read the points of a file, whose form is found from its content.

    Raises
    ------
    ReadError
        It has none of the forms, or something in it is no number.
    DataError
        A row is positive where QGIS writes negative ones.
    """
    if file.text.lstrip().startswith("<"):
        return _parse_xml(file)
    if re.search(r"(?:^|\s)-gcp\s", file.text):
        return _parse_gdal(file)
    return _parse_csv(file)


def _parse_csv(file: PointFile) -> PointList:
    found, table = PointList(), None
    for number, line in file.lines():
        if line.startswith("#CRS:"):
            found.crs, found.crs_line = line.removeprefix("#CRS:").strip(), number
        elif table is None and (not line.startswith("#") or _is_header(line)):
            table = _parse_header(file, line.lstrip("# "), number)
        elif table is not None and not line.startswith("#"):
            _parse_row(file, found, table, line, number)
    if table is None:
        raise file.unreadable("there are no points in it")
    if _plain(table.title("row")) in ("pixely", "sourcey") and _plain(table.title("x")) == "mapx":
        found.rows = _turn_down(file, found.rows, table.title("row"))
    return found


def _is_header(line: str) -> bool:
    """Tell whether a comment is a header all the same, as some programs write it."""
    return "mapx" in line.lower() and any(separator in line for separator in _SEPARATORS)


@dataclass(frozen=True, kw_only=True)
class _Table:
    separator: str
    titles: list[str]
    """As they are written."""
    places: dict[str, int]
    """Of the columns that are known."""

    def title(self, key: str) -> str:
        return self.titles[self.places[key]]

    @property
    def decimal(self) -> str:
        return "." if self.separator == "," else ","


def _plain(title: str) -> str:
    """Return the title of a column as it is compared."""
    return re.sub(r"[ _]", "", title).lower()


def _split(file: PointFile, line: str, separator: str, number: int) -> list[str]:
    try:
        return [text.strip() for text in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]
    except csv.Error as error:
        raise file.unreadable(f"the fields cannot be told apart ({error})", number) from None


def _parse_header(file: PointFile, line: str, number: int) -> _Table:
    separator = max(_SEPARATORS, key=line.count)
    titles = _split(file, line, separator, number)
    places: dict[str, int] = {}
    for key, names in _COLUMNS.items():
        found = [i for i, title in enumerate(titles) if _plain(title) in names]
        if len(found) > 1:
            both = " and ".join(titles[i] for i in found)
            raise file.unreadable(f"the header names both {both}; write the columns col,row,x,y", number)
        if found:
            places[key] = found[0]
    if not set(_NEEDED) <= set(places):
        raise file.unreadable(
            f"{_shorten(line)!r} is no header of control points; write the columns col,row,x,y (in pixels from the upper left "
            "corner, and on the map), a .points file of QGIS, or lines of -gcp pixel line easting northing",
            number,
        )
    return _Table(separator=separator, titles=titles, places=places)


def _parse_row(file: PointFile, found: PointList, table: _Table, line: str, number: int) -> None:
    fields = _split(file, line, table.separator, number)
    if any(fields[len(table.titles) :]):
        raise file.unreadable(
            f"{len(fields)} fields, and the header names {len(table.titles)}; where numbers have a decimal comma, separate "
            "the columns by semicolons",
            number,
        )
    texts = {key: fields[at] if at < len(fields) else "" for key, at in table.places.items()}
    switch = texts.get("enabled", "").lower()
    if switch not in _ENABLED:
        raise file.unreadable(f"enable is {_shorten(switch)!r}; it is 1 or 0", number)
    if not _ENABLED[switch]:
        found.disabled.append(number)
        return
    col, row, x, y = (_parse_number(file, table.title(key), texts[key], number, table.decimal) for key in _NEEDED)
    z = _parse_number(file, "z", texts["z"], number, table.decimal) if texts.get("z") else None
    found.rows.append(PointRow(line=number, col=col, row=row, x=x, y=y, z=z, id=texts.get("id", "")))


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _parse_number(file: PointFile, title: str, text: str, number: int, decimal: str = ".") -> float:
    plain = text.replace(decimal, ".") if text.count(decimal) == 1 and "." not in text else text
    value = float(plain) if _NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        raise file.unreadable(
            f"{title} is {_shorten(text)!r} and no finite number" if text else f"{title} is missing", number
        )
    return value


def _turn_down(file: PointFile, rows: list[PointRow], title: str) -> list[PointRow]:
    """Count rows from the top down; QGIS has y point upwards from the upper edge of a picture."""
    if rows and all(row.row >= 0 for row in rows) and any(row.row > 0 for row in rows):
        first = next(row for row in rows if row.row > 0)
        raise file.impossible(
            f"{title} is {first.row:.10g}, but QGIS writes rows as negative numbers: either the picture was georeferenced "
            "already and these are its map coordinates (open it in QGIS without its world file), or they are rows of "
            "another program (name the columns col,row,x,y)",
            first.line,
        )
    return [
        PointRow(line=row.line, col=row.col, row=0.0 - row.row, x=row.x, y=row.y, z=row.z, id=row.id) for row in rows
    ]


def _parse_gdal(file: PointFile) -> PointList:
    """Read ``-gcp pixel line easting northing [elevation]``, many to a line or one, also out of a whole command."""
    found = PointList()
    for number, line in file.lines():
        if line.startswith("#"):
            continue
        for part in re.split(r"(?:^|\s)-gcp\s", line)[1:]:
            texts = re.split(r"[\s,]+", part.strip())
            values = [
                _parse_number(file, f"{name} of -gcp", text, number)
                for name, text in zip(_GDAL_NAMES[:4], [*texts, "", "", "", ""], strict=False)
            ]
            z = float(texts[4]) if len(texts) > 4 and _NUMBER.fullmatch(texts[4]) else None
            found.rows.append(PointRow(line=number, col=values[0], row=values[1], x=values[2], y=values[3], z=z))
    return found


def _parse_xml(file: PointFile) -> PointList:
    found, parser = PointList(), expat.ParserCreate()

    def start(tag: str, fields: dict[str, str]) -> None:
        number = parser.CurrentLineNumber
        if tag == "GCPList":
            found.crs, found.crs_line = fields.get("Projection", ""), number
        elif tag == "GCP":
            pixel, line, x, y = (
                _parse_number(file, name, fields.get(name, ""), number) for name in ("Pixel", "Line", "X", "Y")
            )
            z = _parse_number(file, "Z", fields["Z"], number) if "Z" in fields else None
            found.rows.append(PointRow(line=number, col=pixel, row=line, x=x, y=y, z=z, id=fields.get("Id", "")))

    def refuse(*_: object) -> None:
        raise file.unreadable("this XML defines entities, which no list of control points needs")

    parser.StartElementHandler, parser.EntityDeclHandler = start, refuse
    try:
        parser.Parse(file.text, True)
    except expat.ExpatError as error:
        raise file.unreadable(f"this XML is damaged ({error})", error.lineno) from None
    if not found.rows:
        raise file.unreadable("this XML holds no GCPList of control points")
    return found
