"""The histogram: bars, lines that are dragged, and clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

pytest.importorskip("panel", reason="panel is not installed")

from tsraster.app.cutoffs.histogramplot import HistogramPlot, group_counts
from tsraster.app.subjects import Tally
from tsraster.schemes import Counted

RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)


def make_tally(values: list[int], counts: list[int]) -> Tally:
    numbers, times = np.array(values), np.array(counts)
    return Tally(summary=Counted(numbers, times).summarize(), lower=numbers, upper=numbers, counts=times)


def make_plot(told: list[Any]) -> HistogramPlot:
    def note(name: str, *known: Any) -> None:
        told.append((name, *known))

    plot = HistogramPlot(
        on_move=partial(note, "move"),
        on_add=partial(note, "add"),
        on_remove=partial(note, "remove"),
        on_choose=partial(note, "choose"),
        later=lambda function: function(),
    )
    plot.show(make_tally([0, 100], [5, 7]))  # from -2 to 102 is seen
    plot.show_edges([20.0, 80.0], [RED, BLUE, RED])
    return plot


def test_a_line_that_is_dragged_out_of_sight_stays_at_its_edge() -> None:
    told: list[Any] = []
    plot = make_plot(told)
    plot._take(80.0)
    for x in (90.0, 400.0, -50.0):
        plot._drag("move", x)
    plot._drag("end", 1e9)
    assert told == [
        ("move", "start", 1, 80.0),
        ("move", "move", 1, 90.0),
        ("move", "move", 1, 102.0),
        ("move", "move", 1, -2.0),
        ("move", "end", 1, 102.0),
    ]
    plot._drag("move", 50.0)
    assert len(told) == 5, "nothing is held any more"


@pytest.mark.parametrize(("x", "expected"), [(20.3, ("remove", 0)), (79.5, ("remove", 1)), (50.0, ("add", 50.0))])
def test_a_double_click_removes_a_line_or_adds_one(x: float, expected: tuple[Any, ...]) -> None:
    told: list[Any] = []
    make_plot(told)._click_twice(x)
    assert told == [expected]


def test_without_counts_and_cutoffs_nothing_is_left() -> None:
    plot = make_plot([])
    plot.show(None)
    plot.show_edges([], [])
    for source in (plot._bars, plot._strip, plot._lines):
        assert not any(len(column) for column in source.data.values())


def test_counts_are_summed_up_to_as_many_bars_as_are_seen() -> None:
    tally = make_tally(list(range(1000)), [1] * 1000)
    left, right, counts = group_counts(tally, 0, 1000, 100)
    assert len(left) == len(right) == 100
    assert counts.tolist() == [10] * 100
    left, right, counts = group_counts(make_tally([3, 5], [1, 2]), 0, 10, 100)
    assert (left.tolist(), right.tolist(), counts.tolist()) == ([2, 4], [4, 6], [1, 2])
