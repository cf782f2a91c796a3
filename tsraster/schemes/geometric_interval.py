"""Geometric intervals: each class is so many times as wide as the one before."""

from __future__ import annotations

import math

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def geometric_interval(distribution: Distribution, classes: int) -> list[Number]:
    """Divide the range into K intervals, from each edge to the next of which is the same factor.

    Values that are not above 0 have no such factor: they are one class, and K - 1 begin at the smallest value above 0.

    Raises
    ------
    DataError
        No value is above 0.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> [round(cut, 9) for cut in geometric_interval(tally_array([1, 5, 1000]), 3)]
    [10.0, 100.0]
    """
    cuts, low = part_positive(distribution, "geometric-interval")
    steps = classes - len(cuts)
    start, end = math.log(low), math.log(distribution.maximum)
    return [*cuts, *(math.exp(start + (end - start) * i / steps) for i in range(1, steps))]


def part_positive(distribution: Distribution, name: str) -> tuple[list[Number], Number]:
    """Return a cut at 0 if there are values up to it, and the smallest value above it."""
    if distribution.maximum <= 0:
        raise DataError(f"no value is above 0, which {name} needs; choose another scheme")
    if distribution.minimum > 0:
        return [], distribution.minimum
    return [0], distribution.next_values([0])[0]


SCHEME = Scheme(fit=geometric_interval, regular=True)
