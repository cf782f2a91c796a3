"""`NpyWriter`: an image as NumPy's own file of one array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib import format as npyformat
from numpy.typing import NDArray

from tsraster.raster import Window
from tsraster.writing.arrayfiles import ArrayWriter


class NpyWriter(ArrayWriter):
    """Write an image as an array of shape (row, col), or (row, col, band) where it has bands, as ilastik does.

    Notes
    -----
    Rows are written at their place in the file, and nothing waits in memory. The file is not mapped into memory, where a full
    disk would end the process.
    """

    def list_losses(self) -> list[str]:
        """Say in one line what of the image the format cannot hold."""
        image = self.image
        lost = [
            what
            for what, has in (
                ("place", not image.georef.is_plain),
                ("names of the bands", image.names),
                ("names and colors of the classes", image.codes),
            )
            if has
        ]
        return [f"the {', the '.join(lost)}: not in {self.path.name}, because .npy holds numbers only"] if lost else []

    def _open(self) -> None:
        image = self.image
        bands = (image.bands,) if image.names or image.bands > 1 else ()
        self._file = open(self.path, "w+b")  # noqa: SIM115, it is closed at the end of the block
        said = {"descr": npyformat.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (*image.shape, *bands)}
        npyformat.write_array_header_1_0(self._file, said)
        self._start = self._file.tell()
        if image.nodata:
            self._fill(np.full(image.shape[1] * image.bands, image.nodata, dtype=self.dtype).tobytes())
        else:
            self._file.truncate(self._start + self._left)

    def _fill(self, row: bytes) -> None:
        for _ in range(self.image.shape[0]):
            self._file.write(row)

    def _put(self, window: Window, layers: NDArray[Any]) -> None:
        rows = np.ascontiguousarray(np.moveaxis(layers, 0, -1))
        pixel = self.image.bands * self.dtype.itemsize
        # Windows of full width lie in one piece.
        pieces = [rows] if window.cols == self.image.shape[1] else list(rows)
        for number, piece in enumerate(pieces):
            first = (window.row + number) * self.image.shape[1] + window.col
            self._file.seek(self._start + first * pixel)
            self._file.write(piece.data)
        self._file.flush()

    def _close(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
