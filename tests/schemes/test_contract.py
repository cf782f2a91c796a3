"""What every scheme must do, now and later, on values of every type."""

from __future__ import annotations

import math
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.classification import classify
from tsraster.classtable import MOST_CLASSES, ClassTable, Closed
from tsraster.errors import DataError, FewerClassesWarning, UsageError
from tsraster.raster import Pixels
from tsraster.schemes import SCHEMES, Blocks, Counted, Distribution, choose_scheme, tally, tally_array
from tsraster.schemes.streamed import Streamed

derandomized = settings(derandomize=True, deadline=None, database=None, max_examples=30)
fewer = settings(derandomized, max_examples=15)
each_scheme = pytest.mark.parametrize("name", list(SCHEMES))
DTYPES = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64")
SIDES: tuple[Closed, Closed] = ("right", "left")
CutStream = Callable[..., Any]

REFUSALS: dict[str, Callable[[NDArray[Any], int], bool]] = {
    "cannot be divided": lambda values, _: values.min() == values.max(),
    "no value is above 0": lambda values, _: values.max() <= 0,
    "different values": lambda values, classes: len(np.unique(values)) > classes,
    # What two maxima are is the rule of scikit-image; it is called on the same values in the tests of oracles.
    "Unable to find two maxima": lambda values, _: True,
    "too near each other": lambda values, _: np.ptp(values / 2) <= 256 * np.spacing(np.abs(values / 2).max()),
}
"""What a scheme may refuse, and when."""


@st.composite
def arrays(draw: st.DrawFn) -> NDArray[Any]:
    """Values of any type, at least two of them different; integers span less than 400, in any part of their range."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    if dtype.kind == "f":
        wide = st.floats(-999, 999).map(lambda number: round(number, 3))
        numbers = draw(st.sampled_from([wide, st.sampled_from([0.0, -0.0, 0.1, 0.3, -1.5, 7.0]), st.floats(0.001, 60)]))
    else:
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        start = draw(st.sampled_from([max(low, -5), 0, max(low, -300), min(high, 30_000) - 399]))
        start = min(max(start, low), high - 255)
        numbers = st.integers(start, min(start + draw(st.sampled_from([3, 20, 399])), high))
    rounded = numbers.map(lambda number: dtype.type(number).item())
    return np.array(
        draw(st.lists(rounded, min_size=2, max_size=40).filter(lambda many: len(set(many)) > 1)), dtype=dtype
    )


def far_arrays(dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """Yield values at the ends of a type, or hardly apart, of which now the small and now the large are many."""
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        near = [1 + i * limits.eps for i in range(1, 5)]
        pools = [near[:2], near[1:3], near, [0, limits.smallest_subnormal, limits.tiny]]
        pools += [[limits.min, limits.max], [limits.min, 0, 1, limits.max], [1, limits.max / 2, limits.max]]
    else:
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        pools = [[high - 4, high - 3, high], [high - 1, high], [low, low + 1, low + 3], [low, high], [low, 0, 7, high]]
        pools = [sorted(set(pool)) for pool in pools] + [[high // 2 + i for i in range(1, 5)]]
    for pool in pools:
        for times in (1, -1):
            values = np.array(pool, dtype=dtype)
            yield np.repeat(values, 4 ** np.arange(len(pool))[::times])


def suit(name: str, classes: int | None) -> int | None:
    """Return a number of classes that the scheme can be asked for."""
    scheme = SCHEMES[name]
    if classes is None:
        return None if scheme.usual or scheme.fixed else 5
    return max(classes, scheme.fixed or 1)


def fit(
    name: str, classes: int | None, distribution: Distribution, closed: Closed = "right"
) -> tuple[ClassTable, list[str]]:
    """Return the table, and what was said of fewer classes; any other warning is an error."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("error")
        warnings.simplefilter("always", FewerClassesWarning)
        table = choose_scheme(name, classes).fit(distribution, closed=closed)
    return table, [str(warning.message) for warning in said]


def check(name: str, classes: int | None, values: NDArray[Any], closed: Closed) -> ClassTable | None:
    """Fit a scheme, and check what holds for every one; return None where it refuses, rightly, to be fitted."""
    refusal = ""
    try:
        table, said = fit(name, classes, tally_array(values), closed)
    except DataError as error:
        refusal = str(error)
    if refusal:
        assert len(refusal) < 200
        assert "\n" not in refusal
        assert any(text in refusal and holds(values, classes or MOST_CLASSES) for text, holds in REFUSALS.items())
        return None
    most, codes = choose_scheme(name, classes).classes, classify(values, table)
    assert 1 <= len(table) <= most
    assert codes.all()  # no value is outside
    assert (np.diff(codes[np.argsort(values, kind="stable")].astype(np.int64)) >= 0).all()
    if SCHEMES[name].single:
        assert table.values == tuple(np.unique(values).tolist())
        return table
    assert all(math.isfinite(edge) for edge in table.edges)
    assert all(low < high for low, high in pairwise(table.edges))
    assert (table.edges[0], table.edges[-1]) == (values.min().item(), values.max().item())
    assert SCHEMES[name].regular or set(codes.tolist()) == set(table.codes)  # none is empty
    assert len(said) == (classes is not None and len(table) < most)
    assert all(f"made {len(table)} class" in text and f"instead of {most}" in text for text in said)
    return table


@each_scheme
@derandomized
@given(values=arrays(), classes=st.sampled_from([None, 2, 3, 5, 20]), closed=st.sampled_from(SIDES))
def test_classes_increase_and_hold_all_values(
    name: str, values: NDArray[Any], classes: int | None, closed: Closed
) -> None:
    check(name, suit(name, classes), values, closed)


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Raise an error in what takes longer, where the system has alarms."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"no answer in {seconds} s")

    if hasattr(signal, "SIGALRM"):
        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", [name for name in SCHEMES if not SCHEMES[name].fixed and not SCHEMES[name].single])
