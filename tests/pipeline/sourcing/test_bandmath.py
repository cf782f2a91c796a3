"""Bands are called by name, by color or by number, and rules see bands and indices alike."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import write_raster
from tsraster import classify_file
from tsraster.classification.rulestext import parse_rules
from tsraster.classtable import ClassTable
from tsraster.cli.program import program
from tsraster.errors import BandError, DataError, LutError, TableError, UsageError
from tsraster.pipeline.sourcing.bandmath import list_names
from tsraster.pipeline.sourcing.sources import SourcePlan, open_source
from tsraster.preparing import parse_expression
from tsraster.reading import open_raster

PLACE: dict[str, Any] = {"crs": "EPSG:32616", "transform": (30.0, 0.0, 5e5, 0.0, -30.0, 4e6)}
NAMES = ("green", "red", "nir08")


@pytest.fixture
def reflectances(tmp_path: Path) -> Path:
    """Water, woods, soil, and a pixel of which NDVI is 0 / 0; in the last row no data."""
    green = [[0.08, 0.04, 0.10, 0.0], [np.nan] * 4]
    red = [[0.05, 0.03, 0.20, 0.0], [0.1] * 4]
    near = [[0.02, 0.40, 0.25, 0.0], [0.1] * 4]
    pixels = np.array([green, red, near], np.float32)
    return write_raster(tmp_path / "scene.tif", pixels, nodata=np.nan, band={"descriptions": NAMES}, **PLACE)


def test_bands_go_by_name_then_by_color_then_by_number(tmp_path: Path) -> None:
    pixels = np.zeros((3, 4, 4), np.uint8)
    picture = write_raster(tmp_path / "p.png", pixels, driver="PNG")
    some = write_raster(
        tmp_path / "s.tif", pixels, band={"descriptions": ("nir", None, "b2")}, photometric="MINISBLACK"
    )
    with open_raster(picture) as raster:
        assert list_names(raster) == {"red": 1, "green": 2, "blue": 3}
    with open_raster(some) as raster:
        assert list_names(raster) == {"nir": 1, "b2": 3}  # a name is stronger than a number


def test_the_first_rule_that_holds_gives_its_code(reflectances: Path, tmp_path: Path) -> None:
    rules = '5 "water": NDWI > 0.2; 2: nir08 > 0.3 and NDVI > 0.6; 2: green > 1; 9 "other": else'
    found = classify_file(reflectances, tmp_path / "c.tif", rules=rules, stats=tmp_path / "c.csv", lut="categorical")
    with open_raster(tmp_path / "c.tif") as codes:
        assert codes.read().data.tolist() == [[[5, 2, 9, 0], [0, 0, 0, 0]]]
    assert [(one.code, one.interval, one.name, one.pixels) for one in found.shares] == [
        (2, "nir08 > 0.3 and NDVI > 0.6 or green > 1", "nir08 > 0.3 and NDVI > 0.6 or green > 1", 1),
        (5, "NDWI > 0.2", "water", 1),
        (9, "else", "other", 1),
    ]
    assert (found.without_data, found.outside) == (4, 1)  # what cannot be decided is in no class, and is no nodata
    assert (tmp_path / "c.csv").read_text().splitlines()[2].startswith("5,NDWI > 0.2,water,1,")
    assert found.table.labels[0].startswith("nir08 > 0.3")


def test_rules_equal_what_numpy_makes_of_them_in_any_blocks_and_processes(tmp_path: Path) -> None:
    values = np.random.default_rng(3).random((2, 90, 70)).astype(np.float32)
    path = write_raster(
        tmp_path / "v.tif", values, band={"descriptions": ("a", "b")}, tiled=True, blockxsize=16, blockysize=16
    )
    expected = np.select([values[0] > 0.7, values[1] / values[0] > 1.5], [300, 2], 1)
    for block_size, workers in ((None, 1), (16, 2), (48, 1)):
        out = tmp_path / f"{block_size}.tif"
        classify_file(path, out, rules="300: a > 0.7\n2: b / a > 1.5\n1: else", block_size=block_size, workers=workers)
        with open_raster(out) as codes:
            assert codes.bands[0].dtype == "uint16"
            np.testing.assert_array_equal(codes.read().data[0], expected)
    rules = parse_rules("300: a > 0.7; 1: else", parse_expression)
    with open_source(path, SourcePlan(rules=rules)) as opened:
        again = pickle.loads(pickle.dumps(opened.raster.reader.formula))  # type: ignore[attr-defined]
        layers = {"a": values[0], "b": values[1]}
        np.testing.assert_array_equal(again(layers), np.where(values[0] > 0.7, 300, 1))


def test_whole_numbers_of_32_bits_are_compared_as_they_are(tmp_path: Path) -> None:
    pixels = np.array([[[2**24, 2**24 + 1]]], np.int32)
    path = write_raster(tmp_path / "i.tif", pixels)
    classify_file(path, tmp_path / "c.tif", rules=f"1: b1 > {2**24}; 2: else")
    with open_raster(tmp_path / "c.tif") as codes:
        assert codes.read().data.tolist() == [[[2, 1]]]


def test_rules_of_a_file_are_read_and_kept(reflectances: Path, tmp_path: Path) -> None:
    rules = tmp_path / "cover.rules"
    rules.write_text('# from the field\n1 "water": NDWI > 0.2\n2 "land": else\n', encoding="utf-8-sig")
    found = classify_file(reflectances, tmp_path / "c.tif", rules=f"@{rules}", cog=True)
    assert found.table.codes == (1, 2)
    with pytest.raises(UsageError, match=r"cover\.rules"):
        classify_file(reflectances, rules, rules=f"@{rules}", overwrite=True)
    rules.write_text("1: NDWI >", encoding="utf-8")
    with pytest.raises(TableError, match=r"cover\.rules, line 1: "):
        classify_file(reflectances, tmp_path / "d.tif", rules=f"@{rules}")
    rules.write_bytes(b"1: \xff > 0")
    with pytest.raises(TableError, match="is not UTF-8 text"):
        classify_file(reflectances, tmp_path / "d.tif", rules=f"@{rules}")
    assert not (tmp_path / "d.tif").exists()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"rules": ""}, UsageError, "there is no rule"),
        ({"rules": "0: else"}, UsageError, "all rules give the code 0"),
        ({"rules": "1: swir16 > 0"}, BandError, r"the rules ask for swir16, .*\(green, red, nir08\)"),
        ({"rules": "1: NDMI > 0"}, BandError, "NDMI needs swir16"),
        ({"rules": "@nowhere"}, TableError, "the rule table nowhere cannot be read"),
        ({"rules": "1: red > 0", "cutoffs": [1]}, UsageError, "--cutoffs and --rules contradict"),
        ({"rules": "1: red > 0", "table": ClassTable.from_cutoffs([1])}, UsageError, "--table and --rules contradict"),
        ({"rules": "1: red > 0", "index": "NDVI"}, UsageError, "name the index in the rules"),
        ({"rules": "1: red > 0", "smooth": "gaussian:1"}, UsageError, "--smooth is for"),
        ({"rules": "1: red > 0", "band": 1}, UsageError, "--band is for"),
        ({"rules": "1: red > 0", "names": ["x"]}, UsageError, "--names is for"),
        ({"rules": "1: red > 0", "save_table": "t.json"}, UsageError, "--save-table is for"),
        ({"rules": "1: red > 0", "outside": "clamp"}, UsageError, "--outside is for"),
        ({"rules": "1: True"}, UsageError, "looks at no band; write else"),
        ({"rules": "@"}, UsageError, "the rule table is only an @; name its file"),
        ({"rules": "@/dev/zero"}, TableError, "/dev/zero has more than 16 MiB"),
        ({"rules": "1: red > 0", "lut": "worldcover"}, LutError, "1"),
    ],
)
def test_wrong_rules_are_refused_in_a_sentence(
    reflectances: Path, tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        classify_file(reflectances, tmp_path / "c.tif", **options)
    assert not (tmp_path / "c.tif").exists()


def test_an_index_in_rules_wants_reflectances_and_plain_bands_do_not(tmp_path: Path) -> None:
    numbers = np.full((3, 4, 4), 9000, np.uint16)
    path = write_raster(tmp_path / "n.tif", numbers, band={"descriptions": NAMES})
    with pytest.raises(DataError, match="no reflectance"):
        classify_file(path, tmp_path / "c.tif", rules="1: NDVI > 0")
    classify_file(path, tmp_path / "c.tif", rules="1: red > 100; 2: else")
    classify_file(path, tmp_path / "d.tif", rules="1: NDVI > 0.5; 2: else", force=True)


def test_the_command_prints_the_conditions(reflectances: Path, tmp_path: Path) -> None:
    words = ["classify", str(reflectances), str(tmp_path / "c.tif"), "--rules", '1 "wet": NDWI > 0.2; 2: NDVI > 0.6']
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 0, done.output
    assert "condition" in done.output.splitlines()[0]
    assert "no class: 2 pixels for which no rule holds or can be decided" in done.output
    done = CliRunner().invoke(program, [*words[:2], str(tmp_path / "none.tif"), "--rules", "1: NDVI > 9"])
    assert done.exit_code == 0, done.output
    assert "nan" not in done.output
    with open_raster(tmp_path / "c.tif") as codes:
        assert codes.georef.transform is not None
