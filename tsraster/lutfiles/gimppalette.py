"""GIMP's ``.gpl``: colors in an order, with names; also read by Inkscape, Krita and others.

The first line is ``GIMP Palette``; ``Name:`` and ``Columns:`` may follow, then lines of ``red green blue name``. Lines that
start with ``#`` are comments. There is no alpha.

GIMP gives every color a name: ``Untitled``, or ``Index 5`` where it came from an image. Such names say nothing, and are read
as none. A table in which a color is really called so is written with the comment ``# tsraster names``, under which each name
is kept.

References
----------
https://developer.gimp.org/core/standards/gpl
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from tsraster.lut import RGBA, Lut, clean_name
from tsraster.lutfiles.lutformat import Capacity, LutFile, LutFormat, shorten, to_bytes

_MAGIC = "GIMP Palette"
_MARK = "# tsraster names"
_HEADERS = ("name:", "columns:", "channels:")

Line = tuple[int, str]
Entry = tuple[RGBA, str]


def read_gimp(file: LutFile) -> Lut:
    """Read the colors in their order.

    Four numbers a line, which Aseprite writes under ``Channels: RGBA``, are read with their alpha; GIMP would take it for a
    name, which is said.

    Examples
    --------
    >>> text = b"GIMP Palette\\nName: map\\n#\\n  0  99   0\\twood\\n  0   0 255\\tUntitled\\n"
    >>> read_gimp(LutFile(name="mine", data=text)).names
    ('wood', '')
    """
    if not file.text.startswith(_MAGIC):
        raise file.error(
            f"the first line is {shorten(file.text.split(chr(10), 1)[0].strip())!r}, and not {_MAGIC!r}", 1
        )
    lines = list(file.lines())[1:]
    has_alpha, lines = _read_header(file, lines)
    entries = [_parse_line(file, line, has_alpha) for line in lines if not line[1].startswith("#")]
    named = any(line == _MARK for _, line in lines)
    return file.table(
        kind="index",
        colors=[color for color, _ in entries],
        names=[name if named or not _is_made_up(name, i) else "" for i, (_, name) in enumerate(entries)],
    )


def _read_header(file: LutFile, lines: list[Line]) -> tuple[bool, list[Line]]:
    """Return whether there are alphas, and the lines that are none of the header."""
    header = {number: line for number, line in _leading(lines) if not line.startswith("#")}
    has_alpha = any("".join(line.lower().split()) == "channels:rgba" for line in header.values())
    # GIMP takes a line that it does not expect in its place for a color, of which it can read no number.
    expected = {2: "Name:", 3: "Columns:"} if header.get(2, "").startswith("Name:") else {}
    black = [number for number, line in header.items() if not line.startswith(expected.get(number, "\0"))]
    if black:
        file.warn(
            f"GIMP reads {shorten(header[black[0]])!r} as a black color, since it knows only Name: in line 2 and Columns: "
            f"in line 3{', and reads alphas as names' if has_alpha else ''}",
            black[0],
        )
    return has_alpha, [line for line in lines if line[0] not in header]


def _leading(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines before the first color."""
    for number, line in lines:
        if not line.startswith("#") and not line.lower().startswith(_HEADERS):
            return
        yield number, line


def _parse_line(file: LutFile, line: Line, has_alpha: bool) -> Entry:
    number, text = line
    fields = text.split(maxsplit=4 if has_alpha else 3)
    if len(fields) < 3 + has_alpha:
        raise file.error(f"{shorten(text)!r} is no color; write red green blue name", number)
    red, green, blue = (file.level(field, number) for field in fields[:3])
    alpha = file.level(fields[3], number) if has_alpha else 255
    return (red, green, blue, alpha), "".join(fields[3 + has_alpha :])


def _is_made_up(name: str, position: int) -> bool:
    """Tell whether GIMP gives that name to a color at that position which has none."""
    return name.strip() in ("Untitled", f"Index {position}")


def write_gimp(lut: Lut) -> bytes:
    """Write the colors; one without a name gets none, and is ``Untitled`` in GIMP."""
    title = clean_name(PurePath(lut.name).stem) or "tsraster"
    marks = [_MARK] if any(_is_made_up(name, i) for i, name in enumerate(lut.names)) else ["#"]
    rows = [
        f"{red:3} {green:3} {blue:3}\t{name}".rstrip()
        for (red, green, blue, _), name in zip(lut.colors, lut.names, strict=True)
    ]
    return to_bytes([_MAGIC, f"Name: {title}", "Columns: 0", *marks, *rows])


GIMP = LutFormat(
    title="GIMP .gpl",
    endings=(".gpl",),
    capacity=Capacity(kinds=("index",), names=True),
    read=read_gimp,
    write=write_gimp,
    recognize=lambda data: data.removeprefix(b"\xef\xbb\xbf").startswith(_MAGIC.encode()),
)
