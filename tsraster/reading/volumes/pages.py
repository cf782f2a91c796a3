"""One plane of a volume as a picture of its own, read by GDAL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from tsraster.errors import ReadError
from tsraster.raster import without_place_warning
from tsraster.reading.sources import gdal_settings, open_raster


@dataclass(frozen=True, kw_only=True)
class PageInfo:
    """What a plane is, before a voxel of it is read."""

    shape: tuple[int, int]
    dtype: str
    nodata: float | None


def describe_page(path: str) -> PageInfo:
    """Return the size and type of a picture.

    Raises
    ------
    MissingSourceError, ReadError
        It cannot be opened, or is in color.
    """
    with open_raster(path) as raster:
        bands = raster.data_bands
        if len(bands) != 1:
            raise ReadError(
                f"{path} has {len(raster.bands)} bands; a slice has one: convert the slices to 8-bit gray, or save one channel"
            )
        return PageInfo(shape=raster.shape, dtype=bands[0].dtype, nodata=bands[0].nodata)


def read_pages(sources: Sequence[tuple[str, str]], shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return the first bands of pictures, shape (plane, row, col).

    Parameters
    ----------
    sources : sequence of (str, str)
        Each as GDAL takes it, and as messages name it.
    shape : (rows, cols)
        What each must have.
    dtype : str
        What each must be of.

    Raises
    ------
    ReadError
        One is damaged, or has another size or type than before.
    """
    planes = np.empty((len(sources), *shape), dtype)
    with gdal_settings():
        for plane, (source, name) in zip(planes, sources, strict=True):
            _fill_page(source, name, plane)
    return planes


def _fill_page(source: str, name: str, plane: NDArray[Any]) -> None:
    try:
        with without_place_warning():
            file = rasterio.open(source)
        with file:
            if (file.shape, file.dtypes[0]) != (plane.shape, plane.dtype.name):
                rows, cols = file.shape
                raise ReadError(
                    f"{name} has {rows} x {cols} pixels of {file.dtypes[0]}, and the others "
                    f"{plane.shape[0]} x {plane.shape[1]} of {plane.dtype.name}"
                )
            file.read(1, out=plane)
    except (RasterioError, OSError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{name} cannot be read: {str(error).strip().rstrip('.')}") from None
