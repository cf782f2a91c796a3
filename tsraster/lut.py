"""`Lut`: a color table, from class codes, intervals, the stops of a ramp, or bare positions to RGBA."""

from __future__ import annotations

import math
import sys
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import LutError

RGBA = tuple[int, int, int, int]
TRANSPARENT: RGBA = (0, 0, 0, 0)

Kind = Literal["classes", "intervals", "ramp", "index"]
KINDS: tuple[Kind, ...] = ("classes", "intervals", "ramp", "index")


@dataclass(frozen=True, kw_only=True)
class Lut:
    """A color table: what the values of pixels look like, and what they are called.

    Parameters
    ----------
    name : str
        What the table is called in texts: the name of a shipped one, or a path.
    kind : "classes", "intervals", "ramp" or "index"
        What `keys` are: values that a pixel equals, which are class codes as a rule; edges of intervals; stops between which
        colors are interpolated; or the positions 0, 1, 2, ... of colors whose values nobody has said.
    keys : tuple of numbers, shape (N,), for intervals (N + 1,)
        Increasing. Two stops of a ramp may be equal: there the color jumps from the first to the second. The first and
        the last edge of intervals may be infinite. For positions they may be left out.
    colors : tuple of (red, green, blue, alpha), shape (N,)
        0 to 255 each; an alpha of 255 is opaque.
    names : tuple of str, shape (N,)
        Names for a legend; empty strings where there are none. A name is one line: line breaks, control characters and runs of
        spaces become one space.
    nodata : (red, green, blue, alpha)
        The color of pixels without data or class; transparent by default.
    below, above : (red, green, blue, alpha), optional
        The color of values below the first key and above the last; None where the table does not say.
    closed : "right" or "left"
        Which edge belongs to an interval; without meaning for other kinds.
    percent : bool
        Whether the stops of a ramp are percentages of a range, 0 to 100, and not values.

    Raises
    ------
    LutError
        The parts do not fit together.

    Examples
    --------
    >>> water = Lut(name="water", kind="classes", keys=(1, 2), colors=((0, 0, 255, 255), (0, 99, 0, 255)))
    >>> water.array.shape, water.array.dtype
    ((2, 4), dtype('uint8'))
    """

    name: str
    kind: Kind
    keys: tuple[float, ...] = ()
    colors: tuple[RGBA, ...]
    names: tuple[str, ...] = ()
    nodata: RGBA = TRANSPARENT
    below: RGBA | None = None
    above: RGBA | None = None
    closed: Literal["right", "left"] = "right"
    percent: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "colors", tuple(_plain_color(color) for color in self.colors))
        keys = self.keys if len(self.keys) or self.kind != "index" else range(len(self.colors))
        object.__setattr__(self, "keys", tuple(_plain_key(key) for key in keys))
        object.__setattr__(self, "names", tuple(map(clean_name, self.names)) or ("",) * len(self.colors))
        if self.kind != "intervals":
            object.__setattr__(self, "closed", "right")
        if not self.colors:
            raise LutError(f"the color table {self.name} is empty; give at least one color")
        if not len(self.keys) - (self.kind == "intervals") == len(self.colors) == len(self.names):
            raise LutError(
                f"the color table {self.name} has {len(self.keys)} keys, {len(self.colors)} colors and {len(self.names)} names"
            )
        self._check_keys()
        self._check_options()
        for color in (*self.colors, self.nodata, self.below, self.above):
            if color is not None and not _is_color(color):
                raise LutError(
                    f"the color table {self.name} holds the color {color}; red, green, blue, alpha are 0 to 255"
                )

    def _check_keys(self) -> None:
        if self.kind not in KINDS:
            raise LutError(f"the color table {self.name} is of the kind {self.kind!r}; choose from {', '.join(KINDS)}")
        inner = self.keys
        if self.kind == "intervals":
            inner = inner[self.keys[0] == -math.inf : len(self.keys) - (self.keys[-1] == math.inf)]
        for key in inner:
            if not abs(key) <= sys.float_info.max:
                raise LutError(f"the color table {self.name} holds {key!r}, which is no finite number")
        for low, high in pairwise(self.keys):
            if low > high or (low == high and self.kind != "ramp"):
                raise LutError(f"the color table {self.name} holds {high} twice or not in order")
        for low, _, high in zip(self.keys, self.keys[1:], self.keys[2:], strict=False):
            if low == high:
                raise LutError(
                    f"the color table {self.name} holds {high} more than twice; a jump of a ramp has two colors"
                )

    def _check_options(self) -> None:
        if self.closed not in ("right", "left"):
            raise LutError(f'the color table {self.name} is closed {self.closed!r}; choose "right" or "left"')
        if self.kind == "index" and self.keys != tuple(range(len(self.colors))):
            raise LutError(f"the color table {self.name} has positions that are not 0, 1, 2, ...; leave the keys out")
        if self.percent and (self.kind != "ramp" or not 0 <= self.keys[0] <= self.keys[-1] <= 100):
            raise LutError(f"the color table {self.name} is in percent; only stops of a ramp can be, from 0 to 100")

    def __len__(self) -> int:
        return len(self.colors)

    @property
    def array(self) -> NDArray[np.uint8]:
        """The colors, uint8, shape (N, 4)."""
        return np.array(self.colors, dtype=np.uint8)

    def sample(self, steps: int) -> tuple[RGBA, ...]:
        """Return so many colors of a ramp, at equal steps from its first to its last stop; a single one is that in the middle.

        Channels are interpolated linearly between stops and rounded to the nearest whole number.
        """
        # A power of two changes no color, and keeps differences and slopes within what floats can be.
        stops = np.array(list(map(float, self.keys)))
        stops = stops / 4 if np.abs(stops).max() > 1 else np.ldexp(stops, 60)
        share = np.linspace(0, 1, steps) if steps > 1 else np.array([0.5])
        at = stops[0] + share * (stops[-1] - stops[0])
        red, green, blue, alpha = (
            np.rint(np.interp(at, stops, channel)).astype(int).tolist() for channel in self.array.T
        )
        return tuple(zip(red, green, blue, alpha, strict=True))

    @property
    def is_opaque(self) -> bool:
        """Whether no color lets anything shine through; the color of "no class" is not counted."""
        return all(color[3] == 255 for color in self.colors)


def clean_name(text: str) -> str:
    """Return a name on one line, without what no file could hold: control characters, halves of pairs, and no-characters.

    Examples
    --------
    >>> clean_name(" open\\nwater ")
    'open water'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(" " if _is_unwritable(c) else c for c in text).split())


def _is_unwritable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE


def _is_color(color: RGBA) -> bool:
    return len(color) == 4 and all(isinstance(level, int) and 0 <= level <= 255 for level in color)


def _plain_key(key: Any) -> Any:
    """Return a number as one of Python, and a whole one as an int."""
    number = _plain(key)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _plain_color(color: Any) -> Any:
    return tuple(_plain(level) for level in color)


def _plain(number: Any) -> Any:
    """Return a number of numpy as one of Python."""
    return number.item() if isinstance(number, np.generic) else number
