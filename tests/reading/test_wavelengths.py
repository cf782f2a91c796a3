"""Wavelengths are found where GDAL and ENVI put them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.conftest import write_raster
from tsraster.errors import UsageError
from tsraster.reading import open_raster
from tsraster.reading.wavelengths import find_lengths, find_wavelengths, parse_wavelength, read_wavelength


@pytest.mark.parametrize(
    ("tags", "imagery", "expected"),
    [
        ({}, {"CENTRAL_WAVELENGTH_UM": "0.655"}, 0.655),
        ({"wavelength": "655", "wavelength_units": "nm"}, {}, 0.655),
        ({"wavelength": "10.9", "wavelength_units": "Micrometers"}, {}, 10.9),
        ({"wavelength": "655", "wavelength_units": "nm"}, {"CENTRAL_WAVELENGTH_UM": "0.7"}, 0.7),
        ({"wavelength": "655"}, {}, None),
        ({"wavelength": "red", "wavelength_units": "nm"}, {}, None),
        ({"wavelength": "-1", "wavelength_units": "nm"}, {}, None),
        ({}, {"CENTRAL_WAVELENGTH_UM": "nan"}, None),
        ({}, {}, None),
    ],
)
def test_a_wavelength_is_read_in_micrometers(
    tags: dict[str, str], imagery: dict[str, str], expected: float | None
) -> None:
    assert read_wavelength(tags, imagery) == expected


def test_wavelengths_of_a_file_are_those_of_its_bands(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", np.zeros((3, 2, 2), np.uint8), transform=Affine(30, 0, 0, 0, -30, 0))
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, wavelength="485", wavelength_units="Nanometers")
        file.update_tags(3, ns="IMAGERY", CENTRAL_WAVELENGTH_UM="0.66")
    with open_raster(path) as raster:
        assert find_wavelengths(raster, (3, 2, 1)) == (0.66, None, 0.485)
        assert [length.width for length in find_lengths(raster, (3, 1))] == [None, None]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0.655", 0.655),
        (0.655, 0.655),
        ("655nm", 0.655),
        ("655 nm", 0.655),
        ("10.9um", 10.9),
        ("10.9 \N{MICRO SIGN}m", 10.9),
        ("6.55e-1", 0.655),
        ("150um", 150.0),
    ],
)
def test_a_wavelength_is_typed_in_micrometers_or_with_its_unit(text: str | float, length: float) -> None:
    assert parse_wavelength(text) == length


@pytest.mark.parametrize(
    "text", ["", "red", "nan", "inf", "-1", "0", "655mm", "nm", "1_0", "0,6", "655 n m", float("nan")]
)
def test_what_is_no_wavelength_is_refused(text: str | float) -> None:
    with pytest.raises(UsageError, match="is no wavelength; give micrometers"):
        parse_wavelength(text)


def test_nanometers_without_their_unit_are_refused() -> None:
    with pytest.raises(UsageError, match="the wavelength 655 would be micrometers; write 655nm or 655um"):
        parse_wavelength("655")
