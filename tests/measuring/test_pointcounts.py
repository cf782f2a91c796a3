"""Points are laid as they should be, and their intervals hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from tsraster.errors import DataError, UsageError
from tsraster.measuring.pointcounts import (
    MOST_POINTS,
    check_confidence,
    check_points,
    choose_spacing,
    counting_error,
    draw_ranks,
    lay_grid,
    wilson_interval,
)

RUNS = 400


@pytest.mark.parametrize("points", [1, 7, 50, 300, 1000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_the_wilson_interval_is_that_of_scipy(points: int, share: float, confidence: float) -> None:
    count = round(share * points)
    theirs = binomtest(count, points).proportion_ci(confidence, method="wilson")
    assert wilson_interval(count, points, confidence) == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=1e-10)


@pytest.mark.parametrize(
    ("percent", "points", "error"),
    # The chart of Van der Plas and Tobi (1965), as it is quoted for 300 and 500 points; the most is that of one half.
    [(20, 300, 4.6), (20, 500, 3.6), (50, 100, 10.0), (0, 300, 0.0), (100, 300, 0.0)],
)
def test_the_error_is_that_of_the_published_chart(percent: float, points: int, error: float) -> None:
    assert round(counting_error(percent, points), 1) == error


def test_two_sigma_is_twice_the_standard_deviation_of_a_binomial_share() -> None:
    assert counting_error(37, 211) == pytest.approx(200 * binom.std(211, 0.37) / 211)


@pytest.mark.parametrize(("total", "points"), [(1, 1), (300, 300), (10**6, 300), (10**13, 300), (30_000, 20_000)])
def test_ranks_are_drawn_without_replacement(total: int, points: int) -> None:
    ranks = draw_ranks(total, points, np.random.default_rng(1))
    assert len(ranks) == points
    assert (np.diff(ranks) > 0).all()
    assert 0 <= ranks[0] <= ranks[-1] < total


def test_each_rank_is_as_likely_as_any_other() -> None:
    rng = np.random.default_rng(0)
    hits = np.bincount(np.concatenate([draw_ranks(20, 5, rng) for _ in range(4000)]), minlength=20)
    # 4000 draws that hit with a chance of 1/4: five standard deviations are 137.
    assert np.abs(hits - 1000).max() < 137


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.4])
def test_the_wilson_interval_of_random_points_holds_the_truth_of_the_map(truth: float) -> None:
    codes = np.zeros(100_000, dtype=bool)
    codes[: round(truth * len(codes))] = True
    held = 0
    for run in range(RUNS):
        hits = codes[draw_ranks(len(codes), 300, np.random.default_rng([2, run]))].sum()
        low, high = wilson_interval(int(hits), 300)
        held += low <= 100 * truth <= high
    # The coverage of a discrete count goes up and down around 95 percent; four standard deviations of 400 runs are 4.4 percent.
    assert 0.95 - 0.044 < held / RUNS <= 0.95 + 0.044


@pytest.mark.parametrize("shape", [(1200, 1600), (50, 2000), (37, 41)])
@pytest.mark.parametrize("points", [100, 300, 500])
def test_a_grid_has_about_as_many_points_as_asked(shape: tuple[int, int], points: int) -> None:
    spacing = choose_spacing(shape[0] * shape[1], points)
    found = []
    for seed in range(40):
        rows, cols = lay_grid(shape, spacing, np.random.default_rng(seed))
        assert 0 <= rows[0] < math.ceil(spacing)
        assert rows[-1] < shape[0] <= rows[-1] + math.ceil(spacing) + 1
        assert set(np.diff(cols)) <= {math.floor(spacing), math.ceil(spacing)}
        assert (np.diff(cols) > 0).all()
        found.append(len(rows) * len(cols))
    assert np.mean(found) == pytest.approx(points, rel=0.08)


def test_each_pixel_is_as_likely_to_be_on_a_grid() -> None:
    hits = np.zeros((9, 7))
    for seed in range(3000):
        rows, cols = lay_grid((9, 7), 2.5, np.random.default_rng(seed))
        hits[np.ix_(rows, cols)] += 1
    assert hits.mean() == pytest.approx(3000 / 2.5**2, rel=0.01)
    assert hits.std() < 30


def test_a_grid_of_all_pixels_is_every_pixel() -> None:
    rows, cols = lay_grid((5, 6), choose_spacing(30, 30), np.random.default_rng(0))
    assert (rows.tolist(), cols.tolist()) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5])


def test_more_points_than_pixels_have_no_room() -> None:
    for function in (lambda: draw_ranks(9, 10, np.random.default_rng(0)), lambda: choose_spacing(9, 10)):
        with pytest.raises(DataError, match="only 9 pixels have a class; 10 points"):
            function()


@pytest.mark.parametrize("points", [0, -3, MOST_POINTS + 1])
def test_a_number_of_points_is_positive_and_not_too_large(points: int) -> None:
    with pytest.raises(UsageError, match="points cannot be counted"):
        check_points(points)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        check_confidence(confidence)
