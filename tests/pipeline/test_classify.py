"""`classify_file`: real data against published labels and plain numpy, and everything it says and writes beside."""

from __future__ import annotations

import csv
import dataclasses
import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tsraster import Lut, TsrasterError, classify_file, read_lut
from tsraster.classtable import ClassTable
from tsraster.errors import DataError, DestinationExistsError, LossWarning, LutError, ReadError, TableError, UsageError
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
LANDSAT = "landsat/LT05/LT52240631988227CUB02_B6.TIF"
PHASES = {"smooth": "gaussian:1", "cutoffs": [0.25, 0.4, 0.6, 0.75]}
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}


def read(path: Path) -> NDArray[Any]:
    """All bands, or the one there is, as rasterio itself reads them."""
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels[0] if len(pixels) == 1 else pixels


def counts_of(result: Any) -> list[int]:
    return [share.pixels for share in result.shares]


@pytest.fixture
def ramp(tmp_path: Path, draw_raster: Draw) -> Path:
    """0 to 99, ten a row."""
    return draw_raster(tmp_path / "ramp.tif", np.arange(100, dtype=np.uint8).reshape(10, 10), **UTM)


# Real data


def test_the_bins_of_a_landsat_band_are_those_of_numpy(shared_data: Path, tmp_path: Path) -> None:
    band = read(shared_data / LANDSAT)
    result = classify_file(shared_data / LANDSAT, tmp_path / "c.tif", bins=20)
    np.testing.assert_array_equal(result.table.edges, np.histogram_bin_edges(band, bins=20))
    low, high = int(band.min()), int(band.max())
    edges = [low + Fraction((high - low) * i, 20) for i in range(21)]  # exact, and so no rounding hides an error
    codes = read(tmp_path / "c.tif")
    for i, (lower, upper) in enumerate(pairwise(edges)):
        values = [v for v in range(256) if lower < v <= upper or (i == 0 and v == lower)]
        belongs = np.isin(band, values)
        np.testing.assert_array_equal(codes == i + 1, belongs)
        assert result.shares[i].pixels == np.count_nonzero(belongs)
    assert sum(counts_of(result)) == band.size == 310 * 287
    assert (result.table.fitted_on["minimum"], result.table.fitted_on["maximum"]) == (131, 146)


@pytest.mark.parametrize("bins", [2, 7, 20, 33])
def test_closed_on_the_left_the_counts_are_those_of_numpy(shared_data: Path, bins: int) -> None:
    expected, edges = np.histogram(read(shared_data / LANDSAT), bins=bins)
    result = classify_file(shared_data / LANDSAT, bins=bins, closed="left")
    assert counts_of(result) == expected.tolist()
    np.testing.assert_array_equal(result.table.edges, edges)


@pytest.mark.parametrize("number", [1, 3, 5])
def test_the_published_labels_of_thin_sections_on_every_pixel(shared_data: Path, tmp_path: Path, number: int) -> None:
    folder = shared_data / "thinsection" / "philliec"
    labels = read(folder / f"{number}_label_ref.png")
    pictures = {}
    for ending in ("jpg", "png"):
        result = classify_file(
            folder / f"{number}.png",
            tmp_path / f"{ending}.png",
            color=tmp_path / f"colors.{ending}",
            lut="thin-section",
            overwrite=True,
            **PHASES,
        )
        np.testing.assert_array_equal(read(tmp_path / f"{ending}.png"), labels)
        assert counts_of(result) == [np.count_nonzero(labels == code) for code in range(1, 6)]
        pictures[ending] = read(tmp_path / f"colors.{ending}")
    colors = np.array([color[:3] for color in read_lut("thin-section").colors])
    np.testing.assert_array_equal(pictures["png"][:3], np.moveaxis(colors[labels - 1], -1, 0))
    # JPEG keeps the brightness of pixels, and halves the resolution of the rest.
    weights = np.array([0.299, 0.587, 0.114])
    brightness = [np.tensordot(weights, pictures[ending][:3], axes=1) for ending in ("jpg", "png")]
    assert pictures["jpg"].shape == (3, *labels.shape)
    assert np.abs(brightness[0] - brightness[1]).mean() < 3


