"""Headerless volumes: voxels and nothing else, so that shape and type come from options or from the name."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsraster.errors import ReadError, TsrasterWarning, UsageError
from tsraster.reading.volumes.elementtypes import find_dtype, parse_dtype
from tsraster.reading.volumes.pieces import Piece, PieceReader, describe_shape, measure_file
from tsraster.reading.volumes.rawguesses import guess_layouts
from tsraster.reading.volumes.rawnames import RawName, parse_raw_name
from tsraster.volume import Shape, Volume


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the options say of a headerless file, each as `open_volume` takes it."""

    shape: Sequence[int] | None = None
    dtype: Any = None
    offset: int = 0
    gap: int = 0
    byte_order: str | None = None

    def list_given(self) -> list[str]:
        """Return the options that were given, as they are spelled."""
        return [f"--{name.replace('_', '-')}" for name, value in vars(self).items() if value not in (None, 0)]


def open_raw(path: str, layout: Layout) -> Volume:
    """Open a headerless file; see `tsraster.reading.volumes.open_volume`."""
    size, named = measure_file(path), parse_raw_name(path)
    shape = named.shape if layout.shape is None else check_shape(layout.shape)
    data = size - layout.offset
    if shape is None:
        raise _explain_missing(path, size, data, layout, named)
    dtype = _choose_dtype(path, data, shape, layout, named)
    element = find_dtype(dtype, layout.byte_order or named.byte_order)
    _check_size(path, size, shape, element, layout)
    _tell_name(path, shape, dtype, layout, named)
    plane = shape[1] * shape[2] * element.itemsize
    piece = Piece(path=path, offset=layout.offset, planes=shape[0], stride=plane + layout.gap)
    reader = PieceReader(path, [piece], shape, element)
    return Volume(name=path, form="raw", shape=shape, dtype=dtype, reader=reader, files=(path,))


def check_shape(shape: Sequence[int]) -> Shape:
    """Return a shape as planes, rows, columns.

    Raises
    ------
    UsageError
        It is not three whole numbers above 0.
    """
    sides = tuple(shape)
    if len(sides) != 3 or any(int(side) != side or side < 1 for side in sides):
        text = ",".join(map(str, sides))
        raise UsageError(
            f"--shape {text} is no shape of a volume; give planes,rows,columns (z,y,x), such as 400,400,400"
        )
    planes, rows, cols = (int(side) for side in sides)
    return planes, rows, cols


def _choose_dtype(path: str, data: int, shape: Shape, layout: Layout, named: RawName) -> str:
    if layout.dtype is not None:
        return parse_dtype(layout.dtype)
    if named.dtype is not None:
        return named.dtype
    each = data / math.prod(shape)
    if each == 1:
        return "uint8"
    fitting = {2: "uint16 or int16", 4: "float32, uint32 or int32", 8: "float64"}.get(int(each) if each % 1 == 0 else 0)
    said = f"{each:g} bytes for each of {describe_shape(shape)}"
    raise UsageError(
        f"{path} has {said}: give --dtype {fitting}"
        if fitting
        else f"{path} has {said}, which is no type; give --dtype, and see whether --shape and --offset are right"
    )


def _explain_missing(path: str, size: int, data: int, layout: Layout, named: RawName) -> UsageError:
    dtype = named.dtype if layout.dtype is None else parse_dtype(layout.dtype)
    guesses = guess_layouts(data, dtype=dtype) if data > 0 else []
    return UsageError(
        f"{path} has {size} bytes and no header that says its shape; {_list_guesses(guesses)}give --shape z,y,x and --dtype"
    )


def _list_guesses(guesses: Sequence[str]) -> str:
    return f"what would fit is {' or '.join(guesses)}; " if guesses else ""


def _check_size(path: str, size: int, shape: Shape, dtype: np.dtype[Any], layout: Layout) -> None:
    """Raise an error unless the file has as many bytes as it must have, no more and no fewer."""
    if layout.offset < 0 or layout.gap < 0:
        raise UsageError(f"--offset {layout.offset} and --gap {layout.gap} are numbers of bytes, from 0")
    needed = layout.offset + math.prod(shape) * dtype.itemsize + (shape[0] - 1) * layout.gap
    if size == needed:
        return
    behind = "".join(
        f" with --{name} {value}" for name, value in (("offset", layout.offset), ("gap", layout.gap)) if value
    )
    guesses = guess_layouts(size - layout.offset, shape=shape, dtype=dtype.name) if size > layout.offset else []
    lack = f"{abs(needed - size)} byte{'s' * (abs(needed - size) != 1)} too {'few' if size < needed else 'many'}"
    raise ReadError(
        f"{path} has {size} bytes, and {describe_shape(shape, dtype)}{behind} take {needed}: {lack}; "
        f"{_list_guesses(guesses)}" + ("or the file is cut off" if size < needed else "see what is right")
    )


def _tell_name(path: str, shape: Shape, dtype: str, layout: Layout, named: RawName) -> None:
    """Warn where an option contradicts the name, or the order of the numbers in a name decides."""
    said = []
    if named.shape is not None and layout.shape is not None and shape not in (named.shape, named.shape[::-1]):
        said.append(
            f"its name says {' x '.join(map(str, named.shape[::-1]))}, and --shape {','.join(map(str, shape))} is taken"
        )
    if named.dtype not in (None, dtype):
        said.append(f"its name says {named.dtype}, and --dtype {dtype} is taken")
    if named.byte_order is not None and layout.byte_order not in (None, named.byte_order):
        said.append(f"its name says {named.byte_order}, and --byte-order {layout.byte_order} is taken")
    if named.shape is not None and layout.shape is None and shape[0] != shape[2]:
        other = ",".join(map(str, shape[::-1]))
        said.append(
            f"its name is taken as width x height x planes: {shape[0]} planes of {shape[1]} rows and {shape[2]} columns; "
            f"--shape {other} takes it the other way"
        )
    for one in said:
        warnings.warn(f"{path}: {one}", TsrasterWarning, stacklevel=2)
