"""`ClassDraft`: classes by cutoffs while somebody drags, types and renames them, with undo and redo."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from tsraster.app.cutoffs.classstate import (
    ClassState,
    bind_colors,
    choose_next_color,
    insert_code,
    make_state,
    remove_code,
)
from tsraster.app.cutoffs.cutoffplaces import hold_between, parse_cutoffs, snap
from tsraster.classification import classify
from tsraster.classtable import ClassTable, Closed, Number, format_numbers
from tsraster.errors import LutError, UsageError
from tsraster.lut import RGBA, Lut
from tsraster.measuring import count_codes, list_shares
from tsraster.measuring.shares import ClassShare
from tsraster.schemes import Counted

_MOST_STEPS = 200


class ClassDraft:
    """The classes that are being edited: every change is a step that can be undone.

    A change that cannot be leaves everything as it was and raises. Cutoffs are counted from 0, as classes are; cutoff i is the
    upper end of class i.

    Examples
    --------
    >>> draft = ClassDraft.from_cutoffs([290, 300])
    >>> draft.move(0, 295.5)
    295.5
    >>> draft.add(310)
    2
    >>> draft.table.intervals
    ('<= 295.5', '(295.5, 300]', '(300, 310]', '> 310')
    >>> draft.undo(), draft.cutoffs
    (True, (295.5, 300))
    """

    def __init__(self, state: ClassState) -> None:
        self._state = state
        self._luts: list[Lut] = []
        self._undone: list[ClassState] = []
        self._done: list[ClassState] = []
        self._begun: ClassState | None = None

    @classmethod
    def from_cutoffs(cls, cutoffs: Sequence[Number], *, closed: Closed = "right", lut: Lut | None = None) -> ClassDraft:
        """Begin with cutoffs; the outer classes are open."""
        return cls.from_table(ClassTable.from_cutoffs(cutoffs, closed=closed), lut)

    @classmethod
    def from_table(cls, table: ClassTable, lut: Lut | None = None) -> ClassDraft:
        """Begin with a table, as one that a scheme has fitted, and the colors of a color table or such that differ well."""
        draft = cls(make_state(table, lut))
        if lut is not None:
            draft.know_lut(lut)
        return draft

    def from_scheme(self, table: ClassTable) -> None:
        """Take over the classes of a table that a scheme has fitted; colors are chosen anew, and names are those of the table."""
        self._change(make_state(table, self._luts[-1] if self._luts else None))

    def look_like(self, other: ClassState) -> None:
        """Take names and colors of as many other classes."""
        if len(other.codes) == len(self._state.codes):
            self._change(replace(self._state, names=other.names, colors=other.colors, lut=""))

    # What it is.

    @property
    def state(self) -> ClassState:
        """The present classes."""
        return self._state

    @property
    def cutoffs(self) -> tuple[Number, ...]:
        """The edges that can be moved: all but the open ends."""
        return tuple(edge for edge in self._state.edges if math.isfinite(edge))

    @property
    def table(self) -> ClassTable:
        """The present classes as a table."""
        return self._state.to_table()

    @property
    def lut(self) -> Lut:
        """The present colors."""
        return self._state.to_lut()

    @property
    def palette(self) -> Lut | None:
        """The color table whose colors the classes have; None where some were chosen otherwise."""
        return next((lut for lut in reversed(self._luts) if _has_colors(self._state, lut)), None)

    def know_lut(self, lut: Lut) -> None:
        """Let new classes have colors of a table, without changing any."""
        self._luts = [*(one for one in self._luts if one.name != lut.name), lut]
        self._state = self._note_lut(self._state)

    def counts(self, counted: Counted, pixel_area: float | None = None) -> tuple[ClassShare, ...]:
        """Return pixels, percent and area of each class, from exact counts of the values: no pixel is read."""
        table = self.table
        sums = count_codes(classify(counted.values, table), table, times=counted.counts)
        return list_shares(table, sums, pixel_area)

    # Changes; each is one step, or a part of the step that was begun.

    def move(self, i: int, value: float, *, step: float | None = None) -> Number:
        """Move a cutoff, as far as its neighbors let it, and return where it is; one that cannot move there stays.

        With a step it is moved to a multiple of it, such as 1 where the values are whole numbers.

        Raises
        ------
        UsageError
            There is no such cutoff.
        """
        at = self._place(i)
        edges = self._state.edges
        low = edges[at - 1] if at else -math.inf
        high = edges[at + 1] if at + 1 < len(edges) else math.inf
        wanted = hold_between(value, low, high, step)
        if wanted is not None and wanted != edges[at]:
            self._change(replace(self._state, edges=(*edges[:at], wanted, *edges[at + 1 :]), scheme="manual"))
        return self._state.edges[at]

    def add(self, value: Number, *, step: float | None = None) -> int:
        """Split a class, and return which cutoff it is; the upper part is new: a code, a color, and no name yet.

        Raises
        ------
        UsageError
            There is a cutoff there, the number is not finite, or lies outside of all classes.
        """
        wanted = snap(value, step)
        state = self._state
        if not math.isfinite(wanted) or wanted in state.edges:
            problem = "is there already" if wanted in state.edges else "is no finite number"
            raise UsageError(f"the cutoff {wanted} {problem}; give another one")
        at = bisect_left(state.edges, wanted)
        if not 0 < at < len(state.edges):
            ends = ", ".join(format_numbers((state.edges[0], state.edges[-1])))
            raise UsageError(f"the cutoff {wanted} is outside of all classes, {ends}; give one between")
        self._change(
            replace(
                state,
                edges=(*state.edges[:at], wanted, *state.edges[at:]),
                names=(*state.names[:at], "", *state.names[at:]),
                colors=(*state.colors[:at], self._choose_color(at), *state.colors[at:]),
                codes=insert_code(state.codes, at),
                lut="",
                scheme="manual",
            )
        )
        return self.cutoffs.index(wanted)

    def remove(self, i: int) -> None:
        """Take a cutoff away: of the two classes that become one, the lower keeps its name and color.

        Raises
        ------
        UsageError
            There is no such cutoff, it is an outer end, or it is the last one.
        """
        at, state = self._place(i), self._state
        if not 0 < at < len(state.edges) - 1:
            raise UsageError(f"the cutoff {state.edges[at]} is the end of all classes; move it instead")
        if len(self.cutoffs) == 1:
            raise UsageError("the last cutoff cannot be removed; move it instead")
        self._change(
            replace(
                state,
                edges=_without(state.edges, at),
                names=_without(state.names, at),
                colors=_without(state.colors, at),
                codes=remove_code(state.codes, at),
                lut="",
                scheme="manual",
            )
        )

    def type_in(self, text: str) -> None:
        """Take cutoffs as --cutoffs does, such as "285, 292, 300"; names and colors stay with the classes of that rank.

        Raises
        ------
        UsageError
            They are no numbers, or not in increasing order.
        """
        table = ClassTable.from_cutoffs(parse_cutoffs(text), closed=self._state.closed)
        state, number = self._state, len(table)
        names = (*state.names, *[""] * number)[:number]
        colors = list(state.colors[:number])
        while len(colors) < number:
            colors.append(self._choose_next(colors))
        codes = state.codes if number == len(state.codes) else table.codes
        lut = state.lut if number == len(state.codes) else ""
        self._change(
            replace(state, edges=table.edges, names=names, colors=tuple(colors), codes=codes, lut=lut, scheme="manual")
        )

    def rename(self, i: int, name: str) -> None:
        """Call a class, counted from 0, something else; an empty name lets its interval stand for it."""
        self._check_class(i)
        self._change(replace(self._state, names=_with(self._state.names, i, name)))

    def recolor(self, i: int, color: RGBA) -> None:
        """Give a class, counted from 0, another color: red, green, blue, alpha, 0 to 255."""
        self._check_class(i)
        self._change(replace(self._state, colors=_with(self._state.colors, i, color), lut=""))

    def close(self, closed: Closed) -> None:
        """Choose which edge belongs to a class, "right" or "left"."""
        self._change(replace(self._state, closed=closed))

    def apply_lut(self, lut: Lut) -> None:
        """Take the colors of a color table, but not its names: those belong to codes that mean something.

        Raises
        ------
        LutError
            It does not cover the classes.
        """
        colors, _ = bind_colors(lut, self._state.codes)
        self._luts = [*(one for one in self._luts if one.name != lut.name), lut]
        self._change(replace(self._state, colors=colors, lut=""))

    # Steps.

    def begin(self) -> None:
        """Begin a step of many changes, such as a drag."""
        if self._begun is None:
            self._begun = self._state

    def commit(self) -> None:
        """End the step that was begun: it is undone as one."""
        begun, self._begun = self._begun, None
        if begun is not None and begun != self._state:
            self._note(begun)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._done) or (self._begun is not None and self._begun != self._state)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return bool(self._undone)

    def undo(self) -> bool:
        """Go back a step; a step that was begun ends before. Return whether there was one."""
        self.commit()
        if not self._done:
            return False
        self._undone.append(self._state)
        self._state = self._done.pop()
        return True

    def redo(self) -> bool:
        """Take a step again that was undone, and return whether there was one."""
        self.commit()
        if not self._undone:
            return False
        self._done.append(self._state)
        self._state = self._undone.pop()
        return True

    def _change(self, state: ClassState) -> None:
        before, self._state = self._state, self._note_lut(state)
        if self._begun is None and self._state != before:
            self._note(before)

    def _note(self, before: ClassState) -> None:
        self._done = [*self._done, before][-_MOST_STEPS:]
        self._undone.clear()

    # Details.

    def _place(self, i: int) -> int:
        if not 0 <= i < len(self.cutoffs):
            raise UsageError(f"there is no cutoff number {i}; there are {len(self.cutoffs)}, counted from 0")
        return i + (not math.isfinite(self._state.edges[0]))

    def _check_class(self, i: int) -> None:
        if not 0 <= i < len(self._state.codes):
            raise UsageError(f"there is no class number {i}; there are {len(self._state.codes)}, counted from 0")

    def _choose_color(self, at: int) -> RGBA:
        """Return the color of a class between others: in a ramp the middle of theirs, else one that differs well."""
        colors = self._state.colors
        if self._luts and self._luts[-1].kind == "ramp" and 0 < at < len(colors):
            red, green, blue, alpha = ((a + b) // 2 for a, b in zip(colors[at - 1], colors[at], strict=True))
            return red, green, blue, alpha
        return self._choose_next(colors)

    def _choose_next(self, colors: Sequence[RGBA]) -> RGBA:
        """Return the first color of the table that is not there yet, so that classes added at the end keep to the table."""
        lut = self._luts[-1] if self._luts else None
        free = (
            [color for color in lut.colors if color not in colors] if lut is not None and lut.kind == "classes" else []
        )
        return free[0] if free else choose_next_color(colors)

    def _note_lut(self, state: ClassState) -> ClassState:
        """Name the color table whose colors these are, if it would give no class a name that it does not have here."""
        for lut in reversed(self._luts):
            if _has_colors(state, lut):
                _, names = bind_colors(lut, state.codes)
                is_named = all(own or not other for own, other in zip(state.names, names, strict=True))
                return replace(state, lut=lut.name if is_named else "")
        return state if state.lut not in {lut.name for lut in self._luts} else replace(state, lut="")


def _has_colors(state: ClassState, lut: Lut) -> bool:
    try:
        return bind_colors(lut, state.codes)[0] == state.colors
    except LutError:
        return False


Item = TypeVar("Item")


def _with(items: tuple[Item, ...], i: int, item: Item) -> tuple[Item, ...]:
    return (*items[:i], item, *items[i + 1 :])


def _without(items: tuple[Item, ...], i: int) -> tuple[Item, ...]:
    return (*items[:i], *items[i + 1 :])
