"""NRRD: written by hand from its definition; VTK reads the same headers."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.reading.volumes import open_volume
from tsraster.volume import Volume

Check = Callable[..., Volume]
HEAD = ["NRRD0004", "# by hand", "type: unsigned short", "dimension: 3", "sizes: 6 5 7", "key:=value: no field"]


def write_nrrd(path: Path, *lines: str, head: list[str] | None = None, data: bytes | None = b"") -> Path:
    text = "\n".join([*(head or HEAD), *lines]) + "\n"
    path.write_bytes(text.encode() + (b"" if data is None else b"\n" + data))
    return path


ENCODINGS: dict[str, Callable[[NDArray[Any]], bytes]] = {
    "raw": lambda voxels: voxels.astype("<u2").tobytes(),
    "gzip": lambda voxels: gzip.compress(voxels.astype("<u2").tobytes()),
    "gz": lambda voxels: gzip.compress(voxels.astype("<u2").tobytes()),
    "bzip2": lambda voxels: bz2.compress(voxels.astype("<u2").tobytes()),
    "ascii": lambda voxels: "\n".join(" ".join(map(str, row)) for row in voxels.reshape(-1, 6)).encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_read_with_its_header_and_apart(
    tmp_path: Path, voxels: NDArray[Any], encoding: str, check_volume: Check
) -> None:
    data = ENCODINGS[encoding](voxels)
    attached = write_nrrd(tmp_path / "a.nrrd", f"encoding: {encoding}", "endian: little", data=data)
    assert check_volume(attached, voxels).form == "nrrd"
    (tmp_path / "a.dat").write_bytes(data)
    apart = write_nrrd(tmp_path / "a.nhdr", f"encoding: {encoding}", "endian: little", "data file: ./a.dat", data=None)
    assert check_volume(apart, voxels).files == (str(apart), str(tmp_path / "." / "a.dat"))


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_vtk_reads_the_same_from_these_headers(tmp_path: Path, voxels: NDArray[Any], encoding: str) -> None:
    io = pytest.importorskip("vtkmodules.vtkIOImage")
    vtk_to_numpy = pytest.importorskip("vtkmodules.util.numpy_support").vtk_to_numpy

    path = write_nrrd(tmp_path / "a.nrrd", f"encoding: {encoding}", "endian: little", data=ENCODINGS[encoding](voxels))
    reader = io.vtkNrrdReader()
    reader.SetFileName(str(path))
    reader.Update()
    theirs = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(voxels.shape)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(), theirs)


def test_lines_are_skipped_before_unpacking_and_bytes_after(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    data = voxels.astype(">u2").tobytes()
    (tmp_path / "a.gz").write_bytes(b"one\ntwo\n" + gzip.compress(b"123" + data))
    lines: tuple[str, ...] = ("endian: big", "line skip: 2", "byteskip: 3", "datafile: a.gz", "encoding: gzip")
    check_volume(write_nrrd(tmp_path / "a.nhdr", *lines, data=None), voxels)
    (tmp_path / "a.raw").write_bytes(b"one\ntwo\n123" + data)
    lines = ("endian: big", "line skip: 2", "byte skip: 3", "data file: a.raw", "encoding: raw")
    check_volume(write_nrrd(tmp_path / "b.nhdr", *lines, data=None), voxels)
    lines = ("endian: big", "byte skip: -1", "data file: a.raw", "encoding: raw")
    check_volume(write_nrrd(tmp_path / "c.nhdr", *lines, data=None), voxels)


def test_planes_come_from_a_list_or_a_pattern(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    for i, plane in enumerate(voxels, start=1):
        (tmp_path / f"{i:02d}.raw").write_bytes(plane.astype("<u2").tobytes())
    lines = ("encoding: raw", "endian: little")
    pattern = write_nrrd(tmp_path / "a.nhdr", *lines, "data file: %02d.raw 1 7 1", data=None)
    check_volume(pattern, voxels)
    listed = write_nrrd(
        tmp_path / "b.nhdr", *lines, "data file: LIST", *(f"{i:02d}.raw" for i in range(1, 8)), data=None
    )
    check_volume(listed, voxels)


@pytest.mark.parametrize(
    ("lines", "spacing", "unit"),
    [
        (["spacings: 1 2 3", 'units: "mm" "mm" "mm"'], (3, 2, 1), "mm"),
        (
            ["space dimension: 3", "space directions: (0,2,0) (3,0,4) (0,0,7)", 'space units: "um" "um" "um"'],
            (7, 5, 2),
            "um",
        ),
        (["spacings: 1 2 3"], (3, 2, 1), ""),
        (["spacings: 1 2 nan"], None, ""),
        ([], None, ""),
    ],
)
def test_the_size_of_a_voxel_is_read(
    tmp_path: Path, voxels: NDArray[Any], lines: list[str], spacing: tuple[int, ...] | None, unit: str
) -> None:
    with open_volume(
        write_nrrd(tmp_path / "a.nrrd", "encoding: raw", "endian: little", *lines, data=voxels.tobytes())
    ) as volume:
        size = volume.voxel_size
    assert (size.spacing if size else None) == spacing
    assert (size.unit if size else "") == unit


def test_an_axis_of_length_1_is_left_out(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    head = ["NRRD0004", "type: ushort", "dimension: 4", "sizes: 1 6 5 7"]
    lines = ("encoding: raw", "endian: little", "space directions: none (1,0,0) (0,1,0) (0,0,2)")
    volume = check_volume(write_nrrd(tmp_path / "a.nrrd", *lines, head=head, data=voxels.tobytes()), voxels)
    assert volume.voxel_size is not None
    assert volume.voxel_size.spacing == (2, 1, 1)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["encoding: raw"], "does not say its endian"),
        (["endian: little"], "does not say its encoding"),
        (["encoding: hex", "endian: little"], "what is read is raw, gzip, bzip2 and text"),
        (["encoding: raw", "endian: little", "sizes: 6 5"], "a volume has three"),
        (["encoding: raw", "endian: little", "sizes: 3 6 5 7"], "a volume has three"),
        (["encoding: raw", "endian: little", "sizes: 6 5 -7"], "no numbers from 1"),
        (["encoding: raw", "endian: little", "type: block"], "'block', which is not read"),
        (["encoding: gzip", "endian: little", "byte skip: -1"], "only raw data may have"),
        (["encoding: raw", "endian: little", "byte skip: x"], "the byteskip 'x', which is no number"),
        (["encoding: raw", "endian: little"], "is cut off"),
        (["encoding: raw", "endian: little", "data file: ../a.raw"], "only a file beside the header is read"),
        (["encoding: raw", "endian: little", "data file: %d.raw 1 3 1"], "names 3 files for 7 planes"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(ReadError, match=said):
        open_volume(write_nrrd(tmp_path / "a.nrrd", *lines))
