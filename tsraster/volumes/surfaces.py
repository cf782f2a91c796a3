"""Surface, sphericity and Euler number of components, from how often each pattern of eight neighbors occurs in them.

Eight voxels around a corner make a cell, and each is inside of a component or not: 256 patterns. What marching cubes draws in a
cell, how many lines of a direction leave the component there, and what the cell adds to the Euler number depend on the pattern
alone. So counts of patterns are all that is needed; they add up over slabs, to the same numbers whatever the slabs are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

CORNERS = tuple(product((0, 1), repeat=3))
"""Of a cell, z, y, x; corner `k` is bit `k` of a pattern."""
_PATTERNS = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.bool_)
_CELLS_AT_ONCE = 2**20


@dataclass(frozen=True, kw_only=True, eq=False)
class CellCounts:
    """How often patterns occur in components; N pairs of a component and a pattern."""

    keys: Integers
    """Shape (N,), ascending: 256 times the label, plus the pattern."""
    counts: Integers
    """Shape (N,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surfaces:
    """Of K components; component `i` has the label `i + 1`."""

    area: Floats
    """Shape (K,): by the formula of Crofton, in square units."""
    mesh_area: Floats
    """Shape (K,): of the triangles of marching cubes, in square units; larger by a tenth."""
    sphericity: Floats
    """Shape (K,): the surface of a ball of the same volume over `area`; 1 for balls."""
    euler: Floats
    """Shape (K,): 1 for a body without holes; a tunnel takes 1 away, a cavity adds 1."""


def count_cells(labels: NDArray[Any], *, first: bool = True, last: bool = True) -> CellCounts:
    """Count the patterns of all components in a volume, a box or a slab.

    Components are closed at the border of the volume. A slab that does not begin with the first plane of the volume must begin
    with the last plane of the slab before: then each cell is counted once, and `merge_counts` gives what the whole volume
    would.

    Parameters
    ----------
    labels : array of integers or bool, shape (plane, row, col)
        0 is background. For one component a mask of its box will do.
    first, last : bool
        Whether the volume begins, or ends, with these planes.

    Returns
    -------
    CellCounts
        Cells that are all inside of one component are left out: they add nothing.

    Notes
    -----
    About 15 MB beside the labels themselves, for planes of up to a million voxels; 12 ns a voxel in a sandstone.
    """
    height = max(1, _CELLS_AT_ONCE // max(1, (labels.shape[1] + 1) * (labels.shape[2] + 1)))
    begin, end = -1 if first else 0, labels.shape[0] - (0 if last else 1)
    parts = [_count_layers(labels, start, min(start + height, end)) for start in range(begin, end, height)]
    return merge_counts(parts)


def merge_counts(parts: Iterable[CellCounts]) -> CellCounts:
    """Add up counts of slabs."""
    found = list(parts) or [CellCounts(keys=np.zeros(0, np.int64), counts=np.zeros(0, np.int64))]
    keys, places = np.unique(np.concatenate([part.keys for part in found]), return_inverse=True)
    counts = np.zeros(len(keys), np.int64)
    np.add.at(counts, places, np.concatenate([part.counts for part in found]))
    return CellCounts(keys=keys, counts=counts)


def measure_surfaces(
    counts: CellCounts, voxels: NDArray[Any], spacing: Spacing, connectivity: Literal[6, 18, 26] = 6
) -> Surfaces:
    """Return surface, sphericity and Euler number of components.

    Parameters
    ----------
    counts : CellCounts
        Of the whole volume.
    voxels : array, shape (K,)
        How many each component has.
    spacing : tuple of 3 floats
        Between voxels along z, y, x, in a unit of length.
    connectivity : 6, 18 or 26
        Of the components, for the Euler number, which is not defined for 18: NaN.

    Returns
    -------
    Surfaces

    Notes
    -----
    Surfaces of voxels are steps, and marching cubes planes off no more than their edges: its area stays too large however fine
    the voxels are. Measured on balls of radius 3, 5, 10, 20 and 40 voxels in random places, it is 6, 8, 8, 9 and 9 % too large,
    and 12 % with planes twice as far apart as rows. The formula of Crofton counts how often lines of 13 directions leave a
    component, each weighted by its share of the sphere: -2, -0.7, -0.2, -0.1 and 0.0 % on the same balls, and on planes of any
    direction 0 % on average with a standard deviation of 1.6 %. Its sphericity of those balls is 1.02, 1.01, 1.00, 1.00 and
    1.00. Pores of less than about 30 voxels (radius 2) have no shape to speak of: both areas are too small then, and the
    sphericity is above 1.

    References
    ----------
    T. Lewiner et al., Efficient implementation of marching cubes' cases with topological guarantees, J. Graphics Tools 8
    (2003) 1-15.
    G. Lehmann, D. Legland, Efficient N-dimensional surface estimation using Crofton formula and run-length encoding, Insight
    J. (2012).
    D. Legland, K. Kieu, M.-F. Devaux, Computation of Minkowski measures on 2D and 3D binary images, Image Anal. Stereol. 26
    (2007) 83-92.

    Examples
    --------
    >>> z, y, x = np.ogrid[-22:23, -22:23, -22:23]
    >>> ball = z**2 + y**2 + x**2 <= 20.3**2
    >>> found = measure_surfaces(count_cells(ball), np.array([ball.sum()]), (1, 1, 1))
    >>> (found.area / (4 * np.pi * 20.3**2)).round(2), found.sphericity.round(2), found.euler
    (array([1.]), array([1.]), array([1.]))
    """
    number = len(voxels)
    owner, pattern = counts.keys // 256 - 1, counts.keys % 256

    def add_up(table: Floats) -> Floats:
        return np.bincount(owner, counts.counts * table[pattern], number).astype(np.float64)

    area = add_up(tabulate_crofton(spacing))
    volume = np.asarray(voxels, np.float64) * np.prod(spacing)
    return Surfaces(
        area=area,
        mesh_area=add_up(tabulate_mesh(spacing)),
        sphericity=compare_with_ball(volume, area),
        euler=np.full(number, np.nan) if connectivity == 18 else add_up(tabulate_euler(connectivity)),
    )


def compare_with_ball(volume: Floats, area: Floats) -> Floats:
    """Return the sphericity: the surface of a ball of the same volume over the surface of the body.

    Parameters
    ----------
    volume, area : array, shape (K,)
        In cubic and square units; the area above 0.

    References
    ----------
    H. Wadell, Volume, shape, and roundness of quartz particles, J. Geology 43 (1935) 250-280.

    Examples
    --------
    A ball, and a cube:

    >>> compare_with_ball(np.array([4 / 3 * np.pi, 1.0]), np.array([4 * np.pi, 6.0])).round(3)
    array([1.   , 0.806])
    """
    return np.asarray(np.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / area)


# Counting ---------------------------------------------------------------------------------------------------------------


def _count_layers(labels: NDArray[Any], start: int, stop: int) -> CellCounts:
    """Count cells whose upper planes are those from `start` up to `stop`; planes -1 and beyond the last are background."""
    above, below = int(start < 0), int(stop + 1 > len(labels))
    padded = np.pad(labels[max(start, 0) : stop + 1], ((above, below), (1, 1), (1, 1)))
    low, high = _find_extremes(padded, np.minimum), _find_extremes(padded, np.maximum)
    cells = np.flatnonzero(low != high)
    corners = _gather_corners(padded, low.shape, cells)
    keys = _find_keys(corners, high.ravel()[cells])
    found, counts = np.unique(keys, return_counts=True)
    return CellCounts(keys=found, counts=counts.astype(np.int64))


def _find_extremes(padded: NDArray[Any], choose: np.ufunc) -> NDArray[Any]:
    """Return the least or the greatest of the eight labels of each cell."""
    array = choose(padded[:-1], padded[1:])
    array = choose(array[:, :-1], array[:, 1:])
    return np.asarray(choose(array[:, :, :-1], array[:, :, 1:]))


def _gather_corners(padded: NDArray[Any], shape: tuple[int, ...], cells: NDArray[np.intp]) -> NDArray[Any]:
    """Return the eight labels of M cells, shape (8, M)."""
    plane, row, col = np.unravel_index(cells, shape)
    at = np.ravel_multi_index((plane, row, col), padded.shape)
    _, rows, cols = padded.shape
    return np.stack([padded.ravel()[at + (z * rows + y) * cols + x] for z, y, x in CORNERS])


def _find_keys(corners: NDArray[Any], high: NDArray[Any]) -> Integers:
    """Return a key for each label in each cell; most cells have one label beside background."""
    keys = [_make_keys(corners, high)]
    is_mixed = ((corners != 0) & (corners != high)).any(axis=0)
    mixed, high = corners[:, is_mixed], high[is_mixed]
    for corner, own in enumerate(mixed):
        is_new = (own != 0) & (own != high) & ~(mixed[:corner] == own).any(axis=0)
        keys.append(_make_keys(mixed[:, is_new], own[is_new]))
    return np.concatenate(keys)


def _make_keys(corners: NDArray[Any], own: NDArray[Any]) -> Integers:
    keys = own.astype(np.int64) * 256
    for bit, corner in enumerate(corners):
        keys += (corner == own).astype(np.int64) << bit
    return keys


# What a pattern adds ----------------------------------------------------------------------------------------------------


def tabulate_mesh(spacing: Spacing) -> Floats:
    """Return the area that marching cubes of scikit-image draws in each pattern, shape (256,)."""
    from skimage.measure import marching_cubes, mesh_surface_area

    areas = np.zeros(256)
    for pattern, inside in enumerate(_PATTERNS[:-1]):
        if pattern:
            vertices, faces, _, _ = marching_cubes(inside.reshape(2, 2, 2).astype(np.float32), 0.5, spacing=spacing)
            areas[pattern] = mesh_surface_area(vertices, faces)
    return areas


def tabulate_crofton(spacing: Spacing) -> Floats:
    """Return what each pattern adds to the surface by the formula of Crofton with 13 directions, shape (256,)."""
    weights = _weigh_directions(spacing)
    areas = np.zeros(256)
    for (a, from_corner), (b, to_corner) in product(enumerate(CORNERS), repeat=2):
        if a != b:
            step = tuple(np.subtract(to_corner, from_corner).tolist())
            # The same two voxels are corners of 4 cells if they lie along an axis, of 2 in a plane, else of 1.
            shared = 2 ** (3 - sum(map(abs, step)))
            areas += np.where(_PATTERNS[:, a] & ~_PATTERNS[:, b], 4 * weights[step] / shared, 0)
    return areas


def _weigh_directions(spacing: Spacing) -> dict[tuple[int, ...], float]:
    """Return for each step to a neighbor its share of the sphere, times the area of the section that one line stands for."""
    from scipy.spatial import SphericalVoronoi

    steps = [step for step in product((-1, 0, 1), repeat=3) if any(step)]
    vectors = np.array(steps) * np.array(spacing)
    lengths = np.linalg.norm(vectors, axis=1)
    shares = SphericalVoronoi(vectors / lengths[:, None]).calculate_areas() / (4 * np.pi)
    sections = np.prod(spacing) / lengths
    return dict(zip(steps, (shares * sections).tolist(), strict=True))


def tabulate_euler(connectivity: Literal[6, 26]) -> Floats:
    """Return what each pattern adds to the Euler number, shape (256,).

    With 26 neighbors voxels are closed cubes: corners, less edges, plus faces, less cubes. With 6 they are points that are
    joined along edges, faces and cubes where all of these are inside. Each is shared by the cells around it.
    """
    grid = _PATTERNS.reshape(256, 2, 2, 2)
    joins = np.any if connectivity == 26 else np.all
    # Groups of voxels along no, one, two, three axes: the cubes, faces, edges and the corner in the middle of the cell.
    sums = np.zeros(256)
    for axes in product((False, True), repeat=3):
        along = tuple(axis + 1 for axis in range(3) if axes[axis])
        dimension = len(along)
        groups = joins(grid, axis=along) if along else grid
        sign = (-1) ** (dimension + (connectivity == 26))
        sums += sign * groups.reshape(256, -1).sum(axis=1) / 2 ** (3 - dimension)
    return sums
