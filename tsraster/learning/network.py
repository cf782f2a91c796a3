"""`Network`: layers of weighted sums, from a logistic regression to a small perceptron, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError

STEP, PAIR = 4, 2
"""The compiled loops take weights whose inputs and outputs are multiples of these."""

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A classifier that standardizes features, passes them through layers, and turns the last scores into probabilities.

    Each layer is a weighted sum plus a bias. Hidden ones pass on what is above 0; the last has one score a class, of which the
    softmax is taken. Without hidden layers this is a logistic regression. Two classes with a single score have the scores 0
    and that one, which is the logistic function.

    Parameters
    ----------
    mean, scale : arrays of float32, shape (F,)
        The features minus the means are divided by the scales.
    layers : sequence of (weights, bias)
        Of float32: weights of shape (inputs, outputs), as scikit-learn has them, and biases of shape (outputs,). The first has F
        inputs, each other as many as the one before has outputs.

    Raises
    ------
    DataError
        The arrays do not fit together.

    Notes
    -----
    A pixel gets the same bits wherever it stands and however many are passed: every sum is in float32 and in one order, without
    a matrix library. The exponential is our own, and therefore the same on every machine. NaN in a feature makes all
    probabilities NaN and the class 0.

    Examples
    --------
    >>> network = Network(mean=[10.0], scale=[2.0], layers=[([[1.0]], [0.0])])
    >>> network.probabilities(np.array([[10, 14]], np.float32)).round(3).tolist()
    [[0.5, 0.11900000274181366], [0.5, 0.8809999823570251]]
    >>> network.segment(np.array([[10, 14]], np.float32))
    array([0, 1], dtype=uint16)
    """

    kind: ClassVar[str] = "network"

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        for name in ("mean", "scale"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float32))
        layers = tuple((np.asarray(w, dtype=np.float32), np.asarray(b, dtype=np.float32)) for w, b in self.layers)
        self._check(layers)
        if len(layers[-1][1]) == 1:
            weights, bias = layers[-1]
            layers = *layers[:-1], (np.pad(weights, ((0, 0), (1, 0))), np.pad(bias, (1, 0)))
        object.__setattr__(self, "layers", layers)

    def _check(self, layers: tuple[Layer, ...]) -> None:
        inputs = self.mean.size
        fits = self.mean.ndim == 1 and self.mean.shape == self.scale.shape and inputs > 0 and len(layers) > 0
        for weights, bias in layers:
            fits = fits and bias.ndim == 1 and weights.shape == (inputs, bias.size) and bias.size > 0
            inputs = bias.size
        if not fits:
            shapes = ", ".join(f"{weights.shape} and {bias.shape}" for weights, bias in layers)
            raise DataError(
                f"the arrays of a network do not fit together: {self.mean.shape} means, {self.scale.shape} scales, and "
                f"layers of weights and biases of the shapes {shapes or 'none'}"
            )
        numbers = [self.mean, self.scale, *(array for layer in layers for array in layer)]
        if not all(np.isfinite(array).all() for array in numbers) or not self.scale.all():
            raise DataError(
                "a network has numbers that are NaN or infinite, or scales that are 0; train the model anew"
            )

    @property
    def n_features(self) -> int:
        """F."""
        return len(self.mean)

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.layers[-1][1])

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each class.

        Parameters
        ----------
        features : array of float32, shape (F, ...)

        Returns
        -------
        array of float32, shape (K, ...)
            They add up to 1, but for rounding.
        """
        found = np.empty((self.n_classes, *features.shape[1:]), dtype=np.float32)
        self._run(features, found.reshape(self.n_classes, -1), np.empty(0, dtype=np.uint16))
        return found

    def segment(self, features: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return the index, from 0, of the class whose probability is largest, the first of equals.

        Parameters
        ----------
        features : array of float32, shape (F, ...)

        Returns
        -------
        array of uint16, shape (...)
        """
        found = np.empty(features.shape[1:], dtype=np.uint16)
        self._run(features, np.empty((0, found.size), dtype=np.float32), found.reshape(-1))
        return found

    def _run(self, features: NDArray[np.float32], probabilities: Any, classes: Any) -> None:
        from tsraster.learning.networklayers import run_layers

        flat = flatten_features(features, self.n_features)
        weights, biases, sizes = self._packed
        factors = np.float32(1) / self.scale
        run_layers(flat, self.mean, factors, weights, biases, sizes, self.n_classes, probabilities, classes)

    @cached_property
    def _packed(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The weights and biases of all layers one after the other, and the sizes, as the compiled loop takes them."""
        weights = [round_up(weights.T, (PAIR, STEP)).ravel() for weights, _ in self.layers]
        biases = [round_up(bias, (PAIR,)) for _, bias in self.layers]
        sizes = np.array([self.n_features, *(len(bias) for _, bias in self.layers)], dtype=np.int64)
        return np.concatenate(weights), np.concatenate(biases), sizes

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_arrays` takes: mean, scale, and weights_0, bias_0, weights_1, ... of the layers."""
        arrays: dict[str, NDArray[Any]] = {"mean": self.mean, "scale": self.scale}
        for i, (weights, bias) in enumerate(self.layers):
            arrays |= {f"weights_{i}": weights, f"bias_{i}": bias}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Make a network of the arrays of a model file.

        Raises
        ------
        DataError
            One is missing, or they do not fit together.
        """
        try:
            count = sum(name.startswith("weights_") for name in arrays)
            layers = [(arrays[f"weights_{i}"], arrays[f"bias_{i}"]) for i in range(count)]
            return cls(mean=arrays["mean"], scale=arrays["scale"], layers=layers)
        except KeyError as error:
            raise DataError(f"the network has no array {error.args[0]!r}; train the model anew") from None


def flatten_features(features: NDArray[np.float32], n_features: int) -> NDArray[np.float32]:
    """Return features of the shape (F, N), contiguous and of float32.

    Raises
    ------
    DataError
        There are not `n_features` of them.
    """
    if features.ndim < 1 or len(features) != n_features:
        given = len(features) if features.ndim else "no"
        raise DataError(f"the classifier was trained with {n_features} features, and {given} are given")
    return np.ascontiguousarray(features, dtype=np.float32).reshape(n_features, -1)


def round_up(array: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Add zeros at the ends of the axes until each length is a multiple of that in `shape`."""
    return np.pad(array, [(0, -length % unit) for length, unit in zip(array.shape, shape, strict=True)])
