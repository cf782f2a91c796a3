"""MetaImage: written by VTK, and by hand from the specification."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from tsraster.errors import MissingSourceError, ReadError
from tsraster.reading.volumes import open_volume
from tsraster.volume import Volume

Check = Callable[..., Volume]
HEAD = "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 6 5 7\nElementType = MET_USHORT\n"


def write_header(path: Path, *lines: str, head: str = HEAD, data: bytes = b"") -> Path:
    path.write_bytes(head.encode() + "".join(f"{line}\n" for line in lines).encode() + data)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("ending", ["mha", "mhd"])
def test_what_vtk_writes_is_read(
    tmp_path: Path, voxels: NDArray[Any], compressed: bool, ending: str, check_volume: Check
) -> None:
    io = pytest.importorskip("vtkmodules.vtkIOImage")
    numpy_to_vtk = pytest.importorskip("vtkmodules.util.numpy_support").numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(6, 5, 7)
    image.SetSpacing(2.5, 2.5, 5)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(), deep=True))
    writer = io.vtkMetaImageWriter()
    writer.SetFileName(str(tmp_path / f"a.{ending}"))
    writer.SetInputData(image)
    writer.SetCompression(compressed)
    writer.Write()
    volume = check_volume(tmp_path / f"a.{ending}", voxels)
    assert volume.form == "metaimage"
    assert volume.voxel_size is not None
    assert volume.voxel_size.spacing == (5, 2.5, 2.5)
    assert len(volume.files) == (1 if ending == "mha" else 2)


@pytest.mark.parametrize("key", ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"])
def test_order_of_bytes_unit_and_header_size_count(
    tmp_path: Path, voxels: NDArray[Any], key: str, check_volume: Check
) -> None:
    (tmp_path / "a.raw").write_bytes(b"0123456789" + voxels.astype(">u2").tobytes())
    for size in (10, -1):
        lines = (
            f"{key} = True",
            f"HeaderSize = {size}",
            "ElementSpacing = 1 2 3",
            "DistanceUnits = um",
            "ElementDataFile = a.raw",
        )
        volume = check_volume(write_header(tmp_path / "a.mhd", *lines), voxels)
        assert volume.voxel_size is not None
        assert (volume.voxel_size.spacing, volume.voxel_size.unit) == ((3, 2, 1), "um")


def test_slices_come_from_a_list_or_a_pattern(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    names = [f"s {2 * i:03d}.raw" for i in range(7)]
    for name, plane in zip(names, voxels, strict=True):
        (tmp_path / name).write_bytes(plane.astype("<u2").tobytes())
    check_volume(write_header(tmp_path / "a.mhd", "ElementDataFile = LIST", *names), voxels)
    check_volume(write_header(tmp_path / "b.mhd", "ElementDataFile = s %03d.raw 0 12 2"), voxels)
    with pytest.raises(ReadError, match="names 6 slices, and its DimSize says 7"):
        open_volume(write_header(tmp_path / "c.mhd", "ElementDataFile = LIST", *names[:6]))
    with pytest.raises(MissingSourceError, match=r"s 001.raw does not exist, and .*d.mhd says"):
        open_volume(write_header(tmp_path / "d.mhd", "ElementDataFile = s %03d.raw 0 6 1"))


def test_compressed_slices_are_unpacked_each(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    names = [f"{i}.zraw" for i in range(7)]
    for name, plane in zip(names, voxels, strict=True):
        (tmp_path / name).write_bytes(zlib.compress(plane.astype("<u2").tobytes()))
    check_volume(write_header(tmp_path / "a.mhd", "CompressedData = True", "ElementDataFile = LIST", *names), voxels)


def test_data_packed_by_gzip_are_taken_too(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(voxels.astype("<u2").tobytes()))
    check_volume(write_header(tmp_path / "a.mhd", "CompressedData = True", "ElementDataFile = a.gz"), voxels)


def test_the_temporary_file_is_removed(tmp_path: Path, voxels: NDArray[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    data = zlib.compress(voxels.astype("<u2").tobytes())
    path = write_header(tmp_path / "a.mha", "CompressedData = True", "ElementDataFile = LOCAL", data=data)
    with open_volume(path) as volume:
        assert not list(folder.iterdir())
        volume.read(3, 4)
        assert len(list(folder.iterdir())) == 1
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["ElementDataFile = /etc/passwd"], "only a file beside the header is read"),
        (["ElementDataFile = ../a.raw"], "only a file beside the header is read"),
        (["ElementDataFile = C:\\a.raw"], "only a file beside the header is read"),
        (["ElementDataFile = gone.raw"], "gone.raw does not exist"),
        (["ElementDataFile = %s%s.raw 1 7 1"], "is no pattern"),
        (["ElementDataFile = %d.raw 1 7 0"], "is no pattern"),
        (["ElementDataFile = short.raw"], "short.raw is cut off: it has 100 bytes, and 420 are needed"),
        (["DimSize = 6 5", "ElementDataFile = LOCAL"], "a volume has three sides"),
        (["DimSize = 6 5 7 2", "ElementDataFile = LOCAL"], "a volume has three sides"),
        (["DimSize = a b c", "ElementDataFile = LOCAL"], "has no numbers for dimsize"),
        (["ElementNumberOfChannels = 3", "ElementDataFile = LOCAL"], "has 3 numbers a voxel"),
        (["ElementType = MET_STRING", "ElementDataFile = LOCAL"], "what is read is MET_CHAR"),
        (["BinaryData = False", "ElementDataFile = LOCAL"], "written as text are not read"),
        (["ObjectType = Tube", "ElementDataFile = LOCAL"], "holds a MetaIO Tube"),
        (["ElementSpacing = 1 2 3"], "has no end"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / "short.raw").write_bytes(bytes(100))
    with pytest.raises(ReadError, match=said):
        open_volume(write_header(tmp_path / "a.mhd", *lines))


@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_damaged_compressed_data_are_an_error_when_they_are_read(
    tmp_path: Path, voxels: NDArray[Any], damage: str
) -> None:
    data = zlib.compress(voxels.tobytes())
    data = data[:200] if damage == "cut" else b"no zlib" + data
    path = write_header(tmp_path / "a.mha", "CompressedData = True", "ElementDataFile = LOCAL", data=data)
    with open_volume(path) as volume, pytest.raises(ReadError, match="damaged or cut off"):
        volume.read()


def test_compressed_data_that_are_too_few_are_an_error(tmp_path: Path) -> None:
    path = write_header(
        tmp_path / "a.mha", "CompressedData = True", "ElementDataFile = LOCAL", data=zlib.compress(bytes(9))
    )
    with (
        open_volume(path) as volume,
        pytest.raises(ReadError, match="9 bytes come out of it, and 420 are needed for 7 x 5 x 6"),
    ):
        volume.read(0, 1)
