"""`RuleTable`: classes by ordered conditions over several bands at once.

What a condition is, is not decided here: an expression of `tsraster.preparing` is one. People write a table as a text, which is
read in `tsraster.classification.rulestext`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.classtable import LARGEST_CODE
from tsraster.errors import DataError, TableError
from tsraster.lut import clean_name

Mask = NDArray[np.bool_]


class Criterion(Protocol):
    """What holds or fails for a pixel, by the values of its bands."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that it looks at."""

    def decide(self, values: Mapping[str, ArrayLike]) -> tuple[Mask, Mask]:
        """Say where it holds, and where it fails; where neither, it cannot be decided."""


@dataclass(frozen=True, kw_only=True)
class ClassRule:
    """The code of the pixels for which a criterion holds.

    Parameters
    ----------
    code : int
        0 to 2**32 - 1, where 0 is "no class", as for clouds that are to be left out.
    name : str
        What the class is called; empty where it has no name.
    criterion : Criterion or None
        What must hold; None for "else", which takes all that is left.

    Raises
    ------
    TableError
        The code is none, or 0 has a name.
    """

    code: int
    name: str = ""
    criterion: Criterion | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        if isinstance(self.code, bool) or not isinstance(self.code, int) or not 0 <= self.code <= LARGEST_CODE:
            raise TableError(
                f"the code {repr(self.code)[:40]} cannot be used; codes are whole numbers, 0 (no class) to {LARGEST_CODE}"
            )
        if self.name and not self.code:
            raise TableError("the code 0 is no class and has no name; use another code")

    def __str__(self) -> str:
        escaped = self.name.replace('"', '""')
        name = f' "{escaped}"' if self.name else ""
        return f"{self.code}{name}: {'else' if self.criterion is None else self.criterion}"


@dataclass(frozen=True)
class RuleTable:
    """Rules in their order; the first that holds gives its code.

    `str` of it is a text that is read as the same table.

    Raises
    ------
    TableError
        There is no rule, a rule stands behind "else", or one code has two names.
    """

    rules: tuple[ClassRule, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        if not self.rules:
            raise TableError('there is no rule; write at least one, such as 1 "water": NDWI > 0')
        ends = [rule for rule in self.rules[:-1] if rule.criterion is None]
        if ends:
            raise TableError(
                f"the rule {ends[0]} takes all that is left, so rules behind it are never reached; put it last"
            )
        names: dict[int, str] = {}
        for rule in self.rules:
            if rule.name and names.setdefault(rule.code, rule.name) != rule.name:
                raise TableError(
                    f'the code {rule.code} is called "{names[rule.code]}" and "{rule.name}"; give it one name'
                )

    def __str__(self) -> str:
        return "".join(f"{rule}\n" for rule in self.rules)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that any rule looks at, each once, in the order of the rules."""
        criteria = [rule.criterion for rule in self.rules if rule.criterion is not None]
        return tuple(dict.fromkeys(name for criterion in criteria for name in criterion.names))

    @property
    def classes(self) -> dict[int, str]:
        """The codes of classes, increasing, and their names; empty strings where there are none."""
        names = {rule.code: rule.name for rule in self.rules if rule.name}
        return {code: names.get(code, "") for code in sorted({rule.code for rule in self.rules} - {0})}

    @property
    def conditions(self) -> dict[int, str]:
        """The codes of classes, increasing, and the text of what must hold; that of several rules with "or" between."""
        found: dict[int, list[str]] = {code: [] for code in self.classes}
        for rule in self.rules:
            if rule.code:
                found[rule.code].append("else" if rule.criterion is None else str(rule.criterion))
        return {code: " or ".join(texts) for code, texts in found.items()}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned integer type that holds every code."""
        return np.min_scalar_type(max(rule.code for rule in self.rules))


def apply_rules(table: RuleTable, values: Mapping[str, ArrayLike], valid: Mask) -> NDArray[Any]:
    """Give each pixel the code of the first rule that holds for it.

    A pixel gets 0, no class, where it is not valid, where no rule holds, and where the first rule that does not fail cannot be
    decided, as NaN cannot be compared: neither a later rule nor "else" takes it. A rule that is decided without NaN
    (``R > 0 and N / R > 2`` where R is 0) is decided.

    Parameters
    ----------
    table : RuleTable
        The rules.
    values : mapping of str to array, shape (...)
        What `RuleTable.names` stand for: bands, and indices that the caller has computed.
    valid : array of bool, shape (...)
        Where there is data in every one of them.

    Returns
    -------
    array, shape (...)
        Codes in the smallest unsigned type that holds all codes of the table.

    Raises
    ------
    DataError
        The shapes differ.

    Examples
    --------
    >>> from tsraster.preparing import parse_expression
    >>> from tsraster.classification.rulestext import parse_rules
    >>> table = parse_rules('1 "water": NDWI > 0; 2 "forest": NDVI > 0.6; 9 "other": else', parse_expression)
    >>> values = {"NDWI": np.array([0.3, -0.4, -0.2, np.nan]), "NDVI": np.array([0.1, 0.8, 0.2, 0.9])}
    >>> apply_rules(table, values, np.ones(4, dtype=bool))
    array([1, 2, 9, 0], dtype=uint8)
    """
    codes = np.zeros(valid.shape, dtype=table.dtype)
    left = np.array(valid, dtype=np.bool_)
    for rule in table.rules:
        if not left.any():
            break
        if rule.criterion is None:
            codes += left * codes.dtype.type(rule.code)
            break
        holds, fails = rule.criterion.decide(values)
        if holds.shape not in (valid.shape, ()):
            raise DataError(
                f"the values are of shape {holds.shape} and their mask of {valid.shape}; they must be the same"
            )
        # A pixel gets a code once, so it can be added; that is faster than to write where a mask is true.
        codes += (left & holds) * codes.dtype.type(rule.code)
        left &= fails
    return codes
