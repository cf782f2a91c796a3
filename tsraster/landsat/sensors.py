"""What is published of the sensors: what their bands see, and the constants that older MTL files leave out.

References
----------
Chander, Markham and Helder (2009), Summary of current radiometric calibration coefficients for Landsat MSS, TM, ETM+, and EO-1
ALI sensors, Remote Sensing of Environment 113, 893-903: K1, K2 and ESUN of TM and ETM+. The MTL files of Landsat 8 and 9: K1 and
K2 of TIRS. Common names, center wavelengths and widths: the STAC items of USGS, and for the bands that those leave out
(panchromatic, cirrus, B11) the limits that USGS publishes for them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["reflective", "thermal", "quality"]


@dataclass(frozen=True)
class Seen:
    """What a band sees."""

    name: str
    """The common name, such as red."""
    wavelength: float
    """Of its center, in um."""
    width: float
    """Where it sees half as much as in its center, from end to end, in um."""
    kind: Kind = "reflective"


_TM = {
    "1": Seen("blue", 0.49, 0.07),
    "2": Seen("green", 0.56, 0.08),
    "3": Seen("red", 0.66, 0.06),
    "4": Seen("nir08", 0.83, 0.14),
    "5": Seen("swir16", 1.65, 0.20),
    "6": Seen("lwir", 11.45, 2.10, "thermal"),
    "7": Seen("swir22", 2.22, 0.27),
}
_ETM = {
    "1": Seen("blue", 0.48, 0.07),
    "2": Seen("green", 0.56, 0.08),
    "3": Seen("red", 0.66, 0.06),
    "4": Seen("nir08", 0.84, 0.13),
    "5": Seen("swir16", 1.65, 0.20),
    "6": Seen("lwir", 11.34, 2.05, "thermal"),
    "7": Seen("swir22", 2.20, 0.28),
    "8": Seen("pan", 0.71, 0.38),
}
_OLI = {
    "1": Seen("coastal", 0.44, 0.02),
    "2": Seen("blue", 0.48, 0.06),
    "3": Seen("green", 0.56, 0.06),
    "4": Seen("red", 0.65, 0.04),
    "5": Seen("nir08", 0.87, 0.03),
    "6": Seen("swir16", 1.61, 0.09),
    "7": Seen("swir22", 2.20, 0.19),
    "8": Seen("pan", 0.59, 0.18),
    "9": Seen("cirrus", 1.37, 0.02),
    "10": Seen("lwir11", 10.9, 0.59, "thermal"),
    "11": Seen("lwir12", 12.0, 1.01, "thermal"),
}
_MSS = (Seen("green", 0.55, 0.1), Seen("red", 0.65, 0.1), Seen("nir08", 0.75, 0.1), Seen("nir09", 0.95, 0.3))

_THERMAL_CONSTANTS = {
    (4, "6"): (671.62, 1284.30),
    (5, "6"): (607.76, 1260.56),
    (7, "6"): (666.09, 1282.71),
    (8, "10"): (774.8853, 1321.0789),
    (8, "11"): (480.8883, 1201.1442),
    (9, "10"): (799.0284, 1329.2405),
    (9, "11"): (475.6581, 1198.3494),
}
_SUN = {
    4: {"1": 1983.0, "2": 1795.0, "3": 1539.0, "4": 1028.0, "5": 219.8, "7": 83.49},
    5: {"1": 1983.0, "2": 1796.0, "3": 1536.0, "4": 1031.0, "5": 220.0, "7": 83.44},
    7: {"1": 1997.0, "2": 1812.0, "3": 1533.0, "4": 1039.0, "5": 230.8, "7": 84.90, "8": 1362.0},
}


def describe_band(mission: int, sensor: str, number: str) -> Seen | None:
    """Return what a band sees, or None where no such band is known.

    Examples
    --------
    >>> describe_band(8, "OLI_TIRS", "5")
    Seen(name='nir08', wavelength=0.87, width=0.03, kind='reflective')
    """
    if "MSS" in sensor:
        first = 4 if mission <= 3 else 1
        return dict(zip(map(str, range(first, first + 4)), _MSS, strict=True)).get(number)
    bands = _OLI if mission >= 8 else _ETM if mission == 7 else _TM
    return bands.get(number)


def find_thermal_constants(mission: int, number: str) -> tuple[float, float] | None:
    """Return K1 (W m-2 sr-1 um-1) and K2 (K) that are published for a thermal band."""
    return _THERMAL_CONSTANTS.get((mission, number))


def find_solar_irradiance(mission: int, sensor: str, number: str) -> float | None:
    """Return the mean solar irradiance above the atmosphere in a band of TM or ETM+, in W m-2 um-1."""
    return None if "MSS" in sensor else _SUN.get(mission, {}).get(number)


def find_sun_distance(day: date) -> float:
    """Return the distance between the Earth and the Sun in astronomical units, right to about 0.0003.

    Examples
    --------
    >>> round(find_sun_distance(date(2020, 1, 27)), 4)
    0.9846
    """
    return 1 - 0.01672 * math.cos(math.radians(0.9856 * (day.timetuple().tm_yday - 4)))
