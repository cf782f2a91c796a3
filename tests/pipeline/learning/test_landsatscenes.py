"""Landsat scenes are learned from and classified in reflectance and kelvin, with their bands by name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tests.conftest import write_raster
from tests.landsat.drawnscenes import BANDS, CLOUD, NAME, PLACE, REFLECTANCES, SHAPE, draw_scene, draw_truth

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.errors import DataError, TsrasterWarning, UsageError
from tsraster.pipeline.learning.predict import predict_files
from tsraster.pipeline.learning.projects import load_model
from tsraster.pipeline.learning.scenes import open_scene
from tsraster.pipeline.learning.train import train_file
from tsraster.pipeline.stacking.stack import stack_files


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


def test_a_scale_of_another_raster_is_applied_unless_it_is_wanted_raw(tmp_path: Path) -> None:
    numbers = np.full((1, 6, 6), 7, np.uint16)
    path = write_raster(tmp_path / "s.tif", numbers, band={"scales": (0.1,)}, **PLACE)
    box = slice(0, 6), slice(0, 6)
    with open_scene(path) as scene:
        np.testing.assert_allclose(scene.read(box).data, 0.7, rtol=1e-6)
        assert (scene.units, scene.notes) == (("1",), ("values are 0.1 x number, as the file says itself",))
    with open_scene(path, raw=True) as scene:
        np.testing.assert_array_equal(scene.read(box).data, numbers, strict=True)
        assert (scene.units, scene.notes) == (("DN",), ())


def read_codes(path: Path) -> NDArray[np.uint8]:
    with rasterio.open(path) as file:
        return np.asarray(file.read(1))


def test_a_stack_of_a_scene_is_classified_as_the_scene(mtl: Path, model: Path, tmp_path: Path) -> None:
    stack_files([mtl], tmp_path / "stack.tif")
    assert load_model(model).units == ("1",) * 6 + ("K",)
    of_scene = predict_files(model, [mtl], tmp_path / "a.tif")
    of_stack = predict_files(model, [tmp_path / "stack.tif"], tmp_path / "b.tif")
    assert of_scene.notes[0].startswith("values are reflectance and temperature (K) of SR_B2, SR_B3")
    assert of_stack.notes[0].startswith("values are 2.75e-05 x number - 0.2 of blue, green")
    assert (read_codes(tmp_path / "a.tif") == read_codes(tmp_path / "b.tif")).mean() > 0.999
    with pytest.raises(
        DataError, match=r"trained with physical values without a unit in blue, and .* has stored numbers"
    ):
        predict_files(model, [tmp_path / "stack.tif"], tmp_path / "c.tif", raw=True)
    with pytest.raises(DataError, match="stored numbers there; read it as the model"):
        predict_files(model, [mtl], tmp_path / "c.tif", raw=True)
    assert not (tmp_path / "c.tif").exists()


def test_bands_in_another_order_are_not_taken_silently(mtl: Path, model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"physical values without a unit in swir22, and .* has values in K there"):
        predict_files(model, [mtl], tmp_path / "a.tif", bands=[1, 2, 3, 4, 5, 7, 6])
    with pytest.warns(TsrasterWarning, match="has green, blue, red.*; let --bands name them in that order"):
        predict_files(model, [mtl], tmp_path / "b.tif", bands=[2, 1, 3, 4, 5, 6, 7])


def test_models_that_do_not_know_their_units_are_read_and_say_so(mtl: Path, model: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.tsmodel"
    with zipfile.ZipFile(model) as source, zipfile.ZipFile(old, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "model.json":
                record = json.loads(content)
                del record["units"]
                content = json.dumps(record).encode()
            target.writestr(name, content)
    assert load_model(old).units == ()
    predict_files(old, [mtl], tmp_path / "a.tif")
    predict_files(model, [mtl], tmp_path / "b.tif")
    assert np.array_equal(read_codes(tmp_path / "a.tif"), read_codes(tmp_path / "b.tif"))
    stack_files([mtl], tmp_path / "stack.tif")
    with pytest.warns(TsrasterWarning, match="does not say what its bands are measured in.*give --raw"):
        predict_files(old, [tmp_path / "stack.tif"], tmp_path / "c.tif")


def test_one_model_is_trained_with_values_of_one_kind(mtl: Path, tmp_path: Path) -> None:
    stack_files([mtl], tmp_path / "stack.tif")
    with rasterio.open(tmp_path / "stack.tif") as file:
        plain = write_raster(tmp_path / "plain.tif", file.read(), **PLACE)
    labels = write_raster(tmp_path / "l.tif", draw_truth(), **PLACE)
    how: dict[str, Any] = {"features": "smoothing:0.3", "trees": 3, "samples": 50, "overwrite": True}
    also = [(plain, labels)]
    with pytest.raises(DataError, match=r"band 1 of .*stack.tif holds physical values .*plain.tif stored numbers"):
        train_file(tmp_path / "m.tsmodel", tmp_path / "stack.tif", labels, also=also, **how)
    trained = train_file(tmp_path / "m.tsmodel", tmp_path / "stack.tif", labels, also=also, raw=True, **how)
    assert (trained.model.units, trained.notes) == (("DN",) * 7, ())
    assert train_file(tmp_path / "m.tsmodel", tmp_path / "stack.tif", labels, **how).notes[0].startswith("values are ")


def test_projects_of_ilastik_take_numbers_as_they_are_stored(mtl: Path, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    stack_files([mtl], tmp_path / "stack.tif")
    with rasterio.open(tmp_path / "stack.tif") as file:
        write_raster(tmp_path / "plain.tif", file.read(), nodata=0, **PLACE)
    labels = write_raster(tmp_path / "l.tif", draw_truth(), **PLACE)
    how: dict[str, Any] = {"features": "smoothing:0.3", "trees": 3, "samples": 50}
    for name in ("stack", "plain"):
        source = tmp_path / f"{name}.tif"
        assert train_file(tmp_path / f"{name}.ilp", source, labels, **how).notes == ()
        predict_files(tmp_path / f"{name}.ilp", [source], tmp_path / f"{name}_codes.tif")
    assert np.array_equal(read_codes(tmp_path / "stack_codes.tif"), read_codes(tmp_path / "plain_codes.tif"))
    of_project = train_file(tmp_path / "m.tsmodel", tmp_path / "stack.ilp", trees=3)
    assert of_project.model.units == ("DN",) * 7
    with pytest.raises(UsageError, match=r"it opens no MTL file; write a \.tsmodel"):
        train_file(tmp_path / "scene.ilp", mtl, labels, **how)


def test_a_mask_is_read_as_it_is_stored(mtl: Path, model: Path, tmp_path: Path) -> None:
    kept = np.full(SHAPE, 3, np.uint8)
    kept[:, 40:] = 0
    mask = write_raster(tmp_path / "m.tif", kept, band={"offsets": (-3.0,)}, **PLACE)
    predict_files(model, [mtl], tmp_path / "c.tif", mask_file=mask)
    codes = read_codes(tmp_path / "c.tif")
    assert codes[10:, :40].all()
    assert not codes[:, 40:].any()


def test_a_model_of_a_scene_knows_its_bands_and_classifies_it(mtl: Path, model: Path, tmp_path: Path) -> None:
    assert load_model(model).bands == (*BANDS, "lwir11")
    runs: list[tuple[Path, dict[str, Any]]] = [(mtl, {}), (mtl.parent, {"block_size": 13, "workers": 3})]
    for source, how in runs:
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
