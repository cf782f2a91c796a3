"""Indices of bands: published values, which band is which letter, and that stored numbers are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from tsraster.errors import BandError, DataError, UsageError
from tsraster.preparing.indexnames import find_index
from tsraster.preparing.indices import check_reflectance, compute_index, match_bands
from tsraster.raster import without_place_warning


def test_the_published_value_is_found() -> None:
    assert float(compute_index(find_index("NDVI"), {"N": 0.643, "R": 0.175})) == 0.5721271393643031
    assert float(compute_index(find_index("SAVI"), {"N": 0.643, "R": 0.175})) == 0.5326251896813354


def test_the_offset_of_a_product_changes_an_index() -> None:
    stored = {"nir08": np.array([21818.0]), "red": np.array([9091.0])}
    scaled = {name: numbers * 0.0000275 - 0.2 for name, numbers in stored.items()}
    assert compute_index(find_index("NDVI"), stored) == pytest.approx(0.412, abs=5e-4)
    assert compute_index(find_index("NDVI"), scaled) == pytest.approx(0.778, abs=5e-4)
    check_reflectance(scaled)
    with pytest.raises(DataError, match="the band nir08 holds values from 21818 to 21818 and no reflectance"):
        check_reflectance(stored)


def test_the_bands_of_a_landsat_scene_give_what_spyndex_gives(shared_data: Path) -> None:
    spyndex = pytest.importorskip("spyndex")
    bands = {}
    for name, number in (("red", 4), ("nir08", 5)):
        path = shared_data / "landsat" / "LC08" / f"LC80030172015001LGN00_B{number}.tiff"
        with without_place_warning(), rasterio.open(path) as file:
            bands[name] = file.read(1)
    with np.errstate(all="ignore"):
        expected = spyndex.computeIndex("NDVI", N=bands["nir08"].astype(float), R=bands["red"].astype(float))
    found = compute_index(find_index("NDVI"), bands)
    assert found.shape == bands["red"].shape
    assert np.isfinite(found).sum() > 1000
    np.testing.assert_array_equal(found, np.where(np.isfinite(expected), expected, np.nan))
    with pytest.raises(DataError, match=r"the band red holds whole numbers \(uint16\)"):
        check_reflectance(bands)


@pytest.mark.parametrize(
    ("index", "names", "expected"),
    [
        ("NDVI", ["nir", "red"], {"N": "nir", "R": "red"}),
        ("NDVI", ["nir08", "nir", "red"], {"N": "nir", "R": "red"}),
        ("NDVI", ["nir08", "Red"], {"N": "nir08", "R": "Red"}),
        ("NDVI", ["N", "nir", "R"], {"N": "N", "R": "R"}),
        ("NDVI", ["red", "RED", "nir"], {"N": "nir", "R": "red"}),
        ("NBR", ["swir22", "nir08", "swir16"], {"N": "nir08", "S2": "swir22"}),
        ("SeLI", ["nir", "nir08", "rededge071"], {"N2": "nir08", "RE1": "rededge071"}),
        ("SeLI", ["nir", "rededge071"], {"N2": "nir", "RE1": "rededge071"}),
        ("NDVIT", ["nir08", "red", "lwir11"], {"N": "nir08", "R": "red", "T": "lwir11"}),
    ],
)
def test_bands_are_found_by_their_names(index: str, names: list[str], expected: dict[str, str]) -> None:
    if index not in ("NDVI", "NBR"):
        pytest.importorskip("spyndex")
    assert match_bands(find_index(index), names) == expected


@pytest.mark.parametrize(
    ("index", "names", "problem"),
    [
        (
            "NDVI",
            ["red", "B5"],
            r"NDVI needs nir or nir08 \(N\), and the bands are called red, B5; add what is missing",
        ),
        ("EVI", ["green"], r"EVI needs nir or nir08 \(N\), red \(R\), blue \(B\), and the bands are called green"),
        ("NDVI", [], "and no band has a name"),
        ("NDVI", ["n", "r"], "NDVI needs nir"),
    ],
)
def test_missing_bands_are_named(index: str, names: list[str], problem: str) -> None:
    with pytest.raises(BandError, match=problem):
        match_bands(find_index(index), names)


def test_a_constant_without_a_usual_value_is_asked_for() -> None:
    pytest.importorskip("spyndex")
    with pytest.raises(
        UsageError, match="NDGI needs constants that have no usual value; write NDGI:lambdaN=NUMBER,lambdaR="
    ):
        compute_index(find_index("NDGI"), {"N": [0.1], "R": [0.1], "G": [0.1]})


def test_temperatures_and_radar_are_no_reflectances() -> None:
    pytest.importorskip("spyndex")
    assert find_index("NDVIT").reflectances == ("N", "R")
    assert find_index("RFDI").reflectances == ()


def test_nodata_and_single_precision_stay() -> None:
    values = {name: np.array([0.5, np.nan, 0.0], dtype=np.float32) for name in ("nir", "red", "blue")}
    found = compute_index(find_index("EVI"), values)
    assert found.dtype == np.float32
    assert np.isnan(found).tolist() == [False, True, False]


def test_a_few_bright_clouds_are_no_stored_numbers() -> None:
    numbers = np.linspace(-0.2, 1.2, 100)
    numbers[:5] = 2.4
    check_reflectance({"red": numbers})
    numbers[5] = 2.4
    with pytest.raises(DataError, match=r"values from -0\.115152 to 2\.4 and no reflectance.*--landsat reflectance"):
        check_reflectance({"red": numbers})
    check_reflectance({"red": numbers}, valid=numbers < 2)
    check_reflectance({"red": np.where(numbers < 2, numbers, np.nan)})
    check_reflectance({"red": np.full(3, np.nan)})
    check_reflectance({})
