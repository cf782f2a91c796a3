"""Open what a job reads: `open_source`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, UsageError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata
from tsraster.landsat.mtlfile import read_mtl
from tsraster.landsat.quality import list_tests
from tsraster.landsat.quantities import QUANTITIES, Conversion, plan_conversion
from tsraster.landsat.scenefiles import find_mtl
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.sourcing.landsatscene import (
    choose_quantity,
    has_quantity,
    is_scene,
    list_pixel_bands,
    open_scene_bands,
    read_scene,
)
from tsraster.pipeline.sourcing.masking import open_masks
from tsraster.preparing.indexnames import parse_index
from tsraster.preparing.indices import SpectralIndex, check_reflectance, compute_index, match_bands
from tsraster.preparing.scaling import find_scaling
from tsraster.preparing.views import Converter, compute_band, convert_bands, mask_raster
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster
from tsraster.registry import suggestion

_SAMPLES, _SAMPLE = 4, 128
"""So many windows along each side, of so many pixels, are looked at to see whether bands are reflectances."""


@dataclass(frozen=True, kw_only=True)
class SourcePlan:
    """How a source is to be read, checked as far as it can be before a file is opened.

    Parameters
    ----------
    landsat : str, optional
        reflectance, radiance, temperature or celsius.
    mtl : path, optional
        The MTL file; by default the one beside the band.
    raw : bool
        Whether numbers are taken as they are stored.
    index : str, optional
        A spectral index, or a formula over names of bands.
    force : bool
        Whether an index is computed of what is no reflectance.
    qa, mask_file, clip : path, optional
        A quality band; a raster that is 0 where pixels are left out; shapes outside of which they are.
    mask : sequence of str, optional
        Conditions of the quality band.
    confidence : str
        From which confidence on.

    Raises
    ------
    UsageError
        Two contradict each other, or one is wrong.
    """

    landsat: str | None = None
    mtl: PathLike | None = None
    raw: bool = False
    index: str | None = None
    force: bool = False
    qa: PathLike | None = None
    mask: Sequence[str] | None = None
    confidence: str = "high"
    mask_file: PathLike | None = None
    clip: PathLike | None = None

    def __post_init__(self) -> None:
        if self.landsat is not None and self.landsat not in QUANTITIES:
            raise UsageError(f"--landsat {self.landsat} is unknown; {suggestion(self.landsat, list(QUANTITIES))}")
        if self.raw and self.landsat is not None:
            raise UsageError("--raw takes numbers as they are stored, and --landsat scales them; leave one out")
        if self.mtl is not None and self.landsat is None:
            raise UsageError("--mtl is read for --landsat; name a quantity, such as --landsat reflectance")
        if (self.qa is None) != (self.mask is None):
            raise UsageError(
                "--qa names a quality band and --mask what is left out by it; give both, such as --mask cloud,shadow"
            )
        if self.mask is not None:
            list_tests(self.mask, self.confidence)  # raises where a name is unknown, before anything is read
        if self.force and self.index is None:
            raise UsageError("--force computes an index of what is no reflectance; name it with --index")

    @property
    def files(self) -> list[PathLike]:
        """The files that are named."""
        return list_paths(self.mtl, self.qa, self.mask_file, self.clip)


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedSource:
    """A raster as it was asked for."""

    raster: Raster
    notes: tuple[str, ...] = ()
    """What was done to its numbers, in a sentence each."""


@contextmanager
def open_source(source: PathLike, plan: SourcePlan | None = None) -> Iterator[OpenedSource]:
    """Open a raster, or a Landsat scene by its MTL file or folder, in the values that are wanted.

    Raises
    ------
    ReadError, BandError, DataError, UsageError
        It cannot be read; a band is missing, of another size, or has no such quantity; or an index is wanted of stored numbers.
    """
    wanted = plan or SourcePlan()
    with ExitStack() as stack:
        if is_scene(source):
            raster, notes = _open_scene(read_scene(source), wanted, stack)
        else:
            raster, notes = _open_file(stack.enter_context(open_raster(source)), wanted)
        masks, files = open_masks(
            raster,
            stack,
            qa=wanted.qa,
            names=wanted.mask or (),
            confidence=wanted.confidence,
            mask_file=wanted.mask_file,
            clip=wanted.clip,
        )
        if wanted.index is not None:
            index = parse_index(wanted.index)
            raster = _compute(raster, index, is_forced=wanted.force)
        yield OpenedSource(raster=mask_raster(raster, masks, files=files), notes=tuple(notes))


def _open_scene(metadata: LandsatMetadata, plan: SourcePlan, stack: ExitStack) -> tuple[Raster, list[str]]:
    bands = list_pixel_bands(metadata)
    if plan.raw:
        return open_scene_bands(metadata, bands, stack)[0], []
    plans = {band: has_quantity(metadata, band, plan.landsat or choose_quantity(band)) for band in bands}
    # A band without that quantity is left out: its stored numbers would stand among values.
    wanted = {band: conversion for band, conversion in plans.items() if conversion is not None}
    if not wanted:
        raise BandError(f"no band of {metadata.path.name} has {plan.landsat or 'reflectance or temperature'}")
    raster, opened = open_scene_bands(metadata, list(wanted), stack)
    conversions = {number: wanted[band] for number, band in enumerate(opened, start=1)}
    return convert_bands(raster, conversions), _say(conversions, opened)


def _open_file(raster: Raster, plan: SourcePlan) -> tuple[Raster, list[str]]:
    if plan.raw:
        return raster, []
    if plan.landsat is not None:
        metadata = read_mtl(find_mtl(raster.name) if plan.mtl is None else plan.mtl)
        bands = _find_bands(raster, metadata)
        conversions = {number: plan_conversion(metadata, band, plan.landsat) for number, band in bands.items()}
        return convert_bands(raster, conversions), _say(conversions, tuple(bands.values()))
    if raster.is_color:
        return raster, []
    scalings = {band.number: found for band in raster.data_bands if (found := find_scaling(band)) is not None}
    converters: Mapping[int, Converter] = scalings
    said = sorted(
        {f"values are {found} of the numbers in the file, as it says itself" for found in map(str, scalings.values())}
    )
    return convert_bands(raster, converters), said


def _find_bands(raster: Raster, metadata: LandsatMetadata) -> dict[int, LandsatBand]:
    """Return which band of a scene each band of a file is: by the name of the file where there is one, else by their names."""
    if len(raster.data_bands) == 1:
        return {raster.data_bands[0].number: metadata.find_band(raster.name)}
    unnamed = [band.number for band in raster.data_bands if not band.name]
    if unnamed:
        raise BandError(
            f"{raster.name} has several bands, and band {unnamed[0]} has no name such as red or B4 that the MTL would know; "
            "make a stack with tsraster stack --names"
        )
    return {band.number: metadata.find_band(band.name) for band in raster.data_bands}


def _say(conversions: Mapping[int, Conversion], bands: Sequence[LandsatBand]) -> list[str]:
    """Say what was made of `bands`, one for each conversion."""
    labels = dict.fromkeys(
        f"{one.quantity}{'' if one.unit == '1' else f' ({one.unit})'}" for one in conversions.values()
    )
    keys = ", ".join(band.key for band in bands)
    notes = [one.notes[0] for one in conversions.values() if one.notes]
    more = f" So for {len(notes) - 1} other bands." if len(notes) > 1 else ""
    return [f"values are {' and '.join(labels)} of {keys}, by the MTL", *(note + more for note in notes[:1])]


@dataclass(frozen=True, kw_only=True, eq=False)
class IndexFormula:
    """An index as `compute_band` wants it; can be sent to another process."""

    index: SpectralIndex
    bands: Mapping[str, str] = field(default_factory=dict)
    """From letters to names of bands."""

    def __call__(self, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Compute the index of bands by their names."""
        return compute_index(self.index, {letter: values[name] for letter, name in self.bands.items()})


