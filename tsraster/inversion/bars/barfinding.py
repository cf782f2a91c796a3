"""Find the color bar in a picture: a long thin box whose colors vary along it and not across it, on a plain ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.inversion.bars.barrating import rate_bar, rate_line
from tsraster.inversion.bars.colorbars import Axis, Box, read_bar

CONVINCING = 0.6
"""The score from which a candidate is taken for a color bar; bars of plotting programs reach 0.7 and more."""

_SHARP = 20
"""Neighbors that differ by more levels in one band are a border."""

_LEAST_LENGTH = 32
"""Pixels; shorter bars are not looked for."""

_LEAST_RATIO = 3.0
"""Of length to width."""

_GAP = 7
"""So many pixels a border may miss, where ticks meet it or the bar has the color of the ground."""

_MOST_BORDERS = 500
"""The longest are paired; bars have the longest borders of a figure but for its axes."""

_MOST_READ = 50

_ROOM = 2
"""Pixels that are taken along around a pair of borders, so that a frame is seen."""

Runs = NDArray[np.int64]
"""Borders along a column, shape (N, 3): behind which column, first row, the row behind the last."""


@dataclass(frozen=True, kw_only=True)
class FoundBar:
    """A box that may hold a color bar.

    Parameters
    ----------
    box : tuple of int
        Left, top, right, bottom in pixels, half open; with the frame of the bar, as `read_bar` takes it.
    bar : tuple of int
        Of that its colors alone.
    axis : x or y
        Along which axis of the picture the colors vary.
    score : float
        0 to 1; from `CONVINCING` on it is taken for a bar.
    """

    box: Box
    bar: Box
    axis: Axis
    score: float
    is_pointed: bool = False
    """Whether it has an end for values beyond it."""


def find_bars(pixels: NDArray[np.uint8]) -> tuple[FoundBar, ...]:
    """Find the color bar of a picture.

    A bar is a long thin box with abrupt borders. Its colors vary along it, smoothly or in steps and without coming back,
    and are constant across; beside it lies a plain ground, or something that is not like it.

    Parameters
    ----------
    pixels : array of uint8, shape (band, row, col)
        Red, green, blue; of at most about 2000 x 2000 pixels, for the sake of time.

    Returns
    -------
    tuple of FoundBar
        The bar, then the next candidates.

    Raises
    ------
    DataError
        Nothing in the picture is convincing.

    Examples
    --------
    >>> picture = np.full((3, 120, 200), 255, np.uint8)
    >>> picture[:, 9:111, 149:161] = 0
    >>> picture[:, 10:110, 150:160] = np.arange(250, 50, -2)[:, None]
    >>> found = find_bars(picture)[0]
    >>> found.box, found.axis, found.score > 0.8
    ((147, 7, 163, 113), 'y', True)
    """
    colors = np.ascontiguousarray(np.moveaxis(pixels[:3], 0, -1))
    upright, lying = (_find_along_columns(way) for way in (colors, colors.transpose(1, 0, 2)))
    turned = [replace(found, box=_turn(found.box), bar=_turn(found.bar), axis="x") for found in lying]
    ordered = _drop_doubles([*upright, *turned])
    if not ordered or ordered[0].score < CONVINCING:
        raise DataError(
            "no color bar is found in the picture; say where it is by --colorbar left,top,right,bottom in pixels"
        )
    return tuple(ordered)


def _turn(box: Box) -> Box:
    left, top, right, bottom = box
    return top, left, bottom, right


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _drop_doubles(found: list[FoundBar]) -> list[FoundBar]:
    """Return bars by falling score; of those that share most of a box the one of most colors that is nearly as good."""
    kept: list[FoundBar] = []
    left = sorted(found, key=lambda bar: -bar.score)
    while left:
        same = [bar for bar in left if _share(bar.bar, left[0].bar) >= 0.5]
        kept.append(max((bar for bar in same if bar.score >= 0.9 * left[0].score), key=lambda bar: _area(bar.bar)))
        left = [bar for bar in left if bar not in same]
    return sorted(kept, key=lambda bar: -bar.score)


def _share(first: Box, second: Box) -> float:
    """Return which share of the smaller box both have in common."""
    return _area(_intersect(first, second)) / min(_area(first), _area(second))


def _intersect(first: Box, second: Box) -> Box:
    left, top = max(first[0], second[0]), max(first[1], second[1])
    return left, top, max(left, min(first[2], second[2])), max(top, min(first[3], second[3]))


def _find_along_columns(colors: NDArray[np.uint8]) -> list[FoundBar]:
    """Score the upright bars of a picture, shape (row, col, 3)."""
    if min(colors.shape[:2]) < 8:
        return []
    sharp = _find_sharp(colors)
    sums = np.pad(sharp, ((1, 0), (1, 0))).cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    pairs = _pair_borders(_find_borders(sharp), sums)
    return [found for box in _choose_boxes(pairs, colors) if (found := _score_box(colors, box)) is not None]


def _find_sharp(colors: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return behind which pixels, shape (row, col - 1), a border stands."""
    right, left = colors[:, 1:], colors[:, :-1]
    return np.asarray((np.maximum(right, left) - np.minimum(right, left)).max(axis=-1) > _SHARP)


