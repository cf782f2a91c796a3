"""Round numbers: 1, 2, 5 and their like, times powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from tsraster.classtable import Number


def climb(steps: Sequence[Number], start: Number | Fraction) -> Iterator[Fraction]:
    """Yield round numbers upwards, from about a start on: each step, from 1 to below 10, times powers of ten.

    Examples
    --------
    >>> from itertools import islice
    >>> [float(number) for number in islice(climb((1, 2.5, 5), 3), 4)]
    [0.1, 0.25, 0.5, 1.0]
    """
    exact = Fraction(start)
    # Of a numerator and a denominator that may both be too large, or a quotient too small, for a float.
    power = len(str(exact.numerator)) - len(str(exact.denominator)) - 1
    while True:
        yield from (Fraction(step) * Fraction(10) ** power for step in steps)
        power += 1


def multiples_between(width: Fraction, low: Number, high: Number) -> range:
    """Return which multiples of a width lie above `low` and below `high`."""
    return range(math.floor(Fraction(low) / width) + 1, math.ceil(Fraction(high) / width))


def multiply(width: Fraction, factors: Sequence[int]) -> list[Number]:
    """Return multiples of a width as plain numbers, whole where they are whole."""
    return [plain(width * factor) for factor in factors]


def plain(number: Fraction) -> Number:
    """Return a fraction as an int where it is whole, and else as the nearest float."""
    return int(number) if number.denominator == 1 else float(number)
