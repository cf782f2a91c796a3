"""Make a `ColorScale` of a color table, and put more colors between those of a scale."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import LutError, UsageError
from tsraster.inversion.colorscale import ColorScale
from tsraster.lut import Lut

_MOST_SAMPLES = 2048
"""So many colors describe a colormap; the longest ones, which go around the cube of colors, are then less than 1 step apart."""
_STEP = 0.5
"""In RGB: closer than this, two colors are hardly two."""

_DENSE = 64
"""A table of so many colors at equal distances is a list that programs draw in steps, and not one of stops."""

_JUMP = 1e-9
"""Values closer than this share of the range are one."""

Floats = NDArray[np.float64]


def scale_from_lut(
    lut: Lut,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    log: bool = False,
    twins: NDArray[np.uint8] | None = None,
) -> ColorScale:
    """Return which value each color of a color table stands for.

    Parameters
    ----------
    lut : Lut
        A ramp or an index is continuous: colors lie between its stops, too. Those of classes and intervals stand for themselves:
        for the code, and for the middle of the interval; an open one is taken to be as wide as the one beside it.
    vmin, vmax : float, optional
        The values of the first and the last color of a ramp or an index. `vmin` may be the larger one. By default those of
        the table, and 0 and 1 where it has none.
    log : bool
        Whether values lie along the ramp by their logarithm.
    twins : array of uint8, shape (N, 3), optional
        The colors of a ramp as another program draws them, see `ColorScale`.

    Returns
    -------
    ColorScale

    Raises
    ------
    UsageError
        Only one of `vmin` and `vmax` is given, they are equal or not finite, or not above 0 with `log`; or any of them is
        given for classes or intervals.
    LutError
        The table has less than two colors that can be seen.
    DataError
        All its colors are the same.

    Notes
    -----
    A ramp of 64 colors or more at equal distances, as colormaps by name are, is drawn in steps by matplotlib and others: each
    color stands for the middle of its step, (i + 1/2) / N of the range. Stops of others stand for themselves, i / (N - 1).

    Examples
    --------
    >>> gray = Lut(name="gray", kind="ramp", keys=(0, 10), colors=((0, 0, 0, 255), (250, 250, 250, 255)))
    >>> scale = scale_from_lut(gray, vmin=270, vmax=310)
    >>> scale.values[[0, -1]], scale.recolor(290)
    (array([270., 310.]), array([125., 125., 125.]))
    """
    seen = [i for i, color in enumerate(lut.colors) if color[3]]
    if len(seen) < 2:
        raise LutError(
            f"the color table {lut.name} has {len(seen)} colors that can be seen; a scale needs two at least"
        )
    colors = lut.array[seen, :3].astype(np.float64)
    if lut.kind in ("classes", "intervals"):
        if log or vmin is not None or vmax is not None:
            raise UsageError(
                f"{lut.name} is a table of {lut.kind}, which have values of their own; leave out --vmin, --vmax and --scale log"
            )
        keys = _list_values(lut)[seen]
        order = np.argsort(keys)
        return ColorScale(name=lut.name, colors=colors[order], values=keys[order], is_stepped=True)
    low, high = choose_range(vmin, vmax, log=log) or _find_range(lut)
    place = _place_colors(lut)[seen]
    values = low * (high / low) ** place if log else low + (high - low) * place
    return densify(
        ColorScale(
            name=lut.name,
            colors=colors,
            values=_part_ties(values, rising=high > low),
            log=log,
            twins=None if twins is None else twins[seen].astype(np.float64),
        )
    )


def choose_range(vmin: float | None, vmax: float | None, *, log: bool) -> tuple[float, float] | None:
    """Return the range that the user gives, or None where there is none.

    Raises
    ------
    UsageError
        It is no range.
    """
    if vmin is None and vmax is None:
        if log:
            raise UsageError("--scale log needs the values at both ends; give --vmin and --vmax, above 0")
        return None
    if vmin is None or vmax is None:
        raise UsageError("--vmin and --vmax belong together; give both")
    if not (math.isfinite(vmin) and math.isfinite(vmax)) or vmin == vmax:
        raise UsageError(f"--vmin {vmin:g} and --vmax {vmax:g} are no range; give two different numbers")
    if log and min(vmin, vmax) <= 0:
        raise UsageError(f"--scale log needs values above 0; --vmin {vmin:g} and --vmax {vmax:g} are not")
    return vmin, vmax


def densify(scale: ColorScale) -> ColorScale:
    """Return a continuous scale with more colors between those that are far apart; a stepped one stays as it is.

    Examples
    --------
    >>> gray = ColorScale(name="gray", colors=np.array([[0] * 3, [60] * 3]), values=np.array([0, 1]))
    >>> len(densify(gray).values)
    209
    """
    if scale.is_stepped:
        return scale
    lengths = np.linalg.norm(np.diff(scale.colors, axis=0), axis=1)
    step = max(_STEP, float(lengths.sum()) / _MOST_SAMPLES)
    parts = np.maximum(1, np.ceil(lengths / step))
    # Where the color jumps there is nothing between.
    parts[np.abs(np.diff(scale.values)) < _JUMP * scale.span] = 1
    # Whole numbers are the colors themselves, which so are kept exactly.
    at = np.concatenate([*(i + np.arange(count) / count for i, count in enumerate(parts)), [len(lengths)]])
    places = np.arange(len(lengths) + 1)
    along = np.interp(at, places, np.log(scale.values) if scale.log else scale.values)
    return replace(
        scale,
        colors=_interpolate(at, scale.colors),
        values=np.exp(along) if scale.log else along,
        twins=None if scale.twins is None else _interpolate(at, scale.twins),
    )


def _interpolate(at: Floats, colors: Floats) -> Floats:
    return np.stack([np.interp(at, np.arange(len(colors)), channel) for channel in colors.T], axis=-1)


def _part_ties(values: Floats, *, rising: bool) -> Floats:
    """Move the second of two equal values to the next number, so that both colors of a jump have a value."""
    ties = np.flatnonzero(np.diff(values) == 0) + 1
    values[ties] = np.nextafter(values[ties], np.inf if rising else -np.inf)
    return values


def _place_colors(lut: Lut) -> Floats:
    """Return where the colors of a ramp lie between its ends, 0 to 1."""
    number = len(lut)
    keys = np.array(list(map(float, lut.keys)))
    gaps = np.diff(keys)
    is_list = (lut.kind == "index" or lut.percent) and number >= _DENSE and np.allclose(gaps, gaps[0])
    if is_list:
        return np.asarray((np.arange(number) + 0.5) / number)
    low, high = (0.0, 100.0) if lut.percent else (keys[0], keys[-1])
    return np.asarray((keys - low) / (high - low))


def _find_range(lut: Lut) -> tuple[float, float]:
    if lut.kind == "index" or lut.percent:
        return 0.0, 1.0
    return float(lut.keys[0]), float(lut.keys[-1])


def _list_values(lut: Lut) -> Floats:
    """Return the value of each class or interval."""
    keys = np.array(list(map(float, lut.keys)))
    if lut.kind == "classes":
        return keys
    # An open interval is taken to be as wide as the one beside it.
    inner = np.diff(keys[np.isfinite(keys)])
    if np.isinf(keys[0]):
        keys[0] = keys[1] - (inner[0] if len(inner) else 1)
    if np.isinf(keys[-1]):
        keys[-1] = keys[-2] + (inner[-1] if len(inner) else 1)
    return np.asarray((keys[:-1] + keys[1:]) / 2)
