"""The text of a mapping: rules such as ``[1,4]=2; 5=1; DEFAULT=NO_DATA``.

It is that of GDAL's ``gdal raster reclassify``, with names besides, as in ``"Open Water"=1`` and ``[21,24]=2 "Developed"``, with
several old values before one ``=``, and with comments and empty rules anywhere. Rules may overlap as in GDAL 3.11; 3.12 refuses
that. New values that are no class codes are refused, and so is GDAL's ``NAN``: here NaN is always without data.

References
----------
https://gdal.org/en/stable/programs/gdal_raster_reclassify.html
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from itertools import chain, pairwise
from typing import Literal, NamedTuple

from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule, Target
from tsraster.classtable import Number
from tsraster.errors import TableError, UsageError
from tsraster.lut import clean_name
from tsraster.registry import suggestion

_LONGEST = 40
"""So many characters of a rule are quoted in a text."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_OPEN = {"-inf": -math.inf, "inf": math.inf, "+inf": math.inf}


def parse_mapping(text: str, *, names: Dictionary[int, str] | None = None, path: str = "") -> Mapping:
    """Read the rules of a mapping.

    A rule is ``OLD=NEW``. Rules stand on lines of their own or have a ``;`` between them, and ``#`` begins a comment. OLD is a
    number; a range such as ``[1,4]``, of which ``(`` and ``)`` leave out an end, and ``-inf`` and ``inf`` leave it open; the name
    of a class in double quotes, which are doubled within it; ``NO_DATA`` for pixels without data; ``DEFAULT`` for all values that
    no other rule holds; or several of these with commas between. NEW is a code, with a name in quotes behind it if wanted;
    ``NO_DATA`` for no class; or ``PASS_THROUGH``, which leaves the value as it is.

    Parameters
    ----------
    text : str
        The rules.
    names : mapping of int to str, optional
        The names of the old codes.
    path : str, optional
        The file that the text was read from.

    Returns
    -------
    Mapping

    Raises
    ------
    UsageError, TableError
        A rule is wrong: the latter where `path` is given, and then it names the line as well.

    Examples
    --------
    >>> mapping = parse_mapping('"Open Water", 12 = 1; [21,24]=2 "Developed"; DEFAULT=NO_DATA', names={11: "Open Water"})
    >>> [f"{rule} -> {rule.to}" for rule in mapping.rules], mapping.default, mapping.names
    (['11 -> 1', '12 -> 1', '[21,24] -> 2'], 0, {2: 'Developed'})
    """
    reader = _Reader(names or {})
    try:
        for number, words in _split_rules(text):
            reader.line = number
            reader.read(words)
        reader.line = 0
        return reader.build()
    except TableError as error:
        if not path:
            raise UsageError(str(error)) from None
        raise TableError(f"{path}{f', line {reader.line}' if reader.line else ''}: {error}") from None


class _Word(NamedTuple):
    kind: Literal["name", "mark", "word", "bad"]
    text: str


_WORD = re.compile(r'"(?P<name>(?:[^"]|"")*+)"|(?P<mark>[=;,\[\]()#])|(?P<word>[^\s=;,\[\]()"#]+)|(?P<bad>")')


