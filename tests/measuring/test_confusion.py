"""The confusion table has the map in rows, and its figures are those of the textbooks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.measuring.confusion import Confusion, assign_codes, count_pairs, match_codes

CODES = st.sampled_from([0, 1, 2, 7, 1023, 1024, 70_000, 2**31])


@settings(derandomize=True, deadline=None, database=None)
@given(pixels=st.lists(st.tuples(CODES, CODES), max_size=40), small=st.booleans())
def test_pairs_are_counted(pixels: list[tuple[int, int]], small: bool) -> None:
    pixels = [(a % 256, b % 256) for a, b in pixels] if small else pixels
    dtype = np.uint8 if small else np.uint32
    classes, reference = (np.array([pair[i] for pair in pixels], dtype=dtype) for i in (0, 1))
    assert count_pairs(classes, reference) == {pair: pixels.count(pair) for pair in pixels}


PUBLISHED = """
    19  1  0  0  0  0  0  0  0
     3 35  0  1  0  0  0  0  0
     0  0 17  3 19  0  1  0  2
     0  0 12 77 12  0  1  0  2
     0  0  8 13 74  0  0  0  0
     0  0  0  1  1 19  2  0  0
     0  0  1  4  3  2  9  1  0
     0  0  0  5  3  0  0 13  0
     0  0  3 10  7  0  0  0  0
"""
"""Lunetta and Lyon (2004), Remote Sensing and GIS Accuracy Assessment, table 9.4: rows are the map, columns the air photos."""


def test_the_figures_are_those_of_a_published_table() -> None:
    counts = [[int(cell) for cell in row.split()] for row in PUBLISHED.split("\n") if row.strip()]
    pairs = {(i, j): n for i, row in enumerate(counts, start=1) for j, n in enumerate(row, start=1)}
    table = Confusion.of_pairs(pairs)
    assert table.counts.tolist() == counts
    assert (table.pixels, round(100 * table.overall_accuracy)) == (384, 68)
    # Whole percents there, of which two are rounded up from just below the half.
    producers, users = [86, 97, 42, 68, 62, 91, 69, 93, 0], [95, 90, 41, 74, 78, 83, 45, 62, 0]
    np.testing.assert_allclose(100 * table.producers_accuracy, producers, atol=0.55)
    np.testing.assert_allclose(100 * table.users_accuracy, users, atol=0.55)


def test_the_figures_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    classes, reference = rng.integers(1, 6, 900), rng.integers(1, 6, 900)
    table = Confusion.of_pairs(count_pairs(classes, reference))
    # There the truth comes first, and is in the rows.
    np.testing.assert_array_equal(table.counts.T, metrics.confusion_matrix(reference, classes))
    assert table.overall_accuracy == metrics.accuracy_score(reference, classes)
    for ours, theirs in (
        (table.users_accuracy, metrics.precision_score),
        (table.producers_accuracy, metrics.recall_score),
        (table.iou, metrics.jaccard_score),
    ):
        np.testing.assert_allclose(ours, theirs(reference, classes, average=None))
    assert table.mean_iou == pytest.approx(metrics.jaccard_score(reference, classes, average="macro"))


def test_a_class_that_only_one_of_both_has_is_in_the_table() -> None:
    table = Confusion.of_pairs({(1, 1): 3, (5, 1): 1, (1, 9): 2})
    assert table.codes == (1, 5, 9)
    assert table.counts.tolist() == [[3, 0, 2], [1, 0, 0], [0, 0, 0]]
    assert table.users_accuracy.tolist()[:2] == [0.6, 0]
    assert math.isnan(table.users_accuracy[2])
    assert math.isnan(table.producers_accuracy[1])
    assert table.iou.tolist() == [0.5, 0, 0]
    assert table.mean_iou == pytest.approx(1 / 6)


def test_no_pixel_has_no_accuracy() -> None:
    table = Confusion.of_pairs({})
    assert math.isnan(table.overall_accuracy)
    assert math.isnan(table.mean_iou)


@settings(derandomize=True, deadline=None, database=None)
@given(counts=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_no_assignment_agrees_more_than_the_match(counts: list[list[int]]) -> None:
    pairs = {(10 + i, j): n for i, row in enumerate(counts) for j, n in enumerate(row) if n}
    matching = match_codes(pairs)
    table = Confusion.of_pairs(assign_codes(pairs, matching))
    assert table.pixels == sum(map(sum, counts))
    assert int(table.agreeing.sum()) == sum(max(row) for row in counts)
    assert matching == {10 + i: row.index(max(row)) for i, row in enumerate(counts) if any(row)}
