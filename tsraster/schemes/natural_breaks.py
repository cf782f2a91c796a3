"""Natural breaks (Jenks) and Otsu for any number of classes: the least squares within classes."""

from __future__ import annotations

import warnings

import numpy as np

from tsraster.classtable import Number
from tsraster.errors import RoundedFitWarning
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.partition import partition
from tsraster.schemes.scheme import Scheme

_BINS = 2**16


def natural_breaks(distribution: Distribution, classes: int) -> list[Number]:
    """Cut so that the squared differences from the means of the classes add up to the least that K classes can have.

    Jenks' natural breaks, one-dimensional k-means and Otsu's threshold, which makes the variance between classes largest, have
    this one optimum; so the schemes natural-breaks and otsu are the same. A cut is the largest value of the class below it.

    Warns
    -----
    RoundedFitWarning
        There are more than 2**20 different values, and each was taken as the middle of one of 65536 bins.

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
    if distinct is None:
        return _from_bins(distribution, classes)
    values, counts = distinct
    ends = partition(values, counts, min(classes, len(values)))
    return [values[end - 1].item() for end in ends[:-1]]


def _from_bins(distribution: Distribution, classes: int) -> list[Number]:
    counts = distribution.histogram(_BINS)
    filled = np.flatnonzero(counts)
    ends = partition(filled, counts[filled], min(classes, len(filled)))
    edges = np.linspace(float(distribution.minimum), float(distribution.maximum), _BINS + 1)
    warnings.warn(
        f"the values were taken in {_BINS} steps: the spread within the classes is at most {1 / _BINS:.1e} of the range "
        "above the least possible",
        RoundedFitWarning,
        stacklevel=2,
    )
    return [edges[filled[end - 1] + 1].item() for end in ends[:-1]]


SCHEME = Scheme(fit=natural_breaks)
