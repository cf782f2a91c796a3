"""Lay colors over a photo."""

import numpy as np
from numpy.typing import NDArray

OPACITY = 0.35
"""How much of an opaque color is seen; the rest is the photo."""


def blend(photo: NDArray[np.uint8], painted: NDArray[np.uint8], opacity: float = OPACITY) -> NDArray[np.uint8]:
    """Lay painted classes over the photo that they were made of.

    Parameters
    ----------
    photo : array of uint8, shape (3, row, col)
        Red, green, blue.
    painted : array of uint8, shape (4, row, col)
        Red, green, blue, alpha, as `tsraster.colorize` gives them; where alpha is 0, as for "no class", the photo stays.
    opacity : float
        From 0, only the photo, to 1, only the colors.

    Returns
    -------
    array of uint8, shape (3, row, col)
        Rounded to the nearest whole number.

    Examples
    --------
    >>> photo = np.full((3, 1, 2), 100, np.uint8)
    >>> painted = np.array([[[200, 200]], [[0, 0]], [[100, 100]], [[255, 0]]], np.uint8)
    >>> blend(photo, painted, 0.5)[:, 0].T
    array([[150,  50, 100],
           [100, 100, 100]], dtype=uint8)
    """
    weight = np.rint(painted[3] * opacity).astype(np.uint16)
    mixed = painted[:3] * weight + photo * (255 - weight) + 127
    return np.asarray(mixed // 255, dtype=np.uint8)
