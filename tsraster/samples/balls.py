"""Drawn volumes whose pores are known: balls that do not touch.

Arrays are (plane, row, col); lengths are in voxels, and the middle of the first voxel is at 0, 0, 0. Pores are 0 and
the solid is 255, or the other way round where `light`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.errors import UsageError

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Shape = tuple[int, int, int]

DARK, LIGHT = 0, 255

GAP = 1.75
"""Between balls, in voxels: more than the diagonal of a voxel, so that no two of them touch, not by a corner either."""

_TRIES = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class Balls:
    """Where balls lie in a volume: K of them, which is drawn by slabs when it is wanted."""

    shape: Shape
    """Planes, rows, columns."""
    centers: Floats
    """Shape (K, 3): plane, row, col."""
    radii: Floats
    """Shape (K,)."""
    light: bool = False
    """Whether balls are light."""

    @property
    def volumes(self) -> Floats:
        """Of the whole balls, in voxels, shape (K,)."""
        return np.asarray(4 / 3 * np.pi * self.radii**3)

    def draw(self, start: int = 0, stop: int | None = None) -> tuple[Bytes, Counts]:
        """Draw the planes from `start` up to `stop`, all by default.

        A voxel is in a ball when its middle is, or lies on the surface.

        Returns
        -------
        volume : array of uint8, shape (plane, row, col)
        voxels : array of int64, shape (K,)
            How many voxels of each ball are among them.
        """
        stop = self.shape[0] if stop is None else min(stop, self.shape[0])
        inside, outside = (LIGHT, DARK) if self.light else (DARK, LIGHT)
        volume = np.full((stop - start, *self.shape[1:]), outside, dtype=np.uint8)
        voxels = np.zeros(len(self.radii), dtype=np.int64)
        low, high = self.centers[:, 0] - self.radii, self.centers[:, 0] + self.radii
        for i in np.flatnonzero((high >= start) & (low <= stop - 1)):
            box, ball = _cut_ball(self.centers[i] - (start, 0, 0), self.radii[i], volume.shape)
            volume[box][ball] = inside
            voxels[i] = np.count_nonzero(ball)
        return volume, voxels


def _cut_ball(center: Floats, radius: float, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
    """Return the box of voxels around a ball that lies in the volume, and which of these are in the ball."""
    first = np.maximum(np.ceil(center - radius), 0).astype(int)
    last = np.maximum(np.minimum(np.floor(center + radius) + 1, shape).astype(int), first)
    z, y, x = (
        (np.arange(begin, end) - middle) ** 2 for begin, end, middle in zip(first, last, center.tolist(), strict=True)
    )
    box = tuple(slice(begin, end) for begin, end in zip(first.tolist(), last.tolist(), strict=True))
    return box, z[:, None, None] + y[:, None] + x <= radius**2


@dataclass(frozen=True, kw_only=True, eq=False)
class BallVolume:
    """A volume of balls, and which they are."""

    volume: Bytes
    """Shape (plane, row, col)."""
    balls: Balls
    voxels: Counts
    """How many voxels each ball has, shape (K,)."""

    @property
    def porosity(self) -> float:
        """The share of the voxels that are in balls, 0 to 1."""
        return int(self.voxels.sum()) / self.volume.size


def draw_radii(number: int, mu: float, sigma: float, *, seed: int = 0, smallest: float = 0.0) -> Floats:
    """Draw the radii of balls whose volumes V are lognormal.

    Parameters
    ----------
    number : int
        How many.
    mu, sigma : float
        Mean and standard deviation of ln V, with V in voxels.
    seed : int
        Another seed draws other radii.
    smallest : float
        Volumes below so many voxels are left out, so that fewer than `number` are returned.

    Returns
    -------
    array of float64, shape (number,) or less
        In voxels.

    Examples
    --------
    >>> radii = draw_radii(1000, mu=5.0, sigma=0.5)
    >>> round(float(np.log(4 / 3 * np.pi * radii**3).mean()), 1)
    5.0
    """
    volumes = np.random.default_rng(seed).lognormal(mu, sigma, number)
    return np.asarray(np.cbrt(0.75 / np.pi * volumes[volumes >= smallest]))


def place_balls(shape: Shape, radii: ArrayLike, *, seed: int = 0, cut: bool = False, light: bool = False) -> Balls:
    """Place balls at random, so that they do not touch.

    Parameters
    ----------
    shape : (planes, rows, columns)
        Of the volume.
    radii : numbers, shape (K,)
        In voxels, above 0. Below 0.87 a ball may fall between the middles of voxels and have none.
    seed : int
        Another seed places them elsewhere.
    cut : bool
        Whether balls may stick out of the volume; otherwise none of them touches its border.
    light : bool
        Whether balls are light in a dark solid.

    Returns
    -------
    Balls
        In the order of `radii`.

    Raises
    ------
    UsageError
        A radius is not above 0; or no place was found for a ball.

    Notes
    -----
    The largest ball is placed first; each place is drawn again until no other ball is nearer than `GAP`.
    """
    sizes = np.asarray(radii, dtype=np.float64)
    if len(sizes) and not (np.isfinite(sizes).all() and sizes.min() > 0):
        raise UsageError(f"the smallest radius is {sizes.min():g}; radii must be above 0, and finite")
    rng = np.random.default_rng(seed)
    order = np.argsort(-sizes, kind="stable")
    centers = np.empty((len(sizes), 3))
    grid = _Grid(side=2 * float(sizes.max(initial=1.0)) + GAP)
    for i in order.tolist():
        centers[i] = _find_place(rng, shape, i, centers, sizes, grid, cut=cut)
        grid.add(i, centers[i])
    return Balls(shape=shape, centers=centers, radii=sizes, light=light)


class _Grid:
    """Which balls may be near a place: those in its box and in the 26 around it, each as wide as two of the largest balls."""

    def __init__(self, side: float) -> None:
        self._side = side
        self._boxes: dict[tuple[int, ...], list[int]] = {}

    def add(self, ball: int, center: Floats) -> None:
        for box in product(*((box - 1, box, box + 1) for box in self._find_box(center))):
            self._boxes.setdefault(box, []).append(ball)

    def near(self, place: Floats) -> list[int]:
        return self._boxes.get(self._find_box(place), [])

    def _find_box(self, place: Floats) -> tuple[int, ...]:
        return tuple(int(coordinate // self._side) for coordinate in place.tolist())


def _find_place(
    rng: np.random.Generator, shape: Shape, ball: int, centers: Floats, radii: Floats, grid: _Grid, *, cut: bool
) -> Floats:
    """Return a place where a ball touches none of those in the grid."""
    # Up to half a voxel around the middles of the first and last voxels, or a radius and a voxel inside of them.
    margin = -0.5 if cut else radii[ball] + 1
    low, high = np.full(3, margin), np.asarray(shape) - 1 - margin
    for _ in range(_TRIES if (high >= low).all() else 0):
        place = rng.uniform(low, high)
        near = grid.near(place)
        if (((centers[near] - place) ** 2).sum(axis=1) > (radii[near] + radii[ball] + GAP) ** 2).all():
            return place
    raise UsageError(
        f"no place for a ball of radius {radii[ball]:.4g} in {' x '.join(map(str, shape))} voxels with larger ones; "
        "draw fewer or smaller balls, or a larger volume"
    )


def draw_balls(shape: Shape, radii: ArrayLike, *, seed: int = 0, cut: bool = False, light: bool = False) -> BallVolume:
    """Draw a volume of balls that do not touch, with their places and sizes.

    Parameters
    ----------
    shape : (planes, rows, columns)
        Of the volume.
    radii : numbers, shape (K,)
        In voxels; see `draw_radii` for those of lognormal volumes.
    seed, cut, light
        As for `place_balls`.

    Returns
    -------
    BallVolume

    Raises
    ------
    UsageError
        A radius is not above 0; or no place was found for a ball.

    Examples
    --------
    >>> drawn = draw_balls((40, 40, 40), [3.0, 8.0])
    >>> drawn.volume.shape, np.unique(drawn.volume), drawn.balls.volumes.round()
    ((40, 40, 40), array([  0, 255], dtype=uint8), array([ 113., 2145.]))
    >>> bool((drawn.volume == 0).sum() == drawn.voxels.sum())
    True
    """
    balls = place_balls(shape, radii, seed=seed, cut=cut, light=light)
    volume, voxels = balls.draw()
    return BallVolume(volume=volume, balls=balls, voxels=voxels)


def draw_ball_slabs(balls: Balls, planes: int = 64) -> Iterator[Bytes]:
    """Draw a volume of balls slab by slab, for volumes that are larger than memory.

    Parameters
    ----------
    balls : Balls
        As `place_balls` gives them.
    planes : int
        Of a slab; the last one may have fewer.

    Yields
    ------
    array of uint8, shape (plane, row, col)

    Examples
    --------
    >>> balls = place_balls((10, 20, 20), [2.0])
    >>> [len(slab) for slab in draw_ball_slabs(balls, 4)]
    [4, 4, 2]
    """
    for start in range(0, balls.shape[0], planes):
        yield balls.draw(start, start + planes)[0]
