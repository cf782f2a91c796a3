"""Fill of an enclosed region of labels, tile by tile: `find_region`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tsraster.app.labels.labeltiles import TILE, LabelTiles, Place
from tsraster.errors import UsageError

MOST_FILLED = 2**23
"""Pixels of a region that is filled at once."""

_Piece = tuple[Place, int]
"""A tile, and the number of a connected piece of it."""


def find_region(labels: LabelTiles, row: int, col: int, *, most: int = MOST_FILLED) -> dict[Place, NDArray[np.bool_]]:
    """Return the region around a pixel: those of the same label that are connected to it by their sides.

    A line of labels bounds it also where its pixels touch by their corners only. So does the border of the raster, as in programs
    for painting, because grains are cut by it; but a region without labels that reaches all four sides of the raster is
    what is outside of all outlines, and is no enclosed one.

    Returns
    -------
    mapping of tiles to arrays of bool, shape (row, col)
        True in the region.

    Raises
    ------
    UsageError
        The region is not enclosed, or has more than `most` pixels.
    """
    target = int(labels.tile((row // TILE, col // TILE))[row % TILE, col % TILE])
    flood = _Flood(labels, target)
    first = (row // TILE, col // TILE)
    queue = [(first, int(flood.number(first)[row % TILE, col % TILE]))]
    found: dict[Place, NDArray[np.bool_]] = {}
    reached, count, sides = set(queue), 0, set[str]()
    while queue:
        place, piece = queue.pop()
        mask = flood.number(place) == piece
        found[place] = found[place] | mask if place in found else mask
        count += int(np.count_nonzero(mask))
        sides |= flood.list_sides(place, mask)
        _check_enclosed(target, count, sides, most)
        fresh = set(flood.list_neighbors(place, mask)) - reached
        reached |= fresh
        queue += sorted(fresh)
    return found


def _check_enclosed(target: int, count: int, sides: set[str], most: int) -> None:
    if not target and len(sides) == 4:
        raise UsageError(
            "the region is not enclosed: it reaches all four sides of the raster; close its outline, and fill again"
        )
    if count > most:
        raise UsageError(f"the region is not enclosed within {most} pixels; close its outline, or divide it by a line")


class _Flood:
    """The connected pieces of one label, in each tile that is asked for."""

    def __init__(self, labels: LabelTiles, target: int) -> None:
        self._labels, self._target = labels, target
        self._numbers: dict[Place, NDArray[np.uint16]] = {}

    def number(self, place: Place) -> NDArray[np.uint16]:
        """Return the number of the piece of each pixel of a tile, from 1; 0 is another label."""
        if place not in self._numbers:
            self._numbers[place] = self._number(place)
        return self._numbers[place]

    def _number(self, place: Place) -> NDArray[np.uint16]:
        from scipy.ndimage import label

        window = self._labels.window(place)
        if place not in self._labels.tiles:
            # One number for all of the tile takes no memory.
            return np.broadcast_to(np.uint16(self._target == 0), (window.rows, window.cols))
        numbers = np.zeros((window.rows, window.cols), np.uint16)
        label(self._labels.tiles[place] == self._target, output=numbers)
        return numbers

    def list_sides(self, place: Place, mask: NDArray[np.bool_]) -> set[str]:
        """Return which sides of the raster a piece touches."""
        rows, cols = self._labels.shape
        window = self._labels.window(place)
        at: Mapping[str, tuple[bool, NDArray[np.bool_]]] = {
            "top": (window.row == 0, mask[0]),
            "bottom": (window.row + window.rows == rows, mask[-1]),
            "left": (window.col == 0, mask[:, 0]),
            "right": (window.col + window.cols == cols, mask[:, -1]),
        }
        return {side for side, (is_outer, edge) in at.items() if is_outer and edge.any()}

    def list_neighbors(self, place: Place, mask: NDArray[np.bool_]) -> Iterator[_Piece]:
        """Yield the pieces of the tiles around that share a side with a piece."""
        rows, cols = self._labels.shape
        for step, edge, facing in (
            ((-1, 0), mask[0], np.s_[-1]),
            ((1, 0), mask[-1], np.s_[0]),
            ((0, -1), mask[:, 0], np.s_[:, -1]),
            ((0, 1), mask[:, -1], np.s_[:, 0]),
        ):
            beside = (place[0] + step[0], place[1] + step[1])
            if edge.any() and 0 <= beside[0] * TILE < rows and 0 <= beside[1] * TILE < cols:
                numbers = self.number(beside)[facing][edge]
                yield from ((beside, int(number)) for number in np.unique(numbers[numbers > 0]))
