"""Which points of a field are chosen: the options of `points_file`, checked once, and the methods behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.inversion.points.creases import find_corners
from tsraster.inversion.points.extrema import find_peaks
from tsraster.inversion.points.fieldpoints import FieldPoints
from tsraster.inversion.points.generators import find_generators
from tsraster.inversion.points.refining import refine_points
from tsraster.inversion.points.segments import list_strips
from tsraster.inversion.points.thinning import Thinned, measure_gradient, scan_plateaus, thin_plateaus

MaxError = str | float

METHODS = ("plateaus", "adaptive", "samples")
CLUSTERS = ("components", "dbscan")
MOST_SEARCHED = 2**24
"""Pixels among which samples of linear or inverse distances are looked for, at about 140 bytes each."""
_SPARSE = 0.05
"""Where plateaus are less than this part of the field, another method is named."""
_STRANGE = 0.5
"""Borders that are farther from bisectors, in pixels, are not those of nearest neighbors."""
_ADAPTIVE = "--method adaptive --max-error 5%"


@dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """The points of a field, and what is to be said of how they were chosen."""

    points: FieldPoints
    tolerance: float | None = None
    max_error: float | None = None
    on_plateaus: int | None = None
    left_out: int | None = None
    misfit: float | None = None
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class PointChoice:
    """How points are chosen."""

    method: str
    interpolate: str
    tolerance: float
    connectivity: int
    cluster: str
    eps: float
    min_samples: int
    min_size: int
    max_error: float
    """In units of the values; or the part of their range where `of_range` is True."""
    of_range: bool

    def choose(self, field: NDArray[Any]) -> Chosen:
        """Return the points of a field, shape (row, col), NaN where there is no data; it has some.

        Raises
        ------
        DataError
            There are none of the kind.
        """
        if self.method == "plateaus":
            return self._thin(field)
        if self.method == "adaptive":
            return self._refine(field)
        return self._find_samples(field)

    def _thin(self, field: NDArray[Any]) -> Chosen:
        if self.cluster == "dbscan":
            thinned = scan_plateaus(
                field, tolerance=self.tolerance, eps=self.eps, min_samples=self.min_samples, min_size=self.min_size
            )
        else:
            thinned = thin_plateaus(
                field, tolerance=self.tolerance, connectivity=self.connectivity, min_size=self.min_size
            )
        if not len(thinned.points):
            raise DataError(self._describe_absence(field, thinned))
        share = thinned.flat / np.count_nonzero(~np.isnan(field))
        sparse = f"only {100 * share:.2g} % of the pixels lie on plateaus; {_ADAPTIVE} may suit the field better"
        return Chosen(
            points=thinned.points,
            tolerance=self.tolerance,
            on_plateaus=thinned.flat,
            left_out=thinned.left_out,
            advice=sparse if share < _SPARSE else "",
        )

    def _describe_absence(self, field: NDArray[Any], thinned: Thinned) -> str:
        if thinned.flat:
            return (
                f"no cluster of the {thinned.flat} pixels on plateaus is large enough; give a smaller --min-size, or with DBSCAN "
                "a smaller --min-samples"
            )
        typical = _find_typical_gradient(field)
        return (
            f"no pixel lies on a plateau, where the gradient is at most {self.tolerance:g} per pixel (it is {typical:.3g} at "
            f"half of them); a field that varies everywhere is thinned by {_ADAPTIVE}, or give a larger --tolerance"
        )

    def _refine(self, field: NDArray[Any]) -> Chosen:
        extent = float(np.nanmax(field)) - float(np.nanmin(field))
        # Of a field of one value any part of the range is 0, and any error is large enough.
        error = self.max_error * extent or 1.0 if self.of_range else self.max_error
        points = refine_points(field, error)
        dense = f"it takes {len(points)} points to follow the field so near: it may hold noise; a larger --max-error takes fewer"
        many = len(points) > np.count_nonzero(~np.isnan(field)) / 4 > 4
        return Chosen(points=points, max_error=error, advice=dense if many else "")

    def _find_samples(self, field: NDArray[Any]) -> Chosen:
        if self.interpolate == "nearest":
            return _find_generators(field)
        if field.size > MOST_SEARCHED:
            raise DataError(
                f"samples of {self.interpolate} interpolation are looked for among {MOST_SEARCHED >> 20} megapixels at the most, "
                f"and there are {field.size / 2**20:.0f}; take a part with --region left,top,right,bottom"
            )
        if self.interpolate == "idw":
            if min(field.shape) < 3:
                raise DataError(
                    f"{field.shape[0]} x {field.shape[1]} pixels have no inside where samples could stand out"
                )
            points = find_peaks(field)
            if not len(points):
                raise DataError(
                    f"the field has neither peaks nor pits, as inverse distances would make; use {_ADAPTIVE}"
                )
            return Chosen(points=points)
        return Chosen(points=find_corners(field))


def _find_generators(field: NDArray[Any]) -> Chosen:
    flat = thin_plateaus(field)
    if flat.flat < np.count_nonzero(~np.isnan(field)) / 2:
        raise DataError(
            "less than half of the pixels have neighbors of their value, so the field was not made by nearest neighbor; "
            f"use --interpolate linear or idw, or {_ADAPTIVE}"
        )
    points, misfit = find_generators(field)
    strange = (
        f"borders lie {misfit:.2g} pixels from where nearest neighbors would have them, so the field was made in another way, or "
        "samples side by side have one value; --method plateaus gives a point for each plateau"
    )
    return Chosen(points=points, misfit=misfit, advice=strange if misfit > _STRANGE else "")


def _find_typical_gradient(field: NDArray[Any]) -> float:
    """Return the median of the gradients of about a million pixels in the middle rows."""
    strips = list(list_strips(field.shape))
    top, bottom = strips[len(strips) // 2]
    steepness = measure_gradient(field[max(0, top - 1) : bottom + 1])
    known = steepness[~np.isnan(steepness)]
    return float(np.median(known)) if len(known) else float("nan")


def plan_choice(
    *,
    method: str,
    tolerance: float | None,
    connectivity: int | None,
    cluster: str | None,
    eps: float | None,
    min_samples: int | None,
    min_size: int | None,
    max_error: MaxError | None,
    interpolate: str,
) -> PointChoice:
    """Check the options, which are those of `points_file`, and put defaults where there are none.

    Raises
    ------
    UsageError
        One is out of its range, or belongs to another method.
    """
    if method not in METHODS:
        raise UsageError(f"points cannot be chosen by {method!r}; choose from {', '.join(METHODS)}")
    of_plateaus = {"tolerance": tolerance, "connectivity": connectivity, "cluster": cluster, "min-size": min_size}
    of_dbscan = {"eps": eps, "min-samples": min_samples}
    _refuse({**of_plateaus, **of_dbscan}, method == "plateaus", "--method plateaus")
    _refuse({"max-error": max_error}, method == "adaptive", "--method adaptive")
    _refuse(of_dbscan, cluster == "dbscan", "--cluster dbscan")
    _refuse({"connectivity": connectivity}, cluster != "dbscan", "--cluster components")
    if method == "adaptive" and max_error is None:
        raise UsageError(
            "--method adaptive needs --max-error: a number in units of the values, or a percent of their range as 5%"
        )
    if method == "adaptive" and interpolate != "linear":
        raise UsageError(
            f"--method adaptive makes the field again linear, and --interpolate is {interpolate}; leave it out"
        )
    if cluster not in (None, *CLUSTERS):
        raise UsageError(f"pixels cannot be joined by {cluster!r}; choose from {', '.join(CLUSTERS)}")
    if connectivity not in (None, 4, 8):
        raise UsageError(f"a pixel has no {connectivity} neighbors; give --connectivity 4 or 8")
    error, of_range = _parse_error(max_error) if max_error is not None else (0.0, False)
    return PointChoice(
        method=method,
        interpolate=interpolate,
        tolerance=_check("tolerance", tolerance, 0.0, 0.0),
        connectivity=connectivity or 8,
        cluster=cluster or "components",
        eps=_check("eps", eps, 1.5, 1.0),
        min_samples=int(_check("min-samples", min_samples, 4, 1)),
        min_size=int(_check("min-size", min_size, 1, 1)),
        max_error=error,
        of_range=of_range,
    )


def _refuse(options: Mapping[str, object], fits: bool, other: str) -> None:
    """Refuse options that were given and have no meaning here."""
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given and not fits:
        raise UsageError(f"{given[0]} goes with {other}; leave out one of the two, or choose that")


def _check(name: str, value: float | None, default: float, least: float) -> float:
    if value is None:
        return default
    if not (least <= value < math.inf):
        raise UsageError(f"--{name} {value:g} is out of range; give a number from {least:g}")
    return value


def _parse_error(text: MaxError) -> tuple[float, bool]:
    """Return an error and whether it is a part of the range."""
    written = str(text).strip()
    of_range = written.endswith("%")
    try:
        error = float(written.removesuffix("%")) / (100 if of_range else 1)
    except ValueError:
        raise UsageError(
            f"--max-error {written} is no number; give one in units of the values, or a percent as 5%"
        ) from None
    if not 0 < error < math.inf:
        raise UsageError(f"--max-error {written} is out of range; give a positive number, or a percent as 5%")
    return error, of_range
