"""One table for one raster or several: exact whatever the blocks, saved, applied to others, and compared."""

from __future__ import annotations

import json
import multiprocessing
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rioxarray
from click.testing import CliRunner
from numpy.typing import NDArray

import tsraster.accessor  # noqa: F401
import tsraster.schemes.streamed as streamed
from tsraster import breaks_file, classify_file, read_table
from tsraster.classification import classify
from tsraster.cli.program import program
from tsraster.errors import (
    DataError,
    DestinationExistsError,
    FewerClassesWarning,
    MissingSourceError,
    RoundedFitWarning,
    UsageError,
)
from tsraster.raster import without_place_warning
from tsraster.schemes import SCHEMES, choose_scheme, tally_array

Draw = Callable[..., Path]
REAL = (
    "landsat/LT05/LT52240631988227CUB02_B6.TIF",
    "landsat/LC08/LC80030172015001LGN00_B4.tiff",
    "thinsection/philliec/1.png",
    "landcover/srtm_zion.tif",
)

CLASSES = {"quantiles": 5, "natural-breaks": 5, "head-tail": 4, "standard-deviation": 2, "li": 2}


def draw_values(dtype: str, seed: int = 0, size: tuple[int, int] = (60, 70)) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(size) < 0.6, rng.gamma(9, 3, size), rng.normal(80, 9, size)).clip(0, 120).astype(dtype)


def fit_array(values: NDArray[Any], name: str, classes: int) -> Any:
    return choose_scheme(name, max(classes, SCHEMES[name].fixed or 1)).fit(tally_array(values))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("scheme", CLASSES)
def test_a_file_gives_what_its_array_gives(tmp_path: Path, draw_raster: Draw, dtype: str, scheme: str) -> None:
    values = draw_values(dtype)
    source = draw_raster(tmp_path / "v.tif", values)
    whole = fit_array(values, scheme, CLASSES[scheme])
    for block_size, workers in ((None, None), (7, 3), (64, 1)):
        found = breaks_file(source, scheme=scheme, classes=CLASSES[scheme], block_size=block_size, workers=workers)
        assert found.table is not None
        assert found.table == whole
    assert found.fits[0].counts.sum() == values.size


def test_several_rasters_are_one(tmp_path: Path, draw_raster: Draw) -> None:
    parts = [draw_values("uint8", 1), draw_values("int16", 2, (9, 5)) - 60, draw_values("uint8", 3)]
    sources = [draw_raster(tmp_path / f"{i}.tif", part) for i, part in enumerate(parts)]
    together = np.concatenate([part.ravel().astype(np.int16) for part in parts])
    found = breaks_file(sources, tmp_path / "t.json", scheme="natural-breaks", classes=4)
    assert found.table == fit_array(together, "natural-breaks", 4)
    record = json.loads((tmp_path / "t.json").read_text())
    assert record["scheme"] == "natural-breaks"
    assert record["fitted_on"] == {
        "name": ["0.tif", "1.tif", "2.tif"],
        "band": "band 1",
        "count": together.size,
        "minimum": together.min(),
        "maximum": together.max(),
    }
    assert read_table(tmp_path / "t.json") == found.table
    assert found.histogram.source == "0.tif, 1.tif, 2.tif"


def test_a_long_series_needs_few_open_files(tmp_path: Path, draw_raster: Draw) -> None:
    resource = pytest.importorskip("resource")
    sources = [draw_raster(tmp_path / f"{i}.tif", draw_values("float32", i, (4, 4))) for i in range(60)]
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 20, limits[1]))
    try:
        found = breaks_file(sources, scheme="quantiles", classes=3, workers=2)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert found.histogram.summary.count == 60 * 16


def test_a_table_is_applied_to_another_image(tmp_path: Path, draw_raster: Draw) -> None:
    first = draw_raster(tmp_path / "a.tif", draw_values("uint8", 1).clip(10, 90))
    second = draw_values("uint8", 2)
    breaks_file(first, tmp_path / "t.json", scheme="quantiles", classes=4)
    source = draw_raster(tmp_path / "b.tif", second)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nowhere = classify_file(source, table=tmp_path / "t.json", destination=tmp_path / "c.tif")
        clamped = classify_file(source, table=tmp_path / "t.json", destination=tmp_path / "d.tif", outside="clamp")
    assert nowhere.outside == np.count_nonzero((second < 10) | (second > 90)) > 0
    assert clamped.outside == 0
    with pytest.raises(DataError, match="outside of 10 to 90"):
        classify_file(source, table=tmp_path / "t.json", destination=tmp_path / "e.tif", outside="error")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("name", SCHEMES)
