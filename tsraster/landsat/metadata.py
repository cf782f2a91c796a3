"""What a Landsat scene says of itself: `LandsatMetadata`, its bands, and their coefficients by quantity.

The coefficients of each band are those of the level of the scene: a level 2 file also repeats those of level 1, which do not
belong to its pixels.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath

from tsraster.errors import BandError, DataError, UsageError
from tsraster.landsat.sensors import Kind


@dataclass(frozen=True)
class Scale:
    """A linear conversion of the numbers in the file: ``multiply * DN + add``."""

    multiply: float
    add: float
    is_from_range: bool = False
    """It was found from the least and greatest radiance, because the file has no coefficients."""


@dataclass(frozen=True, kw_only=True)
class LandsatBand:
    """One band of a scene, as its MTL file has it."""

    key: str
    """Such as B4, B6_VCID_1, SR_B4, ST_B10 or QA_PIXEL."""
    number: str
    """Such as 4; empty for bands of quality."""
    file_name: str
    name: str
    """The common name, such as red, nir08 or lwir11."""
    wavelength: float | None
    """Of its center, in um."""
    kind: Kind
    reflectance: Scale | None = None
    """Of level 1 it is without the elevation of the sun."""
    radiance: Scale | None = None
    temperature: Scale | None = None
    """In K; of level 2."""
    k1: float | None = None
    """In W m-2 sr-1 um-1."""
    k2: float | None = None
    """In K."""
    fill: int = 0
    """The number that means no data."""
    valid_range: tuple[int, int] | None = None
    """The least and the greatest number that USGS calls valid."""


@dataclass(frozen=True, kw_only=True)
class LandsatMetadata:
    """A Landsat scene, as its MTL file describes it."""

    path: Path
    scene: str
    """What the names of its files begin with, such as LC08_L2SP_224078_20200127_20200823_02_T1."""
    spacecraft: str
    """Such as LANDSAT_8."""
    sensor: str
    """Such as OLI_TIRS."""
    collection: int | None
    """1 or 2, or None of what is older."""
    level: int
    """1: as seen above the atmosphere; 2: at the surface."""
    date: date | None
    sun_elevation: float | None
    """In degrees."""
    sun_distance: float | None
    """In astronomical units."""
    bands: tuple[LandsatBand, ...]

    @property
    def mission(self) -> int:
        """The number of the spacecraft."""
        return int(self.spacecraft.rpartition("_")[2])

    def find_band(self, name: str | int | os.PathLike[str]) -> LandsatBand:
        """Return a band by its file, key, number or common name.

        Parameters
        ----------
        name : text, number or path
            Such as ``"B4"``, ``4``, ``"red"``, or the path of its file, whether it ends in .TIF, .tif or .tiff.

        Raises
        ------
        BandError
            The scene has no such band, or several.
        DataError
            The file is of another scene.
        """
        text = os.fspath(name) if not isinstance(name, int) else str(name)
        found = self._match(text)
        if len(found) == 1:
            return found[0]
        if found:
            raise BandError(f"{self.path.name} has several bands {text}; name one of {_join(found)}")
        if PurePath(text).suffix.lower() in _ENDINGS:
            return self._find_file(text)
        raise BandError(f"{self.path.name} has no band {text}; it has {_join(self.bands)}")

    def _match(self, text: str) -> list[LandsatBand]:
        wanted = _strip(text)
        exact = [band for band in self.bands if wanted in (_strip(band.file_name), band.key.lower())]
        return exact or [band for band in self.bands if wanted in _list_names(band)]

    def _find_file(self, text: str) -> LandsatBand:
        """Return the band of a file that the MTL does not name: converted to a surface by ESPA, or cut out and renamed."""
        stem = _strip(text)
        if _SCENE.match(stem) and self.scene and not stem.startswith(self.scene.lower()):
            raise DataError(
                f"{PurePath(text).name} is of another scene or level than {self.path.name}, the MTL of {self.scene}"
            )
        surface = _SURFACE.search(stem)
        if surface is not None:
            return self._find_surface(text, *surface.groups())
        ending = _ENDING.search(stem)
        found = [band for band in self.bands if ending and band.key.lower() == ending[1]]
        if not found:
            raise BandError(
                f"{self.path.name} names no file {PurePath(text).name}; name the band that it is: {_join(self.bands)}"
            )
        return found[0]

    def _find_surface(self, text: str, product: str, number: str) -> LandsatBand:
        """Return a band of Collection 1 level 2, which has no MTL of its own; its coefficients are the same everywhere."""
        base = next((band for band in self.bands if band.number == number and band.kind != "quality"), None)
        if base is None or self.collection == 2:
            raise BandError(f"{self.path.name} has no band for {PurePath(text).name}; it has {_join(self.bands)}")
        plain = replace(
            base, file_name=PurePath(text).name, radiance=None, reflectance=None, k1=None, k2=None, fill=-9999
        )
        if product == "bt":
            return replace(plain, key=f"BT_B{number}", temperature=Scale(0.1, 0.0), valid_range=None)
        return replace(
            plain, key=f"{product.upper()}_B{number}", reflectance=Scale(0.0001, 0.0), valid_range=(0, 10000)
        )


_ENDINGS = (".tif", ".tiff")
_SCENE = re.compile(r"l[cotem]\d{2}_l\d|l[cotem]\d{14}")
"""How the names of scenes begin: LC08_L1TP_..., or the older LT5224063..."""
_ENDING = re.compile(r"_((?:sr_|st_)?b\d+(?:_vcid_\d)?|qa_pixel|qa_radsat|bqa)$")
_SURFACE = re.compile(r"_(sr|bt|toa)_band(\d+)$")


def _strip(text: str) -> str:
    name = PurePath(text).name.lower()
    stem, dot, ending = name.rpartition(".")
    return stem if f"{dot}{ending}" in _ENDINGS else name


def _list_names(band: LandsatBand) -> tuple[str, ...]:
    """Return what a band may be called besides its key."""
    plain = f"b{band.number}" if band.number else ""
    return tuple(name for name in (band.name.lower(), band.number, plain) if name)


def _join(bands: list[LandsatBand] | tuple[LandsatBand, ...]) -> str:
    said = [f"{band.key} ({band.name})" if band.kind != "quality" and band.name else band.key for band in bands]
    return ", ".join(said) or "none"


def check_level(metadata: LandsatMetadata, band: LandsatBand) -> int:
    """Return the level of a band: that of the scene, but 2 for the surface reflectance of Collection 1.

    Raises
    ------
    UsageError
        It is a band of quality, which holds no quantity.
    """
    if band.kind == "quality":
        raise UsageError(f"{band.key} of {metadata.scene} is a band of quality bits and holds no physical quantity")
    return 2 if band.key.startswith("SR_") else metadata.level
