"""Write an ilastik project that ilastik opens: images, labels, features, and the trained forest.

Only what is read by ilastik's own serializers is written, with the types and names that they write. Two texts in a project look
like pickles: ilastik takes the class of its classifier and the number of trees out of them by regular expressions. They are
written as constants.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsraster.errors import UsageError, WriteError
from tsraster.learning.featureset import Column, FeatureSet
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik.hdf5access import import_h5py
from tsraster.learning.ilastik.lanewriting import LaneContent, write_labels, write_lanes, write_text
from tsraster.learning.ilastik.projectreading import COLORS
from tsraster.learning.ilastik.selection import FeatureSelection
from tsraster.learning.ilastik.vigraforest import write_forest

ILASTIK_VERSION = "1.4.0"
"""ilastik 1.0 to 1.4 open each other's projects; from 1.4.0 on, labels have channels last."""

MOST_LABELS = 255
MOST_FORESTS = 8
"""Into how many forests the trees are dealt out: ilastik works on them at the same time."""

_FACTORY = (
    "ccopy_reg\n_reconstructor\np0\n(clazyflow.classifiers.parallelVigraRfLazyflowClassifier\n"
    "ParallelVigraRfLazyflowClassifierFactory\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\nVVERSION\np6\nI2\nsV_num_trees\np7\n"
    "I{trees}\nsV_label_proportion\np8\nNsV_variable_importance_path\np9\nNsV_variable_importance_enabled\np10\nI00\nsV_kwargs\n"
    "p11\n(dp12\nsV_num_forests\np13\nI{forests}\nsb."
)
_TYPE = "clazyflow.classifiers.parallelVigraRfLazyflowClassifier\nParallelVigraRfLazyflowClassifier\np0\n."
_NO_BOOKMARKS = b"(lp0\n."


