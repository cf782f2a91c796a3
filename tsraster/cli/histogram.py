"""`tsraster histogram`."""

from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_histogram
from tsraster.cli.sourceoptions import source_options
from tsraster.cli.spelling import BAND, NUMBERS, WHOLE_NUMBERS, option, progress_bar
from tsraster.pipeline.histogram import histogram_file


@click.command()
@click.argument("source")
@option(histogram_file, "bins", kind=int, metavar="N")
@option(histogram_file, "band", kind=BAND, metavar="N|NAME")
@source_options(histogram_file)
@option(histogram_file, "smooth", metavar="NAME:SIZE")
@option(histogram_file, "region", kind=WHOLE_NUMBERS, metavar="X0,Y0,X1,Y1")
@option(histogram_file, "cutoffs", kind=NUMBERS, metavar="A,B,...")
@option(histogram_file, "table", metavar="TABLE.json")
@PLOT
@option(histogram_file, "csv", metavar="FILE.csv")
@option(histogram_file, "overwrite")
@option(histogram_file, "workers", kind=int, metavar="N")
def histogram(source: str, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Count the values of SOURCE, exactly, and show how they are distributed.

    \b
    tsraster histogram photo.jpg --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75 --plot histogram.png
    """
    with open_plot(plot, [source], options["csv"], overwrite=overwrite) as draw:
        with progress_bar("histogram") as progress:
            result = histogram_file(source, overwrite=overwrite, progress=progress, **options)
        print_histogram(result)
        draw("plot_histogram", result)
