"""Slices of a volume one after the other: the frames of an animation, and an animated GIF of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError

MOST_PIXELS = 512
"""Of a frame along its longer side."""

_BAR, _GAP = 4, 2
"""Pixels: height of the bar that shows which slice it is, and the distance to it."""


def make_frames(
    codes: NDArray[np.uint8], spacing: tuple[float, float, float], colors: NDArray[np.uint8], *, most: int = MOST_PIXELS
) -> Iterator[NDArray[np.uint8]]:
    """Yield the planes of a volume as frames, enlarged or reduced by the nearest voxel so that voxels have their proportions.

    Below each lies a bar that grows with the number of the plane, in the lightest of the colors.

    Parameters
    ----------
    codes : array of uint8, shape (plane, row, col)
        Color codes.
    spacing : (z, y, x)
        Of the voxels; only the proportion of y and x counts.
    colors : array of uint8, shape (256, 3)
        Of the codes.
    most : int
        Pixels of a frame along its longer side, without the bar.

    Yields
    ------
    array of uint8, shape (row, col)
        Codes; rows and columns are even numbers, as videos want them.

    Examples
    --------
    >>> codes = np.array([[[1, 2]], [[3, 4]]], np.uint8)
    >>> colors = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    >>> for frame in make_frames(codes, (1, 1, 1), colors, most=4):
    ...     print(frame[:2].tolist(), frame[-1].tolist())
    [[1, 1, 2, 2], [1, 1, 2, 2]] [255, 255, 0, 0]
    [[3, 3, 4, 4], [3, 3, 4, 4]] [255, 255, 255, 255]
    """
    planes, rows, cols = codes.shape
    finest = min(spacing[1:])
    wide, high = cols * spacing[2] / finest, rows * spacing[1] / finest
    factor = most / max(wide, high)
    # Whole numbers keep voxels equally large.
    factor = float(int(factor)) if factor >= 1 else factor
    row, col = (_pick(size, extent * factor) for size, extent in ((rows, high), (cols, wide)))
    lightest = int(colors.astype(int).sum(axis=1).argmax())
    for number, plane in enumerate(codes, 1):
        frame = np.zeros((len(row) + _GAP + _BAR, len(col)), dtype=np.uint8)
        frame[: len(row)] = plane[np.ix_(row, col)]
        frame[-_BAR:, : round(len(col) * number / planes)] = lightest
        yield frame


def _pick(size: int, pixels: float) -> NDArray[np.intp]:
    """Return which of the voxels each pixel shows: an even number of pixels."""
    number = max(2, 2 * round(pixels / 2))
    return ((np.arange(number) + 0.5) * size / number).astype(np.intp)


def encode_gif(
    frames: Iterable[NDArray[np.uint8]], colors: NDArray[np.uint8], *, frames_per_second: float = 20
) -> bytes:
    """Return frames as an animated GIF that begins again at its end.

    Parameters
    ----------
    frames : iterable of arrays of uint8, shape (row, col)
        Codes, all of one shape.
    colors : array of uint8, shape (256, 3)
        Of the codes; the palette of the GIF, unchanged.
    frames_per_second : float
        Rounded to whole hundredths of a second a frame, of which programs show at least 2.

    Raises
    ------
    MissingExtraError
        Pillow is not installed.
    DataError
        There is no frame.

    Notes
    -----
    All frames are in memory while the GIF is made.
    """
    image = _import_pillow()
    palette = colors.tobytes()
    made = []
    for frame in frames:
        one = image.fromarray(frame)
        one.putpalette(palette)
        made.append(one)
    if not made:
        raise DataError("an animation needs at least one frame")
    file = BytesIO()
    pause = max(2, round(100 / frames_per_second)) * 10
    made[0].save(
        file, format="GIF", save_all=True, append_images=made[1:], duration=pause, loop=0, optimize=False, disposal=1
    )
    return file.getvalue()


def _import_pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("a GIF needs Pillow; install it with: pip install 'tsraster[plots]'") from None
    return Image
