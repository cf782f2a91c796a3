"""`ClassTable`: what it refuses, its JSON, and that its texts say what `classify` does."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tsraster import ClassTable, classify
from tsraster.classtable import KIND, LARGEST_CODE, MOST_CLASSES, Closed, Number, format_numbers
from tsraster.errors import TableError, UsageError

INF = math.inf

CLOSED: tuple[Closed, ...] = ("right", "left")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FINITE = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def tables(draw: DrawFn, numbers: st.SearchStrategy[Number] = FINITE) -> ClassTable:
    drawn = draw(st.lists(numbers, min_size=2, max_size=6, unique=True))
    if draw(st.booleans()):
        ends = draw(st.booleans()), draw(st.booleans())
        edges = (*([-INF] if ends[0] else []), *sorted(drawn), *([INF] if ends[1] else []))
        parts: dict[str, Any] = {"edges": edges, "closed": draw(st.sampled_from(CLOSED))}
        classes = len(edges) - 1
    else:
        parts, classes = {"values": tuple(drawn)}, len(drawn)
    codes = draw(st.lists(st.integers(1, LARGEST_CODE), min_size=classes, max_size=classes, unique=True))
    names = draw(st.lists(TEXTS, min_size=classes, max_size=classes))
    about = draw(st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(), st.none()), max_size=2))
    return ClassTable(
        codes=tuple(codes), names=tuple(names), unit=draw(TEXTS), scheme=draw(TEXTS), fitted_on=about, **parts
    )


# JSON -----------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(table=tables())
def test_json_gives_the_table_back(table: ClassTable) -> None:
    again = ClassTable.from_json(table.to_json())
    assert again == table
    assert again.fitted_on == table.fitted_on
    # 1 and 1.0 are equal, but only one of them is compared with integers as they are.
    assert [type(number) for number in again.edges] == [type(number) for number in table.edges]
    assert again.to_json() == table.to_json()


def test_json_is_what_the_design_says() -> None:
    table = ClassTable(codes=(1, 2, 3), edges=(-INF, 290.0, 295.0, INF), unit="K", fitted_on={"name": "b6.tif"})
    assert json.loads(table.to_json()) == {
        "kind": "tsraster class table",
        "version": 1,
        "edges": [None, 290.0, 295.0, None],
        "closed": "right",
        "codes": [1, 2, 3],
        "names": ["", "", ""],
        "unit": "K",
        "scheme": "manual",
        "fitted_on": {"name": "b6.tif"},
    }


def test_little_is_enough() -> None:
    short = ClassTable.from_json(f'{{"kind": "{KIND}", "version": 1, "edges": [null, 5, null]}}')
    assert short == ClassTable.from_cutoffs([5])


def record(**parts: Any) -> str:
    return json.dumps({"kind": KIND, "version": 1, "edges": [0, 1, 2]} | parts)


BAD_JSON = {
    "nothing": ("", "no JSON"),
    "text": ("hello", "no JSON"),
    "cut off": (record()[:-4], "no JSON"),
    "too deep": ("[" * 100_000, "no JSON"),
    "number": ("7", '"kind" is not'),
    "list": ("[]", '"kind" is not'),
    "null": ("null", '"kind" is not'),
    "other kind": (record(kind="legend"), '"kind" is not'),
    "no kind": ('{"edges": [0, 1]}', '"kind" is not'),
    "version 2": (record(version=2), "version 2 of a class table is not known; this program reads version 1"),
    "no version": (json.dumps({"kind": KIND}), "version None"),
    "no classes": (json.dumps({"kind": KIND, "version": 1}), "either edges or values"),
    "edges and values": (record(values=[1, 2]), "either edges or values"),
    "one edge": (record(edges=[1]), "at least two edges"),
    "one open end": (record(edges=[None]), "at least two edges"),
    "unsorted": (record(edges=[0, 2, 1]), "the edges 2, 1 are not increasing"),
    "doubled": (record(edges=[0, 1, 1]), "the edges 1, 1 are not increasing"),
    "open inside": (record(edges=[0, None, 2]), "has None where a finite number is needed"),
    "text as edge": (record(edges=[0, "1", 2]), "has '1' where a finite number is needed"),
    "true as edge": (record(edges=[0, True, 2]), "has True where"),
    "list as edge": (record(edges=[0, [1], 2]), r"has \[1\] where"),
    "NaN": (record(edges=[0, math.nan, 2]), "has nan where"),
    "infinite": (record(edges=[0, INF]), "write null for an open end"),
    "infinite inside": (record(edges=[-INF, 0]), "write null for an open end"),
    "too large": (record(edges=[0, 10**400]), "has 1000"),
    "edges is a number": (record(edges=5), '"edges" of the class table is 5; write a list or leave it out'),
    "edges is a text": (record(edges="ab"), "write a list"),
    "edges is an object": (record(edges={"0": 1}), "write a list"),
    "values is a text": (json.dumps({"kind": KIND, "version": 1, "values": "ab"}), "write a list"),
    "value twice": (json.dumps({"kind": KIND, "version": 1, "values": [1, 1.0]}), "holds a value twice"),
    "value null": (json.dumps({"kind": KIND, "version": 1, "values": [None]}), "has None where"),
    "value infinite": (json.dumps({"kind": KIND, "version": 1, "values": [INF]}), "has inf where"),
    "codes is a text": (record(codes="12"), "write a list"),
    "too few codes": (record(codes=[1]), "1 codes for 2 classes; give one code for each class"),
    "code 0": (record(codes=[0, 1]), "the code 0 cannot be used"),
    "negative code": (record(codes=[-1, 1]), "the code -1 cannot be used"),
    "code too large": (record(codes=[1, 2**32]), "the code 4294967296 cannot be used"),
    "code not whole": (record(codes=[1, 2.0]), "the code 2.0 cannot be used"),
    "code is a text": (record(codes=[1, "2"]), "the code '2' cannot be used"),
    "code is true": (record(codes=[True, 2]), "the code True cannot be used"),
    "code twice": (record(codes=[3, 3]), "the code 3 is given twice"),
    "closed": (record(closed="both"), "closed is 'both'; choose"),
    "closed is null": (record(closed=None), "closed is None; choose"),
    "names is a text": (record(names="ab"), "\"names\" of the class table is 'ab'; write a list"),
    "too few names": (record(names=["a"]), "1 names for 2 classes"),
    "name is a number": (record(names=["a", 1]), "the name 1 is no text"),
    "name is null": (record(names=["a", None]), "the name None is no text"),
    "unit is a number": (record(unit=1), "write a text or leave it out"),
    "scheme is null": (record(scheme=None), "write a text or leave it out"),
    "fitted_on is a list": (record(fitted_on=["ab"]), "write an object or leave it out"),
    "fitted_on is a text": (record(fitted_on="ab"), "write an object or leave it out"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_json_that_is_no_table_is_refused(name: str) -> None:
    text, words = BAD_JSON[name]
    with pytest.raises(TableError, match=words) as caught:
        ClassTable.from_json(text)
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(TableError):
        ClassTable.from_json(text)


@settings(deadline=None)
@given(
    parts=st.dictionaries(
        st.sampled_from(["edges", "values", "codes", "names", "closed", "unit", "scheme", "fitted_on", "version"]),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=2)),
        ),
    )
)
def test_any_json_is_a_table_or_refused(parts: dict[str, Any]) -> None:
    try:
        table = ClassTable.from_json(record(**parts))
    except TableError:
        return
    assert ClassTable.from_json(table.to_json()) == table


# Parts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"codes": (1,), "edges": (0, math.nan)}, "has nan where"),
        ({"codes": (1,), "edges": (math.nan, 1)}, "has nan where"),
        ({"codes": (1,), "edges": (INF, INF)}, "has inf where"),
        ({"codes": (1, 2), "edges": (-INF, INF, INF)}, "has inf where"),
        ({"codes": (1,), "values": (math.nan,)}, "has nan where"),
        ({"codes": (1,), "values": (INF,)}, "has inf where"),
        ({"codes": (), "edges": ()}, "either edges or values"),
        ({"codes": (1,), "edges": (0, 1), "closed": "both"}, "closed is 'both'"),
        ({"codes": (1,), "edges": (0, 1), "names": ("a", "b")}, "2 names for 1 classes"),
        ({"codes": range(1, MOST_CLASSES + 2), "values": range(MOST_CLASSES + 1)}, "are too many; the most is 1048576"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(str(v)[:20] for v in value.values()),
)
def test_parts_that_do_not_fit_are_refused(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(TableError, match=words):
        ClassTable(**parts)


def test_lists_and_arrays_become_plain_tuples() -> None:
    from_arrays = ClassTable(
        codes=np.arange(1, 3),  # type: ignore[arg-type]
        edges=np.array([0, 1.5, 2]),  # type: ignore[arg-type]
        names=["a", "b"],  # type: ignore[arg-type]
    )
    assert from_arrays == ClassTable(codes=(1, 2), edges=(0.0, 1.5, 2.0), names=("a", "b"))
    assert all(type(edge) is float for edge in from_arrays.edges)
    assert {from_arrays: 1}[from_arrays] == 1
    assert ClassTable.from_json(from_arrays.to_json()) == from_arrays
    assert ClassTable.from_cutoffs(np.array([3, 4])).edges == (-INF, 3, 4, INF)  # type: ignore[arg-type]
    assert classify(np.array([1], np.uint8), from_arrays).tolist() == [1]


@pytest.mark.parametrize(
    ("cutoffs", "words"),
    [
        ([], "no cutoffs; give at least one number"),
        ([3, 2], "the cutoff 2 comes after 3; give cutoffs in increasing order"),
        ([2, 2], "the cutoff 2 is given twice"),
        ([2, 2.0], "the cutoff 2.0 is given twice"),
        ([1, math.nan], "the cutoff nan is no finite number"),
        ([1, INF], "the cutoff inf is no finite number"),
        ([-INF, 1], "the cutoff -inf is no finite number"),
        ([10**400], "is no finite number"),
        (["5"], "the cutoff '5' is no finite number"),
        ([True], "the cutoff True is no finite number"),
    ],
    ids=repr,
)
def test_cutoffs_that_cannot_divide_are_refused(cutoffs: list[Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ClassTable.from_cutoffs(cutoffs)


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(1, "uint8"), (255, "uint8"), (256, "uint16"), (65535, "uint16"), (65536, "uint32"), (LARGEST_CODE, "uint32")],
)
def test_the_type_is_the_smallest_that_holds_the_codes(largest: int, dtype: str) -> None:
    assert ClassTable(codes=(largest,), edges=(0, 1)).dtype == np.dtype(dtype)


def test_what_it_was_fitted_on_is_not_compared() -> None:
    assert ClassTable(codes=(1,), edges=(0, 1), fitted_on={"name": "a"}) == ClassTable(codes=(1,), edges=(0, 1))


# Texts ----------------------------------------------------------------------------------------------------------------


def holds(interval: str, value: Fraction) -> bool:
    """Tell what the text of an interval says of a value."""
    if interval == "all":
        return True
    if match := re.fullmatch(r"(<=|<|>=|>) (\S+)", interval):
        edge = Fraction(match[2])
        return {"<=": value <= edge, "<": value < edge, ">=": value >= edge, ">": value > edge}[match[1]]
    match = re.fullmatch(r"([(\[])(\S+), (\S+)([)\]])", interval)
    assert match is not None, interval
    low, high = Fraction(match[2]), Fraction(match[3])
    above = value >= low if match[1] == "[" else value > low
    below = value <= high if match[4] == "]" else value < high
    return above and below


ROUND = st.integers(-400, 400).map(lambda n: n / 4)
"""Numbers that a text holds exactly."""


@settings(deadline=None)
@given(table=tables(ROUND))
def test_the_texts_say_what_classify_does(table: ClassTable) -> None:
    edges = [edge for edge in (*table.edges, *table.values) if math.isfinite(edge)]
    values = np.array([edge + step for edge in edges for step in (-0.125, 0, 0.125)])
    for value, code in zip(values.tolist(), classify(values, table).tolist(), strict=True):
        exact = Fraction(value)
        texts = table.intervals
        said = [Fraction(text) == exact if table.values else holds(text, exact) for text in texts]
        assert [c for c, is_in in zip(table.codes, said, strict=True) if is_in] == ([code] if code else [])


@pytest.mark.parametrize(
    ("edges", "closed", "intervals"),
    [
        ((-INF, 290, 295.5, INF), "right", ("<= 290", "(290, 295.5]", "> 295.5")),
        ((-INF, 290, 295.5, INF), "left", ("< 290", "[290, 295.5)", ">= 295.5")),
        ((0, 1, 2), "right", ("[0, 1]", "(1, 2]")),
        ((0, 1, 2), "left", ("[0, 1)", "[1, 2]")),
        ((0, 1), "right", ("[0, 1]",)),
        ((0, 1), "left", ("[0, 1]",)),
        ((5, INF), "right", (">= 5",)),
        ((5, INF), "left", (">= 5",)),
        ((-INF, 5), "right", ("<= 5",)),
        ((-INF, 5), "left", ("<= 5",)),
        ((-INF, INF), "right", ("all",)),
    ],
)
def test_intervals_as_text(edges: tuple[Number, ...], closed: Closed, intervals: tuple[str, ...]) -> None:
    table = ClassTable(codes=tuple(range(1, len(edges))), edges=edges, closed=closed)
    assert table.intervals == intervals


def test_a_label_is_the_name_or_the_interval_with_its_unit() -> None:
    table = ClassTable(codes=(1, 2), edges=(0, 1, 2), names=("cold", ""), unit="K")
    assert table.labels == ("cold", "(1, 2] K")


@settings(deadline=None)
@given(numbers=st.lists(FINITE, min_size=1, max_size=6, unique=True))
def test_different_numbers_have_different_texts(numbers: list[Number]) -> None:
    texts = format_numbers(numbers)
    assert len(set(texts)) == len(numbers)
    for text, number in zip(texts, numbers, strict=True):
        assert float(text) == pytest.approx(float(number), rel=1e-5, abs=1e-300)
