"""`Overview`: a decimated copy of a raster, filled by one pass over it in the background.

A cell of step x step pixels is shown by one of them, the middle one, at row and column ``cell * step + step // 2``, or the last
of the raster where that lies beyond. Which pixels those are depends on the step alone, so a picture does not flicker while it is
moved.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, ReadError, TsrasterError
from tsraster.pipeline.blocks import block_work
from tsraster.raster import Pixels, Raster, Window
from tsraster.reading.coarse import open_coarse

MOST_BYTES = 64 * 2**20
"""What an overview may take; a band of 8000 x 8000 pixels of 16 bits is then shown by every second pixel."""
_MOST_COARSE = 2**20
"""Pixels of a first look at a file that holds a smaller copy of itself."""
_PATIENCE = 0.25
"""Seconds between two reports of progress."""
_BLOCK_VALUES = 2**22
"""A block of many bands has fewer pixels, so that memory does not grow with the bands."""


def find_cells(start: int, stop: int, step: int, length: int) -> tuple[int, int]:
    """Return the first cell, and the one behind the last, whose pixels lie from `start` to `stop` of an axis.

    Examples
    --------
    >>> find_cells(0, 6, 4, 9), find_cells(6, 9, 4, 9)
    ((0, 1), (1, 3))
    """
    half = step // 2
    last = -(-length // step) if stop >= length else max(0, -((half - stop) // step))
    return max(0, -((half - start) // step)), last


def find_pixels(first: int, stop: int, step: int, length: int) -> NDArray[np.intp]:
    """Return which rows (or columns) show the cells from `first` to `stop` of an axis of `length` pixels.

    Examples
    --------
    >>> find_pixels(0, 3, 4, 9)
    array([2, 6, 8])
    """
    return np.minimum(np.arange(first, stop) * step + step // 2, length - 1)


def pick(values: NDArray[Any], rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[Any]:
    """Return the crossings of rows and columns of an array of shape (..., row, col)."""
    return values.take(rows, axis=-2).take(cols, axis=-1)


class Overview:
    """A decimated copy of the data bands of a raster, which a thread of its own fills block by block.

    Where the file holds smaller copies of itself (GDAL's overviews), one of them is the first look, until the pixels of the
    raster itself take its place. Use it as a context manager, or close it before the raster.

    Parameters
    ----------
    raster : Raster
        Any, views also.
    bands : sequence of int, optional
        Band numbers, counted from 1; every band but alpha when None.
    most_bytes : int
        What it may take; the step is the smallest with which it does.
    workers : int, optional
        Threads that read; one for each processor by default.
    on_progress : callable, optional
        Called with the share that is filled, 0 to 1, at most four times a second and at the end, from the thread that fills.

    Examples
    --------
    >>> import rasterio
    >>> from tsraster.reading import open_raster
    >>> form = {"driver": "GTiff", "count": 1, "height": 60, "width": 90, "dtype": "uint8", "transform": rasterio.Affine.scale(2)}
    >>> with rasterio.open("/vsimem/shown.tif", "w", **form) as file:
    ...     file.write(np.full((1, 60, 90), 7, np.uint8))
    >>> with open_raster("/vsimem/shown.tif") as raster, Overview(raster, most_bytes=2000) as overview:
    ...     print(overview.step, overview.shape, overview.wait(60), overview.progress)
    3 (20, 30) True 1.0
    """

    def __init__(
        self,
        raster: Raster,
        *,
        bands: Sequence[int] | None = None,
        most_bytes: int = MOST_BYTES,
        workers: int | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        chosen = [band.number for band in raster.data_bands or raster.bands] if bands is None else bands
        self.raster = raster
        self.bands = tuple(raster.band(number).number for number in chosen)
        dtype = np.result_type(*(raster.band(number).dtype for number in self.bands))
        self.step = _choose_step(raster.shape, len(self.bands) * (dtype.itemsize + 1) + 1, most_bytes)
        self.shape = (-(-raster.shape[0] // self.step), -(-raster.shape[1] // self.step))
        self.filled: NDArray[np.bool_] = np.zeros(self.shape, np.bool_)
        """Where the pixels of the raster itself are, shape (row, col) in cells."""
        self.progress = 0.0
        """The share that is filled, 0 to 1."""
        self._data = np.zeros((len(self.bands), *self.shape), dtype)
        self._valid = np.zeros(self._data.shape, np.bool_)
        self._workers, self._on_progress, self._said = workers, on_progress, 0.0
        self._error: TsrasterError | None = None
        self._closed, self._calm, self._done = threading.Event(), threading.Event(), threading.Event()
        self._lock, self._pauses = threading.Lock(), 0
        self._calm.set()
        self._thread = threading.Thread(target=self._run, name=f"overview of {raster.name}", daemon=True)
        self._thread.start()

    def read(self, rows: NDArray[np.intp], cols: NDArray[np.intp], bands: Sequence[int]) -> Pixels:
        """Return the cells at the crossings of rows and columns of cells, as `Raster.read` would give their pixels.

        Where nothing is known yet, pixels are not valid.

        Raises
        ------
        BandError
            The overview does not have a band.
        """
        places = [self._find(number) for number in bands]
        join = np.logical_or if self.raster.is_color else np.logical_and
        dtype = np.result_type(*(self.raster.band(number).dtype for number in bands))
        data = np.stack([pick(self._data[i], rows, cols) for i in places]).astype(dtype, copy=False)
        valid = np.stack([pick(self._valid[i], rows, cols) for i in places])
        return Pixels(data=data, valid=np.asarray(join.reduce(valid, axis=0)))

    def _find(self, number: int) -> int:
        if number not in self.bands:
            raise BandError(f"the overview of {self.raster.name} has no band {number}; it has {list(self.bands)}")
        return self.bands.index(number)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is filled, closed or has failed, for at most so many seconds; say whether that is so."""
        return self._done.wait(timeout)

    def check(self) -> None:
        """Raise what has ended the pass.

        Raises
        ------
        TsrasterError
            The raster could not be read.
        """
        if self._error is not None:
            raise self._error

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the pass from starting blocks, while something is read that somebody waits for."""
        with self._lock:
            self._pauses += 1
            self._calm.clear()
        try:
            yield
        finally:
            with self._lock:
                self._pauses -= 1
                if not self._pauses:
                    self._calm.set()

    def close(self) -> None:
        """Stop the pass, and wait for the blocks that are being read."""
        self._closed.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Overview:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._begin()
            self._fill()
        except TsrasterError as error:
            self._error = error
        except Exception as error:  # a thread has nobody else to tell
            self._error = ReadError(f"{self.raster.name} cannot be shown ({type(error).__name__}: {error})")
        finally:
            self._done.set()

    def _begin(self) -> None:
        """Take a first look from a smaller copy that the file holds."""
        try:
            coarse = open_coarse(self.raster, _MOST_COARSE)
            if coarse is None:
                return
            with coarse:
                data, valid = _read_apart(
                    coarse, self.bands, Window(row=0, col=0, rows=coarse.shape[0], cols=coarse.shape[1])
                )
        except (TsrasterError, OSError):
            return
        rows, cols = (
            np.minimum(np.arange(cells) * size // cells, size - 1)
            for cells, size in zip(self.shape, coarse.shape, strict=True)
        )
        self._data[...], self._valid[...] = pick(data, rows, cols), pick(valid, rows, cols)
        self._tell(0.0, always=True)

    def _fill(self) -> None:
        with block_work(workers=self._workers) as work:
            work.progress = lambda done, total: self._tell(done / total, always=done == total)
            pixels = max(2**12, _BLOCK_VALUES // max(4, len(self.bands)))
            for _ in work.run(self.raster, self._read_block, pixels=pixels):
                if self._closed.is_set():
                    return

    def _read_block(self, window: Window) -> None:
        while not self._calm.wait(0.1) and not self._closed.is_set():
            pass
        row, last_row = find_cells(window.row, window.row + window.rows, self.step, self.raster.shape[0])
        col, last_col = find_cells(window.col, window.col + window.cols, self.step, self.raster.shape[1])
        if self._closed.is_set() or row >= last_row or col >= last_col:
            return
        data, valid = _read_apart(self.raster, self.bands, window)
        rows = find_pixels(row, last_row, self.step, self.raster.shape[0]) - window.row
        cols = find_pixels(col, last_col, self.step, self.raster.shape[1]) - window.col
        where = np.s_[row:last_row, col:last_col]
        self._data[:, *where], self._valid[:, *where] = pick(data, rows, cols), pick(valid, rows, cols)
        self.filled[where] = True

    def _tell(self, share: float, *, always: bool) -> None:
        self.progress = share
        now = time.monotonic()
        if self._on_progress is not None and (always or now - self._said >= _PATIENCE):
            self._said = now
            self._on_progress(share)


def _choose_step(shape: tuple[int, int], size: int, most_bytes: int) -> int:
    """Return the smallest step with which cells of `size` bytes take no more than they may."""
    step = max(1, int((shape[0] * shape[1] * size / most_bytes) ** 0.5))
    while step < max(shape) and -(-shape[0] // step) * -(-shape[1] // step) * size > most_bytes:
        step += 1
    return step


def _read_apart(raster: Raster, bands: Sequence[int], window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read bands, and where each by itself is valid: both of shape (band, row, col)."""
    pixels = raster.read(window, bands)
    together = not raster.can_be_invalid or (not raster.is_color and pixels.valid.all())
    if len(bands) == 1 or together:
        return pixels.data, np.broadcast_to(pixels.valid, pixels.data.shape)
    return pixels.data, np.stack([raster.read(window, [number]).valid for number in bands])
