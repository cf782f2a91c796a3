"""Models are trained of labels in any form, the same by any number of workers, and wrong labels are said in a sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner

from tests.conftest import write_raster
from tests.pipeline.learning.conftest import CODES, COLORS, PLACE, Drawn, draw_scene
from tsraster import open_raster, predict_files, train_file
from tsraster.cli.program import program
from tsraster.errors import (
    BandError,
    DataError,
    DestinationExistsError,
    LutError,
    MissingExtraError,
    ReadError,
    UnknownNameError,
    UsageError,
)
from tsraster.learning.ilastik import read_project
from tsraster.learning.modelfile import read_model
from tsraster.learning.samples import Samples
from tsraster.pipeline.learning.fitting import choose_judging

QUICK: dict[str, Any] = {"features": "smoothing:0.3 gradient:1", "trees": 5}
SHORT = ["--features", "smoothing:0.3 gradient:1", "--trees", "5", "--validation", "blocks"]


def test_a_model_knows_its_classes_and_how_well_it_does(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(tmp_path / "m", drawn.source, drawn.labels, report=tmp_path / "r.json", **QUICK)
    assert found.model.codes == CODES
    assert dict(zip(CODES, found.model.lut.colors, strict=True)) == COLORS
    # Six patches of 48 pixels each are on data; one of the first class is not.
    assert found.labeled == {1: 144, 3: 96, 7: 96}
    assert found.used == {1: 96, 3: 96, 7: 96}
    assert found.without_data == 48
    assert found.confusion is not None
    assert 0.6 < found.confusion.overall_accuracy < 1
    assert found.method == "out-of-bag"
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["validation"]["overall_accuracy"] == found.confusion.overall_accuracy
    assert report["classes"][1] == {"code": 3, "name": "", "labeled": 96, "used": 96}
    assert abs(sum(one["share"] for one in report["importances"]) - 1) < 1e-9


@pytest.mark.parametrize("options", [{"workers": 1}, {"block_size": 17}, {"block_size": 64, "workers": 3}])
def test_workers_and_blocks_change_no_byte_of_a_model(drawn: Drawn, tmp_path: Path, options: dict[str, int]) -> None:
    for name, how in (("a", {}), ("b", options)):
        train_file(tmp_path / name, drawn.source, drawn.labels, samples=50, **QUICK, **how)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_seed_makes_another_model(drawn: Drawn, tmp_path: Path) -> None:
    for seed in (1, 2):
        train_file(tmp_path / str(seed), drawn.source, drawn.labels, seed=seed, samples=50, **QUICK)
    one, other = read_model(tmp_path / "1"), read_model(tmp_path / "2")
    assert one.labels is not None
    assert other.labels is not None
    assert not np.array_equal(one.labels.places, other.labels.places)


@pytest.mark.parametrize(
    "estimator",
    ["extra-trees", "decision-tree", "logistic-regression", "linear-discriminant", "perceptron", "maximum-likelihood"],
)
def test_every_estimator_goes_into_a_file_and_predicts(drawn: Drawn, tmp_path: Path, estimator: str) -> None:
    features = "smoothing:0.3,1.6 gradient:1 structure:1.6"
    train_file(tmp_path / "m", drawn.source, drawn.labels, estimator=estimator, features=features, trees=20)
    predict_files(tmp_path / "m", [drawn.source], tmp_path / "p.tif")
    with rasterio.open(tmp_path / "p.tif") as file:
        predicted = file.read(1)
    assert (predicted == drawn.truth)[drawn.valid].mean() > 0.85
    assert not predicted[~drawn.valid].any()


def test_labels_of_shapes_are_those_that_are_drawn(drawn: Drawn, tmp_path: Path) -> None:
    """Boxes around the patches, with names, in another order of classes."""
    boxes = [(40, 20, "a"), (100, 40, "a"), (30, 110, "c"), (120, 125, "c"), (60, 190, "b"), (130, 180, "b")]
    features = []
    for row, col, name in boxes:
        left, top = 500000 + 30 * col, 7000000 - 30 * row
        ring = [[left, top], [left + 240, top], [left + 240, top - 180], [left, top - 180], [left, top]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"kind": name}, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32621"}}
    path = tmp_path / "shapes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    found = train_file(tmp_path / "m", drawn.source, path, **QUICK)
    assert found.model.lut.names == ("a", "b", "c")
    assert found.used == {1: 96, 2: 96, 3: 96}
    raster = train_file(tmp_path / "r", drawn.source, drawn.labels, **QUICK)
    assert found.model.labels is not None
    assert raster.model.labels is not None
    np.testing.assert_array_equal(found.model.labels.places, raster.model.labels.places)


def test_classes_of_several_vector_files_are_known_by_name(drawn: Drawn, tmp_path: Path) -> None:
    def write_points(name: str, points: list[tuple[int, int, str]]) -> Path:
        features = [
            {
                "type": "Feature",
                "properties": {"kind": kind},
                "geometry": {"type": "Point", "coordinates": [500015 + 30 * col, 6999985 - 30 * row]},
            }
            for row, col, kind in points
        ]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32621"}}
        (tmp_path / name).write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
        return tmp_path / name

    first = write_points("1.geojson", [(50, 50, "smooth"), (51, 50, "striped")])
    second = write_points("2.geojson", [(60, 60, "rough"), (61, 60, "striped"), (62, 60, "striped")])
    found = train_file(tmp_path / "m", drawn.source, first, also=[(drawn.source, second)], **QUICK)
    names = dict(zip(found.model.codes, found.model.lut.names, strict=True))
    assert {names[code]: count for code, count in found.used.items()} == {"smooth": 1, "rough": 1, "striped": 3}


def test_a_small_label_raster_lies_where_it_is_said_or_georeferenced(drawn: Drawn, tmp_path: Path) -> None:
    part = drawn.truth[30:60, 60:100]
    plain = write_raster(tmp_path / "plain.png", part, driver="PNG")
    moved = {"crs": PLACE["crs"], "transform": PLACE["transform"] @ PLACE["transform"].translation(60, 30)}
    placed = write_raster(tmp_path / "placed.tif", part, **moved)
    one = train_file(tmp_path / "1", drawn.source, plain, label_offset=[60, 30], **QUICK)
    other = train_file(tmp_path / "2", drawn.source, placed, **QUICK)
    assert one.model.labels is not None
    assert other.model.labels is not None
    np.testing.assert_array_equal(one.model.labels.places, other.model.labels.places)
    assert one.labeled == {code: int((part == code).sum()) for code in (1, 3)}
    with pytest.raises(DataError, match="--label-offset column,row"):
        train_file(tmp_path / "3", drawn.source, plain, **QUICK)
    with pytest.raises(DataError, match="lies outside"):
        train_file(tmp_path / "3", drawn.source, plain, label_offset=[220, 0], **QUICK)


def test_only_labels_in_a_region_are_used(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(tmp_path / "m", drawn.source, drawn.labels, region=[0, 0, 220, 80], **QUICK)
    assert found.used == {1: 48, 3: 48, 7: 48}


def test_labels_are_mapped(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(tmp_path / "m", drawn.source, drawn.labels, mapping='1=5 "five"; DEFAULT=2 "two"', **QUICK)
    assert (found.model.codes, found.model.lut.names) == ((2, 5), ("two", "five"))
    assert found.used == {2: 192, 5: 96}


def test_zero_is_a_class_where_a_rule_says_so(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(tmp_path / "m", drawn.source, drawn.labels, mapping="0=1; DEFAULT=2", samples=50, **QUICK)
    assert found.labeled == {1: 150 * 220 - 7 * 48, 2: 7 * 48}
    found = train_file(tmp_path / "n", drawn.source, drawn.labels, mapping="7=1; DEFAULT=2", samples=50, **QUICK)
    assert found.labeled == {1: 96, 2: 240}


def test_labels_that_are_floats_are_taken_where_they_are_whole(drawn: Drawn, tmp_path: Path) -> None:
    with rasterio.open(drawn.labels) as file:
        codes = file.read(1).astype(np.float32)
    codes[codes == 0] = np.nan
    path = write_raster(tmp_path / "floats.tif", codes, crs=PLACE["crs"], transform=PLACE["transform"])
    assert train_file(tmp_path / "m", drawn.source, path, **QUICK).labeled == {1: 96 + 48, 3: 96, 7: 96}


def test_samples_are_drawn_from_all_of_a_class(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(tmp_path / "m", drawn.source, drawn.labels, samples=20, **QUICK)
    assert found.used == dict.fromkeys(CODES, 20)
    assert found.labeled == {1: 144, 3: 96, 7: 96}
    assert found.model.labels is not None
    own = found.model.labels.places[found.model.labels.codes == 3]
    assert {bool(row < 80) for row in own[:, 0]} == {True, False}


def test_features_that_say_nothing_are_left_out(drawn: Drawn, tmp_path: Path) -> None:
    found = train_file(
        tmp_path / "m", drawn.source, drawn.labels, features="smoothing:0.3,1 edge:1 texture:1.6", suggest_features=True
    )
    assert found.suggestion is not None
    assert len(found.model.columns) <= len(found.suggestion.recommended.columns) < 2 * 9
    assert found.model.features.to_text() == str(found.suggestion.recommended).replace(":1", ":1.0").replace(
        "1.0.6", "1.6"
    )


@pytest.mark.parametrize(("places", "judged"), [(3, "blocks"), (2, "out-of-bag")])
def test_a_choice_of_features_is_judged_by_blocks_where_each_class_lies_in_three(places: int, judged: str) -> None:
    # The first class lies in four blocks of 64 pixels, the other in as many as are given.
    rows = np.array([0, 70, 140, 200, *(64 * number + 5 for number in range(places))])
    at = np.stack([np.zeros_like(rows), rows, np.full_like(rows, 9)], axis=1)
    classes = np.array([0] * 4 + [1] * places)
    samples = Samples(features=np.zeros((len(rows), 1)), classes=classes, places=at)
    assert choose_judging(samples, 64) == judged


def test_an_ilastik_project_is_written_and_predicts_the_same(drawn: Drawn, tmp_path: Path) -> None:
    source = tmp_path / "scene.png"
    write_raster(source, drawn.pixels[:1] // 8, driver="PNG")
    labels = write_raster(tmp_path / "labels.png", np.where(drawn.valid, drawn.truth, 0).astype(np.uint8), driver="PNG")
    for name in ("m.tsmodel", "m.ilp"):
        train_file(tmp_path / name, source, labels, features="smoothing:0.3 edge:1", trees=5, samples=60)
    project = read_project(tmp_path / "m.ilp")
    assert project.forest is not None
    assert project.forest.n_trees == 5
    np.testing.assert_array_equal(project.labels(0) > 0, drawn.valid)
    for name in ("m.tsmodel", "m.ilp"):
        predict_files(tmp_path / name, [source], tmp_path / f"{name}.png")
    with open_raster(tmp_path / "m.tsmodel.png") as one, open_raster(tmp_path / "m.ilp.png") as other:
        own, theirs = one.read().data, other.read().data
    np.testing.assert_array_equal(np.searchsorted(CODES, own) + 1, theirs)
    # The project is a source with labels as well.
    again = train_file(tmp_path / "again", tmp_path / "m.ilp", trees=5)
    assert again.labeled == {k: int((project.labels(0) == k).sum()) for k in (1, 2, 3)}
    assert again.model.features.to_text() == "smoothing:0.3 laplacian:1.0 gradient:1.0 difference:1.0"
    by_name = train_file(tmp_path / "by_name", source, tmp_path / "m.ilp", trees=5)
    assert by_name.labeled == again.labeled


def test_a_thousand_lines_of_labels_cost_no_more_than_what_is_around_them(drawn: Drawn, tmp_path: Path) -> None:
    """Every labeled pixel has the features that it has in the whole."""
    from tsraster.learning.featureimages import compute_features
    from tsraster.learning.model import fill_gaps
    from tsraster.pipeline.blocks import block_work
    from tsraster.pipeline.learning.sampling import FeatureJob
    from tsraster.pipeline.learning.scenes import open_scene

    found = train_file(tmp_path / "m", drawn.source, drawn.labels, features="all", trees=5)
    columns = found.model.features.columns(2)
    filled = fill_gaps(drawn.pixels, drawn.valid, found.model.fill)
    whole = compute_features(filled, columns).reshape(len(columns), -1)
    places = np.random.default_rng(0).choice(drawn.truth.size, 60, replace=False)
    with open_scene(drawn.source) as scene, block_work() as work:
        job = FeatureJob(scene=scene, columns=columns, recipe="ilastik", fill=found.model.fill)
        np.testing.assert_array_equal(job.run(places, work), whole[:, places].T)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"features": "hesian:1"}, UsageError, "hessian"),
        ({"features": "smoothing:0"}, UsageError, "scale"),
        ({"features": "smoothing@3:1"}, UsageError, "band 3"),
        ({"features": "smoothing:100"}, DataError, "scale 100 needs"),
        ({"features": ""}, UsageError, "feature"),
        ({"recipe": "ilastic"}, UnknownNameError, "ilastik"),
        ({"estimator": "forest"}, UnknownNameError, "random-forest"),
        ({"trees": 0}, UsageError, "trees 0"),
        ({"seed": -1}, UsageError, "seed -1"),
        ({"samples": -1}, UsageError, "--samples is -1"),
        ({"validation": "folds"}, UsageError, "out-of-bag"),
        ({"validation_block": 0}, UsageError, "--validation-block is 0"),
        ({"bands": [3]}, BandError, "no band 3"),
        ({"bands": []}, BandError, "no band is named"),
        ({"column": "name"}, UsageError, "--column does not go with labels of a raster"),
        ({"label_offset": [1]}, UsageError, "column,row"),
        ({"mapping": "DEFAULT=1"}, DataError, "at least two classes"),
        ({"mapping": "1=1"}, DataError, "no rule"),
        ({"mapping": "DEFAULT=NO_DATA"}, DataError, "labels no pixel"),
        ({"region": [0, 0, 10, 500]}, UsageError, "is no part of"),
        ({"region": [0, 0, 10, 10]}, DataError, "all labels of .* without data"),
        ({"region": [100, 50, 101, 51]}, DataError, "labels no pixel of .* in --region"),
        ({"lut": "gray"}, LutError, "no color for class"),
    ],
)
def test_wrong_options_are_one_sentence_and_write_nothing(
    drawn: Drawn, tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        train_file(tmp_path / "m", drawn.source, drawn.labels, **{**QUICK, **options})
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_numbers_that_are_not_known_are_left_out_of_the_report(drawn: Drawn, tmp_path: Path) -> None:
    region = [0, 90, 64, 128]
    labels = write_raster(
        tmp_path / "two.tif", np.where(np.arange(220) < 30, 1, 3).astype(np.uint8) * np.ones((150, 1), np.uint8)
    )
    options: dict[str, Any] = {**QUICK, "report": tmp_path / "r.json", "samples": 50}
    found = train_file(tmp_path / "m", drawn.source, labels, region=region, validation_block=1000, **options)
    assert found.standard_error is None
    assert found.confusion is not None
    json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail)


def test_classes_that_no_block_checks_are_named(drawn: Drawn, tmp_path: Path) -> None:
    codes = np.zeros((150, 220), np.uint8)
    codes[70:74, 70:90], codes[74:78, 70:90], codes[70:74, 200:210], codes[130:140, 10:20] = 1, 2, 1, 7
    codes[10:14, 200:210] = 2
    labels = write_raster(tmp_path / "labels.tif", codes)
    found = train_file(tmp_path / "m", drawn.source, labels, validation="blocks", **QUICK)
    assert found.unchecked == (7,)
    shown = CliRunner().invoke(program, ["train", str(tmp_path / "n"), str(drawn.source), str(labels), *SHORT])
    assert "not checked: 7; all that is labeled of each lies in one block" in shown.output


def test_a_model_whose_accuracy_nothing_tells_says_so(drawn: Drawn, tmp_path: Path) -> None:
    arguments = [
        str(drawn.source),
        str(drawn.labels),
        "--estimator",
        "linear-discriminant",
        "--validation-block",
        "1000",
    ]
    shown = CliRunner().invoke(program, ["train", str(tmp_path / "m"), *arguments, "--features", "smoothing:1"])
    assert shown.exit_code == 0
    assert "accuracy is not known: the labels lie in too few blocks" in shown.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recipe": "scale-space"}, "no features of the recipe scale-space"),
        ({"estimator": "perceptron"}, "can hold no perceptron: ilastik knows forests"),
        ({"bands": [2]}, "--bands leaves some out"),
    ],
)
def test_what_a_project_cannot_hold_is_found_before_any_work(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr("tsraster.pipeline.learning.train.fit_model", pytest.fail)
    with pytest.raises(UsageError, match=message):
        train_file(tmp_path / "m.ilp", drawn.source, drawn.labels, **{**QUICK, **options})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [{"trees": 0}, {"seed": -1}, {"estimator": "perceptron", "validation": "out-of-bag"}]
)
def test_wrong_numbers_are_found_before_any_work(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("tsraster.pipeline.learning.train.fit_model", pytest.fail)
    with pytest.raises(UsageError):
        train_file(tmp_path / "m", drawn.source, drawn.labels, **{**QUICK, **options})


def test_a_picture_of_several_bands_is_no_label_raster(drawn: Drawn, tmp_path: Path) -> None:
    with pytest.raises(BandError, match="has 2 bands; give one that has class codes only: 1"):
        train_file(tmp_path / "m", drawn.source, drawn.source, **QUICK)


def test_without_scikit_learn_one_sentence_says_what_to_install(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", None)
    with pytest.raises(MissingExtraError, match=r"tsraster\[learning\]"):
        train_file(tmp_path / "m", drawn.source, drawn.labels, **QUICK)


def test_wrong_labels_are_one_sentence(drawn: Drawn, tmp_path: Path) -> None:
    other = write_raster(tmp_path / "small.tif", drawn.truth[:50])
    floats = write_raster(tmp_path / "floats.tif", drawn.truth / np.float32(2))
    negative = write_raster(tmp_path / "negative.tif", -drawn.truth.astype(np.int16))
    moved = write_raster(tmp_path / "moved.tif", drawn.truth, crs="EPSG:32622", transform=PLACE["transform"])
    for path, message in (
        (other, "50 x 220"),
        (floats, "holds fractions and no labels"),
        (negative, "label -3"),
        (moved, "another CRS"),
        (tmp_path / "none.tif", "does not exist"),
        (tmp_path / "none.gpkg", "does not exist"),
    ):
        with pytest.raises((DataError, ReadError), match=message):
            train_file(tmp_path / "m", drawn.source, path, **QUICK)
    with pytest.raises(UsageError, match="has no labels; name their file"):
        train_file(tmp_path / "m", drawn.source, **QUICK)
    assert not (tmp_path / "m").exists()


def test_pictures_of_other_bands_are_no_further_examples(drawn: Drawn, tmp_path: Path) -> None:
    pixels, _ = draw_scene(1)
    single = write_raster(tmp_path / "single.tif", pixels[0], crs=PLACE["crs"], transform=PLACE["transform"])
    with pytest.raises(BandError, match=r"different numbers of bands, 1 and 2"):
        train_file(tmp_path / "m", drawn.source, drawn.labels, also=[(single, drawn.labels)], **QUICK)


def test_an_existing_model_is_kept(drawn: Drawn, tmp_path: Path) -> None:
    (tmp_path / "m").write_text("mine")
    with pytest.raises(DestinationExistsError):
        train_file(tmp_path / "m", drawn.source, drawn.labels, **QUICK)
    with pytest.raises(UsageError, match="is an input"):
        train_file(drawn.labels, drawn.source, drawn.labels, overwrite=True, **QUICK)
    assert (tmp_path / "m").read_text() == "mine"
