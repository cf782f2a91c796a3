"""From the numbers of a label file to class codes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.attributetable import Categories
from tsraster.classification import Mapping, reclassify
from tsraster.errors import DataError
from tsraster.lut import RGBA

MOST_CODE = 65535


def map_categories(known: Categories, mapping: Mapping) -> Categories:
    """Return names and colors of new codes: names that the mapping gives, colors of the lowest old code of each."""
    colors: dict[int, RGBA] = {}
    for old, color in sorted(known.colors.items()):
        with suppress(DataError):  # the mapping may say nothing of a code that does not occur
            colors.setdefault(int(reclassify(np.array([old]), mapping)[0]), color)
    return Categories(names=dict(mapping.names), colors=colors)


def _names_zero(mapping: Mapping) -> bool:
    """Whether a rule, and not only the default, makes 0 a class; otherwise it is no label."""
    return bool(mapping.rules) and bool(reclassify(np.zeros(1, np.uint8), replace(mapping, default=0))[0])


def to_label_codes(
    numbers: NDArray[Any], valid: NDArray[np.bool_], mapping: Mapping | None, name: str
) -> NDArray[np.uint16]:
    """Return codes, 0 where there is no label, from the numbers of a file."""
    labeled = valid if mapping is not None and _names_zero(mapping) else valid & (numbers != 0)
    if mapping is not None:
        try:
            numbers = np.asarray(reclassify(numbers, mapping, valid=labeled))
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
    codes = np.where(labeled, numbers, 0)
    if codes.dtype.kind == "f" and (codes != np.floor(codes)).any():
        raise DataError(f"{name} holds fractions and no labels, which are whole numbers; classify it first")
    low, high = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    if low < 0 or high > MOST_CODE:
        raise DataError(
            f"{name} holds the label {low if low < 0 else high}; codes are 1 to {MOST_CODE}, and 0 is no label"
        )
    return codes.astype(np.uint16)
