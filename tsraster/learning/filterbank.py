"""The filters of pictures and those of volumes, behind the same three methods.

Each filters a window of an array that holds the surroundings of the window as well, so far as there are any.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tsraster.learning import filters, volumefilters
from tsraster.learning.eigenvalues import root_triples

Floats = NDArray[np.float32]
Window = tuple[slice, ...]
Outs = dict[tuple[str, int], Floats]
"""Where features go, by kind and part; what is not wanted is absent."""

_DERIVED = (("smoothing", 0), ("laplacian", 0), ("gradient", 0), ("difference", 0), ("hessian", 0), ("hessian", 1))
_STRUCTURE = (("structure", 0), ("structure", 1))

_SLOPES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
"""Orders of the derivatives x, y, z, along planes, rows and columns."""
_CURVES = ((0, 0, 2), (0, 2, 0), (2, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
"""Those of xx, yy, zz, xy, xz, yz."""
_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Of slopes, in the same order."""


class Frame(NamedTuple):
    """Where the pixels around a window are in the array that it is filtered in, with mirrored borders."""

    rows: NDArray[np.int64]
    """Flat index of the first pixel that is read of each row, shape (R + 2 * radius,)."""
    inner: int
    """So many pixels are read of each row."""
    pad: int
    """So many pixels of a row are mirrored before them."""
    columns: NDArray[np.int64]
    """Place in the padded row of the pixel that each of it is a copy of, shape (C + 2 * radius,)."""
    shifts: NDArray[np.int64]
    """0, 1, ..., 2 * radius."""


def mirror(start: int, stop: int, size: int) -> NDArray[np.int64]:
    """Return the index in 0..size-1 of each of start..stop-1, mirrored at the middle of the first and last one.

    Examples
    --------
    >>> mirror(-3, 5, 3).tolist()
    [1, 2, 1, 0, 1, 2, 1, 0]
    """
    if size == 1:
        return np.zeros(stop - start, dtype=np.int64)
    place = np.abs(np.arange(start, stop, dtype=np.int64)) % (2 * size - 2)
    return np.asarray(np.minimum(place, 2 * size - 2 - place))


def plan_frame(shape: tuple[int, ...], window: Window, radius: int) -> Frame:
    """Find the pixels within `radius` of a window of a picture of that shape."""
    (row, column), (_, width) = window, shape
    first, last = max(column.start - radius, 0), min(column.stop + radius, width)
    pad = first - (column.start - radius)
    return Frame(
        rows=mirror(row.start - radius, row.stop + radius, shape[0]) * width + first,
        inner=last - first,
        pad=pad,
        columns=mirror(column.start - radius, column.stop + radius, width) - first + pad,
        shifts=np.arange(2 * radius + 1, dtype=np.int64),
    )


def grow(window: Window, reach: int, shape: tuple[int, ...]) -> Window:
    """Return a window with its surroundings, so far as there are any."""
    return tuple(
        slice(max(part.start - reach, 0), min(part.stop + reach, size))
        for part, size in zip(window, shape, strict=True)
    )


def place_within(window: Window, outer: Window) -> Window:
    """Return where a window is in an array that holds only an outer one."""
    return tuple(
        slice(part.start - base.start, part.stop - base.start) for part, base in zip(window, outer, strict=True)
    )


def measure(window: Window) -> tuple[int, ...]:
    """Return the shape of a window."""
    return tuple(part.stop - part.start for part in window)


class FilterBank(Protocol):
    """What the features of a scale are computed with."""

    def smooth(self, source: Floats, window: Window, taps: Floats, out: Floats) -> None:
        """Smooth a window."""

    def derive(self, source: Floats, window: Window, taps: tuple[Floats, ...], outs: Outs) -> None:
        """Compute all features but the structure tensor by taps of orders 0, 1, 2; the difference has what it subtracts."""

    def measure_structure(
        self, source: Floats, window: Window, taps: tuple[Floats, ...], outer: Floats, outs: Outs
    ) -> None:
        """Compute the eigenvalues of the structure tensor by taps of orders 0 and 1, and those that smooth the products."""


