"""Fields that are interpolated from known samples, by other ways than those of the package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]


def draw_samples(number: int, shape: tuple[int, int], seed: int, *, on_pixels: bool) -> tuple[Floats, Floats]:
    """Return places (row, column) of samples, no two of them on one pixel, and their values."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, np.array(shape) - 1, (number, 2))
    if on_pixels:
        places = np.unique(np.rint(places), axis=0)
    return places, rng.normal(20, 10, len(places))


def list_pixels(shape: tuple[int, int]) -> NDArray[np.int64]:
    return np.argwhere(np.ones(shape, dtype=np.bool_))


def draw_nearest(places: Floats, values: Floats, shape: tuple[int, int]) -> NDArray[np.float32]:
    _, nearest = cKDTree(places).query(list_pixels(shape))
    return values[nearest].reshape(shape).astype(np.float32)


def draw_idw(places: Floats, values: Floats, shape: tuple[int, int]) -> NDArray[np.float32]:
    rows, cols = np.indices(shape)
    weighted, weights = np.zeros(shape), np.zeros(shape)
    for (row, col), value in zip(places, values, strict=True):
        weight = 1 / np.maximum((rows - row) ** 2 + (cols - col) ** 2, 1e-20)
        weighted, weights = weighted + weight * value, weights + weight
    return (weighted / weights).astype(np.float32)


def draw_linear(places: Floats, values: Floats, shape: tuple[int, int]) -> NDArray[np.float32]:
    return LinearNDInterpolator(places, values)(*np.indices(shape)).astype(np.float32)


def draw_net(shape: tuple[int, int], step: int, seed: int) -> tuple[Floats, Floats]:
    """Return samples on pixels, one about each knot of a net, and on its rim so that all is covered."""
    rng = np.random.default_rng(seed)
    rows, cols = np.meshgrid(np.arange(0, shape[0], step), np.arange(0, shape[1], step), indexing="ij")
    shift = rng.integers(-step // 4, step // 4 + 1, (2, *rows.shape))
    shift[0, [0, -1], :] = 0
    shift[1, :, [0, -1]] = 0
    places = np.column_stack([(rows + shift[0]).ravel(), (cols + shift[1]).ravel()]).astype(np.float64)
    return places, rng.normal(20, 10, len(places))


def find_distances(samples: Floats, found: Any) -> Floats:
    """Return how far each sample is from the nearest of the places that were found."""
    return cKDTree(found).query(samples)[0]
