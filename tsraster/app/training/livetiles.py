"""Tiles of predictions: in which order they are made, how long they are kept, and which place in them is uncertain."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.pipeline.learning.scenes import Box, locate
from tsraster.pipeline.learning.uncertainplaces import UncertainPlace, UncertaintyGrid

TILE = 256
"""Rows and columns of a tile; those at the end of a raster may be smaller."""

RESULTS = ("segmentation", "probability", "uncertainty")
"""Codes (row, col); uint8 (class, row, col) and (row, col), where 255 is 1. Pixels without data are 0 in all of them."""

Results = Mapping[str, NDArray[Any]]
_MOST_PLACES = 64


def order_tiles(view: Box, shape: Sequence[int], *, around: int = 0) -> list[Box]:
    """Return the tiles that show in a view, those in its middle first.

    Parameters
    ----------
    view : box
        Rows and columns; may reach beyond the raster.
    shape : (row, col)
        Of the raster.
    around : int
        So many more tiles on each side.

    Examples
    --------
    >>> order_tiles((slice(0, 300), slice(0, 200)), (1000, 280))
    [(slice(0, 256, None), slice(0, 256, None)), (slice(256, 512, None), slice(0, 256, None))]
    """
    ranges = []
    for part, size in zip(view, shape, strict=True):
        first, last = max(0, part.start), min(size, part.stop)
        if first >= last:
            return []
        ranges.append(range(max(0, first // TILE - around), min(-(-size // TILE), -(-last // TILE) + around)))
    middle = [(part.start + part.stop) / 2 for part in view]

    def distance(place: tuple[int, int]) -> float:
        return math.dist([(number + 0.5) * TILE for number in place], middle)

    places = sorted(((row, col) for row in ranges[0] for col in ranges[1]), key=distance)
    return [tuple(slice(n * TILE, min((n + 1) * TILE, size)) for n, size in zip(p, shape, strict=True)) for p in places]


def shrink_results(found: Results) -> dict[str, NDArray[Any]]:
    """Return what a `PredictJob` found in eight bits where it is a share: what is seen needs no more, and is sent sooner."""
    names = {"probabilities": "probability"}
    return {
        names.get(name, name): values if values.dtype.kind == "u" else _to_bytes(values)
        for name, values in found.items()
    }


def _to_bytes(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.nan_to_num(shares) * np.float32(255)), np.uint8)


@dataclass(kw_only=True, eq=False)
class TileStore:
    """Results of one model by tile, of which those that were not used for the longest time go first. Threads may share it."""

    most_bytes: int = 80_000_000
    _kept: OrderedDict[tuple[int, ...], tuple[Box, Results]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget all: there is a new model."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def put(self, box: Box, results: Results) -> None:
        """Keep the results of a tile."""
        with self._lock:
            self._drop(_key(box))
            self._kept[_key(box)] = box, results
            self._bytes += _count_bytes(results)
            while self._bytes > self.most_bytes and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[int, ...]) -> None:
        if key in self._kept:
            self._bytes -= _count_bytes(self._kept.pop(key)[1])

    def find(self, box: Box) -> Results | None:
        """Return the results of a tile, if they are kept."""
        with self._lock:
            if _key(box) not in self._kept:
                return None
            self._kept.move_to_end(_key(box))
            return self._kept[_key(box)][1]

    def list_within(self, view: Box | None) -> list[tuple[Box, Results]]:
        """Return the tiles that show in a view, or all that are kept."""
        with self._lock:
            return [pair for pair in self._kept.values() if view is None or _overlap(pair[0], view) is not None]

    def compose(self, name: str, view: Box) -> NDArray[Any] | None:
        """Put together a result of a view, 0 where it is not known; None where nothing is."""
        pieces = [(box, results[name]) for box, results in self.list_within(view) if name in results]
        if not pieces:
            return None
        first = pieces[0][1]
        whole = np.zeros((*first.shape[:-2], *(part.stop - part.start for part in view)), first.dtype)
        for box, values in pieces:
            shared = _overlap(box, view)
            if shared is not None:
                there: Any = (..., *locate(shared, view))
                here: Any = (..., *locate(shared, box))
                whole[there] = values[here]
        return whole

    def list_uncertain(self, view: Box | None) -> list[UncertainPlace]:
        """Return the most uncertain place of each of many cells, the most uncertain cell first."""
        places = [place for box, results in self.list_within(view) for place in _list_places(box, results)]
        return sorted(places, key=lambda place: (-place.uncertainty, place.row, place.col))


def _key(box: Box) -> tuple[int, ...]:
    return tuple(part.start for part in box)


def _count_bytes(results: Results) -> int:
    return sum(values.nbytes for values in results.values())


def _overlap(one: Box, other: Box) -> Box | None:
    shared = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return shared if all(part.start < part.stop for part in shared) else None


def _list_places(box: Box, results: Results) -> Iterator[UncertainPlace]:
    if "uncertainty" not in results:
        return
    uncertainty = results["uncertainty"]
    shares = np.where(results["segmentation"] > 0, uncertainty / np.float32(255), np.float32(np.nan))
    grid = UncertaintyGrid(shape=uncertainty.shape)
    grid.add(tuple(slice(0, size) for size in uncertainty.shape), shares.astype(np.float32))
    for place in grid.list_places(_MOST_PLACES):
        yield UncertainPlace(row=place.row + box[0].start, col=place.col + box[1].start, uncertainty=place.uncertainty)
