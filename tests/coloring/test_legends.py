"""A legend shows every class in its color and order, nothing overlaps, and pixels, SVG and HTML say the same."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.classtable import ClassTable
from tsraster.coloring.legends.bars import find_round_numbers, settle
from tsraster.coloring.legends.drawing import choose_ink, draw_legend
from tsraster.coloring.legends.layout import plan_legend
from tsraster.coloring.legends.markup import legend_html, legend_svg
from tsraster.coloring.legends.parts import Legend, Line, Part, Strip
from tsraster.coloring.legends.typefaces import Typeface, find_typeface
from tsraster.errors import LossWarning, MissingExtraError, UsageError
from tsraster.lut import RGBA, Lut, clean_name
from tsraster.lutfiles import read_lut
from tsraster.lutfiles.shipped import shipped_luts

derandomized = settings(derandomize=True, deadline=None, database=None, max_examples=60)

WHITE, GRAY = (255, 255, 255, 255), (118, 118, 118, 255)
RED, GREEN, BLUE, CLEAR = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)
TWO = Lut(name="two", kind="classes", keys=(1, 7), colors=(RED, BLUE), names=("water", ""))
LONG = "a name of a class that is far too long for one line, as those of the soil maps of some countries are"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ODD = Lut(
    name="odd",
    kind="classes",
    keys=(0, 1.5, 3, 4, 10**20),
    colors=(WHITE, CLEAR, (0, 0, 0, 255), (255, 0, 0, 80), BLUE),
    names=("snow, gjpqy ÅÇ", LONG, WORD, '<b> & "quotes"', ""),
    nodata=(200, 200, 200, 255),
)
OPEN = Lut(
    name="open",
    kind="intervals",
    keys=(-math.inf, 290, 295.5, 300),
    colors=(BLUE, GREEN, (255, 220, 90, 128)),
    above=RED,
    below=RED,
)
JUMP = Lut(
    name="jump",
    kind="ramp",
    keys=(0, 50, 50, 100),
    colors=(CLEAR, BLUE, GREEN, RED),
    below=(0, 0, 0, 255),
    above=(9, 9, 99, 255),
    percent=True,
    nodata=(128, 128, 128, 255),
)
SEA = Lut(
    name="sea",
    kind="ramp",
    keys=(-8000, -50, 0, 0, 20, 200, 4000),
    colors=(BLUE, BLUE, GREEN, RED, GREEN, GREEN, WHITE),
    names=("deep sea", "shelf break", "sea side", "land side", LONG, "hills", ""),
)
POSITIONS = Lut(name="positions", kind="index", colors=tuple((i, 255 - i, 7, 255) for i in range(256)))
OWN = {"two": TWO, "odd": ODD, "open": OPEN, "jump": JUMP, "sea": SEA, "positions": POSITIONS}


def find_lut(name: str) -> Lut:
    return OWN[name] if name in OWN else read_lut(name)


ALL = sorted([*OWN, *shipped_luts()])
WAYS = [
    {},
    {"horizontal": True},
    {"size": 6},
    {"size": 37, "title": LONG, "unit": "K"},
    {"horizontal": True, "size": 9},
]


def pixel(picture: NDArray[np.uint8], x: float, y: float) -> RGBA:
    red, green, blue, alpha = picture[:, int(y), int(x)].tolist()
    return red, green, blue, alpha


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def check_layout(legend: Legend) -> None:
    """Everything is inside, and nothing lies on a text, a swatch or a bar."""
    for part in legend.parts:
        left, top, right, bottom = part.bounds
        assert 0 <= left < right <= legend.width, part
        assert 0 <= top < bottom <= legend.height, part
    solid: list[Part] = [*legend.boxes, *legend.strips, *legend.texts]
    for one, other in combinations(solid, 2):
        assert not overlap(one.bounds, other.bounds), (one, other)
    marks: list[Part] = [*legend.lines, *legend.tips]
    for text in legend.texts:
        for mark in marks:
            assert not overlap(text.bounds, mark.bounds), (text, mark)


def squeeze(text: str) -> str:
    return "".join(text.split())


def said(legend: Legend) -> str:
    return squeeze("".join(text.text for text in legend.texts))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", ALL)
def test_nothing_overlaps_and_nothing_is_cut(name: str, way: dict[str, Any]) -> None:
    legend = plan_legend(find_lut(name), **way)
    check_layout(legend)
    picture = draw_legend(legend)
    assert (picture.shape, picture.dtype) == ((4, legend.height, legend.width), np.uint8)
    frame = np.ones(picture.shape[1:], bool)
    frame[1:-1, 1:-1] = False
    assert (picture[:, frame] == 255).all()


texts = st.one_of(
    st.sampled_from(
        ["", "water", LONG, WORD, "<&>\"'", "水田と森林地帯", "مياه", "e\u0301\u0323", "a  b", "]]>", "x\u200by"]
    ),
    st.text(st.sampled_from("ab W.,ÅÜñж-/("), max_size=60),
)
rgba = st.tuples(*[st.one_of(st.integers(0, 255), st.just(255))] * 4)
numbers = st.one_of(
    st.integers(-50, 50),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: abs(number) < 1e300),
)


@st.composite
def luts(draw: st.DrawFn) -> Lut:
    kind: Any = draw(st.sampled_from(["classes", "intervals", "ramp", "index"]))
    keys = sorted(draw(st.lists(numbers, min_size=2, max_size=45, unique=True)))
    if kind == "ramp" and draw(st.booleans()):
        keys.insert(1, keys[1])
    colors = len(keys) - (kind == "intervals")
    side = draw(st.one_of(st.none(), rgba))
    return Lut(
        name="drawn",
        kind=kind,
        keys=() if kind == "index" else tuple(keys),
        colors=tuple(draw(st.lists(rgba, min_size=colors, max_size=colors))),
        names=tuple(draw(st.lists(texts, min_size=colors, max_size=colors))) if draw(st.booleans()) else (),
        nodata=draw(rgba),
        below=side,
        above=side,
        closed=draw(st.sampled_from(["right", "left"])),
    )


options = st.fixed_dictionaries(
    {"horizontal": st.booleans(), "size": st.sampled_from([4, 5, 11, 14, 16, 33])},
    optional={
        "title": texts,
        "unit": st.sampled_from(["K", "m²"]),
        "columns": st.integers(1, 9),
        "length": st.integers(1, 900),
    },
)


@derandomized
@given(lut=luts(), way=options)
def test_any_table_is_laid_out_and_written(lut: Lut, way: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        legend = plan_legend(lut, **way)
        page = legend_html(lut, **{key: value for key, value in way.items() if key != "length"})
    check_layout(legend)
    ElementTree.fromstring(legend_svg(legend))
    HtmlTexts().feed_all(page)
    if not legend.strips:
        for name in lut.names:
            assert squeeze(name) in said(legend)


@derandomized
@given(lut=luts(), size=st.sampled_from([4, 9, 14, 15, 32]), horizontal=st.booleans())
def test_a_swatch_has_the_color_of_the_table_and_a_gray_outline(lut: Lut, size: int, horizontal: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        legend = plan_legend(lut, size=size, horizontal=horizontal)
        picture = draw_legend(legend)
    if not legend.strips:
        extra = [color for color in (lut.below, lut.above, lut.nodata) if color is not None and color[3]]
        assert sorted(box.color for box in legend.boxes) == sorted([*lut.colors, *extra])
    for box in legend.boxes:
        left, top, right, bottom = box.bounds
        inside = picture[:, top + legend.stroke : bottom - legend.stroke, left + legend.stroke : right - legend.stroke]
        if box.color[3] == 255:
            assert (inside == np.array(box.color)[:, None, None]).all()
        else:
            assert (inside[3] == 255).all()
        for x, y in ((left, top), (right - 1, bottom - 1), ((left + right) // 2, top), (left, (top + bottom) // 2)):
            assert pixel(picture, x, y) == GRAY


def test_what_shines_through_lies_on_checks() -> None:
    legend = plan_legend(replace(TWO, colors=((255, 0, 0, 51), CLEAR)))
    picture = draw_legend(legend)
    found = []
    for box in legend.boxes:
        x, y = box.x + legend.stroke, box.y + legend.stroke
        found.append([pixel(picture, x + i * legend.check, y)[:3] for i in (0, 1, 2)])
    light, dark = (255, 204, 204), (214, 163, 163)
    assert found == [[light, dark, light], [(255,) * 3, (204,) * 3, (255,) * 3]]


@pytest.mark.parametrize("name", ["nlcd", "worldcover", "thin-section", "categorical"])
@pytest.mark.parametrize("horizontal", [False, True])
@pytest.mark.parametrize("size", [12, 14, 15, 18, 25])
def test_each_class_stands_beside_its_color_in_the_order_of_the_table(name: str, horizontal: bool, size: int) -> None:
    lut = read_lut(name)
    legend = plan_legend(lut, horizontal=horizontal, size=size)
    assert [text.text for text in legend.texts] == [
        name or str(key) for key, name in zip(lut.keys, lut.names, strict=True)
    ]
    assert tuple(box.color for box in legend.boxes) == lut.colors
    for box, text in zip(legend.boxes, legend.texts, strict=True):
        assert box.x + box.width < text.left < box.x + box.width + legend.boxes[0].width
        _, _, capital = legend.typeface.metrics(text.size)
        assert 2 * text.y - capital == 2 * box.y + box.height
    places = [(box.y, box.x) if horizontal else (box.x, box.y) for box in legend.boxes]
    assert places == sorted(places)


def test_the_steps_between_rows_and_between_columns_are_even() -> None:
    legend = plan_legend(read_lut("categorical"))
    rows, columns = (sorted({getattr(box, axis) for box in legend.boxes}) for axis in "yx")
    assert len(rows) * len(columns) - len(rows) < 256 <= len(rows) * len(columns)
    assert len({b - a for a, b in pairwise(rows)}) == 1
    assert 1 < legend.width / legend.height < 1.7
    assert {text.left - box.x for text, box in zip(legend.texts, legend.boxes, strict=True)} == {
        legend.texts[0].left - legend.boxes[0].x
    }


def test_a_name_comes_before_a_code_and_a_label_before_both() -> None:
    assert [text.text for text in plan_legend(TWO).texts] == ["water", "7"]
    assert [text.text for text in plan_legend(TWO, labels=["", "dry\nland"]).texts] == ["water", "dry land"]
    assert [text.text for text in plan_legend(TWO, labels=["sea", ""]).texts] == ["sea", "7"]


@pytest.mark.parametrize("closed", ["right", "left"])
def test_intervals_are_said_as_a_class_table_says_them(closed: Any) -> None:
    lut = Lut(name="i", kind="intervals", keys=(0, 0.1, 3, math.inf), colors=(RED, GREEN, BLUE), closed=closed)
    expected = ClassTable(codes=(1, 2, 3), edges=lut.keys, closed=closed).intervals
    assert tuple(text.text for text in plan_legend(lut).texts) == expected


def test_colors_of_what_is_outside_come_last_unless_they_show_nothing() -> None:
    ends = plan_legend(replace(OPEN, keys=(280, *OPEN.keys[1:]), below=WHITE))
    assert (ends.texts[0].text, ends.boxes[0].color) == ("< 280", WHITE)
    assert (ends.texts[-1].text, ends.boxes[-1].color) == ("> 300", RED)
    assert [text.text for text in plan_legend(OPEN).texts] == ["<= 290", "(290, 295.5]", "(295.5, 300]", "> 300"]
    assert "no data" not in said(plan_legend(OPEN))
    last = plan_legend(replace(OPEN, nodata=GREEN, above=CLEAR))
    assert (last.texts[-1].text, last.boxes[-1].color, len(last.boxes)) == ("no data", GREEN, 4)
    assert last.texts[-2].text == "(295.5, 300]"


def test_a_title_takes_room_only_where_there_is_one() -> None:
    bare, titled, unit = plan_legend(TWO), plan_legend(TWO, title="Cover", unit=" m "), plan_legend(TWO, unit="m")
    assert bare.boxes[0].y < 14
    assert (titled.texts[0].text, titled.texts[0].bold, titled.title) == ("Cover (m)", True, "Cover (m)")
    assert unit.texts[0].text == "m"
    assert titled.height == unit.height > bare.height
    many = plan_legend(TWO, title=LONG)
    assert len(many.texts) > 4
    assert said(many).startswith(squeeze(LONG))


@pytest.mark.parametrize("name", [LONG, WORD, "水" * 90])
def test_long_names_go_on_below(name: str) -> None:
    legend = plan_legend(replace(TWO, names=(name, "next")))
    lines = legend.texts[:-1]
    assert len(lines) > 1
    assert squeeze(name) == squeeze("".join(line.text for line in lines))
    assert len({line.left for line in legend.texts}) == 1
    assert legend.width < 30 * 14


def test_everything_grows_with_the_font() -> None:
    small, large = plan_legend(ODD, size=10), plan_legend(ODD, size=40)
    assert large.width / small.width == pytest.approx(4, rel=0.1)
    assert large.height / small.height == pytest.approx(4, rel=0.1)
    assert large.boxes[0].width == pytest.approx(4 * small.boxes[0].width, abs=4)
    assert (small.stroke, large.stroke) == (1, 2)


def test_columns_are_those_asked_for() -> None:
    lut = read_lut("nlcd")
    assert len({box.x for box in plan_legend(lut).boxes}) == 1
    for horizontal in (False, True):
        legend = plan_legend(lut, columns=4, horizontal=horizontal)
        assert (len({box.x for box in legend.boxes}), len({box.y for box in legend.boxes})) == (4, 5)
    assert len({box.x for box in plan_legend(TWO, columns=9).boxes}) == 2


@pytest.mark.parametrize("length", [250, 400, 800])
def test_a_list_fits_into_a_length(length: int) -> None:
    lut = read_lut("nlcd")
    tall = plan_legend(lut, length=length, title="Land cover")
    wide = plan_legend(lut, length=length, title="Land cover", horizontal=True)
    assert tall.height <= length
    assert wide.width <= max(length, plan_legend(lut).width)


@pytest.mark.parametrize("length", [150, 333, 700])
@pytest.mark.parametrize("horizontal", [False, True])
@pytest.mark.parametrize("title", ["", "T"])
def test_a_bar_becomes_as_long_as_asked(length: int, horizontal: bool, title: str) -> None:
    legend = plan_legend(JUMP, length=length, horizontal=horizontal, title=title)
    check_layout(legend)
    assert (legend.width if horizontal else legend.height) == length


def bar_colors(legend: Legend, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels along the middle of the bar from the low end to the high one, shape (pixel, 4)."""
    (strip,), stroke = legend.strips, legend.stroke
    left, top, right, bottom = strip.bounds
    if strip.is_vertical:
        return picture[:, top + stroke : bottom - stroke, (left + right) // 2].T[::-1]
    return picture[:, (top + bottom) // 2, left + stroke : right - stroke].T


@pytest.mark.parametrize("horizontal", [False, True])
@pytest.mark.parametrize("size", [8, 14, 40])
@pytest.mark.parametrize("name", ["gray", "ndvi", "terrain", "thermal"])
def test_a_number_stands_where_the_bar_has_its_color(name: str, size: int, horizontal: bool) -> None:
    lut = read_lut(name)
    legend = plan_legend(lut, size=size, horizontal=horizontal)
    picture = draw_legend(legend)
    colors = bar_colors(legend, picture)
    assert [tuple(color) for color in colors[[0, -1]].tolist()] == [lut.colors[0], lut.colors[-1]]
    assert 3 <= len(legend.texts) == len(legend.lines) <= 7
    step = (lut.keys[-1] - lut.keys[0]) / (len(colors) - 1)
    for text, line in zip(legend.texts, legend.lines, strict=True):
        at = nearest_pixel(line, legend.strips[0], legend.stroke, len(colors))
        assert lut.keys[0] + at * step == pytest.approx(float(text.text), abs=0.51 * step + 1e-9)
        expected = [np.interp(lut.keys[0] + at * step, lut.keys, channel) for channel in lut.array.T]
        assert np.abs(colors[at] - expected).max() <= 0.5 + 1e-6


def nearest_pixel(line: Line, strip: Strip, stroke: int, pixels: int) -> int:
    """Return which pixel of the bar, counted from the low end, a tick stands at."""
    left, top, _, _ = strip.bounds
    if strip.is_vertical:
        return pixels - 1 - (math.floor(line.y1) - top - stroke)
    return math.floor(line.x1) - left - stroke


def test_the_high_end_is_on_top_or_at_the_right() -> None:
    tall, wide = plan_legend(JUMP), plan_legend(JUMP, horizontal=True)
    assert [text.text for text in tall.texts][:2] == ["100 %", "75 %"]
    assert [text.text for text in wide.texts][:2] == ["0 %", "25 %"]
    assert tall.texts[-1].text == wide.texts[-1].text == "no data"
    assert [tip.toward for tip in tall.tips] == ["down", "up"]
    assert [tip.toward for tip in wide.tips] == ["left", "right"]
    assert tall.tips[0].y > tall.tips[1].y
    assert wide.tips[0].x < wide.tips[1].x


@pytest.mark.parametrize("horizontal", [False, True])
def test_a_jump_is_sharp_and_tips_have_their_colors(horizontal: bool) -> None:
    legend = plan_legend(JUMP, horizontal=horizontal, size=20)
    picture = draw_legend(legend)
    colors = bar_colors(legend, picture)
    middle = len(colors) // 2
    assert (colors[:middle, 1] < 255).any()
    assert colors[middle - 2, 2] > 240
    assert colors[middle - 2, 1] < 20
    assert colors[middle + 1, 2] == 0
    assert colors[middle + 1, 1] > 240
    for tip in legend.tips:
        left, top, right, bottom = tip.bounds
        assert pixel(picture, (left + right) / 2, (top + bottom) / 2) == tip.color
        assert [pixel(picture, x, y) for x in (left, right - 1) for y in (top, bottom - 1)].count(WHITE) == 2


def test_tips_that_show_nothing_are_left_out() -> None:
    assert plan_legend(replace(JUMP, below=CLEAR, above=None)).tips == ()


def test_names_of_stops_stand_in_place_of_numbers_and_are_moved_apart() -> None:
    for horizontal in (False, True):
        legend = plan_legend(SEA, horizontal=horizontal)
        found = said(legend)
        order = ["deep sea", "shelf break", "sea side / land side", LONG, "hills", "4000"]
        parts = [squeeze(text) for text in (order if horizontal else order[::-1])]
        assert found == "".join(parts)
        check_layout(legend)
    assert said(plan_legend(JUMP, labels=["none", "", "half", ""])) == "100%halfnonenodata"


def test_too_many_names_of_stops_are_left_out_with_a_warning() -> None:
    many = Lut(
        name="many",
        kind="ramp",
        keys=tuple(range(50)),
        colors=tuple((i, i, i, 255) for i in range(50)),
        names=tuple(f"stop {i}" for i in range(50)),
    )
    with pytest.warns(LossWarning, match="the names of 50 stops of many are left out of the legend") as caught:
        legend = plan_legend(many)
    assert caught[0].filename == __file__
    assert [text.text for text in legend.texts] == ["40", "30", "20", "10", "0"]


def test_many_positions_are_a_bar_of_their_colors() -> None:
    legend = plan_legend(POSITIONS, size=60)
    colors = bar_colors(legend, draw_legend(legend))
    assert {tuple(color) for color in colors.tolist()} == set(POSITIONS.colors)
    assert [text.text for text in legend.texts] == ["250", "200", "150", "100", "50", "0"]
    few = replace(POSITIONS, keys=(), colors=POSITIONS.colors[:3], names=())
    assert [text.text for text in plan_legend(few).texts] == ["0", "1", "2"]
    assert len(plan_legend(replace(POSITIONS, names=("first", *[""] * 255))).boxes) == 256


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((5,), ["5"]),
        ((5, 5), ["5"]),
        ((0, 5e-324), ["4.94065646e-324", "0"]),
        ((-1e308, 1e308), ["1e+308", "5e+307", "0", "-5e+307", "-1e+308"]),
        ((1e9, 1e9 + 1), None),
        ((10**300, 10**300 + 10**290), None),
        ((13, 47), ["45", "40", "35", "30", "25", "20", "15"]),
        ((0.1, 0.3), ["0.3", "0.25", "0.2", "0.15", "0.1"]),
    ],
)
def test_ramps_of_any_range_have_numbers(keys: tuple[float, ...], expected: list[str] | None) -> None:
    legend = plan_legend(Lut(name="r", kind="ramp", keys=keys, colors=(RED, BLUE)[: len(keys)]))
    check_layout(legend)
    found = [text.text for text in legend.texts]
    assert len(found) == len(set(found)) >= 1
    assert expected is None or found == expected
    draw_legend(legend)


