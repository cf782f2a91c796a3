"""`info_file` says what a raster is, with the statistics of numpy, in JSON that every program reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin

from tests.landsat.mtltrees import OLI_1, write_mtl
from tsraster import info_file
from tsraster.errors import MissingSourceError

Draw = Callable[..., Path]
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}


def refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def test_everything_that_is_known_is_said(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.array([[[1, 2, 3], [4, 5, 9]], [[9, 9, 9], [9, 9, 9]]], np.int16)
    bands = {"descriptions": ("heat", ""), "units": ("K", ""), "scales": (0.5, 1.0), "offsets": (10.0, 0.0)}
    source = draw_raster(
        tmp_path / "v.tif", pixels, nodata=9, band=bands, tags={"AREA_OR_POINT": "Point", "who": "me"}, **UTM
    )  # fmt: skip
    found = info_file(source)
    assert (found.name, found.driver, found.rows, found.cols) == (str(source), "GTiff", 2, 3)
    assert found.read_as == "a band that must be named with --band"
    assert (found.crs, found.transform) == ("EPSG:32616", (30, 0, 500_000, 0, -20, 4_000_000))
    assert found.bounds == (500_000, 3_999_960, 500_090, 4_000_000)
    assert (found.pixel_area_m2, found.gcps, found.rpcs, found.area_or_point, found.palette) == (
        600,
        0,
        False,
        "Point",
        0,
    )
    assert found.tags == {"who": "me"}
    first, second = found.bands
    assert (first.number, first.name, first.dtype, first.nodata) == (1, "heat", "int16", 9)
    assert (first.scale, first.offset, first.unit) == (0.5, 10, "K")
    assert (first.valid, first.minimum, first.maximum, first.mean) == (5, 1, 5, 3)
    assert first.std == pytest.approx(np.sqrt(2))
    assert (second.valid, second.minimum, second.maximum, second.mean, second.std) == (0, None, None, None, None)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64"]
)
def test_statistics_are_those_of_numpy(tmp_path: Path, draw_raster: Draw, dtype: str) -> None:
    pixels = np.random.default_rng(1).normal(50, 20, (2, 80, 60)).clip(0, 120).astype(dtype)
    (tmp_path / "v.tif").unlink(missing_ok=True)
    found = info_file(draw_raster(tmp_path / "v.tif", pixels), workers=3)
    for band, layer in zip(found.bands, pixels, strict=True):
        assert (band.valid, band.minimum, band.maximum) == (4800, layer.min(), layer.max())
        assert band.mean == pytest.approx(layer.mean(dtype=float), rel=1e-12)
        assert band.std == pytest.approx(layer.std(dtype=float), rel=1e-9)


def test_json_holds_what_was_found_and_only_what_json_can_hold(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.array([[[1.5, np.nan]], [[-1.7e308, 1.7e308]]])
    found = info_file(draw_raster(tmp_path / "v.tif", pixels, nodata=np.nan))
    record = json.loads(json.dumps(found.to_record()), parse_constant=refuse)
    assert set(record) == set(vars(found))
    assert record["bands"][0] | {"name": "", "role": ""} == {
        "number": 1, "name": "", "role": "", "dtype": "float64", "nodata": "NaN", "scale": 1, "offset": 0, "unit": "",
        "wavelength": None, "width": None, "valid": 1, "minimum": 1.5, "maximum": 1.5, "mean": 1.5, "std": 0,
    }  # fmt: skip
    assert record["bands"][1]["minimum"] == -1.7e308
    assert record["bands"][1]["std"] == "Infinity"


def test_quick_reads_no_pixel(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.random.default_rng(0).random((300, 300)), compress="deflate")
    source.write_bytes(source.read_bytes()[:2000])
    found = info_file(source, quick=True)
    assert (found.rows, found.bands[0].valid, found.bands[0].mean) == (300, None, None)


def test_complex_bands_are_said_but_not_measured(tmp_path: Path, draw_raster: Draw) -> None:
    said: list[tuple[int, int]] = []
    found = info_file(
        draw_raster(tmp_path / "v.tif", np.ones((2, 3, 4), np.complex64)), progress=lambda *counts: said.append(counts)
    )
    assert [band.valid for band in found.bands] == [None, None]
    assert said == []


def test_progress_counts_the_bands_that_are_measured(tmp_path: Path, draw_raster: Draw) -> None:
    said: list[tuple[int, int]] = []
    source = draw_raster(tmp_path / "v.png", np.ones((4, 6, 5), np.uint8), driver="PNG")
    found = info_file(source, progress=lambda *counts: said.append(counts))
    assert said == [(1, 3), (2, 3), (3, 3)]
    assert [band.valid for band in found.bands] == [30, 30, 30, None]  # the last is alpha
    assert found.read_as == "gray (luminance, 0 to 1)"


def test_a_map_that_is_tied_by_gcps(tmp_path: Path, draw_raster: Draw) -> None:
    gcps = [GroundControlPoint(row, col, 100 + col, 50 - row) for row, col in ((0, 0), (0, 9), (9, 0), (9, 9))]
    found = info_file(draw_raster(tmp_path / "v.tif", np.ones((9, 9), np.uint8), gcps=(gcps, CRS.from_epsg(4326))))
    assert (found.gcps, found.crs, found.transform, found.bounds, found.pixel_area_m2) == (
        4,
        "EPSG:4326",
        None,
        None,
        None,
    )


def test_land_cover_with_a_palette(shared_data: Path) -> None:
    found = info_file(shared_data / "landcover/nlcd2011_zion.tif")
    assert (found.rows, found.cols) == (1359, 1073)
    assert found.palette == 256
    assert (found.bands[0].role, found.bands[0].minimum, found.bands[0].maximum) == ("palette", 11, 95)


def test_a_source_that_is_not_there() -> None:
    with pytest.raises(MissingSourceError, match=r"nowhere.tif does not exist"):
        info_file("nowhere.tif")


def test_wavelengths_are_said_where_the_file_has_them(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.ones((2, 4, 5), np.uint8), **UTM)
    with rasterio.open(source, "r+") as file:
        file.update_tags(2, ns="IMAGERY", CENTRAL_WAVELENGTH_UM="0.865", FWHM_UM="0.03")
    assert [(band.wavelength, band.width) for band in info_file(source).bands] == [(None, None), (0.865, 0.03)]


@pytest.mark.parametrize("nodata", [None, 255])
def test_a_scene_is_said_in_stored_numbers_without_fill(nodata: int | None, tmp_path: Path, draw_raster: Draw) -> None:
    scene = "LC08_L1TP_224078_20200127_20200823_02_T1"
    write_mtl(tmp_path, OLI_1, name=f"{scene}_MTL")
    pixels = np.array([[0, 100], [200, 300]], np.uint16)
    for key in ("B4", "B10"):
        draw_raster(tmp_path / f"{scene}_{key}.TIF", pixels, nodata=nodata, **UTM)
    for source in (tmp_path, tmp_path / f"{scene}_MTL.txt"):
        found = info_file(source)
        assert [(band.name, band.wavelength, band.dtype) for band in found.bands] == [
            ("red", 0.65, "uint16"), ("lwir11", 10.9, "uint16"),
        ]  # fmt: skip
        assert [(band.valid, band.minimum, band.maximum) for band in found.bands] == [(3, 100, 300)] * 2
        assert found.bands[0].scale == pytest.approx(2e-5 / 0.5)  # the sun stands at 30 degrees
        assert found.bands[1].scale == 1
        assert "lwir11 (B10) keeps its stored numbers" in found.notes[-1]
