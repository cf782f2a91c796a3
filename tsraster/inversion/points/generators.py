"""Where the samples lay from which a field was made by nearest neighbor: the generators of its Voronoi cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.points.fieldpoints import FieldPoints, pick_points
from tsraster.inversion.points.segments import label_segments, list_strips, walk_mask

Floats = NDArray[np.float64]

_PASSES = 40
_DAMPINGS = (0.1, 0.3, 1.0, 0.01, 3.0, 0.1, 0.3)
_FAR = 1.0
"""Borders that are farther from bisectors, in pixels, than pixels of a cell can be."""
_STILL = 1e-3
"""The search ends when no generator moves farther, in pixels."""
_NEAREST = 1e-3
"""Two places are taken to be so far apart at least, in pixels; rings, which are no cells, have one centroid."""
_LEAST = 1e-6
"""What keeps a cell without any border where it is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Borders:
    """Where two cells meet: the middle of the side between two pixels, and the cells on both sides of it."""

    places: Floats
    """Shape (B, 2): row, column."""
    one: NDArray[np.int32]
    other: NDArray[np.int32]


def find_generators(values: NDArray[Any]) -> tuple[FieldPoints, float]:
    """Find the samples of a field that was made of them by nearest neighbor.

    The border of two cells lies in the middle between their samples. So the samples are those places, one in each cell, whose
    bisectors are nearest to all borders that are seen, by least squares (Levenberg and Marquardt) from the centroids on. The
    centroid itself is no sample. Each is then moved to the nearest pixel of its cell.

    Parameters
    ----------
    values : array of float, shape (row, col)
        The field; NaN where there is no data.

    Returns
    -------
    points : FieldPoints
        One for each cell: a connected set of pixels of one value, which touch by their sides or corners.
    misfit : float
        Root mean square of the distances of the borders from the bisectors, in pixels. Where cells are those of nearest
        neighbors it is about 0.25; above 0.5 the field was made in another way, or samples beside one another had the same value.

    Notes
    -----
    A cell whose borders do not determine its sample, such as one of two in all, keeps what determines it least near its centroid.

    Examples
    --------
    >>> rows, columns = np.mgrid[:40, :60]
    >>> samples = np.array([[5, 7], [12, 40], [25, 12], [33, 50], [20, 30]])
    >>> distances = (rows[..., None] - samples[:, 0]) ** 2 + (columns[..., None] - samples[:, 1]) ** 2
    >>> points, misfit = find_generators(distances.argmin(axis=2) * 1.5)
    >>> bool(np.abs(points.places - samples[np.lexsort(samples.T[::-1])]).max() <= 1), misfit < 0.5
    (True, True)
    """
    valid = ~np.isnan(values)

    def is_equal(one: tuple[slice, slice], other: tuple[slice, slice]) -> NDArray[np.bool_]:
        equal: NDArray[np.bool_] = values[one] == values[other]
        return equal

    labels, count = label_segments(valid, is_equal, connectivity=8)
    cells = np.full(values.shape, -1, dtype=np.int32)
    cells[valid] = labels
    centroids, sizes = _find_centroids(valid, labels, count)
    places, misfit = _fit(centroids, _find_borders(cells))
    members = _move_inside(places, valid, labels)
    return pick_points(values, *members, counts=sizes, spreads=np.zeros(count)), misfit


def _find_centroids(
    valid: NDArray[np.bool_], labels: NDArray[np.int32], count: int
) -> tuple[Floats, NDArray[np.int64]]:
    sums = np.zeros((2, count))
    for rows, cols, part in walk_mask(valid):
        np.add.at(sums[0], labels[part], rows)
        np.add.at(sums[1], labels[part], cols)
    sizes = np.bincount(labels, minlength=count)
    return (sums / sizes).T, sizes


def _find_borders(cells: NDArray[np.int32]) -> _Borders:
    parts = []
    for top, bottom in list_strips(cells.shape):
        here = cells[top:bottom]
        below = cells[top + 1 : bottom + 1]
        for one, other, shift in (
            (here[:, :-1], here[:, 1:], (0.0, 0.5)),
            (here[: len(below)], below, (0.5, 0.0)),
        ):
            rows, cols = np.nonzero((one != other) & (one >= 0) & (other >= 0))
            middle = np.column_stack([rows + top + shift[0], cols + shift[1]])
            parts.append((middle, one[rows, cols], other[rows, cols]))
    places, one, other = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Borders(places=places, one=one, other=other)


