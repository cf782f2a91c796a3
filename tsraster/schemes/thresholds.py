"""Two classes: the thresholds of image processing that scikit-image computes from a histogram.

Integers have a bin for each number from the smallest to the largest one, up to 2**20; other values have 256 bins, the default of
scikit-image. So have more than 256 numbers for the scheme minimum: a histogram of that many bars is not smoothed to two maxima
in a sensible time. A value at the threshold is in the lower class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import MOST_DISTINCT, Distribution
from tsraster.schemes.scheme import Scheme

Histogram = tuple[NDArray[np.int64], NDArray[Any]]
"""Counts and centers of bins, both of shape (N,)."""

_BINS = 256
_FINE_BINS = 2**16


def _count(distribution: Distribution, bins: int = _BINS, *, most: int = MOST_DISTINCT) -> Histogram:
    low, high = distribution.minimum, distribution.maximum
    if isinstance(low, int) and isinstance(high, int) and high - low < most:
        distinct = distribution.distinct
        if distinct is not None:
            values, counts = distinct
            full = np.zeros(high - low + 1, dtype=np.int64)
            full[(values - values[0]).astype(np.intp)] = counts
            return full, np.arange(low, high + 1)
    return distribution.histogram(bins), distribution.bin_centers(bins)


def _by_library(name: str, *, most: int = MOST_DISTINCT) -> Callable[[Distribution, int], list[Number]]:
    def threshold(distribution: Distribution, _classes: int) -> list[Number]:
        from skimage import filters

        try:
            found = getattr(filters, f"threshold_{name}")(hist=_count(distribution, most=most))
        except RuntimeError as error:
            raise DataError(f"no threshold by the scheme {name} ({error}); choose another scheme") from None
        number: Number = np.asarray(found).item()
        return [number]

    threshold.__doc__ = f"Cut at the threshold of `skimage.filters.threshold_{name}`."
    return threshold


def mean(distribution: Distribution, _classes: int) -> list[Number]:
    """Cut at the mean.

    References
    ----------
    C. A. Glasbey, "An analysis of histogram-based thresholding algorithms", 1993.
    """
    return [distribution.mean]


def li(distribution: Distribution, _classes: int) -> list[Number]:
    """Cut where the cross entropy between the image and its two classes is least.

    As `skimage.filters.threshold_li`; of other values than integers, by 65536 bins, and to half the width of one.

    References
    ----------
    C. H. Li, P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding", 1998.
    """
    counts, centers = _count(distribution, _FINE_BINS)
    above = (centers - centers[0]).astype(np.float64)
    tolerance = above[1] / 2
    threshold, before = float(np.average(above, weights=counts)), -math.inf
    while threshold - before > tolerance or before - threshold > tolerance:
        before, upper = threshold, above > threshold
        fore = np.average(above[upper], weights=counts[upper])
        back = np.average(above[~upper], weights=counts[~upper])
        if not back:
            break
        threshold = float((back - fore) / (math.log(back) - math.log(fore)))
    return [threshold + centers[0].item()]


def triangle(distribution: Distribution, _classes: int) -> list[Number]:
    """Cut where the histogram is farthest below the line from its peak to the end of its longer tail.

    As `skimage.filters.threshold_triangle`.

    References
    ----------
    G. W. Zack, W. E. Rogers, S. A. Latt, "Automatic measurement of sister chromatid exchange frequency", 1977.
    """
    counts, centers = _count(distribution)
    peak, last = int(np.argmax(counts)), len(counts) - 1
    if peak < last - peak:
        # The longer tail is on the right: look at it in a mirror.
        counts, centers, peak = counts[::-1], centers[::-1], last - int(np.argmax(counts))
    height, width = float(counts[peak]), peak
    distances = height * np.arange(width) - width * counts[:width].astype(np.float64)
    number: Number = centers[int(np.argmax(distances))].item()
    return [number]


YEN, ISODATA = (Scheme(fit=_by_library(name), fixed=2) for name in ("yen", "isodata"))
MINIMUM = Scheme(fit=_by_library("minimum", most=_BINS), fixed=2)
MEAN, LI, TRIANGLE = (Scheme(fit=fit, fixed=2) for fit in (mean, li, triangle))
