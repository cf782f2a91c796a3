"""The line below the picture: what is under the pointer, and what the page has to say."""

from __future__ import annotations

from functools import partial
from typing import Any

import panel as pn

from tsraster.app.bench import Bench
from tsraster.app.desk import escape
from tsraster.app.subjects import Subject
from tsraster.raster import Window

_STYLE = {"font-size": "13px", "padding": "3px 8px", "white-space": "nowrap", "overflow": "hidden"}


class StatusBar:
    """Text at the pointer, and sentences."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._more: list[Any] = []
        self.place = pn.pane.HTML("", styles=_STYLE | {"font-family": "monospace"}, width=480, margin=0)
        self.said = pn.pane.HTML("", styles=_STYLE, sizing_mode="stretch_width", margin=0)
        self.panel = pn.Row(self.place, self.said, margin=0, height=28, sizing_mode="stretch_width")
        bench.hear("pointer", self._point)
        bench.hear("status", self._say)
        bench.hear("subject", self._begin)

    def add(self, tell: Any) -> None:
        """Have a function of row and column, called in a thread, add a text to what is at the pointer."""
        self._more.append(tell)

    def _begin(self) -> None:
        notes = "; ".join(self._bench.subject.notes)
        rows, cols = self._bench.subject.raster.shape
        self._say(f"{self._bench.subject.title}: {cols} x {rows} pixels{'; ' + notes if notes else ''}", False)

    def _say(self, text: str, is_wrong: bool) -> None:
        color = "#c92a2a" if is_wrong else "inherit"
        self.said.object = f'<span class="said" style="color:{color}">{escape(text)}</span>'

    def _point(self, place: tuple[float, float] | None) -> None:
        rows, cols = self._bench.subject.raster.shape
        if place is None or not (0 <= place[0] < cols and 0 <= place[1] < rows):
            self.place.object = ""
            return
        row, col = int(place[1]), int(place[0])
        work = partial(_describe, self._bench.subject, row, col, tuple(self._more))
        self._bench.latest("pointer", work, partial(setattr, self.place, "object"))


def _describe(subject: Subject, row: int, col: int, more: tuple[Any, ...]) -> str:
    raster = subject.raster
    parts = [f"col {col}, row {row}"]
    if raster.georef.has_transform:
        x, y = raster.georef.transform * (col + 0.5, row + 0.5)
        parts.append(f"x {x:.10g}, y {y:.10g}")
    pixels = raster.read(Window(row=row, col=col, rows=1, cols=1))
    texts = [f"{value:.6g}" for value in pixels.data[:, 0, 0].tolist()]
    parts.append(" ".join(texts[:_BANDS]) if pixels.valid[0, 0] else "no data")
    parts += [text for tell in more if (text := tell(row, col))]
    return escape(" | ".join(parts))


_BANDS = 8
"""Of so many bands the values have room."""
