"""`Canvas`: the picture on the page, in layers that lie where their pixels are; and what is done on it by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from bokeh.events import MouseLeave, MouseMove, Pan, PanEnd, PanStart, RangesUpdate, Tap
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    GlyphRenderer,
    LinearColorMapper,
    PanTool,
    Range1d,
    WheelZoomTool,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from tsraster.app.picture.viewports import Viewport
from tsraster.lut import RGBA

LAYERS = ("classes", "prediction", "labels")
"""What lies over the picture itself, from below to above."""
MODES = ("move", "draw", "erase", "fill", "level")
"""What dragging does: move the picture, draw or erase labels, set the limits of the gray; a click in fill fills."""
_CODES = 256
_REST = 60
"""Milliseconds without another turn of the wheel, after which Bokeh tells what is seen; half a second by default."""
Later = Callable[[Callable[[], None]], None]
_EMPTY: dict[str, list[Any]] = {"image": [], "x": [], "y": [], "dw": [], "dh": []}

_START = """
if (!["draw", "erase"].includes(hand.data.mode[0])) return;
hand.tags = ["drawing"];
line.data = {xs: [[cb_obj.x]], ys: [[cb_obj.y]]};
"""
_MOVE = """
if (!hand.tags.length) return;
if (cb_obj.modifiers && cb_obj.modifiers.shift) return;
line.data.xs[0].push(cb_obj.x);
line.data.ys[0].push(cb_obj.y);
line.change.emit();
"""
_END = """
if (!hand.tags.length) return;
hand.tags = [];
stroke.data = {x: line.data.xs[0], y: line.data.ys[0]};
"""
_DRAWN = "if (!hand.tags.length) line.data = {xs: [], ys: []};"
"""The line that was drawn by hand goes once its pixels are in the picture."""
_CHANGED = "pan.active = hand.data.mode[0] === 'move';"


class Listener(Protocol):
    """Who is told what happens on a canvas. Places are in pixels of the raster: x to the right, y downwards."""

    def see(self, viewport: Viewport) -> None:
        """Another part of the raster is seen."""

    def point(self, place: tuple[float, float] | None) -> None:
        """The pointer is at a place, or has left."""

    def draw(self, vertices: Sequence[tuple[float, float]]) -> None:
        """A line was drawn, in the mode draw or erase."""

    def fill(self, place: tuple[float, float]) -> None:
        """A place was clicked in the mode fill."""

    def level(self, phase: str, right: float, down: float) -> None:
        """The picture was dragged in the mode level: start, move or end, and how far on the screen."""


class Canvas:
    """A figure of a raster.

    Parameters
    ----------
    listener : Listener
        Told what is seen and done.
    later : callable
        Does something while the page is held: models of Bokeh change only so.
    """

    def __init__(self, listener: Listener, later: Later) -> None:
        self._listener, self._later = listener, later
        self._shape = (1, 1)
        self._size = (0, 0)
        self._mode = "move"
        self._brush = 5.0
        self.figure = self._make_figure()
        self._sources = {name: ColumnDataSource(data=dict(_EMPTY), name=name) for name in ("gray", "color", *LAYERS)}
        self._mappers = {
            name: LinearColorMapper(palette=_blank(), low=0, high=_CODES - 1) for name in ("gray", *LAYERS)
        }
        self._ground = ColumnDataSource(data={"right": [], "bottom": []}, name="ground")
        self._add_ground()
        self._renderers = {name: self._add_layer(name) for name in self._sources}
        self._add_brush()
        self._add_mark()
        self._listen()

    @property
    def viewport(self) -> Viewport:
        """What is seen, and on how many pixels of the screen."""
        x, y = self.figure.x_range, self.figure.y_range
        width, height = (max(1, side) for side in self._size)
        return Viewport(left=x.start, top=y.end, right=x.end, bottom=y.start, width=width, height=height)

    @property
    def is_laid_out(self) -> bool:
        """Whether it has a size on the screen yet."""
        return all(self._size)

    @property
    def width(self) -> int:
        """Of the picture on the screen, in its pixels."""
        return max(1, self._size[0])

    @property
    def height(self) -> int:
        """Of the picture on the screen, in its pixels."""
        return max(1, self._size[1])

    def show_raster(self, shape: tuple[int, int]) -> None:
        """Begin with another raster: all of it is seen."""
        self._shape = shape
        ground = {"right": [shape[1]], "bottom": [shape[0]]}
        self._later(partial(setattr, self._ground, "data", ground))
        for name in self._sources:
            self.hide(name)
        self.fit()

    def fit(self) -> None:
        """Show all of the raster."""
        rows, cols = self._shape
        self.look_at(cols / 2, rows / 2, max(cols / max(1, self._size[0]), rows / max(1, self._size[1])) * 1.02)

    def look_at(self, x: float, y: float, scale: float) -> None:
        """Show the surroundings of a place, with `scale` pixels of the raster on one of the screen."""
        half_width, half_height = (max(1, side) * scale / 2 for side in self._size)

        def move() -> None:
            self.figure.x_range.update(start=x - half_width, end=x + half_width)
            self.figure.y_range.update(start=y + half_height, end=y - half_height)
            self._see()

        self._later(move)

    @property
    def scale(self) -> float:
        """Pixels of the raster on one of the screen."""
        return float(self.figure.x_range.end - self.figure.x_range.start) / max(1, self._size[0])

    def paint(self, name: str, image: NDArray[Any], box: tuple[float, float, float, float]) -> None:
        """Put codes (uint8), or colors (uint32, RGBA), shape (row, col), into a layer; `box` is left, top, right, bottom."""
        left, top, right, bottom = box
        data = {
            "image": [np.ascontiguousarray(image)],
            "x": [left],
            "y": [top],
            "dw": [right - left],
            "dh": [bottom - top],
        }

        def put() -> None:
            if name in ("gray", "color"):
                other = "color" if name == "gray" else "gray"
                self._renderers[other].visible, self._renderers[name].visible = False, True
            self._sources[name].data = data

        self._later(put)

    def hide(self, name: str) -> None:
        """Take a layer away."""
        self._later(partial(setattr, self._sources[name], "data", dict(_EMPTY)))

    def color(self, name: str, colors: dict[int, RGBA], opacity: float = 1.0) -> None:
        """Set the colors of the codes of a layer; others are transparent."""
        palette = _blank()
        for code, (red, green, blue, alpha) in colors.items():
            if 0 <= code < _CODES:
                palette[code] = f"#{red:02x}{green:02x}{blue:02x}{round(alpha * opacity):02x}"
        self._later(partial(setattr, self._mappers[name], "palette", palette))

    def mark(self, place: tuple[float, float] | None) -> None:
        """Draw a ring around a place; None takes it away."""
        x, y = ([], []) if place is None else ([place[0]], [place[1]])
        self._later(partial(setattr, self._mark, "data", {"x": x, "y": y}))

    def set_mode(self, mode: str) -> None:
        """Choose what dragging does."""
        self._mode = mode
        self._later(partial(setattr, self._hand, "data", {"mode": [mode]}))

    def set_brush(self, color: RGBA, width: float) -> None:
        """Choose the color of the line that follows the hand, and its width in pixels of the raster."""
        self._brush = width

        def change() -> None:
            glyph: Any = self._line.glyph
            glyph.line_color = f"#{color[0]:02x}{color[1]:02x}{color[2]:02x}"
            self._widen()

        self._later(change)

    def _make_figure(self) -> figure:
        fig = figure(
            x_range=Range1d(0, 1),
            y_range=Range1d(1, 0),
            tools=[],
            toolbar_location=None,
            min_border=0,
            sizing_mode="stretch_both",
            background_fill_color="#3a3f45",
            border_fill_color="#3a3f45",
            outline_line_color=None,
            min_width=200,
            min_height=150,
            lod_timeout=_REST,
        )
        fig.axis.visible = False
        fig.grid.visible = False
        self._pan, wheel = PanTool(), WheelZoomTool(zoom_on_axis=False)
        fig.add_tools(self._pan, wheel)
        fig.toolbar.active_drag, fig.toolbar.active_scroll = self._pan, wheel
        return fig

    def _add_ground(self) -> None:
        """Let what is no data look otherwise than what is no raster."""
        fig: Any = self.figure
        fig.quad(
            0, "right", 0, "bottom", source=self._ground, fill_color="#565d64", line_color=None,
            hatch_pattern="/", hatch_color="#6d747b", hatch_scale=8, hatch_weight=1,
        )  # fmt: skip

    def _add_layer(self, name: str) -> GlyphRenderer:
        where = {"x": "x", "y": "y", "dw": "dw", "dh": "dh"}
        if name == "color":
            return self.figure.image_rgba(image="image", source=self._sources[name], **where)
        return self.figure.image(image="image", source=self._sources[name], color_mapper=self._mappers[name], **where)

    def _add_brush(self) -> None:
        self._line_source = ColumnDataSource(data={"xs": [], "ys": []})
        self._stroke = ColumnDataSource(data={"x": [], "y": []})
        self._hand = ColumnDataSource(data={"mode": [self._mode]}, name="hand")
        self._line = self.figure.multi_line(
            "xs", "ys", source=self._line_source, line_alpha=0.8, line_cap="round", line_join="round", line_width=3
        )
        known = {"line": self._line_source, "stroke": self._stroke, "hand": self._hand, "pan": self._pan}
        for event, code in ((PanStart, _START), (Pan, _MOVE), (PanEnd, _END)):
            self.figure.js_on_event(event, CustomJS(args=known, code=code))
        self._sources["labels"].js_on_change("data", CustomJS(args=known, code=_DRAWN))
        self._hand.js_on_change("data", CustomJS(args=known, code=_CHANGED))

    def _add_mark(self) -> None:
        self._mark = ColumnDataSource(data={"x": [], "y": []}, name="mark")
        for color, width in (("#000000", 6), ("#ffffff", 3)):  # seen on dark and on light
            self.figure.scatter(
                "x",
                "y",
                source=self._mark,
                marker="circle",
                size=34,
                fill_color=None,
                line_color=color,
                line_width=width,
            )

    def _listen(self) -> None:
        listener = self._listener
        self.figure.on_event(RangesUpdate, lambda _: self._see())
        self.figure.on_event(MouseMove, lambda event: listener.point((event.x, event.y)))
        self.figure.on_event(MouseLeave, lambda _: listener.point(None))
        self.figure.on_event(Tap, self._tap)
        for event, phase in ((PanStart, "start"), (Pan, "move"), (PanEnd, "end")):
            self.figure.on_event(event, lambda found, phase=phase: self._level(found, phase))
        self._stroke.on_change("data", lambda _attr, _old, new: self._draw(new))
        for side in ("inner_width", "inner_height"):
            self.figure.on_change(side, lambda attr, _old, new: self._resize(attr, new))

    def _tap(self, event: Any) -> None:
        if self._mode == "fill":
            self._listener.fill((event.x, event.y))
        elif self._mode in ("draw", "erase"):
            self._listener.draw([(event.x, event.y)])

    def _level(self, event: Any, phase: str) -> None:
        if self._mode == "level":
            self._listener.level(phase, getattr(event, "delta_x", 0) or 0, getattr(event, "delta_y", 0) or 0)

    def _draw(self, data: dict[str, Any]) -> None:
        vertices = list(zip(data["x"], data["y"], strict=True))
        if vertices:
            self._listener.draw(vertices)

    def _resize(self, side: str, length: int) -> None:
        """Keep pixels square, and what is in the middle there."""
        old = self._size
        new = (length, old[1]) if side == "inner_width" else (old[0], length)
        if new == old or not all(new):
            self._size = new
            return
        is_first, scale = not all(old), self.scale
        x, y = self.figure.x_range, self.figure.y_range
        middle = (x.start + x.end) / 2, (y.start + y.end) / 2
        self._size = new
        if is_first:
            self.fit()
        else:
            self.look_at(*middle, scale)

    def _see(self) -> None:
        self._widen()
        if all(self._size):
            self._listener.see(self.viewport)

    def _widen(self) -> None:
        glyph: Any = self._line.glyph
        glyph.line_width = max(2.0, self._brush / self.scale) if self.scale > 0 else 2.0


def _blank() -> list[Any]:
    return ["#00000000"] * _CODES
