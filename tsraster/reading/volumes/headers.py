"""What headers of text have in common: their lines, and the files with voxels that they name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from tsraster.errors import MissingSourceError, ReadError

_LONGEST = 2**20
"""No header is longer; what is has none."""
_PATTERN = re.compile(r"[^%]*%0?[0-9]{0,2}d[^%]*")
_MOST_FILES = 1_000_000


def read_lines(path: str, is_last: Callable[[str], bool], *, detached: bool = False) -> tuple[list[str], int]:
    """Return the lines of a header and the bytes they take.

    Parameters
    ----------
    path : str
        The file.
    is_last : callable
        Takes a line; True for that which ends the header.
    detached : bool
        Whether the header may just as well end with the file.

    Raises
    ------
    ReadError
        The header does not end.
    """
    lines: list[str] = []
    with open(path, "rb") as file:
        while file.tell() < _LONGEST:
            line = file.readline(_LONGEST)
            text = line.decode("latin-1").rstrip("\r\n")
            if line:
                lines.append(text)
            if is_last(text) or not line:
                if not line and not detached:
                    break
                return lines, file.tell()
    raise ReadError(f"the header of {path} has no end; the file is damaged, or not what its name says")


def find_beside(header: str, name: str) -> str:
    """Return the path of a file with voxels, which a header names.

    Raises
    ------
    ReadError
        It is not beside the header or below: a header from elsewhere must not reach other files.
    MissingSourceError
        It is not there.
    """
    parts = re.split(r"[\\/]+", name)
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in parts or not name.strip():
        raise ReadError(
            f"{header} names its voxels {name!r}; only a file beside the header is read: put it there, and write its name alone"
        )
    path = os.path.join(os.path.dirname(header), *(part for part in parts if part != "."))
    if not os.path.isfile(path):
        raise MissingSourceError(f"{path} does not exist, and {header} says that it holds the voxels")
    return path


def list_pattern(header: str, text: str, planes: int) -> list[str]:
    """Return the names of ``slice%03d.raw 1 100 1``: a pattern, the first number, the last, and the step.

    Raises
    ------
    ReadError
        It is no such pattern, or one of too many files.
    """
    words = text.split()
    numbers: list[int] = []
    while len(words) > 1 and len(numbers) < 3 and re.fullmatch(r"[+-]?[0-9]+", words[-1]):
        numbers.insert(0, int(words.pop()))
    pattern = " ".join(words)
    first = numbers[0] if numbers else 1
    step = numbers[2] if len(numbers) > 2 else 1
    last = numbers[1] if len(numbers) > 1 else first + planes - 1
    if not _PATTERN.fullmatch(pattern) or step == 0 or not 0 <= (last - first) // step < _MOST_FILES:
        raise ReadError(f"{header} names its voxels {text!r}, which is no pattern such as slice%03d.raw 1 100 1")
    return [pattern % number for number in range(first, last + (1 if step > 0 else -1), step)]
