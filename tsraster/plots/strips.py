"""The classes of several schemes, side by side below the histogram that they divide."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tsraster.classtable import Number
from tsraster.pipeline.breaks import Breaks, SchemeFit
from tsraster.plots.counts import MOST_CUTOFFS, draw_histogram, name_values, plot_histogram
from tsraster.plots.figure import WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRIP = 0.24
"""Inches from the classes of one scheme to those of the next."""


def plot_breaks(breaks: Breaks, path: str | os.PathLike[str]) -> None:
    """Draw how often values occur, and below it the classes of each scheme as a strip.

    Parameters
    ----------
    breaks : Breaks
        As `tsraster.breaks_file` returns it. With a single scheme its edges are drawn in the histogram.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    if len(breaks.fits) == 1:
        plot_histogram(breaks.histogram, path)
        return
    fits = [fit for fit in breaks.fits if fit.table is not None]
    strips = _STRIP * max(1, len(fits))
    with open_figure(path, size=(WIDTH, 2.6 + strips), layout="constrained") as figure:
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(2.2, strips))
        draw_histogram(upper, replace(breaks.histogram, cutoffs=()))
        upper.set_xlabel("")
        upper.set_title(breaks.histogram.source, loc="left")
        for row, fit in enumerate(fits):
            _draw_strip(lower, row, fit)
        lower.set_yticks(range(len(fits)), labels=[fit.scheme for fit in fits])
        lower.set_ylim(len(fits) - 0.5, -0.5)
        lower.tick_params(axis="y", length=0)
        lower.spines["left"].set_visible(False)
        lower.set_xlabel(name_values(breaks.histogram))


def _draw_strip(axes: Axes, row: int, fit: SchemeFit) -> None:
    """Draw classes side by side, each darker than the one before, and say how good they are."""
    if fit.table is None:
        return
    edges = np.array(fit.table.edges or _widen(fit.table.values), dtype=float)
    shades = np.linspace(0.92, 0.35, len(edges) - 1) if fit.table.edges else np.tile([0.92, 0.35], len(edges))
    axes.barh(
        row,
        np.diff(edges),
        left=edges[:-1],
        height=0.7,
        color=[(shade, shade, 1 - (1 - shade) / 2) for shade in shades[: len(edges) - 1]],
        edgecolor="white" if len(edges) <= MOST_CUTOFFS else "none",
        linewidth=0.5,
    )
    axes.annotate(
        f"{len(fit.table)} {'class' if len(fit.table) == 1 else 'classes'}, fit {fit.goodness:.3f}",
        (1.0, row),
        xycoords=axes.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
    )


def _widen(values: Sequence[Number]) -> list[float]:
    """Return edges halfway between values, so that classes of one value each can be seen."""
    middles = [(low + high) / 2 for low, high in pairwise(values)]
    return [float(values[0]), *middles, float(values[-1])]
