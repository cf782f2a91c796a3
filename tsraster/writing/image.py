"""`Image`: what is to be written, apart from its pixels; which formats there are, and what each cannot hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tsraster.attributetable import AttributeTable
from tsraster.errors import UsageError
from tsraster.lut import TRANSPARENT, Lut
from tsraster.raster import Band, Georef, Tags

FORMATS = {".tif": "GTiff", ".tiff": "GTiff", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""By the ending of the destination."""

_SOURCE_TAGS = {"NODATA_VALUES", "EXIF_Orientation", "TIFFTAG_MINSAMPLEVALUE", "TIFFTAG_MAXSAMPLEVALUE"}
"""Tags that say something of the pixels of the source, and would make GDAL or a viewer take other pixels wrongly."""


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """What light a band shows."""

    wavelength: float
    """Of its center, in um."""
    width: float | None = None
    """From end to end where it is half as sensitive as in its center, in um."""

    @property
    def tags(self) -> dict[str, str]:
        """What GDAL keeps of it in the domain IMAGERY of the band.

        Examples
        --------
        >>> Spectrum(wavelength=0.655, width=0.037).tags
        {'CENTRAL_WAVELENGTH_UM': '0.655', 'FWHM_UM': '0.037'}
        """
        said = {"CENTRAL_WAVELENGTH_UM": self.wavelength, "FWHM_UM": self.width}
        return {key: f"{length:.9g}" for key, length in said.items() if length is not None}


def check_format(destination: str | os.PathLike[str], *, cog: bool = False, is_codes: bool = False) -> str:
    """Return the GDAL driver for a destination, by its ending.

    Parameters
    ----------
    destination : path
        Ends in .tif, .tiff, .png, .jpg or .jpeg.
    cog : bool
        Whether a GeoTIFF is to be cloud optimized.
    is_codes : bool
        Whether class codes are to be written, and not colors.

    Raises
    ------
    UsageError
        The ending is unknown; a picture is asked to be a COG; or class codes are to go into a JPEG, which would change
        them.

    Examples
    --------
    >>> check_format("classes.tif", cog=True), check_format("picture.JPG")
    ('COG', 'JPEG')
    """
    suffix = Path(destination).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{destination} has no ending that can be written; choose from {', '.join(FORMATS)}")
    driver = FORMATS[suffix]
    if is_codes and driver == "JPEG":
        raise UsageError(
            f"{destination} cannot hold class codes, because JPEG changes them; write .tif or .png, "
            "or paint a JPEG with --color"
        )
    if cog and driver != "GTiff":
        raise UsageError(f"{destination} cannot be a COG, which is a GeoTIFF; let it end in .tif")
    return "COG" if cog else driver


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """What a raster to be written is, apart from its pixels."""

    shape: tuple[int, int]
    dtype: str
    bands: int
    """1 for class codes or values; without names of bands 3 for red, green, blue, 4 with alpha."""
    names: Sequence[str] = ()
    """One for each band, where the bands are no colors but a stack."""
    georef: Georef = field(default_factory=Georef)
    tags: Tags = field(default_factory=dict)
    codes: Sequence[int] = ()
    """The codes of the classes, where it holds codes."""
    labels: Sequence[str] = ()
    """The name of each class."""
    intervals: Sequence[str] = ()
    """Which values each class holds, as text."""
    lut: Lut | None = None
    """Colors of the codes, for a palette."""
    nodata: float | None = 0
    """What a single band, or those of a stack, have where there is no data."""
    unit: str = ""
    """What a single band is measured in, or the first of a stack."""
    described: Sequence[Band] = ()
    """One for each band of a stack whose scale, offset and unit are to be written."""
    spectrum: Sequence[Spectrum | None] = ()
    """One for each band of a stack: what light it shows, or None where that is unknown."""
    tile: tuple[int, int] = (512, 512)
    """Rows and columns of the tiles of a GeoTIFF, multiples of 16; those who write blocks that are no whole tiles of much data
    make GDAL compress tiles again and again."""

    @property
    def lies_by_gcps(self) -> bool:
        """Whether GCPs tie it to the ground; a transform, where there is one too, comes first."""
        return bool(self.georef.gcps) and not self.georef.has_transform

    @property
    def has_crs(self) -> bool:
        """Whether a CRS is written, be it that of the GCPs."""
        return (self.georef.gcp_crs if self.lies_by_gcps else self.georef.crs) is not None

    @property
    def is_point(self) -> bool:
        """Whether its pixels are said to be points and not areas."""
        return self.tags.get("", {}).get("AREA_OR_POINT", "").lower() == "point"


def select_tags(tags: Tags) -> Tags:
    """Return the tags that are also true of an image made of a source, and not only of the source.

    Examples
    --------
    >>> select_tags({"": {"TIFFTAG_ARTIST": "Ada", "NODATA_VALUES": "0 0 0", "STATISTICS_MEAN": "7"}})
    {'': {'TIFFTAG_ARTIST': 'Ada'}}
    """
    own = {
        key: value
        for key, value in tags.get("", {}).items()
        if key not in _SOURCE_TAGS and not key.startswith("STATISTICS_")
    }
    return {**tags, "": own}


def can_have_palette(image: Image, driver: str) -> bool:
    """Tell whether a format has palettes for codes of that size."""
    return image.dtype == "uint8" or (image.dtype == "uint16" and driver != "PNG")


def describe_classes(image: Image, counts: Sequence[int] | None = None) -> AttributeTable:
    """Return what is known of the classes of an image; `counts` are the pixels of each of its codes."""
    known = {} if image.lut is None else dict(zip(image.lut.keys, image.lut.colors, strict=True))
    nodata = TRANSPARENT if image.lut is None else image.lut.nodata
    return AttributeTable(
        codes=tuple(image.codes),
        names=tuple(image.labels),
        intervals=tuple(image.intervals),
        counts=tuple(map(int, counts)) if counts is not None else (),
        colors=tuple(known.get(code, nodata) for code in image.codes) if image.lut is not None else (),
    )


def check_codes(image: Image, driver: str, name: str) -> None:
    """Check that a format has room for the codes.

    Raises
    ------
    UsageError
        A PNG is to hold codes above 65535.
    """
    if driver == "PNG" and image.dtype not in ("uint8", "uint16"):
        raise UsageError(f"{name} cannot hold codes above 65535, because a PNG has at most 16 bits; write .tif")


def list_losses(image: Image, driver: str) -> list[str]:
    """Say in one line each what of an image a format cannot hold."""
    return [*_list_lost_places(image), *_list_lost_classes(image, driver)]


def _list_lost_places(image: Image) -> list[str]:
    georef = image.georef
    if georef.gcps and georef.has_transform:
        return ["the GCPs are left out, because a file holds either GCPs or a transform"]
    losses = []
    if georef.gcps and georef.crs not in (None, georef.gcp_crs):
        losses.append("the CRS is left out, because beside GCPs a file holds no other CRS than theirs")
    if any(gcp.info or gcp.id not in (None, "", str(i)) for i, gcp in enumerate(georef.gcps, start=1)):
        losses.append("the names of the GCPs are left out, because a GeoTIFF numbers them")
    return losses


def _list_lost_classes(image: Image, driver: str) -> list[str]:
    if image.lut is None or image.bands > 1:
        return []
    if not can_have_palette(image, driver):
        return [f"no palette: {driver} holds none for codes of {image.dtype}; the attribute table carries the colors"]
    if driver != "PNG" and not image.lut.is_opaque:
        return ["the palette is opaque, because a GeoTIFF palette has no alpha; the attribute table carries it"]
    return []
