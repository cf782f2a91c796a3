"""Which pixels the quality bits of Landsat say to be cloud, shadow, cirrus, snow, water or fill.

"Clear" in QA_PIXEL means only that there is neither a cloud nor its dilated edge: shadow, cirrus and snow are clear, too. The
presets therefore name each of the conditions that they leave out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UnknownNameError, UsageError
from tsraster.landsat.bitfields import BitField, decode_bits
from tsraster.landsat.bittests import BitTest, find_met, give_example, split_condition
from tsraster.registry import suggestion

Confidence = Literal["high", "medium", "low"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
_LEVELS = {"low": 1, "medium": 2, "high": 3}

Layout = str | Sequence[BitField]
"""The name of a layout of USGS, or the fields of another."""


def _flag(name: str, bit: int) -> BitField:
    return BitField(name, bit, 1, ((0, f"not_{name}"), (1, name)))


def _grade(name: str, bit: int) -> BitField:
    return BitField(f"{name}_confidence", bit, 2, ((0, "not_set"), *((code, level) for level, code in _LEVELS.items())))


LAYOUTS: dict[str, tuple[BitField, ...]] = {
    "collection-2": (
        *map(_flag, ("fill", "dilated", "cirrus", "cloud", "shadow", "snow", "clear", "water"), range(8)),
        *map(_grade, ("cloud", "shadow", "snow", "cirrus"), range(8, 16, 2)),
    ),
    "collection-1": (
        _flag("fill", 0),
        # Terrain occlusion of Landsat 8; dropped pixels of Landsat 4 to 7.
        _flag("occluded", 1),
        BitField("saturation", 2, 2, ((0, "none"), (1, "1-2_bands"), (2, "3-4_bands"), (3, "5+_bands"))),
        _flag("cloud", 4),
        *map(_grade, ("cloud", "shadow", "snow", "cirrus"), range(5, 13, 2)),
    ),
    "collection-1-level-2": (
        *map(_flag, ("fill", "clear", "water", "shadow", "snow", "cloud"), range(6)),
        *map(_grade, ("cloud", "cirrus"), range(6, 10, 2)),
        _flag("occluded", 10),
    ),
}
"""QA_PIXEL of Collection 2; BQA of Collection 1, level 1; pixel_qa of Collection 1, level 2."""

PRESETS: dict[str, tuple[str, ...]] = {
    "usgs-clear": ("fill", "dilated", "cloud"),
    "clear-sky": ("fill", "dilated", "cloud", "shadow", "cirrus"),
    "clear-land": ("fill", "dilated", "cloud", "shadow", "cirrus", "snow", "water"),
}
"""What each masks. usgs-clear is the bit "clear", which keeps shadow, cirrus and snow; clear-sky keeps snow and water."""

_FILES = {"qa_pixel": "collection-2", "pixel_qa": "collection-1-level-2", "bqa": "collection-1"}


def find_layout(path: str | os.PathLike[str]) -> str | None:
    """Return the layout that the name of a file tells, or None.

    Examples
    --------
    >>> find_layout("LC08_L2SP_224078_20200127_20200823_02_T1_QA_PIXEL.TIF"), find_layout("mask.tif")
    ('collection-2', None)
    """
    found = re.search(r"(qa_pixel|pixel_qa|bqa)$", PurePath(path).stem.lower())
    return _FILES[found[1]] if found else None


def decode_quality(values: NDArray[Any], layout: Layout = "collection-2") -> dict[str, NDArray[Any]]:
    """Decode quality bits to the codes of each field.

    Parameters
    ----------
    values : array of integers, shape (...)
        As they are in QA_PIXEL, BQA or pixel_qa.
    layout : text or sequence of BitField
        collection-2, collection-1, collection-1-level-2, or the fields of another, as `read_bitfields` gives them.

    Returns
    -------
    dict
        By the name of the field: arrays of uint8, shape (...). Confidences are 0 not set, 1 low, 2 medium, 3 high.

    Raises
    ------
    UnknownNameError, DataError
        There is no such layout; the values are no integers.

    Examples
    --------
    >>> codes = decode_quality(np.array([23888], np.uint16))
    >>> [name for name, found in codes.items() if found[0] and not name.endswith("confidence")]
    ['shadow', 'clear']
    """
    return decode_bits(values, _get_fields(layout))


def find_masked(
    values: NDArray[Any],
    names: Sequence[str],
    confidence: str = "high",
    layout: Layout = "collection-2",
) -> NDArray[np.bool_]:
    """Find the pixels that are under any of some conditions.

    Parameters
    ----------
    values : array of integers, shape (...)
        As they are in QA_PIXEL, BQA or pixel_qa.
    names : sequence of text
        Conditions: cloud, shadow, cirrus, snow, water, dilated, fill; presets: usgs-clear, clear-sky, clear-land; or a field and
        a code or meaning of it, such as ``cloud_confidence=medium``.
    confidence : high, medium or low
        From which confidence on, for those of cloud, shadow, cirrus and snow that have one. Collection 2 gives low to most
        clear pixels, so that low masks nearly all.
    layout : text or sequence of BitField
        collection-2, collection-1, collection-1-level-2, or the fields of another, as `read_bitfields` gives them.

    Returns
    -------
    array of bool, shape (...)
        True where at least one of the conditions is met. Fill is only masked where it is named.

    Raises
    ------
    UnknownNameError, UsageError
        There is no such condition, confidence or layout.
    DataError
        The values are no integers.

    Notes
    -----
    8 and 16 bits go through a table of all numbers, which is kept for the next block.

    References
    ----------
    https://www.usgs.gov/landsat-missions/landsat-collection-2-quality-assessment-bands

    Examples
    --------
    >>> quality = np.array([1, 21824, 22280, 23888, 54596], np.uint16)  # fill, clear, cloud, shadow, cirrus
    >>> find_masked(quality, ["usgs-clear"])
    array([ True, False,  True, False, False])
    >>> find_masked(quality, ["clear-sky"])
    array([ True, False,  True,  True,  True])
    """
    return find_met(values, list_tests(names, confidence, layout))


def list_tests(names: Sequence[str], confidence: str = "high", layout: Layout = "collection-2") -> tuple[BitTest, ...]:
    """Return what the bits are tested for; also to check the names before anything is read.

    Raises
    ------
    UnknownNameError, UsageError
        There is no such condition, confidence or layout.
    """
    if confidence not in _LEVELS:
        raise UnknownNameError(f"unknown confidence {confidence!r}; choose from {', '.join(CONFIDENCES)}")
    if not names:
        raise UsageError(f"no condition is named; choose from {', '.join(PRESETS)} or the conditions of the layout")
    fields = {field.name: field for field in _get_fields(layout)}
    tests: dict[BitTest, None] = {}
    for name in names:
        tests |= dict.fromkeys(_list_tests_of(name.strip(), fields, _LEVELS[confidence]))
    return tuple(tests)


def _get_fields(layout: Layout) -> tuple[BitField, ...]:
    if not isinstance(layout, str):
        return tuple(layout)
    if layout not in LAYOUTS:
        raise UnknownNameError(f"unknown layout of quality bits {layout!r}; {suggestion(layout, list(LAYOUTS))}")
    return LAYOUTS[layout]


def _list_tests_of(name: str, fields: dict[str, BitField], level: int) -> list[BitTest]:
    """Return the tests of a condition: its flag, and its confidence where there is one."""
    if name in PRESETS:
        # A layout that does not know a condition cannot mask it: BQA has no dilated clouds.
        known = [one for one in PRESETS[name] if one in fields or f"{one}_confidence" in fields]
        if known:
            return [test for one in known for test in _list_tests_of(one, fields, level)]
    field_name, meaning = split_condition(name)
    if meaning and field_name in fields:
        return [(fields[field_name], fields[field_name].find_code(meaning), False)]
    flag, grade = fields.get(name), fields.get(f"{name}_confidence")
    if flag is not None and flag.length > 1:
        raise UsageError(
            f"the bit field {name} has {1 << flag.length} codes; name one, such as {name}={give_example(flag)}"
        )
    if flag is None and grade is None:
        known = [*(one for one in PRESETS if one not in fields), *list_conditions(tuple(fields.values()))]
        raise UnknownNameError(f"these quality bits know no {name!r}; {suggestion(name, known)}")
    tests = [] if flag is None else [(flag, 1, False)]
    return tests if grade is None else [*tests, (grade, level, True)]


def list_conditions(layout: Layout) -> list[str]:
    """Return the conditions that can be masked by a layout.

    Examples
    --------
    >>> list_conditions("collection-1")
    ['fill', 'occluded', 'cloud', 'shadow', 'snow', 'cirrus']
    """
    fields = _get_fields(layout)
    flags = [field.name for field in fields if field.length == 1]
    grades = [field.name.removesuffix("_confidence") for field in fields if field.name.endswith("_confidence")]
    return list(dict.fromkeys([*flags, *grades]))
