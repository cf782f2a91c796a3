"""`tsraster info`."""

import json
from typing import Any

import click

from tsraster.cli.printing import print_info
from tsraster.cli.spelling import option, progress_bar
from tsraster.pipeline.rasterinfo import info_file


@click.command()
@click.argument("source")
@option(info_file, "quick")
@option(info_file, "workers", kind=int, metavar="N")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(source: str, as_json: bool, **options: Any) -> None:
    """Say what SOURCE is: its size, bands, place, wavelengths, and exact statistics of each band.

    A Landsat scene is named by its MTL file or folder; its statistics are of the numbers as they are stored.

    \b
    tsraster info band.tif
    tsraster info LC08_L2SP_224078_20200127_02_T1_MTL.txt
    """
    with progress_bar("info") as progress:
        result = info_file(source, progress=progress, **options)
    if as_json:
        click.echo(json.dumps(result.to_record(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_info(result)
