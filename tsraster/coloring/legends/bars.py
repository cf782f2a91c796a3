"""The bar of a ramp in a legend: its colors, round numbers beside it, and the colors beyond its ends."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from tsraster.classtable import format_numbers
from tsraster.coloring.legends.parts import Block, Line, Part, Stop, Strip, Style, Tip, gather, sample_stops
from tsraster.errors import LossWarning
from tsraster.lut import RGBA, Lut

_TICKS = 5, 4, 3, 2
"""How many numbers stand beside a bar, as near as round numbers allow; fewer where they would touch."""
_DIGITS = Fraction(1), Fraction(2), Fraction(5)
_QUARTERS = Fraction(1), Fraction(5, 2), Fraction(5)
"""What round numbers are multiples of, and what round percentages are."""
_MOST_NAMES = 40
"""Names of more stops than these are not shown."""
_LONGEST_INT = 10**21
"""Larger numbers are written with an exponent."""

Tick = tuple[float, str]
"""A share of the way from the low end to the high end, and its text."""


@dataclass(frozen=True)
class Scale:
    """What a bar shows."""

    stops: tuple[Stop, ...]
    ticks: tuple[tuple[Tick, ...], ...]
    """Several choices, those with more ticks first."""
    below: RGBA | None
    above: RGBA | None


def scale_ramp(lut: Lut, texts: Sequence[str]) -> Scale:
    """Lay out a ramp, or positions, with round numbers; or with the texts of its stops where it has any.

    Parameters
    ----------
    lut : Lut
        Of kind "ramp" or "index".
    texts : sequence of str, shape (N,)
        Empty where a stop has none.

    Warns
    -----
    LossWarning
        More stops have texts than can be read beside a bar.
    """
    keys = [Fraction(str(key)) for key in lut.keys]
    low, high = keys[0], keys[-1]
    stops: list[Stop] = list(zip(_share(keys, low, high), lut.colors, strict=True))
    if lut.kind == "index":
        low, high = low - Fraction(1, 2), high + Fraction(1, 2)
        edges = [i / len(lut) for i in range(len(lut) + 1)]
        stops = [(edge, color) for pair, color in zip(pairwise(edges), lut.colors, strict=True) for edge in pair]
    elif low == high:
        # One color, or a jump and nothing else.
        stops = [(0.0, lut.colors[0]), (0.5, lut.colors[0]), (0.5, lut.colors[-1]), (1.0, lut.colors[-1])]
    names = sum(map(bool, texts))
    if names > _MOST_NAMES:
        warnings.warn(
            f"the names of {names} stops of {lut.name} are left out of the legend; beside a bar it shows up to {_MOST_NAMES}",
            LossWarning,
            stacklevel=4,
        )
    named = (_name_stops(lut, keys, texts),) if 0 < names <= _MOST_NAMES else ()
    return Scale(tuple(stops), named or _number_ticks(lut, low, high), lut.below, lut.above)


def _share(keys: Sequence[Fraction], low: Fraction, high: Fraction) -> list[float]:
    return [float((key - low) / (high - low)) if low < high else 0.5 for key in keys]


def _number_ticks(lut: Lut, low: Fraction, high: Fraction) -> tuple[tuple[Tick, ...], ...]:
    choices = [_choose_numbers(lut, low, high, wished) for wished in _TICKS]
    return tuple(
        tuple(zip(_share(numbers, low, high), _write_numbers(lut, numbers), strict=True)) for numbers in choices
    )


def _choose_numbers(lut: Lut, low: Fraction, high: Fraction, wished: int) -> list[Fraction]:
    if low == high:
        return [low]
    numbers = find_round_numbers(low, high, wished, _QUARTERS if lut.percent else _DIGITS)
    # Between neighboring floats there is nothing to write.
    return numbers if len(set(map(plain_number, numbers))) == len(numbers) else [low, high]


def _name_stops(lut: Lut, keys: Sequence[Fraction], texts: Sequence[str]) -> tuple[Tick, ...]:
    """Take the texts, and numbers for ends without any; where the color jumps two texts become one."""
    numbers, shares = _write_numbers(lut, keys), _share(keys, keys[0], keys[-1])
    at: dict[float, list[str]] = {}
    for share, text in zip(shares, texts, strict=True):
        if text:
            at.setdefault(share, []).append(text)
    for end in (0, -1):
        at.setdefault(shares[end], [numbers[end]])
    return tuple((share, " / ".join(dict.fromkeys(at[share]))) for share in sorted(at))


def _write_numbers(lut: Lut, numbers: Sequence[Fraction]) -> list[str]:
    texts = format_numbers([plain_number(number) for number in numbers])
    return [f"{text} %" for text in texts] if lut.percent else texts


def plain_number(number: Fraction | float) -> float:
    """Return an int where it is whole and short enough to be read, else a float."""
    if not -_LONGEST_INT < number < _LONGEST_INT or Fraction(number).denominator > 1:
        return float(number)
    return int(number)


def find_round_numbers(
    low: Fraction, high: Fraction, wished: int, digits: Sequence[Fraction] = _DIGITS
) -> list[Fraction]:
    """Find multiples of a digit times a power of ten from `low` to `high`, about as many as wished, at least two.

    Examples
    --------
    >>> [float(number) for number in find_round_numbers(Fraction(-1), Fraction(1), 5)]
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    span = high - low
    power = math.floor(math.log10(span.numerator) - math.log10(span.denominator))
    steps = [digit * Fraction(10) ** e for e in range(power - 2, power + 2) for digit in digits]
    spans = [(step, math.ceil(low / step), math.floor(high / step)) for step in steps]
    fitting = [(abs(last - first + 1 - wished), step, first, last) for step, first, last in spans if last > first]
    if not fitting:
        return [low, high]
    _, step, first, last = min(fitting)
    return [i * step for i in range(first, last + 1)]


