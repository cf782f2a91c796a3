"""`Samples`: labeled pixels with their features, what a classifier is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError

MOST_CLASSES = 2**16
"""What an index of uint16 can tell apart."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Labeled pixels, checked so that a classifier can be trained.

    Parameters
    ----------
    features : array of float32, shape (N, F)
        One row a pixel.
    classes : array of int, shape (N,)
        The index of the class, from 0.
    places : array of int64, shape (N, 3) or (N, 4)
        Where the pixel is: source, row, col, or source, plane, row, col, from 0.
    names : sequence of str, shape (K,), optional
        Of the classes, for messages; every one must have samples. Without them there are as many as the largest index says.

    Raises
    ------
    DataError
        There are none, fewer than two classes, a class without samples, NaN or infinity among the features, or arrays that do
        not fit together.

    Examples
    --------
    >>> samples = Samples(features=[[0.5], [2.0]], classes=[0, 1], places=[[0, 0, 0], [0, 5, 5]])
    >>> samples.n_classes, samples.counts.tolist()
    (2, [1, 1])
    """

    features: NDArray[np.float32]
    classes: NDArray[np.intp]
    places: NDArray[np.int64]
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name, dtype in {"features": np.float32, "classes": np.intp, "places": np.int64}.items():
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=dtype))
        object.__setattr__(self, "names", tuple(self.names))
        self._check_shapes()
        self._check_classes()
        _check_features(self.features)

    def _check_shapes(self) -> None:
        count = len(self.classes)
        if not count:
            raise DataError("no pixel is labeled; give labels other than 0 that lie on pixels with data")
        fits = self.classes.ndim == 1 and self.features.ndim == self.places.ndim == 2
        if not fits or len(self.features) != count or len(self.places) != count or self.places.shape[1] not in (3, 4):
            raise DataError(
                f"samples do not fit together: features {self.features.shape}, classes {self.classes.shape}, places "
                f"{self.places.shape}; (N, F), (N,) and (N, 3) or (N, 4) do"
            )
        if not self.features.shape[1]:
            raise DataError("the samples have no features; choose at least one")

    def _check_classes(self) -> None:
        known = len(self.names) or int(self.classes.max()) + 1
        if self.classes.min() < 0 or self.classes.max() >= min(known, MOST_CLASSES):
            least, most = self.classes.min(), self.classes.max()
            raise DataError(
                f"classes are numbered from {least} to {most}; give numbers from 0 to {min(known, MOST_CLASSES) - 1}"
            )
        empty = np.flatnonzero(np.bincount(self.classes, minlength=known) == 0)
        if len(empty):
            name = repr(self.names[empty[0]]) if self.names else f"number {empty[0] + 1}"
            raise DataError(f"the class {name} has no samples; label some pixels of it that have data, or leave it out")
        if known < 2:
            raise DataError("all samples are of one class; label pixels of at least two")

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.names) or int(self.classes.max()) + 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many samples each class has, shape (K,)."""
        return np.bincount(self.classes, minlength=self.n_classes).astype(np.int64)

    def name_of(self, index: int) -> str:
        """Return the name of a class, or its number from 1 where classes have no names."""
        return repr(self.names[index]) if self.names else f"number {index + 1}"

    def select(self, columns: Any) -> Samples:
        """Return the samples with some of their features only: indices or a mask of shape (F,)."""
        chosen = self.features[:, columns]
        return Samples(features=chosen, classes=self.classes, places=self.places, names=self.names)

    def thin(self, most: int, *, seed: int = 0) -> Samples:
        """Draw at most so many samples, of each class about the same share, and at least one of each.

        Raises
        ------
        UsageError
            `most` is less than the number of classes.
        """
        if most < self.n_classes:
            raise UsageError(f"{most} samples are too few for {self.n_classes} classes; keep at least one of each")
        if len(self.classes) <= most:
            return self
        kept = _draw(self.classes, _share_out(self.counts, most), seed)
        parts = {name: getattr(self, name)[kept] for name in ("features", "classes", "places")}
        return Samples(**parts, names=self.names)


def _check_features(features: NDArray[np.float32]) -> None:
    wrong = int((~np.isfinite(features)).any(axis=1).sum())
    if wrong:
        raise DataError(
            f"{wrong} of {len(features)} samples have features that are NaN or infinite; fill what has no data before "
            "features are computed, and divide very large values"
        )


def _share_out(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return how many of each class are kept: one each, and the rest in proportion, rounded down."""
    rest = most - len(counts)
    shares: NDArray[np.int64] = 1 + (counts - 1) * rest // max(int(counts.sum()) - len(counts), 1)
    return shares


def _draw(classes: NDArray[np.intp], wanted: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(np.flatnonzero(classes == k), size=size, replace=False) for k, size in enumerate(wanted)]
    kept: NDArray[np.intp] = np.sort(np.concatenate(drawn))
    return kept


def draw_places(places: NDArray[np.int64], most: int, seed: int) -> NDArray[np.intp]:
    """Return which of some places are drawn, at most so many: those whose numbers in a fixed shuffle are the lowest.

    Which ones does not depend on the order of the places, nor on whether some that are not drawn were left out before.

    Examples
    --------
    >>> some = np.arange(1000)
    >>> drawn = some[draw_places(some, 3, 0)]
    >>> sorted(drawn) == sorted(some[::-1][draw_places(some[::-1], 3, 0)]), len(drawn)
    (True, 3)
    """
    if len(places) <= most:
        return np.arange(len(places))
    return np.argpartition(_shuffle(places, seed), most - 1)[:most]


def _shuffle(places: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number for each place that looks random, is the same every time, and belongs to no other place.

    References
    ----------
    G. L. Steele, D. Lea, C. H. Flood (2014), Fast splittable pseudorandom number generators, OOPSLA: the finalizer of SplitMix64.
    """
    state = places.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))
