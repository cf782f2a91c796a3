"""From one picture to its files: label image, color preview, overlay, and the pairs of a training set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring import paint
from tsraster.coloring.blending import blend
from tsraster.errors import DataError, TsrasterError, WriteError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import plan_blocks
from tsraster.pipeline.labeling.labelcoding import LabelCoding
from tsraster.pipeline.labeling.labelset import Layout, Picture
from tsraster.pipeline.labeling.photo import LastRead, read_photo
from tsraster.pipeline.labeling.recipe import Recipe
from tsraster.pipeline.labeling.trainingset import TileCutter
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster
from tsraster.writing import Image, ImageWriter, Outputs, check_format
from tsraster.writing.labelimages import PictureWriter, write_picture

MOST_SHOWN = 4096
"""Rows or columns of a preview or an overlay at the most; of larger pictures they show every n-th pixel."""


@dataclass(frozen=True, kw_only=True)
class PictureCounts:
    """What became of one picture."""

    counts: tuple[int, ...] = ()
    """Pixels without a class, and of each class in order."""
    problem: str = ""
    """Why nothing was made of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelJob:
    """How a picture becomes label images; can be sent to another process."""

    recipe: Recipe
    coding: LabelCoding
    layout: Layout
    palette: Lut
    """The colors of the codes 1 to K."""
    overwrite: bool
    block_size: int | None = None

    def work_on(self, picture: Picture) -> PictureCounts:
        """Make all files of a picture, or none and say why."""
        try:
            with open_raster(picture.source) as raster:
                inputs = [picture.source, *raster.files]
                read_once = replace(raster, reader=LastRead(raster.reader))
                with Outputs(self.layout.list_outputs(picture), sources=inputs, overwrite=self.overwrite) as outputs:
                    counts = self._fill(picture, read_once, outputs)
            return PictureCounts(counts=tuple(counts.tolist()))
        except TsrasterError as error:
            problem = str(error)
            return PictureCounts(problem=problem if picture.source in problem else f"{picture.source}: {problem}")

    def _fill(self, picture: Picture, raster: Raster, outputs: Outputs) -> NDArray[np.int64]:
        counts = np.zeros(len(self.palette) + 1, dtype=np.int64)
        codes_shown = Thinned((1, *raster.shape))
        photo_shown = Thinned((3, *raster.shape)) if picture.has_photo else None
        with ExitStack() as stack:
            sinks = [stack.enter_context(sink) for sink in self._open_sinks(picture, raster, outputs)]
            for window in self._plan_windows(raster):
                codes = self.recipe.read_codes(raster, window)
                photo = read_photo(raster, window) if picture.has_photo else None
                counts += np.bincount(codes.ravel(), minlength=len(counts))
                self._check_labeled(counts[0])
                codes_shown.add(window, codes[np.newaxis])
                if photo_shown is not None and photo is not None:
                    photo_shown.add(window, photo)
                for sink in sinks:
                    sink.add(window, self.coding.encode(codes), photo)
        if self.layout.tile is None:
            self._check_histogram(outputs.stage(self.layout.label_path(picture)), counts.tolist())
        self._draw(picture, outputs, codes_shown, photo_shown)
        return counts

    def _check_labeled(self, without_class: int) -> None:
        if without_class and self.coding.unlabeled is None:
            way = "give --first-id 1, which leaves 0 for them"
            if self.coding.style == "spread":
                way = "give --values without 0, or --unlabeled"
            elif self.coding.style == "ids" and self.layout.export is None:
                way += ", or --unlabeled 255"
            raise DataError(f"there are pixels without a class, and no number is left for them; {way}")

    def _plan_windows(self, raster: Raster) -> list[Window]:
        if self.layout.tile is None:
            return plan_blocks(raster.shape, raster.tile, self.block_size)
        # Tiles are cut from strips as wide as the picture.
        return plan_blocks(raster.shape, (1, raster.shape[1]))

    def _open_sinks(
        self, picture: Picture, raster: Raster, outputs: Outputs
    ) -> Iterator[AbstractContextManager[LayerSink | TileSink]]:
        if self.layout.tile is not None:
            yield TileSink(self.layout, picture, outputs)
            return
        label = outputs.stage(self.layout.label_path(picture))
        yield LayerSink(label, raster, dtype="float32" if self.coding.style == "unit" else "uint8")
        if self.layout.export:
            yield LayerSink(outputs.stage(self.layout.photo_path(picture)), raster, dtype="uint8", is_photo=True)

    def _check_histogram(self, path: Path, counts: Sequence[int]) -> None:
        """Read a label image again: it must hold each number as often as its class was counted, and no other number."""
        found: dict[float, int] = {}
        with open_raster(path) as raster:
            for window in plan_blocks(raster.shape, raster.tile):
                for value, count in _count_numbers(raster.read(window).data[0]).items():
                    found[value] = found.get(value, 0) + count
        expected = self.coding.count_values(counts)
        if found != expected:
            raise WriteError(
                f"{path.name} holds {_spell_counts(found)} instead of {_spell_counts(expected)}; try again"
            )

    def _draw(self, picture: Picture, outputs: Outputs, codes: Thinned, photo: Thinned | None) -> None:
        write_picture(outputs.stage(self.layout.preview_path(picture)), codes.pixels, lut=self.palette)
        if photo is None:
            return
        with PictureWriter(outputs.stage(self.layout.overlay_path(picture)), photo.shape) as writer:
            for window in plan_blocks(photo.shape[1:], (1, photo.shape[2])):
                rows, cols = window.slices
                painted = paint(codes.pixels[0, rows, cols], self.palette)
                writer.write(window, blend(photo.pixels[:, rows, cols], painted))


