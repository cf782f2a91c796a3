"""`Recipe`: from the pixels of a picture to class codes, the same for every picture of a set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.classification import OUTSIDE, Outside, check_classifiable, classify
from tsraster.classtable import ClassTable
from tsraster.coloring import bind_lut
from tsraster.errors import UsageError
from tsraster.lut import RGBA, Lut
from tsraster.pipeline.blocks import BlockWork
from tsraster.pipeline.fitting import ClassPlan
from tsraster.pipeline.labeling.seriesfit import Share, fit_series
from tsraster.pipeline.luts import load_lut
from tsraster.preparing import Preparation, plan_preparation
from tsraster.raster import Raster, Window

DEFAULT_LUT = "categorical"
"""Its colors are easy to tell apart."""


class Recipe(Protocol):
    """From pixels to codes: 0 is no class, and 1 to K are the classes in their order."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each class; empty where it has none."""

    @property
    def rules(self) -> tuple[str, ...]:
        """What makes a pixel belong to each class, as text: its interval, as a rule."""

    def read_codes(self, raster: Raster, window: Window) -> NDArray[np.uint8]:
        """Return the codes of a window, shape (row, col), equal to that part of the whole."""

    def describe(self) -> dict[str, Any]:
        """Say what the recipe is, for a JSON file."""


@dataclass(frozen=True, kw_only=True)
class ValueSource:
    """How one array of values is made of each picture."""

    band: int | None = None
    smooth: str | None = None

    def plan(self, raster: Raster) -> Preparation:
        """Decide how the values of one picture are made.

        Raises
        ------
        BandError, UsageError, DataError
            As `plan_preparation` does; or the values are no numbers that can be divided.
        """
        preparation = plan_preparation(raster, band=self.band, smooth=self.smooth)
        check_classifiable(preparation.dtype)
        return preparation

    def describe_kind(self, raster: Raster) -> str:
        """Say what the values are: those of two pictures can be cut by the same numbers only where this is the same."""
        preparation = self.plan(raster)
        if len(preparation.bands) == 3 or preparation.grays:
            return "colors, which become gray from 0 to 1"
        dtype = np.dtype(raster.band(preparation.bands[0]).dtype)
        unit = f" in {preparation.unit}" if preparation.unit else ""
        return f"values of a band of {'floats' if dtype.kind == 'f' else dtype.name}{unit}"


@dataclass(frozen=True, kw_only=True)
class TableRecipe:
    """Values are divided by a table of classes."""

    source: ValueSource
    table: ClassTable
    """Its codes are 1 to K."""
    outside: Outside = "nodata"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each class."""
        return self.table.names

    @property
    def rules(self) -> tuple[str, ...]:
        """The interval of each class."""
        return self.table.intervals

    def read_codes(self, raster: Raster, window: Window) -> NDArray[np.uint8]:
        """Return the codes of a window, shape (row, col)."""
        pixels = self.source.plan(raster).read(raster, window)
        return np.asarray(classify(pixels.data, self.table, valid=pixels.valid, outside=self.outside), dtype=np.uint8)

    def describe(self) -> dict[str, Any]:
        """Say which values are divided, and by which table."""
        record = {"band": self.source.band, "smooth": self.source.smooth, "outside": self.outside}
        return {**record, "table": json.loads(self.table.to_json())}


class RecipePlan(Protocol):
    """Which classes are wanted, before a picture is opened."""

    @property
    def is_fitted(self) -> bool:
        """Whether the classes depend on the pixels."""

    @property
    def leaves_rest(self) -> bool:
        """Whether pixels with data may be in no class."""

    @property
    def expected(self) -> int:
        """How many classes there will be, as far as that is known."""

    def describe_kind(self, raster: Raster) -> str:
        """Say what is divided of a picture, where it can be divided."""

    def fit(self, paths: Sequence[str], work: BlockWork, share: Share) -> tuple[RecipePlan, dict[str, str]]:
        """Fit the classes to all pictures; return also, by path, why one was left out."""

    def finish(self) -> tuple[Recipe, Lut]:
        """Return the recipe, and the colors of its classes, whose codes are 1 to K."""


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """A table of classes, or a scheme that makes one of all pictures."""

    plan: ClassPlan
    source: ValueSource
    outside: Outside = "nodata"

    def __post_init__(self) -> None:
        if self.outside not in OUTSIDE:
            raise UsageError(f"--outside is {self.outside!r}; choose from {', '.join(OUTSIDE)}")

    @property
    def is_fitted(self) -> bool:
        """Whether the classes depend on the pixels."""
        return self.plan.choice is not None

    @property
    def expected(self) -> int:
        """How many classes there will be, as far as that is known."""
        if self.plan.table is not None:
            return len(self.plan.table)
        choice = self.plan.choice
        return choice.classes if choice is not None and choice.is_asked else len(self.plan.names or "1")

    @property
    def leaves_rest(self) -> bool:
        """Whether values may be outside of the table; those that it is fitted to are not."""
        table = self.plan.table
        if table is None or self.outside != "nodata":
            return False
        return not table.edges or bool(np.isfinite([table.edges[0], table.edges[-1]]).any())

    def describe_kind(self, raster: Raster) -> str:
        """Say what the values are."""
        return self.source.describe_kind(raster)

    def fit(self, paths: Sequence[str], work: BlockWork, share: Share) -> tuple[TablePlan, dict[str, str]]:
        """Return the plan with the table that the scheme makes; see `fit_series`."""
        table, problems = fit_series(self.plan, self.source.plan, paths, work, share)
        return replace(self, plan=replace(self.plan, table=table, choice=None)), problems

    def finish(self) -> tuple[TableRecipe, Lut]:
        """Return the recipe, and the colors of its classes."""
        table = self.plan.table
        if table is None:
            raise UsageError("the classes depend on the pixels, and nothing is fitted to them")
        palette = self.plan.color(table)
        known = dict(zip(palette.keys, palette.colors, strict=True)) if palette is not None else {}
        colors = tuple(known[code] for code in table.codes) if known else None
        numbered = replace(table, codes=tuple(range(1, len(table) + 1)))
        recipe = TableRecipe(source=self.source, table=numbered, outside=self.outside)
        return recipe, color_classes(len(table), colors)


def color_classes(classes: int, colors: Sequence[RGBA] | None = None) -> Lut:
    """Return colors for the codes 1 to K: those given, or else colors that are easy to tell apart."""
    codes = tuple(range(1, classes + 1))
    return Lut(
        name="classes",
        kind="classes",
        keys=codes,
        colors=tuple(colors) if colors is not None else bind_lut(load_lut(DEFAULT_LUT), codes).colors,
    )
