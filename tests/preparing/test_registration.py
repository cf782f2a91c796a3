"""The shift between two pictures of one field."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tsraster.errors import DataError
from tsraster.preparing import find_shift


def draw_grains(grays: int) -> NDArray[np.float64]:
    """Draw 200 grains, the pixels nearest to each of as many points; their grays depend on the seed, their outlines do not."""
    points = np.random.default_rng(5).random((200, 2)) * (240, 320)
    pixels = np.moveaxis(np.mgrid[:240, :320], 0, -1).reshape(-1, 2)
    _, nearest = cKDTree(points).query(pixels)
    return np.random.default_rng(grays).random(200)[nearest].reshape(240, 320)


FIELD = draw_grains(grays=1)


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(-30, 30), cols=st.integers(-40, 40))
def test_a_shift_is_found(rows: int, cols: int) -> None:
    first = FIELD[60:180, 80:240]
    second = FIELD[60 - rows : 180 - rows, 80 - cols : 240 - cols]
    shift = find_shift(first, second)
    assert (shift.rows, shift.cols) == (rows, cols)
    assert shift.correlation > 0.99


def test_outlines_count_and_not_grays() -> None:
    """As in crossed polars, where grains have other grays, and many that were bright are dark."""
    other = draw_grains(grays=2)
    shift = find_shift(FIELD[30:200, 30:260], other[23:193, 41:271])
    assert (shift.rows, shift.cols) == (7, -11)
    assert shift.correlation > shift.unshifted


def test_noise_and_another_exposure_do_not_matter() -> None:
    noise = np.random.default_rng(7).normal(0, 0.05, FIELD.shape)
    shift = find_shift(FIELD[10:200, 10:260], (0.3 + 0.5 * FIELD + noise)[13:203, 8:258])
    assert (shift.rows, shift.cols) == (-3, 2)


def test_the_same_picture_is_not_shifted() -> None:
    shift = find_shift(FIELD, FIELD)
    assert (shift.rows, shift.cols, round(shift.correlation, 6), shift.unshifted) == (0, 0, 1.0, shift.correlation)


def test_pixels_without_data_do_not_spoil_it() -> None:
    holes = FIELD.copy()
    holes[100:110, 100:130] = np.nan
    shift = find_shift(holes[10:200, 10:200], FIELD[14:204, 9:199])
    assert (shift.rows, shift.cols) == (-4, 1)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((40, 40)), "whose pixels are all equal"),
        (np.full((40, 40), np.nan), "whose pixels are all equal"),
        (FIELD[:15, :40], "15 x 40 pixels are too small"),
    ],
    ids=["flat", "empty", "small"],
)
def test_what_shows_nothing_is_refused(picture: NDArray[np.float64], words: str) -> None:
    with pytest.raises(DataError, match=words):
        find_shift(FIELD, picture)
