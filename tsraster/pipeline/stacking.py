"""Bands of several files as one raster, moved into place where they are shifted: `stack_files`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, LossWarning, UsageError
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.preparing import Shift, find_shift, move_georef, plan_preparation
from tsraster.raster import Georef, Raster, Window
from tsraster.reading import gdal_settings, open_raster
from tsraster.writing import Image, ImageWriter, Outputs

_MOST_PIXELS = 2**26
"""A picture with more is registered by its upper left part."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What `stack_files` wrote."""

    names: tuple[str, ...]
    """Of the bands, in order."""
    shape: tuple[int, int]
    """Rows and columns."""
    shifts: tuple[Shift, ...]
    """Of each source but the first against the first; empty where nothing was registered."""
    written: str


def stack_files(
    sources: Sequence[PathLike],
    destination: PathLike,
    *,
    register: bool = False,
    names: Sequence[str] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Stack:
    """Make one raster of the bands of several, such as a field in plane light and in crossed polars.

    Bands keep their order and their type, or get the smallest type that holds all; alpha is left out. Georeferencing and tags are
    those of the first source.

    Parameters
    ----------
    sources : paths
        Rasters or pictures of the same size and place; with --register the sizes may differ.
    destination : path
        Raster to write: .tif.
    register : bool
        Find by phase correlation how the others are shifted against the first, and keep what all of them show.
    names : texts, optional
        Names of the bands, separated by commas; by default that of the file and the band, such as ppl.red.
    overwrite : bool
        Replace an output that exists.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where blocks are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Stack

    Raises
    ------
    UsageError
        There are fewer than two sources, the destination is no GeoTIFF, or there are not as many names as bands.
    DataError
        The sources differ in size, place or nodata; or registered, they hardly overlap.
    ReadError, WriteError
        A source cannot be read; the destination exists, or cannot be written.

    Warns
    -----
    LossWarning
        A mask or alpha is left out.

    Notes
    -----
    Shifts are whole pixels, so that no value is made up; a rotation or another scale is not found.
    """
    if len(sources) < 2:
        raise UsageError(f"a stack needs two sources at least, and {len(sources)} is named")
    if Path(destination).suffix.lower() not in (".tif", ".tiff"):
        raise UsageError(f"{destination} cannot hold a stack of bands; let it end in .tif")
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        rasters = [stack.enter_context(open_raster(source)) for source in sources]
        inputs = [file for raster in rasters for file in raster.files]
        outputs = stack.enter_context(Outputs([destination], sources=[*sources, *inputs], overwrite=overwrite))
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        _check_alike(rasters, register=register)
        _say_lost(rasters)
        shifts = tuple(_register(rasters[0], other) for other in rasters[1:]) if register else ()
        plan = _plan(rasters, shifts)
        image = plan.describe(names)
        with ImageWriter(outputs.stage(destination), "GTiff", image) as writer:
            shown = replace(rasters[0], shape=plan.shape)
            for window, pixels in work.run(shown, partial(plan.read, dtype=image.dtype)):
                writer.write(window, pixels)
    return Stack(names=tuple(image.names), shape=plan.shape, shifts=shifts, written=os.fspath(destination))


def _check_alike(rasters: Sequence[Raster], *, register: bool) -> None:
    first = rasters[0]
    for other in rasters[1:]:
        if other.shape != first.shape and not register:
            raise DataError(
                f"{other.name} has {other.shape[0]} x {other.shape[1]} pixels and {first.name} {first.shape[0]} x "
                f"{first.shape[1]}; a stack needs the same size, or --register for pictures of one field"
            )
        if _place(other.georef) != _place(first.georef):
            raise DataError(f"{other.name} lies elsewhere than {first.name}; warp it to the same grid first")
    nodata = {band.nodata for raster in rasters for band in raster.data_bands}
    if len({str(value) for value in nodata}) > 1:
        raise DataError(f"the sources have different nodata values ({', '.join(map(str, nodata))}); give all the same")


def _say_lost(rasters: Sequence[Raster]) -> None:
    for raster in rasters:
        if (
            raster.can_be_invalid
            and raster.data_bands[0].nodata is None
            and not raster.bands[0].dtype.startswith("float")
        ):
            warnings.warn(
                f"{raster.name}: its mask, or alpha, is left out; hidden pixels count as data",
                LossWarning,
                stacklevel=3,
            )


def _place(georef: Georef) -> tuple[Any, ...]:
    return georef.crs, georef.transform


def _register(first: Raster, other: Raster) -> Shift:
    try:
        return find_shift(_read_gray(first), _read_gray(other))
    except DataError as error:
        raise DataError(f"{other.name}: {error}") from None


def _read_gray(raster: Raster) -> NDArray[np.float64]:
    """Return the upper left part of a raster as gray; NaN where there is no data."""
    rows, cols = raster.shape
    side = Window(row=0, col=0, rows=min(rows, max(1, _MOST_PIXELS // cols)), cols=cols)
    band = None if raster.is_color or raster.has_palette_picture else raster.data_bands[0].number
    pixels = plan_preparation(raster, band=band).read(raster, side)
    return np.where(pixels.valid, pixels.data, np.nan)


@dataclass(frozen=True, kw_only=True)
class _StackPlan:
    """Where the pixels of the stack lie in each source."""

    rasters: Sequence[Raster]
    starts: Sequence[tuple[int, int]]
    """Row and column of the first pixel."""
    shape: tuple[int, int]

    def describe(self, names: Sequence[str] | None) -> Image:
        first = self.rasters[0]
        bands = [(raster, band) for raster in self.rasters for band in raster.data_bands]
        labels = [f"{Path(raster.name).stem}.{band.name or band.role}" for raster, band in bands]
        if names is not None and len(names) != len(labels):
            raise UsageError(
                f"{len(names)} names for {len(labels)} bands ({', '.join(labels)}); give one for each band"
            )
        row, col = self.starts[0]
        part = Window(row=row, col=col, rows=self.shape[0], cols=self.shape[1])
        return Image(
            shape=self.shape,
            dtype=np.result_type(*(band.dtype for _, band in bands)).name,
            bands=len(labels),
            names=tuple(names or labels),
            georef=move_georef(first.georef, part),
            tags=first.tags,
            nodata=bands[0][1].nodata,
        )

    def read(self, window: Window, *, dtype: str) -> NDArray[Any]:
        """Return the pixels of all bands in a window of the stack, shape (band, row, col)."""
        parts = []
        for raster, (row, col) in zip(self.rasters, self.starts, strict=True):
            moved = replace(window, row=window.row + row, col=window.col + col)
            parts.append(raster.read(moved).data.astype(dtype, copy=False))
        return np.concatenate(parts)


def _plan(rasters: Sequence[Raster], shifts: Sequence[Shift]) -> _StackPlan:
    """Keep the rectangle that all sources show."""
    offsets = [(0, 0), *((shift.rows, shift.cols) for shift in shifts)] if shifts else [(0, 0)] * len(rasters)
    ends = []
    for axis in (0, 1):
        first = max(-offset[axis] for offset in offsets)
        last = min(raster.shape[axis] - offset[axis] for raster, offset in zip(rasters, offsets, strict=True))
        ends.append((first, last))
    (top, bottom), (left, right) = ends
    if top >= bottom or left >= right:
        raise DataError("the sources do not overlap as they are registered")
    return _StackPlan(
        rasters=rasters,
        starts=[(top + row, left + col) for row, col in offsets],
        shape=(bottom - top, right - left),
    )
