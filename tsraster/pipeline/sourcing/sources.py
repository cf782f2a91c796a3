"""Open what a job reads: `open_source`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tsraster.classification.rules import RuleTable
from tsraster.errors import BandError, UsageError
from tsraster.landsat.metadata import LandsatBand, LandsatMetadata
from tsraster.landsat.mtlfile import read_mtl
from tsraster.landsat.quality import find_layout, list_tests
from tsraster.landsat.quantities import QUANTITIES, Conversion, plan_conversion
from tsraster.landsat.scenefiles import find_mtl
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.sourcing.bandmath import apply_rule_table, compute_index_band
from tsraster.pipeline.sourcing.landsatscene import (
    choose_quantity,
    has_quantity,
    is_scene,
    list_pixel_bands,
    open_scene_bands,
    read_scene,
)
from tsraster.pipeline.sourcing.masking import open_masks
from tsraster.pipeline.sourcing.stacsource import describe_raster, find_assets
from tsraster.preparing.indexnames import parse_index
from tsraster.preparing.lookups import Converter
from tsraster.preparing.views import convert_bands, mask_raster
from tsraster.raster import Raster
from tsraster.reading import open_raster
from tsraster.reading.stacitems import StacItem, read_item
from tsraster.registry import suggestion


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
    rules : RuleTable, optional
        Rules over names of bands and indices; the values are then the codes of classes.
    force : bool
        Whether an index is computed of what is no reflectance.
    qa, mask_file, clip : path, optional
        A quality band; a raster that is 0 where pixels are left out; shapes outside of which they are.
    mask : sequence of str, optional
        Conditions of the quality band.
    confidence : str
        From which confidence on.
    clip_layer : str, optional
        Which layer of the shapes.
    stac : path, optional
        A STAC item that describes the source or the quality band; by default one beside them.

    Raises
    ------
    UsageError
        Two contradict each other, or one is wrong.
    """

    landsat: str | None = None
    mtl: PathLike | None = None
    raw: bool = False
    index: str | None = None
    rules: RuleTable | None = None
    force: bool = False
    qa: PathLike | None = None
    mask: Sequence[str] | None = None
    confidence: str = "high"
    mask_file: PathLike | None = None
    clip: PathLike | None = None
    clip_layer: str | None = None
    stac: PathLike | None = None

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
        layout = None if self.qa is None else find_layout(self.qa)
        if self.mask is not None and layout is not None:
            list_tests(self.mask, self.confidence, layout)  # raises where a name is unknown, before anything is read
        if self.clip_layer is not None and self.clip is None:
            raise UsageError("--clip-layer is one of the layers of --clip; name the file as well")
        if self.stac is not None and self.qa is None and (self.raw or self.landsat is not None):
            other = "--raw takes numbers as they are stored" if self.raw else "--landsat scales them by the MTL"
            raise UsageError(f"--stac says what numbers mean, and {other}; leave one out")
        if self.index is not None and self.rules is not None:
            raise UsageError(
                "--index makes one band, and --rules looks at several; name the index in the rules instead"
            )
        if self.force and self.index is None and self.rules is None:
            raise UsageError("--force computes an index of what is no reflectance; name it with --index")

    @property
    def files(self) -> list[PathLike]:
        """The files that are named."""
        return list_paths(self.mtl, self.qa, self.mask_file, self.clip, self.stac)


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
        item = None if wanted.stac is None else read_item(wanted.stac)
        if is_scene(source):
            if item is not None and wanted.qa is None:
                raise UsageError(
                    f"{source} is a scene that is read by its MTL; leave out --stac, or name a single band"
                )
            raster, notes = _open_scene(read_scene(source), wanted, stack)
        else:
            raster, notes = _open_file(stack.enter_context(open_raster(source)), wanted, item)
        masks, files, said = open_masks(
            raster,
            stack,
            qa=wanted.qa,
            names=wanted.mask or (),
            confidence=wanted.confidence,
            mask_file=wanted.mask_file,
            clip=wanted.clip,
            clip_layer=wanted.clip_layer,
            item=item,
        )
        if wanted.index is not None:
            index = parse_index(wanted.index)
            raster = compute_index_band(raster, index, is_forced=wanted.force)
        if wanted.rules is not None:
            raster = apply_rule_table(raster, wanted.rules, is_forced=wanted.force)
        yield OpenedSource(raster=mask_raster(raster, masks, files=files), notes=(*notes, *said))


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


def _open_file(raster: Raster, plan: SourcePlan, item: StacItem | None) -> tuple[Raster, list[str]]:
    if plan.raw:
        return raster, []
    if plan.landsat is not None:
        metadata = read_mtl(find_mtl(raster.name) if plan.mtl is None else plan.mtl)
        bands = _find_bands(raster, metadata)
        conversions = {number: plan_conversion(metadata, band, plan.landsat) for number, band in bands.items()}
        return convert_bands(raster, conversions), _say(conversions, tuple(bands.values()))
    described = describe_raster(raster, find_assets(raster.name, item, qa=plan.qa))
    converters: Mapping[int, Converter] = described.scalings
    return convert_bands(described.raster, converters), list(described.notes)


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
    more = f" The same holds for {len(notes) - 1} other bands." if len(notes) > 1 else ""
    return [f"values are {' and '.join(labels)} of {keys}, by the MTL", *(note + more for note in notes[:1])]
