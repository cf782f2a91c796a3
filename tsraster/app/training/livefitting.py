"""`fit_labels`: the model of labels that are being drawn, the very same that `train_file` makes of them as a raster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.attributetable import Categories
from tsraster.learning.featureset import FeatureSet, parse_features
from tsraster.lut import RGBA
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.learning.examples import Example
from tsraster.pipeline.learning.fitting import Training, fit_model
from tsraster.pipeline.learning.scenes import Box, Scene, divide, to_window
from tsraster.pipeline.learning.trainreport import TrainPlan
from tsraster.raster import Window

_SIDE = 512
"""Of a part of a large box of labels, in pixels: what is read together."""


class LabelSnapshot(Protocol):
    """Labels as they were at a moment, which nobody changes any more."""

    def read(self, window: Window, /) -> NDArray[np.uint8]:
        """Return the codes in a window, shape (row, col), 0 where there is no label."""

    def boxes(self) -> Iterable[Window | Box]:
        """Return where labels may be, as windows or slices of rows and columns; no two of them overlap."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BoardLabels:
    """Labels that are being drawn, as the source of labels of an `Example`."""

    snapshot: LabelSnapshot
    names: Mapping[int, str] = field(default_factory=dict)
    """Of the classes, by code; without empty ones."""
    colors: Mapping[int, RGBA] = field(default_factory=dict)
    name: str = "labels"
    """What they are called in errors and reports."""

    @property
    def categories(self) -> Categories:
        """What is known of the codes."""
        return Categories(names={code: name for code, name in self.names.items() if name}, colors=self.colors)

    @property
    def files(self) -> tuple[str, ...]:
        """No files are read."""
        return ()

    def read(self, box: Box) -> NDArray[np.uint16]:
        """Return the codes in a box, 0 where there is no label."""
        return np.asarray(self.snapshot.read(to_window(box))).astype(np.uint16)

    def list_parts(self, shape: Sequence[int]) -> list[Box]:
        """Return where labels may be, within a raster of that shape and in parts of moderate size."""
        parts = (_clip(one.slices if isinstance(one, Window) else one, shape) for one in self.snapshot.boxes())
        return [part for box in parts if box is not None for part in divide(box, (_SIDE, _SIDE))]


def _clip(box: Box, shape: Sequence[int]) -> Box | None:
    inside = tuple(slice(max(0, part.start), min(size, part.stop)) for part, size in zip(box, shape, strict=True))
    return inside if all(part.start < part.stop for part in inside) else None


@dataclass(frozen=True, kw_only=True, eq=False)
class _LabeledScene(Scene):
    """A scene of which only the parts with labels are gone through."""

    parts: tuple[Box, ...] = ()

    def list_boxes(self, block_size: int | None, region: Box | None = None, workers: int = 1) -> list[Box]:
        if region is not None:
            return super().list_boxes(block_size, region, workers)
        return list(self.parts)


def fit_labels(scene: Scene, labels: BoardLabels, features: FeatureSet, plan: TrainPlan, work: BlockWork) -> Training:
    """Train a model with drawn labels.

    Only the parts of the scene that have labels are read. The model is that of `train_file` with the same labels written as a
    raster and the same options, to the last bit.

    Raises
    ------
    DataError, UsageError, MissingExtraError
        As `tsraster.train_file` does: there are no labels, or of one class only; a scale is too large for the scene; ...
    """
    parts = tuple(labels.list_parts(scene.shape))
    labeled = _LabeledScene(
        source=scene.source, numbers=scene.numbers, units=scene.units, notes=scene.notes, parts=parts
    )
    return fit_model([Example(scene=labeled, labels=labels)], features, plan, work)


def without_validation(plan: TrainPlan) -> TrainPlan:
    """Return a plan that makes the same model and leaves its accuracy, which takes time, for later."""
    return replace(plan, validation="none", suggest=False)


def warm_up(bands: int = 1) -> None:
    """Train and apply a small model of noise, so that no stroke waits for libraries to load and functions to compile.

    Raises
    ------
    MissingExtraError
        scikit-learn or numba is not installed.
    """
    from tsraster.learning.featureimages import compute_features
    from tsraster.learning.model import find_margin
    from tsraster.learning.samples import Samples
    from tsraster.learning.training import train

    data = np.random.default_rng(0).normal(size=(bands, 64, 64)).astype(np.float32)
    columns = parse_features("all:0.7 smoothing:0.3").columns(bands)
    found = compute_features(data, columns, window=(slice(8, 56), slice(8, 56)))
    places = np.stack([np.zeros(48 * 48), *np.divmod(np.arange(48 * 48), 48)], axis=1)
    classes = (data[0, 8:56, 8:56] > 0).ravel().astype(np.intp)
    table = found.reshape(len(columns), -1).T
    samples = Samples(features=table[::8], classes=classes[::8], places=places[::8].astype(np.int64))
    trained = train(samples, trees=4, workers=2)
    find_margin(trained.classifier.probabilities(found))
    trained.classifier.segment(found)
