"""The truncated fit finds what was drawn, within the errors that it states; and says so where it cannot."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, optimize, stats

from tsraster.errors import UsageError
from tsraster.measuring.lognormal import fit_lognormal, weigh_inner
from tsraster.samples.balls import draw_balls, draw_radii

Counts = NDArray[np.int64]


def draw_voxels(seed: Any, mu: float, sigma: float, number: int, min_size: int) -> Counts:
    """Draw volumes, round them to voxels, and lose those that are too small."""
    voxels = np.rint(np.random.default_rng(seed).lognormal(mu, sigma, number)).astype(np.int64)
    return voxels[voxels >= min_size]


def find_coverage(mu: float, sigma: float, number: int, min_size: int, seeds: int = 150) -> list[float]:
    """Return how often mu and sigma lie within 1.96 standard errors."""
    hits = np.zeros(2)
    for seed in range(seeds):
        fit, sentence = fit_lognormal(
            draw_voxels([seed, number], mu, sigma, number, min_size), 1.0, min_size=min_size, draws=0
        )
        assert fit is not None, sentence
        hits += [abs(fit.mu - mu) < 1.96 * fit.mu_error, abs(fit.sigma - sigma) < 1.96 * fit.sigma_error]
    return (hits / seeds).tolist()


@pytest.mark.parametrize(
    ("mu", "sigma", "number", "min_size"), [(4.0, 1.0, 400, 10), (3.0, 1.2, 1000, 10), (1.5, 1.0, 500, 1)]
)
def test_mu_and_sigma_lie_within_the_stated_errors(mu: float, sigma: float, number: int, min_size: int) -> None:
    for share in find_coverage(mu, sigma, number, min_size):
        assert 0.92 <= share <= 0.99


def test_a_plain_fit_is_biased_by_the_cut() -> None:
    voxels = draw_voxels(1, 3.0, 1.2, 4000, 10)
    fit, _ = fit_lognormal(voxels, 1.0, min_size=10, draws=0)
    assert fit is not None
    logs = np.log(voxels)
    plain_error = logs.std() / np.sqrt(len(logs))
    assert abs(fit.mu - 3.0) < 2 * fit.mu_error
    assert abs(fit.sigma - 1.2) < 2 * fit.sigma_error
    assert logs.mean() - 3.0 > 30 * plain_error
    assert logs.std() < 0.75 * 1.2


def test_rounding_to_voxels_does_not_bias_small_pores() -> None:
    found = []
    for seed in range(40):
        fit, _ = fit_lognormal(draw_voxels([seed, 5], 0.7, 0.8, 20_000, 1), 1.0, draws=0)
        assert fit is not None
        found.append(((fit.mu - 0.7) / fit.mu_error, (fit.sigma - 0.8) / fit.sigma_error))
    assert np.abs(np.mean(found, axis=0)).max() < 2.5 / np.sqrt(len(found))


def test_of_large_pores_it_is_the_fit_of_a_truncated_normal() -> None:
    """Where a voxel is nothing beside a pore, the likelihood of scipy's truncnorm has the same summit and curvature."""
    voxels = draw_voxels(3, 12.0, 0.7, 500, 100_000)
    logs, cut = np.log(voxels), np.log(100_000 - 0.5)

    def cost(pair: NDArray[np.float64]) -> float:
        return -float(stats.truncnorm.logpdf(logs, (cut - pair[0]) / pair[1], np.inf, pair[0], pair[1]).sum())

    best = optimize.minimize(cost, [12.0, 0.7], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9})
    fit, _ = fit_lognormal(voxels, 1.0, min_size=100_000, draws=0)
    assert fit is not None
    assert (fit.mu, fit.sigma) == pytest.approx(tuple(best.x), abs=1e-5)
    steps = 1e-3 * np.eye(2)
    curvature = [
        [
            (cost(best.x + a + b) - cost(best.x + a - b) - cost(best.x - a + b) + cost(best.x - a - b)) / 4e-6
            for b in steps
        ]
        for a in steps
    ]
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    assert (fit.mu_error, fit.sigma_error) == pytest.approx(tuple(errors), rel=1e-3)
    shape = {"a": (cut - fit.mu) / fit.sigma, "b": np.inf, "loc": fit.mu, "scale": fit.sigma}
    assert fit.distance == pytest.approx(stats.kstest(logs, stats.truncnorm(**shape).cdf).statistic, abs=1e-5)
    assert fit.seen == pytest.approx(stats.norm.sf(cut, fit.mu, fit.sigma))


