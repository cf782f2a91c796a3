"""Classes that are being edited stay classes, whatever is done to them, and every step can be undone."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import write_raster
from tsraster import classify_file
from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.cutoffs.cutoffplaces import hold_between, parse_cutoffs
from tsraster.classtable import ClassTable
from tsraster.errors import LutError, TableError, TsrasterError, UsageError
from tsraster.lut import Lut
from tsraster.pipeline.luts import load_lut
from tsraster.schemes import Counted

RED = (255, 0, 0, 255)


def make() -> ClassDraft:
    draft = ClassDraft.from_cutoffs([10, 20, 30])
    for i, name in enumerate("abcd"):
        draft.rename(i, name)
    return draft


def test_a_new_class_takes_no_name_or_color_of_another() -> None:
    draft = make()
    before = draft.state
    assert draft.add(15) == 1
    state = draft.state
    assert state.names == ("a", "b", "", "c", "d")
    assert state.codes == (1, 2, 3, 4, 5)
    assert [state.colors[i] for i in (0, 1, 3, 4)] == list(before.colors)
    assert len(set(state.colors)) == 5


def test_a_new_class_of_a_ramp_has_a_color_between() -> None:
    ramp = Lut(name="gray", kind="ramp", keys=(0, 1), colors=((0, 0, 0, 255), (240, 240, 240, 255)))
    draft = ClassDraft.from_cutoffs([10, 20, 30], lut=ramp)
    assert [color[0] for color in draft.state.colors] == [0, 80, 160, 240]
    draft.add(15)
    assert [color[0] for color in draft.state.colors] == [0, 80, 120, 160, 240]


@pytest.mark.parametrize(("i", "names"), [(0, "acd"), (1, "abd"), (2, "abc")])
def test_of_two_classes_the_lower_keeps_name_and_color(i: int, names: str) -> None:
    draft = make()
    colors = dict(zip(draft.state.names, draft.state.colors, strict=True))
    draft.remove(i)
    assert "".join(draft.state.names) == names
    assert draft.state.colors == tuple(colors[name] for name in names)
    assert draft.table.codes == (1, 2, 3)


@pytest.mark.parametrize(
    ("value", "step", "found"),
    [
        (25, None, 25),
        (17.3, 1, 17),
        (12.34, 0.1, 12.3),
        (99, 1, 29),
        (-99, 1, 11),
        (30, None, math.nextafter(30, 0)),
        (-math.inf, None, math.nextafter(10, 11)),
        (math.nan, None, 20),
        (17, 50, 20),
    ],
)
def test_a_cutoff_does_not_pass_its_neighbors(value: float, step: float | None, found: float) -> None:
    draft = make()
    assert draft.move(1, value, step=step) == found
    assert draft.cutoffs == (10, found, 30)


def test_the_outer_ends_of_a_fitted_table_can_be_moved() -> None:
    draft = ClassDraft.from_table(ClassTable(codes=(1, 2), edges=(0, 5, 9), scheme="equal-interval", unit="K"))
    assert draft.move(0, -3.5) == -3.5
    assert draft.move(2, 5) > 5
    assert draft.table.scheme == "manual"
    assert draft.table.unit == "K"
    with pytest.raises(UsageError, match="is the end of all classes"):
        draft.remove(0)
    with pytest.raises(UsageError, match="outside of all classes"):
        draft.add(10)


def test_typed_cutoffs_are_read_as_the_command_line_reads_them() -> None:
    draft = make()
    draft.type_in(" 285, 292.5,3e2")
    assert draft.cutoffs == (285, 292.5, 300)
    assert "".join(draft.state.names) == "abcd"
    draft.type_in("-1")
    assert ("".join(draft.state.names), list(draft.state.codes)) == ("ab", [1, 2])
    draft.type_in("1,2,3,4,5,6")
    assert list(draft.state.names) == ["a", "b", "", "", "", "", ""]
    assert len(set(draft.state.colors)) == 7


@pytest.mark.parametrize("text", ["", "1,,2", "1;2", "a", "2,1", "1,1", "nan", "inf", "1,2,"])
def test_what_is_no_list_of_cutoffs_changes_nothing(text: str) -> None:
    draft = make()
    before = draft.state
    with pytest.raises(UsageError):
        draft.type_in(text)
    assert draft.state == before


def test_large_whole_cutoffs_stay_exact() -> None:
    assert parse_cutoffs("9007199254740993, -5, +7") == [2**53 + 1, -5, 7]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda draft: draft.add(20), UsageError),
        (lambda draft: draft.add(math.inf), UsageError),
        (lambda draft: draft.add(math.nan), UsageError),
        (lambda draft: draft.move(3, 1), UsageError),
        (lambda draft: draft.move(-1, 1), UsageError),
        (lambda draft: draft.remove(7), UsageError),
        (lambda draft: draft.rename(4, "x"), UsageError),
        (lambda draft: draft.recolor(0, (0, 0, 256, 255)), LutError),
        (lambda draft: draft.close("both"), TableError),
        (lambda draft: draft.apply_lut(Lut(name="x", kind="classes", keys=(9,), colors=(RED,))), LutError),
    ],
)
def test_what_cannot_be_leaves_all_as_it_was(change: Callable[[ClassDraft], Any], error: type[TsrasterError]) -> None:
    draft = make()
    before = draft.state
    with pytest.raises(error):
        change(draft)
    assert draft.state == before
    draft.undo()
    assert draft.state.names == ("a", "b", "c", "")


def test_the_last_cutoff_stays() -> None:
    draft = ClassDraft.from_cutoffs([5])
    with pytest.raises(UsageError, match="the last cutoff cannot be removed"):
        draft.remove(0)


def test_single_values_are_refused() -> None:
    with pytest.raises(TableError, match="only classes by cutoffs"):
        ClassDraft.from_table(ClassTable(codes=(1, 2), values=(3, 4)))


def test_own_codes_are_kept() -> None:
    draft = ClassDraft.from_table(ClassTable(codes=(30, 10, 20), edges=(0, 1, 2, 3), names=("x", "y", "z")))
    draft.add(0.5)
    assert list(draft.table.codes) == [30, 31, 10, 20]
    assert draft.lut.keys == (10, 20, 30, 31)
    assert draft.lut.names == ("y", "z", "x", "")
    draft.remove(1)
    assert list(draft.table.codes) == [30, 10, 20]


def test_a_drag_is_one_step() -> None:
    draft = make()
    before = draft.state
    draft.begin()
    for value in range(20, 29):
        draft.move(1, value)
    draft.commit()
    after = draft.state
    assert draft.undo()
    assert draft.state == before
    assert draft.redo()
    assert draft.state == after
    draft.begin()
    draft.move(1, 22)
    assert draft.undo(), "a drag that has not ended is undone too"
    assert draft.state == after


def test_a_step_that_changes_nothing_is_none() -> None:
    draft = ClassDraft.from_cutoffs([1, 2])
    draft.begin()
    draft.move(0, 1.5)
    draft.move(0, 1)
    draft.commit()
    draft.rename(0, "")
    assert not draft.can_undo
    assert not draft.undo()
    assert not draft.redo()


def test_a_scheme_takes_the_colors_of_the_chosen_table() -> None:
    draft = ClassDraft.from_cutoffs([1, 2])
    thermal = load_lut("thermal")
    draft.apply_lut(thermal)
    draft.from_scheme(ClassTable(codes=(1, 2, 3, 4, 5), edges=(0, 1, 2, 3, 4, 5), scheme="quantiles"))
    assert draft.state.colors == thermal.sample(5)
    assert (draft.state.lut, draft.table.scheme) == (thermal.name, "quantiles")
    draft.recolor(0, RED)
    assert draft.state.lut == ""
    assert draft.undo()
    assert draft.undo()
    assert draft.cutoffs == (1, 2)


@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_live_counts_are_those_of_classify(tmp_path: Path, closed: Any, dtype: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 40, (50, 60)).astype(dtype)
    draft = ClassDraft.from_cutoffs([10, 20, 30], closed=closed)
    draft.move(0, 12)
    source = write_raster(tmp_path / "band.tif", pixels)
    wanted = classify_file(source, cutoffs=list(draft.cutoffs), closed=closed, stats=tmp_path / "stats.csv").shares
    values, times = np.unique(pixels, return_counts=True)
    assert draft.counts(Counted(values, times)) == wanted


NUMBERS = st.one_of(
    st.integers(-50, 50), st.floats(-50, 50), st.sampled_from([math.inf, -math.inf, math.nan, 1e308, -1e308])
)
COLORS = st.tuples(*[st.integers(0, 255)] * 4)
OPERATIONS = st.one_of(
    st.tuples(st.just("move"), st.integers(-1, 6), NUMBERS),
    st.tuples(st.just("add"), NUMBERS),
    st.tuples(st.just("remove"), st.integers(-1, 6)),
    st.tuples(st.just("rename"), st.integers(-1, 6), st.text(max_size=5)),
    st.tuples(st.just("recolor"), st.integers(-1, 6), COLORS),
    st.tuples(st.just("type_in"), st.sampled_from(["1,2,3", "5", "3,2", "-1.5, 0, 7, 9"])),
    st.tuples(st.just("close"), st.sampled_from(["left", "right"])),
    st.sampled_from([("begin",), ("commit",), ("undo",), ("redo",)]),
)


@given(st.lists(OPERATIONS, max_size=30), st.sampled_from([None, 1, 0.5]))
@settings(deadline=None)
def test_any_edits_keep_edges_increasing_and_can_be_undone(operations: list[Any], step: float | None) -> None:
    draft = ClassDraft.from_cutoffs([0, 10, 20])
    first = draft.state
    for name, *what in operations:
        try:
            getattr(draft, name)(*what, **({"step": step} if name in ("move", "add") else {}))
        except TsrasterError:
            continue
        state = draft.state
        assert all(low < high for low, high in pairwise(state.edges))
        assert len(state.names) == len(state.colors) == len(state.codes) == len(state.edges) - 1
        assert draft.table.intervals
    last = draft.state
    states = [last]
    while draft.undo():
        states.append(draft.state)
    assert states[-1] == first
    for state in states[-2::-1]:
        assert draft.redo()
        assert draft.state == state
    while draft.redo():
        pass


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from([None, 1, 0.25, 10]))
def test_a_held_number_lies_between(value: float, low: float, high: float, step: float | None) -> None:
    if math.isnan(low) or math.isnan(high) or not low < high:
        return
    found = hold_between(value, low, high, step)
    assert found is None or low < found < high
    if step is None and low < value < high:
        assert found == value
