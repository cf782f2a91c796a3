"""What every scheme must do, now and later; and what equal intervals are."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.classification import classify
from tsraster.classtable import MOST_CLASSES, ClassTable
from tsraster.errors import DataError, UnknownNameError, UsageError
from tsraster.raster import Pixels
from tsraster.schemes import SCHEMES, Distribution, check_class_count, equal_interval, summarize, tally_block

derandomized = settings(derandomize=True, deadline=None, database=None)
each_scheme = pytest.mark.parametrize("name", SCHEMES)
DTYPES = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "float32", "float64")


def distribution_of(values: NDArray[Any]) -> Distribution:
    valid = np.isfinite(values)
    return summarize([tally_block(Pixels(data=values, valid=valid))], values.dtype)


@st.composite
def arrays(draw: st.DrawFn) -> NDArray[Any]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    if dtype.kind == "f":
        width = 8 * dtype.itemsize
        numbers = st.floats(allow_nan=False, allow_infinity=False, width=width)  # type: ignore[arg-type]
    else:
        limits = np.iinfo(dtype)
        small = st.integers(max(limits.min, -5), 20)
        numbers = draw(st.sampled_from([small, st.integers(int(limits.min), int(limits.max))]))
    return np.array(draw(st.lists(numbers, min_size=1, max_size=60)), dtype=dtype)


@each_scheme
@derandomized
@given(values=arrays(), classes=st.sampled_from([1, 2, 3, 5, 20, 256]))
def test_edges_increase_and_cover_all_values(name: str, values: NDArray[Any], classes: int) -> None:
    try:
        edges = SCHEMES[name](distribution_of(values), classes)
    except DataError:
        # Refused for a reason: one value only, or floats between which there is hardly another.
        low, high = values.min().item(), values.max().item()
        assert low == high or abs(high - low) < 1e-12 * max(abs(low), abs(high)) or np.spacing(high) * 2e3 > high - low
        return
    assert len(edges) == classes + 1
    assert all(low < high for low, high in pairwise(edges))
    assert (edges[0], edges[-1]) == (values.min().item(), values.max().item())
    table = ClassTable(codes=tuple(range(1, classes + 1)), edges=edges)
    assert classify(values, table).all()
    assert classify(values, ClassTable(codes=table.codes, edges=edges, closed="left")).all()


@each_scheme
@pytest.mark.parametrize("dtype", DTYPES)
def test_constant_and_empty_input_is_answered(name: str, dtype: str) -> None:
    with pytest.raises(DataError, match="all 6 valid pixels have the value 7"):
        SCHEMES[name](distribution_of(np.full((2, 3), 7, dtype)), 3)
    nothing = Pixels(data=np.full((2, 3), 7, dtype), valid=np.zeros((2, 3), bool))
    for tallies in ([], [tally_block(nothing)], [tally_block(nothing)] * 2):
        with pytest.raises(DataError, match="no pixel is valid"):
            summarize(tallies, np.dtype(dtype))


@each_scheme
@pytest.mark.parametrize("classes", [0, -1, MOST_CLASSES + 1])
def test_a_number_of_classes_that_cannot_be_is_refused(name: str, classes: int) -> None:
    with pytest.raises(UsageError, match=f"{classes} bins or classes cannot be made"):
        SCHEMES[name](distribution_of(np.arange(9)), classes)


def test_the_number_of_classes_has_its_limits_inside() -> None:
    check_class_count(1)
    check_class_count(MOST_CLASSES)


def test_a_scheme_that_is_not_known_is_said() -> None:
    with pytest.raises(UnknownNameError, match="did you mean equal-interval"):
        SCHEMES["equal-intervall"]


@derandomized
@given(low=st.integers(-(2**63), 2**63), width=st.integers(1, 2**40), classes=st.integers(1, 300))
def test_between_whole_numbers_edges_are_exact(low: int, width: int, classes: int) -> None:
    whole = Distribution(count=2, minimum=low, maximum=low + width, mean=0, std=0)
    try:
        edges = equal_interval(whole, classes)
    except DataError:
        assert max(abs(low), abs(low + width)) > 2**53 / classes / 4  # where floats are no finer than the edges
        return
    for i, edge in enumerate(edges):
        exact = low + Fraction(width * i, classes)
        if exact.denominator == 1:
            assert edge == exact
            assert isinstance(edge, int)
        else:
            assert abs(Fraction(edge) - exact) <= abs(exact) * Fraction(1, 2**52)


@derandomized
@given(low=st.floats(-1e300, 1e300), high=st.floats(-1e300, 1e300), classes=st.integers(1, 300))
def test_between_floats_edges_are_those_of_numpy(low: float, high: float, classes: int) -> None:
    low, high = min(low, high), max(low, high)
    assume(high - low > 1e-9 * max(abs(low), abs(high)))
    edges = equal_interval(Distribution(count=2, minimum=low, maximum=high, mean=0, std=0), classes)
    np.testing.assert_allclose(edges, np.linspace(low, high, classes + 1), rtol=1e-14, atol=1e-14 * (high - low))


def test_a_range_as_wide_as_floats_go_has_bins() -> None:
    largest = float(np.finfo(np.float64).max)
    edges = equal_interval(Distribution(count=2, minimum=-largest, maximum=largest, mean=0, std=0), 4)
    assert edges == pytest.approx((-largest, -largest / 2, 0, largest / 2, largest), rel=1e-15)


@pytest.mark.parametrize(("low", "high"), [(1.0, np.nextafter(1.0, 2)), (2**60 + 1, 2**60 + 4)])
def test_values_too_near_each_other_say_so(low: float, high: float) -> None:
    near = Distribution(count=2, minimum=low, maximum=high, mean=0, std=0)
    with pytest.raises(DataError, match="too near each other for 2 bins; use fewer"):
        equal_interval(near, 2)
    assert equal_interval(near, 1) == (low, high)
