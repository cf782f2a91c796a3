"""`Phase`: what a color must be like to belong to it; and `assign_phases`, which gives each pixel the first that holds.

People write a phase as a text, which is read in `tsraster.classification.phasetext`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification.channels import Colors
from tsraster.classification.conditions import Color, Condition, Mask, Sampled, check_color, spell_color
from tsraster.errors import UsageError
from tsraster.lut import clean_name

MOST_PHASES = 254
_PIECE = 2**16
"""So many pixels are looked at together; their channels stay in the cache of the processor."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase by its color: any of its alternatives holds, and of that every condition.

    Parameters
    ----------
    name : str
        What it is called, without a colon or a number sign.
    alternatives : tuple of tuples of conditions
        Each a `Between`, `Compare`, `Polygon`, `Near` or `Sampled`.
    color : (red, green, blue), optional
        What it is drawn with in pictures.

    Raises
    ------
    UsageError
        It has no name, or one that could not be read back; or no condition.

    Examples
    --------
    >>> from tsraster.classification.conditions import Between, Compare
    >>> blue = (Between(channel="hue", low=180, high=260), Compare(channel="saturation", sign=">", limit=0.25))
    >>> print(Phase(name="blue", alternatives=(blue,)))
    blue: hue 180..260, saturation >0.25
    """

    name: str
    alternatives: tuple[tuple[Condition, ...], ...]
    color: Color | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        if not self.name or set(self.name) & set(":#"):
            raise UsageError(f"a phase cannot be called {self.name!r}; give it a name without a colon or #")
        if not self.alternatives or not all(self.alternatives):
            raise UsageError(f"the phase {self.name} has no condition; write one such as hue 180..260")
        if self.color is not None:
            check_color(self.color)

    def __str__(self) -> str:
        color = "" if self.color is None else f" {spell_color(self.color)}"
        return f"{self.name}{color}: " + " or ".join(", ".join(map(str, every)) for every in self.alternatives)

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""
        found: Mask = np.logical_or.reduce(
            [np.logical_and.reduce([one.holds(colors) for one in every]) for every in self.alternatives]
        )
        return found

    def replace_condition(self, old: Condition, new: Condition) -> Phase:
        """Return the phase with another condition in place of one."""
        changed = tuple(tuple(new if one == old else one for one in every) for every in self.alternatives)
        return replace(self, alternatives=changed)


def assign_phases(pixels: NDArray[Any], phases: Sequence[Phase], valid: Mask | None = None) -> NDArray[np.uint8]:
    """Give each pixel the code of the first phase that holds.

    Parameters
    ----------
    pixels : array of uint8, uint16, float32 or float64, shape (3, row, col) or (3, ...)
        Red, green and blue over the range of the type; floats from 0 to 1.
    phases : sequence of Phase
        In this order they get the codes 1, 2, ....
    valid : array of bool, shape (row, col), optional
        False where there is no data. NaN and infinity are never data.

    Returns
    -------
    array of uint8, shape (row, col)
        0 where no phase holds, or there is no data.

    Raises
    ------
    DataError
        The pixels have another type or shape.
    UsageError
        There are more than 254 phases; or one has points that nobody has looked up.

    Notes
    -----
    Each pixel is decided by itself, so that blocks equal the whole. Memory is that of the result and of a small piece, and
    for 8 bits of a table of all 2**24 colors, in which each color is looked up that has occurred before with these phases.

    Examples
    --------
    >>> from tsraster.classification.phasetext import parse_phases
    >>> phases = parse_phases(["dark: value <0.2", "blue: hue 180..260, saturation >0.25"])
    >>> assign_phases(np.array([[[71, 10, 250]], [[134, 10, 250]], [[202, 40, 250]]], np.uint8), phases)
    array([[2, 1, 0]], dtype=uint8)
    """
    if len(phases) > MOST_PHASES:
        raise UsageError(f"{len(phases)} phases are too many; {MOST_PHASES} is the most")
    Colors(pixels[:, :0] if pixels.ndim > 1 else pixels)  # checks the type
    flat = pixels.reshape(3, -1)
    codes = np.empty(flat.shape[1], dtype=np.uint8)
    decide = _look_up if pixels.dtype == np.uint8 else _decide
    for start in range(0, flat.shape[1], _PIECE):
        piece = slice(start, start + _PIECE)
        codes[piece] = decide(np.ascontiguousarray(flat[:, piece]), tuple(phases))
    if valid is not None:
        codes *= valid.ravel()
    return codes.reshape(pixels.shape[1:])


def _decide(rgb: NDArray[Any], phases: tuple[Phase, ...]) -> NDArray[np.uint8]:
    colors, codes = Colors(rgb), np.zeros(rgb.shape[1], dtype=np.uint8)
    # Ratios may be infinite, and there may be NaN among floats; neither is in any polygon.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for code, phase in reversed(list(enumerate(phases, start=1))):
            codes[phase.holds(colors)] = code
    if rgb.dtype.kind == "f":
        codes *= np.isfinite(rgb).all(axis=0)
    return codes


def _look_up(rgb: NDArray[np.uint8], phases: tuple[Phase, ...]) -> NDArray[np.uint8]:
    """Decide each color once; threads may meet here, as what they write is the same."""
    known = _known_codes(phases)
    red, green, blue = rgb.astype(np.uint32)
    packed = (red << 16) | (green << 8) | blue
    codes = known[packed]
    new = codes == 0
    if new.any():
        fresh = np.unique(packed[new])
        known[fresh] = 1 + _decide(np.stack([fresh >> 16, fresh >> 8 & 255, fresh & 255]).astype(np.uint8), phases)
        codes = known[packed]
    return np.asarray(codes - np.uint8(1))


@lru_cache(maxsize=2)
def _known_codes(phases: tuple[Phase, ...]) -> NDArray[np.uint8]:  # noqa: ARG001 - there is a table for each
    """One more than the code of each color, by its 24 bits; 0 where it has not occurred, which takes no memory yet."""
    return np.zeros(2**24, dtype=np.uint8)


def find_samples(phases: Sequence[Phase]) -> tuple[Sampled, ...]:
    """Return the conditions for which somebody has to look at a picture."""
    return tuple(one for phase in phases for every in phase.alternatives for one in every if isinstance(one, Sampled))
