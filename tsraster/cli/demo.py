"""`tsraster demo`."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path

import click

from tsraster.cli.spelling import option
from tsraster.pipeline.demo import draw_samples

SECTION_NAMES = "opaque,clay and lithic,pore,feldspar,quartz"

JOBS = (
    "info {dir}/thermal.tif",
    "histogram {dir}/thermal.tif --cutoffs 280,285,290,295,300,305 --plot {dir}/thermal-histogram.png",
    "classify {dir}/thermal.tif {dir}/thermal-classes.tif --bins 20 --lut thermal --color {dir}/thermal-picture.png"
    " --stats {dir}/thermal-classes.csv --plot {dir}/thermal-map.png",
    "histogram {dir}/section.png --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75 --plot {dir}/section-histogram.png",
    "classify {dir}/section.png {dir}/section-labels.png --smooth gaussian:1 --cutoffs 0.25,0.4,0.6,0.75"
    f" --names '{SECTION_NAMES}' --lut thin-section --color {{dir}}/section-picture.png"
    " --save-table {dir}/section-table.json --plot {dir}/section-map.png",
    "colorize {dir}/thermal-classes.tif {dir}/thermal-gray.jpg --lut gray",
    "invert {dir}/thermal-picture.png {dir}/thermal-again.tif --colormap thermal --vmin 275.9 --vmax 308 --unit K"
    " --plot {dir}/thermal-again.png",
    "pores {dir}/rock.npy {dir}/rock-pores --connectivity 26 --min-size 5 --voxel-size 2.5um --plot {dir}/rock-pores.png",
)
"""The main jobs, as a user would type them."""


@click.command()
@click.argument("directory", metavar="[DIR]", default="tsraster-demo")
@option(draw_samples, "overwrite")
@click.pass_context
def demo(context: click.Context, directory: str, overwrite: bool) -> None:
    """Draw a small thermal scene, a thin section and a piece of rock into DIR (tsraster-demo), and run the main jobs on them.

    Every job is a command that is shown first, so that it can be tried again with other options.
    """
    samples = draw_samples(directory, overwrite=overwrite)
    click.echo(f"drew {' and '.join(str(path) for path in samples)}")
    can_plot = find_spec("matplotlib") is not None
    for job in JOBS:
        words = [word.format(dir=Path(directory)) for word in shlex.split(job)]
        if "--plot" in words and not can_plot:
            at = words.index("--plot")
            del words[at : at + 2]
        click.echo(f"\n$ tsraster {shlex.join(words)}")
        command = context.find_root().command
        takes_overwrite = overwrite and words[0] != "info"
        command.main([*words, *(["--overwrite"] if takes_overwrite else [])], standalone_mode=False)
    if not can_plot:
        click.echo("\nwithout plots, which need matplotlib: pip install 'tsraster[plots]'")
