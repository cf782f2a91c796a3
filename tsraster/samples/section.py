"""A thin section of a sandstone in plane-polarized light, its pores filled with blue-dyed epoxy.

Arrays are (row, col) or (row, col, 3). Everything is drawn from one seed, so its truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.samples.canvas import Floats, check_size, fractal_noise

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]

OPAQUE, CLAY, PORE, FELDSPAR, QUARTZ, LITHIC = range(1, 7)
NAMES = ("opaque", "clay and lithic", "pore", "feldspar", "quartz")
COLORS = {
    OPAQUE: (0.105, 0.095, 0.09),
    CLAY: (0.41, 0.31, 0.21),
    PORE: (0.28, 0.53, 0.80),
    FELDSPAR: (0.715, 0.68, 0.62),
    QUARTZ: (0.90, 0.89, 0.85),
    LITHIC: (0.44, 0.33, 0.24),
}
"""Red, green and blue from 0 to 1; their gray falls in the middle of the five phases cut at .25, .4, .6 and .75."""

GRAINS_ACROSS = 13
"""How many grains lie side by side along the shorter side, unless they would get too small."""

SMALLEST_GRAIN = 8.0
"""The least diameter of a grain, in pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ThinSection:
    """A picture of a thin section, and what each pixel shows.

    Attributes
    ----------
    rgb : ndarray of uint8, (row, col, 3)
        Red, green and blue.
    truth : ndarray of uint8, (row, col)
        1 plus the index of the pixel's phase in `names`; every pixel has one. The codes rise with gray, so that
        gray cut at 0.25, 0.4, 0.6 and 0.75 gives nearly the same codes.
    names : tuple of str
        What codes 1, 2, ... mean.
    """

    rgb: NDArray[np.uint8]
    truth: Codes
    names: tuple[str, ...] = NAMES

    @property
    def porosity(self) -> float:
        """The share of the pixels that are pore in `truth`, 0 to 1."""
        return float(np.mean(self.truth == PORE))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Grains:
    """Which grain each pixel lies in or is nearest to, and how deep.

    `number` intp (row, col) counts the `count` grains from 0; `depth` float64 (row, col) is in pixels, 0 halfway to the
    neighbors and already rounded off at the corners; `size` is a usual diameter in pixels.
    """

    number: NDArray[np.intp]
    depth: Floats
    count: int
    size: float

    def spread(self, values: Floats) -> Floats:
        """Return the value of each pixel's grain, (row, col), from one value a grain."""
        return values[self.number]


def draw_thin_section(rows: int = 600, columns: int = 800, seed: int = 0) -> ThinSection:
    """Draw a thin section of a porous sandstone, with its truth.

    Grains of quartz, feldspar, rock fragments (lithic) and ore (opaque) lie in clay and in blue epoxy. The picture is
    as sharp as a lens, so that pixels on an edge are mixtures; the truth is the phase that was drawn before the lens.

    Parameters
    ----------
    rows, columns : int, default 600 and 800
        Size in pixels, at least 16 each. The grains grow with the shorter side.
    seed : int, default 0
        Another seed draws another sandstone.

    Returns
    -------
    ThinSection
        `rgb` uint8 (row, col, 3), `truth` uint8 (row, col), and the true `porosity`.

    Raises
    ------
    UsageError
        If `rows` or `columns` is less than 16.

    Notes
    -----
    The same arguments give the same bytes on one machine; on another a channel may differ by 1.

    Examples
    --------
    >>> section = draw_thin_section(48, 64)
    >>> section.rgb.shape, section.rgb.dtype.name
    ((48, 64, 3), 'uint8')
    >>> section.names[int(section.truth.max()) - 1]
    'quartz'
    >>> bool(section.porosity == (section.truth == 3).mean())
    True
    """
    shape = check_size(rows, columns)
    rng = np.random.default_rng(seed)
    grains = _lay_grains(rng, shape)
    parts = _draw_parts(rng, grains)
    rgb = _photograph(rng, _paint(rng, grains, parts))
    return ThinSection(rgb=rgb, truth=np.where(parts == LITHIC, CLAY, parts).astype(np.uint8))


