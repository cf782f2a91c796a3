"""Labels as polygons: one for each connected piece, along the sides of its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.app.labels.labeltiles import LabelTiles
from tsraster.errors import UsageError

MOST_LABELED = 2**23
"""Pixels that polygons are made of."""

Ring = NDArray[np.int64]
"""Corners, columns before rows, shape (N, 2); the first one stands there once."""

_STEPS = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
"""Along the upper, right, lower and left side of a pixel, with the pixel to the right hand: columns before rows."""

_BEGINS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
"""Where these sides begin."""

_NEIGHBORS = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""Columns and rows to the pixel beyond them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelPolygon:
    """A connected piece of a class."""

    code: int
    rings: tuple[Ring, ...]
    """The outline, and then the holes."""


def trace_labels(labels: LabelTiles) -> list[LabelPolygon]:
    """Return the pieces of labels that are connected by the sides of their pixels, by rows and columns of their first pixel.

    A hole that touches the outline, or another hole, by a corner is a ring of its own, so that no ring crosses or touches itself.

    Raises
    ------
    UsageError
        More than `MOST_LABELED` pixels have labels.

    Examples
    --------
    >>> labels = LabelTiles(shape=(3, 4), tiles={(0, 0): np.array([[0, 5, 5, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.uint8)})
    >>> [(one.code, [ring.tolist() for ring in one.rings]) for one in trace_labels(labels)]
    [(5, [[[3, 0], [3, 1], [1, 1], [1, 0]]])]
    """
    place, codes = _list_pixels(labels)
    if not len(place):
        return []
    width = labels.shape[1] + 2
    beside = [_look_beside(place, codes, col + row * width) for col, row in _NEIGHBORS]
    piece = _number_pieces(beside)
    rings: dict[int, list[Ring]] = {}
    for owner, ring in _list_rings(place, piece, beside, width):
        rings.setdefault(owner, []).append(ring)
    first = np.unique(piece, return_index=True)[1]
    return [
        LabelPolygon(code=int(codes[at]), rings=tuple(sorted(rings[number], key=_is_hole)))
        for number, at in sorted(enumerate(first.tolist()), key=lambda item: item[1])
    ]


def _list_pixels(labels: LabelTiles) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where labels are, counted along rows that are two pixels longer than the raster's, and their codes."""
    total = sum(labels.counts().values())
    if total > MOST_LABELED:
        raise UsageError(
            f"{total} pixels with labels are too many for polygons; write a label raster, such as labels.tif"
        )
    places, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for key, tile in labels.tiles.items():
        window = labels.window(key)
        row, col = np.nonzero(tile)
        places.append((row + window.row) * (labels.shape[1] + 2) + col + window.col + 1)
        codes.append(tile[row, col])
    place, code = np.concatenate(places), np.concatenate(codes)
    order = np.argsort(place)
    return place[order], code[order]


def _look_beside(place: NDArray[np.int64], codes: NDArray[np.uint8], step: int) -> NDArray[np.int32]:
    """Return the number of the pixel of the same label one step away, -1 where there is none."""
    at = np.minimum(np.searchsorted(place, place + step), len(place) - 1)
    return np.where((place[at] == place + step) & (codes[at] == codes), at, -1).astype(np.int32)


def _number_pieces(beside: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Pixels of a row that are connected are one node: there are many more pixels than such runs.
    run = np.cumsum(beside[3] < 0, dtype=np.int32) - 1
    upper = np.flatnonzero(beside[2] >= 0)
    ends = run[upper], run[beside[2][upper]]
    is_new = np.ones(len(upper), np.bool_)
    is_new[1:] = (np.diff(ends[0]) != 0) | (np.diff(ends[1]) != 0)
    rows, cols = (end[is_new] for end in ends)
    size = int(run[-1]) + 1
    graph = coo_array((np.ones(len(rows), np.bool_), (rows, cols)), shape=(size, size))
    numbers: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return numbers[run]


def _list_rings(
    place: NDArray[np.int64], piece: NDArray[np.int32], beside: list[NDArray[np.int32]], width: int
) -> Iterator[tuple[int, Ring]]:
    """Yield the rings around pieces: outlines with the sun, as rows are counted downwards, and holes against it."""
    sides = [np.flatnonzero(to < 0) for to in beside]
    pixel, side = np.concatenate(sides), np.repeat(np.arange(4), [len(one) for one in sides])
    corners = np.stack([place[pixel] % width - 1, place[pixel] // width], axis=1) + _BEGINS[side]
    ends = corners + _STEPS[side]
    following = _link(_number_corners(corners, width), _number_corners(ends, width), piece[pixel], side).tolist()
    owners, turns = piece[pixel].tolist(), side.tolist()
    is_new = [True] * len(owners)
    for start in range(len(owners)):
        ring, at = [], start
        while is_new[at]:
            is_new[at] = False
            after = following[at]
            if turns[after] != turns[at]:
                ring.append(after)
            at = after
        if ring:
            yield owners[start], corners[ring]


def _number_corners(corners: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    return corners[:, 1] * width + corners[:, 0]


def _link(
    begin: NDArray[np.int64], end: NDArray[np.int64], owner: NDArray[np.int32], side: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return which side of a pixel follows which: where two of the same piece begin, that to the left hand."""
    order = np.lexsort((side, begin, owner))
    keys = np.stack([owner[order], begin[order]], axis=1)
    is_first = np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)])
    starts = np.flatnonzero(is_first)
    by_end = np.lexsort((side, end, owner))
    # As many sides of a piece end in a corner as begin there, so that both orders have the same groups.
    counts = np.diff(np.append(starts, len(order)))
    following = np.empty(len(order), np.int64)
    following[by_end] = order
    for at in starts[counts == 2]:
        pair, ending = order[at : at + 2], by_end[at : at + 2]
        left = (side[ending] - 1) % 4
        following[ending] = pair if side[pair[0]] == left[0] else pair[::-1]
    return following


def _is_hole(ring: Ring) -> bool:
    x, y = ring.T
    return bool(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0)
