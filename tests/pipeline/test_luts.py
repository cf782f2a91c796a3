"""A color table is loaded from wherever it is: a name, a file, a pipe, or a raster with a palette or an attribute table."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

from tsraster.attributetable import Categories
from tsraster.errors import (
    LossWarning,
    LutError,
    LutFormatError,
    MissingSourceError,
    ReadError,
    UnknownNameError,
    UsageError,
)
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import LUT_FORMATS, read_lut
from tsraster.lutfiles.pamsidecar import write_pam
from tsraster.pipeline.luts import describe_palette, is_raster, load_lut, name_classes
from tsraster.reading import open_raster

Draw = Callable[..., Path]

BLACK, CLEAR = (0, 0, 0, 255), (0, 0, 0, 0)
RED, BLUE = (200, 0, 0, 255), (0, 0, 200, 255)
LAND = Lut(name="mine", kind="classes", keys=(1, 7), colors=(RED, BLUE), names=("wood", "water"))
PIXELS = np.tile(np.array([0, 1, 7], np.uint8), (4, 2))


@pytest.fixture
def paletted(tmp_path: Path, draw_raster: Draw) -> Path:
    """A GeoTIFF of the codes 0, 1 and 7, whose palette is filled up with black as every palette is."""
    return draw_raster(tmp_path / "c.tif", PIXELS, palette={1: RED, 7: BLUE})


@pytest.fixture
def named(tmp_path: Path, draw_raster: Draw) -> Path:
    """A raster without palette, with an attribute table beside it."""
    path = draw_raster(tmp_path / "n.tif", PIXELS)
    path.with_name("n.tif.aux.xml").write_bytes(write_pam(LAND))
    return path


# Loading ----------------------------------------------------------------------------------------------------------------


def test_a_table_is_itself() -> None:
    assert load_lut(LAND) is LAND


@pytest.mark.parametrize("source", ["thermal", "nlcd"])
def test_a_name_is_that_of_a_shipped_table(source: str, tmp_path: Path) -> None:
    assert load_lut(source) == read_lut(source)


@pytest.mark.parametrize("name", list(LUT_FORMATS))
def test_a_file_of_any_format_is_read_by_content_and_ending(name: str, tmp_path: Path) -> None:
    form = LUT_FORMATS[name]
    kinds = form.capacity.kinds
    lut = LAND if "classes" in kinds else Lut(name="mine", kind="index", colors=(RED, BLUE) * 128)
    if form.capacity.codes == "dense":
        lut = replace(lut, keys=(0, 1))
    lut = replace(lut, names=lut.names if form.capacity.names else ())
    path = tmp_path / f"mine{(form.endings or ('.colors',))[0]}"
    path.write_bytes(form.write(lut))
    again = load_lut(path, lut_format=None if form.endings else name)
    assert again == replace(lut, name=str(path))


def test_a_palette_is_read_without_the_black_that_fills_it_up(paletted: Path) -> None:
    with pytest.warns(
        LossWarning, match=r"c\.tif: 253 black colors without a name, of codes that do not occur, are left out"
    ):
        lut = load_lut(paletted)
    assert lut == Lut(name=str(paletted), kind="classes", keys=(1, 7), colors=(RED, BLUE))


def test_black_of_a_code_that_occurs_is_kept(tmp_path: Path, draw_raster: Draw) -> None:
    codes = np.array([[1, 7, 9, 9]], np.uint8)
    path = draw_raster(tmp_path / "c.tif", codes, palette={1: RED, 7: BLUE, 9: BLACK})
    with pytest.warns(LossWarning, match="252 black colors"):
        lut = load_lut(path)
    assert lut.keys == (1, 7, 9)


def test_a_palette_of_black_alone_is_kept(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "black.tif", PIXELS, palette={1: BLACK})
    assert set(load_lut(path).colors) == {BLACK}


def test_black_with_a_name_is_kept(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "c.tif", PIXELS, palette={1: RED, 7: BLACK})
    coal = replace(LAND, colors=(RED, BLACK), names=("wood", "coal"))
    path.with_name("c.tif.aux.xml").write_bytes(write_pam(coal))
    with pytest.warns(LossWarning, match="253 black colors"):
        assert load_lut(path) == replace(coal, name=str(path))


def test_an_attribute_table_is_read_as_a_palette_is(named: Path) -> None:
    assert load_lut(named) == replace(LAND, name=str(named))


@pytest.mark.parametrize("kind", [None, "classes"])
def test_a_raster_has_classes_and_no_ramp(kind: None, named: Path) -> None:
    assert load_lut(named, kind=kind).kind == "classes"
    with pytest.raises(UsageError, match=r"n\.tif is a raster, whose palette is for classes"):
        load_lut(named, kind="ramp")


def test_a_raster_without_colors_is_no_color_table(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "gray.tif", PIXELS)
    with pytest.raises(LutError, match=r"gray\.tif has no palette of its own; it is no color table"):
        load_lut(path)
    path.with_name("gray.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category>a</Category></CategoryNames></PAMRasterBand></PAMDataset>'
    )
    with pytest.raises(LutError, match=r"gray\.tif has names for its classes, but no colors; it is no color table"):
        load_lut(path)


def test_a_format_that_is_named_is_that_of_a_file_and_never_a_raster(named: Path) -> None:
    with pytest.raises(LutFormatError):
        load_lut(named, lut_format="csv")


@pytest.mark.parametrize("source", ["thermal", "no.csv", LAND], ids=["name", "file", "table"])
@pytest.mark.parametrize("name", ["", "cvs"])
def test_a_format_that_is_none_is_refused_wherever_the_table_is(name: str, source: str | Lut) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown color table format '{name}'"):
        load_lut(source, lut_format=name)


@pytest.mark.parametrize(
    ("name", "error"),
    [("no.tif", MissingSourceError), ("text.tif", ReadError), ("empty.png", ReadError), ("no.vrt", ReadError)],
)
def test_a_file_with_the_ending_of_a_raster_is_one_whatever_is_wrong_with_it(
    name: str, error: type[Exception], tmp_path: Path
) -> None:
    (tmp_path / "text.tif").write_text("1 2 3 4\n")
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(error):
        load_lut(tmp_path / name)


# Rasters and tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["GTiff", "PNG", "JPEG", "HFA", "ENVI", "VRT", "GIF", "BMP"])
def test_rasters_are_known_by_their_content_or_ending(driver: str, tmp_path: Path, draw_raster: Draw) -> None:
    ending = {"GTiff": "tif", "HFA": "img", "ENVI": "img", "JPEG": "jpg"}.get(driver, driver.lower())
    path = tmp_path / f"r.{ending}"
    if driver == "VRT":
        rasterio.shutil.copy(draw_raster(tmp_path / "source.tif", PIXELS), path, driver="VRT")
    else:
        draw_raster(path, PIXELS, driver=driver)
    assert is_raster(str(path))
    if driver != "ENVI":  # which is nothing but the pixels
        bare = tmp_path / "noending"
        shutil.copy(path, bare)
        assert is_raster(str(bare))
    assert is_raster(f"/vsizip/{path}")


@pytest.mark.parametrize("name", list(LUT_FORMATS))
def test_tables_are_known_without_an_ending(name: str, tmp_path: Path) -> None:
    form = LUT_FORMATS[name]
    lut = LAND if "classes" in form.capacity.kinds else Lut(name="mine", kind="index", colors=(RED, BLUE) * 128)
    lut = replace(lut, keys=(0, 1), names=()) if form.capacity.codes == "dense" else replace(lut, names=())
    path = tmp_path / "noending"
    path.write_bytes(form.write(lut))
    assert not is_raster(str(path))


def test_an_old_imagej_table_without_an_ending_is_no_raster(tmp_path: Path) -> None:
    """Its header is full of zeros."""
    path = Path(__file__).parents[1] / "lutfiles" / "corpus" / "imagej" / "nih.lut"
    shutil.copy(path, tmp_path / "nih")
    assert not is_raster(str(tmp_path / "nih"))
    assert load_lut(tmp_path / "nih") == replace(load_lut(path), name=str(tmp_path / "nih"))


@pytest.mark.parametrize("name", ["thermal", "no/such/file", "", "a\0b", "x" * 5000, "thermal.csv", "mine.lut"])
def test_what_is_not_there_is_no_raster(name: str) -> None:
    assert not is_raster(name)


def test_folders_and_devices_are_no_rasters(tmp_path: Path) -> None:
    assert not is_raster(str(tmp_path))
    assert not is_raster("/dev/null")


def test_a_table_can_come_through_a_pipe(tmp_path: Path) -> None:
    """What looks into a pipe takes away what it sees; so shells hand over the output of a command."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=["1 200 0 0\n7 0 0 200\n"], daemon=True)
    writer.start()
    assert load_lut(pipe).colors == (RED, BLUE)
    writer.join(5)


