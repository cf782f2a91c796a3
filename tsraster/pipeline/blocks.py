"""Run a pure function over the blocks of a raster, on any executor, and take the results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tsraster.errors import UsageError
from tsraster.raster import Raster, Window

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[int, int], None]
"""Called with the number of blocks done and the number of all, as far as it is known; their ratio never falls."""

_BLOCK_PIXELS = 2**20
_MOST_PIXELS = 2**24
"""A format may store more pixels in one piece than a block should have; up to this they are read together."""


def plan_blocks(
    shape: tuple[int, int], tile: tuple[int, int], block_size: int | None = None, pixels: int = _BLOCK_PIXELS
) -> list[Window]:
    """Divide a raster into windows along the pieces in which it is stored.

    Parameters
    ----------
    shape : (rows, cols)
        Of the raster.
    tile : (rows, cols)
        Of a stored piece; one of full width is a strip.
    block_size : int, optional
        Rows and columns of a block; by default about `pixels` of whole pieces.
    pixels : int
        How many pixels a block has then; a million.

    Examples
    --------
    >>> plan_blocks((3, 5), (1, 5), block_size=4)[1]
    Window(row=0, col=4, rows=3, cols=1)
    """
    height, width = (block_size, block_size) if block_size else _choose_block(shape, tile, pixels)
    return [
        Window(row=row, col=col, rows=min(height, shape[0] - row), cols=min(width, shape[1] - col))
        for row in range(0, shape[0], height)
        for col in range(0, shape[1], width)
    ]


def _choose_block(shape: tuple[int, int], tile: tuple[int, int], pixels: int) -> tuple[int, int]:
    rows, cols = tile
    if cols >= shape[1]:
        if rows * cols > _MOST_PIXELS:
            rows = 1
        return rows * max(1, pixels // (rows * shape[1])), shape[1]
    side = int(pixels**0.5)
    return rows * max(1, side // rows), cols * max(1, side // cols)


@dataclass(kw_only=True)
class BlockWork:
    """How the blocks of a raster are worked on."""

    executor: Executor
    workers: int
    block_size: int | None = None
    progress: Progress | None = None
    _before: int = field(default=0, init=False)
    """How many blocks former passes had."""
    _share: float = field(default=0.0, init=False)
    """The largest share of the work that was reported as done."""
    _under_way: set[Future[Any]] = field(default_factory=set, init=False, repr=False)

    def run(
        self, raster: Raster, function: Callable[[Window], Result], *, more: int = 0, pixels: int = _BLOCK_PIXELS
    ) -> Iterator[tuple[Window, Result]]:
        """Yield each window of a raster with what the function makes of it, in order.

        Only a few blocks are under way at a time, so that memory does not grow with the raster.

        Parameters
        ----------
        raster : Raster
            Its shape and tiles are what counts.
        function : callable
            Takes a window; may run in any thread or process of the executor.
        more : int
            How many passes are sure to follow, for the progress.
        pixels : int
            About how many pixels a block has, where no block size is set; less where a function makes much of each.
        """
        windows = plan_blocks(raster.shape, raster.tile, self.block_size, pixels)
        before, self._before = self._before, self._before + len(windows)
        total = before + (1 + more) * len(windows)
        for i, item in enumerate(self._in_order(function, windows), start=1):
            yield item
            self._report(before + i, total)

    def run_each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[Item, Result]]:
        """Yield each item with what the function makes of it, in order; such as whole pictures, where there are many."""
        for i, pair in enumerate(self._in_order(function, items), start=1):
            yield pair
            self._report(i, len(items))

    def _report(self, done: int, total: int) -> None:
        # A scheme may turn out to need a pass more than was known; what has been said is not taken back.
        if self.progress is not None and done / total >= self._share:
            self._share = done / total
            self.progress(done, total)

    def _in_order(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[Item, Result]]:
        ahead = 2 * self.workers + 1
        pending: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            pending.append((item, self._submit(function, item)))
            if len(pending) >= ahead:
                yield self._take(*pending.popleft())
        while pending:
            yield self._take(*pending.popleft())
        # What is still pending when somebody has seen enough ends with `stop`.

    def _submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        future = self.executor.submit(function, item)
        self._under_way.add(future)
        return future

    def _take(self, item: Item, future: Future[Result]) -> tuple[Item, Result]:
        result = future.result()
        self._under_way.discard(future)
        return item, result

    def stop(self) -> None:
        """Cancel the blocks that wait, and wait for those that run: they still read from a raster that is to be closed."""
        wait([future for future in self._under_way if not future.cancel()])


def count_processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@contextmanager
def block_work(
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    block_size: int | None = None,
    progress: Progress | None = None,
) -> Iterator[BlockWork]:
    """Make ready to work on blocks, with threads unless an executor is given.

    Raises
    ------
    UsageError
        The number of workers or the block size is not positive.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers cannot work; give a number from 1")
    if block_size is not None and block_size < 1:
        raise UsageError(f"a block of {block_size} pixels cannot be; give a number from 1")
    number = workers or count_processors()
    with ExitStack() as stack:
        chosen = executor if executor is not None else stack.enter_context(ThreadPoolExecutor(number))
        work = BlockWork(executor=chosen, workers=number, block_size=block_size, progress=progress)
        stack.callback(work.stop)
        yield work
