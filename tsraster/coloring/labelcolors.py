"""256 well separated colors for labels, and which label has which, so that neighbors differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COLORS = 255
"""So many besides black, which is code 0: no label."""

REACH = 4
"""Voxels: labels are neighbors where voxels of their boxes are no farther apart than this along each axis."""

_CELLS = 64
"""Along each axis, at most, of the grid in which neighbors are looked for."""

_EVERY = (1 << (COLORS + 1)) - 2
"""A bit for each code from 1."""

_HEX = (
    "bb1affdd3c003388000088c4d4a20088ff00ff88aa00c4b2664c0880334c11554c908880b2aaff334499ffbb9977d4ffaabb88886e99"
    "ee00554c4c55ffee005e8877c4ffe6ffd4f6ff6eff803c22f680008800903c551a888011666eee00c44ca26e3ca26e6effffc4cc3c99"
    "ff7766aabbbbb299aa115e776666554c00ff3ca2b200ffaaaabb0044f6ff6e7788d4c4aa5e446e6eaaffaa002affd480c4c4dd00774c"
    "aa77dd00a26eccf6ffaa9966bb90771166bb775e4cbbf6a277666e774cbb778855ddc4c4d4a2dd0080889099b277cc99bb7799556e6e"
    "77a233ffb2b2779099bb4c44eeaa5eff3c90d4ddc4904c00c48008e6ff7799557766661a88ccccff22335e669980aa9988774caa006e"
    "c46e4cf600dd664444b21100d4888800aae6084cee00ffdd556e4c77cc00009990ff662ab2d4ffd4d4808080bb886600909988bb2255"
    "2280ffcc6608ff5e77554c33ffe6d4ddc4338090f6aa55bb006e11e6aac4e666bbb2aaaa90808811ee5544554c904c4cee9066aa9900"
    "77aa6e447790cc5e77884488444c6eaa4c2299776680b2c400cce6aa88bb00a2334c5e6eaad4bbb200bbffeeffddeeff774cffff90d4"
    "ddccff6680004c885588cc6e778077d4d4d466442aaaaa55ccaa806622b2d4665ea28033aaa2cc00806efff6ddb2b2996e6e6e2a5e3c"
    "cca2a2d490ff6e99bb995e4ceefff6ccb26600666eb2a290ffbb33dd001a77ddc4cc55ff99b2d4ccdd00cc884cffd4aaeeddaad4bbd4"
    "b2dd5e665e779011e6ffee80664c5ee60077906e8090f6c4aaccdd1a5580e6ffdd8866bb5e80aa0090b2aa885e4c6e1ad4b2a2c4ddaa"
    "e6a2905e4c904caa90ffbbff90e6f6805e335e4c449088a2aa6eaaaa88884c4c44c4994c0899f655889000ddaa3c6e5e99003c44b200"
    "5e5ec499a2aa9966ffffd4dd22dd80aa556633b2b2809977c4ddd4802a66cc90a2a290dd33bb77a2fff690886e88903cee99002a33cc"
    "ff99ff80a2a280555ecc77d46e6e4499bb4cff909033d4d4cc1a3cbbc4f60866f6aa5e006e806690221a555e5eff1ab2777799cc88bb"
    "55552a88889090a200"
)
"""Red, green, blue of codes 1 to 255, two digits each.

