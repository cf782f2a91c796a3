"""`hear_notes`: what a fit has to say besides its result, for the page instead of the terminal."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from tsraster.errors import TsrasterWarning

Answer = TypeVar("Answer")

_HEARD = threading.local()


def hear_notes(work: Callable[[], Answer]) -> tuple[Answer, list[str]]:
    """Do some work, and return its result and the notes that it has given in this thread.

    `warnings.catch_warnings` would also take those of other threads, and may mute them for good.

    Examples
    --------
    >>> hear_notes(lambda: warnings.warn("made 3 classes instead of 4", TsrasterWarning))
    (None, ['made 3 classes instead of 4'])
    """
    if not isinstance(warnings.showwarning, _Listener):
        warnings.showwarning = _Listener(warnings.showwarning)
        # Else the same note is given but once.
        warnings.simplefilter("always", TsrasterWarning)
    notes: list[str] = []
    _HEARD.notes = notes
    try:
        return work(), notes
    finally:
        _HEARD.notes = None


class _Listener:
    """Shows warnings as before, but for those of a thread that listens."""

    def __init__(self, before: Callable[..., None]) -> None:
        self._before = before

    def __call__(self, message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        notes: list[str] | None = getattr(_HEARD, "notes", None)
        if notes is None or not issubclass(category, TsrasterWarning):
            self._before(message, category, *more, **named)
        elif str(message) not in notes:
            notes.append(str(message))
