"""Thin a field to one point for each of its plateaus: where its gradient is small, and neighbors have one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, UsageError
from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.segments import label_segments, list_strips, walk_mask

MOST_SCANNED = 250_000
"""Pixels that DBSCAN takes at the most."""
_MOST_NEIGHBORS = 50_000_000
"""It holds the neighbors of all pixels in memory."""


def measure_gradient(values: NDArray[Any]) -> NDArray[Any]:
    """Measure how steep a field is at each pixel.

    Along rows and along columns the smaller of the differences to the two neighbors counts, so that the pixels at the rim of a
    plateau are flat, as those inside of it are; the gradient is the length of the two together. A pixel without any
    neighbor along an axis is flat along it.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data.

    Returns
    -------
    array of float, shape (row, col)
        In units of the values per pixel; NaN where there is no data.

    Examples
    --------
    >>> measure_gradient(np.array([[1.0, 1.0, 5.0, 9.0]])).tolist()
    [[0.0, 0.0, 4.0, 4.0]]
    """
    with np.errstate(over="ignore"):
        steepness = np.hypot(_smaller_step(values, 0), _smaller_step(values, 1))
    steepness[np.isnan(values)] = np.nan
    gradient: NDArray[Any] = steepness
    return gradient


def _smaller_step(values: NDArray[Any], axis: int) -> NDArray[Any]:
    steps = np.abs(np.diff(values, axis=axis))
    rim = np.full_like(values.take([0], axis=axis), np.nan)
    smaller = np.fmin(np.concatenate([rim, steps], axis=axis), np.concatenate([steps, rim], axis=axis))
    filled: NDArray[Any] = np.where(np.isnan(smaller), values.dtype.type(0), smaller)
    return filled


def find_flat(values: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    """Return where the gradient of a field is at most the tolerance, shape (row, col)."""
    flat = np.zeros(values.shape, dtype=np.bool_)
    for top, bottom in list_strips(values.shape):
        above = max(0, top - 1)
        steepness = measure_gradient(values[above : bottom + 1])
        flat[top:bottom] = steepness[top - above : bottom - above] <= tolerance
    return flat


@dataclass(frozen=True, kw_only=True, eq=False)
class Thinned:
    """The points of the plateaus, and what was found on the way."""

    points: FieldPoints
    flat: int
    """Pixels on plateaus."""
    left_out: int
    """Of those, pixels in clusters that are too small, and such that DBSCAN takes for noise."""


def thin_plateaus(
    values: NDArray[Any],
    *,
    tolerance: float = 0.0,
    connectivity: int = 8,
    min_size: int = 1,
) -> Thinned:
    """Find the plateaus of a field, and the pixel of each that is nearest to its centroid.

    A pixel lies on a plateau where the gradient is at most `tolerance`; see `measure_gradient`. Neighbors on plateaus whose
    values differ by at most `tolerance` are joined. What this chains together, so that it spans more than the tolerance,
    as on a slight slope or where plateaus touch, is divided into steps of the tolerance from its lowest value. So the values of
    a cluster never span more than the tolerance. Ties between members go by row, then by column.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data.
    tolerance : float
        In units of the values; 0 for plateaus of exactly one value.
    connectivity : 4 or 8
        Whether pixels that touch only by a corner are neighbors (8) or not (4).
    min_size : int
        The smallest cluster that gives a point, in pixels.

    Returns
    -------
    Thinned

    Notes
    -----
    Memory is about 20 bytes for each pixel of the field beside the field itself; no loop goes over clusters.

    Examples
    --------
    >>> field = np.repeat(np.repeat(np.array([[1.0, 2.0], [3.0, 4.0]]), 3, axis=0), 5, axis=1)
    >>> points = thin_plateaus(field).points
    >>> points.places.tolist(), points.values.tolist(), points.counts.tolist()
    ([[1, 2], [1, 7], [4, 2], [4, 7]], [1.0, 2.0, 3.0, 4.0], [15, 15, 15, 15])
    """
    flat = find_flat(values, tolerance)
    labels, count = _label_equal(values, flat, tolerance, connectivity)
    return _make_points(values, flat, labels, count, min_size)


def _label_equal(
    values: NDArray[Any], flat: NDArray[np.bool_], tolerance: float, connectivity: int
) -> tuple[NDArray[np.int32], int]:
    def is_near(one: tuple[slice, slice], other: tuple[slice, slice]) -> NDArray[np.bool_]:
        near: NDArray[np.bool_] = np.abs(values[one] - values[other]) <= tolerance
        return near

    with np.errstate(over="ignore"):
        labels, count = label_segments(flat, is_near, connectivity=connectivity)
        steps = _find_steps(values, flat, labels, count, tolerance)
        if steps is None:
            return labels, count
        return label_segments(flat, lambda a, b: is_near(a, b) & (steps[a] == steps[b]), connectivity=connectivity)


def _find_steps(
    values: NDArray[Any], flat: NDArray[np.bool_], labels: NDArray[np.int32], count: int, tolerance: float
) -> NDArray[np.int32] | None:
    """Number the steps of the tolerance, from the lowest value of a component; None where none spans more than it."""
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    for rows, cols, part in walk_mask(flat):
        np.minimum.at(low, labels[part], values[rows, cols])
        np.maximum.at(high, labels[part], values[rows, cols])
    wide = high - low > tolerance
    if not wide.any():
        return None
    steps = np.zeros(values.shape, dtype=np.int32)
    for rows, cols, part in walk_mask(flat):
        chained = wide[labels[part]]
        rows, cols, number = rows[chained], cols[chained], labels[part][chained]
        steps[rows, cols] = np.floor((values[rows, cols].astype(np.float64) - low[number]) / tolerance)
    return steps


def _make_points(
    values: NDArray[Any], flat: NDArray[np.bool_], labels: NDArray[np.int32], count: int, min_size: int
) -> Thinned:
    """Measure clusters and choose their points; the label -1 is no cluster."""
    # Labels of noise count in a cluster after the last one, which is dropped in the end.
    labels = np.where(labels < 0, np.int32(count), labels)
    counts, sums = np.zeros(count + 1), np.zeros((3, count + 1))
    for rows, cols, part in walk_mask(flat):
        label = labels[part]
        np.add.at(counts, label, 1)
        for total, what in zip(sums, (rows, cols, values[rows, cols].astype(np.float64)), strict=True):
            np.add.at(total, label, what)
    row, col, mean = sums / np.maximum(counts, 1)
    squares, nearest = np.zeros(count + 1), np.full(count + 1, np.inf)
    for rows, cols, part in walk_mask(flat):
        label = labels[part]
        np.add.at(squares, label, (values[rows, cols] - mean[label]) ** 2)
        np.minimum.at(nearest, label, _square_distance(rows, cols, row[label], col[label]))
    large = counts >= min_size
    large[count] = False
    members = _choose_members(flat, labels, row, col, nearest)
    kept = np.flatnonzero(large)
    points = pick_points(
        values,
        *members[:, kept],
        counts=counts[kept].astype(np.int64),
        spreads=np.sqrt(squares[kept] / counts[kept]),
    )
    on_plateaus = len(labels)
    return Thinned(points=points, flat=on_plateaus, left_out=on_plateaus - int(counts[kept].sum()))


def _square_distance(rows: NDArray[Any], cols: NDArray[Any], row: NDArray[Any], col: NDArray[Any]) -> NDArray[Any]:
    distance: NDArray[Any] = (rows - row) ** 2 + (cols - col) ** 2
    return distance


_SAME = 1e-9
"""Pixels whose squared distances differ by less than this part are equally near."""


def _choose_members(
    flat: NDArray[np.bool_],
    labels: NDArray[np.int32],
    row: NDArray[Any],
    col: NDArray[Any],
    nearest: NDArray[Any],
) -> NDArray[np.int64]:
    """Return row and column of the member of each cluster that is nearest to its centroid, shape (2, cluster)."""
    members = np.full((2, len(nearest)), -1, dtype=np.int64)
    for rows, cols, part in walk_mask(flat):
        label = labels[part]
        near = _square_distance(rows, cols, row[label], col[label]) <= nearest[label] * (1 + _SAME) + _SAME
        # The first of several is the first by row and column, as they are walked.
        found, first = np.unique(label[near], return_index=True)
        new = members[0, found] < 0
        members[0, found[new]] = rows[near][first[new]]
        members[1, found[new]] = cols[near][first[new]]
    return members


def scan_plateaus(
    values: NDArray[Any],
    *,
    tolerance: float = 0.0,
    eps: float = 1.5,
    min_samples: int = 4,
    min_size: int = 1,
) -> Thinned:
    """Find the plateaus of a field by DBSCAN on (column, row, k * value), with k so that `tolerance` is as far as `eps`.

    With a tolerance of 0 two different values are always farther apart than `eps`. Pixels that DBSCAN takes for noise give no
    point.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data.
    tolerance : float
        In units of the values.
    eps : float
        How far neighbors may be apart, in pixels.
    min_samples : int
        How many pixels within `eps`, itself included, make a pixel the core of a cluster.
    min_size : int
        The smallest cluster that gives a point, in pixels.

    Raises
    ------
    DataError
        More pixels lie on plateaus than DBSCAN can take, or they have too many neighbors.
    MissingExtraError
        scikit-learn is not installed.
    """
    flat = find_flat(values, tolerance)
    rows, cols = np.nonzero(flat)
    _check_scannable(len(rows), eps)
    heights = _weigh(values[rows, cols].astype(np.float64), tolerance, eps)
    found = _scan(np.column_stack([cols, rows, heights]), eps, min_samples) if len(rows) else np.zeros(0, np.int32)
    return _make_points(values, flat, found, int(found.max(initial=-1)) + 1, min_size)


def _check_scannable(pixels: int, eps: float) -> None:
    if pixels > MOST_SCANNED:
        raise DataError(
            f"{pixels} pixels lie on plateaus, and DBSCAN takes {MOST_SCANNED} at the most; leave out --cluster dbscan, or take "
            "a part with --region"
        )
    if pixels * np.pi * eps**2 > _MOST_NEIGHBORS:
        raise UsageError(f"with --eps {eps:g} pixels have too many neighbors to be held in memory; give a smaller one")


def _weigh(heights: NDArray[np.float64], tolerance: float, eps: float) -> NDArray[np.float64]:
    if tolerance > 0:
        return heights * (eps / tolerance)
    different = np.unique(heights)
    least = np.diff(different).min(initial=np.inf)
    weight = 2 * eps / least if np.isfinite(least) else 0.0
    weighed: NDArray[np.float64] = (heights - different.min(initial=np.inf)) * weight
    return weighed


def _scan(places: NDArray[np.float64], eps: float, min_samples: int) -> NDArray[np.int32]:
    try:
        from sklearn.cluster import DBSCAN
    except ImportError:
        raise MissingExtraError(
            "--cluster dbscan needs scikit-learn; install it with: pip install 'tsraster[clustering]'"
        ) from None
    labels: NDArray[np.int32] = DBSCAN(eps=eps * (1 + _SAME), min_samples=min_samples).fit(places).labels_
    return labels.astype(np.int32)
