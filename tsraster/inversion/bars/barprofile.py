"""Where the colors of a bar begin and end in a loose box, and what they are: frame, margin and pointed ends are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError

Floats = NDArray[np.floating[Any]]

ALIKE = 24.0
"""Distance in red, green and blue up to which pixels of one color may differ in a JPEG of quality 75."""

_TOLERANCES = (ALIKE, 2 * ALIKE)
"""A bar of a few lines needs the second: JPEG mixes its colors with those of its frame."""

BREAK = 18.0
"""The least distance between neighbors that may be a border."""

VARIED = 12.0
"""Lines whose colors spread less than this hold one color."""

FEWEST = 6
"""Pixels along a bar, below which it says too little."""

_FRAME = 8
"""Frames are no thicker than this, in pixels."""

_BLUR = 5
"""So many pixels JPEG and antialiasing may mix with a frame."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BarProfile:
    """The colors along a bar, as places in the strip they were read from."""

    across: tuple[int, int]
    """The first line of the bar, and the one behind its last."""
    along: tuple[int, int]
    """The first position of the bar, and the one behind its last."""
    edges: tuple[float, float]
    """Where the bar ends: the middle of its frame, or the outer edges of the last pixels where there is no frame."""
    pointed: tuple[bool, bool]
    """Whether a pointed end was left out at the start, and at the end."""
    colors: NDArray[np.float64]
    """Shape (position, 3)."""
    agreement: NDArray[np.float64]
    """Which share of the lines has that color, shape (position,)."""


def distance(first: Floats, second: Floats) -> Floats:
    """Return how far colors, shape (..., 3), lie apart, in levels of 0 to 255."""
    difference = np.subtract(first, second)
    return np.asarray(np.sqrt((difference * difference).sum(axis=-1)))


def spread_of(colors: Floats) -> float:
    """Return how far the colors of a line, shape (position, 3), vary, whatever a tenth at either side is."""
    ordered, tenth = np.sort(colors, axis=0), len(colors) // 10
    return float(distance(ordered[-1 - tenth], ordered[tenth]))


def trim_bar(strip: Floats) -> BarProfile:
    """Find the bar in a strip that holds it, and read its colors by their median across.

    Parameters
    ----------
    strip : array of float, shape (line, position, 3)
        Lines run along the bar.

    Raises
    ------
    DataError
        The strip is of one color, or its colors vary across as much as along, or too little of it remains.
    """
    for alike in _TOLERANCES[:-1]:
        try:
            return _trim_bar(strip, alike)
        except _VariedError:
            pass
    return _trim_bar(strip, _TOLERANCES[-1])


class _VariedError(DataError):
    """Colors vary across as much as along."""

    def __init__(self) -> None:
        super().__init__("its colors vary across as much as along")


