"""`PreviewVolume`: a volume small enough to look at, collected slab by slab."""

from __future__ import annotations

from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tsraster.volume import Shape, VoxelSize

MOST = 256
"""Voxels along an axis, at most."""


class PreviewVolume:
    """Every n-th voxel along each axis, so that no axis has more than `most`; bytes, such as color codes or grays.

    Single voxels are taken, not averaged: a code stays a code, and what is thinner than a step may be missing. The voxel in the
    middle of each step is taken.

    Parameters
    ----------
    shape : (planes, rows, cols)
        Of the whole volume.
    voxel_size : VoxelSize, optional
        Of its voxels.
    most : int
        Voxels of the preview along an axis, at most.

    Examples
    --------
    >>> preview = PreviewVolume((6, 4, 4), most=3)
    >>> preview.steps, preview.codes.shape
    ((2, 2, 2), (3, 2, 2))
    >>> for start in range(6):
    ...     preview.add(start, np.full((1, 4, 4), start, np.uint8))
    >>> preview.codes[:, 0, 0]
    array([1, 3, 5], dtype=uint8)
    """

    def __init__(self, shape: Shape, *, voxel_size: VoxelSize | None = None, most: int = MOST) -> None:
        self.whole, self.voxel_size = shape, voxel_size
        steps = [max(1, -(-size // most)) for size in shape]
        self.steps: Shape = (steps[0], steps[1], steps[2])
        self._firsts = [min(step // 2, size - 1) for step, size in zip(steps, shape, strict=True)]
        kept = [len(range(first, size, step)) for first, size, step in zip(self._firsts, shape, steps, strict=True)]
        self.codes: NDArray[np.uint8] = np.zeros(kept, dtype=np.uint8)

    @property
    def unit(self) -> str:
        """Of the spacing: of the voxel size, or voxels where it is not known."""
        return "voxels" if self.voxel_size is None else self.voxel_size.unit

    @property
    def spacing(self) -> tuple[float, float, float]:
        """From voxel to voxel of the preview along z, y, x, in units."""
        sizes = (1.0, 1.0, 1.0) if self.voxel_size is None else self.voxel_size.spacing
        return sizes[0] * self.steps[0], sizes[1] * self.steps[1], sizes[2] * self.steps[2]

    @property
    def origin(self) -> tuple[float, float, float]:
        """Where the center of its first voxel lies along z, y, x, in units; 0 is the center of the first voxel of the whole."""
        sizes = (1.0, 1.0, 1.0) if self.voxel_size is None else self.voxel_size.spacing
        return self._firsts[0] * sizes[0], self._firsts[1] * sizes[1], self._firsts[2] * sizes[2]

    @property
    def extent(self) -> tuple[float, float, float]:
        """Of the whole volume along z, y, x, in units."""
        sizes = (1.0, 1.0, 1.0) if self.voxel_size is None else self.voxel_size.spacing
        return self.whole[0] * sizes[0], self.whole[1] * sizes[1], self.whole[2] * sizes[2]

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Of the whole volume along z, y, x: its outer faces, in units; 0 is the center of its first voxel."""
        halves = [0.5 * extent / size for extent, size in zip(self.extent, self.whole, strict=True)]
        return tuple((-half, extent - half) for half, extent in zip(halves, self.extent, strict=True))

    def thin(self, step: int) -> Self:
        """Return a preview of every `step`-th voxel of this one along each axis."""
        thinned = copy(self)
        places = [min(step // 2, size - 1) for size in self.codes.shape]
        thinned.codes = self.codes[places[0] :: step, places[1] :: step, places[2] :: step]
        thinned.steps = (self.steps[0] * step, self.steps[1] * step, self.steps[2] * step)
        thinned._firsts = [
            first + place * old for first, place, old in zip(self._firsts, places, self.steps, strict=True)
        ]
        return thinned

    def add(self, start: int, slab: NDArray[Any]) -> None:
        """Take what is wanted of planes from `start` on, shape (plane, row, col), values 0 to 255."""
        first, row, col = self._firsts
        step, row_step, col_step = self.steps
        offset = (first - start) % step
        planes = slab[offset::step, row::row_step, col::col_step]
        if len(planes):
            at = (start + offset - first) // step
            # Before the first wanted plane there may be others.
            skipped = max(0, -at)
            self.codes[max(0, at) : at + len(planes)] = planes[skipped:]
