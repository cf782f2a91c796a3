"""Plain pictures: 8 bits and nothing beside the pixels, as training programs want them."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import rasterio
import rasterio.shutil
import rasterio.windows
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from tsraster.errors import WriteError
from tsraster.lut import Lut
from tsraster.raster import Window, without_place_warning
from tsraster.writing.geotiff import FIRST
from tsraster.writing.image import check_format

_OPTIONS: dict[tuple[str, bool], dict[str, Any]] = {
    ("PNG", False): {"zlevel": 6},
    # On photos level 1 takes a quarter of the time of level 6, the default, and an eighth more room.
    ("PNG", True): {"zlevel": 1},
    ("JPEG", False): {"quality": 90},
    ("JPEG", True): {"quality": 90},
    ("GTiff", False): {"compress": "deflate"},
}
"""By the driver, and whether it is a color picture."""

_STRICT = {"GDAL_ERROR_ON_LIBJPEG_WARNING": True, "GDAL_PNG_WHOLE_IMAGE_OPTIM": False}
"""A picture that is cut short is an error."""

_IN_MEMORY = 2**25
"""So many bytes of pixels wait in memory until all are there, and more on the disk."""


class PictureWriter:
    """Write a plain picture that lies nowhere, window by window; use it as a context manager.

    It holds just the pixels: no nodata value, no alpha, no palette unless a color table is given, and no file beside it. When
    it is finished it is read again from end to end.

    Parameters
    ----------
    path : Path
        Ends in .png, .jpg or .tif; in a folder of its own (see `Outputs.stage`).
    shape : (bands, rows, cols)
        One band, or red, green and blue.
    dtype : str
        "uint8", or "float32" for one band of a .tif.
    lut : Lut, optional
        Opaque colors of the codes of a PNG with a palette; 0 is transparent.

    Raises
    ------
    WriteError
        It cannot be written, or cannot be read again, as when the disk is full.
    """

    def __init__(
        self, path: Path, shape: tuple[int, int, int], dtype: str = "uint8", *, lut: Lut | None = None
    ) -> None:
        self._path, self._shape, self._dtype, self._lut = path, shape, dtype, lut
        self._driver = check_format(path)
        self._stack = ExitStack()
        self._bytes = shape[0] * shape[1] * shape[2] * (4 if dtype == "float32" else 1)

    def __enter__(self) -> PictureWriter:
        settings = {"count": self._shape[0], "height": self._shape[1], "width": self._shape[2], "dtype": self._dtype}
        if self._shape[0] == 3:
            settings |= {"photometric": "RGB", "interleave": "pixel"}
        if self._lut is not None:
            # This makes 0 transparent in the palette of a PNG.
            settings["nodata"] = 0
        # GDAL makes a PNG or JPEG of another raster only. rasterio would hold the lock of Python meanwhile, so that threads would
        # wait for each other; its copy, from this raster without compression, does not.
        self._first = str(self._path.with_name(f"{FIRST}{self._path.name}.tif"))
        if self._bytes <= _IN_MEMORY:
            self._first = self._stack.enter_context(MemoryFile(ext=".tif")).name
        try:
            with without_place_warning():
                self._file = rasterio.open(self._first, "w", driver="GTiff", bigtiff="if_safer", **settings)
            if self._lut is not None:
                keys = map(int, self._lut.keys)
                self._file.write_colormap(1, {0: self._lut.nodata, **dict(zip(keys, self._lut.colors, strict=True))})
        except (RasterioError, CPLE_BaseError, OSError) as error:
            self._stack.close()
            raise self._failed(error) from None
        return self

    def write(self, window: Window, layers: NDArray[Any]) -> None:
        """Write pixels of shape (band, row, col)."""
        place = rasterio.windows.Window(window.col, window.row, window.cols, window.rows)
        try:
            self._file.write(layers, window=place)
        except (RasterioError, CPLE_BaseError) as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            try:
                self._file.close()
                if kind is None:
                    self._finish()
            except (RasterioError, CPLE_BaseError, OSError) as failure:
                if kind is None:
                    raise self._failed(failure) from None

    def _finish(self) -> None:
        is_on_disk = self._bytes > _IN_MEMORY
        if is_on_disk and os.path.getsize(self._first) < self._bytes:
            raise WriteError(f"{self._path.name} cannot be written whole; is the disk full?")
        options = _OPTIONS[self._driver, self._shape[0] == 3]
        rasterio.shutil.copy(self._first, self._path, driver=self._driver, **options)
        if is_on_disk:
            os.unlink(self._first)
        _check_readable(self._path)

    def _failed(self, error: Exception) -> WriteError:
        if isinstance(error, WriteError):
            return error
        cause = str(error.__cause__ or error).strip().rstrip(".")
        return WriteError(f"{self._path.name} cannot be written ({cause})")


def write_picture(path: Path, layers: NDArray[Any], *, lut: Lut | None = None) -> None:
    """Write a plain picture that is in memory; see `PictureWriter`.

    Parameters
    ----------
    path : Path
        Ends in .png, .jpg or .tif.
    layers : array of uint8 or float32, shape (band, row, col)
    lut : Lut, optional
        Colors of the codes of a PNG with a palette.
    """
    bands, rows, cols = layers.shape
    with PictureWriter(path, (bands, rows, cols), layers.dtype.name, lut=lut) as writer:
        writer.write(Window(row=0, col=0, rows=rows, cols=cols), layers)


def _check_readable(path: Path) -> None:
    """Read all of it: GDAL does not always say that a disk ran full."""
    with rasterio.Env(**_STRICT):
        # The lock that keeps rasterio quiet is held only while opening, so that other threads do not wait for the pixels.
        with without_place_warning():
            file = rasterio.open(path)
        with file:
            rows = max(1, 2**20 // file.width)
            for row in range(0, file.height, rows):
                file.read(window=rasterio.windows.Window(0, row, file.width, min(rows, file.height - row)))
