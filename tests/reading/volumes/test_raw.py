"""Headerless volumes: options, names, sizes of files that do not fit, and what would."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster.errors import MissingSourceError, ReadError, TsrasterWarning, UsageError
from tsraster.reading.volumes import open_volume
from tsraster.reading.volumes.rawguesses import guess_layouts
from tsraster.reading.volumes.rawnames import RawName, parse_raw_name
from tsraster.volume import Volume

Check = Callable[..., Volume]


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", "uint64"]
)
@pytest.mark.parametrize("order", ["little", "big"])
def test_voxels_are_read_in_any_type_and_order_of_bytes(
    tmp_path: Path, dtype: str, order: str, check_volume: Check
) -> None:
    voxels = np.random.default_rng(1).normal(0, 50, (4, 3, 5)).astype(dtype)
    voxels.astype(voxels.dtype.newbyteorder("<" if order == "little" else ">")).tofile(tmp_path / "a.raw")
    volume = check_volume(tmp_path / "a.raw", voxels, shape=(4, 3, 5), dtype=dtype, byte_order=order)
    assert (volume.form, volume.planes, volume.files) == ("raw", 1, (str(tmp_path / "a.raw"),))


def test_a_header_and_gaps_are_stepped_over(tmp_path: Path, voxels: NDArray[Any], check_volume: Check) -> None:
    planes = [plane.astype("<u2").tobytes() for plane in voxels]
    (tmp_path / "a.bin").write_bytes(b"header!" + b"--gap".join(planes))
    check_volume(tmp_path / "a.bin", voxels, shape=voxels.shape, dtype="16-bit Unsigned", offset=7, gap=5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("berea_crop_200x200x200_uint8.raw", RawName(shape=(200, 200, 200), dtype="uint8")),
        ("berea_400x400x400_8bit.raw", RawName(shape=(400, 400, 400), dtype="uint8")),
        ("rock_1000x1000x1500_uint16_be.raw", RawName(shape=(1500, 1000, 1000), dtype="uint16", byte_order="big")),
        ("boston_teapot_256x256x178_uint8.raw", RawName(shape=(178, 256, 256), dtype="uint8")),
        ("a-512X256x3-16-bit-le.raw", RawName(shape=(3, 256, 512), dtype="uint16", byte_order="little")),
        ("x_4x5x6_float32.vol", RawName(shape=(6, 5, 4), dtype="float32")),
        ("x_4x5x6_u16.vol", RawName(shape=(6, 5, 4), dtype="uint16")),
        ("Berea_2d25um_binary.raw", RawName()),
        ("x_0x5x6.raw", RawName()),
        ("slice_4x5.raw", RawName()),
    ],
)
def test_a_name_says_width_height_planes_type_and_order(name: str, expected: RawName) -> None:
    assert parse_raw_name(f"some/10x10x10/{name}") == expected


def test_what_a_name_says_is_taken_and_its_order_is_said(
    tmp_path: Path, voxels: NDArray[Any], check_volume: Check
) -> None:
    path = tmp_path / "rock_6x5x7_uint16_be.raw"
    voxels.astype(">u2").tofile(path)
    with pytest.warns(TsrasterWarning, match=r"7 planes of 5 rows and 6 columns; --shape 6,5,7 takes it the other way"):
        check_volume(path, voxels)
    check_volume(path, voxels, shape=(7, 5, 6))
    check_volume(path, voxels.reshape(6, 5, 7), shape=(6, 5, 7))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shape": (2, 5, 21)}, r"its name says 6 x 5 x 7, and --shape 2,5,21 is taken"),
        ({"shape": (7, 5, 6), "dtype": "int16"}, "its name says uint16, and --dtype int16 is taken"),
        ({"shape": (7, 5, 6), "byte_order": "little"}, "its name says big, and --byte-order little is taken"),
    ],
)
def test_an_option_goes_before_the_name_and_the_contradiction_is_said(
    tmp_path: Path, voxels: NDArray[Any], options: dict[str, Any], said: str
) -> None:
    path = tmp_path / "rock_6x5x7_uint16_be.raw"
    voxels.tofile(path)
    with pytest.warns(TsrasterWarning, match=said):
        volume = open_volume(path, **options)
    with volume:
        assert volume.shape == options["shape"]
        assert volume.dtype == options.get("dtype", "uint16")


def test_a_cube_is_read_by_its_name_without_a_word(tmp_path: Path) -> None:
    np.zeros(27, np.uint8).tofile(tmp_path / "a_3x3x3.raw")
    with warnings.catch_warnings(), open_volume(tmp_path / "a_3x3x3.raw") as volume:
        warnings.simplefilter("error")
        assert (volume.shape, volume.dtype) == ((3, 3, 3), "uint8")


@pytest.mark.parametrize(
    ("size", "options", "error", "said"),
    [
        (8000, {}, UsageError, r"8000 bytes and no header .* --shape 20,20,20 --dtype uint8 or "),
        (16000, {"dtype": "uint16"}, UsageError, "what would fit is --shape 20,20,20 --dtype uint16"),
        (
            16000,
            {"shape": (20, 20, 20)},
            UsageError,
            "2 bytes for each of 20 x 20 x 20 voxels: give --dtype uint16 or int16",
        ),
        (12000, {"shape": (20, 20, 20)}, UsageError, "1.5 bytes for each of .*, which is no type"),
        (
            8000,
            {"shape": (20, 20, 21), "dtype": "uint8"},
            ReadError,
            "400 bytes too few; what would fit is --shape 20,20,20",
        ),
        (7999, {"shape": (20, 20, 20), "dtype": "uint8"}, ReadError, "1 byte too few; .*or the file is cut off"),
        (8512, {"shape": (20, 20, 20), "dtype": "uint8"}, ReadError, "512 bytes too many; .*--offset 512"),
        (16000, {"shape": (20, 20, 20), "dtype": "uint8"}, ReadError, "--shape 20,20,20 --dtype uint16"),
        (12000, {"shape": (20, 20, 20), "dtype": "uint8"}, ReadError, "--shape 30,20,20 --dtype uint8"),
        (8000, {"shape": (20, 20, 20), "dtype": "uint8", "gap": 3}, ReadError, "with --gap 3 take 8057"),
        (8000, {"shape": (20, 20, 20), "dtype": "uint8", "offset": 9000}, ReadError, "with --offset 9000"),
        (8000, {"shape": (20, 20, 20), "dtype": "uint8", "offset": -1}, UsageError, "numbers of bytes, from 0"),
        (8000, {"shape": (20, 400)}, UsageError, r"--shape 20,400 is no shape .* give planes,rows,columns"),
        (8000, {"shape": (0, 20, 20)}, UsageError, "--shape 0,20,20 is no shape"),
        (
            8000,
            {"shape": (20, 20, 20), "dtype": "uint12"},
            UsageError,
            "'uint12' is no type of voxels; choose from uint8",
        ),
        (8000, {"shape": (20, 20, 20), "dtype": "24-bit RGB"}, UsageError, "convert them to 8-bit gray"),
        (8000, {"shape": (20, 20, 20), "dtype": "1-bit Bitmap"}, UsageError, "voxels of one bit are not read"),
        (8000, {"shape": (20, 20, 20), "byte_order": "middle"}, UsageError, "choose little or big"),
        (8000, {"shape": (20, 20, 20), "dataset": "a"}, UsageError, "--dataset a names an array in HDF5"),
        (8000, {"shape": (20, 20, 20), "voxel_size": "2.5"}, UsageError, "no size of a voxel"),
        (0, {}, UsageError, "0 bytes and no header"),
    ],
)
def test_what_does_not_fit_is_said_with_what_would(
    tmp_path: Path, size: int, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(size))
    with pytest.raises(error, match=said) as caught:
        open_volume(tmp_path / "a.raw", **options)
    assert "\n" not in str(caught.value)


@given(
    planes=st.integers(1, 6),
    rows=st.integers(1, 6),
    cols=st.integers(1, 6),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    offset=st.integers(0, 9),
    gap=st.integers(0, 9),
    wrong=st.integers(-5, 5),
)
@settings(max_examples=60, deadline=None)
def test_a_file_is_read_where_its_size_fits_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    planes: int,
    rows: int,
    cols: int,
    dtype: str,
    offset: int,
    gap: int,
    wrong: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "drawn.raw"
    size = offset + planes * rows * cols * np.dtype(dtype).itemsize + (planes - 1) * gap
    assume(size + wrong >= 0)
    path.write_bytes(bytes(range(256))[: size + wrong].ljust(size + wrong, b"x"))
    options: dict[str, Any] = {"shape": (planes, rows, cols), "dtype": dtype, "offset": offset, "gap": gap}
    if wrong:
        with pytest.raises(ReadError, match=f"take {size}: {abs(wrong)} bytes? too {'few' if wrong < 0 else 'many'}"):
            open_volume(path, **options)
        return
    with open_volume(path, **options) as volume:
        data = path.read_bytes()
        stride = rows * cols * np.dtype(dtype).itemsize + gap
        last = np.frombuffer(data, dtype, rows * cols, offset + (planes - 1) * stride).reshape(rows, cols)
        np.testing.assert_array_equal(volume.read()[-1], last)


@given(sides=st.tuples(*[st.integers(1, 40)] * 3), dtype=st.sampled_from(["uint8", "uint16", "float32"]))
@settings(max_examples=60, deadline=None)
def test_every_guess_fits_the_file(sides: tuple[int, int, int], dtype: str) -> None:
    size = math.prod(sides) * np.dtype(dtype).itemsize
    for guess in guess_layouts(size):
        _, shape, _, name = guess.split()
        assert math.prod(map(int, shape.split(","))) * np.dtype(name).itemsize == size


def test_cubes_are_guessed_first_and_square_planes_next() -> None:
    assert guess_layouts(400**3)[0] == "--shape 400,400,400 --dtype uint8"
    assert "--shape 1500,1000,1000 --dtype uint8" in guess_layouts(1_500_000_000, most=50)
    assert guess_layouts(2 * 300**3)[0] == "--shape 300,300,300 --dtype uint16"
    assert guess_layouts(0) == []


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(8000))
    with open_volume(tmp_path / "a.raw", shape=(20, 20, 20), dtype="uint8") as volume:
        (tmp_path / "a.raw").write_bytes(bytes(4000))
        with pytest.raises(ReadError, match="it has become shorter since it was opened"):
            volume.read(10, 20)
        (tmp_path / "a.raw").unlink()
        with pytest.raises(ReadError, match="cannot be read further"):
            volume.read(0, 1)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="does not exist"):
        open_volume(tmp_path / "none_3x3x3_uint8.raw")


def test_the_size_of_a_voxel_is_that_of_the_option(tmp_path: Path) -> None:
    np.zeros(27, np.uint8).tofile(tmp_path / "a_3x3x3.raw")
    with open_volume(tmp_path / "a_3x3x3.raw", voxel_size="5x2.5x2.5um") as volume:
        assert volume.voxel_size is not None
        assert (*volume.voxel_size.spacing, volume.voxel_size.unit) == (5.0, 2.5, 2.5, "um")


def test_the_crop_of_berea_has_its_known_porosity(shared_data: Path) -> None:
    with open_volume(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw") as volume:
        assert (volume.shape, volume.dtype) == ((200, 200, 200), "uint8")
        pores = sum(int((volume.read(i, i + 64) == 0).sum()) for i in range(0, 200, 64))
    assert pores / volume.voxels == pytest.approx(0.19624925, abs=1e-12)
