"""The channels of colors: red to chroma, and ratios, each computed pixel by pixel and only when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.registry import suggestion

Floats = NDArray[np.float64]

CHANNELS: dict[str, tuple[float, float]] = {
    "red": (0, 255),
    "green": (0, 255),
    "blue": (0, 255),
    "gray": (0, 1),
    "hue": (0, 360),
    "saturation": (0, 1),
    "value": (0, 1),
    "lightness": (0, 100),
    "a": (-87, 99),
    "b": (-108, 95),
    "chroma": (0, 134),
}
"""From where to where each runs over all colors of a screen."""

_ALIASES = {"L": "lightness", "l": "lightness", "grey": "gray"}
_LONGEST = 40
"""So many characters of a name are looked at."""
_IN_RATIOS = ("red", "green", "blue")

_WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Of red, green, blue in gray, as `tsraster.preparing.luminance` has them; a test compares the two."""

_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.95047, 1.0, 1.08883)
"""From linear red, green, blue to CIE XYZ, and its white for D65 and 2 degrees: the numbers of scikit-image."""


def find_channel(name: str) -> str:
    """Return the name of a channel in the form in which it is kept.

    Raises
    ------
    UsageError
        There is no such channel, or a ratio is not of red, green, blue.

    Examples
    --------
    >>> find_channel("Hue"), find_channel("L"), find_channel("blue / red")
    ('hue', 'lightness', 'blue/red')
    """
    over, is_ratio, under = (part.strip()[:_LONGEST] for part in name.partition("/"))
    if is_ratio:
        if over.lower() not in _IN_RATIOS or under.lower() not in _IN_RATIOS or over.lower() == under.lower():
            raise UsageError(
                f"{over}/{under} is no ratio of two of {', '.join(_IN_RATIOS)}; write one such as blue/red"
            )
        return f"{over}/{under}".lower()
    found = _ALIASES.get(over, over.lower())
    if found not in CHANNELS:
        raise UsageError(f"{over!r} is no channel; {suggestion(found, [*CHANNELS, 'blue/red'])}")
    return found


def find_limits(channel: str) -> tuple[float, float]:
    """Return from where to where a channel runs; a ratio runs from 0 without an end."""
    return CHANNELS.get(channel, (0.0, math.inf))


