"""What `tsraster.pores_file` found, as plots: each takes its result and a path."""

from __future__ import annotations

import os
from pathlib import Path

from tsraster.coloring.labelcolors import label_colors
from tsraster.pipeline.pores.poreresult import Pores
from tsraster.plots import poreplots, porescene, slices
from tsraster.volumes.meshes import trace_preview

PathLike = str | os.PathLike[str]


def plot_pores(result: Pores, path: PathLike) -> None:
    """Draw sizes of pores, porosity slice by slice, and porosity of cubes of growing side; see `tsraster.plots.poreplots`."""
    poreplots.plot_pores(
        path,
        sizes=result.sizes,
        profiles=result.profiles,
        representative=result.representative,
        fit=result.fit,
        title=Path(result.source).name,
        unit=result.unit,
    )


def plot_slices(result: Pores, path: PathLike) -> None:
    """Draw the three middle slices, pores in colors; see `tsraster.plots.slices`."""
    if result.preview is not None:
        slices.plot_slices(result.preview, label_colors(), path, title=Path(result.source).name)


def plot_scene(result: Pores, path: PathLike) -> None:
    """Draw the pores in three dimensions; see `tsraster.plots.porescene`."""
    if result.preview is not None:
        surface = trace_preview(result.preview, label_colors())
        porescene.plot_scene([] if surface is None else [surface], result.preview, path, title=Path(result.source).name)
