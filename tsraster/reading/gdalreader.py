"""`GdalReader`: pixels and validity of a file, from any thread or process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from tsraster.errors import ReadError
from tsraster.raster import Pixels, Window, without_place_warning
from tsraster.reading.orientation import Orientation

if TYPE_CHECKING:
    import xarray

STRICT = {"GDAL_ERROR_ON_LIBJPEG_WARNING": True, "GDAL_PNG_WHOLE_IMAGE_OPTIM": False}
"""A truncated picture is an error: neither a gray remainder (JPEG) nor what memory held before (PNG)."""

Layers = NDArray[Any] | list[NDArray[Any]]
"""Bands of one window: an array of shape (band, row, col), or one of shape (row, col) for each where their types differ."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a reader must know to open a file again elsewhere."""

    path: str
    nodata: tuple[float | None, ...]
    """For each band, the value that is no data; None where there is none, or only GDAL's mask knows it exactly."""
    masked: tuple[bool, ...]
    """For each band, whether GDAL's mask has to be asked what is valid, because its values do not say it all."""
    alpha: int | None = None
    """The number of the alpha band."""
    picture: bool
    """Whether the bands are one color picture, where a pixel counts if any of them has data."""
    hidden: tuple[int, ...] = ()
    """Codes of a palette that are transparent."""
    orientation: Orientation = Orientation()


class GdalReader:
    """Read windows of a file from any thread, with as many handles of GDAL as threads read at the same time.

    It can be pickled: another process opens the file anew.

    Parameters
    ----------
    source : Source
        The file.
    handle : rasterio dataset, optional
        One that is open already, to be used and closed as the others.
    """

    def __init__(self, source: Source, handle: Any = None) -> None:
        self.source = source
        self._idle: list[Any] = [] if handle is None else [handle]

    def __getstate__(self) -> Source:
        return self.source

    def __setstate__(self, source: Source) -> None:
        self.source, self._idle = source, []

    def with_nodata(self, nodata: tuple[float | None, ...]) -> GdalReader:
        """Return a reader of the same file, with the same handles, to which other values are no data, one for each band."""
        other = GdalReader(replace(self.source, nodata=nodata))
        other._idle = self._idle
        return other

    @contextmanager
    def _handle(self) -> Iterator[Any]:
        """Lend a handle that no other thread has; to open one takes a new thread many times as long as to read a block."""
        try:
            handle = self._idle.pop()
        except IndexError:
            with without_place_warning():
                handle = rasterio.open(self.source.path)
        try:
            yield handle
        finally:
            self._idle.append(handle)

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        """Return pixels of shape (band, row, col) and where they are valid; see `tsraster.raster.Raster.read`."""
        try:
            with rasterio.Env(**STRICT), self._handle() as handle:
                turn = self.source.orientation
                stored = turn.stored_window(window, turn.upright_shape(handle.shape))
                place = rasterio.windows.Window(stored.col, stored.row, stored.cols, stored.rows)
                layers = _read_layers(handle, bands, place)
                valid = self._valid(handle, bands, layers, place)
        except RasterioError as error:
            raise ReadError(_describe_failure(self.source.path, window, error)) from None
        return Pixels(data=turn.turn(np.asarray(layers)), valid=turn.turn(valid))

    def _valid(self, handle: Any, bands: Sequence[int], layers: Layers, place: Any) -> NDArray[np.bool_]:
        join = np.logical_or if self.source.picture else np.logical_and
        valid = None
        for number, layer in zip(bands, layers, strict=True):
            here = find_data(layer, self.source.nodata[number - 1])
            if self.source.masked[number - 1]:
                here &= handle.read_masks(number, window=place) != 0
            valid = here if valid is None else join(valid, here, out=valid)
        if valid is None:
            return np.ones((place.height, place.width), dtype=np.bool_)
        if self.source.hidden:
            valid &= ~np.isin(layers[0], self.source.hidden)
        alpha = self.source.alpha
        if alpha is not None and set(bands) != {alpha}:
            # GDAL's own mask heeds alpha only as the second or fourth of as many bands, and not beside a nodata value.
            valid &= handle.read(alpha, window=place) != 0
        return valid

    def to_xarray(self, chunks: Any) -> xarray.DataArray:
        """Return the whole file as rioxarray does; a photo that is turned upright as rioxarray would an upright one."""
        import rioxarray
        import xarray

        turn = self.source.orientation
        with without_place_warning():
            array = rioxarray.open_rasterio(self.source.path, chunks=chunks)
        if not isinstance(array, xarray.DataArray):
            raise ReadError(f"{self.source.path} holds several rasters; name one of them")
        if turn == Orientation():
            return array
        upright = xarray.DataArray(turn.turn(array.data), dims=array.dims, attrs=array.attrs, name=array.name)
        centers = {axis: np.arange(upright.sizes[axis]) + 0.5 for axis in ("y", "x")}
        return upright.assign_coords({"band": array.band, "spatial_ref": array.spatial_ref, **centers})

    def close(self) -> None:
        """Close the handles that are open in this process; nothing must be read meanwhile."""
        while self._idle:
            self._idle.pop().close()


def _read_layers(handle: Any, bands: Sequence[int], place: Any) -> Layers:
    """Read bands, each in its own type: all at once where that is the same, and one by one, as rasterio wants it, where not."""
    if len({handle.dtypes[number - 1] for number in bands}) > 1:
        return [handle.read(number, window=place) for number in bands]
    together: NDArray[Any] = handle.read(list(bands), window=place)
    return together


def find_data(values: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Return where values are finite and not `nodata`, compared in the type of the values.

    Examples
    --------
    >>> find_data(np.array([0, 7], np.uint8), 0)
    array([False,  True])
    >>> find_data(np.array([1, np.nan, np.inf, -9999], np.float32), -9999)
    array([ True, False, False, False])
    """
    kind = values.dtype.kind
    valid = np.isfinite(values) if kind in "fc" else None
    fill = _in_type(nodata, values.dtype)
    if fill is None:
        return np.ones(values.shape, dtype=np.bool_) if valid is None else valid
    differs = np.asarray(values != fill)
    return differs if valid is None else np.logical_and(valid, differs, out=valid)


def _in_type(nodata: float | None, dtype: np.dtype[Any]) -> Any:
    """Return the nodata value in the type of the pixels; None if they cannot have it."""
    if nodata is None or np.isnan(nodata):
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return dtype.type(int(nodata)) if nodata == int(nodata) and limits.min <= nodata <= limits.max else None
    with np.errstate(over="ignore"):
        return dtype.type(nodata)


def _describe_failure(path: str, window: Window, error: Exception) -> str:
    rows, cols = f"{window.row} to {window.row + window.rows - 1}", f"{window.col} to {window.col + window.cols - 1}"
    cause = str(error.__cause__ or error).strip().rstrip(".")
    return f"{path}: the pixels of rows {rows}, columns {cols} cannot be read, the file is damaged or out of reach ({cause})"
