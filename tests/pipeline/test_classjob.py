"""Values that are looked up get their codes by a look-up as well: the same that they get one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin

from tests.conftest import write_raster
from tests.landsat.mtltrees import OLI_1, write_mtl
from tsraster import classify_file, histogram_file
from tsraster.errors import DataError
from tsraster.pipeline.classify import Classification
from tsraster.pipeline.values import Values
from tsraster.preparing import plan_preparation
from tsraster.preparing.scaling import Scaling
from tsraster.preparing.views import convert_bands, mask_raster
from tsraster.raster import Window
from tsraster.reading import open_raster
from tsraster.schemes import SCHEMES

SHAPE = (60, 70)
PLACE: dict[str, Any] = {"crs": "EPSG:32616", "transform": from_origin(0, 0, 1, 1)}


def draw(path: Path, dtype: str, scale: float = -0.25, offset: float = 3.0, **profile: Any) -> Path:
    """Lumps of numbers of which only some occur, with their own scale."""
    rng, limits = np.random.default_rng(3), np.iinfo(dtype)
    middle, spread = (limits.max + limits.min) / 2, (limits.max - limits.min) / 9
    pixels = np.clip(rng.normal(middle, spread, SHAPE), limits.min, limits.max).astype(dtype)
    pixels[:4] = 7
    band = {"scales": (scale,), "offsets": (offset,)}
    return write_raster(path, pixels, band=band, **PLACE, **({"nodata": 7} | profile))


def classify_twice(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> tuple[Classification, Classification]:
    """Classify by a look-up and one by one; the class maps must be equal."""
    quick = classify_file(source, folder / "quick.tif", **options)
    with monkeypatch.context() as slow:
        slow.setattr("tsraster.pipeline.values.find_stored", lambda *_: None)
        other = classify_file(source, folder / "slow.tif", **options)
    np.testing.assert_array_equal(read_codes(folder / "quick.tif"), read_codes(folder / "slow.tif"))
    assert (quick.shares, quick.without_data) == (other.shares, other.without_data)
    assert (quick.infinite, quick.outside) == (other.infinite, other.outside)
    return quick, other


def read_codes(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as file:
        return np.asarray(file.read(1))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
@pytest.mark.parametrize(
    "options",
    [
        {"cutoffs": [-8200.25, -20.25, 0.5]},
        {"cutoffs": [-8200.25, -20.25, 0.5], "closed": "left"},
        {"bins": 7},
        {"bins": 7, "block_size": 9, "workers": 3},
        {"bins": 3, "smooth": "median:3"},
    ],
    ids=str,
)
def test_codes_are_those_of_the_values(
    dtype: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = draw(tmp_path / "b.tif", dtype)
    quick, slow = classify_twice(source, tmp_path, monkeypatch, **options)
    assert quick.table == slow.table
    assert quick.without_data >= 4 * SHAPE[1]
    assert len({share.code for share in quick.shares if share.pixels}) > 1


@pytest.mark.filterwarnings("ignore::tsraster.errors.FewerClassesWarning")
@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_finds_the_same_classes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = draw(tmp_path / "b.tif", "uint8", scale=0.5)
    classes = 300 if SCHEMES[name].single else max(4, SCHEMES[name].fixed or 1)
    options = {"scheme": name, "classes": classes} if name != "defined-interval" else {"scheme": f"{name}:20"}
    quick, slow = classify_twice(source, tmp_path, monkeypatch, **options)
    np.testing.assert_allclose(quick.table.edges, slow.table.edges, rtol=1e-12)


@pytest.mark.parametrize("outside", ["nodata", "clamp"])
def test_what_is_outside_or_masked_is_counted_as_before(
    outside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = draw(tmp_path / "b.tif", "uint16", scale=0.001, offset=0)
    table = classify_file(source, bins=3).table
    mask = np.ones(SHAPE, np.uint8)
    mask[:, 30:35] = 0
    masked = write_raster(tmp_path / "m.tif", mask, **PLACE)
    brighter = draw(tmp_path / "c.tif", "uint16", scale=0.0015, offset=0)
    quick, _ = classify_twice(brighter, tmp_path, monkeypatch, table=table, outside=outside, mask_file=masked)
    assert (quick.outside > 0) == (outside == "nodata")
    assert quick.without_data >= 5 * SHAPE[0]


def test_only_a_value_that_occurs_can_be_outside(tmp_path: Path) -> None:
    source = draw(tmp_path / "b.tif", "int16")
    table = classify_file(source, bins=3).table
    classify_file(source, tmp_path / "o.tif", table=table, outside="error")
    with pytest.raises(DataError, match="is outside of"):
        classify_file(draw(tmp_path / "c.tif", "int16", offset=9), table=table, outside="error")


def test_values_that_become_infinite_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = draw(tmp_path / "b.tif", "uint8", scale=3e36)
    quick, _ = classify_twice(source, tmp_path, monkeypatch, cutoffs=[1e38])
    assert quick.infinite > 0


def test_the_numbers_are_what_is_looked_at(tmp_path: Path) -> None:
    source = draw(tmp_path / "b.tif", "uint16")
    with convert_bands(open_raster(source), {1: Scaling(scale=2, unit="K")}) as raster:
        for one in (raster, mask_raster(raster, [Mask()])):
            tabulated = Values(one, plan_preparation(one)).tabulated
            assert tabulated is not None
            pixels = tabulated.numbers.read(Window(row=5, col=6, rows=7, cols=8))
            assert pixels.data.dtype == np.uint16
            assert tabulated.numbers.preparation.dtype == np.uint16
        assert not pixels.valid.any()
        assert Values(raster, plan_preparation(raster, smooth="median:3")).tabulated is None


class Mask:
    """Leaves all out."""

    def find(self, window: Window) -> NDArray[np.bool_]:
        return np.ones((window.rows, window.cols), np.bool_)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("options", [{"cutoffs": [285, 300]}, {"bins": 9}], ids=str)
def test_fill_that_only_the_mtl_knows_has_no_class(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The logarithm of level 1; 0 is fill, and the file does not say so."""
    numbers = np.random.default_rng(0).integers(15000, 40000, SHAPE).astype(np.uint16)
    numbers[:6] = 0
    source = write_raster(tmp_path / "LC08_B10.TIF", numbers, **PLACE)
    write_mtl(tmp_path, OLI_1)
    quick, slow = classify_twice(source, tmp_path, monkeypatch, landsat="temperature", **options)
    assert quick.table == slow.table
    assert quick.table.unit == "K"
    assert quick.without_data == 6 * SHAPE[1]
    assert not read_codes(tmp_path / "quick.tif")[:6].any()


@pytest.mark.parametrize("region", [None, (10, 20, 50, 55)])
def test_a_histogram_is_the_same(region: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = draw(tmp_path / "b.tif", "int16")
    each = histogram_file(source, region=region)
    quick = histogram_file(source, region=region, bins=256)
    monkeypatch.setattr("tsraster.pipeline.values.find_stored", lambda *_: None)
    slow = histogram_file(source, region=region, bins=256)
    assert each.is_of_values
    assert each.counts.sum() == slow.counts.sum()
    np.testing.assert_array_equal(quick.counts, slow.counts)
    np.testing.assert_array_equal(quick.lower, slow.lower)
    assert quick.summary.mean == pytest.approx(slow.summary.mean, rel=1e-12)


@pytest.mark.parametrize("options", [{"bins": 3}, {"cutoffs": [0]}], ids=str)
def test_a_progress_ends_with_all_blocks(options: dict[str, Any], tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    source = draw(tmp_path / "b.tif", "int16")
    classify_file(source, block_size=20, progress=lambda done, total: said.append((done, total)), **options)
    assert said[-1][0] == said[-1][1]
