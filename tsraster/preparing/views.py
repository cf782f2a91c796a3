"""Rasters that are views of others: masked, in physical values, joined of several files, or computed of several bands.

A view reads what it is a view of and makes its pixels of that, window by window; so every job works on it as on a file, and
nothing whole is ever in memory. All can be sent to another process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError
from tsraster.raster import Band, Pixels, Raster, Reader, Window

if TYPE_CHECKING:
    import xarray

_TABULATED = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.int8), np.dtype(np.int16))
"""Types whose values are all looked up in a table."""


class Mask(Protocol):
    """Says which pixels of a raster are left out."""

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where pixels of a window are left out, shape (row, col)."""


class Converter(Protocol):
    """Makes physical values of stored numbers."""

    @property
    def unit(self) -> str:
        """What the values are measured in."""

    @property
    def fill(self) -> float | None:
        """The stored number that is no data, where the file may not say it."""

    def apply(self, values: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Return the values of stored numbers, of any shape."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _View:
    """What readers of views have in common."""

    inner: Reader

    def to_xarray(self, chunks: Any) -> xarray.DataArray:  # noqa: ARG002
        raise DataError("a raster that is computed as it is read cannot be had as an array of xarray; write it first")

    def close(self) -> None:
        self.inner.close()


@dataclass(frozen=True, kw_only=True, eq=False)
class _MaskedReader(_View):
    masks: tuple[Mask, ...]

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        pixels = self.inner.read(bands, window)
        valid = pixels.valid.copy()
        for mask in self.masks:
            valid &= ~mask.find(window)
        return Pixels(data=pixels.data, valid=valid)


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
class _ConvertedReader(_View):
    converters: Mapping[int, Converter]

    @cached_property
    def _tables(self) -> dict[tuple[int, str], NDArray[np.float32]]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {"inner": self.inner, "converters": self.converters}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        pixels = self.inner.read(bands, window)
        layers, valid = [], pixels.valid
        for number, layer in zip(bands, pixels.data, strict=True):
            converter = self.converters.get(number)
            if converter is None:
                layers.append(layer.astype(np.float32))
                continue
            values = self._convert(number, converter, layer)
            if converter.fill is not None:
                valid = valid & (layer != converter.fill)
            layers.append(values)
            valid = valid & np.isfinite(values)
        return Pixels(data=np.stack(layers), valid=valid)

    def _convert(self, number: int, converter: Converter, layer: NDArray[Any]) -> NDArray[np.float32]:
        dtype = layer.dtype
        if dtype not in _TABULATED:
            return _apply(converter, layer)
        key = number, dtype.name
        if key not in self._tables:
            limits = np.iinfo(dtype)
            every = np.arange(limits.min, limits.max + 1).astype(dtype)
            # Negative numbers come last, where an index below 0 finds them.
            self._tables[key] = np.roll(_apply(converter, every), limits.min)
        return np.asarray(self._tables[key][layer])


def _apply(converter: Converter, numbers: NDArray[Any]) -> NDArray[np.float32]:
    # Numbers that occur nowhere, and those without data, may have no logarithm.
    with np.errstate(all="ignore"):
        return np.asarray(converter.apply(numbers), np.float32)


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
    reader = _ConvertedReader(inner=raster.reader, converters=dict(converters))
    return replace(raster, bands=bands, reader=reader, palette={}, can_be_invalid=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class _JoinedReader(_View):
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


Formula = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""Makes values, shape (row, col), of bands by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _ComputedReader(_View):
    names: Mapping[str, int]
    formula: Formula

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        numbers = list(self.names.values())
        pixels = self.inner.read(numbers, window)
        layers = pixels.data.astype(np.float32, copy=False)
        with np.errstate(all="ignore"):
            values = np.asarray(self.formula(dict(zip(self.names, layers, strict=True))), np.float32)
        values = np.broadcast_to(values, pixels.valid.shape)
        return Pixels(data=np.stack([values] * len(bands)), valid=pixels.valid & np.isfinite(values))


def compute_band(raster: Raster, formula: Formula, names: Mapping[str, int], *, label: str) -> Raster:
    """Return a raster of one band that is computed of others, float32.

    Parameters
    ----------
    raster : Raster
    formula : callable
        Takes the bands by name, float32 (row, col); what is not finite in its result is no data.
    names : mapping of str to int
        The number of each band that it takes.
    label : str
        What the band is called.
    """
    for number in names.values():
        raster.band(number)
    reader = _ComputedReader(inner=raster.reader, names=dict(names), formula=formula)
    band = Band(number=1, dtype="float32", name=label)
    return replace(raster, bands=(band,), reader=reader, palette={}, can_be_invalid=True)
