"""`tsraster porosity`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.classtable import format_numbers
from tsraster.cli.printing import print_table
from tsraster.cli.spelling import NUMBERS, option, progress_bar
from tsraster.pipeline.porosity import Porosity, porosity_files
from tsraster.pipeline.porosityjob import PictureAreas


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@option(porosity_files, "phase", metavar='"NAME: ..."', multiple=True)
@option(porosity_files, "gray", kind=NUMBERS, metavar="LOW,HIGH")
@option(porosity_files, "smooth", metavar="NAME:SIZE")
@option(porosity_files, "csv", metavar="FILE.csv")
@option(porosity_files, "picture", metavar="DIR")
@option(porosity_files, "overwrite")
@option(porosity_files, "workers", kind=int, metavar="N")
@click.pass_context
def porosity(context: click.Context, /, sources: tuple[str, ...], **options: Any) -> None:
    """Measure how much of each SRC, photos of thin sections, is blue-dyed epoxy: the pores; or other phases by color.

    A phase is NAME: CONDITION, CONDITION or CONDITION, where a comma means "and". Conditions are CHANNEL LOW..HIGH; CHANNEL >X,
    >=X, <X or <=X; polygon(CHANNEL, CHANNEL: X Y, X Y, X Y, ...); near(#rrggbb, DISTANCE) by CIEDE2000; and points(COLUMN,ROW
    COLUMN,ROW ...; DISTANCE), near to the colors of these pixels of the first SRC. Behind NAME may stand a color, #rrggbb, for
    its outlines.

    \b
    CHANNEL is one of
      red, green, blue        0 to 255, also for 16 bits
      gray                    luminance, 0 to 1
      hue                     0 to 360 degrees; 350..20 goes through 0
      saturation, value       0 to 1
      lightness, a, b, chroma of CIELAB; lightness from 0 to 100
      blue/red, ...           ratios of red, green, blue

    Ends with 1 where a picture could not be measured; the others are.

    \b
    tsraster porosity sections/ --csv porosity.csv --picture outlines/
    tsraster porosity a.jpg b.jpg --phase "dye: points(120,80 300,45; 12)" --phase "opaque: value <0.2"
    """
    with progress_bar("porosity") as progress:
        result = porosity_files(sources, progress=progress, **options)
    print_porosity(result)
    if result.failures:
        context.exit(1)


def print_porosity(result: Porosity) -> None:
    """Print a row a picture, the spread between pictures, and all together last."""
    low, high = format_numbers(result.gray)
    header = ["image", "pixels", *(f"{phase.name} %" for phase in result.phases), f"gray {low} to {high} %"]
    rows = [_row(picture) for picture in result.pictures]
    if len(rows) > 1:
        rows += [*_list_spread(result), _row(result.total)]
    print_table(header, rows, left=("image",))
    for phase in result.phases:
        click.echo(f"phase {phase}")
    _compare(result)
    if result.total.without_data:
        click.echo(f"{result.total.without_data} pixels without data do not count")
    if result.written:
        click.echo(f"wrote {', '.join(result.written)}")
    for failure in result.failures:
        click.echo(f"failed: {failure.problem}", err=True)


def _row(picture: PictureAreas) -> list[str]:
    return [picture.source, str(picture.pixels), *(f"{percent:.2f}" for percent in picture.percents)]


def _list_spread(result: Porosity) -> list[list[str]]:
    titles = (f"mean of {len(result.pictures)} images", "standard deviation")
    columns = zip(*result.spreads, strict=True)
    return [[title, "", *(f"{x:.2f}" for x in numbers)] for title, numbers in zip(titles, columns, strict=True)]


def _compare(result: Porosity) -> None:
    """Say how little grays know of the first phase."""
    first, gray = result.total.phases[0], result.total.gray_pixels
    if not first.pixels or not gray:
        return
    both = round(first.pixels * first.in_gray_percent / 100)
    click.echo(
        f"grays do not measure a phase: of {first.name} {first.in_gray_percent:.1f} % have a gray of the class, and of the class "
        f"{100 * both / gray:.1f} % are {first.name}"
    )
