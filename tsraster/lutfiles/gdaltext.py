"""GDAL's color text, as `gdal raster color-map` and gdaldem read it; ESRI's .clr is the same without alpha.

A line is ``key red green blue [alpha]`` or ``key name``, separated by spaces, commas, tabs or colons; a key is a number, a
percentage of the range, or ``nv`` for nodata. Lines that start with ``#`` or ``/`` are comments.

References
----------
https://gdal.org/en/stable/programs/gdal_raster_color_map.html
"""

import io
import re

from tsraster.errors import LutError
from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.lutformat import LUT_FORMATS, parse_level

NAMED: dict[str, RGBA] = {
    "white": (255, 255, 255, 255),
    "black": (0, 0, 0, 255),
    "red": (255, 0, 0, 255),
    "green": (0, 255, 0, 255),
    "blue": (0, 0, 255, 255),
    "yellow": (255, 255, 0, 255),
    "magenta": (255, 0, 255, 255),
    "cyan": (0, 255, 255, 255),
    "aqua": (0, 191, 191, 255),
    "grey": (191, 191, 191, 255),
    "gray": (191, 191, 191, 255),
    "orange": (255, 127, 0, 255),
    "brown": (191, 127, 63, 255),
    "purple": (127, 0, 255, 255),
    "violet": (127, 0, 255, 255),
    "indigo": (0, 127, 255, 255),
}
"""The colors that GDAL knows by name."""


@LUT_FORMATS.register("gdal")
def parse_gdal_text(name: str, text: str) -> Lut:
    """Read GDAL's color text.

    It is a table of classes where every key is a whole number from 0, and a ramp where a key is a percentage, a
    fraction or negative. Words behind the blue are the name of the class; GDAL itself would read them as an alpha of 0.

    Raises
    ------
    LutError
        With the line, where the file is wrong.

    Examples
    --------
    >>> parse_gdal_text("mine", "1 0 99 0\\n2 blue\\nnv 0 0 0 0\\n").colors
    ((0, 99, 0, 255), (0, 0, 255, 255))
    >>> parse_gdal_text("mine", "0% black\\n100% white\\n").kind
    'ramp'
    """
    rows: dict[float, tuple[RGBA, str]] = {}
    nodata, shares = TRANSPARENT, 0
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        fields = [field for field in re.split(r"[ ,\t:]+", line.strip()) if field]
        if not fields or fields[0].startswith(("#", "/")):
            continue
        where = f"{name}, line {number}"
        color, label = _parse_color(fields[1:], where)
        if fields[0].lower() == "nv":
            nodata = color
            continue
        shares += fields[0].endswith("%")
        key = _parse_key(fields[0], where)
        if key in rows:
            raise LutError(f"{where}: {fields[0]} stands there twice")
        rows[key] = (color, label)
    if shares not in (0, len(rows)):
        raise LutError(f"{name}: some keys are percentages and others are not; write all in one way")
    return _make_lut(name, rows, nodata, is_ramp=bool(shares))


def _make_lut(name: str, rows: dict[float, tuple[RGBA, str]], nodata: RGBA, *, is_ramp: bool) -> Lut:
    is_ramp = is_ramp or any(key < 0 or key != int(key) for key in rows)
    if not is_ramp and 0 in rows:
        nodata = rows.pop(0)[0]
    keys = tuple(sorted(rows))
    return Lut(
        name=name,
        kind="ramp" if is_ramp else "classes",
        keys=keys if is_ramp else tuple(int(key) for key in keys),
        colors=tuple(rows[key][0] for key in keys),
        names=tuple(rows[key][1] for key in keys),
        nodata=nodata,
    )


def _parse_key(text: str, where: str) -> float:
    try:
        key = float(text.removesuffix("%"))
    except ValueError:
        raise LutError(f"{where}: {text!r} is no number, percentage or nv") from None
    if text.endswith("%") and not 0 <= key <= 100:
        raise LutError(f"{where}: {text} is out of range; percentages are 0 to 100")
    if not abs(key) < float("inf"):
        raise LutError(f"{where}: {text} is not finite")
    return key


def _parse_color(fields: list[str], where: str) -> tuple[RGBA, str]:
    if fields and fields[0].lower() in NAMED:
        red, green, blue, _ = NAMED[fields[0].lower()]
        rest = fields[1:]
    elif len(fields) >= 3:
        red, green, blue = (parse_level(field, where) for field in fields[:3])
        rest = fields[3:]
    else:
        raise LutError(f"{where}: no color; write key red green blue, with an alpha behind it if wanted")
    if rest and re.fullmatch(r"[+-]?\d+", rest[0]):
        return (red, green, blue, parse_level(rest[0], where)), " ".join(rest[1:])
    return (red, green, blue, 255), " ".join(rest)
