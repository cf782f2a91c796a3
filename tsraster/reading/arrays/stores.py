"""Files of arrays: HDF5, Zarr and NumPy, each as a store of arrays with attributes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import MissingExtraError, MissingSourceError, ReadError, UsageError

ENDINGS = {".h5": "HDF5", ".hdf5": "HDF5", ".ilp": "HDF5", ".npy": "NumPy", ".zarr": "Zarr"}
"""What an ending stands for."""

EXPORTED = "exported_data"
"""The dataset that ilastik writes."""

_KINDS = "biuf"
_MOST_NAMED = 8


@dataclass(kw_only=True)
class Store:
    """A file of arrays that is open."""

    path: str
    arrays: Mapping[str, Any]
    """All arrays of numbers by their path; that of a file with one array is empty."""
    read_attributes: Callable[[str], Mapping[str, Any]] = field(default=lambda _: {})
    """Returns those of the array of a path, be it one of numbers or not; none where it is not there."""
    close: Callable[[], Any] = field(default=lambda: None)
    is_threadsafe: bool = True

    def choose(self, inside: str) -> str:
        """Return the path of the array that is meant: that which was named, else ilastik's, else the only one.

        Raises
        ------
        UsageError
            There is no array of that path, or one has to be named.
        ReadError
            There is none at all.
        """
        if inside and inside not in self.arrays:
            raise UsageError(f"{self.path} has no array {inside!r}; choose from {self._list() or 'none'}")
        if inside or EXPORTED in self.arrays:
            return inside or EXPORTED
        pictures = [path for path, array in self.arrays.items() if len(array.shape) > 1]
        if len(pictures) == 1:
            return pictures[0]
        if pictures:
            raise UsageError(
                f"{self.path} holds {len(pictures)} arrays; name one, as in {self.path}/{pictures[0]}: {self._list()}"
            )
        raise ReadError(f"{self.path} holds no array of numbers with two axes or more; it has {self._list() or 'none'}")

    def _list(self) -> str:
        named = [f"{path} ({' x '.join(map(str, array.shape))})" for path, array in self.arrays.items()]
        more = [f"and {len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
        return ", ".join([*named[:_MOST_NAMED], *more])


def split_source(source: str | os.PathLike[str]) -> tuple[str, str, str] | None:
    """Return file, format and the path inside of a source such as ``file.h5/exported_data``; None if it is no file of arrays.

    Examples
    --------
    >>> split_source("out/cells.h5/volume/data")
    ('out/cells.h5', 'HDF5', 'volume/data')
    >>> split_source("out/cells.tif")
    """
    name = os.fspath(source).replace(os.sep, "/")
    if name.startswith("/vsi") or "://" in name:
        return None
    parts = name.split("/")
    for i, part in enumerate(parts, start=1):
        form, path = ENDINGS.get(os.path.splitext(part)[1].lower()), "/".join(parts[:i])
        # A folder may be called scans.h5; that of Zarr is the file itself.
        if form is not None and (form == "Zarr" or i == len(parts) or not os.path.isdir(path)):
            return path, form, "/".join(parts[i:]).strip("/")
    return None


def open_store(path: str, form: str) -> Store:
    """Open a file of arrays for reading.

    Raises
    ------
    MissingSourceError, ReadError
        It is not there, or cannot be read.
    MissingExtraError
        The library for it is not installed.
    """
    if not os.path.lexists(path):
        raise MissingSourceError(f"{path} does not exist")
    try:
        return {"HDF5": _open_hdf5, "NumPy": _open_npy, "Zarr": _open_zarr}[form](path)
    except (ReadError, MissingExtraError):
        raise
    except Exception as error:  # whatever a codec, a store or damaged metadata raise
        raise ReadError(f"{path} cannot be read as {form}, or is damaged ({error})") from None


def _open_npy(path: str) -> Store:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.memmap) or array.dtype.kind not in _KINDS:
        raise ReadError(f"{path} holds no array of numbers")
    return Store(path=path, arrays={"": _MappedFile(path, array)})


class _MappedFile:
    """An array in a file that is mapped into memory anew for each part, so that none of it stays there."""

    def __init__(self, path: str, array: np.memmap[Any, Any]) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        self._map = partial(np.memmap, path, array.dtype, "r", array.offset, array.shape, "F" if is_fortran else "C")

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.array(self._map()[key])


def _open_hdf5(path: str) -> Store:
    try:
        import h5py
    except ImportError:
        raise _missing(path, "h5py", "learning") from None
    file = h5py.File(path, "r")
    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in _KINDS and item.shape:
            found[name] = item

    try:
        file.visititems(note)
    except BaseException:
        file.close()
        raise
    return Store(
        path=path,
        arrays=found,
        read_attributes=lambda name: dict(file[name].attrs) if name in file else {},
        close=file.close,
        is_threadsafe=False,
    )


def _open_zarr(path: str) -> Store:
    try:
        import zarr
    except ImportError:
        raise _missing(path, "zarr", "volumes") from None
    node: Any = zarr.open(path, mode="r")
    if isinstance(node, zarr.Array):
        return Store(path=path, arrays={"": node}, read_attributes=lambda _: _list_zarr_attributes(node))
    members = {name: item for name, item in sorted(node.members(max_depth=None)) if isinstance(item, zarr.Array)}
    return Store(
        path=path,
        arrays={name: item for name, item in members.items() if item.dtype.kind in _KINDS and item.shape},
        read_attributes=lambda name: _list_zarr_attributes(members[name]) if name in members else {},
    )


def _list_zarr_attributes(array: Any) -> dict[str, Any]:
    """Return attributes, with the names of axes and the value of empty pixels where those of each version are."""
    names = getattr(array.metadata, "dimension_names", None)
    said = {"_ARRAY_DIMENSIONS": list(names)} if names and all(names) else {}
    # In version 2 this is how nodata is said; in version 3 every array has a value of empty pixels.
    fill = array.fill_value if array.metadata.zarr_format == 2 else None
    return {**said, **({} if fill is None else {"_FillValue": fill}), **dict(array.attrs)}


def _missing(path: str, library: str, extra: str) -> MissingExtraError:
    return MissingExtraError(f"{path} needs {library}; install it with: pip install 'tsraster[{extra}]'")


def take_texts(value: Any) -> list[str]:
    """Return an attribute as a list of texts: one of a text, several of an array of them."""
    if isinstance(value, bytes | str):
        return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value]
    if value is None or not isinstance(value, Sequence | np.ndarray):
        return []
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in value]
