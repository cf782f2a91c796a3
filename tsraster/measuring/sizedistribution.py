"""How large pores are: shares in logarithmic classes by number and by volume, from the voxels that each of them has.

A pore of V cubic units has the diameter of the ball of that volume, (6 V / pi)^(1/3). In connected rock nearly all pore space
is one component, so that these are sizes of isolated pores; see `tsraster.measuring.porespace`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.measuring.sizes import SizePercentiles, find_percentiles

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

NICE = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
"""The preferred numbers of ISO 3, series R10: ten classes to each factor of ten, with edges that one can read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SizeDistribution:
    """Pores in classes of their equivalent diameter, B classes of them; a class is (edge, next edge]."""

    edges: Floats
    """Diameters in units of length, shape (B+1,)."""
    pores: Counts
    """How many pores, shape (B,); together all of them."""
    kept: Counts
    """How many of these are kept for a fit, shape (B,)."""
    voxels: Counts
    """How many voxels they have, shape (B,); together all of the pore space."""
    number: SizePercentiles
    """The diameters up to which 10, 50 and 90 percent of all pores lie."""
    volume: SizePercentiles
    """The diameters of the pores up to which 10, 50 and 90 percent of all pore volume lies."""

    @property
    def by_number(self) -> Floats:
        """Percent of all pores in each class, shape (B,)."""
        return _to_percent(self.pores)

    @property
    def by_volume(self) -> Floats:
        """Percent of all pore volume in each class, shape (B,)."""
        return _to_percent(self.voxels)


def _to_percent(counts: Counts) -> Floats:
    return np.asarray(100 * counts / max(int(counts.sum()), 1), dtype=np.float64)


def find_diameters(voxels: Counts, voxel_volume: float) -> Floats:
    """Return the diameters of the balls that have the volumes of the pores.

    Parameters
    ----------
    voxels : array of int64, shape (K,)
        How many voxels each pore has.
    voxel_volume : float
        Of a voxel, in cubic units.

    Returns
    -------
    array of float64, shape (K,)
        In units of length.

    Examples
    --------
    >>> find_diameters(np.array([1, 1000]), 8.0).round(3)
    array([ 2.481, 24.814])
    """
    return np.asarray(np.cbrt(6 / np.pi * voxel_volume * voxels), dtype=np.float64)


def measure_sizes(voxels: Counts, voxel_volume: float, *, kept: Mask | None = None) -> SizeDistribution:
    """Return how the sizes of pores are distributed, by their number and by their volume.

    Parameters
    ----------
    voxels : array of int64, shape (K,)
        How many voxels each pore has, at least 1.
    voxel_volume : float
        Of a voxel, in cubic units.
    kept : array of bool, shape (K,), optional
        Pores that are counted apart, such as those a distribution is fitted to; all when None.

    Returns
    -------
    SizeDistribution
        Without pores it has no class, one edge at 0, and NaN for percentiles.

    Raises
    ------
    UsageError
        A pore has no voxel, or a voxel has no volume.

    Examples
    --------
    >>> sizes = measure_sizes(np.array([1, 1, 2, 900]), 1.0)
    >>> sizes.edges[:4], sizes.edges[-1]
    (array([1.  , 1.25, 1.6 , 2.  ]), np.float64(12.5))
    >>> sizes.pores
    array([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    >>> sizes.by_volume[-1].round(2), round(sizes.volume.d50, 2)
    (np.float64(99.56), 11.98)
    """
    _check(voxels, voxel_volume)
    diameters = find_diameters(voxels, voxel_volume)
    edges = _choose_edges(diameters)
    place = np.searchsorted(edges, diameters, side="left") - 1
    classes = len(edges) - 1
    chosen = slice(None) if kept is None else kept
    return SizeDistribution(
        edges=edges,
        pores=_count(place, classes),
        kept=_count(place[chosen], classes),
        voxels=_add_up(place, voxels, classes),
        number=find_percentiles(diameters),
        volume=find_percentiles(diameters, voxels.astype(np.float64)),
    )


def _check(voxels: Counts, voxel_volume: float) -> None:
    if not (np.isfinite(voxel_volume) and voxel_volume > 0):
        raise UsageError(f"the volume of a voxel is {voxel_volume:g}; it must be above 0")
    if len(voxels) and voxels.min() < 1:
        raise UsageError(f"a pore of {int(voxels.min())} voxels; each pore has at least 1")


def _choose_edges(diameters: Floats) -> Floats:
    """Return the nice edges around all diameters: the first lies below the smallest, the last not below the largest."""
    if not len(diameters):
        return np.zeros(1)
    low, high = float(diameters.min()), float(diameters.max())
    decades = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 2)
    ladder = np.array([float(f"{step}e{decade}") for decade in decades for step in NICE])
    first = np.searchsorted(ladder, low, side="left") - 1
    last = np.searchsorted(ladder, high, side="left")
    return np.asarray(ladder[first : last + 1])


def _count(place: NDArray[np.intp], classes: int) -> Counts:
    return np.bincount(place, minlength=classes).astype(np.int64)


def _add_up(place: NDArray[np.intp], voxels: Counts, classes: int) -> Counts:
    """Sum voxels up by class in integers, which floats hold only up to 2**53."""
    sums = np.zeros(classes, dtype=np.int64)
    np.add.at(sums, place, voxels)
    return sums
