"""Adobe's ``.act``: up to 256 colors by position, red, green, blue in turn, one of which can be transparent.

A file has 768 bytes, or 772: then the last four say how many of the colors are used, and which is transparent, as two big-endian
numbers; 65535 is none.

References
----------
Adobe Photoshop File Formats Specification, October 2013, "Color Table".
"""

from __future__ import annotations

import struct

from tsraster.lut import RGBA, Lut
from tsraster.lutfiles.imagejlut import interleaved, is_rougher, planar, to_colors
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat

_MOST = 256
_NONE = 0xFFFF
"""In place of the position of the transparent color."""


def read_adobe(file: LutFile) -> Lut:
    """Read the colors that are used; the transparent one keeps its red, green and blue.

    A table of 768 bytes that would be far smoother with the bytes in the order of ImageJ's is warned of.

    Examples
    --------
    >>> two = bytes([0, 99, 0, 0, 0, 255]) + bytes(762)
    >>> read_adobe(LutFile(name="mine", data=two + bytes([0, 2, 0, 1]))).colors
    ((0, 99, 0, 255), (0, 0, 255, 0))
    """
    data = file.data
    if len(data) not in (768, 772):
        raise file.error(f"{len(data)} bytes are no Adobe color table; it has 768, or 772 with the number of colors")
    colors = list(to_colors(interleaved(data)))
    if len(data) == 768:
        _check_order(file)
        return file.table(kind="index", colors=colors)
    count, transparent = _read_end(file, colors)
    if transparent < count:
        colors[transparent] = (*colors[transparent][:3], 0)
    return file.table(kind="index", colors=colors[:count])


def _check_order(file: LutFile) -> None:
    if is_rougher(interleaved(file.data), planar(file.data)):
        file.warn(
            "read with red, green, blue in turn, as Adobe does, the colors jump; with all reds first they do not: "
            "this looks like an ImageJ table, so name it .lut or say --lut-format imagej"
        )


def _read_end(file: LutFile, colors: list[RGBA]) -> tuple[int, int]:
    """Return how many colors there are, and which is transparent; a position behind the colors means none."""
    count, transparent = struct.unpack(">HH", file.data[768:])
    if count == 0:
        return _MOST, transparent
    swapped, other = struct.unpack("<HH", file.data[768:])
    # The unused colors are black, so one color with others behind it is 256 in the other order of bytes.
    if 1 <= swapped <= _MOST and (count > _MOST or (swapped == _MOST and any(any(color[:3]) for color in colors[1:]))):
        file.warn(
            f"its end says {count} colors; read from the low byte, which Photoshop does not do, it says {swapped}"
        )
        return swapped, other
    if count > _MOST:
        raise file.error(f"its end says {count} colors; there are 1 to {_MOST}")
    return count, transparent


def write_adobe(lut: Lut) -> bytes:
    """Write 768 bytes where these say it all, else 772."""
    table = lut.array[:, :3].tobytes().ljust(3 * _MOST, b"\0")
    if len(lut) == _MOST and lut.is_opaque:
        return table
    transparent = next((i for i, color in enumerate(lut.colors) if color[3] == 0), _NONE)
    return table + struct.pack(">HH", len(lut), transparent)


ADOBE = LutFormat(
    title="Adobe .act",
    endings=(".act",),
    capacity=Capacity(kinds=("index",), alpha="one", by_code=True, largest=_MOST - 1, entries=_MOST),
    read=read_adobe,
    write=write_adobe,
)
