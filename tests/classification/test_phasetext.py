"""The text of a phase: what is read, that it is written as it is read, and what is said where it is wrong."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsraster.classification.channels import CHANNELS, find_limits
from tsraster.classification.conditions import SIGNS, Between, Compare, Condition, Near, Polygon, Sampled
from tsraster.classification.phases import Phase
from tsraster.classification.phasetext import parse_phases
from tsraster.errors import UsageError
from tsraster.lut import clean_name


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        (
            "hue 180..260, saturation >0.25",
            [Between(channel="hue", low=180, high=260), Compare(channel="saturation", sign=">", limit=0.25)],
        ),
        ("hue 350..20", [Between(channel="hue", low=350, high=20)]),
        (" HUE  180 .. 260 ,saturation>=.25", [Between(channel="hue", low=180, high=260)]),
        ("saturation .2...5", [Between(channel="saturation", low=0.2, high=0.5)]),
        ("b -30..-10.5", [Between(channel="b", low=-30, high=-10.5)]),
        ("L<=5e1", [Compare(channel="lightness", sign="<=", limit=50)]),
        ("b<-10", [Compare(channel="b", sign="<", limit=-10)]),
        ("blue/red >1.5", [Compare(channel="blue/red", sign=">", limit=1.5)]),
        ("near(#1F5fae,12)", [Near(colors=((0x1F, 0x5F, 0xAE),), distance=12)]),
        ("near( #1f5fae #000000 , 2.5 )", [Near(colors=((0x1F, 0x5F, 0xAE), (0, 0, 0)), distance=2.5)]),
        ("points(120,80 30, 45;12)", [Sampled(points=((120, 80), (30, 45)), distance=12)]),
        (
            "polygon(hue, saturation: 180 0.2, 260 0.2, 260 1)",
            [Polygon(channels=("hue", "saturation"), corners=((180, 0.2), (260, 0.2), (260, 1)))],
        ),
        (
            "polygon(a,blue/red:-1 -2,+3 .5,1e1 4)",
            [Polygon(channels=("a", "blue/red"), corners=((-1, -2), (3, 0.5), (10, 4)))],
        ),
    ],
)
def test_a_phase_is_read(text: str, conditions: list[Condition]) -> None:
    (phase,) = parse_phases([f"blue dye: {text}"])
    assert phase.name == "blue dye"
    assert phase.color is None
    assert list(phase.alternatives[0])[: len(conditions)] == conditions


def test_commas_are_and_and_alternatives_stand_between_or() -> None:
    (phase,) = parse_phases(["x #ffff00: red >1, green >2 or blue >3 and red <4 OR gray <.5"])
    assert phase.color == (255, 255, 0)
    assert str(phase) == "x #ffff00: red >1, green >2 or blue >3, red <4 or gray <0.5"
    assert [len(every) for every in phase.alternatives] == [2, 2, 1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hue 180..260", "the phase 'hue 180..260' has no colon; write NAME: CONDITION"),
        ("", "the phase '' has no colon"),
        (": hue 1..2", "the phase ': hue 1..2': a phase cannot be called ''; give it a name"),
        ("blue:", "the phase blue: nothing stands, where a channel, such as hue"),
        ("blue: hues 180..260", "the phase blue: 'hues' is no channel; did you mean hue"),
        ("blue: hue", "the phase blue: nothing stands behind 'hue', where a range or a limit behind hue"),
        ("blue: hue 180", r"nothing stands behind '180', where two dots and the other end"),
        ("blue: hue 180-260", r"'-260' stands behind '180', where two dots"),
        ("blue: hue 180..", r"nothing stands behind '\.\.', where a number is needed"),
        ("blue: hue 180..x", r"'x' stands behind '\.\.', where a number is needed"),
        ("blue: hue 180..400", "hue runs from 0 to 360, and 400 is beyond that"),
        ("blue: saturation >25%", "saturation runs from 0 to 1, and 25 is beyond"),
        ("blue: saturation >0.25%", "'%' stands behind '0.25', where a comma, or, or the end"),
        ("blue: saturation = 0.2", "'=' stands behind 'saturation', where a range or a limit"),
        ("blue: saturation 0.5..0.2", "write the smaller end first"),
        ("blue: hue 1..2,", "nothing stands behind ',', where a channel"),
        ("blue: hue 1..2 or", "nothing stands behind 'or', where a channel"),
        ("blue: hue 1..2 value >0.1", "'value' stands behind '2', where a comma, or"),
        ("blue: 5 > hue", "'5' stands, where a channel, such as hue"),
        ("blue: near(1f5fae, 12)", r"'1' stands|'1f5fae' stands"),
        ("blue: near(#1f5fa, 12)", "'#1f5fa' is no color; write # and six digits"),
        ("blue: near(#1f5fae)", r"'\)' stands behind '#1f5fae', where another color, or a comma"),
        ("blue: near(#1f5fae, 0)", "the distance 0 holds no color"),
        ("blue: near(#1f5fae, 12", "nothing stands behind '12', where a closing parenthesis"),
        ("blue: near #1f5fae", "'near' is no channel"),
        ("blue: points(; 2)", r"';' stands behind '\(', where the column and row"),
        ("blue: points(1 2; 2)", "'2' stands behind '1', where a comma and the row"),
        ("blue: points(1,2.5; 2)", "'2.5' stands behind ',', where a column or row, a whole number"),
        ("blue: points(-1,2; 2)", "'-1' stands behind .*a whole number from 0"),
        ("blue: points(1,2, 2)", "',' stands behind '2', where a semicolon"),
        ("blue: polygon(hue, saturation)", r"'\)' stands behind 'saturation', where a colon and the corners"),
        ("blue: polygon(hue: 1 2, 3 4, 5 6)", "':' stands behind 'hue', where a comma and another channel"),
        ("blue: polygon(hue, value: 1 0, 3 1)", "2 corners holds nothing"),
        ("blue #12: hue 1..2", "the phase blue: '#12' is no color"),
        ("blue: hue/red >1", "hue/red is no ratio"),
        (f"{'n' * 90}: hue", r"the phase n{37}\.\.\.: nothing"),
        (f"{'n' * 90}", r"the phase 'n{37}\.\.\.' has no colon"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as said:
        parse_phases([text])
    assert "\n" not in str(said.value)


def test_two_phases_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two phases are called blue; give them two names, or join them with or"):
        parse_phases(["blue: hue 1..2", "red: hue 4..5", "blue : hue 7..8"])


CHANNEL = st.sampled_from([*CHANNELS, "blue/red", "red/green"])
COLOR = st.tuples(*[st.integers(0, 255)] * 3)
DISTANCE = st.floats(1e-9, 1e6)
CORNER = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@st.composite
def limits(draw: st.DrawFn) -> Condition:
    channel = draw(CHANNEL)
    low, high = find_limits(channel)
    number = st.floats(low, 1e30 if math.isinf(high) else high)
    if draw(st.booleans()):
        return Compare(channel=channel, sign=draw(st.sampled_from(SIGNS)), limit=draw(number))
    ends = [draw(number), draw(number)]
    first, second = ends if channel == "hue" else sorted(ends)
    return Between(channel=channel, low=first, high=second)


CONDITION: st.SearchStrategy[Condition] = st.one_of(
    limits(),
    st.builds(Near, colors=st.lists(COLOR, min_size=1, max_size=3).map(tuple), distance=DISTANCE),
    st.builds(
        Sampled,
        points=st.lists(st.tuples(*[st.integers(0, 10**9 - 1)] * 2), min_size=1, max_size=3).map(tuple),
        distance=DISTANCE,
    ),
    st.builds(
        Polygon,
        channels=st.lists(CHANNEL, min_size=2, max_size=2, unique=True).map(tuple),
        corners=st.lists(CORNER, min_size=3, max_size=5).map(tuple),
    ),
)
NAME = st.text(min_size=1, max_size=12).map(clean_name).filter(lambda name: bool(name) and not set(name) & set(":#"))
PHASE = st.builds(
    Phase,
    name=NAME,
    alternatives=st.lists(st.lists(CONDITION, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
    color=st.none() | COLOR,
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(phase=PHASE)
def test_a_phase_is_written_as_it_is_read(phase: Phase) -> None:
    assert parse_phases([str(phase)]) == (phase,)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [
                    *"blue:,;()/<>= \n#",
                    "..",
                    "hue",
                    "saturation",
                    "or",
                    "0.2",
                    "-1e9",
                    "near(",
                    "points(",
                    "#1f5fae",
                    "é",
                ]
            )
        ).map("".join),
    )
)
@example(text="x: hue 1..1e999")
@example(text="x: points(1,9999999999; 1)")
@example(text="x: red ٣..٤")
def test_whatever_the_text_is_nothing_but_our_errors_comes_out(text: str) -> None:
    with contextlib.suppress(UsageError):
        (phase,) = parse_phases([text])
        assert parse_phases([str(phase)]) == (phase,)


@pytest.mark.parametrize("part", ["(", "hue 1..2,", "#", "1", "a", ".", ":", " ", "or ", "near(#1f5fae "])
def test_a_text_of_a_megabyte_is_read_or_refused_in_a_moment(part: str) -> None:
    begin = time.perf_counter()
    with contextlib.suppress(UsageError):
        parse_phases([f"x: {part * (10**6 // len(part))}"])
    assert time.perf_counter() - begin < 10
