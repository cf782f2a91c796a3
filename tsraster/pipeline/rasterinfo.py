"""Say what a raster is: `info_file`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import BandError, DataError
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.fitting import tally_values
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.bandfacts import KnownBand, list_left_out, list_scene, say_known
from tsraster.pipeline.sourcing.landsatscene import is_scene, read_scene
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import plan_preparation
from tsraster.preparing.views import join_bands, mask_raster
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.reading.wavelengths import Length, find_lengths


@dataclass(frozen=True, kw_only=True)
class BandInfo:
    """What is known of one band."""

    number: int
    name: str
    role: str
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    unit: str
    wavelength: float | None = None
    """Of the center of what it shows, in um."""
    width: float | None = None
    """From end to end where it is half as sensitive, in um."""
    valid: int | None = None
    """Pixels with data; None where statistics were left out or the band has no order, as complex numbers have none."""
    minimum: Number | None = None
    maximum: Number | None = None
    mean: float | None = None
    std: float | None = None


@dataclass(frozen=True, kw_only=True)
class RasterInfo:
    """What `info_file` found; the same names as in its JSON."""

    name: str
    driver: str
    rows: int
    cols: int
    read_as: str
    """What is classified when no band is named."""
    crs: str | None
    transform: tuple[float, ...] | None
    """a, b, c, d, e, f of x = a col + b row + c, y = d col + e row + f."""
    bounds: tuple[float, float, float, float] | None
    """Left, bottom, right, top, of a raster without rotation."""
    pixel_area_m2: float | None
    gcps: int
    rpcs: bool
    area_or_point: str | None
    palette: int
    """How many colors the color table of the file holds."""
    class_names: dict[int, str]
    """Names of the codes of the first band, from category names or an attribute table."""
    bands: tuple[BandInfo, ...]
    tags: dict[str, str]
    notes: tuple[str, ...] = ()
    """What is known of the bands of a Landsat scene, in a sentence each."""

    def to_record(self) -> dict[str, Any]:
        """Return it as what JSON holds; numbers that are not finite as text, in the words of gdalinfo."""
        return asdict(self, dict_factory=lambda pairs: {name: _spell(value) for name, value in pairs})


def _spell(value: Any) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def info_file(
    source: PathLike,
    *,
    quick: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> RasterInfo:
    """Say what a raster is: its size, bands, place, wavelengths, and exact statistics of each band.

    Parameters
    ----------
    source : path
        Raster or picture: whatever GDAL opens, also /vsi paths and URLs; or a Landsat scene, by its MTL file or folder.
        Statistics are of the numbers as they are stored; scale and offset make values of them.
    quick : bool
        Leave out the statistics, for which every pixel is read.
    workers : int, optional
        Number of threads; by default one for each processor.
    executor : concurrent.futures.Executor, optional
        Where blocks are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    RasterInfo

    Raises
    ------
    ReadError
        The source cannot be read.
    """
    with gdal_settings(), ExitStack() as stack:
        raster, facts, notes = _open(source, stack)
        with block_work(workers=workers, executor=executor, progress=progress) as work:
            found = {} if quick else _measure_bands(raster, work)
        return _describe(raster, facts, found, notes)


def _open(source: PathLike, stack: ExitStack) -> tuple[Raster, Sequence[Length], tuple[str, ...]]:
    """Open a source as it is stored; return it with what light its bands show, and what is known of them."""
    if not is_scene(source):
        raster = stack.enter_context(open_raster(source))
        return raster, find_lengths(raster, [band.number for band in raster.bands]), ()
    metadata = read_scene(source)
    known = list_scene(metadata, stack)
    raster = join_bands([_hide_fill(one) for one in known], [one.band for one in known], name=str(metadata.path))
    lights = (one.spectrum for one in known)
    lengths = [Length(None, None) if light is None else Length(light.wavelength, light.width) for light in lights]
    return raster, lengths, (*list_left_out(metadata), *say_known(known))


@dataclass(frozen=True, kw_only=True, eq=False)
class _FillMask:
    """Finds the fill of a Landsat band whose file does not say that it is no data. Can be sent to another process."""

    raster: Raster
    fill: float

    def find(self, window: Window) -> NDArray[np.bool_]:
        """Return True where the fill is, shape (row, col)."""
        return np.asarray(self.raster.read(window, [1]).data[0] == self.fill)

    def close(self) -> None:
        """Do nothing: the raster is closed by who reads it."""


def _hide_fill(known: KnownBand) -> Raster:
    fill = known.band.nodata if known.raster.bands[0].nodata is None else known.fill
    return known.raster if fill is None else mask_raster(known.raster, [_FillMask(raster=known.raster, fill=fill)])


def _measure_bands(raster: Raster, work: BlockWork) -> dict[int, dict[str, Any]]:
    """Return the statistics of each band whose numbers have an order."""
    numbers = [band.number for band in raster.data_bands if np.dtype(band.dtype).kind != "c"]
    return {
        number: _measure_band(raster, number, work, more=len(numbers) - i) for i, number in enumerate(numbers, start=1)
    }


def _measure_band(raster: Raster, number: int, work: BlockWork, *, more: int) -> dict[str, Any]:
    values = Values(raster, plan_preparation(raster, band=number), room=KEPT_BYTES)
    try:
        found = tally_values(values, work, more=more).summarize()
    except DataError:  # no pixel is valid
        return {"valid": 0}
    return {
        "valid": found.count,
        "minimum": found.minimum,
        "maximum": found.maximum,
        "mean": found.mean,
        "std": found.std,
    }


def _describe(
    raster: Raster, lengths: Sequence[Length], found: dict[int, dict[str, Any]], notes: tuple[str, ...]
) -> RasterInfo:
    georef, tags = raster.georef, dict(raster.tags.get("", {}))
    crs = georef.crs if georef.crs is not None else georef.gcp_crs
    try:
        read_as = plan_preparation(raster).label
    except BandError:
        read_as = "a band that must be named with --band"
    return RasterInfo(
        name=raster.name,
        driver=raster.driver,
        rows=raster.shape[0],
        cols=raster.shape[1],
        read_as=read_as,
        crs=None if crs is None else str(crs.to_string()),
        transform=tuple(georef.transform)[:6] if georef.has_transform else None,
        bounds=georef.bounds(raster.shape),
        pixel_area_m2=georef.pixel_area,
        gcps=len(georef.gcps),
        rpcs=georef.rpcs is not None,
        area_or_point=tags.pop("AREA_OR_POINT", None),
        palette=len(raster.palette),
        class_names=dict(read_categories(raster).names),
        bands=tuple(
            BandInfo(**asdict(band), **length._asdict(), **found.get(band.number, {}))
            for band, length in zip(raster.bands, lengths, strict=True)
        ),
        tags=tags,
        notes=notes,
    )
