"""Percentiles: chosen shares of the sorted values."""

from itertools import pairwise

from tsraster.classtable import Number
from tsraster.errors import UsageError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.quantiles import cut_at_shares
from tsraster.schemes.scheme import Scheme

_USUAL = (1, 10, 50, 90, 99)


def percentiles(distribution: Distribution, _classes: int, *numbers: Number) -> list[Number]:
    """Cut at percentiles, by default 1, 10, 50, 90 and 99 as in mapclassify; see `quantiles` for ties.

    Raises
    ------
    UsageError
        The percents do not increase from above 0 to below 100.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> percentiles(tally_array(range(101)), 3, 5, 95)
    [5, 95]
    """
    percents = numbers or _USUAL
    if not all(a < b for a, b in pairwise((0, *percents, 100))):
        raise UsageError("percentiles takes percents that increase, above 0 and below 100, as in percentiles:5,50,95")
    return cut_at_shares(distribution, [percent / 100 for percent in percents])


SCHEME = Scheme(fit=percentiles, fixed=6, numbers="percents, as in percentiles:5,50,95")
