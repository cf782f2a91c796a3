"""Quantiles: classes of equal numbers of pixels."""

from tsraster.classtable import Number
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def quantiles(distribution: Distribution, classes: int) -> list[Number]:
    """Cut at 1/K, 2/K, ... of the sorted values, exactly, as `numpy.quantile` does by default (method "linear").

    The same as in mapclassify, which keeps a class of only the smallest value by an upper edge equal to it; here that class
    ends halfway to the next value. Where many pixels share a value, classes are unequal, and may be fewer.

    Notes
    -----
    Found in two passes for 32-bit numbers and four for 64-bit ones, whatever the number of pixels; in one for 8 and 16 bits.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> quantiles(tally_array([1, 2, 3, 4, 50]), 2)
    [3]
    """
    return cut_at_shares(distribution, [i / classes for i in range(1, classes)])


def cut_at_shares(distribution: Distribution, shares: list[float]) -> list[Number]:
    """Return quantiles; of several that lie between the same two values only the first."""
    found = distribution.quantiles(shares)
    return list({value: cut for cut, value in reversed(found)}.values())[::-1]


SCHEME = Scheme(fit=quantiles)
