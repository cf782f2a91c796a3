"""Projects that are written: read back the same, laid out as ilastik lays them out, and a forest that vigra itself loads."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import UsageError, WriteError
from tsraster.learning.featureset import FeatureSet, parse_features
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik import LaneContent, read_project, write_project


def draw_forest(features: int, classes: int = 3, trees: int = 10, seed: int = 0) -> tuple[Forest, NDArray[np.float32]]:
    """Train on noise, so that trees are deep, and return samples that they have not seen."""
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.default_rng(seed)
    samples = random.normal(size=(300, features)).astype(np.float32)
    estimator = RandomForestClassifier(trees, random_state=seed, min_samples_leaf=2)
    estimator.fit(samples, random.integers(0, classes, 300))
    return Forest.of_sklearn(estimator), random.normal(size=(features, 500)).astype(np.float32)


def walk(forest: Forest, samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ask every tree, in numpy."""
    votes = np.zeros((forest.n_classes, samples.shape[1]))
    for root in forest.roots:
        node = np.full(samples.shape[1], root)
        while (forest.left[node] >= 0).any():
            is_left = samples[forest.feature[node], np.arange(samples.shape[1])] < forest.threshold[node]
            node = np.where(forest.left[node] < 0, node, np.where(is_left, forest.left[node], forest.right[node]))
        votes += forest.value[node].T
    return votes / forest.n_trees


@pytest.fixture(scope="module")
def volume() -> LaneContent:
    random = np.random.default_rng(1)
    labels = np.where(random.random((5, 300, 40)) < 0.001, random.integers(1, 4, (5, 300, 40)), 0)
    return LaneContent(labels=labels, image=random.integers(0, 9000, (2, 5, 300, 40)).astype(np.uint16))


def test_all_is_read_back_as_it_was_written(tmp_path: Path, volume: LaneContent) -> None:
    chosen = parse_features("smoothing:0.7,2.5 hessian:1.6 structure:1.0")
    features = FeatureSet(choices=chosen.choices, slicewise=(1.6,))
    forest, samples = draw_forest(len(features.columns(2, 3)), classes=2)
    path = tmp_path / "p.ilp"
    write_project(
        path, [volume], features=features, names=["Öl", "rock", "pore"], colors=[(1, 2, 3, 255), (4, 5, 6), (7, 8, 9)],
        forest=forest, known_labels=[1, 3],
    )  # fmt: skip
    read = read_project(path)
    assert (read.features, read.dimensions, read.bands, read.known_labels) == (features, 3, 2, (1, 3))
    assert (read.label_names, read.label_colors) == (("Öl", "rock", "pore"), ((1, 2, 3), (4, 5, 6), (7, 8, 9)))
    assert np.array_equal(read.labels(), volume.labels)
    assert volume.image is not None
    assert np.array_equal(read.image(), volume.image)
    assert read.feature_names == tuple(column.name for column in features.columns(2, 3))
    assert read.forest is not None
    assert np.allclose(walk(read.forest, samples), walk(forest, samples), atol=1e-6)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full, which is always full")
def test_a_full_disk_is_a_write_error(volume: LaneContent) -> None:
    with pytest.raises(WriteError, match=r"^full cannot be written .No space left on device.$"):
        write_project("/dev/full", [volume], features=parse_features("color"), names=["a", "b", "c"])


def test_labels_are_stored_in_boxes_without_an_empty_side(tmp_path: Path, volume: LaneContent) -> None:
    write_project(tmp_path / "p.ilp", [volume], features=parse_features("color"), names=["a", "b", "c"])
    blocks = read_project(tmp_path / "p.ilp").lanes[0].blocks
    assert len(blocks) == 2
    for block in blocks:
        places = np.nonzero(block.values)
        assert [(place.min(), place.max() + 1) for place in places] == [(0, length) for length in block.values.shape]


