"""`Preparation`: from the bands of a raster to the one array of values that is classified."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsraster.errors import BandError, UsageError
from tsraster.preparing.gray import luminance
from tsraster.preparing.smoothing import Smoothing, parse_smoothing, smooth
from tsraster.raster import Pixels, Raster, Window


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Which bands are read and what is made of them."""

    bands: tuple[int, ...]
    """Band numbers, counted from 1: one, or red, green and blue."""
    dtype: np.dtype[np.generic]
    """The type of the values that come out."""
    grays: tuple[float, ...] = ()
    """The gray of each code of a palette, where the band is a palette picture."""
    smoothing: Smoothing | None = None
    label: str = ""
    """What the values are, for tables and plots."""
    unit: str = ""
    """What the values are measured in."""

    @property
    def halo(self) -> int:
        """How many pixels beyond a window are read on each side."""
        return self.smoothing.halo if self.smoothing else 0

    @property
    def is_plain(self) -> bool:
        """Whether the values are those of one band, as they are read."""
        return len(self.bands) == 1 and not self.grays and self.smoothing is None

    def read(self, raster: Raster, window: Window) -> Pixels:
        """Read a window of a raster and prepare it.

        Returns
        -------
        Pixels
            Values of shape (row, col), equal to that part of the whole prepared image, and where they are valid.
        """
        read = window.grown(self.halo, raster.shape)
        pixels = self._to_values(raster.read(read, self.bands))
        if self.smoothing is None:
            return pixels
        return smooth(pixels, self.smoothing).crop(window.inside(read))

    def _to_values(self, pixels: Pixels) -> Pixels:
        if len(self.bands) == 3:
            return Pixels(data=luminance(pixels.data), valid=pixels.valid)
        if self.grays:
            return Pixels(data=np.array(self.grays)[pixels.data[0]], valid=pixels.valid)
        return Pixels(data=pixels.data[0], valid=pixels.valid)


def plan_preparation(raster: Raster, *, band: int | str | None = None, smooth: str | None = None) -> Preparation:
    """Decide how one array of values is made of a raster.

    Parameters
    ----------
    raster : Raster
        The source.
    band : int or str, optional
        The band to take, counted from 1, or its name; upper and lower case are the same. Without it a color picture,
        stored as bands or as a palette, becomes gray by luminance, 0 to 1; a raster with a single band beside alpha gives that
        band, and one with others that one that is named "value".
    smooth : str, optional
        A filter and its size, such as ``gaussian:1`` or ``median:3``.

    Raises
    ------
    BandError
        The raster has no such band, or several of that name; or it has several, is no picture, and none is named.
    UsageError
        The number of the band is below 1, or the filter is not one that is known.
    """
    number = _find_number(raster, band) if isinstance(band, str) else band
    if number is not None and number < 1:
        raise UsageError(f"there is no band {number}; bands are counted from 1")
    smoothing = parse_smoothing(smooth) if smooth is not None else None
    bands, grays, label = _choose(raster, number)
    dtype = np.dtype(np.float64) if grays or len(bands) == 3 else np.dtype(raster.band(bands[0]).dtype)
    if smoothing is not None and smoothing.name == "gaussian" and dtype != np.float32:
        dtype = np.dtype(np.float64)
    unit = raster.band(bands[0]).unit if len(bands) == 1 and not grays else ""
    return Preparation(bands=bands, dtype=dtype, grays=grays, smoothing=smoothing, label=label, unit=unit)


def _find_number(raster: Raster, name: str) -> int:
    """Return the number of the band of a name, or of a color in a picture."""
    wanted = name.strip().lower()
    found = [band.number for band in raster.data_bands if (band.name or band.role).lower() == wanted]
    if len(found) != 1:
        has = f"has {len(found)} bands called {name}" if found else f"has no band called {name!r}"
        raise BandError(f"{raster.name} {has}; choose from {raster.list_bands()}")
    return found[0]


def _choose(raster: Raster, band: int | None) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    if band is not None:
        chosen = raster.band(band)
        return (band,), (), chosen.name or f"band {band}"
    if raster.is_color:
        return tuple(b.number for b in raster.data_bands), (), "gray (luminance, 0 to 1)"
    if raster.has_palette_picture:
        return (1,), _grays_of_palette(raster), "gray (luminance, 0 to 1)"
    # The other bands say of each value how far it can be trusted, as `tsraster invert` writes them.
    values = [b for b in raster.data_bands if b.name == "value"]
    if len(values) == 1:
        return (values[0].number,), (), "value"
    if len(raster.data_bands) != 1:
        raise BandError(
            f"{raster.name} has {len(raster.data_bands)} bands and is no color picture; "
            f"name one with --band: {raster.list_bands()}"
        )
    only = raster.data_bands[0]
    return (only.number,), (), only.name or f"band {only.number}"


_PALETTE_SIZE = 256
"""Codes in pictures have 8 bits at the most."""


def _grays_of_palette(raster: Raster) -> tuple[float, ...]:
    # A damaged picture may hold codes for which its palette has no color; GDAL shows them black.
    colors = np.zeros((_PALETTE_SIZE, 3), dtype=np.uint8)
    for code, color in raster.palette.items():
        colors[code] = color[:3]
    return tuple(luminance(colors.T).tolist())
