"""A thermal scene as Landsat would see it: a sea with fronts, a fractal coast, warm land and cold clouds.

Arrays are (row, col). Everything is drawn from one seed, so its truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.samples.canvas import Floats, check_size, fractal_noise

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]

SEA, LAND, CLOUD, WATER, FIELDS, TOWN = range(1, 7)
NAMES = ("sea", "land", "cloud", "inland water", "fields", "town")
ORIGIN = 382485.0, 3358515.0
"""Easting and northing in m of the upper left corner: the Gulf coast, where the sea lies to the south."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ThermalScene:
    """Brightness temperatures of one scene, and what each pixel shows.

    Attributes
    ----------
    kelvin : ndarray of float32, (row, col)
        Temperature in kelvin; NaN in the collar outside the tilted footprint.
    truth : ndarray of uint8, (row, col)
        0 in the collar, else 1 plus the index of the pixel's kind in `names`.
    names : tuple of str
        What codes 1, 2, ... mean.
    transform : tuple of float
        (a, b, c, d, e, f): x = a col + b row + c and y = d col + e row + f, in m.
    crs : str
        The coordinate reference system of x and y.
    """

    kelvin: NDArray[np.float32]
    truth: Codes
    names: tuple[str, ...] = NAMES
    transform: tuple[float, float, float, float, float, float] = (30.0, 0.0, ORIGIN[0], 0.0, -30.0, ORIGIN[1])
    crs: str = "EPSG:32616"


def draw_thermal_scene(rows: int = 600, columns: int = 800, seed: int = 0) -> ThermalScene:
    """Draw a thermal scene of a coast, with its truth.

    A pixel is cloud in the truth where the cloud is more opaque than not; its edge is a mixture, as in life. Collar
    pixels are NaN in `kelvin` and 0 in `truth`, and no other pixels are.

    Parameters
    ----------
    rows, columns : int, default 600 and 800
        Size in pixels, at least 16 each. The forms grow with the shorter side.
    seed : int, default 0
        Another seed draws another coast.

    Returns
    -------
    ThermalScene
        `kelvin` float32 (row, col) in K, `truth` uint8 (row, col), and 30 m pixels in UTM.

    Raises
    ------
    UsageError
        If `rows` or `columns` is less than 16.

    Notes
    -----
    The same arguments give the same bytes on one machine, and temperatures within 1e-3 K on another.

    Examples
    --------
    >>> scene = draw_thermal_scene(48, 64)
    >>> scene.kelvin.shape, scene.kelvin.dtype.name, scene.crs
    ((48, 64), 'float32', 'EPSG:32616')
    >>> bool(np.isnan(scene.kelvin[0, 0])), int(scene.truth[0, 0])
    (True, 0)
    >>> sea, land, cloud = (scene.kelvin[scene.truth == code].mean() for code in (1, 2, 3))
    >>> bool(cloud < sea < land)
    True
    """
    shape = check_size(rows, columns)
    rng = np.random.default_rng(seed)
    height = _draw_height(rng, shape)
    ground = _draw_ground(rng, height)
    kelvin = _blur(_draw_surface(rng, height, ground), 0.8)
    opacity, top = _draw_clouds(rng, shape)
    kelvin = kelvin + opacity * (top - kelvin) + 0.08 * rng.standard_normal(shape)
    inside = _footprint(shape)
    truth = np.where(opacity > 0.5, CLOUD, ground) * inside
    return ThermalScene(kelvin=np.where(inside, kelvin, np.nan).astype(np.float32), truth=truth.astype(np.uint8))


def _footprint(shape: tuple[int, int]) -> Mask:
    """Return True inside the parallelogram that a descending orbit sees: its four corners touch the four sides."""
    lean, drop = 0.11, 0.17
    row, column = ((np.arange(side) + 0.5) / side for side in shape)
    x, y = column[None, :] - lean, row[:, None]
    area = (1 - lean) * (1 - drop) + lean * drop
    along, down = ((1 - drop) * x + lean * y) / area, ((1 - lean) * y - drop * x) / area
    return np.asarray((along > 0) & (along < 1) & (down > 0) & (down < 1))


