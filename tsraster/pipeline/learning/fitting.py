"""Examples to a model: choose labeled pixels, compute their features, train, and put together what is known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring.labelcolors import label_colors
from tsraster.errors import DataError, LutError
from tsraster.learning.classifier import Floats
from tsraster.learning.estimators import check_sklearn
from tsraster.learning.featureset import Column, FeatureChoice, FeatureSet
from tsraster.learning.importances import sum_importances
from tsraster.learning.model import LabeledPixels, Model, reduce_columns
from tsraster.learning.samples import Samples
from tsraster.learning.suggestion import Suggestion, suggest_features
from tsraster.learning.training import Trained, train
from tsraster.learning.validation import group_by_blocks
from tsraster.lut import RGBA, Lut
from tsraster.measuring.confusion import Confusion
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.learning.examples import Example, check_alike, join_categories, unite
from tsraster.pipeline.learning.sampling import FeatureJob, choose_labels, read_values
from tsraster.pipeline.learning.scenes import find_box
from tsraster.pipeline.learning.trainreport import Findings, TrainPlan, describe_training

_ALL = 2**62
_FEWEST_BLOCKS = 3
"""In which each class lies: with one left out, it is still learned from two places."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Training(Findings):
    """What `train_file` found and wrote."""

    model: Model
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the sources, in a sentence each."""
    written: tuple[str, ...] = ()
    """Paths of the files that were written."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Chosen:
    """The labeled pixels of one example that have data."""

    example: Example
    places: NDArray[np.int64]
    codes: NDArray[np.uint16]
    values: Floats
    labeled: Mapping[int, int]
    without_data: int


def fit_model(examples: Sequence[Example], features: FeatureSet, plan: TrainPlan, work: BlockWork) -> Training:
    """Train a model.

    Raises
    ------
    BandError, DataError, UsageError, MissingExtraError
        As `tsraster.train_file` does.
    """
    check_sklearn()
    check_alike(examples)
    examples = unite(examples)
    scene = examples[0].scene
    for example in examples:
        features.check(example.scene.shape)
    columns = features.columns(len(scene.numbers), len(scene.shape))
    chosen = [_choose(example, work, plan) for example in examples]
    codes = np.unique(np.concatenate([one.codes for one in chosen]))
    labeled = _sum_counts(one.labeled for one in chosen)
    _check_classes(labeled, codes)
    # The lower median: a value that occurs, so that the same numbers make the same model everywhere.
    fill = tuple(np.quantile(np.concatenate([one.values for one in chosen]), 0.5, axis=0, method="lower").tolist())
    lut = make_class_lut(examples, codes.tolist(), plan.lut)
    samples = _compute_samples(chosen, columns, features.recipe, fill, codes, lut.names, work)
    suggestion = _suggest(samples, columns, plan, work) if plan.suggest else None
    if suggestion is not None:
        features = _take_choices(features, suggestion.recommended.choices)
        chosen_columns = list(suggestion.recommended.columns)
        samples, columns = samples.select(chosen_columns), tuple(columns[i] for i in chosen_columns)
    start = time.perf_counter()
    trained = train(
        samples,
        plan.estimator,
        seed=plan.seed,
        trees=plan.trees,
        workers=work.workers,
        validation=plan.validation,
        block=plan.validation_block,
    )
    seconds = time.perf_counter() - start
    findings = Findings(
        **_describe_validation(trained, lut),
        labeled=labeled,
        used=dict(zip(codes.tolist(), samples.counts.tolist(), strict=True)),
        without_data=sum(one.without_data for one in chosen),
        importances=() if trained.importances is None else sum_importances(trained.importances, columns),
        suggestion=suggestion,
        seconds=seconds,
    )
    classifier, kept = reduce_columns(trained.classifier, columns)
    model = Model(
        features=features,
        bands=scene.band_names,
        columns=kept,
        classifier=classifier,
        lut=lut,
        fill=fill,
        units=scene.units,
        dimensions=len(scene.shape),
        labels=_keep_labels(chosen, samples),
        report=describe_training([one.example for one in chosen], features, columns, lut, plan, findings),
    )
    notes = dict.fromkeys(note for example in examples for note in example.scene.notes)
    return Training(**vars(findings), model=model, notes=tuple(notes))


def _choose(example: Example, work: BlockWork, plan: TrainPlan) -> _Chosen:
    part = None if plan.region is None else find_box(example.scene, plan.region)
    choice = choose_labels(example, work, most=plan.samples or _ALL, seed=plan.seed, part=part)
    if not choice.counts:
        within = "" if part is None else " in --region"
        raise DataError(f"{example.labels.name} labels no pixel of {example.scene.name}{within}; 0 is no label")
    places, codes = choice.list_places()
    if not len(places):
        raise DataError(f"all labels of {example.labels.name} are on pixels of {example.scene.name} without data")
    return _Chosen(
        example=example,
        places=places,
        codes=codes,
        values=read_values(example.scene, places, work),
        labeled=choice.counts,
        without_data=choice.without_data,
    )


