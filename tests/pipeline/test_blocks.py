"""Blocks tile a raster once, and what is made of them comes in order, a few at a time, whoever makes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsraster.errors import UsageError
from tsraster.pipeline.blocks import block_work, plan_blocks
from tsraster.pipeline.preview import MOST_PIXELS, Preview
from tsraster.raster import Band, Raster, Window

exactly_the_same = settings(derandomize=True, deadline=None, database=None)
lengths = st.one_of(st.integers(1, 40), st.integers(1, 3000))


class NoReader:
    """A reader that nobody asks."""

    def read(self, bands: Any, window: Window) -> Any:
        raise AssertionError("nothing is to be read")

    to_xarray = close = read


def raster_of(shape: tuple[int, int], tile: tuple[int, int] = (256, 256)) -> Raster:
    return Raster(
        name="r", driver="-", shape=shape, bands=(Band(number=1, dtype="uint8"),), reader=NoReader(), tile=tile
    )


def where(window: Window) -> tuple[int, int]:
    return window.row, window.col


class Hand(Executor):
    """An executor whose work is done by hand, at the time the test wants."""

    def __init__(self) -> None:
        self.given: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append((future, lambda: function(*args, **kwargs)))
        return future

    def do(self, i: int) -> None:
        future, work = self.given[i]
        future.set_running_or_notify_cancel()
        future.set_result(work())


class AtOnce(Executor):
    """An executor that works where it is called."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except ValueError as error:
            future.set_exception(error)
        return future


@exactly_the_same
@given(
    shape=st.tuples(lengths, lengths),
    tile=st.tuples(lengths, lengths),
    block_size=st.one_of(st.none(), st.integers(30, 700)),
)
def test_blocks_cover_every_pixel_once(shape: tuple[int, int], tile: tuple[int, int], block_size: int | None) -> None:
    seen = np.zeros(shape, dtype=np.int32)
    for window in plan_blocks(shape, tile, block_size):
        assert min(window.rows, window.cols) > 0
        seen[window.slices] += 1
        assert seen[window.slices].shape == (window.rows, window.cols)
    assert (seen == 1).all()


@exactly_the_same
@given(shape=st.tuples(st.integers(1, 30000), st.integers(1, 30000)), side=st.sampled_from([16, 128, 256, 512, 1024]))
def test_blocks_begin_where_tiles_do_and_are_about_a_million_pixels(shape: tuple[int, int], side: int) -> None:
    blocks = plan_blocks(shape, (side, side))
    assert all(window.row % side == 0 and window.col % side == 0 for window in blocks)
    assert max(window.rows * window.cols for window in blocks) <= 2**20


