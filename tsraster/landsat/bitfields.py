"""Several small codes in the bits of one number: `BitField`, how they are decoded, and how STAC describes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingSourceError, ReadError, UsageError

_MOST_BITS = 64
_MOST_BYTES = 16 * 2**20
_FIELDS = "classification:bitfields"


@dataclass(frozen=True)
class BitField:
    """Some neighboring bits of a number, and what their codes mean.

    Parameters
    ----------
    name : text
        Such as ``cloud_confidence``.
    offset : int
        Of the lowest bit, counted from 0.
    length : int
        Number of bits.
    meanings : pairs of int and text
        The codes that have a name.

    Raises
    ------
    DataError
        There are no such bits in a number.

    Examples
    --------
    >>> field = BitField("cloud_confidence", 8, 2, ((0, "not_set"), (1, "low"), (2, "medium"), (3, "high")))
    >>> field.extract(np.array([22280, 21824], np.uint16))
    array([3, 1], dtype=uint8)
    """

    name: str
    offset: int
    length: int
    meanings: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if self.offset < 0 or self.length < 1 or self.offset + self.length > _MOST_BITS:
            raise DataError(
                f"the bit field {self.name!r} has offset {self.offset} and length {self.length}, beyond 64 bits"
            )

    def extract(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the code of each number, shape (...), in the smallest unsigned type that holds the bits."""
        mask = (1 << self.length) - 1
        size = values.dtype.itemsize if values.dtype.itemsize * 8 >= self.offset + self.length else 8
        # By way of the unsigned type of its own size, so that a sign does not spill into bits that are not there.
        wide = values.astype(f"u{values.dtype.itemsize}", copy=False).astype(f"u{size}", copy=False)
        codes: NDArray[Any] = (wide >> self.offset) & wide.dtype.type(mask)
        return codes.astype(np.min_scalar_type(mask))

    def find_code(self, meaning: str) -> int:
        """Return the code of a meaning, or of its number as a text.

        Raises
        ------
        UsageError
            The field has no such meaning.
        """
        for code, name in self.meanings:
            if name.lower() == meaning.lower():
                return code
        if meaning.isdecimal() and int(meaning) < 1 << self.length:
            return int(meaning)
        known = ", ".join(f"{name} ({code})" for code, name in self.meanings) or f"0 to {(1 << self.length) - 1}"
        raise UsageError(f"the bit field {self.name} has no {meaning!r}; it has {known}")


def decode_bits(values: NDArray[Any], fields: Sequence[BitField]) -> dict[str, NDArray[Any]]:
    """Decode numbers to the codes of each field.

    Parameters
    ----------
    values : array of integers, shape (...)
        As they are in a raster of quality bits.
    fields : sequence of BitField
        What the bits mean.

    Returns
    -------
    dict
        By the name of the field: arrays of unsigned integers, shape (...).

    Raises
    ------
    DataError
        The values are no integers.

    Examples
    --------
    >>> fields = [BitField("fill", 0, 1), BitField("cloud", 1, 1), BitField("confidence", 2, 2)]
    >>> {name: int(codes[0]) for name, codes in decode_bits(np.array([6]), fields).items()}
    {'fill': 0, 'cloud': 1, 'confidence': 1}
    """
    check_integers(values)
    return {field.name: field.extract(values) for field in fields}


def check_integers(values: NDArray[Any]) -> None:
    """Refuse numbers that have no bits.

    Raises
    ------
    DataError
        They are no integers.
    """
    if values.dtype.kind not in "iu":
        raise DataError(f"quality bits are integers, and not {values.dtype}")


