"""A pore space is measured as a count over the volume measures it, and the report says how far sizes of components go."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tsraster.errors import UsageError
from tsraster.measuring.porespace import (
    AXES,
    Connectivity,
    Profiles,
    describe_pore_space,
    find_percolating,
    make_profiles,
    measure_pore_space,
)
from tsraster.measuring.sensitivity import vary_threshold
from tsraster.samples.medium import draw_medium

Mask = NDArray[np.bool_]


def label(mask: Mask, rank: int = 1) -> tuple[NDArray[np.int64], Mask, NDArray[Any]]:
    """Return voxels and faces of the components, and their labels."""
    labels, number = ndimage.label(mask, ndimage.generate_binary_structure(3, rank))
    touches = np.zeros((number + 1, 6), dtype=bool)
    for axis in range(3):
        for end in (0, -1):
            touches[labels.take(end, axis), 2 * axis - end] = True
    return np.bincount(labels.ravel(), minlength=number + 1)[1:].astype(np.int64), touches[1:], labels


def profile(mask: Mask) -> Profiles:
    return make_profiles(*(mask.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1))))


@pytest.mark.parametrize("porosity", [0.08, 0.15, 0.3])
@pytest.mark.parametrize("rank", [1, 3])
def test_porosities_are_those_counted_in_the_volume(porosity: float, rank: int) -> None:
    mask = draw_medium((30, 34, 38), porosity, seed=3) == 0
    voxels, touches, labels = label(mask, rank)
    space = measure_pore_space(voxels, touches, mask.shape)
    assert (space.porosity, space.components) == (mask.mean(), len(voxels))
    reaching = []
    for axis, name in enumerate(AXES):
        both = np.intersect1d(labels.take(0, axis), labels.take(-1, axis))
        reaching.append(np.isin(labels, both[both > 0]))
        assert space.connected[name] == reaching[-1].mean()
        assert space.percolates[name] == bool((both > 0).any())
    assert space.effective == np.any(reaching, axis=0).mean()
    assert space.effective_share == pytest.approx(space.effective / mask.mean())
    assert space.largest == voxels.max()
    at_border = [labels.take(end, axis) for axis in range(3) for end in (0, -1)]
    edge = np.unique(np.concatenate([found.ravel() for found in at_border]))
    assert space.at_border == np.isin(labels, edge[edge > 0]).mean()


def test_pores_that_a_filter_removed_count_for_the_porosity() -> None:
    touches = np.zeros((1, 6), dtype=bool)
    space = measure_pore_space(np.array([60]), touches, (10, 10, 10), left_out=40)
    assert (space.porosity, space.largest_share, space.components) == (0.1, 0.6, 1)


def test_without_pores_all_is_zero_and_said() -> None:
    space = measure_pore_space(np.zeros(0, np.int64), np.zeros((0, 6), bool), (4, 5, 6))
    assert (space.porosity, space.effective, space.largest, space.components) == (0, 0, 0, 0)
    assert np.isnan([space.largest_share, space.effective_share]).all()
    assert space.percolates == {"z": False, "y": False, "x": False}
    assert describe_pore_space(space, 6)[-1] == "There is no component of pore space."


def test_a_component_percolates_when_it_touches_both_faces() -> None:
    touches = np.array([[1, 0, 0, 1, 0, 0], [0, 0, 1, 1, 0, 1], [1, 1, 0, 0, 1, 1]], dtype=bool)
    assert find_percolating(touches).tolist() == [[False, False, False], [False, True, False], [True, False, True]]


@pytest.mark.parametrize(
    ("connectivity", "words"),
    [(6, "touch by faces (6-connected)"), (18, "faces and edges (18-"), (26, "faces, edges and corners (26-")],
)
def test_the_connectivity_is_said(connectivity: Connectivity, words: str) -> None:
    space = measure_pore_space(np.array([5]), np.zeros((1, 6), bool), (4, 4, 4))
    assert words in describe_pore_space(space, connectivity)[0]


def test_where_nearly_all_is_one_component_sizes_are_said_to_be_of_isolated_pores() -> None:
    touches = np.zeros((3, 6), bool)
    touches[0, :4] = True
    space = measure_pore_space(np.array([9937, 60, 3]), touches, (100, 20, 20))
    assert describe_pore_space(space, 6)[1:] == (
        "The largest of 3 components holds 99.37 % of the pore space.",
        "Some component reaches from face to face along z and y: 99.37 % of the pore space is connected so.",
        "Sizes of components describe the isolated pores only, 0.63 % of the pore space; for sizes of pore bodies in the "
        "connected space use local thickness or a partition.",
    )


def test_where_pores_are_apart_there_is_no_warning() -> None:
    space = measure_pore_space(np.array([40, 30, 30]), np.zeros((3, 6), bool), (10, 10, 10))
    _, largest, percolation = describe_pore_space(space, 26)
    assert largest == "The largest of 3 components holds 40.0 % of the pore space."
    assert percolation == "No component reaches from face to face along any axis."


def test_a_share_is_not_rounded_to_all() -> None:
    space = measure_pore_space(np.array([10**9, 1]), np.ones((2, 6), bool), (2000, 1000, 1000))
    assert describe_pore_space(space, 6)[1] == "The largest of 2 components holds 99.999999900 % of the pore space."


def test_profiles_are_the_porosity_of_slices() -> None:
    mask = draw_medium((12, 14, 16), 0.3, seed=1) == 0
    for axis, found in enumerate(profile(mask)):
        each = mask.mean(axis=tuple(other for other in range(3) if other != axis))
        np.testing.assert_allclose(found.porosity, each)
        assert found.axis == AXES[axis]
        assert (found.minimum, found.maximum) == pytest.approx((each.min(), each.max()))
        assert (found.mean, found.sd) == pytest.approx((mask.mean(), each.std(ddof=1)))


def test_a_single_slice_has_no_spread() -> None:
    assert np.isnan(profile(np.ones((1, 3, 3), bool)).z.sd)


def test_berea_sandstone_is_as_it_is_known(shared_data: Path) -> None:
    mask = (
        np.fromfile(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8).reshape(200, 200, 200) == 0
    )
    voxels, touches, _ = label(mask)
    space = measure_pore_space(voxels, touches, (200, 200, 200))
    assert (space.porosity, space.components) == (0.19624925, 350)
    assert all(space.percolates.values())
    assert space.effective_share > 0.98
    assert "isolated pores only" in describe_pore_space(space, 6)[-1]


# Thresholds


def test_porosity_by_thresholds_is_that_of_the_volume() -> None:
    gray = np.random.default_rng(0).normal(100, 20, (20, 20, 20)).astype(np.uint8)
    values, counts = np.unique(gray, return_counts=True)
    rows = vary_threshold(values, counts, 90)
    assert len(rows) == 21
    span = int(values[-1]) - int(values[0])
    assert (rows[0].threshold, rows[-1].threshold) == (90 - round(span / 10), 90 + round(span / 10))
    for row in rows:
        assert row.threshold == int(row.threshold)
        assert row.porosity == np.mean(gray <= row.threshold)
    assert all(one.porosity < other.porosity for one, other in pairwise(rows))
    for row in vary_threshold(values, counts, 90, pore="light"):
        assert row.porosity == pytest.approx(np.mean(gray > row.threshold))


def test_levels_are_single_grays() -> None:
    rows = vary_threshold(np.array([0, 10, 255]), np.array([1, 1, 2]), 9.5, levels=2)
    assert [row.threshold for row in rows] == [7.5, 8.5, 9.5, 10.5, 11.5]
    assert [row.porosity for row in rows] == [0.25, 0.25, 0.25, 0.5, 0.5]
    assert len(vary_threshold(np.array([0, 255]), np.array([1, 1]), 9.5, levels=0)) == 1


def test_thresholds_of_floats_are_not_rounded() -> None:
    values = np.linspace(0, 1, 1001)
    rows = vary_threshold(values, np.ones(1001, np.int64), 0.5, reach=0.05)
    assert [round(row.threshold, 6) for row in rows] == [round(0.45 + i / 200, 6) for i in range(21)]


def test_close_whole_numbers_have_fewer_rows() -> None:
    assert [row.threshold for row in vary_threshold(np.array([0, 5]), np.array([1, 1]), 2, reach=0.5)] == [
        0,
        1,
        2,
        3,
        4,
    ]


@pytest.mark.parametrize("wrong", [{"reach": -0.1}, {"levels": -1}])
def test_what_is_below_zero_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no number below 0"):
        vary_threshold(np.array([0, 1]), np.array([1, 1]), 0, **wrong)


def test_no_voxels_have_no_porosity() -> None:
    with pytest.raises(UsageError, match="there must be voxels"):
        vary_threshold(np.zeros(0), np.zeros(0, np.int64), 0)


def test_the_void_of_carbon_fibers_by_the_threshold_of_otsu(shared_data: Path) -> None:
    import tifffile

    values, counts = np.unique(tifffile.imread(shared_data / "microct" / "100_fiberform.tif"), return_counts=True)
    rows = {row.threshold: row.porosity for row in vary_threshold(values, counts, 108)}
    assert rows[108] == pytest.approx(0.846, abs=5e-4)
    assert min(rows.values()) < 0.83 < 0.86 < max(rows.values())
