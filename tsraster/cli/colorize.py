"""`tsraster colorize`."""

from typing import Any

import click

from tsraster.cli.printing import print_coloring
from tsraster.cli.spelling import option, progress_bar
from tsraster.pipeline.colorize import colorize_file
from tsraster.pipeline.picturelegend import LEGEND_PLACES


@click.command()
@click.argument("source")
@click.argument("destination")
@option(colorize_file, "lut", metavar="NAME|FILE")
@option(colorize_file, "table", metavar="TABLE.json")
@option(colorize_file, "band", kind=int, metavar="N")
@option(colorize_file, "legend", kind=click.Choice(LEGEND_PLACES))
@option(colorize_file, "cog")
@option(colorize_file, "overwrite")
@option(colorize_file, "workers", kind=int, metavar="N")
def colorize(source: str, destination: str, **options: Any) -> None:
    """Paint the class map SOURCE as a color picture, DESTINATION (.tif, .png or .jpg).

    Georeferencing is carried along. Pixels of no class are transparent, in a .jpg white.

    \b
    tsraster colorize classes.tif picture.png --lut thermal
    """
    with progress_bar("colorize") as progress:
        result = colorize_file(source, destination, progress=progress, **options)
    print_coloring(result)
