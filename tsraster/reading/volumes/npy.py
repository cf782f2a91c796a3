"""NumPy's own file of one array (.npy)."""

from __future__ import annotations

from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npyformat
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.reading.volumes.arrays import find_axes, take_sides
from tsraster.reading.volumes.elementtypes import check_type, make_native
from tsraster.reading.volumes.pieces import Piece, PieceReader
from tsraster.volume import PlaneReader, Shape, Volume

_ROUND_BYTES = 2**24
_PLANES_AT_ONCE = 64
"""So many planes are best read together where the order of the file is not that of planes: each time all of it is read."""


def open_npy(path: str) -> Volume:
    """Open an array; see `tsraster.reading.volumes.open_volume`."""
    sides, is_fortran, dtype, start = _read_header(path)
    name = check_type(dtype, path)
    shape = take_sides(sides, find_axes(path, sides))
    dtype = np.dtype(np.uint8).newbyteorder("=") if dtype.kind == "b" else dtype
    plane = shape[1] * shape[2] * dtype.itemsize
    reader: PlaneReader
    if is_fortran:
        reader = ColumnReader(path, start, shape, dtype)
    else:
        reader = PieceReader(path, [Piece(path=path, offset=start, planes=shape[0], stride=plane)], shape, dtype)
    planes = min(shape[0], _PLANES_AT_ONCE) if is_fortran else 1
    return Volume(name=path, form="npy", shape=shape, dtype=name, reader=reader, planes=planes, files=(path,))


def _read_header(path: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    try:
        with open(path, "rb") as file:
            version = npyformat.read_magic(file)
            read = npyformat.read_array_header_1_0 if version == (1, 0) else npyformat.read_array_header_2_0
            shape, is_fortran, dtype = read(file)
            return shape, is_fortran, dtype, file.tell()
    except (ValueError, SyntaxError, TokenError) as error:
        raise ReadError(f"{path} is damaged, and cannot be read as NumPy's .npy: {error}") from None


class ColumnReader:
    """Read planes of an array in Fortran order, where z is the axis that varies fastest.

    Parameters
    ----------
    path : str
        The file.
    offset : int
        Bytes before the array.
    shape : (planes, rows, cols)
        Of the volume.
    dtype : numpy dtype
        With the byte order of the file.

    Notes
    -----
    Every call reads the whole file, 16 MB at a time, and keeps what is wanted; so slabs should have many planes.
    """

    def __init__(self, path: str, offset: int, shape: Shape, dtype: np.dtype[Any]) -> None:
        planes, rows, cols = self.shape = shape
        each = planes * rows * dtype.itemsize
        pieces = [Piece(path=path, offset=offset, planes=cols, stride=each)]
        self._columns = PieceReader(path, pieces, (cols, rows, planes), dtype)
        self._dtype, self._at_once = dtype.newbyteorder("="), max(1, _ROUND_BYTES // each)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        planes = np.empty((max(0, stop - start), *self.shape[1:]), self._dtype)
        for first in range(0, self.shape[2], self._at_once):
            block = self._columns.read(first, min(self.shape[2], first + self._at_once))
            planes[:, :, first : first + len(block)] = block[:, :, start:stop].T
        return np.asarray(make_native(planes))

    def close(self) -> None:
        """Do nothing: no file stays open."""
