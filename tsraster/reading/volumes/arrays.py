"""What formats of arrays have in common: which one is meant, its axes, and a reader of one that is open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError, UsageError
from tsraster.reading.volumes.elementtypes import make_native
from tsraster.volume import Shape

_MOST_NAMED = 8


class ArrayReader:
    """Read planes of an array that is open.

    Parameters
    ----------
    name : str
        What was opened, for messages.
    array : array-like
        Zarr, HDF5 or NumPy; indexed by slices.
    axes : sequence of int
        Which of its axes are z, y and x; the others have length 1.
    close : callable, optional
        Closes the file behind it.
    alone : bool
        Whether only one thread may read at a time.
    """

    def __init__(
        self, name: str, array: Any, axes: Sequence[int], close: Callable[[], Any] | None = None, *, alone: bool = False
    ) -> None:
        self.name, self.array, self.axes = name, array, tuple(axes)
        self._close = close
        self._turn: AbstractContextManager[Any] = threading.Lock() if alone else nullcontext()

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return planes, shape (plane, row, col)."""
        index: list[Any] = [0] * self.array.ndim
        for axis in self.axes:
            index[axis] = slice(None)
        index[self.axes[0]] = slice(start, stop)
        try:
            with self._turn:
                planes = np.asarray(self.array[tuple(index)])
        except Exception as error:  # whatever a codec or a store raises
            raise ReadError(f"planes {start} to {stop} of {self.name} cannot be read: {error}") from None
        return np.ascontiguousarray(make_native(planes))

    def close(self) -> None:
        """Close the file."""
        if self._close is not None:
            self._close()


def find_axes(name: str, shape: Sequence[int]) -> tuple[int, int, int]:
    """Return which axes of an array are z, y and x: those that are longer than 1 where it has more than three.

    Raises
    ------
    ReadError
        There are not three.
    """
    axes = list(range(len(shape)))
    if len(axes) > 3:
        axes = [axis for axis in axes if shape[axis] != 1]
    if len(axes) != 3 or not all(shape):
        raise ReadError(
            f"{name} has {len(shape)} axes ({' x '.join(map(str, shape))}); a volume has three, planes x rows x columns, "
            "and any others have length 1"
        )
    return axes[0], axes[1], axes[2]


def take_sides(shape: Sequence[int], axes: Sequence[int]) -> Shape:
    """Return the lengths of three axes."""
    planes, rows, cols = (int(shape[axis]) for axis in axes)
    return planes, rows, cols


def choose_array(
    source: str, shapes: Mapping[str, Sequence[int]], dataset: str | None, preferred: Sequence[str] = ()
) -> str:
    """Return the path of the array that is meant: that which was named, or the only one that is a volume.

    Parameters
    ----------
    source : str
        The file.
    shapes : mapping of str to shape
        All arrays of numbers in it.
    dataset : str or None
        What was asked for.
    preferred : sequence of str
        Paths that are taken before others, where there are several.

    Raises
    ------
    UsageError
        There is no array of that path.
    ReadError
        There is none that is a volume, or several are.
    """
    listed = _list(shapes)
    if dataset is not None:
        wanted = dataset.strip("/")
        if wanted not in shapes:
            raise UsageError(f"{source} has no array {dataset!r}; choose --dataset from {listed or 'none'}")
        return wanted
    volumes = [path for path, shape in shapes.items() if _is_volume(shape)]
    first = next((path for path in preferred if path in volumes), volumes[0] if len(volumes) == 1 else None)
    if first is not None:
        return first
    if volumes:
        raise ReadError(
            f"{source} holds {len(volumes)} volumes; choose --dataset from {_list({p: shapes[p] for p in volumes})}"
        )
    raise ReadError(
        f"{source} holds no array with three axes, planes x rows x columns; it has {listed or 'no array of numbers'}"
    )


def _is_volume(shape: Sequence[int]) -> bool:
    return len(shape) == 3 or (len(shape) > 3 and sum(side != 1 for side in shape) == 3)


def _list(shapes: Mapping[str, Sequence[int]]) -> str:
    named = [f"{path} ({' x '.join(map(str, shape))})" for path, shape in list(shapes.items())[:_MOST_NAMED]]
    more = [f"and {len(shapes) - _MOST_NAMED} more"] if len(shapes) > _MOST_NAMED else []
    return ", ".join([*named, *more])
