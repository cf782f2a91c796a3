"""What a STAC item says of the bands of a file: scale, offset, nodata, unit, names, and the fields of quality bits.

STAC 1.0 has it in ``raster:bands`` and ``eo:bands``, STAC 1.1 in ``bands``, and what all bands share in the asset or the item.

References
----------
https://github.com/stac-extensions/raster
https://github.com/stac-extensions/eo
https://github.com/radiantearth/stac-spec/blob/master/commons/common-metadata.md#bands
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tsraster.errors import DataError
from tsraster.reading.stacitems import StacAsset

_LISTS = ("bands", "raster:bands", "eo:bands")
_FIELDS = "classification:bitfields"
_SMALLEST, _LARGEST = 1e-30, 1e15
"""Of scales and offsets; beyond, values would not fit into float32."""
_NO_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_UNITS = {"kelvin": "K", "bit index": "", "1": ""}
"""Units of Landsat's items, as they are written elsewhere."""


@dataclass(frozen=True, kw_only=True)
class StacBand:
    """What an item says of a band: values are ``scale * number + offset``."""

    name: str = ""
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    unit: str = ""
    dtype: str = ""


def describe_bands(asset: StacAsset, counts: Sequence[int]) -> tuple[StacBand, ...]:
    """Return what an item says of each band of a file.

    Parameters
    ----------
    asset : StacAsset
        The file.
    counts : sequence of int
        How many bands it may have; with and without alpha. Without lists of bands the first counts.

    Returns
    -------
    tuple of StacBand
        As many as one of the counts.

    Raises
    ------
    DataError
        Its lists are of other lengths, a number is none, or a scale is 0.

    Examples
    --------
    >>> record = {"raster:bands": [{"scale": 2.75e-05, "offset": -0.2, "nodata": 0}], "eo:bands": [{"common_name": "red"}]}
    >>> asset = StacAsset(item="item.json", file="LC08_SR_B4.TIF", record=record, properties={})
    >>> describe_bands(asset, [1])
    (StacBand(name='red', scale=2.75e-05, offset=-0.2, nodata=0.0, unit='', dtype=''),)
    """
    lists = [_take_list(asset, key) for key in _LISTS]
    lengths = {len(entries) for entries in lists if entries} or {counts[0]}
    if len(lengths) > 1 or not lengths <= set(counts):
        said = " and ".join(str(length) for length in sorted(lengths))
        raise _explain(asset, f"there are {said} bands, and the file has {counts[0]}")
    number = lengths.pop()
    return tuple(_describe(asset, [entries[i] for entries in lists if entries], number) for i in range(number))


def describe_together(assets: Sequence[StacAsset], counts: Sequence[int]) -> tuple[StacAsset, tuple[StacBand, ...]]:
    """Return what several items say of one file, and the first of them that says something of its values.

    Parameters
    ----------
    assets : sequence of StacAsset
        At least one.
    counts : sequence of int
        As `describe_bands` takes them.

    Raises
    ------
    DataError
        One is wrong, or two contradict each other.
    """
    described = [(asset, describe_bands(asset, counts)) for asset in assets]
    valued = [one for one in described if any(replace(band, name="", dtype="") != StacBand() for band in one[1])]
    for asset, bands in valued[1:]:
        if [_get_values(band) for band in bands] != [_get_values(band) for band in valued[0][1]]:
            raise DataError(
                f"the STAC items {valued[0][0].item} and {asset.item} say different things of {asset.file}; name one with --stac"
            )
    chosen, bands = [*valued, *described][0]
    names = [next((other[i].name for _, other in described if other[i].name), "") for i in range(len(bands))]
    return chosen, tuple(
        band if band.name else replace(band, name=name) for band, name in zip(bands, names, strict=True)
    )


def _get_values(band: StacBand) -> tuple[float, float, float | None]:
    return band.scale, band.offset, band.nodata


def find_bitfields(asset: StacAsset) -> tuple[int, list[Any]] | None:
    """Return the number of the band that has ``classification:bitfields``, and their list; None where there are none.

    Raises
    ------
    DataError
        The lists of bands are none.
    """
    for entries in ([asset.record], *(_take_list(asset, key) for key in _LISTS[:2])):
        for number, entry in enumerate(entries, start=1):
            if isinstance(entry.get(_FIELDS), list):
                return number, entry[_FIELDS]
    return None


