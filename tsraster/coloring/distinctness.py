"""Which colors of a table look alike, to readers with normal color vision and with a color-vision deficiency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring.binding import bind_lut, spread_ramp
from tsraster.coloring.painting import flatten
from tsraster.errors import UsageError
from tsraster.lut import Lut

Vision = Literal["normal", "protanopia", "deuteranopia", "tritanopia"]
VISIONS: tuple[Vision, ...] = ("normal", "protanopia", "deuteranopia", "tritanopia")

ALIKE = 5.0
"""Colors that differ by less look alike; `find_confusions` says why."""

_DEFICIENCIES: dict[Vision, tuple[tuple[float, float, float], ...]] = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What becomes of linear red, green, blue, at severity 1.0 of Machado, Oliveira and Fernandes."""

_MOST = 1024
"""Of more different colors only neighbors are compared: nobody reads single classes off such a table."""

_FEW = 32
"""Of more colors that have only positions, as of a colormap, only neighbors are compared."""

_ROWS = 256
"""So many colors are compared with all others at once."""

_STEPS = 64
"""A ramp is looked at in so many steps."""

_APART = _STEPS // 4
"""Places of a ramp this many steps apart are to look different."""

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Confusion:
    """Two entries of a color table that look alike.

    Attributes
    ----------
    first, second : number
        Their keys, the lower one first; of intervals the lower edges, of a ramp the values. Where several entries have one color,
        the lowest of their keys stands for all of them.
    vision : "normal", "protanopia", "deuteranopia" or "tritanopia"
        Who confuses them; "normal" means everybody.
    difference : float
        Of the colors as those readers see them, by CIEDE2000; 0 where they are the same.
    entries : int
        How many entries look like this: 2, and more where several have one color.
    """

    first: float
    second: float
    vision: Vision
    difference: float
    entries: int = 2


def find_confusions(lut: Lut, *, threshold: float = ALIKE, classes: int = 0) -> tuple[Confusion, ...]:
    """Find the entries of a color table that look alike.

    Of classes, and of up to 32 positions, every two are compared, for any two can lie side by side on a map; of intervals, and of
    more positions, only neighbors.
    Of a ramp, places a quarter of it or more apart are compared, for there a reader takes low values for high ones. Whether its
    lightness rises all the way is not asked: a ramp from brown over white to green is good without that. Translucent colors are
    laid on white first. What is fully transparent is left out, and so is the color for pixels without data.

    Parameters
    ----------
    lut : Lut
        The color table.
    threshold : float, default 5
        Colors that differ by less look alike. Large and side by side, differences of 1 to 2.3 can just be noticed. On a map the
        patches are small and apart from each other and from the legend, so that a color has to be remembered, on screens
        and paper that differ. So 5 is twice what can just be noticed, and too little to blame a table for shades that are seen.
    classes : int, default 0
        Spread a ramp over so many classes, 1, 2, ..., and compare neighbors instead.

    Returns
    -------
    tuple of Confusion
        The worst first: what everybody confuses, then what only readers with a deficiency do, each by its difference. Two
        entries are named once: as "normal" where everybody confuses them, else with the deficiency that makes them most alike.
        All entries of the very same color are one confusion among themselves, and one with each other color. Of a ramp,
        the worst two places for each vision.

    Raises
    ------
    UsageError
        The threshold is no positive number.

    Notes
    -----
    O(N**2) of the different colors, in pieces of bounded memory; of more than 1024 different colors only neighbors are compared.
    Readers with a deficiency are simulated at its full severity; most have a lesser one.

    References
    ----------
    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and Application 30 (2005), 21-30.
    G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation of color vision
    deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (2009), 1291-1298.
    M. Mahy, L. Van Eycken, A. Oosterlinck, "Evaluation of uniform color spaces developed after the adoption of CIELAB and
    CIELUV", Color Research and Application 19 (1994), 105-121: 2.3 as just noticeable.

    Examples
    --------
    >>> trees, town, more_town = (0, 100, 0, 255), (250, 0, 0, 255), (250, 0, 0, 255)
    >>> lut = Lut(name="land", kind="classes", keys=(10, 50, 51), colors=(trees, town, more_town))
    >>> for found in find_confusions(lut):
    ...     print(found.first, found.second, found.vision, round(found.difference, 1), found.entries)
    50 51 normal 0.0 2
    10 50 protanopia 1.4 3
    """
    if not threshold > 0:
        raise UsageError(f"the threshold {threshold} is no positive number; differences of colors are 0 to about 100")
    if lut.kind == "ramp" and classes:
        bound = bind_lut(lut, range(1, classes + 1))
        found = _find_among_neighbors(bound.keys, bound.array, threshold)
    elif lut.kind == "ramp":
        found = _find_in_ramp(lut, threshold)
    elif lut.kind == "intervals" or (lut.kind == "index" and len(lut) > _FEW):
        found = _find_among_neighbors(lut.keys, lut.array, threshold)
    else:
        found = _find_in_classes(lut, threshold)
    return tuple(sorted(found, key=_badness))


