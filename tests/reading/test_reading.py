"""The reader against oracles: rasterio for pixels and masks, Pillow for photos, rioxarray for arrays."""

from __future__ import annotations

import functools
import multiprocessing
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rioxarray
import xarray as xr
from affine import Affine
from PIL import Image, ImageOps
from rasterio.crs import CRS

from tsraster.errors import BandError, ReadError
from tsraster.pipeline.classify import classify_file
from tsraster.preparing.gray import luminance
from tsraster.raster import Raster, Window, without_place_warning
from tsraster.reading import open_raster

Draw = Callable[..., Path]

ROWS, COLS = 37, 53
RANDOM = np.random.default_rng(20)
GRAY = RANDOM.integers(0, 256, (ROWS, COLS), dtype=np.uint8)
RGB = RANDOM.integers(0, 256, (3, ROWS, COLS), dtype=np.uint8)
DEEP = RANDOM.integers(0, 65536, (ROWS, COLS), dtype=np.uint16)
WARMTH = RANDOM.normal(290, 5, (ROWS, COLS)).astype(np.float32)
PLACE = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
WINDOWS = [
    Window(row=0, col=0, rows=1, cols=1),
    Window(row=36, col=52, rows=1, cols=1),
    Window(row=5, col=0, rows=7, cols=53),
    Window(row=0, col=11, rows=37, cols=3),
    Window(row=13, col=29, rows=16, cols=19),
]


def open_with_rasterio(path: Path) -> Any:
    """Open a file that may lie nowhere."""
    with without_place_warning():
        return rasterio.open(path)


