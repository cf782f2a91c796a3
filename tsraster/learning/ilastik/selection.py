"""Which features an ilastik project has chosen: a matrix of kinds and scales, and the order of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError
from tsraster.learning.featureset import KINDS, SCALES, Column, FeatureChoice, FeatureSet

IDS = {
    "smoothing": "GaussianSmoothing",
    "laplacian": "LaplacianOfGaussian",
    "gradient": "GaussianGradientMagnitude",
    "difference": "DifferenceOfGaussians",
    "structure": "StructureTensorEigenvalues",
    "hessian": "HessianOfGaussianEigenvalues",
}
"""How ilastik calls the kinds of features in its files."""

_KIND_OF = {identity: kind for kind, identity in IDS.items()}
_NAME = re.compile(
    r"(?P<title>[A-Z][A-Za-z ]+) \(\u03c3=(?P<scale>[0-9.]+)\)(?P<flat> in 2D)?(?: \[(?P<part>[0-9]+)\])?"
)
_LARGEST_SCALE = 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureSelection:
    """The choice of features as it stands in a project.

    Parameters
    ----------
    ids : tuple of str
        ilastik's names of the kinds, one a row.
    scales : tuple of float
        Standard deviations in pixels, one a column; in any order.
    matrix : array of bool, shape (id, scale)
        True where a kind was chosen at a scale.
    in_2d : tuple of bool, or None
        Whether a scale is computed slice by slice; None in projects from before ilastik 1.3.2.

    Raises
    ------
    ReadError
        The parts do not fit together.
    """

    ids: tuple[str, ...]
    scales: tuple[float, ...]
    matrix: NDArray[np.bool_]
    in_2d: tuple[bool, ...] | None = None

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.ids), len(self.scales)):
            raise ReadError(
                f"the project's matrix of features has the shape {self.matrix.shape} "
                f"for {len(self.ids)} kinds and {len(self.scales)} scales"
            )
        if self.in_2d is not None and len(self.in_2d) != len(self.scales):
            raise ReadError(
                f"the project says for {len(self.in_2d)} of {len(self.scales)} scales whether they are in 2-D"
            )
        if len(set(self.scales)) < len(self.scales) or not all(0 < scale <= _LARGEST_SCALE for scale in self.scales):
            raise ReadError(
                f"the project's scales are {list(self.scales)[:10]}; they must differ, from 0 to {_LARGEST_SCALE:g}"
            )
        unknown = [one for one, row in zip(self.ids, self.matrix, strict=True) if one not in _KIND_OF and row.any()]
        if unknown or len(set(self.ids)) < len(self.ids):
            raise DataError(
                f"the project uses features of the kind {[*unknown, *self.ids][0]!r}, unknown here or named twice"
            )

    @property
    def chosen(self) -> tuple[tuple[str, float], ...]:
        """The kinds (as tsraster names them) and scales that are chosen, in the order of the project's columns."""
        rows, cols = np.nonzero(self.matrix)
        return tuple((_KIND_OF[self.ids[row]], self.scales[col]) for row, col in zip(rows, cols, strict=True))

    def to_features(self, dimensions: int) -> FeatureSet | None:
        """Return the choice as a `FeatureSet`; None where nothing is chosen.

        Parameters
        ----------
        dimensions : 2 or 3
            Of the images. In 3, what ``in_2d`` says becomes `FeatureSet.slicewise`.
        """
        if not self.chosen:
            return None
        order = {kind: place for place, kind in enumerate(KINDS)}
        pairs = sorted(self.chosen, key=lambda pair: (order[pair[0]], pair[1]))
        flat = {scale for scale, in_2d in zip(self.scales, self.in_2d or (), strict=False) if in_2d}
        slicewise = sorted({scale for _, scale in pairs} & flat) if dimensions == 3 else ()
        choices = tuple(FeatureChoice(kind=kind, scale=scale) for kind, scale in pairs)
        return FeatureSet(choices=choices, recipe="ilastik", slicewise=tuple(slicewise))

    def order_columns(self, columns: Sequence[Column]) -> NDArray[np.intp]:
        """Return where in `columns` each column of the project is.

        They differ where scales were added by hand, out of order, and where the kinds are in another order.
        """
        rank = {pair: place for place, pair in enumerate(self.chosen)}
        places = range(len(columns))
        order = sorted(places, key=lambda place: (rank[columns[place].kind, columns[place].scale], place))
        return np.array(order, np.intp)

    @classmethod
    def of_features(cls, features: FeatureSet, dimensions: int) -> FeatureSelection:
        """Return the matrix for a `FeatureSet`: ilastik's usual scales, and others that are used.

        A kind that is chosen for some bands is chosen for all, for ilastik knows no other choice.
        """
        scales = tuple(sorted({float(scale) for scale in SCALES} | {choice.scale for choice in features.choices}))
        matrix = np.zeros((len(KINDS), len(scales)), np.bool_)
        for choice in features.choices:
            matrix[KINDS.index(choice.kind), scales.index(choice.scale)] = True
        in_2d = tuple(dimensions == 2 or scale in features.slicewise for scale in scales)
        return cls(ids=tuple(IDS[kind] for kind in KINDS), scales=scales, matrix=matrix, in_2d=in_2d)


def are_same_columns(stored: Sequence[str], expected: Sequence[str], dimensions: int) -> bool:
    """Tell whether the names that a forest was trained on are those that are selected; names of an unknown form are believed.

    Whether a picture of one plane is computed in 2-D does not matter.
    """
    parsed = [_NAME.fullmatch(name) for name in stored]
    if not stored or not all(parsed):
        return True

    def key(match: re.Match[str]) -> tuple[str | float | bool, ...]:
        flat = dimensions == 2 or match["flat"] is not None
        return match["title"], float(match["scale"]), flat, int(match["part"] or 0)

    names = [_NAME.fullmatch(name) for name in expected]
    return [key(match) for match in parsed if match] == [key(match) for match in names if match]
