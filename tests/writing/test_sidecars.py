"""Sidecars are found by those who look for them, and those of other files are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import affine
import numpy as np
import pytest
import rasterio
from affine import Affine

from tsraster.errors import LossWarning
from tsraster.pipeline.classify import classify_file

Draw = Callable[..., Path]

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)
PLACE = Affine(30, 0, 500000, 0, -30, 4600000)


@pytest.mark.parametrize("name", ["SCAN.PNG", "scan.png", "scan.jpeg"])
def test_the_world_file_is_spelled_as_gdal_looks_for_it(name: str, draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "source.tif", PIXELS, transform=PLACE)
    classify_file(source, cutoffs=[20], lut="thermal", color=tmp_path / name)
    (tmp_path / f"{name}.aux.xml").unlink(missing_ok=True)
    with rasterio.open(tmp_path / name) as file:
        assert file.transform == PLACE


@pytest.mark.parametrize("text", [affine.dumpsw(PLACE), affine.dumpsw(PLACE) + "\n"], ids=["equal", "longer"])
def test_a_world_file_that_is_also_of_the_source_is_left_alone(text: str, draw_raster: Draw, tmp_path: Path) -> None:
    """scan.jgw goes with scan.jpg as well as with scan.jpeg."""
    source = draw_raster(tmp_path / "scan.jpg", PIXELS, driver="JPEG")
    world = tmp_path / "scan.jgw"
    world.write_text(text)
    before = world.stat()
    classify_file(source, cutoffs=[20], lut="thermal", color=tmp_path / "scan.jpeg")
    assert world.read_text() == text
    assert world.stat().st_ino == before.st_ino
    with rasterio.open(tmp_path / "scan.jpeg") as file:
        assert file.transform == PLACE


def test_sidecars_of_other_files_are_left_alone(draw_raster: Draw, tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("classes.tif.txt", "classes2.tif.aux.xml", "classes.qml", "stats.cvw")]
    for other in others:
        other.write_text("mine")
    source = draw_raster(tmp_path / "source.tif", PIXELS, transform=PLACE)
    with pytest.warns(LossWarning, match=r"classes.qml stands beside the class map, and QGIS will use it"):
        classify_file(source, tmp_path / "classes.tif", cutoffs=[20], stats=tmp_path / "stats.csv")
    assert [other.read_text() for other in others] == ["mine"] * 4


@pytest.mark.parametrize("name", ["classes.tif.csv", "classes.tif.json", "classes.csv"])
def test_a_table_may_be_named_after_the_raster(name: str, draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "source.tif", PIXELS, transform=PLACE)
    table = {"save_table" if name.endswith("json") else "stats": tmp_path / name}
    classify_file(source, tmp_path / "classes.tif", cutoffs=[20], **table)
    assert {path.name for path in tmp_path.iterdir()} == {"source.tif", "classes.tif", "classes.tif.aux.xml", name}


def test_a_picture_may_be_named_after_another(draw_raster: Draw, tmp_path: Path) -> None:
    source = draw_raster(tmp_path / "source.tif", PIXELS, transform=PLACE)
    classify_file(source, tmp_path / "a.png", cutoffs=[20], lut="thermal", color=tmp_path / "a.png.tif")
    with rasterio.open(tmp_path / "a.png.tif") as colors, rasterio.open(tmp_path / "a.png") as codes:
        assert (colors.count, codes.count) == (3, 1)
