"""`CellCounter`: counts what surfaces are measured from, while slabs of labels pass by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsraster.volumes.surfaces import CellCounts, Surfaces, count_cells, measure_surfaces, merge_counts

if TYPE_CHECKING:
    from tsraster.pipeline.pores.poreresult import Pores

Labels = NDArray[np.int32]


class CellCounter:
    """Count cells of labels in a volume of so many planes."""

    def __init__(self, planes: int) -> None:
        self._planes = planes
        self._last: Labels | None = None
        self._counts: list[CellCounts] = []

    def watch(self, slabs: Iterator[tuple[int, Labels]]) -> Iterator[tuple[int, Labels]]:
        """Yield slabs as they are, and count what is in them; each with the last plane of the one before."""
        for start, labels in slabs:
            planes = labels if self._last is None else np.concatenate([self._last, labels])
            found = count_cells(planes, first=not start, last=start + len(labels) == self._planes)
            self._counts.append(found)
            self._last = labels[-1:].copy()
            yield start, labels

    def measure(self, result: Pores) -> Surfaces:
        """Return the surfaces of the pores."""
        spacing = (1.0, 1.0, 1.0) if result.voxel_size is None else result.voxel_size.spacing
        found = result.components
        return measure_surfaces(merge_counts(self._counts), found.voxels, spacing, found.connectivity)
