"""HDF5 read from a file that nobody vouches for: links that stay inside, sizes that are known before memory is taken.

A name is followed only where the file itself holds what it names. Soft and external links, virtual datasets and external storage
can show another file of the reader's machine as if it were part of this one, so they are refused. Nothing but numbers and texts
is read: object references, compounds and pickles are not.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, MissingSourceError, ReadError, TsrasterError

LARGEST_ARRAY = 2**33
"""Bytes of one dataset."""

LARGEST_CHUNK = 2**28
"""Bytes of one compressed piece."""

MOST_CHILDREN = 2**20
"""Names in one group."""

SMALL_ARRAY = 2**26
"""Bytes that any dataset may claim; above it, it must hold at least a part in `DEFLATE_RATIO`."""

DEFLATE_RATIO = 1100
"""Deflate makes data at most 1032 times smaller."""

_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open an HDF5 file to read, and turn what the library raises meanwhile into a `ReadError`.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    MissingSourceError
        There is no such file.
    ReadError
        It is no HDF5 file, or damaged.
    """
    h5py = import_h5py()
    if not path.is_file():
        raise MissingSourceError(f"{path} does not exist")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except TsrasterError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, zlib.error) as problem:
        reason = str(problem).strip().split("\n")[0].strip("'\"")
        raise ReadError(
            f"{path} cannot be read as an HDF5 file, it is of another kind or damaged: {reason}"
        ) from problem


