"""How large a pixel is: by an option, a scale bar, the map projection, or what a microscope or scanner wrote into the file.

References
----------
TIFF 6.0, XResolution, YResolution and ResolutionUnit; ImageJ's ``FileSaver.getDescriptionString`` and ``TiffEncoder.writeScale``;
the OME schema 2016-06, attributes PhysicalSizeX and PhysicalSizeXUnit of Pixels, whose default unit is µm.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from tsraster.errors import UsageError
from tsraster.raster import Raster

_UM = {
    "nm": 1e-3,
    "um": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
"""Micrometers of the units that options take; µm is taken as um."""

_OTHER_UM = {
    "pm": 1e-6,
    "Å": 1e-4,
    "nanometer": 1e-3,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "millimeter": 1e3,
    "meter": 1e6,
    "km": 1e9,
    "in": 25_400.0,
    "inch": 25_400.0,
    "inches": 25_400.0,
}
"""Further ones that are found in files."""

_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?"
_SIZE = re.compile(rf"({_NUMBER})(?:\s*x\s*({_NUMBER}))?\s*([^\W\d]+)")
_BAR = re.compile(rf"({_NUMBER})\s*([^\W\d]+)\s*=\s*({_NUMBER})\s*(?:px|pixels?)?")

_DEFAULT_DPI = (72.0, 96.0, 100.0)
"""Of screens and of programs that know nothing: 100 is that of matplotlib."""
_DPI_SLACK = 1.0
"""72 pixels per inch are written as 28 pixels per cm too, which are 71.12."""

_METERS_FROM_UM = 1000.0
"""From this size of a pixel on, lengths are given in meters."""


@dataclass(frozen=True, kw_only=True)
class PixelSize:
    """The size of a pixel, and where that is known from.

    Examples
    --------
    >>> size = parse_pixel_size("0.65um")
    >>> size.x_um, size.unit, size.source
    (0.65, 'um', '--pixel-size 0.65um')
    """

    x_um: float
    """Width, in micrometers."""
    y_um: float
    """Height, in micrometers."""
    source: str

    @property
    def unit(self) -> str:
        """What lengths are measured in: ``um``, or ``m`` for pixels of a millimeter and more."""
        return "m" if max(self.x_um, self.y_um) >= _METERS_FROM_UM else "um"

    @property
    def spacing(self) -> tuple[float, float]:
        """Height and width of a pixel, in `unit`."""
        scale = 1e6 if self.unit == "m" else 1.0
        return self.y_um / scale, self.x_um / scale

    def __str__(self) -> str:
        height, width = self.spacing
        both = f"{width:.6g}" if math.isclose(width, height, rel_tol=1e-6) else f"{width:.6g} x {height:.6g}"
        return f"{both} {self.unit}"


def parse_pixel_size(text: str) -> PixelSize:
    """Read the size of a pixel from the text of an option: a number and its unit, or width x height.

    Parameters
    ----------
    text : str
        Such as ``0.65um``, ``0.65x0.7um`` or ``12 nm``; a number without a unit is refused, because nobody could see which one
        was meant.

    Raises
    ------
    UsageError
        It is no size above 0 with a unit.

    Examples
    --------
    >>> parse_pixel_size("0.5 x 1 mm")
    PixelSize(x_um=500.0, y_um=1000.0, source='--pixel-size 0.5 x 1 mm')
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no size of a pixel; write a number and its unit, such as 0.65um or 0.65x0.7um")
    width, height, unit = found.groups()
    um = _find_unit(unit, text)
    x_um = float(width) * um
    return _check(
        PixelSize(x_um=x_um, y_um=x_um if height is None else float(height) * um, source=f"--pixel-size {text}")
    )


