"""`MetaImageWriter`: volumes as a header and plain voxels in one file, slab by slab."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.volume import Shape, VoxelSize
from tsraster.writing.labelvolumes import PlaneWriter

_ELEMENTS = {
    "uint8": "MET_UCHAR",
    "int8": "MET_CHAR",
    "uint16": "MET_USHORT",
    "int16": "MET_SHORT",
    "uint32": "MET_UINT",
    "int32": "MET_INT",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}


class MetaImageWriter(PlaneWriter):
    """Write a volume as a MetaImage, a text header and the plain voxels in one file, for ParaView, 3D Slicer and ITK.

    Parameters
    ----------
    path : Path
        Ends in .mha.
    shape : (planes, rows, cols)
    dtype : str
        uint8, uint16, uint32, int8, int16, int32, float32 or float64.
    voxel_size : VoxelSize, optional
        Becomes the spacing; the format has no place for a unit, so that it goes into the comment.

    Raises
    ------
    WriteError
        It cannot be written, as when the disk is full.

    References
    ----------
    MetaIO of ITK: DimSize and ElementSpacing are along x, y, z.
    """

    def __init__(self, path: Path, shape: Shape, dtype: str = "uint8", *, voxel_size: VoxelSize | None = None) -> None:
        super().__init__(path, shape, dtype)
        self._voxel_size = voxel_size
        self._file: IO[bytes]

    def _open(self) -> None:
        self._file = self.path.open("wb")
        self._file.write(self._head())

    def _head(self) -> bytes:
        planes, rows, cols = self.shape
        size = self._voxel_size
        spacing = (1.0, 1.0, 1.0) if size is None else size.spacing
        lines = {
            "ObjectType": "Image",
            "NDims": 3,
            **({} if size is None else {"Comment": f"unit {size.unit}"}),
            "BinaryData": True,
            "BinaryDataByteOrderMSB": False,
            "CompressedData": False,
            "DimSize": f"{cols} {rows} {planes}",
            "ElementSpacing": " ".join(repr(float(step)) for step in reversed(spacing)),
            "ElementType": _ELEMENTS[self.dtype.name],
            "ElementDataFile": "LOCAL",
        }
        return "".join(f"{key} = {value}\n" for key, value in lines.items()).encode()

    def _append(self, slab: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(slab, dtype=self.dtype.newbyteorder("<")).data)

    def _close(self) -> None:
        self._file.close()
