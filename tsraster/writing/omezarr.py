"""`OmeZarrWriter`: labels as OME-Zarr, with a pyramid, slab by slab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError
from tsraster.volume import Shape, VoxelSize
from tsraster.writing.labelvolumes import PlaneWriter

VERSION = "0.5"
"""Of OME-NGFF, which says that arrays are of Zarr version 3."""

_CHUNK = 16, 256, 256
"""Voxels of a chunk: so few planes that those of all levels wait in little memory."""

_SMALLEST = 64
"""Voxels along the longest axis of the smallest level, at most; or there are as many levels as are allowed."""

_MOST_LEVELS = 8

_UNITS = {
    "nm": "nanometer",
    "um": "micrometer",
    "µm": "micrometer",
    "μm": "micrometer",
    "micron": "micrometer",
    "microns": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "km": "kilometer",
    "in": "inch",
}
"""Short names of units, as OME-NGFF wants them: those of UDUNITS-2."""

_MOST_COLORS = 4096
"""Labels whose colors are listed; of more, the list would be larger than what viewers read in a moment."""


class OmeZarrWriter(PlaneWriter):
    """Write labels as an OME-Zarr label image (OME-NGFF 0.5, Zarr version 3) with a pyramid, for napari, Fiji and others.

    Each level of the pyramid has every second voxel of the one before along each axis, from the first one: labels cannot be
    averaged. So the first voxels of all levels lie at the same place, and no translation is needed.

    Parameters
    ----------
    path : Path
        A folder that does not exist; ends in .zarr.
    shape : (planes, rows, cols)
    dtype : str
        uint8, uint16, int32 or uint32.
    voxel_size : VoxelSize, optional
        Becomes scale and unit.
    name : str
        Of the image.
    colors : array of uint8, shape (N + 1, 3), optional
        Of labels 0 to N; written where N is at most 4096.
    names : mapping of int to str, optional
        Of labels.

    Raises
    ------
    MissingExtraError
        zarr is not installed.
    WriteError
        It cannot be written, as when the disk is full.

    Notes
    -----
    At most 16 planes of each level wait in memory, whatever the height of the slabs.

    References
    ----------
    OME-Zarr specification 0.5, https://ngff.openmicroscopy.org/0.5/: multiscales, axes, image-label.
    """

    def __init__(
        self,
        path: Path,
        shape: Shape,
        dtype: str = "int32",
        *,
        voxel_size: VoxelSize | None = None,
        name: str = "labels",
        colors: NDArray[np.uint8] | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(path, shape, dtype)
        self._zarr = _import_zarr()
        self._levels: list[_Level] = []
        self._said = {
            "version": VERSION,
            **describe_pyramid(shape, voxel_size, name),
            **_describe_labels(colors, names or {}),
        }

    def _open(self) -> None:
        group = self._zarr.open_group(self.path, mode="w", zarr_format=3, attributes={"ome": self._said})
        for number, shape in enumerate(list_levels(self.shape)):
            array = group.create_array(
                str(number),
                shape=shape,
                dtype=self.dtype.name,
                chunks=tuple(min(size, most) for size, most in zip(shape, _CHUNK, strict=True)),
                fill_value=0,
                dimension_names=("z", "y", "x"),
            )
            self._levels.append(_Level(array))

    def _append(self, slab: NDArray[Any]) -> None:
        for number, level in enumerate(self._levels):
            step = 2**number
            first = -self._done % step
            level.append(slab[first::step, ::step, ::step])

    def _close(self) -> None:
        for level in self._levels:
            level.flush()


class _Level:
    """An array of the pyramid, and the planes that wait until they fill its chunks."""

    def __init__(self, array: Any) -> None:
        self._array = array
        depth = array.chunks[0]
        self._waiting = np.empty((depth, *array.shape[1:]), dtype=array.dtype)
        self._count, self._start = 0, 0

    def append(self, planes: NDArray[Any]) -> None:
        while len(planes):
            room = len(self._waiting) - self._count
            part, planes = planes[:room], planes[room:]
            self._waiting[self._count : self._count + len(part)] = part
            self._count += len(part)
            if self._count == len(self._waiting):
                self.flush()

    def flush(self) -> None:
        if self._count:
            self._array[self._start : self._start + self._count] = self._waiting[: self._count]
            self._start += self._count
            self._count = 0


def list_levels(shape: Shape) -> list[Shape]:
    """Return the shapes of a pyramid, the largest first.

    Examples
    --------
    >>> list_levels((300, 200, 100))
    [(300, 200, 100), (150, 100, 50), (75, 50, 25), (38, 25, 13)]
    """
    shapes = [shape]
    while max(shapes[-1]) > _SMALLEST and len(shapes) < _MOST_LEVELS:
        planes, rows, cols = shapes[-1]
        shapes.append((-(-planes // 2), -(-rows // 2), -(-cols // 2)))
    return shapes


def describe_pyramid(shape: Shape, voxel_size: VoxelSize | None, name: str) -> dict[str, Any]:
    """Return the metadata "multiscales"; without a voxel size, scales are in voxels, and there is no unit."""
    axes, spacing = describe_axes(voxel_size)
    levels = [[float(step * 2**number) for step in spacing] for number in range(len(list_levels(shape)))]
    return {
        "multiscales": [
            {
                "name": name,
                "axes": axes,
                "datasets": [
                    {"path": str(number), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
                    for number, scale in enumerate(levels)
                ],
                "type": "nearest",
                "metadata": {"description": "every second voxel along each axis, from the first"},
            }
        ]
    }


def describe_axes(voxel_size: VoxelSize | None) -> tuple[list[dict[str, str]], tuple[float, float, float]]:
    """Return the metadata "axes" of z, y and x, and their scale."""
    spacing = (1.0, 1.0, 1.0) if voxel_size is None else voxel_size.spacing
    name = "" if voxel_size is None else _UNITS.get(voxel_size.unit, voxel_size.unit)
    unit = {"unit": name} if name else {}
    return [{"name": axis, "type": "space", **unit} for axis in "zyx"], spacing


def _describe_labels(colors: NDArray[np.uint8] | None, names: Mapping[int, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"version": VERSION}
    if colors is not None and 1 < len(colors) <= _MOST_COLORS + 1:
        said["colors"] = [
            {"label-value": label, "rgba": [*color, 255]} for label, color in enumerate(colors.tolist()) if label
        ]
    if names:
        said["properties"] = [{"label-value": label, "name": name} for label, name in names.items()]
    return {"image-label": said}


def _import_zarr() -> ModuleType:
    try:
        import zarr
    except ImportError:
        raise MissingExtraError("OME-Zarr needs zarr; install it with: pip install 'tsraster[volumes]'") from None
    return zarr
