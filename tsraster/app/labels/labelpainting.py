"""`paint_labels`: labels as a layer of the picture."""

from __future__ import annotations

from tsraster.app.bench import Painting
from tsraster.app.labels.labeltiles import LabelTiles
from tsraster.raster import Window


def paint_labels(labels: LabelTiles, seen: Window, step: int) -> Painting:
    """Return the layer of labels in cells of step x step pixels, which lie as those of `read_view` do.

    Parameters
    ----------
    labels : LabelTiles
        Those of a moment.
    seen : Window
        Of the raster.
    step : int
        Side of a cell, in pixels of the raster.

    Returns
    -------
    name, codes, box
        For `Canvas.paint`; codes of uint8, shape (row, col).
    """
    rows, cols = labels.shape
    top, left = seen.row // step * step, seen.col // step * step
    bottom, right = -(-(seen.row + seen.rows) // step) * step, -(-(seen.col + seen.cols) // step) * step
    window = Window(row=top, col=left, rows=min(bottom, rows) - top, cols=min(right, cols) - left)
    return "labels", labels.read_decimated(window, step), (float(left), float(top), float(right), float(bottom))
