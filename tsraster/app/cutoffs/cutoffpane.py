"""The pane "Cutoffs": classes of one band's values, by lines in its histogram, a scheme, or numbers that are typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from tsraster.app.bench import Bench, Painting
from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.cutoffs.classlist import TablePlace, change_cells, from_hex, make_table, to_hex
from tsraster.app.cutoffs.classrows import list_rows, tabulate
from tsraster.app.cutoffs.classstate import ClassState
from tsraster.app.cutoffs.cutoffplaces import parse_cutoffs, snap
from tsraster.app.cutoffs.fitnotes import hear_notes
from tsraster.app.cutoffs.histogramplot import HistogramPlot
from tsraster.app.keyboard import REDO, UNDO
from tsraster.app.picture.lookpane import MARGIN, list_colormaps
from tsraster.app.picture.viewports import Viewport, read_view
from tsraster.app.subjects import Shown, Subject, Tally, read_value
from tsraster.app.tickbox import TickBox
from tsraster.classification import classify
from tsraster.classtable import ClassTable, Number, format_numbers
from tsraster.errors import TsrasterError
from tsraster.lut import Lut
from tsraster.lutfiles import shipped_luts
from tsraster.pipeline.luts import load_lut
from tsraster.reading import find_pixel_area
from tsraster.schemes import SCHEMES, choose_scheme

_SMOOTHINGS = ("none", "gaussian:1", "gaussian:2", "median:3", "median:5")
_OWN_COLORS = "own"
_GRAY = "gray"
_COLORS = "categorical"
"""The table of the first colors: a command names it, and needs no file of colors."""
_FIRST = "quantiles"
"""Outliers leave all but one of equal intervals empty."""
_MOST = 255
_COUNTING = "the values are still being counted; wait a moment"
TITLE = "Cutoffs"
_FRONT = (TITLE, "Run")
"""The panes over whose picture the classes lie."""
_OTHER = ("Scribble", "Train")
"""The panes that have classes of their own."""


_KEPT = "cutoffs"
"""Under this name a subject keeps what is chosen here."""


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """The classes of a band, kept while the server runs, so that a reload or another page finds them."""

    state: ClassState
    scheme: str
    classes: int | None
    lut: str


class CutoffPane:
    """Classes that are divided by cutoffs."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.draft: ClassDraft | None = None
        self.shown: Shown | None = None
        self.problem = _COUNTING
        """Why there are no classes, where there are none."""
        self._is_asked = self._was_open = False
        self.plot = HistogramPlot(
            on_move=self._move, on_add=self._add, on_remove=self._drop, on_choose=self._choose, later=bench.later
        )
        self._make_widgets()
        self._connect()

    def _make_widgets(self) -> None:
        half, whole = 156, 330
        self.values = pn.widgets.Select(label="Values", options={}, width=half)
        self.smooth = pn.widgets.Select(label="Smooth first", options=list(_SMOOTHINGS), width=half)
        self.scheme = pn.widgets.Select(label="Scheme", options=_list_schemes(), value=_FIRST, width=half)
        self.classes = pn.widgets.IntInput(label="Classes", value=4, width=72)
        self.fit = pn.widgets.Button(label="Fit", color="primary", width=66, align="end")
        self.typed = pn.widgets.TextInput(label="Cutoffs, separated by commas", width=whole)
        self.table = make_table(tabulate([]), editable=("name",), height=210)
        self._table_place = TablePlace(self.table)
        self.color = pn.widgets.ColorPicker(label="Color", value="#888888", width=70)
        self.lut = pn.widgets.Select(
            label="Color table", options=[_OWN_COLORS, *_list_luts()], value=_COLORS, width=120
        )
        self.remove = pn.widgets.Button(
            label="Remove", width=76, align="end", description="Removes the lower cutoff of the class"
        )
        self.undo = pn.widgets.Button(label="Undo", width=70)
        self.redo = pn.widgets.Button(label="Redo", width=70)
        self.log = TickBox(label="Log counts", width=100, align="center")
        self.is_shown = TickBox(label="Show classes", value=False, width=110, align="center")
        self.opacity = pn.widgets.FloatSlider(label="Opacity", start=0, end=1, step=0.05, value=0.6, width=190)
        self.panel = pn.Column(
            pn.Row(self.values, self.smooth, margin=0),
            pn.Row(self.scheme, self.classes, self.fit, margin=0),
            self.typed,
            self._table_place.panel,
            pn.Row(self.color, self.lut, self.remove, margin=0),
            pn.Row(self.undo, self.redo, self.log, margin=0),
            pn.Row(self.is_shown, self.opacity, margin=0),
            margin=0,
        )  # fmt: skip

    def _connect(self) -> None:
        bench = self._bench
        bench.hear("subject", self._begin)
        bench.hear("tab", self._open)
        bench.hear("key", self._press)
        bench.paint_by("classes", self._paint)
        for one in (self.values, self.smooth):
            one.param.watch(lambda _: self._take_values(), "value")
        self.fit.on_click(lambda _: self._fit())
        self.typed.param.watch(lambda event: self._type(event.new), "value")
        self.table.on_edit(lambda event: self._edit(lambda draft: draft.rename(event.row, str(event.value))))
        self.table.param.watch(lambda _: self._show_color(), "selection")
        self.color.param.watch(lambda event: self._recolor(event.new), "value")
        self.lut.param.watch(lambda event: self._apply_lut(event.new), "value")
        self.remove.on_click(lambda _: self._remove())
        self.undo.on_click(lambda _: self._edit(ClassDraft.undo))
        self.redo.on_click(lambda _: self._edit(ClassDraft.redo))
        self.log.param.watch(lambda event: self.plot.set_log(event.new), "value")
        self.is_shown.param.watch(lambda _: bench.repaint("classes"), "value")
        self.opacity.param.watch(lambda _: self._color(), "value")

    @property
    def band(self) -> int | None:
        """The number of the band that is classified; None for the gray of a picture."""
        return None if self.values.value == _GRAY else self.values.value

    @property
    def smoothing(self) -> str | None:
        """What it is smoothed by first."""
        return None if self.smooth.value == "none" else str(self.smooth.value)

    def tell(self, row: int, col: int) -> str:
        """Say which value and class a pixel has."""
        if self.draft is None or self.shown is None or self._bench.tab in _OTHER:
            return ""
        value, is_valid = read_value(self.shown, row, col)
        if not is_valid:
            return ""
        code = int(classify(np.asarray(value), self.draft.table))
        state = self.draft.state
        name = state.names[state.codes.index(code)] if code else ""
        return f"{float(value):.6g} in class {code} {name}".rstrip() if code else f"{float(value):.6g} in no class"

    def _open(self, title: str) -> None:
        """Show the classes while this pane or the next step is in front."""
        if title in _FRONT and not self._was_open:
            self._was_open = self.is_shown.value = True
        self._bench.repaint("classes")

    def _press(self, key: str) -> None:
        if self._bench.tab == TITLE and key in (*UNDO, *REDO):
            self._edit(ClassDraft.undo if key in UNDO else ClassDraft.redo)

    # What is classified.

    def _begin(self) -> None:
        raster = self._bench.subject.raster
        bands = {
            f"{band.number} {band.name or band.role}".replace(" undefined", ""): band.number
            for band in raster.data_bands
        }
        has_gray = raster.is_color or raster.has_palette_picture
        options = ({_GRAY: _GRAY} if has_gray else {}) | bands
        values, smooth = self._bench.subject.kept.get(_KEPT, (next(iter(options.values())), "none"))
        self._is_asked = True
        self.values.param.update(options=options, value=values)
        self.smooth.value = smooth
        self._is_asked = False
        self._take_values()

    def _take_values(self) -> None:
        if self._is_asked:
            return
        subject, band, smooth = self._bench.subject, self.band, self.smoothing
        subject.kept[_KEPT] = self.values.value, self.smooth.value
        self._clear(_COUNTING)

        def prepare() -> tuple[Shown, Tally] | TsrasterError:
            self._bench.wait_for_picture()
            try:
                shown = subject.show(band, smooth)
                return shown, shown.count()
            except TsrasterError as error:
                return error

        def take(found: tuple[Shown, Tally] | TsrasterError) -> None:
            if subject is not self._bench.subject or (band, smooth) != (self.band, self.smoothing):
                return
            if isinstance(found, TsrasterError):
                self._refuse(found)
                return
            self.shown, tally = found
            self.plot.show(tally)
            self._find_kept(subject)

        self._bench.latest("values", prepare, take)

    def _clear(self, problem: str) -> None:
        """Show no classes, and know why there are none."""
        self.draft = self.shown = None
        self.problem = problem
        self._is_asked = True
        self.plot.show(None)
        self.plot.show_edges([], [])
        self.typed.value = ""
        self.table.value = tabulate([])
        self.undo.disabled = self.redo.disabled = True
        self._is_asked = False
        self._bench.repaint("classes")
        self._bench.tell("classes")

    def _refuse(self, error: TsrasterError) -> None:
        """Say why there are no classes, or no others."""
        text = str(error).replace("use --cutoffs", "type cutoffs")
        if self.draft is None:
            self.problem = text
            self._bench.tell("classes")
        self._bench.say(text, is_wrong=True)

    def _find_kept(self, subject: Subject) -> None:
        """Take classes that were made before of this band; typed cutoffs hold for its values however they are smoothed."""
        kept: _Kept | None = subject.kept.get((_KEPT, self.band, self.smoothing))
        found: _Kept | None = kept or subject.kept.get((_KEPT, self.band))
        if found is not None:
            self._is_asked = True
            self.scheme.value, self.classes.value, self.lut.value = found.scheme, found.classes, found.lut
            self._is_asked = False
        if found is None or (kept is None and found.state.scheme != "manual"):
            self._fit(found.state if found is not None else None)
            return
        self.draft = ClassDraft(found.state)
        self.draft.know_lut(self._find_lut())
        self._refresh()

    def _fit(self, like: ClassState | None = None) -> None:
        shown = self.shown
        if shown is None:
            self._bench.say(self.problem, is_wrong=True)
            return
        scheme, number = str(self.scheme.value), self.classes.value
        if SCHEMES[scheme].fixed:
            number = None
        elif number is None or not 2 <= number <= _MOST:
            said = "no number of classes" if number is None else f"{number} classes cannot be made"
            self._bench.say(f"{said}; give a number from 2 to {_MOST}", is_wrong=True)
            return

        def fit() -> tuple[ClassTable, list[str]] | TsrasterError:
            try:
                return hear_notes(lambda: shown.ask(choose_scheme(scheme, number).fit))
            except TsrasterError as error:
                return error

        self._bench.latest("fit", fit, lambda found: self._take_fit(shown, found, like))

    def _take_fit(
        self, shown: Shown, found: tuple[ClassTable, list[str]] | TsrasterError, like: ClassState | None
    ) -> None:
        if shown is not self.shown:
            return
        if isinstance(found, TsrasterError):
            self._refuse(found)
            return
        table, notes = found
        if self.draft is None:
            self.draft = ClassDraft.from_table(_open_ends(table), self._find_lut())
        else:
            self.draft.from_scheme(_open_ends(table))
        if like is not None:
            self.draft.look_like(like)
        self._refresh()
        if notes:
            self._bench.say("; ".join(notes))

    def _find_lut(self) -> Lut:
        return load_lut(_COLORS if self.lut.value == _OWN_COLORS else str(self.lut.value))

    def _keep(self, draft: ClassDraft) -> None:
        lut = _COLORS if self.lut.value == _OWN_COLORS else str(self.lut.value)
        kept = _Kept(state=draft.state, scheme=str(self.scheme.value), classes=self.classes.value, lut=lut)
        for key in ((_KEPT, self.band, self.smoothing), (_KEPT, self.band)):
            self._bench.subject.kept[key] = kept

    # Changes by hand.

    def _edit(self, change: Callable[[ClassDraft], Any]) -> None:
        if self._is_asked:
            return
        if self.draft is None:
            self._bench.say(self.problem, is_wrong=True)
            return
        said = ""
        try:
            change(self.draft)
        except TsrasterError as error:
            said = str(error)
        self.is_shown.value = True
        self._refresh()
        if said:
            self._bench.say(said, is_wrong=True)

    def _type(self, text: str) -> None:
        if self.draft is None and not self._is_asked and self.shown is not None:
            self._start_with(partial(parse_cutoffs, text))
        else:
            self._edit(lambda draft: draft.type_in(text))

    def _start_with(self, list_cutoffs: Callable[[], list[Number]]) -> None:
        """Begin with cutoffs by hand, where no scheme finds any."""
        try:
            self.draft = ClassDraft.from_cutoffs(list_cutoffs(), lut=self._find_lut())
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
        self._refresh()

    def _move(self, phase: str, number: int, value: float) -> None:
        if self.draft is None:
            return
        if phase == "start":
            self.draft.begin()
        elif phase == "move":
            self.draft.move(number, value, step=self._step)
            self._refresh(is_drag=True)
        else:
            self.draft.commit()
            self._refresh()
        if phase == "start":
            self.is_shown.value = True

    def _add(self, value: float) -> None:
        if self.draft is None and self.shown is not None:
            self._start_with(lambda: [snap(value, self._step)])
            return
        self._edit(lambda draft: draft.add(value, step=self._step))

    def _remove(self) -> None:
        number = self._chosen
        self._edit(lambda draft: draft.remove(max(0, number - 1)))

    def _drop(self, number: int) -> None:
        self._edit(lambda draft: draft.remove(number))

    def _choose(self, number: int) -> None:
        if self.draft is not None and number < len(self.draft.state.codes):
            self.table.selection = [number]

    def _recolor(self, text: str) -> None:
        color = from_hex(text)
        number = self._chosen
        self._edit(lambda draft: draft.recolor(number, color))

    def _apply_lut(self, name: str) -> None:
        if self.draft is None or self._is_asked:
            return
        if name == _OWN_COLORS:
            self._refresh()
        else:
            self._edit(lambda draft: draft.apply_lut(load_lut(name)))

    @property
    def _chosen(self) -> int:
        return self.table.selection[0] if self.table.selection else 0

    @property
    def _step(self) -> float | None:
        """Cutoffs move in steps that a screen can show: whole ones where the values are whole."""
        if self.shown is None or self.shown.preparation.dtype.kind in "iub":
            return 1.0
        seen = self.plot.figure.x_range
        return float(10.0 ** np.floor(np.log10((seen.end - seen.start) / 500)))

    # What is shown.

    def _refresh(self, *, is_drag: bool = False) -> None:
        draft, shown = self.draft, self.shown
        if draft is None or shown is None or shown.known is None:
            return
        state = draft.state
        self._is_asked = True
        self.plot.show_edges([float(edge) for edge in draft.cutoffs], state.colors)
        self.typed.value = ", ".join(format_numbers(draft.cutoffs))
        rows = list_rows(draft, shown.known, find_pixel_area(self._bench.subject.raster))
        is_same = list(rows.columns) == list(self.table.value.columns) and len(rows) == len(self.table.value)
        if is_same:
            change_cells(self.table, rows)
            if not is_drag:
                self._show_color()
        else:
            chosen = self._chosen
            self.table.value = rows
            self.table.selection = [min(chosen, len(rows) - 1)]
            self._show_color()
        self._table_place.fill()
        self.undo.disabled, self.redo.disabled = not draft.can_undo, not draft.can_redo
        self.lut.value = draft.palette.name if draft.palette is not None else _OWN_COLORS
        self._is_asked = False
        self._keep(draft)
        self._color()
        self._bench.repaint("classes")
        self._bench.tell("classes")

    def _show_color(self) -> None:
        if self.draft is None:
            return
        was, self._is_asked = self._is_asked, True
        self.color.value = to_hex(self.draft.state.colors[min(self._chosen, len(self.draft.state.colors) - 1)])
        self._is_asked = was

    def _color(self) -> None:
        if self.draft is not None:
            places = enumerate(self.draft.state.colors, start=1)
            self._bench.canvas.color("classes", dict(places), float(self.opacity.value))

    def _paint(self, viewport: Viewport) -> Painting | None:
        draft, shown = self.draft, self.shown
        if draft is None or shown is None or not self.is_shown.value or self._bench.tab not in _FRONT:
            return None
        view = read_view(shown.raster, shown.overview, viewport.grown(MARGIN), [shown.band], cache=shown.pieces)
        if view is None:
            return None
        return "classes", find_ranks(view.pixels.data[0], view.pixels.valid, draft.table), view.box