def _trim_bar(strip: Floats, alike: float) -> BarProfile:
    first, last = _find_core(strip, alike)
    inset = min(2, (last - first) // 6)
    core = strip[first + inset : last - inset]
    colors = np.median(core, axis=0).astype(np.float64)
    apart = distance(core, colors)
    agreement = (apart <= alike).mean(axis=0)
    if agreement.mean() < 0.6:
        raise _VariedError
    shown = _find_shown(strip, (first, last), colors, tolerance=4 + 3 * float(np.median(apart)))
    widths = _measure_widths(strip, (first, last), alike)
    head, tail = (_find_end(colors[::way], shown[::way], widths[::way]) for way in (1, -1))
    head, tail = _share_frame(head, tail), _share_frame(tail, head)
    start, stop = head.cut, len(colors) - tail.cut
    if stop - start < FEWEST:
        raise DataError(f"its colors fill {max(stop - start, 0)} pixels along, and {FEWEST} are needed")
    if np.ptp(colors[start:stop], axis=0).max() <= VARIED / 2:
        raise DataError("it is of one color")
    return BarProfile(
        across=(first, last),
        along=(start, stop),
        edges=(head.edge, len(colors) - tail.edge),
        pointed=(head.is_pointed, tail.is_pointed),
        colors=colors[start:stop],
        agreement=agreement[start:stop],
    )


def _find_core(strip: Floats, alike: float) -> tuple[int, int]:
    """Return the widest run of neighboring lines that are alike and vary along."""
    middle = np.median(strip, axis=0)
    telling = np.asarray((distance(strip, middle) > alike).any(axis=0))
    if telling.mean() < 0.25:
        telling = np.ones_like(telling)
    steps = distance(strip[1:, telling], strip[:-1, telling]) > alike
    breaks = (np.flatnonzero(steps.mean(axis=1) > 0.35) + 1).tolist()
    runs = list(zip([0, *breaks], [*breaks, len(strip)], strict=True))
    varied = [(last - first) * _is_varied(strip[first:last]) for first, last in runs]
    if not any(varied):
        raise DataError("it is of one color")
    best = int(np.argmax(varied))
    if varied[best] < sum(varied) / 2:
        raise _VariedError
    return runs[best]


def _is_varied(lines: Floats) -> bool:
    """Whether the colors of lines that are alike vary along them."""
    colors = lines[0] if len(lines) == 1 else np.median(lines, axis=0)
    return spread_of(colors) > VARIED


def _find_shown(strip: Floats, core: tuple[int, int], colors: Floats, *, tolerance: float) -> NDArray[np.bool_]:
    """Return where the bar differs from what is beside it, on both sides where the box tells both.

    A side tells only if it reaches beyond the frame; the frame alone may have the color of an end.
    """
    sides = [strip[max(core[0] - _FRAME, 0) : core[0]], strip[core[1] : core[1] + _FRAME]]
    telling = [
        side for side in sides if len(side) > 3 or (len(side) > 1 and np.median(distance(side[0], side[-1])) > ALIKE)
    ]
    shown = [(distance(side, colors) > tolerance).any(axis=0) for side in telling]
    return np.logical_and.reduce(shown) if shown else np.ones(len(colors), np.bool_)


def _measure_widths(strip: Floats, core: tuple[int, int], alike: float) -> NDArray[np.int64]:
    """Return how many lines around the middle of the bar have its color, at each position."""
    middle, half = (core[0] + core[1]) // 2, (core[1] - core[0]) // 12
    center = np.median(strip[middle - half : middle + half + 1], axis=0)
    same = distance(strip, center) <= alike
    below, above = (np.logical_and.accumulate(side).sum(axis=0) for side in (same[middle:], same[:middle][::-1]))
    return np.asarray(below + above)


@dataclass(frozen=True, kw_only=True, eq=False)
class _End:
    """One end of a bar, counted inwards from the end of the strip."""

    cut: int
    """So many positions are no colors of the bar."""
    edge: float
    """Where the bar begins."""
    is_pointed: bool = False
    frame: int = 0
    """How thick the frame is."""
    frame_color: Floats | None = None
    hidden: Floats | None = None
    """The first color, where the margin meets the bar without a frame between them."""


def _find_end(colors: Floats, shown: NDArray[np.bool_], widths: NDArray[np.int64]) -> _End:
    """Find the end of a bar at the start of a strip."""
    point = _length_of_point(widths, colors)
    if point:
        return _End(cut=point, edge=point, is_pointed=True)
    margin = int(np.argmax(shown)) if shown.any() else 0
    faded = _reach_of_fading(colors, margin)
    if faded:
        return _End(cut=margin - faded, edge=margin - faded)
    margin = margin or _length_of_margin(colors)
    frame, seen = _find_frame(colors[margin:], starts_in_margin=not margin)
    cut = margin + frame
    edge, first = cut - seen / 2, colors[cut]
    frame_color = colors[cut - 1] if frame else None
    cut += _length_of_blur(colors[cut:])
    return _End(cut=cut, edge=edge, frame=seen, frame_color=frame_color, hidden=first if margin and not frame else None)


def _pace_of(colors: Floats, share: float = 0.9) -> float:
    """Return how far neighbors lie apart along a bar, for most of it."""
    tenth = len(colors) // 10
    inner = distance(colors[1:], colors[:-1])[tenth : -tenth or None]
    return float(np.quantile(inner, share)) if len(inner) else 0.0


def _reach_of_fading(colors: Floats, margin: int) -> int:
    """Return over how many positions of the margin a bar without a frame fades into its color.

    A bar that ends in the color of the paper cannot be told from it; its colors are followed on.
    """
    ahead = min(20, len(colors) - margin - 1)
    if not margin or ahead < 5:
        return 0
    left = float(distance(colors[margin], colors[margin - 1]))
    pace = float(distance(colors[margin + ahead], colors[margin])) / ahead
    return min(margin, round(left / pace)) if left < BREAK and 0 < pace < BREAK / 2 else 0


_POINT = 3.0
"""A pointed end is at most so many times as long as the bar is wide; programs make it about as long."""


def _length_of_point(widths: NDArray[np.int64], colors: Floats) -> int:
    """Return how many positions a pointed end takes, where the bar becomes steadily narrower; 0 if it has none."""
    from scipy.ndimage import median_filter

    usual = int(np.median(widths))
    zone = median_filter(widths[: max(len(widths) // 4, 1)], size=5, mode="nearest")
    tip = int(np.flatnonzero(zone == zone.min())[-1])
    full = np.flatnonzero(zone[tip:] >= usual - 1)
    if usual - zone[tip] < 3 or not len(full) or full[0] < 3:
        return 0
    stop = tip + int(full[0])
    if _goes_on_outside(np.abs(zone[:tip] - usual) <= 1, colors, stop):
        return 0  # a notch or a letter
    rising = zone[tip : stop + 1]
    # Noise can look like a long one, and would take colors away without a word.
    margin = int(np.argmax(widths > 2))
    if stop - margin > max(_POINT * usual, len(widths) / 6):
        return 0
    is_steady = np.corrcoef(np.arange(len(rising)), rising)[0, 1] > 0.9 and np.diff(rising).max() <= usual / 2
    return stop if is_steady else 0


def _goes_on_outside(wide: NDArray[np.bool_], colors: Floats, inside: int) -> bool:
    """Whether the bar goes on at positions where it is wide, in a color that is not far from that inside."""
    if len(wide) < 4:
        return False
    runs = np.flatnonzero(np.convolve(wide, np.ones(4, np.int64), "valid") == 4)
    if not len(runs):
        return False
    outside = int(runs[-1])
    return bool(distance(colors[outside], colors[inside]) <= ALIKE + 1.5 * _pace_of(colors) * (inside - outside))


def _length_of_margin(colors: Floats) -> int:
    """Return how many positions of one color stand before a frame, where nothing beside the bar tells."""
    same = distance(colors, colors[0]) <= ALIKE / 4
    run = len(same) if same.all() else int(np.argmin(same))
    limit = max(BREAK, 3 * _pace_of(colors))
    if run < 2 or run > max(_FRAME - 2, 0.04 * len(colors)) or len(colors) - run < FEWEST:
        return 0
    steps = distance(colors[run : run + _FRAME], colors[run - 1 : run + _FRAME - 1])
    is_border = steps[0] > limit and (steps[1:] > limit).any()
    return run if is_border else 0


def _find_frame(colors: Floats, *, starts_in_margin: bool) -> tuple[int, int]:
    """Return behind how many positions the last border near the start stands, and how many of them are a frame."""
    zone = min(_FRAME, len(colors) // 8)
    steps = distance(colors[1 : zone + 1], colors[:zone])
    borders = (np.flatnonzero(steps > max(BREAK, 3 * _pace_of(colors))) + 1).tolist()
    if not borders or distance(colors[0], colors[borders[-1]]) <= BREAK:  # nothing, or a notch
        return 0, 0
    first, last = borders[0], borders[-1]
    if not starts_in_margin or (first < last and steps[first - 1] <= steps[last - 1]):  # mixed with the ground
        return last, last
    return last, max(last - first, 1)


def _length_of_blur(colors: Floats) -> int:
    """Return how many positions are mixed with the frame: their colors change faster than anywhere along the bar."""
    near = distance(colors[1 : _BLUR + 1], colors[:_BLUR]) > 2 * _pace_of(colors, 0.75) + 3
    return int(np.flatnonzero(near)[-1]) + 1 if near.any() else 0


def _share_frame(end: _End, other: _End) -> _End:
    """Cut a frame that cannot be told from the color of its end by the thickness that it has at the other end."""
    if end.hidden is None or other.frame_color is None or distance(end.hidden, other.frame_color) > 2 * BREAK:
        return end
    return replace(end, cut=end.cut + other.frame, edge=end.edge + other.frame / 2)
