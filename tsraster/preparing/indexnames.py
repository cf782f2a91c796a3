"""The names of spectral indices. Some indices are built in; every other one of spyndex is looked up there.

References
----------
https://github.com/awesome-spectral-indices/spyndex
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tsraster.errors import MissingExtraError, UnknownNameError, UsageError
from tsraster.preparing.expressiontext import parse_expression
from tsraster.preparing.indices import SpectralIndex
from tsraster.registry import suggestion


def parse_index(text: str) -> SpectralIndex:
    """Read ``NAME``, ``NAME:CONSTANT=NUMBER,...``, or a formula of one's own over names of bands.

    Raises
    ------
    UnknownNameError
        There is no such index.
    UsageError
        It has no such constant, or the number is none; or the formula is wrong, or no number.
    MissingExtraError
        It may be one of spyndex, which is not installed.

    Examples
    --------
    >>> parse_index("SAVI:L=0.3").constants
    {'L': 0.3}
    >>> parse_index("nir08 / red - 1").bands
    ('nir08', 'red')
    """
    name, colon, rest = (part.strip() for part in text.partition(":"))
    if not re.fullmatch(r"\w*", name):
        return _make_own(text)
    index = find_index(name)
    given = dict(_read_constant(index, part) for part in rest.split(",")) if colon else {}
    return replace(index, constants=dict(index.constants) | given)


def _make_own(formula: str) -> SpectralIndex:
    expression = parse_expression(formula)
    if expression.is_condition or not expression.names:
        raise UsageError(
            f"{formula!r} is no index; give the name of one, such as NDVI, or a formula, such as nir08 / red - 1"
        )
    return SpectralIndex(name=expression.text, long_name="", formula=formula, bands=expression.names)


def _read_constant(index: SpectralIndex, text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    if name not in index.constants:
        has = f"it has {', '.join(index.constants)}" if index.constants else "it has none"
        raise UsageError(f"{index.name} has no constant {name!r}; {has}")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"the constant {name} of {index.name} is {number!r}; write {index.name}:{name}=NUMBER")
    return name, value


def find_index(name: str) -> SpectralIndex:
    """Look up an index by its name; upper and lower case differ only where two names differ in nothing else.

    Raises
    ------
    UnknownNameError
        There is no such index; it says a near name.
    MissingExtraError
        It is none of those built in, and spyndex, which has more, is not installed.

    Examples
    --------
    >>> find_index("ndvi")
    SpectralIndex(name='NDVI', long_name='Normalized Difference Vegetation Index', formula='(N - R) / (N + R)',
        bands=('N', 'R'), constants={}, reference='https://ntrs.nasa.gov/citations/19740022614')
    """
    own = _list_own()
    if name in own:
        return own[name]
    known = _list_others() or own
    if name in known:
        return known[name]
    same = [other for other in known if other.lower() == name.lower()]
    if len(same) == 1:
        return own.get(same[0], known[same[0]])
    near = f"did you mean {' or '.join(same)}?" if same else _suggest(name, list(known))
    if known is own:
        raise MissingExtraError(
            f"the index {name!r} is none of those built in ({near}), and spyndex, which has more, is not installed; "
            "run: pip install 'tsraster[indices]'"
        )
    raise UnknownNameError(f"there is no index {name!r}; {near}")


def _suggest(name: str, known: list[str]) -> str:
    # Names are short and in capitals, so they are compared without their case.
    lower = {other.lower(): other for other in known}
    near = suggestion(name.lower(), list(lower))
    if near.startswith("did"):
        return f"did you mean {lower[near.removeprefix('did you mean ').removesuffix('?')]}?"
    return f"there are {len(known)}, such as {', '.join(list(_list_own())[:5])}"


def list_indices() -> tuple[SpectralIndex, ...]:
    """Return every index that is known: those built in, and those of spyndex where it is installed."""
    return tuple((_list_others() | _list_own()).values())


_INDICES = """
NDVI|Normalized Difference Vegetation Index|(N - R) / (N + R)|https://ntrs.nasa.gov/citations/19740022614
EVI|Enhanced Vegetation Index|g * (N - R) / (N + C1 * R - C2 * B + L)|https://doi.org/10.1016/S0034-4257(96)00112-5
EVI2|Two-Band Enhanced Vegetation Index|g * (N - R) / (N + 2.4 * R + L)|https://doi.org/10.1016/j.rse.2008.06.006
SAVI|Soil-Adjusted Vegetation Index|(1.0 + L) * (N - R) / (N + R + L)|https://doi.org/10.1016/0034-4257(88)90106-X
OSAVI|Optimized Soil-Adjusted Vegetation Index|(N - R) / (N + R + 0.16)|https://doi.org/10.1016/0034-4257(95)00186-7
MSAVI|Modified Soil-Adjusted Vegetation Index|0.5 * (2.0 * N + 1 - (((2 * N + 1) ** 2) - 8 * (N - R)) ** 0.5)|\
https://doi.org/10.1016/0034-4257(94)90134-1
GNDVI|Green Normalized Difference Vegetation Index|(N - G) / (N + G)|https://doi.org/10.1016/S0034-4257(96)00072-7
NDWI|Normalized Difference Water Index|(G - N) / (G + N)|https://doi.org/10.1080/01431169608948714
MNDWI|Modified Normalized Difference Water Index|(G - S1) / (G + S1)|https://doi.org/10.1080/01431160600589179
AWEInsh|Automated Water Extraction Index|4.0 * (G - S1) - 0.25 * N + 2.75 * S2|https://doi.org/10.1016/j.rse.2013.08.029
AWEIsh|Automated Water Extraction Index with Shadows Elimination|B + 2.5 * G - 1.5 * (N + S1) - 0.25 * S2|\
https://doi.org/10.1016/j.rse.2013.08.029
NDMI|Normalized Difference Moisture Index|(N - S1) / (N + S1)|https://doi.org/10.1016/S0034-4257(01)00318-2
NBR|Normalized Burn Ratio|(N - S2) / (N + S2)|https://doi.org/10.3133/ofr0211
NBR2|Normalized Burn Ratio 2|(S1 - S2) / (S1 + S2)|\
https://www.usgs.gov/core-science-systems/nli/landsat/landsat-normalized-burn-ratio-2
NDSI|Normalized Difference Snow Index|(G - S1) / (G + S1)|https://doi.org/10.1109/IGARSS.1994.399618
NDBI|Normalized Difference Built-Up Index|(S1 - N) / (S1 + N)|http://dx.doi.org/10.1080/01431160304987
"""
"""Name, long name, formula and reference of those built in; they equal those of spyndex."""

_CONSTANTS = {"C1": 6.0, "C2": 7.5, "L": 1.0, "g": 2.5}

_OWN_CONSTANTS: Mapping[str, Mapping[str, float]] = (
    {name: {"L": 0.5} for name in ("SAVI", "SARVI", "SAVIT", "GSAVI", "MNLI")}
) | {name: {"epsilon": 1e-10} for name in ("WCI1", "WCI2")}
"""Where an index was published with another value than the one that spyndex gives a constant everywhere."""


@lru_cache(maxsize=1)
def _list_own() -> dict[str, SpectralIndex]:
    rows = [row.split("|") for row in _INDICES.strip().splitlines()]
    return {row[0]: _make_index(row[0], row[1], row[2], row[3], _CONSTANTS) for row in rows}


@lru_cache(maxsize=1)
def _list_others() -> dict[str, SpectralIndex]:
    try:
        spyndex: Any = importlib.import_module("spyndex")
    except ImportError:
        return {}
    defaults = {name: constant.default for name, constant in spyndex.constants.items()}
    return {
        name: _make_index(name, index.long_name, index.formula, index.reference, defaults)
        for name, index in spyndex.indices.items()
    }


def _make_index(
    name: str, long_name: str, formula: str, reference: str, defaults: Mapping[str, float | None]
) -> SpectralIndex:
    names = parse_expression(formula).names
    own = _OWN_CONSTANTS.get(name, {})
    values = {letter: own.get(letter, defaults[letter]) for letter in names if letter in defaults}
    return SpectralIndex(
        name=name,
        long_name=long_name,
        formula=formula,
        bands=tuple(letter for letter in names if letter not in defaults),
        constants={letter: None if value is None else float(value) for letter, value in values.items()},
        reference=reference,
    )
