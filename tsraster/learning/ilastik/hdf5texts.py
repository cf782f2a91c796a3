"""Texts of an HDF5 file that nobody vouches for: fixed or variable strings, of a bounded length."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tsraster.errors import ReadError
from tsraster.learning.ilastik.hdf5access import check_storage, find, import_h5py, place_of

LARGEST_TEXT = 2**20
"""Bytes of all texts of one dataset."""


def read_text(group: Any, name: str, default: str = "") -> str:
    """Read one text out of a group, as fixed or as variable string; the default where it is absent or no text.

    Raises
    ------
    ReadError
        It is too long, or behind a link.
    """
    found = find(group, name)
    texts = read_texts(found) if found is not None and getattr(found, "shape", None) == () else ()
    return texts[0] if texts else default


def read_texts(dataset: Any) -> tuple[str, ...]:
    """Read texts, as fixed or as variable strings; nothing where they are no texts, as in the empty lists of some projects.

    Raises
    ------
    ReadError
        They are too long.
    """
    h5py = import_h5py()
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        return ()
    if h5py.check_string_dtype(dataset.dtype) is None:
        return ()
    claimed = math.prod(dataset.shape) * dataset.dtype.itemsize
    if claimed > LARGEST_TEXT or dataset.id.get_storage_size() > LARGEST_TEXT:
        raise ReadError(f"{place_of(dataset)} claims {claimed} bytes of text; at most {LARGEST_TEXT} are read")
    check_storage(dataset, claimed)
    return _gather_texts(dataset)


def _gather_texts(dataset: Any) -> tuple[str, ...]:
    """Read one by one: many variable strings may share one that is long."""
    texts: list[str] = []
    total = 0
    for index in np.ndindex(dataset.shape):
        texts.append(decode(dataset[index]))
        total += len(texts[-1])
        if total > LARGEST_TEXT:
            raise ReadError(f"{place_of(dataset)} holds more than {LARGEST_TEXT} letters")
    return tuple(texts)


def read_attribute(thing: Any, name: str) -> str:
    """Read an attribute that is one text; an empty one where it is absent or something else.

    Raises
    ------
    ReadError
        It is too long.
    """
    h5py = import_h5py()
    if name not in thing.attrs:
        return ""
    attribute = thing.attrs.get_id(name)
    if attribute.shape != () or h5py.check_string_dtype(attribute.dtype) is None:
        return ""
    if attribute.get_storage_size() > LARGEST_TEXT:
        raise ReadError(f"the attribute {name!r} of {place_of(thing)} is longer than {LARGEST_TEXT} bytes")
    return decode(thing.attrs[name])[: LARGEST_TEXT + 1]


def decode(text: Any) -> str:
    """Return a text of HDF5 as str; bytes that are no UTF-8 are replaced."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
