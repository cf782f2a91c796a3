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

_PIECE = 2**16
"""So many pairs are counted at once; the wider copy that numpy makes of them stays in the cache of the processor."""


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


def count_codes(codes: NDArray[Any], table: ClassTable, *, times: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Count the pixels of each class of a table in a block.

    Parameters
    ----------
    codes : array of unsigned integers, shape (...)
        As `classify` gives them.
    table : ClassTable
        The classes.
    times : array of int64, shape (...), optional
        How many pixels each code stands for; one when None.

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
    if codes.dtype == np.uint8 and times is None:
        return _count_bytes(codes)[wanted]
    if wanted.max() < _COUNTED:
        return _sum_times(codes, times, int(wanted.max()) + 1)[wanted]
    present, place = np.unique(codes, return_inverse=True)
    found = dict(zip(present.tolist(), _sum_times(place, times, len(present)).tolist(), strict=True))
    return np.array([found.get(code, 0) for code in table.codes], dtype=np.int64)


def _sum_times(places: NDArray[Any], times: NDArray[np.int64] | None, size: int) -> NDArray[np.int64]:
    """Sum up how often each place from 0 on occurs; exact up to 2**53 pixels, because numpy weighs with floats."""
    weights = None if times is None else times.ravel()
    return np.bincount(places.ravel(), weights=weights, minlength=size).astype(np.int64)


def _count_bytes(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count each of 256 codes, two pixels at a time: half the work of `numpy.bincount` on the bytes."""
    flat = codes.ravel()
    even = flat.size // 2 * 2
    pairs, found = flat[:even].view(np.uint16), np.zeros(2**16, dtype=np.int64)
    for start in range(0, pairs.size, _PIECE):
        counts = np.bincount(pairs[start : start + _PIECE])
        found[: len(counts)] += counts
    square = found.reshape(256, 256)
    return np.asarray(square.sum(axis=0) + square.sum(axis=1) + np.bincount(flat[even:], minlength=256))


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
