"""Projects that lie: each gives one clear sentence, quickly, and neither runs nor reaches anything."""

from __future__ import annotations

import json
import pickle
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError, ReadError, TsrasterError
from tsraster.learning.featureset import parse_features
from tsraster.learning.forest import Forest
from tsraster.learning.ilastik import LaneContent, read_project, write_project

FORESTS = "PixelClassification/ClassifierForests"
TREE = f"{FORESTS}/Forest0000/Tree_0"
LABELS = "PixelClassification/LabelSets/labels000"
RAW = "Input Data/infos/lane0000/Raw Data"


@pytest.fixture
def project(tmp_path: Path, drawn: bytes) -> Path:
    """Give a copy of its own to each test."""
    path = tmp_path / "p.ilp"
    path.write_bytes(drawn)
    return path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Draw a project with a 4 x 5 image inside, two labels, and a forest of two trees of three nodes."""
    labels = np.zeros((4, 5), np.uint8)
    labels[1, 1:3] = 1, 2
    forest = Forest(
        feature=np.zeros(6),
        threshold=np.array([0.5, 0, 0] * 2),
        left=np.array([1, -1, -1, 4, -1, -1]),
        right=np.array([2, -1, -1, 5, -1, -1]),
        value=np.array([[0, 0], [1, 0], [0, 1]] * 2),
        roots=np.array([0, 3]),
        n_features=1,
    )
    path = tmp_path_factory.mktemp("drawn") / "p.ilp"
    lane = LaneContent(labels=labels, image=np.zeros((1, 4, 5), np.uint8))
    write_project(path, [lane], features=parse_features("smoothing:0.3"), names=["a", "b"], forest=forest)
    return path.read_bytes()


def replace(file: Any, name: str, data: Any, **options: Any) -> Any:
    attributes = dict(file[name].attrs) if name in file else {}
    if name in file:
        del file[name]
    made = file.create_dataset(name, data=data, **options)
    made.attrs.update(attributes)
    return made


def change_topology(place: int, value: int) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[f"{TREE}/topology"][place] = value

    return change


def change_parameter(place: int, value: float) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[f"{TREE}/parameters"][place] = value

    return change


def claim(name: str, shape: tuple[int, ...], dtype: str = "u1") -> Callable[[Any], None]:
    """Put an enormous dataset in place of one, of which nothing is stored."""

    def change(file: Any) -> None:
        attributes = dict(file[name].attrs) if name in file else {}
        if name in file:
            del file[name]
        chunks = tuple(min(64, side) for side in shape)
        made = file.create_dataset(name, shape=shape, dtype=dtype, chunks=chunks, compression="gzip")
        made.attrs.update(attributes)

    return change


def set_attribute(name: str, attribute: str, value: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[name].attrs[attribute] = value

    return change


def set_value(name: str, value: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        replace(file, name, value)

    return change


def link_out(name: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[name]
        file[name] = h5py.ExternalLink("other.h5", "/secret")

    return change


def link_softly(name: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[name]
        file[name] = h5py.SoftLink("/FeatureSelections")

    return change


def make_reference(file: Any) -> None:
    replace(file, "FeatureSelections/Scales", np.array([file.ref], dtype=h5py.ref_dtype))


def make_compound(file: Any) -> None:
    replace(file, "PixelClassification/ClassifierForests/known_labels", np.zeros(2, "i4,i4"))


def store_elsewhere(file: Any) -> None:
    del file[f"{LABELS}/block0000"]
    outside = [(Path(file.filename).with_name("secret.bin").as_posix(), 0, 2)]
    block = file.create_dataset(f"{LABELS}/block0000", shape=(1, 2, 1), dtype="u1", external=outside)
    block.attrs["blockSlice"] = "[1:2,1:3,0:1]"


def make_virtual(file: Any) -> None:
    del file[f"{LABELS}/block0000"]
    layout = h5py.VirtualLayout((1, 2, 1), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (1, 2, 1))
    block = file.create_virtual_dataset(f"{LABELS}/block0000", layout)
    block.attrs["blockSlice"] = "[1:2,1:3,0:1]"


def swell(file: Any) -> None:
    """Put a piece of 16 MiB of zeros, packed to 16 KB, where 64 KiB are announced."""
    del file[f"{LABELS}/block0000"]
    block = file.create_dataset(f"{LABELS}/block0000", (1, 65536, 1), "u1", chunks=(1, 65536, 1), compression="gzip")
    block.attrs["blockSlice"] = "[0:1,0:65536,0:1]"
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(16)) + packer.flush()
    block.id.write_direct_chunk((0, 0, 0), packed)


def pack_twice(file: Any) -> None:
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((1, 2, 1))
    creation.set_deflate(9)
    creation.set_deflate(9)
    del file[f"{LABELS}/block0000"]
    space = h5py.h5s.create_simple((1, 2, 1))
    made = h5py.h5d.create(file.id, f"{LABELS}/block0000".encode(), h5py.h5t.NATIVE_UINT8, space, creation)
    h5py.Dataset(made).attrs["blockSlice"] = "[1:2,1:3,0:1]"


def add_long_names(file: Any) -> None:
    replace(file, "PixelClassification/LabelNames", np.array([b"a" * 2**16] * 64))


def repeat_one_tree(file: Any) -> None:
    """Name a tree of 8 MB two hundred times."""
    forest = file[f"{FORESTS}/Forest0000"]
    big = np.zeros(2**20, np.float64)
    replace(file, f"{TREE}/parameters", big, chunks=True, compression="gzip")
    for number in range(1, 200):
        forest[f"Tree_{number}"] = forest["Tree_0"]
    forest["_options/tree_count_"][...] = 200


def circle(file: Any) -> None:
    file[f"{TREE}/topology"][4] = 2


def share_a_child(file: Any) -> None:
    file[f"{TREE}/topology"][5] = file[f"{TREE}/topology"][4]


def deepen(file: Any) -> None:
    """Chain inner nodes, 5000 deep, all with leaves of their own."""
    levels = 5000
    topology = np.zeros(2 + 7 * levels + 2, np.int32)
    topology[:2] = 1, 2
    nodes = topology[2:-2].reshape(levels, 7)
    places = 2 + 7 * np.arange(levels)
    nodes[:, 2], nodes[:, 3] = places + 5, places + 7
    nodes[:, 5], nodes[:, 6] = 0x40000000, 2
    topology[-2:] = 0x40000000, 2
    replace(file, f"{TREE}/topology", topology)


def nest_tags(file: Any) -> None:
    replace(file, f"{RAW}/axistags", ("[" * 60_000).encode())


CASES: list[tuple[str, Callable[[Any], None], str]] = [
    ("children in a circle", circle, "go in circles"),
    ("a child of two", share_a_child, "go in circles"),
    ("a child behind the tree", change_topology(4, 10_000), "children lie outside"),
    ("a child before the tree", change_topology(4, -7), "children lie outside"),
    ("a child at the last number", change_topology(4, 10), "children lie outside"),
    ("a child in the head", change_topology(5, 0), "children lie outside"),
    ("a column out of range", change_topology(6, 1), "a column outside of its 1"),
    ("a negative column", change_topology(6, -1), "a column outside of its 1"),
    ("a strange node", change_topology(2, 1), "neither a threshold nor a leaf"),
    ("parameters out of range", change_topology(3, 10**6), "parameters lie outside"),
    ("negative parameters", change_topology(8, -1), "parameters lie outside"),
    ("a threshold that is no number", change_parameter(1, np.nan), "no finite number"),
    ("an endless threshold", change_parameter(1, np.inf), "no finite number"),
    ("an empty leaf", change_parameter(3, 0), "without shares"),
    ("a negative leaf", change_parameter(4, -1), "without shares"),
    ("a leaf that is no number", change_parameter(3, np.nan), "without shares"),
    ("a billion classes", change_topology(1, 10**9), "not for the same number"),
    ("a deep tree", deepen, "more than 4096 levels"),
    ("a billion nodes", claim(f"{TREE}/topology", (10**9,), "i4"), "claim 1000000011 numbers"),
    ("a tree many times", repeat_one_tree, "claim 209715208 numbers"),
    ("other counts", set_value(f"{FORESTS}/Forest0000/_options/tree_count_", np.array([7.0])), "another number of trees"),
    ("weighted leaves", set_value(f"{FORESTS}/Forest0000/_options/predict_weighted_", np.array([1.0])), "weights its leaves"),
    ("labels that do not exist", set_value(f"{FORESTS}/known_labels", np.array([1, 9])), "each must be another one"),
    ("a compound", make_compound, "not read here"),
    ("10^12 labels", claim(f"{LABELS}/block0000", (10**4, 10**4, 10**4)), "claims 1000000000000 bytes"),
    ("10^8 labels that are not there", claim(f"{LABELS}/block0000", (10**4, 10**4, 1)), "but holds only 0"),
    ("a negative slice", set_attribute(f"{LABELS}/block0000", "blockSlice", "[-4:-3,1:3,0:1]"), "which is none"),
    ("a slice of another size", set_attribute(f"{LABELS}/block0000", "blockSlice", "[0:1,0:1,0:1]"), "which is none"),
    ("no slice", set_attribute(f"{LABELS}/block0000", "blockSlice", ""), "which is none"),
    ("code for a slice", set_attribute(f"{LABELS}/block0000", "blockSlice", "[exit():2,1:3,0:1]"), "which is none"),
    ("a slice outside", set_attribute(f"{LABELS}/block0000", "blockSlice", "[4:5,1:3,0:1]"), "outside of their image"),
    ("another channel", set_attribute(f"{LABELS}/block0000", "blockSlice", "[1:2,1:3,5:6]"), "does not have"),
    ("labels with fractions", set_value(f"{LABELS}/block0000", np.full((1, 2, 1), 0.5)), "no whole numbers"),
    ("high labels", set_value(f"{LABELS}/block0000", np.full((1, 2, 1), 999)), "no whole numbers"),
    ("strange axes", set_attribute(f"{LABELS}/block0000", "axistags", json.dumps({"axes": [{"key": "q"}] * 3})), "axes"),
    ("nested axes", nest_tags, "not understood"),
    ("a swelling piece", swell, "unpacks to more|packed piece"),
    ("packed twice", pack_twice, "packed by filters"),
    ("long names", add_long_names, "bytes of text"),
    ("scales that are no numbers", set_value("FeatureSelections/Scales", np.full(7, np.nan)), "scales"),
    ("a matrix of another size", set_value("FeatureSelections/SelectionMatrix", np.ones((6, 9), bool)), "shape"),
    ("unknown features", set_value("FeatureSelections/FeatureIds", np.array([b"Bomb"] * 6)), "unknown here"),
    ("a reference", make_reference, "not read here"),
    ("an external link to labels", link_out(f"{LABELS}/block0000"), "not followed"),
    ("an external link to a tree", link_out(TREE), "not followed"),
    ("an external link to all", link_out("PixelClassification"), "not followed"),
    ("a soft link", link_softly("PixelClassification/LabelSets"), "not followed"),
    ("labels in another file", store_elsewhere, "from another file"),
    ("labels of another file", make_virtual, "from another file"),
]  # fmt: skip


GREEDY = [
    "a billion classes",
    "a billion nodes",
    "a tree many times",
    "10^12 labels",
    "10^8 labels that are not there",
    "a swelling piece",
]


@pytest.mark.parametrize(("change", "match"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_project_that_lies_is_refused_in_one_sentence(
    project: Path, change: Callable[[Any], None], match: str
) -> None:
    secret = project.with_name("other.h5")
    with h5py.File(secret, "w") as file:
        file["secret"] = np.ones((1, 2, 1), np.uint8)
    project.with_name("secret.bin").write_bytes(b"\1\2")
    with h5py.File(project, "a") as file:
        change(file)
    with pytest.raises((ReadError, DataError), match=match) as caught:
        read_project(project)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("change", [case[1] for case in CASES if case[0] in GREEDY], ids=GREEDY)
def test_no_memory_is_taken_for_what_a_project_claims(project: Path, change: Callable[[Any], None]) -> None:
    with h5py.File(project, "a") as file:
        change(file)
    tracemalloc.start()
    try:
        with pytest.raises(ReadError):
            read_project(project)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_the_project_is_fine_as_long_as_nobody_changes_it(project: Path) -> None:
    read = read_project(project)
    assert read.forest is not None
    assert read.forest.threshold.tolist() == [0.5, 0, 0] * 2
    assert read.forest.value[1:3].tolist() == [[1, 0], [0, 1]]


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_pickles_are_never_run(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "run"
    text = pickle.dumps(Bomb(target), 0)
    pickle.loads(text)
    assert target.exists(), "the bomb works"
    target.unlink()
    with h5py.File(project, "a") as file:
        replace(file, "PixelClassification/Bookmarks/0000", np.void(text))
        replace(file, "PixelClassification/ClassifierFactory", text)
        replace(file, f"{FORESTS}/pickled_type", text)
        file["PixelClassification/LabelNames"].attrs["isEmpty"] = np.void(text)
    read = read_project(project)
    read.labels()
    read.image()
    assert not target.exists()
    assert read.forest is not None


@pytest.mark.parametrize(
    ("shape", "match"), [((10**4, 10**4, 10**4), "claims 1000000000000 bytes"), ((10**4, 10**4, 1), "but holds only 0")]
)
def test_an_image_that_claims_too_much_is_refused_when_it_is_read(
    project: Path, shape: tuple[int, ...], match: str
) -> None:
    with h5py.File(project, "a") as file:
        claim(f"Input Data/local_data/{next(iter(file['Input Data/local_data']))}", shape)(file)
    with pytest.raises(ReadError, match=match):
        read_project(project).image()


@pytest.mark.parametrize("shape", [(10**6, 10**6, 1), (2**40, 2**40, 1)])
def test_labels_of_an_image_that_claims_too_much_stay_blocks(project: Path, shape: tuple[int, ...]) -> None:
    with h5py.File(project, "a") as file:
        replace(file, f"{RAW}/shape", np.array(shape))
        replace(file, f"{RAW}/location", b"FileSystem")
    read = read_project(project)
    with pytest.raises(DataError, match="use its blocks"):
        read.labels()
    assert read.lanes[0].blocks[0].values.tolist() == [[1, 2]]


def test_a_path_inside_the_project_does_not_lead_elsewhere_in_it(project: Path) -> None:
    with h5py.File(project, "a") as file:
        replace(file, f"{RAW}/filePath", b"/PixelClassification/LabelColors")
        replace(file, f"{RAW}/datasetId", b"../../PixelClassification/LabelColors")
    with pytest.raises(ReadError, match="and does not"):
        read_project(project)


def damage(stored: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    stored = stored.copy()
    places = random.integers(0, stored.size, 30)
    stored[places] = random.integers(0, 256, 30)
    return stored[: random.integers(stored.size // 2, stored.size)] if seed % 3 == 0 else stored


@pytest.mark.parametrize("seed", range(40))
def test_damage_gives_a_project_or_one_of_our_errors(project: Path, seed: int) -> None:
    damage(np.fromfile(project, np.uint8), seed).tofile(project)
    try:
        read = read_project(project)
        for lane in range(len(read.lanes)):
            read.labels(lane)
            read.image(lane)
    except TsrasterError:
        return
