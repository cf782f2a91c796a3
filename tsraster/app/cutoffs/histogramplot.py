"""`HistogramPlot`: counts of values as bars, with cutoffs as lines that can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from bokeh.events import DoubleTap, Pan, PanEnd, PanStart, RangesUpdate, Tap
from bokeh.models import ColumnDataSource, CrosshairTool, Range1d, WheelPanTool, WheelZoomTool
from bokeh.plotting import figure
from numpy.typing import NDArray

from tsraster.app.picture.canvas import Later
from tsraster.app.subjects import Tally
from tsraster.lut import RGBA

_BARS = 400
_NEAR = 8
"""So many pixels of the screen beside a line still take hold of it."""
_REST = 60
"""Milliseconds without another turn of the wheel, after which what is seen is counted anew."""
_STRIP = 0.06
"""The colors of the classes stand below the bars, in so much of the height."""


class HistogramPlot:
    """A figure of a histogram.

    Parameters
    ----------
    on_move : callable
        Called with "start", "move" or "end", the number of the cutoff from 0, and where it is dragged.
    on_add : callable
        Called with a value that was clicked twice.
    on_remove : callable
        Called with the number of a cutoff whose line was clicked twice.
    on_choose : callable
        Called with the number of a class in whose range was clicked.
    later : callable
        Does something while the page is held: models of Bokeh change only so.
    """

    def __init__(
        self,
        on_move: Callable[[str, int, float], None],
        on_add: Callable[[float], None],
        on_remove: Callable[[int], None],
        on_choose: Callable[[int], None],
        later: Later,
    ) -> None:
        self._later = later
        self._on_move, self._on_add, self._on_remove, self._on_choose = on_move, on_add, on_remove, on_choose
        self._tally: Tally | None = None
        self._edges: tuple[float, ...] = ()
        self._far = (-1.0, 2.0)
        self._held: int | None = None
        self._is_log = False
        self._width = 1000
        self.figure = self._make_figure()
        self._bars = ColumnDataSource(data={"left": [], "right": [], "top": []})
        self._strip = ColumnDataSource(data={"left": [], "right": [], "color": []})
        self._lines = ColumnDataSource(data={"x": []}, name="cutoffs")
        self._draw()
        self._listen()

    def show(self, tally: Tally | None) -> None:
        """Show other counts, over their whole range."""
        self._tally = tally
        if tally is None:
            self._later(partial(setattr, self._bars, "data", {"left": [], "right": [], "top": []}))
            return
        low, high = float(tally.summary.minimum), float(tally.summary.maximum)
        margin = (high - low) * 0.02 or 0.5
        # The color of an outer class reaches as far as anybody looks.
        self._far = low - 50 * margin, high + 50 * margin

        def look() -> None:
            self.figure.x_range.update(start=low - margin, end=high + margin)
            self._fill()

        self._later(look)

    def show_edges(self, edges: Sequence[float], colors: Sequence[RGBA]) -> None:
        """Show cutoffs, and the colors of the classes between them."""
        self._edges = tuple(edges)
        self._later(partial(setattr, self._lines, "data", {"x": list(edges)}))
        ends = [self._far[0], *edges, self._far[1]] if colors else []
        texts = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in colors]
        strip = {"left": ends[:-1], "right": ends[1:], "color": texts}
        self._later(partial(setattr, self._strip, "data", strip))

    def set_log(self, is_log: bool) -> None:
        """Count by powers of ten, or evenly."""
        self._is_log = is_log
        self._later(self._fill)

    def _make_figure(self) -> figure:
        fig = figure(
            name="histogram", x_range=Range1d(0, 1), y_range=Range1d(-_STRIP, 1.02), tools=[], toolbar_location=None, height=140,
            lod_timeout=_REST,
            min_border_left=6, min_border_right=6, min_border_top=2, sizing_mode="stretch_width",
        )  # fmt: skip
        fig.yaxis.visible = False
        fig.grid.visible = False
        fig.xaxis.ticker.desired_num_ticks = 10
        wheel = WheelZoomTool(dimensions="width")
        fig.add_tools(wheel, WheelPanTool(dimension="width"), CrosshairTool(dimensions="height", line_alpha=0.3))
        fig.toolbar.active_scroll = wheel
        return fig

    def _draw(self) -> None:
        fig: Any = self.figure
        fig.quad("left", "right", "top", 0, source=self._bars, fill_color="#6c757d", line_color=None)
        fig.quad("left", "right", 0, -_STRIP, source=self._strip, fill_color="color", line_color=None)
        fig.segment("x", -_STRIP, "x", 1.02, source=self._lines, line_color="#d6336c", line_width=2)
        fig.scatter("x", 0.97, source=self._lines, size=11, marker="inverted_triangle", color="#d6336c")

    def _listen(self) -> None:
        fig = self.figure
        fig.on_event(RangesUpdate, lambda _: self._fill())
        fig.on_change("inner_width", lambda _attr, _old, new: setattr(self, "_width", max(1, new)))
        fig.on_event(PanStart, lambda event: self._take(event.x))
        fig.on_event(Pan, lambda event: self._drag("move", event.x))
        fig.on_event(PanEnd, lambda event: self._drag("end", event.x))
        fig.on_event(DoubleTap, lambda event: self._click_twice(event.x))
        fig.on_event(Tap, lambda event: self._on_choose(int(np.searchsorted(self._edges, event.x))))

    def _find_near(self, x: float) -> int | None:
        """Return the number of the cutoff whose line is at a value, or so near that nobody means another."""
        if not self._edges:
            return None
        near = int(np.argmin(np.abs(np.array(self._edges) - x)))
        return near if abs(self._edges[near] - x) <= _NEAR * self._width_of_pixel else None

    def _click_twice(self, x: float) -> None:
        near = self._find_near(x)
        if near is None:
            self._on_add(x)
        else:
            self._on_remove(near)

    def _take(self, x: float) -> None:
        self._held = self._find_near(x)
        if self._held is not None:
            self._on_move("start", self._held, x)

    def _drag(self, phase: str, x: float) -> None:
        """Move the cutoff that is held, as far as is seen, so that it can be taken back."""
        if self._held is not None:
            seen = self.figure.x_range
            self._on_move(phase, self._held, min(max(x, seen.start), seen.end))
        if phase == "end":
            self._held = None

    @property
    def _width_of_pixel(self) -> float:
        seen = self.figure.x_range
        return float(seen.end - seen.start) / self._width

    def _fill(self) -> None:
        if self._tally is None:
            return
        seen = self.figure.x_range
        left, right, counts = group_counts(self._tally, seen.start, seen.end, _BARS)
        heights = np.log1p(counts) if self._is_log else counts.astype(np.float64)
        most = heights.max(initial=0.0) or 1.0
        self._bars.data = {"left": left, "right": right, "top": heights / most}


def group_counts(
    tally: Tally, start: float, end: float, bars: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Sum up counts to at most so many bars between two values.

    Returns
    -------
    tuple of arrays, shape (N,)
        Left and right ends, and counts. Where there are fewer values than bars, each is a bar that reaches half way to its
        neighbors.
    """
    lower, upper = tally.lower.astype(np.float64), tally.upper.astype(np.float64)
    seen = (upper >= start) & (lower <= end)
    lower, upper, counts = lower[seen], upper[seen], tally.counts[seen]
    if len(counts) <= bars:
        if tally.is_exact and len(counts):
            return (*_widen(lower), counts)
        return lower, upper, counts
    edges = np.linspace(start, end, bars + 1)
    middles = (lower + upper) / 2
    places = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, bars - 1)
    sums = np.bincount(places, weights=counts, minlength=bars).astype(np.int64)
    return edges[:-1], edges[1:], sums


def _widen(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of bars around values: half the smallest distance between two of them."""
    half = np.diff(values).min(initial=np.inf) / 2
    half = half if np.isfinite(half) and half > 0 else 0.5
    return values - half, values + half
