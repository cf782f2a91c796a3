"""What training is to do and what it found, as nouns and as a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import tsraster
from tsraster.errors import UsageError
from tsraster.learning.estimators import Settings
from tsraster.learning.featureset import Column, FeatureSet
from tsraster.learning.importances import Importance
from tsraster.learning.suggestion import Step, Suggestion
from tsraster.learning.training import choose_validation
from tsraster.lut import Lut
from tsraster.measuring.confusion import Confusion
from tsraster.pipeline.learning.examples import Example


@dataclass(frozen=True, kw_only=True)
class TrainPlan:
    """How a model is to be trained.

    Raises
    ------
    UsageError
        A number is out of its range.
    """

    estimator: str
    trees: int
    seed: int
    samples: int
    validation: str | None
    validation_block: int
    suggest: bool
    lut: Lut | None
    region: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.samples < 0:
            raise UsageError(f"--samples is {self.samples}; give a number of pixels a class, or 0 for all")
        if self.validation_block < 1:
            raise UsageError(f"--validation-block is {self.validation_block}; give a number of pixels from 1")
        # These are found out again where they are needed, but only after all features have been computed.
        Settings(seed=self.seed, trees=self.trees)
        choose_validation(self.estimator, self.validation)


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """What was found in training."""

    labeled: Mapping[int, int]
    """Labeled pixels of each code."""
    used: Mapping[int, int]
    """Those of them that were trained with."""
    without_data: int
    """Labels on pixels that have no data, which are left out."""
    method: str | None
    """How it was checked: out-of-bag, or blocks; None where it was not."""
    confusion: Confusion | None
    """Rows are the predicted classes, columns the labeled ones, of pixels that were not trained on."""
    standard_error: float | None
    """Of the overall accuracy, from the differences between blocks; None where fewer than two were checked."""
    unchecked: tuple[int, ...]
    """Codes of classes of which no pixel was checked, such as those that lie in one block."""
    importances: tuple[Importance, ...]
    """Of each filter and scale, the largest first; empty where the classifier knows none."""
    suggestion: Suggestion | None
    """The steps by which features were left out."""
    seconds: float
    """That training itself took, without features."""


def describe_training(
    examples: Sequence[Example],
    features: FeatureSet,
    columns: Sequence[Column],
    lut: Lut,
    plan: TrainPlan,
    found: Findings,
) -> dict[str, Any]:
    """Return the report as what JSON can hold."""
    confusion = found.confusion
    return {
        "kind": "tsraster training",
        "version": 1,
        "made_by": f"tsraster {tsraster.__version__}",
        "sources": [example.scene.name for example in examples],
        "labels": [example.labels.name for example in examples],
        "features": features.to_text(),
        "recipe": features.recipe,
        "feature_names": [column.name for column in columns],
        "estimator": plan.estimator,
        "trees": plan.trees,
        "seed": plan.seed,
        "classes": [
            {"code": code, "name": name, "labeled": found.labeled[code], "used": found.used[code]}
            for code, name in zip(map(int, lut.keys), lut.names, strict=True)
        ],
        "without_data": found.without_data,
        "validation": None
        if confusion is None
        else {
            "method": found.method,
            "block": plan.validation_block,
            "overall_accuracy": confusion.overall_accuracy,
            "standard_error": found.standard_error,
            "unchecked": list(found.unchecked),
            "users_accuracy": [_to_json(share) for share in confusion.users_accuracy.tolist()],
            "producers_accuracy": [_to_json(share) for share in confusion.producers_accuracy.tolist()],
            "codes": list(confusion.codes),
            "confusion": confusion.counts.tolist(),
        },
        "importances": [asdict(one) for one in found.importances],
        "suggestion": None
        if found.suggestion is None
        else [
            {
                "features": str(step),
                "columns": len(step.columns),
                "accuracy": step.accuracy,
                "standard_error": _to_json(step.standard_error),
            }
            for step in found.suggestion.steps
        ],
    }


def _describe_step(step: Step) -> dict[str, Any]:
    return {
        "features": str(step),
        "columns": len(step.columns),
        "accuracy": step.accuracy,
        "standard_error": _to_json(step.standard_error),
    }


def _to_json(number: float) -> float | None:
    """Return None for NaN, which JSON does not have."""
    return None if math.isnan(number) else number
