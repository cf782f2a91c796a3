"""`tsraster pores`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from tsraster.cli.plotting import PLOT, open_plot
from tsraster.cli.printing import print_table
from tsraster.cli.spelling import TEXTS, WHOLE_NUMBERS, option, parse_number, progress_bar
from tsraster.pipeline.pores.poreresult import Pores
from tsraster.pipeline.pores.pores import pores_file

_ROWS = 11
"""Thresholds around the one taken that are printed."""


@click.command()
@click.argument("source", nargs=-1, required=True, metavar="VOLUME")
@click.argument("directory", metavar="OUT_DIR")
@option(pores_file, "pore", metavar="dark|light|VALUE")
@option(pores_file, "scheme", metavar="NAME")
@option(pores_file, "threshold", kind=parse_number, metavar="VALUE")
@option(pores_file, "per_slice")
@option(pores_file, "denoise", metavar="FILTER")
@option(pores_file, "connectivity", kind=click.Choice([6, 18, 26]))
@option(pores_file, "min_size", kind=int, metavar="VOXELS")
@option(pores_file, "shape", kind=WHOLE_NUMBERS, metavar="Z,Y,X")
@option(pores_file, "dtype", metavar="TYPE")
@option(pores_file, "offset", kind=int, metavar="BYTES")
@option(pores_file, "gap", kind=int, metavar="BYTES")
@option(pores_file, "byte_order", kind=click.Choice(["little", "big"]))
@option(pores_file, "dataset", metavar="PATH")
@option(pores_file, "voxel_size", metavar="SIZE")
@option(pores_file, "box", kind=WHOLE_NUMBERS, metavar="Z0,Y0,X0,Z1,Y1,X1")
@option(pores_file, "surfaces")
@option(pores_file, "bodies", kind=TEXTS, metavar="partition,thickness")
@option(pores_file, "labels", kind=TEXTS, metavar="palette,full,zarr")
@option(pores_file, "looks", kind=TEXTS, metavar="gif,mp4,html")
@option(pores_file, "meshes", kind=WHOLE_NUMBERS, metavar="ID,...")
@option(pores_file, "mesh_format", kind=click.Choice(["ply", "stl", "glb"]))
@option(pores_file, "mesh_step", kind=int, metavar="N")
@PLOT
@click.option(
    "--slices", metavar="FILE.png", help="Picture of the three middle slices, pores in colors; needs tsraster[plots]."
)
@click.option("--view", metavar="FILE.png", help="Picture of the pores in three dimensions; needs tsraster[meshes].")
@option(pores_file, "overwrite")
@option(pores_file, "workers", kind=int, metavar="N")
def pores(
    source: tuple[str, ...],
    directory: str,
    plot: str | None,
    slices: str | None,
    view: str | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Measure the pores of VOLUME, such as one of micro-CT, and write tables and a report into the folder OUT_DIR.

    VOLUME is a .raw, .mhd, .mha, .nrrd, .nhdr, a TIFF of many pages, a folder or pattern of slices or several of them, .npy,
    Zarr, HDF5 or NetCDF, of any size. OUT_DIR gets pores.csv, profiles.csv and report.json; where pyarrow is installed also
    pores.parquet.

    \b
    tsraster pores berea.tif berea --pore dark --connectivity 26 --voxel-size 3um --plot berea.png
    tsraster pores scan.raw scan --shape 1500,1000,1000 --dtype uint16 --denoise median:3 --min-size 10
    tsraster pores "slices/*.tif" out --labels palette --looks gif,html --slices middle.png --view pores.png
    """
    others = [slices, view]
    where = source[0] if len(source) == 1 else list(source)
    with (
        open_plot(plot, list(source), *others, overwrite=overwrite) as draw,
        open_plot(slices, list(source), plot, view, overwrite=overwrite) as draw_slices,
        open_plot(view, list(source), plot, slices, overwrite=overwrite) as draw_view,
    ):
        with progress_bar("pores") as progress:
            result = pores_file(
                where,
                directory,
                overwrite=overwrite,
                progress=progress,
                preview=slices is not None or view is not None,
                **options,
            )
        for line in _describe(result):
            click.echo(line)
        _print_sensitivity(result)
        click.echo(f"wrote {', '.join(result.written)}")
        draw("plot_pores", result)
        draw_slices("plot_slices", result)
        draw_view("plot_scene", result)


def _describe(result: Pores) -> Iterator[str]:
    size = "size of voxels unknown" if result.voxel_size is None else _say_size(result)
    yield f"{Path(result.source).name}: {' x '.join(map(str, result.shape))} voxels (z, y, x) of {result.dtype}, {size}"
    yield f"pores are {result.rule.describe()}"
    if result.rule.choice is not None:
        yield "a threshold for each slice jitters from slice to slice, and may break pores apart"
    if result.before is not None:
        yield f"without denoising: threshold {result.before[0]:g}, porosity {result.before[1]:.6f}"
    found, space = result.components, result.space
    if result.without_data:
        yield f"{result.without_data} voxels have no data; they count as solid"
    yield f"porosity {space.porosity:.8f}; connected along {_say_connected(result)}"
    left = f", {found.number - len(found)} smaller ones left out" if found.number > len(found) else ""
    small = f" of {result.min_size} voxels and more" if result.min_size > 1 else ""
    yield f"{len(found)} pores{small} by connectivity {found.connectivity}{left}"
    yield from result.statements
    yield result.fit_sentence
    yield from _describe_bodies(result)


def _describe_bodies(result: Pores) -> Iterator[str]:
    parts, thick = result.bodies.partition, result.bodies.thickness
    if parts is not None:
        yield (
            f"{len(parts)} pore bodies and {len(parts.contacts)} throats between them; a diameter of "
            f"{float(np.median(parts.equivalent_diameter)):.4g} {result.unit} by the median"
        )
    if thick is not None:
        yield (
            f"local thickness {thick.mean:.4g} {result.unit} on average; of the pore volume 10, 50 and 90 % have at most "
            f"{thick.quantile(0.1):.4g}, {thick.quantile(0.5):.4g} and {thick.quantile(0.9):.4g}"
        )


def _say_size(result: Pores) -> str:
    size = result.voxel_size
    if size is None:
        return ""
    return f"{size.z:g} x {size.y:g} x {size.x:g} {size.unit or '(unit unknown)'} ({size.source})"


def _say_connected(result: Pores) -> str:
    return ", ".join(f"{axis} {porosity:.6f}" for axis, porosity in result.space.connected.items())


def _print_sensitivity(result: Pores) -> None:
    rows = result.sensitivity
    if len(rows) < 2:
        return
    if len({row.porosity for row in rows}) == 1:
        click.echo(f"the porosity is the same by thresholds from {rows[0].threshold:g} to {rows[-1].threshold:g}")
        return
    click.echo("porosity by other thresholds:")
    middle = next(i for i, row in enumerate(rows) if row.threshold == result.rule.threshold)
    step = max(1, -(-len(rows) // _ROWS))
    shown = [i for i in range(len(rows)) if (i - middle) % step == 0]
    print_table(
        ["threshold", "porosity", ""],
        [[f"{rows[i].threshold:g}", f"{rows[i].porosity:.4f}", "taken" if i == middle else ""] for i in shown],
    )
