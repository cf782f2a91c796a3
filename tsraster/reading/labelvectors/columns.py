"""Which column of a vector file holds the classes, and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError

_NUMBERS = {"fid", "ogc_fid", "id", "gid", "uid", "objectid", "index"}
"""Columns that count shapes, as a rule."""

_LARGEST = 65535
_MOST_SHOWN = 12


def choose_column(name: str, columns: Mapping[str, str], column: str | None) -> str:
    """Return the column of the classes: that which was named, or the only one that can be meant.

    Parameters
    ----------
    name : str
        The file.
    columns : mapping of str to str
        Columns and their types, as pyogrio names them: text is ``object``.
    column : str or None
        What was asked for.

    Raises
    ------
    UsageError
        There is none of that name, none that can hold classes, or several that can.

    Examples
    --------
    >>> choose_column("fields.gpkg", {"id": "int64", "crop": "object", "area": "float64"}, None)
    'crop'
    """
    if column is not None:
        if column not in columns:
            raise UsageError(f"{name} has no column {column!r}; choose from {_list(columns) or 'none'}")
        return column
    plausible = [one for one, kind in columns.items() if kind == "object" or kind.startswith(("int", "uint"))]
    plausible = plausible or [one for one, kind in columns.items() if kind.startswith("float")]
    found = [one for one in plausible if one.lower() not in _NUMBERS] or plausible
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name} has several columns that can hold classes; choose one: {_list(found)}")
    raise UsageError(
        f"{name} has no column of text or whole numbers that can hold classes; it has {_list(columns) or 'none'}"
    )


def _list(columns: Mapping[str, str] | Sequence[str]) -> str:
    names = list(columns)
    more = [f"and {len(names) - _MOST_SHOWN} more"] if len(names) > _MOST_SHOWN else []
    return ", ".join([*names[:_MOST_SHOWN], *more])


def number_classes(name: str, cells: NDArray[Any]) -> tuple[list[int], tuple[int, ...], tuple[str, ...]]:
    """Give the cells of a column their classes.

    Text becomes classes 1, 2, ... in the order of the alphabet; whole numbers are codes, and 0 is none.

    Parameters
    ----------
    name : str
        The column and its file.
    cells : array, shape (N,)
        Texts or numbers; None, NaN and empty texts have no class.

    Returns
    -------
    classes : list of int, length N
        An index into the others, or -1.
    codes : tuple of int, shape (K,)
    names : tuple of str, shape (K,)

    Raises
    ------
    DataError
        A number is no whole one, or not within 0 and 65535; or there is no class at all.

    Examples
    --------
    >>> import numpy as np
    >>> number_classes("kind", np.array(["wood", "sea", None, "wood"], dtype=object))
    ([1, 0, -1, 1], (1, 2), ('sea', 'wood'))
    """
    if cells.dtype.kind not in "OUbiuf":
        raise DataError(f"{name} holds {cells.dtype}, and no classes; give a column of text or whole numbers")
    texts = [_read_cell(name, cell) for cell in cells.tolist()]
    known: list[Any] = sorted({text for text in texts if text is not None}, key=lambda one: (isinstance(one, str), one))
    if not known:
        raise DataError(f"{name} gives no shape a class; all of its {len(texts)} cells are empty or 0")
    if isinstance(known[-1], str):
        known = sorted(map(str, known))
        texts = [None if text is None else str(text) for text in texts]
    codes = tuple(range(1, len(known) + 1)) if isinstance(known[0], str) else tuple(known)
    if codes[-1] > _LARGEST:
        raise DataError(f"{name} has {len(codes)} classes up to {codes[-1]}; at most {_LARGEST} are possible")
    index = {text: i for i, text in enumerate(known)}
    return [-1 if text is None else index[text] for text in texts], codes, tuple(map(str, known))


def _read_cell(name: str, cell: Any) -> str | int | None:
    if isinstance(cell, str):
        return " ".join(cell.split()) or None
    is_number = isinstance(cell, int | float)
    if cell is None or (is_number and cell != cell):
        return None
    if not is_number or not 0 <= cell <= _LARGEST or cell != int(cell):
        raise DataError(
            f"{name} holds {cell!r}; a class is a text or a whole number from 0, which is none, to {_LARGEST}"
        )
    return int(cell) or None
