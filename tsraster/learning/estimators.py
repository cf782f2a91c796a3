"""The estimators by name: how scikit-learn trains each, and how the trained one becomes plain arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, UsageError
from tsraster.learning.classifier import Classifier
from tsraster.learning.gaussian import Gaussian
from tsraster.learning.network import Network
from tsraster.registry import Registry

Method = Literal["out-of-bag", "blocks"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a user chooses of an estimator; each takes what concerns it.

    Parameters
    ----------
    seed : int
        Of random numbers, 0 to 2**32 - 1; the same seed gives the same classifier, on any number of processors.
    trees : int
        Of a forest.
    drawn : float
        How many samples are drawn, with replacement, for each tree, as a share of all: above 0, at most 1.
    workers : int, optional
        Threads; as many as there are processors by default.

    Raises
    ------
    UsageError
        A number is out of its range.
    """

    seed: int = 0
    trees: int = 100
    drawn: float = 1.0
    workers: int | None = None

    def __post_init__(self) -> None:
        for name, least, most in (("seed", 0, 2**32 - 1), ("trees", 1, 10_000), ("workers", 1, 1024)):
            number = getattr(self, name)
            if number is not None and not (isinstance(number, (int, np.integer)) and least <= number <= most):
                raise UsageError(f"{name} {number} cannot be; give a whole number from {least} to {most}")
        if not 0 < self.drawn <= 1:
            raise UsageError(f"the share {self.drawn:g} cannot be drawn; give a number above 0, at most 1")

    @property
    def threads(self) -> int:
        """How many threads there are to be."""
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """A way to train a classifier.

    Parameters
    ----------
    make : callable
        Takes `Settings` and the number of samples; returns an estimator of scikit-learn that is not trained.
    convert : callable
        Takes the trained estimator and returns a `Classifier`.
    validation : "out-of-bag" or "blocks"
        How its accuracy is usually found.
    draws : bool
        Whether each of its trees is trained on drawn samples, so that the others can check it.
    describe : str
        One line for people who choose.
    fewest : callable
        Takes the number of features; returns how many samples each class needs at least.
    """

    make: Callable[[Settings, int], Any]
    convert: Callable[[Any], Classifier]
    describe: str
    validation: Method = "blocks"
    draws: bool = False
    fewest: Callable[[int], int] = lambda _: 1

    @property
    def makes_forest(self) -> bool:
        """Whether its classifier is a `Forest`."""
        return self.convert is _convert_forest

    def fit(self, features: NDArray[np.float32], classes: NDArray[np.intp], settings: Settings) -> Any:
        """Return the trained estimator of scikit-learn.

        Raises
        ------
        MissingExtraError
            scikit-learn is not installed.
        """
        with _one_way_to_compute():
            return self.make(settings, len(classes)).fit(features, classes)


ESTIMATORS: Registry[Estimator] = Registry("estimator")


