"""`Hdf5Writer`: an image as a dataset in HDF5, as ilastik writes it."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError
from tsraster.raster import Window
from tsraster.writing.arrayattributes import (
    GRID,
    choose_chunk,
    describe_array,
    describe_center,
    describe_place,
    list_centers,
    list_lost_places,
)
from tsraster.writing.arrayfiles import ArrayWriter

_LEVEL = 1
"""Of gzip, which every reader of HDF5 has. On the hundredths that 100 trees vote, level 4 packs a tenth better in half again
the time, and sorting the bytes first (shuffle) makes files almost twice as large."""

_CACHE = 2**20, 2**26
"""The least and the most bytes of chunks that wait for the rest of their pixels."""

_SPACE, _CHANNEL = 2, 1
"""The flags that vigra has for axes."""


class Hdf5Writer(ArrayWriter):
    """Write an image as a dataset of shape (row, col, band) with the attribute ``axistags``, as ilastik does.

    It has a last axis even for one band, because ilastik's results have. Names and colors of classes are attributes; the
    place is a variable ``spatial_ref`` beside it, with the coordinates ``y`` and ``x``, as CF and rioxarray have it.

    Notes
    -----
    Chunks are packed by gzip, without loss. Those of one row of chunks wait in memory until they are whole, 64 MB at most.
    """

    def list_losses(self) -> list[str]:
        """Say in one line each what of the image the format cannot hold."""
        return list_lost_places(self.image, "HDF5")

    def _open(self) -> None:
        h5py = import_h5py(self.path.name)
        image = self.image
        chunk = (*choose_chunk(image), image.bands)
        row = chunk[0] * (image.shape[1] + chunk[1]) * image.bands * self.dtype.itemsize
        cache = max(_CACHE[0], min(_CACHE[1], row))
        self._sink = open_sink(self.path)
        self._file = h5py.File(self._sink, "w", rdcc_nbytes=cache, rdcc_nslots=10007)
        self._array = self._file.create_dataset(
            self.dataset,
            shape=(*image.shape, image.bands),
            dtype=self.dtype,
            chunks=chunk,
            compression="gzip",
            compression_opts=_LEVEL,
            fillvalue=image.nodata,
        )
        for name, value in {"axistags": make_axistags("yxc"), **describe_array(image)}.items():
            self._array.attrs[name] = np.asarray(value, self.dtype) if name == "flag_values" else value
        if image.nodata is not None:
            self._array.attrs["_FillValue"] = self.dtype.type(image.nodata)
        self._name_axes()
        self._add_place()

    def _name_axes(self) -> None:
        for axis, letter in zip(self._array.dims, "yxc", strict=True):
            axis.label = letter

    def _add_place(self) -> None:
        said = describe_place(self.image.georef)
        if said:
            grid = self._file.create_dataset(GRID, data=np.int32(0))
            grid.attrs.update(said)
        centers = list_centers(self.image)
        # NetCDF wants all axes of an array to have coordinates, or none.
        for letter, values in {**centers, "c": np.arange(1, self.image.bands + 1)}.items() if centers else ():
            axis = self._file.create_dataset(letter, data=values)
            axis.make_scale(letter)
            axis.attrs.update(describe_center(letter, self.image.georef) if letter in centers else {})
            self._array.dims["yxc".index(letter)].attach_scale(axis)

    def _put(self, window: Window, layers: NDArray[Any]) -> None:
        self._array[window.slices] = np.ascontiguousarray(np.moveaxis(layers, 0, -1))
        self._sink.check()

    def _note(self, name: str, value: list[int]) -> None:
        self._array.attrs[name] = value

    def _close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        if hasattr(self, "_sink"):
            self._sink.close()
            self._sink.check()


class _Sink:
    """A file whose first failure to be written is kept, and what comes after it is dropped.

    HDF5 cannot close a file that it cannot write, and ends the process with a memory fault when that ends.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115, it is closed with the writer
        self._error: OSError | None = None

    def check(self) -> None:
        """Raise the failure there was."""
        if self._error is not None:
            raise self._error

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while len(left) and self._error is None:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._error = error
        return size

    def truncate(self, size: int) -> int:
        try:
            return size if self._error else self._file.truncate(size)
        except OSError as error:
            self._error = error
            return size

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size) or b""

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer) or 0

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        """Do nothing: nothing waits."""

    def close(self) -> None:
        self._file.close()


def open_sink(path: Path) -> _Sink:
    """Return what HDF5 writes a file through, so that a full disk is an error and not a fault of memory."""
    return _Sink(path)


def make_axistags(axes: str) -> str:
    """Return vigra's JSON of axes, in which ilastik looks for their order.

    Examples
    --------
    >>> json.loads(make_axistags("yxc"))["axes"][2]
    {'key': 'c', 'typeFlags': 1, 'resolution': 0, 'description': ''}
    """
    said = [
        {"key": axis, "typeFlags": _CHANNEL if axis == "c" else _SPACE, "resolution": 0, "description": ""}
        for axis in axes
    ]
    return json.dumps({"axes": said}, indent=2)


def import_h5py(name: str) -> ModuleType:
    """Return h5py, or say that it is needed for a file."""
    try:
        import h5py
    except ImportError:
        raise MissingExtraError(
            f"{name} is HDF5, which needs h5py; install it with: pip install 'tsraster[learning]'"
        ) from None
    return h5py  # type: ignore[no-any-return]
