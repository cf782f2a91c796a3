"""Arrays in HDF5, and in NetCDF-4, which is one: of synchrotrons (``exchange/data``), ilastik, Fiji, Imaris."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.errors import MissingExtraError, ReadError, TsrasterError
from tsraster.reading.volumes.arrays import ArrayReader, choose_array, find_axes, take_sides
from tsraster.reading.volumes.elementtypes import check_type
from tsraster.reading.volumes.pieces import Piece, PieceReader
from tsraster.reading.volumes.voxelsizes import find_step, find_voxel_size
from tsraster.volume import PlaneReader, Volume, VoxelSize

_PREFERRED = ("exchange/data", "entry/data/data")
"""Where Data Exchange and NeXus have what they are about, beside white and dark fields."""


def open_hdf5(path: str, dataset: str | None = None, *, form: str = "hdf5") -> Volume:
    """Open a dataset; see `tsraster.reading.volumes.open_volume`.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError(
            f"{path} is HDF5, which needs h5py; install it with: pip install 'tsraster[volumes]'"
        ) from None
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ReadError(f"{path} is damaged, and cannot be read as HDF5: {error}") from None
    try:
        return _describe(path, file, dataset, form)
    except (RuntimeError, KeyError, ValueError, OSError) as error:
        file.close()
        if isinstance(error, TsrasterError):
            raise
        raise ReadError(f"{path} is damaged, and cannot be read as HDF5: {error}") from None


def _describe(path: str, file: Any, dataset: str | None, form: str) -> Volume:
    arrays = _list_arrays(file)
    chosen = choose_array(path, {name: array.shape for name, array in arrays.items()}, dataset, _PREFERRED)
    array = arrays[chosen]
    axes = find_axes(f"{chosen} in {path}", array.shape)
    name = check_type(array.dtype, f"{chosen} in {path}")
    chunk = array.chunks
    voxel_size, nodata = _read_voxel_size(array, axes), _read_nodata(array)
    return Volume(
        name=path,
        form=form,
        shape=take_sides(array.shape, axes),
        dtype=name,
        reader=_make_reader(path, file, array, axes),
        voxel_size=voxel_size,
        planes=1 if chunk is None else int(chunk[axes[0]]),
        nodata=nodata,
        files=(path,),
    )


def _list_arrays(file: Any) -> dict[str, Any]:
    import h5py

    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf" and item.shape:
            found[name] = item

    file.visititems(note)
    return found


def _make_reader(path: str, file: Any, array: Any, axes: tuple[int, int, int]) -> PlaneReader:
    """Return what reads the bytes of the file where they lie in a row: HDF5 itself lets one thread in at a time."""
    place = None if array.chunks or array.is_virtual or array.external or file.userblock_size else array.id.get_offset()
    if place is None or array.dtype.kind == "b":
        return ArrayReader(path, array, axes, file.close, alone=True)
    shape, dtype = take_sides(array.shape, axes), np.dtype(array.dtype)
    file.close()
    stride = shape[1] * shape[2] * dtype.itemsize
    return PieceReader(path, [Piece(path=path, offset=place, planes=shape[0], stride=stride)], shape, dtype)


def _read_nodata(array: Any) -> float | None:
    value = np.ravel(array.attrs.get("_FillValue", []))
    return float(value[0]) if value.size == 1 and value.dtype.kind in "iuf" else None


def _read_voxel_size(array: Any, axes: tuple[int, int, int]) -> VoxelSize | None:
    """Return what Fiji and ilastik note at the dataset, else the distance of the coordinates of NetCDF."""
    sides = np.ravel(array.attrs.get("element_size_um", []))
    if sides.size == 3 and sides.dtype.kind in "iuf":
        return find_voxel_size([float(side) for side in sides], "um", "element_size_um of the dataset")
    scales = [array.dims[axis][0] if len(array.dims[axis]) else None for axis in axes]
    if any(scale is None or scale.ndim != 1 for scale in scales):
        return None
    units = {_text(scale.attrs.get("units", "")) for scale in scales if scale is not None}
    spacing = [find_step(scale[:]) for scale in scales if scale is not None]
    return find_voxel_size(spacing, units.pop() if len(units) == 1 else "", "the coordinates of the file")


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
