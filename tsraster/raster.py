"""What can be read: `Raster`, its bands and its place (`Georef`), and the `Pixels` that come out of it.

These are nouns: frozen, checked once, without algorithms. How the pixels of a file are fetched is behind the
`Reader` protocol; the readers live in `tsraster.reading`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from tsraster.errors import BandError

if TYPE_CHECKING:
    import xarray
    from rasterio.control import GroundControlPoint
    from rasterio.crs import CRS
    from rasterio.rpc import RPC

Tags = Mapping[str, Mapping[str, str]]
"""Dataset tags by domain; the domain ``""`` is the default one and holds AREA_OR_POINT."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A rectangle of pixels: first row and column, number of rows and columns.

    Examples
    --------
    >>> Window(row=0, col=4, rows=2, cols=3).grown(2, shape=(10, 8))
    Window(row=0, col=2, rows=4, cols=6)
    """

    row: int
    col: int
    rows: int
    cols: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as an index into an array of shape (..., row, col)."""
        return slice(self.row, self.row + self.rows), slice(self.col, self.col + self.cols)

    def grown(self, halo: int, shape: tuple[int, int]) -> Window:
        """Return the window with `halo` more pixels on each side, as far as the raster of `shape` reaches."""
        row, col = max(0, self.row - halo), max(0, self.col - halo)
        bottom = min(shape[0], self.row + self.rows + halo)
        right = min(shape[1], self.col + self.cols + halo)
        return Window(row=row, col=col, rows=bottom - row, cols=right - col)

    def inside(self, outer: Window) -> tuple[slice, slice]:
        """Return where this window lies in an array that holds `outer`."""
        row, col = self.row - outer.row, self.col - outer.col
        return slice(row, row + self.rows), slice(col, col + self.cols)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pixels:
    """The pixels of one window and which of them are data."""

    data: NDArray[Any]
    """Values, shape (band, row, col), or (row, col) once they are prepared."""
    valid: NDArray[np.bool_]
    """True where there is data, shape (row, col)."""

    def crop(self, where: tuple[slice, slice]) -> Pixels:
        """Return the part at `where`, a pair of slices of rows and columns."""
        return Pixels(data=self.data[..., where[0], where[1]], valid=self.valid[where])


@dataclass(frozen=True, kw_only=True)
class Band:
    """What is known of one band before a pixel is read."""

    number: int
    """Counted from 1, as GDAL does."""
    dtype: str
    name: str = ""
    nodata: float | None = None
    role: str = "undefined"
    """GDAL's color interpretation: gray, red, green, blue, alpha, palette, undefined, ..."""
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Georef:
    """Where a raster lies."""

    crs: CRS | None = None
    transform: Affine = Affine.identity()
    """From (column, row) of a pixel's upper left corner to coordinates; the identity where there is none."""
    gcps: tuple[GroundControlPoint, ...] = ()
    gcp_crs: CRS | None = None
    rpcs: RPC | None = None

    @classmethod
    def from_text(cls, crs: str, transform: Sequence[float]) -> Georef:
        """Make a place of the text of a CRS, such as ``EPSG:32616``, and a, b, c, d, e, f of a transform."""
        from rasterio.crs import CRS

        return cls(crs=CRS.from_string(crs), transform=Affine(*transform))

    @property
    def has_transform(self) -> bool:
        """Whether pixels are tied to coordinates by a transform."""
        return not self.transform.is_identity

    @property
    def is_plain(self) -> bool:
        """Whether nothing ties the pixels to any place, as in a photo."""
        return self.crs is None and not self.has_transform and not self.gcps and self.rpcs is None

    @property
    def pixel_area(self) -> float | None:
        """Square meters that a pixel covers; None where its size is unknown or, in degrees, differs from row to row."""
        if self.crs is None or not self.has_transform or not self.crs.is_projected:
            return None
        meters = float(self.crs.linear_units_factor[1])
        return abs(self.transform.determinant) * meters**2

    def bounds(self, shape: tuple[int, int]) -> tuple[float, float, float, float] | None:
        """Return left, bottom, right, top of a raster of `shape`; None without a transform, or where it is rotated."""
        if not self.has_transform or self.transform.b or self.transform.d:
            return None
        left, top = self.transform.c, self.transform.f
        right, bottom = left + self.transform.a * shape[1], top + self.transform.e * shape[0]
        return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


PICTURE_DRIVERS = ("PNG", "BMP", "GIF", "JPEG", "WEBP")
"""Formats whose palette is a way to store a picture, and not a legend of class codes."""


