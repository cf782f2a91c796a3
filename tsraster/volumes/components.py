"""`find_components`: the connected components of a mask in a volume of any size, slab by slab.

Each slab is labeled by itself, and what touches across two slabs is joined: sizes, boxes and places need no label volume. Where
one is wanted, `label_slabs` makes it in a second pass. The height of slabs changes neither ids nor anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.volume import Shape
from tsraster.volumes.joining import Joiner, SlabLabels
from tsraster.volumes.labeling import Backend, Connectivity, check_connectivity, choose_backend, label_mask
from tsraster.volumes.slabs import Slab, SlabParts, describe_slab, plan_slabs
from tsraster.volumes.tables import Integers

ReadMask = Callable[[int, int], NDArray[np.bool_]]
"""Return the mask of planes from `start` up to `stop`, which is not among them: shape (plane, row, col)."""
Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[tuple[Any, Any]]]
"""Yield each slab with what a function makes of it, in order; several may be under way at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """K components of a mask, in the order of their first voxels: component `i` has the id `i + 1`. Axes go z, y, x."""

    shape: Shape
    """Of the volume."""
    connectivity: Connectivity
    voxels: Integers
    """Shape (K,): how many each has."""
    boxes: Integers
    """Shape (K, 6): z0, y0, x0, z1, y1, x1; the last three are not in the box."""
    centroids: NDArray[np.float64]
    """Shape (K, 3): in indices of voxels; 0 is the center of the first voxel, so its outer face lies at -0.5."""
    first: Integers
    """Shape (K,): linear index of the first voxel in raster order."""
    smaller: Integers
    """Shape (smallest,): how many components were left out as too small, by their voxels; no other array knows of them."""
    profiles: tuple[Integers, Integers, Integers]
    """Voxels of the mask in each plane, row and column, also of components that were left out."""
    percolates: tuple[bool, bool, bool]
    """Whether one component touches both faces across z, y, x, be it left out or not."""
    backend: Backend
    """Which library labeled."""
    slabs: tuple[SlabLabels, ...] = field(repr=False)
    """What `label_slab` needs."""

    def __len__(self) -> int:
        return len(self.voxels)

    @property
    def number(self) -> int:
        """How many components the mask has, with those that were left out as too small."""
        return len(self) + int(self.smaller.sum())

    @property
    def total(self) -> int:
        """How many voxels the mask has, in components of any size."""
        return int(self.profiles[0].sum())

    @property
    def largest(self) -> int:
        """Return the id of the largest component, the first of equals; 0 where there is none."""
        return int(self.voxels.argmax()) + 1 if len(self) else 0

    @property
    def touches(self) -> NDArray[np.bool_]:
        """Which faces of the volume each touches: shape (K, 6), z0, z1, y0, y1, x0, x1."""
        at_low, at_high = self.boxes[:, :3] == 0, self.boxes[:, 3:] == np.array(self.shape)
        return np.stack([at_low, at_high], axis=2).reshape(-1, 6)

    @property
    def touches_border(self) -> NDArray[np.bool_]:
        """Which touch any face of the volume, so that they may go on beyond it: shape (K,)."""
        return np.asarray(self.touches.any(axis=1))

    @property
    def percolating(self) -> NDArray[np.bool_]:
        """Which touch both faces across z, y, x: shape (K, 3)."""
        return self.touches[:, ::2] & self.touches[:, 1::2]

    def number_kept(self, smallest: int) -> NDArray[np.int32]:
        """Return the id that each id gets where small components are left out: shape (K + 1,).

        0 is for those of fewer than `smallest` voxels, and for 0.
        """
        kept = np.concatenate([[False], self.voxels >= smallest])
        return np.where(kept, np.cumsum(kept), 0).astype(np.int32)

    def select(self, smallest: int) -> Components:
        """Leave out components of fewer than `smallest` voxels; the others get ids from 1 in the same order.

        That is what `find_components` gives with the same `smallest`. `number_kept` tells which got which id.
        """
        kept = self.voxels >= smallest
        smaller = np.bincount(self.voxels[~kept], minlength=max(smallest, len(self.smaller)))
        smaller[: len(self.smaller)] += self.smaller
        numbers = self.number_kept(smallest)
        return replace(
            self,
            voxels=self.voxels[kept],
            boxes=self.boxes[kept],
            centroids=self.centroids[kept],
            first=self.first[kept],
            smaller=smaller,
            slabs=tuple(slab.renumber(numbers, lowest=1) for slab in self.slabs),
        )


