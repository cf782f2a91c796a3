"""Open what a job reads: `open_source`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

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
from tsraster.pipeline.sourcing.openedsource import OpenedSource, list_stored, say_stored
from tsraster.pipeline.sourcing.stacsource import check_asset, describe_raster, find_assets
from tsraster.pipeline.sourcing.valueunits import NO_UNIT
from tsraster.preparing.computedbands import list_inputs
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
        A STAC item that describes the source or the quality band; by default one beside them that is called like them or
        item.json.

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
        self._check_quality()
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

    def _check_quality(self) -> None:
        if (self.qa is None) != (self.mask is None):
            raise UsageError(
                "--qa names a quality band and --mask what is left out by it; give both, such as --mask cloud,shadow"
            )
        if self.qa is None and self.confidence != "high":
            raise UsageError(
                f"--confidence {self.confidence} is of the quality bits; name their band with --qa and --mask"
            )
        layout = None if self.qa is None else find_layout(self.qa)
        if self.mask is not None and layout is not None:
            list_tests(self.mask, self.confidence, layout)  # raises where a name is unknown, before anything is read

    @property
    def files(self) -> list[PathLike]:
        """The files that are named."""
        return list_paths(self.mtl, self.qa, self.mask_file, self.clip, self.stac)


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
        stored: tuple[int, ...] = ()
        unit = None
        if is_scene(source):
            if item is not None and wanted.qa is None:
                raise UsageError(
                    f"{source} is a scene that is read by its MTL; leave out --stac, or name a single band"
                )
            raster, notes = _open_scene(read_scene(source), wanted, stack)
        else:
            raster, notes, stored = _open_file(stack.enter_context(open_raster(source)), wanted, item)
        if (
            item is not None
            and wanted.qa is not None
            and (is_scene(source) or wanted.raw or wanted.landsat is not None)
        ):
            check_asset(item, wanted.qa)
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
        bands = raster
        if wanted.index is not None:
            index = parse_index(wanted.index)
            unit = NO_UNIT if index.long_name else ""  # only an index by name is known to have none
            raster = compute_index_band(raster, index, is_forced=wanted.force, is_raw=wanted.raw)
        if wanted.rules is not None:
            raster = apply_rule_table(raster, wanted.rules, is_forced=wanted.force, is_raw=wanted.raw)
        if raster is not bands:
            notes += say_stored(bands, set(stored) & set(list_inputs(raster)))
            stored = ()
        yield OpenedSource(
            raster=mask_raster(raster, masks, files=files),
            notes=(*notes, *said),
            is_masked=bool(masks),
            stored=stored,
            unit=unit,
        )


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


def _open_file(raster: Raster, plan: SourcePlan, item: StacItem | None) -> tuple[Raster, list[str], tuple[int, ...]]:
    """Return a file in the values that are wanted, what was done to it, and the bands that hold stored numbers beside values."""
    if plan.raw:
        return raster, [], ()
    if plan.landsat is not None:
        metadata = read_mtl(find_mtl(raster.name) if plan.mtl is None else plan.mtl)
        bands = _find_bands(raster, metadata)
        conversions = {number: plan_conversion(metadata, band, plan.landsat) for number, band in bands.items()}
        known = replace(_name_bands(raster, bands), files=(*raster.files, str(metadata.path)))
        return convert_bands(known, conversions), _say(conversions, tuple(bands.values())), ()
    described = describe_raster(raster, find_assets(raster.name, item, qa=plan.qa))
    converters: Mapping[int, Converter] = described.scalings
    stored = list_stored(described.raster, converters.keys())
    return convert_bands(described.raster, converters), list(described.notes), stored


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


def _name_bands(raster: Raster, seen: Mapping[int, LandsatBand]) -> Raster:
    """Call bands without a name by what they see."""
    names = {number: band.name or band.key for number, band in seen.items()}
    bands = tuple(replace(band, name=band.name or names.get(band.number, "")) for band in raster.bands)
    return replace(raster, bands=bands)


def _say(conversions: Mapping[int, Conversion], bands: Sequence[LandsatBand]) -> list[str]:
    """Say what was made of `bands`, one for each conversion."""
    labels = dict.fromkeys(
        f"{_WORDS.get(one.quantity, one.quantity)}{'' if one.unit == '1' else f' ({one.unit})'}"
        for one in conversions.values()
    )
    keys = ", ".join(band.key for band in bands)
    return [f"values are {' and '.join(labels)} of {keys}, by the MTL", *_list_notes(conversions.values(), bands)]


_WORDS = {"celsius": "temperature"}


def _list_notes(conversions: Iterable[Conversion], bands: Sequence[LandsatBand]) -> list[str]:
    """Return each kind of note once: its first, and for how many other bands it holds."""
    kinds: dict[str, list[str]] = {}
    for conversion, band in zip(conversions, bands, strict=True):
        for note in conversion.notes:
            kinds.setdefault(note.partition(f" for {band.key}")[0], []).append(note)
    return [notes[0] + _count_others(len(notes) - 1) for notes in kinds.values()]


def _count_others(count: int) -> str:
    return f" The same holds for {count} other band{'s' if count > 1 else ''}." if count else ""
