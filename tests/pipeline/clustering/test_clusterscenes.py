"""Clusters of Landsat scenes and of physical values: a scene drawn by code, its spectra, masks, and models that fit or do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tests.conftest import write_raster
from tests.landsat.drawnscenes import BANDS, CLOUD, KELVIN, NAME, PLACE, REFLECTANCES, draw_scene, draw_truth

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.errors import BandError, DataError, TsrasterError, UsageError
from tsraster.pipeline.clustering.cluster import Clustering, cluster_files


@pytest.fixture(scope="module")
def mtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_scene(tmp_path_factory.mktemp("landsat") / NAME)


def read_codes(path: Path | str) -> NDArray[np.uint8]:
    with rasterio.open(path) as file:
        return np.asarray(file.read(1))


def clear(mtl: Path) -> dict[str, Any]:
    return {"qa": mtl.with_name(f"{NAME}_QA_PIXEL.TIF"), "mask": ["cloud", "fill"]}


def run(source: Path, folder: Path, **options: Any) -> tuple[Clustering, NDArray[np.uint8]]:
    result = cluster_files([source], folder / "classes.tif", overwrite=True, **options)
    return result, read_codes(folder / "classes.tif")


def test_a_scene_is_clustered_in_reflectance_and_kelvin(mtl: Path, tmp_path: Path) -> None:
    truth = draw_truth()
    truth[CLOUD], truth[:4, :6] = 0, 0
    for source in (mtl, mtl.parent):
        result, codes = run(source, tmp_path, classes=4, **clear(mtl))
        assert [band.name for band in result.bands] == [*BANDS, "lwir11"]
        assert [band.unit for band in result.bands] == [""] * 6 + ["K"]
        assert [band.wavelength for band in result.bands] == [0.48, 0.56, 0.65, 0.87, 1.61, 2.2, 10.9]
        assert result.notes[0].startswith("values are reflectance and temperature (K) of ")
        order = [int(np.bincount(truth[codes == code]).argmax()) - 1 for code in (1, 2, 3, 4)]
        assert np.array_equal(codes, np.array([0, *(1 + np.argsort(order))])[truth])
        means = np.array([one.means for one in result.spectra])
        assert np.abs(means[:, :6] - REFLECTANCES[order]).max() < 0.001
        assert np.abs(means[:, 6] - KELVIN[order]).max() < 0.1


def test_blocks_and_workers_change_nothing_of_a_scene(mtl: Path, tmp_path: Path) -> None:
    whole, codes = run(mtl, tmp_path, classes=5, samples=1000, **clear(mtl))
    for how in ({"block_size": 7}, {"block_size": 64, "workers": 1}, {"block_size": 31, "workers": 5}):
        other, found = run(mtl, tmp_path, classes=5, samples=1000, **clear(mtl), **how)
        assert np.array_equal(codes, found)
        assert whole.clusters.to_json() == other.clusters.to_json()
        assert whole.spectra == other.spectra


def test_classes_have_the_colors_of_the_scene(mtl: Path, tmp_path: Path) -> None:
    result, codes = run(mtl, tmp_path, classes=4, **clear(mtl))
    truth = draw_truth()
    colors = {}
    for code, color in zip(result.clusters.codes, result.clusters.colors, strict=True):
        colors[int(np.bincount(truth[codes == code]).argmax())] = color
    water, forest, soil, town = (np.array(colors[i]) for i in (1, 2, 3, 4))
    assert water.argmax() == 2
    assert forest.argmax() == 1
    assert soil.argmax() == 0
    assert town.min() > 150


def test_raw_numbers_of_a_scene_are_those_of_its_files(mtl: Path, tmp_path: Path) -> None:
    result, _ = run(mtl, tmp_path, classes=4, raw=True, **clear(mtl))
    assert min(one.means[0] for one in result.spectra) > 7000
    assert (result.notes, result.bands[6].unit) == ((), "")


def test_one_quantity_takes_the_bands_that_have_it(mtl: Path, tmp_path: Path) -> None:
    result, _ = run(mtl, tmp_path, classes=3, landsat="celsius", **clear(mtl))
    assert [(band.name, band.unit) for band in result.bands] == [("lwir11", "degree Celsius")]
    assert 20 < result.spectra[0].means[0] < 24


def test_a_scale_of_the_file_is_applied_and_said(tmp_path: Path) -> None:
    pixels = np.repeat([[[100], [200], [400]]], 20, axis=2).astype(np.uint16)
    path = write_raster(tmp_path / "s.tif", pixels, band={"scales": (0.1,), "offsets": (-5.0,)}, **PLACE)
    result, _ = run(path, tmp_path, classes=3)
    assert [one.means[0] for one in result.spectra] == pytest.approx([5, 15, 35])
    assert len(result.notes) == 1
    raw, _ = run(path, tmp_path, classes=3, raw=True)
    assert [one.means[0] for one in raw.spectra] == [100, 200, 400]


def test_each_of_several_scenes_finds_its_own_mtl(mtl: Path, tmp_path: Path) -> None:
    """The other one was stored with another scale and offset, so that only physical values are alike."""
    other = tmp_path / "other" / NAME.replace("20200127", "20200212")
    shutil.copytree(mtl.parent, other)
    text = (other / mtl.name).read_text().replace('"2.75e-05"', '"5.5e-05"').replace('"-0.2"', '"-0.1"')
    (other / mtl.name).write_text(text)
    for path in other.glob("*_SR_B*.TIF"):
        with rasterio.open(path, "r+") as file:
            numbers = file.read(1)
            values = numbers * 2.75e-5 - 0.2
            file.write(np.where(numbers == 0, 0, (values + 0.1) / 5.5e-5).round().astype(np.uint16), 1)
    mask = write_raster(tmp_path / "m.tif", (draw_truth() != 4).astype(np.uint8)[None], **PLACE)
    result = cluster_files([mtl, other], tmp_path / "out", classes=4, mask_file=mask, bands=[1, 2, 3, 4, 5, 6])
    assert [Path(path).name for path in result.written] == [f"{NAME}_clusters.tif", f"{other.name}_clusters.tif"]
    one, two = (read_codes(path) for path in result.written)
    assert (one != two).mean() < 0.001
    assert result.scenes[0].without_data > (draw_truth() == 4).sum()
    assert len(result.notes) == 1


WRONG: list[tuple[dict[str, Any], type[TsrasterError], str]] = [
    ({"qa": "q.tif", "mask": ["cloud"]}, UsageError, "--qa is the quality band of one scene, and there are 2 sources"),
    ({"landsat": "reflectance", "mtl": "x_MTL.txt"}, UsageError, "each finds its own"),
    ({"landsat": "warmth"}, UsageError, "--landsat warmth is unknown"),
    ({"raw": True, "landsat": "celsius"}, UsageError, "leave one out"),
    ({"bands": [9]}, BandError, "no band 9"),
]


@pytest.mark.parametrize(("options", "kind", "problem"), WRONG)
def test_what_does_not_go_with_several_sources_is_refused(
    mtl: Path, tmp_path: Path, options: dict[str, Any], kind: type[TsrasterError], problem: str
) -> None:
    with pytest.raises(kind, match=problem):
        cluster_files([mtl, mtl.with_name(f"{NAME}_SR_B2.TIF")], tmp_path / "out", classes=4, **options)
    assert not list((tmp_path / "out").glob("*"))


def test_a_model_of_reflectances_is_not_applied_to_stored_numbers(mtl: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.json"
    _, codes = run(mtl, tmp_path, classes=4, save_model=model, **clear(mtl))
    assert json.loads(model.read_text())["units"] == ["1"] * 6 + ["K"]
    _, again = run(mtl.parent, tmp_path, model=model, **clear(mtl))
    assert np.array_equal(codes, again)
    with pytest.raises(DataError, match=r"physical values without a unit in blue, and .* has stored numbers"):
        run(mtl, tmp_path, model=model, raw=True)
    _, _ = run(mtl, tmp_path, classes=3, landsat="celsius", save_model=model)
    with pytest.raises(DataError, match=r"values in degree Celsius in lwir11, and .* has values in K"):
        run(mtl, tmp_path, model=model, landsat="temperature")


def test_a_model_fits_bands_of_the_same_names_in_the_same_order(tmp_path: Path) -> None:
    pixels = np.arange(3 * 20 * 20, dtype=np.float32).reshape(3, 20, 20) % 37

    def write(name: str, *names: str) -> Path:
        return write_raster(tmp_path / name, pixels, band={"descriptions": names}, **PLACE)

    model = tmp_path / "m.json"
    run(write("a.tif", "blue", "green", "red"), tmp_path, classes=3, save_model=model)
    run(write("same.tif", "Blue", "GREEN", "red"), tmp_path, model=model)
    run(write("nameless.tif", "", "", ""), tmp_path, model=model)
    turned = write("turned.tif", "red", "green", "blue")
    with pytest.raises(BandError, match=r"bands blue, green, red, and .* has red, green, blue; .* --bands 3,2,1"):
        run(turned, tmp_path, model=model)
    run(turned, tmp_path, model=model, bands=[3, 2, 1])
    others = write("others.tif", "green", "red", "nir08")
    with pytest.raises(BandError, match="say which they are with --bands"):
        run(others, tmp_path, model=model)
    run(others, tmp_path, model=model, bands=[1, 2, 3])


def test_a_model_that_was_saved_without_units_still_loads(mtl: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.json"
    _, codes = run(mtl, tmp_path, classes=4, save_model=model, **clear(mtl))
    record = json.loads(model.read_text())
    del record["units"]
    model.write_text(json.dumps(record))
    _, again = run(mtl, tmp_path, model=model, **clear(mtl))
    assert np.array_equal(codes, again)


def test_another_number_of_classes_than_asked_for_is_said(mtl: Path, tmp_path: Path) -> None:
    result, codes = run(mtl, tmp_path, classes=7, isodata=True, **clear(mtl))
    assert codes.max() == 4
    assert result.notes[-1].startswith("ISODATA made 4 classes where 7 were aimed at: others would be closer")
    result, _ = run(mtl, tmp_path, classes=4, isodata=True, **clear(mtl))
    assert len(result.notes) == 1


def test_isodata_of_a_landsat_scene_makes_about_as_many_classes_as_asked_for(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "landsat" / "LC08" / "LC08_224078_20200518_B2B3B4.tif"
    for classes in (4, 7, 12):
        result, _ = run(source, tmp_path, classes=classes, isodata=True, mask_file=source, samples=20_000)
        assert classes - 2 <= len(result.spectra) <= classes
    result, _ = run(
        source, tmp_path, classes=7, isodata=True, mask_file=source, samples=20_000, max_std=0.3, max_classes=10
    )
    assert 7 < len(result.spectra) <= 10
