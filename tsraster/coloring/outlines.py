"""Draw the borders of classes on a photo, so that one sees what was found and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

REACH = 1
"""Pixels beyond a block that its outlines depend on."""

COLORS = ((255, 255, 0), (255, 0, 255), (0, 255, 0), (255, 128, 0), (0, 255, 255), (255, 0, 0))
"""Of the outlines of class 1, 2, ..., and again from the first: bright ones, which stones seldom have."""


def draw_outlines(
    photo: NDArray[np.uint8], codes: NDArray[Any], colors: Sequence[tuple[int, int, int]]
) -> NDArray[np.uint8]:
    """Draw the outline of each patch of a class on a photo: its own pixels that touch others by a side.

    The border of the picture is no outline, and pixels of code 0 have none.

    Parameters
    ----------
    photo : array of uint8, shape (3, row, col)
        Red, green, blue.
    codes : array of unsigned integers, shape (row, col)
        Classes 1 to K, and 0 for none.
    colors : sequence of K colors
        Red, green, blue of each class.

    Returns
    -------
    array of uint8, shape (3, row, col)

    Examples
    --------
    >>> codes = np.zeros((5, 5), np.uint8)
    >>> codes[1:4, 1:4] = 1
    >>> draw_outlines(np.zeros((3, 5, 5), np.uint8), codes, [(9, 0, 0)])[0]
    array([[0, 0, 0, 0, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 0, 9, 0],
           [0, 9, 9, 9, 0],
           [0, 0, 0, 0, 0]], dtype=uint8)
    """
    on_border = np.zeros(codes.shape, dtype=np.bool_)
    for border, found in ((on_border, codes), (on_border.T, codes.T)):
        differs = found[1:] != found[:-1]
        border[1:] |= differs
        border[:-1] |= differs
    on_border &= codes != 0
    drawn = photo.copy()
    drawn[:, on_border] = np.array([(0, 0, 0), *colors], dtype=np.uint8)[codes[on_border]].T
    return drawn