def check_sklearn() -> None:
    """Find out whether anything can be trained, which is better known before features are computed.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    try:
        import sklearn.exceptions  # noqa: F401
        import threadpoolctl  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            "training needs scikit-learn; install it with: pip install 'tsraster[learning]'"
        ) from None


@contextmanager
def _one_way_to_compute() -> Iterator[None]:
    """Keep matrix products on one thread, whose number would change their last bits, and quiet what users cannot act on.

    Those are that iterations have ended before they converged, and that features are collinear, as neighboring scales are.
    """
    check_sklearn()
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Variables are collinear")
        yield


def _convert_forest(trained: Any) -> Classifier:
    from tsraster.learning.forest import Forest

    return Forest.of_sklearn(trained)


def _make_random_forest(settings: Settings, _: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(settings.trees, **_settings_of_forests(settings))


def _make_extra_trees(settings: Settings, _: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(settings.trees, **_settings_of_forests(settings))


def _settings_of_forests(settings: Settings) -> dict[str, Any]:
    drawn = None if settings.drawn == 1 else settings.drawn
    return {"bootstrap": True, "max_samples": drawn, "random_state": settings.seed, "n_jobs": settings.threads}


def _make_decision_tree(settings: Settings, _: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(min_samples_leaf=5, max_leaf_nodes=32, random_state=settings.seed)


def _standardized(estimator: Any) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)


def _make_logistic_regression(settings: Settings, _: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return _standardized(LogisticRegression(max_iter=500, random_state=settings.seed))


def _make_linear_discriminant(_: Settings, __: int) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return _standardized(LinearDiscriminantAnalysis())


def _make_perceptron(settings: Settings, count: int) -> Any:
    """Make one hidden layer of 32, with batches that grow with the samples: at least 50 an epoch, of which few suffice."""
    from sklearn.neural_network import MLPClassifier

    return _standardized(
        MLPClassifier(
            (32,),
            alpha=1e-2,
            learning_rate_init=3e-3,
            batch_size=min(count, max(32, min(200, count // 50), count // 500)),
            max_iter=100,
            random_state=settings.seed,
        )
    )


def _make_maximum_likelihood(_: Settings, __: int) -> Any:
    """Make Gaussian classes whose variances are at least a thousandth of those of standardized features.

    Neighboring scales nearly agree, and a covariance without that floor could not be inverted in float32.
    """
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    return _standardized(QuadraticDiscriminantAnalysis(reg_param=1e-3))


def _convert_linear(trained: Any) -> Network:
    scaler, linear = (step for _, step in trained.steps)
    return Network(mean=scaler.mean_, scale=scaler.scale_, layers=[(linear.coef_.T, linear.intercept_)])


def _convert_perceptron(trained: Any) -> Network:
    scaler, perceptron = (step for _, step in trained.steps)
    layers = list(zip(perceptron.coefs_, perceptron.intercepts_, strict=True))
    return Network(mean=scaler.mean_, scale=scaler.scale_, layers=layers)


def _convert_maximum_likelihood(trained: Any) -> Gaussian:
    scaler, analysis = (step for _, step in trained.steps)
    pairs = list(zip(analysis.rotations_, analysis.scalings_, strict=True))
    spreads = np.array([np.log(variances).sum() for _, variances in pairs])
    return Gaussian(
        mean=scaler.mean_,
        scale=scaler.scale_,
        centers=analysis.means_,
        whitenings=np.stack([(rotation / np.sqrt(variances)).T for rotation, variances in pairs]),
        constants=np.log(analysis.priors_) - spreads / 2,
    )


ESTIMATORS.register("random-forest")(
    Estimator(
        make=_make_random_forest,
        convert=_convert_forest,
        describe="unpruned trees on drawn samples, each cut the best of a few features",
        validation="out-of-bag",
        draws=True,
    )
)
ESTIMATORS.register("extra-trees")(
    Estimator(
        make=_make_extra_trees,
        convert=_convert_forest,
        describe="as random-forest with cuts drawn by chance: trained several times faster, larger trees",
        validation="out-of-bag",
        draws=True,
    )
)
ESTIMATORS.register("decision-tree")(
    Estimator(
        make=_make_decision_tree,
        convert=_convert_forest,
        describe="a single tree of at most 32 leaves of at least 5 samples each, which people can read",
    )
)
ESTIMATORS.register("logistic-regression")(
    Estimator(
        make=_make_logistic_regression,
        convert=_convert_linear,
        describe="weighted sums of the features: fastest to predict, with straight boundaries",
    )
)
ESTIMATORS.register("linear-discriminant")(
    Estimator(
        make=_make_linear_discriminant,
        convert=_convert_linear,
        describe="Gaussian classes of one shape: as fast to predict, and trained at once",
        fewest=lambda _: 2,
    )
)
ESTIMATORS.register("perceptron")(
    Estimator(
        make=_make_perceptron,
        convert=_convert_perceptron,
        describe="a small neural network with one hidden layer of 32: fast to predict, with curved boundaries",
    )
)
ESTIMATORS.register("maximum-likelihood")(
    Estimator(
        make=_make_maximum_likelihood,
        convert=_convert_maximum_likelihood,
        describe="Gaussian classes, each of its own shape: the classic of remote sensing, for few features",
        fewest=lambda features: features + 1,
    )
)