def write_project(
    path: str | os.PathLike[str],
    lanes: Sequence[LaneContent],
    *,
    features: FeatureSet,
    names: Sequence[str],
    colors: Sequence[Sequence[int]] = (),
    forest: Forest | None = None,
    columns: Sequence[Column] | None = None,
    known_labels: Sequence[int] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Write a project of pixel classification that ilastik 1.4 opens.

    Parameters
    ----------
    path : path
        The file to make; an existing one is replaced.
    lanes : sequence of LaneContent
        The images and their labels.
    features : FeatureSet
        What is selected. A filter that is wanted of some bands is selected for all, for ilastik knows no other choice.
    names : sequence of str, shape (N,)
        Of label 1, of label 2, and so on.
    colors : sequence of (red, green, blue), optional
        0 to 255; other parts, such as alpha, are left out.
    forest : Forest, optional
        The trained classifier. Without it, ilastik trains when it is asked for a prediction.
    columns : sequence of Column, optional
        The features that the forest asks for, in its order; all of `features` by default.
    known_labels : sequence of int, optional
        The label of each class of the forest, increasing; 1, 2, 3, ... by default.
    folder : path, optional
        Where the project will be, if not where it is written: paths of images in it are stored relative to it.

    Raises
    ------
    UsageError
        The parts do not fit together, or ilastik has no way to express them.
    WriteError
        The file cannot be written.
    MissingExtraError
        h5py is not installed.

    Notes
    -----
    The answers of ilastik's classifier to the same features are those of the forest: float32 thresholds are exact as float64, and
    vigra compares in the same way.
    """
    h5py = import_h5py()
    classes = _check_classes(names, colors, lanes)
    dimensions = _check_dimensions(lanes)
    selection = FeatureSelection.of_features(features, dimensions)
    trained = None
    if forest is not None:
        wanted = columns or features.columns(lanes[0].n_bands, dimensions)
        known = known_labels or range(1, forest.n_classes + 1)
        trained = _Trained.of(
            forest, wanted, known, selection, features.recipe, lanes[0].n_bands, dimensions, len(names)
        )
    home = Path(folder) if folder is not None else Path(path).parent
    # In memory first: where a disk is full, HDF5 fails again as it closes the file, and takes the process down.
    with h5py.File(os.fspath(path), "w", driver="core", backing_store=False) as file:
        _write_head(file)
        write_lanes(file, lanes, home)
        _write_selection(file.create_group("FeatureSelections"), selection)
        _write_pixels(file.create_group("PixelClassification"), lanes, classes, trained)
        file.flush()
        content = file.id.get_file_image()
    try:
        Path(path).write_bytes(content)
    except OSError as problem:
        raise WriteError(f"{Path(path).name} cannot be written ({problem.strerror})") from None


@dataclass(frozen=True, kw_only=True)
class _Classes:
    names: tuple[str, ...]
    colors: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class _Trained:
    """A forest of all columns of a project, and what stands beside it."""

    forest: Forest
    known: tuple[int, ...]
    column_names: tuple[str, ...]

    @classmethod
    def of(
        cls, forest: Forest, columns: Sequence[Column], known: Sequence[int], selection: FeatureSelection, recipe: str,
        bands: int, dimensions: int, labels: int,
    ) -> _Trained:  # fmt: skip
        if recipe != "ilastik":
            raise UsageError(
                f"a forest of the recipe {recipe!r} would be wrong in ilastik; train it with the recipe 'ilastik'"
            )
        if len(columns) != forest.n_features or len(known) != forest.n_classes:
            raise UsageError(
                f"the forest has {forest.n_features} features and {forest.n_classes} classes, "
                f"and {len(columns)} columns and {len(known)} labels are named"
            )
        if list(known) != sorted(set(known)) or not 1 <= known[0] <= known[-1] <= labels:
            raise UsageError(f"the forest's labels {list(known)} must increase, from 1 to {labels}")
        features = selection.to_features(dimensions)
        every = features.columns(bands, dimensions) if features is not None else ()
        place = {_key(column): number for number, column in enumerate(every)}
        missing = [column.name for column in columns if _key(column) not in place]
        if missing:
            raise UsageError(f"the forest asks for {missing[0]}, which is not among the selected features")
        moved = np.array([place[_key(column)] for column in columns], np.int32)[forest.feature]
        arrays = {name: getattr(forest, name) for name in ("threshold", "left", "right", "value", "roots")}
        names = tuple(column.name for column in every)
        return cls(
            forest=Forest(**arrays, feature=moved, n_features=len(every)), known=tuple(known), column_names=names
        )


def _key(column: Column) -> tuple[str, float, int, int]:
    return column.kind, column.scale, column.band, column.part


def _check_classes(names: Sequence[str], colors: Sequence[Sequence[int]], lanes: Sequence[LaneContent]) -> _Classes:
    if not 1 <= len(names) <= MOST_LABELS:
        raise UsageError(f"{len(names)} labels cannot be written to an ilastik project; it can have 1 to {MOST_LABELS}")
    for lane in lanes:
        if (
            lane.labels.dtype.kind not in "biu"
            or lane.labels.min(initial=0) < 0
            or lane.labels.max(initial=0) > len(names)
        ):
            raise UsageError(
                f"the labels must be whole numbers from 0 (none) to {len(names)}, the number of their names"
            )
    chosen = list(colors) or [COLORS[number % len(COLORS)] for number in range(len(names))]
    if len(chosen) != len(names) or not all(
        len(color) >= 3 and all(0 <= part <= 255 for part in color) for color in chosen
    ):
        raise UsageError(f"{len(chosen)} colors for {len(names)} labels; give red, green and blue of each, 0 to 255")
    return _Classes(names=tuple(names), colors=tuple(tuple(int(part) for part in color[:3]) for color in chosen))


def _check_dimensions(lanes: Sequence[LaneContent]) -> int:
    kinds = {(lane.labels.ndim, lane.n_bands) for lane in lanes}
    if len(kinds) != 1:
        raise UsageError(
            "an ilastik project has at least one image, and all have the same number of bands and dimensions"
        )
    dimensions, _ = kinds.pop()
    return int(dimensions)


def _write_head(file: Any) -> None:
    write_text(file, "ilastikVersion", ILASTIK_VERSION)
    write_text(file, "workflowName", "Pixel Classification")
    write_text(file, "time", time.ctime())
    export = file.create_group("Prediction Export")
    export.create_dataset("StorageVersion", data="0.1")
    write_text(export, "OutputFilenameFormat", "{dataset_dir}/{nickname}_{result_type}")
    write_text(export, "OutputFormat", "hdf5")
    write_text(export, "OutputInternalPath", "exported_data")


def _write_selection(group: Any, selection: FeatureSelection) -> None:
    group.create_dataset("StorageVersion", data="0.1")
    group.create_dataset("Scales", data=np.array(selection.scales, np.float64))
    group.create_dataset("FeatureIds", data=np.array([identity.encode() for identity in selection.ids]))
    group.create_dataset("SelectionMatrix", data=selection.matrix)
    group.create_dataset("ComputeIn2d", data=np.array(selection.in_2d, np.bool_))


def _write_pixels(group: Any, lanes: Sequence[LaneContent], classes: _Classes, trained: _Trained | None) -> None:
    group.create_dataset("StorageVersion", data="0.1")
    names = [name.encode() for name in classes.names]
    for name, items in (("LabelNames", names), ("LabelColors", classes.colors), ("PmapColors", classes.colors)):
        stored = group.create_dataset(name, data=np.array(items))
        stored.attrs["isEmpty"] = False
    bookmarks, sets = group.create_group("Bookmarks"), group.create_group("LabelSets")
    for number, lane in enumerate(lanes):
        empty = bookmarks.create_dataset(f"{number:04d}", data=np.void(_NO_BOOKMARKS))
        empty.attrs["version"] = 1
        write_labels(sets.create_group(f"labels{number:03d}"), lane.labels)
    trees = trained.forest.n_trees if trained is not None else 100
    forests = min(MOST_FORESTS, trees)
    write_text(group, "ClassifierFactory", _FACTORY.format(trees=trees, forests=forests))
    if trained is not None:
        samples = sum(int(np.count_nonzero(lane.labels)) for lane in lanes)
        _write_trained(group.create_group("ClassifierForests"), trained, forests, samples)


def _write_trained(group: Any, trained: _Trained, forests: int, samples: int) -> None:
    for number in range(forests):
        trees = range(number, trained.forest.n_trees, forests)
        place = group.create_group(f"Forest{number:04d}")
        write_forest(place, trained.forest, trees, labels=trained.known, samples=samples)
    group.create_dataset("feature_names", data=np.array([name.encode() for name in trained.column_names]))
    group.create_dataset("known_labels", data=np.array(trained.known, np.uint32))
    write_text(group, "pickled_type", _TYPE)
