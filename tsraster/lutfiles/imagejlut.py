"""ImageJ's ``.lut``: 256 colors by position, as raw bytes, in the form of NIH Image, or as text.

Raw files hold 256 reds, then 256 greens, then 256 blues. NIH Image puts a header of 32 bytes before them, which says how many
colors there are; fewer than 256 are interpolated. Text has 256 rows of red, green, blue, or of a number and these. What is a
separator, a header, and a row too many is decided here as ImageJ does it.

References
----------
ImageJ 1.x, ``ij/plugin/LutLoader.java`` and ``ij/plugin/TextReader.java``.
"""

from __future__ import annotations

import re
import struct

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import LutFormatError
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, opaque, shorten

_RAW_SIZES = (768, 970)
"""ImageJ takes the first 768 of 970 bytes."""
_NIH = struct.Struct(">4sHHHH20x")
_MAGIC = b"ICOL"
_CLEAR = 3
"""How many times smoother a table must be in the other order to be taken for one of that order. A right one of red, green, blue
in turn can seem three times smoother with all reds first, where its levels are as near each other as its colors."""
_SHADES = 32
"""How many there must be for gray not to come about by chance."""
_WORD = re.compile(r"[+\--\x7f]+")
"""ImageJ takes spaces, commas, quotes and most signs before the digits in ASCII for separators; a semicolon is none."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CODE_LINE = re.compile(r"[+-]?[0-9.]+%?([ ,\t:]+[0-9]+){3}|[+-]?[0-9.]+%?[ ,\t:]+[a-z]+$", re.IGNORECASE)

Levels = NDArray[np.uint8]


def read_imagej(file: LutFile) -> Lut:
    """Read 256 colors, in any of the three forms.

    A raw table that would be far smoother with the bytes in the order of Adobe's is warned of, as is a text of which ImageJ
    leaves out what its author may have meant.

    Examples
    --------
    >>> gray = bytes(range(256)) * 3
    >>> read_imagej(LutFile(name="mine", data=gray)).colors[7]
    (7, 7, 7, 255)
    """
    if len(file.data) in _RAW_SIZES and not (file.data.startswith(_MAGIC) and len(file.data) > 768):
        return _read_raw(file)
    levels = _read_nih(file) if file.data.startswith(_MAGIC) else _read_text(file)
    return file.table(kind="index", colors=to_colors(levels))


def _read_raw(file: LutFile) -> Lut:
    levels, others = planar(file.data), interleaved(file.data)
    if is_rougher(levels, others):
        file.warn(
            "read with all reds first, as ImageJ does, the colors jump; with red, green, blue in turn they do not: "
            "this looks like an Adobe table, so name it .act or say --lut-format adobe"
        )
    return file.table(kind="index", colors=to_colors(levels))


def planar(data: bytes) -> Levels:
    """Return 256 colors, shape (256, 3), of bytes that are all reds, all greens, all blues."""
    return np.frombuffer(data, np.uint8, 768).reshape(3, 256).T


def interleaved(data: bytes) -> Levels:
    """Return 256 colors, shape (256, 3), of bytes that are red, green, blue in turn."""
    return np.frombuffer(data, np.uint8, 768).reshape(256, 3)


def is_rougher(levels: Levels, others: Levels) -> bool:
    """Tell whether bytes are clearly meant in the other order, from the colors that they give in both.

    Neighbors in a table for images are alike, so the sum of the absolute differences along the table is small in the right order.
    Shades of gray are smooth in both, and gray in the right one only.
    """
    if _is_gray(levels):
        return False
    return _roughness(levels) > _CLEAR * _roughness(others) or (_is_gray(others) and len(np.unique(others)) >= _SHADES)


def _roughness(levels: Levels) -> int:
    return int(np.abs(np.diff(levels.astype(np.int64), axis=0)).sum())


def _is_gray(levels: Levels) -> bool:
    return bool((levels == levels[:, :1]).all())


def to_colors(levels: Levels) -> tuple[RGBA, ...]:
    """Return opaque colors of levels, shape (N, 3)."""
    return tuple(opaque(*color) for color in levels.tolist())


def _read_nih(file: LutFile) -> Levels:
    if len(file.data) < _NIH.size:
        raise file.error(
            f"the header of NIH Image is cut off; it has {_NIH.size} bytes, and this file has {len(file.data)}"
        )
    _, _, count, _, _ = _NIH.unpack_from(file.data)
    if not 1 <= count <= 256:
        raise file.error(f"the header of NIH Image says {count} colors; there are 1 to 256")
    needed = _NIH.size + 3 * count
    if len(file.data) < needed:
        raise file.error(f"the file is cut off: {count} colors need {needed} bytes, and it has {len(file.data)}")
    channels = np.frombuffer(file.data, np.uint8, 3 * count, _NIH.size).reshape(3, count)
    return _stretch(channels).T


def _stretch(channels: Levels) -> Levels:
    """Interpolate to 256 colors as ImageJ does: the last ones stay near the last color, and fractions are cut off."""
    count = channels.shape[1]
    at = np.arange(256) * (count / 256)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, count - 1)
    share = at - low
    levels: Levels = ((1 - share) * channels[:, low] + share * channels[:, high]).astype(np.uint8)
    return levels


def _read_text(file: LutFile) -> Levels:
    _check_text(file)
    rows = [(number, words) for number, line in file.lines() if (words := _WORD.findall(line))]
    if rows and not any(map(_NUMBER.fullmatch, rows[0][1])):
        del rows[0]
    width = len(rows[0][1]) if rows else 0
    for number, words in rows:
        if len(words) != width or width not in (3, 4):
            raise _refuse(
                file, f"{len(words)} numbers in a row; write 3 (red green blue) or 4 (a number before them)", number
            )
    if not 256 <= len(rows) <= 258:
        raise _refuse(file, f"{len(rows)} rows of numbers, where a table for ImageJ has 256")
    rows = _cut_rows(file, rows)
    return np.array([[_parse_level(file, word, number) for word in words[-3:]] for number, words in rows], np.uint8)


def _cut_rows(file: LutFile, rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Leave out what ImageJ does of the rows, and say so."""
    if len(rows) > 256:
        file.warn(f"of {len(rows)} rows ImageJ leaves out the first, and reads the 256 after it", rows[0][0])
        rows = rows[1:257]
    if len(rows[0][1]) == 4 and [words[0] for _, words in rows] != [str(i) for i in range(256)]:
        file.warn(
            "ImageJ leaves out the first column, which is not 0, 1, ... 255; "
            "if it holds codes or values, say --lut-format gdal"
        )
    return rows


