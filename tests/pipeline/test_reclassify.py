"""`reclassify_file`: new codes, and names, colors, counts and the place that go along."""

from __future__ import annotations

import csv
import json
import multiprocessing
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tests.writing.test_georeferencing import CORNERS, RPCS
from tsraster import Lut, classify_file
from tsraster.attributetable import Categories
from tsraster.classification import Mapping, Rule, parse_mapping, reclassify
from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    LossWarning,
    LutError,
    MissingSourceError,
    TableError,
    UnknownNameError,
    UsageError,
)
from tsraster.pipeline.reclassify import reclassify_file
from tsraster.raster import without_place_warning
from tsraster.reading import open_raster, read_categories

Draw = Callable[..., Path]
Rat = Callable[..., Path]

PLACE = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}
CODES = np.array([[11, 11, 12, 21], [22, 22, 22, 21], [41, 42, 42, 0]], np.uint8)
NAMES = {11: "Open Water", 12: "Ice", 21: "Park", 22: 'Town "old"', 41: "Beech", 42: "Fir"}
COLORS = {11: (0, 0, 200), 12: (220, 220, 255), 21: (9, 9, 9), 22: (250, 0, 0), 41: (0, 200, 0), 42: (0, 90, 0)}
RULES = "11,12=1; [21,24]=2; 41=3; 42=3"


