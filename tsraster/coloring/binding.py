"""Bind a color table to the codes of some classes: spread a ramp over them, or look each one up."""

from collections.abc import Sequence

import numpy as np

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
    share = np.linspace(0, 1, classes) if classes > 1 else np.array([0.5])
    at = ramp.keys[0] + share * (ramp.keys[-1] - ramp.keys[0])
    channels = [np.interp(at, ramp.keys, channel) for channel in ramp.array.T]
    red, green, blue, alpha = (np.rint(channel).astype(int).tolist() for channel in channels)
    return tuple(zip(red, green, blue, alpha, strict=True))


def bind_lut(lut: Lut, codes: Sequence[int]) -> Lut:
    """Return the color table of just these codes.

    A ramp is spread over them in the order given. A table of classes must hold every code; its name of a
    class goes with the color.

    Parameters
    ----------
    lut : Lut
        A ramp or a table of classes.
    codes : sequence of int, shape (K,)
        Class codes, without 0.

    Returns
    -------
    Lut
        Of kind "classes", with K keys.

    Raises
    ------
    LutError
        Codes are missing from a table of classes; the text lists them.
    """
    if lut.kind == "ramp":
        colors = dict(zip(codes, spread_ramp(lut, len(codes)), strict=True)) if codes else {}
        names = dict.fromkeys(codes, "")
    else:
        _check_covered(lut, codes)
        colors = {int(key): color for key, color in zip(lut.keys, lut.colors, strict=True)}
        names = {int(key): name for key, name in zip(lut.keys, lut.names, strict=True)}
    keys, nodata = tuple(sorted(codes)), _color_of_no_class(lut)
    return Lut(
        name=lut.name,
        kind="classes",
        keys=keys or (0,),
        colors=tuple(colors[key] for key in keys) or (nodata,),
        names=tuple(names[key] for key in keys) or ("",),
        nodata=nodata,
    )


def _color_of_no_class(lut: Lut) -> RGBA:
    is_listed = lut.kind == "classes" and lut.keys[0] == 0
    return lut.colors[0] if is_listed else lut.nodata


def _check_covered(lut: Lut, codes: Sequence[int]) -> None:
    missing = sorted(set(codes) - set(lut.keys))
    if missing:
        shown = ", ".join(str(code) for code in missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        few = "code" if len(missing) == 1 else "codes"
        raise LutError(
            f"the color table {lut.name} has no color for the {few} {shown} ({len(missing)} of {len(codes)}); "
            "add them, or use a ramp, which spreads over any number of classes"
        )
