"""Give the classes of a class map new codes, names and colors: `reclassify_file`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from numpy.typing import NDArray

from tsraster.attributetable import Categories
from tsraster.classification import PASS_THROUGH, Mapping, parse_mapping, reclassify
from tsraster.errors import DataError, LutError, UsageError
from tsraster.lut import Lut
from tsraster.measuring import ClassShare, list_shares
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.classchange import plan_change
from tsraster.pipeline.classify import Classification
from tsraster.pipeline.classjob import ClassifyJob
from tsraster.pipeline.codes import find_code_band
from tsraster.pipeline.giventexts import list_given, read_given
from tsraster.pipeline.imaging import PathLike, choose_targets, list_paths
from tsraster.pipeline.luts import load_lut
from tsraster.pipeline.picturelegend import LegendPlace, check_legend, plan_class_legend
from tsraster.pipeline.sidecars import list_sidecars, warn_of_styles, write_sidecars
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import plan_preparation
from tsraster.raster import Pixels
from tsraster.reading import find_pixel_area, gdal_settings, open_raster, read_categories
from tsraster.writing import Outputs, describe_classes, write_rows

NO_CATEGORIES = Categories(names={}, colors={})


def reclassify_file(
    source: PathLike,
    destination: PathLike | None = None,
    *,
    mapping: Mapping | str | None = None,
    band: int | None = None,
    lut: Lut | PathLike | None = None,
    color: PathLike | None = None,
    legend: LegendPlace | None = None,
    cog: bool = False,
    sidecars: Sequence[str] | None = None,
    stats: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Classification:
    """Give the classes of a class map new codes; names and colors go along.

    A new class has the name that the mapping gives it, else that of the color table, else that of the old class which
    becomes it, or of several joined by " + ". It has the color of the color table, else of the old class with most pixels.
    Georeferencing and tags are carried along.

    Parameters
    ----------
    source : path
        Class map, or any raster whose values the mapping divides: whatever GDAL opens.
    destination : path, optional
        Class map to write: .tif or .png.
    mapping : text or @file, optional
        Rules as of gdal raster reclassify, such as "[21,24]=2; 11=1; DEFAULT=NO_DATA"; also by name, "Open Water"=1, and with a
        new name behind the code; @FILE reads them from a file. By default all codes stay, for new colors and names.
    band : int, optional
        Band that holds the codes, counted from 1; by default the only one.
    lut : name or path, optional
        Color table of the new classes: a shipped one or an installed colormap by name, a file in any format of tsraster lut list,
        or a raster; by default the colors of the old classes.
    color : path, optional
        Color picture to write in the same pass: .tif, .png or .jpg; needs colors.
    legend : beside or a corner, optional
        Put a legend on the color picture: beside, top-left, top-right, bottom-left or bottom-right.
    cog : bool
        Write GeoTIFFs as cloud optimized GeoTIFFs.
    sidecars : texts, optional
        Files to write beside the class map: qml (QGIS style), clr (ESRI colors), stac (classification:classes).
    stats : path, optional
        Table of classes to write (CSV): code, interval, name, pixels, percent, area; the interval says which old values.
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
        The new classes and what was counted.

    Raises
    ------
    UsageError, TableError
        The mapping is wrong, on the command line or in a file; the options contradict each other.
    DataError
        A value is held by no rule, and the mapping has no default; or a value that is to stay is no code.
    ReadError, BandError, LutError, WriteError
        As `classify_file` does.

    Warns
    -----
    LossWarning
        An output cannot hold something, such as transparency.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     _ = classify_file(scene, f"{folder}/classes.tif", cutoffs=[285, 295], names=["cold", "mild", "warm"])
    ...     result = reclassify_file(f"{folder}/classes.tif", f"{folder}/two.tif", mapping='"cold"=1; DEFAULT=2')
    >>> result.table.names
    ('cold', 'mild + warm')
    """
    colors = None if lut is None else load_lut(lut)
    codes_to, colors_to = choose_targets(destination, color, cog=cog)
    with (
        gdal_settings(),
        open_raster(source) as raster,
        block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work,
    ):
        number = find_code_band(raster) if band is None else band
        preparation = plan_preparation(raster, band=number)
        categories = read_categories(raster, number)
        rules = read_mapping(mapping, categories)
        if color is not None and colors is None and not categories.colors:
            raise UsageError("a color picture needs colors, and the class map has none; name a color table with --lut")
        check_legend(legend, color)
        beside = list_sidecars(codes_to, sidecars, has_colors=colors is not None or bool(categories.colors))
        wanted = [path for path in (destination, color, *beside.values(), stats) if path is not None]
        inputs = [*list_paths(source, lut), *list_given(mapping), *raster.files]
        with Outputs(wanted, sources=inputs, overwrite=overwrite) as outputs:
            warn_of_styles(codes_to, color, sidecars)
            values = Values(raster, preparation, room=KEPT_BYTES)
            change = plan_change(rules, values, categories, colors, work)
            palette = change.choose_colors(colors, categories)
            if palette is None and (color is not None or set(beside) - {"stac"}):
                raise LutError(
                    f"{raster.name}: no old class with a color becomes a new one; name a color table with --lut"
                )
            table = change.name_classes(colors, categories)
            job = ReclassifyJob(
                values=values,
                table=table,
                palette=palette,
                legend=plan_class_legend(table, palette, legend, raster.shape),
                mapping=rules,
                origins=change.describe(table.codes, rules),
            )
            tally, preview = job.run(work, outputs, codes_to, colors_to)
            shares = tuple(
                replace(share, interval=origin)
                for share, origin in zip(
                    list_shares(table, tally.counts, find_pixel_area(raster)), job.origins, strict=True
                )
            )
            write_sidecars(outputs, beside, describe_classes(job.image, tally.counts.tolist()), codes_to)
            if stats is not None:
                write_rows(outputs.stage(stats), [f.name for f in fields(ClassShare)], map(astuple, shares))
    pixels = raster.shape[0] * raster.shape[1]
    without_data = 0 if rules.nodata else pixels - tally.valid
    return Classification(
        source=raster.name,
        table=table,
        shares=shares,
        without_data=without_data,
        infinite=tally.infinite,
        outside=pixels - without_data - int(tally.counts.sum()),
        preview=preview.pixels,
        shape=raster.shape,
        georef=raster.georef,
        lut=palette,
        label=preparation.label,
        written=tuple(os.fspath(path) for path in wanted),
    )


def read_mapping(mapping: Mapping | str | None, categories: Categories = NO_CATEGORIES) -> Mapping:
    """Return the rules: those of a text, or of the file that it names behind an @; without any, all values stay.

    Raises
    ------
    UsageError, TableError
        The text, or the file, is wrong.
    """
    if mapping is None:
        return Mapping(default=PASS_THROUGH)
    if isinstance(mapping, Mapping):
        return mapping
    text, path = read_given(mapping, "mapping")
    return parse_mapping(text, names=categories.names, path=path)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReclassifyJob(ClassifyJob):
    """How the blocks of a class map get new codes; can be sent to another process."""

    mapping: Mapping

    def assign(self, pixels: Pixels) -> NDArray[Any]:
        """Give values their new codes."""
        try:
            codes = reclassify(pixels.data, self.mapping, valid=pixels.valid)
        except DataError as error:
            raise DataError(f"{self.values.raster.name}: {error}") from None
        # The codes that occur may need a smaller type than those that could.
        return codes.astype(self.table.dtype, copy=False)