def parse_scale_bar(text: str) -> PixelSize:
    """Read the size of a pixel from a scale bar: its length, and how many pixels long it is.

    Raises
    ------
    UsageError
        It is no length with a unit and a number of pixels, both above 0.

    Examples
    --------
    >>> parse_scale_bar("500um=312")
    PixelSize(x_um=1.6025641025641026, y_um=1.6025641025641026, source='--scale-bar 500um=312')
    """
    found = _BAR.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no scale bar; write its length and how many pixels that are, such as 500um=312")
    length, unit, pixels = found.groups()
    if not float(pixels):
        raise UsageError(f"a scale bar of 0 pixels says nothing: {text!r}")
    x_um = float(length) * _find_unit(unit, text) / float(pixels)
    return _check(PixelSize(x_um=x_um, y_um=x_um, source=f"--scale-bar {text}"))


def _find_unit(name: str, text: str) -> float:
    um = _UM.get(_spell_micro(name))
    if um is None:
        raise UsageError(f"{name!r} in {text!r} is no unit of length; choose from {', '.join(_UM)}")
    return um


def _spell_micro(unit: str) -> str:
    """Write both letters that look like a Greek mu as u; ImageJ also writes one of them as an escape of Java."""
    return unit.strip().replace("\\u00B5", "u").replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")


def _check(size: PixelSize) -> PixelSize:
    if not (0 < size.x_um < math.inf and 0 < size.y_um < math.inf):
        raise UsageError(f"{size.source} gives pixels of {size}; a size is above 0")
    return size


def find_pixel_size(
    raster: Raster, *, pixel_size: str | None = None, scale_bar: str | None = None
) -> tuple[PixelSize | None, str]:
    """Return the size of a pixel, and one line that says where that is from, or why it is unknown.

    What is given goes before what the file says. In the file a projected CRS comes first, then OME metadata, those of ImageJ,
    and the resolution of a TIFF. The resolution that EXIF gives for a photo is that of a print, and is not taken.

    Parameters
    ----------
    raster : Raster
        Its place and tags are looked at, and no pixel.
    pixel_size, scale_bar : str, optional
        As `parse_pixel_size` and `parse_scale_bar` take them; one of them.

    Raises
    ------
    UsageError
        Both are given, or one is wrong.
    """
    if pixel_size is not None and scale_bar is not None:
        raise UsageError("--pixel-size and --scale-bar contradict each other; give one of them")
    if pixel_size is not None or scale_bar is not None:
        size = parse_pixel_size(pixel_size) if pixel_size is not None else parse_scale_bar(scale_bar or "")
        return size, size.source
    for read in (_read_place, _read_ome, _read_imagej, _read_tiff, _read_exif):
        found = read(raster)
        if isinstance(found, PixelSize):
            return found, found.source
        if found:
            return None, found
    return None, "the file does not say it"


def find_pixel_area(raster: Raster, *, pixel_size: str | None = None) -> float | None:
    """Return the square meters of a pixel: what the user says, else the CRS, else other metadata of the file.

    Raises
    ------
    UsageError
        The size that is given is wrong.
    """
    if pixel_size is None and raster.georef.pixel_area is not None:
        return raster.georef.pixel_area
    size, _ = find_pixel_size(raster, pixel_size=pixel_size)
    return None if size is None else size.x_um * size.y_um * 1e-12


def _read_place(raster: Raster) -> PixelSize | str:
    georef = raster.georef
    if not georef.has_transform:
        return ""
    if georef.crs is None:
        return "the file says where it lies, but has no CRS, and so no unit"
    if not georef.crs.is_projected:
        return "its pixels are measured in degrees"
    um = 1e6 * float(georef.crs.linear_units_factor[1])
    turned = georef.transform
    width, height = math.hypot(turned.a, turned.d), math.hypot(turned.b, turned.e)
    if not math.isclose(abs(turned.determinant), width * height, rel_tol=1e-6):
        return "its pixels are no rectangles"
    return PixelSize(x_um=width * um, y_um=height * um, source=f"the map projection {georef.crs.to_string()[:60]}")


