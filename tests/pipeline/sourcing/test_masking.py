"""Masks lie where the raster lies, hold the bits that they are said to hold, and say when nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from click.testing import CliRunner

from tests.conftest import write_raster
from tests.reading.stacdrawing import list_fields, write_item
from tsraster import classify_file
from tsraster.cli.program import program
from tsraster.errors import DataError, TsrasterWarning, UsageError
from tsraster.pipeline.clustering.cluster import cluster_files
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source

GRID = Affine(30, 0, 500000, 0, -30, 4000000)
HERE: dict[str, Any] = {"crs": "EPSG:32616", "transform": GRID}
CLEAR, CLOUD = 21824, 22280


@pytest.fixture
def band(tmp_path: Path) -> Path:
    return write_raster(tmp_path / "b.tif", np.arange(16, dtype=np.uint8).reshape(4, 4), **HERE)


def write_quality(path: Path, dtype: str = "uint16", **place: Any) -> Path:
    quality = np.full((4, 4), CLEAR)
    quality[0] = CLOUD
    return write_raster(path, quality.astype(dtype), **(place or HERE))


@pytest.mark.parametrize(
    "place",
    [
        {"transform": GRID * Affine.translation(3333, 0), "crs": "EPSG:32616"},
        {"transform": GRID * Affine.translation(0.5, 0), "crs": "EPSG:32616"},
        {"transform": GRID * Affine.scale(1.01), "crs": "EPSG:32616"},
        {"transform": GRID, "crs": "EPSG:32617"},
    ],
)
def test_a_mask_of_another_place_is_refused(band: Path, tmp_path: Path, place: dict[str, Any]) -> None:
    mask = write_quality(tmp_path / "x_QA_PIXEL.tif", **place)
    said = "x_QA_PIXEL.tif lies elsewhere than .*; warp it"
    for plan in (SourcePlan(qa=mask, mask=["cloud"]), SourcePlan(mask_file=mask)):
        with pytest.raises(DataError, match=said), open_source(band, plan):
            pass
    with pytest.raises(DataError, match=said):
        cluster_files([band], tmp_path / "c.tif", classes=2, mask_file=mask)


@pytest.mark.parametrize(
    "place",
    [
        {"transform": GRID * Affine.translation(1e-6, 0), "crs": "EPSG:32616"},
        {"transform": GRID},
        {"crs": "EPSG:32616"},
        {"driver": "PNG"},
    ],
)
def test_a_mask_that_says_nothing_else_of_its_place_is_taken(band: Path, tmp_path: Path, place: dict[str, Any]) -> None:
    mask = write_quality(tmp_path / "x_QA_PIXEL.tif", **place)
    with open_source(band, SourcePlan(qa=mask, mask=["cloud"])) as opened:
        assert opened.raster.read().valid.tolist() == [[False] * 4] + [[True] * 4] * 3
        assert opened.is_masked


@pytest.mark.parametrize(
    "name", ["ST_QA", "SR_B4", "ST_B10", "QA_RADSAT", "SR_QA_AEROSOL", "B4", "B6_VCID_1", "ST_EMIS", "sr_band3", "SZA"]
)
def test_other_files_of_landsat_are_no_quality_bits(band: Path, tmp_path: Path, name: str) -> None:
    other = write_quality(tmp_path / f"LC08_L2SP_224078_20200127_20200823_02_T1_{name}.TIF")
    with (
        pytest.raises(DataError, match=f"{name}.TIF are not those of QA_PIXEL"),
        open_source(band, SourcePlan(qa=other, mask=["cloud"])),
    ):
        pass


def test_a_mask_that_leaves_out_everything_says_so(band: Path, tmp_path: Path) -> None:
    empty = write_raster(tmp_path / "none.tif", np.zeros((4, 4), np.uint8), **HERE)
    with (
        pytest.warns(TsrasterWarning, match=r"the mask .*none\.tif leaves out all pixels"),
        pytest.raises(DataError, match="no pixel is valid"),
    ):
        classify_file(band, tmp_path / "c.tif", cutoffs=[3], mask_file=empty)
    one = np.zeros((600, 700), np.uint8)
    one[599, 699] = 1
    wide = write_raster(tmp_path / "wide.tif", np.ones((600, 700), np.uint8), **HERE)
    corner = write_raster(tmp_path / "corner.tif", one, **HERE)
    with open_source(wide, SourcePlan(mask_file=corner)) as opened:  # a warning would be an error
        assert opened.raster.read().valid.sum() == 1


def test_the_command_says_that_pixels_were_left_out(band: Path, tmp_path: Path) -> None:
    mask = write_quality(tmp_path / "x_QA_PIXEL.tif")
    words = ["classify", str(band), str(tmp_path / "c.tif"), "--cutoffs", "7", "--qa", str(mask), "--mask", "cloud"]
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 0, done.output
    assert "no class: 4 pixels without data or left out by a mask or shapes" in done.output


def test_bits_beyond_those_of_the_numbers_are_refused(band: Path, tmp_path: Path) -> None:
    bits = write_quality(tmp_path / "scene_bits.tif")
    asset = {"href": bits.name, "raster:bands": [{"classification:bitfields": list_fields([("far", 14, 9, ["a"])])}]}
    write_item(tmp_path / "scene_stac.json", {"x": asset})
    with (
        pytest.raises(DataError, match=r"the field far is in bits 14 to 22, .* only the bits 0 to 15 \(uint16\)"),
        open_source(band, SourcePlan(qa=bits, mask=["far=a"])),
    ):
        pass


def test_an_item_that_knows_neither_file_is_refused(band: Path, tmp_path: Path) -> None:
    bits = write_quality(tmp_path / "fmask.tif")
    item = write_item(tmp_path / "other.json", {"x": {"href": "LC08_B4.TIF"}})
    for raw in (False, True):
        plan = SourcePlan(qa=bits, mask=["cloud"], stac=item, raw=raw)
        with pytest.raises(DataError, match=r"other\.json has no asset"), open_source(band, plan):
            pass


def test_a_confidence_without_quality_bits_is_refused() -> None:
    with pytest.raises(UsageError, match="--confidence low is of the quality bits; name their band with --qa"):
        SourcePlan(confidence="low")


def test_an_empty_layer_clips_nothing(band: Path, tmp_path: Path) -> None:
    path = tmp_path / "none.geojson"
    path.write_text('{"type": "FeatureCollection", "name": "fields", "features": []}')
    with (
        pytest.raises(DataError, match=r"none\.geojson is empty: it has no shape$"),
        open_source(band, SourcePlan(clip=path)),
    ):
        pass
