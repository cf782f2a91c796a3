"""Arrays: .npy, HDF5, NetCDF and Zarr, written by their own libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, MissingSourceError, ReadError, UsageError
from tsraster.reading.volumes import open_volume
from tsraster.reading.volumes.npy import ColumnReader
from tsraster.reading.volumes.pieces import PieceReader
from tsraster.volume import Volume

Check = Callable[..., Volume]


# NumPy


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<f4", ">f8", "|u1", "|b1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read_in_any_order(
    tmp_path: Path, voxels: NDArray[Any], dtype: str, order: Any, check_volume: Check
) -> None:
    array = np.asarray(voxels % 2 if dtype == "|b1" else voxels, dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    volume = check_volume(tmp_path / "a.npy", array.view(np.uint8) if dtype == "|b1" else array)
    assert (volume.form, volume.planes) == ("npy", 7 if order == "F" else 1)


def test_fortran_order_is_read_a_few_columns_at_a_time(
    tmp_path: Path, voxels: NDArray[Any], monkeypatch: pytest.MonkeyPatch, check_volume: Check
) -> None:
    monkeypatch.setattr("tsraster.reading.volumes.npy._ROUND_BYTES", 4 * 7 * 5 * 2)
    np.save(tmp_path / "a.npy", np.asfortranarray(voxels))
    assert isinstance(check_volume(tmp_path / "a.npy", voxels).reader, ColumnReader)


def test_float_with_nan_is_read_as_it_is(tmp_path: Path, check_volume: Check) -> None:
    array = np.full((3, 4, 5), np.nan, np.float32)
    array[1] = 2
    np.save(tmp_path / "a.npy", array)
    check_volume(tmp_path / "a.npy", array)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 5)), r"2 axes \(4 x 5\); a volume has three"),
        (np.zeros((2, 3, 4, 5)), "a volume has three"),
        (np.zeros((0, 4, 5)), "a volume has three"),
        (np.zeros((2, 3, 4), complex), "complex128, which are not read"),
    ],
)
def test_npy_that_is_no_volume_is_said(tmp_path: Path, array: NDArray[Any], said: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ReadError, match=said):
        open_volume(tmp_path / "a.npy")


def test_npy_never_runs_pickles_and_notices_damage(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[[{}]]], object), allow_pickle=True)
    with pytest.raises(ReadError, match="not read"):
        open_volume(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.zeros((3, 4, 5)))
    data = (tmp_path / "b.npy").read_bytes()
    for cut, said in ((40, "damaged"), (300, "is cut off")):
        (tmp_path / "b.npy").write_bytes(data[:cut])
        with pytest.raises(ReadError, match=said):
            open_volume(tmp_path / "b.npy")


# HDF5


@pytest.mark.parametrize(
    ("options", "planes", "direct"),
    [
        ({}, 1, True),
        ({"chunks": (2, 5, 3)}, 2, False),
        ({"chunks": (3, 2, 6), "compression": "gzip", "shuffle": True}, 3, False),
    ],
)
def test_the_only_volume_in_hdf5_is_found(
    tmp_path: Path, voxels: NDArray[Any], options: dict[str, Any], planes: int, direct: bool, check_volume: Check
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["angles"] = np.arange(9.0)
        data = file.create_dataset("entry/volume", data=voxels.astype(">u2"), **options)
        data.attrs["element_size_um"] = [5, 2.5, 2.25]
    volume = check_volume(tmp_path / "a.h5", voxels)
    assert (volume.form, volume.planes, isinstance(volume.reader, PieceReader)) == ("hdf5", planes, direct)
    assert volume.voxel_size is not None
    assert (volume.voxel_size.spacing, volume.voxel_size.unit) == ((5, 2.5, 2.25), "um")
    check_volume(tmp_path / "a.h5", voxels, dataset="/entry/volume")


def test_a_user_block_before_hdf5_is_heeded(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["v"] = voxels
    check_volume(tmp_path / "a.h5", voxels)


def test_several_volumes_in_hdf5_are_listed_and_those_of_synchrotrons_known(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/first"] = voxels[None]
        file["second"] = voxels[::-1]
    with pytest.raises(
        ReadError, match=r"holds 2 volumes; choose --dataset from a/first \(1 x 7 x 5 x 6\), second \(7 x 5 x 6\)"
    ):
        open_volume(tmp_path / "a.h5")
    check_volume(tmp_path / "a.h5", voxels, dataset="a/first")
    with pytest.raises(UsageError, match="has no array 'third'; choose --dataset from a/first"):
        open_volume(tmp_path / "a.h5", dataset="third")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["exchange/data"] = voxels
    check_volume(tmp_path / "a.h5", voxels)


def test_hdf5_without_a_volume_or_damaged_is_said(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["flat"] = np.zeros((4, 5))
        file["text"] = "no numbers"
        file["movie"] = np.zeros((2, 3, 4, 5), np.uint8)
    with pytest.raises(ReadError, match=r"no array with three axes.* it has flat \(4 x 5\), movie \(2 x 3 x 4 x 5\)"):
        open_volume(tmp_path / "a.h5")
    with pytest.raises(ReadError, match="4 axes"):
        open_volume(tmp_path / "a.h5", dataset="movie")
    (tmp_path / "b.h5").write_bytes((tmp_path / "a.h5").read_bytes()[:900])
    with pytest.raises(ReadError, match="damaged"):
        open_volume(tmp_path / "b.h5")


# NetCDF


@pytest.mark.parametrize("kind", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4"])
@pytest.mark.parametrize("unlimited", [False, True])
def test_netcdf_is_read_with_its_coordinates(
    tmp_path: Path, voxels: NDArray[Any], kind: Any, unlimited: bool, check_volume: Check
) -> None:
    netcdf = pytest.importorskip("netCDF4")
    array = voxels.astype(np.int16)
    with netcdf.Dataset(tmp_path / "a.nc", "w", format=kind) as file:
        for name, side, step in (("z", 7, 5.0), ("y", 5, 2.5), ("x", 6, 2.5)):
            file.createDimension(name, None if unlimited and name == "z" else side)
            scale = file.createVariable(name, "f8", (name,))
            scale.units = "micrometer"
            scale[:] = np.arange(side) * step
        file.createVariable("ct", "i2", ("z", "y", "x"), fill_value=-1)[:] = array
        file.createVariable("mean", "f8", ("z",))[:] = 0
    volume = check_volume(tmp_path / "a.nc", array)
    assert (volume.form, volume.nodata) == ("netcdf", -1)
    assert volume.voxel_size is not None
    assert (volume.voxel_size.spacing, volume.voxel_size.unit) == ((5, 2.5, 2.5), "um")
    with pytest.raises(UsageError, match="has no array 'gone'"):
        open_volume(tmp_path / "a.nc", dataset="gone")


@pytest.mark.parametrize("size", [5, 40, 200])
def test_netcdf_that_is_cut_off_is_said(tmp_path: Path, voxels: NDArray[Any], size: int) -> None:
    netcdf = pytest.importorskip("netCDF4")
    with netcdf.Dataset(tmp_path / "a.nc", "w", format="NETCDF3_CLASSIC") as file:
        for axis, side in zip("zyx", voxels.shape, strict=True):
            file.createDimension(axis, side)
        file.createVariable("ct", "i2", ("z", "y", "x"))[:] = voxels.astype(np.int16)
    (tmp_path / "a.nc").write_bytes((tmp_path / "a.nc").read_bytes()[:size])
    with pytest.raises(ReadError, match=r"damaged|cut off"):
        open_volume(tmp_path / "a.nc")


def test_a_single_record_variable_is_not_padded(tmp_path: Path, check_volume: Check) -> None:
    netcdf = pytest.importorskip("netCDF4")
    array = np.arange(5 * 3 * 3, dtype=np.int8).reshape(5, 3, 3)
    with netcdf.Dataset(tmp_path / "a.nc", "w", format="NETCDF3_CLASSIC") as file:
        for axis, side in (("z", None), ("y", 3), ("x", 3)):
            file.createDimension(axis, side)
        file.createVariable("ct", "i1", ("z", "y", "x"))[:] = array
    check_volume(tmp_path / "a.nc", array)


# Zarr


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_array_is_read(tmp_path: Path, voxels: NDArray[Any], version: Any, check_volume: Check) -> None:
    zarr = pytest.importorskip("zarr")
    array = zarr.create_array(
        store=str(tmp_path / "a.zarr"), shape=voxels.shape, chunks=(3, 2, 6), dtype=voxels.dtype, zarr_format=version
    )
    array[:] = voxels
    volume = check_volume(tmp_path / "a.zarr", voxels)
    assert (volume.form, volume.planes) == ("zarr", 3)


@pytest.mark.parametrize("version", [2, 3])
def test_the_finest_level_of_ome_zarr_is_read_with_its_scale(
    tmp_path: Path, voxels: NDArray[Any], version: Any, check_volume: Check
) -> None:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=version)
    levels = [voxels, voxels[::2, ::2, ::2]]
    for i, level in enumerate(levels):
        sides = (1, 1, *level.shape)
        group.create_array(str(i), shape=sides, chunks=(1, 1, 2, 5, 6), dtype=level.dtype)[:] = level[None, None]
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    axes += [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    steps = [[1, 1, 4 * 2**i, 2 * 2**i, 2 * 2**i] for i in range(2)]
    datasets = [
        {"path": str(i), "coordinateTransformations": [{"type": "scale", "scale": step}]}
        for i, step in enumerate(steps)
    ]
    shared = [{"type": "scale", "scale": [1, 1, 0.5, 0.5, 0.5]}]
    multiscales = [{"axes": axes, "datasets": datasets, "coordinateTransformations": shared}]
    group.attrs.update({"multiscales": multiscales} if version == 2 else {"ome": {"multiscales": multiscales}})
    for dataset, level, factor in ((None, levels[0], 1), ("1", levels[1], 2)):
        volume = check_volume(tmp_path / "a.zarr", level, dataset=dataset)
        assert volume.voxel_size is not None
        assert (volume.voxel_size.spacing, volume.voxel_size.unit) == ((2 * factor, factor, factor), "um")


def test_several_channels_of_ome_zarr_are_refused(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    group.create_array("0", shape=(2, 4, 5, 6), dtype="uint8")
    group.attrs["multiscales"] = [{"axes": [{"name": axis} for axis in "czyx"], "datasets": [{"path": "0"}]}]
    with pytest.raises(ReadError, match=r"no array with three axes|has 2 channels"):
        open_volume(tmp_path / "a.zarr")
    with pytest.raises(ReadError, match="has 2 channels; a volume has one"):
        open_volume(tmp_path / "a.zarr", dataset="0")


def test_damaged_zarr_is_said(tmp_path: Path, voxels: NDArray[Any]) -> None:
    zarr = pytest.importorskip("zarr")
    array = zarr.create_array(
        store=str(tmp_path / "a.zarr"), shape=(7, 5, 6), chunks=(7, 5, 6), dtype="uint16", zarr_format=3
    )
    array[:] = voxels
    chunk = next(path for path in (tmp_path / "a.zarr" / "c").rglob("*") if path.is_file())
    chunk.write_bytes(b"noise")
    with open_volume(tmp_path / "a.zarr") as volume, pytest.raises(ReadError, match=r"planes 0 to 7 .* cannot be read"):
        volume.read()
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ReadError, match="damaged"):
        open_volume(tmp_path / "a.zarr")


# All


@pytest.mark.parametrize(("module", "name"), [("h5py", "a.h5"), ("zarr", "a.zarr")])
def test_without_a_library_it_is_said_how_to_install_it(
    tmp_path: Path, module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module == "h5py":
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / "zarr.json").write_text("{}")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"needs {module}; install it with: pip install 'tsraster\[volumes\]'"):
        open_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"plain text that is no volume", "is no volume that is known .* give --shape z,y,x and --dtype"),
        (b"\x1f\x8bxxxxxxxx", "is packed by gzip; unpack it first"),
        (b"PK\x03\x04xxxxxxxx", "is packed by zip; unpack it first"),
    ],
)
def test_what_is_no_volume_is_said(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.xyz").write_bytes(data)
    with pytest.raises(ReadError, match=said):
        open_volume(tmp_path / "a.xyz")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for source, said in (("", "empty name"), (str(tmp_path / "gone.tif"), "gone.tif does not exist")):
        with pytest.raises(MissingSourceError, match=said):
            open_volume(source)
