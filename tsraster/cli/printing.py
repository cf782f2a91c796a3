"""Tables and other text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tsraster.lut import Lut
from tsraster.measuring import ClassShare
from tsraster.pipeline import Classification

_ROWS = 256
"""More classes than this are not printed; the CSV holds them all."""


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[str] = ()) -> None:
    """Print columns, numbers to the right, the columns named in `left` to the left."""
    widths = [max(len(click.unstyle(row[i])) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = (_pad(cell, width, to_left=name in left) for cell, width, name in zip(row, widths, header, strict=True))
        click.echo("  ".join(cells).rstrip())


def _pad(cell: str, width: int, *, to_left: bool) -> str:
    space = " " * (width - len(click.unstyle(cell)))
    return cell + space if to_left else space + cell


def print_classes(result: Classification) -> None:
    """Print one row a class, with a swatch of its color where the terminal can show one."""
    shares = result.shares[:_ROWS]
    area, unit = _choose_area_unit(result.shares)
    header = ["code", "interval", "name", "pixels", "percent", *([f"area ({unit})"] if unit else [])]
    rows = [
        [
            _swatch(result.lut, share.code) + str(share.code),
            share.interval,
            share.name,
            str(share.pixels),
            f"{share.percent:.2f}",
            *([f"{(share.area_m2 or 0) / area:.6g}"] if unit else []),
        ]
        for share in shares
    ]
    names = any(share.name for share in shares)
    if not names:
        header.pop(2)
        for row in rows:
            row.pop(2)
    print_table(header, rows, left=("interval", "name"))
    if len(result.shares) > _ROWS:
        click.echo(f"... and {len(result.shares) - _ROWS} classes more; --stats FILE.csv writes them all")
    _print_rest(result)


def _print_rest(result: Classification) -> None:
    if result.without_data:
        infinite = f", {result.infinite} of them infinite" if result.infinite else ""
        click.echo(f"no class: {result.without_data} pixels without data{infinite}")
    if result.outside:
        click.echo(f"no class: {result.outside} pixels outside of the table")
    if result.written:
        click.echo(f"wrote {', '.join(result.written)}")


def _choose_area_unit(shares: Sequence[ClassShare]) -> tuple[float, str]:
    if not shares or shares[0].area_m2 is None:
        return 1.0, ""
    return (1e6, "km2") if sum(share.area_m2 or 0 for share in shares) >= 1e6 else (1.0, "m2")


def _swatch(lut: Lut | None, code: int) -> str:
    if lut is None or code not in lut.keys:
        return ""
    return click.style("  ", bg=lut.colors[lut.keys.index(code)][:3]) + " "
