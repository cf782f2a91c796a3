"""From what was asked to the table of classes: cutoffs, a scheme that is fitted to the values, or a saved table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from tsraster.classification.rules import RuleTable
from tsraster.classtable import ClassTable, Closed, Number
from tsraster.coloring import bind_lut
from tsraster.errors import DataError, TableError, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.ruling import check_alone, list_rule_classes
from tsraster.pipeline.values import Values
from tsraster.preparing.lookups import Lookup
from tsraster.raster import Pixels, Window
from tsraster.schemes import Choice, Counted, Distribution, check_class_count, choose_scheme, tally
from tsraster.schemes.distribution import Answer

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


class ValueStream:
    """The prepared values of one raster or several, one after the other, as a scheme goes over them.

    Parameters
    ----------
    sources : sequence of Values
        Where the values come from.
    work : BlockWork
        How their blocks are worked on.
    more : int
        How many passes are sure to follow each pass over them, for the progress.
    """

    def __init__(self, sources: Sequence[Values], work: BlockWork, *, more: int = 0) -> None:
        self._sources, self._work, self._more = sources, work, more
        self.dtype = np.result_type(*(values.preparation.dtype for values in sources))

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function makes of each block."""
        for values in self._sources:
            work = partial(_work_on, values, self.dtype, function)
            for _, answer in self._work.run(values.raster, work, more=self._more):
                yield answer
            if len(self._sources) > 1:
                # A system lets a program have only so many files open, and a series may have more.
                values.raster.close()


def _work_on(values: Values, dtype: np.dtype[Any], function: Callable[[Pixels], Answer], window: Window) -> Answer:
    pixels = values.read(window)
    return function(Pixels(data=pixels.data.astype(dtype, copy=False), valid=pixels.valid))


@dataclass(frozen=True, kw_only=True)
class ClassPlan:
    """Which classes are wanted, checked as far as it can be before a pixel is read."""

    table: ClassTable | None
    """The classes, where they do not depend on the pixels."""
    choice: Choice | None
    """Else the scheme by which they are made."""
    closed: Closed
    values: Sequence[int] | None
    names: Sequence[str] | None
    lut: Lut | None

    def fit(self, distribution: Distribution, fitted_on: dict[str, Any]) -> ClassTable:
        """Return the classes that the scheme makes of a distribution, and write down what that is of.

        Raises
        ------
        DataError
            The values cannot be divided so, or into so many classes as there are codes or names.
        """
        if self.choice is None:
            raise UsageError("a table of classes is given, and there is nothing to fit")
        table = self.choice.fit(distribution, closed=self.closed)
        for option, given in (("--values", self.values), ("--names", self.names)):
            if given is not None and len(given) != len(table):
                raise DataError(
                    f"{self.choice} made {len(table)} classes, and {option} is for {len(given)}; leave {option} out, "
                    "or give one for each class"
                )
        return self.label(replace(table, fitted_on=fitted_on))

    def label(self, table: ClassTable) -> ClassTable:
        """Give the classes the user's codes and names; where only a color table names a class, that name."""
        try:
            if self.values is not None:
                table = replace(table, codes=tuple(self.values))
            if self.names is not None:
                return replace(table, names=tuple(self.names))
        except TableError as error:
            raise UsageError(str(error)) from None
        if self.lut is None or self.lut.kind in ("ramp", "index"):
            return table
        keys = table.codes if self.lut.kind == "intervals" else self.lut.keys
        known = dict(zip(keys, self.lut.names, strict=False))
        return replace(
            table, names=tuple(name or known.get(code, "") for code, name in zip(table.codes, table.names, strict=True))
        )

    def color(self, table: ClassTable) -> Lut | None:
        """Return the colors of the classes of a table."""
        return None if self.lut is None else bind_lut(self.lut, table.codes)


