"""Centers of classes: found again where they were drawn, written and read, and assigned as scikit-learn does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin

from tsraster.errors import TableError, UsageError
from tsraster.learning.clusterfits import assign, fit_kmeans
from tsraster.learning.clusters import Clusters
from tsraster.learning.isodata import IsodataRules, fit_isodata

CENTERS = np.array([[-2.0, 0.0, 1.0], [0.0, 2.0, -1.0], [2.0, -1.0, 0.0], [1.0, 1.5, 2.0]])


def draw_points(seed: int = 0, spread: float = 0.1, size: int = 6000) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.asarray(CENTERS[rng.integers(0, len(CENTERS), size)] + rng.normal(0, spread, (size, 3)))


def make_clusters(**parts: Any) -> Clusters:
    return Clusters(**{"means": [10.0, 20.0], "stds": [2.0, 4.0], "centers": [[0.0, 0.0], [1.0, 1.0]]} | parts)


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_drawn_centers_are_found_again(seed: int) -> None:
    found = fit_kmeans(draw_points(), 4, seed=seed)
    distances = np.linalg.norm(found[:, None] - CENTERS[None], axis=2)
    assert sorted(distances.argmin(axis=1).tolist()) == [0, 1, 2, 3]
    assert distances.min(axis=1).max() < 0.01


def test_a_fit_is_as_good_as_that_of_scikit_learn() -> None:
    points = draw_points(spread=0.9)
    oracle = KMeans(6, n_init=10, random_state=0).fit(points)
    assert assign(points, fit_kmeans(points, 6))[1] <= 1.02 * oracle.inertia_


def test_the_same_seed_gives_the_same_bits() -> None:
    points = draw_points(spread=0.9)
    assert np.array_equal(fit_kmeans(points, 6, seed=3), fit_kmeans(points, 6, seed=3))


def test_as_many_different_pixels_as_classes_are_the_centers() -> None:
    points = np.repeat(CENTERS, 50, axis=0)
    for classes in (4, 9):
        assert np.array_equal(fit_kmeans(points, classes), np.unique(CENTERS, axis=0))


def test_rare_pixels_fill_classes_that_would_be_empty() -> None:
    points = np.concatenate([np.zeros((9000, 1)), [[1.0], [2.0], [3.0]]])
    assert np.sort(fit_kmeans(points, 4)[:, 0]).tolist() == [0, 1, 2, 3]


def test_pixels_get_the_nearest_center_as_scikit_learn_says() -> None:
    rng = np.random.default_rng(0)
    clusters = Clusters(means=[100, 50, 10], stds=[20, 9, 3], centers=CENTERS)
    pixels = rng.integers(0, 200, (3, 40, 50)).astype(np.uint8)
    valid = rng.random((40, 50)) > 0.1
    expected = pairwise_distances_argmin(clusters.standardize(pixels.reshape(3, -1).T), CENTERS) + 1
    codes = clusters.assign(pixels, valid)
    assert codes.dtype == np.uint8
    assert np.array_equal(codes, np.where(valid, expected.reshape(valid.shape), 0))


def test_of_two_centers_as_near_the_first_counts() -> None:
    clusters = Clusters(means=[0.0], stds=[1.0], centers=[[-1.0], [1.0], [1.0]])
    assert clusters.assign(np.array([[[0, 5]]]), np.ones((1, 2), np.bool_)).tolist() == [[1, 2]]


def test_a_constant_band_does_not_count() -> None:
    clusters = Clusters(means=[5.0, 0.0], stds=[0.0, 1.0], centers=[[0.0, -1.0], [0.0, 1.0]])
    assert clusters.assign(np.array([[[5, 500]], [[2, -2]]]), np.ones((1, 2), np.bool_)).tolist() == [[2, 1]]


def test_codes_go_from_dark_to_bright_and_names_go_along() -> None:
    mixed = make_clusters(
        centers=[[1, 1], [-1, 1], [-3, 1], [1, -1]],
        names=["d", "b", "a", "c"],
        colors=[(4, 0, 0), (2, 0, 0), (1, 0, 0), (3, 0, 0)],
    ).sort()
    assert mixed.centers.tolist() == [[-3, 1], [-1, 1], [1, -1], [1, 1]]
    assert mixed.names == ("a", "b", "c", "d")
    assert [color[0] for color in mixed.colors] == [1, 2, 3, 4]


def test_a_file_gives_back_every_bit() -> None:
    rng = np.random.default_rng(0)
    one = make_clusters(
        centers=rng.normal(size=(3, 2)), names=["a", "\N{LATIN SMALL LETTER E WITH ACUTE}", ""], bands=["x", "y"]
    )
    other = Clusters.from_json(one.to_json())
    assert np.array_equal(one.centers, other.centers)
    assert (one.names, one.bands, one.colors) == (other.names, other.bands, other.colors)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "x"}, "no file of clusters"),
        ({"version": 2}, "version 2"),
        ({"means": [1.0]}, "do not fit together"),
        ({"centers": [[1.0, "x"]]}, "are no numbers"),
        ({"centers": [[1.0, float("nan")]]}, "not finite"),
        ({"centers": []}, "do not fit together"),
        ({"stds": [-1.0, 1.0]}, "negative"),
        ({"names": ["a"]}, "not 2 texts"),
        ({"names": 3}, "lists where"),
        ({"colors": [[1, 2, 300], [1, 2, 3]]}, "0 to 255"),
    ],
)
def test_a_wrong_file_is_said_to_be_one(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        Clusters.from_json(json.dumps(json.loads(make_clusters().to_json()) | change))


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_another_text_is_no_file_of_clusters(text: str) -> None:
    with pytest.raises(TableError):
        Clusters.from_json(text)


def test_names_must_be_as_many_as_classes() -> None:
    with pytest.raises(UsageError, match="3 names for 2 classes"):
        make_clusters().rename(["a", "b", "c"])


def test_isodata_splits_what_is_wide() -> None:
    found = fit_isodata(draw_points(), 2, IsodataRules(max_std=0.5, min_distance=0.5))
    distances = np.linalg.norm(found[:, None] - CENTERS[None], axis=2)
    assert sorted(distances.argmin(axis=1).tolist()) == [0, 1, 2, 3]
    assert distances.min(axis=1).max() < 0.01


def test_isodata_merges_what_is_close() -> None:
    found = fit_isodata(draw_points(), 8, IsodataRules(max_std=0.5, min_distance=1.0))
    assert len(found) == 4
    gaps = np.linalg.norm(found[:, None] - found[None], axis=2)[np.triu_indices(4, 1)]
    assert gaps.min() >= 1


def test_isodata_dissolves_what_is_small() -> None:
    points = np.concatenate([draw_points(), np.full((20, 3), 9.0)])
    rules = IsodataRules(min_distance=0.5, min_share=0.01)
    assert np.abs(fit_isodata(points, 5, rules)).max() < 3
    kept = fit_isodata(points, 5, IsodataRules(min_distance=0.5))
    assert np.isclose(kept, 9).all(axis=1).any()


FIVE = np.array([[0, 0], [6, 0], [0, 6], [6, 6], [3, 12]])


@pytest.mark.parametrize("asked", [3, 4, 5, 6, 8])
@pytest.mark.parametrize("spread", [0.1, 0.5])
def test_isodata_finds_classes_that_stand_apart_however_many_are_asked_for(asked: int, spread: float) -> None:
    rng = np.random.default_rng(asked)
    points = FIVE[rng.integers(0, 5, 5000)] + rng.normal(0, spread, (5000, 2))
    means, stds = points.mean(axis=0), points.std(axis=0)
    found = fit_isodata((points - means) / stds, asked, IsodataRules(min_share=0.002)) * stds + means
    distances = np.linalg.norm(found[:, None] - FIVE[None], axis=2)
    assert sorted(distances.argmin(axis=1).tolist()) == [0, 1, 2, 3, 4]
    assert distances.min(axis=1).max() < 0.1


@pytest.mark.parametrize("asked", [2, 5, 9])
def test_isodata_makes_no_more_classes_than_asked_for_where_none_stand_apart(asked: int) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(8000, 3)) @ rng.normal(size=(3, 4))
    points /= points.std(axis=0)
    assert len(fit_isodata(points, asked, IsodataRules(max_std=0.2))) == asked
    more = fit_isodata(points, asked, IsodataRules(max_std=0.2, max_classes=2 * asked))
    assert asked < len(more) <= 2 * asked


def test_isodata_leaves_half_as_many_classes_as_asked_for() -> None:
    points = np.random.default_rng(0).normal(0, 0.01, (3000, 2))
    assert len(fit_isodata(points, 7, IsodataRules(min_distance=5.0))) == 4


def test_the_most_classes_hold_even_where_they_stand_apart() -> None:
    assert len(fit_isodata(draw_points(), 2, IsodataRules(max_classes=3))) == 3


def test_isodata_is_the_same_each_time() -> None:
    points = draw_points(spread=0.9)
    rules = IsodataRules(max_std=0.4)
    assert np.array_equal(fit_isodata(points, 5, rules), fit_isodata(points, 5, rules))


@pytest.mark.parametrize(
    ("rules", "word"), [({"max_std": 0.0}, "--max-std"), ({"min_distance": -1.0}, "--min-distance")]
)
def test_rules_out_of_range_are_refused(rules: dict[str, float], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        IsodataRules(**rules)
