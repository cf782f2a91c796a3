"""Figures with color bars as matplotlib draws them, with what is true of the bar."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

LOW, HIGH = 2.0, 10.0


@dataclass(frozen=True, eq=False)
class DrawnFigure:
    """A picture, shape (band, row, col), and where its color bar is: left, top, right, bottom."""

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    colormap: str
    norm: Any

    def crop(self, box: tuple[int, ...]) -> NDArray[np.uint8]:
        left, top, right, bottom = box
        return self.pixels[:, top:bottom, left:right]

    def loosen(self, *room: int) -> tuple[int, ...]:
        left, top, right, bottom = (round(place) for place in self.box)
        return left - room[0], top - room[1], right + room[2], bottom + room[3]

    def shares_off(self, colors: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far each value lies from where the colormap has its color, in percent of the range.

        Values that cannot be told apart by color, within half a level, are as good.
        """
        linear = np.linspace(0, 1, 1025)
        ways = linear * (HIGH - LOW) + LOW, LOW * (HIGH / LOW) ** linear
        is_log = isinstance(self.norm, LogNorm)
        shares = np.log(values / LOW) / np.log(HIGH / LOW) if is_log else (values - LOW) / (HIGH - LOW)
        true = matplotlib.colormaps[self.colormap](self.norm(ways[is_log]))[:, :3] * 255
        apart = np.linalg.norm(colors[:, np.newaxis] - true, axis=-1)
        near = apart <= apart.min(axis=1, keepdims=True) + 0.5
        return np.where(near, np.abs(shares[:, np.newaxis] - linear), np.inf).min(axis=1) * 100


def draw_field(kind: str) -> NDArray[np.float64]:
    y, x = np.mgrid[0:120, 0:160] / 40
    field = np.sin(x * 1.3) * np.cos(y) + 0.3 * x
    field = (field - field.min()) / np.ptp(field)
    if kind == "noisy":
        field = np.random.default_rng(0).random((60, 80))
    if kind == "cells":
        field = field[::12, ::12]
    return np.asarray(LOW + field * (HIGH - LOW))


@cache
def draw_figure(
    colormap: str = "jet",
    *,
    kind: str = "smooth",
    orientation: str | None = "vertical",
    ground: str = "white",
    jpeg: int | None = None,
    minor: bool = False,
    direction: str = "out",
    extend: str = "neither",
    steps: int = 0,
    log: bool = False,
    frame: bool = True,
    dividers: bool = False,
    dpi: int = 100,
) -> DrawnFigure:
    ink = "black" if ground == "white" else "white"
    figure = Figure(figsize=(6.4, 4.8), dpi=dpi, facecolor=ground)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    norm: Normalize = LogNorm(LOW, HIGH) if log else Normalize(LOW, HIGH)
    if steps:
        norm = BoundaryNorm(np.linspace(LOW, HIGH, steps + 1), 256, extend=extend)
    image = axes.imshow(draw_field(kind), cmap=colormap, norm=norm, aspect="auto")
    axes.set_title("What it shows", color=ink)
    axes.tick_params(colors=ink)
    box = (0.0, 0.0, 0.0, 0.0)
    if orientation:
        more = {} if steps else {"extend": extend}
        bar = figure.colorbar(image, ax=axes, orientation=orientation, drawedges=dividers, **more)
        if minor:
            bar.minorticks_on()
        bar.ax.tick_params(direction=direction, which="both", colors=ink)
        bar.outline.set(visible=frame, edgecolor=ink)
        canvas.draw()
        extent, height = bar.ax.get_window_extent(), figure.bbox.height
        box = (extent.x0, height - extent.y1, extent.x1, height - extent.y0)
    canvas.draw()
    colors = np.asarray(canvas.buffer_rgba())[..., :3]
    if jpeg:
        file = io.BytesIO()
        Image.fromarray(colors).save(file, "JPEG", quality=jpeg, subsampling=2)
        colors = np.asarray(Image.open(file))
    return DrawnFigure(np.ascontiguousarray(np.moveaxis(colors, -1, 0)), box, colormap, norm)
