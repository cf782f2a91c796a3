"""A legend beside a picture or in a corner of it, while the picture is written block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.errors import UsageError
from tsraster.lut import RGBA, Lut
from tsraster.raster import Window
from tsraster.writing import ImageWriter

LegendPlace = Literal["beside", "top-left", "top-right", "bottom-left", "bottom-right"]
LEGEND_PLACES: tuple[LegendPlace, ...] = get_args(LegendPlace)

_SIZES = 12, 32
"""Height of the font in pixels, at least and at most; between a share of the smaller side of the picture."""
_SHARE = 50
_SMALLEST = 8
"""Height of the font where a legend would not fit into a corner otherwise."""
_PAPER: RGBA = (255, 255, 255, 255)
_STRIP = 512
"""Rows that are filled at a time beside a picture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureLegend:
    """A legend that is drawn, and where it goes."""

    drawn: NDArray[np.uint8]
    """Shape (4, row, col)."""
    row: int
    col: int
    shape: tuple[int, int]
    """Rows and columns of the picture with the legend."""

    @property
    def window(self) -> Window:
        """The pixels that the legend covers."""
        return Window(row=self.row, col=self.col, rows=self.drawn.shape[1], cols=self.drawn.shape[2])

    def lay_over(self, window: Window, painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put the part of the legend that lies in a window over its pixels, shape (band, row, col)."""
        top, left = max(self.row, window.row), max(self.col, window.col)
        bottom = min(self.row + self.drawn.shape[1], window.row + window.rows)
        right = min(self.col + self.drawn.shape[2], window.col + window.cols)
        if top >= bottom or left >= right:
            return painted
        inner = Window(row=top, col=left, rows=bottom - top, cols=right - left)
        made = painted.copy()
        made[(slice(None), *inner.inside(window))] = self.drawn[(slice(len(painted)), *inner.inside(self.window))]
        return made


def plan_picture_legend(
    lut: Lut, place: LegendPlace | None, shape: tuple[int, int], *, title: str = "", unit: str = ""
) -> PictureLegend | None:
    """Draw a legend for a picture; None where none is wanted.

    Parameters
    ----------
    lut : Lut
        Colors and names of the classes.
    place : "beside", "top-left", "top-right", "bottom-left", "bottom-right" or None
        On the right of the picture, or in one of its corners.
    shape : (rows, cols)
        Of the picture.
    title : str
        Stands above.
    unit : str
        Of the values.

    Raises
    ------
    UsageError
        There are too many classes, or a corner has not enough room.
    """
    if place is None:
        return None
    # A class map without a legend need not wait for this.
    from tsraster.coloring.legends import draw_legend, plan_legend

    rows, cols = shape
    largest = max(_SIZES[0], min(_SIZES[1], min(shape) // _SHARE))
    if place == "beside":
        drawn = draw_legend(plan_legend(lut, title=title, unit=unit, size=largest), background=_PAPER)
        return PictureLegend(drawn=drawn, row=0, col=cols, shape=(max(rows, drawn.shape[1]), cols + drawn.shape[2]))
    for size in range(largest, _SMALLEST - 1, -1):
        plan = plan_legend(lut, title=title, unit=unit, size=size)
        if plan.height <= rows and plan.width <= cols and 2 * plan.height * plan.width <= rows * cols:
            drawn = draw_legend(plan, background=_PAPER)
            row = 0 if place.startswith("top") else rows - plan.height
            col = 0 if place.endswith("left") else cols - plan.width
            return PictureLegend(drawn=drawn, row=row, col=col, shape=shape)
    raise UsageError(
        f"a picture of {rows} x {cols} pixels has no room for a legend of {len(lut)} classes in a corner; use --legend beside"
    )


def check_legend(place: LegendPlace | None, color: object) -> None:
    """Check what was asked before anything long begins.

    Raises
    ------
    UsageError
        The place is unknown, or there is no picture.
    """
    if place is None:
        return
    if place not in LEGEND_PLACES:
        raise UsageError(f"--legend is {place!r}; choose from {', '.join(LEGEND_PLACES)}")
    if color is None:
        raise UsageError("--legend goes on a color picture; name one with --color")


def plan_class_legend(
    table: ClassTable, lut: Lut | None, place: LegendPlace | None, shape: tuple[int, int], *, title: str = ""
) -> PictureLegend | None:
    """Draw the legend of the classes of a table; None where none is wanted. See `plan_picture_legend`.

    `title` says what the values are, where classes are called by their intervals.
    """
    if lut is None or place is None:
        return None
    has_names = any(table.names)
    texts = dict(zip(table.codes, table.labels if has_names else table.intervals, strict=True))
    named = replace(lut, names=tuple(texts[int(key)] for key in lut.keys))
    if has_names:
        return plan_picture_legend(named, place, shape)
    return plan_picture_legend(named, place, shape, title=title, unit=table.unit)


class LegendWriter:
    """Write a picture with its legend: as `ImageWriter`, whose image is as large as both together.

    Parameters
    ----------
    writer : ImageWriter
        Where it all goes.
    legend : PictureLegend
        What is laid over the pixels, or beside them.
    shape : (rows, cols)
        Of the picture without the legend.
    """

    def __init__(self, writer: ImageWriter, legend: PictureLegend, shape: tuple[int, int]) -> None:
        self._writer, self._legend, self._shape = writer, legend, shape
        self._bands = 0

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def write(self, window: Window, pixels: NDArray[np.uint8]) -> None:
        """Write pixels of shape (band, row, col)."""
        self._bands = len(pixels)
        self._writer.write(window, self._legend.lay_over(window, pixels))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._writer.__exit__(kind, error, trace)
            return
        with ExitStack() as stack:
            # It lets go of its file whatever happens here.
            stack.push(self._writer)
            self._fill_margins()

    def _fill_margins(self) -> None:
        for window in self._list_margins():
            paper = np.full((self._bands, window.rows, window.cols), 255, dtype=np.uint8)
            self._writer.write(window, self._legend.lay_over(window, paper))

    def _list_margins(self) -> Iterator[Window]:
        """Yield what there is on the right of the picture and below it."""
        rows, cols = self._legend.shape
        for left, first in ((self._shape[1], 0), (0, self._shape[0])):
            right = cols if left else self._shape[1]
            for row in range(first, rows, _STRIP):
                if left < right:
                    yield Window(row=row, col=left, rows=min(_STRIP, rows - row), cols=right - left)
