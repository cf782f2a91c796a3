"""Arrays in NetCDF of the classic kinds, read from their own header; NetCDF-4 is HDF5, and read as that.

References
----------
The NetCDF classic format specification (CDF-1, CDF-2 and CDF-5): numbers are big-endian, names and values are padded to 4 bytes,
variables with the unlimited dimension are stored a record at a time, and a single one of them is not padded.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import ReadError
from tsraster.reading.volumes.arrays import choose_array, find_axes, take_sides
from tsraster.reading.volumes.pieces import Piece, PieceReader
from tsraster.reading.volumes.voxelsizes import find_step, find_voxel_size
from tsraster.volume import Volume, VoxelSize

_TYPES = ("", "i1", "S1", ">i2", ">i4", ">f4", ">f8", "u1", ">u2", ">u4", ">i8", ">u8")
"""By the number that the format has for them."""
_STREAMED = -1
"""The number of records where the writer did not know it."""
_MOST = 2**24
"""More names, axes or values of an attribute has no header that is sound."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One array of a file."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]
    begin: int
    is_record: bool
    stride: int = 0
    """Bytes from a record to the next."""


@dataclass(kw_only=True)
class _Header:
    """What reads the parts of a header, one after another."""

    file: BinaryIO
    version: int
    names: list[str] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)

    def integer(self, size: int = 4) -> int:
        data = self.file.read(size)
        if len(data) < size:
            raise ReadError(f"{self.file.name} is damaged: its NetCDF header is cut off")
        return int.from_bytes(data, "big", signed=True)

    def count(self) -> int:
        """Return a number that has 8 bytes in CDF-5, and 4 before."""
        return self.integer(8 if self.version == 5 else 4)

    def values(self, kind: int) -> Any:
        number = self.count()
        if not 0 < kind < len(_TYPES) or not 0 <= number < _MOST:
            raise ReadError(f"{self.file.name} is damaged: its NetCDF header makes no sense")
        dtype = np.dtype(_TYPES[kind])
        size = number * dtype.itemsize
        data = self.file.read(_pad(size))[:size]
        return data.decode("utf-8", "replace") if kind == 2 else np.frombuffer(data, dtype, len(data) // dtype.itemsize)

    def items(self, read: Callable[[str], Any]) -> dict[str, Any]:
        """Return what is in a list, by its name."""
        self.integer()
        number = self.count()
        if not 0 <= number < _MOST:
            raise ReadError(f"{self.file.name} is damaged: its NetCDF header makes no sense")
        return {name: read(name) for name in (self.values(2) for _ in range(number))}

    def attributes(self) -> dict[str, Any]:
        return self.items(lambda _: self.values(self.integer()))

    def dimension(self, name: str) -> None:
        self.names.append(name)
        self.sides.append(self.count())

    def variable(self, records: int) -> Variable:
        axes = [self.count() for _ in range(min(self.count(), 1024))]
        if not all(0 <= axis < len(self.names) for axis in axes):
            raise ReadError(f"{self.file.name} is damaged: its NetCDF header makes no sense")
        attributes, kind = self.attributes(), self.integer()
        self.count()
        begin = self.integer(4 if self.version == 1 else 8)
        is_record = bool(axes) and self.sides[axes[0]] == 0
        sides = [self.sides[axis] for axis in axes]
        return Variable(
            dimensions=tuple(self.names[axis] for axis in axes),
            shape=tuple([records, *sides[1:]] if is_record else sides),
            dtype=np.dtype(_TYPES[kind] if 0 < kind < len(_TYPES) else "S1"),
            attributes=attributes,
            begin=begin,
            is_record=is_record,
        )


def _check(path: str, variable: Variable, size: int) -> Variable:
    if variable.begin < 0 or min(variable.shape, default=0) < 0 or max(variable.shape, default=0) > size:
        raise ReadError(f"{path} is damaged: its NetCDF header makes no sense")
    return variable


def _pad(size: int) -> int:
    return -(-size // 4) * 4


def read_variables(path: str) -> dict[str, Variable]:
    """Return the variables of a classic file.

    Raises
    ------
    ReadError
        The header is damaged.
    """
    with open(path, "rb") as file:
        header = _Header(file=file, version=file.read(4)[3])
        records = header.count()
        header.items(header.dimension)
        header.attributes()
        variables: dict[str, Variable] = header.items(lambda _: header.variable(records))
    recorded = [variable for variable in variables.values() if variable.is_record]
    sizes = [math.prod(variable.shape[1:]) * variable.dtype.itemsize for variable in recorded]
    stride = sizes[0] if len(sizes) == 1 else sum(map(_pad, sizes))
    if records == _STREAMED:
        first = min((variable.begin for variable in recorded), default=0)
        records = (os.path.getsize(path) - first) // max(1, stride)
    size = os.path.getsize(path)
    return {name: _check(path, _set_records(variable, records, stride), size) for name, variable in variables.items()}


def _set_records(variable: Variable, records: int, stride: int) -> Variable:
    if not variable.is_record:
        return variable
    said = vars(variable) | {"shape": (records, *variable.shape[1:]), "stride": stride}
    return Variable(**said)


def open_netcdf(path: str, dataset: str | None = None) -> Volume:
    """Open a variable of a classic file; see `tsraster.reading.volumes.open_volume`."""
    variables = read_variables(path)
    shapes = {name: one.shape for name, one in variables.items() if one.shape and one.dtype.kind in "iuf"}
    chosen = choose_array(path, shapes, dataset)
    variable = variables[chosen]
    axes = find_axes(f"{chosen} in {path}", variable.shape)
    shape = take_sides(variable.shape, axes)
    plane = shape[1] * shape[2] * variable.dtype.itemsize
    stride = variable.stride if variable.is_record and axes[0] == 0 else plane
    piece = Piece(path=path, offset=variable.begin, planes=shape[0], stride=stride)
    nodata = np.ravel(variable.attributes.get("_FillValue", []))
    return Volume(
        name=path,
        form="netcdf",
        shape=shape,
        dtype=variable.dtype.newbyteorder("=").name,
        reader=PieceReader(path, [piece], shape, variable.dtype),
        voxel_size=_read_voxel_size(path, [variables.get(variable.dimensions[axis]) for axis in axes]),
        nodata=float(nodata[0]) if nodata.size == 1 and nodata.dtype.kind in "iuf" else None,
        files=(path,),
    )


def _read_voxel_size(path: str, scales: list[Variable | None]) -> VoxelSize | None:
    known = [scale for scale in scales if scale is not None and len(scale.shape) == 1]
    if len(known) < 3:
        return None
    units = {str(scale.attributes.get("units", "")) for scale in known}
    spacing = [find_step(_read_line(path, scale)) for scale in known]
    return find_voxel_size(spacing, units.pop() if len(units) == 1 else "", "the coordinates of the file")


def _read_line(path: str, variable: Variable) -> NDArray[Any]:
    """Return the values of a variable with one axis."""
    size = variable.dtype.itemsize
    stride = variable.stride if variable.is_record else size
    with open(path, "rb") as file:
        places = [variable.begin + i * stride for i in range(variable.shape[0])]
        return np.frombuffer(b"".join(_read_at(file, place, size) for place in places), variable.dtype)


def _read_at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size).ljust(size, b"\0")
