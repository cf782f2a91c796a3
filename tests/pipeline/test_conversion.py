"""A converted table is what its format can hold, every loss is said and nothing else is, and what was beside it stays."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsraster import convert_lut_file, read_lut
from tsraster.coloring import spread_ramp
from tsraster.errors import (
    DestinationExistsError,
    LossWarning,
    LutError,
    LutFormatError,
    LutWarning,
    UnknownNameError,
    UsageError,
    WriteError,
)
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut, shipped_luts
from tsraster.lutfiles.pamsidecar import write_pam
from tsraster.pipeline.conversion import Conversion, choose_lut_format
from tsraster.pipeline.luts import load_lut

Draw = Callable[..., Path]

RED, GREEN, BLUE, CLEAR = (200, 0, 0, 255), (0, 200, 0, 255), (0, 0, 200, 128), (9, 9, 9, 0)
TABLES = {
    "classes": Lut(name="m", kind="classes", keys=(1, 2), colors=(RED, GREEN)),
    "classes with all": Lut(
        name="m",
        kind="classes",
        keys=(0, 3, 300),
        colors=(RED, BLUE, CLEAR),
        names=("wood", "open: water, #1", "3"),
        nodata=GREEN,
    ),
    "classes of any number": Lut(name="m", kind="classes", keys=(-2, 0.5, 10**20), colors=(RED, GREEN, BLUE)),
    "one class": Lut(name="m", kind="classes", keys=(7,), colors=(CLEAR,), names=("nothing",)),
    "intervals": Lut(name="m", kind="intervals", keys=(1, 2.5, 4), colors=(RED, BLUE), names=("low", "high")),
    "open intervals": Lut(
        name="m",
        kind="intervals",
        keys=(-math.inf, 1, 2.5, math.inf),
        colors=(RED, GREEN, BLUE),
        closed="left",
        nodata=GREEN,
    ),
    "ramp": Lut(name="m", kind="ramp", keys=(-1.5, 7), colors=(RED, GREEN), names=("cold", "")),
    "ramp with all": Lut(
        name="m", kind="ramp", keys=(0, 1, 1, 4), colors=(RED, GREEN, BLUE, CLEAR), nodata=RED, below=GREEN, above=BLUE
    ),
    "percent": Lut(name="m", kind="ramp", keys=(0, 50, 100), colors=(RED, GREEN, RED), percent=True),
    "positions": Lut(name="m", kind="index", colors=(RED, GREEN) * 128),
    "few positions": Lut(name="m", kind="index", colors=(RED, BLUE, CLEAR), names=("a", "", "c"), nodata=GREEN),
}
IN_PERCENT = TABLES["percent"]


def convert(*words: Any, **options: Any) -> tuple[Conversion, list[str]]:
    """Convert, and return what is said of losses; anything else that is said is an error."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = convert_lut_file(*words, **options)
    assert {one.category for one in said} <= {LossWarning}
    return result, [str(one.message) for one in said]


