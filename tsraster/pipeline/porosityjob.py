"""How a thin section is measured: each pixel by the phase of its color and by its gray, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import Phase, assign_phases, classify
from tsraster.classtable import ClassTable
from tsraster.coloring.outlines import COLORS, REACH, draw_outlines
from tsraster.errors import DataError, TsrasterError
from tsraster.pipeline.blocks import plan_blocks
from tsraster.pipeline.colors import check_colors, flatten_depth, read_colors
from tsraster.pipeline.series import Failure
from tsraster.preparing import Smoothing, luminance, smooth
from tsraster.raster import Pixels, Raster, Window
from tsraster.reading import gdal_settings, open_raster
from tsraster.writing import Image, ImageWriter, Outputs

IN_GRAY = 2
"""The code of the gray class among those below, in it and above."""


@dataclass(frozen=True, kw_only=True)
class PhaseArea:
    """How much there is of a phase."""

    name: str
    pixels: int
    percent: float
    """Of all pixels with data."""
    in_gray_percent: float
    """How much of the phase has a gray of the gray class; NaN where there is nothing of it."""


@dataclass(frozen=True, kw_only=True)
class PictureAreas:
    """How much there is of each phase in a picture, or in all of them."""

    source: str
    pixels: int
    """With data."""
    without_data: int
    phases: tuple[PhaseArea, ...]
    gray_pixels: int
    gray_percent: float
    """Of all pixels with data."""
    counts: NDArray[np.int64] = field(repr=False, compare=False)
    """Pixels by phase and by gray, shape (K + 1, 2): no phase first, then each; out of the gray class, and in it."""

    @property
    def percents(self) -> tuple[float, ...]:
        """Of each phase, then of the gray class."""
        return *(phase.percent for phase in self.phases), self.gray_percent


Run = Callable[[Raster, Callable[[Window], Any]], Iterable[tuple[Window, Any]]]
"""Yields the windows of a raster with what a function makes of each."""


@dataclass(frozen=True, kw_only=True)
class PorosityJob:
    """How pictures are measured; can be sent to another process."""

    phases: tuple[Phase, ...]
    gray: ClassTable
    smoothing: Smoothing
    overwrite: bool = False
    has_copy: bool = False
    """Whether copies with outlines are written."""

    def try_measure(self, pair: tuple[str, Path | None], *, block_size: int | None) -> PictureAreas | Failure:
        """Measure a picture in this thread, or say why it cannot be."""
        try:
            return self.measure(pair, partial(_run_here, block_size=block_size))
        except TsrasterError as error:
            return Failure(source=pair[0], problem=str(error))

    def measure(self, pair: tuple[str, Path | None], run: Run) -> PictureAreas:
        """Measure a picture, and write its copy if there is a path for it.

        Raises
        ------
        ReadError, BandError, DataError, WriteError
            It cannot be read, is no color picture, or has no data; or the copy cannot be written.
        """
        path, copy = pair
        with gdal_settings(), open_raster(path) as raster, ExitStack() as stack:
            check_colors(raster)
            writer = stack.enter_context(self._open_copy(stack, raster, copy)) if copy is not None else None
            counts = np.zeros((len(self.phases) + 1, 2), dtype=np.int64)
            for window, (found, drawn) in run(raster, partial(self.work_on, raster)):
                counts += found
                if writer is not None:
                    writer.write(window, drawn)
            pixels = int(counts.sum())
            if not pixels:
                raise DataError(f"{raster.name} has no pixel with data")
            return self.describe(path, counts, raster.shape[0] * raster.shape[1] - pixels)

    def _open_copy(self, stack: ExitStack, raster: Raster, copy: Path) -> ImageWriter:
        outputs = stack.enter_context(Outputs([copy], sources=[raster.name, *raster.files], overwrite=self.overwrite))
        bands = 4 if raster.can_be_invalid else 3
        image = Image(shape=raster.shape, dtype="uint8", bands=bands, georef=raster.georef, tags=raster.tags)
        return ImageWriter(outputs.stage(copy), "PNG", image)

    def work_on(self, raster: Raster, window: Window) -> tuple[NDArray[np.int64], NDArray[np.uint8] | None]:
        """Count the pixels of a window by phase and by gray, and draw its outlines if they are wanted."""
        read = window.grown(max(self.smoothing.halo, REACH), raster.shape)
        pixels, inside = read_colors(raster, read), window.inside(read)
        codes = assign_phases(pixels.data, self.phases, pixels.valid)
        grays = smooth(Pixels(data=luminance(pixels.data), valid=pixels.valid), self.smoothing).crop(inside)
        in_gray = classify(grays.data, self.gray, valid=grays.valid) == IN_GRAY
        place = codes[inside][grays.valid].astype(np.intp) * 2 + in_gray[grays.valid]
        counts = np.bincount(place, minlength=2 * len(self.phases) + 2).reshape(-1, 2)
        return counts, self._draw(pixels, codes, inside, raster.can_be_invalid) if self.has_copy else None

    def _draw(
        self, pixels: Pixels, codes: NDArray[np.uint8], inside: tuple[slice, slice], with_alpha: bool
    ) -> NDArray[np.uint8]:
        colors = [phase.color or COLORS[i % len(COLORS)] for i, phase in enumerate(self.phases)]
        drawn = draw_outlines(flatten_depth(pixels.data), codes, colors)
        if with_alpha:
            drawn = np.concatenate([drawn, pixels.valid[np.newaxis] * np.uint8(255)])
        return drawn[:, inside[0], inside[1]]

    def describe(self, source: str, counts: NDArray[np.int64], without_data: int) -> PictureAreas:
        """Say in percent what was counted."""
        pixels, in_gray = int(counts.sum()), int(counts[:, 1].sum())
        return PictureAreas(
            source=source,
            pixels=pixels,
            without_data=without_data,
            phases=tuple(
                PhaseArea(
                    name=phase.name,
                    pixels=int(row.sum()),
                    percent=100 * int(row.sum()) / pixels,
                    in_gray_percent=100 * int(row[1]) / int(row.sum()) if row.any() else float("nan"),
                )
                for phase, row in zip(self.phases, counts[1:], strict=True)
            ),
            gray_pixels=in_gray,
            gray_percent=100 * in_gray / pixels,
            counts=counts,
        )


def _run_here(
    raster: Raster, function: Callable[[Window], Any], *, block_size: int | None
) -> Iterator[tuple[Window, Any]]:
    for window in plan_blocks(raster.shape, raster.tile, block_size):
        yield window, function(window)
