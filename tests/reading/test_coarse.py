"""The smaller copies that a file holds of itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.conftest import write_raster
from tsraster.preparing.scaling import Scaling
from tsraster.preparing.views import convert_bands
from tsraster.reading import open_raster
from tsraster.reading.coarse import open_coarse


@pytest.fixture
def pyramid(tmp_path: Path) -> Path:
    pixels = np.add.outer(np.arange(64) % 8 // 4, np.arange(96) // 8).astype(np.int16)
    path = write_raster(
        tmp_path / "a.tif", np.stack([pixels, pixels + 1]), nodata=0, transform=rasterio.Affine.scale(2)
    )
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], rasterio.enums.Resampling.nearest)
    return path


@pytest.mark.parametrize(
    ("most", "shape"), [(10**6, (32, 48)), (1536, (32, 48)), (1535, (16, 24)), (96, (8, 12)), (95, None)]
)
def test_the_largest_copy_that_is_small_enough_is_opened(
    pyramid: Path, most: int, shape: tuple[int, int] | None
) -> None:
    with open_raster(pyramid) as raster:
        coarse = open_coarse(raster, most)
        assert (None if coarse is None else coarse.shape) == shape
        if coarse is None or shape is None:
            return
        with coarse:
            found, factor = coarse.read(), 64 // shape[0]
            whole = raster.read()
    np.testing.assert_array_equal(found.data, whole.data[:, ::factor, ::factor])
    np.testing.assert_array_equal(found.valid, whole.valid[::factor, ::factor])


def test_files_without_copies_and_views_have_none(tmp_path: Path, pyramid: Path) -> None:
    with open_raster(write_raster(tmp_path / "plain.tif", np.ones((64, 64), np.uint8))) as raster:
        assert open_coarse(raster, 10**6) is None
    with open_raster(pyramid) as raster:
        assert open_coarse(convert_bands(raster, {1: Scaling(scale=2.0)}), 10**6) is None
