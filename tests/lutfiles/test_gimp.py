"""GIMP palettes: the grammar, names that GIMP makes up, and lines that it reads in another way."""

from __future__ import annotations

from io import BytesIO

import pytest

from tsraster.errors import LutFormatError, LutWarning
from tsraster.lut import Lut
from tsraster.lutfiles import fit_lut
from tsraster.lutfiles.gimppalette import GIMP
from tsraster.lutfiles.lutformat import LutFile

HEAD = "GIMP Palette\nName: mine\nColumns: 4\n#\n"
SEA, WOOD = (0, 0, 255, 255), (0, 99, 0, 255)


def read(text: str) -> Lut:
    return GIMP.read(LutFile(name="mine", data=text.encode()))


@pytest.mark.parametrize(
    "head",
    [
        "GIMP Palette\n",
        "GIMP Palette\n#\n",
        "GIMP Palette\nName: a map\n",
        "GIMP Palette\nName:\n",
        "GIMP Palette\nName: a map\nColumns: 0\n",
        "GIMP Palette\r\nName: a map\r\nColumns: 16\r\n# by hand\r\n\r\n",
        "\ufeffGIMP Palette\nName: a map\n",
    ],
)
def test_the_header_may_be_short(head: str) -> None:
    lut = read(head + "  0   0 255\topen water\n  0\t 99 0  wood\n")
    assert (lut.kind, lut.colors, lut.names) == ("index", (SEA, WOOD), ("open water", "wood"))


def test_a_color_needs_no_name_and_two_may_have_the_same() -> None:
    assert read(HEAD + "0 0 255\n0 99 0 a\n# a comment\n\n0 99 0 a # no comment\n0 99 0 a\n").names == (
        "",
        "a",
        "a # no comment",
        "a",
    )


def test_names_that_gimp_makes_up_are_none() -> None:
    """Of gimp_palette_add_entry, and of a palette that is made from an indexed image."""
    assert read(HEAD + "0 0 1 Untitled\n0 0 2 Index 1\n0 0 3 Index 7\n").names == ("", "", "Index 7")


def test_a_color_that_is_called_like_one_made_up_keeps_its_name() -> None:
    lut = Lut(name="mine", kind="index", colors=(SEA, WOOD, SEA), names=("Untitled", "Index 1", ""))
    data = GIMP.write(lut)
    assert b"# tsraster names\n" in data
    assert GIMP.read(LutFile(name="mine", data=data)) == lut


def test_what_is_written_is_what_gimp_writes() -> None:
    lut = Lut(name="maps/sea.csv", kind="index", colors=(SEA, WOOD), names=("open water", ""))
    assert GIMP.write(lut).decode() == "GIMP Palette\nName: sea\nColumns: 0\n#\n  0   0 255\topen water\n  0  99   0\n"


def test_pillow_reads_what_is_written() -> None:
    palettes = pytest.importorskip("PIL.GimpPaletteFile", reason="Pillow is not installed")
    colors = tuple((i, 255 - i, i // 2, 255) for i in range(200))
    data = GIMP.write(Lut(name="mine", kind="index", colors=colors, names=("a name",) * 200))
    found = palettes.GimpPaletteFile(BytesIO(data)).getpalette()[0]
    assert found[:600] == bytes(level for color in colors for level in color[:3])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mine, line 1: the first line is '', and not 'GIMP Palette'"),
        ("\n" + HEAD, "mine, line 1: the first line is ''"),
        ("JASC-PAL\n0100\n", "mine, line 1: the first line is 'JASC-PAL'"),
        (HEAD, "mine: the color table is empty"),
        (HEAD + "0 0\n", "mine, line 5: '0 0' is no color; write red green blue name"),
        (HEAD + "0 0 sea\n", "mine, line 5: 'sea' is no whole number"),
        (HEAD + "0 0 0.5\n", "mine, line 5: '0.5' is no whole number"),
        (HEAD + "1 2 3\n0 0 256\n", "mine, line 6: 256 is out of range"),
        (HEAD + "0 -1 0\n", "mine, line 5: -1 is out of range"),
        (HEAD + "0 0 0\nColumns: 3\n", "mine, line 6: 'Columns: 3' is no color"),
    ],
)
def test_a_broken_palette_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(LutFormatError, match=words):
        read(text)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("GIMP Palette\n# by hand\nName: a map\n", "line 3: GIMP reads 'Name: a map' as a black color"),
        ("GIMP Palette\nColumns: 3\n", "line 2: GIMP reads 'Columns: 3'"),
        ("GIMP Palette\nName: a\n#\nColumns: 3\n", "line 4: GIMP reads 'Columns: 3'"),
    ],
)
def test_a_header_that_gimp_takes_for_a_color_is_said(head: str, line: str) -> None:
    with pytest.warns(LutWarning, match=line):
        assert read(head + "0 0 255\n").colors == (SEA,)


def test_the_alphas_of_aseprite_are_read_and_said() -> None:
    with pytest.warns(LutWarning, match="'Channels: RGBA' as a black color.* alphas as names"):
        lut = read("GIMP Palette\nChannels: RGBA\n#\n0 0 255 128 sea\n0 99 0 255\tUntitled\n")
    assert (lut.colors, lut.names) == (((0, 0, 255, 128), WOOD), ("sea", ""))


def test_alpha_is_lost_and_that_is_said() -> None:
    fitted, losses = fit_lut(Lut(name="mine", kind="index", colors=((0, 0, 255, 128), WOOD)), GIMP)
    assert fitted.colors == (SEA, WOOD)
    assert losses == ["the transparency of 1 color"]


def test_a_palette_is_recognized_by_its_first_line() -> None:
    assert GIMP.recognize(HEAD.encode())
    assert GIMP.recognize(b"\xef\xbb\xbf" + HEAD.encode())
    assert not GIMP.recognize(b"# GIMP Palette\n")
