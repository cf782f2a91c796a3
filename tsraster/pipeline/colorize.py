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
from tsraster.errors import LutError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.codes import list_codes, plan_codes
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
from tsraster.pipeline.luts import describe_palette, load_lut, name_classes
from tsraster.pipeline.picturelegend import LegendPlace, PictureLegend, check_legend, plan_picture_legend
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.writing import Outputs, check_format


@dataclass(frozen=True, kw_only=True, eq=False)
class Coloring:
    """What `colorize_file` found and wrote."""

    source: str
    lut: Lut
    """The colors of the codes that occur, and their names."""
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
    legend: LegendPlace | None = None,
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
        Color table: a shipped one or an installed colormap by name, a file in any format of tsraster lut list, or a raster; by
        default the class map's own.
    table : path, optional
        Class table (JSON): a ramp is spread over all of its classes, not only over those that occur.
    band : int, optional
        Band that holds the codes, counted from 1; by default the only one.
    legend : beside or a corner, optional
        Put a legend on the color picture: beside, top-left, top-right, bottom-left or bottom-right.
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
    colors = None if lut is None else load_lut(lut)
    known = read_table(table) if table is not None else None
    check_legend(legend, destination)
    target = Target(path=destination, driver=check_format(destination, cog=cog))
    inputs = list_paths(source, lut, table)
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs([destination], sources=[*inputs, *raster.files], overwrite=overwrite) as outputs,
    ):
        values = Values(raster, plan_codes(raster, band), room=KEPT_BYTES)
        colors = colors if colors is not None else describe_palette(raster, band or raster.data_bands[0].number)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            counts = list_codes(values, work, more=1)
            present = [code for code in counts if code]
            palette = _bind_present(colors, present, known, raster)
            complete = not raster.can_be_invalid and 0 not in counts
            layers = choose_layers(target.driver, palette, complete=complete)
            named = name_classes(palette, read_categories(raster, values.preparation.bands[0]))
            drawn = plan_picture_legend(named, legend, raster.shape)
            _paint_blocks(values, palette, work, outputs, target, layers, drawn)
        classes = {code: counts[code] for code in present}
        without_class = raster.shape[0] * raster.shape[1] - sum(classes.values())
        say_white(target, palette, without_class=without_class)
    return Coloring(
        source=raster.name,
        lut=named,
        counts=classes,
        without_class=without_class,
        written=(os.fspath(destination),),
    )


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


def _paint_blocks(
    values: Values,
    palette: Lut,
    work: BlockWork,
    outputs: Outputs,
    target: Target,
    layers: Layers,
    legend: PictureLegend | None,
) -> None:
    with open_colors(outputs, target, values.raster, layers, legend) as picture:
        for window, painted in work.run(values.raster, partial(_paint_window, values, palette, layers)):
            picture.write(window, painted)


def _paint_window(values: Values, palette: Lut, layers: Layers, window: Window) -> NDArray[np.uint8]:
    pixels = values.read(window)
    codes: NDArray[Any] = np.where(pixels.valid, pixels.data, 0)
    return paint_layers(codes, palette, layers)
