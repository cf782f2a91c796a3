"""ilastik projects: two real ones, their forest against ilastik's own answers, and all forms that projects have had."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, MissingSourceError, ReadError
from tsraster.learning.featureset import parse_features
from tsraster.learning.ilastik import IlastikProject, read_project

IDS = [
    b"GaussianSmoothing", b"LaplacianOfGaussian", b"GaussianGradientMagnitude",
    b"DifferenceOfGaussians", b"StructureTensorEigenvalues", b"HessianOfGaussianEigenvalues",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "ilastik"


@pytest.fixture(scope="module")
def cells(folder: Path) -> IlastikProject:
    return read_project(folder / "cells_2d.ilp")


@pytest.fixture(scope="module")
def pixels(folder: Path) -> IlastikProject:
    return read_project(folder / "PixelClass.ilp")


def test_a_project_with_its_image_inside_is_read_whole(cells: IlastikProject) -> None:
    assert (cells.workflow, cells.version, cells.dimensions, cells.bands) == ("Pixel Classification", "1.4.0b11", 2, 1)
    assert cells.features == parse_features("all")
    assert cells.selection is not None
    assert cells.selection.scales == (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
    assert cells.selection.matrix.sum(axis=1).tolist() == [7, 6, 6, 6, 6, 6]
    assert (cells.label_names, cells.known_labels) == (("Label 1", "Label 2"), (1, 2))
    assert cells.label_colors == ((255, 225, 25), (0, 130, 200))
    assert cells.forest is not None
    assert (cells.forest.n_trees, cells.forest.n_features, int((cells.forest.left >= 0).sum())) == (100, 49, 349)
    raw = cells.lanes[0].raw
    assert raw is not None
    assert raw.is_inside
    assert (raw.nickname, raw.shape, raw.axes) == ("2d_cells_apoptotic_1channel", (1024, 1344, 1), "yxc")
    assert cells.lanes[0].mask is None


def test_labels_are_boxes_and_an_array_on_request(cells: IlastikProject) -> None:
    blocks = cells.lanes[0].blocks
    assert [block.offset for block in blocks] == [(329, 288), (570, 330), (439, 191), (370, 504), (592, 537)]
    labels = cells.labels()
    assert labels.shape == (1024, 1344)
    assert np.bincount(labels.ravel())[1:].tolist() == [294, 838]
    assert sum(int((block.values > 0).sum()) for block in blocks) == 1132


def test_the_image_inside_has_its_bands_first(cells: IlastikProject) -> None:
    image = cells.image()
    assert (image.shape, image.dtype) == ((1, 1024, 1344), np.uint8)
    with h5py.File(cells.path) as file:
        stored = next(iter(file["Input Data/local_data"].values()))
        assert np.array_equal(image[0], stored[:, :, 0])
    with pytest.raises(DataError, match="stored in"):
        cells.locate()


def test_a_project_with_its_image_beside_is_read_whole(pixels: IlastikProject, folder: Path) -> None:
    assert pixels.features is not None
    assert pixels.features.to_text() == (
        "smoothing:0.3,1.0,3.5,10.0 laplacian:0.7,1.6,5.0 gradient:0.7,1.6,5.0 difference:0.7,1.6,5.0 "
        "structure:1.0,3.5,10.0 hessian:1.0,3.5,10.0"
    )
    assert pixels.feature_names == tuple(column.name for column in pixels.features.columns(1))
    assert pixels.forest is not None
    assert (pixels.forest.n_trees, pixels.forest.n_features) == (100, 25)
    assert (pixels.labels() > 0).sum() == 157
    assert pixels.locate() == (folder / "Data_1channel.png").resolve(), (
        "found by its name: the path is of another machine"
    )
    with pytest.raises(DataError, match="in a file of its own"):
        pixels.image()
    with pytest.raises(DataError, match="no prediction mask"):
        pixels.image(mask=True)
    with pytest.raises(DataError, match="there is no lane 1"):
        pixels.labels(1)


LIMIT = 0.0201
"""Two of the 100 trees, and the rounding of float32."""


def test_features_and_forest_give_the_probabilities_of_ilastik(pixels: IlastikProject, folder: Path) -> None:
    from tsraster.learning.featureimages import compute_features

    assert pixels.features is not None
    features = compute_features(open_picture(folder), pixels.features.columns(1), pixels.features.recipe)
    check_probabilities(pixels, features, folder)


def test_the_formulas_in_scipy_and_the_forest_give_the_probabilities_of_ilastik(
    pixels: IlastikProject, folder: Path
) -> None:
    """The forest alone is under test: its features are computed here, from the formulas."""
    assert pixels.features is not None
    made = draw_features(open_picture(folder)[0].astype(np.float32))
    features = np.stack([made[column.kind, column.scale][column.part] for column in pixels.features.columns(1)])
    check_probabilities(pixels, features, folder)


def open_picture(folder: Path) -> NDArray[Any]:
    from skimage.io import imread

    picture: NDArray[Any] = imread(folder / "Data_1channel.png")[np.newaxis]
    return picture


def check_probabilities(project: IlastikProject, features: NDArray[np.float32], folder: Path) -> None:
    assert project.forest is not None
    ours = project.forest.probabilities(features)
    theirs = np.load(folder / "expected_probabilities_1channel.npy").transpose(2, 0, 1)
    assert np.abs(ours - theirs).max() <= LIMIT
    assert np.array_equal(ours.argmax(axis=0), theirs.argmax(axis=0))


def make_kernel(sigma: float, order: int, window: float) -> NDArray[np.float32]:
    radius = int(window * sigma + 0.5)
    x = np.arange(-radius, radius + 1.0)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    if order == 0:
        return (bell / bell.sum()).astype(np.float32)
    kernel = x * bell if order == 1 else (x**2 / sigma**2 - 1) * bell
    kernel -= kernel.mean()
    weight = (kernel * x**order).sum() / order
    return (kernel / weight if weight else kernel).astype(np.float32)


def draw_features(image: NDArray[np.float32]) -> dict[tuple[str, float], list[NDArray[np.float32]]]:
    """Compute ilastik's features of a picture as its formulas say, row by row and then column by column."""
    from scipy.ndimage import correlate1d

    def filtered(
        pixels: NDArray[np.float32], down: NDArray[np.float32], along: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        rows = correlate1d(pixels, along, axis=1, mode="mirror")
        done: NDArray[np.float32] = correlate1d(rows, down, axis=0, mode="mirror")
        return done

    def roots(xx: NDArray[np.float32], yy: NDArray[np.float32], xy: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        mean, away = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
        return [mean + away, mean - away]

    made: dict[tuple[str, float], list[NDArray[np.float32]]] = {}
    for scale in (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0):
        before = make_kernel(float(np.sqrt(scale**2 - 1)) if scale > 1 else scale, 0, 3.5)
        smooth, sigma = filtered(image, before, before), min(scale, 1.0)
        g, d, dd = (make_kernel(sigma, order, 2) for order in range(3))
        made["smoothing", scale] = [filtered(smooth, g, g)]
        if scale < 0.7:
            continue
        xx, yy, xy = filtered(smooth, g, dd), filtered(smooth, dd, g), filtered(smooth, d, d)
        x, y = filtered(smooth, g, d), filtered(smooth, d, g)
        made["laplacian", scale] = [xx + yy]
        made["gradient", scale] = [np.sqrt(x * x + y * y)]
        narrow, half, half_d = (
            make_kernel(0.66 * sigma, 0, 2),
            make_kernel(sigma / 2, 0, 2),
            make_kernel(sigma / 2, 1, 2),
        )
        made["difference", scale] = [made["smoothing", scale][0] - filtered(smooth, narrow, narrow)]
        x, y = filtered(smooth, half, half_d), filtered(smooth, half_d, half)
        made["structure", scale] = roots(filtered(x * x, g, g), filtered(y * y, g, g), filtered(x * y, g, g))
        made["hessian", scale] = roots(xx, yy, xy)
    return made


def test_the_forest_decides_as_its_float64_thresholds_do(pixels: IlastikProject) -> None:
    """Features are laid on and beside the thresholds, where a threshold rounded to the nearest would decide otherwise."""
    assert pixels.forest is not None
    thresholds = list_thresholds(pixels.path)
    assert len(thresholds) == int((pixels.forest.left >= 0).sum())
    near = np.array([threshold for _, threshold in thresholds]).astype(np.float32)
    samples = np.zeros((25, 3 * len(near)), np.float32)
    sides = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
    samples[:] = np.concatenate(sides)
    expected = walk_stored(pixels.path, samples)
    assert np.abs(pixels.forest.probabilities(samples) - expected).max() < 1e-6
    assert (near < [threshold for _, threshold in thresholds]).any(), (
        "some are rounded down when rounded to the nearest"
    )


def list_trees(path: Path) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    with h5py.File(path) as file:
        forests = [
            group for name, group in file["PixelClassification/ClassifierForests"].items() if name.startswith("Forest")
        ]
        trees = [tree for forest in forests for name, tree in forest.items() if name.startswith("Tree")]
        return [(tree["topology"][:], tree["parameters"][:]) for tree in trees]


def list_thresholds(path: Path) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = []
    for topology, parameters in list_trees(path):
        places = [2]
        while places:
            place = places.pop()
            if topology[place] == 0:
                found.append((topology[place + 4], parameters[topology[place + 1] + 1]))
                places += [topology[place + 2], topology[place + 3]]
    return found


def walk_stored(path: Path, samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ask each stored tree in float64, node by node: an oracle without any of the code under test."""
    votes = np.zeros((2, samples.shape[1]))
    trees = list_trees(path)
    for topology, parameters in trees:
        jobs = [(2, np.arange(samples.shape[1]))]
        while jobs:
            place, chosen = jobs.pop()
            values = topology[place + 1]
            if topology[place]:
                votes[:, chosen] += parameters[values + 1 : values + 3, np.newaxis]
                continue
            is_left = samples[topology[place + 4], chosen].astype(np.float64) < parameters[values + 1]
            jobs += [(topology[place + 2], chosen[is_left]), (topology[place + 3], chosen[~is_left])]
    return votes / len(trees)


def tags(axes: str) -> str:
    return json.dumps({"axes": [{"key": axis} for axis in axes]})


def draw_project(path: Path, **changes: Any) -> Path:
    """Write the least that a project has, and what a test asks for, at paths inside it; None leaves out."""
    parts: dict[str, Any] = {
        "ilastikVersion": b"1.4.0",
        "workflowName": b"Pixel Classification",
        "FeatureSelections/Scales": np.array([0.3, 0.7, 1.6]),
        "FeatureSelections/FeatureIds": np.array(IDS),
        "FeatureSelections/SelectionMatrix": np.arange(18).reshape(6, 3) % 2 == 0,
        "FeatureSelections/ComputeIn2d": np.ones(3, bool),
        "Input Data/infos/lane0000/Raw Data/filePath": b"image.png",
        "Input Data/infos/lane0000/Raw Data/location": b"FileSystem",
        "Input Data/infos/lane0000/Raw Data/nickname": b"image",
        "Input Data/infos/lane0000/Raw Data/shape": np.array([8, 9, 1]),
        "Input Data/infos/lane0000/Raw Data/axistags": tags("yxc").encode(),
        "PixelClassification/LabelNames": np.array([b"a", b"b"]),
        "PixelClassification/LabelColors": np.array([[1, 2, 3], [4, 5, 6]]),
    } | changes
    with h5py.File(path, "w") as file:
        file.create_group("PixelClassification/LabelSets")
        for name, value in parts.items():
            if value is not None:
                file[name] = value
    return path


def add_block(path: Path, values: NDArray[Any], place: str, axes: str = "", name: str = "labels000/block0000") -> Path:
    with h5py.File(path, "a") as file:
        block = file["PixelClassification/LabelSets"].create_dataset(name, data=values)
        block.attrs["blockSlice"] = place
        if axes:
            block.attrs["axistags"] = tags(axes)
    return path


def as_fixed(texts: list[bytes]) -> Any:
    return np.array(texts)


def as_variable(texts: list[bytes]) -> Any:
    return np.array([text.decode() for text in texts], dtype=h5py.string_dtype())


@pytest.mark.parametrize("form", [as_fixed, as_variable])
def test_texts_are_read_in_both_forms(tmp_path: Path, form: Callable[[list[bytes]], Any]) -> None:
    names = ["Fläche".encode(), b"quartz"]
    parts = {"FeatureSelections/FeatureIds": form(IDS), "PixelClassification/LabelNames": form(names)}
    project = read_project(draw_project(tmp_path / "p.ilp", **parts))
    assert project.label_names == ("Fläche", "quartz")
    assert project.features is not None
    assert project.features.choices[0].kind == "smoothing"


def test_a_wider_matrix_and_scales_out_of_order_are_sorted(tmp_path: Path) -> None:
    parts = {
        "FeatureSelections/Scales": np.array([1.6, 0.7, 12.5, 2.0]),
        "FeatureSelections/SelectionMatrix": np.array(
            [[True, True, False, True]] + [[False] * 4] * 4 + [[False, False, True, True]]
        ),
        "FeatureSelections/ComputeIn2d": np.ones(4, bool),
    }
    project = read_project(draw_project(tmp_path / "p.ilp", **parts))
    assert project.features is not None
    assert project.features.to_text() == "smoothing:0.7,1.6,2.0 hessian:2.0,12.5"
    assert project.selection is not None
    order = project.selection.order_columns(project.features.columns(1)).tolist()
    assert order == [1, 0, 2, 5, 6, 3, 4]


def test_a_volume_is_computed_slice_by_slice_where_the_project_says_so(tmp_path: Path) -> None:
    parts = {
        "Input Data/infos/lane0000/Raw Data/shape": np.array([5, 8, 9, 2]),
        "Input Data/infos/lane0000/Raw Data/axistags": tags("zyxc").encode(),
        "FeatureSelections/ComputeIn2d": np.array([True, False, True]),
    }
    project = read_project(draw_project(tmp_path / "p.ilp", **parts))
    assert project.features is not None
    assert (project.dimensions, project.bands, project.features.slicewise) == (3, 2, (0.3, 1.6))
    parts["FeatureSelections/ComputeIn2d"] = None
    old = read_project(draw_project(tmp_path / "old.ilp", **parts))
    assert old.features is not None
    assert old.features.slicewise == ()


def test_a_series_of_pictures_is_a_volume_of_planes_by_themselves(tmp_path: Path) -> None:
    parts = {
        "Input Data/infos/lane0000/Raw Data/shape": np.array([5, 8, 9, 1]),
        "Input Data/infos/lane0000/Raw Data/axistags": tags("tyxc").encode(),
        "FeatureSelections/ComputeIn2d": None,
    }
    path = add_block(
        draw_project(tmp_path / "p.ilp", **parts), np.full((1, 2, 2, 1), 2, np.uint8), "[3:4,0:2,1:3,0:1]", "tyxc"
    )
    project = read_project(path)
    assert project.features is not None
    assert (project.dimensions, project.features.slicewise) == (3, (0.3, 0.7, 1.6))
    assert project.lanes[0].blocks[0].offset == (3, 0, 1)
    assert project.labels().shape == (5, 8, 9)


@pytest.mark.parametrize(
    ("axes", "shape", "place", "version"),
    [
        ("yxc", (2, 3, 1), "[4:6,5:8,0:1]", b"1.4.0"),
        ("", (2, 3, 1), "[4:6,5:8,0:1]", b"1.4.0"),
        ("yx", (2, 3), "[4:6,5:8]", b"1.4.0"),
        ("", (1, 3, 2, 1, 1), "[0:1,5:8,4:6,0:1,0:1]", b"1.2.0"),
        ("", (1, 2, 3), "[0:1,4:6,5:8]", b"1.3.3post2"),
        ("cyx", (1, 2, 3), "[0:1,4:6,5:8]", b"1.4.0"),
    ],
    ids=[
        "axes told",
        "axes of the image",
        "no channel",
        "always t, x, y, z, c",
        "order of the file",
        "told, channels first",
    ],
)
def test_labels_are_put_in_place_from_any_order_of_axes(
    tmp_path: Path, axes: str, shape: tuple[int, ...], place: str, version: bytes
) -> None:
    order = "cyx" if version == b"1.3.3post2" else "yxc"
    sizes = {"y": 8, "x": 9, "c": 1}
    parts = {
        "ilastikVersion": version,
        "Input Data/infos/lane0000/Raw Data/axistags": tags(order).encode(),
        "Input Data/infos/lane0000/Raw Data/shape": np.array([sizes[axis] for axis in order]),
    }
    truth = np.array([[1, 2, 0], [0, 2, 1]], np.uint8)
    values = (truth.T if len(shape) == 5 else truth).reshape(shape)
    project = read_project(add_block(draw_project(tmp_path / "p.ilp", **parts), values, place, axes))
    expected = np.zeros((8, 9), np.uint8)
    expected[4:6, 5:8] = truth
    assert np.array_equal(project.labels(), expected)


def test_an_old_order_of_axes_is_read_where_there_are_no_tags(tmp_path: Path) -> None:
    raw = "Input Data/infos/lane0000/Raw Data"
    parts = {f"{raw}/axistags": None, f"{raw}/axisorder": b"txyzc", f"{raw}/shape": np.array([1, 9, 8, 4, 3])}
    lane = read_project(draw_project(tmp_path / "p.ilp", **parts)).lanes[0]
    assert lane.raw is not None
    assert (lane.shape, lane.raw.bands) == ((4, 8, 9), 3)


def test_an_empty_project_has_garbage_for_names_and_nothing_else(tmp_path: Path) -> None:
    parts = {
        "PixelClassification/LabelNames": np.array([4.6e-310]),
        "PixelClassification/LabelColors": np.array([4.6e-310]),
    }
    path = draw_project(tmp_path / "p.ilp", **parts)
    with h5py.File(path, "a") as file:
        del file["Input Data/infos/lane0000"]
        file["PixelClassification/LabelSets"].create_group("labels000")
        file["FeatureSelections/SelectionMatrix"][...] = False
    project = read_project(path)
    assert (project.label_names, project.label_colors, project.features, project.forest) == ((), (), None, None)
    assert project.lanes == () or project.labels().size == 0


def test_a_list_that_is_marked_as_empty_is_empty(tmp_path: Path) -> None:
    path = draw_project(tmp_path / "p.ilp")
    with h5py.File(path, "a") as file:
        file["PixelClassification/LabelNames"].attrs["isEmpty"] = True
    assert read_project(path).label_names == ()


def test_labels_without_names_get_some(tmp_path: Path) -> None:
    path = draw_project(
        tmp_path / "p.ilp", **{"PixelClassification/LabelNames": None, "PixelClassification/LabelColors": None}
    )
    project = read_project(add_block(path, np.full((1, 1, 1), 3, np.uint8), "[0:1,0:1,0:1]"))
    assert project.label_names == ("Label 1", "Label 2", "Label 3")
    assert len(set(project.label_colors)) == 3


def test_labels_of_several_images_go_to_their_own(tmp_path: Path) -> None:
    parts = {f"Input Data/infos/lane{n:04d}/Raw Data/shape": np.array([8, 9, 1]) for n in (2, 10)}
    parts["Input Data/infos/lane0002/Prediction Mask/filePath"] = b"sub\\mask.png"
    path = draw_project(tmp_path / "p.ilp", **parts)
    for number, label in ((0, 1), (2, 2)):
        name = f"labels{number:03d}/block0000"
        add_block(path, np.full((1, 1, 1), label, np.uint8), "[7:8,0:1,0:1]", name=name)
    project = read_project(path)
    assert [int(project.labels(lane).max(initial=0)) for lane in range(3)] == [1, 0, 2]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mask.png").touch()
    assert project.locate(1, mask=True) == tmp_path.resolve() / "sub" / "mask.png"


def test_an_image_inside_with_channels_first_is_turned(tmp_path: Path) -> None:
    raw = "Input Data/infos/lane0000/Raw Data"
    stored = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    parts = {f"{raw}/location": b"ProjectInternal", f"{raw}/datasetId": b"some", "Input Data/local_data/some": stored}
    path = draw_project(tmp_path / "p.ilp", **parts)
    with h5py.File(path, "a") as file:
        file["Input Data/local_data/some"].attrs["axistags"] = tags("xczy")
    assert np.array_equal(read_project(path).image(), stored.transpose(1, 2, 3, 0))


@pytest.mark.parametrize(
    ("parts", "error", "match"),
    [
        ({"workflowName": b"Object Classification"}, DataError, "only Pixel Classification is read"),
        ({"workflowName": b"Autocontext (2-stage)"}, DataError, "only Pixel Classification is read"),
        ({"ilastikVersion": np.array(0.5)}, DataError, "open and save it in ilastik 1.4"),
        ({"ilastikVersion": None}, ReadError, "no ilastik project"),
    ],
)
def test_other_projects_are_refused(tmp_path: Path, parts: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        read_project(draw_project(tmp_path / "p.ilp", **parts))


def test_what_is_no_hdf5_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="does not exist"):
        read_project(tmp_path / "none.ilp")
    (tmp_path / "text.ilp").write_text("no project")
    with pytest.raises(ReadError, match="cannot be read as an HDF5 file"):
        read_project(tmp_path / "text.ilp")


def test_a_project_needs_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"tsraster\[learning\]"):
        read_project(tmp_path / "p.ilp")
