"""``DataArray.tsraster``: the same classes as for files, nothing lost of the place, and nothing computed too early."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import rasterio
import rioxarray
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import from_origin

import tsraster.accessor  # noqa: F401  makes .tsraster known
from tsraster import Lut, classify_file
from tsraster.classtable import ClassTable
from tsraster.errors import DataError, LutError, TableError, UsageError

Draw = Callable[..., Path]
UTM = {"crs": CRS.from_epsg(32616), "transform": from_origin(500_000, 4_000_000, 30, 20)}
NOISE = np.random.default_rng(6).normal(290, 8, (50, 40)).astype(np.float32)


@pytest.fixture
def thermal(tmp_path: Path, draw_raster: Draw) -> Path:
    pixels = NOISE.copy()
    pixels[:5, :5] = -9999
    band = {"scales": (0.5,), "offsets": (100.0,), "units": ("K",), "descriptions": ("heat",)}
    return draw_raster(tmp_path / "v.tif", pixels, nodata=-9999, band=band, tags={"AREA_OR_POINT": "Point"}, **UTM)


class Computed(Exception):
    """Somebody asked a lazy array for its pixels."""


def never(shape: tuple[int, int] = (6, 8), dtype: str = "float32") -> xr.DataArray:
    """An array that must not be computed."""

    def refuse(block: NDArray[Any]) -> NDArray[Any]:
        raise Computed

    lazy = da.zeros(shape, chunks=3, dtype=dtype).map_blocks(refuse, meta=np.empty((0, 0), dtype))
    return xr.DataArray(lazy, dims=("y", "x"))


def opened(path: Path, **options: Any) -> xr.DataArray:
    array = rioxarray.open_rasterio(path, **options)
    assert isinstance(array, xr.DataArray)
    return array


# What is kept, and what is not


@pytest.mark.parametrize("options", [{}, {"chunks": 16}, {"masked": True}, {"masked": True, "chunks": 16}])
def test_the_place_is_kept_and_what_speaks_of_the_values_is_not(thermal: Path, options: dict[str, Any]) -> None:
    array = opened(thermal, **options)
    classes = array.tsraster.classify(cutoffs=[285, 295])
    assert (classes.dims, classes.shape, classes.dtype, classes.name) == (array.dims, array.shape, np.uint8, array.name)
    for name in array.coords:
        xr.testing.assert_identical(classes.coords[name].variable, array.coords[name].variable)
    assert (classes.rio.crs, classes.rio.transform()) == (UTM["crs"], UTM["transform"])
    assert classes.rio.nodata == 0
    assert set(classes.attrs) == {"AREA_OR_POINT", "long_name", "flag_values", "flag_meanings", "_FillValue"}
    assert (classes.attrs["AREA_OR_POINT"], classes.attrs["long_name"]) == ("Point", "heat")
    picture = classes.tsraster.colorize("thermal")
    assert (picture.rio.crs, picture.rio.transform(), picture.dims) == (
        UTM["crs"], UTM["transform"], ("band", "y", "x"),
    )  # fmt: skip
    assert set(picture.attrs) == {"AREA_OR_POINT", "long_name"}
    assert picture.band.values.tolist() == [1, 2, 3, 4]
    assert array.rio.nodata is not None  # the input is as it was
    assert "flag_values" not in array.attrs


def test_a_crs_under_another_name_is_kept() -> None:
    """NetCDF files call it crs, transverse_mercator, ...; which one it is stands in the encoding."""
    array = xr.DataArray(NOISE, dims=("y", "x"), coords={"y": np.arange(50.0), "x": np.arange(40.0)})
    array = array.rio.write_crs("EPSG:32616", grid_mapping_name="crs")
    classes = array.tsraster.classify(bins=3)
    assert classes.rio.crs == classes.tsraster.colorize("gray").rio.crs == "EPSG:32616"


def test_ground_control_points_are_kept(tmp_path: Path, draw_raster: Draw) -> None:
    gcps = [GroundControlPoint(row, col, 100 + col, 50 - row, 5) for row, col in ((0, 0), (0, 40), (50, 0), (50, 40))]
    source = draw_raster(tmp_path / "v.tif", NOISE, gcps=(gcps, CRS.from_epsg(4326)))
    array = opened(source)
    classes = array.tsraster.classify(bins=3)
    for result in (classes, classes.tsraster.colorize("gray")):
        found = [(point.row, point.col, point.x, point.y) for point in result.rio.get_gcps()]
        assert found == [(point.row, point.col, point.x, point.y) for point in gcps]
        assert result.rio.crs == CRS.from_epsg(4326)


def test_other_dimensions_and_coordinates_stay() -> None:
    array = xr.DataArray(
        NOISE.reshape(2, 25, 40).astype(float),
        dims=("time", "lat", "lon"),
        coords={"time": [3, 4], "lat": np.arange(25.0), "season": ("time", ["dry", "wet"])},
        name="lst",
    )
    classes = array.tsraster.classify(cutoffs=[290])
    assert (classes.dims, classes.name, classes.season.values.tolist()) == (array.dims, "lst", ["dry", "wet"])
    np.testing.assert_array_equal(classes.values, np.where(array.values <= 290, 1, 2))


# The same as for files


@pytest.mark.parametrize("options", [{}, {"chunks": 16}, {"masked": True}, {"masked": True, "chunks": 7}])
@pytest.mark.parametrize(
    "how",
    [
        {"bins": 20},
        {"bins": 7, "closed": "left", "values": [7, 6, 5, 4, 3, 2, 700]},
        {"cutoffs": [280, 290]},
        {"table": ClassTable(codes=(1, 2), edges=(280, 290, 295)), "outside": "clamp"},
        {"table": ClassTable(codes=(1, 2), edges=(280, 290, 295))},
    ],
)
def test_codes_are_those_of_the_file(
    thermal: Path, tmp_path: Path, draw_raster: Draw, how: dict[str, Any], options: dict[str, Any]
) -> None:
    if options.get("masked"):  # rioxarray then applies scale and offset, and the file must have none
        thermal = draw_raster(tmp_path / "plain.tif", opened(thermal).values, nodata=-9999, **UTM)
    classify_file(thermal, tmp_path / "c.tif", raw=True, **how)  # as the array holds them
    with rasterio.open(tmp_path / "c.tif") as file:
        expected = file.read()
    classes = opened(thermal, **options).tsraster.classify(**how)
    assert classes.dtype == expected.dtype
    np.testing.assert_array_equal(classes.values, expected)


def test_round_trip_through_a_file(thermal: Path, tmp_path: Path) -> None:
    classes = opened(thermal, chunks=16).tsraster.classify(bins=5)
    classes.rio.to_raster(tmp_path / "c.tif")
    classes.tsraster.colorize("thermal").rio.to_raster(tmp_path / "p.tif")
    classify_file(thermal, tmp_path / "d.tif", bins=5, color=tmp_path / "q.tif", lut="thermal")
    for ours, theirs in (("c", "d"), ("p", "q")):
        with rasterio.open(tmp_path / f"{ours}.tif") as one, rasterio.open(tmp_path / f"{theirs}.tif") as other:
            np.testing.assert_array_equal(one.read(), other.read())
            assert (one.crs, one.transform, one.dtypes) == (other.crs, other.transform, other.dtypes)
            assert one.nodata == other.nodata
            assert (one.scales[0], one.offsets[0], one.units[0]) == (1, 0, None)
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.nodata == 0
    again = opened(tmp_path / "c.tif")
    np.testing.assert_array_equal(again.tsraster.colorize("thermal").values, opened(tmp_path / "q.tif").values)


@pytest.mark.filterwarnings("ignore:Transform that is non-rectilinear")
def test_a_rotated_raster_stays_rotated(tmp_path: Path, draw_raster: Draw) -> None:
    turned = Affine(30, 5, 500_000, 4, -30, 4_000_000)
    array = opened(draw_raster(tmp_path / "v.tif", NOISE, crs=UTM["crs"], transform=turned))
    array.tsraster.classify(bins=3).rio.to_raster(tmp_path / "c.tif")
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.transform.almost_equals(turned)


# Lazy


def test_cutoffs_and_tables_compute_nothing() -> None:
    for how in ({"cutoffs": [3, 4]}, {"table": ClassTable(codes=(1, 900), edges=(1, 2, 3))}):
        classes = never().tsraster.classify(**how)
        assert classes.chunks == never().chunks
        picture = classes.tsraster.colorize("thermal")
        assert (picture.shape, picture.dtype, picture.chunks) == ((4, 6, 8), np.uint8, ((4,), (3, 3), (3, 3, 2)))
        with pytest.raises(Computed):
            picture.compute()


def test_bins_go_through_the_blocks_once() -> None:
    with pytest.raises(Computed):
        never().tsraster.classify(bins=3)
    calls = []

    def count(block: NDArray[Any]) -> NDArray[Any]:
        calls.append(block.shape)
        return block

    lazy = xr.DataArray(da.from_array(NOISE, chunks=25).map_blocks(count, meta=NOISE[:0]), dims=("y", "x"))
    classes = lazy.tsraster.classify(bins=3)
    assert calls == [(25, 25), (25, 15)] * 2 or sorted(calls) == [(25, 15)] * 2 + [(25, 25)] * 2
    np.testing.assert_array_equal(classes.values, xr.DataArray(NOISE).tsraster.classify(bins=3).values)
    assert len(calls) == 8


def test_a_ramp_for_a_lazy_array_needs_to_know_the_classes() -> None:
    codes = never(dtype="uint8")
    with pytest.raises(UsageError, match="does not say which classes it holds; give their table"):
        codes.tsraster.colorize("thermal")
    assert codes.tsraster.colorize("thermal", table=ClassTable.from_cutoffs([3])).shape == (4, 6, 8)
    assert codes.tsraster.colorize("worldcover").shape == (4, 6, 8)


# Attributes, colors, errors


@pytest.mark.parametrize(
    ("how", "meanings"),
    [
        ({"cutoffs": [5]}, "at_most_5 above_5"),
        ({"cutoffs": [5], "closed": "left"}, "below_5 at_least_5"),
        ({"cutoffs": [-5, 5.5]}, "at_most_-5 -5_5.5 above_5.5"),
        ({"cutoffs": [5], "names": ["open sea", "%!"]}, "open_sea class_2"),
        ({"table": ClassTable(codes=(1,), edges=(0, 5), unit="K")}, "0_5_K"),
    ],
)
def test_flags_say_which_code_is_which_class(how: dict[str, Any], meanings: str) -> None:
    classes = xr.DataArray([[1.0, 9.0]], dims=("y", "x")).tsraster.classify(**how)
    assert classes.attrs["flag_meanings"] == meanings
    assert len(classes.attrs["flag_values"]) == len(meanings.split())
    assert classes.attrs["flag_values"].dtype == classes.dtype


def test_colors_come_from_the_flags_else_from_the_codes_that_occur() -> None:
    classes = xr.DataArray([[1.0, 9.0]], dims=("y", "x")).tsraster.classify(cutoffs=[2, 5])
    assert classes.tsraster.colorize("gray").values[0].tolist() == [[0, 255]]
    assert classes.tsraster.colorize("gray", table=ClassTable.from_cutoffs([1, 2, 3])).values[0].tolist() == [[0, 170]]
    bare = classes.drop_attrs()
    bare[0, 0] = 0
    assert bare.tsraster.colorize("gray").values[[0, 3]].tolist() == [[[0, 128]], [[0, 255]]]
    few = Lut(name="few", kind="classes", keys=(1, 3), colors=((1, 2, 3, 255), (4, 5, 6, 255)))
    assert classes.tsraster.colorize(few).values[:3, 0].T.tolist() == [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(LutError, match="no color for the code 3"):
        classes.tsraster.colorize(Lut(name="one", kind="classes", keys=(1,), colors=((1, 2, 3, 255),)))


def test_flags_that_a_file_holds_only_in_part_are_not_taken_for_all() -> None:
    codes = xr.DataArray(np.array([[1, 1500]], np.uint16), dims=("y", "x"))
    expected = codes.tsraster.colorize("gray")
    codes.attrs["flag_values"] = str(np.arange(1, 2000))
    assert "..." in codes.attrs["flag_values"]
    xr.testing.assert_equal(codes.tsraster.colorize("gray"), expected)


def test_one_band_of_several_can_be_painted(thermal: Path) -> None:
    classes = opened(thermal).tsraster.classify(bins=4)
    whole = classes.tsraster.colorize("gray")
    xr.testing.assert_identical(classes.isel(band=0).tsraster.colorize("gray"), whole)
    xr.testing.assert_identical(classes.isel(band=0, drop=True).tsraster.colorize("gray"), whole)
    both = xr.concat([classes, classes], dim="band")
    with pytest.raises(UsageError, match="needs one band"):
        both.tsraster.colorize("gray")


def test_nodata_of_codes_is_transparent() -> None:
    codes = xr.DataArray(np.array([[1, 255]], np.uint8), dims=("y", "x")).rio.write_nodata(255)
    assert codes.tsraster.colorize("gray").values[3].tolist() == [[255, 0]]


def test_bools_are_0_and_1() -> None:
    mask = xr.DataArray([[True, False]], dims=("y", "x"))
    assert mask.tsraster.classify(cutoffs=[0]).values.tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("values", "how", "error", "text"),
    [
        ([[1.0, 2.0]], {}, UsageError, "give --cutoffs, --bins, --scheme or --table"),
        ([[1.0, 2.0]], {"cutoffs": [1], "values": [1]}, UsageError, "1 codes for 2 classes"),
        ([[1.0, 2.0]], {"table": "nowhere.json"}, TableError, "cannot be read"),
        ([[1.0, 1.0]], {"bins": 2}, DataError, "all 2 valid pixels have the value 1.0"),
        ([[np.nan, np.inf]], {"bins": 2}, DataError, "no pixel is valid"),
        ([[1j]], {"bins": 2}, DataError, "complex"),
        ([["a"]], {"cutoffs": [1]}, DataError, "integers and floats can be classified"),
        (
            [[3.0]],
            {"table": ClassTable(codes=(1,), edges=(0, 1)), "outside": "error"},
            DataError,
            "3.0 is outside of 0 to 1",
        ),
    ],
)
def test_what_cannot_be_is_said(values: Any, how: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        xr.DataArray(values, dims=("y", "x")).tsraster.classify(**how)


def test_only_whole_numbers_can_be_painted() -> None:
    for lut in ("gray", "worldcover"):
        with pytest.raises(DataError, match="class codes are whole numbers, and these are float64"):
            xr.DataArray([[1.0]], dims=("y", "x")).tsraster.colorize(lut)
