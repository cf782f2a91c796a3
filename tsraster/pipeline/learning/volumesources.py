"""Volumes as sources: found by a path that may go on into a file, and read with each plane fetched once."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError, UsageError
from tsraster.pipeline.imaging import PathLike
from tsraster.reading.volumes import open_volume
from tsraster.reading.volumes.rawnames import parse_raw_name
from tsraster.volume import PlaneReader, Volume

_HOLDERS = (".h5", ".hdf5", ".hdf", ".nxs", ".ims", ".nc", ".nc4", ".zarr")
"""Endings of what holds arrays by name."""
_HELD = 2
"""Slabs that stay in memory: the one that is worked on, and the next."""


def open_volume_source(source: PathLike) -> Volume:
    """Open a volume, be it an array in a file such as ``scan.h5/exchange/data``.

    Raises
    ------
    ReadError, UsageError, MissingExtraError
        As `tsraster.reading.volumes.open_volume` does.
    DataError
        It has one plane.
    """
    path, inside = split_volume_source(source)
    try:
        volume = open_volume(path, dataset=inside or None)
    except (ReadError, UsageError) as error:
        raise type(error)(_without_options(path, str(error))) from None
    if volume.shape[0] == 1:
        volume.close()
        raise DataError(f"{volume.name} is one picture; a volume has several planes")
    return volume


def _without_options(path: str, message: str) -> str:
    """Say what to do without the options of `tsraster pores`, which are none here."""
    if "--shape" in message and parse_raw_name(path).shape is None:
        return (
            f"{path} has no header that is known; write one (.mhd) beside it, or let its name say its size, "
            "such as rock_512x400x300_uint8.raw"
        )
    return message.replace("choose --dataset from", "name one of them after the file, as in scan.h5/data:")


def split_volume_source(source: PathLike) -> tuple[str, str]:
    """Return the path of a volume, and that of the array in it.

    Examples
    --------
    >>> split_volume_source("scans/rock.zarr/labels/0")
    ('scans/rock.zarr', 'labels/0')
    >>> split_volume_source("scans/rock.mha")
    ('scans/rock.mha', '')
    """
    name = os.fspath(source)
    parts = name.replace(os.sep, "/").split("/")
    for i, part in enumerate(parts[:-1], start=1):
        path, ending = "/".join(parts[:i]), os.path.splitext(part)[1].lower()
        # A folder may be called scans.h5; that of Zarr is the file itself.
        if ending in _HOLDERS and (ending == ".zarr" or not os.path.isdir(path)):
            return path, "/".join(parts[i:]).strip("/")
    return name, ""


def hold_planes(volume: Volume) -> Volume:
    """Return a volume that keeps the slabs that were read last, for boxes of them that are read one by one."""
    return replace(volume, reader=HeldPlanes(volume.reader))


class HeldPlanes:
    """Read planes, and keep the slabs that were read last: of the next one only planes that are new are fetched.

    Any number of threads may read. What is returned may be shared, and is not to be changed.

    Parameters
    ----------
    reader : PlaneReader
        What fetches them.
    """

    def __init__(self, reader: PlaneReader) -> None:
        self._reader = reader
        self._turn = threading.Lock()
        self._slabs: list[tuple[int, NDArray[Any]]] = []

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        with self._turn:
            for first, planes in self._slabs:
                if first <= start and stop <= first + len(planes):
                    return planes[start - first : stop - first]
            found = self._fetch(start, stop)
            self._slabs = [*self._slabs[1 - _HELD :], (start, found)]
            return found

    def _fetch(self, start: int, stop: int) -> NDArray[Any]:
        first, planes = self._slabs[-1] if self._slabs else (0, np.empty(0))
        if not first <= start < first + len(planes) < stop:
            return self._reader.read(start, stop)
        return np.concatenate([planes[start - first :], self._reader.read(first + len(planes), stop)])

    def close(self) -> None:
        """Let go of the slabs and of files."""
        self._slabs = []
        self._reader.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"_reader": self._reader}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_reader"])  # type: ignore[misc]
