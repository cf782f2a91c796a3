"""Say what a raster is, and how its values are distributed: `info_file` and `histogram_file`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import check_classifiable, classify
from tsraster.classtable import ClassTable, Number
from tsraster.errors import BandError, DataError
from tsraster.measuring import count_codes
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.fitting import TableLike, draft_table, fit_table, measure_values
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.values import Values
from tsraster.preparing import plan_preparation
from tsraster.raster import Raster, Window
from tsraster.reading import gdal_settings, open_raster
from tsraster.schemes import Distribution
from tsraster.writing import Outputs, write_rows


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
    bands: tuple[BandInfo, ...]
    tags: dict[str, str]

    def to_record(self) -> dict[str, Any]:
        """Return it as what JSON holds."""
        return asdict(self)


def info_file(
    source: PathLike,
    *,
    quick: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> RasterInfo:
    """Say what a raster is: its size, bands, place, and exact statistics of each band.

    Parameters
    ----------
    source : path
        Raster or picture: whatever GDAL opens, also /vsi paths and URLs.
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
    with gdal_settings(), open_raster(source) as raster:
        with block_work(workers=workers, executor=executor, progress=progress) as work:
            numbers = [] if quick else [band.number for band in raster.data_bands]
            found = {
                number: _measure_band(raster, number, work, done=i, passes=len(numbers))
                for i, number in enumerate(numbers)
            }
        return _describe(raster, found)


def _measure_band(raster: Raster, number: int, work: BlockWork, *, done: int, passes: int) -> Distribution | None:
    preparation = plan_preparation(raster, band=number)
    try:
        check_classifiable(preparation.dtype)
    except DataError:
        return None
    try:
        return measure_values(Values(raster, preparation), work, done=done, passes=passes)
    except DataError:
        return Distribution(count=0, minimum=0, maximum=0, mean=0, std=0)


def _describe(raster: Raster, found: dict[int, Distribution | None]) -> RasterInfo:
    georef, tags = raster.georef, dict(raster.tags.get("", {}))
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
        crs=_crs_text(georef.crs if georef.crs is not None else georef.gcp_crs),
        transform=tuple(georef.transform)[:6] if georef.has_transform else None,
        bounds=georef.bounds(raster.shape),
        pixel_area_m2=georef.pixel_area,
        gcps=len(georef.gcps),
        rpcs=georef.rpcs is not None,
        area_or_point=tags.pop("AREA_OR_POINT", None),
        palette=len(raster.palette),
        bands=tuple(_describe_band(raster, band.number, found.get(band.number)) for band in raster.bands),
        tags=tags,
    )


def _crs_text(crs: Any) -> str | None:
    return None if crs is None else str(crs.to_string())


