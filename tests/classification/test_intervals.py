"""`classify` against the rule, written down value by value in exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from numpy.typing import NDArray

from tsraster import ClassTable, classify
from tsraster.classification import Outside
from tsraster.classtable import LARGEST_CODE, Closed, Number
from tsraster.errors import DataError, UsageError

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
FLOATS = ("float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS, "bool")

some = settings(max_examples=40, deadline=None)
few = settings(max_examples=12, deadline=None)

Exact = Fraction | float
"""A fraction, or an infinity."""


def to_exact(number: Any) -> Exact:
    number = number.item() if isinstance(number, np.generic) else number
    return number if isinstance(number, float) and math.isinf(number) else Fraction(number)


def round_to(number: Number, dtype: np.dtype[Any]) -> Exact:
    """An edge as data of that type see it: rounded for floats, exact for whole numbers."""
    if dtype.kind != "f":
        return to_exact(number)
    with np.errstate(over="ignore"):
        return to_exact(np.array([number], dtype=np.float64).astype(dtype)[0])


def expected_code(value: Any, table: ClassTable, *, outside: str = "nodata") -> int | None:
    """The code of one value; None where it is outside and that is an error."""
    dtype = np.asarray(value).dtype
    if dtype.kind == "f" and not np.isfinite(value):
        return 0
    exact = to_exact(value)
    if table.values:
        pairs = sorted(zip(table.values, table.codes, strict=True))
        found = [code for key, code in pairs if round_to(key, dtype) == exact]
        return found[0] if found else None if outside == "error" else 0
    edges = [round_to(edge, dtype) for edge in table.edges]
    if outside == "clamp":
        edges[0], edges[-1] = -math.inf, math.inf
    for i, code in enumerate(table.codes):
        low, high = edges[i], edges[i + 1]
        if table.closed == "right" and (low < exact <= high or (i == 0 and exact == low)):
            return code
        if table.closed == "left" and (low <= exact < high or (i == len(table) - 1 and exact == high)):
            return code
    return None if outside == "error" else 0


NUMBERS = st.one_of(
    st.integers(-4, 300),
    st.integers(-8, 600).map(lambda n: n / 2),
    st.integers(-(2**66), 2**66),
    st.integers(-3, 3).flatmap(lambda n: st.sampled_from([2**53 + n, 2**63 + n, 2**64 + n, -(2**63) + n])),
    st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def code_lists(draw: DrawFn, classes: int) -> tuple[int, ...]:
    if draw(st.booleans()):
        return tuple(range(1, classes + 1))
    sparse = st.one_of(st.integers(1, 300), st.integers(1, LARGEST_CODE))
    return tuple(draw(st.lists(sparse, min_size=classes, max_size=classes, unique=True)))


@st.composite
def interval_tables(draw: DrawFn, *, least: int = 2, most: int = 7) -> ClassTable:
    inner: list[Number] = sorted(draw(st.lists(NUMBERS, min_size=least, max_size=most, unique=True)))
    low, high = draw(st.booleans()), draw(st.booleans())
    edges = (*([-math.inf] if low else []), *inner, *([math.inf] if high else []))
    closed: Closed = draw(st.sampled_from(["right", "left"]))
    return ClassTable(codes=draw(code_lists(len(edges) - 1)), edges=edges, closed=closed)


@st.composite
def value_tables(draw: DrawFn) -> ClassTable:
    values = tuple(draw(st.lists(NUMBERS, min_size=1, max_size=7, unique=True)))
    return ClassTable(codes=draw(code_lists(len(values))), values=values)


def near(number: Number, dtype: np.dtype[Any]) -> list[Any]:
    """What a type can hold at and beside a number."""
    if dtype.kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            at = np.array([number], dtype=np.float64).astype(dtype)[0]
            return [at, np.nextafter(at, dtype.type(-np.inf)), np.nextafter(at, dtype.type(np.inf))]
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    at = high if number == math.inf else low if number == -math.inf else math.floor(number)
    return [min(max(at + step, low), high) for step in (-1, 0, 1, 2)]


@st.composite
def arrays_for(draw: DrawFn, table: ClassTable, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values at the edges of a table, beside them, and anywhere."""
    beside = [value for number in (*table.edges, *table.values) for value in near(number, dtype)]
    if dtype.kind == "f":
        width = 8 * dtype.itemsize
        anywhere: st.SearchStrategy[Any] = st.floats(width=width)  # type: ignore[arg-type]
    else:
        low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        anywhere = st.integers(low, high)
    values = draw(st.lists(st.one_of(st.sampled_from(beside), anywhere), max_size=24))
    return np.array(values, dtype=dtype)