def _find_borders(sharp: NDArray[np.bool_]) -> Runs:
    """Return the borders that run along columns far enough."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    columns = np.ascontiguousarray(sharp.T).view(np.uint8)
    closed = minimum_filter1d(maximum_filter1d(columns, _GAP, axis=1), _GAP, axis=1)
    turns = np.diff(np.pad(closed.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    column, first = np.nonzero(turns == 1)
    last = np.nonzero(turns == -1)[1]
    runs = np.stack([column, first, last], axis=1)
    return np.asarray(runs[last - first >= _LEAST_LENGTH])


def _pair_borders(runs: Runs, sums: NDArray[np.int32]) -> list[tuple[int, int, int, int]]:
    """Return pairs of borders with nothing between them: left column, top, right column, bottom."""
    is_left, is_right = (_share_of(sums, runs, offset) < 0.15 for offset in (3, -4))
    lefts, rights = (_keep_longest(runs[chosen]) for chosen in (is_left, is_right))
    found = []
    for column, first, last in lefts:
        tops, bottoms = np.maximum(rights[:, 1], first), np.minimum(rights[:, 2], last)
        lengths, widths = bottoms - tops, rights[:, 0] - column
        longest = np.maximum(rights[:, 2] - rights[:, 1], last - first)
        fits = (
            (lengths >= np.maximum(0.7 * longest, _LEAST_LENGTH)) & (widths >= 4) & (widths * _LEAST_RATIO <= lengths)
        )
        for right, top, bottom in zip(rights[fits, 0], tops[fits], bottoms[fits], strict=True):
            inset = min(3, (right - column - 1) // 3)
            if _count(sums, column + 1 + inset, right - inset, top, bottom) < 0.1 * (bottom - top) * (right - column):
                found.append((int(column), int(top), int(right), int(bottom)))
    return found


def _keep_longest(runs: Runs) -> Runs:
    return runs[np.argsort(runs[:, 1] - runs[:, 2], kind="stable")[:_MOST_BORDERS]]


def _count(sums: NDArray[np.int32], left: Any, right: Any, top: Any, bottom: Any) -> Any:
    """Count the borders in boxes."""
    return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]


def _share_of(sums: NDArray[np.int32], runs: Runs, offset: int) -> NDArray[np.float64]:
    """Return which share of two columns beside each border is border too."""
    last = sums.shape[1] - 1
    left, right = np.clip(runs[:, 0] + offset, 0, last), np.clip(runs[:, 0] + offset + 2, 0, last)
    return np.asarray(_count(sums, left, right, runs[:, 1], runs[:, 2]) / (2 * (runs[:, 2] - runs[:, 1])))


def _choose_boxes(pairs: list[tuple[int, int, int, int]], colors: NDArray[np.uint8]) -> Iterator[Box]:
    """Return boxes around pairs of borders, the best by a line of their colors, at most as many as there is time for."""
    rated = [(rate_line(_sample(colors, pair)) * (pair[3] - pair[1]), pair) for pair in pairs]
    rows, cols = colors.shape[:2]
    for rate, (left, top, right, bottom) in sorted(rated, reverse=True)[:_MOST_READ]:
        if rate > 0.2 * (bottom - top):
            yield max(left + 1 - _ROOM, 0), max(top - _ROOM, 0), min(right + 1 + _ROOM, cols), min(bottom + _ROOM, rows)


def _sample(colors: NDArray[np.uint8], pair: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return some of the colors along the middle of a pair of borders."""
    left, top, right, bottom = pair
    middle = (left + right) // 2
    rows = np.linspace(top + 2, bottom - 3, 48).round().astype(np.int64)
    return np.asarray(np.median(colors[rows, middle : middle + 3], axis=1), np.float32)


def _score_box(colors: NDArray[np.uint8], box: Box) -> FoundBar | None:
    """Rate a box, and a larger one where the bar has pointed ends or fades into the ground."""
    near = _rate_box(colors, box)
    if near is None or near.score < CONVINCING / 2:
        return near
    far = _rate_box(colors, _enlarge(box, colors.shape))
    if far is None or far.score < 0.9 * near.score or 2 * _area(far.bar) < _area(near.bar):
        return near
    return far if far.is_pointed or (near.score < 0.8 and _area(far.bar) > _area(near.bar)) else near


def _enlarge(box: Box, shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = box
    room = (bottom - top) // 8
    return max(left - 3, 0), max(top - room, 0), min(right + 3, shape[1]), min(bottom + room, shape[0])


def _rate_box(colors: NDArray[np.uint8], box: Box) -> FoundBar | None:
    left, top, right, bottom = box
    try:
        bar = read_bar(np.moveaxis(colors[top:bottom, left:right], -1, 0), left, top)
    except DataError:
        return None
    if bar.axis != "y" or bar.length < _LEAST_RATIO * (bar.box[2] - bar.box[0]):
        return None
    return FoundBar(box=box, bar=bar.box, axis="y", score=rate_bar(bar, colors), is_pointed=any(bar.pointed))
