"""`Scene`: a picture or a volume whose pixels are classified by example, read by boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError, UsageError
from tsraster.pipeline.blocks import plan_blocks
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.learning.volumesources import hold_planes, open_volume_source
from tsraster.pipeline.sourcing.openedsource import OpenedSource
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.values import choose_region
from tsraster.raster import Pixels, Raster, Window
from tsraster.reading.arrays import open_any, split_source
from tsraster.volume import Volume

Box = tuple[slice, ...]
"""Of rows and columns, or of planes, rows and columns."""

_BLOCK_ROWS = 256
_BLOCK_PIXELS = 2**18
_SMALL_PIXELS = 2**14
_MOST_PIXELS = 2**24
_SLAB_VOXELS = 2**22
"""Voxels that are read together, the planes around them left aside."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """A picture or a volume, and which of its bands count. Can be sent to another process."""

    source: Raster | Volume
    numbers: tuple[int, ...] = (1,)
    """Of the bands, counted from 1."""
    units: tuple[str, ...] = ("",)
    """What the values of each band are, as `tsraster.pipeline.sourcing.valueunits.find_unit` gives it."""
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the file, in a sentence each."""

    @property
    def name(self) -> str:
        """What was opened."""
        return self.source.name

    @property
    def shape(self) -> tuple[int, ...]:
        """(row, col), or (plane, row, col)."""
        return tuple(self.source.shape)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that hold it."""
        return self.source.files

    @property
    def band_names(self) -> tuple[str, ...]:
        """What the bands are called; empty texts where they have no names."""
        if isinstance(self.source, Volume):
            return ("",)
        bands = [self.source.band(number) for number in self.numbers]
        return tuple(band.name or (band.role if band.role in _COLORS else "") for band in bands)

    def read(self, box: Box) -> Pixels:
        """Read a box: data of shape (band, *box), valid of shape (*box)."""
        if isinstance(self.source, Raster):
            return self.source.read(to_window(box), self.numbers)
        planes = self.source.read(box[0].start, box[0].stop)[:, box[1], box[2]]
        return Pixels(data=planes[None], valid=_find_data(planes, self.source.nodata))

    def list_boxes(self, block_size: int | None, region: Box | None = None, workers: int = 1) -> list[Box]:
        """Divide it, or a region of it, into boxes that are read together; small pictures so that all workers have some."""
        if isinstance(self.source, Raster):
            return _list_windows(self.source, block_size, region, workers)
        return _list_slabs(self.source, block_size, region)


_COLORS = ("red", "green", "blue", "gray")


def _find_data(planes: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    valid = np.isfinite(planes) if planes.dtype.kind == "f" else np.ones(planes.shape, np.bool_)
    return valid if nodata is None or np.isnan(nodata) else valid & (planes != nodata)


def _list_windows(raster: Raster, block_size: int | None, region: Box | None, workers: int) -> list[Box]:
    rows, cols = raster.shape if region is None else tuple(part.stop - part.start for part in region)
    tile = raster.tile
    pixels = min(_BLOCK_PIXELS, max(_SMALL_PIXELS, rows * cols // (2 * workers)))
    if tile[1] >= raster.shape[1]:
        # A block is read with what lies around it: lines that are as wide as the raster are taken many at a time.
        tile = (tile[0] if tile[0] < rows else 1, cols)
        pixels = min(_MOST_PIXELS, max(pixels, _BLOCK_ROWS * cols if rows > 4 * _BLOCK_ROWS else 0))
    top, left = (0, 0) if region is None else (region[0].start, region[1].start)
    return [
        (slice(w.row + top, w.row + top + w.rows), slice(w.col + left, w.col + left + w.cols))
        for w in plan_blocks((rows, cols), tile, block_size, pixels)
    ]


def _list_slabs(volume: Volume, block_size: int | None, region: Box | None) -> list[Box]:
    planes, rows, cols = region or tuple(slice(0, size) for size in volume.shape)
    thick = block_size or max(1, _SLAB_VOXELS // ((rows.stop - rows.start) * (cols.stop - cols.start)))
    return [
        (slice(start, min(start + thick, planes.stop)), rows, cols) for start in range(planes.start, planes.stop, thick)
    ]


def find_box(scene: Scene, region: Sequence[int]) -> Box:
    """Return the part of a picture between left, top, right, bottom.

    Raises
    ------
    UsageError
        It is no part of it; or the scene is a volume.
    """
    if not isinstance(scene.source, Raster):
        raise UsageError(f"--region is for pictures, and {scene.name} is a volume; leave it out")
    return choose_region(scene.source, region).slices


def to_window(box: Box) -> Window:
    """Return a box of rows and columns as a window."""
    rows, cols = box
    return Window(row=rows.start, col=cols.start, rows=rows.stop - rows.start, cols=cols.stop - cols.start)


def grow(box: Box, halo: int, shape: Sequence[int]) -> Box:
    """Return a box with `halo` more pixels on each side, as far as a scene of that shape reaches.

    Examples
    --------
    >>> grow((slice(0, 4), slice(6, 8)), 3, (10, 10))
    (slice(0, 7, None), slice(3, 10, None))
    """
    return tuple(
        slice(max(0, part.start - halo), min(size, part.stop + halo)) for part, size in zip(box, shape, strict=True)
    )


def locate(inner: Box, outer: Box) -> Box:
    """Return where a box lies in an array that holds another one around it."""
    return tuple(
        slice(part.start - around.start, part.stop - around.start) for part, around in zip(inner, outer, strict=True)
    )


def divide(box: Box, sides: Sequence[int]) -> Iterator[Box]:
    """Yield the parts of a box, none of them longer than `sides`."""
    if not box:
        yield ()
        return
    first, step = box[0], sides[0]
    for start in range(first.start, first.stop, step):
        for rest in divide(box[1:], sides[1:]):
            yield slice(start, min(start + step, first.stop)), *rest


@contextmanager
def _open_source(source: PathLike, *, raw: bool) -> Iterator[OpenedSource]:
    """Open a raster as the other commands do, or an array in HDF5, Zarr or NumPy's own file, whose numbers are its values."""
    if split_source(source) is None:
        with open_source(source, SourcePlan(raw=raw)) as opened:
            yield opened
        return
    with open_any(source) as raster:
        yield OpenedSource(raster=raster)


