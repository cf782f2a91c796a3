"""How the sizes of objects are distributed, by their number and by their area."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tsraster.measuring.sizes import SizePercentiles, classify_sizes
from tsraster.pipeline.objects import Objects
from tsraster.plots.figure import GRAY, RED, WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UNITS = {"um": "µm", "px": "pixels"}


def plot_sizes(objects: Objects, path: str | os.PathLike[str]) -> None:
    """Draw how the equivalent diameters of objects are distributed: shares in classes of size above, and what is finer below.

    Gray is by number, each object counting alike, and red by area.

    Parameters
    ----------
    objects : Objects
        As `tsraster.objects_file` returns it. Without any object the plot says so.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    with open_figure(path, size=(WIDTH, 4.2), layout="constrained") as figure:
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(1.2, 1))
        upper.set_title(_describe(objects), loc="left")
        if len(objects.table):
            _draw_classes(upper, objects)
            _draw_finer(lower, objects)
        else:
            upper.text(0.5, 0.5, "no object", transform=upper.transAxes, ha="center")
        upper.set_ylabel("percent in each class")
        lower.set_ylabel("percent up to a size")
        lower.set_xlabel(f"equivalent diameter ({_UNITS.get(objects.unit, objects.unit)})")


def _describe(objects: Objects) -> str:
    what = f"class {objects.code} {objects.name}".rstrip()
    number = f"{len(objects.table):,}".replace(",", "\N{THIN SPACE}")
    return f"{Path(objects.source).name}: {what}, {number} {'object' if len(objects.table) == 1 else 'objects'}"


def _draw_classes(axes: Axes, objects: Objects) -> None:
    from matplotlib.ticker import LogLocator

    classes = classify_sizes(objects.table.equivalent_diameter, objects.table.area)
    axes.stairs(classes.by_number, classes.edges, fill=True, color=GRAY, alpha=0.6, label="by number")
    axes.stairs(classes.by_area, classes.edges, color=RED, linewidth=1.2, label="by area")
    axes.set_xscale("log", subs=())
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_finer(axes: Axes, objects: Objects) -> None:
    sizes, areas = np.sort(objects.table.equivalent_diameter), np.cumsum(np.sort(objects.table.area))
    shares = (np.linspace(0, 1, len(sizes) + 1), np.append(0, areas / areas[-1]))
    for share, found, color in zip(shares, (objects.by_number, objects.by_area), (GRAY, RED), strict=True):
        axes.step(np.append(sizes[0], sizes), 100 * share, where="post", color=color, linewidth=1.2, label=_list(found))
        axes.plot([found.d10, found.d50, found.d90], [10, 50, 90], "o", color=color, markersize=3)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 10, 50, 90, 100])
    axes.grid(axis="y", linewidth=0.3)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _list(found: SizePercentiles) -> str:
    return f"d10 {found.d10:.4g}\nd50 {found.d50:.4g}\nd90 {found.d90:.4g}"
