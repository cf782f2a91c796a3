"""Unique values: each is a class."""

from tsraster.classtable import MOST_CLASSES, Number
from tsraster.errors import DataError
from tsraster.schemes.distribution import MOST_DISTINCT, Distribution
from tsraster.schemes.scheme import Scheme


def unique(distribution: Distribution, classes: int) -> list[Number]:
    """Make each different value a class.

    Raises
    ------
    DataError
        There are more than K, or more than 2**20.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> unique(tally_array([11, 95, 11, 42]), 10)
    [11, 42, 95]
    """
    distinct = distribution.distinct
    number = MOST_DISTINCT + 1 if distinct is None else len(distinct[0])
    if distinct is None or number > classes:
        found = f"more than {MOST_DISTINCT}" if distinct is None else str(number)
        raise DataError(f"there are {found} different values, and {classes} classes at the most; choose another scheme")
    values: list[Number] = distinct[0].tolist()
    return values


SCHEME = Scheme(fit=unique, usual=MOST_CLASSES, single=True)
