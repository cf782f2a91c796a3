"""Where the pixels of a stack lie in its files: `plan_stack`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.pipeline.sourcing.bandfacts import KnownBand
from tsraster.preparing import Shift, find_shift, move_georef, plan_preparation
from tsraster.raster import Georef, Raster, Window
from tsraster.reading.gdalreader import GdalReader
from tsraster.reading.orientation import Orientation
from tsraster.writing import Image, Spectrum
from tsraster.writing.virtualrasters import BandPlace, find_reference

_MOST_PIXELS = 2**26
"""A picture with more is registered by its upper left part."""


def check_alike(bands: Sequence[KnownBand], *, any_size: bool, any_nodata: bool) -> None:
    """Check that bands can be those of one raster.

    Raises
    ------
    DataError
        One has another size, another place or another nodata value than most, or numbers that cannot be stacked.
    """
    rasters = [known.raster for known in bands]
    if not any_size:
        _check_shapes(rasters)
    first = rasters[0]
    for other in rasters[1:]:
        if _place(other.georef) != _place(first.georef):
            raise DataError(f"{other.name} lies elsewhere than {first.name}; warp it to the same grid first")
    for known in bands:
        if known.band.dtype == "complex_int16":
            raise DataError(f"{known.raster.name} holds complex whole numbers, which cannot be stacked")
    if not any_nodata:
        _check_nodata(bands)


def _check_shapes(rasters: Sequence[Raster]) -> None:
    usual = Counter(raster.shape for raster in rasters).most_common(1)[0][0]
    like = next(raster for raster in rasters if raster.shape == usual)
    for other in rasters:
        if other.shape != usual:
            raise DataError(
                f"{other.name} has {other.shape[0]} x {other.shape[1]} pixels and {like.name} {usual[0]} x {usual[1]}; "
                "a stack needs the same size, or --register for pictures of one field"
            )


def _check_nodata(bands: Sequence[KnownBand]) -> None:
    values = {str(known.band.nodata): known for known in reversed(bands)}
    if len(values) > 1:
        said = ", ".join(f"{known.raster.name}: {_spell(known.band.nodata)}" for known in reversed(values.values()))
        raise DataError(
            f"the sources have different nodata values ({said}); give all the same, or write .vrt, which has one for each"
        )


def _spell(nodata: float | None) -> str:
    return "none" if nodata is None else f"{nodata:g}"


def _place(georef: Georef) -> tuple[Any, ...]:
    return georef.crs, georef.transform


def find_shifts(rasters: Sequence[Raster]) -> tuple[Shift, ...]:
    """Return how all rasters but the first are shifted against it."""
    return tuple(_register(rasters[0], other) for other in rasters[1:])


def _register(first: Raster, other: Raster) -> Shift:
    try:
        return find_shift(_read_gray(first), _read_gray(other))
    except DataError as error:
        raise DataError(f"{other.name}: {error}") from None


def _read_gray(raster: Raster) -> NDArray[np.float64]:
    """Return the upper left part of a raster as gray; NaN where there is no data."""
    rows, cols = raster.shape
    side = Window(row=0, col=0, rows=min(rows, max(1, _MOST_PIXELS // cols)), cols=cols)
    band = None if raster.is_color or raster.has_palette_picture else raster.data_bands[0].number
    pixels = plan_preparation(raster, band=band).read(raster, side)
    return np.where(pixels.valid, pixels.data, np.nan)


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """Where the pixels of the stack lie in each file."""

    bands: Sequence[KnownBand]
    rasters: Sequence[Raster]
    starts: Sequence[tuple[int, int]]
    """Row and column of the first pixel in each file."""
    shape: tuple[int, int]

    @property
    def shown(self) -> Raster:
        """A raster of the size of the stack, stored as its first file."""
        return replace(self.rasters[0], shape=self.shape)

    def describe(self, names: Sequence[str] | None, wavelengths: Sequence[float] | None) -> Image:
        """Return what the stack is.

        Raises
        ------
        UsageError
            There are not as many names or wavelengths as bands; or a name is empty, or there twice.
        """
        labels = _label(self.bands)
        _check_given("name", names, labels)
        _check_given("wavelength", wavelengths, labels)
        _check_names(names or ())
        row, col = self.starts[0]
        part = Window(row=row, col=col, rows=self.shape[0], cols=self.shape[1])
        first = self.rasters[0]
        lights = [known.spectrum for known in self.bands]
        return Image(
            shape=self.shape,
            dtype=np.result_type(*(known.band.dtype for known in self.bands)).name,
            bands=len(labels),
            names=tuple(names or labels),
            georef=move_georef(first.georef, part),
            tags=first.tags,
            nodata=self.bands[0].band.nodata,
            described=tuple(known.band for known in self.bands),
            spectrum=tuple(lights if wavelengths is None else map(_light, wavelengths, lights)),
        )

    def read(self, window: Window, *, dtype: str) -> NDArray[Any]:
        """Return the pixels of all bands in a window of the stack, shape (band, row, col)."""
        parts = []
        for raster, (row, col) in zip(self.rasters, self.starts, strict=True):
            moved = replace(window, row=window.row + row, col=window.col + col)
            bands = [known for known in self.bands if known.raster is raster]
            layers = raster.read(moved, [known.band.number for known in bands]).data.astype(dtype, copy=False)
            parts.append(_blank(layers, bands))
        return np.concatenate(parts)

    def locate(self, folder: Path) -> list[BandPlace]:
        """Return where each band is, for a virtual raster in a folder.

        Raises
        ------
        UsageError
            A file cannot be referred to.
        """
        places = []
        for known in self.bands:
            raster = known.raster
            _check_upright(raster)
            path, is_relative = find_reference(raster.name, raster.files, folder)
            row, col = next(start for other, start in zip(self.rasters, self.starts, strict=True) if other is raster)
            number = known.band.number
            place = BandPlace(path=path, is_relative=is_relative, number=number, shape=raster.shape)
            places.append(replace(place, row=row, col=col, fill=known.fill))
        return places


def _check_given(what: str, given: Sequence[object] | None, labels: Sequence[str]) -> None:
    if given is not None and len(given) != len(labels):
        number = f"{len(given)} {what}{'' if len(given) == 1 else 's'}"
        raise UsageError(f"{number} for {len(labels)} bands ({', '.join(labels)}); give one for each band")


def _check_names(names: Sequence[str]) -> None:
    """Refuse what formulas could not tell bands apart by."""
    empty = [i for i, name in enumerate(names, start=1) if not name.strip()]
    if empty:
        raise UsageError(f"--names has an empty name for band {empty[0]}; give each band one, such as red,nir08")
    twice = next((name for name, times in Counter(map(str.strip, names)).items() if times > 1), None)
    if twice is not None:
        raise UsageError(f"--names has {twice} twice; give each band a name of its own")


def _blank(layers: NDArray[Any], bands: Sequence[KnownBand]) -> NDArray[Any]:
    """Let the fill of bands become their nodata value, in place."""
    for layer, known in zip(layers, bands, strict=True):
        if known.fill is not None:
            layer[layer == known.fill] = known.band.nodata
    return layers


def _label(bands: Sequence[KnownBand]) -> list[str]:
    """Return names of bands: what they show, or else their file and band; of what would be there twice the file.

    Bands of a single file keep their names, and the only band of a file, where it has none, is called by the file.
    """
    is_one = len({id(known.raster) for known in bands}) == 1
    labels = [known.band.name if known.is_named or (is_one and known.band.name) else _join(known) for known in bands]
    counts = Counter(labels)
    return _number_twins(
        [
            _stem(known) if known.is_named and counts[label] > 1 else label
            for label, known in zip(labels, bands, strict=True)
        ]
    )


def _join(known: KnownBand) -> str:
    is_plain = not known.band.name and len(known.raster.data_bands) == 1
    return _stem(known) if is_plain else f"{_stem(known)}.{known.band.name or known.band.role}"


def _number_twins(labels: Sequence[str]) -> list[str]:
    """Return names of which none is there twice, as those of files of one name in two folders: the second becomes name_2."""
    found: list[str] = []
    for label in labels:
        numbers = (f"{label}_{number}" for number in count(2))
        found.append(label if label not in found else next(name for name in numbers if name not in (*found, *labels)))
    return found


def _stem(known: KnownBand) -> str:
    return Path(known.raster.name).stem


def _light(wavelength: float, known: Spectrum | None) -> Spectrum:
    """Return a wavelength that is given; the width that the source says belongs to its own."""
    return known if known is not None and known.wavelength == wavelength else Spectrum(wavelength=wavelength)


def _check_upright(raster: Raster) -> None:
    reader = raster.reader
    if not isinstance(reader, GdalReader) or reader.source.orientation != Orientation():
        raise UsageError(
            f"a .vrt cannot refer to {raster.name}, which is turned upright as it is read (EXIF); write .tif"
        )


def plan_stack(bands: Sequence[KnownBand], rasters: Sequence[Raster], shifts: Sequence[Shift]) -> StackPlan:
    """Keep the rectangle that all files show.

    Raises
    ------
    DataError
        There is none.
    """
    offsets = [(0, 0), *((shift.rows, shift.cols) for shift in shifts)] if shifts else [(0, 0)] * len(rasters)
    ends = []
    for axis in (0, 1):
        first = max(-offset[axis] for offset in offsets)
        last = min(raster.shape[axis] - offset[axis] for raster, offset in zip(rasters, offsets, strict=True))
        ends.append((first, last))
    (top, bottom), (left, right) = ends
    if top >= bottom or left >= right:
        raise DataError("the sources do not overlap as they are registered")
    return StackPlan(
        bands=bands,
        rasters=rasters,
        starts=[(top + row, left + col) for row, col in offsets],
        shape=(bottom - top, right - left),
    )
