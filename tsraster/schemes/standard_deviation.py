"""Standard deviations: how far from the mean."""

import math

from tsraster.classtable import Number
from tsraster.errors import UsageError
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def standard_deviation(distribution: Distribution, classes: int, *numbers: Number) -> list[Number]:
    """Cut at multiples of the standard deviation above and below the mean.

    K classes have the K - 1 whole multiples nearest to 0, which is one of them only where K is even: for 5 classes -2, -1, 1,
    2, as in mapclassify. The standard deviation is that of a sample, as there. Classes beyond the values are left out.

    Raises
    ------
    UsageError
        A multiple is not finite.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> [round(cut, 2) for cut in standard_deviation(tally_array([1, 2, 3, 4, 50]), 3)]
    [-9.27, 33.27]
    """
    if not all(map(math.isfinite, numbers)):
        raise UsageError("standard-deviation takes multiples, as in standard-deviation:-2,-1,0,1,2")
    half = (classes - 1) // 2
    nearest = [i for i in range(-half, half + 1) if i or classes % 2 == 0]
    spread = distribution.std * math.sqrt(distribution.count / max(1, distribution.count - 1))
    return [distribution.mean + spread * multiple for multiple in numbers or nearest]


SCHEME = Scheme(
    fit=standard_deviation, usual=5, numbers="multiples, as in standard-deviation:-2,-1,0,1,2", regular=True
)
