"""What every trained classifier is: plain arrays, which answer for any number of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Classifier(Protocol):
    """Gives each pixel the probability of each class, from its features.

    An answer depends on the features of the pixel alone, bit for bit: never on how many pixels are asked for together.
    """

    @property
    def kind(self) -> str:
        """Which sort it is, as model files name it."""

    @property
    def n_features(self) -> int:
        """How many features a pixel has."""

    @property
    def n_classes(self) -> int:
        """How many classes there are."""

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each class, 0 to 1: float32 (class, ...) from float32 (feature, ...)."""

    def segment(self, features: Floats) -> NDArray[np.uint16]:
        """Return the index of the most probable class, from 0, the first of equals: uint16 (...)."""

    def to_arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the arrays that it is made of, for a model file."""