def read_again(path: Path, form: str) -> Lut:
    """Read a file; that its format is open to traps is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LutWarning)
        return read_lut(path, lut_format=form)


# Every table in every format --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(LUT_FORMATS))
@pytest.mark.parametrize("name", TABLES)
def test_a_table_becomes_what_the_format_can_hold_and_each_loss_is_said(name: str, form: str, tmp_path: Path) -> None:
    lut, path = TABLES[name], tmp_path / "new.table"
    try:
        fitted, losses = fit_lut(lut, LUT_FORMATS[form])
    except LutError as refusal:
        with pytest.raises(LutError) as caught:
            convert_lut_file(lut, path, to=form)
        assert str(caught.value) == str(refusal)  # noqa: PT017
        assert not list(tmp_path.iterdir())
        return
    result, said = convert(lut, path, to=form)
    assert (result.lut, result.format, result.written) == (fitted, form, str(path))
    assert list(result.losses) == losses
    assert said == [f"{path} does not hold {loss}" for loss in losses]
    assert read_again(path, form) == replace(fitted, name=str(path))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", list(LUT_FORMATS))
@pytest.mark.parametrize("name", shipped_luts())
def test_shipped_tables_become_files_that_are_found_by_their_ending(name: str, form: str, tmp_path: Path) -> None:
    for ending in LUT_FORMATS[form].endings:
        path = tmp_path / f"new{ending}"
        options = {} if choose_lut_format(path, None) == form else {"to": form}
        try:
            fit_lut(read_lut(name), LUT_FORMATS[form])
        except LutError:
            with pytest.raises(LutError, match=rf"{name} cannot become .*(--classes K|holds|codes)"):
                convert_lut_file(name, path, **options)
            continue
        result, said = convert(name, path, **options)
        assert len(said) == len(result.losses)
        assert load_lut(path) == replace(result.lut, name=str(path))


@pytest.mark.parametrize("first", list(LUT_FORMATS))
@pytest.mark.parametrize("second", list(LUT_FORMATS))
def test_what_two_formats_hold_goes_from_one_to_the_other_and_back(first: str, second: str, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for lut in (replace(TABLES["classes"], keys=(0, 1)), TABLES["positions"], replace(TABLES["ramp"], names=())):
        if not all(lut.kind in LUT_FORMATS[form].capacity.kinds for form in (first, second)):
            continue
        assert convert(lut, paths[0], to=first, overwrite=True)[1] == []
        for form, source, to, path in ((first, paths[0], second, paths[1]), (second, paths[1], first, paths[2])):
            result, said = convert(source, path, lut_format=form, to=to, overwrite=True, kind=_kind(lut))
            assert said == []
            assert replace(result.lut, name="m") == lut


def _kind(lut: Lut) -> Any:
    return lut.kind if lut.kind != "index" else None


# Which format -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "csv"),
        ("a.TXT", "gdal"),
        ("a.b.clr", "esri"),
        ("a.tif.aux.xml", "pam"),
        ("a.xml", "sld"),
        ("/x/.qml", "qml"),
    ],
)
def test_the_ending_says_the_format(name: str, form: str) -> None:
    assert choose_lut_format(name, None) == form
    assert choose_lut_format(name, "otb") == "otb"


@pytest.mark.parametrize("name", ["a", "a.zip", "a.csv.gz", "csv", "", "a.csv/b"])
def test_another_ending_says_none(name: str) -> None:
    with pytest.raises(
        UsageError, match=r"has no ending of a color table; choose from \.act, .*\.xml, or name a format"
    ):
        choose_lut_format(name, None)


def test_a_format_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown color table format 'esry'; did you mean esri"):
        convert_lut_file("no.csv", tmp_path / "a.csv", to="esry")
    (tmp_path / "mine.csv").write_text("code,red,green,blue\n1,2,3,4\n")
    with pytest.raises(UnknownNameError, match="unknown color table format 'qgs'; did you mean qgis"):
        convert_lut_file(tmp_path / "mine.csv", tmp_path / "a.csv", lut_format="qgs")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_what_the_numbers_of_a_file_are_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("0 200 0 0\n100 0 200 0\n")
    for kind in ("classes", "ramp"):
        result, _ = convert(tmp_path / "mine.txt", tmp_path / f"{kind}.csv", kind=kind)
        assert (result.lut.kind, read_lut(tmp_path / f"{kind}.csv").kind) == (kind, kind)
    with pytest.raises(UsageError, match="the kind 'index' of a color table is unknown; choose from classes, ramp"):
        convert_lut_file(tmp_path / "mine.txt", tmp_path / "new.csv", kind="index")  # type: ignore[arg-type]


# Codes and values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [1, 2, 5, 256, 300])
@pytest.mark.parametrize("source", ["thermal", IN_PERCENT], ids=["values", "percent"])
def test_classes_are_taken_from_a_ramp_as_classifying_does(source: Any, classes: int, tmp_path: Path) -> None:
    result, said = convert(source, tmp_path / "new.csv", classes=classes)
    assert said == []
    assert (result.lut.kind, result.lut.keys) == ("classes", tuple(range(1, classes + 1)))
    assert result.lut.colors == spread_ramp(load_lut(source), classes)


@pytest.mark.parametrize("classes", [0, -1, 65537, 10**30])
def test_another_number_of_classes_is_refused(classes: int, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=f"{classes} classes cannot be taken from a ramp; give a number from 1 to 65536"
    ):
        convert_lut_file("thermal", tmp_path / "new.csv", classes=classes)


@pytest.mark.parametrize("name", ["classes", "intervals", "positions"])
def test_classes_are_taken_from_nothing_but_a_ramp(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=f"m is no ramp but a table of {TABLES[name].kind}; --classes takes colors from a ramp"
    ):
        convert_lut_file(TABLES[name], tmp_path / "new.csv", classes=3)


@pytest.mark.parametrize("first", [0, 1, 100, 65000, -7])
def test_positions_get_codes_from_the_first_on(first: int, tmp_path: Path) -> None:
    few = TABLES["few positions"]
    result, _ = convert(few, tmp_path / "new.csv", first_code=first)
    assert (result.lut.kind, result.lut.keys) == ("classes", (first, first + 1, first + 2))
    assert (result.lut.colors, result.lut.names) == (few.colors, few.names)


@pytest.mark.parametrize(
    ("form", "first"), [("esri", -1), ("gdal", -1), ("qml", 2**40), ("envi", 65_536), ("pam", 2**60)]
)
def test_codes_that_the_format_cannot_hold_are_refused(form: str, first: int, tmp_path: Path) -> None:
    path = tmp_path / "new"
    try:
        fitted = fit_lut(Lut(name="m", kind="classes", keys=(first,), colors=(RED,)), LUT_FORMATS[form])[0]
    except LutError:
        with pytest.raises(LutError, match="cannot become"):
            convert_lut_file(Lut(name="m", kind="index", colors=(RED,)), path, to=form, first_code=first)
        return
    result, _ = convert(Lut(name="m", kind="index", colors=(RED,)), path, to=form, first_code=first)
    assert result.lut == fitted


def test_a_code_beyond_all_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no finite number"):
        convert_lut_file(TABLES["positions"], tmp_path / "new.csv", first_code=10**400)


@pytest.mark.parametrize("name", ["ramp", "percent", "positions"])
def test_a_ramp_is_laid_over_a_range(name: str, tmp_path: Path) -> None:
    result, _ = convert(TABLES[name], tmp_path / "new.csv", value_range=[-10, 30.5])
    assert (result.lut.kind, result.lut.percent) == ("ramp", False)
    assert (result.lut.keys[0], result.lut.keys[-1]) == (-10, 30.5)
    assert result.lut.colors == TABLES[name].colors


@pytest.mark.parametrize(
    ("value_range", "says"),
    [
        ([], "--value-range has 0 numbers; give the lowest and the highest, as in 0,100"),
        ([1], "--value-range has 1 numbers"),
        ([1, 2, 3], "--value-range has 3 numbers"),
        ([1, 1], "1, 1 is no range; give a smaller and a larger number"),
        ([2, 1], "2, 1 is no range"),
        ([math.nan, 1], "nan, 1 is no range"),
        ([0, math.inf], "0, inf is no range"),
        ([0, 10**400], "holds a number that is too large"),
    ],
    ids=lambda text: str(text)[:20],
)
def test_what_is_no_range_is_refused(value_range: Sequence[float], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        convert_lut_file("thermal", tmp_path / "new.csv", value_range=value_range)


@pytest.mark.parametrize("options", [{"first_code": 1}, {"value_range": [0, 1]}], ids=str)
@pytest.mark.parametrize("name", ["classes", "intervals"])
def test_codes_and_edges_stay_as_they_are(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the colors of m have (codes|intervals)"):
        convert_lut_file(TABLES[name], tmp_path / "new.csv", **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"classes": 3, "first_code": 1}, "--classes and --first-code contradict each other; give one of them"),
        ({"first_code": 0, "value_range": [0, 1]}, "--first-code and --value-range contradict each other"),
        ({"classes": 0, "first_code": 0, "value_range": []}, "--classes and --first-code and --value-range contradict"),
    ],
    ids=str,
)
def test_only_one_way_can_be_asked(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        convert_lut_file("thermal", tmp_path / "new.csv", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["gdal", "csv", "otb"])
def test_percentages_need_a_range_only_where_the_format_holds_none(form: str, tmp_path: Path) -> None:
    path = tmp_path / "new"
    if LUT_FORMATS[form].capacity.percent:
        assert convert(IN_PERCENT, path, to=form)[0].lut.percent
    elif "ramp" not in LUT_FORMATS[form].capacity.kinds:
        with pytest.raises(LutError, match="--classes K"):
            convert_lut_file(IN_PERCENT, path, to=form)


# Files ------------------------------------------------------------------------------------------------------------------


def test_an_existing_file_is_kept_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("old")
    with pytest.raises(DestinationExistsError, match="give --overwrite"):
        convert_lut_file("thermal", path)
    assert path.read_text() == "old"
    convert_lut_file("thermal", path, overwrite=True)
    assert read_lut(path).kind == "ramp"


def test_a_refusal_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new.clr"
    path.write_text("old")
    with pytest.raises(LutError, match="cannot become"):
        convert_lut_file("thermal", path, overwrite=True)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_the_source_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("code,red,green,blue\n1,2,3,4\n")
    with pytest.raises(UsageError, match="is an input"):
        convert_lut_file(path, tmp_path / "." / "mine.csv", overwrite=True)
    with pytest.raises(WriteError, match="there is no folder"):
        convert_lut_file(path, tmp_path / "no" / "new.csv")


# Sidecars of rasters ----------------------------------------------------------------------------------------------------

CODES = np.tile(np.array([0, 1, 7], np.uint8), (6, 3))
LAND = Lut(name="land", kind="classes", keys=(1, 7), colors=(RED, BLUE), names=("wood", "open water"))
SAID = """<PAMDataset>
  <Metadata><MDI key="TIFFTAG_ARTIST">somebody</MDI></Metadata>
  <GCPList Projection="EPSG:32616">
    <GCP Id="1" Pixel="0" Line="0" X="500000" Y="4000000"/><GCP Id="2" Pixel="9" Line="0" X="500090" Y="4000000"/>
    <GCP Id="3" Pixel="0" Line="6" X="500000" Y="3999940"/>
  </GCPList>
  <PAMRasterBand band="1">
    <CategoryNames><Category>old</Category><Category>older</Category></CategoryNames>
    <Metadata><MDI key="STATISTICS_MEAN">2.5</MDI><MDI key="STATISTICS_MAXIMUM">7</MDI></Metadata>
  </PAMRasterBand>