def test_two_bands_of_one_scene_can_share_a_table(shared_data: Path, tmp_path: Path) -> None:
    red, infrared = (shared_data / f"landsat/LT05/LT52240631988227CUB02_B{band}.TIF" for band in (3, 4))
    classify_file(red, bins=9, save_table=tmp_path / "t.json")
    result = classify_file(infrared, tmp_path / "c.tif", table=tmp_path / "t.json")
    band = read(infrared)
    low, high = int(read(red).min()), int(read(red).max())
    assert result.outside == np.count_nonzero((band < low) | (band > high)) > 0
    np.testing.assert_array_equal(read(tmp_path / "c.tif") == 0, (band < low) | (band > high))


# Tables


def test_a_saved_table_gives_the_same_codes_again(tmp_path: Path, draw_raster: Draw) -> None:
    values = np.random.default_rng(5).normal(290, 8, (50, 60)).astype(np.float32)
    source = draw_raster(tmp_path / "v.tif", values, **UTM, band={"units": ("K",)})
    first = classify_file(
        source, tmp_path / "1.tif", bins=7, names=list("abcdefg"), values=[9, 8, 7, 6, 5, 4, 300],
        save_table=tmp_path / "t.json",
    )  # fmt: skip
    second = classify_file(source, tmp_path / "2.tif", table=tmp_path / "t.json")
    third = classify_file(source, tmp_path / "3.tif", table=first.table)
    assert second.table == third.table == first.table
    assert second.table.fitted_on == first.table.fitted_on
    assert first.table.unit == "K"
    assert first.table.fitted_on["count"] == 3000
    np.testing.assert_array_equal(read(tmp_path / "2.tif"), read(tmp_path / "1.tif"))
    np.testing.assert_array_equal(read(tmp_path / "3.tif"), read(tmp_path / "1.tif"))
    assert read(tmp_path / "2.tif").dtype == np.uint16
    assert set(np.unique(read(tmp_path / "2.tif"))) == {9, 8, 7, 6, 5, 4, 300}


@pytest.mark.parametrize(
    ("outside", "codes", "count"), [("nodata", [0, 1, 1, 2, 2, 0], 2), ("clamp", [1, 1, 1, 2, 2, 2], 0)]
)
def test_values_outside_of_a_table(
    tmp_path: Path, draw_raster: Draw, outside: Any, codes: list[int], count: int
) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[9, 10, 15, 16, 20, 21]], np.int16))
    table = ClassTable(codes=(1, 2), edges=(10, 15, 20))
    result = classify_file(source, tmp_path / "c.tif", table=table, outside=outside)
    assert read(tmp_path / "c.tif").ravel().tolist() == codes
    assert (result.outside, result.without_data) == (count, 0)


def test_values_outside_of_a_table_can_be_an_error(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[10, 15, 21]], np.int16))
    table = ClassTable(codes=(1, 2), edges=(10, 15, 20))
    with pytest.raises(DataError, match="21 is outside of 10 to 20"):
        classify_file(source, tmp_path / "c.tif", table=table, outside="error")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.tif"]


def test_classes_that_are_single_values(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[3, 5, 4, 3]], np.uint8), nodata=4)
    table = ClassTable(codes=(2, 7), values=(5, 3), names=("five", "three"))
    result = classify_file(source, tmp_path / "c.tif", table=table)
    assert read(tmp_path / "c.tif").ravel().tolist() == [7, 2, 0, 7]
    assert [(s.name, s.interval, s.pixels) for s in result.shares] == [("five", "5", 1), ("three", "3", 2)]
    with pytest.raises(UsageError, match="single values have no nearest class"):
        classify_file(source, tmp_path / "d.tif", table=table, outside="clamp")
    assert not (tmp_path / "d.tif").exists()


