"""The demo: the samples are the same every time, and each of its commands leaves what it says, readable."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tsraster import read_table
from tsraster.cli.demo import JOBS
from tsraster.errors import DestinationExistsError, WriteError
from tsraster.pipeline.demo import draw_samples
from tsraster.raster import without_place_warning
from tsraster.samples import draw_thermal_scene, draw_thin_section

RASTERS = {
    "thermal.tif": ("float32", 1), "thermal-classes.tif": ("uint8", 1), "thermal-picture.png": ("uint8", 4),
    "thermal-gray.jpg": ("uint8", 3), "section.png": ("uint8", 3), "section-labels.png": ("uint8", 1),
    "section-picture.png": ("uint8", 3), "thermal-again.tif": ("float32", 4),
}  # fmt: skip
PLOTS = {
    "thermal-histogram.png", "thermal-map.png", "section-histogram.png", "section-map.png", "thermal-again.png",
    "rock-pores.png",
}  # fmt: skip
OTHERS = {"thermal-classes.csv", "section-table.json", "rock.npy", "rock-pores"}
SIDECARS = (".aux.xml", ".pgw", ".jgw")


def run_demo(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tsraster", "demo", str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def read_picture(path: Path) -> NDArray[np.int16]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[np.int16] = file.read().astype(np.int16)
    return pixels


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo") / "a folder {of} mine"
    return folder, run_demo(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return draw_samples(tmp_path_factory.mktemp("samples") / "new" / "folder")


def test_the_samples_are_what_is_drawn(samples: tuple[Path, Path]) -> None:
    thermal, section = samples
    scene = draw_thermal_scene()
    with rasterio.open(thermal) as file:
        assert str(file.crs) == "EPSG:32616"
        assert file.transform[:6] == scene.transform
        assert (file.units, np.isnan(file.nodata), file.tags()["AREA_OR_POINT"]) == (("K",), True, "Area")
        np.testing.assert_array_equal(file.read(1), scene.kelvin)
    with without_place_warning(), rasterio.open(section) as file:
        np.testing.assert_array_equal(np.moveaxis(file.read(), 0, -1), draw_thin_section().rgb)


def test_the_same_bytes_every_time(samples: tuple[Path, Path], demo: tuple[Path, object]) -> None:
    here, there = digests(samples[0].parent), digests(demo[0])
    assert here.keys() == {"thermal.tif", "section.png", "rock.npy"}
    assert here.items() <= there.items()


def test_samples_that_exist_are_kept(samples: tuple[Path, Path]) -> None:
    with pytest.raises(DestinationExistsError):
        draw_samples(samples[0].parent)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"the folder .*file.* cannot be made"):
        draw_samples(tmp_path / "file")


def test_the_demo_leaves_what_it_says(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = demo
    assert done.returncode == 0, done.stderr
    assert (
        done.stderr
        == f"Note: {folder / 'thermal-gray.jpg'}: JPEG cannot be transparent; pixels of no class are white\n"
    )
    names = {path.name for path in folder.iterdir() if not path.name.endswith(SIDECARS)}
    assert names == RASTERS.keys() | PLOTS | OTHERS
    assert done.stdout.count("\n$ tsraster ") == len(JOBS) == 8
    for name in names:
        assert str(folder / name) in done.stdout


@pytest.mark.parametrize("name", RASTERS)
def test_each_raster_of_the_demo_can_be_read(demo: tuple[Path, object], name: str) -> None:
    with without_place_warning(), rasterio.open(demo[0] / name) as file:
        assert (file.dtypes[0], file.count, file.shape) == (*RASTERS[name], (600, 800))
        assert len(np.unique(file.read())) >= 5
        assert ("thermal" in name) == (file.crs is not None and file.crs.to_epsg() == 32616)


def test_table_and_counts_of_the_demo_can_be_read(demo: tuple[Path, object]) -> None:
    table = read_table(demo[0] / "section-table.json")
    assert (table.names[2], table.intervals[2]) == ("pore", "(0.4, 0.6]")
    with (demo[0] / "thermal-classes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with rasterio.open(demo[0] / "thermal-classes.tif") as classes:
        counts = np.bincount(classes.read(1).ravel(), minlength=21)
    assert [int(row["pixels"]) for row in rows] == counts[1:].tolist()
    assert [float(row["area_m2"]) for row in rows] == (counts[1:] * 900.0).tolist()


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_each_plot_of_the_demo_is_a_picture(demo: tuple[Path, object], name: str) -> None:
    with without_place_warning(), rasterio.open(demo[0] / name) as file:
        pixels = file.read([1, 2, 3])
    assert pixels.shape[2] > 900
    assert 0.02 < (pixels.min(axis=0) < 250).mean() < 0.9


def test_a_second_run_changes_nothing_unless_it_may(demo: tuple[Path, object]) -> None:
    folder, before = demo[0], digests(demo[0])
    again = run_demo(folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        f"Error: {folder / 'thermal.tif'} exists already; give --overwrite to replace it, or name another file\n"
    )
    assert digests(folder) == before
    plots = {name: read_picture(folder / name) for name in PLOTS}
    assert run_demo(folder, "--overwrite").returncode == 0
    after = digests(folder)
    assert {name: after[name] for name in after if name not in PLOTS} == {
        name: before[name] for name in before if name not in PLOTS
    }
    for name, pixels in plots.items():
        # The edge of a line may be one of 255 levels lighter: where arrays lie in memory changes the last bit of a sum.
        assert np.abs(read_picture(folder / name) - pixels).max() <= 1


def test_without_matplotlib_the_demo_does_the_rest(tmp_path: Path) -> None:
    hidden = tmp_path / "hide" / "sitecustomize.py"
    hidden.parent.mkdir()
    hidden.write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'matplotlib' else find(name, *rest)\n"
    )
    done = run_demo(tmp_path / "demo", PYTHONPATH=f"{hidden.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert done.returncode == 0, done.stderr
    assert "--plot" not in done.stdout
    assert done.stdout.endswith("without plots, which need matplotlib: pip install 'tsraster[plots]'\n")
    assert not {path.name for path in (tmp_path / "demo").iterdir()} & PLOTS
