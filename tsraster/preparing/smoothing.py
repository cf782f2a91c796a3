"""Smoothing filters as scikit-image defines them, by blocks, and with nodata left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.raster import Pixels
from tsraster.registry import Registry

MOST_HALO = 400
"""Pixels a filter may reach to each side; a block with this halo still fits in memory."""

Filter = Callable[[NDArray[Any], NDArray[np.bool_], float, int], NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Smoother:
    """A filter, how far it reaches for a size, and which sizes it takes."""

    apply: Filter
    halo: Callable[[float], int]
    accepts: Callable[[float], bool]
    sizes: str
    """What sizes it takes, for an error text."""


SMOOTHERS: Registry[Smoother] = Registry("smoothing")


@dataclass(frozen=True, kw_only=True)
class Smoothing:
    """A smoother by name, and its size."""

    name: str
    size: float

    @property
    def halo(self) -> int:
        """How many pixels beyond a block are needed on each side."""
        return SMOOTHERS[self.name].halo(self.size)


def parse_smoothing(text: str) -> Smoothing:
    """Read ``gaussian:SIGMA`` or ``median:SIZE``.

    Raises
    ------
    UsageError
        The text has another form, the filter is unknown, or its size is out of range.

    Examples
    --------
    >>> parse_smoothing("gaussian:1")
    Smoothing(name='gaussian', size=1.0)
    >>> parse_smoothing("gaussian:1").halo
    4
    """
    name, _, number = text.partition(":")
    smoother = SMOOTHERS[name.strip()]
    try:
        size = float(number)
    except ValueError:
        raise UsageError(
            f"the smoothing {text!r} has no size; write {name}:SIZE, where SIZE is {smoother.sizes}"
        ) from None
    if not smoother.accepts(size):
        raise UsageError(f"the smoothing {text!r} has a size that {name} does not take; SIZE is {smoother.sizes}")
    return Smoothing(name=name.strip(), size=size)


def smooth(pixels: Pixels, smoothing: Smoothing) -> Pixels:
    """Smooth values of shape (row, col).

    Where every pixel that the filter sees is valid, the result is scikit-image's, with values outside of the raster
    repeated from its border (``mode="nearest"``) and the range of the values kept. Elsewhere the filter leaves
    the pixels out that are not valid: the Gaussian mean is that of the others by their weights, the median that of the
    others (the upper one of two). What is not valid stays so.

    Parameters
    ----------
    pixels : Pixels
        Values of shape (row, col).
    smoothing : Smoothing
        The filter.

    Returns
    -------
    Pixels
        Of the same shape; float64 for gaussian (float32 for float32), the type of the values for median.

    Notes
    -----
    A block with a halo of `smoothing.halo` valid pixels equals the whole image, bit by bit.

    Examples
    --------
    >>> spike = Pixels(data=np.array([[0, 0, 9, 0, 0]] * 3), valid=np.ones((3, 5), bool))
    >>> smooth(spike, parse_smoothing("median:3")).data[1]
    array([0, 0, 0, 0, 0])
    """
    smoother = SMOOTHERS[smoothing.name]
    data = smoother.apply(pixels.data, pixels.valid, smoothing.size, smoothing.halo)
    return Pixels(data=data, valid=pixels.valid)


def _sees_only_valid(valid: NDArray[np.bool_], halo: int) -> NDArray[np.bool_]:
    """Where the square that a filter sees holds nothing but valid pixels."""
    from scipy.ndimage import minimum_filter

    return np.asarray(minimum_filter(valid, size=2 * halo + 1, mode="nearest"))


def _gaussian(values: NDArray[Any], valid: NDArray[np.bool_], sigma: float, halo: int) -> NDArray[Any]:
    from skimage.filters import gaussian

    def blur(array: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(gaussian(array, sigma=sigma, mode="nearest", preserve_range=True))

    if valid.all():
        return blur(values)
    weighted = blur(np.where(valid, values, 0))
    weight = blur(valid.astype(weighted.dtype))
    partly = np.divide(weighted, weight, out=np.zeros_like(weighted), where=valid)
    return np.where(_sees_only_valid(valid, halo), weighted, partly)


def _median(values: NDArray[Any], valid: NDArray[np.bool_], size: float, halo: int) -> NDArray[Any]:
    whole = _median_of_all(np.where(valid, values, 0), int(size))
    if valid.all():
        return whole
    rows, cols = np.nonzero(valid & ~_sees_only_valid(valid, halo))
    at_once = max(1, _WINDOW_PIXELS // int(size) ** 2)
    for start in range(0, len(rows), at_once):
        part = slice(start, start + at_once)
        whole[rows[part], cols[part]] = _median_of_valid(values, valid, rows[part], cols[part], halo)
    return whole


def _median_of_all(values: NDArray[Any], size: int) -> NDArray[Any]:
    from skimage.filters import median

    if values.dtype.kind in "iu" and max(abs(int(values.min())), abs(int(values.max()))) > _EXACT:
        # scipy, on which scikit-image relies, compares all numbers as float64; their ranks are small and in the same order.
        levels, ranks = np.unique(values, return_inverse=True)
        return np.asarray(levels[_median_of_all(ranks.reshape(values.shape), size)])
    return np.asarray(median(values, np.ones((size, size), dtype=bool), mode="nearest"))


_EXACT = 2**53
"""Whole numbers up to this are exact as float64."""

_WINDOW_PIXELS = 2**21
"""How many pixels of windows are sorted at once beside nodata; bounds the memory."""


def _median_of_valid(
    values: NDArray[Any], valid: NDArray[np.bool_], rows: NDArray[np.intp], cols: NDArray[np.intp], halo: int
) -> NDArray[Any]:
    """The median of the valid pixels in the square around each of N places, shape (N,)."""
    reach = np.arange(-halo, halo + 1)
    row = np.clip(rows[:, None, None] + reach[:, None], 0, values.shape[0] - 1)
    col = np.clip(cols[:, None, None] + reach, 0, values.shape[1] - 1)
    seen = values[row, col].reshape(len(rows), -1)
    counts = valid[row, col].reshape(len(rows), -1)
    # What is not valid is sorted to the end, behind the largest value there can be.
    order = np.lexsort((seen, ~counts), axis=-1)
    middle = counts.sum(axis=-1) // 2
    place = np.take_along_axis(order, middle[:, None], axis=-1)
    return np.asarray(np.take_along_axis(seen, place, axis=-1)[:, 0])


SMOOTHERS.register("gaussian")(
    Smoother(
        apply=_gaussian,
        halo=lambda sigma: int(4.0 * sigma + 0.5),
        accepts=lambda sigma: 0 < sigma <= MOST_HALO / 4,
        sizes=f"the standard deviation in pixels, above 0 and at most {MOST_HALO // 4}",
    )
)
SMOOTHERS.register("median")(
    Smoother(
        apply=_median,
        halo=lambda size: int(size) // 2,
        accepts=lambda size: size in range(3, 102, 2),
        sizes="the side of the square in pixels, an odd number from 3 to 101",
    )
)
