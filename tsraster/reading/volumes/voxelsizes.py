"""How large a voxel is, from an option or from what a file says."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsraster.errors import UsageError
from tsraster.reading.pixelsize import to_um
from tsraster.volume import VoxelSize

_NUMBER = r"([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)"
_SIZE = re.compile(rf"{_NUMBER}(?:\s*x\s*{_NUMBER}\s*x\s*{_NUMBER})?\s*([^\W\d]+)")
_UNITS = {1e-3: "nm", 1.0: "um", 1e3: "mm", 1e4: "cm", 1e6: "m"}


def parse_voxel_size(text: str) -> VoxelSize:
    """Read the size of a voxel from the text of an option: a number and its unit, or three along z, y and x.

    Parameters
    ----------
    text : str
        Such as ``2.5um`` or ``5x2.5x2.5um``; a number without a unit is refused, because nobody could see which one was meant.

    Raises
    ------
    UsageError
        It is no size above 0 with a unit of length.

    Examples
    --------
    >>> parse_voxel_size("5x2.5x2.5um").spacing
    (5.0, 2.5, 2.5)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"{text!r} is no size of a voxel; write a number and its unit, such as 2.5um, or z x y x x, such as 5x2.5x2.5um"
        )
    *numbers, unit = found.groups()
    lengths = [float(number or numbers[0]) for number in numbers]
    if not all(0 < length < math.inf for length in lengths):
        raise UsageError(f"a voxel of {text} cannot be; its sides are above 0")
    known = spell_unit(unit)
    if not known:
        raise UsageError(f"{unit!r} in {text!r} is no unit of length; choose from {', '.join(_UNITS.values())}")
    scale = _scale(unit, known)
    return VoxelSize(
        z=lengths[0] * scale, y=lengths[1] * scale, x=lengths[2] * scale, unit=known, source=f"--voxel-size {text}"
    )


def spell_unit(unit: str) -> str:
    """Return the usual sign of a unit of length, such as um for micron; empty for what is none.

    Examples
    --------
    >>> spell_unit("micrometer"), spell_unit("pixel")
    ('um', '')
    """
    um = _length(unit)
    return "" if um is None else _UNITS.get(um, "um")


def find_voxel_size(spacing: Sequence[float | None], unit: str, source: str) -> VoxelSize | None:
    """Return the size of a voxel as a file says it; None where it says none, or what cannot be.

    Parameters
    ----------
    spacing : three numbers
        Along z, y, x.
    unit : str
        As the file spells it. Where it is no length, the size has an empty unit: its proportions still are known.
    source : str
        What says so.
    """
    if any(side is None or not 0 < abs(side) < math.inf for side in spacing):
        return None
    known = spell_unit(unit)
    z, y, x = (abs(float(side or 0)) * _scale(unit, known) for side in spacing)
    if not known and z == y == x == 1:
        return None  # what is written where nothing is known
    return VoxelSize(z=z, y=y, x=x, unit=known, source=source if known else f"{source}, which says no unit")


def find_step(coordinates: Any) -> float | None:
    """Return the distance of coordinates; None where they are not evenly spaced."""
    if len(coordinates) < 2 or coordinates.dtype.kind not in "iuf":
        return None
    steps = np.diff(coordinates.astype(float))
    mean = float(steps.mean())
    return abs(mean) if np.allclose(steps, mean, rtol=1e-3, atol=0) else None


def _length(unit: str) -> float | None:
    """Return the micrometers of a unit; names are taken in one, in many, and as the British have them."""
    name = unit.strip()
    plain = re.sub(r"(met)re", r"\1er", name.lower()).removesuffix("s")
    return next((um for um in (to_um("1", name), to_um("1", plain)) if um is not None), None)


def _scale(unit: str, known: str) -> float:
    um, own = _length(unit), _length(known) if known else None
    return 1.0 if um is None or own is None else um / own
