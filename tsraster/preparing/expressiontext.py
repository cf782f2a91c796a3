"""The text of an expression, such as ``(nir08 - red) / (nir08 + red)`` or ``NDVI > 0.3 and not "Open Water" == 1``.

It is read by a grammar of its own, so nothing but numbers, names, the signs and the functions listed here can come to run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tsraster.errors import UsageError
from tsraster.preparing.expressionparts import (
    COMPARISONS,
    Call,
    Chain,
    Choice,
    Comparison,
    ConditionPart,
    Joined,
    Literal,
    Name,
    Negation,
    NumberPart,
)
from tsraster.preparing.expressions import Expression
from tsraster.preparing.expressionwords import JOINING, Word, Words, shorten
from tsraster.registry import suggestion

MOST_CHARACTERS = 4000
"""So long a text may be."""
MOST_NESTED = 30
"""So many parentheses, functions and exponents may stand within each other."""


def parse_expression(text: str) -> Expression:
    """Read an expression of numbers, or a condition.

    From the weakest to the strongest: ``or`` (or ``|``); ``and`` (or ``&``); ``not`` (or ``~``); the comparisons ``<``, ``<=``,
    ``>``, ``>=``, ``==`` and ``!=``, which may be chained as in ``0.2 < NDVI <= 0.5``; ``+`` and ``-``; ``*`` and ``/``; the
    signs before a number; ``**``, the power. So ``a > 1 & b > 1`` needs no parentheses, which it does in numpy. The functions are
    ``sqrt``, ``abs``, ``min`` and ``max`` of two or more, ``log`` (natural), ``log10``, ``exp``, ``clip(x, low, high)``, and
    ``where(condition, x, y)``, which is x where the condition holds and y elsewhere. A name that is no single word stands in
    double quotes or backticks, which are doubled within it. Upper and lower case differ in names, and nowhere else.

    Parameters
    ----------
    text : str
        At most 4000 characters; the ends of lines are spaces.

    Returns
    -------
    Expression

    Raises
    ------
    UsageError
        The text is wrong, too long or nested too deeply; a number stands where a condition is needed, or the other way
        round; or a part of it without names has no finite value, such as ``1 / 0`` or ``9 ** 9 ** 9``.

    Examples
    --------
    >>> ratio = parse_expression("(nir08 - red) / (nir08 + red)")
    >>> ratio.names, ratio.is_condition
    (('nir08', 'red'), False)
    >>> float(ratio.evaluate({"nir08": 0.643, "red": 0.175}))
    0.5721271393643031
    >>> parse_expression('0.2 < ratio <= 0.5 and "Band 10" > 290').evaluate({"ratio": [0.1, 0.4], "Band 10": [300, 300]})
    array([False,  True])
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            f"the expression {shorten(text)!r} has {len(text)} characters; at most {MOST_CHARACTERS} are read"
        )
    text = " ".join(text.splitlines()).strip()
    reader = _Reader(text)
    try:
        part = reader.read()
    except UsageError as error:
        raise UsageError(f"the expression {shorten(text)!r}: {error}") from None
    return Expression(text=text, names=tuple(reader.names), part=part)


_ARGUMENTS = {"min": (2, 99), "max": (2, 99), "clip": (3, 3), "where": (3, 3)} | dict.fromkeys(
    ("sqrt", "abs", "log", "log10", "exp"), (1, 1)
)
"""How many arguments each function takes."""

_Part = NumberPart | ConditionPart


