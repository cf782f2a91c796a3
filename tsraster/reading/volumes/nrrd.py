"""NRRD: a header of lines ``field: value``, with the voxels behind it (.nrrd) or in files of their own (.nhdr).

References
----------
Definition of the NRRD file format (teem.sourceforge.net/nrrd/format.html): axes go from the fastest to the slowest; first lines
are skipped, then data are unpacked, then bytes are skipped; a byte skip of -1 counts from the end, of raw data only.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from tsraster.errors import ReadError
from tsraster.reading.volumes.elementtypes import find_dtype
from tsraster.reading.volumes.headers import find_beside, list_pattern, read_lines
from tsraster.reading.volumes.pieces import Piece, PieceReader, measure_file
from tsraster.reading.volumes.staging import StagedReader, unpack_bzip2, unpack_gzip, unpack_text
from tsraster.reading.volumes.voxelsizes import find_voxel_size
from tsraster.volume import PlaneReader, Shape, Volume, VoxelSize

_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "int8"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "uint8"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "int16"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "uint16"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "int32"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "uint32"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
        "int64",
    ),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "uint64"),
    "float": "float32",
    "double": "float64",
}
_TEXT = ("txt", "text", "ascii")
_PACKERS = {"gz": unpack_gzip, "gzip": unpack_gzip, "bz2": unpack_bzip2, "bzip2": unpack_bzip2}

Fields = dict[str, str]


def open_nrrd(path: str) -> Volume:
    """Open a NRRD; see `tsraster.reading.volumes.open_volume`."""
    lines, end = read_lines(path, lambda line: not line.strip(), detached=True)
    fields = _read_fields(lines)
    axes = _find_axes(path, fields)
    sides = fields["sizes"].split()
    shape: Shape = (int(sides[axes[2]]), int(sides[axes[1]]), int(sides[axes[0]]))
    dtype = _read_type(path, fields)
    files = _list_files(path, fields, lines, shape)
    reader = _make_reader(path, fields, files, end, shape, dtype)
    return Volume(
        name=path,
        form="nrrd",
        shape=shape,
        dtype=dtype.newbyteorder("=").name,
        reader=reader,
        voxel_size=_read_voxel_size(fields, axes),
        files=tuple(dict.fromkeys([path, *files])),
    )


def _read_fields(lines: list[str]) -> Fields:
    """Return fields by their names, in lower case and without blanks: both ``data file`` and ``datafile`` occur."""
    pairs = (line.partition(":") for line in lines[1:] if not line.startswith("#"))
    return {
        key.strip().lower().replace(" ", ""): value.strip()
        for key, colon, value in pairs
        if colon and not value.startswith("=")
    }


def _find_axes(path: str, fields: Fields) -> list[int]:
    """Return which axes are x, y and z; those of length 1 beyond three are left out."""
    missing = [name for name in ("sizes", "type", "encoding") if name not in fields]
    if missing:
        raise ReadError(f"the header of {path} does not say its {missing[0]}")
    sides = fields["sizes"].split()
    if not all(re.fullmatch(r"[1-9][0-9]*", side) for side in sides):
        raise ReadError(f"the header of {path} has the sizes {fields['sizes']!r}, which are no numbers from 1")
    axes = list(range(len(sides)))
    if len(axes) > 3:
        axes = [axis for axis in axes if sides[axis] != "1"]
    if len(axes) != 3:
        raise ReadError(f"{path} has the sizes {fields['sizes']}; a volume has three, x y z, and one number a voxel")
    return axes


def _read_type(path: str, fields: Fields) -> np.dtype[Any]:
    name = " ".join(fields["type"].lower().split())
    if name not in _TYPES:
        raise ReadError(f"{path} has voxels of the type {fields['type']!r}, which is not read")
    dtype = find_dtype(_TYPES[name], fields.get("endian", "little").lower())
    if dtype.itemsize > 1 and "endian" not in fields and fields["encoding"].lower() not in _TEXT:
        raise ReadError(f"the header of {path} does not say its endian, which must be little or big for {name}")
    return dtype


def _list_files(path: str, fields: Fields, lines: list[str], shape: Shape) -> list[str]:
    """Return the files with the voxels; none where they are behind the header."""
    name = fields.get("datafile", "")
    if not name:
        return []
    if name.split()[0] == "LIST":
        at = next(i for i, line in enumerate(lines) if re.match(r"data ?file: *LIST", line, re.IGNORECASE))
        names = [line.strip() for line in lines[at + 1 :] if line.strip()]
    elif "%" in name:
        names = list_pattern(path, name, shape[0])
    else:
        names = [name]
    if not names or shape[0] % len(names):
        raise ReadError(f"{path} names {len(names)} files for {shape[0]} planes; each must hold equally many")
    return [find_beside(path, one) for one in names]


def _make_reader(
    path: str, fields: Fields, files: list[str], end: int, shape: Shape, dtype: np.dtype[Any]
) -> PlaneReader:
    lines, skip = (_read_skip(path, fields, key) for key in ("lineskip", "byteskip"))
    encoding = fields["encoding"].lower()
    starts = [(file, _skip_lines(file, 0, lines)) for file in files] or [(path, _skip_lines(path, end, lines))]
    if encoding == "raw":
        planes = shape[0] // len(starts)
        plane = math.prod(shape[1:]) * dtype.itemsize
        pieces = [
            Piece(path=file, offset=_find_start(file, start, skip, planes * plane), planes=planes, stride=plane)
            for file, start in starts
        ]
        return PieceReader(path, pieces, shape, dtype)
    if skip < 0:
        raise ReadError(
            f"{path} has a byte skip of {skip}, which only raw data may have, and its encoding is {encoding}"
        )
    if encoding in _TEXT:
        return StagedReader(path, [(file, start + skip) for file, start in starts], unpack_text(dtype), shape, dtype)
    if encoding not in _PACKERS:
        raise ReadError(f"{path} has the encoding {encoding!r}; what is read is raw, gzip, bzip2 and text")
    return StagedReader(path, starts, _PACKERS[encoding], shape, dtype, skip=skip)


def _read_skip(path: str, fields: Fields, key: str) -> int:
    text = fields.get(key, "0")
    if not re.fullmatch(r"-1|[0-9]+", text):
        raise ReadError(f"the header of {path} has the {key} {text!r}, which is no number")
    return int(text)


def _find_start(file: str, start: int, skip: int, size: int) -> int:
    return start + skip if skip >= 0 else max(0, measure_file(file) - size)


def _skip_lines(file: str, start: int, lines: int) -> int:
    with open(file, "rb") as stream:
        stream.seek(start)
        for _ in range(lines):
            stream.readline()
        return stream.tell()


def _read_voxel_size(fields: Fields, axes: list[int]) -> VoxelSize | None:
    vectors = re.findall(r"none|\([^)]*\)", fields.get("spacedirections", ""))
    units = re.findall(r'"([^"]*)"', fields.get("spaceunits", "") or fields.get("units", ""))
    lengths = [_measure(vector) for vector in vectors] or [_parse(word) for word in fields.get("spacings", "").split()]
    if len(lengths) <= max(axes):
        return None
    # A voxel is measured in one unit, so that axes with different ones have none that is known.
    unit = units[0] if units and len({units[axis] for axis in axes if axis < len(units)}) == 1 else ""
    return find_voxel_size([lengths[axis] for axis in axes[::-1]], unit, "the header of the NRRD")


def _measure(vector: str) -> float | None:
    numbers = [_parse(word) for word in vector.strip("()").split(",")]
    return None if None in numbers else math.hypot(*(number or 0.0 for number in numbers))


def _parse(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
