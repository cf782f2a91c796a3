"""Classify a file: the story of the package in one function, `classify_file`; read it first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from numpy.typing import NDArray

from tsraster.classification import Outside, check_classifiable
from tsraster.classification.rules import RuleTable
from tsraster.classtable import ClassTable, Closed, Number
from tsraster.errors import DataError, UsageError
from tsraster.lut import Lut
from tsraster.measuring import ClassShare, list_shares
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.classjob import ClassifyJob
from tsraster.pipeline.fitting import ClassPlan, TableLike, describe_fit, plan_classes, tally_values
from tsraster.pipeline.giventexts import list_given
from tsraster.pipeline.imaging import PathLike, choose_targets, list_paths
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.picturelegend import LegendPlace, check_legend, plan_class_legend
from tsraster.pipeline.ruling import check_alone, read_rules
from tsraster.pipeline.sidecars import list_sidecars, warn_of_styles, write_sidecars
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.sourcing.valueunits import check_table_unit
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import plan_preparation
from tsraster.raster import Georef
from tsraster.reading import find_pixel_area, gdal_settings, parse_pixel_size
from tsraster.schemes import Counted
from tsraster.writing import Outputs, describe_classes, write_rows, write_text


@dataclass(frozen=True, kw_only=True, eq=False)
class Classification:
    """What `classify_file` found and wrote."""

    source: str
    table: ClassTable
    shares: tuple[ClassShare, ...]
    """One row a class: pixels, percent, area."""
    without_data: int
    """Pixels that are nodata, masked, transparent, NaN or infinite."""
    infinite: int
    """How many of those are infinite; counted where the values are not smoothed."""
    outside: int
    """Pixels with data that are in no class of the table."""
    preview: NDArray[Any]
    """Every n-th code, shape (row, col), at most 1200 rows and columns."""
    shape: tuple[int, int]
    """Rows and columns of the raster."""
    georef: Georef
    """Where the raster lies."""
    lut: Lut | None
    """The colors of the classes."""
    label: str
    """What was classified, such as ``band 6``."""
    written: tuple[str, ...]
    """Paths of the files that were written."""
    notes: tuple[str, ...] = ()
    """What was done to the numbers of the source before they were classified, in a sentence each."""
    is_masked: bool = False
    """Whether a mask or shapes left pixels out, which are among those without data."""


def classify_file(
    source: PathLike,
    destination: PathLike | None = None,
    *,
    cutoffs: Sequence[Number] | None = None,
    bins: int | None = None,
    scheme: str | None = None,
    classes: int | None = None,
    table: TableLike | None = None,
    rules: RuleTable | str | None = None,
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
    outside: Outside = "nodata",
    lut: Lut | PathLike | None = None,
    color: PathLike | None = None,
    legend: LegendPlace | None = None,
    cog: bool = False,
    sidecars: Sequence[str] | None = None,
    save_table: PathLike | None = None,
    stats: PathLike | None = None,
    pixel_size: str | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Classification:
    """Classify a raster or picture by its values.

    Each pixel gets the code of its class, and 0 where it has no data or is in no class; see `tsraster.classify` for edges
    and ties. Georeferencing and tags of the source are carried to every output that can hold them.

    Parameters
    ----------
    source : path
        Raster or picture: whatever GDAL opens, also /vsi paths and URLs; or a Landsat scene, by its MTL file or folder.
    destination : path, optional
        Class map to write: .tif or .png.
    cutoffs : numbers, optional
        Values that divide the classes, increasing, separated by commas; K of them make K+1 classes.
    bins : int, optional
        Number of classes of equal width between the smallest and the largest valid value.
    scheme : text, optional
        Scheme that makes the classes, such as quantiles or natural-breaks; tsraster breaks --help lists all.
    classes : int, optional
        Number of classes of the scheme.
    table : path, optional
        Class table (JSON) that was saved before.
    rules : text or @file, optional
        Conditions on several bands in their order, such as '1 "water": NDWI > 0; 2: red < 0.1 and NDVI > 0.6; 9 "other": else';
        names are bands or indices, and the first that holds gives its code.
    band : int or text, optional
        Band to classify, counted from 1, or its name; without it a color picture becomes gray by luminance, 0 to 1.
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
        Compute the index, or those of the rules, also of numbers that are no reflectance, as a sample of them tells.
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
    outside : nodata, clamp or error
        What becomes of values outside of the table: no class, the nearest class, or an error.
    lut : name or path, optional
        Color table: a shipped one or an installed colormap by name, a file in any format of tsraster lut list, or a raster.
    color : path, optional
        Color picture to write in the same pass: .tif, .png or .jpg; needs a color table.
    legend : beside or a corner, optional
        Put a legend on the color picture: beside, top-left, top-right, bottom-left or bottom-right.
    cog : bool
        Write GeoTIFFs as cloud optimized GeoTIFFs.
    sidecars : texts, optional
        Files to write beside the class map: qml (QGIS style), clr (ESRI colors), stac (classification:classes).
    save_table : path, optional
        Class table to write (JSON), for other images.
    stats : path, optional
        Table of classes to write (CSV): code, interval, name, pixels, percent, area.
    pixel_size : size, optional
        Size of a pixel with its unit, for areas: 0.65um, or 0.65x0.7um; by default what the raster says of it.
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
    Classification
        The fitted table and what was counted.

    Raises
    ------
    UsageError
        The options contradict each other or are wrong in themselves; also for a destination that is the source.
    ReadError, BandError, DataError
        The source cannot be read; has no such band; has no valid pixel, or no range that bins could divide.
    TableError, LutError
        A table is wrong, or the color table does not cover all classes.
    WriteError
        An output exists and `overwrite` is False, or cannot be written. No output is changed then.

    Warns
    -----
    LossWarning
        An output cannot hold something, such as transparency.
    FewerClassesWarning, RoundedFitWarning
        A scheme made fewer classes than asked; or was fitted to rounded values, within a bound that is said.

    Notes
    -----
    Memory is that of a few blocks, for rasters of any size; all classes are exact, never sampled. The block
    size, the number of workers and the executor do not change a pixel.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     result = classify_file(scene, f"{folder}/classes.tif", cutoffs=[285, 295], lut="thermal")
    >>> [share.interval for share in result.shares]
    ['<= 285', '(285, 295]', '> 295']
    """
    ruled = None if rules is None else read_rules(rules)
    if ruled is not None:
        beyond = None if outside == "nodata" else outside
        check_alone({"--band": band, "--smooth": smooth, "--save-table": save_table, "--outside": beyond})
    chosen = SourcePlan(
        landsat=landsat,
        mtl=mtl,
        raw=raw,
        index=index,
        rules=ruled,
        force=force,
        qa=qa,
        mask=mask,
        confidence=confidence,
        mask_file=mask_file,
        clip=clip,
        clip_layer=clip_layer,
        stac=stac,
    )
    colors = None if lut is None else load_lut(lut)
    plan = plan_classes(
        cutoffs=cutoffs,
        bins=bins,
        scheme=scheme,
        classes=classes,
        table=table,
        rules=ruled,
        closed=closed,
        values=values,
        names=names,
        lut=colors,
    )
    if color is not None and colors is None:
        raise UsageError("a color picture needs a color table; name one with --lut, such as thermal")
    check_legend(legend, color)
    if pixel_size is not None:
        parse_pixel_size(pixel_size)
    codes_to, colors_to = choose_targets(destination, color, cog=cog)
    beside = list_sidecars(codes_to, sidecars, has_colors=colors is not None)
    wanted = [path for path in (destination, color, *beside.values(), save_table, stats) if path is not None]
    inputs = [*list_paths(source, table, lut), *list_given(rules), *chosen.files]
    with (
        gdal_settings(),
        open_source(source, chosen) as opened,
        Outputs(wanted, sources=[*inputs, *opened.raster.files], overwrite=overwrite) as outputs,
    ):
        raster = opened.raster
        warn_of_styles(codes_to, color, sidecars)
        preparation = plan_preparation(raster, band=band, smooth=smooth)
        check_classifiable(preparation.dtype)
        if plan.table is not None:
            check_table_unit(plan.table, opened.find_value_unit(preparation), raster.name)
        values_of = Values(raster, preparation, room=KEPT_BYTES if plan.choice is not None else 0)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            fitted, counted = _fit(plan, values_of, work)
            palette = plan.color(fitted)
            job = ClassifyJob(
                values=values_of,
                table=fitted,
                outside=outside,
                palette=palette,
                legend=plan_class_legend(
                    fitted, palette, legend, raster.shape, title=preparation.label if index is not None else ""
                ),
                is_fitted=plan.choice is not None,
                counted=counted,
                origins=tuple(ruled.conditions.values()) if ruled is not None else (),
            )
            tally, preview = job.run(work, outputs, codes_to, colors_to)
        write_sidecars(outputs, beside, describe_classes(job.image, tally.counts.tolist()), codes_to)
        shares = list_shares(fitted, tally.counts, find_pixel_area(raster, pixel_size=pixel_size))
        if job.origins:
            shares = tuple(replace(share, interval=text) for share, text in zip(shares, job.origins, strict=True))
        if save_table is not None:
            write_text(outputs.stage(save_table), fitted.to_json())
        if stats is not None:
            write_rows(outputs.stage(stats), [f.name for f in fields(ClassShare)], map(astuple, shares))
    return Classification(
        source=raster.name,
        table=fitted,
        shares=shares,
        without_data=raster.shape[0] * raster.shape[1] - tally.valid,
        infinite=tally.infinite,
        outside=tally.valid - int(tally.counts.sum()),
        preview=preview.pixels,
        shape=raster.shape,
        georef=raster.georef,
        lut=palette,
        label=preparation.label,
        notes=opened.describe(preparation.bands),
        is_masked=opened.is_masked,
        written=tuple(os.fspath(path) for path in wanted),
    )


def _fit(plan: ClassPlan, values: Values, work: BlockWork) -> tuple[ClassTable, Counted | None]:
    """Return the table of classes, and each of the values where the fit has counted them."""
    unit = values.preparation.unit
    if plan.table is not None:
        return replace(plan.table, unit=plan.table.unit or unit), None
    try:
        found = tally_values(values, work, more=1)
        table = plan.fit(found, describe_fit([values], found))
    except DataError as error:
        raise DataError(f"{values.raster.name}: {error}") from None
    return replace(table, unit=unit), found if isinstance(found, Counted) else None
