"""Attribute tables and category names: ours are read back the same, and those of others are understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.attributetable import LARGEST_NAMED_CODE, AttributeTable, Categories, list_categories
from tsraster.lut import RGBA, clean_name

NAME, MIN, MAX, MINMAX, RED, GREEN, BLUE, ALPHA, OTHER = 2, 3, 4, 5, 6, 7, 8, 9, 0
WHOLE, REAL, TEXT = 0, 1, 2
ODD = [
    "<a> & \"b\" 'c'",
    "Äcker",
    "林",
    "🌲 wood",
    "1",
    "a;b,c\td",
    "  x  y ",
    "",
    "\u202eright",
    "&amp;",
    "]]>",
    "nan",
]

levels = st.integers(0, 255)


@st.composite
def tables(draw: st.DrawFn) -> AttributeTable:
    codes = draw(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12, unique=True))
    size = len(codes)

    def column(cells: Any) -> tuple[Any, ...]:
        return tuple(draw(st.one_of(st.just([]), st.lists(cells, min_size=size, max_size=size))))

    return AttributeTable(
        codes=tuple(codes),
        names=column(st.text(max_size=12)),
        intervals=column(st.text(max_size=6)),
        counts=column(st.integers(0, 2**53)),
        colors=column(st.tuples(levels, levels, levels, levels)),
    )


def store(table: AttributeTable) -> ElementTree.Element:
    """Write a table as text, and read that again, as a file does."""
    return ElementTree.fromstring(ElementTree.tostring(table.to_xml(), encoding="utf-8"))


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(table=tables())
def test_a_table_is_read_back_the_same(table: AttributeTable) -> None:
    found = AttributeTable.from_xml(store(table))
    names = tuple(map(clean_name, table.names))
    assert found.codes == table.codes
    assert found.names == (names if any(names) else ())
    assert found.colors == table.colors


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_kept(name: str) -> None:
    table = AttributeTable(codes=(1, 2), names=(name, "other"))
    assert AttributeTable.from_xml(store(table)).names == (clean_name(name), "other")


def test_the_types_of_fields_are_those_that_hold_them() -> None:
    table = AttributeTable(codes=(1, 2**32 - 1), counts=(2**31 - 1, 0), names=("a", "b")).to_xml()
    assert [field.findtext("Name") for field in table.iterfind("FieldDefn")] == ["Value", "Count", "Class_Name"]
    assert [field.findtext("Type") for field in table.iterfind("FieldDefn")] == ["1", "0", "2"]
    assert [field.findtext("Usage") for field in table.iterfind("FieldDefn")] == ["5", "1", "2"]
    assert table.get("tableType") == "thematic"


def draw_table(fields: Sequence[tuple[str, int, int]], rows: Sequence[Sequence[object]], **attributes: str) -> Any:
    """Spell a table as GDAL does."""
    table = ElementTree.Element("GDALRasterAttributeTable", attributes)
    for i, parts in enumerate(fields):
        field = ElementTree.SubElement(table, "FieldDefn", {"index": str(i)})
        for tag, part in zip(("Name", "Type", "Usage"), parts, strict=True):
            ElementTree.SubElement(field, tag).text = str(part)
    for i, row in enumerate(rows):
        element = ElementTree.SubElement(table, "Row", {"index": str(i)})
        for cell in row:
            ElementTree.SubElement(element, "F").text = str(cell)
    return table


def read_table(fields: Sequence[tuple[str, int, int]], rows: Sequence[Sequence[object]], **attributes: str) -> Any:
    return AttributeTable.from_xml(draw_table(fields, rows, **attributes))


NAMED = ("Whatever", TEXT, NAME)


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ({}, (0, 1, 2)),
        ({"Row0Min": "0", "BinSize": "1"}, (0, 1, 2)),
        ({"Row0Min": "11", "BinSize": "10"}, (11, 21, 31)),
        ({"Row0Min": "-2", "BinSize": "1"}, (-2, -1, 0)),
        ({"Row0Min": "0", "BinSize": "0.5"}, (0, 1)),
        ({"Row0Min": "0.25", "BinSize": "0.5"}, ()),
        ({"Row0Min": "nonsense", "BinSize": "0"}, (0, 1, 2)),
        ({"Row0Min": "1e308", "BinSize": "1e308"}, (int(1e308),)),
    ],
)
def test_rows_without_a_value_are_equal_bins(attributes: dict[str, str], codes: tuple[int, ...]) -> None:
    assert read_table([NAMED], [["a"], ["b"], ["c"]], **attributes).codes == codes


def test_a_row_for_a_range_is_left_out() -> None:
    fields = [("From", REAL, MIN), ("To", REAL, MAX), NAMED]
    found = read_table(fields, [[1, 1, "one"], [2, 4, "range"], ["7.0", "7", "seven"], [8.5, 8.5, "half"]])
    assert (found.codes, found.names) == ((1, 7), ("one", "seven"))


@pytest.mark.parametrize("name", ["Value", "VALUE", "Code", "code"])
def test_a_value_is_known_by_its_usage_or_else_by_its_name(name: str) -> None:
    rows = [[7, "seven"], [9, "nine"]]
    assert read_table([(name, WHOLE, OTHER), NAMED], rows).codes == (7, 9)
    assert read_table([("Anything", WHOLE, MINMAX), NAMED], rows).codes == (7, 9)
    by_usage = [(name, WHOLE, OTHER), ("Own", WHOLE, MINMAX), NAMED]
    assert read_table(by_usage, [[7, 70, "a"], [9, 90, "b"]]).codes == (70, 90)


@pytest.mark.parametrize("name", ["Class_Name", "NAME", "Class_Names", "ClassName", "class", "Label", "LandCover"])
def test_names_are_known_by_usage_or_else_by_the_name_of_the_field(name: str) -> None:
    fields = [("Value", WHOLE, MINMAX), ("Remark", TEXT, OTHER), (name, TEXT, OTHER)]
    assert read_table(fields, [[1, "old", "sea"], [2, "new", "wood"]]).names == ("sea", "wood")
    fields = [("Value", WHOLE, MINMAX), (name, TEXT, OTHER), ("Own", TEXT, NAME)]
    assert read_table(fields, [[1, "old", "sea"], [2, "new", "wood"]]).names == ("sea", "wood")


def test_else_the_first_text_is_the_name() -> None:
    fields = [("Value", WHOLE, MINMAX), ("Histogram", REAL, 1), ("Land Cover Class", TEXT, OTHER), ("B", TEXT, OTHER)]
    assert read_table(fields, [[1, 5, "sea", "x"], [2, 6, "wood", "y"]]).names == ("sea", "wood")


def test_the_interval_of_a_class_without_a_name_is_no_name() -> None:
    table = AttributeTable(codes=(1, 2), names=("", ""), intervals=("21, 22", "other values"))
    assert AttributeTable.from_xml(store(table)) == AttributeTable(codes=(1, 2))


COLORS = [("Red", WHOLE, RED), ("Green", WHOLE, GREEN), ("Blue", WHOLE, BLUE)]


def list_colors(kind: int, rows: Sequence[Sequence[object]], alpha: int | None = None) -> tuple[RGBA, ...]:
    fields = [(name, kind, usage) for name, _, usage in COLORS] + ([] if alpha is None else [("Opacity", alpha, ALPHA)])
    colors: tuple[RGBA, ...] = read_table(fields, rows).colors
    return colors


def test_colors_are_whole_or_shares() -> None:
    assert list_colors(WHOLE, [[255, 0, 1], [1, 1, 1]]) == ((255, 0, 1, 255), (1, 1, 1, 255))
    assert list_colors(REAL, [[1, 0, 0.5], ["0.2", "0.4", "0.6"]]) == ((255, 0, 128, 255), (51, 102, 153, 255))
    assert list_colors(REAL, [[1, 0, 0.5, 0.5]], alpha=REAL) == ((255, 0, 128, 128),)


def test_real_levels_of_0_to_255_are_no_shares_where_a_field_holds_none_above_1() -> None:
    assert list_colors(REAL, [[255, 0, 1], [128, 0, 0]]) == ((255, 0, 1, 255), (128, 0, 0, 255))


def test_the_alpha_has_a_scale_of_its_own() -> None:
    """ERDAS writes whole levels with an opacity from 0 to 1."""
    assert list_colors(WHOLE, [[255, 0, 1, 1], [7, 8, 9, 0]], alpha=REAL) == ((255, 0, 1, 255), (7, 8, 9, 0))
    assert list_colors(REAL, [[1, 0, 0, 255]], alpha=WHOLE) == ((255, 0, 0, 255),)


def test_colors_are_known_by_name_and_kept_within_bounds() -> None:
    fields = [(name, WHOLE, OTHER) for name in ("RED", "green", "Blue", "Alpha")]
    assert read_table(fields, [[300, -5, "x", 7]]).colors == ((255, 0, 0, 7),)


def test_without_one_of_the_colors_there_is_none() -> None:
    assert read_table([COLORS[0], COLORS[1], NAMED], [[1, 2, "a"]]).colors == ()


def test_the_first_row_of_a_code_counts_as_for_gdal() -> None:
    found = read_table([("Value", WHOLE, MINMAX), NAMED], [[5, "first"], [7, "other"], [5, "again"]])
    assert (found.codes, found.names) == ((5, 7), ("first", "other"))


def test_256_rows_are_256_codes() -> None:
    found = read_table([*COLORS, NAMED], [[i, 0, 255 - i, f"n{i}" if i % 10 else ""] for i in range(256)])
    assert found.codes == tuple(range(256))
    assert (found.colors[7], found.names[7], found.names[10]) == ((7, 0, 248, 255), "n7", "")


def test_codes_above_2_to_the_31_are_read_from_reals() -> None:
    assert read_table([("Value", REAL, MINMAX), NAMED], [["4294967295", "a"], ["3e9", "b"]]).codes == (
        2**32 - 1,
        3 * 10**9,
    )


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(
    fields=st.lists(st.tuples(st.sampled_from(["Value", "Red", "Green", "Blue", "x"]), st.integers(-1, 3), st.integers(-1, 12))),
    rows=st.lists(st.lists(st.one_of(st.text(max_size=5), st.sampled_from(["nan", "inf", "-inf", "1e999", "9" * 5000, "1"])))),
    attributes=st.dictionaries(st.sampled_from(["Row0Min", "BinSize"]), st.sampled_from(["nan", "inf", "1e308", "-1", ""])),
)  # fmt: skip
def test_nothing_that_a_table_holds_raises(
    fields: list[tuple[str, int, int]], rows: list[list[str]], attributes: dict[str, str]
) -> None:
    found = read_table(fields, rows, **attributes)
    assert len(found.names) in (0, len(found.codes))
    assert len(found.colors) in (0, len(found.codes))
    AttributeTable.from_xml(ElementTree.Element("GDALRasterAttributeTable"))


def make_band(palette: Sequence[RGBA] = (), names: Sequence[str] = (), table: AttributeTable | None = None) -> Any:
    band = ElementTree.Element("PAMRasterBand")
    if names:
        element = ElementTree.SubElement(band, "CategoryNames")
        for name in names:
            ElementTree.SubElement(element, "Category").text = name
    if palette:
        element = ElementTree.SubElement(band, "ColorTable")
        for color in palette:
            ElementTree.SubElement(element, "Entry", {f"c{i}": str(level) for i, level in enumerate(color, start=1)})
    if table is not None:
        band.append(table.to_xml())
    return band


def test_names_of_the_attribute_table_go_before_category_names() -> None:
    table = AttributeTable(codes=(1, 2, 9), names=("sea", "", "far"))
    found = Categories.from_xml(make_band(names=["", "old", "wood", " "], table=table))
    assert found.names == {1: "sea", 2: "wood", 9: "far"}
    assert Categories.from_xml(make_band(names=["", "a"])).names == {1: "a"}


def test_the_palette_goes_before_the_colors_of_the_attribute_table_but_takes_its_alpha() -> None:
    table = AttributeTable(codes=(0, 1, 300), colors=((9, 9, 9, 7), (4, 5, 6, 128), (1, 2, 3, 50)))
    found = Categories.from_xml(make_band(palette=[(0, 0, 0, 255), (4, 5, 6, 255)], table=table))
    assert found.colors == {0: (0, 0, 0, 255), 1: (4, 5, 6, 128), 300: (1, 2, 3, 50)}


def test_a_band_without_anything_has_no_categories() -> None:
    assert Categories.from_xml(make_band()) == Categories(names={}, colors={})


def test_category_names_are_a_list_by_code() -> None:
    assert list_categories([3, 1], ["wood", "sea"]) == ["", "sea", "", "wood"]
    assert list_categories([1, 2], ["", ""]) == []
    assert len(list_categories([LARGEST_NAMED_CODE], ["last"])) == LARGEST_NAMED_CODE + 1
    assert list_categories([1, LARGEST_NAMED_CODE + 1], ["a", "b"]) == []


def test_gdalinfo_reads_our_table_of_large_codes(
    draw_raster: Callable[..., Path], gdalinfo: Callable[[Path], dict[str, Any]], tmp_path: Path
) -> None:
    path = draw_raster(tmp_path / "large.tif", np.array([[1, 2**32 - 1]], np.uint32), crs="EPSG:32616")
    table = AttributeTable(
        codes=(1, 2**32 - 1), names=tuple(ODD[:2]), counts=(1, 2**40), colors=((1, 2, 3, 4), (5, 6, 7, 8))
    )
    root = ElementTree.Element("PAMDataset")
    ElementTree.SubElement(root, "PAMRasterBand", {"band": "1"}).append(table.to_xml())
    ElementTree.ElementTree(root).write(f"{path}.aux.xml", encoding="utf-8")
    said = gdalinfo(path)
    rows = [row["f"] for row in (said["rat"] if "rat" in said else said["bands"][0]["rat"])["row"]]
    assert rows == [[1, 1, ODD[0], 1, 2, 3, 4], [2**32 - 1, 2**40, ODD[1], 5, 6, 7, 8]]