Each is the one that differs most from all before it, from black and from white, by CIEDE2000, among those of 31 levels a channel
whose lightness is at least 32 of 100, so that they show on black.
"""


def label_colors() -> NDArray[np.uint8]:
    """Return red, green, blue of codes 0 to 255, shape (256, 3); 0 is black.

    Any two differ by at least 7.5 in CIEDE2000, the first 32 codes by 17.

    References
    ----------
    C. A. Glasbey, G. W. A. M. van der Heijden, V. F. K. Toh, A. J. Gray, "Colour displays for categorical images", Color
    Research and Application 32 (2007), 304-309: each color as far as possible from those before it.
    """
    return np.frombuffer(bytes(3) + bytes.fromhex(_HEX), dtype=np.uint8).reshape(COLORS + 1, 3)


def choose_codes(boxes: NDArray[Any], sizes: NDArray[Any] | None = None, *, reach: int = REACH) -> NDArray[np.uint8]:
    """Choose a color code for each label, so that those of neighbors differ.

    The largest label gets code 1, the next one 2, and so on, again from 1 after 255, unless a neighbor has that code: then the
    next code that no neighbor has. Labels are neighbors where their boxes, grown by `reach`, lie in one cell of a coarse grid:
    rather too many than too few. Where more than 255 are neighbors of one another, colors repeat.

    Parameters
    ----------
    boxes : array of integers, shape (N, 6)
        The box of each label 1 to N: z0, y0, x0, z1, y1, x1; the last three are not in the box.
    sizes : array of integers, shape (N,), optional
        Voxels of each label; by default the labels count as sorted, the largest first. Of equal ones the lower label goes first.
    reach : int
        Voxels.

    Returns
    -------
    array of uint8, shape (N + 1,)
        The code of each label; 0 for label 0.

    Notes
    -----
    Takes about 11 s for a million small labels. The same boxes always give the same codes.

    Examples
    --------
    Label 256 would have the code of label 1 again, but lies beside it:

    >>> boxes = np.tile([0, 0, 0, 5, 5, 5], (256, 1))
    >>> boxes[:255, [2, 5]] += 20 * np.arange(255)[:, np.newaxis]
    >>> boxes[255, [2, 5]] += 6
    >>> codes = choose_codes(boxes)
    >>> codes[[0, 1, 2, 255]], bool(codes[256] == codes[1])
    (array([  0,   1,   2, 255], dtype=uint8), False)
    """
    boxes = np.asarray(boxes)
    codes = np.zeros(len(boxes) + 1, dtype=np.uint8)
    if not len(boxes):
        return codes
    low, high, shape = _find_cells(boxes[:, :3], boxes[:, 3:], reach)
    order = np.arange(len(boxes)) if sizes is None else np.argsort(-np.asarray(sizes).astype(np.int64), kind="stable")
    # A whole number of Python for each cell has a bit for each code that is taken there.
    taken = np.zeros(shape, dtype=object)
    for rank, label in enumerate(order.tolist()):
        (z0, y0, x0), (z1, y1, x1) = low[label], high[label]
        cells = taken[z0:z1, y0:y1, x0:x1]
        code = _next_free(rank % COLORS + 1, int(np.bitwise_or.reduce(cells, axis=None)))
        cells |= 1 << code
        codes[label + 1] = code
    return codes


def _find_cells(
    starts: NDArray[Any], stops: NDArray[Any], reach: int
) -> tuple[list[list[int]], list[list[int]], tuple[int, ...]]:
    """Return the first and last cells that each box touches when it is grown, and the shape of the grid."""
    extent = stops.max(axis=0)
    size = np.maximum(2 * reach, -(-extent // _CELLS))
    grown = (reach + 1) // 2
    low = np.maximum(starts - grown, 0) // size
    high = np.minimum(stops - 1 + grown, extent - 1) // size + 1
    return low.tolist(), high.tolist(), tuple((-(-extent // size)).tolist())


def _next_free(code: int, taken: int) -> int:
    """Return a code, or the next one above it that is free, from 1 again after the last; where none is free, that code."""
    free = ~taken & _EVERY
    above = free >> code << code
    free = above or free
    return (free & -free).bit_length() - 1 if free else code


def color_codes(labels: NDArray[Any], codes: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Return the color codes of labels.

    Parameters
    ----------
    labels : array of integers, any shape
        0 for none, and 1 to N.
    codes : array of uint8, shape (N + 1,), optional
        The code of each label, as `choose_codes` gives them; by default label 1 has code 1, and 256 again 1.

    Returns
    -------
    array of uint8, of that shape

    Examples
    --------
    >>> color_codes(np.array([[0, 1], [255, 256]]))
    array([[  0,   1],
           [255,   1]], dtype=uint8)
    """
    if codes is not None:
        return np.take(codes, labels)
    return np.where(labels == 0, 0, (labels - 1) % COLORS + 1).astype(np.uint8)
