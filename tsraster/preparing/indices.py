"""Spectral indices: formulas over bands, and which band of a raster each of their letters is.

Their formulas are computed by `tsraster.preparing.expressions`, never by Python's own evaluation. They are looked up by their
names in `tsraster.preparing.indexnames`.

References
----------
https://github.com/awesome-spectral-indices/awesome-spectral-indices
https://github.com/stac-extensions/eo#common-band-names
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsraster.errors import BandError, DataError, UsageError
from tsraster.preparing.expressions import Expression
from tsraster.preparing.expressiontext import parse_expression

BAND_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "A": ("coastal",),
        "B": ("blue",),
        "G": ("green",),
        "G1": ("green05",),
        "Y": ("yellow",),
        "R": ("red",),
        "RE1": ("rededge071",),
        "RE2": ("rededge075",),
        "RE3": ("rededge078",),
        "N": ("nir", "nir08"),
        "N2": ("nir08", "nir"),
        "WV": ("nir09",),
        "S1": ("swir16",),
        "S2": ("swir22",),
        "T": ("lwir", "lwir11"),
        "T1": ("lwir11", "lwir"),
        "T2": ("lwir12",),
    }
)
"""The letters of formulas, and the common names of the bands that they stand for, the best first."""

_NOT_REFLECTED = ("T", "T1", "T2", "HH", "HV", "VH", "VV")
"""Letters of temperatures and of radar."""

_KERNELS = ("kNN", "kNR", "kNB", "kNL", "kGG", "kGR", "kGB")
"""Letters of spyndex that stand for no band, but for a comparison of two."""

LOWEST, HIGHEST = -0.5, 1.5
"""Reflectances lie between these; a little below 0 and above 1 is usual where the air or the slope was not corrected well."""
_MOST_OUTSIDE = 0.05
"""So large a part of the pixels may lie beyond, such as clouds under a low sun."""


@dataclass(frozen=True, kw_only=True)
class SpectralIndex:
    """A formula over bands.

    Attributes
    ----------
    name, long_name : str
        Such as NDVI, and what that stands for.
    formula : str
        What `parse_expression` reads.
    bands : tuple of str
        The letters of the bands that it needs, such as N and R; or, in a formula of one's own, names of bands.
    constants : mapping of str to float or None
        Its constants and their values; None where there is no usual one, and it must be given.
    reference : str
        Where it was published.
    """

    name: str
    long_name: str
    formula: str
    bands: tuple[str, ...]
    constants: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    reference: str = ""

    @cached_property
    def expression(self) -> Expression:
        """The formula, read."""
        return parse_expression(self.formula)

    @property
    def reflectances(self) -> tuple[str, ...]:
        """The letters of those bands that are reflectances, and neither temperatures nor radar."""
        return tuple(letter for letter in self.bands if letter not in _NOT_REFLECTED)


def match_bands(index: SpectralIndex, names: Iterable[str]) -> dict[str, str]:
    """Find the band of each letter of an index among the names of bands.

    A band has the name of the letter itself, or one of its common names in upper or lower case: where there is no nir, nir08
    is taken, as Landsat 8 has only that.

    Returns
    -------
    dict of str to str
        From letters to names.

    Raises
    ------
    BandError
        Some bands are missing; it names them.

    Examples
    --------
    >>> from tsraster.preparing.indexnames import find_index
    >>> match_bands(find_index("NDVI"), ["red", "green", "nir08"])
    {'N': 'nir08', 'R': 'red'}
    """
    known = {name.lower(): name for name in reversed(list(names))}
    exact = set(known.values())
    found = {
        letter: next((known[other] for other in BAND_NAMES.get(letter, ()) if other in known), None)
        if letter not in exact
        else letter
        for letter in index.bands
    }
    kernels = [letter for letter in index.bands if letter in _KERNELS]
    if kernels:
        raise BandError(
            f"{index.name} is made of kernels ({', '.join(kernels)}), which are not computed; choose another index"
        )
    missing = [_describe(letter) for letter, name in found.items() if name is None]
    if missing:
        has = f"the bands are called {', '.join(list(known.values())[::-1])}" if known else "no band has a name"
        raise BandError(
            f"{index.name} needs {', '.join(missing)}, and {has}; add what is missing, or name the bands so"
        )
    return {letter: name for letter, name in found.items() if name is not None}


def _describe(letter: str) -> str:
    common = BAND_NAMES.get(letter)
    return f"{' or '.join(common)} ({letter})" if common else letter


def compute_index(index: SpectralIndex, values: Mapping[str, ArrayLike]) -> NDArray[Any]:
    """Compute an index of reflectances, by the names of bands.

    Parameters
    ----------
    index : SpectralIndex
        The index.
    values : mapping of str to array, shape (...)
        Bands by letters or by common names: reflectances, 0 to 1, and temperatures in K. See `check_reflectance`.

    Returns
    -------
    array of float32 or float64, shape (...)
        NaN where a band is NaN or the formula has no finite value. float32 where all bands are.

    Raises
    ------
    BandError
        A band is missing.
    UsageError
        A constant without a usual value was not given.
    DataError
        The shapes differ, or values are no real numbers.

    Examples
    --------
    >>> from tsraster.preparing.indexnames import find_index
    >>> compute_index(find_index("NDVI"), {"nir08": [0.643], "red": [0.175]})
    array([0.57212714])
    """
    missing = [name for name, value in index.constants.items() if value is None]
    if missing:
        given = ",".join(f"{name}=NUMBER" for name in missing)
        raise UsageError(f"{index.name} needs constants that have no usual value; write {index.name}:{given}")
    bands = match_bands(index, values)
    constants = {name: value for name, value in index.constants.items() if value is not None}
    return index.expression.evaluate({letter: values[name] for letter, name in bands.items()} | constants)


def check_reflectance(
    values: Mapping[str, NDArray[Any]], valid: NDArray[np.bool_] | None = None, *, is_sample: bool = False
) -> None:
    """Raise `DataError` where bands are numbers as they were stored, and no reflectances.

    That is where they are integers, or where more than a twentieth of the pixels lies below -0.5 or above 1.5. The offset of a
    product makes the difference: of a near infrared of 0.40 and a red of 0.05 the NDVI is 0.778, of their stored numbers
    21818 and 9091 it is 0.412.

    Parameters
    ----------
    values : mapping of str to array, shape (...)
        Bands by their names; leave out temperatures and radar (`SpectralIndex.reflectances` has the letters of the others).
    valid : array of bool, shape (...), optional
        Where there is data. NaN is left out as well.
    is_sample : bool
        Whether these are some of the pixels only, which the error then says.

    Raises
    ------
    DataError
        It names the band, and what it holds.

    Notes
    -----
    Judge a raster once, by a sample of all of it: single blocks may hold nothing but clouds.

    Examples
    --------
    >>> check_reflectance({"red": np.array([0.05, 0.2])})
    >>> check_reflectance({"red": np.array([9091], dtype="uint16")})
    Traceback (most recent call last):
        ...
    tsraster.errors.DataError: the band red holds whole numbers (uint16) and no reflectance, and an index of them would be
    wrong; scale them first, for example with --landsat reflectance
    """
    for name, array in values.items():
        problem = _find_problem(np.asarray(array), valid, " in a sample of its pixels" if is_sample else "")
        if problem:
            raise DataError(
                f"the band {name} holds {problem} and no reflectance, and an index of them would be wrong; scale them first, "
                "for example with --landsat reflectance"
            )


def _find_problem(array: NDArray[Any], valid: NDArray[np.bool_] | None, where: str) -> str:
    if array.dtype.kind in "iub":
        return f"whole numbers ({array.dtype})"
    seen = np.isfinite(array) if valid is None else np.isfinite(array) & valid
    numbers = array[seen]
    outside = np.count_nonzero((numbers < LOWEST) | (numbers > HIGHEST))
    if outside <= _MOST_OUTSIDE * numbers.size:
        return ""
    return f"values from {float(numbers.min()):g} to {float(numbers.max()):g}{where}"
