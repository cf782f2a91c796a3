"""Decision trees as vigra stores them, to and from the plain arrays of `Forest`.

A tree is two arrays. In ``topology`` (int32) stand the number of columns and of classes, and then the nodes: an inner node has
five numbers (its type 0, the place of its parameters, the places of its left and right child, the column it asks for), a leaf has
two (its type, the place of its parameters). In ``parameters`` (float64) an inner node has a weight and its threshold, a leaf the
count of the samples that came to it, and the share of each class.

References
----------
vigra, ``random_forest_hdf5_impex.hxx`` and ``random_forest/rf_nodeproxy.hxx``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.learning.forest import Forest

ROOT = 2
"""Where the first node stands in a topology."""

LEAF_TYPE = 0x40000000
INNER_LENGTH, LEAF_LENGTH = 5, 2

MOST_NUMBERS = 2**26
"""In all topologies, and in all parameters, of one project: about 20 million nodes."""

MOST_SHARES = 2**29
"""Nodes times classes."""

DEEPEST = 4096
"""Levels of a tree."""


class VigraTree(NamedTuple):
    """One tree as it is stored."""

    topology: NDArray[Any]
    parameters: NDArray[Any]


def decode_trees(trees: Sequence[VigraTree]) -> Forest:
    """Make a forest of trees that are stored as vigra does.

    Raises
    ------
    ReadError
        They are too large, or have trees that go in circles, out of their arrays or beyond their columns.

    Examples
    --------
    >>> topology = [1, 2, 0, 0, 7, 9, 0, LEAF_TYPE, 2, LEAF_TYPE, 5]
    >>> tree = VigraTree(np.array(topology), np.array([1, 0.5, 3, 1, 0, 4, 0.25, 0.75]))
    >>> forest = decode_trees([tree])
    >>> forest.left.tolist(), forest.threshold.tolist(), forest.value.tolist()
    ([1, -1, -1], [0.5, 0.0, 0.0], [[0.0, 0.0], [1.0, 0.0], [0.25, 0.75]])
    """
    columns, classes = _check_sizes(trees)
    nodes = _Nodes.of(trees)
    leaf = nodes.topology[nodes.places] == LEAF_TYPE
    inner = ~leaf
    return Forest(
        feature=_spread(inner, nodes.columns(inner, columns)),
        threshold=_spread(inner, round_up(nodes.thresholds(inner))),
        left=np.where(inner, nodes.numbers_at(2, inner), -1),
        right=np.where(inner, nodes.numbers_at(3, inner), -1),
        value=nodes.shares(leaf, classes),
        roots=np.searchsorted(nodes.tree, np.arange(len(trees))).astype(np.int32),
        n_features=columns,
    )


def round_up(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the least float32 that is not below each threshold.

    vigra goes left where ``feature < threshold`` with a float32 feature and a float64 threshold. Between a threshold and the
    float32 next above it (or at it) no float32 lies, so that the float32 feature is below the one exactly where it is below the
    other. Rounded to the nearest, the threshold may come to lie at a feature that was below it, which then goes right.

    Examples
    --------
    >>> feature = np.float32(0.1)
    >>> threshold = np.float64(feature) + 1e-12
    >>> bool(feature < threshold), bool(feature < np.float32(threshold)), bool(feature < round_up(np.array([threshold]))[0])
    (True, False, True)
    """
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near < thresholds, np.nextafter(near, np.float32(np.inf)), near)


def _check_sizes(trees: Sequence[VigraTree]) -> tuple[int, int]:
    """Return how many columns and classes all trees have."""
    if not trees:
        raise ReadError("the forest has no trees")
    if max(sum(tree.topology.size for tree in trees), sum(tree.parameters.size for tree in trees)) > MOST_NUMBERS:
        raise ReadError(f"the forest has more than {MOST_NUMBERS} numbers in its trees")
    if min(tree.topology.size for tree in trees) < ROOT + LEAF_LENGTH:
        raise ReadError("the forest has a tree without nodes")
    heads = {(int(tree.topology[0]), int(tree.topology[1])) for tree in trees}
    columns, classes = heads.pop()
    if heads:
        raise ReadError("the trees of the forest are not for the same number of columns and classes")
    if columns < 1 or classes < 1:
        raise ReadError(f"the trees of the forest are for {columns} columns and {classes} classes")
    return columns, classes