def test_classify_and_xarray_make_the_classes_of_the_scheme(
    tmp_path: Path, draw_raster: Draw, name: str, dtype: str
) -> None:
    values = draw_values(dtype).round(1 if dtype == "float32" else 0)
    values[0, :9] = 0
    source = draw_raster(tmp_path / "v.tif", values)
    classes = 2000 if SCHEMES[name].single else max(4, SCHEMES[name].fixed or 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewerClassesWarning)
        whole = fit_array(values, name, classes)
        found = classify_file(source, tmp_path / "c.tif", scheme=name, classes=classes, block_size=16)
        assert found.table == whole
        with without_place_warning(), rasterio.open(tmp_path / "c.tif") as file:
            codes = file.read(1)
        np.testing.assert_array_equal(codes, classify(values, whole))
        assert [share.pixels for share in found.shares] == [np.count_nonzero(codes == code) for code in whole.codes]
        for chunks in (None, {"x": 20, "y": 33}):
            with rioxarray.open_rasterio(source, chunks=chunks) as array:
                lazy = array.tsraster.classify(scheme=name, classes=classes)
                np.testing.assert_array_equal(lazy.values[0], codes)


def test_processes_change_nothing(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("float64"))
    whole = breaks_file(source, scheme="quantiles", classes=7)
    executor: Executor
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        other = breaks_file(source, scheme="quantiles", classes=7, executor=executor, block_size=20)
    assert other.table == whole.table
    assert other.histogram.summary == whole.histogram.summary


def test_fewer_classes_are_said_in_one_line(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", np.array([[1, 1, 1, 2], [2, 2, 5, 5]], np.uint8))
    with pytest.warns(FewerClassesWarning, match="natural-breaks made 3 classes instead of 9") as said:
        found = classify_file(source, tmp_path / "c.tif", scheme="natural-breaks", classes=9, lut="thermal")
    assert len(said) == 1
    assert [share.pixels for share in found.shares] == [3, 3, 2]
    with pytest.warns(FewerClassesWarning), pytest.raises(DataError, match="made 3 classes, and --names is for 4"):
        classify_file(source, tmp_path / "d.tif", scheme="natural-breaks", classes=4, names=list("abcd"))
    assert not (tmp_path / "d.tif").exists()


def test_many_different_floats_are_fitted_within_a_bound_that_is_said(
    tmp_path: Path, draw_raster: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = draw_values("float64")
    source = draw_raster(tmp_path / "v.tif", values)
    exact = breaks_file(source, scheme="natural-breaks", classes=6)
    monkeypatch.setattr(streamed, "MOST_DISTINCT", 100)
    with pytest.warns(RoundedFitWarning, match=r"at most 1\.5e-05 of the range above the least possible"):
        rounded = breaks_file(source, scheme="natural-breaks", classes=6)
    assert exact.table is not None
    assert rounded.table is not None
    np.testing.assert_allclose(rounded.table.edges, exact.table.edges, atol=2e-5 * np.ptp(values))
    assert 0 <= exact.fits[0].goodness - rounded.fits[0].goodness < 1e-4


def test_comparing_says_what_each_scheme_is_worth(tmp_path: Path, draw_raster: Draw) -> None:
    values = draw_values("float32") - 30
    source = draw_raster(tmp_path / "v.tif", values)
    found = breaks_file(source, compare=True, classes=6)
    fits = {fit.scheme: fit for fit in found.fits}
    assert list(fits) == list(SCHEMES)
    assert found.table is None
    best = fits["natural-breaks"]
    for fit in fits.values():
        if fit.table is None:
            assert fit.note
            continue
        codes = classify(values, fit.table)
        assert fit.counts.tolist() == [np.count_nonzero(codes == code) for code in fit.table.codes]
        means = np.array(
            [values[codes == code].mean(dtype=float) if count else 0 for code, count in enumerate(fit.counts, 1)]
        )
        within = np.square(values - means[codes.astype(int) - 1]).sum()
        assert fit.goodness == pytest.approx(1 - within / np.square(values - values.mean(dtype=float)).sum(), abs=1e-6)
        assert fit.goodness <= best.goodness or len(fit.table) > 6


def test_comparing_heeds_the_closed_side(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("uint8"))
    found = breaks_file(source, compare=True, classes=4, closed="left")
    tables = [fit.table for fit in found.fits if fit.table is not None and fit.table.edges]
    assert len(tables) > 10
    assert all(table.closed == "left" for table in tables)


def test_a_scheme_with_numbers_is_compared_with_others(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("uint8"))
    found = breaks_file(source, scheme="percentiles:25,75", compare=True, classes=5)
    assert found.table is not None
    assert (found.table.scheme, len(found.table)) == ("percentiles:25,75", 3)
    assert len(found.fits) == len(SCHEMES)


def test_different_units_are_not_counted_together(tmp_path: Path, draw_raster: Draw) -> None:
    values = draw_values("uint8")
    kelvin = draw_raster(tmp_path / "k.tif", values, band={"units": ("K",)})
    other = draw_raster(tmp_path / "c.tif", values, band={"units": ("degC",)})
    plain = draw_raster(tmp_path / "p.tif", values)
    for source, text in ((other, "k.tif is in K and .*c.tif is in degC"), (plain, "p.tif is in no unit")):
        with pytest.raises(DataError, match=text):
            breaks_file([kelvin, source], scheme="quantiles", classes=3)
    assert breaks_file([kelvin, kelvin], scheme="mean").table.unit == "K"  # type: ignore[union-attr]


def test_left_and_right_hold_the_same_values(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("uint8"))
    sides = [breaks_file(source, scheme="natural-breaks", classes=5, closed=side) for side in ("right", "left")]
    assert sides[0].fits[0].counts.tolist() == sides[1].fits[0].counts.tolist()
    assert sides[0].fits[0].goodness == sides[1].fits[0].goodness


@pytest.mark.parametrize("name", REAL)
def test_natural_breaks_are_best_on_real_data(shared_data: Path, name: str) -> None:
    found = breaks_file(shared_data / name, compare=True, classes=5)
    fits = {fit.scheme: fit for fit in found.fits}
    best = fits["natural-breaks"]
    assert best.table is not None
    assert len(best.table) == 5
    assert 0.9 < best.goodness == fits["otsu"].goodness
    assert all(fit.goodness <= best.goodness for fit in fits.values() if fit.table is not None and len(fit.table) <= 5)


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ({}, UsageError, "give --scheme and --classes, or --compare"),
        ({"compare": True}, UsageError, "--compare needs a number of classes"),
        ({"compare": True, "classes": 3, "names": ["a", "b", "c"]}, UsageError, "choose it with --scheme"),
        ({"scheme": "quantiles"}, UsageError, "quantiles needs a number of classes; give --classes"),
        ({"scheme": "quantiles", "classes": 0}, UsageError, "0 bins or classes"),
        ({"scheme": "quantils", "classes": 3}, UsageError, "did you mean quantiles"),
        ({"scheme": "li", "classes": 1}, UsageError, "li makes 2 classes, not 1"),
        ({"scheme": "pretty:3"}, UsageError, "takes no numbers"),
        ({"scheme": "box-plot:1", "classes": 6}, UsageError, "leave --classes out"),
        ({"scheme": "unique", "classes": 3}, DataError, r"v\.tif: there are \d+ different values, and 3 classes"),
        ({"scheme": "quantiles", "classes": 3, "names": ["a"]}, UsageError, "1 names for 3 classes"),
    ],
)
def test_wrong_usage_is_said(
    tmp_path: Path, draw_raster: Draw, how: dict[str, Any], kind: type[Exception], text: str
) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("uint8"))
    with pytest.raises(kind, match=text):
        breaks_file(source, **how)


