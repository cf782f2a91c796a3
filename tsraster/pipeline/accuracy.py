"""Compare a class map with a reference, pixel by pixel: `accuracy_file`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from tsraster.errors import DataError
from tsraster.measuring.confusion import Confusion, assign_codes, count_pairs, match_codes
from tsraster.pipeline.blocks import BlockWork, Progress, block_work
from tsraster.pipeline.codes import plan_codes
from tsraster.pipeline.imaging import PathLike
from tsraster.pipeline.reference import Reference, open_reference
from tsraster.pipeline.values import Values, choose_region
from tsraster.raster import Pixels, Window
from tsraster.reading import gdal_settings, open_raster, read_categories
from tsraster.writing import Outputs, write_rows

_MOST_CODES = 4096
"""Codes of both together; a table of more would not be one of classes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Accuracy:
    """What `accuracy_file` found and wrote."""

    classes: str
    """The class map."""
    reference: str
    confusion: Confusion
    """Rows are the classes of the map, columns those of the reference; of a matched map, those that it was assigned."""
    names: tuple[str, ...]
    """What the codes of the table are called; empty texts where nobody knows."""
    matching: Mapping[int, int] | None
    """From the codes of the map to those of the reference; None where they are compared as they are."""
    without_class: int
    """Pixels that have no class in the map; they are left out."""
    without_reference: int
    """Pixels that have a class in the map and none in the reference; they are left out too."""
    written: tuple[str, ...]
    """Paths of the files that were written."""


