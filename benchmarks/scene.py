"""A Landsat-sized band of any size: smooth structure at four scales, noise, and a tilted nodata collar."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

STEPS = {512: 6000, 128: 3000, 32: 1500, 8: 800}
"""Pixels between the nodes of a grid of random heights, and the spread of the heights."""
BAND = 512


def draw_scene(path: Path, size: int = 7680, dtype: str = "uint16", seed: int = 0) -> Path:
    """Write a band of `size` x `size` pixels, uint16 counts or float32 kelvin, tiled and deflated; the same every time."""
    rng = np.random.default_rng(seed)
    nodes = -(-size // BAND) * BAND
    grids = {step: height * rng.standard_normal((nodes // step + 1,) * 2) for step, height in STEPS.items()}
    is_float = dtype == "float32"
    profile = {
        "driver": "GTiff",
        "height": size,
        "width": size,
        "count": 1,
        "dtype": dtype,
        "crs": "EPSG:32616",
        "transform": from_origin(200000, 3400000, 30, 30),
        "nodata": float("nan") if is_float else 0,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "predictor": 3 if is_float else 2,
        "num_threads": "all_cpus",
        "bigtiff": "if_safer",
    }
    with rasterio.open(path, "w", **profile) as target:
        for row in range(0, size, BAND):
            counts = _draw_rows(grids, row, size, seed)
            target.write(_to_kelvin(counts) if is_float else counts, 1, window=Window(0, row, size, len(counts)))
    return path


def draw_apart(path: Path, size: int, dtype: str = "uint16", seed: int = 0) -> Path:
    """Draw in a process of its own: the memory of a process counts as the peak of those that it starts."""
    subprocess.run([sys.executable, __file__, str(path), str(size), dtype, str(seed)], check=True)
    return path


def _draw_rows(grids: dict[int, np.ndarray], row: int, size: int, seed: int) -> np.ndarray:
    values = 18000 + 120 * np.random.default_rng([1 + seed, row]).standard_normal((BAND, size), dtype=np.float32)
    for step, grid in grids.items():
        part = grid[row // step : (row + BAND) // step + 1].astype(np.float32)
        values += _stretch(_stretch(part, step).T, step).T[:, :size]
    counts = np.clip(values, 1, 65535).astype(np.uint16)[: size - row]
    across = np.arange(size) + 0.2 * np.arange(row, row + len(counts))[:, None]
    counts[(across < 0.117 * size) | (across > 1.065 * size)] = 0
    return counts


def _stretch(grid: np.ndarray, step: int) -> np.ndarray:
    """Interpolate linearly between rows, `step` rows for each but the last."""
    share = (np.arange(step, dtype=np.float32) / step)[None, :, None]
    between = grid[:-1, None] + share * np.diff(grid, axis=0)[:, None]
    return between.reshape(-1, grid.shape[1])


def _to_kelvin(counts: np.ndarray) -> np.ndarray:
    kelvin = counts.astype(np.float32) * np.float32(0.00341802) + np.float32(149)
    kelvin[counts == 0] = np.nan
    return kelvin


if __name__ == "__main__":
    draw_scene(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
