"""The wavelength of each band, where the file says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import rasterio
from rasterio.errors import RasterioError

from tsraster.raster import Raster, without_place_warning

_MICROMETERS = {"nm": 1e-3, "nanometers": 1e-3, "um": 1.0, "\N{MICRO SIGN}m": 1.0, "micrometers": 1.0, "microns": 1.0}
_MOST = 1000.0
"""Micrometers; what is longer is no light, and as a rule nanometers under a wrong name."""


def find_wavelengths(raster: Raster, bands: Sequence[int]) -> tuple[float | None, ...]:
    """Return the wavelength of each band in micrometers; None where the file does not say it.

    It is looked for where GDAL puts it, CENTRAL_WAVELENGTH_UM of the domain IMAGERY, and where drivers and other programs do:
    ``wavelength`` with ``wavelength_units`` of the band.

    Parameters
    ----------
    raster : Raster
        Read with GDAL; others have no wavelengths.
    bands : sequence of int
        Band numbers, counted from 1.

    References
    ----------
    https://gdal.org/en/stable/user/raster_data_model.html, section IMAGERY domain; GDAL's ENVI driver.
    """
    try:
        with without_place_warning(), rasterio.open(raster.name) as file:
            return tuple(read_wavelength(file.tags(band), file.tags(band, ns="IMAGERY")) for band in bands)
    except RasterioError:
        return (None,) * len(bands)


def read_wavelength(tags: Mapping[str, str], imagery: Mapping[str, str]) -> float | None:
    """Return the wavelength in micrometers that the tags of a band say.

    Examples
    --------
    >>> read_wavelength({"wavelength": "655", "wavelength_units": "Nanometers"}, {})
    0.655
    """
    own = {key.lower(): value for key, value in tags.items()}
    known = {key.upper(): value for key, value in imagery.items()}
    if "CENTRAL_WAVELENGTH_UM" in known:
        return _to_length(known["CENTRAL_WAVELENGTH_UM"], 1.0)
    factor = _MICROMETERS.get(own.get("wavelength_units", "").strip().lower())
    return None if factor is None else _to_length(own.get("wavelength", ""), factor)


def _to_length(text: str, factor: float) -> float | None:
    try:
        length = round(float(text) * factor, 9)
    except ValueError:
        return None
    return length if math.isfinite(length) and 0 < length <= _MOST else None
