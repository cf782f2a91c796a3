"""`tsraster breaks`."""

import inspect
from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_breaks
from tsraster.cli.sourceoptions import source_options
from tsraster.cli.spelling import BAND, TEXTS, WHOLE_NUMBERS, option, progress_bar
from tsraster.errors import MissingExtraError
from tsraster.pipeline.breaks import breaks_file
from tsraster.schemes import SCHEMES


class _WithSchemes(click.Command):
    """A command whose help ends with the list of schemes, which are imported for that only."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the name of each scheme, and what it does."""
        with formatter.section("Schemes"):
            formatter.write_dl([(name, _describe(name)) for name in SCHEMES], col_max=24)


def _describe(name: str) -> str:
    try:
        scheme = SCHEMES[name]
    except MissingExtraError as error:
        return str(error)
    rule = (inspect.getdoc(scheme.fit) or "").partition("\n")[0].replace("`", "")
    return f"{rule} Numbers: {scheme.numbers}." if scheme.numbers else rule


@click.command(cls=_WithSchemes)
@click.argument("sources", metavar="SRC... [TABLE.json]", nargs=-1, required=True)
@option(breaks_file, "scheme", metavar="NAME[:NUMBERS]")
@option(breaks_file, "classes", kind=int, metavar="K")
@option(breaks_file, "compare")
@option(breaks_file, "band", kind=BAND, metavar="N|NAME")
@source_options(breaks_file)
@option(breaks_file, "smooth", metavar="NAME:SIZE")
@option(breaks_file, "closed", kind=click.Choice(["right", "left"]))
@option(breaks_file, "values", kind=WHOLE_NUMBERS, metavar="A,B,...")
@option(breaks_file, "names", kind=TEXTS, metavar="A,B,...")
@PLOT
@option(breaks_file, "overwrite")
@option(breaks_file, "workers", kind=int, metavar="N")
def breaks(sources: tuple[str, ...], plot: str | None, overwrite: bool, **options: Any) -> None:
    """Fit one table of classes to the values of all SRC together, and write it to TABLE.json, which stands last.

    \b
    tsraster breaks band.tif table.json --scheme natural-breaks --classes 5
    tsraster breaks band.tif --compare --classes 5 --plot schemes.png
    tsraster classify band.tif classes.tif --table table.json
    """
    is_table = sources[-1].lower().endswith(".json")
    paths, destination = (sources[:-1], sources[-1]) if is_table else (sources, None)
    with open_plot(plot, paths, destination, overwrite=overwrite) as draw:
        with progress_bar("breaks") as progress:
            result = breaks_file(paths, destination, overwrite=overwrite, progress=progress, **options)
        print_breaks(result)
        draw("plot_breaks", result)
