"""A volume is classified as its labeled planes say, the same whatever slabs, threads and formats there are."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tsraster.errors import BandError, DataError, LossWarning, ReadError, TsrasterError, TsrasterWarning, UsageError
from tsraster.learning.model import Model, find_margin
from tsraster.learning.modelfile import read_model
from tsraster.lut import Lut
from tsraster.pipeline.learning.predict import predict_files
from tsraster.pipeline.learning.train import train_file
from tsraster.pipeline.learning.uncertainplaces import UncertaintyGrid
from tsraster.pipeline.learning.volumesources import HeldPlanes
from tsraster.reading.volumes import open_volume
from tsraster.samples.balls import DARK, draw_balls
from tsraster.volume import VoxelSize
from tsraster.writing.labelvolumes import StackWriter
from tsraster.writing.metaimages import MetaImageWriter

SHAPE = (40, 44, 52)
LABELED = (10, 30)
"""Planes that have labels."""
SIZE = VoxelSize(z=5.0, y=2.5, x=2.5, unit="um")
FEATURES = "smoothing:1 gradient:1.6 hessian:1"
LUT = Lut(
    name="rock",
    kind="classes",
    keys=(1, 3),
    colors=((200, 150, 100, 255), (0, 0, 90, 255)),
    names=("rough matrix", "ball"),
)

Arrays = NDArray[Any]


def draw_textures() -> tuple[Arrays, Arrays]:
    """Return a volume whose balls differ from what is around them by their texture alone, and the truth."""
    balls = draw_balls(SHAPE, [11.0, 10.0, 9.0], seed=3, cut=True).volume
    truth = np.where(balls == DARK, 3, 1).astype(np.uint8)
    rng = np.random.default_rng(0)
    rough, smooth = (gaussian_filter(rng.standard_normal(SHAPE), sigma) for sigma in (0.4, 1.6))
    values = np.where(truth == 3, smooth / smooth.std(), rough / rough.std())
    return np.clip(values * 30 + 128, 0, 255).astype(np.uint8), truth


VALUES, TRUTH = draw_textures()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the volume, with the size of its voxels, its labels, and a model of them."""
    folder = tmp_path_factory.mktemp("volumes")
    with StackWriter(folder / "rock.tif", SHAPE, voxel_size=SIZE) as writer:
        writer.write(0, VALUES)
    labels = np.zeros_like(TRUTH)
    labels[LABELED, :, ::2] = TRUTH[LABELED, :, ::2]
    np.save(folder / "labels.npy", labels)
    train(folder, folder / "rock.tsmodel")
    return folder


def train(folder: Path, model: Path, source: str = "rock.tif", **options: Any) -> Model:
    """Train a small forest."""
    said = {"features": FEATURES, "volume": True, "trees": 12, "samples": 600, "lut": LUT, **options}
    return train_file(model, folder / source, folder / "labels.npy", **said).model


