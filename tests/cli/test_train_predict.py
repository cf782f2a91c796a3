"""What `tsraster train` and `tsraster predict` say of the values that they take."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import write_raster
from tests.landsat.drawnscenes import NAME, PLACE, draw_scene, draw_truth

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.cli.program import program


def run(*words: object) -> str:
    done = CliRunner().invoke(program, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_values_are_said_in_one_line_and_raw_leaves_them_as_they_are(tmp_path: Path) -> None:
    mtl = draw_scene(tmp_path / NAME)
    labels = write_raster(tmp_path / "l.tif", draw_truth(), **PLACE)
    stack, model = tmp_path / "stack.tif", tmp_path / "m.tsmodel"
    run("stack", mtl, stack)
    how = ("--features", "smoothing:0.3", "--trees", "3", "--samples", "50", "--overwrite")
    said = run("train", model, stack, labels, *how)
    assert said.startswith(
        "values are 2.75e-05 x number - 0.2 of blue, green, red, nir08, swir16, swir22 and 0.00341802 x"
    )
    assert said.count("values are") == 1
    assert run("predict", model, stack, tmp_path / "a.tif").startswith("values are 2.75e-05 x number - 0.2 of blue")
    assert run("predict", model, mtl, tmp_path / "b.tif").startswith(
        "values are reflectance and temperature (K) of SR_B2"
    )
    assert "values are" not in run("train", model, stack, labels, "--raw", *how)
    assert "values are" not in run("predict", model, stack, tmp_path / "c.tif", "--raw")
