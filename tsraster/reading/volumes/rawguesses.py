"""Which shapes and types fit the size of a headerless file."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tsraster.volume import Shape

_DTYPES = ("uint8", "uint16", "float32", "float64")
"""One for each size of a voxel, the one that is met most often."""
_LONGEST = 4.0
"""No guess is this many times as long as it is wide."""
_LARGEST_HEADER = 65_536


def guess_layouts(data: int, *, shape: Shape | None = None, dtype: str | None = None, most: int = 5) -> list[str]:
    """Return options that make a file of `data` bytes fit: those that keep much of what was tried, else cubes and the like.

    Parameters
    ----------
    data : int
        Bytes of the file behind its offset.
    shape : (planes, rows, cols), optional
        What was tried.
    dtype : str, optional
        What was tried, or is known.

    Examples
    --------
    >>> guess_layouts(27_000, dtype="uint8")[0]
    '--shape 30,30,30 --dtype uint8'
    >>> guess_layouts(54_000, shape=(30, 30, 30), dtype="uint8")[0]
    '--shape 30,30,30 --dtype uint16'
    """
    near = list(_keep_shape(data, shape, dtype)) if shape is not None else []
    if near:
        return list(dict.fromkeys(near))[:most]
    free = [_write(found, name) for found, name in _fill(data, (dtype,) if dtype else _DTYPES)]
    others = [] if dtype is None else [_write(found, name) for found, name in _fill(data, _DTYPES)]
    return list(dict.fromkeys([*free, *others]))[:most]


def _keep_shape(data: int, shape: Shape, dtype: str | None) -> Iterator[str]:
    """Yield other types, other numbers of planes, and headers that explain a size."""
    voxels, plane = math.prod(shape), shape[1] * shape[2]
    for name in _DTYPES:
        if voxels * np.dtype(name).itemsize == data:
            yield _write(shape, name)
    size = np.dtype(dtype or "uint8").itemsize
    extra = data - voxels * size
    if 0 < extra <= min(_LARGEST_HEADER, data // 2):
        yield f"--offset {extra}, if that is its header"
    if data and data % (plane * size) == 0:
        yield _write((data // (plane * size), shape[1], shape[2]), dtype or "uint8")


def _fill(data: int, dtypes: tuple[str, ...]) -> list[tuple[Shape, str]]:
    """Return cubes, then square planes, then what is nearly a cube, for each type."""
    found = [(shape, name) for name in dtypes for shape in _list_shapes(data, np.dtype(name).itemsize)]
    return sorted(found, key=lambda one: _rank(one[0]))


def _rank(shape: Shape) -> tuple[int, float]:
    planes, rows, cols = shape
    return 0 if planes == rows == cols else 1 if rows == cols else 2, max(shape) / min(shape)


def _list_shapes(data: int, size: int) -> Iterator[Shape]:
    if not data or data % size:
        return
    voxels = data // size
    sides = _list_divisors(voxels, math.ceil((_LONGEST * _LONGEST * voxels) ** (1 / 3)))
    for cols in sides:
        if voxels % (cols * cols) == 0 and max(cols, voxels // cols**2) < _LONGEST * min(cols, voxels // cols**2):
            yield voxels // cols**2, cols, cols
    for low in sides:
        for middle in sides:
            high, rest = divmod(voxels, low * middle)
            if not rest and low < middle <= high < 2 * low:
                yield low, middle, high


def _list_divisors(number: int, largest: int) -> list[int]:
    """Return divisors up to a side that is not longer than guesses may be."""
    candidates = np.arange(1, min(largest, 10**6) + 1, dtype=np.int64)
    return [int(divisor) for divisor in candidates[number % candidates == 0]]


def _write(shape: Shape, dtype: str) -> str:
    return f"--shape {','.join(map(str, shape))} --dtype {dtype}"
