"""`Forest`: decision trees as plain arrays, and how they vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.classifier import Floats

LEAF = 1 << 31
"""The bit of a packed child that marks a leaf."""

MIXED = 0xFFFF
"""Instead of a class, for leaves that hold several."""


class PackedTrees(NamedTuple):
    """Trees as they are walked: inner nodes and leaves counted apart."""

    nodes: NDArray[np.uint32]
    """Flat; four a node: feature, left, right, nothing. A child is an inner node, or a leaf with the bit `LEAF`."""
    thresholds: Floats
    """Of the inner nodes."""
    roots: NDArray[np.uint32]
    """As a child is."""
    leaf_classes: NDArray[np.uint16]
    """The class of a pure leaf; `MIXED` for others."""
    leaf_values: Floats
    """(leaf, class)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """Decision trees, each of which has one vote for a pixel, shared out among the classes of the leaf it comes to.

    A pixel goes left where its feature is less than the threshold, both float32.

    Parameters
    ----------
    feature : ndarray of int32, shape (node,)
        Which feature a node asks for.
    threshold : ndarray of float32, shape (node,)
    left, right : ndarray of int32, shape (node,)
        Children, each after its parent; -1 in a leaf.
    value : ndarray of float32, shape (node, class)
        In a leaf, the share of each class, which sum to 1.
    roots : ndarray of int32, shape (tree,)
    n_features : int

    Raises
    ------
    DataError
        The arrays are no trees.

    Examples
    --------
    >>> leaf = -1
    >>> forest = Forest(
    ...     feature=np.array([0, 0, 0]), threshold=np.array([0.5, 0, 0]), left=np.array([1, leaf, leaf]),
    ...     right=np.array([2, leaf, leaf]), value=np.array([[0, 0], [1, 0], [0, 1]]), roots=np.array([0]), n_features=1,
    ... )
    >>> forest.segment(np.array([[0.2, 0.5, 0.7]], np.float32))
    array([0, 1, 1], dtype=uint16)
    """

    kind: ClassVar[str] = "forest"

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    roots: NDArray[np.int32]
    n_features: int

    def __post_init__(self) -> None:
        for name, dtype in _TYPES.items():
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=dtype))
        _check_trees(self)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return int(self.value.shape[1])

    @property
    def n_trees(self) -> int:
        """How many trees there are."""
        return len(self.roots)

    @classmethod
    def of_sklearn(cls, estimator: Any) -> Forest:
        """Take over the trees of a trained scikit-learn forest, or a trained single tree.

        Notes
        -----
        scikit-learn goes left where a float32 feature is at most a float64 threshold, which is the same as less than the
        float32 number that follows the last one not above the threshold.
        """
        trees = [one.tree_ for one in getattr(estimator, "estimators_", [estimator])]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        shares = [tree.value[:, 0, :] for tree in trees]
        return cls(
            feature=np.concatenate([np.maximum(tree.feature, 0) for tree in trees]),
            threshold=_next_above(np.concatenate([tree.threshold for tree in trees])),
            left=np.concatenate(
                [_shift(tree.children_left, start) for tree, start in zip(trees, starts, strict=False)]
            ),
            right=np.concatenate(
                [_shift(tree.children_right, start) for tree, start in zip(trees, starts, strict=False)]
            ),
            value=np.concatenate([share / share.sum(axis=1, keepdims=True) for share in shares]),
            roots=starts[:-1],
            n_features=int(estimator.n_features_in_),
        )

    def used_features(self) -> NDArray[np.intp]:
        """Return which features any node asks for, in increasing order."""
        return np.unique(self.feature[self.left >= 0]).astype(np.intp)

    def with_features(self, chosen: NDArray[np.intp]) -> Forest:
        """Return the same forest for pixels that have only the `chosen` features, among which are all used ones."""
        places = np.zeros(self.n_features, np.int32)
        places[chosen] = np.arange(len(chosen))
        return replace(self, feature=places[self.feature], n_features=len(chosen))

    @cached_property
    def packed(self) -> PackedTrees:
        """The trees as they are walked."""
        is_leaf = self.left < 0
        numbers = np.where(is_leaf, (np.cumsum(is_leaf) - 1) | LEAF, np.cumsum(~is_leaf) - 1).astype(np.uint32)
        inner = ~is_leaf
        nodes = np.zeros((int(inner.sum()), 4), np.uint32)
        nodes[:, 0] = self.feature[inner]
        nodes[:, 1], nodes[:, 2] = numbers[self.left[inner]], numbers[self.right[inner]]
        values = np.ascontiguousarray(self.value[is_leaf])
        classes = np.where((values == 1).any(axis=1), values.argmax(axis=1), MIXED).astype(np.uint16)
        return PackedTrees(nodes.ravel(), self.threshold[inner], numbers[self.roots], classes, values)

    def probabilities(self, features: Floats) -> Floats:
        """Return the mean vote for each class: float32 (class, ...) from float32 (feature, ...)."""
        from tsraster.learning.voting import vote

        table = self._lay_flat(features)
        votes = np.empty((self.n_classes, *table.shape[1:]), np.float32)
        vote(table, *self.packed, votes)
        return votes.reshape(self.n_classes, *features.shape[1:])

    def segment(self, features: Floats) -> NDArray[np.uint16]:
        """Return the class with most votes, from 0, the first of equals: uint16 (...) from float32 (feature, ...).

        Notes
        -----
        A pixel is left alone as soon as the trees that have not voted cannot change its class.
        """
        from tsraster.learning.voting import elect

        table = self._lay_flat(features)
        winners = np.empty(table.shape[1:], np.uint16)
        elect(table, *self.packed, winners)
        return winners.reshape(features.shape[1:])

    def _lay_flat(self, features: Floats) -> Floats:
        """Return features as (feature, row, col), whatever dimensions they have."""
        if features.shape[0] != self.n_features:
            raise DataError(
                f"the forest asks for {self.n_features} features of a pixel, and {features.shape[0]} are given"
            )
        cols = features.shape[-1] if features.ndim > 1 else 1
        return np.ascontiguousarray(features, dtype=np.float32).reshape(self.n_features, -1, cols)

    def to_arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the arrays that it is made of, for a model file."""
        return {**{name: getattr(self, name) for name in _TYPES}, "n_features": np.array(self.n_features)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Forest:
        """Make a forest of the arrays of a model file.

        Raises
        ------
        DataError
            They are no trees.
        """
        missing = [name for name in (*_TYPES, "n_features") if name not in arrays]
        if missing:
            raise DataError(f"the forest has no {missing[0]}")
        return cls(**{name: arrays[name] for name in _TYPES}, n_features=int(arrays["n_features"]))


_TYPES: dict[str, Any] = {
    "feature": np.int32,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "value": np.float32,
    "roots": np.int32,
}


def _shift(children: NDArray[Any], start: int) -> NDArray[Any]:
    return np.where(children < 0, -1, children + start)


def _next_above(thresholds: NDArray[np.float64]) -> Floats:
    """Return the least float32 that is above each threshold."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, near, np.nextafter(near, np.float32(np.inf)))


