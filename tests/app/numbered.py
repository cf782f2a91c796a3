"""Rasters of any size whose pixels are their numbers, which note what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tsraster.raster import Band, Pixels, Raster, Window

LONG = 60.0
"""Seconds that a test waits at the most."""


class FakeReader:
    """Gives the number of each pixel, counted from 0, and keeps the windows that it was asked for."""

    def __init__(self, shape: tuple[int, int], fail: Callable[[], None] = lambda: None) -> None:
        self.shape, self.fail = shape, fail
        self.windows: list[Window] = []

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        self.windows.append(window)
        self.fail()
        rows = np.arange(window.row, window.row + window.rows, dtype=np.int64)[:, None]
        cols = np.arange(window.col, window.col + window.cols, dtype=np.int64)
        data = np.broadcast_to(rows * self.shape[1] + cols, (len(bands), window.rows, window.cols))
        return Pixels(data=data, valid=np.ones(data.shape[1:], np.bool_))

    def to_xarray(self, chunks: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


def make_raster(shape: tuple[int, int], **reader: Any) -> tuple[Raster, FakeReader]:
    fake = FakeReader(shape, **reader)
    return Raster(name="fake", driver="", shape=shape, bands=(Band(number=1, dtype="int64"),), reader=fake), fake
