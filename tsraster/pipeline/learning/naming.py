"""How result files are called where there are many: ilastik's patterns."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tsraster.errors import UsageError
from tsraster.reading.arrays import split_source

DEFAULT = "{nickname}_{result_type}"

RESULT_TYPES = {
    "probabilities": "Probabilities",
    "segmentation": "Simple Segmentation",
    "uncertainty": "Uncertainty",
    "features": "Features",
    "labels": "Labels",
}
"""What ilastik calls each result."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_FIELDS = ("dataset_dir", "nickname", "result_type")


def check_pattern(pattern: str) -> None:
    """Check a pattern.

    Raises
    ------
    UsageError
        It is empty, or has a field that is unknown.
    """
    if not pattern or "\0" in pattern:
        raise UsageError("--name is empty; give a pattern such as {nickname}_{result_type}.tif")
    unknown = [field for field in _FIELD.findall(pattern) if field not in _FIELDS]
    if unknown or "{" in _FIELD.sub("", pattern) or "}" in _FIELD.sub("", pattern):
        listed = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"--name {pattern} has a field that is unknown; choose from {listed}")


def name_result(pattern: str, source: str, export: str, folder: Path) -> Path:
    """Return where a result goes; a name that is not absolute lies in `folder`.

    Examples
    --------
    >>> name_result("{nickname}_{result_type}.h5", "data/a.png", "probabilities", Path("out")).as_posix()
    'out/a_Probabilities.h5'
    """
    file, _, inside = split_source(source) or (source, "", "")
    path = Path(file)
    fields = {
        "dataset_dir": os.path.abspath(path.parent),
        "nickname": "-".join([path.stem, *inside.split("/")]) if inside else path.stem,
        "result_type": RESULT_TYPES[export],
    }
    return folder / _FIELD.sub(lambda match: fields[match[1]], pattern)
