"""Color to gray by luminance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError

WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Red, green, blue: the luminance of the phosphors of Rec. 709, as scikit-image has it."""


def luminance(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Weigh red, green and blue to a gray from 0 to 1.

    Each pixel is computed for itself, so that blocks equal the whole to the last bit. scikit-image's `rgb2gray`, which
    has the same weights, multiplies matrices, and its last bit depends on the shape of the array: the two
    differ by at most 2.3e-16.

    Parameters
    ----------
    rgb : array of uint8 or uint16, shape (3, ...)
        Red, green and blue over the whole range of the type.

    Returns
    -------
    array of float64, shape (...)
        0 is black and 1 is white.

    Raises
    ------
    DataError
        The array is of another type, or has not three bands.

    References
    ----------
    ITU-R BT.709; C. Poynton, "Frequently asked questions about color".

    Examples
    --------
    >>> luminance(np.array([[255, 0], [255, 255], [255, 0]], np.uint8))
    array([1.    , 0.7154])
    """
    if rgb.shape[0] != 3 or rgb.dtype.type not in (np.uint8, np.uint16):
        raise DataError(f"luminance needs three bands of uint8 or uint16, and got {rgb.shape[0]} of {rgb.dtype}")
    scale = 1.0 / np.iinfo(rgb.dtype).max
    red, green, blue = (
        np.multiply(band, scale, dtype=np.float64) * weight for band, weight in zip(rgb, WEIGHTS, strict=True)
    )
    return np.asarray(red + green + blue)
