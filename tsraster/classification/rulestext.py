"""The text of a rule table: rules such as ``1 "water": NDWI > 0 and nir08 < 0.1``, and at the end ``9 "other": else``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from tsraster.classification.rules import ClassRule, Criterion, RuleTable
from tsraster.errors import TableError, UsageError

_LONGEST = 40
"""So many characters of a rule are quoted in a text."""


class Condition(Criterion, Protocol):
    """What the text of a condition is read as."""

    @property
    def is_condition(self) -> bool:
        """Whether it says yes or no; a number is refused."""


def parse_rules(text: str, parse: Callable[[str], Condition], *, path: str = "") -> RuleTable:
    """Read a rule table.

    A rule is ``CODE "name": CONDITION``, where the name may be left out. Rules stand on lines of their own or have a ``;``
    between them, ``#`` begins a comment, and a double quote within a name is doubled. Several rules may give one code. The last
    rule may be ``CODE "name": else``. The code 0 is no class, for what is to be left out.

    Parameters
    ----------
    text : str
        The rules, in the order in which they are asked.
    parse : callable
        What reads a condition, and raises `UsageError` where it is wrong: `tsraster.preparing.parse_expression`.
    path : str, optional
        The file that the text was read from.

    Returns
    -------
    RuleTable

    Raises
    ------
    UsageError, TableError
        A rule is wrong: the latter where `path` is given. It names the line where there are several.

    Examples
    --------
    >>> from tsraster.preparing import parse_expression
    >>> table = parse_rules('1 "water": NDWI > 0  # lakes\\n2: red < 0.1 and NDVI > 0.6', parse_expression)
    >>> print(table, table.names)
    1 "water": NDWI > 0
    2: red < 0.1 and NDVI > 0.6
     ('NDWI', 'red', 'NDVI')
    """
    rules: list[ClassRule] = []
    line = 0
    try:
        for line, rule in _split_rules(text):  # noqa: B007 - said in errors
            rules.append(_parse_rule(rule, parse))
        line = 0
        return RuleTable(tuple(rules))
    except (UsageError, TableError) as error:
        place = f"line {line}" if line and (path or len(_list_lines(text)) > 1) else ""
        message = f"{', '.join(filter(None, (path, place)))}: {error}".removeprefix(": ")
        raise (TableError if path else UsageError)(message) from None


_END = re.compile(r"""(?:"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|[^;#])*+""")
"""What goes up to a ; or # that stands in no quotes."""


def _list_lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff").rstrip())


def _split_rules(text: str) -> Iterator[tuple[int, str]]:
    """Yield each rule, with the number of its line."""
    for number, line in enumerate(_list_lines(text), start=1):
        at = 0
        while at <= len(line):
            found = _END.match(line, at)
            rule = found[0] if found else ""
            if rule.strip():
                yield number, rule.strip()
            at += len(rule) + 1
            if line[at - 1 : at] == "#":
                break


_RULE = re.compile(r'(?P<code>[^\s":]+)\s*(?:"(?P<name>(?:[^"]|"")*+)")?\s*:\s*(?P<condition>.*)', re.DOTALL)


def _parse_rule(text: str, parse: Callable[[str], Condition]) -> ClassRule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise UsageError(
            f'the rule {_shorten(text)} is not understood; write CODE "name": CONDITION, such as 1 "water": NDWI > 0'
        )
    if not re.fullmatch(r"[0-9]{1,10}", found["code"]):
        raise UsageError(
            f"the rule {_shorten(text)} gives the code {_shorten(found['code'])}; codes are whole numbers from 0 on"
        )
    name = (found["name"] or "").replace('""', '"')
    return ClassRule(code=int(found["code"]), name=name, criterion=_parse_condition(text, found["condition"], parse))


def _parse_condition(rule: str, text: str, parse: Callable[[str], Condition]) -> Condition | None:
    if text.strip().lower() == "else":
        return None
    condition = parse(text)
    if text.strip().lower() in ("true", "false"):
        raise UsageError(f"the rule {_shorten(rule)} looks at no band; write else for all that is left")
    if not condition.is_condition:
        raise UsageError(
            f"the rule {_shorten(rule)} has a number for a condition; compare it, such as {_shorten(text)} > 0.5"
        )
    if not condition.names:
        raise UsageError(f"the rule {_shorten(rule)} looks at no band; write else for all that is left")
    return condition


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