class _Nodes(NamedTuple):
    """All trees one behind the other, and where in them each node stands that can be reached."""

    topology: NDArray[np.int64]
    parameters: NDArray[np.float64]
    starts: NDArray[np.int64]
    """Where the topology of each tree begins, and where the last one ends."""
    offsets: NDArray[np.int64]
    """The same of the parameters."""
    places: NDArray[np.int64]
    """Tree by tree, each node after its parent."""
    tree: NDArray[np.int64]

    @classmethod
    def of(cls, trees: Sequence[VigraTree]) -> _Nodes:
        """Follow all trees from their roots, level by level."""
        topology = np.concatenate([tree.topology for tree in trees]).astype(np.int64)
        starts = np.cumsum([0, *(tree.topology.size for tree in trees)])
        levels = list(_walk_levels(topology, starts))
        places = np.concatenate(levels)
        tree = np.searchsorted(starts, places, side="right") - 1
        order = np.argsort(tree, kind="stable")
        parameters = np.concatenate([tree.parameters for tree in trees])
        offsets = np.cumsum([0, *(tree.parameters.size for tree in trees)])
        return cls(topology, parameters, starts, offsets, places[order], tree[order])

    def numbers_at(self, item: int, inner: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the numbers of the children that inner nodes name in one of their items; 0 for leaves."""
        number = np.zeros(len(self.topology), np.int64)
        number[self.places] = np.arange(len(self.places))
        return _spread(inner, number[self.topology[self.places[inner] + item] + self.starts[self.tree[inner]]])

    def columns(self, inner: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        """Return the column that each inner node asks for."""
        columns = self.topology[self.places[inner] + 4]
        if columns.size and not 0 <= columns.min() <= columns.max() < count:
            raise ReadError(f"the forest asks for a column outside of its {count}")
        return columns

    def thresholds(self, inner: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the threshold of each inner node."""
        thresholds = self.parameters[self._parameter_places(inner, 2) + 1]
        if not np.isfinite(thresholds).all():
            raise ReadError("the forest has a threshold that is no finite number")
        return thresholds

    def shares(self, leaf: NDArray[np.bool_], classes: int) -> NDArray[np.float32]:
        """Return the share of each class in each leaf, which sum to 1; zeros for inner nodes."""
        places = self._parameter_places(leaf, 1 + classes)
        if leaf.size * classes > MOST_SHARES:
            raise ReadError(f"the forest has {leaf.size} nodes for {classes} classes, which is more than is read")
        value = np.zeros((leaf.size, classes), np.float32)
        shares = self.parameters[places[:, None] + 1 + np.arange(classes)]
        sums = shares.sum(axis=1, keepdims=True)
        if not (np.isfinite(sums).all() and (shares >= 0).all() and (sums > 0).all()):
            raise ReadError("the forest has a leaf without shares of the classes")
        value[leaf] = shares / sums
        return value

    def _parameter_places(self, chosen: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
        places: NDArray[np.int64] = self.topology[self.places[chosen] + 1]
        tree = self.tree[chosen]
        if not ((places >= 0) & (places + length <= np.diff(self.offsets)[tree])).all():
            raise ReadError("the forest has a node whose parameters lie outside of its tree")
        return places + self.offsets[tree]


def _walk_levels(topology: NDArray[np.int64], starts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Give the places of all nodes of one depth, from the roots down, and refuse what is no tree."""
    seen = np.zeros(topology.size, np.bool_)
    level = starts[:-1] + ROOT
    for _ in range(DEEPEST):
        if not level.size:
            return
        if seen[level].any() or np.unique(level).size < level.size:
            raise ReadError("the forest has a node with two parents: its trees go in circles")
        seen[level] = True
        yield level
        level = _find_children(topology, starts, level)
    raise ReadError(f"the forest has trees of more than {DEEPEST} levels")


def _find_children(
    topology: NDArray[np.int64], starts: NDArray[np.int64], level: NDArray[np.int64]
) -> NDArray[np.int64]:
    types = topology[level]
    if not ((types == 0) | (types == LEAF_TYPE)).all():
        raise ReadError("the forest has a node that is neither a threshold nor a leaf, which ilastik never makes")
    ends = starts[np.searchsorted(starts, level, side="right")]
    inner = types == 0
    if not (level + np.where(inner, INNER_LENGTH, LEAF_LENGTH) <= ends).all():
        raise ReadError("the forest has a node that reaches beyond its tree")
    own, end = level[inner], ends[inner]
    start = starts[np.searchsorted(starts, own, side="right") - 1]
    children: NDArray[np.int64] = np.concatenate([topology[own + 2], topology[own + 3]])
    first: NDArray[np.int64] = np.tile(start, 2)
    last = np.tile(end, 2)
    if not ((children >= ROOT) & (children + LEAF_LENGTH <= last - first)).all():
        raise ReadError("the forest has a node whose children lie outside of its tree")
    return children + first


def _spread(chosen: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Return an array with the values where they were chosen, and zeros elsewhere."""
    spread = np.zeros(chosen.size, values.dtype)
    spread[chosen] = values
    return spread


def encode_tree(forest: Forest, number: int) -> VigraTree:
    """Return one tree of a forest as vigra stores it.

    Vigra's counts of samples, which do not change its answers, are 1.

    Examples
    --------
    >>> forest = Forest(
    ...     feature=[0, 0, 0], threshold=[0.5, 0, 0], left=[1, -1, -1], right=[2, -1, -1],
    ...     value=[[0, 0], [1, 0], [0.25, 0.75]], roots=[0], n_features=1,
    ... )
    >>> tree = encode_tree(forest, 0)
    >>> tree.topology.tolist()
    [1, 2, 0, 0, 7, 9, 0, 1073741824, 2, 1073741824, 5]
    >>> tree.parameters.tolist()
    [1.0, 0.5, 1.0, 1.0, 0.0, 1.0, 0.25, 0.75]
    """
    nodes = _list_nodes(forest, int(forest.roots[number]))
    inner = forest.left[nodes] >= 0
    places = ROOT + _running_sum(np.where(inner, INNER_LENGTH, LEAF_LENGTH))
    addresses = _running_sum(np.where(inner, 2, 1 + forest.n_classes))
    place_of = dict(zip(nodes.tolist(), places.tolist(), strict=True))
    topology = np.zeros(ROOT + int(np.where(inner, INNER_LENGTH, LEAF_LENGTH).sum()), np.int32)
    parameters = np.ones(int(np.where(inner, 2, 1 + forest.n_classes).sum()))
    topology[:ROOT] = forest.n_features, forest.n_classes
    topology[places] = np.where(inner, 0, LEAF_TYPE)
    topology[places + 1] = addresses
    for item, children in ((2, forest.left), (3, forest.right)):
        topology[places[inner] + item] = [place_of[child] for child in children[nodes[inner]].tolist()]
    topology[places[inner] + 4] = forest.feature[nodes[inner]]
    parameters[addresses[inner] + 1] = forest.threshold[nodes[inner]]
    parameters[addresses[~inner][:, None] + 1 + np.arange(forest.n_classes)] = forest.value[nodes[~inner]]
    return VigraTree(topology, parameters)


def _list_nodes(forest: Forest, root: int) -> NDArray[np.intp]:
    """Return the nodes of a tree, level by level."""
    levels = [np.array([root])]
    while (inner := levels[-1][forest.left[levels[-1]] >= 0]).size:
        levels.append(np.concatenate([forest.left[inner], forest.right[inner]]))
    return np.concatenate(levels).astype(np.intp)


def _running_sum(lengths: NDArray[Any]) -> NDArray[np.int64]:
    sums: NDArray[np.int64] = np.cumsum(lengths) - lengths
    return sums