def test_a_forest_of_fewer_columns_asks_for_the_same_ones_in_ilastik(tmp_path: Path) -> None:
    """The columns are chosen of some bands only, and ilastik has those of all bands."""
    features = parse_features("smoothing@2:0.7 hessian@1,3:1.6 gradient:1.0")
    columns = features.columns(3)[::-1]
    forest, samples = draw_forest(len(columns))
    lane = LaneContent(labels=np.ones((4, 5), np.uint8), image=np.zeros((3, 4, 5), np.float32))
    write_project(tmp_path / "p.ilp", [lane], features=features, names=["a", "b", "c"], forest=forest, columns=columns)
    read = read_project(tmp_path / "p.ilp")
    assert read.features is not None
    assert read.features.to_text() == "smoothing:0.7 gradient:1.0 hessian:1.6"
    every = read.features.columns(3)
    full = np.full((len(every), samples.shape[1]), np.nan, np.float32)
    for column, values in zip(columns, samples, strict=True):
        full[every.index(column)] = values
    assert read.forest is not None
    assert np.allclose(walk(read.forest, full), walk(forest, samples), atol=1e-6)


@pytest.fixture(scope="module")
def vigra_python() -> str:
    """Give a Python that has vigra; skip where there is none."""
    program = "/usr/bin/python3"
    if not Path(program).exists() or subprocess.run([program, "-c", "import vigra"], capture_output=True).returncode:
        pytest.skip(f"{program} cannot import vigra")
    return program


@pytest.mark.parametrize("trees", [1, 13, 101])
def test_vigra_loads_the_forest_and_gives_the_same_probabilities(tmp_path: Path, vigra_python: str, trees: int) -> None:
    features = parse_features("all")
    forest, samples = draw_forest(49, trees=trees)
    samples[forest.feature[0]] = forest.threshold[0]
    path = tmp_path / "p.ilp"
    lane = LaneContent(labels=np.ones((4, 5), np.uint8), image=np.zeros((1, 4, 5), np.uint8))
    write_project(path, [lane], features=features, names=["a", "b", "c"], forest=forest)
    np.save(tmp_path / "samples.npy", samples.T)
    run = [
        vigra_python,
        "-c",
        ASK_VIGRA,
        str(path),
        str(min(8, trees)),
        str(tmp_path / "samples.npy"),
        str(tmp_path / "out.npy"),
    ]
    subprocess.run(run, check=True)
    assert np.allclose(np.load(tmp_path / "out.npy").T, walk(forest, samples), atol=1e-6)


ASK_VIGRA = """
import sys, numpy, vigra
path, forests, samples, out = sys.argv[1:]
samples = numpy.load(samples)
total, trees = 0, 0
for number in range(int(forests)):
    forest = vigra.learning.RandomForest(path, "PixelClassification/ClassifierForests/Forest%04d" % number)
    total = total + numpy.asarray(forest.predictProbabilities(samples)) * forest.treeCount()
    trees += forest.treeCount()
numpy.save(out, total / trees)
"""
"""What ilastik does: the answers of its forests, weighted by their numbers of trees."""


@pytest.mark.parametrize("name", ["PixelClass", "cells_2d"])
def test_a_written_project_is_laid_out_as_a_real_one(shared_data: Path, tmp_path: Path, name: str) -> None:
    real = read_project(shared_data / "ilastik" / f"{name}.ilp")
    raw = real.lanes[0].raw
    assert raw is not None
    pixels: dict[str, Any] = {"image": real.image()} if raw.is_inside else {"path": tmp_path / "Data_1channel.png"}
    assert real.features is not None
    lane = LaneContent(labels=real.labels(), nickname=raw.nickname, **pixels)
    path = tmp_path / "p.ilp"
    write_project(
        path, [lane], features=real.features, names=real.label_names, colors=real.label_colors, forest=real.forest
    )
    theirs, ours = lay_out(real.path), lay_out(path)
    only_theirs = {
        "currentApplet",
        "Input Data/infos/lane0000/Raw Data/scale_locked",
        "Input Data/infos/lane0000/Raw Data/working_scale",
    }
    assert set(theirs) - set(ours) <= only_theirs
    assert set(ours) <= set(theirs)
    different = {place for place in ours if ours[place] != theirs[place]}
    assert different <= {"Input Data/Role Names"}, "ilastik has written these in both forms of texts"
    with h5py.File(real.path) as file, h5py.File(path) as made:
        for text in ("ClassifierFactory", "ClassifierForests/pickled_type"):
            texts = [
                re.sub("num_forests\np13\nI[0-9]+", "", one["PixelClassification"][text][()].decode())
                for one in (file, made)
            ]
            assert texts[0] == texts[1]
        tags = [one["PixelClassification/LabelSets/labels000/block0000"].attrs["axistags"] for one in (file, made)]
        assert tags[0] == tags[1]


