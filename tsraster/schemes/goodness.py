"""How well classes hold together: the goodness of variance fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import ClassTable, Number
from tsraster.schemes.distribution import Distribution


@dataclass(frozen=True, kw_only=True, eq=False)
class Goodness:
    """How many values each class holds, and how little they are spread there."""

    counts: NDArray[np.int64]
    """Shape (K,)."""
    goodness: float
    """The goodness of variance fit: 1 minus the squared differences from the means of the classes by those from the mean of all.
    From 0, for one class, to 1, where the values of each class are equal."""


def measure_goodness(tables: Sequence[ClassTable], distribution: Distribution) -> list[Goodness]:
    """Measure classes that hold all values of a distribution, all tables at once.

    Parameters
    ----------
    tables : sequence of ClassTable
        Fitted to the distribution.
    distribution : Distribution
        Of the values.

    References
    ----------
    G. F. Jenks, M. R. C. Coulson, "Class intervals for statistical maps", 1963.

    Examples
    --------
    >>> from tsraster.schemes import choose_scheme, tally_array
    >>> ages = tally_array([1, 2, 8, 9])
    >>> halves = measure_goodness([choose_scheme("natural-breaks", 2).fit(ages)], ages)[0]
    >>> halves.counts, round(halves.goodness, 2)
    (array([2, 2]), 0.98)
    """
    cuts = [_list_cuts(table, distribution) for table in tables]
    every = sorted(set().union(*cuts))
    parts = distribution.between(every)
    means = np.where(parts.counts, parts.means, 0)
    total = float(distribution.between(()).squares[0])
    found = []
    for own in cuts:
        starts = np.array([0, *(every.index(cut) + 1 for cut in own)])
        counts = np.add.reduceat(parts.counts, starts)
        mean = np.add.reduceat(parts.counts * means, starts) / np.maximum(counts, 1)
        away = means - np.repeat(mean, np.diff(starts, append=len(means)))
        within = float((parts.squares + parts.counts * np.square(away)).sum())
        found.append(Goodness(counts=counts, goodness=max(0.0, 1 - within / total) if total else 1.0))
    return found


def _list_cuts(table: ClassTable, distribution: Distribution) -> list[Number]:
    """Return cuts that part the values as a table does, each value on a cut being below it."""
    if table.values:
        return sorted(table.values)[:-1]
    inner = table.edges[1:-1]
    return list(inner) if table.closed == "right" else [_just_below(cut, distribution.dtype) for cut in inner]


def _just_below(cut: Number, dtype: np.dtype[Any]) -> Number:
    """Return a number at least as large as just those values of a type that are below a cut."""
    if dtype.kind != "f":
        return math.ceil(cut) - 1
    number: Number = np.nextafter(dtype.type(cut), dtype.type(-np.inf)).item()
    return number
