"""The size of a voxel, from options and as files spell it."""

from __future__ import annotations

import pytest

from tsraster.errors import UsageError
from tsraster.reading.volumes import parse_voxel_size
from tsraster.reading.volumes.voxelsizes import find_voxel_size, spell_unit


@pytest.mark.parametrize(
    ("text", "spacing", "unit"),
    [
        ("2.5um", (2.5, 2.5, 2.5), "um"),
        ("2.5 µm", (2.5, 2.5, 2.5), "um"),
        ("5x2.5x2.5um", (5, 2.5, 2.5), "um"),
        ("5 x 2.5 x 2.25 um", (5, 2.5, 2.25), "um"),
        ("0.002mm", (0.002, 0.002, 0.002), "mm"),
        ("350nm", (350, 350, 350), "nm"),
    ],
)
def test_a_size_is_a_number_and_a_unit_or_three(text: str, spacing: tuple[float, ...], unit: str) -> None:
    size = parse_voxel_size(text)
    assert size.spacing == pytest.approx(spacing)
    assert (size.unit, size.source) == (unit, f"--voxel-size {text}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2.5", "number and its unit"),
        ("2x3um", "number and its unit"),
        ("um", "number and its unit"),
        ("-1um", "number and its unit"),
        ("0um", "sides are above 0"),
        ("1x1x0um", "sides are above 0"),
        ("1e999um", "sides are above 0"),
        ("1px", "no unit of length; choose from nm, um, mm, cm, m"),
    ],
)
def test_what_is_no_size_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_voxel_size(text)


@pytest.mark.parametrize(
    ("spelled", "unit"),
    [
        ("micron", "um"),
        ("microns", "um"),
        ("micrometre", "um"),
        ("Micrometer", "um"),
        ("\\u00B5m", "um"),
        ("millimeters", "mm"),
        ("nanometer", "nm"),
        ("meter", "m"),
        ("pixel", ""),
        ("degrees", ""),
        ("", ""),
    ],
)
def test_units_are_known_as_programs_spell_them(spelled: str, unit: str) -> None:
    assert spell_unit(spelled) == unit


def test_a_unit_without_a_sign_of_its_own_becomes_micrometers() -> None:
    size = find_voxel_size([0.001, 0.001, 0.001], "inch", "a test")
    assert size is not None
    assert size.z == pytest.approx(25.4)
    assert size.unit == "um"


@pytest.mark.parametrize("spacing", [[1, 1, 1], [None, 2, 2], [0, 1, 1], [float("nan"), 1, 1], [float("inf"), 1, 1]])
def test_a_file_that_says_nothing_gives_no_size(spacing: list[float]) -> None:
    assert find_voxel_size(spacing, "", "a test") is None


def test_proportions_are_known_without_a_unit() -> None:
    size = find_voxel_size([-4, 2, 2], "", "a test")
    assert size is not None
    assert (size.spacing, size.unit, size.source) == ((4, 2, 2), "", "a test, which says no unit")
