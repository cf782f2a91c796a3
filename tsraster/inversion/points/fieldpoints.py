"""`FieldPoints`: the pixels of a field that are to carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

Interpolation = str
INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "nearest", "idw")


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldPoints:
    """Points of a field, each on the center of a pixel, by row and then by column."""

    rows: NDArray[np.int64]
    """Counted from 0, shape (N,)."""
    columns: NDArray[np.int64]
    """Counted from 0, shape (N,)."""
    values: NDArray[Any]
    """What the field has there, shape (N,), in its type."""
    counts: NDArray[np.int64] | None = None
    """Pixels of the cluster that a point stands for, shape (N,)."""
    spreads: NDArray[np.float64] | None = None
    """Standard deviation of the values of the cluster, shape (N,)."""
    errors: NDArray[np.float64] | None = None
    """How far the field was from the triangles before the point was chosen, shape (N,); NaN for those at the beginning."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def places(self) -> NDArray[np.int64]:
        """Rows and columns, shape (N, 2)."""
        return np.column_stack([self.rows, self.columns])


def pick_points(values: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any], **more: NDArray[Any]) -> FieldPoints:
    """Return points at rows and columns of a field, shape (row, col), in their order, with further columns of the same length."""
    rows, columns = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    order = np.lexsort((columns, rows))
    kept = {name: column[order] for name, column in more.items()}
    return FieldPoints(rows=rows[order], columns=columns[order], values=values[rows[order], columns[order]], **kept)


def check_interpolation(name: str) -> str:
    """Return the name of an interpolation, if it is one.

    Raises
    ------
    UsageError
        It is unknown.
    """
    if name not in INTERPOLATIONS:
        raise UsageError(f"a field cannot be interpolated {name!r}; choose from {', '.join(INTERPOLATIONS)}")
    return name
