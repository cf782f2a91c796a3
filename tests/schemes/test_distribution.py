"""A distribution is that of numpy over the whole, whichever blocks it is made from and in whichever order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.raster import Pixels
from tsraster.schemes import Blocks, Counted, Distribution, counts_each, streamed, tally, tally_array
from tsraster.schemes.streamed import Streamed

derandomized = settings(derandomize=True, deadline=None, database=None, max_examples=60)
SMALL = ("uint8", "int8", "uint16", "int16")
LARGE = ("uint32", "int32", "int64", "uint64", "float16", "float32", "float64")
SHARES = (0, 0.01, 0.25, 1 / 3, 0.5, 0.77, 1)

Masked = tuple[NDArray[Any], NDArray[np.bool_]]
CutStream = Callable[..., Any]


def numbers_of(dtype: np.dtype[Any], *, far: bool) -> st.SearchStrategy[Any]:
    """Numbers of a type, with ties; `far` adds those at its ends, and integers that a float cannot hold."""
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        near = st.one_of(st.sampled_from([0.0, -0.0, 0.1, -7.5, 3.0]), st.floats(-999, 999).map(lambda x: round(x, 2)))
        ends = st.sampled_from([limits.max, -limits.max, limits.tiny, limits.max / 3, limits.smallest_subnormal])
        return st.one_of(near, ends) if far else near
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    near = st.one_of(st.integers(max(low, -5), 20), st.integers(max(low, -(10**6)), min(high, 10**6)))
    ends = st.sampled_from([n for n in (low, low + 1, high - 1, high, 2**53, 2**53 + 1, 2**62 + 1) if n <= high])
    return st.one_of(near, ends) if far else near


@st.composite
def masked(draw: st.DrawFn, *, far: bool = False, dtypes: Sequence[str] = SMALL + LARGE) -> Masked:
    """Values, of which at least one is valid; where a float is not, it may be NaN or infinite."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    values = np.array(draw(st.lists(numbers_of(dtype, far=far), min_size=1, max_size=40)), dtype=dtype)
    invalid = draw(st.sets(st.integers(1, len(values))))
    valid = np.array([i not in invalid for i in range(len(values))])
    if dtype.kind == "f":
        values[~valid] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 1.0]))
    return values, valid


cuts = st.lists(st.integers(0, 50), max_size=5)


def both(data: Masked) -> list[tuple[Distribution, NDArray[Any]]]:
    """Distributions of the one and of the other kind, with the sorted values that they are of."""
    inside = np.sort(data[0][data[1]])
    values, counts = np.unique(inside, return_counts=True)
    other = Counted(values.astype(f"{values.dtype.kind}8"), counts)
    return [(tally(Blocks(Pixels(data=data[0], valid=data[1]))), inside), (other, inside)]


