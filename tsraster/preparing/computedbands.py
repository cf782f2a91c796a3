"""Views of one band that is computed of others: an index, codes by rules, or values that were prepared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.preparing.preparation import Preparation
from tsraster.preparing.views import View
from tsraster.raster import Band, Pixels, Raster, Window

Formula = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""Makes values, shape (row, col), of bands by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _ComputedReader(View):
    names: Mapping[str, int]
    formula: Formula
    dtype: str

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        numbers = list(self.names.values())
        pixels = self.inner.read(numbers, window)
        # float32 where that holds every number, so that integers of 32 bits are compared as they are.
        layers = pixels.data.astype(np.result_type(pixels.data.dtype, np.float32), copy=False)
        with np.errstate(all="ignore"):
            values = np.asarray(self.formula(dict(zip(self.names, layers, strict=True))), self.dtype)
        data = np.broadcast_to(values, (len(bands), *pixels.valid.shape))
        return Pixels(data=data, valid=pixels.valid & np.isfinite(values))


def compute_band(
    raster: Raster, formula: Formula, names: Mapping[str, int], *, label: str, dtype: str = "float32"
) -> Raster:
    """Return a raster of one band that is computed of others.

    Parameters
    ----------
    raster : Raster
    formula : callable
        Takes the bands by name, (row, col), float32, or float64 where that cannot hold them; what is not finite in its result
        is no data.
    names : mapping of str to int
        The number of each band that it takes.
    label : str
        What the band is called.
    dtype : str
        The type of the result.
    """
    for number in names.values():
        raster.band(number)
    reader = _ComputedReader(inner=raster.reader, names=dict(names), formula=formula, dtype=dtype)
    band = Band(number=1, dtype=dtype, name=label)
    return replace(raster, bands=(band,), reader=reader, palette={}, can_be_invalid=True)


def list_inputs(raster: Raster) -> tuple[int, ...]:
    """Return the numbers of the bands that `compute_band` made a raster of; none of other rasters."""
    reader = raster.reader
    return tuple(reader.names.values()) if isinstance(reader, _ComputedReader) else ()


@dataclass(frozen=True, kw_only=True, eq=False)
class _PreparedReader(View):
    raster: Raster
    preparation: Preparation

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        pixels = self.preparation.read(self.raster, window)
        return Pixels(data=np.stack([pixels.data] * len(bands)), valid=pixels.valid)


def prepare_raster(raster: Raster, preparation: Preparation) -> Raster:
    """Return a raster of one band, the values that a preparation makes of another.

    Parameters
    ----------
    raster : Raster
    preparation : Preparation
        Such as the gray of a picture, or a band that is smoothed.
    """
    reader = _PreparedReader(inner=raster.reader, raster=raster, preparation=preparation)
    band = Band(number=1, dtype=preparation.dtype.name, name=preparation.label, unit=preparation.unit)
    return replace(raster, bands=(band,), reader=reader, palette={})
