"""Files beside a class map on request: a style of QGIS, colors of ESRI, and what STAC says of classes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tsraster import Lut, classify_file, read_lut
from tsraster.attributetable import AttributeTable
from tsraster.errors import DestinationExistsError, LossWarning, UsageError
from tsraster.pipeline.reclassify import reclassify_file
from tsraster.pipeline.sidecars import list_sidecars
from tsraster.writing import describe_item

Draw = Callable[..., Path]
Ask = Callable[[Path], dict[str, Any]]

PLACE = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}
NAMES = ["Open Water", 'Moor & Fen <"wet">', "Äcker, 林"]
VALUES = [3, 300, 7]
LUT = Lut(name="l", kind="classes", keys=(3, 7, 300), colors=((0, 0, 255, 255), (255, 200, 0, 255), (1, 2, 3, 255)))


@pytest.fixture
def source(draw_raster: Draw, tmp_path: Path) -> Path:
    values = np.repeat([1.0, 2, 3], [5, 3, 2]).astype(np.float32).reshape(2, 5)
    return draw_raster(tmp_path / "v.tif", values, **PLACE)


def write(source: Path, file: str = "c.tif", **options: Any) -> Path:
    path = source.with_name(file)
    wanted: dict[str, Any] = {"cutoffs": [1.5, 2.5], "values": VALUES, "names": NAMES, "lut": LUT}
    classify_file(source, path, **wanted | options)
    return path


def list_others(source: Path) -> set[str]:
    return {path.name for path in source.parent.iterdir()} - {"v.tif"}


@pytest.mark.parametrize("file", ["c.tif", "c.d.tif", "C.TIF", "c.png"])
def test_they_are_named_after_the_class_map(file: str, source: Path) -> None:
    small = {"values": [1, 2, 3], "lut": "thermal"}
    write(source, file, sidecars=["stac", "clr", "qml"], **small)
    stem = file.rsplit(".", 1)[0]
    world = {f"{stem}.pgw"} if file.endswith("png") else set()
    expected = {file, f"{file}.aux.xml", f"{stem}.qml", f"{stem}.clr", f"{stem}.stac.json"}
    assert list_others(source) == expected | world


def test_only_those_are_written_that_are_asked_for(source: Path) -> None:
    result = classify_file(source, source.with_name("c.tif"), bins=2, lut="thermal", sidecars=["clr"])
    assert list_others(source) == {"c.tif", "c.tif.aux.xml", "c.clr"}
    assert [Path(path).name for path in result.written] == ["c.tif", "c.clr"]
    classify_file(source, source.with_name("d.tif"), bins=2, sidecars=[])
    assert list_others(source) >= {"d.tif"}
    assert "d.qml" not in list_others(source)


def test_the_style_holds_codes_names_and_colors(source: Path) -> None:
    made = write(source, sidecars=["qml"])
    style = read_lut(made.with_suffix(".qml"))
    assert (style.kind, style.keys, style.colors) == ("classes", LUT.keys, LUT.colors)
    assert style.names == (NAMES[0], NAMES[2], NAMES[1])


def test_colors_of_esri(source: Path) -> None:
    made = write(source, sidecars=["clr"])
    assert made.with_suffix(".clr").read_bytes().split() == b"3 0 0 255 7 255 200 0 300 1 2 3".split()


def test_a_class_without_a_name_has_its_interval(source: Path) -> None:
    made = write(source, names=["Sea", "", ""], sidecars=["qml", "stac"])
    assert read_lut(made.with_suffix(".qml")).names == ("Sea", "> 2.5", "(1.5, 2.5]")
    classes = read_classes(made)
    assert [one["title"] for one in classes] == ["no class", "Sea", "(1.5, 2.5]", "> 2.5"]
    assert [one.get("description") for one in classes] == [None, "<= 1.5", None, None]


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "lut", "text"),
    [
        (["qlm"], LUT, "unknown sidecar 'qlm'; did you mean qml"),
        (["QML"], LUT, "unknown sidecar 'QML'"),
        ([""], LUT, "unknown sidecar ''"),
        (["stac", "clr", "stac"], LUT, "the sidecar stac is named twice"),
        (["stac", "qml"], None, "the sidecar qml holds colors; name a color table with --lut"),
        (["clr"], None, "the sidecar clr holds colors; name a color table with --lut"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    wanted: list[str], lut: Lut | None, text: str, source: Path
) -> None:
    with pytest.raises(UsageError, match=text):
        write(source, lut=lut, sidecars=wanted)
    assert list_others(source) == set()


def test_without_a_class_map_there_is_nothing_to_stand_beside(source: Path) -> None:
    with pytest.raises(UsageError, match="--sidecars go with a class map; name one as the destination"):
        classify_file(source, bins=2, lut="thermal", color=source.with_name("p.png"), sidecars=["qml"])
    assert list_others(source) == set()
    assert list_sidecars(None, None, has_colors=False) == {}


def test_an_existing_one_is_kept_unless_asked(source: Path) -> None:
    style = source.with_name("c.qml")
    style.write_text("mine")
    with pytest.raises(DestinationExistsError, match=r"c.qml exists already; give --overwrite"):
        write(source, sidecars=["qml"])
    assert list_others(source) == {"c.qml"}
    with pytest.warns(LossWarning, match=r"c.qml stands beside the class map, and QGIS will use it"):
        write(source)
    assert style.read_text() == "mine", "a style that nobody asked for belongs to the user"
    write(source, sidecars=["qml"], overwrite=True)
    assert read_lut(style).keys == LUT.keys


def test_that_a_style_would_be_taken_for_the_picture_is_said(source: Path) -> None:
    with pytest.warns(LossWarning, match=r"QGIS takes .*c.qml for .*c.png too; give the picture another name"):
        write(source, sidecars=["qml"], color=source.with_name("c.png"))


def test_what_a_clr_does_not_hold_is_said(source: Path) -> None:
    clear = replace(LUT, colors=tuple((*color[:3], 100) for color in LUT.colors))
    with pytest.warns(LossWarning) as said:
        write(source, sidecars=["clr"], lut=clear)
    assert any("ESRI .clr beside the class map does not hold the transparency of" in str(one.message) for one in said)


@pytest.mark.parametrize("other", ["color", "stats", "save_table"])
def test_no_other_output_takes_their_name(other: str, source: Path) -> None:
    names = {"color": "c.stac.json.tif", "stats": "c.clr", "save_table": "c.stac.json"}
    options = {other: source.with_name(names[other])}
    if other == "color":
        write(source, sidecars=["stac", "clr"], **options)
        return
    with pytest.raises(UsageError, match="is named for two outputs"):
        write(source, sidecars=["stac", "clr"], **options)
    assert list_others(source) == set()


def test_the_color_table_that_is_read_is_not_overwritten(source: Path) -> None:
    write(source, sidecars=["qml"])
    with pytest.raises(UsageError, match=r"c.qml is an input"):
        write(source, lut=source.with_name("c.qml"), sidecars=["qml"], overwrite=True)


# ---- STAC ------------------------------------------------------------------------------------------------------------


def read_classes(made: Path) -> list[dict[str, Any]]:
    item = json.loads(made.with_suffix(".stac.json").read_text(encoding="utf-8"))
    classes: list[dict[str, Any]] = item["assets"]["classes"]["classification:classes"]
    return classes


def check_rules(classes: list[dict[str, Any]]) -> None:
    """The rules of the classification extension 2.0.0 for a list of class objects."""
    known = {"value", "name", "title", "description", "color_hint", "nodata", "percentage", "count"}
    assert classes
    for one in classes:
        assert set(one) <= known
        assert type(one["value"]) is int
        assert re.fullmatch(r"[0-9A-Za-z_-]+", one["name"])
        assert all(isinstance(one[key], str) for key in ("title", "description") if key in one)
        assert "color_hint" not in one or re.fullmatch(r"[0-9A-F]{6}", one["color_hint"])
        assert "nodata" not in one or type(one["nodata"]) is bool
        assert "count" not in one or (type(one["count"]) is int and one["count"] >= 0)
        assert 0 <= one.get("percentage", 0) <= 100
    assert len({one["value"] for one in classes}) == len(classes)
    assert len({one["name"] for one in classes}) == len(classes), "names tell classes apart for machines"


def test_stac_has_each_class(source: Path) -> None:
    made = write(source, sidecars=["stac"])
    item = json.loads(made.with_suffix(".stac.json").read_text(encoding="utf-8"))
    assert item["stac_extensions"] == ["https://stac-extensions.github.io/classification/v2.0.0/schema.json"]
    asset = item["assets"]["classes"]
    assert (asset["href"], asset["type"], asset["roles"]) == ("./c.tif", "image/tiff; application=geotiff", ["data"])
    classes = read_classes(made)
    check_rules(classes)
    assert classes == [
        {"value": 0, "name": "no_class", "title": "no class", "nodata": True},
        {"value": 3, "name": "open_water", "title": "Open Water", "description": "<= 1.5", "color_hint": "0000FF",
         "count": 5, "percentage": 50.0},
        {"value": 300, "name": "moor_fen_wet", "title": NAMES[1], "description": "(1.5, 2.5]", "color_hint": "010203",
         "count": 3, "percentage": 30.0},
        {"value": 7, "name": "acker", "title": "Äcker, 林", "description": "> 2.5", "color_hint": "FFC800",
         "count": 2, "percentage": 20.0},
    ]  # fmt: skip


def test_stac_names_the_type_of_the_file(source: Path) -> None:
    write(source, cog=True, sidecars=["stac"])
    item = json.loads(source.with_name("c.stac.json").read_text())
    assert item["assets"]["classes"]["type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
    write(source, "p.png", values=None, lut=None, sidecars=["stac"])
    item = json.loads(source.with_name("p.stac.json").read_text())
    assert (item["assets"]["classes"]["type"], item["assets"]["classes"]["href"]) == ("image/png", "./p.png")
    assert not any("color_hint" in one for one in read_classes(source.with_name("p.png")))


def test_stac_of_a_reclassified_map(source: Path) -> None:
    write(source)
    made = source.with_name("r.tif")
    reclassify_file(source.with_name("c.tif"), made, mapping='3=1; DEFAULT=2 "land"; NO_DATA=9', sidecars=["stac"])
    classes = read_classes(made)
    check_rules(classes)
    assert [(one["value"], one["name"], one.get("description")) for one in classes] == [
        (0, "no_class", None), (1, "open_water", "3"), (2, "land", "7, 300"), (9, "class_9", "no data")
    ]  # fmt: skip


def test_names_for_machines_differ_even_where_labels_do_not() -> None:
    """A code behind a doubled name could make that of a third class."""
    names = ("a 5", "a", "a", "A!", "no class", "林", "", "a_5_5")
    table = AttributeTable(codes=(2, 3, 5, 6, 7, 8, 9, 10), names=names)
    classes = describe_item(table, "./c.tif", cog=False)["assets"]["classes"]["classification:classes"]
    check_rules(classes)
    assert [one["name"] for one in classes][:3] == ["no_class", "a_5", "a"]
    assert [one["title"] for one in classes] == ["no class", *names[:6], "9", "a_5_5"]


@settings(derandomize=True, deadline=None, database=None, max_examples=200)
@given(
    names=st.lists(st.one_of(st.text(max_size=5), st.sampled_from(["a", "a_1", "a_2", "a 1", "-", "class_1"])), min_size=1),
    colors=st.booleans(),
    counts=st.booleans(),
)  # fmt: skip
def test_stac_keeps_its_rules_whatever_the_names(names: list[str], colors: bool, counts: bool) -> None:
    size = len(names)
    table = AttributeTable(
        codes=tuple(range(1, size + 1)),
        names=tuple(names),
        counts=tuple(range(size)) if counts else (),
        colors=((1, 171, 255, 0),) * size if colors else (),
    )
    check_rules(describe_item(table, "./c.tif", cog=True)["assets"]["classes"]["classification:classes"])


def test_no_pixel_in_any_class_is_no_division_by_zero() -> None:
    table = AttributeTable(codes=(1,), counts=(0,))
    classes = describe_item(table, "./c.tif", cog=False)["assets"]["classes"]["classification:classes"]
    check_rules(classes)
    assert classes[1]["percentage"] == 0


# ---- QGIS ------------------------------------------------------------------------------------------------------------


def test_qgis_shows_names_and_colors_by_the_style_beside_the_class_map(source: Path, ask_qgis: Ask) -> None:
    made = write(source, sidecars=["qml"])
    said = ask_qgis(made)
    assert (said["valid"], said["type"]) == (True, "paletted")
    assert said["classes"] == [
        [3, [0, 0, 255, 255], NAMES[0]], [7, [255, 200, 0, 255], NAMES[2]], [300, [1, 2, 3, 255], NAMES[1]]
    ]  # fmt: skip
    assert said["legend"][-3:] == [NAMES[0], NAMES[2], NAMES[1]]


@pytest.mark.parametrize("file", ["c.png", "cog.tif"])
def test_qgis_finds_the_style_beside_other_formats(file: str, source: Path, ask_qgis: Ask) -> None:
    made = write(source, file, values=None, lut="thermal", sidecars=["qml"], cog=file == "cog.tif")
    said = ask_qgis(made)
    assert [(value, name) for value, _, name in said["classes"]] == list(enumerate(NAMES, start=1))


def test_qgis_shows_names_without_a_style_out_of_the_category_names(source: Path, ask_qgis: Ask) -> None:
    said = ask_qgis(write(source))
    assert said["type"] == "paletted"
    labels = {value: name for value, _, name in said["classes"]}
    assert {code: labels.get(code) for code in VALUES} == dict(zip(VALUES, NAMES, strict=True))


def test_qgis_keeps_translucent_colors_of_a_style(source: Path, ask_qgis: Ask) -> None:
    colors = ((0, 0, 255, 128), (255, 200, 0, 0), (1, 2, 3, 255))
    lut = Lut(name="l", kind="classes", keys=LUT.keys, colors=colors)
    with pytest.warns(LossWarning, match="the palette is opaque"):
        made = write(source, lut=lut, sidecars=["qml"])
    assert [tuple(color) for _, color, _ in ask_qgis(made)["classes"]] == list(colors)


def test_qgis_reads_the_attribute_table(source: Path, ask_qgis: Ask) -> None:
    said = ask_qgis(write(source))
    if "fields" not in said:
        pytest.skip("this QGIS is older than 3.30 and has no raster attribute tables")
    assert said["fields"] == ["Value", "Count", "Class_Name", "Interval", "Red", "Green", "Blue", "Alpha"]
    assert [row[:3] for row in said["rows"]] == [["3", "5", NAMES[0]], ["300", "3", NAMES[1]], ["7", "2", NAMES[2]]]
