"""Color tables of every kind with every option, for hypothesis."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from tsraster.lut import KINDS, TRANSPARENT, Lut
from tsraster.lutfiles.lutformat import format_key

_WORDS = r"""
|water|open water|interpolation|INTERPOLATION:EXACT|end|nv|default|nodata|below|above|no data|None|null|name|true
# hash|#|#ff0000|/ slash|//|; semicolon|a;b|, comma|a, b|,|: colon|1:2:3|:|~|= 3|*|-|--|.|...|\|\n|\x41|${x}|%s|{0}
"|"quoted"|a "b" c|'|`|<b>&amp;</b>|&lt;|]]>|<![CDATA[|-->|<!--|{a, b}|}|{|<= 5|> 5|1 - 2|(1, 2]
0|1|255|7 8 9|0 0 0|1 2 3 4|-1.5|50%|%|red|RED|gray 7|inf|-inf|nan|NaN|1e5|N|B|F|L|U|N 1/2/3|thru|1 thru 5 = 2|@50
GIMP Palette|Name: x|Columns: 3|Color entry 1|Untitled|Index 3|Unclassified|classes = 3|class names = {a}|ICOL
COLOR_MODEL = HSV|code,red,green,blue|tsraster ramp|# tsraster ramp|ä ö ß|中文 名|🌊 sea|é
"""
_ODD_LETTERS = (
    "e\u0301",
    "\u202eleft",
    "\ufefffront",
    "\u200b",
    "\u00ad",
    "a\u2028b",
    "a\u0085b",
    "a\u00a0b",
    "\u212a",
    "\ufb01",
)
ODD_NAMES = (*_WORDS.strip("\n").replace("\n", "|").split("|"), *_ODD_LETTERS, "|", "a" * 300)
"""Names that mean something in one grammar or another."""

wide = st.integers(0, 300) | st.sampled_from((65_535, 65_536, 70_000))
levels = st.sampled_from((0, 1, 127, 128, 254, 255)) | st.integers(0, 255)
letters = st.characters(codec="utf-8") | st.sampled_from("#,;:\"'<>&{}[]()=%/\\|@*+-. 0123456789abcxyzéß中🌊")
names = st.sampled_from(ODD_NAMES) | st.text(letters, max_size=12)
numbers = st.one_of(
    st.integers(-10, 300),
    st.sampled_from(
        (0.1, 0.5, -0.25, 1 / 3, 273.15, 1e-7, 5e-324, -5e-324, 2.2e-308, 1e16, 1e22, 1e300, 1.7e308, -1.7e308)
    ),
    st.sampled_from(
        (2**31, 2**32 - 1, 2**53, 2**53 + 1, 2**63, 2**64 - 1, 10**17 + 1, 10**20 + 1, 10**305 + 1, -(2**63) - 1)
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1000, 1000, width=32),
)


@st.composite
def luts(draw: st.DrawFn) -> Lut:
    """Draw a color table that is called mine, as a rule of a few colors, at times of hundreds."""
    kind = draw(st.sampled_from(KINDS))
    keys = {"classes": _codes, "intervals": _edges, "ramp": _stops, "index": _positions}[kind](draw)
    entries = len(keys) - (kind == "intervals")
    some = st.tuples(levels, levels, levels)
    parts: dict[str, Any] = {"colors": _add_alpha(draw, _fill(draw, some, entries)), "names": _names(draw, kind, keys)}
    if kind == "intervals":
        parts["closed"] = draw(st.sampled_from(("right", "left")))
    special = st.none() | st.just(TRANSPARENT) | st.tuples(levels, levels, levels, st.sampled_from((0, 128, 255)))
    parts |= {"below": draw(special), "above": draw(special), "nodata": draw(special) or TRANSPARENT}
    if draw(st.booleans()):
        parts["above"] = parts["below"]
    is_share = kind == "ramp" and keys[0] >= 0 and keys[-1] <= 100
    return Lut(name="mine", kind=kind, keys=keys, percent=is_share and draw(st.booleans()), **parts)


def _fill(draw: st.DrawFn, some: st.SearchStrategy[Any], entries: int) -> list[Any]:
    """Draw a few and repeat them, so that long tables are drawn as fast as short ones."""
    few = draw(st.lists(some, min_size=min(entries, 7), max_size=min(entries, 7)))
    return [few[i % len(few)] for i in range(entries)]


def _add_alpha(draw: st.DrawFn, colors: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int, int], ...]:
    how = draw(st.sampled_from(("opaque", "one", "some")))
    if how == "some":
        alphas = _fill(draw, levels, len(colors))
    else:
        clear = draw(st.integers(0, len(colors) - 1)) if how == "one" else -1
        alphas = [0 if i == clear else 255 for i in range(len(colors))]
    return tuple((*color, alpha) for color, alpha in zip(colors, alphas, strict=True))


def _names(draw: st.DrawFn, kind: str, keys: tuple[float, ...]) -> tuple[str, ...]:
    shown = keys[1:] if kind == "intervals" else keys
    how = draw(st.sampled_from(("none", "odd", "odd", "keys")))
    if how == "none":
        return ()
    if how == "keys":
        return tuple(format_key(key) if math.isfinite(key) else str(key) for key in shown)
    return tuple(_fill(draw, names, len(shown)))


def _codes(draw: st.DrawFn) -> tuple[float, ...]:
    how = draw(st.sampled_from(("dense", "dense", "bytes", "whole", "whole", "wide", "any", "any")))
    if how == "dense":
        start, entries = draw(st.sampled_from((0, 0, 1))), draw(st.integers(1, 6) | st.sampled_from((255, 256, 257)))
        return tuple(range(start, start + entries))
    some = {"bytes": st.integers(0, 255), "whole": st.integers(0, 1000), "wide": wide, "any": numbers}[how]
    return tuple(sorted(draw(st.sets(some, min_size=1, max_size=6))))


def _edges(draw: st.DrawFn) -> tuple[float, ...]:
    inner = tuple(sorted(draw(st.sets(numbers, min_size=2, max_size=6))))
    low = (-math.inf,) if draw(st.booleans()) else ()
    high = (math.inf,) if draw(st.booleans()) else ()
    # With both ends open no edge need be left between them.
    if low and high and draw(st.integers(0, 3)) == 0:
        inner = ()
    return (*low, *inner, *high)


def _stops(draw: st.DrawFn) -> tuple[float, ...]:
    shares = st.sampled_from((0, 0.1, 12.5, 50, 100)) | st.floats(0, 100)
    some = draw(st.sampled_from((numbers, shares)))
    stops = draw(st.sets(some, min_size=1, max_size=6))
    jumps = [stop for stop in sorted(stops) if draw(st.integers(0, 3)) == 0]
    return tuple(sorted([*stops, *jumps]))


def _positions(draw: st.DrawFn) -> tuple[float, ...]:
    return tuple(range(draw(st.integers(1, 6) | st.sampled_from((16, 255, 256, 257)))))
