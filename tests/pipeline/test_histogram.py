"""`histogram_file` counts exactly, and its bins are those of `classify_file`."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tsraster import classify_file, histogram_file
from tsraster.classtable import ClassTable
from tsraster.errors import DataError, DestinationExistsError, UsageError

Draw = Callable[..., Path]
LANDSAT = "landsat/LT05/LT52240631988227CUB02_B6.TIF"


def draw_noise(dtype: str, shape: tuple[int, int] = (70, 90)) -> NDArray[Any]:
    rng = np.random.default_rng(4)
    noise = rng.normal(100, 30, shape)
    return noise.astype(dtype) if dtype != "int16" else (noise * 300 - 30_000).clip(-32768, 32767).astype(dtype)


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int8"])
def test_each_small_integer_is_counted(tmp_path: Path, draw_raster: Draw, dtype: str) -> None:
    pixels = draw_noise("int16") // 300 if dtype == "int8" else draw_noise(dtype)
    pixels = pixels.astype(dtype)
    nodata = int(pixels[0, 0])
    source = draw_raster(tmp_path / "v.tif", pixels, nodata=nodata)
    result = histogram_file(source, csv=tmp_path / "h.csv", block_size=13)
    values, counts = np.unique(pixels[pixels != nodata], return_counts=True)
    assert result.is_of_values
    np.testing.assert_array_equal(result.lower, values)
    np.testing.assert_array_equal(result.upper, values)
    np.testing.assert_array_equal(result.counts, counts)
    texts = [[str(value), str(count)] for value, count in zip(values, counts, strict=True)]
    assert rows_of(tmp_path / "h.csv") == [["value", "count"], *texts]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_others_are_counted_in_256_bins(tmp_path: Path, draw_raster: Draw, dtype: str) -> None:
    pixels = draw_noise(dtype)
    source = draw_raster(tmp_path / "v.tif", pixels)
    result = histogram_file(source, csv=tmp_path / "h.csv", block_size=13)
    edges = np.array([*result.lower, result.upper[-1]], dtype=pixels.dtype if pixels.dtype.kind == "f" else float)
    place = np.maximum(1, np.searchsorted(edges, pixels.ravel(), side="left"))
    np.testing.assert_array_equal(result.counts, np.bincount(place, minlength=257)[1:])
    np.testing.assert_allclose(edges, np.histogram_bin_edges(pixels.astype(float), bins=256), rtol=1e-6)
    np.testing.assert_array_equal(result.upper[:-1], result.lower[1:])
    header, *rows = rows_of(tmp_path / "h.csv")
    assert header == ["lower", "upper", "count"]
    assert [float(row[1]) for row in rows] == result.upper.tolist()
    assert [int(row[2]) for row in rows] == result.counts.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("bins", [1, 7, 20, 400])
@pytest.mark.parametrize("smooth", [None, "gaussian:1", "median:3"])
def test_bins_are_those_of_classify(
    tmp_path: Path, draw_raster: Draw, dtype: str, bins: int, smooth: str | None
) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_noise(dtype), nodata=float(draw_noise(dtype)[3, 3]))
    result = histogram_file(source, bins=bins, smooth=smooth, block_size=40)
    classes = classify_file(source, bins=bins, smooth=smooth)
    assert result.counts.tolist() == [share.pixels for share in classes.shares]
    assert (*result.lower.tolist(), result.upper[-1]) == classes.table.edges
    assert result.summary.count == int(result.counts.sum())


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(block_size=st.integers(3, 100), workers=st.integers(1, 4), bins=st.sampled_from([None, 11]))
def test_blocks_and_workers_change_no_count(
    tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw, block_size: int, workers: int, bins: int | None
) -> None:
    source = draw_raster(tmp_path_factory.getbasetemp() / "h.tif", draw_noise("float32"))
    whole = histogram_file(source, bins=bins)
    parts = histogram_file(source, bins=bins, block_size=block_size, workers=workers)
    np.testing.assert_array_equal(parts.lower, whole.lower)
    np.testing.assert_array_equal(parts.counts, whole.counts)
    assert parts.summary.mean == pytest.approx(whole.summary.mean, rel=1e-12)
    assert parts.summary.std == pytest.approx(whole.summary.std, rel=1e-9)


def test_the_histogram_of_a_landsat_band(shared_data: Path) -> None:
    with rasterio.open(shared_data / LANDSAT) as file:
        band = file.read(1)
    result = histogram_file(shared_data / LANDSAT)
    values, counts = np.unique(band, return_counts=True)
    assert result.lower.tolist() == values.tolist()
    assert result.counts.tolist() == counts.tolist()
    assert result.summary.mean == pytest.approx(band.mean(), rel=1e-15)
    assert result.summary.std == pytest.approx(band.std(), rel=1e-12)


def test_each_physical_value_of_small_integers_is_counted(tmp_path: Path, draw_raster: Draw) -> None:
    numbers = np.array([[3, 3, 7], [200, 9, 9]], np.uint8)
    source = draw_raster(tmp_path / "k.tif", numbers, band={"scales": (0.5,), "offsets": (-1,), "units": ("K",)})
    result = histogram_file(source, csv=tmp_path / "k.csv")
    assert result.is_of_values
    assert (result.lower.tolist(), result.counts.tolist()) == ([0.5, 2.5, 3.5, 99], [2, 1, 2, 1])
    assert (tmp_path / "k.csv").read_text().splitlines() == ["value,count", "0.5,2", "2.5,1", "3.5,2", "99.0,1"]
    assert len(histogram_file(source, bins=7).counts) == 7


def test_a_photo_is_counted_as_gray(shared_data: Path) -> None:
    result = histogram_file(shared_data / "thinsection/philliec/1.png", smooth="gaussian:1", cutoffs=[0.25, 0.4])
    assert result.label == "gray (luminance, 0 to 1)"
    assert len(result.counts) == 256
    assert result.cutoffs == (0.25, 0.4)
    assert 0 <= result.summary.minimum < result.summary.maximum <= 1


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int32"])
def test_a_constant_raster_has_one_value(tmp_path: Path, draw_raster: Draw, dtype: str) -> None:
    source = draw_raster(tmp_path / "v.tif", np.full((3, 4), 7, dtype))
    result = histogram_file(source)
    assert (result.lower.tolist(), result.upper.tolist(), result.counts.tolist()) == ([7], [7], [12])
    with pytest.raises(DataError, match="all 12 valid pixels have the value 7"):
        histogram_file(source, bins=3)


def test_cutoffs_come_from_a_table_too(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_noise("uint8"))
    table = ClassTable.from_cutoffs([3, 7.5])
    (tmp_path / "t.json").write_text(table.to_json())
    assert histogram_file(source, table=tmp_path / "t.json").cutoffs == (3, 7.5)
    assert histogram_file(source, table=ClassTable(codes=(1,), values=(4,))).cutoffs == ()
    with pytest.raises(UsageError, match="--cutoffs and --table contradict"):
        histogram_file(source, table=table, cutoffs=[1])


def test_nothing_is_overwritten_unasked_and_no_input_ever(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_noise("uint8"))
    (tmp_path / "t.json").write_text(ClassTable.from_cutoffs([3]).to_json())
    (tmp_path / "h.csv").write_text("old")
    with pytest.raises(DestinationExistsError):
        histogram_file(source, csv=tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text() == "old"
    for given_path in (source, tmp_path / "t.json"):
        with pytest.raises(UsageError, match="give another one"):
            histogram_file(source, table=tmp_path / "t.json", csv=given_path, overwrite=True)
    histogram_file(source, csv=tmp_path / "h.csv", overwrite=True)
    assert (tmp_path / "h.csv").read_text().startswith("value,count\n")
    with pytest.raises(UsageError, match="0 bins"):
        histogram_file(source, bins=0)


@pytest.mark.parametrize(("dtype", "passes"), [("uint8", 1), ("int16", 1), ("float32", 3), ("int32", 3)])
def test_progress_reaches_its_total(tmp_path: Path, draw_raster: Draw, dtype: str, passes: int) -> None:
    said: list[tuple[int, int]] = []
    source = draw_raster(tmp_path / "v.tif", draw_noise(dtype))
    histogram_file(source, block_size=45, progress=lambda *counts: said.append(counts))
    shares = [done / total for done, total in said]
    assert shares == sorted(shares)
    assert [share == 1 for share in shares] == [False] * (len(shares) - 1) + [True]
    assert said[-1] == (4 * passes, 4 * passes)


def test_complex_numbers_have_no_order(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[1 + 2j]], np.complex64))
    with pytest.raises(DataError, match="complex"):
        histogram_file(source)
