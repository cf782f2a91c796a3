"""Sums of floats that come out the same in any order, because they are sums of whole numbers.

References
----------
J. Demmel, H. D. Nguyen, "Fast reproducible floating-point summation", 2013: numbers are rounded to multiples of fixed steps
before they are summed up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number

_BITS = 31
STEP = 2 ** (2 * _BITS)
"""A sum is given in units of 1 / STEP."""

_PIECE = 2**16
"""So many numbers are summed up at once: few enough for the cache of the processor, and for exact sums of 31 bits in a float."""


def sum_parts(values: NDArray[Any], parts: NDArray[np.intp] | None, number: int) -> NDArray[Any]:
    """Sum up numbers from -1 to 1 for each part that they belong to.

    Parameters
    ----------
    values : array of float64, shape (N,)
        Each is rounded to a multiple of 2**-62.
    parts : array of int, shape (N,), optional
        To which part each belongs, from 0; all to the first when None.
    number : int
        How many parts there are.

    Returns
    -------
    array of Python integers, shape (number,)
        The sums in units of 1 / STEP, exact.

    Examples
    --------
    >>> tenth = sum_parts(np.full(10, 0.1), None, 1)[0]
    >>> tenth / STEP
    1.0
    """
    sums = np.zeros(number, dtype=object)
    for start in range(0, values.size, _PIECE):
        piece = values[start : start + _PIECE] * 2.0**_BITS
        whole = np.rint(piece)
        rest = np.rint((piece - whole) * 2.0**_BITS)
        own = None if parts is None else parts[start : start + _PIECE]
        sums += _add_up(whole, own, number) * 2**_BITS + _add_up(rest, own, number)
    return sums


def _add_up(whole: NDArray[np.float64], parts: NDArray[np.intp] | None, number: int) -> NDArray[Any]:
    sums = np.array([whole.sum()]) if parts is None else np.bincount(parts, weights=whole, minlength=number)
    return sums.astype(np.int64).astype(object)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How values are brought into the range from -1 to 1, by a power of two, so that nothing overflows."""

    exponent: int
    center: float

    @classmethod
    def of(cls, minimum: Number, maximum: Number) -> Scale:
        """Return the scale for values in a range."""
        _, exponent = math.frexp(max(abs(float(minimum)), abs(float(maximum))))
        low, high = math.ldexp(float(minimum), -exponent), math.ldexp(float(maximum), -exponent)
        _, narrower = math.frexp((high - low) / 2)
        return cls(exponent=exponent + narrower, center=math.ldexp((low + high) / 2, -narrower))

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return values as floats around 0."""
        return np.asarray(np.ldexp(values.astype(np.float64), -self.exponent) - self.center)

    def moments(self, count: int, total: int, squares: int) -> tuple[float, float]:
        """Return the mean, and the sum of squared differences from it, of scaled values that add up so."""
        if not count:
            return math.nan, 0.0
        mean = Fraction(total, STEP * count)
        spread = max(Fraction(squares, STEP) - mean * mean * count, Fraction(0))
        scale = Fraction(2) ** self.exponent
        return _to_float((mean + Fraction(self.center)) * scale), _to_float(spread * scale * scale)


def _to_float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
