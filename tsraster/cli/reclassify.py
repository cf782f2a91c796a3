"""`tsraster reclassify`."""

from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_classes
from tsraster.cli.spelling import TEXTS, option, progress_bar
from tsraster.pipeline.picturelegend import LEGEND_PLACES
from tsraster.pipeline.reclassify import reclassify_file


@click.command()
@click.argument("source")
@click.argument("destination", required=False)
@option(reclassify_file, "mapping", metavar="RULES|@FILE")
@option(reclassify_file, "band", kind=int, metavar="N")
@option(reclassify_file, "lut", metavar="NAME|FILE")
@option(reclassify_file, "color", metavar="PICTURE")
@option(reclassify_file, "legend", kind=click.Choice(LEGEND_PLACES))
@option(reclassify_file, "cog")
@option(reclassify_file, "sidecars", kind=TEXTS, metavar="A,B,...")
@option(reclassify_file, "stats", metavar="FILE.csv")
@PLOT
@option(reclassify_file, "overwrite")
@option(reclassify_file, "workers", kind=int, metavar="N")
def reclassify(source: str, destination: str | None, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Give the classes of SOURCE new codes, and write the class map to DESTINATION (.tif or .png); names and colors go along.

    Where rules overlap, one for a single value goes before ranges, and the first range before the next. A value that
    no rule holds is an error, unless there is a DEFAULT.

    \b
    tsraster reclassify landcover.tif forest.tif --mapping '[41,43]=1 "Forest"; DEFAULT=2 "Other"'
    tsraster reclassify landcover.tif recolored.tif --lut nlcd
    """
    others = (destination, options["color"], options["stats"])
    with open_plot(plot, [source], *others, overwrite=overwrite) as draw:
        with progress_bar("reclassify") as progress:
            result = reclassify_file(source, destination, overwrite=overwrite, progress=progress, **options)
        print_classes(result)
        draw("plot_classes", result)
