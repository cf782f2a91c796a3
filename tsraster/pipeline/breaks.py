"""Fit one table of classes to one raster or several: `breaks_file`."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import check_classifiable
from tsraster.classtable import ClassTable, Closed
from tsraster.errors import DataError, RoundedFitWarning, TsrasterWarning, UsageError
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.fitting import ClassPlan, ValueStream, describe_fit, plan_classes
from tsraster.pipeline.histogram import Histogram, count_roughly
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import plan_preparation
from tsraster.reading import gdal_settings
from tsraster.schemes import SCHEMES, Choice, Distribution, choose_scheme, tally
from tsraster.schemes.goodness import Goodness, measure_goodness
from tsraster.writing import Outputs, write_text


@dataclass(frozen=True, kw_only=True, eq=False)
class SchemeFit:
    """What one scheme made of the values."""

    scheme: str
    table: ClassTable | None
    """None where the scheme cannot divide these values."""
    counts: NDArray[np.int64]
    """Pixels of each class, shape (K,)."""
    goodness: float
    """The goodness of variance fit, from 0 to 1; NaN without a table."""
    seconds: float
    """How long the fit took; what the first scheme reads, the others find."""
    note: str
    """Why there is no table, or what the fit says of itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Breaks:
    """What `breaks_file` found and wrote."""

    table: ClassTable | None
    """The fitted table, if a scheme was chosen."""
    fits: tuple[SchemeFit, ...]
    """The chosen scheme, or all that were compared."""
    histogram: Histogram
    """Of all values, to draw the edges over."""
    written: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the sources before they were counted, in a sentence each."""


def breaks_file(
    sources: PathLike | Sequence[PathLike],
    destination: PathLike | None = None,
    *,
    scheme: str | None = None,
    classes: int | None = None,
    compare: bool = False,
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
    closed: Closed | None = None,
    values: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Breaks:
    """Fit classes to the values of one raster, or of several together, so that a series shares its classes.

    Every pixel of every source counts; nothing is sampled.

    Parameters
    ----------
    sources : path, or sequence of paths
        Rasters or pictures: whatever GDAL opens, also /vsi paths and URLs.
    destination : path, optional
        Class table to write (JSON).
    scheme : text, optional
        Scheme that makes the classes: one of those listed below, some with numbers behind a colon.
    classes : int, optional
        Number of classes.
    compare : bool
        Fit every scheme, and say how well its classes hold together.
    band : int or text, optional
        Band to take, counted from 1, or its name; without it a color picture becomes gray by luminance, 0 to 1.
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
    closed : right or left, optional
        Which edge belongs to a class: right makes (a, b], the default; left makes [a, b).
    values : whole numbers, optional
        Codes of the classes, separated by commas; 1, 2, 3, ... by default.
    names : texts, optional
        Names of the classes, separated by commas.
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
    Breaks

    Raises
    ------
    UsageError
        The options contradict each other or are wrong in themselves; there is no source.
    ReadError, BandError, DataError
        A source cannot be read; has no such band; has no valid pixel, or values that cannot be divided so.
    WriteError
        The destination exists and `overwrite` is False, or cannot be written.

    Warns
    -----
    FewerClassesWarning, RoundedFitWarning
        A scheme made fewer classes than asked; or was fitted to rounded values, within a bound that is said.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     found = breaks_file(scene, scheme="quantiles", classes=3)
    >>> found.table.scheme, len(found.table), round(found.fits[0].goodness, 2)
    ('quantiles', 3, 0.81)
    """
    paths = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    if not paths:
        raise UsageError("no source is named; name at least one raster")
    if scheme is None and not compare:
        raise UsageError("nothing says which classes to make; give --scheme and --classes, or --compare")
    if destination is not None and scheme is None:
        raise UsageError("nothing says which of the compared schemes makes the table; choose one with --scheme")
    if scheme is None and (values is not None or names is not None):
        raise UsageError("--values and --names are for the classes of one scheme; choose it with --scheme")
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
    plan = None
    if scheme is not None:
        # Beside a scheme that says by its numbers how many classes it makes, --classes is for those it is compared with.
        own = None if compare and ":" in scheme else classes
        plan = plan_classes(scheme=scheme, classes=own, closed=closed, values=values, names=names)
    choices = _list_choices(classes) if compare else []
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        opened = [_open_values(path, chosen, stack, band, smooth, KEPT_BYTES // len(paths)) for path in paths]
        read = [source for source, _ in opened]
        unit = _agree_on_unit(read)
        files = [file for source in read for file in source.raster.files]
        outputs = stack.enter_context(
            Outputs([destination], sources=[*paths, *chosen.files, *files], overwrite=overwrite)
        )
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            try:
                found = tally(ValueStream(read, work))
                table, fits = _fit(plan, choices, found, closed or "right", describe_fit(read, found))
            except DataError as error:
                raise DataError(f"{', '.join(source.raster.name for source in read)}: {error}") from None
            histogram = count_roughly(found, read, table)
        if table is not None:
            table = replace(table, unit=unit)
            if destination is not None:
                write_text(outputs.stage(destination), table.to_json())
    return Breaks(
        table=table,
        fits=fits,
        histogram=histogram,
        written=() if destination is None else (os.fspath(destination),),
        notes=tuple(dict.fromkeys(note for _, notes in opened for note in notes)),
    )


def _open_values(
    path: PathLike, chosen: SourcePlan, stack: ExitStack, band: int | str | None, smooth: str | None, room: int
) -> tuple[Values, tuple[str, ...]]:
    opened = stack.enter_context(open_source(path, chosen))
    raster = opened.raster
    preparation = plan_preparation(raster, band=band, smooth=smooth)
    check_classifiable(preparation.dtype)
    # Of a long series not all can be open at the same time; what is read opens by itself.
    raster.close()
    return Values(raster, preparation, room=room), opened.describe(preparation.bands)


def _agree_on_unit(sources: Sequence[Values]) -> str:
    """Return the unit of all sources; values in different ones must not be counted together."""
    first = sources[0]
    for other in sources:
        if other.preparation.unit != first.preparation.unit:
            units = [f"{source.raster.name} is in {source.preparation.unit or 'no unit'}" for source in (first, other)]
            raise DataError(f"{' and '.join(units)}; fit each by itself, or give them one unit")
    return first.preparation.unit


def _list_choices(classes: int | None) -> list[Choice]:
    """Return every scheme, with that number of classes or the least that it makes."""
    if classes is None:
        raise UsageError("--compare needs a number of classes; give --classes")
    return [choose_scheme(name, max(classes, SCHEMES[name].fixed or 1)) for name in SCHEMES]


def _fit(
    plan: ClassPlan | None,
    choices: Sequence[Choice],
    distribution: Distribution,
    closed: Closed,
    fitted_on: dict[str, Any],
) -> tuple[ClassTable | None, tuple[SchemeFit, ...]]:
    """Return the table of the chosen scheme, and what is to be said of it and of those it is compared with."""
    start = time.perf_counter()
    table = plan.fit(distribution, fitted_on) if plan is not None else None
    fits = [_fit_one(choice, distribution, closed) for choice in choices]
    if table is not None and not choices:
        fits = [(table.scheme, table, "", time.perf_counter() - start)]
    tables = [fit for _, fit, _, _ in fits if fit is not None]
    measured = iter(measure_goodness(tables, distribution) if tables else [])
    nothing = Goodness(counts=np.empty(0, dtype=np.int64), goodness=float("nan"))
    found = []
    for scheme, fit, note, seconds in fits:
        own = next(measured) if fit is not None else nothing
        found.append(
            SchemeFit(scheme=scheme, table=fit, counts=own.counts, goodness=own.goodness, seconds=seconds, note=note)
        )
    return table, tuple(found)


def _fit_one(choice: Choice, distribution: Distribution, closed: Closed) -> tuple[str, ClassTable | None, str, float]:
    """Return a scheme, its table, or why there is none, and the seconds it took."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", TsrasterWarning)
        try:
            table, note = choice.fit(distribution, closed=closed), ""
        except DataError as error:
            table, note = None, str(error)
    rounded = [str(warning.message) for warning in said if issubclass(warning.category, RoundedFitWarning)]
    return str(choice), table, note or "; ".join(rounded), time.perf_counter() - start
