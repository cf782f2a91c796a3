"""Where the samples lay from which a field was made by inverse distances: it is highest or lowest at each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.interpolation import check_weights

_MOST_ADDED = 100
_GAIN = 0.97
"""A sample is added where it leaves at most this part of the squared error."""
_PAIRS = 10_000_000
_TRIED = 8000
"""So many pixels are looked at when samples are tried, fewer for many samples: so many pairs at the most."""


def find_extrema(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which pixels are higher, or lower, than all of their eight neighbors, shape (row, col).

    Pixels at the rim of the field, or beside nodata, are none: what lies beyond is not known.
    """
    inside = values[1:-1, 1:-1]
    high, low = np.ones(inside.shape, dtype=np.bool_), np.ones(inside.shape, dtype=np.bool_)
    rows, cols = values.shape
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                neighbor = values[down : rows - 2 + down, right : cols - 2 + right]
                high &= inside > neighbor
                low &= inside < neighbor
    found = np.zeros(values.shape, dtype=np.bool_)
    found[1:-1, 1:-1] = high | low
    return found


def find_level(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which pixels are more level than their eight neighbors: where the gradient is least, shape (row, col).

    The gradient is that of the differences between the two neighbors on each side.
    """
    from scipy.ndimage import minimum_filter

    steepness = np.hypot(*np.gradient(values.astype(np.float64)))
    steepness[np.isnan(steepness)] = np.inf
    level: NDArray[np.bool_] = (steepness == minimum_filter(steepness, 3)) & np.isfinite(steepness)
    return level


def find_peaks(values: NDArray[Any]) -> FieldPoints:
    """Find the samples of a field that was made of all of them by inverse squared distances (Shepard).

    Near a sample such a field differs from it with the square of the distance, the same in all directions. So it has a peak or
    a pit at each, and else none. Only a sample that is, by chance, near what the others make there may have none, as may one at
    the rim. But the field is level there too; so of all level places those are added, one after the other, that bring
    the field made again nearest, as long as each takes away some hundredths of the squared error.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field, of at least 3 rows and columns; NaN where there is no data.

    Returns
    -------
    FieldPoints
        None where the field has neither peak nor pit.

    Raises
    ------
    DataError
        The field has too many for inverse distances to be summed.

    Examples
    --------
    >>> rows, columns = np.mgrid[:30, :40]
    >>> samples, values = np.array([[5, 7], [12, 30], [25, 12], [20, 22]]), np.array([3.0, 1.0, 4.0, 1.5])
    >>> distances = (rows[..., None] - samples[:, 0]) ** 2 + (columns[..., None] - samples[:, 1]) ** 2
    >>> weights = 1 / np.maximum(distances, 1e-18)
    >>> find_peaks((weights * values).sum(axis=2) / weights.sum(axis=2)).places.tolist()
    [[5, 7], [12, 30], [20, 22], [25, 12]]
    """
    points = pick_points(values, *np.nonzero(find_extrema(values)))
    if not len(points):
        return points
    check_weights(len(points), values.shape)
    added = _try_level(values, points)
    return pick_points(values, *np.concatenate([points.places, added]).T)


def _try_level(values: NDArray[Any], points: FieldPoints) -> NDArray[np.int64]:
    """Return the level places, shape (N, 2), that bring the field made of the points nearer."""
    from scipy.spatial import cKDTree

    level = np.argwhere(find_level(values))
    level = level[cKDTree(points.places).query(level)[0] > 1.5]
    tried = _choose_tried(values, level, points, max(1, _PAIRS // max(1, len(level), len(points))))
    field = values[tuple(tried.T)].astype(np.float64)
    weight = _weigh(tried, points.places)
    weights, weighted = weight.sum(axis=1), weight @ points.values
    of_level = _weigh(tried, level)
    heights = values[tuple(level.T)].astype(np.float64)
    error = ((weighted / weights - field) ** 2).sum()
    added: list[int] = []
    while len(level) and len(added) < _MOST_ADDED:
        with_each = (weighted[:, np.newaxis] + of_level * heights) / (weights[:, np.newaxis] + of_level)
        errors = ((with_each - field[:, np.newaxis]) ** 2).sum(axis=0)
        best = int(errors.argmin())
        if not errors[best] < _GAIN * error:
            break
        added.append(best)
        error = errors[best]
        weighted, weights = weighted + of_level[:, best] * heights[best], weights + of_level[:, best]
    found: NDArray[np.int64] = level[added]
    return found


def _choose_tried(values: NDArray[Any], level: NDArray[np.int64], points: FieldPoints, most: int) -> NDArray[np.int64]:
    """Return pixels with data, shape (M, 2), evenly among all; not those that are or may become points, which fit anyway."""
    free = ~np.isnan(values)
    free[points.rows, points.columns] = False
    free[tuple(level.T)] = False
    pixels = np.flatnonzero(free)
    number = min(len(pixels), most, _TRIED)
    chosen = pixels[(np.arange(number) * (len(pixels) / max(1, number))).astype(np.int64)]
    places: NDArray[np.int64] = np.column_stack(np.divmod(chosen, values.shape[1]))
    return places


def _weigh(places: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 / distance² between places, shape (M, 2), and points, shape (N, 2), as an array of shape (M, N)."""
    distance = (places[:, :1] - points[:, 0]) ** 2 + (places[:, 1:] - points[:, 1]) ** 2
    weights: NDArray[np.float64] = 1.0 / distance
    return weights
