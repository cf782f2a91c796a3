"""The eight EXIF orientations of a photo.

A camera stores the pixels as its sensor lay and says with a number from 1 to 8 how to turn them upright.

References
----------
CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", tag 0x0112.
"""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tsraster.raster import Window


@dataclass(frozen=True)
class Orientation:
    """How to turn stored pixels upright: first swap rows and columns, then reverse rows, columns."""

    swap: bool = False
    reverse_rows: bool = False
    reverse_cols: bool = False

    def upright_shape(self, stored: tuple[int, int]) -> tuple[int, int]:
        """Return rows and columns of the upright picture."""
        return (stored[1], stored[0]) if self.swap else stored

    def stored_window(self, window: Window, upright: tuple[int, int]) -> Window:
        """Return where the pixels of a window of the upright picture, of shape `upright`, are stored."""
        row = upright[0] - window.row - window.rows if self.reverse_rows else window.row
        col = upright[1] - window.col - window.cols if self.reverse_cols else window.col
        if self.swap:
            return Window(row=col, col=row, rows=window.cols, cols=window.rows)
        return Window(row=row, col=col, rows=window.rows, cols=window.cols)

    def turn(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Turn an array of shape (..., row, col) upright."""
        upright = stored.swapaxes(-1, -2) if self.swap else stored
        return upright[..., :: -1 if self.reverse_rows else 1, :: -1 if self.reverse_cols else 1]


ORIENTATIONS = {
    "1": Orientation(),
    "2": Orientation(reverse_cols=True),
    "3": Orientation(reverse_rows=True, reverse_cols=True),
    "4": Orientation(reverse_rows=True),
    "5": Orientation(swap=True),
    "6": Orientation(swap=True, reverse_cols=True),
    "7": Orientation(swap=True, reverse_rows=True, reverse_cols=True),
    "8": Orientation(swap=True, reverse_rows=True),
}
"""By the number that EXIF gives, as the text that GDAL makes of it."""
