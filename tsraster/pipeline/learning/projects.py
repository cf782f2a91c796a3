"""Projects of ilastik as jobs use them: their images and labels as examples, their forest as a model, and models as projects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.learning.estimators import ESTIMATORS
from tsraster.learning.featureset import FeatureSet
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik import IlastikProject, LaneContent, read_project, write_project
from tsraster.learning.ilastik.hdf5access import import_h5py
from tsraster.learning.model import LabeledPixels, Model, reduce_columns
from tsraster.learning.modelfile import read_model
from tsraster.lut import Lut
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.examples import Example
from tsraster.pipeline.learning.labelsources import ArrayLabels, describe_labels, is_project
from tsraster.pipeline.learning.scenes import Scene, open_scene
from tsraster.pipeline.sourcing.landsatscene import is_scene


@dataclass(frozen=True, kw_only=True, eq=False)
class ProjectExamples:
    """What a project has to train with."""

    examples: Sequence[Example]
    features: FeatureSet | None


@contextmanager
def open_project_examples(path: PathLike, *, follow: bool = False) -> Iterator[ProjectExamples]:
    """Open the images of a project that have labels.

    Raises
    ------
    DataError
        There are none, or one lies outside of the folder of the project and `follow` was not asked for.
    """
    project = read_project(path)
    labeled = [number for number, lane in enumerate(project.lanes) if lane.blocks]
    if not labeled:
        raise DataError(f"{path} has no labels")
    with ExitStack() as stack:
        examples = [
            Example(
                scene=stack.enter_context(open_lane(project, number, follow=follow)),
                labels=ArrayLabels(
                    name=str(path),
                    codes=project.labels(number),
                    categories=describe_labels(project.label_names, project.label_colors),
                    files=(str(path),),
                ),
            )
            for number in labeled
        ]
        yield ProjectExamples(examples=examples, features=project.features)


@contextmanager
def open_lane(project: IlastikProject, number: int, *, follow: bool) -> Iterator[Scene]:
    """Open an image of a project, be it stored there or in a file of its own."""
    lane = project.lanes[number]
    dataset = lane.raw
    if dataset is None:
        raise DataError(f"image {number} of {project.path} is not named in it")
    inside = dataset.path if dataset.is_inside else dataset.inner_path
    file = project.path if dataset.is_inside else project.locate(number, follow=follow)
    source = os.fspath(file) + (f"/{inside.strip('/')}" if inside else "")
    with open_scene(source, volume=project.dimensions == 3, raw=True) as scene:  # as ilastik reads it
        if scene.shape != lane.shape:
            sizes = [" x ".join(map(str, shape)) for shape in (scene.shape, lane.shape)]
            raise DataError(f"{source} has {sizes[0]} pixels, and {sizes[1]} in {project.path}; it was changed since")
        yield scene


def load_model(path: PathLike) -> Model:
    """Read a model, or the trained forest of a project of ilastik as one.

    Raises
    ------
    ReadError, DataError
        It cannot be read, is damaged, or was never trained.
    """
    return read_project_model(path) if is_project(path) else read_model(path)


def read_project_model(path: PathLike) -> Model:
    """Read the trained forest of a project of ilastik.

    Raises
    ------
    DataError
        It has none.
    """
    project = read_project(path)
    if project.forest is None or project.features is None or project.bands is None:
        raise DataError(
            f"{path} holds no trained forest; train in ilastik with live update and save, or by tsraster train MODEL {path}"
        )
    columns = project.features.columns(project.bands, project.dimensions)
    classifier, kept = reduce_columns(project.forest, columns)
    codes = project.known_labels
    names = dict(enumerate(project.label_names, start=1))
    colors = dict(enumerate(project.label_colors, start=1))
    return Model(
        features=project.features,
        bands=("",) * project.bands,
        columns=kept,
        classifier=classifier,
        lut=Lut(
            name=str(path),
            kind="classes",
            keys=codes,
            colors=tuple((*colors.get(code, (code, code, code)), 255) for code in codes),
            names=tuple(names.get(code, "") for code in codes),
        ),
        fill=(0.0,) * project.bands,
        dimensions=project.dimensions,
        labels=_gather_labels(project),
        report={"made_by": f"ilastik {project.version}", "features": project.features.to_text()},
    )


def _gather_labels(project: IlastikProject) -> LabeledPixels | None:
    lanes = [lane for lane in project.lanes if lane.raw is not None and lane.blocks]
    if not lanes:
        return None
    source, places, codes = [], [], []
    for number, lane in enumerate(lanes):
        for block in lane.blocks:
            at = np.argwhere(block.values)
            source.append(np.full(len(at), number, np.uint16))
            places.append((at + np.array(block.offset)).astype(np.int32))
            codes.append(block.values[block.values > 0].astype(np.uint16))
    return LabeledPixels(
        sources=tuple(lane.raw.path for lane in lanes if lane.raw is not None),
        shapes=tuple(lane.shape for lane in lanes),
        source=np.concatenate(source),
        places=np.concatenate(places),
        codes=np.concatenate(codes),
    )


def check_project_model(destination: PathLike, estimator: str, recipe: str, examples: Sequence[Example]) -> None:
    """Refuse what no project of ilastik can hold, before any work.

    Raises
    ------
    UsageError
        ilastik has no such classifier, recipe or choice of bands; or it would read other values.
    MissingExtraError
        h5py is not installed.
    """
    import_h5py()
    if not ESTIMATORS[estimator].makes_forest:
        raise UsageError(
            f"{destination} can hold no {estimator}: ilastik knows forests; train one, or write a .tsmodel"
        )
    if recipe != "ilastik":
        raise UsageError(f"{destination} can hold no features of the recipe {recipe}; train with ilastik")
    if any(example.scene.numbers != tuple(range(1, len(example.scene.numbers) + 1)) for example in examples):
        raise UsageError(
            "ilastik classifies all bands of an image, and --bands leaves some out; write a .tsmodel instead"
        )
    scenes = [example.scene for example in examples]
    unread = next((scene for scene in scenes if scene.notes or is_scene(scene.name)), None)
    if unread is not None:
        why = "it opens no MTL file" if is_scene(unread.name) else "values were made of its numbers"
        raise UsageError(f"ilastik does not see {unread.name} as it was trained with: {why}; write a .tsmodel instead")


def write_project_model(staged: Path, destination: Path, model: Model, examples: Sequence[Example]) -> None:
    """Write a model as a project of ilastik, with the labels of all examples and the forest; see `check_project_model`.

    Raises
    ------
    UsageError
        There are more classes than ilastik has labels.
    """
    assert isinstance(model.classifier, Forest)  # noqa: S101
    write_project(
        staged,
        [_describe_lane(example, model) for example in examples],
        features=model.features,
        names=list(model.names),
        colors=[color[:3] for color in model.lut.colors],
        forest=model.classifier,
        columns=model.columns,
        folder=destination.parent,
    )


def _describe_lane(example: Example, model: Model) -> LaneContent:
    scene = example.scene
    return LaneContent(
        labels=_number_labels(example, model), path=os.path.abspath(scene.files[0]), bands=len(scene.numbers)
    )


def _number_labels(example: Example, model: Model) -> NDArray[np.uint8]:
    """Return labels as ilastik counts them, from 1 on."""
    codes = example.read_labels(tuple(slice(0, size) for size in example.scene.shape))
    table = np.zeros(2**16, np.uint8)
    table[list(model.codes)] = np.arange(1, len(model.codes) + 1)
    return table[codes]
