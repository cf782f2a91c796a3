"""MetaImage: a header of lines ``Key = Value`` (.mhd), or one with the voxels behind it (.mha).

References
----------
MetaIO, ``metaImage.cxx`` (M_SetupReadFields, ReadStream, M_ReadElements) and ``metaTypes.h``: the header ends with
ElementDataFile, DimSize and ElementSpacing are x y z, MET_LONG has 4 bytes, HeaderSize of -1 counts from the end of the file.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from tsraster.errors import ReadError
from tsraster.reading.volumes.elementtypes import find_dtype
from tsraster.reading.volumes.headers import find_beside, list_pattern, read_lines
from tsraster.reading.volumes.pieces import Piece, PieceReader, measure_file
from tsraster.reading.volumes.staging import StagedReader, unpack_zlib
from tsraster.reading.volumes.voxelsizes import find_voxel_size
from tsraster.volume import PlaneReader, Shape, Volume

_TYPES = {
    "MET_CHAR": "int8",
    "MET_UCHAR": "uint8",
    "MET_SHORT": "int16",
    "MET_USHORT": "uint16",
    "MET_INT": "int32",
    "MET_UINT": "uint32",
    "MET_LONG": "int32",
    "MET_ULONG": "uint32",
    "MET_LONG_LONG": "int64",
    "MET_ULONG_LONG": "uint64",
    "MET_FLOAT": "float32",
    "MET_DOUBLE": "float64",
}

Fields = dict[str, str]


def open_metaimage(path: str) -> Volume:
    """Open a MetaImage; see `tsraster.reading.volumes.open_volume`."""
    lines, end = read_lines(path, lambda line: line.partition("=")[0].strip().lower() == "elementdatafile")
    pairs = (line.partition("=")[::2] for line in lines if "=" in line)
    fields = {key.strip().lower(): value.strip() for key, value in pairs}
    shape, dtype = _read_shape(path, fields), _read_type(path, fields)
    sources, planes = _list_sources(path, fields, shape, end)
    return Volume(
        name=path,
        form="metaimage",
        shape=shape,
        dtype=dtype.newbyteorder("=").name,
        reader=_make_reader(path, fields, sources, planes, shape, dtype),
        voxel_size=find_voxel_size(
            _read_spacing(path, fields), fields.get("distanceunits", ""), "the ElementSpacing of the header"
        ),
        files=tuple(dict.fromkeys([path, *(source for source, _ in sources)])),
    )


def _read_shape(path: str, fields: Fields) -> Shape:
    if fields.get("objecttype", "Image").lower() != "image":
        raise ReadError(f"{path} holds a MetaIO {fields['objecttype']}, and no image")
    if int(_number(path, fields, "elementnumberofchannels", 1)) != 1:
        raise ReadError(
            f"{path} has {fields['elementnumberofchannels']} numbers a voxel; a volume has one: save one channel, or gray"
        )
    sides = [int(side) for side in _numbers(path, fields, "dimsize")]
    real = sides[:3] if len(sides) > 3 and set(sides[3:]) == {1} else sides
    if len(real) != 3 or min(real) < 1:
        raise ReadError(f"{path} has the DimSize {fields.get('dimsize', '')!r}; a volume has three sides, x y z")
    return real[2], real[1], real[0]


def _read_type(path: str, fields: Fields) -> np.dtype[Any]:
    name = fields.get("elementtype", "").upper()
    if name not in _TYPES:
        raise ReadError(f"{path} has the ElementType {name or 'of nothing'!r}; what is read is {', '.join(_TYPES)}")
    if fields.get("binarydata", "True").lower().startswith("f"):
        raise ReadError(f"{path} says BinaryData = False: voxels written as text are not read; save it as binary")
    order = fields.get("binarydatabyteordermsb", fields.get("elementbyteordermsb", "False"))
    return find_dtype(_TYPES[name], "big" if order.lower().startswith("t") else "little")


def _read_spacing(path: str, fields: Fields) -> list[float | None]:
    key = next((key for key in ("elementspacing", "elementsize") if key in fields), None)
    spacing = _numbers(path, fields, key)[:3] if key else []
    return [*spacing[::-1]] if len(spacing) == 3 else [None] * 3


def _list_sources(path: str, fields: Fields, shape: Shape, end: int) -> tuple[list[tuple[str, int]], int]:
    """Return the files with the voxels, where their data begin, and how many planes each holds."""
    name = fields.get("elementdatafile", "")
    skip = int(_number(path, fields, "headersize", 0))
    if name.lower() == "local":
        return [(path, skip if skip < 0 else end)], shape[0]
    if name.split()[:1] == ["LIST"]:
        each = [*name.split(), "2"][1]
        with open(path, "rb") as file:
            file.seek(end)
            names = [line.strip() for line in file.read().decode("latin-1").splitlines() if line.strip()]
        names, planes = (names[:1], shape[0]) if each == "3" else (names, 1)
    elif "%" in name:
        names, planes = list_pattern(path, name, shape[0])[: shape[0]], 1
    else:
        names, planes = [name], shape[0]
    if len(names) * planes != shape[0]:
        raise ReadError(f"{path} names {len(names)} slices, and its DimSize says {shape[0]}; name one for each plane")
    return [(find_beside(path, one), skip) for one in names], planes


def _make_reader(
    path: str, fields: Fields, sources: list[tuple[str, int]], planes: int, shape: Shape, dtype: np.dtype[Any]
) -> PlaneReader:
    if fields.get("compresseddata", "False").lower().startswith("t"):
        # A compressed file has no known end of its header, so that -1 can only mean none.
        return StagedReader(path, [(source, max(0, skip)) for source, skip in sources], unpack_zlib, shape, dtype)
    plane = math.prod(shape[1:]) * dtype.itemsize
    pieces = [
        Piece(path=source, offset=_find_start(source, skip, planes * plane), planes=planes, stride=plane)
        for source, skip in sources
    ]
    return PieceReader(path, pieces, shape, dtype)


def _find_start(source: str, skip: int, size: int) -> int:
    return skip if skip >= 0 else max(0, measure_file(os.fspath(source)) - size)


def _number(path: str, fields: Fields, key: str, default: float) -> float:
    return _numbers(path, fields, key)[0] if key in fields else default


def _numbers(path: str, fields: Fields, key: str | None) -> list[float]:
    text = fields.get(key or "", "")
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = []
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise ReadError(f"the header of {path} has no numbers for {key}: {text!r}")
    return numbers