def predict(folder: Path, destination: Path, source: str | Path = "rock.tif", **options: Any) -> Any:
    """Classify, and leave warnings of losses aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TsrasterWarning)
        return predict_files(folder / "rock.tsmodel", [folder / source], destination, overwrite=True, **options)


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Arrays]:
    """Give the results of the whole volume in memory."""
    model = read_model(folder / "rock.tsmodel")
    features = model.compute(VALUES[np.newaxis])
    probabilities = model.classifier.probabilities(features)
    return {
        "features": np.moveaxis(features, 0, -1),
        "probabilities": np.moveaxis(probabilities, 0, -1),
        "uncertainty": find_margin(probabilities),
        "segmentation": model.to_codes(model.classifier.segment(features)),
    }


def test_voxels_of_other_planes_are_classified_well(folder: Path, tmp_path: Path) -> None:
    result = predict(folder, tmp_path / "classes.npy").pictures[0]
    found = np.load(tmp_path / "classes.npy")
    away = np.ones(SHAPE[0], bool)
    away[[plane + d for plane in LABELED for d in (-2, -1, 0, 1, 2)]] = False
    assert (found[away] == TRUTH[away]).mean() > 0.93
    assert 0.05 < (TRUTH == 3).mean() < 0.6
    assert result.counts == {0: 0, 1: int((found == 1).sum()), 3: int((found == 3).sum())}


@pytest.mark.parametrize("export", ["segmentation", "probabilities", "uncertainty", "features"])
@pytest.mark.parametrize("options", [{}, {"block_size": 7, "workers": 3}, {"block_size": 1, "workers": 1}], ids=str)
def test_slabs_and_workers_change_no_voxel(
    folder: Path, tmp_path: Path, expected: dict[str, Arrays], export: str, options: dict[str, int]
) -> None:
    predict(folder, tmp_path / "result.npy", export=[export], **options)
    np.testing.assert_array_equal(np.load(tmp_path / "result.npy"), expected[export])


def test_a_box_in_the_middle_of_tiles_is_that_of_the_whole(
    folder: Path, tmp_path: Path, expected: dict[str, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsraster.pipeline.learning.volumeresults.TILES", {3: (5, 9, 11)})
    predict(folder, tmp_path / "result.npy", export=["probabilities"], region=[5, 3, 47, 30], block_size=6)
    np.testing.assert_array_equal(np.load(tmp_path / "result.npy"), expected["probabilities"][:, 3:30, 5:47])


def test_scales_of_single_planes_do_not_see_the_next_plane(folder: Path, tmp_path: Path) -> None:
    model = train(folder, tmp_path / "flat.tsmodel", features="hessian:1.6 smoothing:1", slicewise=[1.6])
    assert {column.scale for column in model.columns if column.slicewise} == {1.6}
    one = model.compute(VALUES[np.newaxis])
    changed = VALUES.copy()
    changed[:20] = 0
    other = model.compute(changed[np.newaxis])
    flat = [i for i, column in enumerate(model.columns) if column.slicewise]
    deep = [i for i, column in enumerate(model.columns) if not column.slicewise]
    assert (one[flat, 20:] == other[flat, 20:]).all()
    assert deep
    assert (one[deep, 20] != other[deep, 20]).any()
    predict_files(
        tmp_path / "flat.tsmodel", [folder / "rock.tif"], tmp_path / "f.h5", export=["features"], block_size=3
    )
    with h5py.File(tmp_path / "f.h5") as file:
        np.testing.assert_array_equal(file["exported_data"][()], np.moveaxis(one, 0, -1))


def _write_hdf5(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("scan/data", data=VALUES, chunks=(6, 20, 20), compression="gzip")
        file.create_dataset("scan/dark", data=np.zeros_like(VALUES))
    return path / "scan" / "data"


def _write_zarr(path: Path) -> Path:
    group = zarr.open_group(path, mode="w")
    for name in ("a", "b"):
        group.create_array(name, data=VALUES)
    return path / "a"


def _write_slices(path: Path) -> Path:
    path.mkdir()
    for number, plane in enumerate(VALUES):
        tifffile.imwrite(path / f"{number}.tif", plane)
    return path


def _write_raw(path: Path) -> Path:
    planes, rows, cols = SHAPE
    named = path.with_name(f"rock_{cols}x{rows}x{planes}_uint8.raw")
    VALUES.tofile(named)
    return named


def _write_with(function: Callable[[Path, Arrays], Any]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        function(path, VALUES)
        return path

    return write


def _write_metaimage(path: Path, values: Arrays) -> None:
    with MetaImageWriter(path, SHAPE) as writer:
        writer.write(0, values)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rock.npy", _write_with(np.save)),
        ("rock.mha", _write_with(_write_metaimage)),
        ("rock.h5", _write_hdf5),
        ("rock.zarr", _write_zarr),
        ("slices", _write_slices),
        ("raw", _write_raw),
    ],
)
def test_every_format_gives_the_same(
    folder: Path, tmp_path: Path, expected: dict[str, Arrays], name: str, write: Callable[[Path], Path]
) -> None:
    source = write(tmp_path / name)
    predict(folder, tmp_path / "classes.mha", source, block_size=15)
    with open_volume(tmp_path / "classes.mha") as volume:
        np.testing.assert_array_equal(volume.read(), expected["segmentation"])


def test_a_model_is_the_same_of_every_format(folder: Path, tmp_path: Path) -> None:
    source = _write_hdf5(tmp_path / "rock.h5")
    with h5py.File(tmp_path / "labels.h5", "w") as file:
        file["drawn/labels"] = np.load(folder / "labels.npy")[..., np.newaxis]
        file["other"] = np.zeros(SHAPE, np.uint8)
    options: dict[str, Any] = {"features": FEATURES, "volume": True, "trees": 12, "samples": 600, "lut": LUT}
    model = train_file(tmp_path / "m.tsmodel", source, tmp_path / "labels.h5" / "drawn/labels", **options).model
    known = read_model(folder / "rock.tsmodel")
    assert model.columns == known.columns
    for name, array in known.classifier.to_arrays().items():
        np.testing.assert_array_equal(model.classifier.to_arrays()[name], array)


@pytest.mark.parametrize("name", ["c.tif", "c.npy", "c.h5", "c.zarr", "c.mha"])
def test_class_codes_are_read_back(folder: Path, tmp_path: Path, expected: dict[str, Arrays], name: str) -> None:
    predict(folder, tmp_path / name, block_size=9)
    with open_volume(tmp_path / name) as volume:
        np.testing.assert_array_equal(volume.read(), expected["segmentation"])
        assert volume.dtype == "uint8"
        if name == "c.npy":
            return  # which holds numbers only
        assert volume.voxel_size is not None
        assert volume.voxel_size.unit == ("" if name == "c.mha" else "um")
        assert volume.voxel_size.spacing == pytest.approx(SIZE.spacing)


def test_class_names_and_colors_are_written(folder: Path, tmp_path: Path) -> None:
    for name in ("c.tif", "c.h5", "c.zarr"):
        predict(folder, tmp_path / name)
    with tifffile.TiffFile(tmp_path / "c.tif") as stack:
        assert (stack.pages[0].colormap[:, 3] // 257).tolist() == list(LUT.colors[1][:3])
    with h5py.File(tmp_path / "c.h5") as file:
        array = file["exported_data"]
        assert [axis["key"] for axis in json.loads(array.attrs["axistags"])["axes"]] == list("zyxc")
        assert (array.shape, array.compression) == ((*SHAPE, 1), "gzip")
        assert list(array.attrs["class_names"]) == list(LUT.names)
        assert array.attrs["element_size_um"].tolist() == list(SIZE.spacing)
    said: Any = zarr.open_group(tmp_path / "c.zarr", mode="r").attrs["ome"]
    assert said["image-label"]["properties"][1] == {"label-value": 3, "name": "ball"}
    assert {"label-value": 3, "rgba": [0, 0, 90, 255]} in said["image-label"]["colors"]


def test_numbers_are_read_back_with_their_bands(folder: Path, tmp_path: Path, expected: dict[str, Arrays]) -> None:
    for name in ("p.h5", "p.zarr"):
        predict(folder, tmp_path / name, export=["probabilities"], block_size=11)
    with h5py.File(tmp_path / "p.h5") as file:
        np.testing.assert_array_equal(file["exported_data"][()], expected["probabilities"])
        assert list(file["exported_data"].attrs["band_names"]) == list(LUT.names)
    group = zarr.open_group(tmp_path / "p.zarr", mode="r")
    array: Any = group["exported_data"]
    np.testing.assert_array_equal(array[...], np.moveaxis(expected["probabilities"], -1, 0))
    image: Any = group.attrs["multiscales"]
    assert [axis["name"] for axis in image[0]["axes"]] == ["c", "z", "y", "x"]
    assert image[0]["datasets"][0]["coordinateTransformations"][0]["scale"] == [1.0, *SIZE.spacing]


@pytest.mark.parametrize("name", ["u.tif", "u.mha", "u.zarr", "u.h5", "u.npy"])
def test_uncertainty_is_read_back(folder: Path, tmp_path: Path, expected: dict[str, Arrays], name: str) -> None:
    predict(folder, tmp_path / name, export=["uncertainty"])
    with open_volume(tmp_path / name) as volume:
        np.testing.assert_array_equal(volume.read(), expected["uncertainty"])


def test_numbers_are_brought_into_a_type_and_range(folder: Path, tmp_path: Path, expected: dict[str, Arrays]) -> None:
    predict(folder, tmp_path / "p.npy", export=["probabilities"], dtype="uint8", out_range=[0, 200])
    found = np.load(tmp_path / "p.npy")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.rint(expected["probabilities"] * np.float32(200)))


def test_several_results_of_several_volumes_are_named(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", VALUES[:20])
    result = predict_files(
        folder / "rock.tsmodel",
        [folder / "rock.tif", tmp_path / "other.npy"],
        tmp_path / "out",
        export=["segmentation", "uncertainty"],
        name="{nickname}_{result_type}.h5",
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "other_Simple Segmentation.h5",
        "other_Uncertainty.h5",
        "rock_Simple Segmentation.h5",
        "rock_Uncertainty.h5",
    ]
    assert sum(result.pictures[1].counts.values()) == VALUES[:20].size


def test_a_mask_and_voxels_without_data_get_no_class(folder: Path, tmp_path: Path) -> None:
    values = VALUES.astype(np.float32)
    values[5:8, 9, 11] = np.nan
    np.save(tmp_path / "holes.npy", values)
    mask = np.ones(SHAPE, np.uint8)
    mask[20:, :30] = 0
    np.save(tmp_path / "mask.npy", mask)
    for name, export in (("c.npy", "segmentation"), ("u.npy", "uncertainty")):
        predict(folder, tmp_path / name, tmp_path / "holes.npy", mask_file=tmp_path / "mask.npy", export=[export])
    is_empty = (mask == 0) | np.isnan(values)
    assert ((np.load(tmp_path / "c.npy") == 0) == is_empty).all()
    assert (np.isnan(np.load(tmp_path / "u.npy")) == is_empty).all()


def test_labels_of_the_model_are_written(folder: Path, tmp_path: Path) -> None:
    predict(folder, tmp_path / "drawn.npy", export=["labels"])
    drawn, labels = np.load(tmp_path / "drawn.npy"), np.load(folder / "labels.npy")
    assert {code: int((drawn == code).sum()) for code in (1, 3)} == {1: 600, 3: min(600, int((labels == 3).sum()))}
    assert (drawn[drawn > 0] == labels[drawn > 0]).all()


def test_uncertain_places_are_the_same_of_all_slabs(folder: Path, tmp_path: Path, expected: dict[str, Arrays]) -> None:
    lists = []
    for block_size in (4, 40):
        path = tmp_path / f"{block_size}.csv"
        predict(folder, tmp_path / "c.npy", uncertain=path, places=3, block_size=block_size)
        with path.open(newline="") as file:
            lists.append(list(csv.reader(file)))
    assert lists[0] == lists[1]
    assert lists[0][0] == ["source", "rank", "plane", "row", "column", "uncertainty"]
    plane, row, col = (int(number) for number in lists[0][1][2:5])
    cell = tuple(slice(i // 32 * 32, i // 32 * 32 + 32) for i in (plane, row, col))
    uncertainty = expected["uncertainty"]
    assert uncertainty[plane, row, col] == uncertainty[cell].max()
    assert float(lists[0][1][5]) == pytest.approx(uncertainty[cell].mean(), abs=1e-5)


def test_no_two_uncertain_places_of_a_volume_are_neighbors() -> None:
    grid = UncertaintyGrid(shape=(130, 64, 33))
    values = np.linspace(0, 1, 130, dtype=np.float32)[:, None, None] * np.ones((130, 64, 33), np.float32)
    grid.add((slice(0, 130), slice(0, 64), slice(0, 33)), values)
    assert [(place.plane, place.row, place.col) for place in grid.list_places(9)] == [
        (129, 0, 0),
        (95, 0, 0),
        (31, 0, 0),
    ]


def test_planes_are_fetched_once_while_slabs_go_forward() -> None:
    asked: list[tuple[int, int]] = []

    class Source:
        def read(self, start: int, stop: int) -> Arrays:
            asked.append((start, stop))
            return VALUES[start:stop]

        def close(self) -> None: ...

    planes = HeldPlanes(Source())
    for start, stop in [(0, 12), (0, 12), (3, 9), (5, 20), (0, 12), (15, 30), (2, 4)]:
        np.testing.assert_array_equal(planes.read(start, stop), VALUES[start:stop])
    assert asked == [(0, 12), (12, 20), (20, 30), (2, 4)]


@pytest.mark.parametrize(
    ("destination", "options", "error", "words"),
    [
        ("p.tif", {"export": ["probabilities"]}, UsageError, r"cannot hold 2 numbers a voxel.*write \.h5"),
        ("c.png", {}, UsageError, "no ending that can be written; choose from .tif"),
        ("c.npy", {"region": [0, 0, 9]}, UsageError, "--region has 3 numbers"),
        ("c.npy", {"region": [0, 0, 53, 9]}, UsageError, "no part of .*52 columns and 44 rows"),
        ("c.npy", {"bands": [1]}, BandError, "a volume has one band"),
        ("c.npy", {"mask_file": "thin.npy"}, DataError, "39 x 44 x 52.* 40 x 44 x 52"),
        ("c.npy", {"source": "thin.npy", "export": ["labels"]}, DataError, "was not trained with labels of"),
        ("c.npy", {"source": "few.npy"}, DataError, r"needs 5 pixels a side.* 3 x 44 x 52"),
        ("c.npy", {"source": "plane.npy"}, DataError, "is a picture, and the model was trained with volumes"),
        ("c.npy", {"source": "plane.tif"}, DataError, "is a picture, and the model was trained with volumes"),
        (
            "c.npy",
            {"source": "rock.raw"},
            UsageError,
            r"let its name say its size, such as rock_512x400x300_uint8\.raw$",
        ),
        ("c.npy", {"source": "two.h5"}, ReadError, r"name one of them after the file, as in scan\.h5/data: a \(40"),
        ("c.npy", {"source": "two.h5/c"}, TsrasterError, "has no array 'c'.* a .40 x 44 x 52"),
        ("c.npy", {"source": "none.mha"}, ReadError, "none.mha does not exist"),
    ],
)
def test_errors_are_one_sentence(
    folder: Path, tmp_path: Path, destination: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    np.save(tmp_path / "thin.npy", VALUES[:39])
    np.save(tmp_path / "few.npy", VALUES[:3])
    np.save(tmp_path / "plane.npy", VALUES[0])
    tifffile.imwrite(tmp_path / "plane.tif", VALUES[0])
    VALUES.tofile(tmp_path / "rock.raw")
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"] = file["b"] = VALUES
    source = options.pop("source", None)
    if "mask_file" in options:
        options["mask_file"] = tmp_path / options["mask_file"]
    with pytest.raises(error, match=words) as caught:
        predict(folder, tmp_path / destination, tmp_path / source if source else "rock.tif", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / destination).exists()


def test_a_model_of_pictures_takes_no_volume(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "plane.npy", VALUES[LABELED[0]])
    np.save(tmp_path / "drawn.npy", np.load(folder / "labels.npy")[LABELED[0]])
    options: dict[str, Any] = {"features": FEATURES, "trees": 5, "samples": 100}
    train_file(tmp_path / "flat.tsmodel", tmp_path / "plane.npy", tmp_path / "drawn.npy", **options)
    _write_metaimage(tmp_path / "rock.mha", VALUES)
    _write_slices(tmp_path / "slices")
    np.save(tmp_path / "rock.npy", VALUES)
    tifffile.imwrite(tmp_path / "rock.tif", VALUES)
    for name in ("rock.mha", "slices", "rock.npy", "rock.tif"):
        with pytest.raises(DataError, match=f"{name} is a volume, and the model was trained with pictures"):
            predict_files(tmp_path / "flat.tsmodel", [tmp_path / name], tmp_path / "c.tif")


def test_what_a_format_cannot_hold_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.warns(LossWarning, match=r"the names of the classes: not in c\.tif") as said:
        predict_files(folder / "rock.tsmodel", [folder / "rock.tif"], tmp_path / "c.tif")
    assert len(said) == 1
    with pytest.warns(LossWarning, match=r"the voxel size and the names and colors of the classes: not in c\.npy"):
        predict_files(folder / "rock.tsmodel", [folder / "rock.tif"], tmp_path / "c.npy")


FULL_DISK = """
import resource, signal, sys
from tsraster.errors import WriteError
from tsraster.pipeline.learning.predict import predict_files
model, source, *destinations = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
for destination in destinations:
    try:
        predict_files(model, [source], destination, export=["uncertainty"], block_size=5)
    except WriteError as error:
        print(error)
"""


def test_a_full_disk_is_a_write_error(folder: Path, tmp_path: Path) -> None:
    # Chunks of Zarr are files of their own, below the limit by which a full disk is played here.
    names = ["u.npy", "u.h5", "u.tif", "u.mha"]
    command = [sys.executable, "-W", "ignore", "-c", FULL_DISK, folder / "rock.tsmodel", folder / "rock.tif"]
    done = subprocess.run([*command, *(tmp_path / name for name in names)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split(" cannot be written")[0] for line in lines] == names
    assert list(tmp_path.iterdir()) == []
