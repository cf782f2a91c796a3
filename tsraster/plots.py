"""Plots of what the jobs find: a histogram with its cutoffs, schemes side by side, a class map with its legend.

The only place that uses matplotlib, which the extra ``tsraster[plots]`` installs. A figure is drawn for a page: 160 mm wide, at
200 dots an inch, in the font that matplotlib brings along.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number, format_numbers
from tsraster.coloring import bind_lut, paint
from tsraster.errors import MissingExtraError, WriteError
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.measuring import ClassShare
from tsraster.pipeline.breaks import Breaks, SchemeFit
from tsraster.pipeline.classify import Classification
from tsraster.pipeline.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 6.3
"""Inches."""
_DOTS = 200
_GRAY, _RED = "#5b6770", "#c1272d"
_COLUMN = 25
"""Legend entries in a column; more classes than three columns hold are shown as a bar of colors."""
_STRIPES, _TICKS = 256, 9
"""The most colors of such a bar, and the numbers beside it."""
_BESIDE, _ALONE, _TALLEST, _THINNEST = 3.9, 5.9, 7.0, 0.3
"""Inches: the width of a map with its legend beside and below it; the most height; the least of width and height."""
_GAPS = (0.1, 0.0), (0.0, -0.5)
"""Inches to the right and up from the corner of the map to its legend, beside and below it."""
_UNITS = {"metre": "m", "degree": "\N{DEGREE SIGN}", "foot": "ft", "US survey foot": "US ft"}
_STRIP = 0.24
"""Inches from the classes of one scheme to those of the next."""
_CUTOFFS = 30
"""Cutoffs that have room for their numbers; of more, each n-th is numbered."""
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "tsraster",
    # A dollar in a file name or the name of a class is a dollar.
    "text.parse_math": False,
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
    with _figure(path, size=(_WIDTH, 3.0), layout="constrained") as figure:
        axes = figure.add_subplot()
        _draw_histogram(axes, histogram)
        axes.set_title(Path(histogram.source).name, loc="left", pad=22 if histogram.cutoffs else 6)


def _draw_histogram(axes: Axes, histogram: Histogram) -> None:
    _fill_counts(axes, histogram)
    _draw_cutoffs(axes, histogram)
    axes.set_xlabel(_name_values(histogram))
    axes.set_ylabel("pixels" if histogram.is_of_values else f"pixels in each of {len(histogram.counts)} bins")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\N{THIN SPACE}"))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)


def _name_values(histogram: Histogram) -> str:
    return f"{histogram.label} ({histogram.unit})" if histogram.unit else histogram.label


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
    with _figure(path, size=(_WIDTH, 2.6 + strips), layout="constrained") as figure:
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(2.2, strips))
        _draw_histogram(upper, replace(breaks.histogram, cutoffs=()))
        upper.set_xlabel("")
        upper.set_title(breaks.histogram.source, loc="left")
        for row, fit in enumerate(fits):
            _draw_strip(lower, row, fit)
        lower.set_yticks(range(len(fits)), labels=[fit.scheme for fit in fits])
        lower.set_ylim(len(fits) - 0.5, -0.5)
        lower.tick_params(axis="y", length=0)
        lower.spines["left"].set_visible(False)
        lower.set_xlabel(_name_values(breaks.histogram))


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
        edgecolor="white" if len(edges) <= _CUTOFFS else "none",
        linewidth=0.5,
    )
    axes.annotate(
        f"{len(fit.table)} classes, fit {fit.goodness:.3f}",
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


def _draw_cutoffs(axes: Axes, histogram: Histogram) -> None:
    every = -(-len(histogram.cutoffs) // _CUTOFFS)
    for i, (edge, text) in enumerate(zip(histogram.cutoffs, format_numbers(histogram.cutoffs), strict=True)):
        axes.axvline(float(edge), color=_RED, linewidth=0.9 / every)
        if i % every == 0:
            axes.annotate(
                text,
                (float(edge), 1.0),
                xycoords=axes.get_xaxis_transform(),
                xytext=(2, 2),
                textcoords="offset points",
                color=_RED,
                rotation=45,
                rotation_mode="anchor",
            )


def _fill_counts(axes: Axes, histogram: Histogram) -> None:
    lower, upper = histogram.lower.astype(float), histogram.upper.astype(float)
    if histogram.is_of_values and len(lower) == 1:
        # A single value, whole or not, and however large, has some width, so that it is seen.
        half = max(0.5, abs(lower[0]) / 1000)
        counts, edges = histogram.counts.astype(float), np.array([lower[0] - half, upper[0] + half])
    elif histogram.is_of_values:
        # Whole numbers stand in the middle of a bar of width 1; the gaps between those that occur stay empty.
        first, last = int(lower[0]), int(lower[-1])
        counts = np.zeros(last - first + 1)
        counts[(lower - first).astype(int)] = histogram.counts
        edges = np.arange(first, last + 2) - 0.5
    else:
        counts, edges = histogram.counts.astype(float), np.append(lower, upper[-1])
    axes.stairs(counts, edges, fill=True, color=_GRAY)


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
    classes = len(classification.shares)
    size = _choose_size(classification, widest=_ALONE if _COLUMN < classes <= 3 * _COLUMN else _BESIDE)
    # What stands around the map is not in the size of the figure: it is saved as large as all of it together.
    with _figure(path, size=size) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        _show_map(axes, classification, lut, size)
        if classes > 3 * _COLUMN:
            _add_color_bar(figure, axes, classification, lut, size)
        else:
            _add_legend(figure, axes, classification, lut)
        axes.set_title(Path(classification.source).name, loc="left")


def _place(classification: Classification) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top; of rows and columns where there are no coordinates along them."""
    rows, cols = classification.shape
    return classification.georef.bounds(classification.shape) or (0.0, float(rows), float(cols), 0.0)


