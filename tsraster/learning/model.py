"""`Model`: all that it takes to classify the pixels of another picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import BandError, DataError
from tsraster.learning.classifier import Classifier, Floats
from tsraster.learning.featureset import Column, FeatureSet, halo
from tsraster.learning.forest import Forest
from tsraster.lut import Lut


@dataclass(frozen=True, kw_only=True, eq=False)
class LabeledPixels:
    """Which pixels a model was trained with.

    Attributes
    ----------
    sources : tuple of str
        Names of the pictures.
    shapes : tuple of tuple of int
        (row, col) of each, or (plane, row, col).
    source : ndarray of uint16, shape (label,)
        Which picture each lies in.
    places : ndarray of int32, shape (label, 2 or 3)
        Row and column there, or plane, row and column.
    codes : ndarray of uint16, shape (label,)
    """

    sources: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    source: NDArray[np.uint16]
    places: NDArray[np.int32]
    codes: NDArray[np.uint16]

    def find(self, name: str, shape: tuple[int, ...]) -> int | None:
        """Return which of the pictures has that name, without its folder, and that shape; None where there is none."""
        wanted = strip_folder(name)
        for i, (source, size) in enumerate(zip(self.sources, self.shapes, strict=True)):
            if strip_folder(source) == wanted and size == shape:
                return i
        return None


def strip_folder(name: str) -> str:
    """Return the name of a file without its folder, be that of this machine or of another."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A recipe of features, a trained classifier of them, and the classes it tells apart.

    Parameters
    ----------
    features : FeatureSet
        What was computed for training.
    bands : tuple of str, shape (B,)
        What the bands were called; empty texts where they had no names.
    columns : tuple of Column, shape (F,)
        The features that the classifier asks for, which may be fewer.
    classifier : Classifier
    lut : Lut
        Codes, names and colors of the classes, in the classifier's order.
    units : tuple of str, shape (B,) or ()
        What the values of the bands were: a unit, ``DN`` of stored numbers, ``1`` of physical values without a unit, or an empty
        text where nothing said it; none at all where the model does not know.
    fill : tuple of float, shape (B,)
        What stands for pixels without data when those around them are filtered.
    dimensions : 2 or 3
        Whether pictures or volumes are classified.
    labels : LabeledPixels, optional
        What it was trained with.
    report : mapping
        How it was trained and how well it does, as what JSON can hold.

    Raises
    ------
    DataError
        The parts do not fit together.
    """

    features: FeatureSet
    bands: tuple[str, ...]
    columns: tuple[Column, ...]
    classifier: Classifier
    lut: Lut
    fill: tuple[float, ...]
    units: tuple[str, ...] = ()
    dimensions: int = 2
    labels: LabeledPixels | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.columns) != self.classifier.n_features:
            raise DataError(
                f"the model computes {len(self.columns)} features, and its classifier asks for {self.classifier.n_features}"
            )
        if self.lut.kind != "classes" or len(self.codes) != self.classifier.n_classes:
            raise DataError(
                f"the model names {len(self.codes)} classes, and its classifier has {self.classifier.n_classes}"
            )
        if min(self.codes) < 1 or max(self.codes) > _MOST_CODE:
            raise DataError(f"the model has the code {min(self.codes)}; class codes are 1 to {_MOST_CODE}")
        if len(self.fill) != len(self.bands) or any(not 0 <= c.band < len(self.bands) for c in self.columns):
            raise DataError("the model asks for a band that it does not know")
        if self.units and len(self.units) != len(self.bands):
            raise DataError(f"the model has {len(self.bands)} bands and units of {len(self.units)}")
        known = set(self.features.columns(len(self.bands), self.dimensions)) if self.dimensions in (2, 3) else set()
        unknown = [column for column in self.columns if column not in known]
        if known and unknown:
            raise DataError(f"the model asks for {unknown[0].name}, which is not among its features")
        if self.dimensions not in (2, 3):
            raise DataError(f"the model is of {self.dimensions} dimensions; there are 2 and 3")

    @cached_property
    def codes(self) -> tuple[int, ...]:
        """The code of each class."""
        return tuple(int(key) for key in self.lut.keys)

    @property
    def names(self) -> tuple[str, ...]:
        """What each class is called."""
        return tuple(name or f"class {code}" for code, name in zip(self.codes, self.lut.names, strict=True))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest type that holds all codes."""
        return np.dtype(np.uint8 if max(self.codes) <= np.iinfo(np.uint8).max else np.uint16)

    @cached_property
    def halo(self) -> int:
        """So many pixels on each side of a block its features depend on."""
        return halo(self.columns, self.features.recipe)

    @property
    def used_bands(self) -> tuple[int, ...]:
        """Numbers, counted from 1, of the bands that any feature is made of."""
        return tuple(sorted({column.band + 1 for column in self.columns}))

    def check_bands(self, number: int, name: str) -> None:
        """Refuse a picture with another number of bands.

        Raises
        ------
        BandError
            It cannot be classified.
        """
        if number != len(self.bands):
            raise BandError(
                f"{name} has {number} band{'s' if number > 1 else ''} and the model was trained with {len(self.bands)}; "
                "choose as many with --bands, or give a picture like those it was trained with"
            )

    def compute(
        self, data: NDArray[Any], valid: NDArray[np.bool_] | None = None, window: tuple[slice, ...] | None = None
    ) -> Floats:
        """Return the features that the classifier asks for.

        Parameters
        ----------
        data : ndarray, shape (band, row, col) or (band, plane, row, col)
        valid : ndarray of bool, optional
            Where there is data: (row, col) or (plane, row, col). The others are filled before anything is filtered.
        window : tuple of slice, optional
            The part that features are wanted of; the rest is its surroundings. All when None.

        Returns
        -------
        ndarray of float32, (feature, row, col) or (feature, plane, row, col)
        """
        from tsraster.learning.featureimages import compute_features

        return compute_features(fill_gaps(data, valid, self.fill), self.columns, self.features.recipe, window=window)

    def to_codes(self, indices: NDArray[np.uint16]) -> NDArray[Any]:
        """Return the codes of classes that are counted from 0."""
        return np.array(self.codes, dtype=self.dtype)[indices]


