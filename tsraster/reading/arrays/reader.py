"""`ArrayReader`: windows of an array in a file, from any thread or process."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.raster import Georef, Pixels, Window
from tsraster.reading.arrays.axes import Axes
from tsraster.reading.arrays.stores import Store, open_store
from tsraster.reading.gdalreader import find_data

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, kw_only=True)
class ArrayPlace:
    """What a reader must know to open an array again elsewhere."""

    path: str
    form: str
    inside: str
    axes: Axes
    shape: tuple[int, int, int]
    """Bands, rows, columns."""
    nodata: float | None
    georef: Georef


class ArrayReader:
    """Read windows of an array; HDF5 lets one thread in at a time.

    It can be pickled: another process opens the file anew.

    Parameters
    ----------
    place : ArrayPlace
        The array.
    store : Store, optional
        Where it is open already.
    """

    def __init__(self, place: ArrayPlace, store: Store | None = None) -> None:
        self.place = place
        self._store = store
        self._lock = threading.Lock()

    def __getstate__(self) -> ArrayPlace:
        return self.place

    def __setstate__(self, place: ArrayPlace) -> None:
        self.place, self._store, self._lock = place, None, threading.Lock()

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        """Return pixels of shape (band, row, col) and where they are valid; see `tsraster.raster.Raster.read`."""
        first, last = (min(bands) - 1, max(bands)) if bands else (0, 0)
        data = self[slice(first, last), *window.slices]
        chosen = [band - 1 - first for band in bands]
        if chosen != list(range(last - first)):
            data = data[chosen]
        valid = np.ones(data.shape[1:], dtype=np.bool_)
        for layer in data:
            valid &= find_data(layer, self.place.nodata)
        return Pixels(data=data, valid=valid)

    def __getitem__(self, key: tuple[slice, slice, slice]) -> NDArray[Any]:
        """Return a part of the array, whose axes are bands, rows and columns here."""
        axes = self.place.axes
        store = self._open()
        array = store.arrays[self.place.inside]
        index: list[Any] = [0] * len(array.shape)
        index[axes.row], index[axes.col] = key[1], key[2]
        if axes.band is not None:
            index[axes.band] = key[0]
        turn: AbstractContextManager[Any] = nullcontext() if store.is_threadsafe else self._lock
        try:
            with turn:
                part = np.asarray(array[tuple(index)])
        except Exception as error:  # whatever a codec or a store raises
            raise ReadError(
                f"{self.place.path}: pixels cannot be read, the file is damaged or out of reach ({error})"
            ) from None
        return self._order(part, key[0])

    def _order(self, part: NDArray[Any], bands: slice) -> NDArray[Any]:
        """Return a part that was read with bands first, in the byte order of the machine."""
        axes = self.place.axes
        present = [axis for axis in (axes.band, axes.row, axes.col) if axis is not None]
        part = part.transpose([sorted(present).index(axis) for axis in present])
        part = part[np.newaxis][bands] if axes.band is None else part
        plain = np.uint8 if part.dtype.kind == "b" else part.dtype.newbyteorder("=")
        return np.ascontiguousarray(part, dtype=plain)

    def _open(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self.place.path, self.place.form)
            return self._store

    # What dask asks of an array.
    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns."""
        return self.place.shape

    @property
    def ndim(self) -> int:
        """Three."""
        return 3

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        return self[slice(0, 1), slice(0, 1), slice(0, 1)].dtype

    def to_xarray(self, chunks: Any) -> xarray.DataArray:
        """Return the whole array with the coordinates that rioxarray gives; a dask array where there are chunks."""
        import rioxarray  # noqa: F401, gives arrays their .rio
        import xarray

        bands, rows, cols = self.shape
        if chunks is None:
            data: Any = self[slice(0, bands), slice(0, rows), slice(0, cols)]
        else:
            import dask.array

            data = dask.array.from_array(self, chunks="auto" if isinstance(chunks, Mapping) else chunks)
        array = xarray.DataArray(data, dims=("band", "y", "x"), coords={"band": np.arange(1, bands + 1)})
        if isinstance(chunks, Mapping):
            array = array.chunk(chunks)
        georef = self.place.georef
        array = array.rio.write_transform(georef.transform)
        array = array if georef.crs is None else array.rio.write_crs(georef.crs)
        array = array.assign_coords(_list_centers(georef, rows, cols))
        nodata = self.place.nodata
        whole: xarray.DataArray = array if nodata is None else array.rio.write_nodata(nodata)
        return whole

    def close(self) -> None:
        """Close the file in this process; nothing must be read meanwhile."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()


def _list_centers(georef: Georef, rows: int, cols: int) -> dict[str, NDArray[np.float64]]:
    """Return the coordinates of the middles of pixels; none where the raster is rotated."""
    a, b, c, d, e, f = tuple(georef.transform)[:6]
    if b or d:
        return {}
    return {"y": f + e * (np.arange(rows) + 0.5), "x": c + a * (np.arange(cols) + 0.5)}
