"""Numbers become the physical values that USGS publishes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.landsat.mtltrees import ETM_OLD, OLI_1, write_mtl
from tsraster.errors import DataError, TsrasterError, UnknownNameError, UsageError
from tsraster.landsat import Conversion, LandsatMetadata, plan_conversion, read_mtl


@pytest.fixture
def oli(tmp_path: Path) -> LandsatMetadata:
    """Give Landsat 8 at level 1, of Collection 2."""
    return read_mtl(write_mtl(tmp_path, OLI_1))


@pytest.fixture
def tm(shared_data: Path) -> LandsatMetadata:
    """Give Landsat 5 at level 1, from before the collections."""
    return read_mtl(shared_data / "landsat/LT05/LT52240631988227CUB02_MTL.txt")


@pytest.fixture
def surface(shared_data: Path) -> LandsatMetadata:
    """Give Landsat 8 at level 2, of Collection 2."""
    return read_mtl(shared_data / "landsat/LC08_L2SP_C2_MTL.txt")


def plan(scene: LandsatMetadata, band: str, quantity: str) -> Conversion:
    return plan_conversion(scene, scene.find_band(band), quantity)


def test_a_real_thermal_band_of_1988_lies_between_293_and_300_kelvin(tm: LandsatMetadata, shared_data: Path) -> None:
    with rasterio.open(shared_data / "landsat/LT05/LT52240631988227CUB02_B6.TIF") as file:
        dn = file.read(1)
    found = plan(tm, "B6", "temperature")
    assert (found.multiply, found.add, found.k1, found.k2, found.unit) == (0.055, 1.18243, 607.76, 1260.56, "K")
    assert [note for note in found.notes if "no K1 and K2 for B6; those published for Landsat 5" in note] == list(
        found.notes
    )
    kelvin = found.apply(dn)
    assert (round(float(kelvin.min()), 1), round(float(kelvin.max()), 1)) == (293.4, 299.8)
    np.testing.assert_array_equal(found.tabulate(dn.dtype)[dn], kelvin)
    np.testing.assert_allclose(kelvin, 1260.56 / np.log(607.76 / (0.055 * dn.astype(float) + 1.18243) + 1), rtol=6e-8)
    celsius = plan(tm, "B6", "celsius")
    assert celsius.unit == "degree Celsius"
    np.testing.assert_allclose(celsius.apply(dn), kelvin - 273.15, atol=4e-5)


def test_level_2_gives_the_examples_of_usgs(surface: LandsatMetadata) -> None:
    reflectance, temperature = plan(surface, "red", "reflectance"), plan(surface, "ST_B10", "temperature")
    assert (reflectance.multiply, reflectance.add, reflectance.unit) == (2.75e-05, -0.2, "1")
    assert reflectance.apply(np.array([18639], np.uint16))[0] == pytest.approx(0.3125725, abs=1e-8)
    assert (temperature.multiply, temperature.add) == (0.00341802, 149.0)
    assert temperature.apply(np.array([44947], np.uint16))[0] == pytest.approx(302.62974, abs=2e-5)
    assert (reflectance.valid_range, temperature.valid_range) == ((7273, 43636), (293, 65535))
    assert reflectance.notes == temperature.notes == ()
    assert reflectance.label == "surface reflectance, SR_B4"


def test_the_offset_of_level_2_makes_the_index_of_vegetation_right(surface: LandsatMetadata) -> None:
    near, red = plan(surface, "nir08", "reflectance").apply(np.array([21818])), None
    red = plan(surface, "red", "reflectance").apply(np.array([9091]))
    assert (near - red) / (near + red) == pytest.approx(0.7778, abs=1e-4)


def test_level_1_of_landsat_8_is_converted_as_usgs_says(oli: LandsatMetadata) -> None:
    dn = np.array([25000, 0], np.uint16)
    temperature = plan(oli, "B10", "temperature")
    assert temperature.apply(dn)[0] == pytest.approx(291.7056, abs=6e-5)
    assert math.isnan(temperature.apply(dn)[1])
    assert plan(oli, "B10", "radiance").apply(dn)[0] == pytest.approx(8.455, rel=1e-7)
    assert plan(oli, "red", "radiance").apply(dn)[0] == pytest.approx(1.0304e-02 * 25000 - 51.52246, rel=1e-7)
    # The sun stands at 30 degrees, whose sine is a half.
    assert plan(oli, "red", "reflectance").apply(dn)[0] == pytest.approx(0.8, rel=1e-7)
    assert temperature.notes == ()


def test_a_file_of_ranges_gives_temperature_and_says_how(tmp_path: Path) -> None:
    scene = read_mtl(write_mtl(tmp_path, ETM_OLD, root="L1_METADATA_FILE"))
    found = plan(scene, "B6_VCID_1", "temperature")
    assert found.apply(np.array([131]))[0] == pytest.approx(
        1282.71 / math.log(666.09 / (130 * 17.04 / 254) + 1), rel=1e-7
    )
    assert "least and greatest radiance" in found.notes[0]
    assert "published for Landsat 7" in found.notes[1]
    # Radiance 0 has no temperature.
    assert math.isnan(found.apply(np.array([1]))[0])


def test_reflectance_from_before_2012_takes_the_published_sun(tmp_path: Path, tm: LandsatMetadata) -> None:
    scene = read_mtl(write_mtl(tmp_path, ETM_OLD, root="L1_METADATA_FILE"))
    found = plan(scene, "red", "reflectance")
    radiance = plan(scene, "red", "radiance").apply(np.array([100]))[0]
    distance = 1 - 0.01672 * math.cos(math.radians(0.9856 * (74 - 4)))
    expected = math.pi * radiance * distance**2 / (1533 * math.sin(math.radians(45)))
    assert found.apply(np.array([100]))[0] == pytest.approx(expected, rel=1e-6)
    assert "ESUN 1533" in found.notes[-1]
    assert 0.0 < float(plan(tm, "nir08", "reflectance").apply(np.array([100]))[0]) < 0.5


def test_surface_bands_of_collection_1_need_no_mtl_of_their_own(oli: LandsatMetadata) -> None:
    scene = replace(oli, collection=1)
    prefix = scene.scene
    dn = np.array([3126, -9999], np.int16)
    reflectance = plan(scene, f"{prefix}_sr_band4.tif", "reflectance").apply(dn)
    assert reflectance[0] == pytest.approx(0.3126)
    assert math.isnan(reflectance[1])
    assert plan(scene, f"{prefix}_bt_band10.tif", "temperature").apply(dn)[0] == pytest.approx(312.6)
    # Reflectance above the atmosphere that ESPA has corrected for the sun is not corrected again.
    assert plan(scene, f"{prefix}_toa_band4.tif", "reflectance").apply(dn)[0] == pytest.approx(0.3126)
    with pytest.raises(UsageError, match=r"SR_B4 of .* holds no radiance"):
        plan(scene, f"{prefix}_sr_band4.tif", "radiance")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_table_holds_what_is_computed(dtype: type[np.generic], oli: LandsatMetadata) -> None:
    found = plan(oli, "B10", "celsius")
    table = found.tabulate(dtype)
    values = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table[values], found.apply(values))


def test_only_small_types_have_a_table(oli: LandsatMetadata) -> None:
    with pytest.raises(UsageError, match="not int32; use apply"):
        plan(oli, "B10", "celsius").tabulate("int32")


def test_numbers_that_are_not_there_stay_so(oli: LandsatMetadata) -> None:
    values = plan(oli, "red", "reflectance").apply(np.array([[np.nan, 0.0], [5000.0, 5000.5]], np.float32))
    np.testing.assert_array_equal(np.isnan(values), [[True, True], [False, False]])


@pytest.mark.parametrize(
    ("scene", "band", "quantity", "error", "words"),
    [
        ("oli", "B4", "temprature", UnknownNameError, "unknown quantity 'temprature'; did you mean temperature?"),
        ("oli", "B4", "temperature", UsageError, r"B4 \(red\) of .* is a reflective band .* thermal bands are B10"),
        ("oli", "B10", "reflectance", UsageError, "B10 of .* is a thermal band and has no reflectance"),
        ("oli", "QA_PIXEL", "radiance", UsageError, "QA_PIXEL of .* is a band of quality bits"),
        ("surface", "ST_B10", "reflectance", UsageError, "thermal band and has no reflectance"),
        ("surface", "ST_B10", "radiance", UsageError, "ST_B10 of .* holds no radiance; level 1 does"),
        ("surface", "SR_B4", "radiance", UsageError, "holds no radiance"),
        ("surface", "SR_B4", "celsius", UsageError, "its thermal bands are ST_B10"),
    ],
)
def test_what_a_band_has_not_is_refused_in_a_sentence(
    scene: str, band: str, quantity: str, error: type[TsrasterError], words: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(error, match=words):
        plan(request.getfixturevalue(scene), band, quantity)


def test_a_scene_at_night_has_no_reflectance(oli: LandsatMetadata) -> None:
    with pytest.raises(DataError, match=r"says that the sun was at -12\.5 degrees"):
        plan(replace(oli, sun_elevation=-12.5), "red", "reflectance")
    with pytest.raises(DataError, match="does not say how high the sun was"):
        plan(replace(oli, sun_elevation=None), "red", "reflectance")


def test_missing_coefficients_are_said(oli: LandsatMetadata) -> None:
    bare = replace(oli.find_band("red"), radiance=None, reflectance=None)
    with pytest.raises(DataError, match="no coefficients of radiance for B4"):
        plan_conversion(oli, bare, "radiance")
    unknown = replace(oli.find_band("red"), reflectance=None)
    with pytest.raises(DataError, match="no irradiance of the sun is published for it"):
        plan_conversion(oli, unknown, "reflectance")
    old = replace(oli, spacecraft="LANDSAT_9")
    thermal = replace(oli.find_band("B10"), k1=None)
    assert plan_conversion(old, thermal, "temperature").k1 == 799.0284
