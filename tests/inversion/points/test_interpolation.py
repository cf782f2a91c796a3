"""Fields made again are those of scipy, pixel by pixel, and triangles leave no gaps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from tests.inversion.points.drawnfields import draw_idw, list_pixels
from tsraster.errors import UsageError
from tsraster.inversion.points import segments, triangles
from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.interpolation import remake_field
from tsraster.inversion.points.triangles import lie_on_line, paint_triangles, triangulate

SHAPE = (60, 90)


def draw_points(number: int, seed: int = 0, shape: tuple[int, int] = SHAPE) -> FieldPoints:
    rng = np.random.default_rng(seed)
    field = rng.normal(size=shape)
    chosen = rng.choice(shape[0] * shape[1], number, replace=False)
    return pick_points(field, *np.divmod(chosen, shape[1]))


@pytest.mark.parametrize("number", [3, 10, 300, 60 * 90])
def test_linear_is_that_of_scipy(number: int) -> None:
    points = draw_points(number)
    expected = LinearNDInterpolator(points.places, points.values)(*np.indices(SHAPE))
    made = remake_field(points, SHAPE)
    inside = ~np.isnan(expected)
    # Where four points lie on a circle there are two triangulations, and each may take its own.
    assert np.mean(np.isclose(made[inside], expected[inside])) > 0.98
    assert not np.isnan(made).any()
    assert np.array_equal(made[points.rows, points.columns], points.values)


def test_outside_of_the_triangles_it_is_the_nearest() -> None:
    points = draw_points(12, 1)
    outside = np.isnan(LinearNDInterpolator(points.places, points.values)(*np.indices(SHAPE)))
    nearest = NearestNDInterpolator(points.places, points.values)(*np.indices(SHAPE))
    assert np.mean(remake_field(points, SHAPE)[outside] == nearest[outside]) > 0.99


def test_nearest_is_as_near_as_any() -> None:
    points = draw_points(40, 2)
    made = remake_field(points, SHAPE, "nearest").ravel()
    distances = np.hypot(*(list_pixels(SHAPE)[:, np.newaxis] - points.places).transpose(2, 0, 1))
    of_value = np.where(points.values == made[:, np.newaxis], distances, np.inf).min(axis=1)
    np.testing.assert_allclose(of_value, distances.min(axis=1))


def test_inverse_distances_are_those_of_the_formula() -> None:
    points = draw_points(25, 3)
    expected = draw_idw(points.places.astype(float), points.values, SHAPE)
    np.testing.assert_allclose(remake_field(points, SHAPE, "idw"), expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_triangles_of_a_lattice_leave_no_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.unique(np.concatenate([rng.integers(0, 12, (60, 2)), [[0, 0], [0, 11], [11, 0], [11, 11]]]), axis=0)
    covered = np.zeros((12, 12), dtype=bool)
    slope = places @ [2.0, -3.0]
    for painted in paint_triangles(places, slope, triangulate(places)):
        covered[painted.rows, painted.columns] = True
        np.testing.assert_allclose(painted.values, 2.0 * painted.rows - 3.0 * painted.columns, atol=1e-9)
    assert covered.all()


@pytest.mark.parametrize("pixels", [1, 50, 10**9])
def test_the_size_of_pieces_changes_nothing(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    points = draw_points(30, 5)
    whole = [remake_field(points, SHAPE, how) for how in ("linear", "nearest", "idw")]
    monkeypatch.setattr(triangles, "_PIXELS", pixels)
    monkeypatch.setattr(segments, "_PIXELS", pixels)
    parts = [remake_field(points, SHAPE, how) for how in ("linear", "nearest", "idw")]
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize(
    ("places", "on_line"), [([[3, 3]], True), ([[0, 0], [2, 1], [4, 2]], True), ([[0, 0], [2, 1], [4, 3]], False)]
)
def test_points_on_a_line_are_known(places: list[list[int]], on_line: bool) -> None:
    assert lie_on_line(np.array(places)) == on_line


@pytest.mark.parametrize(("rows", "columns"), [([0, 2, 4], [0, 2, 4]), ([4, 2, 0], [0, 2, 4]), ([2, 2, 2], [0, 1, 4])])
def test_between_points_on_a_line_it_is_linear(rows: list[int], columns: list[int]) -> None:
    field = np.arange(25.0).reshape(5, 5)
    points = pick_points(field, np.array(rows), np.array(columns))
    made = remake_field(points, (5, 5))
    assert np.array_equal(made[rows, columns], field[rows, columns])
    assert made.min() >= points.values.min()
    assert made.max() <= points.values.max()


def test_an_unknown_interpolation_is_refused() -> None:
    with pytest.raises(UsageError, match="a field cannot be interpolated 'cubic'; choose from linear, nearest, idw"):
        remake_field(draw_points(5), SHAPE, "cubic")