def check(values: NDArray[Any], table: ClassTable) -> None:
    codes = classify(values, table)
    assert codes.dtype == table.dtype
    assert codes.dtype == np.min_scalar_type(max(table.codes))
    assert codes.shape == values.shape
    assert codes.ravel().tolist() == [expected_code(value, table) for value in values.ravel()]


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), table=interval_tables())
def test_intervals_follow_the_rule(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    check(data.draw(arrays_for(table, np.dtype(dtype))), table)


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), table=value_tables())
def test_single_values_follow_the_rule(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    check(data.draw(arrays_for(table, np.dtype(dtype))), table)


@pytest.mark.parametrize("dtype", ["int16", "uint64", "float32", "float64"])
@few
@given(data=st.data(), table=interval_tables(least=66, most=80))
def test_many_edges_follow_the_rule(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    check(data.draw(arrays_for(table, np.dtype(dtype))), table)


@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("count", [63, 64, 65, 66, 67, 254, 255, 256, 257, 300])
def test_few_and_many_edges_agree_where_the_method_changes(count: int, closed: Closed) -> None:
    cutoffs, values = np.arange(0, 3 * count, 3), np.arange(-2, 3 * count + 2)
    passed = values[:, np.newaxis] > cutoffs if closed == "right" else values[:, np.newaxis] >= cutoffs
    for dtype in ("int16", "int32", "float32"):
        codes = classify(values.astype(dtype), ClassTable.from_cutoffs(cutoffs.tolist(), closed=closed))
        np.testing.assert_array_equal(codes, 1 + passed.sum(axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), table=interval_tables())
def test_clamp_gives_the_nearest_class(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    values = data.draw(arrays_for(table, np.dtype(dtype)))
    codes = classify(values, table, outside="clamp")
    assert codes.tolist() == [expected_code(value, table, outside="clamp") for value in values]


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), table=st.one_of(interval_tables(), value_tables()))
def test_error_is_raised_for_a_valid_value_outside(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    values = data.draw(arrays_for(table, np.dtype(dtype)))
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))), dtype=bool)
    found = [expected_code(value, table, outside="error") for value in values]
    if any(code is None for code, is_valid in zip(found, valid, strict=True) if is_valid):
        with pytest.raises(DataError, match="is outside of"):
            classify(values, table, valid=valid, outside="error")
    else:
        codes = classify(values, table, valid=valid, outside="error")
        assert codes.tolist() == [code if v else 0 for code, v in zip(found, valid, strict=True)]


LAYOUTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "little-endian": lambda a: a.astype(a.dtype.newbyteorder("<")),
    "reversed": lambda a: a[::-1],
    "every second": lambda a: np.repeat(a, 2)[::2],
    "column": lambda a: np.stack([a, a[::-1]]).T,
    "Fortran order": lambda a: np.asfortranarray(np.stack([a, a[::-1], a])),
    "big-endian column": lambda a: np.stack([a, a]).astype(a.dtype.newbyteorder(">")).T,
    "no element": lambda a: a[:0].reshape(0, 3),
    "3-D": lambda a: np.broadcast_to(a, (2, 3, len(a))),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@few
@given(data=st.data(), table=st.one_of(interval_tables(), value_tables()))
def test_the_layout_in_memory_does_not_matter(dtype: str, layout: str, data: st.DataObject, table: ClassTable) -> None:
    values = LAYOUTS[layout](data.draw(arrays_for(table, np.dtype(dtype))))
    values.flags.writeable = False
    check(values, table)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "table",
    [ClassTable.from_cutoffs([1]), ClassTable.from_cutoffs(range(80)), ClassTable(codes=(7,), values=(1,))],
    ids=["few", "many", "values"],
)
def test_a_single_number_is_an_array_without_axes(dtype: str, table: ClassTable) -> None:
    one = np.ones((), dtype=dtype)
    codes = classify(one, table)
    assert isinstance(codes, np.ndarray)
    assert codes.shape == ()
    assert codes == expected_code(one[()], table)
    assert classify(one, table, valid=np.array(False)) == 0
    assert classify(1, table) == classify(1.0, table)


