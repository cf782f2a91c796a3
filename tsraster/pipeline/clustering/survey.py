"""`Survey`: what a fit of clusters needs of all pixels: exact means and standard deviations, and a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.samples import draw_places
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.clustering.bandscenes import BandScene, go_over
from tsraster.pipeline.clustering.bandsums import BandSums, Scales, say_nothing_valid
from tsraster.raster import Window

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """What is known of the valid pixels of all scenes."""

    count: int
    """How many there are."""
    means: Floats
    """Shape (B,)."""
    stds: Floats
    sample: Floats
    """Some of them, or all where there are few, shape (N, B), in a random order that is always the same."""


def survey(scenes: Sequence[BandScene], scales: Scales, most: int, seed: int, work: BlockWork) -> Survey:
    """Go over all scenes, sum up their bands, and draw a sample of at most so many pixels.

    Raises
    ------
    DataError
        No pixel has data in all bands.
    """
    total = BandSums.empty(scales, 1)
    places, values = np.empty(0, np.int64), np.empty((len(scales), 0))
    look = partial(_look, scales=scales, most=most, seed=seed)
    for _, _, (sums, found, seen) in go_over(scenes, look, work, more=1):
        total.add(sums)
        places, values = np.concatenate([places, found]), np.concatenate([values, seen], axis=1)
        if len(places) > most:
            kept = draw_places(places, most, seed)
            places, values = places[kept], values[:, kept]
    if not len(places):
        raise DataError(say_nothing_valid(scenes))
    means, stds = total.moments()
    # First by place, so that it does not matter in which order the blocks came; then by chance.
    order = np.argsort(places)[np.random.default_rng(seed).permutation(len(places))]
    return Survey(count=int(total.counts[0]), means=means[0], stds=stds[0], sample=values[:, order].T.copy())


def _look(
    scene: BandScene, window: Window, *, scales: Scales, most: int, seed: int
) -> tuple[BandSums, NDArray[np.int64], Floats]:
    pixels = scene.read(window)
    values = pixels.data[:, pixels.valid]
    places = scene.locate(window, pixels.valid)
    kept = draw_places(places, most, seed)
    return BandSums.of(values, scales), places[kept], values[:, kept].astype(np.float64)