def lay_out(path: Path) -> dict[str, Any]:
    """Return each place with its type and shape, and its attributes with theirs; trees, blocks and ids as one of each."""
    found: dict[str, Any] = {}

    def note(name: str, thing: Any) -> None:
        name = re.sub(r"Forest\d+", "Forest", re.sub(r"Tree_\d+", "Tree", re.sub(r"block\d+", "block", name)))
        name = re.sub(r"local_data/.*", "local_data/id", name)
        attributes = {key: (thing.attrs.get_id(key).dtype, thing.attrs.get_id(key).shape) for key in thing.attrs}
        varies = re.search(r"Tree/|block$", name) is not None
        kind = (thing.dtype, None if varies else thing.shape) if isinstance(thing, h5py.Dataset) else "group"
        found[name] = (kind, attributes)

    with h5py.File(path) as file:
        file.visititems(note)
    return found


@pytest.mark.parametrize(
    ("place", "stored", "kind"),
    [
        ("home/sub/image.png", "sub/image.png", "RelativeFilesystemDatasetInfo"),
        ("home/image.tif", "image.tif", "RelativeFilesystemDatasetInfo"),
        ("elsewhere/image.png", "{tmp}/elsewhere/image.png", "FilesystemDatasetInfo"),
    ],
)
def test_paths_of_images_count_from_where_the_project_will_be(
    tmp_path: Path, place: str, stored: str, kind: str
) -> None:
    lane = LaneContent(labels=np.zeros((4, 5), np.uint8), path=tmp_path / place, bands=3)
    write_project(tmp_path / "staged", [lane], features=parse_features("edge"), names=["a"], folder=tmp_path / "home")
    with h5py.File(tmp_path / "staged") as file:
        info = file["Input Data/infos/lane0000/Raw Data"]
        assert info["filePath"][()].decode() == stored.format(tmp=tmp_path.resolve())
        assert info["__class__"][()].decode() == kind
        assert ("axistags" in info) == place.endswith(".png"), "of other files, ilastik finds out the axes by itself"


ONE = LaneContent(labels=np.ones((4, 5), np.uint8), image=np.zeros((1, 4, 5), np.uint8))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"lanes": []}, "at least one image"),
        ({"lanes": [ONE, LaneContent(labels=np.ones((4, 5), int), image=np.zeros((2, 4, 5)))]}, "same number of bands"),
        ({"names": []}, "1 to 255"),
        ({"names": ["a"] * 256}, "1 to 255"),
        ({"lanes": [LaneContent(labels=np.full((4, 5), 4), path="a.png")]}, "whole numbers from 0"),
        ({"lanes": [LaneContent(labels=np.full((4, 5), 0.5), path="a.png")]}, "whole numbers from 0"),
        ({"colors": [(1, 2, 3)]}, "1 colors for 3 labels"),
        ({"colors": [(1, 2, 300)] * 3}, "0 to 255"),
        ({"known_labels": [1, 2]}, "2 labels are named"),
        ({"known_labels": [1, 2, 4]}, "from 1 to 3"),
        ({"features": parse_features("smoothing:1.0")}, "1 columns"),
        ({"columns": parse_features("gradient:0.7,1.0").columns(1)}, "not among the selected features"),
        ({"features": FeatureSet(choices=parse_features("smoothing:0.7,1.0").choices, recipe="scale-space")}, "wrong in ilastik"),
    ],
)  # fmt: skip
def test_what_ilastik_cannot_hold_is_refused(tmp_path: Path, changes: dict[str, Any], match: str) -> None:
    forest, _ = draw_forest(2, trees=2)
    given: dict[str, Any] = {"lanes": [ONE], "features": parse_features("smoothing:0.7,1.0"), "names": ["a", "b", "c"]}
    given = {**given, "forest": forest, **changes}
    with pytest.raises(UsageError, match=match):
        write_project(tmp_path / "p.ilp", given.pop("lanes"), **given)
    assert not (tmp_path / "p.ilp").exists()


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"labels": np.zeros((4, 5))}, "either the pixels"),
        ({"labels": np.zeros((4, 5)), "image": np.zeros((4, 5))}, "do not fit"),
        ({"labels": np.zeros(4), "path": "a.png"}, "give .row, col."),
        ({"labels": np.zeros((4, 5)), "image": np.zeros((1, 4, 5), complex)}, "real numbers"),
    ],
)
def test_a_lane_that_does_not_fit_is_refused(parts: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        LaneContent(**parts)
