"""Names and colors of classes that are drawn, as they are kept in a journal and as they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from tsraster.attributetable import Categories
from tsraster.learning.ilastik.projectreading import COLORS
from tsraster.lut import RGBA

_FIRST = (1, 2)
"""Codes of the classes that are there at the beginning."""


def fill_in(known: Categories, counts: Mapping[int, int]) -> Categories:
    """Return the classes that are not removed or have labels, each with a name and an opaque color; two to begin with.

    Parameters
    ----------
    known : Categories
        What a journal says of them; removed ones have an alpha of 0.
    counts : mapping of int to int
        Pixels by code.

    Examples
    --------
    >>> removed = Categories(names={1: "pore", 3: "ash"}, colors={1: (0, 0, 9, 0)})
    >>> fill_in(removed, {}).names, fill_in(removed, {1: 20}).names
    ({3: 'ash'}, {1: 'pore', 3: 'ash'})
    """
    listed = {*known.names, *known.colors}
    codes = {*counts, *(code for code in listed if known.colors.get(code, (0, 0, 0, 255))[3])}
    if not listed and not codes:
        codes = {*_FIRST}
    return Categories(
        names={code: known.names.get(code) or f"class {code}" for code in sorted(codes)},
        colors={code: (*known.colors.get(code, suggest_color(code))[:3], 255) for code in sorted(codes)},
    )


def join_classes(known: Categories, more: Categories) -> Categories:
    """Return known classes and others, which go before them."""
    return Categories(names={**known.names, **more.names}, colors={**known.colors, **more.colors})


def one_class(code: int, name: str, color: RGBA) -> Categories:
    """Return a class with its name and an opaque color."""
    return Categories(names={code: name}, colors={code: (*color[:3], 255)})


def leave_out(known: Categories, code: int, *, is_kept: bool) -> Categories:
    """Return the classes without one; it is kept with an alpha of 0 if it may have to come back."""
    names, colors = dict(known.names), dict(known.colors)
    color = colors.pop(code, suggest_color(code))
    if is_kept:
        colors[code] = (*color[:3], 0)
    else:
        names.pop(code, None)
    return Categories(names=names, colors=colors)


def suggest_color(code: int) -> RGBA:
    """Return the color of a class for which none was chosen."""
    return (*COLORS[(code - 1) % len(COLORS)], 255)
