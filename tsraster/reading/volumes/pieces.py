"""`PieceReader`: planes that lie in files as they are in memory, read where they are wanted and never mapped."""

from __future__ import annotations

import io
import itertools
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingSourceError, ReadError
from tsraster.reading.volumes.elementtypes import make_native
from tsraster.volume import Shape


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Planes at equal distances in one file."""

    path: str
    offset: int
    """Bytes before the first."""
    planes: int
    stride: int
    """Bytes from the start of a plane to that of the next."""


class PieceReader:
    """Read planes at known places of files.

    Parameters
    ----------
    name : str
        What was opened, for messages.
    pieces : sequence of Piece
        In the order of the planes.
    shape : (planes, rows, cols)
        Of the volume.
    dtype : numpy dtype
        With the byte order of the files.

    Raises
    ------
    ReadError
        A file is too short, or not there.

    Notes
    -----
    Each call opens the file for itself: so any number of threads may read at once and other processes too, and what is read is
    copied once, into the array that is returned. A file that is mapped would count as memory of this process.
    """

    def __init__(self, name: str, pieces: Sequence[Piece], shape: Shape, dtype: np.dtype[Any]) -> None:
        self.name, self.pieces, self.shape, self.dtype = name, tuple(pieces), shape, dtype
        self._plane_bytes = shape[1] * shape[2] * dtype.itemsize
        self._starts = [0, *itertools.accumulate(piece.planes for piece in pieces)]
        for path, own in itertools.groupby(self.pieces, key=lambda piece: piece.path):
            self._check_size(path, max(p.offset + (p.planes - 1) * p.stride for p in own) + self._plane_bytes)

    def _check_size(self, path: str, needed: int) -> None:
        size = measure_file(path)
        if size < needed:
            raise ReadError(
                f"{path} is cut off: it has {size} bytes, and {needed} are needed for {describe_shape(self.shape, self.dtype)}"
            )

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        planes = np.empty((max(0, stop - start), *self.shape[1:]), self.dtype)
        target = planes.reshape(-1).view(np.uint8).data
        parts = self._list_parts(start, stop)
        try:
            for path, own in itertools.groupby(parts, key=lambda part: part[0]):
                with open(path, "rb", buffering=0) as file:
                    for _, place, first, size in own:
                        _fill(file, place, target[first : first + size])
        except (OSError, EOFError) as error:
            raise ReadError(f"{self.name} cannot be read further: {error}") from None
        return np.asarray(make_native(planes))

    def _list_parts(self, start: int, stop: int) -> Iterator[tuple[str, int, int, int]]:
        """Yield path, place in the file, place in the array, and size of what can be read in one go."""
        plane, size = start, self._plane_bytes
        while plane < stop:
            i = bisect_right(self._starts, plane) - 1
            piece, first = self.pieces[i], plane - self._starts[i]
            count = min(stop - plane, piece.planes - first) if piece.stride == size else 1
            yield piece.path, piece.offset + first * piece.stride, (plane - start) * size, count * size
            plane += count

    def close(self) -> None:
        """Do nothing: no file stays open."""


def _fill(file: io.FileIO, place: int, target: memoryview) -> None:
    file.seek(place)
    while target:
        count = file.readinto(target)
        if not count:
            raise EOFError("it has become shorter since it was opened")
        target = target[count:]


def measure_file(path: str) -> int:
    """Return the bytes of a file.

    Raises
    ------
    MissingSourceError, ReadError
        It does not exist, or is a folder.
    """
    if not os.path.lexists(path):
        raise MissingSourceError(f"{path} does not exist")
    if not os.path.isfile(path):
        raise ReadError(f"{path} is no file")
    return os.path.getsize(path)


def describe_shape(shape: Sequence[int], dtype: Any = "") -> str:
    """Return such as ``200 x 200 x 200 voxels of uint8``."""
    text = " x ".join(map(str, shape)) + " voxels"
    return f"{text} of {np.dtype(dtype).newbyteorder('=').name}" if dtype else text
