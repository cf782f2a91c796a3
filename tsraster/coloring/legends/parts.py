"""What a legend is made of: boxes, strips, tips, lines and texts, each in whole pixels at its place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring.legends.typefaces import Typeface
from tsraster.lut import RGBA

Bounds = tuple[int, int, int, int]
"""Left, top, right, bottom."""
Stop = tuple[float, RGBA]
"""A share of the way from the low end to the high end, 0 to 1, and the color there."""


@dataclass(frozen=True, kw_only=True)
class _Area:
    x: int
    y: int
    width: int
    height: int

    @property
    def bounds(self) -> Bounds:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def moved(self, right: int, down: int) -> Self:
        """Return the same at another place."""
        return replace(self, x=self.x + right, y=self.y + down)


@dataclass(frozen=True, kw_only=True)
class Box(_Area):
    """A swatch of one color. Its outline is inside it."""

    color: RGBA


@dataclass(frozen=True, kw_only=True)
class Strip(_Area):
    """A bar of colors, with the low end at the left, or at the bottom. Its outline is inside it."""

    stops: tuple[Stop, ...]
    """From 0 to 1. Where two are at the same place the color jumps."""
    is_vertical: bool

    def sample(self, pixels: int) -> NDArray[np.uint8]:
        """Return the colors from the low end to the high one, uint8, shape (pixels, 4)."""
        return sample_stops(self.stops, pixels)


@dataclass(frozen=True, kw_only=True)
class Tip(_Area):
    """The triangle at the end of a strip, in the color of what is beyond. Its outline is inside it, but not at its base."""

    toward: Literal["up", "down", "left", "right"]
    color: RGBA

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The point of the triangle, and the ends of its base."""
        left, top, right, bottom = self.bounds
        middle, center = (left + right) / 2, (top + bottom) / 2
        return {
            "up": ((middle, top), (left, bottom), (right, bottom)),
            "down": ((middle, bottom), (right, top), (left, top)),
            "left": ((left, center), (right, bottom), (right, top)),
            "right": ((right, center), (left, top), (left, bottom)),
        }[self.toward]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line, as a rule from a strip to a number: between the edges of pixels along it, and on their middle across it."""

    x1: float
    y1: float
    x2: float
    y2: float
    thick: int

    @property
    def bounds(self) -> Bounds:
        """Left, top, right, bottom of the pixels that are touched."""
        (left, right), (top, bottom) = sorted((self.x1, self.x2)), sorted((self.y1, self.y2))
        is_slanted = left != right and top != bottom
        beside = self.thick / 2 + is_slanted
        across, down = (0.0, beside) if right - left >= bottom - top else (beside, 0.0)
        return math.floor(left - across), math.floor(top - down), math.ceil(right + across), math.ceil(bottom + down)

    def moved(self, right: int, down: int) -> Self:
        """Return the same at another place."""
        return replace(self, x1=self.x1 + right, x2=self.x2 + right, y1=self.y1 + down, y2=self.y2 + down)


@dataclass(frozen=True, kw_only=True)
class Text:
    """One line of text."""

    x: int
    """The left end, the middle or the right end, as `anchor` says."""
    y: int
    """The baseline."""
    text: str
    size: int
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    width: int
    ascent: int
    descent: int

    @property
    def left(self) -> int:
        """Where the text begins."""
        return self.x - {"start": 0, "middle": self.width // 2, "end": self.width}[self.anchor]

    @property
    def bounds(self) -> Bounds:
        """Left, top, right, bottom."""
        return self.left, self.y - self.ascent, self.left + self.width, self.y + self.descent

    def moved(self, right: int, down: int) -> Self:
        """Return the same at another place."""
        return replace(self, x=self.x + right, y=self.y + down)


Part = Box | Strip | Tip | Line | Text


@dataclass(frozen=True, kw_only=True)
class Legend:
    """A legend that is laid out: the same for every way to draw it.

    Parameters
    ----------
    width, height : int
        Pixels.
    parts : tuple of Box, Strip, Tip, Line and Text
        In the order in which they are drawn and read.
    stroke : int
        How thick lines and outlines are, in pixels.
    typeface : Typeface
        The font that the texts were measured with.
    check : int
        The side of the checks behind translucent colors, in pixels.
    title, description : str
        For those who do not see it.
    """

    width: int
    height: int
    parts: tuple[Part, ...]
    stroke: int
    check: int
    typeface: Typeface
    title: str
    description: str

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The swatches."""
        return tuple(part for part in self.parts if isinstance(part, Box))

    @property
    def strips(self) -> tuple[Strip, ...]:
        """The bars of colors."""
        return tuple(part for part in self.parts if isinstance(part, Strip))

    @property
    def tips(self) -> tuple[Tip, ...]:
        """The triangles at the ends of bars."""
        return tuple(part for part in self.parts if isinstance(part, Tip))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines between bars and numbers."""
        return tuple(part for part in self.parts if isinstance(part, Line))

    @property
    def texts(self) -> tuple[Text, ...]:
        """The lines of text."""
        return tuple(part for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True)
class Block:
    """Some parts, and the room that they take from 0, 0 on."""

    width: int
    height: int
    parts: tuple[Part, ...]


def gather(parts: Sequence[Part]) -> Block:
    """Move parts that may be anywhere so that they begin at 0, 0."""
    left, top, right, bottom = zip(*(part.bounds for part in parts), strict=True)
    x, y = min(left), min(top)
    return Block(max(right) - x, max(bottom) - y, tuple(part.moved(-x, -y) for part in parts))


def stack(blocks: Iterable[Block], gap: int) -> Block:
    """Put blocks one below the other."""
    parts: list[Part] = []
    width = height = 0
    for block in blocks:
        y = height + gap if parts else 0
        parts += [part.moved(0, y) for part in block.parts]
        width, height = max(width, block.width), y + block.height
    return Block(width, height, tuple(parts))


def sample_stops(stops: Sequence[Stop], pixels: int) -> NDArray[np.uint8]:
    """Interpolate between stops at equal steps from 0 to 1, uint8, shape (pixels, 4)."""
    places, colors = [place for place, _ in stops], np.array([color for _, color in stops], dtype=float)
    at = np.linspace(0, 1, pixels)
    return np.rint([np.interp(at, places, channel) for channel in colors.T]).astype(np.uint8).T


@dataclass(frozen=True)
class Style:
    """Every length of a legend, in proportion to the size of its font."""

    size: int
    typeface: Typeface

    def scaled(self, share: float) -> int:
        """Return a part of the size in whole pixels, at least one."""
        return max(1, round(share * self.size))

    @property
    def stroke(self) -> int:
        """How thick lines are."""
        return self.scaled(1 / 16)

    @property
    def line(self) -> int:
        """The height of a line of text."""
        ascent, descent, _ = self.typeface.metrics(self.size)
        return ascent + descent

    @property
    def swatch(self) -> tuple[int, int]:
        """The width and height of a swatch; it can stand exactly at the middle of a capital letter."""
        _, _, capital = self.typeface.metrics(self.size)
        return self.scaled(1.75), max(3, self.size + (self.size - capital) % 2)

    def set_text(self, text: str, x: int, y: int, anchor: Literal["start", "middle", "end"] = "start") -> Text:
        """Set one line in the size and weight of a name, with its baseline at y."""
        return self._set(text, x, y, self.size, False, anchor)

    def set_heading(self, text: str, most: int) -> Block:
        """Set a heading, on several lines where it is wider than `most`."""
        size, bold = self.scaled(1.1), self.typeface.has_bold
        ascent, descent, _ = self.typeface.metrics(size, bold=bold)
        lines = self.typeface.wrap(text, size, most, bold=bold)
        return gather(
            [self._set(line, 0, ascent + i * (ascent + descent), size, bold, "start") for i, line in enumerate(lines)]
        )

    def set_entry(self, color: RGBA, text: str, most: int) -> Block:
        """Set a swatch and its name, on several lines where it is wider than `most`."""
        ascent, _, capital = self.typeface.metrics(self.size)
        width, height = self.swatch
        row = max(self.line, height)
        baseline = (row - self.line) // 2 + ascent
        top = min(max(0, baseline - (capital + height) // 2), row - height)
        lines = self.typeface.wrap(text, self.size, most)
        x = width + self.scaled(0.55)
        texts = [self.set_text(line, x, baseline + i * self.line) for i, line in enumerate(lines)]
        right = max(text.bounds[2] for text in texts)
        box = Box(x=0, y=top, width=width, height=height, color=color)
        return Block(right, row + (len(lines) - 1) * self.line, (box, *texts))

    def _set(self, text: str, x: int, y: int, size: int, bold: bool, anchor: Literal["start", "middle", "end"]) -> Text:
        ascent, descent, _ = self.typeface.metrics(size, bold=bold)
        width = self.typeface.width(text, size, bold=bold)
        return Text(
            x=x, y=y, text=text, size=size, bold=bold, anchor=anchor, width=width, ascent=ascent, descent=descent
        )
