"""Class maps and color pictures as jobs open them: which format, how many bands, what goes with them."""

from __future__ import annotations

import os
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.coloring import flatten, paint
from tsraster.errors import LossWarning, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.picturelegend import LegendWriter, PictureLegend
from tsraster.raster import Raster
from tsraster.writing import Image, ImageWriter, Outputs, check_format

PathLike = str | os.PathLike[str]

Layers = Literal["RGB", "RGBA", "white"]
"""Opaque; transparent where there is no class; or white there, for formats that cannot be transparent."""


def list_paths(*inputs: object) -> list[PathLike]:
    """Return those inputs that are paths, and no objects that were made of files before."""
    return [path for path in inputs if isinstance(path, (str, os.PathLike))]


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an image goes, and in which format."""

    path: PathLike
    driver: str


def choose_targets(
    destination: PathLike | None, color: PathLike | None, *, cog: bool
) -> tuple[Target | None, Target | None]:
    """Return where the class map and the color picture go; None for one that is not wanted.

    Raises
    ------
    UsageError
        A path has an ending that cannot be written; or `cog` is wanted and nothing is a GeoTIFF.
    """
    paths = (destination, color)
    is_tif = [path is not None and Path(path).suffix.lower() in (".tif", ".tiff") for path in paths]
    if cog and not any(is_tif):
        raise UsageError("--cog is for GeoTIFFs, and no output ends in .tif")
    codes, colors = (
        None if path is None else Target(path=path, driver=check_format(path, cog=cog and tif, is_codes=is_codes))
        for path, tif, is_codes in zip(paths, is_tif, (True, False), strict=True)
    )
    return codes, colors


def choose_layers(driver: str, lut: Lut, *, complete: bool) -> Layers:
    """Decide whether a picture needs alpha; `complete` says that every pixel has a class."""
    if driver == "JPEG":
        return "white"
    return "RGB" if complete and lut.is_opaque else "RGBA"


def paint_layers(codes: NDArray[Any], lut: Lut, layers: Layers) -> NDArray[np.uint8]:
    """Paint codes, shape (row, col), to (band, row, col)."""
    painted = paint(codes, lut)
    if layers == "RGBA":
        return painted
    return flatten(painted) if layers == "white" else painted[:3]


def describe_codes(raster: Raster, table: ClassTable, lut: Lut | None) -> Image:
    """Return what a class map of a raster is."""
    return Image(
        shape=raster.shape,
        dtype=table.dtype.name,
        bands=1,
        georef=raster.georef,
        tags=raster.tags,
        codes=table.codes,
        labels=table.labels,
        intervals=table.intervals,
        lut=lut,
    )


def open_codes(outputs: Outputs, target: Target, image: Image) -> ImageWriter:
    """Return a writer for a class map."""
    return ImageWriter(outputs.stage(target.path), target.driver, image)


def open_colors(
    outputs: Outputs, target: Target, raster: Raster, layers: Layers, legend: PictureLegend | None = None
) -> AbstractContextManager[ImageWriter | LegendWriter]:
    """Return a writer for a color picture of a raster, with its legend if there is one."""
    bands = 4 if layers == "RGBA" else 3
    shape = raster.shape if legend is None else legend.shape
    image = Image(shape=shape, dtype="uint8", bands=bands, georef=raster.georef, tags=raster.tags)
    writer = ImageWriter(outputs.stage(target.path), target.driver, image)
    return writer if legend is None else LegendWriter(writer, legend, raster.shape)


def say_white(target: Target, lut: Lut, *, without_class: int) -> None:
    """Say what a picture shows as white because it cannot be transparent; `without_class` counts pixels."""
    if target.driver != "JPEG":
        return
    if without_class and lut.nodata[3] < 255:
        _warn_white(target, "pixels of no class are white")
    if not lut.is_opaque:
        _warn_white(target, "the colors that should be are laid on white")


def _warn_white(target: Target, what: str) -> None:
    warnings.warn(f"{target.path}: JPEG cannot be transparent; {what}", LossWarning, stacklevel=4)
