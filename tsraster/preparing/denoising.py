"""Denoising of volumes by slabs of planes: with a halo around it, a slab comes out as it does in the whole volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, UsageError
from tsraster.registry import Registry
from tsraster.volume import Volume

Planes = NDArray[Any]

PATCH_SIZE, PATCH_DISTANCE = 3, 3
"""Non-local means compares cubes of 3 voxels to a side, and looks for similar ones up to 3 voxels away along each axis."""
ITERATIONS = 20
"""Of total variation. They are of a fixed number, as one that depends on the whole volume would differ between slabs."""


@dataclass(frozen=True, kw_only=True)
class Denoising:
    """A denoiser by name, how strong it is, and what it must know of the whole volume."""

    name: str
    size: float
    noise: float | None = None
    """Standard deviation of the noise, in gray levels, for those that need it; see `fit_denoising`."""

    @property
    def halo(self) -> int:
        """How many planes beyond a slab are needed on each side."""
        return DENOISERS[self.name].halo(self.size)


@dataclass(frozen=True, kw_only=True)
class Denoiser:
    """A filter of planes, how far it reaches for a size, and which sizes it takes."""

    apply: Callable[[Planes, Denoising], Planes]
    halo: Callable[[float], int]
    accepts: Callable[[float], bool]
    symbol: str
    """What the number behind the colon is called."""
    sizes: str
    """What numbers it takes, for an error text."""
    default: float | None = None
    """Where no number is given."""
    needs_noise: bool = False


DENOISERS: Registry[Denoiser] = Registry("denoising")


def parse_denoising(text: str) -> Denoising:
    """Read ``median:SIZE``, ``gaussian:SIGMA``, ``nlm``, ``nlm:H`` or ``tv:WEIGHT``.

    Raises
    ------
    UsageError
        The text has another form, the denoiser is unknown, or its number is out of range.

    Examples
    --------
    >>> parse_denoising("median:3")
    Denoising(name='median', size=3.0, noise=None)
    >>> parse_denoising("nlm").size, parse_denoising("nlm").halo
    (0.8, 4)
    """
    name, colon, number = (part.strip() for part in text.partition(":"))
    denoiser = DENOISERS[name]
    form = f"write {name}:{denoiser.symbol}, where {denoiser.symbol} is {denoiser.sizes}"
    if not colon and denoiser.default is not None:
        return Denoising(name=name, size=denoiser.default)
    try:
        size = float(number)
    except ValueError:
        raise UsageError(f"the denoising {text!r} lacks a number; {form}") from None
    if not denoiser.accepts(size):
        raise UsageError(f"the denoising {text!r} has a number that {name} does not take; {form}")
    return Denoising(name=name, size=size)


def fit_denoising(denoising: Denoising, volume: Volume) -> Denoising:
    """Measure in a volume what the denoiser must know of all of it, by `estimate_noise`; others are returned as they are."""
    needs = DENOISERS[denoising.name].needs_noise and denoising.noise is None
    return replace(denoising, noise=estimate_noise(volume)) if needs else denoising


def denoise(planes: Planes, denoising: Denoising) -> Planes:
    """Denoise planes of a volume.

    Beyond the ends of the array the border is repeated or mirrored, as if the volume ended there. So the outermost
    `denoising.halo` planes are right only at the ends of the volume, and are to be cut off elsewhere; all others are as in the
    whole volume.

    Parameters
    ----------
    planes : array, shape (plane, row, col)
        Gray levels of an integer or a floating type, all of them finite.
    denoising : Denoising
        From `parse_denoising`, and for non-local means from `fit_denoising`.

    Returns
    -------
    array, shape (plane, row, col)
        In the type of `planes`. Integers are rounded to the nearest, halves up: what is smaller than half a gray level is lost.

    Raises
    ------
    UsageError
        The noise of the whole volume is needed and not known.
    DataError
        There are values that are not finite.

    Notes
    -----
    median
        The median of a cube (scipy).
    gaussian
        The mean weighted by a Gaussian that is cut at four standard deviations (scipy).
    nlm
        Non-local means in three dimensions (scikit-image, fast mode, patches of 3 and a distance of 3 voxels): the mean of voxels
        nearby, weighted by how similar the cubes around them are. H is a multiple of the noise.
    tv
        Total variation by Chambolle's projections (scikit-image, 20 of them; each reaches one voxel further). WEIGHT is in gray
        levels: features lose contrast by about WEIGHT times their surface over their volume in voxels, and small ones vanish.

    Median, Gaussian and total variation do not depend on how a volume is cut into slabs, bit by bit. Non-local means sums in
    another order: integers come out the same, floating values to about 1e-8 of their range.

    Denoising widens a slab by its halo on both sides; slabs that are much higher than it cost the least.

    References
    ----------
    A. Chambolle, An algorithm for total variation minimization and applications, J. Math. Imaging and Vision 20 (2004) 89-97.
    J. Darbon et al., Fast nonlocal filtering applied to electron cryomicroscopy, IEEE ISBI (2008) 1331-1334.

    Examples
    --------
    >>> planes = np.zeros((3, 3, 3), np.uint8)
    >>> planes[1, 1, 1] = 200
    >>> denoise(planes, parse_denoising("median:3")).max()
    np.uint8(0)
    >>> denoise(planes, parse_denoising("gaussian:1"))[1, 1]
    array([ 8, 13,  8], dtype=uint8)
    """
    denoiser = DENOISERS[denoising.name]
    if denoiser.needs_noise and denoising.noise is None:
        raise UsageError(f"{denoising.name} needs the noise of the whole volume; pass what fit_denoising returns")
    if planes.dtype.kind == "f" and not np.isfinite(planes).all():
        raise DataError("the volume has values that are not finite, which no denoiser takes; leave --denoise out")
    return _as_type(denoiser.apply(planes, denoising), planes.dtype)


def _as_type(values: Planes, dtype: np.dtype[Any]) -> Planes:
    if values.dtype == dtype or dtype.kind == "f":
        return np.asarray(values, dtype)
    limits = np.iinfo(dtype)
    # A hair more than a half, so that halves go the same way whatever the order was in which they were summed.
    values += np.asarray(0.5 + 1e-6, values.dtype)
    return np.clip(np.floor(values, out=values), limits.min, limits.max, out=values).astype(dtype)


def _as_float(planes: Planes) -> Planes:
    """Return a copy as the smallest floating type that holds the values."""
    is_small = planes.dtype.itemsize <= 2 or planes.dtype == np.float32
    return planes.astype(np.float32 if is_small else np.float64)


# Noise ------------------------------------------------------------------------------------------------------------------

_HIGH_PASS = np.array([1 - 3**0.5, -(3 - 3**0.5), 3 + 3**0.5, -(1 + 3**0.5)]) / (4 * 2**0.5)
"""Of the second wavelet of Daubechies."""
_MEDIAN_DEVIATION = 0.6744897501960817
"""The median of the absolute values of a standard normal distribution."""
_MOST_PLANES = 16


def estimate_noise(volume: Volume) -> float:
    """Estimate the standard deviation of the noise of a volume from up to 16 planes spread over it.

    The rule of Donoho and Johnstone: the median of the absolute diagonal details of a wavelet transform of the planes, in which
    there is little but noise, over that of a normal distribution. Details that are exactly 0, as in saturated parts, do not
    count.

    Parameters
    ----------
    volume : Volume
        Nothing but the planes is read.

    Returns
    -------
    float
        In gray levels; 0 where there are no details. Noise that is correlated between neighbors, as reconstructions and
        interpolations make it, is estimated too low: then H must be larger.

    References
    ----------
    D. L. Donoho, I. M. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81 (1994) 425-455.
    """
    number = min(volume.shape[0], _MOST_PLANES)
    places = (np.arange(number) + 0.5) * volume.shape[0] / number
    details = np.concatenate([_find_details(volume.read(int(place), int(place) + 1)[0]) for place in places])
    details = details[(details != 0) & np.isfinite(details)]
    return float(np.median(np.abs(details))) / _MEDIAN_DEVIATION if details.size else 0.0


def _find_details(plane: NDArray[Any]) -> NDArray[np.float64]:
    from scipy.ndimage import correlate1d

    down = correlate1d(plane.astype(np.float64), _HIGH_PASS, axis=0, mode="reflect")[::2]
    return np.asarray(correlate1d(down, _HIGH_PASS, axis=1, mode="reflect")[:, ::2]).ravel()


# Denoisers --------------------------------------------------------------------------------------------------------------


def _median(planes: Planes, denoising: Denoising) -> Planes:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(planes, size=int(denoising.size), mode="nearest"))


def _gaussian(planes: Planes, denoising: Denoising) -> Planes:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(_as_float(planes), denoising.size, mode="nearest", truncate=4.0))


def _nonlocal_means(planes: Planes, denoising: Denoising) -> Planes:
    from skimage.restoration import denoise_nl_means

    if not denoising.noise:
        return planes
    # In float64 also where that is not needed to hold the values: sums over the whole array are subtracted from each other.
    denoised = denoise_nl_means(
        planes.astype(np.float64),
        PATCH_SIZE,
        PATCH_DISTANCE,
        h=denoising.size * denoising.noise,
        sigma=denoising.noise,
        preserve_range=True,
    )
    return np.asarray(denoised).reshape(planes.shape)


def _total_variation(planes: Planes, denoising: Denoising) -> Planes:
    from skimage.restoration import denoise_tv_chambolle

    # An eps of 0 is never reached: it stops after the fixed number of iterations.
    denoised = denoise_tv_chambolle(_as_float(planes), weight=denoising.size, eps=0, max_num_iter=ITERATIONS)
    return np.asarray(denoised)


DENOISERS.register("median")(
    Denoiser(
        apply=_median,
        halo=lambda size: int(size) // 2,
        accepts=lambda size: size in range(3, 12, 2),
        symbol="SIZE",
        sizes="the side of the cube in voxels, an odd number from 3 to 11",
    )
)
DENOISERS.register("gaussian")(
    Denoiser(
        apply=_gaussian,
        halo=lambda sigma: int(4.0 * sigma + 0.5),
        accepts=lambda sigma: 0 < sigma <= 10,
        symbol="SIGMA",
        sizes="the standard deviation in voxels, above 0 and at most 10",
    )
)
DENOISERS.register("nlm")(
    Denoiser(
        apply=_nonlocal_means,
        halo=lambda _: PATCH_DISTANCE + PATCH_SIZE // 2,
        accepts=lambda size: 0 < size <= 100,
        symbol="H",
        sizes="the strength as a multiple of the standard deviation of the noise, above 0 and at most 100",
        default=0.8,
        needs_noise=True,
    )
)
DENOISERS.register("tv")(
    Denoiser(
        apply=_total_variation,
        halo=lambda _: ITERATIONS - 1,
        accepts=lambda weight: 0 < weight < float("inf"),
        symbol="WEIGHT",
        sizes="the weight in gray levels of the volume, above 0",
    )
)