def test_names_come_from_the_user_else_from_the_table_else_from_the_colors(ramp: Path) -> None:
    lut = Lut(name="l", kind="classes", keys=(1, 2, 3), colors=((1, 1, 1, 255),) * 3, names=("low", "mid", "high"))
    table = ClassTable(codes=(1, 2, 3), edges=(-1, 10, 20, 100), names=("", "middle", ""))

    def names(**options: Any) -> tuple[str, ...]:
        return classify_file(ramp, **options).table.names

    assert names(cutoffs=[10, 20]) == ("", "", "")
    assert names(cutoffs=[10, 20], lut=lut) == ("low", "mid", "high")
    assert names(table=table, lut=lut) == ("low", "middle", "high")
    assert names(table=table, lut=lut, names=["x", "", "z"]) == ("x", "", "z")
    assert names(cutoffs=[10, 20], lut="thermal") == ("", "", "")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "give --cutoffs, --bins, --scheme or --table"),
        ({"bins": 0}, "0 bins"),
        ({"bins": 3, "cutoffs": [1]}, "--cutoffs and --bins contradict"),
        ({"cutoffs": [3, 1]}, "the cutoff 1 comes after 3"),
        ({"cutoffs": [1], "values": [1]}, "1 codes for 2 classes"),
        ({"cutoffs": [1], "values": [1, 0]}, "the code 0 cannot be used"),
        ({"bins": 2, "names": ["a"]}, "1 names for 2 classes"),
        ({"table": ClassTable.from_cutoffs([5]), "closed": "left"}, "--closed contradicts --table"),
        ({"bins": 2, "color": "c.png"}, "a color picture needs a color table"),
        ({"bins": 2, "cog": True, "color": "c.png", "lut": "gray"}, "no output ends in .tif"),
        ({"bins": 2, "outside": "drop"}, "--outside is 'drop'"),
        ({"bins": 2, "smooth": "gaussian:0"}, "gaussian:0"),
        ({"bins": 2, "workers": 0}, "0 workers"),
    ],
)
def test_wrong_usage_is_said(ramp: Path, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        classify_file(ramp, **options)


def test_the_color_table_must_cover_all_classes(ramp: Path) -> None:
    lut = Lut(name="two", kind="classes", keys=(1, 3), colors=((1, 1, 1, 255),) * 2)
    with pytest.raises(LutError, match=r"two has no color for the codes 2, 4 \(2 of 4\)"):
        classify_file(ramp, bins=4, lut=lut)


def test_a_constant_or_empty_raster_says_so(tmp_path: Path, draw_raster: Draw) -> None:
    flat = draw_raster(tmp_path / "flat.tif", np.full((4, 5), 7, np.uint8))
    empty = draw_raster(tmp_path / "empty.tif", np.full((4, 5), np.nan, np.float32))
    with pytest.raises(DataError, match=r"flat.tif: all 20 valid pixels have the value 7"):
        classify_file(flat, bins=3)
    assert counts_of(classify_file(flat, cutoffs=[7])) == [20, 0]
    for how in ({"bins": 3}, {"cutoffs": [1]}):
        with pytest.raises(DataError, match=r"empty.tif: no pixel is valid"):
            classify_file(empty, tmp_path / "c.tif", **how)  # type: ignore[arg-type]
    assert not (tmp_path / "c.tif").exists()


# Types of codes


@pytest.mark.filterwarnings("ignore:no class names")
@pytest.mark.parametrize(
    ("largest", "dtype"), [(255, "uint8"), (256, "uint16"), (65535, "uint16"), (65536, "uint32"), (2**32 - 1, "uint32")]
)
def test_codes_get_the_smallest_type_that_holds_them(ramp: Path, tmp_path: Path, largest: int, dtype: str) -> None:
    result = classify_file(ramp, tmp_path / "c.tif", cutoffs=[49], values=[3, largest])
    codes = read(tmp_path / "c.tif")
    assert codes.dtype == dtype == result.preview.dtype
    np.testing.assert_array_equal(codes, np.where(np.arange(100).reshape(10, 10) <= 49, 3, largest))
    assert counts_of(result) == [50, 50]


def test_codes_too_large_for_a_palette_say_so_and_keep_their_colors(ramp: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"cutoffs": [49], "lut": "thermal", "color": tmp_path / "p.tif", "overwrite": True}
    with pytest.warns(LossWarning) as said:
        classify_file(ramp, tmp_path / "c.tif", values=[3, 65536], **options)
    assert any("no palette: GTiff holds none for codes of uint32" in str(warning.message) for warning in said)
    colors = read(tmp_path / "p.tif")
    classify_file(ramp, tmp_path / "c.tif", values=[3, 65535], **options)
    np.testing.assert_array_equal(read(tmp_path / "p.tif"), colors)
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.colormap(1)[3][:3] == tuple(colors[:, 0, 0])


def test_more_bins_than_values(ramp: Path, tmp_path: Path) -> None:
    result = classify_file(ramp, tmp_path / "c.tif", bins=1000)
    assert read(tmp_path / "c.tif").dtype == np.uint16
    assert sum(counts_of(result)) == 100
    assert sum(count > 0 for count in counts_of(result)) == 100
    # The value v lies in the bin ceil(1000 v / 99), the lowest in the first.
    expected = [max(1, math.ceil(Fraction(1000 * v, 99))) for v in range(100)]
    assert read(tmp_path / "c.tif").ravel().tolist() == expected


# Counts, shares, areas


def test_everything_is_counted_and_said(tmp_path: Path, draw_raster: Draw) -> None:
    values = np.array([[1, 2, 3, np.nan], [np.inf, -np.inf, -9999, 50], [2, 2, 7, 8]], np.float32)
    source = draw_raster(tmp_path / "v.tif", values, nodata=-9999, **UTM, band={"descriptions": ("heat",)})
    table = ClassTable(codes=(1, 2), edges=(1, 2, 8))
    lut = Lut(name="l", kind="classes", keys=(1, 2, 3), colors=((9, 9, 9, 255), (8, 8, 8, 255), (7, 7, 7, 255)))
    result = classify_file(source, tmp_path / "c.tif", table=table, lut=lut, stats=tmp_path / "s.csv")
    assert dataclasses.asdict(result) | {"table": 0, "shares": 0, "preview": 0, "georef": 0, "lut": 0} == {
        "source": str(source),
        "table": 0,
        "shares": 0,
        "without_data": 4,
        "infinite": 2,
        "outside": 1,
        "preview": 0,
        "shape": (3, 4),
        "georef": 0,
        "lut": 0,
        "label": "heat",
        "notes": (),
        "is_masked": False,
        "written": (str(tmp_path / "c.tif"), str(tmp_path / "s.csv")),
    }
    assert counts_of(result) == [4, 3]
    assert result.preview.tolist() == [[1, 1, 2, 0], [0, 0, 0, 0], [1, 1, 2, 2]] == read(tmp_path / "c.tif").tolist()
    assert result.lut is not None
    assert result.lut.keys == (1, 2)
    assert result.georef.bounds(result.shape) == (500_000, 3_999_940, 500_120, 4_000_000)


def test_the_table_of_classes_as_csv(ramp: Path, tmp_path: Path) -> None:
    classify_file(ramp, cutoffs=[24, 89], names=["low, wet", 'a "b"', "ü"], stats=tmp_path / "s.csv")
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["code", "interval", "name", "pixels", "percent", "area_m2"],
        ["1", "<= 24", "low, wet", "25", "25.0", "15000.0"],
        ["2", "(24, 89]", 'a "b"', "65", "65.0", "39000.0"],
        ["3", "> 89", "ü", "10", "10.0", "6000.0"],
    ]


