"""The font of a legend: how wide its texts are, where their lines break, and which characters it lacks."""

from __future__ import annotations

import importlib.util
import math
import os
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tsraster.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_FILES = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
_FAMILIES = "'DejaVu Sans', Verdana, sans-serif"
"""Verdana is as wide as DejaVu Sans, and most others are narrower: nothing overlaps where another font stands in."""
_PROBE = 64
"""Pixels at which a glyph is told from the mark for a missing one; in small sizes different glyphs look the same."""
_NARROW, _BROAD = set("fijlrtI.,:;'|!()[]/ -"), set("mwMW%@")
_MARKS = {"Zs", "Cf", "Mn", "Me"}
"""Categories of characters that show nothing by themselves."""


@dataclass(frozen=True)
class Typeface:
    """A font in two weights, measured with Pillow; without Pillow its widths are estimated.

    Parameters
    ----------
    files : (str, str)
        The paths of the regular and the bold font; empty strings are the font that Pillow brings along.
    families : str
        The CSS list of fonts for a text that a browser draws.
    is_measured : bool
        Whether Pillow is there.
    """

    files: tuple[str, str] = ("", "")
    families: str = _FAMILIES
    is_measured: bool = True

    @property
    def has_bold(self) -> bool:
        """Whether the two weights differ."""
        return not self.is_measured or self.files[0] != self.files[1]

    def load(self, size: int, *, bold: bool = False) -> FreeTypeFont:
        """Return the font as Pillow draws with it."""
        return _load(self.files[bold], size)

    def metrics(self, size: int, *, bold: bool = False) -> tuple[int, int, int]:
        """Return the pixels above and below the baseline, and the height of a capital letter."""
        if not self.is_measured:
            return round(0.93 * size), round(0.24 * size), round(0.73 * size)
        font = self.load(size, bold=bold)
        ascent, descent = font.getmetrics()
        return ascent, descent, -math.floor(font.getbbox("H", anchor="ls")[1])

    def width(self, text: str, size: int, *, bold: bool = False) -> int:
        """Return the pixels that a line takes."""
        if not self.is_measured:
            return _estimate_width(text, size, bold)
        font = self.load(size, bold=bold)
        measured = math.ceil(max(font.getlength(text), font.getbbox(text, anchor="ls")[2]))
        # A browser has another font at hand for what this one lacks.
        return max(measured, _estimate_width(text, size, bold)) if self.missing(text) else measured

    def missing(self, text: str) -> list[str]:
        """Return the characters that the font has no glyph for, each once, in order."""
        return [c for c in dict.fromkeys(text) if self.is_measured and not _has_glyph(self.files[0], c)]

    def wrap(self, text: str, size: int, most: int, *, bold: bool = False) -> list[str]:
        """Break a text into lines that are no wider than `most`: at spaces, and inside words that are wider."""
        if self.width(text, size, bold=bold) <= most:
            return [text]
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".lstrip()
            if self.width(longer, size, bold=bold) <= most:
                lines[-1] = longer
            else:
                lines += self._split(word, size, most, bold)
        return [line for line in lines if line]

    def _split(self, word: str, size: int, most: int, bold: bool) -> list[str]:
        pieces = [""]
        for character in word:
            longer = pieces[-1] + character
            if pieces[-1] and self.width(longer, size, bold=bold) > most:
                pieces.append(character)
            else:
                pieces[-1] = longer
        return pieces


def find_typeface(font: str | os.PathLike[str] | None, size: int) -> Typeface:
    """Return the font of a file; by default DejaVu Sans, or what Pillow brings along where that is not found.

    Parameters
    ----------
    font : path, optional
        A .ttf or .otf file.
    size : int
        Pixels; some fonts have only certain sizes.

    Raises
    ------
    UsageError
        The file cannot be read, or is no font, or has not this size.
    MissingExtraError
        A file is given, and Pillow, which reads it, is not installed.

    Examples
    --------
    >>> find_typeface(None, 14).width("wide", 14) > find_typeface(None, 14).width("i", 14)
    True
    """
    if font is not None:
        return _read_typeface(os.fspath(font), size)
    try:
        require_pillow()
    except MissingExtraError:
        return Typeface(is_measured=False)
    regular, bold = (_find_file(name) for name in _FILES)
    return Typeface((regular, bold or regular))


def require_pillow() -> None:
    """Raise `MissingExtraError` where Pillow is not installed."""
    try:
        import PIL.ImageFont  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            "a legend as picture needs Pillow; install it with: pip install 'tsraster[plots]'"
        ) from None


def _read_typeface(path: str, size: int) -> Typeface:
    require_pillow()
    # Pillow looks for a file of the same name elsewhere where this one is not there.
    if not os.path.isfile(path):
        raise UsageError(f"the font {path} does not exist; give the path of a .ttf or .otf file")
    try:
        family = _load(path, size).getname()[0] or ""
    except (OSError, ValueError) as error:
        raise UsageError(f"the font {path} cannot be read ({error}); give a .ttf or .otf file") from None
    plain = "".join(c for c in family if c.isalnum() or c in " -_")
    return Typeface((path, path), f"'{plain}', {_FAMILIES}" if plain.strip() else _FAMILIES)


@lru_cache(maxsize=4)
def _find_file(name: str) -> str:
    """Return the path of a font in the folder of matplotlib, which is not imported, or of the system; else an empty text."""
    from PIL import ImageFont

    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin:
        beside = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf" / name
        if beside.is_file():
            return str(beside)
    try:
        return os.fsdecode(ImageFont.truetype(name).path)  # type: ignore[arg-type]
    except OSError:
        return ""


@lru_cache(maxsize=16)
def _load(path: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)  # type: ignore[return-value]


@lru_cache(maxsize=4096)
def _has_glyph(path: str, character: str) -> bool:
    if unicodedata.category(character) in _MARKS:
        return True
    return _draw_glyph(path, character) != _draw_glyph(path, "\uffff")


def _draw_glyph(path: str, character: str) -> tuple[bytes, tuple[int, int]]:
    """Draw one character by itself; fonts draw one and the same mark for all that they lack."""
    mask = _load(path, _PROBE).getmask(character)
    return bytes(mask), mask.size


def _estimate_width(text: str, size: int, bold: bool) -> int:
    """Return a width that is rather too large than too small, in the proportions of DejaVu Sans."""
    return math.ceil(sum(map(_estimate_advance, text)) * size * (1.12 if bold else 1.0))


def _estimate_advance(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0.0
    if character in _BROAD or unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.0
    return 0.78 if character.isupper() else 0.66
