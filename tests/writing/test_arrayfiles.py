"""Results in HDF5, Zarr and .npy are read by other programs as they were, with their place and classes."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rasterio
import rioxarray  # noqa: F401, gives arrays their .rio
import xarray
import zarr
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from tsraster.errors import DataError, DestinationExistsError, LossWarning, UsageError, WriteError
from tsraster.lut import Lut
from tsraster.raster import Georef, Window
from tsraster.reading.arrays import open_any
from tsraster.writing import Image, Outputs
from tsraster.writing.arrayfiles import check_result, open_result

SHAPE = (130, 190)
PLACE = Georef(crs=CRS.from_epsg(32621), transform=Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 7_000_000.0))
LUT = Lut(
    name="two",
    kind="classes",
    keys=(1, 2),
    colors=((0, 0, 255, 255), (0, 99, 0, 255)),
    names=("deep water", "tree"),
)
NAMES = ("deep water", "tree", "sand")
PROBABILITIES = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
CODES = np.random.default_rng(1).integers(0, 3, SHAPE).astype(np.uint8)


def describe_probabilities(**more: Any) -> Image:
    said = {"dtype": "float32", "bands": 3, "names": NAMES, "georef": PLACE, "nodata": float("nan"), "tile": (64, 64)}
    return Image(**{"shape": SHAPE, **said, **more})


def describe_codes(**more: Any) -> Image:
    said = {
        "dtype": "uint8",
        "bands": 1,
        "codes": (1, 2),
        "labels": LUT.names,
        "lut": LUT,
        "tags": {"": {"SENSOR": "TM"}},
    }
    return Image(**{"shape": SHAPE, "georef": PLACE, "tile": (64, 64), **said, **more})


def list_windows(rows: int, cols: int, shape: tuple[int, int] = SHAPE) -> list[Window]:
    return [
        Window(row=row, col=col, rows=min(rows, shape[0] - row), cols=min(cols, shape[1] - col))
        for row in range(0, shape[0], rows)
        for col in range(0, shape[1], cols)
    ]


def write(path: Path, image: Image, pixels: Any, windows: list[Window] | None = None, **more: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        writer = open_result(path, image, **more)
    with writer:
        for window in windows or list_windows(64, 64):
            writer.write(window, pixels[..., *window.slices])
    return path


@pytest.mark.parametrize("ending", [".h5", ".hdf5", ".npy", ".zarr", ".tif"])
@pytest.mark.parametrize("windows", [(64, 64), (13, 190), (50, 70)], ids=str)
def test_windows_in_any_order_make_the_same(ending: str, windows: tuple[int, int], tmp_path: Path) -> None:
    order = list_windows(*windows)
    np.random.default_rng(2).shuffle(order)  # type: ignore[arg-type]
    with open_any(write(tmp_path / f"p{ending}", describe_probabilities(), PROBABILITIES, order)) as raster:
        np.testing.assert_array_equal(raster.read().data, PROBABILITIES)
    with open_any(write(tmp_path / f"c{ending}", describe_codes(), CODES, order)) as raster:
        np.testing.assert_array_equal(raster.read().data[0], CODES)


@pytest.mark.parametrize("ending", [".h5", ".zarr", ".tif"])
def test_what_is_known_comes_back(ending: str, tmp_path: Path) -> None:
    with open_any(write(tmp_path / f"p{ending}", describe_probabilities(), PROBABILITIES)) as raster:
        assert (raster.georef.crs, raster.georef.transform) == (PLACE.crs, PLACE.transform)
        assert tuple(band.name for band in raster.bands) == NAMES
        assert np.isnan(raster.bands[0].nodata or 0)
    with open_any(write(tmp_path / f"c{ending}", describe_codes(), CODES)) as raster:
        assert (raster.bands[0].nodata, raster.tags[""]["SENSOR"]) == (0, "TM")
        assert [raster.palette[code] for code in (1, 2)] == list(LUT.colors)
        np.testing.assert_array_equal(raster.read().valid, CODES > 0)


def test_hdf5_is_as_ilastik_writes_it(tmp_path: Path, shared_data: Path) -> None:
    with h5py.File(shared_data / "ilastik" / "cells_2d.ilp") as project:
        known = next(iter(project["Input Data/local_data"].values())).attrs
        axistags, labels = known["axistags"], known["DIMENSION_LABELS"].tolist()
    for image, pixels in ((describe_probabilities(), PROBABILITIES), (describe_codes(), CODES)):
        with h5py.File(write(tmp_path / f"{image.dtype}.h5", image, pixels)) as file:
            array = file["exported_data"]
            np.testing.assert_array_equal(array[()], np.moveaxis(np.atleast_3d(pixels.T).T, 0, -1))
            assert (array.attrs["axistags"], array.attrs["DIMENSION_LABELS"].tolist()) == (axistags, labels)
            assert (array.compression, array.chunks) == ("gzip", (64, 64, image.bands))


def test_class_names_and_colors_are_attributes(tmp_path: Path) -> None:
    with open_result(tmp_path / "c.h5", describe_codes(), dataset="labels") as writer:
        writer.count([5, 7])
    with h5py.File(tmp_path / "c.h5") as file:
        said = file["labels"].attrs
        assert said["class_names"].tolist() == ["deep water", "tree"]
        assert said["class_colors"].tolist() == ["#0000ffff", "#006300ff"]
        assert (said["flag_values"].tolist(), said["flag_meanings"]) == ([1, 2], "deep_water tree")
        assert said["flag_values"].dtype == np.uint8
        assert said["class_pixels"].tolist() == [5, 7]


def test_gdal_reads_the_zarr_with_its_place(tmp_path: Path) -> None:
    with rasterio.open(write(tmp_path / "p.zarr", describe_probabilities(), PROBABILITIES)) as file:
        assert (file.driver, file.crs, file.transform, file.count) == ("Zarr", PLACE.crs, PLACE.transform, 3)
        assert np.isnan(file.nodata)
        np.testing.assert_array_equal(file.read(), PROBABILITIES)
    with rasterio.open(write(tmp_path / "c.zarr", describe_codes(), CODES)) as file:
        assert (file.crs, file.transform, file.nodata) == (PLACE.crs, PLACE.transform, 0)
        np.testing.assert_array_equal(file.read(1), CODES)


def test_the_zarr_is_of_version_2_and_consolidated(tmp_path: Path) -> None:
    path = write(tmp_path / "p.zarr", describe_probabilities(), PROBABILITIES)
    assert json.loads((path / ".zgroup").read_text()) == {"zarr_format": 2}
    assert "exported_data/.zarray" in json.loads((path / ".zmetadata").read_text())["metadata"]
    said = json.loads((path / "exported_data" / ".zarray").read_text())
    assert said["compressor"] == {"id": "zlib", "level": 1}
    np.testing.assert_array_equal(zarr.open_array(path / "exported_data", mode="r")[...], PROBABILITIES)


@pytest.mark.parametrize("ending", [".h5", ".zarr"])
def test_xarray_reads_the_place(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"p{ending}", describe_probabilities(), PROBABILITIES)
    engine: Any = "zarr" if ending == ".zarr" else "netcdf4"
    with xarray.open_dataset(path, engine=engine, decode_coords="all") as read:
        array = read["exported_data"].transpose(..., "y", "x")
        assert (array.rio.crs, array.rio.transform()) == (PLACE.crs, PLACE.transform)
        assert array.rio.bounds() == pytest.approx(PLACE.bounds(SHAPE))
        bands = array if ending == ".zarr" else array.transpose("c", "y", "x")
        np.testing.assert_array_equal(bands.values, PROBABILITIES)


@pytest.mark.parametrize("ending", [".h5", ".zarr"])
@pytest.mark.parametrize(
    "place",
    [
        Georef(),
        Georef(crs=PLACE.crs, transform=Affine(3.0, 1.0, 5.0, 1.0, -3.0, 9.0)),
        Georef(transform=PLACE.transform),
    ],
    ids=["nowhere", "rotated", "without a crs"],
)
def test_every_place_comes_back(place: Georef, ending: str, tmp_path: Path) -> None:
    with open_any(write(tmp_path / f"c{ending}", describe_codes(georef=place), CODES)) as raster:
        assert (raster.georef.crs, raster.georef.transform) == (place.crs, place.transform)


def test_npy_says_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.warns(LossWarning, match="the place, the names and colors of the classes: not in c.npy"):
        open_result(tmp_path / "c.npy", describe_codes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_result(tmp_path / "c.npy", Image(shape=SHAPE, dtype="float32", bands=1, nodata=None))
    assert np.load(write(tmp_path / "c.npy", describe_codes(), CODES)).shape == SHAPE
    assert np.load(write(tmp_path / "p.npy", describe_probabilities(), PROBABILITIES)).shape == (*SHAPE, 3)


@pytest.mark.parametrize("ending", [".h5", ".zarr"])
def test_gcps_that_are_lost_are_said(ending: str, tmp_path: Path) -> None:
    tied = Georef(gcps=(GroundControlPoint(row=0, col=0, x=1, y=2),), gcp_crs=PLACE.crs)
    with pytest.warns(LossWarning, match="the GCPs are left out, because"):
        open_result(tmp_path / f"c{ending}", describe_codes(georef=tied))


@pytest.mark.parametrize("ending", [".h5", ".npy", ".zarr"])
def test_what_is_not_written_is_nodata(ending: str, tmp_path: Path) -> None:
    window = Window(row=64, col=64, rows=10, cols=10)
    for nodata in (float("nan"), -1.0, 0.0):
        path = tmp_path / f"{nodata}{ending}"
        image = describe_probabilities(nodata=nodata, georef=Georef())
        with open_any(write(path, image, PROBABILITIES, [window])) as raster:
            data = raster.read().data
        np.testing.assert_array_equal(data[:, *window.slices], PROBABILITIES[:, *window.slices])
        np.testing.assert_array_equal(data[:, :64], np.full((3, 64, 190), nodata, np.float32))


@pytest.mark.parametrize("ending", [".h5", ".npy", ".zarr"])
def test_pixels_that_do_not_fit_are_refused(ending: str, tmp_path: Path) -> None:
    image = Image(shape=SHAPE, dtype="uint8", bands=1)
    window = Window(row=0, col=0, rows=2, cols=2)
    for pixels in (np.zeros((2, 3), np.uint8), np.zeros((2, 2, 2), np.uint8), np.zeros((2, 2), np.uint16)):
        with (
            open_result(tmp_path / f"a{ending}", image) as writer,
            pytest.raises(DataError, match="has 1 bands of uint8"),
        ):
            writer.write(window, pixels)


@pytest.mark.parametrize("ending", [".h5", ".npy", ".zarr"])
def test_outputs_take_them_whole_or_not_at_all(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"c{ending}"
    image = describe_codes(georef=Georef(), codes=(), labels=(), lut=None)
    with pytest.raises(DataError), Outputs([path], sources=[], overwrite=False) as outputs:
        write(outputs.stage(path), image, CODES.astype(np.uint16))
    assert list(tmp_path.iterdir()) == []
    for value in (1, 2):
        with Outputs([path], sources=[], overwrite=True) as outputs:
            write(outputs.stage(path), image, np.full_like(CODES, value))
        with open_any(path) as raster:
            assert (raster.read().data == value).all()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DestinationExistsError, match="exists already"):
        Outputs([path], sources=[], overwrite=False)


PREAMBLE = """
import os, resource, signal, sys, numpy as np
from pathlib import Path
from tsraster.errors import WriteError
from tsraster.raster import Window
from tsraster.reading.arrays import open_any
from tsraster.writing import Image
from tsraster.writing.arrayfiles import open_result
os.chdir(sys.argv[1])
"""


def run(code: str, folder: Path) -> list[str]:
    """Run code in a process of its own, and return the lines that it prints."""
    command = [sys.executable, "-c", PREAMBLE + code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    # zarr writes pieces at the same time, and those under way when one fails may be mentioned at the end.
    said = [line for line in done.stderr.splitlines() if not line.startswith(("Task was destroyed", "task: <Task"))]
    assert (done.returncode, said) == (0, [])
    return done.stdout.splitlines()


def test_a_full_disk_is_a_write_error(tmp_path: Path) -> None:
    code = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
image = Image(shape=(1024, 1024), dtype="float32", bands=1, nodata=None)
pixels = np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for ending in (".h5", ".npy", ".zarr"):
    try:
        with open_result(Path("a" + ending), image) as writer:
            writer.write(Window(row=0, col=0, rows=1024, cols=1024), pixels)
    except WriteError as error:
        print(error)
"""
    lines = run(code, tmp_path)
    assert [line.split(" (")[0] for line in lines] == [f"a{e} cannot be written" for e in (".h5", ".npy", ".zarr")]
    assert all(line.endswith("(File too large)") for line in lines)


