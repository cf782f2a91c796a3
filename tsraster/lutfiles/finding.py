"""Find a color table by name or path, and read it in whatever format it is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tsraster.errors import LutFormatError, UnknownNameError, UsageError
from tsraster.lut import Lut
from tsraster.lutfiles.colormaps import find_colormap, list_colormaps
from tsraster.lutfiles.lutformat import LUT_FORMATS, LutFile, LutKind
from tsraster.lutfiles.shipped import shipped_folder, shipped_luts
from tsraster.registry import suggestion

_MOST_BYTES = 2**25
"""No color table is larger; a file that is was named by mistake."""


def read_lut(source: str | os.PathLike[str], *, lut_format: str | None = None, kind: LutKind | None = None) -> Lut:
    """Read a color table.

    Parameters
    ----------
    source : str or path
        The name of a shipped table, such as ``thermal``; that of a colormap of matplotlib, colorcet or cmap where one of them is
        installed, such as ``viridis`` or ``colorcet:fire``; or the path of a file in any format of `LUT_FORMATS`.
    lut_format : str, optional
        The format of the file; by default it is found out from the content and the ending of the name.
    kind : "classes" or "ramp", optional
        What the numbers of a file are whose format leaves that open; by default whole numbers from 0 are classes.

    Raises
    ------
    UnknownNameError
        It is no path, and no table has that name; or there is no such format.
    LutFormatError
        The file cannot be read, or is wrong; the text names the path and the line.

    Warns
    -----
    LutWarning
        Other programs read the file in another way.

    Examples
    --------
    >>> read_lut("worldcover").names[0]
    'Tree cover'
    """
    text = os.fspath(source)
    if kind not in (None, "classes", "ramp"):
        raise UsageError(f"the kind {kind!r} of a color table is unknown; choose from classes, ramp")
    if os.sep in text or Path(text).suffix or os.path.isfile(text):
        return _recast(_parse(text, read_content(text), lut_format, kind), kind)
    if text in shipped_luts():
        return _recast(_parse(text, read_content(shipped_folder() / f"{text}.csv"), "csv", None), kind)
    found = find_colormap(text)
    if found is None:
        known = list_colormaps() if text else []
        shown = suggestion(text, [*shipped_luts(), *known])
        if shown.startswith("choose"):
            shown = suggestion(text, shipped_luts())
        raise UnknownNameError(f"unknown color table {text!r}; {shown} (or give the path of a file)")
    return found


def _parse(name: str, data: bytes, lut_format: str | None, kind: LutKind | None) -> Lut:
    return LUT_FORMATS[lut_format or find_format(name, data)].read(LutFile(name=name, data=data, kind=kind))


def _recast(lut: Lut, kind: LutKind | None) -> Lut:
    """Take the keys for what the user says they are."""
    if kind is None or lut.kind == kind:
        return lut
    if lut.kind not in ("classes", "ramp") or lut.percent:
        what = "a ramp in percent" if lut.percent else f"of the kind {lut.kind}"
        raise UsageError(f"{lut.name} is {what} and cannot be read as {kind}")
    return replace(lut, kind=kind)


def read_content(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    LutFormatError
        It is not there, may not be read, or is larger than any color table.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        hint = "one that is shipped is named without ending, such as thermal"
        raise _unreadable(path, f"does not exist; {hint}") from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise _unreadable(path, f"cannot be read ({cause})") from None
    if len(data) > _MOST_BYTES:
        raise LutFormatError(f"larger than {_MOST_BYTES // 2**20} MiB, and so no color table", path=os.fspath(path))
    return data


def _unreadable(path: str | os.PathLike[str], problem: str) -> LutFormatError:
    error = LutFormatError(f"the color table {path} {problem}")
    error.path = os.fspath(path)
    return error


def find_format(name: str, data: bytes) -> str:
    """Return the name of the format of a file: by its content where that leaves no doubt, else by its ending.

    Raises
    ------
    LutFormatError
        Neither tells; the text says which formats it could be.
    """
    named = list_by_ending(name)
    sure = [key for key in LUT_FORMATS if LUT_FORMATS[key].recognize(data)]
    for key in (*(key for key in named if key in sure), *sure, *named):
        return key
    if len(data) in (768, 772):
        raise LutFormatError(
            f"{len(data)} bytes can be an ImageJ table, with all reds first, or an Adobe one; name it .lut or .act, or "
            "say --lut-format imagej or --lut-format adobe",
            path=name,
        )
    return "gdal"


def list_by_ending(name: str) -> list[str]:
    """Return the formats whose files can have such a name, those with the longest ending first.

    Examples
    --------
    >>> list_by_ending("colors.CLR")
    ['esri']
    """
    found: list[tuple[int, int, str]] = []
    for key in LUT_FORMATS:
        endings = [ending for ending in LUT_FORMATS[key].endings if name.lower().endswith(ending)]
        if endings:
            found.append((-max(map(len, endings)), len(found), key))
    return [key for *_, key in sorted(found)]
