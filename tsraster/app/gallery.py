"""`Gallery`: the sources that the pages of a server show, each opened once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from tsraster.app.desk import Desk, resolve_path
from tsraster.app.labels.labeldesk import LabelDesk, find_sidecar
from tsraster.app.members import find_source
from tsraster.app.subjects import Subject, check_source, open_subject
from tsraster.errors import TsrasterError, UsageError


class Gallery:
    """All sources of a server; they are opened when they are first looked at.

    Parameters
    ----------
    desk : Desk
        Which may be opened.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._sources = list(desk.sources)
        self._open: dict[tuple[int, int | None], Subject] = {}
        self._labels: dict[tuple[str, int], LabelDesk] = {}
        self._lock = threading.Lock()

    def check(self) -> None:
        """Open all sources once, and begin to read the first, which is looked at first.

        Raises
        ------
        TsrasterError
            One cannot be opened.
        """
        for source in self._sources[1:]:
            check_source(source, self.desk.plan)
        self.open(0)

    @property
    def sources(self) -> tuple[str, ...]:
        """Paths or names of all that can be shown."""
        return tuple(self._sources)

    @property
    def titles(self) -> dict[str, int]:
        """What the sources are called, and their numbers."""
        names = [Path(source).name or source for source in self._sources]
        return {f"{number}  {name}": number - 1 for number, name in enumerate(names, start=1)}

    def open(self, number: int, plane: int | None = None) -> Subject:
        """Return a source; of a volume a plane, by default the middle one.

        Raises
        ------
        TsrasterError
            It cannot be read.
        """
        if not 0 <= number < len(self._sources):
            raise UsageError(f"there is no image {number + 1}; there are {len(self._sources)}")
        with self._lock:
            key = number, plane
            if key not in self._open:
                self._open[key] = open_subject(self._sources[number], self.desk.plan, plane)
            return self._open[key]

    def add(self, text: str) -> int:
        """Take in another source that may be opened, and return its number.

        Raises
        ------
        UsageError, MissingSourceError, ReadError
            It must not be opened, is not there, or cannot be read.
        """
        path = str(find_source(text, self.desk))
        with self._lock:
            if path in self._sources:
                return self._sources.index(path)
            subject = open_subject(path, self.desk.plan)
            self._check_inside(subject)
            self._sources.append(path)
            self._open[len(self._sources) - 1, None] = subject
            return len(self._sources) - 1

    def label(self, subject: Subject) -> LabelDesk:
        """Return the labels of a source, or of a plane, shared by all pages."""
        with self._lock:
            key = os.path.realpath(subject.source), subject.plane
            if key not in self._labels:
                plane = subject.plane if subject.planes > 1 else None
                path = find_sidecar(subject.source, self.desk, plane)
                self._labels[key] = LabelDesk(subject.raster.shape, path, source=subject.title)
            return self._labels[key]

    def _check_inside(self, subject: Subject) -> None:
        """Refuse a source that is made of others, as a VRT is, where these must not be opened."""
        try:
            for file in subject.raster.files:
                resolve_path(file, self.desk)
        except TsrasterError as error:
            subject.close()
            raise UsageError(f"{subject.title} is made of other files: {error}") from None

    def close(self) -> None:
        """Close all files."""
        for labels in self._labels.values():
            labels.close()
        for subject in self._open.values():
            subject.close()
