"""The samples are what their truth says, whatever the seed and the size."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tsraster.samples import ThermalScene, ThinSection, draw_thermal_scene, draw_thin_section

SEEDS = range(3)
SIZES = [(600, 800), (64, 48), (48, 64), (97, 131), (16, 16), (17, 301), (251, 16)]
DRAWERS = pytest.mark.parametrize("draw", [draw_thermal_scene, draw_thin_section])
Drawer = Callable[..., Any]


@functools.cache
def draw_scene(rows: int, columns: int, seed: int) -> ThermalScene:
    """Draw a scene once for all the tests that only look at it."""
    return draw_thermal_scene(rows, columns, seed)


@functools.cache
def draw_section(rows: int, columns: int, seed: int) -> ThinSection:
    """Draw a section once for all the tests that only look at it."""
    return draw_thin_section(rows, columns, seed)


def classify_gray(rgb: np.ndarray) -> np.ndarray:
    """Cut the gray of `rgb` at the four cutoffs of the thin section, as (a, b]."""
    gray = rgb @ np.array([0.2125, 0.7154, 0.0721]) / 255
    return np.asarray(np.digitize(gray, [0.25, 0.4, 0.6, 0.75], right=True) + 1)


def picture_of(sample: ThermalScene | ThinSection) -> np.ndarray:
    return sample.kelvin if isinstance(sample, ThermalScene) else sample.rgb


@DRAWERS
def test_the_same_seed_draws_the_same_bytes(draw: Drawer) -> None:
    one, two = draw(64, 48, seed=3), draw(64, 48, seed=3)
    assert picture_of(one).tobytes() == picture_of(two).tobytes()
    assert one.truth.tobytes() == two.truth.tobytes()


@DRAWERS
def test_another_seed_draws_another_picture(draw: Drawer) -> None:
    one, two = draw(64, 48, seed=3), draw(64, 48, seed=4)
    assert not np.array_equal(picture_of(one), picture_of(two), equal_nan=True)
    assert not np.array_equal(one.truth, two.truth)


@DRAWERS
@pytest.mark.parametrize("size", SIZES)
def test_sizes_small_and_odd(draw: Drawer, size: tuple[int, int]) -> None:
    sample = draw(*size)
    assert sample.truth.shape == picture_of(sample).shape[:2] == size
    assert sample.truth.dtype == np.uint8
    assert sample.truth.max() <= len(sample.names)


@DRAWERS
def test_the_default_is_600_rows_of_800_columns(draw: Drawer) -> None:
    assert draw().truth.shape == (600, 800)


@DRAWERS
@pytest.mark.parametrize("size", [(15, 64), (64, 15), (0, 64), (-64, 64)])
def test_a_size_too_small_is_refused(draw: Drawer, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{size[0]} rows and {size[1]} columns.*at least 16"):
        draw(*size)


@DRAWERS
def test_a_size_that_is_no_integer_is_refused(draw: Drawer) -> None:
    with pytest.raises(TypeError):
        draw(64.0, 48)


@DRAWERS
def test_a_sample_is_frozen(draw: Drawer) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        draw(16, 16).truth = None


@pytest.mark.parametrize("seed", SEEDS)
def test_every_name_of_the_scene_has_a_code_and_the_collar_has_none(seed: int) -> None:
    scene = draw_thermal_scene(240, 320, seed)
    assert np.unique(scene.truth).tolist() == list(range(len(scene.names) + 1))
    np.testing.assert_array_equal(np.isnan(scene.kelvin), scene.truth == 0)


@pytest.mark.parametrize("size", SIZES)
def test_the_footprint_leaves_all_four_corners_empty(size: tuple[int, int]) -> None:
    scene = draw_thermal_scene(*size)
    assert np.isnan(scene.kelvin[[0, 0, -1, -1], [0, -1, 0, -1]]).all()
    assert 0.6 < np.isfinite(scene.kelvin).mean() < 0.85
    np.testing.assert_array_equal(np.isnan(scene.kelvin), scene.truth == 0)


@pytest.mark.parametrize("size", [(600, 800), (64, 48)])
@pytest.mark.parametrize("seed", SEEDS)
def test_kinds_are_as_warm_as_physics_says(size: tuple[int, int], seed: int) -> None:
    scene = draw_scene(*size, seed)
    warmth = [scene.kelvin[scene.truth == 1 + scene.names.index(name)].mean() for name in ("cloud", "sea", "land")]
    assert warmth == sorted(warmth)
    assert warmth[1] - warmth[0] > 4
    assert warmth[2] - warmth[1] > 4


@pytest.mark.parametrize("seed", SEEDS)
def test_water_is_cooler_and_towns_are_warmer_than_land(seed: int) -> None:
    scene = draw_scene(600, 800, seed)
    order = ("cloud", "sea", "inland water", "land", "fields", "town")
    warmth = [scene.kelvin[scene.truth == 1 + scene.names.index(name)].mean() for name in order]
    assert warmth == sorted(warmth)


@pytest.mark.parametrize("seed", SEEDS)
def test_temperatures_are_of_this_earth(seed: int) -> None:
    kelvin = draw_scene(600, 800, seed).kelvin
    assert kelvin.dtype == np.float32
    assert 274 < np.nanmin(kelvin) < 278
    assert 305 < np.nanmax(kelvin) < 311


def test_pixels_are_30_m_in_utm() -> None:
    scene = draw_thermal_scene(16, 16)
    a, b, _, d, e, _ = scene.transform
    assert (a, b, d, e) == (30, 0, 0, -30)
    assert scene.crs == "EPSG:32616"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pixel_of_the_section_has_a_phase_and_every_phase_pixels(seed: int) -> None:
    section = draw_thin_section(64, 48, seed)
    assert np.unique(section.truth).tolist() == list(range(1, len(section.names) + 1))
    assert section.rgb.dtype == np.uint8
    assert section.rgb.shape == (64, 48, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_porosity_is_the_share_of_pores(seed: int) -> None:
    section = draw_section(600, 800, seed)
    assert section.porosity == np.count_nonzero(section.truth == 1 + section.names.index("pore")) / section.truth.size
    assert 0.12 < section.porosity < 0.26


@pytest.mark.parametrize(("size", "floor"), [((600, 800), 0.89), ((240, 320), 0.75)])
@pytest.mark.parametrize("seed", SEEDS)
def test_gray_cutoffs_find_the_phases(size: tuple[int, int], floor: float, seed: int) -> None:
    section = draw_section(*size, seed)
    assert np.mean(classify_gray(section.rgb) == section.truth) > floor


@pytest.mark.parametrize("seed", SEEDS)
def test_gray_cutoffs_find_most_of_each_phase(seed: int) -> None:
    section = draw_section(600, 800, seed)
    found = classify_gray(section.rgb) == section.truth
    shares = [found[section.truth == code].mean() for code in range(1, 6)]
    assert min(shares) > 0.75
