"""The slices of a palette table of GMT: a ramp or intervals from them and as them, and how they are spelled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from tsraster.lut import RGBA, TRANSPARENT, Lut
from tsraster.lutfiles.gmtcolors import Color, bend, spell_color
from tsraster.lutfiles.lutformat import format_key, to_bytes

REPEATS = "# tsraster repeats "
"""Begins a comment that says which of B and F are only the colors of the ends."""
STOP = "# tsraster stop "
"""Begins a comment that says a stop of a ramp: key, red, green, blue, alpha, name."""

_WORDS = {"COLOR_MODEL": "%43OLOR_MODEL", "CYCLIC": "%43YCLIC", "HINGE": "%48INGE", "RANGE": "%52ANGE"}
"""What GMT looks for in all of a line, be it a label, and how it is hidden there."""
_HIDDEN = re.compile(f"%((?:25)*)({'|'.join(hidden[1:] for hidden in _WORDS.values())})")

Stop = tuple[float, RGBA, str]


class Slice(NamedTuple):
    """A line with two keys."""

    low: float
    first: Color
    high: float
    last: Color
    label: str
    number: int = 0
    """The line."""
    is_bent: bool = False
    """Whether colors between are those of the hues between."""

    @property
    def parts(self) -> tuple[float, RGBA, float, RGBA]:
        """The keys, each with its color."""
        return self.low, self.first.levels, self.high, self.last.levels


def list_stops(slices: list[Slice]) -> list[Stop]:
    """Return the stops of a ramp; a label is for the lower end of its slice.

    Examples
    --------
    >>> red, blue = Color((255, 0, 0, 255)), Color((0, 0, 255, 255))
    >>> [key for key, _, _ in list_stops([Slice(0, red, 5, blue, ""), Slice(5, red, 9, blue, "")])]
    [0, 5, 5, 9]
    """
    stops: list[Stop] = []
    for part in slices:
        if stops and stops[-1][1] == part.first.levels:
            stops.pop()
        stops.append((part.low, part.first.levels, part.label))
        for place, color in bend(part.first, part.last)[1:-1] if part.is_bent else ():
            key = part.low * (1 - place) + part.high * place
            if stops[-1][0] < key < part.high:
                stops.append((key, color, ""))
        stops.append((part.high, part.last.levels, ""))
    return stops


def stretch(slices: list[Slice], low: float, high: float, has_hinge: bool) -> list[Slice]:
    """Return slices that reach from `low` to `high`; with a hinge what is at 0 stays there."""
    start, end = float(slices[0].low), float(slices[-1].high)
    is_hinged = has_hinge and start < 0 < end and low < 0 < high
    olds, news = ((start, 0.0, end), (low, 0.0, high)) if is_hinged else ((start, end), (low, high))
    return [part._replace(low=_map_key(part.low, olds, news), high=_map_key(part.high, olds, news)) for part in slices]


def _map_key(key: float, olds: tuple[float, ...], news: tuple[float, ...]) -> float:
    i = next(i for i, old in enumerate(olds[1:]) if float(key) <= old)
    share = (float(key) - olds[i]) / (olds[i + 1] - olds[i])
    return news[i] * (1 - share) + news[i + 1] * share


def cut_lut(lut: Lut) -> Iterator[Slice]:
    """Yield the slices of intervals, or of a ramp; none of classes."""
    if lut.kind == "intervals":
        for (low, high), color, name in zip(pairwise(lut.keys), lut.colors, lut.names, strict=True):
            yield Slice(low, Color(color), high, Color(color), name)
    elif lut.kind == "ramp" and lut.keys[0] == lut.keys[-1]:
        yield _widen(lut)
    elif lut.kind == "ramp":
        stops = zip(lut.keys, lut.colors, lut.names, strict=True)
        for (low, first, name), (high, last, _) in pairwise(stops):
            if low < high:
                yield Slice(low, Color(first), high, Color(last), name)


def _widen(lut: Lut) -> Slice:
    """Return a slice for a ramp of one key, because one that is empty is refused."""
    key, color, name = lut.keys[0], Color(lut.colors[-1]), lut.names[-1]
    for high in (key + 1, math.nextafter(key, math.inf)):
        if float(key) < float(high) < math.inf:
            return Slice(key, color, high, color, name)
    return Slice(math.nextafter(key, -math.inf), color, key, color, name)


def write_cpt(lut: Lut) -> bytes:
    """Write a color palette table, in columns that GDAL reads too where all is opaque and no name has a space.

    GMT paints values beyond the ends black and white where a table does not say. For a ramp that does not, the colors
    of its ends are added, with a comment by which they are left out on reading.
    """
    slices = list(cut_lut(lut))
    special = {"B": lut.below, "F": lut.above, "N": lut.nodata}
    ends = {"B": lut.colors[0], "F": lut.colors[-1]} if lut.kind == "ramp" else {}
    added = [letter for letter in ends if special[letter] is None]
    gap = " " if _fits_columns(lut) else "/"
    lines = [
        "# COLOR_MODEL = RGB",
        *(_spell_stops(lut) if _needs_stops(lut, slices) else ()),
        *([REPEATS + " ".join(added)] if added else []),
        *(_spell_slice(part, gap) for part in slices),
        *(_spell_classes(lut) if lut.kind == "classes" else ()),
    ]
    for letter, color in (special | {letter: ends[letter] for letter in added}).items():
        if color is not None:
            lines.append(f"{letter}\t{_spell(color, gap)}")
    return to_bytes(lines)


def _needs_stops(lut: Lut, slices: list[Slice]) -> bool:
    """Whether the slices alone would be read as something else."""
    if lut.kind != "ramp":
        return False
    is_flat = all(part.first == part.last for part in slices)
    return is_flat or list_stops(slices) != list(zip(lut.keys, lut.colors, lut.names, strict=True))


def _spell_stops(lut: Lut) -> Iterator[str]:
    for key, color, name in zip(lut.keys, lut.colors, lut.names, strict=True):
        yield STOP + " ".join([format_key(key), *map(str, color), hide_words(name)]).rstrip()


def _fits_columns(lut: Lut) -> bool:
    """Whether GDAL finds eight words in each slice."""
    special = [color for color in (lut.below, lut.above) if color is not None]
    special += [lut.nodata] if lut.nodata != TRANSPARENT else []
    opaque = all(color[3] == 255 for color in (*lut.colors, *special))
    return opaque and not any(re.search(r'[\s,:"]', name) for name in lut.names)


def _spell_slice(part: Slice, gap: str) -> str:
    low, first, high, last = part.parts
    is_skipped = first == last == TRANSPARENT
    colors = ["-", "-"] if is_skipped else [spell_color(color).replace("/", gap) for color in (first, last)]
    text = f"{format_key(low)}\t{colors[0]}\t{format_key(high)}\t{colors[1]}"
    return text + (";" if gap == " " else "\t;") + hide_words(part.label) if part.label else text


def _spell_classes(lut: Lut) -> Iterator[str]:
    for key, color, name in zip(lut.keys, lut.colors, lut.names, strict=True):
        yield f"{format_key(key)}\t{spell_color(color)}" + (f"\t;{hide_words(name)}" if name else "")


def hide_words(name: str) -> str:
    """Return a name in which GMT finds no word of its own.

    Examples
    --------
    >>> hide_words("RANGE 5"), reveal_words("%52ANGE 5")
    ('%52ANGE 5', 'RANGE 5')
    """
    name = _HIDDEN.sub(r"%25\1\2", name)
    return re.sub("|".join(_WORDS), lambda found: _WORDS[found[0]], name)


def reveal_words(label: str) -> str:
    """Return the name that was hidden."""
    shown = {hidden[1:]: word for word, hidden in _WORDS.items()}
    return _HIDDEN.sub(lambda found: f"%{found[1][2:]}{found[2]}" if found[1] else shown[found[2]], label)


def _spell(color: RGBA, gap: str) -> str:
    """Write a color, or that nothing is painted."""
    return "-" if color == TRANSPARENT else spell_color(color).replace("/", gap)
