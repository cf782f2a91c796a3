"""Distance of each voxel of the pore space to the nearest voxel that is not pore: exact, and with little memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Spacing = tuple[float, float, float]

MOST_VOXELS = 100_000_000
"""The largest volume whose bodies or local thickness are measured; it takes about 3.5 GB."""
_SLAB_VOXELS = 2**22
_FIRST_HALO = 16


def check_size(shape: tuple[int, ...]) -> None:
    """Refuse volumes that are too large to be measured in memory.

    Raises
    ------
    UsageError
        The volume has more than 100 million voxels.

    Examples
    --------
    >>> check_size((400, 400, 400))
    >>> check_size((1500, 1000, 1000))
    Traceback (most recent call last):
        ...
    tsraster.errors.UsageError: bodies and local thickness are measured in memory, in volumes of up to 100 million voxels;
    this one has 1500; take a part of it with --box
    """
    voxels = int(np.prod(shape, dtype=np.int64))
    if voxels > MOST_VOXELS:
        raise UsageError(
            f"bodies and local thickness are measured in memory, in volumes of up to {MOST_VOXELS // 1_000_000} million voxels;"
            f" this one has {voxels // 1_000_000}; take a part of it with --box"
        )


def measure_distances(mask: Mask, spacing: Spacing = (1.0, 1.0, 1.0)) -> Floats:
    """Return how far the center of each voxel is from that of the nearest voxel outside of the mask.

    What lies beyond the border of the volume is unknown and counts for nothing, as if the pores went on there.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
        True in pores.
    spacing : tuple of 3 floats
        Between voxels along z, y, x.

    Returns
    -------
    array of float32, shape (plane, row, col)
        In the unit of `spacing`; 0 outside of the mask.

    Raises
    ------
    DataError
        All is pore.

    Notes
    -----
    Euclidean and exact. It is found slab by slab, with as many planes around each slab as its largest distance asks for: about 25
    bytes for each voxel of a slab of four million and its halo, beside 4 bytes for each voxel of the result.

    Examples
    --------
    >>> mask = np.zeros((5, 5, 5), bool)
    >>> mask[1:4, 1:4, 1:4] = True
    >>> measure_distances(mask)[2, 2]
    array([0., 1., 2., 1., 0.], dtype=float32)
    """
    if mask.all():
        raise DataError("all voxels are pore, and no distance to the solid can be measured")
    distances = np.empty(mask.shape, np.float32)
    height = max(1, _SLAB_VOXELS // max(1, mask.shape[1] * mask.shape[2]))
    halo = _FIRST_HALO
    for start in range(0, len(mask), height):
        stop = min(start + height, len(mask))
        distances[start:stop], halo = _measure_slab(mask, start, stop, spacing, halo)
    return distances


def _measure_slab(mask: Mask, start: int, stop: int, spacing: Spacing, halo: int) -> tuple[Floats, int]:
    """Return the distances of a slab, and the halo with which they were found."""
    while True:
        first, last = max(0, start - halo), min(len(mask), stop + halo)
        is_whole = last - first == len(mask)
        planes = mask[first:last]
        if not planes.all():
            found = _measure_part(planes, start - first, stop - first, spacing)
            # What is beyond the halo is further away than this, and cannot be nearer.
            needed = int(np.ceil(found.max() / spacing[0]))
            if is_whole or needed <= halo:
                return found, halo
            halo = needed
        else:
            halo *= 2


def _measure_part(planes: Mask, start: int, stop: int, spacing: Spacing) -> Floats:
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(planes, spacing, return_distances=False, return_indices=True)
    squares = np.zeros((stop - start, *planes.shape[1:]))
    for axis, step in enumerate(spacing):
        own = np.arange(planes.shape[axis], dtype=np.int32)
        own = own[start:stop] if axis == 0 else own
        offset = nearest[axis, start:stop] - own.reshape([-1 if axis == other else 1 for other in range(3)])
        squares += (offset * step) ** 2
    return np.sqrt(squares, out=squares).astype(np.float32)
