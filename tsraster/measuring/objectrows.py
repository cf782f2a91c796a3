"""The table of objects as rows of a file, with units in the names of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from affine import Affine
from numpy.typing import NDArray

from tsraster.measuring.objects import ObjectTable


def list_rows(
    table: ObjectTable, unit: str, transform: Affine | None = None
) -> tuple[list[str], Iterator[list[object]]]:
    """Return the names of the columns and the rows; numbers have ten digits, and a round object has no orientation.

    Parameters
    ----------
    table : ObjectTable
        N objects.
    unit : str
        Of its lengths; in pixels, ``px``, there is no area besides their number.
    transform : Affine, optional
        From (column, row) of the corner of a pixel to coordinates: x and y of the centroid are given besides.

    Examples
    --------
    >>> import numpy as np
    >>> from tsraster.measuring.objects import measure_objects
    >>> header, rows = list_rows(measure_objects(np.ones((1, 3), bool)), "px")
    >>> dict(zip(header, next(rows)))["major_axis_px"]
    '3.464101615'
    """
    columns: dict[str, NDArray[Any]] = {"label": table.label, "pixels": table.pixels}
    if unit != "px":
        columns[f"area_{unit}2"] = table.area
    columns |= {f"{name}_{unit}": getattr(table, name) for name in ("equivalent_diameter", "major_axis", "minor_axis")}
    columns |= {"elongation": table.elongation, "orientation_deg": table.orientation}
    columns |= {f"perimeter_{unit}": table.perimeter, "row": table.row, "col": table.col}
    if transform is not None:
        # Rows and columns are counted from the middle of the first pixel, and a transform from its corner.
        col, row = table.col + 0.5, table.row + 0.5
        columns["x"] = transform.a * col + transform.b * row + transform.c
        columns["y"] = transform.d * col + transform.e * row + transform.f
    columns |= {name: getattr(table, name) for name in ("first_row", "first_col", "rows", "cols")}
    columns["touches_border"] = table.touches_border.astype(int)
    lists = [column.tolist() for column in columns.values()]
    return list(columns), ([_spell(cell) for cell in row] for row in zip(*lists, strict=True))


def _spell(cell: float) -> object:
    if isinstance(cell, int):
        return cell
    return f"{cell:.10g}" if cell == cell else None
