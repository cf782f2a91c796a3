"""Adobe's color tables: 768 and 772 bytes, the transparent color, and the order of bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tsraster.errors import LutError, LutFormatError, LutWarning
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.adobetable import ADOBE
from tsraster.lutfiles.lutformat import LutFile

STEPS = np.arange(256)
WARM = np.stack([STEPS, STEPS // 2, 255 - STEPS], axis=1).astype(np.uint8)
"""256 colors that change slowly, shape (256, 3)."""
THREE: tuple[RGBA, ...] = ((0, 99, 0, 255), (0, 0, 255, 255), (9, 8, 7, 255))


def read(data: bytes) -> Lut:
    return ADOBE.read(LutFile(name="mine", data=data))


def table(colors: tuple[RGBA, ...], end: bytes) -> bytes:
    return b"".join(bytes(color[:3]) for color in colors).ljust(768, b"\0") + end


def test_768_bytes_are_256_colors_one_after_the_other() -> None:
    lut = read(WARM.tobytes())
    assert lut.kind == "index"
    assert lut.array[:, :3].tolist() == WARM.tolist()
    assert lut.is_opaque


def test_the_end_says_how_many_colors_there_are() -> None:
    assert read(table(THREE, struct.pack(">HH", 3, 0xFFFF))).colors == THREE


def test_the_end_says_which_color_is_transparent() -> None:
    lut = read(table(THREE, struct.pack(">HH", 3, 1)))
    assert lut.colors == (THREE[0], (0, 0, 255, 0), THREE[2])


@pytest.mark.parametrize("transparent", [3, 200, 256, 0xFFFF])
def test_a_transparent_color_behind_the_colors_is_none(transparent: int) -> None:
    assert read(table(THREE, struct.pack(">HH", 3, transparent))).colors == THREE


def test_no_colors_are_256() -> None:
    assert len(read(table(THREE, bytes(4)))) == 256


@pytest.mark.parametrize(("count", "transparent"), [(3, 2), (200, 0xFFFF), (256, 0)])
def test_an_end_with_the_low_byte_first_is_read_and_said(count: int, transparent: int) -> None:
    with pytest.warns(LutWarning, match=rf"its end says \d+ colors; .* it says {count}$"):
        lut = read(table(THREE, struct.pack("<HH", count, transparent)))
    assert len(lut) == count
    assert [color[3] for color in lut.colors].count(0) == (transparent < count)


def test_one_color_is_one_color_where_all_others_are_black() -> None:
    assert read(table(THREE[:1], struct.pack(">HH", 1, 0xFFFF))).colors == THREE[:1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "^mine: 0 bytes are no Adobe color table; it has 768, or 772"),
        (bytes(9), "^mine: 9 bytes"),
        (bytes(771), "771 bytes"),
        (bytes(768) + struct.pack(">HH", 0x0303, 0), "its end says 771 colors; there are 1 to 256"),
    ],
)
def test_a_broken_table_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(LutFormatError, match=words):
        read(data)


ALL = tuple((red, green, blue, 255) for red, green, blue in WARM.tolist())


@pytest.mark.parametrize(
    ("colors", "size", "end"),
    [
        (ALL, 768, (254, 127, 1)[2:]),
        ((*ALL[:7], (1, 2, 3, 0), *ALL[8:]), 772, (1, 0, 0, 7)),
        (THREE, 772, (0, 3, 255, 255)),
        ((THREE[0], (5, 6, 7, 0)), 772, (0, 2, 0, 1)),
        (((5, 6, 7, 0),), 772, (0, 1, 0, 0)),
    ],
)
def test_what_is_written_is_as_short_as_can_be_and_read_back(
    colors: tuple[RGBA, ...], size: int, end: tuple[int, ...]
) -> None:
    lut = Lut(name="mine", kind="index", colors=colors)
    data = ADOBE.write(lut)
    assert len(data) == size
    if size == 772:
        assert tuple(data[768:]) == end
    assert read(data) == lut


def test_a_table_in_the_order_of_imagej_is_said() -> None:
    with pytest.warns(LutWarning, match="looks like an ImageJ table, so name it .lut or say --lut-format imagej"):
        read(WARM.T.tobytes())


@pytest.mark.parametrize("name", ["viridis", "jet", "gray", "autumn", "hsv", "tab20", "nipy_spectral", "prism"])
def test_no_colormap_in_the_right_order_is_doubted(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    colors = np.rint(matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255).astype(np.uint8)
    assert read(colors.tobytes()).array[:, :3].tolist() == colors.tolist()


def test_a_table_of_257_colors_cannot_be_held() -> None:
    with pytest.raises(LutError, match="holds 256 colors at most, and this table has 257"):
        fit_lut(Lut(name="mine", kind="index", colors=((1, 2, 3, 255),) * 257), ADOBE)


def test_classes_are_placed_by_code() -> None:
    lut = Lut(name="mine", kind="classes", keys=(1, 3), colors=(THREE[0], (5, 6, 7, 0)))
    again = read(ADOBE.write(fit_lut(lut, ADOBE)[0]))
    assert again.colors == ((0, 0, 0, 255), THREE[0], (0, 0, 0, 255), (5, 6, 7, 0))


def test_nothing_is_an_adobe_table_by_its_content() -> None:
    assert not ADOBE.recognize(WARM.tobytes())
    assert ADOBE.endings == (".act",)
