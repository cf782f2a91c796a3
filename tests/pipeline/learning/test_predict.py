"""Predictions are the same however they are made, reach every format, and what cannot be predicted is said in a sentence."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from tests.conftest import write_raster
from tests.pipeline.learning.conftest import CODES, COLORS, NAMES, PLACE, Drawn, draw_scene
from tsraster import accuracy_file, predict_files, train_file
from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    LossWarning,
    MissingExtraError,
    MissingSourceError,
    ReadError,
    UsageError,
)
from tsraster.learning.modelfile import read_model
from tsraster.pipeline.learning.naming import name_result

ALL = ("probabilities", "segmentation", "uncertainty", "features", "labels")


def read(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels


@pytest.fixture(scope="module")
def predicted(drawn: Drawn, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make every result once."""
    folder = tmp_path_factory.mktemp("predicted")
    predict_files(model, [drawn.source], folder, export=ALL, name="{result_type}.tif")
    return folder


def test_classes_are_found_with_their_place_names_and_colors(drawn: Drawn, predicted: Path) -> None:
    with rasterio.open(predicted / "Simple Segmentation.tif") as file:
        codes = file.read(1)
        assert (file.crs, file.transform, file.nodata) == (PLACE["crs"], PLACE["transform"], 0)
        colors = file.colormap(1)
        assert {code: colors[code] for code in CODES} == COLORS
    assert (codes == drawn.truth)[drawn.valid].mean() > 0.95
    assert not codes[~drawn.valid].any()
    assert "striped" in (predicted / "Simple Segmentation.tif.aux.xml").read_text()


def test_results_belong_together(drawn: Drawn, model: Path, predicted: Path) -> None:
    shares, codes = read(predicted / "Probabilities.tif"), read(predicted / "Simple Segmentation.tif")[0]
    assert np.isnan(shares[:, ~drawn.valid]).all()
    inside = shares[:, drawn.valid]
    np.testing.assert_allclose(inside.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_array_equal(np.array(CODES)[inside.argmax(axis=0)], codes[drawn.valid])
    first, second = np.sort(inside, axis=0)[::-1][:2]
    np.testing.assert_allclose(
        read(predicted / "Uncertainty.tif")[0][drawn.valid], 1 - (first - second), rtol=0, atol=1e-6
    )
    with rasterio.open(predicted / "Probabilities.tif") as file:
        assert file.descriptions == tuple(NAMES.values())
        assert np.isnan(file.nodata)
    trained = read_model(model)
    features = read(predicted / "Features.tif")
    np.testing.assert_array_equal(features[:, drawn.valid], trained.compute(drawn.pixels, drawn.valid)[:, drawn.valid])
    with rasterio.open(predicted / "Features.tif") as file:
        assert file.descriptions == tuple(column.name for column in trained.columns)
    labels = read(predicted / "Labels.tif")[0]
    with rasterio.open(drawn.labels) as file:
        np.testing.assert_array_equal(labels, np.where(drawn.valid, file.read(1), 0))


@pytest.mark.parametrize(
    "options", [{"workers": 1}, {"block_size": 45}, {"block_size": 64, "workers": 3}, {"block_size": 1000}]
)
def test_tiles_workers_and_blocks_change_no_pixel(
    drawn: Drawn, model: Path, predicted: Path, tmp_path: Path, options: dict[str, int]
) -> None:
    predict_files(model, [drawn.source], tmp_path, export=ALL, name="{result_type}.tif", **options)
    for path in predicted.glob("*.tif"):
        np.testing.assert_array_equal(read(tmp_path / path.name), read(path))


def test_segmentation_alone_is_that_of_the_probabilities(
    drawn: Drawn, model: Path, predicted: Path, tmp_path: Path
) -> None:
    predict_files(model, [drawn.source], tmp_path / "s.tif")
    np.testing.assert_array_equal(read(tmp_path / "s.tif"), read(predicted / "Simple Segmentation.tif"))


def test_files_stored_in_lines_are_no_others(drawn: Drawn, model: Path, predicted: Path, tmp_path: Path) -> None:
    lines = write_raster(tmp_path / "lines.tif", drawn.pixels, tiled=False, blockysize=1, **PLACE)
    predict_files(model, [lines], tmp_path / "s.tif", export=["probabilities"])
    np.testing.assert_array_equal(read(tmp_path / "s.tif"), read(predicted / "Probabilities.tif"))


def test_a_region_is_cut_out_of_the_whole(drawn: Drawn, model: Path, predicted: Path, tmp_path: Path) -> None:
    predict_files(model, [drawn.source], tmp_path / "r.tif", region=[100, 40, 181, 143])
    np.testing.assert_array_equal(
        read(tmp_path / "r.tif"), read(predicted / "Simple Segmentation.tif")[:, 40:143, 100:181]
    )
    with rasterio.open(tmp_path / "r.tif") as file:
        assert file.transform == PLACE["transform"] @ PLACE["transform"].translation(100, 40)


def test_masked_pixels_are_not_predicted(drawn: Drawn, model: Path, predicted: Path, tmp_path: Path) -> None:
    mask = (np.add.outer(np.arange(150), np.arange(220)) % 3 > 0).astype(np.uint8)
    path = write_raster(tmp_path / "mask.png", mask, driver="PNG")
    predict_files(model, [drawn.source], tmp_path / "m.tif", mask_file=path)
    np.testing.assert_array_equal(read(tmp_path / "m.tif"), read(predicted / "Simple Segmentation.tif") * mask)
    other = write_raster(tmp_path / "other.png", mask[:9], driver="PNG")
    with pytest.raises(DataError, match="9 x 220 pixels"):
        predict_files(model, [drawn.source], tmp_path / "n.tif", mask_file=other)


def test_what_has_no_data_does_not_leak_far(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    """Any number may stand where there is no data."""
    other = drawn.pixels.copy()
    other[:, :20, :30] = 65535
    path = write_raster(tmp_path / "other.tif", other, **{**PLACE, "nodata": 65535})
    for source, name in ((drawn.source, "a.tif"), (path, "b.tif")):
        predict_files(model, [source], tmp_path / name, export=["probabilities"])
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), read(tmp_path / "b.tif"))


