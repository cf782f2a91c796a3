"""Join the components of slab after slab: what touches across two planes is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.volume import Shape
from tsraster.volumes.labeling import Connectivity
from tsraster.volumes.slabs import Runs, Slab, SlabParts
from tsraster.volumes.tables import PartTable, concatenate

ROWS = 2**16
"""How many rows may wait before they are merged; a row takes 88 bytes."""

Pairs = NDArray[np.intp]
"""Shape (N, 2)."""

REACH: dict[Connectivity, dict[int, int]] = {6: {0: 0}, 18: {-1: 0, 0: 1, 1: 0}, 26: {-1: 1, 0: 1, 1: 1}}
"""Which rows of the next plane are neighbors of a row, and how far they reach along it."""


def pair_planes(above: Runs, below: Runs, cols: int, connectivity: Connectivity) -> Pairs:
    """Return the pairs of labels that touch between two planes, each once.

    Parameters
    ----------
    above, below : Runs
        Of a plane each, with positions counted from the start of the plane.
    cols : int
        Of a plane.
    connectivity : 6, 18 or 26

    Examples
    --------
    >>> above, below = (Runs(starts=np.array([i]), stops=np.array([i + 2]), labels=np.array([i])) for i in (0, 2))
    >>> [pair_planes(above, below, 5, connectivity).tolist() for connectivity in (6, 18)]
    [[], [[0, 2]]]
    """
    found = [_pair_runs(above, below, step * (cols + 1), reach) for step, reach in REACH[connectivity].items()]
    packed = np.unique(np.concatenate(found))
    return np.stack([packed >> np.uint64(32), packed & np.uint64(2**32 - 1)], axis=1).astype(np.intp)


def _pair_runs(above: Runs, below: Runs, shift: int, reach: int) -> NDArray[np.uint64]:
    """Return both labels of each pair of runs that overlap, where the upper ones are moved and made longer."""
    begin = np.searchsorted(below.stops, above.starts + (shift - reach), side="right")
    end = np.searchsorted(below.starts, above.stops + (shift + reach), side="left")
    counts = end - begin
    upper = np.repeat(above.labels, counts)
    # Counts up from `begin` for each of the upper runs.
    places = np.arange(len(upper)) + np.repeat(begin - np.cumsum(counts) + counts, counts)
    packed = (upper.astype(np.uint64) << np.uint64(32)) | below.labels[places].astype(np.uint64)
    return np.asarray(packed)


def connect_rows(pairs: Sequence[Pairs], count: int) -> tuple[NDArray[np.intp], int]:
    """Return the number of the group of each of `count` rows, and how many groups there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = np.concatenate([np.empty((0, 2), np.intp), *pairs])
    graph = coo_array((np.ones(len(edges), np.bool_), (edges[:, 0], edges[:, 1])), shape=(count, count))
    groups, labels = connected_components(graph, directed=False)
    return labels.astype(np.intp), int(groups)


@dataclass(frozen=True, kw_only=True, eq=False)
class SlabLabels:
    """What the labels of a slab mean in the volume; those that are not listed were left out."""

    slab: Slab
    count: int
    """How many the slab has."""
    labels: NDArray[np.int32]
    """Shape (N,), rising."""
    ids: NDArray[np.int32]
    """Shape (N,): that of the component in the volume."""

    def renumber(self, numbers: NDArray[np.int32], lowest: int = 0) -> SlabLabels:
        """Put `numbers[id]` in place of each id; those that become less than `lowest` are left out."""
        ids = numbers[self.ids]
        kept = ids >= lowest
        return SlabLabels(slab=self.slab, count=self.count, labels=self.labels[kept], ids=ids[kept])


class Joiner:
    """Take slabs in order, and merge what belongs together.

    Rows that are complete and too small are given up from time to time, so that specks of noise take no memory.
    """

    def __init__(self, shape: Shape, connectivity: Connectivity, smallest: int = 1) -> None:
        self.shape, self.connectivity, self.smallest = shape, connectivity, smallest
        none = np.empty(0, np.int64)
        triples = np.empty((0, 3), np.int64)
        self.table = PartTable(voxels=none, first=none, low=triples, high=triples, sums=triples)
        self.slabs: list[SlabLabels] = []
        self.profiles = tuple(np.zeros(length, np.int64) for length in shape)
        self.smaller = np.zeros(smallest, np.int64)
        self.spans = np.zeros(3, np.bool_)
        self._waiting: list[PartTable] = []
        self._pairs: list[Pairs] = []
        self._bottom = Runs(starts=none, stops=none, labels=none)
        self._rows = self._settled = 0

    def add(self, parts: SlabParts) -> None:
        """Take the slab below the last one."""
        rows = np.arange(self._rows, self._rows + len(parts.table))
        self._pairs.append(
            pair_planes(self._bottom, parts.top.take(slice(None), labels=rows), self.shape[2], self.connectivity)
        )
        self._bottom = parts.bottom.take(slice(None), labels=rows)
        self._waiting.append(parts.table)
        self._rows += len(rows)
        ids = rows.astype(np.int32)
        self.slabs.append(SlabLabels(slab=parts.slab, count=parts.count, labels=parts.labels, ids=ids))
        self.profiles[0][slice(*parts.slab)] = parts.profiles[0]
        for profile, part in zip(self.profiles[1:], parts.profiles[1:], strict=True):
            profile += part
        self.smaller += parts.smaller
        self.spans |= parts.spans
        if self._rows > 2 * self._settled + ROWS:
            self._merge()

    def finish(self) -> None:
        """Merge the rest, and bring components into the order of their first voxels, with ids from 1."""
        self._bottom = self._bottom.take(slice(0, 0))
        self._merge()
        order = np.argsort(self.table.first)
        ids = np.empty(len(order), np.int32)
        ids[order] = np.arange(1, len(order) + 1)
        self.table = self.table.take(order)
        self.slabs = [slab.renumber(ids) for slab in self.slabs]

    def _merge(self) -> None:
        """Merge rows that are connected, and leave out what is small and does not touch the last plane."""
        groups, count = connect_rows(self._pairs, self._rows)
        table = concatenate([self.table, *self._waiting]).merge(groups, count)
        kept = table.voxels >= self.smallest
        kept[groups[self._bottom.labels]] = True
        self.smaller += np.bincount(table.voxels[~kept], minlength=self.smallest)
        self.spans |= table.find_spanning(self.shape).any(axis=0)
        numbers = np.where(kept, np.cumsum(kept) - 1, -1)[groups]
        self.table = table.take(kept)
        self.slabs = [slab.renumber(numbers.astype(np.int32)) for slab in self.slabs]
        self._bottom = self._bottom.take(slice(None), labels=numbers)
        self._waiting, self._pairs = [], []
        self._rows = self._settled = len(self.table)
