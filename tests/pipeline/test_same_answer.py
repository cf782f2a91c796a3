"""The blocks, the workers, the executor and whether the input is lazy never change a single pixel."""

from __future__ import annotations

import dataclasses
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rioxarray
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.filters import gaussian, median

import tsraster.accessor  # noqa: F401  makes .tsraster known
from tsraster import classify_file
from tsraster.errors import DataError
from tsraster.raster import without_place_warning

Draw = Callable[..., Path]
DTYPES = ("uint8", "uint16", "int16", "float32")


@dataclasses.dataclass(frozen=True)
class Case:
    """A raster, and how it is classified."""

    pixels: NDArray[Any]
    nodata: float | None
    tile: int | None
    how: dict[str, Any]
    smooth: str | None
    cog: bool

    @property
    def valid(self) -> NDArray[np.bool_]:
        valid = np.isfinite(self.pixels)
        return valid if self.nodata is None else valid & (self.pixels != self.nodata)


@st.composite
def cases(draw: st.DrawFn, smooths: tuple[str | None, ...]) -> Case:
    one = st.just(1)
    shape = draw(st.tuples(st.one_of(one, st.integers(1, 45)), st.one_of(one, st.integers(1, 45))))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    # Few different values, so that many lie on edges; and where there is a sign, on both sides of zero.
    low = 0 if dtype.kind == "u" else -8
    high = draw(st.sampled_from([low + 1, low + 5, 120]))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    whole = rng.integers(low, high, shape, endpoint=True)
    pixels = (whole / 4 if dtype.kind == "f" else whole).astype(dtype)
    if dtype.kind == "f":
        for number in (np.nan, np.inf, -np.inf):
            pixels[rng.random(shape) < draw(st.sampled_from([0, 0.1]))] = number
    nodata = draw(st.sampled_from([None, 1, 3, 77]))
    step = 0.25 if dtype.kind == "f" else 1
    cutoffs = st.lists(st.integers(low - 2, high + 2), min_size=1, max_size=8, unique=True).map(
        lambda numbers: {"cutoffs": [number * step for number in sorted(numbers)]}
    )
    bins = st.sampled_from([1, 2, 7, 20, 90, 300]).map(lambda number: {"bins": number})
    how = draw(st.one_of(cutoffs, bins)) | {"closed": draw(st.sampled_from(["right", "left"]))}
    return Case(
        pixels, nodata, draw(st.sampled_from([None, 16, 32])), how, draw(st.sampled_from(smooths)), draw(st.booleans())
    )


def write(case: Case, folder: Path, draw_raster: Draw) -> Path:
    tiles = {"tiled": True, "blockxsize": case.tile, "blockysize": case.tile} if case.tile else {"blockysize": 3}
    return draw_raster(folder / "v.tif", case.pixels, nodata=case.nodata, **tiles)


def read(path: Path) -> NDArray[Any]:
    with without_place_warning(), rasterio.open(path) as file:
        pixels: NDArray[Any] = file.read()
    return pixels


def outcome(source: Path, case: Case, **work: Any) -> list[Any]:
    """Everything that comes out of a job, as what can be compared; or what it says why nothing does."""
    codes, colors = source.with_name("c.tif"), source.with_name("p.png")
    try:
        result = classify_file(
            source, codes, color=colors, lut="thermal", smooth=case.smooth, cog=case.cog, overwrite=True, **case.how, **work
        )  # fmt: skip
    except DataError as error:
        return [str(error)]
    said = dataclasses.asdict(result) | {"preview": result.preview.tolist(), "georef": None}
    # A mean and a deviation are not said, because their last bits depend on the order of the sums.
    return [read(codes).tolist(), read(colors).tolist(), repr(said)]


def naive_codes(case: Case) -> NDArray[Any]:
    """Compare every value of the whole array with every edge, in plain words."""
    values, valid = case.pixels.astype(float), case.valid
    if "bins" in case.how:
        low, high, number = values[valid].min(), values[valid].max(), case.how["bins"]
        # Eighths are exact, and so are the edges wherever a value can lie on one.
        edges = [low + (high - low) * i / number for i in range(number + 1)]
    else:
        edges = [-np.inf, *case.how["cutoffs"], np.inf]
    codes = np.ones(values.shape, dtype=int)
    for edge in edges[1:-1]:
        codes += values > edge if case.how["closed"] == "right" else values >= edge
    return np.where(valid, codes, 0)


