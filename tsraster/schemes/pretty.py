"""Pretty breaks: round numbers, as on the axis of a plot."""

from tsraster.classtable import Number
from tsraster.schemes.defined_interval import cut_roundly
from tsraster.schemes.distribution import Distribution
from tsraster.schemes.scheme import Scheme

_STEPS = (1, 2, 5)


def pretty(distribution: Distribution, classes: int) -> list[Number]:
    """Cut at the multiples of the smallest of 1, 2, 5 times a power of ten that makes at most K classes.

    R's ``pretty`` and QGIS take the width that makes *about* K classes, and so may make more.

    Examples
    --------
    >>> from tsraster.schemes import tally_array
    >>> pretty(tally_array([-0.3, 0.1, 0.85]), 7)
    [-0.2, 0, 0.2, 0.4, 0.6, 0.8]
    >>> pretty(tally_array([-0.3, 0.1, 0.85]), 5)
    [0, 0.5]
    """
    return cut_roundly(distribution.minimum, distribution.maximum, classes, _STEPS)


SCHEME = Scheme(fit=pretty, regular=True)
