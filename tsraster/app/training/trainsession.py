"""`TrainSession`: the source in front as `train` and `predict` read it, with live training of it; and what saves a model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tsraster.app.desk import Desk, resolve_output
from tsraster.app.gallery import Gallery
from tsraster.app.labels.labeldesk import LabelDesk
from tsraster.app.subjects import Subject
from tsraster.app.training.livefitting import BoardLabels, fit_labels
from tsraster.app.training.livelisteners import Listeners
from tsraster.app.training.livetraining import LiveTraining
from tsraster.app.training.predictionpicture import PredictionPicture
from tsraster.errors import DataError, DestinationExistsError
from tsraster.learning.featureset import FeatureSet
from tsraster.learning.modelfile import write_model
from tsraster.learning.suggestion import Suggestion
from tsraster.pipeline.blocks import block_work
from tsraster.pipeline.learning.examples import Example
from tsraster.pipeline.learning.fitting import Training
from tsraster.pipeline.learning.labelsources import is_project
from tsraster.pipeline.learning.projects import check_project_model, write_project_model
from tsraster.pipeline.learning.scenes import Scene, open_scene
from tsraster.pipeline.learning.trainreport import TrainPlan
from tsraster.reading import gdal_settings
from tsraster.writing import Outputs

_NO_VOLUMES = "Planes of a volume are not trained on here; the command tsraster train learns from whole volumes."
_NEEDED = ("sklearn", "numba")
_SAMPLES = 20_000
"""Labeled pixels of a class at most, as the command has it."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What is chosen in the pane, as `train_file` takes it."""

    features: str
    recipe: str
    estimator: str
    trees: int
    seed: int

    @property
    def options(self) -> dict[str, Any]:
        """Options of `train_file`."""
        return dict(vars(self))

    @property
    def plan(self) -> TrainPlan:
        """What training is to do.

        Raises
        ------
        UsageError
            A number is out of its range.
        """
        return TrainPlan(
            estimator=self.estimator,
            trees=self.trees,
            seed=self.seed,
            samples=_SAMPLES,
            validation=None,
            validation_block=64,
            suggest=False,
            lut=None,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainSession:
    """A source that is trained on; close it in a thread that may wait."""

    source: str
    scene: Scene
    labels: LabelDesk
    live: LiveTraining
    picture: PredictionPicture
    closing: ExitStack

    def look(self) -> BoardLabels:
        """Return the labels as they are now."""
        tiles, classes = self.labels.look()
        return BoardLabels(snapshot=tiles, names=classes.names, colors=classes.colors)

    def close(self) -> None:
        """Give up what is being done, and let go of the source."""
        self.closing.close()


def find_trouble(subject: Subject) -> str:
    """Return in a sentence why a source cannot be trained on here; empty where it can."""
    if any(find_spec(name) is None for name in _NEEDED):
        return "training needs scikit-learn and numba; install them with: pip install 'tsraster[learning]'"
    return _NO_VOLUMES if subject.planes > 1 else ""


def open_session(gallery: Gallery, subject: Subject, listeners: Listeners, picture: PredictionPicture) -> TrainSession:
    """Open a source as the command does, without what the page does to its values.

    Raises
    ------
    TsrasterError
        It cannot be read; its colors are in a palette; it holds complex numbers.
    """
    stack = ExitStack()
    try:
        with gdal_settings():  # they are those of a thread, and it may be another one that closes
            scene = stack.enter_context(open_scene(subject.source))
        if scene.shape != subject.raster.shape:
            raise DataError(
                f"{subject.title} is not shown as its file holds it; start tsraster view with nothing but its name to train"
            )
        live = LiveTraining(scene, listeners, wanted=())
        stack.callback(live.close)
        return TrainSession(
            source=subject.source,
            scene=scene,
            labels=gallery.label(subject),
            live=live,
            picture=picture,
            closing=stack,
        )
    except BaseException:
        stack.close()
        raise


def suggest(source: str, labels: BoardLabels, features: FeatureSet, plan: TrainPlan) -> Suggestion | None:
    """Look for the fewest of some features that do as well; the source is opened anew, so that it may be closed meanwhile.

    Raises
    ------
    DataError
        There are no labels, or of one class only.
    """
    wanted = TrainPlan(**{**vars(plan), "suggest": True, "validation": "none"})
    with gdal_settings(), open_scene(source) as scene, block_work() as work:
        return fit_labels(scene, labels, features, wanted, work).suggestion


def save_as(
    text: str, desk: Desk, training: Training, session: TrainSession, labels: BoardLabels, *, overwrite: bool = False
) -> Path:
    """Write a model to a path that was typed, and return its real path; see `save_model`.

    Raises
    ------
    DataError
        The name does not end as one of a model.
    DestinationExistsError
        The file exists and `overwrite` is False.
    UsageError, WriteError
        It must not be written there, or cannot.
    """
    path = resolve_output(text, desk)
    if path.suffix.lower() not in (".tsmodel", ".ilp"):
        raise DataError(f"{path.name} is no name of a model; let it end in .tsmodel or .ilp")
    try:
        save_model(path, training, session, labels, overwrite=overwrite)
    except DestinationExistsError:
        raise DestinationExistsError(
            f'{path.name} exists already; tick "Replace" to replace it, or type another name'
        ) from None
    return path


def save_model(
    path: Path, training: Training, session: TrainSession, labels: BoardLabels, *, overwrite: bool = False
) -> None:
    """Write a model, or a project of ilastik with the labels that it was trained with.

    Raises
    ------
    UsageError
        A project of ilastik cannot hold it.
    DestinationExistsError, WriteError
        The file exists and `overwrite` is False; it cannot be written.
    """
    examples = [Example(scene=session.scene, labels=labels)]
    report: Mapping[str, Any] = training.model.report
    if is_project(path):
        check_project_model(path, report["estimator"], training.model.features.recipe, examples)
    with Outputs([path], sources=[session.source, *session.scene.files], overwrite=overwrite) as outputs:
        staged = outputs.stage(path)
        if is_project(path):
            write_project_model(staged, path, training.model, examples)
        else:
            write_model(staged, training.model)
