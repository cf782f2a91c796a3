"""Residuals of control points are those of GDAL, and leaving a point out is what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.transform import GCPTransformer, from_gcps
from scipy.interpolate import RBFInterpolator

from tsraster.cli.residualtable import print_residuals
from tsraster.errors import DataError
from tsraster.measuring.polynomials import NEEDED, fit_polynomial
from tsraster.measuring.residuals import SPLINE, Residuals, measure_residuals
from tsraster.reading import ControlPoints, read_gcps

Array = NDArray[np.float64]


def draw_points(count: int, *, seed: int = 1, noise: float = 0.0, bend: float = 0.0) -> tuple[Array, Array]:
    """Return places in a picture of 4000 x 3000 pixels of 30 m, turned a little, and their coordinates."""
    random = np.random.default_rng(seed)
    places = random.uniform([0, 0], [4000, 3000], (count, 2))
    coordinates = places @ np.array([[29.5, 2.0], [2.1, -29.8]]) + [500_000, 4_000_000]
    bent = bend * ((places - [2000, 1500]) / 2000) ** 2
    return places, coordinates + bent + random.normal(0, 1, (count, 2)) * noise


def make_gcps(places: Array, coordinates: Array) -> list[GroundControlPoint]:
    rows = zip(places.tolist(), coordinates.tolist(), strict=True)
    return [GroundControlPoint(col=col, row=row, x=x, y=y, id=str(i)) for i, ((col, row), (x, y)) in enumerate(rows, 1)]


@pytest.fixture(scope="module")
def survey(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ControlPoints:
    """Give the 39 points of the map of 1853."""
    folder = tmp_path_factory.mktemp("survey")
    with zipfile.ZipFile(shared_data / "misc/geospatialpython_georef.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("1853Survey.points"))
        return read_gcps(archive.extract(name, folder), "EPSG:4326", shape=(3213, 4000))


def to_arrays(gcps: tuple[GroundControlPoint, ...] | list[GroundControlPoint]) -> tuple[Array, Array]:
    return np.array([(gcp.col, gcp.row) for gcp in gcps]), np.array([(gcp.x, gcp.y) for gcp in gcps])


@pytest.fixture(scope="module")
def gdaltransform() -> Callable[..., Array]:
    """Give a function that places points as GDAL does; skip where its program is not installed."""
    program = shutil.which("gdaltransform")
    if program is None:
        pytest.skip("the program gdaltransform is not installed")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}

    def place(places: Array, gcps: list[GroundControlPoint], *options: str) -> Array:
        command = [program, *options, "-output_xy"]
        for gcp in gcps:
            command += ["-gcp", *map(repr, (gcp.col, gcp.row, gcp.x, gcp.y))]
        text = "".join(f"{col!r} {row!r}\n" for col, row in places.tolist())
        out = subprocess.run(command, input=text, capture_output=True, text=True, check=True, env=own).stdout
        return np.array([line.split() for line in out.splitlines()], dtype=np.float64)

    return place


@pytest.mark.parametrize("order", NEEDED)
def test_residuals_of_1853_are_those_of_gdals_polynomials(
    order: int, survey: ControlPoints, gdaltransform: Callable[..., Array]
) -> None:
    places, coordinates = to_arrays(survey.gcps)
    theirs = gdaltransform(places, list(survey.gcps), "-order", str(order)) - coordinates
    ours = measure_residuals(places, coordinates).models[order - 1]
    np.testing.assert_allclose(ours.offsets, theirs, atol=1e-9)
    assert np.abs(theirs).max() > 0.05


def test_the_spline_without_a_point_of_1853_is_that_of_gdal(
    survey: ControlPoints, gdaltransform: Callable[..., Array]
) -> None:
    places, coordinates = to_arrays(survey.gcps)
    spline = measure_residuals(places, coordinates).models[3]
    assert spline.model == SPLINE
    for i in (0, 17, 38):
        others = [gcp for j, gcp in enumerate(survey.gcps) if j != i]
        placed = gdaltransform(places[i : i + 1], others, "-tps")[0]
        np.testing.assert_allclose(spline.left_out[i], placed - coordinates[i], atol=1e-9)


def test_gdal_within_rasterio_agrees_with_orders_1_and_2(survey: ControlPoints) -> None:
    places, coordinates = to_arrays(survey.gcps)
    result = measure_residuals(places, coordinates)
    assert tuple(result.affine) == pytest.approx(tuple(from_gcps(survey.gcps)), rel=1e-9)
    with GCPTransformer(survey.gcps) as transformer:  # of order 2, as GDAL chooses for more than five points
        theirs = np.stack(transformer.xy(places[:, 1], places[:, 0], offset="ul"), axis=1)
    np.testing.assert_allclose(result.models[1].offsets, theirs - coordinates, atol=1e-9)


def test_the_errors_of_1853_are_known(survey: ControlPoints) -> None:
    result = measure_residuals(*to_arrays(survey.gcps))
    figures = {
        model.model: (model.rms, model.rms_pixels, model.rms_left_out, model.rms_pixels_left_out)
        for model in result.models
    }
    assert figures == {
        "order 1": pytest.approx((0.028822, 38.738, 0.031207, 42.230), rel=1e-4),
        "order 2": pytest.approx((0.027409, 36.661, 0.039473, 52.899), rel=1e-4),
        "order 3": pytest.approx((0.025656, 34.326, 0.385304, 511.846), rel=1e-4),
        SPLINE: pytest.approx((0, 0, 0.028391, 38.864), rel=1e-4),
    }
    assert result.recommended.model == "order 1"
    assert [survey.gcps[i].id for i in result.suspects] == ["18"]


@pytest.mark.parametrize("order", NEEDED)
@pytest.mark.parametrize("count", [12, 40])
def test_a_point_left_out_is_placed_by_all_others(order: int, count: int) -> None:
    places, coordinates = draw_points(count, noise=40)
    model = measure_residuals(places, coordinates).models[order - 1]
    for i in range(count):
        rest = fit_polynomial(np.delete(places, i, 0), np.delete(coordinates, i, 0), order)
        np.testing.assert_allclose(model.left_out[i], rest.apply(places[i : i + 1])[0] - coordinates[i], rtol=1e-6)


def test_a_point_left_out_of_a_spline_is_placed_by_all_others() -> None:
    places, coordinates = draw_points(25, noise=40)
    spline = measure_residuals(places, coordinates).models[3]
    for i in range(len(places)):
        rest = RBFInterpolator(np.delete(places, i, 0), np.delete(coordinates, i, 0), kernel="thin_plate_spline")
        np.testing.assert_allclose(
            spline.left_out[i], rest(places[i : i + 1])[0] - coordinates[i], rtol=1e-6, atol=1e-5
        )


@pytest.mark.parametrize("order", NEEDED)
def test_polynomials_are_least_squares_of_numpy(order: int) -> None:
    places, coordinates = draw_points(30, noise=40, bend=500)
    col, row = (places / 1000).T
    terms = np.stack([col**i * row**j for i in range(order + 1) for j in range(order + 1 - i)], axis=1)
    solution = np.linalg.lstsq(terms, coordinates, rcond=None)[0]
    np.testing.assert_allclose(fit_polynomial(places, coordinates, order).apply(places), terms @ solution, rtol=1e-10)


@pytest.mark.parametrize("order", NEEDED)
def test_large_pictures_far_from_the_origin_lose_no_digits(order: int) -> None:
    places, coordinates = draw_points(60, bend=700)
    places = places * 25 + 1e6
    residuals = fit_polynomial(places, coordinates, order).apply(places) - coordinates
    assert np.abs(residuals).max() < (1e-6 if order > 1 else 1000)


def test_pixels_are_map_units_through_the_affine() -> None:
    places, coordinates = draw_points(20, noise=40)
    result = measure_residuals(places, coordinates)
    affine = result.affine
    for model in result.models[:3]:
        back = model.pixel_offsets @ np.array([[affine.a, affine.d], [affine.b, affine.e]])
        np.testing.assert_allclose(back, model.offsets, rtol=1e-8, atol=1e-9)


def test_order_1_is_enough_for_a_turned_picture_with_noise() -> None:
    result = measure_residuals(*draw_points(40, noise=30))
    assert result.recommended.model == "order 1"
    assert result.recommended.rms_pixels == pytest.approx(np.sqrt(2), rel=0.25)  # 30 m are a pixel, in x and in y
    assert tuple(result.affine)[:6] == pytest.approx((29.5, 2.1, 500_000, 2.0, -29.8, 4_000_000), rel=0.02)


def test_order_2_is_recommended_where_a_sheet_is_bent() -> None:
    result = measure_residuals(*draw_points(40, noise=30, bend=2000))
    assert result.recommended.model == "order 2"
    assert result.models[0].rms > 5 * result.models[1].rms


def test_exact_points_have_no_residuals_and_no_suspects() -> None:
    result = measure_residuals(*draw_points(40))
    assert result.recommended.model == "order 1"
    assert result.recommended.rms_pixels < 1e-6
    assert result.suspects == ()


@pytest.mark.parametrize("wrong", [[3], [7, 30]])
def test_points_that_are_off_are_listed(wrong: list[int]) -> None:
    places, coordinates = draw_points(40, noise=30)
    coordinates[wrong] += np.array([900, -600]) * np.arange(len(wrong), 0, -1)[:, np.newaxis]
    assert list(measure_residuals(places, coordinates).suspects) == wrong


def test_three_points_leave_nothing_to_check() -> None:
    result = measure_residuals(*draw_points(3))
    assert [model.model for model in result.models] == ["order 1"]
    assert result.recommended.rms_left_out is None
    assert result.recommended.rms_pixels_left_out is None
    assert result.suspects == ()


def test_a_point_that_the_others_cannot_do_without_is_infinitely_off() -> None:
    places = np.array([[0.0, 0], [10, 0], [20, 0], [30, 0], [15, 9]])
    model = measure_residuals(places, places * [2, -2] + 0.01 * places**2).models[0]
    assert np.isinf(model.pixels_left_out).tolist() == [False, False, False, False, True]
    assert model.rms_left_out is None


def test_points_that_do_not_settle_an_order_leave_it_out() -> None:
    col, row = np.meshgrid(np.arange(10.0), [0.0, 5.0])
    places = np.stack([col.ravel(), row.ravel()], axis=1)
    result = measure_residuals(places, places * [2, -2])
    assert [model.model for model in result.models] == ["order 1", SPLINE]
    with pytest.raises(DataError, match="lie on a curve of order 2 and do not settle a polynomial of order 2"):
        fit_polynomial(places, places, 2)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ([[0, 0], [1, 1]], "2 control points are too few for a polynomial of order 1, which needs 3"),
        ([[0, 0], [1, 1], [2, 2], [7, 7]], "the control points lie on a line and do not settle"),
        ([[5, 5], [5, 5], [5, 5]], "the control points lie on a line and do not settle"),
    ],
)
def test_points_that_settle_nothing_are_refused(places: list[list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        measure_residuals(np.array(places, float), np.array(places, float))


def test_a_thousand_points_have_a_spline_and_more_have_none() -> None:
    assert [model.model for model in measure_residuals(*draw_points(1000, noise=30)).models][-1] == SPLINE
    assert [model.model for model in measure_residuals(*draw_points(1001, noise=30)).models][-1] == "order 3"


def test_a_polynomial_of_order_2_is_no_affine() -> None:
    with pytest.raises(DataError, match="a polynomial of order 2 is no affine transform"):
        fit_polynomial(*draw_points(9), 2).affine  # noqa: B018


def show(points: ControlPoints, capsys: pytest.CaptureFixture[str]) -> tuple[Residuals, list[str]]:
    result = measure_residuals(*to_arrays(points.gcps))
    print_residuals(points, result)
    return result, capsys.readouterr().out.splitlines()


def test_the_table_of_1853_shows_the_worst_twenty_first(
    survey: ControlPoints, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines = show(survey, capsys)
    assert re.split(" {2,}", lines[0]) == [
        *("point", "file line", "column", "row", "x", "y"),
        *("residual (degrees)", "(pixels)", "left out (pixels)"),
    ]
    first = lines[1].split()
    assert first[:9] == ["18", "19", "3041.0", "962.0", "-88.40507", "30.20794", "0.10693", "141.35", "147.49"]
    assert lines[1].endswith("likely wrong")
    assert sum("likely wrong" in line for line in lines) == 1
    assert lines[21:23] == ["... and 19 points more, which fit better", ""]
    assert lines[24].split() == ["order", "1", "3", "0.028822", "38.74", "0.031207", "42.23"]
    assert lines[-1].startswith("recommended: order 1 (gdalwarp -order 1)")
    assert max(map(len, lines)) <= 120


def test_the_table_of_three_points_says_that_nothing_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    gcps = make_gcps(np.array([[0.0, 0], [100, 0], [0, 50]]), np.array([[5e5, 40.0], [500200, 40], [5e5, -60]]))
    points = ControlPoints(gcps=tuple(gcps), crs=None, lines=(2, 3, 5), disabled=(4,), source="p.csv")
    _, lines = show(points, capsys)
    assert lines[1].split() == ["1", "2", "0.0", "0.0", "500000.0", "40.0", "0.0", "0.00", "-"]
    assert "residual (map units)" in lines[0]
    assert lines[-2] == "3 points leave nothing to check; add some to see how well they fit"
    assert lines[-1] == "not used, because p.csv switches them off: lines 4"
