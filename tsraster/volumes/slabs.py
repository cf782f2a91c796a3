"""One slab of planes: its runs of mask voxels along rows, and what they say of each component in it.

Between runs nothing happens, and there are far fewer of them than voxels: the mask is compared with itself once, and all
else is counted on runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.volume import Shape
from tsraster.volumes.labeling import Backend, Connectivity, label_mask
from tsraster.volumes.tables import Integers, PartTable, reduce_groups

VOXELS = 2**22
"""About how many a slab has: labels of four bytes make it 16 MB."""

Slab = tuple[int, int]
"""The first plane, and the plane after the last."""


def plan_slabs(shape: Shape, height: int | None = None) -> list[Slab]:
    """Divide a volume into slabs of so many planes; by default as many as make about four million voxels.

    Examples
    --------
    >>> plan_slabs((5, 10, 10), 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    planes, rows, cols = shape
    height = height or max(1, VOXELS // max(1, rows * cols))
    return [(start, min(start + height, planes)) for start in range(0, planes, height)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """Voxels of a mask that follow each other in a row; N of them, in raster order.

    Positions are linear, in rows that are one longer than those of the volume: so what ends a row never touches what begins the
    next, also where a run is made one longer at both ends.
    """

    starts: Integers
    stops: Integers
    """After the last voxel."""
    labels: NDArray[np.intp]

    def take(self, which: slice, shift: int = 0, labels: NDArray[np.intp] | None = None) -> Runs:
        """Return some of the runs, moved by so many positions; `labels` holds a new label for each old one."""
        own = self.labels[which]
        return Runs(
            starts=self.starts[which] + shift,
            stops=self.stops[which] + shift,
            labels=own if labels is None else labels[own],
        )


def find_runs(mask: NDArray[np.bool_], labels: NDArray[Any]) -> Runs:
    """Find the runs of a mask, and the label of each.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
    labels : array of an integer type, shape (plane, row, col)
        The same along each run.

    Examples
    --------
    >>> mask = np.array([[[True, True, False], [False, False, True]]])
    >>> runs = find_runs(mask, np.where(mask, 7, 0))
    >>> runs.starts.tolist(), runs.stops.tolist(), runs.labels.tolist()
    ([0, 6], [2, 7], [7, 7])
    """
    cols = mask.shape[2]
    rows = mask.reshape(-1, cols)
    changes = np.empty((len(rows), cols + 1), np.bool_)
    changes[:, 0], changes[:, -1] = rows[:, 0], rows[:, -1]
    np.not_equal(rows[:, 1:], rows[:, :-1], out=changes[:, 1:-1])
    bounds = np.flatnonzero(changes)
    starts, stops = bounds[::2].copy(), bounds[1::2].copy()
    own = labels.reshape(-1)[starts - starts // (cols + 1)]
    return Runs(starts=starts, stops=stops, labels=own.astype(np.intp))


@dataclass(frozen=True, kw_only=True, eq=False)
class SlabParts:
    """What is known of the components of a slab; those that are complete and too small are counted and left out."""

    slab: Slab
    count: int
    """How many components the slab has."""
    labels: NDArray[np.int32]
    """Shape (N,): which of them are kept, rising."""
    table: PartTable
    """Of N rows."""
    top: Runs
    """In the first plane, unless it is that of the volume; labels are rows of the table, from 0, and positions are counted from
    the start of the plane."""
    bottom: Runs
    """The same of the last plane, unless it is that of the volume."""
    profiles: tuple[Integers, Integers, Integers]
    """Voxels in each plane of the slab, in each row and in each column."""
    smaller: Integers
    """Shape (smallest,): how many were left out, by their voxels."""
    spans: NDArray[np.bool_]
    """Shape (3,): whether a component reaches from face to face of the volume along z, y, x."""


def describe_slab(
    mask: NDArray[np.bool_],
    start: int,
    shape: Shape,
    *,
    connectivity: Connectivity,
    backend: Backend,
    smallest: int = 1,
) -> SlabParts:
    """Label a slab and describe its components.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
        Of the slab, C-contiguous.
    start : int
        Which plane of the volume comes first in it.
    shape : (planes, rows, cols)
        Of the volume.
    connectivity : 6, 18 or 26
    backend : "scipy" or "cc3d"
    smallest : int
        Components of fewer voxels are left out, unless they touch a plane where they may go on.
    """
    labels, count = label_mask(mask, connectivity, backend)
    runs = find_runs(mask, labels)
    planes, rows, cols = mask.shape
    del labels
    table, profiles = tabulate_runs(runs, count, start, mask.shape)
    slab = start, start + planes
    goes_on = (start > 0) & (table.low[:, 0] == start) | (slab[1] < shape[0]) & (table.high[:, 0] == slab[1])
    kept = goes_on | (table.voxels >= smallest)
    numbers = np.cumsum(np.concatenate([[False], kept])) - 1  # no run has the label 0
    plane = rows * (cols + 1)
    first, last = np.searchsorted(runs.starts, [plane, plane * (planes - 1)])
    # Nothing can go on beyond the ends of the volume.
    top = slice(0, first if start > 0 else 0)
    bottom = slice(last if slab[1] < shape[0] else len(runs.starts), None)
    return SlabParts(
        slab=slab,
        count=count,
        labels=(np.flatnonzero(kept) + 1).astype(np.int32),
        table=table.take(kept),
        top=runs.take(top, labels=numbers),
        bottom=runs.take(bottom, -plane * (planes - 1), numbers),
        profiles=profiles,
        smaller=np.bincount(table.voxels[~kept], minlength=smallest),
        spans=np.asarray(table.find_spanning(shape).any(axis=0)),
    )


def tabulate_runs(
    runs: Runs, count: int, start: int, shape: Shape
) -> tuple[PartTable, tuple[Integers, Integers, Integers]]:
    """Add up the runs of a slab of this shape.

    Returns
    -------
    table : PartTable
        Of `count` rows, in the order of labels, which go from 1.
    profiles : three arrays of int64
        Voxels in each plane of the slab, in each row and in each column.
    """
    planes, rows, cols = shape
    line = runs.starts // (cols + 1)
    z = line // rows
    left, y = runs.starts - line * (cols + 1), line - z * rows
    lengths = runs.stops - runs.starts
    right = left + lengths
    groups = runs.labels - 1

    def reduce(function: np.ufunc, values: Integers) -> Integers:
        return reduce_groups(function, values, groups, count)

    first = reduce(np.minimum, runs.starts - line)
    low = [first // (rows * cols) + start, reduce(np.minimum, y), reduce(np.minimum, left)]
    high = [reduce(np.maximum, z) + start + 1, reduce(np.maximum, y) + 1, reduce(np.maximum, right)]
    voxels = reduce(np.add, lengths)
    sums = [
        reduce(np.add, lengths * z) + start * voxels,
        reduce(np.add, lengths * y),
        reduce(np.add, lengths * (left + right - 1) // 2),
    ]
    lines = reduce_groups(np.add, lengths, line, planes * rows).reshape(planes, rows)
    columns = np.cumsum(np.bincount(left, minlength=cols) - np.bincount(right, minlength=cols + 1)[:cols])
    table = PartTable(
        voxels=voxels,
        first=first + start * rows * cols,
        low=np.stack(low, axis=1),
        high=np.stack(high, axis=1),
        sums=np.stack(sums, axis=1),
    )
    return table, (lines.sum(axis=1), lines.sum(axis=0), columns)
