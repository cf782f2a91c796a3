"""Which voxels are pore: by one threshold for the whole volume, by one for each slice, or by a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsraster.classtable import Number
from tsraster.errors import DataError, UsageError
from tsraster.pipeline.blocks import BlockWork
from tsraster.preparing.denoising import Denoising, denoise
from tsraster.raster import Pixels
from tsraster.schemes import Choice, Distribution, choose_scheme, tally, tally_array
from tsraster.schemes.distribution import Answer
from tsraster.volume import Volume

Side = Literal["dark", "light"]

_PART_VOXELS = 2**20
"""So many are counted together: counting widens them to 8 bytes each."""


@dataclass(frozen=True, kw_only=True)
class PoreRule:
    """What makes a voxel pore.

    Parameters
    ----------
    side : "dark", "light" or None
        Whether pores are at most the threshold, or above it; None where they have a value.
    threshold : number, optional
        For the whole volume; None for one of each slice.
    value : number, optional
        Of pores, in a volume that is segmented already.
    choice : Choice, optional
        The scheme by which each slice is cut, where each is.
    nodata : float, optional
        What voxels have that hold no data; they are no pores, and neither is NaN.
    """

    side: Side | None
    threshold: Number | None = None
    value: Number | None = None
    choice: Choice | None = None
    nodata: float | None = None

    def find(self, planes: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where pores are.

        Parameters
        ----------
        planes : array, shape (plane, row, col)

        Returns
        -------
        array of bool, of the same shape
        """
        if self.value is not None:
            found = np.asarray(planes == self.value)
        elif self.threshold is not None:
            found = self._cut(planes, self.threshold)
        else:
            found = np.stack([self._cut_slice(plane) for plane in planes])
        return found if self.nodata is None else found & (planes != self.nodata)

    def _cut_slice(self, plane: NDArray[Any]) -> NDArray[np.bool_]:
        """Cut a slice by a threshold of its own; one of one value, such as outside of the sample, has no pores."""
        values = plane[find_valid(plane, self.nodata)]
        if not values.size or values.min() == values.max():
            return np.zeros(plane.shape, np.bool_)
        return self._cut(plane, fit_threshold(tally_array(values), self.choice))

    def describe(self) -> str:
        """Return the rule in words."""
        if self.value is not None:
            return f"equal to {self.value}"
        if self.threshold is None:
            return f"{self.side}, by a threshold of each slice ({self.choice})"
        return f"{'at most' if self.side == 'dark' else 'above'} {self.threshold:g}"

    def _cut(self, planes: NDArray[Any], threshold: Number) -> NDArray[np.bool_]:
        limit = _in_type(threshold, planes.dtype)
        return np.asarray(planes <= limit if self.side == "dark" else planes > limit)


def _in_type(threshold: Number, dtype: np.dtype[Any]) -> Any:
    """Return a threshold in the type of the voxels where that holds it exactly, so that they are not widened to be compared."""
    if dtype.kind in "iu":
        whole = int(np.floor(threshold))
        limits = np.iinfo(dtype)
        return dtype.type(whole) if limits.min <= whole <= limits.max else whole
    return dtype.type(threshold)


def fit_threshold(distribution: Distribution, choice: Choice | None) -> Number:
    """Return the threshold between two classes that a scheme makes of a distribution.

    Raises
    ------
    DataError
        All values are the same.
    """
    if distribution.minimum == distribution.maximum:
        raise DataError(f"all voxels have the value {distribution.minimum}, and no threshold parts them")
    table = (choice or choose_scheme("otsu", 2)).fit(distribution)
    if len(table) != 2:
        raise DataError(f"{choice} made {len(table)} classes; a threshold parts two")
    return table.edges[1]


def parse_pore(text: str) -> tuple[Side | None, Number | None]:
    """Read what pores are: dark, light, or a value.

    Raises
    ------
    UsageError
        It is none of them.
    """
    if text in ("dark", "light"):
        return text, None  # type: ignore[return-value]
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise UsageError(f"--pore {text} is unknown; give dark, light, or the value of pores, such as 0")
    return None, int(number) if number.is_integer() else number


