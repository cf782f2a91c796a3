"""Polynomials from places in a picture to coordinates of a map, fitted to control points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from tsraster.errors import DataError

NEEDED = {1: 3, 2: 6, 3: 10}
"""Points that a polynomial of each order needs; GDAL and QGIS have the same orders."""

_SINGULAR = 1e-9
"""Below this share of the largest singular value, points do not settle a polynomial."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Polynomial:
    """A polynomial from (column, row) to (x, y).

    Columns and rows are moved and scaled to about -1 to 1 before they are raised to powers, so that order 3 of a picture of many
    thousand pixels loses no digits.
    """

    order: int
    center: NDArray[np.float64]
    """Column and row that become 0, shape (2,)."""
    scale: NDArray[np.float64]
    """Columns and rows that become 1, shape (2,)."""
    coefficients: NDArray[np.float64]
    """Of 1, c, r, cc, cr, rr, ccc, ccr, crr, rrr for x and y, shape (terms, 2)."""

    def apply(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return x and y of columns and rows, both of shape (N, 2)."""
        return np.asarray(list_terms((places - self.center) / self.scale, self.order) @ self.coefficients)

    @property
    def affine(self) -> Affine:
        """The transform of order 1, from (column, row) of pixel corners to (x, y), as a `Georef` has it."""
        if self.order != 1:
            raise DataError(f"a polynomial of order {self.order} is no affine transform")
        (x, y), (a, d), (b, e) = self.coefficients.tolist()
        middle = Affine(a, b, x, d, e, y) @ Affine.scale(*(1 / self.scale)) @ Affine.translation(*-self.center)
        return Affine(*middle[:6])


def fit_polynomial(places: NDArray[np.float64], coordinates: NDArray[np.float64], order: int) -> Polynomial:
    """Fit a polynomial to control points by least squares.

    Parameters
    ----------
    places : array of float64, shape (N, 2)
        Columns and rows; pixel corners are whole numbers.
    coordinates : array of float64, shape (N, 2)
        x and y, in map units.
    order : int
        1, 2 or 3.

    Returns
    -------
    Polynomial

    Raises
    ------
    DataError
        There are too few points, or they do not settle the polynomial, as points on a line do not settle order 1.

    Examples
    --------
    >>> corners = np.array([[0.0, 0], [100, 0], [0, 50], [100, 50]])
    >>> found = fit_polynomial(corners, np.array([[10.0, 40], [60, 40], [10, 15], [60, 15]]), 1)
    >>> found.apply(np.array([[50.0, 10]])).round(6)
    array([[35., 35.]])
    """
    return fit_with_leverage(places, coordinates, order)[0]


def list_terms(places: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return 1, c, r, cc, cr, rr, ... of columns and rows, shape (N, terms)."""
    col, row = places.T
    return np.stack([col ** (n - i) * row**i for n in range(order + 1) for i in range(n + 1)], axis=1)


def fit_with_leverage(
    places: NDArray[np.float64], coordinates: NDArray[np.float64], order: int
) -> tuple[Polynomial, NDArray[np.float64]]:
    """Return what `fit_polynomial` does, and the leverage of each point, shape (N,)."""
    terms = NEEDED[order]
    if len(places) < terms:
        raise DataError(
            f"{len(places)} control points are too few for a polynomial of order {order}, which needs {terms}"
        )
    low, high = places.min(axis=0), places.max(axis=0)
    center, scale = (low + high) / 2, np.where(high > low, (high - low) / 2, 1.0)
    left, sizes, right = np.linalg.svd(list_terms((places - center) / scale, order), full_matrices=False)
    if sizes[-1] <= _SINGULAR * sizes[0]:
        curve = "a line" if order == 1 else f"a curve of order {order}"
        raise DataError(f"the control points lie on {curve} and do not settle a polynomial of order {order}")
    # Coordinates of a map are large beside their differences.
    origin = coordinates.mean(axis=0)
    coefficients = right.T @ ((left.T @ (coordinates - origin)) / sizes[:, np.newaxis])
    coefficients[0] += origin
    return Polynomial(order=order, center=center, scale=scale, coefficients=coefficients), (left**2).sum(axis=1)
