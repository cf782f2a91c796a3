"""What the bits of quality are tested for: `list_field_tests` of any fields, and the pixels that meet one (`find_met`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UnknownNameError, UsageError
from tsraster.landsat.bitfields import BitField, check_integers
from tsraster.registry import suggestion

BitTest = tuple[BitField, int, bool]
"""A field, a code, and whether codes above it count as well."""


def find_met(values: NDArray[Any], tests: Sequence[BitTest]) -> NDArray[np.bool_]:
    """Find the pixels that meet any of some tests, as `list_field_tests` makes them.

    Parameters
    ----------
    values : array of integers, shape (...)
    tests : sequence of BitTest

    Returns
    -------
    array of bool, shape (...)

    Raises
    ------
    DataError
        The values are no integers.
    """
    values = np.asarray(values)
    check_integers(values)
    if values.dtype in (np.uint8, np.uint16):
        return np.asarray(_tabulate(tuple(tests), np.iinfo(values.dtype).max + 1)[values])
    return _test(values, tests)


def list_field_tests(names: Sequence[str], fields: Sequence[BitField]) -> tuple[BitTest, ...]:
    """Return what the bits of any list of fields are tested for.

    A field of one bit is met where it is set. Of a longer one a meaning or a code is named: only its list says what its codes
    mean, and in those of Landsat any but 0 would be nearly all pixels, as most of them have a low confidence.

    Raises
    ------
    UnknownNameError, UsageError
        There is no such field or meaning; or a field of several bits is named without one.

    Examples
    --------
    >>> cloud = BitField("cloud", 3, 1)
    >>> level = BitField("cloud_confidence", 8, 2, ((0, "not_set"), (1, "low"), (2, "medium"), (3, "high")))
    >>> [(field.name, code) for field, code, _ in list_field_tests(["cloud", "cloud_confidence=high"], [cloud, level])]
    [('cloud', 1), ('cloud_confidence', 3)]
    """
    if not names:
        raise UsageError(f"no field is named; choose from {', '.join(field.name for field in fields)}")
    known = {field.name.lower(): field for field in fields}
    return tuple(dict.fromkeys(_make_test(name.strip(), known) for name in names))


def _make_test(name: str, fields: dict[str, BitField]) -> BitTest:
    whole = fields.get(name.lower())
    field_name, meaning = (name, "") if whole is not None else split_condition(name)
    field = fields.get(field_name.lower())
    if field is None:
        near = suggestion(field_name, [one.name for one in fields.values()])
        raise UnknownNameError(f"these quality bits have no field {field_name!r}; {near}")
    if meaning:
        return field, field.find_code(meaning), False
    if field.length > 1:
        raise UsageError(
            f"the bit field {field.name} has {1 << field.length} codes; name one, such as {field.name}={give_example(field)}"
        )
    return field, 1, False


def split_condition(name: str) -> tuple[str, str]:
    """Return the field and the meaning of ``field=meaning`` or ``field:meaning``."""
    field, _, meaning = name.partition("=") if "=" in name else name.partition(":")
    return field.strip(), meaning.strip()


def give_example(field: BitField) -> str:
    """Return a meaning of a field, or a code of one that has none."""
    return field.meanings[-1][1] if field.meanings else str((1 << field.length) - 1)


@lru_cache(maxsize=16)
def _tabulate(tests: tuple[BitTest, ...], size: int) -> NDArray[np.bool_]:
    return _test(np.arange(size), tests)


def _test(values: NDArray[Any], tests: Sequence[BitTest]) -> NDArray[np.bool_]:
    found = np.zeros(values.shape, dtype=bool)
    for field, code, and_above in tests:
        codes = field.extract(values)
        found |= codes >= code if and_above else codes == code
    return found