def test_units_only_shift_mu() -> None:
    voxels = draw_voxels(4, 4.0, 1.0, 300, 10)
    one, _ = fit_lognormal(voxels, 1.0, min_size=10, draws=9)
    other, sentence = fit_lognormal(voxels, 8.0, min_size=10, draws=9, unit="um3")
    assert one is not None
    assert other is not None
    assert other.mu == pytest.approx(one.mu + np.log(8))
    assert astuple(other)[1:6] == astuple(one)[1:6]
    assert (other.distance, other.p_value) == (one.distance, one.p_value)
    assert (one.cut, other.cut) == (9.5, 76)
    assert other.median_diameter == pytest.approx(2 * one.median_diameter)
    assert "V in um3" in sentence


def test_expected_pores_follow_those_that_are_counted() -> None:
    voxels = draw_voxels(5, 3.0, 1.0, 20_000, 5)
    fit, _ = fit_lognormal(voxels, 2.0, min_size=5, draws=0)
    assert fit is not None
    edges = np.cbrt(6 / np.pi * 2.0 * np.array([0, 5, 6, 7, 9, 20, 50, 10**9]))
    expected = fit.expect(edges)
    counted = np.diff([np.count_nonzero(voxels <= limit) for limit in (0, 5, 6, 7, 9, 20, 50, 10**9)])
    assert expected.sum() == pytest.approx(len(voxels))
    assert np.abs(expected - counted).max() < 3.5 * np.sqrt(counted).max()
    assert np.abs((expected - counted) / np.sqrt(expected)).max() < 3.5


# The p-value


def test_p_values_of_lognormal_pores_are_evenly_spread() -> None:
    found = [fit_lognormal(draw_voxels(seed, 4.0, 1.0, 150, 10), 1.0, min_size=10, draws=19)[0] for seed in range(20)]
    values = [fit.p_value for fit in found if fit is not None]
    assert len(values) == 20
    assert stats.kstest(np.array(values, dtype=float), "uniform").pvalue > 0.01


def test_p_values_of_other_pores_are_small() -> None:
    rng = np.random.default_rng(2)
    two = np.rint(np.concatenate([rng.lognormal(3.5, 0.2, 300), rng.lognormal(6.0, 0.2, 300)])).astype(np.int64)
    fit, sentence = fit_lognormal(two, 1.0)
    assert fit is not None
    assert fit.p_value == 0.01
    assert fit.distance > 0.2
    assert "p 0.01" in sentence


def test_the_p_value_has_a_seed_and_can_be_left_out() -> None:
    voxels = draw_voxels(6, 4.0, 1.0, 200, 10)
    one, again = (fit_lognormal(voxels, 1.0, min_size=10, draws=19)[0] for _ in range(2))
    assert one == again
    without, sentence = fit_lognormal(voxels, 1.0, min_size=10, draws=0)
    assert without is not None
    assert without.p_value is None
    assert "fitted again" not in sentence
    many, _ = fit_lognormal(draw_voxels(7, 4.0, 1.0, 12_000, 10), 1.0, min_size=10)
    assert many is not None
    assert many.p_value is None


# Where nothing is fitted


@pytest.mark.parametrize(
    ("voxels", "reason"),
    [
        (np.zeros(0, np.int64), "0 pores remain"),
        (np.array([30]), "1 pore remains, and at least 20"),
        (np.append(draw_voxels(0, 5.0, 0.5, 19, 10), np.ones(100, np.int64)), "19 pores remain"),
        (np.full(50, 77), "only 1 different sizes"),
        (np.rint(9.5 * (1 + np.random.default_rng(0).pareto(0.9, 500))).astype(np.int64), "like a power law"),
    ],
    ids=["none", "one", "few above the filter", "all alike", "power law"],
)
def test_too_little_is_not_fitted_and_the_sentence_says_why(voxels: Counts, reason: str) -> None:
    fit, sentence = fit_lognormal(voxels, 1.0, min_size=10)
    assert fit is None
    assert reason in sentence


def test_pores_that_are_not_kept_do_not_count() -> None:
    voxels = draw_voxels(8, 4.0, 1.0, 200, 10)
    whole, _ = fit_lognormal(voxels, 1.0, min_size=10, draws=9)
    more = np.append(voxels, [10**8] * 50)
    fit, _ = fit_lognormal(more, 1.0, min_size=10, draws=9, kept=more < 10**8)
    assert fit == whole


