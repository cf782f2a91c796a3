"""Pores in three dimensions, seen from above, from the front and the right, in a box with its axes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tsraster.errors import DataError, MissingExtraError, WriteError
from tsraster.volumes.preview import PreviewVolume
from tsraster.writing.meshfiles import Surface

_PIXELS = 1400, 1200
_DIRECTION = 1.0, -1.35, 0.8
"""From the middle of the volume to the eye, along x, y, z."""


def plot_scene(
    surfaces: Sequence[Surface], preview: PreviewVolume, path: str | os.PathLike[str], *, title: str = ""
) -> None:
    """Draw surfaces in the box of their volume, with axes in its unit. No window and no display is needed.

    Parameters
    ----------
    surfaces : sequence of Surface
        Such as of `trace_preview`, or of the largest pores.
    preview : PreviewVolume
        Says how large the volume is.
    path : path
        Ends in .png.
    title : str
        Such as the name of the volume.

    Raises
    ------
    MissingExtraError
        pyvista is not installed.
    DataError
        There is no surface.
    WriteError
        The file cannot be written, or nothing can be drawn here.

    Notes
    -----
    VTK 9.4 and later draw without a display by themselves, with EGL or else OSMesa.
    """
    if not surfaces:
        raise DataError("there is nothing to draw: no pore was chosen")
    pyvista = _import_pyvista()
    # VTK says on the terminal that there is no display, before it goes on without one.
    with pyvista.vtk_verbosity("off"):
        plotter = pyvista.Plotter(off_screen=True, window_size=_PIXELS)
        try:
            _fill(pyvista, plotter, surfaces, preview, title)
            plotter.screenshot(os.fspath(path))
        except (OSError, RuntimeError) as error:
            cause = getattr(error, "strerror", None) or str(error).splitlines()[0]
            raise WriteError(f"{Path(path).name} cannot be written ({cause})") from None
        finally:
            plotter.close()


def _fill(pyvista: ModuleType, plotter: Any, surfaces: Sequence[Surface], preview: PreviewVolume, title: str) -> None:
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    for surface in surfaces:
        mesh = pyvista.PolyData.from_regular_faces(surface.vertices, surface.faces)
        mesh.point_data["rgb"] = surface.colors
        plotter.add_mesh(mesh, scalars="rgb", rgb=True, smooth_shading=True, ambient=0.25, diffuse=0.75, specular=0.1)
    bounds = [place for pair in reversed(preview.bounds) for place in pair]
    plotter.add_mesh(pyvista.Box(bounds), style="wireframe", color="#5b6770", line_width=2)
    plotter.show_bounds(
        bounds=bounds,
        # Round numbers are worth more than half a voxel.
        axes_ranges=[end for extent in reversed(preview.extent) for end in (0, extent)],
        xtitle=f"x ({preview.unit})",
        ytitle=f"y ({preview.unit})",
        ztitle=f"z ({preview.unit})",
        location="outer",
        ticks="outside",
        n_xlabels=5,
        n_ylabels=5,
        n_zlabels=5,
        fmt="%.4g",
        font_size=20,
        color="#333333",
    )
    if title:
        plotter.add_text(title, position="upper_left", font_size=14, color="#222222")
    low, high = np.array(bounds[::2]), np.array(bounds[1::2])
    middle = (low + high) / 2
    plotter.camera_position = [(middle + np.array(_DIRECTION)).tolist(), middle.tolist(), (0, 0, 1)]
    plotter.reset_camera(bounds=bounds)
    plotter.camera.zoom(0.95)


def _import_pyvista() -> ModuleType:
    try:
        import pyvista
    except ImportError:
        raise MissingExtraError(
            "a picture in three dimensions needs pyvista; install it with: pip install 'tsraster[meshes]'"
        ) from None
    return pyvista
