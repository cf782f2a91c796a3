"""The colors of a picture, whatever way it stores them: by window, and at single pixels for the phases that are sampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import Near, Phase, find_samples
from tsraster.errors import BandError, DataError
from tsraster.raster import Pixels, Raster, Window

_CODES = 256
"""A palette has no more."""


def check_colors(raster: Raster) -> None:
    """Raise `BandError` unless a raster is a color picture: red, green, blue of 8 or 16 bits, or codes with a palette."""
    if not (raster.is_color or raster.has_palette_picture):
        raise BandError(
            f"{raster.name} is no color picture, and phases are found by color; it has {raster.list_bands()}, "
            "and not red, green and blue"
        )


def read_colors(raster: Raster, window: Window) -> Pixels:
    """Read the colors of a window.

    Returns
    -------
    Pixels
        `data` of uint8 or uint16, shape (3, row, col); `valid` is False where the picture is transparent or has no data.

    Raises
    ------
    BandError
        The raster is no color picture.
    ReadError
        The file is damaged.
    """
    check_colors(raster)
    if raster.is_color:
        return raster.read(window)
    pixels = raster.read(window, [1])
    return Pixels(data=_list_palette(raster)[:, pixels.data[0]], valid=pixels.valid)


def _list_palette(raster: Raster) -> NDArray[np.uint8]:
    # A damaged picture may hold codes for which its palette has no color; GDAL shows them black.
    colors = np.zeros((3, _CODES), dtype=np.uint8)
    for code, color in raster.palette.items():
        colors[:, code] = color[:3]
    return colors


def flatten_depth(colors: NDArray[np.uint8 | np.uint16]) -> NDArray[np.uint8]:
    """Bring colors of 16 bits to 8, rounded; those of 8 stay.

    Examples
    --------
    >>> flatten_depth(np.array([0, 257, 65535], np.uint16))
    array([  0,   1, 255], dtype=uint8)
    """
    if colors.dtype == np.uint8:
        return colors.view(np.uint8)
    return ((colors.astype(np.uint32) + 128) // 257).astype(np.uint8)


def find_colors(phases: Sequence[Phase], raster: Raster) -> tuple[Phase, ...]:
    """Look up the points of phases in a picture, so that they are phases near to the colors there.

    Parameters
    ----------
    phases : sequence of Phase
        Those without points stay as they are.
    raster : Raster
        The picture; points are columns and rows of it, counted from 0.

    Returns
    -------
    tuple of Phase

    Raises
    ------
    BandError
        There are points, and the raster is no color picture.
    DataError
        A point is outside of the picture, or where it has no data.
    """
    found = list(phases)
    for sample in find_samples(phases):
        colors = dict.fromkeys(_read_color(raster, x, y) for x, y in sample.points)
        near = Near(colors=tuple(colors), distance=sample.distance)
        found = [phase.replace_condition(sample, near) for phase in found]
    return tuple(found)


def _read_color(raster: Raster, column: int, row: int) -> tuple[int, int, int]:
    rows, cols = raster.shape
    if row >= rows or column >= cols:
        raise DataError(
            f"the point {column},{row} is outside of {raster.name}, whose columns are 0 to {cols - 1} and rows 0 to {rows - 1}"
        )
    pixels = read_colors(raster, Window(row=row, col=column, rows=1, cols=1))
    if not pixels.valid.all():
        raise DataError(f"the point {column},{row} of {raster.name} has no data, and so no color; choose another")
    red, green, blue = flatten_depth(pixels.data).ravel().tolist()
    return red, green, blue
