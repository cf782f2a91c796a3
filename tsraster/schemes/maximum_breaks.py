"""Maximum breaks: cuts where no values are."""

from tsraster.classtable import Number
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme, halfway


def maximum_breaks(distribution: Distribution, classes: int) -> list[Number]:
    """Cut in the middle of the K - 1 widest gaps between neighboring values.

    As in mapclassify; of equally wide gaps the lower are taken, where it takes any. Among more than 2**20 different values,
    only gaps wider than a 2**20th of the range count.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> maximum_breaks(tally_array([1, 2, 8, 9, 30]), 3)
    [5, 19.5]
    """
    return [halfway(low, high, distribution.dtype) for low, high in distribution.gaps(classes - 1)]


SCHEME = Scheme(fit=maximum_breaks)
