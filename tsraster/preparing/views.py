"""Rasters that are views of others: masked, in physical values, or joined of several files.

A view reads what it is a view of and makes its pixels of that, window by window; so every job works on it as on a file, and
nothing whole is ever in memory. All can be sent to another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError
from tsraster.preparing.lookups import Converter, Lookup, convert, look_up
from tsraster.raster import Band, Pixels, Raster, Reader, Window

if TYPE_CHECKING:
    import xarray


class Mask(Protocol):
    """Says which pixels of a raster are left out."""

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where pixels of a window are left out, shape (row, col)."""

    def close(self) -> None:
        """Let go of files, which are opened again when they are read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What readers of views have in common."""

    inner: Reader

    def find_stored(self, number: int) -> tuple[Reader, Lookup] | None:  # noqa: ARG002
        """Return the reader of the numbers that a band is made of, and what each becomes; None where it is not made so."""
        return None

    def to_xarray(self, chunks: Any) -> xarray.DataArray:  # noqa: ARG002
        """Refuse: nothing whole is made in memory."""
        raise DataError("a raster that is computed as it is read cannot be had as an array of xarray; write it first")

    def close(self) -> None:
        """Close what it is a view of."""
        self.inner.close()


@dataclass(frozen=True, kw_only=True, eq=False)
class _MaskedReader(View):
    masks: tuple[Mask, ...]

    def find_stored(self, number: int) -> tuple[Reader, Lookup] | None:
        found = self.inner.find_stored(number) if isinstance(self.inner, View) else None
        return None if found is None else (replace(self, inner=found[0]), found[1])

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        pixels = self.inner.read(bands, window)
        valid = pixels.valid.copy()
        for mask in self.masks:
            valid &= ~mask.find(window)
        return Pixels(data=pixels.data, valid=valid)

    def close(self) -> None:
        self.inner.close()
        for mask in self.masks:
            mask.close()


def mask_raster(raster: Raster, masks: Sequence[Mask], *, files: Sequence[str] = ()) -> Raster:
    """Return a raster in which some pixels have no data.

    Parameters
    ----------
    raster : Raster
    masks : sequence of Mask
        A pixel that any of them finds is left out.
    files : sequence of str
        The files that the masks are read from, which must not be overwritten either.
    """
    if not masks:
        return raster
    reader = _MaskedReader(inner=raster.reader, masks=tuple(masks))
    return replace(raster, reader=reader, can_be_invalid=True, files=(*raster.files, *files))


@dataclass(frozen=True, kw_only=True, eq=False)
class _ConvertedReader(View):
    converters: Mapping[int, Converter]
    types: tuple[str, ...]
    """Of the stored numbers of each band."""

    @cached_property
    def _lookups(self) -> dict[tuple[int, str], Lookup | None]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {"inner": self.inner, "converters": self.converters, "types": self.types}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def find_stored(self, number: int) -> tuple[Reader, Lookup] | None:
        lookup = self._find_lookup(number, np.dtype(self.types[number - 1])) if number in self.converters else None
        return None if lookup is None else (self.inner, lookup)

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        pixels = self.inner.read(bands, window)
        layers, valid = np.empty(pixels.data.shape, np.float32), pixels.valid
        for number, stored, values in zip(bands, pixels.data, layers, strict=True):
            if number not in self.converters:
                values[...] = stored
                continue
            self._convert(number, stored, values)
            valid = valid & np.isfinite(values)
        return Pixels(data=layers, valid=valid)

    def _convert(self, number: int, stored: NDArray[Any], values: NDArray[np.float32]) -> None:
        lookup = self._find_lookup(number, stored.dtype)
        if lookup is None:
            values[...] = convert(self.converters[number], stored)
        else:
            look_up(lookup.values, stored, out=values)

    def _find_lookup(self, number: int, dtype: np.dtype[Any]) -> Lookup | None:
        key = number, dtype.name
        if key not in self._lookups:
            self._lookups[key] = Lookup.of(self.converters[number], dtype)
        return self._lookups[key]


