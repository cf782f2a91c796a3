"""What is added up of components or of their parts: one row each, in a form in which rows can be merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class PartTable:
    """Sizes and places of N parts; axes go z, y, x, and planes are counted from the first of the volume.

    All of it is integers, so that the order in which parts are merged changes nothing.
    """

    voxels: Integers
    """Shape (N,)."""
    first: Integers
    """Shape (N,): the linear index of the first voxel in the volume, in raster order."""
    low: Integers
    """Shape (N, 3): the corner of the box."""
    high: Integers
    """Shape (N, 3): the corner across, which is not in the box."""
    sums: Integers
    """Shape (N, 3): of the indices of voxels along each axis."""

    def __len__(self) -> int:
        return len(self.voxels)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> PartTable:
        """Return some rows, by number or by a mask."""
        return PartTable(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def merge(self, groups: NDArray[np.intp], count: int) -> PartTable:
        """Return the table of groups: `groups` holds the number of that of each row, from 0 below `count`."""
        low, high, sums = (np.zeros((count, 3), np.int64) for _ in range(3))
        for axis in range(3):
            low[:, axis] = reduce_groups(np.minimum, self.low[:, axis], groups, count)
            high[:, axis] = reduce_groups(np.maximum, self.high[:, axis], groups, count)
            sums[:, axis] = reduce_groups(np.add, self.sums[:, axis], groups, count)
        voxels = reduce_groups(np.add, self.voxels, groups, count)
        first = reduce_groups(np.minimum, self.first, groups, count)
        return PartTable(voxels=voxels, first=first, low=low, high=high, sums=sums)

    def find_spanning(self, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
        """Return which parts reach from face to face of a volume: shape (N, 3)."""
        return np.asarray((self.low == 0) & (self.high == np.array(shape)))


def concatenate(tables: Sequence[PartTable]) -> PartTable:
    """Put the rows of one table or more below each other."""
    return PartTable(
        **{
            column.name: np.concatenate([getattr(table, column.name) for table in tables])
            for column in fields(PartTable)
        }
    )


def reduce_groups(function: np.ufunc, values: Integers, groups: NDArray[np.intp], count: int) -> Integers:
    """Reduce the values of each group, none of which is empty, by `np.add`, `np.minimum` or `np.maximum`.

    Examples
    --------
    >>> reduce_groups(np.minimum, np.array([5, 3, 4]), np.array([0, 1, 0]), 2).tolist()
    [4, 3]
    """
    limits = np.iinfo(np.int64)
    start = {"add": 0, "minimum": limits.max, "maximum": limits.min}[function.__name__]
    reduced = np.full(count, start, np.int64)
    function.at(reduced, groups, np.ascontiguousarray(values))
    return reduced
