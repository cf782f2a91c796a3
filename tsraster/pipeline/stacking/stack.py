"""Bands of several files or of a Landsat scene as one raster: `stack_files`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tsraster.errors import DataError, LossWarning, UsageError
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.bandfacts import KnownBand, list_file, list_left_out, list_scene, say_known
from tsraster.pipeline.sourcing.landsatscene import is_scene, read_scene
from tsraster.pipeline.stacking.stackplan import StackPlan, check_alike, find_shifts, plan_stack
from tsraster.preparing import Shift
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster
from tsraster.reading.wavelengths import parse_wavelength
from tsraster.writing import Image, ImageWriter, Outputs, write_text
from tsraster.writing.virtualrasters import read_virtual, spell_virtual

_ENDINGS = (".tif", ".tiff", ".vrt")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What `stack_files` wrote."""

    names: tuple[str, ...]
    """Of the bands, in order."""
    wavelengths: tuple[float | None, ...]
    """Of each band in micrometers; None where it is unknown."""
    shape: tuple[int, int]
    """Rows and columns."""
    rasters: tuple[str, ...]
    """The files of the bands, in order; a Landsat scene has several."""
    shifts: tuple[Shift, ...]
    """Of each file but the first against the first; empty where nothing was registered."""
    notes: tuple[str, ...]
    """What is known of the bands, in a sentence each."""
    written: str


def stack_files(
    sources: Sequence[PathLike],
    destination: PathLike,
    *,
    register: bool = False,
    names: Sequence[str] | None = None,
    wavelengths: Sequence[str | float] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Stack:
    """Make one raster of the bands of several, such as a field in plane light and in crossed polars, or a Landsat scene.

    Bands keep their order, their scale, offset, unit and wavelength, and their type, or get the smallest type that holds all;
    alpha is left out. Georeferencing and tags are those of the first source.

    A Landsat scene is all of its bands of one size without those of quality. They, and single Landsat bands with their MTL file
    beside them, are named by what they show, such as red, nir08 or lwir11, and keep their stored numbers, with the scale and
    offset that make reflectance of them, or kelvin where that is linear, as in level 2.

    Parameters
    ----------
    sources : paths
        Rasters or pictures of the same size and place; with --register the sizes may differ. Or a Landsat scene, by its MTL file
        or its folder.
    destination : path
        Raster to write: .tif, or .vrt, which copies no pixels and refers to the sources.
    register : bool
        Find by phase correlation how the others are shifted against the first, and keep what all of them show.
    names : texts, optional
        Names of the bands, separated by commas; by default what a Landsat band shows, or that of the file and the band, such as
        ppl.red, or of the file alone where it has one band without a name.
    wavelengths : texts or numbers, optional
        Wavelengths of the bands in micrometers, separated by commas, such as 0.655,0.865, or 655nm,865nm; by default what
        the sources say.
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
        There is one source, no scene, and nothing to say of it; the destination is no GeoTIFF or VRT; there are not as many
        names or wavelengths as bands, or a name is empty or there twice; or a VRT cannot refer to a source, such as a photo that
        is turned upright.
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
    lengths = None if wavelengths is None else [parse_wavelength(text) for text in wavelengths]
    _check_wanted(sources, destination, has_facts=names is not None or lengths is not None)
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        bands, said = _open_bands(sources, stack)
        rasters = list({id(known.raster): known.raster for known in bands}.values())
        inputs = [*sources, *(file for raster in rasters for file in raster.files)]
        outputs = stack.enter_context(Outputs([destination], sources=inputs, overwrite=overwrite))
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        is_virtual = Path(destination).suffix.lower() == ".vrt"
        check_alike(bands, any_size=register, any_nodata=is_virtual)
        _say_lost(rasters, bands)
        shifts = find_shifts(rasters) if register else ()
        plan = plan_stack(bands, rasters, shifts)
        image = plan.describe(names, lengths)
        if is_virtual:
            _write_virtual(plan, image, outputs.stage(destination), Path(destination).resolve().parent)
        else:
            _write_pixels(plan, image, outputs.stage(destination), work)
    return Stack(
        names=tuple(image.names),
        wavelengths=tuple(None if light is None else light.wavelength for light in image.spectrum),
        shape=plan.shape,
        rasters=tuple(raster.name for raster in rasters),
        shifts=shifts,
        notes=(*said, *say_known(bands)),
        written=os.fspath(destination),
    )


def _check_wanted(sources: Sequence[PathLike], destination: PathLike, *, has_facts: bool) -> None:
    """Check what can be checked before a file is opened."""
    if len(sources) < 2 and not has_facts and not any(map(is_scene, sources)):
        raise UsageError(
            f"a stack needs two sources at least, and {len(sources)} is named; one is enough for a Landsat scene, "
            "and to give its bands --names or --wavelengths"
        )
    if Path(destination).suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"{destination} cannot hold a stack of bands; let it end in .tif, or in .vrt to copy no pixels"
        )


def _open_bands(sources: Sequence[PathLike], stack: ExitStack) -> tuple[list[KnownBand], list[str]]:
    """Open the bands of all sources; return them with what is left out, in a sentence each."""
    bands: list[KnownBand] = []
    said: list[str] = []
    for source in sources:
        if is_scene(source):
            metadata = read_scene(source)
            bands += list_scene(metadata, stack)
            said += list_left_out(metadata)
        else:
            bands += list_file(stack.enter_context(open_raster(source)))
    return bands, said


def _say_lost(rasters: Sequence[Raster], bands: Sequence[KnownBand]) -> None:
    kept = {known.raster.name for known in bands if known.band.nodata is not None}
    for raster in rasters:
        is_float = raster.bands[0].dtype.startswith(("float", "complex"))
        if raster.can_be_invalid and raster.name not in kept and not is_float:
            warnings.warn(
                f"{raster.name}: its mask, or alpha, is left out; hidden pixels count as data",
                LossWarning,
                stacklevel=3,
            )


def _write_pixels(plan: StackPlan, image: Image, path: Path, work: BlockWork) -> None:
    with ImageWriter(path, "GTiff", image) as writer:
        for window, pixels in work.run(plan.shown, partial(plan.read, dtype=image.dtype)):
            writer.write(window, pixels)


def _write_virtual(plan: StackPlan, image: Image, path: Path, folder: Path) -> None:
    """Write the references to the bands, once GDAL has found the same first pixel by them."""
    places = plan.locate(folder)
    first = Window(row=0, col=0, rows=1, cols=1)
    found, wanted = read_virtual(image, places, folder, first), plan.read(first, dtype=image.dtype)
    if not np.array_equal(found, wanted, equal_nan=np.dtype(image.dtype).kind in "fc"):
        raise DataError(
            f"GDAL finds other pixels by a .vrt of {', '.join(raster.name for raster in plan.rasters)}; write .tif"
        )
    write_text(path, spell_virtual(image, places))
