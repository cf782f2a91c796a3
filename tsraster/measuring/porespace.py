"""What a pore space is as a whole: how much there is of it, what of it connects opposite faces, how it varies between slices.

Axes are z, y, x, in this order: planes, rows, columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Shape = tuple[int, int, int]
Connectivity = Literal[6, 18, 26]

AXES = ("z", "y", "x")
_NEIGHBORS = {6: "faces", 18: "faces and edges", 26: "faces, edges and corners"}
_MOST_OF_IT = 0.5
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class PoreSpace:
    """How much pore space there is, and how it hangs together. Porosities are shares of the whole volume, 0 to 1."""

    voxels: int
    """Of the volume."""
    components: int
    porosity: float
    """Of all pore voxels."""
    connected: Mapping[str, float]
    """Porosity of the components that touch both faces across each axis: by "z", "y" and "x"."""
    effective: float
    """Porosity of the components that percolate along at least one axis."""
    largest: int
    """Voxels of the largest component; 0 without pores."""
    largest_share: float
    """Which share of all pore voxels that is; NaN without pores."""
    at_border: float
    """Porosity of the components that touch a face of the volume."""

    @property
    def percolates(self) -> dict[str, bool]:
        """Whether some component reaches from face to face: by "z", "y" and "x"."""
        return {axis: porosity > 0 for axis, porosity in self.connected.items()}

    @property
    def effective_share(self) -> float:
        """Effective porosity by total porosity; NaN without pores."""
        return self.effective / self.porosity if self.porosity else float("nan")


def find_percolating(touches: Mask) -> Mask:
    """Return which components reach from face to face along z, y and x.

    Parameters
    ----------
    touches : array of bool, shape (K, 6)
        Whether each component touches the first and the last plane, the first and the last row, the first and the last column.

    Returns
    -------
    array of bool, shape (K, 3)

    Examples
    --------
    >>> find_percolating(np.array([[1, 1, 1, 0, 0, 0]], dtype=bool))
    array([[ True, False, False]])
    """
    return np.asarray(touches[:, 0::2] & touches[:, 1::2])


def measure_pore_space(voxels: Counts, touches: Mask, shape: Shape, *, left_out: int = 0) -> PoreSpace:
    """Return how much pore space there is, and how it hangs together.

    Parameters
    ----------
    voxels : array of int64, shape (K,)
        How many voxels each component has.
    touches : array of bool, shape (K, 6)
        Which faces it touches, as for `find_percolating`.
    shape : (planes, rows, columns)
        Of the volume.
    left_out : int
        Pore voxels of components that are not listed, such as those that a size filter removed; they count for the porosity.

    Returns
    -------
    PoreSpace

    Examples
    --------
    >>> touches = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], dtype=bool)
    >>> space = measure_pore_space(np.array([150, 50]), touches, (10, 10, 10))
    >>> space.porosity, space.connected, space.largest_share
    (0.2, {'z': 0.15, 'y': 0.0, 'x': 0.0}, 0.75)
    >>> space.percolates
    {'z': True, 'y': False, 'x': False}
    """
    volume = int(np.prod(np.asarray(shape, dtype=np.int64)))
    pores = int(voxels.sum()) + left_out
    spans = find_percolating(touches)
    largest = int(voxels.max(initial=0))
    return PoreSpace(
        voxels=volume,
        components=len(voxels),
        porosity=pores / volume,
        connected={axis: int(voxels[spans[:, i]].sum()) / volume for i, axis in enumerate(AXES)},
        effective=int(voxels[spans.any(axis=1)].sum()) / volume,
        largest=largest,
        largest_share=largest / pores if pores else float("nan"),
        at_border=int(voxels[touches.any(axis=1)].sum()) / volume,
    )


def describe_pore_space(space: PoreSpace, connectivity: Connectivity) -> tuple[str, ...]:
    """Return what a report must say beside the numbers: how voxels were connected, and what sizes of components then mean.

    Examples
    --------
    >>> touches = np.ones((1, 6), dtype=bool)
    >>> for sentence in describe_pore_space(measure_pore_space(np.array([20]), touches, (10, 10, 1)), 6):
    ...     print(sentence)
    Voxels belong together that touch by faces (6-connected); by other connectivities there are other components.
    The largest of 1 component holds 100 % of the pore space.
    Some component reaches from face to face along z, y and x: 100 % of the pore space is connected so.
    Sizes of components describe the isolated pores only, 0 % of the pore space; for sizes of pore bodies in the
    connected space use local thickness or a partition.
    """
    if not space.components:
        return (_say_connectivity(connectivity), "There is no component of pore space.")
    number = f"{space.components} {'component' if space.components == 1 else 'components'}"
    sentences = [
        _say_connectivity(connectivity),
        f"The largest of {number} holds {_percent(space.largest_share)} of the pore space.",
        _say_percolation(space),
    ]
    if max(space.largest_share, space.effective_share) >= _MOST_OF_IT:
        isolated = 1 - max(space.largest_share, space.effective_share)
        sentences.append(
            f"Sizes of components describe the isolated pores only, {_percent(isolated)} of the pore space; for sizes of "
            "pore bodies in the connected space use local thickness or a partition."
        )
    return tuple(sentences)


def _say_connectivity(connectivity: Connectivity) -> str:
    return (
        f"Voxels belong together that touch by {_NEIGHBORS[connectivity]} ({connectivity}-connected); "
        "by other connectivities there are other components."
    )


def _say_percolation(space: PoreSpace) -> str:
    along = [axis for axis, reaches in space.percolates.items() if reaches]
    if not along:
        return "No component reaches from face to face along any axis."
    names = along[0] if len(along) == 1 else f"{', '.join(along[:-1])} and {along[-1]}"
    share = _percent(space.effective_share)
    return f"Some component reaches from face to face along {names}: {share} of the pore space is connected so."


def _percent(share: float) -> str:
    """Return a percentage that is not rounded to 100 or to 0 where it is not."""
    percent = 100 * share
    away = min(percent, 100 - percent)
    digits = max(1, 1 - floor(log10(away))) if away > _ROUNDING else 0
    return f"{percent:.{digits}f} %"


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Porosity slice by slice along an axis."""

    axis: str
    porosity: Floats
    """Of each slice, 0 to 1, shape (N,)."""

    @property
    def minimum(self) -> float:
        """The least of all slices."""
        return float(self.porosity.min())

    @property
    def maximum(self) -> float:
        """The most of all slices."""
        return float(self.porosity.max())

    @property
    def mean(self) -> float:
        """Of all slices, and so of the volume."""
        return float(self.porosity.mean())

    @property
    def sd(self) -> float:
        """The standard deviation from slice to slice; NaN where there is one slice."""
        return float(self.porosity.std(ddof=1)) if len(self.porosity) > 1 else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class Profiles:
    """Porosity slice by slice along each axis."""

    z: Profile
    y: Profile
    x: Profile

    def __iter__(self) -> Iterator[Profile]:
        return iter((self.z, self.y, self.x))


def make_profiles(planes: Counts, rows: Counts, cols: Counts) -> Profiles:
    """Return the porosity of the slices along each axis.

    Parameters
    ----------
    planes, rows, cols : array of int64, shape (number of planes,), (number of rows,), (number of columns,)
        How many pore voxels each of them has.

    Examples
    --------
    >>> mask = np.zeros((4, 2, 5), dtype=bool)
    >>> mask[0] = True
    >>> profiles = make_profiles(*(mask.sum(axis=other) for other in ((1, 2), (0, 2), (0, 1))))
    >>> profiles.z.porosity, profiles.y.mean, profiles.x.sd
    (array([1., 0., 0., 0.]), 0.25, 0.0)
    """
    shape = len(planes), len(rows), len(cols)
    voxels = int(np.prod(shape))
    z, y, x = (
        Profile(axis=axis, porosity=np.asarray(counts * (len(counts) / voxels), dtype=np.float64))
        for axis, counts in zip(AXES, (planes, rows, cols), strict=True)
    )
    return Profiles(z=z, y=y, x=x)
