"""How well a class map agrees with a reference: the confusion table and the figures that are read off it.

Rows are the classes of the map, columns those of the reference, everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pairs = Mapping[tuple[int, int], int]
"""How many pixels have a code in the map and a code in the reference."""

_COUNTED = 2**10
"""Codes below this are counted as pairs at once; larger ones are sorted."""


def count_pairs(classes: NDArray[Any], reference: NDArray[Any]) -> dict[tuple[int, int], int]:
    """Count how often each code of a map meets each code of a reference.

    Parameters
    ----------
    classes, reference : arrays of integers from 0 on, shape (N,)
        The codes of the same pixels.

    Returns
    -------
    dict of (code of the map, code of the reference) to int

    Examples
    --------
    >>> count_pairs(np.array([1, 1, 2]), np.array([1, 3, 3]))
    {(1, 1): 1, (1, 3): 1, (2, 3): 1}
    """
    if not classes.size:
        return {}
    if max(classes.max(), reference.max()) < _COUNTED:
        counts = np.bincount(classes.astype(np.int64) * _COUNTED + reference, minlength=1)
        met = np.flatnonzero(counts)
        return {divmod(pair, _COUNTED): count for pair, count in zip(met.tolist(), counts[met].tolist(), strict=True)}
    first, second = np.unique(classes, return_inverse=True), np.unique(reference, return_inverse=True)
    width = len(second[0])
    met, times = np.unique(first[1].astype(np.int64) * width + second[1], return_counts=True)
    codes = zip(first[0][met // width].tolist(), second[0][met % width].tolist(), strict=True)
    return dict(zip(codes, times.tolist(), strict=True))


def match_codes(pairs: Pairs) -> dict[int, int]:
    """Assign each code of a map to the code of the reference that it overlaps most, the smaller one of two.

    Several codes may be assigned to one. No other assignment has a higher overall accuracy on these pixels; that is why it
    flatters the map: the reference has been looked at.

    Examples
    --------
    >>> match_codes({(7, 1): 5, (7, 2): 9, (8, 2): 3})
    {7: 2, 8: 2}
    """
    best: dict[int, tuple[int, int]] = {}
    for (code, other), count in sorted(pairs.items()):
        if code not in best or count > best[code][1]:
            best[code] = other, count
    return {code: other for code, (other, _) in best.items()}


def assign_codes(pairs: Pairs, matching: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return the pairs with the codes of the map replaced.

    Examples
    --------
    >>> assign_codes({(7, 1): 5, (7, 2): 9, (8, 2): 3}, {7: 2, 8: 2})
    {(2, 1): 5, (2, 2): 12}
    """
    assigned: dict[tuple[int, int], int] = {}
    for (code, other), count in pairs.items():
        pair = matching[code], other
        assigned[pair] = assigned.get(pair, 0) + count
    return assigned


@dataclass(frozen=True, kw_only=True, eq=False)
class Confusion:
    """A confusion table. Shares are 0 to 1, and NaN where there is nothing to divide by.

    Parameters
    ----------
    codes : tuple of int, shape (K,)
        All that occur in the map or in the reference, increasing.
    counts : array of int64, shape (K, K)
        Pixels; rows are the map, columns are the reference.

    References
    ----------
    R. G. Congalton (1991), A review of assessing the accuracy of classifications of remotely sensed data, Remote Sensing of
    Environment 37, 35-46. Intersection over union is the index of P. Jaccard (1912), New Phytologist 11, 37-50.

    Examples
    --------
    >>> table = Confusion.of_pairs({(1, 1): 6, (1, 2): 2, (2, 2): 2})
    >>> table.counts.tolist(), table.overall_accuracy
    ([[6, 2], [0, 2]], 0.8)
    >>> table.users_accuracy.tolist(), table.producers_accuracy.tolist(), table.iou.tolist()
    ([0.75, 1.0], [1.0, 0.5], [0.75, 0.5])
    """

    codes: tuple[int, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of_pairs(cls, pairs: Pairs) -> Confusion:
        """Make the table of how often codes meet."""
        codes = sorted({code for pair in pairs for code in pair})
        place = {code: i for i, code in enumerate(codes)}
        counts = np.zeros((len(codes), len(codes)), dtype=np.int64)
        for (code, other), count in pairs.items():
            counts[place[code], place[other]] += count
        return cls(codes=tuple(codes), counts=counts)

    @property
    def pixels(self) -> int:
        """How many pixels were compared."""
        return int(self.counts.sum())

    @property
    def agreeing(self) -> NDArray[np.int64]:
        """Pixels of each class on which both agree, shape (K,)."""
        return self.counts.diagonal()

    @property
    def overall_accuracy(self) -> float:
        """The share of all pixels on which both agree."""
        return float(_divide(self.agreeing.sum(), self.counts.sum()))

    @property
    def users_accuracy(self) -> NDArray[np.float64]:
        """Of the pixels that the map gives a class, the share that has it in the reference, shape (K,); also precision."""
        return _divide(self.agreeing, self.counts.sum(axis=1))

    @property
    def producers_accuracy(self) -> NDArray[np.float64]:
        """Of the pixels that have a class in the reference, the share that the map finds, shape (K,); also recall."""
        return _divide(self.agreeing, self.counts.sum(axis=0))

    @property
    def iou(self) -> NDArray[np.float64]:
        """Of the pixels that have a class in the map or in the reference, the share that has it in both, shape (K,)."""
        return _divide(self.agreeing, self.counts.sum(axis=0) + self.counts.sum(axis=1) - self.agreeing)

    @property
    def mean_iou(self) -> float:
        """The mean of `iou` over all classes."""
        return float(self.iou.mean()) if self.codes else float("nan")


def _divide(some: Any, whole: Any) -> NDArray[np.float64]:
    nowhere = np.full(np.shape(whole), np.nan)
    shares: NDArray[np.float64] = np.divide(some, whole, out=nowhere, where=np.asarray(whole) > 0)
    return shares
