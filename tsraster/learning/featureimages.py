"""`compute_features`: the filtered pictures that a classifier sees.

The features of one band and scale share the first smoothing, the derivatives and the products of slopes; only what the columns
ask for is computed. The compiled filters run without Python's lock, so that several threads compute several tiles.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.featureset import Column
from tsraster.learning.recipes import RECIPES, ScalePlan

if TYPE_CHECKING:
    from tsraster.learning.filterbank import FilterBank

Floats = NDArray[np.float32]
Window = tuple[slice, ...]
_LOADING = threading.Lock()
"""Where numba is missing, a second thread would find half of a module and not say so."""


def compute_features(
    data: NDArray[Any],
    columns: Sequence[Column],
    recipe: str = "ilastik",
    *,
    window: Window | None = None,
    out: Floats | None = None,
) -> Floats:
    """Compute features of every pixel.

    Borders are mirrored at the middle of the outer pixels. A pixel depends on those around it, up to `halo(columns, recipe)`
    away, and its features are the same, bit for bit, in each tile that is read with that many more. NaN and infinite pixels
    spoil as many around them: put a number in place of nodata before.

    Parameters
    ----------
    data : array of any real dtype, shape (B, R, C), or (B, P, R, C) of a volume
        The bands. Numbers are taken as they are, as float32, and not scaled.
    columns : sequence of Column
        What to compute, without doubles; `FeatureSet.columns` lists them.
    recipe : str
        The name of a recipe in `tsraster.learning.recipes`.
    window : tuple of slice, optional
        The rows and columns, or planes, rows and columns, that features are wanted of, with whole numbers as both ends; the
        others are only read as their surroundings. All when None.
    out : array of float32, shape (F, ...), C-contiguous, optional
        Where to put the result, such as the array that held that of the tile before.

    Returns
    -------
    array of float32, shape (F, R, C), or (F, P, R, C) of a volume
        One picture a column, of the size of the window.

    Raises
    ------
    UsageError
        A column is doubled, or of a band that is not there; no recipe has that name; or an argument has another shape than these.

    Examples
    --------
    >>> from tsraster.learning.featureset import parse_features
    >>> step = np.repeat(np.float32([[0, 0, 0, 8, 8, 8]]), 3, axis=0)
    >>> columns = parse_features("smoothing:0.3 gradient:1").columns(1)
    >>> compute_features(step[np.newaxis], columns)[:, 1].round(1)
    array([[0. , 0. , 0.1, 7.9, 8. , 8. ],
           [0. , 1.2, 2.2, 2.2, 1.2, 0. ]], dtype=float32)
    """
    whole = tuple(slice(0, size) for size in data.shape[1:])
    window = whole if window is None else window
    result = _take_out(out, (len(columns), *(part.stop - part.start for part in window)))
    _check(data, columns, window)
    bands: dict[int, Floats] = {}
    for job in _list_jobs(columns, recipe):
        if job.band not in bands:
            bands = {job.band: np.require(data[job.band], np.float32, ["C", "A", "W"])}
        band = bands[job.band]
        if job.is_flat and band.ndim == 3:
            for place, plane in enumerate(range(window[0].start, window[0].stop)):
                job.run(band[plane], window[1:], {key: result[k, place] for key, k in job.places.items()})
        else:
            job.run(band, window, {key: result[k] for key, k in job.places.items()})
    return result


def _check(data: NDArray[Any], columns: Sequence[Column], window: Window) -> None:
    if data.ndim not in (3, 4) or 0 in data.shape:
        raise UsageError(f"the data have shape {data.shape}; give (band, row, col) or (band, plane, row, col)")
    if len(set(columns)) < len(columns):
        raise UsageError("a feature is asked for twice; name each once")
    wrong = [column for column in columns if column.band >= len(data)]
    if wrong:
        raise UsageError(f"the feature {wrong[0].name!r} is of band {wrong[0].band + 1}; there are {len(data)} bands")
    if data.ndim == 3 and not all(column.slicewise for column in columns):
        raise UsageError("the features are of a volume and the data a picture; list the columns with dimensions=2")
    inside = [0 <= part.start <= part.stop <= size for part, size in zip(window, data.shape[1:], strict=False)]
    if len(window) != data.ndim - 1 or not all(inside):
        raise UsageError(f"the window {window} is not within data of shape {data.shape[1:]}")


def _take_out(out: Floats | None, shape: tuple[int, ...]) -> Floats:
    if out is None:
        return np.empty(shape, dtype=np.float32)
    if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise UsageError(f"the result has shape {shape} and is float32, C-contiguous; `out` is {out.dtype} {out.shape}")
    return out


@dataclass(frozen=True, kw_only=True, eq=False)
class _Job:
    """The features of one band and scale."""

    band: int
    plan: ScalePlan
    is_flat: bool
    """Whether filters run along rows and columns only."""
    places: dict[tuple[str, int], int] = field(default_factory=dict)
    """Index of the column, by kind and part."""

    def run(self, band: Floats, window: Window, outs: dict[tuple[str, int], Floats]) -> None:
        """Compute a window of a band into `outs`."""
        with _LOADING:
            from tsraster.learning.filterbank import choose_bank

        bank = choose_bank(band.ndim)
        first = {
            sigma: _smooth_first(bank, band, self.plan, sigma, window, reach) for sigma, reach in self._reaches.items()
        }
        if ("difference", 0) in outs:
            taps = self.plan.sample(self.plan.narrow.second)
            bank.smooth(*first[self.plan.narrow.first], taps, outs["difference", 0])
        if any(kind != "structure" for kind, _ in outs):
            main = self.plan.main
            bank.derive(*first[main.first], tuple(self.plan.sample(main.second, order) for order in range(3)), outs)
        if any(kind == "structure" for kind, _ in outs):
            slope = self.plan.slope
            taps_of_slopes = (self.plan.sample(slope.second), self.plan.sample(slope.second, 1))
            bank.measure_structure(*first[slope.first], taps_of_slopes, self.plan.sample(self.plan.outer), outs)

    @cached_property
    def _reaches(self) -> dict[float, int]:
        """How many pixels around the window are needed of each first smoothing, by its sigma."""
        kinds, plan, reaches = {kind for kind, _ in self.places}, self.plan, dict[float, int]()
        for stages, reach in (
            (plan.main, plan.reach(plan.main.second) if kinds - {"structure"} else None),
            (plan.narrow, plan.reach(plan.narrow.second) if "difference" in kinds else None),
            (plan.slope, plan.slope_reach if "structure" in kinds else None),
        ):
            if reach is not None:
                reaches[stages.first] = max(reach, reaches.get(stages.first, 0))
        return reaches


def _smooth_first(
    bank: FilterBank, band: Floats, plan: ScalePlan, sigma: float, window: Window, reach: int
) -> tuple[Floats, Window]:
    """Smooth what later filters need of a band, and return it with the place of the window in it."""
    from tsraster.learning.filterbank import grow, measure, place_within

    if not sigma:
        return band, window
    region = grow(window, reach, band.shape)
    smoothed = np.empty(measure(region), dtype=np.float32)
    bank.smooth(band, region, plan.sample_first(sigma), smoothed)
    return smoothed, place_within(window, region)


def _list_jobs(columns: Sequence[Column], recipe: str) -> Iterator[_Job]:
    """Yield the columns of each band and scale together, band by band."""
    plan, jobs = RECIPES[recipe], dict[tuple[int, float, bool], _Job]()
    for place, column in sorted(enumerate(columns), key=lambda item: (item[1].band, item[1].scale)):
        key = (column.band, column.scale, column.slicewise)
        if key not in jobs:
            jobs[key] = _Job(band=column.band, plan=plan(column.scale), is_flat=column.slicewise)
        jobs[key].places[column.kind, column.part] = place
    yield from jobs.values()