def _split_rules(text: str) -> Iterator[tuple[int, list[_Word]]]:
    """Yield the words of each rule, with the number of its line."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        rule: list[_Word] = []
        for word in _list_words(line):
            if word == ("mark", ";"):
                yield number, rule
                rule = []
            else:
                rule.append(word)
        yield number, rule


def _list_words(line: str) -> Iterator[_Word]:
    """Yield the words up to a comment; marks within quotes belong to the name."""
    for match in _WORD.finditer(line):
        if match["mark"] == "#":
            return
        if match["bad"]:
            yield _Word("bad", line[match.start() :])
            return
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        yield (
            _Word("name", text.replace('""', '"'))
            if kind == "name"
            else _Word("mark" if kind == "mark" else "word", text)
        )


_END = _Word("mark", "")

_Source = str | tuple[Number, Number, bool, bool]
"""DEFAULT or NO_DATA, or both ends and whether they are held."""


class _Reader:
    """Reads one rule after the other; `build` gives what they make together."""

    def __init__(self, names: Dictionary[int, str]) -> None:
        self._known: dict[str, list[int]] = defaultdict(list)
        for code, name in names.items():
            if name:
                self._known[name].append(code)
        self._rules: list[Rule] = []
        self._others: dict[str, Target] = {}
        self._names: dict[int, str] = {}
        self.line = 0

    def build(self) -> Mapping:
        nodata, default = self._others.get("NO_DATA", 0), self._others.get("DEFAULT")
        # A pixel without data that stays as it is stays without data.
        return Mapping(
            rules=tuple(self._rules),
            default=default,
            nodata=nodata if isinstance(nodata, int) else 0,
            names=self._names,
        )

    def read(self, words: Sequence[_Word]) -> None:
        if not words:
            return
        self._words, self._at = words, 0
        sources = [self._read_source()]
        while self._take(","):
            sources.append(self._read_source())
        if not self._take("="):
            raise self._error("has no = behind the old value; write OLD=NEW, such as [1,4]=2")
        target = self._read_target()
        if self._next() != _END:
            raise self._error("goes on behind its new code; write ; before another rule, and names in double quotes")
        for source in sources:
            self._add(source, target)

    def _add(self, source: _Source, target: Target) -> None:
        if isinstance(source, str):
            if source in self._others:
                raise TableError(f"{source} is given twice; leave one rule for it")
            self._others[source] = target
        else:
            low, high, closed_low, closed_high = source
            self._rules.append(Rule(low=low, high=high, closed_low=closed_low, closed_high=closed_high, to=target))

    def _read_source(self) -> _Source:
        kind, text = word = self._next()
        if kind == "name":
            code = self._find_code(clean_name(text))
            return code, code, True, True
        if kind == "mark" and text in "[(" and word != _END:
            return self._read_range(closed_low=text == "[")
        if text.upper() in ("DEFAULT", "NO_DATA"):
            return text.upper()
        if text.upper() == "NAN":
            raise self._error("asks for NaN, which is no data here; write NO_DATA=...")
        number = self._read_number(word)
        return number, number, True, True

    def _read_range(self, *, closed_low: bool) -> _Source:
        low = self._read_number(self._next())
        if not self._take(","):
            raise self._error("has a range without a comma; write both ends, such as [1,4] or [1,inf]")
        high = self._read_number(self._next())
        kind, text = self._next()
        if kind != "mark" or text not in ("]", ")"):
            raise self._error("has a range that is not closed; end it with ] or )")
        return low, high, closed_low, text == "]"

    def _read_target(self) -> Target:
        word = self._next()
        if word.text.upper() in ("NO_DATA", PASS_THROUGH) and word.kind == "word":
            return 0 if word.text.upper() == "NO_DATA" else PASS_THROUGH
        if word.kind == "name":
            raise self._error("has a name instead of a new code; write the code before it")
        code = self._read_number(word)
        if not isinstance(code, int):
            raise self._error(f"gives the new code {word.text}; codes are whole numbers")
        self._add_name(code)
        return code

    def _add_name(self, code: int) -> None:
        if self._peek().kind != "name":
            return
        name = clean_name(self._next().text)
        if not code:
            raise self._error("gives a name to the code 0, which is no class; use another code")
        if name and self._names.setdefault(code, name) != name:
            raise TableError(f'the new code {code} is called "{self._names[code]}" and "{name}"; give it one name')

    def _find_code(self, name: str) -> int:
        codes = self._known.get(name, [])
        if not self._known:
            raise self._error("has the name of a class, and the old classes have no names; write their codes")
        if not codes:
            raise TableError(f'no class is called "{_shorten(name)}"; {suggestion(name, list(self._known))}')
        if len(codes) > 1:
            raise TableError(
                f'"{_shorten(name)}" is the name of the classes {", ".join(map(str, codes))}; write the codes'
            )
        return codes[0]

    def _read_number(self, word: _Word) -> Number:
        text = word.text
        if word.kind == "word" and _WHOLE.fullmatch(text):
            return int(text)
        if word.kind == "word" and text.lower() in _OPEN:
            return _OPEN[text.lower()]
        number = float(text) if word.kind == "word" and _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number):
            what = f"{_shorten(text)!r} is no number" if text else "a number is missing"
            raise self._error(f"is not understood: {what}; write OLD=NEW, such as 5=1, [1,4]=2 or DEFAULT=0")
        return int(number) if number.is_integer() else number

    def _peek(self) -> _Word:
        return self._words[self._at] if self._at < len(self._words) else _END

    def _next(self) -> _Word:
        word = self._peek()
        self._at += 1
        if word.kind == "bad":
            raise self._error("has a double quote without its end; double those that belong to a name")
        return word

    def _take(self, mark: str) -> bool:
        is_there = self._peek() == ("mark", mark)
        self._at += is_there
        return is_there

    def _error(self, problem: str) -> TableError:
        texts = [f'"{text}"' if kind == "name" else text for kind, text in self._words]
        # Without the space, the numbers 1 and 2 would be shown as 12.
        spaces = [" " if "mark" not in (a.kind, b.kind) else "" for a, b in pairwise(self._words)]
        shown = "".join(chain.from_iterable(zip(texts, [*spaces, ""], strict=True)))
        return TableError(f"the rule {_shorten(shown)} {problem}")


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
