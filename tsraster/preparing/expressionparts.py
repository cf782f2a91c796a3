"""The parts of an expression: each computes a piece of many pixels at once, from what the parts within it give.

A number is finite or NaN, and a condition holds, fails, or neither.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Scope = Mapping[str, Any]
"""What the names stand for in one piece: arrays of shape (N,) and single numbers, finite or NaN."""


def settle(numbers: Any) -> Any:
    """Put NaN, in place where it is an array, for what has become infinite."""
    finite = np.isfinite(numbers)
    if np.all(finite):
        return numbers
    if isinstance(numbers, np.ndarray):
        np.copyto(numbers, np.nan, where=~finite)
        return numbers
    return type(numbers)(np.nan)


def _differ(left: Any, right: Any) -> Any:
    """Unlike `np.not_equal`, NaN differs from nothing."""
    return np.less(left, right) | np.greater(left, right)


def _divide(left: Any, right: Any) -> Any:
    return settle(np.divide(left, right))


def _raise(number: Any, exponent: Any) -> Any:
    # The operator has short ways for squares and roots, which the function has not.
    raised = number**exponent if isinstance(number, np.ndarray) else np.power(number, exponent)
    return settle(raised)


class NumberPart:
    """A part that gives a number for each pixel, finite or NaN."""

    def compute(self, scope: Scope) -> Any:
        """Compute it for a piece: an array of shape (N,), or one number for all."""
        raise NotImplementedError


class ConditionPart:
    """A part that gives yes, no or neither for each pixel."""

    def decide(self, scope: Scope) -> tuple[Any, Any]:
        """Say for a piece where it holds and where it fails."""
        raise NotImplementedError


@dataclass(frozen=True)
class Literal(NumberPart):
    """A number of the text."""

    number: float

    def compute(self, scope: Scope) -> Any:  # noqa: ARG002 - it needs none
        """Return the number."""
        return self.number


@dataclass(frozen=True)
class Name(NumberPart):
    """What a name stands for."""

    name: str

    def compute(self, scope: Scope) -> Any:
        """Look it up."""
        return scope[self.name]


@dataclass(frozen=True)
class Chain(NumberPart):
    """Operations of one rank, from left to right: ``a - b + c``, or ``a / b * c``."""

    first: NumberPart
    others: tuple[tuple[str, NumberPart], ...]

    def compute(self, scope: Scope) -> Any:
        """Compute them one after the other."""
        found = self.first.compute(scope)
        for sign, part in self.others:
            found = OPERATIONS[sign](found, part.compute(scope))
        return found


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _divide,
}


@dataclass(frozen=True)
class Call(NumberPart):
    """A function of numbers."""

    name: str
    arguments: tuple[NumberPart, ...]

    def compute(self, scope: Scope) -> Any:
        """Compute the arguments, and the function of them."""
        return FUNCTIONS[self.name](*(part.compute(scope) for part in self.arguments))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "-": np.negative,
    "**": _raise,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": lambda *numbers: functools.reduce(np.minimum, numbers),
    "max": lambda *numbers: functools.reduce(np.maximum, numbers),
    "log": lambda number: settle(np.log(number)),
    "log10": lambda number: settle(np.log10(number)),
    "exp": lambda number: settle(np.exp(number)),
    "clip": lambda number, low, high: np.minimum(np.maximum(number, low), high),
}
"""All give NaN where an argument is NaN."""


@dataclass(frozen=True)
class Choice(NumberPart):
    """One number where a condition holds, another where it fails, and NaN where it cannot be decided."""

    condition: ConditionPart
    held: NumberPart
    failed: NumberPart

    def compute(self, scope: Scope) -> Any:
        """Compute both, and choose."""
        holds, fails = self.condition.decide(scope)
        return np.where(holds, self.held.compute(scope), np.where(fails, self.failed.compute(scope), np.nan))


@dataclass(frozen=True)
class Comparison(ConditionPart):
    """Numbers with signs between them, such as ``0 < x <= y``; all must hold."""

    parts: tuple[NumberPart, ...]
    signs: tuple[str, ...]

    def decide(self, scope: Scope) -> tuple[Any, Any]:
        """Compare each with the next."""
        numbers = [part.compute(scope) for part in self.parts]
        holds: Any = True
        fails: Any = False
        for sign, left, right in zip(self.signs, numbers[:-1], numbers[1:], strict=True):
            holds = COMPARISONS[sign][0](left, right) & holds
            fails = COMPARISONS[sign][1](left, right) | fails
        return holds, fails


COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "<": (np.less, np.greater_equal),
    "<=": (np.less_equal, np.greater),
    ">": (np.greater, np.less_equal),
    ">=": (np.greater_equal, np.less),
    "==": (np.equal, _differ),
    "!=": (_differ, np.equal),
}
"""By the sign: where it holds, and where it fails; neither for NaN."""


@dataclass(frozen=True)
class Joined(ConditionPart):
    """Conditions of which every one must hold, or any."""

    conditions: tuple[ConditionPart, ...]
    every: bool

    def decide(self, scope: Scope) -> tuple[Any, Any]:
        """Decide each, and join them."""
        both = [condition.decide(scope) for condition in self.conditions]
        to_holds, to_fails = (np.logical_and, np.logical_or) if self.every else (np.logical_or, np.logical_and)
        holds = functools.reduce(to_holds, [held for held, _ in both])
        return holds, functools.reduce(to_fails, [failed for _, failed in both])


@dataclass(frozen=True)
class Negation(ConditionPart):
    """What holds where a condition fails."""

    condition: ConditionPart

    def decide(self, scope: Scope) -> tuple[Any, Any]:
        """Decide it, and turn the answer round."""
        holds, fails = self.condition.decide(scope)
        return fails, holds
