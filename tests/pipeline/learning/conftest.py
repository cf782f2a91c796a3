"""A drawn scene of three textures with its labels, and models trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from tests.conftest import write_raster

pytest.importorskip("sklearn")
pytest.importorskip("numba")

NODATA = 9999
PLACE: dict[str, Any] = {"crs": "EPSG:32621", "transform": Affine(30, 0, 500000, 0, -30, 7000000), "nodata": NODATA}
CODES = (1, 3, 7)
NAMES = {1: "smooth", 3: "rough", 7: "striped"}
COLORS = {1: (10, 20, 30, 255), 3: (200, 0, 0, 255), 7: (0, 0, 200, 255)}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Files of a scene of 150 x 220 pixels: two bands, a corner without data, and few labels."""

    source: Path
    labels: Path
    truth: NDArray[np.uint8]
    pixels: NDArray[np.uint16]
    valid: NDArray[np.bool_]


def draw_scene(seed: int = 0) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:150, :220]
    truth = np.select([cols < 70 + rows // 5, cols < 150], [1, 3], 7).astype(np.uint8)
    smooth = 400 + rng.normal(0, 4, truth.shape)
    rough = 400 + rng.normal(0, 60, truth.shape)
    striped = 400 + 60 * np.sign(np.sin(rows)) + rng.normal(0, 4, truth.shape)
    band = np.select([truth == 1, truth == 3], [smooth, rough], striped)
    return np.stack([band, 1000 - band + rng.normal(0, 4, truth.shape)]).clip(0, 2000).astype(np.uint16), truth


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("learning")
    pixels, truth = draw_scene()
    pixels[:, :20, :30] = NODATA
    valid = np.ones(truth.shape, np.bool_)
    valid[:20, :30] = False
    labels = np.zeros_like(truth)
    for row, col in ((40, 20), (100, 40), (30, 110), (120, 125), (60, 190), (130, 180), (5, 5)):
        labels[row : row + 6, col : col + 8] = truth[row : row + 6, col : col + 8]
    source = write_raster(folder / "scene.tif", pixels, tiled=True, blockxsize=64, blockysize=64, **PLACE)
    place = {key: PLACE[key] for key in ("crs", "transform")}
    return Drawn(
        source=source,
        labels=write_raster(folder / "labels.tif", labels, palette=COLORS, **place),
        truth=truth,
        pixels=pixels,
        valid=valid,
    )


@pytest.fixture(scope="session")
def model(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a model of few features and trees."""
    from tsraster import train_file

    path = tmp_path_factory.mktemp("models") / "scene.tsmodel"
    mapping = '1=1 "smooth"; 3=3 "rough"; 7=7 "striped"'
    train_file(
        path, drawn.source, drawn.labels, features="smoothing:0.3,1 edge:1 structure:1.6", trees=20, mapping=mapping
    )
    return path