def _choose_size(classification: Classification, *, widest: float) -> tuple[float, float]:
    """Return width and height of the map in inches, in proportion, but so that a single row is seen."""
    left, bottom, right, top = _place(classification)
    ratio = abs(top - bottom) / (right - left)
    height = min(_TALLEST, widest * ratio)
    return max(_THINNEST, height / ratio), max(_THINNEST, height)


def _count_ticks(inches: float) -> int:
    return min(5, max(1, int(inches / 0.6)))


def _show_map(axes: Axes, classification: Classification, lut: Lut, size: tuple[float, float]) -> None:
    left, bottom, right, top = _place(classification)
    painted = np.moveaxis(paint(_turn_north(classification), lut), 0, -1)
    axes.imshow(painted, extent=(left, right, bottom, top), interpolation="nearest", aspect="auto")
    axes.spines[["top", "right"]].set_visible(True)
    is_map = classification.georef.bounds(classification.shape) is not None
    crs = classification.georef.crs
    unit = f" ({_UNITS.get(crs.units_factor[0], crs.units_factor[0])})" if is_map and crs is not None else ""
    axes.set_xlabel(f"x{unit}" if is_map else "column", fontsize=7)
    axes.set_ylabel(f"y{unit}" if is_map else "row", fontsize=7)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(axis="x", nbins=_count_ticks(size[0]), integer=not is_map)
    axes.locator_params(axis="y", nbins=_count_ticks(size[1]), integer=not is_map)
    axes.tick_params(labelsize=6)
    axes.tick_params(axis="y", rotation=90)


def _turn_north(classification: Classification) -> NDArray[Any]:
    """Return the preview with its first row in the north and its first column in the west, as its bounds have it."""
    transform, preview = classification.georef.transform, classification.preview
    if classification.georef.bounds(classification.shape) is None:
        return preview
    south_first, east_first = transform.e > 0, transform.a < 0
    return preview[:: -1 if south_first else 1, :: -1 if east_first else 1]


def _add_legend(figure: Figure, axes: Axes, classification: Classification, lut: Lut) -> None:
    """List the classes beside the map; or below it, where one column is not enough."""
    from matplotlib.patches import Patch
    from matplotlib.transforms import offset_copy

    shares = classification.shares
    colors = dict(zip(lut.keys, lut.array / 255, strict=True))
    handles = [Patch(facecolor=colors[share.code], edgecolor="#888888", linewidth=0.3) for share in shares]
    columns = -(-len(shares) // _COLUMN)
    axes.legend(
        handles=handles,
        labels=[f"{_label(share)}  ({share.percent:.1f} %)" for share in shares],
        title=_title(classification),
        loc="upper left",
        bbox_to_anchor=(1, 1) if columns == 1 else (0, 0),
        bbox_transform=offset_copy(axes.transAxes, figure, *_GAPS[columns > 1]),
        borderaxespad=0,
        frameon=False,
        ncols=columns,
        fontsize=7,
        title_fontsize=8,
        alignment="left",
        handlelength=1.4,
        labelspacing=0.35,
    )


def _label(share: ClassShare) -> str:
    return share.name or share.interval


def _title(classification: Classification) -> str:
    unit = classification.table.unit
    return f"{classification.label} ({unit})" if unit else classification.label


def _add_color_bar(
    figure: Figure, axes: Axes, classification: Classification, lut: Lut, size: tuple[float, float]
) -> None:
    """More classes than a legend can list: a bar with some of the edges."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colors = dict(zip(lut.keys, lut.array / 255, strict=True))
    shown = (
        np.linspace(0, len(classification.shares) - 1, min(len(classification.shares), _STRIPES)).round().astype(int)
    )
    shares = [classification.shares[i] for i in shown]
    scale = ScalarMappable(
        BoundaryNorm(np.arange(len(shares) + 1), len(shares)), ListedColormap([colors[share.code] for share in shares])
    )
    width, height = size
    tall = max(height, 2.5)
    beside = axes.inset_axes((1 + 0.2 / width, 1 - tall / height, 0.15 / width, tall / height))
    bar = figure.colorbar(scale, cax=beside, spacing="uniform")
    at = np.linspace(0, len(shares) - 1, _TICKS).round().astype(int)
    bar.set_ticks((at + 0.5).tolist(), labels=[_label(shares[i]) for i in at])
    bar.ax.tick_params(labelsize=6)
    bar.minorticks_off()
    bar.set_label(_title(classification))


@contextmanager
def _figure(
    path: str | os.PathLike[str], *, size: tuple[float, float], layout: Literal["constrained"] | None = None
) -> Iterator[Figure]:
    """Give an empty figure in the style of the package, and save it when the block ends well."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout=layout)
        yield figure
        try:
            figure.savefig(path, dpi=_DOTS, bbox_inches="tight", pad_inches=0.05, metadata=_dateless(path))
        except OSError as failure:
            raise WriteError(f"{Path(path).name} cannot be written ({failure.strerror})") from None


def _dateless(path: str | os.PathLike[str]) -> dict[str, None]:
    """Leave out of a file when it was made, so that the same plot is the same bytes."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(Path(path).suffix.lower(), {})
