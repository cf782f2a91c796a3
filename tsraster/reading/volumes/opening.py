"""`open_volume`: find out what a source is, and open it."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tsraster.errors import MissingSourceError, ReadError, UsageError
from tsraster.reading.volumes.elementtypes import find_dtype, parse_dtype
from tsraster.reading.volumes.hdf5 import open_hdf5
from tsraster.reading.volumes.metaimage import open_metaimage
from tsraster.reading.volumes.netcdf import open_netcdf
from tsraster.reading.volumes.npy import open_npy
from tsraster.reading.volumes.nrrd import open_nrrd
from tsraster.reading.volumes.raw import Layout, check_shape, open_raw
from tsraster.reading.volumes.rawnames import parse_raw_name
from tsraster.reading.volumes.slices import ENDINGS, open_slices
from tsraster.reading.volumes.tiff import open_tiff
from tsraster.reading.volumes.voxelsizes import parse_voxel_size
from tsraster.reading.volumes.zarrarrays import is_zarr, open_zarr
from tsraster.volume import Volume

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_RAW_ENDINGS = (".raw", ".bin", ".dat", ".vol")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_ENDINGS = (".h5", ".hdf5", ".hdf", ".nxs", ".ims")
"""Files with a block of their user before the HDF5 are known by these."""
_NETCDF_ENDINGS = (".nc", ".nc4", ".cdf", ".netcdf")
_WITH_DATASET = ("hdf5", "netcdf", "zarr")
_MAGIC: tuple[tuple[bytes, Callable[[str], Volume]], ...] = (
    (b"NRRD", open_nrrd),
    (b"\x93NUMPY", open_npy),
    (b"II*\0", open_tiff),
    (b"MM\0*", open_tiff),
    (b"II+\0", open_tiff),
    (b"MM\0+", open_tiff),
)
_PACKED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"))


def open_volume(
    source: Source,
    *,
    shape: Sequence[int] | None = None,
    dtype: Any = None,
    offset: int = 0,
    gap: int = 0,
    byte_order: str | None = None,
    dataset: str | None = None,
    voxel_size: str | None = None,
) -> Volume:
    """Open a volume, of which nothing is read yet.

    Parameters
    ----------
    source : str or path, or a sequence of them
        A headerless file (.raw, .bin, .dat, .vol, or any with `shape`), MetaImage (.mhd, .mha), NRRD (.nrrd, .nhdr), a TIFF or
        BigTIFF with several pages, NumPy (.npy), Zarr, OME-Zarr, HDF5 or NetCDF; or slices, which are a folder, a pattern such as
        ``scan/*.png``, or a list: pictures of one size, which are put into natural order, and of which none may be missing.
    shape : three numbers, optional
        Planes, rows and columns (z,y,x) of a headerless file. Where they are not given its name says them, such as
        rock_512x400x300_uint8.raw: there, as in ImageJ, they are width x height x planes.
    dtype : str, optional
        Type of the voxels of a headerless file: uint8, uint16, int16, float32, and so on, or as ImageJ has them, such as
        "16-bit Unsigned". By default what the name of the file says, or uint8 where it has one byte for each voxel.
    offset : int
        Bytes of a headerless file before the first plane.
    gap : int
        Bytes of a headerless file between a plane and the next.
    byte_order : {'little', 'big'}, optional
        Of a headerless file. By default what its name says, such as _be, else little, which most computers write; ImageJ writes
        and reads big unless it is told otherwise.
    dataset : str, optional
        Path of the array that is meant in HDF5, Zarr or NetCDF, such as exchange/data. By default the only one with three axes,
        or the finest of an OME-Zarr.
    voxel_size : str, optional
        Size of a voxel, such as 2.5um, or z x y x x, such as 5x2.5x2.5um; goes before what the file says.

    Returns
    -------
    Volume
        Use it as a context manager. Any number of threads may read it at once. What MetaImage or NRRD has compressed is unpacked
        into the folder for temporary files when it is first read.

    Raises
    ------
    MissingSourceError
        There is no such file, or a slice is missing.
    ReadError
        It is damaged, cut off, no volume, or of a size that does not fit; it says what would.
    UsageError
        An option is wrong, or does not go with the format.
    MissingExtraError
        A library for the format is not installed.

    Notes
    -----
    Headers are read, and sizes of files compared; no voxel is. A file that a header names is taken only from beside it or below.
    Voxels are as they are stored: a palette or a scale is not applied.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "rock_4x3x2_uint8.raw")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(bytes(range(24)))
    ...     with open_volume(path, shape=(2, 3, 4), voxel_size="2.5um") as volume:
    ...         print(volume.shape, volume.dtype, volume.voxel_size.spacing, volume.read(1, 2)[0, 0])
    (2, 3, 4) uint8 (2.5, 2.5, 2.5) [12 13 14 15]
    """
    size = None if voxel_size is None else parse_voxel_size(voxel_size)
    layout = Layout(shape=shape, dtype=dtype, offset=offset, gap=gap, byte_order=byte_order)
    find_dtype("uint8" if dtype is None else parse_dtype(dtype), byte_order)
    volume = _open(_name(source), layout, dataset)
    try:
        _check_options(volume, layout, dataset)
    except UsageError:
        volume.close()
        raise
    return volume if size is None else replace(volume, voxel_size=size)


def _name(source: Source) -> str | list[str]:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    paths = [os.fspath(path) for path in source]
    return paths[0] if len(paths) == 1 else paths


def _open(source: str | list[str], layout: Layout, dataset: str | None) -> Volume:
    if isinstance(source, list):
        return open_slices(source)
    if not source:
        raise MissingSourceError("the source has an empty name; name a volume")
    if os.path.isdir(source):
        return open_zarr(source, dataset) if is_zarr(source) else open_slices(source)
    if not os.path.lexists(source):
        if glob.has_magic(source):
            return open_slices(source)
        raise MissingSourceError(f"{source} does not exist")
    try:
        return _open_file(source, layout, dataset)
    except (OSError, UnicodeError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{source} cannot be read: {error}") from None


def _open_file(path: str, layout: Layout, dataset: str | None) -> Volume:
    ending = os.path.splitext(path)[1].lower()
    with open(path, "rb") as file:
        head = file.read(8)
    if ending in _RAW_ENDINGS:
        return open_raw(path, layout)
    if not head:
        raise ReadError(f"{path} is empty")
    if ending in (".mhd", ".mha"):
        return open_metaimage(path)
    if head == _HDF5 or ending in _HDF5_ENDINGS:
        return open_hdf5(path, dataset, form="netcdf" if ending in _NETCDF_ENDINGS else "hdf5")
    if head[:4] in (b"CDF\x01", b"CDF\x02", b"CDF\x05"):
        return open_netcdf(path, dataset)
    for magic, opener in _MAGIC:
        if head.startswith(magic):
            return opener(path)
    if layout.shape is not None or parse_raw_name(path).shape is not None:
        return open_raw(path, layout)
    raise _explain_unknown(path, head, ending)


def _explain_unknown(path: str, head: bytes, ending: str) -> ReadError:
    packer = next((name for magic, name in _PACKED if head.startswith(magic)), None)
    if packer is not None:
        return ReadError(f"{path} is packed by {packer}; unpack it first, and name what was in it")
    if ending in ENDINGS:
        return ReadError(
            f"{path} is one picture; a volume of slices is a folder, a pattern such as 'scan/*{ending}', or a list"
        )
    return ReadError(
        f"{path} is no volume that is known (MetaImage, NRRD, TIFF, .npy, Zarr, HDF5, NetCDF, slices); "
        "where it has no header, give --shape z,y,x and --dtype"
    )


def _check_options(volume: Volume, layout: Layout, dataset: str | None) -> None:
    """Refuse options that do not go with the format; a shape or type that is repeated does no harm."""
    if dataset is not None and volume.form not in _WITH_DATASET:
        raise UsageError(
            f"--dataset {dataset} names an array in HDF5, Zarr or NetCDF, and {volume.name} is {volume.form}"
        )
    if volume.form == "raw":
        return
    same_shape = layout.shape is None or check_shape(layout.shape) == volume.shape
    same_dtype = layout.dtype is None or parse_dtype(layout.dtype) == volume.dtype
    others = [option for option in layout.list_given() if option not in ("--shape", "--dtype")]
    if same_shape and same_dtype and not others:
        return
    sides = " x ".join(map(str, volume.shape))
    raise UsageError(
        f"{volume.name} says itself that it has {sides} voxels of {volume.dtype}; "
        f"leave {' and '.join(layout.list_given())} out, which is for headerless files"
    )