def _read_ome(raster: Raster) -> PixelSize | str:
    text = _description(raster)
    if "OME" not in text or not text.lstrip().startswith("<"):
        return ""
    # Entities are the only danger in XML that is read this way, and OME-XML has none of its own.
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        return "its OME metadata has entities of its own, and is not read"
    try:
        root = ElementTree.fromstring(text)  # noqa: S314, it has no entities
    except ElementTree.ParseError:
        return ""
    images = [element for element in root.iter() if element.tag.rpartition("}")[2] == "Pixels"]
    fitting = [image for image in images if _has_shape(image, raster.shape)]
    if images and not fitting:
        return "its OME metadata is that of an image of another size"
    return next(filter(None, map(_size_of_ome, fitting)), "")


def _has_shape(image: ElementTree.Element, shape: tuple[int, int]) -> bool:
    return (image.get("SizeY"), image.get("SizeX")) == (str(shape[0]), str(shape[1]))


def _size_of_ome(image: ElementTree.Element) -> PixelSize | None:
    x_um, y_um = (
        to_um(image.get(f"PhysicalSize{axis}", ""), image.get(f"PhysicalSize{axis}Unit", "um")) for axis in "XY"
    )
    return (
        None if x_um is None or y_um is None else PixelSize(x_um=x_um, y_um=y_um, source="the OME metadata of the file")
    )


def _read_imagej(raster: Raster) -> PixelSize | str:
    text = _description(raster)
    if not text.startswith(("ImageJ=", "SCIFIO=")):
        return ""
    said = dict(line.partition("=")[::2] for line in text.splitlines())
    unit = said.get("unit", "")
    if _spell_micro(unit) in ("inch", "in", "cm", ""):
        return ""  # the resolution of the TIFF says it too, and may be one that means nothing
    units = (unit, said.get("yunit", unit))
    x_um, y_um = (
        to_um(_tag(raster, f"{axis}RESOLUTION"), own, inverse=True) for axis, own in zip("XY", units, strict=True)
    )
    if x_um is None or y_um is None:
        return f"ImageJ wrote the unit {unit!r}, which is no length"
    return PixelSize(x_um=x_um, y_um=y_um, source=f"the ImageJ metadata of the file, unit {_spell_micro(unit)}")


def _read_tiff(raster: Raster) -> PixelSize | str:
    unit = {"": "inch", "2": "inch", "3": "cm"}.get(_tag(raster, "RESOLUTIONUNIT")[:1], "")
    numbers = [_tag(raster, f"{axis}RESOLUTION") for axis in "XY"]
    x_um, y_um = (to_um(number or numbers[0], unit, inverse=True) for number in numbers)
    if x_um is None or y_um is None:
        return ""
    said = f"{float(numbers[0]):.6g} pixels per {unit}"
    if float(numbers[0]) == 1 or any(abs(25_400 / x_um - default) < _DPI_SLACK for default in _DEFAULT_DPI):
        return f"the file says {said}, which programs write that know nothing of it"
    return PixelSize(x_um=x_um, y_um=y_um, source=f"the resolution of the TIFF, {said}")


def _read_exif(raster: Raster) -> str:
    is_said = "EXIF_XResolution" in raster.tags.get("", {})
    return "the resolution that EXIF gives is that of a print" if is_said else ""


def _description(raster: Raster) -> str:
    return _tag(raster, "IMAGEDESCRIPTION")


def _tag(raster: Raster, name: str) -> str:
    """Return a tag of a TIFF, or of what was made of one."""
    return raster.tags.get("", {}).get(f"TIFFTAG_{name}", "")


def to_um(number: str, unit: str, *, inverse: bool = False) -> float | None:
    """Return a length in micrometers, or that of one pixel where `number` says how many there are in one unit."""
    name = _spell_micro(unit)
    um = _UM.get(name, _OTHER_UM.get(name))
    try:
        value = float(number)
    except ValueError:
        return None
    if um is None or not 0 < value < math.inf:
        return None
    return um / value if inverse else value * um
