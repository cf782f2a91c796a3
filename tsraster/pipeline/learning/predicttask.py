"""What is done with each picture that is classified by a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, TsrasterError, WriteError
from tsraster.learning.model import Model
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.bandcheck import check_units, say_other_bands
from tsraster.pipeline.learning.predictjob import PredictJob
from tsraster.pipeline.learning.results import CODED, NumberForm, describe_result
from tsraster.pipeline.learning.scenes import Box, Scene, open_scene, to_window
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace, UncertaintyGrid
from tsraster.pipeline.learning.volumeresults import VolumeRun, choose_box, open_fitting_scene
from tsraster.pipeline.values import choose_region
from tsraster.preparing import move_georef
from tsraster.raster import Raster, Window
from tsraster.volume import Volume
from tsraster.writing import Outputs
from tsraster.writing.arrayfiles import ResultWriter, open_result


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedPicture:
    """What became of one picture."""

    source: str
    counts: Mapping[int, int] = field(default_factory=dict)
    """Pixels of each code, 0 for those without data; empty where no segmentation was made."""
    places: tuple[UncertainPlace, ...] = ()
    """Where labels would help most."""
    written: tuple[str, ...] = ()
    """Paths of the files that were written."""
    problem: str = ""
    """Why nothing was made of it."""
    notes: tuple[str, ...] = ()
    """What was done to its numbers, in a sentence each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictTask:
    """What is done with each picture."""

    model: Model
    form: NumberForm
    bands: Sequence[int] | None
    raw: bool
    region: Sequence[int] | None
    mask_file: PathLike | None
    places: int
    inputs: Sequence[PathLike]
    overwrite: bool

    def predict(
        self, source: PathLike, targets: Mapping[str, Path], work: BlockWork, *, is_only: bool
    ) -> PredictedPicture:
        """Classify a picture; where there are others, what is wrong with it is told in the result."""
        try:
            return self._predict(source, targets, work)
        except (WriteError, MissingExtraError):
            raise
        except TsrasterError as error:
            if is_only:
                raise
            return PredictedPicture(source=os.fspath(source), problem=str(error))

    def _predict(self, source: PathLike, targets: Mapping[str, Path], work: BlockWork) -> PredictedPicture:
        with ExitStack() as stack:
            scene = stack.enter_context(open_fitting_scene(source, self.model, self.bands, raw=self.raw))
            self.model.check_bands(len(scene.numbers), scene.name)
            check_units(scene, self.model)
            say_other_bands(scene, self.model.bands, are_named=self.bands is not None)
            self.model.features.check(scene.shape)
            mask = None if self.mask_file is None else stack.enter_context(_open_mask(self.mask_file, scene))
            paths = list(targets.values())
            outputs = stack.enter_context(
                Outputs(paths, sources=[*self.inputs, *scene.files], overwrite=self.overwrite)
            )
            job = PredictJob(
                scene=scene,
                model=self.model,
                wanted=frozenset([*targets, *(["uncertainty"] if self.places else [])]),
                mask=mask,
                labels=self._find_labels(scene, targets),
            )
            return self._run(job, targets, outputs, work)

    def _find_labels(self, scene: Scene, targets: Mapping[str, Path]) -> int | None:
        if "labels" not in targets:
            return None
        known = self.model.labels
        found = None if known is None else known.find(scene.name, scene.shape)
        if found is None:
            raise DataError(f"the model was not trained with labels of {scene.name}; leave labels out of --export")
        return found

    def _run(self, job: PredictJob, targets: Mapping[str, Path], outputs: Outputs, work: BlockWork) -> PredictedPicture:
        raster = job.scene.source
        if not isinstance(raster, Raster):
            return self._run_volume(job, targets, outputs, work)
        region = choose_region(raster, self.region)
        shape = region.rows, region.cols
        grid = UncertaintyGrid(shape=raster.shape)
        counts = np.zeros(max(self.model.codes) + 1, np.int64)
        with ExitStack() as stack:
            writers: dict[str, ResultWriter] = {
                export: stack.enter_context(
                    open_result(
                        outputs.stage(path),
                        describe_result(
                            export,
                            self.model,
                            self.form,
                            shape=shape,
                            georef=move_georef(raster.georef, region),
                            tags=raster.tags,
                        ),
                    )
                )
                for export, path in targets.items()
            }
            boxes = job.scene.list_boxes(work.block_size, _to_box(region), workers=work.workers)
            for box, results in work.run_each(job.work_on, boxes):
                window = to_window(box)
                inner = Window(
                    row=window.row - region.row, col=window.col - region.col, rows=window.rows, cols=window.cols
                )
                for export, writer in writers.items():
                    values = results[export]
                    writer.write(inner, values if export in CODED else self.form.convert(values))
                if "segmentation" in results:
                    counts += np.bincount(results["segmentation"].ravel(), minlength=len(counts))
                if self.places:
                    grid.add(box, results["uncertainty"])
        return self._tell(job, targets, counts, grid.list_places(self.places))

    def _run_volume(
        self, job: PredictJob, targets: Mapping[str, Path], outputs: Outputs, work: BlockWork
    ) -> PredictedPicture:
        assert isinstance(job.scene.source, Volume)  # noqa: S101
        region = choose_box(job.scene.source, self.region)
        run = VolumeRun(job=job, form=self.form, region=region, places=self.places)
        return self._tell(job, targets, *run.run(targets, outputs, work))

    def _tell(
        self,
        job: PredictJob,
        targets: Mapping[str, Path],
        counts: NDArray[np.int64],
        places: tuple[UncertainPlace, ...],
    ) -> PredictedPicture:
        return PredictedPicture(
            source=job.scene.name,
            notes=job.scene.notes,
            counts={code: int(counts[code]) for code in (0, *self.model.codes)} if "segmentation" in targets else {},
            places=places,
            written=tuple(os.fspath(path) for path in targets.values()),
        )


def _to_box(window: Window) -> Box:
    return window.slices


@contextmanager
def _open_mask(path: PathLike, scene: Scene) -> Iterator[Scene]:
    with open_scene(path, volume=len(scene.shape) == 3, raw=True) as mask:
        if mask.shape != scene.shape:
            sizes = [" x ".join(map(str, one.shape)) for one in (mask, scene)]
            raise DataError(
                f"the mask {mask.name} has {sizes[0]} pixels and {scene.name} {sizes[1]}; give one of its size"
            )
        yield mask
