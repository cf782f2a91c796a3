"""What can be read in three dimensions: `Volume`, the size of its voxels, and how its planes are fetched.

A noun like `tsraster.raster`: frozen, checked once, without algorithms. The readers live in `tsraster.reading.volumes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]
"""Planes, rows, columns: z, y, x."""


@dataclass(frozen=True, kw_only=True)
class VoxelSize:
    """How large a voxel is along z, y and x, and where that is known from.

    Examples
    --------
    >>> VoxelSize(z=2.0, y=0.5, x=0.5, unit="um", source="--voxel-size").volume
    0.5
    """

    z: float
    y: float
    x: float
    unit: str
    """Such as um or mm; of lengths."""
    source: str = ""

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Along z, y, x."""
        return self.z, self.y, self.x

    @property
    def volume(self) -> float:
        """Of a voxel, in cubic units."""
        return self.z * self.y * self.x


class PlaneReader(Protocol):
    """What fetches planes; safe to call from many threads at once."""

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the planes from `start` up to `stop`, which is not among them: shape (plane, row, col)."""

    def close(self) -> None:
        """Let go of files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Volume:
    """A volume that can be read by slabs of planes. Use it as a context manager, so that its files are closed."""

    name: str
    """What was opened, as it was given."""
    form: str
    """The format, such as raw, metaimage, nrrd, tiff, slices, npy, zarr, hdf5 or netcdf."""
    shape: Shape
    dtype: str
    """Of the voxels, without byte order: what is read has that of the machine."""
    reader: PlaneReader = field(repr=False)
    voxel_size: VoxelSize | None = None
    planes: int = 1
    """How many planes the format stores in one piece; slabs of a multiple of them are read fastest."""
    nodata: float | None = None
    files: tuple[str, ...] = ()
    """The files that hold it; none of them may be overwritten by what is made of it."""

    @property
    def voxels(self) -> int:
        """How many there are."""
        planes, rows, cols = self.shape
        return planes * rows * cols

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return planes, all of them by default: shape (plane, row, col), in the type of the volume.

        Raises
        ------
        ReadError
            The file is damaged, or out of reach.
        """
        planes = self.reader.read(start, self.shape[0] if stop is None else stop)
        return np.asarray(planes)

    def close(self) -> None:
        """Close the files behind the volume."""
        self.reader.close()

    def __enter__(self) -> Volume:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
