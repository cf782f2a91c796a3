"""`AttributeTable`: what a raster says of its class codes, to and from the XML that GDAL keeps beside or in a raster.

References
----------
``GDALRATFieldUsage`` and ``GDALRATFieldType`` in GDAL's ``gdal.h``; https://gdal.org/en/stable/user/raster_data_model.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Self
from xml.etree import ElementTree

from tsraster.lut import RGBA, clean_name

LARGEST_NAMED_CODE = 65535
"""Category names and palettes are lists by code, with places for the codes between; beyond this they would be too long."""

_COUNT, _NAME, _MIN, _MAX, _MINMAX, _RED, _GREEN, _BLUE, _ALPHA = "1", "2", "3", "4", "5", "6", "7", "8", "9"
"""Usages of fields; 0 is any other."""
_WHOLE, _REAL, _TEXT = "0", "1", "2"
"""Types of fields."""
_INTERVAL = "Interval"
"""The field of ours that says which values a class holds."""
_LARGEST = 2**31 - 1
"""The largest whole number of GDAL's; its real ones hold larger ones up to 2**53 exactly."""

_KNOWN = {
    _NAME: ("class_name", "class_names", "classname", "class name", "name", "label", "class", "category", "landcover"),
    _MINMAX: ("value", "code"),
    _RED: ("red",),
    _GREEN: ("green",),
    _BLUE: ("blue",),
    _ALPHA: ("alpha", "opacity"),
}
"""What fields are called by programs that say no usage, as those which write ``.vat.dbf``."""


@dataclass(frozen=True, kw_only=True)
class AttributeTable:
    """One row a class: its code, and whatever else is known of it.

    Parameters
    ----------
    codes : tuple of int, shape (K,)
        Increasing or not, each once.
    names, intervals : tuple of str, shape (K,), optional
        What a class is called, and which values it holds; empty texts, or an empty tuple, where nobody knows.
    counts : tuple of int, shape (K,), optional
        Pixels.
    colors : tuple of (red, green, blue, alpha), shape (K,), optional
        0 to 255 each.

    Examples
    --------
    >>> table = AttributeTable(codes=(1, 7), names=("sea", "wood"))
    >>> AttributeTable.from_xml(table.to_xml()) == table
    True
    """

    codes: tuple[int, ...]
    names: tuple[str, ...] = ()
    intervals: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    colors: tuple[RGBA, ...] = ()

    def to_xml(self) -> ElementTree.Element:
        """Return the table as GDAL writes it; fields that would be empty are left out."""
        table = ElementTree.Element("GDALRasterAttributeTable", {"tableType": "thematic"})
        columns = self._list_columns()
        for i, (name, usage, cells) in enumerate(columns):
            field = ElementTree.SubElement(table, "FieldDefn", {"index": str(i)})
            for tag, text in (("Name", name), ("Type", _choose_type(cells)), ("Usage", usage)):
                ElementTree.SubElement(field, tag).text = text
        for i, row_cells in enumerate(zip(*(cells for _, _, cells in columns), strict=True)):
            row = ElementTree.SubElement(table, "Row", {"index": str(i)})
            for cell in row_cells:
                ElementTree.SubElement(row, "F").text = clean_name(cell) if isinstance(cell, str) else str(cell)
        return table

    def _list_columns(self) -> list[tuple[str, str, Sequence[int] | Sequence[str]]]:
        columns: list[tuple[str, str, Sequence[int] | Sequence[str]]] = [("Value", _MINMAX, self.codes)]
        if self.counts:
            columns.append(("Count", _COUNT, self.counts))
        if any(self.names):
            columns.append(("Class_Name", _NAME, self.names))
        if any(self.intervals):
            columns.append((_INTERVAL, "0", self.intervals))
        for i, (name, usage) in enumerate((("Red", _RED), ("Green", _GREEN), ("Blue", _BLUE), ("Alpha", _ALPHA))):
            if self.colors:
                columns.append((name, usage, [color[i] for color in self.colors]))
        return columns

    @classmethod
    def from_xml(cls, table: ElementTree.Element) -> Self:
        """Read what a table says of single codes; rows for ranges of values, or for no whole number, are left out."""
        fields, rows = (
            _find_fields(table),
            [[cell.text or "" for cell in row.iterfind("F")] for row in table.iterfind("Row")],
        )
        codes = _list_codes(table, fields, rows)
        # GDAL looks a value up in the first row that holds it.
        kept = {code: i for i, code in reversed(list(enumerate(codes))) if code is not None}
        kept = dict(sorted(kept.items(), key=lambda item: item[1]))
        names, colors = _list_names(table, fields, rows), _list_colors(table, fields, rows)
        return cls(
            codes=tuple(kept),
            names=tuple(names[i] for i in kept.values()) if any(names) else (),
            colors=tuple(colors[i] for i in kept.values()) if colors else (),
        )


def _choose_type(cells: Sequence[int] | Sequence[str]) -> str:
    if cells and isinstance(cells[0], str):
        return _TEXT
    return _REAL if max(map(int, cells), default=0) > _LARGEST else _WHOLE


