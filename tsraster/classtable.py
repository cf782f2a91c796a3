"""`ClassTable`: which values make up which class, with codes and names, to and from JSON.

The comparison of pixels (`tsraster.classification`) and the text of a legend come from the same object, so a legend never
contradicts a pixel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, Self, cast

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
        if not self.names:
            object.__setattr__(self, "names", ("",) * len(self.codes))
        _check_classes(self.edges, self.values, self.closed)
        _check_codes(self.codes, classes=len(self.values) or len(self.edges) - 1)
        if len(self.names) != len(self.codes):
            raise TableError(f"{len(self.names)} names for {len(self.codes)} classes; give one name for each class")

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
        if not cutoffs:
            raise UsageError("no cutoffs; give at least one number")
        for number in cutoffs:
            if not math.isfinite(number):
                raise UsageError(f"the cutoff {number} is not finite; the outer classes are open by themselves")
        for low, high in pairwise(cutoffs):
            if low >= high:
                problem = "is given twice" if low == high else f"comes after {low}"
                raise UsageError(f"the cutoff {high} {problem}; give cutoffs in increasing order")
        return cls(codes=tuple(range(1, len(cutoffs) + 2)), edges=(-math.inf, *cutoffs, math.inf), closed=closed)

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
            return f"{'<=' if right else '<'} {high}" if math.isfinite(self.edges[i + 1]) else "all"
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
        except ValueError as error:
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
        try:
            edges = _opened(record.get("edges", []))
            values = tuple(_number(value) for value in record.get("values", []))
            codes = tuple(record.get("codes") or range(1, (len(values) or len(edges) - 1) + 1))
            return cls(
                codes=codes,
                edges=edges,
                values=values,
                closed=record.get("closed", "right"),
                names=tuple(str(name) for name in record.get("names", [])),
                unit=str(record.get("unit", "")),
                scheme=str(record.get("scheme", "manual")),
                fitted_on=dict(record.get("fitted_on", {})),
            )
        except TypeError as error:
            raise TableError(f"the class table has a part of the wrong type: {error}") from None


def _dump_record(record: Mapping[str, Any]) -> str:
    """Write JSON with one line for each entry: short enough to read, and to see changes in."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _number(value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TableError(f"the class table has {value!r} where a number is needed")
    return value


def _opened(edges: Sequence[object]) -> tuple[Number, ...]:
    """Turn the nulls at the two ends into infinities."""
    last = len(edges) - 1
    outer = {0: -math.inf, last: math.inf}
    return tuple(outer[i] if edge is None and i in outer else _number(edge) for i, edge in enumerate(edges))


def _check_classes(edges: tuple[Number, ...], values: tuple[Number, ...], closed: str) -> None:
    if closed not in ("right", "left"):
        raise TableError(f'closed is {closed!r}; choose "right" or "left"')
    if bool(edges) == bool(values):
        raise TableError("a class table has either edges or values")
    if len(edges) == 1:
        raise TableError("a class table needs at least two edges")
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
        double = next(code for i, code in enumerate(codes) if code in codes[:i])
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
    return cast(str, f"{number:.{digits}g}")
