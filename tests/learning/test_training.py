"""Every estimator is that of scikit-learn, and is checked on samples it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, UnknownNameError, UsageError
from tsraster.learning.estimators import ESTIMATORS, Settings
from tsraster.learning.samples import Samples
from tsraster.learning.training import Trained, train

each_estimator = pytest.mark.parametrize("name", ESTIMATORS)
TREES = 12


def draw_samples(classes: int = 3, count: int = 160, features: int = 6, seed: int = 0) -> Samples:
    """Draw classes that overlap, each of two clusters, at random places of a picture."""
    rng = np.random.default_rng(seed)
    of = np.arange(count) % classes
    centers = rng.normal(0, 1.6, (classes, 2, features))
    values = centers[of, rng.integers(0, 2, count)] + rng.normal(size=(count, features))
    places = np.stack([rng.integers(0, 2, count), *rng.integers(0, 600, (2, count))], axis=1)
    scales = 10.0 ** np.arange(features) / 100
    return Samples(features=values * scales + 50 * scales, classes=of, places=places)


def digest(trained: Trained) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in trained.classifier.to_arrays().items()}


@each_estimator
@pytest.mark.parametrize("classes", [2, 5])
def test_probabilities_are_those_of_scikit_learn(name: str, classes: int) -> None:
    samples, settings = draw_samples(classes), Settings(seed=3, trees=TREES, workers=2)
    fitted = ESTIMATORS[name].fit(samples.features, samples.classes, settings)
    classifier = ESTIMATORS[name].convert(fitted)
    others = draw_samples(classes, 3000, seed=5).features
    found, expected = classifier.probabilities(np.ascontiguousarray(others.T)), fitted.predict_proba(others).T
    # Likelihoods of far samples are exponentials of large numbers, which float32 holds to a ten-thousandth.
    np.testing.assert_allclose(found, expected, atol=1e-4 if name == "maximum-likelihood" else 1e-5)
    clear = np.sort(expected, axis=0)[-1] - np.sort(expected, axis=0)[-2] > 1e-4
    predicted = fitted.predict(others)
    np.testing.assert_array_equal(classifier.segment(np.ascontiguousarray(others.T))[clear], predicted[clear])
    assert clear.mean() > 0.6


@each_estimator
def test_each_is_better_than_chance_and_says_so(name: str) -> None:
    trained = train(draw_samples(), name, trees=TREES)
    assert trained.validation is not None
    assert 0.5 < trained.validation.accuracy < 0.99
    assert trained.validation.method == ESTIMATORS[name].validation
    assert (trained.importances is None) == (trained.classifier.kind != "forest")
    if trained.importances is not None:
        assert trained.importances.sum() == pytest.approx(1)


@each_estimator
def test_a_seed_gives_the_same_classifier_on_any_number_of_threads(name: str) -> None:
    samples = draw_samples()
    first, again = (train(samples, name, seed=7, trees=TREES, workers=workers) for workers in (1, 3))
    assert digest(first) == digest(again)
    assert first.validation is not None
    assert again.validation is not None
    np.testing.assert_array_equal(first.validation.predicted, again.validation.predicted)


@pytest.mark.parametrize("name", ["random-forest", "extra-trees", "perceptron"])
def test_another_seed_gives_another_classifier(name: str) -> None:
    samples = draw_samples()
    first, other = (train(samples, name, seed=seed, trees=TREES, validation="none") for seed in (1, 2))
    assert digest(first) != digest(other)


def test_fewer_drawn_samples_make_smaller_trees() -> None:
    few, all_of_them = (train(draw_samples(), drawn=drawn, trees=5, validation="none") for drawn in (0.3, 1))
    assert len(few.classifier.to_arrays()["left"]) < 0.6 * len(all_of_them.classifier.to_arrays()["left"])


def test_a_decision_tree_can_be_read() -> None:
    trained = train(draw_samples(count=3000), "decision-tree", validation="none")
    leaves = trained.classifier.to_arrays()["left"] < 0
    assert leaves.sum() <= 32


@each_estimator
def test_constant_and_doubled_features_do_no_harm(name: str) -> None:
    samples = draw_samples()
    constant = np.full((len(samples.classes), 1), 3.0)
    features = np.concatenate([samples.features, samples.features[:, :2], constant], axis=1)
    more = Samples(features=features, classes=samples.classes, places=samples.places)
    trained = train(more, name, trees=TREES)
    assert trained.validation is not None
    assert trained.validation.accuracy > 0.5
    assert np.isfinite(trained.classifier.probabilities(np.ascontiguousarray(more.features.T))).all()


@each_estimator
def test_as_few_samples_as_it_takes_are_enough(name: str) -> None:
    least = ESTIMATORS[name].fewest(2)
    values = np.random.default_rng(0).normal(size=(2 * least, 2))
    places = np.zeros((2 * least, 3))
    classes = np.repeat([0, 1], least)
    trained = train(Samples(features=values, classes=classes, places=places), name, trees=TREES, validation="none")
    assert trained.classifier.n_classes == 2
    assert trained.validation is None


def train_few(name: str) -> Trained:
    values = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    samples = Samples(
        features=values, classes=np.repeat([0, 1], [8, 1]), places=np.zeros((9, 3)), names=["soil", "lake"]
    )
    return train(samples, name)


def test_a_class_of_too_few_samples_is_named() -> None:
    with pytest.raises(
        DataError, match="4 features needs at least 5 samples of each class, and the class 'lake' has 1"
    ):
        train_few("maximum-likelihood")
    with pytest.raises(DataError, match="at least 2 samples"):
        train_few("linear-discriminant")


def test_labels_in_one_block_are_refused_only_where_blocks_were_asked_for() -> None:
    samples = Samples(features=[[0], [1], [2], [3]], classes=[0, 0, 1, 1], places=np.zeros((4, 3)))
    assert train(samples, "logistic-regression").validation is None
    with pytest.raises(DataError, match="too few blocks of 64 pixels"):
        train(samples, "logistic-regression", validation="blocks")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"validation": "training"}, "unknown validation 'training'; choose from out-of-bag, blocks, none"),
        ({"estimator": "perceptron", "validation": "out-of-bag"}, "perceptron draws no samples"),
        ({"seed": -1}, "seed -1 cannot be; give a whole number from 0"),
        ({"trees": 1.5}, "trees 1.5 cannot be; give a whole number from 1"),
        ({"trees": 0}, "trees 0 cannot be"),
        ({"workers": 0}, "workers 0 cannot be"),
        ({"drawn": 0}, "the share 0 cannot be drawn"),
        ({"drawn": 1.5}, "the share 1.5 cannot be drawn"),
        ({"validation": "blocks", "folds": 1}, "1 folds cannot be"),
        ({"validation": "blocks", "block": 0}, "blocks cannot be 0 pixels wide"),
    ],
)
def test_wrong_usage_has_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        train(draw_samples(count=60), **{"trees": 3} | options)


def test_the_nearest_estimator_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="unknown estimator 'random-forrest'; did you mean random-forest"):
        train(draw_samples(count=60), "random-forrest")


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.exceptions", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[learning\]'"):
        train(draw_samples(count=60))


def test_matrix_products_are_computed_on_one_thread_only_while_training() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> NDArray[np.intp]:
        return np.array([pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"])

    before = threads()
    train(draw_samples(count=60), "perceptron", validation="none")
    np.testing.assert_array_equal(threads(), before)