@derandomized
@given(ends=st.tuples(st.fractions(-1000, 1000), st.fractions(-1000, 1000)), wished=st.integers(2, 6))
def test_round_numbers_are_even_steps_inside_the_range(ends: Any, wished: int) -> None:
    low, high = sorted(ends)
    if low == high:
        return
    found = find_round_numbers(low, high, wished)
    assert low <= found[0] < found[-1] <= high
    (step,) = {b - a for a, b in pairwise(found)}
    assert f"{float(step):e}"[0] in "125"
    assert float(f"{float(step):.0e}") == float(step)
    assert abs(len(found) - wished) <= 3


@derandomized
@given(
    drawn=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 30)), min_size=1, max_size=12), gap=st.integers(0, 5)
)
def test_texts_that_are_moved_apart_stay_in_order_and_between_the_ends(drawn: list[tuple[int, int]], gap: int) -> None:
    places, extents = sorted(place for place, _ in drawn), [extent for _, extent in drawn]
    high = 100 + sum(extents) + (gap + 1) * len(extents)
    found = settle(places, extents, gap, low=0, high=high)
    assert min(found) >= 0
    assert max(found) <= high
    for (a, b), (first, second) in zip(pairwise(found), pairwise(extents), strict=True):
        assert b - a >= (first + second) / 2 + gap


