"""What is drawn is found again, whatever happens to the server; and no file that is something else is touched."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsraster.app.labels.journal import (
    Journal,
    describe_classes,
    describe_fill,
    describe_paste,
    describe_stroke,
    name_journal,
    open_journal,
)
from tsraster.app.labels.strokes import Stroke
from tsraster.attributetable import Categories
from tsraster.errors import DataError, UsageError, WriteError
from tsraster.raster import Window

SHAPE = (300, 400)
ALL = Window(row=0, col=0, rows=300, cols=400)
CLASSES = Categories(names={1: "quartz <b>", 3: "größe"}, colors={1: (1, 2, 3, 255)})
RING = Stroke(1, 1.25, ((20.1, 20.1), (90.7, 25.3), (60, 80), (20.1, 20.1)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return name_journal(tmp_path / "image.tif")


def draw_some(journal: Journal) -> None:
    tile = np.zeros((256, 256), np.uint8)
    tile[7:99, 200:] = 7
    for change in (
        describe_classes(CLASSES),
        describe_stroke(RING),
        describe_fill(55, 40, 3),
        describe_stroke(Stroke(2, 1 / 3, ((1 / 7, 299.9), (1e3, -5)))),
        {"op": "lock", "code": 3},
        describe_stroke(Stroke(0, 30, ((50, 10), (50, 100)))),
        describe_paste({(0, 0): tile, (1, 1): np.full((44, 144), 200, np.uint8)}),
        {"op": "undo"},
        {"op": "undo"},
        {"op": "redo"},
        {"op": "remove", "code": 2},
        {"op": "unlock", "code": 3},
        {"op": "lock", "code": 1},
    ):
        journal.apply(change)


def test_a_replayed_journal_is_the_board_with_its_past(path: Path) -> None:
    with Journal(path, SHAPE) as journal:
        draw_some(journal)
        first, again = journal.board, path.read_bytes()
    second_journal, second, classes = open_journal(path, SHAPE)
    with second_journal:
        assert path.read_bytes() == again
        assert classes == CLASSES
        assert second.locked == {1}
        assert second_journal.note == ""
        assert np.array_equal(first.read(ALL), second.read(ALL))
        assert first.counts() == second.counts() != {}
        while first.can_undo or second.can_undo:
            assert first.undo() == second.undo()
            assert np.array_equal(first.read(ALL), second.read(ALL))
        while first.can_redo or second.can_redo:
            assert first.redo() == second.redo()
            assert np.array_equal(first.read(ALL), second.read(ALL))


def test_the_file_says_what_it_is_and_has_a_line_for_each_change(path: Path) -> None:
    with Journal(path, SHAPE, source="image.tif") as journal:
        journal.draw(RING)
        journal.draw(RING)
        journal.apply({"op": "undo"})
        journal.apply({"op": "undo"})
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {"kind": "tsraster labels", "version": 1, "source": "image.tif", "shape": [300, 400]}
    # Drawn twice, it changed nothing the second time, and so did the second undo.
    assert [line["op"] for line in lines[1:]] == ["stroke", "undo"]


def test_where_nothing_is_drawn_no_file_remains(path: Path) -> None:
    with Journal(path, SHAPE):
        assert path.exists()
    assert not path.exists()


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_cut_off_and_said(path: Path, cut: int) -> None:
    with Journal(path, SHAPE) as journal:
        draw_some(journal)
        journal.apply({"op": "unlock", "code": 1})
        before = journal.board.read(ALL)
        journal.draw(Stroke(9, 50, ((200, 200), (250, 250))))
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(path, SHAPE) as journal:
        assert "ends within a line" in journal.note
        assert np.array_equal(journal.board.read(ALL), before)
        journal.draw(Stroke(8, 5, ((200, 200),)))
    with Journal(path, SHAPE) as journal:
        assert journal.note == ""
        assert journal.board.counts()[8] == 16
        assert 9 not in journal.board.counts()


def test_a_torn_header_begins_anew(path: Path) -> None:
    with Journal(path, SHAPE) as journal:
        draw_some(journal)
        header = path.read_bytes().split(b"\n")[0]
    path.write_bytes(header[:20])
    with Journal(path, SHAPE) as journal:
        journal.draw(RING)
    assert path.read_bytes().startswith(header + b"\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "no journal of labels"),
        (b"hello\n", "no journal of labels"),
        (b"[1]\n", "no journal of labels"),
        (b'{"kind": "tsraster class table"}\n', "no journal of labels"),
        (b'{"kind": "tsraster labels", "version": 2}\n', "version 2"),
        (b'{"kind": "tsraster labels", "version": 1, "shape": [400, 300]}\n', "of 400 x 300 pixels, and this one has 300 x"),
        (b'{"kind": "tsraster labels", "version": 1, "shape": 7}\n', "of 7 pixels"),
    ],
)  # fmt: skip
def test_another_file_is_refused_and_left_as_it_is(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(DataError, match=said):
            Journal(path, SHAPE)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "7",
        "{}",
        '{"op": "draw"}',
        '{"op": ["stroke"]}',
        '{"op": "stroke"}',
        '{"op": "stroke", "code": 1, "width": 3, "vertices": [[1, null]]}',
        '{"op": "stroke", "code": 1, "width": 3, "vertices": [[NaN, 1]]}',
        '{"op": "stroke", "code": 999, "width": 3, "vertices": [[1, 1]]}',
        '{"op": "fill", "x": 5, "y": 5, "code": 1}',
        '{"op": "fill", "x": "5", "y": 5, "code": 1}',
        '{"op": "lock", "code": "1"}',
        '{"op": "classes", "names": {"1": 2}, "colors": {}}',
        '{"op": "classes", "names": {"0": "a"}, "colors": {}}',
        '{"op": "classes", "names": {}, "colors": {"1": [1, 2]}}',
        '{"op": "classes", "names": {}, "colors": {"1": [1, 2, 300]}}',
        '{"op": "paste", "tiles": {"0,0": "????"}}',
        '{"op": "paste", "tiles": {"9,9": "eJwDAAAAAAE="}}',
        '{"op": "paste", "tiles": {"0,0": "eJwDAAAAAAE="}}',
        '{"op": "paste", "tiles": 5}',
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_overwritten(path: Path, line: str) -> None:
    with Journal(path, SHAPE) as journal:
        journal.draw(Stroke(1, 5, ((100, 100),)))
    content = path.read_bytes() + line.encode() + b"\n" + b'{"op":"undo"}\n'
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^line 3 of .* is damaged"):
        Journal(path, SHAPE)
    assert path.read_bytes() == content


def test_a_refused_change_is_not_written(path: Path) -> None:
    with Journal(path, SHAPE) as journal:
        journal.draw(RING)
        before = path.read_bytes()
        with pytest.raises(UsageError, match="the region is not enclosed"):
            journal.apply(describe_fill(399, 299, 2))
        assert path.read_bytes() == before
        assert journal.unsaved == 0


def test_a_second_server_is_told(path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(path, SHAPE) as journal:
        journal.draw(RING)
        with pytest.raises(WriteError, match="is being written by another server"):
            Journal(path, SHAPE)
        journal.draw(Stroke(2, 5, ((100, 100),)))
    with Journal(path, SHAPE) as journal:
        assert set(journal.board.counts()) == {1, 2}


def test_a_full_disk_is_said_and_nothing_is_lost_when_there_is_room_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, room = os.pwrite, [10]

    def write_a_little(file: int, content: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = written(file, content[: room[0]], offset)
        room[0] -= done
        return done

    with Journal(path, SHAPE) as journal:
        journal.draw(RING)
        monkeypatch.setattr(os, "pwrite", write_a_little)
        for number in (1, 2):
            with pytest.raises(
                WriteError, match=rf"last {number} changes .* not saved: .* \(No space left on device\)"
            ):
                journal.draw(Stroke(5, 5, ((100 * number, 100),)))
        assert journal.board.counts()[5] == 32
        assert journal.unsaved == 2
        monkeypatch.setattr(os, "pwrite", written)
        journal.draw(Stroke(6, 5, ((100, 200),)))
        assert journal.unsaved == 0
        labels = journal.board.read(ALL)
    with Journal(path, SHAPE) as journal:
        assert np.array_equal(journal.board.read(ALL), labels)


def test_a_removed_file_is_said(path: Path) -> None:
    with Journal(path, SHAPE) as journal:
        path.unlink()
        with pytest.raises(WriteError, match="not saved"):
            journal.draw(RING)
        assert journal.board.counts()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"labels cannot be saved: .* \(No such file or directory\)"):
        Journal(tmp_path / "no" / "a.labels.jsonl", SHAPE)


_SERVER = """
import sys
from tsraster.app.labels.journal import Journal
from tsraster.app.labels.strokes import Stroke
journal = Journal(sys.argv[1], (300, 400))
for number in range(100000):
    journal.draw(Stroke(1 + number % 255, 3, ((number % 97 * 4 + 1.5, number // 97 % 70 * 4 + 1.5),)))
    print(number, flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_a_killed_server_loses_no_finished_stroke(path: Path, wait: float) -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()
        time.sleep(wait)
        server.send_signal(signal.SIGKILL)
        finished = 1 + sum(1 for line in server.stdout if line.endswith("\n"))
    with Journal(path, SHAPE) as journal:
        done = 0
        while journal.board.undo() is not None:
            done += 1
    assert done - finished in (0, 1) or done == 1000


def test_changes_from_many_threads_are_replayed_in_the_order_in_which_they_were_made(path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(3)
    strokes: list[Any] = [
        Stroke(int(code), 60.0, tuple(map(tuple, rng.uniform(0, 300, (2, 2)).tolist())))
        for code in rng.integers(0, 9, 80)
    ]
    with Journal(path, SHAPE) as journal:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(journal.draw, strokes))
        labels = journal.board.read(ALL)
    with Journal(path, SHAPE) as journal:
        assert np.array_equal(journal.board.read(ALL), labels)