@pytest.mark.parametrize(
    ("place", "area"),
    [
        (UTM, 600.0),
        ({"crs": CRS.from_epsg(2225), "transform": from_origin(6e6, 2e6, 3, 3)}, 9 * (1200 / 3937) ** 2),
        ({"crs": CRS.from_epsg(4326), "transform": from_origin(10, 50, 0.1, 0.1)}, None),
        ({"transform": from_origin(10, 50, 2, 2)}, None),
        ({}, None),
    ],
    ids=["meters", "feet", "degrees", "no CRS", "nowhere"],
)
def test_areas(tmp_path: Path, draw_raster: Draw, place: dict[str, Any], area: float | None) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[1, 1, 2]], np.uint8), **place)
    result = classify_file(source, cutoffs=[1], stats=tmp_path / "s.csv")
    last = [line.split(",")[-1] for line in (tmp_path / "s.csv").read_text().splitlines()][1:]
    if area is None:
        assert [share.area_m2 for share in result.shares] == [None, None]
        assert last == ["", ""]
    else:
        assert [share.area_m2 for share in result.shares] == pytest.approx([2 * area, area], rel=1e-12)
        assert [float(text) for text in last] == pytest.approx([2 * area, area], rel=1e-12)


def test_where_no_pixel_is_in_any_class_there_is_no_percentage(ramp: Path) -> None:
    result = classify_file(ramp, table=ClassTable(codes=(1, 2), edges=(200, 210, 220)))
    assert all(math.isnan(share.percent) for share in result.shares)
    assert (result.outside, counts_of(result)) == (100, [0, 0])


# Colors


@pytest.mark.parametrize(
    ("pixels", "options", "layers"),
    [
        ([[1, 2]], {"cutoffs": [1]}, 3),
        ([[1, 2]], {"bins": 2}, 3),
        ([[1, 2]], {"table": ClassTable(codes=(1,), edges=(0, 5))}, 4),
        ([[1, 2]], {"table": ClassTable(codes=(1,), edges=(0, 5)), "outside": "clamp"}, 3),
        ([[1, 2]], {"table": ClassTable(codes=(1,), edges=(0, 5)), "outside": "error"}, 3),
        ([[1, 2]], {"table": ClassTable(codes=(1, 2), values=(1, 2))}, 4),
        ([[1.0, 2.0]], {"cutoffs": [1]}, 4),
    ],
)
def test_a_picture_has_alpha_where_a_pixel_may_be_of_no_class(
    tmp_path: Path, draw_raster: Draw, pixels: Any, options: dict[str, Any], layers: int
) -> None:
    pixels = np.array(pixels, np.float32 if isinstance(pixels[0][0], float) else np.uint8)
    source = draw_raster(tmp_path / "v.tif", pixels)
    classify_file(source, color=tmp_path / "p.tif", lut="thermal", **options)
    picture = read(tmp_path / "p.tif")
    assert len(picture) == layers
    assert layers == 3 or (picture[3] == 255).all()


