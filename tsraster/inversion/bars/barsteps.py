"""Steps of a color bar: runs of one color with sharp jumps between them, as the legend of classes has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.bars.barprofile import distance

_LEAST_STEP = 5.0
"""Two colors of a stepped bar differ by more than this; the 256 colors of a smooth one mostly by less."""

_MOST_STEPS = 128


def find_steps(colors: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return where a stepped bar jumps from color to color; None if it has no steps.

    Parameters
    ----------
    colors : array of float64, shape (position, 3)
        One pixel after the other along the bar.

    Returns
    -------
    array of float64 or None
        Places of the jumps, in pixels from the outer edge of the first one.

    Examples
    --------
    >>> find_steps(np.repeat([[0.0, 0, 0], [90, 90, 90], [200, 200, 200]], 10, axis=0))
    array([10., 20.])
    """
    for lag in (1, 3):
        jumps = _find_jumps(colors, lag)
        if jumps is not None and _are_steps(colors, jumps):
            return jumps
    return None


def _find_jumps(colors: NDArray[np.float64], lag: int) -> NDArray[np.float64] | None:
    """Return the middles of the stretches where colors move; None where they are no jumps but go on too long."""
    moved = distance(colors[lag:], colors[:-lag])
    limit = max(1.5, 0.25 * float(np.quantile(moved, 0.98)))
    starts, stops = _find_stretches(moved > limit, gap=1)
    if not len(starts):
        return None
    usual = float(np.median(np.diff((starts + stops) / 2, prepend=0, append=len(colors))))
    rest = 3.0
    if ((moved > 0) & (moved < limit)).mean() > 0.03:  # JPEG: a jump rings over its block of eight pixels
        rest = float(np.clip(0.4 * usual, 3, 8))  # and what it leaves of a frame at the ends is no step
        starts, stops = _find_stretches(moved > limit, gap=int(min(8, 0.3 * usual)))
    is_short = (stops - starts).max() <= max(lag + 4, usual / 2) and (stops - starts).sum() <= (0.5 + 0.1 * lag) * len(
        moved
    )
    places = np.arange(len(moved))
    middles = np.array(
        [np.average(places[i:j], weights=moved[i:j]) + (lag + 1) / 2 for i, j in zip(starts, stops, strict=True)]
    )
    middles = middles[(middles > rest) & (middles < len(colors) - rest)]
    return middles if is_short and len(middles) else None


def _find_stretches(moving: NDArray[np.bool_], gap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where stretches that move begin and end; those with at most `gap` positions between them are one."""
    borders = np.flatnonzero(np.diff(moving, prepend=False, append=False))
    starts, stops = borders[::2], borders[1::2]
    if not len(starts):
        return starts, stops
    apart = starts[1:] - stops[:-1] > gap
    return starts[np.append(True, apart)], stops[np.append(apart, True)]


def _split_inside(colors: NDArray[np.float64], jumps: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the colors of each step, without a quarter at either side of it."""
    borders = np.concatenate([[0], jumps, [len(colors)]])
    inset = (borders[1:] - borders[:-1]) / 4
    firsts, lasts = np.floor(borders[:-1] + inset).astype(int), np.ceil(borders[1:] - inset).astype(int)
    return [colors[first:last] for first, last in zip(firsts, lasts, strict=True)]


def color_steps(colors: NDArray[np.float64], jumps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the color of each step, shape (step, 3): the median of its middle half."""
    return np.array([np.median(inside, axis=0) for inside in _split_inside(colors, jumps)])


def _are_steps(colors: NDArray[np.float64], jumps: NDArray[np.float64]) -> bool:
    """Whether between jumps lie runs of one color, long enough and far enough apart."""
    if len(jumps) + 1 > _MOST_STEPS or np.diff(jumps, prepend=0, append=len(colors)).min() < 3:
        return False
    steps = color_steps(colors, jumps)
    heights = distance(steps[1:], steps[:-1])
    drifts = [float(distance(inside[-1], inside[0])) for inside in _split_inside(colors, jumps)]
    return bool(heights.min() > _LEAST_STEP and np.median(drifts) <= 0.2 * np.median(heights))
