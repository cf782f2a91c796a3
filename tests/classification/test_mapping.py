"""A mapping and its rules are checked once; what they hold can be told from their text."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule
from tsraster.errors import TableError


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"low": 3, "high": 1}, r"\[3,1\] holds no value"),
        ({"low": 1, "high": 1, "closed_low": False}, r"\(1,1\] holds no value"),
        ({"low": 1, "high": 1, "closed_high": False}, r"\[1,1\) holds no value"),
        ({"low": math.inf, "high": math.inf}, "infinite values are no data; write NO_DATA"),
        ({"low": math.nan, "high": 1}, "nan is no number that a rule"),
        ({"low": 1, "high": 10**400}, "is no number that a rule"),
        ({"low": True, "high": 2}, "True is no number that a rule"),
        (
            {"low": 1, "high": 2, "to": -1},
            "the new code -1 cannot be used; codes are whole numbers from 0 to 4294967295",
        ),
        ({"low": 1, "high": 2, "to": 2**32}, "the new code 4294967296 cannot be used"),
        ({"low": 1, "high": 2, "to": 1.0}, r"the new code 1\.0 cannot be used"),
        ({"low": 1, "high": 2, "to": True}, "the new code True cannot be used"),
    ],
)
def test_a_rule_that_holds_nothing_is_refused(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        Rule(**{"to": 1} | parts)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({}, "there is no rule for values; write at least one"),
        ({"nodata": 5}, "there is no rule for values"),
        ({"rules": (Rule(low=5, high=5, to=1), Rule(low=5.0, high=5.0, to=2))}, r"5\.0 is given twice"),
        ({"default": -1}, "the new code -1 cannot"),
        ({"default": 1, "nodata": PASS_THROUGH}, "the new code 'PASS_THROUGH' cannot"),
        ({"default": 1, "names": {-2: "a"}}, "the new code -2 cannot"),
    ],
)
def test_a_mapping_whose_parts_do_not_fit_is_refused(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        Mapping(**parts)


def test_mappings_are_equal_by_their_parts() -> None:
    one = Mapping(rules=(Rule(low=1, high=2, to=3),), names={3: "a"})
    other = Mapping(rules=(Rule(low=1.0, high=2.0, to=3),), names={3: "a"})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Mapping(rules=one.rules, names={3: "b"})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(low=1, high=4, to=1), "[1,4]"),
        (Rule(low=-math.inf, high=0.5, closed_low=False, closed_high=False, to=1), "(-inf,0.5)"),
        (Rule(low=5, high=5, to=1), "5"),
    ],
)
def test_a_rule_is_shown_as_it_is_written(rule: Rule, text: str) -> None:
    assert str(rule) == text
