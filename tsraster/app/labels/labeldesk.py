"""`LabelDesk`: the labels of a source for all pages that show it: what is drawn, its classes, and the file that keeps them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsraster.app.desk import Desk
from tsraster.app.labels.journal import (
    Journal,
    describe_classes,
    describe_fill,
    describe_paste,
    describe_stroke,
    name_journal,
)
from tsraster.app.labels.labelboard import LabelBoard
from tsraster.app.labels.labelclasses import fill_in, join_classes, leave_out, one_class, suggest_color
from tsraster.app.labels.labeltiles import Codes, LabelTiles, Place
from tsraster.app.labels.strokes import Stroke
from tsraster.attributetable import Categories
from tsraster.errors import TsrasterError, UsageError, WriteError
from tsraster.lut import RGBA, clean_name

_MOST = 255
_MOST_STEPS = 1000
_NO_CLASSES = Categories(names={}, colors={})


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What can be undone: a change of pixels, of classes, or of both."""

    is_drawn: bool
    before: Categories
    after: Categories


def find_sidecar(source: str, desk: Desk, plane: int | None = None) -> Path | None:
    """Return where the labels of a source are kept: the file that was named for the first one, else one beside it.

    Parameters
    ----------
    source : str
        As it was named.
    desk : Desk
        What the server was asked to show.
    plane : int, optional
        Of a volume; each has a file of its own.

    Returns
    -------
    Path or None
        None for what lies in no folder of this computer.

    Examples
    --------
    >>> find_sidecar("http://example.org/a.tif", Desk(sources=("a.tif",)))
    """
    number = "" if plane is None else f".plane{plane}"
    if desk.labels is not None and source == desk.sources[0]:
        return desk.labels.with_name(desk.labels.name + number)
    return name_journal(os.path.abspath(source) + number) if os.path.exists(source) else None


