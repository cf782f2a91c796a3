"""The text of a rule table: what is read, that it is written as it is read, and what is said where it is wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.classification.rules import ClassRule, RuleTable
from tsraster.classification.rulestext import parse_rules
from tsraster.errors import TableError, UsageError
from tsraster.lut import clean_name
from tsraster.preparing import parse_expression

TEXT = """\
# a scene of May
0: cirrus > 0.02                        # left out
1 "Open Water": NDWI > 0 and nir08 < 0.1

2 "say ""tree""; #1": `NDVI #1` > 0.6; 2: "EVI;" > 0.5
9 "other": else
"""


def test_rules_are_read_in_their_order() -> None:
    table = parse_rules(TEXT, parse_expression)
    assert [(rule.code, rule.name, str(rule.criterion)) for rule in table.rules] == [
        (0, "", "cirrus > 0.02"),
        (1, "Open Water", "NDWI > 0 and nir08 < 0.1"),
        (2, 'say "tree"; #1', "`NDVI #1` > 0.6"),
        (2, "", '"EVI;" > 0.5'),
        (9, "other", "None"),
    ]
    assert table.names == ("cirrus", "NDWI", "nir08", "NDVI #1", "EVI;")
    assert table.classes == {1: "Open Water", 2: 'say "tree"; #1', 9: "other"}


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT, TEXT.replace("\n", "\r")])
def test_a_table_is_written_as_it_is_read(text: str) -> None:
    table = parse_rules(text, parse_expression)
    assert parse_rules(str(table), parse_expression) == table
    assert str(table).splitlines()[-1] == '9 "other": else'


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    rules=st.lists(st.tuples(st.integers(1, 2**32 - 1), st.text(), st.booleans()), min_size=1, unique_by=lambda r: r[0])
)
def test_any_table_is_written_as_it_is_read(rules: list[tuple[int, str, bool]]) -> None:
    criterion = parse_expression('a > 1 and `b;#"` < 2')
    table = RuleTable(tuple(ClassRule(code=code, name=name, criterion=criterion) for code, name, _ in rules))
    assert parse_rules(str(table), parse_expression) == table
    assert table.classes == {code: clean_name(name) for code, name, _ in sorted(rules)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'there is no rule; write at least one, such as 1 "water": NDWI > 0'),
        ("# nothing", "there is no rule"),
        ("NDWI > 0", "^the rule NDWI > 0 is not understood; write CODE"),
        ('1 "water" NDWI > 0', 'the rule 1 "water" NDWI > 0 is not understood'),
        ('1 "water: NDWI > 0', "is not understood"),
        ("water: NDWI > 0", "the rule water: NDWI > 0 gives the code water; codes are whole numbers from 0 on"),
        ("-1: NDWI > 0", "gives the code -1"),
        ("1.5: NDWI > 0", "gives the code 1.5"),
        ("4294967296: NDWI > 0", "the code 4294967296 cannot be used"),
        ('0 "none": NDWI > 0', "the code 0 is no class and has no name"),
        ("1: NDWI", "the rule 1: NDWI has a number for a condition; compare it, such as NDWI > 0.5"),
        ("1:", "the expression '': nothing stands"),
        ("1: 2 > 1", "the rule 1: 2 > 1 looks at no band; write else for all that is left"),
        ("1: NDWI > ", "the expression 'NDWI >': nothing stands behind '>'"),
        ("1: else; 2: a > 1", "the rule 1: else takes all that is left, so rules behind it are never reached"),
        ('1 "a": a > 1; 1 "b": a > 2', 'the code 1 is called "a" and "b"; give it one name'),
        ("1: a > 1\n\n2: b", "^line 3: the rule 2: b has a number"),
        ("1: a > 1\n2: b > 1; x: c > 1", "^line 2: the rule x: c > 1 gives the code x"),
        (f"1: {'a' * 90}", r"the rule 1: a{34}\.\.\. has a number"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as said:
        parse_rules(text, parse_expression)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1: a > 1\n2: b >", r"^land\.txt, line 2: the expression 'b >': nothing stands"),
        ("1: a", r"^land\.txt, line 1: the rule 1: a has a number"),
        ("", r"^land\.txt: there is no rule"),
    ],
)
def test_in_a_file_the_path_and_line_are_said(text: str, problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        parse_rules(text, parse_expression, path="land.txt")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    text=st.lists(
        st.sampled_from([*'":;#`\n\r >1a', "else", '1 "a": ', "a > 1", '""', "2: "]),
    ).map("".join)
)
def test_whatever_the_text_is_nothing_but_our_errors_comes_out(text: str) -> None:
    with contextlib.suppress(UsageError):
        table = parse_rules(text, parse_expression)
        assert parse_rules(str(table), parse_expression) == table