def _lay_grains(rng: np.random.Generator, shape: tuple[int, int]) -> _Grains:
    """Pack grains as a power diagram of jittered seeds: big ones beside small ones, angular beside round."""
    size = max(min(shape) / GRAINS_ACROSS, SMALLEST_GRAIN)
    seeds = _scatter_seeds(rng, shape, size)
    radius, roundness = rng.uniform(0, 0.6, len(seeds)) * size, rng.uniform(0.02, 0.11, len(seeds)) * size
    wobble = np.stack([fractal_noise(rng, shape, size / 3, 3.8) for _ in range(2)], axis=-1)
    number, margins = _find_margins(seeds, radius, np.moveaxis(np.indices(shape), 0, -1) + 0.05 * size * wobble)
    softness = roundness[number]
    # A soft minimum over the neighbors, where a hard one would leave every corner sharp.
    depth = -softness * np.log(np.exp(-margins / softness[..., None]).sum(axis=-1))
    return _Grains(number=number, depth=depth, count=len(seeds), size=size)


def _find_margins(seeds: Floats, radius: Floats, pixels: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return each pixel's grain, (row, col), and how far it is from the borders to seven neighbors, (row, col, 7).

    The grain itself is one of the seven; its margin is infinite, so it never limits the grain.
    """
    from scipy.spatial import cKDTree

    distance, near = cKDTree(seeds).query(pixels, k=7)
    power = distance**2 - radius[near] ** 2
    nearest = np.argmin(power, axis=-1)[..., None]
    number = np.take_along_axis(near, nearest, -1)
    margins = power - np.take_along_axis(power, nearest, -1)
    margins /= np.maximum(2 * np.linalg.norm(seeds[near] - seeds[number], axis=-1), 1e-9)
    np.put_along_axis(margins, nearest, np.inf, -1)
    return number[..., 0], margins


def _scatter_seeds(rng: np.random.Generator, shape: tuple[int, int], size: float) -> Floats:
    """Return the middles of grains, (grain, 2) as row and column: a jittered hexagonal lattice with a margin."""
    down, across = (int(side / size / step) + 5 for side, step in zip(shape, (0.87, 1.0), strict=True))
    row, column = np.indices((down, across)).reshape(2, -1)
    lattice = np.stack([(row - 2) * 0.87, column - 2 + 0.5 * (row % 2)], axis=-1)
    return np.asarray((lattice + rng.uniform(-0.33, 0.33, lattice.shape)) * size)


def _draw_parts(rng: np.random.Generator, grains: _Grains) -> Codes:
    """Return what each pixel shows, (row, col), with rock fragments as `LITHIC` apart from clay."""
    shape, size = grains.depth.shape, grains.size
    kind = _choose_kinds(rng, grains.count)
    shrink = np.where(kind == OPAQUE, 0.10, 0.0) + rng.uniform(0, 0.04, grains.count)
    inside = grains.depth / size - grains.spread(shrink) - 0.03 * fractal_noise(rng, shape, 0.8 * size, 4.0)
    inside = inside - np.quantile(inside, rng.uniform(0.25, 0.31))
    lining = fractal_noise(rng, shape, 1.2 * size, 1.9) + 0.8 * np.exp(np.minimum(inside, 0) / 0.02)
    clay = lining > np.quantile(lining[inside <= 0], 0.7)
    leached = fractal_noise(rng, shape, size / 6, 2.4) * grains.spread(rng.uniform(0, 1, grains.count)) > 1.3
    solid = np.where(leached & (kind == FELDSPAR)[grains.number], PORE, kind[grains.number])
    return np.where(inside > 0, solid, np.where(clay, CLAY, PORE)).astype(np.uint8)


def _choose_kinds(rng: np.random.Generator, count: int) -> Codes:
    """Return the mineral of each grain, (grain,): fixed shares in random order."""
    kinds, shares = (OPAQUE, LITHIC, FELDSPAR, QUARTZ), (0.06, 0.16, 0.20, 0.58)
    rank = (rng.permutation(count) + 0.5) / count
    return np.asarray(kinds, dtype=np.uint8)[np.searchsorted(np.cumsum(shares)[:-1], rank)]


def _paint(rng: np.random.Generator, grains: _Grains, parts: Codes) -> Floats:
    """Return the light that comes through, (row, col, 3), 0 to 1: a color a phase, with the texture of each."""
    shape, size = parts.shape, grains.size
    fine, coarse = fractal_noise(rng, shape, size / 8, 1.0), fractal_noise(rng, shape, size / 2, 1.8)
    shades = {
        OPAQUE: 0.02 * coarse,
        PORE: 0.012 * coarse,
        CLAY: 0.03 * fine + 0.02 * coarse,
        FELDSPAR: 0.012 * fine + 0.015 * coarse - 0.035 * (_draw_waves(rng, grains, size / 7) > 0.8),
        QUARTZ: 0.025 * _draw_waves(rng, grains, 1.5 * size) - 0.12 * _draw_dust(rng, grains),
        LITHIC: 0.04 * np.tanh(fine) + 0.03 * coarse,
    }
    shade = np.select([parts == part for part in shades], list(shades.values()))
    shade += grains.spread(rng.normal(0, 0.012, grains.count)) * (parts != PORE)
    color = np.asarray([(0.0, 0.0, 0.0), *(COLORS[part] for part in range(1, 7))])
    return np.asarray(color[parts] + shade[..., None] - 0.11 * _draw_rims(grains, parts)[..., None])


def _draw_waves(rng: np.random.Generator, grains: _Grains, length: float) -> Floats:
    """Return waves of `length` pixels, -1 to 1, (row, col), that run another way in each grain."""
    row, column = np.indices(grains.number.shape)
    angle, phase = rng.uniform(0, np.pi, grains.count), rng.uniform(0, 2 * np.pi, grains.count)
    along = grains.spread(np.cos(angle)) * column + grains.spread(np.sin(angle)) * row
    return np.asarray(np.sin(2 * np.pi / length * along + grains.spread(phase)))


def _draw_dust(rng: np.random.Generator, grains: _Grains) -> Floats:
    """Return how dusty quartz is, 0 to 1, (row, col): specks, and in half of the grains trails of fluid inclusions."""
    shape, size = grains.number.shape, grains.size
    specks = np.clip(fractal_noise(rng, shape, size / 16, 1.5) - 2.1, 0, 1)
    sheet = fractal_noise(rng, shape, size, 3.5)
    near = np.exp(-((sheet / 0.07) ** 2)) * (grains.spread(rng.random(grains.count)) < 0.5)
    return np.asarray(np.minimum(specks + 0.8 * near * rng.random(shape), 1))


def _draw_rims(grains: _Grains, parts: Codes) -> Floats:
    """Return the dark outlines of relief, 0 to 1, (row, col): against the dye, and where two grains touch."""
    from scipy import ndimage

    solid = (parts != PORE).astype(np.float64)
    edge = 2 * (1 - ndimage.gaussian_filter(solid, 1.2, mode="nearest"))
    return np.asarray(solid * np.maximum(edge, np.exp(-((np.maximum(grains.depth, 0) / 1.2) ** 2)) * (parts != CLAY)))


def _photograph(rng: np.random.Generator, light: Floats) -> NDArray[np.uint8]:
    """Return the picture (row, col, 3) that a camera takes: a lens that blurs, a slight vignette, and noise."""
    from scipy import ndimage

    sharp = ndimage.gaussian_filter(light, (0.7, 0.7, 0), mode="nearest")
    row, column = (np.linspace(-1, 1, side) for side in light.shape[:2])
    vignette = 1.01 - 0.025 * (row[:, None] ** 2 + column[None, :] ** 2)
    noisy = sharp * vignette[..., None] + rng.normal(0, 0.008, light.shape)
    return np.asarray(np.rint(np.clip(noisy, 0, 1) * 255), dtype=np.uint8)
