"""The registry of schemes: from a distribution and a number of classes to edges."""

from collections.abc import Callable

from tsraster.classtable import MOST_CLASSES, Number
from tsraster.errors import UsageError
from tsraster.registry import Registry
from tsraster.schemes.distribution import Distribution

Scheme = Callable[[Distribution, int], tuple[Number, ...]]
"""Returns K + 1 strictly increasing edges, the first the smallest and the last the largest value."""

SCHEMES: Registry[Scheme] = Registry("scheme")


def check_class_count(classes: int) -> None:
    """Raise `UsageError` unless so many classes can be made."""
    if not 1 <= classes <= MOST_CLASSES:
        raise UsageError(f"{classes} bins or classes cannot be made; give a number from 1 to {MOST_CLASSES}")
