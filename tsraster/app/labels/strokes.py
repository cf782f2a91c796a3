"""`Stroke`: a line drawn with a brush of a class, and which pixels it covers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.raster import Window

BAND = 256
"""Rows that are worked on together, beginning at a multiple of it: those of the tiles of labels."""

_MOST_SPANS = 2**17
"""Pieces of rows that are computed together."""

_FARTHEST = 1e9
"""Pixels; beyond it floats are too coarse to say which pixel is meant."""

_TIE = 1e-9
"""A center that is so much farther away than the brush reaches, in pixels, is still covered: coordinates are rounded."""

_ALWAYS_HITS = math.sqrt(2)
"""A brush of this width holds a center of a pixel wherever it is put down."""

Spans = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Rows, their first columns, and their last ones."""


@dataclass(frozen=True)
class Stroke:
    """A line drawn with a round brush.

    Parameters
    ----------
    code : int
        The class, 1 to 255; 0 is the eraser.
    width : float
        Of the brush, in pixels of the image.
    vertices : sequence of (x, y)
        Columns and rows; (0, 0) is the upper left corner of the first pixel. A single one is a dot.

    Raises
    ------
    UsageError
        The code is no class, the width is not above 0, or there is no vertex or one that is no place.
    """

    code: int
    width: float
    vertices: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        check_code(self.code, least=0)
        if not _is_number(self.width) or not 0 < self.width <= _FARTHEST:
            raise UsageError(f"a brush of the width {self.width!r} draws nothing; give a number of pixels above 0")
        object.__setattr__(self, "vertices", _check_vertices(self.vertices))
        object.__setattr__(self, "width", float(self.width))


def check_code(code: Any, *, least: int = 1) -> None:
    """Check that a number is the code of a class that labels can have.

    Raises
    ------
    UsageError
        It is not.
    """
    if isinstance(code, bool) or not isinstance(code, int | np.integer) or not least <= code <= 255:
        eraser = ", or 0 to erase" if least == 0 else ""
        raise UsageError(f"{code!r} is no class of labels; give a whole number from 1 to 255{eraser}")


