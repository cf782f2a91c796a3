"""Bind a color table to the codes of some classes: spread a ramp over them, or look each one up; stretch it over a range."""

import sys
from collections.abc import Sequence
from dataclasses import replace

from tsraster.errors import LutError
from tsraster.lut import RGBA, Lut

_SHOWN = 12
"""How many missing codes an error lists."""


def spread_ramp(ramp: Lut, classes: int) -> tuple[RGBA, ...]:
    """Take one color for each class from a ramp, at equal steps from its first to its last stop.

    Channels are interpolated linearly between stops and rounded to the nearest whole number. A single class gets the
    color in the middle.

    Parameters
    ----------
    ramp : Lut
        Of kind "ramp".
    classes : int
        K, at least 1.

    Returns
    -------
    tuple of (red, green, blue, alpha), shape (K,)

    Examples
    --------
    >>> gray = Lut(name="gray", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))
    >>> [color[0] for color in spread_ramp(gray, 4)]
    [0, 85, 170, 255]
    """
    return ramp.sample(classes)


def bind_lut(lut: Lut, codes: Sequence[int]) -> Lut:
    """Return the color table of just these codes.

    A ramp is spread over them in the order given; of intervals, the first goes to the first code, and so on. A table of
    classes must hold every code. The name of a class goes with the color.

    Parameters
    ----------
    lut : Lut
        A ramp, intervals, or a table of classes.
    codes : sequence of int, shape (K,)
        Class codes, without 0.

    Returns
    -------
    Lut
        Of kind "classes", with K keys.

    Raises
    ------
    LutError
        Codes are missing from a table of classes, and the text lists them; there are not as many intervals as codes; or the
        colors have only positions.
    """
    if lut.kind == "index":
        raise LutError(
            f"the colors of {lut.name} have no codes; give them some first: tsraster lut convert TABLE NEW.csv --first-code 1 "
            "for classes, or --value-range 0,1 for a ramp"
        )
    colors: dict[float, RGBA]
    names: dict[float, str]
    if lut.kind == "ramp":
        colors = dict(zip(codes, spread_ramp(lut, len(codes)), strict=True)) if codes else {}
        names = dict.fromkeys(codes, "")
    elif lut.kind == "intervals":
        _check_same_number(lut, codes)
        colors = dict(zip(codes, lut.colors, strict=True))
        names = dict(zip(codes, lut.names, strict=True))
    else:
        _check_covered(lut, codes)
        colors = dict(zip(lut.keys, lut.colors, strict=True))
        names = dict(zip(lut.keys, lut.names, strict=True))
    keys, nodata = tuple(sorted(codes)), _color_of_no_class(lut)
    return Lut(
        name=lut.name,
        kind="classes",
        keys=keys or (0,),
        colors=tuple(colors[key] for key in keys) or (nodata,),
        names=tuple(names[key] for key in keys) or ("",),
        nodata=nodata,
    )


def number_colors(lut: Lut, first: int) -> Lut:
    """Give the colors of a table of positions codes, one after the other.

    Parameters
    ----------
    lut : Lut
        Of kind "index".
    first : int
        The code of the first color.

    Raises
    ------
    LutError
        The colors have codes or values already.

    Examples
    --------
    >>> number_colors(Lut(name="two", kind="index", colors=((0, 0, 0, 255), (255, 255, 255, 255))), 1).keys
    (1, 2)
    """
    if lut.kind != "index":
        raise LutError(
            f"the colors of {lut.name} have {_KEYS[lut.kind]} already; only colors that have none can be given codes"
        )
    return replace(lut, kind="classes", keys=tuple(range(first, first + len(lut))))


def stretch_lut(lut: Lut, low: float, high: float) -> Lut:
    """Lay the stops of a ramp, or colors that have only positions, over a range of values.

    Parameters
    ----------
    lut : Lut
        Of kind "ramp" or "index". Percentages are those of the range; other stops keep their proportions.
    low, high : float
        The values of 0 and 100 percent, or of the first and the last color.

    Raises
    ------
    LutError
        It is a table of classes or intervals; or the range is empty or not finite.

    Examples
    --------
    >>> gray = Lut(name="gray", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))
    >>> stretch_lut(gray, 270, 310).keys
    (270, 310)
    """
    if lut.kind not in ("ramp", "index"):
        raise LutError(f"the colors of {lut.name} have {_KEYS[lut.kind]}; only a ramp can be laid over a range")
    if any(isinstance(end, int) and abs(end) > sys.float_info.max for end in (low, high)):
        raise LutError("the range holds a number that is too large; the largest is 1.79e308")
    if not -sys.float_info.max <= low < high <= sys.float_info.max:
        raise LutError(f"{low}, {high} is no range; give a smaller and a larger number")
    first, last = (0.0, 100.0) if lut.percent else (lut.keys[0], lut.keys[-1])
    span = (last - first) or 1.0
    shares = [(key - first) / span for key in lut.keys]
    # The ends are exact, whatever rounding does between.
    keys = [low if share == 0 else high if share == 1 else low * (1 - share) + high * share for share in shares]
    try:
        return replace(lut, kind="ramp", keys=tuple(keys), percent=False)
    except LutError:
        raise LutError(f"the range {low}, {high} is too narrow for {len(lut)} stops; give a wider one") from None


_KEYS = {"classes": "codes", "intervals": "intervals", "ramp": "values"}


def _color_of_no_class(lut: Lut) -> RGBA:
    is_listed = lut.kind == "classes" and 0 in lut.keys
    return lut.colors[lut.keys.index(0)] if is_listed else lut.nodata


def _check_same_number(lut: Lut, codes: Sequence[int]) -> None:
    if len(lut) != len(codes):
        raise LutError(
            f"the color table {lut.name} has {len(lut)} intervals for {len(codes)} classes; give as many, or use a ramp, "
            "which spreads over any number of classes"
        )


def _check_covered(lut: Lut, codes: Sequence[int]) -> None:
    missing = sorted(set(codes) - set(lut.keys))
    if missing:
        shown = ", ".join(str(code) for code in missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        few = "code" if len(missing) == 1 else "codes"
        raise LutError(
            f"the color table {lut.name} has no color for the {few} {shown} ({len(missing)} of {len(codes)}); "
            "add them, or use a ramp, which spreads over any number of classes"
        )
