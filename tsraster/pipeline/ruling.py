"""Classes by a rule table: read it, and make the table of classes of it."""

from __future__ import annotations

from collections.abc import Mapping

from tsraster.classification.rules import RuleTable
from tsraster.classification.rulestext import parse_rules
from tsraster.classtable import ClassTable
from tsraster.errors import UsageError
from tsraster.pipeline.giventexts import read_given
from tsraster.preparing import parse_expression


def read_rules(rules: RuleTable | str) -> RuleTable:
    """Return a rule table: that of a text, or of the file that it names behind an @.

    Raises
    ------
    UsageError, TableError
        The text, or the file, is wrong; or all rules give the code 0.
    """
    if isinstance(rules, str):
        text, path = read_given(rules, "rule table")
        rules = parse_rules(text, parse_expression, path=path)
    if not rules.classes:
        raise UsageError("all rules give the code 0, which is no class; give at least one another code")
    return rules


def list_rule_classes(rules: RuleTable) -> ClassTable:
    """Return the classes of a rule table; each is the number that `apply_rules` gives it."""
    codes = tuple(rules.classes)
    return ClassTable(codes=codes, values=codes, names=tuple(rules.classes.values()), scheme="rules")


def check_alone(others: Mapping[str, object]) -> None:
    """Refuse options that have no meaning beside rules.

    Raises
    ------
    UsageError
        One of them is given.
    """
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} is for classes of one band's values, and --rules gives codes and names to conditions on several; "
            "leave one out"
        )
