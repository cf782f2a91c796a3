"""Codes by rules: the first that holds wins, and what cannot be decided is no class."""

from __future__ import annotations

import numpy as np
import pytest

from tsraster.classification.rules import ClassRule, RuleTable, apply_rules
from tsraster.classification.rulestext import parse_rules
from tsraster.errors import DataError, TableError, UnknownNameError
from tsraster.preparing import parse_expression

NAN = np.nan


def table(text: str) -> RuleTable:
    return parse_rules(text, parse_expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # x is 0, 1, 2, NaN, 3; the last is not valid
        ("1: x > 0; 2: x > 1", [0, 1, 1, 0, 0]),
        ("2: x > 1; 1: x > 0", [0, 1, 2, 0, 0]),
        ("1: x > 1; 9: else", [9, 9, 1, 0, 0]),
        ("9: else", [9, 9, 9, 9, 0]),
        ("0: x > 1; 9: else", [9, 9, 0, 0, 0]),
        ("1: x < 1; 2: x > 1; 1: x == 1", [1, 1, 2, 0, 0]),
        # 1 / x cannot be decided where x is 0: neither the next rule nor else takes it.
        ("1: 1 / x > 0.9; 9: else", [0, 1, 9, 0, 0]),
        ("1: 1 / x > 0.9; 2: x < 1; 9: else", [0, 1, 9, 0, 0]),
        # Where a rule before it holds, or the condition fails without it, it does not matter.
        ("2: x < 1; 1: 1 / x > 0.9; 9: else", [2, 1, 9, 0, 0]),
        ("1: x > 0 and 1 / x > 0.9; 9: else", [9, 1, 9, 0, 0]),
        ("1: y > 0; 2: x > 0", [1, 1, 1, 1, 0]),
    ],
)
def test_the_first_rule_that_holds_gives_the_code(text: str, expected: list[int]) -> None:
    values = {"x": np.array([0, 1, 2, NAN, 3]), "y": np.ones(5)}
    valid = np.array([True, True, True, True, False])
    codes = apply_rules(table(text), values, valid)
    assert codes.tolist() == expected
    assert codes.dtype == np.uint8
    assert valid.tolist() == [True, True, True, True, False]


def test_rules_are_what_numpy_selects() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(-1, 1, (60, 70)).astype(np.float32) for name in ("NDVI", "NDWI", "red")}
    ndvi, ndwi, red = (values[name] for name in ("NDVI", "NDWI", "red"))
    text = "3: NDWI > 0.2 and red < 0; 1: NDVI > 0.5 or NDWI + NDVI < -1; 300: not red > 0.5; 7: else"
    choices = [(ndwi > np.float32(0.2)) & (red < 0), (ndvi > 0.5) | (ndwi + ndvi < -1), ~(red > 0.5)]
    codes = apply_rules(table(text), values, np.ones((60, 70), dtype=bool))
    assert codes.dtype == np.uint16
    np.testing.assert_array_equal(codes, np.select(choices, [3, 1, 300], 7))
    parts = [
        apply_rules(
            table(text), {name: array[:, part] for name, array in values.items()}, np.ones((60, 35), dtype=bool)
        )
        for part in (slice(0, 35), slice(35, 70))
    ]
    np.testing.assert_array_equal(np.hstack(parts), codes)


def test_nothing_valid_is_no_class() -> None:
    assert (
        apply_rules(table("1: x > 0"), {"x": np.ones((2, 3))}, np.zeros((2, 3), dtype=bool)).tolist() == [[0] * 3] * 2
    )
    assert apply_rules(table("1: x > 0"), {"x": np.ones((0, 3))}, np.zeros((0, 3), dtype=bool)).shape == (0, 3)


def test_a_mask_of_another_shape_and_a_missing_name_are_refused() -> None:
    with pytest.raises(DataError, match=r"the values are of shape \(3,\) and their mask of \(2,\)"):
        apply_rules(table("1: x > 0"), {"x": np.ones(3)}, np.ones(2, dtype=bool))
    with pytest.raises(UnknownNameError, match="nothing is called 'x'"):
        apply_rules(table("1: x > 0"), {"y": np.ones(2)}, np.ones(2, dtype=bool))


def test_what_is_no_table_is_refused() -> None:
    rule = ClassRule(code=1, name=" open\nwater ", criterion=None)
    assert rule.name == "open water"
    assert str(RuleTable((rule,))) == '1 "open water": else\n'
    for code in (-1, True, 1.0, 2**32):
        with pytest.raises(TableError, match="cannot be used; codes are whole numbers, 0"):
            ClassRule(code=code, criterion=None)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="there is no rule"):
        RuleTable(())
