"""A check finds what is wrong with a table, says it once, and finds nothing where nothing is."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tsraster import check_lut_file
from tsraster.coloring import bind_lut, find_confusions
from tsraster.errors import (
    BandError,
    DataError,
    LossWarning,
    LutError,
    LutFormatError,
    MissingSourceError,
    UnknownNameError,
    UsageError,
)
from tsraster.lut import Lut
from tsraster.lutfiles import LUT_FORMATS, fit_lut, read_lut, shipped_luts
from tsraster.pipeline.lutcheck import LutCheck

Draw = Callable[..., Path]

RED, GREEN, BLUE = (230, 0, 0, 255), (0, 158, 115, 255), (0, 60, 220, 255)
LAND = Lut(name="land", kind="classes", keys=(1, 7, 9), colors=(RED, GREEN, BLUE), names=("town", "wood", "water"))
STEPS = Lut(name="steps", kind="intervals", keys=(-math.inf, 1, 2, 4), colors=(RED, GREEN, BLUE))
ORDER = Lut(name="order", kind="index", colors=(RED, GREEN, BLUE))


def is_clean(found: LutCheck) -> bool:
    said = (
        found.traps,
        found.missing,
        found.unused,
        found.gaps,
        found.confusions,
        found.losses,
        found.refusal,
        found.misfit,
    )
    return not any(said) and not found.is_broken


@pytest.fixture
def classes(tmp_path: Path, draw_raster: Draw) -> Path:
    """A class map of 1, 7 and 8, where 0 and nodata are no class."""
    pixels = np.zeros((60, 50), np.uint8)
    pixels[:9], pixels[9:30], pixels[30:50, :20], pixels[50:] = 1, 7, 8, 200
    return draw_raster(tmp_path / "c.tif", pixels, nodata=200, tiled=True, blockxsize=16, blockysize=16)


def test_nothing_is_said_against_a_good_table() -> None:
    assert is_clean(check_lut_file(replace(LAND, keys=(1, 2, 3))))
    for name in ("gray", "thermal", "viridis"):
        assert is_clean(check_lut_file(name))


# Traps ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "trap"),
    [
        ("mine.txt", "1 2 3 4 pine\n", r"mine\.txt, line 1: GDAL reads 'pine' as an alpha of 0; write 255 before it"),
        ("mine.qml.txt", "1,2,3,4,255,a\n2,3,4,5,255,b\n", r"mine\.qml\.txt: without INTERPOLATION it is read as"),
    ],
)
def test_a_trap_is_found_and_not_said_twice(name: str, text: str, trap: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = check_lut_file(path, lut_format="qgis" if "qml" in name else None)
    assert said == []
    assert len(found.traps) == 1
    assert found.traps[0].startswith(str(tmp_path))
    assert re.search(trap, found.traps[0])
    assert not found.is_broken


def test_what_is_left_out_of_a_palette_is_still_said(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "p.tif", np.ones((4, 4), np.uint8), palette={1: RED, 7: GREEN})
    with pytest.warns(LossWarning, match="253 black colors without a name"):
        found = check_lut_file(path)
    assert (found.lut.keys, found.traps) == ((1, 7), ())


def test_a_file_that_is_wrong_in_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("code,red,green,blue\n1,2,3,4\n1,2,3,4\n")
    with pytest.raises(LutFormatError, match=r"mine\.csv, line 3: 1 stands there twice"):
        check_lut_file(tmp_path / "mine.csv")


# Class maps -------------------------------------------------------------------------------------------------------------


def test_missing_and_unused_codes_are_those_of_the_class_map(classes: Path) -> None:
    found = check_lut_file(LAND, raster=classes)
    assert (found.missing, found.unused, found.is_broken) == ((8,), (9,), True)
    with pytest.raises(LutError, match="no color for the code 8"):
        bind_lut(LAND, [1, 7, 8])
    whole = check_lut_file(replace(LAND, keys=(1, 7, 8)), raster=classes)
    assert (whole.missing, whole.unused, whole.is_broken) == ((), (), False)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(workers: int, classes: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = check_lut_file(
        LAND, raster=classes, workers=workers, progress=lambda done, total: steps.append((done, total))
    )
    assert found == check_lut_file(LAND, raster=classes)
    assert steps[-1][0] == steps[-1][1] > 0


def test_an_empty_class_map_uses_no_code(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "c.tif", np.zeros((4, 4), np.uint8))
    found = check_lut_file(LAND, raster=path)
    assert (found.missing, found.unused, found.is_broken) == ((), (1, 7, 9), False)
    assert not check_lut_file(STEPS, raster=path).is_broken


@pytest.mark.parametrize("lut", ["thermal", STEPS], ids=["ramp", "intervals"])
def test_a_ramp_and_as_many_intervals_fit_a_class_map(lut: str | Lut, classes: Path) -> None:
    assert is_clean(check_lut_file(lut, raster=classes))


@pytest.mark.parametrize(
    ("lut", "says"),
    [
        (replace(STEPS, keys=(-math.inf, 1, 2), colors=(RED, GREEN), names=()), "has 2 intervals for 3 classes"),
        (ORDER, "the colors of order have no codes"),
    ],
    ids=["intervals", "positions"],
)
def test_colors_that_a_class_map_cannot_have_are_a_misfit(lut: Lut, says: str, classes: Path) -> None:
    found = check_lut_file(lut, raster=classes)
    assert says in found.misfit
    assert found.is_broken
    assert (found.missing, found.unused) == ((), ())
    assert not check_lut_file(lut).is_broken


def test_one_of_several_bands_is_named(tmp_path: Path, draw_raster: Draw) -> None:
    path = draw_raster(tmp_path / "bands.tif", np.stack([np.full((4, 4), code, np.uint8) for code in (1, 5)]))
    with pytest.raises(BandError, match="has 2 bands; name the one with class codes with --band"):
        check_lut_file(LAND, raster=path)
    assert [check_lut_file(LAND, raster=path, band=band).missing for band in (1, 2)] == [(), (5,)]
    with pytest.raises(UsageError, match="--band is that of a class map; name one with --raster"):
        check_lut_file(LAND, band=1)


def test_what_is_no_class_map_is_refused(tmp_path: Path, draw_raster: Draw) -> None:
    with pytest.raises(DataError, match="holds float32 and no class codes; classify it first"):
        check_lut_file(LAND, raster=draw_raster(tmp_path / "f.tif", np.ones((4, 4), np.float32)))
    with pytest.raises(DataError, match="holds the negative number -1"):
        check_lut_file(LAND, raster=draw_raster(tmp_path / "n.tif", np.full((4, 4), -1, np.int16)))
    with pytest.raises(MissingSourceError):
        check_lut_file(LAND, raster=tmp_path / "no.tif")


def test_a_real_class_map_has_all_its_colors(shared_data: Path) -> None:
    path = shared_data / "landcover" / "nlcd2011_zion.tif"
    found = check_lut_file("nlcd", raster=path)
    assert found.missing == ()
    assert found.unused == (12, 24, 51, 72, 73, 74)
    assert check_lut_file("worldcover", raster=path).missing == (11, 21, 22, 23, 31, 41, 42, 43, 52, 71, 81, 82)


# Codes and colors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "gaps"),
    [
        ((1, 2, 3), ()),
        ((1, 3, 7), ((2, 2), (4, 6))),
        ((0, 1, 2**40), ((2, 2**40 - 1),)),
        ((-3, 0, 1), ((-2, -1),)),
        ((0.5, 1, 4), ((2, 3),)),
    ],
    ids=str,
)
def test_gaps_lie_between_codes(keys: tuple[float, ...], gaps: tuple[tuple[int, int], ...]) -> None:
    assert check_lut_file(replace(LAND, keys=keys)).gaps == gaps


@pytest.mark.parametrize("lut", ["thermal", STEPS, ORDER], ids=["ramp", "intervals", "positions"])
def test_only_codes_have_gaps(lut: str | Lut) -> None:
    assert check_lut_file(lut).gaps == ()


@pytest.mark.parametrize("name", shipped_luts())
def test_colors_that_look_alike_are_listed_with_the_worst_first(name: str) -> None:
    found = check_lut_file(name)
    assert found.confusions == find_confusions(read_lut(name))
    assert not found.is_broken


def test_two_of_one_color_look_alike_to_everybody() -> None:
    (confusion,) = check_lut_file(replace(LAND, colors=(RED, RED, BLUE))).confusions
    assert (confusion.first, confusion.second, confusion.vision, confusion.difference) == (1, 7, "normal", 0)


# Other formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(LUT_FORMATS))
@pytest.mark.parametrize(
    "lut", [LAND, STEPS, ORDER, read_lut("thermal")], ids=["classes", "intervals", "index", "ramp"]
)
def test_losses_and_refusals_are_those_of_converting(lut: Lut, form: str) -> None:
    found = check_lut_file(lut, to=form)
    try:
        losses = fit_lut(lut, LUT_FORMATS[form])[1]
    except LutError as error:
        assert (found.refusal, found.losses, found.is_broken) == (str(error), (), True)  # noqa: PT017
        return
    assert (found.refusal, list(found.losses), found.is_broken) == ("", losses, False)


def test_a_format_that_is_none_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UnknownNameError, match="unknown color table format 'qgs'; did you mean qgis"):
        check_lut_file("no.csv", to="qgs", raster="no.tif")