def _check_text(file: LutFile) -> None:
    """Refuse bytes that are no text, by their number."""
    try:
        if "\0" not in file.text:
            return
    except LutFormatError:
        pass
    raise file.error(
        f"{len(file.data)} bytes are no ImageJ table: raw ones have 768, those of NIH Image begin with ICOL, others are text"
    )


def _refuse(file: LutFile, problem: str, line: int | None = None) -> LutFormatError:
    """Return an error, which names the format that the text probably is of."""
    lines = [text for _, text in file.lines() if not text.startswith(("#", "/"))]
    if lines and sum(bool(_CODE_LINE.match(text)) for text in lines) * 2 > len(lines):
        problem += "; this looks like lines of a code and its color: say --lut-format gdal, or --lut-format otb"
    return file.error(problem, line)


def _parse_level(file: LutFile, word: str, number: int) -> int:
    """Read a level, of which ImageJ cuts off the fraction."""
    level = int(file.number(word, number))
    if not 0 <= level <= 255:
        raise file.error(f"{shorten(word)} is out of range; red, green and blue are 0 to 255", number)
    return level


def write_imagej(lut: Lut) -> bytes:
    """Write 256 reds, 256 greens, 256 blues, which every version of ImageJ reads."""
    return lut.array[:, :3].T.tobytes()


IMAGEJ = LutFormat(
    title="ImageJ .lut",
    endings=(".lut",),
    capacity=Capacity(kinds=("index",), by_code=True, largest=255, fixed=256),
    read=read_imagej,
    write=write_imagej,
    recognize=lambda data: data.startswith(_MAGIC) and len(data) > 768,
)
