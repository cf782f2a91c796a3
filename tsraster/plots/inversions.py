"""An inverted picture: the picture, the values, and the mask side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsraster.inversion.recovery import Reason
from tsraster.pipeline.inverting.inversion import Inversion
from tsraster.pipeline.inverting.layers import REASON_COLORS, REASON_NAMES
from tsraster.plots.figure import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LOWEST, _TALLEST = 9.0, 2.0, 7.0
"""Inches."""
_NOTHING = "#cfe0f2"
"""Where there is no value: a color that no gray has."""
_BELOW = 0.6
"""Inches of the bar and the legend below."""


def plot_inversion(inversion: Inversion, path: str | os.PathLike[str]) -> None:
    """Draw what was inverted beside its values and its mask, so that one sees what to trust.

    Parameters
    ----------
    inversion : Inversion
        As `tsraster.invert_file` returns it.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    rows, cols = inversion.shape
    height = min(_TALLEST, max(_LOWEST, _WIDTH / 3 * rows / cols))
    with open_figure(path, size=(_WIDTH, height + _BELOW), layout="constrained") as figure:
        grid = figure.add_gridspec(2, 3, height_ratios=(height, _BELOW))
        first = figure.add_subplot(grid[0, 0])
        panels = [first, *(figure.add_subplot(grid[0, i], sharex=first, sharey=first) for i in (1, 2))]
        _show_picture(panels[0], inversion)
        _show_values(figure, panels[1], grid[1, 1], inversion)
        _show_mask(panels[2], figure.add_subplot(grid[1, 2]), inversion)


def _place(inversion: Inversion) -> tuple[float, float, float, float]:
    """Return left, right, bottom, top of the axes: coordinates where rows and columns lie along them, else pixels."""
    rows, cols = inversion.shape
    transform = inversion.georef.transform
    if inversion.georef.bounds(inversion.shape) is None:
        window = inversion.window
        return window.col, window.col + window.cols, window.row + window.rows, window.row
    left, top = transform.c, transform.f
    return left, left + transform.a * cols, top + transform.e * rows, top


def _show(axes: Axes, inversion: Inversion, pixels: Any, title: str, **settings: Any) -> Any:
    left, right, bottom, top = _place(inversion)
    image = axes.imshow(pixels, extent=(left, right, bottom, top), interpolation="nearest", **settings)
    rows, cols = inversion.shape
    axes.set_aspect(abs((right - left) / (top - bottom)) * rows / cols)
    axes.set_title(title, loc="left")
    axes.tick_params(labelsize=6)
    axes.ticklabel_format(style="plain", useOffset=False)
    return image


def _show_picture(axes: Axes, inversion: Inversion) -> None:
    pixels = np.stack([preview.pixels for preview in inversion.tally.picture], axis=-1)
    _show(axes, inversion, pixels, Path(inversion.source).name)


def _show_values(figure: Figure, axes: Axes, below: Any, inversion: Inversion) -> None:
    from matplotlib.ticker import LogFormatter

    values = np.ma.masked_invalid(inversion.tally.values.pixels)
    norm = "log" if inversion.chosen.scale.log else "linear"
    # In gray, so that what is wrong stands out and is not taken for the picture.
    axes.set_facecolor(_NOTHING)
    image = _show(axes, inversion, values, "values", cmap="gray", norm=norm)
    place = figure.add_subplot(below)
    place.axis("off")
    bar = figure.colorbar(image, cax=place.inset_axes((0.05, 0.6, 0.9, 0.18)), orientation="horizontal")
    if norm == "log":
        # Labels without mathematics, which the style of the package does not draw.
        bar.formatter = bar.minorformatter = LogFormatter()
        bar.update_ticks()
    bar.ax.tick_params(which="both", labelsize=6)
    bar.set_label(inversion.unit)


def _show_mask(axes: Axes, below: Axes, inversion: Inversion) -> None:
    from matplotlib.patches import Patch

    colors = REASON_COLORS.array[:, :3]
    _show(axes, inversion, colors[inversion.tally.mask.pixels], "mask")
    total = int(inversion.tally.reasons.sum())
    entries = [
        Patch(
            facecolor=colors[reason] / 255,
            edgecolor="#5b6770",
            linewidth=0.4,
            label=f"{int(reason)} {REASON_NAMES[reason]} {100 * count / total:.1f} %",
        )
        for reason in Reason
        if (count := inversion.tally.count(reason))
    ]
    below.axis("off")
    below.legend(handles=entries, loc="upper center", fontsize=6, frameon=False, ncols=2)
