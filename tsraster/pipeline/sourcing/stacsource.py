"""What STAC items say of a source and of its quality bits: names, units, nodata, scales, and fields of bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsraster.errors import DataError
from tsraster.landsat.bitfields import BitField, read_bitfields
from tsraster.pipeline.imaging import PathLike
from tsraster.preparing.scaling import Scaling, find_scaling
from tsraster.raster import Band, Raster
from tsraster.reading.gdalreader import GdalReader
from tsraster.reading.stacbands import StacBand, describe_together, find_bitfields
from tsraster.reading.stacitems import StacAsset, StacItem, find_assets_beside


@dataclass(frozen=True, kw_only=True, eq=False)
class Described:
    """A raster with what an item says of its bands."""

    raster: Raster
    scalings: Mapping[int, Scaling]
    """How values are made of the numbers of each band that has another scale than 1 or offset than 0."""
    notes: tuple[str, ...]
    """Where values come from, in a sentence each."""


def find_assets(path: PathLike, item: StacItem | None, *, qa: PathLike | None = None) -> list[StacAsset]:
    """Return what the item that is named says of a file, or those that lie beside it.

    Raises
    ------
    DataError
        The item knows neither the file nor its quality band, `qa`.
    """
    asset = None if item is None else item.find_asset(path)
    if asset is not None:
        return [asset]
    if item is not None and (qa is None or item.find_asset(qa) is None):
        check_asset(item, path)
    return find_assets_beside(path)


def check_asset(item: StacItem, path: PathLike) -> None:
    """Refuse an item that does not know a file.

    Raises
    ------
    DataError
        It has no such asset.
    """
    if item.find_asset(path) is None:
        raise DataError(f"the STAC item {item.path} has no asset {Path(path).name}; it has {item.list_files()}")


def describe_raster(raster: Raster, assets: Sequence[StacAsset]) -> Described:
    """Return a raster with what items say of it, as far as it does not say it itself.

    Its own scale and offset win, its own nodata, unit and names as well.

    Raises
    ------
    DataError
        An item is wrong, two contradict each other, or it describes another file of that name.
    """
    own = {band.number for band in raster.data_bands if find_scaling(band) is not None}
    said: Mapping[int, StacBand] = {}
    path = ""
    if assets:
        counts = [len(raster.data_bands), len(raster.bands)]
        asset, bands = describe_together(assets, counts)
        path = Path(asset.item).name
        described_bands = raster.data_bands if len(bands) == counts[0] else raster.bands
        said = {band.number: one for band, one in zip(described_bands, bands, strict=True)}
        _check_types(raster, own, said, asset)
    described = _put_together(raster, own, said, [asset.item for asset in assets])
    scalings = {band.number: found for band in described.data_bands if (found := find_scaling(band)) is not None}
    if raster.is_color and own == set(scalings):
        scalings = {}
    fills = {band.nodata for number, band in said.items() if _is_missing(raster.band(number), band.nodata)}
    return Described(raster=described, scalings=scalings, notes=_say(described, scalings, own, fills, path))


def _say(
    raster: Raster, scalings: Mapping[int, Scaling], own: set[int], fills: set[float | None], path: str
) -> tuple[str, ...]:
    """Say in a line where values come from: the file itself, or the item at `path`."""
    by_itself = _list_formulas(raster, scalings, own & set(scalings))
    by_item = ", and ".join(filter(None, [_list_formulas(raster, scalings, set(scalings) - own), _list_fills(fills)]))
    said_by = {"the file says itself": by_itself, f"the STAC item {path} says": by_item}
    return tuple(f"{what}, as {who}" for who, what in said_by.items() if what)


def _list_formulas(raster: Raster, scalings: Mapping[int, Scaling], numbers: set[int]) -> str:
    """Return how values are made; of several bands whose, of more than two kinds the first and what the others are of."""
    kinds: dict[str, list[str]] = {}
    for number in sorted(numbers):
        kinds.setdefault(str(scalings[number]), []).append(raster.band(number).name or f"band {number}")
    if len(kinds) < 2 and len(numbers) == len(raster.data_bands):
        return f"values are {' and '.join(kinds)}" if kinds else ""
    texts = [f"{formula} of {', '.join(names)}" for formula, names in kinds.items()]
    if len(texts) < _MANY:
        return f"values are {' and '.join(texts)}" if texts else ""
    others = [name for names in list(kinds.values())[1:] for name in names]
    return f"values are {texts[0]}, and by scales of their own those of {', '.join(others)}"


_MANY = 3
"""So many formulas would make a long line."""


def _list_fills(fills: set[float | None]) -> str:
    numbers = sorted(fill for fill in fills if fill is not None)
    return f"{' and '.join(f'{number:.10g}' for number in numbers)} is no data" if numbers else ""


def _is_missing(band: Band, nodata: float | None) -> bool:
    return band.nodata is None and nodata is not None


def _put_together(raster: Raster, own: set[int], said: Mapping[int, StacBand], files: Sequence[str]) -> Raster:
    """Return the raster with bands that say all that is known of them, and a reader that knows what is no data."""
    if not said:
        return raster
    bands = tuple(_complete(band, said.get(band.number, StacBand()), band.number in own) for band in raster.bands)
    described = replace(raster, bands=bands, files=(*raster.files, *files))
    reader = raster.reader
    if bands == raster.bands or not isinstance(reader, GdalReader):
        return described
    nodata = tuple(
        new.nodata if _is_missing(band, new.nodata) else known
        for band, new, known in zip(raster.bands, bands, reader.source.nodata, strict=True)
    )
    can_be_invalid = raster.can_be_invalid or any(one is not None for one in nodata)
    return replace(described, reader=reader.with_nodata(nodata), can_be_invalid=can_be_invalid)


def _complete(band: Band, said: StacBand, has_scaling: bool) -> Band:
    if band.role == "alpha":
        return band
    scale, offset = (band.scale, band.offset) if has_scaling else (said.scale, said.offset)
    nodata = said.nodata if band.nodata is None else band.nodata
    unit, name = band.unit or said.unit, band.name or said.name
    return replace(band, name=name, scale=scale, offset=offset, unit=unit, nodata=nodata)


def _check_types(raster: Raster, own: set[int], said: Mapping[int, StacBand], asset: StacAsset) -> None:
    """Refuse to scale what was scaled before: numbers with a fraction where the item describes whole ones."""
    for number, band in said.items():
        is_scaled = (band.scale, band.offset) != (1, 0) and number not in own
        is_float = np.dtype(raster.band(number).dtype).kind == "f"
        if is_scaled and is_float and band.dtype.startswith(("int", "uint")):
            raise DataError(
                f"the STAC item {asset.item} describes {band.dtype} and {raster.name} holds {raster.band(number).dtype}, which "
                "seems to be scaled already; leave out the item with --raw"
            )


def find_fields(path: PathLike, item: StacItem | None) -> tuple[int, tuple[BitField, ...], str] | None:
    """Return the band of a quality raster, what its bits are and the item that says so; None where none does.

    Raises
    ------
    DataError
        A field is wrong.
    """
    named = None if item is None else item.find_asset(path)
    for asset in [*([] if named is None else [named]), *find_assets_beside(path)]:
        found = find_bitfields(asset)
        if found is None:
            continue
        number, entries = found
        try:
            return number, read_bitfields({"classification:bitfields": entries}), asset.item
        except DataError as error:
            raise DataError(f"the STAC item {asset.item} is wrong about {asset.file}: {error}") from None
    return None
