"""Paths of images: found beside the project, and never followed out of its folder unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsraster.errors import DataError, MissingSourceError, ReadError
from tsraster.learning.ilastik.location import locate_file, split_inner


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path.resolve() / "home"
    (home / "sub").mkdir(parents=True)
    for name in ("home/a.png", "home/sub/b.png", "home/stack.h5", "home/odd[1].png", "secret.png"):
        (tmp_path / name).touch()
    (home / "link.png").symlink_to(tmp_path / "secret.png")
    return home


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.png", "a.png"),
        ("sub/b.png", "sub/b.png"),
        ("sub\\b.png", "sub/b.png"),
        ("sub/../a.png", "a.png"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("/home/me/elsewhere/a.png", "a.png"),
        ("\\\\server\\share\\a.png", "a.png"),
        ("stack.h5/volume/data", "stack.h5"),
        ("odd[1].png", "odd[1].png"),
    ],
)
def test_an_image_is_found_in_the_folder_of_the_project(home: Path, path: str, found: str) -> None:
    assert locate_file(path, home) == home / found


def test_an_absolute_path_into_the_folder_is_followed(home: Path) -> None:
    assert locate_file(f"{home}/sub/b.png", home) == home / "sub" / "b.png"


@pytest.mark.parametrize("path", ["../secret.png", "sub/../../secret.png", "..\\secret.png", "link.png"])
def test_a_path_out_of_the_folder_is_followed_only_when_asked(home: Path, path: str) -> None:
    with pytest.raises(DataError, match="only when asked to"):
        locate_file(path, home)
    assert locate_file(path, home, follow=True) == home.parent / "secret.png"


def test_an_absolute_path_out_of_the_folder_is_followed_only_when_asked(home: Path) -> None:
    outside = f"{home.parent}/secret.png"
    with pytest.raises(MissingSourceError, match="only when asked to"):
        locate_file(outside, home)
    assert locate_file(outside, home, follow=True) == home.parent / "secret.png"


@pytest.mark.parametrize(
    ("path", "error", "match"),
    [
        ("none.png", MissingSourceError, "is not there"),
        ("D:/none.png", MissingSourceError, "nor 'none.png' beside the project"),
        ("https://example.com/a.png", DataError, "lies on the network"),
        ("precomputed://gs/volume", DataError, "lies on the network"),
        ("a*.png", DataError, "several files"),
        ("/x/a.png:/x/b.png", DataError, "several files"),
        ("C:\\a.png;C:\\b.png", DataError, "several files"),
        ("", ReadError, "names no file"),
        ("..", ReadError, "names no file"),
        ("a\0.png", ReadError, "names no file"),
    ],
)
def test_what_is_no_single_file_is_refused(home: Path, path: str, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        locate_file(path, home)


def test_the_path_inside_a_container_is_split_off() -> None:
    assert split_inner("a\\b.H5/c/d") == ("a/b.H5", "c/d")
    assert split_inner("a/b.h5") == ("a/b.h5", "")
