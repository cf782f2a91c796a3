"""The pane "Cutoffs": classes of one band's values, by lines in its histogram, a scheme, or numbers that are typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
from numpy.typing import NDArray

from tsraster.app.bench import Bench, Painting
from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.cutoffs.classlist import TablePlace, from_hex, make_table, to_hex
from tsraster.app.cutoffs.histogramplot import HistogramPlot
from tsraster.app.keyboard import REDO, UNDO
from tsraster.app.picture.lookpane import MARGIN
from tsraster.app.picture.viewports import Viewport, read_view
from tsraster.app.subjects import Shown, Tally, read_value
from tsraster.classification import classify
from tsraster.classtable import ClassTable, format_numbers
from tsraster.errors import TsrasterError
from tsraster.lutfiles import shipped_luts
from tsraster.measuring import ClassShare, count_codes, list_shares
from tsraster.pipeline.luts import load_lut
from tsraster.reading import find_pixel_area
from tsraster.schemes import SCHEMES, Distribution, choose_scheme

_SMOOTHINGS = ("none", "gaussian:1", "gaussian:2", "median:3", "median:5")
_OWN_COLORS = "own"
_GRAY = "gray"
_FIRST = "equal-interval"
TITLE = "Cutoffs"


class CutoffPane:
    """Classes that are divided by cutoffs."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.draft: ClassDraft | None = None
        self.shown: Shown | None = None
        self._is_asked = self._was_open = False
        self.plot = HistogramPlot(on_move=self._move, on_add=self._add, on_choose=self._choose, later=bench.later)
        self._make_widgets()
        self._connect()

    def _make_widgets(self) -> None:
        half, whole = 156, 330
        self.values = pn.widgets.Select(label="Values", options={}, width=half)
        self.smooth = pn.widgets.Select(label="Smooth first", options=list(_SMOOTHINGS), width=half)
        self.scheme = pn.widgets.Select(label="Scheme", options=_list_schemes(), value=_FIRST, width=half)
        self.classes = pn.widgets.IntInput(label="Classes", value=4, start=2, end=255, width=72)
        self.fit = pn.widgets.Button(label="Fit", color="primary", width=66, align="end")
        self.typed = pn.widgets.TextInput(label="Cutoffs, separated by commas", width=whole)
        self.table = make_table(_tabulate([]), editable=("name",), height=210)
        self._table_place = TablePlace(self.table)
        self.color = pn.widgets.ColorPicker(label="Color", value="#888888", width=70)
        self.lut = pn.widgets.Select(label="Color table", options=[_OWN_COLORS, *shipped_luts()], width=120)
        self.remove = pn.widgets.Button(
            name="Remove", width=76, align="end", description="Removes the lower cutoff of the class"
        )
        self.undo = pn.widgets.Button(label="Undo", width=70)
        self.redo = pn.widgets.Button(label="Redo", width=70)
        self.log = pn.widgets.Checkbox(label="Log counts", width=100, align="center")
        self.is_shown = pn.widgets.Checkbox(label="Show classes", value=False, width=110, align="center")
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
        self.typed.param.watch(lambda event: self._edit(lambda draft: draft.type_in(event.new)), "value")
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
        if self.draft is None or self.shown is None:
            return ""
        value, is_valid = read_value(self.shown, row, col)
        if not is_valid:
            return ""
        code = int(classify(np.asarray(value), self.draft.table))
        state = self.draft.state
        name = state.names[state.codes.index(code)] if code else ""
        return f"{float(value):.6g} in class {code} {name}".rstrip() if code else f"{float(value):.6g} in no class"

    def _open(self, title: str) -> None:
        """Show the classes when the pane is opened for the first time."""
        if title == TITLE and not self._was_open:
            self._was_open = self.is_shown.value = True

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
        self._is_asked = True
        self.values.param.update(
            options=({_GRAY: _GRAY} if has_gray else {}) | bands,
            value=_GRAY if has_gray else next(iter(bands.values())),
        )
        self.smooth.value = "none"
        self._is_asked = False
        self._take_values()

    def _take_values(self) -> None:
        if self._is_asked:
            return
        subject, band, smooth = self._bench.subject, self.band, self.smoothing
        self.draft = self.shown = None
        self.plot.show(None)
        self._bench.repaint("classes")

        def prepare() -> tuple[Shown, Tally]:
            self._bench.wait_for_picture()
            shown = subject.show(band, smooth)
            return shown, shown.count()

        def take(found: tuple[Shown, Tally]) -> None:
            if subject is not self._bench.subject:
                return
            self.shown, tally = found
            self.plot.show(tally)
            self._fit()

        self._bench.latest("values", prepare, take)

    def _fit(self) -> None:
        shown = self.shown
        if shown is None:
            return
        scheme = str(self.scheme.value)
        number = None if SCHEMES[scheme].fixed else int(self.classes.value)

        def fit(distribution: Distribution) -> ClassTable:
            return choose_scheme(scheme, number).fit(distribution)

        self._bench.latest("fit", partial(shown.ask, fit), self._take_table)

    def _take_table(self, table: ClassTable) -> None:
        if self.draft is None:
            self.draft = ClassDraft.from_table(_open_ends(table), self._find_lut())
        else:
            self.draft.from_scheme(_open_ends(table))
        self._refresh()

    def _find_lut(self) -> Any:
        return None if self.lut.value == _OWN_COLORS else load_lut(str(self.lut.value))

    # Changes by hand.

    def _edit(self, change: Callable[[ClassDraft], Any]) -> None:
        if self.draft is None or self._is_asked:
            return
        try:
            change(self.draft)
        except TsrasterError as error:
            self._bench.say(str(error), is_wrong=True)
        self.is_shown.value = True
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
        self._edit(lambda draft: draft.add(value, step=self._step))

    def _remove(self) -> None:
        number = self._chosen
        self._edit(lambda draft: draft.remove(max(0, number - 1)))

    def _choose(self, number: int) -> None:
        if self.draft is not None and number < len(self.draft.state.codes):
            self.table.selection = [number]

    def _recolor(self, text: str) -> None:
        color = from_hex(text)
        number = self._chosen
        self._edit(lambda draft: draft.recolor(number, color))

    def _apply_lut(self, name: str) -> None:
        if name != _OWN_COLORS:
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
        rows = _list_rows(draft, shown.known, find_pixel_area(self._bench.subject.raster))
        is_same = list(rows.columns) == list(self.table.value.columns) and len(rows) == len(self.table.value)
        if is_same:
            self.table.patch({name: list(enumerate(rows[name])) for name in rows.columns})
            if not is_drag:
                self._show_color()
        else:
            chosen = self._chosen
            self.table.value = rows
            self.table.selection = [min(chosen, len(rows) - 1)]
            self._show_color()
        self._table_place.fill()
        self.undo.disabled, self.redo.disabled = not draft.can_undo, not draft.can_redo
        self._is_asked = False
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
        if draft is None or shown is None or not self.is_shown.value:
            return None
        view = read_view(shown.raster, shown.overview, viewport.grown(MARGIN), [shown.band], cache=shown.pieces)
        if view is None:
            return None
        return "classes", find_ranks(view.pixels.data[0], view.pixels.valid, draft.table), view.box


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
    return ClassTable.from_cutoffs(table.edges[1:-1], closed=table.closed) if len(table.edges) > 2 else table


