"""`ClassTable`: which values make up which class, with codes and names, to and from JSON.

The comparison of pixels (`tsraster.classification`) and the text of a legend come from the same object, so a legend never
contradicts a pixel.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np

from tsraster.errors import TableError, UsageError

Number = int | float
Closed = Literal["right", "left"]

KIND = "tsraster class table"
MOST_CLASSES = 2**20
LARGEST_CODE = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class ClassTable:
    """Classes as intervals (`edges`) or as single numbers (`values`), with a code and a name for each.

    Parameters
    ----------
    codes : tuple of int, shape (K,)
        Different whole numbers from 1 to 2**32 - 1. The code 0 is "no class" and cannot be used.
    edges : tuple of numbers, shape (K + 1,)
        Strictly increasing. The first may be -inf and the last inf: an open end.
    values : tuple of numbers, shape (K,)
        Instead of `edges`, where each class is one number.
    closed : "right" or "left"
        Class i holds (edges[i], edges[i+1]], and the first also its lowest edge; with "left" it holds [edges[i], edges[i+1]),
        and the last also its highest edge. NaN and infinities are in no class.
    names : tuple of str, shape (K,)
        Empty strings by default.
    unit, scheme : str
        What the edges are measured in; how they came about.
    fitted_on : mapping
        What the table was fitted on, such as the name, band, count and range of a raster. Not compared.

    Raises
    ------
    TableError
        The parts do not fit together.

    Examples
    --------
    >>> table = ClassTable.from_cutoffs([290, 295.5])
    >>> table.codes, table.intervals
    ((1, 2, 3), ('<= 290', '(290, 295.5]', '> 295.5'))
    """

    codes: tuple[int, ...]
    edges: tuple[Number, ...] = ()
    values: tuple[Number, ...] = ()
    closed: Closed = "right"
    names: tuple[str, ...] = ()
    unit: str = ""
    scheme: str = "manual"
    fitted_on: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for part in ("edges", "values", "codes"):
            object.__setattr__(self, part, tuple(_plain(number) for number in getattr(self, part)))
        object.__setattr__(self, "names", tuple(self.names) or ("",) * len(self.codes))
        _check_classes(self.edges, self.values, self.closed)
        _check_codes(self.codes, classes=len(self.values) or len(self.edges) - 1)
        if len(self.names) != len(self.codes):
            raise TableError(f"{len(self.names)} names for {len(self.codes)} classes; give one name for each class")
        for name in self.names:
            if not isinstance(name, str):
                raise TableError(f"the name {name!r} is no text; write names in quotes")

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def from_cutoffs(cls, cutoffs: Sequence[Number], *, closed: Closed = "right") -> Self:
        """Make K + 1 classes, coded from 1, out of K cutoffs; the outer classes have open ends.

        Raises
        ------
        UsageError
            There is no cutoff, or they are not finite and strictly increasing.
        """
        numbers = [_plain(number) for number in cutoffs]
        if not numbers:
            raise UsageError("no cutoffs; give at least one number")
        for number in numbers:
            if not _is_number(number):
                raise UsageError(f"the cutoff {number!r} is no finite number; the outer classes are open by themselves")
        for low, high in pairwise(numbers):
            if low >= high:
                problem = "is given twice" if low == high else f"comes after {low}"
                raise UsageError(f"the cutoff {high} {problem}; give cutoffs in increasing order")
        return cls(codes=tuple(range(1, len(numbers) + 2)), edges=(-math.inf, *numbers, math.inf), closed=closed)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned integer type that holds every code."""
        return np.min_scalar_type(max(self.codes))

    @property
    def intervals(self) -> tuple[str, ...]:
        """What each class holds, as text, in the order of the codes."""
        if self.values:
            return tuple(format_numbers(self.values))
        texts = format_numbers(self.edges)
        return tuple(self._interval(i, low, high) for i, (low, high) in enumerate(pairwise(texts)))

    def _interval(self, i: int, low: str, high: str) -> str:
        right = self.closed == "right"
        if not math.isfinite(self.edges[i]):
            is_last = i == len(self) - 1
            return f"{'<=' if right or is_last else '<'} {high}" if math.isfinite(self.edges[i + 1]) else "all"
        if not math.isfinite(self.edges[i + 1]):
            return f"{'>' if right and i else '>='} {low}"
        opening = "(" if right and i else "["
        closing = "]" if right or i == len(self) - 1 else ")"
        return f"{opening}{low}, {high}{closing}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each class where it has one, else its interval, with the unit."""
        unit = f" {self.unit}" if self.unit else ""
        return tuple(name or interval + unit for name, interval in zip(self.names, self.intervals, strict=True))

    def to_json(self) -> str:
        """Return the table as the text of a JSON file; an open end is written as null."""
        ends = {"edges": [edge if math.isfinite(edge) else None for edge in self.edges]}
        return _dump_record(
            {
                "kind": KIND,
                "version": 1,
                **({"values": list(self.values)} if self.values else ends),
                "closed": self.closed,
                "codes": list(self.codes),
                "names": list(self.names),
                "unit": self.unit,
                "scheme": self.scheme,
                "fitted_on": dict(self.fitted_on),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make a table from the text of a JSON file.

        Raises
        ------
        TableError
            The text is not JSON, or not a class table of a version that is known, or its parts do not fit together.
        """
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TableError(f"not a class table: no JSON ({error})") from None
        if not isinstance(record, dict) or record.get("kind") != KIND:
            raise TableError(f'not a class table: its "kind" is not "{KIND}"')
        if record.get("version") != 1:
            raise TableError(
                f"version {record.get('version')} of a class table is not known; this program reads version 1"
            )
        return cls._from_record(record)

    @classmethod
    def _from_record(cls, record: Mapping[str, Any]) -> Self:
        edges = _opened(_take(record, "edges", []))
        values = _take(record, "values", [])
        return cls(
            codes=_take(record, "codes", []) or tuple(range(1, (len(values) or len(edges) - 1) + 1)),
            edges=edges,
            values=values,
            closed=record.get("closed", "right"),
            names=_take(record, "names", []),
            unit=_take(record, "unit", ""),
            scheme=_take(record, "scheme", "manual"),
            fitted_on=_take(record, "fitted_on", {}),
        )


def _dump_record(record: Mapping[str, Any]) -> str:
    """Write JSON with one line for each entry: short enough to read, and to see changes in."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _take(record: Mapping[str, Any], key: str, default: Any) -> Any:
    """Return an entry, which must be of the same JSON type as its default."""
    value = record.get(key, default)
    if not isinstance(value, type(default)):
        kind = {"list": "a list", "str": "a text", "dict": "an object"}[type(default).__name__]
        raise TableError(f'"{key}" of the class table is {value!r}; write {kind} or leave it out')
    return value


def _opened(edges: list[Any]) -> tuple[Any, ...]:
    """Turn the nulls at the two ends into infinities."""
    last = len(edges) - 1
    outer = {0: -math.inf, last: math.inf}
    for edge in edges:
        if isinstance(edge, float) and math.isinf(edge):
            raise TableError("the class table has an infinite edge; write null for an open end")
    return tuple(outer.get(i) if edge is None else edge for i, edge in enumerate(edges))


def _plain(number: Any) -> Any:
    """Return a number of numpy as one of Python."""
    return number.item() if isinstance(number, np.generic) else number


def _is_number(value: object) -> bool:
    """Tell whether it is an int or a float that is finite, and not above what a float can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def _check_classes(edges: tuple[Number, ...], values: tuple[Number, ...], closed: str) -> None:
    if closed not in ("right", "left"):
        raise TableError(f'closed is {closed!r}; choose "right" or "left"')
    if bool(edges) == bool(values):
        raise TableError("a class table has either edges or values")
    if len(edges) == 1:
        raise TableError("a class table needs at least two edges")
    open_ends = (edges[:1] == (-math.inf,), edges[-1:] == (math.inf,))
    for number in (*values, *edges[open_ends[0] : len(edges) - open_ends[1]]):
        if not _is_number(number):
            raise TableError(f"the class table has {number!r} where a finite number is needed")
    for low, high in pairwise(edges):
        if not low < high:
            raise TableError(f"the edges {low}, {high} are not increasing")
    if len(set(values)) < len(values):
        raise TableError("the class table holds a value twice")
    if max(len(edges) - 1, len(values)) > MOST_CLASSES:
        raise TableError(f"{max(len(edges) - 1, len(values))} classes are too many; the most is {MOST_CLASSES}")


def _check_codes(codes: tuple[int, ...], classes: int) -> None:
    if len(codes) != classes:
        raise TableError(f"{len(codes)} codes for {classes} classes; give one code for each class")
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, int) or not 1 <= code <= LARGEST_CODE:
            raise TableError(
                f"the code {code!r} cannot be used; codes are whole numbers from 1 to {LARGEST_CODE} (0 is no class)"
            )
    if len(set(codes)) < len(codes):
        double = next(code for code, count in Counter(codes).items() if count > 1)
        raise TableError(f"the code {double} is given twice; give each class a code of its own")


def format_numbers(numbers: Sequence[Number]) -> list[str]:
    """Write numbers shortly, but with as many digits as keep different ones apart.

    Examples
    --------
    >>> format_numbers([0.1 + 0.2, 1, float("inf")])
    ['0.3', '1', 'inf']
    >>> format_numbers([1.00000001, 1.00000002])
    ['1.00000001', '1.00000002']
    """
    different = len(set(numbers))
    for digits in range(6, 17):
        texts = [_format_number(number, digits) for number in numbers]
        if len(set(texts)) == different:
            return texts
    return [_format_number(number, 17) for number in numbers]


def _format_number(number: Number, digits: int) -> str:
    if isinstance(number, int):
        return str(number)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    exact = f"{number:.9g}"
    text = exact if float(exact) == number else f"{number:.{digits}g}"
    # Nobody reads 1e+06 in a legend.
    return f"{float(text):.0f}" if "e+" in text and abs(number) < 1e15 else text
