"""Surfaces of chosen pores: their voxels are collected slab by slab, each in a box of its own, and then wrapped in triangles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.volume import Shape, VoxelSize
from tsraster.volumes.preview import PreviewVolume
from tsraster.writing.meshfiles import RGB, Surface

MOST_VOXELS = 2**28
"""Of the boxes of all pores together, after the step: 256 MB of memory, one byte each."""


MOST_TRIANGLES = 1_000_000
"""Of the surface of a preview, about: what most machines turn smoothly, and 25 MB."""


def trace_surface(
    mask: NDArray[np.bool_],
    *,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    color: RGB = (128, 128, 128),
    name: str = "surface",
    step: int = 1,
) -> Surface:
    """Wrap the voxels of a mask in triangles: marching cubes, halfway between voxels in it and out of it.

    The surface is closed also where the mask reaches the border of its array, for a margin of one voxel is put around it.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
        At least one voxel is True.
    spacing : (z, y, x)
        Size of a voxel, in units.
    origin : (z, y, x)
        Where the center of the first voxel lies, in units.
    color : (red, green, blue)
    name : str
    step : int
        Marching cubes looks at every so many voxels; larger is coarser, and faster.

    Returns
    -------
    Surface
        Vertices along x, y, z, in units; normals point out of the mask.

    Notes
    -----
    Corners are cut: a ball of radius 10 voxels loses half a percent of the volume of its voxels, and a single voxel 5/6.

    References
    ----------
    T. Lewiner, H. Lopes, A. W. Vieira, G. Tavares, "Efficient implementation of marching cubes' cases with topological
    guarantees", Journal of Graphics Tools 8 (2003), 1-15, as in scikit-image.

    Examples
    --------
    >>> surface = trace_surface(np.ones((1, 1, 1), bool))
    >>> surface.vertices.min(axis=0), len(surface.faces)
    (array([-0.5, -0.5, -0.5], dtype=float32), 8)
    """
    from skimage.measure import marching_cubes

    # Behind the last voxel there is always one more that is looked at.
    padded = np.pad(mask, [(1, step + -(-size // step) * step - size) for size in mask.shape])
    vertices, faces, _, _ = marching_cubes(
        padded.view(np.uint8), 0.5, step_size=step, allow_degenerate=False, gradient_direction="descent"
    )
    # One voxel of margin lies before the first.
    placed = (vertices.astype(np.float64) - 1) * spacing + origin
    return Surface(
        vertices=placed[:, ::-1].astype(np.float32),
        faces=np.ascontiguousarray(faces, dtype=np.int32),
        color=color,
        name=name,
    )


def trace_preview(
    preview: PreviewVolume, colors: NDArray[np.uint8], *, name: str = "pores", most: int = MOST_TRIANGLES
) -> Surface | None:
    """Wrap all that has a code in a preview in triangles, each vertex in the color of its voxel; None where there is nothing.

    Parameters
    ----------
    preview : PreviewVolume
        Color codes, 0 for what is left out.
    colors : array of uint8, shape (256, 3)
        Of the codes.
    name : str
    most : int
        Triangles, about: for more of them the preview is thinned out first.
    """
    if not preview.codes.any():
        return None
    step = math.ceil(math.sqrt(_estimate_triangles(preview.codes > 0) / most))
    thinned = preview.thin(step) if step > 1 else preview
    preview = thinned if thinned.codes.any() else preview
    surface = trace_surface(preview.codes > 0, spacing=preview.spacing, origin=preview.origin, name=name)
    codes = _find_codes(preview, surface.vertices)
    return Surface(vertices=surface.vertices, faces=surface.faces, color=colors[codes], name=name)


def _estimate_triangles(mask: NDArray[np.bool_]) -> int:
    """Return about how many triangles a surface has: two for each face between a voxel in the mask and one out of it."""
    along = (mask, mask.transpose(1, 0, 2), mask.transpose(2, 0, 1))
    return 2 * sum(int(np.count_nonzero(one[1:] != one[:-1]) + one[0].sum() + one[-1].sum()) for one in along)


def _find_codes(preview: PreviewVolume, vertices: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the code of the voxel that a vertex lies on: one of the two between which it is halfway has one, or both."""
    places = (vertices[:, ::-1].astype(np.float64) - preview.origin) / preview.spacing
    last = np.array(preview.codes.shape) - 1
    found = np.zeros(len(vertices), dtype=np.uint8)
    for side in (np.floor, np.ceil):
        near = side(np.round(places * 2) / 2).astype(np.intp)
        inside = ((near >= 0) & (near <= last)).all(axis=1)
        z, y, x = np.clip(near, 0, last).T
        found = np.maximum(found, np.where(inside, preview.codes[z, y, x], 0))
    return found