class _Reader:
    """Reads an expression from left to right; one method for each rank of signs."""

    def __init__(self, text: str) -> None:
        self._words = Words(text)
        self._nested = 0
        self.names: dict[str, None] = {}

    def read(self) -> _Part:
        part = self._read_any()
        if self._words.peek().kind != "end":
            self._words.refuse("a sign such as + or >, or the end,")
        return part

    def _read_any(self) -> _Part:
        with self._deeper():
            return self._read_joined("|", self._read_every, every=False)

    def _read_every(self) -> _Part:
        return self._read_joined("&", self._read_not, every=True)

    def _read_joined(self, sign: str, read: Callable[[], _Part], *, every: bool) -> _Part:
        start = self._words.at
        part = read()
        if not self._words.is_joining(sign):
            return part
        parts = [self._need_condition(part, start)]
        while self._words.take_joining(sign):
            start = self._words.at
            parts.append(self._need_condition(read(), start))
        return Joined(tuple(parts), every)

    def _read_not(self) -> _Part:
        count = 0
        while self._words.take_joining("~"):
            count += 1
        start = self._words.at
        part = self._read_comparison()
        if not count:
            return part
        condition = self._need_condition(part, start)
        return Negation(condition) if count % 2 else condition

    def _read_comparison(self) -> _Part:
        start = self._words.at
        part = self._read_sum()
        if self._words.peek().text not in COMPARISONS:
            return part
        parts, signs = [self._need_number(part, start)], []
        while self._words.peek().text in COMPARISONS:
            signs.append(self._words.next().text)
            start = self._words.at
            parts.append(self._need_number(self._read_sum(), start))
        return Comparison(tuple(parts), tuple(signs))

    def _read_sum(self) -> _Part:
        return self._read_chain(("+", "-"), self._read_product)

    def _read_product(self) -> _Part:
        return self._read_chain(("*", "/"), self._read_signed)

    def _read_chain(self, signs: tuple[str, str], read: Callable[[], _Part]) -> _Part:
        start = self._words.at
        first = read()
        if self._words.peek().text not in signs:
            return first
        number, others = self._need_number(first, start), []
        while self._words.peek().text in signs:
            sign, behind = self._words.next().text, self._words.at
            others.append((sign, self._need_number(read(), behind)))
            if others[-1] == ("/", Literal(0.0)):
                raise UsageError(f"{self._words.quote(start)} divides by 0")
        return self._fold(Chain(number, tuple(others)), start)

    def _read_signed(self) -> _Part:
        start, minus = self._words.at, False
        while self._words.peek().text in ("+", "-"):
            minus ^= self._words.next().text == "-"
        behind = self._words.at
        part = self._read_power()
        if behind == start:
            return part
        number = self._need_number(part, behind)
        return self._fold(Call("-", (number,)), start) if minus else number

    def _read_power(self) -> _Part:
        start = self._words.at
        part = self._read_atom()
        if not self._words.take("**"):
            return part
        number, behind = self._need_number(part, start), self._words.at
        with self._deeper():
            exponent = self._need_number(self._read_signed(), behind)
        return self._fold(Call("**", (number, exponent)), start)

    def _read_atom(self) -> _Part:
        word = self._words.peek()
        if word.kind == "number":
            return self._read_literal()
        if word.kind == "quoted" or (word.kind == "name" and word.text.lower() not in JOINING):
            self._words.next()
            if word.kind == "name" and self._words.peek().text == "(":
                return self._read_call(word.text)
            return self._read_name(word)
        if self._words.take("("):
            part = self._read_any()
            self._words.expect(")", "a sign such as +, or a closing parenthesis,")
            return part
        return self._words.refuse("a number, a name or an opening parenthesis")

    def _read_literal(self) -> NumberPart:
        text = self._words.next().text
        number = float(text)
        if not math.isfinite(number):
            raise UsageError(f"{shorten(text)} is too large for a number")
        return Literal(number)

    def _read_name(self, word: Word) -> NumberPart:
        quote = word.text[0]
        name = word.text[1:-1].replace(quote * 2, quote) if word.kind == "quoted" else word.text
        if not name.strip():
            raise UsageError(f"{word.text} is an empty name")
        self.names[name] = None
        return Name(name)

    def _read_call(self, name: str) -> NumberPart:
        start, function = self._words.at - 1, name.lower()
        if function not in _ARGUMENTS:
            raise UsageError(f"there is no function {shorten(name)!r}; {suggestion(function, list(_ARGUMENTS))}")
        self._words.next()
        conditions = [self._read_condition()] if function == "where" and self._words.peek().text != ")" else []
        numbers: list[NumberPart] = []
        while (not conditions and not numbers) or self._words.take(","):
            numbers.append(self._read_number())
        self._words.expect(")", "a sign such as +, a comma or a closing parenthesis")
        fewest, most = _ARGUMENTS[function]
        given = len(conditions) + len(numbers)
        if not fewest <= given <= most:
            wanted = f"{fewest} or more" if most > fewest else f"{fewest}"
            raise UsageError(f"{function} takes {wanted} arguments, and {self._words.quote(start)} gives {given}")
        if conditions:
            return Choice(conditions[0], numbers[0], numbers[1])
        return self._fold(Call(function, tuple(numbers)), start)

    def _read_condition(self) -> ConditionPart:
        start = self._words.at
        return self._need_condition(self._read_any(), start)

    def _read_number(self) -> NumberPart:
        start = self._words.at
        return self._need_number(self._read_any(), start)

    def _fold(self, part: Call | Chain, start: int) -> NumberPart:
        """Compute what has no names at once, so that what can never have a value is found here."""
        inner = part.arguments if isinstance(part, Call) else (part.first, *(other for _, other in part.others))
        if not all(isinstance(number, Literal) for number in inner):
            return part
        with np.errstate(all="ignore"):
            number = float(part.compute({}))
        if not math.isfinite(number):
            raise UsageError(f"{self._words.quote(start)} has no finite value")
        return Literal(number)

    def _need_number(self, part: _Part, start: int) -> NumberPart:
        if isinstance(part, NumberPart):
            return part
        text = self._words.quote(start)
        raise UsageError(f"{text} says yes or no, and a number is needed there, such as where({text}, 1, 0)")

    def _need_condition(self, part: _Part, start: int) -> ConditionPart:
        if isinstance(part, ConditionPart):
            return part
        text = self._words.quote(start)
        raise UsageError(f"{text} is a number, and a condition is needed there, such as {text} > 0")

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise UsageError(
                f"more than {MOST_NESTED} parentheses, functions and exponents stand within each other; leave some out"
            )
        yield
        self._nested -= 1
