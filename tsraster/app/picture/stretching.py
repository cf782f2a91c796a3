"""Values to what a screen shows: limits of a stretch, 8-bit codes of one band, colors of three."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.preparing.lookups import look_up

_SMALL = tuple(np.dtype(name) for name in ("bool", "uint8", "int8", "uint16", "int16"))
"""Types whose values are counted and looked up in a table."""
_MOST_SORTED = 2**20
"""Of more values of other types, every n-th is looked at; their percentiles are those of all within about 0.1 percent."""
_MOST_SINGLE = 1e30
"""Limits beyond are computed in double precision, so that no difference overflows."""

Limits = tuple[float, float]
"""The values that are shown as the first and as the last color; the first may be the greater one, which inverts the picture."""


def find_limits(values: NDArray[Any], valid: NDArray[np.bool_], percentiles: Limits = (2, 98)) -> Limits:
    """Find the values between which most of the data lie.

    Only finite, valid values count. A least value that more of them have than the low percentile leaves out, and that is further
    below all others than half of what those are apart, is a fill value that the file does not declare, and does not count.

    Where both percentiles are one value, as in an image that is nearly empty, the limits are the least and the greatest value;
    where those are one value too, they lie a little below and above it, so that it is shown as middle gray. Without any data
    they are 0 and 1.

    Parameters
    ----------
    values : array, shape (..., row, col)
        Integers or floats; of one band, as a rule.
    valid : bool array, shape (row, col)
        True where there is data.
    percentiles : (low, high)
        From 0 to 100; interpolated linearly, as `numpy.percentile` does.

    Returns
    -------
    (low, high)
        low < high.

    Raises
    ------
    UsageError
        The percentiles are not in order, or beyond 0 and 100.
    DataError
        The values are complex numbers.

    Notes
    -----
    Values of 8 and 16 bits are counted, all of them. Of others, about a million are looked at, evenly spread.

    Examples
    --------
    >>> values = np.array([[0, 10, 20, 30, 40, 9999]], np.uint16)
    >>> find_limits(values, values < 9999, (25, 75))
    (10.0, 30.0)
    """
    low, high = percentiles
    if not 0 <= low < high <= 100:
        raise UsageError(f"percentiles {low:g} and {high:g} cannot be; give two from 0 to 100, the lower one first")
    _check_real(values)
    seen = values[np.broadcast_to(valid, values.shape)]
    limits = _measure(seen, low, high)
    if limits is None:
        return 0.0, 1.0
    if low > 0 and limits[0] == limits[2]:
        rest = _measure(seen[seen > limits[2]], low, high)
        if rest is not None and rest[0] - limits[2] > (rest[1] - rest[0]) / 2 > 0:
            return rest[0], rest[1]
    return _widen(*limits)


def _check_real(values: NDArray[Any]) -> None:
    if values.dtype.kind not in "biuf":
        raise DataError(f"values of type {values.dtype} have no order and cannot be shown; take integers or floats")


def _measure(seen: NDArray[Any], low: float, high: float) -> list[float] | None:
    """Return both percentiles, the least and the greatest value."""
    return _measure_small(seen, low, high) if seen.dtype in _SMALL else _measure_large(seen, low, high)


def _measure_small(seen: NDArray[Any], low: float, high: float) -> list[float] | None:
    if not seen.size:
        return None
    start = 0 if seen.dtype.kind in "bu" else int(np.iinfo(seen.dtype).min)
    offset = seen.view(f"u{seen.dtype.itemsize}") if start == 0 else seen.astype(np.int32) - start
    upto = np.bincount(offset).cumsum()

    def find(percentile: float) -> float:
        rank = percentile / 100 * (seen.size - 1)
        below, above = upto.searchsorted([math.floor(rank), math.ceil(rank)], side="right")
        return float(start + below + (above - below) * (rank % 1))

    return [find(percentile) for percentile in (low, high, 0, 100)]


def _measure_large(seen: NDArray[Any], low: float, high: float) -> list[float] | None:
    some = seen[:: max(1, seen.size // _MOST_SORTED)]
    finite = some[np.isfinite(some)]
    if not finite.size:
        return None
    with np.errstate(over="ignore"):
        return [float(limit) for limit in np.percentile(finite.astype(np.float64, copy=False), [low, high, 0, 100])]


def _widen(low: float, high: float, least: float, greatest: float) -> Limits:
    if high > low:
        return low, high
    if greatest > least:
        return least, greatest
    little = max(0.5, abs(low) * 1e-6)
    return low - little, low + little


def level_limits(limits: Limits, share: float, factor: float) -> Limits:
    """Move the middle of limits down by a share of their width, widen them, and round them to what can be seen.

    Examples
    --------
    >>> level_limits((0.0, 100.0), 0.123456, 2.0)
    (-62.3, 137.7)
    """
    low, high = limits
    width = high - low
    middle, half = (low + high) / 2 - share * width, width / 2 * factor
    return _round(middle - half, 2 * half), _round(middle + half, 2 * half)


def _round(limit: float, width: float) -> float:
    """Round to less than a thousandth of the width."""
    if not math.isfinite(width) or width == 0:
        return limit
    return float(round(limit, 4 - math.ceil(math.log10(abs(width)))))


def color_codes(
    codes: NDArray[Any], valid: NDArray[np.bool_], palette: Mapping[int, tuple[int, int, int, int]]
) -> NDArray[np.uint32]:
    """Return the colors that a file has for its codes, as Bokeh's `image_rgba` takes them; a code without one is black.

    Parameters
    ----------
    codes : array, shape (row, col)
        Unsigned integers.
    valid : bool array, shape (row, col)
        True where there is data; what is not is transparent and 0.
    palette : mapping
        From codes to (red, green, blue, alpha).

    Examples
    --------
    >>> codes = np.array([[3, 4, 3]], np.uint8)
    >>> color_codes(codes, np.array([[True, True, False]]), {3: (255, 128, 0, 255)}).view(np.uint8).tolist()
    [[255, 128, 0, 255, 0, 0, 0, 255, 0, 0, 0, 0]]
    """
    colors = np.zeros((max(int(codes.max(initial=0)), *palette, 255) + 1, 4), np.uint8)
    colors[:, 3] = 255
    for code, color in palette.items():
        colors[code] = color
    return np.where(valid, colors.view(np.uint32)[:, 0][codes], np.uint32(0))


def to_bytes(
    values: NDArray[Any], valid: NDArray[np.bool_], low: float, high: float, *, gamma: float = 1.0
) -> NDArray[np.uint8]:
    """Return 8-bit codes of values: 0 without data, 1 for `low` and what is below, 255 for `high` and what is above.

    Parameters
    ----------
    values : array, shape (row, col)
        Integers or floats; NaN is no data, infinities lie beyond the limits.
    valid : bool array, shape (row, col)
        True where there is data.
    low, high : float
        With low > high the ramp is inverted; with low = high what is equal is middle gray.
    gamma : float
        The exponent of the share between the limits: below 1 shows the dark parts brighter, above 1 darker.

    Returns
    -------
    uint8 array, shape (row, col)
        Between the limits the codes are rounded to the nearest, ties to even.

    Raises
    ------
    UsageError
        A limit is not finite, or gamma not above 0.
    DataError
        The values are complex numbers.

    Examples
    --------
    >>> values = np.array([[9.0, 10.0, 15.0, 20.0, np.nan]])
    >>> to_bytes(values, np.array([[True, True, True, True, True]]), 10, 20)
    array([[  1,   1, 128, 255,   0]], dtype=uint8)
    >>> to_bytes(values, np.array([[False, True, True, True, True]]), 20, 10)
    array([[  0, 255, 128,   1,   0]], dtype=uint8)
    """
    codes = _stretch(values, (low, high), gamma, first=1)
    if values.dtype.kind == "f":
        codes[np.isnan(values)] = 0
    # A product of zeros and ones is several times as fast as to choose places.
    return np.multiply(codes, valid, out=codes, casting="unsafe")


def to_rgba(
    values: NDArray[Any], limits: Sequence[Limits], valid: NDArray[np.bool_], *, gamma: float = 1.0
) -> NDArray[np.uint32]:
    """Return the colors of three bands as Bokeh's `image_rgba` takes them.

    Parameters
    ----------
    values : array, shape (3, row, col)
        Red, green, blue.
    limits : three of (low, high)
        Of each band: what is shown as 0 and as 255. With (0, 255), 8-bit pictures have their own colors.
    valid : bool array, shape (row, col)
        True where there is data; what is not, or is NaN in any band, is transparent and 0.
    gamma : float
        As of `to_bytes`.

    Returns
    -------
    uint32 array, shape (row, col)
        The bytes red, green, blue, alpha, in this order in memory.

    Raises
    ------
    UsageError, DataError
        As of `to_bytes`; or there are not three bands and limits.

    Examples
    --------
    >>> red = np.array([255, 128, 0], np.uint8).reshape(3, 1, 1)
    >>> to_rgba(red, [(0, 255)] * 3, np.array([[True]])).view(np.uint8)
    array([[255, 128,   0, 255]], dtype=uint8)
    """
    if len(values) != 3 or len(limits) != 3:
        raise UsageError(f"{len(values)} bands with {len(limits)} limits make no color; give three of both")
    shown = valid
    if values.dtype.kind == "f":
        shown = valid & ~np.isnan(values).any(axis=0)
    rgba = np.empty((*valid.shape, 4), np.uint8)
    for i, (band, ends) in enumerate(zip(values, limits, strict=True)):
        np.multiply(_stretch(band, ends, gamma, first=0), shown, out=rgba[..., i], casting="unsafe")
    np.multiply(shown, np.uint8(255), out=rgba[..., 3])
    return rgba.view("<u4")[..., 0]


def _stretch(values: NDArray[Any], limits: Limits, gamma: float, *, first: int) -> NDArray[np.uint8]:
    """Return codes from `first` to 255; those of NaN are arbitrary."""
    _check_real(values)
    if not all(map(math.isfinite, limits)):
        raise UsageError(f"limits {limits[0]:g} and {limits[1]:g} cannot be; give finite numbers")
    if not (math.isfinite(gamma) and gamma > 0):
        raise UsageError(f"gamma {gamma:g} cannot be; give a number above 0, 1 for a straight ramp")
    if values.dtype not in _SMALL:
        return _ramp(values, limits, gamma, first)
    bits = np.arange(2 ** (8 * values.dtype.itemsize)).astype(f"u{values.dtype.itemsize}")
    numbers = bits if values.dtype.kind == "b" else bits.view(values.dtype)
    return look_up(_ramp(numbers, limits, gamma, first), values)


def _ramp(values: NDArray[Any], limits: Limits, gamma: float, first: int) -> NDArray[np.uint8]:
    low, high = limits
    if not math.isfinite(high - low):
        return _ramp(values / 2, (low / 2, high / 2), gamma, first)
    is_single = values.dtype.kind == "f" and values.dtype.itemsize <= 4 and max(abs(low), abs(high)) < _MOST_SINGLE
    share: NDArray[np.floating[Any]] = values.astype(np.float32 if is_single else np.float64)
    with np.errstate(all="ignore"):
        share -= low
        if high == low:
            # Below, at and above the only limit.
            share = np.sign(share) / 2 + 0.5
        else:
            share /= high - low
        np.clip(share, 0, 1, out=share)
        if gamma != 1:
            share **= gamma
        share *= 255 - first
        share += first
        return np.asarray(np.rint(share, out=share), np.uint8)
