"""Distances against scipy, and local thickness against brute force and drawn bodies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from tsraster.errors import DataError, UsageError
from tsraster.volumes import distances, thickness
from tsraster.volumes.distances import check_size, measure_distances
from tsraster.volumes.thickness import measure_thickness

CUBES = (1.0, 1.0, 1.0)
Mask = NDArray[np.bool_]


def draw_pores(sigma: float, shape: tuple[int, int, int] = (20, 19, 22), seed: int = 0) -> Mask:
    return np.asarray(gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma) > 0)


def draw_balls(*balls: tuple[int, int, int, float], shape: tuple[int, int, int]) -> Mask:
    z, y, x = np.indices(shape)
    return np.asarray(
        np.any([(z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < radius**2 for a, b, c, radius in balls], axis=0)
    )


def measure_by_brute_force(mask: Mask) -> NDArray[np.float64]:
    """The largest ball that holds each voxel, among those around all voxels."""
    squares = np.rint(distance_transform_edt(mask) ** 2).astype(int)
    largest = np.zeros(mask.shape, int)
    places = np.indices(mask.shape)
    for center in np.argwhere(mask):
        square = squares[tuple(center)]
        inside = ((places - center[:, None, None, None]) ** 2).sum(axis=0) < square
        largest[inside] = np.maximum(largest[inside], square)
    return np.where(mask, 2 * np.sqrt(largest) - 1, 0)


# Distances --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [CUBES, (2.0, 1.0, 0.5)], ids=str)
@pytest.mark.parametrize("slab", [1, 2000, 10**6])
@pytest.mark.parametrize("sigma", [0.5, 2.0, 6.0])
def test_distances_by_slabs_are_those_of_scipy(
    sigma: float, slab: int, spacing: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "_SLAB_VOXELS", slab)
    monkeypatch.setattr(distances, "_FIRST_HALO", 1)
    mask = draw_pores(sigma)
    np.testing.assert_allclose(measure_distances(mask, spacing), distance_transform_edt(mask, spacing), rtol=1e-6)


def test_one_solid_voxel_far_from_a_slab_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "_SLAB_VOXELS", 1)
    mask = np.ones((60, 3, 3), np.bool_)
    mask[59, 1, 1] = False
    np.testing.assert_allclose(measure_distances(mask)[:, 1, 1], 59.0 - np.arange(60))


def test_a_volume_of_nothing_but_pores_is_refused() -> None:
    with pytest.raises(DataError, match="all voxels are pore"):
        measure_distances(np.ones((3, 3, 3), np.bool_))


def test_a_large_volume_is_refused_in_a_sentence_that_says_what_to_do() -> None:
    check_size((500, 500, 400))
    with pytest.raises(UsageError, match="up to 100 million voxels; this one has 101; take a part of it with --box"):
        check_size((1010, 1000, 100))


# Local thickness --------------------------------------------------------------------------------------------------------

METHODS = {"as it chooses": (3.0, 1.5), "runs": (0.0, 0.0), "voxels": (1e9, 1e9)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sigma", [0.8, 2.0, 4.0])
def test_it_is_that_of_brute_force(sigma: float, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, box = METHODS[method]
    monkeypatch.setattr(thickness, "_RUN_COST", run)
    monkeypatch.setattr(thickness, "_BOX_COST", box)
    monkeypatch.setattr(thickness, "_PAINTED_AT_ONCE", 5000)
    mask = draw_pores(sigma)
    found = measure_thickness(mask, CUBES, tolerance=0)
    np.testing.assert_allclose(found.diameters[found.ranks], measure_by_brute_force(mask))


def test_the_tolerance_makes_it_smaller_by_no_more_where_balls_are_large() -> None:
    mask = draw_balls((20, 20, 20, 18.3), shape=(41, 41, 41))
    exact = measure_thickness(mask, CUBES, tolerance=0)
    rough = measure_thickness(mask, CUBES, tolerance=0.05)
    assert len(rough.diameters) < len(exact.diameters)
    assert rough.mean <= exact.mean
    assert rough.mean == pytest.approx(exact.mean, rel=0.06)


@pytest.mark.parametrize("radius", [2.5, 4.3, 8.1, 12.6])
def test_a_ball_has_its_diameter(radius: float) -> None:
    size = 2 * int(radius) + 5
    mask = draw_balls((size // 2,) * 3 + (radius,), shape=(size,) * 3)
    found = measure_thickness(mask, CUBES)
    assert found.diameters[-1] == pytest.approx(2 * radius, abs=1.0)
    assert found.voxels[-1] > 0.75 * mask.sum()
    assert found.quantile(0.5) == found.diameters[-1]


def test_two_balls_have_two_diameters() -> None:
    mask = draw_balls((12, 12, 12, 10.1), (12, 12, 28, 4.2), shape=(25, 25, 36))
    found = measure_thickness(mask, (0.5, 0.5, 0.5))
    local = found.diameters[found.ranks]
    assert local[12, 12, 12] == pytest.approx(0.5 * 20.2, abs=0.5)
    assert local[12, 12, 28] == pytest.approx(0.5 * 8.4, abs=0.5)


@pytest.mark.parametrize(("width", "measured"), [(1, 1), (2, 1), (3, 3), (5, 5), (6, 5), (9, 9)])
def test_a_fissure_has_its_width_where_that_is_odd_and_one_less_where_it_is_even(width: int, measured: int) -> None:
    mask = np.zeros((width + 4, 24, 24), np.bool_)
    mask[2 : 2 + width] = True
    found = measure_thickness(mask, CUBES, tolerance=0)
    assert (found.diameters[found.ranks][mask] == measured).all()


def test_the_distribution_counts_all_voxels() -> None:
    mask = draw_pores(2.0)
    found = measure_thickness(mask, CUBES)
    assert found.voxels[1:].sum() == mask.sum()
    assert found.voxels[0] == (~mask).sum()
    local = found.diameters[found.ranks][mask]
    assert found.mean == pytest.approx(local.mean())
    assert found.quantile(0.5) == np.sort(local)[(len(local) - 1) // 2]
    assert (np.diff(found.diameters) > 0).all()


def test_no_pores_have_no_thickness() -> None:
    found = measure_thickness(np.zeros((3, 4, 5), np.bool_), CUBES)
    assert not found.ranks.any()
    assert np.isnan(found.mean)
    assert np.isnan(found.quantile(0.5))


def test_voxels_that_are_no_cubes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"needs voxels that are cubes, and these are 2 x 0.5 x 0.5 \(z, y, x\)"):
        measure_thickness(draw_pores(2.0), (2.0, 0.5, 0.5))
