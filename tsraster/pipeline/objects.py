"""Find and measure the objects of one class, such as grains or pores: `objects_file`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from tsraster.errors import DataError, UsageError
from tsraster.measuring.objectrows import list_rows
from tsraster.measuring.objects import Connectivity, ObjectTable, check_connectivity, measure_runs
from tsraster.measuring.runs import Runs, find_runs, join_runs, label_runs, paint_runs
from tsraster.measuring.sizes import SizePercentiles, find_percentiles
from tsraster.pipeline.blocks import BlockWork, Progress, block_work, plan_blocks
from tsraster.pipeline.codes import find_code_band, list_codes, plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.values import Values
from tsraster.raster import Raster, Window
from tsraster.reading import PixelSize, find_pixel_size, gdal_settings, open_raster, read_categories
from tsraster.registry import suggestion
from tsraster.writing import Image, ImageWriter, Outputs, check_format, write_rows

_MOST_RUNS = 20_000_000
"""Unbroken pieces of rows that are held at once; each takes up to 200 bytes, so that these are 4 GB."""
_TILE = (512, 512)
_NAMED = 20
"""So many classes are listed for somebody who has named none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Objects:
    """What `objects_file` found and wrote."""

    source: str
    code: int
    """The class whose objects these are."""
    name: str
    """What the class is called; empty where nobody knows."""
    connectivity: Connectivity
    table: ObjectTable
    """The measures of each object; lengths are in `unit`."""
    pixel_size: PixelSize | None
    size_source: str
    """Where the size of a pixel is known from, or why it is not."""
    valid: int
    """Pixels of the raster that have data."""
    min_size: int
    """Pixels of the smallest object that was asked for."""
    too_small: int
    """Objects that were left out because they have fewer."""
    cleared: int
    """Objects that were left out because they touch the border."""
    by_number: SizePercentiles
    """Of the equivalent diameters, each object counting alike."""
    by_area: SizePercentiles
    """Of the equivalent diameters, each object counting by its area."""
    written: tuple[str, ...]
    """Paths of the files that were written."""

    @property
    def unit(self) -> str:
        """What lengths are measured in: um, m, or px where the size of a pixel is unknown."""
        return "px" if self.pixel_size is None else self.pixel_size.unit

    @property
    def percent(self) -> float:
        """Share of the objects in all pixels that have data."""
        return 100 * int(self.table.pixels.sum()) / self.valid if self.valid else float("nan")

    @property
    def mean_elongation(self) -> float:
        """Mean over the objects, each counting alike; NaN where there are none."""
        return float(self.table.elongation.mean()) if len(self.table) else float("nan")


