"""Color tables for the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from tsraster.classtable import format_numbers
from tsraster.cli.printing import print_table
from tsraster.coloring import Confusion, flatten_color, spread_ramp
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import LUT_FORMATS, read_lut, shipped_luts
from tsraster.lutfiles.lutformat import Capacity
from tsraster.pipeline.conversion import Conversion
from tsraster.pipeline.lutcheck import LutCheck

_ROWS = 300
"""More entries than this are not printed."""
_STRIP = 24
_LISTED = 10


def print_lut_list() -> None:
    """Print the shipped tables with a strip of their colors, and the formats with what each holds."""
    click.echo("color tables that are shipped:")
    rows = []
    for name in shipped_luts():
        lut = read_lut(name)
        rows.append([name, lut.kind, str(len(lut)), _strip(lut, _STRIP)])
    print_table(["name", "kind", "colors", ""], rows, left=("name", "kind", ""))
    click.echo("\nformats that are read and written:")
    forms = [(name, LUT_FORMATS[name]) for name in LUT_FORMATS]
    rows = [[name, form.title, " ".join(form.endings), _describe(form.capacity)] for name, form in forms]
    print_table(["format", "what it is", "endings", "holds"], rows, left=("format", "what it is", "endings", "holds"))
    click.echo("\nindex: colors in order, without codes or values")
    click.echo(
        "colormaps of matplotlib, colorcet and cmap are found by name, where these are installed, such as viridis"
    )


def _describe(capacity: Capacity) -> str:
    """Say in a few words what a format holds."""
    words: list[str] = [*capacity.kinds]
    words += ["names"] * capacity.names + {"any": ["alpha"], "one": ["one transparent color"]}.get(capacity.alpha, [])
    return ", ".join(words)


def _strip(lut: Lut, width: int) -> str:
    """Return the colors side by side; nothing where nobody would see them."""
    colors = spread_ramp(lut, width) if lut.kind == "ramp" else lut.colors[:width]
    return "".join(_swatch(color, " ") for color in colors)


def _swatch(color: RGBA, text: str = "  ") -> str:
    return click.style(text, bg=flatten_color(color)) if _is_seen() else ""


def _is_seen() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def print_lut(lut: Lut) -> None:
    """Print one row a color: swatch, key, levels, name; and for a ramp a strip as wide as the terminal."""
    percent = ", in percent of the range" if lut.percent else ""
    click.echo(f"{describe_lut(lut)}{percent}")
    if lut.kind == "ramp" and _is_seen():
        click.echo(_strip(lut, max(2, min(200, shutil.get_terminal_size().columns))))
    rows = [
        [key, *_describe_color(color), name]
        for key, color, name in zip(_list_keys(lut), lut.colors, lut.names, strict=True)
    ][:_ROWS]
    for word, special in (("below", lut.below), ("above", lut.above), ("nodata", lut.nodata)):
        if special is not None and (word != "nodata" or special[3]):
            rows.append([word, *_describe_color(special), ""])
    key = {"classes": "code", "intervals": "interval", "ramp": "value", "index": "position"}[lut.kind]
    _print_full_columns([key, "red", "green", "blue", "alpha", "", "", "name"], rows)
    if len(lut) > _ROWS:
        click.echo(f"... and {len(lut) - _ROWS} colors more; tsraster lut convert writes them all")


def describe_lut(lut: Lut) -> str:
    """Return what a table is, in a line.

    Examples
    --------
    >>> describe_lut(Lut(name="sea", kind="classes", keys=(1,), colors=((0, 0, 255, 255),)))
    'sea: classes of 1 color'
    """
    return f"{lut.name}: {_count_colors(lut)}"


def _count_colors(lut: Lut) -> str:
    return f"{lut.kind} of {len(lut)} color{'s' if len(lut) > 1 else ''}"


def _describe_color(color: RGBA) -> list[str]:
    red, green, blue, alpha = color
    spelled = f"#{red:02x}{green:02x}{blue:02x}" + (f"{alpha:02x}" if alpha < 255 else "")
    return [*map(str, color), _swatch(color), spelled]


def _print_full_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, without the columns that are empty."""
    full = [i for i in range(len(header)) if any(row[i] for row in rows)]
    print_table([header[i] for i in full], [[row[i] for i in full] for row in rows], left=("", "name"))


def _list_keys(lut: Lut) -> list[str]:
    texts = format_numbers(lut.keys)
    if lut.kind != "intervals":
        return [text + "%" * lut.percent for text in texts]
    opening, closing = ("(", "]") if lut.closed == "right" else ("[", ")")
    return [f"{opening}{low}, {high}{closing}" for low, high in pairwise(texts)]


def print_conversion(result: Conversion) -> None:
    """Say what was written; what it does not hold is said by warnings."""
    click.echo(f"wrote {result.written}: {LUT_FORMATS[result.format].title}, {_count_colors(result.lut)}")


def print_check(result: LutCheck) -> None:
    """Print what was found, a line each, the worst first."""
    click.echo(describe_lut(result.lut))
    lines = [f"trap: {trap}" for trap in result.traps]
    if result.missing:
        lines.append(f"missing: no color for {_list_codes(result.missing)}, which the class map holds")
    if result.misfit:
        lines.append(f"misfit: {result.misfit}")
    if result.refusal:
        lines.append(f"refused: {result.refusal}")
    lines += [f"lost: {loss}" for loss in result.losses]
    lines += [f"alike: {_describe_confusion(confusion, result.lut)}" for confusion in result.confusions[:_LISTED]]
    if len(result.confusions) > _LISTED:
        lines.append(f"alike: and {len(result.confusions) - _LISTED} more")
    if result.unused:
        lines.append(f"unused: the class map does not hold {_list_codes(result.unused)}")
    if result.gaps:
        spans = [str(low) if low == high else f"{low} to {high}" for low, high in result.gaps]
        lines.append(f"gaps: between the codes there is no color for {_list_some(spans)}")
    for line in lines or ["nothing to say against it"]:
        click.echo(line)


def _describe_confusion(confusion: Confusion, lut: Lut) -> str:
    names = dict(zip(lut.keys, lut.names, strict=False))
    keys = (confusion.first, confusion.second)
    texts = [f"{text} {names.get(key, '')}".rstrip() for key, text in zip(keys, format_numbers([*keys]), strict=True)]
    first, second = texts
    if confusion.difference == 0 and confusion.vision == "normal":
        others = f" and {confusion.entries - 2} more" if confusion.entries > 2 else ""
        return f"{first} | {second}{others}: the same color"
    others = f", and {confusion.entries - 2} more of these colors" if confusion.entries > 2 else ""
    readers = "for everybody" if confusion.vision == "normal" else f"with {confusion.vision}"
    return f"{first} | {second}{others}: a difference of {confusion.difference:.1f} {readers}"


def _list_codes(codes: Sequence[int]) -> str:
    return f"the code{'s' if len(codes) > 1 else ''} {_list_some(codes)}"


def _list_some(things: Sequence[object]) -> str:
    shown = ", ".join(map(str, things[:_LISTED]))
    return shown + (f" and {len(things) - _LISTED} more" if len(things) > _LISTED else "")
