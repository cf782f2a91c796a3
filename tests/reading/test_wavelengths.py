"""Wavelengths are found where GDAL and ENVI put them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.conftest import write_raster
from tsraster.reading import open_raster
from tsraster.reading.wavelengths import find_wavelengths, read_wavelength


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
