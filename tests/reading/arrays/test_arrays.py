"""Pictures in HDF5, Zarr and .npy are rasters like any other: axes, windows, threads, place."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray
import zarr
from affine import Affine

from tsraster.errors import MissingSourceError, ReadError, TsrasterError, UsageError
from tsraster.raster import Raster, Window
from tsraster.reading.arrays import open_any, open_array, split_source
from tsraster.reading.arrays.axes import Axes, find_axes

PIXELS = np.random.default_rng(0).integers(0, 60_000, (3, 70, 90)).astype(np.uint16)
TAGS = '{"axes": [{"key": "%s"}, {"key": "%s"}, {"key": "%s"}]}'

Save = Callable[[Path, Any], str]


def save_npy(folder: Path, array: Any) -> str:
    np.save(folder / "a.npy", array)
    return str(folder / "a.npy")


def save_hdf5(folder: Path, array: Any) -> str:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("deep/picture", data=array, chunks=tuple(min(32, side) for side in array.shape))
    return str(folder / "a.h5/deep/picture")


def save_zarr(folder: Path, array: Any) -> str:
    zarr.save_array(folder / "a.zarr", array)
    return str(folder / "a.zarr")


SAVES: dict[str, Save] = {"npy": save_npy, "hdf5": save_hdf5, "zarr": save_zarr}


@pytest.fixture(params=list(SAVES))
def save(request: pytest.FixtureRequest) -> Save:
    return SAVES[request.param]


@pytest.mark.parametrize("order", ["yxc", "cyx", "xyc", "cxy", "ycx", "xcy"])
def test_any_order_of_axes_is_read(order: str, save: Save, tmp_path: Path) -> None:
    stored = PIXELS.transpose(["cyx".index(letter) for letter in order])
    with open_array(save(tmp_path, stored), axes=order) as raster:
        assert (raster.shape, len(raster.bands), raster.bands[0].dtype) == ((70, 90), 3, "uint16")
        np.testing.assert_array_equal(raster.read().data, PIXELS)
        window = Window(row=10, col=35, rows=33, cols=40)
        part = raster.read(window, bands=[3, 1]).data
        np.testing.assert_array_equal(part, PIXELS[[2, 0]][:, 10:43, 35:75])
        assert part.flags.c_contiguous


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((70, 90), Axes(row=0, col=1)),
        ((70, 90, 3), Axes(row=0, col=1, band=2)),
        ((3, 70, 90), Axes(row=1, col=2, band=0)),
        ((70, 90, 70), Axes(row=0, col=1, band=2)),
        ((70, 90, 1), Axes(row=0, col=1, band=2)),
        ((1, 70, 90, 3), Axes(row=1, col=2, band=3)),
        ((1, 1, 70, 90, 1), Axes(row=2, col=3)),
    ],
)
def test_axes_without_names_follow_a_convention(shape: tuple[int, ...], axes: Axes) -> None:
    assert find_axes("a.npy", shape) == axes


@pytest.mark.parametrize(
    ("labels", "axes"),
    [
        (["c", "y", "x"], Axes(row=1, col=2, band=0)),
        (["x", "y", "band"], Axes(row=1, col=0, band=2)),
        (["lat", "lon", "time"], Axes(row=0, col=1)),
        (["one", "two", "three"], Axes(row=0, col=1, band=2)),
    ],
)
def test_names_of_axes_are_heeded_where_they_are_known(labels: list[str], axes: Axes) -> None:
    assert find_axes("a.zarr", (70, 90, 1), labels=labels) == axes


@pytest.mark.parametrize(
    ("shape", "order", "kind", "says"),
    [
        ((70, 90, 3), "yx", UsageError, "names 2 axes, but a.npy has 3"),
        ((70, 90, 3), "yxb", UsageError, "'yxb' is no order of axes"),
        ((70, 90, 3), "cyc", UsageError, "no order of axes"),
        ((70, 90, 3), "yxz", ReadError, "has 3 planes, and is no picture"),
        ((4, 5, 6, 7), None, ReadError, "has 4 axes .4 x 5 x 6 x 7. and is no picture"),
        ((9,), None, ReadError, "has 1 axes"),
        ((0, 9), None, ReadError, "no picture"),
    ],
)
def test_what_is_no_picture_is_refused(
    shape: tuple[int, ...], order: str | None, kind: type[TsrasterError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        find_axes("a.npy", shape, order=order)


def test_ilastiks_axistags_are_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        array = file.create_dataset("exported_data", data=PIXELS.transpose(2, 0, 1))
        array.attrs["axistags"] = TAGS % ("x", "c", "y")
        file.create_dataset("other", data=np.zeros((5, 5)))
    with open_any(tmp_path / "a.h5") as raster:
        np.testing.assert_array_equal(raster.read().data, PIXELS)
        assert raster.files == (str(tmp_path / "a.h5"),)


def test_the_picture_inside_a_project_is_read(shared_data: Path) -> None:
    inside = "Input Data/local_data/3cccd446-5f3a-11eb-b5ca-00e04c00063c"
    with open_any(shared_data / "ilastik" / "cells_2d.ilp" / inside) as raster:
        assert (raster.shape, len(raster.bands)) == ((1024, 1344), 1)


def test_threads_read_at_the_same_time(save: Save, tmp_path: Path) -> None:
    with open_array(save(tmp_path, PIXELS)) as raster, ThreadPoolExecutor(8) as pool:
        windows = [Window(row=row, col=col, rows=7, cols=9) for row in range(0, 70, 7) for col in range(0, 90, 9)]
        for window, pixels in zip(windows, pool.map(raster.read, windows), strict=True):
            np.testing.assert_array_equal(pixels.data, PIXELS[:, *window.slices])


def test_another_process_opens_it_anew(save: Save, tmp_path: Path) -> None:
    with open_array(save(tmp_path, PIXELS)) as raster:
        again: Raster = pickle.loads(pickle.dumps(raster))
    with again:
        np.testing.assert_array_equal(again.read().data, PIXELS)


@pytest.mark.parametrize(
    ("stored", "name"),
    [(PIXELS[0] > 9, "uint8"), (PIXELS[0].astype(">u2"), "uint16"), (PIXELS[0].astype(">f4"), "float32")],
    ids=["bool", "big-endian", "big-endian float"],
)
def test_numbers_are_those_of_the_machine(stored: Any, name: str, save: Save, tmp_path: Path) -> None:
    with open_array(save(tmp_path, stored)) as raster:
        data = raster.read().data
        assert (raster.bands[0].dtype, data.dtype.name, data.dtype.isnative) == (name, name, True)
        np.testing.assert_array_equal(data[0], stored)


def test_nan_is_no_data(save: Save, tmp_path: Path) -> None:
    values = PIXELS.astype(np.float32)
    values[1, 5, 6] = np.nan
    with open_array(save(tmp_path, values)) as raster:
        assert raster.can_be_invalid
        assert np.argwhere(~raster.read().valid).tolist() == [[5, 6]]
        assert raster.read(bands=[1]).valid.all()


def test_a_fill_value_is_no_data(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        array = file.create_dataset("a", data=np.array([[1, 0], [0, 2]], np.uint8))
        array.attrs["_FillValue"] = np.uint8(0)
    with open_array(tmp_path / "a.h5") as raster:
        np.testing.assert_array_equal(raster.read().valid, [[True, False], [False, True]])


def test_what_rioxarray_writes_is_read_with_its_place(tmp_path: Path) -> None:
    grid = Affine(30, 0, 5e5, 0, -30, 4e6)
    array = xarray.DataArray(PIXELS, dims=("band", "y", "x"), name="scene").rio.write_crs("EPSG:32616")
    array.rio.write_transform(grid).to_dataset().to_zarr(tmp_path / "a.zarr", zarr_format=2)
    with open_any(tmp_path / "a.zarr") as raster:
        assert (raster.georef.crs, raster.georef.transform) == (array.rio.crs, grid)
        np.testing.assert_array_equal(raster.read().data, PIXELS)


def test_xarray_gets_the_same(save: Save, tmp_path: Path) -> None:
    with open_array(save(tmp_path, PIXELS)) as raster:
        lazy = raster.to_xarray({"y": 32, "x": 32})
        assert lazy.chunks is not None
        assert lazy.dims == ("band", "y", "x")
        np.testing.assert_array_equal(lazy[1, 5:40, 7:50].values, PIXELS[1, 5:40, 7:50])
        np.testing.assert_array_equal(raster.to_xarray().values, PIXELS)
        np.testing.assert_array_equal(lazy.x, np.arange(90) + 0.5)


@pytest.mark.parametrize(
    ("source", "split"),
    [
        ("a/b.H5/c/d", ("a/b.H5", "HDF5", "c/d")),
        ("b.zarr/exported_data/", ("b.zarr", "Zarr", "exported_data")),
        ("b.npy", ("b.npy", "NumPy", "")),
        ("b.tif", None),
        ("/vsizip/b.zip/c.h5", None),
        ("https://somewhere/b.zarr", None),
        ("folder.npz/scan.png", None),
    ],
)
def test_a_source_is_split_at_the_file(source: str, split: tuple[str, str, str] | None) -> None:
    assert split_source(source) == split


def test_a_folder_may_be_called_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "scans.h5").mkdir()
    source = save_npy(tmp_path / "scans.h5", PIXELS)
    assert split_source(source) == (source.replace("\\", "/"), "NumPy", "")
    with open_any(source) as raster:
        assert raster.shape == (70, 90)


def test_the_array_is_named_where_there_are_several(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("left", "right/half", "line"):
            file[name] = np.zeros(5) if name == "line" else np.zeros((5, 6))
    with pytest.raises(
        UsageError, match=r"holds 2 arrays; name one, as in .*a.h5/left: left \(5 x 6\), line \(5\), right"
    ):
        open_array(tmp_path / "a.h5")
    with pytest.raises(UsageError, match=r"has no array 'wrong'; choose from left"):
        open_array(tmp_path / "a.h5" / "wrong")


@pytest.mark.parametrize("ending", [".npy", ".h5", ".zarr"])
def test_damaged_and_missing_files_are_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    with pytest.raises(MissingSourceError, match="does not exist"):
        open_array(path)
    path.write_bytes(b"\x93NUMPY but no more")
    with pytest.raises(ReadError, match="or is damaged"):
        open_array(path)
    with pytest.raises(ReadError, match="no file of arrays"):
        open_array(tmp_path / "a.tif")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ReadError, match="cannot be read as NumPy"):
        open_array(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.zeros((4, 4), complex))
    with pytest.raises(ReadError, match="holds no array of numbers"):
        open_array(tmp_path / "b.npy")


def test_a_chunk_that_is_damaged_is_a_read_error(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        array = file.create_dataset("a", data=PIXELS[0], chunks=(35, 45), compression="gzip")
        place = array.id.get_chunk_info(0)
    with open(tmp_path / "a.h5", "r+b") as raw:
        raw.seek(place.byte_offset)
        raw.write(bytes(place.size))
    with open_array(tmp_path / "a.h5") as raster, pytest.raises(ReadError, match="pixels cannot be read"):
        raster.read()