def test_nodata_and_translucent_colors_need_alpha(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[1, 2, 9]], np.uint8), nodata=9)
    classify_file(source, color=tmp_path / "p.png", cutoffs=[1], lut="thermal")
    assert read(tmp_path / "p.png")[3].ravel().tolist() == [255, 255, 0]
    opaque = draw_raster(tmp_path / "o.tif", np.array([[1, 2, 9]], np.uint8))
    glass = Lut(name="glass", kind="classes", keys=(1, 2), colors=((255, 0, 0, 100), (0, 0, 255, 255)))
    classify_file(opaque, color=tmp_path / "q.png", cutoffs=[1], lut=glass)
    assert read(tmp_path / "q.png").reshape(4, 3).T.tolist() == [[255, 0, 0, 100], [0, 0, 255, 255], [0, 0, 255, 255]]


def jpeg_notes(source: Path, lut: Lut, path: Path) -> list[str]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", LossWarning)
        classify_file(source, color=path, cutoffs=[1], lut=lut, overwrite=True)
    return [str(warning.message) for warning in said if issubclass(warning.category, LossWarning)]


def test_a_jpeg_says_what_it_shows_white_and_only_then(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.kron([[1, 2, 9]], np.ones((32, 32))).astype(np.uint8)
    full = draw_raster(tmp_path / "full.tif", pixels)
    holes = draw_raster(tmp_path / "holes.tif", pixels, nodata=9)
    could = draw_raster(tmp_path / "could.tif", pixels, nodata=77)
    colors = ((200, 0, 0, 255), (0, 0, 200, 255))
    lut = Lut(name="l", kind="classes", keys=(1, 2), colors=colors)
    assert jpeg_notes(full, lut, tmp_path / "p.jpg") == jpeg_notes(could, lut, tmp_path / "p.jpg") == []
    assert jpeg_notes(holes, lut, tmp_path / "p.jpg") == [
        f"{tmp_path / 'p.jpg'}: JPEG cannot be transparent; pixels of no class are white"
    ]
    assert read(tmp_path / "p.jpg")[:, 16, 80].tolist() == pytest.approx([255, 255, 255], abs=3)
    black = dataclasses.replace(lut, nodata=(0, 0, 0, 255))
    assert jpeg_notes(holes, black, tmp_path / "p.jpg") == []
    assert read(tmp_path / "p.jpg")[:, 16, 80].tolist() == pytest.approx([0, 0, 0], abs=3)
    glass = dataclasses.replace(lut, colors=((200, 0, 0, 0), (0, 0, 200, 255)))
    assert [note.split("; ")[1] for note in jpeg_notes(full, glass, tmp_path / "p.jpg")] == [
        "the colors that should be are laid on white"
    ]


def test_the_place_is_carried_to_class_map_and_pictures(ramp: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "c.tif", tmp_path / "p.png"]
    classify_file(ramp, paths[0], color=paths[1], bins=5, lut="thermal", cog=True)
    for path in paths:
        with rasterio.open(path) as file:
            assert (file.crs, file.transform) == (UTM["crs"], UTM["transform"])
    with rasterio.open(paths[0]) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.nodata == 0


# All or nothing


class Broken(Exception):
    """What the test breaks the work with."""


def everything(tmp_path: Path) -> dict[str, Any]:
    return {
        "destination": tmp_path / "c.tif",
        "color": tmp_path / "p.png",
        "save_table": tmp_path / "t.json",
        "stats": tmp_path / "s.csv",
        "bins": 3,
        "lut": "thermal",
    }


@pytest.mark.parametrize("pass_number", [1, 2])
def test_an_error_on_the_way_leaves_nothing_new_and_all_that_is_old(
    ramp: Path, tmp_path: Path, pass_number: int
) -> None:
    (tmp_path / "c.tif").write_bytes(b"old")
    (tmp_path / "c.tif.aux.xml").write_bytes(b"old too")

    def stop(done: int, total: int) -> None:
        if done == total * pass_number // 2 - 3:
            raise Broken

    with pytest.raises(Broken):
        classify_file(ramp, **everything(tmp_path), block_size=2, overwrite=True, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.tif", "c.tif.aux.xml", "ramp.tif"]
    assert (tmp_path / "c.tif").read_bytes() == b"old"
    assert (tmp_path / "c.tif.aux.xml").read_bytes() == b"old too"


def test_a_damaged_source_leaves_nothing(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (512, 512)).astype(np.uint8)
    source = draw_raster(tmp_path / "v.tif", pixels, compress="deflate", tiled=True, blockxsize=128, blockysize=128)
    source.write_bytes(source.read_bytes()[:-60_000])
    with pytest.raises(ReadError, match=r"v.tif: the pixels of rows \d+ to \d+"):
        classify_file(source, tmp_path / "c.tif", cutoffs=[3], block_size=128)
    assert [path.name for path in tmp_path.iterdir()] == ["v.tif"]


def test_outputs_that_exist_are_kept(ramp: Path, tmp_path: Path) -> None:
    classify_file(ramp, **everything(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(DestinationExistsError, match=r"c.tif exists already; give --overwrite"):
        classify_file(ramp, **everything(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    classify_file(ramp, **everything(tmp_path), overwrite=True)


@pytest.mark.parametrize("what", ["table", "lut"])
def test_an_input_is_never_overwritten(ramp: Path, tmp_path: Path, what: str) -> None:
    given = tmp_path / {"table": "in.json", "lut": "in.csv"}[what]
    given.write_text(
        {"table": ClassTable.from_cutoffs([5]).to_json(), "lut": "value,red,green,blue\n0,0,0,0\n1,9,9,9\n"}[what]
    )
    options: dict[str, Any] = {"table": given} if what == "table" else {"lut": given, "cutoffs": [5]}
    with pytest.raises(UsageError, match="give another one"):
        classify_file(ramp, save_table=given, overwrite=True, **options)
    assert given.stat().st_size > 20


def test_a_table_that_is_none_is_said(ramp: Path, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("[1, 2]")
    with pytest.raises(TableError, match=r"t.json: not a class table"):
        classify_file(ramp, table=tmp_path / "t.json")
    with pytest.raises(TableError, match="cannot be read"):
        classify_file(ramp, table=tmp_path / "nowhere.json")
    (tmp_path / "u.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TsrasterError, match="not UTF-8"):
        classify_file(ramp, table=tmp_path / "u.json")


@pytest.mark.parametrize(("how", "total"), [({"bins": 3}, 8), ({"cutoffs": [5]}, 4)])
def test_progress_reaches_its_total(ramp: Path, how: dict[str, Any], total: int) -> None:
    said: list[tuple[int, int]] = []
    classify_file(ramp, block_size=5, progress=lambda *counts: said.append(counts), **how)
    assert said == [(i, total) for i in range(1, total + 1)]


@pytest.mark.parametrize(
    ("options", "tags", "area"),
    [
        ({}, {}, None),
        ({"pixel_size": "0.5um"}, {}, 0.25e-12),
        ({"pixel_size": "2x0.5mm"}, {}, 1e-6),
        ({}, {"TIFFTAG_XRESOLUTION": "10000", "TIFFTAG_YRESOLUTION": "10000", "TIFFTAG_RESOLUTIONUNIT": "3"}, 1e-12),
    ],
    ids=["unknown", "square", "oblong", "tags"],
)
def test_areas_of_a_picture_follow_from_the_size_of_its_pixels(
    options: dict[str, Any], tags: dict[str, str], area: float | None, draw_raster: Draw, tmp_path: Path
) -> None:
    source = draw_raster(tmp_path / "photo.tif", np.arange(20, dtype=np.uint8).reshape(4, 5), tags=tags)
    shares = classify_file(source, cutoffs=[9], **options).shares
    assert [share.area_m2 for share in shares] == [area if area is None else pytest.approx(10 * area)] * 2


def test_a_size_without_a_unit_is_refused(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "photo.tif", np.arange(20, dtype=np.uint8).reshape(4, 5))
    with pytest.raises(UsageError, match=r"'0\.65' is no size of a pixel; write a number and its unit"):
        classify_file(source, tmp_path / "c.tif", cutoffs=[9], pixel_size="0.65")
    assert not (tmp_path / "c.tif").exists()