def answers_of(found: Distribution) -> list[Any]:
    """Everything that can be asked, in a row."""
    middle = found.order_statistics(sorted({0, found.count // 3, found.count // 2}))
    between = found.between(sorted(set(middle)))
    moments = [found.count, found.minimum, found.maximum, found.mean, found.std]
    counts = [found.count_between(sorted(set(middle))), between.counts, between.means, between.squares]
    nexts = found.next_values([value for value in middle if value < found.maximum])
    return [moments, middle, *counts, *(found.distinct or ()), nexts]


@derandomized
@given(data=masked(far=True), ways=st.tuples(cuts, cuts), seed=st.integers(0, 999))
def test_no_way_of_cutting_changes_any_answer(
    cut_stream: CutStream, data: Masked, ways: tuple[list[int], list[int]], seed: int
) -> None:
    shuffled = np.random.default_rng(seed).permutation(len(data[0]))
    streams = [Blocks(Pixels(data=data[0], valid=data[1])), cut_stream(*data, ways[0], seed)]
    streams += [cut_stream(data[0][shuffled], data[1][shuffled], ways[1], seed + 1)]
    whole, *others = (answers_of(tally(stream)) for stream in streams)
    for other in others:
        for one, another in zip(whole, other, strict=True):
            np.testing.assert_array_equal(one, another)  # exactly
    is_near = max(abs(float(whole[0][1])), abs(float(whole[0][2]))) < 1e9
    near = [tally(stream) for stream in streams] if is_near else []
    assert len({tuple(found.histogram(7)) for found in near}) <= 1
    assert len({tuple(found.quantiles(SHARES)) for found in near}) <= 1


@derandomized
@given(data=masked())
def test_moments_are_those_of_numpy(data: Masked) -> None:
    for found, inside in both(data):
        said = found.summarize()
        assert (said.count, said.minimum, said.maximum) == (inside.size, inside[0], inside[-1])
        assert type(said.minimum) is type(said.maximum) is (float if inside.dtype.kind == "f" else int)
        wide = inside.astype(np.float64)
        assert said.mean == pytest.approx(wide.mean(), rel=1e-12, abs=1e-12 * abs(wide).max())
        assert said.std == pytest.approx(wide.std(), rel=1e-9, abs=1e-9 * abs(wide).max())
    assert counts_each(data[0].dtype) == isinstance(both(data)[0][0], Counted) == (str(data[0].dtype) in SMALL)


@derandomized
@given(data=masked(far=True))
def test_places_neighbors_and_counts_are_those_of_sorting(data: Masked) -> None:
    for found, inside in both(data):
        assert found.order_statistics(range(inside.size)) == inside.tolist()
        present, counts = np.unique(inside, return_counts=True)
        np.testing.assert_array_equal(found.distinct, [present, counts])
        assert found.next_values(present[:-1].tolist()) == present[1:].tolist()
        if len(present) > 2:
            cut = present[1].item() + 0.0  # for large integers another number
            assert cut >= inside[-1] or found.next_values([cut]) == [min(v for v in present.tolist() if v > cut)]


@derandomized
@given(data=masked())
def test_quantiles_are_those_of_numpy(data: Masked) -> None:
    for found, inside in both(data):
        expected = np.quantile(inside.astype(np.float64), SHARES)
        for (quantile, below), share, exact in zip(found.quantiles(SHARES), SHARES, expected, strict=True):
            assert quantile == pytest.approx(exact, rel=1e-14), share
            assert below == max(value for value in inside.tolist() if value <= quantile)


@derandomized
@given(data=masked(far=True), places=st.lists(st.integers(0, 99), max_size=4))
def test_parts_are_those_of_masks(data: Masked, places: list[int]) -> None:
    for found, inside in both(data):
        among = inside.tolist()
        chosen = sorted({among[place % len(among)] + 0 for place in places})
        ends = [-math.inf, *chosen, math.inf]
        parts = [[v for v in among if low < v <= high] for low, high in pairwise(ends)]
        counts = [len(part) for part in parts]
        between = found.between(chosen)
        assert found.count_between(chosen).tolist() == between.counts.tolist() == counts
        size = max(abs(float(among[0])), abs(float(among[-1])))
        if size > 1e100:
            continue
        for part, mean, squares in zip(parts, between.means, between.squares, strict=True):
            wide = np.array(part, dtype=np.longdouble)
            assert mean == pytest.approx(float(wide.mean()) if part else math.nan, nan_ok=True, abs=1e-12 * size)
            assert squares == pytest.approx(float(len(part) * wide.var()) if part else 0, rel=1e-9, abs=1e-11 * size**2)


@derandomized
@given(data=masked(), bins=st.integers(1, 30))
def test_bins_are_those_of_numpy(data: Masked, bins: int) -> None:
    for found, inside in both(data):
        counts, edges = np.histogram(inside.astype(np.float64), bins=bins)
        np.testing.assert_array_equal(found.histogram(bins), counts)
        if inside[0] < inside[-1]:
            np.testing.assert_allclose(found.bin_centers(bins), (edges[1:] + edges[:-1]) / 2)


@derandomized
@given(data=masked(), number=st.integers(0, 6))
def test_gaps_are_the_widest(data: Masked, number: int) -> None:
    for found, inside in both(data):
        pairs = list(pairwise(np.unique(inside).tolist()))
        widest = sorted(pairs, key=lambda pair: pair[0] - pair[1])[:number]
        assert not pairs or found.gaps(number) == sorted(widest)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_equal_values_have_no_gaps(dtype: str) -> None:
    assert tally_array(np.full(5, 3, dtype)).gaps(2) == []


def test_gaps_are_exact_however_large_the_integers() -> None:
    for values in ([2**60 + 1, 2**60 + 2, 2**60 + 2000], [2**63 + 1, 2**63 + 5000, 2**64 - 1]):
        assert tally_array(np.array(values, dtype=np.uint64)).gaps(9)[-1:] == [tuple(values[1:])]


def test_gaps_wider_than_a_cell_of_the_range_are_found_wherever_they_lie() -> None:
    cell = 2.0**-20
    assert (0.5 + 0.1 * cell, 0.5 + 1.9 * cell) in tally_array([0, 0.5 + 0.1 * cell, 0.5 + 1.9 * cell, 1]).gaps(9)


def test_too_many_different_values_are_not_listed(cut_stream: CutStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "MOST_DISTINCT", 10)
    for size, is_listed in ((10, True), (11, False)):
        values = np.tile(np.arange(size, dtype=np.float32), 3)
        for seed in range(4):
            found = tally(cut_stream(values, np.ones(values.size, bool), (5, 12, 20), seed)).distinct
            assert (found is not None) == is_listed
            assert found is None or found[1].tolist() == [3] * size


QUESTIONS: dict[str, Callable[[Distribution], Any]] = {
    "count": lambda found: found.count,
    "minimum": lambda found: found.minimum,
    "mean": lambda found: found.mean,
    "std": lambda found: found.std,
    "distinct": lambda found: found.distinct,
    "order_statistics": lambda found: found.order_statistics([0]),
    "quantiles": lambda found: found.quantiles([0.5]),
    "between": lambda found: found.between([1.0]),
    "count_between": lambda found: found.count_between([1.0]),
    "histogram": lambda found: found.histogram(3),
    "gaps": lambda found: found.gaps(1),
    "next_values": lambda found: found.next_values([1]),
    "summarize": lambda found: found.summarize(),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_where_nothing_is_valid_every_question_says_so(question: str, dtype: str) -> None:
    nothing = Pixels(data=np.ones((2, 3), dtype), valid=np.zeros((2, 3), bool))
    empty = Pixels(data=np.ones((0, 3), dtype), valid=np.zeros((0, 3), bool))
    for blocks in ([nothing], [empty], [nothing, empty, nothing]):
        with pytest.raises(DataError, match="no pixel is valid"):
            QUESTIONS[question](tally(Blocks(*blocks)))


@pytest.mark.parametrize("dtype", SMALL)
def test_every_value_of_a_small_type_is_counted_at_its_place(dtype: str) -> None:
    limits = np.iinfo(dtype)
    found = tally_array(np.repeat(np.arange(limits.min, limits.max + 1).astype(dtype), 2).reshape(2, -1))
    assert isinstance(found, Counted)
    assert found.values.tolist() == list(range(limits.min, limits.max + 1))
    assert (found.counts == 2).all()
    assert found.mean == pytest.approx((int(limits.min) + int(limits.max)) / 2)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_two_zeros_are_one(dtype: str) -> None:
    texts = set()
    for values in ([0.0, -0.0, 1.0], [-0.0, 0.0, 1.0], [1.0, -0.0]):
        found = tally_array(np.array(values, dtype=dtype))
        listed = found.distinct
        assert listed is not None
        texts.add((repr(found.minimum), repr(found.order_statistics([0])), repr(listed[0].tolist())))
    assert texts == {("0.0", "[0.0]", "[0.0, 1.0]")}


@pytest.mark.parametrize("dtype", [">i2", ">u4", ">i8", ">f4", ">f8"])
def test_the_order_of_bytes_does_not_matter(dtype: str) -> None:
    found = tally_array(np.array([300, 1, 2, 2], dtype=dtype))
    assert found.order_statistics(range(4)) == [1, 2, 2, 300]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "float16", "float32"])
def test_values_that_are_counted_may_have_any_type(dtype: str) -> None:
    far = np.iinfo(dtype).max if dtype.startswith("int") else 7.3
    values = np.array([-far, 0, far], dtype=dtype)
    found = Counted(values, np.array([1, 1, 1]))
    exact = values.astype(np.float64)
    assert (found.mean, found.std) == (pytest.approx(0, abs=1e-12 * exact[-1]), pytest.approx(exact.std(), rel=1e-12))


def test_a_small_spread_beside_a_large_mean_is_kept(cut_stream: CutStream) -> None:
    values = 1e9 + np.random.default_rng(2).normal(0, 1e-3, 20_000)
    found = tally(cut_stream(values, np.ones(20_000, bool), range(0, 20_000, 777)))
    assert found.std == pytest.approx(values.std(), rel=1e-6)


def test_many_values_are_sorted_out_in_few_passes_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "_COUNTERS", 2**10)  # so that fewer bits are looked at in a pass
    values = np.random.default_rng(3).normal(0, 1e5, 5000)
    for dtype in ("float32", "float64", "int64", "int32"):
        found = Streamed(Blocks(Pixels(data=values.astype(dtype), valid=np.ones(5000, bool))))
        ranks = range(0, 5000, 50)
        assert found.order_statistics(ranks) == np.sort(values.astype(dtype))[::50].tolist()


def test_numbers_near_the_end_of_floats_warn_nobody() -> None:
    values = np.array([-1.7e308, -1.7e308, 1.0, 1.7e308])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tally_array(values)
        said = found.summarize()
        assert (said.count, said.minimum, said.maximum) == (4, -1.7e308, 1.7e308)
        assert said.mean == pytest.approx(-1.7e308 / 4)
        assert found.gaps(1) == [(-1.7e308, 1.0)]
