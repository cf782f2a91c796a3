"""What one can look at: labels in colors, slices, animations, views in three dimensions, and meshes; all from one more pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsraster.coloring.animation import encode_gif, make_frames
from tsraster.coloring.labelcolors import choose_codes, color_codes, label_colors
from tsraster.errors import MissingExtraError, UsageError
from tsraster.volume import VoxelSize
from tsraster.volumes.components import Components
from tsraster.volumes.meshes import PoreCrops, trace_preview
from tsraster.volumes.preview import PreviewVolume
from tsraster.writing import Outputs, write_bytes
from tsraster.writing.labelvolumes import StackWriter
from tsraster.writing.meshfiles import check_mesh_format, write_mesh, write_mesh_page
from tsraster.writing.omezarr import OmeZarrWriter
from tsraster.writing.videos import write_mp4

if TYPE_CHECKING:
    from tsraster.writing.labelvolumes import PlaneWriter

LABELS = {"palette": "labels.tif", "full": "labels_full.tif", "zarr": "labels.zarr"}
LOOKS = {"gif": "slices.gif", "mp4": "slices.mp4", "html": "pores.html"}

_NEEDS = {
    "palette": ("tifffile", "volumes"),
    "full": ("tifffile", "volumes"),
    "zarr": ("zarr", "volumes"),
    "gif": ("PIL", "plots"),
    "mp4": ("imageio_ffmpeg", "video"),
    "html": ("trimesh", "meshes"),
}
"""The library behind each, and the extra that installs it."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What is wanted."""

    labels: tuple[str, ...]
    looks: tuple[str, ...]
    meshes: tuple[int, ...]
    mesh_format: str
    mesh_step: int
    preview: bool
    """Whether a small volume is kept, for pictures that are drawn by others."""

    @property
    def is_any(self) -> bool:
        """Whether there is anything to make."""
        return bool(self.labels or self.looks or self.meshes or self.preview)

    def list_paths(self, out: Path) -> list[Path]:
        """Return the files that are written."""
        names = [*(LABELS[name] for name in self.labels), *(LOOKS[name] for name in self.looks)]
        return [out / name for name in (*names, *([self.mesh_name] if self.meshes else []))]

    @property
    def mesh_name(self) -> str:
        """Of the file that holds all meshes."""
        return f"pores.{self.mesh_format}"


def plan_looks(
    *,
    labels: Sequence[str],
    looks: Sequence[str],
    meshes: Sequence[int] | None,
    mesh_format: str,
    mesh_step: int,
    preview: bool,
) -> Looks:
    """Check what is asked for, before anything long begins.

    Raises
    ------
    UsageError
        There is no such thing, or it is asked for twice.
    MissingExtraError
        A library that something needs is not installed.
    """
    for option, asked, known in (("--labels", labels, LABELS), ("--looks", looks, LOOKS)):
        for name in asked:
            if name not in known:
                raise UsageError(f"{option} {name} is unknown; choose from {', '.join(known)}")
            _check_installed(option, name)
        if len(set(asked)) < len(asked):
            raise UsageError(f"{option} {','.join(asked)} names one thing twice")
    wanted = tuple(meshes or ())
    if wanted:
        check_mesh_format(f"pores.{mesh_format}")
        if min(wanted) < 1 or len(set(wanted)) < len(wanted):
            raise UsageError(f"--meshes {','.join(map(str, wanted))} are no ids of pores; give different ones from 1")
    return Looks(
        labels=tuple(labels),
        looks=tuple(looks),
        meshes=wanted,
        mesh_format=mesh_format,
        mesh_step=mesh_step,
        preview=preview,
    )


def _check_installed(option: str, name: str) -> None:
    library, extra = _NEEDS[name]
    if find_spec(library) is None:
        raise MissingExtraError(
            f"{option} {name} needs {library}, which is not installed; run: pip install 'tsraster[{extra}]'"
        )


def make_looks(
    looks: Looks,
    slabs: Iterator[tuple[int, NDArray[np.int32]]],
    components: Components,
    *,
    outputs: Outputs,
    out: Path,
    name: str,
    voxel_size: VoxelSize | None,
) -> PreviewVolume:
    """Write all that is wanted, in one pass over the label volume; return a small one, in color codes.

    Raises
    ------
    UsageError
        A pore whose mesh is wanted does not exist, or is too large for one.
    MissingExtraError, WriteError
        A library is not installed; a file cannot be written.
    """
    codes = choose_codes(components.boxes, components.voxels)
    crops = PoreCrops(_find_boxes(looks.meshes, components), step=looks.mesh_step)
    preview = PreviewVolume(components.shape, voxel_size=voxel_size)
    with ExitStack() as stack:
        writers = [
            (kind, stack.enter_context(_open_writer(kind, outputs.stage(out / LABELS[kind]), components, voxel_size)))
            for kind in looks.labels
        ]
        for start, labels in slabs:
            colored = color_codes(labels, codes)
            for kind, writer in writers:
                writer.write(start, colored if kind == "palette" else labels)
            preview.add(start, colored)
            crops.add(start, labels)
    for look in looks.looks:
        _draw(look, outputs.stage(out / LOOKS[look]), preview, name)
    if looks.meshes:
        colors: dict[int, Any] = {number: tuple(label_colors()[codes[number]].tolist()) for number in looks.meshes}
        write_mesh(outputs.stage(out / looks.mesh_name), list(crops.trace(colors, voxel_size)))
    return preview


def _find_boxes(ids: Sequence[int], components: Components) -> dict[int, list[int]]:
    for number in ids:
        if number > len(components):
            raise UsageError(f"there is no pore {number}; ids go from 1 to {len(components)}")
    return {number: components.boxes[number - 1].tolist() for number in ids}


def _open_writer(kind: str, path: Path, components: Components, voxel_size: VoxelSize | None) -> PlaneWriter:
    if kind == "palette":
        return StackWriter(path, components.shape, "uint8", voxel_size=voxel_size, colors=label_colors())
    if kind == "full":
        return StackWriter(path, components.shape, "int32", voxel_size=voxel_size)
    return OmeZarrWriter(path, components.shape, "int32", voxel_size=voxel_size)


def _draw(look: str, path: Path, preview: PreviewVolume, name: str) -> None:
    colors = label_colors()
    if look == "html":
        surface = trace_preview(preview, colors)
        write_mesh_page(path, [] if surface is None else [surface], title=name, notes=_describe_steps(preview))
        return
    frames = make_frames(preview.codes, preview.spacing, colors)
    if look == "gif":
        write_bytes(path, encode_gif(frames, colors))
    else:
        write_mp4(path, (colors[frame] for frame in frames))


def _describe_steps(preview: PreviewVolume) -> list[str]:
    step = max(preview.steps)
    return [] if step == 1 else [f"every {step}th voxel; what is thinner may be missing"]
