"""`StagedReader`: compressed voxels, unpacked once into a temporary file, and read from there in any order."""

from __future__ import annotations

import bz2
import gzip
import math
import os
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.reading.volumes.pieces import Piece, PieceReader, describe_shape
from tsraster.volume import Shape

_CHUNK = 2**20

Unpack = Callable[[BinaryIO], Iterator[bytes]]
"""Takes a file at the place where the data begin and yields what they are, a little at a time."""


class StagedReader:
    """Read planes of compressed data.

    Parameters
    ----------
    name : str
        What was opened, for messages.
    sources : sequence of (path, offset)
        The files in the order of the planes, all of equally many planes, and where the data in each begin.
    unpack : callable
        See `Unpack`.
    shape, dtype
        Of the volume, with the byte order of what comes out.
    skip : int
        Bytes before the voxels in what comes out of each file.

    Notes
    -----
    The first `read` unpacks everything, a megabyte at a time, into the folder for temporary files (``TMPDIR``); `close`
    removes it.
    """

    def __init__(
        self,
        name: str,
        sources: Sequence[tuple[str, int]],
        unpack: Unpack,
        shape: Shape,
        dtype: np.dtype[Any],
        *,
        skip: int = 0,
    ) -> None:
        self.name, self.sources, self.unpack = name, tuple(sources), unpack
        self.shape, self.dtype, self.skip = shape, dtype, skip
        self._one_at_a_time = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._reader: PieceReader | None = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        with self._one_at_a_time:
            if self._reader is None:
                self._reader = self._stage()
        return self._reader.read(start, stop)

    def close(self) -> None:
        """Remove the temporary file."""
        with self._one_at_a_time:
            if self._folder is not None:
                self._folder.cleanup()
            self._folder = self._reader = None

    def _stage(self) -> PieceReader:
        needed = math.prod(self.shape) * self.dtype.itemsize
        self._folder = tempfile.TemporaryDirectory(prefix="tsraster-")
        free = shutil.disk_usage(self._folder.name).free
        if free < needed:
            raise ReadError(
                f"{self.name} takes {needed} bytes when unpacked, and {tempfile.gettempdir()} has {free} left; "
                "set TMPDIR to another folder"
            )
        path = os.path.join(self._folder.name, "voxels")
        with open(path, "wb") as file:
            for source, offset in self.sources:
                self._unpack_one(source, offset, file, needed // len(self.sources))
        plane = needed // self.shape[0]
        return PieceReader(
            self.name, [Piece(path=path, offset=0, planes=self.shape[0], stride=plane)], self.shape, self.dtype
        )

    def _unpack_one(self, source: str, offset: int, target: BinaryIO, needed: int) -> None:
        skip, left = self.skip, needed
        try:
            with open(source, "rb") as packed:
                packed.seek(offset)
                for chunk in self.unpack(packed):
                    piece = chunk[skip : skip + left]
                    skip -= min(skip, len(chunk))
                    left -= target.write(piece)
                    if not left:
                        return
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise ReadError(f"{source} is damaged or cut off, and cannot be unpacked: {error}") from None
        raise ReadError(
            f"{source} is cut off: {needed - left} bytes come out of it, and {needed} are needed "
            f"for {describe_shape(self.shape, self.dtype)}"
        )


def unpack_gzip(file: BinaryIO) -> Iterator[bytes]:
    """Yield what gzip has packed."""
    with gzip.GzipFile(fileobj=file) as stream:
        yield from iter(lambda: stream.read(_CHUNK), b"")


def unpack_bzip2(file: BinaryIO) -> Iterator[bytes]:
    """Yield what bzip2 has packed."""
    with bz2.BZ2File(file) as stream:
        yield from iter(lambda: stream.read(_CHUNK), b"")


def unpack_zlib(file: BinaryIO) -> Iterator[bytes]:
    """Yield what zlib has packed, with its own header or that of gzip."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or file.read(_CHUNK)
        if not packed:
            raise EOFError("the end is missing")
        yield unpacker.decompress(packed, _CHUNK)


def unpack_text(dtype: np.dtype[Any]) -> Unpack:
    """Return what yields numbers that are written as text, in the order of bytes of `dtype`."""

    def unpack(file: BinaryIO) -> Iterator[bytes]:
        rest = b""
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            head, _, rest = _split_last(rest + chunk)
            yield np.array(head.split(), dtype).tobytes()
        yield np.array(rest.split(), dtype).tobytes()

    return unpack


def _split_last(text: bytes) -> tuple[bytes, bytes, bytes]:
    """Cut text before its last word, which may go on."""
    words = text.replace(b",", b" ").replace(b"\n", b" ").replace(b"\r", b" ").replace(b"\t", b" ")
    return words.rpartition(b" ")
