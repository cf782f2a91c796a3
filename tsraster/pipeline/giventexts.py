"""Texts that an option takes as they are, or from a file that is named behind an @."""

from __future__ import annotations

from pathlib import Path

from tsraster.errors import TableError, UsageError
from tsraster.pipeline.imaging import PathLike

_MOST_BYTES = 16 * 2**20


def read_given(text: str, what: str) -> tuple[str, str]:
    """Return a text and the path of its file, which is empty where the text was given as it is.

    Raises
    ------
    UsageError
        No file is named behind the @.
    TableError
        The file cannot be read, is too large, or is no UTF-8 text; `what` it is, is said.
    """
    if not text.startswith("@"):
        return text, ""
    path = text[1:]
    if not path:
        raise UsageError(f"the {what} is only an @; name its file behind it, such as @table.txt")
    try:
        return _read_text(path, what), path
    except TableError:
        raise
    except (OSError, ValueError) as error:
        cause = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", error)
        raise TableError(f"the {what} {path} cannot be read ({cause})") from None


def _read_text(path: str, what: str) -> str:
    with Path(path).open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TableError(f"the {what} {path} has more than {_MOST_BYTES // 2**20} MiB; name a text of less")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def list_given(text: object) -> list[PathLike]:
    """Return the file that a text is in, if it is in one."""
    return [text[1:]] if isinstance(text, str) and text.startswith("@") else []
