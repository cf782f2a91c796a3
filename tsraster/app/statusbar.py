"""The lines below the picture: what is under the pointer, and what the page has to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import panel as pn
from affine import Affine

from tsraster.app.bench import Bench
from tsraster.app.desk import escape
from tsraster.app.subjects import Subject
from tsraster.raster import Georef, Window

_STYLE = {
    "font-size": "13px",
    "padding": "2px 8px",
    "overflow": "auto",
    "line-height": "17px",
    "box-sizing": "border-box",
}
_PLACE = {"font-family": "monospace", "font-size": "12px"}
_DEGREES = 6
"""Digits after the point, a tenth of a meter."""


class StatusBar:
    """Text at the pointer, and sentences below it; each has two lines, and more can be scrolled to.

    Parameters
    ----------
    bench : Bench
    list_bands : callable
        Returns the numbers of the bands that are seen; the values of others have no room.
    """

    def __init__(self, bench: Bench, list_bands: Callable[[], Sequence[int]]) -> None:
        self._bench, self._list_bands = bench, list_bands
        self._more: list[Callable[[int, int], str]] = []
        self._is_wrong = False
        self.place = pn.pane.HTML("", styles=_STYLE | _PLACE, sizing_mode="stretch_width", height=38, margin=0)
        self.said = pn.pane.HTML("", styles=_STYLE, sizing_mode="stretch_width", height=38, margin=0)
        self.panel = pn.Column(self.place, self.said, margin=0, height=76, sizing_mode="stretch_width")
        bench.hear("pointer", self._point)
        bench.hear("status", self._say)
        bench.hear("subject", self._begin)
        # What has changed shows that what was wrong is over.
        bench.hear("classes", self._forget)

    def add(self, tell: Callable[[int, int], str]) -> None:
        """Have a function of row and column, called in a thread, add a text to what is at the pointer."""
        self._more.append(tell)

    def _begin(self) -> None:
        notes = "; ".join(self._bench.subject.notes)
        rows, cols = self._bench.subject.raster.shape
        self._say(f"{self._bench.subject.title}: {cols} x {rows} pixels{'; ' + notes if notes else ''}", False)

    def _say(self, text: str, is_wrong: bool) -> None:
        self._is_wrong = is_wrong
        color = "#c92a2a" if is_wrong else "inherit"
        # The title says all of a sentence that is longer than its place.
        shown = escape(text)
        self.said.object = f'<span class="said" title="{shown}" style="color:{color}">{shown}</span>'

    def _forget(self) -> None:
        if self._is_wrong:
            self._say("", False)

    def _point(self, place: tuple[float, float] | None) -> None:
        rows, cols = self._bench.subject.raster.shape
        if place is None or not (0 <= place[0] < cols and 0 <= place[1] < rows):
            self.place.object = ""
            return
        row, col = int(place[1]), int(place[0])
        work = partial(_describe, self._bench.subject, row, col, tuple(self._list_bands()), tuple(self._more))
        self._bench.latest("pointer", work, partial(setattr, self.place, "object"))


def _describe(subject: Subject, row: int, col: int, bands: Sequence[int], more: Sequence[Callable[..., str]]) -> str:
    raster = subject.raster
    parts = [f"col {col}, row {row}"]
    if (place := find_place(raster.georef, row, col)) is not None:
        x, y, crs = place
        parts.append(f"x {x}, y {y} {crs}".rstrip())
    seen = [number for number in bands if number <= len(raster.bands)]
    pixels = raster.read(Window(row=row, col=col, rows=1, cols=1), seen)
    texts = [f"{value:.6g}" for value in pixels.data[:, 0, 0].tolist()]
    parts.append(" ".join(texts) if pixels.valid[0, 0] else "no data")
    parts += [text for tell in more if (text := tell(row, col))]
    return escape(" | ".join(parts))


def find_place(georef: Georef, row: int, col: int) -> tuple[str, str, str] | None:
    """Return the coordinates of the middle of a pixel, and the short name of their system; None where nothing says where it is.

    With ground control points only, the coordinates are those of the plane that fits them best by least squares.

    Examples
    --------
    >>> find_place(Georef.from_text("EPSG:32616", (30, 0, 500000, 0, -30, 4100000)), 0, 1)
    ('500045', '4099985', 'EPSG:32616')
    """
    if georef.has_transform:
        transform, crs = georef.transform, georef.crs
    elif len(georef.gcps) >= _FEWEST:
        transform, crs = _fit_points(georef), georef.gcp_crs
    else:
        return None
    x, y = transform * (col + 0.5, row + 0.5)
    is_degrees = crs is not None and crs.is_geographic
    x_text, y_text = (f"{one:.{_DEGREES}f}" if is_degrees else f"{one:.10g}" for one in (x, y))
    return x_text, y_text, name_crs(crs)


_FEWEST = 3
"""Points that make a plane."""


@lru_cache(maxsize=8)
def _fit_points(georef: Georef) -> Affine:
    """Fit a plane to the coordinates of control points by least squares."""
    places = np.array([(point.col, point.row, 1.0) for point in georef.gcps])
    found = np.array([(point.x, point.y) for point in georef.gcps])
    middle = found.mean(axis=0)  # of large coordinates the last digits count
    plane = np.linalg.lstsq(places, found - middle, rcond=None)[0].T
    plane[:, 2] += middle
    return Affine(*plane.ravel().tolist())


@lru_cache(maxsize=8)
def name_crs(crs: Any) -> str:
    """Return the code of a reference system, or its name where it has no code, or nothing where there is no system.

    Examples
    --------
    >>> name_crs(None)
    ''
    """
    if crs is None:
        return ""
    authority = crs.to_authority()
    if authority is not None:
        return ":".join(authority)
    return str(crs.to_dict().get("proj", "")) or "own CRS"
