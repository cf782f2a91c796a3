"""`Lut`: a color table, from class codes or from the stops of a ramp to RGBA."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import LutError

RGBA = tuple[int, int, int, int]
TRANSPARENT: RGBA = (0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Lut:
    """Colors for class codes (``kind="classes"``) or for the stops of a ramp (``kind="ramp"``).

    Parameters
    ----------
    name : str
        What the table is called in texts: the name of a shipped one, or a path.
    kind : "classes" or "ramp"
        Whether `keys` are class codes, or stops between which colors are interpolated.
    keys : tuple of numbers, shape (N,)
        Strictly increasing. Codes are whole numbers from 0; the code 0 is the color of "no class".
    colors : tuple of (red, green, blue, alpha), shape (N,)
        0 to 255 each; an alpha of 255 is opaque.
    names : tuple of str, shape (N,)
        Names of the classes; empty strings where there are none.
    nodata : (red, green, blue, alpha)
        The color of "no class"; transparent by default.

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
    kind: Literal["classes", "ramp"]
    keys: tuple[float, ...]
    colors: tuple[RGBA, ...]
    names: tuple[str, ...] = ()
    nodata: RGBA = TRANSPARENT

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(_plain(key) for key in self.keys))
        object.__setattr__(self, "colors", tuple(tuple(_plain(level) for level in color) for color in self.colors))
        object.__setattr__(self, "names", tuple(self.names) or ("",) * len(self.keys))
        if not self.keys:
            raise LutError(f"the color table {self.name} is empty; give at least one color")
        if not len(self.keys) == len(self.colors) == len(self.names):
            raise LutError(
                f"the color table {self.name} has {len(self.keys)} keys, {len(self.colors)} colors and {len(self.names)} names"
            )
        self._check_keys()
        for color in (*self.colors, self.nodata):
            if len(color) != 4 or not all(isinstance(level, int) and 0 <= level <= 255 for level in color):
                raise LutError(
                    f"the color table {self.name} holds the color {color}; red, green, blue, alpha are 0 to 255"
                )

    def _check_keys(self) -> None:
        if self.kind not in ("classes", "ramp"):
            raise LutError(f'the color table {self.name} is of the kind {self.kind!r}; choose "classes" or "ramp"')
        for key in self.keys:
            if self.kind == "classes" and not (isinstance(key, int) and key >= 0):
                raise LutError(f"the color table {self.name} holds the code {key!r}; codes are whole numbers from 0")
            if not abs(key) <= sys.float_info.max:
                raise LutError(f"the color table {self.name} holds {key!r}, which is no finite number")
        for low, high in pairwise(self.keys):
            if not low < high:
                raise LutError(f"the color table {self.name} holds {high} twice or not in order")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def array(self) -> NDArray[np.uint8]:
        """The colors, uint8, shape (N, 4)."""
        return np.array(self.colors, dtype=np.uint8)

    @property
    def is_opaque(self) -> bool:
        """Whether no color lets anything shine through; the color of "no class" is not counted."""
        return all(color[3] == 255 for color in self.colors)


def _plain(number: Any) -> Any:
    """Return a number of numpy as one of Python."""
    return number.item() if isinstance(number, np.generic) else number
