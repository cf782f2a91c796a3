"""What the page was asked to show, which files it may open, and where it may save: `Desk`.

Everything that somebody types into the page passes through here before a file is touched.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tsraster.errors import MissingSourceError, UsageError
from tsraster.pipeline.sourcing.sources import SourcePlan

_LONGEST = 4096
"""Characters of a path; no system takes longer ones."""
_SHOWN = 80
"""Characters of a path that a sentence repeats."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a server was asked to show: one for all its pages.

    Parameters
    ----------
    sources : tuple of str
        Rasters and pictures as they were named; the page opens them by their place in this tuple.
    plan : SourcePlan
        How they are read.
    root : Path, optional
        Folder below which other files can be opened and saved.
    labels : Path, optional
        File in which labels are kept; None for one beside the first source.

    Raises
    ------
    UsageError
        There is no source, or `root` is no folder.
    """

    sources: tuple[str, ...]
    plan: SourcePlan = field(default_factory=SourcePlan)
    root: Path | None = None
    labels: Path | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            raise UsageError("nothing is to be shown; name a raster or a picture")
        if self.root is not None and not self.root.is_dir():
            raise UsageError(f"--root {self.root} is no folder; name one that exists")

    @cached_property
    def files(self) -> frozenset[Path]:
        """The real paths of all files of this computer that were named."""
        named = [*self.sources, *self.plan.files, *([] if self.labels is None else [self.labels])]
        return frozenset(Path(os.path.realpath(path)) for path in named if not _is_elsewhere(os.fspath(path)))

    @cached_property
    def folder(self) -> Path | None:
        """Where outputs go that are named without a folder: that of the first source, or else the root."""
        if _is_elsewhere(self.sources[0]):
            return self.real_root
        first = Path(os.path.realpath(self.sources[0]))
        return first if first.is_dir() else first.parent

    @cached_property
    def real_root(self) -> Path | None:
        """The root with all symbolic links followed."""
        return None if self.root is None else Path(os.path.realpath(self.root))


def resolve_path(text: str, desk: Desk) -> Path:
    """Return the real path of a file that may be opened: one that was named, or one below the root.

    A path that is not absolute is one of those named, or one in the root. Symbolic links are followed before it is checked,
    and what is returned is the file they lead to.

    Parameters
    ----------
    text : str
        What was typed.
    desk : Desk
        What may be opened.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        It is no path on this computer, or one that must not be opened.
    MissingSourceError
        There is no such file or folder.

    Examples
    --------
    >>> resolve_path("../secret.tif", Desk(sources=("band.tif",)))
    Traceback (most recent call last):
    ...
    tsraster.errors.UsageError: '../secret.tif' was not named when the page started; start it with --root FOLDER to open others
    """
    _check_text(text)
    named = Path(os.path.realpath(text))
    if named in desk.files:
        return _check_existing(named, text)
    if desk.real_root is None:
        raise UsageError(
            f"{_show(text)} was not named when the page started; start it with --root FOLDER to open others"
        )
    path = Path(os.path.realpath(desk.real_root / text))
    if not path.is_relative_to(desk.real_root):
        raise UsageError(f"{_show(text)} is not below the folder {desk.root}; only files there can be opened")
    return _check_existing(path, text)


def resolve_output(text: str, desk: Desk) -> Path:
    """Return the real path of a file that may be written: in or below the folder of the first source, or below the root.

    A path that is not absolute is one in the folder of the first source. Whether a file that exists may be replaced is not
    decided here; none of those that were named may.

    Parameters
    ----------
    text : str
        What was typed.
    desk : Desk
        What was named.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        It is no path on this computer, is elsewhere, is a folder or in none, or is one of the files that are shown.
    """
    _check_text(text)
    if desk.folder is None:
        raise UsageError(
            f"{desk.sources[0]} is in no folder of this computer; start the page with --root FOLDER to save"
        )
    path = Path(os.path.realpath(desk.folder / text))
    if not any(path.is_relative_to(folder) for folder in (desk.folder, desk.real_root) if folder is not None):
        others = "" if desk.root is None else f" or {desk.root}"
        raise UsageError(f"{_show(text)} is not below {desk.folder}{others}; outputs can be saved only there")
    if path in desk.files:
        raise UsageError(f"{_show(text)} is one of the files that are shown; save under another name")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{_show(text)} is a folder, or in a folder that does not exist; give the path of a file")
    return path


def escape(text: str) -> str:
    """Return a text as HTML that shows it, letter by letter: no markup, and nothing that cannot be seen.

    Examples
    --------
    >>> print(escape("<b>sand & clay</b>"), escape("a\\u202eb"))
    &lt;b&gt;sand &amp; clay&lt;/b&gt; a\\u202eb
    """
    seen = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return html.escape(seen)


def _check_text(text: str) -> None:
    """Refuse what is no path of a file on this computer."""
    if not text.strip():
        raise UsageError("no path was given; type the name of a file")
    if len(text) > _LONGEST or any(len(os.fsencode(part)) > 255 for part in _split(text)):
        raise UsageError(f"{_show(text)} is longer than the name of a file can be; give a shorter one")
    if "\0" in text:
        raise UsageError(f"{_show(text)} holds a character that no name of a file can hold; leave it out")
    if _is_elsewhere(text):
        raise UsageError(f"{_show(text)} is no file on this computer; name it on the command line to show it")


def _split(text: str) -> list[str]:
    """Return the parts of a path; a text that cannot be one, as a single surrogate cannot, is refused."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise UsageError(f"{_show(text)} holds a character that no name of a file can hold; leave it out") from None
    return text.split("/")


def _is_elsewhere(text: str) -> bool:
    """Whether GDAL would fetch or unpack it: an address, or one of its virtual file systems."""
    return "://" in text or (text.startswith("/") and text.lower().lstrip("/").startswith("vsi"))


def _check_existing(path: Path, text: str) -> Path:
    if not (path.is_file() or path.is_dir()):
        raise MissingSourceError(f"{_show(text)} does not exist, or is no file; give the path of a raster")
    return path


def _show(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
