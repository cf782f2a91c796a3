"""`tsraster stack`."""

from typing import Any

import click

from tsraster.cli.spelling import TEXTS, option, progress_bar
from tsraster.pipeline.stacking.stack import stack_files


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.argument("destination")
@option(stack_files, "register")
@option(stack_files, "names", kind=TEXTS, metavar="A,B,...")
@option(stack_files, "wavelengths", kind=TEXTS, metavar="A,B,...")
@option(stack_files, "overwrite")
@option(stack_files, "workers", kind=int, metavar="N")
def stack(sources: tuple[str, ...], destination: str, **options: Any) -> None:
    """Make one raster, DESTINATION, of the bands of all SOURCEs, such as plane light and crossed polars of one field.

    A DESTINATION that ends in .vrt copies no pixels and refers to the SOURCEs. A Landsat scene is named by its MTL or folder.

    \b
    tsraster stack field_ppl.jpg field_xpl.jpg field.tif --register
    tsraster stack red.tif nir.tif both.vrt --names red,nir08 --wavelengths 0.655,0.865
    tsraster stack LC08_L2SP_224078_20200127_02_T1_MTL.txt scene.tif
    """
    with progress_bar("stack") as progress:
        result = stack_files(sources, destination, progress=progress, **options)
    for source, shift in zip(result.rasters[1:], result.shifts, strict=False):
        click.echo(
            f"{source}: {_spell(shift.rows, 'up', 'down')}, {_spell(shift.cols, 'left', 'right')}; its edges correlate "
            f"with those of {result.rasters[0]} by {shift.correlation:.2f}, unshifted by {shift.unshifted:.2f}"
        )
    for note in result.notes:
        click.echo(note)
    rows, cols = result.shape
    click.echo(f"wrote {result.written}: {rows} rows x {cols} columns, bands {', '.join(result.names)}")


def _spell(pixels: int, less: str, more: str) -> str:
    """Say by how much a picture is moved to lie on the first one."""
    return f"moved {abs(pixels)} pixels {less if pixels >= 0 else more}"
