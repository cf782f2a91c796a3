"""How the blocks of a picture become values, and what is counted on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError
from tsraster.inversion.recovery import HAS_NO_VALUE, Reason, Recovered, Recoverer, join_columns
from tsraster.pipeline.colors import flatten_depth, read_colors
from tsraster.pipeline.preview import Preview
from tsraster.raster import Pixels, Raster, Window

_PART_PIXELS = 2**17
"""So many pixels are recovered together; then most of what is made on the way stays in the cache of a processor."""

_BINS_PER_STEP = 256
_BINS = math.ceil(_BINS_PER_STEP * math.sqrt(3) * 255) + 1
"""Distances are counted so finely that their mean is not seen to be above the largest."""


def check_picture(raster: Raster) -> None:
    """Raise `BandError` unless a raster has colors: red, green, blue, a palette, or a single band of gray of 8 or 16 bits."""
    if not (raster.is_color or raster.has_palette_picture or _is_gray(raster)):
        raise BandError(
            f"{raster.name} is no picture, and values are found by color; it has {raster.list_bands()}, "
            "and not red, green and blue, a palette, or one band of gray"
        )


def _is_gray(raster: Raster) -> bool:
    bands = raster.data_bands
    return len(bands) == 1 and bands[0].dtype in ("uint8", "uint16") and not raster.palette


def read_picture(raster: Raster, window: Window) -> Pixels:
    """Read the colors of a window, uint8, shape (3, row, col); a gray has three channels of the same."""
    if not _is_gray(raster):
        pixels = read_colors(raster, window)
        return replace(pixels, data=flatten_depth(pixels.data))
    pixels = raster.read(window)
    return replace(pixels, data=np.repeat(flatten_depth(pixels.data), 3, axis=0))


@dataclass(frozen=True, kw_only=True, eq=False)
class InvertJob:
    """How a picture, or the part of it in a box, is inverted; can be sent to another process."""

    raster: Raster
    region: Window
    """The part; windows are counted from its corner."""
    recoverer: Recoverer
    mask: Raster | None = None
    """Of the size of the whole picture; what is not 0 in it is masked."""

    def work_on(self, window: Window) -> tuple[Recovered, NDArray[np.uint8]]:
        """Return what a window becomes, and its colors."""
        inner = replace(window, row=window.row + self.region.row, col=window.col + self.region.col)
        outer = inner.grown(self.recoverer.rules.reach, self.raster.shape)
        pixels = read_picture(self.raster, outer)
        masked = None if self.mask is None else _read_mask(self.mask, outer)
        rows, cols = inner.inside(outer)
        width = max(1, _PART_PIXELS // outer.rows)
        parts = [
            self._recover(pixels, masked, rows, slice(col, min(col + width, cols.stop)))
            for col in range(cols.start, cols.stop, width)
        ]
        return join_columns(parts), pixels.data[:, rows, cols]

    def _recover(self, pixels: Pixels, masked: NDArray[np.bool_] | None, rows: slice, cols: slice) -> Recovered:
        """Recover some columns: what is made on the way takes many times the memory of the pixels."""
        reach = self.recoverer.rules.reach
        begin = max(0, cols.start - reach)
        around = slice(begin, cols.stop + reach)
        found = self.recoverer.recover(
            np.ascontiguousarray(pixels.data[:, :, around]),
            pixels.valid[:, around],
            None if masked is None else masked[:, around],
        )
        return found.crop((rows, slice(cols.start - begin, cols.stop - begin)))


def _read_mask(mask: Raster, window: Window) -> NDArray[np.bool_]:
    pixels = mask.read(window)
    return np.asarray(pixels.valid & (pixels.data != 0).any(axis=0))


@dataclass(kw_only=True, eq=False)
class InvertTally:
    """What is counted of the blocks."""

    shape: tuple[int, int]
    reasons: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Reason), np.int64))
    distances: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    """Of the pixels whose value was read from their color."""
    largest_distance: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def __post_init__(self) -> None:
        self.picture = [Preview(self.shape, np.dtype(np.uint8)) for _ in range(3)]
        self.values = Preview(self.shape, np.dtype(np.float32))
        self.mask = Preview(self.shape, np.dtype(np.uint8))

    def add(self, window: Window, found: Recovered, colors: NDArray[np.uint8]) -> None:
        """Count a block."""
        self.reasons += np.bincount(found.reasons.ravel(), minlength=len(Reason))
        has_value = ~np.isin(found.reasons, HAS_NO_VALUE)
        if has_value.any():
            values = found.values[has_value]
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        distances = found.distance[has_value & (found.reasons != Reason.FILLED)]
        self.distances += np.bincount((distances * _BINS_PER_STEP + 0.5).astype(np.intp), minlength=_BINS)
        self.largest_distance = max(self.largest_distance, float(distances.max(initial=0)))
        for preview, layer in zip(
            (*self.picture, self.values, self.mask), (*colors, found.values, found.reasons), strict=True
        ):
            preview.add(window, layer)

    def count(self, *reasons: Reason) -> int:
        """Return how many pixels have one of these reasons."""
        return int(self.reasons[list(reasons)].sum())

    @property
    def compared(self) -> int:
        """How many pixels have a value that was read from their color."""
        return int(self.distances.sum())

    @property
    def mean_distance(self) -> float:
        """Mean over these; NaN where there are none."""
        return self._average(1)

    @property
    def rms_distance(self) -> float:
        """Root mean square over these; NaN where there are none."""
        return math.sqrt(self._average(2))

    def _average(self, power: int) -> float:
        centers = np.arange(_BINS) / _BINS_PER_STEP
        return float((self.distances * centers**power).sum() / self.compared) if self.compared else math.nan
