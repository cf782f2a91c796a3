"""ISODATA: k-means that splits classes that are wide, merges those that are close, and dissolves those that are small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.clusterfits import Floats, assign, average, fit_kmeans

_ROUNDS = 40
_STEP = 0.5
"""The centers of a class that is split move apart by so many of its standard deviations, each to its side."""


@dataclass(frozen=True, kw_only=True)
class IsodataRules:
    """When ISODATA splits, merges and dissolves classes.

    Parameters
    ----------
    max_std : float
        Standard deviation of a class in its widest band, in standard deviations of that band, above which it may be split.
    min_distance : float
        Distance of two centers in standardized space below which classes are merged.
    min_share : float
        Share of all pixels below which a class is dissolved, 0 to 1.

    Raises
    ------
    UsageError
        A number is out of range.
    """

    max_std: float = 0.5
    min_distance: float = 0.5
    min_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.max_std < np.inf:
            raise UsageError(f"--max-std is {self.max_std}; give a number above 0, such as 0.5")
        if not 0 <= self.min_distance < np.inf:
            raise UsageError(f"--min-distance is {self.min_distance}; give 0 or a number above it, such as 0.5")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Groups:
    """The pixels of a sample by their nearest centers."""

    labels: NDArray[np.intp]
    counts: NDArray[np.int64]
    centers: Floats
    """The means of the groups, shape (K, B)."""

    @classmethod
    def of(cls, sample: Floats, centers: Floats) -> _Groups:
        labels, _ = assign(sample, centers)
        counts, means = average(sample, labels, len(centers))
        kept = counts > 0
        places = np.cumsum(kept) - 1
        return cls(labels=places[labels], counts=counts[kept], centers=means[kept])


def fit_isodata(sample: Floats, classes: int, rules: IsodataRules, *, seed: int = 0) -> Floats:
    """Find centers of classes by ISODATA, beginning with those of k-means.

    In each round classes that are too small are dissolved, and every center moves to the mean of its pixels. Then, in every
    second round, classes are split whose standard deviation is too large in some band, if they are wider than classes are on the
    average and large enough for two; in the other rounds, and where nothing is split, the closest pairs are merged.
    Classes are only merged where they are twice as many as asked, and split without regard to the average where they are half as
    many.

    Parameters
    ----------
    sample : array of float64, shape (N, B)
        Standardized pixels in a random order that is always the same.
    classes : int
        How many classes are wanted; the result may have from about half to twice as many.
    rules : IsodataRules
        What is too wide, too close and too small.
    seed : int
        Of the start.

    Returns
    -------
    array of float64, shape (K, B)

    References
    ----------
    G. H. Ball, D. J. Hall (1965), ISODATA, a novel method of data analysis and pattern classification, Stanford Research
    Institute.
    J. T. Tou, R. C. Gonzalez (1974), Pattern recognition principles, section 3.3.

    Examples
    --------
    >>> points = np.repeat([[0.0], [5.0], [5.2]], 10, axis=0)
    >>> fit_isodata(points, 3, IsodataRules(min_distance=1)).round(3).tolist()
    [[0.0], [5.1]]
    """
    smallest = rules.min_share * len(sample)
    groups = _dissolve(sample, fit_kmeans(sample, classes, seed=seed), smallest)
    idle = 0
    for i in range(_ROUNDS):
        centers = groups.centers
        if i % 2 == 0 or len(centers) <= classes / 2:
            centers = _split(sample, groups, classes, rules, smallest)
        if len(centers) == len(groups.centers):
            centers = _merge(groups, rules.min_distance)
        idle = idle + 1 if len(centers) == len(groups.centers) else 0
        moved = _dissolve(sample, centers, smallest)
        is_still = np.array_equal(moved.labels, groups.labels)
        groups = moved
        if idle >= 2 and is_still:
            break
    return _finish(sample, groups, rules, smallest)


def _dissolve(sample: Floats, centers: Floats, smallest: float) -> _Groups:
    """Group pixels, and give those of small groups to the others, the smallest first."""
    groups = _Groups.of(sample, centers)
    while len(groups.counts) > 1 and groups.counts.min() < smallest:
        groups = _Groups.of(sample, np.delete(groups.centers, int(np.argmin(groups.counts)), axis=0))
    return groups


def _split(sample: Floats, groups: _Groups, classes: int, rules: IsodataRules, smallest: float) -> Floats:
    number = len(groups.centers)
    if number >= 2 * classes:
        return groups.centers
    away = sample - groups.centers[groups.labels]
    _, squares = average(np.square(away), groups.labels, number)
    stds = np.sqrt(squares)
    distances = np.sqrt(np.square(away).sum(axis=1))
    spread = np.bincount(groups.labels, weights=distances, minlength=number) / groups.counts
    is_wide = stds.max(axis=1) > rules.max_std
    is_large = (spread > distances.mean()) & (groups.counts > 2 * (smallest + 1))
    chosen = np.flatnonzero(is_wide & (is_large | (number <= classes / 2)))
    steps = np.zeros_like(groups.centers)
    widest = stds.argmax(axis=1)
    steps[chosen, widest[chosen]] = _STEP * stds[chosen, widest[chosen]]
    return np.concatenate([groups.centers - steps, (groups.centers + steps)[chosen]])


def _merge(groups: _Groups, closest: float) -> Floats:
    """Put pairs of centers together, the closest first, each center once; the mean is that of their pixels."""
    centers, counts = groups.centers, groups.counts
    first, second = np.triu_indices(len(centers), 1)
    distances = np.sqrt(np.square(centers[first] - centers[second]).sum(axis=1))
    merged: list[Floats] = []
    used: set[int] = set()
    for at in np.argsort(distances, kind="stable"):
        one, other = int(first[at]), int(second[at])
        if distances[at] >= closest:
            break
        if not used & {one, other}:
            used |= {one, other}
            weights = counts[[one, other]] / counts[[one, other]].sum()
            merged.append(weights[0] * centers[one] + weights[1] * centers[other])
    left = [center for i, center in enumerate(centers) if i not in used]
    return np.array([*left, *merged])


def _finish(sample: Floats, groups: _Groups, rules: IsodataRules, smallest: float) -> Floats:
    """Settle the centers; none of them is left too close to another."""
    while True:
        for _ in range(_ROUNDS):
            moved = _dissolve(sample, groups.centers, smallest)
            is_still = np.array_equal(moved.labels, groups.labels)
            groups = moved
            if is_still:
                break
        merged = _merge(groups, rules.min_distance)
        if len(merged) == len(groups.centers):
            return groups.centers
        groups = _dissolve(sample, merged, smallest)
