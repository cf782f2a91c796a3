"""`PieceCache`: what was decimated last, kept so that a picture that is moved a little is not read anew."""

from __future__ import annotations

import threading
from collections import OrderedDict

from tsraster.raster import Pixels


class PieceCache:
    """The pieces of rasters that were decimated last, up to a number of bytes; safe to use from many threads."""

    def __init__(self, most_bytes: int = 32 * 2**20) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._pieces: OrderedDict[object, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: object) -> Pixels | None:
        """Return a piece; None where it is not kept."""
        with self._lock:
            if key in self._pieces:
                self._pieces.move_to_end(key)
            return self._pieces.get(key)

    def keep(self, key: object, piece: Pixels) -> None:
        """Keep a piece, and let go of those that were not used for longest."""
        with self._lock:
            self.bytes += _count_bytes(piece) - _count_bytes(self._pieces.pop(key, None))
            self._pieces[key] = piece
            while self.bytes > self.most_bytes:
                self.bytes -= _count_bytes(self._pieces.popitem(last=False)[1])


def _count_bytes(piece: Pixels | None) -> int:
    return 0 if piece is None else piece.data.nbytes + piece.valid.nbytes
