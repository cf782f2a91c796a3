"""Surfaces of pores as STL, PLY and GLB files, and as a page that shows them in any browser, without a network."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import DataError, MissingExtraError, UsageError, WriteError
from tsraster.writing.tables import write_bytes

RGB = tuple[int, int, int]
MESH_ENDINGS = (".stl", ".ply", ".glb")

_MOST_LISTED = 24
"""Surfaces in the legend of a page."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A surface of triangles."""

    vertices: NDArray[np.float32]
    """Shape (N, 3), along x, y, z, in units; 0, 0, 0 is the center of the first voxel of the volume."""
    faces: NDArray[np.int32]
    """Shape (M, 3): vertices of each triangle, counterclockwise from the outside."""
    color: RGB | NDArray[np.uint8]
    """Of all of it, or of each vertex, shape (N, 3)."""
    name: str

    @property
    def colors(self) -> NDArray[np.uint8]:
        """Of each vertex, shape (N, 3)."""
        return np.broadcast_to(np.asarray(self.color, dtype=np.uint8), (len(self.vertices), 3))


def check_mesh_format(destination: str | os.PathLike[str]) -> str:
    """Return the ending of a destination of surfaces, and check that what writes it is installed.

    Raises
    ------
    UsageError
        The ending is unknown.
    MissingExtraError
        trimesh is not installed.
    """
    ending = Path(destination).suffix.lower()
    if ending not in MESH_ENDINGS:
        raise UsageError(
            f"{destination} has no ending that meshes can have; choose .stl (without colors), .ply (color of each "
            "vertex, all in one) or .glb (each by its name)"
        )
    _import_trimesh()
    return ending


def write_mesh(path: Path, surfaces: Sequence[Surface]) -> None:
    """Write surfaces, in the format that the ending of the path says.

    STL is binary and has no colors; PLY is binary, one mesh with a color a vertex; GLB (glTF 2.0) holds each surface by its name.
    All are in the axes x, y, z of the volume and in the unit of its voxels, which none of the formats can name.

    Parameters
    ----------
    path : Path
        Ends in .stl, .ply or .glb.
    surfaces : sequence of Surface
        At least one.

    Raises
    ------
    UsageError, MissingExtraError
        As `check_mesh_format` does.
    DataError
        There is no surface.
    WriteError
        The file cannot be written.
    """
    ending = check_mesh_format(path)
    _check_any(surfaces)
    if ending == ".glb":
        data = _make_scene(surfaces).export(file_type="glb")
    else:
        data = _make_mesh(join_surfaces(surfaces)).export(file_type=ending[1:])
    write_bytes(path, data)


def write_mesh_page(path: Path, surfaces: Sequence[Surface], *, title: str, notes: Sequence[str] = ()) -> None:
    """Write a page that shows surfaces: turned with the left button, moved with the right one, zoomed with the wheel.

    Everything is inside: the surfaces, and the viewer of trimesh with three.js (MIT license). Nothing is loaded from a network.

    Parameters
    ----------
    path : Path
        Ends in .html.
    surfaces : sequence of Surface
        At least one; up to a million triangles altogether are shown smoothly by most machines.
    title : str
        What the page is called.
    notes : sequence of str
        Lines below the title.

    Raises
    ------
    MissingExtraError
        trimesh is not installed.
    DataError
        There is no surface.
    WriteError
        The file cannot be written.
    """
    _check_any(surfaces)
    trimesh = _import_trimesh()
    from trimesh.viewer import scene_to_html

    scene = _make_scene(surfaces)
    scene.camera_transform = _look_at(trimesh, scene)
    page = scene_to_html(scene).replace(
        "<title>trimesh: threejs viewer</title>", f"<title>{html.escape(title)}</title>"
    )
    if "</body>" not in page:
        raise WriteError(f"{path.name} cannot be written: this version of trimesh makes another kind of page")
    write_bytes(path, page.replace("</body>", f"{_make_caption(surfaces, title, notes)}</body>").encode())


def _make_caption(surfaces: Sequence[Surface], title: str, notes: Sequence[str]) -> str:
    lines = [f"<b>{html.escape(title)}</b>", *map(html.escape, notes)]
    plain = [surface for surface in surfaces if isinstance(surface.color, tuple)]
    for surface in plain[:_MOST_LISTED]:
        color = f"#{bytes(surface.color).hex()}"
        lines.append(f'<span style="color:{color}">&#9632;</span> {html.escape(surface.name)}')
    if len(plain) > _MOST_LISTED:
        lines.append(f"and {len(plain) - _MOST_LISTED} more")
    lines.append("<small>left button: turn; right button: move; wheel: zoom</small>")
    style = (
        "position:fixed;left:12px;top:12px;max-height:92vh;overflow:auto;padding:8px 12px;border-radius:4px;"
        "background:#ffffffcc;color:#222;font:13px/1.5 sans-serif;pointer-events:none"
    )
    return f'<div style="{style}">{"<br>".join(lines)}</div>'


def join_surfaces(surfaces: Sequence[Surface]) -> Surface:
    """Put surfaces into one, with the color of each vertex."""
    offsets = np.cumsum([0, *(len(surface.vertices) for surface in surfaces)])
    return Surface(
        vertices=np.concatenate([surface.vertices for surface in surfaces]),
        faces=np.concatenate(
            [surface.faces + np.int32(offset) for surface, offset in zip(surfaces, offsets[:-1], strict=True)]
        ),
        color=np.concatenate([surface.colors for surface in surfaces]),
        name=" + ".join(surface.name for surface in surfaces[:3]),
    )


def _check_any(surfaces: Sequence[Surface]) -> None:
    if not surfaces:
        raise DataError(
            "there is no surface to write: no pore was chosen, or all are smaller than the step of the mesh"
        )


def _make_mesh(surface: Surface) -> Any:
    trimesh = _import_trimesh()
    return trimesh.Trimesh(surface.vertices, surface.faces, vertex_colors=surface.colors, process=False)


def _make_scene(surfaces: Sequence[Surface]) -> Any:
    scene = _import_trimesh().Scene()
    for surface in surfaces:
        scene.add_geometry(_make_mesh(surface), geom_name=surface.name, node_name=surface.name)
    return scene


def _look_at(trimesh: ModuleType, scene: Any) -> Any:
    """Return a place of the camera from which all is seen: from above, from the front and the right, with z upward."""
    turn = trimesh.transformations.euler_matrix(np.radians(65), 0, np.radians(30), axes="sxyz")
    corners = trimesh.bounds.corners(scene.bounds)
    # A little farther, so that there is air around it.
    return scene.camera.look_at(corners * 1.15 - corners.mean(axis=0) * 0.15, rotation=turn)


def _import_trimesh() -> ModuleType:
    try:
        import trimesh
    except ImportError:
        raise MissingExtraError("meshes need trimesh; install it with: pip install 'tsraster[meshes]'") from None
    return trimesh
