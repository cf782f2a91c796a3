"""`Scheme`: a way to divide values into classes, and the fit of one to a distribution."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsraster.classtable import MOST_CLASSES, ClassTable, Closed, Number
from tsraster.errors import DataError, FewerClassesWarning, UsageError
from tsraster.registry import Registry
from tsraster.schemes.distribution import Distribution

Fit = Callable[..., Sequence[Number]]


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A function and what it needs.

    Parameters
    ----------
    fit : callable
        Takes a `Distribution`, the number of classes K, and numbers if the scheme has some. Returns cutoffs in any order, at
        most K - 1 that lie between the smallest and the largest value; what lies beyond them, twice or nowhere (NaN) is left out.
    usual : int, optional
        The number of classes where the user names none; without it one must be named.
    fixed : int, optional
        The scheme makes so many classes, whatever number the user names, and cannot be asked for fewer.
    numbers : str
        What the numbers are that may follow the name, as in ``defined-interval:10``; empty where there are none.
    regular : bool
        Whether the classes follow a rule that holds without the values, so that some may be empty. Others never are.
    single : bool
        Whether `fit` returns the values of the classes instead, each of which is one number.
    """

    fit: Fit
    usual: int | None = None
    fixed: int | None = None
    numbers: str = ""
    regular: bool = False
    single: bool = False


