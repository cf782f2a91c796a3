"""`tsraster lut`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.cli.luttables import print_check, print_conversion, print_lut, print_lut_list
from tsraster.cli.spelling import NUMBERS, option, progress_bar
from tsraster.pipeline.conversion import convert_lut_file
from tsraster.pipeline.legend import legend_file
from tsraster.pipeline.lutcheck import check_lut_file
from tsraster.pipeline.luts import load_lut
from tsraster.writing import Outputs

_KIND = click.Choice(["classes", "ramp"])


class InOrder(click.Group):
    """Commands in the order in which they are added, as a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002, the signature is that of click
        """Return the names."""
        return list(self.commands)


@click.group(cls=InOrder)
def lut() -> None:
    """List, show, convert and check color tables.

    A TABLE is the name of one that is shipped, that of a colormap of matplotlib, colorcet or cmap (such as viridis), a
    file in any format that tsraster lut list names, or a raster with a palette or an attribute table.
    """


@lut.command("list", short_help="List the color tables that are shipped, and the formats.")
def list_luts() -> None:
    """List the color tables that are shipped, and the formats that can be read and written."""
    print_lut_list()


@lut.command("show", short_help="Print the colors of a table, and draw its legend.")
@click.argument("table")
@option(load_lut, "lut_format", metavar="FORMAT")
@option(load_lut, "kind", kind=_KIND)
@click.option("--picture", metavar="FILE", help="Legend to draw: .png, .svg or .html.")
@option(legend_file, "overwrite")
def show_lut(table: str, picture: str | None, overwrite: bool, **options: Any) -> None:
    """Print the colors of TABLE, and draw them as a legend with --picture; tsraster legend draws others.

    \b
    tsraster lut show landcover.tif
    tsraster lut show thermal --picture thermal.png
    """
    found = load_lut(table, **options)
    written = None
    if picture is not None:
        # The table that is drawn no longer knows its file, which must not be replaced.
        Outputs([picture], sources=[table], overwrite=overwrite)
        written = legend_file(found, picture, overwrite=overwrite).written
    print_lut(found)
    if written is not None:
        click.echo(f"wrote {written}")


@lut.command("convert", short_help="Write a table in another format.")
@click.argument("table")
@click.argument("destination")
@option(convert_lut_file, "lut_format", metavar="FORMAT")
@option(convert_lut_file, "to", metavar="FORMAT")
@option(convert_lut_file, "kind", kind=_KIND)
@option(convert_lut_file, "classes", kind=int, metavar="K")
@option(convert_lut_file, "first_code", kind=int, metavar="N")
@option(convert_lut_file, "value_range", kind=NUMBERS, metavar="LOW,HIGH")
@option(convert_lut_file, "overwrite")
def convert_lut(table: str, destination: str, **options: Any) -> None:
    """Write TABLE in another format, DESTINATION, and say what that cannot hold.

    \b
    tsraster lut convert landcover.tif landcover.qml
    tsraster lut convert viridis dem.cpt --value-range 0,4000
    """
    print_conversion(convert_lut_file(table, destination, **options))


@lut.command("check", short_help="Look for what is wrong with a table.")
@click.argument("table")
@option(check_lut_file, "lut_format", metavar="FORMAT")
@option(check_lut_file, "kind", kind=_KIND)
@option(check_lut_file, "raster", metavar="CLASSES")
@option(check_lut_file, "band", kind=int, metavar="N")
@option(check_lut_file, "to", metavar="FORMAT")
@option(check_lut_file, "workers", kind=int, metavar="N")
@click.pass_context
def check_lut(context: click.Context, /, table: str, **options: Any) -> None:
    """Check TABLE: traps of its format, codes without a color, colors that look alike, losses in another format.

    Alike are colors that differ by less than 5 by CIEDE2000, where 1 to 2.3 can just be noticed: for everybody, or only
    for readers without the cones for red (protanopia), green (deuteranopia) or blue (tritanopia).

    Ends with 1 where the class map cannot have these colors, or the other format cannot hold the table.

    \b
    tsraster lut check nlcd --raster landcover.tif --to qgis
    """
    with progress_bar("check") as progress:
        result = check_lut_file(table, progress=progress, **options)
    print_check(result)
    if result.is_broken:
        context.exit(1)
