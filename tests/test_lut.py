"""The color table itself: what fits together, what is refused, and how it is bound to codes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tsraster import ClassTable, Lut, colorize, read_lut
from tsraster.coloring import bind_lut
from tsraster.errors import LutError
from tsraster.lut import TRANSPARENT, clean_name

RED = (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"keys": (), "colors": ()}, "is empty; give at least one color"),
        ({"keys": ()}, "has 0 keys, 1 colors"),
        ({"keys": (1, 2)}, "has 2 keys, 1 colors and 1 names"),
        ({"keys": (1,), "names": ("a", "b")}, "has 1 keys, 1 colors and 2 names"),
        ({"keys": (2, 1), "colors": (RED, RED)}, "holds 1 twice or not in order"),
        ({"keys": (1, 1), "colors": (RED, RED)}, "holds 1 twice"),
        ({"keys": (math.inf,)}, "holds inf, which is no finite number"),
        ({"keys": (10**400,)}, "holds 10+, which is no finite number"),
        (
            {"keys": (1, 1, 1), "colors": (RED,) * 3, "kind": "ramp"},
            "holds 1 more than twice; a jump of a ramp has two",
        ),
        ({"keys": (1, 2), "colors": (RED, RED), "kind": "intervals"}, "has 2 keys, 2 colors"),
        ({"keys": (1, 1), "kind": "intervals"}, "holds 1 twice or not in order"),
        ({"keys": (math.inf, math.inf), "kind": "intervals"}, "holds inf"),
        ({"keys": (-math.inf, -math.inf), "kind": "intervals"}, "holds -inf"),
        ({"keys": (math.nan, 1), "kind": "intervals"}, "holds nan"),
        ({"keys": (1, 2), "kind": "intervals", "closed": "both"}, 'is closed \'both\'; choose "right" or "left"'),
        ({"keys": (1,), "kind": "index"}, "has positions that are not 0, 1, 2, ...; leave the keys out"),
        ({"keys": (1,), "percent": True}, "is in percent; only stops of a ramp can be, from 0 to 100"),
        ({"keys": (101,), "kind": "ramp", "percent": True}, "is in percent"),
        ({"keys": (1,), "below": (1, 2, 3)}, r"holds the color \(1, 2, 3\)"),
        ({"keys": (math.nan,), "kind": "ramp"}, "holds nan, which is no finite number"),
        ({"keys": (math.inf,), "kind": "ramp"}, "holds inf, which is no finite number"),
        ({"keys": (1,), "kind": "gradient"}, "of the kind 'gradient'; choose"),
        ({"keys": (1,), "colors": ((1, 2, 3),)}, r"holds the color \(1, 2, 3\)"),
        ({"keys": (1,), "colors": ((1, 2, 3, 256),)}, "red, green, blue, alpha are 0 to 255"),
        ({"keys": (1,), "colors": ((0.5, 0, 0, 1),)}, "red, green, blue, alpha are 0 to 255"),
        ({"keys": (1,), "nodata": (0, 0, 0, -1)}, r"holds the color \(0, 0, 0, -1\)"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value)[:40],
)
def test_parts_that_do_not_fit_are_refused(parts: dict[str, Any], words: str) -> None:
    whole: dict[str, Any] = {"name": "mine", "kind": "classes", "colors": (RED,)} | parts
    with pytest.raises(LutError, match=f"the color table mine .*{words}"):
        Lut(**whole)


def test_lists_and_arrays_become_plain_tuples() -> None:
    lut = Lut(
        name="mine",
        kind="classes",
        keys=np.array([1, 2]),  # type: ignore[arg-type]
        colors=np.array([RED, RED]),  # type: ignore[arg-type]
        names=["a", "b"],  # type: ignore[arg-type]
    )
    assert lut == Lut(name="mine", kind="classes", keys=(1, 2), colors=(RED, RED), names=("a", "b"))
    assert colorize(np.array([[1, 2]], np.uint8), lut).shape == (4, 1, 2)


def test_keys_are_plain_numbers() -> None:
    lut = Lut(name="mine", kind="ramp", keys=(np.float32(0.5), 1.0, np.uint8(2), 1e300), colors=(RED,) * 4)
    assert [type(key) for key in lut.keys] == [float, int, int, int]


def test_a_code_may_be_any_finite_number() -> None:
    assert Lut(name="mine", kind="classes", keys=(-1.5, 0, 2**64), colors=(RED,) * 3).keys == (-1.5, 0, 2**64)


def test_positions_are_counted_where_they_are_left_out() -> None:
    assert Lut(name="mine", kind="index", colors=(RED, RED)).keys == (0, 1)
    assert Lut(name="mine", kind="index", keys=(0, 1), colors=(RED, RED)).keys == (0, 1)


def test_the_side_that_is_closed_means_nothing_but_for_intervals() -> None:
    assert Lut(name="mine", kind="classes", keys=(1,), colors=(RED,), closed="left").closed == "right"
    assert Lut(name="mine", kind="intervals", keys=(1, 2), colors=(RED,), closed="left").closed == "left"


def test_what_is_outside_may_be_left_open() -> None:
    lut = Lut(name="mine", kind="intervals", keys=(-math.inf, math.inf), colors=(RED,))
    assert (lut.below, lut.above, lut.nodata, lut.names) == (None, None, TRANSPARENT, ("",))
    assert lut.is_opaque


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("open water", "open water"),
        (" a \t b\r\n c ", "a b c"),
        ("a\u2028b\u0085c\u00a0d", "a b c d"),
        ("a\x00b\x1bc", "a b c"),
        ("a\ud800b\ufffeb\U0010ffffb", "a b b b"),
        ("\u00e4 \U0001f30a \u202e", "\u00e4 \U0001f30a \u202e"),
        (" \n ", ""),
    ],
    ids=ascii,
)
def test_a_name_is_one_line(text: str, cleaned: str) -> None:
    assert clean_name(text) == cleaned == clean_name(cleaned)
    assert Lut(name="mine", kind="classes", keys=(1,), colors=(RED,), names=(text,)).names == (cleaned,)


def test_missing_codes_are_listed() -> None:
    short = Lut(name="short", kind="classes", keys=(1, 3), colors=(RED, RED))
    with pytest.raises(LutError, match=r"short has no color for the code 2 \(1 of 3\); add them, or use a ramp"):
        bind_lut(short, (1, 2, 3))
    with pytest.raises(LutError, match=r"for the codes 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, \.\.\. \(18 of 20\)"):
        bind_lut(short, range(1, 21))


def test_codes_beyond_floats_keep_their_colors() -> None:
    codes = np.array([[2**63, 2**63 + 1, 2**64 - 1, 0]], dtype=np.uint64)
    ramp = Lut(name="ramp", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (255, 255, 255, 255)))
    assert colorize(codes, ramp)[[0, 3], 0].tolist() == [[0, 128, 255, 0], [255, 255, 255, 0]]
    near = np.array([[2**60, 2**60 + 1]], dtype=np.int64)
    assert colorize(near, ramp)[0, 0].tolist() == [0, 255]


def test_a_table_of_classes_covers_its_class_table() -> None:
    table = ClassTable(codes=(10, 20), edges=(0, 1, 2))
    bound = bind_lut(read_lut("worldcover"), table.codes)
    assert bound.names == ("Tree cover", "Shrubland")
