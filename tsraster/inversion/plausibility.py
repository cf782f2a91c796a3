"""How far the value of a pixel can be trusted: the noise of its color, and the values whose colors lie within that noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsraster.inversion.colorscale import ColorScale
from tsraster.inversion.matching import WEIGHTS

STEPS = 2
"""Noise is tabulated in halves of a step of luma."""
MOST_NOISE = 63.5
"""In steps of luma; more is taken for this."""
_COLUMNS = 128

ROUNDING = 1.5
"""Noise that every picture has: its channels are whole numbers, and so may be those of the colormap."""

REACH = 2
"""How many pixels around one say something of its noise."""

_RESIDUAL, _RINGING = 2.1, 0.63
"""Chosen so that of pixels that are off by more than 5 % of the range at least 9 in 10 get a half-width above it: terrain in jet,
viridis, turbo, gray and coolwarm as JPEG of quality 75, with chroma halved or not."""

_ROWS = 64
"""Colors of a scale that are compared with all others at once."""

Floats = NDArray[np.float32]


def estimate_noise(pixels: NDArray[np.uint8], offset: Floats, *, lossy: bool) -> Floats:
    """Estimate how far the color of each pixel may be from the one that was drawn.

    A color that lies off the map shows that something has changed it; what changed it there has also moved it along the map,
    the more so the more the colors around differ, because a lossy format and a change of size mix neighbors. So the noise
    grows with the geometric mean of the distance to the map and the range of chroma in 5 x 5 pixels; in a lossy picture it
    is at least a share of the range of luma in 3 x 3, for gray pixels never lie off a gray map.

    Parameters
    ----------
    pixels : array of uint8, shape (3, row, col)
        The picture.
    offset : array of float32, shape (row, col)
        Distance of each pixel to the nearest color of the map, in steps of luma, see `tsraster.inversion.matching.WEIGHTS`.
    lossy : bool
        Whether the picture was stored in a lossy format, such as JPEG.

    Returns
    -------
    array of float32, shape (row, col)
        In steps of luma, from `ROUNDING` to `MOST_NOISE`.
    """
    if not lossy and offset.max(initial=0) <= ROUNDING:
        return np.full(offset.shape, ROUNDING, np.float32)
    luma, *chroma = _split_luma(pixels)
    contrast = np.hypot(*(_find_range(channel, 5) for channel in chroma))
    seen = offset if lossy else np.where(offset > ROUNDING, offset, np.float32(0))
    noise = np.float32(_RESIDUAL) * np.sqrt(seen * contrast)
    if lossy:
        noise = np.maximum(noise, np.float32(_RINGING) * _find_range(luma, 3))
    return np.clip(noise, np.float32(ROUNDING), np.float32(MOST_NOISE))


def _split_luma(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    red, green, blue = pixels.astype(np.float32)
    luma = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return luma, (blue - luma) * np.float32(0.564), (red - luma) * np.float32(0.713)


def _find_range(channel: Floats, size: int) -> Floats:
    from scipy.ndimage import maximum_filter, minimum_filter

    return np.asarray(maximum_filter(channel, size, mode="nearest") - minimum_filter(channel, size, mode="nearest"))


def tabulate_spans(scale: ColorScale) -> tuple[Floats, Floats]:
    """Return how far the values reach whose colors lie within some noise of a color, for each color and each noise.

    Where the map comes near itself again, as cyclic ones do, values from far away are among them.

    Parameters
    ----------
    scale : ColorScale
        Its N colors.

    Returns
    -------
    half_widths : array of float32, shape (N, 128)
        Half of the distance between the lowest and the highest such value, in their units. The column is the noise
        in halves of a step of luma.
    shares : array of float32, shape (N, 128)
        The same as a share of the whole scale, 0 to 0.5; of its logarithm where it is logarithmic.

    Examples
    --------
    >>> gray = ColorScale(name="gray", colors=np.array([[0] * 3, [9] * 3, [99] * 3]), values=np.array([0, 10, 30]))
    >>> tabulate_spans(gray)[0][:, [17, 18, 127]]
    array([[0., 5., 5.],
           [0., 5., 5.],
           [0., 0., 0.]], dtype=float32)
    """
    number = len(scale.values)
    along = np.log(scale.values) if scale.log else scale.values
    colors = scale.colors @ WEIGHTS.T
    half_widths = np.empty((number, _COLUMNS), np.float32)
    shares = np.empty_like(half_widths)
    for start in range(0, number, _ROWS):
        part = slice(start, start + _ROWS)
        first, last = _find_reach(colors[part], colors)
        half_widths[part] = np.abs(scale.values[last] - scale.values[first]) / 2
        shares[part] = np.abs(along[last] - along[first]) / (2 * abs(along[-1] - along[0]))
    return half_widths, shares


def _find_reach(some: NDArray[np.float64], colors: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and the last of `colors` within each noise of each of `some`."""
    distance = np.sqrt(((some[:, np.newaxis] - colors) ** 2).sum(axis=-1))
    level = np.minimum(np.ceil(STEPS * distance), _COLUMNS).astype(np.intp)
    places = np.broadcast_to(np.arange(len(colors)), level.shape)
    rows = np.broadcast_to(np.arange(len(some))[:, np.newaxis], level.shape)
    first = np.full((len(some), _COLUMNS + 1), len(colors))
    last = np.full_like(first, -1)
    np.minimum.at(first, (rows, level), places)
    np.maximum.at(last, (rows, level), places)
    first, last = np.minimum.accumulate(first, axis=1), np.maximum.accumulate(last, axis=1)
    return first[:, :-1], last[:, :-1]