def plan_bar(scale: Scale, style: Style, *, horizontal: bool, length: int | None = None) -> Block:
    """Lay out a bar with its ticks.

    Parameters
    ----------
    scale : Scale
        What it shows.
    style : Style
        Lengths and font.
    horizontal : bool
        With the low end at the left and texts below; else with the high end on top and texts at the right.
    length : int, optional
        Pixels from end to end with all that sticks out. More where the texts need more.
    """
    pixels = style.scaled(18 if horizontal else 12)
    block = _draw_bar(scale, style, pixels, horizontal)
    for _ in range(4 if length is not None else 0):
        surplus = (block.width if horizontal else block.height) - (length or 0)
        shorter = max(style.scaled(3), pixels - surplus)
        if shorter == pixels:
            break
        pixels = shorter
        block = _draw_bar(scale, style, pixels, horizontal)
    return block


@dataclass(frozen=True)
class _Label:
    """The lines of a tick; where the tick is and where the middle of the text, in pixels along the bar."""

    lines: list[str]
    tick: int
    middle: int


def _draw_bar(scale: Scale, style: Style, pixels: int, horizontal: bool) -> Block:
    labels, pixels = _place_labels(scale, style, pixels, horizontal)
    thick, stroke = style.scaled(1.3) + 2 * style.stroke, style.stroke
    long = pixels + 2 * stroke
    width, height = (long, thick) if horizontal else (thick, long)
    stops = scale.stops
    if len(stops) > 2 * pixels:
        colors = [tuple(color) for color in sample_stops(stops, pixels).tolist()]
        stops = tuple((i / (pixels - 1), color) for i, color in enumerate(colors))
    strip = Strip(x=0, y=0, width=width, height=height, stops=stops, is_vertical=not horizontal)
    parts: list[Part] = [*_draw_tips(scale, strip, style), strip]
    for label in labels:
        parts += _draw_label(label, style, thick, horizontal, leads=any(each.tick != each.middle for each in labels))
    return gather(parts)


def _draw_tips(scale: Scale, strip: Strip, style: Style) -> list[Part]:
    """Add a triangle for each color beyond the ends that shows anything."""
    left, top, right, bottom = strip.bounds
    thick = min(strip.width, strip.height)
    reach, lap = round(0.6 * thick), style.stroke
    parts: list[Part] = []
    for color, is_low in ((scale.below, True), (scale.above, False)):
        if color is None or color[3] == 0:
            continue
        toward: Literal["up", "down", "left", "right"]
        if strip.is_vertical:
            toward, y = ("down", bottom - lap) if is_low else ("up", top + lap - reach)
            parts.append(Tip(x=left, y=y, width=thick, height=reach, toward=toward, color=color))
        else:
            toward, x = ("left", left + lap - reach) if is_low else ("right", right - lap)
            parts.append(Tip(x=x, y=top, width=reach, height=thick, toward=toward, color=color))
    return parts


