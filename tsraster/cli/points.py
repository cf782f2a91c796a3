"""`tsraster points`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.spelling import WHOLE_NUMBERS, option, progress_bar
from tsraster.inversion.points.fieldpoints import INTERPOLATIONS
from tsraster.pipeline.pointchoice import CLUSTERS, METHODS
from tsraster.pipeline.points import points_file
from tsraster.pipeline.pointthinning import Thinning


@click.command()
@click.argument("source", metavar="DATA")
@click.argument("destination", metavar="OUT")
@option(points_file, "method", kind=click.Choice(METHODS))
@option(points_file, "tolerance", kind=float, metavar="T")
@option(points_file, "connectivity", kind=int, metavar="8|4")
@option(points_file, "cluster", kind=click.Choice(CLUSTERS))
@option(points_file, "eps", kind=float, metavar="PIXELS")
@option(points_file, "min_samples", kind=int, metavar="N")
@option(points_file, "min_size", kind=int, metavar="PIXELS")
@option(points_file, "max_error", metavar="E|P%")
@option(points_file, "interpolate", kind=click.Choice(INTERPOLATIONS))
@option(points_file, "band", kind=int, metavar="N")
@option(points_file, "region", kind=WHOLE_NUMBERS, metavar="X0,Y0,X1,Y1")
@option(points_file, "remake", metavar="FIELD.tif")
@option(points_file, "report", metavar="FILE.json")
@PLOT
@option(points_file, "overwrite")
@option(points_file, "workers", kind=int, metavar="N")
def points(source: str, destination: str, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Thin DATA, a field of values, to the points that carry it: OUT ends in .csv, .gpkg or .parquet.

    Points lie on centers of pixels, with columns x, y (where the raster has coordinates), col and row (counted from 0), value;
    count and spread (standard deviation) of plateaus; error, how far off the field was before the point, of the adaptive method.
    From them the field is made again, and its errors are printed; the plot shows field, points and differences.

    \b
    Which method for which field:
      plateaus  values in steps: nearest neighbors, integers, a picture turned into data
      adaptive  anything else, noise excepted: measured fields, splines, kriging; the error is kept at every pixel
      samples   a field that was interpolated from points: these are found again, nearly all within a pixel, for nearest
                neighbors, inverse squared distances (idw) and linear triangles; a small RMSE proves that it was made so

    \b
    tsraster points cells.tif points.gpkg --interpolate nearest
    tsraster points dem.tif points.parquet --method adaptive --max-error 5% --plot points.png
    tsraster points rain.tif gauges.csv --method samples --interpolate idw --remake again.tif
    """
    others = (destination, options["remake"], options["report"])
    with open_plot(plot, [source], *others, overwrite=overwrite) as draw:
        with progress_bar("points") as progress:
            result = points_file(source, destination, overwrite=overwrite, progress=progress, **options)
        _print_thinning(result)
        draw("plot_thinning", result)


def _print_thinning(result: Thinning) -> None:
    number = len(result.points)
    click.echo(
        f"{number} point{'' if number == 1 else 's'} of {result.valid} pixels with data, {result.reduction:.6g} pixels a point"
    )
    for line in _describe_choice(result):
        click.echo(line)
    unit = f" {result.unit}" if result.unit else ""
    click.echo(
        f"field: {result.minimum:.7g} to {result.maximum:.7g}{unit}; made again from the points ({result.interpolate}):"
    )
    errors = {"RMSE": result.rmse, "mean absolute error": result.mean_error, "largest error": result.largest_error}
    for title, error in errors.items():
        click.echo(f"  {title:<19}  {error:.4g}{unit}  {result.to_percent(error):.3g} % of the range")
    if result.advice:
        click.echo(result.advice)
    click.echo(f"wrote {', '.join(result.written)}")


def _describe_choice(result: Thinning) -> list[str]:
    lines = []
    if result.on_plateaus is not None:
        share = 100 * result.on_plateaus / result.valid
        lines.append(f"plateaus: {result.on_plateaus} pixels, {share:.2f} %, tolerance {result.tolerance:g}")
    if result.left_out:
        lines.append(f"left out: {result.left_out} pixels on plateaus, in clusters that are too small or noise")
    if result.misfit is not None:
        lines.append(f"borders fit those of nearest neighbors within {result.misfit:.2f} pixels (root mean square)")
    return lines
