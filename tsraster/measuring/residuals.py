"""How well polynomials and a thin plate spline place a picture by its control points: residuals, with each point left out too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from tsraster.errors import DataError
from tsraster.measuring.polynomials import NEEDED, fit_polynomial, fit_with_leverage, list_terms

SPLINE = "thin plate spline"

_MOST_SPLINED = 1000
"""A spline takes the cube of the number of points; this many take a quarter of a second."""
_SINGULAR = 1e-9
"""Where less of a point than this is left to the others, they cannot do without it."""
_BETTER = 0.9
_WORTH_PIXELS = 0.1
"""A more complex model is recommended where it brings the error below this share of that of the simpler one, and by so many
pixels at least."""
_MANY_TIMES = 5.0
_LEAST_PIXELS = 1.0
"""A point is suspicious where it is off by so many times the median, and by a pixel at least."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelResiduals:
    """What is left between control points and one way to place them: the model minus what the points say.

    Pixels are map units brought back to the picture by the affine transform of order 1, for every model: that is the same
    measure for all, and cannot break down where a polynomial of higher order turns over.
    """

    model: str
    """``order 1``, ``order 2``, ``order 3`` or ``thin plate spline``."""
    needs: int
    """Points that settle it; a spline goes through all that there are, and so leaves no residuals."""
    offsets: NDArray[np.float64]
    """In x and y, in map units, shape (N, 2)."""
    pixel_offsets: NDArray[np.float64]
    """In columns and rows, shape (N, 2)."""
    left_out: NDArray[np.float64]
    """The same as `offsets`, of the model made without the point itself; infinite where the others do not settle it."""
    pixel_left_out: NDArray[np.float64]

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Of each point, in map units, shape (N,)."""
        return _measure_lengths(self.offsets)

    @cached_property
    def pixels(self) -> NDArray[np.float64]:
        """Of each point, in pixels, shape (N,)."""
        return _measure_lengths(self.pixel_offsets)

    @cached_property
    def pixels_left_out(self) -> NDArray[np.float64]:
        """Of each point that is left out, in pixels, shape (N,)."""
        return _measure_lengths(self.pixel_left_out)

    @property
    def rms(self) -> float:
        """Root of the mean squared distance, in map units."""
        return _find_rms(self.offsets)

    @property
    def rms_pixels(self) -> float:
        """Root of the mean squared distance, in pixels."""
        return _find_rms(self.pixel_offsets)

    @property
    def rms_left_out(self) -> float | None:
        """The same in map units of points that are left out; None where one cannot be left out."""
        return _find_rms(self.left_out) if np.isfinite(self.left_out).all() else None

    @property
    def rms_pixels_left_out(self) -> float | None:
        """The same in pixels of points that are left out; None where one cannot be left out."""
        return _find_rms(self.pixel_left_out) if np.isfinite(self.left_out).all() else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Residuals:
    """How well control points fit together."""

    models: tuple[ModelResiduals, ...]
    """From simple to complex; those that the points settle."""
    recommended: ModelResiduals
    suspects: tuple[int, ...]
    """Points that are likely wrong, counted from 0, worst first."""
    affine: Affine
    """Of order 1, from (column, row) of pixel corners to (x, y)."""


def measure_residuals(places: NDArray[np.float64], coordinates: NDArray[np.float64]) -> Residuals:
    """Measure how well control points fit polynomials of order 1, 2 and 3 and a thin plate spline.

    The residual of a point says little where a model has nearly as many parameters as there are points: order 3 goes through
    any ten. So each point is also predicted by the model of all others. By that error the simplest model is recommended that
    none of the more complex ones beats by a tenth; and a point is suspicious where it is off by more than a pixel and five
    times the median.

    Parameters
    ----------
    places : array of float64, shape (N, 2)
        Columns and rows; pixel corners are whole numbers.
    coordinates : array of float64, shape (N, 2)
        x and y, in map units.

    Returns
    -------
    Residuals

    Raises
    ------
    DataError
        There are fewer than three points, or they lie on a line.

    Notes
    -----
    No model is fitted N times: for least squares the error of a point that is left out is its residual divided by one minus its
    leverage, and for a spline its weight divided by its element on the diagonal of the inverse system. The spline is left out
    above 1000 points.

    References
    ----------
    D. M. Allen, "The relationship between variable selection and data augmentation and a method for prediction", Technometrics 16
    (1974), 125-127; S. Rippa, "An algorithm for selecting a good value for the parameter c in radial basis function
    interpolation", Advances in Computational Mathematics 11 (1999), 193-210.

    Examples
    --------
    >>> corners = np.array([[0.0, 0], [100, 0], [0, 50], [100, 50], [50, 25]])
    >>> result = measure_residuals(corners, corners * [0.02, -0.02] + [10, 40] + np.eye(5, 2) * 0.1)
    >>> result.recommended.model, round(result.recommended.rms_pixels, 2)
    ('order 1', 1.76)
    """
    first = fit_polynomial(places, coordinates, 1)
    to_pixels = np.asarray(np.linalg.inv((first.coefficients[1:] / first.scale[:, np.newaxis]).T), np.float64)
    models = [
        _measure(f"order {order}", needed, *found, to_pixels)
        for order, needed in NEEDED.items()
        if (found := _attempt(_measure_polynomial, places, coordinates, order)) is not None
    ]
    if NEEDED[1] < len(places) <= _MOST_SPLINED:
        found = _attempt(_measure_spline, places, coordinates)
        if found is not None:
            models.append(_measure(SPLINE, NEEDED[1], *found, to_pixels))
    recommended = _recommend(models)
    return Residuals(
        models=tuple(models), recommended=recommended, suspects=_find_suspects(recommended), affine=first.affine
    )


_Found = tuple[NDArray[np.float64], NDArray[np.float64]]


def _attempt(measure: Callable[..., _Found], *arguments: object) -> _Found | None:
    """Return the offsets, with all points and with each left out; None where the points do not settle the model."""
    try:
        return measure(*arguments)
    except (DataError, np.linalg.LinAlgError):
        return None


def _measure_polynomial(places: NDArray[np.float64], coordinates: NDArray[np.float64], order: int) -> _Found:
    polynomial, leverage = fit_with_leverage(places, coordinates, order)
    offsets = polynomial.apply(places) - coordinates
    rest = (1 - leverage)[:, np.newaxis]
    return offsets, np.divide(offsets, rest, out=np.full_like(offsets, np.inf), where=rest > _SINGULAR)


def _measure_spline(places: NDArray[np.float64], coordinates: NDArray[np.float64]) -> _Found:
    """Solve for the spline of the kernel r**2 log r with a plane, which GDAL and QGIS use."""
    count = len(places)
    plain = (places - places.mean(axis=0)) / np.ptp(places, axis=0).max()
    squares = ((plain[:, np.newaxis] - plain) ** 2).sum(axis=2)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = squares * np.log(squares, out=np.zeros_like(squares), where=squares > 0) / 2
    system[:count, count:] = list_terms(plain, 1)
    system[count:, :count] = system[:count, count:].T
    inverse = np.linalg.inv(system)
    weights = inverse[:count, :count] @ (coordinates - coordinates.mean(axis=0))
    own = np.diag(inverse)[:count, np.newaxis]
    # Without a point that alone is beside the line of all others, there is no plane.
    is_settled = np.abs(own) > _SINGULAR
    left_out = np.divide(-weights, own, out=np.full_like(weights, np.inf), where=is_settled)
    return np.zeros_like(coordinates), left_out


def _measure(
    model: str,
    needs: int,
    offsets: NDArray[np.float64],
    left_out: NDArray[np.float64],
    to_pixels: NDArray[np.float64],
) -> ModelResiduals:
    finite = np.where(np.isfinite(left_out), left_out, 0.0)
    return ModelResiduals(
        model=model,
        needs=needs,
        offsets=offsets,
        pixel_offsets=offsets @ to_pixels.T,
        left_out=left_out,
        pixel_left_out=np.where(np.isfinite(left_out), finite @ to_pixels.T, np.inf),
    )


def _measure_lengths(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(offsets[:, 0], offsets[:, 1]))


def _find_rms(offsets: NDArray[np.float64]) -> float:
    return float(np.sqrt((offsets**2).sum(axis=1).mean()))


def _recommend(models: Sequence[ModelResiduals]) -> ModelResiduals:
    best = models[0]
    for model in models[1:]:
        error, least = model.rms_pixels_left_out, best.rms_pixels_left_out
        if error is not None and least is not None and error < min(_BETTER * least, least - _WORTH_PIXELS):
            best = model
    return best


def _find_suspects(model: ModelResiduals) -> tuple[int, ...]:
    lengths = model.pixels_left_out
    if not np.isfinite(lengths).any():
        return ()
    finite = np.where(np.isfinite(lengths), lengths, 0.0)
    limit = max(_MANY_TIMES * float(np.median(finite)), _LEAST_PIXELS)
    return tuple(i for i in np.argsort(-finite, kind="stable").tolist() if finite[i] > limit)
