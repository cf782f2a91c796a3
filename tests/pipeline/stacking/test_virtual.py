"""A stack as a VRT is that of the GeoTIFF, and copies no pixels."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.io import MemoryFile
from rasterio.rpc import RPC

from tsraster.errors import DestinationExistsError, UsageError
from tsraster.pipeline.stacking.stack import stack_files
from tsraster.raster import without_place_warning
from tsraster.reading import open_raster

Draw = Callable[..., Path]
Info = Callable[[Path], dict[str, Any]]

FIELD = np.random.default_rng(3).integers(0, 255, (3, 12, 16), dtype=np.uint8).repeat(20, axis=1).repeat(20, axis=2)
PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
RPCS = RPC(
    height_off=10.0, height_scale=500.0, lat_off=50.0, lat_scale=0.1, long_off=10.0, long_scale=0.1, line_off=15.0,
    line_scale=15.0, samp_off=20.0, samp_scale=20.0, line_num_coeff=[0.01] * 20, line_den_coeff=[1.0] + [0.001] * 19,
    samp_num_coeff=[0.02] * 20, samp_den_coeff=[1.0] + [0.0] * 19, err_bias=1.5, err_rand=0.5,
)  # fmt: skip
POINTS = [
    GroundControlPoint(row, col, 10 + col / 9, 50 - row / 9, 1.5) for row, col in ((0, 0), (0, 9), (9, 0), (9.5, 9))
]


def read(path: Path) -> Any:
    with without_place_warning(), rasterio.open(path) as file:
        return file.read()


def say(path: Path) -> dict[str, Any]:
    """Return all that rasterio reads of a file besides its pixels."""
    with without_place_warning(), rasterio.open(path) as file:
        gcps, gcp_crs = file.gcps
        return {
            "crs": file.crs, "transform": file.transform, "gcp_crs": gcp_crs, "rpcs": file.rpcs,
            "gcps": [(gcp.row, gcp.col, gcp.x, gcp.y, gcp.z) for gcp in gcps],
            "tags": {key: value for key, value in file.tags().items() if not key.startswith("TIFFTAG")},
            "names": file.descriptions, "roles": file.colorinterp, "nodata": file.nodatavals, "units": file.units,
            "scales": file.scales, "offsets": file.offsets,
            "light": [file.tags(number, ns="IMAGERY") for number in file.indexes],
        }  # fmt: skip


def make_both(sources: list[Path], folder: Path, **options: Any) -> tuple[Path, Path]:
    paths = folder / "both.tif", folder / "both.vrt"
    first, second = (stack_files(sources, path, **options) for path in paths)
    assert (first.names, first.wavelengths, first.shape) == (second.names, second.wavelengths, second.shape)
    np.testing.assert_array_equal(read(paths[0]), read(paths[1]))
    return paths


@pytest.mark.parametrize(
    "place",
    [
        PLACE,
        {"transform": Affine(29.5, 4.25, 500000.125, 5.5, -28.75, 4600000.0625), "crs": "EPSG:32616"},
        {"transform": Affine(0.1, 0, 10, 0, -0.1, 50), "crs": "EPSG:4326", "tags": {"AREA_OR_POINT": "Point"}},
        {
            "crs": "+proj=laea +lat_0=51.5 +lon_0=9.25 +ellps=GRS80 +units=m +no_defs",
            "transform": Affine(1, 0, 7, 0, -1, 9),
        },
        {"gcps": (POINTS, rasterio.crs.CRS.from_epsg(4326))},
        {"rpcs": RPCS},
        {},
    ],
    ids=["utm", "rotated", "points", "own crs", "gcps", "rpcs", "nowhere"],
)
def test_all_that_is_said_of_the_sources_is_the_same(place: dict[str, Any], draw_raster: Draw, tmp_path: Path) -> None:
    facts = {"scales": (0.1, 0.30000000000000004), "offsets": (-100.0, 1 / 3), "units": ("degree Celsius", "m < s & t")}
    a = draw_raster(tmp_path / "a.tif", FIELD[:2], nodata=7, band=facts, **place)
    b = draw_raster(tmp_path / "b.tif", FIELD[2].astype(np.int16) - 99, nodata=7, **place)
    with without_place_warning(), rasterio.open(a, "r+") as file:
        file.update_tags(2, ns="IMAGERY", CENTRAL_WAVELENGTH_UM="10.9", FWHM_UM="0.59")
        file.update_tags(QUOTE='a < "b" & c\nd')
    tif, vrt = make_both([a, b], tmp_path, names=["x & <y>", "größe", "c"])
    assert say(vrt) == say(tif)
    said = say(vrt)
    assert said["names"] == ("x & <y>", "größe", "c")
    assert (said["scales"], said["offsets"]) == ((0.1, 0.30000000000000004, 1), (-100, 1 / 3, 0))
    assert said["units"][:2] == facts["units"]
    assert said["light"] == [{}, {"CENTRAL_WAVELENGTH_UM": "10.9", "FWHM_UM": "0.59"}, {}]
    assert said["nodata"] == (7, 7, 7)
    with without_place_warning(), rasterio.open(vrt) as file:
        assert set(file.dtypes) == {"int16"}


def test_gdalinfo_reads_both_alike(draw_raster: Draw, gdalinfo: Info, tmp_path: Path) -> None:
    sources = [draw_raster(tmp_path / f"{name}.tif", FIELD[i], nodata=0, **PLACE) for i, name in enumerate("ab")]
    tif, vrt = map(gdalinfo, make_both(sources, tmp_path, names=["red", "nir08"], wavelengths=["655nm", 0.865]))
    for key in ("size", "geoTransform", "cornerCoordinates"):
        assert vrt[key] == tif[key]
    for one, other in zip(vrt["bands"], tif["bands"], strict=True):
        for key in ("type", "description", "noDataValue", "colorInterpretation"):
            assert one[key] == other[key]
        assert one["metadata"]["IMAGERY"] == other["metadata"]["IMAGERY"]
    assert vrt["bands"][0]["metadata"]["IMAGERY"] == {"CENTRAL_WAVELENGTH_UM": "0.655"}


@pytest.mark.parametrize(
    "name", ["a b.tif", "a & <b> 'c'.tif", "größe 像.tif", " lead.tif", "a?b=1.tif", "100%.tif", "sub/../deep/a.tif"]
)
def test_names_are_relative_and_the_folder_can_be_moved(name: str, draw_raster: Draw, tmp_path: Path) -> None:
    for folder in ("here/sub", "here/deep", "here/out"):
        (tmp_path / folder).mkdir(parents=True)
    source = draw_raster(tmp_path / "here" / name, FIELD[0], **PLACE)
    stack_files([source, source], tmp_path / "here/out/s.vrt")
    shutil.move(tmp_path / "here", tmp_path / "there")
    np.testing.assert_array_equal(read(tmp_path / "there/out/s.vrt"), FIELD[[0, 0]])


def test_a_relative_source_is_found_from_everywhere(
    draw_raster: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.tif", "a.tif")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    stack_files(["a.tif", "/vsizip/a.zip/a.tif", f"/vsizip/{tmp_path}/a.zip/a.tif"], "out/s.vrt")
    monkeypatch.chdir(tmp_path / "out")
    np.testing.assert_array_equal(read(tmp_path / "out/s.vrt"), FIELD[[0, 0, 0]])
    text = (tmp_path / "out/s.vrt").read_text(encoding="utf-8")
    assert f'relativeToVRT="0">/vsizip/{tmp_path}/a.zip/a.tif<' in text
    assert 'relativeToVRT="1">../a.tif<' in text


def test_a_destination_behind_a_link_refers_from_where_it_is(draw_raster: Draw, tmp_path: Path) -> None:
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real/deep")
    source = draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    stack_files([source, source], tmp_path / "link/s.vrt")
    for folder in ("link", "real/deep"):
        np.testing.assert_array_equal(read(tmp_path / folder / "s.vrt"), FIELD[[0, 0]])


@pytest.mark.parametrize("shift", [(0, 0), (5, -8), (-11, 3)])
def test_shifted_pictures_are_moved_into_place(shift: tuple[int, int], draw_raster: Draw, tmp_path: Path) -> None:
    row, col = shift
    a = draw_raster(tmp_path / "a.tif", FIELD[:, 20:200, 20:280], **PLACE)
    b = draw_raster(tmp_path / "b.tif", FIELD[:, 20 - row : 210 - row, 20 - col : 290 - col], **PLACE)
    tif, vrt = make_both([a, b], tmp_path, register=True)
    assert say(vrt) == say(tif)


def test_each_band_has_its_own_nodata_value(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "a.tif", FIELD[0].astype(np.float32), nodata=-3.4028234663852886e38, **PLACE)
    b = draw_raster(tmp_path / "b.tif", FIELD[1].astype(np.float32), nodata=np.nan, **PLACE)
    c = draw_raster(tmp_path / "c.tif", FIELD[2], nodata=0, **PLACE)
    d = draw_raster(tmp_path / "d.tif", FIELD[2], **PLACE)
    stack_files([a, b, c, d], tmp_path / "s.vrt")
    with open_raster(tmp_path / "s.vrt") as raster:
        assert [str(band.nodata) for band in raster.bands] == ["-3.4028234663852886e+38", "nan", "0.0", "None"]
        np.testing.assert_array_equal(raster.read(bands=[3]).valid, FIELD[2] != 0)


def test_a_photo_that_is_turned_upright_is_refused(draw_raster: Draw, tmp_path: Path) -> None:
    photo = draw_raster(
        tmp_path / "a.jpg", FIELD, driver="JPEG", roles=("red", "green", "blue"), tags={"EXIF_Orientation": "6"}
    )
    with pytest.raises(UsageError, match=r"cannot refer to .*a.jpg, which is turned upright as it is read.*write .tif"):
        stack_files([photo, photo], tmp_path / "s.vrt")
    stack_files([photo, photo], tmp_path / "s.tif")
    assert read(tmp_path / "s.tif").shape == (6, 320, 240)


def test_what_is_only_in_memory_is_refused(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "height": 240, "width": 320, "count": 1, "dtype": "uint8"}
    with MemoryFile() as memory:
        with memory.open(**profile, **PLACE) as file:
            file.write(FIELD[:1])
        with pytest.raises(
            UsageError, match=r"a .vrt cannot refer to /vsimem/.*gone when the program ends; write .tif"
        ):
            stack_files([memory.name, memory.name], tmp_path / "s.vrt")
    assert not (tmp_path / "s.vrt").exists()


def test_a_name_that_only_rasterio_knows_is_refused(draw_raster: Draw, tmp_path: Path) -> None:
    draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.tif", "a.tif")
    name = f"zip://{tmp_path}/a.zip!a.tif"
    with pytest.raises(UsageError, match=r"cannot be read by GDAL.*write .tif"):
        stack_files([name, name], tmp_path / "s.vrt")


@pytest.mark.skipif(os.name == "nt", reason="names are always text there")
def test_a_name_that_is_no_text_is_refused(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    odd = os.fsencode(tmp_path) + b"/\xff.tif"
    try:
        shutil.copy(os.fsencode(source), odd)
    except OSError:
        pytest.skip("the file system takes no such name")
    with pytest.raises((UsageError, OSError), match=r"no UTF-8|not a path"):
        stack_files([os.fsdecode(odd)] * 2, tmp_path / "s.vrt")


def test_it_is_kept_unless_it_may_be_overwritten_and_never_made_of_itself(draw_raster: Draw, tmp_path: Path) -> None:
    a = draw_raster(tmp_path / "a.tif", FIELD[0], **PLACE)
    out = tmp_path / "s.vrt"
    stack_files([a, a], out)
    with pytest.raises(DestinationExistsError):
        stack_files([a, a], out)
    with pytest.raises(UsageError, match="is an input"):
        stack_files([out], out, names=["x", "y"], overwrite=True)
    with pytest.raises(UsageError, match="is an input"):
        stack_files([out, a], a, overwrite=True)
    stack_files([a, a, a], out, overwrite=True)
    assert read(out).shape[0] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "s.vrt"]
