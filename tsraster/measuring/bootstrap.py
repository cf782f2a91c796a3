"""How sure the area percentages of a class map are: a block bootstrap, from the counts of one pass.

All pixels are counted, so the percentages of the map itself have no error. But the map shows one field of a rock or of a
country, and another field would have other percentages. Neighboring pixels belong to one grain and say the same, so their number
says nothing of the error; blocks of many grains are nearly independent, and how they differ says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, nan, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.raster import Window

MOST_CLASSES = 1024
"""A map with more codes than this shows objects, and no classes of which there are percentages."""

FEWEST_BLOCKS, MOST_BLOCKS = 16, 400
"""Fewer blocks say little of how they differ; where there are more, larger ones are the safer ones."""

PATCHES_ACROSS = 6
"""A block is so many patches wide, so that it shares few of them with its neighbors."""

_TILES = 128
"""Tiles along the longer side of a raster, from which blocks are made."""
_REPLICATES = 2000
_COUNTED = 2**16


@dataclass(frozen=True, kw_only=True)
class AreaInterval:
    """Between which percentages the share of a class lies, where the map is one of many fields."""

    low: float
    high: float
    """Percent; NaN where there are fewer than two blocks."""
    side: int
    """Rows and columns of a block, in pixels."""
    blocks: int
    """How many of them hold pixels with a class."""
    patch: float
    """Side of the squares that would vary as much if each were of one class, in pixels; infinite where all is one class."""

    @property
    def suffices(self) -> bool:
        """Whether blocks are several patches wide; otherwise the interval is likely to be too narrow."""
        return self.blocks >= FEWEST_BLOCKS and self.side >= PATCHES_ACROSS * self.patch


@dataclass(frozen=True, kw_only=True, eq=False)
class TileCounts:
    """What a window adds to the tiles that it touches."""

    codes: tuple[int, ...]
    counts: NDArray[np.int64]
    """Shape (K, tile row, tile col)."""
    row: int
    col: int
    """The first tile."""


def count_tiles(codes: NDArray[Any], counted: NDArray[np.bool_], window: Window, side: int) -> TileCounts:
    """Count the pixels of each class in each tile that a window touches.

    Parameters
    ----------
    codes : array of unsigned integers, shape (row, col)
        Of the window.
    counted : array of bool, shape (row, col)
        Which pixels count.
    window : Window
        Where the pixels lie in the raster.
    side : int
        Rows and columns of a tile.

    Raises
    ------
    DataError
        There are more than 1024 classes.

    Examples
    --------
    >>> codes = np.array([[1, 1, 2], [1, 2, 2]])
    >>> found = count_tiles(codes, codes > 0, Window(row=3, col=0, rows=2, cols=3), 2)
    >>> found.codes, found.row, found.counts.tolist()
    ((1, 2), 1, [[[2, 0], [1, 0]], [[0, 1], [1, 1]]])
    """
    kept = codes[counted]
    present, place = _index(kept)
    if len(present) > MOST_CLASSES:
        raise DataError(f"there are more than {MOST_CLASSES} classes; percentages are for fewer")
    rows = (np.arange(window.row, window.row + window.rows)) // side - window.row // side
    cols = (np.arange(window.col, window.col + window.cols)) // side - window.col // side
    shape = int(rows[-1]) + 1, int(cols[-1]) + 1
    tile = (rows[:, np.newaxis] * shape[1] + cols)[counted]
    sums = np.bincount(place * (shape[0] * shape[1]) + tile, minlength=len(present) * shape[0] * shape[1])
    return TileCounts(
        codes=tuple(present.tolist()),
        counts=sums.reshape(len(present), *shape),
        row=window.row // side,
        col=window.col // side,
    )


def _index(kept: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the codes that occur, and for each pixel which of them it has."""
    if not kept.size or int(kept.max()) >= _COUNTED or int(kept.min()) < 0:
        present, place = np.unique(kept, return_inverse=True)
        return present, place.astype(np.int64)
    present = np.flatnonzero(np.bincount(kept))
    places = np.zeros(int(present[-1]) + 1, dtype=np.int64)
    places[present] = np.arange(len(present))
    return present, places[kept]


