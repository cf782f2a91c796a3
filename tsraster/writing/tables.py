"""Rows of numbers to CSV, texts, and other small files."""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tsraster.errors import WriteError


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file with a header line, UTF-8, and empty fields for None.

    Raises
    ------
    WriteError
        The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([["" if field is None else field for field in row] for row in rows])
    except (OSError, UnicodeEncodeError) as error:
        raise _failed(path, error) from None


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8.

    Raises
    ------
    WriteError
        The file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, UnicodeEncodeError) as error:
        raise _failed(path, error) from None


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON, UTF-8; numbers that are not finite, which JSON does not have, are null.

    Raises
    ------
    WriteError
        The file cannot be written.
    """
    text = json.dumps(_to_plain(record), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def _to_plain(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {key: _to_plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_to_plain(value) for value in item]
    plain = item.item() if isinstance(item, np.generic) else item
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file.

    Raises
    ------
    WriteError
        The file cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise _failed(path, error) from None


def _failed(path: Path, error: OSError | UnicodeEncodeError) -> WriteError:
    cause = error.strerror if isinstance(error, OSError) else "a text in it cannot be UTF-8"
    return WriteError(f"{path.name} cannot be written ({cause})")
