"""Defined intervals: the width of the classes is given, and their number follows."""

from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction

from tsraster.classtable import MOST_CLASSES, Number
from tsraster.errors import DataError, UsageError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.ladder import climb, multiples_between, multiply
from tsraster.schemes.scheme import Scheme

_STEPS = (1, 2, 2.5, 5)


def defined_interval(distribution: Distribution, classes: int, *numbers: Number) -> list[Number]:
    """Cut at the multiples of a width, so that the classes of several rasters have edges in common.

    Without a width the smallest of 1, 2, 2.5, 5 times a power of ten that makes at most K classes is taken.

    Raises
    ------
    UsageError
        There is not one width above 0.
    DataError
        The width makes too many classes.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> ages = tally_array([3, 19, 44])
    >>> defined_interval(ages, 100, 15), defined_interval(ages, 3)
    ([15, 30], [20, 40])
    """
    low, high = distribution.minimum, distribution.maximum
    if not numbers:
        return cut_roundly(low, high, classes, _STEPS)
    if len(numbers) > 1 or not 0 < numbers[0] <= sys.float_info.max:
        raise UsageError("defined-interval takes one width above 0, as in defined-interval:10")
    width = Fraction(str(numbers[0]))
    factors = multiples_between(width, low, high)
    number = factors.stop - factors.start + 1
    if number > MOST_CLASSES:
        raise DataError(f"intervals of {numbers[0]} make {Decimal(number):.3g} classes; the most is {MOST_CLASSES}")
    return multiply(width, factors)


def cut_roundly(low: Number, high: Number, classes: int, steps: tuple[Number, ...]) -> list[Number]:
    """Cut at the multiples of the smallest round width that makes at most so many classes."""
    for width in climb(steps, (Fraction(high) - Fraction(low)) / classes):
        factors = multiples_between(width, low, high)
        if factors.stop - factors.start < classes:
            return multiply(width, factors)
    raise AssertionError("a wide enough interval holds everything")


SCHEME = Scheme(fit=defined_interval, numbers="the width of the classes, as in defined-interval:10", regular=True)
