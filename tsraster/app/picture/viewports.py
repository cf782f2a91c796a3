"""`Viewport`: which part of a raster is seen and on how many screen pixels; `read_view` fetches it.

A view takes one pixel of each cell of step x step pixels, the same from the file and from an `Overview` of that step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsraster.app.picture.overview import Overview, find_cells, find_pixels, pick
from tsraster.app.picture.pieces import PieceCache as PieceCache
from tsraster.errors import UsageError
from tsraster.pipeline.blocks import block_work
from tsraster.raster import Pixels, Raster, Window

MOST_VALUES = 40_000_000
"""Pixels times bands that are read from a file for one view; the overview is used beyond, though it is coarser."""
_SHARPNESS = 1.5
"""At most so many pixels of a view fall on one of the screen."""
_PIECE_SIDE = 512
_WIDEST_STRIP = 8192
_TALLEST_TILE = 2048


class Box(NamedTuple):
    """A rectangle in image pixels: x to the right, y downwards, (0, 0) is the upper left corner of the raster."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """The part of a raster that is seen, and the screen that it is seen on.

    Raises
    ------
    UsageError
        An edge is not finite, or nothing is between the edges, or the screen has no pixels.

    Examples
    --------
    >>> viewport = Viewport(left=-20, top=0, right=2380, bottom=1600, width=1200, height=800)
    >>> viewport.step, viewport.clip((8000, 8000))
    (2, Window(row=0, col=0, rows=1600, cols=2380))
    >>> viewport.grown(0.25).box
    Box(left=-620.0, top=-400.0, right=2980.0, bottom=2000.0)
    """

    left: float
    """Edges in image pixels; they may lie beyond the raster."""
    top: float
    right: float
    bottom: float
    width: float
    """Of the screen, in its pixels."""
    height: float

    def __post_init__(self) -> None:
        edges = (self.left, self.top, self.right, self.bottom, self.width, self.height)
        if not all(map(math.isfinite, edges)) or self.right <= self.left or self.bottom <= self.top:
            raise UsageError(f"{self.box} cannot be seen; give finite edges, left < right and top < bottom")
        if self.width <= 0 or self.height <= 0:
            raise UsageError(
                f"a screen of {self.width} x {self.height} pixels shows nothing; give a width and height above 0"
            )

    @property
    def box(self) -> Box:
        """The edges, in image pixels."""
        return Box(self.left, self.top, self.right, self.bottom)

    @property
    def step(self) -> int:
        """The side of the cells of a view, in image pixels: the smallest that puts at most 1.5 of them on one screen pixel."""
        across, down = (self.right - self.left) / self.width, (self.bottom - self.top) / self.height
        # What is grown or moved keeps its step in spite of rounding.
        return max(1, math.ceil(math.sqrt(across) * math.sqrt(down) / math.sqrt(_SHARPNESS) - 1e-9))

    def clip(self, shape: tuple[int, int]) -> Window | None:
        """Return the whole pixels of a raster of `shape` that are seen at least in part; None where there are none."""
        top, bottom = _clip(self.top, self.bottom, shape[0])
        left, right = _clip(self.left, self.right, shape[1])
        if bottom <= top or right <= left:
            return None
        return Window(row=top, col=left, rows=bottom - top, cols=right - left)

    def grown(self, margin: float) -> Viewport:
        """Return it with `margin` times its size more on each side, on as much more screen, so that the step is the same."""
        across, down = margin * (self.right - self.left), margin * (self.bottom - self.top)
        return Viewport(
            left=self.left - across,
            top=self.top - down,
            right=self.right + across,
            bottom=self.bottom + down,
            width=self.width * (1 + 2 * margin),
            height=self.height * (1 + 2 * margin),
        )

    def is_within(self, box: Box, shape: tuple[int, int]) -> bool:
        """Whether all that is seen of a raster of `shape` lies in a box, such as that of a view, so that nothing need be read."""
        seen = self.clip(shape)
        return seen is None or (
            box.left <= seen.col
            and box.top <= seen.row
            and seen.col + seen.cols <= box.right
            and seen.row + seen.rows <= box.bottom
        )


def _clip(start: float, stop: float, length: int) -> tuple[int, int]:
    return math.floor(min(max(start, 0), length)), math.ceil(min(max(stop, 0), length))


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What is shown of a raster in a viewport."""

    pixels: Pixels
    """One for each cell: data of shape (band, row, col), valid of shape (row, col)."""
    box: Box
    """What the array covers; where the raster ends within a cell, it reaches beyond by less than a cell."""
    step: int
    """The side of a cell in image pixels."""
    is_complete: bool
    """False where the overview was not filled yet: read it again later."""