def plan_classes(
    *,
    cutoffs: Sequence[Number] | None = None,
    bins: int | None = None,
    scheme: str | None = None,
    classes: int | None = None,
    table: TableLike | None = None,
    rules: RuleTable | None = None,
    closed: Closed | None = None,
    values: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    lut: Lut | None = None,
) -> ClassPlan:
    """Decide which classes are wanted.

    Raises
    ------
    UsageError
        Not exactly one way to make classes is chosen, or it is wrong in itself.
    TableError, LutError
        The table cannot be read; the color table does not cover all classes.
    """
    _check_ways({"--cutoffs": cutoffs, "--bins": bins, "--scheme": scheme, "--table": table, "--rules": rules})
    if classes is not None and scheme is None:
        raise UsageError("--classes is the number of classes of a scheme; name one with --scheme")
    if table is not None and closed is not None:
        raise UsageError("--closed contradicts --table, which says itself which side is closed; leave one out")
    if rules is not None:
        check_alone({"--closed": closed, "--values": values, "--names": names})
        table = list_rule_classes(rules)
    given = read_table(table) if table is not None else None
    if cutoffs is not None:
        given = ClassTable.from_cutoffs(cutoffs, closed=closed or "right")
    plan = ClassPlan(
        table=given,
        choice=None if given is not None else _choose(bins, scheme, classes),
        closed=closed or "right",
        values=values,
        names=names,
        lut=lut,
    )
    if given is not None:
        plan = replace(plan, table=plan.label(given))
    if rules is not None and plan.table is not None:
        # A legend says what a class without a name is, as it does with intervals.
        named = (name or rules.conditions[code] for code, name in zip(plan.table.codes, plan.table.names, strict=True))
        plan = replace(plan, table=replace(plan.table, names=tuple(named)))
    plan.color(plan.table or plan.label(_draft(plan)))
    return plan


def _check_ways(ways: dict[str, object]) -> None:
    chosen = [name for name, value in ways.items() if value is not None]
    if not chosen:
        raise UsageError("nothing says which classes to make; give --cutoffs, --bins, --scheme or --table")
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other; give one of them")


def _choose(bins: int | None, scheme: str | None, classes: int | None) -> Choice:
    if scheme is not None:
        return choose_scheme(scheme, classes)
    check_class_count(bins or 0)
    return Choice(name="equal-interval", classes=bins or 0)


def _draft(plan: ClassPlan) -> ClassTable:
    """Return a table with so many classes as are expected, and edges that mean nothing.

    So whatever is wrong with codes, names and colors is found before a pixel is read.
    """
    labels = plan.values if plan.values is not None else plan.names
    asked = plan.choice.classes if plan.choice is not None and plan.choice.is_asked else len(labels or "1")
    return ClassTable(codes=tuple(range(1, asked + 1)), edges=tuple(range(asked + 1)))


def tally_values(values: Values, work: BlockWork, *, more: int) -> Distribution:
    """Return the distribution of the values of one raster.

    Raises
    ------
    DataError
        No pixel is valid; for wide types when something is asked.
    """
    if values.tabulated is None:
        return tally(ValueStream([values], work, more=more))
    # Numbers of so few bits are counted one by one.
    numbers = cast(Counted, tally(ValueStream([values.tabulated.numbers], work, more=more)))
    return _convert_counts(numbers, values.tabulated.lookup)


def _convert_counts(numbers: Counted, lookup: Lookup) -> Counted:
    """Return how often each value occurs, of how often each stored number does."""
    found = lookup.apply(Pixels(data=numbers.values.astype(lookup.dtype), valid=numbers.counts > 0))
    # Several numbers may be one value, and 0 has no sign.
    values, place = np.unique(found.data[found.valid] + np.float32(0), return_inverse=True)
    # Exact: a float holds whole numbers up to 2**53.
    return Counted(values, np.bincount(place, weights=numbers.counts[found.valid]).astype(np.int64))


def describe_fit(sources: Sequence[Values], distribution: Distribution) -> dict[str, Any]:
    """Return what a table records of the rasters that it was fitted on."""
    names = [Path(values.raster.name).name for values in sources]
    bands = list(dict.fromkeys(values.preparation.label for values in sources))
    return {
        "name": names[0] if len(names) == 1 else names,
        "band": bands[0] if len(bands) == 1 else bands,
        "count": distribution.count,
        "minimum": distribution.minimum,
        "maximum": distribution.maximum,
    }
