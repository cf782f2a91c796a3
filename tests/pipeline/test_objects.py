"""`objects_file` and `tsraster objects`: grains and pores of class maps, their table, image and plot."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin
from scipy import ndimage
from skimage.measure import regionprops_table

from tsraster import classify_file, objects_file
from tsraster.cli.program import program
from tsraster.errors import BandError, DataError, DestinationExistsError, UsageError
from tsraster.pipeline import objects as module
from tsraster.plots import plot_sizes
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}


def read(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read(1)
    return pixels


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def draw_codes(seed: int = 0, shape: tuple[int, int] = (90, 110)) -> NDArray[np.uint8]:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.6)
    return np.asarray(1 + np.digitize(noise, [-0.1, 0.1]), dtype=np.uint8)


@pytest.fixture
def class_map(tmp_path: Path, draw_raster: Draw) -> Path:
    """Three classes, the third of which is called pore, by a job that names them."""
    source = draw_raster(tmp_path / "source.tif", draw_codes())
    classify_file(source, tmp_path / "classes.tif", cutoffs=[1, 2], names=["dark", "grain", "pore"])
    return tmp_path / "classes.tif"


# What is measured


def test_the_table_is_that_of_the_labels(class_map: Path, tmp_path: Path) -> None:
    result = objects_file(class_map, tmp_path / "labels.tif", class_=3, pixel_size="0.5um", csv=tmp_path / "o.csv")
    labels = read(tmp_path / "labels.tif")
    np.testing.assert_array_equal(labels > 0, read(class_map) == 3)
    theirs = regionprops_table(labels, spacing=(0.5, 0.5), properties=("label", "area", "perimeter_crofton"))
    np.testing.assert_allclose(result.table.area, theirs["area"])
    np.testing.assert_allclose(result.table.perimeter, theirs["perimeter_crofton"])
    rows = rows_of(tmp_path / "o.csv")
    assert list(rows[0]) == [
        "label", "pixels", "area_um2", "equivalent_diameter_um", "major_axis_um", "minor_axis_um", "elongation",
        "orientation_deg", "perimeter_um", "row", "col", "first_row", "first_col", "rows", "cols", "touches_border",
    ]  # fmt: skip
    assert [int(row["label"]) for row in rows] == theirs["label"].tolist()
    for name, values in (("area_um2", result.table.area), ("perimeter_um", result.table.perimeter)):
        np.testing.assert_allclose([float(row[name]) for row in rows], values, rtol=1e-9)
    assert [row["orientation_deg"] == "" for row in rows] == np.isnan(result.table.orientation).tolist()
    assert {row["touches_border"] for row in rows} == {"0", "1"}


@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_objects_are_those_of_scipy(class_map: Path, tmp_path: Path, connectivity: Any) -> None:
    result = objects_file(class_map, tmp_path / "l.tif", class_=2, connectivity=connectivity)
    structure = np.ones((3, 3)) if connectivity == 8 else None
    expected, number = ndimage.label(read(class_map) == 2, structure)
    assert len(result.table) == number
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), expected)


@pytest.mark.parametrize("block_size", [1, 7, 32, 1000])
@pytest.mark.parametrize("workers", [1, 3])
def test_blocks_and_workers_change_nothing(class_map: Path, block_size: int, workers: int) -> None:
    whole = objects_file(class_map, class_=3)
    parts = objects_file(class_map, class_=3, block_size=block_size, workers=workers)
    for name in ("label", "pixels", "perimeter", "major_axis", "row"):
        np.testing.assert_array_equal(getattr(parts.table, name), getattr(whole.table, name))
    assert (parts.by_area, parts.valid) == (whole.by_area, whole.valid)


@pytest.mark.parametrize("class_", [3, "3", "pore", "Pore", " PORE "])
def test_a_class_has_a_code_and_a_name(class_map: Path, class_: int | str) -> None:
    result = objects_file(class_map, class_=class_)
    assert (result.code, result.name) == (3, "pore")
    assert int(result.table.pixels.sum()) == np.count_nonzero(read(class_map) == 3)


@pytest.mark.parametrize(
    ("class_", "error", "said"),
    [
        (None, UsageError, "name the class .* with --class: 1 dark, 2 grain, 3 pore"),
        (7, DataError, "no pixel of class 7; choose from 1 dark, 2 grain, 3 pore"),
        (-1, DataError, "no pixel of class -1"),
        ("poor", DataError, "no class called 'poor'; did you mean pore"),
    ],
)
def test_a_class_that_is_not_there(class_map: Path, class_: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        objects_file(class_map, class_=class_)


def test_names_may_be_missing_or_stand_for_several(tmp_path: Path, draw_raster: Draw) -> None:
    plain = draw_raster(tmp_path / "plain.tif", draw_codes())
    with pytest.raises(DataError, match="no names of classes"):
        objects_file(plain, class_="pore")
    classify_file(plain, tmp_path / "twins.tif", cutoffs=[1, 2], names=["pore", "grain", "pore"])
    with pytest.raises(DataError, match="several classes called 'pore': 1, 3"):
        objects_file(tmp_path / "twins.tif", class_="pore")


def test_a_class_that_is_known_may_be_empty(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "s.tif", np.full((5, 6), 2, np.uint8))
    classify_file(source, tmp_path / "c.tif", cutoffs=[1, 5], names=["dark", "grain", "pore"])
    result = objects_file(tmp_path / "c.tif", tmp_path / "l.tif", class_="pore", csv=tmp_path / "o.csv")
    assert (len(result.table), result.percent) == (0, 0)
    assert math.isnan(result.mean_elongation)
    assert math.isnan(result.by_number.d50)
    assert not read(tmp_path / "l.tif").any()
    assert (tmp_path / "o.csv").read_text().startswith("label,pixels,")
    assert rows_of(tmp_path / "o.csv") == []


@pytest.mark.parametrize("clear_border", [False, True])
@pytest.mark.parametrize("min_size", [1, 12, 10**9])
def test_small_objects_and_those_at_the_border_are_left_out(
    class_map: Path, tmp_path: Path, min_size: int, clear_border: bool
) -> None:
    everything = objects_file(class_map, class_=3).table
    result = objects_file(class_map, tmp_path / "l.tif", class_=3, min_size=min_size, clear_border=clear_border)
    small = everything.pixels < min_size
    cut = ~small & everything.touches_border if clear_border else np.zeros_like(small)
    assert (result.too_small, result.cleared) == (small.sum(), cut.sum())
    np.testing.assert_array_equal(result.table.pixels, everything.pixels[~small & ~cut])
    labels, counts = np.unique(read(tmp_path / "l.tif"), return_counts=True)
    assert counts[labels > 0].tolist() == result.table.pixels.tolist()
    assert labels[labels > 0].tolist() == result.table.label.tolist()


def test_nodata_is_in_no_object_and_no_share(tmp_path: Path, draw_raster: Draw) -> None:
    codes = np.array([[0, 0, 1, 1], [2, 2, 1, 1]], np.uint8)
    result = objects_file(draw_raster(tmp_path / "a.tif", codes, nodata=2), class_=0)
    assert result.valid == 6
    assert result.percent == pytest.approx(100 / 3)  # 0 is a code like another where it is data
    with pytest.raises(DataError, match="no pixel of class 0; choose from 1, 2"):
        objects_file(draw_raster(tmp_path / "b.tif", codes, nodata=0), class_=0)
    with pytest.raises(DataError, match="none, for it has no data"):
        objects_file(draw_raster(tmp_path / "c.tif", np.zeros((2, 2), np.uint8), nodata=0), class_=1)


def test_what_is_no_class_map_is_refused(tmp_path: Path, draw_raster: Draw) -> None:
    with pytest.raises(DataError, match="float32 and no class codes"):
        objects_file(draw_raster(tmp_path / "f.tif", np.zeros((3, 3), np.float32)), class_=1)
    two = draw_raster(tmp_path / "two.tif", np.stack([draw_codes(0), draw_codes(1)]))
    with pytest.raises(BandError, match="2 bands"):
        objects_file(two, class_=1)
    second = objects_file(two, class_=1, band=2)
    assert int(second.table.pixels.sum()) == np.count_nonzero(draw_codes(1) == 1)


def test_too_many_pieces_are_refused(class_map: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_RUNS", 100)
    with pytest.raises(DataError, match="scattered over more than 100 pieces"):
        objects_file(class_map, class_=3)


# Size


def test_a_map_is_measured_in_meters_and_placed(tmp_path: Path, draw_raster: Draw) -> None:
    codes = np.zeros((8, 9), np.uint8)
    codes[2:4, 3:7] = 5
    result = objects_file(draw_raster(tmp_path / "m.tif", codes, **UTM), class_=5, csv=tmp_path / "o.csv")
    (row,) = rows_of(tmp_path / "o.csv")
    assert result.unit == "m"
    assert float(row["area_m2"]) == 8 * 600
    assert (float(row["x"]), float(row["y"])) == (500_000 + 5 * 30, 4_000_000 - 3 * 20)
    assert float(row["elongation"]) == pytest.approx(4 * 30 / (2 * 20))
    assert (row["row"], row["col"], row["orientation_deg"]) == ("2.5", "4.5", "0")


def test_without_a_size_lengths_are_in_pixels(class_map: Path, tmp_path: Path) -> None:
    result = objects_file(class_map, class_=3, csv=tmp_path / "o.csv")
    assert (result.pixel_size, result.unit) == (None, "px")
    assert "equivalent_diameter_px" in rows_of(tmp_path / "o.csv")[0]
    assert not any(name.startswith("area") for name in rows_of(tmp_path / "o.csv")[0])


def test_a_scale_bar_is_a_size(class_map: Path) -> None:
    pixels, bar = objects_file(class_map, class_=3), objects_file(class_map, class_=3, scale_bar="500um=250")
    assert bar.by_number.d50 == pytest.approx(2 * pixels.by_number.d50)
    np.testing.assert_allclose(bar.table.area, 4 * pixels.table.area)
    oblong = objects_file(class_map, class_=3, pixel_size="2x1um")
    np.testing.assert_allclose(oblong.table.area, 2 * pixels.table.area)
    assert not np.allclose(oblong.table.elongation, pixels.table.elongation)


# Outputs


@pytest.mark.parametrize(("ending", "dtype"), [("tif", "uint16"), ("png", "uint16")])
def test_labels_have_the_smallest_type_that_holds_them(
    tmp_path: Path, draw_raster: Draw, ending: str, dtype: str
) -> None:
    codes = np.zeros((60, 60), np.uint8)
    codes[::3, ::3] = 1
    result = objects_file(draw_raster(tmp_path / "c.tif", codes, **UTM), tmp_path / f"l.{ending}", class_=1)
    assert len(result.table) == 400
    labels = read(tmp_path / f"l.{ending}")
    assert labels.dtype == np.dtype(dtype)
    assert labels.max() == 400
    with rasterio.open(tmp_path / f"l.{ending}") as file:
        assert (file.crs, file.transform, file.nodata) == (UTM["crs"], UTM["transform"], 0)


def test_outputs_appear_whole_or_not_at_all(class_map: Path, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("old")
    with pytest.raises(DestinationExistsError):
        objects_file(class_map, tmp_path / "l.tif", class_=3, csv=tmp_path / "o.csv")
    with pytest.raises(DataError):
        objects_file(class_map, tmp_path / "l.tif", class_=9, csv=tmp_path / "o.csv", overwrite=True)
    assert (tmp_path / "o.csv").read_text() == "old"
    assert not (tmp_path / "l.tif").exists()
    with pytest.raises(UsageError, match="give another one"):
        objects_file(class_map, class_map, class_=3, overwrite=True)
    with pytest.raises(UsageError, match="JPEG"):
        objects_file(class_map, tmp_path / "l.jpg", class_=3)
    with pytest.raises(UsageError, match="smallest size from 1"):
        objects_file(class_map, class_=3, min_size=0)


def test_progress_reaches_its_total(class_map: Path) -> None:
    said: list[tuple[int, int]] = []
    objects_file(class_map, class_=3, block_size=40, progress=lambda *counts: said.append(counts))
    assert said[-1] == (9, 9)


# Real data, and the command


def test_the_gray_blue_dye_class_of_a_thin_section(shared_data: Path, tmp_path: Path) -> None:
    photo = shared_data / "thinsection/philliec/3.png"
    classify_file(photo, tmp_path / "labels.png", smooth="gaussian:1", cutoffs=[0.25, 0.4, 0.6, 0.75])
    result = objects_file(tmp_path / "labels.png", class_=3, scale_bar="500um=312", min_size=10)
    assert len(result.table) == 102
    assert result.too_small == 59
    assert result.percent == pytest.approx(25.75, abs=0.01)
    assert result.table.area.sum() == pytest.approx(157_310, rel=1e-3)
    assert (result.by_number.d50, result.by_area.d50) == pytest.approx((15.45, 133.4), rel=1e-3)
    assert result.mean_elongation == pytest.approx(2.167, abs=0.001)


def test_the_expert_mask_of_a_sandstone(shared_data: Path) -> None:
    result = objects_file(shared_data / "thinsection/bardelli/7a_mask.ome.tiff", class_=4, min_size=50)
    labels, _ = ndimage.label(read(shared_data / "thinsection/bardelli/7a_mask.ome.tiff") == 4, np.ones((3, 3)))
    pixels = np.bincount(labels.ravel())[1:]
    assert result.table.pixels.tolist() == pixels[pixels >= 50].tolist()
    assert result.valid == 1600 * 1200


def run(*words: object) -> str:
    result = CliRunner().invoke(program, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_what_it_found(class_map: Path, tmp_path: Path) -> None:
    said = run(
        "objects", class_map, "--class", "pore", "--pixel-size", "0.5um", "--min-size", 5, "--csv", tmp_path / "o.csv"
    )
    result = objects_file(class_map, class_="pore", pixel_size="0.5um", min_size=5)
    assert "class       3 pore" in said
    assert "0.5 um (--pixel-size 0.5um)" in said
    assert f"{len(result.table)}, 8-connected; {result.table.touches_border.sum()} of them touch the border" in said
    assert f"{result.too_small} of fewer than 5 pixels" in said
    assert f"{result.percent:.2f} % of the 9900 pixels with data" in said
    assert f"{result.by_area.d50:.5g}" in said
    assert f"wrote {tmp_path / 'o.csv'}" in said


def test_the_command_says_that_the_size_is_unknown(class_map: Path) -> None:
    said = run("objects", class_map, "--class", 3, "--clear-border", "--connectivity", 4)
    assert "unknown (the file does not say it)" in said
    assert "give --pixel-size or --scale-bar" in said
    assert "at the border" in said
    assert "may be cut" not in said


@pytest.mark.parametrize("min_size", [1, 10**9])
def test_sizes_are_drawn_by_number_and_by_area(class_map: Path, tmp_path: Path, min_size: int) -> None:
    said = run("objects", class_map, "--class", 3, "--min-size", min_size, "--plot", tmp_path / "p.png")
    assert f"wrote {tmp_path / 'p.png'}" in said
    with without_place_warning(), rasterio.open(tmp_path / "p.png") as file:
        ink = file.read([1, 2, 3]).min(axis=0) < 250
    assert 0.003 < ink.mean() < 0.9


def test_the_plot_holds_the_shares_and_percentiles(class_map: Path, tmp_path: Path) -> None:
    result = objects_file(class_map, class_=3, pixel_size="2um")
    plot_sizes(result, tmp_path / "p.svg")
    text = (tmp_path / "p.svg").read_text(encoding="utf-8")
    for written in ("equivalent diameter (µm)", "by number", f"d50 {result.by_area.d50:.4g}", "class 3 pore"):
        assert f"<!-- {written}" in text or written in text
