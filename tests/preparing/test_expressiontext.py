"""The text of an expression: what is read, that it means what Python means, and what is said where it is wrong."""

from __future__ import annotations

import contextlib
import math
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsraster.errors import UsageError
from tsraster.preparing.expressiontext import MOST_CHARACTERS, MOST_NESTED, parse_expression

VALUES = {"a": 3.0, "b": -2.0, "B": 5.0, "nir08": 0.5}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", 3),
        ("a - b - B", 0),
        ("a / b / B", -0.3),
        ("a + b * B", -7),
        ("(a + b) * B", 5),
        ("-a ** 2", -9),
        ("(-a) ** 2", 9),
        ("2 ** -b", 4),
        ("2 ** a ** 2", 512),
        ("--a", 3),
        ("-+-+a", 3),
        ("- 0.5 * a", -1.5),
        ("1e2 + .5 + 1. + 1.5E-1", 101.65),
        ("sqrt(a * 12)", 6),
        ("abs(b) + ABS(b)", 4),
        ("min(a, b, B) + max(a, b)", 1),
        ("log(exp(a)) + log10(100)", 5),
        ("clip(b, 0, 1) + clip(B, 0, 1) + clip(nir08, 0, 1)", 1.5),
        ("where(a > b, a, b)", 3),
        ("where(a < b, a, b)", -2),
        ('`a` * "nir08"', 1.5),
        ("a\n+\tb", 1),
    ],
)
def test_numbers_are_computed(text: str, value: float) -> None:
    assert not parse_expression(text).is_condition
    assert parse_expression(text).evaluate(VALUES) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a > b", True),
        ("0 < a <= 3 < B", True),
        ("0 < a < 3 < B", False),
        ("a == 3 and b != -2", False),
        ("a == 3 or b != -2", True),
        ("a < 0 and b < 0 or B > 0", True),
        ("a < 0 and (b < 0 or B > 0)", False),
        ("not a < 0 and b < 0", True),
        ("not (a < 0 or b < 0)", False),
        ("not not a > 0", True),
        ("a > 1 & b < 0", True),
        ("(a > 1) & ~(b < 0) | (B > 9)", False),
        ("a > 1 AND NOT b > 0", True),
        ("a >= 3", True),
    ],
)
def test_conditions_are_decided(text: str, holds: bool) -> None:
    expression = parse_expression(text)
    assert expression.is_condition
    assert expression.evaluate(VALUES) == holds
    assert [bool(side) for side in expression.decide(VALUES)] == [holds, not holds]


def test_names_are_kept_in_their_order_and_their_case() -> None:
    text = '  B4 + b4 - B4 + "Open Water" / `a "b"` * "say ""x""" + é_1  '
    expression = parse_expression(text)
    assert expression.names == ("B4", "b4", "Open Water", 'a "b"', 'say "x"', "é_1")
    assert str(expression) == text.strip()
    assert parse_expression(str(expression)) == expression


