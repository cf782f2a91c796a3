"""Random forests as vigra keeps them in HDF5: a group of options, one of sizes, and one for each tree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsraster.errors import ReadError
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik.hdf5access import find, find_group, list_children, read_array, read_number
from tsraster.learning.ilastik.vigratrees import MOST_NUMBERS, VigraTree, decode_trees, encode_tree

_VERSION = 0.1


def read_forest(groups: Sequence[Any]) -> Forest:
    """Read the trees of several vigra forests as one, in which each tree has one vote.

    Parameters
    ----------
    groups : sequence of h5py.Group
        One a forest. They may have different numbers of trees.

    Raises
    ------
    ReadError
        They are no forests, too large, or have trees that go in circles, out of their arrays or beyond their columns.

    Notes
    -----
    ilastik averages the answers of its forests weighted by their numbers of trees, and vigra those of the trees of a forest
    with equal weights: this is the mean over all trees.
    """
    trees = [_find_arrays(tree) for group in groups for tree in _list_trees(group)]
    claimed = max((sum(math.prod(arrays[kind].shape or ()) for arrays in trees) for kind in (0, 1)), default=0)
    if claimed > MOST_NUMBERS:
        raise ReadError(f"the trees of the project claim {claimed} numbers; at most {MOST_NUMBERS} are read")
    return decode_trees([VigraTree(read_array(one, "iu", 1), read_array(other, "f", 1)) for one, other in trees])


def _list_trees(group: Any) -> list[Any]:
    options = find_group(group, "_options")
    children = list_children(group, "Tree_")
    if not children:
        raise ReadError(f"the forest {group.name} has no trees")
    if options is not None and read_number(options, "tree_count_", len(children)) != len(children):
        raise ReadError(f"the forest {group.name} says it has another number of trees than its {len(children)}")
    if options is not None and read_number(options, "predict_weighted_", 0) != 0:
        raise ReadError(
            f"the forest {group.name} weights its leaves by samples, which ilastik never does and is not read here"
        )
    return [tree for _, tree in children]


def _find_arrays(group: Any) -> tuple[Any, Any]:
    """Return the datasets of a tree without reading them: many names may stand for one tree."""
    topology, parameters = find(group, "topology"), find(group, "parameters")
    if not hasattr(topology, "shape") or not hasattr(parameters, "shape"):
        raise ReadError(f"the tree {group.name} has no topology or no parameters")
    return topology, parameters


def write_forest(group: Any, forest: Forest, numbers: Sequence[int], *, labels: Sequence[int], samples: int) -> None:
    """Write some trees of a forest as one vigra forest.

    Parameters
    ----------
    group : h5py.Group
        Empty.
    numbers : sequence of int
        Which trees.
    labels : sequence of int, shape (class,)
        The label that each class has in ilastik.
    samples : int
        How many labeled pixels it was trained on.
    """
    group.attrs.create("vigra_random_forest_version", np.array([_VERSION]))
    _write_numbers(group.create_group("_options"), {**_OPTIONS, "tree_count_": len(numbers)})
    parameters = group.create_group("_ext_param")
    tried = int(np.sqrt(forest.n_features) + 0.5)
    sizes = {"column_count_": forest.n_features, "class_count_": forest.n_classes, "row_count_": samples}
    _write_numbers(parameters, {**_PARAMETERS, **sizes, "actual_msample_": samples, "actual_mtry_": tried})
    parameters.create_dataset("class_weights_", data=np.ones(forest.n_classes))
    parameters.create_dataset("labels", data=np.array(labels, np.uint32))
    digits = len(str(len(numbers) - 1))
    for place, number in enumerate(numbers):
        tree = group.create_group(f"Tree_{place:0{digits}}")
        stored = encode_tree(forest, number)
        tree.create_dataset("topology", data=stored.topology)
        tree.create_dataset("parameters", data=stored.parameters)


def _write_numbers(group: Any, numbers: dict[str, float]) -> None:
    for name, number in numbers.items():
        group.create_dataset(name, data=np.array([number], np.float64))


_OPTIONS: dict[str, float] = {
    "min_split_node_size_": 1,
    "mtry_": 0,
    "mtry_func_": 0,
    "mtry_switch_": 6,
    "predict_weighted_": 0,
    "prepare_online_learning_": 0,
    "sample_with_replacement_": 1,
    "stratification_method_": 3,
    "training_set_calc_switch_": 1,
    "training_set_func_": 0,
    "training_set_proportion_": 1,
    "training_set_size_": 0,
}
"""How ilastik has vigra train: see its projects."""

_PARAMETERS: dict[str, float] = {
    "is_weighted_": 1,
    "precision_": 0,
    "problem_type_": 1,
    "response_size_": 1,
    "used_": 1,
}
