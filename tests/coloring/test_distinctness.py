"""Which colors look alike, against colors and differences that other programs have computed."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tsraster.coloring.distinctness import _DEFICIENCIES, ALIKE, VISIONS, Confusion, Vision, _see, find_confusions
from tsraster.errors import UsageError
from tsraster.lut import RGBA, Kind, Lut
from tsraster.lutfiles import read_lut

RGB = tuple[int, int, int]

SIMULATED: dict[Vision, list[RGB]] = {
    "normal": [(255, 0, 0), (0, 128, 0), (0, 0, 255), (165, 42, 42), (107, 142, 35), (200, 200, 0), (30, 144, 255)],
    "protanopia": [
        (109, 95, 0),
        (131, 114, 0),
        (0, 89, 255),
        (78, 71, 41),
        (150, 132, 13),
        (217, 191, 0),
        (85, 153, 255),
    ],
    "deuteranopia": [
        (163, 144, 0),
        (119, 106, 24),
        (0, 61, 251),
        (109, 98, 38),
        (145, 130, 45),
        (219, 196, 36),
        (35, 134, 253),
    ],
    "tritanopia": [
        (255, 0, 15),
        (0, 124, 108),
        (0, 107, 150),
        (182, 0, 44),
        (112, 135, 121),
        (215, 186, 170),
        (0, 171, 187),
    ],
}
"""What colorspacious 1.1.2 makes of the first row, in its space sRGB1+CVD at severity 100."""


def table(*colors: tuple[int, ...], kind: Kind = "classes", keys: tuple[float, ...] = ()) -> Lut:
    opaque: tuple[Any, ...] = tuple((*color, 255)[:4] if len(color) == 3 else color for color in colors)
    return Lut(
        name="t", kind=kind, keys=keys or tuple(range(1, len(colors) + 1)) if kind != "index" else (), colors=opaque
    )


def gray_table(*levels: int, **parts: Any) -> Lut:
    return table(*((level, level, level) for level in levels), **parts)


def pairs_of(found: tuple[Confusion, ...]) -> list[tuple[float, float]]:
    return [(one.first, one.second) for one in found]


@pytest.mark.parametrize("vision", VISIONS)
def test_deficiencies_are_simulated_as_colorspacious_does(vision: Vision) -> None:
    seen = np.rint(_see(np.array(SIMULATED["normal"]) / 255, vision) * 255)
    assert seen.tolist() == [list(color) for color in SIMULATED[vision]]


@pytest.mark.parametrize("vision", VISIONS[1:])
def test_gray_stays_gray_for_everybody(vision: Vision) -> None:
    np.testing.assert_allclose(np.sum(_DEFICIENCIES[vision], axis=1), 1, atol=1e-6)
    grays = np.repeat(np.linspace(0, 1, 18)[:, np.newaxis], 3, axis=1)
    np.testing.assert_allclose(_see(grays, vision), grays, atol=1e-5)


def test_the_difference_is_ciede2000() -> None:
    """Of grays only the term of lightness is left, which can be written down."""
    (found,) = find_confusions(gray_table(128, 130))
    low, high = (116 * ((level / 255 + 0.055) / 1.055) ** (2.4 / 3) - 16 for level in (128, 130))
    middle = (low + high) / 2 - 50
    assert found.difference == pytest.approx((high - low) / (1 + 0.015 * middle**2 / (20 + middle**2) ** 0.5), abs=1e-3)
    assert (found.first, found.second, found.vision, found.entries) == (1, 2, "normal", 2)


def test_green_and_red_are_confused_by_readers_without_the_pigment_for_red() -> None:
    (found,) = find_confusions(read_lut("worldcover"))
    assert (found.first, found.second, found.vision) == (10, 50, "protanopia")
    assert found.difference == pytest.approx(1.43, abs=0.01)


@pytest.mark.parametrize(
    ("name", "normal", "deficient"),
    [("gray", 0, 0), ("thermal", 0, 0), ("ndvi", 0, 1), ("terrain", 0, 3), ("nlcd", 0, 6), ("thin-section", 0, 1)],
)
def test_readers_with_normal_vision_tell_the_shipped_tables_apart(name: str, normal: int, deficient: int) -> None:
    found = find_confusions(read_lut(name))
    assert sum(one.vision == "normal" for one in found) == normal
    assert len(found) - normal == deficient


def test_two_entries_are_named_once_and_as_normal_where_everybody_confuses_them() -> None:
    lut = table((90, 90, 255), (91, 91, 255), (0, 128, 0), (165, 42, 42))
    found = find_confusions(lut)
    assert [(one.first, one.second, one.vision) for one in found] == [(1, 2, "normal"), (3, 4, "deuteranopia")]
    assert find_confusions(lut, threshold=2) == found[:1]


def test_the_worst_come_first() -> None:
    found = find_confusions(read_lut("categorical"), threshold=8)
    assert {one.vision for one in found} == set(VISIONS)
    for one, other in pairwise(found):
        assert (one.vision != "normal", one.difference) <= (other.vision != "normal", other.difference)


@pytest.mark.parametrize("threshold", [1, ALIKE, 20])
def test_every_two_classes_are_compared(threshold: float) -> None:
    lut = read_lut("nlcd")
    alone = [
        find_confusions(replace(lut, keys=(a, b), colors=(lut.colors[i], lut.colors[j]), names=()), threshold=threshold)
        for i, a in enumerate(lut.keys)
        for j, b in enumerate(lut.keys)
        if i < j
    ]
    assert {one for found in alone for one in found} == set(find_confusions(lut, threshold=threshold))


def test_pieces_of_many_colors_hold_every_pair() -> None:
    levels = np.random.default_rng(7).permutation(16**3)[:600]
    lut = table(
        *((16 * (v // 256), 16 * (v // 16 % 16), 16 * (v % 16)) for v in levels.tolist()), keys=tuple(range(600))
    )
    found = find_confusions(lut, threshold=1000)
    assert sorted(pairs_of(found)) == [(i, j) for i in range(600) for j in range(i + 1, 600)]


def test_equal_colors_are_counted_and_not_paired() -> None:
    unused: tuple[RGBA, ...] = ((0, 0, 0, 255),) * 236
    lut = read_lut("nlcd")
    used = dict(zip(lut.keys, lut.colors, strict=True))
    rest = iter(unused)
    colors = tuple(used[key] if key in used else next(rest) for key in range(256))
    found = find_confusions(table(*colors, keys=tuple(range(256))))
    assert found[0] == Confusion(0, 1, "normal", 0.0, entries=236)
    assert found[1:] == find_confusions(lut)


def test_a_group_of_equal_colors_is_one_confusion_with_each_other_color() -> None:
    found = find_confusions(gray_table(100, 200, 100, 102, 100))
    assert [(one.first, one.second, one.entries) for one in found] == [(1, 3, 3), (1, 4, 4)]
    assert found[0].difference == 0 < found[1].difference


def test_only_neighbors_of_intervals_are_compared() -> None:
    lut = gray_table(100, 200, 101, 102, kind="intervals", keys=(-np.inf, 0, 5, 9, np.inf))
    assert pairs_of(find_confusions(lut)) == [(5, 9)]
    same = gray_table(100, 100, 100, kind="intervals", keys=(0, 1, 2, 3))
    assert find_confusions(same) == (Confusion(0, 1, "normal", 0.0), Confusion(1, 2, "normal", 0.0))


def test_a_ramp_is_spread_over_classes_and_neighbors_are_compared() -> None:
    gray = read_lut("gray")
    assert find_confusions(gray, classes=9) == ()
    assert pairs_of(find_confusions(gray, classes=12)) == [(1, 2), (11, 12)]
    assert find_confusions(gray, classes=1) == ()
    assert len(find_confusions(gray, classes=256)) == 255


def test_a_ramp_whose_ends_look_alike_is_found() -> None:
    cyclic = table((0, 0, 90), (250, 250, 250), (0, 0, 92), kind="ramp", keys=(0, 180, 360))
    worst, *others = find_confusions(cyclic)
    assert worst.vision == "normal"
    assert 350 < worst.first + worst.second < 370
    assert worst.second - worst.first >= 90
    assert all(other.vision != "normal" for other in others)


def test_a_ramp_from_red_to_green_is_told_for_those_who_confuse_them() -> None:
    both = table((165, 42, 42), (255, 255, 255), (0, 128, 0), kind="ramp", keys=(-1, 0, 1))
    (found,) = find_confusions(both)
    assert found.vision == "deuteranopia"
    assert found.first < 0 < found.second
    blue = table((165, 42, 42), (255, 255, 255), (0, 0, 128), kind="ramp", keys=(-1, 0, 1))
    assert find_confusions(blue) == ()


@pytest.mark.parametrize(
    "lut",
    [
        gray_table(10, 250, kind="ramp", keys=(0, 1)),
        gray_table(10, kind="ramp", keys=(3,)),
        gray_table(10, 90, kind="ramp", keys=(3, 3)),
        table((9, 9, 9), kind="intervals", keys=(0, 1)),
        table((9, 9, 9)),
        table((9, 9, 9), kind="index"),
        table((9, 9, 9, 0), (9, 9, 9, 0)),
    ],
)
def test_tables_without_two_colors_that_are_alike_have_no_confusion(lut: Lut) -> None:
    assert find_confusions(lut) == ()


def test_translucent_colors_are_laid_on_white_and_transparent_ones_left_out() -> None:
    lut = table((0, 0, 0, 128), (127, 127, 127), (127, 127, 127, 0), (255, 0, 0), (255, 0, 0, 10))
    assert find_confusions(lut) == (Confusion(1, 2, "normal", 0.0),)
    gap = table((9, 9, 9), (9, 9, 9, 0), (9, 9, 9), kind="intervals", keys=(0, 1, 2, 3))
    assert find_confusions(gap) == ()
    ends = table((9, 9, 9, 0), (9, 9, 9, 0), kind="ramp", keys=(0, 1))
    assert find_confusions(ends) == ()


def test_tables_of_65536_rows_are_done_in_a_moment() -> None:
    levels = np.random.default_rng(1).integers(0, 256, (65536, 3))
    begin = time.perf_counter()
    found = find_confusions(table(*map(tuple, levels.tolist()), keys=tuple(range(65536))))
    black = find_confusions(gray_table(*[0] * 65536, keys=tuple(range(65536))))
    assert time.perf_counter() - begin < 30
    assert black == (Confusion(0, 1, "normal", 0.0, entries=65536),)
    # Only neighbors, and colors that are the same.
    assert 0 < len(found) < 10000


@pytest.mark.parametrize("threshold", [0, -1, float("nan")])
def test_a_threshold_that_is_no_positive_number_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="is no positive number; differences of colors are 0 to about 100"):
        find_confusions(gray_table(1, 2), threshold=threshold)


def test_of_many_positions_only_neighbors_are_compared() -> None:
    """A colormap has hundreds of colors, each like the next; of a palette every two count."""
    repeated = [(9, 9, 9), (250, 0, 0)]
    assert {(c.first, c.second) for c in find_confusions(table(*repeated * 10, kind="index"))} == {(0, 2), (1, 3)}
    assert find_confusions(table(*repeated * 20, kind="index")) == ()
