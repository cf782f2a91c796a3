"""The photo behind a raster: red, green and blue of 8 bits, whatever the file holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.pipeline.colors import flatten_depth, read_colors
from tsraster.raster import Pixels, Raster, Reader, Window


def has_photo(raster: Raster) -> bool:
    """Tell whether a raster can be shown as it is: a color picture, or one band of 8 or 16 bits."""
    bands = raster.data_bands
    return raster.is_color or (len(bands) == 1 and bands[0].dtype in ("uint8", "uint16"))


def read_photo(raster: Raster, window: Window) -> NDArray[np.uint8]:
    """Read a window of a raster that has a photo.

    A palette gives its colors, and a gray band is repeated. 16 bits are rounded to 8; alpha is left out, so that a
    transparent pixel has the color that is stored under it.

    Returns
    -------
    array of uint8, shape (3, row, col)
    """
    if raster.is_color or raster.has_palette_picture:
        return flatten_depth(read_colors(raster, window).data)
    return np.repeat(flatten_depth(raster.read(window).data), 3, axis=0)


class LastRead:
    """A reader that keeps what it read last: values and photo of one window are read from a file only once.

    Parameters
    ----------
    reader : Reader
        What reads. Only one thread may use this.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: tuple[tuple[int, ...], Window, Pixels] | None = None

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        """Return the pixels of `bands` in `window`, with shape (band, row, col)."""
        if self._kept is not None:
            known, outer, pixels = self._kept
            if known == tuple(bands) and _holds(outer, window):
                return pixels.crop(window.inside(outer))
        pixels = self._reader.read(bands, window)
        self._kept = tuple(bands), window, pixels
        return pixels

    def to_xarray(self, chunks: Any) -> Any:
        """Return the whole raster as rioxarray would."""
        return self._reader.to_xarray(chunks)

    def close(self) -> None:
        """Let go of files."""
        self._kept = None
        self._reader.close()


def _holds(outer: Window, window: Window) -> bool:
    rows, cols = window.inside(outer)
    return bool(rows.start >= 0 and cols.start >= 0 and rows.stop <= outer.rows and cols.stop <= outer.cols)
