"""Means and standard deviations of bands, of all pixels or class by class, that are the same for any blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.clustering.bandscenes import BandScene, go_over
from tsraster.raster import Window
from tsraster.schemes.exactsum import Scale, sum_parts

Scales = tuple[Scale, ...]
"""One for each band."""


@dataclass(kw_only=True, eq=False)
class BandSums:
    """Pixels, sums and sums of squares of P parts in B bands, as whole numbers."""

    scales: Scales
    counts: NDArray[np.int64]
    """Shape (P,)."""
    sums: NDArray[Any]
    """Shape (B, P), Python integers in the units of `sum_parts`, of scaled values."""
    squares: NDArray[Any]

    @classmethod
    def empty(cls, scales: Scales, parts: int) -> Self:
        """Return sums of nothing."""
        zeros = np.zeros((len(scales), parts), dtype=object)
        return cls(scales=scales, counts=np.zeros(parts, np.int64), sums=zeros, squares=zeros.copy())

    @classmethod
    def of(cls, values: NDArray[Any], scales: Scales, parts: NDArray[np.intp] | None = None, number: int = 1) -> Self:
        """Sum up values of shape (B, N) for the part that each belongs to, from 0; all to the first when None."""
        counts = np.array([values.shape[1]]) if parts is None else np.bincount(parts, minlength=number)
        found = cls.empty(scales, number)
        found.counts += counts
        for b, (band, scale) in enumerate(zip(values, scales, strict=True)):
            scaled = scale.apply(band)
            found.sums[b] = sum_parts(scaled, parts, number)
            found.squares[b] = sum_parts(np.square(scaled), parts, number)
        return found

    def add(self, other: BandSums) -> None:
        """Add what another block holds."""
        self.counts += other.counts
        self.sums += other.sums
        self.squares += other.squares

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return means and standard deviations, each of shape (P, B); NaN for parts without pixels.

        The standard deviation is that of all pixels, and not an estimate for more: divided by their number.
        """
        means = np.full((len(self.counts), len(self.scales)), np.nan)
        stds = means.copy()
        for p, count in enumerate(self.counts.tolist()):
            for b, scale in enumerate(self.scales if count else ()):
                mean, square = scale.moments(count, self.sums[b, p], self.squares[b, p])
                means[p, b], stds[p, b] = mean, math.sqrt(square / count)
        return means, stds


def find_scales(scenes: Sequence[BandScene], work: BlockWork, *, more: int) -> Scales:
    """Return how values of each band are scaled to be summed up; by their range, where their type does not limit it well.

    Raises
    ------
    DataError
        No pixel has data in all bands.
    """
    dtype = np.result_type(*(scene.dtype for scene in scenes))
    bands = len(scenes[0].numbers)
    if dtype.kind in "iu" and dtype.itemsize <= 4:
        limits = np.iinfo(dtype)
        return (Scale.of(limits.min, limits.max),) * bands
    low, high = np.full(bands, np.inf), np.full(bands, -np.inf)
    for _, _, (least, most) in go_over(scenes, _find_range, work, more=more):
        low, high = np.minimum(low, least), np.maximum(high, most)
    if not np.isfinite(low).all():
        raise DataError(say_nothing_valid(scenes))
    return tuple(Scale.of(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True))


def _find_range(scene: BandScene, window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pixels = scene.read(window)
    values = pixels.data[:, pixels.valid].astype(np.float64)
    return values.min(axis=1, initial=np.inf), values.max(axis=1, initial=-np.inf)


def say_nothing_valid(scenes: Sequence[BandScene]) -> str:
    """Return the sentence for scenes without any data."""
    others = f" and {len(scenes) - 1} more" if len(scenes) > 1 else ""
    return f"{scenes[0].raster.name}{others}: no pixel has data in all bands and is not masked"
