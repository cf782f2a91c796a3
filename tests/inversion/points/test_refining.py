"""Adaptive points keep their promise at every pixel with data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator

from tsraster.errors import DataError, UsageError
from tsraster.inversion.points import refining
from tsraster.inversion.points.interpolation import remake_field
from tsraster.inversion.points.refining import find_hull, refine_points


def draw_waves(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(shape) / max(shape)
    waves = [np.sin(a * rows + b * cols + c) for a, b, c in rng.normal(0, 8, (12, 3))]
    return np.sum(waves, axis=0).astype(np.float32)


@pytest.mark.parametrize("max_error", [2.0, 0.5, 0.05, 1e-4])
def test_the_error_is_kept_everywhere(max_error: float) -> None:
    field = draw_waves((70, 110))
    points = refine_points(field, max_error)
    assert np.abs(remake_field(points, field.shape) - field).max() <= max_error
    made = LinearNDInterpolator(points.places, points.values.astype(float))(*np.indices(field.shape))
    assert np.quantile(np.abs(made - field), 0.99) <= max_error * 1.01
    assert {(0, 0), (0, 109), (69, 0), (69, 109)} <= set(map(tuple, points.places.tolist()))


def test_a_smaller_error_takes_more_points() -> None:
    field = draw_waves((100, 100))
    numbers = [len(refine_points(field, error)) for error in (1.0, 0.3, 0.1)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < field.size / 10


def test_noise_takes_all_it_needs_and_ends() -> None:
    field = np.random.default_rng(0).normal(size=(30, 40))
    points = refine_points(field, 1e-12)
    assert np.abs(remake_field(points, field.shape) - field).max() <= 1e-12


def test_nodata_is_no_point_and_what_is_around_it_is_kept() -> None:
    field = draw_waves((80, 90), 3)
    rows, cols = np.indices(field.shape)
    field[(rows + cols < 60) | (np.hypot(rows - 50, cols - 60) < 12)] = np.nan
    points = refine_points(field, 0.2)
    assert not np.isnan(points.values).any()
    assert np.nanmax(np.abs(remake_field(points, field.shape) - field)) <= 0.2


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (2, 9)])
def test_tiny_fields_are_within_the_error(shape: tuple[int, int]) -> None:
    field = np.random.default_rng(4).normal(size=shape)
    points = refine_points(field, 0.01)
    assert np.abs(remake_field(points, shape) - field).max() <= 0.01


def test_a_single_pixel_with_data_is_a_point() -> None:
    field = np.full((5, 6), np.nan)
    field[2, 3] = 4.0
    assert refine_points(field, 1.0).places.tolist() == [[2, 3]]


def test_pixels_on_a_slanting_line_are_covered() -> None:
    field = np.full((9, 9), np.nan)
    np.fill_diagonal(field, [0, 1, 5, 2, 2, 9, 1, 0, 3])
    points = refine_points(field, 0.5)
    assert np.nanmax(np.abs(remake_field(points, field.shape) - field)) <= 0.5


def test_the_errors_are_those_before_a_point() -> None:
    field = np.zeros((11, 11))
    field[5, 5] = 8.0
    points = refine_points(field, 1.0)
    at_peak = (points.rows == 5) & (points.columns == 5)
    assert points.errors[at_peak].tolist() == [8.0]
    corners = np.isin(points.rows, (0, 10)) & np.isin(points.columns, (0, 10))
    assert np.isnan(points.errors[corners]).all()


@pytest.mark.parametrize("max_error", [0.0, -1.0, float("nan")])
def test_an_error_that_is_not_positive_is_refused(max_error: float) -> None:
    with pytest.raises(UsageError, match="give a positive --max-error"):
        refine_points(np.zeros((3, 3)), max_error)


def test_too_many_points_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refining, "MOST_POINTS", 100)
    with pytest.raises(
        DataError, match="needs more than 100 points to be within that error; give a larger --max-error"
    ):
        refine_points(np.random.default_rng(0).normal(size=(40, 40)), 0.01)


def test_the_hull_covers_all_that_has_data() -> None:
    valid = np.hypot(*(np.indices((40, 50)) - np.array([20, 25])[:, None, None])) < 15
    corners = np.column_stack(np.divmod(find_hull(valid), 50))
    rows, cols = np.nonzero(valid)
    assert np.isfinite(LinearNDInterpolator(corners, np.zeros(len(corners)))(rows, cols)).all()
