"""What many tests share: rasters drawn by code, GDAL's own view of a file, and the real data beside the project."""

from __future__ import annotations

import functools
import gc
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from tsraster.raster import without_place_warning


def pytest_collection_finish() -> None:
    """Keep what the collection of thousands of tests has made from being looked through for garbage in each of them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data; skip the test where it is not."""
    folder = Path(__file__).parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: the folder {folder} is absent")
    return folder


@pytest.fixture(scope="session")
def gdalinfo() -> Callable[[Path], dict[str, Any]]:
    """Give a function that returns what the program gdalinfo says of a finished file; skip where it is not installed."""
    program = shutil.which("gdalinfo")
    if program is None:
        pytest.skip("the program gdalinfo is not installed")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "PROJ_"))}

    @functools.cache
    def ask(path: Path) -> bytes:
        command = [program, "-json", "-mdd", "all", os.fspath(path)]
        return subprocess.run(command, capture_output=True, check=True, env=own).stdout

    return lambda path: json.loads(ask(path))


@pytest.fixture(scope="session")
def draw_raster() -> Callable[..., Path]:
    """Give `write_raster`."""
    return write_raster


def write_raster(
    path: Path,
    pixels: Any,
    *,
    driver: str = "GTiff",
    gcps: tuple[Sequence[Any], Any] | None = None,
    rpcs: Any = None,
    tags: Mapping[str, str] | None = None,
    domains: Mapping[str, Mapping[str, str]] | None = None,
    roles: Sequence[str] = (),
    mask: Any = None,
    band: Mapping[str, Any] | None = None,
    palette: Mapping[int, tuple[int, ...]] | None = None,
    **profile: Any,
) -> Path:
    """Write pixels, shape (row, col) or (band, row, col), and everything else that is said of a raster.

    `band` holds attributes of a rasterio dataset that have one entry a band, such as scales, offsets, units.
    """
    pixels = np.asarray(pixels)
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
    size = {"count": pixels.shape[0], "height": pixels.shape[1], "width": pixels.shape[2], "dtype": pixels.dtype.name}
    with without_place_warning():
        file = rasterio.open(path, "w", driver=driver, **size | profile)
    with file:
        if roles:
            file.colorinterp = [ColorInterp[role] for role in roles]
        if gcps is not None:
            file.gcps = gcps
        if rpcs is not None:
            file.rpcs = rpcs
        file.update_tags(**tags or {})
        for domain, items in (domains or {}).items():
            file.update_tags(ns=domain, **items)
        for name, entries in (band or {}).items():
            setattr(file, name, entries)
        if palette is not None:
            file.write_colormap(1, palette)
        file.write(pixels)
        if mask is not None:
            file.write_mask(np.asarray(mask))
    return path
