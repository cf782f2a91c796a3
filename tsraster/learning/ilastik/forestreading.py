"""Read the trained forest of an ilastik project, and put its columns in the order of tsraster."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.errors import DataError, ReadError
from tsraster.learning.featureset import FeatureSet
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik.hdf5access import find, list_children, read_array
from tsraster.learning.ilastik.hdf5texts import LARGEST_TEXT, read_texts
from tsraster.learning.ilastik.selection import FeatureSelection, are_same_columns
from tsraster.learning.ilastik.vigraforest import read_forest


def read_trained(
    group: Any | None, selection: FeatureSelection | None, features: FeatureSet | None, dimensions: int, labels: int
) -> dict[str, Any]:
    """Return the forest with its columns in the order of `features`, and what belongs to it; nothing where there is none.

    Parameters
    ----------
    group : h5py.Group, optional
    selection : FeatureSelection, optional
    features : FeatureSet, optional
        The same in the order of tsraster.
    dimensions : 2 or 3
    labels : int
        How many labels the project has.

    Returns
    -------
    dict
        ``forest``, ``feature_names``, ``bands`` and ``known_labels`` of `IlastikProject`, or nothing.

    Raises
    ------
    ReadError
        The forest is damaged or hostile.
    DataError
        It was trained on other features than those that are selected.
    """
    forests = [forest for _, forest in list_children(group, "Forest")]
    if group is None or not forests:
        return {}
    forest = read_forest(forests)
    if features is None or selection is None:
        raise ReadError("the project has a trained forest but no selected features")
    bands, rest = divmod(forest.n_features, len(features.columns(1, dimensions)))
    if rest:
        raise DataError(
            f"the project's forest was trained on {forest.n_features} columns, "
            "which the features that are selected now do not give; train it again in ilastik"
        )
    order = selection.order_columns(features.columns(bands, dimensions))
    names = _read_names(group, selection, features, bands, dimensions)
    arrays = {name: getattr(forest, name) for name in ("threshold", "left", "right", "value", "roots")}
    moved = Forest(**arrays, feature=order[forest.feature].astype(np.int32), n_features=forest.n_features)
    return {"forest": moved, "feature_names": names, "bands": bands, "known_labels": _read_known(group, forest, labels)}


def _read_names(
    group: Any, selection: FeatureSelection, features: FeatureSet, bands: int, dimensions: int
) -> tuple[str, ...]:
    stored = find(group, "feature_names")
    names = read_texts(stored) if stored is not None else ()
    columns = features.columns(bands, dimensions)
    expected = tuple(columns[place].name for place in selection.order_columns(columns))
    if names and (len(names) != len(expected) or not are_same_columns(names, expected, dimensions)):
        raise DataError(
            "the project's forest was trained on other features than those that are selected now; train it again in ilastik"
        )
    return names or expected


def _read_known(group: Any, forest: Forest, labels: int) -> tuple[int, ...]:
    stored = find(group, "known_labels")
    known = range(1, forest.n_classes + 1) if stored is None else read_array(stored, "iu", 1, LARGEST_TEXT).tolist()
    if (
        len(known) != forest.n_classes
        or len(set(known)) < len(known)
        or not all(1 <= label <= labels for label in known)
    ):
        raise ReadError(
            f"the project's forest knows {forest.n_classes} classes, said to be the labels {list(known)[:10]} of {labels}; "
            "each must be another one of them"
        )
    return tuple(known)
