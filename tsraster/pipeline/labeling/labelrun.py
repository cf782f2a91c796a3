"""One run over many pictures: looked at, fitted to, labeled one by one, and checked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from tsraster.errors import DataError, LossWarning
from tsraster.lut import Lut
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.labeling.labelcoding import CodingPlan, LabelCoding
from tsraster.pipeline.labeling.labeljob import LabelJob
from tsraster.pipeline.labeling.labelreport import (
    LabelSet,
    PictureLabels,
    list_label_classes,
    write_classes,
    write_counts,
)
from tsraster.pipeline.labeling.labelset import Layout, Picture, check_destination, check_stems, survey_pictures
from tsraster.pipeline.labeling.recipe import Recipe, RecipePlan
from tsraster.pipeline.labeling.trainingcheck import TrainingSetCheck, verify_training_set
from tsraster.pipeline.labeling.trainingset import SplitPlan
from tsraster.pipeline.series import Failure


@dataclass(frozen=True, kw_only=True)
class Working:
    """How the work is done; none of it changes a pixel."""

    workers: int | None = None
    block_size: int | None = None
    executor: Executor | None = None
    progress: Progress | None = None


class Stages:
    """The progress of several stages, each of as many steps as there are pictures."""

    def __init__(self, progress: Progress | None, *, stages: int, steps: int) -> None:
        self._progress, self._stages, self._steps, self._begun = progress, stages, steps, 0

    def begin(self) -> Progress:
        """Return what the next stage tells how much of it is done."""
        before, self._begun = self._begun, self._begun + 1

        def report(done: int, total: int) -> None:
            if self._progress is not None and total:
                self._progress(before * self._steps + self._steps * done // total, self._stages * self._steps)

        return report


@dataclass(frozen=True, kw_only=True)
class LabelRun:
    """What is asked of a run; `run` does it."""

    paths: list[str]
    folder: Path
    recipe: RecipePlan
    coding: CodingPlan
    split: SplitPlan
    overwrite: bool
    working: Working

    def run(self) -> LabelSet:
        """Label all pictures; see `labels_files`."""
        # What is wrong with the numbers is said before a picture is opened, as far as it is known how many classes there are.
        ending = self.coding.code(self.recipe.expected).ending
        layout = Layout(folder=self.folder, ending=ending, export=self.split.export, tile=self.split.tile)
        check_stems(self.paths)
        stages = self._plan_stages()
        pictures, failures = self._survey()
        check_destination(layout, pictures, self.paths, overwrite=self.overwrite)
        recipe, palette, broken = self._make_recipe(pictures, stages)
        failures += broken
        pictures = [one for one in pictures if one.source not in {failure.source for failure in broken}]
        coding = self.coding.code(len(palette))
        classes = list_label_classes(recipe, coding, palette)
        layout.make_folders(pictures)
        write_classes(layout, recipe, coding, classes, overwrite=self.overwrite)
        job = LabelJob(
            recipe=recipe,
            coding=coding,
            layout=layout,
            palette=palette,
            overwrite=self.overwrite,
            block_size=self.working.block_size,
        )
        labeled, failed = self._label(job, pictures, stages)
        write_counts(layout, coding, classes, labeled, overwrite=self.overwrite)
        return LabelSet(
            classes=classes,
            unlabeled=coding.unlabeled,
            n_classes=coding.n_classes,
            pictures=tuple(labeled),
            failures=tuple(sorted([*failures, *failed], key=lambda failure: self.paths.index(failure.source))),
            check=self._verify(coding, stages) if self.split.export and labeled else None,
            folder=os.fspath(self.folder),
        )

    def _plan_stages(self) -> Stages:
        number = 1 + self.recipe.is_fitted + (self.split.export is not None)
        return Stages(self.working.progress, stages=number, steps=len(self.paths))

    def _survey(self) -> tuple[list[Picture], list[Failure]]:
        pictures, failures = survey_pictures(
            self.paths, self.recipe.describe_kind, export=self.split.export, tile=self.split.tile
        )
        if not pictures:
            raise DataError(f"none of {len(self.paths)} pictures can be labeled: {failures[0].problem}")
        plain = [picture for picture in pictures if not picture.has_photo]
        if plain:
            warnings.warn(
                f"{len(plain)} pictures are no photos of 8 or 16 bits and get no overlay, such as {plain[0].source}",
                LossWarning,
                stacklevel=5,
            )
        parts = self.split.assign([picture.stem for picture in pictures])
        return [replace(picture, part=parts[picture.stem]) for picture in pictures], failures

    def _make_recipe(self, pictures: Sequence[Picture], stages: Stages) -> tuple[Recipe, Lut, list[Failure]]:
        """Return the recipe and its colors; and the pictures that turned out to be broken while a scheme was fitted."""
        if not self.recipe.is_fitted:
            return *self.recipe.finish(), []
        report, paths = stages.begin(), [picture.source for picture in pictures]
        with block_work(workers=self.working.workers, block_size=self.working.block_size) as work:
            fitted, problems = self.recipe.fit(paths, work, lambda share: report(round(1000 * share), 1000))
        return *fitted.finish(), [Failure(source=path, problem=text) for path, text in problems.items()]

    def _label(
        self, job: LabelJob, pictures: Sequence[Picture], stages: Stages
    ) -> tuple[list[PictureLabels], list[Failure]]:
        labeled, failed = [], []
        working = self.working
        with block_work(workers=working.workers, executor=working.executor, progress=stages.begin()) as work:
            for picture, answer in work.run_each(job.work_on, pictures):
                if answer.problem:
                    failed.append(Failure(source=picture.source, problem=answer.problem))
                    continue
                unlabeled, *counts = answer.counts
                labeled.append(
                    PictureLabels(name=picture.name, part=picture.part, counts=tuple(counts), unlabeled=unlabeled)
                )
        return labeled, failed

    def _verify(self, coding: LabelCoding, stages: Stages) -> TrainingSetCheck:
        return verify_training_set(
            self.folder,
            coding.n_classes,
            unlabeled=coding.unlabeled if coding.is_void else None,
            workers=self.working.workers,
            progress=stages.begin(),
        )
