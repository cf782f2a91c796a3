"""Expressions over arrays: what has no value, which types come out, and that pieces do not show."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tsraster.errors import DataError, UnknownNameError, UsageError
from tsraster.preparing import expressions
from tsraster.preparing.expressiontext import parse_expression

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("1 / x", [0.0, -0.0, 2.0, NAN, INF], [NAN, NAN, 0.5, NAN, NAN]),
        ("x / x", [0.0, 1.0], [NAN, 1.0]),
        ("sqrt(x)", [-1.0, 4.0], [NAN, 2.0]),
        ("x ** 0.5", [-1.0, 4.0], [NAN, 2.0]),
        ("x ** -1", [0.0, 4.0], [NAN, 0.25]),
        ("log(x) + log10(x)", [0.0, -1.0, 1.0], [NAN, NAN, 0.0]),
        ("exp(x)", [1000.0, 0.0], [NAN, 1.0]),
        ("x * 1e300", [1e300, 1.0], [NAN, 1e300]),
        ("min(x, 1) + max(x, 1) + clip(x, 0, 1)", [NAN, INF, 3.0], [NAN, NAN, 5.0]),
        ("1 / (1 / x)", [0.0, 2.0], [NAN, 2.0]),
        ("exp(-1 / x)", [0.0, 1.0], [NAN, np.exp(-1.0)]),
        ("where(x > 0, 1 / x, 0)", [0.0, 2.0, NAN, -INF], [0.0, 0.5, NAN, NAN]),
        ("where(1 / x > 0, 5, 6)", [0.0, 2.0, -2.0], [NAN, 5.0, 6.0]),
    ],
)
def test_what_has_no_finite_value_is_nan(text: str, x: list[float], expected: list[float]) -> None:
    values = np.array(x)
    np.testing.assert_allclose(parse_expression(text).evaluate({"x": values}), expected, rtol=1e-15)
    np.testing.assert_array_equal(values, x)


@pytest.mark.parametrize(
    ("text", "holds", "fails"),
    [
        # x is 0, 1, NaN
        ("1 / x > 0.5", [0, 1, 0], [0, 0, 0]),
        ("x == x", [1, 1, 0], [0, 0, 0]),
        ("x != x", [0, 0, 0], [1, 1, 0]),
        ("not x != x", [1, 1, 0], [0, 0, 0]),
        ("x > 0 and 1 / x > 2", [0, 0, 0], [1, 1, 0]),
        ("x <= 0 or 1 / x > 2", [1, 0, 0], [0, 1, 0]),
        ("not (x > 0 and 1 / x > 2)", [1, 1, 0], [0, 0, 0]),
        ("0 <= x <= 0", [1, 0, 0], [0, 1, 0]),
        ("x > 5 and 1 / x > 2", [0, 0, 0], [1, 1, 0]),
        ("1 / x > 2 or x >= 0", [1, 1, 0], [0, 0, 0]),
        ("0 < 1 / x < -5", [0, 0, 0], [0, 1, 0]),
    ],
)
def test_a_condition_holds_fails_or_cannot_be_decided(text: str, holds: list[int], fails: list[int]) -> None:
    found = parse_expression(text).decide({"x": np.array([0.0, 1.0, NAN])})
    assert [side.astype(int).tolist() for side in found] == [holds, fails]


def test_a_chain_fails_where_one_of_its_comparisons_does() -> None:
    holds, fails = parse_expression("5 < x < y").decide({"x": np.array([0.0]), "y": np.array([NAN])})
    assert (holds.tolist(), fails.tolist()) == ([False], [True])


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["float32", "float32"], "float32"),
        (["float16", "float32"], "float32"),
        (["float32", "float64"], "float64"),
        (["float32", "uint8"], "float64"),
        (["uint16", "uint16"], "float64"),
        (["bool", "int64"], "float64"),
        ([">f4", "<f4"], "float32"),
    ],
)
def test_singles_stay_singles_and_all_else_is_double(types: list[str], expected: str) -> None:
    a, b = (np.ones(3, dtype=dtype) for dtype in types)
    found = parse_expression("2.5 * (a + b) ** 2 / max(c, 1) + where(a > 0, 1, b)").evaluate({"a": a, "b": b, "c": 0.5})
    assert found.dtype == expected
    assert found.tolist() == [11, 11, 11]


def test_unsigned_numbers_do_not_wrap_around() -> None:
    values = {"a": np.array([1], dtype=np.uint8), "b": np.array([200], dtype=np.uint8)}
    assert parse_expression("a - b").evaluate(values).tolist() == [-199]
    assert parse_expression("b + b").evaluate(values).tolist() == [400]


def test_a_number_is_rounded_as_singles_are_where_they_are_compared() -> None:
    assert parse_expression("x == 0.1").evaluate({"x": np.array([0.1], dtype=np.float32)}).tolist() == [True]


def test_pieces_and_layout_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    values: dict[str, Any] = {name: rng.normal(size=(37, 53)) for name in "ab"} | {"c": 0.25}
    values["a"][3, 4], values["b"][5:7] = NAN, 0
    expression = parse_expression("exp(a) ** 1.3 / b + abs(log(abs(a))) ** c")
    condition = parse_expression("a / b > 0.3 or not b < c")
    whole, decided = expression.evaluate(values), condition.decide(values)
    assert whole.shape == (37, 53)
    assert np.isnan(whole).sum() == 1 + 2 * 53
    turned = {name: np.array(array, order="F") for name, array in values.items()}
    strided = {name: np.repeat(array, 2, axis=1)[:, ::2] if np.ndim(array) else array for name, array in values.items()}
    for piece, others in itertools.product((1, 7, 1000), (values, turned, strided)):
        monkeypatch.setattr(expressions, "_PIECE", piece)
        np.testing.assert_array_equal(expression.evaluate(others), whole)
        np.testing.assert_array_equal(condition.decide(others), decided)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 3, 4)])
def test_any_shape_is_computed(shape: tuple[int, ...]) -> None:
    found = parse_expression("x + 1").evaluate({"x": np.zeros(shape)})
    assert found.shape == shape
    assert (found == 1).all()


def test_values_that_are_not_used_are_not_looked_at() -> None:
    assert parse_expression("a + 1").evaluate({"a": [1], "b": ["text"]}).tolist() == [2]
    assert parse_expression("1 + 1").evaluate({}) == 2


def test_what_cannot_be_computed_is_said() -> None:
    expression = parse_expression("nir08 > 1")
    with pytest.raises(UnknownNameError, match="nothing is called 'nir08'; did you mean nir09"):
        expression.evaluate({"nir09": [1]})
    with pytest.raises(DataError, match="nir08 is of type complex128; integers, floats and bools"):
        expression.evaluate({"nir08": [1j]})
    with pytest.raises(DataError, match=r"b is of shape \(1, 2\) and a of \(2,\); they must be the same"):
        parse_expression("a + b").evaluate({"a": [1, 2], "b": [[1, 2]]})
    with pytest.raises(UsageError, match=r"'a - 1' is a number and no condition; compare it, such as a - 1 > 0\.5"):
        parse_expression("a - 1").decide({"a": [1]})
