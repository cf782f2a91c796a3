"""Count how often values occur: `histogram_file`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import check_classifiable, classify
from tsraster.classtable import ClassTable, Number
from tsraster.errors import DataError
from tsraster.measuring import count_codes
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.fitting import TableLike, plan_classes, tally_values
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.sourcing.valueunits import check_table_unit
from tsraster.pipeline.values import KEPT_BYTES, RegionValues, Values, choose_region
from tsraster.preparing import plan_preparation
from tsraster.raster import Window
from tsraster.reading import gdal_settings
from tsraster.schemes import Choice, Counted, Distribution, Summary, check_class_count, counts_each
from tsraster.writing import Outputs, write_rows

_BINS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram:
    """Exact counts of values: of each one, or of bins."""

    source: str
    label: str
    """What was counted, such as ``band 6``."""
    unit: str
    summary: Summary
    """Of all values that were counted."""
    lower: NDArray[Any]
    """Lower ends of the bins, shape (N,); the values themselves where each is counted."""
    upper: NDArray[Any]
    """Upper ends, shape (N,); equal to `lower` where each value is counted."""
    counts: NDArray[np.int64]
    """Pixels, shape (N,)."""
    cutoffs: tuple[Number, ...]
    """Finite edges of the classes that are to be drawn."""
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the source before they were counted, in a sentence each."""

    @property
    def is_of_values(self) -> bool:
        """Whether each value is counted for itself."""
        return bool(np.array_equal(self.lower, self.upper))


def histogram_file(
    source: PathLike,
    *,
    bins: int | None = None,
    band: int | str | None = None,
    landsat: str | None = None,
    mtl: PathLike | None = None,
    raw: bool = False,
    index: str | None = None,
    force: bool = False,
    qa: PathLike | None = None,
    mask: Sequence[str] | None = None,
    confidence: str = "high",
    mask_file: PathLike | None = None,
    clip: PathLike | None = None,
    clip_layer: str | None = None,
    stac: PathLike | None = None,
    smooth: str | None = None,
    region: Sequence[int] | None = None,
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
        16-bit integers is counted, also in physical units, and others in 256 bins.
    band : int or text, optional
        Band to count, counted from 1, or its name; without it a color picture becomes gray by luminance, 0 to 1.
    landsat : "reflectance", "radiance", "temperature" or "celsius", optional
        Physical values of a Landsat band, by the coefficients of its MTL file; a scene, named by its MTL file or folder, is
        reflectance and temperature without it.
    mtl : path, optional
        MTL file (.txt, .json, .xml) of the band; by default the one beside it.
    raw : bool
        Take numbers as they are stored: by default a scale and an offset that the source or its STAC item says are applied.
    index : text, optional
        Spectral index of the bands, such as NDVI or "SAVI:L=0.3", or a formula over their names, such as "nir08 / red"; all of
        spyndex with the extra indices.
    force : bool
        Compute the index also of numbers that are no reflectance, as a sample of them tells.
    qa : path, optional
        Quality band by which pixels are left out: of Landsat (QA_PIXEL, BQA, pixel_qa), or one whose bits a STAC item describes.
    mask : texts, optional
        What is left out by it: cloud,shadow,cirrus,snow,water,dilated,fill; or usgs-clear (which keeps shadow and cirrus),
        clear-sky, clear-land. Of other bits a field that is set, or a field and its meaning: cloud,cloud_confidence=high.
    confidence : "high", "medium" or "low"
        From which confidence on, of the bits of Landsat; of Collection 2 low leaves out nearly all.
    mask_file : path, optional
        Raster of the same size; pixels that are 0 in it, or have no data, are left out.
    clip : path, optional
        Vector file; pixels outside of its shapes are left out.
    clip_layer : text, optional
        Layer of the vector file, where it has several.
    stac : path, optional
        STAC item (JSON) that describes the bands of the source (scale, offset, nodata, unit, names) or the bits of the quality
        band; by default one beside them that names the file, and is called like it or item.json.
    smooth : text, optional
        Smooth first: gaussian:SIGMA or median:SIZE, in pixels.
    region : whole numbers, optional
        Part to count: left, top, right, bottom in pixels, separated by commas.
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
    chosen = SourcePlan(
        landsat=landsat,
        mtl=mtl,
        raw=raw,
        index=index,
        force=force,
        qa=qa,
        mask=mask,
        confidence=confidence,
        mask_file=mask_file,
        clip=clip,
        clip_layer=clip_layer,
        stac=stac,
    )
    drawn = plan_classes(cutoffs=cutoffs, table=table).table if cutoffs is not None or table is not None else None
    if bins is not None:
        check_class_count(bins)
    inputs = [*list_paths(source, table), *chosen.files]
    with (
        gdal_settings(),
        open_source(source, chosen) as opened,
        Outputs([csv], sources=[*inputs, *opened.raster.files], overwrite=overwrite) as staged,
    ):
        raster = opened.raster
        preparation = plan_preparation(raster, band=band, smooth=smooth)
        check_classifiable(preparation.dtype)
        if drawn is not None:
            check_table_unit(drawn, opened.find_value_unit(preparation), raster.name)
        part = choose_region(raster, region)
        values = RegionValues(raster, preparation, part, room=KEPT_BYTES)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            try:
                summary, lower, upper, counts = _count(values, bins, work)
            except DataError as error:
                raise DataError(f"{raster.name}: {error}") from None
        result = Histogram(
            source=raster.name,
            label=preparation.label,
            unit=preparation.unit,
            summary=summary,
            lower=lower,
            upper=upper,
            counts=counts,
            cutoffs=tuple(edge for edge in drawn.edges if np.isfinite(edge)) if drawn is not None else (),
            notes=opened.describe(preparation.bands),
        )
        if csv is not None:
            _write_counts(staged, csv, result)
    return result


def _count(
    values: Values, bins: int | None, work: BlockWork
) -> tuple[Summary, NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Return what is said of all values; the lower and upper ends of what is counted, and the counts."""
    each = counts_each(values.preparation.dtype)
    found = tally_values(values, work, more=0 if each or values.tabulated is not None else 1)
    summary = found.summarize()
    if bins is None and isinstance(found, Counted):
        return summary, found.values, found.values, found.counts
    if bins is None and found.minimum == found.maximum:
        only = np.array([found.minimum])
        return summary, only, only, np.array([found.count])
    table = Choice(name="equal-interval", classes=bins or _BINS, is_asked=bins is not None).fit(found)
    if isinstance(found, Counted):
        counts = count_codes(classify(found.values, table), table, times=found.counts)
    else:
        blocks = work.run(values.raster, partial(_count_window, values, table))
        counts = np.sum([block for _, block in blocks], axis=0)
    return summary, np.array(table.edges[:-1]), np.array(table.edges[1:]), counts


def count_roughly(distribution: Distribution, sources: Sequence[Values], table: ClassTable | None) -> Histogram:
    """Return the histogram of several sources together, to draw classes over: of each value where these are counted."""
    if isinstance(distribution, Counted):
        lower = upper = distribution.values
        counts = distribution.counts
    else:
        edges = distribution.bin_edges(_BINS)
        lower, upper, counts = edges[:-1], edges[1:], distribution.histogram(_BINS)
    preparation = sources[0].preparation
    return Histogram(
        source=", ".join(Path(values.raster.name).name for values in sources),
        label=preparation.label,
        unit=preparation.unit,
        summary=distribution.summarize(),
        lower=lower,
        upper=upper,
        counts=counts,
        cutoffs=() if table is None else table.edges[1:-1],
    )


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
