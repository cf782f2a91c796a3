"""Read an ilastik project: everything that is numbers and texts, and nothing that would have to be run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tsraster.errors import DataError, ReadError
from tsraster.learning.featureset import FeatureSet
from tsraster.learning.ilastik.axes import check_axes, default_axes, parse_axistags, plane_axis
from tsraster.learning.ilastik.forestreading import read_trained
from tsraster.learning.ilastik.hdf5access import find, find_group, list_children, open_hdf5, read_array, read_number
from tsraster.learning.ilastik.hdf5texts import LARGEST_TEXT, read_attribute, read_text, read_texts
from tsraster.learning.ilastik.labelreading import read_blocks
from tsraster.learning.ilastik.project import (
    INTERNAL,
    MOST_LABELED,
    Dataset,
    IlastikProject,
    Lane,
    find_local,
)
from tsraster.learning.ilastik.selection import FeatureSelection

COLORS = (
    (255, 225, 25), (0, 130, 200), (230, 25, 75), (70, 240, 240), (60, 180, 75), (250, 190, 190), (170, 110, 40), (145, 30, 180),
    (0, 128, 128), (245, 130, 48), (240, 50, 230), (210, 245, 60), (255, 215, 180), (230, 190, 255), (128, 128, 128), (128, 0, 0),
)  # fmt: skip
"""Colors of the labels of a project that tells none, over and over."""

WORKFLOWS = (
    "",
    "Pixel Classification",
    "PixelClassificationWorkflow",
    "Object Classification (from pixel classification)",
)


def read_project(path: str | os.PathLike[str]) -> IlastikProject:
    """Read an ilastik project of pixel classification.

    Features, labels, images, names and colors of the classes, and the trained forest are taken over. Nothing in the file is
    unpickled, no link in it is followed to another place, and no size is believed before it has been checked.

    Parameters
    ----------
    path : str or path
        An ``.ilp`` file of ilastik 0.6 to 1.4.

    Returns
    -------
    IlastikProject

    Raises
    ------
    MissingSourceError
        There is no such file.
    ReadError
        It is no such project, damaged or hostile.
    DataError
        It is of another workflow or uses something that is not known here.
    MissingExtraError
        h5py is not installed.

    References
    ----------
    https://github.com/ilastik/ilastik: the serializers of its applets.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.learning.featureset import parse_features
    >>> from tsraster.learning.ilastik import LaneContent, write_project
    >>> labels = np.zeros((4, 5), np.uint8)
    >>> labels[1, 2] = 2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lane = LaneContent(labels=labels, image=np.zeros((1, 4, 5), np.uint8))
    ...     write_project(f"{folder}/p.ilp", [lane], features=parse_features("smoothing:0.7"), names=["sky", "sea"])
    ...     project = read_project(f"{folder}/p.ilp")
    >>> project.label_names, project.features.to_text(), project.lanes[0].blocks[0].offset
    (('sky', 'sea'), 'smoothing:0.7', (1, 2))
    """
    place = Path(path)
    with open_hdf5(place) as file:
        workflow, version = _read_kind(file, place)
        pixels = find_group(file, "PixelClassification")
        selection = _read_selection(find_group(file, "FeatureSelections"))
        lanes = _read_lanes(file, pixels, version)
        dimensions = _count_dimensions(lanes)
        features = _to_features(selection, lanes, dimensions)
        names, colors = _read_classes(pixels, lanes)
        forests = find_group(pixels, "ClassifierForests") if pixels is not None else None
        trained = read_trained(forests, selection, features, dimensions, len(names))
    bands = trained.pop("bands", None) or next((lane.raw.bands for lane in lanes if lane.raw), None)
    return IlastikProject(
        path=place, workflow=workflow, version=version, selection=selection, features=features, label_names=names,
        label_colors=colors, lanes=lanes, dimensions=dimensions, bands=bands, **trained,
    )  # fmt: skip


def _read_kind(file: Any, path: Path) -> tuple[str, str]:
    """Return the workflow and the version of ilastik, if it is a project that can be read."""
    version, workflow = read_text(file, "ilastikVersion"), read_text(file, "workflowName")
    if not version or (find(file, "PixelClassification") is None and find(file, "Input Data") is None):
        if find(file, "ilastikVersion") is not None and workflow in WORKFLOWS:
            raise DataError(
                f"{path.name} is a project of a version of ilastik that is not read; open and save it in ilastik 1.4"
            )
        if workflow in WORKFLOWS:
            raise ReadError(
                f"{path.name} is an HDF5 file but no ilastik project: it has no ilastikVersion or no Input Data"
            )
    if workflow not in WORKFLOWS:
        raise DataError(
            f"{path.name} is a project of the workflow {workflow[:60]!r}; only Pixel Classification is read"
        )
    return workflow, version


def _read_selection(group: Any | None) -> FeatureSelection | None:
    if group is None or any(find(group, name) is None for name in ("Scales", "FeatureIds", "SelectionMatrix")):
        return None
    in_2d = find(group, "ComputeIn2d")
    return FeatureSelection(
        ids=read_texts(find(group, "FeatureIds")),
        scales=tuple(read_array(find(group, "Scales"), "fiu", 1, LARGEST_TEXT).astype(float).tolist()),
        matrix=read_array(find(group, "SelectionMatrix"), dimensions=2, largest=LARGEST_TEXT).astype(np.bool_),
        in_2d=None if in_2d is None else tuple(read_array(in_2d, "buif", 1, LARGEST_TEXT).astype(bool).tolist()),
    )


def _read_lanes(file: Any, pixels: Any | None, version: str) -> tuple[Lane, ...]:
    infos = find_group(file, "Input Data", "infos") if find(file, "Input Data") is not None else None
    groups = [
        (_find_role(lane, "Raw Data"), _find_role(lane, "Prediction Mask")) for _, lane in list_children(infos, "lane")
    ]
    groups += [(info, None) for _, info in list_children(infos, "info")]
    datasets = [(_read_dataset(file, raw), _read_dataset(file, mask)) for raw, mask in groups]
    sets = find_group(pixels, "LabelSets") if pixels is not None else None
    labels = {int(name.removeprefix("labels")): group for name, group in list_children(sets, "labels")}
    if labels and max(labels) >= len(datasets):
        datasets += [(None, None)] * (max(labels) + 1 - len(datasets)) if max(labels) < 2 * len(labels) else []
    left, lanes = MOST_LABELED, []
    for number, (raw, mask) in enumerate(datasets):
        blocks = read_blocks(labels.get(number), raw, version, left)
        left -= sum(block.values.size for block in blocks)
        lanes.append(Lane(raw=raw, mask=mask, blocks=blocks))
    return tuple(lanes)


def _find_role(lane: Any, role: str) -> Any | None:
    return find_group(lane, role)


def _read_dataset(file: Any, group: Any | None) -> Dataset | None:
    """Read what a project tells of one image; None where the role is empty."""
    if group is None or len(group) == 0:
        return None
    shape = find(group, "shape")
    allowed = read_number(group, "allowLabels", 1)
    dataset = Dataset(
        path=read_text(group, "filePath"),
        location=read_text(group, "location", "FileSystem"),
        nickname=read_text(group, "nickname"),
        dataset_id=read_text(group, "datasetId"),
        shape=() if shape is None else _check_shape(read_array(shape, "iu", 1, 1024)),
        axes=parse_axistags(read_text(group, "axistags")) or check_axes(read_text(group, "axisorder")),
        allow_labels=bool(allowed),
    )
    return _complete(file, dataset)


def _complete(file: Any, dataset: Dataset) -> Dataset:
    """Fill in the shape of an image that is stored in the project, and the axes where they are not told."""
    shape, axes = dataset.shape, dataset.axes
    if dataset.location == INTERNAL:
        stored = find_local(file, dataset)
        if getattr(stored, "shape", None):
            shape = tuple(stored.shape)
            axes = axes if len(axes) == len(shape) else parse_axistags(read_attribute(stored, "axistags"))
    if len(axes) != len(shape):
        axes = axes if not shape else default_axes(shape)
    return Dataset(**{**vars(dataset), "shape": shape if len(axes) == len(shape) else (), "axes": axes})


def _check_shape(numbers: Any) -> tuple[int, ...]:
    shape = tuple(int(number) for number in numbers)
    if not shape or len(shape) > 5 or min(shape) < 1:
        raise ReadError(f"the project tells of an image of the shape {shape[:6]}")
    return shape


def _count_dimensions(lanes: Sequence[Lane]) -> int:
    shapes = [lane.shape for lane in lanes if lane.raw is not None or lane.blocks]
    return max((len(shape) for shape in shapes), default=2) or 2


def _to_features(selection: FeatureSelection | None, lanes: Sequence[Lane], dimensions: int) -> FeatureSet | None:
    """Return the chosen features; those of a series of pictures are computed picture by picture."""
    if selection is None:
        return None
    raw = next((lane.raw for lane in lanes if lane.raw is not None and lane.raw.spatial_shape), None)
    is_series = raw is not None and plane_axis(raw.axes, raw.shape) == "t"
    in_2d = (True,) * len(selection.scales) if is_series else selection.in_2d
    chosen = FeatureSelection(ids=selection.ids, scales=selection.scales, matrix=selection.matrix, in_2d=in_2d)
    return chosen.to_features(dimensions)


def _read_classes(
    pixels: Any | None, lanes: Sequence[Lane]
) -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
    """Return names and colors, made up where the project has fewer than labels."""
    stored = [find(pixels, name) if pixels is not None else None for name in ("LabelNames", "LabelColors")]
    names = list(read_texts(stored[0])) if stored[0] is not None and not _is_empty(stored[0]) else []
    highest = max((int(block.values.max(initial=0)) for lane in lanes for block in lane.blocks), default=0)
    names += [f"Label {number + 1}" for number in range(len(names), highest)]
    colors = [COLORS[number % len(COLORS)] for number in range(len(names))]
    if stored[1] is not None and not _is_empty(stored[1]):
        table = read_array(stored[1], largest=LARGEST_TEXT)
        if table.ndim == 2 and table.shape[1] in (3, 4) and np.isfinite(table).all():
            rows = np.clip(table[: len(names), :3], 0, 255).astype(int).tolist()
            colors[: len(rows)] = [(red, green, blue) for red, green, blue in rows]
    return tuple(names), tuple(colors)


def _is_empty(dataset: Any) -> bool:
    """Tell whether ilastik marks a list as empty, in which case it holds a number without meaning."""
    if "isEmpty" not in dataset.attrs:
        return False
    attribute = dataset.attrs.get_id("isEmpty")
    return attribute.shape == () and attribute.dtype.kind in "biu" and bool(dataset.attrs["isEmpty"])
