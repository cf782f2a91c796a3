"""`tsraster objects`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_table
from tsraster.cli.spelling import option, progress_bar
from tsraster.pipeline.objects import objects_file

if TYPE_CHECKING:
    from tsraster.pipeline.objects import Objects


@click.command()
@click.argument("source")
@click.argument("destination", required=False)
@option(objects_file, "class_", metavar="N|NAME")
@option(objects_file, "connectivity", kind=int, metavar="8|4")
@option(objects_file, "min_size", kind=int, metavar="PIXELS")
@option(objects_file, "clear_border")
@option(objects_file, "pixel_size", metavar="SIZE")
@option(objects_file, "scale_bar", metavar="LENGTH=PIXELS")
@PLOT
@option(objects_file, "csv", metavar="FILE.csv")
@option(objects_file, "band", kind=int, metavar="N")
@option(objects_file, "overwrite")
@option(objects_file, "workers", kind=int, metavar="N")
def objects(source: str, destination: str | None, plot: str | None, overwrite: bool, **options: Any) -> None:
    """Find and measure the objects of one class of SOURCE, a class map: grains or pores.

    With DESTINATION (.tif or .png) an image of them is written, in which each has the number that it has in the CSV.

    Elongation is the major by the minor axis of the ellipse of the same second moments, and orientation the angle from the x axis
    (to the right) to the major axis, counterclockwise, 0 to 180 degrees. The perimeter is estimated by the Crofton formula
    in four directions. Size is the equivalent diameter: that of the disk of the same area.

    \b
    tsraster objects labels.png --class 3 --scale-bar 500um=312 --min-size 20 --csv pores.csv --plot pores.png
    tsraster objects landcover.tif patches.tif --class "Open Water" --connectivity 4
    """
    with open_plot(plot, [source], destination, options["csv"], overwrite=overwrite) as draw:
        with progress_bar("objects") as progress:
            result = objects_file(source, destination, overwrite=overwrite, progress=progress, **options)
        print_objects(result)
        draw("plot_sizes", result)


def print_objects(found: Objects) -> None:
    """Print how many objects there are, how large they are, and what that is measured by."""
    size = f"{found.pixel_size} ({found.size_source})" if found.pixel_size else f"unknown ({found.size_source})"
    lines = {
        "class": f"{found.code} {found.name}".rstrip(),
        "pixel size": size,
        "objects": f"{len(found.table)}, {found.connectivity}-connected{_describe_border(found)}",
        "left out": ", ".join(_list_left_out(found)),
        "area": f"{_spell_area(found)}, {found.percent:.2f} % of the {found.valid} pixels with data",
        "elongation": f"{found.mean_elongation:.3f} on average" if len(found.table) else "",
    }
    for title, text in lines.items():
        if text:
            click.echo(f"{title:<12}{text}")
    if len(found.table):
        click.echo()
        header = [f"diameter ({found.unit})", "d10", "d50", "d90"]
        rows = [
            [name, *(f"{number:.5g}" for number in (some.d10, some.d50, some.d90))]
            for name, some in (("by number", found.by_number), ("by area", found.by_area))
        ]
        print_table(header, rows, left=header[:1])
    if found.pixel_size is None:
        click.echo("sizes are in pixels; give --pixel-size or --scale-bar for others")
    if found.written:
        click.echo(f"wrote {', '.join(found.written)}")


def _describe_border(found: Objects) -> str:
    touching = int(found.table.touches_border.sum())
    return f"; {touching} of them touch the border and may be cut" if touching else ""


def _list_left_out(found: Objects) -> list[str]:
    reasons = ((found.too_small, f"of fewer than {found.min_size} pixels"), (found.cleared, "at the border"))
    return [f"{count} {why}" for count, why in reasons if count]


def _spell_area(found: Objects) -> str:
    """Write the area of all objects in a unit in which it is no long number."""
    area = float(found.table.area.sum())
    larger = {"um": "mm", "m": "km"}.get(found.unit)
    if found.unit == "px":
        return f"{area:.0f} pixels"
    return f"{area / 1e6:.5g} {larger}2" if larger and area >= 1e5 else f"{area:.5g} {found.unit}2"
