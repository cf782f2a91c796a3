"""Mean spectra of classes, with their spread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsraster.pipeline.clustering.cluster import Clustering
from tsraster.plots.figure import WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 24
"""Classes in a column of the legend."""
_BRIGHT = 0.75
"""Lighter colors would not be seen on white and are drawn darker."""


def plot_spectra(clustering: Clustering, path: str | os.PathLike[str]) -> None:
    """Draw the mean of each class in each band as a line, and one standard deviation to both sides as a band of its color.

    The bands stand at their wavelengths where all are known, else side by side.

    Parameters
    ----------
    clustering : Clustering
        As `tsraster.cluster_files` returns it. Classes without pixels are left out.
    path : path
        Ends in .png, .pdf or .svg.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    with open_figure(path, size=(WIDTH, 3.6), layout="constrained") as figure:
        draw_spectra(figure.add_subplot(), clustering)


def draw_spectra(axes: Axes, clustering: Clustering) -> None:
    """Fill axes with the spectra of classes, and list the classes beside them."""
    places, has_lengths = place_bands(clustering)
    order = np.argsort(places, kind="stable")
    shown = [
        (one, np.array(color[:3]) / 255)
        for one, color in zip(clustering.spectra, clustering.lut.colors, strict=True)
        if one.pixels
    ]
    shift = np.linspace(-0.2, 0.2, len(shown)) if len(places) < 3 and len(shown) > 1 else np.zeros(len(shown))
    for (one, color), aside in zip(shown, shift, strict=True):
        means, stds, x = np.array(one.means)[order], np.array(one.stds)[order], places[order] + aside
        label = f"{one.code} {one.name}".rstrip() + f"  ({one.percent:.1f} %)"
        _draw_spectrum(axes, x, means, stds, color, label, as_bars=len(places) < 3)
    _name_bands(axes, clustering, places, has_lengths=has_lengths)
    axes.set_ylabel("mean of the class, \N{PLUS-MINUS SIGN} 1 standard deviation")
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        fontsize=7,
        ncols=-(-len(shown) // _ROWS),
        labelspacing=0.35,
    )


def place_bands(clustering: Clustering) -> tuple[NDArray[np.float64], bool]:
    """Return where bands stand along the axis, and whether those are their wavelengths."""
    lengths = [band.wavelength for band in clustering.bands if band.wavelength is not None]
    has_lengths = len(lengths) == len(clustering.bands) and len(set(lengths)) == len(lengths)
    return (np.array(lengths) if has_lengths else np.arange(len(clustering.bands), dtype=float)), has_lengths


def _draw_spectrum(
    axes: Axes,
    x: NDArray[np.float64],
    means: NDArray[np.float64],
    stds: NDArray[np.float64],
    color: NDArray[np.float64],
    label: str,
    *,
    as_bars: bool,
) -> None:
    dark = color if color @ (0.299, 0.587, 0.114) < _BRIGHT else color * 0.75
    if as_bars:
        axes.errorbar(
            x, means, yerr=stds, color=dark, marker="o", markersize=4, linestyle="none", capsize=2, label=label
        )
        return
    axes.fill_between(x, means - stds, means + stds, color=dark, alpha=0.18, linewidth=0)
    axes.plot(x, means, color=dark, marker="o", markersize=2.5, linewidth=1.3, label=label)


def _name_bands(axes: Axes, clustering: Clustering, places: NDArray[np.float64], *, has_lengths: bool) -> None:
    if has_lengths:
        axes.set_xlabel("wavelength (\N{MICRO SIGN}m)")
        return
    names = [band.name or f"band {band.number}" for band in clustering.bands]
    turned = sum(map(len, names)) > 70
    axes.set_xticks(places, names, rotation=45 if turned else 0, ha="right" if turned else "center")