def test_every_format_holds_the_same(drawn: Drawn, model: Path, predicted: Path, tmp_path: Path) -> None:
    expected = read(predicted / "Probabilities.tif")
    for ending in ("h5", "npy", "zarr"):
        if ending == "npy":
            with pytest.warns(LossWarning, match="npy"):
                predict_files(model, [drawn.source], tmp_path / "p.npy", export=["probabilities"])
        else:
            predict_files(model, [drawn.source], tmp_path / f"p.{ending}", export=["probabilities"])
    with h5py.File(tmp_path / "p.h5") as file:
        np.testing.assert_array_equal(file["exported_data"][()], expected.transpose(1, 2, 0))
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), expected.transpose(1, 2, 0))
    with rasterio.open(f'ZARR:"{tmp_path / "p.zarr"}":/exported_data') as file:
        assert file.crs == PLACE["crs"]
    predict_files(model, [drawn.source], tmp_path / "s.png")
    with rasterio.open(tmp_path / "s.png") as file:
        np.testing.assert_array_equal(file.read(), read(predicted / "Simple Segmentation.tif"))
        assert file.colormap(1)[7] == COLORS[7]


def test_numbers_are_brought_into_another_range_and_type(
    drawn: Drawn, model: Path, predicted: Path, tmp_path: Path
) -> None:
    expected = np.nan_to_num(read(predicted / "Probabilities.tif"))
    predict_files(model, [drawn.source], tmp_path / "a.png", export=["probabilities"], dtype="uint8")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.rint(expected * 255))
    predict_files(
        model, [drawn.source], tmp_path / "b.tif", export=["probabilities"], dtype="uint8", out_range=[0, 100]
    )
    np.testing.assert_array_equal(read(tmp_path / "b.tif"), np.rint(expected * 100))


