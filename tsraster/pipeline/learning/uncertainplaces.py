"""Where a model is least certain, so that labels there would help it most."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tsraster.raster import Window

CELL = 32
"""Rows and columns of the cells of a grid over the raster, each of which is one place at most."""

_STEPS = 10**6
"""Uncertainties are added up as whole numbers, so that their order does not matter."""


@dataclass(frozen=True, kw_only=True)
class UncertainPlace:
    """A place to label next."""

    row: int
    col: int
    """The most uncertain pixel of its cell, the first of equals."""
    uncertainty: float
    """Mean over the pixels of the cell that have data, 0 to 1."""


@dataclass(kw_only=True, eq=False)
class UncertaintyGrid:
    """The uncertainty of each cell, from blocks in any order and of any size."""

    shape: tuple[int, int]
    _sums: NDArray[np.int64] = field(init=False)
    _counts: NDArray[np.int64] = field(init=False)
    _best: NDArray[np.int64] = field(init=False)
    _places: NDArray[np.int64] = field(init=False)
    """Of the most uncertain pixel, row by row through the raster."""

    def __post_init__(self) -> None:
        rows, cols = (-(-size // CELL) for size in self.shape)
        self._sums, self._counts, self._places = (np.zeros((rows, cols), np.int64) for _ in range(3))
        self._best = np.full((rows, cols), -1, np.int64)

    def add(self, window: Window, uncertainty: NDArray[np.float32]) -> None:
        """Take in a block, shape (row, col); pixels without data are NaN."""
        top, left = window.row // CELL, window.col // CELL
        for row in range(top, -(-(window.row + window.rows) // CELL)):
            for col in range(left, -(-(window.col + window.cols) // CELL)):
                self._add_cell(row, col, window, uncertainty)

    def _add_cell(self, row: int, col: int, window: Window, uncertainty: NDArray[np.float32]) -> None:
        first_row, first_col = max(row * CELL, window.row), max(col * CELL, window.col)
        part = uncertainty[
            first_row - window.row : (row + 1) * CELL - window.row,
            first_col - window.col : (col + 1) * CELL - window.col,
        ]
        has_data = ~np.isnan(part)
        if not has_data.any():
            return
        steps = np.where(has_data, np.rint(np.where(has_data, part, 0) * np.float64(_STEPS)), -1).astype(np.int64)
        self._sums[row, col] += int(steps[has_data].sum())
        self._counts[row, col] += int(np.count_nonzero(has_data))
        i, j = divmod(int(steps.argmax()), part.shape[1])
        place, best = (first_row + i) * self.shape[1] + first_col + j, int(steps[i, j])
        if (best, -place) > (int(self._best[row, col]), -int(self._places[row, col])):
            self._best[row, col], self._places[row, col] = best, place

    def list_places(self, number: int) -> tuple[UncertainPlace, ...]:
        """Return the most uncertain cells, the first ones the most; no two of them are neighbors."""
        means = np.where(self._counts > 0, self._sums / np.maximum(self._counts, 1), -1.0)
        places: list[UncertainPlace] = []
        free = means > 0
        for cell in np.argsort(-means, axis=None, kind="stable"):
            row, col = divmod(int(cell), means.shape[1])
            if len(places) == number or means[row, col] <= 0:
                break
            if free[row, col]:
                free[max(0, row - 1) : row + 2, max(0, col - 1) : col + 2] = False
                at = divmod(int(self._places[row, col]), self.shape[1])
                places.append(UncertainPlace(row=at[0], col=at[1], uncertainty=float(means[row, col] / _STEPS)))
        return tuple(places)
