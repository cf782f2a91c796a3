"""`PredictionPicture`: what is predicted of the part of a raster that is seen, as codes for the screen."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.app.picture.lookpane import MARGIN
from tsraster.app.picture.overview import find_pixels, pick
from tsraster.app.picture.viewports import Viewport
from tsraster.app.training.livetiles import order_tiles
from tsraster.pipeline.learning.scenes import Box

MOST_PIXELS = 16_000_000
"""Of a raster are predicted for one view: about half a minute on two cores. Who sees more has to zoom in."""
NOWHERE: Box = (slice(0, 0), slice(0, 0))
_STRIP = 512
"""Rows of the raster that are put together at a time, so that a wide view needs little memory."""

Composed = tuple[NDArray[np.uint8], tuple[float, float, float, float]]
"""Codes, shape (row, col), and left, top, right, bottom of them in pixels of the raster."""


class Composer(Protocol):
    """Who puts results together, as `LiveTraining` does."""

    def compose(self, name: str, view: Box) -> NDArray[Any] | None:
        """Return a result in a box."""


class PredictionPicture:
    """Which tiles are done, and what was painted last. Threads may share it.

    Parameters
    ----------
    shape : (rows, cols)
        Of the raster.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._done: dict[tuple[int, ...], tuple[Box, frozenset[str]]] = {}
        self._last: tuple[Any, NDArray[np.uint8]] | None = None
        self._lock = threading.Lock()

    def note_model(self) -> None:
        """Take note that there is a new model: all tiles are to be made anew."""
        with self._lock:
            self._done = {}

    def note_tile(self, box: Box, names: Collection[str]) -> None:
        """Take note that results of a tile are known."""
        with self._lock:
            self._done[_corner(box)] = box, frozenset(names)

    def count(self, view: Box, names: Collection[str]) -> tuple[int, int]:
        """Return how many tiles of a view are done, and how many there are."""
        corners = [_corner(tile) for tile in order_tiles(view, self._shape)]
        with self._lock:
            found = [self._done[corner][1] >= set(names) for corner in corners if corner in self._done]
        return sum(found), len(corners)

    def find_view(self, viewport: Viewport) -> Box | None:
        """Return the rows and columns that are seen; `NOWHERE` beside the raster, and None where it is too much to predict."""
        seen = viewport.clip(self._shape)
        if seen is None:
            return NOWHERE
        return None if seen.rows * seen.cols > MOST_PIXELS else seen.slices

    def compose(self, composer: Composer, viewport: Viewport, name: str, place: int | None = None) -> Composed | None:
        """Put together what is seen, each cell by the same pixel as in `read_view`.

        Where a tile is not predicted yet, what an older model said stays, as long as the view is the same: the picture changes
        tile by tile instead of vanishing by every stroke.

        Parameters
        ----------
        composer : LiveTraining
        viewport : Viewport
        name : "segmentation", "probability" or "uncertainty"
        place : int, optional
            Of the class whose probability is wanted.
        """
        seen = viewport.grown(MARGIN).clip(self._shape)
        if seen is None or self.find_view(viewport) is None:
            return None
        step = viewport.step
        first = seen.row // step, seen.col // step
        stop = -(-(seen.row + seen.rows) // step), -(-(seen.col + seen.cols) // step)
        rows, cols = (find_pixels(a, b, step, n) for a, b, n in zip(first, stop, self._shape, strict=True))
        codes = _gather(composer, name, place, rows, cols)
        key = name, place, step, first, stop
        with self._lock:
            # Asked only now, so that no tile of an older model is taken for one that is done.
            known = self._find_known(name, rows, cols)
            if self._last is not None and self._last[0] == key:
                codes = np.where(known, codes, self._last[1])
            self._last = key, codes
        return codes, (first[1] * step, first[0] * step, stop[1] * step, stop[0] * step)

    def _find_known(self, name: str, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[np.bool_]:
        known = np.zeros((len(rows), len(cols)), np.bool_)
        for box, names in self._done.values():
            if name in names:
                known[_locate(rows, box[0]), _locate(cols, box[1])] = True
        return known


def _gather(
    composer: Composer, name: str, place: int | None, rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.uint8]:
    codes = np.zeros((len(rows), len(cols)), np.uint8)
    across = slice(int(cols[0]), int(cols[-1]) + 1)
    start = 0
    while start < len(rows):
        stop = int(np.searchsorted(rows, rows[start] + _STRIP))
        some = rows[start:stop]
        found = composer.compose(name, (slice(int(some[0]), int(some[-1]) + 1), across))
        if found is not None:
            codes[start:stop] = pick(found if place is None else found[place], some - some[0], cols - cols[0])
        start = stop
    return codes


def _locate(pixels: NDArray[np.intp], part: slice) -> slice:
    return slice(*np.searchsorted(pixels, [part.start, part.stop]).tolist())


def _corner(box: Box) -> tuple[int, ...]:
    return tuple(part.start for part in box)
