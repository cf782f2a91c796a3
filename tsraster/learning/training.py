"""`train`: samples to a classifier, with how well it does on pixels that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.learning.classifier import Classifier
from tsraster.learning.estimators import ESTIMATORS, Estimator, Settings
from tsraster.learning.samples import Samples
from tsraster.learning.validation import Validation, validate_blocks, validate_out_of_bag

VALIDATIONS = ("out-of-bag", "blocks", "none")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A classifier and what is known of it.

    Parameters
    ----------
    classifier : Classifier
        Of plain arrays.
    estimator : str
        The name of how it was trained.
    settings : Settings
        With what.
    validation : Validation or None
        None where it was not wanted, or could not be done and was not asked for.
    importances : array of float64, shape (F,), or None
        How much each feature contributes, together 1; None for other than trees.
    """

    classifier: Classifier
    estimator: str
    settings: Settings
    validation: Validation | None
    importances: NDArray[np.float64] | None


def train(
    samples: Samples,
    estimator: str = "random-forest",
    *,
    seed: int = 0,
    trees: int = 100,
    drawn: float = 1.0,
    workers: int | None = None,
    validation: str | None = None,
    block: int = 64,
    folds: int = 5,
) -> Trained:
    """Train a classifier with scikit-learn and check it on samples that it has not seen.

    Parameters
    ----------
    samples : Samples
        Features of the shape (N, F) and classes of the shape (N,).
    estimator : str
        A name of `ESTIMATORS`.
    seed : int
        Of random numbers; the same one gives the same classifier, on any number of processors.
    trees : int
        Of a forest.
    drawn : float
        How many samples are drawn for each of them, as a share of all. A half takes half the time and makes smaller trees; where
        pixels look like their neighbors, it need not do worse in other places.
    workers : int, optional
        Threads; as many as there are processors by default.
    validation : "out-of-bag", "blocks" or "none", optional
        By samples that trees have not seen, by blocks that a classifier trained anew has not seen, or not at all. Out-of-bag by
        default for forests, and blocks for others if the samples lie in enough of them. See `Validation` for what they are worth.
    block : int
        The side of a block in pixels.
    folds : int
        So many parts of the blocks are left out in turn.

    Returns
    -------
    Trained

    Raises
    ------
    DataError
        A class has too few samples for the estimator, or "blocks" were asked for and the samples lie in too few.
    UsageError
        There is no such estimator or validation, it draws no samples and cannot be validated out-of-bag, or a number is out of
        its range.
    MissingExtraError
        scikit-learn is not installed.

    Notes
    -----
    The accuracy is never that of the pixels a classifier was trained on. The trees of a forest are not pruned, and each cut is
    the best of the square root of F features.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    >>> places = np.stack([np.zeros(200), *np.divmod(np.arange(200), 20)], axis=1)
    >>> samples = Samples(features=values, classes=values[:, 0] > 0, places=places)
    >>> trained = train(samples, trees=20)
    >>> trained.classifier.segment(np.array([[-1, 1], [0, 0]], np.float32)).tolist()
    [0, 1]
    >>> trained.validation.accuracy > 0.95
    True
    """
    settings, chosen = Settings(seed=seed, trees=trees, drawn=drawn, workers=workers), ESTIMATORS[estimator]
    method = choose_validation(estimator, validation)
    _check_counts(samples, estimator, chosen)
    fitted = chosen.fit(samples.features, samples.classes, settings)
    # Only now: samples that cannot be trained on have their own sentence.
    found = _validate(method, validation is not None, chosen, fitted, samples, settings, block=block, folds=folds)
    shares = getattr(fitted, "feature_importances_", None)
    return Trained(
        classifier=chosen.convert(fitted),
        estimator=estimator,
        settings=settings,
        validation=found,
        importances=None if shares is None else np.asarray(shares, dtype=np.float64),
    )


def choose_validation(estimator: str, asked: str | None) -> str:
    """Return how an estimator is validated.

    Raises
    ------
    UsageError
        There is no such estimator or validation, or it draws no samples and cannot be validated out-of-bag.

    Examples
    --------
    >>> choose_validation("perceptron", None)
    'blocks'
    """
    chosen = ESTIMATORS[estimator]
    method = chosen.validation if asked is None else asked
    if method not in VALIDATIONS:
        raise UsageError(f"unknown validation {method!r}; choose from {', '.join(VALIDATIONS)}")
    if method == "out-of-bag" and not chosen.draws:
        raise UsageError(f"{estimator} draws no samples and cannot be validated out-of-bag; choose blocks or none")
    return method


def _check_counts(samples: Samples, name: str, estimator: Estimator) -> None:
    needed, counts = estimator.fewest(samples.features.shape[1]), samples.counts
    if counts.min() < needed:
        raise DataError(
            f"{name} with {samples.features.shape[1]} features needs at least {needed} samples of each class, and the class "
            f"{samples.name_of(int(counts.argmin()))} has {counts.min()}; label more, or choose fewer features"
        )


def _validate(
    method: str,
    is_asked: bool,
    estimator: Estimator,
    fitted: Any,
    samples: Samples,
    settings: Settings,
    *,
    block: int,
    folds: int,
) -> Validation | None:
    if method == "none":
        return None
    if method == "out-of-bag":
        return validate_out_of_bag(fitted, samples, settings, block=block)
    try:
        return validate_blocks(estimator, samples, settings, block=block, folds=folds)
    except DataError:
        if is_asked:
            raise
        return None