@pytest.fixture
def source(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> Path:
    """Six classes with names and colors, and one pixel without data."""
    path = draw_raster(tmp_path / "s.tif", CODES, nodata=0, **PLACE)
    return write_rat(path, [(code, NAMES[code], *COLORS[code]) for code in NAMES])


def read(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels


def known(path: Path) -> Categories:
    """What our own reader says of the codes of a file."""
    with open_raster(path) as raster:
        return read_categories(raster)


def colors_of(path: Path, *codes: int) -> list[tuple[int, ...]]:
    return [known(path).colors[code][:3] for code in codes]


# ---- codes -----------------------------------------------------------------------------------------------------------


def test_codes_ranges_and_lists(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif", mapping=RULES)
    assert read(tmp_path / "o.tif")[0].tolist() == [[1, 1, 1, 2], [2, 2, 2, 2], [3, 3, 3, 0]]
    assert [(share.code, share.interval, share.pixels) for share in result.shares] == [
        (1, "11, 12", 3), (2, "21, 22", 5), (3, "41, 42", 3)
    ]  # fmt: skip
    assert [share.percent for share in result.shares] == pytest.approx([300 / 11, 500 / 11, 300 / 11])
    assert [share.area_m2 for share in result.shares] == [1800, 3000, 1800]
    assert (result.without_data, result.outside, result.infinite) == (1, 0, 0)
    assert (result.shape, result.label, result.written) == ((3, 4), "band 1", (str(tmp_path / "o.tif"),))
    with rasterio.open(tmp_path / "o.tif") as file:
        assert (file.nodata, file.dtypes, file.crs, file.transform) == (0, ("uint8",), PLACE["crs"], PLACE["transform"])


@pytest.mark.parametrize(
    "mapping",
    [
        '"Open Water", "Ice" = 1; "Park" = 2; "Town ""old"""=2; "Beech","Fir"=3',
        Mapping(rules=tuple(Rule(low=code, high=code, to=to) for code, to in zip(NAMES, [1, 1, 2, 2, 3, 3], strict=True))),
        "[-inf,20)=1; (20,40)=2; DEFAULT=3",
    ],
    ids=["names", "object", "open ranges"],
)  # fmt: skip
def test_the_same_rules_in_other_words(mapping: Mapping | str, source: Path, tmp_path: Path) -> None:
    reclassify_file(source, tmp_path / "o.tif", mapping=mapping)
    assert read(tmp_path / "o.tif")[0].tolist() == [[1, 1, 1, 2], [2, 2, 2, 2], [3, 3, 3, 0]]


@pytest.mark.parametrize("begin", ["", "\ufeff"], ids=["plain", "with a mark of UTF-8"])
def test_rules_from_a_file(begin: str, source: Path, tmp_path: Path) -> None:
    text = f'{begin}# forest or not\r\n"Beech","Fir"=1 "Wäld"\r\n\r\nDEFAULT=2 # the rest\r\n'
    (tmp_path / "rules.txt").write_text(text, encoding="utf-8", newline="")
    result = reclassify_file(source, tmp_path / "o.tif", mapping=f"@{tmp_path / 'rules.txt'}")
    assert result.table.names == ("Wäld", 'Open Water + Ice + Park + Town "old"')
    assert read(tmp_path / "o.tif")[0].tolist() == [[2] * 4] * 2 + [[1, 1, 1, 0]]


def test_without_rules_all_codes_stay(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif")
    np.testing.assert_array_equal(read(tmp_path / "o.tif")[0], CODES)
    assert dict(zip(result.table.codes, result.table.names, strict=True)) == NAMES
    assert colors_of(tmp_path / "o.tif", *NAMES) == list(COLORS.values())


def test_without_a_destination_nothing_is_written(source: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    result = reclassify_file(source, mapping=RULES)
    assert [share.pixels for share in result.shares] == [3, 5, 3]
    assert result.written == ()
    assert sorted(tmp_path.iterdir()) == before


def test_default_nodata_and_pass_through(source: Path, tmp_path: Path) -> None:
    rules = "11=7; 12=NO_DATA; [40,50]=PASS_THROUGH; DEFAULT=9; NO_DATA=5"
    result = reclassify_file(source, tmp_path / "o.tif", mapping=rules)
    assert read(tmp_path / "o.tif")[0].tolist() == [[7, 7, 0, 9], [9, 9, 9, 9], [41, 42, 42, 5]]
    assert result.table.codes == (5, 7, 9, 41, 42)
    assert [share.interval for share in result.shares] == ["no data", "11", "21, 22", "41", "42"]
    assert (result.without_data, result.outside) == (0, 1)


def test_a_value_that_is_no_data_may_become_a_class(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif", mapping='NO_DATA=1 "hole"; DEFAULT=NO_DATA')
    assert read(tmp_path / "o.tif")[0].tolist() == [[0] * 4] * 2 + [[0, 0, 0, 1]]
    assert [(share.name, share.pixels, share.percent) for share in result.shares] == [("hole", 1, 100)]


def test_rules_that_hold_nothing_make_an_empty_class(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif", mapping='11=1; [90,95]=2 "Wetland"; DEFAULT=NO_DATA')
    assert [(s.code, s.interval, s.name, s.pixels) for s in result.shares] == [
        (1, "11", "Open Water", 2), (2, "[90,95]", "Wetland", 0)
    ]  # fmt: skip
    assert known(tmp_path / "o.tif").names == {1: "Open Water", 2: "Wetland"}


def test_negative_codes(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "n.tif", np.array([[-9999, -1, 1, 2]], np.int16))
    result = reclassify_file(path, tmp_path / "a.tif", mapping="-9999=NO_DATA; [-5,0]=1; DEFAULT=2")
    assert read(tmp_path / "a.tif").tolist() == [[[0, 1, 2, 2]]]
    assert [share.interval for share in result.shares] == ["[-5,0]", "other values"]
    write_rat(path, [(1, "sea", 1, 2, 3), (2, "wood", 4, 5, 6)])
    result = reclassify_file(path, tmp_path / "b.tif", mapping="-9999=NO_DATA; -1=9; DEFAULT=PASS_THROUGH")
    assert read(tmp_path / "b.tif").tolist() == [[[0, 9, 1, 2]]]
    assert result.table.names == ("sea", "wood", "")
    with pytest.raises(DataError, match=r"n.tif: the values -9999, -1 cannot pass through"):
        reclassify_file(path, tmp_path / "c.tif")


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "int32", "int64", "uint64"])
def test_large_codes(dtype: str, draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    largest = min(int(np.iinfo(dtype).max), 2**32 - 1)
    path = draw_raster(tmp_path / "n.tif", np.array([[1, largest, largest - 1]], dtype), **PLACE)
    write_rat(path, [(1, "one", 1, 2, 3), (largest, "last", 4, 5, 6)], fields=REAL_VALUES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        result = reclassify_file(path, tmp_path / "o.tif", mapping=f"{largest - 1}=70000; DEFAULT=PASS_THROUGH")
    assert result.table.codes == tuple(sorted((1, largest, 70000)))
    assert read(tmp_path / "o.tif").tolist() == [[[1, largest, 70000]]]
    assert known(tmp_path / "o.tif").names == {1: "one", largest: "last"}
    assert colors_of(tmp_path / "o.tif", 1, largest) == [(1, 2, 3), (4, 5, 6)]


REAL_VALUES = (("Value", 1, 5), ("Class_Name", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8))


def test_numbers_beyond_those_of_int64(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    path = write_rat(draw_raster(tmp_path / "n.tif", np.array([[1, 2**64 - 1]], np.uint64)), [(1, "one", 1, 2, 3)])
    result = reclassify_file(path, tmp_path / "o.tif", mapping="1=1; DEFAULT=2")
    assert [(share.interval, share.pixels) for share in result.shares] == [("1", 1), (str(2**64 - 1), 1)]


def test_the_type_is_the_smallest_that_holds_the_codes_that_there_are(source: Path, tmp_path: Path) -> None:
    for code, dtype in ((255, "uint8"), (256, "uint16"), (65536, "uint32")):
        path = tmp_path / f"{code}.tif"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LossWarning)
            reclassify_file(source, path, mapping=f"11={code}; DEFAULT=1")
        assert read(path).dtype == dtype
        assert read(path)[0, 0, 0] == code


# ---- floats ----------------------------------------------------------------------------------------------------------


def test_intervals_of_floats(draw_raster: Draw, tmp_path: Path) -> None:
    values = np.array([[-1.5, 0, 0.1, 0.25, np.nan, np.inf, 1e30]], np.float32)
    path = draw_raster(tmp_path / "f.tif", values, **PLACE)
    result = reclassify_file(path, tmp_path / "o.tif", mapping='(-inf,0]=1 "low"; (0,0.1]=2; (0.1,1)=3; [1,inf)=4')
    assert read(tmp_path / "o.tif").tolist() == [[[1, 1, 2, 3, 0, 0, 4]]]
    assert [share.interval for share in result.shares] == ["(-inf,0]", "(0,0.1]", "(0.1,1)", "[1,inf)"]
    assert (result.without_data, result.infinite) == (2, 1)


def test_codes_that_are_stored_as_floats_keep_names_and_colors(
    draw_raster: Draw, write_rat: Rat, tmp_path: Path
) -> None:
    path = draw_raster(tmp_path / "f.tif", np.array([[1, 1, 2, 7.5]], np.float32), **PLACE)
    write_rat(path, [(1, "sea", 1, 2, 3), (2, "wood", 4, 5, 6), (7, "far", 7, 8, 9)])
    result = reclassify_file(path, tmp_path / "o.tif", mapping="1=10; 2=20; (7,8)=30")
    assert result.table.names == ("sea", "wood", "")
    assert [share.interval for share in result.shares] == ["1", "2", "(7,8)"]
    assert colors_of(tmp_path / "o.tif", 10, 20) == [(1, 2, 3), (4, 5, 6)]
    with pytest.raises(DataError, match=r"f.tif holds float32 and no codes that could stay; give every value a new"):
        reclassify_file(path, tmp_path / "p.tif")


def test_more_floats_than_classes_can_be_need_no_names(
    draw_raster: Draw, write_rat: Rat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsraster.pipeline.codes._MOST_CODES", 9)
    path = draw_raster(tmp_path / "f.tif", np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10))
    write_rat(path, [(1, "sea", 1, 2, 3)])
    result = reclassify_file(path, tmp_path / "o.tif", mapping="[0,0.5)=1; DEFAULT=2")
    assert [share.pixels for share in result.shares] == [50, 50]
    assert result.lut is None


# ---- names and colors ------------------------------------------------------------------------------------------------


def test_the_name_of_one_old_class_stays_and_those_of_several_are_joined(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif", mapping="11=1; [21,24]=2; DEFAULT=3")
    assert result.table.names == ("Open Water", 'Park + Town "old"', "Ice + Beech + Fir")
    assert known(tmp_path / "o.tif").names == dict(zip((1, 2, 3), result.table.names, strict=True))


@pytest.mark.parametrize(
    ("count", "expected"),
    [(4, "c1 + c2 + c3 + c4"), (5, "c1 + c2 + c3 + c4 + 1 more"), (9, "c1 + c2 + c3 + c4 + 5 more")],
)
def test_of_many_names_only_some_are_joined(
    count: int, expected: str, draw_raster: Draw, write_rat: Rat, tmp_path: Path
) -> None:
    path = draw_raster(tmp_path / "s.tif", np.arange(1, count + 1, dtype=np.uint8)[np.newaxis])
    write_rat(path, [(code, f"c{code}", 1, 2, 3) for code in range(1, count + 1)])
    assert reclassify_file(path, mapping="DEFAULT=1").table.names == (expected,)
    write_rat(path, [(code, "wood", 1, 2, 3) for code in range(1, count + 1)])
    assert reclassify_file(path, mapping="DEFAULT=1").table.names == ("wood",)


def test_a_class_with_an_unnamed_part_has_no_name(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "s.tif", CODES, nodata=0, **PLACE)
    write_rat(path, [(code, NAMES[code], *COLORS[code]) for code in NAMES if code != 41])
    assert reclassify_file(path, mapping="11=1; DEFAULT=2").table.names == ("Open Water", "")


def test_the_mapping_names_before_the_color_table_and_that_before_the_old_names(source: Path, tmp_path: Path) -> None:
    lut = Lut(
        name="l", kind="classes", keys=(1, 2, 3), colors=((1, 1, 1, 255), (2, 2, 2, 255), (3, 3, 3, 255)),
        names=("from the table", "also", ""),
    )  # fmt: skip
    result = reclassify_file(
        source, tmp_path / "o.tif", mapping='11,12=1 "from the mapping"; 21,22=2; DEFAULT=3', lut=lut
    )
    assert result.table.names == ("from the mapping", "also", "Beech + Fir")
    assert colors_of(tmp_path / "o.tif", 1, 2, 3) == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    ramp = reclassify_file(source, tmp_path / "r.tif", mapping=RULES, lut="gray")
    assert ramp.table.names == ("Open Water + Ice", 'Park + Town "old"', "Beech + Fir")
    assert colors_of(tmp_path / "r.tif", 1, 2, 3) == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]


def test_the_color_is_that_of_the_old_class_with_most_pixels(source: Path, tmp_path: Path) -> None:
    reclassify_file(source, tmp_path / "o.tif", mapping=RULES)
    assert colors_of(tmp_path / "o.tif", 1, 2, 3) == [COLORS[11], COLORS[22], COLORS[42]]
    with rasterio.open(tmp_path / "o.tif") as file:
        assert [file.colormap(1)[code] for code in (1, 2, 3)] == [(*COLORS[code], 255) for code in (11, 22, 42)]


def test_the_black_that_fills_up_a_palette_is_no_color(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    """Most pixels are 0, which has no class in the land cover of others, and no nodata says so."""
    codes = np.array([[0, 0, 0, 0, 5, 7, 7, 9]], np.uint8)
    path = draw_raster(tmp_path / "p.tif", codes, palette={5: (1, 1, 1, 255), 7: (2, 2, 2, 255)})
    reclassify_file(path, tmp_path / "o.tif", mapping="DEFAULT=1; 9=2")
    assert colors_of(tmp_path / "o.tif", 1, 2) == [(2, 2, 2), (0, 0, 0)]
    write_rat(path, [(0, "asphalt", 0, 0, 0)])
    reclassify_file(path, tmp_path / "n.tif", mapping="DEFAULT=1; 9=2")
    assert colors_of(tmp_path / "n.tif", 1) == [(0, 0, 0)]


def test_a_lut_that_is_too_small_is_refused(source: Path, tmp_path: Path) -> None:
    lut = Lut(name="few", kind="classes", keys=(1,), colors=((1, 1, 1, 255),))
    with pytest.raises(LutError, match="few has no color for the codes 2, 3"):
        reclassify_file(source, tmp_path / "o.tif", mapping=RULES, lut=lut)
    assert not (tmp_path / "o.tif").exists()


def test_the_table_of_another_raster_gives_colors_and_names(source: Path, tmp_path: Path, draw_raster: Draw) -> None:
    plain = draw_raster(tmp_path / "plain.tif", CODES, nodata=0)
    result = reclassify_file(plain, tmp_path / "o.tif", lut=source)
    assert dict(zip(result.table.codes, result.table.names, strict=True)) == NAMES
    assert colors_of(tmp_path / "o.tif", *NAMES) == list(COLORS.values())


def test_a_map_without_names_and_colors_gets_none(draw_raster: Draw, tmp_path: Path) -> None:
    plain = draw_raster(tmp_path / "plain.tif", CODES, nodata=0)
    result = reclassify_file(plain, tmp_path / "o.tif", mapping="11=1; DEFAULT=2")
    assert (result.table.names, result.lut) == (("", ""), None)
    assert known(tmp_path / "o.tif") == Categories(names={}, colors={})
    again = reclassify_file(tmp_path / "o.tif", tmp_path / "p.tif")
    assert again.table.names == ("", ""), "what stands in the table as an interval is no name"


def test_a_long_list_of_old_codes_is_cut(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "s.tif", np.arange(1, 3001, dtype=np.uint16).reshape(50, 60))
    write_rat(path, [(1, "one", 1, 2, 3)])
    result = reclassify_file(path, tmp_path / "o.tif", mapping="1=1; DEFAULT=2")
    assert result.shares[1].interval == f"{', '.join(map(str, range(2, 22)))}, 2979 more"


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_named", [True, False], ids=["with names", "without"])
def test_a_value_without_a_rule_is_named_and_nothing_is_written(
    is_named: bool, source: Path, draw_raster: Draw, tmp_path: Path
) -> None:
    path = source if is_named else draw_raster(tmp_path / "plain.tif", CODES, nodata=0)
    before = sorted(tmp_path.iterdir())
    outputs: dict[str, Any] = {
        "lut": "gray",
        "color": tmp_path / "p.png",
        "sidecars": ["qml"],
        "stats": tmp_path / "s.csv",
    }
    with pytest.raises(DataError) as caught:
        reclassify_file(path, tmp_path / "o.tif", mapping="11=1; 12=1; 21=2", **outputs)
    assert str(caught.value) == (
        f"{path}: no rule holds the values 22, 41, 42; add rules, or one for all that is left: DEFAULT=NO_DATA, "
        "DEFAULT=PASS_THROUGH, or a code as in DEFAULT=9"
    )
    assert sorted(tmp_path.iterdir()) == before


def test_when_no_class_is_left_that_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"s.tif: no value gets a code; there would be no class"):
        reclassify_file(source, tmp_path / "o.tif", mapping="DEFAULT=NO_DATA")


def test_a_raster_of_nothing(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "s.tif", np.zeros((2, 2), np.uint8), nodata=0)
    with pytest.raises(DataError, match=r"s.tif: no pixel is valid"):
        reclassify_file(path, tmp_path / "o.tif", mapping="1=1")
    with pytest.raises(DataError, match=r"s.tif: no value gets a code"):
        reclassify_file(path, tmp_path / "o.tif")


def test_colors_are_asked_for_where_there_are_none(source: Path, draw_raster: Draw, tmp_path: Path) -> None:
    plain = draw_raster(tmp_path / "plain.tif", CODES, nodata=0)
    with pytest.raises(
        UsageError, match="a color picture needs colors, and the class map has none; name a color table"
    ):
        reclassify_file(plain, color=tmp_path / "p.png")
    with pytest.raises(UsageError, match="the sidecar qml holds colors; name a color table with --lut"):
        reclassify_file(plain, tmp_path / "o.tif", sidecars=["qml"])


@pytest.mark.parametrize("wanted", [{"color": "p.png"}, {"sidecars": ["qml"]}, {"sidecars": ["stac", "clr"]}], ids=str)
def test_colors_of_other_classes_are_no_colors(
    wanted: dict[str, Any], draw_raster: Draw, write_rat: Rat, tmp_path: Path
) -> None:
    path = write_rat(draw_raster(tmp_path / "s.tif", np.array([[7, 8]], np.uint16)), [(1, "one", 1, 2, 3)])
    wanted = {key: tmp_path / value if isinstance(value, str) else value for key, value in wanted.items()}
    for mapping in (None, "DEFAULT=2", "1=1; DEFAULT=NO_DATA"):
        with pytest.raises(LutError, match=r"s.tif: no old class with a color becomes a new one; name a color table"):
            reclassify_file(path, tmp_path / "o.tif", mapping=mapping, **wanted)
    assert {file.name for file in tmp_path.iterdir()} == {"s.tif", "s.tif.aux.xml"}
    reclassify_file(path, tmp_path / "o.tif", mapping="DEFAULT=2", sidecars=["stac"])
    assert known(tmp_path / "o.tif").colors == {}


def test_wrong_rules(source: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("11=1\n12=1\n21=x\n")
    (tmp_path / "bytes.txt").write_bytes(b"11=\xff")
    for mapping, kind, text in (
        ("11", UsageError, "the rule 11 has no = behind the old value"),
        ('"open water"=1', UsageError, 'no class is called "open water"; did you mean Open Water'),
        (f"@{tmp_path / 'rules.txt'}", TableError, r"rules.txt, line 3: "),
        (f"@{tmp_path / 'none.txt'}", TableError, r"the mapping .*none.txt cannot be read \(No such file"),
        (f"@{tmp_path / 'bytes.txt'}", TableError, r"bytes.txt cannot be read \(it is not UTF-8 text\)"),
        (f"@{tmp_path}", TableError, r"cannot be read \(Is a directory\)"),
        ("@", UsageError, "the mapping is only an @; name its file"),
        ("", UsageError, "there is no rule for values"),
    ):
        with pytest.raises(kind, match=text):
            reclassify_file(source, tmp_path / "o.tif", mapping=mapping)
    assert not (tmp_path / "o.tif").exists()


def test_options_that_contradict_each_other(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.tif"
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"destination": source, "overwrite": True}, UsageError, "is an input"),
        ({"destination": tmp_path / "o.jpg"}, UsageError, "cannot hold class codes"),
        ({"destination": tmp_path / "o.xyz"}, UsageError, "has no ending that can be written"),
        ({"destination": tmp_path / "o.png", "cog": True}, UsageError, "--cog is for GeoTIFFs"),
        ({"destination": out, "color": out}, UsageError, "is named for two outputs"),
        ({"destination": out, "legend": "beside"}, UsageError, "--legend goes on a color picture"),
        ({"destination": out, "color": tmp_path / "p.png", "legend": "left"}, UsageError, "--legend is 'left'"),
        ({"destination": out, "lut": "termal"}, UnknownNameError, "termal"),
        ({"destination": out, "sidecars": ["stc"]}, UsageError, "unknown sidecar 'stc'; did you mean stac"),
        ({"sidecars": ["stac"]}, UsageError, "--sidecars go with a class map"),
        ({"destination": tmp_path / "no" / "o.tif"}, OSError, "there is no folder"),
        ({"destination": out, "workers": 0}, UsageError, "workers"),
        ({"destination": out, "block_size": 0}, UsageError, "block"),
        ({"destination": out, "stats": f"{source}"}, UsageError, "is an input"),
    ]
    for options, kind, text in wrong:
        with pytest.raises(kind, match=text):
            reclassify_file(source, **{"mapping": RULES} | options)
    with pytest.raises(MissingSourceError, match=r"none.tif does not exist"):
        reclassify_file(tmp_path / "none.tif", out)
    assert {path.name for path in tmp_path.iterdir()} == {"s.tif", "s.tif.aux.xml"}


def test_the_file_of_rules_is_not_overwritten(source: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.csv"
    rules.write_text(RULES)
    with pytest.raises(UsageError, match=r"rules.csv is an input"):
        reclassify_file(source, mapping=f"@{rules}", stats=rules, overwrite=True)
    assert rules.read_text() == RULES


def test_an_output_is_replaced_only_when_asked(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.tif"
    reclassify_file(source, out, mapping=RULES, sidecars=["qml"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DestinationExistsError, match=r"o.tif exists already; give --overwrite"):
        reclassify_file(source, out)
    with pytest.raises(DestinationExistsError, match=r"o.qml exists already; give --overwrite"):
        reclassify_file(source, tmp_path / "o.png", sidecars=["qml"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    reclassify_file(source, out, sidecars=["qml"], overwrite=True)
    assert known(out).names == NAMES


# ---- bands -----------------------------------------------------------------------------------------------------------


def test_of_several_bands_one_must_be_named(draw_raster: Draw, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "s.tif", np.stack([CODES, CODES + 1, CODES + 2]), photometric="minisblack")
    with pytest.raises(BandError, match="has 3 bands; name the one with class codes with --band"):
        reclassify_file(path, tmp_path / "o.tif", mapping="DEFAULT=1")
    for band in (0, 4, -1):
        # A wrong band is said before anything that would follow from it.
        with pytest.raises((BandError, UsageError), match=f"no band {band}"):
            reclassify_file(path, tmp_path / "o.tif", mapping='"Sea"=1', color=tmp_path / "p.png", band=band)
    reclassify_file(path, tmp_path / "o.tif", mapping="12=1; DEFAULT=NO_DATA", band=2)
    np.testing.assert_array_equal(read(tmp_path / "o.tif")[0], (CODES + 1 == 12).astype(np.uint8))


def test_names_are_those_of_the_band(draw_raster: Draw, write_rat: Rat, tmp_path: Path) -> None:
    path = draw_raster(tmp_path / "s.tif", np.stack([CODES, CODES]), photometric="minisblack")
    write_rat(path, [(code, NAMES[code], *COLORS[code]) for code in NAMES])
    sidecar = path.with_name("s.tif.aux.xml")
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace('band="1"', 'band="2"'), encoding="utf-8")
    assert set(reclassify_file(path, mapping="DEFAULT=1", band=1).table.names) == {""}
    # Zeros are data here.
    assert "Open Water" in reclassify_file(path, mapping="DEFAULT=PASS_THROUGH", band=2).table.names


# ---- place and tags --------------------------------------------------------------------------------------------------

GCPS = [GroundControlPoint(row=r, col=c, x=x, y=y, z=5.0) for r, c, x, y in CORNERS]


@pytest.mark.parametrize("file", ["o.tif", "cog.tif", "o.png"])
@pytest.mark.parametrize(
    "place",
    [PLACE, {"gcps": (GCPS, CRS.from_epsg(4326))}, {"rpcs": RPCS}, {"rpcs": RPCS, **PLACE}, {}],
    ids=["transform", "gcps", "rpcs", "rpcs and transform", "nowhere"],
)  # fmt: skip
def test_the_place_and_the_tags_are_kept(place: dict[str, Any], file: str, draw_raster: Draw, tmp_path: Path) -> None:
    tags = {"TITLE": "Dünnschliff", "STATISTICS_MEAN": "7", "AREA_OR_POINT": "Area"}
    path = draw_raster(tmp_path / "s.tif", CODES, tags=tags, domains={"OWN": {"KEY": "välue"}}, **place)
    options = {"color": tmp_path / "p.tif", "lut": "gray", "cog": file == "cog.tif"}
    reclassify_file(path, tmp_path / file, mapping="DEFAULT=1", **options)
    for made in (tmp_path / file, tmp_path / "p.tif"):
        with without_place_warning(), rasterio.open(path) as old, rasterio.open(made) as new:
            assert (new.crs, new.transform, new.gcps[1]) == (old.crs, old.transform, old.gcps[1])
            assert [(p.row, p.col, p.x, p.y, p.z) for p in new.gcps[0]] == [
                (p.row, p.col, p.x, p.y, p.z) for p in old.gcps[0]
            ]
            assert (new.rpcs is None) == (old.rpcs is None)
            assert old.rpcs is None or new.rpcs.to_dict() == old.rpcs.to_dict()
            assert (new.tags()["TITLE"], new.tags(ns="OWN")) == ("Dünnschliff", {"KEY": "välue"})
            assert "STATISTICS_MEAN" not in new.tags()


# ---- outputs ---------------------------------------------------------------------------------------------------------


def test_the_color_picture_shows_the_new_classes(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, color=tmp_path / "p.tif", mapping=RULES)
    assert result.written == (str(tmp_path / "p.tif"),)
    new = np.array([(0, 0, 0), COLORS[11], COLORS[22], COLORS[42]], np.uint8)
    codes = reclassify(CODES, parse_mapping(RULES), valid=CODES != 0)
    painted = read(tmp_path / "p.tif")
    np.testing.assert_array_equal(np.moveaxis(painted[:3], 0, -1), new[codes])
    np.testing.assert_array_equal(painted[3], np.where(codes, 255, 0))
    with pytest.warns(LossWarning, match="pixels of no class are white"):
        reclassify_file(source, color=tmp_path / "p.jpg", mapping=RULES)


def test_statistics_say_which_old_values_became_a_class(source: Path, tmp_path: Path) -> None:
    reclassify_file(source, mapping='[21,24]=2 "Built; ""up"""; DEFAULT=1', stats=tmp_path / "s.csv")
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["code"], row["interval"], row["name"], row["pixels"]) for row in rows] == [
        ("1", "11, 12, 41, 42", "Open Water + Ice + Beech + Fir", "6"), ("2", "21, 22", 'Built; "up"', "5")
    ]  # fmt: skip
    assert [float(row["area_m2"]) for row in rows] == [3600, 3000]


def test_the_counts_are_in_the_attribute_table(
    source: Path, tmp_path: Path, gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    reclassify_file(source, tmp_path / "o.tif", mapping=RULES)
    said = gdalinfo(tmp_path / "o.tif")
    table = said["rat"] if "rat" in said else said["bands"][0]["rat"]
    assert [row["f"] for row in table["row"]] == [
        [1, 3, "Open Water + Ice", "11, 12", *COLORS[11], 255],
        [2, 5, 'Park + Town "old"', "21, 22", *COLORS[22], 255],
        [3, 3, "Beech + Fir", "41, 42", *COLORS[42], 255],
    ]
    assert said["bands"][0]["categories"] == ["", "Open Water + Ice", 'Park + Town "old"', "Beech + Fir"]


def test_sidecars_go_along(source: Path, tmp_path: Path) -> None:
    result = reclassify_file(source, tmp_path / "o.tif", mapping=RULES, sidecars=["qml", "clr", "stac"])
    assert [Path(path).name for path in result.written] == ["o.tif", "o.qml", "o.clr", "o.stac.json"]
    assert (tmp_path / "o.clr").read_text().split("\n")[0] == "1 0 0 200"
    classes = json.loads((tmp_path / "o.stac.json").read_text())["assets"]["classes"]["classification:classes"]
    assert [(one["value"], one["title"]) for one in classes[1:]] == list(enumerate(result.table.names, start=1))


def note(said: list[tuple[int, int]], done: int, total: int) -> None:
    said.append((done, total))


def test_progress_reaches_its_total(source: Path, draw_raster: Draw, tmp_path: Path) -> None:
    plain = draw_raster(tmp_path / "plain.tif", np.ones((20, 20), np.uint8))
    for path, mapping in ((source, None), (source, RULES), (plain, "1=2"), (plain, None)):
        said: list[tuple[int, int]] = []
        reclassify_file(path, mapping=mapping, block_size=7, progress=partial(note, said))
        assert said[-1][0] == said[-1][1] == len(said)
        assert [done for done, _ in said] == list(range(1, len(said) + 1))


# ---- the same answer -------------------------------------------------------------------------------------------------


def outcome(path: Path, mapping: str | None, **work: Any) -> list[Any]:
    codes, colors = path.with_name("o.tif"), path.with_name("p.png")
    result = reclassify_file(path, codes, mapping=mapping, lut="gray", color=colors, overwrite=True, **work)
    return [read(codes).tolist(), read(colors).tolist(), result.shares, result.outside, result.preview.tolist()]


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(
    seed=st.integers(0, 2**20),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    dtype=st.sampled_from(["uint8", "int16", "uint32", "float32"]),
    nodata=st.sampled_from([None, 0, 3]),
    block_size=st.integers(3, 50),
    workers=st.integers(1, 4),
    mapping=st.sampled_from(
        ["[0,3)=1; [3,7]=2; DEFAULT=9", "1=300; DEFAULT=NO_DATA; NO_DATA=7", "2=5; DEFAULT=PASS_THROUGH", None]
    ),
)  # fmt: skip
def test_blocks_and_workers_change_nothing(
    draw_raster: Draw, seed: int, shape: tuple[int, int], dtype: str, nodata: float | None, block_size: int, workers: int,
    mapping: str | None,
) -> None:  # fmt: skip
    values = np.random.default_rng(seed).integers(0, 9, shape).astype(dtype)
    values[0, 0] = 1
    with tempfile.TemporaryDirectory() as folder:
        path = draw_raster(Path(folder) / "s.tif", values, nodata=nodata, tiled=True, blockxsize=16, blockysize=16)
        if dtype == "float32" and "PASS_THROUGH" in (mapping or "PASS_THROUGH"):
            with pytest.raises(DataError, match="no codes that could stay"):
                outcome(path, mapping)
            return
        whole = outcome(path, mapping, workers=1)
        assert outcome(path, mapping, block_size=block_size, workers=workers) == whole
    rules = parse_mapping(mapping or "DEFAULT=PASS_THROUGH")
    valid = np.ones(shape, bool) if nodata is None else values != nodata
    np.testing.assert_array_equal(np.array(whole[0])[0], reclassify(values, rules, valid=valid))


@contextmanager
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_threads_and_processes_of_others_change_nothing(source: Path) -> None:
    whole = outcome(source, RULES)
    with ThreadPoolExecutor(3) as executor:
        assert outcome(source, RULES, executor=executor, block_size=2) == whole
    with processes() as executor:
        assert outcome(source, RULES, executor=executor, block_size=2) == whole


MEMORY = """
import resource, sys
from tsraster.pipeline.reclassify import reclassify_file
reclassify_file(sys.argv[1], sys.argv[2], mapping="[1,3]=1; DEFAULT=2", workers=2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_is_that_of_blocks(tmp_path: Path) -> None:
    peaks = []
    for rows in (512, 40_960):
        path, profile = tmp_path / f"{rows}.tif", {"driver": "GTiff", "count": 1, "dtype": "uint16", "width": 4096}
        with (
            without_place_warning(),
            rasterio.open(path, "w", height=rows, compress="deflate", tiled=True, **profile) as file,
        ):
            tile = np.tile(np.arange(4096, dtype=np.uint16) % 5, (512, 1))
            for row in range(0, rows, 512):
                file.write(tile, 1, window=((row, row + 512), (0, 4096)))
        command = [sys.executable, "-c", MEMORY, str(path), str(tmp_path / "o.tif")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        (tmp_path / "o.tif").unlink()
        peaks.append(int(done.stdout))
    # The larger one has 320 MB of pixels.
    assert peaks[1] - peaks[0] < 200, f"{peaks} MB"


# ---- oracle ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "nodata"),
    [
        ("11=1; 12=1; [21,24]=2; [41,43]=3; 0=7", None),
        ("[-inf,20)=1; [20,inf]=2", None),
        ("(11,41]=9; DEFAULT=PASS_THROUGH", None),
        ("11=1; DEFAULT=NO_DATA", 0),
        ("11=1; NO_DATA=5; DEFAULT=2", 0),
        ("[20,30)=4; DEFAULT=8; NO_DATA=PASS_THROUGH", 0),
        ("11=1; 12=2", None),
    ],
)
def test_the_program_gdal_of_312_writes_the_same_pixels(
    mapping: str, nodata: int | None, gdal312: Callable[..., bool], draw_raster: Draw, tmp_path: Path
) -> None:
    codes = np.random.default_rng(5).choice([0, 11, 12, 21, 22, 24, 41, 42, 43], (37, 53)).astype(np.uint8)
    path = draw_raster(tmp_path / "s.tif", codes, nodata=nodata, **PLACE)
    theirs = tmp_path / "theirs.tif"
    if not gdal312("raster", "reclassify", "-m", mapping, "--ot", "UInt32", "-q", path, theirs):
        with pytest.raises(DataError, match="no rule holds"):
            reclassify_file(path, tmp_path / "ours.tif", mapping=mapping)
        return
    reclassify_file(path, tmp_path / "ours.tif", mapping=mapping)
    np.testing.assert_array_equal(read(tmp_path / "ours.tif"), read(theirs))
    with rasterio.open(tmp_path / "ours.tif") as our, rasterio.open(theirs) as their:
        assert (our.crs, our.transform) == (their.crs, their.transform)


@pytest.mark.parametrize("lut", [None, "thermal"], ids=["without colors", "with a ramp"])
def test_a_class_map_of_ours_can_be_merged(lut: str | None, draw_raster: Draw, tmp_path: Path) -> None:
    values = draw_raster(tmp_path / "v.tif", np.linspace(0, 10, 100, dtype=np.float32).reshape(10, 10), **PLACE)
    classify_file(values, tmp_path / "c.tif", cutoffs=[2, 4, 6], names=["a", "b", "c", "d"], lut=lut)
    result = reclassify_file(tmp_path / "c.tif", tmp_path / "o.tif", mapping='"a"=1; "b","c"=2; DEFAULT=3')
    assert result.table.names == ("a", "b + c", "d")
    assert (result.lut is None) == (lut is None)
    again = reclassify_file(tmp_path / "o.tif", tmp_path / "p.tif", mapping='"b + c"=1 "bc"; DEFAULT=PASS_THROUGH')
    assert again.table.names == ("bc", "d")


def test_areas_follow_from_the_resolution_of_a_picture_as_in_classify(draw_raster: Draw, tmp_path: Path) -> None:
    tags = {"TIFFTAG_XRESOLUTION": "10000", "TIFFTAG_YRESOLUTION": "10000", "TIFFTAG_RESOLUTIONUNIT": "3"}
    path = draw_raster(tmp_path / "labels.tif", np.array([[1, 2, 2, 2]], np.uint8), tags=tags)
    assert [share.area_m2 for share in reclassify_file(path).shares] == [pytest.approx(1e-12), pytest.approx(3e-12)]
