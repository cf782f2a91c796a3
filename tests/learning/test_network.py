"""Networks and Gaussian classes answer as scikit-learn does, and the same wherever a pixel stands."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.gaussian import Gaussian
from tsraster.learning.network import Network


def draw_network(sizes: tuple[int, ...], seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(size=(inputs, outputs)) / np.sqrt(inputs), rng.normal(size=outputs))
        for inputs, outputs in pairwise(sizes)
    ]
    return Network(mean=rng.normal(size=sizes[0]), scale=rng.uniform(0.5, 9, sizes[0]), layers=layers)


def draw_gaussian(features: int, classes: int) -> Gaussian:
    rng = np.random.default_rng(1)
    return Gaussian(
        mean=rng.normal(size=features),
        scale=rng.uniform(0.5, 3, features),
        centers=rng.normal(size=(classes, features)),
        whitenings=rng.normal(size=(classes, features, features)),
        constants=rng.normal(size=classes),
    )


CLASSIFIERS = {
    "linear": draw_network((7, 5)),
    "one score": draw_network((3, 1)),
    "hidden": draw_network((49, 32, 5)),
    "odd": draw_network((1, 3, 9, 2), seed=2),
    "gaussian": draw_gaussian(7, 3),
}
each_classifier = pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())


def draw_features(classifier: Any, pixels: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(0, 4, (classifier.n_features, pixels)).astype(np.float32)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0))


@pytest.mark.parametrize("sizes", [(7, 5), (49, 32, 5), (1, 3, 9, 2), (4, 4, 4)])
def test_layers_are_those_of_the_formula_in_float64(sizes: tuple[int, ...]) -> None:
    network = draw_network(sizes)
    features = draw_features(network, 1100)
    signal = (features.astype(float) - network.mean[:, None]) / network.scale[:, None]
    for i, (weights, bias) in enumerate(network.layers):
        signal = np.maximum(signal, 0) if i else signal
        signal = weights.T.astype(float) @ signal + bias[:, None]
    np.testing.assert_allclose(network.probabilities(features), softmax(signal), atol=3e-6)


def test_gaussians_are_those_of_the_formula_in_float64() -> None:
    gaussian = draw_gaussian(7, 3)
    features = draw_features(gaussian, 700)
    standardized = (features.astype(float) - gaussian.mean[:, None]) / gaussian.scale[:, None]
    scores = [
        constant - ((whitening.astype(float) @ (standardized - center[:, None])) ** 2).sum(axis=0) / 2
        for constant, whitening, center in zip(gaussian.constants, gaussian.whitenings, gaussian.centers, strict=True)
    ]
    np.testing.assert_allclose(gaussian.probabilities(features), softmax(np.array(scores)), atol=1e-4)


@each_classifier
@pytest.mark.parametrize("start", [0, 1, 13, 511, 512, 700])
@pytest.mark.parametrize("pixels", [1, 3, 16, 511, 513])
def test_a_pixel_gets_the_same_bits_wherever_it_stands(classifier: Any, start: int, pixels: int) -> None:
    features = draw_features(classifier, 1300)
    part = features[:, start : start + pixels]
    whole = classifier.probabilities(features)[:, start : start + pixels]
    assert classifier.probabilities(part).tobytes() == whole.tobytes()
    np.testing.assert_array_equal(classifier.segment(part), classifier.segment(features)[start : start + pixels])


@each_classifier
def test_the_class_is_the_first_of_the_largest_probability(classifier: Any) -> None:
    features = draw_features(classifier, 3000).reshape(classifier.n_features, 30, 100)
    probabilities, classes = classifier.probabilities(features), classifier.segment(features)
    assert (classes.dtype, classes.shape, probabilities.shape) == (
        np.uint16,
        (30, 100),
        (classifier.n_classes, 30, 100),
    )
    np.testing.assert_array_equal(classes, probabilities.argmax(axis=0))
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-6)


def test_equal_scores_are_of_the_first_class_even_if_rounding_made_them_equal() -> None:
    network = Network(mean=[0], scale=[1], layers=[([[0, 1e-9, 0]], [0, 0, 0])])
    assert network.segment(np.ones((1, 2), np.float32)).tolist() == [0, 0]


@each_classifier
def test_far_features_have_probabilities_and_nan_has_none(classifier: Any) -> None:
    features = np.full((classifier.n_features, 4), 1e6, dtype=np.float32)
    features[:, 1] = -1e6
    features[0, 3] = np.nan
    found = classifier.probabilities(features)
    assert np.isfinite(found[:, :3]).all()
    assert np.isnan(found[:, 3]).all()
    assert classifier.segment(features)[3] == 0


@each_classifier
def test_arrays_make_the_same_classifier(classifier: Any) -> None:
    again = type(classifier).from_arrays(classifier.to_arrays())
    features = draw_features(classifier, 600)
    assert again.probabilities(features).tobytes() == classifier.probabilities(features).tobytes()
    assert (again.kind, again.n_features, again.n_classes) == (
        classifier.kind,
        classifier.n_features,
        classifier.n_classes,
    )


def test_no_pixels_have_no_classes() -> None:
    network = draw_network((3, 2))
    assert network.segment(np.zeros((3, 0, 5), np.float32)).shape == (0, 5)
    assert network.probabilities(np.zeros((3, 0), np.float32)).shape == (2, 0)


@each_classifier
def test_other_features_are_refused(classifier: Any) -> None:
    with pytest.raises(DataError, match=f"trained with {classifier.n_features} features, and 50 are given"):
        classifier.segment(np.zeros((50, 4), np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"layers": []},
        {"mean": [0, 0]},
        {"scale": [[1]]},
        {"layers": [([[1.0]], [0, 0])]},
        {"layers": [([[1.0, 2]], [0, 0]), ([[1.0]], [0])]},
        {"mean": [], "scale": [], "layers": [(np.zeros((0, 2)), [0, 0])]},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="do not fit together"):
        Network(**{"mean": [0], "scale": [1], "layers": [([[1.0]], [0])]} | wrong)


@pytest.mark.parametrize("wrong", [{"scale": [0]}, {"mean": [np.nan]}, {"layers": [([[np.inf]], [0])]}])
def test_numbers_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="NaN or infinite, or scales that are 0"):
        Network(**{"mean": [0], "scale": [1], "layers": [([[1.0]], [0])]} | wrong)


@pytest.mark.parametrize("name", ["mean", "centers", "whitenings", "constants"])
def test_gaussian_arrays_of_a_wrong_shape_are_refused(name: str) -> None:
    arrays = draw_gaussian(3, 2).to_arrays()
    with pytest.raises(DataError, match="do not fit together"):
        Gaussian.from_arrays(arrays | {name: arrays[name][:-1]})
    with pytest.raises(DataError, match="NaN or infinite"):
        Gaussian.from_arrays(arrays | {name: arrays[name] * np.nan})


@each_classifier
def test_a_missing_array_is_named(classifier: Any) -> None:
    arrays = classifier.to_arrays()
    for name in arrays:
        if name.startswith("weights"):
            continue
        with pytest.raises(DataError, match=f"no array '{name}'"):
            type(classifier).from_arrays({other: array for other, array in arrays.items() if other != name})
