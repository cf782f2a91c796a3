"""Values are read once where they fit into the room there is, and otherwise again; they are the same either way."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tsraster.pipeline.values as values_module
from tsraster.pipeline.blocks import block_work, plan_blocks
from tsraster.pipeline.fitting import tally_values
from tsraster.pipeline.values import Values
from tsraster.preparing import plan_preparation
from tsraster.raster import Band, Pixels, Raster, Window

SHAPE = (60, 70)


class CountingReader:
    """Hands out parts of an array, and counts how often it is asked."""

    def __init__(self, pixels: NDArray[Any], valid: NDArray[np.bool_]) -> None:
        self.pixels, self.valid, self.reads = pixels, valid, 0
        self.lock = threading.Lock()

    def __getstate__(self) -> tuple[Any, Any, int]:
        return self.pixels, self.valid, self.reads

    def __setstate__(self, state: tuple[Any, Any, int]) -> None:
        self.__init__(*state[:2])  # type: ignore[misc]

    def read(self, bands: Sequence[int], window: Window) -> Pixels:
        with self.lock:
            self.reads += 1
        return Pixels(
            data=self.pixels[np.newaxis][(slice(None), *window.slices)].copy(), valid=self.valid[window.slices]
        )

    def to_xarray(self, chunks: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def make_raster(dtype: str = "float32") -> tuple[Raster, CountingReader]:
    rng = np.random.default_rng(1)
    reader = CountingReader(rng.integers(0, 200, SHAPE).astype(dtype), rng.random(SHAPE) < 0.7)
    reader.valid[:10] = True
    return Raster(name="r", driver="-", shape=SHAPE, bands=(Band(number=1, dtype=dtype),), reader=reader), reader


def read_all(values: Values, block_size: int = 9) -> NDArray[Any]:
    """Everything that is valid, and -1 elsewhere."""
    whole = np.empty(SHAPE)
    for window in plan_blocks(SHAPE, (1, 1), block_size):
        pixels = values.read(window)
        whole[window.slices] = np.where(pixels.valid, pixels.data, -1)
    return whole


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("smooth", [None, "median:3", "gaussian:1"])
def test_the_second_pass_reads_nothing_and_is_the_same(dtype: str, smooth: str | None) -> None:
    raster, reader = make_raster(dtype)
    values = Values(raster, plan_preparation(raster, smooth=smooth), room=values_module.KEPT_BYTES)
    first = read_all(values)
    reads = reader.reads
    assert reads == len(plan_blocks(SHAPE, (1, 1), 9))
    np.testing.assert_array_equal(read_all(values), first)
    assert reader.reads == reads


def test_without_a_second_pass_nothing_is_kept() -> None:
    raster, reader = make_raster()
    values = Values(raster, plan_preparation(raster))
    first = read_all(values)
    np.testing.assert_array_equal(read_all(values), first)
    assert reader.reads == 2 * len(plan_blocks(SHAPE, (1, 1), 9))


def test_what_is_kept_stays_within_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    room = 40 * 70 + 100  # of 16 800 bytes of values
    monkeypatch.setattr(values_module, "KEPT_BYTES", room)
    raster, reader = make_raster()
    values = Values(raster, plan_preparation(raster), room=values_module.KEPT_BYTES)
    first = read_all(values, block_size=10)
    np.testing.assert_array_equal(read_all(values, block_size=10), first)
    kept = list(values._kept.values())
    held = sum(data.nbytes + (0 if valid is None else valid.nbytes) for data, valid in kept)
    # Another block, of 400 bytes and 13 of validity, would not have had room.
    assert room - 413 < held <= room
    assert reader.reads == 42 + (42 - len(kept))


def test_the_halo_of_a_block_is_not_kept_with_it() -> None:
    """A view would keep the whole of what it is cut from: with small blocks and wide filters many times the room."""
    raster, _ = make_raster()
    values = Values(raster, plan_preparation(raster, smooth="gaussian:4"), room=values_module.KEPT_BYTES)
    read_all(values, block_size=5)
    for data, _ in values._kept.values():
        assert data.size <= 25
        assert data.base is None or data.base.nbytes <= data.nbytes


def test_sent_to_another_process_it_keeps_nothing() -> None:
    raster, _ = make_raster()
    values = Values(raster, plan_preparation(raster), room=values_module.KEPT_BYTES)
    first = read_all(values)
    assert len(pickle.dumps(values)) < 2 * len(pickle.dumps(raster))
    there: Values = pickle.loads(pickle.dumps(values))
    np.testing.assert_array_equal(read_all(there), first)
    assert there._kept == {}
    assert isinstance(there.raster.reader, CountingReader)
    assert there.raster.reader.reads == 56


def test_many_threads_keep_each_block_once() -> None:
    raster, reader = make_raster()
    values = Values(raster, plan_preparation(raster), room=values_module.KEPT_BYTES)
    with block_work(workers=8, block_size=3) as work:
        first, second = (tally_values(values, work, more=0).summarize() for _ in range(2))
    assert reader.reads == len(plan_blocks(SHAPE, (1, 1), 3))
    assert first == second
    assert first.count == np.count_nonzero(reader.valid)
