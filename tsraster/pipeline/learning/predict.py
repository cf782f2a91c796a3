"""Classify pictures by a trained model: `predict_files`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tsraster.errors import UsageError
from tsraster.learning.model import Model
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.labelsources import is_project
from tsraster.pipeline.learning.predicttask import PredictedPicture, PredictTask
from tsraster.pipeline.learning.projects import load_model
from tsraster.pipeline.learning.results import NumberForm, check_exports, check_targets
from tsraster.pipeline.learning.targets import plan_targets
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace
from tsraster.pipeline.learning.volumeresults import check_volume_targets
from tsraster.reading import gdal_settings
from tsraster.writing import Outputs, write_rows
from tsraster.writing.arrayfiles import RESULT_ENDINGS
from tsraster.writing.volumearrays import VOLUME_FORMATS


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What `predict_files` found and wrote."""

    model: Model
    pictures: tuple[PredictedPicture, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the numbers of the sources, in a sentence each."""
        return tuple(dict.fromkeys(note for picture in self.pictures for note in picture.notes))


def predict_files(
    model: PathLike,
    sources: Sequence[PathLike],
    destination: PathLike,
    *,
    export: Sequence[str] = ("segmentation",),
    name: str | None = None,
    bands: Sequence[int] | None = None,
    raw: bool = False,
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
        Rasters, pictures, volumes where the model is of volumes; HDF5, NumPy and Zarr arrays too; Landsat scenes by their MTL
        files or folders, in reflectance and kelvin.
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
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that a source or its STAC item says are applied, but
        not for a project of ilastik.
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
        The model cannot be read; the only source cannot be, or has another number of bands than the model, or values
        in other units. Of several sources,
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
    (check_volume_targets if is_volume else check_targets)(targets, trained, form)
    _check_free(targets, [model, *sources], uncertain, overwrite=overwrite)
    task = PredictTask(
        model=trained, form=form, bands=bands, raw=raw or is_project(model), region=region, mask_file=mask_file,
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


def _check_free(
    targets: Sequence[Mapping[str, Path]], inputs: Sequence[PathLike], uncertain: PathLike | None, *, overwrite: bool
) -> None:
    """Find out before any work whether all can be written, and each under a name of its own."""
    Outputs([*(path for own in targets for path in own.values()), uncertain], sources=inputs, overwrite=overwrite)


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
