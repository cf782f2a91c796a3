"""Views are the pixels of the raster, the same however they come, in their place, and about as many as the screen has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.app.numbered import LONG, make_raster
from tests.conftest import write_raster
from tsraster.app.picture.overview import Overview
from tsraster.app.picture.pieces import PieceCache
from tsraster.app.picture.viewports import Box, View, Viewport, read_view
from tsraster.errors import BandError, UsageError
from tsraster.raster import Raster, Window
from tsraster.reading import open_raster

FORMS: list[dict[str, Any]] = [
    {"tiled": True, "blockxsize": 128, "blockysize": 256},
    {"blockysize": 1},
    {"blockysize": 900},
    {"blockysize": 7, "interleave": "pixel"},
]
SHAPE = (900, 1300)


@pytest.fixture(params=FORMS, ids=["tiles", "lines", "whole", "strips"])
def raster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Raster]:
    pixels = np.random.default_rng(0).integers(0, 9, (3, *SHAPE), dtype=np.int16)
    with open_raster(write_raster(tmp_path / "a.tif", pixels, nodata=0, **request.param)) as opened:
        yield opened


def show(left: float, top: float, scale: float, width: int = 200, height: int = 100) -> Viewport:
    return Viewport(
        left=left, top=top, right=left + scale * width, bottom=top + scale * height, width=width, height=height
    )


def open_overview(raster: Raster, step: int) -> Overview:
    """Return a filled overview of a step."""
    cells = math.ceil(SHAPE[0] / step) * math.ceil(SHAPE[1] / step)
    overview = Overview(raster, most_bytes=cells * (3 * 3 + 1))
    assert overview.wait(LONG)
    assert overview.step == step
    return overview


def see(*arguments: Any, **options: Any) -> View:
    view = read_view(*arguments, **options)
    assert view is not None
    return view


def assert_same(found: View, expected: View) -> None:
    assert (found.box, found.step) == (expected.box, expected.step)
    np.testing.assert_array_equal(found.pixels.data, expected.pixels.data)
    np.testing.assert_array_equal(found.pixels.valid, expected.pixels.valid)
    assert found.pixels.data.dtype == expected.pixels.data.dtype


PLACES = [(0, 0), (3.7, 511.2), (1120.5, 820.1), (-5, -4), (700, 300)]


@pytest.mark.parametrize(("left", "top"), PLACES)
@pytest.mark.parametrize("scale", [0.1, 1.0, 1.2])
def test_at_full_resolution_a_view_is_the_window(raster: Raster, left: float, top: float, scale: float) -> None:
    viewport = show(left, top, scale)
    with open_overview(raster, 5) as overview:
        for bands in ([1], [3, 1]):
            view = see(raster, overview, viewport, bands)
            window = viewport.clip(raster.shape)
            assert window is not None
            expected = raster.read(window, bands)
            np.testing.assert_array_equal(view.pixels.data, expected.data)
            np.testing.assert_array_equal(view.pixels.valid, expected.valid)
            edges = (window.col, window.row, window.col + window.cols, window.row + window.rows)
            assert (view.step, view.box, view.is_complete) == (1, Box(*map(float, edges)), True)


@pytest.mark.parametrize(("left", "top"), PLACES)
@pytest.mark.parametrize("step", [2, 3, 7])
def test_file_and_overview_show_the_same_pixels(raster: Raster, left: float, top: float, step: int) -> None:
    viewport = show(left, top, 1.1 * step)
    assert viewport.step == step
    with open_overview(raster, step) as fine, open_overview(raster, 11) as coarse, Overview(raster) as whole:
        assert whole.wait(LONG)
        from_file = see(raster, coarse, viewport)
        assert_same(see(raster, fine, viewport), from_file)
        assert_same(see(raster, whole, viewport), from_file)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8, 40])
@pytest.mark.parametrize("kept", [1, 4])
def test_cells_show_the_pixel_in_their_middle(step: int, kept: int) -> None:
    raster, _ = make_raster(SHAPE)
    most = math.ceil(SHAPE[0] / kept) * math.ceil(SHAPE[1] / kept) * 10
    with Overview(raster, most_bytes=most) as overview:
        assert overview.wait(LONG)
        view = see(raster, overview, show(-10, 333, step))
    rows, cols = np.divmod(view.pixels.data[0], SHAPE[1])
    for found, start, length in ((rows[:, 0], view.box.top, SHAPE[0]), (cols[0], view.box.left, SHAPE[1])):
        middle = (start + np.arange(len(found)) * view.step + view.step // 2).clip(max=length - 1)
        assert np.abs(found - middle).max() <= (0 if step < kept or kept == 1 else kept // 2)
    height, width = view.pixels.valid.shape
    assert view.box.right - view.box.left == width * view.step
    assert view.box.bottom - view.box.top == height * view.step


@pytest.mark.parametrize("scale", [1.1, 2.3, 3.9, 6.0])
def test_pictures_do_not_flicker_while_they_are_moved(scale: float) -> None:
    raster, _ = make_raster(SHAPE)
    with Overview(raster, most_bytes=300 * 434 * 10) as overview:
        assert overview.wait(LONG)
        cells: dict[tuple[float, float], int] = {}
        for moved in (0.0, 0.3, 1.0, 2.6, 17.0):
            view = see(raster, overview, show(100 + moved, 50 + moved, scale, 40, 30))
            assert view.box.left % view.step == view.box.top % view.step == 0
            for (row, col), value in np.ndenumerate(view.pixels.data[0]):
                place = (view.box.top + row * view.step, view.box.left + col * view.step)
                assert cells.setdefault(place, value) == value


@pytest.mark.parametrize("scale", np.geomspace(0.05, 3000, 60))
def test_about_as_many_pixels_come_out_as_the_screen_has(scale: float) -> None:
    viewport = show(0.25, 0.75, scale, 1200, 800)
    seen = viewport.clip((10**7, 10**7))
    assert seen is not None
    pixels = (seen.rows / viewport.step + 1) * (seen.cols / viewport.step + 1)
    assert pixels <= 1.5 * 1200 * 800 * 1.01
    if scale >= 1:
        assert pixels >= 1200 * 800 * 0.33


@pytest.mark.parametrize("scale", [0.3, 1.0, math.sqrt(1.5), 2 * math.sqrt(1.5), 10.0])
@pytest.mark.parametrize("margin", [0.1, 0.25, 1 / 3])
def test_a_margin_keeps_the_step_and_makes_small_moves_free(scale: float, margin: float) -> None:
    viewport = show(2000.1, 1000.7, scale)
    grown = viewport.grown(margin)
    assert grown.step == viewport.step
    box = grown.box
    assert viewport.is_within(box, (10**5, 10**5))
    moved = replace(
        viewport, left=viewport.left + 2 * margin * 200 * scale, right=viewport.right + 2 * margin * 200 * scale
    )
    assert not moved.is_within(box, (10**5, 10**5))


@pytest.mark.parametrize(
    ("edges", "window"),
    [
        ((0.5, 1.5, 2.5, 3.0), Window(row=1, col=0, rows=2, cols=3)),
        ((-1e300, -9, 1e300, 0.1), Window(row=0, col=0, rows=1, cols=8)),
        ((7.9, 4.9, 20, 20), Window(row=4, col=7, rows=1, cols=1)),
        ((-5, 0, 0, 5), None),
        ((8, 0, 9, 5), None),
        ((0, 5, 8, 6), None),
    ],
)
def test_whole_pixels_are_seen(edges: tuple[float, float, float, float], window: Window | None) -> None:
    left, top, right, bottom = edges
    viewport = Viewport(left=left, top=top, right=right, bottom=bottom, width=10, height=10)
    assert viewport.clip((5, 8)) == window


@pytest.mark.parametrize(
    "wrong", [{"left": 9.0}, {"bottom": 0.0}, {"right": math.inf}, {"top": math.nan}, {"width": 0}, {"height": -1}]
)
def test_viewports_in_which_nothing_can_be_seen_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        replace(Viewport(left=0, top=0, right=9, bottom=9, width=5, height=5), **wrong)


def test_beyond_a_bound_the_overview_is_shown_though_coarser() -> None:
    raster, fake = make_raster(SHAPE)
    with Overview(raster, most_bytes=60 * 87 * 10) as overview:
        assert overview.wait(LONG)
        read = len(fake.windows)
        view = see(raster, overview, show(0, 0, 2), most_values=400 * 200 - 1)
        assert (view.step, len(fake.windows)) == (overview.step, read)
        assert see(raster, overview, show(0, 0, 2), most_values=400 * 200).step == 2
        assert len(fake.windows) > read


def test_pieces_are_kept_and_not_read_again() -> None:
    raster, fake = make_raster(SHAPE)
    cache = PieceCache()
    with Overview(raster, most_bytes=60 * 87 * 10) as overview:
        assert overview.wait(LONG)
        first = see(raster, overview, show(100, 100, 2), cache=cache)
        read = len(fake.windows)
        assert_same(see(raster, overview, show(100, 100, 2), cache=cache), first)
        see(raster, overview, show(104, 98, 2), cache=cache)
        assert len(fake.windows) == read
        see(raster, overview, show(104, 98, 1), cache=cache)
        assert len(fake.windows) > read


def test_rasters_that_share_a_cache_keep_their_own_pixels() -> None:
    cache = PieceCache()
    for shape in (SHAPE, (SHAPE[0], SHAPE[1] + 1)):
        raster, _ = make_raster(shape)
        with Overview(raster, most_bytes=60 * 87 * 10) as overview:
            view = see(raster, overview, show(10, 20, 1), cache=cache)
        assert view.pixels.data[0, 0, 0] == 20 * shape[1] + 10


def test_a_cache_holds_no_more_than_it_may() -> None:
    raster, _ = make_raster((64, 64))
    piece = raster.read()
    size = piece.data.nbytes + piece.valid.nbytes
    cache = PieceCache(2 * size)
    for key in (1, 2, 1, 3, 3):
        cache.keep(key, piece)
    assert [cache.find(key) is not None for key in (1, 2, 3)] == [True, False, True]
    assert cache.bytes == 2 * size
    PieceCache(0).keep(1, piece)


def test_a_view_can_be_cancelled_between_pieces() -> None:
    raster, fake = make_raster((9000, 9000))
    with Overview(raster, most_bytes=1000) as overview:
        overview.close()
        read = len(fake.windows)
        assert read_view(raster, overview, show(0, 0, 30), cancelled=lambda: True) is None
        assert len(fake.windows) - read < 20
        assert see(raster, overview, show(0, 0, 30), cancelled=lambda: False).step == 25


def test_nothing_is_read_of_what_is_out_of_sight() -> None:
    raster, _ = make_raster(SHAPE)
    with Overview(raster) as overview:
        assert read_view(raster, overview, show(5000, 0, 1)) is None


def test_what_is_not_filled_is_no_data_and_said() -> None:
    raster, _ = make_raster((9000, 9000))
    with Overview(raster) as overview:
        overview.close()
        overview.filled[:10] = False
        overview.progress = 0.5
        viewport = show(0, 0, 40)
        assert not see(raster, overview, viewport).is_complete
        overview.filled[...] = True
        assert see(raster, overview, viewport).is_complete


@pytest.mark.parametrize("most_values", [0, 10**9])
def test_a_band_that_is_not_there_is_said(most_values: int) -> None:
    raster, _ = make_raster(SHAPE)
    with Overview(raster) as overview, pytest.raises(BandError, match="band 2"):
        read_view(raster, overview, show(0, 0, 1), [2], most_values=most_values)


def test_one_pixel_is_shown() -> None:
    raster, _ = make_raster((1, 1))
    with Overview(raster) as overview:
        assert overview.wait(LONG)
        view = see(raster, overview, Viewport(left=-1, top=-1, right=2, bottom=2, width=900, height=900))
    values: NDArray[Any] = view.pixels.data
    assert (values.tolist(), view.box) == ([[[0]]], Box(0, 0, 1, 1))


@pytest.mark.parametrize(
    "name", ["thinsection/bardelli/7a_ppl.jpg", "thinsection/philliec/1.png", "misc/rasterio_RGB.byte.tif"]
)
@pytest.mark.parametrize("step", [1, 3])
def test_real_pictures_are_shown_as_they_are(shared_data: Path, name: str, step: int) -> None:
    with (
        open_raster(shared_data / name) as raster,
        Overview(raster) as fine,
        Overview(raster, most_bytes=9999) as coarse,
    ):
        assert fine.wait(LONG) and coarse.wait(LONG)  # noqa: PT018
        viewport = show(37, 41, 1.1 * step, 150, 90)
        view = see(raster, coarse, viewport)
        assert_same(see(raster, fine, viewport), view)
        whole, first, half = raster.read(), (41 // step * step, 37 // step * step), step // 2
        expected = whole.data[:, first[0] + half :: step, first[1] + half :: step]
        height, width = view.pixels.valid.shape
        np.testing.assert_array_equal(view.pixels.data, expected[:, :height, :width])
        assert view.step == step
