"""`train_arrays`: labeled pictures to a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tsraster
from tsraster.errors import UsageError
from tsraster.learning.arrayforms import Picture
from tsraster.learning.arraysamples import (
    check_classes,
    compute_samples,
    draw_labels,
    find_fill,
    keep_data,
    list_labels,
)
from tsraster.learning.estimators import ESTIMATORS, Settings
from tsraster.learning.featureset import Column, FeatureSet
from tsraster.learning.ilastik.projectreading import COLORS
from tsraster.learning.model import Model, reduce_columns
from tsraster.learning.samples import Samples
from tsraster.learning.training import Trained, train
from tsraster.learning.validation import Validation
from tsraster.lut import Lut


@dataclass(frozen=True, kw_only=True)
class ArrayPlan:
    """How a model is to be trained; `PixelClassifier` says what each means.

    Raises
    ------
    UsageError
        A number is out of its range, or there is no such estimator.
    """

    features: FeatureSet
    settings: Settings
    estimator: str
    samples: int
    validation: str | None
    validation_block: int
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        _ = ESTIMATORS[self.estimator]  # raises where there is no such one, before features are computed
        if self.samples < 0:
            raise UsageError(f"samples is {self.samples}; give a number of pixels a class, or 0 for all")

    def train(self, samples: Samples) -> Trained:
        """Train with samples."""
        return train(
            samples,
            self.estimator,
            seed=self.settings.seed,
            trees=self.settings.trees,
            workers=self.settings.workers,
            validation=self.validation,
            block=self.validation_block,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayTraining:
    """What became of it.

    Parameters
    ----------
    model : Model
        Of the features that its classifier asks for.
    trained : Trained
        By all of them.
    columns : tuple of Column, shape (F,)
        All of them.
    """

    model: Model
    trained: Trained
    columns: tuple[Column, ...]


def train_arrays(pictures: Sequence[Picture], labels: Sequence[NDArray[np.uint16]], plan: ArrayPlan) -> ArrayTraining:
    """Train a model with the labels of pictures that have the same bands.

    Raises
    ------
    DataError, UsageError, MissingExtraError
        As `PixelClassifier.fit` does.
    """
    for picture in pictures:
        plan.features.check(picture.shape)
    bands, dimensions = pictures[0].bands, len(pictures[0].shape)
    columns = plan.features.columns(len(bands), dimensions)
    every = [list_labels(picture, own) for picture, own in zip(pictures, labels, strict=True)]
    with ThreadPoolExecutor(plan.settings.threads) as executor:
        on_data, of_data = zip(*(keep_data(one, executor) for one in every), strict=True)
        names = {code: str(plan.names.get(code, "")) for code in check_classes(every, on_data)}
        drawn = [draw_labels(one, most=plan.samples, seed=plan.settings.seed) for one in on_data]
        labeled = [one.select(own) for one, own in zip(on_data, drawn, strict=True)]
        fill = find_fill([values[own] for values, own in zip(of_data, drawn, strict=True)])
        samples = compute_samples(labeled, columns, plan.features.recipe, fill, names, executor)
    trained = plan.train(samples)
    classifier, used = reduce_columns(trained.classifier, columns)
    report = _report(plan, trained, samples, columns, names)
    model = Model(
        features=plan.features,
        bands=bands,
        columns=used,
        classifier=classifier,
        lut=_make_lut(names),
        fill=fill,
        dimensions=dimensions,
        report=report | {"without_data": sum(len(one.codes) for one in every) - sum(len(one.codes) for one in on_data)},
    )
    return ArrayTraining(model=model, trained=trained, columns=columns)


def _make_lut(names: Mapping[int, str]) -> Lut:
    return Lut(
        name="classes",
        kind="classes",
        keys=tuple(names),
        colors=tuple((*COLORS[i % len(COLORS)], 255) for i in range(len(names))),
        names=tuple(names.values()),
    )


def _report(
    plan: ArrayPlan, trained: Trained, samples: Samples, columns: Sequence[Column], names: Mapping[int, str]
) -> dict[str, Any]:
    """Say how it was trained, by the names that the report of `train_file` has."""
    counted = zip(names.items(), samples.counts.tolist(), strict=True)
    found = trained.validation
    return {
        "kind": "tsraster training",
        "version": 1,
        "made_by": f"tsraster {tsraster.__version__}",
        "features": plan.features.to_text(),
        "recipe": plan.features.recipe,
        "feature_names": [column.name for column in columns],
        "estimator": plan.estimator,
        "trees": plan.settings.trees,
        "seed": plan.settings.seed,
        "classes": [{"code": code, "name": name, "used": used} for (code, name), used in counted],
        "validation": None if found is None or not found.checked else _describe_validation(found, list(names)),
    }


def _describe_validation(found: Validation, codes: list[int]) -> dict[str, Any]:
    error = found.standard_error
    return {
        "method": found.method,
        "block": found.block,
        "overall_accuracy": found.accuracy,
        "standard_error": None if np.isnan(error) else error,
        "codes": codes,
        "confusion": found.counts.tolist(),
    }
