"""The samples of an interpolated field are found again within a pixel, and the field is made again from them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.inversion.points.drawnfields import (
    draw_idw,
    draw_linear,
    draw_nearest,
    draw_net,
    draw_samples,
    find_distances,
)
from tsraster.errors import DataError
from tsraster.inversion.points.creases import find_corners
from tsraster.inversion.points.extrema import find_extrema, find_peaks
from tsraster.inversion.points.generators import find_generators
from tsraster.inversion.points.interpolation import remake_field


def measure_rmse(field: np.ndarray, made: np.ndarray) -> float:
    """Return the root mean square error in percent of the range."""
    error = made.astype(np.float64) - field
    return float(100 * np.sqrt(np.nanmean(error**2)) / (np.nanmax(field) - np.nanmin(field)))


@pytest.mark.parametrize(("number", "shape", "seed"), [(30, (200, 250), 0), (80, (300, 400), 11), (400, (500, 500), 2)])
@pytest.mark.parametrize("on_pixels", [True, False])
def test_samples_of_nearest_neighbors_are_found(
    number: int, shape: tuple[int, int], seed: int, on_pixels: bool
) -> None:
    places, values = draw_samples(number, shape, seed, on_pixels=on_pixels)
    field = draw_nearest(places, values, shape)
    points, misfit = find_generators(field)
    # A tip of a cell may be cut off by the pixels, and is a cell of its own then.
    assert len(places) <= len(points) <= len(places) + 2
    assert find_distances(places, points.places).max() <= 1.05
    assert misfit < 0.3
    made = remake_field(points, shape, "nearest")
    assert np.mean(made != field) < 0.03


def test_the_centroids_of_cells_are_no_samples() -> None:
    places, values = draw_samples(80, (300, 400), 11, on_pixels=True)
    field = draw_nearest(places, values, (300, 400))
    centroids = np.array([np.argwhere(field == value).mean(axis=0) for value in np.unique(field)])
    assert np.median(find_distances(places, centroids)) > 3


def test_borders_that_are_no_bisectors_do_not_fit() -> None:
    rows, cols = np.indices((120, 160))
    rings = np.floor(np.hypot(rows - 60, cols - 80) / 15)
    _, misfit = find_generators(rings)
    assert misfit > 0.5


def test_cells_beside_nodata_keep_their_samples() -> None:
    places, values = draw_samples(60, (200, 250), 5, on_pixels=True)
    field = draw_nearest(places, values, (200, 250))
    field[:30, :40] = np.nan
    points, _ = find_generators(field)
    seen = ~np.isnan(field[tuple(places.astype(int).T)])
    assert np.mean(find_distances(places[seen], points.places) <= 1.5) > 0.95
    assert not np.isnan(points.values).any()


@pytest.mark.parametrize(("number", "shape", "seed"), [(40, (200, 250), 0), (40, (200, 250), 1), (150, (400, 400), 2)])
@pytest.mark.parametrize("on_pixels", [True, False])
def test_samples_of_inverse_distances_are_found(
    number: int, shape: tuple[int, int], seed: int, on_pixels: bool
) -> None:
    places, values = draw_samples(number, shape, seed, on_pixels=on_pixels)
    field = draw_idw(places, values, shape)
    points = find_peaks(field)
    assert find_distances(places, points.places).max() <= 1
    assert len(points) <= len(places) + 2
    # Samples between pixels are moved to a pixel, and their peaks with them.
    assert measure_rmse(field, remake_field(points, shape, "idw")) < (0.1 if on_pixels else 0.6)


def test_peaks_at_the_rim_are_no_samples_by_themselves() -> None:
    rows, cols = np.indices((20, 30))
    assert not find_extrema(rows + 2.0 * cols).any()
    assert len(find_peaks(rows + 2.0 * cols)) == 0


@pytest.mark.parametrize("seed", range(4))
def test_corners_of_well_shaped_triangles_are_found(seed: int) -> None:
    shape = (201, 281)
    places, values = draw_net(shape, 40, seed)
    field = draw_linear(places, values, shape)
    points = find_corners(field)
    assert find_distances(places, points.places).max() <= 1
    assert len(points) == len(places)
    assert measure_rmse(field, remake_field(points, shape)) < 1e-4


@pytest.mark.parametrize(("number", "shape", "seed"), [(60, (300, 400), 1), (300, (500, 500), 2)])
def test_nearly_all_corners_of_any_triangles_are_found(number: int, shape: tuple[int, int], seed: int) -> None:
    places, values = draw_samples(number, shape, seed, on_pixels=True)
    rim = np.array([[0, 0], [0, shape[1] - 1], [shape[0] - 1, 0], [shape[0] - 1, shape[1] - 1]], dtype=float)
    places, values = np.concatenate([places, rim]), np.concatenate([values, [20, 25, 15, 30]])
    field = draw_linear(places, values, shape)
    points = find_corners(field)
    distances = find_distances(places, points.places)
    assert np.mean(distances <= 1) > 0.95
    assert len(points) < 1.15 * len(places)
    assert measure_rmse(field, remake_field(points, shape)) < 3


def test_corners_of_a_field_that_ends_at_its_samples_are_found() -> None:
    shape = (200, 200)
    places, values = draw_net((161, 161), 40, 7)
    field = draw_linear(places + 20, values, shape)
    points = find_corners(field)
    assert np.isnan(field[0, 0])
    assert find_distances(places + 20, points.places).max() <= 1
    assert not np.isnan(points.values).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3)])
def test_tiny_fields_have_corners(shape: tuple[int, int]) -> None:
    field = np.add(*np.indices(shape)).astype(np.float64)
    np.testing.assert_allclose(remake_field(find_corners(field), shape), field)


def test_too_many_peaks_are_refused() -> None:
    noise = np.random.default_rng(0).normal(size=(400, 700))
    with pytest.raises(DataError, match=r"inverse distances of \d+ points to 280000 pixels would take too long"):
        find_peaks(noise)


def test_of_many_samples_of_nearest_neighbors_none_is_farther_than_a_neighboring_pixel() -> None:
    shape, distances = (161, 201), []
    for seed in range(20):
        places, values = draw_samples(30, shape, seed, on_pixels=True)
        points, _ = find_generators(draw_nearest(places, values, shape))
        distances.append(find_distances(places, points.places))
    together = np.concatenate(distances)
    assert together.max() <= np.sqrt(2)
    assert np.mean(together <= 1) > 0.99
