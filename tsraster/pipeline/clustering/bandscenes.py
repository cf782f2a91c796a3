"""`BandScene`: some bands of a raster, as clusters see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError, UsageError
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.landsatscene import is_scene, read_scene
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.raster import Band, Pixels, Raster, Window
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
    wavelengths: tuple[float | None, ...]
    """Of each band in micrometers; None where nothing says it."""
    units: tuple[str, ...]
    """What the values of each band are, as `tsraster.pipeline.sourcing.valueunits.find_unit` gives it."""
    notes: tuple[str, ...] = ()
    """What was done to its numbers, in a sentence each."""

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
        return tuple(band.name or (band.role if band.role in ("red", "green", "blue") else "") for band in self.bands)

    @property
    def bands(self) -> tuple[Band, ...]:
        """Those that count."""
        return tuple(self.raster.band(number) for number in self.numbers)

    def read(self, window: Window) -> Pixels:
        """Read a window: data of shape (band, row, col), valid of shape (row, col)."""
        return self.raster.read(window, self.numbers)

    def locate(self, window: Window, valid: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the numbers of the valid pixels of a window among those of all scenes, in the order of the window."""
        rows, cols = np.nonzero(valid)
        return self.first + (rows + np.int64(window.row)) * self.raster.shape[1] + cols + window.col

    def let_go(self) -> None:
        """Close files that will be opened again when they are read."""
        self.raster.close()


def open_scenes(
    stack: ExitStack, sources: Sequence[PathLike], bands: Sequence[int] | None, plan: SourcePlan
) -> list[BandScene]:
    """Open rasters that are to have the same classes, read by a plan; what is opened is closed by the stack.

    Raises
    ------
    UsageError
        The plan names a quality band or an MTL file, and there are several sources.
    BandError
        One has no such band, or another number of bands than the first.
    DataError
        One holds complex numbers or the codes of a palette; or a mask has another size.
    """
    _check_plan(plan, len(sources))
    scenes: list[BandScene] = []
    for source in sources:
        opened = stack.enter_context(open_source(source, plan))
        raster = opened.raster
        numbers = choose_bands(raster, bands)
        scene = BandScene(
            raster=raster,
            numbers=numbers,
            first=scenes[-1].first + scenes[-1].size if scenes else 0,
            wavelengths=_find_lengths(source, raster, numbers),
            units=opened.find_units(numbers),
            notes=opened.describe(numbers),
        )
        _check(scene, scenes)
        if len(sources) > 1:
            # A system lets a program have only so many files open, and a series may have more.
            scene.let_go()
        scenes.append(scene)
    return scenes


def _check_plan(plan: SourcePlan, count: int) -> None:
    if count < 2:
        return
    if plan.qa is not None:
        raise UsageError(
            f"--qa is the quality band of one scene, and there are {count} sources; mask each by a run of its own, "
            "or leave --qa out"
        )
    if plan.mtl is not None:
        raise UsageError(
            f"--mtl is the MTL file of one scene, and there are {count} sources; leave it out, and each finds its own"
        )


def _find_lengths(source: PathLike, raster: Raster, numbers: Sequence[int]) -> tuple[float | None, ...]:
    """Return wavelengths in micrometers: of a scene by its MTL file, else by the file itself."""
    if not is_scene(source):
        return find_wavelengths(raster, numbers)
    known = {band.name or band.key: band.wavelength for band in read_scene(source).bands}
    return tuple(known.get(raster.band(number).name) for number in numbers)


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
    raster = scene.raster
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