</PAMDataset>
"""


@pytest.fixture
def raster(tmp_path: Path, draw_raster: Draw) -> Path:
    """A class map without palette, and all that a sidecar may say of it."""
    path = draw_raster(tmp_path / "c.tif", CODES)
    path.with_name("c.tif.aux.xml").write_text(SAID)
    return path


def test_a_raster_gets_names_and_colors_and_keeps_all_else(
    raster: Path, gdalinfo: Callable[[Path], dict[str, Any]]
) -> None:
    sidecar = raster.with_name("c.tif.aux.xml")
    result, said = convert(LAND, sidecar, overwrite=True)
    assert (result.format, said) == ("pam", [])
    found = gdalinfo(raster)
    assert len(found["gcps"]["gcpList"]) == 3
    assert found["metadata"][""]["TIFFTAG_ARTIST"] == "somebody"
    (band,) = found["bands"]
    assert band["metadata"][""] == {"STATISTICS_MAXIMUM": "7", "STATISTICS_MEAN": "2.5"}
    assert band["categories"] == ["", "wood", "", "", "", "", "", "open water"]
    assert [row["f"] for row in found["rat"]["row"]] == [[1, "wood", *RED], [7, "open water", *BLUE]]
    assert load_lut(raster) == replace(LAND, name=str(raster))
    assert load_lut(sidecar) == replace(LAND, name=str(sidecar))


def test_colors_without_names_leave_no_old_names(raster: Path, gdalinfo: Callable[[Path], dict[str, Any]]) -> None:
    convert_lut_file(replace(LAND, names=()), raster.with_name("c.tif.aux.xml"), overwrite=True)
    assert "categories" not in gdalinfo(raster)["bands"][0]
    assert load_lut(raster).names == ("", "")


def test_a_sidecar_is_kept_unless_it_may_be_replaced(raster: Path) -> None:
    with pytest.raises(DestinationExistsError):
        convert_lut_file(LAND, raster.with_name("c.tif.aux.xml"))
    assert raster.with_name("c.tif.aux.xml").read_text() == SAID


def test_a_new_sidecar_needs_no_raster(tmp_path: Path, raster: Path) -> None:
    assert convert(LAND, tmp_path / "later.tif.aux.xml")[1] == []
    assert convert(LAND, tmp_path / "alone.aux.xml")[1] == []
    assert convert(LAND, tmp_path / "later", to="pam")[1] == []
    (tmp_path / "text.tif").write_text("no raster")
    assert convert(LAND, tmp_path / "text.tif.aux.xml")[1] == []


def test_a_palette_in_the_raster_goes_before_its_sidecar_and_that_is_said(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "p.tif", CODES, palette={1: GREEN, 7: GREEN})
    _, said = convert("worldcover", tmp_path / "p.tif.aux.xml")
    assert said == [
        f"{path} has a palette in itself, which goes before the colors of {path}.aux.xml; "
        f"to replace it: tsraster reclassify {path} NEW.tif --lut worldcover"
    ]


@pytest.mark.parametrize(
    "old", ["", "no XML", SAID[:-9], "<other/>", "<PAMDataset><x:a/></PAMDataset>", "\0"], ids=repr
)
def test_what_is_no_sidecar_is_said_and_stays(old: str, tmp_path: Path) -> None:
    path = tmp_path / "c.tif.aux.xml"
    path.write_text(old)
    with pytest.raises(LutFormatError, match=r"c\.tif\.aux\.xml") as caught:
        convert_lut_file(LAND, path, overwrite=True)
    assert len(str(caught.value).splitlines()) == 1
    assert path.read_text() == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_sidecar_is_a_source_as_well(tmp_path: Path) -> None:
    (tmp_path / "old.tif.aux.xml").write_bytes(write_pam(LAND))
    result, said = convert(tmp_path / "old.tif.aux.xml", tmp_path / "new.csv")
    assert said == []
    assert replace(result.lut, name="land") == LAND
