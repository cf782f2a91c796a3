"""`Journal`: the file beside an image in which each finished change of its labels stands at once; `open_journal` replays it.

The first line says what it is; each other line is one change, as JSON. The same function makes a change while it is drawn and
when it is replayed, so that the labels, and what can be undone, are the same after a restart.
"""

from __future__ import annotations

import binascii
import json
import os
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.labelchanges import (
    Change,
    describe_classes,
    describe_fill,
    describe_paste,
    describe_stroke,
    encode_change,
    parse_classes,
    unpack_tiles,
)
from tsraster.app.labels.strokes import Stroke
from tsraster.attributetable import Categories
from tsraster.errors import DataError, ReadError, TsrasterError, UsageError, WriteError
from tsraster.raster import Window

__all__ = [
    "Change",
    "Journal",
    "describe_classes",
    "describe_fill",
    "describe_paste",
    "describe_stroke",
    "name_journal",
    "open_journal",
]

PathLike = str | os.PathLike[str]
KIND = "tsraster labels"
ENDING = ".labels.jsonl"

_ALWAYS = ("lock", "unlock", "classes")
"""What is written down although it changes no pixel."""


def name_journal(source: PathLike) -> Path:
    """Return where the labels of an image are kept.

    Examples
    --------
    >>> name_journal("scans/section 7.jpg").as_posix()
    'scans/section 7.jpg.labels.jsonl'
    """
    path = Path(source)
    return path.with_name(path.name + ENDING)


def open_journal(
    path: PathLike, board_shape: tuple[int, int], *, source: str = ""
) -> tuple[Journal, LabelBoard, Categories]:
    """Open the journal of an image, or begin one, and replay it.

    Parameters
    ----------
    path : path
        As `name_journal` names it, or another one where that cannot be written.
    board_shape : (rows, cols)
        Of the image.
    source : str
        Its name, for those who read the file.

    Returns
    -------
    journal : Journal
        It holds the file, until it is closed.
    board : LabelBoard
        The labels; also ``journal.board``.
    classes : Categories
        Names and colors of the classes; also ``journal.classes``.

    Raises
    ------
    DataError
        The file is no journal, of an image of another size, or damaged elsewhere than at its end; it is left as it is.
    ReadError, WriteError
        It cannot be read or written, or another server writes it.

    Notes
    -----
    What a killed server was just writing, a last line without an end, is cut off; ``journal.note`` says so.
    """
    journal = Journal(path, board_shape, source=source)
    return journal, journal.board, journal.classes


