"""How often values occur, with cutoffs as lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import format_numbers
from tsraster.pipeline.histogram import Histogram
from tsraster.plots.figure import GRAY, RED, WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CUTOFFS = 30
"""Cutoffs that have room for their numbers; of more, each n-th is numbered."""


def plot_histogram(histogram: Histogram, path: str | os.PathLike[str]) -> None:
    """Draw how often values occur, with the cutoffs as lines.

    Parameters
    ----------
    histogram : Histogram
        As `tsraster.histogram_file` returns it.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    with open_figure(path, size=(WIDTH, 3.0), layout="constrained") as figure:
        axes = figure.add_subplot()
        draw_histogram(axes, histogram)
        axes.set_title(Path(histogram.source).name, loc="left", pad=22 if histogram.cutoffs else 6)


def draw_histogram(axes: Axes, histogram: Histogram) -> None:
    """Fill axes with the counts of a histogram and its cutoffs."""
    _fill_counts(axes, histogram)
    _draw_cutoffs(axes, histogram)
    axes.set_xlabel(name_values(histogram))
    axes.set_ylabel("pixels" if histogram.is_of_values else f"pixels in each of {len(histogram.counts)} bins")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\N{THIN SPACE}"))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)


def name_values(histogram: Histogram) -> str:
    """Return what stands along the axis of values."""
    return f"{histogram.label} ({histogram.unit})" if histogram.unit else histogram.label


def _draw_cutoffs(axes: Axes, histogram: Histogram) -> None:
    every = -(-len(histogram.cutoffs) // MOST_CUTOFFS)
    for i, (edge, text) in enumerate(zip(histogram.cutoffs, format_numbers(histogram.cutoffs), strict=True)):
        axes.axvline(float(edge), color=RED, linewidth=0.9 / every)
        if i % every == 0:
            axes.annotate(
                text,
                (float(edge), 1.0),
                xycoords=axes.get_xaxis_transform(),
                xytext=(2, 2),
                textcoords="offset points",
                color=RED,
                rotation=45,
                rotation_mode="anchor",
            )


def _fill_counts(axes: Axes, histogram: Histogram) -> None:
    lower, upper = histogram.lower.astype(float), histogram.upper.astype(float)
    if histogram.is_of_values and len(lower) == 1:
        # A single value, whole or not, and however large, has some width, so that it is seen.
        half = max(0.5, abs(lower[0]) / 1000)
        counts, edges = histogram.counts.astype(float), np.array([lower[0] - half, upper[0] + half])
    elif histogram.is_of_values and histogram.lower.dtype.kind == "f":
        counts, edges = _widen(lower, histogram.counts)
    elif histogram.is_of_values:
        # Whole numbers stand in the middle of a bar of width 1; the gaps between those that occur stay empty.
        first, last = int(lower[0]), int(lower[-1])
        counts = np.zeros(last - first + 1)
        counts[(lower - first).astype(int)] = histogram.counts
        edges = np.arange(first, last + 2) - 0.5
    else:
        counts, edges = histogram.counts.astype(float), np.append(lower, upper[-1])
    axes.stairs(counts, edges, fill=True, color=GRAY)


def _widen(values: NDArray[Any], counts: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return bars around single values: up to the next ones, and where some between do not occur, no wider than others."""
    distances = np.diff(values)
    halves = np.minimum(distances / 2, 0.6 * np.median(distances))
    left, right = np.concatenate([halves[:1], halves]), np.concatenate([halves, halves[-1:]])
    edges = np.column_stack([values - left, values + right]).ravel()
    # Between two bars there is a third one of no height, and often of no width.
    return np.column_stack([counts, np.zeros(len(counts))]).ravel()[:-1].astype(float), edges
