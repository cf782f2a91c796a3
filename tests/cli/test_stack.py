"""`tsraster stack` and `tsraster info` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.conftest import write_raster
from tests.landsat.mtltrees import OLI_1, write_mtl
from tsraster.cli.program import program
from tsraster.errors import UsageError

PIXELS = np.arange(100, 1300, dtype=np.uint16).reshape(30, 40)
SCENE = "LC08_L1TP_224078_20200127_20200823_02_T1"


def run(*words: object) -> Result:
    return CliRunner().invoke(program, [str(word) for word in words])


@pytest.fixture
def mtl(tmp_path: Path) -> Path:
    for key in ("B4", "B10"):
        write_raster(tmp_path / f"{SCENE}_{key}.TIF", PIXELS, nodata=0, crs="EPSG:32622")
    return write_mtl(tmp_path, OLI_1, name=f"{SCENE}_MTL")


@pytest.mark.parametrize("ending", ["tif", "vrt"])
def test_a_scene_is_stacked_and_said(ending: str, mtl: Path, tmp_path: Path) -> None:
    done = run("stack", mtl, tmp_path / f"s.{ending}")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "scale and offset of red give reflectance above the atmosphere, by the MTL"
    assert lines[1].startswith("lwir11 (B10) keeps its stored numbers, because its temperature is no line of them")
    assert lines[-1] == f"wrote {tmp_path / f's.{ending}'}: 30 rows x 40 columns, bands red, lwir11"
    table = run("info", tmp_path / f"s.{ending}").output.splitlines()
    header = next(line for line in table if line.startswith("band"))
    assert header.endswith("wavelength (um)  scale  offset")
    assert table[-1] == "the statistics are of stored numbers; value = scale x number + offset"
    bands = json.loads(run("info", mtl, "--json").output)["bands"]
    assert [(band["name"], band["wavelength"], band["minimum"]) for band in bands] == [
        ("red", 0.65, 100),
        ("lwir11", 10.9, 100),
    ]
    assert run("info", mtl.parent).exit_code == 0


def test_columns_stand_only_where_there_is_something(tmp_path: Path) -> None:
    plain = write_raster(tmp_path / "a.tif", PIXELS, crs="EPSG:32622")
    assert "scale" not in run("info", plain).output
    assert "wavelength" not in run("info", plain).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["s.png"], "s.png cannot hold a stack of bands; let it end in .tif, or in .vrt to copy no pixels"),
        (["s.vrt", "--wavelengths", ""], "0 wavelengths for 2 bands (red, lwir11)"),
        (["s.vrt", "--wavelengths", "0.6"], "1 wavelength for 2 bands"),
        (["s.vrt", "--wavelengths", "0.6,red"], "'red' is no wavelength"),
        (["s.vrt", "--wavelengths", "0.6,-1"], "'-1' is no wavelength"),
        (["s.vrt", "--wavelengths", "0.6,nan"], "'nan' is no wavelength"),
        (["s.vrt", "--names", "a"], "1 name for 2 bands"),
    ],
)
def test_wrong_words_are_one_sentence(words: list[str], said: str, mtl: Path, tmp_path: Path) -> None:
    destination, *options = words
    done = run("stack", mtl, tmp_path / destination, *options)
    assert isinstance(done.exception, UsageError)  # which the program turns into its exit code 2
    assert said in str(done.exception)
    assert not (tmp_path / destination).exists()


def test_what_is_registered_is_said_of_each_file(tmp_path: Path) -> None:
    field = np.random.default_rng(3).integers(0, 255, (12, 16), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    a = write_raster(tmp_path / "a.tif", field[20:200, 20:280], crs="EPSG:32622")
    b = write_raster(tmp_path / "b.tif", field[24:204, 26:286], crs="EPSG:32622")
    done = run("stack", a, b, tmp_path / "s.vrt", "--register")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(
        f"{b}: moved 4 pixels down, moved 6 pixels right; its edges correlate with those of {a} by"
    )
