"""Tables of classes on the page: narrow, with swatches, and with names that are text and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import panel as pn

from tsraster.lut import RGBA

WIDTH = 332
_STYLE = """
.tabulator { font-size: 12px; }
.tabulator-cell, .tabulator-col-title { padding: 3px 4px !important; }
.tabulator-row { min-height: 22px !important; }
"""
_CONFIGURATION = {
    "columnDefaults": {"headerSort": False, "resizable": False, "minWidth": 20},
    "keybindings": False,  # else typing "(" into a name moves to the next row
}
_WIDTHS = {"color": 26, "code": 30, "pixels": 62, "%": 46} | dict.fromkeys(("km2", "m2", "mm2", "um2"), 50)
"""What remains is for the name."""


def make_table(rows: pd.DataFrame, *, editable: Sequence[str], height: int, **more: Any) -> pn.widgets.Tabulator:
    """Return a table whose first column is colors, #rrggbb; cells are shown as text, never as markup.

    Parameters
    ----------
    rows : DataFrame
        What is shown first.
    editable : sequence of str
        Columns that can be edited.
    height : int
        In pixels of the screen.
    more
        Further options of `panel.widgets.Tabulator`.
    """
    formatters = more.pop("formatters", {})
    editors = dict.fromkeys(rows.columns) | {name: {"type": "input"} for name in editable} | more.pop("editors", {})
    plain = {name: "plaintext" for name in rows.columns if name not in ("color", "code")}
    return pn.widgets.Tabulator(
        rows,
        width=WIDTH,
        height=height,
        show_index=False,
        selectable=1,
        sortable=False,
        layout="fit_columns",
        theme="simple",
        editors=editors,
        formatters={"color": {"type": "color"}} | plain | formatters,
        titles={"color": "", "code": "#"},
        widths=_WIDTHS | more.pop("widths", {}),
        text_align=dict.fromkeys(("pixels", "%", "km2", "m2", "mm2", "um2"), "right"),
        stylesheets=[_STYLE],
        configuration=_CONFIGURATION,
        **more,
    )


class TablePlace:
    """Where a table will be: it comes with its first rows, because Tabulator fails where they change while it is being made."""

    def __init__(self, table: pn.widgets.Tabulator) -> None:
        self._table = table
        self.panel = pn.Column(pn.Spacer(height=table.height), margin=0, width=table.width)

    def fill(self) -> None:
        """Put the table there."""
        if self._table not in list(self.panel):
            self.panel[:] = [self._table]


def change_cells(table: pn.widgets.Tabulator, rows: pd.DataFrame) -> None:
    """Change only the cells that differ, so that a name that is being typed stays, and nothing is sent where nothing changed."""
    shown = table.value
    changed = {
        name: [(row, value) for row, value in enumerate(rows[name]) if value != shown[name].iloc[row]]
        for name in rows.columns
    }
    changed = {name: cells for name, cells in changed.items() if cells}
    if changed:
        table.patch(changed)


def to_hex(color: RGBA) -> str:
    """Return a color as the web writes it, without alpha.

    Examples
    --------
    >>> to_hex((255, 128, 0, 255))
    '#ff8000'
    """
    return "#{:02x}{:02x}{:02x}".format(*color[:3])


def from_hex(text: str) -> RGBA:
    """Return an opaque color of a text such as #ff8000.

    Examples
    --------
    >>> from_hex("#ff8000")
    (255, 128, 0, 255)
    """
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue, 255