def _measure_misfits(places: Floats, borders: _Borders) -> Floats:
    """Return how far each border is from the bisector of its two places."""
    one, other = places[borders.one], places[borders.other]
    nearer = ((borders.places - one) ** 2).sum(axis=1) - ((borders.places - other) ** 2).sum(axis=1)
    misfits: Floats = nearer / (2 * np.maximum(np.hypot(*(other - one).T), _NEAREST))
    return misfits


def _fit(centroids: Floats, borders: _Borders) -> tuple[Floats, float]:
    """Move places from the centroids until their bisectors fit the borders; return them and the root mean square of what is left.

    The search may end beside the best places. Then cells with borders that are far off begin at their centroids again, with
    steps of another length.
    """
    if not len(borders.places):
        return centroids, 0.0
    best = centroids
    misfits = _measure_misfits(best, borders)
    for damping in _DAMPINGS:
        begin = best.copy()
        far = np.abs(misfits) > _FAR
        wrong = np.concatenate([borders.one[far], borders.other[far]])
        begin[wrong] = centroids[wrong]
        found, left = _search(begin, borders, damping)
        if (left**2).sum() < (misfits**2).sum():
            best, misfits = found, left
        if not np.any(np.abs(misfits) > _FAR):
            break
    return best, float(np.sqrt(np.mean(misfits**2)))


def _search(places: Floats, borders: _Borders, damping: float) -> tuple[Floats, Floats]:
    """Return places that fit the borders better, and the misfits that are left (Levenberg and Marquardt)."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import spsolve

    misfits = _measure_misfits(places, borders)
    for _ in range(_PASSES):
        slopes = _list_slopes(places, borders, misfits)
        squares = (slopes.T @ slopes).tocsc()
        damped = squares + diags(damping * squares.diagonal() + _LEAST, format="csc")
        step = -spsolve(damped, slopes.T @ misfits).reshape(-1, 2)
        moved = places + step
        after = _measure_misfits(moved, borders)
        if (after**2).sum() < (misfits**2).sum():
            places, misfits, damping = moved, after, damping / 3
            if damping < _STILL and np.abs(step).max() < _STILL:
                break
        else:
            damping *= 5
    return places, misfits


def _list_slopes(places: Floats, borders: _Borders, misfits: Floats) -> Any:
    """Return how misfits change with the coordinates of places, shape (B, 2 N), sparse."""
    from scipy.sparse import csr_matrix

    one, other = places[borders.one], places[borders.other]
    apart = other - one
    length = np.maximum(np.hypot(*apart.T), _NEAREST)[:, np.newaxis]
    turn = misfits[:, np.newaxis] * apart / length**2
    by_one, by_other = (one - borders.places) / length + turn, (borders.places - other) / length - turn
    slopes = np.concatenate([by_one, by_other], axis=1)
    columns = np.column_stack([2 * borders.one, 2 * borders.one + 1, 2 * borders.other, 2 * borders.other + 1])
    starts = np.arange(0, slopes.size + 1, 4)
    return csr_matrix((slopes.ravel(), columns.ravel(), starts), shape=(len(misfits), places.size))


def _move_inside(places: Floats, valid: NDArray[np.bool_], labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the pixel of each cell that is nearest to its place, shape (2, cell)."""
    nearest, members = np.full(len(places), np.inf), np.zeros((2, len(places)), dtype=np.int64)
    for rows, cols, part in walk_mask(valid):
        label = labels[part]
        distance = (rows - places[label, 0]) ** 2 + (cols - places[label, 1]) ** 2
        before = nearest.copy()
        np.minimum.at(nearest, label, distance)
        best = np.flatnonzero((distance == nearest[label]) & (distance < before[label]))
        found, first = np.unique(label[best], return_index=True)
        members[:, found] = rows[best[first]], cols[best[first]]
    return members
