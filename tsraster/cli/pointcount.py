"""`tsraster pointcount`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_table
from tsraster.cli.spelling import option, progress_bar
from tsraster.pipeline.pointcount import GRIDS, PointCount, PointShare, pointcount_file

_ROWS = 256
"""More classes than this are not printed; the CSV holds them all."""


@click.command()
@click.argument("source", metavar="CLASSES")
@option(pointcount_file, "points", kind=int, metavar="N")
@option(pointcount_file, "grid", kind=click.Choice(GRIDS))
@option(pointcount_file, "seed", kind=int, metavar="N")
@option(pointcount_file, "confidence", kind=float, metavar="SHARE")
@option(pointcount_file, "with_zero")
@option(pointcount_file, "band", kind=int, metavar="N")
@option(pointcount_file, "csv", metavar="FILE.csv")
@option(pointcount_file, "stats", metavar="FILE.csv")
@PLOT
@option(pointcount_file, "overwrite")
@option(pointcount_file, "workers", kind=int, metavar="N")
def pointcount(source: str, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Count points on CLASSES, a class map, as a petrographer does, beside the areas of all its pixels.

    Percentages of points have the Wilson interval, and the error of Van der Plas and Tobi (1965): two standard deviations.
    Those of the areas are exact for this map; their interval says how far they would vary in other fields of the same
    rock, and comes from a bootstrap of blocks, because neighboring pixels are not independent. The plot shows the points.

    \b
    tsraster pointcount classes.tif --points 500
    tsraster pointcount classes.tif --grid regular --csv points.csv --stats modes.csv --plot points.png
    """
    with open_plot(plot, [source], options["csv"], options["stats"], overwrite=overwrite) as draw:
        with progress_bar("pointcount") as progress:
            result = pointcount_file(source, overwrite=overwrite, progress=progress, **options)
        _print_count(result)
        draw("plot_points", result)


def _print_count(result: PointCount) -> None:
    click.echo(_describe_points(result))
    names = any(share.name for share in result.classes)
    level = f"{100 * result.confidence:g} %"
    points = ["points", "percent", "2 sigma", f"Wilson {level}"]
    header = ["code", "name", *points, "area %", f"bootstrap {level}", "blocks"]
    rows = [_row(share) for share in result.classes[:_ROWS]]
    if not names:
        header, *rows = [row[:1] + row[2:] for row in (header, *rows)]
    print_table(header, rows, left=("name",))
    if len(result.classes) > _ROWS:
        click.echo(f"... and {len(result.classes) - _ROWS} classes more; --stats FILE.csv writes them all")
    for line in _explain(result):
        click.echo(line)


def _describe_points(result: PointCount) -> str:
    count = len(result.codes)
    if result.grid == "random":
        return f"{count} random points (seed {result.seed})"
    missed = f"; {result.missed} points without a class passed over" if result.missed else ""
    return f"{count} points of a regular grid, {result.spacing:.1f} pixels apart (seed {result.seed}){missed}"


def _row(share: PointShare) -> list[str]:
    return [
        str(share.code),
        share.name,
        str(share.points),
        f"{share.percent:.2f}",
        # Without a hit, or with hits only, it would be 0, and say that the percentage is sure.
        f"{share.two_sigma:.2f}" if share.two_sigma else "",
        f"{share.low:.2f} to {share.high:.2f}",
        f"{share.area_percent:.2f}",
        f"{share.area_low:.2f} to {share.area_high:.2f}" if share.blocks > 1 else "",
        f"{share.blocks} of {share.block_side} x {share.block_side}{'' if share.suffices else ' *'}",
    ]


def _explain(result: PointCount) -> list[str]:
    lines = []
    if not result.suffices:
        lines.append("* the patches of this class are large for the map: the interval of its area is likely too narrow")
    widest = max(share.patch for share in result.classes)
    if result.spacing < widest < float("inf"):
        apart = "the points are" if result.grid == "regular" else "a regular grid of as many would be"
        lines.append(
            f"{apart} {result.spacing:.0f} pixels apart and patches up to {widest:.0f} wide: several points hit one grain, and "
            "the errors of the points are too small for the rock; the distance should not be smaller than the largest grain"
        )
    if result.without_class:
        lines.append(f"no class: {result.without_class} pixels, in no percentage")
    if result.written:
        lines.append(f"wrote {', '.join(result.written)}")
    return lines
