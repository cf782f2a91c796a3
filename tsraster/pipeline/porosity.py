"""How much of thin sections is dyed epoxy: areas of phases by color, beside those of a class of grays: `porosity_files`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from math import isnan, nan
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from tsraster.classification import Phase, find_samples, parse_phases
from tsraster.classtable import ClassTable, Number
from tsraster.errors import DataError, UsageError, WriteError
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.colors import find_colors
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.porosityjob import PictureAreas, PorosityJob
from tsraster.pipeline.series import Failure, list_sources
from tsraster.preparing import parse_smoothing
from tsraster.reading import gdal_settings, open_raster
from tsraster.writing import Outputs, write_rows

DYE = "blue dye: hue 180..260, saturation >0.35, chroma >15"
"""Blue-dyed epoxy.

Saturation is cut halfway between dye and colorless grains, so that a pixel on an edge counts when about half of it is dye:
within the hues of blue, Otsu's threshold of saturation is 0.42 and 0.36 in two photos of sandstone and 0.37 in the drawn one.
Chroma leaves out what is nearly black or gray, where saturation is noise: of a photo in crossed polars, which shows bluish
quartz and no dye, 5.7 % of the pixels are saturated so, and 0.5 % have that chroma as well.
"""


@dataclass(frozen=True, kw_only=True)
class Porosity:
    """What `porosity_files` found and wrote."""

    phases: tuple[Phase, ...]
    """With the colors of points in place of the points."""
    gray: tuple[Number, Number]
    pictures: tuple[PictureAreas, ...]
    total: PictureAreas
    """Of all pictures, pixel by pixel, so that large ones count for more."""
    failures: tuple[Failure, ...]
    """Pictures that could not be measured."""
    written: tuple[str, ...]

    @property
    def spreads(self) -> tuple[tuple[float, float], ...]:
        """The mean and the standard deviation between pictures, from field to field, in percent.

        Of each phase, then of the gray class. The standard deviation of one picture is NaN.
        """
        percents = zip(*(picture.percents for picture in self.pictures), strict=True)
        return tuple((mean(of_one), stdev(of_one) if len(of_one) > 1 else nan) for of_one in percents)


def porosity_files(
    sources: PathLike | Sequence[PathLike],
    *,
    phase: Sequence[str] = (),
    gray: Sequence[Number] = (0.4, 0.6),
    smooth: str = "gaussian:1",
    csv: PathLike | None = None,
    picture: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Porosity:
    """Measure how much of thin sections is dyed epoxy, and thus pore, by color.

    Every pixel is given the first phase whose color it has; what is transparent or has no data does not count. Beside the phases
    stands the share of a class of grays: what has the gray of the dye, which is no measure of porosity, because
    minerals may have that gray, too, and the dye others.

    Parameters
    ----------
    sources : path, or sequence of paths
        Color pictures of thin sections; a folder or a pattern such as "*.jpg" stands for all pictures in it.
    phase : texts, optional
        A phase by color, such as "blue: hue 180..260, saturation >0.25"; of several the first that holds counts. By default
        "blue dye: hue 180..260, saturation >0.35, chroma >15".
    gray : numbers
        Gray class to report beside, LOW,HIGH: grays above LOW and up to HIGH, of 0 to 1.
    smooth : text
        Smooth before grays are cut: gaussian:SIGMA or median:SIZE, in pixels; colors are not smoothed.
    csv : path, optional
        Table to write (CSV): a row for each picture and phase, and one named "all" for all pictures together.
    picture : path, optional
        Folder for copies of the pictures, NAME_phases.png, in which phases are outlined, so that you can judge them.
    overwrite : bool
        Replace outputs that exist.
    workers : int, optional
        Number of threads; by default one for each processor.
    block_size : int, optional
        Rows and columns of a block, in pixels; by default about a million pixels along the tiles of the source.
    executor : concurrent.futures.Executor, optional
        Where pictures are worked on, or the blocks of one, instead of threads.
    progress : callable, optional
        Called with the number of pictures done and of all pictures; of blocks where there is one picture.

    Returns
    -------
    Porosity
        Areas in each picture and in all. Pictures that cannot be measured are listed as failures where there are others.

    Raises
    ------
    UsageError
        A phase, the gray class or the smoothing is wrong; there is no source; two copies would have one name.
    ReadError, BandError, DataError
        The only source cannot be read, is no color picture, or has no data; or all of several fail.
    WriteError
        An output exists and `overwrite` is False, or cannot be written.

    Notes
    -----
    Several pictures are worked on at once, one in each thread, block by block; a single one by many threads. Memory does not grow
    with their size or number. The share of an area is that of the volume if the section cuts the rock at random (Delesse);
    between fields of one section it varies more than pixels do, which is what the standard deviation between pictures says.

    References
    ----------
    R. Ehrlich, S. J. Crabtree, US patent 4727498 (1988): pores with blue-dyed epoxy by hue and saturation.
    A. Delesse, "Procede mecanique pour determiner la composition des roches", Annales des Mines 13 (1848), 379-388.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _, section = draw_samples(folder)
    ...     result = porosity_files(section)
    >>> f"{result.total.phases[0].percent:.1f} % dye, {result.total.gray_percent:.1f} % of the gray class"
    '17.5 % dye, 20.4 % of the gray class'
    """
    phases = parse_phases(phase or [DYE])
    table, smoothing = _plan_gray(gray), parse_smoothing(smooth)
    paths = list_sources([sources] if isinstance(sources, (str, os.PathLike)) else sources)
    if not paths:
        raise UsageError("there is no picture to measure; name one, or a folder of them")
    copies: list[Path] = name_copies(paths, picture)
    # Said before the work, and not after an hour of it.
    Outputs(copies, sources=paths, overwrite=overwrite)
    with (
        gdal_settings(),
        Outputs([csv] if csv is not None else [], sources=paths, overwrite=overwrite) as outputs,
        block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work,
    ):
        phases = _look_at_points(phases, paths[0])
        job = PorosityJob(
            phases=phases, gray=table, smoothing=smoothing, overwrite=overwrite, has_copy=picture is not None
        )
        pairs: list[tuple[str, Path | None]] = list(zip_longest(paths, copies))
        pictures, failures = _measure_all(job, pairs, work)
        counts = np.sum([areas.counts for areas in pictures], axis=0)
        total = job.describe("all", counts, sum(areas.without_data for areas in pictures))
        if csv is not None:
            write_rows(outputs.stage(csv), _HEADER, _list_rows([*pictures, total]))
    failed = {failure.source for failure in failures}
    done = [os.fspath(copy) for path, copy in zip(paths, copies, strict=False) if path not in failed]
    return Porosity(
        phases=phases,
        gray=(gray[0], gray[1]),
        pictures=tuple(pictures),
        total=total,
        failures=tuple(failures),
        written=(*([os.fspath(csv)] if csv is not None else []), *done),
    )


def _plan_gray(gray: Sequence[Number]) -> ClassTable:
    if len(gray) != 2 or not 0 <= gray[0] < gray[1] <= 1:
        raise UsageError(
            f"--gray {','.join(map(str, gray))} is no range of grays; give LOW,HIGH from 0 to 1, such as 0.4,0.6"
        )
    return ClassTable.from_cutoffs(list(gray))


def name_copies(paths: Sequence[str], folder: PathLike | None) -> list[Path]:
    """Return where the copy of each picture goes, and make the folder; nothing where none is wanted.

    Raises
    ------
    UsageError
        Two pictures have one name.
    WriteError
        The folder cannot be made.
    """
    if folder is None:
        return []
    stems = [Path(path).stem for path in paths]
    double = next((stem for stem in stems if stems.count(stem) > 1), None)
    if double is not None:
        raise UsageError(
            f"two pictures are called {double}, and so would be their copies in {folder}; measure them one by one"
        )
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder} cannot be made ({error.strerror})") from None
    return [Path(folder) / f"{stem}_phases.png" for stem in stems]


def _look_at_points(phases: tuple[Phase, ...], path: str) -> tuple[Phase, ...]:
    """Take the colors of points from the first picture, so that all are measured by the same phases."""
    if not find_samples(phases):
        return phases
    with open_raster(path) as raster:
        return find_colors(phases, raster)


def _measure_all(
    job: PorosityJob, pairs: Sequence[tuple[str, Path | None]], work: BlockWork
) -> tuple[list[PictureAreas], list[Failure]]:
    if len(pairs) == 1:
        return [job.measure(pairs[0], work.run)], []
    pictures: list[PictureAreas] = []
    failures: list[Failure] = []
    for _, found in work.run_each(partial(job.try_measure, block_size=work.block_size), pairs):
        if isinstance(found, Failure):
            failures.append(found)
        else:
            pictures.append(found)
    if not pictures:
        raise DataError(f"none of {len(pairs)} pictures can be measured: {failures[0].problem}")
    return pictures, failures


_HEADER = ("image", "phase", "phase_pixels", "percent", "in_gray_percent", "pixels", "gray_pixels", "gray_percent")


def _list_rows(pictures: Sequence[PictureAreas]) -> list[tuple[object, ...]]:
    return [
        (
            *(picture.source, phase.name, phase.pixels, phase.percent),
            None if isnan(phase.in_gray_percent) else phase.in_gray_percent,
            *(picture.pixels, picture.gray_pixels, picture.gray_percent),
        )
        for picture in pictures
        for phase in picture.phases
    ]
