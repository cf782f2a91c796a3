"""`PoreMask`: where pores are, slab by slab, with what is counted the first time that each slab is seen."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.measuring.representative import choose_cell, count_cells, make_cells
from tsraster.pipeline.pores.segmentation import PoreRule, Slabs, find_valid


@dataclass(kw_only=True, eq=False)
class PoreMask:
    """The pores of a volume; can be read by many threads."""

    slabs: Slabs
    rule: PoreRule

    def __post_init__(self) -> None:
        shape = self.slabs.volume.shape
        self.cell = choose_cell(shape)
        self.cells: NDArray[np.int64] = make_cells(shape, self.cell)
        """Pore voxels in each cell of a coarse grid."""
        self.without_data = 0
        """Voxels."""
        self._seen: set[int] = set()
        self._one_at_a_time = threading.Lock()

    def read(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Return the mask of planes from `start` up to `stop`, shape (plane, row, col)."""
        planes = self.slabs.read(start, stop)
        mask = self.rule.find(planes)
        # A second pass, such as that for labels, counts nothing twice.
        with self._one_at_a_time:
            is_new = start not in self._seen
            self._seen.add(start)
        if is_new:
            self._count_missing(planes)
        if is_new and self.cells.size:
            self._count(mask, start)
        return mask

    def _count_missing(self, planes: NDArray[Any]) -> None:
        if planes.dtype.kind == "f" or self.rule.nodata is not None:
            missing = planes.size - int(np.count_nonzero(find_valid(planes, self.rule.nodata)))
            with self._one_at_a_time:
                self.without_data += missing

    def _count(self, mask: NDArray[np.bool_], start: int) -> None:
        first = start // self.cell
        planes = self.cell * -(-(start + len(mask) - first * self.cell) // self.cell)
        counts = make_cells((planes, *mask.shape[1:]), self.cell)
        count_cells(mask, start - first * self.cell, self.cell, counts)
        with self._one_at_a_time:
            place = self.cells[first : first + len(counts)]
            place += counts[: len(place)]
