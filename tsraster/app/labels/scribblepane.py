"""The pane "Scribble": labels drawn by hand, in classes that are named, colored, locked, added and removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import panel as pn

from tsraster.app.bench import Bench, Painting
from tsraster.app.cutoffs.classlist import TablePlace, from_hex, to_hex
from tsraster.app.desk import escape
from tsraster.app.keyboard import REDO, UNDO
from tsraster.app.labels.labeldesk import LabelDesk, find_sidecar
from tsraster.app.labels.labelfilebox import LabelFileBox
from tsraster.app.labels.labelpainting import paint_labels
from tsraster.app.labels.labeltable import DIGITS, find_rows, make_label_table, tabulate_labels, update_table
from tsraster.app.labels.labeltiles import LabelTiles
from tsraster.app.labels.strokes import Stroke
from tsraster.app.picture.canvas import MODES
from tsraster.app.picture.lookpane import MARGIN
from tsraster.app.picture.viewports import Viewport
from tsraster.app.subjects import Subject
from tsraster.attributetable import Categories
from tsraster.lut import RGBA
from tsraster.raster import Window

_WIDTH = 308
_HALF, _THIRD = (_WIDTH - 20) // 2, (_WIDTH - 40) // 3
"""Widths of widgets, which have 10 pixels on each side."""
_WIDEST = 200
_KEYS = {mode[0]: mode for mode in MODES}
_HINT = "Keys: modes m d e f l, classes 1 to 9 and 0, brush [ ], undo z, redo shift+z. The wheel zooms in any mode."
_NOTE = {"font-size": "12px", "color": "#5f6b76"}
_WHITE: RGBA = (255, 255, 255, 255)


class ScribblePane:
    """Labels of the source in front.

    Parameters
    ----------
    bench : Bench
        The page.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._labels: LabelDesk | None = None
        self._sidecar: Path | None = None
        self._code = 0
        self._said = ""
        self._is_asked = False
        self._make_widgets()
        buttons = pn.Row(self.add, self.remove, margin=0)
        shades = pn.Row(self.color, self.opacity, margin=0)
        steps = pn.Row(self.undo, self.redo, self.clear, margin=0)
        self.files = LabelFileBox(bench, _WIDTH)
        self.panel = pn.Column(
            self.width, self._place.panel, self.kept, buttons, shades, steps, self.files.panel, self.hint,
            margin=0,
        )  # fmt: skip
        self._connect()

    def desk_of(self, subject: Subject) -> tuple[LabelTiles, Categories]:
        """Return the labels of a source as they are now, which nothing changes any more, and its classes."""
        return self._bench.gallery.label(subject).look()

    def tell(self, row: int, col: int) -> str:
        """Say which label a pixel has."""
        labels = self._labels
        if labels is None:
            return ""
        code = int(labels.board.snapshot().read(Window(row=row, col=col, rows=1, cols=1))[0, 0])
        return f"labeled {code} {labels.classes.names.get(code, '')}".rstrip() if code else ""

    def _make_widgets(self) -> None:
        names = {mode.capitalize(): mode for mode in MODES}
        self.modes = pn.widgets.RadioButtonGroup(label="Mode", options=names, value="move", width=_WIDTH)
        self.width = pn.widgets.IntSlider(label="Brush, in pixels", start=1, end=_WIDEST, value=9, width=_WIDTH)
        self.opacity = pn.widgets.IntSlider(label="Opacity, in %", start=0, end=100, value=70, width=_HALF)
        self.color = pn.widgets.ColorPicker(label="Color of the class", value="#ffffff", width=_HALF)
        self.add = pn.widgets.Button(label="Add class", width=_HALF)
        self.remove = pn.widgets.Button(label="Remove class", width=_HALF)
        self.undo, self.redo, self.clear = (
            pn.widgets.Button(label=name, width=_THIRD, disabled=True) for name in ("Undo", "Redo", "Clear all")
        )
        self.hint = pn.pane.HTML(_HINT, width=_WIDTH, styles=_NOTE)
        self.kept = pn.pane.HTML("", width=_WIDTH, styles=_NOTE | {"overflow-wrap": "anywhere"}, margin=(0, 10))
        self.table = make_label_table(_WIDTH)
        self._place = TablePlace(self.table)

    def _connect(self) -> None:
        bench = self._bench
        for topic, callback in (
            ("subject", self._begin), ("draw", self._draw), ("fill", self._fill), ("key", self._press), ("close", self._leave)
        ):  # fmt: skip
            bench.hear(topic, callback)
        bench.paint_by("labels", self._paint)
        self.modes.param.watch(lambda event: bench.later(partial(self._set_mode, event.new)), "value")
        self.width.param.watch(lambda _: bench.later(self._set_brush), "value")
        self.opacity.param.watch(lambda _: bench.later(self._color), "value")
        self.color.param.watch(lambda _: self._recolor(), "value")
        self.table.param.watch(lambda _: self._select(), "selection")
        self.table.on_edit(self._rename)
        self.table.on_click(self._lock, column="lock")
        for button, change in (
            (self.undo, LabelDesk.undo), (self.redo, LabelDesk.redo), (self.clear, LabelDesk.clear), (self.add, LabelDesk.add)
        ):  # fmt: skip
            then = self._choose_added if button is self.add else None
            button.on_click(lambda _, change=change, then=then: self._do(change, then))
        self.remove.on_click(lambda _: self._do(partial(_remove, code=self._code)) if self._code else None)

    # The source in front, and what others do to its labels.

    def _begin(self) -> None:
        self._leave()
        self._code, self._said = 0, ""
        subject = self._bench.subject
        self._show()
        self._bench.latest("labels", partial(self._bench.gallery.label, subject), partial(self._take, subject))

    def _leave(self) -> None:
        if self._labels is not None:
            self._labels.listeners.remove(self._hear)
        self._labels = self.files.labels = None

    def _take(self, subject: Subject, labels: LabelDesk) -> None:
        if subject is not self._bench.subject or self._labels is not None:
            return
        self._labels = self.files.labels = labels
        self._sidecar = find_sidecar(subject.source, self._bench.gallery.desk, _name_plane(subject))
        labels.listeners.append(self._hear)
        self._change()

    def _hear(self) -> None:
        """Note a change, in the thread of it."""
        self._bench.later(self._change)

    def _change(self) -> None:
        """Show labels and classes as they are now; also where nothing changed, so that the line drawn by hand goes."""
        if self._labels is None:
            return
        self._show()
        self._bench.repaint("labels")
        if self._labels.note and self._labels.note != self._said:
            self._said = self._labels.note
            self._bench.say(self._said, is_wrong=True)
        self._bench.tell("labels")

    def _do(self, change: Callable[[LabelDesk], Any], then: Callable[[Any], None] | None = None) -> None:
        """Change the labels; in the order in which it was asked, while the page goes on."""
        labels = self._labels
        if labels is None:
            self._bench.say("the labels are still being read; try again in a moment", is_wrong=True)
            self._bench.repaint("labels")
            return
        self._bench.run(partial(change, labels), then or (lambda _: None), pool=labels.pool)

    # What is drawn.

    def _draw(self, vertices: Sequence[tuple[float, float]]) -> None:
        is_erased = self.modes.value == "erase"
        if not is_erased and not self._check_class():
            return
        stroke = Stroke(0 if is_erased else self._code, float(self.width.value), tuple(vertices))
        self._do(lambda labels: labels.draw(stroke))

    def _fill(self, place: tuple[float, float]) -> None:
        if self._check_class():
            code = self._code
            self._do(lambda labels: labels.fill(*place, code))

    def _check_class(self) -> bool:
        if not self._code:
            self._bench.say("there is no class to draw with; add one first", is_wrong=True)
            self._bench.repaint("labels")
        return bool(self._code)

    def _press(self, key: str) -> None:
        if key in _KEYS:
            self.modes.value = _KEYS[key]
        elif key in DIGITS:
            self._choose(DIGITS.index(key))
        elif key in UNDO and self._bench.tab != "Cutoffs":
            self._do(LabelDesk.undo)
        elif key in REDO and self._bench.tab != "Cutoffs":
            self._do(LabelDesk.redo)
        elif key in ("[", "]"):
            self.width.value = _step_width(self.width.value, is_up=key == "]")

    def _set_mode(self, mode: str) -> None:
        self._bench.canvas.set_mode(mode)
        self._set_brush()

    def _set_brush(self) -> None:
        color = _WHITE if self.modes.value == "erase" else self._classes.colors.get(self._code, _WHITE)
        self._bench.canvas.set_brush(color, float(self.width.value))

    # Classes.

    @property
    def _classes(self) -> Categories:
        return Categories(names={}, colors={}) if self._labels is None else self._labels.classes

    def _show(self) -> None:
        """Show the classes, their pixels and what can be undone."""
        labels, classes = self._labels, self._classes
        if self._code not in classes.names:
            self._code = min(classes.names, default=0)
        counts = {} if labels is None else labels.board.counts()
        locked = frozenset[int]() if labels is None else labels.board.locked
        self._is_asked = True
        update_table(self.table, tabulate_labels(classes, counts, locked))
        marked = find_rows(classes, self._code)
        if self.table.selection != marked:
            self.table.selection = marked
        if labels is not None:
            self._place.fill()
        self.undo.disabled, self.redo.disabled = (
            labels is None or not labels.can_undo,
            labels is None or not labels.can_redo,
        )
        self.clear.disabled = not counts
        self.kept.object = escape(self._say_where())
        self.color.param.update(value=to_hex(classes.colors.get(self._code, _WHITE)), disabled=not self._code)
        self.remove.disabled = not self._code
        self._is_asked = False
        self._bench.later(self._color)

    def _say_where(self) -> str:
        """Return where labels are kept, or what is wrong there."""
        if self._labels is None or self._labels.note or self._sidecar is None:
            return "" if self._labels is None else self._labels.note
        return f"kept in {self._sidecar.name}"

    def _color(self) -> None:
        self._bench.canvas.color("labels", dict(self._classes.colors), self.opacity.value / 100)
        self._set_brush()

    def _choose(self, row: int) -> None:
        codes = list(self._classes.names)
        if row < len(codes):
            self._code = codes[row]
            self._show()

    def _choose_added(self, code: int) -> None:
        self._code = code
        self._show()

    def _select(self) -> None:
        if self._is_asked:
            return
        if self.table.selection:
            self._choose(self.table.selection[-1])
        else:  # a second click on the chosen row takes the mark away, but not the class
            self._show()

    def _recolor(self) -> None:
        if self._is_asked or not self._code or not re.fullmatch("#[0-9a-fA-F]{6}", self.color.value or ""):
            return
        code, color = self._code, from_hex(self.color.value)
        if color != self._classes.colors.get(code):
            self._do(lambda labels: labels.recolor(code, color))

    def _rename(self, event: Any) -> None:
        code = list(self._classes.names)[event.row]
        self._do(lambda labels: labels.rename(code, str(event.value or "")))

    def _lock(self, event: Any) -> None:
        code = list(self._classes.names)[event.row]
        self._do(lambda labels: labels.lock(code, code not in labels.board.locked))

    # The layer.

    def _paint(self, viewport: Viewport) -> Painting | None:
        labels = self._labels
        seen = viewport.grown(MARGIN).clip(self._bench.subject.raster.shape)
        if labels is None or seen is None:
            return None
        return paint_labels(labels.board.snapshot(), seen, viewport.step)


def _name_plane(subject: Subject) -> int | None:
    return subject.plane if subject.planes > 1 else None


def _step_width(width: int, *, is_up: bool) -> int:
    """Return the next width: by one while it is small, then by a fifth."""
    step = max(1, width // 5)
    return min(_WIDEST, width + step) if is_up else max(1, width - step)


def _remove(labels: LabelDesk, *, code: int) -> None:
    labels.remove(code)