class Journal:
    """A board whose changes are written down as they are made.

    Parameters
    ----------
    path, shape, source
        As in `open_journal`, where it is said what is raised.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Journal(f"{folder}/a.tif.labels.jsonl", (50, 50)) as journal:
    ...         _ = journal.apply(describe_stroke(Stroke(1, 3, ((10.5, 10.5),))))
    ...     with Journal(f"{folder}/a.tif.labels.jsonl", (50, 50)) as journal:
    ...         journal.board.counts()
    {1: 9}
    """

    def __init__(self, path: PathLike, shape: tuple[int, int], *, source: str = "") -> None:
        self.path = Path(path)
        self.board = LabelBoard(shape)
        self.classes = Categories(names={}, colors={})
        self.note = ""
        """What was found when it was opened, in a sentence; empty where all was well."""
        self._lock = threading.RLock()
        self._missing: list[bytes] = []
        self._is_new = False
        self._file = _open_locked(self.path)
        try:
            self._size = self._replay(source or self.path.name.removesuffix(ENDING))
        except BaseException:
            os.close(self._file)
            raise

    @property
    def unsaved(self) -> int:
        """How many changes could not be written yet."""
        return len(self._missing)

    def apply(self, change: Change) -> Window | None:
        """Make a change, and write it down; see `describe_stroke` and the like, or give ``{"op": "undo"}``.

        Parameters
        ----------
        change : mapping
            "op" is stroke, fill, paste, undo, redo, clear, or remove, lock or unlock (with "code"), or classes.

        Returns
        -------
        Window or None
            The changed pixels. A change of nothing is not written down.

        Raises
        ------
        UsageError
            It cannot be made; the labels are as before.
        WriteError
            It is made, and cannot be written: the disk is full, or the file is gone. The next change, and `save`, try again to
            write all that is missing.
        """
        with self._lock:
            window = self._make(change)
            if window is not None or change["op"] in _ALWAYS:
                self._missing.append(encode_change(change))
            self.save()
            return window

    def draw(self, stroke: Stroke) -> Window | None:
        """Draw a stroke, and write it down; see `apply`."""
        return self.apply(describe_stroke(stroke))

    def save(self) -> None:
        """Write what could not be written before.

        Raises
        ------
        WriteError
            It cannot be written now either.
        """
        with self._lock:
            if not self._missing:
                return
            try:
                self._write(b"".join(self._missing))
            except OSError as error:
                raise WriteError(
                    f"the last {len(self._missing)} changes of labels are not saved: {self.path} cannot be written "
                    f"({error.strerror}); they are kept here, and the next change tries again"
                ) from None
            self._missing.clear()

    def close(self) -> None:
        """Let go of the file; remove it where nothing was ever drawn."""
        with self._lock:
            if self._file < 0:
                return
            if self._is_new and not self._missing:
                with suppress(OSError):
                    self.path.unlink()
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _write(self, content: bytes) -> None:
        """Write behind what is there for certain, over what a failed attempt may have left."""
        if self._file < 0 or not os.fstat(self._file).st_nlink:
            raise OSError(0, "it was closed, moved or removed")
        os.ftruncate(self._file, self._size)
        done = 0
        while done < len(content):
            done += os.pwrite(self._file, content[done:], self._size + done)
        os.fsync(self._file)
        self._size += len(content)
        self._is_new = False

    def _replay(self, source: str) -> int:
        """Read the file, make its changes, and return how many of its bytes are good."""
        content = _read_all(self._file, self.path)
        header = encode_change({"kind": KIND, "version": 1, "source": source, "shape": list(self.board.shape)})
        if not content or (b"\n" not in content and header.startswith(content)):
            return self._begin(header)
        lines = content.split(b"\n")
        torn = lines.pop()
        if not lines:
            raise DataError(f"{self.path} is no journal of labels; it is left as it is, move it away")
        _check_header(lines[0], self.path, self.board.shape)
        for number, line in enumerate(lines[1:], start=2):
            self._replay_line(number, line)
        if torn:
            self.note = (
                f"{self.path} ends within a line, which a stopped server left unfinished; that last change is lost"
            )
        return len(content) - len(torn)

    def _begin(self, header: bytes) -> int:
        self._size = 0
        try:
            self._write(header)
        except OSError as error:
            raise WriteError(f"labels cannot be saved: {self.path} cannot be written ({error.strerror})") from None
        self._is_new = True
        return len(header)

    def _replay_line(self, number: int, line: bytes) -> None:
        try:
            self._make(json.loads(line))
        except (TsrasterError, ValueError, RecursionError) as error:
            raise DataError(
                f"line {number} of {self.path} is damaged ({str(error).rstrip('.')}); it is left as it is, mend or move it"
            ) from None

    def _make(self, change: Change) -> Window | None:
        op = change.get("op") if isinstance(change, Mapping) else change
        make = _MAKERS.get(op) if isinstance(op, str) else None
        if make is None:
            raise UsageError(f"{op!r} is no change of labels; choose from {', '.join(_MAKERS)}")
        try:
            return make(self, change)
        except (LookupError, TypeError, ValueError, AttributeError, zlib.error, binascii.Error) as error:
            if isinstance(error, TsrasterError):
                raise
            raise UsageError(f"the change {op!r} of labels lacks something, or says it wrongly ({error})") from None

    def _draw(self, change: Change) -> Window | None:
        vertices = tuple((x, y) for x, y in change["vertices"])
        return self.board.draw(Stroke(change["code"], change["width"], vertices))

    def _paste(self, change: Change) -> Window | None:
        return self.board.paste(unpack_tiles(change["tiles"], self.board.shape))

    def _name(self, change: Change) -> None:
        self.classes = parse_classes(change)


_MAKERS: Mapping[str, Callable[[Journal, Change], Window | None]] = {
    "stroke": Journal._draw,
    "fill": lambda journal, change: journal.board.fill(change["x"], change["y"], change["code"]),
    "paste": Journal._paste,
    "remove": lambda journal, change: journal.board.remove_class(change["code"]),
    "clear": lambda journal, _: journal.board.clear(),
    "lock": lambda journal, change: journal.board.lock(change["code"]),
    "unlock": lambda journal, change: journal.board.unlock(change["code"]),
    "undo": lambda journal, _: journal.board.undo(),
    "redo": lambda journal, _: journal.board.redo(),
    "classes": Journal._name,
}


def _check_header(line: bytes, path: Path, shape: tuple[int, int]) -> None:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("kind") != KIND:
        raise DataError(f"{path} is no journal of labels; it is left as it is, move it away")
    if header.get("version") != 1:
        raise DataError(f"{path} is a journal of version {header.get('version')}, and this program reads version 1")
    if header.get("shape") != list(shape):
        raise DataError(
            f"{path} holds labels of an image of {_say_shape(header.get('shape'))} pixels, and this one has "
            f"{_say_shape(shape)}; it is left as it is, move it away"
        )


def _say_shape(shape: Any) -> str:
    return " x ".join(map(str, shape)) if isinstance(shape, Sequence) else repr(shape)


def _open_locked(path: Path) -> int:
    """Open a file that nobody else has open so."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        raise WriteError(f"labels cannot be saved: {path} cannot be written ({error.strerror})") from None
    try:
        import fcntl
    except ImportError:  # there is no such lock on Windows
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise WriteError(f"{path} is being written by another server; close that one, or draw there") from None
    except OSError:  # nor on every network drive
        return file
    if not os.fstat(file).st_nlink:  # removed by its owner just before it let go of it
        os.close(file)
        return _open_locked(path)
    return file


def _read_all(file: int, path: Path) -> bytes:
    try:
        with open(file, "rb", closefd=False) as stream:
            return stream.read()
    except OSError as error:
        raise ReadError(f"{path} cannot be read ({error.strerror})") from None
