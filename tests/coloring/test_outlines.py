"""Outlines of classes on a photo."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion

from tsraster.coloring.outlines import REACH, draw_outlines


def test_an_outline_is_what_erosion_takes_away_and_the_photo_stays_elsewhere() -> None:
    rng = np.random.default_rng(2)
    codes = (rng.random((40, 50)) < 0.7).astype(np.uint8)
    photo = rng.integers(0, 200, (3, 40, 50), dtype=np.uint8)
    drawn = draw_outlines(photo, codes, [(255, 250, 245)])
    outline = (codes == 1) & ~binary_erosion(codes == 1, border_value=1)
    assert (drawn[:, outline].T == (255, 250, 245)).all()
    assert (drawn[:, ~outline] == photo[:, ~outline]).all()
    assert outline.any()


def test_classes_that_touch_are_both_outlined_in_their_colors() -> None:
    drawn = draw_outlines(np.zeros((3, 1, 4), np.uint8), np.array([[1, 1, 2, 2]], np.uint8), [(1, 0, 0), (2, 0, 0)])
    assert drawn[0].tolist() == [[0, 1, 2, 0]]


def test_blocks_that_reach_beyond_equal_the_whole() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, (30, 30)).astype(np.uint8)
    photo = rng.integers(0, 200, (3, 30, 30), dtype=np.uint8)
    colors = [(255, 0, 0), (0, 255, 0)]
    whole = draw_outlines(photo, codes, colors)
    part = (slice(10 - REACH, 20 + REACH), slice(5 - REACH, 9 + REACH))
    block = draw_outlines(photo[:, *part], codes[part], colors)[:, REACH:-REACH, REACH:-REACH]
    assert (block == whole[:, 10:20, 5:9]).all()