def test_a_ramp_of_65536_stops_takes_no_time_and_no_room() -> None:
    fine = Lut(
        name="fine",
        kind="ramp",
        keys=tuple(i / 65535 for i in range(65536)),
        colors=tuple((i // 256, i % 256, 0, 255) for i in range(65536)),
    )
    start = time.perf_counter()
    assert len(legend_svg(plan_legend(fine))) < 30000
    assert time.perf_counter() - start < 10


def test_the_same_legend_is_the_same_pixels_and_texts() -> None:
    for name in ("sea", "jump", "odd"):
        one, other = (plan_legend(OWN[name], title="Same") for _ in range(2))
        assert one == other
        np.testing.assert_array_equal(draw_legend(one), draw_legend(other))
        assert legend_svg(one) == legend_svg(other)


def darkest(picture: NDArray[np.uint8]) -> int:
    return int(picture[:3].max(axis=0).min())


def test_texts_are_dark_on_light_paper_and_light_on_dark() -> None:
    legend = plan_legend(replace(TWO, colors=(WHITE, WHITE)), title="Title")
    assert darkest(draw_legend(legend)) == 34
    night = draw_legend(legend, background=(10, 10, 30, 255))
    assert pixel(night, 0, 0) == (10, 10, 30, 255)
    first = legend.texts[0]
    left, top, right, bottom = first.bounds
    assert night[0, top:bottom, left:right].max() == 238
    assert choose_ink((0, 0, 0, 0)) == choose_ink((0, 0, 0, 60)) == (34, 34, 34)


def test_on_nothing_texts_have_no_halo() -> None:
    picture = draw_legend(plan_legend(TWO, title="Title"), background=(255, 255, 255, 0))
    assert picture[3].min() == 0
    half = (picture[3] > 0) & (picture[3] < 255)
    assert half.any()
    assert (picture[:3, half] == 34).all()


def test_a_warning_names_the_characters_that_the_font_lacks() -> None:
    legend = plan_legend(replace(TWO, names=("水 and 田", "ça va, Ω ж √")))
    with pytest.warns(LossWarning, match=r"no glyphs for 2 of its characters \(水 田\).*--font") as caught:
        draw_legend(legend)
    assert caught[0].filename == __file__
    assert "水 and 田" in legend_svg(legend)


def test_a_font_is_named_by_its_path(tmp_path: Path) -> None:
    regular = find_typeface(None, 14).files[0]
    if not regular:
        pytest.skip("DejaVu Sans is not installed")
    legend = plan_legend(TWO, font=regular, title="Title")
    assert legend.typeface.files == (regular, regular)
    assert not any(text.bold for text in legend.texts)
    assert "'DejaVu Sans'" in legend.typeface.families
    draw_legend(legend)
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(UsageError, match=r"the font .*broken\.ttf cannot be read"):
        plan_legend(TWO, font=broken)
    # A file of this name is elsewhere on many computers, and that is not what was asked for.
    with pytest.raises(UsageError, match=r"the font .*DejaVuSans\.ttf does not exist"):
        plan_legend(TWO, font=tmp_path / "DejaVuSans.ttf")


def test_the_font_that_pillow_brings_along_does_as_well() -> None:
    legend = replace(plan_legend(TWO), typeface=Typeface(("", "")))
    assert darkest(draw_legend(legend)) < 60
    assert not Typeface(("", "")).has_bold


def test_matplotlib_is_not_imported_for_its_font() -> None:
    code = """
import sys
from tsraster.coloring.legends.drawing import draw_legend
from tsraster.coloring.legends.layout import plan_legend
from tsraster.lut import Lut
assert "PIL" not in sys.modules
draw_legend(plan_legend(Lut(name="one", kind="classes", keys=(1,), colors=((1, 2, 3, 255),))))
assert "PIL" in sys.modules
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_pillow_widths_are_estimated_and_only_pixels_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = {name: plan_legend(find_lut(name), title="Title") for name in ALL}
    for module in ("PIL", "PIL.ImageFont"):
        monkeypatch.setitem(sys.modules, module, None)
    for name, legend in measured.items():
        estimated = plan_legend(find_lut(name), title="Title")
        check_layout(estimated)
        assert said(estimated) == said(legend)
        assert 0.9 * legend.width <= estimated.width <= 1.5 * legend.width
        ElementTree.fromstring(legend_svg(estimated))
        legend_html(find_lut(name))
    with pytest.raises(MissingExtraError, match=r"needs Pillow; install it with: pip install 'tsraster\[plots\]'"):
        draw_legend(measured["two"])
    with pytest.raises(MissingExtraError, match="needs Pillow"):
        plan_legend(TWO, font=__file__)


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        ({"size": 3}, "the font size 3 cannot be used; give a whole number of pixels, 4 to 200"),
        ({"size": 14.5}, "the font size 14.5 cannot be used"),
        ({"columns": 0}, "columns is 0; give a whole number from 1"),
        ({"length": -5}, "length is -5; give a whole number from 1"),
        ({"labels": ["one"]}, "1 labels for the 2 colors of two; give one text for each color, in order"),
        ({"labels": "ab"}, "2 labels for the 2 colors"),
    ],
)
def test_options_that_cannot_work_are_refused(way: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)):
        plan_legend(TWO, **way)


def test_more_than_256_classes_are_refused() -> None:
    many = Lut(name="many", kind="classes", keys=tuple(range(257)), colors=(RED,) * 257)
    with pytest.raises(UsageError, match="lists up to 256 classes, and the color table many has 257"):
        plan_legend(many)
    with pytest.raises(UsageError, match="lists up to 256 classes"):
        legend_html(many)


@pytest.mark.parametrize("background", [(1, 2, 3), (1, 2, 3, 256), (1, 2, 3, -1), (0.5, 0, 0, 255)])
def test_a_background_is_a_color(background: Any) -> None:
    for draw in (draw_legend, legend_svg):
        with pytest.raises(UsageError, match="is no color; give red, green, blue, alpha from 0 to 255"):
            draw(plan_legend(TWO), background=background)


def test_a_picture_that_is_too_large_is_refused_before_it_is_drawn() -> None:
    legend = plan_legend(replace(TWO, names=(LONG * 400, "")), size=150)
    with pytest.raises(UsageError, match=r"the legend would be \d+ x \d+ pixels; choose a smaller font size"):
        draw_legend(legend)


SVG = "{http://www.w3.org/2000/svg}"
NASTY = ['<script>alert("1")</script>', "a & b &amp; ' ]]> <!-- -->"]


def svg_color(element: ElementTree.Element, name: str = "fill", opacity: str = "fill-opacity") -> RGBA:
    red, green, blue = bytes.fromhex(element.attrib[name].removeprefix("#"))
    return red, green, blue, round(255 * float(element.get(opacity, 1)))


@pytest.mark.parametrize("name", ALL)
def test_svg_says_what_the_pixels_show(name: str) -> None:
    legend = plan_legend(find_lut(name), title="Title & more")
    root = ElementTree.fromstring(legend_svg(legend))
    assert root.attrib["viewBox"] == f"0 0 {legend.width} {legend.height}"
    drawn = [(text.text, int(text.attrib["x"]), int(text.attrib["y"])) for text in root.iter(f"{SVG}text")]
    assert drawn == [(text.text, text.x, text.y) for text in legend.texts]
    inset = legend.stroke
    inner = {
        (float(rect.attrib["x"]), float(rect.attrib["y"])): svg_color(rect)
        for rect in root.iter(f"{SVG}rect")
        if "x" in rect.attrib and rect.attrib["fill"].startswith("#")
    }
    for box in legend.boxes:
        assert inner[box.x + inset, box.y + inset] == box.color
    stops = [svg_color(stop, "stop-color", "stop-opacity") for stop in root.iter(f"{SVG}stop")]
    assert stops == [color for strip in legend.strips for _, color in strip.stops]


def test_svg_is_read_out_and_names_nothing_twice_and_nothing_elsewhere() -> None:
    one, other = (
        legend_svg(plan_legend(lut, title="A <title>", labels=labels)) for lut, labels in ((TWO, NASTY), (JUMP, None))
    )
    for text in (one, other):
        root = ElementTree.fromstring(text)
        names = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        assert root.attrib["role"] == "img"
        title, description = (names[name] for name in root.attrib["aria-labelledby"].split())
        assert title.text == "A <title>"
        assert description.text
        assert set(re.findall(r"url\(#(.*?)\)", text)) <= set(names)
        assert text.count("http") == 1
        assert "<script" not in text
    assert NASTY[0] in str(ElementTree.fromstring(one).findtext(f"{SVG}desc"))
    assert not set(re.findall(' id="(.*?)"', one)) & set(re.findall(' id="(.*?)"', other))


class HtmlTexts(HTMLParser):
    """What stands in which element of a page, which must be closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.styles: list[tuple[str, str]] = []

    def feed_all(self, page: str) -> HtmlTexts:
        self.feed(page)
        self.close()
        assert self.open == []
        return self

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        assert tag != "script"
        assert not {"src", "href", "onload"} & {name for name, _ in attrs}
        self.styles.append((tag, dict(attrs).get("style") or ""))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data))


