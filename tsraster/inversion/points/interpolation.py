"""Make a field again from points: linear between them, that of the nearest, or by inverse distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.inversion.points.fieldpoints import FieldPoints, check_interpolation
from tsraster.inversion.points.segments import list_strips
from tsraster.inversion.points.triangles import lie_on_line, paint_triangles, triangulate

MOST_WEIGHTS = 5_000_000_000
"""Pairs of pixels and points that inverse distances are taken between at the most."""


def remake_field(points: FieldPoints, shape: tuple[int, int], interpolation: str = "linear") -> NDArray[Any]:
    """Interpolate a field from points.

    Parameters
    ----------
    points : FieldPoints
        At least one.
    shape : (rows, columns)
        Of the field.
    interpolation : linear, nearest or idw
        Linear in the triangles of Delaunay, and the nearest point outside of them (between points on one line linear along it);
        the nearest point; or by inverse distances, squared (Shepard), of all points. Distances are in pixels.

    Returns
    -------
    array, shape (row, col), of the type of the points' values
        A value everywhere. Where a point is it has the value of the point.

    Raises
    ------
    DataError
        There are too many points for inverse distances.
    UsageError
        The interpolation is unknown.

    Notes
    -----
    Memory is that of the result, and of a million pixels at a time.

    References
    ----------
    Shepard, D., 1968. A two-dimensional interpolation function for irregularly-spaced data. Proceedings of the 23rd ACM
    National Conference, 517-524.

    Examples
    --------
    >>> from tsraster.inversion.points.fieldpoints import pick_points
    >>> points = pick_points(np.array([[0.0, 9.0, 9.0, 6.0]]), np.array([0, 0]), np.array([0, 3]))
    >>> remake_field(points, (1, 4)).tolist(), remake_field(points, (1, 4), "nearest").tolist()
    ([[0.0, 2.0, 4.0, 6.0]], [[0.0, 0.0, 6.0, 6.0]])
    """
    made = {"linear": _remake_linear, "nearest": _remake_nearest, "idw": _remake_by_distance}[
        check_interpolation(interpolation)
    ](points, shape)
    made[points.rows, points.columns] = points.values
    return made


def _remake_linear(points: FieldPoints, shape: tuple[int, int]) -> NDArray[Any]:
    places = points.places
    if lie_on_line(places):
        return _remake_along_line(points, shape)
    made = np.full(shape, np.nan, dtype=points.values.dtype)
    for painted in paint_triangles(places, points.values, triangulate(places)):
        made[painted.rows, painted.columns] = painted.values
    _fill_nearest(made, points)
    return made


def _remake_along_line(points: FieldPoints, shape: tuple[int, int]) -> NDArray[Any]:
    along = (points.places[-1] - points.places[0]).astype(np.float64)
    position = points.places @ along
    order = np.argsort(position)
    rows, cols = np.arange(shape[0])[:, np.newaxis] * along[0], np.arange(shape[1]) * along[1]
    made: NDArray[Any] = np.interp(rows + cols, position[order], points.values[order]).astype(points.values.dtype)
    return made


def _remake_nearest(points: FieldPoints, shape: tuple[int, int]) -> NDArray[Any]:
    made = np.full(shape, np.nan, dtype=points.values.dtype)
    _fill_nearest(made, points)
    return made


def _fill_nearest(made: NDArray[Any], points: FieldPoints) -> None:
    """Put the value of the nearest point where there is none yet."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points.places)
    for top, bottom in list_strips(made.shape):
        rows, cols = np.nonzero(np.isnan(made[top:bottom]))
        if len(rows):
            _, nearest = tree.query(np.column_stack([rows + top, cols]), workers=-1)
            made[rows + top, cols] = points.values[nearest]


def check_weights(points: int, shape: tuple[int, int]) -> None:
    """Check that inverse distances of so many points can be summed in a reasonable time.

    Raises
    ------
    DataError
        They cannot.
    """
    pixels = shape[0] * shape[1]
    if points * pixels > MOST_WEIGHTS:
        raise DataError(
            f"inverse distances of {points} points to {pixels} pixels would take too long; interpolate linear or nearest, or "
            "take a part with --region"
        )


def _remake_by_distance(points: FieldPoints, shape: tuple[int, int]) -> NDArray[Any]:
    check_weights(len(points), shape)
    weighted, weights = sum_weights(points, shape)
    return (weighted / weights).astype(points.values.dtype)


def sum_weights(points: FieldPoints, shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums of value / distance² and of 1 / distance² over points, each of shape (row, col).

    Where a point is, its distance is taken so small that nothing else counts.
    """
    weighted, weights = np.zeros(shape), np.zeros(shape)
    across = (np.arange(shape[1])[:, np.newaxis] - points.columns.astype(np.float64)) ** 2
    both = np.column_stack([points.values.astype(np.float64), np.ones(len(points))])
    for row in range(shape[0]):
        near = across + (row - points.rows) ** 2
        sums = np.reciprocal(np.maximum(near, _NOWHERE, out=near), out=near) @ both
        weighted[row], weights[row] = sums.T
    return weighted, weights


_NOWHERE = 1e-18
"""The squared distance of a point from its own pixel."""
