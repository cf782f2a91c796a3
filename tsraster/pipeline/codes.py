"""The codes of a class map: which band holds them, and how often each occurs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tsraster.errors import BandError, DataError
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.values import Values
from tsraster.preparing import Preparation, plan_preparation
from tsraster.raster import Raster, Window

_MOST_CODES = 2**20


def find_code_band(raster: Raster, option: str | None = "--band") -> int:
    """Return the number of the only band that holds data; `option` is what names one of several, if anything does.

    Raises
    ------
    BandError
        There are several.
    """
    if len(raster.data_bands) != 1:
        advice = f"name the one with class codes with {option}" if option else "give one that has class codes only"
        raise BandError(f"{raster.name} has {len(raster.data_bands)} bands; {advice}: {raster.list_bands()}")
    return raster.data_bands[0].number


def plan_codes(raster: Raster, band: int | None, *, option: str | None = "--band") -> Preparation:
    """Take the band that holds the codes as it is, also of a color picture; `option` is that of `find_code_band`.

    Raises
    ------
    BandError
        There are several bands, and none is named.
    DataError
        The band holds no whole numbers.
    """
    preparation = plan_preparation(raster, band=find_code_band(raster, option) if band is None else band)
    if preparation.dtype.kind not in "iu":
        raise DataError(f"{raster.name} holds {preparation.dtype} and no class codes; classify it first")
    return preparation


def list_codes(values: Values, work: BlockWork, *, more: int = 0) -> dict[int, int]:
    """Count every code that occurs, in increasing order; `more` passes are sure to follow.

    Raises
    ------
    DataError
        There are more different numbers than a class map has, or negative ones.
    """
    total = list_numbers(values, work, more=more)
    if total and min(total) < 0:
        raise DataError(f"{values.raster.name} holds the negative number {min(total)}; class codes are 0 and above")
    return total


def list_numbers(values: Values, work: BlockWork, *, more: int = 0) -> dict[Any, int]:
    """Count every number that occurs, also negative ones and fractions; as `list_codes` otherwise."""
    total: dict[Any, int] = {}
    for _, counts in work.run(values.raster, partial(_count_window, values), more=more):
        for code, count in counts.items():
            total[code] = total.get(code, 0) + count
        if len(total) > _MOST_CODES:
            raise DataError(f"{values.raster.name} holds more than {_MOST_CODES} different numbers and is no class map")
    return dict(sorted(total.items()))


def _count_window(values: Values, window: Window) -> dict[Any, int]:
    pixels = values.read(window)
    codes, counts = np.unique(pixels.data[pixels.valid], return_counts=True)
    return dict(zip(codes.tolist(), counts.tolist(), strict=True))
