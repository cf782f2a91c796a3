"""Which axes of an array are bands, rows and columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tsraster.errors import ReadError, UsageError

_LETTERS = {
    "y": ("y", "row", "rows", "lat", "latitude", "northing", "height"),
    "x": ("x", "col", "cols", "column", "columns", "lon", "longitude", "easting", "width"),
    "c": ("c", "band", "bands", "channel", "channels", "feature", "class", "wavelength"),
    "z": ("z", "plane", "planes", "depth", "level"),
    "t": ("t", "time"),
}
_LETTER = {name: letter for letter, names in _LETTERS.items() for name in names}


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Which axes of an array are bands, rows and columns; any others have length 1."""

    row: int
    col: int
    band: int | None = None
    """None where there is one band, and no axis for it."""


def find_axes(name: str, shape: Sequence[int], *, order: str | None = None, labels: Sequence[str] = ()) -> Axes:
    """Return which axes are bands, rows and columns.

    They are those that are asked for, else those that the file names, else by this convention: two axes are rows and columns;
    of three the shorter one of the first and the last is the bands, the last if they are equal; of more than three those of
    length 1 do not count.

    Parameters
    ----------
    name : str
        For messages.
    shape : sequence of int
        Of the array.
    order : str, optional
        A letter for each axis, such as ``yxc``: y is rows, x columns, c bands; z and t have to be of length 1.
    labels : sequence of str
        What the file calls its axes.

    Raises
    ------
    UsageError
        `order` does not fit the array.
    ReadError
        The array is no picture.

    Examples
    --------
    >>> find_axes("scan.npy", (1200, 1600, 3))
    Axes(row=0, col=1, band=2)
    """
    letters = _check_order(name, shape, order) if order is not None else _read_labels(shape, labels)
    letters = letters or _guess(shape)
    sides = " x ".join(map(str, shape))
    if not {"y", "x"} <= set(letters) or not all(shape):
        raise ReadError(
            f"{name} has {len(shape)} axes ({sides}) and is no picture; one has rows, columns, and perhaps bands"
        )
    for letter, side in zip(letters, shape, strict=True):
        if letter not in "yxc" and side > 1:
            what = "planes" if letter == "z" else "points in time" if letter == "t" else "places along another axis"
            raise ReadError(
                f"{name} ({sides}) has {side} {what}, and is no picture but a volume or a series of pictures"
            )
    return Axes(row=letters.index("y"), col=letters.index("x"), band=letters.index("c") if "c" in letters else None)


def _check_order(name: str, shape: Sequence[int], order: str) -> list[str]:
    letters = list(order.lower())
    if len(set(letters)) != len(letters) or not {"y", "x"} <= set(letters) <= set("tczyx"):
        raise UsageError(
            f"{order!r} is no order of axes; write a letter for each, such as yxc, with y and x among them"
        )
    if len(letters) != len(shape):
        raise UsageError(
            f"the order {order!r} names {len(letters)} axes, but {name} has {len(shape)} ({' x '.join(map(str, shape))})"
        )
    return letters


def _read_labels(shape: Sequence[int], labels: Sequence[str]) -> list[str]:
    """Return letters for what a file calls its axes; none where that does not make a picture."""
    letters = [_LETTER.get(label.lower(), "") for label in labels]
    is_whole = len(letters) == len(shape) and len(set(letters)) == len(letters)
    return letters if is_whole and {"y", "x"} <= set(letters) <= {*"tczyx"} else []


def _guess(shape: Sequence[int]) -> list[str]:
    sides = list(range(len(shape)))
    if len(shape) > 3:
        sides = [i for i in sides if shape[i] != 1]
    letters = ["?"] * len(shape)
    if len(sides) == 3:
        letters[sides.pop(0 if shape[sides[0]] < shape[sides[2]] else 2)] = "c"
    if len(sides) == 2:
        letters[sides[0]], letters[sides[1]] = "y", "x"
    return letters


def read_axistags(text: Any) -> list[str]:
    """Return the axes of vigra's JSON, which ilastik keeps in the attribute ``axistags``; none where it is not that.

    Examples
    --------
    >>> read_axistags('{"axes": [{"key": "y"}, {"key": "x"}]}')
    ['y', 'x']
    """
    try:
        axes = json.loads(text)["axes"]
        return [str(axis["key"]) for axis in axes]
    except (TypeError, ValueError, KeyError):
        return []
