"""Find a color table by name or path."""

import os
from pathlib import Path

from tsraster.errors import LutError, UnknownNameError
from tsraster.lut import Lut
from tsraster.lutfiles.lutformat import LUT_FORMATS
from tsraster.registry import suggestion


def shipped_folder() -> Path:
    """Return the folder of the color tables that are shipped: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "luts"
    return installed if installed.is_dir() else package.parent / "luts"


def shipped_luts() -> list[str]:
    """Return the names of the color tables that are shipped, sorted."""
    return sorted(path.stem for path in shipped_folder().glob("*.csv"))


def read_lut(source: str | os.PathLike[str]) -> Lut:
    """Read a color table.

    Parameters
    ----------
    source : str or path
        The name of a shipped table, such as ``thermal``; or a path: a file that ends in ``.csv`` is in the project's own form
        (see `tsraster.lutfiles.csvtable`), any other in GDAL's color text.

    Raises
    ------
    UnknownNameError
        It is no path, and no shipped table has that name.
    LutError
        The file cannot be read, or is wrong; the text names the line.

    Examples
    --------
    >>> read_lut("worldcover").names[0]
    'Tree cover'
    """
    text = os.fspath(source)
    path = Path(text)
    if not path.suffix and os.sep not in text and not os.path.isfile(text):
        if text not in shipped_luts():
            raise UnknownNameError(
                f"unknown color table {text!r}; {suggestion(text, shipped_luts())} (or give the path of a file)"
            )
        path = shipped_folder() / f"{text}.csv"
    parse = LUT_FORMATS["csv" if path.suffix.lower() == ".csv" else "gdal"]
    return parse(text, _read_text(path))


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise LutError(
            f"the color table {path} does not exist; one that is shipped is named without ending, such as thermal"
        ) from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise LutError(f"the color table {path} cannot be read ({cause})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LutError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8") from None