def _list_rows(draft: ClassDraft, tally: Tally, area: float | None) -> pd.DataFrame:
    table = draft.table
    values = tally.lower if tally.is_exact else (tally.lower + tally.upper) / 2
    sums = count_codes(classify(values, table), table, times=tally.counts)
    about = "" if tally.is_exact else "~"
    shares = list_shares(table, sums, area)
    size, unit = _choose_unit(shares)
    rows = [
        [
            to_hex(color), share.code, share.name or share.interval, f"{about}{share.pixels}", f"{share.percent:.2f}",
            "" if share.area_m2 is None else f"{share.area_m2 / size:.4g}",
        ]
        for share, color in zip(shares, draft.state.colors, strict=True)
    ]  # fmt: skip
    found = _tabulate(rows, unit)
    return found if area is not None else found.drop(columns=unit)


def _choose_unit(shares: Sequence[ClassShare]) -> tuple[float, str]:
    """Return the square meters of a unit of area, and its name, for the largest class."""
    most = max((share.area_m2 or 0.0 for share in shares), default=0.0)
    units = ((1e6, "km2"), (1.0, "m2"), (1e-6, "mm2"), (1e-12, "um2"))
    return next((unit for unit in units if most >= unit[0]), units[-1])


def _tabulate(rows: list[list[Any]], unit: str = "area") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["color", "code", "name", "pixels", "%", unit])
