"""A picture that is an array in HDF5, Zarr or NumPy's own file, as a `Raster`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from tsraster.errors import ReadError
from tsraster.raster import Band, Georef, Raster, Tags
from tsraster.reading.arrays.axes import Axes, find_axes, read_axistags
from tsraster.reading.arrays.reader import ArrayPlace, ArrayReader
from tsraster.reading.arrays.stores import ENDINGS, Store, open_store, split_source, take_texts
from tsraster.reading.sources import open_raster

_STRIP = 256
"""Rows that are read together of an array that is not in chunks."""

_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


def open_any(source: str | os.PathLike[str], *, axes: str | None = None) -> Raster:
    """Open a raster or a picture, be it an array in HDF5, Zarr or NumPy's own file, or whatever GDAL opens.

    Parameters
    ----------
    source : str or path
        What ends in .h5, .hdf5, .ilp, .npy or .zarr, or has such a part, is opened by `open_array`, all else by
        `tsraster.reading.open_raster`.
    axes : str, optional
        As `open_array` has it.

    Examples
    --------
    >>> open_any("nowhere.h5/exported_data")
    Traceback (most recent call last):
    ...
    tsraster.errors.MissingSourceError: nowhere.h5 does not exist
    """
    return open_raster(source) if split_source(source) is None else open_array(source, axes=axes)


def open_array(source: str | os.PathLike[str], *, axes: str | None = None) -> Raster:
    """Open a picture that is an array.

    Parameters
    ----------
    source : str or path
        A file of NumPy (.npy), HDF5 (.h5, .hdf5, .ilp) or Zarr (.zarr), for the latter two with the path of the array inside,
        such as ``cells.h5/exported_data``; without one it is ``exported_data`` or the only array with two axes or more.
    axes : str, optional
        A letter for each axis of the array, such as ``yxc`` or ``cyx``. By default what the file says: vigra's ``axistags``,
        as ilastik writes them, or the names that xarray and Zarr give. Without either, two axes are rows and columns; of three
        the shorter one of the first and the last is the bands, the last if they are equal.

    Returns
    -------
    Raster
        Use it as a context manager. It is read window by window. Place, nodata, names of bands and colors of classes are read
        where they are written as `tsraster.writing.open_result` and rioxarray do.

    Raises
    ------
    MissingSourceError, ReadError
        It is not there, cannot be read, or is no picture.
    UsageError
        There is no array of that path, one has to be named, or `axes` does not fit it.
    MissingExtraError
        h5py or zarr is not installed.
    """
    found = split_source(source)
    if found is None:
        raise ReadError(f"{source} is no file of arrays; those end in {', '.join(ENDINGS)}")
    path, form, inside = found
    store = open_store(path, form)
    try:
        return _describe(os.fspath(source), store, form, store.choose(inside), axes)
    except BaseException:
        store.close()
        raise


def _describe(name: str, store: Store, form: str, inside: str, order: str | None) -> Raster:
    array, said = store.arrays[inside], store.read_attributes(inside)
    axes = find_axes(name, array.shape, order=order, labels=_list_labels(said))
    shape = (
        1 if axes.band is None else int(array.shape[axes.band]),
        int(array.shape[axes.row]),
        int(array.shape[axes.col]),
    )
    dtype = _check_type(name, array.dtype)
    nodata = _read_number(said.get("_FillValue"))
    georef = _read_georef(store, said)
    place = ArrayPlace(path=store.path, form=form, inside=inside, axes=axes, shape=shape, nodata=nodata, georef=georef)
    names = take_texts(said.get("band_names"))
    return Raster(
        name=name,
        driver=form,
        shape=shape[1:],
        bands=tuple(
            Band(number=i + 1, dtype=dtype, name=names[i] if len(names) == shape[0] else "", nodata=nodata)
            for i in range(shape[0])
        ),
        reader=ArrayReader(place, store),
        georef=georef,
        tags=_read_tags(said),
        palette=_read_palette(said),
        tile=_find_tile(array, axes, shape),
        files=(store.path,),
        can_be_invalid=nodata is not None or dtype.startswith("float"),
    )


def _list_labels(said: Mapping[str, Any]) -> list[str]:
    return read_axistags(said.get("axistags")) or take_texts(
        said.get("_ARRAY_DIMENSIONS", said.get("DIMENSION_LABELS"))
    )


def _check_type(name: str, dtype: np.dtype[Any]) -> str:
    plain = "uint8" if dtype.kind == "b" else str(dtype.newbyteorder("=").name)
    if plain not in _TYPES:
        raise ReadError(
            f"{name} holds numbers of type {dtype}, which are not read; what is read is {', '.join(_TYPES)}"
        )
    return plain


def _read_number(value: Any) -> float | None:
    numbers = np.ravel(np.asarray([] if value is None else value))
    return float(numbers[0]) if numbers.size == 1 and numbers.dtype.kind in "iuf" else None


def _find_tile(array: Any, axes: Axes, shape: tuple[int, int, int]) -> tuple[int, int]:
    chunks = getattr(array, "shards", None) or getattr(array, "chunks", None)
    rows, cols = (_STRIP, shape[2]) if chunks is None else (int(chunks[axes.row]), int(chunks[axes.col]))
    return min(rows, shape[1]), min(cols, shape[2])


def _read_georef(store: Store, said: Mapping[str, Any]) -> Georef:
    """Read the place from where CF and rioxarray have it: a variable that is named as the grid mapping."""
    mapping = next(iter(take_texts(said.get("grid_mapping"))), "spatial_ref")
    grid = store.read_attributes(mapping) or said
    wkt = next(iter(take_texts(grid.get("crs_wkt", grid.get("spatial_ref")))), "")
    numbers = next(iter(take_texts(grid.get("GeoTransform"))), "").split()
    try:
        transform = Affine.from_gdal(*map(float, numbers)) if len(numbers) == 6 else Affine.identity()
        return Georef(crs=CRS.from_wkt(wkt) if wkt else None, transform=transform)
    except (CRSError, ValueError):
        return Georef()


def _read_tags(said: Mapping[str, Any]) -> Tags:
    try:
        tags = json.loads(next(iter(take_texts(said.get("tags"))), "{}"))
        return {str(domain): {str(k): str(v) for k, v in items.items()} for domain, items in tags.items()}
    except (ValueError, AttributeError):
        return {}


def _read_palette(said: Mapping[str, Any]) -> dict[int, tuple[int, int, int, int]]:
    colors, codes = take_texts(said.get("class_colors")), np.ravel(said.get("flag_values", []))
    if len(colors) != len(codes) or not len(codes) or codes.dtype.kind not in "iu":
        return {}
    try:
        return {int(code): _read_color(color) for code, color in zip(codes, colors, strict=True)}
    except ValueError:
        return {}


def _read_color(text: str) -> tuple[int, int, int, int]:
    red, green, blue, alpha = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue, alpha
