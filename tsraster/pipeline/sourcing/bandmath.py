"""Bands that are computed of others: a spectral index, or the codes of a rule table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.classification.rules import RuleTable, apply_rules
from tsraster.errors import BandError, DataError, TsrasterError
from tsraster.preparing.computedbands import compute_band
from tsraster.preparing.indexnames import find_index
from tsraster.preparing.indices import SpectralIndex, check_reflectance, compute_index, match_bands
from tsraster.raster import Raster, Window

_SAMPLES, _SAMPLE = 4, 128
"""So many windows along each side, of so many pixels, are looked at to see whether bands are reflectances."""
_COLORS = ("red", "green", "blue")


def list_names(raster: Raster) -> dict[str, int]:
    """Return what formulas call the bands of a raster, and their numbers.

    A band goes by its name; one without, by its color in a picture, else by ``b`` and its number.
    """
    found: dict[str, int] = {}
    for band in raster.data_bands:
        if band.name:
            found.setdefault(band.name, band.number)
    for band in raster.data_bands:
        if not band.name:
            found.setdefault(band.role if band.role in _COLORS else f"b{band.number}", band.number)
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class IndexFormula:
    """An index as `compute_band` wants it; can be sent to another process."""

    index: SpectralIndex
    bands: Mapping[str, str] = field(default_factory=dict)
    """From letters to names of bands."""

    def __call__(self, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Compute the index of bands by their names."""
        return compute_index(self.index, {letter: values[name] for letter, name in self.bands.items()})


def compute_index_band(raster: Raster, index: SpectralIndex, *, is_forced: bool, is_raw: bool = False) -> Raster:
    """Return a raster of one band, an index of the bands of another; `is_raw` says that it was asked for as it is stored.

    Raises
    ------
    BandError
        A band that it needs is missing.
    DataError
        The bands are no reflectances, and `is_forced` is False.
    """
    numbers = list_names(raster)
    formula = IndexFormula(index=index, bands=match_bands(index, numbers))
    if not is_forced:
        _check_reflectances(raster, _select(numbers, _list_reflected(formula)), is_raw=is_raw)
    return compute_band(raster, formula, _select(numbers, formula.bands.values()), label=index.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleFormula:
    """The codes of a rule table as `compute_band` wants them; can be sent to another process."""

    rules: RuleTable
    bands: Mapping[str, str]
    """From names in the rules to names of bands."""
    indices: Mapping[str, IndexFormula]
    """The names in the rules that are indices."""

    @property
    def names(self) -> tuple[str, ...]:
        """The bands that are needed, each once."""
        of_indices = [name for formula in self.indices.values() for name in formula.bands.values()]
        return tuple(dict.fromkeys([*self.bands.values(), *of_indices]))

    def __call__(self, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Give codes to pixels by the values of bands; no pixel of them is without data."""
        known = {name: values[band] for name, band in self.bands.items()}
        known |= {name: formula(values) for name, formula in self.indices.items()}
        shape = next(iter(values.values())).shape
        return apply_rules(self.rules, known, np.ones(shape, np.bool_))


def apply_rule_table(raster: Raster, rules: RuleTable, *, is_forced: bool, is_raw: bool = False) -> Raster:
    """Return a raster of one band, the codes that a rule table gives the pixels of another; 0 where no rule holds.

    A name in the rules is a band, or else an index of bands.

    Raises
    ------
    BandError
        A name is neither, or bands of an index are missing.
    DataError
        An index is wanted of bands that are no reflectances, and `is_forced` is False.
    """
    numbers = list_names(raster)
    formula = _plan_rules(rules, numbers)
    if not is_forced:
        reflected = [name for index in formula.indices.values() for name in _list_reflected(index)]
        _check_reflectances(raster, _select(numbers, reflected), is_raw=is_raw)
    # A table with nothing but "else" looks at no band, and takes all pixels with data.
    names = formula.names or tuple(numbers)[:1]
    return compute_band(raster, formula, _select(numbers, names), label="rules", dtype=rules.dtype.name)


def _plan_rules(rules: RuleTable, numbers: Mapping[str, int]) -> RuleFormula:
    bands: dict[str, str] = {}
    indices: dict[str, IndexFormula] = {}
    for name in rules.names:
        try:
            bands |= match_bands(SpectralIndex(name=name, long_name="", formula=name, bands=(name,)), numbers)
        except BandError:
            indices[name] = _find_index(name, numbers)
    return RuleFormula(rules=rules, bands=bands, indices=indices)


def _find_index(name: str, numbers: Mapping[str, int]) -> IndexFormula:
    try:
        index = find_index(name)
    except TsrasterError as error:
        raise BandError(
            f"the rules ask for {name}, which is neither a band ({', '.join(numbers)}) nor an index: {error}"
        ) from None
    return IndexFormula(index=index, bands=match_bands(index, numbers))


def _list_reflected(formula: IndexFormula) -> list[str]:
    return [formula.bands[letter] for letter in formula.index.reflectances if letter in formula.bands]


def _select(numbers: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: numbers[name] for name in dict.fromkeys(names)}


def _check_reflectances(raster: Raster, numbers: Mapping[str, int], *, is_raw: bool) -> None:
    """Look at 16 windows spread over all of the raster: a sample, as to read all of it would take as long as the work itself."""
    if not numbers:
        return
    rows, cols = raster.shape
    parts: list[NDArray[Any]] = []
    masks: list[NDArray[np.bool_]] = []
    for i in range(_SAMPLES):
        for j in range(_SAMPLES):
            row, col = i * rows // _SAMPLES, j * cols // _SAMPLES
            window = Window(row=row, col=col, rows=min(_SAMPLE, rows - row), cols=min(_SAMPLE, cols - col))
            pixels = raster.read(window, list(numbers.values()))
            parts.append(pixels.data.reshape(len(numbers), -1))
            masks.append(pixels.valid.ravel())
    joined, valid = np.concatenate(parts, axis=1), np.concatenate(masks)
    try:
        check_reflectance(dict(zip(numbers, joined, strict=True)), valid, is_sample=True)
    except DataError as error:
        said, _, _ = str(error).partition("; scale them first")
        raise DataError(f"{said}; leave out --raw, or add --force" if is_raw else str(error)) from None
