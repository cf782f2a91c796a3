"""Objects, such as grains or pores, and their measures: area, axes, orientation, perimeter, place.

References
----------
Ellipse of the same second moments, with 1/12 for the extent of a pixel: ``regionprops`` of MATLAB. Perimeter: the Crofton formula
in four directions, for pixels of any proportion: D. Legland, K. Kiêu, M.-F. Devaux, Computation of Minkowski measures on 2D and
3D binary images, Image Analysis & Stereology 26 (2007), as in MorphoLibJ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.measuring.runs import Runs, Whole, find_runs, label_runs

Connectivity = Literal[4, 8]
Floats = NDArray[np.float64]

_ROUND = 1e-9
"""Relative difference of the axes below which an object has no orientation."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectTable:
    """The measures of N objects, an array of shape (N,) each; lengths in the unit of the spacing of the pixels."""

    label: Whole
    """1, 2, 3, ... in the order in which the first pixel of each is read."""
    pixels: Whole
    area: Floats
    equivalent_diameter: Floats
    """Of the disk of the same area."""
    major_axis: Floats
    """Length of the ellipse of the same second moments."""
    minor_axis: Floats
    elongation: Floats
    """Major by minor axis: 1 for a disk or a square."""
    orientation: Floats
    """Degrees from the x axis (to the right) to the major axis, counterclockwise, 0 to 180; NaN for what is round."""
    perimeter: Floats
    """Of the outline and of the holes; the border of the image, where it cuts an object, counts as outline."""
    row: Floats
    """Row of the centroid, 0 in the middle of the first one."""
    col: Floats
    first_row: Whole
    """Of the bounding box."""
    first_col: Whole
    rows: Whole
    """Height of the bounding box, in pixels."""
    cols: Whole
    touches_border: NDArray[np.bool_]
    """Whether it reaches the border of the image, and so may be only a part."""

    def __len__(self) -> int:
        return len(self.label)

    def select(self, wanted: NDArray[np.bool_]) -> ObjectTable:
        """Return the objects where `wanted`, shape (N,), is True, numbered anew."""
        chosen: dict[str, Any] = {field.name: getattr(self, field.name)[wanted] for field in fields(self)}
        return ObjectTable(**chosen | {"label": np.arange(1, int(wanted.sum()) + 1)})


def measure_objects(
    mask: NDArray[np.bool_], *, connectivity: Connectivity = 8, spacing: tuple[float, float] = (1.0, 1.0)
) -> ObjectTable:
    """Find and measure the objects in a mask.

    Parameters
    ----------
    mask : array of bool, shape (row, col)
        True in objects.
    connectivity : 4 or 8
        Whether pixels that touch by a corner belong to one object (8), or only those that share a side (4).
    spacing : (height, width)
        Of a pixel, in any unit; areas are in its square.

    Returns
    -------
    ObjectTable
        In the order in which the first pixel of each object is read.

    Raises
    ------
    UsageError
        The connectivity is neither 4 nor 8.

    Notes
    -----
    The perimeter is right on average over all directions: of disks of a diameter from 10 pixels on within 4 %, from 20 on within
    2 %. A rectangle along the rows comes out 6 % too short, and a single pixel 33 %.

    Examples
    --------
    >>> table = measure_objects(np.ones((2, 6), bool), spacing=(0.5, 0.5))
    >>> table.area[0], round(table.major_axis[0], 3), round(table.elongation[0], 3), table.orientation[0]
    (np.float64(3.0), np.float64(3.464), np.float64(3.0), np.float64(0.0))
    """
    runs = find_runs(np.asarray(mask, dtype=np.bool_))
    return measure_runs(runs, label_runs(runs, check_connectivity(connectivity)), shape=mask.shape, spacing=spacing)


def check_connectivity(connectivity: int) -> int:
    """Return the connectivity, if it is one.

    Raises
    ------
    UsageError
        It is neither 4 nor 8.
    """
    if connectivity not in (4, 8):
        raise UsageError(
            f"a connectivity of {connectivity} cannot be; pixels have 4 neighbors, or 8 with those at corners"
        )
    return connectivity


def measure_runs(
    runs: Runs, labels: Whole, *, shape: tuple[int, ...], spacing: tuple[float, float] = (1.0, 1.0)
) -> ObjectTable:
    """Measure objects that are given as runs.

    Parameters
    ----------
    runs : Runs
        R of them.
    labels : array of int64, shape (R,)
        The object of each, as `label_runs` gives it.
    shape : (rows, cols)
        Of the image, for what touches its border.
    spacing : (height, width)
        Of a pixel.
    """
    sums = _Sums(runs, labels)
    pixels = sums.add(runs.lengths)
    top, left = sums.least(runs.rows), sums.least(runs.starts)
    bottom, right = sums.most(runs.rows) + 1, sums.most(runs.ends)
    row, col, moments = _take_moments(sums, top, left, pixels)
    area: Floats = pixels.astype(np.float64) * (spacing[0] * spacing[1])
    return ObjectTable(
        label=np.arange(1, len(pixels) + 1),
        pixels=pixels,
        area=area,
        equivalent_diameter=np.sqrt(4 / math.pi * area),
        **_fit_ellipses(moments, spacing),
        perimeter=_measure_outline(sums, pixels, spacing),
        row=top + row,
        col=left + col,
        first_row=top,
        first_col=left,
        rows=bottom - top,
        cols=right - left,
        touches_border=(top == 0) | (left == 0) | (bottom == shape[0]) | (right == shape[1]),
    )


