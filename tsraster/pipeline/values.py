"""Prepared values by window; the first ones are kept in memory where a second pass will want them again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.preparing import Preparation
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

    Notes
    -----
    Any thread may read. Sent to another process it keeps nothing there.
    """

    def __init__(self, raster: Raster, preparation: Preparation, *, room: int = 0) -> None:
        self.raster, self.preparation = raster, preparation
        self._start(room)

    def _start(self, room: int) -> None:
        self._room = room
        self._kept: dict[Window, tuple[NDArray[np.generic], NDArray[np.uint8] | None]] = {}
        self._one_at_a_time = threading.Lock()

    def __getstate__(self) -> Any:
        return self.raster, self.preparation

    def __setstate__(self, state: Any) -> None:
        self.raster, self.preparation = state
        self._start(0)

    def read(self, window: Window) -> Pixels:
        """Return the values of a window, shape (row, col)."""
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
        super().__init__(replace(whole, shape=(region.rows, region.cols)), preparation, room=room)
        self._whole, self._region = whole, region

    def __getstate__(self) -> Any:
        return self._whole, self.preparation, self._region

    def __setstate__(self, state: Any) -> None:
        whole, preparation, region = state
        self.__init__(whole, preparation, region)  # type: ignore[misc]

    def _read(self, window: Window) -> Pixels:
        moved = replace(window, row=window.row + self._region.row, col=window.col + self._region.col)
        return self.preparation.read(self._whole, moved)
