"""Colors to values, against a k-d tree that is asked for every pixel; and the whole command, with its memory.

The picture is a drawn terrain in jet, as JPEG of quality 75; or the raster that TSRASTER_BENCH_FIELD names, enlarged.
"""

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.processes import TSRASTER, Run, describe, run_in_turn
from tsraster.inversion.matching import ColorMatcher
from tsraster.inversion.scales import scale_from_lut
from tsraster.lutfiles import read_lut
from tsraster.lutfiles.colormaps import find_drawn_colors
from tsraster.reading import open_raster
from tsraster.samples.canvas import fractal_noise

_ASKED = 10_000
"""Colors in the tree of the usual recipe."""


def run(folder: Path, size: int, runs: int) -> None:
    """Measure all."""
    picture = folder / "field.jpg"
    # In a process of its own: what this one has in memory would be counted for those that it starts.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        megapixels, ours, tree = other.submit(_measure, picture, min(size, 4096), runs).result()
    describe(f"values of {megapixels:.1f} Mpx, jet, JPEG 75", Run(ours, 0), Run(tree, 0), "k-d tree")
    print(f"{'':<44}{tree / ours:7.1f} times as fast as the k-d tree ({megapixels / ours:.0f} Mpx/s)")
    command = [*TSRASTER, "invert", str(picture), str(folder / "data.tif"), "--colormap", "jet", "--overwrite"]
    describe(f"invert {megapixels:.1f} Mpx, whole command", run_in_turn([command], runs)[0])


def _measure(picture: Path, size: int, runs: int) -> tuple[float, float, float]:
    """Return how many million pixels there are, and the seconds that they take us, and the tree."""
    pixels = _draw(picture, size)
    ours, tree = _time_in_turn([lambda: _match(pixels), lambda: _ask_tree(pixels)], runs)
    return pixels[0].size / 1e6, ours, tree


def _match(pixels: NDArray[np.uint8]) -> None:
    scale = scale_from_lut(read_lut("jet"), twins=find_drawn_colors("jet"))
    ColorMatcher(scale, "rgb").read_values(pixels)


def _ask_tree(pixels: NDArray[np.uint8]) -> None:
    import matplotlib as mpl
    from scipy.spatial import cKDTree

    values = np.linspace(0, 1, _ASKED)
    tree = cKDTree(mpl.colormaps["jet"](values)[:, :3] * 255)
    _, index = tree.query(np.moveaxis(pixels, 0, -1))
    _ = values[index]


def _time_in_turn(jobs: list[Callable[[], None]], runs: int) -> list[float]:
    """Return the median time of each, run in turn."""
    found: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs):
        for job, seconds in zip(jobs, found, strict=True):
            start = time.perf_counter()
            job()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in found]


def _draw(path: Path, size: int) -> NDArray[np.uint8]:
    """Write the picture, and return its pixels as they are read, shape (3, row, col)."""
    import matplotlib as mpl
    from PIL import Image

    field = _draw_field(size)
    share = (field - field.min()) / (field.max() - field.min())
    Image.fromarray(mpl.colormaps["jet"](share, bytes=True)[..., :3]).save(path, quality=75)
    with open_raster(path) as raster:
        return np.asarray(raster.read().data)


def _draw_field(size: int) -> NDArray[Any]:
    named = os.environ.get("TSRASTER_BENCH_FIELD")
    if named is None:
        return fractal_noise(np.random.default_rng(0), (size, size), size / 4, 1.9)
    from scipy import ndimage

    with open_raster(named) as raster:
        field = raster.read().data[0].astype(np.float32)
    return np.asarray(ndimage.zoom(field, size / min(field.shape), order=3))[:size, :size]
