"""Paint a class map: `colorize_file`."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.coloring import bind_lut
from tsraster.errors import BandError, DataError, LutError
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.fitting import TableLike, read_table
from tsraster.pipeline.imaging import (
    Layers,
    PathLike,
    Target,
    choose_layers,
    list_paths,
    open_colors,
    paint_layers,
    say_white,
)
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import Preparation, plan_preparation
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster
from tsraster.writing import Outputs, check_format

_MOST_CODES = 2**20


@dataclass(frozen=True, kw_only=True, eq=False)
class Coloring:
    """What `colorize_file` found and wrote."""

    source: str
    lut: Lut
    """The colors of the codes that occur."""
    counts: dict[int, int]
    """Pixels of each code that occurs, without 0."""
    without_class: int
    """Pixels without data, or of code 0."""
    written: tuple[str, ...]


def colorize_file(
    source: PathLike,
    destination: PathLike,
    *,
    lut: Lut | PathLike | None = None,
    table: TableLike | None = None,
    band: int | None = None,
    cog: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Coloring:
    """Paint a class map as a color picture; georeferencing and tags are carried along.

    Parameters
    ----------
    source : path
        Class map: a band of whole numbers; 0 and nodata are "no class".
    destination : path
        Color picture to write: .tif, .png or .jpg. No class is transparent, in a .jpg white.
    lut : name or path, optional
        Color table: a shipped one by name, a .csv file, or GDAL color text; by default the palette of the class map.
    table : path, optional
        Class table (JSON): a ramp is spread over all of its classes, not only over those that occur.
    band : int, optional
        Band that holds the codes, counted from 1; by default the only one.
    cog : bool
        Write a cloud optimized GeoTIFF.
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
    Coloring

    Raises
    ------
    LutError
        The color table does not cover every code that occurs; or none is given and the class map has no palette.
    DataError
        The band holds no whole numbers, or negative ones.
    UsageError, ReadError, BandError, TableError, WriteError
        As `classify_file` does.
    """
    colors = lut if lut is None or isinstance(lut, Lut) else read_lut(lut)
    known = read_table(table) if table is not None else None
    target = Target(path=destination, driver=check_format(destination, cog=cog))
    inputs = list_paths(source, lut, table)
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs([destination], sources=[*inputs, *raster.files], overwrite=overwrite) as outputs,
    ):
        values = Values(raster, _plan_codes(raster, band), room=KEPT_BYTES)
        colors = colors if colors is not None else _own_palette(raster)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            counts = _count_codes(values, work)
            present = [code for code in counts if code]
            palette = _bind_present(colors, present, known, raster)
            complete = not raster.can_be_invalid and 0 not in counts
            layers = choose_layers(target.driver, palette, complete=complete)
            _paint_blocks(values, palette, work, outputs, target, layers)
        classes = {code: counts[code] for code in present}
        without_class = raster.shape[0] * raster.shape[1] - sum(classes.values())
        say_white(target, palette, without_class=without_class)
    return Coloring(
        source=raster.name,
        lut=palette,
        counts=classes,
        without_class=without_class,
        written=(os.fspath(destination),),
    )


def _plan_codes(raster: Raster, band: int | None) -> Preparation:
    """Take the band that holds the codes as it is, also of a color picture."""
    if band is None and len(raster.data_bands) != 1:
        raise BandError(
            f"{raster.name} has {len(raster.data_bands)} bands; name the one with class codes with --band: "
            f"{raster.list_bands()}"
        )
    preparation = plan_preparation(raster, band=raster.data_bands[0].number if band is None else band)
    if preparation.dtype.kind not in "iu":
        raise DataError(f"{raster.name} holds {preparation.dtype} and no class codes; classify it first")
    return preparation


def _bind_present(lut: Lut, present: list[int], known: ClassTable | None, raster: Raster) -> Lut:
    """Bind a color table to the codes that occur; a ramp first to all classes that are known."""
    if lut.kind == "ramp" and known is not None:
        lut = bind_lut(lut, known.codes)
        strange = [code for code in present if code not in lut.keys]
        if strange:
            raise LutError(
                f"{raster.name} holds the code {strange[0]}, for which the class table has no class and so the ramp "
                "no color; give the table that it was classified with, or none"
            )
    return bind_lut(lut, present)


def _own_palette(raster: Raster) -> Lut:
    if not raster.palette:
        raise LutError(f"{raster.name} has no palette of its own; name a color table with --lut")
    keys = tuple(sorted(code for code in raster.palette if code))
    return Lut(
        name=f"of {raster.name}",
        kind="classes",
        keys=keys,
        colors=tuple(raster.palette[key] for key in keys),
    )


def _count_codes(values: Values, work: BlockWork) -> dict[int, int]:
    """Count every code that occurs, in increasing order."""
    total: dict[int, int] = {}
    for _, counts in work.run(values.raster, partial(_count_window, values), more=1):
        for code, count in counts.items():
            total[code] = total.get(code, 0) + count
        if len(total) > _MOST_CODES:
            raise DataError(f"{values.raster.name} holds more than {_MOST_CODES} different numbers and is no class map")
    if total and min(total) < 0:
        raise DataError(f"{values.raster.name} holds the negative number {min(total)}; class codes are 0 and above")
    return dict(sorted(total.items()))


def _count_window(values: Values, window: Window) -> dict[int, int]:
    pixels = values.read(window)
    codes, counts = np.unique(pixels.data[pixels.valid], return_counts=True)
    return dict(zip(codes.tolist(), counts.tolist(), strict=True))


def _paint_blocks(
    values: Values, palette: Lut, work: BlockWork, outputs: Outputs, target: Target, layers: Layers
) -> None:
    with open_colors(outputs, target, values.raster, layers) as picture:
        for window, painted in work.run(values.raster, partial(_paint_window, values, palette, layers)):
            picture.write(window, painted)


def _paint_window(values: Values, palette: Lut, layers: Layers, window: Window) -> NDArray[np.uint8]:
    pixels = values.read(window)
    codes: NDArray[Any] = np.where(pixels.valid, pixels.data, 0)
    return paint_layers(codes, palette, layers)
