"""Prepared values by window; the first ones are kept in memory where a second pass will want them again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.preparing import Preparation
from tsraster.preparing.lookups import Lookup
from tsraster.preparing.views import find_stored
from tsraster.raster import Pixels, Raster, Window

KEPT_BYTES = 120 * 2**20
"""How much is kept at the most, whatever the size of the raster."""


def choose_region(raster: Raster, region: Sequence[int] | None) -> Window:
    """Return the part of a raster between two corners: left, top, right, bottom in pixels; all of it when None.

    Raises
    ------
    UsageError
        There are not four numbers, or no pixel between them.
    """
    rows, cols = raster.shape
    if region is None:
        return Window(row=0, col=0, rows=rows, cols=cols)
    if len(region) != 4:
        raise UsageError(f"--region has {len(region)} numbers; give left,top,right,bottom in pixels")
    left, top, right, bottom = region
    if not (0 <= left < right <= cols and 0 <= top < bottom <= rows):
        raise UsageError(
            f"--region {left},{top},{right},{bottom} is no part of {raster.name}, which has {cols} columns and {rows} rows; "
            "give left,top,right,bottom"
        )
    return Window(row=top, col=left, rows=bottom - top, cols=right - left)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tabulated:
    """Values that are looked up in a table, so that what is made of them can be looked up just as well."""

    numbers: Values
    """As they are stored; valid where the file and the masks say so."""
    lookup: Lookup


class Values:
    """The prepared values of a raster.

    Parameters
    ----------
    raster : Raster
        Where they are read.
    preparation : Preparation
        How they are prepared.
    room : int
        How many bytes of what is read are kept for a second pass.

    Attributes
    ----------
    tabulated : Tabulated or None
        Where values are looked up in a table, the numbers that they are made of; these are what is kept.

    Notes
    -----
    Any thread may read. Sent to another process it keeps nothing there.
    """

    def __init__(self, raster: Raster, preparation: Preparation, *, room: int = 0) -> None:
        self.raster, self.preparation = raster, preparation
        self.tabulated = self._tabulate(room)
        self._room = room
        self._kept: dict[Window, tuple[NDArray[np.generic], NDArray[np.uint8] | None]] = {}
        self._one_at_a_time = threading.Lock()

    def __getstate__(self) -> Any:
        return self.raster, self.preparation

    def __setstate__(self, state: Any) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def _tabulate(self, room: int) -> Tabulated | None:
        found = find_stored(self.raster, self.preparation.bands[0]) if self.preparation.is_plain else None
        # Infinite values are counted, one by one.
        if found is None or np.isinf(found[1].values).any():
            return None
        stored, lookup = found
        preparation = replace(self.preparation, dtype=np.dtype(lookup.dtype))
        return Tabulated(numbers=self._open(stored, preparation, room), lookup=lookup)

    def _open(self, source: Raster, preparation: Preparation, room: int) -> Values:
        return Values(source, preparation, room=room)

    def read(self, window: Window) -> Pixels:
        """Return the values of a window, shape (row, col)."""
        if self.tabulated is not None:
            return self.tabulated.lookup.apply(self.tabulated.numbers.read(window))
        kept = self._kept.get(window)
        if kept is not None:
            return _unpack(*kept)
        pixels = self._read(window)
        if self._room:
            self._keep(window, pixels)
        return pixels

    def _read(self, window: Window) -> Pixels:
        return self.preparation.read(self.raster, window)

    def _keep(self, window: Window, pixels: Pixels) -> None:
        valid = None if pixels.valid.all() else np.packbits(pixels.valid)
        size = pixels.data.nbytes + (0 if valid is None else valid.nbytes)
        with self._one_at_a_time:
            if size <= self._room:
                self._room -= size
                self._kept[window] = _cut_out(pixels.data), valid


def _cut_out(data: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return a copy of what is only a part of a larger array, such as a block without its halo: it would keep all of that."""
    whole = data.base
    return data.copy() if isinstance(whole, np.ndarray) and whole.nbytes > data.nbytes else data


def _unpack(data: NDArray[np.generic], packed: NDArray[np.uint8] | None) -> Pixels:
    if packed is None:
        return Pixels(data=data, valid=np.ones(data.shape, dtype=np.bool_))
    valid = np.unpackbits(packed, count=data.size).view(np.bool_)
    return Pixels(data=data, valid=valid.reshape(data.shape))


class RegionValues(Values):
    """The prepared values of a part of a raster: the same that it has in the whole, also at its border.

    Parameters
    ----------
    whole : Raster
        The raster.
    preparation : Preparation
        How its values are prepared.
    region : Window
        The part; windows are counted from its corner.
    room : int
        How many bytes of what is read are kept for a second pass.
    """

    def __init__(self, whole: Raster, preparation: Preparation, region: Window, *, room: int = 0) -> None:
        self._whole, self._region = whole, region
        super().__init__(replace(whole, shape=(region.rows, region.cols)), preparation, room=room)

    def __getstate__(self) -> Any:
        return self._whole, self.preparation, self._region

    def _open(self, source: Raster, preparation: Preparation, room: int) -> Values:
        return RegionValues(replace(source, shape=self._whole.shape), preparation, self._region, room=room)

    def _read(self, window: Window) -> Pixels:
        moved = replace(window, row=window.row + self._region.row, col=window.col + self._region.col)
        return self.preparation.read(self._whole, moved)
