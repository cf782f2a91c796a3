"""Point counting: where the points lie, and how sure a percentage of points is.

A petrographer names what lies under the cross hairs at 300 to 500 points of a thin section; the percentages of the points
are those of the minerals. Percentages here are 0 to 100.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError

MOST_POINTS = 100_000
"""More points would say no more than all pixels do."""


def check_points(points: int) -> None:
    """Raise `UsageError` for a number of points that cannot be counted."""
    if not 1 <= points <= MOST_POINTS:
        raise UsageError(f"{points} points cannot be counted; give a number from 1 to {MOST_POINTS}, such as 300")


def check_confidence(confidence: float) -> None:
    """Raise `UsageError` for a level that no interval has."""
    if not 0 < confidence < 1:
        raise UsageError(f"a confidence of {confidence:g} is none; give a number between 0 and 1, such as 0.95")


def draw_ranks(total: int, points: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw places in a row of `total` pixels, uniformly and without replacement.

    Parameters
    ----------
    total : int
        How many pixels there are to draw from.
    points : int
        How many are drawn.
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    array of int64, shape (points,)
        Increasing, from 0 to `total` - 1.

    Raises
    ------
    DataError
        There are fewer pixels than points.

    Notes
    -----
    Memory is that of the points, whatever the total.

    Examples
    --------
    >>> draw_ranks(5, 5, np.random.default_rng(0)).tolist()
    [0, 1, 2, 3, 4]
    """
    _check_room(total, points)
    return np.sort(rng.choice(total, size=points, replace=False, shuffle=False)).astype(np.int64)


def choose_spacing(total: int, points: int) -> float:
    """Return the distance, in pixels, of the square grid that has about so many points on so many pixels.

    Raises
    ------
    DataError
        There are fewer pixels than points.

    Examples
    --------
    >>> choose_spacing(1600 * 1200, 300)
    80.0
    """
    _check_room(total, points)
    return sqrt(total / points)


def _check_room(total: int, points: int) -> None:
    if points > total:
        raise DataError(f"only {total} pixels have a class; {points} points have no room there, so ask for fewer")


def lay_grid(
    shape: tuple[int, int], spacing: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lay a square grid over a raster, from a random start.

    Parameters
    ----------
    shape : (rows, cols)
        Of the raster.
    spacing : float
        Distance of the points in pixels, at least 1.
    rng : numpy.random.Generator
        Where the start comes from: it is uniform in the first square, so that each pixel is as likely as any other.

    Returns
    -------
    rows, cols : arrays of int64, shapes (R,) and (C,)
        The rows and the columns of the grid; its points are all R times C pairs.

    Examples
    --------
    >>> rows, cols = lay_grid((6, 4), 2.0, np.random.default_rng(0))
    >>> rows.tolist(), cols.tolist()
    ([1, 3, 5], [0, 2])
    """
    start = rng.random(2) * spacing
    # One step too many, so that no rounding leaves out the last.
    rows, cols = (
        np.floor(first + spacing * np.arange(int(length / spacing) + 2)).astype(np.int64)
        for first, length in zip(start, shape, strict=True)
    )
    return rows[rows < shape[0]], cols[cols < shape[1]]


def wilson_interval(count: int, points: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return between which percentages the truth lies, given that `count` of `points` independent points hit a class.

    The score interval of Wilson, without correction for continuity. It never leaves 0 to 100, and has a width also where
    no point hit, or all.

    Parameters
    ----------
    count : int
        Points on the class, 0 to `points`.
    points : int
        All points, at least 1.
    confidence : float
        The share of such intervals that hold the truth, between 0 and 1.

    Returns
    -------
    low, high : float
        Percent.

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22, 209-212. R. G. Newcombe (1998), Two-sided confidence intervals for the single proportion,
    Statistics in Medicine 17, 857-872: method 3.

    Examples
    --------
    >>> low, high = wilson_interval(60, 300)
    >>> round(low, 1), round(high, 1)
    (15.9, 24.9)
    >>> low, high = wilson_interval(0, 300)
    >>> round(low, 1), round(high, 1)
    (0.0, 1.3)
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, weight = count / points, z * z / points
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / points + weight / (4 * points)) / (1 + weight)
    # Rounding must not keep the ends from 0 and 100, which they are there.
    low = 0.0 if count == 0 else 100 * (middle - half)
    high = 100.0 if count == points else 100 * (middle + half)
    return low, high


def counting_error(percent: float, points: int) -> float:
    """Return the error of a percentage as petrographers give it: two standard deviations of independent points.

    It holds where the distance of the points is not smaller than the largest grain. It is 0 where no point hit, so that below
    about 5 percent `wilson_interval` says more.

    Parameters
    ----------
    percent : float
        Of the points, 0 to 100.
    points : int
        All points, at least 1.

    Returns
    -------
    float
        2 sqrt(p (100 - p) / n), in percent of the whole.

    References
    ----------
    L. Van der Plas and A. C. Tobi (1965), A chart for judging the reliability of point counting results, American Journal
    of Science 263, 87-90.

    Examples
    --------
    >>> round(counting_error(20, 300), 1), round(counting_error(20, 500), 1)
    (4.6, 3.6)
    """
    return 2 * sqrt(percent * (100 - percent) / points)
