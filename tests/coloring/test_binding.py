"""A color table bound to classes has the right color for each, or says which are missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.coloring import bind_lut, spread_ramp
from tsraster.errors import LutError
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut, shipped_luts

derandomized = settings(derandomize=True, deadline=None, database=None)
levels = st.integers(0, 255)
colors = st.tuples(levels, levels, levels, levels)


@st.composite
def ramps(draw: st.DrawFn) -> Lut:
    keys = sorted(draw(st.sets(st.integers(-1000, 1000), min_size=2, max_size=7)))
    stops = draw(st.lists(colors, min_size=len(keys), max_size=len(keys)))
    return Lut(name="ramp", kind="ramp", keys=tuple(key / 8 for key in keys), colors=tuple(stops))


def naive_channel(ramp: Lut, at: float, channel: int) -> float:
    """Look for the two stops around a place and mix them."""
    for i in range(len(ramp.keys) - 1):
        low, high = ramp.keys[i], ramp.keys[i + 1]
        if at <= high or i == len(ramp.keys) - 2:
            share = (at - low) / (high - low)
            return (1 - share) * ramp.colors[i][channel] + share * ramp.colors[i + 1][channel]
    raise AssertionError


@derandomized
@given(ramp=ramps(), classes=st.integers(1, 40))
def test_a_ramp_is_spread_evenly_from_end_to_end(ramp: Lut, classes: int) -> None:
    spread = spread_ramp(ramp, classes)
    assert len(spread) == classes
    if classes > 1:
        assert (spread[0], spread[-1]) == (ramp.colors[0], ramp.colors[-1])
    for i, color in enumerate(spread):
        share = i / (classes - 1) if classes > 1 else 0.5
        at = ramp.keys[0] + share * (ramp.keys[-1] - ramp.keys[0])
        for channel, level in enumerate(color):
            assert isinstance(level, int)
            assert abs(level - naive_channel(ramp, at, channel)) <= 0.5 + 1e-9


@derandomized
@given(ramp=ramps(), codes=st.lists(st.integers(1, 2**32 - 1), min_size=1, max_size=30, unique=True))
def test_a_ramp_follows_the_order_of_the_codes(ramp: Lut, codes: list[int]) -> None:
    bound = bind_lut(ramp, codes)
    assert (bound.kind, bound.name) == ("classes", "ramp")
    assert bound.keys == tuple(sorted(codes))
    by_code = dict(zip(bound.keys, bound.colors, strict=True))
    assert tuple(by_code[code] for code in codes) == spread_ramp(ramp, len(codes))


def test_a_table_gives_each_code_its_color_and_name() -> None:
    table = Lut(
        name="t",
        kind="classes",
        keys=(1, 4, 9),
        colors=((1, 1, 1, 255), (4, 4, 4, 255), (9, 9, 9, 255)),
        names=("one", "four", "nine"),
        nodata=(7, 7, 7, 7),
    )
    bound = bind_lut(table, [9, 1])
    assert (bound.keys, bound.colors) == ((1, 9), ((1, 1, 1, 255), (9, 9, 9, 255)))
    assert (bound.names, bound.nodata) == (("one", "nine"), (7, 7, 7, 7))
    assert bind_lut(bound, [9, 1]) == bound


def test_a_color_of_the_code_0_is_that_of_no_class() -> None:
    table = Lut(name="t", kind="classes", keys=(0, 1), colors=((5, 6, 7, 255), (1, 1, 1, 255)), names=("none", "one"))
    bound = bind_lut(table, [1])
    assert (bound.keys, bound.nodata) == ((1,), (5, 6, 7, 255))


@pytest.mark.parametrize("name", shipped_luts())
def test_without_any_class_only_the_color_of_no_class_is_left(name: str) -> None:
    bound = bind_lut(read_lut(name), [])
    assert set(bound.colors) == {bound.nodata} == {read_lut(name).nodata}


def test_missing_codes_are_listed_up_to_twelve() -> None:
    table = Lut(name="t", kind="classes", keys=(1,), colors=((1, 1, 1, 255),))
    with pytest.raises(LutError, match=r"t has no color for the code 3 \(1 of 2\); add them, or use a ramp"):
        bind_lut(table, [3, 1])
    with pytest.raises(LutError, match=r"codes 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, \.\.\. \(98 of 98\)"):
        bind_lut(table, range(2, 100))


@pytest.mark.parametrize("name", [name for name in shipped_luts() if read_lut(name).kind == "ramp"])
def test_shipped_ramps_have_different_colors_for_twenty_classes(name: str) -> None:
    assert len(set(spread_ramp(read_lut(name), 20))) == 20
