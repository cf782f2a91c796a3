"""The likelihood of a lognormal distribution cut at the left, for sizes that are known in whole voxels.

A pore of n voxels stands for all volumes from n - 1/2 to n + 1/2 voxels. Volumes are in voxels, and their logarithms natural.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_NARROW = 1000
"""From so many voxels on, what is rounded away is below a thousandth: the density stands for the integral over it."""
_FLATTEST = -12.0
"""Logarithm of the smallest curvature that is looked at; a straight line, that is a power law, has none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Pores of the same size are one entry: S sizes."""

    sizes: Counts
    weights: Floats
    """Sum of the weights of the pores of each size, shape (S,); on average a pore weighs 1."""
    squares: Floats
    """Sum of their squares, shape (S,)."""
    lower: Floats
    """Logarithms of the least volume of each size, in voxels; of the greatest in `upper`: shape (S,)."""
    upper: Floats
    cut: float
    """Logarithm of the volume below which nothing is seen, in voxels."""
    is_weighted: bool = False

    @property
    def pores(self) -> float:
        """How many there are, by their weights; as many as were counted."""
        return float(self.weights.sum())


def gather(voxels: Counts, weights: Floats | None, min_size: int) -> Sample:
    """Bring pores of the same size together; voxels and weights have the shape (K,), and `min_size` is the smallest seen."""
    sizes, place = np.unique(voxels, return_inverse=True)
    scaled: Floats = np.ones(len(voxels)) if weights is None else weights / weights.mean()
    return Sample(
        sizes=sizes,
        weights=np.asarray(np.bincount(place, weights=scaled), dtype=np.float64),
        squares=np.asarray(np.bincount(place, weights=scaled**2), dtype=np.float64),
        lower=np.log(sizes - 0.5),
        upper=np.log(sizes + 0.5),
        cut=float(np.log(min_size - 0.5)),
        is_weighted=weights is not None,
    )


def _log_chances(sample: Sample, mu: float, sigma: float) -> Floats:
    """Return the logarithm of the chance that a pore which is seen has each of the sizes, shape (S,)."""
    from scipy.special import log_ndtr

    low, high = ((mu - edge) / sigma for edge in (sample.lower, sample.upper))
    above = log_ndtr(low)
    # The difference of two survival functions, by their logarithms: also where both are tiny.
    chances = above + np.log(-np.expm1(np.minimum(log_ndtr(high) - above, -1e-300)))
    narrow = sample.sizes > _NARROW
    middle = (low[narrow] + high[narrow]) / 2
    chances[narrow] = -(middle**2) / 2 - np.log(np.sqrt(2 * np.pi)) + np.log(low[narrow] - high[narrow])
    return np.asarray(chances - log_ndtr((mu - sample.cut) / sigma))


def maximize(sample: Sample) -> tuple[float, float]:
    """Return mu and sigma of the largest likelihood.

    ln V above the cut is described by slope and curvature, mu / sigma^2 and 1 / sigma^2. In them the likelihood of sizes that
    are not rounded has one summit, also near a power law, which has no curvature; mu and sigma have no bounds there.
    """
    from scipy.optimize import minimize

    mean, spread = _measure_logs(sample)
    start = np.array([mean**2 / spread, np.log(mean**2 / spread)])
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000, "maxfev": 2000}
    best = minimize(lambda pair: -_add_up(sample, pair[0], pair[1], mean), start, method="Nelder-Mead", options=options)
    return _to_moments(sample, float(best.x[0]), float(best.x[1]), mean)


def find_gain(sample: Sample, mu: float, sigma: float) -> float:
    """Return twice the logarithm of how much likelier the sizes are by a lognormal than by the best power law."""
    from scipy.optimize import minimize_scalar

    mean, _ = _measure_logs(sample)
    power = minimize_scalar(lambda slope: -_add_up(sample, slope, _FLATTEST, mean), bounds=(-50, 5), method="bounded")
    return 2 * (float(sample.weights @ _log_chances(sample, mu, sigma)) + float(power.fun))


def _measure_logs(sample: Sample) -> tuple[float, float]:
    """Return the mean and the variance of the logarithms above the cut."""
    logs = np.log(sample.sizes) - sample.cut
    mean = float(sample.weights @ logs) / sample.pores
    return mean, float(sample.weights @ (logs - mean) ** 2) / sample.pores


def _add_up(sample: Sample, slope: float, flatness: float, scale: float) -> float:
    """Return the log-likelihood."""
    return float(sample.weights @ _log_chances(sample, *_to_moments(sample, slope, flatness, scale)))


def _to_moments(sample: Sample, slope: float, flatness: float, scale: float) -> tuple[float, float]:
    """Return mu and sigma from slope and logarithm of curvature, in units of `scale` above the cut."""
    curvature = float(np.exp(max(flatness, _FLATTEST)))
    return sample.cut + scale * slope / curvature, scale / float(np.sqrt(curvature))


def find_errors(sample: Sample, mu: float, sigma: float) -> tuple[float, float]:
    """Return standard errors of mu and sigma: from the inverse of the observed information, or its sandwich with weights.

    They are NaN where the likelihood has no summit there.
    """
    steps = 1e-3 * sigma * np.eye(2)

    def chances(shift: Floats) -> Floats:
        return _log_chances(sample, mu + shift[0], sigma + shift[1])

    information = -_differentiate_twice(lambda shift: float(sample.weights @ chances(shift)), steps)
    if np.linalg.eigvalsh(information).min() <= 0:
        return float("nan"), float("nan")
    errors = np.linalg.inv(information)
    if sample.is_weighted:
        scores = np.stack([(chances(step) - chances(-step)) / (2 * step.sum()) for step in steps])
        errors = errors @ ((scores * sample.squares) @ scores.T) @ errors
    mu_error, sigma_error = np.sqrt(np.diag(errors))
    return float(mu_error), float(sigma_error)


def _differentiate_twice(function: Callable[[Floats], float], steps: Floats) -> Floats:
    """Return the second derivatives at 0 by central differences, shape (2, 2)."""
    found = np.empty((2, 2))
    for i, first in enumerate(steps):
        for j, second in enumerate(steps):
            corners = function(first + second) - function(first - second)
            corners += function(-first - second) - function(second - first)
            found[i, j] = corners / (4 * first.sum() * second.sum())
    return found


def find_distance(sample: Sample, mu: float, sigma: float) -> float:
    """Return the largest gap between the counted and the fitted share up to a size; it lies below or above one that occurs."""
    from scipy.special import log_ndtr

    limit = log_ndtr((mu - sample.cut) / sigma)
    below, upto = (-np.expm1(log_ndtr((mu - edge) / sigma) - limit) for edge in (sample.lower, sample.upper))
    counted = np.cumsum(sample.weights) / sample.pores
    before = np.append(0, counted[:-1])
    return float(max(np.abs(counted - upto).max(), np.abs(before - below).max()))
