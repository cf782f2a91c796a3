"""`LabelShapes`: shapes with classes, laid over the pixels of a raster, and drawn window by window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import rasterio.features
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.raster import Window, without_place_warning
from tsraster.reading.labelvectors.wkb import Part

_TILE = 256
"""Rows and columns of the tiles in which shapes are drawn, whatever is asked for, so that no pixel depends on the window."""

_SURE = 0.75
"""A polygon whose area is so many times its outline, in pixels, has a disk in it that no grid of centers can miss."""

_MOST_CROSSINGS = 2**18
"""Of edges and rows that are looked at together."""


@dataclass(frozen=True, kw_only=True)
class LabelTally:
    """What the drawn labels are."""

    pixels: Mapping[int, int]
    """How many each code has, those without any among them."""
    ambiguous: int
    """How many lie in shapes of more than one class, and so have none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelShapes:
    """Shapes with classes, in pixels of a raster.

    A pixel gets the class of a polygon that its center lies in, of a line that touches it, and of a point that lies in it; a
    polygon that holds no center at all, because it is too small or too thin, gets the one pixel in which a point inside of it
    lies. Where shapes of different classes meet, the pixel gets none: nobody can tell which of them is right.

    Examples
    --------
    >>> square = Part("polygon", (np.array([[1.0, 0], [3, 0], [3, 2], [1, 2]]),))
    >>> shapes = LabelShapes(name="square", shape=(2, 4), codes=(7,), names=("ice",), parts=(square,), classes=(0,))
    >>> shapes.draw(Window(row=0, col=0, rows=2, cols=4))
    array([[0, 7, 7, 0],
           [0, 7, 7, 0]], dtype=uint8)
    """

    name: str
    """The file."""
    shape: tuple[int, int]
    """Rows and columns of the raster."""
    codes: tuple[int, ...]
    """Of the classes, shape (K,); from 1 to 65535."""
    names: tuple[str, ...]
    """Of the classes, shape (K,)."""
    parts: tuple[Part, ...]
    """Points, lines and polygons; coordinates are (column, row), and 0, 0 is the upper left corner of the first pixel."""
    classes: tuple[int, ...]
    """For each part, the index of its class in `codes`."""
    column: str = ""
    """Where the classes are from."""
    count: int = 0
    """How many shapes of the file have a class and a geometry."""
    outside: int = 0
    """How many of them lie outside of the raster."""
    unlabeled: int = 0
    """How many shapes of the file have no class, or no geometry, and are left out."""

    @property
    def dtype(self) -> str:
        """The type of drawn labels: the smallest that holds the codes."""
        return "uint8" if max(self.codes, default=0) <= 255 else "uint16"

    def renumber(self, codes: Mapping[str, int]) -> LabelShapes:
        """Return the same shapes with other codes, by the names of their classes; for files that are to share their classes.

        Raises
        ------
        DataError
            A name has no code.
        """
        missing = [name for name in self.names if name not in codes]
        if missing:
            raise DataError(
                f"{self.name} has the class {missing[0]!r}, which is none of those known: {', '.join(codes)}"
            )
        return replace(self, codes=tuple(codes[name] for name in self.names))

    def draw(self, window: Window | None = None) -> NDArray[Any]:
        """Draw the labels of a window; those of all of the raster when None.

        Returns
        -------
        array of `dtype`, shape (row, col)
            Codes; 0 where there is no label, or more than one class.
        """
        rows, cols = self.shape
        window = window or Window(row=0, col=0, rows=rows, cols=cols)
        drawn = np.zeros((window.rows, window.cols), dtype=self.dtype)
        for tile in self._list_tiles(window):
            place = _common(tile, window)
            drawn[place.inside(window)] = self._draw_tile(tile)[0][place.inside(tile)]
        return drawn

    def windows(self) -> list[Window]:
        """Return windows that hold all labels and do not overlap, so that only there need anything be read."""
        rows, cols = self.shape
        return list(self._list_tiles(Window(row=0, col=0, rows=rows, cols=cols)))

    def tally(self) -> LabelTally:
        """Count the labels of all of the raster, tile by tile."""
        pixels, ambiguous = dict.fromkeys(self.codes, 0), 0
        for tile in self.windows():
            drawn, unclear = self._draw_tile(tile)
            ambiguous += unclear
            for code, count in zip(*np.unique(drawn[drawn > 0], return_counts=True), strict=True):
                pixels[int(code)] += int(count)
        return LabelTally(pixels=pixels, ambiguous=ambiguous)

    @cached_property
    def _boxes(self) -> NDArray[np.float64]:
        """Left, top, right, bottom of each part, shape (part, 4)."""
        boxes = [(*part.rings[0].min(axis=0), *part.rings[0].max(axis=0)) for part in self.parts]
        return np.array(boxes, dtype=np.float64).reshape(len(boxes), 4)

    def _find_parts(self, window: Window) -> NDArray[np.intp]:
        """Return which parts may have pixels in a window, and at times some more."""
        left, top, right, bottom = self._boxes.T
        in_cols = (right >= window.col - 1) & (left <= window.col + window.cols + 1)
        return np.flatnonzero(in_cols & (bottom >= window.row - 1) & (top <= window.row + window.rows + 1))

    def _list_tiles(self, window: Window) -> Iterator[Window]:
        """Yield the tiles that share pixels with a window and may have labels."""
        rows, cols = self.shape
        for row in range(window.row // _TILE * _TILE, window.row + window.rows, _TILE):
            band = Window(row=row, col=0, rows=min(_TILE, rows - row), cols=cols)
            near = self._boxes[self._find_parts(band)]
            for col in range(window.col // _TILE * _TILE, window.col + window.cols, _TILE):
                if ((near[:, 2] >= col - 1) & (near[:, 0] <= col + _TILE + 1)).any():
                    yield replace(band, col=col, cols=min(_TILE, cols - col))

    def _draw_tile(self, tile: Window) -> tuple[NDArray[Any], int]:
        """Return the labels of a tile, and how many of its pixels have more than one class."""
        drawn = np.zeros((tile.rows, tile.cols), dtype=self.dtype)
        times = np.zeros(drawn.shape, dtype=np.uint16)
        found = self._find_parts(tile)
        classes = np.asarray(self.classes, dtype=np.intp)[found]
        # Those of equal codes are one class, as after `renumber`.
        codes = np.asarray(self.codes)[classes]
        for code in np.unique(codes):
            mask = draw_parts([self.parts[i] for i in found[codes == code]], tile)
            drawn[mask] = code
            times += mask
        drawn[times > 1] = 0
        return drawn, int(np.count_nonzero(times > 1))


def draw_parts(parts: Sequence[Part], window: Window) -> NDArray[np.bool_]:
    """Return which pixels of a window the parts cover, shape (row, col)."""
    mask = np.zeros((window.rows, window.cols), dtype=np.uint8)
    corner = np.array([window.col, window.row], dtype=np.float64)
    for kind, touched in (("polygon", False), ("line", True)):
        shapes = [_as_geojson(part, corner) for part in parts if part.kind == kind]
        if shapes:
            # Coordinates are pixels already, and rasterio would warn of that.
            with without_place_warning():
                rasterio.features.rasterize(shapes, out=mask, default_value=1, all_touched=touched)
    points = [part.rings[0] for part in parts if part.kind == "point"]
    if points:
        cols, rows = np.floor(np.concatenate(points) - corner).astype(np.int64).T
        inside = (rows >= 0) & (rows < window.rows) & (cols >= 0) & (cols < window.cols)
        mask[rows[inside], cols[inside]] = 1
    return mask.astype(np.bool_)


def settle_part(part: Part) -> Part:
    """Return a part that has a pixel for certain: a polygon without a center, or a line without length, becomes a point."""
    if part.kind == "line" and not np.ptp(part.rings[0], axis=0).any():
        return Part("point", (part.rings[0][:1],))
    if part.kind != "polygon" or _is_large(part) or _has_center(part):
        return part
    return Part("point", (_find_inside(part),))


def _as_geojson(part: Part, corner: NDArray[np.float64]) -> dict[str, Any]:
    rings = [(ring - corner).tolist() for ring in part.rings]
    if part.kind == "line":
        return {"type": "LineString", "coordinates": rings[0]}
    # A ring has four vertices at least; rasterio refuses shorter ones.
    return {"type": "Polygon", "coordinates": [[*ring, *[ring[0]] * 3] for ring in rings]}


def _is_large(part: Part) -> bool:
    area, outline = 0.0, 0.0
    for number, ring in enumerate(part.rings):
        step = np.roll(ring, -1, axis=0) - ring
        own = abs(float(np.sum(ring[:, 0] * step[:, 1] - ring[:, 1] * step[:, 0]))) / 2
        area += -own if number else own
        outline += float(np.hypot(*step.T).sum())
    return area > _SURE * outline


def _has_center(part: Part) -> bool:
    """Tell whether the center of any pixel lies in a polygon, by the rule that GDAL fills it by."""
    start, end = _list_edges(part)
    top, bottom = np.floor(part.rings[0][:, 1].min()), np.ceil(part.rings[0][:, 1].max())
    step = max(1, _MOST_CROSSINGS // len(start))
    for first in np.arange(top, bottom, step):
        heights = np.arange(first, min(first + step, bottom)) + 0.5
        crossings = np.sort([_cross(start, end, height) for height in heights], axis=1)
        pairs = np.floor(crossings[:, : crossings.shape[1] // 2 * 2] + 0.5)
        with np.errstate(invalid="ignore"):
            if (pairs[:, 1::2] > pairs[:, ::2]).any():
                return True
    return False


def _list_edges(part: Part) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.concatenate(part.rings), np.concatenate([np.roll(ring, -1, axis=0) for ring in part.rings])


def _cross(start: NDArray[np.float64], end: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    """Return where edges cross a height, shape (edge,); infinite for those that do not."""
    (x0, y0), (x1, y1) = start.T, end.T
    crosses = (y0 <= height) != (y1 <= height)
    rise = np.where(crosses, y1 - y0, 1)
    return np.where(crosses, x0 + (height - y0) / rise * (x1 - x0), np.inf)


def _find_inside(part: Part) -> NDArray[np.float64]:
    """Return a point inside of a polygon: the middle of its widest stretch at half its height."""
    height = (part.rings[0][:, 1].min() + part.rings[0][:, 1].max()) / 2
    crossings = _cross(*_list_edges(part), height)
    crossings = np.sort(crossings[np.isfinite(crossings)])
    pairs = crossings[: len(crossings) // 2 * 2].reshape(-1, 2)
    if not len(pairs):
        return part.rings[0][:1]
    widest = pairs[np.argmax(pairs[:, 1] - pairs[:, 0])]
    return np.array([[widest.mean(), height]])


def _common(one: Window, other: Window) -> Window:
    row, col = max(one.row, other.row), max(one.col, other.col)
    bottom, right = min(one.row + one.rows, other.row + other.rows), min(one.col + one.cols, other.col + other.cols)
    return Window(row=row, col=col, rows=bottom - row, cols=right - col)
