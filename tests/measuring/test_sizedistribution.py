"""Sizes of pores lie in readable classes, all of them, and their percentiles are those of the balls of their volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.errors import UsageError
from tsraster.measuring.sizedistribution import find_diameters, measure_sizes

derandomized = settings(derandomize=True, deadline=None, database=None)


def test_a_ball_has_its_own_diameter() -> None:
    radius = 12.5
    found = find_diameters(np.array([1000]), 4 / 3 * np.pi * radius**3 / 1000)
    assert found == pytest.approx([2 * radius])


@derandomized
@given(
    voxels=st.lists(st.integers(1, 10**10), min_size=1, max_size=30),
    voxel_volume=st.floats(1e-12, 1e12),
)
def test_every_pore_is_in_one_class_and_within_its_edges(voxels: list[int], voxel_volume: float) -> None:
    sizes = measure_sizes(np.array(voxels), voxel_volume)
    assert (sizes.pores.sum(), sizes.voxels.sum()) == (len(voxels), sum(voxels))
    assert sizes.pores[0] > 0 < sizes.pores[-1]
    diameters = find_diameters(np.array(voxels), voxel_volume)
    for low, high, pores in zip(sizes.edges[:-1], sizes.edges[1:], sizes.pores, strict=True):
        assert pores == np.count_nonzero((diameters > low) & (diameters <= high))
    assert sizes.by_number.sum() == pytest.approx(100)
    assert sizes.by_volume.sum() == pytest.approx(100)


def test_edges_are_preferred_numbers() -> None:
    edges = measure_sizes(np.array([1, 10_000_000]), 1.0).edges
    assert edges[:11].tolist() == [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8, 10]
    assert [f"{edge:g}" for edge in edges[-3:]] == ["200", "250", "315"]


def test_a_pore_on_an_edge_is_in_the_class_below_it() -> None:
    sizes = measure_sizes(np.array([1, 8]), np.pi / 6)
    assert sizes.edges[[0, -1]].tolist() == [0.8, 2]
    assert sizes.pores.tolist() == [1, 0, 0, 1]


def test_percentiles_are_by_number_and_by_volume() -> None:
    voxels = np.array([1] * 60 + [1000] * 40)
    sizes = measure_sizes(voxels, np.pi / 6)
    assert (sizes.number.d10, sizes.number.d50, sizes.number.d90) == pytest.approx((1, 1, 10))
    assert (sizes.volume.d10, sizes.volume.d50, sizes.volume.d90) == pytest.approx((10, 10, 10))


def test_pores_that_are_kept_are_counted_apart() -> None:
    sizes = measure_sizes(np.array([1, 1, 1000]), 1.0, kept=np.array([True, False, False]))
    assert (sizes.pores.sum(), sizes.kept.sum(), sizes.kept[0]) == (3, 1, 1)


def test_without_pores_there_is_no_class() -> None:
    sizes = measure_sizes(np.zeros(0, np.int64), 1.0)
    assert len(sizes.pores) == len(sizes.by_number) == len(sizes.by_volume) == 0
    assert len(sizes.edges) == 1
    assert np.isnan(sizes.number.d50)


@pytest.mark.parametrize(("voxels", "volume"), [([0, 3], 1.0), ([1], 0.0), ([1], float("nan")), ([1], -2.0)])
def test_what_has_no_volume_is_refused(voxels: list[int], volume: float) -> None:
    with pytest.raises(UsageError, match=r"at least 1|above 0"):
        measure_sizes(np.array(voxels), volume)