def test_a_name_may_be_that_of_a_function() -> None:
    assert parse_expression("min(min, max)").names == ("min", "max")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the expression '': nothing stands, where a number, a name or an opening parenthesis is needed"),
        ("a +", "nothing stands behind '\\+', where a number, a name"),
        ("a b", "'b' stands behind 'a', where a sign such as \\+ or >, or the end, is needed"),
        ("2B", "'B' stands behind '2'"),
        ("(a", "nothing stands behind 'a', where a sign such as \\+, or a closing parenthesis, is needed"),
        ("a)", "'\\)' stands behind 'a'"),
        ("a = 1", "'=' stands behind 'a'.*write == for it"),
        ("a ^ 2", "'\\^' stands.*write \\*\\* for it"),
        ("a > 1 && b > 1", "'&&' stands.*write and for it"),
        ("a > 1 || b > 1", "'\\|\\|' stands.*write or for it"),
        ("!a", "'!' stands, where.*write not for it"),
        ('"Open', "a name in quotes is not ended"),
        ('"" + 1', '"" is an empty name'),
        ("a // b", "'/' stands behind '/'"),
        ("a % b", "'%' stands behind 'a'"),
        ("a[0]", "'\\[' stands behind 'a'"),
        ("a.b", "'\\.' stands behind 'a'"),
        ("a.__class__", "'\\.' stands behind 'a'"),
        ("__import__('os')", "there is no function '__import__'; choose from min, max"),
        ("sqr(a)", "there is no function 'sqr'; did you mean sqrt\\?"),
        ("lambda: 1", "':' stands behind 'lambda'"),
        ("a if b else c", "'if' stands behind 'a'"),
        ("[a]", "'\\[' stands, where"),
        ("sqrt()", "'\\)' stands behind '\\('"),
        ("sqrt(a, b)", r"sqrt takes 1 arguments, and sqrt\(a, b\) gives 2"),
        ("min(a)", r"min takes 2 or more arguments, and min\(a\) gives 1"),
        ("clip(a, 1)", "clip takes 3 arguments"),
        ("where(a > 1, 2)", "where takes 3 arguments"),
        ("where(a, 1, 2)", "a is a number, and a condition is needed there, such as a > 0"),
        ("where(a > 1, b > 1, 2)", r"b > 1 says yes or no, and a number is needed there, such as where\(b > 1, 1, 0\)"),
        ("1 + (a > 1)", r"\(a > 1\) says yes or no"),
        ("(a > 1) == (b > 1)", r"\(a > 1\) says yes or no"),
        ("a and b > 1", "the expression 'a and b > 1': a is a number, and a condition is needed there"),
        ("qa & 8", "qa is a number"),
        ("not a", "a is a number, and a condition"),
        ("-(a > 1)", r"\(a > 1\) says yes or no"),
        ("sqrt(a > 1)", "a > 1 says yes or no"),
        ("1 / 0", "1 / 0 divides by 0"),
        ("a * 1 / 0.0", r"a \* 1 / 0.0 divides by 0"),
        ("a / (2 - 2)", r"divides by 0"),
        ("9**9**9", r"9\*\*9\*\*9 has no finite value"),
        ("a + sqrt(-1)", r"sqrt\(-1\) has no finite value"),
        ("log(0)", r"log\(0\) has no finite value"),
        ("exp(1000)", "has no finite value"),
        ("1e999", "1e999 is too large for a number"),
        ("9" * 400, r"9{37}\.\.\. is too large for a number"),
        ("(" * 31 + "a" + ")" * 31, "more than 30 parentheses, functions and exponents stand within each other"),
        ("a**" * 40 + "a", "more than 30 parentheses"),
        ("a+" * 2000 + "a", "has 4001 characters; at most 4000 are read"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as said:
        parse_expression(text)
    assert "\n" not in str(said.value)
    assert len(str(said.value)) < 300


def test_long_chains_are_read_and_computed() -> None:
    text = "+".join(["a"] * (MOST_CHARACTERS // 2))
    assert parse_expression(text).evaluate({"a": [1.0]}) == [MOST_CHARACTERS // 2]
    assert parse_expression("-" * (MOST_CHARACTERS - 1) + "a").evaluate({"a": 1.0}) == -1
    deep = "(" * (MOST_NESTED - 1) + "a" + ")" * (MOST_NESTED - 1)
    assert parse_expression(deep).evaluate({"a": 4.0}) == 4
    many = " or ".join(f"a == {i}" for i in range(200))
    assert parse_expression(many).evaluate({"a": [199.0, 200.0]}).tolist() == [True, False]


NUMBERS = st.recursive(
    st.sampled_from(["a", "b", "B", "nir08", "0.5", "2", "3e-1"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " / "]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"- {text}"),
        inner.map(lambda text: f"sqrt({text})"),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}) ** ({both[1]})"),
    ),
    max_leaves=8,
)
CONDITIONS = st.recursive(
    st.tuples(NUMBERS, st.sampled_from([" < ", " >= ", " == ", " != "]), NUMBERS).map("".join),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map(lambda text: f"(not {text})"),
    ),
    max_leaves=4,
)


def by_python(text: str) -> float:
    """What Python makes of it, where all steps are finite."""
    with np.errstate(all="raise"):
        names = {name: np.float64(value) for name, value in VALUES.items()}
        return float(eval(text, {"sqrt": np.sqrt}, names))


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(text=st.one_of(NUMBERS, CONDITIONS))
def test_an_expression_means_what_python_means(text: str) -> None:
    try:
        expected = by_python(text)
    except (ArithmeticError, ValueError, TypeError):
        return
    try:
        expression = parse_expression(text)
    except UsageError as error:
        # Python does not look behind what is false; a part without a value is refused here all the same.
        assert "has no finite value" in str(error) or "divides by 0" in str(error)  # noqa: PT017 - other texts are read
        return
    if math.isfinite(expected):
        assert float(expression.evaluate(VALUES)) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(
    text=st.one_of(
        st.text(max_size=30),
        st.lists(
            st.sampled_from([*'()+-*/<>=!&|~,"`. \n', "**", "and", "or", "not", "a", "1", "1e400", "where", "min", "é"])
        ).map(" ".join),
    )
)
@example(text="a" * 10**6)
@example(text="(" * MOST_CHARACTERS)
@example(text='"' * MOST_CHARACTERS)
@example(text="not " * 1000 + "a > 1")
def test_whatever_the_text_is_nothing_but_our_errors_comes_out(text: str) -> None:
    begin = time.perf_counter()
    with contextlib.suppress(UsageError):
        expression = parse_expression(text)
        assert parse_expression(str(expression)) == expression
        expression.evaluate(dict.fromkeys(expression.names, np.array([-1.0, 0.0, np.nan, 2.0])))
    assert time.perf_counter() - begin < 5
