"""The text of a phase: a name, a colon, and what its color must be like, as in ``blue: hue 180..260, saturation >0.25``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, cast

from tsraster.classification.channels import find_channel
from tsraster.classification.conditions import (
    SIGNS,
    Between,
    Color,
    Compare,
    Condition,
    Near,
    Polygon,
    Sampled,
    Sign,
)
from tsraster.classification.phases import Phase
from tsraster.errors import UsageError

_LONGEST = 40
"""So many characters of a phase are quoted in a text."""


def parse_phases(texts: Iterable[str]) -> tuple[Phase, ...]:
    """Read phases, in order; `str` of a phase gives a text that is read as the same phase.

    A text is ``NAME: CONDITION, CONDITION or CONDITION``, where a comma means "and", and ``or`` divides alternatives. A color
    such as ``#1f5fae`` behind the name is that of the phase in pictures. A condition is one of

    - ``CHANNEL LOW..HIGH``, both ends held; a hue such as 350..20 goes through 0;
    - ``CHANNEL >X``, ``>=X``, ``<X`` or ``<=X``;
    - ``polygon(CHANNEL, CHANNEL: X Y, X Y, X Y, ...)``, the border held;
    - ``near(#rrggbb ..., DISTANCE)``, by CIEDE2000 from one of the colors;
    - ``points(COLUMN,ROW ...; DISTANCE)``, near to the colors of these pixels of the picture, counted from 0.

    A CHANNEL is red, green or blue, 0 to 255 (16 bits and floats are brought to that range); gray, the luminance, 0 to 1; hue,
    0 to 360 degrees, which a pure gray has not; saturation or value of HSV, 0 to 1; lightness (or L), 0 to 100, a, b, or
    chroma of CIELAB for D65; or a ratio such as blue/red.

    Parameters
    ----------
    texts : iterable of str
        One for each phase.

    Returns
    -------
    tuple of Phase

    Raises
    ------
    UsageError
        A text is wrong; it says which phase, which word, and what is accepted. Or two phases have one name.

    Examples
    --------
    >>> for phase in parse_phases(["rim: hue 350..20, L<60 or value <= .1", "dye #ffff00: near(#1f5fae, 12)"]):
    ...     print(phase)
    rim: hue 350..20, lightness <60 or value <=0.1
    dye #ffff00: near(#1f5fae, 12)
    """
    phases = tuple(_parse_phase(text) for text in texts)
    names = [phase.name for phase in phases]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise UsageError(f"two phases are called {double}; give them two names, or join them with or")
    return phases


_COLOR = re.compile(r"#([0-9a-fA-F]{6})")


def _parse_phase(text: str) -> Phase:
    name, colon, rest = text.partition(":")
    if not colon:
        raise UsageError(
            f"the phase {_shorten(text)!r} has no colon; write NAME: CONDITION, such as blue: hue 180..260, saturation >0.25"
        )
    name, hash_mark, code = (part.strip() for part in name.partition("#"))
    try:
        color = _parse_color(hash_mark + code) if hash_mark else None
        return Phase(name=name, alternatives=_Reader(rest).read_alternatives(), color=color)
    except UsageError as error:
        raise UsageError(f"the phase {_shorten(name) or repr(_shorten(text))}: {error}") from None


def _parse_color(text: str) -> Color:
    found = _COLOR.fullmatch(text)
    if found is None:
        raise UsageError(f"{_shorten(text)!r} is no color; write # and six digits, such as #1f5fae")
    number = int(found[1], 16)
    return number >> 16, number >> 8 & 255, number & 255


class _Word(NamedTuple):
    kind: str
    """mark, number, color, word, or other."""
    text: str


_WORD = re.compile(
    r"""(?:
        (?P<mark>\.\.|[<>]=?|[,:;()/])
        | (?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
        | (?P<color>\#\w*)
        | (?P<word>[^\W\d]\w*)
        | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_END = _Word("mark", "")


class _Reader:
    """Reads the conditions of one phase from left to right."""

    def __init__(self, text: str) -> None:
        self._words = [_Word(str(m.lastgroup), m[str(m.lastgroup)]) for m in _WORD.finditer(text)]
        self._at = 0

    def read_alternatives(self) -> tuple[tuple[Condition, ...], ...]:
        alternatives = [self._read_every()]
        while self._take("or"):
            alternatives.append(self._read_every())
        if self._peek() != _END:
            raise self._wrong("a comma, or, or the end of the phase")
        return tuple(alternatives)

    def _read_every(self) -> tuple[Condition, ...]:
        every = [self._read_condition()]
        while self._take(",") or self._take("and"):
            every.append(self._read_condition())
        return tuple(every)

    def _read_condition(self) -> Condition:
        if self._peek().kind != "word":
            raise self._wrong("a channel, such as hue, or polygon(...), near(...) or points(...)")
        special = _SPECIAL.get(self._peek().text.lower())
        if special is not None and self._peek(1).text == "(":
            self._at += 2
            condition = special(self)
            self._expect(")", "a closing parenthesis")
            return condition
        return self._read_limits(self._read_channel())

    def _read_channel(self) -> str:
        if self._peek().kind != "word":
            raise self._wrong("a channel, such as hue")
        name = self._next().text
        if self._take("/"):
            name += f"/{self._next().text}"
        return find_channel(name)

    def _read_limits(self, channel: str) -> Condition:
        if self._peek().text in SIGNS:
            sign = cast(Sign, self._next().text)
            return Compare(channel=channel, sign=sign, limit=self._read_number())
        if self._peek().kind != "number":
            raise self._wrong(f"a range or a limit behind {channel}, such as LOW..HIGH or >X")
        low = self._read_number()
        self._expect("..", f"two dots and the other end of the range of {channel}")
        return Between(channel=channel, low=low, high=self._read_number())

    def _read_polygon(self) -> Condition:
        first = self._read_channel()
        self._expect(",", "a comma and another channel")
        second = self._read_channel()
        self._expect(":", "a colon and the corners, such as 180 0.2, 260 0.2, 260 1")
        corners = [(self._read_number(), self._read_number())]
        while self._take(","):
            corners.append((self._read_number(), self._read_number()))
        return Polygon(channels=(first, second), corners=tuple(corners))

    def _read_near(self) -> Condition:
        colors = []
        while self._peek().kind == "color":
            colors.append(_parse_color(self._next().text))
        if not colors:
            raise self._wrong("a color, such as near(#1f5fae, 12)")
        self._expect(",", "another color, or a comma and the distance")
        return Near(colors=tuple(colors), distance=self._read_number())

    def _read_points(self) -> Condition:
        points = []
        while self._peek().kind == "number":
            column = self._read_place()
            self._expect(",", "a comma and the row of the pixel")
            points.append((column, self._read_place()))
        if not points:
            raise self._wrong("the column and row of a pixel, such as points(120,80; 12)")
        self._expect(";", "a semicolon and the distance, such as ; 12")
        return Sampled(points=tuple(points), distance=self._read_number())

    def _read_place(self) -> int:
        if not re.fullmatch(r"\d{1,9}", self._peek().text):
            raise self._wrong("a column or row, a whole number from 0")
        return int(self._next().text)

    def _read_number(self) -> float:
        if self._peek().kind != "number":
            raise self._wrong("a number")
        return float(self._next().text)

    def _peek(self, ahead: int = 0) -> _Word:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else _END

    def _next(self) -> _Word:
        word = self._peek()
        self._at += 1
        return word

    def _take(self, text: str) -> bool:
        taken = self._peek().text.lower() == text
        self._at += taken
        return taken

    def _expect(self, mark: str, what: str) -> None:
        if not self._take(mark):
            raise self._wrong(what)

    def _wrong(self, wanted: str) -> UsageError:
        before = self._words[self._at - 1].text if self._at else ""
        place = f" behind {_shorten(before)!r}" if before else ""
        found = repr(_shorten(self._peek().text)) if self._peek() != _END else "nothing"
        return UsageError(f"{found} stands{place}, where {wanted} is needed")


_SPECIAL: dict[str, Callable[[_Reader], Condition]] = {
    "polygon": _Reader._read_polygon,
    "near": _Reader._read_near,
    "points": _Reader._read_points,
}


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
