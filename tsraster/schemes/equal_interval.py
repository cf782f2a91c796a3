"""Equal intervals: the bins of a histogram."""

from itertools import pairwise

from tsraster.classtable import Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import SCHEMES, check_class_count


@SCHEMES.register("equal-interval")
def equal_interval(distribution: Distribution, classes: int) -> tuple[Number, ...]:
    """Divide the range from the smallest to the largest valid value into intervals of equal width.

    Parameters
    ----------
    distribution : Distribution
        Its range is what counts.
    classes : int
        K, at least 1.

    Returns
    -------
    tuple of numbers, shape (K + 1,)
        The outer two are the smallest and the largest value. Between whole numbers the others are exact where they are whole,
        and else the nearest float.

    Raises
    ------
    UsageError
        There are no classes, or too many.
    DataError
        All values are equal, or so near each other that edges would coincide.

    Examples
    --------
    >>> ten = Distribution(count=2, minimum=0, maximum=10, mean=5, std=5)
    >>> equal_interval(ten, 4)
    (0, 2.5, 5, 7.5, 10)
    """
    check_class_count(classes)
    low, high = distribution.minimum, distribution.maximum
    if low == high:
        raise DataError(
            f"all {distribution.count} valid pixels have the value {low}, which cannot be divided into bins; use --cutoffs"
        )
    edges = (low, *(_divide(low, high, i, classes) for i in range(1, classes)), high)
    if not all(a < b for a, b in pairwise(edges)):
        raise DataError(f"the values from {low} to {high} are too near each other for {classes} bins; use fewer")
    return edges


def _divide(low: Number, high: Number, i: int, classes: int) -> Number:
    """Return the number at i / classes of the way from low to high."""
    if isinstance(low, int) and isinstance(high, int):
        whole, rest = divmod(low * (classes - i) + high * i, classes)
        return whole + rest / classes if rest else whole
    share = i / classes
    return low * (1 - share) + high * share
