"""ImageJ's tables: raw, of NIH Image, as text, and what ImageJ would read that nobody meant."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest

from tsraster.errors import LutError, LutFormatError, LutWarning
from tsraster.lut import Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.imagejlut import IMAGEJ
from tsraster.lutfiles.lutformat import LutFile

STEPS = np.arange(256)
WARM = np.stack([STEPS, STEPS // 2, 255 - STEPS], axis=1).astype(np.uint8)
"""256 colors that change slowly, shape (256, 3)."""
RAW = WARM.T.tobytes()


def read(data: bytes) -> Lut:
    return IMAGEJ.read(LutFile(name="mine", data=data))


def levels(lut: Lut) -> list[list[int]]:
    assert lut.kind == "index"
    assert lut.is_opaque
    return lut.array[:, :3].tolist()


def rows(colors: np.ndarray = WARM, index: bool = False, separator: str = "\t") -> list[str]:
    return [separator.join(map(str, [*([i] if index else []), *color])) for i, color in enumerate(colors.tolist())]


def test_raw_bytes_are_all_reds_then_all_greens_then_all_blues() -> None:
    assert levels(read(RAW)) == WARM.tolist()


def test_of_970_bytes_the_first_768_are_read() -> None:
    assert levels(read(RAW + bytes(202))) == WARM.tolist()


def test_768_bytes_are_raw_even_if_they_begin_like_nih_image() -> None:
    assert levels(read(b"ICOL" + RAW[4:]))[:4] == [[level, *WARM[i, 1:]] for i, level in enumerate(b"ICOL")]


def test_what_is_written_is_raw() -> None:
    lut = Lut(name="mine", kind="index", colors=tuple((*color, 255) for color in WARM.tolist()))
    assert IMAGEJ.write(lut) == RAW
    assert read(RAW) == lut


# NIH Image ---------------------------------------------------------------------------------------------------------------


def nih(count: int, colors: bytes, magic: bytes = b"ICOL") -> bytes:
    return struct.pack(">4s4h", magic, 42, count, 0, 255).ljust(32, b"\0") + colors


def test_nih_image_of_256_colors() -> None:
    assert levels(read(nih(256, RAW))) == WARM.tolist()
    assert IMAGEJ.recognize(nih(256, RAW))


def test_fewer_colors_of_nih_image_are_interpolated_as_imagej_does() -> None:
    """By hand from LutLoader.interpolate: color i is at i * 4 / 256, its fraction is cut off, and the last color stays."""
    reds, greens, blues = (0, 100, 50, 255), (0, 1, 2, 3), (255, 254, 0, 0)
    found = levels(read(nih(4, bytes([*reds, *greens, *blues])).ljust(800, b"\0")))
    assert [found[i] for i in (0, 64, 128, 192, 255)] == [
        [0, 0, 255],
        [100, 1, 254],
        [50, 2, 0],
        [255, 3, 0],
        [255, 3, 0],
    ]
    assert found[32] == [50, 0, 254]  # 254.5 cut off
    assert found[33] == [51, 0, 254]  # 51.56, 0.51, 254.48
    assert found[100] == [71, 1, 111]  # 71.875, 1.5625, 111.125


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"ICOL", "the header of NIH Image is cut off; it has 32 bytes, and this file has 4"),
        (nih(0, RAW), "says 0 colors; there are 1 to 256"),
        (nih(257, RAW), "says 257 colors"),
        (nih(-1, RAW), "says 65535 colors"),
        (nih(256, RAW[:-1]), "the file is cut off: 256 colors need 800 bytes, and it has 799"),
    ],
)
def test_a_broken_header_of_nih_image_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(LutFormatError, match=words):
        read(data)


# Text --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [" ", "\t", ",", ", ", "   "])
@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("header", [[], ["Index\tRed\tGreen\tBlue"]], ids=["no header", "header"])
def test_text_of_three_or_four_columns_is_read(separator: str, index: bool, header: list[str]) -> None:
    text = "\r\n".join([*header, *rows(index=index, separator=separator), ""])
    assert levels(read(text.encode())) == WARM.tolist()


def test_a_fraction_is_cut_off_as_imagej_does() -> None:
    text = "\n".join(rows()).replace("\t", ".9\t")
    assert levels(read(text.encode())) == WARM.tolist()


def test_of_257_rows_the_first_is_left_out_and_that_is_said() -> None:
    text = "\n".join(["7 7 7", *rows(separator=" ")])
    with pytest.warns(LutWarning, match="mine, line 1: of 257 rows ImageJ leaves out the first"):
        assert levels(read(text.encode())) == WARM.tolist()


def test_a_first_column_that_is_no_position_is_said() -> None:
    text = "\n".join(f"{10 * i} {row}" for i, row in enumerate(rows(separator=" ")))
    with pytest.warns(LutWarning, match="leaves out the first column.*--lut-format gdal"):
        assert levels(read(text.encode())) == WARM.tolist()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["0 0 0"] * 255, "mine: 255 rows of numbers, where a table for ImageJ has 256"),
        (["0 0 0"] * 259, "mine: 259 rows"),
        (["0 0"] * 256, "mine, line 1: 2 numbers in a row; write 3"),
        (["0;0;0"] * 256, "mine: 0 rows of numbers|mine, line 2: 1 numbers in a row"),
        (["0 0 0"] * 255 + ["0 0"], "mine, line 256: 2 numbers"),
        (["0 0 0"] * 255 + ["0 0 256"], "mine, line 256: 256 is out of range"),
        (["0 0 0"] * 255 + ["0 0 -1"], "mine, line 256: -1 is out of range"),
        (["0 0 0"] * 255 + ["0 0 red"], "mine, line 256: 'red' is no finite number"),
    ],
)
def test_text_that_is_no_table_is_refused_with_its_line(lines: list[str], words: str) -> None:
    with pytest.raises(LutFormatError, match=words):
        read("\n".join(lines).encode())


@pytest.mark.parametrize(
    "text", ["# classes\n1 0 99 0\n2 0 0 255\n", "1 0 99 0 128 wood\n2 blue\n", "0%,0,0,0\n100%,255,255,255\n"]
)
def test_the_color_text_of_another_program_is_named(text: str) -> None:
    with pytest.raises(
        LutFormatError, match="looks like lines of a code and its color: say --lut-format gdal, or --lut-format otb"
    ):
        read(text.encode())


@pytest.mark.parametrize("size", [1, 767, 769, 800, 972])
def test_bytes_of_another_number_are_refused(size: int) -> None:
    with pytest.raises(LutFormatError, match=f"^mine: {size} bytes are no ImageJ table: raw ones have 768"):
        read(bytes(size))


# The other order ---------------------------------------------------------------------------------------------------------


def test_a_table_in_the_order_of_adobe_is_said() -> None:
    with pytest.warns(LutWarning, match="looks like an Adobe table, so name it .act or say --lut-format adobe"):
        read(WARM.tobytes())


def test_grays_in_the_order_of_adobe_are_said_though_they_are_smooth_in_both() -> None:
    grays = np.repeat(STEPS.astype(np.uint8), 3).tobytes()
    assert max(abs(a - b) for a, b in pairwise(grays)) == 1
    with pytest.warns(LutWarning, match="looks like an Adobe table"):
        read(grays)


@pytest.mark.parametrize("name", ["viridis", "jet", "gray", "autumn", "hsv", "tab20", "nipy_spectral", "prism"])
def test_no_colormap_in_the_right_order_is_doubted(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    colors = np.rint(matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255).astype(np.uint8)
    assert levels(read(colors.T.tobytes())) == colors.tolist()


def test_a_slow_change_of_one_channel_is_not_taken_for_grays() -> None:
    slow = np.stack([STEPS // 2, 0 * STEPS, 0 * STEPS], axis=1).astype(np.uint8)
    assert levels(read(slow.T.tobytes())) == slow.tolist()


def test_colors_without_any_order_are_not_doubted() -> None:
    data = np.random.default_rng(5).integers(0, 256, 768, dtype=np.uint8).tobytes()
    assert len(read(data)) == 256


# Fitting -----------------------------------------------------------------------------------------------------------------


def test_classes_are_placed_by_code_and_the_rest_is_black() -> None:
    lut = Lut(name="mine", kind="classes", keys=(1, 3), colors=((9, 8, 7, 255), (1, 2, 3, 0)), names=("a", "b"))
    fitted, losses = fit_lut(lut, IMAGEJ)
    found = levels(read(IMAGEJ.write(fitted)))
    assert found[:5] == [[0, 0, 0], [9, 8, 7], [0, 0, 0], [1, 2, 3], [0, 0, 0]]
    assert len(losses) == 4


def test_a_code_beyond_255_cannot_be_held() -> None:
    with pytest.raises(LutError, match="holds codes from 0 to 255, and not 256"):
        fit_lut(Lut(name="mine", kind="classes", keys=(256,), colors=((9, 8, 7, 255),)), IMAGEJ)