class LabelDesk:
    """Labels and classes of a source.

    All changes are written down before they return; any thread may make them, best that of `pool`, which does what it is given
    in this order. The file is opened at once where there is one, else by the first change: nothing is left beside an image that
    was only looked at. Where it cannot be opened, labels live as long as the server, and `note` says so.

    Parameters
    ----------
    shape : (rows, cols)
        Of the source.
    path : Path, optional
        Where labels are kept; None to forget them.
    source : str
        Its name, for those who read the file.

    Examples
    --------
    >>> labels = LabelDesk((100, 100))
    >>> labels.draw(Stroke(2, 3, ((10.5, 20.5), (12.5, 20.5))))
    >>> labels.board.counts(), labels.classes.names
    ({2: 15}, {1: 'class 1', 2: 'class 2'})
    >>> labels.close()
    """

    def __init__(self, shape: tuple[int, int], path: Path | None = None, *, source: str = "") -> None:
        self.listeners: list[Callable[[], None]] = []
        """Called after each attempt of a change, from the thread that made it."""
        self.note = (
            "" if path is not None else "labels are kept only until the server stops: the source is no local file"
        )
        """What was found when the file was opened, in a sentence; empty where all is well."""
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="labels")
        self._shape, self._path, self._source = shape, path, source
        self._blank = LabelBoard(shape)
        self._journal: Journal | None = None
        self._closing = ExitStack()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._is_old = True
        """Whether what is undone and redone may be of an earlier server, whose steps are not known."""
        self._unused: set[int] = set()
        """Codes of new classes that were never drawn with."""
        self._lock = threading.RLock()
        if path is not None and path.exists():
            self._open()

    @property
    def board(self) -> LabelBoard:
        """The labels; another board once the file is opened, so do not keep it."""
        return self._blank if self._journal is None else self._journal.board

    @property
    def classes(self) -> Categories:
        """Name and opaque color of each class; there are two to begin with."""
        return fill_in(self._known, self.board.counts())

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done) or self.board.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to redo."""
        return bool(self._undone) or (self._is_old and self.board.can_redo)

    def look(self) -> tuple[LabelTiles, Categories]:
        """Return labels and classes as they are now."""
        with self._lock:
            return self.board.snapshot(), self.classes

    def draw(self, stroke: Stroke) -> None:
        """Draw a stroke, or erase with the code 0.

        Raises
        ------
        WriteError
            It is drawn and cannot be saved now; the next change tries again. So for all changes.
        """
        self._change(describe_stroke(stroke), used=[stroke.code])

    def fill(self, x: float, y: float, code: int) -> None:
        """Fill the region around a place; see `LabelBoard.fill`."""
        self._change(describe_fill(x, y, code), used=[code])

    def clear(self) -> None:
        """Erase all labels but those of locked classes."""
        self._change({"op": "clear"})

    def paste(self, tiles: Mapping[Place, Codes], classes: Categories) -> None:
        """Take in labels of a file, and its classes; see `import_labels`."""
        merged = lambda known: join_classes(known, classes)  # noqa: E731
        self._change(describe_paste(tiles), merged, used=list(classes.names))

    def add(self) -> int:
        """Add a class, and return its code.

        Raises
        ------
        UsageError
            There are 255 already.
        """
        with self._lock:
            self._begin()
            known, shown = self._known, self.classes
            taken = {*known.names, *known.colors, *shown.names}
            free = [code for code in range(1, _MOST + 1) if code not in taken] or [
                code for code in range(1, _MOST + 1) if code not in shown.names
            ]
            if not free:
                raise UsageError(f"there are {_MOST} classes, and labels cannot have more")
            code, names = free[0], set(shown.names.values())
            name = next(name for name in (f"class {n}" for n in range(code, 2 * _MOST + 2)) if name not in names)
            self._unused.add(code)
            self._change(None, lambda known: join_classes(known, one_class(code, name, suggest_color(code))))
            return code

    def remove(self, code: int) -> None:
        """Remove a class and erase its labels."""
        # The name of a class that was drawn is kept, hidden, for the day on which a later server undoes this.
        is_kept = code not in self._unused
        self._change({"op": "remove", "code": code}, lambda known: leave_out(known, code, is_kept=is_kept))

    def rename(self, code: int, name: str) -> None:
        """Give a class another name.

        Raises
        ------
        UsageError
            It is empty, or that of another class; or the class is gone.
        """
        try:
            clean, classes = clean_name(name), self._check(code)
            if not clean:
                raise UsageError("a class needs a name; type one")
            if any(clean == text for one, text in classes.names.items() if one != code):
                raise UsageError(f"another class is called {clean!r}; choose another name")
        except UsageError:
            self._tell()  # what was typed goes from the pages
            raise
        self._change(None, lambda known: join_classes(known, one_class(code, clean, classes.colors[code])))

    def recolor(self, code: int, color: RGBA) -> None:
        """Give a class another color.

        Raises
        ------
        UsageError
            The class is gone.
        """
        name = self._check(code).names[code]
        self._change(None, lambda known: join_classes(known, one_class(code, name, color)))

    def _check(self, code: int) -> Categories:
        classes = self.classes
        if code not in classes.names:
            raise UsageError(f"class {code} was removed meanwhile; choose another one")
        return classes

    def lock(self, code: int, is_locked: bool) -> None:
        """Let the labels of a class be neither drawn over nor erased, or let them again; this is not undone."""
        self._change({"op": "lock" if is_locked else "unlock", "code": code})

    def undo(self) -> None:
        """Take back the last change of labels or classes, whoever made it."""
        self._go(self._done, self._undone, "undo")

    def redo(self) -> None:
        """Do once more what was undone last."""
        self._go(self._undone, self._done, "redo")

    def close(self) -> None:
        """Let go of the file."""
        self.pool.shutdown(wait=True)
        with self._lock:
            if self._journal is not None:
                self._journal.close()
            self._closing.close()

    @property
    def _known(self) -> Categories:
        """What the file says of classes: removed ones have an alpha of 0."""
        return _NO_CLASSES if self._journal is None else self._journal.classes

    def _change(
        self,
        change: Mapping[str, Any] | None,
        recast: Callable[[Categories], Categories] | None = None,
        *,
        used: Sequence[int] = (),
    ) -> None:
        """Make a change of pixels, and one of classes, as one step."""
        try:
            with self._lock:
                journal = self._begin()
                before, version = journal.classes, journal.board.version
                try:
                    changes = [] if change is None else [change]
                    _apply(journal, [*changes, *([] if recast is None else [describe_classes(recast(before))])])
                finally:
                    self._unused.difference_update(used)
                    self._note_step(journal.board.version != version, before, journal.classes)
        finally:
            self._tell()

    def _note_step(self, is_drawn: bool, before: Categories, after: Categories) -> None:
        if is_drawn or before != after:
            self._done.append(_Step(is_drawn=is_drawn, before=before, after=after))
            del self._done[:-_MOST_STEPS]
            self._undone.clear()
            self._is_old = False

    def _go(self, source: list[_Step], target: list[_Step], way: str) -> None:
        try:
            with self._lock:
                journal = self._begin()
                classes = journal.classes
                if not source and (way == "redo" and not self._is_old):
                    return
                step = source.pop() if source else _Step(is_drawn=True, before=classes, after=classes)
                wanted = step.before if way == "undo" else step.after
                changes: list[Mapping[str, Any]] = [{"op": way}] if step.is_drawn else []
                version = journal.board.version
                try:
                    _apply(journal, [*changes, *([describe_classes(wanted)] if wanted != classes else [])])
                finally:
                    if journal.board.version != version or step.before != step.after:
                        target.append(step)
        finally:
            self._tell()

    def _begin(self) -> Journal:
        """Return the journal, and open it before the first change."""
        if self._journal is None:
            self._open()
        assert self._journal is not None  # noqa: S101
        known = self._journal.classes
        if not known.names and not known.colors:
            with suppress(WriteError):  # the change that follows says so
                self._journal.apply(describe_classes(fill_in(known, self.board.counts())))
        return self._journal

    def _open(self) -> None:
        if self._path is not None:
            try:
                self._journal = Journal(self._path, self._shape, source=self._source)
                self.note = self._journal.note
                return
            except TsrasterError as error:
                self.note = f"{str(error).rstrip('.')}; what is drawn here is kept only until the server stops"
                self._path = None
        folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="tsraster"))
        self._journal = Journal(Path(folder) / "labels.jsonl", self._shape, source=self._source)

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def _apply(journal: Journal, changes: Sequence[Mapping[str, Any]]) -> None:
    """Make several changes; that one cannot be saved keeps none from being made."""
    failure: WriteError | None = None
    for change in changes:
        try:
            journal.apply(change)
            failure = None
        except WriteError as error:
            failure = error
    if failure is not None:
        raise failure
