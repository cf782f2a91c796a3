"""The pane "Look": which source and bands are seen, and how their values become gray or color."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import panel as pn

from tsraster.app.bench import Bench, Painting
from tsraster.app.picture.stretching import color_codes, find_limits, level_limits, to_bytes, to_rgba
from tsraster.app.picture.viewports import Viewport, read_view
from tsraster.coloring import bind_lut
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import shipped_luts
from tsraster.pipeline.luts import load_lut

_STORED, _TYPED = "as stored", "typed"
"""A photo looks as it was taken, and codes with a palette as the file colors them."""
_CHANNELS = ("Red", "Green", "Blue")
_THIRD = 92
_STRETCHES: dict[str, tuple[float, float] | None] = {
    "2 to 98 %": (2.0, 98.0),
    "0.5 to 99.5 %": (0.5, 99.5),
    "all values": (0.0, 100.0),
    _TYPED: None,
    _STORED: None,
}
_COLORMAPS = ("viridis", "cividis", "magma", "inferno", "plasma", "turbo")
_LEVELS = 255
MARGIN = 0.1
"""So much more than what is seen is painted on each side, so that a small move shows no gap."""


class LookPane:
    """What is seen of the source in front."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._limits: list[tuple[float, float]] = [(0.0, 1.0)]
        self._is_asked = False
        self._start = self._limits
        self.source = pn.widgets.Select(label="Image", options={}, width=320)
        self.plane = pn.widgets.IntSlider(label="Slice", start=0, end=1, width=320, visible=False)
        self.way = pn.widgets.RadioButtonGroup(label="Show", options=["One band", "Three bands"], width=320)
        self.band = pn.widgets.Select(label="Band", options={}, width=320)
        self.mixed = [pn.widgets.Select(label=name, options={}, width=_THIRD) for name in _CHANNELS]
        self.stretch = pn.widgets.Select(label="Stretch", options=list(_STRETCHES), width=156)
        self.ramp = pn.widgets.Select(label="Colors", options=_list_ramps(), width=156)
        self.low = pn.widgets.FloatInput(label="Darkest", value=0.0, width=156)
        self.high = pn.widgets.FloatInput(label="Brightest", value=1.0, width=156)
        # Of three bands each has its own.
        self.lows, self.highs = (
            [pn.widgets.FloatInput(label=f"{end} {name.lower()}", value=0.0, width=_THIRD) for name in _CHANNELS]
            for end in ("Darkest", "Brightest")
        )
        self._limits_row = pn.Row(self.low, self.high, margin=0)
        self._mixed_limits = pn.Column(
            pn.Row(*self.lows, margin=0), pn.Row(*self.highs, margin=0), margin=0, visible=False
        )
        self.fit = pn.widgets.Button(label="Show all", width=156)
        self.one = pn.widgets.Button(label="Pixels 1:1", width=156)
        self.path = pn.widgets.TextInput(label="Another image, below the root", width=236)
        self.add = pn.widgets.Button(label="Open", width=66, align="end")
        self._more = pn.Row(self.path, self.add, margin=0, visible=self._bench.gallery.desk.root is not None)
        self._mixed_row = pn.Row(*self.mixed, margin=0, visible=False)
        self.panel = pn.Column(
            self.source, self.plane, self.way, self.band, self._mixed_row,
            pn.Row(self.stretch, self.ramp, margin=0),
            self._limits_row, self._mixed_limits,
            pn.Row(self.fit, self.one, margin=0),
            self._more,
            margin=0,
        )  # fmt: skip
        self._connect()

    @property
    def bands(self) -> list[int]:
        """The numbers of the bands that are seen: one, or three."""
        if self.way.value == "Three bands":
            return [one.value for one in self.mixed]
        return [self.band.value]

    def _connect(self) -> None:
        bench = self._bench
        bench.hear("subject", self._begin)
        bench.hear("level", self._level)
        bench.paint_by("look", self._paint)
        self.source.param.watch(lambda event: bench.choose(event.new) if not self._is_asked else None, "value")
        self.plane.param.watch(lambda event: bench.choose(bench.number, event.new), "value_throttled")
        for one in (self.way, self.band, *self.mixed, self.stretch):
            one.param.watch(lambda _: self._stretch(), "value")
        for one in (self.low, self.high, *self.lows, *self.highs):
            one.param.watch(lambda _: self._type(), "value")
        self.ramp.param.watch(lambda _: self._color(), "value")
        self.fit.on_click(lambda _: bench.canvas.fit())
        self.add.on_click(lambda _: self._open())
        self.one.on_click(lambda _: self._show_pixels())

    def _begin(self) -> None:
        subject = self._bench.subject
        raster = subject.raster
        names = {
            f"{band.number} {band.name or band.role}".replace(" undefined", ""): band.number
            for band in raster.data_bands
        }
        self._is_asked = True
        self.source.param.update(options=self._bench.gallery.titles, value=self._bench.number)
        self.plane.param.update(visible=subject.planes > 1, end=max(1, subject.planes - 1), value=subject.plane)
        first = list(names.values())[:3]
        # Some files name their bands, and some say what they are.
        natural = {name: band.number for band in raster.data_bands for name in (band.name, band.role)}
        mixed = [natural.get(role) for role in ("red", "green", "blue")]
        chosen = mixed if all(mixed) else [*first, *first[-1:] * 3][:3]
        for one, number in zip(self.mixed, chosen, strict=True):
            one.param.update(options=names, value=number)
        self.band.param.update(options=names, value=first[0])
        self.way.param.update(value="Three bands" if raster.is_color else "One band", visible=len(names) > 1)
        self.stretch.value = _STORED if raster.is_color or raster.palette else next(iter(_STRETCHES))
        self._is_asked = False
        self._color()
        self._stretch()

    def _stretch(self) -> None:
        if self._is_asked:
            return
        is_mixed = self.way.value == "Three bands"
        self.band.visible, self._mixed_row.visible = not is_mixed, is_mixed
        self._limits_row.visible, self._mixed_limits.visible = not is_mixed, is_mixed
        percents = _STRETCHES[self.stretch.value]
        has_own_colors = self._has_own_colors
        self.ramp.visible = not is_mixed and not has_own_colors
        if has_own_colors:
            self._limits_row.visible = False
            self._bench.repaint("look")
        elif self.stretch.value == _STORED:
            highest = float(np.iinfo(self._bench.subject.raster.bands[0].dtype).max) if self._has_integers else 1.0
            self._take([(0.0, highest)] * len(self.bands))
        elif percents is not None:
            bands, overview = self.bands, self._bench.subject.overview
            self._bench.latest("stretch", partial(_find_limits, overview, bands, percents), self._take)
        else:
            # Those that were, for as many bands as are seen now.
            self._take([*self._limits, *self._limits[-1:] * 3][: len(self.bands)])

    @property
    def _has_own_colors(self) -> bool:
        """Whether codes are shown in the colors that the file has for them."""
        raster = self._bench.subject.raster
        is_code = np.dtype(raster.bands[0].dtype).kind == "u"
        return self.stretch.value == _STORED and is_code and bool(raster.palette) and len(self.bands) == 1

    @property
    def _has_integers(self) -> bool:
        return np.dtype(self._bench.subject.raster.bands[0].dtype).kind in "iu"

    def _take(self, limits: list[tuple[float, float]]) -> None:
        # Percentiles of floats have more digits than a field has room for.
        self._limits = [(float(f"{low:.7g}"), float(f"{high:.7g}")) for low, high in limits]
        self._show_limits()
        self._bench.repaint("look")

    def _show_limits(self) -> None:
        self._is_asked = True
        for (low, high), pair in zip(self._limits, self._pairs, strict=True):
            pair[0].value, pair[1].value = low, high
        self._is_asked = False

    @property
    def _pairs(self) -> list[tuple[Any, Any]]:
        """The fields of the limits that are seen."""
        return [(self.low, self.high)] if len(self._limits) == 1 else list(zip(self.lows, self.highs, strict=True))

    def _type(self) -> None:
        if self._is_asked:
            return
        typed = [(low.value, high.value) for low, high in self._pairs]
        if not all(one is not None and np.isfinite(one) for pair in typed for one in pair):
            self._bench.say("a limit is no number; the one before holds", is_wrong=True)
            # The field is being read; it takes another value only afterwards.
            self._bench.later(self._show_limits)
            return
        self._limits = [(float(low), float(high)) for low, high in typed]
        self._set_typed()
        self._bench.repaint("look")

    def _set_typed(self) -> None:
        self._is_asked = True
        self.stretch.value = _TYPED
        self._is_asked = False

    def _level(self, phase: str, right: float, down: float) -> None:
        """Move the middle of the limits by a drag to the right, and widen them by one downwards; those of each band alike."""
        if phase == "start":
            self._start = self._limits
        elif phase == "move" and len(self._start) == len(self._limits) and not self._has_own_colors:
            canvas = self._bench.canvas
            share, factor = right / canvas.width, 2.0 ** (down / canvas.height * 4)
            self._take([level_limits(limits, share, factor) for limits in self._start])
            self._set_typed()

    def _color(self) -> None:
        lut = load_lut(self.ramp.value)
        self._bench.canvas.color("gray", _spread(lut))

    def _open(self) -> None:
        """Take in another image, and bring it to the front."""

        def show(number: int) -> None:
            self.source.options = self._bench.gallery.titles
            self._bench.choose(number)

        self._bench.latest("open", partial(self._bench.gallery.add, str(self.path.value)), show)

    def _show_pixels(self) -> None:
        canvas = self._bench.canvas
        seen = canvas.viewport
        canvas.look_at((seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2, 1.0)

    def _paint(self, viewport: Viewport) -> Painting | None:
        subject = self._bench.subject
        view = read_view(subject.raster, subject.overview, viewport.grown(MARGIN), self.bands, cache=self._bench.pieces)
        if view is None:
            return None
        data, valid, limits = view.pixels.data, view.pixels.valid, self._limits
        if self._has_own_colors:
            return "color", color_codes(data[0], valid, subject.raster.palette), view.box
        if len(data) == 3 and len(limits) == 3:
            return "color", to_rgba(data, limits, valid), view.box
        return "gray", to_bytes(data[0], valid, *limits[0]), view.box


def list_colormaps() -> list[str]:
    """Return well-known colormaps, where the library that has them is installed; it is imported once one is chosen."""
    return list(_COLORMAPS) if find_spec("matplotlib") is not None else []


def _list_ramps() -> list[str]:
    """Return the shipped tables that can be spread over values; gray comes first."""
    ramps = [name for name in shipped_luts() if load_lut(name).kind == "ramp"]
    return sorted(ramps, key=lambda name: (name != "gray", name)) + list_colormaps()


def _find_limits(overview: Any, bands: list[int], percents: tuple[float, float]) -> list[tuple[float, float]]:
    overview.wait(_PATIENCE)
    overview.check()
    rows, cols = (np.arange(side) for side in overview.shape)
    found = [overview.read(rows, cols, [band]) for band in bands]
    return [find_limits(pixels.data[0], pixels.valid, percents) for pixels in found]


_PATIENCE = 20.0
"""Seconds; then limits are taken from what has been read."""


def _spread(lut: Lut) -> dict[int, RGBA]:
    """Return the colors of 1 to 255 by a ramp; 0 is no data."""
    bound = bind_lut(lut, tuple(range(1, _LEVELS + 1)))
    return dict(zip(map(int, bound.keys), bound.colors, strict=True))
