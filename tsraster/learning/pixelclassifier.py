"""`PixelClassifier`: train and predict by the conventions of scikit-learn, on arrays of numpy, xarray and dask."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.learning.arrayforms import Picture, take_labels, take_picture
from tsraster.learning.arrayprediction import predict_array, predict_picture
from tsraster.learning.arraytraining import ArrayPlan, train_arrays
from tsraster.learning.estimators import Settings
from tsraster.learning.featureset import FeatureSet, parse_features
from tsraster.learning.model import Model
from tsraster.learning.modelfile import read_model
from tsraster.learning.validation import Validation
from tsraster.registry import suggestion


class PixelClassifier:
    """A classifier of pixels by their surroundings, as scikit-learn has its estimators.

    Images are arrays of numpy, `xarray.DataArray` or dask, of any real dtype and of the shape (row, col) or (band, row, col);
    volumes, with ``dimensions=3``, (plane, row, col) or (band, plane, row, col). Labels are class codes of the shape of the
    image without bands, 0 where there is none.

    NaN, infinities, masked pixels and the nodata value have no class, in whichever band they are; what lies beside them does.

    Parameters
    ----------
    features : text or FeatureSet
        Filters and scales: all, color, edge, texture, or such as "smoothing:0.7,1.6 hessian:3.5"; see `parse_features`.
    recipe : str
        How they are computed: ilastik or scale-space; a `FeatureSet` has its own.
    slicewise : sequence of float
        Scales at which a volume is filtered plane by plane; a `FeatureSet` has its own.
    dimensions : 2 or 3
        Pictures or volumes.
    nodata : float, optional
        The value that stands for none; a DataArray tells its own.
    samples : int
        At most so many labeled pixels of each class and image are trained with, drawn from all of them; 0 for all.
    estimator : str
        random-forest, extra-trees, decision-tree, logistic-regression, linear-discriminant, perceptron, maximum-likelihood.
    trees : int
        Of a forest.
    seed : int
        Of random numbers; the same one gives the same classifier, on any number of processors.
    validation : "out-of-bag", "blocks" or "none", optional
        How the accuracy is found. By default out-of-bag for forests, and blocks for others.
    validation_block : int
        Side of the blocks, in pixels.
    names : mapping of int to str, optional
        Of the class codes.
    workers : int, optional
        Threads; as many as there are processors by default.

    Attributes
    ----------
    model_ : Model
        All that it takes to predict; `tsraster.learning.modelfile.write_model` saves it for ``tsraster predict``.
    classes_ : ndarray, shape (K,)
        The class codes, in increasing order.
    n_features_in_ : int
        How many bands an image has.
    feature_names_in_ : ndarray of str, shape (n_features_in_,)
        What they are called; only where the image told.
    feature_names_ : ndarray of str, shape (F,)
        The features that are computed of them. Not with a model that was read.
    feature_importances_ : ndarray of float64, shape (F,)
        How much each of these contributes, together 1. Only of trees.
    validation_ : Validation or None
        How well it does on labeled pixels that it was not trained on.

    Notes
    -----
    Parameters are checked by `fit`, as scikit-learn has it. Features are computed around labeled pixels, and by tiles for
    predictions, so that memory does not hold them all. Threads, tiles and the blocks of a dask array do not change a pixel.

    Without data, a pixel counts in the filters of its neighbors as the median of the labeled pixels.

    `sklearn.model_selection.cross_val_score` and `GridSearchCV` take lists of images and of labels, with a splitter as `cv`:
    whole images are left out in turn, which is the honest figure for other images.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = np.repeat([[10.0, 20.0]], 20, axis=1).repeat(30, axis=0) + rng.normal(size=(30, 40))
    >>> labels = np.zeros((30, 40), np.uint8)
    >>> labels[5:25, 3:6], labels[5:25, 33:36] = 1, 2
    >>> classifier = PixelClassifier(features="smoothing:1 gradient:1", trees=10).fit(image, labels)
    >>> classifier.predict(image)[15, [0, 12, 28, 39]]
    array([1, 1, 2, 2], dtype=uint8)
    >>> classifier.predict_proba(image).shape
    (2, 30, 40)
    """

    model_: Model
    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    feature_names_: NDArray[Any]
    feature_importances_: NDArray[np.float64]
    validation_: Validation | None

    def __init__(
        self,
        features: str | FeatureSet = "all",
        *,
        recipe: str = "ilastik",
        slicewise: Sequence[float] = (),
        dimensions: int = 2,
        nodata: float | None = None,
        samples: int = 20_000,
        estimator: str = "random-forest",
        trees: int = 100,
        seed: int = 0,
        validation: str | None = None,
        validation_block: int = 64,
        names: Mapping[int, str] | None = None,
        workers: int | None = None,
    ) -> None:
        self.features = features
        self.recipe = recipe
        self.slicewise = slicewise
        self.dimensions = dimensions
        self.nodata = nodata
        self.samples = samples
        self.estimator = estimator
        self.trees = trees
        self.seed = seed
        self.validation = validation
        self.validation_block = validation_block
        self.names = names
        self.workers = workers

    @classmethod
    def from_model(cls, model: Model | str | os.PathLike[str], *, workers: int | None = None) -> PixelClassifier:
        """Make one of a trained model, or the file of one.

        Raises
        ------
        ReadError
            There is no such file, or it is no model.
        """
        read = model if isinstance(model, Model) else read_model(model)
        made = cls(read.features, recipe=read.features.recipe, dimensions=read.dimensions, workers=workers)
        made._take_model(read)
        made.validation_ = None
        return made

    def fit(self, image: Any, labels: Any) -> PixelClassifier:
        """Train with labeled pixels.

        Parameters
        ----------
        image : array, shape (row, col) or (band, row, col), with ``dimensions=3`` (plane, row, col) or (band, plane, row, col)
            Or a list of images, of any sizes and with the same bands.
        labels : array of whole numbers, shape (row, col) or (plane, row, col)
            Class codes 1 to 65535; 0 where there is none. Or a list, one array for each image.

        Returns
        -------
        PixelClassifier
            Itself.

        Raises
        ------
        UsageError
            A parameter is wrong, or an image has other dimensions.
        DataError
            Labels have another size or place than their image; there are none on data, or of one class only; a class has too
            few; or a scale is too large for an image.
        MissingExtraError
            scikit-learn or numba is not installed.
        """
        plan = self._plan()
        training = train_arrays(*self._take_pairs(image, labels), plan)
        self._take_model(training.model)
        self.validation_ = training.trained.validation
        self.feature_names_ = np.array([column.name for column in training.columns])
        if training.trained.importances is not None:
            self.feature_importances_ = training.trained.importances
        return self

    def predict(self, image: Any) -> Any:
        """Return the class of each pixel.

        Parameters
        ----------
        image : array, as for `fit`, or a list of them

        Returns
        -------
        array of uint8 or uint16, shape (row, col) or (plane, row, col)
            Class codes, 0 where there is no data; of the first of equally probable classes. A DataArray for one, with its
            coordinates and CRS, and ``flag_values`` and ``flag_meanings`` for the classes; lazy for a dask array. Or a list.

        Raises
        ------
        UsageError
            It was not fitted, which is a `NotFittedError` of scikit-learn too; or the image has other dimensions.
        BandError, DataError
            The image has another number of bands, or is too small for a scale.
        """
        return self._predict(image, "segmentation")

    def predict_proba(self, image: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        image : array, as for `fit`, or a list of them

        Returns
        -------
        array of float32, shape (class, row, col) or (class, plane, row, col)
            In the order of `classes_`; NaN where there is no data. A DataArray with the dimension ``class`` for one, lazy for a
            dask array. Or a list.

        Raises
        ------
        UsageError, BandError, DataError
            As `predict` does.
        """
        return self._predict(image, "probabilities")

    def score(self, image: Any, labels: Any) -> float:
        """Return the share of the labeled pixels with data that get their label.

        Parameters
        ----------
        image, labels : arrays, as for `fit`, or lists of them
            Others than those it was trained with, or the score says nothing; see also `validation_`.

        Raises
        ------
        UsageError, BandError, DataError
            As `fit` and `predict` do.
        """
        self._check_fitted()
        right = checked = 0
        for picture, codes in zip(*self._take_pairs(image, labels), strict=True):
            where = codes > 0
            found = predict_picture(
                self.model_, picture, workers=self.workers, where=None if picture.is_lazy else where
            )
            found = np.asarray(found)[where]
            right += int(np.count_nonzero(found == codes[where]))
            checked += int(np.count_nonzero(found))
        if not checked:
            raise DataError("no pixel with data is labeled; 0 is no label")
        return right / checked

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  as scikit-learn calls it
        """Return the parameters by name, as they were given."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> PixelClassifier:
        """Set parameters by name, and return itself.

        Raises
        ------
        UsageError
            There is no such parameter.
        """
        known = list(self.get_params())
        for name in params:
            if name not in known:
                raise UsageError(f"PixelClassifier has no parameter {name!r}; {suggestion(name, known)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = (f"{k}={v!r}" for k, v in self.get_params().items() if v is not defaults[k].default)
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=True, three_d_array=True, allow_nan=True),
        )

    def _plan(self) -> ArrayPlan:
        """Check the parameters."""
        features = self.features
        if not isinstance(features, (FeatureSet, str)):
            raise UsageError(f"features are {features!r}; give a text such as all or smoothing:1, or a FeatureSet")
        if isinstance(features, str):
            choices = parse_features(features).choices
            features = FeatureSet(choices=choices, recipe=self.recipe, slicewise=tuple(self.slicewise))
        return ArrayPlan(
            features=features,
            settings=Settings(seed=self.seed, trees=self.trees, workers=self.workers),
            estimator=self.estimator,
            samples=self.samples,
            validation=self.validation,
            validation_block=self.validation_block,
            names=self.names or {},
        )

    def _take_pairs(self, image: Any, labels: Any) -> tuple[list[Picture], list[NDArray[np.uint16]]]:
        images, all_labels = (list(one) if isinstance(one, list | tuple) else [one] for one in (image, labels))
        if len(images) != len(all_labels) or not images:
            raise UsageError(f"there are {len(images)} images and {len(all_labels)} labels; give one array for each")
        pictures = [take_picture(one, self.dimensions, self.nodata) for one in images]
        for picture in pictures:
            if len(picture.bands) != len(pictures[0].bands):
                raise DataError(
                    f"one image has {len(pictures[0].bands)} bands and another {len(picture.bands)}; give the same"
                )
        return pictures, [take_labels(one, picture) for one, picture in zip(all_labels, pictures, strict=True)]

    def _predict(self, image: Any, export: str) -> Any:
        self._check_fitted()
        if isinstance(image, list | tuple):
            return [self._predict(one, export) for one in image]
        return predict_array(self.model_, image, export, nodata=self.nodata, workers=self.workers)

    def _check_fitted(self) -> None:
        if not hasattr(self, "model_"):
            raise _not_fitted_error()("this PixelClassifier is not fitted; call fit, or make one by from_model")

    def _take_model(self, model: Model) -> None:
        """Set what is known of any model, and forget what is not."""
        for name in ("feature_names_in_", "feature_names_", "feature_importances_"):
            vars(self).pop(name, None)
        self.model_ = model
        self.classes_ = np.array(model.codes, model.dtype)
        self.n_features_in_ = len(model.bands)
        if all(model.bands):
            self.feature_names_in_ = np.array(model.bands, dtype=object)


@cache
def _not_fitted_error() -> type[UsageError]:
    """Return an error that both programs which know tsraster and those which know scikit-learn catch, if that is there."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return UsageError
    return type("NotFittedError", (UsageError, NotFittedError), {"__module__": __name__, "__doc__": UsageError.__doc__})
