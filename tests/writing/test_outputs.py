"""`Outputs`: files appear together or not at all, and what was there before comes back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tsraster.errors import DestinationExistsError, UsageError, WriteError
from tsraster.writing import Outputs, discard_staged, write_rows


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of each file in a folder, and that there is nothing else."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def outputs_of(folder: Path, *, overwrite: bool = True) -> Outputs:
    return Outputs([folder / "a.tif", folder / "b.csv", folder / "c.json"], sources=[], overwrite=overwrite)


def use(outputs: Outputs, folder: Path, meanwhile: Callable[[Outputs], object]) -> None:
    with outputs:
        make_all(outputs, folder)
        meanwhile(outputs)


def make_all(outputs: Outputs, folder: Path) -> None:
    for name in ("a.tif", "b.csv", "c.json"):
        outputs.stage(folder / name).write_text(f"new {name}")
    staged = outputs.stage(folder / "a.tif")
    staged.with_name("a.tif.aux.xml").write_text("new sidecar")


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["error", "Ctrl-C"]
)
@pytest.mark.parametrize("moves", range(5))
def test_where_one_file_cannot_be_moved_none_is(
    moves: int, failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.tif", "a.tif.aux.xml", "a.tif.ovr", "b.csv"):
        (tmp_path / name).write_text(f"old {name}")
    before = snapshot(tmp_path)
    replace, left = os.replace, iter(range(moves))

    def replace_a_few(source: Any, target: Any) -> None:
        if ".tsraster-" in str(source) and ".kept-" not in str(source) and next(left, None) is None:
            raise failure
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_a_few)
    outputs = outputs_of(tmp_path)
    if moves == 4:
        with outputs:
            make_all(outputs, tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"a.tif", "a.tif.aux.xml", "b.csv", "c.json"}
        assert (tmp_path / "a.tif.aux.xml").read_text() == "new sidecar"
    else:
        with pytest.raises((WriteError, KeyboardInterrupt)) as caught, outputs:
            make_all(outputs, tmp_path)
        assert isinstance(caught.value, KeyboardInterrupt) or "cannot be written (No space left" in str(caught.value)
        assert snapshot(tmp_path) == before


def test_without_hard_links_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "a.tif").write_text("old")
    with pytest.raises(WriteError, match=r"b\.csv cannot be written \(No such file"):
        use(outputs_of(tmp_path), tmp_path, lambda outputs: outputs.stage(tmp_path / "b.csv").unlink())
    assert {name: kept for name, (kept, _) in snapshot(tmp_path).items()} == {"a.tif": b"old"}
    with outputs_of(tmp_path) as outputs:
        make_all(outputs, tmp_path)
    assert (tmp_path / "a.tif").read_text() == "new a.tif"


def test_what_another_program_has_made_in_the_meantime_is_kept(tmp_path: Path) -> None:
    outputs = outputs_of(tmp_path, overwrite=False)
    with pytest.raises(DestinationExistsError, match=r"b\.csv was made by somebody else in the meantime"):
        use(outputs, tmp_path, lambda _: (tmp_path / "b.csv").write_text("theirs"))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b.csv": "theirs"}


def test_staged_files_can_be_discarded_at_any_time(tmp_path: Path) -> None:
    def discard(_: Outputs) -> None:
        assert len(list(tmp_path.iterdir())) == 3
        discard_staged()
        assert not list(tmp_path.iterdir())

    with pytest.raises(WriteError, match="what was made of it is discarded"):
        use(outputs_of(tmp_path), tmp_path, discard)
    assert not list(tmp_path.iterdir())
    discard_staged()


def test_a_folder_that_vanishes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(WriteError, match=r"a\.tif cannot be written \(No such file"):
        use(outputs_of(folder), folder, lambda _: shutil.rmtree(folder))


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be the name of a file"):
        Outputs(["a\0b.tif"], sources=[], overwrite=False)
    with pytest.raises(WriteError, match="is a folder"):
        Outputs([""], sources=[], overwrite=False)
    with pytest.raises(UsageError, match="named for two outputs"):
        Outputs([tmp_path / "a.csv", tmp_path / "b" / ".." / "a.csv"], sources=[], overwrite=False)


def test_rows_that_cannot_be_text(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"a\.csv cannot be written \(a text in it cannot be UTF-8\)"):
        write_rows(tmp_path / "a.csv", ["name"], [["\udcff"]])