def import_h5py() -> Any:
    """Return the module h5py.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError(
            "an ilastik project needs h5py; install it with: pip install 'tsraster[learning]'"
        ) from None
    return h5py


def find(group: Any, *names: str) -> Any | None:
    """Return what lies at a path of names below a group; None where a name is absent.

    Raises
    ------
    ReadError
        A name is a link to another place or another file.
    """
    h5py = import_h5py()
    found = group
    for name in names:
        encoded = name.encode()
        if not isinstance(found, h5py.Group) or "/" in name or not found.id.links.exists(encoded):
            return None
        if found.id.links.get_info(encoded).type != h5py.h5l.TYPE_HARD:
            raise ReadError(f"{name!r} in {place_of(found)} is a link to another place or file, which is not followed")
        found = found[name]
    return found


def find_group(group: Any, *names: str) -> Any | None:
    """Return a group as `find` does.

    Raises
    ------
    ReadError
        It is something else, or behind a link.
    """
    found = find(group, *names)
    if found is not None and not isinstance(found, import_h5py().Group):
        raise ReadError(f"{names[-1]!r} in {place_of(group)} must be a group and is none")
    return found


def list_children(group: Any | None, prefix: str) -> list[tuple[str, Any]]:
    """Return what a group holds under names of one prefix and a number, in the order of the numbers.

    Raises
    ------
    ReadError
        They are too many, or one is a link.
    """
    if group is None:
        return []
    if len(group) > MOST_CHILDREN:
        raise ReadError(f"{place_of(group)} has {len(group)} entries; at most {MOST_CHILDREN} are read")
    numbers = {name: int(name[len(prefix) :]) for name in group if re.fullmatch(re.escape(prefix) + "[0-9]{1,9}", name)}
    return [(name, find(group, name)) for name in sorted(numbers, key=lambda name: (numbers[name], name))]


def read_array(
    dataset: Any, kinds: str = "buif", dimensions: int | None = None, largest: int = LARGEST_ARRAY
) -> NDArray[Any]:
    """Read a dataset of numbers.

    Parameters
    ----------
    dataset : h5py.Dataset
    kinds : str
        Which kinds of numpy's types are accepted.
    dimensions : int, optional
        How many it must have.
    largest : int
        Bytes.

    Raises
    ------
    ReadError
        It is no such dataset, larger than allowed, claims more than it holds, or lies in another file.
    """
    check_array(dataset, kinds, dimensions, largest)
    return np.asarray(dataset[()])


def check_array(dataset: Any, kinds: str = "buif", dimensions: int | None = None, largest: int = LARGEST_ARRAY) -> int:
    """Return how many bytes a dataset takes in memory, after what `read_array` checks.

    Raises
    ------
    ReadError
        As `read_array`.
    """
    place = place_of(dataset)
    if not isinstance(dataset, import_h5py().Dataset) or dataset.shape is None:
        raise ReadError(f"{place} must hold numbers and does not")
    if dataset.dtype.kind not in kinds or dataset.dtype.shape:
        raise ReadError(f"{place} is of type {dataset.dtype}, which is not read here")
    if dimensions is not None and len(dataset.shape) != dimensions:
        raise ReadError(f"{place} has {len(dataset.shape)} dimensions instead of {dimensions}")
    claimed: int = math.prod(dataset.shape) * dataset.dtype.itemsize
    if claimed > largest:
        raise ReadError(f"{place} claims {claimed} bytes, shape {dataset.shape}; at most {largest} are read")
    check_storage(dataset, claimed)
    return claimed


def check_storage(dataset: Any, claimed: int) -> None:
    """Refuse data of other files, unknown filters, and small files that swell.

    Raises
    ------
    ReadError
        It is one of these.
    """
    if dataset.is_virtual or dataset.external:
        raise ReadError(f"{place_of(dataset)} takes its data from another file, which is not followed")
    creation = dataset.id.get_create_plist()
    filters = [creation.get_filter(number)[0] for number in range(creation.get_nfilters())]
    if set(filters) - set(_FILTERS) or filters.count(1) > 1:
        raise ReadError(
            f"{place_of(dataset)} is packed by filters {filters}; only {', '.join(_FILTERS.values())} are read"
        )
    held = dataset.id.get_storage_size()
    if claimed > SMALL_ARRAY and claimed > held * DEFLATE_RATIO:
        raise ReadError(f"{place_of(dataset)} claims {claimed} bytes but holds only {held}")
    if dataset.chunks is not None:
        _check_chunks(dataset, filters)


def _check_chunks(dataset: Any, filters: list[int]) -> None:
    """Refuse pieces that would be larger when unpacked than the dataset says: HDF5 itself unpacks them to any size."""
    size = math.prod(dataset.chunks) * dataset.dtype.itemsize
    if size > LARGEST_CHUNK:
        raise ReadError(f"{place_of(dataset)} has pieces of {size} bytes; at most {LARGEST_CHUNK} are read")
    if 1 not in filters:
        return
    packed_by_mask = 1 << filters.index(1)
    chunks: list[Any] = []
    dataset.id.chunk_iter(lambda info: chunks.append((info.chunk_offset, info.filter_mask, info.size)))
    for offset, mask, stored in chunks:
        if stored > 2 * size + 4096:
            raise ReadError(f"{place_of(dataset)} has a packed piece of {stored} bytes for {size}")
        if not mask & packed_by_mask:
            _check_deflated(dataset, dataset.id.read_direct_chunk(offset)[1], size)


def _check_deflated(dataset: Any, packed: bytes, size: int) -> None:
    checksum = 4
    if len(zlib.decompressobj().decompress(packed, size + checksum + 1)) > size + checksum:
        raise ReadError(f"{place_of(dataset)} has a piece that unpacks to more than its {size} bytes")


def read_number(group: Any, name: str, default: float | None = None) -> float:
    """Read one finite number out of a group.

    Raises
    ------
    ReadError
        It is absent and there is no default, or no single finite number.
    """
    found = find(group, name)
    if found is None and default is not None:
        return default
    if found is None:
        raise ReadError(f"{place_of(group)} has no {name!r}")
    numbers = read_array(found, largest=64).ravel()
    if numbers.size != 1 or not np.isfinite(numbers[0]):
        raise ReadError(f"{place_of(found)} is {numbers.tolist()}; one number is needed")
    return float(numbers[0])


def place_of(thing: Any) -> str:
    """Return the file and the name of a thing of HDF5, for messages."""
    file, name = getattr(thing, "file", None), getattr(thing, "name", None)
    return f"{Path(file.filename).name}:{name}" if file is not None and name else "the project"