def objects_file(
    source: PathLike,
    destination: PathLike | None = None,
    *,
    class_: int | str | None = None,
    connectivity: Connectivity = 8,
    min_size: int = 1,
    clear_border: bool = False,
    pixel_size: str | None = None,
    scale_bar: str | None = None,
    csv: PathLike | None = None,
    band: int | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Objects:
    """Find and measure the objects of one class of a class map, such as grains or pores.

    Measures are area, equivalent diameter, the axes of the ellipse of the same second moments with their ratio and orientation,
    perimeter, bounding box and centroid; see `tsraster.measuring.objects.ObjectTable`.

    Parameters
    ----------
    source : path
        Class map: whatever GDAL opens.
    destination : path, optional
        Image of labels to write, with the number of its object in each pixel: .tif, or .png for at most 65535 objects.
    class_ : whole number or name
        Class whose objects are measured: its code, or its name where the file holds names.
    connectivity : 8 or 4
        Whether pixels that touch only by a corner belong to one object (8) or to two (4).
    min_size : int
        Smallest object that is measured, in pixels.
    clear_border : bool
        Leave out objects that touch the border of the image, where they may be cut.
    pixel_size : size, optional
        Size of a pixel with its unit, such as 0.65um or 0.65x0.7um; units are nm, um, mm, cm, m. By default what the file says:
        map projection, OME or ImageJ metadata, TIFF resolution.
    scale_bar : length=pixels, optional
        Length of a scale bar and how many pixels it is long, such as 500um=312, instead of the size of a pixel.
    csv : path, optional
        Table of the objects to write (CSV), a row each; the names of the columns say the unit.
    band : int, optional
        Band that holds the codes, counted from 1; by default the only one.
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
    Objects
        The measures, and what is to be said of them all.

    Raises
    ------
    UsageError
        No class is named, or the options are wrong in themselves.
    DataError
        The class map has no such class, holds no whole numbers, or is too scattered to be held in memory.
    ReadError, BandError, WriteError
        As `classify_file` does.

    Notes
    -----
    What is measured is a section: grains are larger than their sections; and large objects touch the border more often than
    small ones, and so are cleared more often. Memory grows with the length of all outlines, not with the raster: up to 200
    bytes for each unbroken piece of a row. The size of the blocks and the number of workers change nothing.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     _ = classify_file(scene, f"{folder}/c.tif", cutoffs=[290, 300], names=["cool", "mild", "warm"])
    ...     result = objects_file(f"{folder}/c.tif", class_="warm", min_size=20)
    >>> result.code, result.unit, bool(result.table.pixels.min() >= 20)
    (3, 'm', True)
    """
    check_connectivity(connectivity)
    if min_size < 1:
        raise UsageError(f"an object of {min_size} pixels cannot be; give a smallest size from 1")
    driver = None if destination is None else check_format(destination, is_codes=True)
    wanted = [path for path in (destination, csv) if path is not None]
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs(wanted, sources=[source, *raster.files], overwrite=overwrite) as outputs,
        block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work,
    ):
        size, size_source = find_pixel_size(raster, pixel_size=pixel_size, scale_bar=scale_bar)
        number = find_code_band(raster) if band is None else band
        values = Values(raster, plan_codes(raster, number))
        names = read_categories(raster, number).names
        code = _choose_class(class_, names, raster)
        runs, valid = _collect_runs(values, code, work)
        if not len(runs) and code not in names:
            found = ", ".join(f"{one} {names.get(one, '')}".strip() for one in list_codes(values, work))
            raise DataError(
                f"{raster.name} has no pixel of class {code}; choose from {found or 'none, for it has no data'}"
            )
        labels = label_runs(runs, connectivity)
        table = measure_runs(runs, labels, shape=raster.shape, spacing=size.spacing if size else (1.0, 1.0))
        large = table.pixels >= min_size
        kept = large & ~table.touches_border if clear_border else large
        result = Objects(
            source=raster.name,
            code=code,
            name=names.get(code, ""),
            connectivity=connectivity,
            table=table.select(kept),
            pixel_size=size,
            size_source=size_source,
            valid=valid,
            min_size=min_size,
            too_small=int(np.count_nonzero(~large)),
            cleared=int(np.count_nonzero(large & ~kept)),
            by_number=find_percentiles(table.equivalent_diameter[kept]),
            by_area=find_percentiles(table.equivalent_diameter[kept], table.area[kept]),
            written=tuple(os.fspath(path) for path in wanted),
        )
        if destination is not None and driver is not None:
            renumbered = np.append(0, np.cumsum(kept) * kept)[labels]
            _write_labels(outputs, destination, driver, raster, runs, renumbered)
        if csv is not None:
            place = raster.georef.transform if raster.georef.has_transform else None
            header, rows = list_rows(result.table, result.unit, place)
            write_rows(outputs.stage(csv), header, rows)
    return result


def _choose_class(class_: int | str | None, names: Mapping[int, str], raster: Raster) -> int:
    """Return the code that is meant by a number or a name."""
    if class_ is None:
        known = ", ".join(f"{code} {name}" for code, name in list(names.items())[:_NAMED])
        raise UsageError(f"name the class whose objects are measured with --class{': ' if known else ''}{known}")
    text = str(class_).strip()
    try:
        return int(text)
    except ValueError:
        pass
    fitting = [code for code, name in names.items() if name == text]
    fitting = fitting or [code for code, name in names.items() if name.casefold() == text.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DataError(
            f"{raster.name} has several classes called {text!r}: {', '.join(map(str, fitting))}; give the code"
        )
    if not names:
        raise DataError(f"{raster.name} holds no names of classes, and so none called {text!r}; give the code")
    raise DataError(f"{raster.name} has no class called {text!r}; {suggestion(text, list(names.values()))}")


def _collect_runs(values: Values, code: int, work: BlockWork) -> tuple[Runs, int]:
    """Return the runs of a class over the whole raster, and how many pixels have data."""
    parts, total, valid = [], 0, 0
    for _, (found, here) in work.run(values.raster, partial(_find_window_runs, values, code)):
        parts.append(found)
        total, valid = total + len(found), valid + here
        if total > _MOST_RUNS:
            raise DataError(
                f"class {code} of {values.raster.name} is scattered over more than {_MOST_RUNS} pieces of rows, which "
                "need 4 GB; clean the class map first, or measure parts of it"
            )
    return join_runs(parts), valid


def _find_window_runs(values: Values, code: int, window: Window) -> tuple[Runs, int]:
    pixels = values.read(window)
    return find_runs((pixels.data == code) & pixels.valid, row=window.row, col=window.col), int(pixels.valid.sum())


def _write_labels(
    outputs: Outputs, destination: PathLike, driver: str, raster: Raster, runs: Runs, labels: np.ndarray
) -> None:
    dtype = np.min_scalar_type(max(1, int(labels.max(initial=0))))
    image = Image(shape=raster.shape, dtype=dtype.name, bands=1, georef=raster.georef, tags=raster.tags)
    with ImageWriter(outputs.stage(destination), driver, image) as writer:
        for window in plan_blocks(raster.shape, _TILE):
            shape = (window.rows, window.cols)
            writer.write(window, paint_runs(runs, labels, row=window.row, col=window.col, shape=shape, dtype=dtype))
