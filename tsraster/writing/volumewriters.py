"""Volumes as arrays in .npy, HDF5 and Zarr, slab by slab."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.lib import format as npyformat
from numpy.typing import NDArray

from tsraster.volume import VoxelSize
from tsraster.writing.arrayattributes import describe_array
from tsraster.writing.image import Image
from tsraster.writing.labelvolumes import PlaneWriter
from tsraster.writing.omezarr import describe_axes

UM = {"nm": 1e-3, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}
"""Micrometers of a unit."""

_CHUNK = 16, 64, 64
"""Voxels of a chunk at most."""
_MOST_BYTES = 2**20
"""Of a chunk, about."""
_LAYER = 2**26
"""Bytes of the chunks that lie side by side, about: so much waits in memory where slabs are not as high as chunks."""
_LEVEL = 1
"""Of gzip and zlib, which every reader has."""


class ArrayVolumeWriter(PlaneWriter):
    """What writers of arrays of several bands have in common.

    Parameters
    ----------
    path : Path
        In a folder of its own.
    image : Image
        What each plane is.
    planes : int
    voxel_size : VoxelSize, optional
    dataset : str
        What the array in the file is called, where it has a name.
    """

    def __init__(self, path: Path, image: Image, planes: int, voxel_size: VoxelSize | None, dataset: str) -> None:
        # Bands of a voxel lie side by side, so that a row has columns times bands numbers.
        super().__init__(path, (planes, image.shape[0], image.shape[1] * image.bands), image.dtype)
        self.image, self.voxel_size, self.dataset = image, voxel_size, dataset
        self.full = (planes, *image.shape, image.bands)

    def write(self, start: int, slab: NDArray[Any]) -> None:
        """Write planes from `start` on, shape (plane, row, col) or (plane, row, col, band)."""
        super().write(start, slab.reshape(len(slab), slab.shape[1], -1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except RuntimeError as failure:  # what HDF5 makes of an error of the disk
            if kind is None:
                raise self._failed(OSError(str(failure))) from None

    def _append(self, slab: NDArray[Any]) -> None:
        self._put(slab.reshape(-1, *self.full[1:]))

    def _put(self, slab: NDArray[Any]) -> None:
        """Write the next planes, shape (plane, row, col, band)."""
        raise NotImplementedError


class NpyVolumeWriter(ArrayVolumeWriter):
    """Write an array of shape (plane, row, col), or (plane, row, col, band) where it has bands, as NumPy's own file."""

    def _open(self) -> None:
        bands = has_bands(self.image)
        said = {
            "descr": npyformat.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": self.full if bands else self.full[:3],
        }
        self._file = open(self.path, "wb")  # noqa: SIM115, it is closed at the end of the block
        npyformat.write_array_header_1_0(self._file, said)

    def _put(self, slab: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(slab).data)

    def _close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class Hdf5VolumeWriter(ArrayVolumeWriter):
    """Write a dataset of shape (plane, row, col, band) with the attribute ``axistags``, zyxc, as ilastik does.

    It has a last axis even for one band, because ilastik's results have. The voxel size is the attribute ``element_size_um``,
    as Fiji and ilastik have it; names and colors of classes are attributes.
    """

    def _open(self) -> None:
        from tsraster.writing.hdf5arrays import import_h5py, make_axistags, open_sink

        h5py = import_h5py(self.path.name)
        chunk = choose_volume_chunk(self.full, self.dtype.itemsize)
        layer = chunk[0] * int(np.prod(self.full[1:])) * self.dtype.itemsize
        self._sink = open_sink(self.path)
        self._file = h5py.File(self._sink, "w", rdcc_nbytes=max(2**20, min(2 * _LAYER, layer)), rdcc_nslots=10007)
        self._array = self._file.create_dataset(
            self.dataset,
            shape=self.full,
            dtype=self.dtype,
            chunks=chunk,
            compression="gzip",
            compression_opts=_LEVEL,
            fillvalue=self.image.nodata,
        )
        for name, value in {"axistags": make_axistags("zyxc"), **describe_array(self.image)}.items():
            self._array.attrs[name] = np.asarray(value, self.dtype) if name == "flag_values" else value
        if self.image.nodata is not None:
            self._array.attrs["_FillValue"] = self.dtype.type(self.image.nodata)
        if self.voxel_size is not None and self.voxel_size.unit in UM:
            sides = [side * UM[self.voxel_size.unit] for side in self.voxel_size.spacing]
            self._array.attrs["element_size_um"] = np.array(sides)
        for axis, letter in zip(self._array.dims, "zyxc", strict=True):
            axis.label = letter

    def _put(self, slab: NDArray[Any]) -> None:
        self._array[self._done : self._done + len(slab)] = slab
        self._sink.check()

    def _close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        if hasattr(self, "_sink"):
            self._sink.close()
            self._sink.check()


