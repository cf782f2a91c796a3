"""The table of the classes that are drawn: key, color, name, pixels, lock."""

from __future__ import annotations

from typing import Any

import pandas as pd
import panel as pn

from tsraster.app.cutoffs.classlist import make_table, to_hex
from tsraster.attributetable import Categories

DIGITS = "1234567890"
"""Keys that choose a class."""
_WIDTHS = {"key": 22, "pixels": 74, "lock": 50}
"""Of columns."""
_TITLES = {"key": "", "color": "", "name": "Class", "pixels": "Pixels", "lock": "Lock"}


def make_label_table(width: int) -> pn.widgets.Tabulator:
    """Return a table without classes; names are edited, and a click on a lock is left to the pane."""
    table = make_table(
        tabulate_labels(Categories(names={}, colors={}), {}, frozenset()),
        editable=["name"],
        height=150,
        formatters={"pixels": {"type": "money", "precision": False, "thousand": " "}},
        widths=_WIDTHS,
    )
    table.param.update(width=width, titles=_TITLES, text_align={"key": "center", "pixels": "right", "lock": "center"})
    return table


def update_table(table: pn.widgets.Tabulator, rows: pd.DataFrame) -> None:
    """Change as little of a table as possible, so that a name that is being typed stays."""
    shown = table.value
    if len(shown) != len(rows):
        table.value = rows
        return
    changes = {name: _list_changes(shown[name].tolist(), rows[name].tolist()) for name in rows.columns}
    # Cells and not the whole table, which was seen not to reach the browser where the same click chooses another row.
    if changed := {name: cells for name, cells in changes.items() if cells}:
        table.patch(changed)


def _list_changes(shown: list[Any], wanted: list[Any]) -> list[tuple[int, Any]]:
    return [(row, new) for row, (old, new) in enumerate(zip(shown, wanted, strict=True)) if old != new]


def tabulate_labels(classes: Categories, counts: dict[int, int], locked: frozenset[int]) -> pd.DataFrame:
    """Return what the table shows: key, color, name, pixels and lock of each class, by codes."""
    codes = list(classes.names)
    return pd.DataFrame(
        {
            "key": [DIGITS[row] if row < len(DIGITS) else "" for row in range(len(codes))],
            "color": [to_hex(classes.colors[code]) for code in codes],
            "name": [classes.names[code] for code in codes],
            "pixels": [counts.get(code, 0) for code in codes],
            "lock": ["locked" if code in locked else "open" for code in codes],
        }
    )


def find_rows(classes: Categories, code: int) -> list[int]:
    """Return the row of a class, in a list; none where there is no such class."""
    codes = list(classes.names)
    return [codes.index(code)] if code in codes else []
