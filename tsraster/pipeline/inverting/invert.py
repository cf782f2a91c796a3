"""Turn a colored picture back into the data behind it: `invert_file`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsraster.errors import DataError, UsageError
from tsraster.inversion.matching import Space
from tsraster.inversion.recovery import Reason, Recoverer
from tsraster.lut import Lut
from tsraster.measuring.residuals import Residuals, measure_residuals
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.imaging import PathLike, list_paths
from tsraster.pipeline.inverting.inversion import Inversion
from tsraster.pipeline.inverting.invertjob import InvertJob, InvertTally, check_picture
from tsraster.pipeline.inverting.invertreport import write_report
from tsraster.pipeline.inverting.layers import Layers, LayerWriter, choose_tile, describe_layers, list_layers
from tsraster.pipeline.inverting.scaling import choose_scale
from tsraster.pipeline.inverting.trust import Trust
from tsraster.preparing import place_picture
from tsraster.raster import Georef, Raster, Window
from tsraster.reading import ControlPoints, gdal_settings, open_raster, parse_crs, read_gcps
from tsraster.writing import Outputs

_BLOCK_PIXELS = 2**20
"""Blocks of lines of a wide picture are a few lines high, and each is read with those around it."""


def invert_file(
    source: PathLike,
    destination: PathLike,
    *,
    colormap: Lut | PathLike | None = None,
    colorbar: str | Sequence[int] | None = None,
    ticks: str | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    scale: str | None = None,
    space: Space | None = None,
    tolerance: float | None = None,
    max_half_width: float = 5.0,
    halo: int | None = None,
    background: str | None = None,
    mask_file: PathLike | None = None,
    lossy: bool = False,
    fill: int = 0,
    box: Sequence[float] | None = None,
    extent: Sequence[float] | None = None,
    crs: str | None = None,
    gcps: PathLike | None = None,
    unit: str = "",
    layers: Layers = "bands",
    report: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Inversion:
    """Turn a colored picture, such as a figure or a scanned map, back into the values behind its colors.

    Every pixel gets the value of the nearest color of the map, and what is known of how far that can be trusted: how far its
    color lies from the map, half of the range of plausible values, and a mask. Mask 0 is good; 1 far from the map, such as text,
    axes and their antialiased edges; 2 background; 3 masked by the user; 4 ambiguous, as the half-width is large; 5 filled.

    Parameters
    ----------
    source : path
        Picture: whatever GDAL opens that has red, green and blue, a palette, or one band of gray.
    destination : path
        Values to write: .tif, float32, NaN where nothing fits.
    colormap : str or path, optional
        What the values were colored with: the name of a colormap of matplotlib, colorcet or cmap, such as jet, or of a shipped
        color table; or a file of a color table.
    colorbar : text, optional
        The color bar in the picture: left,top,right,bottom in pixels, a little loose or not; or auto, to find it.
    ticks : text, optional
        Values along the color bar, as pixel=value,pixel=value: rows of a vertical bar, columns of another, as edges of pixels are
        counted from the upper left, so that the middle of row 72 is 72.5.
    vmin : number, optional
        Value of the first color of the colormap, or at the bottom or left end of the color bar.
    vmax : number, optional
        Value of the last color of the colormap, or at the top or right end of the color bar. Without both a colormap by name
        goes from 0 to 1.
    scale : "linear" or "log", optional
        How values lie along the colors; by default what three or more ticks say, else linear.
    space : "rgb", "lab" or "ycbcr", optional
        Where the nearest color is looked for. By default rgb; for a lossy picture ycbcr, which is RGB with less weight on chroma,
        as JPEG stores it more coarsely than luma.
    tolerance : number, optional
        How far a color may be from the map, in steps of RGB, 0 to 442; by default 15, and 40 for a lossy picture.
    max_half_width : number
        A value is ambiguous if half of the range of plausible ones is more than so many percent of the scale.
    halo : int, optional
        How many pixels around those far from the map are masked with them, at most 256; by default 1, and 2 for a lossy picture.
    background : text, optional
        Color of what has no value, such as white or "#f0f0f0", or none; by default white, if the map has no color near to it.
    mask_file : path, optional
        Raster of the size of the picture; pixels that are not 0 in it are masked.
    lossy : bool
        Take the picture for one that was a JPEG before; JPEG itself, also in a TIFF, is recognized.
    fill : int
        Fill gaps of text, lines and edges that are at most so many pixels wide or high, up to 256, linearly between good pixels.
    box : numbers, optional
        Part of the picture to invert: left,top,right,bottom in pixels, such as the inside of the axes.
    extent : numbers, optional
        Coordinates of the edges of that part: xmin,ymin,xmax,ymax; an axis that falls has its larger number first.
    crs : text, optional
        CRS of the extent or of the control points, such as EPSG:4326.
    gcps : path, optional
        Control points of the picture: .points of QGIS, CSV with col,row,x,y, or lines of -gcp. Their residuals are printed.
    unit : text
        What the values are measured in.
    layers : "bands", "files" or "value"
        Write value, distance, half_width and mask as bands of one file; as four files, DATA.tif, DATA_distance.tif and so on; or
        the values alone.
    report : path, optional
        Report to write (JSON): scale, counts, and how far the values, colored again, are from the picture.
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
    Inversion

    Raises
    ------
    UsageError
        An option is wrong, or two contradict each other; ticks that do, too.
    BandError
        The source is no picture.
    DataError
        There is no color bar, or it has one color; the box reaches beyond the picture; or no color fits.
    UnknownNameError, LutError, ReadError, WriteError
        The colormap cannot be had; a file cannot be read; an output exists, or cannot be written.

    Warns
    -----
    LossWarning
        The place that the picture had is replaced.

    Notes
    -----
    Colors of 16 bits are rounded to 8. Each color that occurs is searched once, and then looked up. Memory is that of the
    table of 24-bit colors, 32 MB, and of a few blocks, for pictures of any size; the block size, the number of workers and
    the executor change nothing.

    The half-width is that of the values whose colors lie within the noise of the pixel's color, which is estimated from how
    far the pixel is off the map and how much the colors around differ. On terrain in jet, viridis, turbo, gray and coolwarm,
    as JPEG of quality 75 and 95, the true value lay within it for 97 to 100 % of the pixels.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     _ = classify_file(scene, color=f"{folder}/scene.png", bins=100, lut="thermal")
    ...     result = invert_file(
    ...         f"{folder}/scene.png", f"{folder}/back.tif", colormap="thermal", vmin=270, vmax=310, unit="K"
    ...     )
    >>> result.tally.count(Reason.GOOD) > 300_000, result.tally.count(Reason.FAR)
    (True, 0)
    """
    output = Path(destination)
    paths = list_layers(output, layers)
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        raster = stack.enter_context(open_raster(source))
        check_picture(raster)
        inputs = [source, *raster.files, *list_paths(colormap, mask_file, gcps)]
        outputs = stack.enter_context(Outputs([*paths, report], sources=inputs, overwrite=overwrite))
        points = None if gcps is None else read_gcps(gcps, crs, shape=raster.shape)
        window, georef = _place(raster, points, box=box, extent=extent, crs=crs)
        asked = Trust(
            tolerance=tolerance, max_half_width=max_half_width, halo=halo, background=background, lossy=lossy, fill=fill
        )
        chosen = choose_scale(
            raster, colormap=colormap, colorbar=colorbar, ticks=ticks, vmin=vmin, vmax=vmax, scale=scale
        )
        rules = asked.decide(raster, chosen)
        kind: Space = space or ("ycbcr" if rules.lossy else "rgb")
        mask = None if mask_file is None else stack.enter_context(_open_mask(mask_file, raster))
        job = InvertJob(raster=raster, region=window, recoverer=Recoverer(chosen.scale, rules, kind), mask=mask)
        shape = window.rows, window.cols
        work = stack.enter_context(
            block_work(workers=workers, executor=executor, block_size=block_size, progress=progress)
        )
        tile = choose_tile(shape, raster.tile, _BLOCK_PIXELS)
        images = describe_layers(layers, picture=raster, shape=shape, georef=georef, unit=unit, tile=tile)
        # Blocks are whole tiles of what is written, and as wide as the picture where that is stored in lines.
        part = replace(raster, shape=shape, tile=tile if raster.tile[1] < shape[1] else (tile[0], shape[1]))
        tally = _run(part, job, work, LayerWriter(outputs, paths, images))
        result = Inversion(
            source=raster.name,
            shape=shape,
            window=window,
            georef=georef,
            chosen=chosen,
            rules=rules,
            space=kind,
            unit=unit,
            tally=tally,
            points=points,
            residuals=None if points is None else _measure_points(points),
            written=tuple(os.fspath(path) for path in (*paths, report) if path is not None),
        )
        if report is not None:
            write_report(outputs.stage(report), result)
    return result


def _place(
    raster: Raster,
    points: ControlPoints | None,
    *,
    box: Sequence[float] | None,
    extent: Sequence[float] | None,
    crs: str | None,
) -> tuple[Window, Georef]:
    known = points.crs if points is not None else None if crs is None else parse_crs(crs)
    return place_picture(
        raster.georef,
        raster.shape,
        box=_take_four(box, "--box", "left,top,right,bottom in pixels"),
        extent=_take_four(extent, "--extent", "xmin,ymin,xmax,ymax"),
        gcps=() if points is None else points.gcps,
        crs=known,
    )


def _take_four(numbers: Sequence[float] | None, option: str, what: str) -> tuple[float, float, float, float] | None:
    if numbers is None:
        return None
    if len(numbers) != 4:
        raise UsageError(f"{option} has {len(numbers)} numbers; give four: {what}")
    one, two, three, four = numbers
    return one, two, three, four


@contextmanager
def _open_mask(path: PathLike, picture: Raster) -> Iterator[Raster]:
    with open_raster(path) as mask:
        if mask.shape != picture.shape:
            sizes = [f"{raster.shape[1]} x {raster.shape[0]} pixels" for raster in (mask, picture)]
            raise DataError(
                f"the mask {mask.name} has {sizes[0]} and {picture.name} {sizes[1]}; give one of the same size"
            )
        yield mask


def _run(part: Raster, job: InvertJob, work: BlockWork, writer: LayerWriter) -> InvertTally:
    tally = InvertTally(shape=part.shape)
    with writer:
        for window, (found, colors) in work.run(part, job.work_on, pixels=_BLOCK_PIXELS):
            writer.write(window, found)
            tally.add(window, found, colors)
        if not tally.compared:
            raise DataError(_explain_nothing(job, tally))
        writer.count(tally.reasons)
    return tally


def _explain_nothing(job: InvertJob, tally: InvertTally) -> str:
    """Say why no pixel has a value."""
    rules, name = job.recoverer.rules, job.raster.name
    if not tally.count(Reason.FAR):
        return f"no pixel of {name} has a value: all are background, without data, or masked"
    return (
        f"no color of {name} fits {job.recoverer.scale.name}: none is within {rules.tolerance:g} steps of RGB, or all such lie "
        "at the edge of others; give another colormap, or a larger --tolerance"
    )


def _measure_points(points: ControlPoints) -> Residuals:
    places = np.array([(gcp.col, gcp.row) for gcp in points.gcps])
    return measure_residuals(places, np.array([(gcp.x, gcp.y) for gcp in points.gcps]))
