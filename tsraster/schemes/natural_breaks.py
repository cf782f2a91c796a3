"""Natural breaks (Jenks) and Otsu for any number of classes: the least squares within classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError, RoundedFitWarning
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.partition import partition
from tsraster.schemes.scheme import Scheme

_BINS = 2**16
_ROOM = 2**26
"""So many places are held at the most: for each number of classes, one for each different value."""


def natural_breaks(distribution: Distribution, classes: int) -> list[Number]:
    """Cut so that the squared differences from the means of the classes add up to the least that K classes can have.

    Jenks' natural breaks, one-dimensional k-means and Otsu's threshold, which makes the variance between classes largest, have
    this one optimum; so the schemes natural-breaks and otsu are the same. A cut is the largest value of the class below it.

    Warns
    -----
    RoundedFitWarning
        There are more than 2**20 different values, or more than 2**26 by K, and each was taken as the middle of one of 65536
        bins.

    Raises
    ------
    DataError
        K is too large for so many different values, more than 1024 of 65536.

    Notes
    -----
    Exact, unlike searches that start from a guess, for up to 2**20 different values; see `partition`. Where bins have to be
    used, no value is moved by more than half their width, so the root of the mean squared difference within the classes is
    above the least possible by at most one width: 1.5e-05 of the range.

    References
    ----------
    G. F. Jenks, "The data model concept in statistical mapping", 1967; N. Otsu, "A threshold selection method from gray-level
    histograms", 1979.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> natural_breaks(tally_array([1, 1, 2, 8, 9, 9, 30]), 3)
    [2, 9]
    """
    distinct = distribution.distinct
    if distinct is None or (len(distinct[0]) > _BINS and len(distinct[0]) * classes > _ROOM):
        return _from_bins(distribution, classes)
    values, counts = distinct
    return [values[end - 1].item() for end in _divide(values, counts, classes)]


def _divide(values: NDArray[Any], counts: NDArray[np.int64], classes: int) -> list[int]:
    """Return for each class but the last the place after its last value."""
    if classes >= len(values):
        return list(range(1, len(values)))
    if classes * len(values) > _ROOM:
        raise DataError(
            f"{classes} natural classes of {len(values)} different values are too many; the most is {_ROOM // len(values)}"
        )
    return partition(values, counts, classes)[:-1]


def _from_bins(distribution: Distribution, classes: int) -> list[Number]:
    counts = distribution.histogram(_BINS)
    filled = np.flatnonzero(counts)
    ends = _divide(filled, counts[filled], classes)
    edges = distribution.bin_edges(_BINS)
    warnings.warn(
        f"the values were taken in {_BINS} steps: the spread within the classes is at most {1 / _BINS:.1e} of the range "
        "above the least possible",
        RoundedFitWarning,
        stacklevel=2,
    )
    return [edges[filled[end - 1] + 1].item() for end in ends]


SCHEME = Scheme(fit=natural_breaks)
