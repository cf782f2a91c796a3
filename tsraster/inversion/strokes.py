"""Letters and lines in a color of the map, such as black on gray: thin forms that stand out from all around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIDE = 5
"""Pixels; a stroke is thinner than this."""

REACH = _SIDE - 1
"""How many pixels around one decide whether it is part of a stroke."""


def find_strokes(values: NDArray[np.float32], step: float) -> NDArray[np.bool_]:
    """Find thin forms that are lower, or higher, than what lies on both sides of them.

    These are the pixels that the closing with a square of 5 x 5 raises, or the opening lowers, by more than a step (the top-hats
    of morphology). Ridges of data are found as well, if they are as thin and as high.

    Parameters
    ----------
    values : array of float32, shape (row, col)
        Without NaN.
    step : float
        In their units.

    Returns
    -------
    array of bool, shape (row, col)

    References
    ----------
    P. Soille, Morphological Image Analysis (2nd edition, 2003), section 4.5.

    Examples
    --------
    >>> field = np.zeros((9, 9), np.float32)
    >>> field[:, 4] = 1  # a line
    >>> field[0:5, 5:] = 1  # the corner of a form that is 5 pixels wide
    >>> find_strokes(field, 0.5).any(axis=0).astype(int)
    array([0, 0, 0, 0, 1, 0, 0, 0, 0])
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    raised = minimum_filter(maximum_filter(values, _SIDE, mode="nearest"), _SIDE, mode="nearest")
    lowered = maximum_filter(minimum_filter(values, _SIDE, mode="nearest"), _SIDE, mode="nearest")
    return np.asarray((raised - values > step) | (values - lowered > step))