def test_memory_does_not_grow_with_the_image(tmp_path: Path) -> None:
    code = """
pixels = np.ones((2, 256, 2048), np.float32)
windows = [Window(row=row, col=0, rows=256, cols=2048) for row in range(0, 256 * 16, 256)]
def measure():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def pass_on(ending, count):
    image = Image(shape=(256 * count, 2048), dtype="float32", bands=2, nodata=None, tile=(256, 256))
    path = Path(str(count) + ending)
    with open_result(path, image) as writer:
        for window in windows[:count]:
            writer.write(window, pixels)
    with open_any(path) as raster:
        for window in windows[:count]:
            assert (raster.read(window).data == 1).all()
for ending in (".h5", ".npy", ".zarr"):
    pass_on(ending, 2)
before = measure()
for ending in (".h5", ".npy", ".zarr"):
    pass_on(ending, 16)
    print(measure() - before)
"""
    # Each is 56 MB larger.
    assert max(map(int, run(code, tmp_path))) < 20


def test_hdf5_is_written_while_threads_read_hdf5(tmp_path: Path) -> None:
    windows = list_windows(8, 190)
    source = write(tmp_path / "a.h5", describe_probabilities(), PROBABILITIES)
    target = open_result(tmp_path / "b.h5", describe_probabilities())
    with open_any(source) as raster, ThreadPoolExecutor(4) as pool, target as writer:
        for window, pixels in zip(windows, pool.map(raster.read, windows), strict=True):
            writer.write(window, pixels.data)
    with open_any(tmp_path / "b.h5") as raster:
        np.testing.assert_array_equal(raster.read().data, PROBABILITIES)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("a.png", {"dtype": "float32"}, "cannot hold float32, because PNG has uint8 and uint16 only"),
        ("a.jpg", {"dtype": "uint16"}, "JPEG has uint8 only"),
        ("a.png", {"bands": 7}, "cannot hold 7 bands, because PNG has 1 or 3 or 4"),
        ("a.jpg", {"codes": (1,)}, "cannot hold class codes"),
        ("a.n5", {}, r"choose from .tif, .tiff, .png, .jpg, .jpeg, .h5, .hdf5, .npy, .zarr"),
    ],
)
def test_what_a_format_does_not_hold_is_refused(name: str, more: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_result(name, Image(**{"shape": SHAPE, "dtype": "uint8", "bands": 1, **more}))


@pytest.mark.parametrize("dataset", ["", "x", "spatial_ref", "a/../b", "/"])
def test_a_name_that_an_array_cannot_have_is_refused(dataset: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no name of an array"):
        open_result(tmp_path / "a.h5", describe_codes(), dataset=dataset)


@pytest.mark.parametrize("ending", [".h5", ".zarr"])
def test_an_array_may_lie_in_a_group(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"c{ending}", describe_codes(), CODES, dataset="volume/data")
    with open_any(path / "volume" / "data") as raster:
        np.testing.assert_array_equal(raster.read().data[0], CODES)
        assert raster.georef.crs == PLACE.crs


def test_a_probability_map_becomes_a_png(tmp_path: Path) -> None:
    pixels = (PROBABILITIES * 255).astype(np.uint8)
    image = describe_probabilities(dtype="uint8", nodata=None)
    with rasterio.open(write(tmp_path / "p.png", image, pixels)) as file:
        np.testing.assert_array_equal(file.read(), pixels)


def test_a_disk_without_room_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with (
        open_result(tmp_path / "a.npy", Image(shape=SHAPE, dtype="uint8", bands=1)) as writer,
        pytest.raises(WriteError, match=r"a.npy cannot be written: no room is left on the disk"),
    ):
        writer.write(Window(row=0, col=0, rows=130, cols=190), CODES)