class Reluctant(Executor):
    """Works only when it is asked for a result, in the wrong order within what it was given."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        reluctant = self

        class Late(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                while reluctant.waiting:
                    future, work = reluctant.waiting.pop()
                    if future.set_running_or_notify_cancel():
                        work(future)
                return super().result(timeout)

        def work(future: Future[Any]) -> None:
            try:
                future.set_result(function(*args, **kwargs))
            except DataError as error:
                future.set_exception(error)

        future = Late()
        self.waiting.append((future, work))
        return future


@settings(derandomize=True, deadline=None, database=None, max_examples=80)
@given(
    case=cases(smooths=(None, "gaussian:0.6", "gaussian:2", "median:3", "median:7")),
    block_size=st.integers(1, 50),
    workers=st.integers(1, 4),
    executor=st.sampled_from([None, Reluctant]),
)
def test_blocks_and_workers_change_nothing(
    draw_raster: Draw, case: Case, block_size: int, workers: int, executor: Callable[[], Executor] | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = write(case, Path(folder), draw_raster)
        whole = outcome(source, case, workers=1)
        # So many blocks as there are pixels take too long where there are many pixels.
        block_size = max(block_size, case.pixels.size // 300)
        other = outcome(source, case, block_size=block_size, workers=workers, executor=executor and executor())
        assert other == whole
        assert len(whole) == 3 or ("bins" in case.how or not case.valid.any())


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@settings(derandomize=True, deadline=None, database=None, max_examples=50)
@given(case=cases(smooths=(None,)), chunk=st.integers(1, 30))
def test_numpy_dask_and_files_agree_with_the_plain_rule(draw_raster: Draw, case: Case, chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = write(case, Path(folder), draw_raster)
        found = outcome(source, case, block_size=7)
        if len(found) == 1:
            return
        codes = np.array(found[0])[0]
        np.testing.assert_array_equal(codes, naive_codes(case))
        for chunks in (None, {"x": chunk, "y": 2 * chunk}):
            with rioxarray.open_rasterio(source, chunks=chunks) as array:
                lazy = array.tsraster.classify(**case.how)
                assert (lazy.chunks is None) == (chunks is None)
                np.testing.assert_array_equal(lazy.values[0], codes)
                painted = lazy.tsraster.colorize("thermal").values
        picture = np.array(found[1])
        np.testing.assert_array_equal(painted[: len(picture)], picture)
        assert len(picture) == 4 or (painted[3] == 255).all()


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(case=cases(smooths=("gaussian:1", "median:5")), block_size=st.integers(5, 50))
def test_smoothing_by_blocks_is_that_of_scikit_image(draw_raster: Draw, case: Case, block_size: int) -> None:
    pixels = np.nan_to_num(case.pixels, nan=2, posinf=3, neginf=4)
    case = dataclasses.replace(case, pixels=pixels, nodata=None, how={"cutoffs": [0.5, 1, 2, 30], "closed": "right"})
    if case.smooth == "median:5":
        smoothed = median(pixels, np.ones((5, 5)), mode="nearest")
    else:
        smoothed = gaussian(pixels, sigma=1, mode="nearest", preserve_range=True)
    with tempfile.TemporaryDirectory() as folder:
        found = outcome(write(case, Path(folder), draw_raster), case, block_size=block_size)
    codes = naive_codes(dataclasses.replace(case, pixels=smoothed))
    np.testing.assert_array_equal(np.array(found[0])[0], codes)


@contextmanager
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory, draw_raster: Draw) -> Path:
    rng = np.random.default_rng(3)
    pixels = rng.normal(290, 5, (300, 200)).astype(np.float32)
    pixels[rng.random(pixels.shape) < 0.05] = np.nan
    return draw_raster(tmp_path_factory.mktemp("noise") / "v.tif", pixels, compress="deflate")


def test_processes_change_nothing(noise: Path) -> None:
    case = Case(np.empty(0), None, None, {"bins": 20}, "gaussian:1", False)
    whole = outcome(noise, case)
    with processes() as executor:
        assert outcome(noise, case, executor=executor, block_size=64) == whole
    assert len(whole) == 3


def test_a_lent_thread_pool_can_be_used_again(noise: Path) -> None:
    case = Case(np.empty(0), None, None, {"bins": 20}, "median:3", False)
    with ThreadPoolExecutor(3) as executor:
        first = outcome(noise, case, executor=executor, block_size=50)
        assert outcome(noise, case, executor=executor, block_size=31) == first == outcome(noise, case)
