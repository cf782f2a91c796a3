"""`tsraster cluster` as it is typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import write_raster

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.cli.program import program


def test_a_row_for_each_class_and_what_was_written_is_printed(tmp_path: Path) -> None:
    pixels = np.repeat([[0, 10, 90, 200]], 30, axis=0).astype(np.uint8)
    source = write_raster(tmp_path / "a.tif", np.stack([pixels, pixels // 2]), nodata=0)
    pytest.importorskip("matplotlib")
    words = ["--classes", "3", "--names", "low,mid,high", "--plot", str(tmp_path / "p.png")]
    done = CliRunner().invoke(program, ["cluster", str(source), str(tmp_path / "c.tif"), *words])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].split() == ["code", "name", "pixels", "percent", "mean", "band", "1", "mean", "band", "2"]
    assert lines[1].split() == ["1", "low", "30", "33.33", "10", "5"]
    assert "no class: 30 pixels without data" in lines
    assert (tmp_path / "p.png").exists()


def test_means_of_many_bands_stand_under_their_names(tmp_path: Path) -> None:
    pixels = np.repeat([[0, 10, 90, 200]], 30, axis=0).astype(np.uint8)
    names = ("blue", "green", "red", "nir08", "lwir")
    units = ("", "", "", "", "K")
    band = {"descriptions": names, "units": units, "scales": (0.5,) * 5}
    source = write_raster(tmp_path / "a.tif", np.stack([pixels] * 5), nodata=0, band=band)
    done = CliRunner().invoke(program, ["cluster", str(source), str(tmp_path / "c.tif"), "--classes", "3"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("values are ")
    header = next(line for line in lines if line.startswith("code"))
    assert header.split() == ["code", "pixels", "percent", "blue", "green", "red", "nir08", "lwir", "(K)"]
    assert "1      30    33.33     5" in "\n".join(lines)
    assert any("hold the mean" in line for line in lines)


def test_a_plot_that_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.ones((2, 5, 5), np.uint8))
    done = CliRunner().invoke(
        program, ["cluster", str(source), str(tmp_path / "c.tif"), "--classes", "3", "--plot", str(tmp_path / "p.doc")]
    )
    assert done.exit_code != 0
    assert not (tmp_path / "c.tif").exists()
