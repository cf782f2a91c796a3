"""Pores of volumes: published counts, drawn truth, every way of reading and looking, wrong options."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy import ndimage

import tsraster
from tsraster.cli.program import program
from tsraster.errors import DataError, DestinationExistsError, MissingExtraError, ReadError, TsrasterError, UsageError
from tsraster.pipeline.pores.poreresult import Pores
from tsraster.pipeline.pores.pores import pores_file
from tsraster.samples.balls import draw_balls

Bytes = NDArray[np.uint8]


@pytest.fixture(scope="module")
def medium() -> Bytes:
    """Give a gray volume, pores dark, in which many components are."""
    noise = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal((30, 40, 50)), 1.6)
    scaled = (noise - noise.min()) / np.ptp(noise)
    return np.asarray(255 * scaled, np.uint8)


@pytest.fixture(scope="module")
def volume(medium: Bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("medium") / "medium.npy"
    np.save(path, medium)
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def number_by_first(mask: NDArray[np.bool_], connectivity: int) -> NDArray[np.int32]:
    rank = {6: 1, 18: 2, 26: 3}[connectivity]
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, rank))
    first = np.unique(labels.ravel(), return_index=True)[1][1:]
    numbers = np.zeros(count + 1, np.int32)
    numbers[1 + np.argsort(first)] = np.arange(1, count + 1)
    return np.asarray(numbers[labels])


@pytest.fixture(scope="module")
def berea(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("berea")
    with zipfile.ZipFile(shared_data / "microct" / "berea.zip") as archive:
        archive.extractall(folder)
    return folder / "berea.tif"


@pytest.mark.parametrize(("connectivity", "components"), [(6, 2741), (18, 2335), (26, 2251)])
def test_berea_has_the_published_pores(connectivity: int, components: int, berea: Path, tmp_path: Path) -> None:
    pores_file(berea, tmp_path, connectivity=connectivity)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["porosity"] == pytest.approx(0.19645303, abs=5e-9)
    assert report["components"] == components
    assert report["percolates"] == {"z": True, "y": True, "x": True}
    assert report["largest_share"] == pytest.approx({6: 0.9937}.get(connectivity, report["largest_share"]), abs=5e-5)
    sizes = np.array([int(row["voxels"]) for row in read_rows(tmp_path / "pores.csv")])
    assert len(sizes) == components
    if connectivity == 6:
        assert ((sizes > 10).sum(), (sizes == 1).sum()) == (1150, 402)


def test_pores_above_a_size_are_counted_in_three_dimensions(berea: Path, tmp_path: Path) -> None:
    result = pores_file(berea, tmp_path, min_size=11)
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["components"], report["components_left_out"]) == (1150, 2741 - 1150)
    assert report["porosity"] == pytest.approx(0.19645303, abs=5e-9)
    assert result.components.voxels.min() == 11


def test_the_raw_crop_is_read_by_its_name(shared_data: Path, tmp_path: Path) -> None:
    result = pores_file(shared_data / "microct" / "berea_crop_200x200x200_uint8.raw", tmp_path, pore="0")
    assert len(result.components) == 350
    assert result.space.porosity == pytest.approx(0.19624925, abs=5e-9)


def test_fiberform_is_cut_by_otsu(shared_data: Path, tmp_path: Path) -> None:
    pores_file(shared_data / "microct" / "100_fiberform.tif", tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["threshold"] == 108
    assert report["porosity"] == pytest.approx(0.846, abs=5e-4)
    porosities = {row["threshold"]: row["porosity"] for row in report["sensitivity"]}
    assert porosities[108] == report["porosity"]
    assert list(porosities.values()) == sorted(porosities.values())


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("min_size", [1, 5])
def test_labels_and_tables_are_those_made_in_memory(
    connectivity: int, min_size: int, medium: Bytes, volume: Path, tmp_path: Path
) -> None:
    import tifffile

    result = pores_file(
        volume,
        tmp_path,
        connectivity=connectivity,
        threshold=120,
        min_size=min_size,
        labels=["full", "palette", "zarr"],
        workers=2,
    )
    mask = medium <= 120
    labels = number_by_first(mask, connectivity)
    sizes = np.bincount(labels.ravel())[1:]
    kept = np.concatenate([[0], np.where(sizes >= min_size, np.cumsum(sizes >= min_size), 0)])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "labels_full.tif"), kept[labels])
    rows = read_rows(tmp_path / "pores.csv")
    assert [int(row["voxels"]) for row in rows] == sizes[sizes >= min_size].tolist()
    centers = ndimage.center_of_mass(mask, kept[labels], range(1, len(rows) + 1))
    found = [[float(row[axis]) for axis in "zyx"] for row in rows]
    np.testing.assert_allclose(found, centers, atol=1e-9)
    assert result.space.porosity == mask.mean()
    profiles = [row["porosity_y"] for row in read_rows(tmp_path / "profiles.csv")]
    np.testing.assert_allclose([float(cell) for cell in profiles if cell], mask.mean(axis=(0, 2)))
    with tifffile.TiffFile(tmp_path / "labels.tif") as stack:
        assert stack.pages[0].photometric == tifffile.PHOTOMETRIC.PALETTE
        np.testing.assert_array_equal(stack.asarray() > 0, kept[labels] > 0)
    import zarr

    np.testing.assert_array_equal(zarr.open_group(tmp_path / "labels.zarr", mode="r")["0"][:], kept[labels])


def test_light_pores_are_above_the_threshold(medium: Bytes, volume: Path, tmp_path: Path) -> None:
    result = pores_file(volume, tmp_path, pore="light", threshold=120)
    assert result.space.porosity == (medium > 120).mean()


def test_a_threshold_of_each_slice_is_said_to_jitter(medium: Bytes, volume: Path, tmp_path: Path) -> None:
    from skimage.filters import threshold_otsu

    result = CliRunner().invoke(program, ["pores", str(volume), str(tmp_path), "--per-slice"])
    assert result.exit_code == 0, result.output
    assert "jitters from slice to slice" in result.output
    expected = np.mean([plane <= threshold_otsu(plane) for plane in medium])
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["porosity"] == pytest.approx(expected, abs=2e-3)
    assert report["threshold"] is None


def test_a_slice_of_one_value_has_no_pores(medium: Bytes, tmp_path: Path) -> None:
    framed = medium.astype(np.float32)
    framed[0], framed[1] = np.nan, 0
    np.save(tmp_path / "framed.npy", framed)
    result = pores_file(tmp_path / "framed.npy", tmp_path / "out", per_slice=True)
    assert result.components.profiles[0][:3].tolist()[:2] == [0, 0]
    assert result.components.profiles[0][2] > 0
    assert result.without_data == framed[0].size


@pytest.mark.parametrize("pore", ["dark", "light", "0"])
def test_voxels_without_data_are_no_pores(pore: str, medium: Bytes, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    holes = np.where(medium < 40, 0, medium).astype(np.uint8)
    with h5py.File(tmp_path / "volume.h5", "w") as file:
        file.create_dataset("gray", data=holes).attrs["_FillValue"] = np.uint8(0)
    options: dict[str, Any] = {"pore": pore} if pore == "0" else {"pore": pore, "threshold": 120}
    if pore == "0":
        with pytest.raises(DataError, match="has no pore"):
            pores_file(tmp_path / "volume.h5", tmp_path / "out", **options)
        return
    result = pores_file(tmp_path / "volume.h5", tmp_path / "out", **options)
    expected = (holes > 0) & (holes <= 120) if pore == "dark" else holes > 120
    assert result.components.total == expected.sum()
    assert result.without_data == (holes == 0).sum() > 0


def test_denoising_is_reported_with_what_was_before(volume: Path, tmp_path: Path, medium: Bytes) -> None:
    result = pores_file(volume, tmp_path, denoise="median:3")
    assert result.before is not None
    threshold, porosity = result.before
    assert porosity == (medium <= threshold).mean()
    smooth = ndimage.median_filter(medium, 3, mode="nearest")
    assert result.space.porosity == (smooth <= float(result.rule.threshold or 0)).mean()


def test_voxels_have_their_size(volume: Path, tmp_path: Path) -> None:
    result = pores_file(volume, tmp_path, threshold=110, voxel_size="4x2x2um")
    rows = read_rows(tmp_path / "pores.csv")
    assert float(rows[0]["volume"]) == 16 * int(rows[0]["voxels"])
    assert float(rows[0]["diameter"]) == pytest.approx((6 * float(rows[0]["volume"]) / np.pi) ** (1 / 3))
    assert result.unit == "um"
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(tmp_path / "pores.parquet").to_pydict()
    assert table["voxels"] == [int(row["voxels"]) for row in rows]


def test_drawn_balls_come_back(tmp_path: Path) -> None:
    drawn = draw_balls((60, 60, 60), radii=[3, 4, 5, 6, 7], seed=2)
    np.save(tmp_path / "balls.npy", drawn.volume)
    result = pores_file(tmp_path / "balls.npy", tmp_path / "out", voxel_size="1um")
    assert len(result.components) == 5
    np.testing.assert_allclose(np.sort(result.diameters), 2 * np.array([3, 4, 5, 6, 7]), rtol=0.06)


@pytest.mark.parametrize("form", ["raw", "mhd", "nrrd", "tif", "slices"])
def test_forms_of_one_volume_give_the_same_pores(form: str, medium: Bytes, volume: Path, tmp_path: Path) -> None:
    import tifffile

    options: dict[str, Any] = {}
    source = tmp_path / f"volume.{form}"
    if form == "raw":
        medium.tofile(source)
        options = {"shape": medium.shape, "dtype": "uint8"}
    elif form == "mhd":
        medium.tofile(tmp_path / "volume.bin")
        source.write_text(
            "ObjectType = Image\nNDims = 3\nDimSize = 50 40 30\nElementType = MET_UCHAR\nElementDataFile = volume.bin\n"
        )
    elif form == "nrrd":
        head = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 50 40 30\nencoding: raw\n\n"
        source.write_bytes(head.encode() + medium.tobytes())
    elif form == "tif":
        tifffile.imwrite(source, medium, photometric="minisblack", compression="deflate")
    else:
        source.mkdir()
        for i, plane in enumerate(medium):
            tifffile.imwrite(source / f"slice_{i}.tif", plane)
    first = pores_file(volume, tmp_path / "first", threshold=115)
    second = pores_file(source, tmp_path / "second", threshold=115, **options)
    assert (tmp_path / "first" / "pores.csv").read_text() == (tmp_path / "second" / "pores.csv").read_text()
    assert first.space == second.space


def test_all_looks_are_made(volume: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyvista")
    plots = [str(tmp_path / name) for name in ("plot.png", "slices.png", "view.png")]
    out = tmp_path / "out"
    result = CliRunner().invoke(
        program,
        [
            *("pores", str(volume), str(out), "--threshold", "110", "--labels", "palette", "--looks", "gif,html"),
            *("--meshes", "1,2", "--mesh-format", "glb", "--plot", plots[0], "--slices", plots[1], "--view", plots[2]),
        ],
    )
    assert result.exit_code == 0, result.output
    made = {path.name for path in out.iterdir()}
    tables = {"pores.csv", "pores.parquet", "profiles.csv", "report.json"}
    assert made == tables | {"labels.tif", "slices.gif", "pores.html", "pores.glb"}
    assert all(Path(path).stat().st_size > 5000 for path in plots)
    assert "http" not in (out / "pores.html").read_text(encoding="utf-8").split("</style>")[0]


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"pore": "blue"}, UsageError, "--pore blue"),
        ({"pore": "0", "threshold": 5}, UsageError, "says the value of pores"),
        ({"per_slice": True, "threshold": 5}, UsageError, "leave one out"),
        ({"connectivity": 8}, UsageError, "6, 18 or 26"),
        ({"min_size": 0}, UsageError, "--min-size 0"),
        ({"scheme": "otzu"}, UsageError, "otzu"),
        ({"scheme": "unique"}, TsrasterError, "."),
        ({"denoise": "median"}, UsageError, "lacks a number"),
        ({"labels": ["png"]}, UsageError, "choose from palette, full, zarr"),
        ({"looks": ["gif", "gif"]}, UsageError, "twice"),
        ({"meshes": [0]}, UsageError, "no ids of pores"),
        ({"meshes": [10**6]}, UsageError, "there is no pore 1000000"),
        ({"mesh_format": "obj", "meshes": [1]}, UsageError, "obj"),
        ({"voxel_size": "2"}, UsageError, "2"),
        ({"bodies": ["size"]}, UsageError, "choose from partition, thickness"),
        ({"box": (0, 0, 0)}, UsageError, "3 numbers"),
        ({"threshold": -1}, DataError, "has no pore"),
        ({"threshold": float("nan")}, UsageError, "--threshold nan"),
        ({"threshold": float("inf")}, UsageError, "--threshold inf"),
        ({"pore": "300"}, DataError, "has no pore"),
    ],
)
def test_wrong_options_are_one_clear_sentence(
    options: dict[str, Any], error: type[TsrasterError], problem: str, volume: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=problem) as caught:
        pores_file(volume, tmp_path / "out", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_wrong_volumes_are_one_clear_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.full((4, 4, 4), 7, np.uint8))
    with pytest.raises(DataError, match="all voxels have the value 7"):
        pores_file(tmp_path / "flat.npy", tmp_path / "out")
    (tmp_path / "cut.raw").write_bytes(bytes(999))
    with pytest.raises((ReadError, UsageError), match="999"):
        pores_file(tmp_path / "cut.raw", tmp_path / "out", shape=(10, 10, 10), dtype="uint8")
    with pytest.raises(ReadError, match="does not exist"):
        pores_file(tmp_path / "none.mhd", tmp_path / "out")


def test_what_exists_is_kept(volume: Path, tmp_path: Path) -> None:
    (tmp_path / "pores.csv").write_text("mine")
    with pytest.raises(DestinationExistsError):
        pores_file(volume, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pores.csv"]
    assert isinstance(pores_file(volume, tmp_path, overwrite=True), Pores)


@pytest.mark.parametrize(("option", "library"), [("labels", "tifffile"), ("labels", "zarr"), ("looks", "trimesh")])
def test_a_library_that_is_missing_is_said_at_once(
    option: str, library: str, volume: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsraster.pipeline.pores import poreviews

    monkeypatch.setattr(poreviews, "find_spec", lambda name: None if name == library else True)
    wanted = {"tifffile": "full", "zarr": "zarr", "trimesh": "html"}[library]
    with pytest.raises(MissingExtraError, match=rf"--{option} {wanted} needs {library}.*pip install 'tsraster\["):
        pores_file(volume, tmp_path / "out", **{option: [wanted]})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_zarr_is_replaced_whole(volume: Path, tmp_path: Path) -> None:
    import zarr

    pores_file(volume, tmp_path, threshold=110, labels=["zarr"])
    (tmp_path / "labels.zarr" / "old").write_text("old")
    with pytest.raises(DestinationExistsError):
        pores_file(volume, tmp_path, threshold=120, labels=["zarr"])
    result = pores_file(volume, tmp_path, threshold=120, labels=["zarr"], overwrite=True)
    assert not (tmp_path / "labels.zarr" / "old").exists()
    assert zarr.open_group(tmp_path / "labels.zarr", mode="r")["0"][:].max() == len(result.components)


def test_surfaces_bodies_and_boxes(medium: Bytes, volume: Path, tmp_path: Path) -> None:
    drawn = draw_balls((50, 50, 50), radii=[8, 10], seed=4)
    np.save(tmp_path / "balls.npy", drawn.volume)
    result = pores_file(
        tmp_path / "balls.npy",
        tmp_path / "out",
        voxel_size="2um",
        surfaces=True,
        bodies=["partition", "thickness"],
    )
    rows = sorted(read_rows(tmp_path / "out" / "pores.csv"), key=lambda row: float(row["voxels"]))
    for row, radius in zip(rows, (16, 20), strict=True):
        assert float(row["surface"]) == pytest.approx(4 * np.pi * radius**2, rel=0.03)
        assert float(row["sphericity"]) == pytest.approx(1, abs=0.03)
    assert result.bodies.partition is not None
    assert len(result.bodies.partition) == 2
    assert result.bodies.thickness is not None
    # A ball of r voxels around its center is 2 r - 1 voxels thick at the least.
    assert 40 - 3 * 2 < result.bodies.thickness.quantile(1) <= 40
    part = pores_file(volume, tmp_path / "part", threshold=120, box=(5, 4, 3, 25, 30, 40))
    assert part.space.porosity == (medium[5:25, 4:30, 3:40] <= 120).mean()
    with pytest.raises(UsageError, match="is no part of"):
        pores_file(volume, tmp_path / "wrong", box=(0, 0, 0, 31, 40, 50))
    assert not (tmp_path / "wrong").exists()


def test_the_function_is_public() -> None:
    assert tsraster.pores_file is pores_file
