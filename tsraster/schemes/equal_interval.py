"""Equal intervals: the bins of a histogram."""

from fractions import Fraction

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
        Each edge is the number nearest to the exact one; the outer two are the smallest and the largest value.

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
        raise DataError(f"all {distribution.count} valid pixels have the value {low}, which cannot be divided into bins; use --cutoffs")
    start, width = Fraction(low), (Fraction(high) - Fraction(low)) / classes
    edges = tuple(_simplest(start + width * i) for i in range(classes + 1))
    if len(set(edges)) <= classes:
        raise DataError(f"the values from {low} to {high} are too near each other for {classes} bins; use fewer")
    return edges


def _simplest(number: Fraction) -> Number:
    """Return a whole number as int, so that large ones stay exact, and any other as the nearest float."""
    return int(number) if number.denominator == 1 else float(number)