class PictureFilters:
    """Filters along rows and columns; arrays have shape (R, C)."""

    def smooth(self, source: Floats, window: Window, taps: Floats, out: Floats) -> None:
        """Smooth a window."""
        filters.smooth_rows(source, plan_frame(source.shape, window, len(taps) - 1), taps, out)

    def derive(self, source: Floats, window: Window, taps: tuple[Floats, ...], outs: Outs) -> None:
        """Compute smoothing, Laplacian, gradient, difference and Hessian."""
        frame = plan_frame(source.shape, window, _find_radius(taps))
        filters.derive_rows(source, frame, taps, _list_outs(outs, _DERIVED))

    def measure_structure(
        self, source: Floats, window: Window, taps: tuple[Floats, ...], outer: Floats, outs: Outs
    ) -> None:
        """Compute the structure tensor."""
        region = grow(window, len(outer) - 1, source.shape)
        products = np.empty((3, *measure(region)), dtype=np.float32)
        filters.multiply_slopes(source, plan_frame(source.shape, region, _find_radius(taps)), taps, products)
        frame = plan_frame(products.shape[1:], place_within(window, region), len(outer) - 1)
        filters.tensor_rows(products, frame, outer, _list_outs(outs, _STRUCTURE))


class VolumeFilters:
    """Filters along planes, rows and columns; arrays have shape (P, R, C)."""

    def smooth(self, source: Floats, window: Window, taps: Floats, out: Floats) -> None:
        """Smooth a window."""
        _filter_volume(source, window, (taps, taps, taps), out)

    def derive(self, source: Floats, window: Window, taps: tuple[Floats, ...], outs: Outs) -> None:
        """Compute smoothing, Laplacian, gradient, difference and Hessian."""
        kinds = {kind for kind, _ in outs}
        if kinds & {"smoothing", "difference"}:
            smoothed = _differentiate(source, window, taps, ((0, 0, 0),))[0]
        if "smoothing" in kinds:
            outs["smoothing", 0][:] = smoothed
        if "difference" in kinds:
            np.subtract(smoothed, outs["difference", 0], out=outs["difference", 0])
        if "gradient" in kinds:
            x, y, z = _differentiate(source, window, taps, _SLOPES)
            np.sqrt(x * x + y * y + z * z, out=outs["gradient", 0])
        if kinds & {"laplacian", "hessian"}:
            curves = _differentiate(source, window, taps, _CURVES if "hessian" in kinds else _CURVES[:3])
        if "laplacian" in kinds:
            np.add(curves[0] + curves[1], curves[2], out=outs["laplacian", 0])
        if "hessian" in kinds:
            _root_volume(curves, "hessian", outs)

    def measure_structure(
        self, source: Floats, window: Window, taps: tuple[Floats, ...], outer: Floats, outs: Outs
    ) -> None:
        """Compute the structure tensor."""
        region = grow(window, len(outer) - 1, source.shape)
        slopes, inside = _differentiate(source, region, taps, _SLOPES), place_within(window, region)
        entries = np.empty((6, *measure(window)), dtype=np.float32)
        for entry, (one, other) in zip(entries, _PAIRS, strict=True):
            self.smooth(slopes[one] * slopes[other], inside, outer, entry)
        _root_volume(entries, "structure", outs)


def choose_bank(dimensions: int) -> FilterBank:
    """Return the filters of pictures or of volumes."""
    return VolumeFilters() if dimensions == 3 else PictureFilters()


def _find_radius(taps: tuple[Floats, ...]) -> int:
    return max(len(one) for one in taps) - 1


def _list_outs(outs: Outs, keys: tuple[tuple[str, int], ...]) -> tuple[Floats, ...]:
    """Return a picture for each of the keys, empty where it is not wanted."""
    nothing = np.empty((0, 0), dtype=np.float32)
    return tuple(outs.get(key, nothing) for key in keys)


def _differentiate(
    source: Floats, window: Window, taps: tuple[Floats, ...], orders: tuple[tuple[int, int, int], ...]
) -> Floats:
    """Filter a window by each triple of orders along planes, rows and columns, shape (K, P, R, C)."""
    derived = np.empty((len(orders), *measure(window)), dtype=np.float32)
    for (along, down, across), out in zip(orders, derived, strict=True):
        _filter_volume(source, window, (taps[along], taps[down], taps[across]), out)
    return derived


def _filter_volume(source: Floats, window: Window, taps: tuple[Floats, ...], out: Floats) -> None:
    radius = _find_radius(taps)
    planes = mirror(window[0].start - radius, window[0].stop + radius, len(source))
    under = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(planes, 2 * radius + 1))
    volumefilters.filter_volume(source, under, plan_frame(source.shape[1:], window[1:], radius), taps, out)


def _root_volume(entries: Floats, kind: str, outs: Outs) -> None:
    """Put the eigenvalues that are wanted into their places."""
    roots = np.empty((3, *entries.shape[1:]), dtype=np.float32)
    root_triples(entries.reshape(6, -1), roots.reshape(3, -1))
    for part in range(3):
        if (kind, part) in outs:
            outs[kind, part][:] = roots[part]
