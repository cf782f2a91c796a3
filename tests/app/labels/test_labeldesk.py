"""Labels that several pages share: what is drawn and called how is kept, can be undone, and is found again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsraster.app.desk import Desk
from tsraster.app.gallery import Gallery
from tsraster.app.labels.journal import Journal
from tsraster.app.labels.labeldesk import LabelDesk, find_sidecar
from tsraster.app.labels.strokes import Stroke
from tsraster.attributetable import Categories
from tsraster.errors import UsageError

SHAPE = (300, 400)
DOT = Stroke(1, 3, ((10.5, 10.5),))
RED = (255, 0, 0, 255)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.tif.labels.jsonl"


@contextmanager
def opened(path: Path | None) -> Iterator[LabelDesk]:
    desk = LabelDesk(SHAPE, path)
    try:
        yield desk
    finally:
        desk.close()


def test_nothing_is_left_beside_an_image_that_was_only_looked_at(path: Path) -> None:
    with opened(path) as desk:
        assert desk.look()[1].names == {1: "class 1", 2: "class 2"}
        assert not desk.can_undo
        assert not path.exists()
    assert not path.exists()


def test_what_is_drawn_is_found_by_the_next_server(path: Path) -> None:
    with opened(path) as desk:
        desk.draw(DOT)
        desk.rename(1, " open\nwater ")
        desk.recolor(2, RED)
        code = desk.add()
        desk.lock(code, True)
        known = desk.classes
    with opened(path) as desk:
        assert desk.board.counts() == {1: 9}
        assert desk.classes == known
        assert desk.classes.names == {1: "open water", 2: "class 2", 3: "class 3"}
        assert desk.classes.colors[2] == RED
        assert desk.board.locked == {3}
        assert desk.note == ""


def test_undo_takes_back_pixels_names_and_colors_one_by_one() -> None:
    with opened(None) as desk:
        states = [desk.look()[1]]
        for change in (
            lambda: desk.draw(DOT), lambda: desk.rename(1, "pore"), desk.add, lambda: desk.recolor(3, RED),
            lambda: desk.draw(Stroke(3, 1, ((50, 50),))), lambda: desk.remove(3), desk.clear,
        ):  # fmt: skip
            change()
            states.append(desk.look()[1])
        for state in reversed(states[:-1]):
            desk.undo()
            assert desk.classes == state
        assert not desk.can_undo
        assert not desk.board.counts()
        for state in states[1:]:
            desk.redo()
            assert desk.classes == state
        assert not desk.can_redo


def test_a_removed_class_comes_back_with_its_name_and_pixels(path: Path) -> None:
    with opened(path) as desk:
        desk.draw(DOT)
        desk.rename(1, "pore")
        desk.recolor(1, RED)
        desk.remove(1)
        assert desk.classes.names == {2: "class 2"}
        assert not desk.board.counts()
        desk.undo()
        assert (desk.classes.names[1], desk.classes.colors[1], desk.board.counts()) == ("pore", RED, {1: 9})
        desk.redo()
        assert 1 not in desk.classes.names
    with opened(path) as later:
        assert later.classes.names == {2: "class 2"}
        assert later.add() == 3, "the code of a removed class is not used again, so that it can come back"
        later.undo()
        later.undo()
        assert (later.classes.names[1], later.classes.colors[1], later.board.counts()) == ("pore", RED, {1: 9})


def test_a_class_that_was_never_drawn_leaves_its_code() -> None:
    with opened(None) as desk:
        desk.remove(desk.add())
        assert desk.add() == 3


def test_a_change_after_an_undo_ends_what_could_be_redone() -> None:
    with opened(None) as desk:
        desk.draw(DOT)
        desk.undo()
        desk.rename(2, "grain")
        assert not desk.can_redo
        desk.redo()
        assert not desk.board.counts()


def test_what_an_earlier_server_undid_can_be_redone(path: Path) -> None:
    with opened(path) as desk:
        desk.draw(DOT)
        desk.undo()
    with opened(path) as desk:
        desk.redo()
        assert desk.board.counts() == {1: 9}
        desk.undo()
        assert not desk.board.counts()


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needs a name"), (" \n", "needs a name"), ("class 2", "another class")]
)
def test_a_name_that_cannot_be_is_refused_and_pages_show_the_old_one_again(name: str, reason: str) -> None:
    with opened(None) as desk:
        told: list[str] = []
        desk.listeners.append(lambda: told.append(desk.classes.names[1]))
        with pytest.raises(UsageError, match=reason):
            desk.rename(1, name)
        assert told == ["class 1"]


def test_a_class_that_is_gone_is_said_to_be() -> None:
    with opened(None) as desk, pytest.raises(UsageError, match="was removed"):
        desk.recolor(7, RED)


def test_there_are_at_most_255_classes() -> None:
    with opened(None) as desk:
        assert [desk.add() for _ in range(253)] == list(range(3, 256))
        with pytest.raises(UsageError, match="255 classes"):
            desk.add()
        assert len(set(desk.classes.names.values())) == 255


def test_imported_labels_and_classes_are_one_step() -> None:
    tile = np.full((256, 256), 9, np.uint8)
    with opened(None) as desk:
        desk.paste({(0, 0): tile}, Categories(names={9: "ash"}, colors={9: RED}))
        assert (desk.board.counts(), desk.classes.names[9]) == ({9: 65536}, "ash")
        desk.undo()
        assert (desk.board.counts(), 9 in desk.classes.names) == ({}, False)


@pytest.mark.parametrize("content", [b"hello\n", b'{"kind":"tsraster labels","version":1,"shape":[3,4]}\n'])
def test_a_file_that_is_something_else_is_left_and_labels_live_in_memory(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with opened(path) as desk:
        assert "kept only until the server stops" in desk.note
        desk.draw(DOT)
        assert desk.board.counts() == {1: 9}
    assert path.read_bytes() == content


def test_a_file_that_another_server_writes_is_left_to_it(path: Path) -> None:
    with opened(path) as desk, opened(path) as other:
        desk.draw(DOT)
        other.draw(Stroke(2, 9, ((50, 50),)))
        assert "another server" in other.note
        assert set(other.board.counts()) == {2}
    with Journal(path, SHAPE) as journal:
        assert journal.board.counts() == {1: 9}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with opened(tmp_path / "missing" / "a.labels.jsonl") as desk:
        desk.draw(DOT)
        assert "cannot be written" in desk.note
        assert desk.board.counts() == {1: 9}


def test_a_torn_line_is_said(path: Path) -> None:
    with opened(path) as desk:
        desk.draw(DOT)
    path.write_bytes(path.read_bytes() + b'{"op":"str')
    with opened(path) as desk:
        assert "that last change is lost" in desk.note
        assert desk.board.counts() == {1: 9}


def test_many_threads_draw_and_nothing_is_lost(path: Path) -> None:
    with opened(path) as desk:

        def draw(code: int) -> None:
            for row in range(20):
                desk.draw(Stroke(code, 1, ((code * 10 + 0.5, row * 10 + 0.5),)))

        threads = [threading.Thread(target=draw, args=(code,)) for code in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = desk.board.counts()
        assert expected == dict.fromkeys(range(1, 5), 20)
        for _ in range(80):
            desk.undo()
        assert not desk.board.counts()
    with Journal(path, SHAPE) as journal:
        assert not journal.board.counts()


def test_labels_lie_beside_the_source_or_where_was_said(tmp_path: Path) -> None:
    first, second = (str(tmp_path / name) for name in ("a.tif", "b.tif"))
    for name in (first, second):
        Path(name).touch()
    plain, named = Desk(sources=(first, second)), Desk(sources=(first, second), labels=tmp_path / "mine.jsonl")
    assert find_sidecar(first, plain) == tmp_path / "a.tif.labels.jsonl"
    assert find_sidecar(first, plain, 12) == tmp_path / "a.tif.plane12.labels.jsonl"
    assert find_sidecar(first, named) == tmp_path / "mine.jsonl"
    assert find_sidecar(second, named) == tmp_path / "b.tif.labels.jsonl"
    assert find_sidecar("/vsicurl/http://a/b.tif", plain) is None


def test_each_plane_of_a_volume_has_its_labels_and_pages_share_them(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.arange(4 * 30 * 40, dtype=np.uint16).reshape(4, 30, 40))
    gallery = Gallery(Desk(sources=(str(tmp_path / "v.npy"),)))
    middle: Any = gallery.open(0)
    assert gallery.label(middle) is gallery.label(gallery.open(0, middle.plane))
    gallery.label(middle).draw(DOT)
    assert not gallery.label(gallery.open(0, 0)).board.counts()
    gallery.close()
    assert [path.name for path in tmp_path.glob("*.jsonl")] == [f"v.npy.plane{middle.plane}.labels.jsonl"]
