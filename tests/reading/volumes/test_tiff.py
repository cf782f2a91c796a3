"""TIFF with several pages: written by tifffile and rasterio; ImageJ's way and OME's."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, ReadError, UsageError
from tsraster.reading.volumes import open_volume
from tsraster.reading.volumes.pieces import PieceReader
from tsraster.volume import Volume

tifffile = pytest.importorskip("tifffile")
Check = Callable[..., Volume]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize(
    ("options", "direct"),
    [
        ({}, True),
        ({"bigtiff": True, "byteorder": ">"}, True),
        ({"byteorder": ">", "metadata": None}, True),
        ({"rowsperstrip": 2}, True),
        ({"compression": "zlib", "predictor": True}, False),
        ({"compression": "zlib", "byteorder": ">"}, False),
        ({"tile": (16, 16)}, False),
    ],
)
def test_pages_are_read_however_they_are_stored(
    tmp_path: Path, dtype: str, options: dict[str, Any], direct: bool, check_volume: Check
) -> None:
    voxels = np.random.default_rng(2).integers(0, 100, (5, 20, 17)).astype(dtype)
    options = {name: value for name, value in options.items() if (name, dtype) != ("predictor", "float32")}
    tifffile.imwrite(tmp_path / "a.tif", voxels, photometric="minisblack", **options)
    volume = check_volume(tmp_path / "a.tif", voxels)
    assert (volume.form, isinstance(volume.reader, PieceReader)) == ("tiff", direct)


def test_pages_that_were_added_one_by_one_are_a_volume(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for plane in voxels:
            file.write(plane, contiguous=False, metadata=None)
    check_volume(tmp_path / "a.tif", voxels)


@pytest.mark.parametrize("compression", ["lzw", "deflate", "packbits", "zstd"])
def test_every_compression_of_gdal_is_read(tmp_path: Path, compression: str, check_volume: Check) -> None:
    import rasterio
    from rasterio.shutil import copy

    from tsraster.raster import without_place_warning

    voxels = np.random.default_rng(3).integers(0, 9, (3, 40, 30), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", voxels, photometric="minisblack", metadata=None)
    profile = {"driver": "GTiff", "width": 30, "height": 40, "count": 1, "dtype": "uint8", "compress": compression}
    for i, plane in enumerate(voxels):
        with without_place_warning(), rasterio.open(tmp_path / "page.tif", "w", **profile) as file:
            file.write(plane, 1)
        with without_place_warning():
            copy(
                tmp_path / "page.tif",
                tmp_path / "b.tif",
                driver="GTiff",
                compress=compression,
                APPEND_SUBDATASET="YES" if i else "NO",
            )
    check_volume(tmp_path / "b.tif", voxels)


def test_a_stack_of_imagej_with_one_directory_is_read_and_measured(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    metadata = {"axes": "ZYX", "spacing": 5.0, "unit": "micron"}
    tifffile.imwrite(tmp_path / "a.tif", voxels, imagej=True, resolution=(0.4, 0.5), metadata=metadata)
    data = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        place = file.series[0].dataoffset
        # As ImageJ does beyond 4 GB: only the first page has a directory.
        at = file.pages[0].offset + 2 + 12 * len(file.pages[0].tags)
    (tmp_path / "b.tif").write_bytes(data[:at] + bytes(4) + data[at + 4 : place + voxels.nbytes])
    for name in ("a.tif", "b.tif"):
        volume = check_volume(tmp_path / name, voxels)
        assert volume.voxel_size is not None
        assert volume.voxel_size.spacing == pytest.approx((5.0, 2.0, 2.5))
        assert volume.voxel_size.unit == "um"


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_metadata_give_the_size_of_a_voxel(
    tmp_path: Path, voxels: NDArray[Any], compression: str | None, check_volume: Check
) -> None:
    metadata = {"axes": "ZYX", "PhysicalSizeX": 2.25, "PhysicalSizeY": 2.5, "PhysicalSizeZ": 4.5}
    metadata |= {f"PhysicalSize{axis}Unit": "nm" for axis in "XYZ"}
    tifffile.imwrite(tmp_path / "a.ome.tif", voxels, ome=True, metadata=metadata, compression=compression)
    volume = check_volume(tmp_path / "a.ome.tif", voxels)
    assert volume.voxel_size is not None
    assert (volume.voxel_size.spacing, volume.voxel_size.unit) == ((4.5, 2.5, 2.25), "nm")


@pytest.mark.parametrize(
    ("resolution", "unit", "side"),
    [((4000, 4000), 3, 2.5), ((72, 72), 2, None), ((100, 100), 2, None), ((1, 1), 1, None), ((25400, 25400), 2, 1.0)],
)
def test_a_resolution_counts_unless_programs_make_it_up(
    tmp_path: Path, voxels: NDArray[Any], resolution: tuple[int, int], unit: int, side: float | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", voxels, resolution=resolution, resolutionunit=unit, metadata=None)
    with open_volume(tmp_path / "a.tif") as volume:
        size = volume.voxel_size
    assert (None if size is None else (size.z, size.x, size.unit)) == (
        None if side is None else pytest.approx((side, side, "um"))
    )


@pytest.mark.parametrize(
    ("shape", "options", "said"),
    [
        (
            (4, 8, 9, 3),
            {"photometric": "rgb"},
            "3 numbers a voxel: it is in color; a volume has one: convert it to 8-bit gray",
        ),
        ((4, 2, 8, 9), {"imagej": True, "metadata": {"axes": "ZCYX"}}, "has 2 channels; .* Split Channels"),
        ((5, 4, 8, 9), {"imagej": True, "metadata": {"axes": "TZYX"}}, "has 5 time points"),
        ((8, 9), {}, "is one plane, 8 x 9; a volume has several"),
        ((2, 3, 4, 8, 9), {"photometric": "minisblack"}, "a volume has three axes"),
        ((4, 8, 9), {"photometric": "minisblack", "dtype": "complex64"}, "complex64, which are not read"),
    ],
)
def test_what_is_no_volume_is_said(tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any], said: str) -> None:
    others = {name: value for name, value in options.items() if name != "dtype"}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(shape, options.get("dtype", "uint8")), **others)
    with pytest.raises(ReadError, match=said):
        open_volume(tmp_path / "a.tif")


def test_time_alone_or_very_many_channels_count_as_planes(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", voxels, imagej=True, metadata={"axes": "TYX"})
    check_volume(tmp_path / "a.tif", voxels)
    stack = np.concatenate([voxels, voxels])
    tifffile.imwrite(tmp_path / "b.tif", stack, imagej=True, metadata={"axes": "CYX"})
    check_volume(tmp_path / "b.tif", stack)
    tifffile.imwrite(tmp_path / "c.tif", voxels[:3], imagej=True, metadata={"axes": "CYX"})
    with pytest.raises(ReadError, match="has 3 channels"):
        open_volume(tmp_path / "c.tif")


def test_two_stacks_in_one_file_are_listed(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((3, 8, 9), np.uint8), photometric="minisblack")
        file.write(np.zeros((4, 6, 7), np.uint8), photometric="minisblack")
    with pytest.raises(ReadError, match=r"2 images of different size \(3 x 8 x 9, 4 x 6 x 7\)"):
        open_volume(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_that_is_cut_off_is_an_error(tmp_path: Path, compression: str | None) -> None:
    voxels = np.random.default_rng(5).integers(0, 255, (6, 30, 30), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", voxels, compression=compression, photometric="minisblack")
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data[: len(data) - 1500])
    with pytest.raises(ReadError, match=r"cut off|damaged|cannot be read"), open_volume(tmp_path / "a.tif") as volume:
        volume.read()
    (tmp_path / "b.tif").write_bytes(data[:9])
    with pytest.raises(ReadError):
        open_volume(tmp_path / "b.tif")


def test_options_of_headerless_files_are_refused_unless_they_agree(tmp_path: Path, voxels: NDArray[Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", voxels)
    open_volume(tmp_path / "a.tif", shape=(7, 5, 6), dtype="uint16").close()
    for options in ({"shape": (7, 6, 5)}, {"dtype": "uint8"}, {"offset": 4}, {"byte_order": "big"}):
        with pytest.raises(UsageError, match=r"says itself that it has 7 x 5 x 6 voxels of uint16; leave --\S+ out"):
            open_volume(tmp_path / "a.tif", **options)


def test_without_tifffile_it_is_said_how_to_install_it(
    tmp_path: Path, voxels: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", voxels)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(MissingExtraError, match=r"needs tifffile; install it with: pip install 'tsraster\[volumes\]'"):
        open_volume(tmp_path / "a.tif")


def test_berea_and_fiberform_have_their_known_voxels(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "microct" / "berea.zip") as archive:
        name = next(name for name in archive.namelist() if name.lower().endswith((".tif", ".tiff")))
        (tmp_path / "berea.tif").write_bytes(archive.read(name))
    with open_volume(tmp_path / "berea.tif") as volume:
        assert (volume.shape, volume.dtype, volume.voxel_size) == ((400, 400, 400), "uint8", None)
        pores = sum(int((volume.read(i, i + 50) == 0).sum()) for i in range(0, 400, 50))
    assert pores / volume.voxels == pytest.approx(0.19645303, abs=5e-9)
    with open_volume(shared_data / "microct" / "100_fiberform.tif") as volume:
        assert (volume.shape, volume.voxel_size) == ((100, 100, 100), None)
        assert (volume.read() <= 108).mean() == pytest.approx(0.846, abs=5e-4)
