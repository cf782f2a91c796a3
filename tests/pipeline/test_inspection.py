"""What is at a place, and how the values of a region are distributed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from skimage.filters import gaussian

from tests.landsat.drawnscenes import BANDS, KELVIN, NAME, draw_truth
from tests.landsat.drawnscenes import draw_scene as draw_landsat
from tsraster import ClassTable, classify, classify_file, histogram_file
from tsraster.errors import UsageError
from tsraster.pipeline.inspection import inspect_file
from tsraster.preparing import luminance

Draw = Callable[..., Path]

PIXELS = np.random.default_rng(2).integers(0, 256, (3, 40, 50), dtype=np.uint8)
PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}


@pytest.fixture
def photo(draw_raster: Draw, tmp_path: Path) -> Path:
    return draw_raster(tmp_path / "photo.png", PIXELS, driver="PNG", roles=("red", "green", "blue"))


@pytest.mark.parametrize("at", [(0, 0), (49, 39), (20, 11), (48, 1)])
def test_bands_gray_class_and_neighbors_are_those_of_the_whole(at: tuple[int, int], photo: Path) -> None:
    col, row = at
    found = inspect_file(photo, at=at, smooth="gaussian:1", cutoffs=[0.4, 0.5, 0.6])
    gray = gaussian(luminance(PIXELS), sigma=1)
    assert list(found.bands.values()) == PIXELS[:, row, col].tolist()
    assert list(found.bands) == ["1 red", "2 green", "3 blue"]
    assert found.value == pytest.approx(gray[row, col], abs=1e-12)
    table = ClassTable.from_cutoffs([0.4, 0.5, 0.6])
    assert found.code == classify([found.value], table)[0]
    assert found.name == table.intervals[found.code - 1]
    top, left = max(0, row - 2), max(0, col - 2)
    np.testing.assert_allclose(found.neighbors, gray[top : row + 3, left : col + 3], atol=1e-12)
    assert found.neighbors[found.center] == found.value
    assert (found.x, found.y) == (None, None)


def test_a_place_in_coordinates(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "band.tif", PIXELS[0], nodata=7, **PLACE)
    found = inspect_file(source, at=(500000 + 30 * 12 + 1, 4600000 - 30 * 5 - 29), geoloc=True)
    assert (found.col, found.row) == (12, 5)
    assert (found.x, found.y) == (500000 + 30 * 12.5, 4600000 - 30 * 5.5)


def test_a_pixel_without_data(draw_raster: Draw, tmp_path: Path) -> None:
    pixels = PIXELS[0].copy()
    pixels[3, 4] = 7
    source = draw_raster(tmp_path / "band.tif", pixels, nodata=7)
    found = inspect_file(source, at=(4, 3), cutoffs=[100])
    assert not found.valid
    assert (found.code, found.bands["1 gray"]) == (0, 7)
    assert np.isnan(found.value)
    assert np.isnan(found.neighbors[found.center])


def test_the_class_of_a_class_map_is_named(photo: Path, tmp_path: Path) -> None:
    classify_file(photo, tmp_path / "classes.tif", cutoffs=[0.5], names=["dark", "bright"])
    found = inspect_file(tmp_path / "classes.tif", at=(3, 3))
    assert (found.code, found.name) == (found.value, ["", "dark", "bright"][found.code])


def test_nlcd_is_named(shared_data: Path) -> None:
    found = inspect_file(shared_data / "landcover" / "nlcd_small.tif", at=(10, 20))
    assert (found.code, found.name) == (90, "Woody Wetlands")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "nothing says where to look"),
        ({"at": (50, 0)}, "the place 50,0 is outside of .*photo.png, which has 50 columns and 40 rows"),
        ({"at": (-1, 0)}, "outside"),
        ({"at": (float("nan"), 0)}, "outside"),
        ({"at": (1,)}, "--at has 1 numbers"),
        ({"at": (1, 1), "geoloc": True}, "no transform"),
        ({"at": (1, 1), "neighbors": 4}, "4 neighbors cannot be shown"),
        ({"at": (1, 1), "neighbors": 17}, "odd number from 1 to 15"),
    ],
    ids=str,
)
def test_places_that_are_none_are_refused(options: dict[str, object], words: str, photo: Path) -> None:
    with pytest.raises(UsageError, match=words):
        inspect_file(photo, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("region", [(0, 0, 50, 40), (10, 5, 30, 25), (49, 39, 50, 40)])
@pytest.mark.parametrize("smooth", [None, "gaussian:2"])
def test_the_histogram_of_a_region_is_that_part_of_the_whole(
    region: tuple[int, ...], smooth: str | None, photo: Path
) -> None:
    left, top, right, bottom = region
    gray = luminance(PIXELS)
    part = (gray if smooth is None else gaussian(gray, sigma=2))[top:bottom, left:right]
    found = histogram_file(photo, region=region, smooth=smooth, block_size=9)
    assert found.summary.count == part.size
    assert found.summary.minimum == pytest.approx(part.min(), abs=1e-12)
    assert found.summary.maximum == pytest.approx(part.max(), abs=1e-12)
    assert found.counts.sum() == part.size


@pytest.mark.parametrize("region", [(0, 0, 51, 40), (5, 5, 5, 9), (-1, 0, 4, 4), (1, 2, 3)], ids=str)
def test_a_region_outside_is_refused(region: tuple[int, ...], photo: Path) -> None:
    with pytest.raises(UsageError, match="--region"):
        histogram_file(photo, region=region)


def test_a_landsat_scene_is_looked_at_in_values_and_as_it_is_stored(tmp_path: Path) -> None:
    mtl = draw_landsat(tmp_path / NAME)
    col, row = 30, 40
    for source in (mtl, mtl.parent):
        found = inspect_file(source, at=(col, row), band=7, cutoffs=[300])
        assert list(found.bands) == [f"{i} {name}" for i, name in enumerate((*BANDS, "lwir11"), start=1)]
        assert found.value == pytest.approx(KELVIN[draw_truth()[row, col] - 1], abs=2)
        assert found.value == pytest.approx(found.bands["7 lwir11"] * 0.00341802 + 149, abs=1e-3)
        assert found.notes[0].startswith("values are reflectance and temperature (K)")
        assert found.code == (found.value > 300) + 1
    assert inspect_file(mtl, at=(col, row), band=7, raw=True).value == found.bands["7 lwir11"]
