"""Landsat scenes are learned from and classified in reflectance and kelvin, with their bands by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.conftest import write_raster
from tests.landsat.drawnscenes import BANDS, CLOUD, NAME, PLACE, REFLECTANCES, SHAPE, draw_scene, draw_truth

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.errors import TsrasterWarning
from tsraster.pipeline.learning.predict import predict_files
from tsraster.pipeline.learning.projects import load_model
from tsraster.pipeline.learning.scenes import open_scene
from tsraster.pipeline.learning.train import train_file


@pytest.fixture(scope="module")
def mtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_scene(tmp_path_factory.mktemp("landsat") / NAME)


@pytest.fixture(scope="module")
def model(mtl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    labels = draw_truth()
    labels[10:], labels[CLOUD], labels[:4, :6] = 0, 0, 0
    labels[::, ::2] = 0
    truth = draw_truth()
    labels[40:50, 20:60] = truth[40:50, 20:60]
    path = write_raster(folder / "labels.tif", labels[None], **PLACE)
    train_file(folder / "cover.tsmodel", mtl, path, features="smoothing:0.3", trees=20)
    return folder / "cover.tsmodel"


def test_a_scene_is_opened_in_reflectance_and_kelvin(mtl: Path) -> None:
    for source in (mtl, mtl.parent):
        with open_scene(source) as scene:
            pixels = scene.read((slice(20, 60), slice(0, 80)))
            assert scene.band_names == (*BANDS, "lwir11")
        truth = draw_truth()[20:]
        for code in (1, 2, 3, 4):
            means = pixels.data[:, truth == code].mean(axis=1)
            assert np.abs(means[:6] - REFLECTANCES[code - 1]).max() < 0.002
            assert 294 < means[6] < 311


def test_a_scale_of_another_raster_is_not_applied(tmp_path: Path) -> None:
    numbers = np.full((1, 6, 6), 7, np.uint16)
    path = write_raster(tmp_path / "s.tif", numbers, band={"scales": (0.1,)}, **PLACE)
    with open_scene(path) as scene:
        assert np.array_equal(scene.read((slice(0, 6), slice(0, 6))).data, numbers)


def test_a_model_of_a_scene_knows_its_bands_and_classifies_it(mtl: Path, model: Path, tmp_path: Path) -> None:
    assert load_model(model).bands == (*BANDS, "lwir11")
    for source, how in ((mtl, {}), (mtl.parent, {"block_size": 13, "workers": 3})):
        predict_files(model, [source], tmp_path / "c.tif", overwrite=True, **how)
        with rasterio.open(tmp_path / "c.tif") as file:
            codes = file.read(1)
            assert file.crs == PLACE["crs"]
        clear = np.ones(SHAPE, np.bool_)
        clear[CLOUD], clear[:4, :6] = False, False
        assert (codes == draw_truth())[clear].mean() > 0.97
        assert not codes[:4, :6].any()


def test_bands_of_other_names_are_said(mtl: Path, model: Path, tmp_path: Path) -> None:
    with open_scene(mtl) as scene:
        pixels = scene.read((slice(0, SHAPE[0]), slice(0, SHAPE[1]))).data
    same = write_raster(tmp_path / "a.tif", pixels, band={"descriptions": ("",) * 7}, **PLACE)
    predict_files(model, [same], tmp_path / "c.tif")
    names = ("coastal", *list(BANDS)[:5], "lwir11")
    other = write_raster(tmp_path / "b.tif", pixels, band={"descriptions": names}, **PLACE)
    with pytest.warns(TsrasterWarning, match=r"trained with the bands blue, .* has coastal, blue"):
        predict_files(model, [other], tmp_path / "d.tif")
    predict_files(model, [other], tmp_path / "e.tif", bands=range(1, 8))
