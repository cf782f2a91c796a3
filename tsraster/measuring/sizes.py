"""How sizes are distributed: percentiles and classes, by the number of objects and by their area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CLASSES_PER_OCTAVE = 3
"""Size classes from one diameter to its double: thirds of a phi."""
_MOST_CLASSES = 60


@dataclass(frozen=True, kw_only=True)
class SizePercentiles:
    """The sizes up to which 10, 50 and 90 percent lie; NaN where there is nothing."""

    d10: float
    d50: float
    d90: float


def find_percentiles(sizes: Floats, weights: Floats | None = None) -> SizePercentiles:
    """Return the sizes up to which 10, 50 and 90 percent of all objects lie, or of all weight.

    Each is the size of an object: the smallest one at which the share is reached.

    Parameters
    ----------
    sizes : array, shape (N,)
        Such as diameters.
    weights : array, shape (N,), optional
        Such as areas; each object counts alike when None.

    Examples
    --------
    >>> sizes = np.array([1.0, 2.0, 10.0])
    >>> find_percentiles(sizes)
    SizePercentiles(d10=1.0, d50=2.0, d90=10.0)
    >>> find_percentiles(sizes, sizes**2).d10
    10.0
    """
    if not len(sizes):
        return SizePercentiles(d10=float("nan"), d50=float("nan"), d90=float("nan"))
    found = np.quantile(sizes, [0.1, 0.5, 0.9], weights=weights, method="inverted_cdf")
    d10, d50, d90 = (float(size) for size in found)
    return SizePercentiles(d10=d10, d50=d50, d90=d90)


@dataclass(frozen=True, kw_only=True, eq=False)
class SizeClasses:
    """Shares of objects and of area in classes of size."""

    edges: Floats
    """Shape (K+1,), each larger than the one before by the same factor."""
    by_number: Floats
    """Percent of all objects, shape (K,)."""
    by_area: Floats
    """Percent of all area, shape (K,)."""


def classify_sizes(sizes: Floats, areas: Floats) -> SizeClasses:
    """Return the shares of objects and of area in classes of size, three of them to each doubling of the size.

    Parameters
    ----------
    sizes, areas : array, shape (N,)
        Of at least one object, above 0.

    Examples
    --------
    >>> classes = classify_sizes(np.array([1.0, 1.0, 8.0]), np.array([1.0, 1.0, 8.0]))
    >>> len(classes.by_number), classes.by_number[0].round(2), classes.by_area[-1]
    (10, np.float64(66.67), np.float64(80.0))
    """
    low, high = float(np.log2(sizes.min())), float(np.log2(sizes.max()))
    step = max(1 / _CLASSES_PER_OCTAVE, (high - low) / _MOST_CLASSES)
    # Half a class below the smallest size, so that none lies on an edge because of rounding.
    edges = np.exp2(low + step * (np.arange(int((high - low) / step + 0.5) + 2) - 0.5))
    by_number, _ = np.histogram(sizes, edges)
    by_area, _ = np.histogram(sizes, edges, weights=areas)
    return SizeClasses(edges=edges, by_number=100 * by_number / len(sizes), by_area=100 * by_area / areas.sum())
