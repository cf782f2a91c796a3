"""Scales of colors from tables of every kind."""

from typing import Any

import numpy as np
import pytest

from tsraster.errors import LutError, UsageError
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.scales import densify, scale_from_lut
from tsraster.lut import Lut
from tsraster.lutfiles import read_lut

BLACK, RED, GREEN, WHITE = (0, 0, 0, 255), (255, 0, 0, 255), (0, 255, 0, 255), (255, 255, 255, 255)


def test_stops_of_a_ramp_keep_their_values() -> None:
    scale = scale_from_lut(Lut(name="r", kind="ramp", keys=(10, 20, 50), colors=(BLACK, RED, WHITE)))
    assert scale.recolor([10, 20, 50]).tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
    assert scale.recolor([15]).tolist() == [[127.5, 0, 0]]


def test_a_ramp_is_stretched_over_a_range_and_turned_round() -> None:
    ramp = Lut(name="r", kind="ramp", keys=(0, 25, 100), colors=(BLACK, RED, WHITE), percent=True)
    scale = scale_from_lut(ramp, vmin=8, vmax=4)
    assert scale.recolor([8, 7, 4]).tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
    assert scale_from_lut(ramp).values[[0, -1]].tolist() == [0, 1]


def test_a_colormap_by_name_is_drawn_in_steps() -> None:
    import matplotlib as mpl

    scale = scale_from_lut(read_lut("viridis"), vmin=0, vmax=256)
    shown = mpl.colormaps["viridis"](np.arange(256))[:, :3] * 255
    assert np.abs(scale.recolor(np.arange(256) + 0.5) - shown).max() <= 0.5


def test_values_lie_along_a_scale_by_their_logarithm() -> None:
    ramp = Lut(name="r", kind="ramp", keys=(0, 1), colors=(BLACK, WHITE))
    scale = scale_from_lut(ramp, vmin=1, vmax=10_000, log=True)
    assert scale.recolor([100]) == pytest.approx(np.full((1, 3), 127.5))


def test_a_jump_of_a_ramp_has_both_colors_and_nothing_between() -> None:
    scale = scale_from_lut(Lut(name="r", kind="ramp", keys=(0, 5, 5, 9), colors=(BLACK, RED, GREEN, WHITE)))
    between = (scale.colors[:, 0] > 10) & (scale.colors[:, 1] > 10) & (scale.values < 5)
    assert not between.any()
    assert {(255, 0, 0), (0, 255, 0)} <= set(map(tuple, scale.colors.tolist()))


def test_classes_and_intervals_stand_for_themselves() -> None:
    classes = scale_from_lut(Lut(name="c", kind="classes", keys=(11, 95), colors=(RED, GREEN)))
    assert (classes.values.tolist(), classes.is_stepped) == ([11, 95], True)
    edges = (-np.inf, 10, 20, np.inf)
    intervals = scale_from_lut(Lut(name="i", kind="intervals", keys=edges, colors=(BLACK, RED, WHITE)))
    assert intervals.values.tolist() == [5, 15, 25]
    halves = Lut(name="h", kind="intervals", keys=(-np.inf, 5, np.inf), colors=(BLACK, RED))
    assert scale_from_lut(halves).values.tolist() == [4.5, 5.5]


def test_colors_that_cannot_be_seen_are_left_out() -> None:
    table = Lut(name="c", kind="classes", keys=(0, 1, 2), colors=((9, 9, 9, 0), RED, GREEN))
    assert scale_from_lut(table).values.tolist() == [1, 2]


@pytest.mark.parametrize("name", ["jet", "viridis", "gray", "terrain", "thermal"])
def test_neighbors_are_less_than_a_step_apart_and_stops_stay(name: str) -> None:
    lut = read_lut(name)
    scale = scale_from_lut(lut)
    assert np.linalg.norm(np.diff(scale.colors, axis=0), axis=1).max() < 1
    assert set(map(tuple, lut.array[:, :3].tolist())) <= set(map(tuple, scale.colors.tolist()))


def test_steps_are_not_made_dense() -> None:
    steps = ColorScale(name="s", colors=np.array([[0.0] * 3, [90.0] * 3]), values=np.array([1.0, 2.0]), is_stepped=True)
    assert densify(steps) is steps


RAMP = Lut(name="r", kind="ramp", keys=(0, 1), colors=(BLACK, WHITE))
CLASSES = Lut(name="c", kind="classes", keys=(1, 2), colors=(RED, GREEN))


@pytest.mark.parametrize(
    ("lut", "options", "problem"),
    [
        (RAMP, {"vmin": 1.0}, "belong together"),
        (RAMP, {"vmin": 1.0, "vmax": 1.0}, "no range"),
        (RAMP, {"vmin": 1.0, "vmax": np.inf}, "no range"),
        (RAMP, {"vmin": 0.0, "vmax": 1.0, "log": True}, "above 0"),
        (RAMP, {"log": True}, "needs the values at both ends"),
        (CLASSES, {"vmin": 1.0, "vmax": 2.0}, "values of their own"),
    ],
)
def test_a_range_that_is_none_is_refused(lut: Lut, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        scale_from_lut(lut, **options)


def test_a_table_of_one_color_says_nothing() -> None:
    with pytest.raises(LutError, match="1 colors that can be seen"):
        scale_from_lut(Lut(name="c", kind="classes", keys=(1,), colors=(RED,)))
