"""Fit one table of classes to all pictures of a series, of which some may be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tsraster.classtable import ClassTable
from tsraster.errors import DataError, ReadError
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.fitting import ClassPlan, ValueStream, describe_fit
from tsraster.pipeline.values import KEPT_BYTES, Values
from tsraster.preparing import Preparation
from tsraster.raster import Pixels, Raster
from tsraster.reading import open_raster
from tsraster.schemes import tally
from tsraster.schemes.distribution import Answer

Share = Callable[[float], None]
"""Called with the share of some work that is done, 0 to 1."""

PlanValues = Callable[[Raster], Preparation]


class BrokenSourceError(Exception):
    """A picture of a series cannot be read to its end."""

    def __init__(self, values: Values, error: ReadError) -> None:
        super().__init__(str(error))
        self.values, self.error = values, error


class SeriesStream:
    """The values of many pictures, one after the other, as a scheme goes over them; few files are open at a time.

    Parameters
    ----------
    sources : sequence of Values
        Where the values come from.
    work : BlockWork
        How their blocks are worked on.
    share : callable
        Told how much of the work is done.
    """

    def __init__(self, sources: Sequence[Values], work: BlockWork, share: Share) -> None:
        self._sources, self._work, self._share, self._passes = sources, work, share, 0
        self.dtype = np.result_type(*(values.preparation.dtype for values in sources))
        # Small integers are counted in one pass; others are asked again as a rule.
        self._expected = 1 if self.dtype.kind in "iu" and self.dtype.itemsize <= 2 else 2

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function makes of each block."""
        before, self._passes = self._passes, self._passes + 1
        for i, values in enumerate(self._sources, start=1):
            stream = ValueStream([values], self._work)
            stream.dtype = self.dtype
            try:
                yield from stream.each(function)
            except ReadError as error:
                raise BrokenSourceError(values, error) from None
            finally:
                self._work.stop()
                values.raster.close()
            self._share(min(1.0, (before + i / len(self._sources)) / self._expected))


def fit_series(
    plan: ClassPlan, plan_values: PlanValues, paths: Sequence[str], work: BlockWork, share: Share
) -> tuple[ClassTable, dict[str, str]]:
    """Fit one table of classes to all pictures together; one that cannot be read to its end is left out.

    Parameters
    ----------
    plan : ClassPlan
        The scheme.
    plan_values : callable
        Decides which values of a picture count.
    paths : sequence of str
        The pictures.
    work : BlockWork
        How blocks are worked on.
    share : callable
        Told how much of the work is done.

    Returns
    -------
    table : ClassTable
    problems : dict of str
        By path, why a picture was left out.

    Raises
    ------
    DataError
        The values cannot be divided so; or no picture can be read.
    """
    problems: dict[str, str] = {}
    left = list(paths)
    while left:
        sources = [_open_values(path, plan_values, KEPT_BYTES // len(left)) for path in left]
        try:
            found = tally(SeriesStream(sources, work, share))
            table = plan.fit(found, describe_fit(sources, found))
            return replace(table, unit=sources[0].preparation.unit), problems
        except BrokenSourceError as broken:
            problems[broken.values.raster.name] = str(broken)
            left.remove(broken.values.raster.name)
        except DataError as error:
            raise DataError(
                f"{left[0]} and {len(left) - 1} more: {error}" if left[1:] else f"{left[0]}: {error}"
            ) from None
    raise DataError(f"no picture can be read: {next(iter(problems.values()))}")


def _open_values(path: str, plan_values: PlanValues, room: int) -> Values:
    with open_raster(path) as raster:
        return Values(raster, plan_values(raster), room=room)