class PoreCrops:
    """The voxels of chosen pores, collected slab by slab, each pore in its own box.

    Parameters
    ----------
    boxes : mapping
        The box of each pore that is wanted, by its label: z0, y0, x0, z1, y1, x1; the last three are not in the box.
    step : int
        Only every so many voxels along each axis are kept, those in the middle of steps counted from the border of the volume, so
        that the surfaces of several pores fit together.

    Raises
    ------
    UsageError
        The boxes are too large to be held.
    """

    def __init__(self, boxes: Mapping[int, Sequence[int]], *, step: int = 1) -> None:
        if step < 1:
            raise UsageError(f"the step of a mesh is {step}; give a number from 1")
        self._step, self._first = step, step // 2
        self._boxes = {label: tuple(map(self._count_kept, box)) for label, box in boxes.items()}
        shapes = {label: _shape_of(box) for label, box in self._boxes.items()}
        voxels = sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes.values())
        if voxels > MOST_VOXELS:
            needed = step * int(np.ceil((voxels / MOST_VOXELS) ** (1 / 3) + 1e-9))
            raise UsageError(
                f"the boxes of the chosen pores have {voxels:,} voxels, and a mesh can be made of {MOST_VOXELS:,}; "
                f"choose smaller pores, or give --mesh-step {max(needed, step + 1)}"
            )
        self._masks = {label: np.zeros(shape, dtype=np.bool_) for label, shape in shapes.items()}

    def _count_kept(self, place: int) -> int:
        """Return how many planes, rows or columns before a place are kept."""
        return max(0, -(-(int(place) - self._first) // self._step))

    def add(self, start: int, labels: NDArray[Any]) -> None:
        """Take the voxels of the chosen pores out of planes from `start` on, shape (plane, row, col)."""
        offset = (self._first - start) % self._step
        kept = labels[offset :: self._step, self._first :: self._step, self._first :: self._step]
        first = (start + offset - self._first) // self._step
        for label, (z0, y0, x0, z1, y1, x1) in self._boxes.items():
            low, high = max(z0, first), min(z1, first + len(kept))
            if low < high:
                part = kept[low - first : high - first, y0:y1, x0:x1]
                np.equal(part, label, out=self._masks[label][low - z0 : high - z0])

    def trace(
        self, colors: Mapping[int, RGB], voxel_size: VoxelSize | None = None, *, prefix: str = "pore"
    ) -> Iterator[Surface]:
        """Yield the surface of each pore, named by its label; those of which the step has left nothing are left out.

        Parameters
        ----------
        colors : mapping
            By the label.
        voxel_size : VoxelSize, optional
            By default voxels are cubes of size 1.
        prefix : str
            Of the names.
        """
        sizes = (1.0, 1.0, 1.0) if voxel_size is None else voxel_size.spacing
        spacing = (sizes[0] * self._step, sizes[1] * self._step, sizes[2] * self._step)
        for label, mask in self._masks.items():
            if mask.any():
                places = [place * self._step + self._first for place in self._boxes[label][:3]]
                z, y, x = (place * size for place, size in zip(places, sizes, strict=True))
                yield trace_surface(
                    mask, spacing=spacing, origin=(z, y, x), color=colors[label], name=f"{prefix} {label}"
                )


def _shape_of(box: tuple[int, ...]) -> Shape:
    return max(0, box[3] - box[0]), max(0, box[4] - box[1]), max(0, box[5] - box[2])
