"""Equal intervals: the bins of a histogram."""

from tsraster.classtable import Number
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def equal_interval(distribution: Distribution, classes: int) -> list[Number]:
    """Divide the range from the smallest to the largest value into K intervals of equal width.

    Between whole numbers the cuts are exact where they are whole, and else the nearest float.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> equal_interval(tally_array([0, 3, 10]), 4)
    [2.5, 5, 7.5]
    """
    return [_divide(distribution.minimum, distribution.maximum, i, classes) for i in range(1, classes)]


def _divide(low: Number, high: Number, i: int, classes: int) -> Number:
    """Return the number at i / classes of the way from low to high."""
    if isinstance(low, int) and isinstance(high, int):
        whole, rest = divmod(low * (classes - i) + high * i, classes)
        return whole + rest / classes if rest else whole
    share = i / classes
    return low * (1 - share) + high * share


SCHEME = Scheme(fit=equal_interval, regular=True)
