"""Which features a forest decides by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class FeatureColumn(Protocol):
    """A feature image, as `tsraster.learning.featureset.Column` describes it."""

    @property
    def kind(self) -> str:
        """Such as "hessian"."""

    @property
    def scale(self) -> float:
        """The sigma in pixels."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much the features of one kind and scale, of all bands together, contribute."""

    kind: str
    scale: float
    columns: int
    """How many features these are."""
    share: float
    """Of all, 0 to 1."""


def group_columns(columns: Sequence[FeatureColumn]) -> dict[tuple[str, float], list[int]]:
    """Return the indices of the columns of each kind and scale, in the order in which these first occur."""
    groups: dict[tuple[str, float], list[int]] = {}
    for i, column in enumerate(columns):
        groups.setdefault((column.kind, column.scale), []).append(i)
    return groups


def sum_importances(importances: NDArray[np.float64], columns: Sequence[FeatureColumn]) -> tuple[Importance, ...]:
    """Sum the importances of features by kind and scale, the largest first.

    Parameters
    ----------
    importances : array of float64, shape (F,)
        By how much cuts at each feature make the leaves purer (Gini), which add up to 1. Features that say the same share theirs.
    columns : sequence of columns, shape (F,)
        What the features are.

    References
    ----------
    L. Breiman (2001), Random Forests, Machine Learning 45, 5-32.
    """
    found = [
        Importance(kind=kind, scale=scale, columns=len(places), share=float(importances[places].sum()))
        for (kind, scale), places in group_columns(columns).items()
    ]
    return tuple(sorted(found, key=lambda one: -one.share))
