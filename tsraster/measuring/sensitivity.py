"""How porosity depends on the threshold: `vary_threshold`, from the histogram of a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Side = Literal["dark", "light"]

_STEPS = 10
"""To either side."""


@dataclass(frozen=True, kw_only=True)
class ThresholdRow:
    """What the porosity would be by another threshold."""

    threshold: float
    porosity: float
    """0 to 1."""


def vary_threshold(
    values: NDArray[Any],
    counts: Counts,
    threshold: float,
    *,
    pore: Side = "dark",
    reach: float = 0.1,
    levels: int | None = None,
) -> tuple[ThresholdRow, ...]:
    """Return the porosity by thresholds around the one that was chosen.

    Parameters
    ----------
    values : array, shape (L,)
        The values that occur, increasing.
    counts : array of int64, shape (L,)
        How many voxels have each.
    threshold : float
        Dark voxels are those up to the threshold and at it, light ones those above it.
    pore : dark or light
        Which of them are pores.
    reach : float
        How far thresholds are moved to either side, as a share of the range of the values; in ten steps, fewer where values are
        whole numbers that lie closer.
    levels : int, optional
        How many whole gray levels they are moved to either side, one by one, instead.

    Returns
    -------
    tuple of ThresholdRow
        By increasing threshold; the chosen one is among them.

    Raises
    ------
    UsageError
        There are no values; or `reach` or `levels` is below 0.

    Examples
    --------
    >>> rows = vary_threshold(np.arange(4), np.array([10, 20, 30, 40]), 1, levels=1)
    >>> [(row.threshold, row.porosity) for row in rows]
    [(0.0, 0.1), (1.0, 0.3), (2.0, 0.6)]
    """
    total = int(counts.sum())
    if not total or reach < 0 or (levels is not None and levels < 0):
        raise UsageError(
            f"{total} voxels, reach {reach:g}, levels {levels}; there must be voxels, and no number below 0"
        )
    steps = _list_shifts(values, reach, levels)
    upto = np.append(0, np.cumsum(counts))
    thresholds = np.unique(threshold + steps)
    dark = upto[np.searchsorted(values, thresholds, side="right")] / total
    porosity = dark if pore == "dark" else 1 - dark
    return tuple(
        ThresholdRow(threshold=float(at), porosity=float(found)) for at, found in zip(thresholds, porosity, strict=True)
    )


def _list_shifts(values: NDArray[Any], reach: float, levels: int | None) -> Floats:
    """Return by how much the threshold is moved; 0 is among it."""
    if levels is not None:
        return np.arange(-levels, levels + 1, dtype=np.float64)
    shifts = np.arange(-_STEPS, _STEPS + 1) / _STEPS * reach * (float(values[-1]) - float(values[0]))
    return np.rint(shifts) if np.issubdtype(values.dtype, np.integer) else shifts
