"""Expressions over arrays: what they compute, number by number, without Python's own evaluation.

`parse_expression` in `tsraster.preparing.expressiontext` makes them of a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.errors import DataError, UnknownNameError, UsageError
from tsraster.preparing.expressionparts import ConditionPart, NumberPart, Scope, settle
from tsraster.registry import suggestion

Mask = NDArray[np.bool_]

_PIECE = 2**15
"""So many pixels are computed at once; what lies between two steps stays in the cache of the processor."""


@dataclass(frozen=True, kw_only=True)
class Expression:
    """An expression that was read and checked.

    Attributes
    ----------
    text : str
        As it was written. Two expressions of one text are equal.
    names : tuple of str
        The names that it uses, each once, in the order of the text. Upper and lower case differ.
    """

    text: str
    names: tuple[str, ...] = field(compare=False)
    part: NumberPart | ConditionPart = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    @property
    def is_condition(self) -> bool:
        """Whether it says yes or no, as ``NDVI > 0.3`` does, and gives no number."""
        return not isinstance(self.part, NumberPart)

    def evaluate(self, values: Mapping[str, ArrayLike]) -> NDArray[Any]:
        """Compute the expression for every pixel.

        NaN and infinite values are no data, and so is what has no finite result, such as a division by zero or the root of a
        negative number: NaN. Of ``where``, only the value that is chosen counts. A condition that cannot be decided does not
        hold.

        Parameters
        ----------
        values : mapping of str to array of integers, floats or bools, shape (...)
            What the names stand for; all of one shape, or single numbers. Others than those of `names` are not looked at.

        Returns
        -------
        array, shape (...)
            Numbers as float32 where all arrays are float32 or float16, else as float64; bools for a condition.

        Raises
        ------
        UnknownNameError
            A name has no value.
        DataError
            The shapes differ, or values are no real numbers.

        Notes
        -----
        Numbers are rounded as in numpy: with float32 arrays, also those in the text. Any part of the arrays gives the same
        as the whole. Beyond the result, the memory does not depend on the number of pixels.

        Examples
        --------
        >>> from tsraster.preparing.expressiontext import parse_expression
        >>> parse_expression("(nir - red) / (nir + red)").evaluate({"nir": [0.5, 0.0], "red": [0.3, 0.0]})
        array([0.25,  nan])
        """
        part = self.part
        if isinstance(part, ConditionPart):
            return self.decide(values)[0]
        pieces = _Pieces(self.names, values)
        found = np.empty(pieces.size, dtype=pieces.dtype)
        with np.errstate(all="ignore"):
            for place, scope in pieces:
                found[place] = part.compute(scope)
                settle(found[place])
        return found.reshape(pieces.shape)

    def decide(self, values: Mapping[str, ArrayLike]) -> tuple[Mask, Mask]:
        """Say where the condition holds, and where it fails; where neither, it cannot be decided.

        A comparison with what is no data cannot be decided; ``and`` fails where one side fails, and ``or`` holds where one side
        holds, whatever the other is (Kleene's logic of three values). So ``R > 0 and N / R > 2`` fails where R is 0.

        Parameters
        ----------
        values : mapping of str to array, shape (...)
            As of `evaluate`.

        Returns
        -------
        tuple of two arrays of bool, shape (...)

        Raises
        ------
        UsageError
            It is no condition.
        UnknownNameError, DataError
            As of `evaluate`.

        Examples
        --------
        >>> from tsraster.preparing.expressiontext import parse_expression
        >>> holds, fails = parse_expression("1 / x > 0.3").decide({"x": [2.0, 4.0, 0.0]})
        >>> holds, fails
        (array([ True, False, False]), array([False,  True, False]))
        """
        part, pieces = self.part, _Pieces(self.names, values)
        if isinstance(part, NumberPart):
            raise UsageError(f"{self.text!r} is a number and no condition; compare it, such as {self.text} > 0.5")
        holds, fails = np.empty(pieces.size, dtype=np.bool_), np.empty(pieces.size, dtype=np.bool_)
        with np.errstate(all="ignore"):
            for place, scope in pieces:
                holds[place], fails[place] = part.decide(scope)
        return holds.reshape(pieces.shape), fails.reshape(pieces.shape)


class _Pieces:
    """The values of some names, a piece at a time, as floats of one type with NaN for all that is not finite."""

    def __init__(self, names: tuple[str, ...], values: Mapping[str, ArrayLike]) -> None:
        for name in names:
            if name not in values:
                raise UnknownNameError(f"nothing is called {name!r}; {suggestion(name, list(values))}")
        arrays = {name: np.asarray(values[name]) for name in names}
        first = next((name for name, array in arrays.items() if array.ndim), None)
        self.shape: tuple[int, ...] = arrays[first].shape if first is not None else ()
        for name, array in arrays.items():
            if array.dtype.kind not in "biuf":
                raise DataError(f"{name} is of type {array.dtype}; integers, floats and bools can be computed with")
            if array.ndim and array.shape != self.shape:
                raise DataError(f"{name} is of shape {array.shape} and {first} of {self.shape}; they must be the same")
        self.size = int(np.prod(self.shape, dtype=np.int64))
        self.dtype = np.dtype(np.float32 if _are_single(arrays.values()) else np.float64)
        self._singles = {name: self._prepare(array.ravel())[0] for name, array in arrays.items() if not array.ndim}
        self._arrays = {name: array.ravel() for name, array in arrays.items() if array.ndim}

    def __iter__(self) -> Iterator[tuple[slice, Scope]]:
        for start in range(0, self.size, _PIECE):
            place = slice(start, start + _PIECE)
            yield place, self._singles | {name: self._prepare(array[place]) for name, array in self._arrays.items()}

    def _prepare(self, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype != self.dtype:
            array = array.astype(self.dtype)
        finite = np.isfinite(array) if array.dtype.kind == "f" else True
        return array if np.all(finite) else np.where(finite, array, array.dtype.type(np.nan))


def _are_single(arrays: Any) -> bool:
    types = [array.dtype for array in arrays if array.ndim]
    return bool(types) and all(dtype.kind == "f" and dtype.itemsize <= 4 for dtype in types)
