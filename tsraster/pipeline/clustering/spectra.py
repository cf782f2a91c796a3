"""`ClassSpectrum`: a class, how much there is of it, and its mean and spread in each band; as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tsraster.learning.clusters import Clusters
from tsraster.pipeline.clustering.bandscenes import BandScene
from tsraster.pipeline.clustering.bandsums import BandSums
from tsraster.pipeline.sourcing.valueunits import NO_UNIT, STORED

HEADER = ("code", "name", "pixels", "percent", "area_m2", "band", "band_name", "wavelength_um", "unit", "mean", "std")


@dataclass(frozen=True, kw_only=True)
class SpectralBand:
    """A band along which spectra are drawn."""

    number: int
    """In the first source, counted from 1."""
    name: str = ""
    wavelength: float | None = None
    """Micrometers."""
    unit: str = ""
    """Of its values; an empty text where they have none, or nothing says it."""


@dataclass(frozen=True, kw_only=True)
class ClassSpectrum:
    """A class of all scenes together."""

    code: int
    name: str
    pixels: int
    percent: float
    """Of all pixels that have data."""
    area_m2: float | None
    """Square meters; None where pixels of a scene have no size."""
    means: tuple[float, ...]
    """Of each band; NaN where the class has no pixels, as the two that follow."""
    stds: tuple[float, ...]
    """Of all its pixels, in each band."""


def list_bands(scene: BandScene) -> tuple[SpectralBand, ...]:
    """Return what is known of the bands of a scene."""
    units = ("" if unit in (STORED, NO_UNIT) else unit for unit in scene.units)
    parts = zip(scene.numbers, scene.band_names, scene.wavelengths, units, strict=True)
    return tuple(
        SpectralBand(number=number, name=name, wavelength=length, unit=unit) for number, name, length, unit in parts
    )


def list_spectra(
    clusters: Clusters, totals: Sequence[BandSums], areas: Sequence[float | None], names: Sequence[str]
) -> tuple[ClassSpectrum, ...]:
    """Return one row a class; `areas` are the square meters of a pixel of each scene."""
    together = BandSums.empty(totals[0].scales, len(clusters))
    for total in totals:
        together.add(total)
    means, stds = together.moments()
    known = [area for area in areas if area is not None]
    meters = (
        sum(total.counts * area for total, area in zip(totals, known, strict=True))
        if len(known) == len(areas)
        else None
    )
    pixels = max(1, int(together.counts.sum()))
    return tuple(
        ClassSpectrum(
            code=code,
            name=names[i],
            pixels=int(together.counts[i]),
            percent=100 * int(together.counts[i]) / pixels,
            area_m2=None if meters is None else float(np.asarray(meters)[i]),
            means=tuple(means[i].tolist()),
            stds=tuple(stds[i].tolist()),
        )
        for i, code in enumerate(clusters.codes)
    )


def tabulate(spectra: Sequence[ClassSpectrum], bands: Sequence[SpectralBand]) -> Iterator[tuple[object, ...]]:
    """Yield one row for each class and band, as `HEADER` names its columns; empty mean and std for a class without pixels."""
    for one in spectra:
        for band, mean, std in zip(bands, one.means, one.stds, strict=True):
            share = (one.code, one.name, one.pixels, one.percent, one.area_m2)
            numbers = (mean, std) if one.pixels else (None, None)
            yield (*share, band.number, band.name, band.wavelength, band.unit, *numbers)
