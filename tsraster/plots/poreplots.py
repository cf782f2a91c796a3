"""What is found of a pore space: sizes of pores with the fitted lognormal, porosity slice by slice, and of growing cubes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from tsraster.measuring.lognormal import LognormalFit
from tsraster.measuring.porespace import Profile, Profiles
from tsraster.measuring.representative import Representative
from tsraster.measuring.sizedistribution import Floats, SizeDistribution
from tsraster.plots.figure import GRAY, RED, WIDTH, open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, PALE = "#2f6db5", "#c9ced2"
_COLORS = {"z": GRAY, "y": RED, "x": BLUE}
_UNITS = {"um": "µm"}
_STEADY = 0.05
"""The spread of cubes that is marked, as a share of their mean."""
_SEEN = 1e-3
"""Classes are left out of the fitted line that have less than this share of the fullest."""


def plot_pores(
    path: str | os.PathLike[str],
    *,
    sizes: SizeDistribution,
    profiles: Profiles,
    representative: Representative | None,
    fit: LognormalFit | None = None,
    title: str = "",
    unit: str = "voxels",
) -> None:
    """Draw what was found of a pore space: sizes of pores, porosity slice by slice, and porosity of cubes of growing side.

    Parameters
    ----------
    path : path
        Ends in .png, .pdf or .svg.
    sizes : SizeDistribution
        Shares by number are gray, pale where pores touch the border and are not kept for the fit; shares by volume are red.
    profiles : Profiles
        Along z, y and x.
    representative : Representative or None
        The mean of random cubes, and one standard deviation to either side of it: pale where cubes must overlap. None where the
        volume is too small for cubes.
    fit : LognormalFit, optional
        What it expects in each class is a black line; a dashed one stands at the size below which pores are not seen.
    title : str
        Such as the name of the volume.
    unit : str
        Of diameters.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    WriteError
        The file cannot be written.
    """
    with open_figure(path, size=(WIDTH, 7.4), layout="constrained") as figure:
        number, volume, slices, cubes = figure.subplots(4, height_ratios=(1.2, 0.6, 1, 1))
        number.set_title(title, loc="left")
        _draw_sizes(number, volume, sizes, fit)
        volume.set_xlabel(f"equivalent diameter ({_UNITS.get(unit, unit)})")
        _draw_profiles(slices, profiles)
        _draw_cubes(cubes, representative)
        for axes in (number, volume, slices, cubes):
            if axes.get_legend_handles_labels()[1]:
                axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_sizes(number: Axes, volume: Axes, sizes: SizeDistribution, fit: LognormalFit | None) -> None:
    number.set_ylabel("percent of pores")
    volume.set_ylabel("percent of volume")
    if not len(sizes.pores):
        _leave_empty(number, "no pores")
        _leave_empty(volume, "")
        return
    each = 100 / int(sizes.pores.sum())
    if (sizes.kept < sizes.pores).any():
        number.stairs(sizes.by_number, sizes.edges, fill=True, color=PALE, label="all pores")
    number.stairs(each * sizes.kept, sizes.edges, fill=True, color=GRAY, alpha=0.75, label="pores inside")
    volume.stairs(sizes.by_volume, sizes.edges, fill=True, color=RED, alpha=0.75, label="all pores")
    if fit is not None:
        _draw_fit(number, sizes.edges, fit, each)
    _scale_by_logs(number)
    _scale_by_logs(volume)
    volume.set_xlim(number.get_xlim())
    number.tick_params(labelbottom=False)
    for axes in (number, volume):
        axes.set_ylim(bottom=0)


def _leave_empty(axes: Axes, reason: str) -> None:
    axes.text(0.5, 0.5, reason, transform=axes.transAxes, ha="center")
    axes.set(xticks=[], yticks=[])


def _scale_by_logs(axes: Axes) -> None:
    """Give a logarithmic axis the plain numbers 1, 2, 5, 10, ..."""
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _draw_fit(axes: Axes, edges: Floats, fit: LognormalFit, each: float) -> None:
    text = (
        f"lognormal of {fit.pores} pores\nln V: mean {fit.mu:.3g} ± {fit.mu_error:.2g}\n"
        f"sd {fit.sigma:.3g} ± {fit.sigma_error:.2g}, KS {fit.distance:.3f}"
    )
    middles, expected = np.sqrt(edges[:-1] * edges[1:]), each * fit.expect(edges)
    shown = expected > _SEEN * expected.max()
    axes.plot(middles[shown], expected[shown], ".-", color="black", linewidth=0.8, markersize=3, label=text)
    label = f"seen from {fit.min_size} {'voxel' if fit.min_size == 1 else 'voxels'} on"
    axes.axvline(float(np.cbrt(6 / np.pi * fit.cut)), color="black", linestyle="--", linewidth=0.7, label=label)


def _draw_profiles(axes: Axes, profiles: Profiles) -> None:
    for profile in profiles:
        slices = np.arange(len(profile.porosity))
        axes.plot(slices, profile.porosity, color=_COLORS[profile.axis], linewidth=0.8, label=_list(profile))
    axes.axhline(profiles.z.mean, color="black", linestyle=":", linewidth=0.7, label=f"mean {profiles.z.mean:.4g}")
    axes.margins(x=0.01)
    axes.set_xlabel("slice, counted from 0")
    axes.set_ylabel("porosity of slices")


def _list(profile: Profile) -> str:
    return f"along {profile.axis}: {profile.minimum:.3f} to {profile.maximum:.3f}"


def _draw_cubes(axes: Axes, found: Representative | None) -> None:
    axes.set_xlabel("side of the cube (voxels)")
    axes.set_ylabel("porosity of cubes")
    if found is None:
        _leave_empty(axes, "too small for cubes")
        return
    low, high = found.mean - found.sd, found.mean + found.sd
    axes.fill_between(found.sides, low, high, color=PALE, alpha=0.5, linewidth=0, label="± 1 sd, cubes overlap")
    sure = found.is_sure
    axes.fill_between(found.sides[sure], low[sure], high[sure], color=GRAY, alpha=0.5, linewidth=0, label="± 1 sd")
    axes.plot(found.sides, found.mean, color=GRAY, linewidth=1.2, label="random cubes, mean")
    axes.plot(found.sides, found.centered, ".-", color=RED, linewidth=0.8, markersize=3, label="cube in the middle")
    side = found.find_side(_STEADY)
    if side is not None:
        text = f"sd below {100 * _STEADY:g} % of the mean\nfrom {side} voxels on"
        axes.axvline(side, color="black", linestyle="--", linewidth=0.7, label=text)
    _scale_by_logs(axes)
    axes.set_ylim(bottom=0)