_MOST_CODE = 65535


def reduce_columns(classifier: Classifier, columns: tuple[Column, ...]) -> tuple[Classifier, tuple[Column, ...]]:
    """Leave out features that no tree of a forest asks for: they need not be computed."""
    if not isinstance(classifier, Forest):
        return classifier, columns
    used = classifier.used_features()
    if not len(used):  # trees of a single leaf
        used = np.zeros(1, np.intp)
    return classifier.with_features(used), tuple(columns[i] for i in used.tolist())


def fill_gaps(data: NDArray[Any], valid: NDArray[np.bool_] | None, fill: tuple[float, ...]) -> Floats:
    """Return values as float32 in which each band has its own number where there is no data.

    A constant, and not what lies around: so that it is the same wherever a block begins.
    """
    values = np.ascontiguousarray(data, dtype=np.float32)
    if valid is None or valid.all():
        return values
    filled = values.copy() if values is data else values
    for band, number in zip(filled, fill, strict=True):
        band[~valid] = number
    return filled


def find_margin(probabilities: Floats) -> Floats:
    """Return the uncertainty of each pixel: 1 less the lead of the most probable class over the second, 0 to 1.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (class, ...)

    Returns
    -------
    ndarray of float32, shape (...)
        0 where there is a single class.

    Examples
    --------
    >>> find_margin(np.array([[0.5, 1.0], [0.25, 0.0], [0.25, 0.0]], np.float32))
    array([0.75, 0.  ], dtype=float32)
    """
    if len(probabilities) == 1:
        return np.zeros(probabilities.shape[1:], np.float32)
    first, second = probabilities[0], np.full(probabilities.shape[1:], -1, np.float32)
    for one in probabilities[1:]:
        second = np.maximum(second, np.minimum(first, one))
        first = np.maximum(first, one)
    return np.asarray(1 - (first - second), np.float32)
