"""What a STAC item says of a raster and of quality bits is used, said, and never silently wrong."""

from __future__ import annotations

import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner

from tests.conftest import write_raster
from tests.reading.stacdrawing import FIELDS, HOST, REFLECTANCE, TEMPERATURE, list_fields, write_item
from tsraster import breaks_file, classify_file, histogram_file
from tsraster.cli.program import program
from tsraster.errors import DataError, TsrasterError, UsageError, WriteError
from tsraster.pipeline.inspection import inspect_file
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.sourcing.stacsource import describe_raster
from tsraster.raster import Window
from tsraster.reading import open_raster
from tsraster.reading.stacitems import StacAsset

PLACE: dict[str, Any] = {"crs": "EPSG:32616"}
SCENE = "LC08_L2SP_047027_20201204_20210313_02_T1"
NUMBERS = np.array([[0, 7273], [18639, 65535]], np.uint16)


def describe(file: Path, *bands: dict[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make an asset in the form of STAC 1.0."""
    asset: dict[str, Any] = {"href": f"{HOST}/{file.name}?sig=x", "raster:bands": list(bands)}
    return asset | ({"eo:bands": [{"name": f"SR_{name}", "common_name": name} for name in names]} if names else {})


@pytest.fixture
def band(tmp_path: Path) -> Path:
    """Give a band without a word on what its numbers mean, and the item beside it."""
    path = write_raster(tmp_path / f"{SCENE}_SR_B4.TIF", NUMBERS, **PLACE)
    write_item(tmp_path / "LC08_L2SP_047027_20201204_02_T1.json", {"red": describe(path, REFLECTANCE, names=("red",))})
    return path


def test_values_are_those_of_the_item_beside(band: Path) -> None:
    with open_source(band) as opened:
        pixels = opened.raster.read()
        assert opened.raster.bands[0].name == "red"
        assert opened.notes == (
            "values are 2.75e-05 x number - 0.2, and 0 is no data, as the STAC item LC08_L2SP_047027_20201204_02_T1.json says",
        )
        again = pickle.loads(pickle.dumps(opened.raster.reader))
    assert pixels.valid.tolist() == [[False, True], [True, True]]
    assert pixels.data[0][1, 0] == pytest.approx(0.3125725, abs=1e-7)
    np.testing.assert_array_equal(again.read([1], Window(row=0, col=0, rows=2, cols=2)).valid, pixels.valid)


def test_every_command_reads_them(band: Path, tmp_path: Path) -> None:
    found = classify_file(band, tmp_path / "c.tif", cutoffs=[0.1])
    assert [share.pixels for share in found.shares] == [1, 2]
    assert found.without_data == 1
    assert found.notes[0].startswith("values are 2.75e-05 x number - 0.2")
    assert histogram_file(band).summary.minimum == pytest.approx(7273 * 2.75e-5 - 0.2, abs=1e-7)
    fitted = breaks_file(band, scheme="equal-interval", classes=2)
    assert fitted.table is not None
    assert fitted.table.edges[-1] < 2
    assert fitted.notes == found.notes
    seen = inspect_file(band, at=[0, 1])
    assert (seen.value, seen.notes) == (pytest.approx(0.3125725, abs=1e-7), found.notes)
    for words in (
        ["inspect", str(band), "--at", "0,1"],
        ["breaks", str(band), "--scheme", "quantiles", "--classes", "2"],
    ):
        assert found.notes[0] in CliRunner().invoke(program, words).output


def test_a_named_item_is_taken_before_those_beside(band: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = write_item(folder / "mine.json", {"lwir11": describe(band, TEMPERATURE, names=("lwir11",))})
    with open_source(band, SourcePlan(stac=path)) as opened:
        assert opened.raster.read().data[0][1, 0] == pytest.approx(18639 * 0.00341802 + 149, abs=1e-4)
        assert opened.raster.bands[0].unit == "K"
        assert (
            opened.notes[0]
            == "values are 0.00341802 x number + 149 K, and 0 is no data, as the STAC item mine.json says"
        )
    found = classify_file(band, tmp_path / "c.tif", cutoffs=[200], stac=path)
    assert found.table.unit == "K"
    with pytest.raises((UsageError, WriteError)):
        classify_file(band, cutoffs=[200], stac=path, save_table=path, overwrite=True)


def test_a_share_of_one_has_no_unit(band: Path) -> None:
    write_item(band.with_suffix(".json"), {"x": describe(band, REFLECTANCE | {"unit": "1"})})
    with open_source(band) as opened:
        assert opened.notes[0].startswith("values are 2.75e-05 x number - 0.2, and 0 is no data")


def test_raw_turns_it_off(band: Path) -> None:
    with open_source(band, SourcePlan(raw=True)) as opened:
        pixels = opened.raster.read()
        assert opened.notes == ()
    np.testing.assert_array_equal(pixels.data[0], NUMBERS)
    assert pixels.valid.all()


def test_what_the_raster_says_itself_wins(tmp_path: Path) -> None:
    own = {"scales": (0.5,), "offsets": (1.0,), "units": ("m",), "descriptions": ("mine",)}
    path = write_raster(tmp_path / "b.tif", NUMBERS, band=own, nodata=65535, **PLACE)
    write_item(tmp_path / "b.json", {"x": describe(path, TEMPERATURE, names=("red",))})
    with open_source(path) as opened:
        pixels = opened.raster.read()
        assert (opened.raster.bands[0].name, opened.raster.bands[0].unit) == ("mine", "m")
        assert opened.notes == ("values are 0.5 x number + 1 m, as the file says itself",)
    assert pixels.valid.tolist() == [[True, True], [True, False]]
    assert pixels.data[0][0, 0] == 1


def test_an_item_names_bands_for_an_index(tmp_path: Path) -> None:
    """The bands of a stack, in the form of STAC 1.1: 0.40 and 0.05 make 0.778, and their numbers would make 0.412."""
    pixels = np.stack([np.full((9, 9), 9091), np.full((9, 9), 21818)]).astype(np.uint16)
    path = write_raster(tmp_path / "stack.tif", pixels, **PLACE)
    bands = [
        {"name": name, "eo:common_name": name, "raster:scale": 2.75e-5, "raster:offset": -0.2, "nodata": 0}
        for name in ("red", "nir08")
    ]
    write_item(tmp_path / "item.json", {"data": {"href": "./stack.tif", "bands": bands}})
    with open_source(path, SourcePlan(index="NDVI")) as opened:
        assert opened.raster.read().data[0, 0, 0] == pytest.approx(0.7778, abs=1e-4)


def test_nodata_alone_keeps_the_numbers(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "b.tif", NUMBERS, **PLACE)
    write_item(tmp_path / "b.json", {"x": describe(path, {"nodata": 0})})
    with open_source(path) as opened:
        pixels = opened.raster.read()
        assert (opened.raster.bands[0].dtype, opened.raster.can_be_invalid) == ("uint16", True)
        assert opened.notes == ("0 is no data, as the STAC item b.json says",)
    assert pixels.data.dtype == np.uint16
    assert pixels.valid.tolist() == [[False, True], [True, True]]


def test_real_bands_are_reflectance_by_an_item(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "landsat" / "LC08" / "LC80030172015001LGN00_B4.tiff"
    path = tmp_path / source.name
    shutil.copy(source, path)
    write_item(
        tmp_path / "LC80030172015001LGN00_stac.json",
        {"red": describe(path, {"scale": 2e-5, "offset": -0.1, "nodata": 0})},
    )
    with rasterio.open(source) as file, open_source(path) as opened:
        numbers, pixels = file.read(1), opened.raster.read()
    expected = (numbers * 2e-5 - 0.1).astype(np.float32)
    np.testing.assert_array_equal(pixels.valid, numbers != 0)
    np.testing.assert_allclose(pixels.data[0][pixels.valid], expected[numbers != 0], atol=1e-7)
    for name, how in (("a.tif", {}), ("b.tif", {"block_size": 100, "workers": 1})):
        classify_file(path, tmp_path / name, scheme="quantiles", classes=5, **how)
    with rasterio.open(tmp_path / "a.tif") as one, rasterio.open(tmp_path / "b.tif") as other:
        np.testing.assert_array_equal(one.read(), other.read())


def test_a_real_stack_gets_its_names(shared_data: Path) -> None:
    path = shared_data / "landsat" / "LC08" / "LC08_224078_20200518_B2B3B4.tif"
    item = {"href": path.name, "bands": [{"eo:common_name": name} for name in ("blue", "green", "red")]}
    with open_raster(path) as raster:
        found = describe_raster(raster, [StacAsset(item="x.json", file=path.name, record=item, properties={})])
    assert [band.name for band in found.raster.bands] == ["blue", "green", "red"]
    assert found.scalings == {}


def test_wrong_items_are_one_sentence(band: Path, tmp_path: Path) -> None:
    other = write_item(
        tmp_path / "other.json", {"nir": {"href": "LC08_SR_B5.TIF"}, "swir": {"href": f"{HOST}/SR_B6.TIF?a=b"}}
    )
    wrong = write_item(tmp_path / "wrong.json", {"red": describe(band, REFLECTANCE | {"scale": 0})})
    many = write_item(tmp_path / "many.json", {"red": describe(band, REFLECTANCE, REFLECTANCE)})
    cases: list[tuple[Path, type[TsrasterError], str]] = [
        (other, DataError, rf"other\.json has no asset {band.name}; it has LC08_SR_B5\.TIF, SR_B6\.TIF$"),
        (wrong, DataError, r"wrong\.json is wrong about .*: scale is 0, and no number"),
        (many, DataError, "there are 2 bands, and the file has 1"),
        (tmp_path / "none.json", TsrasterError, "there is no STAC item"),
    ]
    for path, error, message in cases:
        with pytest.raises(error, match=message), open_source(band, SourcePlan(stac=path)):
            pass
    shutil.copy(wrong, tmp_path / f"{SCENE}_SR_stac.json")
    with pytest.raises(DataError, match="is wrong about"), open_source(band):
        pass
    with open_source(band, SourcePlan(raw=True)) as opened:
        assert opened.raster.read().valid.all()


def test_items_that_contradict_each_other_ask_for_a_name(band: Path, tmp_path: Path) -> None:
    path = write_item(tmp_path / f"{SCENE}_ST_stac.json", {"x": describe(band, TEMPERATURE)})
    with pytest.raises(DataError, match="say different things of"), open_source(band):
        pass
    with open_source(band, SourcePlan(stac=path)) as opened:
        assert opened.raster.bands[0].unit == "K"


def test_what_was_scaled_already_is_not_scaled_again(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "b.tif", NUMBERS.astype(np.float32) / 1e5, **PLACE)
    write_item(tmp_path / "b.json", {"x": describe(path, REFLECTANCE)})
    with (
        pytest.raises(DataError, match=r"describes uint16 and .* holds float32, which seems to be scaled already"),
        open_source(path),
    ):
        pass


def test_a_scene_is_read_by_its_mtl_and_not_by_an_item(shared_data: Path, tmp_path: Path) -> None:
    item = write_item(tmp_path / "item.json", {})
    with (
        pytest.raises(UsageError, match="is a scene that is read by its MTL"),
        open_source(shared_data / "landsat" / "LT05", SourcePlan(stac=item)),
    ):
        pass


QUALITY = np.array([[1, 21824], [22280, 54596]], np.uint16)
"""Fill, clear, cloud, cirrus."""


@pytest.fixture
def quality(tmp_path: Path) -> tuple[Path, Path]:
    """Give a raster, and quality bits whose name says nothing, with an item beside them."""
    data = write_raster(tmp_path / "data.tif", np.ones((2, 2), np.uint8), **PLACE)
    bits = write_raster(tmp_path / "scene_bits.tif", QUALITY, **PLACE)
    write_item(
        tmp_path / "scene_stac.json",
        {"qa_pixel": describe(bits, {"nodata": 1, "unit": "bit index", "classification:bitfields": FIELDS})},
    )
    return data, bits


@pytest.mark.parametrize(
    ("mask", "left_out"),
    [
        (["cloud"], [[1, 0]]),
        (["fill", "CIRRUS"], [[0, 0], [1, 1]]),
        (["cloud_confidence=high"], [[1, 0]]),
        (["cloud_confidence:3"], [[1, 0]]),
        (["cirrus_confidence=low"], [[0, 1], [1, 0]]),
        (["cloud", "cirrus_confidence = high"], [[1, 0], [1, 1]]),
    ],
)
def test_bits_are_those_of_the_item(mask: list[str], left_out: list[list[int]], quality: tuple[Path, Path]) -> None:
    data, bits = quality
    item = bits.parent / "scene_stac.json"
    for stac in (None, item):
        with open_source(data, SourcePlan(qa=bits, mask=mask, stac=stac)) as opened:
            assert np.argwhere(~opened.raster.read().valid).tolist() == left_out
            assert opened.notes == ("the bits of scene_bits.tif are read as the STAC item scene_stac.json says",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": ["clowd"]}, "these quality bits have no field 'clowd'; did you mean cloud"),
        ({"mask": ["clear-sky"]}, "these quality bits have no field 'clear-sky'"),
        ({"mask": ["cloud_confidence"]}, "has 4 codes; name one, such as cloud_confidence=high"),
        ({"mask": ["cloud_confidence=certain"]}, r"has no 'certain'; it has not_set \(0\), low \(1\)"),
        ({"mask": ["cloud"], "confidence": "low"}, "--confidence low is for the bits of Landsat"),
    ],
)
def test_what_the_fields_lack_is_said(options: dict[str, Any], message: str, quality: tuple[Path, Path]) -> None:
    data, bits = quality
    with pytest.raises(UsageError, match=message) as caught, open_source(data, SourcePlan(qa=bits, **options)):
        pass
    assert "\n" not in str(caught.value)


def test_landsat_names_keep_their_layout(quality: tuple[Path, Path]) -> None:
    data, bits = quality
    known = bits.rename(bits.with_name("scene_QA_PIXEL.TIF"))
    fields = list_fields([("swapped", 3, 1, ("no", "yes"))])
    write_item(bits.parent / "scene_stac.json", {"qa": describe(known, {"classification:bitfields": fields})})
    with open_source(
        data, SourcePlan(qa=known, mask=["clear-sky", "cloud_confidence=high"], confidence="medium")
    ) as opened:
        assert np.argwhere(~opened.raster.read().valid).tolist() == [[0, 0], [1, 0], [1, 1]]
        assert opened.notes == ()


def test_bits_of_another_band_are_read_there(tmp_path: Path) -> None:
    data = write_raster(tmp_path / "data.tif", np.ones((2, 2), np.uint8), **PLACE)
    bits = write_raster(tmp_path / "bits.tif", np.stack([np.zeros_like(QUALITY), QUALITY]), **PLACE)
    write_item(tmp_path / "bits.json", {"q": describe(bits, {}, {"classification:bitfields": FIELDS})})
    with open_source(data, SourcePlan(qa=bits, mask=["cloud"])) as opened:
        assert np.argwhere(~opened.raster.read().valid).tolist() == [[1, 0]]


def test_bits_that_nothing_describes_are_said_to_be_taken_for_landsats(quality: tuple[Path, Path]) -> None:
    data, bits = quality
    (bits.parent / "scene_stac.json").unlink()
    with open_source(data, SourcePlan(qa=bits, mask=["cloud"])) as opened:
        assert "nothing says what they are" in opened.notes[0]
        assert np.argwhere(~opened.raster.read().valid).tolist() == [[1, 0]]


def test_bits_of_another_kind_are_not_taken_for_those_of_clouds(quality: tuple[Path, Path]) -> None:
    data, bits = quality
    other = bits.rename(bits.with_name("scene_QA_RADSAT.TIF"))
    plan = SourcePlan(qa=other, mask=["cloud"])
    with pytest.raises(DataError, match="are not those of QA_PIXEL, and no STAC item says"), open_source(data, plan):
        pass


def test_an_item_of_quality_bits_leaves_the_raster_to_its_own(band: Path, tmp_path: Path) -> None:
    bits = write_raster(tmp_path / "bits.tif", np.array([[0, 1], [0, 0]], np.uint8), **PLACE)
    fields = list_fields([("bad", 0, 1, ("good", "bad"))])
    path = write_item(tmp_path / "other.json", {"qa": describe(bits, {"classification:bitfields": fields})})
    with open_source(band, SourcePlan(qa=bits, mask=["bad"], stac=path)) as opened:
        pixels = opened.raster.read()
        assert len(opened.notes) == 2
    assert pixels.valid.tolist() == [[False, False], [True, True]]
    assert pixels.data[0][1, 0] == pytest.approx(0.3125725, abs=1e-7)


@pytest.mark.parametrize("count", [2, 3])
def test_alpha_may_be_among_the_bands_of_an_item(count: int, tmp_path: Path) -> None:
    pixels = np.stack([NUMBERS, np.full((2, 2), 65535, np.uint16), NUMBERS])
    path = write_raster(tmp_path / "b.tif", pixels, roles=("gray", "alpha", "undefined"), **PLACE)
    scales = {2: (2, 4), 3: (2, 1, 4)}[count]
    write_item(tmp_path / "b.json", {"x": describe(path, *({"scale": scale} for scale in scales))})
    with open_source(path) as opened:
        assert opened.raster.read(bands=[1, 3]).data[:, 0, 1].tolist() == [2 * 7273, 4 * 7273]


def test_wrong_fields_are_one_sentence(quality: tuple[Path, Path]) -> None:
    data, bits = quality
    path = bits.parent / "scene_stac.json"
    path.write_text(path.read_text().replace('"length": 2', '"length": 99'))
    plan = SourcePlan(qa=bits, mask=["cloud"])
    with (
        pytest.raises(DataError, match=r"scene_stac\.json is wrong about scene_bits\.tif: .*beyond"),
        open_source(data, plan),
    ):
        pass


def test_one_layer_of_several_clips(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    data = write_raster(tmp_path / "data.tif", np.ones((6, 8), np.uint8), transform=Affine(1, 0, 0, 0, -1, 6), **PLACE)
    path = tmp_path / "two.gpkg"
    for name, left in (("a", 1), ("b", 4)):
        ring = struct.pack("<10d", left, 2, left + 2, 2, left + 2, 5, left, 5, left, 2)
        polygon = np.array([struct.pack("<BIII", 1, 3, 1, 5) + ring], dtype=object)
        how = {"geometry_type": "Polygon", "crs": PLACE["crs"], "driver": "GPKG", "append": name == "b"}
        pyogrio.raw.write(path, polygon, [], [], layer=name, **how)
    with open_source(data, SourcePlan(clip=path, clip_layer="b")) as opened:
        valid = opened.raster.read().valid
    assert valid[1:4, 4:6].all()
    assert valid.sum() == 6
    for layer, message in ((None, "2 layers; choose one: a, b"), ("c", "no layer 'c'; choose from a, b")):
        with pytest.raises(UsageError, match=message), open_source(data, SourcePlan(clip=path, clip_layer=layer)):
            pass
