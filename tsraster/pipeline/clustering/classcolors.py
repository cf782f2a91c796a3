"""Colors of clusters: those of the pixels themselves, where it is known which bands are red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring import bind_lut
from tsraster.coloring.labelcolors import label_colors
from tsraster.errors import BandError
from tsraster.learning.clusters import Clusters
from tsraster.lut import Lut
from tsraster.pipeline.clustering.bandscenes import BandScene

_ENDS = (1.0, 99.0)
"""Percentiles of a band that become black and full light."""
_GAMMA = 1 / 2
"""Reflectance is linear, and most of the land is dark."""

Color = tuple[int, int, int]


def find_rgb(scene: BandScene, rgb: Sequence[int] | None) -> tuple[int, int, int] | None:
    """Return which of the bands that count are red, green and blue, from 0: those named, else those called so.

    Raises
    ------
    BandError
        There are not three, or one does not count.
    """
    if rgb is None:
        names = [name.strip().lower() for name in scene.band_names]
        found = [names.index(color) for color in ("red", "green", "blue") if names.count(color) == 1]
        return (found[0], found[1], found[2]) if len(found) == 3 else None
    if len(rgb) != 3:
        raise BandError(f"--rgb has {len(rgb)} numbers; name the bands that are red, green and blue, such as 3,2,1")
    missing = [number for number in rgb if number not in scene.numbers]
    if missing:
        raise BandError(f"--rgb names band {missing[0]}, which does not count; choose from {list(scene.numbers)}")
    red, green, blue = (scene.numbers.index(number) for number in rgb)
    return red, green, blue


def color_classes(
    clusters: Clusters, sample: NDArray[np.float64], rgb: tuple[int, int, int] | None, *, is_picture: bool
) -> tuple[Color, ...]:
    """Return a color for each class: that of its center in red, green and blue, else one that differs from the others.

    Parameters
    ----------
    clusters : Clusters
        The classes.
    sample : array of float64, shape (N, B)
        Pixels, from whose percentiles black and full light are taken.
    rgb : (red, green, blue), optional
        Which bands they are, from 0.
    is_picture : bool
        Whether the values are those of a picture of 8 bits, and so colors as they are.
    """
    if rgb is None:
        colors = label_colors()[1:]
        return tuple(_to_color(colors[i % len(colors)]) for i in range(len(clusters)))
    levels = clusters.spectra[:, rgb]
    if not is_picture:
        low, high = np.percentile(sample[:, rgb], _ENDS, axis=0)
        # Few very bright pixels have a class of their own; it alone may be as white as what is beyond the percentile.
        high = np.maximum(high, np.sort(levels, axis=0)[-2:].mean(axis=0))
        levels = 255 * np.clip((levels - low) / np.where(high > low, high - low, 1), 0, 1) ** _GAMMA
    return tuple(map(_to_color, np.rint(levels.clip(0, 255))))


def _to_color(levels: NDArray[np.generic]) -> Color:
    red, green, blue = (int(level) for level in levels.tolist())
    return red, green, blue


def make_lut(clusters: Clusters, lut: Lut | None) -> Lut:
    """Return the colors and names of classes: those of a color table, else their own.

    Raises
    ------
    LutError
        The color table does not cover all classes.
    """
    if lut is not None:
        bound = bind_lut(lut, clusters.codes)
        return replace(bound, names=clusters.names) if any(clusters.names) else bound
    colors = clusters.colors or color_classes(clusters, np.empty((0, 0)), None, is_picture=False)
    return Lut(
        name="clusters",
        kind="classes",
        keys=clusters.codes,
        colors=tuple((*color, 255) for color in colors),
        names=clusters.names,
    )
