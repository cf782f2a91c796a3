"""From labels to samples: which labeled pixels are taken, and the features of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.learning.classifier import Floats
from tsraster.learning.featureset import Column, halo
from tsraster.learning.model import fill_gaps
from tsraster.learning.samples import draw_places
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.learning.examples import Example
from tsraster.pipeline.learning.scenes import Box, Scene, grow

_CELLS = (64, 64)
_VOLUME_CELLS = (16, 64, 64)
"""Features are computed of so many pixels together, with what lies around them."""


@dataclass(kw_only=True, eq=False)
class LabelChoice:
    """Which labeled pixels of a scene are taken.

    Of each class at most `most` are, those whose places have the lowest numbers in a fixed shuffle: which ones does not depend
    on the order in which they come.
    """

    shape: tuple[int, ...]
    most: int
    seed: int
    counts: dict[int, int] = field(default_factory=dict)
    """Labeled pixels of each code."""
    without_data: int = 0
    """Those of them that have no data, which are not taken."""
    _kept: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """Flat places of each code, those that are taken up to now."""

    def add(self, box: Box, codes: NDArray[np.uint16], valid: NDArray[np.bool_]) -> None:
        """Take in the labels of a box, and where there is data."""
        for code, count in zip(*np.unique(codes[codes > 0], return_counts=True), strict=True):
            self.counts[int(code)] = self.counts.get(int(code), 0) + int(count)
        self.without_data += int(np.count_nonzero((codes > 0) & ~valid))
        inside = np.nonzero((codes > 0) & valid)
        found = codes[inside]
        corners = [np.int64(part.start) for part in box]
        places = np.ravel_multi_index([at + corner for at, corner in zip(inside, corners, strict=True)], self.shape)
        for code in np.unique(found).tolist():
            own = places[found == code]
            both = np.concatenate([self._kept.get(code, np.empty(0, np.int64)), own])
            self._kept[code] = both[draw_places(both, self.most, self.seed)]

    def list_places(self) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Return the flat places that are taken, in increasing order, and the code of each."""
        codes = np.concatenate([np.full(len(kept), code, np.uint16) for code, kept in self._kept.items()] or [_NONE])
        places = np.concatenate([np.empty(0, np.int64), *self._kept.values()])
        order = np.argsort(places)
        return places[order], codes[order]


_NONE = np.empty(0, np.uint16)


def choose_labels(example: Example, work: BlockWork, *, most: int, seed: int, part: Box | None = None) -> LabelChoice:
    """Go through the labels of a scene, or of a part of it, and choose among them."""
    choice = LabelChoice(shape=example.scene.shape, most=most, seed=seed)
    for box, (codes, valid) in work.run_each(example.read_valid, example.scene.list_boxes(work.block_size, part)):
        choice.add(box, codes, valid)
    return choice


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """Some labeled pixels that lie close together."""

    box: Box
    """Just around them."""
    places: NDArray[np.int64]
    """Flat, in the scene."""
    order: NDArray[np.intp]
    """Which of the chosen ones they are."""


def list_cells(shape: tuple[int, ...], places: NDArray[np.int64]) -> list[Cell]:
    """Put places into cells."""
    sides = _CELLS if len(shape) == 2 else _VOLUME_CELLS
    at = np.stack(np.unravel_index(places, shape), axis=1) if len(places) else np.empty((0, len(shape)), np.intp)
    grid = tuple(-(-size // side) for size, side in zip(shape, sides, strict=True))
    numbers = np.ravel_multi_index(tuple((at // np.array(sides)).T), grid) if len(places) else np.empty(0, np.intp)
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1) if len(places) else []
    return [
        Cell(
            box=tuple(
                slice(int(low), int(high) + 1) for low, high in zip(at[o].min(axis=0), at[o].max(axis=0), strict=True)
            ),
            places=places[o],
            order=o,
        )
        for o in groups
    ]


def read_values(scene: Scene, places: NDArray[np.int64], work: BlockWork) -> Floats:
    """Return the values at places, float32 (place, band)."""
    values = np.zeros((len(places), len(scene.numbers)), np.float32)
    for cell, found in work.run_each(partial(_read_cell, scene), list_cells(scene.shape, places)):
        values[cell.order] = found
    return values


def _read_cell(scene: Scene, cell: Cell) -> Floats:
    pixels = scene.read(cell.box)
    return np.asarray(pixels.data[:, *_index(cell, scene.shape, cell.box)].T, np.float32)


def _index(cell: Cell, shape: tuple[int, ...], box: Box) -> tuple[Any, ...]:
    at = np.unravel_index(cell.places, shape)
    return tuple(one - part.start for one, part in zip(at, box, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureJob:
    """How the features of labeled pixels are computed; can be sent to another process."""

    scene: Scene
    columns: tuple[Column, ...]
    recipe: str
    fill: tuple[float, ...]

    def compute(self, cell: Cell) -> Floats:
        """Return the features of the places of a cell, float32 (place, feature)."""
        from tsraster.learning.featureimages import compute_features

        outer = grow(cell.box, halo(self.columns, self.recipe), self.scene.shape)
        pixels = self.scene.read(outer)
        features = compute_features(fill_gaps(pixels.data, pixels.valid, self.fill), self.columns, self.recipe)
        at = _index(cell, self.scene.shape, outer)
        return np.ascontiguousarray(features[:, *at].T)

    def run(self, places: NDArray[np.int64], work: BlockWork) -> Floats:
        """Return the features of places, float32 (place, feature)."""
        table = np.zeros((len(places), len(self.columns)), np.float32)
        for cell, found in work.run_each(self.compute, list_cells(self.scene.shape, places)):
            table[cell.order] = found
        return table
