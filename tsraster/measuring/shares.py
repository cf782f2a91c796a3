"""How many pixels each class has, which share that is, and which area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import ClassTable

_COUNTED = 2**16
"""Codes below this are counted in one pass; larger ones are sorted."""


@dataclass(frozen=True, kw_only=True)
class ClassShare:
    """One class, and how much there is of it."""

    code: int
    interval: str
    name: str
    pixels: int
    percent: float
    """Of all pixels that are in some class; NaN where there are none."""
    area_m2: float | None
    """Square meters; None where pixels have no size."""


def count_codes(codes: NDArray[Any], table: ClassTable) -> NDArray[np.int64]:
    """Count the pixels of each class of a table in a block.

    Parameters
    ----------
    codes : array of unsigned integers, shape (...)
        As `classify` gives them.
    table : ClassTable
        The classes.

    Returns
    -------
    array of int64, shape (K,)
        In the order of the table.

    Examples
    --------
    >>> count_codes(np.array([[0, 1, 1], [2, 0, 1]], np.uint8), ClassTable.from_cutoffs([5]))
    array([3, 1])
    """
    wanted = np.array(table.codes, dtype=np.int64)
    if codes.dtype == np.uint8:
        return _count_bytes(codes)[wanted]
    if wanted.max() < _COUNTED:
        return np.bincount(codes.ravel(), minlength=int(wanted.max()) + 1)[wanted]
    present, counts = np.unique(codes, return_counts=True)
    found = dict(zip(present.tolist(), counts.tolist(), strict=True))
    return np.array([found.get(code, 0) for code in table.codes], dtype=np.int64)


def _count_bytes(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count each of 256 codes, two pixels at a time: half the work of `numpy.bincount` on the bytes."""
    flat = codes.ravel()
    even = flat.size // 2 * 2
    pairs = np.bincount(flat[:even].view(np.uint16), minlength=2**16).reshape(256, 256)
    return np.asarray(pairs.sum(axis=0) + pairs.sum(axis=1) + np.bincount(flat[even:], minlength=256))


def list_shares(
    table: ClassTable, counts: Sequence[int] | NDArray[np.int64], pixel_area: float | None
) -> tuple[ClassShare, ...]:
    """Return one row a class.

    Parameters
    ----------
    table : ClassTable
        The classes.
    counts : array of int, shape (K,)
        Pixels of each class.
    pixel_area : float or None
        Square meters of a pixel.

    Examples
    --------
    >>> share = list_shares(ClassTable.from_cutoffs([5]), [3, 1], 900.0)[0]
    >>> share.interval, share.percent, share.area_m2
    ('<= 5', 75.0, 2700.0)
    """
    total = int(sum(int(count) for count in counts))
    return tuple(
        ClassShare(
            code=code,
            interval=interval,
            name=name,
            pixels=int(count),
            percent=100 * int(count) / total if total else float("nan"),
            area_m2=int(count) * pixel_area if pixel_area is not None else None,
        )
        for code, interval, name, count in zip(table.codes, table.intervals, table.names, counts, strict=True)
    )