def _describe_band(raster: Raster, number: int, found: Distribution | None) -> BandInfo:
    band = raster.band(number)
    some = found is not None and found.count > 0
    return BandInfo(
        number=number,
        name=band.name,
        role=band.role,
        dtype=band.dtype,
        nodata=band.nodata,
        scale=band.scale,
        offset=band.offset,
        unit=band.unit,
        valid=found.count if found is not None else None,
        minimum=found.minimum if found is not None and some else None,
        maximum=found.maximum if found is not None and some else None,
        mean=found.mean if found is not None and some else None,
        std=found.std if found is not None and some else None,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram:
    """Exact counts of values: of each one, or of bins."""

    source: str
    label: str
    """What was counted, such as ``band 6``."""
    unit: str
    distribution: Distribution
    lower: NDArray[Any]
    """Lower ends of the bins, shape (N,); the values themselves where each is counted."""
    upper: NDArray[Any]
    """Upper ends, shape (N,); equal to `lower` where each value is counted."""
    counts: NDArray[np.int64]
    """Pixels, shape (N,)."""
    cutoffs: tuple[Number, ...]
    """Finite edges of the classes that are to be drawn."""

    @property
    def is_of_values(self) -> bool:
        """Whether each value is counted for itself."""
        return bool(np.array_equal(self.lower, self.upper))


def histogram_file(
    source: PathLike,
    *,
    bins: int | None = None,
    band: int | None = None,
    smooth: str | None = None,
    cutoffs: Sequence[Number] | None = None,
    table: TableLike | None = None,
    csv: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Histogram:
    """Count the values of a raster or picture; exactly, never sampled.

    Parameters
    ----------
    source : path
        Raster or picture: whatever GDAL opens, also /vsi paths and URLs.
    bins : int, optional
        Number of bins of equal width, (a, b] with the smallest value included; by default each value of 8- and
        16-bit integers is counted, and others in 256 bins.
    band : int, optional
        Band to count, counted from 1; without it a color picture becomes gray by luminance, 0 to 1.
    smooth : text, optional
        Smooth first: gaussian:SIGMA or median:SIZE, in pixels.
    cutoffs : numbers, optional
        Cutoffs to draw in the plot, increasing, separated by commas.
    table : path, optional
        Class table (JSON) whose edges are drawn in the plot.
    csv : path, optional
        Counts to write (CSV): value, count; or lower, upper, count.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where blocks are worked on, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Histogram

    Raises
    ------
    UsageError, ReadError, BandError, DataError, TableError, WriteError
        As `classify_file` does.
    """
    drawn = draft_table(cutoffs, None, table, None) if cutoffs is not None or table is not None else None
    outputs = [csv] if csv is not None else []
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs(outputs, sources=[source], overwrite=overwrite) as staged,
    ):
        preparation = plan_preparation(raster, band=band, smooth=smooth)
        check_classifiable(preparation.dtype)
        values = Values(raster, preparation, keep=True)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            lower, upper, counts, distribution = _count(values, bins, work)
        result = Histogram(
            source=raster.name,
            label=preparation.label,
            unit=preparation.unit,
            distribution=distribution,
            lower=lower,
            upper=upper,
            counts=counts,
            cutoffs=tuple(edge for edge in drawn.edges if np.isfinite(edge)) if drawn is not None else (),
        )
        if csv is not None:
            _write_counts(staged, csv, result)
    return result


def _count(
    values: Values, bins: int | None, work: BlockWork
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64], Distribution]:
    """Return the lower and upper ends, the counts, and the whole distribution."""
    draft = draft_table(None, bins if bins is not None else 256, None, None)
    is_small = values.preparation.dtype.kind in "iu" and values.preparation.dtype.itemsize <= 2
    distribution = measure_values(values, work, passes=1 if is_small else 2)
    if bins is None and (is_small or distribution.minimum == distribution.maximum):
        known = distribution.values if is_small else np.array([distribution.minimum])
        return known, known, distribution.counts if is_small else np.array([distribution.count]), distribution
    table = fit_table(draft, distribution, values)
    if is_small:
        codes = classify(distribution.values, table)
        counts = np.bincount(codes, weights=distribution.counts, minlength=len(table) + 1)[1:].astype(np.int64)
    else:
        blocks = work.run(values.raster, partial(_count_window, values, table), done=1, passes=2)
        counts = np.sum([block for _, block in blocks], axis=0)
    return np.array(table.edges[:-1]), np.array(table.edges[1:]), counts, distribution


def _count_window(values: Values, table: ClassTable, window: Window) -> NDArray[np.int64]:
    pixels = values.read(window)
    return count_codes(classify(pixels.data, table, valid=pixels.valid), table)


def _write_counts(staged: Outputs, csv: PathLike, result: Histogram) -> None:
    if result.is_of_values:
        rows = zip(result.lower.tolist(), result.counts.tolist(), strict=True)
        write_rows(staged.stage(csv), ["value", "count"], rows)
    else:
        rows3 = zip(result.lower.tolist(), result.upper.tolist(), result.counts.tolist(), strict=True)
        write_rows(staged.stage(csv), ["lower", "upper", "count"], rows3)
