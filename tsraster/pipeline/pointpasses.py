"""The passes of a point count: over all blocks of a class map, and over the rows in which points lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.measuring.bootstrap import TileCounts, TileSums, count_tiles
from tsraster.measuring.pointcounts import draw_ranks, lay_grid
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.preview import Preview
from tsraster.pipeline.values import Values
from tsraster.raster import Pixels, Raster, Window


@dataclass(frozen=True, kw_only=True, eq=False)
class Counter:
    """What is read of a window; can be sent to another process."""

    values: Values
    with_zero: bool

    @property
    def raster(self) -> Raster:
        """The class map."""
        return self.values.raster

    def read(self, window: Window) -> Pixels:
        """Return codes, and where there is a class."""
        pixels = self.values.read(window)
        if pixels.data.dtype.kind == "i" and (pixels.data[pixels.valid] < 0).any():
            raise DataError(f"{self.raster.name} holds negative numbers; class codes are 0 and above")
        return pixels if self.with_zero else Pixels(data=pixels.data, valid=pixels.valid & (pixels.data != 0))

    def count(self, side: int, window: Window) -> tuple[TileCounts, NDArray[np.int64], NDArray[Any]]:
        """Return what tiles hold, how many pixels with a class there are in each row, and the codes."""
        pixels = self.read(window)
        try:
            found = count_tiles(pixels.data, pixels.valid, window, side)
        except DataError as error:
            raise DataError(f"{self.raster.name}: {error}") from None
        codes = np.where(pixels.valid, pixels.data, pixels.data.dtype.type(0))
        return found, np.count_nonzero(pixels.valid, axis=1), codes

    def read_rows(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, Pixels]]:
        """Yield single rows, one at a time."""
        for row in rows.tolist():
            pixels = self.read(Window(row=row, col=0, rows=1, cols=self.raster.shape[1]))
            yield row, Pixels(data=pixels.data[0], valid=pixels.valid[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """What is known once all pixels were seen."""

    sums: TileSums
    in_row: NDArray[np.int64]
    """Pixels with a class in each row."""
    preview: Preview


def count_all(counter: Counter, sums: TileSums, work: BlockWork) -> Whole:
    """Count all blocks into the sums of tiles.

    Raises
    ------
    DataError
        No pixel has a class, or there are too many classes.
    """
    raster = counter.raster
    in_row = np.zeros(raster.shape[0], dtype=np.int64)
    preview = Preview(raster.shape, counter.values.preparation.dtype)
    for window, (found, each, codes) in work.run(raster, partial(counter.count, sums.side)):
        try:
            sums.add(found)
        except DataError as error:
            raise DataError(f"{raster.name}: {error}") from None
        in_row[window.row : window.row + window.rows] += each
        preview.add(window, codes)
    if not in_row.any():
        raise DataError(f"{raster.name}: no pixel has a class, so there is nothing to count")
    return Whole(sums=sums, in_row=in_row, preview=preview)


Points = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any], int]
"""Rows, columns and codes of points, and how many others hit no class."""


def draw_points(counter: Counter, in_row: NDArray[np.int64], points: int, rng: np.random.Generator) -> Points:
    """Draw pixels with a class; they are numbered row by row, so that blocks do not matter.

    Raises
    ------
    DataError
        There are fewer pixels than points.
    """
    ends = np.cumsum(in_row)
    ranks = draw_ranks(int(ends[-1]), points, rng)
    rows = np.searchsorted(ends, ranks, side="right")
    columns, codes = [], []
    present, first = np.unique(rows, return_index=True)
    for of_row, (row, pixels) in zip(np.split(ranks, first[1:]), counter.read_rows(present), strict=True):
        within = of_row - (ends[row] - in_row[row])
        columns.append(np.flatnonzero(pixels.valid)[within])
        codes.append(pixels.data[columns[-1]])
    return rows, np.concatenate(columns), np.concatenate(codes), 0


def lay_points(counter: Counter, spacing: float, rng: np.random.Generator) -> Points:
    """Take the points of a grid that hit a class.

    Raises
    ------
    DataError
        None does.
    """
    grid_rows, grid_columns = lay_grid(counter.raster.shape, spacing, rng)
    rows, columns, codes = [], [], []
    for row, pixels in counter.read_rows(grid_rows):
        hit = grid_columns[pixels.valid[grid_columns]]
        rows.append(np.full(len(hit), row))
        columns.append(hit)
        codes.append(pixels.data[hit])
    found = sum(map(len, columns))
    if not found:
        raise DataError(
            f"{counter.raster.name}: no point of the grid hits a class; ask for more points, or give another seed"
        )
    missed = len(grid_rows) * len(grid_columns) - found
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(codes), missed
