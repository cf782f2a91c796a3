"""How well a classifier does on pixels that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.learning.estimators import Estimator, Method, Settings
from tsraster.learning.samples import Samples

UNCHECKED = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Validation:
    """What was predicted for samples by a classifier that had not seen them.

    Parameters
    ----------
    method : "out-of-bag" or "blocks"
        By the trees of a forest that were trained without the sample, or by a classifier trained without its block.
    predicted : array of int, shape (N,)
        The index of the class; `UNCHECKED`, -1, where there was no such classifier.
    labeled : array of int, shape (N,)
        The index of the class that the sample has.
    groups : array of int, shape (N,)
        Which block it lies in.
    n_classes : int
        K.
    block : int
        The side of a block in pixels.
    folds : int
        How many classifiers were trained; 0 with "out-of-bag".

    Notes
    -----
    Neighboring pixels look alike and often come from one stroke of the brush. With "out-of-bag" nearly every pixel has neighbors
    that the trees were trained on, so it tells how well the labeled places are known and flatters the rest of the picture.
    "blocks" is the honest figure for other places, if blocks are wider than what features look at.

    Examples
    --------
    >>> found = Validation(
    ...     method="blocks", predicted=np.array([0, 1, 1]), labeled=np.array([0, 0, 1]), groups=np.array([0, 1, 2]),
    ...     n_classes=2, block=64, folds=3,
    ... )
    >>> found.counts.tolist(), round(found.accuracy, 3), round(found.standard_error, 3)
    ([[1, 0], [1, 1]], 0.667, 0.333)
    """

    method: Method
    predicted: NDArray[np.intp]
    labeled: NDArray[np.intp]
    groups: NDArray[np.intp]
    n_classes: int
    block: int
    folds: int = 0

    @property
    def _is_checked(self) -> NDArray[np.bool_]:
        return np.asarray(self.predicted != UNCHECKED)

    @property
    def checked(self) -> int:
        """How many samples were checked."""
        return int(self._is_checked.sum())

    @property
    def blocks(self) -> int:
        """How many blocks the samples lie in."""
        return len(np.unique(self.groups))

    @property
    def unchecked_classes(self) -> tuple[int, ...]:
        """The indices of classes of which no sample was checked: all lie in one block, or are in every drawing."""
        seen = np.bincount(self.labeled[self._is_checked], minlength=self.n_classes)
        return tuple(np.flatnonzero(seen == 0).tolist())

    @property
    def counts(self) -> NDArray[np.int64]:
        """The confusion table, shape (K, K): rows are predicted, columns labeled."""
        seen, k = self._is_checked, self.n_classes
        flat = np.bincount(self.predicted[seen] * k + self.labeled[seen], minlength=k * k)
        return flat.reshape(k, k).astype(np.int64)

    def count_pairs(self, codes: Sequence[int]) -> dict[tuple[int, int], int]:
        """Return the confusion table as numbers of pairs (predicted code, labeled code), from the codes of the classes."""
        table = self.counts
        met = zip(*np.nonzero(table), strict=True)
        return {(int(codes[i]), int(codes[j])): int(table[i, j]) for i, j in met}

    @property
    def accuracy(self) -> float:
        """The share of the checked samples that got their class; NaN where none was checked."""
        seen = self._is_checked
        return float((self.predicted == self.labeled)[seen].mean()) if seen.any() else math.nan

    @property
    def standard_error(self) -> float:
        """Of the accuracy, from how much it differs between blocks; NaN with fewer than two.

        That of independent pixels would be far too small. The accuracy is a ratio of two sums over blocks, whose variance is
        that of Cochran (1977), Sampling Techniques, equation 6.13, without the correction for a finite population.
        """
        seen = self._is_checked
        right = np.bincount(self.groups[seen], weights=(self.predicted == self.labeled)[seen])
        sizes = np.bincount(self.groups[seen])
        right, sizes = right[sizes > 0], sizes[sizes > 0]
        if len(sizes) < 2:
            return math.nan
        residuals = right - sizes * (right.sum() / sizes.sum())
        return float(math.sqrt((residuals**2).sum() * len(sizes) / (len(sizes) - 1)) / sizes.sum())


def group_by_blocks(places: NDArray[np.int64], block: int) -> NDArray[np.intp]:
    """Number the square blocks, or cubes, of each source that samples lie in.

    Parameters
    ----------
    places : array of int64, shape (N, 3) or (N, 4)
        As `Samples` has them.
    block : int
        The side in pixels.

    Returns
    -------
    array of int, shape (N,)
        From 0, in the order of source, plane, row and column.

    Raises
    ------
    UsageError
        The side is less than 1.

    Examples
    --------
    >>> group_by_blocks(np.array([[0, 5, 5], [0, 5, 70], [0, 6, 9], [1, 5, 5]]), 64).tolist()
    [0, 1, 0, 2]
    """
    if block < 1:
        raise UsageError(f"blocks cannot be {block} pixels wide; give at least 1")
    cells = places.copy()
    cells[:, 1:] //= block
    groups = np.zeros(len(cells), dtype=np.intp)
    for axis in range(cells.shape[1]):
        # Numbered anew after each axis, so that the numbers stay small enough to be multiplied.
        number = np.unique(cells[:, axis], return_inverse=True)[1]
        groups = np.unique(groups * (number.max() + 1) + number, return_inverse=True)[1]
    return groups


def assign_folds(groups: NDArray[np.intp], classes: NDArray[np.intp], folds: int) -> NDArray[np.intp]:
    """Put whole groups into folds so that each class is spread over them as evenly as can be.

    Each group, the largest share of a class first, goes where there is least of its classes so far; no chance is involved.

    Parameters
    ----------
    groups, classes : arrays of int, shape (N,)
        Numbered from 0.
    folds : int
        At most so many; fewer where there are fewer groups.

    Returns
    -------
    array of int, shape (N,)

    Examples
    --------
    >>> assign_folds(np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1]), 2).tolist()
    [0, 0, 1, 1, 0]
    """
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1)
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    held = np.zeros((min(folds, len(shares)), shares.shape[1]))
    fold_of = np.zeros(len(shares), dtype=np.intp)
    for group in np.argsort(-shares.max(axis=1), kind="stable"):
        load = held @ shares[group]
        fold_of[group] = fold = np.lexsort((held.sum(axis=1), load))[0]
        held[fold] += shares[group]
    return fold_of[groups]


def validate_out_of_bag(trained: Any, samples: Samples, settings: Settings, *, block: int = 64) -> Validation:
    """Let each tree of a trained forest vote on the samples that were not drawn for it.

    The most votes win, the first class of equals; a sample that all trees were trained on is not checked. The same for any number
    of threads.

    Parameters
    ----------
    trained : forest of scikit-learn
        Trained on `samples` with bootstrap.
    samples : Samples
        The same.
    settings : Settings
        For the number of threads.
    block : int
        The side in pixels of the blocks that the standard error is found from.
    """
    votes = np.zeros((len(samples.classes), samples.n_classes))

    def vote(tree: Any, drawn: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        is_left = np.ones(len(votes), dtype=bool)
        is_left[drawn] = False
        left = np.flatnonzero(is_left)
        return left, tree.tree_.predict(samples.features[left]).reshape(len(left), samples.n_classes)

    with ThreadPoolExecutor(settings.threads) as executor:
        for left, shares in executor.map(vote, trained.estimators_, trained.estimators_samples_):
            votes[left] += shares
    predicted = np.where(votes.any(axis=1), votes.argmax(axis=1), UNCHECKED)
    return _make_validation("out-of-bag", predicted, samples, group_by_blocks(samples.places, block), block=block)


def validate_blocks(
    estimator: Estimator, samples: Samples, settings: Settings, *, block: int = 64, folds: int = 5
) -> Validation:
    """Train anew without each fold of blocks, and predict it.

    All samples of one block and source are in one fold. A class of which too few samples are left when a fold is taken out
    cannot be learned from the others; its samples in that fold are not checked.

    Raises
    ------
    DataError
        All samples, or all of every class but one, lie in one block.
    UsageError
        There are fewer than two folds, or blocks less than a pixel wide.
    """
    if folds < 2:
        raise UsageError(f"{folds} folds cannot be; give at least 2")
    groups = group_by_blocks(samples.places, block)
    fold = assign_folds(groups, samples.classes, folds)
    predicted = np.full(len(fold), UNCHECKED, dtype=np.intp)
    for one in range(fold.max() + 1):
        _predict_fold(estimator, samples, settings, fold == one, predicted)
    found = _make_validation("blocks", predicted, samples, groups, block=block, folds=int(fold.max()) + 1)
    if not found.checked:
        raise DataError(
            f"the labels lie in too few blocks of {block} pixels to train on some and check on others; give smaller blocks, or "
            "label more places"
        )
    return found


def _predict_fold(
    estimator: Estimator, samples: Samples, settings: Settings, is_out: NDArray[np.bool_], predicted: NDArray[np.intp]
) -> None:
    kept = np.bincount(samples.classes[~is_out], minlength=samples.n_classes)
    is_learned = kept >= estimator.fewest(samples.features.shape[1])
    if is_learned.sum() < 2:
        return
    used, asked = (np.flatnonzero(part & is_learned[samples.classes]) for part in (~is_out, is_out))
    if len(asked):
        trained = estimator.fit(samples.features[used], samples.classes[used], settings)
        predicted[asked] = trained.predict(samples.features[asked])


def _make_validation(
    method: Method, predicted: NDArray[np.intp], samples: Samples, groups: NDArray[np.intp], **numbers: int
) -> Validation:
    return Validation(
        method=method,
        predicted=predicted,
        labeled=samples.classes,
        groups=groups,
        n_classes=samples.n_classes,
        **numbers,
    )