def read_bitfields(
    source: str | os.PathLike[str] | Mapping[str, Any], *, asset: str | None = None
) -> tuple[BitField, ...]:
    """Read the bit fields that STAC describes as ``classification:bitfields``.

    Parameters
    ----------
    source : path or dict
        A STAC item, one of its assets, or only the list of fields under its name.
    asset : text, optional
        Key of the asset, or the name of its file, where several have bit fields.

    Returns
    -------
    tuple of BitField
        In the order of the list.

    Raises
    ------
    MissingSourceError, ReadError
        The file cannot be read or is no JSON.
    DataError
        It describes no bit fields, or wrong ones.
    UsageError
        Several assets have them, and none is named; or none has that name.

    References
    ----------
    https://github.com/stac-extensions/classification

    Examples
    --------
    >>> cloud = {"name": "cloud", "offset": 3, "length": 1, "classes": [{"value": 1, "name": "cloud"}]}
    >>> read_bitfields({"classification:bitfields": [cloud]})
    (BitField(name='cloud', offset=3, length=1, meanings=((1, 'cloud'),)),)
    """
    name = "the description" if isinstance(source, Mapping) else os.fspath(source)
    record = source if isinstance(source, Mapping) else _read_json(Path(source))
    found = _find_lists(record)
    if not found:
        raise DataError(f"{name} describes no bit fields: it has no {_FIELDS}")
    entries = found[_choose(found, asset, name)]
    try:
        fields = tuple(_build_field(entry) for entry in entries)
    except (KeyError, TypeError, ValueError) as error:
        said = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{name} has a wrong bit field in {_FIELDS}: {said[:200]}") from None
    if not fields or len({field.name for field in fields}) < len(fields):
        raise DataError(f"{name} has {'two bit fields of one name' if fields else 'an empty list'} in {_FIELDS}")
    return fields


def _read_json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise MissingSourceError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise ReadError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > _MOST_BYTES:
        raise ReadError(f"{path} is larger than {_MOST_BYTES // 2**20} MiB and no description of bit fields")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{path} is no JSON ({str(error)[:80]})") from None


def _find_lists(record: Any) -> dict[tuple[str, str], list[Any]]:
    """Return each list of fields by the key of its asset and the name of its file."""
    if not isinstance(record, Mapping):
        return {("", ""): record} if isinstance(record, list) else {}
    own = _find_list(record)
    assets = record.get("assets")
    found = {("", ""): own} if own is not None else {}
    for key, asset in assets.items() if isinstance(assets, Mapping) else ():
        fields = _find_list(asset)
        if fields is not None:
            found[str(key), PurePath(str(asset.get("href", ""))).name] = fields
    return found


def _find_list(record: Any) -> list[Any] | None:
    """Return the fields of an asset, or of the first of its bands that has any."""
    if not isinstance(record, Mapping):
        return None
    bands = [band for key in ("raster:bands", "bands") if isinstance(record.get(key), list) for band in record[key]]
    lists = [one.get(_FIELDS) for one in (record, *bands) if isinstance(one, Mapping)]
    return next((fields for fields in lists if isinstance(fields, list)), None)


def _choose(found: Mapping[tuple[str, str], list[Any]], asset: str | None, name: str) -> tuple[str, str]:
    wanted = (asset or "").lower()
    keys = [key for key in found if not wanted or wanted in (key[0].lower(), key[1].lower())]
    if len(keys) == 1 or (not wanted and ("", "") in keys):
        return keys[0]
    known = ", ".join(key[0] for key in found if key[0]) or "none with a name"
    raise UsageError(
        f"{name} has bit fields of {known}{f', and not of {asset!r}' if asset else ''}; name one of these assets"
    )


def _build_field(entry: Any) -> BitField:
    if not isinstance(entry, Mapping):
        raise TypeError(f"{str(entry)[:40]!r} is no field")
    offset, length = _take_int(entry, "offset"), _take_int(entry, "length")
    classes = entry.get("classes", [])
    if not isinstance(classes, list) or not all(isinstance(one, Mapping) for one in classes):
        raise TypeError("classes is no list of classes")
    meanings = tuple((_take_int(one, "value"), str(one.get("name") or one.get("description", ""))) for one in classes)
    if not 0 < length <= _MOST_BITS or any(not 0 <= code < 1 << length for code, _ in meanings):
        raise ValueError(f"the value of a class is beyond {length} bits")
    return BitField(str(entry.get("name") or f"bits_{offset}_{length}"), offset, length, meanings)


def _take_int(entry: Mapping[str, Any], key: str) -> int:
    value = entry[key]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{key} is {str(value)[:40]!r} and no whole number")
    return value
