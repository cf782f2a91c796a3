"""Head/tail breaks: for values of which few are large and many small."""

from tsraster.classtable import MOST_CLASSES, Number
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme


def head_tail(distribution: Distribution, classes: int) -> list[Number]:
    """Cut at the mean, then at the mean of the values above it, and so on until these are all equal or there are K classes.

    As in mapclassify, which has no K; xarray-spatial stops as soon as the head is more than 40 % of its values.

    References
    ----------
    B. Jiang, "Head/tail breaks", 2013.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> head_tail(tally_array([1, 1, 1, 1, 2, 2, 4, 12]), 10)
    [3.0, 8.0]
    """
    cuts: list[Number] = []
    mean = distribution.mean
    while len(cuts) < classes - 1 and mean < distribution.maximum and mean not in cuts:
        cuts.append(mean)
        mean = float(distribution.between([mean]).means[1])
    return cuts


SCHEME = Scheme(fit=head_tail, usual=MOST_CLASSES)
