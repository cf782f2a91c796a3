"""The nearest color of a scale for every pixel: each color that occurs is asked for once, and then looked up."""

from __future__ import annotations

import threading
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.inversion.colorscale import ColorScale

Space = Literal["rgb", "lab", "ycbcr"]
SPACES: tuple[Space, ...] = ("rgb", "lab", "ycbcr")

_CHROMA = 0.4
"""How much chroma counts beside luma in "ycbcr", as JPEG keeps it at half the resolution and in coarser steps. Shares of 0.25 to
0.5 gave errors of 0.65 to 0.9 of those in RGB on terrain in jet, viridis, turbo and coolwarm, for qualities 75 and 95."""
_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""Luma and chroma of JPEG (JFIF 1.02)."""
WEIGHTS = _YCBCR * [[1], [_CHROMA], [_CHROMA]]
"""From red, green, blue to luma and what chroma counts beside it; a gray that is 1 brighter lies 1 further."""

_CHUNK = 2**16
"""Pixels that are looked up together: what is made of them on the way stays in the cache of a processor."""


class ColorMatcher:
    """Find for each pixel the color of a scale that is nearest to its own.

    Parameters
    ----------
    scale : ColorScale
        The colors.
    space : "rgb", "lab" or "ycbcr"
        Where distances are measured: in RGB; in CIELAB (D65); or in RGB with less weight on chroma, for pictures that were
        stored as JPEG.

    Raises
    ------
    UsageError
        There is no such space.

    Notes
    -----
    The table of answers has 2**24 entries of 2 bytes, one for each color of 8 bits a channel, and is filled as colors occur. So
    the time of the search depends on the number of colors, and that of the rest is that of a look-up. Any thread may ask; the
    answer for a color never depends on others. Of a color that the scale has several times the middle one is taken, as at the
    ends of some colormaps; of two different ones that are equally near, always the same.

    Examples
    --------
    >>> gray = ColorScale(name="gray", colors=np.array([[0, 0, 0], [100, 100, 100]]), values=np.array([0, 1]))
    >>> ColorMatcher(gray).match(np.array([[[10, 90]], [[0, 99]], [[7, 95]]], np.uint8))
    array([[0, 1]], dtype=uint16)
    """

    def __init__(self, scale: ColorScale, space: Space = "rgb") -> None:
        if space not in SPACES:
            raise UsageError(f"there is no color space {space!r} to match in; choose from {', '.join(SPACES)}")
        self.scale, self.space = scale, space
        self._start()

    def _start(self) -> None:
        from scipy.spatial import cKDTree

        colors, self._places = _list_colors(self.scale)
        self._tree = cKDTree(self._project(colors))
        # 0 is what nobody has asked for; else 1 more than the place in the scale.
        self._table = np.zeros(2**24, np.uint16)
        self._one_at_a_time = threading.Lock()

    def __getstate__(self) -> tuple[ColorScale, Space]:
        return self.scale, self.space

    def __setstate__(self, state: tuple[ColorScale, Space]) -> None:
        self.scale, self.space = state
        self._start()

    def match(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return the place in the scale of the nearest color of each pixel.

        Parameters
        ----------
        pixels : array of uint8, shape (3, ...)
            Red, green, blue.

        Returns
        -------
        array of uint16, shape (...)
        """
        return self._look_up(pixels, np.arange(len(self.scale.values), dtype=np.uint16))

    def read_values(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the value of the nearest color of each pixel: float32, shape (...) for pixels of shape (3, ...)."""
        return self._look_up(pixels, self.scale.values.astype(np.float32))

    def _look_up(self, pixels: NDArray[np.uint8], entries: NDArray[Any]) -> NDArray[Any]:
        """Return the entry, shape (N,), of the nearest color of each pixel."""
        flat = pixels.reshape(3, -1)
        found = np.empty(flat.shape[1], entries.dtype)
        shifted = np.concatenate([entries[:1], entries])
        for start in range(0, len(found), _CHUNK):
            part = slice(start, start + _CHUNK)
            keys = _join_channels(flat[:, part])
            places = self._table[keys]
            if not places.all():
                self._search(keys[places == 0])
                places = self._table[keys]
            found[part] = shifted[places]
        return found.reshape(pixels.shape[1:])

    def _search(self, keys: NDArray[np.int64]) -> None:
        """Fill the table for colors that occur for the first time."""
        new = np.unique(keys)
        colors = np.stack([new >> 16, new >> 8 & 255, new & 255], axis=-1).astype(np.float64)
        _, nearest = self._tree.query(self._project(colors))
        with self._one_at_a_time:
            self._table[new] = self._places[nearest] + 1

    def _project(self, colors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return colors, shape (N, 3), where their distances are measured."""
        if self.space == "lab":
            from skimage.color import rgb2lab

            return np.asarray(rgb2lab(colors / 255))
        if self.space == "ycbcr":
            return np.asarray(colors @ WEIGHTS.T)
        return colors


def _list_colors(scale: ColorScale) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return each color of a scale once, with its place; the middle one where it occurs several times."""
    colors = scale.colors if scale.twins is None else np.concatenate([scale.colors, scale.twins])
    places = np.arange(len(colors)) % len(scale.colors)
    different, inverse, counts = np.unique(colors, axis=0, return_inverse=True, return_counts=True)
    by_color = np.lexsort([places, inverse.ravel()])
    middles = np.cumsum(counts) - counts + (counts - 1) // 2
    return different, places[by_color[middles]]


def _join_channels(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return each color as one number of 24 bits."""
    keys: NDArray[np.int64] = pixels[0].astype(np.int64)
    keys <<= 8
    keys |= pixels[1]
    keys <<= 8
    keys |= pixels[2]
    return keys
