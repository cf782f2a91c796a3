"""Write the images of an ilastik project, or where they are, and their labels."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsraster.errors import UsageError
from tsraster.learning.ilastik.axes import axistags_text

BLOCK = 256
"""The side of the pieces in which labels are stored, each shrunk to what is labeled in it."""

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".pnm"}
"""What ilastik reads as (row, col, channel), whatever it holds. Of other files it finds out the axes by itself."""

_NAMESPACE = uuid.UUID("5d0c1b60-6f0e-5b5e-9a53-3f4f3c6f8f5b")


@dataclass(frozen=True, kw_only=True, eq=False)
class LaneContent:
    """One image of a project that is to be written, with its labels.

    Parameters
    ----------
    labels : array of integers, shape (row, col) or (plane, row, col)
        0 where there is no label, else the number of the class from 1.
    image : array, shape (band, row, col) or (band, plane, row, col), optional
        Pixels, to be stored in the project.
    path : path, optional
        Instead of them, the file they are in: one that ilastik reads.
    nickname : str
        What ilastik calls the image; the name of the file by default.
    bands : int
        How many bands that file has.
    """

    labels: NDArray[Any]
    image: NDArray[Any] | None = None
    path: str | os.PathLike[str] | None = None
    nickname: str = ""
    bands: int = 1

    def __post_init__(self) -> None:
        if (self.image is None) == (self.path is None):
            raise UsageError("a lane of an ilastik project has either the pixels of an image or the path of its file")
        if self.labels.ndim not in (2, 3):
            raise UsageError(
                f"labels of the shape {self.labels.shape} cannot be written; give (row, col) or (plane, row, col)"
            )
        if self.image is not None and self.image.shape[1:] != self.labels.shape:
            raise UsageError(
                f"labels of the shape {self.labels.shape} do not fit the image of the shape {self.image.shape}, bands first"
            )
        if self.image is not None and (self.image.dtype.kind not in "uif" or self.image.dtype.itemsize > 8):
            raise UsageError(
                f"an image of type {self.image.dtype} cannot be stored in an ilastik project; give real numbers"
            )

    @property
    def n_bands(self) -> int:
        """How many bands the image has."""
        return self.bands if self.image is None else len(self.image)


def write_lanes(file: Any, lanes: Sequence[LaneContent], folder: Path) -> None:
    """Write which images there are, and the pixels of those that the project is to store."""
    group = file.create_group("Input Data")
    group.create_dataset("StorageVersion", data="0.2")
    group.create_dataset("Role Names", data=np.array([b"Raw Data", b"Prediction Mask"]))
    local = group.create_group("local_data")
    infos = group.create_group("infos")
    for number, lane in enumerate(lanes):
        roles = infos.create_group(f"lane{number:04d}")
        roles.create_group("Prediction Mask")
        info = roles.create_group("Raw Data")
        identity = str(uuid.uuid5(_NAMESPACE, f"{number}/{lane.path}/{lane.labels.shape}"))
        info.create_dataset("allowLabels", data=True)
        info.create_dataset("normalizeDisplay", data=False)
        write_text(info, "display_mode", "default")
        write_text(info, "datasetId", identity)
        if lane.image is not None:
            _write_inside(info, local, lane.image, identity, lane.nickname or f"image {number + 1}")
        else:
            _write_outside(info, lane, Path(lane.path or ""), folder)


def _write_inside(info: Any, local: Any, image: NDArray[Any], identity: str, nickname: str) -> None:
    axes = "zyxc"[-image.ndim :]
    sizes = [*image.shape[1:], len(image)]
    chunks = tuple(min(size, limit) for size, limit in zip(sizes, (64, 256, 256, 64)[-len(sizes) :], strict=True))
    stored = local.create_dataset(identity, shape=tuple(sizes), dtype=image.dtype, chunks=chunks)
    for band, pixels in enumerate(image):
        stored[..., band] = pixels
    stored.attrs["axistags"] = axistags_text(axes)
    stored.attrs["display_mode"] = "default"
    if image.dtype == np.uint8:
        stored.attrs["drange"] = np.array([0, 255])
    for place, axis in enumerate(axes):
        stored.dims[place].label = axis
    write_text(info, "__class__", "ProjectInternalDatasetInfo")
    write_text(info, "location", "ProjectInternal")
    for name in ("filePath", "inner_path"):
        write_text(info, name, stored.name)
    info.create_dataset("fromstack", data=True)
    write_text(info, "nickname", nickname)
    write_text(info, "axistags", axistags_text(axes))
    info.create_dataset("shape", data=np.array(sizes))


def _write_outside(info: Any, lane: LaneContent, path: Path, folder: Path) -> None:
    """Write where an image is: relative to the project where it is in its folder or below."""
    home, target = folder.resolve(), path.resolve()
    is_below = target.is_relative_to(home)
    stored = target.relative_to(home) if is_below else target
    write_text(info, "__class__", "RelativeFilesystemDatasetInfo" if is_below else "FilesystemDatasetInfo")
    write_text(info, "location", "FileSystem")
    write_text(info, "filePath", stored.as_posix())
    write_text(info, "nickname", lane.nickname or path.stem)
    if path.suffix.lower() in _PICTURES and lane.labels.ndim == 2:
        write_text(info, "axistags", axistags_text("yxc"))
        info.create_dataset("shape", data=np.array([*lane.labels.shape, lane.bands]))


def write_labels(group: Any, labels: NDArray[Any]) -> None:
    """Write labels in blocks, each as small as what is labeled in it."""
    axes = "zyxc"[-labels.ndim - 1 :]
    for number, box in enumerate(_find_boxes(labels)):
        block = group.create_dataset(f"block{number:04d}", data=labels[box][..., np.newaxis].astype(np.uint8))
        place = ",".join(f"{side.start}:{side.stop}" for side in box)
        block.attrs["blockSlice"] = f"[{place},0:1]".encode()
        block.attrs["axistags"] = axistags_text(axes)


def _find_boxes(labels: NDArray[Any]) -> Iterator[tuple[slice, ...]]:
    for starts in product(*(range(0, length, BLOCK) for length in labels.shape)):
        found = np.nonzero(labels[tuple(slice(start, start + BLOCK) for start in starts)])
        if found[0].size:
            ends = [
                (start + int(place.min()), start + int(place.max()) + 1)
                for start, place in zip(starts, found, strict=True)
            ]
            yield tuple(slice(first, last) for first, last in ends)


def write_text(group: Any, name: str, text: str) -> None:
    """Write a text as ilastik does, which hands bytes to h5py."""
    group.create_dataset(name, data=text.encode())
