"""Classify pictures by a trained model: `predict_files`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, TsrasterError, UsageError, WriteError
from tsraster.learning.model import Model
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.naming import DEFAULT, check_pattern, name_result
from tsraster.pipeline.learning.predictjob import PredictJob
from tsraster.pipeline.learning.projects import load_model
from tsraster.pipeline.learning.results import CODED, NumberForm, check_exports, describe_result
from tsraster.pipeline.learning.scenes import Box, Scene, open_scene, to_window
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace, UncertaintyGrid
from tsraster.pipeline.learning.volumeresults import VolumeRun, check_volume_targets, choose_box, open_fitting_scene
from tsraster.pipeline.values import choose_region
from tsraster.preparing import move_georef
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings
from tsraster.volume import Volume
from tsraster.writing import Outputs, write_rows
from tsraster.writing.arrayfiles import RESULT_ENDINGS, ResultWriter, open_result
from tsraster.writing.volumearrays import VOLUME_FORMATS


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What `predict_files` found and wrote."""

    model: Model
    pictures: tuple[PredictedPicture, ...]


def predict_files(
    model: PathLike,
    sources: Sequence[PathLike],
    destination: PathLike,
    *,
    export: Sequence[str] = ("segmentation",),
    name: str | None = None,
    bands: Sequence[int] | None = None,
    region: Sequence[int] | None = None,
    mask_file: PathLike | None = None,
    dtype: str | None = None,
    in_range: Sequence[float] | None = None,
    out_range: Sequence[float] | None = None,
    uncertain: PathLike | None = None,
    places: int = 20,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Prediction:
    """Classify the pixels of pictures by a trained model.

    Pixels without data, and those that are masked, get no class: code 0, or NaN in results that are no codes.
    Georeferencing, tags, class names and colors are carried to every output that can hold them.

    Parameters
    ----------
    model : path
        Model of tsraster train, or a project of ilastik (.ilp) that holds a trained forest.
    sources : paths
        Rasters, pictures, volumes where the model is of volumes; HDF5, NumPy and Zarr arrays too.
    destination : path
        File to write, where there is one source and one result: .tif, .png, .h5, .npy or .zarr, of volumes also .mha; else a
        folder.
    export : texts
        Results, separated by commas: segmentation (class codes), probabilities (a band for each class), uncertainty (1 less the
        lead of the best class over the second), features, labels (those that the model was trained with).
    name : text, optional
        How files in a folder are called: {nickname}_{result_type}.tif by default; also {dataset_dir}. The ending says the format.
    bands : whole numbers, optional
        Bands to use, counted from 1, as many as in training; all but alpha by default.
    region : whole numbers, optional
        Part of the pictures, or of every plane of volumes, to classify: left,top,right,bottom in pixels.
    mask_file : path, optional
        Raster or volume of the size of the source; pixels that are 0 in it, or have no data, are not predicted.
    dtype : text, optional
        Type of numbers of probabilities, uncertainty and features: uint8, uint16, uint32, int8, int16, int32, float32, float64.
    in_range : numbers, optional
        low,high of the values that become those of --out-range; by default 0,1.
    out_range : numbers, optional
        low,high of what is written; by default all numbers from 0 that a whole type has.
    uncertain : path, optional
        List of the most uncertain places to write (CSV), where labels would help most.
    places : int
        How many places of each picture.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels, or planes of a slab of a volume; by default about a quarter of a million pixels
        along the tiles of the source, and 32 planes.
    executor : concurrent.futures.Executor, optional
        Where blocks are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Prediction
        Of each picture what was written, or why nothing was.

    Raises
    ------
    UsageError
        An option is wrong, or two outputs would have one name.
    ReadError, BandError, DataError
        The model cannot be read; the only source cannot be, or has another number of bands than the model. Of several sources,
        those that can be are classified, and the result tells what is wrong with the others.
    WriteError
        An output exists and `overwrite` is False, or cannot be written.
    MissingExtraError
        numba, h5py or zarr is wanted and not installed.

    Notes
    -----
    Memory is that of a few blocks, for rasters of any size. The block size, the number of workers and the executor do not
    change a pixel.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> from tsraster.pipeline.learning.train import train_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     _ = classify_file(scene, f"{folder}/classes.tif", cutoffs=[285, 295])
    ...     _ = train_file(
    ...         f"{folder}/warm.tsmodel", scene, f"{folder}/classes.tif", features="smoothing:0.3", trees=10, samples=300
    ...     )
    ...     result = predict_files(f"{folder}/warm.tsmodel", [scene], f"{folder}/predicted.tif")
    >>> sorted(result.pictures[0].counts)
    [0, 1, 2, 3]
    """
    exports = check_exports(export)
    form = NumberForm(dtype=dtype, in_range=in_range, out_range=out_range)
    if places < 1:
        raise UsageError(f"--places is {places}; give a number from 1")
    trained = load_model(model)
    is_volume = trained.dimensions == 3
    targets = plan_targets(sources, Path(destination), exports, name, VOLUME_FORMATS if is_volume else RESULT_ENDINGS)
    if is_volume:
        check_volume_targets(targets, trained, form)
    _check_free(targets, [model, *sources], uncertain, overwrite=overwrite)
    task = _Task(
        model=trained, form=form, bands=bands, region=region, mask_file=mask_file,
        places=places if uncertain is not None else 0, inputs=[model, *sources], overwrite=overwrite,
    )  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        lists = stack.enter_context(Outputs([uncertain], sources=[model, *sources], overwrite=overwrite))
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        pictures = tuple(
            task.predict(source, own, work, is_only=len(sources) == 1)
            for source, own in zip(sources, targets, strict=True)
        )
        if uncertain is not None:
            write_rows(lists.stage(uncertain), *_tabulate(pictures, is_volume=is_volume))
    return Prediction(model=trained, pictures=pictures)


def plan_targets(
    sources: Sequence[PathLike],
    destination: Path,
    exports: Sequence[str],
    name: str | None,
    endings: Collection[str] = RESULT_ENDINGS,
) -> list[dict[str, Path]]:
    """Return, for each source, where each result goes; a folder is made if it is not there.

    Raises
    ------
    UsageError
        There are several results and the destination is a file; or the pattern is wrong.
    """
    is_file = destination.suffix.lower() in endings and (
        not destination.is_dir() or destination.suffix.lower() == ".zarr"
    )
    if is_file and name is None and len(sources) * len(exports) == 1:
        return [{exports[0]: destination}]
    if is_file:
        raise UsageError(
            f"{destination} is one file, and there are {len(sources) * len(exports)} results; name a folder"
            if name is None
            else f"--name is for results in a folder, and {destination} is a file"
        )
    if name is None and len(sources) * len(exports) == 1 and destination.suffix:
        raise UsageError(f"{destination} has no ending that can be written; choose from {', '.join(endings)}")
    pattern = f"{DEFAULT}.tif" if name is None else name
    check_pattern(pattern)
    if Path(pattern).suffix.lower() not in endings:
        raise UsageError(f"--name {pattern} has no ending that can be written; choose from {', '.join(endings)}")
    targets = [{e: name_result(pattern, os.fspath(s), e, destination) for e in exports} for s in sources]
    _make_folder(destination)
    return targets


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None


def _check_free(
    targets: Sequence[Mapping[str, Path]], inputs: Sequence[PathLike], uncertain: PathLike | None, *, overwrite: bool
) -> None:
    """Find out before any work whether all can be written, and each under a name of its own."""
    Outputs([*(path for own in targets for path in own.values()), uncertain], sources=inputs, overwrite=overwrite)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """What is done with each picture."""

    model: Model
    form: NumberForm
    bands: Sequence[int] | None
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
        except WriteError:
            raise
        except TsrasterError as error:
            if is_only:
                raise
            return PredictedPicture(source=os.fspath(source), problem=str(error))

    def _predict(self, source: PathLike, targets: Mapping[str, Path], work: BlockWork) -> PredictedPicture:
        with ExitStack() as stack:
            scene = stack.enter_context(open_fitting_scene(source, self.model, self.bands))
            self.model.check_bands(len(scene.numbers), scene.name)
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
            counts={code: int(counts[code]) for code in (0, *self.model.codes)} if "segmentation" in targets else {},
            places=places,
            written=tuple(os.fspath(path) for path in targets.values()),
        )


def _to_box(window: Window) -> Box:
    return window.slices


@contextmanager
def _open_mask(path: PathLike, scene: Scene) -> Iterator[Scene]:
    with open_scene(path, volume=len(scene.shape) == 3) as mask:
        if mask.shape != scene.shape:
            sizes = [" x ".join(map(str, one.shape)) for one in (mask, scene)]
            raise DataError(
                f"the mask {mask.name} has {sizes[0]} pixels and {scene.name} {sizes[1]}; give one of its size"
            )
        yield mask


def _tabulate(pictures: Sequence[PredictedPicture], *, is_volume: bool) -> tuple[list[str], list[list[object]]]:
    rows: list[list[object]] = [
        [picture.source, number, *_list_plane(place), place.row, place.col, place.uncertainty]
        for picture in pictures
        for number, place in enumerate(picture.places, start=1)
    ]
    plane = ["plane"] if is_volume else []
    return ["source", "rank", *plane, "row", "column", "uncertainty"], rows


def _list_plane(place: UncertainPlace) -> list[object]:
    return [] if place.plane is None else [place.plane]