def is_color(bands: Sequence[Band]) -> bool:
    """Whether the bands are a color picture: red, green, blue of 8 or 16 bits, and at most alpha besides."""
    roles = [band.role for band in bands if band.role != "alpha"]
    return roles == ["red", "green", "blue"] and all(band.dtype in ("uint8", "uint16") for band in bands)


_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def without_place_warning() -> Iterator[None]:
    """Keep rasterio from warning that a plain picture lies nowhere. The lock is there because filters belong to the process."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


class Reader(Protocol):
    """What fetches pixels; safe to call from many threads at once, and to send to another process."""

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        """Return the pixels of `bands` (counted from 1) in `window`, with shape (band, row, col)."""

    def to_xarray(self, chunks: Any) -> xarray.DataArray:
        """Return the whole raster as rioxarray would."""

    def close(self) -> None:
        """Let go of files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """A raster that can be read: its shape, bands and place, and a reader of its pixels.

    Use it as a context manager, so that its files are closed.
    """

    name: str
    """What was opened, as it was given."""
    driver: str
    """The name of the format, as GDAL has it."""
    shape: tuple[int, int]
    """Rows and columns."""
    bands: tuple[Band, ...]
    reader: Reader = field(repr=False)
    georef: Georef = field(default_factory=Georef)
    tags: Tags = field(default_factory=dict)
    palette: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """The color table of the first band: code to RGBA, 0 to 255; empty where there is none."""
    tile: tuple[int, int] = (256, 256)
    """Rows and columns of the pieces in which the format stores pixels."""
    files: tuple[str, ...] = ()
    """The files that hold it, with those that it is a view of; none of them may be overwritten by what is made of it."""
    can_be_invalid: bool = True
    """False where neither a nodata value, nor a mask, nor alpha, nor the type of the pixels allows an invalid one."""
    is_lossy: bool = False
    """Whether it is stored in a way that changes pixels, such as JPEG."""

    @property
    def data_bands(self) -> tuple[Band, ...]:
        """The bands without alpha."""
        return tuple(band for band in self.bands if band.role != "alpha")

    @property
    def is_color(self) -> bool:
        """Whether the bands are a color picture: red, green, blue of 8 or 16 bits, and at most alpha besides."""
        return is_color(self.bands)

    @property
    def has_palette_picture(self) -> bool:
        """Whether the one band is a picture whose colors are in a palette."""
        return bool(self.palette) and self.driver in PICTURE_DRIVERS

    def band(self, number: int) -> Band:
        """Return the band of that number.

        Raises
        ------
        BandError
            There is none.
        """
        if not 1 <= number <= len(self.bands):
            raise BandError(f"{self.name} has no band {number}; choose from {self.list_bands()}")
        return self.bands[number - 1]

    def list_bands(self) -> str:
        """Return the bands in one line of text, such as ``1 red (uint8), 2 green (uint8)``."""
        texts = (f"{b.number} {b.name or b.role} ({b.dtype})".replace(" undefined", "") for b in self.bands)
        return ", ".join(texts)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None) -> Pixels:
        """Read pixels.

        Parameters
        ----------
        window : Window, optional
            The part to read; all of the raster when None.
        bands : sequence of int, optional
            Band numbers, counted from 1; every band but alpha when None.

        Returns
        -------
        Pixels
            `data` of shape (band, row, col) in the type of the file, `valid` of shape (row, col). A pixel is valid
            where every chosen band has data; in a color picture, where any of them has, so that a pure red
            pixel beside a nodata value of 0 counts.

        Raises
        ------
        BandError
            A band is not there.
        ReadError
            The file is damaged, or out of reach.
        """
        chosen = [b.number for b in self.data_bands] if bands is None else [self.band(b).number for b in bands]
        rows, cols = self.shape
        return self.reader.read(chosen, window or Window(row=0, col=0, rows=rows, cols=cols))

    def to_xarray(self, chunks: Any = None) -> xarray.DataArray:
        """Return the raster as `rioxarray.open_rasterio` does.

        Parameters
        ----------
        chunks : optional
            As in `rioxarray.open_rasterio`: with a value the array is a dask one, and lazy.

        Returns
        -------
        xarray.DataArray, dims (band, y, x)
            Coordinates, `spatial_ref` and attributes as rioxarray sets them.
        """
        return self.reader.to_xarray(chunks)

    def close(self) -> None:
        """Close the files behind the raster."""
        self.reader.close()

    def __enter__(self) -> Raster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
