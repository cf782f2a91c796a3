"""What values are measured in, as far as it is known; what does not fit together is refused: `find_unit`, `differ`."""

from __future__ import annotations

import numpy as np

from tsraster.classtable import ClassTable
from tsraster.errors import DataError
from tsraster.raster import Band

STORED, NO_UNIT = "DN", "1"
"""Numbers as they are stored, whose meaning nothing says; and physical values without a unit, as reflectances are."""

_SPELLINGS = {
    "kelvin": "k",
    "celsius": "degc",
    "degree celsius": "degc",
    "degrees celsius": "degc",
    "deg c": "degc",
    "°c": "degc",
    "c": "degc",
    "micrometer": "um",
    "µm": "um",
    "μm": "um",
    "meter": "m",
    "metre": "m",
}


def find_unit(band: Band, *, is_converted: bool, is_stored: bool = False) -> str:
    """Return what the values of a band are: a unit, `NO_UNIT`, `STORED`, or an empty text where nothing says it.

    Whole numbers that neither a unit nor a scale explains are stored numbers; others without a unit may be anything.

    Parameters
    ----------
    band : Band
    is_converted : bool
        Whether physical values were made of the numbers of its raster.
    is_stored : bool
        Whether those of this band were left as they are.
    """
    if is_stored or band.scale != 1 or band.offset:
        return STORED  # the unit is that of values which were not made of them
    if band.unit or not is_converted:
        return band.unit or (STORED if np.dtype(band.dtype).kind in "iu" else "")
    return NO_UNIT


def differ(one: str, other: str) -> bool:
    """Tell whether two units, as `find_unit` gives them, are both known and not the same.

    Examples
    --------
    >>> differ("K", "degree Celsius"), differ("K", "Kelvin"), differ("K", STORED), differ("K", "")
    (True, False, True, False)
    """
    return bool(one and other) and _spell(one) != _spell(other)


def _spell(unit: str) -> str:
    text = unit.strip().lower()
    return _SPELLINGS.get(text, text)


def describe_unit(unit: str) -> str:
    """Return what values of a unit are called in a sentence."""
    return {STORED: "stored numbers", NO_UNIT: "physical values without a unit"}.get(unit, f"values in {unit}")


def check_table_unit(table: ClassTable, unit: str, name: str) -> None:
    """Refuse classes of values in a unit where the values of a source are known to be others.

    Parameters
    ----------
    table : ClassTable
        One without a unit fits anything.
    unit : str
        As `find_unit` gives it.
    name : str
        The source.

    Raises
    ------
    DataError
        Both are known and differ.
    """
    if not differ(table.unit, unit):
        return
    advice = "with or without --landsat, --index or --raw"
    raise DataError(
        f"the class table is of values in {table.unit}, and {name} is read as {describe_unit(unit)}; read it as what the table "
        f'was made of, {advice}; if they are the same nevertheless, take "unit" out of the table'
    )