def find_components(
    read_mask: ReadMask,
    shape: Shape,
    *,
    connectivity: int = 6,
    smallest: int = 1,
    height: int | None = None,
    run: Run | None = None,
    backend: str | None = None,
) -> Components:
    """Find the connected components of a mask in one pass over its slabs.

    Parameters
    ----------
    read_mask : callable
        Takes the first plane and the one after the last, and returns an array of bool, shape (plane, row, col); may be called
        from many threads.
    shape : (planes, rows, cols)
        Of the volume.
    connectivity : 6, 18 or 26
        Neighbors share a face; a face or an edge; or at least a corner.
    smallest : int
        Components of fewer voxels are counted and left out; they take no memory.
    height : int, optional
        How many planes a slab has; by default it has about four million voxels. Nothing but memory and time depends on it.
    run : callable, optional
        Takes a function and a list of slabs, and yields each with what the function makes of it, in order, such as
        `BlockWork.run_each`; by default one after the other.
    backend : "scipy" or "cc3d", optional
        What labels a slab; by default cc3d where it is installed, for it is faster.

    Returns
    -------
    Components

    Raises
    ------
    UsageError
        The connectivity, the height, the smallest size or the backend cannot be, or the mask has a wrong shape.
    MissingExtraError
        cc3d is asked for and not installed.

    Notes
    -----
    A slab of N voxels takes about 10 N bytes for each that is under way, more where the mask is noise; a component that is kept
    takes 88 bytes, and a few times that while rows are merged. scipy labels slabs side by side in threads; cc3d holds the lock
    of the interpreter, so that only the rest of the work runs beside it.

    References
    ----------
    L. He, Y. Chao, K. Suzuki: A run-based two-scan labeling algorithm, IEEE Transactions on Image Processing 17 (2008), for
    equivalences between runs of voxels rather than between voxels.

    Examples
    --------
    >>> mask = np.zeros((4, 3, 3), bool)
    >>> mask[:, 0, 0] = mask[2, 2, 1:] = True
    >>> found = find_components(lambda start, stop: mask[start:stop], mask.shape, height=1)
    >>> found.voxels.tolist(), found.boxes.tolist(), found.centroids.tolist()
    ([4, 2], [[0, 0, 0, 4, 1, 1], [2, 2, 1, 3, 3, 3]], [[1.5, 0.0, 0.0], [2.0, 2.0, 1.5]])
    >>> found.percolates, found.largest, found.select(3).voxels.tolist()
    ((True, False, False), 1, [4])
    """
    if height is not None and height < 1:
        raise UsageError(f"a slab cannot be {height} planes high; give a number from 1")
    if smallest < 1:
        raise UsageError(f"components cannot have {smallest} voxels; give a smallest size from 1")
    neighbors, library = check_connectivity(connectivity), choose_backend(backend)
    # Such a function can be sent to another process, if the reader can.
    describe = partial(_describe, read_mask, shape, connectivity=neighbors, backend=library, smallest=smallest)
    joiner = Joiner(shape, neighbors, smallest)
    for _, parts in (run or _run_each)(describe, plan_slabs(shape, height)):
        joiner.add(parts)
    joiner.finish()
    return _gather(joiner, library)


def _run_each(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return ((item, function(item)) for item in items)


def _describe(read_mask: ReadMask, shape: Shape, slab: Slab, **options: Any) -> SlabParts:
    return describe_slab(_fetch(read_mask, slab, shape), slab[0], shape, **options)


def _fetch(read_mask: ReadMask, slab: Slab, shape: Shape) -> NDArray[np.bool_]:
    mask = np.ascontiguousarray(read_mask(*slab))
    wanted = (slab[1] - slab[0], *shape[1:])
    if mask.shape != wanted or mask.dtype != np.bool_:
        raise UsageError(
            f"the mask of planes {slab[0]} to {slab[1]} is {mask.dtype} of shape {mask.shape}; give bool of shape {wanted}"
        )
    return mask


def _gather(joiner: Joiner, backend: Backend) -> Components:
    table = joiner.table
    planes, rows, cols = joiner.profiles
    z, y, x = joiner.spans.tolist()
    return Components(
        shape=joiner.shape,
        connectivity=joiner.connectivity,
        voxels=table.voxels,
        boxes=np.concatenate([table.low, table.high], axis=1),
        centroids=table.sums / table.voxels[:, np.newaxis],
        first=table.first,
        smaller=joiner.smaller,
        profiles=(planes, rows, cols),
        percolates=(z, y, x),
        backend=backend,
        slabs=tuple(joiner.slabs),
    )


def label_slab(read_mask: ReadMask, components: Components, place: SlabLabels) -> NDArray[np.int32]:
    """Label the voxels of one slab with the ids of components; 0 outside, and where they were left out.

    Parameters
    ----------
    read_mask : callable
        That which components were found by.
    components : Components
    place : SlabLabels
        Which slab: one of `components.slabs`.

    Returns
    -------
    array of int32, shape (plane, row, col)

    Raises
    ------
    DataError
        The mask is not what it was when components were found.
    """
    mask = _fetch(read_mask, place.slab, components.shape)
    labels, count = label_mask(mask, components.connectivity, components.backend)
    if count != place.count:
        raise DataError(
            f"planes {place.slab[0]} to {place.slab[1]} had {place.count} components and now have {count}; "
            "find components again, for the volume has changed"
        )
    ids = np.zeros(count + 1, np.int32)
    ids[place.labels] = place.ids
    found = np.empty(mask.shape, np.int32)
    for plane, own in zip(found, labels, strict=True):
        np.take(ids, own, out=plane, mode="clip")  # other modes make a copy; nothing is out of range
    return found


def label_slabs(
    read_mask: ReadMask, components: Components, *, run: Run | None = None
) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Yield slab after slab of the label volume, each with its first plane.

    Parameters
    ----------
    read_mask : callable
        That which components were found by.
    components : Components
    run : callable, optional
        As in `find_components`. Where less than labels is wanted, such as colors, call `label_slab` in a function of your own
        that makes them of each slab: then the labels of few slabs are in memory at once.

    Examples
    --------
    >>> mask = np.array([[[True, False]], [[True, False]], [[False, True]]])
    >>> read_mask = lambda start, stop: mask[start:stop]
    >>> found = find_components(read_mask, mask.shape, height=2)
    >>> [(start, labels.tolist()) for start, labels in label_slabs(read_mask, found)]
    [(0, [[[1, 0]], [[1, 0]]]), (2, [[[0, 2]]])]
    """
    bare = replace(components, slabs=())  # what is sent to each worker
    for place, labels in (run or _run_each)(partial(label_slab, read_mask, bare), components.slabs):
        yield place.slab[0], labels
