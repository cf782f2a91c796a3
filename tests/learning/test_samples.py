"""Samples that nothing can be learned from are refused with a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tsraster.errors import DataError, UsageError
from tsraster.learning.samples import Samples


def make_samples(classes: Any, features: Any = None, **parts: Any) -> Samples:
    count = len(classes)
    places = np.stack([np.zeros(count), np.arange(count), np.arange(count)], axis=1)
    values = np.arange(2.0 * count).reshape(count, 2) if features is None else features
    return Samples(**{"features": values, "classes": classes, "places": places} | parts)


@pytest.mark.parametrize(
    ("classes", "parts", "sentence"),
    [
        ([], {}, "no pixel is labeled"),
        ([0, 0], {}, "all samples are of one class"),
        ([0, 2], {}, "the class number 2 has no samples"),
        ([0, 2], {"names": ["soil", "water", "rock"]}, "the class 'water' has no samples"),
        ([0, 1], {"names": ["soil", "water", "rock"]}, "the class 'rock' has no samples"),
        ([0, 3], {"names": ["soil", "water"]}, "from 0 to 3; give numbers from 0 to 1"),
        ([0, -1], {}, "numbered from -1 to 0"),
        ([0, 1], {"features": [[np.nan, 0], [1, np.inf]]}, "2 of 2 samples have features that are NaN or infinite"),
        ([0, 1], {"features": [[1], [2], [3]]}, "do not fit together"),
        ([0, 1], {"places": [[0, 1], [0, 2]]}, "do not fit together"),
        ([0, 1], {"features": np.zeros((2, 0))}, "no features"),
    ],
)
def test_samples_that_cannot_be_trained_on_have_one_sentence(
    classes: list[int], parts: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        make_samples(classes, **parts)


def test_samples_are_float32_rows_with_a_class_and_a_place() -> None:
    samples = make_samples([0, 1, 1], names=["soil", "water"])
    assert (samples.features.dtype, samples.classes.dtype, samples.places.dtype) == (np.float32, np.intp, np.int64)
    assert (samples.n_classes, samples.counts.tolist(), samples.name_of(1)) == (2, [1, 2], "'water'")
    assert samples.select([1]).features.tolist() == [[1], [3], [5]]


@pytest.mark.parametrize("most", [3, 4, 10, 57, 100, 5000])
def test_fewer_samples_keep_the_shares_and_every_class(most: int) -> None:
    classes = np.repeat([0, 1, 2], [700, 299, 1])
    thinned = make_samples(classes).thin(most, seed=1)
    assert max(3, min(most, 1000) - 3) <= len(thinned.classes) <= most
    expected = np.array([700, 299, 1]) * min(most, 1000) / 1000
    assert (np.abs(thinned.counts - expected) <= 2).all()
    assert (thinned.counts >= 1).all()
    again = make_samples(classes).thin(most, seed=1)
    np.testing.assert_array_equal(again.places, thinned.places)
    # Every drawn row is one of the whole.
    np.testing.assert_array_equal(classes[thinned.places[:, 1]], thinned.classes)


def test_fewer_samples_than_classes_cannot_be() -> None:
    with pytest.raises(UsageError, match="1 samples are too few for 2 classes"):
        make_samples([0, 1, 1]).thin(1)