def test_many_pictures_go_into_a_folder_and_a_bad_one_stops_no_other(model: Path, tmp_path: Path) -> None:
    sources = []
    for seed in (1, 2):
        pixels, _ = draw_scene(seed)
        sources.append(write_raster(tmp_path / f"{seed}.tif", pixels, **PLACE))
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"no raster")
    single = write_raster(tmp_path / "single.tif", draw_scene()[0][0], **PLACE)
    found = predict_files(model, [sources[0], bad, single, sources[1]], tmp_path / "out", export=["segmentation"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".tif") == [
        "1_Simple Segmentation.tif",
        "2_Simple Segmentation.tif",
    ]
    problems = [picture.problem for picture in found.pictures]
    assert [bool(problem) for problem in problems] == [False, True, True, False]
    assert "1 band and the model was trained with 2" in problems[2]
    for picture, seed in ((found.pictures[0], 1), (found.pictures[3], 2)):
        truth = draw_scene(seed)[1]
        assert picture.counts[0] == 0
        assert (read(Path(picture.written[0]))[0] == truth).mean() > 0.95


def test_the_most_uncertain_places_are_listed(drawn: Drawn, model: Path, predicted: Path, tmp_path: Path) -> None:
    found = predict_files(
        model, [drawn.source], tmp_path / "s.tif", uncertain=tmp_path / "u.csv", places=5, block_size=37
    )
    again = predict_files(model, [drawn.source], tmp_path / "t.tif", uncertain=tmp_path / "v.csv", places=5)
    assert (tmp_path / "u.csv").read_bytes() == (tmp_path / "v.csv").read_bytes()
    assert found.pictures[0].places == again.pictures[0].places
    uncertainty = read(predicted / "Uncertainty.tif")[0]
    first = found.pictures[0].places[0]
    cell = uncertainty[first.row // 32 * 32 :, first.col // 32 * 32 :][:32, :32]
    assert first.uncertainty == pytest.approx(np.nanmean(cell), abs=1e-6)
    assert uncertainty[first.row, first.col] == np.nanmax(cell)
    means = [
        np.nanmean(uncertainty[r : r + 32, c : c + 32])
        for r in range(0, 150, 32)
        for c in range(0, 220, 32)
        if not np.isnan(uncertainty[r : r + 32, c : c + 32]).all()
    ]
    assert first.uncertainty == pytest.approx(max(means), abs=1e-6)


def test_ilastik_gives_the_same_probabilities(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ilastik"
    predict_files(
        folder / "PixelClass.ilp", [folder / "Data_1channel.png"], tmp_path / "p.h5", export=["probabilities"]
    )
    expected = np.load(folder / "expected_probabilities_1channel.npy")
    with h5py.File(tmp_path / "p.h5") as file:
        found = file["exported_data"][()]
    assert np.abs(found - expected).max() < 0.02 + 1e-6
    np.testing.assert_array_equal(found.argmax(axis=-1), expected.argmax(axis=-1))


def test_landsat_is_trained_on_polygons_and_checked_on_points(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "landsat" / "LC08"
    scene, places = folder / "LC08_224078_20200518_B2B3B4.tif", folder / "LC08_224078_landcover_polygons.gpkg"
    found = train_file(tmp_path / "m", scene, places, features="smoothing:1,3.5 laplacian:10", column="name")
    assert found.model.lut.names == ("crop", "developed", "tree", "water")
    assert found.used == {1: 192, 2: 81, 3: 198, 4: 212}
    predict_files(tmp_path / "m", [scene], tmp_path / "c.tif")
    with rasterio.open(tmp_path / "c.tif") as file, rasterio.open(scene) as source:
        assert (file.crs, file.transform) == (source.crs, source.transform)
    checked = accuracy_file(tmp_path / "c.tif", folder / "LC08_224078_landcover_points.gpkg")
    assert checked.confusion.pixels == 6
    assert checked.confusion.overall_accuracy >= 5 / 6
    assert checked.names == ("crop", "developed", "tree", "water")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"export": ["segmentations"]}, "segmentation"),
        ({"export": []}, "--export is empty"),
        ({"name": "{nick}.tif"}, "is a file"),
        ({"name": "a.tif"}, "is a file"),
        ({"dtype": "uint9"}, "--dtype uint9"),
        ({"dtype": "uint8", "out_range": [0, 300]}, "no room"),
        ({"in_range": [1, 0]}, "empty"),
        ({"out_range": [1]}, "low,high"),
        ({"region": [0, 0, 0, 1]}, "is no part"),
        ({"places": 0}, "--places is 0"),
        ({"workers": 0}, "0 workers"),
    ],
)
def test_wrong_options_are_one_sentence_and_write_nothing(
    drawn: Drawn, model: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        predict_files(model, [drawn.source], tmp_path / "p.tif", **options)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_wrong_destinations_are_one_sentence(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a folder"):
        predict_files(model, [drawn.source, drawn.source], tmp_path / "p.tif")
    with pytest.raises(UsageError, match="named for two outputs"):
        predict_files(model, [drawn.source, drawn.source], tmp_path)
    with pytest.raises(UsageError, match="field that is unknown"):
        predict_files(model, [drawn.source], tmp_path, name="{nick}.tif")
    with pytest.raises(UsageError, match=r"no ending that can be written"):
        predict_files(model, [drawn.source], tmp_path / "p.txt")
    with pytest.raises(UsageError, match="PNG"):
        predict_files(model, [drawn.source], tmp_path / "p.png", export=["probabilities"])
    with pytest.raises(UsageError, match=r"^\S*/p_Uncertainty.jpg cannot hold float32.*--dtype") as caught:
        predict_files(model, [drawn.source], tmp_path, export=["uncertainty"], name="p_{result_type}.jpg")
    assert ".tsraster-" not in str(caught.value)
    (tmp_path / "mine.tif").write_text("mine")
    with pytest.raises(DestinationExistsError):
        predict_files(model, [drawn.source], tmp_path / "mine.tif")
    with pytest.raises(UsageError, match="is an input"):
        predict_files(model, [drawn.source], drawn.source, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.tif"]


def test_other_pictures_are_refused(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    with pytest.raises(BandError, match="no band 3"):
        predict_files(model, [drawn.source], tmp_path / "p.tif", bands=[1, 3])
    with pytest.raises(BandError, match="1 band and the model was trained with 2"):
        predict_files(model, [drawn.source], tmp_path / "p.tif", bands=[1])
    tiny = write_raster(tmp_path / "tiny.tif", drawn.pixels[:, :3, :3], **PLACE)
    with pytest.raises(DataError, match="scale 1 needs"):
        predict_files(model, [tiny], tmp_path / "p.tif")
    other = write_raster(tmp_path / "other.tif", drawn.pixels, **PLACE)
    with pytest.raises(DataError, match="not trained with labels of"):
        predict_files(model, [other], tmp_path / "p.tif", export=["labels"])
    with pytest.raises(MissingSourceError, match="does not exist"):
        predict_files(tmp_path / "no.tsmodel", [other], tmp_path / "p.tif")
    assert not (tmp_path / "p.tif").exists()


def rewrite(model: Path, path: Path, change: Any) -> Path:
    """Copy a model with its record, or its members, changed."""
    with zipfile.ZipFile(model) as source, zipfile.ZipFile(path, "w") as target:
        members = {name: source.read(name) for name in source.namelist()}
        record = json.loads(members["model.json"])
        change(record, members)
        members["model.json"] = json.dumps(record).encode()
        for name, content in members.items():
            target.writestr(name, content)
    return path


def npy(array: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('a pickle was run')",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record, _: record.update(version=2), "version 2, made by tsraster .* reads version 1"),
        (lambda record, _: record.update(kind="other"), "is no model of tsraster"),
        (lambda record, _: record.pop("columns"), "damaged model.*columns"),
        (lambda record, _: record.update(columns=[]), "computes 0 features"),
        (lambda record, _: record["columns"][0].update(band=9), "band that it does not know"),
        (lambda record, _: record["columns"][0].update(kind="evil"), "damaged"),
        (lambda record, _: record["columns"][0].update(scale=-1), "damaged"),
        (lambda record, _: record.update(classifier="pickle"), "classifier of the kind 'pickle'"),
        (lambda record, _: record["classes"].pop(), "classes"),
        (lambda record, _: record["classes"][0].update(code=0), "class codes are 1"),
        (lambda record, _: record["classes"][0].update(code=9), "order of their codes"),
        (lambda record, _: record["classes"][0].update(color="red"), "damaged"),
        (lambda record, _: record.update(fill=[]), "band that it does not know"),
        (lambda record, _: record.update(dimensions=4), "4 dimensions"),
        (lambda record, _: record.update(features={"choices": 3}), "damaged"),
        (lambda _, members: members.pop("classifier/left.npy"), "has no left"),
        (lambda _, members: members.update({"classifier/left.npy": b"no array"}), "damaged"),
        (lambda _, members: members.update({"classifier/left.npy": npy(np.array([Bomb()]))}), "does not hold numbers"),
        (lambda _, members: members.update({"classifier/roots.npy": npy(np.array([10**6]))}), "root that is no node"),
        (lambda _, members: members.update({"labels/places.npy": npy(np.full((1, 2), -1))}), "one length"),
    ],
)
def test_damaged_and_hostile_models_are_one_sentence(
    drawn: Drawn, model: Path, tmp_path: Path, change: Any, message: str
) -> None:
    path = rewrite(model, tmp_path / "m.tsmodel", change)
    with pytest.raises(ReadError, match=message) as caught:
        predict_files(path, [drawn.source], tmp_path / "p.tif")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "p.tif").exists()


def test_arrays_that_claim_too_much_are_refused(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    def claim(_: Any, members: dict[str, bytes]) -> None:
        header = npy(np.zeros(4, np.int32))
        members["classifier/left.npy"] = header.replace(b"(4,), ", b"(4444444444,), ")[:128]

    with pytest.raises(ReadError, match="damaged"):
        read_model(rewrite(model, tmp_path / "m.tsmodel", claim))


def test_files_that_are_no_models_are_refused(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    for name, content in (("a", b""), ("b", b"PK\x05\x06" + bytes(18)), ("c", model.read_bytes()[:2000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ReadError, match="is no model of tsraster"):
            read_model(tmp_path / name)
    with pytest.raises(ReadError):
        read_model(tmp_path)
    with zipfile.ZipFile(tmp_path / "d", "w") as archive:
        archive.writestr("model.json", "{}")
    with pytest.raises(ReadError, match=r"^\S*/d is no model of tsraster: its model.json is not of the kind"):
        read_model(tmp_path / "d")
    whole, said = read_model(model), []
    for place in range(60, 200, 7):  # some tear the stream, and some only its sum
        torn = bytearray(model.read_bytes())
        torn[place] ^= 1
        (tmp_path / "torn").write_bytes(torn)
        try:
            found = read_model(tmp_path / "torn")
        except ReadError as error:
            said.append(str(error))
        else:  # packed text may say the same in two ways
            assert (found.report, found.columns) == (whole.report, whole.columns)
    assert len(said) > 10
    assert all("is a damaged model" in sentence for sentence in said)


def test_a_model_is_found_again_after_it_was_moved(drawn: Drawn, model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "moved.tsmodel")
    shutil.copy(drawn.source, tmp_path / "scene.tif")
    predict_files(tmp_path / "moved.tsmodel", [tmp_path / "scene.tif"], tmp_path / "l.tif", export=["labels"])
    assert read(tmp_path / "l.tif").any()


def test_patterns_are_those_of_ilastik() -> None:
    name = name_result("{dataset_dir}/{nickname}_{result_type}.h5", "/data/a.b.png", "segmentation", Path("out"))
    assert name == Path("/data/a.b_Simple Segmentation.h5")
    inside = name_result("{nickname}_{result_type}.tif", "/data/a.h5/volume/raw", "features", Path("out"))
    assert inside == Path("out/a-volume-raw_Features.tif")


def test_what_is_not_installed_is_said_once_and_not_for_each_picture(
    drawn: Drawn, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def miss(*_: Any, **__: Any) -> None:
        raise MissingExtraError("numba is missing")

    monkeypatch.setattr("tsraster.pipeline.learning.predicttask.open_fitting_scene", miss)
    with pytest.raises(MissingExtraError):
        predict_files(model, [drawn.source, drawn.labels], tmp_path / "out")
