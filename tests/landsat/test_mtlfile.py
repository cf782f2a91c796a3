"""MTL files in three forms and of each age say the same of a scene."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.landsat.mtltrees import ETM_OLD, FORMS, OLI_1, write_mtl, write_odl
from tsraster.errors import BandError, DataError, MissingSourceError, ReadError, TsrasterError
from tsraster.landsat import Scale, find_band_file, find_mtl, plan_conversion, read_mtl
from tsraster.landsat.mtltext import read_groups
from tsraster.landsat.sensors import find_sun_distance

ROOT_1 = "L1_METADATA_FILE"


def find_lt05(shared_data: Path) -> Path:
    return shared_data / "landsat/LT05/LT52240631988227CUB02_MTL.txt"


def find_l2(shared_data: Path) -> Path:
    return shared_data / "landsat/LC08_L2SP_C2_MTL.txt"


def test_a_scene_from_before_the_collections_is_read_in_spite_of_its_padding(shared_data: Path) -> None:
    path = find_lt05(shared_data)
    assert path.read_bytes().endswith(b"\0\0")
    scene = read_mtl(path)
    assert (scene.spacecraft, scene.sensor, scene.collection, scene.level) == ("LANDSAT_5", "TM", None, 1)
    assert (scene.date, scene.sun_elevation, scene.scene) == (date(1988, 8, 14), 49.75588889, "LT52240631988227CUB02")
    assert [band.key for band in scene.bands] == [f"B{number}" for number in range(1, 8)]
    thermal = scene.find_band("lwir")
    assert (thermal.key, thermal.kind, thermal.radiance, thermal.k1) == ("B6", "thermal", Scale(0.055, 1.18243), None)
    assert thermal.valid_range == (1, 255)


def test_level_2_takes_its_own_coefficients_and_not_those_of_level_1(shared_data: Path) -> None:
    scene = read_mtl(find_l2(shared_data))
    assert (scene.collection, scene.level, scene.mission) == (2, 2, 8)
    reflective = [band for band in scene.bands if band.kind == "reflective"]
    assert [band.key for band in reflective] == [f"SR_B{number}" for number in range(1, 8)]
    assert {band.reflectance for band in reflective} == {Scale(2.75e-05, -0.2)}
    assert all(band.radiance is None and band.k1 is None for band in scene.bands)
    assert scene.find_band("ST_B10").temperature == Scale(0.00341802, 149.0)
    names = ["coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "lwir11"]
    assert [band.name for band in scene.bands if band.kind != "quality"] == names
    assert [band.key for band in scene.bands if band.kind == "quality"] == [
        "SR_QA_AEROSOL",
        "ST_QA",
        "QA_PIXEL",
        "QA_RADSAT",
    ]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_real_file_holds_the_same(form: str, shared_data: Path, tmp_path: Path) -> None:
    path = find_l2(shared_data)
    tree = read_groups(path)
    again = write_mtl(tmp_path, tree, form)
    assert read_groups(again) == tree
    assert replace(read_mtl(again), path=path) == read_mtl(path)


def test_carriage_returns_and_a_missing_end_change_nothing(tmp_path: Path) -> None:
    plain = read_mtl(write_mtl(tmp_path, OLI_1))
    other = tmp_path / "other.txt"
    text = write_odl(OLI_1).removesuffix("END\n")
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\0" * 100)
    assert replace(read_mtl(other), path=plain.path) == plain


def test_collection_1_is_read_from_its_own_groups(tmp_path: Path) -> None:
    contents = {"DATA_TYPE": "L1TP", **OLI_1["PRODUCT_CONTENTS"], **OLI_1["IMAGE_ATTRIBUTES"]}
    del contents["PROCESSING_LEVEL"], contents["COLLECTION_NUMBER"], contents["FILE_NAME_QUALITY_L1_PIXEL"]
    tree = {
        "METADATA_FILE_INFO": {"COLLECTION_NUMBER": "01"},
        "PRODUCT_METADATA": contents | {"FILE_NAME_BAND_QUALITY": contents["LANDSAT_PRODUCT_ID"] + "_BQA.TIF"},
        "RADIOMETRIC_RESCALING": OLI_1["LEVEL1_RADIOMETRIC_RESCALING"],
        "TIRS_THERMAL_CONSTANTS": OLI_1["LEVEL1_THERMAL_CONSTANTS"],
    }
    scene = read_mtl(write_mtl(tmp_path, tree, root=ROOT_1))
    assert (scene.collection, scene.level) == (1, 1)
    assert (scene.find_band("B10").k1, scene.find_band("BQA").kind) == (774.8853, "quality")
    surface = scene.find_band("LC08_L1TP_224078_20200127_20200823_02_T1_sr_band4.tif")
    assert (surface.key, surface.reflectance, surface.radiance, surface.fill) == (
        "SR_B4",
        Scale(0.0001, 0.0),
        None,
        -9999,
    )
    bright = scene.find_band("LC08_L1TP_224078_20200127_20200823_02_T1_bt_band10.tif")
    assert (bright.key, bright.temperature, bright.k1) == ("BT_B10", Scale(0.1, 0.0), None)


def test_a_file_from_before_2012_gives_a_line_through_its_range(tmp_path: Path) -> None:
    scene = read_mtl(write_mtl(tmp_path, ETM_OLD, root=ROOT_1))
    assert [band.key for band in scene.bands] == ["B3", "B6_VCID_1", "B6_VCID_2"]
    low = scene.find_band("L71092085_08520100315_B61.TIF").radiance
    assert low is not None
    assert low.is_from_range
    assert (low.multiply * 1 + low.add, low.multiply * 255 + low.add) == pytest.approx((0.0, 17.04))
    with pytest.raises(BandError, match=r"several bands lwir; name one of B6_VCID_1 \(lwir\), B6_VCID_2"):
        scene.find_band("lwir")


def test_two_early_scenes_of_mss_number_their_bands_in_their_own_way(tmp_path: Path) -> None:
    def read(spacecraft: str, number: int) -> str:
        contents = {"SPACECRAFT_ID": spacecraft, "SENSOR_ID": "MSS", f"FILE_NAME_BAND_{number}": f"x_B{number}.TIF"}
        return read_mtl(write_mtl(tmp_path, {"PRODUCT_METADATA": contents}, root=ROOT_1)).bands[0].name

    assert (read("LANDSAT_2", 4), read("LANDSAT_5", 4)) == ("green", "nir09")


@pytest.mark.parametrize(
    "name",
    [
        "B4",
        "b4",
        4,
        "4",
        "red",
        "SR_B4",
        "LC08_L2SP_224078_20200127_20200823_02_T1_SR_B4.TIF",
        Path("x/mine_SR_B4.tiff"),
    ],
)
def test_a_band_is_found_by_each_of_its_names(name: str | int | Path, shared_data: Path) -> None:
    assert read_mtl(find_l2(shared_data)).find_band(name).key == "SR_B4"


def test_a_cut_of_a_file_is_found_by_its_ending(shared_data: Path) -> None:
    scene = read_mtl(find_lt05(shared_data))
    assert scene.find_band("LT52240631988227CUB02_B6.tif").key == "B6"
    assert scene.find_band("thermal_b6.tif").key == "B6"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("B9", BandError, r"has no band B9; it has SR_B1 \(coastal\), .* ST_B10 \(lwir11\), SR_QA_AEROSOL"),
        ("mine.tif", BandError, "names no file mine.tif; name the band that it is: SR_B1"),
        (
            "LC08_L1TP_224078_20200127_20200823_02_T1_B4.TIF",
            DataError,
            "another scene or level than LC08_L2SP_C2_MTL.txt",
        ),
        ("LT52240631988227CUB02_B4.TIF", DataError, "another scene"),
        ("mine_B4.tif", BandError, "names no file mine_B4.tif"),
        ("mine_sr_band4.tif", BandError, "has no band for mine_sr_band4.tif"),
    ],
)
def test_what_is_no_band_of_the_scene_is_refused_in_a_sentence(
    name: str, error: type[TsrasterError], words: str, shared_data: Path
) -> None:
    with pytest.raises(error, match=words) as caught:
        read_mtl(find_l2(shared_data)).find_band(name)
    assert "\n" not in str(caught.value)


GOOD = write_odl(OLI_1)
DAMAGED = {
    "empty": (b"", "it is empty"),
    "other text": (b"hello\nworld\n", "begins with 'hello'"),
    "other odl": (b"GROUP = CUBE\nEND_GROUP = CUBE\nEND\n", "begins with 'CUBE'"),
    "cut off in a number": (GOOD[: GOOD.index("-51.52246") + 4].encode(), "cut off in the group LEVEL1_RADIOMETRIC"),
    "no pair": (GOOD.replace('PROCESSING_LEVEL = "L1TP"', "PROCESSING").encode(), "line 4 is not KEY = VALUE"),
    "crossed groups": (GOOD.replace("END_GROUP = IMAGE", "END_GROUP = OTHER").encode(), "ends the group"),
    "not UTF-8": (GOOD.replace("L1TP", "\xff").encode("latin-1"), "no text in UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "bytes that are no text"),
    "no bands": (GOOD.replace("FILE_NAME_BAND", "FILE_OF_BAND").encode(), "names no file of a band"),
    "other craft": (GOOD.replace("LANDSAT_8", "SENTINEL_2").encode(), "SPACECRAFT_ID is 'SENTINEL_2'"),
    "no number": (GOOD.replace('"-51.52246"', '"5l"').encode(), "RADIANCE_ADD_BAND_4 is '5l' and no number"),
    "infinite": (GOOD.replace('"-51.52246"', '"inf"').encode(), "is 'inf' and no number"),
    "zero": (
        GOOD.replace('"3.3420E-04"', '"0"').encode(),
        "RADIANCE_MULT_BAND_10 is 0, and no number from 1e-30 to 1e",
    ),
    "negative": (GOOD.replace('"2.0000E-05"', '"-5"').encode(), "REFLECTANCE_MULT_BAND_4 is -5, and no number from"),
    "too large": (GOOD.replace('"-0.100000"', '"1e300"').encode(), r"REFLECTANCE_ADD_BAND_4 is 1e\+300, and no number"),
    "no constant": (GOOD.replace('"774.8853"', '"0"').encode(), "K1_CONSTANT_BAND_10 is 0, and no number from"),
    "no range": (
        write_odl(ETM_OLD).replace('"152.900"', '"-5.0"').encode(),
        "the range of radiance per number of band 3 is 0, and no",
    ),
    "far sun": (GOOD.replace('"0.9846597"', '"0"').encode(), "EARTH_SUN_DISTANCE is 0, and the Earth is"),
    "no date": (GOOD.replace("2020-01-27", "27.1.20").encode(), "no date"),
    "unknown band": (GOOD.replace("FILE_NAME_BAND_4", "FILE_NAME_BAND_14").encode(), "a band 14, which OLI_TIRS"),
    "other json": (b'{"type": "Feature"}', "begins with 'type'"),
    "cut json": (FORMS["json"](OLI_1)[:-30].encode(), "no whole JSON"),
    "deep json": (b'{"LANDSAT_METADATA_FILE": ' + b'{"A": ' * 50_000, "no whole JSON"),
    "nested json": (b'{"LANDSAT_METADATA_FILE": ' + b'{"A": ' * 20 + b"{}" + b"}" * 21, "no group of keys"),
    "list in json": (b'{"LANDSAT_METADATA_FILE": {"A": [1]}}', "'A' is neither a text nor a number"),
    "flat json": (b'{"LANDSAT_METADATA_FILE": 3}', "no group of keys"),
    "other xml": (b"<qgis/>", "begins with 'qgis'"),
    "cut xml": (FORMS["xml"](OLI_1)[:-30].encode(), "no whole XML"),
    "entities": (
        b'<!DOCTYPE a [<!ENTITY b "c">]><LANDSAT_METADATA_FILE><A>&b;</A></LANDSAT_METADATA_FILE>',
        "defines document types or entities",
    ),
    "outer definition": (
        b'<!DOCTYPE LANDSAT_METADATA_FILE SYSTEM "file:///x"><LANDSAT_METADATA_FILE/>',
        "defines document types or entities",
    ),
    "deep xml": (b"<LANDSAT_METADATA_FILE>" + b"<A>" * 1000, "deeper or has more"),
    "large": (b"GROUP = L1_METADATA_FILE\n" + b" " * 5_000_000 + b"x", "larger than 4 MiB"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_no_whole_mtl_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    content, words = DAMAGED[name]
    path = tmp_path / "x_MTL.txt"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=words) as caught:
        read_mtl(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(path))


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_raises_anything_else(
    form: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(FORMS[form](OLI_1).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.mktemp("damaged") / "x_MTL.txt"
    path.write_bytes(bytes(content))
    try:
        scene = read_mtl(path)
        plan_conversion(scene, scene.bands[0], "radiance")
    except TsrasterError as error:
        str(error).encode()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="there is no file"):
        read_mtl(tmp_path / "none_MTL.txt")
    with pytest.raises(ReadError, match="cannot be read"):
        read_mtl(tmp_path)


def test_the_distance_of_the_sun_is_near_that_of_usgs(shared_data: Path) -> None:
    scene = read_mtl(find_l2(shared_data))
    assert scene.date is not None
    assert find_sun_distance(scene.date) == pytest.approx(scene.sun_distance, abs=3e-4)


@pytest.mark.parametrize("ending", ["_B6.TIF", "_SR_B4.tif", "_ST_B10.tiff", "_QA_PIXEL.TIF", "_B6_VCID_1.TIF"])
def test_the_mtl_beside_a_band_is_found(ending: str, tmp_path: Path) -> None:
    for name in ("LC08_A_MTL.txt", "LC08_A_MTL.json", "LC08_A_MTL.xml", "LC08_B_MTL.txt", "LC08_A_ANG.txt"):
        (tmp_path / name).touch()
    assert find_mtl(tmp_path / f"LC08_A{ending}").name == "LC08_A_MTL.txt"
    assert find_mtl(tmp_path / f"LC08_B{ending}").name == "LC08_B_MTL.txt"


def test_the_longest_name_is_meant_and_the_folder_of_one_scene_is_enough(tmp_path: Path) -> None:
    (tmp_path / "S_MTL.xml").touch()
    assert find_mtl(tmp_path).name == "S_MTL.xml"
    (tmp_path / "S_2_MTL.json").touch()
    assert find_mtl(tmp_path / "S_2_B4.tif").name == "S_2_MTL.json"
    assert find_mtl(tmp_path / "S_B4.tif").name == "S_MTL.xml"
    with pytest.raises(TsrasterError, match=r"several MTL files .*: S_2_MTL.json, S_MTL.xml; name one"):
        find_mtl(tmp_path)


def test_the_second_half_of_an_old_landsat_7_scene_has_the_mtl_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "L71092085_08520100315_MTL.txt").touch()
    assert find_mtl(tmp_path / "L72092085_08520100315_B62.TIF").name == "L71092085_08520100315_MTL.txt"


def test_a_missing_mtl_is_said_with_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"no MTL file of a_B4.tif in .*; name it"):
        find_mtl(tmp_path / "a_B4.tif")
    (tmp_path / "LC08_B_MTL.txt").touch()
    with pytest.raises(MissingSourceError, match=r"\(LC08_B_MTL.txt is of another scene\)"):
        find_mtl(tmp_path / "a_B4.tif")
    with pytest.raises(TsrasterError, match="cannot be looked for"):
        find_mtl("/vsizip/a.zip/a_B4.tif")


def test_real_bands_lead_to_their_mtl_and_back(shared_data: Path) -> None:
    band = shared_data / "landsat/LT05/LT52240631988227CUB02_B6.TIF"
    scene = read_mtl(find_mtl(band))
    assert find_band_file(scene, scene.find_band(band)) == band


def test_the_file_of_a_band_may_end_in_another_way(tmp_path: Path) -> None:
    scene = read_mtl(write_mtl(tmp_path, OLI_1))
    with pytest.raises(MissingSourceError, match=r"no file LC08_L1TP_.*_B4.TIF of band B4 beside"):
        find_band_file(scene, scene.find_band("red"))
    file = tmp_path / "LC08_L1TP_224078_20200127_20200823_02_T1_B4.tiff"
    file.touch()
    assert find_band_file(scene, scene.find_band("red")) == file
