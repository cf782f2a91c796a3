"""Particular cases of the schemes, how one is chosen, and one of another package."""

from __future__ import annotations

import sys
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.classification import classify
from tsraster.classtable import MOST_CLASSES, Closed, Number
from tsraster.errors import (
    DataError,
    FewerClassesWarning,
    MissingExtraError,
    RoundedFitWarning,
    UnknownNameError,
    UsageError,
)
from tsraster.registry import Registry
from tsraster.schemes import (
    SCHEMES,
    Counted,
    Scheme,
    check_class_count,
    choose_scheme,
    close_edges,
    streamed,
    tally_array,
)

derandomized = settings(derandomize=True, deadline=None, database=None)


def edges_of(text: str, classes: int | None, values: Any, closed: Closed = "right") -> tuple[Number, ...]:
    """Fit a scheme; fewer classes than asked are no error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewerClassesWarning)
        return choose_scheme(text, classes).fit(tally_array(values), closed=closed).edges


RAIN = np.where(np.arange(1000) % 5 < 3, 0, np.random.default_rng(4).gamma(0.8, 9, 1000)).astype(np.float32)
"""What a rain gauge says: 60 % zeros."""

CASES: list[tuple[str, int | None, list[float], tuple[float, ...]]] = [
    ("equal-interval", 4, [0, 3, 10], (0, 2.5, 5, 7.5, 10)),
    ("equal-interval", 3, [-1.5, 0, 4.5], (-1.5, 0.5, 2.5, 4.5)),
    ("defined-interval:15", None, [3, 19, 44], (3, 15, 30, 44)),
    ("defined-interval:0.1", None, [0.05, 0.35], (0.05, 0.1, 0.2, 0.3, 0.35)),
    ("defined-interval:1e1", None, [10, 20, 30], (10, 20, 30)),
    ("defined-interval", 3, [3, 19, 44], (3, 20, 40, 44)),
    ("defined-interval", 5, [0, 9], (0, 2, 4, 6, 8, 9)),
    ("pretty", 4, [-0.3, 0.1, 0.85], (-0.3, 0, 0.5, 0.85)),
    ("quantiles", 4, list(range(101)), (0, 25, 50, 75, 100)),
    ("quantiles", 2, [0, 0, 0, 10], (0, 5, 10)),
    ("quantiles", 2, [0, 10, 10, 10], (0, 10)),
    ("percentiles", None, list(range(101)), (0, 1, 10, 50, 90, 99, 100)),
    ("percentiles:5,95.5", None, list(range(201)), (0, 10, 191, 200)),
    ("natural-breaks", 3, [1, 1, 2, 8, 9, 9, 30], (1, 2, 9, 30)),
    ("otsu", 2, [1, 1, 2, 8, 9, 9], (1, 2, 9)),
    ("natural-breaks", 9, [4, 4, 1, 7], (1, 2.5, 4, 7)),
    ("standard-deviation", 4, [0, 0, 2, 2, 4, 4], (0, 2 - 3.2**0.5, 2, 2 + 3.2**0.5, 4)),
    ("standard-deviation:-1,1", None, [0, 0, 2, 2, 4, 4], (0, 2 - 3.2**0.5, 2 + 3.2**0.5, 4)),
    ("head-tail", None, [1, 1, 1, 1, 2, 2, 4, 12], (1, 3, 8, 12)),
    ("head-tail", 2, [1, 1, 1, 1, 2, 2, 4, 12], (1, 3, 12)),
    ("geometric-interval", 3, [1, 5, 1000], (1, 10, 100, 1000)),
    ("geometric-interval", 3, [-3, 0, 1, 5, 100], (-3, 0, 10, 100)),
    ("logarithmic", 4, [1, 7, 1000], (1, 10, 100, 1000)),
    ("logarithmic", 5, [0.2, 3, 40], (0.2, 1, 10, 40)),
    ("box-plot", None, [1, 2, 3, 4, 50], (1, 2, 3, 4, 50)),
    ("box-plot", None, [1, 2, 3, 4, 6, 50], (1, 2.25, 3.5, 5.5, 10.375, 50)),
    ("box-plot:0.5", None, [1, 2, 3, 4, 50], (1, 1.5, 2, 3, 4, 50)),
    ("maximum-breaks", 3, [1, 2, 8, 9, 30], (1, 5, 19.5, 30)),
    ("maximum-breaks", 3, [0.0, 1e-9, 1.0], (0, 5e-10, (1 + 1e-9) / 2, 1)),
    ("maximum-breaks", 2, [1, 2, 3, 4], (1, 1.5, 4)),
    ("mean", 2, [0, 1, 5], (0, 2, 5)),
]


@pytest.mark.parametrize(("text", "classes", "values", "edges"), CASES, ids=str)
def test_a_scheme_finds_these_edges(
    text: str, classes: int | None, values: list[float], edges: tuple[float, ...]
) -> None:
    assert edges_of(text, classes, values) == pytest.approx(edges, rel=1e-9, abs=1e-12)


def test_unique_values_are_classes() -> None:
    table = choose_scheme("unique", None).fit(tally_array([11, 95, 11, 42]))
    assert (table.values, table.codes, table.scheme) == ((11, 42, 95), (1, 2, 3), "unique")
    with pytest.raises(DataError, match="there are 3 different values, and 2 classes at the most; choose another"):
        choose_scheme("unique", 2).fit(tally_array([11, 95, 42]))


@pytest.mark.parametrize("classes", [2, 4, 10])
@pytest.mark.parametrize("scheme", ["quantiles", "natural-breaks", "head-tail", "geometric-interval", "logarithmic"])
def test_rain_is_divided_though_most_of_it_is_zero(scheme: str, classes: int) -> None:
    edges = edges_of(scheme, classes, RAIN)
    assert (edges[0], edges[-1]) == (0, RAIN.max())
    assert len(edges) > 2
    if scheme in ("quantiles", "geometric-interval", "logarithmic"):
        assert 0 < edges[1] < RAIN[RAIN > 0].min()  # the zeros are a class of their own


def test_quantiles_of_rain_share_what_is_not_zero() -> None:
    with pytest.warns(FewerClassesWarning, match="quantiles made 5 classes instead of 10: no other cut divides"):
        table = choose_scheme("quantiles", 10).fit(tally_array(RAIN))
    assert np.bincount(classify(RAIN, table)).tolist() == [0, 600, 100, 100, 100, 100]


def test_fewer_classes_are_reported_only_to_who_has_asked_for_more() -> None:
    values = tally_array([1, 1, 1, 2])
    with pytest.warns(FewerClassesWarning, match="^box-plot made 2 classes instead of 9: no other cut divides"):
        choose_scheme("box-plot", 9).fit(tally_array([1, 1, 1, 1, 1, 2]))
    with pytest.warns(FewerClassesWarning, match="^mean made 2 classes instead of 5: it never makes more"):
        choose_scheme("mean", 5).fit(values)
    with pytest.warns(FewerClassesWarning, match="^maximum-breaks made 2 classes instead of 3: no other"):
        choose_scheme("maximum-breaks", 3).fit(values)
    for text in ("box-plot", "head-tail", "standard-deviation", "percentiles:50", "defined-interval:0.5"):
        choose_scheme(text, None).fit(values)  # any warning is an error


@pytest.mark.parametrize("values", [[0, 0, 0, 10], [3, 3, 8, 9, 9, 30], [-2, -2, 0, 5], [0.5, 0.25, 0.25, 9]])
@pytest.mark.parametrize("scheme", ["natural-breaks", "maximum-breaks"])
def test_closed_on_the_left_is_the_mirror_of_closed_on_the_right(scheme: str, values: list[float]) -> None:
    mirrored = [-value for value in values]
    right = choose_scheme(scheme, 2).fit(tally_array(values))
    left = choose_scheme(scheme, 2).fit(tally_array(mirrored), closed="left")
    assert (classify(values, right) + classify(mirrored, left)).tolist() == [3] * len(values)
    if scheme == "natural-breaks":
        assert left.edges == tuple(-edge for edge in right.edges[::-1])


@pytest.mark.parametrize(
    ("cuts", "regular", "right", "left"),
    [
        ([5, 5.0, 2], False, (0, 2, 5, 10), (0, 3, 7.5, 10)),
        ([-1, 0, 10, 99], False, (0, 1.5, 10), (0, 3, 10)),
        ([3, 9], False, (0, 3, 10), (0, 6.5, 10)),
        ([3, 9], True, (0, 3, 9, 10), (0, 3, 9, 10)),
        ([9, 0], True, (0, 1.5, 9, 10), (0, 3, 9, 10)),
        ([], False, (0, 10), (0, 10)),
        ([10], True, (0, 10), (0, 10)),
    ],
)
def test_cuts_become_edges(cuts: list[Number], regular: bool, right: tuple[Any, ...], left: tuple[Any, ...]) -> None:
    ages = tally_array([0, 0, 3, 10])
    assert close_edges(cuts, ages, closed="right", regular=regular) == right
    assert close_edges(cuts, ages, closed="left", regular=regular) == left


def test_cuts_that_are_equal_in_the_type_of_the_values_are_one() -> None:
    values = tally_array(np.array([0, 1, 2, 3], dtype=np.float32))
    assert len(close_edges([1.5, 1.5 + 1e-12, 2.5], values, closed="right", regular=True)) == 4


def test_too_many_different_values_are_divided_by_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(0, 1, 3000)
    exact = edges_of("natural-breaks", 4, values)
    monkeypatch.setattr(streamed, "MOST_DISTINCT", 1000)
    with pytest.warns(RoundedFitWarning, match="in 65536 steps: .* at most 1.5e-05 of the range"):
        rounded = edges_of("natural-breaks", 4, values)
    assert rounded == pytest.approx(exact, abs=1e-3)
    with pytest.raises(DataError, match="there are more than 1048576 different values"):
        choose_scheme("unique", None).fit(tally_array(values))


@derandomized
@given(low=st.integers(-(2**40), 2**40), width=st.integers(1, 2**40), classes=st.integers(2, 300))
def test_between_whole_numbers_equal_intervals_are_exact(low: int, width: int, classes: int) -> None:
    both = Counted(np.array([low, low + width]), np.array([1, 1]))
    for i, cut in enumerate(SCHEMES["equal-interval"].fit(both, classes), start=1):
        exact = low + Fraction(width * i, classes)
        assert cut == exact if exact.denominator == 1 else abs(Fraction(cut) - exact) <= abs(exact) / 2**52
        assert isinstance(cut, int) == (exact.denominator == 1)


WRONG: list[tuple[str, int | None, str]] = [
    ("equal-intervall", 3, "unknown scheme 'equal-intervall'; did you mean equal-interval?"),
    ("", 3, "unknown scheme ''; choose from equal-interval, defined-interval, quantiles"),
    ("quantiles", None, "quantiles needs a number of classes; give --classes"),
    ("pretty", None, "pretty needs a number of classes"),
    ("quantiles:4", None, "'quantiles:4' is no scheme: quantiles takes no numbers"),
    ("defined-interval:", None, "after the colon of defined-interval stand the width of the classes"),
    ("defined-interval:ten", None, "'defined-interval:ten' is no scheme"),
    ("percentiles:5,,9", None, "after the colon of percentiles stand percents, as in percentiles:5,50,95"),
    ("defined-interval:10", 3, "defined-interval:10 says itself which classes there are; leave --classes out"),
    ("box-plot", 5, "box-plot makes 6 classes, not 5; give another --classes or none"),
    ("otsu", 0, "0 bins or classes cannot be made; give a number from 1 to 1048576"),
    ("li", 1, "li makes 2 classes, not 1"),
]


@pytest.mark.parametrize(("text", "classes", "message"), WRONG)
def test_what_cannot_be_chosen_is_said(text: str, classes: int | None, message: str) -> None:
    with pytest.raises(UsageError) as error:
        choose_scheme(text, classes)
    assert message in str(error.value)
    assert isinstance(error.value, UnknownNameError) == message.startswith("unknown")


NUMBERS = [
    ("defined-interval:0", "one width above 0, as in defined-interval:10"),
    ("defined-interval:-3", "one width above 0"),
    ("defined-interval:1,2", "one width above 0"),
    ("defined-interval:1e999", "one width above 0"),
    ("percentiles:0,50", "percents that increase, above 0 and below 100"),
    ("percentiles:50,50", "percents that increase"),
    ("percentiles:99,100", "percents that increase"),
    ("standard-deviation:1e999", "takes multiples, as in standard-deviation:-2,-1,0,1,2"),
    ("box-plot:-1", "one length of whiskers, at least 0, as in box-plot:1.5"),
    ("box-plot:1,2", "one length of whiskers"),
]


@pytest.mark.parametrize(("text", "message"), NUMBERS)
def test_numbers_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_scheme(text, None).fit(tally_array([1, 5, 9]))


@pytest.mark.parametrize("text", ["defined-interval:0.000001", "defined-interval:1e-300"])
def test_intervals_that_are_too_narrow_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="classes; the most is 1048576"):
        choose_scheme(text, None).fit(tally_array([0.0, 2.0]))


def test_a_choice_says_how_it_was_made() -> None:
    assert str(choose_scheme("percentiles:5,97.5", None)) == "percentiles:5,97.5"
    assert str(choose_scheme("quantiles", 4)) == "quantiles"
    assert choose_scheme("percentiles:5,97.5", None).fit(tally_array(range(9))).scheme == "percentiles:5,97.5"
    assert choose_scheme("head-tail", None).classes == MOST_CLASSES
    check_class_count(1)
    check_class_count(MOST_CLASSES)


def test_a_series_that_some_schemes_need_to_be_positive_says_so() -> None:
    for name in ("geometric-interval", "logarithmic"):
        with pytest.raises(DataError, match=f"no value is above 0, which {name} needs; choose another scheme"):
            choose_scheme(name, 3).fit(tally_array([-3.0, -1.0, 0.0]))


MODULE = """
def halves(distribution, classes):
    low, high = distribution.minimum, distribution.maximum
    return [low + (high - low) / 2**i for i in range(1, classes)]
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, points: str) -> Registry[Scheme]:
    """Lay out a package as pip does; return a registry as that of the schemes, which has not looked around yet."""
    about = folder / "rockclasses-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rockclasses\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[tsraster.schemes]\n{points}\n")
    (folder / "rockclasses_for_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "rockclasses_for_test", raising=False)
    return Registry(
        "scheme",
        entry_points="tsraster.schemes",
        adopt=lambda fit: fit if isinstance(fit, Scheme) else Scheme(fit=fit),
    )


def test_another_package_adds_a_scheme_by_one_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schemes = install(tmp_path, monkeypatch, "halves = rockclasses_for_test:halves")
    assert "halves" in list(schemes)
    assert schemes["halves"] == Scheme(fit=schemes["halves"].fit)
    monkeypatch.setattr("tsraster.schemes.scheme.SCHEMES", schemes)
    values = np.array([0, 1, 2, 4, 8, 16])
    table = choose_scheme("halves", 4).fit(tally_array(values))
    assert (table.edges, table.scheme) == ((0, 2, 4, 8, 16), "halves")
    with pytest.raises(UnknownNameError, match="did you mean halves"):
        choose_scheme("halfs", 4)


@pytest.mark.parametrize("place", ["rockclasses_for_test:thirds", "no_such_module_for_test:halves"])
def test_a_scheme_that_cannot_be_loaded_says_whose_it_is(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemes = install(tmp_path, monkeypatch, f"halves = {place}")
    with pytest.raises(MissingExtraError, match="the scheme 'halves' of rockclasses cannot be loaded"):
        schemes["halves"]


def test_a_scheme_of_another_package_takes_no_name_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemes = install(tmp_path, monkeypatch, "quantiles = rockclasses_for_test:halves")
    schemes.register("quantiles")(SCHEMES["quantiles"])
    with pytest.raises(UsageError, match="the package rockclasses adds a scheme 'quantiles', which is registered"):
        list(schemes)


def test_cuts_that_are_no_numbers_are_left_out() -> None:
    cuts = [3, float("nan"), 1.5, 2]  # in an order in which sorting with NaN among them goes wrong
    assert close_edges(cuts, tally_array([1, 2, 3, 4]), closed="right", regular=False) == (1, 1.5, 2, 3, 4)
