"""Count points on a class map, beside all of its pixels: `pointcount_file`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.attributetable import Categories
from tsraster.errors import UsageError
from tsraster.lut import Lut
from tsraster.measuring.bootstrap import AreaInterval, TileSums, bootstrap_areas
from tsraster.measuring.pointcounts import (
    check_confidence,
    check_points,
    choose_spacing,
    counting_error,
    wilson_interval,
)
from tsraster.pipeline.blocks import Progress, block_work
from tsraster.pipeline.codes import plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.luts import make_lut
from tsraster.pipeline.pointpasses import Counter, count_all, draw_points, lay_points
from tsraster.pipeline.values import Values
from tsraster.raster import Georef, Raster
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.writing import Outputs, write_rows

Grid = Literal["random", "regular"]
GRIDS: tuple[Grid, ...] = ("random", "regular")


@dataclass(frozen=True, kw_only=True)
class PointShare:
    """One class: how many points hit it, and how much of the map it is. Percentages are 0 to 100."""

    code: int
    name: str
    points: int
    percent: float
    """Of the points."""
    low: float
    high: float
    """The Wilson interval of the percentage of points."""
    two_sigma: float
    """Van der Plas and Tobi's error of the percentage of points."""
    pixels: int
    area_percent: float
    """Of all pixels with a class; exact."""
    area_low: float
    area_high: float
    """The block-bootstrap interval: how far the area would vary among fields such as this one."""
    block_side: int
    """Rows and columns of its blocks, in pixels."""
    blocks: int
    patch: float
    """Side of the squares that vary as much as the class does, in pixels; infinite where all is one class."""
    suffices: bool
    """Whether the blocks are several patches wide; otherwise the interval of the area is likely too narrow."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PointCount:
    """What `pointcount_file` found and wrote."""

    source: str
    classes: tuple[PointShare, ...]
    """One row a class that occurs in the map, by code."""
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    """Where the points are, counted from 0, shape (N,); row by row."""
    codes: NDArray[Any]
    """What they hit, shape (N,)."""
    grid: Grid
    spacing: float
    """Distance of the points of the grid, in pixels; for random points that of the grid with as many."""
    missed: int
    """Points of the grid where there is no class; they do not count."""
    seed: int
    confidence: float
    without_class: int
    """Pixels without a class; they are in no percentage."""
    preview: NDArray[Any]
    """Every n-th code, shape (row, col), at most 1200 rows and columns."""
    shape: tuple[int, int]
    """Rows and columns of the raster."""
    georef: Georef
    lut: Lut | None
    """The colors of the classes, where the class map has one for each."""
    written: tuple[str, ...]
    """Paths of the files that were written."""

    @property
    def suffices(self) -> bool:
        """Whether the blocks suffice for all classes."""
        return all(share.suffices for share in self.classes)


def pointcount_file(
    source: PathLike,
    *,
    points: int = 300,
    grid: Grid = "random",
    seed: int = 0,
    confidence: float = 0.95,
    with_zero: bool = False,
    band: int | None = None,
    csv: PathLike | None = None,
    stats: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> PointCount:
    """Count points on a class map as a petrographer does, beside the areas of all pixels.

    Points lie only where there is a class: where the slide holds no rock nobody counts. So random points are drawn from
    the pixels with a class, and are as many as asked; of a regular grid, whose spacing is chosen for the number asked, the points
    without a class are passed over, and about as many are left.

    Parameters
    ----------
    source : path
        Class map: whatever GDAL opens that holds class codes.
    points : int
        Number of points; of a regular grid about so many.
    grid : random or regular
        How points are laid: at random, no pixel twice; or on a square grid with a random start, which should be wider than the
        largest grain, and not in step with a pattern of the map.
    seed : int
        Number that chance starts from; the same one gives the same points and intervals.
    confidence : float
        Share of intervals that are to hold the truth, between 0 and 1.
    with_zero : bool
        Take 0 as a class too, as in label pictures whose ids begin at 0; by default it is "no class".
    band : int, optional
        Band that holds the codes, counted from 1; by default the only one.
    csv : path, optional
        Points to write (CSV): column and row, counted from 0, x and y where the map has coordinates, code, name.
    stats : path, optional
        Table of classes to write (CSV): points, percent, low and high (Wilson), two_sigma; area_percent, area_low and area_high.
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
    PointCount

    Raises
    ------
    UsageError
        A number is out of its range, or the grid is none of the two.
    DataError
        The source holds no class codes; no pixel has a class, or fewer than there are points; no point of the grid hits one.
    ReadError, BandError, WriteError
        As `classify_file` does.

    Notes
    -----
    Memory is that of a few blocks, for rasters of any size. The block size, the number of workers and the executor change
    nothing.

    The two intervals answer two questions. Wilson's says how well the points know this map. The one of the area says how
    well this map, all of whose pixels are counted, knows the rock it is one field of. See `tsraster.measuring.pointcounts` and
    `tsraster.measuring.bootstrap` for formulas and references.

    Points of a regular grid are as good as random ones, or better, unless the map is regular too: where rows of grains
    or beds are as far apart as the points are, the percentages vary more than both errors say.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _, section = draw_samples(folder)
    ...     _ = classify_file(section, f"{folder}/classes.png", cutoffs=[0.25, 0.4, 0.6, 0.75])
    ...     result = pointcount_file(f"{folder}/classes.png", points=300)
    >>> sum(share.points for share in result.classes)
    300
    >>> all(share.low < share.area_percent < share.high for share in result.classes)
    True
    """
    check_points(points)
    check_confidence(confidence)
    if grid not in GRIDS:
        raise UsageError(f"points cannot be laid {grid!r}; choose from {', '.join(GRIDS)}")
    if seed < 0:
        raise UsageError(f"chance cannot start from {seed}; give a seed from 0")
    wanted = [path for path in (csv, stats) if path is not None]
    with (
        gdal_settings(),
        open_raster(source) as raster,
        Outputs(wanted, sources=[source, *raster.files], overwrite=overwrite) as outputs,
    ):
        preparation = plan_codes(raster, band)
        categories = read_categories(raster, preparation.bands[0])
        counter = Counter(values=Values(raster, preparation), with_zero=with_zero)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            whole = count_all(counter, TileSums(raster.shape), work)
        spacing = choose_spacing(int(whole.in_row.sum()), points)
        rng = np.random.default_rng(seed)
        is_random = grid == "random"
        laid = draw_points(counter, whole.in_row, points, rng) if is_random else lay_points(counter, spacing, rng)
        rows, columns, codes, missed = laid
        intervals = bootstrap_areas(whole.sums.counts, whole.sums.side, confidence=confidence, seed=seed)
        shares = _list_shares(whole.sums, codes, intervals, categories, confidence)
        if csv is not None:
            write_rows(outputs.stage(csv), *_tabulate_points(rows, columns, codes, raster.georef, categories))
        if stats is not None:
            write_rows(outputs.stage(stats), [f.name for f in fields(PointShare)], map(astuple, shares))
    return PointCount(
        source=raster.name,
        classes=shares,
        rows=rows,
        columns=columns,
        codes=codes,
        grid=grid,
        spacing=spacing,
        missed=missed,
        seed=seed,
        confidence=confidence,
        without_class=raster.shape[0] * raster.shape[1] - int(whole.in_row.sum()),
        preview=whole.preview.pixels,
        shape=raster.shape,
        georef=raster.georef,
        lut=_choose_colors(raster, whole.sums.codes, categories),
        written=tuple(os.fspath(path) for path in wanted),
    )


def _list_shares(
    sums: TileSums,
    codes: NDArray[Any],
    intervals: Sequence[AreaInterval],
    categories: Categories,
    confidence: float,
) -> tuple[PointShare, ...]:
    pixels = sums.counts.sum(axis=(0, 1)).tolist()
    shares = []
    for code, of_class, interval in zip(sums.codes, pixels, intervals, strict=True):
        hit = int(np.count_nonzero(codes == code))
        low, high = wilson_interval(hit, len(codes), confidence)
        percent = 100 * hit / len(codes)
        shares.append(
            PointShare(
                code=code,
                name=categories.names.get(code, ""),
                points=hit,
                percent=percent,
                low=low,
                high=high,
                two_sigma=counting_error(percent, len(codes)),
                pixels=of_class,
                area_percent=100 * of_class / sum(pixels),
                area_low=interval.low,
                area_high=interval.high,
                block_side=interval.side,
                blocks=interval.blocks,
                patch=interval.patch,
                suffices=interval.suffices,
            )
        )
    return tuple(shares)


def _tabulate_points(
    rows: NDArray[np.int64], columns: NDArray[np.int64], codes: NDArray[Any], georef: Georef, categories: Categories
) -> tuple[list[str], list[list[object]]]:
    """Return the header and the rows of the table of points; coordinates are those of the middle of a pixel."""
    names = [categories.names.get(code, "") for code in codes.tolist()]
    places = [columns.tolist(), rows.tolist()]
    header = ["column", "row"]
    if georef.has_transform:
        a, b, c, d, e, f = tuple(georef.transform)[:6]
        x, y = columns + 0.5, rows + 0.5
        places += [(a * x + b * y + c).tolist(), (d * x + e * y + f).tolist()]
        header += ["x", "y"]
    table = [list(cells) for cells in zip(*places, codes.tolist(), names, strict=True)]
    return [*header, "code", "name"], table


def _choose_colors(raster: Raster, codes: Sequence[int], categories: Categories) -> Lut | None:
    if not all(code in categories.colors for code in codes):
        return None
    names = {code: name for code, name in categories.names.items() if code in codes}
    return make_lut(raster.name, Categories(names=names, colors={code: categories.colors[code] for code in codes}))
