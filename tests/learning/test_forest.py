"""Trees of plain arrays vote as those of scikit-learn do, whatever is asked for together."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.forest import Forest

pytest.importorskip("sklearn")
pytest.importorskip("numba")


def draw_features(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Return features that are alike in neighboring pixels, as those of pictures are."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(6, *shape)).astype(np.float32)
    return np.asarray(np.cumsum(steps, axis=-1) / 4, np.float32)


def train(*, trees: int = 20, classes: int = 4, depth: int | None = None, samples: int = 400) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(1)
    features = rng.normal(size=(samples, 6)).astype(np.float32)
    truth = (np.digitize(features[:, 0] + features[:, 1] * features[:, 2], np.linspace(-1, 1, classes - 1))) + 10
    truth[::7] = rng.integers(10, 10 + classes, len(truth[::7]))
    return RandomForestClassifier(trees, max_depth=depth, random_state=0).fit(features, truth)


@pytest.mark.parametrize(
    ("trees", "classes", "depth"),
    [(1, 2, None), (20, 4, None), (20, 4, 2), (7, 3, 5), (300, 4, None), (300, 3, 4), (10, 300, None)],
)
def test_probabilities_and_classes_are_those_of_scikit_learn(trees: int, classes: int, depth: int | None) -> None:
    estimator = train(trees=trees, classes=classes, depth=depth)
    features = draw_features(37, 29)
    forest = Forest.of_sklearn(estimator)
    expected = estimator.predict_proba(features.reshape(6, -1).T).T.reshape(-1, 37, 29)
    assert np.abs(forest.probabilities(features) - expected).max() < 1e-6
    found = forest.segment(features)
    winner = np.take_along_axis(expected, found[None].astype(np.intp), axis=0)[0]
    # Mixed leaves are float32 here, so that classes whose shares differ by less than that may change places.
    assert (winner >= expected.max(axis=0) - 1e-6).all()
    if depth is None:
        np.testing.assert_array_equal(found, expected.argmax(axis=0))


def test_a_single_tree_and_a_tree_of_one_leaf_vote_too() -> None:
    from sklearn.tree import DecisionTreeClassifier

    features = draw_features(5, 70)
    table = features.reshape(6, -1).T
    for truth in (table[:, 0] > 0, np.zeros(len(table))):
        estimator = DecisionTreeClassifier(random_state=0).fit(table, truth)
        found = Forest.of_sklearn(estimator).segment(features)
        np.testing.assert_array_equal(estimator.classes_[found.ravel()], truth)


@pytest.mark.parametrize("depth", [None, 3])
@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 65), (8, 8), (9, 129), (40, 3), (64, 64)])
def test_a_pixel_has_the_same_answer_in_any_company(shape: tuple[int, int], depth: int | None) -> None:
    forest = Forest.of_sklearn(train(depth=depth))
    features = draw_features(70, 210)
    rows, cols = shape
    part = features[:, 5 : 5 + rows, 2 : 2 + cols]
    np.testing.assert_array_equal(
        forest.probabilities(part), forest.probabilities(features)[:, 5 : 5 + rows, 2 : 2 + cols]
    )
    np.testing.assert_array_equal(forest.segment(part), forest.segment(features)[5 : 5 + rows, 2 : 2 + cols])
    np.testing.assert_array_equal(forest.segment(part.reshape(6, -1)), forest.segment(part).ravel())


def test_thresholds_are_compared_as_scikit_learn_compares_them() -> None:
    from sklearn.tree import DecisionTreeClassifier

    # Halfway between two neighboring float32 numbers, and halfway between others.
    near = np.array([100, np.nextafter(np.float32(100), np.float32(101)), 102, 1e-40, 3e38], np.float32)
    estimator = DecisionTreeClassifier(random_state=0).fit(near[:, None], np.arange(5))
    around = np.concatenate([near, np.nextafter(near, np.float32(0)), np.nextafter(near, np.float32(np.inf))])
    around = np.concatenate([around, estimator.tree_.threshold.astype(np.float32)])
    expected = estimator.predict(around[:, None])
    assert set(expected) == set(range(5))
    np.testing.assert_array_equal(Forest.of_sklearn(estimator).segment(around[None]), expected)


def test_a_volume_is_answered_as_its_voxels_are() -> None:
    forest = Forest.of_sklearn(train())
    features = draw_features(3, 5, 11)
    found = forest.probabilities(features)
    assert found.shape == (4, 3, 5, 11)
    np.testing.assert_array_equal(found.reshape(4, -1), forest.probabilities(features.reshape(6, -1)))


def test_features_that_no_tree_asks_for_can_be_left_out() -> None:
    forest = Forest.of_sklearn(train(trees=2, depth=1))
    used = forest.used_features()
    assert len(used) < 6
    features = draw_features(20, 20)
    np.testing.assert_array_equal(
        forest.with_features(used).probabilities(features[used]), forest.probabilities(features)
    )


def test_arrays_make_the_same_forest() -> None:
    forest = Forest.of_sklearn(train())
    features = draw_features(9, 9)
    again = Forest.from_arrays(forest.to_arrays())
    np.testing.assert_array_equal(again.probabilities(features), forest.probabilities(features))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": [0, -1, -1]}, "children do not come after"),
        ({"left": [3, -1, -1]}, "children do not come after"),
        ({"right": [-1, -1, -1]}, "children do not come after"),
        ({"right": [2, -1, 2]}, "children do not come after"),
        ({"roots": [3]}, "root that is no node"),
        ({"roots": [-1]}, "root that is no node"),
        ({"roots": []}, "no trees"),
        ({"feature": [1, 0, 0]}, "feature beyond"),
        ({"feature": [-1, 0, 0]}, "feature beyond"),
        ({"feature": [0, 0]}, "one length"),
        ({"threshold": [np.nan, 0, 0]}, "no number"),
        ({"value": [[0, 0], [1, 1], [0, 1]]}, "do not sum"),
        ({"value": [[0, 0], [np.nan, 1], [0, 1]]}, "do not sum"),
        ({"value": [[0, 0], [2, -1], [0, 1]]}, "do not sum"),
        ({"value": [0, 1, 1]}, "one length"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(change: dict[str, Any], message: str) -> None:
    arrays = {
        "feature": [0, 0, 0],
        "threshold": [0.5, 0, 0],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "value": [[0, 0], [1, 0], [0, 1]],
        "roots": [0],
        "n_features": 1,
    }
    Forest.from_arrays({name: np.array(values) for name, values in arrays.items()})
    with pytest.raises(DataError, match=message):
        Forest.from_arrays({name: np.array(values) for name, values in {**arrays, **change}.items()})


def test_arrays_that_are_missing_are_named() -> None:
    with pytest.raises(DataError, match="has no feature"):
        Forest.from_arrays({})


def test_other_numbers_of_features_are_refused() -> None:
    with pytest.raises(DataError, match="6 features of a pixel, and 5"):
        Forest.of_sklearn(train()).segment(np.zeros((5, 3), np.float32))