def _sum_counts(counts: Any) -> dict[int, int]:
    total: dict[int, int] = {}
    for one in counts:
        for code, count in one.items():
            total[code] = total.get(code, 0) + count
    return dict(sorted(total.items()))


def _check_classes(labeled: Mapping[int, int], codes: NDArray[np.uint16]) -> None:
    without = [code for code in labeled if code not in codes]
    if without:
        raise DataError(
            f"all labels of class {without[0]} are on pixels without data; label others, or map it to another"
        )
    if len(codes) < 2:
        raise DataError(f"all labels are of class {codes[0]}; label pixels of at least two classes")


def make_class_lut(examples: Sequence[Example], codes: Sequence[int], lut: Lut | None) -> Lut:
    """Return names and colors of the classes.

    Raises
    ------
    LutError
        The color table does not cover every class.
    """
    names, colors = join_categories(examples, codes)
    if lut is not None:
        known = dict(zip(lut.keys, zip(lut.colors, lut.names, strict=True), strict=False))
        missing = [code for code in codes if code not in known]
        if lut.kind != "classes" or missing:
            raise LutError(f"the color table {lut.name} has no color for class {(missing or list(codes))[0]}")
        colors = {code: known[code][0] for code in codes}
        names = {code: names.get(code) or known[code][1] for code in codes}
    free: list[RGBA] = [(int(r), int(g), int(b), 255) for r, g, b in label_colors()[1:]]
    own = [colors.get(code) for code in codes]
    spare = iter([color for color in free if color not in own] * (len(codes) // len(free) + 1))
    return Lut(
        name="classes",
        kind="classes",
        keys=tuple(codes),
        colors=tuple(color if color is not None else next(spare) for color in own),
        names=tuple(names.get(code, "") for code in codes),
    )


def _compute_samples(
    chosen: Sequence[_Chosen],
    columns: tuple[Column, ...],
    recipe: str,
    fill: tuple[float, ...],
    codes: NDArray[np.uint16],
    names: Sequence[str],
    work: BlockWork,
) -> Samples:
    tables, places = [], []
    for i, one in enumerate(chosen):
        scene = one.example.scene
        tables.append(FeatureJob(scene=scene, columns=columns, recipe=recipe, fill=fill).run(one.places, work))
        at = np.stack(np.unravel_index(one.places, scene.shape), axis=1)
        places.append(np.column_stack([np.full(len(at), i), at]))
    return Samples(
        features=np.concatenate(tables),
        classes=np.searchsorted(codes, np.concatenate([one.codes for one in chosen])),
        places=np.concatenate(places),
        names=[name or str(code) for code, name in zip(codes.tolist(), names, strict=True)],
    )


def _suggest(samples: Samples, columns: tuple[Column, ...], plan: TrainPlan, work: BlockWork) -> Suggestion:
    judged = choose_judging(samples, plan.validation_block)
    return suggest_features(
        samples, columns, validation=judged, seed=plan.seed, block=plan.validation_block, workers=work.workers
    )


def choose_judging(samples: Samples, block: int) -> str:
    """Return how a choice of features is to be judged: "blocks" if each class lies in several of them, else "out-of-bag".

    Out-of-bag knows the neighbors of each pixel, by which a place is known again; the accuracy of blocks flatters less, and takes
    three to four times as long. Neither keeps few strokes from ending in one coarse scale.
    """
    pairs = np.unique(np.stack([samples.classes, group_by_blocks(samples.places, block)]), axis=1)
    return "blocks" if np.bincount(pairs[0], minlength=samples.n_classes).min() >= _FEWEST_BLOCKS else "out-of-bag"


def _take_choices(features: FeatureSet, wanted: Sequence[tuple[str, float]]) -> FeatureSet:
    choices: tuple[FeatureChoice, ...] = tuple(c for c in features.choices if (c.kind, c.scale) in set(wanted))
    return FeatureSet(choices=choices, recipe=features.recipe, slicewise=features.slicewise)


def _describe_validation(trained: Trained, lut: Lut) -> dict[str, Any]:
    found = trained.validation
    if found is None or not found.checked:
        return {"method": None, "confusion": None, "standard_error": None, "unchecked": ()}
    confusion = Confusion.of_pairs(found.count_pairs([int(key) for key in lut.keys]))
    return {
        "method": found.method,
        "confusion": confusion,
        "standard_error": None if np.isnan(found.standard_error) else found.standard_error,
        "unchecked": tuple(int(lut.keys[index]) for index in found.unchecked_classes),
    }


def _keep_labels(chosen: Sequence[_Chosen], samples: Samples) -> LabeledPixels:
    return LabeledPixels(
        sources=tuple(one.example.scene.name for one in chosen),
        shapes=tuple(one.example.scene.shape for one in chosen),
        source=samples.places[:, 0].astype(np.uint16),
        places=samples.places[:, 1:].astype(np.int32),
        codes=np.concatenate([one.codes for one in chosen]),
    )
