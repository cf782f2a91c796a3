"""What each format cannot hold is said, or refused; what it can hold is kept, and nothing is said."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tsraster.errors import LutError
from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles import LutFormat, fit_lut
from tsraster.lutfiles.lutformat import Capacity

RED: RGBA = (200, 0, 0, 255)
BLUE: RGBA = (0, 0, 200, 255)
CLEAR: RGBA = (9, 8, 7, 0)
HALF: RGBA = (9, 8, 7, 128)
BLACK: RGBA = (0, 0, 0, 255)


def give(**parts: Any) -> Lut:
    """Return a table of two classes, or what is said instead."""
    return Lut(**{"name": "mine", "kind": "classes", "keys": (1, 2), "colors": (RED, BLUE)} | parts)


def form(**capacity: Any) -> LutFormat:
    """Return a format that holds classes, or what is said instead."""
    return LutFormat(
        title="a format",
        endings=(),
        capacity=Capacity(**{"kinds": ("classes",)} | capacity),
        read=lambda file: give(),
        write=lambda lut: b"",
    )


def intervals(*keys: float, **parts: Any) -> Lut:
    colors = [RED, BLUE, BLACK][: len(keys) - 1]
    return give(kind="intervals", keys=keys, **{"colors": colors} | parts)


# What is kept ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lut", "capacity"),
    [
        (give(), {}),
        (give(keys=(-1.5, 2)), {}),
        (give(keys=(0, 7)), {"codes": "whole"}),
        (give(keys=(0, 7)), {"codes": "whole", "largest": 7}),
        (give(keys=(0, 1)), {"codes": "dense"}),
        (give(names=("a", "b, c")), {"names": True}),
        (give(names=("a", "b, c")), {"names": True, "bare": "{}"}),
        (give(names=("1", "2")), {"names": True}),
        (give(names=("1 a", "")), {"names": True, "keeps_key_names": False}),
        (give(colors=(RED, HALF)), {"alpha": "any"}),
        (give(colors=(RED, CLEAR)), {"alpha": "one"}),
        (give(nodata=HALF), {"nodata": True, "alpha": "any"}),
        (give(nodata=RED), {"nodata": True}),
        (give(below=RED, above=BLUE), {"outside": "two"}),
        (give(above=BLUE), {"outside": "two"}),
        (give(below=RED, above=RED), {"outside": "one"}),
        (give(below=HALF, above=HALF), {"outside": "one", "alpha": "any"}),
        (
            give(kind="ramp", below=TRANSPARENT, above=TRANSPARENT),
            {"kinds": ("ramp",), "outside": "nodata", "alpha": "any"},
        ),
        (
            give(kind="ramp", below=RED, above=RED, nodata=RED),
            {"kinds": ("ramp",), "outside": "nodata", "nodata": True},
        ),
        (give(kind="ramp", percent=True), {"kinds": ("ramp",), "percent": True}),
        (intervals(0, 1, 2, closed="left"), {"kinds": ("intervals",)}),
        (intervals(0, 1, 2, closed="left"), {"kinds": ("intervals",), "closed": "left"}),
        (intervals(0, 1, 2), {"kinds": ("intervals",), "closed": "right"}),
        (intervals(-math.inf, 1, math.inf), {"kinds": ("intervals",), "ends": "open"}),
        (intervals(-math.inf, 1, 2), {"kinds": ("intervals",), "ends": "low"}),
        (intervals(-math.inf, 1, math.inf), {"kinds": ("intervals",), "ends": "low"}),
        (intervals(0, 1, 2), {"kinds": ("intervals",), "ends": "finite"}),
        (intervals(-math.inf, 1, 2), {"kinds": ("intervals",), "ends": "any"}),
        (give(kind="index", keys=()), {"kinds": ("index",), "fixed": 2}),
        (give(kind="index", keys=()), {"kinds": ("index",), "entries": 2}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else value.kind,
)
def test_what_a_format_holds_is_kept(lut: Lut, capacity: dict[str, Any]) -> None:
    assert fit_lut(lut, form(**capacity)) == (lut, [])


# What is lost ------------------------------------------------------------------------------------------------------------


LOSSES: list[tuple[Lut, dict[str, Any], dict[str, Any], str]] = [
    (give(names=("a", "")), {}, {"names": ("", "")}, "1 name"),
    (give(names=("a", "b")), {}, {"names": ("", "")}, "2 names"),
    (
        give(names=("a, {b}", "c")),
        {"names": True, "bare": ",{}"},
        {"names": ("a b", "c")},
        ", { } in names, which become spaces",
    ),
    (
        give(names=("1", "b")),
        {"names": True, "keeps_key_names": False},
        {"names": ("", "b")},
        "1 name that only repeats the number it is for",
    ),
    (
        intervals(0, 1, 2.5, names=("1", "2.5")),
        {"kinds": ("intervals",), "names": True, "keeps_key_names": False},
        {"names": ("", "")},
        "2 names that only repeat the numbers they are for",
    ),
    (give(colors=(RED, HALF)), {}, {"colors": (RED, (9, 8, 7, 255))}, "the transparency of 1 color"),
    (give(colors=(RED, CLEAR)), {}, {"colors": (RED, (9, 8, 7, 255))}, "the transparency of 1 color"),
    (
        give(colors=(RED, HALF)),
        {"alpha": "one"},
        {"colors": (RED, (9, 8, 7, 255))},
        "the transparency of 1 color",
    ),
    (
        give(colors=(CLEAR, CLEAR)),
        {"alpha": "one"},
        {"colors": ((9, 8, 7, 255),) * 2},
        "the transparency of 2 colors",
    ),
    (give(nodata=RED), {}, {"nodata": TRANSPARENT}, "the color of nodata"),
    (give(nodata=CLEAR), {"nodata": True}, {"nodata": TRANSPARENT}, "the color of nodata"),
    (give(nodata=HALF), {"nodata": True}, {"nodata": (9, 8, 7, 255)}, "the transparency of nodata"),
    *[
        (
            give(**outside),
            {"outside": held},
            {"below": None, "above": None},
            "the colors of values below the first key and above",
        )
        for outside, held in (
            ({"below": RED}, "none"),
            ({"above": RED}, "one"),
            ({"below": RED, "above": BLUE}, "one"),
            ({"below": RED, "above": RED}, "nodata"),
            ({"below": TRANSPARENT, "above": TRANSPARENT}, "nodata"),  # beside classes, which are no stops of a ramp
            ({"below": CLEAR, "above": CLEAR}, "one"),
        )
    ],
    (
        give(below=HALF, above=RED),
        {"outside": "two"},
        {"below": (9, 8, 7, 255), "above": RED},
        "the transparency of values below the first key and above the last",
    ),
    (
        give(keys=(1, 3)),
        {"codes": "dense"},
        {"keys": (0, 1, 2, 3), "colors": (BLACK, RED, BLACK, BLUE), "names": ("",) * 4},
        "gaps between codes: 2 codes without a color become black",
    ),
    (
        intervals(0, 1, 2),
        {"kinds": ("intervals",), "closed": "left"},
        {"closed": "left"},
        "where an edge belongs: a value on it goes to the interval above",
    ),
    (
        intervals(0, 1, 2, closed="left"),
        {"kinds": ("intervals",), "closed": "right"},
        {"closed": "right"},
        "where an edge belongs: a value on it goes to the interval below",
    ),
    (
        intervals(0, 1, 2),
        {"kinds": ("intervals",), "ends": "open"},
        {"keys": (-math.inf, 1, math.inf)},
        "the outer edges: values beyond them get the outer colors",
    ),
    (
        intervals(0, 1, 2),
        {"kinds": ("intervals",), "ends": "low"},
        {"keys": (-math.inf, 1, 2)},
        "the outer edges: values beyond them get the outer colors",
    ),
    (
        intervals(-math.inf, 1, 2, names=("a", "b")),
        {"kinds": ("intervals",), "ends": "finite", "outside": "two", "names": True},
        {"keys": (1, 2), "colors": (BLUE,), "names": ("b",), "below": RED},
        "the intervals with open ends, which become the colors below the first edge and above the last, without names",
    ),
    (
        intervals(-math.inf, 1, 2, math.inf),
        {"kinds": ("intervals",), "ends": "finite", "outside": "two"},
        {"keys": (1, 2), "colors": (BLUE,), "names": ("",), "below": RED, "above": BLACK},
        "the intervals with open ends",
    ),
    (
        give(kind="index", keys=()),
        {"kinds": ("index",), "fixed": 4},
        {"keys": (0, 1, 2, 3), "colors": (RED, BLUE, BLACK, BLACK), "names": ("",) * 4},
        "how many colors there are: black is added up to 4",
    ),
    (
        give(),
        {"kinds": ("index",)},
        {"kind": "index", "keys": (0, 1)},
        "the codes; only their order is kept",
    ),
    (
        give(keys=(0, 1)),
        {"kinds": ("index",), "by_code": True, "largest": 255},
        {"kind": "index"},
        "which positions are codes",
    ),
    (
        give(keys=(1, 3)),
        {"kinds": ("index",), "by_code": True, "largest": 255},
        {"kind": "index", "keys": (0, 1, 2, 3), "colors": (BLACK, RED, BLACK, BLUE), "names": ("",) * 4},
        "which positions are codes: those between are black",
    ),
    (
        intervals(0, 0.5, 2, nodata=RED),
        {"nodata": True},
        {"kind": "classes", "keys": (1, 2)},
        "the edges of the intervals, which become the codes 1 to 2",
    ),
    (
        intervals(0, 0.5, 2),
        {"kinds": ("index",), "by_code": True, "largest": 255},
        {"kind": "index", "keys": (0, 1, 2), "colors": (BLACK, RED, BLUE), "names": ("",) * 3},
        "the edges of the intervals, which become the codes 1 to 2",
    ),
    (
        intervals(0, 0.5, 2, names=("a", "b")),
        {"kinds": ("index",), "names": True},
        {"kind": "index", "keys": (0, 1)},
        "the edges of the intervals; only their order is kept",
    ),
    *[
        (
            intervals(*edges, names=("a", "b"), closed="left"),
            {"kinds": ("classes", "ramp"), "names": True},
            {"kind": "ramp", "keys": keys, "colors": colors, "names": names, "closed": "right"},
            "the side on which intervals are closed, because they become a ramp that jumps at their edges",
        )
        for edges, keys, colors, names in (
            ((0, 1, 2), (0, 1, 1, 2), (RED, RED, BLUE, BLUE), ("a", "a", "b", "b")),
            ((-math.inf, 1, 2), (1, 1, 2), (RED, BLUE, BLUE), ("a", "b", "b")),
            ((-math.inf, 1, math.inf), (1, 1), (RED, BLUE), ("a", "b")),
        )
    ],
    (
        intervals(-math.inf, math.inf),
        {"kinds": ("ramp",)},
        {"kind": "ramp", "keys": (0,)},
        "the side on which intervals are closed",
    ),
]


@pytest.mark.parametrize(
    ("lut", "capacity", "changed", "loss"), LOSSES, ids=lambda value: value[:40] if isinstance(value, str) else ""
)
def test_what_a_format_does_not_hold_is_lost_and_said(
    lut: Lut, capacity: dict[str, Any], changed: dict[str, Any], loss: str
) -> None:
    fitted, losses = fit_lut(lut, form(**capacity))
    parts = {field: getattr(lut, field) for field in lut.__dataclass_fields__}
    assert fitted == Lut(**parts | changed)
    assert len(losses) == 1
    assert losses[0] == loss or (losses[0].startswith(loss) and len(loss) > 20)


def test_several_losses_are_said_one_by_one() -> None:
    lut = intervals(0, 1, 2, names=("a", "b"), colors=(RED, HALF), nodata=RED)
    assert fit_lut(lut, form())[1] == [
        "the edges of the intervals, which become the codes 1 to 2",
        "2 names",
        "the transparency of 1 color",
        "the color of nodata",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        (0, 1),
        (-5, 5.5),
        (0, 5e-324),
        (-1.7e308, 1.7e308),
        (0, 10**305 + 1),
        (1e300, 1.0000000001e300),
        (-1e-310, 1e-310),
    ],
    ids=repr,
)
def test_colors_are_taken_from_a_ramp_at_equal_steps(keys: tuple[float, float]) -> None:
    ramp = give(kind="ramp", keys=keys, colors=(BLACK, (255, 255, 255, 255)), below=RED, above=RED)
    fitted, losses = fit_lut(ramp, form(kinds=("index",), outside="two"))
    assert losses == ["the stops, of which 256 colors at equal steps are taken"]
    levels = [color[0] for color in fitted.colors]
    assert len(levels) == 256
    assert (levels[0], levels[-1]) == (0, 255)
    assert levels == sorted(levels)
    # Between the smallest floats there are not 256 steps.
    assert levels == list(range(256)) or abs(keys[1]) < 1e-300
    assert (fitted.below, fitted.above) == (None, None)


# What is refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lut", "capacity", "words"),
    [
        (
            give(kind="index", keys=()),
            {},
            "its colors have no codes and no values; give them codes with --first-code N",
        ),
        (
            give(kind="ramp"),
            {},
            "it holds class codes and no ramp; take a color for each of K classes with --classes K",
        ),
        (give(), {"kinds": ("ramp",)}, "it holds no classes"),
        (
            give(kind="ramp", percent=True),
            {"kinds": ("ramp",)},
            "its stops are percentages, and must be values; say of which",
        ),
        (give(keys=(-1, 2)), {"codes": "whole"}, "its codes are whole numbers from 0, and not -1"),
        (give(keys=(0.5, 2)), {"codes": "dense"}, "its codes are whole numbers from 0, and not 0.5"),
        (
            give(keys=(1, 256)),
            {"codes": "whole", "largest": 255},
            "its codes are whole numbers from 0 to 255, and not 256",
        ),
        (
            give(keys=(1, 256)),
            {"codes": "dense", "largest": 255},
            "its codes are whole numbers from 0 to 255, and not 256",
        ),
        (give(), {"entries": 1}, "it holds 1 colors at most, and this table has 2"),
        (
            give(kind="index", keys=()),
            {"kinds": ("index",), "fixed": 1},
            "it holds 1 colors at most, and this table has 2",
        ),
        (
            give(keys=(1, 256)),
            {"kinds": ("index",), "by_code": True, "largest": 255},
            "it holds codes from 0 to 255, and not 256",
        ),
        (
            give(keys=(1, 2.5)),
            {"kinds": ("index",), "by_code": True, "largest": 255},
            "it holds codes from 0 to 255, and not 2.5",
        ),
        (
            intervals(-math.inf, 1, math.inf),
            {"kinds": ("intervals",), "ends": "finite"},
            "it holds no intervals with open ends, and this table has no others",
        ),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_what_a_format_cannot_hold_at_all_is_refused(lut: Lut, capacity: dict[str, Any], words: str) -> None:
    with pytest.raises(LutError) as caught:
        fit_lut(lut, form(**capacity))
    assert str(caught.value).startswith(f"mine cannot become a format: {words}")