def cover(stroke: Stroke, shape: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Return which pixels a stroke covers: those whose centers lie no farther from its line than half its width.

    A stroke no wider than a pixel, or one that holds no center of a pixel, also covers the pixels under its line, so that a thin
    line has no gaps. What lies outside of the raster is left out.

    Parameters
    ----------
    stroke : Stroke
        What was drawn.
    shape : (rows, cols)
        Of the raster.

    Returns
    -------
    window : Window
        The box of the covered pixels; without rows where the stroke covers nothing.
    mask : array of bool, shape (row, col) of the window
        True where the stroke covers.

    Examples
    --------
    >>> window, mask = cover(Stroke(1, 2, ((2.5, 2.5), (4.5, 2.5))), (10, 10))
    >>> window
    Window(row=1, col=1, rows=3, cols=5)
    >>> mask.astype(int)
    array([[0, 1, 1, 1, 0],
           [1, 1, 1, 1, 1],
           [0, 1, 1, 1, 0]])
    """
    parts = list(cover_bands(stroke, shape))
    if not parts:
        return Window(row=0, col=0, rows=0, cols=0), np.zeros((0, 0), np.bool_)
    box = join_windows([window for window, _ in parts])
    mask = np.zeros((box.rows, box.cols), np.bool_)
    for window, part in parts:
        mask[window.inside(box)] = part
    return box, mask


def cover_bands(stroke: Stroke, shape: tuple[int, int]) -> Iterator[tuple[Window, NDArray[np.bool_]]]:
    """Yield what `cover` returns band by band of `BAND` rows, each as wide as what is covered in it.

    Memory is that of one band, however long the stroke is.
    """
    start, end = _list_segments(stroke)
    is_thin = stroke.width <= 1 or _hits_nothing(stroke, start, end)
    reach = stroke.width / 2 + 1
    top, bottom = np.minimum(start[:, 1], end[:, 1]) - reach, np.maximum(start[:, 1], end[:, 1]) + reach
    first, last = max(0, math.floor(top.min())), min(shape[0], math.ceil(bottom.max()))
    for row in range(first // BAND * BAND, last, BAND):
        rows = row, min(row + BAND, shape[0])
        near = np.flatnonzero((bottom >= rows[0]) & (top <= rows[1]))
        spans = list(_list_spans(start[near], end[near], stroke.width / 2, rows, shape[1], is_thin=is_thin))
        if spans:
            yield _fill_spans(tuple(map(np.concatenate, zip(*spans, strict=True))))  # type: ignore[arg-type]


def join_windows(windows: Sequence[Window]) -> Window:
    """Return the smallest window that holds all of them; there is one at least."""
    row, col = min(w.row for w in windows), min(w.col for w in windows)
    bottom, right = max(w.row + w.rows for w in windows), max(w.col + w.cols for w in windows)
    return Window(row=row, col=col, rows=bottom - row, cols=right - col)


def _check_vertices(vertices: Any) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [(x, y) for x, y in vertices]
    except (TypeError, ValueError):
        raise UsageError("the vertices of a stroke are pairs of numbers, column and row") from None
    for number in (number for pair in pairs for number in pair):
        if not _is_number(number) or not abs(number) <= _FARTHEST:
            raise UsageError(f"a stroke goes through {number!r}, which is no place; give finite columns and rows")
    if not pairs:
        raise UsageError("a stroke has no vertex; give at least one column and row")
    return tuple((float(x), float(y)) for x, y in pairs)


def _is_number(number: Any) -> bool:
    return isinstance(number, Real) and not isinstance(number, bool)


def _list_segments(stroke: Stroke) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two ends of each piece of the line, shape (segment, 2) each; a dot is a segment without length."""
    vertices = np.array(stroke.vertices, np.float64)
    return (vertices[:-1], vertices[1:]) if len(vertices) > 1 else (vertices, vertices)


def _hits_nothing(stroke: Stroke, start: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    """Tell whether no center of any pixel, be it outside of the raster, is covered."""
    extent = np.ptp(np.concatenate([start, end]), axis=0).max()
    if stroke.width >= _ALWAYS_HITS or extent > 2:
        return False
    # A few pixels around, moved so that none of them is outside.
    corner = np.floor(start.min(axis=0)) - 2
    return not list(_list_spans(start - corner, end - corner, stroke.width / 2, (0, 8), 8, is_thin=False))


def _list_spans(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float, rows: tuple[int, int], cols: int, *, is_thin: bool
) -> Iterator[Spans]:  # fmt: skip
    """Yield the pieces of rows that segments cover, as far as they lie in the raster; a few segments at a time."""
    reach = radius + 1
    top = np.clip(np.floor(np.minimum(start[:, 1], end[:, 1]) - reach), *rows).astype(np.int64)
    bottom = np.clip(np.ceil(np.maximum(start[:, 1], end[:, 1]) + reach), *rows).astype(np.int64)
    heights = bottom - top
    step = max(1, _MOST_SPANS // (rows[1] - rows[0]))
    for at in range(0, len(start), step):
        some = slice(at, at + step)
        of = np.repeat(np.arange(len(start))[some], heights[some])
        row = np.arange(len(of)) - np.repeat(np.cumsum(heights[some]) - heights[some], heights[some]) + top[of]
        ends = start[of].T, end[of].T
        yield from _keep_spans(row, *_measure_wide(*ends, row, radius), cols)
        if is_thin:
            yield from _keep_spans(row, *_measure_thin(*ends, row), cols)


def _keep_spans(
    row: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64], cols: int
) -> Iterator[Spans]:
    kept = (first <= last) & (last >= 0) & (first < cols)
    if kept.any():
        left, right = np.maximum(first[kept], 0), np.minimum(last[kept], cols - 1)
        yield row[kept], left.astype(np.int64), right.astype(np.int64)


def _measure_wide(
    start: NDArray[np.float64], end: NDArray[np.float64], row: NDArray[np.int64], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and the last column whose centers are within a radius of a segment; first > last where none is.

    What is within a radius of a segment is convex, and its outline is made of two circles and two edges beside the segment: along
    a row it begins and ends on one of them.
    """
    height, reach = row + 0.5, radius + _TIE
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for x, y in (start, end):
        square = reach**2 - (height - y) ** 2
        half = np.where(square >= 0, np.sqrt(np.maximum(square, 0)), -np.inf)
        left, right = np.minimum(left, x - half), np.maximum(right, x + half)
    across, down = end - start
    length = np.sqrt(across**2 + down**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in (-reach, reach):
            x, y = start[0] - side * down / length, start[1] + side * across / length
            share = (height - y) / down
            crossing = np.where((share >= 0) & (share <= 1), x + share * across, np.nan)
            left, right = np.fmin(left, crossing), np.fmax(right, crossing)
    return np.ceil(left - 0.5), np.floor(right - 0.5)


def _measure_thin(
    start: NDArray[np.float64], end: NDArray[np.float64], row: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and the last column that a segment goes through in a row; first > last where it does not."""
    upper, lower = np.minimum(start[1], end[1]), np.maximum(start[1], end[1])
    down = end[1] - start[1]
    slope = np.divide(end[0] - start[0], down, out=np.zeros(len(row)), where=down != 0)
    low, high = np.minimum(start[0], end[0]), np.maximum(start[0], end[0])
    crossings = [start[0] + (np.clip(edge, upper, lower) - start[1]) * slope for edge in (row, row + 1)]
    left, right = (np.clip(choose(*crossings), low, high) for choose in (np.minimum, np.maximum))
    left, right = np.where(down == 0, low, left), np.where(down == 0, high, right)
    first = np.floor(left)
    is_crossed = (row >= np.floor(upper)) & (row <= np.floor(lower))
    return first, np.where(is_crossed, np.maximum(np.ceil(right) - 1, first), first - 1)


def _fill_spans(spans: Spans) -> tuple[Window, NDArray[np.bool_]]:
    """Return the box of pieces of rows, and where they are in it."""
    row, first, last = spans
    top, left = int(row.min()), int(first.min())
    rows, cols = int(row.max()) - top + 1, int(last.max()) - left + 1
    line = (row - top) * (cols + 1) - left
    size = rows * (cols + 1)
    steps = np.bincount(line + first, minlength=size) - np.bincount(line + last + 1, minlength=size)
    mask = np.cumsum(steps).reshape(rows, cols + 1)[:, :cols] > 0
    return Window(row=top, col=left, rows=rows, cols=cols), mask
