"""What the name of a headerless file says: ``berea_400x400x400_uint8.raw``, ``rock_1000x1000x1500_uint16_be.raw``.

References
----------
ImageJ, ``ij.io.ImportDialog.getDimensionsFromName``: numbers are width x height x planes, and a name that ends in ``be`` or
``le`` says the order of bytes. Those of the Open SciVis data sets, such as ``boston_teapot_256x256x178_uint8.raw``, are alike.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np

from tsraster.reading.volumes.elementtypes import TYPES
from tsraster.volume import Shape

_SIZE = re.compile(r"(?<![0-9])([1-9][0-9]*)x([1-9][0-9]*)x([1-9][0-9]*)(?![0-9])", re.IGNORECASE)
_TYPES = {
    **{name: name for name in TYPES},
    **{f"{name[0]}{np.dtype(name).itemsize * 8}": name for name in TYPES},
    "8bit": "uint8",
    "8bits": "uint8",
    "16bit": "uint16",
    "16bits": "uint16",
    "byte": "uint8",
    "uchar": "uint8",
    "ushort": "uint16",
    "short": "int16",
    "float": "float32",
    "double": "float64",
}
_ORDERS = {"le": "little", "little": "little", "be": "big", "big": "big"}


@dataclass(frozen=True, kw_only=True)
class RawName:
    """What a name says; None where it says nothing."""

    shape: Shape | None = None
    """Planes, rows, columns: the numbers of the name from the last to the first."""
    dtype: str | None = None
    byte_order: str | None = None


def parse_raw_name(path: str) -> RawName:
    """Read shape, type and byte order from the name of a file.

    Examples
    --------
    >>> parse_raw_name("teapot_256x250x178_uint8.raw").shape
    (178, 250, 256)
    """
    stem = os.path.splitext(os.path.basename(path))[0].lower()
    found = _SIZE.search(stem)
    words = re.split(r"[^0-9a-z]+", _SIZE.sub("_", stem).replace("-bit", "bit"))
    return RawName(
        shape=None if found is None else (int(found[3]), int(found[2]), int(found[1])),
        dtype=next((_TYPES[word] for word in words if word in _TYPES), None),
        byte_order=next((_ORDERS[word] for word in reversed(words) if word in _ORDERS), None),
    )