def _draw_height(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Return heights (row, col), 0 at the coast: a slope down to the south, roughened; the lowest 45 % is wet."""
    short = min(shape)
    row, column = (np.linspace(-1, 1, side) for side in shape)
    height = 0.8 * fractal_noise(rng, shape, short / 3, 1.95) - 2.8 * row[:, None] - 0.5 * column[None, :]
    return np.asarray(height - np.quantile(height, 0.45))


def _draw_ground(rng: np.random.Generator, height: Floats) -> Codes:
    """Return what lies on the ground, as codes (row, col); clouds come later."""
    from scipy import ndimage

    wet = height <= 0
    pools, _ = ndimage.label(wet)
    sea = pools == 1 + np.argmax(np.bincount(pools.ravel())[1:])
    soil, site = (fractal_noise(rng, height.shape, min(height.shape) / part, 2.6) - 0.5 * height for part in (4, 11))
    town = site > np.quantile(site[~wet], 0.95)
    parcels = _draw_parcels(rng, height.shape, min(height.shape) / 40)
    fertile = _mean_of(parcels, soil) > np.quantile(soil[~wet], 0.6)
    river = _draw_river(rng, height.shape)
    kinds = [(sea, SEA), (wet | river, WATER), (town, TOWN), (fertile, FIELDS)]
    return np.select([where for where, _ in kinds], [code for _, code in kinds], LAND).astype(np.uint8)


def _draw_river(rng: np.random.Generator, shape: tuple[int, int]) -> Mask:
    """Return True on a river that winds from north to south and widens: where a tilted rough sheet crosses zero."""
    row, column = (np.linspace(0, 1, side) for side in shape)
    bends = fractal_noise(rng, shape, min(shape) / 3, 3.4) + 0.4 * fractal_noise(rng, shape, min(shape) / 14, 3.4)
    sheet = 0.07 * bends + column[None, :] - rng.uniform(0.3, 0.7)
    down, along = np.gradient(sheet)
    width = min(shape) / 300 * (0.5 + 1.5 * row[:, None])
    return np.asarray(np.abs(sheet) < width * np.hypot(down, along))


def _draw_parcels(rng: np.random.Generator, shape: tuple[int, int], size: float) -> NDArray[np.intp]:
    """Return a number for each parcel (row, col): turned strips of uneven width, each cut at its own places."""
    angle = rng.uniform(0.15, 0.5)
    row, column = np.indices(shape)
    reach = 2 * int(np.hypot(*shape) / size) + 8
    edges = np.cumsum(rng.uniform(0.5, 1.5, reach) * size) - reach * size / 2
    strip = np.searchsorted(edges, column * np.cos(angle) + row * np.sin(angle))
    length, shift = rng.uniform(0.7, 2.2, reach + 1) * size, rng.uniform(0, 1, reach + 1)
    cut = np.floor((row * np.cos(angle) - column * np.sin(angle)) / length[strip] + shift[strip]).astype(np.intp)
    return np.unique(strip * 65536 + cut, return_inverse=True)[1].reshape(shape)


def _mean_of(parcels: NDArray[np.intp], values: Floats) -> Floats:
    """Return the mean of `values` over each parcel, (row, col)."""
    total = np.bincount(parcels.ravel(), weights=values.ravel())
    return np.asarray((total / np.bincount(parcels.ravel()))[parcels])


def _draw_surface(rng: np.random.Generator, height: Floats, ground: Codes) -> Floats:
    """Return the temperature of the ground (row, col) in K, before clouds."""
    short = min(height.shape)
    mottle = 0.4 * fractal_noise(rng, height.shape, short / 20, 1.4)
    relief = _draw_relief(rng, height)
    crops, blocks = (_draw_parcels(rng, height.shape, short / part) for part in (40, 110))
    crop = rng.triangular(-3.5, 0.5, 4, crops.max() + 1)[crops]
    block = rng.normal(0, 0.8, blocks.max() + 1)[blocks]
    kinds = {
        SEA: _draw_sea(rng, height),
        LAND: 298.5 + relief + mottle,
        WATER: 296.0 + 0.3 * mottle,
        FIELDS: 301.5 + 0.5 * relief + crop + 0.5 * mottle,
        TOWN: 305.5 + block + mottle,
    }
    return np.select([ground == code for code in kinds], list(kinds.values()))


def _draw_relief(rng: np.random.Generator, height: Floats) -> Floats:
    """Return how much warmer land is in K, (row, col): slopes facing the morning sun, and the low ground."""
    hills = fractal_noise(rng, height.shape, min(height.shape) / 6, 2.3)
    down, along = np.gradient(hills)
    facing = (0.5 * down + along) / np.hypot(down, along).mean()
    return np.asarray(1.7 * np.tanh(0.8 * facing) - 0.8 * np.tanh(height) - 0.6 * np.tanh(hills))


def _draw_sea(rng: np.random.Generator, height: Floats) -> Floats:
    """Return sea temperatures (row, col) in K: cool on the shelf, warm offshore, a front between, stirred by eddies."""
    from scipy import ndimage

    short = min(height.shape)
    sources = _trace_upstream(rng, height.shape)
    shelf = _blur(np.maximum(-height, -0.3), short / 20)  # hills would make the water beside them absurdly cold
    still = fractal_noise(rng, height.shape, short / 5, 2.6)
    depth, patches = (ndimage.map_coordinates(part, sources, order=1, mode="nearest") for part in (shelf, still))
    return np.asarray(288.6 + 1.0 * depth + 1.5 * np.tanh(9 * (depth - 1.1)) + 0.5 * patches)


def _trace_upstream(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Return where the water of each pixel came from, (2, row, col): eight steps back along the flow of some eddies."""
    from scipy import ndimage

    down, along = np.gradient(fractal_noise(rng, shape, min(shape) / 9, 5.5))
    flow = np.stack([along, -down]) * (0.022 * min(shape) / np.hypot(down, along).mean())
    place = np.indices(shape).astype(np.float64)
    for _ in range(8):
        place += np.stack([ndimage.map_coordinates(part, place, order=1, mode="nearest") for part in flow])
    return place


def _draw_clouds(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return the opacity of clouds, 0 to 1, and the temperature of their tops in K, both (row, col)."""
    thickness = fractal_noise(rng, shape, min(shape) / 4, 1.9)
    thickness -= np.quantile(thickness, 0.9)
    ramp = np.clip(thickness / 0.7 + 0.4, 0, 1)
    return ramp**2 * (3 - 2 * ramp), 283.0 - 7 * np.tanh(np.maximum(thickness, 0) / 0.8)


def _blur(values: Floats, sigma: float) -> Floats:
    """Return `values` (row, col) smoothed by a Gaussian of `sigma` pixels, as optics do."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(values, sigma, mode="nearest"), dtype=np.float64)