class Colors:
    """Colors of N pixels, and their channels.

    Parameters
    ----------
    rgb : array of uint8, uint16, float32 or float64, shape (3, N)
        Red, green and blue over the range of the type; floats from 0 to 1.

    Raises
    ------
    DataError
        The array is of another type or shape.

    Notes
    -----
    Every channel is computed for each pixel by itself, so that blocks equal the whole. Hue has no meaning where a pixel is
    gray, and is NaN there; so is a ratio of 0 to 0.

    References
    ----------
    A. R. Smith, "Color gamut transform pairs", SIGGRAPH 78: hue, saturation, value. IEC 61966-2-1: sRGB.
    CIE 15: L*, a*, b*, here for D65 and 2 degrees; `skimage.color.rgb2hsv` and `rgb2lab` have the same.

    Examples
    --------
    >>> dye = Colors(np.array([[71], [134], [202]], np.uint8))
    >>> [round(float(dye.channel(name)[0]), 2) for name in ("hue", "saturation", "chroma", "blue/red")]
    [211.15, 0.65, 41.23, 2.85]
    """

    def __init__(self, rgb: NDArray[Any]) -> None:
        if rgb.shape[:1] != (3,) or rgb.dtype.type not in (np.uint8, np.uint16, np.float32, np.float64):
            raise DataError(
                f"colors are three bands of uint8, uint16 or floats from 0 to 1, and these are {rgb.shape[:1]} of {rgb.dtype}"
            )
        self._stored = rgb
        self._full = 1 if rgb.dtype.kind == "f" else int(np.iinfo(rgb.dtype).max)
        self._rgb = rgb.astype(np.float64)
        self._found: dict[str, Floats] = {}

    def channel(self, name: str) -> Floats:
        """Return a channel by the name that `find_channel` gives it, shape (N,)."""
        if name not in self._found:
            with np.errstate(divide="ignore", invalid="ignore"):
                self._found[name] = self._divide(name) if "/" in name else _FORMULAS[name](self)
        return self._found[name]

    @property
    def lab(self) -> Floats:
        """L*, a*, b*, shape (3, N)."""
        return np.stack([self.channel(name) for name in ("lightness", "a", "b")])

    def _divide(self, name: str) -> Floats:
        over, under = (self._rgb[_IN_RATIOS.index(part)] for part in name.split("/"))
        return np.asarray(over / under)

    def _level(self, index: int) -> Floats:
        # 16 bits are 257 times 8 bits.
        return np.asarray(self._rgb[index] * (255 / self._full))

    def _gray(self) -> Floats:
        scale = 1.0 / self._full
        red, green, blue = (band * scale * weight for band, weight in zip(self._rgb, _WEIGHTS, strict=True))
        return np.asarray(red + green + blue)

    @property
    def _largest(self) -> Floats:
        return self._keep("largest", lambda: self._rgb.max(axis=0))

    @property
    def _spread(self) -> Floats:
        return self._keep("spread", lambda: self._largest - self._rgb.min(axis=0))

    def _saturation(self) -> Floats:
        # Black has none, though it is a ratio of 0 to 0.
        return np.where(self._largest == 0, 0.0, self._spread / self._largest)

    def _hue(self) -> Floats:
        (red, green, blue), largest = self._rgb, self._largest
        sector = np.where(largest == red, green - blue, np.where(largest == green, blue - red, red - green))
        start = np.where(largest == red, 0.0, np.where(largest == green, 120.0, 240.0))
        hue = start + 60.0 * sector / self._spread
        return np.asarray(np.where(hue < 0, hue + 360.0, hue))

    def _xyz(self, index: int) -> Floats:
        """Return the root of X, Y or Z, of which L*, a*, b* are made."""
        return self._keep(f"xyz {index}", lambda: self._root(index))

    def _root(self, index: int) -> Floats:
        red, green, blue = self._linear
        weights = _TO_XYZ[index]
        share = (red * weights[0] + green * weights[1] + blue * weights[2]) / _WHITE[index]
        return np.asarray(np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16.0 / 116.0))

    @property
    def _linear(self) -> Floats:
        if self._full == 1:
            return self._keep("linear", lambda: _to_linear(self._rgb))
        return self._keep("linear", lambda: np.take(_linear_levels(self._full), self._stored))

    def _keep(self, name: str, compute: Callable[[], Floats]) -> Floats:
        if name not in self._found:
            self._found[name] = compute()
        return self._found[name]


_FORMULAS: dict[str, Callable[[Colors], Floats]] = {
    "red": lambda colors: colors._level(0),
    "green": lambda colors: colors._level(1),
    "blue": lambda colors: colors._level(2),
    "gray": Colors._gray,
    "hue": Colors._hue,
    "saturation": Colors._saturation,
    "value": lambda colors: colors._largest / colors._full,
    "lightness": lambda colors: 116.0 * colors._xyz(1) - 16.0,
    "a": lambda colors: 500.0 * (colors._xyz(0) - colors._xyz(1)),
    "b": lambda colors: 200.0 * (colors._xyz(1) - colors._xyz(2)),
    "chroma": lambda colors: np.sqrt(colors.channel("a") ** 2 + colors.channel("b") ** 2),
}


def _to_linear(levels: Floats) -> Floats:
    return np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92)


@lru_cache(maxsize=2)
def _linear_levels(full: int) -> Floats:
    """Each level of a whole number type in linear light."""
    return _to_linear(np.arange(full + 1, dtype=np.float64) / full)