def _count_numbers(labels: NDArray[Any]) -> dict[float, int]:
    if labels.dtype == np.uint8:
        counts = np.bincount(labels.ravel())
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    values, times = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


def _spell_counts(counts: dict[float, int]) -> str:
    return ", ".join(f"{number:g} {count} times" for number, count in sorted(counts.items())[:8]) or "nothing"


class LayerSink:
    """A label image or a photo as large as its picture, carrying where that lies; use it as a context manager."""

    def __init__(self, path: Path, raster: Raster, *, dtype: str, is_photo: bool = False) -> None:
        self._is_photo = is_photo
        bands = 3 if is_photo else 1
        self._writer: ImageWriter | PictureWriter = PictureWriter(path, (bands, *raster.shape), dtype)
        if not raster.georef.is_plain:
            image = Image(
                shape=raster.shape, dtype=dtype, bands=bands, georef=raster.georef, tags=raster.tags, nodata=None
            )
            self._writer = ImageWriter(path, check_format(path), image)

    def __enter__(self) -> LayerSink:
        self._writer.__enter__()
        return self

    def add(self, window: Window, labels: NDArray[Any], photo: NDArray[np.uint8] | None) -> None:
        """Take a window of labels, shape (row, col), and of the photo, shape (3, row, col)."""
        self._writer.write(window, photo if self._is_photo and photo is not None else labels[np.newaxis])

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._writer.__exit__(kind, error, trace)


class TileSink:
    """Pairs of tiles, written as soon as they are complete; use it as a context manager."""

    def __init__(self, layout: Layout, picture: Picture, outputs: Outputs) -> None:
        self._layout, self._picture, self._outputs = layout, picture, outputs
        self._cutter = TileCutter(picture.shape, layout.tile or 1)

    def __enter__(self) -> TileSink:
        return self

    def add(self, window: Window, labels: NDArray[Any], photo: NDArray[np.uint8] | None) -> None:  # noqa: ARG002
        """Take a strip as wide as the picture; strips come from the top."""
        layers = [labels[np.newaxis]] if photo is None else [labels[np.newaxis], photo]
        for place, tile in self._cutter.add(np.concatenate(layers)):
            write_picture(self._outputs.stage(self._layout.label_path(self._picture, place)), tile[:1])
            if self._layout.export:
                write_picture(self._outputs.stage(self._layout.photo_path(self._picture, place)), tile[1:])

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        pass


class Thinned:
    """Every n-th pixel of every n-th row of what comes window by window, so that it is small enough to be shown.

    Parameters
    ----------
    shape : (bands, rows, cols)
        Of the whole, uint8.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.step = -(-max(shape[1:]) // MOST_SHOWN)
        self.shape = shape[0], -(-shape[1] // self.step), -(-shape[2] // self.step)
        self.pixels = np.zeros(self.shape, dtype=np.uint8)

    def add(self, window: Window, block: NDArray[np.uint8]) -> None:
        """Keep what is shown of a block, shape (band, row, col)."""
        skip_rows, skip_cols = -window.row % self.step, -window.col % self.step
        kept = block[:, skip_rows :: self.step, skip_cols :: self.step]
        row, col = (window.row + skip_rows) // self.step, (window.col + skip_cols) // self.step
        self.pixels[:, row : row + kept.shape[1], col : col + kept.shape[2]] = kept
