"""What a voxel is made of: names of types, those of NumPy and those of ImageJ, and the order of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsraster.errors import ReadError, UsageError

TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
"""What is read."""

_IMAGEJ = {
    "8-bit": "uint8",
    "16-bit unsigned": "uint16",
    "16-bit signed": "int16",
    "32-bit unsigned": "uint32",
    "32-bit signed": "int32",
    "32-bit real": "float32",
    "64-bit real": "float64",
}
"""As the dialog Import > Raw of ImageJ has them."""

_OTHERS = {
    "8bit": "uint8",
    "16bit": "uint16",
    "16-bit": "uint16",
    "byte": "uint8",
    "uchar": "uint8",
    "ushort": "uint16",
    "short": "int16",
    "float": "float32",
    "double": "float64",
}
_REFUSED = {
    "1-bit bitmap": "voxels of one bit are not read; save them as 8-bit",
    **dict.fromkeys(
        ("24-bit rgb", "24-bit rgb planar", "24-bit bgr", "32-bit argb", "32-bit abgr", "rgb"),
        "colors are not read as a volume, because a voxel is one number; convert them to 8-bit gray, or save one channel",
    ),
    "24-bit integer": "integers of 24 bits are not read; save them as 32-bit",
}


def parse_dtype(name: Any) -> str:
    """Return the name that NumPy has for a type of voxels.

    Parameters
    ----------
    name : str or numpy dtype
        A name of NumPy, such as ``uint16``, or of ImageJ, such as ``16-bit Unsigned``; capital letters make no difference.

    Raises
    ------
    UsageError
        There is no such type, or it is not one number a voxel.

    Examples
    --------
    >>> parse_dtype("16-bit Unsigned")
    'uint16'
    """
    text = name if isinstance(name, str) else np.dtype(name).name
    plain = " ".join(text.lower().split())
    if plain in _REFUSED:
        raise UsageError(f"--dtype {text}: {_REFUSED[plain]}")
    found = plain if plain in TYPES else _IMAGEJ.get(plain) or _OTHERS.get(plain)
    if found is None:
        raise UsageError(
            f"{text!r} is no type of voxels; choose from {', '.join(TYPES)}, or ImageJ's names such as 16-bit Unsigned"
        )
    return found


def find_dtype(dtype: str, byte_order: str | None) -> np.dtype[Any]:
    """Return a type of NumPy with its byte order; little where none is given.

    Raises
    ------
    UsageError
        The byte order is neither little nor big.
    """
    if byte_order not in (None, "little", "big"):
        raise UsageError(f"{byte_order!r} is no byte order; choose little or big")
    return np.dtype(dtype).newbyteorder(">" if byte_order == "big" else "<")


def check_type(dtype: np.dtype[Any], name: str) -> str:
    """Return the name of a type that a file has; one of bits counts as bytes.

    Raises
    ------
    ReadError
        It is not one plain number.
    """
    if dtype.kind == "b":
        return "uint8"
    if dtype.newbyteorder("=").name not in TYPES:
        raise ReadError(f"{name} holds voxels of type {dtype}, which are not read; what is read is {', '.join(TYPES)}")
    return str(dtype.newbyteorder("=").name)


def make_native(planes: Any) -> Any:
    """Return an array in the byte order of the machine, in place where it can be; truth values become 0 and 1."""
    if planes.dtype.kind == "b":
        return planes.view(np.uint8)
    return (
        planes
        if planes.dtype.isnative
        else planes.byteswap(inplace=planes.flags.writeable).view(planes.dtype.newbyteorder("="))
    )
