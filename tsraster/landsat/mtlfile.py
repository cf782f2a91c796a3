"""An MTL file read as `LandsatMetadata`: Collections 1 and 2 and what is older, levels 1 and 2."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from tsraster.errors import ReadError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata, Scale
from tsraster.landsat.mtltext import Groups, read_groups
from tsraster.landsat.sensors import describe_band

_CONTENTS = ("PRODUCT_CONTENTS", "PRODUCT_METADATA")
_ABOUT = (*_CONTENTS, "IMAGE_ATTRIBUTES", "METADATA_FILE_INFO", "PRODUCT_PARAMETERS")
_LEVEL_1 = (
    "LEVEL1_RADIOMETRIC_RESCALING",
    "RADIOMETRIC_RESCALING",
    "LEVEL1_THERMAL_CONSTANTS",
    "TIRS_THERMAL_CONSTANTS",
    "THERMAL_CONSTANTS",
    "LEVEL1_MIN_MAX_RADIANCE",
    "MIN_MAX_RADIANCE",
    "LEVEL1_MIN_MAX_PIXEL_VALUE",
    "MIN_MAX_PIXEL_VALUE",
)
_LEVEL_2 = ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS")
"""The only groups that speak of the pixels of a level 2 file; those of level 1 are its history."""

_FILE = re.compile(r"FILE_NAME_BAND_((?:ST_B)?\d+(?:_VCID_\d)?)|BAND(\d+)_FILE_NAME")
_QUALITY = re.compile(r"FILE_NAME_QUALITY_\w+|FILE_NAME_BAND_QUALITY")
_OLD_SUFFIX = {"61": "6_VCID_1", "62": "6_VCID_2"}
"""How files before 2012 call the two gains of band 6 of Landsat 7."""

_SMALLEST, _LARGEST = 1e-30, 1e15
"""Of coefficients, as of the scales of STAC items."""

_SURFACE_RANGES = {"reflectance": (7273, 43636), "temperature": (293, 65535)}
"""Of Collection 2; see the references of `read_mtl`."""


def read_mtl(path: str | os.PathLike[str]) -> LandsatMetadata:
    """Read an MTL file: .txt, .json or .xml.

    Parameters
    ----------
    path : path
        As USGS gives it beside the bands; its content decides the form, and not its ending.

    Returns
    -------
    LandsatMetadata
        Each band with the coefficients of the level of the scene.

    Raises
    ------
    MissingSourceError, ReadError
        There is no such file; it cannot be read, is cut off, or is no MTL.

    Notes
    -----
    A level 2 file holds the coefficients of level 1 besides its own, under the same keys; only its own are taken.

    References
    ----------
    USGS, Landsat 8-9 Collection 2 Level 1 Data Format Control Book (LSDS-1822), and Level 2 (LSDS-1328).
    https://www.usgs.gov/faqs/how-do-i-use-a-scale-factor-landsat-level-2-science-products: scales, fill and valid numbers.

    Examples
    --------
    >>> import tempfile
    >>> lines = ['GROUP = LANDSAT_METADATA_FILE', 'GROUP = PRODUCT_CONTENTS', 'PROCESSING_LEVEL = "L2SP"',
    ...     'COLLECTION_NUMBER = 02', 'FILE_NAME_BAND_4 = "LC08_X_SR_B4.TIF"', 'END_GROUP = PRODUCT_CONTENTS',
    ...     'GROUP = IMAGE_ATTRIBUTES', 'SPACECRAFT_ID = "LANDSAT_8"', 'END_GROUP = IMAGE_ATTRIBUTES',
    ...     'GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS', 'REFLECTANCE_MULT_BAND_4 = 2.75e-05',
    ...     'REFLECTANCE_ADD_BAND_4 = -0.2', 'END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS',
    ...     'END_GROUP = LANDSAT_METADATA_FILE', 'END']
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "LC08_X_MTL.txt"
    ...     _ = file.write_text("\\n".join(lines))
    ...     band = read_mtl(file).find_band("red")
    >>> band.key, band.wavelength, band.reflectance
    ('SR_B4', 0.65, Scale(multiply=2.75e-05, add=-0.2, is_from_range=False))
    """
    groups = read_groups(path)
    try:
        return _build(Path(path), groups)
    except _UnfitError as error:
        raise ReadError(f"{os.fspath(path)} cannot be used as a Landsat MTL: {error}") from None


class _UnfitError(Exception):
    """What is wrong with the groups of a file, without its name."""


@dataclass(frozen=True)
class _Keys:
    """Some of the groups of a file; the first to say a key is right."""

    keys: dict[str, str]

    @classmethod
    def of(cls, groups: Groups, names: tuple[str, ...]) -> _Keys:
        joined: dict[str, str] = {}
        for name in reversed(names):
            joined |= groups.get(name, {})
        return cls(joined)

    def find_text(self, *names: str) -> str:
        """Return the first of some keys that is there, or an empty text."""
        return next((self.keys[name] for name in names if self.keys.get(name)), "")

    def find_number(self, *names: str) -> float | None:
        """Return the first of some keys that is there; files of Collection 1 say NULL where there is none."""
        text = self.find_text(*names)
        if text in ("", "NULL", "N/A", "NA"):
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise _UnfitError(f"{names[0]} is {text[:40]!r} and no number")
        return number


def _build(path: Path, groups: Groups) -> LandsatMetadata:
    contents, about = _Keys.of(groups, _CONTENTS), _Keys.of(groups, _ABOUT)
    spacecraft = _spell_spacecraft(about.find_text("SPACECRAFT_ID"))
    sensor = about.find_text("SENSOR_ID").upper()
    product = about.find_text("PROCESSING_LEVEL", "DATA_TYPE", "PRODUCT_TYPE").upper()
    level = 2 if product.startswith("L2") else 1
    collection = about.find_number("COLLECTION_NUMBER")
    files = _list_files(contents)
    if not files:
        raise _UnfitError("it names no file of a band")
    scene = _find_scene(path, about)
    facts = _BandFacts(
        mission=int(spacecraft[-1]),
        sensor=sensor,
        level=level,
        scene=scene,
        keys=_Keys.of(groups, _LEVEL_2 if level == 2 else _LEVEL_1),
    )
    return LandsatMetadata(
        path=path,
        scene=scene,
        spacecraft=spacecraft,
        sensor=sensor,
        collection=None if collection is None else int(collection),
        level=level,
        date=_parse_date(about.find_text("DATE_ACQUIRED", "ACQUISITION_DATE")),
        sun_elevation=about.find_number("SUN_ELEVATION"),
        sun_distance=_find_distance(about),
        bands=tuple([facts.build(suffix, name) for suffix, name in files] + _list_quality(contents, scene)),
    )


def _spell_spacecraft(text: str) -> str:
    """Return LANDSAT_5 for Landsat5 as well."""
    found = re.fullmatch(r"LANDSAT[_-]?([1-9])", text.upper())
    if found is None:
        raise _UnfitError(f"SPACECRAFT_ID is {text[:40]!r}, and none of LANDSAT_1 to LANDSAT_9")
    return f"LANDSAT_{found[1]}"


def _find_distance(about: _Keys) -> float | None:
    distance = about.find_number("EARTH_SUN_DISTANCE")
    if distance is not None and not 0.9 <= distance <= 1.1:
        raise _UnfitError(f"EARTH_SUN_DISTANCE is {distance:g}, and the Earth is 0.98 to 1.02 astronomical units away")
    return distance


def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _UnfitError(f"DATE_ACQUIRED is {text[:40]!r} and no date") from None


def _find_scene(path: Path, about: _Keys) -> str:
    """Return what the names of the files of the scene begin with."""
    stem = re.sub(r"_MTL$", "", path.stem, flags=re.IGNORECASE)
    said = [about.find_text("LANDSAT_PRODUCT_ID"), about.find_text("LANDSAT_SCENE_ID")]
    first = PurePath(about.find_text("FILE_NAME_BAND_1", "FILE_NAME_BAND_4", "FILE_NAME_BAND_10")).name
    return next((name for name in said if name and first.startswith(name)), said[0] or said[1] or stem)


def _list_files(contents: _Keys) -> list[tuple[str, str]]:
    """Return the suffix of each band in the keys of the file, such as 4, 6_VCID_1 or ST_B10, and the name of its file."""
    found = [(match, name) for key, name in contents.keys.items() if (match := _FILE.fullmatch(key))]
    return [(match[1] or _OLD_SUFFIX.get(match[2], match[2]), PurePath(name).name) for match, name in found]


def _list_quality(contents: _Keys, scene: str) -> list[LandsatBand]:
    names = [PurePath(name).name for key, name in contents.keys.items() if _QUALITY.fullmatch(key)]
    return [_build_quality(name, scene) for name in names]


def _build_quality(file_name: str, scene: str) -> LandsatBand:
    key = PurePath(file_name).stem.removeprefix(scene).strip("_").upper()
    # Pixels of QA_PIXEL and BQA are never 0, for fill is itself a bit.
    fill = {"QA_PIXEL": 1, "BQA": 1, "ST_QA": -9999}.get(key, 0)
    return LandsatBand(
        key=key, number="", file_name=file_name, name=key.lower(), wavelength=None, kind="quality", fill=fill
    )


def _check_scale(name: str, number: float, *, is_offset: bool = False) -> None:
    """Refuse coefficients that leave nothing of numbers, turn them around, or carry them beyond float32."""
    if abs(number) > _LARGEST or (not is_offset and number < _SMALLEST):
        accepted = f"-{_LARGEST:g} to {_LARGEST:g}" if is_offset else f"{_SMALLEST:g} to {_LARGEST:g}"
        raise _UnfitError(f"{name} is {number:g}, and no number from {accepted}")


@dataclass(frozen=True)
class _BandFacts:
    """What all bands of a scene share."""

    mission: int
    sensor: str
    level: int
    scene: str
    keys: _Keys

    def build(self, suffix: str, file_name: str) -> LandsatBand:
        number = suffix.removeprefix("ST_B").partition("_")[0]
        seen = describe_band(self.mission, self.sensor, number)
        if seen is None:
            raise _UnfitError(
                f"it names a band {suffix}, which {self.sensor or 'the sensor'} of Landsat {self.mission} has not"
            )
        made: dict[str, Any] = {
            "number": number,
            "file_name": file_name,
            "name": seen.name,
            "wavelength": seen.wavelength,
        }
        made |= self._scale_surface(suffix, seen.kind) if self.level == 2 else self._scale_level_1(suffix)
        return LandsatBand(kind=seen.kind, **made)

    def _scale_surface(self, suffix: str, kind: str) -> dict[str, Any]:
        quantity = "temperature" if kind == "thermal" else "reflectance"
        return {
            "key": suffix if suffix.startswith("ST_") else f"SR_B{suffix}",
            quantity: self._find_scale(quantity, suffix),
            "valid_range": _SURFACE_RANGES[quantity],
        }

    def _scale_level_1(self, suffix: str) -> dict[str, Any]:
        return {
            "key": f"B{suffix}",
            "reflectance": self._find_scale("reflectance", suffix),
            "radiance": self._find_scale("radiance", suffix) or self._scale_from_range(suffix),
            "k1": self._find_constant(f"K1_CONSTANT_BAND_{suffix}"),
            "k2": self._find_constant(f"K2_CONSTANT_BAND_{suffix}"),
            "valid_range": self._find_levels(suffix),
        }

    def _find_scale(self, quantity: str, suffix: str) -> Scale | None:
        multiply, add = (self.keys.find_number(f"{quantity.upper()}_{part}_BAND_{suffix}") for part in ("MULT", "ADD"))
        if multiply is None or add is None:
            return None
        _check_scale(f"{quantity.upper()}_MULT_BAND_{suffix}", multiply)
        _check_scale(f"{quantity.upper()}_ADD_BAND_{suffix}", add, is_offset=True)
        return Scale(multiply, add)

    def _find_constant(self, name: str) -> float | None:
        number = self.keys.find_number(name)
        if number is not None:
            _check_scale(name, number)
        return number

    def _find_levels(self, suffix: str) -> tuple[int, int] | None:
        old = suffix.replace("_VCID_", "")
        low, high = (
            self.keys.find_number(f"QUANTIZE_CAL_{end}_BAND_{suffix}", f"QCAL{end}_BAND{old}") for end in ("MIN", "MAX")
        )
        return None if low is None or high is None else (int(low), int(high))

    def _scale_from_range(self, suffix: str) -> Scale | None:
        """Return the line through the least and the greatest radiance, as files before 2012 give it."""
        old = suffix.replace("_VCID_", "")
        levels = self._find_levels(suffix)
        low, high = (
            self.keys.find_number(f"RADIANCE_{end}IMUM_BAND_{suffix}", f"L{end}_BAND{old}") for end in ("MIN", "MAX")
        )
        if levels is None or levels[0] >= levels[1] or low is None or high is None:
            return None
        multiply = (high - low) / (levels[1] - levels[0])
        _check_scale(f"the range of radiance per number of band {suffix}", multiply)
        _check_scale(f"the least radiance of band {suffix}", low, is_offset=True)
        return Scale(multiply, low - multiply * levels[0], is_from_range=True)
