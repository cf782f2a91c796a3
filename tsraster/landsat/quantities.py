"""Numbers in the file to physical values: reflectance, radiance and temperature.

Level 1 is seen above the atmosphere, level 2 at the surface; `plan_conversion` takes the coefficients that belong to the level,
and a `Conversion` applies them to an array, or to all numbers that a type of 8 or 16 bits can hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tsraster.errors import DataError, UnknownNameError, UsageError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata, Scale, check_level
from tsraster.landsat.sensors import find_solar_irradiance, find_sun_distance, find_thermal_constants
from tsraster.registry import suggestion

Quantity = Literal["reflectance", "radiance", "temperature", "celsius"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
UNITS: dict[Quantity, str] = {
    "reflectance": "1",
    "radiance": "W m-2 sr-1 um-1",
    "temperature": "K",
    "celsius": "degree Celsius",
}
_ZERO_CELSIUS = 273.15


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """How the numbers of a band become physical values: a line, and for the temperature of level 1 the law of Planck.

    ``value = multiply * DN + add``, and where there are K1 and K2, ``value = K2 / ln(K1 / value + 1)``.
    """

    quantity: Quantity
    label: str
    """What it is in words, such as ``surface temperature, ST_B10``."""
    unit: str
    multiply: float
    add: float
    k1: float | None = None
    k2: float | None = None
    fill: int = 0
    """The number that means no data; it becomes NaN."""
    valid_range: tuple[int, int] | None = None
    """What USGS calls valid; it is told and not applied, because most users keep what is a little outside."""
    notes: tuple[str, ...] = ()
    """Sentences on what was not in the MTL file."""

    def apply(self, dn: NDArray[Any]) -> NDArray[np.float32]:
        """Convert numbers.

        Parameters
        ----------
        dn : array of numbers, shape (...)
            As they are in the file.

        Returns
        -------
        array of float32, shape (...)
            Computed in float64 and rounded once: to 3e-8 relative, which is 1e-5 K. NaN where `dn` is the fill value or NaN, and
            where a radiance is not above 0, which has no temperature.
        """
        values = np.multiply(dn, self.multiply, dtype=np.float64)
        values += self.add
        if self.k1 is not None and self.k2 is not None:
            values = _invert_planck(values, self.k1, self.k2)
        if self.quantity == "celsius":
            values -= _ZERO_CELSIUS
        return np.where(np.asarray(dn) == self.fill, np.float32(np.nan), values.astype(np.float32))

    def tabulate(self, dtype: DTypeLike) -> NDArray[np.float32]:
        """Convert all numbers of a type, for look-up: ``conversion.tabulate("uint16")[dn]``.

        Parameters
        ----------
        dtype : data type
            uint8 or uint16.

        Returns
        -------
        array of float32, shape (256,) or (65536,)
            What `apply` gives for 0, 1, 2, ...

        Raises
        ------
        UsageError
            The type has no table.
        """
        wanted = np.dtype(dtype)
        if wanted not in (np.uint8, np.uint16):
            raise UsageError(f"only uint8 and uint16 have a table of all values, and not {wanted}; use apply")
        return self.apply(np.arange(np.iinfo(wanted).max + 1))


def _invert_planck(radiance: NDArray[np.float64], k1: float, k2: float) -> NDArray[np.float64]:
    positive = np.where(radiance > 0, radiance, np.nan)
    return np.asarray(k2 / np.log(k1 / positive + 1))


def plan_conversion(metadata: LandsatMetadata, band: LandsatBand, quantity: str) -> Conversion:
    """Choose the coefficients that make a quantity of a band.

    Parameters
    ----------
    metadata : LandsatMetadata
        The scene.
    band : LandsatBand
        One of its bands.
    quantity : text
        ``reflectance`` (1): of level 1 that above the atmosphere, corrected for the elevation of the sun; of level 2 that of the
        surface. ``radiance`` (W m-2 sr-1 um-1): of level 1. ``temperature`` (K) or ``celsius``: of level 1 the brightness
        temperature above the atmosphere, of level 2 that of the surface.

    Returns
    -------
    Conversion
        Its notes say what was not in the MTL file: coefficients from the range of radiance, published K1 and K2, or the
        published irradiance of the sun.

    Raises
    ------
    UsageError
        There is no such quantity, or the band cannot have it: the temperature of a reflective band, radiance of level 2.
    DataError
        The MTL file lacks what it takes, or the sun was below the horizon.

    References
    ----------
    USGS, Using the USGS Landsat Level-1 Data Product. Chander, Markham and Helder (2009), Remote Sensing of Environment 113.

    Examples
    --------
    >>> from pathlib import Path
    >>> band = LandsatBand(key="B10", number="10", file_name="X_B10.TIF", name="lwir11", wavelength=10.9, kind="thermal",
    ...     radiance=Scale(3.342e-4, 0.1), k1=774.8853, k2=1321.0789)
    >>> scene = LandsatMetadata(path=Path("X_MTL.txt"), scene="X", spacecraft="LANDSAT_8", sensor="OLI_TIRS", collection=2,
    ...     level=1, date=None, sun_elevation=40.0, sun_distance=1.0, bands=(band,))
    >>> print(plan_conversion(scene, band, "temperature").apply(np.array([25000, 0])))
    [291.70557       nan]
    """
    if quantity not in QUANTITIES:
        raise UnknownNameError(f"unknown quantity {quantity!r}; {suggestion(quantity, list(QUANTITIES))}")
    level = check_level(metadata, band)
    _check_kind(metadata, band, quantity, level)
    plan: Callable[[LandsatMetadata, LandsatBand, Quantity], Conversion] = _plan_temperature
    if quantity == "radiance":
        plan = _plan_radiance
    elif quantity == "reflectance":
        plan = _plan_surface_reflectance if _is_final(band, level) else _plan_reflectance
    return plan(metadata, band, quantity)


def _is_final(band: LandsatBand, level: int) -> bool:
    return level == 2 or band.key.startswith("TOA_")


def _check_kind(metadata: LandsatMetadata, band: LandsatBand, quantity: Quantity, level: int) -> None:
    is_thermal = band.kind == "thermal"
    if quantity == "radiance" and (_is_final(band, level) or band.key.startswith("BT_")):
        raise UsageError(f"{band.key} of {metadata.scene} holds no radiance; level 1 does")
    if is_thermal and quantity == "reflectance":
        raise UsageError(
            f"{band.key} of {metadata.scene} is a thermal band and has no reflectance; ask for temperature"
        )
    if not is_thermal and quantity in ("temperature", "celsius"):
        thermal = ", ".join(one.key for one in metadata.bands if one.kind == "thermal")
        raise UsageError(
            f"{band.key} ({band.name}) of {metadata.scene} is a reflective band and has no temperature; "
            f"{f'its thermal bands are {thermal}' if thermal else 'the scene has no thermal band'}"
        )


def _make(
    band: LandsatBand,
    quantity: Quantity,
    words: str,
    scale: Scale,
    notes: list[str],
    k: tuple[float, float] | None = None,
) -> Conversion:
    if scale.is_from_range:
        notes = [
            f"The MTL file has no coefficients of radiance for {band.key}; they follow from its least and greatest radiance.",
            *notes,
        ]
    return Conversion(
        quantity=quantity,
        label=f"{words}, {band.key}",
        unit=UNITS[quantity],
        multiply=scale.multiply,
        add=scale.add,
        k1=k[0] if k else None,
        k2=k[1] if k else None,
        fill=band.fill,
        valid_range=band.valid_range,
        notes=tuple(notes),
    )


def _need(metadata: LandsatMetadata, band: LandsatBand, what: str, scale: Scale | None) -> Scale:
    if scale is None:
        raise DataError(f"{metadata.path.name} has no coefficients of {what} for {band.key}; fetch the MTL file again")
    return scale


def _plan_radiance(metadata: LandsatMetadata, band: LandsatBand, quantity: Quantity) -> Conversion:
    return _make(band, quantity, "radiance", _need(metadata, band, "radiance", band.radiance), [])


def _plan_surface_reflectance(metadata: LandsatMetadata, band: LandsatBand, quantity: Quantity) -> Conversion:
    words = "reflectance above the atmosphere" if band.key.startswith("TOA_") else "surface reflectance"
    return _make(band, quantity, words, _need(metadata, band, "surface reflectance", band.reflectance), [])


def _plan_reflectance(metadata: LandsatMetadata, band: LandsatBand, quantity: Quantity) -> Conversion:
    height = metadata.sun_elevation
    if height is None or not 0 < height <= 90:
        said = "does not say how high the sun was" if height is None else f"says that the sun was at {height:g} degrees"
        raise DataError(f"{metadata.path.name} {said}; reflectance needs the sun above the horizon, radiance does not")
    scale, notes = (band.reflectance, []) if band.reflectance else _scale_by_sun(metadata, band)
    up = math.sin(math.radians(height))
    corrected = Scale(scale.multiply / up, scale.add / up, scale.is_from_range)
    return _make(band, quantity, "reflectance above the atmosphere", corrected, notes)


def _scale_by_sun(metadata: LandsatMetadata, band: LandsatBand) -> tuple[Scale, list[str]]:
    """Return the line to reflectance for the sun in the zenith, from radiance and the published irradiance."""
    radiance = _need(metadata, band, "reflectance or radiance", band.radiance)
    sun = find_solar_irradiance(metadata.mission, metadata.sensor, band.number)
    distance = metadata.sun_distance or (None if metadata.date is None else find_sun_distance(metadata.date))
    if sun is None or distance is None:
        raise DataError(
            f"{metadata.path.name} has no coefficients of reflectance for {band.key}, and "
            f"{'no irradiance of the sun is published for it' if sun is None else 'no date'}; ask for radiance"
        )
    by = math.pi * distance**2 / sun
    note = (
        f"The MTL file has no coefficients of reflectance for {band.key}; the published irradiance of the sun was taken "
        f"(ESUN {sun:g} W m-2 um-1 at {distance:.4f} astronomical units)."
    )
    return Scale(radiance.multiply * by, radiance.add * by, radiance.is_from_range), [note]


def _plan_temperature(metadata: LandsatMetadata, band: LandsatBand, quantity: Quantity) -> Conversion:
    if metadata.level == 2 or band.temperature is not None:
        words = "brightness temperature" if band.key.startswith("BT_") else "surface temperature"
        return _make(band, quantity, words, _need(metadata, band, "surface temperature", band.temperature), [])
    scale = _need(metadata, band, "radiance", band.radiance)
    if band.k1 is not None and band.k2 is not None:
        return _make(band, quantity, "brightness temperature", scale, [], (band.k1, band.k2))
    known = find_thermal_constants(metadata.mission, band.number)
    if known is None:
        raise DataError(
            f"{metadata.path.name} has no K1 and K2 for {band.key}, and none are published; ask for radiance"
        )
    note = (
        f"The MTL file has no K1 and K2 for {band.key}; those published for Landsat {metadata.mission} were taken: "
        f"{known[0]:g} W m-2 sr-1 um-1 and {known[1]:g} K."
    )
    return _make(band, quantity, "brightness temperature", scale, [note], known)
