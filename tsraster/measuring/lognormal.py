"""A lognormal distribution fitted to the sizes of pores, of which the small ones are not seen: `fit_lognormal`.

Sizes are cut at the left, by the size filter or at one voxel, and a mean and a standard deviation of what is left would be
those of another distribution. So the likelihood is that of the lognormal above the cut. A pore is known by its number of voxels
n, which is taken as its volume rounded: n stands for all volumes from n - 1/2 to n + 1/2 voxels, and a filter that lets
`min_size` voxels and more through cuts at `min_size` - 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.measuring.likelihood import Sample, find_distance, find_errors, find_gain, gather, maximize

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST = 20
"""Fewer pores say too little of two parameters."""
DRAWS = 99
"""Samples of the parametric bootstrap."""
MOST_TESTED = 10_000
"""Of more pores than this any departure from a lognormal is significant, and only how large it is matters."""

_MOST = 0.5
_LARGEST = 42.0
"""Logarithm of a volume in voxels that 64 bits hold."""
_BETTER = 2.71
"""Twice the gain of log-likelihood over a power law that chance exceeds once in 20 times: one-sided, one parameter."""


@dataclass(frozen=True, kw_only=True)
class LognormalFit:
    """The lognormal distribution of pore volumes V: ln V is normal, with `mu` and `sigma`."""

    mu: float
    """Mean of ln V; V in cubic units."""
    sigma: float
    """Standard deviation of ln V."""
    mu_error: float
    """Standard error, from the curvature of the log-likelihood (observed information)."""
    sigma_error: float
    pores: int
    """How many were fitted."""
    min_size: int
    """The fewest voxels with which a pore is seen."""
    voxel_volume: float
    """Of a voxel, in cubic units."""
    seen: float
    """The share of the whole distribution that lies above the cut, 0 to 1."""
    distance: float
    """Kolmogorov-Smirnov: the largest gap between the shares up to a size, as counted and as fitted above the cut, 0 to 1."""
    p_value: float | None
    """How often samples of the fitted distribution, fitted again, are as far from their own fits; None where it was not found."""

    @property
    def cut(self) -> float:
        """The volume below which pores are not seen, in cubic units: half a voxel less than the smallest that are."""
        return (self.min_size - 0.5) * self.voxel_volume

    @property
    def median_diameter(self) -> float:
        """Of the whole distribution, also what is not seen: of the ball of median volume, in units of length."""
        return float(np.cbrt(6 / np.pi * np.exp(self.mu)))

    def share_above(self, volumes: Floats) -> Floats:
        """Return the shares of pores larger than some volumes, of those above the cut: in cubic units, same shape, 0 to 1."""
        from scipy.special import log_ndtr

        above, seen = (
            log_ndtr((self.mu - np.log(np.maximum(limit, self.cut))) / self.sigma) for limit in (volumes, self.cut)
        )
        return np.asarray(np.exp(above - seen))

    def expect(self, edges: Floats) -> Floats:
        """Return how many of the fitted pores are expected in classes of diameter.

        Volumes are rounded to voxels as those of the pores are, so that classes of small pores hold whole numbers of voxels.

        Parameters
        ----------
        edges : array of float64, shape (B+1,)
            In units of length, increasing; a class is (edge, next edge].

        Returns
        -------
        array of float64, shape (B,)
        """
        largest = np.floor(np.pi / 6 * edges**3 / self.voxel_volume * (1 + 1e-12))
        return np.asarray(-self.pores * np.diff(self.share_above((largest + 0.5) * self.voxel_volume)))


def fit_lognormal(
    voxels: Counts,
    voxel_volume: float,
    *,
    min_size: int = 1,
    kept: Mask | None = None,
    weights: Floats | None = None,
    unit: str = "cubic units",
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[LognormalFit | None, str]:
    """Fit a left-truncated lognormal distribution to the volumes of pores, by maximum likelihood.

    Parameters
    ----------
    voxels : array of int64, shape (K,)
        How many voxels each pore has. Pores below `min_size` are left out.
    voxel_volume : float
        Of a voxel, in cubic units.
    min_size : int
        The fewest voxels with which a pore is seen.
    kept : array of bool, shape (K,), optional
        Which pores are fitted: those that neither touch the border, where they are cut off, nor percolate. All when None.
    weights : array of float64, shape (K,), optional
        How many pores each one stands for, as `weigh_inner` says; each for itself when None. Standard errors are then those of a
        weighted likelihood (sandwich).
    unit : str
        Of volumes, such as um3, for the sentence.
    draws : int
        Samples of the parametric bootstrap behind the p-value; 0 for none.
    seed : int
        Of these samples.

    Returns
    -------
    fit : LognormalFit or None
        None where no fit can be trusted.
    sentence : str
        What was fitted and how well it holds; or why nothing was.

    Raises
    ------
    UsageError
        `min_size` is below 1, or a voxel has no volume.

    Notes
    -----
    A p-value from tables of Kolmogorov and Smirnov would be wrong, because parameters are fitted; this one is by a parametric
    bootstrap, in which each sample is fitted again, as Lilliefors did for the normal distribution. It is left out for more than
    10,000 pores, and with weights. Where sizes fall off like a power law, lognormals of ever lower mu and larger sigma fit alike,
    and no one of them is given: a fit must be significantly better than the power law.

    References
    ----------
    S. Pueyo, 2014: Algorithm for the maximum likelihood estimation of the parameters of the truncated normal and lognormal
    distributions, arXiv:1407.6518. H. W. Lilliefors, 1967: On the Kolmogorov-Smirnov test for normality with mean and variance
    unknown, J. Am. Stat. Assoc. 62, 399-402.

    Examples
    --------
    Volumes with mu 3 and sigma 1, of which those below 10 voxels are not seen:

    >>> volumes = np.random.default_rng(0).lognormal(3.0, 1.0, 3000)
    >>> voxels = np.rint(volumes).astype(np.int64)
    >>> fit, _ = fit_lognormal(voxels[voxels >= 10], 1.0, min_size=10, draws=0)
    >>> round(fit.mu, 2), round(fit.mu_error, 2), round(fit.sigma, 2), round(fit.sigma_error, 2)
    (2.92, 0.05, 1.02, 0.03)
    >>> fit_lognormal(voxels[:7], 1.0)[1]
    'No lognormal is fitted: 7 pores remain, and at least 20 are needed.'
    """
    if min_size < 1 or not voxel_volume > 0:
        raise UsageError(
            f"min_size {min_size} and a voxel of {voxel_volume:g}; min_size is 1 or more, the volume above 0"
        )
    chosen = voxels >= min_size if kept is None else kept & (voxels >= min_size)
    found = voxels[chosen]
    if len(found) < FEWEST:
        remain = f"{len(found)} {'pore remains' if len(found) == 1 else 'pores remain'}"
        return None, f"No lognormal is fitted: {remain}, and at least {FEWEST} are needed."
    sample = gather(found, None if weights is None else weights[chosen], min_size)
    if len(sample.sizes) < 3:
        return None, f"No lognormal is fitted: the pores have only {len(sample.sizes)} different sizes."
    fit = _describe_fit(sample, *maximize(sample), min_size)
    if find_gain(sample, fit.mu, fit.sigma) < _BETTER or isnan(fit.mu_error):
        return None, (
            "No lognormal is fitted: the sizes fall off like a power law down to the smallest that are seen, so that "
            "lognormals of very different mu and sigma fit them alike."
        )
    if weights is None and draws > 0 and len(found) <= MOST_TESTED:
        fit = replace(fit, p_value=_find_p_value(fit, draws, seed))
    fit = replace(fit, mu=fit.mu + float(np.log(voxel_volume)), voxel_volume=voxel_volume)
    return fit, _say_fit(fit, unit, draws)


def _say_fit(fit: LognormalFit, unit: str, draws: int) -> str:
    chance = (
        "" if fit.p_value is None else f", p {fit.p_value:.2g} by {draws} samples of the fit that were fitted again"
    )
    far = "" if fit.seen >= _MOST else ", so that mu is an extrapolation"
    return (
        f"A lognormal is fitted to {fit.pores} pores of at least {fit.min_size} "
        f"{'voxel' if fit.min_size == 1 else 'voxels'}: ln V, with V in {unit}, has mean {fit.mu:.3f} (standard error "
        f"{fit.mu_error:.3f}) and standard deviation {fit.sigma:.3f} ({fit.sigma_error:.3f}). By it {100 * fit.seen:.3g} % of "
        f"the pores are large enough to be seen{far}. The largest gap between the shares of pores up to a size, as counted "
        f"and as fitted (Kolmogorov-Smirnov distance), is {fit.distance:.3f}{chance}."
    )


def weigh_inner(boxes: Counts, shape: tuple[int, int, int]) -> Floats:
    """Return how many pores each pore that does not touch the border stands for.

    Of large pores more touch the border and are left out than of small ones. A pore of b voxels along an axis of n has n - b - 1
    places there at which it does not touch, of n.

    Parameters
    ----------
    boxes : array of int64, shape (K, 3)
        Planes, rows and columns of the box around each pore.
    shape : (planes, rows, columns)
        Of the volume.

    Returns
    -------
    array of float64, shape (K,)
        From 1 up; 1 for pores that reach from face to face, which cannot lie inside.

    References
    ----------
    R. E. Miles, 1974: On the elimination of edge effects in planar sampling, in Stochastic Geometry, 228-247.
    C. Lantuejoul, 1980: On the estimation of mean values in individual analysis of particles, Microscopica Acta 5, 266-273.

    Examples
    --------
    >>> weigh_inner(np.array([[1, 1, 1], [49, 1, 1]]), (100, 100, 100)).round(3)
    array([1.062, 2.082])
    """
    sides = np.asarray(shape, dtype=np.float64)
    places = sides - boxes - 1
    weights = np.prod(sides / np.maximum(places, 1), axis=1)
    return np.where((places >= 1).all(axis=1), weights, 1.0)


def _describe_fit(sample: Sample, mu: float, sigma: float, min_size: int) -> LognormalFit:
    from scipy.special import ndtr

    mu_error, sigma_error = find_errors(sample, mu, sigma)
    return LognormalFit(
        mu=mu,
        sigma=sigma,
        mu_error=mu_error,
        sigma_error=sigma_error,
        pores=round(sample.pores),
        min_size=min_size,
        voxel_volume=1.0,
        seen=float(ndtr((mu - sample.cut) / sigma)),
        distance=find_distance(sample, mu, sigma),
        p_value=None,
    )


def _find_p_value(fit: LognormalFit, draws: int, seed: int) -> float:
    """Return how often samples of the fitted distribution, each fitted again, are as far from their own fits."""
    rng = np.random.default_rng(seed)
    farther = 0
    for _ in range(draws):
        drawn = gather(_draw_voxels(rng, fit), None, fit.min_size)
        farther += len(drawn.sizes) < 3 or find_distance(drawn, *maximize(drawn)) >= fit.distance
    return (farther + 1) / (draws + 1)


def _draw_voxels(rng: np.random.Generator, fit: LognormalFit) -> Counts:
    """Draw as many pores as were fitted from the truncated distribution, rounded to voxels."""
    from scipy.special import log_ndtr, ndtri_exp

    limit = log_ndtr((fit.mu - np.log(fit.cut)) / fit.sigma)
    logs = fit.mu - fit.sigma * ndtri_exp(limit + np.log1p(-rng.random(fit.pores)))
    rounded: Counts = np.rint(np.exp(np.minimum(logs, _LARGEST))).astype(np.int64)
    return np.maximum(rounded, fit.min_size)
