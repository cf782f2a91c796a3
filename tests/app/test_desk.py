"""What the page may open and where it may save."""

import os
from pathlib import Path

import pytest

from tsraster.app.desk import Desk, escape, resolve_output, resolve_path
from tsraster.errors import MissingSourceError, UsageError
from tsraster.pipeline.sourcing.sources import SourcePlan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("shown/a.tif", "root/b.tif", "root/deep/c.tif", "secret/s.tif", "root-beside/n.tif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"II*\0")
    (tmp_path / "root" / "out.tif").symlink_to(tmp_path / "secret" / "s.tif")
    (tmp_path / "root" / "outside").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "inside.tif").symlink_to(tmp_path / "root" / "deep" / "c.tif")
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Desk:
    return Desk(sources=(str(folder / "shown" / "a.tif"),), root=folder / "root")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("b.tif", "root/b.tif"),
        ("deep/../b.tif", "root/b.tif"),
        ("./deep/c.tif", "root/deep/c.tif"),
        ("deep", "root/deep"),
        ("inside.tif", "root/deep/c.tif"),
        ("{folder}/root/b.tif", "root/b.tif"),
        ("{folder}/shown/a.tif", "shown/a.tif"),
    ],
)
def test_what_is_named_or_below_the_root_is_opened(folder: Path, desk: Desk, text: str, found: str) -> None:
    assert resolve_path(text.format(folder=folder), desk) == (folder / found).resolve()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("../secret/s.tif", "not below the folder"),
        ("deep/../../secret/s.tif", "not below the folder"),
        ("{folder}/secret/s.tif", "not below the folder"),
        ("{folder}/root-beside/n.tif", "not below the folder"),
        ("{folder}/root/../secret/s.tif", "not below the folder"),
        ("//{folder}/secret/s.tif", "not below the folder"),
        ("out.tif", "not below the folder"),
        ("outside/s.tif", "not below the folder"),
        ("outside", "not below the folder"),
        ("/", "not below the folder"),
        ("/vsicurl/http://a/b.tif", "no file on this computer"),
        ("/vsizip/{folder}/root/b.tif", "no file on this computer"),
        ("/VSIMEM/x", "no file on this computer"),
        ("http://127.0.0.1/b.tif", "no file on this computer"),
        ("file:///etc/passwd", "no file on this computer"),
        ("b.tif\0.png", "no name of a file can hold"),
        ("b\ud800.tif", "no name of a file can hold"),
        ("x" * 300, "longer than the name"),
        ("a/" * 3000, "longer than the name"),
        ("", "no path"),
        (" \n", "no path"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(folder: Path, desk: Desk, text: str, reason: str) -> None:
    typed = text.replace("{folder}", str(folder))
    with pytest.raises(UsageError, match=reason) as caught:
        resolve_path(typed, desk)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "../secret/new.tif",
        "{folder}/secret/new.tif",
        "/vsimem/x.tif",
        "http://a/b.tif",
        "b\0.tif",
        "x" * 300,
        "",
        ".",
        "/",
    ],
)
def test_outputs_go_nowhere_else(folder: Path, desk: Desk, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_output(text.replace("{folder}", str(folder)), desk)
    assert "\n" not in str(caught.value)


def test_without_a_root_only_what_was_named_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "shown")
    (folder / "shown" / "other.tif").write_bytes(b"")
    plan = SourcePlan(mask_file="../secret/s.tif")
    bare = Desk(sources=("a.tif", "/vsimem/x.tif"), plan=plan, labels=Path("labels.json"))
    assert resolve_path("a.tif", bare) == folder / "shown" / "a.tif"
    assert resolve_path("../secret/s.tif", bare) == folder / "secret" / "s.tif"
    for text in ("other.tif", "../root/b.tif", str(folder / "root" / "b.tif")):
        with pytest.raises(UsageError, match="--root FOLDER"):
            resolve_path(text, bare)
    with pytest.raises(MissingSourceError, match="does not exist"):
        resolve_path("labels.json", bare)


def test_what_is_missing_or_no_file_is_said(folder: Path, desk: Desk) -> None:
    os.mkfifo(folder / "root" / "pipe")
    for text in ("none.tif", "pipe", "b.tif/x"):
        with pytest.raises(MissingSourceError, match="does not exist, or is no file"):
            resolve_path(text, desk)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("classes.tif", "shown/classes.tif"),
        ("{folder}/root/deep/classes.tif", "root/deep/classes.tif"),
        ("../root/classes.tif", "root/classes.tif"),
    ],
)
def test_outputs_go_beside_the_source_or_below_the_root(folder: Path, desk: Desk, text: str, found: str) -> None:
    assert resolve_output(text.format(folder=folder), desk) == folder / found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.tif", "one of the files that are shown"),
        ("none/classes.tif", "does not exist"),
        ("../root/deep", "is a folder"),
        ("../root/outside/new.tif", "is not below"),
        ("../root/out.tif", "is not below"),
    ],
)
def test_outputs_spare_sources_and_folders(desk: Desk, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        resolve_output(text, desk)


def test_nothing_is_saved_beside_what_is_elsewhere(folder: Path) -> None:
    with pytest.raises(UsageError, match="--root FOLDER"):
        resolve_output("x.tif", Desk(sources=("https://example.org/x.tif",)))
    assert resolve_output("x.tif", Desk(sources=("/vsimem/x.tif",), root=folder)) == folder / "x.tif"


def test_a_desk_needs_a_source_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is to be shown"):
        Desk(sources=())
    with pytest.raises(UsageError, match="is no folder"):
        Desk(sources=("a.tif",), root=tmp_path / "none")


def test_escaped_text_holds_no_markup_and_hides_nothing() -> None:
    hostile = "<img src=x onerror='alert(1)'>\"&\u202e\u0000\n"
    shown = escape(hostile)
    assert not set(shown) & set("<>\"'")
    assert shown.endswith(r"&quot;&amp;\u202e\x00\n")
