"""`tsraster inspect`."""

from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_histogram, print_inspection
from tsraster.cli.spelling import BAND, NUMBERS, WHOLE_NUMBERS, option, progress_bar
from tsraster.errors import UsageError
from tsraster.landsat.quantities import QUANTITIES
from tsraster.pipeline.histogram import histogram_file
from tsraster.pipeline.inspection import inspect_file


@click.command()
@click.argument("source")
@option(inspect_file, "at", kind=NUMBERS, metavar="X,Y")
@option(inspect_file, "geoloc")
@option(histogram_file, "region", kind=WHOLE_NUMBERS, metavar="X0,Y0,X1,Y1")
@option(inspect_file, "band", kind=BAND, metavar="N|NAME")
@option(inspect_file, "landsat", kind=click.Choice(QUANTITIES))
@option(inspect_file, "mtl", metavar="FILE")
@option(inspect_file, "raw")
@option(inspect_file, "stac", metavar="ITEM.json")
@option(inspect_file, "smooth", metavar="NAME:SIZE")
@option(inspect_file, "cutoffs", kind=NUMBERS, metavar="A,B,...")
@option(inspect_file, "table", metavar="TABLE.json")
@option(inspect_file, "neighbors", kind=int, metavar="N")
@PLOT
@option(histogram_file, "overwrite")
def inspect(source: str, at: Any, region: Any, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Say what is at a place of SOURCE, and how the values of a region, or of all of it, are distributed.

    \b
    tsraster inspect photo.jpg --at 812,440 --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75
    tsraster inspect photo.jpg --region 700,400,900,600 --plot histogram.png
    """
    if at is None and (options["geoloc"] or (region is None and plot is None)):
        raise UsageError("nothing says where to look; give --at X,Y, or --region X0,Y0,X1,Y1")
    shared = {name: options[name] for name in ("band", "landsat", "mtl", "raw", "stac", "smooth", "cutoffs", "table")}
    with open_plot(plot, [source], overwrite=overwrite) as draw:
        if at is not None:
            print_inspection(inspect_file(source, at=at, **options))
        if region is not None or plot is not None:
            with progress_bar("inspect") as progress:
                counted = histogram_file(source, region=region, progress=progress, **shared)
            print_histogram(counted)
            draw("plot_histogram", counted)
