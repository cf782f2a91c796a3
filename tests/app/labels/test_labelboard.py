"""The board holds what was drawn: against a plain array, with locks, fills, undo and redo, and threads that read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tsraster.app.labels import labelboard
from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.strokes import Stroke, cover
from tsraster.errors import UsageError
from tsraster.raster import Window

SHAPE = (600, 700)
ALL = Window(row=0, col=0, rows=600, cols=700)


def draw_some(rng: np.random.Generator, count: int) -> list[Stroke]:
    return [
        Stroke(
            int(rng.integers(0, 5)),
            float(rng.uniform(0.5, 60)),
            tuple(map(tuple, rng.uniform(-50, 750, (int(rng.integers(1, 5)), 2)).tolist())),
        )
        for _ in range(count)
    ]


def paint(labels: NDArray[np.uint8], stroke: Stroke, locked: tuple[int, ...] = ()) -> NDArray[np.uint8]:
    window, mask = cover(stroke, SHAPE)
    painted = labels.copy()
    part = painted[window.slices]
    part[mask & ~np.isin(part, locked)] = stroke.code
    return painted


def draw_ring(board: LabelBoard, left: float, top: float, right: float, bottom: float, width: float = 1) -> None:
    board.draw(Stroke(1, width, ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))))


@pytest.mark.parametrize("seed", range(3))
def test_drawing_undoing_and_redoing_give_what_a_plain_array_gives(seed: int) -> None:
    rng, board = np.random.default_rng(seed), LabelBoard(SHAPE)
    states, versions = [np.zeros(SHAPE, np.uint8)], [0]
    for stroke in draw_some(rng, 25):
        after = paint(states[-1], stroke)
        window = board.draw(stroke)
        rows, cols = np.nonzero(after != states[-1])
        if window is None:
            assert not len(rows)
            continue
        assert (window.row, window.row + window.rows - 1) == (rows.min(), rows.max())
        assert (window.col, window.col + window.cols - 1) == (cols.min(), cols.max())
        states.append(after)
        versions.append(board.version)
        assert np.array_equal(board.read(ALL), after)
        codes, counts = np.unique(after[after > 0], return_counts=True)
        assert board.counts() == dict(zip(codes.tolist(), counts.tolist(), strict=True)) == board.snapshot().counts()
    assert versions == sorted(set(versions))
    for state in states[-2::-1]:
        assert board.undo() is not None
        assert np.array_equal(board.read(ALL), state)
    assert board.undo() is None
    assert board.boxes() == []
    for state in states[1:]:
        assert board.redo() is not None
        assert np.array_equal(board.read(ALL), state)
    assert board.redo() is None


def test_a_new_change_ends_what_can_be_redone_and_one_of_nothing_does_not() -> None:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 5, ((10, 10),)))
    board.undo()
    assert board.draw(Stroke(0, 5, ((10, 10),))) is None
    assert board.can_redo
    board.draw(Stroke(1, 5, ((50, 50),)))
    assert not board.can_redo


@pytest.mark.parametrize("locked", [(1,), (1, 3)])
def test_pixels_of_a_locked_class_stay(locked: tuple[int, ...]) -> None:
    board, labels = LabelBoard(SHAPE), np.zeros(SHAPE, np.uint8)
    for stroke in draw_some(np.random.default_rng(5), 10):
        board.draw(stroke)
        labels = paint(labels, stroke)
    for code in locked:
        board.lock(code)
    for stroke in draw_some(np.random.default_rng(6), 20):
        board.draw(stroke)
        labels = paint(labels, stroke, locked)
    assert np.array_equal(board.read(ALL), labels)
    with pytest.raises(UsageError, match="class 1 is locked"):
        board.remove_class(1)
    changes = [board.clear()]
    assert set(board.counts()) == set(locked) & set(np.unique(labels).tolist())
    board.unlock(1)
    changes.append(board.remove_class(1))
    assert 1 not in board.counts()
    assert any(changes)
    for _ in filter(None, changes):
        board.undo()
    assert np.array_equal(board.read(ALL), labels)


@pytest.mark.parametrize("width", [0.5, 1, 3])
def test_a_fill_is_what_scipy_finds_connected_over_tiles(width: float) -> None:
    from scipy.ndimage import label

    board = LabelBoard(SHAPE)
    turns = np.linspace(0, 6 * np.pi, 300)
    spiral = np.column_stack([350 + 14 * turns * np.cos(turns), 300 + 14 * turns * np.sin(turns)])
    board.draw(Stroke(1, width, tuple(map(tuple, spiral.tolist()))))
    draw_ring(board, 40, 25, 660, 580, width)
    before = board.read(ALL)
    numbers, _ = label(before == 0)
    assert before[360, 350] == 0
    board.fill(350.5, 360.5, 9)
    expected = np.where(numbers == numbers[360, 350], 9, before)
    assert np.array_equal(board.read(ALL), expected)
    assert board.counts()[9] > 100_000
    board.undo()
    assert np.array_equal(board.read(ALL), before)


def test_what_is_outside_of_all_outlines_is_not_filled() -> None:
    board = LabelBoard(SHAPE)
    draw_ring(board, 100.5, 100.5, 300.5, 300.5)
    version = board.version
    with pytest.raises(UsageError, match="the region is not enclosed: it reaches all four sides"):
        board.fill(50, 50, 2)
    assert board.version == version
    assert board.fill(200, 200, 2) == Window(row=101, col=101, rows=199, cols=199)


def test_a_grain_that_the_border_cuts_is_filled() -> None:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 1, ((-5, 100.5), (80.5, 100.5), (80.5, -5))))
    assert board.fill(10, 10, 2) == Window(row=0, col=0, rows=100, cols=80)
    assert board.counts()[2] == 8000


def test_a_region_of_a_class_takes_another_class() -> None:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 21, ((250, 250), (270, 270))))
    pixels = board.counts()[1]
    board.draw(Stroke(1, 21, ((20, 20),)))
    board.fill(255, 255, 4)
    assert board.counts()[4] == pixels
    assert board.fill(255, 255, 4) is None
    board.lock(4)
    with pytest.raises(UsageError, match="class 4 is locked"):
        board.fill(255, 255, 0)


def test_a_fill_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from tsraster.app.labels.floodfill import find_region

    board = LabelBoard((1000, 1000))
    board.draw(Stroke(1, 2000, ((500, 500),)))
    with pytest.raises(UsageError, match="not enclosed within 10000 pixels"):
        find_region(board.snapshot(), 500, 500, most=10000)


@pytest.mark.parametrize(("x", "y"), [(-0.1, 5), (5, 600), (700, 5), (float("nan"), 5)])
def test_a_fill_outside_of_the_raster_is_refused(x: float, y: float) -> None:
    with pytest.raises(UsageError, match="is outside of the raster"):
        LabelBoard(SHAPE).fill(x, y, 1)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 16, 300, 1000])
@pytest.mark.parametrize("window", [ALL, Window(row=13, col=250, rows=510, cols=301)])
def test_a_decimated_view_shows_the_highest_label_of_each_cell(step: int, window: Window) -> None:
    board = LabelBoard(SHAPE)
    for stroke in draw_some(np.random.default_rng(8), 12):
        board.draw(stroke)
    board.draw(Stroke(200, 0.3, ((3, 590), (690, 8))))
    labels = board.read(window)
    rows, cols = -(-window.rows // step), -(-window.cols // step)
    padded = np.zeros((rows * step, cols * step), np.uint8)
    padded[: window.rows, : window.cols] = labels
    expected = padded.reshape(rows, step, cols, step).max(axis=(1, 3))
    assert np.array_equal(board.read_decimated(window, step), expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda board: board.read(Window(row=590, col=0, rows=11, cols=5)),
        lambda board: board.read(Window(row=0, col=-1, rows=5, cols=5)),
        lambda board: board.read_decimated(ALL, 0),
        lambda board: board.lock(0),
        lambda board: board.remove_class(256),
        lambda board: board.fill(3, 3, -1),
        lambda board: board.paste({(0, 3): np.zeros((256, 188), np.uint8)}),
        lambda board: board.paste({(0, 0): np.zeros((256, 256), np.int64)}),
    ],
)
def test_what_cannot_be_is_refused(call: Callable[[LabelBoard], Any]) -> None:
    with pytest.raises(UsageError):
        call(LabelBoard(SHAPE))


def test_pasted_labels_are_one_change_and_leave_the_rest() -> None:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 40, ((250, 250),)))
    board.lock(1)
    before = board.read(ALL)
    tile = np.zeros((256, 256), np.uint8)
    tile[240:, 200:] = 3
    board.paste({(0, 0): tile, (2, 2): np.full((88, 188), 5, np.uint8)})
    expected = before.copy()
    part = expected[:256, :256]
    part[(tile > 0) & (part != 1)] = 3
    expected[512:, 512:] = 5
    assert np.array_equal(board.read(ALL), expected)
    assert board.boxes()[-1] == Window(row=512, col=512, rows=88, cols=188)
    board.undo()
    assert np.array_equal(board.read(ALL), before)


@pytest.mark.parametrize(("name", "most"), [("MOST_CHANGES", 4), ("MOST_BYTES", 1000)])
def test_only_so_many_changes_are_kept_and_the_last_one_always(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(labelboard, name, most)
    board = LabelBoard(SHAPE)
    for code in range(1, 21):
        board.draw(Stroke(code, 10, ((20 * code, 50),)))
    undone = 0
    while board.undo() is not None:
        undone += 1
    assert undone == 4 if name == "MOST_CHANGES" else 0 < undone < 20
    board.draw(Stroke(1, 500, ((300, 300),)))
    assert board.undo() is not None


def test_a_snapshot_stays_as_it_was_and_cannot_be_changed() -> None:
    board = LabelBoard(SHAPE)
    board.draw(Stroke(1, 30, ((100, 100),)))
    taken = board.snapshot()
    assert board.snapshot() is taken
    board.draw(Stroke(2, 60, ((100, 100),)))
    board.clear()
    assert set(np.unique(taken.read(ALL))) == {0, 1}
    assert board.counts() == {}
    with pytest.raises(ValueError, match="read-only"):
        taken.tile((0, 0))[0, 0] = 1


def test_a_thread_that_reads_sees_whole_changes_only() -> None:
    board, torn, stop = LabelBoard(SHAPE), [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            torn.append(len(np.unique(board.read(ALL))) != 1)

    reader = threading.Thread(target=look)
    reader.start()
    for code in range(1, 25):
        board.draw(Stroke(code, 2500, ((300, 300),)))
        if code == 1:
            torn.clear()
    stop.set()
    reader.join()
    assert torn[1:]
    assert not any(torn[1:])
