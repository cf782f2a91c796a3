"""Cubes made of cells are those of the volume, however it is cut into slabs, and their spread is what chance makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.measuring.representative import Representative, choose_cell, count_cells, find_representative, make_cells

Mask = NDArray[np.bool_]
derandomized = settings(derandomize=True, deadline=None, database=None)
sides = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))


def draw_noise(shape: tuple[int, int, int], share: float, seed: int = 0) -> Mask:
    return np.asarray(np.random.default_rng(seed).random(shape) < share)


def count_by_slabs(mask: Mask, cell: int, height: int) -> NDArray[np.int64]:
    shape: Any = mask.shape
    counts = make_cells(shape, cell)
    for start in range(0, len(mask), height):
        count_cells(mask[start : start + height], start, cell, counts)
    return counts


@derandomized
@given(shape=sides, cell=st.integers(1, 5), height=st.integers(1, 13))
def test_cells_are_counted_alike_by_slabs_of_any_height(shape: tuple[int, int, int], cell: int, height: int) -> None:
    mask = draw_noise(shape, 0.4)
    counts = count_by_slabs(mask, cell, height)
    assert counts.shape == tuple(side // cell for side in shape)
    for place in np.ndindex(*counts.shape):
        box = tuple(slice(i * cell, (i + 1) * cell) for i in place)
        assert counts[place] == np.count_nonzero(mask[box])


@pytest.mark.parametrize("cell", [255, 256, 300])
def test_cells_hold_more_planes_than_a_byte_counts(cell: int) -> None:
    assert count_by_slabs(np.ones((cell, cell, 2 * cell), bool), cell, cell).tolist() == [[[cell**3, cell**3]]]


def test_planes_may_be_parts_of_a_larger_array() -> None:
    mask = draw_noise((8, 9, 10), 0.5)
    counts = make_cells((4, 9, 5), 2)
    count_cells(mask[::2, :, ::2], 0, 2, counts)
    np.testing.assert_array_equal(counts, count_by_slabs(mask[::2, :, ::2].copy(), 2, 3))


@pytest.mark.parametrize("shape", [(1, 1, 1), (63, 64, 65), (400, 400, 400), (1500, 1000, 1000), (1, 10_000, 10_000)])
def test_cells_are_a_million_at_most(shape: tuple[int, int, int]) -> None:
    cell = choose_cell(shape)
    assert np.prod([side // cell for side in shape]) <= 2**20
    assert min(shape) // cell <= 64


@pytest.mark.parametrize("shape", [(24, 24, 24), (10, 17, 23)])
def test_cubes_are_those_of_the_volume(shape: tuple[int, int, int]) -> None:
    mask = draw_noise(shape, 0.3, seed=1)
    counts = count_by_slabs(mask, 2, 5)
    found = find_representative(counts, 2, cubes=10**9)
    assert found.sides.tolist() == [2 * width for width in range(1, min(counts.shape) + 1)]
    for i, side in enumerate(found.sides.tolist()):
        room = [2 * cells - side for cells in counts.shape]
        corners = [range(0, most + 1, 2) for most in room]
        cubes = [
            mask[z : z + side, y : y + side, x : x + side].mean()
            for z in corners[0] for y in corners[1] for x in corners[2]
        ]  # fmt: skip
        assert (found.cubes[i], found.mean[i]) == (len(cubes), pytest.approx(np.mean(cubes)))
        assert found.sd[i] == pytest.approx(np.std(cubes, ddof=1) if len(cubes) > 1 else np.nan, nan_ok=True, abs=1e-12)
        z, y, x = (most // 4 * 2 for most in room)
        assert found.centered[i] == mask[z : z + side, y : y + side, x : x + side].mean()
        assert found.apart[i] == np.prod([2 * cells // side for cells in counts.shape])


def test_the_spread_of_noise_is_that_of_chance() -> None:
    found = find_representative(count_by_slabs(draw_noise((64, 64, 64), 0.2, seed=2), 2, 64), 2)
    chance = np.sqrt(0.2 * 0.8 / found.sides.astype(float) ** 3)
    assert np.abs(found.sd / chance - 1)[found.is_sure].max() < 0.25
    assert np.abs(found.mean - 0.2).max() < 0.01
    # sd / mean falls below 5 % where the side is above (4 / 0.0025)^(1/3) = 11.7.
    assert found.find_side(0.05) in (12, 14)


def test_random_cubes_have_a_seed() -> None:
    counts = count_by_slabs(draw_noise((40, 40, 40), 0.2), 1, 40)
    one, again, other = (find_representative(counts, 1, seed=seed) for seed in (0, 0, 1))
    assert one.sd.tolist()[:-1] == again.sd.tolist()[:-1]
    assert one.sd[0] != other.sd[0]
    assert one.cubes.max() == 1000
    assert len(one.sides) <= 24


def make_curve(sd: list[float], apart: list[int]) -> Representative:
    sides = np.arange(1, len(sd) + 1)
    ones = np.ones(len(sd))
    return Representative(
        sides=sides, centered=ones, mean=ones, sd=np.array(sd), cubes=sides, apart=np.array(apart), cell=1
    )


@pytest.mark.parametrize(
    ("sd", "apart", "side"),
    [
        ([0.3, 0.2, 0.04, 0.01], [64, 27, 8, 1], 3),
        ([0.3, 0.04, 0.2, 0.04], [64, 64, 64, 8], 4),
        ([0.3, 0.2, 0.1, 0.0], [64, 27, 8, 1], None),
        ([0.01, 0.01, np.nan], [64, 27, 1], 1),
        ([0.0, np.nan], [2, 1], None),
    ],
    ids=["sure", "the last rise counts", "overlap is no proof", "from the first on", "nothing is sure"],
)
def test_the_side_is_that_from_which_on_all_sure_sizes_are_steady(
    sd: list[float], apart: list[int], side: int | None
) -> None:
    assert make_curve(sd, apart).find_side(0.05) == side


def test_a_volume_without_pores_is_steady_at_zero() -> None:
    found = find_representative(make_cells((16, 16, 16), 2), 2)
    assert found.mean.tolist() == found.centered.tolist() == [0] * len(found.sides)
    assert found.find_side() == 2


def test_a_volume_thinner_than_a_cell_is_refused() -> None:
    with pytest.raises(UsageError, match="cells of 5 voxels do not fit"):
        find_representative(make_cells((4, 40, 40), 5), 5)


def test_the_curve_of_berea_sandstone(shared_data: Path) -> None:
    mask = (
        np.fromfile(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", np.uint8).reshape(200, 200, 200) == 0
    )
    found = find_representative(count_by_slabs(mask, 4, 64), 4)
    assert (found.sides[-1], found.centered[-1], found.mean[-1]) == (200, 0.19624925, 0.19624925)
    assert (np.diff(found.sd[found.is_sure]) < 0).all()
    assert found.find_side(0.05) is None
