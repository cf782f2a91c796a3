"""A field with its points, the field made again from them, and the difference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.pipeline.pointthinning import Thinning
from tsraster.plots.figure import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 9.6
"""Inches of the three maps together; a screen shows them, and a page across."""
_TALLEST, _LOWEST = 6.0, 0.8
"""Inches of a map."""
_LARGEST, _SMALLEST = 9.0, 0.05
"""Area of the mark of a point, in square points of print: for a few points, and for many thousands."""


def plot_thinning(thinning: Thinning, path: str | os.PathLike[str]) -> None:
    """Draw a field with its points, the field made again from them in the same colors, and the difference, side by side.

    Parameters
    ----------
    thinning : Thinning
        As `tsraster.points_file` returns it.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    rows, cols = thinning.field.shape
    height = min(_TALLEST, max(_LOWEST, _WIDTH / 3 * rows / cols))
    with open_figure(path, size=(_WIDTH, height + 1.1), layout="constrained") as figure:
        _draw(figure, thinning)


def _draw(figure: Figure, thinning: Thinning) -> None:
    left, middle, right = figure.subplots(1, 3, sharex=True, sharey=True)
    low, high = thinning.minimum, thinning.maximum
    scale = {"vmin": low, "vmax": high if high > low else low + 1, "cmap": "viridis"}
    shown = _show(left, thinning, thinning.field, **scale)
    _mark(left, thinning)
    _show(middle, thinning, thinning.remade, **scale)
    widest = thinning.largest_error or 1.0
    difference = thinning.remade.astype(np.float64) - thinning.field
    off = _show(right, thinning, difference, vmin=-widest, vmax=widest, cmap="RdBu_r")
    unit = f" ({thinning.unit})" if thinning.unit else ""
    figure.colorbar(shown, ax=[left, middle], location="bottom", shrink=0.6, aspect=40, label=f"{thinning.label}{unit}")
    figure.colorbar(off, ax=right, location="bottom", shrink=0.9, aspect=25, label=f"made again minus field{unit}")
    number = f"{len(thinning.points):,}".replace(",", "\N{THIN SPACE}")
    left.set_title(f"{Path(thinning.source).name}: {number} points", loc="left", fontsize=8)
    middle.set_title(f"made again, {thinning.interpolate}", loc="left", fontsize=8)
    percent = thinning.to_percent(thinning.rmse)
    right.set_title(f"RMSE {thinning.rmse:.3g} ({percent:.2g} %)", loc="left", fontsize=8)
    _name_axes(left, thinning)


def _show(axes: Axes, thinning: Thinning, pixels: NDArray[Any], **scale: Any) -> Any:
    from matplotlib import colormaps

    colors = colormaps[scale.pop("cmap")].with_extremes(bad="#d9d9d9")
    axes.spines[["top", "right"]].set_visible(True)
    axes.locator_params(nbins=3, prune="both")
    axes.tick_params(labelsize=6)
    axes.tick_params(axis="y", rotation=90)
    rows, cols = thinning.field.shape
    aspect: Any = "equal" if 0.1 < rows / cols < 10 else "auto"
    return axes.imshow(
        pixels, extent=_place(thinning), interpolation="nearest", cmap=colors, aspect=aspect, origin="upper", **scale
    )


def _place(thinning: Thinning) -> tuple[float, float, float, float]:
    """Return left, right, bottom, top of the field, as its first row and column lie; columns and rows without coordinates."""
    rows, cols = thinning.region.rows, thinning.region.cols
    if not _is_map(thinning):
        left, top = thinning.region.col, thinning.region.row
        return (float(left), float(left + cols), float(top + rows), float(top))
    transform = thinning.georef.transform
    return (transform.c, transform.c + transform.a * cols, transform.f + transform.e * rows, transform.f)


def _is_map(thinning: Thinning) -> bool:
    return thinning.georef.bounds((thinning.region.rows, thinning.region.cols)) is not None


def _mark(axes: Axes, thinning: Thinning) -> None:
    """Set dots, smaller the more there are: white with a dark rim while there is room for one."""
    points = thinning.points
    if _is_map(thinning) and thinning.x is not None and thinning.y is not None:
        x: NDArray[Any] = thinning.x
        y: NDArray[Any] = thinning.y
    else:
        x, y = points.columns + thinning.region.col + 0.5, points.rows + thinning.region.row + 0.5
    size = min(_LARGEST, max(_SMALLEST, 1500 / len(points)))
    has_rim = size > 1
    axes.scatter(
        x,
        y,
        s=size,
        c="white" if has_rim else "red",
        edgecolors="black" if has_rim else "none",
        linewidths=0.5 if has_rim else 0,
    )


def _name_axes(axes: Axes, thinning: Thinning) -> None:
    if not _is_map(thinning):
        axes.set_xlabel("column", fontsize=7)
        axes.set_ylabel("row", fontsize=7)
        return
    crs = thinning.georef.crs
    unit = {"metre": " (m)", "degree": " (\N{DEGREE SIGN})"}.get(crs.units_factor[0], "") if crs is not None else ""
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.set_xlabel(f"x{unit}", fontsize=7)
    axes.set_ylabel(f"y{unit}", fontsize=7)