def _badness(confusion: Confusion) -> tuple[bool, float, float, float]:
    return confusion.vision != "normal", confusion.difference, confusion.first, confusion.second


def _find_among_neighbors(keys: Sequence[float], colors: NDArray[np.uint8], threshold: float) -> Iterator[Confusion]:
    shown = colors[:, 3] > 0
    left = np.flatnonzero(shown[:-1] & shown[1:])
    for i, j, vision, difference in _compare(_lay_on_white(colors), [(left, left + 1)], threshold):
        yield Confusion(keys[i], keys[j], vision, difference)


def _find_in_ramp(lut: Lut, threshold: float) -> Iterator[Confusion]:
    """Give the worst two places for each vision; those beside them are alike as well, and say nothing more."""
    if lut.keys[0] == lut.keys[-1]:
        return
    keys = np.linspace(lut.keys[0], lut.keys[-1], _STEPS + 1).tolist()
    colors = np.array(spread_ramp(lut, _STEPS + 1), dtype=np.uint8)
    left, right = np.triu_indices(len(colors), _APART)
    shown = (colors[left, 3] > 0) & (colors[right, 3] > 0)
    found = _compare(_lay_on_white(colors), [(left[shown], right[shown])], threshold)
    confusions = sorted((Confusion(keys[i], keys[j], vision, value) for i, j, vision, value in found), key=_badness)
    for vision in VISIONS:
        yield from [confusion for confusion in confusions if confusion.vision == vision][:1]


def _find_in_classes(lut: Lut, threshold: float) -> Iterator[Confusion]:
    """Compare the different colors: a table of 256 rows has many that nobody uses, all of them black."""
    groups: dict[tuple[int, ...], list[float]] = {}
    on_white = map(tuple, _lay_on_white(lut.array).tolist())
    for key, color, flat in zip(lut.keys, lut.colors, on_white, strict=True):
        if color[3]:
            groups.setdefault(flat, []).append(key)
    keys = list(groups.values())
    for same in keys:
        if len(same) > 1:
            yield Confusion(same[0], same[1], "normal", 0.0, entries=len(same))
    colors = np.array(list(groups), dtype=np.uint8).reshape(-1, 3)
    for i, j, vision, difference in _compare(colors, _pair(len(keys)), threshold):
        yield Confusion(keys[i][0], keys[j][0], vision, difference, entries=len(keys[i]) + len(keys[j]))


def _pair(colors: int) -> Iterator[Pairs]:
    """Yield every two colors, some at a time; only neighbors where there are too many."""
    if colors > _MOST:
        yield np.arange(colors - 1), np.arange(1, colors)
        return
    for start in range(0, colors, _ROWS):
        left, right = np.triu_indices(min(_ROWS, colors - start), 1, colors - start)
        yield start + left, start + right


def _compare(
    colors: NDArray[np.uint8], pieces: Iterable[Pairs], threshold: float
) -> Iterator[tuple[int, int, Vision, float]]:
    """Yield the pairs that are alike: for everybody, or else for the readers for whom they are most alike."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    seen = [rgb2lab(_see(colors / 255, vision)) for vision in VISIONS]
    for left, right in pieces:
        differences = np.array([deltaE_ciede2000(lab[left], lab[right]) for lab in seen])
        worst = np.where(differences[0] < threshold, 0, 1 + np.argmin(differences[1:], axis=0))
        difference = np.take_along_axis(differences, worst[np.newaxis], axis=0)[0]
        alike = np.flatnonzero(difference < threshold)
        for i, j, vision, value in zip(
            *(part[alike].tolist() for part in (left, right, worst, difference)), strict=True
        ):
            yield i, j, VISIONS[vision], value


def _see(rgb: NDArray[np.float64], vision: Vision) -> NDArray[np.float64]:
    """Return what is seen of sRGB colors from 0 to 1, shape (N, 3), as sRGB."""
    if vision == "normal":
        return rgb
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(_DEFICIENCIES[vision]).T, 0, 1)
    encoded: NDArray[np.float64] = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return encoded


def _lay_on_white(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return red, green, blue, shape (N, 3), of RGBA, shape (N, 4)."""
    return flatten(colors.T[:, np.newaxis])[:, 0].T
