"""The canvas that samples are drawn on: its size is checked once, and it has a grain of fractal noise.

Arrays are (row, col); coordinates and lengths are in pixels.
"""

from __future__ import annotations

import math
from operator import index

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError

SMALLEST = 16
"""The fewest rows and columns that a sample is drawn on; from about 48 x 64 all of its classes show."""

Floats = NDArray[np.float64]


def check_size(rows: int, columns: int) -> tuple[int, int]:
    """Return (rows, columns) as plain integers, or say why nothing can be drawn on them.

    Parameters
    ----------
    rows, columns : int
        The size of the picture to be drawn, in pixels.

    Returns
    -------
    tuple of int
        The same two numbers: the shape of the sample's arrays.

    Raises
    ------
    UsageError
        If either number is less than `SMALLEST`.
    TypeError
        If either is not an integer.

    Examples
    --------
    >>> check_size(48, 64)
    (48, 64)
    """
    shape = index(rows), index(columns)
    if min(shape) < SMALLEST:
        raise UsageError(
            f"a sample of {shape[0]} rows and {shape[1]} columns is too small to show anything: "
            f"give at least {SMALLEST} rows and {SMALLEST} columns"
        )
    return shape


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], size: float, slope: float = 2.0) -> Floats:
    """Draw isotropic noise that is smooth up to `size` pixels and fractal below it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the randomness comes from; it is advanced.
    shape : tuple of int
        (row, col).
    size : float
        The length in pixels of the largest features.
    slope : float, default 2.0
        How fast amplitude falls with frequency below `size`: 1 is rough as clouds, 2 as hills, 4 is smooth.

    Returns
    -------
    ndarray of float64, (row, col)
        Mean 0 and standard deviation 1.

    Notes
    -----
    White noise is filtered in the frequency domain. That wraps round at the edges, so a margin of one `size` is drawn
    and cut away. The same bytes come from one machine every time; others differ by rounding, about 1e-13.

    Examples
    --------
    >>> noise = fractal_noise(np.random.default_rng(0), (20, 30), size=8)
    >>> noise.shape, round(float(noise.std()), 6)
    ((20, 30), 1.0)
    """
    rows, columns = (side + math.ceil(size) for side in shape)
    spectrum = np.fft.rfft2(rng.standard_normal((rows, columns)))
    squared = np.fft.fftfreq(rows)[:, None] ** 2 + np.fft.rfftfreq(columns)[None, :] ** 2
    noise = np.fft.irfft2(spectrum * (squared + size**-2.0) ** (-slope / 2), s=(rows, columns))
    noise = noise[: shape[0], : shape[1]]
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float64)
