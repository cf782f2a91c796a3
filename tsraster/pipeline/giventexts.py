"""Texts that an option takes as they are, or from a file that is named behind an @."""

from __future__ import annotations

from pathlib import Path

from tsraster.errors import TableError
from tsraster.pipeline.imaging import PathLike


def read_given(text: str, what: str) -> tuple[str, str]:
    """Return a text and the path of its file, which is empty where the text was given as it is.

    Raises
    ------
    TableError
        The file cannot be read, or is no UTF-8 text; `what` it is, is said.
    """
    if not text.startswith("@"):
        return text, ""
    path = text[1:]
    try:
        return Path(path).read_text(encoding="utf-8-sig"), path
    except (OSError, ValueError) as error:
        cause = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", error)
        raise TableError(f"the {what} {path} cannot be read ({cause})") from None


def list_given(text: object) -> list[PathLike]:
    """Return the file that a text is in, if it is in one."""
    return [text[1:]] if isinstance(text, str) and text.startswith("@") else []