class ZarrVolumeWriter(ArrayVolumeWriter):
    """Write an array of shape (plane, row, col), or (band, plane, row, col) where it has bands, in a group of Zarr version 2.

    The group says the voxel size as OME-Zarr 0.4, of one level.
    """

    def _open(self) -> None:
        from tsraster.writing.zarrarrays import import_zarr

        zarr = import_zarr(self.path.name)
        bands = (self.full[3],) if has_bands(self.image) else ()
        axes = [*["band"][: len(bands)], "z", "y", "x"]
        self._group = zarr.open_group(self.path, mode="w", zarr_format=2, attributes=self._describe(len(bands)))
        self._array = self._group.create_array(
            self.dataset,
            shape=(*bands, *self.full[:3]),
            dtype=self.dtype.name,
            chunks=(*bands, *choose_volume_chunk(self.full, self.dtype.itemsize)[:3]),
            fill_value=self.image.nodata,
            attributes={"_ARRAY_DIMENSIONS": axes, **describe_array(self.image)},
            compressors={"id": "zlib", "level": _LEVEL},
        )

    def _describe(self, bands: int) -> dict[str, Any]:
        axes, scale = describe_axes(self.voxel_size)
        level = {
            "path": self.dataset,
            "coordinateTransformations": [{"type": "scale", "scale": [*[1.0][:bands], *scale]}],
        }
        front = [{"name": "c", "type": "channel"}][:bands]
        image = {"version": "0.4", "name": self.path.stem, "axes": [*front, *axes], "datasets": [level]}
        return {"multiscales": [image]}

    def _put(self, slab: NDArray[Any]) -> None:
        planes = np.moveaxis(slab, -1, 0)
        self._array[..., self._done : self._done + len(slab), :, :] = planes if has_bands(self.image) else planes[0]

    def _close(self) -> None:
        """Do nothing: each slab is written at once."""


def has_bands(image: Image) -> bool:
    """Tell whether a volume has an axis of bands, be it of one."""
    return bool(image.names) or image.bands > 1


def choose_volume_chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return planes, rows, columns and bands of a chunk: about a megabyte, and not many planes where those are large.

    Examples
    --------
    >>> choose_volume_chunk((400, 400, 400, 1), 1), choose_volume_chunk((1000, 2000, 2000, 2), 4)
    ((16, 64, 64, 1), (2, 64, 64, 2))
    """
    planes, rows, cols = (min(most, size) for most, size in zip(_CHUNK, shape[:3], strict=True))
    voxel = shape[3] * itemsize
    planes = max(1, min(planes, _LAYER // max(1, shape[1] * shape[2] * voxel)))
    while planes * rows * cols * voxel > _MOST_BYTES and max(planes, rows, cols) > 1:
        longest = max(planes, rows, cols)
        planes, rows, cols = (-(-side // 2) if side == longest else side for side in (planes, rows, cols))
    return planes, rows, cols, shape[3]