def test_a_distribution_that_is_mostly_hidden_is_called_an_extrapolation() -> None:
    fit, sentence = fit_lognormal(draw_voxels(9, 3.0, 1.0, 20_000, 60), 1.0, min_size=60)
    assert fit is not None
    assert 0.05 < fit.seen < 0.3
    assert "extrapolation" in sentence


@pytest.mark.parametrize(("min_size", "volume"), [(0, 1.0), (-3, 1.0), (1, 0.0), (1, float("nan"))])
def test_wrong_numbers_are_refused(min_size: int, volume: float) -> None:
    with pytest.raises(UsageError, match="min_size is 1 or more"):
        fit_lognormal(np.arange(1, 50), volume, min_size=min_size)


# Drawn volumes


def label_balls(volume: NDArray[np.uint8]) -> tuple[Counts, Counts, NDArray[np.bool_]]:
    """Return the voxels, the boxes and whether it touches the border, of each dark component."""
    labels, _ = ndimage.label(volume == 0, np.ones((3, 3, 3)))
    boxes = ndimage.find_objects(labels)
    sides = np.array([[axis.stop - axis.start for axis in box] for box in boxes])
    ends = [
        [axis.start == 0 or axis.stop == side for axis, side in zip(box, volume.shape, strict=True)] for box in boxes
    ]
    return np.bincount(labels.ravel())[1:].astype(np.int64), sides, np.any(ends, axis=1)


def test_a_drawn_volume_of_balls_gives_back_count_diameters_and_parameters() -> None:
    mu, sigma, min_size = 4.6, 0.9, 10
    drawn = draw_balls((120, 110, 100), draw_radii(350, mu, sigma, seed=5, smallest=3), seed=5)
    voxels, _, at_border = label_balls(drawn.volume)
    assert len(voxels) == len(drawn.balls.radii)
    assert not at_border.any()
    assert sorted(voxels) == sorted(drawn.voxels)
    diameters = np.cbrt(6 / np.pi * drawn.voxels)
    large = drawn.balls.radii > 3
    assert np.abs(diameters / (2 * drawn.balls.radii) - 1)[large].max() < 0.04
    assert np.mean(diameters / (2 * drawn.balls.radii)) == pytest.approx(1, abs=0.005)
    fit, sentence = fit_lognormal(voxels, 1.0, min_size=min_size)
    assert fit is not None, sentence
    assert fit.pores == np.count_nonzero(voxels >= min_size)
    assert abs(fit.mu - mu) < 1.96 * fit.mu_error
    assert abs(fit.sigma - sigma) < 1.96 * fit.sigma_error
    assert fit.mu_error < 0.1
    assert fit.p_value is not None
    assert fit.p_value > 0.05


def test_weights_make_up_for_large_balls_that_the_border_cuts() -> None:
    """Balls that lie anywhere: more of the large ones touch the border and are left out."""
    mu, sigma = 6.0, 0.9
    plain, weighted = [], []
    for seed in range(6):
        drawn = draw_balls((100, 100, 100), draw_radii(180, mu, sigma, seed=seed), seed=seed, cut=True)
        voxels, sides, at_border = label_balls(drawn.volume)
        weights = weigh_inner(sides, (100, 100, 100))
        for found, given in ((plain, None), (weighted, weights)):
            fit, _ = fit_lognormal(voxels, 1.0, min_size=10, kept=~at_border, weights=given, draws=0)
            assert fit is not None
            assert fit.p_value is None
            found.append((fit.mu - mu) / fit.mu_error)
    assert np.mean(plain) < -1
    assert abs(np.mean(weighted)) < 0.8


def test_equal_weights_change_nothing_but_the_kind_of_error() -> None:
    voxels = draw_voxels(10, 4.0, 1.0, 2000, 10)
    one, _ = fit_lognormal(voxels, 1.0, min_size=10, draws=0)
    other, _ = fit_lognormal(voxels, 1.0, min_size=10, draws=0, weights=np.full(len(voxels), 1.7))
    assert one is not None
    assert other is not None
    assert (other.mu, other.sigma, other.distance) == pytest.approx((one.mu, one.sigma, one.distance), abs=1e-5)
    assert (other.mu_error, other.sigma_error) == pytest.approx((one.mu_error, one.sigma_error), rel=0.1)


def test_a_pore_from_face_to_face_stands_for_itself() -> None:
    assert weigh_inner(np.array([[10, 1, 1], [9, 1, 1], [8, 1, 1]]), (10, 10, 10)).tolist()[:2] == [1, 1]
    assert weigh_inner(np.array([[8, 1, 1]]), (10, 10, 10))[0] == pytest.approx(10 * 10 / 8 * 10 / 8)
