"""Where a model is least certain, so that labels there would help it most."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

CELL = 32
"""Rows and columns of the cells of a grid over the raster, each of which is one place at most."""

_STEPS = 10**6
"""Uncertainties are added up as whole numbers, so that their order does not matter."""


@dataclass(frozen=True, kw_only=True)
class UncertainPlace:
    """A place to label next."""

    plane: int | None = None
    """Of a volume."""
    row: int
    col: int
    """The most uncertain pixel of its cell, the first of equals."""
    uncertainty: float
    """Mean over the pixels of the cell that have data, 0 to 1."""


@dataclass(kw_only=True, eq=False)
class UncertaintyGrid:
    """The uncertainty of each cell, from blocks in any order and of any size."""

    shape: tuple[int, ...]
    """(row, col), or (plane, row, col)."""
    _sums: NDArray[np.int64] = field(init=False)
    _counts: NDArray[np.int64] = field(init=False)
    _best: NDArray[np.int64] = field(init=False)
    _places: NDArray[np.int64] = field(init=False)
    """Of the most uncertain pixel, row by row through the raster."""

    def __post_init__(self) -> None:
        cells = [-(-size // CELL) for size in self.shape]
        self._sums, self._counts, self._places = (np.zeros(cells, np.int64) for _ in range(3))
        self._best = np.full(cells, -1, np.int64)

    def add(self, box: tuple[slice, ...], uncertainty: NDArray[np.float32]) -> None:
        """Take in a block, shape (row, col) or (plane, row, col); pixels without data are NaN."""
        for cell in product(*(range(part.start // CELL, -(-part.stop // CELL)) for part in box)):
            self._add_cell(cell, box, uncertainty)

    def _add_cell(self, cell: tuple[int, ...], box: tuple[slice, ...], uncertainty: NDArray[np.float32]) -> None:
        firsts = [max(number * CELL, part.start) for number, part in zip(cell, box, strict=True)]
        inside = tuple(
            slice(first - part.start, (number + 1) * CELL - part.start)
            for first, number, part in zip(firsts, cell, box, strict=True)
        )
        part = uncertainty[inside]
        has_data = ~np.isnan(part)
        if not has_data.any():
            return
        steps = np.where(has_data, np.rint(np.where(has_data, part, 0) * np.float64(_STEPS)), -1).astype(np.int64)
        self._sums[cell] += int(steps[has_data].sum())
        self._counts[cell] += int(np.count_nonzero(has_data))
        at = np.unravel_index(int(steps.argmax()), part.shape)
        best = int(steps[at])
        place = int(np.ravel_multi_index([int(i) + first for i, first in zip(at, firsts, strict=True)], self.shape))
        if (best, -place) > (int(self._best[cell]), -int(self._places[cell])):
            self._best[cell], self._places[cell] = best, place

    def list_places(self, number: int) -> tuple[UncertainPlace, ...]:
        """Return the most uncertain cells, the first ones the most; no two of them are neighbors."""
        means = np.where(self._counts > 0, self._sums / np.maximum(self._counts, 1), -1.0)
        places: list[UncertainPlace] = []
        free = means > 0
        for order in np.argsort(-means, axis=None, kind="stable"):
            cell = tuple(int(i) for i in np.unravel_index(int(order), means.shape))
            if len(places) == number or means[cell] <= 0:
                break
            if free[cell]:
                free[tuple(slice(max(0, i - 1), i + 2) for i in cell)] = False
                *plane, row, col = (int(i) for i in np.unravel_index(int(self._places[cell]), self.shape))
                mean = float(means[cell] / _STEPS)
                places.append(UncertainPlace(plane=plane[0] if plane else None, row=row, col=col, uncertainty=mean))
        return tuple(places)
