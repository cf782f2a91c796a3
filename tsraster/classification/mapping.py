"""`Mapping`: rules by which old codes or values get new codes.

People write it as a text, which is read in `tsraster.classification.mappingtext`; pixels get their new codes in
`tsraster.classification.reclassification`.
"""

from __future__ import annotations

import math
import sys
from collections import abc
from dataclasses import dataclass, field
from typing import Final, Literal

from tsraster.classtable import LARGEST_CODE, Number
from tsraster.errors import TableError

PASS_THROUGH: Final = "PASS_THROUGH"  # noqa: S105 - no password
Target = int | Literal["PASS_THROUGH"]
"""A new code, where 0 is "no class"; or what leaves the value as it is."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The new code of the values from `low` to `high`.

    Parameters
    ----------
    low, high : number
        The ends, which may be infinite; the same number twice for a single value.
    closed_low, closed_high : bool
        Whether the ends are held as well.
    to : int or "PASS_THROUGH"
        The new code, 0 to 2**32 - 1, where 0 is "no class"; or leave the value as it is.

    Raises
    ------
    TableError
        The rule holds no value, or the code is none.
    """

    low: Number
    high: Number
    to: Target
    closed_low: bool = True
    closed_high: bool = True

    def __post_init__(self) -> None:
        _check_target(self.to)
        for end in (self.low, self.high):
            if isinstance(end, bool) or not (abs(end) <= sys.float_info.max or end in (-math.inf, math.inf)):
                raise TableError(f"{end!r} is no number that a rule can begin or end with")
        if self.is_constant and math.isinf(self.low):
            raise TableError("infinite values are no data; write NO_DATA=... for them")
        if not self.low <= self.high or (self.is_constant and not (self.closed_low and self.closed_high)):
            raise TableError(f"{self} holds no value; write the smaller end first, and a single value as it is")

    def __str__(self) -> str:
        if self.is_constant and self.closed_low and self.closed_high:
            return str(self.low)
        return f"{'(['[self.closed_low]}{self.low},{self.high}{')]'[self.closed_high]}"

    @property
    def is_constant(self) -> bool:
        """Whether it holds a single value; such a rule goes before those of ranges."""
        return self.low == self.high


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Rules by which old codes or values get new codes.

    Parameters
    ----------
    rules : tuple of Rule
        Single values go before ranges; of several ranges that hold a value, the first.
    default : int or "PASS_THROUGH", optional
        The new code of values that no rule holds; without it they are an error.
    nodata : int
        The new code of pixels without data.
    names : mapping of int to str
        Names of new codes.

    Raises
    ------
    TableError
        There is no rule, a single value is given twice, or a code is none.
    """

    rules: tuple[Rule, ...] = ()
    default: Target | None = None
    nodata: int = 0
    names: abc.Mapping[int, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        if not self.rules and self.default is None:
            raise TableError("there is no rule for values; write at least one, such as [1,4]=2")
        _check_target(0 if self.default is None else self.default)
        for code in (self.nodata, *self.names):
            _check_code(code)
        constants: set[Number] = set()
        for rule in self.rules:
            if rule.is_constant and rule.low in constants:
                raise TableError(f"{rule} is given twice; leave one rule for it")
            constants.update([rule.low] if rule.is_constant else [])


def _check_target(target: object) -> None:
    if target != PASS_THROUGH:
        _check_code(target)


def _check_code(code: object) -> None:
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= LARGEST_CODE:
        raise TableError(
            f"the new code {repr(code)[:40]} cannot be used; codes are whole numbers from 0 to {LARGEST_CODE} (0 is no class)"
        )
