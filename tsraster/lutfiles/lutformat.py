"""The registry of formats: from the text of a file to a `Lut`."""

from collections.abc import Callable

from tsraster.errors import LutError
from tsraster.lut import Lut
from tsraster.registry import Registry

Parser = Callable[[str, str], Lut]
"""Takes the name of the table, for texts, and the text of the file."""

LUT_FORMATS: Registry[Parser] = Registry("color table format")


def parse_level(text: str, where: str) -> int:
    """Read a red, green, blue or alpha from 0 to 255; `where` begins the text of an error."""
    try:
        level = int(text)
    except ValueError:
        raise LutError(f"{where}: {text!r} is no whole number; red, green, blue and alpha are 0 to 255") from None
    if not 0 <= level <= 255:
        raise LutError(f"{where}: {level} is out of range; red, green, blue and alpha are 0 to 255")
    return level
