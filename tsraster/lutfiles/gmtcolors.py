"""Colors of GMT: as text, and from one to the next around the wheel of hues."""

from __future__ import annotations

import colorsys
import math
import re
from itertools import pairwise
from typing import NamedTuple

from tsraster.lut import RGBA, TRANSPARENT
from tsraster.lutfiles.lutformat import LutFile, shorten
from tsraster.lutfiles.x11names import X11_COLORS

# No text matches in two ways, so that no long one takes the square of its length.
_NUMBER = r"\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_HSV = re.compile(rf"({_NUMBER})-({_NUMBER})-({_NUMBER})")
_SPLIT = re.compile(rf"{_NUMBER}(/{_NUMBER}){{0,3}}")
_ACCEPTED = "r/g/b, #rrggbb, a gray level, h-s-v, c/m/y/k, a name of X11, any with @transparency behind it"
_BEND = 0.4
"""How far a straight line may be from the curve, of 255. Each of the two ends is rounded, so that colors are off by 1 at most."""

HSV = tuple[float, float, float]
"""Hue, 0 to 360; saturation and value, 0 to 1."""


class Color(NamedTuple):
    """A color as a table gives it."""

    levels: RGBA
    hsv: HSV | None = None
    """Where it was written so, because a hue of 360 is not one of 0 on the way to another."""
    is_skipped: bool = False
    """Whether nothing is to be painted."""


def parse_color(file: LutFile, words: list[str], model: str, number: int) -> Color:
    """Read a color of GMT, in one word or in columns.

    Parameters
    ----------
    file : LutFile
        Says what is wrong.
    words : list of str
        One word, or three or four columns.
    model : "RGB", "HSV" or "CMYK"
        What columns are.
    number : int
        The line.

    Examples
    --------
    >>> file = LutFile(name="mine", data=b"")
    >>> parse_color(file, ["DarkOrange@50"], "RGB", 1).levels
    (255, 140, 0, 128)
    >>> parse_color(file, ["120", "1", "1"], "HSV", 1).levels
    (0, 255, 0, 255)
    """
    text, _, transparency = ("-" if model == "HSV" else "/").join(words).partition("@")
    if text == "-" and len(words) == 1:
        return Color(TRANSPARENT, is_skipped=True)
    alpha = _parse_transparency(file, transparency, number) if transparency else 255
    if parts := _HSV.fullmatch(text):
        hue, saturation, value = (file.number(part, number) for part in parts.groups())
        return _mix_hsv(file, (hue, saturation, value), alpha, number)
    red, green, blue = _parse_levels(file, text, number)
    return Color((red, green, blue, alpha))


def _parse_transparency(file: LutFile, text: str, number: int) -> int:
    share = file.number(text, number)
    if not 0 <= share <= 100:
        raise file.error(f"the transparency {shorten(text)} is out of range; it is 0 to 100", number)
    return _round(255 - 2.55 * share)


def _mix_hsv(file: LutFile, hsv: HSV, alpha: int, number: int) -> Color:
    hue, saturation, value = hsv
    if not (hue <= 360 and saturation <= 1 and value <= 1):
        raise file.error("a hue is 0 to 360, and saturation and value are 0 to 1", number)
    return Color(_paint((*hsv, alpha)), hsv)


def _parse_levels(file: LutFile, text: str, number: int) -> tuple[int, int, int]:
    if text.lower() in X11_COLORS:
        return X11_COLORS[text.lower()]
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        red, green, blue = bytes.fromhex(text[1:])
        return red, green, blue
    if not _SPLIT.fullmatch(text) or text.count("/") == 1:
        raise file.error(f"{shorten(text)!r} is no color; accepted are {_ACCEPTED}", number)
    parts = [file.number(part, number) for part in text.split("/")]
    most = 100 if len(parts) == 4 else 255
    if max(parts) > most:
        what = "cyan, magenta, yellow and black" if len(parts) == 4 else "red, green, blue and gray"
        raise file.error(f"{shorten(text)} is out of range; {what} are 0 to {most}", number)
    if len(parts) == 4:
        parts = [255 * (1 - part / 100) * (1 - parts[3] / 100) for part in parts[:3]]
    red, green, blue = map(_round, parts * 3 if len(parts) == 1 else parts)
    return red, green, blue


def _round(level: float) -> int:
    return int(level + 0.5)


def spell_color(color: RGBA) -> str:
    """Write ``r/g/b``, with ``@transparency`` in percent where there is one."""
    share = f"@{round((255 - color[3]) / 2.55, 2):g}" if color[3] < 255 else ""
    return "/".join(map(str, color[:3])) + share


def bend(first: Color, last: Color) -> list[tuple[float, RGBA]]:
    """Return the colors on the way through hues, saturations and values, each with its place from 0 to 1.

    The straight lines between them are so near that no channel is off by more than 1.
    """
    start, end = (*_find_hsv(first), first.levels[3]), (*_find_hsv(last), last.levels[3])
    corners = _find_corners(start[0], end[0])
    places = [0.0]
    for low, high in pairwise(corners):
        parts = _count_parts(_between(start, end, low), _between(start, end, high))
        places += [low + (high - low) * i / parts for i in range(1, parts + 1)]
    inner = [(place, _paint(_between(start, end, place))) for place in places[1:-1]]
    return [(0.0, first.levels), *inner, (1.0, last.levels)]


def _find_hsv(color: Color) -> HSV:
    if color.hsv is not None:
        return color.hsv
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in color.levels[:3]))
    return 360 * hue, saturation, value


def _find_corners(start: float, end: float) -> list[float]:
    """Return where red, green or blue bends, which is at multiples of 60 degrees."""
    if start == end:
        return [0.0, 1.0]
    low, high = sorted((start, end))
    hues = [60.0 * i for i in range(math.floor(low / 60) + 1, math.ceil(high / 60))]
    return [0.0, *sorted((hue - start) / (end - start) for hue in hues), 1.0]


def _between(
    start: tuple[float, float, float, float], end: tuple[float, float, float, float], place: float
) -> tuple[float, float, float, float]:
    hue, saturation, value, alpha = (a * (1 - place) + b * place for a, b in zip(start, end, strict=True))
    return hue, saturation, value, alpha


def _count_parts(start: tuple[float, float, float, float], end: tuple[float, float, float, float]) -> int:
    """Return how many straight lines do for a part between two corners.

    A level is v (1 - s g) with g from 0 to 1; all three are straight there. A chord is off by an eighth of the second derivative.
    """
    hue, saturation, value = (abs(b - a) for a, b in zip(start[:3], end[:3], strict=True))
    hue /= 60
    curve = value * saturation + value * hue * max(start[1], end[1]) + hue * saturation * max(start[2], end[2])
    return max(1, math.ceil(math.sqrt(255 * 2 * curve / (8 * _BEND))))


def _paint(color: tuple[float, float, float, float]) -> RGBA:
    hue, saturation, value, alpha = color
    red, green, blue = (_round(255 * level) for level in colorsys.hsv_to_rgb(hue / 360, saturation, value))
    return red, green, blue, _round(alpha)