def _compute(raster: Raster, index: SpectralIndex, *, is_forced: bool) -> Raster:
    numbers = {band.name: band.number for band in reversed(raster.data_bands) if band.name}
    bands = match_bands(index, [band.name for band in raster.data_bands if band.name])
    used = {name: numbers[name] for name in dict.fromkeys(bands.values())}
    if not is_forced:
        reflected = {bands[letter]: numbers[bands[letter]] for letter in index.reflectances if letter in bands}
        _check_reflectances(raster, reflected)
    formula = IndexFormula(index=index, bands=bands)
    return compute_band(raster, formula, used, label=index.name)


def _check_reflectances(raster: Raster, numbers: Mapping[str, int]) -> None:
    """Look at some windows spread over all of the raster."""
    if not numbers:
        return
    rows, cols = raster.shape
    parts: list[NDArray[Any]] = []
    masks: list[NDArray[np.bool_]] = []
    for i in range(_SAMPLES):
        for j in range(_SAMPLES):
            row, col = i * rows // _SAMPLES, j * cols // _SAMPLES
            window = Window(row=row, col=col, rows=min(_SAMPLE, rows - row), cols=min(_SAMPLE, cols - col))
            pixels = raster.read(window, list(numbers.values()))
            parts.append(pixels.data.reshape(len(numbers), -1))
            masks.append(pixels.valid.ravel())
    joined, valid = np.concatenate(parts, axis=1), np.concatenate(masks)
    check_reflectance(dict(zip(numbers, joined, strict=True)), valid)
