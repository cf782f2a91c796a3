"""Volumes of labels arrive whole, as other programs read them, or not at all."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from tsraster.errors import DataError, LossWarning, MissingExtraError, WriteError
from tsraster.volume import VoxelSize
from tsraster.writing import Outputs
from tsraster.writing.labelvolumes import PlaneWriter, StackWriter
from tsraster.writing.metaimages import MetaImageWriter
from tsraster.writing.omezarr import OmeZarrWriter

SHAPE = (37, 30, 70)
LABELS = np.random.default_rng(0).integers(0, 100_000, SHAPE).astype(np.int32)
CODES = (LABELS % 256).astype(np.uint8)
SIZE = VoxelSize(z=2.5, y=0.75, x=0.3, unit="um")
COLORS = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)

Make = Callable[..., PlaneWriter]
WRITERS: dict[str, Make] = {".tif": StackWriter, ".mha": MetaImageWriter, ".zarr": OmeZarrWriter}


def write_all(writer: PlaneWriter, volume: np.ndarray, height: int) -> None:
    with writer:
        for start in range(0, len(volume), height):
            writer.write(start, volume[start : start + height])


@contextmanager
def small_disk(most: int) -> Iterator[None]:
    """Let no file become larger than so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("height", [1, 7, 64])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint32"])
def test_a_stack_is_read_back(tmp_path: Path, dtype: str, height: int) -> None:
    path = tmp_path / "labels.tif"
    volume = CODES if dtype == "uint8" else LABELS
    write_all(StackWriter(path, SHAPE, dtype), volume, height)
    read = tifffile.imread(path)
    np.testing.assert_array_equal(read, volume)
    assert read.dtype == dtype