@pytest.mark.parametrize(
    ("shape", "strip", "rows"),
    [
        ((9000, 1000), 7, 7 * (2**20 // 7000)),
        ((9000, 100_000), 1, 10),
        ((10, 3_000_000), 1, 1),
        ((9000, 1000), 9000, 9000),
        ((90_000, 1000), 90_000, 2**20 // 1000),
    ],
)
def test_strips_are_joined_but_one_that_is_the_whole_raster_is_not_read_whole(
    shape: tuple[int, int], strip: int, rows: int
) -> None:
    first = plan_blocks(shape, (strip, shape[1]))[0]
    assert (first.rows, first.cols) == (rows, shape[1])


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order_whichever_is_done_first(workers: int) -> None:
    def slowly(window: Window) -> tuple[int, int]:
        time.sleep(0.002 * (7 * window.row + 3 * window.col) % 5 / 5)
        return where(window)

    with block_work(workers=workers, block_size=1) as work:
        found = list(work.run(raster_of((4, 6)), slowly))
    assert [where(window) for window, _ in found] == [(row, col) for row in range(4) for col in range(6)]
    assert all(where(window) == result for window, result in found)


def test_only_a_few_blocks_are_under_way() -> None:
    hand = Hand()
    worker = threading.Thread(target=lambda: [hand_over(hand, i) for i in range(40)])
    with block_work(workers=2, executor=hand, block_size=1) as work:
        results = work.run(raster_of((1, 40)), where)
        assert hand.given == []  # nothing is begun before the first result is asked for
        worker.start()
        ahead = [len(hand.given) - taken for taken, _ in enumerate(results)]
    worker.join()
    assert len(hand.given) == 40
    assert max(ahead) == 2 * 2 + 1


def hand_over(hand: Hand, i: int) -> None:
    while len(hand.given) <= i:
        time.sleep(0.0001)
    hand.do(i)


def test_progress_counts_all_passes_up_to_the_total() -> None:
    said: list[tuple[int, int]] = []
    with block_work(block_size=2, progress=lambda done, total: said.append((done, total))) as work:
        for more in (2, 1, 0):
            list(work.run(raster_of((4, 5)), where, more=more))
    assert said == [(i, 18) for i in range(1, 19)]


def test_after_an_error_nothing_is_begun_any_more() -> None:
    begun: list[int] = []

    def work_on(window: Window) -> None:
        begun.append(window.col)
        if window.col == 2:
            raise ValueError("block 2")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="block 2"), block_work(workers=1, block_size=1) as work:
        list(work.run(raster_of((1, 500)), work_on))
    assert len(begun) < 8


def stop_at_the_first_result(executor: Executor, work_on: Callable[[Window], Any], text: str, workers: int = 2) -> None:
    with block_work(workers=workers, executor=executor, block_size=1) as work:
        for _ in work.run(raster_of((1, 99)), work_on):
            raise ValueError(text)


@pytest.mark.parametrize("fails", ["a block", "what is done with a result"])
def test_a_lent_executor_does_not_work_on_after_the_end(fails: str) -> None:
    """Its threads would read from a raster that is closed, which GDAL does not survive."""
    running, ended, begun = threading.Event(), threading.Event(), []

    def work_on(window: Window) -> None:
        begun.append(window.col)
        if window.col == 1:
            running.set()
            time.sleep(0.05)
            ended.set()
        elif window.col == 0:
            running.wait(5)
            if fails == "a block":
                raise ValueError(fails)

    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(ValueError, match=fails):
            stop_at_the_first_result(executor, work_on, fails)
        assert ended.is_set()
        count = len(begun)
        assert executor.submit(lambda: 5).result() == 5  # it is left open
    assert len(begun) == count < 6


def test_blocks_that_wait_are_cancelled() -> None:
    hand = Hand()
    threading.Thread(target=hand_over, args=(hand, 0)).start()
    with pytest.raises(ValueError, match="enough"):
        stop_at_the_first_result(hand, where, "enough", workers=1)
    assert [future.cancelled() for future, _ in hand.given] == [False, True, True]


def test_any_executor_will_do() -> None:
    with block_work(executor=AtOnce(), block_size=2) as work:
        assert [result for _, result in work.run(raster_of((2, 4)), where)] == [(0, 0), (0, 2)]


@pytest.mark.parametrize(("wrong", "text"), [({"workers": 0}, "0 workers"), ({"block_size": -3}, "a block of -3")])
def test_numbers_that_cannot_be_are_refused(wrong: dict[str, int], text: str) -> None:
    with pytest.raises(UsageError, match=text), block_work(**wrong):  # type: ignore[arg-type]
        pass


@exactly_the_same
@given(shape=st.tuples(st.integers(1, 2600), st.integers(1, 2600)), block_size=st.integers(101, 999))
def test_a_preview_is_every_nth_pixel_whatever_the_blocks(shape: tuple[int, int], block_size: int) -> None:
    whole = np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape)
    preview = Preview(shape, whole.dtype)
    for window in plan_blocks(shape, (1, 1), block_size):
        preview.add(window, whole[window.slices])
    assert max(preview.pixels.shape) <= MOST_PIXELS
    np.testing.assert_array_equal(preview.pixels, whole[:: preview.step, :: preview.step])
    assert preview.step == 1 or max(shape) > MOST_PIXELS
