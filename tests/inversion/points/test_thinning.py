"""Plateaus give one point each, the pixel nearest the centroid, and never chain across values."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from sklearn.cluster import DBSCAN

from tests.inversion.points.drawnfields import draw_nearest, draw_samples
from tsraster.errors import DataError, MissingExtraError, UsageError
from tsraster.inversion.points import segments
from tsraster.inversion.points.thinning import find_flat, measure_gradient, scan_plateaus, thin_plateaus

CELLS = draw_nearest(*draw_samples(60, (150, 200), 3, on_pixels=True), (150, 200))


def test_each_cell_of_nearest_neighbors_gives_one_point_of_its_value() -> None:
    thinned = thin_plateaus(CELLS)
    assert sorted(thinned.points.values.tolist()) == sorted(np.unique(CELLS).tolist())
    assert np.all(thinned.points.spreads == 0)
    assert thinned.flat == int(thinned.points.counts.sum()) > 0.99 * CELLS.size


def test_counts_and_members_are_those_of_scipy() -> None:
    points = thin_plateaus(CELLS, connectivity=4).points
    flat = find_flat(CELLS, 0)
    for row, col, value, count in zip(points.rows, points.columns, points.values, points.counts, strict=True):
        labels, _ = ndimage.label(flat & (value == CELLS))
        cluster = np.argwhere(labels == labels[row, col])
        assert len(cluster) == count
        distances = ((cluster - cluster.mean(axis=0)) ** 2).sum(axis=1)
        nearest = cluster[distances <= distances.min() + 1e-9]
        assert (row, col) == tuple(nearest[0])


@pytest.mark.parametrize("pixels", [7, 150 * 7, 10**9])
def test_the_size_of_strips_changes_nothing(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 3, (40, 50)).astype(np.float32)
    whole = thin_plateaus(noise, tolerance=1)
    monkeypatch.setattr(segments, "_PIXELS", pixels)
    parts = thin_plateaus(noise, tolerance=1)
    assert np.array_equal(whole.points.places, parts.points.places)
    assert np.array_equal(whole.points.counts, parts.points.counts)


def test_a_slope_below_the_tolerance_is_divided_into_steps_of_it() -> None:
    slope = np.tile(np.arange(100, dtype=np.float32) / 10, (5, 1))
    points = thin_plateaus(slope, tolerance=1.0).points
    assert len(points) == 10
    assert points.counts.tolist() == [50] * 10
    assert (points.spreads < 0.5).all()


def test_touching_plateaus_nearer_than_the_tolerance_never_make_a_cluster_wider_than_it() -> None:
    stairs = np.repeat(np.arange(20, dtype=np.float32) * 0.4, 6)[np.newaxis].repeat(8, axis=0)
    thinned = thin_plateaus(stairs, tolerance=1.0)
    assert thinned.points.counts.max() == 3 * 6 * 8
    assert int(thinned.points.counts.sum()) == stairs.size
    assert (thinned.points.spreads <= 0.5).all()


def test_noise_within_the_tolerance_does_not_break_a_plateau() -> None:
    rng = np.random.default_rng(1)
    field = np.repeat([5.0, 50.0], 20)[np.newaxis].repeat(30, axis=0) + rng.uniform(-0.2, 0.2, (30, 40))
    assert thin_plateaus(field, tolerance=0.6).points.counts.tolist() == [600, 600]


@pytest.mark.parametrize(("connectivity", "number"), [(4, 2), (8, 1)])
def test_corners_join_by_connectivity(connectivity: int, number: int) -> None:
    field = np.array([[1, 1, 9, 8], [1, 1, 7, 6], [4, 5, 1, 1], [2, 3, 1, 1]], dtype=np.float32)
    assert len(thin_plateaus(field, connectivity=connectivity).points) == number


def test_ties_go_by_row_then_by_column() -> None:
    assert thin_plateaus(np.ones((4, 4))).points.places.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("field", "gradient"),
    [
        ([[1.0, 2.0, 4.0]], [[1.0, 1.0, 2.0]]),
        ([[1.0], [1.0], [5.0]], [[0.0], [0.0], [4.0]]),
        ([[7.0]], [[0.0]]),
        ([[3.0, np.nan], [7.0, 3.0]], [[4.0, np.nan], [np.hypot(4, 4), 4.0]]),
    ],
)
def test_the_gradient_is_that_to_the_nearer_neighbor(field: list[list[float]], gradient: list[list[float]]) -> None:
    np.testing.assert_allclose(measure_gradient(np.array(field)), gradient)


def test_small_clusters_are_left_out_and_counted() -> None:
    field = np.array([[1, 1, 1, 2, 2, 3, 3, 3, 3]], dtype=np.float64)
    thinned = thin_plateaus(field, min_size=3)
    assert thinned.points.values.tolist() == [1, 3]
    assert (thinned.flat, thinned.left_out) == (9, 2)


def test_dbscan_finds_what_scikit_learn_finds() -> None:
    rng = np.random.default_rng(2)
    field = np.repeat(np.repeat(rng.integers(0, 9, (4, 6)) * 3.0, 8, axis=0), 8, axis=1) + rng.uniform(0, 0.4, (32, 48))
    flat = find_flat(field, 0.5)
    rows, cols = np.nonzero(flat)
    labels = DBSCAN(eps=1.5, min_samples=4).fit_predict(np.column_stack([cols, rows, 3.0 * field[flat]]))
    thinned = scan_plateaus(field, tolerance=0.5)
    counts = np.bincount(labels[labels >= 0])
    assert sorted(thinned.points.counts.tolist()) == sorted(counts.tolist())
    assert thinned.left_out == np.count_nonzero(labels < 0)


@pytest.mark.parametrize(("eps", "connectivity"), [(1.0, 4), (1.5, 8)])
def test_dbscan_with_single_cores_is_connected_components(eps: float, connectivity: int) -> None:
    components = thin_plateaus(CELLS, connectivity=connectivity).points
    scanned = scan_plateaus(CELLS, eps=eps, min_samples=1).points
    assert np.array_equal(components.places, scanned.places)
    assert np.array_equal(components.counts, scanned.counts)


def test_dbscan_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(
        DataError, match=r"360000 pixels lie on plateaus, and DBSCAN takes 250000 at the most; leave out"
    ):
        scan_plateaus(np.zeros((600, 600)))
    with pytest.raises(UsageError, match="with --eps 40 pixels have too many neighbors"):
        scan_plateaus(np.zeros((200, 200)), eps=40)


def test_dbscan_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def refuse(name: str, *more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return load(name, *more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[clustering\]'"):
        scan_plateaus(np.zeros((5, 5)))
