"""Samples are checked by what has not seen them."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.learning.estimators import ESTIMATORS, Settings
from tsraster.learning.samples import Samples
from tsraster.learning.validation import (
    UNCHECKED,
    Validation,
    assign_folds,
    group_by_blocks,
    validate_blocks,
    validate_out_of_bag,
)


def draw_strokes(patches: int = 60, pixels: int = 12, seed: int = 0) -> Samples:
    """Draw patches of pixels that look alike, of two classes that patches tell little about."""
    rng = np.random.default_rng(seed)
    of = np.arange(patches) % 2
    looks = rng.normal(size=(patches, 4)) + 0.8 * of[:, np.newaxis]
    features = np.repeat(looks, pixels, axis=0) + 0.05 * rng.normal(size=(patches * pixels, 4))
    corners = 64 * np.stack(np.divmod(rng.permutation(100)[:patches], 10), axis=1)
    places = np.repeat(corners, pixels, axis=0) + rng.integers(0, 64, (patches * pixels, 2))
    return Samples(
        features=features, classes=np.repeat(of, pixels), places=np.insert(places, 0, 0, axis=1), names=["a", "b"]
    )


@pytest.mark.parametrize("name", ["random-forest", "extra-trees"])
@pytest.mark.parametrize(("workers", "drawn"), [(1, 1.0), (3, 1.0), (2, 0.4)])
def test_out_of_bag_is_that_of_scikit_learn(name: str, workers: int, drawn: float) -> None:
    samples, chosen = draw_strokes(), Settings(seed=1, trees=30, workers=workers, drawn=drawn)
    fitted = ESTIMATORS[name].make(chosen, len(samples.classes)).set_params(oob_score=True)
    fitted.fit(samples.features, samples.classes)
    found = validate_out_of_bag(fitted, samples, chosen)
    assert found.accuracy == fitted.oob_score_
    assert found.checked == len(samples.classes)
    np.testing.assert_array_equal(found.predicted, fitted.oob_decision_function_.argmax(axis=1))


def test_what_all_trees_were_trained_on_is_not_checked() -> None:
    samples, chosen = draw_strokes(), Settings(trees=2)
    fitted = ESTIMATORS["random-forest"].fit(samples.features, samples.classes, chosen)
    found = validate_out_of_bag(fitted, samples, chosen)
    # Two trees leave out a share of 1/e each, so that 1 - (1 - 1/e)**2 = 0.60 are left out by one or both.
    assert found.checked / len(samples.classes) == pytest.approx(1 - (1 - math.exp(-1)) ** 2, abs=0.05)
    assert found.counts.sum() == found.checked == (found.predicted != UNCHECKED).sum()


def test_trees_that_leave_out_no_pixel_do_not_vote() -> None:
    # Of two pixels each tree draws two, so that half of the trees draw both.
    samples, chosen = draw_strokes(patches=2, pixels=1), Settings(trees=20)
    fitted = ESTIMATORS["random-forest"].fit(samples.features, samples.classes, chosen)
    assert {len(np.unique(drawn)) for drawn in fitted.estimators_samples_} == {1, 2}
    assert validate_out_of_bag(fitted, samples, chosen).checked == 2


def test_neighbors_make_out_of_bag_optimistic_and_blocks_do_not() -> None:
    samples, chosen = draw_strokes(patches=100), Settings(trees=30, workers=1)
    forest = ESTIMATORS["random-forest"]
    fitted = forest.fit(samples.features, samples.classes, chosen)
    flattering = validate_out_of_bag(fitted, samples, chosen).accuracy
    honest = validate_blocks(forest, samples, chosen).accuracy
    elsewhere = [draw_strokes(patches=100, seed=seed) for seed in range(1, 6)]
    truth = np.mean([(fitted.predict(other.features) == other.classes).mean() for other in elsewhere])
    assert flattering > 0.97
    # The standard deviation of the share of 100 patches is about 0.045.
    assert honest == pytest.approx(truth, abs=0.1)
    assert honest < 0.87


@settings(derandomize=True, deadline=None, database=None, max_examples=20)
@given(block=st.integers(1, 90), folds=st.integers(2, 9), dimensions=st.sampled_from([3, 4]), seed=st.integers(0, 1000))
def test_folds_never_split_a_block(block: int, folds: int, dimensions: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.concatenate([rng.integers(0, 3, (300, 1)), rng.integers(0, 200, (300, dimensions - 1))], axis=1)
    groups = group_by_blocks(places, block)
    fold = assign_folds(groups, rng.integers(0, 4, 300), folds)
    folds_of: dict[tuple[int, ...], set[int]] = {}
    for place, one in zip(places.tolist(), fold.tolist(), strict=True):
        folds_of.setdefault((place[0], *(x // block for x in place[1:])), set()).add(one)
    assert all(len(found) == 1 for found in folds_of.values())
    assert len(np.unique(groups)) == groups.max() + 1 == len(folds_of)
    assert set(fold.tolist()) == set(range(min(folds, len(folds_of))))


def test_each_class_is_spread_evenly_over_the_folds() -> None:
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(0, 80, 4000))
    classes = (groups * 7 % 4 + (rng.random(4000) < 0.2)) % 4
    counts = np.zeros((5, 4))
    np.add.at(counts, (assign_folds(groups, classes, 5), classes), 1)
    assert (np.abs(counts / counts.sum(axis=0) - 0.2) < 0.05).all(), counts


def test_predictions_are_of_classifiers_that_were_trained_without_the_fold() -> None:
    samples, chosen = draw_strokes(), Settings()
    tree = ESTIMATORS["decision-tree"]
    found = validate_blocks(tree, samples, chosen, block=64, folds=4)
    fold = assign_folds(group_by_blocks(samples.places, 64), samples.classes, 4)
    expected = np.empty_like(found.predicted)
    for one in range(4):
        fitted = tree.fit(samples.features[fold != one], samples.classes[fold != one], chosen)
        expected[fold == one] = fitted.predict(samples.features[fold == one])
    np.testing.assert_array_equal(found.predicted, expected)
    assert (found.method, found.folds, found.blocks, found.checked) == ("blocks", 4, 60, 720)


def test_a_class_in_one_block_is_not_checked_and_is_named() -> None:
    samples = draw_strokes()
    classes = samples.classes.copy()
    classes[:12] = 2
    places = samples.places.copy()
    places[:12] = places[0]
    some = Samples(features=samples.features, classes=classes, places=places)
    found = validate_blocks(ESTIMATORS["decision-tree"], some, Settings())
    assert found.unchecked_classes == (2,)
    assert found.checked == len(classes) - 12
    assert (found.predicted[:12] == UNCHECKED).all()


def test_the_error_is_that_of_blocks_and_not_of_pixels() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((400, 50)) < 0.8
    whole = np.repeat(right[:, :1], 25, axis=1)
    for hits, blocks, size in ((right[:, :25], 400 * 25, 1), (whole, 400, 25)):
        flat = hits.ravel()
        groups = np.arange(flat.size) // size
        found = Validation(
            method="blocks",
            predicted=np.where(flat, 0, 1),
            labeled=np.zeros(flat.size, dtype=np.intp),
            groups=groups,
            n_classes=2,
            block=64,
            folds=5,
        )
        share = flat.mean()
        assert found.standard_error == pytest.approx(math.sqrt(share * (1 - share) / (blocks - 1)), rel=1e-6)


def test_pairs_have_the_codes_of_the_classes_and_nothing_checked_has_no_accuracy() -> None:
    predicted, labeled = np.array([0, 1, 1, UNCHECKED]), np.array([0, 0, 1, 1])
    found = Validation(
        method="out-of-bag", predicted=predicted, labeled=labeled, groups=np.arange(4), n_classes=2, block=1
    )
    assert found.count_pairs((10, 300)) == {(10, 10): 1, (300, 10): 1, (300, 300): 1}
    none = Validation(
        method="blocks",
        predicted=np.array([UNCHECKED]),
        labeled=np.array([1]),
        groups=np.array([0]),
        n_classes=2,
        block=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(none.accuracy)
        assert math.isnan(none.standard_error)
    assert none.count_pairs((1, 2)) == {}
