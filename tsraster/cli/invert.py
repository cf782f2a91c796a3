"""`tsraster invert`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_table
from tsraster.cli.residualtable import print_residuals
from tsraster.cli.spelling import NUMBERS, option, progress_bar
from tsraster.inversion.bars.colorbars import ColorBar
from tsraster.inversion.matching import SPACES
from tsraster.inversion.recovery import Reason
from tsraster.pipeline.inverting.inversion import Inversion
from tsraster.pipeline.inverting.invert import invert_file
from tsraster.pipeline.inverting.layers import LAYERS, REASON_NAMES

_OTHERS = 3
"""Boxes beside the one taken that are printed."""
_TICKS = 20
"""Ticks of a color bar that are printed."""


@click.command()
@click.argument("source", metavar="PICTURE")
@click.argument("destination", metavar="DATA")
@option(invert_file, "colormap", metavar="NAME|FILE")
@option(invert_file, "colorbar", metavar="X0,Y0,X1,Y1|auto")
@option(invert_file, "ticks", metavar="PIXEL=VALUE,...")
@option(invert_file, "vmin", kind=float, metavar="VALUE")
@option(invert_file, "vmax", kind=float, metavar="VALUE")
@option(invert_file, "scale", kind=click.Choice(["linear", "log"]))
@option(invert_file, "box", kind=NUMBERS, metavar="X0,Y0,X1,Y1")
@option(invert_file, "extent", kind=NUMBERS, metavar="XMIN,YMIN,XMAX,YMAX")
@option(invert_file, "crs", metavar="CRS")
@option(invert_file, "gcps", metavar="FILE")
@option(invert_file, "space", kind=click.Choice(SPACES))
@option(invert_file, "tolerance", kind=float, metavar="STEPS")
@option(invert_file, "max_half_width", kind=float, metavar="PERCENT")
@option(invert_file, "halo", kind=int, metavar="N")
@option(invert_file, "background", metavar="COLOR")
@option(invert_file, "mask_file", metavar="FILE")
@option(invert_file, "lossy")
@option(invert_file, "fill", kind=int, metavar="N")
@option(invert_file, "unit", metavar="UNIT")
@option(invert_file, "layers", kind=click.Choice(LAYERS))
@option(invert_file, "report", metavar="FILE.json")
@PLOT
@option(invert_file, "overwrite")
@option(invert_file, "workers", kind=int, metavar="N")
def invert(source: str, destination: str, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Turn PICTURE, a figure, scanned map or thermal photo in colors, back into DATA (.tif), the values behind them.

    Which value a color stands for is said by --colormap, or read from the color bar in the picture by --colorbar. Each pixel
    comes with its distance to the colormap, half of the range of plausible values, and a mask: 0 good, 1 far from the map,
    2 background, 3 masked by the user, 4 ambiguous, 5 filled.

    \b
    tsraster invert thermal.jpg kelvin.tif --colormap inferno --vmin 280 --vmax 320
    tsraster invert figure.png data.tif --colorbar 734,72,763,648 --ticks 525=0.6,156=1.2 \\
        --box 115,72,691,648 --extent 0,-3,6,3 --fill 5 --plot check.png
    tsraster invert scan.jpg relief.tif --colormap gray --gcps scan.points --crs EPSG:4326
    """
    others = [options[name] for name in ("report", "mask_file", "gcps")]
    with open_plot(plot, [source], destination, *others, overwrite=overwrite) as draw:
        with progress_bar("invert") as progress:
            result = invert_file(source, destination, overwrite=overwrite, progress=progress, **options)
        for line in _describe_scale(result):
            click.echo(line)
        _print_mask(result)
        for line in _describe_trust(result):
            click.echo(line)
        if result.points is not None and result.residuals is not None:
            click.echo()
            print_residuals(result.points, result.residuals)
        click.echo(f"wrote {', '.join(result.written)}")
        draw("plot_inversion", result)


def _describe_scale(result: Inversion) -> Iterator[str]:
    chosen = result.chosen
    first, last = chosen.scale.values[[0, -1]]
    unit = f" {result.unit}" if result.unit else ""
    way = "steps" if chosen.scale.is_stepped else "logarithmic" if chosen.scale.log else "linear"
    yield f"{chosen.origin}: {first:.6g} to {last:.6g}{unit}, {way}; nearest color in {result.space}"
    if chosen.bar is not None:
        left, top, right, bottom = chosen.bar.box
        used = f"rows {top} to {bottom - 1}" if chosen.bar.axis == "y" else f"columns {left} to {right - 1}"
        points = (
            f", without {'pointed ends' if all(chosen.bar.pointed) else 'a pointed end'}"
            if any(chosen.bar.pointed)
            else ""
        )
        yield f"its colors were read from {used}{points}; the ends of its scale are at {_say_edges(chosen.bar)}"
    if chosen.box is not None and chosen.is_found:
        box = ",".join(map(str, chosen.box))
        more = (
            f"; others like it: {' '.join(','.join(map(str, box)) for box in chosen.others)}" if chosen.others else ""
        )
        yield f"the color bar was found by itself; to correct it give --colorbar {box} with other pixels{more}"
    if chosen.fit is not None and len(chosen.fit.ticks) > 2:
        off = ", ".join(
            f"{value:g} {pixels:+.2f}"
            for (_, value), pixels in zip(chosen.fit.ticks[:_TICKS], chosen.fit.off[:_TICKS], strict=True)
        )
        yield f"ticks are off their line by pixels: {off}"


def _say_edges(bar: ColorBar) -> str:
    return f"{bar.axis} {bar.edges[0]:g} and {bar.edges[1]:g}"


def _print_mask(result: Inversion) -> None:
    total = int(result.tally.reasons.sum())
    rows = [
        [str(int(reason)), REASON_NAMES[reason], str(count), f"{100 * count / total:.2f}"]
        for reason in Reason
        if (count := result.tally.count(reason))
    ]
    print_table(["mask", "reason", "pixels", "percent"], rows, left=("reason",))


def _describe_trust(result: Inversion) -> Iterator[str]:
    tally = result.tally
    yield f"values {tally.low:.6g} to {tally.high:.6g}{f' {result.unit}' if result.unit else ''}"
    yield (
        f"colored again they differ from the picture by {tally.mean_distance:.2f} steps of RGB on average, "
        f"{tally.rms_distance:.2f} root mean square, {tally.largest_distance:.2f} at the most"
    )
    share = 100 * tally.count(Reason.AMBIGUOUS) / int(tally.reasons.sum())
    if share:
        yield (
            f"ambiguous: values more than {100 * result.rules.largest_share:g} % of the scale away are as plausible; "
            "half_width says how far"
        )
    if tally.count(Reason.FAR) > tally.compared:
        yield "most pixels are far from the map: is it the right one, and is --box the inside of the plot?"
