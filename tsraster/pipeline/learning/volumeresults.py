"""Classify a volume by a model, slab by slab: boxes of a slab are worked on together, and slabs are written in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError, TsrasterError, UsageError
from tsraster.learning.model import Model
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.predictjob import TILES, PredictJob
from tsraster.pipeline.learning.results import CODED, NumberForm, describe_result
from tsraster.pipeline.learning.scenes import Box, Scene, divide, locate, open_scene
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace, UncertaintyGrid
from tsraster.raster import Georef, Raster
from tsraster.volume import Volume
from tsraster.writing import Image, Outputs
from tsraster.writing.volumearrays import VolumeWriter, check_volume_result, open_volume_result

_PLANES = 32
"""Of a slab at most: what lies around it is read too, so that few planes make much work."""
_SLAB_BYTES = 2**27
"""Of the results of a slab, about."""
_FEWEST = 16
"""Planes, rows and columns of what is taken for a volume, and not for a picture of several bands."""


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeRun:
    """What is made of a volume.

    Attributes
    ----------
    job : PredictJob
        Of a scene that is a volume.
    form : NumberForm
    region : Box
        What is classified.
    places : int
        How many uncertain places are listed.
    """

    job: PredictJob
    form: NumberForm
    region: Box
    places: int

    def run(
        self, targets: Mapping[str, Path], outputs: Outputs, work: BlockWork
    ) -> tuple[NDArray[np.int64], tuple[UncertainPlace, ...]]:
        """Classify it and write results; return the voxels of each code, and the most uncertain places."""
        volume = self.job.scene.source
        assert isinstance(volume, Volume)  # noqa: S101
        images = {export: self._describe(export) for export in targets}
        slabs = self._list_slabs(images, work.block_size)
        counts = np.zeros(max(self.job.model.codes) + 1, np.int64)
        grid = UncertaintyGrid(shape=volume.shape)
        with ExitStack() as stack:
            writers = {
                export: stack.enter_context(
                    open_volume_result(
                        outputs.stage(targets[export]), image, _measure(self.region)[0], voxel_size=volume.voxel_size
                    )
                )
                for export, image in images.items()
            }
            sink = _SlabSink(self.region, slabs, images, writers)
            for box, results in work.run_each(
                self.job.work_on, [box for slab in slabs for box in divide(slab, TILES[3])]
            ):
                sink.put(box, {e: results[e] if e in CODED else self.form.convert(results[e]) for e in writers})
                if "segmentation" in results:
                    counts += np.bincount(results["segmentation"].ravel(), minlength=len(counts))
                if self.places:
                    grid.add(box, results["uncertainty"])
            sink.flush()
        return counts, grid.list_places(self.places)

    def _describe(self, export: str) -> Image:
        rows, cols = _measure(self.region)[1:]
        return describe_result(export, self.job.model, self.form, shape=(rows, cols), georef=Georef(), tags={})

    def _list_slabs(self, images: Mapping[str, Image], block_size: int | None) -> list[Box]:
        rows, cols = _measure(self.region)[1:]
        voxel = sum(image.bands * np.dtype(image.dtype).itemsize for image in images.values())
        height = block_size or max(1, min(_PLANES, _SLAB_BYTES // (rows * cols * max(1, voxel))))
        return list(divide(self.region, (height, rows, cols)))


def _measure(box: Box) -> tuple[int, ...]:
    return tuple(part.stop - part.start for part in box)


class _SlabSink:
    """Put the results of boxes, which come in order, together to slabs, and write each when it is whole."""

    def __init__(
        self, region: Box, slabs: Sequence[Box], images: Mapping[str, Image], writers: Mapping[str, VolumeWriter]
    ) -> None:
        self._region, self._images, self._writers = region, images, writers
        self._coming = list(reversed(slabs))
        self._slab: Box | None = None
        self._arrays: dict[str, NDArray[np.generic]] = {}

    def put(self, box: Box, results: Mapping[str, NDArray[np.generic]]) -> None:
        """Take in the results of a box, shape (plane, row, col) or (band, plane, row, col)."""
        if self._slab is None or box[0].start >= self._slab[0].stop:
            self._begin()
        assert self._slab is not None  # noqa: S101
        place = locate(box, self._slab)
        for export, values in results.items():
            array = self._arrays[export]
            array[place] = np.moveaxis(values, 0, -1) if array.ndim == 4 else values.reshape(values.shape[-3:])

    def _begin(self) -> None:
        self.flush()
        self._slab = self._coming.pop()
        shape = _measure(self._slab)
        for export, image in self._images.items():
            bands = (image.bands,) if image.bands > 1 else ()
            if export not in self._arrays or self._arrays[export].shape[: len(shape)] != shape:
                self._arrays[export] = np.empty((*shape, *bands), image.dtype)

    def flush(self) -> None:
        """Write the slab that is whole."""
        if self._slab is None:
            return
        start = self._slab[0].start - self._region[0].start
        for export, writer in self._writers.items():
            writer.write(start, self._arrays[export])


def choose_box(volume: Volume, region: Sequence[int] | None) -> Box:
    """Return the part of a volume between two corners: left, top, right, bottom in voxels, of all planes; all of it when None.

    Raises
    ------
    UsageError
        There are not four numbers, or no voxel between them.
    """
    planes, rows, cols = volume.shape
    if region is None:
        return slice(0, planes), slice(0, rows), slice(0, cols)
    if len(region) != 4:
        raise UsageError(f"--region has {len(region)} numbers; give left,top,right,bottom of every plane")
    left, top, right, bottom = region
    if not (0 <= left < right <= cols and 0 <= top < bottom <= rows):
        raise UsageError(
            f"--region {left},{top},{right},{bottom} is no part of {volume.name}, whose planes have {cols} columns and {rows} "
            "rows; give left,top,right,bottom"
        )
    return slice(0, planes), slice(top, bottom), slice(left, right)


def check_volume_targets(targets: Sequence[Mapping[str, Path]], model: Model, form: NumberForm) -> None:
    """Refuse results that no volume is written to, before any work.

    Raises
    ------
    UsageError
        An ending is that of no volume, or of one that holds one number a voxel.
    """
    for own in targets:
        for export, path in own.items():
            check_volume_result(path, describe_result(export, model, form, shape=(1, 1), georef=Georef(), tags={}))


@contextmanager
def open_fitting_scene(
    source: PathLike, model: Model, bands: Sequence[int] | None, *, raw: bool = False
) -> Iterator[Scene]:
    """Open a picture or a volume, whichever the model classifies.

    Raises
    ------
    DataError
        It is the other of the two.
    BandError, ReadError
        As `open_scene` does.
    """
    with ExitStack() as stack:
        try:
            scene = stack.enter_context(open_scene(source, bands=bands, volume=model.dimensions == 3, raw=raw))
        except (ReadError, DataError):
            _refuse_other(source, model)
            raise
        if isinstance(scene.source, Raster) and _may_be_stack(scene.source, model):
            _refuse_other(source, model, fewest=_FEWEST)
        yield scene


def _may_be_stack(raster: Raster, model: Model) -> bool:
    """Tell whether a file may be a volume although it opens as a picture: planes taken for bands, or the first page of many."""
    is_page = raster.driver == "GTiff" and len(raster.bands) == 1
    return is_page or len(raster.data_bands) not in (1, len(model.bands))


def _refuse_other(source: PathLike, model: Model, *, fewest: int = 1) -> None:
    """Raise an error if a source opens as the other of the two, with so many pixels a side."""
    is_volume = model.dimensions == 2
    try:
        with open_scene(source, volume=is_volume) as scene:
            if min(scene.shape) < fewest:
                return
    except TsrasterError:
        return
    kinds, option = (("volume", "pictures"), "with") if is_volume else (("picture", "volumes"), "without")
    raise DataError(
        f"{source} is a {kinds[0]}, and the model was trained with {kinds[1]}; train another one {option} --volume"
    ) from None
