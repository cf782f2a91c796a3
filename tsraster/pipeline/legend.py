"""Legends as files of their own: `legend_file`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring import bind_lut
from tsraster.coloring.legends import draw_legend, legend_html, legend_svg, plan_legend
from tsraster.errors import DataError, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.codes import list_codes, plan_codes
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.luts import describe_palette, is_raster, load_lut, name_classes
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.writing import Image, ImageWriter, Outputs, write_text

_ENDINGS = (".png", ".svg", ".html")


@dataclass(frozen=True, kw_only=True)
class LegendFile:
    """What `legend_file` drew."""

    lut: Lut
    """The colors and names of the legend."""
    written: str


def legend_file(
    source: Lut | PathLike,
    destination: PathLike,
    *,
    lut: Lut | PathLike | None = None,
    band: int | None = None,
    title: str = "",
    unit: str = "",
    horizontal: bool = False,
    size: int = 14,
    columns: int | None = None,
    labels: Sequence[str] | None = None,
    font: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> LegendFile:
    """Draw the legend of a color table, or of the classes that occur in a class map.

    Parameters
    ----------
    source : name or path
        Color table: a shipped one or an installed colormap by name, or a file in any format of tsraster lut list; or a class map.
    destination : path
        Legend to draw: .png, .svg or .html.
    lut : name or path, optional
        Color table for a class map, in place of its own colors.
    band : int, optional
        Band of a class map that holds the codes, counted from 1; by default the only one.
    title : text
        Stands above.
    unit : text
        Of the values; stands behind the title in parentheses.
    horizontal : bool
        Entries side by side, and a ramp lying; else one below the other.
    size : int
        Height of the font in pixels, 4 to 200; everything else is in proportion.
    columns : int, optional
        Columns of a list of classes; by default as many as make a good shape.
    labels : texts, optional
        Names in place of those of the table, separated by commas; an empty one leaves the name as it is.
    font : path, optional
        Font with the characters of the names (.ttf, .otf), not for .html; by default DejaVu Sans.
    overwrite : bool
        Replace an output that exists.
    workers : int, optional
        Number of threads; by default one for each processor.
    executor : concurrent.futures.Executor, optional
        Where blocks of a class map are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    LegendFile

    Raises
    ------
    UsageError
        The destination has another ending; or an option cannot be used.
    LutError, UnknownNameError
        The color table is wrong, or does not cover the class map.
    ReadError, BandError, DataError
        The class map cannot be read, or is none.
    WriteError
        The destination exists and `overwrite` is False, or cannot be written.

    Warns
    -----
    LossWarning
        The font lacks characters of the names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     legend_file("worldcover", f"{folder}/legend.svg", title="Land cover").lut.names[0]
    'Tree cover'
    """
    suffix = Path(destination).suffix.lower()
    if suffix not in _ENDINGS:
        raise UsageError(f"{destination} has no ending that a legend can have; choose from {', '.join(_ENDINGS)}")
    if font is not None and suffix == ".html":
        raise UsageError(f"--font is for .png and .svg; {destination} has the fonts of the page that it is put into")
    with Outputs([destination], sources=list_paths(source, lut), overwrite=overwrite) as outputs:
        if isinstance(source, Lut) or not is_raster(os.fspath(source)):
            _check_table_options(source, lut=lut, band=band)
            shown = load_lut(source)
        else:
            with gdal_settings(), open_raster(source) as raster:
                with block_work(workers=workers, executor=executor, progress=progress) as work:
                    values = Values(raster, plan_codes(raster, band), room=KEPT_BYTES)
                    codes = [code for code in list_codes(values, work) if code]
                shown = _describe_classes(raster, band, codes, lut)
        path = outputs.stage(destination)
        look: dict[str, Any] = {
            "title": title,
            "unit": unit,
            "horizontal": horizontal,
            "size": size,
            "columns": columns,
            "labels": labels,
        }
        if suffix == ".html":
            write_text(path, legend_html(shown, **look))
        elif suffix == ".svg":
            write_text(path, legend_svg(plan_legend(shown, font=font, **look)))
        else:
            write_picture(path, draw_legend(plan_legend(shown, font=font, **look)))
    return LegendFile(lut=shown, written=os.fspath(destination))


def _check_table_options(source: Lut | PathLike, **options: object) -> None:
    name = source.name if isinstance(source, Lut) else os.fspath(source)
    for option, value in options.items():
        if value is not None:
            raise UsageError(f"--{option} is for a class map, and {name} is a color table itself")


def _describe_classes(raster: Raster, band: int | None, codes: Sequence[int], lut: Lut | PathLike | None) -> Lut:
    """Return the colors and names of the classes that occur in a class map; its own names come first."""
    if not codes:
        raise DataError(f"{raster.name} holds no class; every pixel is without data, or 0")
    number = band or raster.data_bands[0].number
    colors = bind_lut(load_lut(lut) if lut is not None else describe_palette(raster, number), codes)
    return name_classes(colors, read_categories(raster, number))


def write_picture(path: Path, drawn: NDArray[np.uint8]) -> None:
    """Write pixels of shape (4, row, col) as a PNG; without alpha where all are opaque."""
    pixels = drawn[:3] if (drawn[3] == 255).all() else drawn
    rows, cols = pixels.shape[1:]
    with ImageWriter(path, "PNG", Image(shape=(rows, cols), dtype="uint8", bands=len(pixels))) as writer:
        writer.write(Window(row=0, col=0, rows=rows, cols=cols), pixels)
