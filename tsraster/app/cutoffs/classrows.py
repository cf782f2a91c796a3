"""Rows of the table of classes: color, code, name, pixels, percent and area of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tsraster.app.cutoffs.classdraft import ClassDraft
from tsraster.app.cutoffs.classlist import to_hex
from tsraster.app.subjects import Tally
from tsraster.classification import classify
from tsraster.measuring import ClassShare, count_codes, list_shares

AREAS = ((1e6, "km2"), (1.0, "m2"), (1e-6, "mm2"), (1e-12, "um2"))
"""Square meters of a unit of area, and its name."""


def list_rows(draft: ClassDraft, tally: Tally, area: float | None) -> pd.DataFrame:
    """Return one row for each class; `area` is that of a pixel in square meters, None where it is unknown."""
    table = draft.table
    values = tally.lower if tally.is_exact else (tally.lower + tally.upper) / 2
    sums = count_codes(classify(values, table), table, times=tally.counts)
    about = "" if tally.is_exact else "~"
    shares = list_shares(table, sums, area)
    size, unit = _choose_unit(shares)
    rows = [
        [
            to_hex(color), share.code, share.name or share.interval, f"{about}{share.pixels}", _write_percent(share.percent),
            "" if share.area_m2 is None else f"{share.area_m2 / size:.4g}",
        ]
        for share, color in zip(shares, draft.state.colors, strict=True)
    ]  # fmt: skip
    found = tabulate(rows, unit)
    return found if area is not None else found.drop(columns=unit)


def tabulate(rows: list[list[Any]], unit: str = "area") -> pd.DataFrame:
    """Return rows as the table shows them."""
    return pd.DataFrame(rows, columns=["color", "code", "name", "pixels", "%", unit])


def _write_percent(percent: float) -> str:
    """Return it as short as its column is narrow."""
    return f"{percent:.2f}" if percent < 10 else f"{percent:.1f}"


def _choose_unit(shares: Sequence[ClassShare]) -> tuple[float, str]:
    """Return the square meters of a unit of area, and its name, for the largest class."""
    most = max((share.area_m2 or 0.0 for share in shares), default=0.0)
    return next((unit for unit in AREAS if most >= unit[0]), AREAS[-1])
