"""The three middle slices of a volume, side by side and to scale."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsraster.plots.figure import WIDTH, open_figure
from tsraster.volumes.preview import PreviewVolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 0.55
"""Inches between two slices, with the ticks of the second."""
_MARGIN = 0.55
"""Inches on the left and below."""
_TITLE = 0.22
"""Inches for the title of the picture, and as much for those of the slices."""
_CUT = "#ffffff"
_SHARE = 0.3
"""Of the width of the first slice that the scale bar takes at most."""


@dataclass(frozen=True)
class _View:
    """A slice: across which axis, and which axes go down and to the right; 0, 1, 2 are z, y, x."""

    across: int
    down: int
    right: int


_VIEWS = (_View(0, 1, 2), _View(1, 0, 2), _View(2, 0, 1))
_NAMES = "zyx"


def plot_slices(
    preview: PreviewVolume, colors: NDArray[np.uint8], path: str | os.PathLike[str], *, title: str = ""
) -> None:
    """Draw the middle slices across z, y and x, in one scale, with a scale bar where the size of a voxel is known.

    Dashed lines show where the other slices lie.

    Parameters
    ----------
    preview : PreviewVolume
        Color codes of labels, or grays.
    colors : array of uint8, shape (256, 3)
        Of the codes.
    path : path
        Ends in .png, .pdf or .svg.
    title : str
        Such as the name of the volume.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    extent = preview.extent
    across = sum(extent[view.right] for view in _VIEWS)
    tallest = max(extent[view.down] for view in _VIEWS)
    # A tall volume is drawn smaller, so that the picture fits on a page.
    inches = min((WIDTH - _MARGIN - 2 * _GAP) / across, WIDTH / tallest)
    size = (_MARGIN + 2 * _GAP + inches * across, _MARGIN + _TITLE * (2 if title else 1) + inches * tallest)
    with open_figure(path, size=size) as figure:
        left = _MARGIN
        for view in _VIEWS:
            width, height = inches * extent[view.right], inches * extent[view.down]
            top = _MARGIN + inches * tallest
            place = (left / size[0], (top - height) / size[1], width / size[0], height / size[1])
            _draw_slice(figure.add_axes(place), preview, colors, view)
            left += width + _GAP
        if preview.voxel_size is not None:
            _draw_scale_bar(figure.axes[0], extent[2], preview.unit)
        if title:
            figure.text(_MARGIN / size[0], 1 - 0.04 / size[1], title, fontsize=9, weight="bold", va="top")


def _draw_slice(axes: Axes, preview: PreviewVolume, colors: NDArray[np.uint8], view: _View) -> None:
    middle = [size // 2 for size in preview.codes.shape]
    codes = np.take(preview.codes, middle[view.across], axis=view.across)
    places = [start + at * step for start, at, step in zip(preview.origin, middle, preview.spacing, strict=True)]
    (left, right), (top, bottom) = preview.bounds[view.right], preview.bounds[view.down]
    axes.imshow(
        colors[codes],
        extent=(left, right, bottom, top),
        interpolation="nearest" if max(codes.shape) <= 128 else "auto",
        aspect="auto",
    )
    for axis, line in ((view.down, axes.axhline), (view.right, axes.axvline)):
        line(places[axis], color=_CUT, linewidth=0.4, dashes=(6, 4), alpha=0.6)
    axes.set_title(f"{_NAMES[view.across]} = {places[view.across]:.4g} {preview.unit}", fontsize=8, loc="left", pad=3)
    axes.set_xlabel(f"{_NAMES[view.right]} ({preview.unit})", labelpad=1)
    axes.set_ylabel(f"{_NAMES[view.down]} ({preview.unit})", labelpad=1)
    axes.locator_params(nbins=4)
    axes.tick_params(labelsize=6.5, length=2)


def _draw_scale_bar(axes: Axes, width: float, unit: str) -> None:
    """Draw a bar of a round length into the lower left corner, white on black so that it is seen on anything."""
    length = round_length(_SHARE * width)
    axes.annotate(
        f"{length:g} {unit}",
        xy=(0.05 + 0.5 * length / width, 0.05),
        xycoords="axes fraction",
        xytext=(0, 3.5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=6.5,
        color="white",
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "black", "edgecolor": "none", "alpha": 0.7},
    )
    for color, thick in (("black", 3.4), ("white", 2.0)):
        axes.plot(
            [0.05, 0.05 + length / width],
            [0.05, 0.05],
            color=color,
            linewidth=thick,
            transform=axes.transAxes,
            solid_capstyle="butt",
        )


def round_length(most: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, 50, ..., or 0.5, 0.2, ..., that is not above `most`.

    Examples
    --------
    >>> round_length(73), round_length(0.3), round_length(20)
    (50.0, 0.2, 20.0)
    """
    power = 10.0 ** math.floor(math.log10(most))
    return float(f"{max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9)):.3g}")