def save_picture(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    """Write gray (row, col) or colors (band, row, col) with Pillow."""
    Image.fromarray(pixels if pixels.ndim == 2 else np.moveaxis(pixels, 0, -1)).save(path, **options)
    return path


def save_palette(path: Path, codes: np.ndarray, **options: Any) -> Path:
    picture = Image.fromarray(codes, "P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.save(path, **options)
    return path


def save_vrt(path: Path, bands: list[tuple[str, Path, str]], head: str = "") -> Path:
    """Write a VRT of (type, file, nodata as text) for each band."""
    with open_with_rasterio(bands[0][1]) as file:
        rows, cols = file.shape
    parts = (
        f'<VRTRasterBand dataType="{kind}" band="{i}">{f"<NoDataValue>{nodata}</NoDataValue>" if nodata else ""}<SimpleSource>'
        f'<SourceFilename relativeToVRT="1">{file.name}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>'
        for i, (kind, file, nodata) in enumerate(bands, start=1)
    )
    path.write_text(
        f'<VRTDataset rasterXSize="{cols}" rasterYSize="{rows}">{head}{"".join(parts)}</VRTDataset>', encoding="utf-8"
    )
    return path


def save_netcdf(path: Path, **variables: np.ndarray) -> Path:
    axes = {"y": 4600000 - 30.0 * np.arange(ROWS), "x": 500000 + 30.0 * np.arange(COLS)}
    arrays = {
        name: xr.DataArray(values, dims=("y", "x"), coords=axes, name=name, attrs={"units": "K"})
        for name, values in variables.items()
    }
    placed = xr.Dataset(arrays).rio.write_crs("EPSG:32616").rio.write_coordinate_system()
    packing = {"_FillValue": -9999.0, "grid_mapping": "spatial_ref"}
    placed.to_netcdf(path, engine="scipy", encoding=dict.fromkeys(variables, packing))
    return path


FORMATS: dict[str, Callable[[Path, Draw], Path]] = {
    "tif": lambda path, draw: draw(path / "a.tif", WARMTH, **PLACE),
    "tif-tiled": lambda path, draw: draw(path / "a.tif", RGB, tiled=True, blockxsize=16, blockysize=16, **PLACE),
    "tif-planes": lambda path, draw: draw(path / "a.tif", RGB, interleave="band", photometric="RGB", **PLACE),
    "tif-rotated": lambda path, draw: draw(path / "a.tif", DEEP, transform=Affine(3, 1, 0, 1, -3, 0)),
    "cog": lambda path, draw: draw(path / "a.tif", WARMTH, driver="COG", **PLACE),
    "vrt": lambda path, draw: save_vrt(path / "a.vrt", [("UInt16", draw(path / "a.tif", DEEP), "")]),
    "jpeg2000": lambda path, draw: draw(
        path / "a.jp2", DEEP, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES", **PLACE
    ),
    "netcdf": lambda path, draw: save_netcdf(path / "a.nc", t=WARMTH),
    "png": lambda path, draw: save_picture(path / "a.png", GRAY),
    "png-16-bit": lambda path, draw: save_picture(path / "a.png", DEEP),
    "png-rgb": lambda path, draw: save_picture(path / "a.png", RGB),
    "png-palette": lambda path, draw: save_palette(path / "a.png", GRAY % 4),
    "bmp": lambda path, draw: save_picture(path / "a.bmp", RGB),
    "bmp-gray": lambda path, draw: save_picture(path / "a.bmp", GRAY),
    "gif": lambda path, draw: save_palette(path / "a.gif", GRAY % 4),
    "webp": lambda path, draw: save_picture(path / "a.webp", RGB, lossless=True),
    "jpeg": lambda path, draw: save_picture(path / "a.jpg", RGB),
    "jpeg-gray": lambda path, draw: save_picture(path / "a.jpg", GRAY),
}
STORED = {
    "tif": WARMTH,
    "cog": WARMTH,
    "vrt": DEEP,
    "jpeg2000": DEEP,
    "netcdf": WARMTH,
    "png": GRAY,
    "png-16-bit": DEEP,
}
STORED |= {"png-rgb": RGB, "png-palette": GRAY % 4, "bmp": RGB, "webp": RGB}
EVERY_FORMAT = pytest.mark.parametrize("form", FORMATS)


@EVERY_FORMAT
def test_pixels_and_bands_are_those_of_rasterio(form: str, draw_raster: Draw, tmp_path: Path) -> None:
    path = FORMATS[form](tmp_path, draw_raster)
    with open_with_rasterio(path) as file, open_raster(path) as raster:
        pixels = raster.read()
        np.testing.assert_array_equal(pixels.data, file.read(), strict=True)
        assert pixels.valid.all()
        assert raster.shape == file.shape
        assert raster.driver == file.driver
        # A PNG is read row by row, so that a cut one is found out; without that setting GDAL would take it as one piece.
        assert raster.tile == ((1, file.width) if file.driver == "PNG" else file.block_shapes[0])
        assert tuple(band.dtype for band in raster.bands) == file.dtypes
        assert [band.role for band in raster.bands] == [role.name for role in file.colorinterp]
        assert [band.nodata for band in raster.bands] == list(file.nodatavals)
        assert (raster.georef.crs, raster.georef.transform) == (file.crs, file.transform)


@pytest.mark.parametrize("form", STORED)
def test_lossless_formats_give_back_what_was_stored(form: str, draw_raster: Draw, tmp_path: Path) -> None:
    with open_raster(FORMATS[form](tmp_path, draw_raster)) as raster:
        np.testing.assert_array_equal(raster.read().data, STORED[form].reshape(-1, ROWS, COLS), strict=True)


@EVERY_FORMAT
def test_windows_are_crops_of_the_whole(form: str, draw_raster: Draw, tmp_path: Path) -> None:
    with open_raster(FORMATS[form](tmp_path, draw_raster)) as raster:
        whole = raster.read()
        for window in WINDOWS:
            part, expected = raster.read(window), whole.crop(window.slices)
            np.testing.assert_array_equal(part.data, expected.data, strict=True)
            np.testing.assert_array_equal(part.valid, expected.valid, strict=True)


def test_bands_come_in_the_order_asked_for(draw_raster: Draw, tmp_path: Path) -> None:
    with open_raster(draw_raster(tmp_path / "a.tif", RGB)) as raster:
        np.testing.assert_array_equal(raster.read(bands=[3, 1]).data, RGB[[2, 0]])
        with pytest.raises(BandError, match="no band 4"):
            raster.read(bands=[4])


EXTREMES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@pytest.mark.parametrize("dtype", EXTREMES)
def test_every_type_keeps_its_extremes(dtype: str, draw_raster: Draw, tmp_path: Path) -> None:
    limits = np.finfo(dtype) if dtype.startswith("f") else np.iinfo(dtype)
    values = np.array([[limits.min, 0, 1, limits.max]], dtype=dtype)
    with open_raster(draw_raster(tmp_path / "a.tif", values, transform=PLACE["transform"])) as raster:
        pixels = raster.read()
        np.testing.assert_array_equal(pixels.data[0], values, strict=True)
        assert pixels.valid.all()
        assert raster.can_be_invalid == dtype.startswith("f")


def test_bands_of_different_types_are_read_together(draw_raster: Draw, tmp_path: Path) -> None:
    """The type holds all of them; each band is compared with nodata in its own."""
    small = draw_raster(tmp_path / "small.tif", GRAY)
    real = draw_raster(tmp_path / "real.tif", np.where(GRAY == 9, np.float32(0.1), WARMTH))
    with open_raster(save_vrt(tmp_path / "a.vrt", [("Byte", small, "7"), ("Float32", real, "0.1")])) as raster:
        pixels = raster.read()
        assert pixels.data.dtype == np.float32
        np.testing.assert_array_equal(pixels.data[0], GRAY)
        np.testing.assert_array_equal(pixels.valid, (GRAY != 7) & (GRAY != 9))
        np.testing.assert_array_equal(raster.read(bands=[1]).data[0], GRAY, strict=True)


def test_what_a_netcdf_variable_is_measured_in(tmp_path: Path) -> None:
    with open_raster(save_netcdf(tmp_path / "a.nc", t=WARMTH)) as raster:
        assert (raster.bands[0].unit, raster.bands[0].nodata) == ("K", -9999)
        assert raster.georef.crs == CRS.from_epsg(32616)
        assert raster.georef.transform == Affine(30, 0, 499985, 0, -30, 4600015)


def test_of_several_variables_one_has_to_be_named(tmp_path: Path) -> None:
    path = save_netcdf(tmp_path / "two.nc", t=WARMTH, u=WARMTH + 1)
    with pytest.raises(ReadError, match=r"two.nc holds several rasters; name one of them: .*two\.nc:t, .*two\.nc:u"):
        open_raster(path)
    with open_raster(f"NETCDF:{path}:u") as raster:
        np.testing.assert_array_equal(raster.read().data[0], WARMTH + 1)


def test_a_crs_that_gdal_makes_up_is_none(draw_raster: Draw, tmp_path: Path) -> None:
    """It does so for a GeoTIFF that says Point and has no CRS; one that somebody gave, if only by its unit, stays."""
    place, point = PLACE["transform"], {"AREA_OR_POINT": "Point"}
    path = draw_raster(tmp_path / "a.tif", GRAY, transform=place, tags=point)
    with rasterio.open(path) as file, open_raster(path) as raster:
        assert file.crs is not None
        assert (raster.georef.crs, raster.georef.transform, raster.tags) == (None, place, {"": point})
    local = CRS.from_wkt('LOCAL_CS["stage of the microscope",UNIT["micrometre",1e-6]]')
    with open_raster(draw_raster(tmp_path / "b.tif", GRAY, transform=place, tags=point, crs=local)) as raster:
        assert raster.georef.crs is not None


# Where there is data


def where_is_data(path: Path) -> np.ndarray:
    """The mask of rasterio, without what is not finite: GDAL takes NaN for data unless it is the nodata value."""
    with open_with_rasterio(path) as file:
        return np.asarray((file.dataset_mask() != 0) & np.isfinite(file.read()).all(axis=0))


def with_holes(value: float, dtype: str) -> np.ndarray:
    holes = np.arange(1, 1 + ROWS * COLS).reshape(ROWS, COLS).astype(dtype)
    holes[::5, ::3] = value
    return holes


HALF = np.tile([[True, False], [True, True]], (ROWS, COLS))[:ROWS, :COLS]
DARK = np.where(RGB < 90, 0, RGB).astype(np.uint8)
ALPHA = np.where(HALF, RANDOM.integers(1, 256, (ROWS, COLS)), 0).astype(np.uint8)[np.newaxis]
FAINT = np.where(HALF, 1, 0).astype(np.uint16)[np.newaxis]
"""An alpha of 1 in 65535 is hardly seen, but it is data."""

ODD = with_holes(np.nan, "float32")
ODD[1::5, 1::3], ODD[2::5, 2::3] = np.inf, -np.inf
JOINT = {"photometric": "RGB", "tags": {"NODATA_VALUES": "0 0 0"}}


def hole_drawer(value: float, dtype: str) -> Callable[[Path, Draw], Path]:
    return lambda path, draw: draw(path / "a.tif", with_holes(value, dtype), nodata=value)


def draw_masked(path: Path, draw: Draw, *, internal: bool, **options: Any) -> Path:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
        return draw(path / "a.tif", options.pop("pixels", GRAY), mask=HALF, **options)


MASKED: dict[str, Callable[[Path, Draw], Path]] = {
    **{f"nodata-{dtype}-{value}": hole_drawer(value, dtype) for dtype, value in [("uint8", 0), ("uint8", 255)]},
    **{f"nodata-{dtype}-min": hole_drawer(np.iinfo(dtype).min, dtype) for dtype in ("int8", "int16", "int32")},
    **{f"nodata-{dtype}-max": hole_drawer(np.iinfo(dtype).max, dtype) for dtype in ("uint16", "uint32")},
    **{f"nodata-{dtype}-{value}": hole_drawer(value, dtype) for dtype, value in [("int64", -9999), ("uint64", 0)]},
    **{f"nodata-float32-{value}": hole_drawer(value, "float32") for value in (-9999, 0.1, -3.4028234663852886e38)},
    **{f"nodata-float64-{value}": hole_drawer(value, "float64") for value in (1e300, 0.1, np.nan)},
    "nan-without-nodata": lambda path, draw: draw(path / "a.tif", with_holes(np.nan, "float32")),
    "nan-and-infinities": lambda path, draw: draw(path / "a.tif", ODD, nodata=5),
    "nodata-nan": lambda path, draw: draw(path / "a.tif", ODD, nodata=np.nan),
    "internal-mask": functools.partial(draw_masked, internal=True),
    "mask-file": functools.partial(draw_masked, internal=False),
    "mask-of-colors": functools.partial(draw_masked, internal=True, pixels=RGB, photometric="RGB"),
    "picture-with-nodata-0": lambda path, draw: draw(path / "a.tif", DARK, photometric="RGB", nodata=0),
    "picture-with-one-nodata-color": lambda path, draw: draw(path / "a.tif", DARK, **JOINT),
    "rgba": lambda path, draw: draw(path / "a.tif", np.concatenate([RGB, ALPHA]), photometric="RGB", alpha="yes"),
    "rgba-16-bit": lambda path, draw: draw(
        path / "a.tif", np.concatenate([RGB, FAINT]).astype(np.uint16), photometric="RGB", alpha="yes"
    ),
    "gray-alpha": lambda path, draw: draw(path / "a.tif", np.concatenate([GRAY[np.newaxis], ALPHA]), alpha="yes"),
    "png-rgba": lambda path, draw: save_picture(path / "a.png", np.concatenate([RGB, ALPHA])),
    "png-gray-alpha": lambda path, draw: save_picture(path / "a.png", np.concatenate([GRAY[np.newaxis], ALPHA])),
    "png-rgba-16-bit": lambda path, draw: draw(
        path / "a.png", np.concatenate([RGB, FAINT]).astype(np.uint16), driver="PNG"
    ),
    "png-one-transparent-color": lambda path, draw: save_picture(path / "a.png", DARK, transparency=(0, 0, 0)),
    "png-one-transparent-gray": lambda path, draw: save_picture(path / "a.png", GRAY, transparency=7),
    "png-palette-transparent": lambda path, draw: save_palette(path / "a.png", GRAY % 4, transparency=2),
    "gif-transparent": lambda path, draw: save_palette(path / "a.gif", GRAY % 4, transparency=1),
}


@pytest.mark.parametrize("case", MASKED)
def test_valid_is_what_rasterio_masks(case: str, draw_raster: Draw, tmp_path: Path) -> None:
    path = MASKED[case](tmp_path, draw_raster)
    expected = where_is_data(path)
    assert 0 < expected.sum() < expected.size
    with open_raster(path) as raster:
        np.testing.assert_array_equal(raster.read().valid, expected)
        assert raster.can_be_invalid
        for window in WINDOWS:
            np.testing.assert_array_equal(raster.read(window).valid, expected[window.slices])


BIG = [("Int64", 2**63 - 1), ("Int64", -(2**63)), ("Int64", 2**53 + 1), ("UInt64", 2**64 - 1), ("UInt64", 2**63 + 1)]


@pytest.mark.parametrize(("kind", "nodata"), BIG)
def test_nodata_of_64_bits_is_exact(kind: str, nodata: int, draw_raster: Draw, tmp_path: Path) -> None:
    """As a float it would be that of another pixel, or of none."""
    near = [nodata + step for step in (-1, 0, 1) if 0 <= nodata + step + 2**63 * (kind == "Int64") < 2**64]
    values = np.array([near], dtype=kind.lower())
    path = save_vrt(tmp_path / "a.vrt", [(kind, draw_raster(tmp_path / "a.tif", values), str(nodata))])
    with open_raster(path) as raster:
        assert raster.read().valid.tolist() == [[value != nodata for value in near]]
        assert raster.can_be_invalid
    np.testing.assert_array_equal(where_is_data(path), values != np.array(nodata, dtype=kind.lower()))


@pytest.mark.parametrize("nodata", ["-9999", "300", "nan", "-3.4e38", "2.5"])
def test_nodata_that_no_pixel_can_have_hides_none(nodata: str, draw_raster: Draw, tmp_path: Path) -> None:
    """GDAL's own mask makes 2 of 2.5, and hides it."""
    path = save_vrt(tmp_path / "a.vrt", [("Byte", draw_raster(tmp_path / "a.tif", GRAY), nodata)])
    with open_raster(path) as raster:
        assert raster.read().valid.all()


def test_a_mask_and_nodata_both_count(draw_raster: Draw, tmp_path: Path) -> None:
    """GDAL heeds only the mask; but a value that is said to be no data is none."""
    path = draw_masked(tmp_path, draw_raster, internal=True, nodata=int(GRAY[0, 0]))
    with open_raster(path) as raster:
        np.testing.assert_array_equal(raster.read().valid, HALF & np.not_equal(GRAY, GRAY[0, 0]))


def test_alpha_and_nodata_both_count(draw_raster: Draw, tmp_path: Path) -> None:
    """GDAL heeds only nodata; but what is transparent is no data."""
    rgba = np.concatenate([DARK, ALPHA])
    with open_raster(draw_raster(tmp_path / "a.tif", rgba, photometric="RGB", alpha="yes", nodata=0)) as raster:
        np.testing.assert_array_equal(raster.read().valid, HALF & DARK.any(axis=0))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_alpha_beside_five_bands_counts(dtype: str, draw_raster: Draw, tmp_path: Path) -> None:
    """As cameras of drones give it; GDAL heeds alpha only beside one band or three."""
    pixels = np.concatenate([RGB, RGB[:2], ALPHA]).astype(dtype)
    roles = ["gray", "undefined", "undefined", "undefined", "undefined", "alpha"]
    with open_raster(draw_raster(tmp_path / "a.tif", pixels, roles=roles)) as raster:
        assert [band.number for band in raster.data_bands] == [1, 2, 3, 4, 5]
        assert raster.can_be_invalid
        np.testing.assert_array_equal(raster.read().valid, HALF)
        np.testing.assert_array_equal(raster.read(bands=[4]).valid, HALF)
        assert raster.read(bands=[6]).valid.all(), "of alpha itself every pixel is known"


def test_each_band_has_its_own_nodata(draw_raster: Draw, tmp_path: Path) -> None:
    files = [draw_raster(tmp_path / f"{i}.tif", RGB[i]) for i in range(3)]
    path = save_vrt(tmp_path / "a.vrt", [("Byte", file, str(i)) for i, file in enumerate(files)])
    with open_with_rasterio(path) as file, open_raster(path) as raster:
        assert [band.nodata for band in raster.bands] == [0, 1, 2]
        for number in (1, 2, 3):
            np.testing.assert_array_equal(raster.read(bands=[number]).valid, file.read_masks(number) != 0)
        together = raster.read().valid
        np.testing.assert_array_equal(together, (file.read_masks() != 0).all(axis=0))


def test_one_transparent_color_hides_no_band_by_itself(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a.png", DARK, transparency=(0, 0, 0))
    with open_raster(path) as raster:
        np.testing.assert_array_equal(raster.read(bands=[1]).valid, DARK.any(axis=0))


def test_every_transparent_code_of_a_palette_is_no_data(tmp_path: Path) -> None:
    """GDAL's mask knows only one of them."""
    path = save_palette(tmp_path / "a.png", GRAY % 4, transparency=bytes([255, 0, 128, 0]))
    with Image.open(path) as picture, open_raster(path) as raster:
        opacity = np.asarray(picture.convert("RGBA"))[..., 3]
        np.testing.assert_array_equal(raster.read().valid, opacity != 0)


# Photos


def save_photo(path: Path, pixels: np.ndarray, orientation: int, **options: Any) -> Path:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Zeiss"
    return save_picture(path, pixels, exif=exif, **options)


def turn_upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels, shape (band, row, col), as Pillow does."""
    picture = Image.fromarray(np.moveaxis(stored, 0, -1) if len(stored) == 3 else stored[0])
    picture.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(picture))
    return np.moveaxis(upright, -1, 0) if upright.ndim == 3 else upright[np.newaxis]


@pytest.mark.parametrize("pixels", [RGB, GRAY], ids=["color", "gray"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_exif_says(pixels: np.ndarray, orientation: int, tmp_path: Path) -> None:
    path = save_photo(tmp_path / "photo.jpg", pixels, orientation)
    with open_with_rasterio(path) as file, open_raster(path) as raster:
        upright = turn_upright(file.read(), orientation)
        whole = raster.read()
        assert raster.shape == whole.valid.shape == upright.shape[1:]
        np.testing.assert_array_equal(whole.data, upright)
        for window in (Window(row=3, col=5, rows=20, cols=11), Window(row=35, col=30, rows=1, cols=7)):
            part = raster.read(window)
            np.testing.assert_array_equal(part.data, upright[..., *window.slices])
            assert part.valid.shape == (window.rows, window.cols)
        assert raster.tags[""] == {"EXIF_Make": "Zeiss"}
        array = raster.to_xarray()
        np.testing.assert_array_equal(array, upright)
        assert (array.x[0], array.x[-1], array.y[0]) == (0.5, raster.shape[1] - 0.5, 0.5)


def test_pillow_shows_the_same_photo(tmp_path: Path) -> None:
    path = save_photo(tmp_path / "photo.jpg", RGB, 6, subsampling=0)
    with Image.open(path) as picture, open_raster(path) as raster:
        shown = np.asarray(ImageOps.exif_transpose(picture))
        assert np.abs(np.moveaxis(raster.read().data, 0, -1).astype(int) - shown).max() <= 2  # decoders may round


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_there_is_not_turns_nothing(orientation: int, tmp_path: Path) -> None:
    with open_raster(save_photo(tmp_path / "photo.jpg", GRAY, orientation)) as raster:
        assert raster.shape == GRAY.shape


@pytest.mark.parametrize("how", ["world-file", "aux-xml", "gcps"])
def test_a_georeferenced_photo_is_not_turned(how: str, tmp_path: Path) -> None:
    path = save_photo(tmp_path / "photo.jpg", GRAY, 6)
    gcps = '<GCPList Projection="EPSG:4326"><GCP Id="1" Pixel="0" Line="0" X="1" Y="2"/></GCPList>'
    inside = "<GeoTransform>1, 2, 0, 3, 0, -2</GeoTransform>" if how == "aux-xml" else gcps
    if how == "world-file":
        path.with_suffix(".jgw").write_text("2\n0\n0\n-2\n2\n2\n")
    else:
        (tmp_path / "photo.jpg.aux.xml").write_text(f"<PAMDataset>{inside}</PAMDataset>")
    with open_raster(path) as raster, rasterio.open(path) as file:
        assert not raster.georef.is_plain
        np.testing.assert_array_equal(raster.read().data, file.read())
        assert raster.tags[""]["EXIF_Orientation"] == "6"


PHOTOS = [f"thinsection/philliec/{number}.png" for number in (1, 3, 5)] + ["thinsection/bardelli/7a_ppl.jpg"]


@pytest.mark.parametrize("name", PHOTOS)
def test_luminance_is_rgb2gray(name: str, shared_data: Path) -> None:
    from skimage.color import rgb2gray

    with open_raster(shared_data / name) as raster:
        pixels = raster.read().data
    np.testing.assert_allclose(luminance(pixels), rgb2gray(pixels, channel_axis=0), rtol=0, atol=3e-16)
    if name.endswith(".png"):
        with Image.open(shared_data / name) as picture:
            np.testing.assert_array_equal(np.moveaxis(pixels, 0, -1), np.asarray(picture)[..., :3])


REAL = ["misc/rasterio_RGB.byte.tif", "landsat/LE07_ETM_6bands.tif", "landsat/LT05/LT52240631988227CUB02_B6.TIF"]
REAL += ["landcover/nlcd_small.tif", "landcover/srtm_zion.tif"]


@pytest.mark.parametrize("name", REAL)
def test_real_rasters_are_read_as_rasterio_reads_them(name: str, shared_data: Path) -> None:
    with rasterio.open(shared_data / name) as file, open_raster(shared_data / name) as raster:
        pixels = raster.read()
        np.testing.assert_array_equal(pixels.data, file.read())
        np.testing.assert_array_equal(pixels.valid, file.dataset_mask() != 0)
        assert raster.georef.transform == file.transform
        assert (
            raster.georef.rpcs == file.rpcs
        )  # to ask for them makes GDAL look into the MTL file beside, which has tags
        assert raster.tags[""] == file.tags()


# Where it may lie, and who may read


def test_a_raster_in_a_zip_archive(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", DEEP)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "in/a.png")
    for source in (f"/vsizip/{tmp_path}/a.zip/in/a.png", f"zip://{tmp_path}/a.zip!/in/a.png"):
        with open_raster(source) as raster:
            np.testing.assert_array_equal(raster.read().data[0], DEEP)
    with pytest.raises(ReadError, match=r"no\.png"):
        open_raster(f"/vsizip/{tmp_path}/a.zip/in/no.png")


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the folder of the test over HTTP; from another process, because rasterio lets no other thread run while it opens."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        port = re.search(r"port (\d+)", server.stdout.readline())
        try:
            if port is None:
                pytest.skip("no server can listen on 127.0.0.1")
            yield f"http://127.0.0.1:{port[1]}"
        finally:
            server.terminate()


def test_a_raster_on_a_server(address: str, draw_raster: Draw, tmp_path: Path) -> None:
    draw_raster(tmp_path / "a.tif", WARMTH, **PLACE)
    for source in (f"{address}/a.tif", f"/vsicurl/{address}/a.tif"):
        with open_raster(source) as raster:
            np.testing.assert_array_equal(raster.read().data[0], WARMTH)
            assert raster.georef.crs == CRS.from_string(PLACE["crs"])
    with pytest.raises(ReadError, match=r"no\.tif"):
        open_raster(f"{address}/no.tif")
    classify_file(f"{address}/a.tif", tmp_path / "classes.tif", cutoffs=[290])
    with rasterio.open(tmp_path / "classes.tif") as file:
        np.testing.assert_array_equal(file.read(1), 1 + np.greater(WARMTH, np.float32(290)))


def draw_picture_with_alpha(path: Path, draw: Draw) -> Path:
    rgba = np.concatenate([RGB, ALPHA])
    return draw(path / "a.tif", rgba, photometric="RGB", alpha="yes", tiled=True, blockxsize=16, blockysize=16, **PLACE)


def read_in_parts(raster: Raster, executor: Executor) -> tuple[np.ndarray, np.ndarray]:
    windows = [
        Window(row=row, col=col, rows=min(8, ROWS - row), cols=min(11, COLS - col))
        for row in range(0, ROWS, 8)
        for col in range(0, COLS, 11)
    ]
    data, valid = np.zeros_like(RGB), np.zeros((ROWS, COLS), bool)
    for window, part in zip(windows, executor.map(raster.read, windows), strict=True):
        data[..., *window.slices], valid[window.slices] = part.data, part.valid
    return data, valid


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_threads_and_processes_read_the_same(kind: str, draw_raster: Draw, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with (
        open_raster(draw_picture_with_alpha(tmp_path, draw_raster)) as raster,
        ThreadPoolExecutor(4) if kind == "threads" else ProcessPoolExecutor(2, mp_context=spawn) as executor,
    ):
        data, valid = read_in_parts(raster, executor)
    np.testing.assert_array_equal(data, RGB)
    np.testing.assert_array_equal(valid, HALF)


def test_a_plain_picture_is_read_by_many_threads_without_a_warning(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a.png", RGB)
    with open_raster(path) as raster, ThreadPoolExecutor(8) as executor:
        for _ in range(5):
            raster.close()
            data, _ = read_in_parts(raster, executor)
            np.testing.assert_array_equal(data, RGB)


# xarray


@pytest.mark.parametrize("form", ["tif", "tif-planes", "cog", "jpeg2000", "netcdf", "png", "png-rgb", "png-16-bit"])
@pytest.mark.parametrize("chunks", [None, {"x": 16, "y": 16}], ids=["whole", "lazy"])
def test_the_array_is_that_of_rioxarray(form: str, chunks: Any, draw_raster: Draw, tmp_path: Path) -> None:
    path = FORMATS[form](tmp_path, draw_raster)
    with without_place_warning():
        expected = rioxarray.open_rasterio(path, chunks=chunks)
    with open_raster(path) as raster, expected:
        array = raster.to_xarray(chunks)
        assert (array.chunks is None) == (chunks is None)
        xr.testing.assert_identical(array, expected)
        np.testing.assert_array_equal(array, raster.read().data)