@dataclass(frozen=True, kw_only=True, eq=False)
class Slabs:
    """The planes of a volume, or of a box of it, denoised if that is wanted, by slabs; can be read by many threads."""

    volume: Volume
    denoising: Denoising | None
    height: int
    """Planes of a slab."""

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First and last plane of each slab; the last is not part of it."""
        planes = self.volume.shape[0]
        return [(start, min(start + self.height, planes)) for start in range(0, planes, self.height)]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        if self.denoising is None:
            return self.volume.read(start, stop)
        first = max(0, start - self.denoising.halo)
        last = min(self.volume.shape[0], stop + self.denoising.halo)
        planes = denoise(self.volume.read(first, last), self.denoising)
        return planes[start - first : stop - first]


class SlabStream:
    """The values of slabs, as a scheme goes over them."""

    def __init__(self, slabs: Slabs, work: BlockWork) -> None:
        self._slabs, self._work = slabs, work
        self.dtype = np.dtype(slabs.volume.dtype)

    def each(self, function: Callable[[Pixels], Answer]) -> Iterator[Answer]:
        """Yield what a function makes of each block."""
        for _, answers in self._work.run_each(partial(self._work_on, function), self._slabs.bounds):
            yield from answers

    def _work_on(self, function: Callable[[Pixels], Answer], bounds: tuple[int, int]) -> list[Answer]:
        planes = self._slabs.read(*bounds)
        flat = planes.reshape(1, -1)
        parts = (flat[:, i : i + _PART_VOXELS] for i in range(0, flat.shape[1], _PART_VOXELS))
        return [function(Pixels(data=part, valid=find_valid(part, self._slabs.volume.nodata))) for part in parts]


def find_valid(part: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Return where there is data: neither NaN, nor an infinity, nor the value of no data."""
    valid = np.isfinite(part) if part.dtype.kind == "f" else np.ones(part.shape, np.bool_)
    return valid if nodata is None else valid & (part != nodata)


def choose_rule(
    slabs: Slabs,
    work: BlockWork,
    *,
    pore: str,
    scheme: str,
    threshold: Number | None,
    per_slice: bool,
) -> tuple[PoreRule, Distribution | None]:
    """Decide what makes a voxel pore, and return the distribution of the values if it was needed.

    Raises
    ------
    UsageError
        Options contradict each other, or the scheme cannot make two classes.
    DataError
        All voxels have one value.
    """
    side, value = parse_pore(pore)
    nodata = slabs.volume.nodata
    if threshold is not None and not np.isfinite(threshold):
        raise UsageError(f"--threshold {threshold} is no threshold; give a finite number")
    if value is not None:
        if threshold is not None or per_slice:
            raise UsageError(
                f"--pore {pore} says the value of pores; --threshold and --per-slice are for dark and light"
            )
        return PoreRule(side=None, value=value, nodata=nodata), None
    choice = choose_scheme(scheme, 2)
    if per_slice:
        if threshold is not None:
            raise UsageError("--threshold is one for all slices, and --per-slice makes one for each; leave one out")
        return PoreRule(side=side, choice=choice, nodata=nodata), None
    distribution = tally(SlabStream(slabs, work))
    limit = fit_threshold(distribution, choice) if threshold is None else threshold
    return PoreRule(side=side, threshold=limit, nodata=nodata), distribution


def find_porosity(distribution: Distribution, rule: PoreRule) -> float:
    """Return the share of pores among values whose distribution is known, 0 to 1."""
    threshold = rule.threshold or 0
    if not distribution.minimum <= threshold < distribution.maximum:
        dark = float(threshold >= distribution.maximum)
    else:
        dark = float(distribution.count_between([threshold])[0] / distribution.count)
    return dark if rule.side == "dark" else 1 - dark
