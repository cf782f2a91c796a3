"""From what was asked to the table of classes: cutoffs, bins of the values of a raster, or a saved table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tsraster.classtable import ClassTable, Closed, Number
from tsraster.errors import DataError, TableError, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.values import Values
from tsraster.raster import Window
from tsraster.schemes import SCHEMES, Distribution, Tally, check_class_count, summarize, tally_block

TableLike = ClassTable | str | os.PathLike[str]


def read_table(source: TableLike) -> ClassTable:
    """Read a class table from a JSON file; a `ClassTable` is returned as it is.

    Raises
    ------
    TableError
        The file cannot be read, or is no class table.
    """
    if isinstance(source, ClassTable):
        return source
    try:
        return ClassTable.from_json(Path(source).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TableError(f"the class table {source} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise TableError(f"the class table {source} is not UTF-8 text") from None
    except TableError as error:
        raise TableError(f"{source}: {error}") from None


def measure_values(values: Values, work: BlockWork, *, done: int = 0, passes: int = 1) -> Distribution:
    """Go over all blocks of a raster for the distribution of its prepared values.

    Raises
    ------
    DataError
        No pixel is valid.
    """
    tallies = (tally for _, tally in work.run(values.raster, partial(_tally_window, values), done=done, passes=passes))
    try:
        return summarize(tallies, values.preparation.dtype)
    except DataError as error:
        raise DataError(f"{values.raster.name}: {error}") from None


def _tally_window(values: Values, window: Window) -> Tally:
    return tally_block(values.read(window))


def draft_table(
    cutoffs: Sequence[Number] | None, bins: int | None, table: TableLike | None, closed: Closed | None
) -> ClassTable:
    """Return the table of classes; for bins with edges that are still to be fitted, but all else as it will be.

    So whatever is wrong with codes, names and colors is found before a pixel is read.

    Raises
    ------
    UsageError
        Not exactly one way to make classes is chosen, or it is wrong in itself.
    """
    chosen = [
        name for name, value in (("--cutoffs", cutoffs), ("--bins", bins), ("--table", table)) if value is not None
    ]
    if not chosen:
        raise UsageError("nothing says which classes to make; give --cutoffs, --bins or --table")
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other; give one of them")
    if table is not None:
        if closed is not None:
            raise UsageError("--closed contradicts --table, which says itself which side is closed; leave one out")
        return read_table(table)
    if cutoffs is not None:
        return ClassTable.from_cutoffs(cutoffs, closed=closed or "right")
    check_class_count(bins or 0)
    edges = range((bins or 0) + 1)
    return ClassTable(codes=tuple(edges[1:]), edges=tuple(edges), closed=closed or "right", scheme="equal-interval")


def label_table(
    table: ClassTable, *, values: Sequence[int] | None, names: Sequence[str] | None, lut: Lut | None
) -> ClassTable:
    """Give the classes the user's codes and names; where only a color table names a class, that name."""
    try:
        if values is not None:
            table = replace(table, codes=tuple(values))
        if names is not None:
            return replace(table, names=tuple(names))
    except TableError as error:
        raise UsageError(str(error)) from None
    if lut is None or lut.kind == "ramp":
        return table
    known = dict(zip(lut.keys, lut.names, strict=True))
    return replace(
        table, names=tuple(name or known.get(code, "") for code, name in zip(table.codes, table.names, strict=True))
    )


def fit_table(draft: ClassTable, distribution: Distribution, values: Values) -> ClassTable:
    """Fit the edges of a draft to a distribution, and write down what it was fitted on."""
    fitted_on = {
        "name": Path(values.raster.name).name,
        "band": values.preparation.label,
        "count": distribution.count,
        "minimum": distribution.minimum,
        "maximum": distribution.maximum,
    }
    try:
        edges = SCHEMES[draft.scheme](distribution, len(draft))
    except DataError as error:
        raise DataError(f"{values.raster.name}: {error}") from None
    return replace(draft, edges=edges, fitted_on=fitted_on)