def find_stored(raster: Raster, number: int) -> tuple[Raster, Lookup] | None:
    """Return the raster of the numbers that a band is made of by a look-up, and what each becomes; None where it is not.

    The numbers have no data where a mask says so or the file itself, but not yet where what they become is none.
    """
    found = raster.reader.find_stored(number) if isinstance(raster.reader, View) else None
    if found is None:
        return None
    bands = tuple(replace(band, dtype=found[1].dtype) if band.number == number else band for band in raster.bands)
    return replace(raster, bands=bands, reader=found[0]), found[1]


def _spell_unit(unit: str) -> str:
    """Return a unit as legends have it: what is a share of one has none."""
    return "" if unit == "1" else unit


def convert_bands(raster: Raster, converters: Mapping[int, Converter]) -> Raster:
    """Return a raster of physical values, float32.

    Parameters
    ----------
    raster : Raster
    converters : mapping of int to Converter
        By the number of the band. Bands that are not among them keep their values.

    Notes
    -----
    Numbers of 8 and 16 bits are looked up in a table that is made once. What a converter makes no finite number of is no data.
    """
    if not converters:
        return raster
    bands = tuple(
        replace(
            band,
            dtype="float32",
            nodata=None,
            scale=1.0,
            offset=0.0,
            unit=_spell_unit(converters[band.number].unit) if band.number in converters else band.unit,
        )
        for band in raster.bands
    )
    reader = _ConvertedReader(
        inner=raster.reader, converters=dict(converters), types=tuple(band.dtype for band in raster.bands)
    )
    return replace(raster, bands=bands, reader=reader, palette={}, can_be_invalid=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class _JoinedReader(View):
    parts: tuple[tuple[Reader, int], ...]
    """The reader of each band, and its number there."""
    types: tuple[str, ...]

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        layers, valid = [], np.ones((window.rows, window.cols), np.bool_)
        for number in bands:
            reader, own = self.parts[number - 1]
            pixels = reader.read([own], window)
            layers.append(pixels.data[0])
            valid &= pixels.valid
        # Bands of one type keep it, as a single band of several types does.
        dtype = np.result_type(*layers) if layers else np.dtype(self.types[0])
        return Pixels(data=np.stack(layers).astype(dtype, copy=False), valid=valid)

    def close(self) -> None:
        for reader, _ in self.parts:
            reader.close()


def join_bands(rasters: Sequence[Raster], bands: Sequence[Band], *, name: str) -> Raster:
    """Return one raster of the first bands of several that have the same size.

    Parameters
    ----------
    rasters : sequence of Raster, shape (N,)
        Georeferencing and tags are those of the first.
    bands : sequence of Band, shape (N,)
        What the bands are called; their numbers are made anew.
    name : str
        What the raster is called.

    Raises
    ------
    BandError
        There are none.
    DataError
        They differ in size.
    """
    if not rasters:
        raise BandError(f"{name} has no bands")
    first = rasters[0]
    for raster in rasters[1:]:
        if raster.shape != first.shape:
            sizes = [f"{one.shape[0]} rows x {one.shape[1]} columns" for one in (raster, first)]
            raise DataError(
                f"{raster.name} has {sizes[0]} and {first.name} {sizes[1]}; bands of one raster have one size"
            )
    numbered = tuple(replace(band, number=i) for i, band in enumerate(bands, start=1))
    return replace(
        first,
        name=name,
        bands=numbered,
        reader=_JoinedReader(
            inner=first.reader,
            parts=tuple((raster.reader, 1) for raster in rasters),
            types=tuple(band.dtype for band in numbered),
        ),
        palette={},
        files=tuple(file for raster in rasters for file in raster.files),
        can_be_invalid=any(raster.can_be_invalid for raster in rasters),
        is_lossy=any(raster.is_lossy for raster in rasters),
    )
