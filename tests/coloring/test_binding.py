"""A color table bound to classes has the right color for each, or says which are missing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.coloring import bind_lut, number_colors, spread_ramp, stretch_lut
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


# Intervals and positions ------------------------------------------------------------------------------------------------

RED, GREEN, BLUE = (200, 0, 0, 255), (0, 200, 0, 128), (0, 0, 200, 0)
STEPS = Lut(
    name="steps", kind="intervals", keys=(-math.inf, 1, 2.5, 4), colors=(RED, GREEN, BLUE), names=("a", "", "c")
)
ORDER = Lut(name="order", kind="index", colors=(RED, GREEN, BLUE), names=("a", "", "c"), nodata=(1, 2, 3, 4))


def test_intervals_go_to_codes_in_their_order() -> None:
    bound = bind_lut(STEPS, [30, 10, 20])
    by_code = dict(zip(bound.keys, zip(bound.colors, bound.names, strict=True), strict=True))
    assert by_code == {30: (RED, "a"), 10: (GREEN, ""), 20: (BLUE, "c")}
    assert (bound.kind, bound.keys, bound.nodata) == ("classes", (10, 20, 30), (0, 0, 0, 0))


@pytest.mark.parametrize("codes", [[], [1], [1, 2], [1, 2, 3, 4]], ids=len)
def test_intervals_are_for_as_many_classes(codes: list[int]) -> None:
    with pytest.raises(LutError, match=rf"steps has 3 intervals for {len(codes)} classes; give as many, or use a ramp"):
        bind_lut(STEPS, codes)


@pytest.mark.parametrize("codes", [[], [0, 1, 2]], ids=len)
def test_positions_are_no_codes_until_somebody_says_so(codes: list[int]) -> None:
    with pytest.raises(LutError, match=r"the colors of order have no codes; give them some first: .* --first-code 1"):
        bind_lut(ORDER, codes)


@pytest.mark.parametrize("first", [0, 1, 7, -3, 2**40])
def test_numbered_colors_keep_their_order_names_and_nodata(first: int) -> None:
    numbered = number_colors(ORDER, first)
    assert numbered == replace(ORDER, kind="classes", keys=(first, first + 1, first + 2))
    assert bind_lut(numbered, [first + 2]).colors == (BLUE,)


@pytest.mark.parametrize(("lut", "what"), [(STEPS, "intervals"), (replace(ORDER, kind="classes"), "codes")])
def test_only_colors_without_codes_can_be_numbered(lut: Lut, what: str) -> None:
    with pytest.raises(LutError, match=f"have {what} already; only colors that have none can be given codes"):
        number_colors(lut, 1)


def test_a_ramp_cannot_be_numbered() -> None:
    with pytest.raises(LutError, match="the colors of thermal have values already"):
        number_colors(read_lut("thermal"), 1)


# Ranges -----------------------------------------------------------------------------------------------------------------


@derandomized
@given(ramp=ramps(), low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6))
def test_a_stretched_ramp_spreads_over_classes_as_before(ramp: Lut, low: float, width: float) -> None:
    stretched = stretch_lut(ramp, low, low + width)
    assert (stretched.keys[0], stretched.keys[-1]) == (low, low + width)
    assert (stretched.colors, stretched.kind, stretched.percent) == (ramp.colors, "ramp", False)
    for stop, old in zip(stretched.keys, ramp.keys, strict=True):
        share = (old - ramp.keys[0]) / (ramp.keys[-1] - ramp.keys[0])
        assert stop == pytest.approx(low + share * width, rel=1e-9, abs=1e-6)
    for new, before in zip(spread_ramp(stretched, 9), spread_ramp(ramp, 9), strict=True):
        assert max(abs(a - b) for a, b in zip(new, before, strict=True)) <= 1


def test_percentages_are_those_of_the_range_and_not_of_the_stops() -> None:
    ramp = Lut(name="half", kind="ramp", keys=(25, 50), colors=(RED, GREEN), percent=True)
    assert stretch_lut(ramp, 0, 200).keys == (50, 100)
    assert stretch_lut(replace(ramp, percent=False), 0, 200).keys == (0, 200)


def test_a_jump_stays_where_it_is_in_the_range() -> None:
    ramp = Lut(name="jump", kind="ramp", keys=(0, 1, 1, 4), colors=(RED, GREEN, BLUE, RED), below=BLUE, above=GREEN)
    stretched = stretch_lut(ramp, -100, 300)
    assert stretched.keys == (-100, 0, 0, 300)
    assert (stretched.below, stretched.above) == (BLUE, GREEN)


def test_positions_become_stops_at_equal_steps() -> None:
    stretched = stretch_lut(ORDER, 10, 20)
    assert stretched == replace(ORDER, kind="ramp", keys=(10, 15, 20))
    one = Lut(name="one", kind="index", colors=(RED,))
    assert stretch_lut(one, 10, 20).keys == (10,)


def test_the_whole_range_of_floats_is_a_range() -> None:
    assert stretch_lut(ORDER, -1.7e308, 1.7e308).keys == (-1.7e308, 0, 1.7e308)


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (math.nan, 1), (0, math.nan), (-math.inf, 0), (0, math.inf)], ids=str)
def test_what_is_no_range_is_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(LutError, match="is no range; give a smaller and a larger number"):
        stretch_lut(ORDER, *ends)


def test_a_range_too_narrow_for_its_stops_is_refused() -> None:
    with pytest.raises(LutError, match=r"the range 1, 1\.0000000000000002 is too narrow for 256 stops"):
        stretch_lut(Lut(name="many", kind="index", colors=(RED,) * 256), 1, math.nextafter(1, 2))


@pytest.mark.parametrize(("lut", "what"), [(STEPS, "intervals"), (replace(ORDER, kind="classes"), "codes")])
def test_only_a_ramp_can_be_laid_over_a_range(lut: Lut, what: str) -> None:
    with pytest.raises(LutError, match=f"have {what}; only a ramp can be laid over a range"):
        stretch_lut(lut, 0, 1)
