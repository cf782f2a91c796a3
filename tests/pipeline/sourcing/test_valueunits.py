"""What values are measured in: class tables are not applied to other quantities, and stored numbers beside values are said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner

from tests.landsat.drawnscenes import NAME, draw_scene
from tsraster import ClassTable, Lut, classify_file, histogram_file
from tsraster.cli.program import program
from tsraster.coloring.legends import draw_legend, plan_legend
from tsraster.errors import BandError, DataError
from tsraster.pipeline.inspection import inspect_file
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.pipeline.sourcing.valueunits import describe_unit, differ, find_unit
from tsraster.raster import Band, without_place_warning

Draw = Callable[..., Path]

PLACE: dict[str, Any] = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500000, 0, -30, 4600000)}
KELVIN = ClassTable(codes=(1, 2), edges=(-np.inf, 300, np.inf), unit="K")
NUMBERS = np.arange(1, 13, dtype=np.uint16).reshape(3, 4) * 1000


@pytest.fixture(scope="module")
def mtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_scene(tmp_path_factory.mktemp("landsat") / NAME)


@pytest.mark.parametrize(
    ("band", "how", "unit"),
    [
        (Band(number=1, dtype="uint8"), {"is_converted": False}, "DN"),
        (Band(number=1, dtype="int16", unit="K"), {"is_converted": False}, "K"),
        (Band(number=1, dtype="int16", unit="K", scale=0.1), {"is_converted": False}, "DN"),
        (Band(number=1, dtype="float32"), {"is_converted": False}, ""),
        (Band(number=1, dtype="float32"), {"is_converted": True}, "1"),
        (Band(number=1, dtype="float32"), {"is_converted": True, "is_stored": True}, "DN"),
        (Band(number=1, dtype="float32", unit="K"), {"is_converted": True}, "K"),
    ],
)
def test_a_unit_is_what_the_band_says_or_what_is_known_of_its_numbers(
    band: Band, how: dict[str, bool], unit: str
) -> None:
    assert find_unit(band, **how) == unit


def test_units_differ_where_both_are_known_however_they_are_spelled() -> None:
    assert not any(differ(*pair) for pair in (("K", "kelvin"), ("degree Celsius", "°C"), ("", "K"), ("1", "")))
    assert all(differ(*pair) for pair in (("K", "degree Celsius"), ("K", "1"), ("1", "DN"), ("K", "DN")))
    assert describe_unit("DN") == "stored numbers"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"raw": True, "band": 7}, "stored numbers"),
        ({"landsat": "celsius"}, "values in degree Celsius"),
        ({"index": "NDVI"}, "physical values without a unit"),
        ({"band": 3}, "physical values without a unit"),
    ],
)
def test_a_table_in_kelvin_is_not_applied_to_other_quantities(
    options: dict[str, Any], found: str, mtl: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=rf"table is of values in K, and .*MTL.* is read as {found}; read it as"):
        classify_file(mtl, tmp_path / "c.tif", table=KELVIN, **options)
    assert not (tmp_path / "c.tif").exists()


def test_a_table_in_kelvin_is_not_applied_to_stored_numbers_or_pictures(
    mtl: Path, tmp_path: Path, draw_raster: Draw
) -> None:
    band = mtl.with_name(f"{NAME}_ST_B10.TIF")
    photo = draw_raster(tmp_path / "p.png", np.zeros((3, 4, 4), np.uint8), driver="PNG", roles=("red", "green", "blue"))
    for source in (band, photo):
        with pytest.raises(DataError, match="table is of values in K"):
            classify_file(source, tmp_path / "c.tif", table=KELVIN)
    with pytest.raises(DataError, match="read as stored numbers"):
        inspect_file(band, at=(9, 9), table=KELVIN)
    with pytest.raises(DataError, match="read as stored numbers"):
        histogram_file(band, table=KELVIN)


def test_a_table_in_kelvin_fits_kelvin_and_what_says_nothing(mtl: Path, tmp_path: Path, draw_raster: Draw) -> None:
    plain = draw_raster(tmp_path / "plain.tif", np.full((4, 4), 310, np.float32), **PLACE)
    spelled = draw_raster(tmp_path / "k.tif", np.full((4, 4), 310, np.int16), band={"units": ("kelvin",)}, **PLACE)
    for source in (plain, spelled):
        assert [
            share.pixels for share in classify_file(source, tmp_path / "c.tif", table=KELVIN, overwrite=True).shares
        ] == [0, 16]
    classify_file(mtl, tmp_path / "d.tif", table=KELVIN, band=7)
    classify_file(mtl, tmp_path / "e.tif", table=KELVIN, index="lwir11 * 1", force=True)
    classify_file(mtl, tmp_path / "f.tif", table=ClassTable.from_cutoffs([0.3]), index="NDVI")


@pytest.fixture
def mixed(tmp_path: Path, draw_raster: Draw) -> Path:
    """Draw a stack of two reflectances and stored numbers, as of a level 1 scene."""
    numbers = np.stack([NUMBERS, NUMBERS + 500, NUMBERS // 100])
    facts = {"scales": (2e-5, 2e-5, 1.0), "offsets": (-0.1, -0.1, 0.0), "descriptions": ("red", "nir08", "lwir11")}
    return draw_raster(tmp_path / "stack.tif", numbers, band=facts, **PLACE)


SAID = "lwir11 holds stored numbers: nothing says their scale"


@pytest.mark.parametrize(
    ("options", "is_said"),
    [
        ({"rules": "1: lwir11 < 293; 2: else"}, True),
        ({"rules": "1: red < 0.1; 2: else"}, False),
        ({"index": "lwir11 - 273.15", "cutoffs": [0], "force": True}, True),
        ({"index": "NDVI", "cutoffs": [0], "force": True}, False),
        ({"band": 3, "cutoffs": [50]}, True),
        ({"band": 1, "cutoffs": [0.1]}, False),
        ({"band": 3, "cutoffs": [50], "raw": True}, False),
    ],
)
def test_stored_numbers_beside_values_are_said_where_they_are_used(
    options: dict[str, Any], is_said: bool, mixed: Path, tmp_path: Path
) -> None:
    assert (SAID in classify_file(mixed, tmp_path / "c.tif", **options).notes) is is_said


def test_stored_numbers_beside_values_are_no_physical_values(mixed: Path) -> None:
    with open_source(mixed) as opened:
        assert opened.find_units((1, 2, 3)) == ("1", "1", "DN")
        assert opened.describe((1, 3))[-1] == SAID
    with open_source(mixed, SourcePlan(raw=True)) as opened:
        assert opened.find_units((1, 2, 3)) == ("DN",) * 3
        assert opened.describe((1, 2, 3)) == ()


def test_scales_of_several_bands_are_said_with_their_names(mixed: Path, tmp_path: Path, draw_raster: Draw) -> None:
    with open_source(mixed) as opened:
        assert opened.notes == ("values are 2e-05 x number - 0.1 of red, nir08, as the file says itself",)
    many = {"scales": (0.1, 0.2, 0.3), "descriptions": ("a", "b", "")}
    path = draw_raster(tmp_path / "many.tif", np.stack([NUMBERS] * 3), band=many, **PLACE)
    with open_source(path) as opened:
        said = "values are 0.1 x number of a, and by scales of their own those of b, band 3, as the file says itself"
        assert opened.notes == (said,)
    same = draw_raster(tmp_path / "same.tif", np.stack([NUMBERS] * 2), band={"scales": (0.1, 0.1)}, **PLACE)
    with open_source(same) as opened:
        assert opened.notes == ("values are 0.1 x number, as the file says itself",)


def test_a_band_goes_by_its_name_as_well_as_by_its_number(mtl: Path, mixed: Path, tmp_path: Path) -> None:
    for name in ("lwir11", " LWIR11 "):
        by_name = classify_file(mtl, tmp_path / "a.tif", band=name, cutoffs=[300], overwrite=True)
        by_number = classify_file(mtl, tmp_path / "b.tif", band=7, cutoffs=[300], overwrite=True)
        assert by_name.shares == by_number.shares
        assert by_name.table.unit == "K"
    assert inspect_file(mixed, at=(0, 0), band="red").label == "red"
    assert histogram_file(mixed, band="nir08").label == "nir08"
    with pytest.raises(BandError, match=r"has no band called 'pan'; choose from 1 red .*3 lwir11"):
        classify_file(mixed, tmp_path / "c.tif", band="pan", cutoffs=[0])


def test_a_color_is_the_name_of_a_band_of_a_picture(tmp_path: Path, draw_raster: Draw) -> None:
    pixels = np.stack([np.full((4, 4), value, np.uint8) for value in (10, 20, 30)])
    photo = draw_raster(tmp_path / "p.png", pixels, driver="PNG", roles=("red", "green", "blue"))
    assert inspect_file(photo, at=(0, 0), band="blue").value == 30
    twice = draw_raster(tmp_path / "t.tif", pixels[:2], band={"descriptions": ("a", "a")}, **PLACE)
    with pytest.raises(BandError, match="has 2 bands called a; choose from"):
        inspect_file(twice, at=(0, 0), band="a")


def test_the_command_takes_a_number_or_a_name(mixed: Path, tmp_path: Path) -> None:
    for band in ("1", "red"):
        done = CliRunner().invoke(program, ["inspect", str(mixed), "--at", "0,0", "--band", band])
        assert done.exit_code == 0
        assert "red" in done.output


def test_the_legend_of_an_index_says_which(mtl: Path, tmp_path: Path) -> None:
    lut = Lut(name="l", kind="classes", keys=(1, 2), colors=((0, 0, 255, 255), (255, 200, 0, 255)))
    how: dict[str, Any] = {"lut": lut, "color": tmp_path / "p.png", "legend": "beside", "overwrite": True}
    runs: list[tuple[str, dict[str, Any]]] = [("NDVI", {"index": "NDVI"}), ("", {"band": "nir08"})]
    for title, options in runs:
        classify_file(mtl, cutoffs=[0.3], **options, **how)
        named = replace(lut, names=("<= 0.3", "> 0.3"))
        drawn = draw_legend(plan_legend(named, title=title, size=12), background=(255, 255, 255, 255))
        with without_place_warning(), rasterio.open(tmp_path / "p.png") as file:
            shown = file.read()[:3, : drawn.shape[1], 80:]
        np.testing.assert_array_equal(shown, drawn[:3])
