"""Color tables for the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

import click

from tsraster.cli.printing import print_table
from tsraster.coloring import Confusion, flatten_color, spread_ramp
from tsraster.lut import RGBA, Lut
from tsraster.lutfiles import LUT_FORMATS, read_lut, shipped_luts
from tsraster.lutfiles.lutformat import Capacity, format_key
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
        rows.append([name, lut.kind, str(len(lut)), _strip(lut)])
    print_table(["name", "kind", "colors", ""], rows, left=("name", "kind", ""))
    click.echo("\nformats that are read and written:")
    forms = [(name, LUT_FORMATS[name]) for name in LUT_FORMATS]
    rows = [[name, form.title, " ".join(form.endings), _describe(form.capacity)] for name, form in forms]
    print_table(["format", "what it is", "endings", "holds"], rows, left=("format", "what it is", "endings", "holds"))
    click.echo(
        "\ncolormaps of matplotlib, colorcet and cmap are found by name, where these are installed, such as viridis"
    )


def _describe(capacity: Capacity) -> str:
    """Say in a few words what a format holds."""
    words: list[str] = [*capacity.kinds]
    words += ["names"] * capacity.names + {"any": ["alpha"], "one": ["one transparent color"]}.get(capacity.alpha, [])
    return ", ".join(words)


def _strip(lut: Lut) -> str:
    colors = spread_ramp(lut, _STRIP) if lut.kind == "ramp" else lut.colors[:_STRIP]
    return "".join(_swatch(color, " ") for color in colors)


def _swatch(color: RGBA, text: str = "  ") -> str:
    return click.style(text, bg=flatten_color(color))


def print_lut(lut: Lut) -> None:
    """Print one row a color: swatch, key, levels, name; and for a ramp a strip as wide as the terminal."""
    percent = ", in percent of the range" if lut.percent else ""
    click.echo(f"{lut.name}: {lut.kind} of {len(lut)} colors{percent}")
    if lut.kind == "ramp":
        colors = spread_ramp(lut, max(2, min(200, shutil.get_terminal_size().columns)))
        click.echo("".join(_swatch(color, " ") for color in colors))
    rows = [
        [_swatch(color), key, *map(str, color), _spell(color), name]
        for key, color, name in zip(_list_keys(lut), lut.colors, lut.names, strict=True)
    ][:_ROWS]
    for word, special in (("below", lut.below), ("above", lut.above), ("nodata", lut.nodata)):
        if special is not None and (word != "nodata" or special[3]):
            rows.append([_swatch(special), word, *map(str, special), _spell(special), ""])
    header = {"classes": "code", "intervals": "interval", "ramp": "value", "index": "position"}[lut.kind]
    print_table(["", header, "red", "green", "blue", "alpha", "", "name"], rows, left=("name",))
    if len(lut) > _ROWS:
        click.echo(f"... and {len(lut) - _ROWS} colors more; tsraster lut convert writes them all")


def _list_keys(lut: Lut) -> list[str]:
    texts = [format_key(key) if isfinite(key) else str(key) for key in lut.keys]
    if lut.kind != "intervals":
        return [text + "%" * lut.percent for text in texts]
    opening, closing = ("(", "]") if lut.closed == "right" else ("[", ")")
    return [f"{opening}{low}, {high}{closing}" for low, high in pairwise(texts)]


def _spell(color: RGBA) -> str:
    red, green, blue, alpha = color
    return f"#{red:02x}{green:02x}{blue:02x}" + (f"{alpha:02x}" if alpha < 255 else "")


def print_conversion(result: Conversion) -> None:
    """Say what was written; what it does not hold is said by warnings."""
    title = LUT_FORMATS[result.format].title
    click.echo(f"wrote {result.written}: {title}, {result.lut.kind} of {len(result.lut)} colors")


def print_check(result: LutCheck) -> None:
    """Print what was found, a line each, the worst first."""
    click.echo(f"{result.lut.name}: {result.lut.kind} of {len(result.lut)} colors")
    lines = [f"trap: {trap}" for trap in result.traps]
    if result.missing:
        lines.append(f"missing: no color for {_list_some(result.missing)}, which the class map holds")
    if result.refusal:
        lines.append(f"refused: {result.refusal}")
    lines += [f"lost: {loss}" for loss in result.losses]
    lines += [f"alike: {_describe_confusion(confusion, result.lut)}" for confusion in result.confusions[:_LISTED]]
    if len(result.confusions) > _LISTED:
        lines.append(f"alike: and {len(result.confusions) - _LISTED} more")
    if result.unused:
        lines.append(f"unused: {_list_some(result.unused)} of the table do not occur in the class map")
    if result.gaps:
        spans = [str(low) if low == high else f"{low} to {high}" for low, high in result.gaps]
        lines.append(f"gaps: no color for the codes {_list_some(spans)} between those of the table")
    for line in lines or ["nothing to say against it"]:
        click.echo(line)


def _describe_confusion(confusion: Confusion, lut: Lut) -> str:
    names = dict(zip(lut.keys, lut.names, strict=False))
    first, second = (f"{format_key(key)} {names.get(key, '')}".rstrip() for key in (confusion.first, confusion.second))
    others = f", and {confusion.entries - 2} more of these colors" if confusion.entries > 2 else ""
    readers = "for everybody" if confusion.vision == "normal" else f"with {confusion.vision}"
    return f"{first} | {second}{others}: a difference of {confusion.difference:.1f} {readers}"


def _list_some(things: Sequence[object]) -> str:
    shown = ", ".join(map(str, things[:_LISTED]))
    return shown + (f" and {len(things) - _LISTED} more" if len(things) > _LISTED else "")
