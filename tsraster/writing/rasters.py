"""`ImageWriter`: class codes or colors, block by block, to GeoTIFF, COG, PNG or JPEG, with all that says where they lie."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import rasterio.windows
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from tsraster.attributetable import list_categories
from tsraster.errors import LossWarning, WriteError
from tsraster.raster import Window, without_place_warning
from tsraster.writing.geotiff import (
    FIRST,
    check_copy,
    check_whole,
    describe,
    list_options,
    list_outside_tags,
    list_settings,
    wrap_translucent,
)
from tsraster.writing.image import Image, can_have_palette, check_codes, describe_classes, list_losses, select_tags
from tsraster.writing.sidecars import amend_aux_xml, write_world_file

_ROOM = 4 * 2**20
"""Bytes that must be free on the disk while there is more to write."""

_CACHES = 16 * 2**20, 128 * 2**20
"""The least and the most bytes that GDAL keeps while it copies."""

_COPY_OPTIONS: dict[str, dict[str, Any]] = {
    "COG": {"compress": "DEFLATE", "overview_resampling": "NEAREST", "bigtiff": "IF_SAFER", "num_threads": "ALL_CPUS"},
    "PNG": {},
    "JPEG": {"quality": 95},
}


class ImageWriter:
    """Write an image block by block; use it as a context manager.

    It is a GeoTIFF at first, which takes blocks in any order at any size, and where another format is wanted that is
    made from it in the end. Nodata is 0 for codes; colors have none, because black is a color.

    Parameters
    ----------
    path : Path
        The file to make, in a folder of its own (see `Outputs.stage`).
    driver : str
        As `check_format` returns it.
    image : Image
        What it is.

    Raises
    ------
    UsageError
        The format has no room for the codes.
    WriteError
        The disk is full, or the file cannot be written for another reason.

    Notes
    -----
    What the format cannot hold is said with a `LossWarning`.
    """

    def __init__(self, path: Path, driver: str, image: Image) -> None:
        check_codes(image, driver, path.name)
        self._path, self._driver, self._image = path, driver, replace(image, tags=select_tags(image.tags))
        self._first = path if driver == "GTiff" else path.with_name(f"{FIRST}{path.name}.tif")
        self._stack = ExitStack()
        self._counts: Sequence[int] | None = None
        self._left = image.shape[0] * image.shape[1] * image.bands * np.dtype(image.dtype).itemsize
        for loss in list_losses(image, driver):
            warnings.warn(loss, LossWarning, stacklevel=3)

    def __enter__(self) -> ImageWriter:
        self._stack.enter_context(rasterio.Env(**list_settings(self._image)))
        try:
            with without_place_warning():
                self._file = rasterio.open(self._first, "w", **list_options(self._image))
            describe(self._file, self._image, self._driver)
        except (RasterioError, CPLE_BaseError, OSError) as error:
            self._stack.close()
            raise self._failed(error) from None
        return self

    def write(self, window: Window, pixels: NDArray[Any]) -> None:
        """Write pixels of shape (row, col), or (band, row, col) for colors."""
        if shutil.disk_usage(self._first.parent).free < min(_ROOM, self._left):
            raise WriteError(f"{self._path.name} cannot be written: no room is left on the disk")
        place = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
        try:
            self._file.write(pixels if pixels.ndim == 3 else pixels[np.newaxis], window=place)
        except (RasterioError, CPLE_BaseError) as error:
            raise self._failed(error) from None
        self._left -= pixels.nbytes

    def count(self, counts: Sequence[int]) -> None:
        """Say how many pixels each class has, for the attribute table; before the file is closed."""
        self._counts = counts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._stack:
                self._file.close()
            if kind is None:
                check_whole(self._first)
                self._finish()
        except (RasterioError, CPLE_BaseError, OSError) as failure:
            if kind is None:
                raise self._failed(failure) from None

    def _finish(self) -> None:
        image = self._image
        if self._driver != "GTiff":
            with rasterio.Env(GDAL_CACHEMAX=self._choose_cache()):
                rasterio.shutil.copy(
                    self._copied_source(), self._path, driver=self._driver, **_COPY_OPTIONS[self._driver]
                )
            rasterio.shutil.delete(self._first)
            check_copy(self._path)
        amend_aux_xml(
            self._path,
            categories=list_categories(image.codes, image.labels) if image.codes else [],
            table=describe_classes(image, self._counts) if image.codes else None,
            tags=self._sidecar_tags(),
        )
        if self._driver in ("PNG", "JPEG"):
            write_world_file(self._path, image.georef)

    def _choose_cache(self) -> int:
        """Return the bytes of two rows of tiles: a copy goes line by line, and would else decode each tile for each line."""
        rows = 2 * self._image.tile[0] * self._image.shape[1] * self._image.bands * np.dtype(self._image.dtype).itemsize
        return max(_CACHES[0], min(_CACHES[1], rows))

    def _copied_source(self) -> Path:
        lut = self._image.lut
        if self._driver != "PNG" or lut is None or lut.is_opaque or not can_have_palette(self._image, "PNG"):
            return self._first
        return wrap_translucent(self._first, lut)

    def _sidecar_tags(self) -> dict[str, dict[str, str]]:
        """Collect what the file does not hold itself: a GeoTIFF holds every domain, and GDAL copies the default one only."""
        tags = self._image.tags if self._driver != "GTiff" else {}
        return {
            **{domain: dict(items) for domain, items in tags.items() if domain},
            "": dict(list_outside_tags(self._image)),
        }

    def _failed(self, error: Exception) -> WriteError:
        if isinstance(error, WriteError):
            return error
        cause = str(error.__cause__ or error).strip().rstrip(".")
        return WriteError(f"{self._path.name} cannot be written ({cause})")
