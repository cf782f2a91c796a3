"""Two classes: the thresholds of image processing that scikit-image computes from a histogram.

Integers have a bin for each number from the smallest to the largest one, up to 2**20; other values have 256 bins, the default of
scikit-image. So have more than 256 numbers for the scheme minimum: a histogram of that many bars is not smoothed to two maxima
in a sensible time. A value at the threshold is in the lower class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import MOST_DISTINCT, Distribution
from tsraster.schemes.keys import measure_from_first
from tsraster.schemes.scheme import Scheme

_BINS = 256
_FINE_BINS = 2**16


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bars:
    """A histogram whose bars stand at small numbers, so that none of what is reckoned with them is too large for a float."""

    counts: NDArray[np.int64]
    places: NDArray[np.float64]
    """Increasing from 0, shape (N,), in proportion to the values."""
    centers: NDArray[Any]
    """The values, shape (N,)."""

    def value_at(self, place: float) -> Number:
        """Return the value of a place, which may lie between two bars."""
        i = int(np.searchsorted(self.places, place, side="right")) - 1
        low: Number = self.centers[i].item()
        if place == self.places[i] or (isinstance(low, int) and abs(low) > 2**52):
            return low
        share = float((place - self.places[i]) / (self.places[i + 1] - self.places[i]))
        high: Number = self.centers[i + 1].item()
        return low * (1 - share) + high * share


def _count(distribution: Distribution, bins: int = _BINS, *, most: int = MOST_DISTINCT) -> _Bars:
    low, high = distribution.minimum, distribution.maximum
    is_whole = isinstance(low, int) and isinstance(high, int)
    if is_whole and high - low < most and distribution.distinct is not None:
        values, counts = distribution.distinct
        steps = measure_from_first(values).astype(np.intp)
        full = np.zeros(steps[-1] + 1, dtype=np.int64)
        full[steps] = counts
        return _Bars(
            counts=full,
            places=np.arange(len(full), dtype=float),
            centers=low + np.arange(len(full), dtype=values.dtype),
        )
    step = float(np.spacing(max(abs(low), abs(high)) / 2))
    if not is_whole and high / 2 - low / 2 <= bins * step and distribution.distinct is not None:
        # There are not so many floats between them.
        values, counts = distribution.distinct
        return _Bars(counts=counts, places=measure_from_first(values / 2) / step, centers=values)
    return _Bars(
        counts=distribution.histogram(bins), places=np.arange(bins, dtype=float), centers=distribution.bin_centers(bins)
    )


def _by_library(name: str, *, most: int = MOST_DISTINCT) -> Callable[[Distribution, int], list[Number]]:
    def threshold(distribution: Distribution, _classes: int) -> list[Number]:
        from skimage import filters

        bars = _count(distribution, most=most)
        if len(bars.counts) == 2:
            return [bars.value_at(0)]
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                found = getattr(filters, f"threshold_{name}")(hist=(bars.counts, bars.places))
        except (RuntimeError, IndexError) as error:
            # An index is what scikit-image stumbles over where it has found no threshold between neighboring floats.
            cause = error if isinstance(error, RuntimeError) else "the values are too near each other"
            raise DataError(f"no threshold by the scheme {name} ({cause}); choose another scheme") from None
        return [bars.value_at(float(found))]

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
    bars = _count(distribution, _FINE_BINS)
    tolerance = bars.places[1] / 2
    threshold, before = float(np.average(bars.places, weights=bars.counts)), -math.inf
    while abs(threshold - before) > tolerance:
        before, upper = threshold, bars.places > threshold
        fore = np.average(bars.places[upper], weights=bars.counts[upper])
        back = np.average(bars.places[~upper], weights=bars.counts[~upper])
        if not back:
            break
        threshold = float((back - fore) / (math.log(back) - math.log(fore)))
    return [bars.value_at(threshold)]


def triangle(distribution: Distribution, _classes: int) -> list[Number]:
    """Cut where the histogram is farthest below the line from its peak to the end of its longer tail.

    As `skimage.filters.threshold_triangle`.

    References
    ----------
    G. W. Zack, W. E. Rogers, S. A. Latt, "Automatic measurement of sister chromatid exchange frequency", 1977.
    """
    bars = _count(distribution)
    counts, places = bars.counts, bars.places
    peak, last = int(np.argmax(counts)), len(counts) - 1
    if peak < last - peak:
        # The longer tail is on the right: look at it in a mirror.
        counts, places, peak = counts[::-1], places[::-1], last - peak
    distances = float(counts[peak]) * np.arange(peak) - peak * counts[:peak].astype(np.float64)
    return [bars.value_at(float(places[int(np.argmax(distances))]))]


YEN, ISODATA = (Scheme(fit=_by_library(name), fixed=2) for name in ("yen", "isodata"))
MINIMUM = Scheme(fit=_by_library("minimum", most=_BINS), fixed=2)
MEAN, LI, TRIANGLE = (Scheme(fit=fit, fixed=2) for fit in (mean, li, triangle))
