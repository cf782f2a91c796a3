"""`tsraster view`."""

from __future__ import annotations

from typing import Any

import click

from tsraster.app.server import view_files
from tsraster.cli.program import end_quietly
from tsraster.cli.sourceoptions import source_options
from tsraster.cli.spelling import option


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@option(view_files, "root", metavar="FOLDER")
@option(view_files, "labels", metavar="FILE")
@option(view_files, "port", kind=int, metavar="N")
@option(view_files, "no_browser")
@source_options(view_files)
def view(sources: tuple[str, ...], **options: Any) -> None:
    """Show SRC in a browser: drag cutoffs, draw labels, train, and see the classes.

    The page is for this computer only, and opens only by the address that is printed, with its token. It opens no other
    files than SRC and those below --root. Ctrl-C ends it; what was drawn is kept.

    \b
    tsraster view photo.jpg
    tsraster view LC08_MTL.txt --index NDVI --qa LC08_QA_PIXEL.TIF --mask clear-sky
    tsraster view sections/*.tif --root sections

    On another computer, reached by ssh, choose a port, take it along, and open the printed address here:

    \b
    ssh -L 5010:127.0.0.1:5010 HOST tsraster view photo.jpg --no-browser --port 5010
    """
    view_files(sources, announce=_announce, **options)


def _announce(address: str) -> None:
    end_quietly()
    click.echo(f"the page is at {address}")
    click.echo("Ctrl-C ends it")
