"""Surfaces against scikit-image, drawn balls and a published figure; slabs against the whole."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from skimage.measure import euler_number, marching_cubes, mesh_surface_area

from tsraster.volumes.surfaces import (
    CellCounts,
    Surfaces,
    compare_with_ball,
    count_cells,
    measure_surfaces,
    merge_counts,
    tabulate_crofton,
)

SPACINGS = [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)]


def measure(labels: NDArray[Any], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), **options: Any) -> Surfaces:
    voxels = np.bincount(labels.ravel())[1:]
    return measure_surfaces(count_cells(labels), voxels, spacing, **options)


def mesh_area(mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> float:
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(np.float32), 0.5, spacing=spacing)
    return float(mesh_surface_area(vertices, faces))


def draw_noise(share: float, shape: tuple[int, int, int] = (13, 15, 17)) -> NDArray[np.bool_]:
    return np.asarray(np.random.default_rng(0).random(shape) < share)


def draw_ball(radius: float, center: tuple[float, float, float] = (0.12, 0.23, 0.34)) -> NDArray[np.bool_]:
    reach = int(radius) + 2
    z, y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]
    return np.asarray((z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2 < radius**2)


def by_slabs(labels: NDArray[Any], height: int) -> CellCounts:
    starts = range(0, len(labels), height)
    return merge_counts(
        count_cells(labels[max(0, start - 1) : start + height], first=start == 0, last=start + height >= len(labels))
        for start in starts
    )


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 1.0])
def test_the_mesh_area_is_that_of_marching_cubes_of_scikit_image(
    share: float, spacing: tuple[float, float, float]
) -> None:
    mask = draw_noise(share)
    assert measure(mask, spacing).mesh_area[0] == pytest.approx(mesh_area(mask, spacing), rel=1e-5)


@pytest.mark.parametrize(("connectivity", "rank"), [(6, 1), (26, 3)])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 1.0])
def test_the_euler_number_is_that_of_scikit_image(share: float, connectivity: Literal[6, 26], rank: int) -> None:
    mask = draw_noise(share)
    found = measure(mask, connectivity=connectivity).euler[0]
    assert found == euler_number(mask, connectivity=rank)


def test_the_euler_number_of_a_ball_a_shell_and_a_ring() -> None:
    ball = draw_ball(6)
    shell = ball.copy()
    shell[8, 8, 8] = False
    ring = np.zeros((3, 5, 5), np.uint8)
    ring[1, 1:4, 1:4] = 1
    ring[1, 2, 2] = 0
    assert [measure(one).euler[0] for one in (ball, shell, ring)] == [1, 2, 0]
    assert np.isnan(measure(ball, connectivity=18).euler[0])


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 14), share=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_slabs_count_the_same_cells_as_the_whole(height: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((13, 6, 7)) < share
    labels, _ = label(mask)
    whole, slabs = count_cells(labels), by_slabs(labels, height)
    np.testing.assert_array_equal(slabs.keys, whole.keys)
    np.testing.assert_array_equal(slabs.counts, whole.counts)


def test_a_percolating_component_by_slabs_has_the_area_of_the_mesh_of_the_whole() -> None:
    mask = gaussian_filter(np.random.default_rng(2).normal(size=(40, 40, 40)), 2) > 0
    labels, _ = label(mask)
    largest = np.bincount(labels.ravel())[1:].argmax()
    voxels = np.bincount(labels.ravel())[1:]
    for height in (1, 7, 40):
        found = measure_surfaces(by_slabs(labels, height), voxels, (2.0, 1.0, 0.5)).mesh_area[largest]
        assert found == pytest.approx(mesh_area(labels == largest + 1, (2.0, 1.0, 0.5)), rel=1e-5)


def test_components_that_touch_are_measured_each_by_itself() -> None:
    labels = np.random.default_rng(4).integers(0, 9, (8, 9, 10)).astype(np.int32)
    found = measure(labels)
    for number in range(1, 9):
        alone = measure(labels == number)
        for name in ("area", "mesh_area", "euler"):
            assert getattr(found, name)[number - 1] == pytest.approx(getattr(alone, name)[0], rel=1e-12)


def test_a_box_of_a_component_is_enough() -> None:
    labels, number = label(draw_noise(0.2))
    found = measure(labels)
    for own in range(1, number + 1, 7):
        box = tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(labels == own))
        assert measure((labels == own)[box]).area[0] == pytest.approx(found.area[own - 1], rel=1e-12)


# Drawn and published ----------------------------------------------------------------------------------------------------


def test_the_area_of_a_ball_is_that_of_the_published_example() -> None:
    # The help of imSurfaceAreaLut of the matImage library: 2.0103e+04, an error of -0.0167 %, for 13 directions.
    x, y, z = np.ogrid[1:101, 1:101, 1:101]
    ball = np.sqrt((x - 50.12) ** 2 + (y - 50.23) ** 2 + (z - 50.34) ** 2) < 40
    area = measure(ball).area[0]
    assert round(area) == 20103
    assert round(100 * (area / (4 * np.pi * 40**2) - 1), 4) == -0.0167


def test_the_weights_of_directions_are_the_published_ones() -> None:
    # Those of MorphoLibJ, matImage and ITK for cubes; one voxel is left once along each of 26 directions.
    alone = np.array([1 << bit for bit in range(8)])
    wanted = 4 * (6 * 0.04577789120476 + 12 * 0.03698062787608 / 2**0.5 + 8 * 0.03519563978232 / 3**0.5)
    assert tabulate_crofton((1, 1, 1))[alone].sum() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("radius", "bias", "mesh_bias", "sphericity"),
    [(3, -0.02, 0.06, 1.02), (5, -0.007, 0.08, 1.01), (10, -0.002, 0.085, 1.0), (20, -0.001, 0.087, 1.0)],
)
def test_the_bias_on_balls_is_the_stated_one(radius: float, bias: float, mesh_bias: float, sphericity: float) -> None:
    z, y, x = np.random.default_rng(8).random((3, 40 if radius < 10 else 5))
    found = [measure(draw_ball(radius, center)) for center in zip(z, y, x, strict=True)]
    truth = 4 * np.pi * radius**2
    assert np.mean([one.area for one in found]) / truth - 1 == pytest.approx(bias, abs=0.006)
    assert np.mean([one.mesh_area for one in found]) / truth - 1 == pytest.approx(mesh_bias, abs=0.008)
    assert np.mean([one.sphericity for one in found]) == pytest.approx(sphericity, abs=0.008)


def test_the_area_of_a_ball_in_flat_voxels() -> None:
    z, y, x = np.ogrid[-12:13, -24:25, -24:25]
    ball = (2 * z) ** 2 + y**2 + x**2 <= 20.3**2
    found = measure(ball, (2.0, 1.0, 1.0))
    assert found.area[0] / (4 * np.pi * 20.3**2) == pytest.approx(1, abs=0.01)
    assert found.mesh_area[0] / (4 * np.pi * 20.3**2) == pytest.approx(1.12, abs=0.01)


def test_areas_grow_with_the_square_of_the_spacing() -> None:
    mask = draw_noise(0.3)
    once, thrice = measure(mask, (1, 1, 1)), measure(mask, (3, 3, 3))
    np.testing.assert_allclose(thrice.area, 9 * once.area)
    np.testing.assert_allclose(thrice.mesh_area, 9 * once.mesh_area, rtol=1e-6)
    np.testing.assert_allclose(thrice.sphericity, once.sphericity)


def test_sphericity_of_a_cube_and_a_ball() -> None:
    cube, ball = compare_with_ball(np.array([8.0, np.pi / 6]), np.array([24.0, np.pi]))
    assert cube == pytest.approx((np.pi / 6) ** (1 / 3))
    assert ball == pytest.approx(1)


def test_no_component_has_no_surface() -> None:
    empty = np.zeros((3, 4, 5), np.int32)
    assert len(count_cells(empty).keys) == 0
    assert len(measure_surfaces(count_cells(empty), np.zeros(0), (1, 1, 1)).area) == 0
    assert len(merge_counts([]).keys) == 0


def test_large_labels_do_not_overflow() -> None:
    labels = np.zeros((3, 3, 3), np.int32)
    labels[1, 1, 1] = 2**31 - 1
    assert set(count_cells(labels).keys // 256) == {2**31 - 1}