class _Sums:
    """Sums over the runs of each object; in whole numbers, and so exact."""

    def __init__(self, runs: Runs, labels: Whole) -> None:
        self.runs, self.labels = runs, labels
        self._order = np.argsort(labels, kind="stable")
        self._begins = np.flatnonzero(np.diff(labels[self._order], prepend=0))

    def _reduce(self, operation: np.ufunc, of_runs: Whole) -> Whole:
        return np.asarray(operation.reduceat(of_runs[self._order], self._begins)) if len(of_runs) else of_runs

    def add(self, of_runs: Whole) -> Whole:
        return self._reduce(np.add, of_runs)

    def least(self, of_runs: Whole) -> Whole:
        return self._reduce(np.minimum, of_runs)

    def most(self, of_runs: Whole) -> Whole:
        return self._reduce(np.maximum, of_runs)


def _take_moments(sums: _Sums, top: Whole, left: Whole, pixels: Whole) -> tuple[Floats, Floats, tuple[Floats, ...]]:
    """Return the centroids in their boxes, and the variances along rows and columns and their covariance, in pixels."""
    runs, of = sums.runs, sums.labels - 1
    # Counted from the corner of the box of each object, so that no number grows large.
    row, start, end = runs.rows - top[of], runs.starts - left[of], runs.ends - left[of]
    length = end - start
    cols = (start + end - 1) * length // 2
    squares = _sum_squares(end) - _sum_squares(start)
    mean_row, mean_col = sums.add(row * length) / pixels, sums.add(cols) / pixels
    return (
        mean_row,
        mean_col,
        (
            sums.add(row * row * length) / pixels - mean_row**2,
            sums.add(squares) / pixels - mean_col**2,
            sums.add(row * cols) / pixels - mean_row * mean_col,
        ),
    )


def _sum_squares(number: Whole) -> Whole:
    """Return the sum of the squares of 0, 1, ..., number - 1."""
    return (number - 1) * number * (2 * number - 1) // 6


def _fit_ellipses(moments: tuple[Floats, ...], spacing: tuple[float, float]) -> dict[str, Floats]:
    """Return the axes of the ellipses of the same second moments. A pixel is a square and no point: that is 1/12 more."""
    height, width = spacing
    along_y, along_x = (moments[0] + 1 / 12) * height**2, (moments[1] + 1 / 12) * width**2
    both = -moments[2] * height * width  # rows go down, and angles are counted as if y went up
    total, difference = along_x + along_y, np.hypot(along_x - along_y, 2 * both)
    major, minor = 4 * np.sqrt((total + difference) / 2), 4 * np.sqrt((total - difference) / 2)
    angle = np.degrees(np.arctan2(2 * both, along_x - along_y) / 2) % 180
    return {
        "major_axis": major,
        "minor_axis": minor,
        "elongation": major / minor,
        "orientation": np.where(difference > _ROUND * total, angle, np.nan),
    }


def _measure_outline(sums: _Sums, pixels: Whole, spacing: tuple[float, float]) -> Floats:
    """Return perimeters by the Crofton formula, from how often lines in four directions cross the outline.

    Each direction stands for the angles that are nearest to it, and its lines lie side by side at the distance that pixels have
    across that direction.
    """
    height, width = spacing
    diagonal = math.atan2(height, width)
    across_diagonal = height * width / math.hypot(height, width)
    rows = sums.add(np.ones(len(sums.runs), dtype=np.int64))
    columns, falling, rising = (pixels - _count_pairs(sums, shift, len(pixels)) for shift in (0, 1, -1))
    return (
        diagonal * height * rows
        + (math.pi / 2 - diagonal) * width * columns
        + math.pi / 4 * across_diagonal * (falling + rising)
    )


def _count_pairs(sums: _Sums, shift: int, count: int) -> Whole:
    """Count the pixels of each object that have another of its pixels below and `shift` columns to the right."""
    upper, lower = sums.runs.neighbors
    own = sums.labels[upper] == sums.labels[lower]
    # numpy weighs with floats, which are exact up to 2**53 pixels.
    pairs = np.bincount(sums.labels[upper[own]] - 1, weights=sums.runs.overlap(shift)[own], minlength=count)
    return pairs.astype(np.int64)
