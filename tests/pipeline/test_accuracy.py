"""`accuracy_file` compares a class map with a reference; rows are the map."""

from __future__ import annotations

import csv
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster import accuracy_file, classify_file
from tsraster.cli.program import program
from tsraster.errors import BandError, DataError, DestinationExistsError, UsageError
from tsraster.pipeline.accuracy import Accuracy

Draw = Callable[..., Path]
UTM = {"crs": "EPSG:32616", "transform": Affine(30, 0, 500_000, 0, -30, 4_000_000)}


def draw_pair(shape: tuple[int, int] = (60, 80)) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, shape).astype(np.uint8)
    classes = np.where(rng.random(shape) < 0.7, truth, rng.integers(0, 5, shape)).astype(np.uint8)
    return classes, truth


@pytest.fixture
def pair(tmp_path: Path, draw_raster: Draw) -> tuple[Path, Path]:
    classes, truth = draw_pair()
    return draw_raster(tmp_path / "classes.tif", classes, nodata=0), draw_raster(tmp_path / "truth.tif", truth)


def same(first: Accuracy, second: Accuracy) -> bool:
    return np.array_equal(first.confusion.counts, second.confusion.counts) and (
        (first.confusion.codes, first.without_class, first.without_reference, first.matching)
        == (second.confusion.codes, second.without_class, second.without_reference, second.matching)
    )


def test_rows_are_the_map_and_columns_the_reference(pair: tuple[Path, Path]) -> None:
    classes, truth = draw_pair()
    result = accuracy_file(*pair)
    assert result.confusion.codes == (1, 2, 3, 4)
    for i, code in enumerate(result.confusion.codes):
        for j, other in enumerate(result.confusion.codes):
            assert result.confusion.counts[i, j] == int(((classes == code) & (truth == other)).sum())
    assert result.without_class == int((classes == 0).sum())
    assert result.without_reference == int(((classes > 0) & (truth == 0)).sum())
    assert result.confusion.pixels + result.without_class + result.without_reference == classes.size


def test_a_map_agrees_with_itself(pair: tuple[Path, Path]) -> None:
    result = accuracy_file(pair[1], pair[1])
    assert result.confusion.overall_accuracy == result.confusion.mean_iou == 1


@pytest.mark.parametrize("match", [False, True])
def test_zero_is_a_class_where_it_is_said_to_be_and_the_file_does_not_say_nodata(
    pair: tuple[Path, Path], match: bool
) -> None:
    classes, truth = draw_pair()
    result = accuracy_file(*pair, with_zero=True, match=match)
    assert 0 in result.confusion.codes
    assert (result.without_class, result.without_reference) == (int((classes == 0).sum()), 0)
    assert result.confusion.counts.sum(axis=0)[0] == int(((truth == 0) & (classes > 0)).sum())


def test_clusters_are_assigned_to_what_they_overlap_most(tmp_path: Path, draw_raster: Draw) -> None:
    _, truth = draw_pair()
    truth += 1
    # Two clusters of class 1, one each of the others, and their numbers say nothing.
    clusters = np.array([0, 9, 6, 7, 8])[truth].astype(np.uint8)
    clusters[:, ::2] = np.where(truth[:, ::2] == 1, 5, clusters[:, ::2])
    sources = draw_raster(tmp_path / "c.tif", clusters), draw_raster(tmp_path / "t.tif", truth)
    result = accuracy_file(*sources, match=True)
    assert result.matching == {5: 1, 9: 1, 6: 2, 7: 3, 8: 4}
    assert result.confusion.overall_accuracy == 1
    assert accuracy_file(*sources).confusion.overall_accuracy == 0


@settings(derandomize=True, deadline=None, database=None, max_examples=20)
@given(block_size=st.integers(5, 90), workers=st.integers(1, 3), match=st.booleans())
def test_blocks_and_workers_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw, block_size: int, workers: int, match: bool
) -> None:
    folder = tmp_path_factory.getbasetemp()
    classes, truth = draw_pair()
    sources = draw_raster(folder / "a.tif", classes, nodata=0), draw_raster(folder / "b.tif", truth, tiled=True)
    whole = accuracy_file(*sources, match=match)
    assert same(accuracy_file(*sources, match=match, block_size=block_size, workers=workers), whole)


def test_processes_compare_the_same(pair: tuple[Path, Path]) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert same(accuracy_file(*pair, executor=executor, block_size=33), accuracy_file(*pair))