def accuracy_file(
    classes: PathLike,
    reference: PathLike,
    *,
    match: bool = False,
    with_zero: bool = False,
    band: int | None = None,
    reference_band: int | None = None,
    column: str | None = None,
    layer: str | None = None,
    region: Sequence[int] | None = None,
    csv: PathLike | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    block_size: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Accuracy:
    """Compare a class map with a reference of the same size: confusion table, accuracies, intersection over union.

    Pixels that have no class in one of the two, that is the code 0 or no data, are left out and counted.

    Parameters
    ----------
    classes : path
        Class map: whatever GDAL opens that holds class codes.
    reference : path
        Raster or label picture with the true codes, of the same size and place; or polygons, lines or points (.gpkg, .geojson,
        .shp, ...), whose classes are those of the map by name, or by code where they are numbers.
    match : bool
        Assign each class of the map to the one of the reference that it overlaps most, several to one if need be: for classes
        that were made without names. Optimistic, as the reference is used twice.
    with_zero : bool
        Take 0 as a class too, as in label pictures whose ids begin at 0; by default it is "no class".
    band : int, optional
        Band of the class map that holds the codes, counted from 1; by default the only one.
    reference_band : int, optional
        Band of the reference that holds the codes, counted from 1; by default the only one.
    column : text, optional
        Column of a vector file that holds the class; by default the only one that can.
    layer : text, optional
        Layer of a vector file; by default the only one.
    region : whole numbers, optional
        Part of the class map to compare: left,top,right,bottom in pixels; such as what a model was not trained with.
    csv : path, optional
        Confusion table to write (CSV): a row for each class of the map, a column for each of the reference, in pixels; then
        users_accuracy, producers_accuracy and iou, 0 to 1.
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
    Accuracy

    Raises
    ------
    DataError
        The two differ in size or place, hold no class codes or too many, or no pixel has a class in both; or shapes have a class
        that the map does not name.
    UsageError, ReadError, BandError, WriteError
        As `classify_file` does.

    Notes
    -----
    Memory is that of a few blocks, for rasters of any size. The block size, the number of workers and the executor change
    nothing.

    Examples
    --------
    >>> import tempfile
    >>> from tsraster.pipeline.classify import classify_file
    >>> from tsraster.pipeline.demo import draw_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scene, _ = draw_samples(folder)
    ...     for cutoff in (290, 291):
    ...         _ = classify_file(scene, f"{folder}/{cutoff}.tif", cutoffs=[cutoff])
    ...     result = accuracy_file(f"{folder}/290.tif", f"{folder}/291.tif")
    >>> int(result.confusion.counts[0, 1]), result.without_class > 0
    (0, True)
    """
    with ExitStack() as stack:
        stack.enter_context(gdal_settings())
        first = stack.enter_context(open_raster(classes))
        values = Values(first, plan_codes(first, band))
        known = read_categories(first, values.preparation.bands[0]).names
        truth, names = open_reference(
            reference, first, known, stack, band=reference_band, column=column, layer=layer, with_zero=with_zero
        )
        files = [classes, reference, *first.files, *truth.files]
        outputs = stack.enter_context(Outputs([csv], sources=files, overwrite=overwrite))
        part = choose_region(first, region)
        comparer = _Comparer(classes=values, reference=truth, with_zero=with_zero, part=part)
        with block_work(workers=workers, executor=executor, block_size=block_size, progress=progress) as work:
            pairs, without_class, without_reference = comparer.run(work)
        matching = match_codes(pairs) if match else None
        confusion = Confusion.of_pairs(pairs if matching is None else assign_codes(pairs, matching))
        # The names of the reference, and those of the map for classes that only it has.
        names = {**({} if match else known), **names}
        result = Accuracy(
            classes=first.name,
            reference=truth.name,
            confusion=confusion,
            names=tuple(names.get(code, "") for code in confusion.codes),
            matching=matching,
            without_class=without_class,
            without_reference=without_reference,
            written=() if csv is None else (os.fspath(csv),),
        )
        if csv is not None:
            write_rows(outputs.stage(csv), *_tabulate(result))
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class _Comparer:
    """How the blocks of two rasters are compared; can be sent to another process."""

    classes: Values
    reference: Reference
    with_zero: bool
    part: Window
    """Of the map; windows are counted from its corner."""

    def compare(self, window: Window) -> tuple[dict[tuple[int, int], int], int, int]:
        """Return how often codes meet; pixels without a class; and pixels with one but without a reference."""
        window = replace(window, row=window.row + self.part.row, col=window.col + self.part.col)
        codes = self._check(self.classes.read(window), self.classes.raster.name)
        truth = self._check(self.reference.read(window), self.reference.name)
        both = codes.valid & truth.valid
        with_class = int(np.count_nonzero(codes.valid))
        pairs = count_pairs(codes.data[both], truth.data[both])
        return pairs, codes.valid.size - with_class, with_class - int(np.count_nonzero(both))

    def _check(self, pixels: Pixels, name: str) -> Pixels:
        """Return codes, and where there is a class."""
        if pixels.data.dtype.kind == "i" and (pixels.data[pixels.valid] < 0).any():
            raise DataError(f"{name} holds negative numbers; class codes are 0 and above")
        return pixels if self.with_zero else Pixels(data=pixels.data, valid=pixels.valid & (pixels.data != 0))

    def run(self, work: BlockWork) -> tuple[dict[tuple[int, int], int], int, int]:
        """Compare all blocks."""
        total: dict[tuple[int, int], int] = {}
        without_class = without_reference = 0
        whole = replace(self.classes.raster, shape=(self.part.rows, self.part.cols))
        for _, (pairs, no_class, no_reference) in work.run(whole, self.compare):
            for pair, count in pairs.items():
                total[pair] = total.get(pair, 0) + count
            without_class, without_reference = without_class + no_class, without_reference + no_reference
            self._check_number(total)
        if not total:
            raise DataError(
                f"no pixel has a class both in {self.classes.raster.name} and in {self.reference.name}; "
                "the code 0 is no class unless --with-zero says so"
            )
        return total, without_class, without_reference

    def _check_number(self, total: Mapping[tuple[int, int], int]) -> None:
        if len(total) > _MOST_CODES and len({code for pair in total for code in pair}) > _MOST_CODES:
            names = f"{self.classes.raster.name} and {self.reference.name}"
            raise DataError(f"{names} hold more than {_MOST_CODES} different codes and are no class maps")


def _tabulate(result: Accuracy) -> tuple[list[str], list[list[object]]]:
    """Return the header and the rows of the CSV."""
    table = result.confusion
    header = ["code", "name", *(f"reference_{code}" for code in table.codes)]
    figures = zip(table.users_accuracy.tolist(), table.producers_accuracy.tolist(), table.iou.tolist(), strict=True)
    rows: list[list[object]] = [
        [code, name, *counts, *(None if np.isnan(figure) else figure for figure in of_class)]
        for code, name, counts, of_class in zip(table.codes, result.names, table.counts.tolist(), figures, strict=True)
    ]
    return [*header, "users_accuracy", "producers_accuracy", "iou"], rows
