"""The words of an expression, one after the other, and what is said of a word that does not belong where it stands."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from tsraster.errors import UsageError

_LONGEST = 40
"""So many characters of an expression are quoted in a text."""


class Word(NamedTuple):
    """A word, and where it stands in the text."""

    kind: str
    """number, name, quoted, mark, other or end."""
    text: str
    start: int
    end: int


_WORD = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
        | (?P<name>[^\W\d]\w*)
        | (?P<quoted>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`)
        | (?P<other>&&|\|\||\^|=(?!=)|!(?!=))
        | (?P<mark>\*\*|[<>=!]=|[-+*/<>()&|~,])
        | (?P<bad>\S)
    )""",
    re.VERBOSE,
)

_HINTS = {
    "=": "write == for it",
    "^": "write ** for it",
    "&&": "write and for it",
    "||": "write or for it",
    "!": "write not for it",
    '"': "a name in quotes is not ended",
    "`": "a name in quotes is not ended",
}
"""What to say of the signs of other languages, and of single quotes."""

JOINING = {"and": "&", "&": "&", "or": "|", "|": "|", "not": "~", "~": "~"}
"""The sign that each word of logic stands for."""


class Words:
    """The words of a text, and the place of the next one."""

    def __init__(self, text: str) -> None:
        self._text, self.at = text, 0
        self._words = [Word(kind, m[kind], *m.span(kind)) for m in _WORD.finditer(text) if (kind := str(m.lastgroup))]
        self._end = Word("end", "", len(text), len(text))

    def peek(self) -> Word:
        """Return the next word, which stays the next."""
        return self._words[self.at] if self.at < len(self._words) else self._end

    def next(self) -> Word:
        """Return the next word, and go on."""
        word = self.peek()
        self.at += 1
        return word

    def take(self, text: str) -> bool:
        """Go on where the next word is this one."""
        taken = self.peek().text == text
        self.at += taken
        return taken

    def is_joining(self, sign: str) -> bool:
        """Say whether the next word is the sign &, | or ~, or the word for it."""
        return JOINING.get(self.peek().text.lower()) == sign

    def take_joining(self, sign: str) -> bool:
        """Go on where it is."""
        taken = self.is_joining(sign)
        self.at += taken
        return taken

    def expect(self, mark: str, wanted: str) -> None:
        """Go on where the next word is this one, and else refuse it."""
        if not self.take(mark):
            self.refuse(wanted)

    def quote(self, start: int) -> str:
        """Return what stands in the text from a word up to the next."""
        return shorten(self._text[self._words[start].start : self._words[self.at - 1].end])

    def refuse(self, wanted: str) -> NoReturn:
        """Raise `UsageError`, which says what stands where something else is wanted."""
        word = self.peek()
        before = f" behind {shorten(self._words[self.at - 1].text)!r}" if self.at else ""
        found = repr(shorten(word.text)) if word is not self._end else "nothing"
        hint = f"; {_HINTS[word.text]}" if word.text in _HINTS else ""
        raise UsageError(f"{found} stands{before}, where {wanted} is needed{hint}")


def shorten(text: str) -> str:
    """Return a text on one line, of so many characters that it can be quoted."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
