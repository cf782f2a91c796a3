"""`BandScene`: some bands of a raster, with a mask, as clusters see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import PathLike
from tsraster.raster import Pixels, Raster, Window
from tsraster.reading import open_raster
from tsraster.reading.wavelengths import find_wavelengths

Result = TypeVar("Result")

_BLOCK_VALUES = 2**21
"""About so many values, of all bands, are worked on together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BandScene:
    """Some bands of a raster. Can be sent to another process."""

    raster: Raster
    numbers: tuple[int, ...]
    """Of the bands, counted from 1."""
    first: int
    """The number of its first pixel among those of all scenes."""
    mask: Raster | None = None
    """Of the same size; pixels that are 0 in all of its bands, or have no data there, do not count."""

    @property
    def size(self) -> int:
        """How many pixels it has."""
        return self.raster.shape[0] * self.raster.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """A type that holds the values of all bands."""
        return np.result_type(*(np.dtype(self.raster.band(number).dtype) for number in self.numbers))

    @property
    def band_names(self) -> tuple[str, ...]:
        """What the bands are called; their roles where they have no names, and empty texts where those say nothing."""
        bands = [self.raster.band(number) for number in self.numbers]
        return tuple(band.name or (band.role if band.role in ("red", "green", "blue") else "") for band in bands)

    @property
    def wavelengths(self) -> tuple[float | None, ...]:
        """Of each band in micrometers; None where the file does not say it."""
        return find_wavelengths(self.raster, self.numbers)

    def read(self, window: Window) -> Pixels:
        """Read a window: data of shape (band, row, col), valid of shape (row, col)."""
        pixels = self.raster.read(window, self.numbers)
        if self.mask is None:
            return pixels
        mask = self.mask.read(window)
        return Pixels(data=pixels.data, valid=pixels.valid & mask.valid & (mask.data != 0).any(axis=0))

    def locate(self, window: Window, valid: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the numbers of the valid pixels of a window among those of all scenes, in the order of the window."""
        rows, cols = np.nonzero(valid)
        return self.first + (rows + np.int64(window.row)) * self.raster.shape[1] + cols + window.col

    def let_go(self) -> None:
        """Close files that will be opened again when they are read."""
        self.raster.close()
        if self.mask is not None:
            self.mask.close()


def open_scenes(
    stack: ExitStack, sources: Sequence[PathLike], bands: Sequence[int] | None, mask_file: PathLike | None
) -> list[BandScene]:
    """Open rasters that are to have the same classes; what is opened is closed by the stack.

    Raises
    ------
    BandError
        One has no such band, or another number of bands than the first.
    DataError
        One holds complex numbers or the codes of a palette; or the mask has another size.
    """
    scenes: list[BandScene] = []
    for source in sources:
        raster = stack.enter_context(open_raster(source))
        mask = None if mask_file is None else stack.enter_context(open_raster(mask_file))
        first = scenes[-1].first + scenes[-1].size if scenes else 0
        scene = BandScene(raster=raster, numbers=choose_bands(raster, bands), first=first, mask=mask)
        _check(scene, scenes)
        if len(sources) > 1:
            # A system lets a program have only so many files open, and a series may have more.
            scene.let_go()
        scenes.append(scene)
    return scenes


def choose_bands(raster: Raster, bands: Sequence[int] | None) -> tuple[int, ...]:
    """Return the numbers of the bands that count: all but alpha, unless some are named.

    Raises
    ------
    BandError
        There is no such band, none is named, or one is named twice.
    """
    numbers = tuple(band.number for band in raster.data_bands) if bands is None else tuple(bands)
    if not numbers:
        raise BandError(f"no band is named; choose from {raster.list_bands()}")
    for number in numbers:
        raster.band(number)
    twice = next((number for i, number in enumerate(numbers) if number in numbers[:i]), None)
    if twice is not None:
        raise BandError(f"--bands names band {twice} twice; name each band once")
    return numbers


def _check(scene: BandScene, others: Sequence[BandScene]) -> None:
    raster, mask = scene.raster, scene.mask
    if raster.has_palette_picture:
        raise DataError(
            f"{raster.name} is a picture whose colors are in a palette, so that its numbers mean nothing; save it as RGB"
        )
    if scene.dtype.kind == "c":
        raise DataError(
            f"{raster.name} holds complex numbers, which have no clusters; give their real parts or magnitudes"
        )
    if others and len(scene.numbers) != len(others[0].numbers):
        raise BandError(
            f"{raster.name} has {len(scene.numbers)} bands and {others[0].raster.name} has {len(others[0].numbers)}; "
            "name as many of each with --bands"
        )
    if mask is not None and mask.shape != raster.shape:
        raise DataError(
            f"{mask.name} has {mask.shape[0]} rows and {mask.shape[1]} columns, and {raster.name} has {raster.shape[0]} and "
            f"{raster.shape[1]}; a mask has the size of the source"
        )


def go_over(
    scenes: Sequence[BandScene], function: Callable[[BandScene, Window], Result], work: BlockWork, *, more: int = 0
) -> Iterator[tuple[int, Window, Result]]:
    """Yield what a function makes of each window of each scene, in order, with the number of the scene from 0.

    `more` passes over all of them are sure to follow, for the progress.
    """
    for i, scene in enumerate(scenes):
        left = len(scenes) - 1 - i + more * len(scenes)
        pixels = max(2**14, _BLOCK_VALUES // len(scene.numbers))
        for window, result in work.run(scene.raster, partial(function, scene), more=left, pixels=pixels):
            yield i, window, result
        if len(scenes) > 1:
            scene.let_go()
