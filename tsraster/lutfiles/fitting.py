"""Make a color table fit what a format can hold, and say what is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tsraster.errors import LutError
from tsraster.lut import RGBA, TRANSPARENT, Lut, clean_name
from tsraster.lutfiles.lutformat import Capacity, LutFormat, format_key, opaque

_BLACK = opaque(0, 0, 0)
_SAMPLES = 256
"""Colors that are taken from a ramp for a format that has no stops."""

Step = Callable[[Lut, Capacity], tuple[Lut, str]]
"""Returns the table, and what it has lost; an empty text where it has lost nothing."""


def fit_lut(lut: Lut, form: LutFormat) -> tuple[Lut, list[str]]:
    """Return what a format can hold of a color table, and what it cannot, in a line each.

    Parameters
    ----------
    lut : Lut
        The table.
    form : LutFormat
        A format, of `LUT_FORMATS`.

    Returns
    -------
    Lut, list of str
        With an empty list the table is the same as before, and is read back so from a file of that format.

    Raises
    ------
    LutError
        The format cannot hold the table at all, or only after something is decided that nobody but the user can decide.

    Examples
    --------
    >>> from tsraster.lutfiles import LUT_FORMATS
    >>> sea = Lut(name="sea", kind="classes", keys=(7,), colors=((0, 0, 255, 128),), names=("sea",))
    >>> fit_lut(sea, LUT_FORMATS["esri"])[1]
    ['1 name', 'the transparency of 1 color']
    """
    losses = []
    try:
        for step in _STEPS:
            lut, loss = step(lut, form.capacity)
            if loss:
                losses.append(loss)
    except LutError as error:
        raise LutError(f"{lut.name} cannot become {form.title}: {error}") from None
    return lut, losses


def _fit_kind(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.kind in capacity.kinds:
        return lut, ""
    if lut.kind == "index":
        raise LutError(
            "its colors have no codes and no values; give them codes with --first-code N, or values with --value-range LOW,HIGH"
        )
    if lut.kind == "intervals":
        return _fit_intervals(lut, capacity)
    if lut.kind == "ramp":
        return _fit_ramp(lut, capacity)
    if "index" not in capacity.kinds:
        raise LutError("it holds no classes")
    return (
        _list_by_code(lut, capacity) if capacity.by_code else _list_in_order(lut, "the codes; only their order is kept")
    )


def _fit_intervals(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if "ramp" in capacity.kinds:
        return _step_ramp(
            lut
        ), "the side on which intervals are closed, because they become a ramp that jumps at their edges"
    if "classes" in capacity.kinds or capacity.by_code:
        loss = f"the edges of the intervals, which become the codes 1 to {len(lut)}"
        numbered = _strip(lut, kind="classes", keys=tuple(range(1, len(lut) + 1)), names=lut.names)
        if "classes" in capacity.kinds:
            return numbered, loss
        return _list_by_code(numbered, capacity)[0], loss
    return _list_in_order(lut, "the edges of the intervals; only their order is kept")


def _fit_ramp(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if "index" not in capacity.kinds:
        raise LutError("it holds class codes and no ramp; take a color for each of K classes with --classes K")
    loss = f"the stops, of which {_SAMPLES} colors at equal steps are taken"
    return _strip(lut, kind="index", colors=lut.sample(_SAMPLES)), loss


def _step_ramp(lut: Lut) -> Lut:
    """Turn intervals into a ramp with a jump at each inner edge; the outer ones reach as far as the ramp does."""
    jumps = [(edge, i) for edge, i in zip(lut.keys[1:-1], range(len(lut) - 1), strict=True)]
    low, high = lut.keys[0], lut.keys[-1]
    stops = [
        *([(low, 0)] if low > -math.inf else []),
        *[(edge, i + side) for edge, i in jumps for side in (0, 1)],
        *([(high, len(lut) - 1)] if high < math.inf else []),
    ] or [(0, 0)]
    return _strip(
        lut,
        kind="ramp",
        keys=tuple(key for key, _ in stops),
        colors=tuple(lut.colors[i] for _, i in stops),
        names=tuple(lut.names[i] for _, i in stops),
        below=lut.below,
        above=lut.above,
    )


def _list_in_order(lut: Lut, loss: str) -> tuple[Lut, str]:
    return _strip(lut, kind="index", names=lut.names), loss


def _list_by_code(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    """Put each color at the place of its code."""
    largest = capacity.largest or 0
    wrong = [key for key in lut.keys if not (isinstance(key, int) and 0 <= key <= largest)]
    if wrong:
        raise LutError(f"it holds codes from 0 to {largest}, and not {format_key(wrong[0])}")
    filled = _fill(lut)
    loss = (
        "which positions are codes" if len(filled) == len(lut) else "which positions are codes: those between are black"
    )
    return _strip(filled, kind="index", names=filled.names), loss


def _fill(lut: Lut) -> Lut:
    """Give every code from 0 to the largest a color: black where it has none."""
    entries = {key: (color, name) for key, color, name in zip(lut.keys, lut.colors, lut.names, strict=True)}
    keys = range(int(lut.keys[-1]) + 1)
    rows = [entries.get(key, (_BLACK, "")) for key in keys]
    return replace(
        lut, keys=tuple(keys), colors=tuple(color for color, _ in rows), names=tuple(name for _, name in rows)
    )


def _strip(lut: Lut, **parts: Any) -> Lut:
    """Return a table of another kind, without what was said of the keys of the old one."""
    return Lut(**{"name": lut.name, "colors": lut.colors, "nodata": lut.nodata} | parts)


def _fit_percent(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.percent and not capacity.percent:
        raise LutError("its stops are percentages, and must be values; say of which range with --value-range LOW,HIGH")
    return lut, ""


def _fit_names(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    named = sum(map(bool, lut.names))
    if not capacity.names:
        return replace(lut, names=()), _count(named, "name")
    bare = tuple(clean_name("".join(" " if c in capacity.bare else c for c in name)) for name in lut.names)
    if bare != lut.names:
        return replace(lut, names=bare), f"{' '.join(capacity.bare)} in names, which become spaces"
    return lut, ""


def _fit_key_names(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if capacity.keeps_key_names:
        return lut, ""
    keys = lut.keys[1:] if lut.kind == "intervals" else lut.keys
    names = tuple("" if name == format_key(key) else name for name, key in zip(lut.names, keys, strict=True))
    changed = sum(a != b for a, b in zip(names, lut.names, strict=True))
    more = "that only repeats the number it is for" if changed == 1 else "that only repeat the numbers they are for"
    return replace(lut, names=names), _count(changed, "name", more)


def _fit_alpha(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    clear = [color for color in lut.colors if color[3] < 255]
    if capacity.alpha == "any" or not clear or (capacity.alpha == "one" and [c[3] for c in clear] == [0]):
        return lut, ""
    return (
        replace(lut, colors=tuple(map(_fill_in, lut.colors))),
        f"the transparency of {_count(len(clear), 'color')}",
    )


def _fit_nodata(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.nodata == TRANSPARENT:
        return lut, ""
    if not capacity.nodata or (capacity.alpha == "none" and lut.nodata[3] == 0):
        return replace(lut, nodata=TRANSPARENT), "the color of nodata"
    if capacity.alpha == "none" and lut.nodata[3] < 255:
        return replace(lut, nodata=_fill_in(lut.nodata)), "the transparency of nodata"
    return lut, ""


def _fit_outside(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    outside = lut.below, lut.above
    if outside == (None, None):
        return lut, ""
    same = lut.below == lut.above
    held = {
        "none": False,
        "one": same,
        "two": True,
        "nodata": same and lut.below == lut.nodata and lut.kind == "ramp",
    }[capacity.outside]
    clear = [color for color in outside if color is not None and color[3] < 255]
    if not held or (capacity.alpha != "any" and any(color[3] == 0 for color in clear)):
        return replace(lut, below=None, above=None), "the colors of values below the first key and above the last"
    if capacity.alpha != "any" and clear:
        below, above = (color if color is None else _fill_in(color) for color in outside)
        return replace(
            lut, below=below, above=above
        ), "the transparency of values below the first key and above the last"
    return lut, ""


def _fill_in(color: RGBA) -> RGBA:
    return opaque(*color[:3])


def _fit_closed(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.kind != "intervals" or capacity.closed == "both" or capacity.closed == lut.closed:
        return lut, ""
    side = "above" if capacity.closed == "left" else "below"
    return replace(lut, closed=capacity.closed), f"where an edge belongs: a value on it goes to the interval {side}"


def _fit_ends(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.kind != "intervals" or capacity.ends == "any":
        return lut, ""
    if capacity.ends == "finite":
        return _close_ends(lut)
    ends = [(-math.inf, lut.keys[0]), (math.inf, lut.keys[-1])][: 2 if capacity.ends == "open" else 1]
    if all(wanted == end for wanted, end in ends):
        return lut, ""
    keys = (-math.inf, *lut.keys[1:-1], math.inf if capacity.ends == "open" else lut.keys[-1])
    return replace(lut, keys=keys), "the outer edges: values beyond them get the outer colors"


def _close_ends(lut: Lut) -> tuple[Lut, str]:
    """Make the color of an interval with an open end that of the values below the first edge, or above the last."""
    first, last = int(lut.keys[0] == -math.inf), len(lut) - (lut.keys[-1] == math.inf)
    if (first, last) == (0, len(lut)):
        return lut, ""
    if first >= last:
        raise LutError("it holds no intervals with open ends, and this table has no others")
    return (
        replace(
            lut,
            keys=lut.keys[first : last + 1],
            colors=lut.colors[first:last],
            names=lut.names[first:last],
            below=lut.colors[0] if first else lut.below,
            above=lut.colors[-1] if last < len(lut) else lut.above,
        ),
        "the intervals with open ends, which become the colors below the first edge and above the last, without names",
    )


def _fit_codes(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    if lut.kind != "classes" or capacity.codes == "any":
        return lut, ""
    wrong = [key for key in lut.keys if not (isinstance(key, int) and key >= 0)]
    wrong += [key for key in lut.keys if capacity.largest is not None and key > capacity.largest]
    if wrong:
        upto = f"from 0 to {capacity.largest}" if capacity.largest is not None else "from 0"
        raise LutError(f"its codes are whole numbers {upto}, and not {format_key(wrong[0])}")
    if capacity.codes == "whole" or len(lut) == lut.keys[-1] + 1:
        return lut, ""
    return _fill(
        lut
    ), f"gaps between codes: {_count(int(lut.keys[-1]) + 1 - len(lut), 'code')} without a color become black"


def _fit_length(lut: Lut, capacity: Capacity) -> tuple[Lut, str]:
    most = capacity.fixed or capacity.entries
    if most is not None and len(lut) > most:
        raise LutError(f"it holds {most} colors at most, and this table has {len(lut)}")
    if lut.kind != "index" or capacity.fixed is None or len(lut) == capacity.fixed:
        return lut, ""
    missing = capacity.fixed - len(lut)
    padded = replace(lut, keys=(), colors=lut.colors + (_BLACK,) * missing, names=lut.names + ("",) * missing)
    return padded, f"how many colors there are: black is added up to {capacity.fixed}"


def _count(number: int, what: str, more: str = "") -> str:
    """Say how many things are lost; an empty text where none is."""
    return f"{number} {what}{'s' if number > 1 else ''}{f' {more}' if more else ''}" if number else ""


_STEPS: tuple[Step, ...] = (
    _fit_kind,
    _fit_percent,
    _fit_names,
    _fit_ends,
    _fit_codes,
    _fit_length,
    _fit_key_names,
    _fit_alpha,
    _fit_nodata,
    _fit_outside,
    _fit_closed,
)
