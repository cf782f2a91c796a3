"""The classes of a box plot: outliers, whiskers and quarters."""

import math

from tsraster.classtable import Number
from tsraster.errors import UsageError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def box_plot(distribution: Distribution, _classes: int, *numbers: Number) -> list[Number]:
    """Cut at the quartiles, and at 1.5 times (or another number) the distance between the outer two beyond them.

    As in mapclassify, which keeps the classes of outliers where there are none; here they are left out.

    Raises
    ------
    UsageError
        There is not one length of whiskers, at least 0.

    References
    ----------
    J. W. Tukey, "Exploratory data analysis", 1977.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> box_plot(tally_array([1, 2, 3, 4, 50]), 6)
    [-1.0, 2, 3, 4, 7.0]
    """
    if len(numbers) > 1 or not all(0 <= number < math.inf for number in numbers):
        raise UsageError("box-plot takes one length of whiskers, at least 0, as in box-plot:1.5")
    (lower, _), (middle, _), (upper, _) = distribution.quantiles([0.25, 0.5, 0.75])
    whisker = (upper - lower) * (numbers[0] if numbers else 1.5)
    return [lower - whisker, lower, middle, upper, upper + whisker]


SCHEME = Scheme(fit=box_plot, fixed=6, numbers="the length of the whiskers, as in box-plot:1.5")
