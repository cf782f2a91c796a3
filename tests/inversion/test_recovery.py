"""What is believed of a picture: drawn cases with known answers, and the noise of real JPEGs in the accuracy tests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.inversion.blends import find_blends
from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.filling import fill_gaps
from tsraster.inversion.plausibility import MOST_NOISE, ROUNDING, STEPS, estimate_noise, tabulate_spans
from tsraster.inversion.recovery import WHITE, Reason, Recovered, Recoverer, Rules
from tsraster.inversion.scales import scale_from_lut
from tsraster.inversion.strokes import find_strokes
from tsraster.lutfiles import read_lut

Pixels = NDArray[np.uint8]
EXACT = Rules(lossy=False, tolerance=15)


@pytest.fixture(scope="module")
def jet() -> ColorScale:
    return scale_from_lut(read_lut("jet"), vmin=0, vmax=100)


@pytest.fixture(scope="module")
def field() -> NDArray[np.float64]:
    row, col = np.mgrid[0:120, 0:160]
    return 50 + 45 * np.sin(row / 25) * np.cos(col / 35)


def paint(values: NDArray[np.float64], scale: ColorScale) -> Pixels:
    return np.ascontiguousarray(np.moveaxis(np.rint(scale.recolor(values)).astype(np.uint8), -1, 0))


def test_a_clean_picture_is_good_all_over(field: NDArray[np.float64], jet: ColorScale) -> None:
    found = Recoverer(jet, EXACT).recover(paint(field, jet))
    assert not found.reasons.any()
    # Where jet is saturated, several values have one color.
    assert np.abs(found.values - field).max() < 1
    assert np.abs(found.values - field).mean() < 0.1
    assert (np.abs(found.values - field) <= found.half_width + 0.05).all()
    assert found.distance.max() < 1


def test_letters_are_masked_with_their_halo(field: NDArray[np.float64], jet: ColorScale) -> None:
    picture = paint(field, jet)
    picture[:, 50:60, 70:73] = 0
    # Antialiased: half of it.
    picture[:, 50:60, 69] //= 2
    found = Recoverer(jet, EXACT).recover(picture)
    assert (found.reasons[49:61, 68:74] == Reason.FAR).all()
    assert np.isnan(found.values[49:61, 68:74]).all()
    assert np.count_nonzero(found.reasons) <= 12 * 8


def test_white_around_is_background(field: NDArray[np.float64], jet: ColorScale) -> None:
    picture = paint(field, jet)
    picture[:, :, :20] = 255
    rules = Rules(lossy=False, tolerance=15, background=(WHITE,))
    found = Recoverer(jet, rules).recover(picture)
    assert (found.reasons[:, :20] == Reason.BACKGROUND).all()
    assert (found.reasons[:, 20] == Reason.FAR).all()
    assert not found.reasons[:, 21:].any()


def test_a_background_that_is_in_the_map_is_ambiguous_beside_its_color() -> None:
    gray = scale_from_lut(read_lut("gray"))
    ramp = np.repeat(np.arange(200, 256, dtype=np.uint8)[None, None], 3, axis=0)
    found = Recoverer(gray, Rules(lossy=False, tolerance=5, background=(WHITE,), halo=0)).recover(ramp)
    assert found.reasons[0, -1] == Reason.BACKGROUND
    assert (found.reasons[0, -3:-1] == Reason.AMBIGUOUS).all()
    assert not found.reasons[0, :-3].any()


def test_the_ends_of_a_cyclic_map_are_ambiguous() -> None:
    cyclic = scale_from_lut(read_lut("twilight"), vmin=0, vmax=360)
    values = np.linspace(0, 360, 721)[None]
    found = Recoverer(cyclic, EXACT).recover(paint(values, cyclic))
    ambiguous = found.reasons[0] == Reason.AMBIGUOUS
    assert ambiguous[0]
    assert ambiguous[-1]
    assert not ambiguous[20:-20].any()
    assert found.half_width[0, 0] == pytest.approx(180, rel=0.02)
    # They have a value all the same: the mask says what it is worth.
    assert np.isfinite(found.values).all()


def test_nodata_and_what_the_user_masks_have_no_value(field: NDArray[np.float64], jet: ColorScale) -> None:
    valid, masked = np.ones(field.shape, bool), np.zeros(field.shape, bool)
    valid[:10], masked[:, :10] = False, True
    found = Recoverer(jet, EXACT).recover(paint(field, jet), valid, masked)
    assert (found.reasons[:, :10] == Reason.MASKED).all()
    assert (found.reasons[:10, 10:] == Reason.BACKGROUND).all()
    assert not found.reasons[10:, 10:].any()
    assert np.isnan(found.values[:10]).all()
    assert np.isnan(found.distance[:10]).all()


def test_small_gaps_are_filled_and_said(field: NDArray[np.float64], jet: ColorScale) -> None:
    picture = paint(field, jet)
    picture[:, 40, 20:100] = 0
    picture[:, 80:100, 20:60] = 0
    found = Recoverer(jet, Rules(lossy=False, tolerance=15, fill=4)).recover(picture)
    assert (found.reasons[39:42, 25:95] == Reason.FILLED).all()
    assert np.abs(found.values[39:42, 25:95] - field[39:42, 25:95]).max() < 1
    assert (found.reasons[80:100, 20:60] == Reason.FAR).all()
    assert np.isnan(found.half_width[40, 30])


@pytest.mark.parametrize("fill", [0, 6])
def test_a_part_with_its_reach_is_the_same_as_the_whole(fill: int, field: NDArray[np.float64], jet: ColorScale) -> None:
    rng = np.random.default_rng(2)
    picture = paint(field, jet)
    picture[:, rng.integers(0, 120, 300), rng.integers(0, 160, 300)] = 0
    noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    rules = Rules(lossy=True, tolerance=40, fill=fill, halo=2)
    recoverer = Recoverer(jet, rules, "ycbcr")
    whole = recoverer.recover(noisy)
    assert len(np.unique(whole.reasons)) >= 3
    for top in range(0, 120, 13):
        begin, end = max(0, top - rules.reach), min(120, top + 13 + rules.reach)
        part = recoverer.recover(noisy[:, begin:end]).crop((slice(top - begin, top - begin + 13), slice(None)))
        for name in Recovered.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[top : top + 13])


def test_thin_lines_in_a_color_of_the_map_are_ambiguous(field: NDArray[np.float64]) -> None:
    gray = scale_from_lut(read_lut("gray"), vmin=0, vmax=100)
    picture = paint(field, gray)
    picture[:, 60, :] = 0
    found = Recoverer(gray, EXACT).recover(picture)
    dark = field[60] < 10
    assert (found.reasons[60, ~dark] == Reason.AMBIGUOUS).all()
    assert not found.reasons[:50].any()
    assert not found.reasons[70:].any()


def test_a_smooth_field_has_no_strokes_and_a_wide_form_is_none(field: NDArray[np.float64]) -> None:
    values = field.astype(np.float32)
    assert not find_strokes(values, 5).any()
    flat = np.full((30, 30), 50, np.float32)
    flat[:, 10:15] = 0
    assert not find_strokes(flat, 5).any()
    flat[:, 14] = 50
    assert find_strokes(flat, 5).any(axis=0).nonzero()[0].tolist() == [10, 11, 12, 13]


def test_a_mix_of_both_sides_is_found_along_rows_and_columns() -> None:
    # In jet half blue and half yellow is a gray that looks most like a green.
    blue, yellow = np.array([0, 0, 255]), np.array([255, 255, 0])
    colors = np.stack([blue, blue, (blue + yellow) // 2, yellow, yellow], axis=-1).astype(np.uint8)[:, None]
    values = np.array([[10, 10, 90, 65, 65]], np.float32)
    found = find_blends(colors, values, step=5, tolerance=10)
    assert found.tolist() == [[False, False, True, False, False]]
    turned = find_blends(np.ascontiguousarray(colors.transpose(0, 2, 1)), values.T, step=5, tolerance=10)
    np.testing.assert_array_equal(turned, found.T)


def test_a_peak_is_no_mix(jet: ColorScale) -> None:
    values = np.full((5, 5), 20.0)
    values[2, 2] = 80
    assert not find_blends(paint(values, jet), values.astype(np.float32), step=5, tolerance=10).any()


def test_noise_is_that_of_rounding_where_nothing_is_off_the_map(field: NDArray[np.float64], jet: ColorScale) -> None:
    picture = paint(field, jet)
    assert (estimate_noise(picture, np.full(field.shape, 1, np.float32), lossy=False) == ROUNDING).all()
    off = np.full(field.shape, 30, np.float32)
    noise = estimate_noise(picture, off, lossy=False)
    assert noise.max() <= MOST_NOISE
    assert noise.mean() > 2 * ROUNDING


def test_spans_are_those_of_all_colors_within_the_noise(jet: ColorScale) -> None:
    from tsraster.inversion.matching import WEIGHTS

    half_widths, shares = tabulate_spans(jet)
    colors = jet.colors @ WEIGHTS.T
    for place, level in ((0, 10), (500, 40), (1200, 127), (len(colors) - 1, 77)):
        near = jet.values[np.linalg.norm(colors - colors[place], axis=1) <= level / STEPS]
        assert half_widths[place, level] == pytest.approx((near.max() - near.min()) / 2, rel=1e-6)
    np.testing.assert_allclose(shares, half_widths / jet.span, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_gaps_are_never_extrapolated_and_a_plane_is_restored(seed: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[0:20, 0:25]
    plane = (2.0 * row - 3.0 * col).astype(np.float32)
    known = rng.random(plane.shape) < 0.7
    filled, done = fill_gaps(np.where(known, plane, np.float32(np.nan)), known, ~known, width)
    np.testing.assert_allclose(filled[done | known], plane[done | known], atol=1e-4)
    assert np.isnan(filled[~(done | known)]).all()
    corner = ~known[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert not done[[0, 0, -1, -1], [0, -1, 0, -1]][corner].any()
