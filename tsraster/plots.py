"""Plots of what the jobs find: a histogram with its cutoffs, a class map with its legend.

The only place that uses matplotlib, which the extra ``tsraster[plots]`` installs. A figure is drawn for a page: 160 mm wide, at
200 dots an inch, in the font that matplotlib brings along.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsraster.coloring import bind_lut, paint
from tsraster.errors import MissingExtraError, WriteError
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.pipeline import Classification, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 6.3
"""Inches."""
_DOTS = 200
_COLUMN = 25
"""Legend entries in a column; more classes than three columns hold are shown as a bar of colors."""
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "tsraster",
}


def require_matplotlib() -> None:
    """Raise `MissingExtraError` where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("a plot needs matplotlib; install it with: pip install 'tsraster[plots]'") from None


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
    with _figure(path, height=3.0) as figure:
        axes = figure.add_subplot()
        _fill_counts(axes, histogram)
        for edge in histogram.cutoffs:
            axes.axvline(float(edge), color="#c1272d", linewidth=0.9)
            axes.annotate(
                f"{edge:g}",
                (float(edge), 1.0),
                xycoords=axes.get_xaxis_transform(),
                xytext=(2, 2),
                textcoords="offset points",
                color="#c1272d",
                rotation=45,
                rotation_mode="anchor",
            )
        unit = f" ({histogram.unit})" if histogram.unit else ""
        axes.set_xlabel(histogram.label + unit)
        axes.set_ylabel("pixels" if histogram.is_of_values else f"pixels in each of {len(histogram.counts)} bins")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\N{THIN SPACE}"))
        axes.set_ylim(bottom=0)
        axes.margins(x=0.01)
        axes.set_title(Path(histogram.source).name, loc="left", pad=22 if histogram.cutoffs else 6)


def _fill_counts(axes: Axes, histogram: Histogram) -> None:
    lower, upper = histogram.lower.astype(float), histogram.upper.astype(float)
    if histogram.is_of_values:
        # Whole numbers stand in the middle of a bar of width 1; the gaps between those that occur stay empty.
        first, last = int(lower[0]), int(lower[-1])
        counts = np.zeros(last - first + 1)
        counts[(lower - first).astype(int)] = histogram.counts
        edges = np.arange(first, last + 2) - 0.5
    else:
        counts, edges = histogram.counts.astype(float), np.append(lower, upper[-1])
    axes.stairs(counts, edges, fill=True, color="#5b6770")


def plot_classes(classification: Classification, path: str | os.PathLike[str]) -> None:
    """Draw a class map with its legend: color, name or interval, and percent of each class.

    Parameters
    ----------
    classification : Classification
        As `tsraster.classify_file` returns it. Without colors of its own it is drawn in those of ``thermal``.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    lut = classification.lut or bind_lut(read_lut("thermal"), classification.table.codes)
    rows, cols = classification.shape
    share = 0.62  # of the width is the map; the rest is its legend
    height = min(8.0, max(2.4, _WIDTH * share * rows / cols + 0.6))
    with _figure(path, height=height) as figure:
        axes = figure.add_subplot()
        _show_map(axes, classification, lut)
        _add_legend(figure, axes, classification, lut)
        axes.set_title(Path(classification.source).name, loc="left")


def _show_map(axes: Axes, classification: Classification, lut: Lut) -> None:
    rows, cols = classification.shape
    left, bottom, right, top = classification.bounds or (0.0, float(rows), float(cols), 0.0)
    painted = np.moveaxis(paint(classification.preview, lut), 0, -1)
    axes.imshow(painted, extent=(left, right, bottom, top), interpolation="nearest")
    axes.spines[["top", "right"]].set_visible(True)
    axes.tick_params(labelsize=6)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(nbins=5)
    axes.set_xlabel("x" if classification.bounds else "column", fontsize=7)
    axes.set_ylabel("y" if classification.bounds else "row", fontsize=7)
    axes.tick_params(axis="y", rotation=90)


def _add_legend(figure: Figure, axes: Axes, classification: Classification, lut: Lut) -> None:
    from matplotlib.patches import Patch

    shares, labels = classification.shares, [share.name or share.interval for share in classification.shares]
    if len(shares) > 3 * _COLUMN:
        _add_color_bar(figure, axes, classification, lut)
        return
    colors = dict(zip(lut.keys, lut.array / 255, strict=True))
    handles = [
        Patch(
            facecolor=colors[share.code], edgecolor="#888888", linewidth=0.3, label=f"{label}  ({share.percent:.1f} %)"
        )
        for share, label in zip(shares, labels, strict=True)
    ]
    axes.legend(
        handles=handles,
        title=_title(classification),
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        borderaxespad=0,
        frameon=False,
        ncols=-(-len(handles) // _COLUMN),
        fontsize=7 if len(handles) <= _COLUMN else 6,
        title_fontsize=8,
        alignment="left",
        handlelength=1.4,
        labelspacing=0.35,
    )


def _title(classification: Classification) -> str:
    unit = classification.table.unit
    return f"{classification.label} ({unit})" if unit else classification.label


def _add_color_bar(figure: Figure, axes: Axes, classification: Classification, lut: Lut) -> None:
    """More classes than a legend can list: a bar with some of the edges."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colors = dict(zip(lut.keys, lut.array / 255, strict=True))
    count = len(classification.table)
    scale = ScalarMappable(
        BoundaryNorm(np.arange(count + 1), count), ListedColormap([colors[code] for code in classification.table.codes])
    )
    bar = figure.colorbar(scale, ax=axes, shrink=0.9, spacing="uniform")
    at = np.linspace(0, count - 1, 9).round().astype(int)
    bar.set_ticks((at + 0.5).tolist(), labels=[classification.table.intervals[i] for i in at])
    bar.ax.tick_params(labelsize=6)
    bar.minorticks_off()
    bar.set_label(_title(classification))


class _figure:  # noqa: N801  it is used as a function
    """An empty figure in the style of the package; saved when the block ends well."""

    def __init__(self, path: str | os.PathLike[str], *, height: float) -> None:
        require_matplotlib()
        import matplotlib as mpl
        from matplotlib.figure import Figure

        self._path = path
        self._context = mpl.rc_context(_STYLE)
        self._context.__enter__()
        self._figure = Figure(figsize=(_WIDTH, height), layout="constrained")

    def __enter__(self) -> Figure:
        return self._figure

    def __exit__(self, *error: Any) -> None:
        try:
            if error[0] is None:
                self._figure.savefig(self._path, dpi=_DOTS, bbox_inches="tight", pad_inches=0.05)
        except OSError as failure:
            raise WriteError(f"{Path(self._path).name} cannot be written ({failure.strerror})") from None
        finally:
            self._context.__exit__(None, None, None)
