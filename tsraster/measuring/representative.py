"""How large a volume must be to show the porosity of the rock: the porosity of cubes of growing side.

Pores are counted once in cells of a coarse grid, slab by slab, and cubes are made of whole cells: at most about a million
numbers are kept of a volume of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Shape = tuple[int, int, int]

MOST_CUBES = 1000
"""So many random cubes of a size, unless there are fewer places."""
FEWEST_APART = 8
"""Where fewer cubes find room side by side, all of them overlap, and look more alike than they are."""

_ACROSS = 64
_MOST_CELLS = 2**20
_SIZES = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Representative:
    """Porosity of cubes of S sizes; see `find_representative`."""

    sides: Counts
    """Side of the cubes in voxels, increasing, shape (S,)."""
    centered: Floats
    """Porosity of the cube in the middle, 0 to 1, shape (S,)."""
    mean: Floats
    """Of the random cubes, shape (S,)."""
    sd: Floats
    """Standard deviation between them, shape (S,); NaN where there is one cube."""
    cubes: Counts
    """How many random cubes, shape (S,)."""
    apart: Counts
    """How many cubes find room side by side without overlap, shape (S,)."""
    cell: int
    """Side of a cell in voxels."""

    @property
    def is_sure(self) -> Mask:
        """Where 8 cubes find room side by side; elsewhere the spread is too small, because cubes overlap; shape (S,)."""
        return np.asarray(self.apart >= FEWEST_APART)

    def find_side(self, share: float = 0.05) -> int | None:
        """Return the side in voxels from which on the standard deviation is at most `share` of the mean; None where it never is.

        Only sizes of which 8 cubes find room side by side are looked at.
        """
        steady = (self.sd <= share * self.mean)[self.is_sure]
        if not len(steady) or not steady[-1]:
            return None
        after = np.flatnonzero(~steady)
        return int(self.sides[after[-1] + 1 if len(after) else 0])


def choose_cell(shape: Shape) -> int:
    """Return the side of a cell in voxels, such that about 64 cells cross the shortest side, and that a million cells suffice.

    Examples
    --------
    >>> choose_cell((40, 40, 40)), choose_cell((1500, 1000, 1000)), choose_cell((20, 1000, 1000))
    (1, 16, 3)
    """
    voxels = float(np.prod(np.asarray(shape, dtype=np.float64)))
    return max(1, -(-min(shape) // _ACROSS), int(np.ceil(np.cbrt(voxels / _MOST_CELLS))))


def make_cells(shape: Shape, cell: int) -> Counts:
    """Return zeros for the whole cells of a volume, shape (cells along z, y, x); what is left over at the far ends has none."""
    planes, rows, cols = (side // cell for side in shape)
    return np.zeros((planes, rows, cols), dtype=np.int64)


def count_cells(mask: Mask, start: int, cell: int, counts: Counts) -> None:
    """Add the pores of a slab to the counts of the cells.

    Parameters
    ----------
    mask : array of bool, shape (plane, row, col)
        True in pores. All rows and columns of the volume, and some planes.
    start : int
        The first of these planes.
    cell : int
        Side of a cell in voxels.
    counts : array of int64, shape (cells along z, y, x)
        As `make_cells` gives it; it is changed. Slabs may come in any order, and end inside a cell.

    Examples
    --------
    >>> volume = np.zeros((4, 4, 5), dtype=bool)
    >>> volume[:3, 0, 0] = True
    >>> counts = make_cells(volume.shape, 2)
    >>> for start in (0, 3):
    ...     count_cells(volume[start : start + 3], start, 2, counts)
    >>> counts[:, 0, 0], counts.sum()
    (array([2, 1]), np.int64(3))
    """
    _, rows, cols = counts.shape
    inner = mask[:, : rows * cell, : cols * cell].view(np.uint8)
    stop = min(start + len(mask), len(counts) * cell)
    for plane in range(start // cell, -(-stop // cell)):
        first, last = max(plane * cell, start), min((plane + 1) * cell, stop)
        # First over planes, and in the smallest type that holds the sum: it touches every voxel, the rest few.
        summed = inner[first - start : last - start].sum(axis=0, dtype=np.uint8 if cell < 256 else np.uint32)
        strips = summed.reshape(rows, cell, cols * cell).sum(axis=1, dtype=np.int64)
        counts[plane] += strips.reshape(rows, cols, cell).sum(axis=2)


def find_representative(counts: Counts, cell: int, *, seed: int = 0, cubes: int = MOST_CUBES) -> Representative:
    """Return the porosity of cubes of growing side: of one in the middle, and of random ones.

    Parameters
    ----------
    counts : array of int64, shape (cells along z, y, x)
        Pore voxels of each cell.
    cell : int
        Side of a cell in voxels.
    seed : int
        Of the places of random cubes.
    cubes : int
        The most random cubes of a size; where there are fewer places, each is taken once.

    Returns
    -------
    Representative
        At most 24 sizes, from a cell up to the shortest side of the volume.

    Raises
    ------
    UsageError
        There is no whole cell.

    Notes
    -----
    Sums over cubes come from a table of cumulative sums, in integers. Random cubes overlap; where 8 of them do not find room
    side by side, their standard deviation is too small, down to 0 for the largest. See `Representative.is_sure`.

    Examples
    --------
    >>> counts = np.random.default_rng(0).binomial(8, 0.2, (16, 16, 16))
    >>> found = find_representative(counts, 2)
    >>> found.sides[[0, -1]], found.sd[0] > found.sd[5], found.centered[-1].round(2)
    (array([ 2, 32]), np.True_, np.float64(0.2))
    """
    if not counts.size:
        raise UsageError(
            f"cells of {cell} voxels do not fit into the volume; a cell is at most as large as its shortest side"
        )
    table = np.zeros(np.add(counts.shape, 1), dtype=np.int64)
    table[1:, 1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1).cumsum(axis=2)
    rng = np.random.default_rng(seed)
    widths = np.unique(np.rint(np.geomspace(1, min(counts.shape), _SIZES)).astype(np.int64))
    rows = [_measure_cubes(table, int(width), cell, rng, cubes) for width in widths]
    centered, mean, sd, number, apart = (np.array(column) for column in zip(*rows, strict=True))
    return Representative(
        sides=widths * cell, centered=centered, mean=mean, sd=sd, cubes=number, apart=apart, cell=cell
    )


def _measure_cubes(
    table: Counts, width: int, cell: int, rng: np.random.Generator, cubes: int
) -> tuple[float, float, float, int, int]:
    """Return what stands in a row of the curve, for cubes of `width` cells."""
    cells = np.subtract(table.shape, 1)
    room = cells - width + 1
    places = int(np.prod(room))
    chosen = np.arange(places) if places <= cubes else rng.choice(places, cubes, replace=False, shuffle=False)
    corners = np.stack(np.unravel_index(chosen, tuple(room)))
    porosity = _sum_cubes(table, corners, width) / (width * cell) ** 3
    centered = _sum_cubes(table, ((cells - width) // 2)[:, np.newaxis], width) / (width * cell) ** 3
    sd = float(porosity.std(ddof=1)) if places > 1 else float("nan")
    return float(centered[0]), float(porosity.mean()), sd, len(chosen), int(np.prod(cells // width))


def _sum_cubes(table: Counts, corners: NDArray[np.intp], width: int) -> Counts:
    """Return the sums of cubes of `width` cells at `corners`, shape (3, N)."""
    found = np.zeros(corners.shape[1], dtype=np.int64)
    for shift in np.ndindex(2, 2, 2):
        z, y, x = corners + width * np.array(shift)[:, np.newaxis]
        found += (1 if sum(shift) % 2 else -1) * table[z, y, x]
    return found