def read_view(
    raster: Raster,
    overview: Overview,
    viewport: Viewport,
    bands: Sequence[int] | None = None,
    *,
    most_values: int = MOST_VALUES,
    cache: PieceCache | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> View | None:
    """Read what is seen of a raster, with about as many pixels as the screen has.

    It is taken from the overview where that is fine enough, or where more than `most_values` would have to be read; else from the
    raster, in pieces that several threads read. With a step of 1 it is exactly ``raster.read(viewport.clip(raster.shape))``.

    Parameters
    ----------
    raster : Raster
        Of which the overview is.
    overview : Overview
        Waits while the raster is read.
    viewport : Viewport
    bands : sequence of int, optional
        Band numbers, counted from 1; those of the overview when None.
    most_values : int
        Pixels times bands; 0 for what can be had at once.
    cache : PieceCache, optional
        Other rasters may share it.
    cancelled : callable, optional
        Asked between pieces whether to stop.

    Returns
    -------
    View or None
        None where the raster is not in sight, or when cancelled.

    Raises
    ------
    BandError
        A band is not there.
    ReadError
        The file is damaged, or out of reach.
    """
    seen = viewport.clip(raster.shape)
    if seen is None:
        return None
    chosen = tuple(overview.bands if bands is None else (raster.band(number).number for number in bands))
    values = seen.rows * seen.cols * len(chosen)
    if overview.step <= viewport.step or values > most_values:
        return _view_overview(overview, _Grid.over(seen, max(viewport.step, overview.step), raster.shape), chosen)
    grid = _Grid.over(seen, viewport.step, raster.shape)
    with overview.paused():
        pixels = _read_pieces(raster, grid, chosen, cache, cancelled)
    return None if pixels is None else View(pixels=pixels, box=grid.box, step=grid.step, is_complete=True)


@dataclass(frozen=True, kw_only=True)
class _Grid:
    """Cells of a raster of `shape`, from a first row and column of cells up to those behind the last."""

    first: tuple[int, int]
    stop: tuple[int, int]
    step: int
    shape: tuple[int, int]

    @classmethod
    def over(cls, seen: Window, step: int, shape: tuple[int, int]) -> _Grid:
        stop = -(-(seen.row + seen.rows) // step), -(-(seen.col + seen.cols) // step)
        return cls(first=(seen.row // step, seen.col // step), stop=stop, step=step, shape=shape)

    @property
    def box(self) -> Box:
        (top, left), (bottom, right) = self.first, self.stop
        return Box(*(float(edge * self.step) for edge in (left, top, right, bottom)))

    @property
    def pixels(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The rows and columns that show the cells."""
        rows, cols = (
            find_pixels(a, b, self.step, n) for a, b, n in zip(self.first, self.stop, self.shape, strict=True)
        )
        return rows, cols


def _view_overview(overview: Overview, grid: _Grid, bands: Sequence[int]) -> View:
    rows, cols = (pixels // overview.step for pixels in grid.pixels)
    is_complete = overview.progress >= 1 or bool(pick(overview.filled, rows, cols).all())
    return View(pixels=overview.read(rows, cols, bands), box=grid.box, step=grid.step, is_complete=is_complete)


def _read_pieces(
    raster: Raster,
    grid: _Grid,
    bands: tuple[int, ...],
    cache: PieceCache | None,
    cancelled: Callable[[], bool] | None,
) -> Pixels | None:
    def fetch(window: Window) -> Pixels:
        key = (raster, bands, grid.step, window)
        piece = None if cache is None else cache.find(key)
        if piece is None:
            piece = _read_piece(raster, window, bands, grid.step)
            if cache is not None:
                cache.keep(key, piece)
        return piece

    shape = tuple(stop - first for first, stop in zip(grid.first, grid.stop, strict=True))
    whole: Pixels | None = None
    with block_work() as work:
        for window, piece in work.run_each(fetch, _plan_pieces(raster, grid)):
            if cancelled is not None and cancelled():
                return None
            if whole is None:
                data = np.zeros((len(bands), *shape), piece.data.dtype)
                whole = Pixels(data=data, valid=np.zeros(shape, np.bool_))
            _place(whole, grid, window, piece)
    return whole


def _plan_pieces(raster: Raster, grid: _Grid) -> list[Window]:
    """Return pieces of the raster that hold the pixels of a grid. They lie the same for any view, so that they can be kept."""
    rows, cols = grid.pixels
    (height, width), (high, wide) = raster.tile, raster.shape
    tall = height * max(1, _PIECE_SIDE // height) if height <= _TALLEST_TILE else _PIECE_SIDE
    broad = min(_WIDEST_STRIP, width) if width > _TALLEST_TILE else width * max(1, _PIECE_SIDE // width)
    return [
        Window(row=row, col=col, rows=min(tall, high - row), cols=min(broad, wide - col))
        for row in range(int(rows[0]) // tall * tall, int(rows[-1]) + 1, tall)
        for col in range(int(cols[0]) // broad * broad, int(cols[-1]) + 1, broad)
    ]


def _read_piece(raster: Raster, window: Window, bands: Sequence[int], step: int) -> Pixels:
    pixels = raster.read(window, bands)
    if step == 1:
        return pixels
    rows, cols = (
        find_pixels(*find_cells(start, start + size, step, length), step, length) - start
        for start, size, length in zip((window.row, window.col), (window.rows, window.cols), raster.shape, strict=True)
    )
    return Pixels(data=pick(pixels.data, rows, cols), valid=pick(pixels.valid, rows, cols))


def _place(whole: Pixels, grid: _Grid, window: Window, piece: Pixels) -> None:
    """Copy what a grid needs of the cells of a piece."""
    to, of = [], []
    for axis, (start, size) in enumerate(((window.row, window.rows), (window.col, window.cols))):
        first, stop = find_cells(start, start + size, grid.step, grid.shape[axis])
        low, high = max(first, grid.first[axis]), min(stop, grid.stop[axis])
        if low >= high:
            return
        to.append(slice(low - grid.first[axis], high - grid.first[axis]))
        of.append(slice(low - first, high - first))
    whole.data[:, *to], whole.valid[*to] = piece.data[:, *of], piece.valid[*of]