def test_the_table_is_written_with_its_figures(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    result = accuracy_file(*pair, csv=tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "code", "name", "reference_1", "reference_2", "reference_3", "reference_4",
        "users_accuracy", "producers_accuracy", "iou",
    ]  # fmt: skip
    counts = [[int(row[f"reference_{code}"]) for code in (1, 2, 3, 4)] for row in rows]
    np.testing.assert_array_equal(counts, result.confusion.counts)
    assert [float(row["iou"]) for row in rows] == result.confusion.iou.tolist()
    assert rows[3]["producers_accuracy"] == ""
    assert result.written == (str(tmp_path / "table.csv"),)


def test_rasters_of_other_sizes_and_places_are_refused(tmp_path: Path, draw_raster: Draw) -> None:
    codes = np.ones((6, 8), np.uint8)
    here = draw_raster(tmp_path / "here.tif", codes, **UTM)
    with pytest.raises(DataError, match=r"has 6 rows x 8 columns and .* 8 rows x 6 columns"):
        accuracy_file(here, draw_raster(tmp_path / "turned.tif", codes.T))
    moved = {**UTM, "transform": UTM["transform"] @ Affine.translation(1, 0)}  # type: ignore[operator]
    with pytest.raises(DataError, match="lie at different places"):
        accuracy_file(here, draw_raster(tmp_path / "moved.tif", codes, **moved))
    with pytest.raises(DataError, match="lie at different places"):
        accuracy_file(here, draw_raster(tmp_path / "zone.tif", codes, **{**UTM, "crs": "EPSG:32617"}))
    for name, place in (("plain", {}), ("nearly", {**UTM, "transform": Affine(30, 0, 500_000.01, 0, -30, 4e6)})):
        assert accuracy_file(here, draw_raster(tmp_path / f"{name}.tif", codes, **place)).confusion.pixels == 48


def test_what_holds_no_classes_is_refused(tmp_path: Path, draw_raster: Draw) -> None:
    ones = draw_raster(tmp_path / "ones.tif", np.ones((4, 4), np.uint8))
    for pixels, problem in (
        (np.zeros((4, 4), np.uint8), "no pixel has a class both in"),
        (np.zeros((4, 4), np.float32), "float32 and no class codes"),
        (np.full((4, 4), -1, np.int16), "negative numbers"),
    ):
        other = draw_raster(tmp_path / "other.tif", pixels)
        for sources in ((ones, other), (other, ones)):
            with pytest.raises(DataError, match=problem):
                accuracy_file(*sources)
    labels = draw_raster(tmp_path / "labels.tif", np.arange(1, 5001, dtype=np.uint16).reshape(50, 100))
    with pytest.raises(DataError, match="more than 4096 different codes"):
        accuracy_file(labels, labels)


def test_the_band_of_the_reference_is_named(tmp_path: Path, draw_raster: Draw) -> None:
    # As the networks of image-segmentation-keras read it: the code in each channel.
    _, truth = draw_pair()
    classes = draw_raster(tmp_path / "c.tif", truth)
    reference = draw_raster(tmp_path / "labels.png", np.stack([truth] * 3), driver="PNG")
    with pytest.raises(BandError, match="has 3 bands"):
        accuracy_file(classes, reference)
    assert accuracy_file(classes, reference, reference_band=3).confusion.overall_accuracy == 1


def test_nothing_is_overwritten_unasked_and_no_input_ever(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    (tmp_path / "table.csv").write_text("old")
    with pytest.raises(DestinationExistsError):
        accuracy_file(*pair, csv=tmp_path / "table.csv")
    for source in pair:
        with pytest.raises(UsageError, match="give another one"):
            accuracy_file(*pair, csv=source, overwrite=True)
    assert (tmp_path / "table.csv").read_text() == "old"


def test_the_command_says_which_way_the_table_is_read(pair: tuple[Path, Path]) -> None:
    result = accuracy_file(*pair)
    done = CliRunner().invoke(program, ["accuracy", *map(str, pair)], catch_exceptions=False)
    lines = done.output.splitlines()
    assert lines[0] == "rows: classes of the map; columns: classes of the reference; pixels"
    assert lines[1].split() == ["map", "1", "2", "3", "4", "all"]
    assert lines[2].split()[1:5] == [str(n) for n in result.confusion.counts[0]]
    assert f"overall accuracy {100 * result.confusion.overall_accuracy:.2f} % of" in done.output
    assert f"left out: {result.without_class} pixels without a class in the map" in done.output
    assert f"left out: {result.without_reference} pixels with a class and without a reference" in done.output


def test_the_command_says_that_a_match_is_optimistic(pair: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(program, ["accuracy", *map(str, pair), "--match"], catch_exceptions=False)
    first, second, *_ = done.output.splitlines()
    other = accuracy_file(*pair, match=True).matching[4]  # type: ignore[index]
    assert first.startswith("matched by most overlap: ")
    assert f"{other}, 4 is {other}" in first
    assert second.startswith("this is optimistic")


def test_the_best_unsupervised_recipe_against_an_expert(shared_data: Path, tmp_path: Path) -> None:
    """Pin the figures: about two thirds right, where calling everything lithic would be 41 percent right."""
    folder = shared_data / "thinsection" / "bardelli"
    classify_file(
        folder / "7a_xpl.jpg",
        tmp_path / "clusters.tif",
        band=1,
        smooth="median:21",
        scheme="natural-breaks",
        classes=12,
    )
    result = accuracy_file(tmp_path / "clusters.tif", folder / "7a_mask.ome.tiff", match=True, with_zero=True)
    table = result.confusion
    assert table.codes == (0, 1, 2, 3, 4)
    assert table.counts.sum(axis=0).tolist() == [595161, 123135, 789668, 219427, 192609]
    assert table.overall_accuracy == pytest.approx(0.649, abs=0.005)
    assert table.mean_iou == pytest.approx(0.426, abs=0.01)
    np.testing.assert_allclose(table.iou, [0.594, 0.207, 0.511, 0.330, 0.489], atol=0.02)


def test_a_picture_without_a_place_is_compared_with_a_map(tmp_path: Path, draw_raster: Draw) -> None:
    classes, truth = draw_pair()
    placed: Any = draw_raster(tmp_path / "placed.tif", classes, **UTM)
    assert accuracy_file(placed, draw_raster(tmp_path / "t.png", truth, driver="PNG")).confusion.pixels > 0
