"""`tsraster classify`."""

from typing import Any

import click

from tsraster.classification import OUTSIDE
from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_classes
from tsraster.cli.sourceoptions import source_options
from tsraster.cli.spelling import BAND, NUMBERS, TEXTS, WHOLE_NUMBERS, option, progress_bar
from tsraster.pipeline.classify import classify_file
from tsraster.pipeline.picturelegend import LEGEND_PLACES


@click.command()
@click.argument("source")
@click.argument("destination", required=False)
@option(classify_file, "cutoffs", kind=NUMBERS, metavar="A,B,...")
@option(classify_file, "bins", kind=int, metavar="N")
@option(classify_file, "scheme", metavar="NAME[:NUMBERS]")
@option(classify_file, "classes", kind=int, metavar="K")
@option(classify_file, "table", metavar="TABLE.json")
@option(classify_file, "rules", metavar="TEXT|@FILE")
@option(classify_file, "band", kind=BAND, metavar="N|NAME")
@source_options(classify_file)
@option(classify_file, "smooth", metavar="NAME:SIZE")
@option(classify_file, "closed", kind=click.Choice(["right", "left"]))
@option(classify_file, "values", kind=WHOLE_NUMBERS, metavar="A,B,...")
@option(classify_file, "names", kind=TEXTS, metavar="A,B,...")
@option(classify_file, "outside", kind=click.Choice(OUTSIDE))
@option(classify_file, "lut", metavar="NAME|FILE")
@option(classify_file, "color", metavar="PICTURE")
@option(classify_file, "legend", kind=click.Choice(LEGEND_PLACES))
@option(classify_file, "cog")
@option(classify_file, "sidecars", kind=TEXTS, metavar="A,B,...")
@option(classify_file, "save_table", metavar="TABLE.json")
@option(classify_file, "stats", metavar="FILE.csv")
@option(classify_file, "pixel_size", metavar="SIZE")
@PLOT
@option(classify_file, "overwrite")
@option(classify_file, "workers", kind=int, metavar="N")
def classify(source: str, destination: str | None, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Give each pixel of SOURCE the code of its class, and write the class map to DESTINATION (.tif or .png).

    Without DESTINATION only what other options name is written. A pixel without data, or in no class, gets 0.

    \b
    tsraster classify band.tif classes.tif --bins 20 --lut thermal --color picture.png
    tsraster classify LT05_B6.TIF warm.tif --landsat temperature --cutoffs 294,296,298
    tsraster classify LC08_MTL.txt green.tif --index NDVI --cutoffs 0.2,0.5 --qa LC08_QA_PIXEL.TIF --mask clear-sky
    tsraster classify LC08_MTL.txt cover.tif --rules '1 "water": NDWI > 0; 2 "forest": NDVI > 0.7; 9 "other": else'
    tsraster classify photo.jpg labels.png --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75 --lut thin-section
    """
    others = (destination, options["color"], options["save_table"], options["stats"])
    with open_plot(plot, [source], *others, overwrite=overwrite) as draw:
        with progress_bar("classify") as progress:
            result = classify_file(source, destination, overwrite=overwrite, progress=progress, **options)
        print_classes(result)
        draw("plot_classes", result)
