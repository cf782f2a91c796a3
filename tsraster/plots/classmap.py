"""A class map with its legend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring import bind_lut, paint
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.measuring import ClassShare
from tsraster.pipeline.classify import Classification
from tsraster.plots.figure import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMN = 25
"""Legend entries in a column; more classes than three columns hold are shown as a bar of colors."""
_STRIPES, _TICKS = 256, 9
"""The most colors of such a bar, and the numbers beside it."""
_BESIDE, _ALONE, _TALLEST, _THINNEST = 3.9, 5.9, 7.0, 0.3
"""Inches: the width of a map with its legend beside and below it; the most height; the least of width and height."""
_GAPS = (0.1, 0.0), (0.0, -0.5)
"""Inches to the right and up from the corner of the map to its legend, beside and below it."""
_UNITS = {"metre": "m", "degree": "\N{DEGREE SIGN}", "foot": "ft", "US survey foot": "US ft"}


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
    with open_figure(path, size=(1, 1)) as figure:
        draw_classes(figure, classification)


def draw_classes(figure: Figure, classification: Classification) -> Axes:
    """Fill a figure with a class map and its legend; the axes of the map are returned."""
    lut = classification.lut or bind_lut(read_lut("thermal"), classification.table.codes)
    classes = len(classification.shares)
    size = _choose_size(classification, widest=_ALONE if _COLUMN < classes <= 3 * _COLUMN else _BESIDE)
    # What stands around the map is not in the size of the figure: it is saved as large as all of it together.
    figure.set_size_inches(size)
    axes = figure.add_axes((0, 0, 1, 1))
    _show_map(axes, classification, lut, size)
    if classes > 3 * _COLUMN:
        _add_color_bar(figure, axes, classification, lut, size)
    else:
        _add_legend(figure, axes, classification, lut)
    axes.set_title(Path(classification.source).name, loc="left")
    return axes


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
