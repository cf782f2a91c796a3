"""`Gaussian`: maximum likelihood, the classifier of remote sensing in which each class has a mean and a covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.learning.network import PAIR, STEP, flatten_features, round_up

_PARTS = ("mean", "scale", "centers", "whitenings", "constants")


@dataclass(frozen=True, kw_only=True, eq=False)
class Gaussian:
    """A classifier in which the features of each class have a Gaussian distribution of their own.

    The probability of class k is in proportion to exp(constant_k - |whitening_k (z - center_k)|**2 / 2) for the standardized
    features z.

    Parameters
    ----------
    mean, scale : arrays of float32, shape (F,)
        The features minus the means are divided by the scales.
    centers : array of float32, shape (K, F)
        The mean of each class, standardized.
    whitenings : array of float32, shape (K, F, F)
        Matrices that turn the differences from the center into independent ones of variance 1.
    constants : array of float32, shape (K,)
        The logarithm of the prior probability, plus half that of the determinant of the inverse covariance.

    Raises
    ------
    DataError
        The arrays do not fit together.

    References
    ----------
    J. A. Richards (2013), Remote Sensing Digital Image Analysis, section 8.2 on maximum likelihood classification.

    Examples
    --------
    >>> classifier = Gaussian(
    ...     mean=[0], scale=[1], centers=[[0], [4]], whitenings=[[[1]], [[0.5]]], constants=[0, np.log(0.5)]
    ... )
    >>> classifier.segment(np.array([[-6, 0, 1, 2, 4]], np.float32))
    array([1, 0, 0, 1, 1], dtype=uint16)
    """

    kind: ClassVar[str] = "gaussian"

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    centers: NDArray[np.float32]
    whitenings: NDArray[np.float32]
    constants: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name in _PARTS:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float32))
        self._check()

    def _check(self) -> None:
        arrays = [getattr(self, name) for name in _PARTS]
        features, classes = self.mean.shape, self.constants.shape
        wanted = [features, features, classes + features, classes + features * 2, classes]
        fits = len(features) == len(classes) == 1 and self.mean.size > 0 and self.constants.size > 0
        if not fits or [array.shape for array in arrays] != wanted:
            raise DataError(
                "the arrays of a maximum likelihood classifier do not fit together: "
                + ", ".join(f"{name} of the shape {array.shape}" for name, array in zip(_PARTS, arrays, strict=True))
            )
        if not all(np.isfinite(array).all() for array in arrays) or not self.scale.all():
            raise DataError(
                "a maximum likelihood classifier has numbers that are NaN or infinite, or scales that are 0; train it anew"
            )

    @property
    def n_features(self) -> int:
        """F."""
        return len(self.mean)

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.constants)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each class, shape (K, ...), of features of the shape (F, ...)."""
        found = np.empty((self.n_classes, *features.shape[1:]), dtype=np.float32)
        self._run(features, found.reshape(self.n_classes, -1), np.empty(0, dtype=np.uint16))
        return found

    def segment(self, features: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return the index, from 0, of the most probable class, the first of equals; shape (...) of features (F, ...)."""
        found = np.empty(features.shape[1:], dtype=np.uint16)
        self._run(features, np.empty((0, found.size), dtype=np.float32), found.reshape(-1))
        return found

    def _run(self, features: NDArray[np.float32], probabilities: Any, classes: Any) -> None:
        from tsraster.learning.networklayers import run_gaussians

        flat = flatten_features(features, self.n_features)
        weights, biases = self._packed
        factors = np.float32(1) / self.scale
        run_gaussians(flat, self.mean, factors, weights, biases, self.constants, probabilities, classes)

    @cached_property
    def _packed(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The whitenings, and the whitened centers with a minus, rounded up as the compiled loop takes them."""
        weights = [round_up(whitening, (PAIR, STEP)) for whitening in self.whitenings]
        pairs = zip(self.whitenings.astype(np.float64), self.centers, strict=True)
        biases = [round_up(-(whitening @ center).astype(np.float32), (PAIR,)) for whitening, center in pairs]
        return np.stack(weights), np.stack(biases)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_arrays` takes, by the names of the parameters."""
        return {name: getattr(self, name) for name in _PARTS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Gaussian:
        """Make a classifier of the arrays of a model file.

        Raises
        ------
        DataError
            One is missing, or they do not fit together.
        """
        missing = [name for name in _PARTS if name not in arrays]
        if missing:
            raise DataError(f"the maximum likelihood classifier has no array {missing[0]!r}; train the model anew")
        return cls(**{name: arrays[name] for name in _PARTS})
