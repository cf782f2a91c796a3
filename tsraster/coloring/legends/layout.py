"""Lay out the legend of a color table: a list of swatches with names, or a bar with numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tsraster.classtable import ClassTable, format_numbers
from tsraster.coloring.legends.bars import plain_number, plan_bar, scale_ramp
from tsraster.coloring.legends.parts import Block, Legend, Part, Style, stack
from tsraster.coloring.legends.typefaces import find_typeface
from tsraster.errors import UsageError
from tsraster.lut import RGBA, Lut, clean_name

MOST_CLASSES = 256
"""Nobody finds a color among more."""
_SIZES = range(4, 201)
_LONG_COLUMN = 25
"""More entries than these stand in several columns."""
_SHAPE = 1.3
"""Width by height that a list in several columns comes near to."""
_MANY_POSITIONS = 24
"""More colors without codes or names are shown as a bar."""


@dataclass(frozen=True)
class Entry:
    """One row of a list."""

    color: RGBA
    text: str


def plan_legend(
    lut: Lut,
    *,
    title: str = "",
    unit: str = "",
    horizontal: bool = False,
    size: int = 14,
    columns: int | None = None,
    length: int | None = None,
    labels: Sequence[str] | None = None,
    font: str | os.PathLike[str] | None = None,
) -> Legend:
    """Lay out a legend; `draw_legend` and `legend_svg` draw it.

    Classes and intervals are a list in their order: a swatch, and the name, else the interval or the code. The colors below and
    above intervals, and of no data, come last unless they are transparent. A ramp is a bar with about five round
    numbers, or with the names of its stops, and with a triangle for the colors below and above. More than 24 colors
    that have only positions are a bar as well.

    Parameters
    ----------
    lut : Lut
        Of any kind.
    title : str
        Stands above, in bold.
    unit : str
        Of the values; stands behind the title in parentheses.
    horizontal : bool
        Entries side by side, and bars lying with the low end at the left; else one below the other, and the high end on top.
    size : int
        The height of the font in pixels, 4 to 200. Everything else is in proportion.
    columns : int, optional
        Of a list; by default 1 for up to 25 entries, and then so many that the legend is a little wider than high. A horizontal
        legend has as many as fit.
    length : int, optional
        Pixels from end to end, the width of a horizontal legend and the height of another: a bar becomes as long as that, and a
        list has so many columns that it fits, where that can be. By default a horizontal list is up to 50 times `size`.
    labels : sequence of str, shape (N,), optional
        In place of the names of the table; an empty one leaves the name, the interval or the code.
    font : path, optional
        A .ttf or .otf file; by default DejaVu Sans.

    Returns
    -------
    Legend

    Raises
    ------
    UsageError
        There are more than 256 classes; the labels are not as many as the colors; or another option cannot be used.
    MissingExtraError
        `font` is given and Pillow is not installed. Without Pillow and `font`, widths are estimated.

    Warns
    -----
    LossWarning
        A ramp has names for more stops than can be shown.

    Examples
    --------
    >>> lut = Lut(name="two", kind="classes", keys=(1, 7), colors=((0, 0, 255, 255), (0, 99, 0, 255)), names=("water", ""))
    >>> [text.text for text in plan_legend(lut, title="Cover").texts]
    ['Cover', 'water', '7']
    """
    _check_options(size, columns, length)
    style = Style(size, find_typeface(font, size))
    texts = clean_labels(lut, labels)
    heading = write_heading(title, unit)
    margin = style.scaled(0.6)
    room = length - 2 * margin if length is not None else None
    if is_bar(lut, texts):
        content = _plan_ramp(lut, texts, style, horizontal, _leave(room, heading, style, horizontal))
        description = f"Colors from {_ends(lut)}"
    else:
        entries = list_entries(lut, texts)
        content = _plan_list(entries, style, horizontal, columns, _leave(room, heading, style, horizontal))
        description = "; ".join(entry.text for entry in entries)
    whole = stack(
        [*_set_heading(heading, style, content.width, room if horizontal else None), content], style.scaled(0.5)
    )
    return Legend(
        width=whole.width + 2 * margin,
        height=whole.height + 2 * margin,
        parts=tuple(part.moved(margin, margin) for part in whole.parts),
        stroke=style.stroke,
        check=style.scaled(1 / 4),
        typeface=style.typeface,
        title=heading or "Legend",
        description=description,
    )


def write_heading(title: str, unit: str) -> str:
    """Return the title with the unit behind it.

    Examples
    --------
    >>> write_heading("Temperature", "K"), write_heading("", "K")
    ('Temperature (K)', 'K')
    """
    title, unit = clean_name(title), clean_name(unit)
    return f"{title} ({unit})" if title and unit else title or unit


def is_bar(lut: Lut, texts: Sequence[str]) -> bool:
    """Tell whether a table is shown as a bar of colors; `texts` are its names or what stands for them."""
    return lut.kind == "ramp" or (lut.kind == "index" and len(lut) > _MANY_POSITIONS and not any(texts))


def clean_labels(lut: Lut, labels: Sequence[str] | None) -> list[str]:
    """Return one text for each color, empty where it has none: the label, else the name.

    Raises
    ------
    UsageError
        The labels are not as many as the colors.
    """
    if labels is None:
        return list(lut.names)
    if isinstance(labels, str) or len(labels) != len(lut):
        raise UsageError(
            f"{len(labels)} labels for the {len(lut)} colors of {lut.name}; give one text for each color, in order"
        )
    return [clean_name(label) or name for label, name in zip(labels, lut.names, strict=True)]


def list_entries(lut: Lut, texts: Sequence[str]) -> list[Entry]:
    """List the rows of a legend that is no bar.

    Parameters
    ----------
    lut : Lut
        Of any kind but a ramp.
    texts : sequence of str, shape (N,)
        Names; the interval or the code stands for an empty one.

    Raises
    ------
    UsageError
        There are more than 256 classes.
    """
    if len(lut) > MOST_CLASSES:
        raise UsageError(
            f"a legend lists up to {MOST_CLASSES} classes, and the color table {lut.name} has {len(lut)}; leave out those that "
            "do not occur, or use a ramp"
        )
    keys = tuple(map(plain_number, lut.keys))
    keys = keys if len(set(keys)) == len(keys) else lut.keys
    numbers = format_numbers(keys)
    codes: Sequence[str] = numbers
    if lut.kind == "intervals":
        codes = ClassTable(codes=tuple(range(1, len(lut) + 1)), edges=keys, closed=lut.closed).intervals
    entries = [Entry(color, text or code) for color, text, code in zip(lut.colors, texts, codes, strict=True)]
    beyond = [(lut.below, f"< {numbers[0]}", lut.keys[0]), (lut.above, f"> {numbers[-1]}", lut.keys[-1])]
    before, after = (
        [Entry(color, text)] if color is not None and color[3] and math.isfinite(key) else []
        for color, text, key in beyond
    )
    return [*before, *entries, *after, *_list_no_data(lut)]


def _list_no_data(lut: Lut) -> list[Entry]:
    return [Entry(lut.nodata, "no data")] if lut.nodata[3] else []


def _check_options(size: int, columns: int | None, length: int | None) -> None:
    if size not in _SIZES:
        raise UsageError(
            f"the font size {size!r} cannot be used; give a whole number of pixels, {_SIZES[0]} to {_SIZES[-1]}"
        )
    for name, number in (("columns", columns), ("length", length)):
        if number is not None and (number < 1 or number != int(number)):
            raise UsageError(f"{name} is {number!r}; give a whole number from 1")


def _ends(lut: Lut) -> str:
    low, high = format_numbers([plain_number(lut.keys[0]), plain_number(lut.keys[-1])])
    return f"{low} % to {high} %" if lut.percent else f"{low} to {high}"


def _set_heading(heading: str, style: Style, width: int, room: int | None) -> list[Block]:
    """Set it as wide as what stands below, or a little wider where that is narrow."""
    most = max(width, min(style.scaled(20), max(room or style.scaled(20), style.scaled(6))))
    return [style.set_heading(heading, most)] if heading else []


def _leave(room: int | None, heading: str, style: Style, horizontal: bool) -> int | None:
    """Return what is left of the length beside a heading."""
    if room is None or horizontal:
        return room
    return room - sum(block.height + style.scaled(0.5) for block in _set_heading(heading, style, 0, None))


def _plan_ramp(lut: Lut, texts: Sequence[str], style: Style, horizontal: bool, room: int | None) -> Block:
    rest = [style.set_entry(entry.color, entry.text, style.scaled(24)) for entry in _list_no_data(lut)]
    gap = style.scaled(0.8)
    if room is not None and not horizontal:
        room -= sum(block.height + gap for block in rest)
    return stack([plan_bar(scale_ramp(lut, texts), style, horizontal=horizontal, length=room), *rest], gap)


def _plan_list(
    entries: Sequence[Entry], style: Style, horizontal: bool, columns: int | None, room: int | None
) -> Block:
    most = style.scaled(24)
    if horizontal:
        room = room or style.scaled(50)
        most = max(style.scaled(6), min(most, room - style.swatch[0] - style.scaled(0.55)))
    cells = [style.set_entry(entry.color, entry.text, most) for entry in entries]
    number = columns or _choose_columns(cells, style, horizontal, room)
    return _Grid(cells, style, min(number, len(cells)), horizontal).block


def _choose_columns(cells: Sequence[Block], style: Style, horizontal: bool, room: int | None) -> int:
    """Choose the most columns that fit beside each other; or the fewest that fit in the height; or those of a pleasing shape."""
    grids = [_Grid(cells, style, number, horizontal) for number in range(1, len(cells) + 1)]
    if horizontal:
        return max((grid.columns for grid in grids if grid.width <= (room or 0)), default=1)
    if room is not None:
        fitting = [grid.columns for grid in grids if grid.height <= room]
        if fitting:
            return min(fitting)
    if len(cells) <= _LONG_COLUMN:
        return 1
    return min(grids, key=lambda grid: abs(math.log(grid.width / grid.height / _SHAPE))).columns


class _Grid:
    """Entries in rows and columns, filled down the columns, or along the rows of a horizontal legend."""

    def __init__(self, cells: Sequence[Block], style: Style, columns: int, horizontal: bool) -> None:
        rows = -(-len(cells) // columns)
        self.columns = columns = -(-len(cells) // rows)
        self.cells, self.gaps = cells, (style.scaled(1.5), style.scaled(0.4))
        self.places = [divmod(i, columns)[::-1] if horizontal else divmod(i, rows) for i in range(len(cells))]
        self.widths, self.heights = [0] * columns, [0] * rows
        for cell, (column, row) in zip(cells, self.places, strict=True):
            self.widths[column] = max(self.widths[column], cell.width)
            self.heights[row] = max(self.heights[row], cell.height)

    @property
    def width(self) -> int:
        return sum(self.widths) + self.gaps[0] * (len(self.widths) - 1)

    @property
    def height(self) -> int:
        return sum(self.heights) + self.gaps[1] * (len(self.heights) - 1)

    @property
    def block(self) -> Block:
        lefts = list(accumulate(self.widths, lambda x, width: x + width + self.gaps[0], initial=0))
        tops = list(accumulate(self.heights, lambda y, height: y + height + self.gaps[1], initial=0))
        parts: list[Part] = []
        for cell, (column, row) in zip(self.cells, self.places, strict=True):
            parts += [part.moved(lefts[column], tops[row]) for part in cell.parts]
        return Block(self.width, self.height, tuple(parts))
