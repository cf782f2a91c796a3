"""`points_file`: a raster to points, with what is printed, written and refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
from click.testing import CliRunner
from matplotlib.figure import Figure
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tests.inversion.points.drawnfields import (
    draw_idw,
    draw_linear,
    draw_nearest,
    draw_net,
    draw_samples,
    find_distances,
)
from tsraster import points_file
from tsraster.cli.program import program
from tsraster.errors import (
    DataError,
    DestinationExistsError,
    LossWarning,
    MissingSourceError,
    ReadError,
    TsrasterError,
    UsageError,
)
from tsraster.pipeline import heldfield, pointchoice
from tsraster.plots import plot_thinning

Draw = Callable[..., Path]
UTM: dict[str, Any] = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 30)}


@pytest.fixture
def cells(tmp_path: Path, draw_raster: Draw) -> Path:
    """Cells of nearest neighbors, whose first rows are nodata."""
    pixels = draw_nearest(*draw_samples(40, (120, 160), 1, on_pixels=True), (120, 160))
    pixels[:10] = -9999
    return draw_raster(tmp_path / "cells.tif", pixels, nodata=-9999, band={"units": ("mm",)}, **UTM)


@pytest.fixture
def waves(tmp_path: Path, draw_raster: Draw) -> Path:
    rows, cols = np.indices((90, 130))
    return draw_raster(tmp_path / "waves.tif", (np.sin(rows / 15) * np.cos(cols / 20)).astype(np.float32), **UTM)


def read_csv(path: Path) -> list[dict[str, float]]:
    with path.open() as file:
        return [{key: float(cell) for key, cell in row.items() if cell} for row in csv.DictReader(file)]


@pytest.mark.parametrize("interpolate", ["nearest", "idw", "linear"])
def test_samples_are_found_within_a_pixel_and_the_field_is_made_again(
    interpolate: str, tmp_path: Path, draw_raster: Draw
) -> None:
    shape = (161, 201)
    places, values = draw_net(shape, 40, 3) if interpolate == "linear" else draw_samples(30, shape, 3, on_pixels=True)
    draw = {"nearest": draw_nearest, "idw": draw_idw, "linear": draw_linear}[interpolate]
    field = draw(places, values, shape)
    source = draw_raster(tmp_path / "field.tif", field, **UTM)
    result = points_file(
        source, tmp_path / "p.csv", method="samples", interpolate=interpolate, remake=tmp_path / "again.tif"
    )
    table = read_csv(tmp_path / "p.csv")
    # Never farther than a neighboring pixel, and nearly all nearer.
    distances = find_distances(places, [[row["row"], row["col"]] for row in table])
    assert distances.max() <= np.sqrt(2)
    assert np.mean(distances <= 1) > 0.95
    assert len(table) == len(places)
    with rasterio.open(tmp_path / "again.tif") as file:
        error = file.read(1).astype(np.float64) - field
    assert result.rmse == pytest.approx(np.sqrt(np.mean(error**2)), abs=1e-9)
    assert result.to_percent(result.rmse) < {"nearest": 5, "idw": 0.01, "linear": 0.001}[interpolate]


def test_plateaus_have_coordinates_counts_and_spreads(cells: Path, tmp_path: Path) -> None:
    result = points_file(cells, tmp_path / "p.csv", interpolate="nearest")
    with rasterio.open(cells) as file:
        pixels = file.read(1)
    table = read_csv(tmp_path / "p.csv")
    assert list(table[0]) == ["x", "y", "col", "row", "value", "count", "spread"]
    for row in table:
        assert row["x"] == 500_000 + 30 * (row["col"] + 0.5)
        assert row["y"] == 4_000_000 - 30 * (row["row"] + 0.5)
        assert row["value"] == pixels[int(row["row"]), int(row["col"])]
    assert result.valid == 110 * 160
    assert result.without_data == 1600
    assert result.on_plateaus == sum(row["count"] for row in table)
    assert result.reduction == result.valid / len(table)


def test_a_region_is_thinned_by_itself_and_counts_from_the_whole(cells: Path, tmp_path: Path) -> None:
    result = points_file(cells, tmp_path / "p.csv", region=[40, 30, 140, 110], remake=tmp_path / "again.tif")
    table = read_csv(tmp_path / "p.csv")
    assert all(40 <= row["col"] < 140 and 30 <= row["row"] < 110 for row in table)
    assert all(row["x"] == 500_000 + 30 * (row["col"] + 0.5) for row in table)
    with rasterio.open(tmp_path / "again.tif") as file:
        assert file.shape == (80, 100)
        assert file.transform.c == 500_000 + 30 * 40
        assert file.transform.f == 4_000_000 - 30 * 30
    assert result.valid == 8000


def test_the_adaptive_error_is_kept_at_every_pixel(waves: Path, tmp_path: Path) -> None:
    result = points_file(
        waves,
        tmp_path / "p.parquet",
        method="adaptive",
        max_error="2%",
        remake=tmp_path / "again.tif",
        report=tmp_path / "r.json",
    )
    with rasterio.open(waves) as one, rasterio.open(tmp_path / "again.tif") as other:
        field, made = one.read(1).astype(np.float64), other.read(1)
        assert other.crs == one.crs
        assert other.transform == one.transform
        assert other.dtypes == ("float32",)
    assert result.max_error == pytest.approx(0.02 * np.ptp(field))
    assert np.abs(made - field).max() == pytest.approx(result.largest_error)
    assert result.largest_error <= result.max_error
    said = json.loads((tmp_path / "r.json").read_text())
    for name in ("rmse", "mean_error", "largest_error", "reduction", "valid", "method", "max_error"):
        assert said[name] == getattr(result, name)
    assert said["points"] == len(result.points)
    assert said["rmse_percent"] == result.to_percent(result.rmse)


def test_what_is_made_again_has_nodata_where_the_field_has(cells: Path, tmp_path: Path) -> None:
    points_file(cells, tmp_path / "p.csv", remake=tmp_path / "again.tif")
    with rasterio.open(tmp_path / "again.tif") as file:
        assert np.isnan(file.nodata)
        assert np.array_equal(np.isnan(file.read(1)).any(axis=1), np.arange(120) < 10)
        assert file.units == ("mm",)


@pytest.mark.parametrize("ending", ["csv", "gpkg", "parquet"])
def test_the_same_points_are_in_every_format(ending: str, waves: Path, tmp_path: Path) -> None:
    path = tmp_path / f"p.{ending}"
    result = points_file(waves, path, tolerance=0.02)
    if ending == "csv":
        values = [row["value"] for row in read_csv(path)]
    elif ending == "gpkg":
        values = pyogrio.raw.read(path, columns=["value"])[3][0].tolist()
    else:
        import pyarrow.parquet

        values = pyarrow.parquet.read_table(path)["value"].to_pylist()
    assert np.array_equal(np.float32(values), result.points.values)


@pytest.mark.parametrize(("block_size", "workers"), [(7, 1), (64, 3), (1000, 2)])
def test_blocks_and_workers_change_nothing(block_size: int, workers: int, cells: Path, tmp_path: Path) -> None:
    whole = points_file(cells, tmp_path / "a.csv")
    points_file(cells, tmp_path / "b.csv", block_size=block_size, workers=workers)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert len(whole.points) > 30


def test_integers_wider_than_floats_keep_their_values(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.repeat(np.array([[2**24, 2**24 + 1, 2**31 - 1]], dtype=np.int32), 6, axis=1).repeat(5, axis=0)
    result = points_file(draw_raster(tmp_path / "i.tif", pixels, **UTM), tmp_path / "p.csv")
    assert result.points.values.tolist() == [2**24, 2**24 + 1, 2**31 - 1]


def test_a_constant_field_is_one_plateau(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "c.tif", np.full((9, 9), 7, dtype=np.uint8), **UTM)
    result = points_file(source, tmp_path / "p.csv")
    assert result.points.places.tolist() == [[4, 4]]
    assert (result.rmse, result.to_percent(result.rmse), result.reduction) == (0, 0, 81)
    adaptive = points_file(source, tmp_path / "q.csv", method="adaptive", max_error="5%")
    assert len(adaptive.points) == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (12, 1), (2, 2)])
def test_tiny_fields_are_thinned(shape: tuple[int, int], tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "t.tif", np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape), **UTM)
    result = points_file(source, tmp_path / "p.csv", method="adaptive", max_error=0.5)
    assert result.largest_error <= 0.5
    plot_thinning(result, tmp_path / "p.png")


def test_not_a_number_and_infinity_are_no_data(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.ones((6, 8), dtype=np.float32)
    pixels[0, :3] = np.nan, np.inf, -np.inf
    result = points_file(draw_raster(tmp_path / "n.tif", pixels, **UTM), tmp_path / "p.csv")
    assert (result.valid, result.without_data, len(result.points)) == (45, 3, 1)


def test_gcps_alone_give_columns_and_rows(tmp_path: Path, draw_raster: Draw) -> None:
    gcps = [GroundControlPoint(row, col, 10 + col, 50 - row) for row, col in ((0, 0), (0, 9), (9, 0))]
    source = draw_raster(tmp_path / "g.tif", np.ones((10, 10), np.uint8), gcps=(gcps, CRS.from_epsg(4326)))
    with pytest.warns(LossWarning, match="lies by ground control points only; the points have columns and rows"):
        points_file(source, tmp_path / "p.csv", region=[2, 3, 9, 9], remake=tmp_path / "again.tif")
    assert list(read_csv(tmp_path / "p.csv")[0]) == ["col", "row", "value", "count", "spread"]
    with rasterio.open(tmp_path / "again.tif") as file:
        assert [(gcp.row, gcp.col) for gcp in file.gcps[0]] == [(-3, -2), (-3, 7), (6, -2)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": -1.0}, "--tolerance -1 is out of range; give a number from 0"),
        ({"tolerance": float("nan")}, "--tolerance nan is out of range"),
        ({"method": "adaptive"}, "--method adaptive needs --max-error"),
        ({"method": "adaptive", "max_error": 0}, "--max-error 0 is out of range; give a positive number"),
        ({"method": "adaptive", "max_error": "-3%"}, "--max-error -3% is out of range"),
        ({"method": "adaptive", "max_error": "much"}, "--max-error much is no number"),
        ({"method": "adaptive", "max_error": "inf"}, "--max-error inf is out of range"),
        ({"method": "adaptive", "max_error": 1, "tolerance": 1.0}, "--tolerance goes with --method plateaus"),
        (
            {"method": "adaptive", "max_error": 1, "interpolate": "idw"},
            "--method adaptive makes the field again linear",
        ),
        ({"max_error": 1}, "--max-error goes with --method adaptive"),
        ({"eps": 2.0}, "--eps goes with --cluster dbscan"),
        ({"cluster": "dbscan", "eps": 0.5}, "--eps 0.5 is out of range; give a number from 1"),
        ({"cluster": "dbscan", "connectivity": 4}, "--connectivity goes with --cluster components"),
        ({"cluster": "kmeans"}, "pixels cannot be joined by 'kmeans'; choose from components, dbscan"),
        ({"connectivity": 6}, "a pixel has no 6 neighbors; give --connectivity 4 or 8"),
        ({"min_size": 0}, "--min-size 0 is out of range; give a number from 1"),
        ({"method": "best"}, "points cannot be chosen by 'best'; choose from plateaus, adaptive, samples"),
        ({"interpolate": "cubic"}, "a field cannot be interpolated 'cubic'; choose from linear, nearest, idw"),
        ({"region": [5, 5, 5, 9]}, "--region 5,5,5,9 is no part of"),
        ({"remake": "again.png"}, "again.png cannot hold 32-bit floats; let --remake end in .tif"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(
    options: dict[str, Any], message: str, cells: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        points_file(cells, tmp_path / "p.csv", **options)
    assert message in str(refused.value)
    assert not (tmp_path / "p.csv").exists()


def test_a_wrong_destination_is_refused(cells: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"p.shp has no ending that points can have; choose from .csv, .gpkg, .parquet"
    ):
        points_file(cells, tmp_path / "p.shp")
    (tmp_path / "p.csv").write_text("mine")
    with pytest.raises(DestinationExistsError, match="exists already"):
        points_file(cells, tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text() == "mine"
    with pytest.raises(UsageError, match="is named for two outputs"):
        points_file(cells, tmp_path / "q.csv", report=tmp_path / "q.csv")


NOISE = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)


@pytest.mark.parametrize(
    ("pixels", "options", "message"),
    [
        (np.full((5, 5), -1, np.float32), {}, "has no valid pixel to thin; all are nodata"),
        (np.full((5, 5), np.nan, np.float32), {}, "has no valid pixel to thin"),
        (NOISE, {}, "no pixel lies on a plateau, where the gradient is at most 0 per pixel"),
        (NOISE, {}, "is thinned by --method adaptive --max-error 5%, or give a larger --tolerance"),
        (
            np.arange(40.0).reshape(5, 8).repeat(3, axis=0) // 4,
            {"min_size": 99},
            "is large enough; give a smaller --min-size",
        ),
        (NOISE, {"method": "samples", "interpolate": "nearest"}, "the field was not made by nearest neighbor"),
        (np.indices((9, 9))[0] * 1.0, {"method": "samples", "interpolate": "idw"}, "has neither peaks nor pits"),
        (NOISE[:2], {"method": "samples", "interpolate": "idw"}, "2 x 50 pixels have no inside"),
    ],
)
def test_fields_without_such_points_are_refused(
    pixels: Any, options: dict[str, Any], message: str, tmp_path: Path, draw_raster: Draw
) -> None:
    source = draw_raster(tmp_path / "f.tif", pixels, nodata=-1, **UTM)
    with pytest.raises(DataError) as refused:
        points_file(source, tmp_path / "p.csv", **options)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(source))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.tif"]


def test_a_field_too_large_for_memory_is_refused(cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldfield, "MOST_BYTES", 4 * 8000)
    with pytest.raises(DataError, match=r"must fit into memory: .*; take a part with --region left,top,right,bottom"):
        points_file(cells, tmp_path / "p.csv")
    assert points_file(cells, tmp_path / "p.csv", region=[0, 20, 100, 100]).valid == 8000


def test_samples_are_looked_for_among_so_many_pixels(
    waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pointchoice, "MOST_SEARCHED", 1000)
    with pytest.raises(
        DataError, match=r"samples of linear interpolation are looked for among .*; take a part with --region"
    ):
        points_file(waves, tmp_path / "p.csv", method="samples")


def test_sources_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").write_bytes(b"")
    with pytest.raises(ReadError):
        points_file(tmp_path / "empty.tif", tmp_path / "p.csv")
    with pytest.raises(MissingSourceError):
        points_file(tmp_path / "none.tif", tmp_path / "p.csv")


def test_sparse_plateaus_name_another_method(waves: Path, tmp_path: Path) -> None:
    result = points_file(waves, tmp_path / "p.csv", tolerance=0.0005)
    assert "of the pixels lie on plateaus; --method adaptive --max-error 5% may suit the field better" in result.advice


def test_cells_that_fit_no_nearest_neighbors_are_said(tmp_path: Path, draw_raster: Draw) -> None:
    rows, cols = np.indices((100, 120))
    bricks = (rows // 20) * 100 + (cols + 13 * (rows // 20)) // (21 + 6 * (rows // 20 % 3))
    source = draw_raster(tmp_path / "b.tif", bricks.astype(np.int16), **UTM)
    result = points_file(source, tmp_path / "p.csv", method="samples", interpolate="nearest")
    assert result.misfit is not None
    assert result.misfit > 0.5
    assert "so the field was made in another way" in result.advice


def test_the_command_prints_errors_and_exit_codes(cells: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(
        program,
        ["points", str(cells), str(tmp_path / "p.gpkg"), "--interpolate", "nearest", "--plot", str(tmp_path / "p.png")],
    )
    assert done.exit_code == 0, done.output
    for words in ("pixels a point", "plateaus:", "RMSE", "% of the range", "largest error", "p.png"):
        assert words in done.output
    assert " mm " in done.output
    failed = run(program, ["points", str(cells), str(tmp_path / "q.csv"), "--max-error", "5%"])
    assert isinstance(failed.exception, UsageError)
    failed = run(
        program,
        [
            "points",
            str(cells),
            str(tmp_path / "q.csv"),
            "--method",
            "samples",
            "--interpolate",
            "linear",
            "--region",
            "0,0,9,9",
        ],
    )
    assert isinstance(failed.exception, TsrasterError)


def test_errors_of_large_values_are_numbers(waves: Path, tmp_path: Path, draw_raster: Draw) -> None:
    with rasterio.open(waves) as file:
        pixels = file.read(1).astype(np.float64)
    paths = [draw_raster(tmp_path / f"{power}.tif", pixels * 2.0**power, **UTM) for power in (0, 1000)]
    results = [
        points_file(path, tmp_path / f"{path.stem}.csv", method="adaptive", max_error="5%", report=tmp_path / path.stem)
        for path in paths
    ]
    for name in ("rmse", "mean_error", "largest_error"):
        assert getattr(results[1], name) == getattr(results[0], name) * 2.0**1000
    assert json.loads((tmp_path / "1000").read_text())["rmse"] == results[1].rmse


def test_the_plot_shows_field_points_and_difference(
    waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *a, **k: (saved.append(figure), save(figure, *a, **k))[1])
    result = points_file(waves, tmp_path / "p.csv", method="adaptive", max_error="5%")
    plot_thinning(result, tmp_path / "p.png")
    left, middle, right = saved[0].axes[:3]
    (dots,) = left.collections
    np.testing.assert_allclose(dots.get_offsets(), np.column_stack([result.x, result.y]))
    assert left.images[0].get_clim() == middle.images[0].get_clim() == (result.minimum, result.maximum)
    assert right.images[0].get_clim() == (-result.largest_error, result.largest_error)
    assert left.images[0].get_extent() == [500_000, 503_900, 3_997_300, 4_000_000]
    assert f"{len(result.points)} points" in left.get_title("left")