# Palettes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "name", "kept"), [(BLACK, "", False), (CLEAR, "", False), (BLACK, "none", True), (RED, "", True)]
)
def test_the_code_0_is_left_out_where_it_is_unnamed_black(
    first: RGBA, name: str, kept: bool, tmp_path: Path, draw_raster: Draw
) -> None:
    path = draw_raster(tmp_path / "c.tif", PIXELS)
    lut = Lut(name="mine", kind="classes", keys=(0, 1, 7), colors=(first, RED, BLUE), names=(name, "", ""))
    path.with_name("c.tif.aux.xml").write_bytes(write_pam(lut))
    with open_raster(path) as raster:
        assert (0 in describe_palette(raster).keys) == kept


def test_a_code_that_has_only_a_name_is_black(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "c.tif", PIXELS, palette={1: RED})
    names = "".join(f"<Category>{name}</Category>" for name in ["", "wood"] + [""] * 298 + ["far"])
    path.with_name("c.tif.aux.xml").write_text(
        f'<PAMDataset><PAMRasterBand band="1"><CategoryNames>{names}</CategoryNames></PAMRasterBand></PAMDataset>'
    )
    with open_raster(path) as raster:
        lut = describe_palette(raster)
    by_code = dict(zip(lut.keys, zip(lut.colors, lut.names, strict=True), strict=True))
    assert by_code[1] == (RED, "wood")
    assert by_code[300] == (BLACK, "far")


def test_what_to_do_without_a_palette_is_said_by_who_asks(tmp_path: Path, draw_raster: Draw) -> None:
    problem = pytest.raises(LutError, match="has no palette of its own; name a color table with --lut")
    with open_raster(draw_raster(tmp_path / "gray.tif", PIXELS)) as raster, problem:
        describe_palette(raster)


def test_names_of_a_raster_go_before_those_of_a_table() -> None:
    named = name_classes(LAND, Categories(names={7: "lake", 9: "nobody"}, colors={7: BLACK}))
    assert named == replace(LAND, names=("wood", "lake"))


def test_a_real_palette_has_its_names(shared_data: Path) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        lut = load_lut(shared_data / "landcover" / "nlcd_small.tif")
    assert [str(one.message).rpartition(": ")[2] for one in said] == [
        "229 black colors without a name, of codes that do not occur, are left out"
    ]
    by_code = dict(zip(lut.keys, zip(lut.colors, lut.names, strict=True), strict=True))
    assert len(lut) == 26
    assert by_code[11] == ((71, 107, 161, 255), "Open Water")