def _draw_label(label: _Label, style: Style, thick: int, horizontal: bool, *, leads: bool) -> list[Part]:
    """Draw a tick, a slanted line where the text had to move, and the text."""
    ascent, _, capital = style.typeface.metrics(style.size)
    reach, gap, slant = style.scaled(0.35), max(2, style.scaled(0.3)), style.scaled(1) if leads else 0
    across = style.stroke / 2 - style.stroke // 2
    tick, middle, end = label.tick + across, label.middle + across, thick + reach
    ends = [(thick, tick, end, tick), (end, tick, end + slant, middle)][: 1 + leads]
    turned = [(y1, x1, y2, x2) if horizontal else (x1, y1, x2, y2) for x1, y1, x2, y2 in ends]
    lines: list[Part] = [Line(x1=x1, y1=y1, x2=x2, y2=y2, thick=style.stroke) for x1, y1, x2, y2 in turned]
    if horizontal:
        top = end + slant + ascent + max(2, gap // 2)
        texts = [(label.middle, top + i * style.line) for i in range(len(label.lines))]
    else:
        first = label.middle + (capital + 1) // 2 - (len(label.lines) - 1) * style.line // 2
        texts = [(end + slant + gap, first + i * style.line) for i in range(len(label.lines))]
    anchor: Literal["start", "middle"] = "middle" if horizontal else "start"
    return lines + [style.set_text(line, x, y, anchor) for line, (x, y) in zip(label.lines, texts, strict=True)]


def _place_labels(scale: Scale, style: Style, pixels: int, horizontal: bool) -> tuple[list[_Label], int]:
    """Take the first choice of ticks whose texts do not touch; else move them apart, along a longer bar if need be."""
    gap = style.scaled(0.7 if horizontal else 0.15)
    for choice in scale.ticks:
        ticks = choice if horizontal else choice[::-1]
        lines = [style.typeface.wrap(text, style.size, style.scaled(9 if horizontal else 22)) for _, text in ticks]
        extents = [_measure_lines(each, style, horizontal) for each in lines]
        places = middles = [_place(share, pixels, style, horizontal) for share, _ in ticks]
        if settle(places, extents, gap) == places:
            break
    else:
        pixels = max(pixels, sum(extents) + gap * len(extents))
        places = [_place(share, pixels, style, horizontal) for share, _ in ticks]
        middles = settle(places, extents, gap, low=style.stroke, high=pixels + style.stroke)
    return list(map(_Label, lines, places, middles)), pixels


def _measure_lines(lines: list[str], style: Style, horizontal: bool) -> int:
    if horizontal:
        return max(style.typeface.width(line, style.size) for line in lines)
    return len(lines) * style.line


def _place(share: float, pixels: int, style: Style, horizontal: bool) -> int:
    return style.stroke + round((share if horizontal else 1 - share) * (pixels - 1))


def settle(
    places: Sequence[int], extents: Sequence[int], gap: int, *, low: int | None = None, high: int | None = None
) -> list[int]:
    """Move texts apart until none touches the next.

    Parameters
    ----------
    places : sequence of int
        Where the middles should be, not falling.
    extents : sequence of int
        How long the texts are.
    gap : int
        The least between two of them.
    low, high : int, optional
        The least and the greatest middle; between them there must be room for all.

    Examples
    --------
    >>> settle([10, 11, 40], [8, 8, 8], 2)
    [10, 20, 40]
    """
    settled = list(places)
    apart = [math.ceil((one + other) / 2) + gap for one, other in pairwise(extents)]
    if low is not None:
        settled[0] = max(settled[0], low)
    for i, distance in enumerate(apart):
        settled[i + 1] = max(settled[i + 1], settled[i] + distance)
    if high is not None:
        settled[-1] = min(settled[-1], high)
        for i, distance in reversed(list(enumerate(apart))):
            settled[i] = min(settled[i], settled[i + 1] - distance)
    return settled
