"""`tsraster legend`."""

from typing import Any

import click

from tsraster.cli.spelling import TEXTS, option, progress_bar
from tsraster.pipeline.legend import legend_file


@click.command()
@click.argument("source")
@click.argument("destination")
@option(legend_file, "lut", metavar="NAME|FILE")
@option(legend_file, "band", kind=int, metavar="N")
@option(legend_file, "title", metavar="TEXT")
@option(legend_file, "unit", metavar="TEXT")
@option(legend_file, "horizontal")
@option(legend_file, "size", kind=int, metavar="PIXELS")
@option(legend_file, "columns", kind=int, metavar="N")
@option(legend_file, "labels", kind=TEXTS, metavar="A,B,...")
@option(legend_file, "font", metavar="FILE.ttf")
@option(legend_file, "overwrite")
@option(legend_file, "workers", kind=int, metavar="N")
def legend(source: str, destination: str, **options: Any) -> None:
    """Draw the legend of SOURCE, a color table or a class map, as DESTINATION (.png, .svg or .html).

    Of a class map the classes that occur are shown.

    \b
    tsraster legend nlcd legend.svg --title "Land cover"
    tsraster legend classes.tif legend.png --horizontal
    """
    with progress_bar("legend") as progress:
        result = legend_file(source, destination, progress=progress, **options)
    click.echo(f"wrote {result.written}")
