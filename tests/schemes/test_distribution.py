"""A distribution is that of numpy over the whole, whichever blocks it is tallied from and in whichever order."""

from __future__ import annotations

import warnings
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.raster import Pixels
from tsraster.schemes import Tally, counts_each, summarize, tally_block

derandomized = settings(derandomize=True, deadline=None, database=None)
SMALL = ("uint8", "int8", "uint16", "int16")
LARGE = ("uint32", "int32", "int64", "uint64", "float16", "float32", "float64")


def draw_values(dtype: str, size: int, seed: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    values = rng.normal(0 if kind != "u" else 60, 30, size).clip(0 if kind == "u" else -120, 120).astype(dtype)
    return values, rng.random(size) < rng.choice([0.0, 0.3, 1.0], p=[0.1, 0.6, 0.3])


def tallies_of(values: NDArray[Any], valid: NDArray[np.bool_], cuts: list[int], seed: int) -> list[Tally]:
    """Tally the parts between cuts, in any order."""
    ends = [0, *sorted(cut % (len(values) + 1) for cut in cuts), len(values)]
    parts = [slice(a, b) for a, b in pairwise(ends)]
    order = np.random.default_rng(seed).permutation(len(parts))
    return [tally_block(Pixels(data=values[parts[i]], valid=valid[parts[i]])) for i in order]


@derandomized
@given(
    dtype=st.sampled_from(SMALL + LARGE),
    size=st.integers(1, 400),
    seed=st.integers(0, 10**6),
    cuts=st.lists(st.integers(0, 500), max_size=8),
)
def test_any_blocks_in_any_order_give_the_whole(dtype: str, size: int, seed: int, cuts: list[int]) -> None:
    values, valid = draw_values(dtype, size, seed)
    valid[seed % size] = True
    inside = values[valid]
    found = summarize(tallies_of(values, valid, cuts, seed), values.dtype)
    assert found.count == inside.size
    assert (found.minimum, found.maximum) == (inside.min(), inside.max())
    assert type(found.minimum) is type(found.maximum) is (float if values.dtype.kind == "f" else int)
    assert found.mean == pytest.approx(inside.astype(float).mean(), rel=1e-12, abs=1e-12)
    assert found.std == pytest.approx(inside.astype(float).std(), rel=1e-9, abs=1e-9)
    if dtype in SMALL:
        again = summarize(tallies_of(values, valid, cuts[::2], seed + 1), values.dtype)
        assert (found.mean, found.std) == (again.mean, again.std)  # exactly: they are sums of whole numbers
        present, counts = np.unique(inside, return_counts=True)
        np.testing.assert_array_equal(found.values, present)
        np.testing.assert_array_equal(found.counts, counts)
    else:
        assert len(found.values) == len(found.counts) == 0
    assert counts_each(values.dtype) == (dtype in SMALL)


@pytest.mark.parametrize("dtype", SMALL)
def test_every_value_of_a_small_type_is_counted_at_its_place(dtype: str) -> None:
    limits = np.iinfo(dtype)
    values = np.repeat(np.arange(limits.min, limits.max + 1).astype(dtype), 2).reshape(2, -1)
    found = summarize([tally_block(Pixels(data=values, valid=np.ones(values.shape, bool)))], values.dtype)
    assert found.values.tolist() == list(range(limits.min, limits.max + 1))
    assert (found.counts == 2).all()
    assert found.mean == pytest.approx((int(limits.min) + int(limits.max)) / 2)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_merging_with_nothing_changes_nothing(dtype: str) -> None:
    values, valid = draw_values(dtype, 50, 3)
    nothing = [Tally(), tally_block(Pixels(data=values, valid=np.zeros(50, bool)))]
    one = tally_block(Pixels(data=values, valid=valid))
    alone = summarize([one], values.dtype)
    for tallies in ([*nothing, one], [one, nothing[1]], [nothing[1], one, nothing[1]]):
        merged = summarize(tallies, values.dtype)
        assert (merged.count, merged.mean, merged.std) == (alone.count, alone.mean, alone.std)
    assert Tally().merge(one) is one


def test_merging_in_pairs_is_merging_in_a_row() -> None:
    values, valid = draw_values("float64", 999, 8)
    tallies = tallies_of(values, valid, list(range(50, 999, 50)), 1)
    row = reduce(Tally.merge, tallies)
    halves = reduce(Tally.merge, tallies[:7]).merge(reduce(Tally.merge, tallies[7:]))
    assert (row.count, row.minimum, row.maximum) == (halves.count, halves.minimum, halves.maximum)
    assert row.mean == pytest.approx(halves.mean, rel=1e-13)
    assert row.squares == pytest.approx(halves.squares, rel=1e-12)


def test_a_small_spread_beside_a_large_mean_is_kept() -> None:
    values = 1e9 + np.random.default_rng(2).normal(0, 1e-3, 20_000)
    found = summarize(tallies_of(values, np.ones(20_000, bool), list(range(0, 20_000, 777)), 0), values.dtype)
    assert found.std == pytest.approx(1e-3, rel=0.02)


def test_large_integers_keep_their_range() -> None:
    values = np.array([2**63 + 1, 2**64 - 1], dtype=np.uint64)
    found = summarize([tally_block(Pixels(data=values, valid=np.ones(2, bool)))], values.dtype)
    assert (found.minimum, found.maximum) == (2**63 + 1, 2**64 - 1)


def test_numbers_near_the_end_of_floats_warn_nobody() -> None:
    values = np.array([-1.7e308, -1.7e308, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = summarize([tally_block(Pixels(data=values, valid=np.ones(3, bool)))], values.dtype)
    assert (found.count, found.minimum, found.maximum) == (3, -1.7e308, 1.0)