@pytest.mark.parametrize("horizontal", [False, True])
def test_html_is_a_list_of_swatches_and_names(horizontal: bool) -> None:
    found = HtmlTexts().feed_all(legend_html(TWO, title="A <b>", unit="m", labels=NASTY, horizontal=horizontal))
    assert found.texts == [
        ("title", "A <b> (m)"),
        ("figcaption", "A <b> (m)"),
        ("bdi", clean_name(NASTY[0])),
        ("bdi", clean_name(NASTY[1])),
    ]
    grounds = [style.split("background:")[1] for tag, style in found.styles if tag == "span"]
    assert grounds == ["#ff0000", "#0000ff"]
    assert "print-color-adjust:exact" in dict(found.styles)["figure"]


@pytest.mark.parametrize("name", ALL)
def test_html_has_every_entry_and_a_part_of_it_can_be_copied(name: str) -> None:
    lut = find_lut(name)
    page, part = legend_html(lut), legend_html(lut, fragment=True)
    assert page.startswith("<!DOCTYPE html>\n")
    assert '<meta charset="utf-8">' in page
    assert part.strip() in page
    assert (part.startswith("<figure"), part.endswith("</figure>\n")) == (True, True)
    legend = plan_legend(lut)
    found = [text for tag, text in HtmlTexts().feed_all(part).texts if tag in ("bdi", "text")]
    assert squeeze("".join(found)) == said(legend)


def test_a_color_that_shines_through_is_on_checks_in_html() -> None:
    page = legend_html(replace(TWO, colors=((255, 0, 0, 51), BLUE)))
    assert page.count("linear-gradient(rgba(255,0,0,0.2),rgba(255,0,0,0.2)),repeating-conic-gradient") == 1