def _check_trees(forest: Forest) -> None:
    nodes = len(forest.feature)
    shapes = {getattr(forest, name).shape for name in ("feature", "threshold", "left", "right")}
    if shapes != {(nodes,)} or forest.value.ndim != 2 or len(forest.value) != nodes or forest.roots.ndim != 1:
        raise DataError("the arrays of the forest do not have one length")
    if not nodes or not len(forest.roots) or not forest.n_classes or nodes >= LEAF:
        raise DataError("the forest has no trees, no classes, or too many nodes")
    _check_links(forest)
    leaves = forest.left < 0
    inner = ~leaves
    if inner.any() and not (forest.feature[inner].min() >= 0 and forest.feature[inner].max() < forest.n_features):
        raise DataError(f"the forest asks for a feature beyond the {forest.n_features} there are")
    if np.isnan(forest.threshold[inner]).any():
        raise DataError("the forest has a threshold that is no number")
    shares = forest.value[leaves]
    if not (shares >= 0).all() or not np.allclose(shares.sum(axis=1), 1, atol=1e-3):
        raise DataError("the forest has leaves whose shares do not sum to 1")


def _check_links(forest: Forest) -> None:
    """Refuse children that would lead out of the arrays, or round in circles."""
    nodes = len(forest.feature)
    own = np.arange(nodes)
    leaves = forest.left < 0
    later = (forest.left > own) & (forest.right > own) & (forest.left < nodes) & (forest.right < nodes)
    if not (later | leaves).all() or (forest.right[leaves] >= 0).any():
        raise DataError("the forest has a node whose children do not come after it")
    if not ((forest.roots >= 0) & (forest.roots < nodes)).all():
        raise DataError("the forest has a root that is no node")
