"""Rasters to class maps without labels: drawn spectra, the same answer for any blocks, nodata, models, errors."""

from __future__ import annotations

import csv
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from tests.conftest import write_raster

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    FewerClassesWarning,
    LutError,
    MissingSourceError,
    ReadError,
    TableError,
    TsrasterError,
    UsageError,
)
from tsraster.pipeline.clustering.cluster import Clustering, cluster_files
from tsraster.raster import without_place_warning

PLACE: dict[str, Any] = {"crs": "EPSG:32621", "transform": Affine(30, 0, 500000, 0, -30, 7000000)}
SPECTRA = np.array([[300, 250, 200, 90], [400, 500, 450, 2500], [700, 900, 1200, 2000], [2600, 2500, 2700, 2900]])
"""Water, wood, soil, sand; from dark to bright."""


def draw_scene(seed: int = 0, shape: tuple[int, int] = (90, 130)) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    truth = (1 + (rows // 17 + cols // 23 + (rows * cols) // 900) % 4).astype(np.uint8)
    pixels = SPECTRA[truth - 1].transpose(2, 0, 1) + rng.normal(0, 25, (4, *shape))
    return pixels.round().astype(np.uint16), truth


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels, _ = draw_scene()
    pixels[2, :5, :9] = 0
    folder = tmp_path_factory.mktemp("scene")
    names = ("blue", "green", "red", "nir08")
    return write_raster(
        folder / "scene.tif",
        pixels,
        nodata=0,
        tiled=True,
        blockxsize=32,
        blockysize=32,
        band={"descriptions": names},
        **PLACE,
    )


def read_codes(path: Path | str) -> NDArray[np.uint8]:
    with without_place_warning(), rasterio.open(path) as file:
        return np.asarray(file.read(1))


def run(scene: Path, folder: Path, **options: Any) -> tuple[Clustering, NDArray[np.uint8]]:
    result = cluster_files([scene], folder / "classes.tif", overwrite=True, **options)
    return result, read_codes(folder / "classes.tif")


@pytest.mark.parametrize("options", [{}, {"seed": 7}, {"isodata": True}])
def test_drawn_spectra_are_found_again(scene: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    result, codes = run(scene, tmp_path, classes=4, **options)
    _, truth = draw_scene()
    truth[:5, :9] = 0
    assert np.array_equal(codes, truth)
    assert np.abs(np.array([one.means for one in result.spectra]) - SPECTRA).max() < 3
    assert np.abs(np.array([one.stds for one in result.spectra]) - 25).max() < 2
    assert result.scenes[0].without_data == 45


def test_place_names_and_colors_are_kept(scene: Path, tmp_path: Path) -> None:
    names = ["water", "wood", "soil", "sand"]
    result, _ = run(scene, tmp_path, classes=4, names=names, sidecars=["qml"])
    with rasterio.open(tmp_path / "classes.tif") as file:
        assert (file.crs, file.transform, file.nodata) == (PLACE["crs"], PLACE["transform"], 0)
        palette = file.colormap(1)
    assert [palette[code][:3] for code in (1, 2, 3, 4)] == list(result.clusters.colors)
    assert len({palette[code] for code in (1, 2, 3, 4)}) == 4
    # Sand is the brightest in red, green and blue, and so white; wood is greener than it is red.
    assert min(palette[4][:3]) > 200
    assert palette[2][1] > palette[2][0]
    assert "sand" in (tmp_path / "classes.qml").read_text()
    assert result.lut.names == tuple(names)


def test_the_table_holds_means_and_standard_deviations_of_the_pixels(scene: Path, tmp_path: Path) -> None:
    run(scene, tmp_path, classes=4, stats=tmp_path / "s.csv")
    with (tmp_path / "s.csv").open() as file:
        rows = list(csv.DictReader(file))
    pixels, _ = draw_scene()
    codes = read_codes(tmp_path / "classes.tif")
    assert len(rows) == 16
    for row in rows:
        own = pixels[int(row["band"]) - 1][codes == int(row["code"])].astype(float)
        assert (int(row["pixels"]), float(row["area_m2"])) == (own.size, own.size * 900)
        assert float(row["mean"]) == pytest.approx(own.mean(), rel=1e-12)
        assert float(row["std"]) == pytest.approx(own.std(), rel=1e-12)
    assert [row["band_name"] for row in rows[:4]] == ["blue", "green", "red", "nir08"]


@pytest.fixture(scope="module", params=["uint16", "float32", "float64"])
def noisy(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    rng = np.random.default_rng(1)
    pixels = rng.gamma(3, 300, (3, 70, 110)) + 400 * np.sin(np.mgrid[:70, :110].sum(axis=0) / 9)
    kind: str = request.param
    pixels = pixels.clip(1, 9999).astype(kind)
    pixels[:, 60:, 100:] = 0
    return write_raster(tmp_path_factory.mktemp("noisy") / "n.tif", pixels, nodata=0, **PLACE)


HOWS: list[Mapping[str, Any]] = [{"block_size": 7}, {"block_size": 64, "workers": 1}, {"block_size": 31, "workers": 5}]


@pytest.mark.parametrize("options", [{"classes": 6}, {"classes": 6, "isodata": True, "max_std": 0.4}])
def test_blocks_and_workers_change_nothing(noisy: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    whole, codes = run(noisy, tmp_path, samples=1000, **options)
    for how in HOWS:
        other, found = run(noisy, tmp_path, samples=1000, **options, **how)
        assert np.array_equal(codes, found)
        assert whole.clusters.to_json() == other.clusters.to_json()
        assert whole.spectra == other.spectra


def test_processes_change_nothing(scene: Path, tmp_path: Path) -> None:
    whole, codes = run(scene, tmp_path, classes=3, samples=1000)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        other, found = run(scene, tmp_path, classes=3, samples=1000, executor=executor, block_size=50)
    assert np.array_equal(codes, found)
    assert whole.spectra == other.spectra


def test_another_seed_draws_another_sample(noisy: Path, tmp_path: Path) -> None:
    one, _ = run(noisy, tmp_path, classes=6, samples=1000)
    other, _ = run(noisy, tmp_path, classes=6, samples=1000, seed=1)
    assert not np.array_equal(one.clusters.centers, other.clusters.centers)
    assert np.array_equal(one.clusters.means, other.clusters.means)


def test_bands_are_standardized_by_all_valid_pixels(noisy: Path, tmp_path: Path) -> None:
    result, _ = run(noisy, tmp_path, classes=2, samples=1000)
    with rasterio.open(noisy) as file:
        pixels = file.read().astype(float)
    values = pixels[:, (pixels != 0).all(axis=0)]
    assert result.clusters.means.tolist() == pytest.approx(values.mean(axis=1).tolist(), rel=1e-12)
    assert result.clusters.stds.tolist() == pytest.approx(values.std(axis=1).tolist(), rel=1e-12)


def test_the_order_of_magnitude_of_a_band_does_not_matter(tmp_path: Path) -> None:
    pixels, truth = draw_scene()
    large = pixels.astype(np.float64)
    large[1] = large[1] * 1e6 - 5e8
    path = write_raster(tmp_path / "large.tif", large, **PLACE)
    _, codes = run(path, tmp_path, classes=4)
    assert np.array_equal(codes, truth)


def test_fewer_different_pixels_make_fewer_classes(tmp_path: Path) -> None:
    pixels = np.repeat([[[9], [1], [5]]], 40, axis=2).astype(np.uint8)
    path = write_raster(tmp_path / "few.tif", pixels, **PLACE)
    with pytest.warns(FewerClassesWarning, match="3 classes were made instead of 8"):
        _, codes = run(path, tmp_path, classes=8)
    assert codes[:, 0].tolist() == [3, 1, 2]


def test_a_constant_band_beside_others_does_not_count(tmp_path: Path) -> None:
    pixels, truth = draw_scene()
    path = write_raster(tmp_path / "c.tif", np.concatenate([pixels, np.full_like(pixels[:1], 7)]), **PLACE)
    result, codes = run(path, tmp_path, classes=4)
    assert np.array_equal(codes, truth)
    assert result.spectra[0].stds[4] == 0


def test_nan_and_infinity_get_no_class(tmp_path: Path) -> None:
    pixels, truth = draw_scene()
    values = pixels.astype(np.float32)
    values[0, 3, 4], values[3, 5, 6] = np.nan, np.inf
    truth[3, 4] = truth[5, 6] = 0
    _, codes = run(write_raster(tmp_path / "f.tif", values, **PLACE), tmp_path, classes=4)
    assert np.array_equal(codes, truth)


def test_a_mask_leaves_pixels_out_of_the_fit_and_of_the_map(tmp_path: Path) -> None:
    pixels, truth = draw_scene()
    pixels[:, 40:, :] = 0
    path = write_raster(tmp_path / "m.tif", pixels, **PLACE)
    result, codes = run(path, tmp_path, classes=4, mask_file=path)
    truth[40:] = 0
    assert np.array_equal(codes, truth)
    assert result.clusters.means.min() > 300


def test_chosen_bands_are_those_that_count(scene: Path, tmp_path: Path) -> None:
    result, codes = run(scene, tmp_path, classes=3, bands=[4, 1], rgb=[4, 1, 1])
    assert [(band.number, band.name) for band in result.bands] == [(4, "nir08"), (1, "blue")]
    # The hole is in another band.
    assert codes.min() == 1


def test_a_model_gives_another_scene_the_same_classes(scene: Path, tmp_path: Path) -> None:
    first, codes = run(scene, tmp_path, classes=4, save_model=tmp_path / "m.json", names=["a", "b", "c", "d"])
    again, same = run(scene, tmp_path, model=tmp_path / "m.json")
    assert np.array_equal(codes, same)
    assert (again.lut, again.spectra) == (first.lut, first.spectra)
    pixels, truth = draw_scene(1, (20, 30))
    dark = write_raster(tmp_path / "dark.tif", np.where(truth < 3, pixels, pixels[:, :1, :1]), **PLACE)
    _, found = run(dark, tmp_path, model=tmp_path / "m.json")
    assert np.array_equal(found[truth < 3], truth[truth < 3])


def test_several_sources_get_one_set_of_classes(tmp_path: Path) -> None:
    paths = []
    for seed in (0, 1):
        pixels, truth = draw_scene(seed, (50, 60))
        # Each holds only two of the classes.
        pixels = np.where((truth - 1) // 2 == seed, pixels, SPECTRA[2 * seed][:, None, None]).astype(np.uint16)
        paths.append(write_raster(tmp_path / f"part{seed}.tif", pixels, **PLACE))
    result = cluster_files(paths, tmp_path / "out", classes=4, stats=tmp_path / "s.csv")
    found = [set(np.unique(read_codes(tmp_path / "out" / f"part{seed}_clusters.tif"))) for seed in (0, 1)]
    assert found == [{1, 2}, {3, 4}]
    assert [sum(scene.counts) for scene in result.scenes] == [3000, 3000]
    assert sum(one.pixels for one in result.spectra) == 6000


def test_a_color_picture_gets_its_own_colors(tmp_path: Path) -> None:
    pixels = np.zeros((3, 30, 30), np.uint8)
    pixels[0, :10], pixels[1, 10:20], pixels[:, 20:] = 200, 150, 255
    path = write_raster(tmp_path / "p.png", pixels, driver="PNG")
    result, _ = run(path, tmp_path, classes=3)
    assert set(result.clusters.colors) == {(200, 0, 0), (0, 150, 0), (255, 255, 255)}


def test_one_band_is_enough(tmp_path: Path) -> None:
    pixels = np.repeat([10, 90, 200], 40).reshape(1, 12, 10).astype(np.uint8)
    _, codes = run(write_raster(tmp_path / "one.tif", pixels, **PLACE), tmp_path, classes=3)
    assert np.array_equal(codes.ravel(), np.repeat([1, 2, 3], 40))


def test_a_color_table_of_the_user_goes_first(scene: Path, tmp_path: Path) -> None:
    result, _ = run(scene, tmp_path, classes=4, lut="gray")
    assert result.lut.colors[0] == (0, 0, 0, 255)
    with pytest.raises(LutError, match="codes"):
        run(scene, tmp_path, classes=20, lut="thin-section")


WRONG: list[tuple[dict[str, Any], type[TsrasterError], str]] = [
    ({}, UsageError, "--classes K, or --model"),
    ({"classes": 1}, UsageError, "from 2 to 255"),
    ({"classes": 300}, UsageError, "from 2 to 255"),
    ({"classes": 4, "samples": 10}, UsageError, "--samples is 10"),
    ({"classes": 4, "seed": -1}, UsageError, "--seed is -1"),
    ({"classes": 4, "max_std": 1.0}, UsageError, "give --isodata too"),
    ({"classes": 4, "isodata": True, "max_std": 0.0}, UsageError, "--max-std is 0"),
    ({"classes": 4, "isodata": True, "min_pixels": -1}, UsageError, "--min-pixels is -1"),
    ({"classes": 4, "isodata": True, "max_classes": 3}, UsageError, "--max-classes is 3"),
    ({"classes": 4, "max_classes": 6}, UsageError, "give --isodata too"),
    ({"classes": 4, "qa": "q.tif"}, UsageError, "give both"),
    ({"classes": 4, "model": "m.json"}, UsageError, "--model brings"),
    ({"model": "nowhere.json"}, ReadError, "cannot be read"),
    ({"classes": 4, "bands": [9]}, BandError, "no band 9"),
    ({"classes": 4, "bands": []}, BandError, "no band is named"),
    ({"classes": 4, "bands": [1, 1]}, BandError, "band 1 twice"),
    ({"classes": 4, "rgb": [1, 2]}, BandError, "--rgb has 2 numbers"),
    ({"classes": 4, "bands": [1, 2], "rgb": [1, 2, 3]}, BandError, "band 3, which does not count"),
    ({"classes": 4, "names": ["a"]}, UsageError, "1 names for 4 classes"),
    ({"classes": 4, "mask_file": "nowhere.tif"}, MissingSourceError, "nowhere.tif"),
    ({"classes": 4, "pixel_size": "7 hours"}, UsageError, "7 hours"),
]


@pytest.mark.parametrize(("options", "kind", "problem"), WRONG)
def test_what_is_wrong_is_said_in_one_sentence(
    scene: Path, tmp_path: Path, options: dict[str, Any], kind: type[TsrasterError], problem: str
) -> None:
    with pytest.raises(kind, match=problem) as caught:
        cluster_files([scene], tmp_path / "c.tif", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_files_that_do_not_fit_are_refused(scene: Path, tmp_path: Path) -> None:
    small = write_raster(tmp_path / "small.tif", np.ones((2, 5, 5), np.uint8), **PLACE)
    with pytest.raises(DataError, match="a mask has the size of what it masks"):
        cluster_files([scene], tmp_path / "c.tif", classes=2, mask_file=small)
    with pytest.raises(BandError, match=r"has 2 bands and .* has 4"):
        cluster_files([scene, small], tmp_path / "out", classes=2)
    run(scene, tmp_path, classes=2, save_model=tmp_path / "m.json")
    with pytest.raises(BandError, match=r"classes of 4 bands \(blue, green, red, nir08\)"):
        cluster_files([small], tmp_path / "c.tif", model=tmp_path / "m.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(TableError, match=r"bad\.json"):
        cluster_files([scene], tmp_path / "c.tif", model=tmp_path / "bad.json")
    with pytest.raises(DestinationExistsError):
        cluster_files([scene], tmp_path / "classes.tif", classes=2)
    with pytest.raises(UsageError, match="one file, and there are 2 sources"):
        cluster_files([scene, small], tmp_path / "c.tif", classes=2)
    with pytest.raises(UsageError, match="no ending"):
        cluster_files([scene], tmp_path / "c.xyz", classes=2)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_raster_without_data_has_no_clusters(tmp_path: Path, dtype: str) -> None:
    empty = write_raster(tmp_path / "empty.tif", np.zeros((2, 5, 5), dtype), nodata=0, **PLACE)
    with pytest.raises(DataError, match="no pixel has data in all bands"):
        cluster_files([empty], tmp_path / "c.tif", classes=2)


def test_water_of_a_landsat_scene_is_a_class_of_its_own(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "landsat" / "LC08" / "LC08_224078_20200518_B2B3B4.tif"
    result = cluster_files([source], tmp_path / "c.tif", classes=7, mask_file=source, rgb=[3, 2, 1], samples=50_000)
    codes = read_codes(tmp_path / "c.tif")
    # The middle of the lake.
    lake = codes[500:600, 1180:1280]
    water = int(np.bincount(lake.ravel()).argmax())
    assert (lake == water).mean() > 0.99
    assert 0.1 < result.spectra[water - 1].percent / 100 < 0.15
    red, _, blue = result.clusters.colors[water - 1]
    assert blue > 1.5 * red
    with rasterio.open(source) as file:
        assert np.array_equal(codes == 0, (file.read() == 0).all(axis=0))