@pytest.mark.parametrize("dtype", DTYPES)
@some
@given(data=st.data(), table=st.one_of(interval_tables(), value_tables()))
def test_blocks_get_the_codes_of_the_whole(dtype: str, data: st.DataObject, table: ClassTable) -> None:
    values = data.draw(arrays_for(table, np.dtype(dtype)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    outside: Outside = "nodata" if table.values else data.draw(st.sampled_from(["nodata", "clamp"]))
    blocks = [classify(block, table, outside=outside) for block in np.split(values, cuts)]
    np.testing.assert_array_equal(np.concatenate(blocks), classify(values, table, outside=outside))


@some
@given(table=st.one_of(interval_tables(), value_tables()), data=st.data(), dtype=st.sampled_from(DTYPES))
def test_what_is_not_valid_or_masked_gets_no_class(table: ClassTable, data: st.DataObject, dtype: str) -> None:
    values = data.draw(arrays_for(table, np.dtype(dtype)))
    size = len(values)
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    wanted = np.where(valid, classify(values, table), 0)
    np.testing.assert_array_equal(classify(values, table, valid=valid), wanted)
    masked: Any = np.ma
    np.testing.assert_array_equal(classify(masked.array(values, mask=~valid), table), wanted)
    as_bytes: Any = np.where(valid, 255, 0).astype(np.uint8)
    np.testing.assert_array_equal(classify(values, table, valid=as_bytes), wanted)


@some
@given(table=interval_tables(), first=st.floats(), second=st.floats())
@example(table=ClassTable.from_cutoffs([0.1]), first=0.1, second=0.1)
def test_a_larger_value_is_never_in_a_lower_class(table: ClassTable, first: float, second: float) -> None:
    assume(math.isfinite(first) and math.isfinite(second))
    ordered = ClassTable(codes=tuple(range(1, len(table) + 1)), edges=table.edges, closed=table.closed)
    low, high = classify(np.array(sorted([first, second])), ordered, outside="clamp")
    assert low <= high


@pytest.mark.parametrize("dtype", [">f4", ">i4", ">u2"])
def test_codes_are_in_the_order_of_this_machine(dtype: str) -> None:
    codes = classify(np.array([1, 9], dtype=dtype), ClassTable(codes=(300, 70000), edges=(0, 5, 10)))
    assert codes.dtype == np.dtype(np.uint32)
    assert codes.dtype.isnative
    assert codes.tolist() == [300, 70000]


def test_the_values_are_left_alone() -> None:
    values = np.array([[1, 2], [3, 4]], dtype=np.int16)
    before = values.copy()
    classify(values, ClassTable.from_cutoffs([2]))
    np.testing.assert_array_equal(values, before)


def test_a_table_that_a_type_cannot_reach_gives_no_class() -> None:
    above = ClassTable(codes=(1, 2), edges=(2**70, 2**71, 2**72))
    below = ClassTable(codes=(1, 2), edges=(-(2**72), -(2**71), -(2**70)))
    for dtype in DTYPES:
        values = np.array([0, 1], dtype=dtype)
        assert classify(values, above).tolist() == [0, 0]
        assert classify(values, below).tolist() == [0, 0]


def test_a_value_beyond_half_precision_does_not_match_infinity() -> None:
    table = ClassTable(codes=(1, 2), values=(1e6, 3))
    assert classify(np.array([np.inf, 3], dtype=np.float16), table).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([1j]), "complex"),
        (np.array(["a"]), "<U1"),
        (np.array([1], dtype="M8[s]"), "datetime64"),
        (np.array([None]), "object"),
        ([2**70], "object"),
    ],
    ids=["complex", "text", "dates", "objects", "too large"],
)
def test_what_has_no_order_is_refused(values: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        classify(values, ClassTable.from_cutoffs([1]))


def test_unknown_ways_of_being_outside_are_refused() -> None:
    table: Any = ClassTable(codes=(1,), values=(1,))
    with pytest.raises(UsageError, match="choose from nodata, clamp, error"):
        classify([1], table, outside="drop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no nearest class"):
        classify([1], table, outside="clamp")


def test_the_error_names_a_value_that_is_outside() -> None:
    with pytest.raises(DataError, match=r"the value 31 is outside of 0 to 10; use another table, or --outside"):
        classify(np.array([[5, 31]]), ClassTable(codes=(1,), edges=(0, 10)), outside="error")
