"""Mean spectra of classes, with their spread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsraster.pipeline.clustering.cluster import Clustering
from tsraster.pipeline.clustering.spectra import SpectralBand
from tsraster.plots.figure import WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 24
"""Classes in a column of the legend."""
_FEW = 3
"""Fewer bands make no line."""
_NARROW = 0.3
"""The width of the axes of few bands, as a share of that of the first ones."""
_NAMED = 16
"""More bands have no room for their names above the wavelengths."""
_REFLECTED = 3.5
"""Micrometers; what is longer is emitted by the ground, and no part of the spectrum of sunlight."""
_BRIGHT = 0.75
"""Lighter colors would not be seen on white and are drawn darker."""


def plot_spectra(clustering: Clustering, path: str | os.PathLike[str]) -> None:
    """Draw the mean of each class in each band as a line, and one standard deviation to both sides as a band of its color.

    The bands stand at their wavelengths where all are known, else side by side. Bands of another unit, such as temperatures
    beside reflectances, and thermal bands beside others, have axes of their own.

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
    groups = group_bands(clustering.bands)
    widths = [_NARROW if len(group) < _FEW and i else 1.0 for i, group in enumerate(groups)]
    with open_figure(path, size=(WIDTH, 3.6), layout="constrained") as figure:
        grid = figure.add_gridspec(1, len(groups), width_ratios=widths)
        for i, group in enumerate(groups):
            axes = figure.add_subplot(grid[0, i])
            draw_spectra(axes, clustering, group, has_legend=i == len(groups) - 1)


def group_bands(bands: Sequence[SpectralBand]) -> list[tuple[int, ...]]:
    """Return the bands that share axes, by their places from 0, the largest group first.

    Examples
    --------
    >>> red, nir = SpectralBand(number=1, wavelength=0.65), SpectralBand(number=2, wavelength=0.87)
    >>> group_bands([red, SpectralBand(number=3, wavelength=10.9, unit="K"), nir])
    [(0, 2), (1,)]
    """
    found: dict[tuple[str, bool], list[int]] = {}
    for i, band in enumerate(bands):
        is_thermal = band.wavelength is not None and band.wavelength > _REFLECTED
        found.setdefault((band.unit, is_thermal), []).append(i)
    return sorted(map(tuple, found.values()), key=len, reverse=True)


def draw_spectra(
    axes: Axes, clustering: Clustering, group: Sequence[int] | None = None, *, has_legend: bool = True
) -> None:
    """Fill axes with the spectra of classes in some bands, by their places from 0, and list the classes beside them."""
    chosen = list(range(len(clustering.bands)) if group is None else group)
    bands = [clustering.bands[i] for i in chosen]
    places, has_lengths = place_bands(bands)
    order = np.argsort(places, kind="stable")
    shown = [
        (one, np.array(color[:3]) / 255)
        for one, color in zip(clustering.spectra, clustering.lut.colors, strict=True)
        if one.pixels
    ]
    are_few = len(places) < _FEW
    shift = np.linspace(-0.2, 0.2, len(shown)) if are_few and len(shown) > 1 else np.zeros(len(shown))
    for (one, color), aside in zip(shown, shift, strict=True):
        means, stds = np.array(one.means)[chosen][order], np.array(one.stds)[chosen][order]
        label = f"{one.code} {one.name}".rstrip() + f"  ({one.percent:.1f} %)"
        _draw_spectrum(axes, places[order] + aside, means, stds, color, label, as_bars=are_few)
    _name_bands(axes, bands, places, has_lengths=has_lengths)
    unit = f" ({bands[0].unit})" if bands[0].unit else ""
    axes.set_ylabel(f"mean of the class{unit}, \N{PLUS-MINUS SIGN} 1 standard deviation")
    if not has_legend:
        return
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        fontsize=7,
        ncols=-(-len(shown) // _ROWS),
        labelspacing=0.35,
    )


def place_bands(bands: Sequence[SpectralBand]) -> tuple[NDArray[np.float64], bool]:
    """Return where bands stand along the axis, and whether those are their wavelengths; one or two have none to go along."""
    lengths = [band.wavelength for band in bands if band.wavelength is not None]
    has_lengths = len(lengths) == len(bands) >= _FEW and len(set(lengths)) == len(lengths)
    return (np.array(lengths) if has_lengths else np.arange(len(bands), dtype=float)), has_lengths


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


def _name_bands(axes: Axes, bands: Sequence[SpectralBand], places: NDArray[np.float64], *, has_lengths: bool) -> None:
    names = [band.name or f"band {band.number}" for band in bands]
    if has_lengths:
        axes.set_xlabel("wavelength (\N{MICRO SIGN}m)")
        if len(bands) <= _NAMED and any(band.name for band in bands):
            above = axes.secondary_xaxis("top")
            above.set_xticks(places, names, rotation=90, fontsize=6)
            above.tick_params(length=2)
            above.spines["top"].set_visible(False)
        return
    turned = sum(map(len, names)) > 70
    axes.set_xticks(places, names, rotation=45 if turned else 0, ha="right" if turned else "center")
    if len(places) < _FEW:
        axes.set_xlim(-0.6, len(places) - 0.4)
