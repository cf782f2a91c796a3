"""Compiled separable filters of volumes: along the planes first, and then each plane as a picture is filtered."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.learning.compiling import compiled
from tsraster.learning.filters import CHUNK, fill_ends, filter_even, filter_odd


@compiled
def filter_line(flat: Any, at: Any, taps: Any, out: Any) -> None:
    """Filter pixels with an even kernel, or with an odd one, which is known by the 0 in its middle."""
    if taps[0] == 0:
        filter_odd(flat, at, taps, out)
    else:
        filter_even(flat, at, taps, out)


@compiled
def mix_planes(volume: Any, planes: Any, taps: Any, out: Any) -> None:
    """Filter along the planes: `planes` are those under the taps, `out` is the plane in the middle, shape (R, C)."""
    flat, mixed, at = volume.ravel(), out.ravel(), planes * out.size
    for start in range(0, mixed.size, CHUNK):
        filter_line(flat[start:], at, taps, mixed[start : start + CHUNK])


@compiled
def filter_plane(source: Any, frame: Any, down: Any, across: Any, out: Any) -> None:
    """Filter a window of a picture down its columns, then across its rows, into `out`, shape (R, C)."""
    flat, size = source.ravel(), frame.shifts.size
    padded = np.empty(frame.columns.size, np.float32)
    inner = padded[frame.pad : frame.pad + frame.inner]
    for i in range(out.shape[0]):
        filter_line(flat, frame.rows[i : i + size], down, inner)
        fill_ends(padded, frame)
        filter_line(padded, frame.shifts, across, out[i])


@compiled
def filter_volume(source: Any, planes: Any, frame: Any, taps: Any, out: Any) -> None:
    """Filter a window of a volume into `out`, shape (P, R, C).

    `planes` has a row of planes under the taps for each plane of `out`; `taps` are those along planes, rows and columns.
    """
    along, down, across = taps
    mixed = np.empty(source.shape[1:], np.float32)
    for p in range(out.shape[0]):
        mix_planes(source, planes[p], along, mixed)
        filter_plane(mixed, frame, down, across, out[p])