def test_sources_and_destination_are_checked(tmp_path: Path, draw_raster: Draw) -> None:
    source = draw_raster(tmp_path / "v.tif", draw_values("uint8"))
    (tmp_path / "t.json").write_text("mine")
    with pytest.raises(DestinationExistsError):
        breaks_file(source, tmp_path / "t.json", scheme="quantiles", classes=3)
    assert (tmp_path / "t.json").read_text() == "mine"
    with pytest.raises(UsageError, match="choose one with --scheme"):
        breaks_file(source, tmp_path / "t.json", compare=True, classes=3, overwrite=True)
    with pytest.raises(UsageError, match="no source is named"):
        breaks_file([], scheme="quantiles", classes=3)
    with pytest.raises(MissingSourceError):
        breaks_file([source, tmp_path / "no.tif"], scheme="quantiles", classes=3)
    for dtype in (np.float32, np.uint8):
        nothing = draw_raster(tmp_path / f"n-{dtype.__name__}.tif", np.zeros((3, 3), dtype), nodata=0)
        for how in ({"scheme": "quantiles"}, {"compare": True}):
            with pytest.raises(DataError, match=r"n-.*\.tif: no pixel is valid"):
                breaks_file(nothing, classes=3, **how)  # type: ignore[arg-type]


def test_the_command_prints_writes_and_draws(tmp_path: Path, draw_raster: Draw) -> None:
    source, table, plot = draw_raster(tmp_path / "v.tif", draw_values("uint8")), tmp_path / "t.JSON", tmp_path / "p.png"
    words = ["breaks", str(source), str(source), str(table), "--scheme", "natural-breaks", "--classes", "4"]
    done = CliRunner().invoke(program, [*words, "--names", "a,b,c,d"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "natural-breaks: goodness of variance fit 0.9" in done.output
    assert read_table(table).names == ("a", "b", "c", "d")
    again = CliRunner().invoke(program, [*words[:2], "--compare", "--classes", "5", "--plot", str(plot)])
    assert again.exit_code == 0
    assert all(f"\n{name} " in again.output for name in SCHEMES)
    assert plot.stat().st_size > 10_000
    assert "  unique  " in CliRunner().invoke(program, ["breaks", "--help"]).output
