"""Many sources in one job: which there are, and which of them failed."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tsraster.errors import MissingSourceError
from tsraster.pipeline.imaging import PathLike
from tsraster.reading import natural_key

_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".jp2")
"""What is taken of a folder, in lower case."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A source that could not be worked on; the others were."""

    source: str
    problem: str


def list_sources(sources: Sequence[PathLike]) -> list[str]:
    """Return the files that are meant: files as they are, all pictures of a folder, and what a pattern such as ``*.jpg`` matches.

    Those of a folder or a pattern come in natural order, so that 10 follows 9; hidden ones are left out, and none comes twice.

    Raises
    ------
    MissingSourceError
        A folder holds no picture, or a pattern matches nothing.

    Examples
    --------
    >>> list_sources(["b.png", "a.png", "b.png"])
    ['b.png', 'a.png']
    """
    found: dict[str, None] = {}
    for source in sources:
        found.update(dict.fromkeys(_expand(os.fspath(source))))
    return list(found)


def _expand(source: str) -> list[str]:
    if os.path.isdir(source):
        inside = [os.path.join(source, name) for name in os.listdir(source) if not name.startswith(".")]
        pictures = [path for path in inside if Path(path).suffix.lower() in _PICTURES and os.path.isfile(path)]
        if not pictures:
            raise MissingSourceError(f"the folder {source} holds no picture ({', '.join(_PICTURES)})")
        return sorted(pictures, key=natural_key)
    if os.path.lexists(source) or not glob.has_magic(source):
        return [source]
    matched = sorted(glob.glob(source, recursive=True), key=natural_key)
    if not matched:
        raise MissingSourceError(f"no file matches {source}")
    return matched