def _list_luts() -> list[str]:
    """Return the color tables that have colors for classes counted from 1."""
    tables = {name: load_lut(name) for name in shipped_luts()}
    return [name for name, lut in tables.items() if lut.kind == "ramp" or {1, 2} <= set(lut.keys)] + list_colormaps()


def _list_schemes() -> list[str]:
    """Return the schemes that ask for nothing but a number of classes, and make cutoffs."""
    return [name for name in SCHEMES if not SCHEMES[name].numbers and not SCHEMES[name].single]


def find_ranks(values: NDArray[Any], valid: NDArray[np.bool_], table: ClassTable) -> NDArray[np.uint8]:
    """Return which class values are in, counted from 1 and by at most 255; 0 for none."""
    codes = classify(values, table, valid=valid)
    if table.codes == tuple(range(1, len(table) + 1)) and codes.dtype == np.uint8:
        return codes
    ranks = np.zeros(max(table.codes) + 1, np.uint8)
    ranks[list(table.codes)] = np.minimum(np.arange(1, len(table) + 1), 255)
    return np.asarray(ranks[codes])


def _open_ends(table: ClassTable) -> ClassTable:
    """Let the outer classes reach on, as those by cutoffs do."""
    if len(table.edges) < 3:
        return table
    return replace(ClassTable.from_cutoffs(table.edges[1:-1], closed=table.closed), scheme=table.scheme)
