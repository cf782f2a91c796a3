"""`tsraster cluster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_table
from tsraster.cli.sourceoptions import source_options
from tsraster.cli.spelling import TEXTS, WHOLE_NUMBERS, option, progress_bar
from tsraster.pipeline.clustering.cluster import cluster_files

if TYPE_CHECKING:
    from tsraster.pipeline.clustering.cluster import Clustering

_FEW, _BANDS = 4, 12
"""Of more bands than the first number it is said once that the columns hold means; those of more than the second have no room
in a line, and --stats has them all."""
_LISTED = 40
"""Of more files none are listed one by one."""


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.argument("destination", metavar="DST")
@option(cluster_files, "classes", kind=int, metavar="K")
@option(cluster_files, "bands", kind=WHOLE_NUMBERS, metavar="A,B,...")
@source_options(cluster_files, without=("index", "force"))
@option(cluster_files, "seed", kind=int, metavar="N")
@option(cluster_files, "samples", kind=int, metavar="N")
@option(cluster_files, "isodata")
@option(cluster_files, "max_std", kind=float, metavar="X")
@option(cluster_files, "min_distance", kind=float, metavar="X")
@option(cluster_files, "min_pixels", kind=int, metavar="N")
@option(cluster_files, "max_classes", kind=int, metavar="N")
@option(cluster_files, "model", metavar="FILE.json")
@option(cluster_files, "save_model", metavar="FILE.json")
@option(cluster_files, "names", kind=TEXTS, metavar="A,B,...")
@option(cluster_files, "rgb", kind=WHOLE_NUMBERS, metavar="R,G,B")
@option(cluster_files, "lut", metavar="NAME|FILE")
@option(cluster_files, "cog")
@option(cluster_files, "sidecars", kind=TEXTS, metavar="A,B,...")
@option(cluster_files, "stats", metavar="FILE.csv")
@option(cluster_files, "pixel_size", metavar="SIZE")
@PLOT
@option(cluster_files, "overwrite")
@option(cluster_files, "workers", kind=int, metavar="N")
def cluster(sources: tuple[str, ...], destination: str, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Find classes of pixels that are alike in all bands of SRC, without any labels, and write the class map to DST.

    DST is a file (.tif or .png) for one source, else a folder. Codes go from the darkest class to the brightest; a pixel
    without data in some band gets 0. --plot draws the mean spectra of the classes.

    \b
    tsraster cluster scene.tif classes.tif --classes 7 --rgb 3,2,1 --plot spectra.png --save-model clusters.json
    tsraster cluster LC08_MTL.txt classes.tif --classes 7 --qa LC08_QA_PIXEL.TIF --mask clear-sky --plot spectra.png
    tsraster cluster later.tif later_classes.tif --model clusters.json --names water,forest,fields,soil,grass,town,bright
    tsraster cluster scene.tif classes.tif --classes 7 --isodata --max-std 0.4 --min-pixels 500
    """
    others = (destination, options["save_model"], options["stats"])
    with open_plot(plot, sources, *others, overwrite=overwrite) as draw:
        with progress_bar("cluster") as progress:
            result = cluster_files(sources, destination, overwrite=overwrite, progress=progress, **options)
        _print_spectra(result)
        draw("plot_spectra", result)


def _print_spectra(result: Clustering) -> None:
    """Print a row for each class: how much there is of it, and its mean in each band."""
    for note in result.notes:
        click.echo(note)
    shown = result.bands if len(result.bands) <= _BANDS else ()
    titles = [(band.name or f"band {band.number}") + (f" ({band.unit})" if band.unit else "") for band in shown]
    # In a wide table the word would be repeated for each band.
    word = "mean " if len(shown) <= _FEW else ""
    has_names = any(one.name for one in result.spectra)
    header = ["code", *(["name"] if has_names else []), "pixels", "percent", *(word + title for title in titles)]
    rows = [
        [
            click.style("  ", bg=color[:3]) + f" {one.code}",
            *([one.name] if has_names else []),
            str(one.pixels),
            f"{one.percent:.2f}",
            *(f"{mean:.5g}" if one.pixels else "" for mean in one.means[: len(shown)]),
        ]
        for one, color in zip(result.spectra, result.lut.colors, strict=True)
    ]
    print_table(header, rows, left=("name",))
    if shown and not word:
        click.echo("columns of bands hold the mean of the class; --stats writes standard deviations, too")
    without = sum(scene.without_data for scene in result.scenes)
    if without:
        click.echo(f"no class: {without} pixels without data")
    written = result.written
    click.echo(f"wrote {', '.join(written)}" if len(written) <= _LISTED else f"wrote {len(written)} files")
