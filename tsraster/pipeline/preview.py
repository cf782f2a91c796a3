"""A small picture of a raster that is only seen block by block."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.raster import Window

MOST_PIXELS = 1200
"""Rows or columns of a preview at the most."""


class Preview:
    """Every n-th pixel of every n-th row; the same for any blocks."""

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self.step = -(-max(shape) // MOST_PIXELS)
        self.pixels: NDArray[Any] = np.zeros([-(-length // self.step) for length in shape], dtype=dtype)

    def add(self, window: Window, block: NDArray[Any]) -> None:
        """Keep what the preview shows of a block, of shape (row, col)."""
        skip_rows, skip_cols = -window.row % self.step, -window.col % self.step
        kept = block[skip_rows :: self.step, skip_cols :: self.step]
        row, col = (window.row + skip_rows) // self.step, (window.col + skip_cols) // self.step
        self.pixels[row : row + kept.shape[0], col : col + kept.shape[1]] = kept
