"""Sources are read in the values that are asked for: a band by its MTL, a scene as an index, without what is masked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from tests.conftest import write_raster
from tests.landsat.drawnscenes import NAME, draw_scene
from tsraster import breaks_file, classify_file, histogram_file
from tsraster.errors import BandError, DataError, MissingSourceError, TsrasterError, UsageError
from tsraster.pipeline.inspection import inspect_file
from tsraster.pipeline.ruling import read_rules
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source

SCENE = "LT52240631988227CUB02"
PLACE: dict[str, Any] = {"crs": "EPSG:32616"}


@pytest.fixture(scope="session")
def scene(shared_data: Path) -> Path:
    return shared_data / "landsat" / "LT05"


def test_the_thermal_band_is_classified_in_kelvin(scene: Path, tmp_path: Path) -> None:
    band = scene / f"{SCENE}_B6.TIF"
    found = classify_file(band, tmp_path / "warm.tif", landsat="temperature", cutoffs=[294, 296, 298])
    assert found.table.unit == "K"
    assert [share.pixels for share in found.shares] == [19, 51612, 33521, 3818]
    assert any("K1 and K2" in note for note in found.notes)
    summary = histogram_file(band, landsat="temperature").summary
    assert (round(summary.minimum, 1), round(summary.maximum, 1)) == (293.4, 299.8)
    celsius = classify_file(
        band, tmp_path / "c.tif", landsat="celsius", cutoffs=[294 - 273.15, 296 - 273.15, 298 - 273.15]
    )
    assert [share.pixels for share in celsius.shares] == [19, 51612, 33521, 3818]
    breaks = breaks_file(band, scheme="quantiles", classes=2, landsat="temperature")
    assert breaks.table is not None
    assert 294 < breaks.table.edges[1] < 298
    assert 293 < inspect_file(band, at=[100, 100], landsat="temperature").value < 300


def test_a_scene_is_reflectance_and_temperature_by_name(scene: Path) -> None:
    for source in (scene, scene / f"{SCENE}_MTL.txt"):
        with open_source(source) as opened:
            names = [band.name for band in opened.raster.bands]
            assert names == ["blue", "green", "red", "nir08", "swir16", "lwir", "swir22"]
            pixels = opened.raster.read()
            assert 0 < np.median(pixels.data[3]) < 0.6
            assert 290 < np.median(pixels.data[5]) < 300
    with open_source(scene, SourcePlan(raw=True)) as opened, rasterio.open(scene / f"{SCENE}_B4.TIF") as file:
        np.testing.assert_array_equal(opened.raster.read(bands=[4]).data[0], file.read(1))


def test_bands_without_a_quantity_are_left_out_of_a_scene(scene: Path) -> None:
    with open_source(scene, SourcePlan(landsat="temperature")) as opened:
        assert [band.name for band in opened.raster.bands] == ["lwir"]
        assert opened.notes[0] == "values are temperature (K) of B6, by the MTL"
        assert 290 < opened.raster.read().data.mean() < 300


def test_shapes_clip_whatever_their_columns_say(tmp_path: Path) -> None:
    """Two that overlap, with two columns of text each: nobody has to name one, and what they share is inside."""
    band = write_raster(tmp_path / "b.png", np.ones((6, 8), np.uint8), driver="PNG")
    features = []
    for left, name in ((1, "a"), (3, "b")):
        ring = [[left, 1], [left + 4, 1], [left + 4, 4], [left, 4], [left, 1]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"one": name, "two": name * 2}, "geometry": geometry})
    path = tmp_path / "clip.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with open_source(band, SourcePlan(clip=path)) as opened:
        valid = opened.raster.read().valid
    assert valid[1:4, 1:7].all()
    assert valid.sum() == 18


def test_an_index_is_that_of_reflectances(scene: Path) -> None:
    with open_source(scene) as opened:
        red, near = opened.raster.read(bands=[3, 4]).data.astype(np.float64)
    with open_source(scene, SourcePlan(index="NDVI")) as opened:
        pixels = opened.raster.read()
    expected = (near - red) / (near + red)
    np.testing.assert_allclose(pixels.data[0][pixels.valid], expected[pixels.valid], atol=1e-6)
    assert pixels.data[0][pixels.valid].mean() > 0.5


def test_an_index_of_stored_numbers_is_refused_unless_it_is_forced(tmp_path: Path) -> None:
    pixels = np.stack([np.full((9, 9), 9091), np.full((9, 9), 21818)]).astype(np.uint16)
    names = ("red", "nir08")
    path = write_raster(tmp_path / "dn.tif", pixels, band={"descriptions": names}, **PLACE)
    with pytest.raises(DataError, match="would be wrong"), open_source(path, SourcePlan(index="NDVI")):
        pass
    with open_source(path, SourcePlan(index="NDVI", force=True)) as opened:
        assert opened.raster.read().data[0, 0, 0] == pytest.approx(0.4118, abs=1e-4)
    scaled = {"scales": (2.75e-5, 2.75e-5), "offsets": (-0.2, -0.2), "descriptions": names}
    path = write_raster(tmp_path / "scaled.tif", pixels, band=scaled, **PLACE)
    with open_source(path, SourcePlan(index="NDVI")) as opened:
        assert opened.raster.read().data[0, 0, 0] == pytest.approx(0.7778, abs=1e-4)
        assert opened.notes == ("values are 2.75e-05 x number - 0.2, as the file says itself",)


def test_quality_bits_masks_and_shapes_leave_pixels_out(tmp_path: Path) -> None:
    band = write_raster(tmp_path / "b.tif", np.arange(16, dtype=np.uint8).reshape(4, 4), **PLACE)
    quality = np.full((4, 4), 21824, np.uint16)
    quality[0] = (1, 22280, 23888, 54596)  # fill, cloud, shadow, cirrus
    qa = write_raster(tmp_path / "x_QA_PIXEL.tif", quality, **PLACE)
    masked = np.ones((4, 4), np.uint8)
    masked[3, 3] = 0
    plan = SourcePlan(qa=qa, mask=["clear-sky"], mask_file=write_raster(tmp_path / "m.tif", masked, **PLACE))
    with open_source(band, plan) as opened:
        valid = opened.raster.read().valid
    assert np.argwhere(~valid).tolist() == [[0, 0], [0, 1], [0, 2], [0, 3], [3, 3]]
    with open_source(band, SourcePlan(qa=qa, mask=["usgs-clear"])) as opened:
        assert np.argwhere(~opened.raster.read().valid).tolist() == [[0, 0], [0, 1]]
    found = classify_file(band, tmp_path / "c.tif", cutoffs=[7], qa=qa, mask=["clear-sky"])
    assert found.without_data == 4
    small = write_raster(tmp_path / "small.tif", masked[:2], **PLACE)
    with pytest.raises(DataError, match="2 rows x 4 columns"), open_source(band, SourcePlan(mask_file=small)):
        pass


def test_each_kind_of_note_is_said_once(scene: Path) -> None:
    with open_source(scene) as opened:
        said = opened.notes[1:]
    assert len(said) == 2
    assert "reflectance for B1;" in said[0]
    assert said[0].endswith("The same holds for 5 other bands.")
    assert said[1].startswith("The MTL file has no K1 and K2 for B6; those published for Landsat 5 were taken")


def test_celsius_is_a_temperature_and_a_band_goes_by_its_name(scene: Path) -> None:
    with open_source(scene / f"{SCENE}_B6.TIF", SourcePlan(landsat="celsius")) as opened:
        assert opened.notes[0] == "values are temperature (degree Celsius) of B6, by the MTL"
        assert [band.name for band in opened.raster.bands] == ["lwir"]
    with (
        pytest.raises(BandError, match=r"NDVI needs nir or nir08 .* the bands are called red;"),
        open_source(scene / f"{SCENE}_B3.TIF", SourcePlan(landsat="reflectance", index="NDVI")),
    ):
        pass


def test_an_mtl_that_was_found_beside_a_band_is_not_overwritten(tmp_path: Path) -> None:
    mtl = draw_scene(tmp_path / "scene")
    band, before = mtl.with_name(f"{NAME}_SR_B4.TIF"), mtl.read_bytes()
    with pytest.raises(UsageError, match="MTL"):
        classify_file(band, tmp_path / "c.tif", landsat="reflectance", cutoffs=[0.3], stats=mtl, overwrite=True)
    with pytest.raises(UsageError, match="MTL"):
        histogram_file(band, landsat="reflectance", csv=mtl, overwrite=True)
    with pytest.raises(UsageError, match="MTL"):
        breaks_file(band, mtl, landsat="reflectance", scheme="quantiles", classes=2, overwrite=True)
    assert mtl.read_bytes() == before


def test_a_folder_with_several_scenes_has_no_empty_name(scene: Path, tmp_path: Path) -> None:
    for name in ("a_MTL.txt", "b_MTL.txt"):
        shutil.copy(scene / f"{SCENE}_MTL.txt", tmp_path / name)
    said = r"there are several MTL files in .*: a_MTL\.txt, b_MTL\.txt; name one"
    with pytest.raises(UsageError, match=said), open_source(tmp_path):
        pass


def test_who_gave_raw_is_told_to_leave_it_out(scene: Path) -> None:
    for plan in (SourcePlan(raw=True, index="NDVI"), SourcePlan(raw=True, rules=read_rules("1: NDVI > 0.5"))):
        with (
            pytest.raises(DataError, match="would be wrong; leave out --raw, or add --force"),
            open_source(scene, plan),
        ):
            pass


@pytest.mark.parametrize("options", [{"block_size": 7}, {"workers": 1}, {"block_size": 64, "workers": 3}])
def test_blocks_and_workers_change_nothing(scene: Path, tmp_path: Path, options: dict[str, int]) -> None:
    for name, how in (("a.tif", {}), ("b.tif", options)):
        classify_file(scene, tmp_path / name, index="NDVI", scheme="quantiles", classes=4, **how)
    with rasterio.open(tmp_path / "a.tif") as one, rasterio.open(tmp_path / "b.tif") as other:
        np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"landsat": "warmth"}, "--landsat warmth is unknown"),
        ({"landsat": "celsius", "raw": True}, "leave one out"),
        ({"mtl": "x"}, "name a quantity"),
        ({"qa": "x"}, "give both"),
        ({"mask": ["cloud"]}, "give both"),
        ({"qa": "x_QA_PIXEL.TIF", "mask": ["clowd"]}, "cloud"),
        ({"qa": "x_BQA.TIF", "mask": ["water"]}, "no 'water'"),
        ({"clip_layer": "x"}, "name the file as well"),
        ({"stac": "x", "raw": True}, "leave one out"),
        ({"stac": "x", "landsat": "celsius"}, "leave one out"),
        ({"force": True}, "name it with --index"),
    ],
)
def test_wrong_options_are_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SourcePlan(**options)


def test_what_is_missing_is_said(scene: Path, tmp_path: Path) -> None:
    lonely = tmp_path / f"{SCENE}_B6.TIF"
    shutil.copy(scene / lonely.name, lonely)
    cases: list[tuple[Path, SourcePlan, type[TsrasterError], str]] = [
        (lonely, SourcePlan(landsat="temperature"), MissingSourceError, "no MTL file"),
        (scene / f"{SCENE}_B1.TIF", SourcePlan(landsat="temperature"), TsrasterError, "has no temperature"),
        (scene, SourcePlan(index="NDVII"), TsrasterError, "did you mean NDVI"),
        (lonely, SourcePlan(index="NDVI"), BandError, "needs"),
    ]
    for source, plan, error, message in cases:
        with pytest.raises(error, match=message), open_source(source, plan):
            pass
    shutil.copy(scene / f"{SCENE}_MTL.txt", tmp_path / "other_MTL.txt")
    plan = SourcePlan(landsat="temperature", mtl=tmp_path / "other_MTL.txt")
    with open_source(lonely, plan) as opened:
        assert 293 < opened.raster.read().data.mean() < 300
