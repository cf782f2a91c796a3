"""A small choice of features that does about as well as all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.estimators import ESTIMATORS, Settings
from tsraster.learning.importances import FeatureColumn, group_columns
from tsraster.learning.samples import Samples
from tsraster.learning.validation import Validation, validate_blocks, validate_out_of_bag

Choice = tuple[str, float]
"""A kind and a scale."""

_ESTIMATOR = "extra-trees"
"""Trained several times faster than a random forest, of about the same accuracy."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One choice of features, and how well it does.

    Parameters
    ----------
    choices : tuple of (kind, scale)
        All bands of each.
    columns : tuple of int
        The indices of their features.
    accuracy, standard_error : float
        On samples that were not trained on; the error comes from the differences between blocks.
    dropped : tuple of (kind, scale)
        What the step before had and this one has not.
    """

    choices: tuple[Choice, ...]
    columns: tuple[int, ...]
    accuracy: float
    standard_error: float
    dropped: tuple[Choice, ...] = ()

    def __str__(self) -> str:
        scales: dict[str, list[str]] = {}
        for kind, scale in self.choices:
            scales.setdefault(kind, []).append(f"{scale:g}")
        return " ".join(f"{kind}:{','.join(texts)}" for kind, texts in scales.items())


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """All steps, from all features to a single choice, and the one that is recommended."""

    steps: tuple[Step, ...]
    recommended: Step


def suggest_features(
    samples: Samples,
    columns: Sequence[FeatureColumn],
    *,
    validation: str = "out-of-bag",
    seed: int = 0,
    trees: int = 60,
    most: int = 5000,
    block: int = 64,
    workers: int | None = None,
) -> Suggestion:
    """Leave out the kind and scale that contribute least, again and again, and recommend the fewest that suffice.

    Parameters
    ----------
    samples : Samples
        With features of the shape (N, F).
    columns : sequence of columns, shape (F,)
        What the features are.
    validation : "out-of-bag" or "blocks"
        How each choice is judged: by samples that trees have not seen, or by blocks, which is slower and prefers what holds in
        other places. See `Validation`.
    seed, trees, workers : int
        As `train` has them.
    most : int
        So many samples are drawn at most.
    block : int
        The side of a block in pixels.

    Returns
    -------
    Suggestion
        Recommended is the step with the fewest features whose accuracy is within one standard error of the best.

    Raises
    ------
    UsageError
        The columns are not those of the samples, or the validation is unknown.
    DataError
        The samples lie in too few blocks.

    Notes
    -----
    A quarter of the choices is left out at a time, and one at a time of the last few. Trees are extremely randomized ones, and
    the importance of a choice is the sum of those of its features. Judged out-of-bag, strokes of a brush favor large
    scales: from these the trees know the place again, where neighbors were drawn. With "blocks" the accuracy flatters less, but
    few strokes may still end in one coarse scale.

    References
    ----------
    I. Guyon, J. Weston, S. Barnhill, V. Vapnik (2002), Gene selection for cancer classification using support vector machines,
    Machine Learning 46, 389-422, on recursive elimination. L. Breiman and others (1984), Classification and Regression Trees,
    section 3.4.3, on the rule of one standard error.
    """
    if len(columns) != samples.features.shape[1]:
        raise UsageError(
            f"{len(columns)} columns do not describe {samples.features.shape[1]} features; give one for each"
        )
    if validation not in ("out-of-bag", "blocks"):
        raise UsageError(f"unknown validation {validation!r}; choose out-of-bag or blocks")
    settings, drawn = Settings(seed=seed, trees=trees, workers=workers), samples.thin(most, seed=seed)
    groups: Mapping[Choice, list[int]] = group_columns(columns)
    steps: list[Step] = []
    dropped: tuple[Choice, ...] = ()
    while groups:
        step, shares = _judge(drawn, groups, dropped, validation, settings, block)
        steps.append(step)
        dropped = _weakest(groups, shares)
        groups = {choice: places for choice, places in groups.items() if choice not in dropped}
    return Suggestion(steps=tuple(steps), recommended=_recommend(steps))


def _judge(
    samples: Samples,
    groups: Mapping[Choice, list[int]],
    dropped: tuple[Choice, ...],
    validation: str,
    settings: Settings,
    block: int,
) -> tuple[Step, NDArray[np.float64]]:
    """Return how well a choice does, and the importance of each feature of all; 0 of those not chosen."""
    places = sorted(place for group in groups.values() for place in group)
    part = samples.select(places)
    fitted = ESTIMATORS[_ESTIMATOR].fit(part.features, part.classes, settings)
    found = _validate(fitted, part, validation, settings, block)
    shares = np.zeros(samples.features.shape[1])
    shares[places] = fitted.feature_importances_
    step = Step(
        choices=tuple(groups),
        columns=tuple(places),
        accuracy=found.accuracy,
        standard_error=found.standard_error,
        dropped=dropped,
    )
    return step, shares


def _validate(fitted: Any, samples: Samples, validation: str, settings: Settings, block: int) -> Validation:
    if validation == "blocks":
        return validate_blocks(ESTIMATORS[_ESTIMATOR], samples, settings, block=block)
    return validate_out_of_bag(fitted, samples, settings, block=block)


def _weakest(groups: Mapping[Choice, list[int]], shares: NDArray[np.float64]) -> tuple[Choice, ...]:
    """Return a quarter of the choices, at least one, that contribute least."""
    ordered = sorted(groups, key=lambda choice: float(shares[groups[choice]].sum()))
    return tuple(ordered[: max(1, len(ordered) // 4)])


def _recommend(steps: Sequence[Step]) -> Step:
    best = max(steps, key=lambda step: step.accuracy)
    error = 0.0 if math.isnan(best.standard_error) else best.standard_error
    enough = [step for step in steps if step.accuracy >= best.accuracy - error]
    return min(enough, key=lambda step: (len(step.columns), -step.accuracy))