@dataclass(frozen=True, kw_only=True)
class Categories:
    """Names and colors by class code; a code may have only one of them."""

    names: Mapping[int, str]
    """Without empty ones."""
    colors: Mapping[int, RGBA]

    @classmethod
    def from_xml(cls, band: ElementTree.Element) -> Self:
        """Read all that the element of a band, in a VRT or an ``.aux.xml``, says of codes.

        Colors are those of the color table, else of the attribute table; the alpha, which a GeoTIFF palette has
        not, is that of the attribute table where the rest is the same. Names are those of the attribute table, else the
        category names.
        """
        names = {
            i: name
            for i, one in enumerate(band.iterfind("CategoryNames/Category"))
            if (name := (one.text or "").strip())
        }
        colors = {i: _parse_entry(entry) for i, entry in enumerate(band.iterfind("ColorTable/Entry"))}
        element = band.find("GDALRasterAttributeTable")
        if element is not None:
            table = AttributeTable.from_xml(element)
            names |= {code: name for code, name in zip(table.codes, table.names, strict=False) if name}
            for code, color in zip(table.codes, table.colors, strict=False):
                if color[:3] == colors.setdefault(code, color)[:3]:
                    colors[code] = color
        return cls(names=names, colors=colors)


def list_categories(codes: Sequence[int], names: Sequence[str]) -> list[str]:
    """Return the name of every code from 0 to the largest, empty where there is no class; none where that is too large.

    Examples
    --------
    >>> list_categories([1, 3], ["sea", "wood"])
    ['', 'sea', '', 'wood']
    """
    if max(codes) > LARGEST_NAMED_CODE or not any(names):
        return []
    categories = [""] * (max(codes) + 1)
    for code, name in zip(codes, names, strict=True):
        categories[code] = name
    return categories


def _parse_entry(entry: ElementTree.Element) -> RGBA:
    return _make_color(_to_number(entry.get(f"c{i}", "255" if i == 4 else "0")) or 0.0 for i in (1, 2, 3, 4))


def _to_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _find_fields(table: ElementTree.Element) -> dict[str, int]:
    """Return the place of the first field of each usage, else of one that is called so."""
    fields = [(one.findtext("Usage", ""), one.findtext("Name", "").lower()) for one in table.iterfind("FieldDefn")]
    found: dict[str, int] = {}
    for i, (usage, _) in enumerate(fields):
        found.setdefault(usage, i)
    for usage, known in _KNOWN.items():
        for i, (_, name) in enumerate(fields):
            if usage not in found and name in known:
                found[usage] = i
    return found


def _list_codes(
    table: ElementTree.Element, fields: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> list[int | None]:
    """Return the code that each row is for; None for a row that is for a range, or for no whole number.

    Where no field says it, rows are so many equal bins, as the table says, else the codes 0, 1, 2, ...
    """
    first = fields.get(_MIN, fields.get(_MINMAX))
    last = fields.get(_MAX, first)
    if first is None or last is None:
        start, step = _to_number(table.get("Row0Min", "0")) or 0.0, _to_number(table.get("BinSize", "1")) or 1.0
        return [_to_code(start + i * step) for i in range(len(rows))]
    ends = [(_to_number(_take(row, first)), _to_number(_take(row, last))) for row in rows]
    return [_to_code(low) if low == high else None for low, high in ends]


def _to_code(number: float | None) -> int | None:
    return int(number) if number is not None and number.is_integer() else None


def _take(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _list_names(table: ElementTree.Element, fields: Mapping[str, int], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the name in each row: that of the field of names, else of the first one that holds text, but not intervals."""
    known = [(one.findtext("Type"), one.findtext("Name")) for one in table.iterfind("FieldDefn")]
    texts = [i for i, (kind, name) in enumerate(known) if kind == _TEXT and name != _INTERVAL]
    at = fields.get(_NAME, texts[0] if texts else None)
    return ["" if at is None else clean_name(_take(row, at)) for row in rows]


def _list_colors(table: ElementTree.Element, fields: Mapping[str, int], rows: Sequence[Sequence[str]]) -> list[RGBA]:
    """Return the color in each row; nothing where there are no fields for it."""
    places = [fields.get(usage) for usage in (_RED, _GREEN, _BLUE, _ALPHA)]
    if None in places[:3]:
        return []
    levels = [[_to_number("255" if at is None else _take(row, at)) or 0.0 for at in places] for row in rows]
    mixed = _choose_scale(table, places[:3], [row[:3] for row in levels])
    scales = [mixed, mixed, mixed, _choose_scale(table, places[3:], [row[3:] for row in levels])]
    return [_make_color(level * scale for level, scale in zip(row, scales, strict=True)) for row in levels]


def _make_color(levels: Iterable[float]) -> RGBA:
    red, green, blue, alpha = (min(255, max(0, round(level))) for level in levels)
    return red, green, blue, alpha


def _choose_scale(table: ElementTree.Element, places: Sequence[int | None], levels: Sequence[Sequence[float]]) -> int:
    """Return 255 where fields hold shares from 0 to 1, as those of ERDAS do; one field alone may hold no level above 1."""
    types = [one.findtext("Type") for one in table.iterfind("FieldDefn")]
    are_real = all(at is not None and types[at] == _REAL for at in places)
    return 255 if are_real and max(map(max, levels), default=0) <= 1 else 1
