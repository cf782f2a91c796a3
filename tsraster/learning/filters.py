"""Compiled separable filters of pictures, in float32.

Each pixel is the result of the same operations in the same order wherever a window begins and however wide it is, so that
tiles are the same as the whole, bit for bit. The two pixels at the same distance from the middle are added first, or
subtracted for an odd kernel, and multiplied once; the products are added from the middle outward, each in one step that rounds
once, as fastfilters has them on processors of today: some thresholds of ilastik's trees are that close.

The same functions run along rows, columns and planes: pixel `j` of the result is made of the pixels ``at[...] + j`` of a flat
array. A `tsraster.learning.filterbank.Frame` says where these are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.learning.compiling import compiled
from tsraster.learning.eigenvalues import root_pairs
from tsraster.learning.fusing import multiply_add

CHUNK = 512
"""So many columns are filtered at once: the pixels under a large kernel stay in the cache of the processor."""


@compiled
def cut(flat: Any, start: Any, size: Any) -> Any:
    """Return so many pixels from a place on."""
    return flat[start : start + size]


@compiled
def filter_even(flat: Any, at: Any, taps: Any, out: Any) -> None:
    """Filter pixels with a symmetric kernel: `at` has one place a tap, the middle of them in the middle."""
    size, radius, middle = out.size, taps.size - 1, at.size // 2
    center = cut(flat, at[middle], size)
    tap, done = taps[0], min(radius, 2)
    if radius == 0:
        for j in range(size):
            out[j] = tap * center[j]
        return
    tap1, a1, b1 = taps[1], cut(flat, at[middle - 1], size), cut(flat, at[middle + 1], size)
    if radius == 1:
        for j in range(size):
            out[j] = multiply_add(tap1, a1[j] + b1[j], tap * center[j])
        return
    tap2, a2, b2 = taps[2], cut(flat, at[middle - 2], size), cut(flat, at[middle + 2], size)
    for j in range(size):
        out[j] = multiply_add(tap2, a2[j] + b2[j], multiply_add(tap1, a1[j] + b1[j], tap * center[j]))
    while done + 4 <= radius:  # four at once, so that `out` is loaded and stored less often
        near, far = middle - done, middle + done
        tap1, a1, b1 = taps[done + 1], cut(flat, at[near - 1], size), cut(flat, at[far + 1], size)
        tap2, a2, b2 = taps[done + 2], cut(flat, at[near - 2], size), cut(flat, at[far + 2], size)
        tap3, a3, b3 = taps[done + 3], cut(flat, at[near - 3], size), cut(flat, at[far + 3], size)
        tap4, a4, b4 = taps[done + 4], cut(flat, at[near - 4], size), cut(flat, at[far + 4], size)
        for j in range(size):
            inner = multiply_add(tap2, a2[j] + b2[j], multiply_add(tap1, a1[j] + b1[j], out[j]))
            out[j] = multiply_add(tap4, a4[j] + b4[j], multiply_add(tap3, a3[j] + b3[j], inner))
        done += 4
    for t in range(done + 1, radius + 1):
        tap, a1, b1 = taps[t], cut(flat, at[middle - t], size), cut(flat, at[middle + t], size)
        for j in range(size):
            out[j] = multiply_add(tap, a1[j] + b1[j], out[j])


@compiled
def filter_odd(flat: Any, at: Any, taps: Any, out: Any) -> None:
    """Filter pixels with an antisymmetric kernel, as `filter_even` otherwise."""
    size, radius, middle = out.size, taps.size - 1, at.size // 2
    tap1, a1, b1 = taps[1], cut(flat, at[middle - 1], size), cut(flat, at[middle + 1], size)
    if radius == 1:
        for j in range(size):
            out[j] = tap1 * (b1[j] - a1[j])
        return
    tap2, a2, b2 = taps[2], cut(flat, at[middle - 2], size), cut(flat, at[middle + 2], size)
    for j in range(size):
        out[j] = multiply_add(tap2, b2[j] - a2[j], tap1 * (b1[j] - a1[j]))
    for t in range(3, radius + 1):
        tap1, a1, b1 = taps[t], cut(flat, at[middle - t], size), cut(flat, at[middle + t], size)
        for j in range(size):
            out[j] = multiply_add(tap1, b1[j] - a1[j], out[j])


@compiled
def fill_ends(row: Any, frame: Any) -> None:
    """Mirror the ends of a padded row, of which the pixels between are there."""
    end = frame.pad + frame.inner
    for j in range(frame.pad):
        row[j] = row[frame.columns[j]]
    for j in range(end, row.size):
        row[j] = row[frame.columns[j]]


@compiled
def smooth_rows(source: Any, frame: Any, taps: Any, out: Any) -> None:
    """Smooth a window of a picture into `out`, shape (R, C)."""
    flat, size = source.ravel(), frame.shifts.size
    height = out.shape[0]
    padded = np.empty((height, frame.columns.size), np.float32)
    for start in range(0, frame.inner, CHUNK):
        stop = min(start + CHUNK, frame.inner)
        for i in range(height):
            filter_even(flat[start:], frame.rows[i : i + size], taps, padded[i][frame.pad + start : frame.pad + stop])
    for i in range(height):
        fill_ends(padded[i], frame)
        filter_even(padded[i], frame.shifts, taps, out[i])


@compiled
def derive_rows(source: Any, frame: Any, taps: Any, outs: Any) -> None:
    """Compute all features of a scale but the structure tensor; where the difference goes, what is subtracted is there already.

    `taps` are those of orders 0, 1 and 2. `outs`, each of shape (R, C), or empty where not wanted, take the smoothing, the
    Laplacian, the gradient, the difference and the two eigenvalues of the Hessian.
    """
    smooth, slope, curve = taps
    smoothing, laplacian, gradient, difference, large, small = outs
    has_slopes, has_hessian = gradient.size > 0, large.size > 0 or small.size > 0
    has_curves, is_smoothed = has_hessian or laplacian.size > 0, smoothing.size > 0 or difference.size > 0
    flat, size, width = source.ravel(), frame.shifts.size, frame.columns.size - frame.shifts.size + 1
    padded = np.empty(frame.columns.size, np.float32)
    inner = padded[frame.pad : frame.pad + frame.inner]
    spare, unread = np.zeros(width, np.float32), np.zeros(width, np.float32)
    x, y = np.empty(width, np.float32), np.empty(width, np.float32)
    xx, yy, xy = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    for i in range(frame.rows.size - size + 1):
        rows = frame.rows[i : i + size]
        filter_even(flat, rows, smooth, inner)
        fill_ends(padded, frame)
        if is_smoothed:
            filter_even(padded, frame.shifts, smooth, choose_row(smoothing, i, spare))
            subtract_row(choose_row(smoothing, i, spare), choose_row(difference, i, unread))
        if has_slopes:
            filter_odd(padded, frame.shifts, slope, x)
        if has_curves:
            filter_even(padded, frame.shifts, curve, xx)
        if has_slopes or has_hessian:
            filter_odd(flat, rows, slope, inner)
            fill_ends(padded, frame)
        if has_slopes:
            filter_even(padded, frame.shifts, smooth, y)
            measure_row(x, y, gradient[i])
        if has_hessian:
            filter_odd(padded, frame.shifts, slope, xy)
        if has_curves:
            filter_even(flat, rows, curve, inner)
            fill_ends(padded, frame)
            filter_even(padded, frame.shifts, smooth, yy)
            add_rows(xx, yy, choose_row(laplacian, i, unread))
        if has_hessian:
            root_pairs(xx, yy, xy, choose_row(large, i, spare), choose_row(small, i, spare))


@compiled
def choose_row(out: Any, i: Any, spare: Any) -> Any:
    """Return a row to write to, or one that nobody reads."""
    return out[i] if out.size > 0 else spare


@compiled
def subtract_row(whole: Any, out: Any) -> None:
    """Take what is in a row from another."""
    for j in range(out.size):
        out[j] = whole[j] - out[j]


@compiled
def add_rows(one: Any, other: Any, out: Any) -> None:
    """Add two rows."""
    for j in range(out.size):
        out[j] = one[j] + other[j]


@compiled
def measure_row(x: Any, y: Any, out: Any) -> None:
    """Compute the length of slopes."""
    for j in range(out.size):
        out[j] = np.sqrt(x[j] * x[j] + y[j] * y[j])


@compiled
def multiply_rows(one: Any, other: Any, out: Any) -> None:
    """Multiply two rows."""
    for j in range(out.size):
        out[j] = one[j] * other[j]


@compiled
def multiply_slopes(source: Any, frame: Any, taps: Any, out: Any) -> None:
    """Compute the products xx, yy, xy of the slopes, shape (3, R, C); `taps` are those of orders 0 and 1."""
    flat, size, width = source.ravel(), frame.shifts.size, out.shape[2]
    smooth, slope = taps
    padded = np.empty(frame.columns.size, np.float32)
    inner = padded[frame.pad : frame.pad + frame.inner]
    x, y = np.empty(width, np.float32), np.empty(width, np.float32)
    for i in range(out.shape[1]):
        rows = frame.rows[i : i + size]
        filter_even(flat, rows, smooth, inner)
        fill_ends(padded, frame)
        filter_odd(padded, frame.shifts, slope, x)
        filter_odd(flat, rows, slope, inner)
        fill_ends(padded, frame)
        filter_even(padded, frame.shifts, smooth, y)
        multiply_rows(x, x, out[0][i])
        multiply_rows(y, y, out[1][i])
        multiply_rows(x, y, out[2][i])


@compiled
def tensor_rows(products: Any, frame: Any, taps: Any, outs: Any) -> None:
    """Smooth the products of slopes, and compute the two eigenvalues; `outs` are as in `derive_rows`."""
    size, width = frame.shifts.size, frame.columns.size - frame.shifts.size + 1
    large, small = outs
    padded = np.empty(frame.columns.size, np.float32)
    inner = padded[frame.pad : frame.pad + frame.inner]
    parts, spare = np.empty((3, width), np.float32), np.empty(width, np.float32)
    for i in range(frame.rows.size - size + 1):
        for k in range(3):
            filter_even(products[k].ravel(), frame.rows[i : i + size], taps, inner)
            fill_ends(padded, frame)
            filter_even(padded, frame.shifts, taps, parts[k])
        root_pairs(parts[0], parts[1], parts[2], choose_row(large, i, spare), choose_row(small, i, spare))
