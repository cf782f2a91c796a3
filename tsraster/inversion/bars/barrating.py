"""How much what was read as a color bar is like one, 0 to 1: by its size, its colors, and what lies around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.bars.barprofile import ALIKE, distance, spread_of
from tsraster.inversion.bars.colorbars import ColorBar


def rate_bar(bar: ColorBar, colors: NDArray[np.uint8]) -> float:
    """Rate an upright bar of a picture.

    Parameters
    ----------
    bar : ColorBar
        Along y.
    colors : array of uint8, shape (row, col, 3)
        The picture.

    Returns
    -------
    float
        0 to 1: the product of what speaks for it.
    """
    parts = (_rate_size(bar, colors.shape), _rate_colors(bar), _rate_sides(bar, colors), _rate_ends(bar, colors))
    return float(np.prod(parts))


def _rate_size(bar: ColorBar, shape: tuple[int, ...]) -> float:
    """Rate how long the bar is for its width and for the picture, and how much of it nothing crosses."""
    ratio = bar.length / (bar.box[2] - bar.box[0])
    clear = 1 - bar.disturbed / (bar.box[3] - bar.box[1])
    return float(np.clip(ratio / 6, 0, 1) * (0.3 + 0.7 * min(3 * bar.length / min(shape[:2]), 1)) * clear)


def _rate_colors(bar: ColorBar) -> float:
    count = len(bar.colors) if bar.is_stepped else min(len(bar.colors), 64)
    return rate_line(
        bar.colors[np.linspace(0, len(bar.colors) - 1, count).round().astype(int)], even=not bar.is_stepped
    )


def rate_line(colors: NDArray[Any], *, even: bool = False) -> float:
    """Rate whether colors go far and do not come back, and evenly if asked; that a circle of hues closes is no return."""
    count = len(colors)
    apart = distance(colors[:, np.newaxis], colors[np.newaxis])
    spread = max(spread_of(colors), float(apart.max()) / 2)
    if count < 4 or not spread:
        return 0.5 * min(spread / 60, 1)
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    far = np.minimum(lag, count - lag) >= max(count // 4, 2)
    returning = float(np.clip(np.median(np.where(far, apart, np.inf).min(axis=1)) / spread / 0.2, 0, 1))
    steps = np.diagonal(apart, 1)
    leaps = float(steps[steps > 6 * steps.mean()].sum() / steps.sum())
    return min(spread / 60, 1) * returning**2 * (float(np.clip(1.4 - 2 * leaps, 0, 1)) if even else 1.0)


def _rate_sides(bar: ColorBar, colors: NDArray[np.uint8]) -> float:
    """Rate what lies beside: plain ground on both sides is best; what is like the bar is the plot it was cut from."""
    left, top, right, bottom = bar.box
    own = np.median(colors[top:bottom, left:right], axis=1)
    rate = 1.0
    for first, last in ((left - 7, left - 4), (right + 4, right + 7)):
        if first < 0 or last > colors.shape[1]:
            rate *= 0.8
            continue
        side = np.median(colors[top:bottom, first:last], axis=1)
        if (distance(side, np.median(side, axis=0)) <= ALIKE).mean() < 0.75:
            rate *= 0.1 if _is_cut_from(side, own) else 0.7
    return rate


def _is_cut_from(side: NDArray[np.float64], own: NDArray[np.float64]) -> bool:
    """Whether colors beside go along with those of the bar, or change where they do, as cells of a grid."""
    changes = [distance(colors[2:], colors[:-2])[:, np.newaxis] for colors in (side, own)]
    return _correlate(side, own) > 0.6 or _correlate(changes[0], changes[1]) > 0.5


def _correlate(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return how much lines, shape (position, band), go along with each other, -1 to 1."""
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    return float((first * second).sum() / max(np.sqrt((first**2).sum() * (second**2).sum()), 1e-9))


def _rate_ends(bar: ColorBar, colors: NDArray[np.uint8]) -> float:
    """Rate whether the bar ends abruptly at both ends; a gradient that goes on behind something does not."""
    left, top, right, bottom = bar.box
    inside = colors[:, left:right]
    ends = (inside[max(top - 8, 0) : top][::-1], inside[top], inside[bottom : bottom + 8], inside[bottom - 1])
    borders = [
        len(outer) > 1 and bool((distance(np.median(outer, axis=1), np.median(inner, axis=0)) > 2 * ALIKE).any())
        for outer, inner in (ends[:2], ends[2:])
    ]
    abrupt = [border or pointed for border, pointed in zip(borders, bar.pointed, strict=True)]
    return (0.0, 0.7, 1.0)[sum(abrupt)]