SCHEMES: Registry[Scheme] = Registry(
    "scheme", entry_points="tsraster.schemes", adopt=lambda fit: fit if isinstance(fit, Scheme) else Scheme(fit=fit)
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A scheme that was chosen, with its numbers and the number of classes."""

    name: str
    classes: int
    """At most so many."""
    numbers: tuple[Number, ...] = ()
    is_asked: bool = True
    """Whether the user has named the number of classes."""

    def __str__(self) -> str:
        return ":".join((self.name, ",".join(map(str, self.numbers)))) if self.numbers else self.name

    def fit(self, distribution: Distribution, *, closed: Closed = "right") -> ClassTable:
        """Return the classes of a distribution, coded from 1.

        Raises
        ------
        DataError
            The values cannot be divided so: all are equal, or none is in the domain of the scheme.
        UsageError
            The numbers of the scheme are wrong.

        Warns
        -----
        FewerClassesWarning
            Fewer classes were made than asked.
        """
        scheme = SCHEMES[self.name]
        if not scheme.single:
            _refuse_constant(distribution)
        found = scheme.fit(distribution, self.classes, *self.numbers) if self.classes > 1 or scheme.single else []
        if scheme.single:
            return ClassTable(codes=tuple(range(1, len(found) + 1)), values=tuple(found), scheme=str(self))
        edges = close_edges(found, distribution, closed=closed, regular=scheme.regular)
        if self.is_asked and len(edges) - 1 < self.classes:
            self._say_fewer(len(edges) - 1, scheme.fixed)
        return ClassTable(codes=tuple(range(1, len(edges))), edges=edges, closed=closed, scheme=str(self))

    def _say_fewer(self, made: int, fixed: int | None) -> None:
        cause = "it never makes more" if made == fixed else "no other cut divides the values"
        classes = "class" if made == 1 else "classes"
        warnings.warn(
            f"{self} made {made} {classes} instead of {self.classes}: {cause}", FewerClassesWarning, stacklevel=3
        )


def choose_scheme(text: str, classes: int | None) -> Choice:
    """Read the name of a scheme, with numbers behind a colon if it has some, as in ``percentiles:5,50,95``.

    Raises
    ------
    UsageError
        There is no such scheme, it takes no numbers, or it needs a number of classes or cannot make so few.

    Examples
    --------
    >>> choose_scheme("defined-interval:2.5", None).numbers
    (2.5,)
    """
    name = text.partition(":")[0]
    scheme = SCHEMES[name]
    numbers = _parse_numbers(text, scheme) if ":" in text else ()
    if numbers and classes is not None:
        raise UsageError(f"{text} says itself which classes there are; leave --classes out")
    if classes is not None:
        check_class_count(classes)
    if classes is not None and scheme.fixed is not None and classes < scheme.fixed:
        raise UsageError(f"{name} makes {scheme.fixed} classes, not {classes}; give another --classes or none")
    usual = MOST_CLASSES if numbers else scheme.fixed or scheme.usual
    if classes is None and usual is None:
        raise UsageError(f"{name} needs a number of classes; give --classes")
    return Choice(name=name, classes=classes or usual or 0, numbers=numbers, is_asked=classes is not None)


def _parse_numbers(text: str, scheme: Scheme) -> tuple[Number, ...]:
    name, _, rest = text.partition(":")
    if not scheme.numbers:
        raise UsageError(f"{text!r} is no scheme: {name} takes no numbers")
    try:
        return tuple(float(word) if set(word) & set(".eE") else int(word) for word in rest.split(","))
    except ValueError:
        raise UsageError(f"{text!r} is no scheme: after the colon of {name} stand {scheme.numbers}") from None


def check_class_count(classes: int) -> None:
    """Raise `UsageError` unless so many classes can be made."""
    if not 1 <= classes <= MOST_CLASSES:
        raise UsageError(f"{classes} bins or classes cannot be made; give a number from 1 to {MOST_CLASSES}")


def _refuse_constant(distribution: Distribution) -> None:
    if distribution.minimum == distribution.maximum:
        raise DataError(
            f"all {distribution.count} valid pixels have the value {distribution.minimum}, which cannot be divided into "
            "classes; use --cutoffs"
        )


def close_edges(
    cuts: Sequence[Number], distribution: Distribution, *, closed: Closed, regular: bool
) -> tuple[Number, ...]:
    """Return the edges of classes from the smallest to the largest value, with cuts between them.

    A value on a cut is below it; where classes are closed on the left, a cut moves up to the next value, so that the classes
    hold the same values, but not where they are `regular`. Of cuts that are equal in the type of the values, and, unless
    regular, of those that nothing lies between, the first is kept. A class of a single value at one end reaches halfway to the
    next, because its two edges must differ.
    """
    low, high = distribution.minimum, distribution.maximum
    rounded = {_round_to(cut, distribution): cut for cut in sorted(filter(math.isfinite, cuts), reverse=True)}
    kept = [rounded[cut] for cut in sorted(rounded) if low <= cut < high]
    if not regular:
        kept = [cut for cut, count in zip(kept, distribution.count_between(kept), strict=False) if count]
    if not kept:
        return low, high
    dtype = distribution.dtype
    if closed == "right":
        if kept[0] == low:
            kept = [halfway(low, distribution.next_values([low])[0], dtype), *kept[1:]]
    else:
        moved = kept if regular and kept[0] > low else distribution.next_values(kept)
        below, kept = kept, sorted({moved[0], *kept[1:]}) if regular else moved
        if kept[-1] == high:
            kept = [*kept[:-1], halfway(high, below[-1], dtype)]
    edges = [low]
    for cut in kept:
        # Between neighboring numbers of the type there is no place for a cut.
        if edges[-1] < cut < high:
            edges.append(cut)
    return (*edges, high)


def halfway(near: Number, far: Number, dtype: np.dtype[Any]) -> Number:
    """Return a number between two values of a type: the middle, or one that is rounded to the first of the two."""
    if isinstance(near, int) and isinstance(far, int):
        whole, rest = divmod(near + far, 2)
        return whole + 0.5 if rest and abs(whole) < 2**52 else whole
    middle = near / 2 + far / 2
    if dtype.kind != "f" or dtype.type(middle) != dtype.type(far):
        return middle
    return math.nextafter(near, far)


def _round_to(cut: Number, distribution: Distribution) -> Number:
    if distribution.dtype.kind != "f":
        return cut
    with np.errstate(over="ignore"):
        rounded: Number = distribution.dtype.type(cut).item()
    return rounded
