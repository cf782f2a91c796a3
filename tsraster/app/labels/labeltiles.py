"""`LabelTiles`: labels of a raster at one moment, in tiles that never change; and `Patch`, what a change did to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.raster import Window

TILE = 256
"""Rows and columns of a tile."""

Place = tuple[int, int]
"""Row and column of a tile, counted in tiles."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelTiles:
    """Labels at one moment. Any thread may read them, for as long as it likes: they never change.

    Examples
    --------
    >>> tiles = LabelTiles(shape=(300, 300), tiles={(1, 1): np.full((44, 44), 7, np.uint8)})
    >>> tiles.read(Window(row=254, col=254, rows=4, cols=4))
    array([[0, 0, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 7, 7],
           [0, 0, 7, 7]], dtype=uint8)
    """

    shape: tuple[int, int]
    """Rows and columns of the raster."""
    tiles: Mapping[Place, Codes] = field(default_factory=dict, repr=False)
    """Those with labels; shape (row, col) as far as the raster reaches."""
    version: int = 0
    """Of the board at that moment."""

    def window(self, place: Place) -> Window:
        """Return the window of a tile."""
        return find_window(place, self.shape)

    def tile(self, place: Place) -> Codes:
        """Return the labels of a tile, be there any or not."""
        found = self.tiles.get(place)
        if found is not None:
            return found
        window = self.window(place)
        return np.zeros((window.rows, window.cols), np.uint8)

    def read(self, window: Window) -> Codes:
        """Return the labels of a window, 0 where there are none; uint8, shape (row, col).

        Raises
        ------
        UsageError
            The window reaches out of the raster.
        """
        self._check_window(window)
        codes = np.zeros((window.rows, window.cols), np.uint8)
        for tile, shared, tile_codes in self._list_parts(window):
            codes[shared.inside(window)] = tile_codes[shared.inside(tile)]
        return codes

    def read_decimated(self, window: Window, step: int) -> Codes:
        """Return the labels of a window in cells of `step` by `step` pixels, the last ones perhaps smaller.

        A cell shows a label if any of its pixels has one, so that a thin line does not vanish; of several the one of the highest
        code.

        Returns
        -------
        array of uint8, shape (ceil(rows / step), ceil(cols / step))

        Raises
        ------
        UsageError
            The window reaches out of the raster, or the step is below 1.
        """
        self._check_window(window)
        if step < 1:
            raise UsageError(f"labels cannot be read in cells of {step} pixels; give 1 or more")
        cells = np.zeros((-(-window.rows // step), -(-window.cols // step)), np.uint8)
        for tile, shared, tile_codes in self._list_parts(window):
            part = tile_codes[shared.inside(tile)]
            rows, cols = shared.inside(window)
            part = _reduce(_reduce(part, rows, step).T, cols, step).T
            box = tuple(slice(slot.start // step, (slot.stop - 1) // step + 1) for slot in (rows, cols))
            np.maximum(cells[box], part, out=cells[box])
        return cells

    def counts(self) -> dict[int, int]:
        """Return how many pixels each class has, by code; those without any are left out."""
        total = sum(
            (np.bincount(codes.ravel(), minlength=256) for codes in self.tiles.values()), np.zeros(256, np.int64)
        )
        return {code: int(total[code]) for code in range(1, 256) if total[code]}

    def boxes(self) -> list[Window]:
        """Return the windows of the tiles with labels, by rows and columns; only there need anything be computed."""
        return [self.window(place) for place in sorted(self.tiles)]

    def _check_window(self, window: Window) -> None:
        rows, cols = self.shape
        bottom, right = window.row + window.rows, window.col + window.cols
        if not (0 <= window.row <= bottom <= rows and 0 <= window.col <= right <= cols):
            raise UsageError(
                f"rows {window.row} to {bottom} and columns {window.col} to {right} reach out of a raster of {rows} x {cols}"
            )

    def _list_parts(self, window: Window) -> Iterator[tuple[Window, Window, Codes]]:
        """Yield the tiles with labels in a window: where they lie, what they share with it, and their labels."""
        wanted = list_places(window)
        places = wanted if len(wanted) < len(self.tiles) else sorted(self.tiles.keys() & set(wanted))
        for place in places:
            codes = self.tiles.get(place)
            if codes is not None:
                tile = self.window(place)
                yield tile, share(tile, window), codes


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """What a change did to a tile."""

    at: NDArray[np.uint16] | None
    """Which pixels, counted along the rows, shape (N,); None for all of the tile."""
    before: Codes
    """Their labels, shape (N,), or () where all are the same."""
    after: Codes

    @classmethod
    def of(cls, before: Codes, mask: NDArray[np.bool_], after: Codes | np.uint8) -> Patch | None:
        """Put a code, or those of another tile, on the pixels of a mask; None if that changes nothing."""
        changed = np.flatnonzero(mask & (before != after))
        if not len(changed):
            return None
        at = None if len(changed) == before.size else changed.astype(np.uint16)
        fresh = np.asarray(after) if np.ndim(after) == 0 else _shrink(np.ravel(after)[changed])
        return cls(at=at, before=_shrink(before.ravel()[changed]), after=fresh)

    def count(self, pixels: int) -> NDArray[np.int64]:
        """Return by how many pixels each code becomes more, in a tile of so many pixels; shape (256,)."""
        changed = pixels if self.at is None else len(self.at)
        more, less = (
            np.bincount(np.broadcast_to(codes, changed), minlength=256) for codes in (self.after, self.before)
        )
        return more - less

    @property
    def nbytes(self) -> int:
        """Of memory."""
        return self.before.nbytes + self.after.nbytes + (0 if self.at is None else self.at.nbytes)

    def put(self, tile: Codes, *, back: bool) -> Codes:
        """Return a tile with the change done once more, or taken back."""
        changed = tile.copy()
        changed.reshape(-1)[slice(None) if self.at is None else self.at] = self.before if back else self.after
        return changed


def find_window(place: Place, shape: tuple[int, int]) -> Window:
    """Return the window of a tile of a raster of `shape`."""
    row, col = place[0] * TILE, place[1] * TILE
    return Window(row=row, col=col, rows=min(TILE, shape[0] - row), cols=min(TILE, shape[1] - col))


def list_places(window: Window) -> list[Place]:
    """Return the tiles that share pixels with a window."""
    rows = range(window.row // TILE, -(-(window.row + window.rows) // TILE))
    cols = range(window.col // TILE, -(-(window.col + window.cols) // TILE))
    return [(row, col) for row in rows for col in cols] if window.rows and window.cols else []


def share(one: Window, other: Window) -> Window:
    """Return the pixels that two windows, which do share some, have in common."""
    row, col = max(one.row, other.row), max(one.col, other.col)
    bottom, right = min(one.row + one.rows, other.row + other.rows), min(one.col + one.cols, other.col + other.cols)
    return Window(row=row, col=col, rows=bottom - row, cols=right - col)


def _reduce(part: Codes, slot: slice, step: int) -> Codes:
    """Return the highest code of each cell along rows, which lie at a slice of a window; shape (cell, col)."""
    before = slot.start % step
    cells = (slot.stop - 1) // step - slot.start // step + 1
    if cells == 1:
        highest: Codes = part.max(axis=0, keepdims=True)
        return highest
    padded = np.zeros((cells * step, part.shape[1]), np.uint8)
    padded[before : before + len(part)] = part
    reduced: Codes = padded.reshape(cells, step, -1).max(axis=1)
    return reduced


def _shrink(codes: Codes) -> Codes:
    return codes[0].reshape(()) if (codes == codes[0]).all() else codes