class TileSums:
    """Pixels of each class in square tiles of a raster, added up window by window.

    Parameters
    ----------
    shape : (rows, cols)
        Of the raster. The tiles follow from it alone, so that windows of any size give the same sums.

    Examples
    --------
    >>> sums = TileSums((2, 3))
    >>> codes = np.array([[1, 1, 2], [1, 2, 2]])
    >>> sums.add(count_tiles(codes, codes > 0, Window(row=0, col=0, rows=2, cols=3), sums.side))
    >>> sums.side, sums.codes, sums.counts[..., 0].tolist()
    (1, (1, 2), [[1, 1, 0], [1, 0, 0]])
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.side = -(-max(shape) // _TILES)
        self._shape = -(-shape[0] // self.side), -(-shape[1] // self.side)
        self._sums: dict[int, NDArray[np.int64]] = {}

    def add(self, found: TileCounts) -> None:
        """Add what a window holds.

        Raises
        ------
        DataError
            There are more than 1024 classes.
        """
        rows, cols = (slice(i, i + n) for i, n in zip((found.row, found.col), found.counts.shape[1:], strict=True))
        for code, counts in zip(found.codes, found.counts, strict=True):
            if code not in self._sums:
                self._sums[code] = np.zeros(self._shape, dtype=np.int64)
            self._sums[code][rows, cols] += counts
        if len(self._sums) > MOST_CLASSES:
            raise DataError(f"there are more than {MOST_CLASSES} classes; percentages are for fewer")

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes that occur, increasing."""
        return tuple(sorted(self._sums))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Pixels, shape (tile row, tile col, K), in the order of `codes`."""
        empty = np.zeros((*self._shape, 0), dtype=np.int64)
        return np.stack([self._sums[code] for code in self.codes], axis=-1) if self._sums else empty


def bootstrap_areas(
    counts: NDArray[np.int64], tile_side: int, *, confidence: float = 0.95, seed: int = 0
) -> tuple[AreaInterval, ...]:
    """Return for each class between which percentages its share lies, by a bootstrap of blocks.

    Blocks are squares of whole tiles that do not overlap. As many as there are are drawn with replacement, 2000 times, and the
    share of the class among their pixels is taken; the interval lies between two percentiles of these shares, which are a little
    wider apart than the confidence says, because few blocks vary less than many would. The side of the blocks is chosen for each
    class: the smallest that is 6 patches wide and makes at most 400 blocks, but never so large that fewer than 16 are left.

    A patch is the square that says as much as one independent pixel would: its area is the variance of the mean of the blocks,
    times the pixels, over p (1 - p). That is the integral range of the indicator of the class, and the side of a patch
    its correlation length.

    Parameters
    ----------
    counts : array of int64, shape (tile row, tile col, K)
        Pixels of each class; tiles without any are left out.
    tile_side : int
        Rows and columns of a tile, in pixels.
    confidence : float
        Between 0 and 1.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    tuple of AreaInterval, shape (K,)

    Notes
    -----
    The fields that the interval speaks of are those of the same process, the same everywhere. Where a class has only few patches,
    or grows rarer from one side to the other, it is too narrow; `AreaInterval.suffices` tells the first.

    References
    ----------
    P. Hall (1985), Resampling a coverage pattern, Stochastic Processes and their Applications 20, 231-246. S. N. Lahiri (2003),
    Resampling Methods for Dependent Data, Springer, chapter 12. C. Lantuejoul (1991), Ergodicity and integral range, Journal of
    Microscopy 161, 387-403. T. C. Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician
    69, 371-386: the expanded percentile interval.

    Examples
    --------
    >>> board = np.indices((40, 40)).sum(axis=0) % 2
    >>> first, second = bootstrap_areas(np.stack([board, 1 - board], axis=-1), 1)
    >>> first.side, first.blocks, first.low, first.high
    (2, 400, 50.0, 50.0)
    """
    ladder = list(_group_tiles(counts, tile_side))
    chosen = [_choose_step(ladder, k) for k in range(counts.shape[-1])]
    found: dict[int, AreaInterval] = {}
    for i in sorted(set(chosen)):
        classes = [k for k, step in enumerate(chosen) if step == i]
        found |= zip(classes, _bootstrap_step(ladder[i], classes, confidence, seed), strict=True)
    return tuple(found[k] for k in range(counts.shape[-1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Step:
    """Blocks of one size."""

    side: int
    counts: NDArray[np.int64]
    """Shape (block, K)."""

    @property
    def patches(self) -> NDArray[np.float64]:
        """The side of a patch of each class, in pixels, shape (K,)."""
        pixels, blocks = self.counts.sum(axis=1), len(self.counts)
        total = int(pixels.sum())
        share = self.counts.sum(axis=0) / total
        off = self.counts - share * pixels[:, np.newaxis]
        variance = (off**2).sum(axis=0) * blocks / max(1, blocks - 1) / total**2
        of_one = share * (1 - share)
        area = np.divide(variance * total, of_one, out=np.full(len(share), inf), where=of_one > 0)
        sides: NDArray[np.float64] = np.sqrt(area)
        return sides


def _group_tiles(counts: NDArray[np.int64], tile_side: int) -> Iterator[_Step]:
    """Yield blocks of more and more tiles, as long as there are enough of them; always the first."""
    many = 1
    while True:
        rows, cols, classes = counts.shape
        padded = np.pad(counts, ((0, -rows % many), (0, -cols % many), (0, 0)))
        blocks = padded.reshape(padded.shape[0] // many, many, padded.shape[1] // many, many, classes).sum(axis=(1, 3))
        held = blocks.reshape(-1, classes)
        held = held[held.any(axis=1)]
        if many > 1 and len(held) < FEWEST_BLOCKS:
            return
        yield _Step(side=many * tile_side, counts=held)
        if len(held) < FEWEST_BLOCKS:
            return
        many += max(1, many // 4)


def _choose_step(ladder: list[_Step], k: int) -> int:
    for i, step in enumerate(ladder):
        if len(step.counts) <= MOST_BLOCKS and step.side >= PATCHES_ACROSS * step.patches[k]:
            return i
    return len(ladder) - 1


def _bootstrap_step(step: _Step, classes: list[int], confidence: float, seed: int) -> list[AreaInterval]:
    blocks = len(step.counts)
    ends = np.full((2, len(classes)), nan)
    if blocks > 1:
        rng = np.random.default_rng([seed, step.side])
        times = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=_REPLICATES)
        pixels = times @ step.counts.sum(axis=1)
        shares = 100 * (times @ step.counts[:, classes]) / pixels[:, np.newaxis]
        tail = _expand_tail((1 - confidence) / 2, blocks)
        ends = np.quantile(shares, [tail, 1 - tail], axis=0)
    patches = step.patches[classes].tolist()
    return [
        AreaInterval(low=low, high=high, side=step.side, blocks=blocks, patch=patch)
        for low, high, patch in zip(*ends.tolist(), patches, strict=True)
    ]


def _expand_tail(tail: float, blocks: int) -> float:
    """Return the share of replicates to leave out at an end, so that few blocks give what Student's t would."""
    from scipy.special import stdtrit

    return NormalDist().cdf(sqrt(blocks / (blocks - 1)) * float(stdtrit(blocks - 1, tail)))
