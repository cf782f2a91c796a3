"""Thin a field to the points that carry it: `points_file`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import check_classifiable
from tsraster.errors import DataError, LossWarning, UsageError
from tsraster.inversion.points.fieldpoints import check_interpolation
from tsraster.inversion.points.interpolation import remake_field
from tsraster.pipeline.blocks import Progress, block_work, plan_blocks
from tsraster.pipeline.heldfield import count_field, locate_points, measure_errors, read_field
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.pointchoice import MaxError, plan_choice
from tsraster.pipeline.pointthinning import Thinning
from tsraster.pipeline.preview import MOST_PIXELS
from tsraster.pipeline.values import RegionValues, choose_region
from tsraster.preparing import move_georef, plan_preparation
from tsraster.raster import Raster
from tsraster.reading import gdal_settings, open_raster
from tsraster.writing import Image, ImageWriter, Outputs, check_format, write_json
from tsraster.writing.vectors import PointLayer, check_vector_format, write_points


def points_file(
    source: PathLike,
    destination: PathLike,
    *,
    method: str = "plateaus",
    tolerance: float | None = None,
    connectivity: int | None = None,
    cluster: str | None = None,
    eps: float | None = None,
    min_samples: int | None = None,
    min_size: int | None = None,
    max_error: MaxError | None = None,
    interpolate: str = "linear",
    band: int | None = None,
    region: Sequence[int] | None = None,
    remake: PathLike | None = None,
    report: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Thinning:
    """Thin a field of values to the points that carry it, make it again from them, and say how near that comes.

    Parameters
    ----------
    source : path
        Raster of values: whatever GDAL opens.
    destination : path
        Points to write: .csv, .gpkg or .parquet (GeoParquet).
    method : plateaus, adaptive or samples
        How points are chosen: one for each plateau of equal value; the worst pixel again and again, until the triangles between
        points are within --max-error everywhere; or the samples that the field was interpolated from as --interpolate says.
    tolerance : number, optional
        Largest gradient of a plateau, and largest span of its values, in units of the values (per pixel); 0 by default: exactly
        equal values, as nearest neighbors, integers and quantized values have.
    connectivity : 8 or 4, optional
        Whether pixels that touch only by a corner belong to one plateau (8, the default) or to two (4).
    cluster : components or dbscan, optional
        How pixels on plateaus are joined: as connected components, the default, or by DBSCAN on column, row and value; needs the
        extra tsraster[clustering].
    eps : number, optional
        How far neighbors of DBSCAN may be apart, in pixels, a tolerance in value being as far; 1.5 by default.
    min_samples : int, optional
        How many pixels within --eps, with itself, make a pixel the core of a cluster of DBSCAN; 4 by default.
    min_size : int, optional
        Smallest plateau that gives a point, in pixels; 1 by default.
    max_error : number or percent, optional
        How far the field made again may be off at any pixel, in units of the values, or as 5% of their range; for the adaptive
        method, which makes it again linear.
    interpolate : linear, nearest or idw
        How the field is made again: linear in Delaunay triangles (nearest outside of them), by the nearest point, or by inverse
        squared distances of all points; with --method samples also how it was made.
    band : int, optional
        Band that holds the values, counted from 1; without it a color picture becomes gray by luminance, 0 to 1.
    region : whole numbers, optional
        Part to thin: left, top, right, bottom in pixels, separated by commas.
    remake : path, optional
        Field made again from the points to write, 32-bit floats at the same place: .tif.
    report : path, optional
        Figures to write (JSON), with the names of the Python result.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads that read; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where blocks are read, instead of threads.
    progress : callable, optional
        Called with the number of blocks done and of all blocks.

    Returns
    -------
    Thinning

    Raises
    ------
    UsageError
        The options contradict each other or are wrong in themselves.
    DataError
        The field has no data, no plateaus, no samples of that kind, or is too large.
    MissingExtraError
        A library for the format, or scikit-learn, is not installed.
    ReadError, BandError, WriteError
        As `classify_file` does.

    Warns
    -----
    LossWarning
        The raster lies by GCPs only, or nowhere, so that points have columns and rows and no coordinates.

    Notes
    -----
    The field is held in memory once, in its own precision: up to 64 megapixels of 8- and 16-bit integers and 32-bit floats,
    half as many of others; and up to 16 megapixels where samples of linear or inverse distances are looked for. With the field
    made again and what is found on the way the peak is about 25 bytes a pixel for plateaus, 40 for adaptive points and samples of
    nearest neighbors, and 140 for other samples. Triangles and distances are taken between the centers of pixels, in pixels.

    Which samples are found again, where cells or samples side by side differ: of nearest neighbors all but a few in a thousand
    within a pixel; of inverse squared distances, and of triangles that are wider than a pixel, nearly all at their pixel. A small
    error of the field made again proves it. Splines and kriging leave no such marks: their fields are thinned adaptively.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     result = points_file(scene, f"{folder}/points.csv", method="adaptive", max_error="40%")
    >>> bool(result.largest_error <= result.max_error), result.reduction > 100
    (True, True)
    """
    check_interpolation(interpolate)
    choice = plan_choice(
        method=method,
        tolerance=tolerance,
        connectivity=connectivity,
        cluster=cluster,
        eps=eps,
        min_samples=min_samples,
        min_size=min_size,
        max_error=max_error,
        interpolate=interpolate,
    )
    check_vector_format(destination)
    if remake is not None and check_format(remake) != "GTiff":
        raise UsageError(f"{remake} cannot hold 32-bit floats; let --remake end in .tif")
    wanted = [path for path in (destination, remake, report) if path is not None]
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs(wanted, sources=[source, *raster.files], overwrite=overwrite) as outputs,
    ):
        preparation = plan_preparation(raster, band=band)
        check_classifiable(preparation.dtype)
        part = choose_region(raster, region)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            field = read_field(RegionValues(raster, preparation, part), work)
        try:
            chosen = choice.choose(field)
        except DataError as error:
            raise DataError(f"{raster.name}: {error}") from None
        made = remake_field(chosen.points, field.shape, interpolate)
        georef = move_georef(raster.georef, part)
        x, y = locate_points(chosen.points, georef)
        step = -(-max(field.shape) // MOST_PIXELS)
        valid, low, high = count_field(field)
        result = Thinning(
            source=raster.name,
            label=preparation.label,
            unit=preparation.unit,
            method=method,
            interpolate=interpolate,
            tolerance=chosen.tolerance,
            max_error=chosen.max_error,
            points=chosen.points,
            x=x,
            y=y,
            valid=valid,
            without_data=field.size - valid,
            minimum=low,
            maximum=high,
            **measure_errors(field, made, valid),
            on_plateaus=chosen.on_plateaus,
            left_out=chosen.left_out,
            misfit=chosen.misfit,
            advice=chosen.advice,
            region=part,
            georef=georef,
            field=field[::step, ::step].copy(),
            remade=np.where(np.isnan(field[::step, ::step]), np.nan, made[::step, ::step]),
            written=tuple(os.fspath(path) for path in wanted),
        )
        write_points(outputs.stage(destination), _describe_layer(result, Path(destination).stem))
        if remake is not None:
            _write_field(outputs, remake, raster, result, field, made)
        if report is not None:
            write_json(outputs.stage(report), result.to_record())
    if x is None:
        _say_placeless(raster)
    return result


def _describe_layer(result: Thinning, name: str) -> PointLayer:
    points = result.points
    columns: dict[str, NDArray[Any] | None] = {
        "x": result.x,
        "y": result.y,
        "col": points.columns + result.region.col,
        "row": points.rows + result.region.row,
        "value": points.values,
        "count": points.counts,
        "spread": points.spreads,
        "error": points.errors,
    }
    kept = {key: column for key, column in columns.items() if column is not None}
    return PointLayer(name=name, columns=kept, x=result.x, y=result.y, crs=result.georef.crs)


def _write_field(
    outputs: Outputs, remake: PathLike, raster: Raster, result: Thinning, field: NDArray[Any], made: NDArray[Any]
) -> None:
    image = Image(
        shape=field.shape,
        dtype="float32",
        bands=1,
        georef=result.georef,
        tags=raster.tags,
        nodata=float("nan"),
        unit=result.unit,
    )
    with ImageWriter(outputs.stage(remake), "GTiff", image) as writer:
        for window in plan_blocks(field.shape, (512, 512)):
            here = made[window.slices].astype(np.float32)
            here[np.isnan(field[window.slices])] = np.nan
            writer.write(window, here)


def _say_placeless(raster: Raster) -> None:
    why = "lies by ground control points only" if raster.georef.gcps else "has no coordinates"
    warnings.warn(f"{raster.name} {why}; the points have columns and rows, and no x and y", LossWarning, stacklevel=3)
