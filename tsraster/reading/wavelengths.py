"""The wavelength of each band, where the file says it, and as it is typed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import rasterio
from rasterio.errors import RasterioError

from tsraster.errors import UsageError
from tsraster.raster import Raster, without_place_warning

_MICROMETERS = {
    "nm": 1e-3,
    "nanometers": 1e-3,
    "um": 1.0,
    "\N{MICRO SIGN}m": 1.0,
    "\N{GREEK SMALL LETTER MU}m": 1.0,
    "micrometers": 1.0,
    "microns": 1.0,
}
_MOST = 1000.0
"""Micrometers; what is longer is no light, and as a rule nanometers under a wrong name."""
_MOST_PLAIN = 100.0
"""Micrometers; a longer one is typed with its unit, because it may be meant in nanometers."""
_TYPED = re.compile(r"([-+.\dEe]*?)\s*([^\W\d_]{2,})?")


class Length(NamedTuple):
    """What a file says of the light of a band, in micrometers."""

    wavelength: float | None
    """Of its center."""
    width: float | None
    """From end to end where it is half as sensitive."""


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
    return tuple(length.wavelength for length in find_lengths(raster, bands))


def find_lengths(raster: Raster, bands: Sequence[int]) -> tuple[Length, ...]:
    """Return wavelength and width of each band, as `find_wavelengths` finds them."""
    try:
        with without_place_warning(), rasterio.open(raster.name) as file:
            return tuple(_read_length(file.tags(band), file.tags(band, ns="IMAGERY")) for band in bands)
    except (RasterioError, ValueError):
        return (Length(None, None),) * len(bands)


def _read_length(tags: Mapping[str, str], imagery: Mapping[str, str]) -> Length:
    return Length(read_wavelength(tags, imagery), _read(tags, imagery, "FWHM_UM", "fwhm"))


def read_wavelength(tags: Mapping[str, str], imagery: Mapping[str, str]) -> float | None:
    """Return the wavelength in micrometers that the tags of a band say.

    Examples
    --------
    >>> read_wavelength({"wavelength": "655", "wavelength_units": "Nanometers"}, {})
    0.655
    """
    return _read(tags, imagery, "CENTRAL_WAVELENGTH_UM", "wavelength")


def _read(tags: Mapping[str, str], imagery: Mapping[str, str], key: str, own_key: str) -> float | None:
    own = {key.lower(): value for key, value in tags.items()}
    known = {key.upper(): value for key, value in imagery.items()}
    if key in known:
        return _to_length(known[key], 1.0)
    factor = _MICROMETERS.get(own.get("wavelength_units", "").strip().lower())
    return None if factor is None else _to_length(own.get(own_key, ""), factor)


def parse_wavelength(text: str | float) -> float:
    """Return a wavelength that is typed, in micrometers.

    Parameters
    ----------
    text : text or number
        Micrometers, or a number with a unit: nm or um.

    Raises
    ------
    UsageError
        It is no positive length; or it has no unit and would be longer than 100 micrometers, which is as a rule meant otherwise.

    Examples
    --------
    >>> parse_wavelength("655nm"), parse_wavelength("10.9"), parse_wavelength(0.865)
    (0.655, 10.9, 0.865)
    """
    typed = _TYPED.fullmatch(str(text).strip())
    number, unit = typed.groups() if typed else ("", None)
    factor = 1.0 if unit is None else _MICROMETERS.get(unit.lower(), math.nan)
    length = _to_length(number, factor)
    if length is None:
        raise UsageError(
            f"{str(text)!r} is no wavelength; give micrometers above 0 and up to {_MOST:g}, such as 0.655, or 655nm"
        )
    if unit is None and length > _MOST_PLAIN:
        raise UsageError(
            f"the wavelength {text} would be micrometers; write {text}nm or {text}um to say which is meant"
        )
    return length


def _to_length(text: str, factor: float) -> float | None:
    try:
        length = round(float(text) * factor, 9)
    except (ValueError, OverflowError):
        return None
    return length if math.isfinite(length) and 0 < length <= _MOST else None