def test_a_palette_stack_says_its_colors_and_the_size_of_voxels(tmp_path: Path) -> None:
    path = tmp_path / "codes.tif"
    write_all(StackWriter(path, SHAPE, voxel_size=SIZE, colors=COLORS), CODES, 7)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 37
        for page in (file.pages[0], file.pages[36]):
            assert page.photometric == tifffile.PHOTOMETRIC.PALETTE  # type: ignore[union-attr]
            np.testing.assert_array_equal(page.colormap.T // 257, COLORS)  # type: ignore[union-attr]
        tags = file.pages[0].tags  # type: ignore[union-attr]
        per_unit = [tags[name].value for name in ("YResolution", "XResolution")]
        assert [bottom / top for top, bottom in per_unit] == [0.75, 0.3]
        assert tags["ResolutionUnit"].value == 1
        said = file.imagej_metadata
        assert said is not None
        assert (said["unit"], said["spacing"], said["slices"]) == ("micron", 2.5, 37)
        # Older versions of ImageJ believe it, and then do not look for further pages, compressed or not.
        assert "images" not in said


@pytest.mark.parametrize("length", [3.1234567e-9, 0.1, 1 / 3, 0.345678901234, 2.25, 123456.789, 3e9])
def test_any_size_of_voxels_is_kept(tmp_path: Path, length: float) -> None:
    path = tmp_path / "codes.tif"
    with StackWriter(path, (1, 2, 2), voxel_size=VoxelSize(z=1, y=length, x=length, unit="m")) as writer:
        writer.write(0, CODES[:1, :2, :2])
    with tifffile.TiffFile(path) as file:
        top, bottom = file.pages[0].tags["XResolution"].value  # type: ignore[union-attr]
        assert bottom / top == pytest.approx(length, rel=1e-6)


@pytest.mark.parametrize("length", [1e-12, 1e12])
def test_a_size_that_a_tiff_cannot_hold_is_left_out_aloud(tmp_path: Path, length: float) -> None:
    path = tmp_path / "codes.tif"
    size = VoxelSize(z=1, y=1, x=length, unit="m")
    with pytest.warns(LossWarning, match="does not say how large"):
        writer = StackWriter(path, (1, 2, 2), voxel_size=size)
    write_all(writer, CODES[:1, :2, :2], 1)
    with tifffile.TiffFile(path) as file:
        assert "unit" not in (file.imagej_metadata or {})


def test_gdal_reads_each_plane(tmp_path: Path, gdalinfo: Callable[[Path], dict[str, Any]]) -> None:
    path = tmp_path / "codes.tif"
    write_all(StackWriter(path, SHAPE, voxel_size=SIZE, colors=COLORS), CODES, 7)
    said = gdalinfo(path)
    assert len(said["metadata"]["SUBDATASETS"]) == 2 * 37
    assert said["bands"][0]["colorTable"]["entries"][9][:3] == COLORS[9].tolist()


def test_a_stack_above_four_gigabytes_is_a_bigtiff(tmp_path: Path) -> None:
    path = tmp_path / "big.tif"
    shape = (5000, 1000, 1000)
    with pytest.raises(WriteError, match="has 1 planes of 5000"), StackWriter(path, shape) as writer:
        writer.write(0, np.zeros((1, 1000, 1000), np.uint8))
    assert path.read_bytes()[:4] == b"II\x2b\x00"


def test_a_metaimage_has_the_header_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "labels.mha"
    write_all(MetaImageWriter(path, SHAPE, "int32", voxel_size=SIZE), LABELS, 7)
    head, _, voxels = path.read_bytes().partition(b"ElementDataFile = LOCAL\n")
    said = dict(line.split(" = ", 1) for line in head.decode().splitlines())
    assert said["DimSize"] == "70 30 37"
    assert said["ElementSpacing"] == "0.3 0.75 2.5"
    assert (said["ElementType"], said["BinaryDataByteOrderMSB"]) == ("MET_INT", "False")
    np.testing.assert_array_equal(np.frombuffer(voxels, "<i4").reshape(SHAPE), LABELS)


def test_vtk_reads_a_metaimage(tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    path = tmp_path / "labels.mha"
    write_all(MetaImageWriter(path, SHAPE, "int32", voxel_size=SIZE), LABELS, 7)
    image = pyvista.read(path)
    assert image.dimensions == (70, 30, 37)
    assert image.spacing == pytest.approx((0.3, 0.75, 2.5))
    np.testing.assert_array_equal(np.asarray(image.active_scalars).reshape(SHAPE), LABELS)


@pytest.mark.parametrize("height", [1, 7, 16, 64])
def test_an_omezarr_has_a_pyramid_whatever_the_slabs(tmp_path: Path, height: int) -> None:
    path = tmp_path / "labels.zarr"
    write_all(OmeZarrWriter(path, SHAPE, "int32", voxel_size=SIZE), LABELS, height)
    group = zarr.open_group(path, mode="r")
    assert sorted(group.array_keys()) == ["0", "1"]
    for level in range(2):
        array: Any = group[str(level)]
        step = 2**level
        np.testing.assert_array_equal(array[:], LABELS[::step, ::step, ::step])
        assert array.metadata.dimension_names == ("z", "y", "x")


def test_an_omezarr_follows_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "labels.zarr"
    write_all(OmeZarrWriter(path, SHAPE, voxel_size=SIZE, name="pores", colors=COLORS[:3]), LABELS, 7)
    stored = json.loads((path / "zarr.json").read_text())
    assert (stored["zarr_format"], stored["node_type"]) == (3, "group")
    said = stored["attributes"]["ome"]
    assert said["version"] == "0.5"
    (pyramid,) = said["multiscales"]
    assert pyramid["axes"] == [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    assert [level["path"] for level in pyramid["datasets"]] == ["0", "1"]
    assert [level["coordinateTransformations"] for level in pyramid["datasets"]] == [
        [{"type": "scale", "scale": [2.5, 0.75, 0.3]}],
        [{"type": "scale", "scale": [5.0, 1.5, 0.6]}],
    ]
    listed = said["image-label"]["colors"]
    assert listed == [{"label-value": n, "rgba": [*COLORS[n].tolist(), 255]} for n in (1, 2)]
    assert "unit" not in str(OmeZarrWriter(tmp_path / "b.zarr", SHAPE)._said)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_full_disk_is_a_write_error_and_leaves_nothing(tmp_path: Path, ending: str) -> None:
    destination = tmp_path / f"labels{ending}"
    with (
        pytest.raises(WriteError, match=r"labels\S* cannot be written \(File too large\)"),
        Outputs([destination], sources=[], overwrite=False) as outputs,
        small_disk(20_000),
    ):
        write_all(WRITERS[ending](outputs.stage(destination), SHAPE, "int32"), LABELS, 7)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", WRITERS)
def test_a_volume_is_published_whole(tmp_path: Path, ending: str) -> None:
    destination = tmp_path / f"labels{ending}"
    with Outputs([destination], sources=[], overwrite=False) as outputs:
        write_all(WRITERS[ending](outputs.stage(destination), SHAPE, "int32"), LABELS, 7)
        assert not destination.exists()
    assert [path.name for path in tmp_path.iterdir()] == [destination.name]


@pytest.mark.parametrize("ending", WRITERS)
def test_slabs_come_in_order_and_all_of_them(tmp_path: Path, ending: str) -> None:
    with (  # noqa: PT012
        pytest.raises(WriteError, match="without gaps"),
        WRITERS[ending](tmp_path / f"a{ending}", SHAPE, "int32") as writer,
    ):
        writer.write(0, LABELS[:2])
        writer.write(3, LABELS[3:5])
    with (
        pytest.raises(WriteError, match="has 2 planes of 37"),
        WRITERS[ending](tmp_path / f"b{ending}", SHAPE, "int32") as writer,
    ):
        writer.write(0, LABELS[:2])


@pytest.mark.parametrize("ending", WRITERS)
def test_no_value_is_changed_by_a_cast(tmp_path: Path, ending: str) -> None:
    with (  # noqa: PT012
        pytest.raises(DataError, match="do not fit into uint8: 0 to 255"),
        WRITERS[ending](tmp_path / f"a{ending}", SHAPE, "uint8") as writer,
    ):
        writer.write(0, LABELS % 256)
        writer.write(37, LABELS[:0])
        writer._done = 0
        writer.write(0, LABELS)


@pytest.mark.parametrize(("module", "make"), [("tifffile", StackWriter), ("zarr", OmeZarrWriter)])
def test_without_a_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, make: Make
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tsraster\[volumes\]'"):
        make(tmp_path / "a", SHAPE)