@contextmanager
def open_scene(
    source: PathLike, *, bands: Sequence[int] | None = None, volume: bool = False, raw: bool = False
) -> Iterator[Scene]:
    """Open a picture, or a volume; a Landsat scene, by its MTL file or folder, in reflectance and kelvin.

    A scale and an offset that a raster or its STAC item says are applied, unless its numbers are wanted as they are stored,
    `raw`. Arrays and volumes have none.

    Raises
    ------
    BandError
        It has no such band, or a volume is asked for bands.
    DataError
        It holds complex numbers, or colors that are only in a palette.
    """
    if volume:
        if bands is not None:
            raise BandError("a volume has one band; leave --bands out")
        with hold_planes(open_volume_source(source)) as opened:
            yield Scene(source=opened)
        return
    with _open_source(source, raw=raw) as opened_source:
        raster = opened_source.raster
        numbers = tuple(band.number for band in raster.data_bands) if bands is None else tuple(bands)
        if not numbers:
            raise BandError(f"no band is named; choose from {raster.list_bands()}")
        if any("complex" in raster.band(number).dtype for number in numbers):
            raise DataError(f"{raster.name} holds complex numbers, of which no features are computed")
        if raster.has_palette_picture:
            raise DataError(
                f"{raster.name} is a picture whose colors are in a palette, so that its numbers mean nothing; save it as RGB"
            )
        units, notes = opened_source.find_units(numbers), opened_source.describe(numbers)
        yield Scene(source=raster, numbers=numbers, units=units, notes=notes)