def _take_list(asset: StacAsset, key: str) -> list[Mapping[str, Any]]:
    """Return a list of bands; before STAC 1.0 they were numbers of those of the item."""
    entries = asset.record.get(key)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise _explain(asset, f"{key} is {_quote(entries)} and no list")
    shared = asset.properties.get(key)
    known = shared if isinstance(shared, list) else []
    whole = [known[one] if type(one) is int and 0 <= one < len(known) else one for one in entries]
    for one in whole:
        if not isinstance(one, Mapping):
            raise _explain(asset, f"{key} holds {_quote(one)} and no band")
    return whole


def _describe(asset: StacAsset, entries: Sequence[Mapping[str, Any]], count: int) -> StacBand:
    """Return a band by its own entries, then by the asset, then by the item."""
    all_of = (asset.record, asset.properties)
    scale = _find(asset, "scale", entries, ("raster:scale", "scale"), all_of, "raster:scale")
    offset = _find(asset, "offset", entries, ("raster:offset", "offset"), all_of, "raster:offset")
    nodata = _find(asset, "nodata", entries, ("nodata",), all_of, "nodata")
    unit = _find(asset, "unit", entries, ("unit",), all_of, "unit")
    dtype = _find(asset, "data_type", entries, ("data_type",), all_of, "data_type")
    return StacBand(
        name=_find_name(entries, asset.record if count == 1 else {}),
        scale=1.0 if scale is None else _read_number(asset, "scale", scale, smallest=_SMALLEST),
        offset=0.0 if offset is None else _read_number(asset, "offset", offset),
        nodata=None if nodata is None else _read_nodata(asset, nodata),
        unit=_UNITS.get(_read_text(asset, "unit", unit).lower(), _read_text(asset, "unit", unit)),
        dtype=_read_text(asset, "data_type", dtype),
    )


def _find(
    asset: StacAsset,
    what: str,
    entries: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    wider: Sequence[Mapping[str, Any]],
    wide_key: str,
) -> Any:
    """Return what the entries of a band say, which must be the same; else what the asset does, else what the item does."""
    said = [entry[key] for entry in entries for key in keys if entry.get(key) is not None]
    if any(other != said[0] for other in said[1:]):
        raise _explain(asset, f"{what} is {' and '.join(map(_quote, said))}, and can only be one")
    said += [record[wide_key] for record in wider if record.get(wide_key) is not None]
    return said[0] if said else None


def _find_name(entries: Sequence[Mapping[str, Any]], single: Mapping[str, Any]) -> str:
    common = [entry.get(key) for key in ("eo:common_name", "common_name") for entry in (*entries, single)]
    names = [entry.get("name") for entry in entries]
    return next((name for name in (*common, *names) if isinstance(name, str) and name), "")


def _read_number(asset: StacAsset, what: str, value: Any, *, smallest: float = 0.0) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not smallest <= abs(value) <= _LARGEST:
        accepted = f"{smallest:g} to {_LARGEST:g} or their negatives" if smallest else f"-{_LARGEST:g} to {_LARGEST:g}"
        raise _explain(asset, f"{what} is {_quote(value)}, and no number from {accepted}")
    return float(value)


def _read_nodata(asset: StacAsset, value: Any) -> float | None:
    """Return a number; None for what is never data, such as NaN."""
    if isinstance(value, str) and value.lower() in _NO_NUMBERS:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _explain(asset, f"nodata is {_quote(value)}, and no number, nan, inf or -inf")
    try:
        number = float(value)
    except OverflowError:
        raise _explain(asset, f"nodata is {_quote(value)}, beyond all numbers") from None
    return number if math.isfinite(number) else None


def _read_text(asset: StacAsset, what: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise _explain(asset, f"{what} is {_quote(value)}, and no text")
    return value or ""


def _quote(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python prints
        text = "a whole number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:40]}..."


def _explain(asset: StacAsset, problem: str) -> DataError:
    return DataError(
        f"the STAC item {asset.item} is wrong about {asset.file}: {problem}; correct it, or leave it out with --raw"
    )
