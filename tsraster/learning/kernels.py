"""The taps of sampled Gaussians and of their derivatives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NARROWEST = 0.05
"""Below this the taps no longer change in float32."""


def find_radius(sigma: float, order: int, window: float) -> int:
    """Return how many taps lie on each side of the middle: `window` times sigma, rounded; a derivative has at least one.

    Examples
    --------
    >>> find_radius(1.0, 0, 2.0), find_radius(0.15, 0, 2.0), find_radius(0.15, 1, 2.0)
    (2, 0, 1)
    """
    return max(int(np.floor(window * sigma + 0.5)), 1 if order else 0)


def sample_gaussian(sigma: float, order: int, window: float) -> NDArray[np.float32]:
    """Sample a Gaussian, or its first or second derivative, at whole pixels.

    The sums are those of the continuous function: the taps of order 0 sum up to 1; those of order 1 give the slope of a
    ramp; those of order 2 give 0 on a constant, and the curvature of a parabola.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, above 0.
    order : int
        0, 1 or 2.
    window : float
        The radius in sigmas.

    Returns
    -------
    array of float32, shape (radius + 1,)
        The middle and the taps to its right. Those to the left are the same, with the opposite sign for order 1.

    Examples
    --------
    >>> [sample_gaussian(1.0, order, 1.0).round(3).tolist() for order in (0, 1, 2)]
    [[0.4519999921321869, 0.27399998903274536], [0.0, 0.5], [-2.0, 1.0]]
    """
    radius = find_radius(sigma, order, window)
    sigma = max(sigma, _NARROWEST)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    if order == 0:
        taps = bell / bell.sum()
    elif order == 1:
        taps = x * bell / (x**2 * bell).sum()
    else:
        taps = (x**2 / sigma**2 - 1) * bell
        taps -= taps.mean()
        taps /= (taps * x**2).sum() / 2
    return np.asarray(taps[radius:], dtype=np.float32)
