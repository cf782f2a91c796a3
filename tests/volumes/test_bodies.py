"""Pore bodies: drawn balls and throats, and what each step of the SNOW algorithm takes away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, gaussian_filter, label

from tsraster.errors import DataError, UsageError
from tsraster.volumes import bodies as module
from tsraster.volumes.bodies import Bodies, find_bodies

CUBES = (1.0, 1.0, 1.0)
Mask = NDArray[np.bool_]


def draw_balls(*balls: tuple[float, float, float, float], shape: tuple[int, int, int]) -> Mask:
    z, y, x = np.indices(shape)
    return np.asarray(
        np.any([(z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < radius**2 for a, b, c, radius in balls], axis=0)
    )


def draw_pores(sigma: float = 2.5, seed: int = 0) -> Mask:
    return np.asarray(gaussian_filter(np.random.default_rng(seed).normal(size=(40, 42, 44)), sigma) > 0)


CHAIN = ((14.0, 14.0, 14.0, 10.2), (14.0, 14.0, 31.0, 9.2), (14.0, 14.0, 46.0, 8.2))
"""Three balls in a row that overlap."""


@pytest.fixture(scope="module")
def chain() -> Bodies:
    return find_bodies(draw_balls(*CHAIN, shape=(29, 29, 58)), CUBES)


def test_overlapping_balls_are_parted(chain: Bodies) -> None:
    assert len(chain) == 3
    np.testing.assert_array_equal(chain.neighbors, [1, 2, 1])
    for own, (z, y, x, radius) in enumerate(CHAIN):
        assert chain.labels[int(z), int(y), int(x)] == own + 1
        np.testing.assert_allclose(chain.centroid[own], (z, y, x), atol=1.2)
        assert chain.inscribed_diameter[own] == pytest.approx(2 * radius, abs=1.0)
        assert chain.equivalent_diameter[own] == pytest.approx(2 * radius, rel=0.08)


def test_contacts_are_at_the_throats(chain: Bodies) -> None:
    np.testing.assert_array_equal(chain.contacts[:, :2], [[1, 2], [2, 3]])
    # The circle in which two balls cut each other.
    apart, one, other = 17.0, 10.2, 9.2
    along = (apart**2 + one**2 - other**2) / (2 * apart)
    throat = np.pi * (one**2 - along**2)
    assert chain.contacts[0, 2] == pytest.approx(throat, rel=0.35)


def test_a_rough_wall_makes_no_bodies() -> None:
    mask = draw_balls((16, 16, 16, 12.2), shape=(33, 33, 33))
    random = np.random.default_rng(1)
    rough = mask | draw_balls(
        *[(*(16 + 12.5 * v / np.linalg.norm(v)), 1.8) for v in random.normal(size=(25, 3))], shape=mask.shape
    )
    assert len(find_bodies(rough, CUBES)) == 1


def test_a_saddle_is_no_body() -> None:
    # A tube that widens to both ends: its middle is the largest in no ball, and a long even tube is one plateau.
    z, y, x = np.indices((33, 33, 60))
    radius = 6.2 + 4 * np.abs(x - 29.5) / 30
    mask = ((z - 16) ** 2 + (y - 16) ** 2 < radius**2) & (x > 3) & (x < 56)
    assert len(find_bodies(mask, CUBES)) == 2
    even = ((z - 16) ** 2 + (y - 16) ** 2 < 6.2**2) & (x > 3) & (x < 56)
    assert len(find_bodies(even, CUBES)) == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_bodies_are_a_partition_of_the_pores(seed: int) -> None:
    mask = draw_pores(seed=seed)
    bodies = find_bodies(mask, CUBES)
    np.testing.assert_array_equal(bodies.labels > 0, mask)
    np.testing.assert_array_equal(np.bincount(bodies.labels.ravel())[1:], bodies.voxels)
    assert bodies.voxels.min() > 0
    for own in range(1, len(bodies) + 1, 5):
        assert label(bodies.labels == own)[1] == 1


def test_pores_without_a_peak_are_one_body_each() -> None:
    mask = np.zeros((12, 12, 12), np.bool_)
    mask[1, 1, 1] = mask[1, 5, 5:9] = mask[7:10, 7:10, 7:10] = True
    bodies = find_bodies(mask, CUBES)
    assert sorted(bodies.voxels) == [1, 4, 27]
    np.testing.assert_allclose(sorted(bodies.inscribed_diameter), [1, 1, 3])


def test_centroids_borders_and_neighbors_are_right() -> None:
    bodies = find_bodies(draw_pores(), (2.0, 1.0, 1.0))
    numbers = np.arange(1, len(bodies) + 1)
    np.testing.assert_allclose(bodies.centroid, center_of_mass(bodies.labels > 0, bodies.labels, numbers))
    inner = np.unique(bodies.labels)
    edge = bodies.labels.copy()
    edge[1:-1, 1:-1, 1:-1] = 0
    np.testing.assert_array_equal(bodies.touches_border, np.isin(inner[inner > 0], edge))
    np.testing.assert_array_equal(
        bodies.neighbors, np.bincount(bodies.contacts[:, :2].ravel(), minlength=len(bodies) + 1)[1:]
    )
    np.testing.assert_allclose(bodies.volume, 2 * bodies.voxels)
    np.testing.assert_allclose(np.pi / 6 * bodies.equivalent_diameter**3, bodies.volume)


def test_faces_of_all_contacts_are_counted() -> None:
    bodies = find_bodies(draw_pores(), CUBES)
    faces = 0
    for axis in range(3):
        one, other = np.moveaxis(bodies.labels, axis, 0)[1:], np.moveaxis(bodies.labels, axis, 0)[:-1]
        faces += int(((one != other) & (one > 0) & (other > 0)).sum())
    assert bodies.contacts[:, 2].sum() == faces
    assert (bodies.contacts[:, 0] < bodies.contacts[:, 1]).all()


def test_flat_voxels_give_the_bodies_of_cubes() -> None:
    flat = draw_balls(*CHAIN, shape=(29, 29, 58))[::2]
    bodies = find_bodies(flat, (2.0, 1.0, 1.0))
    assert len(bodies) == 3
    np.testing.assert_allclose(bodies.inscribed_diameter, [19.5, 17.5, 15.5], atol=1.0)


def test_of_two_equal_peaks_that_are_near_one_is_left() -> None:
    smooth = np.zeros((3, 3, 20), np.float32)
    smooth[1, 1, [5, 11]] = 7
    peaks = [np.array([np.ravel_multi_index((1, 1, place), smooth.shape)]) for place in (5, 11)]
    assert [peak.tolist() for peak in module._drop_near(peaks, smooth, CUBES)] == [peaks[0].tolist()]
    smooth[1, 1, 11] = 8
    assert [peak.tolist() for peak in module._drop_near(peaks, smooth, CUBES)] == [peaks[1].tolist()]
    assert len(module._drop_near(peaks, smooth, (1.0, 1.0, 2.0))) == 2


def test_no_pores_are_no_bodies() -> None:
    bodies = find_bodies(np.zeros((4, 5, 6), np.bool_), CUBES)
    assert len(bodies) == 0
    assert bodies.contacts.shape == (0, 3)


def test_nothing_but_pores_and_too_many_voxels_are_refused() -> None:
    with pytest.raises(DataError, match="all voxels are pore"):
        find_bodies(np.ones((4, 5, 6), np.bool_), CUBES)
    with pytest.raises(UsageError, match="take a part of it with --box"):
        find_bodies(np.broadcast_to(np.False_, (1000, 1000, 101)), CUBES)


def test_bodies_of_a_sandstone(shared_data: Path) -> None:
    whole = np.fromfile(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8).reshape(200, 200, 200)
    mask = whole[:64, :64, :64] == 0
    bodies = find_bodies(mask, CUBES)
    assert bodies.voxels.sum() == mask.sum()
    # One pore space of 20 % in bodies of about ten voxels, each of which touches a few others.
    assert 4 < np.median(bodies.equivalent_diameter) < 16
    assert 1.5 < bodies.neighbors.mean() < 5