@pytest.mark.parametrize("values", [[-0.5, 0.2, 0.5], [0, 1, 7], [0.0, 1.0, 7.0], [3, 4, 9]])
def test_one_class_holds_everything(name: str, values: list[float]) -> None:
    with in_time(3):
        table = check(name, 1, np.array(values), "right")
    assert table is not None
    assert table.edges == (values[0], values[-1])


@each_scheme
@pytest.mark.parametrize("dtype", DTYPES[4:])
def test_so_they_do_at_the_ends_of_a_type(name: str, dtype: str) -> None:
    for values, classes, closed in product(far_arrays(np.dtype(dtype)), (2, 6), SIDES):
        note = f"{np.unique(values, return_counts=True)}, {classes} classes, closed on the {closed}"
        try:
            check(name, suit(name, classes), values, closed)
        except Exception as error:
            raise AssertionError(f"{note}: {error!r}") from error


@each_scheme
@fewer
@given(values=arrays(), classes=st.sampled_from([2, 3, 6]))
def test_the_closed_side_does_not_change_what_is_divided(name: str, values: NDArray[Any], classes: int) -> None:
    right, left = (check(name, suit(name, classes), values, closed) for closed in SIDES)
    if right is not None and left is not None and not SCHEMES[name].regular:
        np.testing.assert_array_equal(classify(values, right), classify(values, left))


@each_scheme
@fewer
@given(
    values=arrays(),
    cuts=st.lists(st.integers(0, 40), max_size=3),
    seed=st.integers(0, 99),
    closed=st.sampled_from(SIDES),
)
def test_shuffling_cutting_and_masking_change_nothing(
    cut_stream: CutStream, name: str, values: NDArray[Any], cuts: list[int], seed: int, closed: Closed
) -> None:
    classes = suit(name, 4)
    table = check(name, classes, values, closed)
    if table is None:
        return
    shuffled = np.random.default_rng(seed).permutation(np.concatenate((values, values)))
    # Of each pair one is valid; what is not has any value at all.
    order = np.argsort(shuffled, kind="stable")
    valid = np.zeros(len(shuffled), bool)
    valid[order[::2]] = True
    shuffled[~valid] = np.nan if values.dtype.kind == "f" else 77
    stream = cut_stream(shuffled, valid, cuts, seed)
    again, _ = fit(name, classes, tally(stream), closed)
    assert again == table
    assert again.to_json() == table.to_json()
    if values.dtype in (np.int16, np.uint16):
        streamed, _ = fit(name, classes, Streamed(stream), closed)
        np.testing.assert_allclose(
            streamed.edges or streamed.values, table.edges or table.values, rtol=1e-12, atol=1e-9
        )
        np.testing.assert_array_equal(classify(values, streamed), classify(values, table))


@each_scheme
@pytest.mark.parametrize("dtype", DTYPES)
def test_constant_input_is_answered(name: str, dtype: str) -> None:
    constant = tally_array(np.full((2, 3), 7, dtype))
    if SCHEMES[name].single:
        table, _ = fit(name, None, constant)
        assert table.values == (7,)
        return
    with pytest.raises(DataError, match=r"all 6 valid pixels have the value 7.* cannot be divided") as error:
        choose_scheme(name, suit(name, 3)).fit(constant)
    assert str(error.value).endswith("use --cutoffs")


@each_scheme
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "uint64", "float32", "float64"])
def test_input_without_data_is_answered(name: str, dtype: str) -> None:
    nothing = Pixels(data=np.full((2, 3), 7, dtype), valid=np.zeros((2, 3), bool))
    for blocks in ([nothing], [nothing] * 3):
        with pytest.raises(DataError, match="no pixel is valid; all are nodata"):
            choose_scheme(name, suit(name, 3)).fit(tally(Blocks(*blocks)))


@each_scheme
def test_only_values_outside_of_its_domain_make_a_scheme_refuse(name: str) -> None:
    positive = np.random.default_rng(5).lognormal(2, 1, 3000)
    two_hills = np.concatenate((positive, positive + 40))
    assert check(name, suit(name, 5) if not SCHEMES[name].single else 6000, two_hills, "right") is not None
    for values in (-two_hills, np.minimum(0, 30 - two_hills)):
        try:
            fit(name, suit(name, 5), tally_array(values))
        except DataError as error:
            assert "no value is above 0" in str(error) or "different values" in str(error)  # noqa: PT017


@each_scheme
def test_a_rare_value_among_very_many_warns_nobody(name: str) -> None:
    values = np.array([0, 1, 2, 200])
    counted = Counted(values, np.array([10**9, 10**9, 10**9, 1]))
    try:
        table, _ = fit(name, suit(name, 5), counted)
    except DataError as error:
        assert "Unable to find two maxima" in str(error)  # noqa: PT017
    else:
        assert classify(values, table).all()


@each_scheme
@pytest.mark.parametrize("classes", [0, -1, MOST_CLASSES + 1])
def test_a_number_of_classes_that_cannot_be_is_refused(name: str, classes: int) -> None:
    with pytest.raises(UsageError, match=f"{classes} bins or classes cannot be made"):
        choose_scheme(name, classes)


@each_scheme
def test_more_classes_than_values_are_reported(name: str) -> None:
    values = np.array([1, 1, 1, 2, 2, 5, 5, 5, 5, 9], dtype=np.uint8)
    if SCHEMES[name].single or SCHEMES[name].regular:
        assert check(name, 50, values, "right") is not None
        return
    table, said = fit(name, 50, tally_array(values))
    assert len(table) <= 4
    assert len(said) == 1
