"""`LabelBoard`: labels that are drawn, erased, filled, locked, undone and redone, while others read them."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tsraster.app.labels.floodfill import find_region
from tsraster.app.labels.labeltiles import TILE, Codes, LabelTiles, Patch, Place, find_window, list_places, share
from tsraster.app.labels.strokes import Stroke, check_code, cover_bands, join_windows
from tsraster.errors import UsageError
from tsraster.raster import Window

MOST_CHANGES = 1000
MOST_BYTES = 256 * 2**20
"""Of changes that can be undone: as many as this, the last one in any case."""

Change = Mapping[Place, Patch]

Part = tuple[Place, NDArray[np.bool_]]
"""A tile, and which of its pixels."""


class LabelBoard:
    """The labels of a raster, in sparse tiles.

    Any thread may call any method. Each change returns the window that holds the changed pixels, or None if none changed; a
    change of nothing cannot be undone, and leaves what was undone to be redone. Tiles are replaced and never changed, so
    that `snapshot` costs next to nothing, and what it returns stays as it was.

    Parameters
    ----------
    shape : (rows, cols)
        Of the raster.

    Examples
    --------
    >>> board = LabelBoard((100, 100))
    >>> board.draw(Stroke(2, 3, ((10.5, 20.5), (12.5, 20.5))))
    Window(row=19, col=9, rows=3, cols=5)
    >>> board.counts()
    {2: 15}
    >>> board.undo()
    Window(row=19, col=9, rows=3, cols=5)
    >>> board.counts()
    {}
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = (int(shape[0]), int(shape[1]))
        self._lock = threading.RLock()
        self._tiles: dict[Place, Codes] = {}
        self._locked: set[int] = set()
        self._done: deque[Change] = deque()
        self._undone: list[Change] = []
        self._bytes = 0
        self._version = 0
        self._counts = np.zeros(256, np.int64)
        self._snapshot = LabelTiles(shape=self._shape)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the raster."""
        return self._shape

    @property
    def version(self) -> int:
        """A number that grows by every change of labels."""
        return self._version

    @property
    def locked(self) -> frozenset[int]:
        """The classes whose pixels are neither drawn over nor erased."""
        with self._lock:
            return frozenset(self._locked)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to redo."""
        return bool(self._undone)

    def draw(self, stroke: Stroke) -> Window | None:
        """Draw a stroke, or erase by one whose code is 0."""
        with self._lock:
            return self._commit(self._put(self._list_parts(stroke), np.uint8(stroke.code)))

    def fill(self, x: float, y: float, code: int) -> Window | None:
        """Fill the region around a place with a class, or erase it with 0.

        The region is that of `floodfill.find_region`: pixels of the same label as the one at (x, y), connected by their sides.

        Raises
        ------
        UsageError
            The region is not enclosed, or is of a locked class; or the place is outside of the raster.
        """
        check_code(code, least=0)
        row, col = self._find_pixel(x, y)
        with self._lock:
            before = int(self._read_tile((row // TILE, col // TILE))[row % TILE, col % TILE])
            if before == code:
                return None
            self._check_unlocked(before)
            return self._commit(self._put(find_region(self.snapshot(), row, col).items(), np.uint8(code)))

    def paste(self, tiles: Mapping[Place, Codes]) -> Window | None:
        """Put labels of whole tiles over those that are there, as one change; 0 leaves what is there, as do locked classes.

        Raises
        ------
        UsageError
            A tile lies outside of the raster, or is of another size or type.
        """
        for place, codes in tiles.items():
            self._check_tile(place, codes)
        with self._lock:
            return self._commit(
                patch for place in sorted(tiles) for patch in self._put([(place, tiles[place] > 0)], tiles[place])
            )

    def remove_class(self, code: int) -> Window | None:
        """Erase all labels of a class.

        Raises
        ------
        UsageError
            It is locked.
        """
        check_code(code)
        with self._lock:
            self._check_unlocked(code)
            return self._commit(self._put(self._select(lambda codes: codes == code), np.uint8(0)))

    def clear(self) -> Window | None:
        """Erase all labels but those of locked classes."""
        with self._lock:
            return self._commit(self._put(self._select(lambda codes: codes > 0), np.uint8(0)))

    def lock(self, code: int) -> None:
        """Let no pixel of a class be drawn over or erased; more of them can be drawn, and undo and redo go on."""
        check_code(code)
        with self._lock:
            self._locked.add(int(code))

    def unlock(self, code: int) -> None:
        """Let pixels of a class be drawn over and erased again."""
        check_code(code)
        with self._lock:
            self._locked.discard(int(code))

    def undo(self) -> Window | None:
        """Take the last change back."""
        with self._lock:
            if not self._done:
                return None
            change = self._done.pop()
            self._bytes -= _weigh(change)
            self._undone.append(change)
            return self._apply(change, back=True)

    def redo(self) -> Window | None:
        """Do once more what was undone last."""
        with self._lock:
            if not self._undone:
                return None
            change = self._undone.pop()
            self._remember(change)
            return self._apply(change, back=False)

    def snapshot(self) -> LabelTiles:
        """Return all labels as they are now; they stay so whatever is drawn."""
        with self._lock:
            if self._snapshot.version != self._version:
                self._snapshot = LabelTiles(shape=self._shape, tiles=dict(self._tiles), version=self._version)
            return self._snapshot

    def read(self, window: Window) -> Codes:
        """Return the labels of a window; see `LabelTiles.read`."""
        return self.snapshot().read(window)

    def read_decimated(self, window: Window, step: int) -> Codes:
        """Return the labels of a window in cells of `step` by `step` pixels; see `LabelTiles.read_decimated`."""
        return self.snapshot().read_decimated(window, step)

    def counts(self) -> dict[int, int]:
        """Return how many pixels each class has, by code; those without any are left out."""
        with self._lock:
            return {code: int(self._counts[code]) for code in range(1, 256) if self._counts[code]}

    def boxes(self) -> list[Window]:
        """Return the windows of the tiles with labels."""
        return self.snapshot().boxes()

    def _find_pixel(self, x: float, y: float) -> tuple[int, int]:
        if not (0 <= x < self._shape[1] and 0 <= y < self._shape[0]):
            raise UsageError(
                f"column {x}, row {y} is outside of the raster, which has {self._shape[1]} columns and {self._shape[0]} rows"
            )
        return math.floor(y), math.floor(x)

    def _check_unlocked(self, code: int) -> None:
        if code in self._locked:
            raise UsageError(f"class {code} is locked; unlock it first")

    def _check_tile(self, place: Place, codes: Codes) -> None:
        window = find_window(place, self._shape)
        if min(place) < 0 or codes.shape != (window.rows, window.cols) or codes.dtype != np.uint8:
            raise UsageError(
                f"labels of {codes.dtype} and of the shape {codes.shape} are no tile {place} of this raster"
            )

    def _read_tile(self, place: Place) -> Codes:
        found = self._tiles.get(place)
        if found is not None:
            return found
        window = find_window(place, self._shape)
        return np.zeros((window.rows, window.cols), np.uint8)

    def _list_parts(self, stroke: Stroke) -> Iterator[Part]:
        """Yield the tiles that a stroke may cover, and which of their pixels."""
        for window, covered in cover_bands(stroke, self._shape):
            for place in list_places(window):
                tile = find_window(place, self._shape)
                shared = share(tile, window)
                part = covered[shared.inside(window)]
                if part.any():
                    mask = np.zeros((tile.rows, tile.cols), np.bool_)
                    mask[shared.inside(tile)] = part
                    yield place, mask

    def _select(self, choose: Callable[[Codes], NDArray[np.bool_]]) -> Iterator[Part]:
        return ((place, choose(codes)) for place, codes in sorted(self._tiles.items()))

    def _put(self, parts: Iterable[Part], after: Codes | np.uint8) -> Iterator[tuple[Place, Patch]]:
        """Yield what putting labels on pixels of tiles changes; pixels of locked classes are left as they are."""
        for place, mask in parts:
            before = self._read_tile(place)
            if self._locked:
                mask = mask & ~np.isin(before, list(self._locked))
            patch = Patch.of(before, mask, after)
            if patch is not None:
                yield place, patch

    def _commit(self, patches: Iterator[tuple[Place, Patch]]) -> Window | None:
        change = dict(patches)
        if not change:
            return None
        self._undone.clear()
        self._remember(change)
        return self._apply(change, back=False)

    def _remember(self, change: Change) -> None:
        self._done.append(change)
        self._bytes += _weigh(change)
        while len(self._done) > 1 and (len(self._done) > MOST_CHANGES or self._bytes > MOST_BYTES):
            self._bytes -= _weigh(self._done.popleft())

    def _apply(self, change: Change, *, back: bool) -> Window:
        for place, patch in change.items():
            before = self._read_tile(place)
            after = patch.put(before, back=back)
            after.setflags(write=False)
            counts = patch.count(before.size)
            self._counts += -counts if back else counts
            if after.any():
                self._tiles[place] = after
            else:
                del self._tiles[place]
        self._version += 1
        return join_windows([_find_changed(place, patch, self._shape) for place, patch in change.items()])


def _weigh(change: Change) -> int:
    return sum(patch.nbytes for patch in change.values())


def _find_changed(place: Place, patch: Patch, shape: tuple[int, int]) -> Window:
    """Return the box of the changed pixels of a tile."""
    tile = find_window(place, shape)
    if patch.at is None:
        return tile
    rows, cols = np.divmod(patch.at, np.uint16(tile.cols))
    top, left = int(rows.min()), int(cols.min())
    return Window(
        row=tile.row + top, col=tile.col + left, rows=int(rows.max()) - top + 1, cols=int(cols.max()) - left + 1
    )
