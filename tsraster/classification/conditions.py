"""What can be asked of a color: a channel in a range, two channels in a polygon, a color near to others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.classification.channels import Colors, find_channel, find_limits
from tsraster.errors import UsageError

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
Mask = NDArray[np.bool_]
Sign = Literal[">", ">=", "<", "<="]
SIGNS: tuple[Sign, ...] = (">", ">=", "<", "<=")


class Condition(Protocol):
    """What can hold for a color."""

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """A channel lies from `low` to `high`, both held; a hue from 350 to 20 goes through 0.

    Raises
    ------
    UsageError
        There is no such channel, or it has no such values; or `low` is above `high`, and it is no hue.
    """

    channel: str
    low: float
    high: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel", find_channel(self.channel))
        for end in (self.low, self.high):
            _check_limit(self.channel, end)
        if self.low > self.high and self.channel != "hue":
            raise UsageError(f"{self} holds nothing; write the smaller end first")

    def __str__(self) -> str:
        return f"{self.channel} {_spell(self.low)}..{_spell(self.high)}"

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""
        values = colors.channel(self.channel)
        above, below = values >= self.low, values <= self.high
        return above | below if self.low > self.high else above & below


@dataclass(frozen=True, kw_only=True)
class Compare:
    """A channel lies above or below a limit.

    Raises
    ------
    UsageError
        There is no such channel, or it has no such values.
    """

    channel: str
    sign: Sign
    limit: float

    _FUNCTIONS: ClassVar = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel", find_channel(self.channel))
        _check_limit(self.channel, self.limit)
        if self.sign not in SIGNS:
            raise UsageError(f"{self.sign!r} compares nothing; choose from {', '.join(SIGNS)}")

    def __str__(self) -> str:
        return f"{self.channel} {self.sign}{_spell(self.limit)}"

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""
        return np.asarray(self._FUNCTIONS[self.sign](colors.channel(self.channel), self.limit))


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """Two channels lie within a polygon or on its border.

    A polygon over hue may go on beyond 360, or begin below 0, where it is to go round through red. Where its border crosses
    itself, what is within is decided by the even-odd rule.

    Raises
    ------
    UsageError
        A channel is not there, or twice; there are fewer than three corners, or one is no pair of finite numbers.
    """

    channels: tuple[str, str]
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        first, second = (find_channel(channel) for channel in self.channels)
        object.__setattr__(self, "channels", (first, second))
        if first == second:
            raise UsageError(f"a polygon of {first} and {second} is none; name two different channels")
        if len(self.corners) < 3:
            raise UsageError(f"a polygon of {len(self.corners)} corners holds nothing; give at least 3")
        if not all(math.isfinite(number) for corner in self.corners for number in corner):
            raise UsageError("a corner of the polygon is no pair of finite numbers")

    def __str__(self) -> str:
        corners = ", ".join(f"{_spell(x)} {_spell(y)}" for x, y in self.corners)
        return f"polygon({', '.join(self.channels)}: {corners})"

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""
        x, y = (colors.channel(channel) for channel in self.channels)
        found = _is_inside(x, y, self.corners)
        if "hue" in self.channels:
            at = self.channels.index("hue")
            for turn in _list_turns([corner[at] for corner in self.corners]):
                found |= _is_inside(x + turn * (at == 0), y + turn * (at == 1), self.corners)
        return found


def _list_turns(hues: Sequence[float]) -> list[int]:
    return [turn for turn, needed in ((360, max(hues) > 360), (-360, min(hues) < 0)) if needed]


def _is_inside(x: NDArray[np.float64], y: NDArray[np.float64], corners: Sequence[tuple[float, float]]) -> Mask:
    """Count the sides that a ray to the right crosses; pixels on a side are inside."""
    inside: Mask = np.zeros(x.shape, dtype=np.bool_)
    on_side = inside.copy()
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        # Positive on one hand of the side, and zero on the line through it.
        hand = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        inside ^= ((y >= y0) != (y >= y1)) & ((hand > 0) == (y1 > y0))
        on_side |= (hand == 0) & (x >= min(x0, x1)) & (x <= max(x0, x1)) & (y >= min(y0, y1)) & (y <= max(y0, y1))
    return (inside & ~np.isnan(x) & ~np.isnan(y)) | on_side


@dataclass(frozen=True, kw_only=True)
class Near:
    """The color differs from one of some colors by at most `distance`, as the eye sees it: by CIEDE2000.

    Raises
    ------
    UsageError
        There is no color, or one is none; the distance is not above 0.
    """

    colors: tuple[Color, ...]
    distance: float

    def __post_init__(self) -> None:
        if not self.colors:
            raise UsageError("near() names no color; write one such as near(#1f5fae, 12)")
        for color in self.colors:
            check_color(color)
        _check_distance(self.distance)

    def __str__(self) -> str:
        return f"near({' '.join(map(spell_color, self.colors))}, {_spell(self.distance)})"

    def holds(self, colors: Colors) -> Mask:
        """Say for which of N colors it holds, shape (N,)."""
        from skimage.color import deltaE_ciede2000

        lab = colors.lab
        found: Mask = np.zeros(lab.shape[1:], dtype=np.bool_)
        for color in self.colors:
            wanted = Colors(np.array(color, dtype=np.uint8)[:, np.newaxis]).lab
            found |= deltaE_ciede2000(lab, np.broadcast_to(wanted, lab.shape), channel_axis=0) <= self.distance
        return found


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """The color is near to that of some pixels, column and row counted from 0; `Near`, once somebody has looked at the picture.

    Raises
    ------
    UsageError
        There is no pixel, or one lies beyond the first row or column; the distance is not above 0.
    """

    points: tuple[tuple[int, int], ...]
    distance: float

    def __post_init__(self) -> None:
        if not self.points:
            raise UsageError("points() names no pixel; write column and row, such as points(120,80; 12)")
        if any(place < 0 for point in self.points for place in point):
            raise UsageError("a pixel of points() has a negative place; columns and rows are counted from 0")
        _check_distance(self.distance)

    def __str__(self) -> str:
        return f"points({' '.join(f'{x},{y}' for x, y in self.points)}; {_spell(self.distance)})"

    def holds(self, colors: Colors) -> Mask:  # noqa: ARG002 - nothing can hold
        """Refuse: nobody has looked at the picture."""
        raise UsageError(
            f"{self} is not known before its colors are read from a picture; write near(#rrggbb, distance)"
        )


def spell_color(color: Color) -> str:
    """Write a color as #rrggbb."""
    red, green, blue = color
    return f"#{red:02x}{green:02x}{blue:02x}"


def _spell(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))


def _check_limit(channel: str, number: float) -> None:
    low, high = find_limits(channel)
    if not math.isfinite(number) or not low <= number <= high:
        runs = f"from {low:g} on" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise UsageError(f"{channel} runs {runs}, and {number:g} is beyond that")


def check_color(color: Color) -> None:
    """Raise `UsageError` unless it is one."""
    if len(color) != 3 or not all(isinstance(level, int) and 0 <= level <= 255 for level in color):
        raise UsageError(f"{color} is no color; give red, green and blue from 0 to 255")


def _check_distance(distance: float) -> None:
    if not 0 < distance < math.inf:
        raise UsageError(f"the distance {distance:g} holds no color; give one above 0, such as 12")
