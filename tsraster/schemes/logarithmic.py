"""Logarithmic classes: powers of ten and what lies between them."""

from __future__ import annotations

from fractions import Fraction
from itertools import takewhile

from tsraster.classtable import Number
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.geometric_interval import part_positive
from tsraster.schemes.ladder import climb, plain
from tsraster.schemes.scheme import Scheme

_LADDERS = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,))
"""The finest of them that makes few enough classes is taken."""


def logarithmic(distribution: Distribution, classes: int) -> list[Number]:
    """Cut at powers of ten and at round numbers between them, as a logarithmic scale has them, into at most K classes.

    The cuts are 1 to 9, or 1, 2 and 5, or 1 and 3, times powers of ten, or powers of ten alone, or every second, third ... of
    them. Values that are not above 0 are a class of their own.

    Raises
    ------
    DataError
        No value is above 0.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> rain = tally_array([0, 0, 0.2, 3, 40])
    >>> logarithmic(rain, 5), logarithmic(rain, 9)
    ([0, 1, 10], [0, 0.5, 1, 2, 5, 10, 20])
    """
    cuts, low = part_positive(distribution, "logarithmic")
    room = classes - 1 - len(cuts)
    high = distribution.maximum
    for ladder in _LADDERS:
        rungs = [rung for rung in takewhile(lambda rung: rung < high, climb(ladder, low)) if rung > low]
        if len(rungs) <= room:
            break
    return [*cuts, *map(plain, _thin(rungs, room))]


def _thin(rungs: list[Fraction], room: int) -> list[Fraction]:
    """Return each second, third, ... of some numbers, so that there is room for them."""
    if room < 1:
        return []
    every = max(1, -(-len(rungs) // room))
    return rungs[every - 1 :: every]


SCHEME = Scheme(fit=logarithmic, regular=True)
