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
_APART = 2.5
"""Classes stand apart whose means are farther from each other than so many times the sum of their standard deviations along the
line between them. A normal distribution that is cut in two has 1.3, and an evenly filled range 1.7."""


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
    max_classes : int, optional
        How many classes there may be. By default as many as are asked for, and up to twice as many that stand apart.

    Raises
    ------
    UsageError
        A number is out of range.
    """

    max_std: float = 0.5
    min_distance: float = 0.5
    min_share: float = 0.0
    max_classes: int | None = None

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
    second round, classes are split whose standard deviation is too large in some band, the widest first, if they are wider than
    classes are on the average and large enough for two; in the other rounds, and where nothing is split, the closest pairs are
    merged. Where there are half as many classes as asked or fewer, they are split without regard to the average; where there
    are twice as many, none is.

    The number that is asked for is aimed at: in the end the closest pairs are merged until there are no more. Classes that stand
    apart, with nearly no pixels between them, are kept even so. There are fewer where classes would be too close, but half as
    many at least, or too small. With `max_classes` wide classes are kept up to that number.

    Parameters
    ----------
    sample : array of float64, shape (N, B)
        Standardized pixels in a random order that is always the same.
    classes : int
        How many classes are aimed at.
    rules : IsodataRules
        What is too wide, too close, too small, and too many.
    seed : int
        Of the start.

    Returns
    -------
    array of float64, shape (K, B); at most twice as many as asked, or `max_classes`

    References
    ----------
    G. H. Ball, D. J. Hall (1965), ISODATA, a novel method of data analysis and pattern classification, Stanford Research
    Institute: split and merge, and the limits of half and twice as many. J. T. Tou, R. C. Gonzalez (1974), Pattern recognition
    principles, section 3.3. The last merging is not theirs; the programs of today take the number as the most there may be
    (ArcGIS, Iso Cluster), or ask for a least and a most one (ENVI).

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
            centers = _merge(groups, rules.min_distance, _find_fewest(classes))
        idle = idle + 1 if len(centers) == len(groups.centers) else 0
        moved = _dissolve(sample, centers, smallest)
        is_still = np.array_equal(moved.labels, groups.labels)
        groups = moved
        if idle >= 2 and is_still:
            break
    return _finish(sample, groups, classes, rules)


def _find_fewest(classes: int) -> int:
    """Return to how many classes close ones are merged; those that are too small are dissolved even so."""
    return -(-classes // 2)


def _find_limits(classes: int, rules: IsodataRules) -> tuple[int, int]:
    """Return how many classes there may be, and how many of those that stand apart."""
    most = rules.max_classes
    return (classes, 2 * classes) if most is None else (most, most)


def _dissolve(sample: Floats, centers: Floats, smallest: float) -> _Groups:
    """Group pixels, and give those of small groups to the others, the smallest first."""
    groups = _Groups.of(sample, centers)
    while len(groups.counts) > 1 and groups.counts.min() < smallest:
        groups = _Groups.of(sample, np.delete(groups.centers, int(np.argmin(groups.counts)), axis=0))
    return groups


def _split(sample: Floats, groups: _Groups, classes: int, rules: IsodataRules, smallest: float) -> Floats:
    number = len(groups.centers)
    room = _find_limits(classes, rules)[1] - number
    if room <= 0:
        return groups.centers
    away = sample - groups.centers[groups.labels]
    _, squares = average(np.square(away), groups.labels, number)
    stds = np.sqrt(squares)
    distances = np.sqrt(np.square(away).sum(axis=1))
    spread = np.bincount(groups.labels, weights=distances, minlength=number) / groups.counts
    is_wide = stds.max(axis=1) > rules.max_std
    is_large = (spread > distances.mean()) & (groups.counts > 2 * (smallest + 1))
    chosen = np.flatnonzero(is_wide & (is_large | (number <= classes / 2)))
    chosen = chosen[np.argsort(-stds.max(axis=1)[chosen], kind="stable")][:room]
    steps = np.zeros_like(groups.centers)
    widest = stds.argmax(axis=1)
    steps[chosen, widest[chosen]] = _STEP * stds[chosen, widest[chosen]]
    return np.concatenate([groups.centers - steps, (groups.centers + steps)[chosen]])


def _merge(groups: _Groups, closest: float, fewest: int) -> Floats:
    """Put pairs of centers together, the closest first, each center once; the mean is that of their pixels.

    There are `fewest` left, if there were.
    """
    centers, counts = groups.centers, groups.counts
    first, second = np.triu_indices(len(centers), 1)
    distances = np.sqrt(np.square(centers[first] - centers[second]).sum(axis=1))
    merged: list[Floats] = []
    used: set[int] = set()
    for at in np.argsort(distances, kind="stable"):
        one, other = int(first[at]), int(second[at])
        if distances[at] >= closest or len(centers) - len(merged) <= fewest:
            break
        if not used & {one, other}:
            used |= {one, other}
            weights = counts[[one, other]] / counts[[one, other]].sum()
            merged.append(weights[0] * centers[one] + weights[1] * centers[other])
    left = [center for i, center in enumerate(centers) if i not in used]
    return np.array([*left, *merged])


def _finish(sample: Floats, groups: _Groups, classes: int, rules: IsodataRules) -> Floats:
    """Settle the centers; none of them is left too close to another, and no more than there may be."""
    smallest = rules.min_share * len(sample)
    while True:
        for _ in range(_ROUNDS):
            moved = _dissolve(sample, groups.centers, smallest)
            is_still = np.array_equal(moved.labels, groups.labels)
            groups = moved
            if is_still:
                break
        merged = _merge(groups, rules.min_distance, _find_fewest(classes))
        if len(merged) == len(groups.centers):
            merged = _reduce(sample, groups, *_find_limits(classes, rules))
        if len(merged) == len(groups.centers):
            return groups.centers
        groups = _dissolve(sample, merged, smallest)


def _reduce(sample: Floats, groups: _Groups, most: int, most_apart: int) -> Floats:
    """Merge the closest pairs until there are at most `most` classes; where they stand apart, `most_apart`."""
    labels, centers, counts = groups.labels.copy(), groups.centers.copy(), groups.counts.copy()
    number = len(centers)
    distances = np.full((number, number), np.inf)
    is_left = np.ones(number, np.bool_)
    for i in range(number):
        _measure(distances, centers, is_left, i)
    while is_left.sum() > most:
        one, other = divmod(int(np.argmin(distances)), number)
        if not np.isfinite(distances[one, other]):
            break
        if is_left.sum() <= most_apart and _are_apart(sample[labels == one], sample[labels == other]):
            distances[one, other] = distances[other, one] = np.inf
            continue
        weights = counts[[one, other]] / counts[[one, other]].sum()
        centers[one] = weights @ centers[[one, other]]
        counts[one] += counts[other]
        labels[labels == other] = one
        is_left[other] = False
        for i in (one, other):
            _measure(distances, centers, is_left, i)
    return centers[is_left]


def _measure(distances: Floats, centers: Floats, is_left: NDArray[np.bool_], i: int) -> None:
    """Write the distances of a center to the others; infinity to itself and to those that are gone."""
    away = np.square(centers - centers[i]).sum(axis=1)
    away[i] = np.inf
    distances[i] = distances[:, i] = np.where(is_left & is_left[i], away, np.inf)


def _are_apart(one: Floats, other: Floats) -> bool:
    """Whether the pixels of two classes leave a gap between them, shapes (M, B) and (N, B)."""
    line = other.mean(axis=0) - one.mean(axis=0)
    length = float(np.sqrt(np.square(line).sum()))
    if not length:
        return False
    spread = sum(float((pixels @ (line / length)).std()) for pixels in (one, other))
    return length > _APART * spread
