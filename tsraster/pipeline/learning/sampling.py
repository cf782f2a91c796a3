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
    _kept: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """Flat places of each code, those that are taken up to now."""

    def add(self, box: Box, codes: NDArray[np.uint16]) -> None:
        """Take in the labels of a box."""
        inside = np.nonzero(codes)
        if not inside[0].size:
            return
        found = codes[inside]
        corners = [np.int64(part.start) for part in box]
        places = np.ravel_multi_index([at + corner for at, corner in zip(inside, corners, strict=True)], self.shape)
        for code in np.unique(found).tolist():
            own = places[found == code]
            self.counts[code] = self.counts.get(code, 0) + len(own)
            self._kept[code] = self._keep(np.concatenate([self._kept.get(code, np.empty(0, np.int64)), own]))

    def _keep(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        if len(places) <= self.most:
            return places
        ranks = shuffle(places, self.seed)
        return places[np.argpartition(ranks, self.most - 1)[: self.most]]

    def list_places(self) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Return the flat places that are taken, in increasing order, and the code of each."""
        codes = np.concatenate([np.full(len(kept), code, np.uint16) for code, kept in self._kept.items()] or [_NONE])
        places = np.concatenate([np.empty(0, np.int64), *self._kept.values()])
        order = np.argsort(places)
        return places[order], codes[order]


_NONE = np.empty(0, np.uint16)


def shuffle(places: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number for each place that looks random, is the same every time, and belongs to no other place.

    References
    ----------
    G. L. Steele, D. Lea, C. H. Flood (2014), Fast splittable pseudorandom number generators, OOPSLA: the finalizer of SplitMix64.
    """
    state = places.astype(np.uint64) + np.uint64(seed % 2**32) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def choose_labels(example: Example, work: BlockWork, *, most: int, seed: int) -> LabelChoice:
    """Go through the labels of a scene and choose among them."""
    choice = LabelChoice(shape=example.scene.shape, most=most, seed=seed)
    for box, codes in work.run_each(example.read_labels, example.scene.list_boxes(work.block_size)):
        choice.add(box, codes)
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


def read_values(scene: Scene, places: NDArray[np.int64], work: BlockWork) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the values at places, float32 (place, band), and which of them have data."""
    values = np.zeros((len(places), len(scene.numbers)), np.float32)
    valid = np.zeros(len(places), np.bool_)
    cells = list_cells(scene.shape, places)
    for cell, (found, has_data) in work.run_each(partial(_read_cell, scene), cells):
        values[cell.order], valid[cell.order] = found, has_data
    return values, valid


def _read_cell(scene: Scene, cell: Cell) -> tuple[Floats, NDArray[np.bool_]]:
    pixels = scene.read(cell.box)
    at = _index(cell, scene.shape, cell.box)
    return pixels.data[:, *at].T.astype(np.float32), pixels.valid[at]


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
