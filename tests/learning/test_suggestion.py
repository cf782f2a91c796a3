"""The features that tell classes apart are found among many that do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tsraster.errors import UsageError
from tsraster.learning.importances import sum_importances
from tsraster.learning.samples import Samples
from tsraster.learning.suggestion import suggest_features
from tsraster.learning.training import train


@dataclass(frozen=True)
class Named:
    kind: str
    scale: float


KINDS = ("smoothing", "gradient", "hessian")
SCALES = (0.7, 1.6, 5.0)
COLUMNS = tuple(Named(kind, scale) for kind in KINDS for scale in SCALES for _ in range(2 if kind == "hessian" else 1))
TELLING = {("gradient", 1.6), ("hessian", 5.0)}


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Draw samples whose class depends on two choices only."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, len(COLUMNS)))
    telling = [i for i, column in enumerate(COLUMNS) if (column.kind, column.scale) in TELLING]
    score = values[:, telling] @ [1.5, 1, 1] + 0.3 * rng.normal(size=600)
    classes = np.digitize(score, [-0.8, 0.8])
    places = np.stack([np.zeros(600), *rng.integers(0, 640, (2, 600))], axis=1)
    return Samples(features=values, classes=classes, places=places)


@pytest.mark.parametrize("validation", ["out-of-bag", "blocks"])
def test_the_telling_features_are_recommended(samples: Samples, validation: str) -> None:
    found = suggest_features(samples, COLUMNS, validation=validation, trees=12, workers=1)
    assert set(found.recommended.choices) == TELLING
    assert str(found.recommended) == "gradient:1.6 hessian:5"
    assert [COLUMNS[i].scale for i in found.recommended.columns] == [1.6, 5.0, 5.0]
    assert found.recommended.accuracy > found.steps[0].accuracy


def test_each_step_has_fewer_features_down_to_one_choice(samples: Samples) -> None:
    found = suggest_features(samples, COLUMNS, trees=10, workers=1)
    assert [len(step.choices) for step in found.steps] == [9, 7, 6, 5, 4, 3, 2, 1]
    for before, after in zip(found.steps[:-1], found.steps[1:], strict=True):
        assert set(before.choices) == {*after.choices, *after.dropped}
        assert set(after.columns) < set(before.columns)


def test_a_seed_gives_the_same_steps_on_any_number_of_threads(samples: Samples) -> None:
    first, again = (suggest_features(samples, COLUMNS, trees=6, most=300, workers=workers) for workers in (1, 3))
    assert first == again
    assert first != suggest_features(samples, COLUMNS, trees=6, most=300, seed=1)


def test_importances_are_summed_by_kind_and_scale(samples: Samples) -> None:
    trained = train(samples, trees=30, validation="none")
    assert trained.importances is not None
    found = sum_importances(trained.importances, COLUMNS)
    assert {(one.kind, one.scale) for one in found[:2]} == TELLING
    assert [one.columns for one in found[:2]] == [{"gradient": 1, "hessian": 2}[one.kind] for one in found[:2]]
    assert sum(one.share for one in found) == pytest.approx(1)
    assert len(found) == 9


def test_columns_and_validation_are_checked(samples: Samples) -> None:
    with pytest.raises(UsageError, match="3 columns do not describe 12 features"):
        suggest_features(samples, COLUMNS[:3])
    with pytest.raises(UsageError, match="unknown validation 'none'; choose out-of-bag or blocks"):
        suggest_features(samples, COLUMNS, validation="none")
